"""Cohorts: of those that entered a step in one period, how far they have come so far.

A cohort is followed, and never mixed with another: each number of it is of the same entries.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import Problem, brief, misfits, near, series
from mpfunnel.flow.course import COURSE, Course, Journey
from mpfunnel.flow.measures import MIN_N, Measure, share
from mpfunnel.flow.periods import Period
from mpfunnel.flow.reporting.terms import ReEntry, Terms, agreed
from mpfunnel.labels import Label, counted
from mpfunnel.records import Id

__all__ = ["Cohort", "basis_of_followed", "cohorts", "followed"]


@frozen
class Cohort:
    """Those that entered a step in one period.

    Attributes:
        product_id: The product; `None` for the whole firm.
        period: When they entered it.
        step: Key of the step.
        entered: How many they are.
        imputed: How many of them nobody saw there.
        reached: How many of them have reached each step from that one on so far, by its key; never
            more than the one before.
        conversion: The share that reached each later step within the days that lead there, by its
            key. Whose days are not over is left out and pending, though it got there.
        matured: The share of them whose days to the last step are over.
    """

    product_id: Id | None
    period: Period
    step: str
    entered: int
    imputed: int
    reached: immutabledict[str, int] = field(converter=immutabledict)
    conversion: immutabledict[str, Measure] = field(converter=immutabledict)
    matured: Measure


def cohorts(
    journeys: Iterable[Journey],
    step: str,
    *,
    course: Course = COURSE,
    periods: Iterable[Period],
    as_of: date,
    within_days: int | Mapping[str, int],
    min_n: int = MIN_N,
    re_entry: ReEntry = "each",
) -> tuple[Cohort, ...]:
    """Return how far those have come that entered a step, by product and by period.

    Each product that journeys are for has a cohort of each period, in the order of the periods; one
    that nobody entered in is empty.

    Args:
        journeys: The journeys, in any order.
        step: Key of the step; one that others follow.
        course: The steps.
        periods: When it was entered.
        as_of: The day, in the zone of the playbook. Nothing that happened later counts.
        within_days: Within how many days a step is to lead to the next one, the last of them
            included; a mapping says so of each step but the last, by its key. The days to a step
            further on are the sum.
        min_n: Of fewer than so many, a share is called small.
        re_entry: What counts of a unit that comes back (see `flow_report`).

    Raises:
        InvalidDataError: An argument is none such, a period begins after `as_of`, or the journeys
            cannot be told on the course; all of it at once.
    """
    asked = series(periods)
    unlisted: list[Problem] = [] if isinstance(asked, tuple) else misfits("periods", asked, Period)  # pyright: ignore[reportUnnecessaryIsInstance]
    terms, known = agreed(
        journeys,
        course=course,
        periods={f"periods[{i}]": one for i, one in enumerate(() if unlisted else asked)},
        as_of=as_of,
        within_days=within_days,
        min_n=min_n,
        re_entry=re_entry,
        others=[*unlisted, *_faults(step, course)],
    )
    place = course.keys.index(step)
    return tuple(
        _cohort(product_id, period, place, there, terms)
        for product_id, all_ in known.items()
        for period, there in _by_period(filter(terms.counts, all_), place, asked)
    )


def _faults(step: str, course: Course) -> list[Problem]:
    passed = course.keys[:-1] if isinstance(course, Course) else ()  # pyright: ignore[reportUnnecessaryIsInstance]
    if not passed or step in passed:
        return []
    hint = near(step, passed) or f"; there are {', '.join(passed)}"
    message = f"no step that leads to another one is called {brief(step)}{hint}"
    return [Problem("unknown-step", "step", message)]


def _by_period(
    journeys: Iterable[Journey], place: int, periods: Sequence[Period]
) -> Iterator[tuple[Period, list[Journey]]]:
    by_day: dict[date, list[Journey]] = {}
    for one in journeys:
        if len(one.entered) > place:
            by_day.setdefault(one.entered[place], []).append(one)
    days = sorted(by_day)
    for period in periods:
        within = days[bisect_left(days, period.first) : bisect_right(days, period.last)]
        yield period, [one for day in within for one in by_day[day]]


def _cohort(
    product_id: Id | None, period: Period, place: int, there: list[Journey], terms: Terms
) -> Cohort:
    steps = terms.course.steps
    reached = {
        steps[later].key: sum(len(one.entered) > later for one in there)
        for later in range(place, len(steps))
    }
    conversion = {
        steps[later].key: followed(there, place, later, period, terms)
        for later in range(place + 1, len(steps))
    }
    matured = conversion[steps[-1].key].den
    basis = terms.basis(
        f"of those that entered {steps[place].label} in {period.label}: their days to "
        f"{steps[-1].label} are over",
        f"{period.label.ja}に{steps[place].label.ja}へ流入したうち{steps[-1].label.ja}までの"
        "観測期間を満了した割合",
    )
    return Cohort(
        product_id,
        period,
        steps[place].key,
        len(there),
        sum(place in one.imputed for one in there),
        reached,
        conversion,
        share(int(matured or 0), len(there), basis, min_n=terms.min_n),
    )


def followed(
    there: Iterable[Journey], place: int, later: int, period: Period, terms: Terms
) -> Measure:
    """Return the share of a cohort that reached a later step within the days that lead there.

    Args:
        there: Those that entered the step at `place` in the period.
        place: The place of that step, from 0.
        later: The place of the later one.
        period: The period.
        terms: What is asked.
    """
    window = sum(terms.within[place:later])
    hits = matured = pending = 0
    for one in there:
        day = one.entered[place]
        if (terms.as_of - day).days < window:
            pending += 1
            continue
        matured += 1
        hits += len(one.entered) > later and (one.entered[later] - day).days <= window
    basis = basis_of_followed(place, later, period, terms)
    return share(hits, matured, basis, min_n=terms.min_n, pending=pending)


def basis_of_followed(place: int, later: int, period: Period, terms: Terms) -> Label:
    """Return what a share of a cohort is of."""
    step, to = terms.course.steps[place].label, terms.course.steps[later].label
    days = sum(terms.within[place:later])
    return terms.basis(
        f"entered {to} within {counted(days, 'days')}, day {days} included, of those that entered "
        f"{step} in {period.label} and whose days are over",
        f"{period.label.ja}に{step.ja}へ流入し観測期間を満了したうち、{days}日以内（{days}日目を含む）に"
        f"{to.ja}へ進んだ割合",
    )
