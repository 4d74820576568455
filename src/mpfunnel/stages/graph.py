"""Stages, their kinds, and the graph of moves between them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final, Literal, get_args

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit, not_a_key
from mpfunnel.labels import Keyed

__all__ = ["FunnelStage", "Graph", "MoveKind", "StageKind", "Transition", "key_of"]

StageKind = Literal["inventory", "gate", "sla"]
"""Without time limit, to be passed on the day, or with a time limit."""

MoveKind = Literal["forward", "skip", "back", "recycle", "re-entry"]
"""One rung up the ladder, several, down, out to a detour or back to nurture, and onto the ladder
again."""

MAX_LIMIT_DAYS: Final = 3_650


@frozen(cache_hash=True)
class FunnelStage(Keyed):
    """A stage of the funnel; equal by key, whatever else it says (S8).

    Attributes:
        kind: ``"inventory"`` has no time limit; a lead leaves a ``"gate"`` on the day on which it
            comes; ``"sla"`` has a time limit.
        within_days: The limit of an SLA, in days from the day of entering.
        within_business_days: The limit of an SLA, in business days of the funnel's calendar.
        warn_days: So many days before days alone would take a lead out of it, a warning is due
            (`mpfunnel.next_stage_change`).

    Raises:
        InvalidDataError: The key is blank, there is no such kind, an SLA has not exactly one
            limit, or another kind has one.
    """

    called = "stage"

    kind: StageKind = field(default="inventory", eq=False, kw_only=True)
    within_days: int | None = field(default=None, eq=False, kw_only=True)
    within_business_days: int | None = field(default=None, eq=False, kw_only=True)
    warn_days: int | None = field(default=None, eq=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        problems = not_a_key("stage.key", self.key)
        if self.kind not in get_args(StageKind):
            hint = did_you_mean(self.kind, get_args(StageKind))
            message = f"must be inventory, gate or sla, not {brief(self.kind)}{hint}"
            problems.append(Problem("choice", "stage.kind", message))
        limits = ("within_days", "within_business_days")
        given = {name: limit for name in limits if (limit := getattr(self, name)) is not None}
        warns = {} if self.warn_days is None else {"warn_days": self.warn_days}
        for name, limit in (given | warns).items():
            if type(limit) is not int or not 1 <= limit <= MAX_LIMIT_DAYS:
                message = f"must be an integer from 1 to {MAX_LIMIT_DAYS:,}, not {brief(limit)}"
                problems.append(Problem("range", f"stage.{name}", message))
        if self.kind == "sla" and len(given) != 1:
            message = "an sla needs either within_days or within_business_days"
            problems.append(Problem("missing", "stage.kind", message))
        elif self.kind != "sla" and given:
            message = f"only an sla has a time limit, not kind {brief(self.kind)}"
            problems.append(Problem("contradiction", f"stage.{next(iter(given))}", message))
        if problems:
            raise InvalidDataError(problems)


def key_of(stage: FunnelStage | str) -> str:
    """Return the key of a stage that is given by itself or by its key."""
    return stage.key if isinstance(stage, FunnelStage) else stage


@frozen
class Transition:
    """A move that a funnel allows.

    Attributes:
        start: Key of the stage that it leads from; blank where the lead has no stage yet.
        to: Key of the stage that it leads to.
        kind: What kind of move it is.
        needs_reason: Whether it is only let pass with a reason; recycling always needs one.

    Raises:
        InvalidDataError: A field is of another type, or there is no such kind.
    """

    start: str = field(converter=key_of)
    to: str = field(converter=key_of)
    kind: MoveKind
    needs_reason: bool = False

    def __attrs_post_init__(self) -> None:
        problems = misfit("transition.start", self.start, str)
        problems += misfit("transition.to", self.to, str)
        if self.kind not in get_args(MoveKind):
            hint = did_you_mean(self.kind, get_args(MoveKind))
            message = f"must be {', '.join(get_args(MoveKind))}, not {brief(self.kind)}{hint}"
            problems.append(Problem("choice", "transition.kind", message))
        problems += misfit("transition.needs_reason", self.needs_reason, bool)
        if problems:
            raise InvalidDataError(problems)
        if self.kind == "recycle":
            object.__setattr__(self, "needs_reason", True)

    def __str__(self) -> str:
        return f"{self.to} ({self.kind}{', needs a reason' if self.needs_reason else ''})"


@frozen
class Graph:
    """The moves between the stages of a funnel: those stated, or those that follow from it.

    Where none are stated, every stage can follow every other one, except that nothing follows what
    is final.

    Attributes:
        ladder: Keys of the success path, from the lowest.
        detours: Keys of the stages outside of it.
        start: Key of the stage of a lead without any pursuit.
        ends: Keys of the stages that end a pursuit.
        final: Keys of the stages that no move leads out of.
        stated: The moves; `None` where they follow from the stages.
    """

    ladder: tuple[str, ...]
    detours: tuple[str, ...]
    start: str
    ends: frozenset[str]
    final: frozenset[str]
    stated: tuple[Transition, ...] | None
    heights: Mapping[str, int] = field(init=False, eq=False, repr=False)
    """How far up the ladder each of its stages is."""
    wins: frozenset[str] = field(init=False, eq=False, repr=False)
    """Keys of the stages of the ladder that end a pursuit."""
    _places: Mapping[str, int] = field(init=False, eq=False, repr=False)
    _outward: Mapping[str, Mapping[str, Transition]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        stages = (*self.ladder, *self.detours)
        places = {key: place for place, key in enumerate(stages)}
        outward: dict[str, dict[str, Transition]] = {key: {} for key in stages}
        for one in self.stated or ():
            outward.setdefault(one.start, {}).setdefault(one.to, one)
        heights = {key: height for height, key in enumerate(self.ladder)}
        object.__setattr__(self, "heights", heights)
        object.__setattr__(self, "wins", self.ends.intersection(heights))
        object.__setattr__(self, "_places", places)
        object.__setattr__(self, "_outward", outward)

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def between(self, start: str, to: str) -> Transition | None:
        """Return the move from one stage to another; `None` where there is none.

        A stage that the funnel no longer has can be left for every other one.
        """
        if self.stated is not None and start in self._places:
            return self._outward[start].get(to)
        if start == to or to not in self._places or start in self.final:
            return None
        return Transition(start, to, self.kinds(start, to)[0])

    def onward(self, start: str) -> Iterator[Transition]:
        """Yield the moves that lead out of a stage, in the order of the stages."""
        for to in self._places:
            if (move := self.between(start, to)) is not None:
                yield move

    def kinds(self, start: str, to: str) -> tuple[MoveKind, ...]:
        """Return the kinds that a move between two stages can be of, the usual one first."""
        low, high = self.heights.get(start), self.heights.get(to)
        if high is None:
            return ("recycle",)
        if low is None:
            return ("re-entry",)
        if start in self.ends:
            # What has ended is taken up again; going down may also say that it never had ended.
            return ("re-entry", "back") if high < low else ("re-entry",)
        if high < low:
            return ("back", "recycle")
        return ("forward",) if high == low + 1 else ("skip",)

    def way(self, start: str, to: str) -> tuple[Transition, ...]:
        """Return the shortest way from a stage to another; empty where there is none.

        Only what leads up the ladder may lead there in several moves, all below the stage.
        """
        goal = self.heights.get(to, -1)
        ways: dict[str, tuple[Transition, ...]] = {start: ()}
        front = deque([start])
        while front:
            at = front.popleft()
            if (last := self.between(at, to)) is not None:
                return (*ways[at], last)
            for move in self.onward(at):
                upward = move.kind in ("forward", "skip", "re-entry")
                if upward and move.to not in ways and self.heights[move.to] < goal:
                    ways[move.to] = (*ways[at], move)
                    front.append(move.to)
        return ()

    def faults(self) -> Iterator[Problem]:
        """Yield what is wrong with the graph as a whole."""
        if self.stated is None:
            # Nothing can be wrong with what follows from the stages, but for this.
            if self.start in self.final:
                message = f"{brief(self.start)} is where leads start, so that none could move"
                yield Problem("contradiction", "final", message)
            return
        seen: set[tuple[str, str]] = set()
        for index, one in enumerate(self.stated):
            for problem in self._faults_of(one, seen):
                yield problem.under(f"transitions[{index}]")
            seen.add((one.start, one.to))
        back: dict[str, list[str]] = {}
        for one in self.stated:
            back.setdefault(one.to, []).append(one.start)
        reached = _reached([self.start], lambda key: self._outward.get(key, ()))
        saved = _reached(self.ladder, lambda key: back.get(key, ()))
        for key in self._places:
            if key not in reached:
                message = f"{brief(key)} cannot be reached from {brief(self.start)}"
                yield Problem("transition", "transitions", message)
            if key not in saved and key not in self.final:
                message = f"{brief(key)} has no way back to the ladder; add one or list it as final"
                yield Problem("transition", "transitions", message)

    def _faults_of(self, one: Transition, seen: Collection[tuple[str, str]]) -> Iterator[Problem]:
        unknown = [
            (n, k) for n, k in (("start", one.start), ("to", one.to)) if k not in self._places
        ]
        for name, key in unknown:
            hint = did_you_mean(key, self._places)
            yield Problem("unknown-level", name, f"{brief(key)} is no stage of the funnel{hint}")
        if (one.start, one.to) in seen:
            message = f"{brief(one.start)} to {brief(one.to)} stands there twice"
            yield Problem("duplicate", "", message)
        if unknown:
            return
        if one.start == one.to:
            yield Problem("transition", "to", f"{brief(one.to)} is where it starts")
        elif one.start in self.final:
            message = f"{brief(one.start)} is final, so that nothing follows it"
            yield Problem("contradiction", "start", message)
        elif one.kind not in (kinds := self.kinds(one.start, one.to)):
            message = f"must be {' or '.join(kinds)} from {brief(one.start)} to {brief(one.to)}"
            yield Problem("choice", "kind", f"{message}, not {one.kind}")


def _reached(start: Iterable[str], onward: Callable[[str], Iterable[str]]) -> set[str]:
    reached = set(start)
    front = [*reached]
    while front:
        new = set(onward(front.pop())) - reached
        reached |= new
        front += new
    return reached
