"""How activities and facts about a lead become its state towards a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final

from attrs import define, field, frozen
from immutabledict import immutabledict

from mpfunnel.engagement.scores import (
    FULL_WEIGHT,
    MICRO,
    NO_SCORE,
    Measure,
    Score,
    ScorePart,
    Sums,
    Touch,
    Worth,
)
from mpfunnel.engagement.signals import MAX_POINTS, Signal, decay_per_mille, whole
from mpfunnel.errors import InvalidDataError, Problem, misfit, misfits, series, twice
from mpfunnel.labels import Keyed
from mpfunnel.rules.conditions import All, AnyOf, Compare, Condition
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import Decision, DecisionTable, strangers

__all__ = ["EngagementModel", "EngagementState", "Standing"]

MAX_HALF_LIFE_DAYS: Final = 3_650
MAX_TOTAL: Final = MAX_POINTS * 1_000
_AT_LEAST: Final = (">", ">=", "==")
_AT_MOST: Final = ("<", "<=", "==")
FULL_SHARE: Final = 1_000
"""What is left of a point that does not fade, in thousandths."""


@frozen(cache_hash=True)
class EngagementState(Keyed):
    """A state of a lead towards a product; equal by key, whatever its label (S8)."""

    called = "state"


@define
class Standing:
    """How a lead and its company stand with one product: what the rules of `product` read."""

    tier: Decision[Any]
    open_deal: bool = False
    owned: bool = False
    parting_reasons: frozenset[str] = frozenset()
    marked_for_follow_up: bool = False
    touched: bool = False
    score: int = 0
    active_days: int = 0
    measures: Mapping[str, Any] = immutabledict()
    interest: Any = None
    engagement: Any = None


def _signals(value: Iterable[Signal]) -> tuple[Signal, ...]:
    return series(value)


def _states(value: Iterable[EngagementState]) -> tuple[EngagementState, ...]:
    return series(value)


@frozen
class EngagementModel:
    """How activities and facts become a state, for one product or for several.

    Attributes:
        signals: What each kind of activity is worth; a kind that is not named earns nothing.
        interest: The table from the score to the level of interest, a rung of the ladder.
        states: The table from everything to the state.
        ladder: Levels of interest from the lowest, which is that of a lead without any sign.
        detours: States outside the ladder.
        half_life_days: After how many days half of a point is left.
        company_wide_per_mille: Weight of an activity that names no product, in thousandths.
        cap: The most points that a score can be, penalties included; `None` for no bound.
        floor: The fewest points that a score can be, 0 or below; `None` for no bound.
    """

    signals: tuple[Signal, ...] = field(converter=_signals)
    interest: DecisionTable[EngagementState]
    states: DecisionTable[EngagementState]
    ladder: tuple[EngagementState, ...] = field(converter=_states)
    detours: tuple[EngagementState, ...] = field(default=(), converter=_states)
    half_life_days: int = 30
    company_wide_per_mille: int = 250
    cap: int | None = field(default=None, kw_only=True)
    floor: int | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        problems = whole("half_life_days", self.half_life_days, 1, MAX_HALF_LIFE_DAYS)
        problems += whole("company_wide_per_mille", self.company_wide_per_mille, 0, FULL_WEIGHT)
        if self.cap is not None:
            problems += whole("cap", self.cap, 1, MAX_TOTAL)
        if self.floor is not None:
            problems += whole("floor", self.floor, -MAX_TOTAL, 0)
        wrong = misfits("signals", self.signals, Signal)
        wrong += misfit("interest", self.interest, DecisionTable)
        wrong += misfit("states", self.states, DecisionTable)
        wrong += misfits("ladder", self.ladder, EngagementState)
        wrong += misfits("detours", self.detours, EngagementState)
        problems += wrong or self._contradictions()
        if problems:
            raise InvalidDataError(problems)

    def _contradictions(self) -> list[Problem]:
        problems = twice("signals", [signal.kind for signal in self.signals])
        problems += twice("states", self.scale.keys)
        if not self.ladder:
            problems.append(Problem("empty", "ladder", "must have at least one state"))
        states = (*self.ladder, *self.detours)
        problems += strangers("interest", self.interest, self.ladder, "state of the ladder")
        problems += strangers("states", self.states, states, "state of the model")
        return problems

    @property
    def out_of_reach(self) -> tuple[Problem, ...]:
        """The rules that no score can ever fulfil, because of the cap in all or the floor."""
        found: list[Problem] = []
        for name, table in (("interest", self.interest), ("states", self.states)):
            for index, rule in enumerate(table.rules):
                if (bound := self._out_of_reach(rule.when)) is not None:
                    at = f"{name}.rules[{index}].when.product.score"
                    found.append(Problem("contradiction", at, f"never holds: a score is {bound}"))
        return tuple(found)

    def _out_of_reach(self, when: Condition) -> str | None:
        """Return the bound of the score that keeps a condition from ever holding, if one does."""
        if isinstance(when, All | AnyOf):
            parts = [self._out_of_reach(part) for part in when.conditions]
            held = [bound for bound in parts if bound is not None]
            missed = bool(held) if isinstance(when, All) else 0 < len(held) == len(parts)
            return held[0] if missed else None
        if not isinstance(when, Compare) or when.fact.name != "product.score":
            return None
        value, op, cap, floor = when.value, when.op, self.cap, self.floor
        if cap is not None and op in _AT_LEAST and (value > cap or (op == ">" and value == cap)):
            return f"at most {cap}, its cap in all"
        if (
            floor is not None
            and op in _AT_MOST
            and (value < floor or (op == "<" and value == floor))
        ):
            return f"at least {floor}, its floor"
        return None

    @property
    def scale(self) -> Scale:
        """The keys of the states in order."""
        return Scale(
            tuple(state.key for state in self.ladder),
            tuple(state.key for state in self.detours),
            immutabledict({state.key: state.label for state in (*self.ladder, *self.detours)}),
        )

    @cached_property
    def points(self) -> Mapping[str, int]:
        """Points by kind, of those that earn or cost any."""
        return {signal.kind: signal.points for signal in self.signals if signal.points}

    @cached_property
    def responses(self) -> Mapping[str, int]:
        """For how many days each kind that is a response counts as a raised hand."""
        return {
            signal.kind: signal.raises_hand_days
            for signal in self.signals
            if signal.points > 0 or signal.raises_hand_days
        }

    @cached_property
    def _shares(self) -> tuple[int, ...]:
        """The share that is left of a point by age in days, in thousandths."""
        return decay_per_mille(self.half_life_days)

    @cached_property
    def _caps(self) -> Mapping[str, int | None]:
        """The most micro-points by kind, in the order of the signals."""
        return {s.kind: None if s.cap is None else s.cap * MICRO for s in self.signals}

    @cached_property
    def each(self) -> tuple[Mapping[str, int], Mapping[str, int]]:
        """Points × weight in thousandths by kind: of what names a product, of what names none."""
        own, wide = (
            {kind: points * weight for kind, points in self.points.items()}
            for weight in (FULL_WEIGHT, self.company_wide_per_mille)
        )
        return own, wide

    @cached_property
    def special(self) -> Mapping[str, Signal]:
        """The signals whose points do not simply add up as what is left of each activity."""
        return {s.kind: s for s in self.signals if s.cool_down_days or not s.fades}

    def worths(self, touches: Iterable[Touch], *, company_wide: bool = False) -> list[Worth]:
        """Return what activities are worth; those without points are left out.

        Args:
            touches: The activities.
            company_wide: Whether they name no product: then they count with their weight.
        """
        each = self.each[company_wide]
        return [
            (kind, age, each[kind] * times, times) for kind, age, times in touches if kind in each
        ]

    def score(self, worths: Sequence[Worth], *, as_of: date) -> Score:
        """Return the score of activities, in whatever order they come (law 4).

        Cool-downs, decay, the caps of kinds, the sum, the cap in all and the floor apply one after
        the other.

        Args:
            worths: What the activities are worth.
            as_of: The day asked about, from which their ages count.
        """
        return self.score_of_sums(self.sums(worths), worths, as_of=as_of)

    def sums(self, worths: Iterable[Worth]) -> Sums:
        """Return what activities come to before what bears on many of them at once."""
        shares = self._shares
        sums: dict[str, tuple[int, int]] = {}
        active: set[int] = set()
        for kind, age, milli, times in worths:
            micro = milli * shares[age] if age < len(shares) else 0
            if micro > 0:
                active.add(age)
            if kind in sums:
                count, known = sums[kind]
                sums[kind] = count + times, known + micro
            else:
                sums[kind] = times, micro
        return sums, active

    def with_one(self, sums: Sums, kind: str, age: int, *, company_wide: bool) -> Sums:
        """Return sums with one activity more; the same where its kind has no points."""
        milli = self.each[company_wide].get(kind)
        if milli is None:
            return sums
        by_kind, active = sums
        micro = milli * self._shares[age] if age < len(self._shares) else 0
        count, known = by_kind.get(kind, (0, 0))
        if micro > 0 and age not in active:
            active = active | {age}
        return {**by_kind, kind: (count + 1, known + micro)}, active

    def score_of_sums(self, summed: Sums, worths: Iterable[Worth], *, as_of: date) -> Score:
        """Return the score of activities that are summed up already.

        Args:
            summed: What they come to on the day.
            worths: What they are worth; it is looked at for the kinds that `special` names alone.
            as_of: The day asked about.
        """
        sums, active = summed
        if not sums:
            return NO_SCORE
        cooled: Mapping[str, int] = {}
        if self.special:
            sums = dict(sums)
            cooled = self._set_right(sums, worths, as_of)
        parts: list[ScorePart] = []
        total = 0
        for kind, cap in self._caps.items():
            if kind in sums:
                times, micro = sums[kind]
                over = 0 if cap is None else max(0, micro - cap)
                parts.append(ScorePart(kind, times, micro - over, over, cooled.get(kind, 0)))
                total += micro - over
        if self.cap is not None and total > self.cap * MICRO:
            parts.append(ScorePart("", 0, self.cap * MICRO - total, of="cap"))
            total = self.cap * MICRO
        if self.floor is not None and total < self.floor * MICRO:
            parts.append(ScorePart("", 0, self.floor * MICRO - total, of="floor"))
            total = self.floor * MICRO
        return Score(total, tuple(parts), len(active), min(active) if active else None)

    def _set_right(
        self, sums: dict[str, tuple[int, int]], worths: Iterable[Worth], as_of: date
    ) -> dict[str, int]:
        """Put in the sums of kinds that last or cool down; return how many do not count, by kind.

        The first of a cool-down is of its earliest day, and on that day the one with the greater
        weight: ids and times of the day do not matter. One that has no weight is never the first.
        """
        special, shares, today = self.special, self._shares, as_of.toordinal()
        counted: list[Worth] = []
        firsts: dict[tuple[str, int], Worth] = {}
        cooled = dict.fromkeys(special, 0)
        for worth in worths:
            kind, age, milli, times = worth
            if kind not in special or milli == 0:
                continue
            if days := special[kind].cool_down_days:
                cooled[kind] += times
                bucket = kind, (today - age) // days
                one = kind, age, milli // times, 1
                known = firsts.get(bucket)
                if known is None or _comes_before(one, known):
                    firsts[bucket] = one
            else:
                counted.append(worth)
        micros = dict.fromkeys(special, 0)
        for kind, age, milli, _ in (*counted, *firsts.values()):
            share = shares[age] if age < len(shares) else 0
            micros[kind] += milli * (share if special[kind].fades else FULL_SHARE)
        for kind, _ in firsts:
            cooled[kind] -= 1
        for kind, micro in micros.items():
            if kind in sums:
                sums[kind] = sums[kind][0], micro
        return cooled

    def measures(
        self,
        asked: Iterable[Measure],
        touches: Iterable[Touch],
        worths: Iterable[Worth],
    ) -> dict[str, int | bool]:
        """Return measures by key: a number, micro-points, or a yes or no (S13).

        Neither decay nor cool-downs, caps or the floor bear on them.

        Args:
            asked: What is asked.
            touches: Activities about the product, to be counted by kind.
            worths: What these and those that name no product are worth.
        """
        found: dict[str, int | bool] = {}
        for measure in asked:
            within, kind = measure.within_days, measure.kind
            if measure.head == "count":
                found[measure.key] = sum(
                    [times for one, age, times in touches if one == kind and age < within]
                )
            elif measure.head == "points":
                recent = [milli for _, age, milli, _ in worths if age < within]
                found[measure.key] = FULL_WEIGHT * sum(recent)
            else:
                found[measure.key] = any(milli > 0 for _, age, milli, _ in worths if age < within)
        return found

    def measured_with_one(
        self,
        asked: Iterable[Measure],
        found: Mapping[str, int | bool],
        kind: str,
        age: int,
        *,
        company_wide: bool,
    ) -> Mapping[str, int | bool]:
        """Return measures with one activity more.

        Args:
            asked: What was asked.
            found: What `measures` gave for it.
            kind: The kind of the activity.
            age: Its age in days.
            company_wide: Whether it names no product.
        """
        milli = self.each[company_wide].get(kind, 0)
        then = {**found}
        for measure in asked:
            if age >= measure.within_days:
                continue
            if measure.head == "count":
                then[measure.key] += not company_wide and measure.kind == kind
            elif measure.head == "points":
                then[measure.key] += FULL_WEIGHT * milli
            elif milli > 0:
                then[measure.key] = True
        return then


def _comes_before(one: Worth, other: Worth) -> bool:
    return (one[1], abs(one[2])) > (other[1], abs(other[2]))
