"""The gate: the one place where a lead is moved, whoever asks; and what the facts propose to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final, Literal, Protocol

from attrs import evolve, frozen

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem, TransitionError, brief, did_you_mean
from mpfunnel.records import Id
from mpfunnel.stages.graph import FunnelStage, Graph, Transition
from mpfunnel.stages.history import Entry, Move, StageHistory, grown, in_time, instant

__all__ = ["Proposal", "Warranted", "Win", "allowed", "moved", "moved_along", "proposed"]

A_DAY: Final = timedelta(days=1)
LONGEST_DAY: Final = timedelta(hours=25)
"""That on which summer time ends."""


@frozen
class Win:
    """That a product was won, on a day: what passes the gate on it, whatever else is open (S19).

    Attributes:
        product_id: The product; `None` stands for the whole firm.
        on: The day, in the playbook's zone.
        since: When that day began.
        stage: What the facts of the pursuit that was won warrant.
        rule: Key of the rule that does.
    """

    product_id: Id | None
    on: date
    since: datetime
    stage: FunnelStage
    rule: str


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

    @property
    def wins(self) -> tuple[Win, ...]:
        """The latest win of each product."""
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
    return tuple(_options(graph, "" if current is None else current.stage).values())


def moved(graph: Graph, history: StageHistory, move: Move) -> StageHistory:
    """Return the history after a move.

    Raises:
        TransitionError: The gate refuses it.
    """
    gate = _gate(graph, history)
    try:
        gate.pass_on(move)
    except TransitionError:
        history.gates.append(gate)
        raise
    return gate.history()


def _gate(graph: Graph, history: StageHistory) -> _Gate:
    """Return the gate that made a history, if it has made no later one; else one like it."""
    try:
        # Of several threads, one gets it.
        gate: _Gate = history.gates.pop()
    except IndexError:
        return _Gate(graph, history)
    return gate if gate.graph is graph else _Gate(graph, history)


class _Gate:
    """A lead at the gate: its history, and what the next move asks of it, kept while it goes along.

    The latest history of a lead keeps it, so that a move costs the same after ten and after ten
    thousand of them.
    """

    def __init__(self, graph: Graph, history: StageHistory) -> None:
        self.graph = graph
        self._lead_id = history.lead_id
        self._entries = [*history.entries]
        self._last_at = history.last_at
        self.current = history.current
        # Who or what has been in each stage that ends a pursuit.
        self._won: dict[str, set[Id | None]] = {}
        for entry in self._entries:
            self._note_end(entry)
        # The entries of the pursuit that runs, how far it has come, and whether it has ended.
        self._own: list[Entry] = []
        self._reached = graph.heights.get(graph.start, -1)
        self._ended = False
        for entry in () if self.current is None else history.pursuit(self.current):
            self._note_own(entry)

    def history(self) -> StageHistory:
        """Return the history as it is now."""
        return grown(self._lead_id, self._entries, self)

    def pass_on(self, move: Move) -> None:
        """Move the lead.

        Raises:
            TransitionError: The gate refuses it.
        """
        graph, current = self.graph, self.current
        here = "" if current is None else current.stage
        taken = _taken(graph, here, move.to)
        problems = list(_refusals(graph, self._last_at, move, here, taken))
        if problems or taken is None:
            raise TransitionError(problems, _options(graph, here).values())
        kind, reached = taken.kind, self._reached
        lead_id, number, pursuit = self._lead_id, 1, 1
        passed: list[str] = []
        if current is None:
            if move.to != graph.start:
                passed.append(graph.start)
        else:
            lead_id, number, pursuit = current.of_lead, current.number + 1, current.pursuit
            if self.returns(move):
                kind = "back"
            elif kind == "re-entry" and self._ended:
                pursuit += 1
                reached = self._begin(current, move)
        passed += _passed_over(graph, kind, move.to, reached)
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
        self._add(added)

    def _add(self, added: list[Entry]) -> None:
        entries, current, at = self._entries, self.current, added[-1].entered
        if current is not None:
            # It is the last one, unless leads were merged.
            place = len(entries) - 1
            while entries[place] is not current:
                place -= 1
            entries[place] = evolve(current, left=at)
        last = entries[-1] if entries else added[0]
        entries += added
        if last.entered == at and last.of_lead != added[0].of_lead:
            # At one instant, what happened to several leads stands in their order.
            entries.sort(key=in_time)
        for entry in added:
            self._note_end(entry)
            self._note_own(entry)
        self.current, self._last_at = added[-1], at

    def _begin(self, current: Entry, move: Move) -> int:
        """Begin the next pursuit; return how far what it is about has come."""
        graph, own = self.graph, self._own
        self._own, self._ended = [], False
        self._reached = reached = graph.heights.get(graph.start, -1)
        if current.stage in graph.heights and current.entered == move.at:
            # What goes on while something else is won has been through its stages already.
            about = _about(move)
            for one in own:
                if one.stage not in graph.ends and not about.isdisjoint(_about(one)):
                    reached = max(reached, graph.heights.get(one.stage, -1))
        return reached

    def _note_end(self, entry: Entry) -> None:
        if entry.stage in self.graph.ends:
            self._won.setdefault(entry.stage, set()).update(_about(entry))

    def _note_own(self, entry: Entry) -> None:
        self._own.append(entry)
        self._reached = max(self._reached, self.graph.heights.get(entry.stage, -1))
        self._ended = _has_ended(self.graph, entry, ended=self._ended)

    def returns(self, move: Move) -> bool:
        """Whether the lead only goes back to where a pursuit of something else had ended before.

        A customer of one product whose pursuit of another one comes to nothing is a customer as
        before: it has neither been through what lies between nor won again.
        """
        graph = self.graph
        if move.won or move.to not in self._won or move.to not in graph.heights:
            return False
        about = _about(move)
        own = [_about(one) for one in self._own if one.stage not in graph.ends]
        # Where nobody said what it is about, it may have been won.
        if not about or not own or not all(own):
            return False
        # Who bought anything is a customer as a whole.
        won = self._won[move.to] | {None}
        return about <= won and about.isdisjoint(frozenset[Id | None]().union(*own))


def _taken(graph: Graph, here: str, to: str) -> Transition | None:
    """Return the move that the graph has to a stage; `here` is blank where a lead has none yet."""
    if here:
        return graph.between(here, to)
    if to == graph.start:
        return Transition("", to, "forward")
    found = graph.between(graph.start, to)
    return None if found is None else evolve(found, start="")


def _options(graph: Graph, here: str) -> dict[str, Transition]:
    return {to: taken for to in graph if (taken := _taken(graph, here, to)) is not None}


def _refusals(
    graph: Graph, last_at: datetime | None, move: Move, here: str, taken: Transition | None
) -> Iterator[Problem]:
    if last_at is not None and move.at < last_at:
        message = f"must not be before {last_at.isoformat()}, when the lead was last moved"
        yield Problem("order", "move.at", message)
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
        known = ", ".join(map(str, _options(graph, here).values())) or "no moves at all"
        message = f"no move leads from {brief(here or graph.start)} to {brief(move.to)}"
        yield Problem("transition", "move.to", f"{message}; allowed: {known}")


def _has_ended(graph: Graph, entry: Entry, *, ended: bool) -> bool:
    """Whether a pursuit has ended with an entry, given whether it had before it."""
    # Where a lead begins, no pursuit has run yet; going back says that it had not ended.
    ends = entry.stage in graph.ends and entry.number > 1
    return ends or (ended and entry.kind != "back")


def _about(given: Move | Entry) -> frozenset[Id | None]:
    """Return the products; where rules name none they mean the whole firm, which is `None`."""
    return frozenset(given.for_products or ((None,) if given.cause in ("rule", "time") else ()))


def _passed_over(graph: Graph, kind: str, to: str, reached: int) -> list[str]:
    """Return the stages of the ladder that a move upwards leaves out.

    What the pursuit has been through before is not passed over.
    """
    if kind not in ("skip", "re-entry"):
        return []
    return list(graph.ladder[reached + 1 : graph.heights[to]])


def moved_along(graph: Graph, history: StageHistory, moves: Iterable[Move]) -> StageHistory:
    """Return the history after several moves, taken in the order of time.

    Raises:
        TransitionError: The gate refuses one of them; its problems have the place of the move.
    """
    gate = _Gate(graph, history)
    for index, move in sorted(enumerate(moves), key=lambda one: one[1].at):
        try:
            gate.pass_on(move)
        except TransitionError as error:
            problems = [
                Problem(one.code, one.path.replace("move", f"moves[{index}]", 1), one.message)
                for one in error.problems
            ]
            raise TransitionError(problems, error.allowed) from None
    return gate.history()


def proposed(
    graph: Graph,
    history: StageHistory,
    warranted: Warranted,
    as_of: datetime,
    new_fact_at: datetime | None,
    latest_fact_at: datetime | None,
    *,
    overrules_people: bool,
    zone: str | None,
) -> Proposal:
    """Return what the facts propose (see `Funnel.reconcile`)."""
    to = _stage_of(warranted)
    if to not in graph:
        message = f"{brief(to)}: no such stage{did_you_mean(to, graph)}"
        raise InvalidDataError([Problem("unknown-level", "warranted", message)])
    as_of = instant("as_of", as_of)
    last_at = history.last_at
    if last_at is not None and as_of < last_at:
        message = f"must not be before {last_at.isoformat()}, when the lead was last moved"
        raise InvalidDataError([Problem("order", "as_of", message)])
    facts = _facts_at(as_of, new_fact_at=new_fact_at, latest_fact_at=latest_fact_at)
    current = history.current
    expired = current is not None and _has_expired(current, as_of, zone)
    here = "" if current is None else current.stage
    wins = _new_wins(graph, history, warranted, as_of)
    after = getattr(warranted, "after_wins", None)
    if after is not None and here == to and any(one.stage != to for one in wins):
        further = proposed(
            graph,
            history,
            after,
            as_of,
            new_fact_at,
            latest_fact_at,
            overrules_people=overrules_people,
            zone=zone,
        )
        # Where none passes, the lead never leaves.
        if any(move.won for move in further.moves):
            return further
    last = _Stop(
        to, warranted.rule, warranted.for_products, won=any(one.stage == to for one in wins)
    )
    through = [one for one in wins if one.stage != to]
    if through and through[0].stage == here:
        # What is still open was so before that.
        through.insert(0, last)
    steps = _steps(graph, here, [*through, last]) if through else []
    # Nor may the lead be stuck where something was won while something else is open.
    direct = not steps
    if direct:
        if here == to:
            return Proposal(to)
        steps = _steps(graph, here, [last])
    if (
        current is not None
        and current.cause == "person"
        and here in graph
        and not expired
        and (current.until is not None or not any(at > current.entered for at in facts))
        and not overrules_people
    ):
        return Proposal(to, held_by=None if here == to else "person")
    waited = direct and not last.won and new_fact_at is None
    waited = waited and (expired or _ruled(graph, current, warranted))
    moves = tuple(
        Move(
            to=one.to,
            at=as_of,
            cause="time" if waited else "rule",
            reason=stop.rule,
            for_products=stop.for_products,
            playbook_version=warranted.version,
            won=stop.won and one.to == stop.stage,
        )
        for stop, one in steps
    )
    if direct and current is not None and len(moves) > 1:
        # All that lies on the way back would be moves that nobody made.
        moves = () if _Gate(graph, history).returns(moves[-1]) else moves
    if not moves:
        return Proposal(to, held_by="graph")
    return Proposal(to, moves)


def _stage_of(warranted: Warranted) -> str:
    has_all = all(hasattr(warranted, name) for name in ("rule", "version", "for_products", "wins"))
    if not has_all or not isinstance(getattr(warranted, "value", None), FunnelStage):
        message = f"must be the answer of stage_for, not {type(warranted).__name__}"
        raise InvalidDataError([Problem("type", "warranted", message)])
    return warranted.value.key


def _has_expired(current: Entry, as_of: datetime, zone: str | None) -> bool:
    """Whether the last day of a person's decision has passed."""
    if current.until is None:
        return False
    if zone is None:
        message = "is needed, because a person's decision has a last day"
        raise InvalidDataError([Problem("missing", "zone", message)])
    return local_day(as_of, zone_for(zone)) > current.until


