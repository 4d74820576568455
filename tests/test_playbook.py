"""Playbooks: checked as a whole, and versioned by their meaning."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from mpfunnel import facts
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.errors import PlaybookError
from mpfunnel.facts import any_product, company, lead, product, pursuit
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.records import Company, Product
from mpfunnel.rules.conditions import AtLeast, Compare, Condition, IsMissing
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.tables import Decision, DecisionTable, Rule
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.stages import Funnel
from mpfunnel.starters import ENGAGEMENT, FUNNEL, SEGMENTS, TIERS, starter
from mpfunnel.tiers import Tier, TierTable, decided


def book(**given: Any) -> Playbook:
    """The starter for two products, with parts of it replaced."""
    return evolve(starter(["crm", "sfa"]), **given)


def faults(**given: Any) -> list[str]:
    """What is said against a playbook."""
    with pytest.raises(PlaybookError) as caught:
        book(**given)
    return [str(problem) for problem in caught.value.problems]


def tiers(when: object) -> TierTable:
    """A table of one rule."""
    return TierTable(rules=[Rule(Tier(1), when)], otherwise=Tier(2))


def states(when: object) -> EngagementModel:
    """The starter's model with one rule for states."""
    first = ENGAGEMENT.ladder[0]
    return evolve(ENGAGEMENT, states=DecisionTable([Rule(first, when)], first))


def stages(when: object) -> Funnel:
    """The starter's funnel with one rule."""
    return evolve(FUNNEL, rules=DecisionTable([Rule(FUNNEL.ladder[1], when)], FUNNEL.ladder[0]))


class PlantsInKansai:
    """A policy of a firm's own."""

    kind = "acme/plants-in-kansai/1"
    tiers = (Tier(1), Tier(3))

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Decision[Tier]:
        """Ask for the region."""
        assert product.id, as_of
        return decided(Tier(1 if company.region == "近畿" else 3), because="近畿かどうか")


def test_one_policy_stands_for_every_product() -> None:
    """What is given once holds for each product; a mapping gives each its own."""
    assert book(tiers=TIERS) == book(tiers={"crm": TIERS, "sfa": TIERS})
    assert book(tiers=TIERS).tiers["sfa"] == TIERS
    assert [p.id for p in starter([Product(1), 2]).products] == [1, 2]


def test_the_version_is_the_hash_of_the_meaning() -> None:
    """Labels, reasons and the language of answers do not count; every number does."""
    same = book(lang="ja", name="another name")
    assert same == book()
    assert same.version == book().version
    relabelled = evolve(
        SEGMENTS, rules=[evolve(rule, because="for a reason") for rule in SEGMENTS.rules]
    )
    assert book(segments=relabelled).version == book().version

    others = [
        book(zone="UTC"),
        book(currency="USD"),
        book(funnel=evolve(FUNNEL, quiet_days=181)),
        book(engagement=evolve(ENGAGEMENT, half_life_days=31)),
        book(engagement=evolve(ENGAGEMENT, cap=31)),
        book(engagement=evolve(ENGAGEMENT, floor=0)),
        book(engagement=evolve(ENGAGEMENT, floor=-31)),
        book(engagement=evolve(ENGAGEMENT, signals=[Signal("a", -1)])),
        book(engagement=evolve(ENGAGEMENT, signals=[Signal("a", -1, fades=False)])),
        book(engagement=evolve(ENGAGEMENT, signals=[Signal("a", -1, cool_down_days=1)])),
        book(tiers={"crm": TIERS, "sfa": tiers(company.employees >= 1)}),
        book(tiers=tiers(company.employees >= 1)),
        book(tiers=tiers(company.annual_revenue >= Decimal("0.5"))),
        book(tiers=tiers(company.growth_rate >= 0.5)),
        book(tiers=tiers(company.attribute("founded", date) >= date(2026, 1, 1))),
        book(tiers=PlantsInKansai()),
        starter(["sfa", "crm"]),
        starter([1, 2]),
        starter(["1", "2"]),
    ]
    assert len({other.version for other in [book(), *others]}) == len(others) + 1
    assert all(len(other.version) == 16 for other in others)


def test_a_policy_of_ones_own_is_known_by_its_kind() -> None:
    """Its kind carries its version: two instances of one kind mean the same."""
    first, second = book(tiers=PlantsInKansai()), book(tiers=PlantsInKansai())
    assert first.version == second.version


