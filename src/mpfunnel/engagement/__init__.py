"""Engagement: where a lead stands with one product (商材ごとのエンゲージメント).

Activities earn points, which fade by their half-life; a first table reads the level of interest
from the score, a second one the state: interest together with tier, deals, ownership and what sales
has marked.
"""

from mpfunnel.engagement.model import EngagementModel, EngagementState, Standing
from mpfunnel.engagement.scores import (
    FULL_WEIGHT,
    MICRO,
    NO_SCORE,
    Measure,
    PartOf,
    Score,
    ScorePart,
    Sums,
    Touch,
    Worth,
    measures_of,
)
from mpfunnel.engagement.signals import Signal, decay_per_mille
from mpfunnel.engagement.tally import Outcome, Recorded, Tally
from mpfunnel.engagement.waiting import next_change

__all__ = [
    "FULL_WEIGHT",
    "MICRO",
    "NO_SCORE",
    "EngagementModel",
    "EngagementState",
    "Measure",
    "Outcome",
    "PartOf",
    "Recorded",
    "Score",
    "ScorePart",
    "Signal",
    "Standing",
    "Sums",
    "Tally",
    "Touch",
    "Worth",
    "decay_per_mille",
    "measures_of",
    "next_change",
]
