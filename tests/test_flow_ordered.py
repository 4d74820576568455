"""Ordered funnels: how many units took the steps in their order within a window, and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise, product
from random import Random
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError, brief
from mpfunnel.flow.ordered import OrderedFunnel, ordered_funnel
from tests.flow_cases import FLOW_CASES

Events = list[tuple[datetime, str]]

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=9)
MINUTE = timedelta(minutes=1)
STEPS = ("seen", "opened", "sent")

instants = st.integers(0, 6).map(lambda minutes: NOON + minutes * MINUTE)
logs = st.lists(st.tuples(instants, st.sampled_from((*STEPS, "else"))), max_size=9)
units = st.lists(logs, max_size=5)
windows = st.integers(0, 7).map(lambda minutes: minutes * MINUTE)


# -- the oracle --


def best_try(log: Events, window: timedelta, as_of: datetime) -> tuple[datetime, ...]:
    """Look at all ways to take an event for each step; the furthest, then the earliest."""
    at = {key: [at for at, what in log if what == key and at <= as_of] for key in STEPS}
    tries = [
        one
        for length in range(1, len(STEPS) + 1)
        for one in product(*(at[key] for key in STEPS[:length]))
        if all(earlier <= later for earlier, later in pairwise(one)) and one[-1] - one[0] <= window
    ]
    return min(tries, key=lambda one: (-len(one), one), default=())


def said_by_definition(
    given: Sequence[Events], window: timedelta, as_of: datetime
) -> list[tuple[int, float | None, float | None]]:
    """Units, mean and median seconds of each step."""
    best = [best_try(log, window, as_of) for log in given]
    said: list[tuple[int, float | None, float | None]] = []
    for place in range(len(STEPS)):
        there = [one for one in best if len(one) > place]
        took = [(one[place] - one[place - 1]).total_seconds() for one in there if place]
        said.append((len(there), fmean(took), median(took)) if took else (len(there), None, None))
    return said


def said(funnel: OrderedFunnel) -> list[tuple[int, float | None, float | None]]:
    """The same of a funnel."""
    return [(one.units, one.mean_seconds, one.median_seconds) for one in funnel.steps]


@given(units, windows, instants)
def test_the_best_try_is_the_best_of_all_tries(
    given: list[Events], window: timedelta, as_of: datetime
) -> None:
    """All ways to take an event for each step were looked at, one by one."""
    funnel = ordered_funnel(given, STEPS, window, as_of=as_of)
    assert said(funnel) == said_by_definition(given, window, as_of)
    assert tuple(one.key for one in funnel.steps) == STEPS


@pytest.mark.parametrize("case", FLOW_CASES["ordered_funnel"], ids=lambda case: case["name"])
def test_the_worked_cases(case: dict[str, Any]) -> None:
    """Counts and times that another funnel has for the same events."""
    given = [
        [(datetime.fromisoformat(one["at"]), one["step"]) for one in unit] for unit in case["units"]
    ]
    window = timedelta(seconds=case["window_seconds"])
    funnel = ordered_funnel(given, case["steps"], window, as_of=LATER)
    assert {
        "counts": [one.units for one in funnel.steps],
        "mean_seconds": [one.mean_seconds for one in funnel.steps],
        "median_seconds": [one.median_seconds for one in funnel.steps],
    } == case["expect"]
    assert funnel.pending == 0


def test_of_tries_that_get_equally_far_the_earliest_counts() -> None:
    """Seen at 0 and 2, opened at 3 and 4: the try from 0 to 3, as long as the window lets it."""
    log = [(NOON + at * MINUTE, key) for at, key in [(0, "seen"), (2, "seen"), (3, "opened")]]
    log.append((NOON + 4 * MINUTE, "opened"))
    for minutes, seconds in [(3, 180.0), (2, 60.0)]:
        funnel = ordered_funnel([log], STEPS, minutes * MINUTE, as_of=LATER)
        assert said(funnel) == [(1, None, None), (1, seconds, seconds), (0, None, None)]


# -- laws --


@given(units, windows, instants, st.randoms(use_true_random=False))
def test_the_order_of_events_and_units_does_not_matter(
    given: list[Events], window: timedelta, as_of: datetime, dice: Random
) -> None:
    """Law 4: permuted, they say the same; so does an event that is there twice."""
    funnel = ordered_funnel(given, STEPS, window, as_of=as_of)
    mixed = [dice.sample(log, len(log)) + log[:1] for log in dice.sample(given, len(given))]
    assert ordered_funnel(mixed, STEPS, window, as_of=as_of) == funnel


@given(units, windows, instants, st.timedeltas(timedelta(-999), timedelta(999)))
def test_only_the_time_between_instants_counts(
    given: list[Events], window: timedelta, as_of: datetime, by: timedelta
) -> None:
    """Shifted altogether, or told in other zones, the events say the same."""
    funnel = ordered_funnel(given, STEPS, window, as_of=as_of)
    shifted = [[(at + by, key) for at, key in log] for log in given]
    assert ordered_funnel(shifted, STEPS, window, as_of=as_of + by) == funnel
    zones = (timezone(timedelta(hours=9)), UTC, timezone(timedelta(hours=-5)))
    told = [[(at.astimezone(zones[at.minute % 3]), key) for at, key in log] for log in given]
    assert ordered_funnel(told, STEPS, window, as_of=as_of.astimezone(zones[0])) == funnel


def test_the_clock_that_is_put_back_makes_no_try_longer() -> None:
    """From half past one to half past two in the night that has two of it, two hours pass."""
    berlin = ZoneInfo("Europe/Berlin")
    night = datetime(2026, 10, 25, 1, 30, tzinfo=berlin)
    log = [(night, "seen"), (night.replace(hour=2, fold=1), "opened")]
    for hours, opened in [(1, 0), (2, 1)]:
        funnel = ordered_funnel(
            [log], ("seen", "opened"), timedelta(hours=hours), as_of=night + timedelta(1)
        )
        assert [one.units for one in funnel.steps] == [1, opened]


@given(units, windows, windows, instants)
def test_a_wider_window_lowers_no_count(
    given: list[Events], window: timedelta, wider: timedelta, as_of: datetime
) -> None:
    """And of each step there are no more units than of the one before."""
    counts = [
        [one.units for one in ordered_funnel(given, STEPS, longest, as_of=as_of).steps]
        for longest in (window, window + wider)
    ]
    assert all(less <= more for less, more in zip(*counts, strict=True))
    assert all(later <= earlier for count in counts for earlier, later in pairwise(count))


@given(units, windows, instants, units)
def test_the_future_does_not_change_what_was_known(
    given: list[Events], window: timedelta, as_of: datetime, more: list[Events]
) -> None:
    """Law 5: events after the instant asked about are not known; without them it says the same."""
    known = [[(at, key) for at, key in log if at <= as_of] for log in given]
    late = [[(at + 7 * MINUTE, key) for at, key in log] for log in more]
    late += [[]] * (len(given) - len(late))
    both = [log + other for log, other in zip(known, late, strict=False)]
    funnel = ordered_funnel(given, STEPS, window, as_of=as_of)
    assert ordered_funnel(both, STEPS, window, as_of=as_of) == funnel


@given(units, windows, instants)
def test_who_is_not_pending_gets_no_further(
    given: list[Events], window: timedelta, as_of: datetime
) -> None:
    """A unit is pending if, and only if, events after the instant may lead it to the last step."""
    able = 0
    for log in given:
        so_far = best_try(log, window, as_of)
        known = [(at, key) for at, key in log if at <= as_of]
        luck = [(as_of + timedelta(microseconds=1), key) for key in STEPS[1:]]
        at_best = best_try(known + luck, window, LATER)
        able += 0 < len(so_far) < len(STEPS) == len(at_best)
    assert ordered_funnel(given, STEPS, window, as_of=as_of).pending == able


def test_a_window_is_over_at_its_last_instant() -> None:
    """What could come at that very instant is known by then."""
    log = [(NOON, "seen")]
    for as_of, pending in [(NOON, 1), (NOON + 2 * MINUTE, 0)]:
        assert ordered_funnel([log], STEPS, 2 * MINUTE, as_of=as_of).pending == pending


# -- faults --


def test_all_faults_are_named_at_once() -> None:
    """Each with its path; no event is left out in silence."""
    naive = datetime(2026, 4, 1)  # noqa: DTZ001 - on purpose
    given: Any = [
        [(NOON, "seen"), (naive, "")],
        7,
        [(NOON, "seen", 3), "seen"],
        [[NOON.date(), 5]],
    ]
    with pytest.raises(InvalidDataError) as told:
        ordered_funnel(given, ["seen", "seen", "sent"], -MINUTE, as_of=naive)
    assert [str(one) for one in told.value.problems] == [
        "steps: 'seen' stands there twice",
        "window: must not be negative",
        "as_of: has no time zone; give an aware datetime",
        "units[0][1][0]: has no time zone; give an aware datetime",
        "units[0][1][1]: must not be blank",
        "units[1]: must be a list, not int 7",
        f"units[2][0]: must be a pair of an instant and a key, not {brief(given[2][0])}",
        "units[2][1]: must be a pair of an instant and a key, not 'seen'",
        "units[3][0][0]: must be a datetime, not date datetime.date(2026, 4, 1)",
        "units[3][0][1]: must be text, not int 5",
    ]


@pytest.mark.parametrize(
    ("steps", "window", "problems"),
    [
        (["seen"], MINUTE, ["steps: must be at least two"]),
        ("seen", MINUTE, ["steps: must be a list, not str 'seen'"]),
        (["seen", " ", 3], MINUTE, ["steps[1]: must not be blank", "steps[2]: must be text, not"]),
        (
            ["seen", "sent"],
            60,
            ["window: must be a timedelta, not int 60", "units: must be a list"],
        ),
    ],
)
def test_steps_and_window_must_be_sound(steps: Any, window: Any, problems: list[str]) -> None:
    """Two steps or more, each once, and a length of time."""
    wrong: Any = "seen" if len(problems) == 2 and "window" in problems[0] else []
    with pytest.raises(InvalidDataError) as told:
        ordered_funnel(wrong, steps, window, as_of=LATER)
    found = [str(one) for one in told.value.problems]
    assert len(found) == len(problems)
    assert all(one.startswith(start) for one, start in zip(found, problems, strict=True))


def test_steps_of_nobody_are_0_and_take_no_time() -> None:
    """No unit at all, and units without an event of the first step."""
    nobody = ordered_funnel([], STEPS, MINUTE, as_of=LATER)
    assert said(nobody) == [(0, None, None)] * 3
    assert ordered_funnel([[], [(NOON, "sent")]], STEPS, MINUTE, as_of=LATER) == nobody
