"""Segment, tier, funnel stage and engagement for B2B firms with several products."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    MpfunnelError,
    PlaybookError,
    PolicyError,
    Problem,
    TransitionError,
    UnknownNameError,
    did_you_mean,
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
    Override,
    Product,
    SalesEvent,
)
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, Scorecard, ScoreItem
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.tiers import (
    Tier,
    TierLimit,
    TierLimits,
    TierPolicy,
    TierScorecard,
    TierTable,
    decided,
    undecided,
)

if TYPE_CHECKING:
    from mpfunnel.account import Account, Relative, accounts
    from mpfunnel.answers import (
        Assessment,
        Change,
        Engagement,
        Involvement,
        LeadAnswer,
        NextProduct,
        Stage,
        changes,
    )
    from mpfunnel.calendars import BusinessCalendar
    from mpfunnel.case_checks import CaseCheck
    from mpfunnel.codec import dump, load
    from mpfunnel.engagement import EngagementModel, EngagementState, Signal, Tally, next_change
    from mpfunnel.engine import Engine
    from mpfunnel.following import AccountState, Answered, LeadMove, Notice, StageCount
    from mpfunnel.history import PlaybookTimeline, Replay, next_stage_change, replay
    from mpfunnel.playbook import Playbook
    from mpfunnel.plays import PlannedPlay, Play, PlayRule, Plays
    from mpfunnel.rules.explain import Explanation, explain
    from mpfunnel.stages import Funnel, FunnelStage, Move, StageHistory, Transition
    from mpfunnel.starters import starter
    from mpfunnel.synergy import Ineligible, Offer, OfferRule, Relation, Synergy, WhiteSpace
    from mpfunnel.worked_cases import Expectation, WorkedCase

__all__ = [
    "Account",
    "AccountState",
    "Activity",
    "Answered",
    "Assessment",
    "Band",
    "BusinessCalendar",
    "CaseCheck",
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
    "Expectation",
    "Explanation",
    "Funnel",
    "FunnelStage",
    "Ineligible",
    "InvalidDataError",
    "Involvement",
    "Label",
    "Lead",
    "LeadAnswer",
    "LeadMove",
    "Move",
    "MpfunnelError",
    "NextProduct",
    "Notice",
    "Offer",
    "OfferRule",
    "Override",
    "PlannedPlay",
    "Play",
    "PlayRule",
    "Playbook",
    "PlaybookError",
    "PlaybookTimeline",
    "Plays",
    "PolicyError",
    "Problem",
    "Product",
    "Relation",
    "Relative",
    "Replay",
    "Rule",
    "SalesEvent",
    "ScoreItem",
    "Scorecard",
    "Segment",
    "SegmentTable",
    "Signal",
    "Stage",
    "StageCount",
    "StageHistory",
    "Synergy",
    "Tally",
    "Tier",
    "TierLimit",
    "TierLimits",
    "TierPolicy",
    "TierScorecard",
    "TierTable",
    "Transition",
    "TransitionError",
    "UnknownNameError",
    "WhiteSpace",
    "WorkedCase",
    "accounts",
    "changes",
    "decided",
    "dump",
    "explain",
    "load",
    "next_change",
    "next_stage_change",
    "replay",
    "starter",
    "undecided",
]


# What rules and records do without is loaded on first use, so that importing the library is quick.
_ON_FIRST_USE = {
    "Account": "mpfunnel.account",
    "AccountState": "mpfunnel.following",
    "Answered": "mpfunnel.following",
    "Assessment": "mpfunnel.answers",
    "BusinessCalendar": "mpfunnel.calendars",
    "CaseCheck": "mpfunnel.case_checks",
    "Change": "mpfunnel.answers",
    "Engagement": "mpfunnel.answers",
    "EngagementModel": "mpfunnel.engagement",
    "EngagementState": "mpfunnel.engagement",
    "Engine": "mpfunnel.engine",
    "Expectation": "mpfunnel.worked_cases",
    "Explanation": "mpfunnel.rules.explain",
    "Funnel": "mpfunnel.stages",
    "FunnelStage": "mpfunnel.stages",
    "Ineligible": "mpfunnel.synergy",
    "Involvement": "mpfunnel.answers",
    "LeadAnswer": "mpfunnel.answers",
    "LeadMove": "mpfunnel.following",
    "Move": "mpfunnel.stages",
    "NextProduct": "mpfunnel.answers",
    "Notice": "mpfunnel.following",
    "Offer": "mpfunnel.synergy",
    "OfferRule": "mpfunnel.synergy",
    "PlannedPlay": "mpfunnel.plays",
    "Play": "mpfunnel.plays",
    "PlayRule": "mpfunnel.plays",
    "Playbook": "mpfunnel.playbook",
    "PlaybookTimeline": "mpfunnel.history",
    "Plays": "mpfunnel.plays",
    "Relation": "mpfunnel.synergy",
    "Relative": "mpfunnel.account",
    "Replay": "mpfunnel.history",
    "Signal": "mpfunnel.engagement",
    "Stage": "mpfunnel.answers",
    "StageCount": "mpfunnel.following",
    "Tally": "mpfunnel.engagement",
    "StageHistory": "mpfunnel.stages",
    "Synergy": "mpfunnel.synergy",
    "Transition": "mpfunnel.stages",
    "WhiteSpace": "mpfunnel.synergy",
    "WorkedCase": "mpfunnel.worked_cases",
    "accounts": "mpfunnel.account",
    "changes": "mpfunnel.answers",
    "dump": "mpfunnel.codec",
    "explain": "mpfunnel.rules.explain",
    "load": "mpfunnel.codec",
    "next_change": "mpfunnel.engagement",
    "next_stage_change": "mpfunnel.history",
    "replay": "mpfunnel.history",
    "starter": "mpfunnel.starters",
}


if not TYPE_CHECKING:  # a checker that saw it would take every misspelt name for granted

    def __getattr__(name: str) -> Any:
        if name not in _ON_FIRST_USE:
            hint = did_you_mean(name, __all__)
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
        value = getattr(import_module(_ON_FIRST_USE[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
