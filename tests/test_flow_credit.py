"""Credit: which touch a conversion is put down to, the first one or the last one."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.campaigns.credit import CREDIT_RULES, Conversion, CreditRule, Touch, credited
from tests.campaign_worlds import after, at

RULES: tuple[CreditRule, ...] = ("first", "last")


@st.composite
def _touches(draw: st.DrawFn) -> list[Touch]:
    return [
        Touch(
            draw(st.sampled_from([1, 2])),
            draw(st.sampled_from(["a", "b", "c"])),
            at(draw(st.integers(0, 12)), draw(st.sampled_from([0, 12, 23]))),
            place,
        )
        for place in range(draw(st.integers(0, 8)))
    ]


@st.composite
def _conversions(draw: st.DrawFn) -> list[Conversion]:
    return [
        Conversion(
            draw(st.sampled_from([1, 2, 3])),
            place,
            at(draw(st.integers(0, 12)), draw(st.sampled_from([0, 12, 23]))),
        )
        for place in range(draw(st.integers(0, 5)))
    ]


def _by_hand(
    touches: list[Touch], one: Conversion, rule: CreditRule, look_back_days: int
) -> str | None:
    """The naive rule: keep the better one of two, touch by touch."""
    best: Touch | None = None
    for touch in touches:
        if touch.unit_id != one.unit_id or touch.at > one.at:
            continue
        if touch.at.date() + timedelta(look_back_days) < one.at.date():
            continue
        if best is None or ((touch.at, touch.id) < (best.at, best.id)) == (rule == "first"):
            best = touch
    return None if best is None else str(best.key)


@given(
    touches=_touches(),
    conversions=_conversions(),
    rule=st.sampled_from(RULES),
    look_back_days=st.integers(0, 5),
    as_of=st.integers(0, 12),
    chance=st.randoms(use_true_random=False),
)
def test_each_conversion_is_credited_once(
    touches: list[Touch],
    conversions: list[Conversion],
    rule: CreditRule,
    look_back_days: int,
    as_of: int,
    chance: Any,
) -> None:
    """Law 4: Order does not matter; credits add up to the conversions, and are those by hand."""

    def asked(touches: list[Touch], conversions: list[Conversion]) -> Any:
        return credited(
            touches,
            conversions,
            rule=rule,
            look_back_days=look_back_days,
            as_of=after(as_of),
            zone="UTC",
        )

    told = asked(touches, conversions)
    past = [one for one in conversions if one.at.date() <= after(as_of)]
    assert sum(told.counts().values()) == len(past)
    assert {one.conversion.id: one.key for one in told.credits} == {
        one.id: _by_hand(touches, one, rule, look_back_days) for one in past
    }
    mixed = chance.sample(touches, len(touches)), chance.sample(conversions, len(conversions))
    assert asked(*mixed) == told
    # Law 5: what comes later says nothing of the past, and equal records count once.
    assert asked([one for one in touches if one.at.date() <= after(as_of)], past + past) == told


@pytest.mark.parametrize(("day", "key"), [(3, "a"), (2, None)])
def test_the_first_day_looked_back_to_counts(day: int, key: str | None) -> None:
    """30 days before the day of the conversion, at whatever hour."""
    touch = Touch(1, "a", at(day, 0), 1)
    told = credited(
        [touch],
        [Conversion(1, 1, at(33, 23))],
        rule="first",
        look_back_days=30,
        as_of=after(40),
        zone="UTC",
    )
    assert told.counts() == {key: 1}


def test_days_are_those_of_the_zone() -> None:
    """At 16 o'clock in London it is the next day in Tokyo."""
    touch, conversion = Touch(1, "a", at(0, 10), 1), Conversion(1, 1, at(1, 16))

    def asked(zone: str) -> Any:
        return credited(
            [touch], [conversion], rule="last", look_back_days=1, as_of=after(9), zone=zone
        ).counts()

    assert (asked("UTC"), asked("Asia/Tokyo")) == ({"a": 1}, {None: 1})


def test_what_contradicts_itself_is_named() -> None:
    """Kinds and settings first, then records that share their id and differ."""
    with pytest.raises(InvalidDataError) as told:
        credited(
            ["x"],  # type: ignore[list-item]
            ["y"],  # type: ignore[list-item]
            rule="linear",  # type: ignore[arg-type]
            look_back_days=-1,
            as_of="today",  # type: ignore[arg-type]
            zone="UTC",
        )
    assert [str(one) for one in told.value.problems] == [
        "touches[0]: must be a Touch, not str",
        "conversions[0]: must be a Conversion, not str",
        "rule: must be one of first, last, not 'linear'",
        "look_back_days: must be at least 0",
        "as_of: must be a date, not str 'today'",
    ]
    with pytest.raises(InvalidDataError) as told:
        credited(
            [Touch(1, "a", at(0), 1), Touch(1, "b", at(0), 1), Touch(2, "a", at(0), 1)],
            [Conversion(1, 1, at(0)), Conversion(2, 1, at(0))],
            rule="first",
            look_back_days=1,
            as_of=after(1),
            zone="UTC",
        )
    assert [str(one) for one in told.value.problems] == [
        "touches[1].id: is used twice, by records that differ",
        "conversions[1].id: is used twice, by records that differ",
    ]


def test_the_rules_have_names() -> None:
    """In both languages."""
    assert [CREDIT_RULES[rule].ja for rule in RULES] == ["ファーストタッチ", "ラストタッチ"]


# -- the data of dbt Labs --


def _instant(text: str) -> datetime:
    """Hours have one digit or two: ``4:30:21``."""
    day, clock = text.split()
    hour, minute, second = map(int, clock.split(":"))
    year, month, number = map(int, day.split("-"))
    return datetime(year, month, number, hour, minute, second, tzinfo=UTC)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_first_and_the_last_touch_of_dbt_labs(shared_data: Path) -> None:
    """Within 30 days; the credits of each rule add up to the 21 conversions."""
    folder = shared_data / "mta_dbtlabs"
    sessions = [
        Touch(
            int(row["customer_id"]),
            row["utm_source"],
            _instant(row["started_at"]),
            int(row["session_id"]),
        )
        for row in _rows(folder / "sessions.csv")
    ]
    conversions = [
        Conversion(int(row["customer_id"]), place, _instant(row["converted_at"]))
        for place, row in enumerate(_rows(folder / "customer_conversions.csv"))
    ]
    assert (len(sessions), len(conversions)) == (90, 21)
    first, last = (
        Counter(
            credited(
                sessions,
                conversions,
                rule=rule,
                look_back_days=30,
                as_of=after(365),
                zone="UTC",
            ).counts()
        )
        for rule in RULES
    )
    channels = ("direct", "facebook_ads", "google", "adwords", "bing")
    assert [(first[one], last[one]) for one in channels] == [
        *((11, 11), (7, 4), (2, 3)),
        *((1, 1), (0, 2)),
    ]
    assert first.total() == last.total() == 21
