"""Segment, tier, funnel stage and engagement for B2B firms with several products."""

from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    MpfunnelError,
    PlaybookError,
    PolicyError,
    Problem,
    UnknownNameError,
)
from mpfunnel.labels import Label
from mpfunnel.records import (
    Activity,
    Company,
    CompanyChange,
    CompanyHistory,
    Consent,
    Contract,
    Deal,
    DealLine,
    Lead,
    Product,
    SalesEvent,
)
from mpfunnel.rules.explain import Explanation, explain
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, Scorecard, ScoreItem
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.tiers import Tier, TierPolicy, TierTable, decided, undecided

__all__ = [
    "Activity",
    "Band",
    "Company",
    "CompanyChange",
    "CompanyHistory",
    "Consent",
    "Contract",
    "Deal",
    "DealLine",
    "Decision",
    "DecisionTable",
    "DecodeError",
    "Explanation",
    "InvalidDataError",
    "Label",
    "Lead",
    "MpfunnelError",
    "PlaybookError",
    "PolicyError",
    "Problem",
    "Product",
    "Rule",
    "SalesEvent",
    "ScoreItem",
    "Scorecard",
    "Segment",
    "SegmentTable",
    "Tier",
    "TierPolicy",
    "TierTable",
    "UnknownNameError",
    "decided",
    "explain",
    "undecided",
]
