"""The flow of companies and leads, from upstream marketing to the sale, and where it is lost."""

from mpfunnel.flow.balances import Balance, Band, Effort, balance
from mpfunnel.flow.campaigns.allocation import allocated, budget_by_day, by_day, by_product
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.credit import Conversion, Credit, Credits, Touch, credited
from mpfunnel.flow.campaigns.deals import DaysToClose, days_to_close, win_rate, win_rate_by_value
from mpfunnel.flow.campaigns.money import FxRate, FxTable, total
from mpfunnel.flow.campaigns.outcomes import CampaignResult, CampaignResults
from mpfunnel.flow.campaigns.records import Campaign, Spend, Statistic
from mpfunnel.flow.campaigns.results import HORIZON_DAYS, LOOK_BACK_DAYS, campaign_results
from mpfunnel.flow.campaigns.tactics import MOTIONS, TACTICS, Kpi, Tactic
from mpfunnel.flow.campaigns.touches import TOUCH_STATUSES, TouchStatus
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.gaps.gap import Gap, Passage, gap
from mpfunnel.flow.gaps.insights import Insight, Standing, insights_for
from mpfunnel.flow.gaps.mapping import gap_map
from mpfunnel.flow.gaps.maps import Cell, GapMap
from mpfunnel.flow.lifecycles import LifecycleChange, LifecycleHistory
from mpfunnel.flow.looking import Look, look
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
from mpfunnel.flow.plan import FlowPlan
from mpfunnel.flow.plan_files import load_plan
from mpfunnel.flow.reporting.followed import Cohort, cohorts
from mpfunnel.flow.reporting.report import Distinct, FlowReport, ProductFlow, StepTotal, flow_report
from mpfunnel.flow.reporting.step_flow import StepFlow
from mpfunnel.flow.reporting.terms import RE_ENTRIES, ReEntry
from mpfunnel.flow.reporting.winning import Amounts, Winning
from mpfunnel.flow.survival import Curve, Incidences, Spell, aalen_johansen, kaplan_meier
from mpfunnel.flow.tracing.journeys import journeys
from mpfunnel.flow.tracing.reading import course_of
from mpfunnel.flow.worth import deal_amounts

__all__ = [
    "COURSE",
    "HORIZON_DAYS",
    "LOOK_BACK_DAYS",
    "MIN_N",
    "MOTIONS",
    "RE_ENTRIES",
    "STATUSES",
    "TACTICS",
    "TOUCH_STATUSES",
    "Amounts",
    "Balance",
    "Band",
    "Campaign",
    "CampaignBook",
    "CampaignResult",
    "CampaignResults",
    "Cell",
    "Cohort",
    "Conversion",
    "Course",
    "Credit",
    "Credits",
    "Curve",
    "DaysToClose",
    "Distinct",
    "Effort",
    "FlowPlan",
    "FlowReport",
    "FlowStep",
    "FxRate",
    "FxTable",
    "Gap",
    "GapMap",
    "Incidences",
    "Insight",
    "Journey",
    "Kpi",
    "LifecycleChange",
    "LifecycleHistory",
    "Look",
    "Measure",
    "OrderedFunnel",
    "Passage",
    "Period",
    "ProductFlow",
    "ReEntry",
    "Spell",
    "Spend",
    "Standing",
    "Statistic",
    "StepFlow",
    "StepTotal",
    "Tactic",
    "Touch",
    "TouchStatus",
    "Winning",
    "aalen_johansen",
    "allocated",
    "balance",
    "budget_by_day",
    "by_day",
    "by_product",
    "campaign_results",
    "cohorts",
    "course_of",
    "credited",
    "days_to_close",
    "deal_amounts",
    "flow_report",
    "gap",
    "gap_map",
    "insights_for",
    "journeys",
    "kaplan_meier",
    "load_plan",
    "look",
    "month_for",
    "months",
    "ordered_funnel",
    "quarter_for",
    "quarters",
    "total",
    "week_for",
    "weeks",
    "win_rate",
    "win_rate_by_value",
    "year_for",
    "years",
]
