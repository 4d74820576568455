"""The course of the flow: the steps from the target market to the sale, and journeys along them.

A journey is one pursuit of one product by one unit, a company or a lead. It only goes forward: what
leads it off the course (lost, disqualified, recycled) ends it, and who comes back is on another
journey. Thereby whoever enters a step is counted once in it, and what comes in less what goes out
is what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from functools import cached_property
from typing import Final

from attrs import evolve, field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.labels import Keyed, Label
from mpfunnel.plays import Motion
from mpfunnel.records import Id
from mpfunnel.records.checks import a_day, label_or_none

__all__ = [
    "COURSE",
    "SEGMENT_UNKNOWN",
    "WHOLE_FIRM",
    "Course",
    "FlowStep",
    "Journey",
    "check_journeys",
]

WHOLE_FIRM: Final = Label("whole firm", "全社")
"""What people call what is about no single product."""
SEGMENT_UNKNOWN: Final = Label("segment unknown", "セグメント不明")
"""What people call whose segment is not known."""


@frozen
class FlowStep(Keyed):
    """One step of the course.

    Attributes:
        key: A stable name.
        label: What people call who stands there.
        passage: What leads into it (hand-off, close); blank for the first step.
        side: On which side of the river is lost what does not come through that passage:
            ``"upstream"`` (上流) or ``"downstream"`` (下流).
    """

    called = "step"

    passage: Label | None = field(default=None, converter=label_or_none, eq=False)
    side: Motion = "upstream"


def _steps(value: Iterable[FlowStep]) -> tuple[FlowStep, ...]:
    return series(value)


@frozen
class Course:
    """The steps in their order; at least two.

    Raises:
        InvalidDataError: A step is none, its key is used twice, or there are fewer than two.
    """

    steps: tuple[FlowStep, ...] = field(converter=_steps)

    def __attrs_post_init__(self) -> None:
        problems = misfits("steps", self.steps, FlowStep)
        if not problems:
            seen: set[str] = set()
            for place, one in enumerate(self.steps):
                if one.key in seen:
                    message = f"{brief(one.key)} is used twice; keys are unique"
                    problems.append(Problem("duplicate", f"steps[{place}].key", message))
                seen.add(one.key)
            if len(self.steps) < 2:
                problems.append(Problem("range", "steps", "must be at least two"))
        if problems:
            raise InvalidDataError(problems)

    def __len__(self) -> int:
        return len(self.steps)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the steps, in their order."""
        return tuple(one.key for one in self.steps)


COURSE: Final = Course(
    (
        FlowStep("target", Label("target", "ターゲット")),
        FlowStep("reached", Label("reached", "到達"), Label("reach", "リーチ")),
        FlowStep("engaged", Label("engaged", "反応"), Label("resonance", "共感")),
        FlowStep("mql", Label("MQL", "MQL"), Label("nurture", "育成")),
        FlowStep("sal", Label("SAL", "SAL"), Label("hand-off", "引き渡し"), "downstream"),
        FlowStep("won", Label("won", "受注"), Label("close", "クロージング"), "downstream"),
    )
)
"""From the target market to the sale: what comes before the hand-off to sales is upstream."""


def _days(value: Iterable[date]) -> tuple[date, ...]:
    return series(value)


def _places(value: Iterable[int]) -> frozenset[int]:
    return frozenset(value if isinstance(value, frozenset) else series(value))


