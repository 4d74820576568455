"""Audiences: whom upstream and downstream motions are aimed at, who that is, and how they fit."""

from mpfunnel.flow.audience.files import dump_audiences, load_audiences
from mpfunnel.flow.audience.lint import (
    TARGET_TIER,
    AudienceLint,
    Finding,
    FindingCode,
    Inside,
    Reach,
    lint,
    target_market,
)
from mpfunnel.flow.audience.members import (
    AudienceAnswer,
    ContactCount,
    Member,
    Standing,
    explain,
    members,
)
from mpfunnel.flow.audience.model import IN, OUT, Audience, Side, Unit, check_audiences

__all__ = [
    "IN",
    "OUT",
    "TARGET_TIER",
    "Audience",
    "AudienceAnswer",
    "AudienceLint",
    "ContactCount",
    "Finding",
    "FindingCode",
    "Inside",
    "Member",
    "Reach",
    "Side",
    "Standing",
    "Unit",
    "check_audiences",
    "dump_audiences",
    "explain",
    "lint",
    "load_audiences",
    "members",
    "target_market",
]
