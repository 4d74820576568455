"""Synergy: what one product has to do with another."""

from mpfunnel.synergy.acquiring import Acquired, Acquisitions, acquired
from mpfunnel.synergy.learned import Learned, Learning, Measure, Population
from mpfunnel.synergy.learning import learn

__all__ = [
    "Acquired",
    "Acquisitions",
    "Learned",
    "Learning",
    "Measure",
    "Population",
    "acquired",
    "learn",
]
