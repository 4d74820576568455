"""BowNow's published template: unset, latent and evident, by actions and by quiet days alone.

Its last line is read as: a latent lead without an action for 60 days is unset again. Those are 60
days since the action, 30 of which an evident one has been quiet before it is latent.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel.history import StageChange
from tests.policies import randoms

BOOK = mf.load(Path(__file__).parent / "bownow.toml")
ENGINE = mf.Engine(BOOK)
FUNNEL = BOOK.funnel
START = date(2026, 4, 1)
KINDS = ("page_view", "mail_click", "form_submitted", "asset_downloaded")


def day(number: int) -> date:
    """A day, by its number from the first one."""
    return START + timedelta(days=number)


def noon(number: int) -> datetime:
    """Noon of a day in Japan."""
    return datetime(2026, 4, 1, 3, tzinfo=UTC) + timedelta(days=number)


def account(*numbers: int, about: Any = ((),), **more: Any) -> mf.Account:
    """A lead with an action of any kind on each of these days."""
    did = [
        mf.Activity(n, 1, KINDS[n % 4], noon(number), about[n % len(about)])
        for n, number in enumerate(numbers)
    ]
    return mf.Account(None, leads=[mf.Lead(1)], activities=did, **more)


def replayed(given: mf.Account, days: int) -> list[tuple[str, date, str]]:
    """When the lead came to each stage, and whether a record or time alone took it there."""
    told = mf.replay(given, BOOK, start=day(-1), end=day(days))
    found: list[tuple[str, date, str]] = []
    for span in told.leads[1].stage:
        if not found or found[-1][0] != span.value.key:
            found.append((span.value.key, span.first_day, span.cause))
    return found


def asked(given: mf.Account, days: Any) -> mf.StageHistory:
    """The history of a lead for whom the gate is asked on these days."""
    history = mf.StageHistory(1)
    seen = {(one.at + timedelta(hours=9)).date(): one.at for one in given.activities}
    for today in days:
        stage = ENGINE.stage_for(evolve(given, histories=[history]), 1, as_of=today)
        at = datetime.combine(today, datetime.max.time(), UTC) - timedelta(hours=9)
        moves = FUNNEL.reconcile(history, stage, as_of=at, new_fact_at=seen.get(today)).moves
        history = FUNNEL.apply(history, moves)
    return history


def moves_of(history: mf.StageHistory) -> list[tuple[str, date, str, str | None]]:
    """Where the lead was moved to, when, by what, and why."""
    return [
        (one.stage, (one.entered + timedelta(hours=9)).date(), one.cause, one.reason)
        for one in history.entries
        if not one.imputed
    ]


LIFE = account(0, 20, 29, 49)
"""Three actions in 30 days, and one that keeps the lead evident."""


def test_the_days_come_out_exactly_by_replay() -> None:
    """Latent on the first action, evident on the third within 30 days, latent again after 30 quiet
    days, unset after 60.
    """
    assert replayed(LIFE, 130) == [
        ("unset", day(-1), "start"),
        ("latent", day(0), "record"),
        ("evident", day(29), "record"),
        ("latent", day(79), "time"),
        ("unset", day(109), "time"),
    ]


def test_the_days_come_out_exactly_through_the_gate() -> None:
    """The same, for a CRM that asks every night and applies what is proposed."""
    assert moves_of(asked(LIFE, [day(n) for n in range(-1, 130)])) == [
        ("unset", day(-1), "rule", "otherwise"),
        ("latent", day(0), "rule", "an-action"),
        ("evident", day(29), "rule", "three-actions"),
        ("latent", day(79), "time", "quiet-30-days"),
        ("unset", day(109), "time", "otherwise"),
    ]


@pytest.mark.parametrize(
    ("numbers", "evident"),
    [
        ((0, 15, 29), 29),
        ((0, 15, 30), None),
        ((0, 0, 0), 0),
        ((0, 15, 30, 44), 44),
        ((0, 29), None),
    ],
)
def test_three_actions_in_30_days(numbers: tuple[int, ...], evident: int | None) -> None:
    """S13: within 30 days means an age of 0 to 29; three on one day are three."""
    found = {key: first for key, first, _ in replayed(account(*numbers), 50)}
    assert found.get("evident") == (None if evident is None else day(evident))


def test_an_evident_lead_stays_with_one_action_in_30_days() -> None:
    """What it took to get there is not what it takes to stay there."""
    given = account(0, 1, 2, 31, 60)
    assert [(key, first) for key, first, _ in replayed(given, 89)][-1] == ("evident", day(2))
    assert replayed(given, 90)[-1] == ("latent", day(90), "time")


def test_actions_may_name_the_product_or_none() -> None:
    """Every action counts once, of whatever kind it is."""
    mixed = account(0, 20, 29, 49, about=(("site",), ()))
    assert replayed(mixed, 130) == replayed(LIFE, 130)


def test_the_warning_is_due_on_day_25() -> None:
    """Five days before days alone would make an evident lead latent."""
    history = asked(LIFE, [day(n) for n in range(50)])
    kept = evolve(LIFE, histories=[history])
    change = mf.next_stage_change(kept, ENGINE, 1, as_of=day(49))
    evident, latent = FUNNEL.stage("evident"), FUNNEL.stage("latent")
    assert change == StageChange(day(79), evident, latent, "quiet-30-days", day(74))
    # A latent lead is not warned of.
    later = mf.next_stage_change(kept, BOOK, 1, as_of=day(79))
    assert later == StageChange(day(109), latent, FUNNEL.stage("unset"), "otherwise", None)
    assert mf.next_stage_change(kept, BOOK, 1, as_of=day(109)) is None


@settings(max_examples=8)
@given(randoms())
def test_asking_on_the_days_that_matter_is_asking_every_day(random: Random) -> None:
    """A CRM that asks on each record, and on the day that `next_stage_change` names, gets the
    history of one that asks every night.
    """
    numbers = sorted(random.choices(range(200), k=random.randrange(1, 9)))
    given = account(*numbers)
    every = asked(given, [day(n) for n in range(numbers[0], 280)])

    due, wanted = [day(n) for n in numbers], [day(numbers[0])]
    while wanted[-1] < day(279):
        history = asked(given, wanted)
        change = mf.next_stage_change(
            evolve(given, histories=[history]), ENGINE, 1, as_of=wanted[-1]
        )
        ahead = [one for one in due if one > wanted[-1]] + ([change.day] if change else [])
        if not ahead:
            break
        wanted.append(min(ahead))
    assert moves_of(asked(given, wanted)) == moves_of(every)
    assert len(wanted) <= 2 * len(numbers) + 3
