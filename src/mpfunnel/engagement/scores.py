"""What activities add up to: the score of a lead for one product, with its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from decimal import Context, Decimal
from typing import Final, Literal, NamedTuple

from attrs import frozen

from mpfunnel.rules.conditions import Condition, facts_of
from mpfunnel.rules.facts import Fact

__all__ = [
    "FULL_WEIGHT",
    "MICRO",
    "NO_SCORE",
    "Measure",
    "PartOf",
    "Score",
    "ScorePart",
    "Sums",
    "Touch",
    "Worth",
    "measures_of",
]

MICRO: Final = 1_000_000
"""Micro-points of one point: thousandths of weight times thousandths of decay."""
FULL_WEIGHT: Final = 1_000
_EXACT: Final = Context(prec=40)


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


def measures_of(conditions: Iterable[Condition]) -> tuple[Measure, ...]:
    """Return the measures of activities that conditions ask about."""
    asked = [fact for when in conditions for fact in facts_of(when) if fact.within == "measures"]
    return tuple(dict.fromkeys(Measure.from_fact(fact) for fact in asked))


Touch = tuple[str, int, int]
"""Activities as the score sees them: their kind, their age in days, and how many they are."""

Worth = tuple[str, int, int, int]
"""Alike activities that earn or cost points: kind, age, points × weight in thousandths of all of
them, and how many they are."""


Sums = tuple[Mapping[str, tuple[int, int]], Set[int]]
"""What activities come to on a day, before cool-downs, penalties that last, caps and floor: by
kind, how many they are and their micro-points, faded; and the ages of those that still add some."""

PartOf = Literal["kind", "cap", "floor"]
"""What adds a part: activities of one kind, the cap in all, or the floor."""


class ScorePart(NamedTuple):
    """What all activities of one kind add to a score, what its cap takes or its floor gives."""

    kind: str
    """The kind; blank for a cap in all and a floor."""
    times: int
    """How many activities."""
    micro: int
    """Micro-points: points × weight in thousandths × decay in thousandths."""
    over_cap: int = 0
    """Micro-points that the cap of the kind took away, once they had faded."""
    cooled: int = 0
    """How many of the activities add nothing, because another one came first (cool-down)."""
    of: PartOf = "kind"

    @property
    def capped(self) -> bool:
        """Whether the cap of the kind took some away."""
        return self.over_cap > 0


@frozen
class Score:
    """A score with its parts, which add up to it (law 3).

    Attributes:
        micro: Micro-points, an exact integer.
        parts: Per kind, in the order of the model's signals, kinds without points left out; after
            them what the cap in all takes away, or what the floor gives.
        active_days: Days with an activity whose points have not faded to nothing, whether or not a
            cool-down or a cap keeps them out of the sum.
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
