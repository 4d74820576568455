"""Segment, tier, funnel stage and engagement for B2B firms with several products."""

from typing import TYPE_CHECKING, Any

from mpfunnel.accounts import Account, accounts
from mpfunnel.answers import Assessment, Change, Engagement, LeadAnswer, Stage, changes
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.engine import Engine
from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    MpfunnelError,
    PlaybookError,
    PolicyError,
    Problem,
    UnknownNameError,
    did_you_mean,
)
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
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
from mpfunnel.stages import Funnel, FunnelStage
from mpfunnel.starter import starter
from mpfunnel.tiers import Tier, TierPolicy, TierTable, decided, undecided

if TYPE_CHECKING:
    from mpfunnel.codec import dump, load

__all__ = [
    "Account",
    "Activity",
    "Assessment",
    "Band",
    "Change",
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
    "Engagement",
    "EngagementModel",
    "EngagementState",
    "Engine",
    "Explanation",
    "Funnel",
    "FunnelStage",
    "InvalidDataError",
    "Label",
    "Lead",
    "LeadAnswer",
    "MpfunnelError",
    "Playbook",
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
    "Signal",
    "Stage",
    "Tier",
    "TierPolicy",
    "TierTable",
    "UnknownNameError",
    "accounts",
    "changes",
    "decided",
    "dump",
    "explain",
    "load",
    "starter",
    "undecided",
]


def __getattr__(name: str) -> Any:
    # Files are read and written by modules that are loaded on first use: rules need none of them.
    if name in ("dump", "load"):
        from mpfunnel import codec

        return getattr(codec, name)
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}{did_you_mean(name, __all__)}"
    )
