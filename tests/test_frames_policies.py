"""Policies in Python that fail on a company: in tables, the other companies go on."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames, stores
from mpfunnel.cli.summary import given_table
from mpfunnel.facts import company as facts
from mpfunnel.facts import product
from mpfunnel.records import Company
from tests.frames import KINDS, rows_of

DAY = date(2026, 10, 31)
MESSAGE = {
    "b": "tiers.sfa: acme/moody/1 on company 'b': raised KeyError('b')",
    "c": "tiers.sfa: acme/moody/1 on company 'c': gave Tier 9, which is not among its tiers",
}
COMPANIES = {"id": ["a", "b", "c", "d"], "region": ["Kansai", "Kanto", "Kanto", None]}


class Moody:
    """Fails on one company, and answers wrongly about another."""

    kind = "acme/moody/1"
    tiers = (mf.Tier(1), mf.Tier(3), mf.Tier(2))

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        if company.id in ("b", 0):
            raise KeyError(company.id)
        return mf.decided(mf.Tier(9 if company.id == "c" else 1), because="in a good mood")


def engine_with(policy: Any, **changes: Any) -> mf.Engine:
    """An engine of the starter with a policy in Python for one of two products."""
    book = mf.starter(["crm", "sfa"])
    return mf.Engine(evolve(book, tiers={**book.tiers, "sfa": policy}, **changes))


def check_failed(out: frames.Tables, message: dict[str, str] = MESSAGE) -> None:
    """Assert that two companies are undecided for the product, and told of."""
    rows = [row for row in rows_of(out.tiers) if row["product_id"] == "sfa"]
    told = {row["company_id"]: (row["tier"], row["rule"], row["settled"]) for row in rows}
    well = ("tier_1", "policy", True)
    undecided = ("tier_3", "failed", False)
    assert told == {"a": well, "b": undecided, "c": undecided, "d": well}
    failed = {row["company_id"]: row for row in rows if row["rule"] == "failed"}
    for name, row in failed.items():
        assert row["because"] == f"the policy failed: {message[name]}"
        assert (row["possible"], row["missing"]) == ("tier_1;tier_3;tier_2", "")
    rejects = [
        (row["table"], row["id"], row["code"], row["reason"]) for row in rows_of(out.rejects)
    ]
    assert sorted(rejects) == [("companies", name, "policy", message[name]) for name in message]


@pytest.mark.parametrize("kind", ["Polars", "Polars, lazy", "pandas, nullable", "DuckDB"])
def test_one_company_on_which_a_policy_fails_does_not_lose_the_others(kind: str) -> None:
    """Law 7: Nothing is lost: it is undecided among all Tiers of the policy, and a reject."""
    given = KINDS[kind]({"companies": pa.table(COMPANIES)})
    out = frames.assess(engine_with(Moody()), **given, as_of=DAY, lang="en")
    check_failed(out)
    engine = engine_with(Moody())
    for row in rows_of(out.tiers):
        if row["rule"] != "failed":
            one = Company(row["company_id"], region=None)
            assert row["tier"] == engine.tier_for(one, row["product_id"], as_of=DAY).value.key


def test_a_policy_of_which_no_rule_asks_the_tier() -> None:
    """It decides all the same, and on what it fails is told."""
    book = mf.starter(["crm", "sfa"])
    model, funnel = book.engagement["crm"], book.funnel
    states = [one for one in model.states.rules if one.key != "priority-follow-up"]
    stages = [one for one in funnel.rules.rules if one.key != "mql"]
    engine = engine_with(
        Moody(),
        engagement=evolve(model, states=evolve(model.states, rules=states)),
        funnel=evolve(funnel, rules=evolve(funnel.rules, rules=stages)),
        synergy=mf.Synergy(),
        plays=mf.Plays(),
    )
    assert "product.tier" not in engine.playbook.asked
    check_failed(frames.assess(engine, companies=pa.table(COMPANIES), as_of=DAY, lang="en"))


def test_rules_about_leads_see_a_failed_tier_as_undecided() -> None:
    """S5: what the Tier could be is possible; a lead without company is not lost either."""
    book = mf.starter(["crm", "sfa"])
    model = book.engagement["sfa"]
    states = mf.DecisionTable(
        [mf.Rule(model.ladder[1], product.tier.at_least(mf.Tier(1)), key="first")], model.ladder[0]
    )
    engagement = {**book.engagement, "sfa": evolve(model, states=states)}
    leads = pl.DataFrame({"id": [1, 2, 3], "company_id": ["a", "b", None]})
    out = frames.assess(
        engine_with(Moody(), engagement=engagement),
        companies=pl.DataFrame(COMPANIES),
        leads=leads,
        as_of=DAY,
        possible=True,
        dense=True,
    )
    told = {row["lead_id"]: row for row in rows_of(out.engagement) if row["product_id"] == "sfa"}
    assert {lead: (one["state"], one["settled"]) for lead, one in told.items()} == {
        1: (model.ladder[1].key, True),
        2: (model.ladder[0].key, False),
        3: (model.ladder[0].key, False),
    }
    assert rows_of(out.rejects)[0]["code"] == "policy"


def test_a_policy_that_fails_on_both_days_of_a_review_is_told_of_once() -> None:
    """Held Tiers ask for two days; what is wrong is wrong on both."""
    out = frames.assess(
        engine_with(Moody(), tier_review_dates=[(4, 1)]),
        companies=pl.DataFrame(COMPANIES),
        as_of=DAY,
        lang="en",
    )
    check_failed(out)


def test_limits_do_not_hide_that_a_policy_failed() -> None:
    """A policy within limits fails as one without."""
    limit = mf.TierLimit(best=mf.Tier(2), when=facts.region == "Kyushu", key="far")
    policy = mf.TierLimits(Moody(), [limit])
    companies = pl.DataFrame({"id": ["b"], "region": ["Kyushu"]})
    out = frames.assess(engine_with(policy), companies=companies, as_of=DAY)
    (row,) = (row for row in rows_of(out.tiers) if row["product_id"] == "sfa")
    assert (row["tier"], row["rule"], row["settled"]) == ("tier_3", "failed", False)
    assert len(rows_of(out.rejects)) == 1


def test_a_store_goes_on_too(tmp_path: Path) -> None:
    """What is read from a store is answered like tables; the company is not counted as lost."""
    pl.DataFrame(COMPANIES).write_csv(tmp_path / "companies.csv")
    engine = engine_with(Moody())
    given = stores.read(engine, tmp_path)
    out = stores.assess(engine, given, as_of=DAY, lang="en")
    check_failed(out)
    table = given_table(given, out.rejects, "en")
    assert [next(iter(column.cells)) for column in table.columns][2:] == ["4", "0"]


def test_in_japanese_the_reason_says_so_too() -> None:
    """The reason of a failed answer is in the language asked for."""
    companies = pl.DataFrame({"id": ["b"]})
    out = frames.assess(engine_with(Moody()), companies=companies, as_of=DAY, lang="ja")
    because = next(row["because"] for row in rows_of(out.tiers) if row["rule"] == "failed")
    assert because == f"ポリシーが失敗した: {MESSAGE['b']}"
