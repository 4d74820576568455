"""Frames: whole tables say of every row what the engine says of one account after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import examples, frames, sources
from mpfunnel.facts import company
from mpfunnel.records import Activity, Company, Lead
from mpfunnel.rules.tables import DecisionTable, Rule
from tests.frames import KINDS, RECORDS, differences, draw_records, rows_of, tables_of
from tests.leads import BOOKS, book_of, draw_as_of, engine_of

# Where planning alone takes long, one pipeline shows the kind; the rest is for the bulk run.
SLOW = ("DuckDB", "Ibis on DuckDB")
CASES = [pytest.param("Polars", number) for number in range(BOOKS)]
CASES += [
    pytest.param(kind, place, marks=[pytest.mark.bulk] if kind in SLOW else [])
    for place, kind in enumerate(KINDS)
    if kind != "Polars"
]
# Every kind agrees with the accounts on a playbook of its own above; these show the rest.
FIRST = ("Polars", "pandas, nullable", "PyArrow")
QUICK_FIRST = [pytest.param(k, marks=[] if k in FIRST else [pytest.mark.bulk]) for k in KINDS]
DAY = date(2026, 10, 31)
RULED_OUT = ("own_group", "do_not_trade", "competitor", "student")
ENGINE = mf.Engine(examples.PLAYBOOK)


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_engines_agree(kind: str, number: int) -> None:
    """Law 1: Engines agree: tables of every kind, and the accounts one by one."""
    random = Random(f"{kind} {number}")
    book, engine, as_of = book_of(number), engine_of(number), draw_as_of(random)
    records = draw_records(random, book, as_of, 40)
    given = KINDS[kind](tables_of(records, engine))
    possible = number % 2 == 0
    out = frames.assess(engine, **given, as_of=as_of, lang="en", possible=possible)
    assert differences(out, engine, records, as_of, possible=possible) == []


@pytest.fixture(scope="module")
def invented() -> Mapping[str, Any]:
    """The records of the invented firm."""
    sample = examples.generate(60, as_of=DAY)
    return {name: getattr(sample, name) for name in RECORDS}


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_the_invented_firm(kind: str, invented: Mapping[str, Any]) -> None:
    """The invented firm gets the same answers by tables of every kind."""
    given = KINDS[kind](tables_of(invented, ENGINE))
    out = frames.assess(ENGINE, **given, as_of=DAY, lang="en")
    assert differences(out, ENGINE, invented, DAY, possible=False) == []


@pytest.mark.parametrize(
    "left_out",
    [
        ("leads", "activities", "sales_events"),
        ("activities",),
        ("deals", "contracts"),
        ("deals",),
        ("contracts", "sales_events"),
        ("deals", "sales_events"),
        RECORDS[1:],
    ],
)
def test_every_table_but_companies_is_optional(
    left_out: tuple[str, ...], invented: Mapping[str, Any]
) -> None:
    """A table that is not given is as good as one without rows."""
    records = {name: () if name in left_out else given for name, given in invented.items()}
    if "leads" in left_out:
        # Nobody is there whom a deal could be with.
        records["deals"] = [evolve(deal, lead_id=None) for deal in records["deals"]]
    given = {name: table for name, table in tables_of(records, ENGINE).items() if table.num_rows}
    out = frames.assess(ENGINE, **given, as_of=DAY, lang="en")
    if "leads" in left_out:
        assert (out.leads, out.engagement) == (None, None)
        nobody = {"lead_id": pa.array([], pa.int64()), "product_id": pa.array([], pa.string())}
        out = evolve(out, leads=pa.table(nobody), engagement=pa.table(nobody))
    assert differences(out, ENGINE, records, DAY, possible=False) == []


def test_dense_lists_every_lead_with_every_product(invented: Mapping[str, Any]) -> None:
    """S23: what is left out by default stands at no sign, and surely so."""
    given = tables_of(invented, ENGINE)
    dense = rows_of(frames.assess(ENGINE, **given, as_of=DAY, possible=True, dense=True).engagement)
    sparse = rows_of(frames.assess(ENGINE, **given, as_of=DAY, possible=True).engagement)
    products = len(ENGINE.playbook.products)
    assert len(dense) == len(invented["leads"]) * products
    assert [row for row in dense if row["state"] != "none" or not row["settled"]] == sparse
    assert 0 < len(sparse) < len(dense)


def test_where_companies_stand_with_products(invented: Mapping[str, Any]) -> None:
    """One row per company and product: tier, position, and who of its people is involved."""
    given = tables_of(invented, ENGINE)
    out = frames.assess(ENGINE, **given, as_of=DAY)
    told = {(row["company_id"], row["product_id"]): row for row in rows_of(out.company_products)}
    ladder = ENGINE.playbook.scale.ladder
    seen: set[str] = set()
    for account in mf.accounts(**invented):
        answer = ENGINE.assess(account, as_of=DAY)
        for product_id, tier in answer.tiers.items():
            row = told.pop((answer.company_id, product_id))
            buying = {
                line.product_id
                for deal in account.deals
                if deal.status == "open" and deal.company_id == answer.company_id
                for line in deal.lines
            }
            position = "in_pipeline" if product_id in buying else "untapped"
            if position == "untapped" and answer.segment.value.key in RULED_OUT:
                position = "not_eligible"
            if product_id in answer.owned:
                position = "owned"
            involved = {one.lead_id for one in account.activities if product_id in one.product_ids}
            warmest = max(
                (
                    ladder.index(lead.engagement[product_id].interest.value.key)
                    for lead in answer.leads.values()
                    if product_id in lead.engagement
                ),
                default=0,
            )
            assert row["tier"] == tier.value.key
            assert row["position"] == position
            assert row["people"] == len(involved)
            assert row["best_interest"] == ladder[warmest]
            seen.add(position)
    assert told == {}
    assert seen == {"owned", "in_pipeline", "untapped", "not_eligible"}


def test_what_is_not_sold_is_not_eligible() -> None:
    """A product that is not sold on the day is no white space."""
    products = [
        mf.Product("past", sold_until=date(2026, 10, 30)),
        mf.Product("last day", sold_until=DAY),
        mf.Product("first day", sold_from=DAY),
        mf.Product("to come", sold_from=date(2026, 11, 1)),
        mf.Product("always"),
    ]
    engine = mf.Engine(mf.starter(products))
    out = frames.assess(engine, companies=pl.DataFrame({"id": ["c"]}), as_of=DAY)
    positions = dict(out.company_products.select("product_id", "position").iter_rows())
    assert {key for key, value in positions.items() if value == "untapped"} == {
        "last day",
        "first day",
        "always",
    }
    assert positions["past"] == positions["to come"] == "not_eligible"


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_kind_comes_back(kind: str) -> None:
    """Same kind in, same kind out; what is lazy stays lazy."""
    tables = {"companies": pa.table({"id": [1, 2], "employees": [10, 2_000]})}
    out = frames.assess(mf.Engine(mf.starter(["crm"])), **KINDS[kind](tables), as_of=DAY)
    kinds = {
        "Polars": pl.DataFrame,
        "Polars, lazy": pl.LazyFrame,
        "PyArrow": pa.Table,
        "DuckDB": duckdb.DuckDBPyRelation,
        "Ibis on DuckDB": ibis.Table,
    }
    assert isinstance(out.companies, kinds.get(kind, pd.DataFrame))
    assert isinstance(out.rejects, kinds.get(kind, pd.DataFrame))
    assert [row["company_id"] for row in rows_of(out.tiers)] in ([1, 2], [2, 1])


@pytest.mark.parametrize(
    "given",
    [
        'TABLE "of sales"."those we ""know"""',
        'FROM "of sales".known',
        "FROM (VALUES (1, 10), (2, 2_000)) AS listed(id, employees)",
    ],
)
def test_duckdb_tells_what_was_there_when_it_was_asked(given: str) -> None:
    """Tables, views and queries of DuckDB may change after the answers; nothing else is left."""
    connection = duckdb.connect()
    connection.execute('CREATE SCHEMA "of sales"')
    table = '"of sales"."those we ""know"""'
    connection.execute(f"CREATE TABLE {table} (id BIGINT, employees BIGINT)")
    connection.execute(f"INSERT INTO {table} VALUES (1, 10), (2, 2_000)")
    connection.execute(f'CREATE VIEW "of sales".known AS FROM {table}')
    named = given.removeprefix("TABLE ")
    companies = connection.table(named) if named != given else connection.query(given)
    out = frames.assess(mf.Engine(mf.starter(["crm"])), companies=companies, as_of=DAY)
    connection.execute(f"DELETE FROM {table}")
    assert sorted(out.tiers.select("company_id").fetchall()) == [(1,), (2,)]
    made = connection.execute(
        "SELECT view_name FROM duckdb_views() WHERE temporary AND NOT internal"
    )
    assert made.fetchall() == []


