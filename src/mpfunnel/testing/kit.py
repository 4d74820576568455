"""The conformance kit: every check that a Tier policy has to pass, and how to run them."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Unpack

from attrs import field, frozen

from mpfunnel.errors import (
    InvalidDataError,
    PolicyCheckError,
    Problem,
    UnknownNameError,
    brief,
    did_you_mean,
)
from mpfunnel.testing import contract, repeating, surroundings, unknowns
from mpfunnel.testing.failures import Failure
from mpfunnel.testing.trial import Options, Trial
from mpfunnel.tiers import TierPolicy

if TYPE_CHECKING:
    import pytest

__all__ = [
    "CHECKS",
    "Check",
    "Prepared",
    "check_tier_policy",
    "checks_for",
    "parametrize_with_checks",
]


@frozen
class Check:
    """One check, as a function of a policy.

    Attributes:
        name: Its name, for example ``"twice"``.
        asks: What it asks, in one line.
    """

    name: str
    asks: str
    find: Callable[[Trial], Failure | None] = field(repr=False)

    def __call__(self, policy: TierPolicy, **options: Unpack[Options]) -> None:
        """Check a policy.

        Args:
            policy: The policy.
            **options: What the checks may be told about it: `Options`.

        Raises:
            PolicyCheckError: The policy does not pass.
        """
        __tracebackhide__ = True
        Prepared(self, Trial(policy, options))()


@frozen
class Prepared:
    """A check of one policy: call it. What several of them ask, they ask together."""

    check: Check
    trial: Trial = field(repr=False)

    @property
    def name(self) -> str:
        """The name of the check."""
        return self.check.name

    def __call__(self) -> None:
        """Check the policy.

        Raises:
            PolicyCheckError: It does not pass.
        """
        __tracebackhide__ = True
        if found := self.find():
            raise _failed(self.trial, [found])

    def find(self) -> Failure | None:
        """Return what the check finds; `None` where the policy passes."""
        with _dice_as_they_were():
            return self.check.find(self.trial)


def _check(find: Callable[[Trial], Failure | None]) -> Check:
    """Return a check that is named, and described, by its function."""
    line = (find.__doc__ or "").partition("\n")[0]
    return Check(find.__name__, line.removeprefix("Ask ").removesuffix("."), find)


CHECKS: Final[Mapping[str, Check]] = MappingProxyType(
    {
        one.name: one
        for one in map(
            _check,
            (
                contract.kind,
                contract.tiers,
                contract.raises,
                contract.decision,
                contract.declared,
                contract.reason,
                contract.possible,
                contract.missing,
                contract.unchanged,
                unknowns.settled,
                unknowns.narrows,
                repeating.twice,
                repeating.order,
                repeating.threads,
                repeating.pickling,
                repeating.file,
                repeating.processes,
                surroundings.clock,
                surroundings.environment,
                surroundings.randomness,
                unknowns.monotone,
            ),
        )
    }
)
"""Every check by its name."""


def checks_for(policy: TierPolicy, **options: Unpack[Options]) -> tuple[Prepared, ...]:
    """Return the checks that a policy has to pass; call each one.

    Args:
        policy: The policy.
        **options: What the checks may be told about it: `Options`.

    Raises:
        InvalidDataError: An option is not what it has to be.
    """
    trial = Trial(policy, options)
    left_out = () if trial.monotone else ("monotone",)
    return tuple(Prepared(one, trial) for name, one in CHECKS.items() if name not in left_out)


def check_tier_policy(
    policy: TierPolicy,
    *,
    expected_failures: Mapping[str, str] = MappingProxyType({}),
    **options: Unpack[Options],
) -> None:
    """Run every check, and say all that was found.

    Args:
        policy: The policy.
        expected_failures: Checks that it is known not to pass, by name, each with the reason.
        **options: What the checks may be told about it: `Options`.

    Raises:
        PolicyCheckError: The policy does not pass, or passes what it was expected to fail.
        UnknownNameError: There is no check of that name.
        InvalidDataError: An option is not what it has to be.
    """
    __tracebackhide__ = True
    _sound(expected_failures)
    prepared = checks_for(policy, **options)
    trial = prepared[0].trial
    failures: list[Failure] = []
    try:
        with _dice_as_they_were():
            # Other processes take their time to start: meanwhile, the others are asked.
            _ = trial.elsewhere
        for one in prepared:
            found = one.find()
            if one.name not in expected_failures:
                failures += [found] if found else []
            elif found is None:
                message = f"passed, and was expected not to: {expected_failures[one.name]}"
                failures.append(Failure(one.name, message))
    finally:
        trial.elsewhere.stop()
    if failures:
        raise _failed(trial, failures)


def parametrize_with_checks(
    policies: Sequence[TierPolicy],
    *,
    expected_failures: Mapping[str, str] = MappingProxyType({}),
    **options: Unpack[Options],
) -> pytest.MarkDecorator:
    """Return a decorator for pytest, which makes a test of each check of each policy.

    For example::

        @parametrize_with_checks([PlantsNearby()])
        def test_our_policies(check):
            check()

    Args:
        policies: The policies.
        expected_failures: Checks that they are known not to pass, by name, each with the reason: an
            ``xfail`` that has to fail.
        **options: What the checks may be told about them: `Options`.

    Raises:
        UnknownNameError: There is no check of that name.
        InvalidDataError: An option is not what it has to be.
    """
    import pytest

    _sound(expected_failures)
    parameters: list[Any] = []
    for policy in policies:
        for one in checks_for(policy, **options):
            reason = expected_failures.get(one.name)
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
            name = f"{one.trial.kind}-{one.name}"
            parameters.append(pytest.param(one, marks=marks, id=name))
    return pytest.mark.parametrize("check", parameters)


def _failed(trial: Trial, failures: Sequence[Failure]) -> PolicyCheckError:
    count = "1 check" if len(failures) == 1 else f"{len(failures)} checks"
    lines = [f"{trial.kind} does not pass {count}:", *map(str, failures)]
    return PolicyCheckError("\n  ".join(lines), policy=trial.kind, failures=failures)


def _sound(expected_failures: Mapping[str, str]) -> None:
    for name, reason in expected_failures.items():
        if name not in CHECKS:
            raise UnknownNameError(f"no such check {brief(name)}{did_you_mean(name, CHECKS)}")
        if not isinstance(reason, str) or not reason.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidDataError(
                [Problem("blank", f"expected_failures.{name}", "must say the reason")]
            )


@contextmanager
def _dice_as_they_were() -> Generator[None, None, None]:
    """Leave the dice of `random` as they were: a policy is asked with the same ones each time."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