def test_playbooks_pickle() -> None:
    """An embedder may send a playbook to other processes."""
    again = pickle.loads(pickle.dumps(book()))
    assert again == book()
    assert hash(again) == hash(book())


def test_every_fault_is_reported_at_once() -> None:
    """One error names all that is wrong, each with its path."""
    assert faults(
        zone="Asia/Tokio",
        currency="yen",
        lang="fr",
        tiers={"crm": tiers(product.score >= 1), "sfb": TIERS},
    ) == [
        "tiers.sfb: no such product; did you mean 'sfa'?",
        "tiers.sfa: has no policy; give one for every product",
        "zone: 'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?",
        "currency: must be a code of three letters such as 'JPY', not 'yen'",
        "lang: must be 'en' or 'ja', not 'fr'",
        "tiers.crm.rules[0].when.product.score: cannot be asked here, where only company is known",
    ]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"products": []}, "products: must list at least one product"),
        ({"products": "crm"}, "products: must list at least one product"),
        ({"products": None}, "products: must list at least one product"),
        (
            {"products": ["crm", 1.5]},
            "products[1]: must be a product or an id, not float 1.5",
        ),
        ({"segments": TIERS}, "segments: must be a SegmentTable, not TierTable"),
        ({"funnel": None}, "funnel: must be a Funnel, not NoneType None"),
        ({"tiers": None}, "tiers: must be a tier policy, not NoneType None"),
        ({"tiers": {"crm": 1}}, "tiers.crm: must be a tier policy, not int 1"),
        ({"engagement": {}}, "engagement.crm: has no policy; give one for every product"),
        ({"engagement": 1}, "engagement: must be an EngagementModel, not int 1"),
        (
            {"segments": SegmentTable([], "x")},  # type: ignore[arg-type]
            "segments.outcomes[0]: must be a Segment, not str",
        ),
        ({"tiers": {10**5_000: 1}}, "tiers.of 16610 bits: must be a tier policy, not int 1"),
        ({"tiers": {10**5_000: TIERS}}, "tiers.of 16610 bits: no such product"),
        ({"tiers": {"c" * 99: TIERS}}, f"tiers.{'c' * 60}: no such product"),
        ({"products": ["crm", "crm"]}, "products[1].id: 'crm' is used twice"),
        (
            {"products": ["crm", 1]},
            "products[1].id: must be of one type for all products, text or integer (S18)",
        ),
    ],
)
def test_what_has_the_wrong_type_is_refused(given: Mapping[str, Any], fault: str) -> None:
    """The types are checked before what they mean."""
    assert any(said.startswith(fault) for said in faults(**given))


def test_a_policy_must_say_which_tiers_it_gives() -> None:
    """Without them, what is possible could not be told."""

    class Empty:
        kind = PlantsInKansai.kind
        tiers: tuple[Tier, ...] = ()
        tier_for = PlantsInKansai.tier_for

    message = "must give at least one Tier, and nothing else"
    assert faults(tiers=Empty()) == [f"tiers.crm.tiers: {message}", f"tiers.sfa.tiers: {message}"]


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (3, (Tier(1),), ["kind: must be text, not int 3"]),
        (
            [10**5_000],
            3,
            ["kind: must be text, not list …", "tiers: must be a list, not int 3"],
        ),
        ("a/1", {Tier(1)}, ["tiers: must be a list, not set {Tier(number=1)}"]),
        ("a/1", [Tier(1), "Tier 2"], ["tiers[1]: must be a Tier, not str"]),
    ],
)
def test_a_policy_is_held_to_its_members(kind: Any, given: Any, said: list[str]) -> None:
    """The kind of a policy of one's own is text, and its tiers are a list of tiers."""
    odd = SimpleNamespace(kind=kind, tiers=given, tier_for=PlantsInKansai().tier_for)
    wrong = faults(tiers={"crm": odd, "sfa": TIERS})
    assert wrong == [f"tiers.crm.{one}" for one in said]


def test_all_products_share_their_states() -> None:
    """One list of states serves the whole firm, so that products can be compared."""
    other = evolve(ENGAGEMENT, detours=(*ENGAGEMENT.detours, EngagementState("lost", "lost")))
    assert faults(engagement={"crm": ENGAGEMENT, "sfa": other}) == [
        "engagement.sfa: must have the same states in the same order for every product"
    ]


