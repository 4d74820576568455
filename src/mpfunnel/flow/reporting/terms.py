"""The terms of a report: what it is asked of, and how its figures call that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal, cast

from attrs import frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, near, shown
from mpfunnel.flow.course import Course, Journey, check_journeys
from mpfunnel.flow.periods import Period
from mpfunnel.labels import Label
from mpfunnel.records.checks import Check, Id, a_day, a_number_of

__all__ = ["RE_ENTRIES", "ReEntry", "Terms", "agreed", "faults_of_period", "windows"]

ReEntry = Literal["each", "first"]

RE_ENTRIES: Final[Mapping[ReEntry, Label]] = {
    "each": Label("each pursuit is an entry of its own", "再エントリーも1件と数える"),
    "first": Label("first pursuits alone", "初回のエントリーのみ"),
}
"""What counts of a unit that comes back, as people read it."""


@frozen
class Terms:
    """What a report is asked of.

    Attributes:
        course: The steps.
        as_of: The day as of which it is told.
        within: Within how many days each step but the last is to lead to the next one.
        min_n: Of fewer than so many, a figure is called small.
        re_entry: What counts of a unit that comes back.
    """

    course: Course
    as_of: date
    within: tuple[int, ...]
    min_n: int
    re_entry: ReEntry

    @property
    def last(self) -> int:
        """The place of the last step."""
        return len(self.course) - 1

    def days(self, period: Period) -> int:
        """Return how many days of a period are known."""
        return (min(period.last, self.as_of) - period.first).days + 1

    def counts(self, journey: Journey) -> bool:
        """Whether a journey counts, by what is to count of a unit that comes back."""
        return self.re_entry == "each" or journey.pursuit == 1

    def basis(self, english: str, japanese: str) -> Label:
        """Return what a figure is of, with what counts of a unit that comes back."""
        policy = RE_ENTRIES[self.re_entry]
        return Label(f"{english}; {policy.en}", f"{japanese}（{policy.ja}）")


def agreed(
    journeys: Iterable[Journey],
    *,
    course: Course,
    periods: Mapping[str, Period],
    as_of: date,
    within_days: int | Mapping[str, int],
    min_n: int,
    re_entry: ReEntry,
    others: Iterable[Problem] = (),
) -> tuple[Terms, dict[Id | None, list[Journey]]]:
    """Return the terms, and by product the journeys as they were known at the end of `as_of`.

    The whole firm stands first, and then each product in the order of their ids.

    Args:
        journeys: The journeys.
        course: The steps.
        periods: The periods that are asked about, by what a problem calls them.
        as_of: The day, in the zone of the playbook.
        within_days: Within how many days a step is to lead to the next one; a mapping says so of
            each step but the last by its key.
        min_n: Of fewer than so many, a figure is called small.
        re_entry: What counts of a unit that comes back.
        others: What is wrong with other arguments.

    Raises:
        InvalidDataError: An argument is none such, a period begins after `as_of`, or the journeys
            cannot be told on the course; all of it at once.
    """
    problems = misfit("course", course, Course)
    if problems:
        raise InvalidDataError(problems)
    problems += _fault("as_of", a_day, as_of)
    for path, period in periods.items():
        problems += faults_of_period(path, period, as_of)
    within, found = windows(course, within_days)
    problems += found
    problems += _fault("min_n", a_number_of(1), min_n)
    if re_entry not in tuple(RE_ENTRIES):
        message = f"must be one of {', '.join(RE_ENTRIES)}, not {brief(re_entry)}"
        problems.append(Problem("choice", "re_entry", message))
    problems += others
    try:
        given = check_journeys(journeys, course)
    except InvalidDataError as error:
        raise InvalidDataError([*problems, *error.problems]) from None
    if problems:
        raise InvalidDataError(problems)
    terms = Terms(course, as_of, within, min_n, re_entry)
    return terms, _by_product(one for journey in given if (one := journey.on(as_of)) is not None)


def _by_product(journeys: Iterable[Journey]) -> dict[Id | None, list[Journey]]:
    found: dict[Id | None, list[Journey]] = {}
    for one in journeys:
        found.setdefault(one.product_id, []).append(one)

    def place(product_id: Id | None) -> tuple[bool, bool, Any]:
        # Neither nothing nor an integer can be put in order with a text.
        return product_id is not None, isinstance(product_id, str), product_id

    return {product_id: found[product_id] for product_id in sorted(found, key=place)}


def windows(
    course: Course, within_days: int | Mapping[str, int]
) -> tuple[tuple[int, ...], list[Problem]]:
    """Return within how many days each step but the last is to lead on, and what is wrong."""
    passed = course.keys[:-1]
    if not isinstance(within_days, Mapping):
        found = _fault("within_days", a_number_of(0), within_days)
        return (within_days,) * len(passed), found
    problems: list[Problem] = []
    for key in cast("Mapping[object, object]", within_days):
        if key not in passed:
            hint = near(key, passed) or f"; there are {', '.join(passed)}"
            message = f"no step that leads to another one is called so{hint}"
            problems.append(Problem("unknown-step", f"within_days.{shown(key)}", message))
    for key in passed:
        if key in within_days:
            problems += _fault(f"within_days.{shown(key)}", a_number_of(0), within_days[key])
        else:
            message = "is not said; give the days within which it is to lead to the next step"
            problems.append(Problem("missing", f"within_days.{shown(key)}", message))
    return tuple(within_days.get(key, 0) for key in passed), problems


def faults_of_period(path: str, period: object, as_of: object) -> list[Problem]:
    """Return the problem of what is no period, or of one of which nothing is known yet.

    Args:
        path: Where it stands.
        period: The period.
        as_of: The day; one that is no date is for others to name.
    """
    if not isinstance(period, Period):
        return misfit(path, period, Period)
    if type(as_of) is date and period.first > as_of:
        return [Problem("range", path, f"begins on {period.first}, after as_of")]
    return []


def _fault(path: str, check: Check, value: object) -> list[Problem]:
    fault = check(value)
    return [Problem(fault[0], path, fault[1])] if fault else []
