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
    "Cohort",
    "Course",
    "Curve",
    "Distinct",
    "FlowReport",
    "FlowStep",
    "Incidences",
    "Journey",
    "Measure",
    "OrderedFunnel",
    "Period",
    "ProductFlow",
    "ReEntry",
    "Spell",
    "StepFlow",
    "StepTotal",
    "Winning",
    "aalen_johansen",
    "cohorts",
    "flow_report",
    "kaplan_meier",
    "month_for",
    "months",
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
    "quarter_for",
    "quarters",
    "week_for",
    "weeks",
    "year_for",
    "years",
]