@frozen
class Journey:
    """One pursuit of one product by one unit.

    Attributes:
        unit_id: The company or the lead.
        product_id: The product; `None` for the whole firm.
        entered: The days on which it entered the steps, from the first on: as many as it has
            reached. They never go back.
        imputed: The places, from 0, of steps that nobody saw it in, and that are only there because
            a later one was reached; their day is that of the next step that was seen.
        exit: What led it off the course, for example ``"lost"``; `None` where nothing did.
        exited_on: The day of that.
        segment: Key of the segment of the company, if it is known.
        pursuit: Its number among the journeys of the unit for the product, from 1.

    Raises:
        InvalidDataError: The days go back, or do not go with the rest; all of it at once.
    """

    unit_id: Id
    product_id: Id | None
    entered: tuple[date, ...] = field(converter=_days)
    imputed: frozenset[int] = field(default=frozenset(), converter=_places)
    exit: str | None = None
    exited_on: date | None = None
    segment: str | None = None
    pursuit: int = 1

    def __attrs_post_init__(self) -> None:
        if problems := list(_faults(self)):
            raise InvalidDataError(problems)

    @property
    def step(self) -> int:
        """The place of the furthest step that it has reached, from 0."""
        return len(self.entered) - 1

    def on(self, day: date) -> Journey | None:
        """Return the journey as it was known at the end of a day; `None` before it began."""
        if self.entered[0] > day:
            return None
        # Nothing comes after the exit, and nothing but it after the last step.
        if (self.exited_on or self.entered[-1]) <= day:
            return self
        known = tuple(one for one in self.entered if one <= day)
        imputed = frozenset(place for place in self.imputed if place < len(known))
        return evolve(self, entered=known, imputed=imputed, exit=None, exited_on=None)


def _faults(journey: Journey) -> Iterator[Problem]:
    days = journey.entered
    plain = type(days) is tuple and {*map(type, days)} == {date}
    if not plain and (not days or misfits("journey.entered", days, date) or any(map(a_day, days))):
        yield Problem("type", "journey.entered", f"must be one date or more, not {brief(days)}")
        return
    if [*days] != sorted(days):
        yield Problem("order", "journey.entered", "must not go back in time")
    if (journey.exit is None) != (journey.exited_on is None):
        yield Problem("contradiction", "journey.exit", "goes with exited_on; give both or neither")
    elif journey.exited_on is not None and journey.exited_on < journey.entered[-1]:
        yield Problem("order", "journey.exited_on", "must not be before the last step was entered")
    if journey.imputed:
        yield from _faults_of_imputed(journey.imputed, days)
    if type(journey.pursuit) is not int or journey.pursuit < 1:
        message = f"must be an integer of 1 or more, not {brief(journey.pursuit)}"
        yield Problem("range", "journey.pursuit", message)


def _faults_of_imputed(imputed: frozenset[int], days: tuple[date, ...]) -> Iterator[Problem]:
    if any(not 0 <= place < len(days) - 1 for place in imputed):
        message = "must be places of steps before the last one that was reached"
        yield Problem("range", "journey.imputed", message)
    elif any(days[place] != days[place + 1] for place in imputed):
        message = "a step that nobody saw has the day of the next one"
        yield Problem("order", "journey.imputed", message)


def check_journeys(journeys: Iterable[Journey], course: Course) -> tuple[Journey, ...]:
    """Return journeys as a tuple, after a look at whether they can be told on a course.

    Raises:
        InvalidDataError: Something is no journey, reaches more steps than there are, leaves the
            course after its last step, or is there twice; all of it at once.
    """
    given = series(journeys)
    problems = misfits("journeys", given, Journey)
    seen: set[tuple[Id, Id | None, int]] = set()
    steps = len(course)
    for place, one in enumerate(() if problems else given):
        if len(one.entered) > steps:
            message = f"reaches {len(one.entered)} steps, of {steps}"
            problems.append(Problem("range", f"journeys[{place}].entered", message))
        elif len(one.entered) == steps and one.exit is not None:
            message = "must be blank where the last step was reached"
            problems.append(Problem("contradiction", f"journeys[{place}].exit", message))
        if (key := (one.unit_id, one.product_id, one.pursuit)) in seen:
            message = "the same unit, product and pursuit is there twice"
            problems.append(Problem("duplicate", f"journeys[{place}]", message))
        seen.add(key)
    if problems:
        raise InvalidDataError(problems)
    return given
