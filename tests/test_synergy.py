"""Synergy: relations between products, and where each company stands with each product."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import case, examples, frames, sources
from mpfunnel.account import Account
from mpfunnel.codec import from_data, to_data
from mpfunnel.errors import Problem
from mpfunnel.facts import account, company, group, lead, product
from mpfunnel.records import Company, Id, Product
from mpfunnel.rules.conditions import Condition
from mpfunnel.synergy import (
    IN_PIPELINE,
    NOT_ELIGIBLE,
    OWNED,
    UNTAPPED,
    Ineligible,
    Relation,
    Synergy,
    white_space,
    white_space_table,
)
from tests.frames import KINDS, RECORDS, differences, draw_records, rows_of, tables_of
from tests.leads import AS_OF, BOOKS, book_of, draw_account, draw_as_of, draw_synergy
from tests.oracle_synergy import Told, positions_of

DAY = date(2026, 10, 31)
ACCOUNTS = 150
TABLES = [("Polars", 4), ("pandas, NumPy", 7)]


# -- what declares it --


def ring(kind: Any, *products: str) -> list[Relation]:
    """Relations from each product to the next one, and from the last one to the first."""
    return [
        Relation(kind, source, target)
        for source, target in zip(products, (*products[1:], products[0]), strict=True)
    ]


@pytest.mark.parametrize(
    ("relations", "told"),
    [
        (
            ring("prerequisite", "a", "b", "c"),
            ["cycle: relations[0]: goes in a circle of prerequisite: a → b → c → a"],
        ),
        (
            [*ring("upgrade", "a", "b"), *ring("prerequisite", "c", "d")],
            [
                "cycle: relations[0]: goes in a circle of upgrade: a → b → a",
                "cycle: relations[2]: goes in a circle of prerequisite: c → d → c",
            ],
        ),
        (
            [Relation("bundle", "a", "b"), Relation("bundle", "b", "a", because="together")],
            ["duplicate: relations[1]: says the same as relations[0]"],
        ),
        (
            [Relation("substitute", "a", "b"), Relation("complement", "b", "a")],
            [
                (
                    "contradiction: relations[1]: 'b' and 'a' are substitutes by relations[0], so "
                    "they cannot be related by complement"
                )
            ],
        ),
        (
            [Relation("prerequisite", "a", "b"), Relation("upgrade", "b", "a")],
            [
                "contradiction: relations[1]: 'b' needs 'a', so who owns it has the upgrade",
            ],
        ),
        (
            [
                Relation("prerequisite", "a", "b"),
                Relation("prerequisite", "b", "c"),
                Relation("substitute", "c", "a"),
            ],
            [
                (
                    "contradiction: relations[2]: 'c' needs 'a' (by a → b → c), "
                    "so it cannot be its substitute"
                )
            ],
        ),
        (
            [Relation("bundle", "a", "b", key="x"), Relation("bundle", "a", "c", key="x")],
            ["duplicate: relations[1].key: 'x' is reserved or used twice; keys are unique"],
        ),
        (
            [Relation("bundle", "a", "b", key="owned")],
            ["duplicate: relations[0].key: 'owned' is reserved or used twice; keys are unique"],
        ),
        (["a → b"], ["type: relations[0]: must be a Relation, not str"]),
    ],
)
def test_relations_that_cannot_hold_together_are_refused(
    relations: list[Any], told: list[str]
) -> None:
    """Circles, contradictions and what stands there twice are told at once, each with its path."""
    with pytest.raises(mf.InvalidDataError) as caught:
        Synergy(relations)
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == told


def test_what_does_not_contradict_is_taken() -> None:
    """An upgrade that needs what it upgrades; one relation twice, each for other companies."""
    Synergy([Relation("prerequisite", "a", "b"), Relation("upgrade", "a", "b")])
    large = company.employees >= 300
    Synergy([Relation("prerequisite", "a", "b", large), Relation("prerequisite", "a", "b", ~large)])
    # Two ways lead from a to d, and no way leads back.
    ways = [("z", "a"), ("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    Synergy([Relation("prerequisite", *ends) for ends in ways] + [Relation("upgrade", "a", "d")])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: Relation("upgrad", "a", "b"),  # type: ignore[arg-type]
            ["choice: relation.kind: no such kind 'upgrad'; did you mean 'upgrade'?"],
        ),
        (
            lambda: Relation("else", "a", "b"),  # type: ignore[arg-type]
            [
                (
                    "choice: relation.kind: no such kind 'else'; there are complement, upgrade, "
                    "prerequisite, substitute, bundle"
                )
            ],
        ),
        (
            lambda: Relation("bundle", True, 2.0),  # type: ignore[arg-type]
            [
                "type: relation.source: must be the id of a product, not bool True",
                "type: relation.target: must be the id of a product, not float 2.0",
            ],
        ),
        (
            lambda: Relation("bundle", "a", "a"),
            ["contradiction: relation.target: 'a' cannot be related to itself"],
        ),
        (
            lambda: Ineligible(company.employees < 3, None, 3),  # type: ignore[arg-type]
            [
                "type: not_eligible.product: must be the id of a product, not NoneType None",
                "type: not_eligible.key: must be text, not int 3",
            ],
        ),
    ],
)
def test_what_is_no_relation_and_no_rule_is_refused(make: Any, told: list[str]) -> None:
    """All that is wrong with one value is told at once."""
    with pytest.raises(mf.InvalidDataError) as caught:
        make()
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == told


def test_a_playbook_refuses_what_its_synergy_cannot_name() -> None:
    """Unknown products and families, and facts that nobody knows of a company with a product."""
    small = company.employees < 10
    synergy = Synergy(
        [Relation("bundle", "crm", "sfaa"), Relation("upgrade", "x", "crm", product.score >= 3)],
        [
            Ineligible(small, "crn"),
            Ineligible(small, "family:offic"),
            Ineligible(small, "family:office"),
            Ineligible(account.owns("sfb")),
            Ineligible(lead.title == "x"),
            Ineligible(product.count("click", within_days=3) >= 1),
        ],
    )
    products = [Product("crm", family="office"), Product("sfa")]
    with pytest.raises(mf.PlaybookError) as caught:
        evolve(mf.starter(products), synergy=synergy)
    known = (
        "product.tier, product.owned, product.open_deal, product.sold, product.lifecycle "
        "are known of it"
    )
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == [
        "unknown-product: synergy.relations[0].target: no such product; did you mean 'sfa'?",
        "unknown-product: synergy.relations[1].source: no such product",
        "unknown-product: synergy.not_eligible[0].product: no such product; did you mean 'crm'?",
        "unknown-family: synergy.not_eligible[1].product: no such family; did you mean 'office'?",
        "scope: synergy.relations[1].when.product.score: cannot be asked here, where only " + known,
        (
            "unknown-product: synergy.not_eligible[3].when.account.owned: "
            "no such product 'sfb'; did you mean 'sfa'?"
        ),
        (
            "scope: synergy.not_eligible[4].when.lead.title: "
            "cannot be asked here, where only company, product, account is known"
        ),
        "scope: synergy.not_eligible[5].when.product.count(click, 3): "
        "cannot be asked here, where only " + known,
    ]
    with pytest.raises(mf.PlaybookError, match="synergy: must be a Synergy, not str 'none'"):
        evolve(mf.starter(["crm"]), synergy="none")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "when", [product.sold.is_true(), account.owns("crm"), product.lifecycle == "growth"]
)
def test_other_rules_do_not_ask_what_white_space_asks(when: Condition) -> None:
    """Whether a product is on sale, and what else a company owns, is for rules of synergy."""
    book = mf.starter(["crm"])
    model = book.engagement["crm"]
    states = evolve(model.states, rules=(mf.Rule(model.ladder[0], when), *model.states.rules))
    with pytest.raises(mf.PlaybookError, match="cannot be asked here"):
        evolve(book, engagement=evolve(model, states=states))


def test_a_playbook_without_synergy_and_plays_has_the_version_it_had() -> None:
    """What came later counts only where it is used, and then it does."""
    book = evolve(mf.starter(["crm", "sfa"]), synergy=Synergy(), plays=mf.Plays())
    assert book.version == "00f6092dbc4350fc"
    related = evolve(book, synergy=Synergy([Relation("bundle", "crm", "sfa")]))
    assert len({book.version, related.version, mf.starter(["crm", "sfa"]).version}) == 3


SHARED: Any = {
    key: value for key, value in to_data(mf.starter(["crm"])).items() if key != "products"
}
BY_NUMBER: Any = {"1": {"id": 1, "family": "office"}, "2": {"id": 2}}


def test_a_file_names_products_as_it_lists_them() -> None:
    """Ids that are integers may be written as either; a rule without a product is about all."""
    synergy: Any = {
        "relations": [
            {"kind": "substitute", "source": "1", "target": 2, "key": "k", "when": {"region": "x"}}
        ],
        "not_eligible": [
            {"when": {"employees": "10未満", "account.owned": "2"}},
            {"product": "family:office", "when": {"product.sold": True}, "because": "why"},
        ],
    }
    book = from_data({**SHARED, "products": BY_NUMBER, "synergy": synergy})
    assert book.synergy == Synergy(
        [Relation("substitute", 1, 2, company.region == "x", "k")],
        [
            Ineligible((company.employees < 10) & account.owns(2)),
            Ineligible(product.sold == True, "family:office"),  # noqa: E712
        ],
    )
    assert from_data(to_data(book)) == book
    assert to_data(book)["synergy"]["relations"][0]["source"] == 1


def test_faults_of_a_file_are_told_at_once() -> None:
    """Each with the path under which the file has it."""
    synergy: Any = {
        "relations": [
            {"source": "crm"},
            {"kind": "bundle", "source": "crm", "target": True, "kinds": "x"},
            {"kind": "bundel", "source": "crm", "target": "sfa"},
            {"kind": "bundle", "source": "crm", "target": "crm"},
        ],
        "not_eligible": [{"product": 2.5, "because": "x"}],
        "rules": [],
    }
    with pytest.raises(mf.DecodeError) as caught:
        from_data({**SHARED, "products": {"crm": {}, "sfa": {}}, "synergy": synergy})
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == [
        (
            "unknown-key: synergy.rules: no such key; "
            "known are cool_down_days, relations, not_eligible, offers"
        ),
        "missing: synergy.relations[0]: has no kind",
        "missing: synergy.relations[0]: has no target",
        "unknown-key: synergy.relations[1].kinds: no such key; did you mean 'kind'?",
        "type: synergy.relations[1].target: must be the id of a product",
        "choice: synergy.relations[2].kind: no such kind 'bundel'; did you mean 'bundle'?",
        "contradiction: synergy.relations[3].target: 'crm' cannot be related to itself",
        "type: synergy.not_eligible[0].product: must be the id of a product",
        "missing: synergy.not_eligible[0]: has no when",
    ]
    circle = [
        {"kind": "upgrade", "source": one, "target": other}
        for one, other in (("crm", "sfa"), ("sfa", "crm"))
    ]
    with pytest.raises(mf.DecodeError) as caught:
        from_data({**SHARED, "products": {"crm": {}, "sfa": {}}, "synergy": {"relations": circle}})
    message = "goes in a circle of upgrade: crm → sfa → crm"
    assert caught.value.problems == (Problem("cycle", "synergy.relations[0]", message),)
    strange: Any = {"relations": [{"kind": "bundle", "source": "crm", "target": "sfb"}]}
    with pytest.raises(mf.PlaybookError, match="no such product; did you mean"):
        from_data({**SHARED, "products": {"crm": {}, "sfa": {}}, "synergy": strange})


# -- what it answers --


def test_each_reason_in_its_order() -> None:
    """Owned, being sold, not on sale, ruled out, what is lacking, what is there instead."""
    products: dict[Id, Product] = {
        "crm": Product("crm", mf.Label("CRM", "顧客管理")),
        "sfa": Product("sfa", family="office", sold_until=DAY),
        "ma": Product("ma"),
    }
    large = company.employees >= 300
    synergy = Synergy(
        [
            Relation("substitute", "sfa", "ma", key="instead"),
            Relation("prerequisite", "crm", "sfa"),
            Relation("prerequisite", "crm", "sfa", large, because="the large need it"),
            Relation("complement", "ma", "crm"),
        ],
        [
            Ineligible(company.segment.is_in("competitor")),
            Ineligible(group.owns("ma"), "family:office", "of-family"),
            Ineligible(large, "ma"),
        ],
    )
    table = white_space_table(synergy, products["sfa"], products)
    assert [(rule.key, rule.outcome, rule.because.en, rule.because.ja) for rule in table.rules] == [
        ("owned", OWNED, "owned", "導入済み"),
        ("in-pipeline", IN_PIPELINE, "open deal", "進行中の商談"),
        ("not-sold", NOT_ELIGIBLE, "not sold on this day", "この日は販売していない"),
        ("not-eligible-1", NOT_ELIGIBLE, "segment competitor", "セグメント competitor"),
        (
            "of-family",
            NOT_ELIGIBLE,
            "products owned in the group has any of ma",
            "グループの導入済み商材 maを含む",
        ),
        ("prerequisite-crm", NOT_ELIGIBLE, "needs CRM", "前提商材「顧客管理」が未導入"),
        ("prerequisite-crm-bis", NOT_ELIGIBLE, "the large need it", "the large need it"),
        ("instead", NOT_ELIGIBLE, "has ma in its place", "代替商材「ma」を導入済み"),
    ]
    assert table.otherwise == UNTAPPED
    assert [one.label.ja for one in table.outcomes] == [
        "導入済み",
        "商談中",
        "提案対象外",
        "未開拓",
    ]
    assert [one.key for one in white_space_table(synergy, products["crm"], products).rules][3:] == [
        "not-eligible-1"
    ]


def test_people_without_company_have_no_white_space() -> None:
    """Nobody knows to whom anything would be sold."""
    engine = mf.Engine(mf.starter(["crm"]))
    answer = engine.assess(Account(leads=[mf.Lead(1)]), as_of=DAY)
    assert not answer.white_space
    assert not answer.involved
    assert answer.rows()["company_products"] == []
    with pytest.raises(mf.InvalidDataError, match="have no segment, Tier or white space"):
        engine.white_space_for(Account(), "crm", as_of=DAY)
    with pytest.raises(mf.InvalidDataError, match="account: must be an Account, not Company"):
        engine.white_space_for(Company(1), "crm", as_of=DAY)  # type: ignore[arg-type]
    with pytest.raises(mf.UnknownNameError, match="no such product 'crn'"):
        engine.white_space_for(Account(Company(1)), "crn", as_of=DAY)


def test_white_space_is_explained_down_to_its_facts() -> None:
    """Each rule, each condition and the fact that it saw."""
    book = evolve(
        mf.starter(["crm", "sfa"]),
        synergy=Synergy([Relation("prerequisite", "crm", "sfa", company.employees >= 300)]),
    )
    engine = mf.Engine(book)
    assert engine.explain("white_space", Company(1), "sfa", as_of=DAY) == (
        """\
