"""The flow of companies and leads, from upstream marketing to the sale, and where it is lost."""

from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.measures import MIN_N, STATUSES, Measure
from mpfunnel.flow.ordered import OrderedFunnel, ordered_funnel
from mpfunnel.flow.survival import Curve, Incidences, Spell, aalen_johansen, kaplan_meier

__all__ = [
    "COURSE",
    "MIN_N",
    "STATUSES",
    "Course",
    "Curve",
    "FlowStep",
    "Incidences",
    "Journey",
    "Measure",
    "OrderedFunnel",
    "Spell",
    "aalen_johansen",
    "kaplan_meier",
    "ordered_funnel",
]
