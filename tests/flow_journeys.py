"""Journeys as Hypothesis draws them: with skipped steps, exits, several products and pursuits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from attrs import evolve
from hypothesis import strategies as st

from mpfunnel.flow.course import COURSE, Journey
from mpfunnel.flow.periods import Period

DAY: Final = date(2026, 4, 1)
"""Journeys begin within some days of it."""
PERIOD: Final = Period(DAY, DAY + timedelta(29), "April")
EXITS: Final = ("lost", "recycled")

_KEYS: Final = st.tuples(
    st.sampled_from(["u", "v", "w", "x"]),
    st.sampled_from(["crm", "sfa", None]),
    st.integers(1, 2),
)


def after(days: int) -> date:
    """Return a day so many days after the first one of the period."""
    return DAY + timedelta(days)


def journey(
    *days: int, unit: str | int = "u", product: str | None = "crm", **others: Any
) -> Journey:
    """Return a journey that entered its steps on such days."""
    if isinstance(left_on := others.get("exited_on"), int):
        others["exited_on"] = after(left_on)
    return Journey(unit, product, [after(one) for one in days], **others)


@st.composite
def journeys(draw: st.DrawFn) -> tuple[Journey, ...]:
    """Draw journeys no two of which are of one unit, product and pursuit."""
    keys = draw(st.lists(_KEYS, unique=True, max_size=8))
    return tuple(draw(_journeys(*key)) for key in keys)


@st.composite
def _journeys(draw: st.DrawFn, unit: str, product: str | None, pursuit: int) -> Journey:
    steps = draw(st.integers(1, len(COURSE)))
    seen = [draw(st.integers(0, 3)) > 0 for _ in range(steps - 1)]
    day = draw(st.integers(-30, 30))
    days = [day]
    for was_seen in seen:
        day += draw(st.integers(0, 15)) if was_seen else 0
        days.append(day)
    left = draw(st.sampled_from([None, *EXITS])) if steps < len(COURSE) else None
    return journey(
        *days,
        unit=unit,
        product=product,
        imputed={place for place, was_seen in enumerate(seen) if not was_seen},
        exit=left,
        exited_on=None if left is None else day + draw(st.integers(0, 20)),
        pursuit=pursuit,
    )


@st.composite
def going_on(draw: st.DrawFn, known: Journey, as_of: date) -> Journey:
    """Draw what a journey may become after a day of which nothing later is known."""
    if known.exit is not None or len(known.entered) == len(COURSE):
        return known
    more = draw(st.lists(st.integers(1, 20), max_size=len(COURSE) - len(known.entered)))
    days = [*known.entered]
    for gap in more:
        days.append(max(days[-1], as_of) + timedelta(gap))
    left = draw(st.sampled_from([None, *EXITS, "never seen before"]))
    if left is None or len(days) == len(COURSE):
        return evolve(known, entered=days)
    left_on = max(days[-1], as_of) + timedelta(draw(st.integers(1, 20)))
    return evolve(known, entered=days, exit=left, exited_on=left_on)


def shifted(given: Journey, days: int) -> Journey:
    """Return a journey so many days later."""
    by = timedelta(days)
    left = given.exited_on
    return evolve(
        given,
        entered=[one + by for one in given.entered],
        exited_on=None if left is None else left + by,
    )
