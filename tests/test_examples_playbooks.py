"""The playbooks that come with mpfunnel, and the market that the invented one makes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.codec import dump, load
from mpfunnel.examples import (
    PLAYBOOK,
    PRODUCTS,
    SEGMENTS,
    STORY_DAY,
    TIERS,
    Sample,
    generate,
    playbook,
    playbook_names,
)


def test_every_playbook_is_listed_and_can_be_read() -> None:
    """A name is that of a file; sample data has a mapping and a playbook of one name."""
    assert playbook_names() == ("invented", "maven", "retentioneering")
    assert {"maven", "retentioneering"} <= set(sources.shipped())
    versions = {playbook(name).version for name in playbook_names()}
    assert len(versions) == 3


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("mavn", "; did you mean 'maven'?"),
        ("hubspot", "; there are invented, maven, retentioneering"),
    ],
)
def test_an_unknown_playbook_is_named_with_the_nearest(name: str, hint: str) -> None:
    """A name that is none says what would have worked, and no path of this machine."""
    with pytest.raises(mf.UnknownNameError) as caught:
        playbook(name)
    assert str(caught.value) == f"'{name}': no such playbook{hint}"


def test_the_invented_playbook_means_the_same_in_python_and_toml() -> None:
    """Law 8: Round trip: equal, of one version, and with the same words in both languages."""
    read = playbook("invented")
    assert read == PLAYBOOK
    assert read.version == PLAYBOOK.version
    assert (read.lang, read.name) == (PLAYBOOK.lang, PLAYBOOK.name)
    # The canonical text holds labels and reasons too, which equality leaves out. Cases are for
    # those who edit the file.
    assert dump(evolve(read, cases=())) == dump(PLAYBOOK)


def test_the_invented_playbook_answers_its_cases() -> None:
    """Its file shows what cases look like, and they hold."""
    checks = mf.Engine(playbook("invented")).check_cases()
    assert len({one.case for one in checks}) == 4
    assert [one for one in checks if not one.holds] == []


@pytest.mark.parametrize("name", playbook_names())
def test_a_shipped_playbook_survives_being_written(name: str, tmp_path: Path) -> None:
    """Law 8: Round trip: as TOML and as JSON."""
    book = playbook(name)
    for ending in ("toml", "json"):
        path = tmp_path / f"{name}.{ending}"
        dump(book, path)
        assert load(path) == book


def test_the_tables_that_are_exported_are_those_of_the_playbook() -> None:
    """`SEGMENTS` and `TIERS` are parts of it, for those who need no more."""
    assert PLAYBOOK.segments == SEGMENTS
    assert dict(PLAYBOOK.tiers) == dict(TIERS)
    assert PLAYBOOK.products == PRODUCTS


@pytest.mark.parametrize(
    "facts",
    [
        {"relationships": ["competitor"]},
        {"relationships": ["own_group"]},
        {"relationships": ["do_not_trade"]},
        {"attributes": {"student": True}},
        {"attributes": {"individual": True}},
    ],
)
def test_nobody_asks_for_the_size_of_who_is_no_target(facts: dict[str, object]) -> None:
    """Tier 4 for every product, and settled, whatever is unknown."""
    nobody = mf.Company(1, **facts)  # type: ignore[arg-type]
    engine = mf.Engine(PLAYBOOK)
    tiers = [engine.tier_for(nobody, product.id, as_of=STORY_DAY) for product in PRODUCTS]
    assert {(tier.value, tier.settled, tier.rule) for tier in tiers} == {
        (mf.Tier(4), True, "not-a-target")
    }


# -- the market --


def assessed(sample: Sample) -> list[mf.Assessment]:
    """Return the answers about every account of a sample."""
    engine = mf.Engine(PLAYBOOK)
    found = mf.accounts(
        companies=sample.companies,
        leads=sample.leads,
        activities=sample.activities,
        deals=sample.deals,
        contracts=sample.contracts,
        sales_events=sample.sales_events,
    )
    return [engine.assess(account, as_of=STORY_DAY) for account in found]


@pytest.fixture(scope="module")
def market() -> list[mf.Assessment]:
    """The answers about two thousand companies."""
    return assessed(generate(2_000, as_of=STORY_DAY))


def key(decision: mf.Decision[mf.Tier] | mf.Decision[mf.Segment]) -> str:
    """Return the key of a settled answer, or what an unsettled one is called."""
    return decision.value.key if decision.settled else "undecided"


def test_the_market_has_every_segment_and_few_giants(market: list[mf.Assessment]) -> None:
    """Small firms are the most, each special kind is there and rare, a sixth is undecided."""
    found = Counter(key(a.segment) for a in market if a.company_id is not None)
    assert set(found) == {segment.key for segment in SEGMENTS.outcomes} | {"undecided"}
    assert found.most_common(1)[0][0] == "small"
    sizes = [found[size] for size in ("enterprise", "mid_market", "small")]
    assert sizes == sorted(sizes)
    assert 0.1 < found["undecided"] / 2_000 < 0.2
    few = ("partner", "competitor", "own_group", "do_not_trade", "student", "individual")
    assert all(0 < found[kind] < 0.05 * 2_000 for kind in few)


@pytest.mark.parametrize("product", [product.id for product in PRODUCTS])
def test_tier_1_is_for_the_few(market: list[mf.Assessment], product: str) -> None:
    """At most an eighth of the market goes first; all four Tiers occur, and some are undecided."""
    found = Counter(key(a.tiers[product]) for a in market if a.tiers)
    assert set(found) == {"tier_1", "tier_2", "tier_3", "tier_4", "undecided"}
    assert 0.02 < found["tier_1"] / 2_000 < 0.135
    assert found["tier_1"] + found["tier_2"] < 0.5 * 2_000
    assert 0.05 < found["undecided"] / 2_000 < 0.16


def test_the_funnel_narrows(market: list[mf.Assessment]) -> None:
    """Most leads are known, have responded or gone quiet; an MQL is one in a hundred."""
    stages = [lead.stage for a in market for lead in a.leads.values()]
    found = Counter(stage.value.key for stage in stages)
    assert set(found) == {
        stage.key for stage in (*PLAYBOOK.funnel.ladder, *PLAYBOOK.funnel.detours)
    }
    most = [found[stage] for stage in ("known", "inquiry", "dormant")]
    assert sum(most) > 0.85 * len(stages)
    assert 0.005 < found["mql"] / len(stages) < 0.03
    assert found["mql"] >= found["sal"] >= found["sql"] >= found["opportunity"] > 0
    assert 0.1 < sum(stage.existing_customer for stage in stages) / len(stages) < 0.35
    assert any(not stage.settled for stage in stages)
    # Most MQLs are for a product; an inquiry about the whole firm is for none.
    mql = [stage.for_products for stage in stages if stage.value.key == "mql"]
    assert {p for products in mql for p in products} == {product.id for product in PRODUCTS}
    assert sum(not products for products in mql) < 0.2 * len(mql)


def test_interest_is_a_pyramid_and_follow_up_is_for_some(market: list[mf.Assessment]) -> None:
    """Per lead and product: the higher the interest, the rarer; every state occurs."""
    leads = [lead for a in market for lead in a.leads.values()]
    found = [one for lead in leads for one in lead.engagement.values()]
    interest = Counter(one.interest.value.key for one in found)
    assert interest["aware"] > 5 * interest["interested"] > 10 * interest["high_interest"] > 0
    states = Counter(one.value.key for one in found)
    scale = PLAYBOOK.scale
    assert set(states) >= set(scale.keys) - {"none"}
    pairs = len(leads) * len(PRODUCTS)
    assert 0.01 < states["priority_follow_up"] / pairs < 0.05
    assert 0.002 < states["high_interest"] / pairs < 0.02
    assert len(found) < 0.5 * pairs


def test_the_default_sample_shows_every_stage_and_state() -> None:
    """200 companies of the default seed are enough to meet each answer."""
    answers = assessed(generate(as_of=STORY_DAY))
    leads = [lead for a in answers for lead in a.leads.values()]
    funnel = PLAYBOOK.funnel
    assert {lead.stage.value for lead in leads} == {*funnel.ladder, *funnel.detours}
    states = {one.value.key for lead in leads for one in lead.engagement.values()}
    assert states >= set(PLAYBOOK.scale.keys) - {"none"}
    assert {key(a.segment) for a in answers if a.company_id} == {
        segment.key for segment in SEGMENTS.outcomes
    } | {"undecided"}
    assert not any(a.rejects for a in answers)
