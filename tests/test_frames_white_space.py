"""White space in whole tables: which facts a position waits for, by whatever way it does."""

from __future__ import annotations

from datetime import date
from itertools import product as combinations
from typing import Any, Final

import narwhals.stable.v2 as nw
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.facts import account, company, product
from mpfunnel.frames import white_space
from mpfunnel.rules import columns
from mpfunnel.rules.conditions import facts_of
from mpfunnel.synergy import Ineligible, Relation, Synergy
from tests.frames import KINDS, RECORDS, differences, rows_of, tables_of

DAY: Final = date(2026, 10, 31)
HANDLES: Final = ("Polars", "pandas, NumPy", pytest.param("DuckDB", marks=pytest.mark.bulk))
SMALL = company.employees < 50
LATE = ~product.tier.at_least(mf.Tier(2))
BANDS = {company.employees.fact, company.annual_revenue.fact}
TINY = company.segment.is_in("tiny")


class ByRegion:
    """A tier policy in Python, which waits for what no rule asks about."""

    kind = "acme/by-region/1"
    tiers = (mf.Tier(1), mf.Tier(3))

    def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """By region, and by the size where there is none."""
        if company.region is not None:
            return mf.decided(mf.Tier(1), because="near")
        missing = ["region"] if company.employees else ["region", "employees"]
        return mf.undecided(mf.Tier(3), possible=self.tiers, missing=missing, because="no region")


class Failing(ByRegion):
    """A tier policy in Python that fails."""

    def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """Fails."""
        raise RuntimeError


def playbook(**parts: Any) -> mf.Playbook:
    """Products that are ruled out by facts, segment and Tier, each alone and with the others."""
    by_rules = mf.TierTable(
        [mf.Rule(mf.Tier(1), (company.employees >= 300) | (company.annual_revenue >= 10**9))],
        mf.Tier(3),
    )
    rules = [
        Ineligible(SMALL & company.industry.is_in("x"), "facts"),
        Ineligible(TINY, "segment"),
        Ineligible(TINY & SMALL, "segment", key="both"),
        Ineligible(LATE, "tier"),
        Ineligible(LATE | (TINY & company.industry.is_missing()), "all"),
        Ineligible(SMALL & (company.annual_revenue < 10), "all", key="own"),
        Ineligible(SMALL | LATE, "policy"),
        Ineligible(TINY, "policy", key="tiny"),
        Ineligible(~account.owns("facts"), "closed"),
    ]
    names = ["facts", "segment", "tier", "all", "policy", "closed"]
    tiers = dict.fromkeys(names, by_rules) | {"policy": ByRegion()}
    tiny = (company.employees < 10) & (company.annual_revenue < 10**6)
    book = mf.starter(names)
    others = [rule for rule in book.segments.rules if not BANDS.intersection(facts_of(rule.when))]
    segments = evolve(
        book.segments, rules=[mf.Rule(mf.Segment("tiny", "tiny"), tiny, key="tiny"), *others]
    )
    relations = [Relation("prerequisite", "facts", "segment", LATE)]
    given: dict[str, Any] = {
        "tiers": tiers,
        "segments": segments,
        "synergy": Synergy(relations, rules),
    }
    return evolve(book, **(given | parts))


def records() -> dict[str, Any]:
    """Companies of every sort, of some of which people have set segment or Tier."""
    sorts = combinations((None, 5, 20, 400), (None, 5, 10**9), (None, "x"), (None, "Kansai"))
    companies = [
        mf.Company(number, employees=size, annual_revenue=revenue, industry=trade, region=region)
        for number, (size, revenue, trade, region) in enumerate(sorts)
    ]
    days = date(2026, 10, 1), None
    overrides = [
        mf.Override("segment", "tiny", "a", "b", *days, company_id=0),
        *(
            mf.Override("tier", mf.Tier(3), "a", "b", *days, company_id=1, product_id=name)
            for name in ("all", "policy")
        ),
    ]
    contracts = [mf.Contract(number, "facts", DAY) for number in range(0, 48, 7)]
    found = {"companies": companies, "overrides": overrides, "contracts": contracts}
    return {name: found.get(name, []) for name in RECORDS}


def disagreement(kind: str, book: mf.Playbook) -> list[str]:
    """Where tables say other than objects do."""
    engine, given = mf.Engine(book), records()
    out = frames.assess(engine, **KINDS[kind](tables_of(given, engine)), as_of=DAY, lang="en")
    return differences(out, engine, given, DAY, possible=False)


@pytest.mark.parametrize("kind", HANDLES)
@pytest.mark.parametrize("reviews", [(), ((4, 1),)])
def test_a_position_waits_for_the_same_facts_as_on_objects(
    kind: str, reviews: tuple[tuple[int, int], ...]
) -> None:
    """Law 1: Engines agree: also by way of a segment and of a Tier, by rules, in Python or held."""
    assert disagreement(kind, playbook(tier_review_dates=reviews)) == []


def test_every_way_to_wait_is_there() -> None:
    """What the test above compares: facts alone, through others, and none twice."""
    engine = mf.Engine(playbook())
    out = frames.assess(engine, **KINDS["Polars"](tables_of(records(), engine)), as_of=DAY)
    told = {
        (row["product_id"], ";".join(sorted(row["missing"].split(";"))))
        for row in rows_of(out.company_products)
    }
    size, worth, trade = "company.employees", "company.annual_revenue", "company.industry"
    assert {missing for name, missing in told if name == "closed"} == {""}
    assert told > {
        ("facts", f"{size};{trade}"),
        ("segment", f"{worth};{size}"),
        ("segment", worth),
        ("tier", f"{worth};{size}"),
        ("all", f"{worth};{size};{trade}"),
        ("policy", f"{size};company.region"),
        ("policy", f"{worth};{size};company.region"),
        ("policy", "company.region"),
    }
    assert all(row["settled"] == (row["missing"] == "") for row in rows_of(out.company_products))


def test_who_waits_for_a_policy_that_failed_waits_for_the_tier() -> None:
    """It names no fact; the position is undecided all the same."""
    tiers = playbook().tiers | {"tier": Failing()}
    engine = mf.Engine(playbook(tiers=tiers))
    out = frames.assess(engine, **KINDS["Polars"](tables_of(records(), engine)), as_of=DAY)
    found = {
        (row["position"], row["possible"], row["missing"])
        for row in rows_of(out.company_products)
        if row["product_id"] == "tier"
    }
    assert found == {("not_eligible", "not_eligible;untapped", "product.tier")}


# -- a test of the tests --


def _levels_unread(patch: pytest.MonkeyPatch) -> None:
    right = columns.missing_columns
    patch.setattr(
        white_space, "missing_columns", lambda *given, name, **_: right(*given, name=name)
    )


def _segments_unread_and_names_twice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(white_space, "_lists", lambda *_: nw.lit(False))


def _the_tier_alone(patch: pytest.MonkeyPatch) -> None:
    right = white_space._names
    patch.setattr(
        white_space,
        "_names",
        lambda to_ask, of_segment: right(
            {k: v for k, v in to_ask.items() if k == "product.tier"} or to_ask, of_segment
        ),
    )


@pytest.mark.parametrize(
    "plant", [_levels_unread, _segments_unread_and_names_twice, _the_tier_alone]
)
def test_a_planted_bug_is_caught(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables disagree with objects about each of them."""
    plant(monkeypatch)
    assert disagreement("Polars", playbook())
