"""Tiers: company × product."""

import pickle
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.examples import PRODUCTS, TIERS, generate, story
from mpfunnel.facts import company
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.terms import LevelTerm

DAY = date(2026, 10, 31)


def test_the_table_of_the_design_decides_one_company() -> None:
    """The sample of the API: a rule, a fallback, and the reason."""
    large = mf.Rule(mf.Tier(1), company.employees >= 300, key="large", because="large")
    table = mf.TierTable(rules=[large], otherwise=mf.Tier(3))

    decision = table.compile()(mf.Company(1, employees=300))

    assert (decision.value, decision.rule, decision.because.en) == (mf.Tier(1), "large", "large")
    assert decision.settled
    assert table.tiers == (mf.Tier(1), mf.Tier(3))


def test_blank_employees_leave_both_candidates_open() -> None:
    """Law 2: Unknown is not no. The answer names what to ask for."""
    table = mf.TierTable([mf.Rule(mf.Tier(1), company.employees >= 300)], mf.Tier(3))

    decision = table.tier_for(mf.Company(1), PRODUCTS[0], as_of=DAY)

    assert decision.text() == "undecided: Tier 1 or Tier 3"
    assert decision.missing == ("company.employees",)
    assert decision.value == mf.Tier(3)


def test_a_table_and_its_explanation_agree_on_the_invented_market() -> None:
    """Law 1: Engines agree, on every company and product of the invented firm."""
    market = generate(150, seed=3, as_of=DAY).companies
    for table in TIERS.values():
        decide = table.compile()
        for record in market:
            assert decide(record) == mf.explain(table, {"company": record}).decision


@pytest.mark.parametrize(
    ("case", "product", "tier"),
    [("interest-elsewhere", "bi", 1), ("interest-elsewhere", "ma", 4), ("cross-sell", "ma", 1)],
)
def test_the_story_has_the_tiers_that_it_tells_of(case: str, product: str, tier: int) -> None:
    """What a case of the story says of its company is what the policies decide."""
    told = next(one for one in story() if one.key == case)

    decision = TIERS[product].compile()(told.sample.companies[0])

    assert (decision.value, decision.settled) == (mf.Tier(tier), True)


def test_tier_tables_pickle_without_their_compiled_function() -> None:
    """A table travels as its rules and decides equally on the other side."""
    table = TIERS["crm"]
    record = mf.Company(1, employees=70)
    before = table.tier_for(record, PRODUCTS[0], as_of=DAY)

    copy = pickle.loads(pickle.dumps(table))

    assert copy == table
    assert copy.tier_for(record, PRODUCTS[0], as_of=DAY) == before
    assert copy.kind == "mpfunnel/tier-table/1"


@pytest.mark.parametrize("number", [0, 10, True, 1.0, "1", None])
def test_a_tier_is_numbered_from_1_to_9(number: Any) -> None:
    """Anything else is no tier."""
    with pytest.raises(mf.InvalidDataError, match=r"tier\.number: must be an integer from 1 to 9"):
        mf.Tier(number)


def test_tiers_have_no_less_than() -> None:
    """S8: Tier 1 is higher than Tier 2, which ``<`` would not say."""
    with pytest.raises(TypeError):
        mf.Tier(1) < mf.Tier(2)  # type: ignore[operator]  # noqa: B015


def test_a_custom_policy_answers_like_a_table() -> None:
    """A policy author needs no base class: any object with the members will do."""

    class PlantsInKansai:
        kind = "acme/plants-in-kansai/1"
        tiers = (mf.Tier(1), mf.Tier(3))

        def tier_for(
            self, company: mf.Company, product: mf.Product, /, *, as_of: date
        ) -> mf.Decision[mf.Tier]:
            assert (product.id, as_of) == ("crm", DAY)
            if company.region is None:
                return mf.undecided(
                    mf.Tier(3), possible=self.tiers, missing=["region"], because="地域が不明"
                )
            near = company.region == "近畿"
            return mf.decided(mf.Tier(1 if near else 3), because="近畿" if near else "近畿以外")

    policy: mf.TierPolicy = PlantsInKansai()

    assert policy.tier_for(mf.Company(1, region="近畿"), PRODUCTS[0], as_of=DAY).value == mf.Tier(1)
    assert policy.tier_for(mf.Company(1, region="関東"), PRODUCTS[0], as_of=DAY).settled
    unknown = policy.tier_for(mf.Company(1), PRODUCTS[0], as_of=DAY)
    assert unknown.missing == ("company.region",)
    assert unknown.possible == (mf.Tier(1), mf.Tier(3))


def test_an_undecided_answer_must_hold_together() -> None:
    """The value is always possible, and something is missing; both faults are told at once."""
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.undecided(mf.Tier(2), possible=[mf.Tier(1)], missing=[], because="?")

    assert [str(problem) for problem in caught.value.problems] == [
        "possible: must contain the value, Tier 2",
        "missing: must name the facts that would settle it",
    ]


def test_tier_tables_count_the_large_companies_of_maven(shared_data: Path) -> None:
    """Real accounts: revenue in millions is scaled exactly, so that the threshold itself counts."""
    market = sources.read("maven", shared_data / "maven_crm").companies
    staff = company.employees >= 5_000
    revenue = company.annual_revenue >= 2_741_370_000

    def found(condition: Condition) -> int:
        decide = mf.TierTable([mf.Rule(mf.Tier(1), condition)], mf.Tier(2)).compile()
        return sum(decide(record).value == mf.Tier(1) for record in market)

    assert (len(market), found(staff), found(revenue), found(staff & revenue)) == (85, 27, 22, 21)


def test_rules_of_other_questions_ask_for_a_tier_by_its_key() -> None:
    """S8: Tier 1 is higher than Tier 2, so "at least Tier 2" holds for Tier 1."""
    scale = Scale(ladder=(mf.Tier(3).key, mf.Tier(2).key, mf.Tier(1).key))
    tier = LevelTerm(Fact("product.tier", "level", scale=scale))
    policy = mf.DecisionTable((mf.Rule("go", tier.at_least(mf.Tier(2))),), "wait")

    def answer(decision: mf.Decision[mf.Tier]) -> str:
        record = SimpleNamespace(tier=decision)
        return mf.explain(policy, {"product": record}).decision.text()

    first, third = mf.Tier(1), mf.Tier(3)
    assert answer(mf.decided(first, because="large")) == "go"
    assert answer(mf.decided(third, because="small")) == "wait"
    waiting = mf.undecided(third, possible=[first, third], missing=["employees"], because="?")
    assert answer(waiting) == "undecided: go or wait"


@pytest.mark.parametrize(
    ("possible", "missing", "said"),
    [
        (
            None,
            None,
            [
                "possible: must be a list, not NoneType None",
                "missing: must be a list, not NoneType None",
            ],
        ),
        (
            [mf.Tier(1), 3],
            [3, "region"],
            ["possible[1]: must be a Tier, not int", "missing[0]: must be text, not int"],
        ),
        ([mf.Tier(1)], "region", ["missing: must be a list, not str 'region'"]),
    ],
)
def test_what_an_undecided_answer_names_is_listed(
    possible: Any, missing: Any, said: list[str]
) -> None:
    """Tiers and names of facts stand in lists; a lone text is not taken for its letters."""
    with pytest.raises(mf.InvalidDataError) as caught:
        mf.undecided(mf.Tier(1), possible=possible, missing=missing, because="?")

    assert [str(problem) for problem in caught.value.problems] == said
