"""Offers: what to propose to a company next, by rules that a firm declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import case, frames, prospects
from mpfunnel.account import Account
from mpfunnel.answers import NextProduct
from mpfunnel.codec import from_data, to_data
from mpfunnel.engagement import EngagementModel
from mpfunnel.facts import account, company, lead, product
from mpfunnel.ownership import dealings
from mpfunnel.records import Company, Contract, Deal, DealLine, Id, Product
from mpfunnel.rules.conditions import Condition
from mpfunnel.synergy import (
    CROSS_SELL,
    NO_OFFER,
    OFFERS,
    SUCCESSOR,
    Ineligible,
    Offer,
    OfferRule,
    Relation,
    Synergy,
    dated,
    offer_table,
    offering,
)
from tests.frames import KINDS, differences, draw_records, tables_of
from tests.leads import AS_OF, BOOKS, book_of, draw_account, draw_as_of, draw_offers, draw_synergy
from tests.oracle_offers import next_of
from tests.warehouse import InDuckDB, answered

DAY = date(2026, 10, 31)
ACCOUNTS = 120


# -- a second model, which makes no tables --


@cache
def engine_of(number: int) -> mf.Engine:
    """The engine of a playbook with offers, whose products come and go.

    Some of its rules of interest ask about the company, so that nobody knows how keen people are.
    """
    random, book = Random(f"offers {number}"), book_of(number)
    days = [day + timedelta(shift) for day in AS_OF for shift in (-1, 0, 1)]
    products = [
        evolve(
            one,
            family=random.choice((None, "office")),
            sold_until=random.choice((None, None, date(2020, 1, 1), *days)),
            lifecycle=random.choice((None, "growth")),
        )
        for one in book.products
    ]
    ids = [one.id for one in products]
    synergy = evolve(
        draw_synergy(random, ids) if random.randrange(2) else Synergy(),
        offers=draw_offers(random, ids),
        cool_down_days=random.choice((0, 0, 1, 3, 30)),
    )
    engagement = {p: _vague(random, model) for p, model in book.engagement.items()}
    changed: dict[str, Any] = {"products": products, "engagement": engagement, "synergy": synergy}
    return mf.Engine(evolve(book, plays=mf.Plays(), **changed))


def _vague(random: Random, model: EngagementModel) -> EngagementModel:
    """The model, now and then with interest that waits for facts of the company."""
    levels = {one.key: one for one in model.ladder}
    large = mf.Rule(levels["interested"], company.employees >= 300, key="large")
    unknown = mf.Rule(levels["aware"], company.annual_revenue.is_missing(), key="unknown")
    target = mf.Rule(levels["high_interest"], product.tier.at_least(mf.Tier(1)), key="target")
    extra = random.choice(((), (), (large,), (unknown, large), (target,)))
    return evolve(model, interest=evolve(model.interest, rules=(*extra, *model.interest.rules)))


def drawn(seed: str, count: int) -> Iterator[tuple[mf.Engine, Account, date]]:
    """Engines, each with an account and a day."""
    random = Random(seed)
    for _ in range(count):
        engine, as_of = engine_of(random.randrange(BOOKS)), draw_as_of(random)
        found = draw_account(random, engine.playbook, as_of)
        contracts = [evolve(one, quantity=random.choice((0, 1, 4))) for one in found.contracts]
        yield engine, evolve(found, contracts=contracts), as_of


def said(one: NextProduct) -> tuple[Id, str, frozenset[str], str]:
    """What the second model says of one product."""
    return one.product_id, one.value.key, frozenset(map(str, one.possible)), one.rule


def disagreement(seed: str, count: int) -> str | None:
    """The first account about which the second model says something else."""
    for engine, given_account, as_of in drawn(seed, count):
        told = [said(one) for one in engine.next_products(given_account, as_of=as_of)]
        wanted = [tuple(one) for one in next_of(engine.playbook, given_account, as_of)]
        if told != wanted:
            return f"{as_of}: {told} but {wanted}"
    return None


@pytest.mark.parametrize("seed", range(3))
def test_a_second_model_agrees(seed: int) -> None:
    """On what is offered, what may be, by which rule, and in which order."""
    assert disagreement(f"second model {seed}", ACCOUNTS) is None


@pytest.mark.bulk
@pytest.mark.parametrize("seed", range(10))
def test_a_second_model_agrees_on_many_accounts(seed: int) -> None:
    """The same, of thousands of accounts."""
    assert disagreement(f"many {seed}", 200) is None


def test_every_product_has_one_place() -> None:
    """Law 7: Nothing is lost: rows are companies × products, ranked from 1, each with a reason."""
    seen: Counter[str] = Counter()
    for engine, given_account, as_of in drawn("each", 3 * ACCOUNTS):
        answer = engine.assess(given_account, as_of=as_of)
        products = [one.id for one in engine.playbook.products]
        found = engine.next_products(given_account, as_of=as_of)
        assert answer.next_products == found
        if given_account.company is None:
            assert found == ()
            continue
        assert {one.product_id for one in found} == set(products)
        assert [one.rank for one in found] == list(range(1, len(products) + 1))
        offered = [one.offered for one in found]
        assert offered == sorted(offered, reverse=True)
        rows = {row["product_id"]: row for row in answer.rows("ja")["company_products"]}
        for one in found:
            row = rows[one.product_id]
            assert one.value in one.possible
            assert (row["offer"], row["rank"]) == (one.value.key, one.rank)
            assert (row["offer_rule"], row["offer_because"]) == (one.rule, one.because.ja)
            assert row["offer_settled"] is one.settled
            assert row["offer_possible"] == ";".join(map(str, one.possible))
            assert one.white_space == answer.white_space[one.product_id]
            assert one.tier == answer.tiers[one.product_id]
            assert one.involvement == answer.involved[one.product_id]
            text = engine.explain("offer", given_account, one.product_id, as_of=as_of, lang="en")
            first = text.partition("\n")[0]
            assert first.startswith(one.text())
            assert first.endswith(f"[{one.rule}]")
        seen.update(one.value.key for one in found)
    assert set(seen) == {one.key for one in (*OFFERS, NO_OFFER)}


def test_order_does_not_matter() -> None:
    """Law 4: Order does not matter, of the products of a playbook."""
    random = Random("order")
    for engine, given_account, as_of in drawn("order", 40):
        book = engine.playbook
        turned = mf.Engine(evolve(book, products=random.sample(book.products, len(book.products))))
        told = [said(one) for one in engine.next_products(given_account, as_of=as_of)]
        assert [said(one) for one in turned.next_products(given_account, as_of=as_of)] == told


def test_the_future_does_not_change_the_past() -> None:
    """Law 5: The future does not change the past: deals and contracts of later days are unseen."""
    for engine, given_account, as_of in drawn("future", 60):
        if given_account.company is None:
            continue
        company_id, (first, *_) = "c", engine.playbook.products
        later = as_of + timedelta(1)
        at = datetime.combine(later + timedelta(1), time(12), UTC)
        more = evolve(
            given_account,
            deals=[*given_account.deals, Deal("z", company_id, at, [DealLine(first.id)])],
            contracts=[*given_account.contracts, Contract(company_id, first.id, later)],
        )
        told = engine.next_products(given_account, as_of=as_of)
        assert engine.next_products(more, as_of=as_of) == told


def test_unknown_is_not_no() -> None:
    """Law 2: Unknown is not no: what becomes known moves the offer inside what was possible."""
    random, unsettled = Random("unknown"), 0
    for engine, given_account, as_of in drawn("unknown", 4 * ACCOUNTS):
        if not isinstance(given_account.company, Company):
            continue
        filled = _filled(random, given_account.company)
        before = engine.next_products(given_account, as_of=as_of)
        known = evolve(given_account, company=filled)
        after = {one.product_id: one for one in engine.next_products(known, as_of=as_of)}
        for one in before:
            assert set(after[one.product_id].possible) <= set(one.possible)
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


# -- whole tables --


@pytest.mark.parametrize("given", [(), ("deals",), ("contracts",)])
def test_tables_need_neither_deals_nor_contracts(given: tuple[str, ...]) -> None:
    """Law 1: Engines agree where a table is not given: then nothing is owned by what it tells."""
    long = OfferRule("cross_sell", source="crm", owned_for_days=30, key="long")
    rules = [Ineligible(~account.owns("crm"), "ma")]
    synergy = Synergy(not_eligible=rules, offers=[long])
    engine = mf.Engine(evolve(mf.starter(["crm", "sfa", "ma"]), synergy=synergy, plays=mf.Plays()))
    closed = datetime(2026, 5, 1, tzinfo=UTC)
    deal = mf.Deal(1, 1, closed, [mf.DealLine("crm")], "won", closed)
    contract = mf.Contract(1, "crm", date(2025, 1, 1))
    records: dict[str, Any] = {"deals": [deal], "contracts": [contract]}
    told = Account(mf.Company(1), **{name: records[name] for name in given})
    wanted = engine.assess(told, as_of=DAY).rows()["company_products"]
    tables: dict[str, Any] = {
        "deals": pl.DataFrame(
            {"id": [1], "company_id": [1], "opened_at": [closed], "closed_at": [closed]}
            | {"status": ["won"], "product_id": ["crm"]}
        ),
        "contracts": pl.DataFrame(
            {"company_id": [1], "product_id": ["crm"], "start": [date(2025, 1, 1)]}
        ),
    }
    out = frames.assess(
        engine,
        companies=pl.DataFrame({"id": [1]}),
        as_of=DAY,
        **{name: tables[name] for name in given},
    )
    names = ("product_id", "position", "offer", "rank")
    found = sorted(out.company_products.select(names).iter_rows())
    assert found == sorted(tuple(row[name] for name in names) for row in wanted)


def test_what_is_to_come_is_no_dealing() -> None:
    """Law 5: The future does not change the past: what begins on a later day is not told."""
    later = DAY + timedelta(1)
    opened = datetime(2026, 11, 2, tzinfo=UTC)
    found = dealings(
        [mf.Deal(1, 1, opened, [mf.DealLine("crm")])],
        [mf.Contract(1, "crm", later)],
        as_of=DAY,
        day_of=lambda at: at.date(),
    )
    assert found == {}


def drawn_tables(number: int, count: int) -> tuple[mf.Engine, dict[str, list[Any]], date]:
    """An engine, and the records of many accounts on a day."""
    random = Random(f"tables {number}")
    engine, as_of = engine_of(number), draw_as_of(random)
    records = draw_records(random, engine.playbook, as_of, count)
    amounts = (0, 1, 1, 4, 2**63 - 1)
    records["contracts"] = [
        evolve(one, quantity=random.choice(amounts), grade=random.choice((None, 1)))
        for one in records["contracts"]
    ]
    return engine, records, as_of


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=[] if number in (0, 11) else [pytest.mark.bulk])
        for number in range(BOOKS)
    ],
)
def test_tables_agree(number: int) -> None:
    """Law 1: Engines agree: offer, what is possible, reason and rank of every row.

    In some playbooks, people without a sign are keen for what is known of their company.
    """
    engine, records, as_of = drawn_tables(number, 40)
    given = KINDS["Polars"](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en")
    assert differences(out, engine, records, as_of, possible=False) == []


@pytest.mark.parametrize("kind", ["pandas, NumPy", pytest.param("DuckDB", marks=pytest.mark.bulk)])
def test_tables_of_other_kinds_agree(kind: str) -> None:
    """Law 1: Engines agree, whatever holds the tables."""
    engine, records, as_of = drawn_tables(2, 25)
    given = KINDS[kind](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en")
    assert differences(out, engine, records, as_of, possible=False) == []


def test_tables_in_parts_agree() -> None:
    """Law 4: Order does not matter: how keen people are adds up from the parts of the leads."""
    engine, records, as_of = drawn_tables(1, 25)
    given = KINDS["Polars"](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en", chunks=3)
    assert differences(out, engine, records, as_of, possible=False) == []


@pytest.mark.bulk
@pytest.mark.parametrize("variable", [False, True])
def test_sql_text_agrees(variable: bool) -> None:
    """Law 1: Engines agree: SQL text, whose day may be a variable, for products that end, too."""
    engine, records, as_of = drawn_tables(9, 20)
    database, day = InDuckDB(), "getvariable('as_of')::DATE"
    database.connection.execute(f"SET VARIABLE as_of = DATE '{as_of}'")
    given = tables_of(records, engine)
    out = answered(database, "duckdb", engine, given, day if variable else as_of)
    assert differences(out, engine, records, as_of, possible=False) == []


# -- what declares them --


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda: OfferRule("cross_sel", product="sfa", key=3),  # type: ignore[arg-type]
            [
                "choice: offer.offer: no such offer 'cross_sel'; did you mean 'cross_sell'?",
                "type: offer.key: must be text, not int 3",
            ],
        ),
        (
            lambda: OfferRule(NO_OFFER),
            [
                (
                    "choice: offer.offer: no such offer 'no_offer'; "
                    "there are renewal, successor, up_sell, cross_sell"
                )
            ],
        ),
        (
            lambda: OfferRule(3, product=True, source=2.5),  # type: ignore[arg-type]
            [
                (
                    "choice: offer.offer: no such offer 3; "
                    "there are renewal, successor, up_sell, cross_sell"
                ),
                "type: offer.product: must be the id of a product, not bool True",
                "type: offer.source: must be the id of a product, not float 2.5",
            ],
        ),
        (
            lambda: OfferRule("successor", owned_for_days=3),
            [
                "missing: offer.source: must name the product that it succeeds",
                (
                    "missing: offer.source: "
                    "needs a source, the product that has been owned for so long"
                ),
            ],
        ),
        (
            lambda: OfferRule("up_sell", product="a", source="a", owned_for_days=-1),
            [
                (
                    "contradiction: offer.source: "
                    "'a' cannot be offered to those who own it, as itself"
                ),
                ("range: offer.owned_for_days: must be a number of days from 0 to 36,500, not -1"),
            ],
        ),
        (
            lambda: OfferRule("up_sell", source="a ", owned_for_days=1),
            [
                (
                    "format: offer.source: "
                    "'a ' begins or ends with a blank, so days cannot be asked of it"
                )
            ],
        ),
        (
            lambda: Synergy(offers=[OfferRule("renewal", key="cool-down")], cool_down_days=True),
            [
                "duplicate: offers[0].key: 'cool-down' is reserved",
                "range: cool_down_days: must be a number of days from 0 to 36,500, not True",
            ],
        ),
        (
            lambda: Synergy(offers=["renewal"]),  # type: ignore[list-item]
            ["type: offers[0]: must be an OfferRule, not str"],
        ),
    ],
)
def test_what_is_no_rule_of_offers_is_refused(make: Any, told: list[str]) -> None:
    """All that is wrong with one value is told at once."""
    with pytest.raises(mf.InvalidDataError) as caught:
        make()
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == told


def test_a_playbook_refuses_what_its_offers_cannot_name() -> None:
    """Unknown products and families, and what nobody knows of a company with a product."""
    synergy = Synergy(
        offers=[
            OfferRule("renewal", product.score >= 3, "crn"),
            OfferRule("cross_sell", account.owned_for("sfb", days=3), "family:x", "sfb"),
            OfferRule("cross_sell", lead.title == "x", "family:office"),
            OfferRule("cross_sell", account.discontinued.contains_any("sfb")),
        ]
    )
    with pytest.raises(mf.PlaybookError) as caught:
        evolve(mf.starter([Product("crm", family="office"), Product("sfa")]), synergy=synergy)
    assert [f"{one.code}: {one.path}" for one in caught.value.problems] == [
        "unknown-product: synergy.offers[0].product",
        "unknown-family: synergy.offers[1].product",
        "unknown-product: synergy.offers[1].source",
        "scope: synergy.offers[0].when.product.score",
        "unknown-product: synergy.offers[1].when.account.owned_for(sfb, 3)",
        "scope: synergy.offers[2].when.lead.title",
        "unknown-product: synergy.offers[3].when.account.discontinued",
    ]


ONLY_OFFERS = [
    account.existing_customer.is_true(),
    account.owned_for("crm", days=3).is_true(),
    product.quantity >= 3,
    product.ends(within_days=3).is_true(),
    product.best_interest.at_least("aware"),
]


@pytest.mark.parametrize("when", ONLY_OFFERS)
def test_other_rules_do_not_ask_what_offers_ask(when: Condition) -> None:
    """Neither those of white space nor those of engagement."""
    book = mf.starter(["crm"])
    model = book.engagement["crm"]
    states = evolve(model.states, rules=(mf.Rule(model.ladder[0], when), *model.states.rules))
    with pytest.raises(mf.PlaybookError, match="cannot be asked here"):
        evolve(book, engagement=evolve(model, states=states))
    with pytest.raises(mf.PlaybookError, match="cannot be asked here: it is for rules of offers"):
        evolve(book, synergy=Synergy(not_eligible=[Ineligible(when)]))


def test_questions_with_days_are_written_as_they_are_named() -> None:
    """Of a product with any id; what is written wrongly is told."""
    for product_id in ("crm", "a, b (c)", 7):
        fact = account.owned_for(product_id, days=180).fact
        assert fact.name == f"account.owned_for({product_id}, 180)"
        assert account.named(fact.key).fact == fact
    assert account.owned_for(Product("crm"), days=3).fact.label.ja == "crmを3日以上前から導入済み"
    assert product.named("ends( 090 )").fact == product.ends(within_days=90).fact
    with pytest.raises(mf.UnknownNameError, match="no such fact; did you mean 'owned_for'"):
        account.named("owned_fro(crm, 3)")
    for wrong in ("owned_for(3)", "owned_for(crm, x)", "owned_for(crm, 0)"):
        with pytest.raises(mf.InvalidDataError):
            account.named(wrong)


def test_a_playbook_without_offers_has_the_version_it_had() -> None:
    """What came later counts only where it is used, and then it does."""
    related = Synergy([Relation("bundle", "crm", "sfa")])
    book = evolve(mf.starter(["crm", "sfa"]), synergy=related)
    assert book.version == evolve(book, synergy=evolve(related, offers=())).version
    others = [evolve(related, offers=[OfferRule("renewal")]), evolve(related, cool_down_days=3)]
    assert len({book.version, *(evolve(book, synergy=one).version for one in others)}) == 3


# -- in a file --


@pytest.mark.parametrize("number", range(BOOKS))
def test_a_file_holds_all_of_it(number: int, tmp_path: Path) -> None:
    """Law 8: Round trip, as data and as text; with the reasons, too."""
    book = engine_of(number).playbook
    (tmp_path / "playbook.toml").write_text(mf.dump(book), encoding="utf-8")
    for again in (from_data(to_data(book)), mf.load(tmp_path)):
        assert again == book
        assert again.version == book.version
        told = [one.because for one in again.synergy.offers]
        assert told == [one.because for one in book.synergy.offers]


FIRM: Any = {
    key: value
    for key, value in to_data(mf.starter(["crm"])).items()
    if key not in ("products", "plays")
}
OFFERED: Any = {**FIRM, "products": {"1": {"id": 1, "family": "office"}, "2": {"id": 2}}}


def test_a_file_names_products_as_it_lists_them() -> None:
    """Ids that are integers may be written as either; a rule without a product is about all."""
    synergy: Any = {
        "cool_down_days": 30,
        "offers": [
            {
                "offer": "cross_sell",
                "product": "2",
                "source": "1",
                "owned_for_days": 180,
                "when": {"employees": "300以上", "account.owned_for(1, 7)": True},
            },
            {"offer": "renewal", "when": {"product.ends(90)": True}, "key": "k", "because": "why"},
            {"offer": "up_sell", "product": "family:office"},
        ],
    }
    book = from_data({**OFFERED, "synergy": synergy})
    asked = (company.employees >= 300) & account.owned_for(1, days=7).is_true()
    assert book.synergy == Synergy(
        offers=[
            OfferRule("cross_sell", asked, 2, 1, 180),
            OfferRule("renewal", product.ends(within_days=90), key="k", because="why"),
            OfferRule("up_sell", product="family:office"),
        ],
        cool_down_days=30,
    )
    assert from_data(to_data(book)) == book
    assert to_data(book)["synergy"]["offers"][0]["source"] == 1


def test_faults_of_a_file_are_told_at_once() -> None:
    """Each with the path under which the file has it."""
    offers: Any = [
        {"product": True},
        {"offer": "renewals", "sources": "x"},
        {"offer": "cross_sell", "source": 2.5, "when": {"employes": 3}},
        {"offer": "cross_sell", "source": 1, "owned_for_days": "180"},
    ]
    with pytest.raises(mf.DecodeError) as caught:
        from_data({**OFFERED, "synergy": {"offers": offers}})
    assert [f"{one.code}: {one.path}: {one.message}" for one in caught.value.problems] == [
        "missing: synergy.offers[0]: has no offer",
        "type: synergy.offers[0].product: must be the id of a product",
        "unknown-key: synergy.offers[1].sources: no such key; did you mean 'source'?",
        "choice: synergy.offers[1].offer: no such offer 'renewals'; did you mean 'renewal'?",
        "type: synergy.offers[2].source: must be the id of a product",
        ("unknown-fact: synergy.offers[2].when.employes: no such fact; did you mean 'employees'?"),
        (
            "range: synergy.offers[3].owned_for_days: "
            "must be a number of days from 0 to 36,500, not '180'"
        ),
    ]
    with pytest.raises(mf.DecodeError, match=r"synergy\.cool_down_days: must be a number of days"):
        from_data({**OFFERED, "synergy": {"cool_down_days": -1}})


# -- what is answered --


def book_with(*offers: OfferRule, cool_down_days: int = 0, **products: Product) -> mf.Playbook:
    """The starter with offers, and without what it rules out."""
    synergy = Synergy(offers=offers, cool_down_days=cool_down_days)
    given = [products.get(one, Product(one)) for one in ("crm", "sfa", "ma")]
    return evolve(mf.starter(given), synergy=synergy)


def test_each_rule_in_its_order_with_its_reason() -> None:
    """What speaks against it first; then the rules about the product, but for its own source."""
    book = book_with(
        OfferRule("renewal", product.ends(within_days=90), key="ends"),
        OfferRule("cross_sell", source="crm", owned_for_days=180),
        OfferRule("cross_sell", company.employees >= 300, "family:office", "ma"),
        OfferRule("successor", product="sfa", source="crm", because="it goes"),
        OfferRule("up_sell"),
        OfferRule(Offer("cross_sell", "x"), product="ma"),
        cool_down_days=30,
        crm=Product("crm", mf.Label("CRM", "顧客管理")),
        sfa=Product("sfa", family="office"),
    )
    products = {one.id: one for one in book.products}
    table = offer_table(book.synergy, products["sfa"], products)
    assert [(one.key, one.outcome.key, one.because.en, one.because.ja) for one in table.rules] == [
        ("not-eligible", "no_offer", "not eligible", "提案対象外"),
        ("in-pipeline", "no_offer", "in the pipeline", "商談中"),
        ("cool-down", "no_offer", "offered within 30 days", "直近30日に商談あり"),
        ("ends", "renewal", "contract ends within 90 days", "契約終了まで90日未満"),
        (
            "offer-2",
            "cross_sell",
            "owns CRM for 180 days or longer",
            "「顧客管理」を180日以上前から導入済み",
        ),
        (
            "offer-3",
            "cross_sell",
            "owns ma, employees at least 300 people",
            "「ma」を導入済み、従業員数 300人以上",
        ),
        ("offer-4", "successor", "it goes", "it goes"),
        ("offer-5", "up_sell", "up-sell", "アップセル"),
    ]
    assert table.otherwise == NO_OFFER
    assert table.otherwise_because == mf.Label("no rule offers it", "該当する提案ルールなし")
    keys = [one.key for one in offer_table(book.synergy, products["crm"], products).rules]
    assert keys[3:] == ["ends", "offer-5"]


def offered(book: mf.Playbook, given: Account, as_of: date = DAY) -> dict[Id, tuple[str, str]]:
    """What is offered of each product, and by which rule, in the order of the answer."""
    found = mf.Engine(book).next_products(given, as_of=as_of)
    return {one.product_id: (one.value.key, one.rule) for one in found}


def test_a_contract_is_renewed_before_it_ends_and_after_it_has_lapsed() -> None:
    """The day on which it ends is the first of the last ninety; a later contract stops it."""
    book = book_with(
        OfferRule(
            "renewal", product.ends(within_days=90) | product.lapsed(within_days=30), key="renew"
        )
    )

    def of(*ends: date | None) -> str:
        contracts = [Contract(1, "crm", date(2020, 1, 1), end) for end in ends]
        return offered(book, Account(Company(1), contracts=contracts))["crm"][0]

    assert of(DAY) == of(DAY + timedelta(89)) == "renewal"
    assert of(DAY + timedelta(90)) == of(None, DAY) == of(DAY, DAY + timedelta(90)) == "no_offer"
    assert of(DAY - timedelta(1)) == of(DAY - timedelta(29)) == "renewal"
    assert of(DAY - timedelta(30)) == of(DAY - timedelta(1), None) == "no_offer"


def test_what_a_deal_is_about_is_not_offered() -> None:
    """While it is open, though the product is owned, and within the cool-down after it."""
    book = book_with(OfferRule("up_sell"), OfferRule("cross_sell"), cool_down_days=30)
    runs = [Contract(1, "crm", date(2026, 1, 1))]

    def of(opened: int, closed: int | None, product_id: str) -> tuple[str, str]:
        at = [
            None if days is None else datetime.combine(DAY - timedelta(days), time(3), UTC)
            for days in (opened, closed)
        ]
        assert at[0] is not None
        status = "open" if closed is None else "lost"
        deal = Deal(1, 1, at[0], [DealLine(product_id)], status=status, closed_at=at[1])  # type: ignore[arg-type]
        return offered(book, Account(Company(1), contracts=runs, deals=[deal]))[product_id]

    assert of(400, None, "crm") == of(400, None, "sfa") == ("no_offer", "in-pipeline")
    assert of(400, 29, "crm") == of(400, 29, "sfa") == ("no_offer", "cool-down")
    assert of(400, 30, "crm") == ("up_sell", "offer-1")
    assert of(400, 30, "sfa") == ("cross_sell", "offer-2")


def test_who_owns_what_is_gone_is_offered_its_successor() -> None:
    """From the day after the last one on which it is sold; not while it is yet to be sold."""
    rule = OfferRule("successor", product="sfa", source="crm")
    given = Account(Company(1), contracts=[Contract(1, "crm", date(2026, 1, 1))])
    for until, told in ((DAY, "no_offer"), (DAY - timedelta(1), "successor"), (None, "no_offer")):
        crm = Product("crm", sold_until=until)
        assert offered(book_with(rule, crm=crm), given)["sfa"][0] == told
    crm = Product("crm", sold_from=DAY + timedelta(1))
    assert offered(book_with(rule, crm=crm), given)["sfa"][0] == "no_offer"


def test_time_without_a_gap_counts() -> None:
    """A renewal on the next day goes on; a day between begins anew."""
    rule = OfferRule("cross_sell", product="sfa", source="crm", owned_for_days=180)
    for gap, told in ((0, "no_offer"), (1, "cross_sell"), (2, "no_offer")):
        ends = date(2026, 6, 30)
        contracts = [
            Contract(1, "crm", date(2026, 1, 1), ends - timedelta(30 * (gap == 0))),
            Contract(1, "crm", ends + timedelta(max(gap, 1))),
        ]
        assert offered(book_with(rule), Account(Company(1), contracts=contracts))["sfa"][0] == told


def test_what_is_offered_is_ranked_as_it_is_told() -> None:
    """By kind, Tier, interest, people, and product: what is offered before what is not."""
    book = book_with(
        OfferRule("renewal", product="sfa"), OfferRule("cross_sell"), OfferRule("up_sell")
    )
    given = Account(
        Company(1, employees=400),
        contracts=[Contract(1, "sfa", date(2026, 1, 1)), Contract(1, "ma", date(2026, 1, 1))],
    )
    found = mf.Engine(book).next_products(given, as_of=DAY)
    assert [(one.rank, one.product_id, one.offer.value) for one in found] == [
        (1, "sfa", OFFERS[0]),
        (2, "ma", OFFERS[2]),
        (3, "crm", CROSS_SELL),
    ]
    assert found[0].decision == found[0].offer
    assert all(one.offered for one in found)


def test_without_rules_or_company_nothing_is_offered() -> None:
    """Then there is nothing to rank, and rows are blank; whoever asks why is told so."""
    without = evolve(mf.starter(["crm"]), synergy=Synergy(cool_down_days=30))
    engine, given = mf.Engine(without), Account(Company(1))
    answer = engine.assess(given, as_of=DAY)
    assert answer.next_products == () == engine.next_products(given, as_of=DAY)
    (row,) = answer.rows()["company_products"]
    assert {row[name] for name in row if name.startswith("offer") or name == "rank"} == {None}
    with pytest.raises(mf.InvalidDataError, match="and there are none"):
        engine.explain("offer", given, "crm", as_of=DAY)
    engine = mf.Engine(book_with(OfferRule("cross_sell")))
    assert engine.next_products(Account(leads=[mf.Lead(1)]), as_of=DAY) == ()
    with pytest.raises(mf.InvalidDataError, match="asked of a company, and there is none"):
        engine.explain("offer", Account(leads=[mf.Lead(1)]), "crm", as_of=DAY)
    with pytest.raises(mf.InvalidDataError, match="account: must be an Account, not Company"):
        engine.next_products(Company(1), as_of=DAY)  # type: ignore[arg-type]


def test_what_is_offered_anew_is_a_change() -> None:
    """And so is what is not offered any more."""
    engine = mf.Engine(book_with(OfferRule("renewal", product.ends(within_days=30))))
    given = Account(Company(1), contracts=[Contract(1, "crm", date(2026, 1, 1), DAY)])
    before, on, after = (engine.assess(given, as_of=DAY + timedelta(days)) for days in (-30, 0, 1))
    assert [(one.what, one.product_id, one.after) for one in mf.changes(before, on)] == [
        ("offer", "crm", "renewal")
    ]
    moved = {one.what: (one.before, one.after) for one in mf.changes(on, after)}
    assert moved["offer"] == ("renewal", "no_offer")


# -- a test of the tests --

Plant = Callable[[pytest.MonkeyPatch], None]


def _one_day_less(patch: pytest.MonkeyPatch) -> None:
    right = dated.Dated.of.__func__  # type: ignore[attr-defined]
    patch.setattr(
        dated.Dated,
        "of",
        classmethod(lambda cls, fact: evolve(right(cls, fact), days=right(cls, fact).days + 1)),
    )


def _open_deals_unseen(patch: pytest.MonkeyPatch) -> None:
    right: Any = vars(offering)["Rule"]
    patch.setattr(
        offering,
        "Rule",
        lambda outcome, when, key, *more: right(
            outcome, product.sold & ~product.sold if key == "in-pipeline" else when, key, *more
        ),
    )


def _sources_unread(patch: pytest.MonkeyPatch) -> None:
    right = offering._condition

    def unread(one: OfferRule) -> Condition:
        return right(one if one.offer == SUCCESSOR else evolve(one, source=None, owned_for_days=0))

    patch.setattr(offering, "_condition", unread)


def _conditions_unread(patch: pytest.MonkeyPatch) -> None:
    right = offering._condition
    patch.setattr(offering, "_condition", lambda one: right(evolve(one, when=None)))


def _sold_until_tomorrow(patch: pytest.MonkeyPatch) -> None:
    right = prospects.is_discontinued
    patch.setattr(case, "is_discontinued", lambda one, day: right(one, day - timedelta(1)))


def _people_unranked(patch: pytest.MonkeyPatch) -> None:
    right: Any = vars(case)["ranked"]
    patch.setattr(
        case,
        "ranked",
        lambda found, ladder: right(
            ((*one[:4], evolve(one[4], people=0)) for one in found), ladder
        ),
    )


def _only_the_highest_possible(patch: pytest.MonkeyPatch) -> None:
    right: Any = vars(case)["best_of"]

    def best(interests: Any, levels: Any) -> Any:
        found = right(interests, levels)
        return evolve(found, possible=(found.value,))

    patch.setattr(case, "best_of", best)


@pytest.mark.bulk
@pytest.mark.parametrize(
    "plant",
    [
        _one_day_less,
        _open_deals_unseen,
        _sources_unread,
        _conditions_unread,
        _sold_until_tomorrow,
        _people_unranked,
        _only_the_highest_possible,
    ],
)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second model disagrees with each of them."""
    engine_of.cache_clear()
    plant(monkeypatch)
    found = [disagreement(f"second model {seed}", ACCOUNTS) for seed in range(3)]
    engine_of.cache_clear()
    assert any(found)
