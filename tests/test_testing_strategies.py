"""The strategies that come with the kit: records that are sound, and hang together."""

from __future__ import annotations

import importlib
import sys
from datetime import date
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel.testing import strategies
from tests import zoo

DAY = date(2026, 10, 31)
BOOK = mf.starter(["crm", "sfa"])
ENGINE = mf.Engine(BOOK)
QUICK = settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
PLANTS = {"plants": st.integers(0, 5)}


@QUICK
@given(strategies.companies(attributes=PLANTS), st.integers(0, 5))
def test_a_policy_of_ones_own_is_tested_by_properties(company: mf.Company, plants: int) -> None:
    """Law 2: Unknown is not no: plants that become known move it within what is possible."""
    policy, product = zoo.Plants(), BOOK.products[0]
    before = policy.tier_for(company, product, as_of=DAY)
    if company.attributes.get("plants") is None:
        known = evolve(company, attributes={**company.attributes, "plants": plants})
        after = policy.tier_for(known, product, as_of=DAY)
        assert set(after.possible) <= set(before.possible)


@QUICK
@given(strategies.accounts(BOOK, as_of=DAY))
def test_records_of_an_account_hang_together(account: mf.Account) -> None:
    """Law 7: Nothing is lost: every record that is drawn can be used."""
    answer = ENGINE.assess(account, as_of=DAY)
    assert answer.rejects == ()
    assert set(answer.leads) == {lead.id for lead in account.leads}


SIGHTS: dict[str, Any] = {
    "nobody": lambda one: one.company is None,
    "unknown": lambda one: one.company is not None and one.company.employees is None,
    "lost": lambda one: any(deal.status == "lost" and deal.reason for deal in one.deals),
    "open": lambda one: any(deal.status == "open" for deal in one.deals),
    "endless": lambda one: any(contract.end is None for contract in one.contracts),
    "general": lambda one: any(event.product_id is None for event in one.sales_events),
    "several": lambda one: any(len(touch.product_ids) == 2 for touch in one.activities),
    "related": lambda one: any(kin.company.parent_id == one.company.id for kin in one.relatives),
    "group owns": lambda one: any(kin.contracts for kin in one.relatives),
    "group buys": lambda one: any(kin.deals for kin in one.relatives),
    "asked": lambda one: any(lead.consents for lead in one.leads),
}


def test_everything_is_drawn_now_and_then() -> None:
    """What a rule may ask about is there, and is missing."""
    seen: set[str] = set()

    @settings(max_examples=200, derandomize=True, database=None)
    @given(strategies.accounts(BOOK))
    def look(account: mf.Account) -> None:
        seen.update(name for name, sees in SIGHTS.items() if sees(account))

    look()
    assert seen == set(SIGHTS)


@QUICK
@given(strategies.accounts(BOOK, company=strategies.companies(ids=st.sampled_from(("c", 102)))))
def test_relatives_have_ids_of_the_same_type(account: mf.Account) -> None:
    """S18: one type of ids per kind of record; and no relative is the company itself."""
    own = account.company
    assert isinstance(own, mf.Company)
    ids = [kin.company.id for kin in account.relatives if isinstance(kin.company, mf.Company)]
    assert {type(one) for one in ids} <= {type(own.id)}
    assert len({own.id, *ids}) == 1 + len(account.relatives)


@QUICK
@given(strategies.companies(ids=st.just("c"), lists=()), strategies.leads(ids=st.just("l")))
def test_ids_are_those_asked_for(company: mf.Company, lead: mf.Lead) -> None:
    """Whoever has ids of another type draws these."""
    assert (company.id, company.lists, lead.id, lead.company_id) == ("c", frozenset(), "l", None)


def test_without_hypothesis_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lacks Hypothesis is told what to install."""
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(mf.MpfunnelError, match=r"pip install 'mpfunnel\[hypothesis\]'"):
        importlib.reload(strategies)
