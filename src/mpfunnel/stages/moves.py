"""The gate: the one place where a lead is moved, whoever asks; and what the facts propose to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Literal, Protocol

from attrs import evolve, frozen

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem, TransitionError, brief, did_you_mean
from mpfunnel.records import Id
from mpfunnel.stages.graph import FunnelStage, Graph, Transition
from mpfunnel.stages.history import Cause, Entry, Move, StageHistory, instant

__all__ = ["Proposal", "Warranted", "allowed", "moved", "moved_along", "proposed"]


class Warranted(Protocol):
    """What the facts of a lead warrant: the answer of `Engine.stage_for` is one."""

    @property
    def value(self) -> FunnelStage:
        """The stage."""
        ...

    @property
    def rule(self) -> str:
        """Key of the rule that gave it."""
        ...

    @property
    def version(self) -> str:
        """The version of the playbook that gave it."""
        ...

    @property
    def for_products(self) -> tuple[Id, ...]:
        """The products whose pursuit has come that far."""
        ...


@frozen
class Proposal:
    """What the facts propose to the gate.

    Attributes:
        warranted: Key of the stage that the facts warrant, whether it is proposed or not.
        moves: The moves that lead there, for `Funnel.apply`; none where the lead is there.
        held_by: Why there are none though the lead is elsewhere: a ``"person"`` decided later than
            the facts, or the ``"graph"`` has no way there.
    """

    warranted: str
    moves: tuple[Move, ...] = ()
    held_by: Literal["person", "graph"] | None = None


def allowed(graph: Graph, history: StageHistory) -> tuple[Transition, ...]:
    """Return the moves that the graph has from where the lead is, in the order of the stages."""
    current = history.current
    if current is not None:
        return tuple(graph.onward(current.stage))
    first = Transition("", graph.start, "forward")
    return (first, *(evolve(one, start="") for one in graph.onward(graph.start)))


def moved(graph: Graph, history: StageHistory, move: Move) -> StageHistory:
    """Return the history after a move.

    Raises:
        TransitionError: The gate refuses it.
    """
    current = history.current
    here = "" if current is None else current.stage
    options = {one.to: one for one in allowed(graph, history)}
    problems = list(_refusals(graph, history, move, here, options))
    if problems:
        raise TransitionError(problems, options.values())
    kind = options[move.to].kind
    if current is None:
        passed = [graph.start] if move.to != graph.start else []
        passed += _passed_over(graph, kind, graph.start, move.to, ())
        lead_id, number, pursuit, before = history.lead_id, 1, 1, history.entries
    else:
        own = history.pursuit(current)
        lead_id, number, pursuit = current.of_lead, current.number + 1, current.pursuit
        if _returns(graph, history, current, move):
            kind = "back"
        elif kind == "re-entry" and _has_ended(graph, own):
            pursuit, own = pursuit + 1, ()
        passed = _passed_over(graph, kind, here, move.to, own)
        before = tuple(
            evolve(one, left=move.at) if one is current else one for one in history.entries
        )
    stages = [*passed, move.to]
    added = [
        Entry(
            lead_id,
            number + index,
            pursuit,
            stage,
            move.at,
            None if stage == move.to else move.at,
            # What a lead begins with is nothing but a beginning, wherever it then goes.
            "forward" if number + index == 1 else kind,
            move.cause,
            move.reason,
            move.by,
            stage != move.to,
            move.for_products,
            move.playbook_version,
            None if stage != move.to else move.until,
            None if stage != move.to else move.follow_up_on,
        )
        for index, stage in enumerate(stages)
    ]
    return evolve(history, entries=(*before, *added))


def _refusals(
    graph: Graph,
    history: StageHistory,
    move: Move,
    here: str,
    options: dict[str, Transition],
) -> Iterator[Problem]:
    last_at = history.last_at
    if last_at is not None and move.at < last_at:
        message = f"must not be before {last_at.isoformat()}, when the lead was last moved"
        yield Problem("order", "move.at", message)
    taken = options.get(move.to)
    if taken is not None:
        if taken.needs_reason and move.reason is None:
            message = f"is needed to move a lead to {brief(move.to)} ({taken.kind})"
            yield Problem("missing", "move.reason", message)
        return
    if move.to not in graph:
        hint = did_you_mean(move.to, graph)
        yield Problem("unknown-level", "move.to", f"{brief(move.to)}: no such stage{hint}")
    elif move.to == here:
        yield Problem("duplicate", "move.to", f"the lead is at {brief(here)} already")
    else:
        known = ", ".join(map(str, options.values())) or "no moves at all"
        message = f"no move leads from {brief(here or graph.start)} to {brief(move.to)}"
        yield Problem("transition", "move.to", f"{message}; allowed: {known}")


def _has_ended(graph: Graph, pursuit: tuple[Entry, ...]) -> bool:
    """Whether a pursuit has ended; going back says that it had not."""
    ended = False
    for entry in pursuit:
        # Where a lead begins, no pursuit has run yet.
        ends = entry.stage in graph.ends and entry.number > 1
        ended = ends or (ended and entry.kind != "back")
    return ended


def _returns(graph: Graph, history: StageHistory, current: Entry, move: Move) -> bool:
    """Whether a lead only goes back to where a pursuit of something else had ended before.

    A customer of one product whose pursuit of another one comes to nothing is a customer as before:
    it has neither been through what lies between nor won again.
    """
    been = [entry for entry in history.entries if entry.stage == move.to]
    if not been or move.to not in graph.ends or move.to not in graph.heights:
        return False
    about = _about(move)
    own = [_about(one) for one in history.pursuit(current) if one.stage not in graph.ends]
    # Where nobody said what it is about, it may have been won.
    if not about or not own or not all(own):
        return False
    # Who bought anything is a customer as a whole.
    won = _about(*been) | {None}
    return about <= won and about.isdisjoint(frozenset[Id | None]().union(*own))


def _about(*given: Move | Entry) -> frozenset[Id | None]:
    """Return the products; where rules name none they mean the whole firm, which is `None`."""
    return frozenset(
        product
        for one in given
        for product in one.for_products or ((None,) if one.cause in ("rule", "time") else ())
    )


def _passed_over(
    graph: Graph, kind: str, start: str, to: str, pursuit: tuple[Entry, ...]
) -> list[str]:
    """Return the stages of the ladder that a move upwards leaves out."""
    if kind == "skip":
        low = graph.heights[start]
    elif kind == "re-entry":
        # What the pursuit has been through before is not passed over.
        been = [graph.heights.get(entry.stage, -1) for entry in pursuit]
        low = max([*been, graph.heights.get(graph.start, -1)])
    else:
        return []
    return list(graph.ladder[low + 1 : graph.heights[to]])


def moved_along(graph: Graph, history: StageHistory, moves: Iterable[Move]) -> StageHistory:
    """Return the history after several moves, taken in the order of time.

    Raises:
        TransitionError: The gate refuses one of them; its problems have the place of the move.
    """
    given = sorted(enumerate(moves), key=lambda one: one[1].at)
    for index, move in given:
        try:
            history = moved(graph, history, move)
        except TransitionError as error:
            problems = [
                Problem(one.code, one.path.replace("move", f"moves[{index}]", 1), one.message)
                for one in error.problems
            ]
            raise TransitionError(problems, error.allowed) from None
    return history


def proposed(
    graph: Graph,
    history: StageHistory,
    warranted: Warranted,
    as_of: datetime,
    new_fact_at: datetime | None,
    *,
    overrules_people: bool,
    zone: str,
) -> Proposal:
    """Return what the facts propose (see `Funnel.reconcile`)."""
    to = _stage_of(warranted)
    if to not in graph:
        message = f"{brief(to)}: no such stage{did_you_mean(to, graph)}"
        raise InvalidDataError([Problem("unknown-level", "warranted", message)])
    as_of = instant("as_of", as_of)
    today = local_day(as_of, zone_for(zone))
    last_at = history.last_at
    if last_at is not None and as_of < last_at:
        message = f"must not be before {last_at.isoformat()}, when the lead was last moved"
        raise InvalidDataError([Problem("order", "as_of", message)])
    if new_fact_at is not None:
        new_fact_at = instant("new_fact_at", new_fact_at)
        if new_fact_at > as_of:
            raise InvalidDataError([Problem("order", "new_fact_at", "must not be after as_of")])
    current = history.current
    if current is None:
        first = Transition("", graph.start, "forward")
        ways = (first,) if to == graph.start else graph.way(graph.start, to)
    elif current.stage == to:
        return Proposal(to)
    elif (
        current.cause == "person"
        and current.stage in graph
        and (current.until is None or today <= current.until)
        and (new_fact_at is None or new_fact_at <= current.entered)
        and not overrules_people
    ):
        return Proposal(to, held_by="person")
    else:
        ways = graph.way(current.stage, to)
    cause = _cause(graph, current, warranted, new_fact_at)
    moves = tuple(
        Move(
            one.to,
            as_of,
            cause,
            reason=warranted.rule,
            for_products=warranted.for_products,
            playbook_version=warranted.version,
        )
        for one in ways
    )
    if current is not None and len(moves) > 1 and _returns(graph, history, current, moves[-1]):
        # All that lies on the way would be moves that nobody made.
        moves = ()
    if not moves:
        return Proposal(to, held_by="graph")
    return Proposal(to, moves)


def _stage_of(warranted: Warranted) -> str:
    has_all = all(hasattr(warranted, name) for name in ("rule", "version", "for_products"))
    if not has_all or not isinstance(getattr(warranted, "value", None), FunnelStage):
        message = f"must be the answer of stage_for, not {type(warranted).__name__}"
        raise InvalidDataError([Problem("type", "warranted", message)])
    return warranted.value.key


def _cause(
    graph: Graph, current: Entry | None, warranted: Warranted, new_fact_at: datetime | None
) -> Cause:
    # Another funnel or other rules move leads too, without a new fact and on any day.
    if current is None or new_fact_at is not None or current.stage not in graph:
        return "rule"
    ruled = current.playbook_version
    return "rule" if ruled and ruled != warranted.version else "time"