@pytest.mark.parametrize(
    "kind",
    [
        "Polars",
        "pandas, NumPy",
        *(pytest.param(kind, marks=pytest.mark.bulk) for kind in ("Polars, lazy", "PyArrow")),
    ],
)
def test_same_input_same_bytes(kind: str, invented: Mapping[str, Any]) -> None:
    """Law 9: Same input, same bytes: rows are in the order of their keys, however they came."""
    tables = tables_of(invented, ENGINE)
    turned = {
        name: table.take(pa.array(range(table.num_rows), pa.int64())[::-1])
        for name, table in tables.items()
    }
    first = frames.assess(ENGINE, **KINDS[kind](tables), as_of=DAY, possible=True)
    again = frames.assess(ENGINE, **KINDS[kind](turned), as_of=DAY, possible=True)
    for name in ("companies", "tiers", "leads", "engagement", "company_products", "rejects"):
        assert rows_of(getattr(first, name)) == rows_of(getattr(again, name))


def test_reasons_are_in_the_language_asked_for() -> None:
    """Reasons are in the playbook's language, or in the one that was asked for."""
    engine = mf.Engine(mf.starter(["crm"], lang="ja"))
    given = pl.DataFrame({"id": ["c"], "employees": [1_000]})
    own = frames.assess(engine, companies=given, as_of=DAY).tiers["because"][0]
    english = frames.assess(engine, companies=given, as_of=DAY, lang="en").tiers["because"][0]
    company = Company("c", employees=1_000)
    because = engine.tier_for(company, "crm", as_of=DAY).because
    assert (own, english) == (because.ja, because.en)


