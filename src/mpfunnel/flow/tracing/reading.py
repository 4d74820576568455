"""How a course is read: which of a playbook's answers stand for which of its steps."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Literal, NamedTuple, cast, get_args

from attrs import frozen

from mpfunnel.calendars import as_day
from mpfunnel.compiled import Compiled
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit, near, shown
from mpfunnel.flow.campaigns.touches import TouchStatus, faults_of_statuses, rank
from mpfunnel.flow.course import COURSE, Course, FlowStep
from mpfunnel.records import Id
from mpfunnel.records.checks import a_day, one_of
from mpfunnel.rules.facts import Scale
from mpfunnel.stages import Funnel
from mpfunnel.tiers import Tier

__all__ = [
    "ABSENT",
    "LOST",
    "Link",
    "Reading",
    "Stages",
    "Unit",
    "course_of",
    "faults_of_interest",
    "reading_of",
]

Unit = Literal["company", "lead"]
Link = Literal["at_entry", "primary", "all"]
Stages = Literal["replayed", "kept"]

_BEFORE_STAGES: Final = ("target", "reached", "engaged")
_WON: Final = "won"
LOST: Final = "lost"
"""What a deal that was lost leads off the course as."""
ABSENT: Final = -1
"""The place of a step that a course does not have."""


class Marks(NamedTuple):
    """Where signs that are no stages of the ladder lead to, and what leads off it.

    Of a step that the course does not have, the place is `ABSENT`.
    """

    target: int
    reached: int
    engaged: int
    deal: int
    """Where a deal is open, the step before the last one is reached."""
    off: tuple[str, ...]
    """What leads off the course, in the order in which one of several counts."""
    wins: Container[str]
    heights: Container[str]


@frozen
class Reading:
    """How a course is read.

    Attributes:
        engine: The playbook.
        course: The course.
        since: The first day on which companies are looked at.
        as_of: The last day.
        target: By product, the lowest Tier that is in the target market.
        interest: From which rung of interest on a lead is engaged; `None` asks the touches.
        link: For which products a stage of a whole lead counts.
        statuses: By kind of activity, how far a touch of that kind has come.
        of_stage: By key of a stage of the ladder, the place of the step that it shows; `None` where
            it shows none.
        stages: Whether leads without history stand where the gate would have left them, or nowhere.
    """

    engine: Engine
    course: Course
    since: date
    as_of: date
    target: Mapping[Id, int]
    interest: int | None
    link: Link
    statuses: Mapping[str, TouchStatus | None]
    of_stage: Mapping[str, int | None]
    stages: Stages

    @cached_property
    def worked(self) -> Mapping[str, int | None]:
        """The stages in which somebody is being worked, with the places that they show."""
        graph = self.book.playbook.funnel.graph
        return {
            key: place
            for key, place in self.of_stage.items()
            if key != graph.start and key not in graph.ends
        }

    @cached_property
    def marks(self) -> Marks:
        """Where signs that are no stages of the ladder lead to, and what leads off it."""
        target, reached, engaged = map(self._place, _BEFORE_STAGES)
        graph = self.book.playbook.funnel.graph
        off = (LOST, *graph.detours)
        deal = len(self.course) - 2
        return Marks(target, reached, engaged, deal, off, graph.wins, graph.heights)

    def _place(self, key: str) -> int:
        keys = self.course.keys
        return keys.index(key) if key in keys else ABSENT

    @property
    def asks_interest(self) -> bool:
        """Whether it matters how interested somebody was on a day."""
        return self.interest is not None or self.link == "primary"

    @property
    def book(self) -> Compiled:
        """The playbook, compiled."""
        return self.engine.compiled

    def has_come(self, kind: str, status: TouchStatus) -> bool:
        """Return whether a touch of a kind has come as far as a status."""
        come = self.statuses.get(kind, "delivered")
        return come is not None and rank(come) >= rank(status)

    def is_engaged(self, level: str) -> bool:
        """Return whether a level of interest is high enough."""
        return self.interest is not None and self.book.rungs[level] >= self.interest


def course_of(funnel: Funnel, *, accepted: str = "sal") -> Course:
    """Return the ladder of a funnel as a course: its stages are the steps.

    Each passage is called by the stage that it leads into.

    Args:
        funnel: The funnel.
        accepted: Key of the stage in which sales has taken a lead over. That passage and those
            after it are downstream, the ones before it upstream.

    Raises:
        InvalidDataError: It is no funnel, has no such stage on its ladder, or only one stage.
    """
    if wrong := misfit("funnel", funnel, Funnel):
        raise InvalidDataError(wrong)
    keys = [stage.key for stage in funnel.ladder]
    if accepted not in keys:
        message = f"{brief(accepted)}: no such stage on the ladder{did_you_mean(accepted, keys)}"
        raise InvalidDataError([Problem("unknown-level", "accepted", message)])
    taken_over = keys.index(accepted)
    return Course(
        tuple(
            FlowStep(
                stage.key,
                stage.label,
                stage.label if place else None,
                "downstream" if place >= taken_over else "upstream",
            )
            for place, stage in enumerate(funnel.ladder)
        )
    )


def reading_of(
    engine: Engine,
    *,
    as_of: date | datetime,
    since: Any,
    course: Any,
    unit: Any,
    target: Any,
    interest: Any,
    link: Any,
    statuses: Any,
    stages: Any,
) -> Reading:
    """Return how a course is read, after a look at everything that was given.

    Raises:
        InvalidDataError: Something is not what it should be; all faults at once.
    """
    if wrong := misfit("engine", engine, Engine):
        raise InvalidDataError(wrong)
    book = engine.compiled
    problems = [
        Problem(fault[0], path, fault[1])
        for path, value, choices in (
            ("unit", unit, Unit),
            ("link", link, Link),
            ("stages", stages, Stages),
        )
        if (fault := one_of(choices)(value))
    ]
    if fault := a_day(since):
        problems.append(Problem(fault[0], "since", fault[1]))
    day = date.max
    try:
        day = as_day(as_of, book.zone)
    except InvalidDataError as error:
        problems += error.problems
    else:
        if not fault and day < since:
            problems.append(Problem("order", "as_of", f"must not be before {since}, the first day"))
    problems += faults_of_statuses(statuses)
    lowest = dict(_targets(target, book, problems))
    funnel = book.playbook.funnel
    if course is None:
        course = COURSE if unit == "company" else _plain_course(funnel)
    of_stage: Mapping[str, int | None] = {}
    if wrong := misfit("course", course, Course):
        problems += wrong
    elif unit in get_args(Unit):
        faults = _course_of_companies if unit == "company" else _course_of_leads
        problems += [one.under("course") for one in faults(course, funnel)]
        of_stage = _of_stages(course, funnel, "reached" if unit == "company" else None)
    problems += faults_of_interest(interest, book.playbook.scale)
    if problems:
        raise InvalidDataError(problems)
    rung = None if interest is None else book.rungs[interest]
    return Reading(engine, course, since, day, lowest, rung, link, statuses, of_stage, stages)


def faults_of_interest(interest: object, scale: Scale) -> Iterator[Problem]:
    """Yield what is wrong with the level of interest from which on a company is engaged.

    Args:
        interest: Its key; `None` asks the touches.
        scale: The levels that there are.
    """
    lowest, *levels = scale.ladder
    if interest is not None and interest not in levels:
        message = (
            f"must be a level of interest above {lowest!r} ({', '.join(levels)}), "
            f"not {brief(interest)}{did_you_mean(interest, levels)}"
        )
        yield Problem("unknown-level", "interest", message)


def _targets(target: Any, book: Compiled, problems: list[Problem]) -> Iterator[tuple[Id, int]]:
    """Yield the number of the lowest Tier of each product; note what is wrong."""
    if isinstance(target, Tier):
        for product_id in book.products:
            yield product_id, target.number
        return
    if not isinstance(target, Mapping):
        message = f"must be a Tier, or map each product to one, not {brief(target)}"
        problems.append(Problem("type", "target", message))
        return
    given = cast("Mapping[Id, object]", target)
    for product_id, tier in given.items():
        path = f"target.{shown(product_id)}"
        if product_id not in book.products:
            hint = near(product_id, [*book.products])
            problems.append(Problem("unknown-product", path, f"no such product{hint}"))
        elif wrong := misfit(path, tier, Tier):
            problems += wrong
        else:
            yield product_id, cast("Tier", tier).number
    problems += [
        Problem("missing", f"target.{shown(product_id)}", "is missing; give a Tier to each product")
        for product_id in book.products
        if product_id not in given
    ]


def _plain_course(funnel: Funnel) -> Course:
    """Return the ladder as a course of which nobody asks the sides."""
    return course_of(funnel, accepted=funnel.ladder[0].key)


def _course_of_companies(course: Course, funnel: Funnel) -> Iterator[Problem]:
    """Yield what keeps a course from being read of companies."""
    graph = funnel.graph
    known = [key for key in graph.ladder if key != graph.start and key not in graph.ends]
    order = [*_BEFORE_STAGES, *known, _WON]
    yield from _out_of_order(course, order)
    if course.keys[-1] != _WON:
        yield Problem("missing", "steps", f"must end with {_WON!r}")


def _course_of_leads(course: Course, funnel: Funnel) -> Iterator[Problem]:
    """Yield what keeps a course from being read of leads."""
    yield from _out_of_order(course, funnel.graph.ladder)


def _out_of_order(course: Course, order: list[str] | tuple[str, ...]) -> Iterator[Problem]:
    highest = -1
    for place, key in enumerate(course.keys):
        path = f"steps[{place}].key"
        if key not in order:
            hint = did_you_mean(key, order)
            message = f"{brief(key)} is none of {', '.join(order)}{hint}"
            yield Problem("unknown-level", path, message)
        elif order.index(key) < highest:
            yield Problem("order", path, f"{brief(key)} does not come after the step before it")
        else:
            highest = order.index(key)


def _of_stages(course: Course, funnel: Funnel, below: str | None) -> dict[str, int | None]:
    """Return the place that each stage of the ladder shows; `below` is the step of the lowest."""
    keys = course.keys
    place = keys.index(below) if below in keys else None
    found: dict[str, int | None] = {}
    for stage in funnel.ladder:
        if stage.key in keys:
            place = keys.index(stage.key)
        found[stage.key] = place
    return found