def _facts_at(as_of: datetime, **given: datetime | None) -> list[datetime]:
    facts: list[datetime] = []
    for name, at in given.items():
        if at is not None:
            facts.append(instant(name, at))
            # What is warranted as of a day follows from all of its records.
            if facts[-1] - as_of >= LONGEST_DAY:
                message = "must not be of a day after that of as_of"
                raise InvalidDataError([Problem("order", name, message)])
    return facts


def _ruled(graph: Graph, current: Entry | None, warranted: Warranted) -> bool:
    """Whether the rules that warrant a stage have put the lead where it is.

    Where others did, whoever they are, it is not known that only days have passed.
    """
    return (
        current is not None
        and current.stage in graph
        and current.cause in ("rule", "time")
        and current.playbook_version == warranted.version
    )


@frozen
class _Stop:
    """A stage that the facts lead to."""

    stage: str
    rule: str
    for_products: tuple[Id, ...]
    won: bool


def _new_wins(
    graph: Graph, history: StageHistory, warranted: Warranted, as_of: datetime
) -> list[_Stop]:
    """Return the wins that the history does not know, by stage, in the order of their days.

    It knows one of a product if the lead came to its stage for that product on that day or later.
    What was won on a day before that on which the history begins is not its to tell.
    """
    began = history.entries[0].entered if history.entries else as_of
    found: dict[tuple[str, str], list[Id | None]] = {}
    for win in sorted(warranted.wins, key=lambda one: one.on):
        key = win.stage.key
        if key not in graph.wins or began - win.since >= A_DAY:
            continue
        if not any(_tells(entry, win) for entry in history.entries):
            found.setdefault((key, win.rule), []).append(win.product_id)
    return [
        _Stop(stage, rule, tuple(one for one in about if one is not None), won=True)
        for (stage, rule), about in found.items()
    ]


def _tells(entry: Entry, win: Win) -> bool:
    if entry.stage != win.stage.key or entry.entered < win.since or entry.kind == "back":
        return False
    about = _about(entry)
    # Where nobody said what it is about, it is about whatever was won.
    return win.product_id is None or not about or win.product_id in about


def _steps(graph: Graph, here: str, stops: Iterable[_Stop]) -> list[tuple[_Stop, Transition]]:
    """Return the moves to some stages, one after the other; none where there is no way."""
    steps: list[tuple[_Stop, Transition]] = []
    for stop in stops:
        first = _taken(graph, here, stop.stage)
        way = (first,) if first is not None else graph.way(here or graph.start, stop.stage)
        if not way:
            return []
        steps += [(stop, one) for one in way]
        here = stop.stage
    return steps