# -- policies of a firm's own --


class PlantsNearby:
    """A tier policy in Python, which asks what no rule asks about."""

    kind = "acme/plants-nearby/1"
    tiers = (mf.Tier(1), mf.Tier(2), mf.Tier(3))

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """By region and plants, and by everything else that a company may hold."""
        plants: Any = company.attributes.get("plants")
        if company.region is None:
            return mf.undecided(
                mf.Tier(3), possible=self.tiers, missing=["region"], because="no region"
            )
        if "partner" in company.relationships or company.annual_revenue == 12:
            return mf.decided(mf.Tier(2), because="a partner")
        near = company.region == "Kansai" and (plants or 0) > 1
        return mf.decided(mf.Tier(1 if near else 3), because="near" if near else "far")


def with_own_policy() -> mf.Engine:
    """An engine of the starter with a policy in Python for one product."""
    book = mf.starter(["crm", "sfa"])
    tiers: Any = {**book.tiers, "sfa": PlantsNearby()}
    return mf.Engine(evolve(book, tiers=tiers))


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_policies_in_python(kind: str) -> None:
    """A policy in Python is asked once per company; leads stand on its answers as on others."""
    engine = with_own_policy()
    random = Random(kind)
    companies = [
        Company(
            f"c{number}",
            region=random.choice((None, "Kansai", "Kanto")),
            annual_revenue=random.choice((None, 12, 13)),
            employees=random.choice((None, 20, 500)),
            relationships=random.choice(((), ("partner",))),
            attributes={"plants": random.choice((None, 1, 2))},
        )
        for number in range(30)
    ]
    leads = [Lead(f"l{number}", f"c{number}") for number in range(31)]
    at = datetime(2026, 10, 1, tzinfo=UTC)
    activities = [
        Activity(1, lead.id, "pricing_page", at, random.choice(((), ("sfa",), ("crm",))))
        for lead in leads
    ]
    records = {**dict.fromkeys(RECORDS, ()), "companies": companies, "leads": leads}
    records["activities"] = activities
    tables = tables_of(records, engine)
    plants = pa.array([company.attributes["plants"] for company in companies], pa.int64())
    tables["companies"] = tables["companies"].append_column("plants", plants)
    out = frames.assess(engine, **KINDS[kind](tables), as_of=DAY, lang="en", possible=True)
    assert differences(out, engine, records, DAY, possible=True) == []


class Anything(PlantsNearby):
    """A tier policy that reads what no column of the contract holds."""

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """By the attributes, whatever they are."""
        known: Any = company.attributes
        old = known.get("since", DAY) is not None and known.get("since", DAY) < date(2020, 1, 1)
        rich = known.get("spent") == Decimal("12.345")
        big = "big" in known.get("tags", ())
        return mf.decided(mf.Tier(1 if old and rich and big else 2), because=repr(sorted(known)))