SEGMENT = Segment("a", Label("a"))
OTHER_SCALE = Scale(("cold", "hot"))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"segments": SegmentTable([Rule(SEGMENT, company.segment == "a")], SEGMENT)},
            "segments.rules[0].when.company.segment: cannot be asked here: it is decided later",
        ),
        (
            {"tiers": {"crm": tiers(company.segment == "micro"), "sfa": TIERS}},
            "tiers.crm.rules[0].when.company.segment: cannot be asked here: it is decided later",
        ),
        (
            {"tiers": {"crm": tiers(any_product(company.employees >= 1)), "sfa": TIERS}},
            (
                "tiers.crm.rules[0].when.any_product: ranges over products, which only the rules "
                "of the funnel can"
            ),
        ),
        (
            {"engagement": {"crm": states(product.engagement == "none"), "sfa": ENGAGEMENT}},
            (
                "engagement.crm.states.rules[0].when.product.engagement: cannot be asked here: "
                "it is decided later"
            ),
        ),
        (
            {"engagement": {"crm": states(pursuit.won), "sfa": ENGAGEMENT}},
            (
                "engagement.crm.states.rules[0].when.pursuit.won: cannot be asked here, where "
                "only company, lead, product is known"
            ),
        ),
        (
            {"funnel": stages(company.segment == "micros")},
            "funnel.rules[0].when.company.segment: no such segment 'micros'; did you mean 'micro'?",
        ),
        (
            {"funnel": stages(AtLeast(company.segment.fact, "bogus"))},
            "funnel.rules[0].when.company.segment: no such segment 'bogus'",
        ),
        (
            {"funnel": stages(IsMissing(product.tier.fact))},
            "funnel.rules[0].when.product.tier: is a decision and never missing",
        ),
        (
            {"funnel": stages(company.segment.is_in("micro", "bogus"))},
            "funnel.rules[0].when.company.segment: no such segment 'bogus'",
        ),
        (
            {"funnel": stages(facts.ProductFacts(OTHER_SCALE).interest.at_least("hot"))},
            "funnel.rules[0].when.product.interest: has other levels than the playbook",
        ),
        (
            {"funnel": stages(Compare(Fact("company.employes", "int"), ">=", 1))},
            (
                "funnel.rules[0].when.company.employes: no such fact; did you mean "
                "'company.employees'?"
            ),
        ),
        (
            {"funnel": stages(company.flag("industry"))},
            (
                "funnel.rules[0].when.company.industry: is a fact already; name the attribute "
                "otherwise"
            ),
        ),
        (
            {
                "funnel": stages(
                    (company.attribute("x", int) >= 1) & company.attribute("x", str).is_in("a")
                )
            },
            (
                "funnel.rules[0].when.company.x: is declared with another type elsewhere; declare "
                "it once"
            ),
        ),
    ],
)
def test_a_rule_that_could_not_be_evaluated_is_refused(
    given: Mapping[str, Any], fault: str
) -> None:
    """What a rule asks must exist, and be known where it is asked."""
    assert fault in faults(**given)


@pytest.mark.parametrize(
    "when",
    [
        company.segment == "unmatched",
        company.segment.is_in("micro", "small"),
        any_product(product.tier.at_least(Tier(2)) & product.engagement.is_in("high_interest")),
        lead.title.is_in("部長") & (lead.attribute("rank", int) >= 2),
        product.count("pricing_page", within_days=30) >= 2,
        pursuit.raised_hand & ~company.industry.is_missing(),
        product.tier.is_in(Tier(1)),
    ],
)
def test_a_rule_of_the_funnel_may_ask_about_everything(when: Condition) -> None:
    """Everything is decided before the stage."""
    assert book(funnel=stages(when)).funnel.rules.rules[0].when == when


def test_signals_of_a_model_are_numbers_that_are_checked() -> None:
    """A model cannot be made with points that no sum could hold."""
    assert Signal("click", 3).label == Label("click")


def test_a_key_of_half_a_character_has_a_version() -> None:
    """What no file can hold still has a meaning."""
    odd = tiers(company.industry.is_in("\ud800"))
    assert len(book(tiers=odd).version) == 16
