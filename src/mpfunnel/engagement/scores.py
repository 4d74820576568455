"""What activities add up to: the score of a lead for one product, with its parts."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import Final, NamedTuple

from attrs import frozen

from mpfunnel.rules.facts import Fact

__all__ = ["FULL_WEIGHT", "MICRO", "NO_SCORE", "Measure", "Score", "ScorePart", "Touch", "Worth"]

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