def bare_engine() -> mf.Engine:
    """An engine without any rule or signal, whose tiers are set in Python."""
    book = mf.starter(["crm"])
    model = book.engagement["crm"]
    none = DecisionTable([], model.ladder[0])
    tags = company.attribute("tags", frozenset)
    segments = mf.SegmentTable(
        [Rule(mf.Segment("tagged", "tagged"), tags.contains_any("big"))],
        mf.Segment("other", "other"),
    )
    funnel = evolve(book.funnel, rules=DecisionTable([], book.funnel.ladder[0]))
    bare = evolve(model, signals=(), interest=none, states=none)
    tiers: Any = {"crm": Anything()}
    return mf.Engine(
        evolve(
            book,
            segments=segments,
            synergy=mf.Synergy(),
            tiers=tiers,
            engagement=bare,
            funnel=funnel,
        )
    )


@pytest.mark.parametrize("rows", [2, 0])
def test_what_no_rule_asks_about(rows: int) -> None:
    """A policy in Python sees every other column of plain values, and every set."""
    given = pl.DataFrame(
        {
            "id": ["a", "b"],
            "since": [date(2019, 1, 1), None],
            "spent": [Decimal("12.345"), None],
            "score": [0.5, float("nan")],
            "partner": [True, None],
            "seen_at": [datetime(2026, 1, 1, tzinfo=UTC), None],
        }
    ).head(rows)
    sets = pl.DataFrame({"company_id": ["a"], "fact": ["tags"], "value": ["big"]}).head(rows)
    leads = pl.DataFrame({"id": [1]})
    out = frames.assess(
        bare_engine(), companies=given, company_sets=sets, leads=leads, as_of=DAY, lang="en"
    )
    assert out.tiers["tier"].to_list() == ["tier_1", "tier_2"][:rows]
    assert out.companies["segment"].to_list() == ["tagged", "other"][:rows]
    assert out.companies["missing"].to_list() == ["", "company.tags"][:rows]
    if rows:
        assert out.tiers["because"][0] == "['partner', 'score', 'since', 'spent', 'tags']"
    assert out.leads.select("lead_id", "company_id").rows() == [(1, None)]


def test_rules_that_ask_for_nothing() -> None:
    """A table without rules settles everything, and there is nothing to ask for."""
    book = mf.starter(["crm"])
    tiers: Any = {"crm": mf.TierTable([], mf.Tier(2))}
    engine = mf.Engine(evolve(book, tiers=tiers))
    out = frames.assess(engine, companies=pl.DataFrame({"id": ["c"]}), as_of=DAY)
    row = out.tiers.row(0, named=True)
    assert (row["tier"], row["settled"], row["missing"]) == ("tier_2", True, "")


# -- real data --


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_a_real_crm(kind: str, shared_data: Path) -> None:
    """Maven's CRM gets the same answers by tables of every kind."""
    read = sources.read("maven", shared_data / "maven_crm")
    engine, as_of = mf.Engine(examples.playbook("maven")), date(2017, 12, 31)
    records = {name: getattr(read, name) for name in RECORDS}
    given = KINDS[kind](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en")
    assert differences(out, engine, records, as_of, possible=False) == []


# -- what is not what it should be --


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"engine": examples.PLAYBOOK}, "engine: must be an Engine, not Playbook"),
        ({"lang": "fr"}, "lang: must be 'en' or 'ja', not 'fr'"),
        ({"companies": None}, "companies: must be a table of pandas, Polars"),
        ({"as_of": "today"}, "as_of: must be a date or an aware datetime"),
    ],
)
def test_arguments_are_checked(given: Mapping[str, Any], message: str) -> None:
    """What is no engine, table, language or day is said in one line."""
    arguments: dict[str, Any] = {"engine": ENGINE, "companies": pl.DataFrame({"id": ["c"]})}
    arguments |= {"as_of": DAY, **given}
    with pytest.raises(mf.InvalidDataError) as caught:
        frames.assess(arguments.pop("engine"), **arguments)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("kind", ["Polars", "PyArrow", "DuckDB"])
def test_what_belongs_to_nobody_is_rejected(kind: str) -> None:
    """Law 7: Nothing is lost: records of leads are rejects where no leads are given."""
    at = pa.array([datetime(2026, 10, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
    given = {
        "companies": pa.table({"id": ["c"]}),
        "activities": pa.table({"id": [1], "lead_id": ["l@x.example"], "kind": ["k"], "at": at}),
        "sales_events": pa.table({"lead_id": ["l"], "kind": ["accepted"], "at": at}),
    }
    out = frames.assess(ENGINE, **KINDS[kind](given), as_of=DAY)
    told = {(row["table"], row["code"], row["reason"]) for row in rows_of(out.rejects)}
    assert told == {
        ("activities", "unknown-lead", "no such lead"),
        ("sales_events", "unknown-lead", "no such lead l"),
    }