undecided: not eligible or untapped — may be offered, and nobody has yet [otherwise]
missing: employees (company.employees)
  no  owned → owned
    no  owned (no)
  no  in-pipeline → in the pipeline
    no  open deal (no)
  no  not-sold → not eligible
    no  not
      yes on sale (yes)
  ?   prerequisite-crm → not eligible
    ?   all of
      yes not
        no  products owned has any of crm (none)
      ?   employees at least 300 people (unknown)"""
    )


def test_a_product_is_sold_on_its_first_and_on_its_last_day() -> None:
    """And on no day before or after."""
    one = Product("crm", sold_from=DAY, sold_until=DAY + timedelta(2))
    days = [DAY + timedelta(days) for days in range(-1, 4)]
    assert [one.is_sold_on(day) for day in days] == [False, True, True, True, False]
    assert Product("crm").is_sold_on(DAY)


# -- a second model, which makes no tables --


@cache
def engine_of(number: int) -> mf.Engine:
    """The engine of a playbook whose products are sold on some days, with relations between them.

    They are related in other ways than those of `tests.leads`.
    """
    random, book = Random(f"white space {number}"), book_of(number)
    days = [day + timedelta(shift) for day in AS_OF for shift in (-1, 0, 1)]
    products = [
        evolve(
            one,
            family=random.choice((None, "office")),
            lifecycle=random.choice((None, "growth", "maturity")),
            sold_from=random.choice((None, *days)),
        )
        for one in book.products
    ]
    products = [
        evolve(one, sold_until=random.choice((None, *(day for day in days if day >= begun))))
        for one in products
        for begun in (one.sold_from or date.min,)
    ]
    synergy = draw_synergy(random, [one.id for one in products])
    if any(one.family for one in products):
        rules = [
            evolve(one, product="family:office") if random.randrange(2) else one
            for one in synergy.not_eligible
        ]
        synergy = evolve(synergy, not_eligible=rules)
    return mf.Engine(evolve(book, products=products, synergy=synergy))


def drawn(seed: str, count: int) -> Iterator[tuple[mf.Engine, Account, date]]:
    """Engines, each with an account and a day."""
    random = Random(seed)
    for _ in range(count):
        engine, as_of = engine_of(random.randrange(BOOKS)), draw_as_of(random)
        yield engine, draw_account(random, engine.playbook, as_of), as_of


def disagreement(seed: str, count: int) -> str | None:
    """The first answer that the second model does not give."""
    for engine, given_account, as_of in drawn(seed, count):
        told = engine.assess(given_account, as_of=as_of).white_space
        wanted = positions_of(engine.playbook, given_account, as_of)
        said = {
            product_id: Told(
                one.value.key,
                # What declares the same thing twice has a key of its own.
                one.rule.replace("-bis", ""),
                {other.key for other in one.possible},
                one.missing,
            )
            for product_id, one in told.items()
        }
        if said != wanted:
            return f"{as_of}: {said} but {wanted}"
    return None


@pytest.mark.parametrize("seed", range(3))
def test_a_second_model_agrees(seed: int) -> None:
    """What is owned, being sold or not on sale is told first; then whatever speaks against it."""
    assert disagreement(f"second model {seed}", ACCOUNTS) is None


@pytest.mark.bulk
@pytest.mark.parametrize("seed", range(10))
def test_a_second_model_agrees_on_many_accounts(seed: int) -> None:
    """The same, of thousands of accounts."""
    assert disagreement(f"many {seed}", 1_000) is None


def test_every_company_has_one_position_with_each_product() -> None:
    """Law 7: Nothing is lost: none is left out, and all four positions occur."""
    seen: Counter[str] = Counter()
    for engine, given_account, as_of in drawn("each", ACCOUNTS):
        answer = engine.assess(given_account, as_of=as_of)
        rows = answer.rows()["company_products"]
        products = [one.id for one in engine.playbook.products]
        assert [row["product_id"] for row in rows] == (products if given_account.company else [])
        assert tuple(answer.white_space) == tuple(row["product_id"] for row in rows)
        for product_id, one in answer.white_space.items():
            assert one.value in one.possible
            assert (one.value == OWNED) is (product_id in answer.owned)
            assert one == engine.white_space_for(given_account, product_id, as_of=as_of)
        seen.update(row["position"] for row in rows)
    assert set(seen) == {"owned", "in_pipeline", "untapped", "not_eligible"}


@pytest.mark.parametrize(("kind", "number"), TABLES)
def test_tables_agree(kind: str, number: int) -> None:
    """Law 1: Engines agree: with products that come and go, and rules that ask for the Tier."""
    random = Random(f"tables {number}")
    engine, as_of = engine_of(number), draw_as_of(random)
    records = draw_records(random, engine.playbook, as_of, 30)
    given = KINDS[kind](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en")
    assert differences(out, engine, records, as_of, possible=False) == []


def test_order_does_not_matter() -> None:
    """Law 4: Order does not matter, of products, relations and rules; but for which is named."""
    random = Random("order")
    for engine, given_account, as_of in drawn("order", 60):
        book = engine.playbook
        synergy = Synergy(
            random.sample(book.synergy.relations, len(book.synergy.relations)),
            random.sample(book.synergy.not_eligible, len(book.synergy.not_eligible)),
        )
        products = random.sample(book.products, len(book.products))
        turned = mf.Engine(evolve(book, products=products, synergy=synergy))
        for product_id, one in engine.assess(given_account, as_of=as_of).white_space.items():
            other = turned.white_space_for(given_account, product_id, as_of=as_of)
            assert (other.value, set(other.possible)) == (one.value, set(one.possible))
            assert one.settled or set(other.missing) == set(one.missing)


def test_unknown_is_not_no() -> None:
    """Law 2: Unknown is not no: what becomes known moves the answer inside what was possible."""
    random, unsettled = Random("unknown"), 0
    for engine, given_account, as_of in drawn("unknown", 6 * ACCOUNTS):
        if not isinstance(given_account.company, Company):
            continue
        filled = _filled(random, given_account.company)
        before = engine.assess(given_account, as_of=as_of).white_space
        after = engine.assess(evolve(given_account, company=filled), as_of=as_of).white_space
        for product_id, one in before.items():
            assert set(after[product_id].possible) <= set(one.possible)
            assert not one.settled or after[product_id].value == one.value
            assert one.settled or one.missing
            unsettled += not one.settled
    assert unsettled > 10


def _filled(random: Random, one: Company) -> Company:
    plants = {"plants": random.randrange(4), **one.attributes}
    return evolve(
        one,
        employees=random.choice((10, 300)) if one.employees is None else one.employees,
        annual_revenue=10**9 if one.annual_revenue is None else one.annual_revenue,
        industry=one.industry or random.choice(("製造業", "小売業")),
        attributes={key: 1 if value is None else value for key, value in plants.items()},
    )


# -- a test of the tests --

Plant = Callable[[pytest.MonkeyPatch], None]


def _one_direction_of_substitutes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Relation, "pair", property(lambda one: frozenset((one.target,))))


def _prerequisites_the_other_way_round(patch: pytest.MonkeyPatch) -> None:
    right = account.owns
    patch.setattr(type(account), "owns", lambda _, product_id: ~right(product_id))


def _conditions_of_relations_unread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(white_space, "_joined", lambda first, _: first)


def _the_last_day_not_sold(patch: pytest.MonkeyPatch) -> None:
    right = Product.is_sold_on
    patch.setattr(Product, "is_sold_on", lambda one, day: right(one, day + timedelta(1)))


def _deals_before_what_is_owned(patch: pytest.MonkeyPatch) -> None:
    first, second, *rest = white_space._ALWAYS
    patch.setattr(white_space, "_ALWAYS", (second, first, *rest))


def _families_unread(patch: pytest.MonkeyPatch) -> None:
    right = Ineligible.is_about
    patch.setattr(Ineligible, "is_about", lambda one, product_id, _: right(one, product_id, None))


def _every_product_unread(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ineligible, "is_about", lambda one, product_id, _: one.product == product_id)


def _owned_by_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(case, "Held", lambda _: SimpleNamespace(owned=frozenset()))


@pytest.mark.bulk
@pytest.mark.parametrize(
    "plant",
    [
        _one_direction_of_substitutes,
        _prerequisites_the_other_way_round,
        _conditions_of_relations_unread,
        _the_last_day_not_sold,
        _deals_before_what_is_owned,
        _families_unread,
        _every_product_unread,
        _owned_by_nobody,
    ],
)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second model disagrees with each of them."""
    engine_of.cache_clear()
    plant(monkeypatch)
    found = [disagreement(f"second model {seed}", ACCOUNTS) for seed in range(3)]
    engine_of.cache_clear()
    assert any(found)


