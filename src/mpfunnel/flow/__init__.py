"""The flow of companies and leads, from upstream marketing to the sale, and where it is lost."""

from mpfunnel.flow.balances import Balance, Band, Effort, balance
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.gap_mapping import gap_map
from mpfunnel.flow.gap_maps import Cell, GapMap
from mpfunnel.flow.gaps import Gap, Passage, gap
from mpfunnel.flow.insights import Insight, Standing, insights_for
from mpfunnel.flow.lifecycles import LifecycleChange, LifecycleHistory
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
    "Balance",
    "Band",
    "Cell",
    "Course",
    "Effort",
    "FlowStep",
    "Gap",
    "GapMap",
    "Insight",
    "Journey",
    "LifecycleChange",
    "LifecycleHistory",
    "Measure",
    "Passage",
    "Standing",
    "balance",
    "gap",
    "gap_map",
    "insights_for",
]
