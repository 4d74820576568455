"""Engagement: where a lead stands with one product (商材ごとのエンゲージメント).

Activities earn points, which fade by their half-life; a first table reads the level of interest
from the score, a second one the state: interest together with tier, deals, ownership and what sales
has marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

from attrs import define, field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    brief,
    misfit,
    misfits,
    not_a_key,
    series,
    twice,
)
from mpfunnel.labels import Keyed, Label, as_label
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.tables import Decision, DecisionTable, strangers

__all__ = [
    "EngagementModel",
    "EngagementState",
    "Measure",
    "Score",
    "ScorePart",
    "Signal",
    "Standing",
    "Touch",
    "decay_per_mille",
]

MAX_POINTS: Final = 10_000
"""So small that the micro-points of 900 million activities still fit in 64 bits (S15)."""
MAX_HALF_LIFE_DAYS: Final = 3_650
MAX_HAND_DAYS: Final = 3_650
MICRO: Final = 1_000_000
"""Micro-points of one point: thousandths of weight times thousandths of decay."""
FULL_WEIGHT: Final = 1_000
_EXACT: Final = Context(prec=40)
_DOUBTFUL: Final = 1e-6


@frozen(cache_hash=True)
class EngagementState(Keyed):
    """A state of a lead towards a product; equal by key, whatever its label (S8)."""

    called = "state"


def _a_label(value: str | Label | None) -> Any:
    # None until the kind is known to be sound; then it stands for the label.
    return None if value is None else as_label(value)


@frozen
class Signal:
    """What one kind of activity is worth.

    Attributes:
        kind: The kind, as activities name it.
        points: Points of one activity on its day; a penalty where negative.
        cap: The most decayed points that all activities of the kind earn together.
        raises_hand_days: For how many days it counts as a raised hand; 0 where it is none.
        label: What people call it; the kind where none is given.
    """

    kind: str
    points: int = 0
    cap: int | None = None
    raises_hand_days: int = 0
    label: Label = field(default=None, converter=_a_label, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = not_a_key("signal.kind", self.kind)
        for name, least, most in (
            ("points", -MAX_POINTS, MAX_POINTS),
            ("raises_hand_days", 0, MAX_HAND_DAYS),
        ):
            problems += _whole(f"signal.{name}", getattr(self, name), least, most)
        if self.cap is not None:
            problems += _whole("signal.cap", self.cap, 0, MAX_POINTS * 1_000)
            if not problems and self.points <= 0:
                message = "needs points above 0; a penalty has no cap"
                problems.append(Problem("contradiction", "signal.cap", message))
        if problems:
            raise InvalidDataError(problems)
        if self.label is None:  # pyright: ignore[reportUnnecessaryComparison] # none was given
            words = self.kind.replace("_", " ").strip()
            object.__setattr__(self, "label", Label(words or self.kind))


def _whole(path: str, value: Any, least: int, most: int) -> list[Problem]:
    if type(value) is int and least <= value <= most:
        return []
    message = f"must be an integer from {least:,} to {most:,}, not {brief(value)}"
    return [Problem("range", path, message)]


@lru_cache(maxsize=64)
def decay_per_mille(half_life_days: int) -> tuple[int, ...]:
    """Return the share that is left of a point by age in days, in thousandths, until it is 0.

    1,000 × 2^(−age ÷ half-life), each rounded once, half to even (S16).
    """
    shares: list[int] = []
    while not shares or shares[-1]:
        age = len(shares)
        share = 1_000 * 2.0 ** (-age / half_life_days)
        if abs(share % 1 - 0.5) < _DOUBTFUL:
            # Too near to a half for a float, whose last digits depend on the machine.
            exponent = _EXACT.divide(Decimal(-age), Decimal(half_life_days))
            exact = _EXACT.multiply(Decimal(1_000), _EXACT.power(Decimal(2), exponent))
            shares.append(int(exact.to_integral_value(context=_EXACT)))
        else:
            shares.append(round(share))
    return tuple(shares[:-1])


@frozen
class Measure:
    """A number that rules ask about activities of the last days (`mpfunnel.facts.measure`)."""

    key: str
    head: str
    kind: str
    within_days: int

    @classmethod
    def from_fact(cls, fact: Fact) -> Measure:
        """Return the measure that a fact of `within` ``"measures"`` names."""
        head, _, rest = fact.key.partition("(")
        *kind, days = rest[:-1].split(", ")
        return cls(fact.key, head, kind[0] if kind else "", int(days))


Touch = tuple[str, int]
"""An activity as the score sees it: its kind, and its age in days before `as_of`."""

Worth = tuple[str, int, int]
"""An activity that earns or costs points: kind, age in days, points × weight in thousandths."""


class ScorePart(NamedTuple):
    """What all activities of one kind add to a score."""

    kind: str
    times: int
    """How many activities."""
    micro: int
    """Micro-points: points × weight in thousandths × decay in thousandths."""
    capped: bool = False
    """True where the cap of the kind took some away."""


@frozen
class Score:
    """A score with its parts, which add up to it (law 3).

    Attributes:
        micro: Micro-points, an exact integer.
        parts: Per kind, in the order of the model's signals; kinds without points are left out.
        active_days: Days with an activity that still adds points.
        days_since_active: Days since the latest of them; `None` where there is none.
    """

    micro: int = 0
    parts: tuple[ScorePart, ...] = ()
    active_days: int = 0
    days_since_active: int | None = None

    @property
    def points(self) -> Decimal:
        """The score in points."""
        return Decimal(self.micro).scaleb(-6, _EXACT)


NO_SCORE: Final = Score()


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
        problems = _whole("half_life_days", self.half_life_days, 1, MAX_HALF_LIFE_DAYS)
        problems += _whole("company_wide_per_mille", self.company_wide_per_mille, 0, FULL_WEIGHT)
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
