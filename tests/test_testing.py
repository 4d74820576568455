"""The conformance kit: each fault of a policy is found by its own check, and by no other."""

from __future__ import annotations

import pickle
import random
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel.errors import InvalidDataError, PolicyCheckError, UnknownNameError
from mpfunnel.testing import (
    CHECKS,
    check_tier_policy,
    checks_for,
    elsewhere,
    parametrize_with_checks,
)
from mpfunnel.testing.pool import held
from tests import zoo


class InOneProcess:
    """Stands for `subprocess.Popen`: what another process would do is done at once."""

    returncode = 0

    def __init__(self, command: list[str], *, stdin: Any, stdout: Any, env: Any) -> None:
        assert command[0]
        assert env["PYTHONHASHSEED"]
        elsewhere.main(stdin, stdout)

    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...
    def wait(self, _: float) -> None: ...


@pytest.fixture
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Starts no other process: each takes a tenth of a second to begin."""
    monkeypatch.setattr(elsewhere, "Popen", InOneProcess)


def failures_of(broken: zoo.Broken) -> PolicyCheckError:
    """What the kit says of a broken policy."""
    with pytest.raises(PolicyCheckError) as caught:
        check_tier_policy(broken.policy, **broken.options)
    return caught.value


def check_found(broken: zoo.Broken) -> None:
    """Assert that a broken policy fails the checks that it should, with the smallest company."""
    found = failures_of(broken)
    assert " ".join(one.check for one in found.failures) == broken.checks
    first = found.failures[0]
    assert first.message.startswith(broken.says)
    if first.question is not None:
        assert len(held(first.question.company)) == broken.facts


ELSEWHERE = [one for one in zoo.BROKEN if "processes" in one.checks]
HERE = [one for one in zoo.BROKEN if "processes" not in one.checks]


@pytest.mark.usefixtures("in_one_process")
@pytest.mark.parametrize("broken", HERE, ids=lambda one: type(one.policy).__name__)
def test_a_fault_is_found_by_its_own_check_and_no_other(broken: zoo.Broken) -> None:
    """Each broken policy fails the checks that it should, and shows the smallest company."""
    check_found(broken)


@pytest.mark.parametrize("broken", ELSEWHERE, ids=lambda one: type(one.policy).__name__)
def test_a_fault_is_found_in_other_processes(broken: zoo.Broken) -> None:
    """What hangs on the hash seed, or cannot be sent, shows where another process is asked."""
    check_found(broken)


@pytest.mark.usefixtures("in_one_process")
@pytest.mark.parametrize(
    ("policy", "options"), zoo.SOUND, ids=lambda one: getattr(type(one), "__name__", "")
)
def test_a_sound_policy_passes(policy: Any, options: Any) -> None:
    """Options, custom attributes, a lock, a table read once and dice that fall alike are sound."""
    check_tier_policy(policy, **options)


def test_every_check_finds_something_in_the_zoo() -> None:
    """No check is there that no broken policy fails."""
    assert {name for one in zoo.BROKEN for name in one.checks.split()} == set(CHECKS)


def test_every_check_is_documented() -> None:
    """The page of the kit lists every check, with what it asks."""
    page = Path(__file__).parents[1] / "docs" / "reference" / "testing.md"
    rows = [
        [cell.strip() for cell in line.split("|")]
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    told = {row[1].strip("`"): row[2] for row in rows if len(row) == 6 and row[2].startswith("whe")}
    assert told == {name: check.asks for name, check in CHECKS.items()}


# -- one test for each check --


@parametrize_with_checks([zoo.Plants(("近畿",), 3)], closed=["student"])
def test_each_check_is_a_test_of_its_own(check: Callable[[], None]) -> None:
    """Law 9: Same input, same bytes, whatever the hash seed, time zone, folder and language."""
    check()


@pytest.mark.usefixtures("in_one_process")
@parametrize_with_checks(
    [zoo.MissingIsZero()], expected_failures={"settled": "until the CRM is cleaned up"}
)
def test_what_is_known_to_fail_has_to_fail(check: Callable[[], None]) -> None:
    """An expected failure is a strict xfail, with its reason."""
    check()


def test_a_check_is_a_plain_function_of_a_policy() -> None:
    """One check alone says what it found, and how to see it."""
    check = CHECKS["settled"]
    check(zoo.Plants(), closed=["student"])
    with pytest.raises(PolicyCheckError) as caught:
        check(zoo.MissingIsZero())
    assert str(caught.value).splitlines() == [
        "zoo/MissingIsZero/1 does not pass 1 check:",
        "  settled: decided Tier 3 without company.employees; with 300 it is Tier 1",
        "    Company('c0') for product 'product' as of 2026-10-31",
    ]
    assert isinstance(caught.value, AssertionError)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (copy.policy, copy.failures) == (caught.value.policy, caught.value.failures)
    assert check.asks == "whether a settled answer stays when a missing fact becomes known (law 2)"


def test_all_that_is_wrong_is_told_at_once() -> None:
    """The error lists every check that failed; what is expected to fail is left out."""

    class Twofold(zoo.MissingIsZero):
        kind = "zoo/twofold"

    with pytest.raises(PolicyCheckError) as caught:
        check_tier_policy(Twofold())
    assert [one.check for one in caught.value.failures] == [
        *("kind", "settled", "pickling", "processes"),
    ]
    known = {"kind": "later", "pickling": "local", "processes": "local", "file": "no file"}
    with pytest.raises(PolicyCheckError) as caught:
        check_tier_policy(Twofold(), expected_failures=known)
    assert [str(one) for one in caught.value.failures][1:] == [
        "file: passed, and was expected not to: no file"
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"expected_failures": {"setled": "x"}}, "no such check 'setled'; did you mean 'settled'?"),
        ({"expected_failures": {"settled": " "}}, "expected_failures.settled: must say the reason"),
        ({"monotone": ["employes"]}, "monotone.employes: the policy reads no such fact; did you"),
        ({"monotone": ["region"]}, "monotone.region: has no order; name a fact that is a number"),
        ({"monoton": ["region"]}, "monoton: no such option; did you mean 'monotone'?"),
    ],
)
@pytest.mark.usefixtures("in_one_process")
def test_an_option_that_cannot_be_is_refused(options: Any, message: str) -> None:
    """What the kit is told about a policy is checked, and the nearest name offered."""
    with pytest.raises((InvalidDataError, UnknownNameError)) as caught:
        check_tier_policy(zoo.HasOptions(), **options)
    assert str(caught.value).startswith(message)


@pytest.mark.usefixtures("in_one_process")
def test_a_fact_that_is_never_read_may_be_monotone() -> None:
    """What makes no difference never lowers the Tier."""
    check_tier_policy(zoo.HasOptions(), monotone=["company.employees"])


@pytest.mark.usefixtures("in_one_process")
def test_the_dice_of_others_fall_as_before() -> None:
    """The kit throws the dice of `random` alike for every answer, and leaves them as they were."""
    random.seed(7)
    wanted = random.random()
    random.seed(7)
    check_tier_policy(zoo.HasOptions())
    assert random.random() == wanted


def test_a_faulty_answer_is_neither_higher_nor_lower() -> None:
    """What another check tells is not told twice."""

    class Empty(zoo.LargeIsLow):
        def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:
            if company.employees in (10, 5_000):
                return None
            return super().tier_for(company, product, as_of=as_of)

    CHECKS["monotone"](Empty(), monotone=["employees"])


class ShareOfRevenue(zoo.Policy):
    """Weighs what a company may spend: its revenue times a share by industry."""

    def tier_for(self, company: mf.Company, _: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        revenue = company.annual_revenue
        if revenue is None:
            return mf.undecided(
                zoo.THIRD, possible=self.tiers, missing=["annual_revenue"], because="x"
            )
        share = 100 if company.industry == "情報通信業" else 1
        first = revenue * share / 1_000 >= 50_000_000
        return mf.decided(zoo.FIRST if first else zoo.THIRD, because="x")


def test_revenues_of_every_order_are_asked_about() -> None:
    """Law 2 is broken only at revenues far above every number in the code: a share is weighed."""
    with pytest.raises(PolicyCheckError, match=r"without company\.industry"):
        CHECKS["settled"](ShareOfRevenue())


class ByProduct(zoo.Policy):
    """Knows the products of one firm, and the Tiers of two years."""

    def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:
        region = {"crm": "近畿", "sfa": "中部"}[str(product.id)]
        first = {2029: zoo.FIRST, 2030: zoo.SECOND}[as_of.year]
        if company.region is None:
            missing = ["region"]
            possible = (first, zoo.THIRD)
            return mf.undecided(zoo.THIRD, possible=possible, missing=missing, because="x")
        return mf.decided(first if company.region == region else zoo.THIRD, because="x")


@pytest.mark.usefixtures("in_one_process")
def test_products_days_and_companies_of_ones_own_are_asked_about() -> None:
    """A policy for certain products and years is asked about these."""
    days = [date(2029, 4, 1), date(2030, 4, 1)]
    check_tier_policy(ByProduct(), products=["crm", mf.Product("sfa")], days=days)
    with pytest.raises(PolicyCheckError, match=r"raises: raised KeyError: 'product'"):
        check_tier_policy(ByProduct(), days=days)
    secret = mf.Company(1, attributes={"secret": 7})

    class OfOneCompany(ByProduct):
        def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
            return None if "secret" in dict(company.attributes) else zoo.by_region(company)

    prepared = {one.name: one for one in checks_for(OfOneCompany(), companies=[secret])}
    with pytest.raises(PolicyCheckError) as caught:
        prepared["decision"]()
    (found,) = caught.value.failures
    assert found.question is not None
    assert found.question.company == secret


def test_a_class_that_is_defined_in_a_script_is_no_class_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A policy of a notebook pickles, but no other process finds its class."""
    monkeypatch.setattr(zoo.HasOptions, "__module__", "__main__")
    with pytest.raises(PolicyCheckError, match="in the script or notebook that runs; put it in a"):
        CHECKS["processes"](zoo.HasOptions())
    CHECKS["environment"](zoo.HasOptions())


@pytest.mark.usefixtures("in_one_process")
def test_a_class_without_its_arguments_cannot_be_made_elsewhere() -> None:
    """Where a policy has no pickle, its class is called without arguments."""

    class Unwilling(zoo.HoldsAFunction):
        __qualname__ = "HoldsAFunction.tier_for"

    with pytest.raises(PolicyCheckError, match=r"cannot be made in another process from its cl"):
        CHECKS["processes"](Unwilling())


class Endless(zoo.Policy):
    """Ends its process, or never answers."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __deepcopy__(self, _: Any) -> Any:
        return self

    def __setstate__(self, state: Any) -> None:
        time.sleep(state["seconds"])
        raise SystemExit(3)


@pytest.mark.parametrize(
    ("seconds", "message"),
    [(60.0, "did not answer in another process within 0.5 s"), (0.0, "another process ended")],
)
def test_what_ends_in_another_process_is_told(
    seconds: float, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy that ends its process, or keeps it, fails the check; it stops nothing else."""
    if seconds:
        monkeypatch.setattr(elsewhere, "SECONDS", 0.5)
    with pytest.raises(PolicyCheckError, match=message):
        CHECKS["processes"](Endless(seconds))
