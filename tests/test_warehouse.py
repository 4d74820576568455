"""Warehouse: the same answers as SQL text, which any engine of the dialect can run."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest
import sqlglot
from sqlglot import expressions as exp

import mpfunnel as mf
from mpfunnel import warehouse
from mpfunnel.errors import InvalidDataError, MissingExtraError
from tests.warehouse import InDuckDB, disagreements

TABLES: Mapping[str, Sequence[str]] = {
    "companies": ["id", "employees", "industry"],
    "leads": ["id", "company_id"],
    "activities": ["id", "lead_id", "kind", "at", "product_id"],
    "sales_events": ["lead_id", "kind", "at", "reason"],
}
# Databricks writes like Spark, and the text of DuckDB is run.
DIALECTS = [
    pytest.param(d, marks=[] if d in ("postgres", "bigquery", "snowflake") else [pytest.mark.bulk])
    for d in warehouse.DIALECTS
]
ENGINE = mf.Engine(mf.starter(["crm", "sfa"]))
DAY = date(2026, 10, 31)


@pytest.mark.parametrize(
    "number",
    [0, 4, pytest.param(5, marks=pytest.mark.bulk), pytest.param(7, marks=pytest.mark.bulk)],
)
def test_engines_agree(number: int) -> None:
    """Law 1: Engines agree: SQL text run by DuckDB, and the accounts one by one."""
    assert disagreements(InDuckDB(), "duckdb", number, possible=number == 4) == []


def test_the_day_may_be_a_variable() -> None:
    """The day asked about is SQL of the firm's own, such as a variable of dbt."""
    asked: list[str] = []

    def day(as_of: date) -> str:
        asked.append(f"getvariable('as_of')::DATE /* {as_of} */")
        engine.connection.execute(f"SET VARIABLE as_of = DATE '{as_of}'")
        return asked[0]

    engine = InDuckDB()
    assert disagreements(engine, "duckdb", 3, day=day) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_text_is_of_its_dialect(dialect: warehouse.Dialect) -> None:
    """Every query parses in its dialect, and names only tables that stand before it."""
    queries = warehouse.render(ENGINE, dialect=dialect, tables=TABLES, as_of="as_of_day")
    known = {*TABLES, *(seed.name for seed in queries.seeds)}
    for query in queries.queries:
        tree: Any = sqlglot.parse_one(query.sql, read=_reads(dialect))
        within = {one.alias_or_name for one in tree.find_all(exp.CTE)}
        read = {one.name for one in tree.find_all(exp.Table)}
        assert read - within <= known
        known.add(query.name)
    assert [query.name for query in queries.queries if query.answer] == [
        "mpfunnel_companies",
        "mpfunnel_tiers",
        "mpfunnel_leads",
        "mpfunnel_engagement",
        "mpfunnel_company_products",
        "mpfunnel_rejects",
    ]


def _reads(dialect: str) -> str:
    return "spark" if dialect == "pyspark" else dialect


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_variable_stands_wherever_the_day_would(dialect: warehouse.Dialect) -> None:
    """Written with a day or with a variable, the text differs in nothing but the day."""
    fixed = warehouse.render(ENGINE, dialect=dialect, tables=TABLES, as_of=DAY)
    free = warehouse.render(ENGINE, dialect=dialect, tables=TABLES, as_of="asked_day")
    number, text = str(DAY.toordinal()), str(DAY)
    assert free.seeds == fixed.seeds
    for one, other in zip(fixed.queries, free.queries, strict=True):
        assert ("asked_day" in other.sql) == (
            number in one.sql or text in one.sql or "2026, 10, 31" in one.sql
        )
        assert number not in other.sql
        assert text not in other.sql


def test_same_input_same_text() -> None:
    """Law 9: Same input, same bytes."""
    first = warehouse.render(ENGINE, dialect="snowflake", tables=TABLES, as_of=DAY)
    again = warehouse.render(ENGINE, dialect="snowflake", tables=TABLES, as_of=DAY)
    assert first == again


def test_faults_come_all_at_once() -> None:
    """Every fault is named with its path, and with what would have worked."""
    with pytest.raises(InvalidDataError) as caught:
        warehouse.render(
            ENGINE,
            dialect="postgre",  # type: ignore[arg-type]
            tables={"company": ["id"], "leads": ["id", "compny_id"]},
            integer_ids=["led"],
            as_of=DAY,
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "dialect: no such dialect 'postgre'; did you mean 'postgres'?",
        "tables.companies: is needed for every answer",
        "tables.company: no such table; did you mean 'companies'?",
        "tables.leads.compny_id: no such column; did you mean 'company_id'?",
        "integer_ids.led: no such ids; did you mean 'lead'?",
    ]


class OfOurOwn:
    """A tier policy in Python."""

    kind, tiers = "acme/of-our-own/1", (mf.Tier(1),)

    def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """Everybody is Tier 1."""
        return mf.decided(mf.Tier(1), because="everybody is")


def test_no_sql_asks_python() -> None:
    """A policy that was written in Python is refused by name."""
    book = mf.starter(["crm"])
    tiers = {"crm": OfOurOwn()}
    engine = mf.Engine(
        mf.Playbook(book.products, book.segments, tiers, book.engagement, book.funnel)
    )
    with pytest.raises(
        InvalidDataError, match=r"tiers\.crm: acme/of-our-own/1 is written in Python"
    ):
        warehouse.render(engine, dialect="duckdb", tables=TABLES, as_of=DAY)


def test_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Ibis, the error says what to install."""
    monkeypatch.setitem(sys.modules, "ibis", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[sql\]'"):
        warehouse.render(ENGINE, dialect="duckdb", tables=TABLES, as_of=DAY)