# -- real data --

OWNED_OF_MAVEN = {
    "GTX Basic": 84,
    "GTX Plus Basic": 83,
    "GTX Pro": 82,
    "MG Advanced": 80,
    "MG Special": 80,
    "GTX Plus Pro": 73,
    "GTK 500": 8,
}


@pytest.mark.parametrize("kind", ["Polars", "pandas, NumPy"])
def test_the_white_space_of_maven(kind: str, shared_data: Path) -> None:
    """Law 7: Nothing is lost: of 85 companies, each product is owned, pursued or untapped."""
    read = sources.read("maven", shared_data / "maven_crm")
    engine, day = mf.Engine(examples.playbook("maven")), date(2017, 6, 30)
    records = {name: getattr(read, name) for name in RECORDS}
    by_object = {
        (answer.company_id, product_id): one.value.key
        for given_account in mf.accounts(**records)
        for answer in (engine.assess(given_account, as_of=day),)
        for product_id, one in answer.white_space.items()
    }
    out = frames.assess(engine, **KINDS[kind](tables_of(records, engine)), as_of=day)
    rows = rows_of(out.company_products)
    assert {(row["company_id"], row["product_id"]): row["position"] for row in rows} == by_object
    assert len(rows) == len(by_object) == 85 * 7
    for product_id, owned in OWNED_OF_MAVEN.items():
        counts = Counter(where for (_, about), where in by_object.items() if about == product_id)
        assert counts["owned"] == owned
        assert counts["owned"] + counts["in_pipeline"] + counts["untapped"] == 85
