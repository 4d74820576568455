"""Deadlines: until when a lead must have left a stage, in days and in business days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel.calendars import BusinessCalendar
from mpfunnel.errors import InvalidDataError
from mpfunnel.stages import Deadline, Funnel, FunnelStage, StageHistory
from mpfunnel.starters import FUNNEL

TOKYO = "Asia/Tokyo"


def limited(**limits: Any) -> Funnel:
    """The starter's funnel, in which an MQL has a time limit."""
    ladder = [
        FunnelStage(one.key, one.label, **limits) if one.key == "mql" else one
        for one in FUNNEL.ladder
    ]
    return evolve(FUNNEL, ladder=ladder)


def mql(at: datetime, left: datetime | None = None) -> StageHistory:
    """A lead that became an MQL at an instant, and a SAL at another one."""
    history = FUNNEL.move(StageHistory(1), "mql", at=at, cause="api")
    return history if left is None else FUNNEL.move(history, "sal", at=left, cause="api")


def asked(funnel: Funnel, history: StageHistory, as_of: Any, zone: str = TOKYO) -> Any:
    """Due day, and since when it is late."""
    entry = history.first("mql")
    assert entry is not None
    found = funnel.deadline(entry, as_of=as_of, zone=zone)
    return found and (found.due, found.breached_since)


FRIDAY_EVENING = datetime(2026, 5, 1, 14, tzinfo=UTC)
"""23:00 in Tokyo, on the day before Golden Week: Tuesday is a holiday, and Wednesday its
substitute."""


def test_an_engine_knows_its_zone() -> None:
    """S12: the days of a deadline are those of the playbook's zone."""
    engine = mf.Engine(evolve(mf.starter(["crm"], zone=TOKYO), funnel=limited(kind="gate")))
    entry = mql(datetime(2026, 5, 1, 16, tzinfo=UTC)).entries[-1]
    deadline = engine.deadline(entry, as_of=date(2026, 5, 3))
    assert deadline == Deadline("mql", date(2026, 5, 2), date(2026, 5, 3))


def test_business_days_leave_out_holidays() -> None:
    """Two business days after the day before Golden Week is Friday, not Sunday."""
    funnel = limited(kind="sla", within_business_days=2)
    due = date(2026, 5, 8)
    assert asked(funnel, mql(FRIDAY_EVENING), date(2026, 5, 1)) == (due, None)
    assert asked(funnel, mql(FRIDAY_EVENING), due) == (due, None)
    late = date(2026, 5, 9)
    assert asked(funnel, mql(FRIDAY_EVENING), late) == (due, late)
    assert asked(funnel, mql(FRIDAY_EVENING), date(2026, 9, 1)) == (due, late)
    firm = evolve(funnel, calendar=BusinessCalendar(days_off=[due]))
    assert asked(firm, mql(FRIDAY_EVENING), due) == (date(2026, 5, 11), None)


def test_elapsed_days_count_every_day() -> None:
    """Three days after Friday is Monday, whatever day that is."""
    funnel = limited(kind="sla", within_days=3)
    assert asked(funnel, mql(FRIDAY_EVENING), date(2026, 5, 4)) == (date(2026, 5, 4), None)
    late = date(2026, 5, 5)
    assert asked(funnel, mql(FRIDAY_EVENING), late) == (date(2026, 5, 4), late)


def test_a_gate_is_left_on_its_day() -> None:
    """A gate is an instant check: a lead that is there the next day is late."""
    funnel = limited(kind="gate")
    today = date(2026, 5, 1)
    assert asked(funnel, mql(FRIDAY_EVENING), today) == (today, None)
    assert asked(funnel, mql(FRIDAY_EVENING), date(2026, 5, 2)) == (today, date(2026, 5, 2))


def test_the_day_is_that_of_the_zone() -> None:
    """S12: the day of entering is that of the playbook's zone; two hours later it is the next."""
    funnel = limited(kind="sla", within_days=1)
    later = FRIDAY_EVENING + timedelta(hours=2)
    assert asked(funnel, mql(later), later) == (date(2026, 5, 3), None)
    assert asked(funnel, mql(later), later, "UTC") == (date(2026, 5, 2), None)


def test_an_inventory_has_no_time_limit() -> None:
    """Where nothing limits the time there is no deadline."""
    assert asked(FUNNEL, mql(FRIDAY_EVENING), date(2027, 5, 1)) is None


def test_a_lead_that_was_not_there_yet_is_not_late() -> None:
    """Law 5: The future does not change the past. Before the day of entering there is nothing."""
    funnel = limited(kind="gate")
    assert asked(funnel, mql(FRIDAY_EVENING), date(2026, 4, 30)) is None


@given(
    wait=st.integers(0, 20), limit=st.integers(1, 10), until=st.integers(0, 30), late=st.booleans()
)
def test_what_was_left_in_time_is_never_late(wait: int, limit: int, until: int, late: bool) -> None:
    """A stage that was left is late if it was left late, from when it was, whenever one asks."""
    funnel = limited(kind="sla", within_days=limit)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    history = mql(start, start + timedelta(wait)) if late else mql(start)
    entry = history.first("mql")
    assert entry is not None
    found = funnel.deadline(entry, as_of=date(2026, 5, 1) + timedelta(until), zone="UTC")
    due = date(2026, 5, 1) + timedelta(limit)
    breached = min(until, wait) > limit if late else until > limit
    assert found == Deadline("mql", due, due + timedelta(1) if breached else None)


def test_years_that_nobody_knows_are_told() -> None:
    """Where public holidays are not known, no due day is guessed."""
    funnel = limited(kind="sla", within_business_days=2)
    with pytest.raises(InvalidDataError, match="known from 1949 to 2099, not of 2100"):
        asked(funnel, mql(datetime(2099, 12, 31, tzinfo=UTC)), date(2100, 1, 1))
