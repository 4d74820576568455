"""Funnel: the stages of the firm, what warrants each, and the moves between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.calendars import BusinessCalendar
from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    UnknownNameError,
    brief,
    did_you_mean,
    misfit,
    misfits,
    series,
    twice,
)
from mpfunnel.records import Id
from mpfunnel.rules.conditions import All, AnyOf, Compare, Condition, facts_of
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import DecisionTable, strangers
from mpfunnel.stages.graph import FunnelStage, Graph, Transition, key_of
from mpfunnel.stages.history import Cause, Entry, Move, StageHistory, joined
from mpfunnel.stages.moves import (
    Proposal,
    Warranted,
    allowed,
    moved,
    moved_along,
    proposed,
)
from mpfunnel.stages.sla import Deadline, deadline_of

__all__ = ["ENDED", "NO_PURSUIT", "OPEN", "Funnel"]

MAX_QUIET_DAYS: Final = 3_650
NO_PURSUIT, OPEN, ENDED = 0, 1, 2
_ENDS: Final = ("pursuit.won", "pursuit.lost", "pursuit.quiet")

_Rank = tuple[int, int]


def _series(value: Any) -> Any:
    return None if value is None else series(value)


def _stages(value: Iterable[FunnelStage]) -> tuple[FunnelStage, ...]:
    return series(value)


@frozen
class Funnel:
    """The stages of the firm, what warrants each, and the moves between them.

    Attributes:
        rules: The table from the facts of a pursuit to its stage; its `otherwise` is the stage of
            a lead without any pursuit.
        ladder: Stages of the success path, from the lowest.
        detours: Stages outside of it.
        quiet_days: After how many days without a sign, and without an open deal, a pursuit ends.
        deals_without_lead: Whether a deal that names no lead concerns every lead of its company
            (S20).
        transitions: The moves that the gate lets pass; where it is `None`, every stage can follow
            every other one but those that are final: one rung up is forward, several skip, down is
            back, out to a detour is recycling, onto the ladder from a detour or after an end is
            re-entry.
        final: Stages that no move leads out of.
        ends: Stages that end a pursuit, so that re-entry begins the next one; where it is `None`,
            those whose every rule asks that the pursuit is won, lost or quiet.
        overrules_people: Whether `reconcile` proposes moves against a person's newer decision.
        calendar: The business days of the firm.
        kinds: What the stages say besides their keys; made from them.
        warnings: By stage, how many days before a change a warning is due; made from them.

    Raises:
        InvalidDataError: It contradicts itself, names stages that it does not have, has stages that
            no move reaches, or detours without a way back that are not final.
    """

    rules: DecisionTable[FunnelStage]
    ladder: tuple[FunnelStage, ...] = field(converter=_stages)
    detours: tuple[FunnelStage, ...] = field(default=(), converter=_stages)
    quiet_days: int = 180
    deals_without_lead: bool = False
    transitions: tuple[Transition, ...] | None = field(
        default=None, converter=_series, kw_only=True
    )
    final: tuple[FunnelStage, ...] = field(default=(), converter=_stages, kw_only=True)
    ends: tuple[FunnelStage, ...] | None = field(default=None, converter=_series, kw_only=True)
    overrules_people: bool = field(default=False, kw_only=True)
    calendar: BusinessCalendar = field(default=BusinessCalendar(), kw_only=True)
    # Stages are equal by key alone (S8), but a funnel with another time limit is another funnel.
    kinds: tuple[tuple[str, str, int | None, int | None], ...] = field(
        default=(), init=False, kw_only=True, repr=False
    )
    warnings: tuple[tuple[str, int], ...] = field(default=(), init=False, kw_only=True, repr=False)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if type(self.quiet_days) is not int or not 1 <= self.quiet_days <= MAX_QUIET_DAYS:
            message = (
                f"must be an integer from 1 to {MAX_QUIET_DAYS:,}, not {brief(self.quiet_days)}"
            )
            problems.append(Problem("range", "quiet_days", message))
        problems += misfit("deals_without_lead", self.deals_without_lead, bool)
        problems += misfit("overrules_people", self.overrules_people, bool)
        problems += misfit("calendar", self.calendar, BusinessCalendar)
        wrong = misfit("rules", self.rules, DecisionTable)
        for name in ("ladder", "detours", "final"):
            wrong += misfits(name, getattr(self, name), FunnelStage)
        if self.ends is not None:
            wrong += misfits("ends", self.ends, FunnelStage)
        if self.transitions is not None:
            wrong += misfits("transitions", self.transitions, Transition)
        problems += wrong or self._contradictions()
        if problems:
            raise InvalidDataError(problems)
        kinds = (
            (one.key, one.kind, one.within_days, one.within_business_days)
            for one in (*self.ladder, *self.detours)
            if one.kind != "inventory"
        )
        object.__setattr__(self, "kinds", tuple(kinds))
        warnings = (
            (one.key, one.warn_days)
            for one in (*self.ladder, *self.detours)
            if one.warn_days is not None
        )
        object.__setattr__(self, "warnings", tuple(warnings))
        # In which order they are given says nothing.
        places = {key: place for place, key in enumerate(self.graph)}
        for name in ("final", "ends"):
            given: tuple[FunnelStage, ...] | None = getattr(self, name)
            if given is not None:
                ordered = sorted(set(given), key=lambda stage: places[stage.key])
                object.__setattr__(self, name, tuple(ordered))
        if self.transitions is not None:
            moves = sorted(self.transitions, key=lambda one: (places[one.start], places[one.to]))
            object.__setattr__(self, "transitions", tuple(moves))

    def _contradictions(self) -> list[Problem]:
        known = (*self.ladder, *self.detours)
        problems = twice("stages", [stage.key for stage in known])
        if not self.ladder:
            problems.append(Problem("empty", "ladder", "must have at least one stage"))
        problems += strangers("rules", self.rules, known, "stage of the funnel")
        for name in ("final", "ends"):
            for index, stage in enumerate(getattr(self, name) or ()):
                if stage not in known:
                    hint = did_you_mean(stage.key, [one.key for one in known])
                    message = f"{brief(stage.key)} is no stage of the funnel{hint}"
                    problems.append(Problem("unknown-level", f"{name}[{index}]", message))
        return problems or [*self.graph.faults()]

    @cached_property
    def scale(self) -> Scale:
        """Its stages in order, for rules that ask for the one in which the lead is."""
        labels = {stage.key: stage.label for stage in (*self.ladder, *self.detours)}
        return Scale(
            tuple(stage.key for stage in self.ladder),
            tuple(stage.key for stage in self.detours),
            immutabledict(labels),
        )

    @cached_property
    def asks_stage(self) -> bool:
        """Whether a rule asks for the stage in which the lead is: ``pursuit.stage``."""
        return any(
            fact.name == "pursuit.stage"
            for when in self.rules.conditions
            for fact in facts_of(when)
        )

    @cached_property
    def graph(self) -> Graph:
        """The moves between its stages, stated or not."""
        return Graph(
            tuple(stage.key for stage in self.ladder),
            tuple(stage.key for stage in self.detours),
            self.rules.otherwise.key,
            frozenset(_ending(self.rules) if self.ends is None else map(key_of, self.ends)),
            frozenset(stage.key for stage in self.final),
            self.transitions,
        )

    @cached_property
    def ranks(self) -> tuple[Mapping[FunnelStage, _Rank], ...]:
        """How far each stage is, where there is no pursuit, an open one, and an ended one.

        A pursuit on the ladder goes before one that has ended there, and that before a detour, in
        their listed order. Where there is none, only what somebody set by hand leads anywhere, as
        an open one would.
        """
        detours = {stage: (1, -place) for place, stage in enumerate(self.detours)}
        ended = {stage: (2, height) for height, stage in enumerate(self.ladder)}
        running = {stage: (3, height) for height, stage in enumerate(self.ladder)}
        here = {**running, **detours}
        return {**here, self.rules.otherwise: (0, 0)}, here, {**ended, **detours}

    def stage(self, key: str) -> FunnelStage:
        """Return the stage of that key.

        Raises:
            UnknownNameError: There is none.
        """
        for stage in (*self.ladder, *self.detours):
            if stage.key == key:
                return stage
        hint = did_you_mean(key, [*self.graph])
        raise UnknownNameError(f"no such stage {brief(key)}{hint}")

    # -- the gate --

    def allowed(self, history: StageHistory) -> tuple[Transition, ...]:
        """Return the moves that the gate lets pass now, in the order of the stages.

        A lead without a stage stands where it would stand without any pursuit. A stage that the
        funnel no longer has can be left for every other one.
        """
        _check(history=history)
        return allowed(self.graph, history)

    def move(
        self,
        history: StageHistory,
        to: FunnelStage | str,
        *,
        at: datetime,
        cause: Cause,
        reason: str | None = None,
        by: str | None = None,
        for_products: Iterable[Id] = (),
        until: date | None = None,
        follow_up_on: date | None = None,
    ) -> StageHistory:
        """Return the history after a move to another stage: the one gate, whoever asks (law 10).

        Stages of the ladder that the move leaves out are added as imputed. A customer of one
        product whose pursuit of another one comes to nothing goes back to being one: without
        imputed stages, and without another win.

        Args:
            history: The history so far.
            to: The stage, or its key.
            at: The instant, aware; not before that of the latest entry. Of several moves at one
                instant, each follows the one before.
            cause: Who or what asks.
            reason: Why, as a reason code; recycling needs one.
            by: Who asks.
            for_products: The products that it is about; none for the whole firm.
            until: The last day on which what a person decides holds against the facts; `None` where
                it holds until there is a newer one. Only a person's decision has one.
            follow_up_on: When to come back to the lead (再アプローチ日).

        Raises:
            TransitionError: The gate refuses it; `allowed` says what would have passed.
            InvalidDataError: An argument is no such value.
        """
        _check(history=history)
        move = Move(
            to,
            at,
            cause,
            reason=reason,
            by=by,
            for_products=for_products,
            until=until,
            follow_up_on=follow_up_on,
        )
        return moved(self.graph, history, move)

    def apply(self, history: StageHistory, moves: Iterable[Move]) -> StageHistory:
        """Return the history after several moves, each through the gate, in the order of time.

        It takes what `reconcile` proposes, and the past of a lead that another system has recorded:
        then `history` is an empty one.

        Raises:
            TransitionError: The gate refuses a move; the problems name its place in `moves`.
            InvalidDataError: Something among them is no move.
        """
        _check(history=history)
        given = series(moves)
        if wrong := misfits("moves", given, Move):
            raise InvalidDataError(wrong)
        return moved_along(self.graph, history, given)

    def reconcile(
        self,
        history: StageHistory,
        warranted: Warranted,
        *,
        as_of: datetime,
        new_fact_at: datetime | None = None,
        latest_fact_at: datetime | None = None,
        zone: str | None = None,
    ) -> Proposal:
        """Return the moves that the facts warrant; once they are applied, it proposes none.

        Where the graph has no move straight there, the lead is taken up the ladder. What was won
        since the history began, and is not in it, comes first, and then what is still open (S19).
        A person's decision stands until its last day has passed or, where it has none, until there
        is a newer fact, unless the funnel `overrules_people`. Where days alone move the lead on,
        the moves say so.

        Args:
            history: The history so far.
            warranted: What the facts warrant: the answer of `Engine.stage_for`, asked for `as_of`.
            as_of: The instant of the moves, aware.
            new_fact_at: The instant of the latest record about the lead that came in since it was
                reconciled before; `None` where none did, and only days have passed.
            latest_fact_at: The instant of the latest record about the lead at all, against which
                a person's decision is newer or not; that of the new ones where it is `None`.
            zone: Name of the playbook's zone, whose days count (S12); needed where a person's
                decision has a last day.

        Raises:
            InvalidDataError: The stage is none of the funnel, what is warranted is no such answer,
                an instant is not aware or out of order, or there is no such zone, or none given
                where it is needed.
        """
        _check(history=history)
        return proposed(
            self.graph,
            history,
            # Where a history is kept, an answer says the stage that it holds; the other one counts.
            getattr(warranted, "warranted", warranted),
            as_of,
            new_fact_at,
            latest_fact_at,
            overrules_people=self.overrules_people,
            zone=zone,
        )

    def merge(self, one: StageHistory, other: StageHistory, *, at: datetime) -> StageHistory:
        """Return the histories of two leads that turned out to be one person as one history.

        All entries of both are kept, in order, and none twice. Where the newest of the entries that
        are open is a person's decision, the lead goes on from there; else from where it has come
        furthest (S19). That is where its next entries are added, and that history gives its id.
        What else was open is left at the instant of the merge, or when it moved on if one of the
        two knows so. Merges of one instant can be made in any order (law 4).

        Args:
            one: The history of a lead.
            other: That of another one.
            at: When the leads became one, aware; not before anything in either.

        Raises:
            InvalidDataError: Both have a history of one lead, and these differ, or `at` is not
                aware or before something in them.
        """
        _check(one=one, other=other)
        return joined(one, other, self._rank, at)

    def _rank(self, entry: Entry) -> tuple[int, int]:
        by_key = {stage.key: stage for stage in (*self.ladder, *self.detours)}
        if entry.stage not in by_key:
            return (0, 0)
        return self.ranks[ENDED if entry.stage in self.graph.ends else OPEN][by_key[entry.stage]]

    # -- time limits --

    def deadline(self, entry: Entry, *, as_of: date | datetime, zone: str) -> Deadline | None:
        """Return until when a lead must have left the stage of an entry.

        Args:
            entry: An entry of a history, for example the current one.
            as_of: The day asked about; an aware datetime means its day in the zone.
            zone: Name of the playbook's zone, whose days count (S12).

        Returns:
            `None` where the stage has no time limit, or the lead was not there yet.

        Raises:
            InvalidDataError: It is no entry, there is no such zone, `as_of` is no day, or the
                public holidays of the year are not known.
            MissingExtraError: Business days count, and the extra `calendar` is not installed.
        """
        if wrong := misfit("entry", entry, Entry):
            raise InvalidDataError(wrong)
        if entry.stage not in self.graph:
            return None
        return deadline_of(entry, self.stage(entry.stage), self.calendar, as_of, zone)


def _check(**histories: StageHistory) -> None:
    wrong = [
        problem
        for name, history in histories.items()
        for problem in misfit(name, history, StageHistory)
    ]
    if wrong:
        raise InvalidDataError(wrong)


def _ending(rules: DecisionTable[FunnelStage]) -> set[str]:
    """Return the stages whose every rule asks that the pursuit has ended."""
    asked = {rule.outcome.key: True for rule in rules.rules}
    asked[rules.otherwise.key] = False
    for rule in rules.rules:
        asked[rule.outcome.key] &= _asks_for_end(rule.when)
    return {key for key, ended in asked.items() if ended}


def _asks_for_end(when: Condition) -> bool:
    """Whether a condition only holds where the pursuit is won, lost or quiet."""
    if isinstance(when, Compare):
        return when.fact.name in _ENDS and (when.op, when.value) == ("==", True)
    if isinstance(when, All):
        return any(_asks_for_end(part) for part in when.conditions)
    # What never holds, such as a rule that is switched off, asks for nothing.
    parts = when.conditions if isinstance(when, AnyOf) else ()
    return bool(parts) and all(map(_asks_for_end, parts))
