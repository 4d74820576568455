"""The conformance kit for policies of your own: prove one before it decides anything.

    from mpfunnel.testing import check_tier_policy

    def test_our_policy():
        check_tier_policy(PlantsNearby())

Every check is a plain function; nothing but mpfunnel is needed. With pytest,
`parametrize_with_checks` makes a test of each.
"""

from mpfunnel.errors import PolicyCheckError
from mpfunnel.testing.failures import Failure, Question
from mpfunnel.testing.kit import (
    CHECKS,
    Check,
    Prepared,
    check_tier_policy,
    checks_for,
    parametrize_with_checks,
)
from mpfunnel.testing.trial import Options

__all__ = [
    "CHECKS",
    "Check",
    "Failure",
    "Options",
    "PolicyCheckError",
    "Prepared",
    "Question",
    "check_tier_policy",
    "checks_for",
    "parametrize_with_checks",
]
