"""The flow of companies and leads, from upstream marketing to the sale, and where it is lost."""

from mpfunnel.flow.balances import Balance, Band, Effort, balance
from mpfunnel.flow.cohorts import Cohort, cohorts
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.gap_mapping import gap_map
from mpfunnel.flow.gap_maps import Cell, GapMap
from mpfunnel.flow.gaps import Gap, Passage, gap
from mpfunnel.flow.insights import Insight, Standing, insights_for
from mpfunnel.flow.lifecycles import LifecycleChange, LifecycleHistory
from mpfunnel.flow.measures import MIN_N, STATUSES, Measure
from mpfunnel.flow.ordered import OrderedFunnel, ordered_funnel
from mpfunnel.flow.periods import (
    Period,
    month_for,
    months,
    quarter_for,
    quarters,
    week_for,
    weeks,
    year_for,
    years,
)
from mpfunnel.flow.report import Distinct, FlowReport, ProductFlow, StepTotal, flow_report
from mpfunnel.flow.step_flow import StepFlow
from mpfunnel.flow.survival import Curve, Incidences, Spell, aalen_johansen, kaplan_meier
from mpfunnel.flow.terms import RE_ENTRIES, ReEntry
from mpfunnel.flow.winning import Amounts, Winning

__all__ = [
    "COURSE",
    "MIN_N",
    "RE_ENTRIES",
    "STATUSES",
    "Amounts",
    "Balance",
    "Band",
    "Cell",
    "Cohort",
    "Course",
    "Curve",
    "Distinct",
    "Effort",
    "FlowReport",
    "FlowStep",
    "Gap",
    "GapMap",
    "Incidences",
    "Insight",
    "Journey",
    "LifecycleChange",
    "LifecycleHistory",
    "Measure",
    "OrderedFunnel",
    "Passage",
    "Period",
    "ProductFlow",
    "ReEntry",
    "Spell",
    "Standing",
    "StepFlow",
    "StepTotal",
    "Winning",
    "aalen_johansen",
    "balance",
    "cohorts",
    "flow_report",
    "gap",
    "gap_map",
    "insights_for",
    "kaplan_meier",
    "month_for",
    "months",
    "ordered_funnel",
    "quarter_for",
    "quarters",
    "week_for",
    "weeks",
    "year_for",
    "years",
]
