"""How activities and facts about a lead become its state towards a product."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    Touch,
    Worth,
)
from mpfunnel.engagement.signals import Signal, decay_per_mille, whole
from mpfunnel.errors import InvalidDataError, Problem, misfit, misfits, series, twice
from mpfunnel.labels import Keyed
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import Decision, DecisionTable, strangers

__all__ = ["EngagementModel", "EngagementState", "Standing"]

MAX_HALF_LIFE_DAYS: Final = 3_650


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
    """

    signals: tuple[Signal, ...] = field(converter=_signals)
    interest: DecisionTable[EngagementState]
    states: DecisionTable[EngagementState]
    ladder: tuple[EngagementState, ...] = field(converter=_states)
    detours: tuple[EngagementState, ...] = field(default=(), converter=_states)
    half_life_days: int = 30
    company_wide_per_mille: int = 250

    def __attrs_post_init__(self) -> None:
        problems = whole("half_life_days", self.half_life_days, 1, MAX_HALF_LIFE_DAYS)
        problems += whole("company_wide_per_mille", self.company_wide_per_mille, 0, FULL_WEIGHT)
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

    def worths(self, touches: Iterable[Touch], *, company_wide: bool = False) -> list[Worth]:
        """Return what activities are worth; those without points are left out.

        Args:
            touches: The activities.
            company_wide: Whether they name no product: then they count with their weight.
        """
        points = self.points
        weight = self.company_wide_per_mille if company_wide else FULL_WEIGHT
        return [(kind, age, points[kind] * weight) for kind, age in touches if kind in points]

    def score(self, worths: Iterable[Worth]) -> Score:
        """Return the score of activities, in whatever order they come (law 4)."""
        shares = self._shares
        sums: dict[str, tuple[int, int]] = {}
        active: set[int] = set()
        for kind, age, milli in worths:
            micro = milli * shares[age] if age < len(shares) else 0
            if micro > 0:
                active.add(age)
            if kind in sums:
                count, known = sums[kind]
                sums[kind] = count + 1, known + micro
            else:
                sums[kind] = 1, micro
        if not sums:
            return NO_SCORE
        parts: list[ScorePart] = []
        for kind, cap in self._caps.items():
            if kind in sums:
                times, micro = sums[kind]
                if cap is not None and micro > cap:
                    parts.append(ScorePart(kind, times, cap, capped=True))
                else:
                    parts.append(ScorePart(kind, times, micro))
        return Score(
            sum(part.micro for part in parts),
            tuple(parts),
            len(active),
            min(active) if active else None,
        )

    def measures(
        self,
        asked: Iterable[Measure],
        touches: Iterable[Touch],
        worths: Iterable[Worth],
    ) -> dict[str, int | bool]:
        """Return measures by key: a number, micro-points, or a yes or no (S13).

        Args:
            asked: What is asked.
            touches: Activities about the product, to be counted by kind.
            worths: What these and those that name no product are worth.
        """
        found: dict[str, int | bool] = {}
        for measure in asked:
            within, kind = measure.within_days, measure.kind
            if measure.head == "count":
                found[measure.key] = len(
                    [1 for one, age in touches if one == kind and age < within]
                )
            elif measure.head == "points":
                recent = [milli for _, age, milli in worths if age < within]
                found[measure.key] = FULL_WEIGHT * sum(recent)
            else:
                found[measure.key] = any(milli > 0 for _, age, milli in worths if age < within)
        return found
