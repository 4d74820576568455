"""Warehouse: the same answers as SQL text, which any engine of the dialect can run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import jinja2
import pyarrow as pa
import pytest
import sqlglot
from attrs import evolve
from sqlglot import expressions as exp

import mpfunnel as mf
from mpfunnel import frames, warehouse
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.facts import company
from mpfunnel.labels import Label
from tests.frames import draw_records, tables_of
from tests.steps import STEPS
from tests.warehouse import ANSWERS, InDuckDB, disagreements

KEY = ("lead_id", "of_lead", "number")
TABLES: Mapping[str, Sequence[str]] = {
    "companies": ["id", "employees", "industry"],
    "leads": ["id", "company_id"],
    "activities": ["id", "lead_id", "kind", "at", "product_id"],
    "sales_events": ["lead_id", "kind", "at", "reason"],
    "stage_history": [*KEY, "pursuit", "stage", "entered", "left", "kind", "cause", "by"],
    "stage_history_products": [*KEY, "product_id"],
}
# That of BigQuery is least like the others, of which some are run besides.
DIALECTS = [
    pytest.param(d, marks=[] if d == "bigquery" else [pytest.mark.bulk]) for d in warehouse.DIALECTS
]
STARTER = mf.starter(["crm", "sfa"])
COOLED = mf.Signal("page_view", 1, cap=10, cool_down_days=7)
# Nothing of a cool-down stands in the text of a playbook that has none.
ENGINE = mf.Engine(
    evolve(STARTER, engagement=evolve(STARTER.engagement["crm"], signals=[COOLED], cap=90, floor=0))
)
DAY = date(2026, 10, 31)


@pytest.mark.bulk
@pytest.mark.parametrize("number", [0, 4, 7])
def test_engines_agree(number: int) -> None:
    """Law 1: Engines agree: SQL text run by DuckDB, and the accounts one by one."""
    assert disagreements(InDuckDB(), "duckdb", number, possible=number == 4) == []


@pytest.mark.bulk
def test_the_day_may_be_a_variable() -> None:
    """The day asked about is SQL of the firm's own, such as a variable of dbt; also where the rules
    of the funnel see the stage that a lead is in.
    """
    asked: list[str] = []

    def day(as_of: date) -> str:
        asked.append(f"getvariable('as_of')::DATE /* {as_of} */")
        engine.connection.execute(f"SET VARIABLE as_of = DATE '{as_of}'")
        return asked[0]

    engine = InDuckDB()
    assert disagreements(engine, "duckdb", 0, day=day, funnel=STEPS) == []


@cache
def written(dialect: warehouse.Dialect, as_of: date | str) -> warehouse.Queries:
    """The queries of the engine: writing them takes seconds."""
    return warehouse.render(ENGINE, dialect=dialect, tables=TABLES, as_of=as_of)


@pytest.mark.bulk
@pytest.mark.parametrize("dialect", warehouse.DIALECTS)
def test_text_is_of_its_dialect(dialect: warehouse.Dialect) -> None:
    """Every query parses in its dialect, and names only tables that stand before it."""
    queries = written(dialect, "as_of_day")
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
        "mpfunnel_plays",
        "mpfunnel_rejects",
    ]


def _reads(dialect: str) -> str:
    return "spark" if dialect == "pyspark" else dialect


@pytest.mark.bulk
@pytest.mark.parametrize("dialect", ["duckdb", "bigquery"])
def test_a_variable_stands_wherever_the_day_would(dialect: warehouse.Dialect) -> None:
    """Written with a day or with a variable, the text differs in nothing but the day."""
    fixed, free = written(dialect, DAY), written(dialect, "as_of_day")
    number, text = str(DAY.toordinal()), str(DAY)
    assert free.seeds == fixed.seeds
    for one, other in zip(fixed.queries, free.queries, strict=True):
        assert ("as_of_day" in other.sql) == (
            number in one.sql or text in one.sql or "2026, 10, 31" in one.sql
        )
        assert number not in other.sql
        assert text not in other.sql


@pytest.mark.bulk
def test_same_input_same_text() -> None:
    """Law 9: Same input, same bytes."""
    again = warehouse.render(ENGINE, dialect="snowflake", tables=TABLES, as_of=DAY)
    assert again == written("snowflake", DAY)


def test_text_does_not_depend_on_the_seed_of_hashes() -> None:
    """Law 9: Same input, same bytes: also where Ibis keeps names of columns in a set."""
    code = """
import sys
from datetime import date
import narwhals.stable.v2 as nw
import mpfunnel as mf
from mpfunnel import warehouse
from mpfunnel.frames.text import described, sql_of
tables = {"companies": ["id"], "contracts": ["company_id", "product_id", "start"]}
engine = mf.Engine(mf.starter(["crm"]))
day = date(2026, 10, 31)
one = warehouse.render(engine, dialect="duckdb", tables=tables, as_of=day)
print(*one.statements())
left, right = (described(name, dict.fromkeys("abcdef", "int64")) for name in ("x", "y"))
joined = left.join(right, on=["a", "b", "c"], how="left").to_native()
print(*(sql_of(joined, dialect) for dialect in warehouse.DIALECTS))
"""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        for seed in ("1", "2")
    ]
    first, again = (one.communicate()[0].decode() for one in running)
    assert first == again
    assert first.count('EXCLUDE ("a_right", "b_right", "c_right")') == 2
    assert first.count("EXCEPT (`a_right`, `b_right`, `c_right`)") == 1
    assert 'EXCLUDE ("about_right", "company_no_right")' in first


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


def test_an_engine_is_asked_for() -> None:
    """What is no engine is said in one line."""
    with pytest.raises(InvalidDataError, match="engine: must be an Engine, not Playbook"):
        warehouse.render(ENGINE.playbook, dialect="duckdb", tables=TABLES, as_of=DAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("as_of", "message"),
    [
        ("2026-10-31", "'2026-10-31' is a number to SQL; give a date object, or DATE '2026-10-31'"),
        ("2026/10/31", "'2026/10/31' is a number to SQL; give a date object, or DATE '2026-10-31'"),
        (" 20261031 ", "' 20261031 ' is a number to SQL; give a date object, or DATE '2026-10-31'"),
        (" ", "must be a date, or SQL that gives one such as 'current_date', not ' '"),
        (None, "must be a date, or SQL that gives one such as 'current_date', not None"),
    ],
)
def test_days_and_languages_are_checked(as_of: Any, message: str) -> None:
    """A day that SQL would take for a difference of numbers is refused, and so is any other."""
    lang: Any = "fr"
    with pytest.raises(InvalidDataError) as caught:
        warehouse.render(ENGINE, dialect="duckdb", tables=TABLES, as_of=as_of, lang=lang)
    assert [str(problem) for problem in caught.value.problems] == [
        f"as_of: {message}",
        "lang: must be 'en' or 'ja', not 'fr'",
    ]


def test_tiers_that_are_held_need_a_day_that_is_known() -> None:
    """Which review was the last one is told before the text is written."""
    engine = mf.Engine(evolve(ENGINE.playbook, tier_review_dates=[(4, 1)]))
    with pytest.raises(InvalidDataError) as caught:
        warehouse.render(engine, dialect="duckdb", tables=TABLES, as_of="current_date")
    message = "as_of: must be a date object where Tiers are held from review to review, not SQL"
    assert str(caught.value) == message


@pytest.mark.bulk
def test_the_day_may_be_a_text() -> None:
    """SQL that gives a text or an instant is read as the day that it is."""
    engine = InDuckDB()
    assert disagreements(engine, "duckdb", 3, day="TIMESTAMP '{} 12:00:00'".format) == []


# -- what one does with them --


def sample() -> Mapping[str, pa.Table]:
    """A few records, one of which only a playbook's odd words fit."""
    records = draw_records(Random("a few records"), ODD.playbook, DAY, 10)
    return {name: table for name, table in tables_of(records, ODD).items() if name in SAMPLED}


SAMPLED = ("companies", "leads", "activities", "activity_products", "company_facts")
ODD_WORDS = ("{{ x }}", "{% y %}", "{#", 'FROM "leads"', "'", '"', "\\")


def odd_engine() -> mf.Engine:
    """An engine whose rules compare with what means something to SQL, CSV or Jinja."""
    book = mf.starter(["A", "B", "C"])
    label = Label('a, "b"\nc', "「{{ d }}」'")
    rules = [
        mf.Rule(mf.Tier(1), company.industry.is_in(*ODD_WORDS), key="odd", because=label),
        mf.Rule(mf.Tier(2), company.attribute("{{ z }}", int) > 1, key="own"),
    ]
    tiers = {**book.tiers, "A": mf.TierTable(rules, mf.Tier(3))}
    return mf.Engine(evolve(book, tiers=tiers))


ODD = odd_engine()


def rendered(tables: Mapping[str, pa.Table], as_of: str | date) -> warehouse.Queries:
    """The queries of the odd engine."""
    return warehouse.render(
        ODD,
        dialect="duckdb",
        tables={name: table.column_names for name, table in tables.items()},
        integer_ids=["activity"],
        as_of=as_of,
    )


def answers_of(database: InDuckDB) -> dict[str, list[Any]]:
    """The rows of every answer that there is: the sample has nothing that was set by hand."""
    return {
        name: sorted(map(str, database.read(f"mpfunnel_{name}").to_pylist()))
        for name in ANSWERS
        if name != "by_hand"
    }


def answered_by(statements: Sequence[str], tables: Mapping[str, pa.Table]) -> dict[str, list[Any]]:
    """The answers that statements make, run by DuckDB one after the other."""
    database = InDuckDB()
    for name, table in tables.items():
        database.load(name, table)
    for statement in statements:
        database.run(statement)
    return answers_of(database)


@pytest.fixture(scope="module")
def told_by_statements() -> dict[str, list[Any]]:
    """What the statements make of the sample, run one after the other."""
    tables = sample()
    return answered_by(rendered(tables, DAY).statements(temporary=True), tables)


def test_statements_make_the_answers(told_by_statements: dict[str, list[Any]]) -> None:
    """Run one after the other, the statements make tables of all answers."""
    tables, told = sample(), told_by_statements
    out = frames.assess(ODD, **tables, as_of=DAY)
    for name, rows in told.items():
        assert rows == sorted(map(str, getattr(out, name).to_pylist()))
    assert any("odd" in row for row in told["tiers"])


@pytest.mark.bulk
def test_statements_make_what_stays(told_by_statements: dict[str, list[Any]]) -> None:
    """Tables that stay hold what temporary ones do."""
    tables = sample()
    assert answered_by(rendered(tables, DAY).statements(), tables) == told_by_statements


def test_a_project_of_dbt(tmp_path: Path, told_by_statements: dict[str, list[Any]]) -> None:
    """What is written for dbt, filled in as dbt does, makes the same answers as the statements."""
    tables = sample()
    queries = rendered(tables, "cast('{{ var(\"as_of\") }}' as date)")
    written = queries.write(tmp_path / "project")
    assert written == queries.write(tmp_path / "project")
    assert sorted(written) == sorted(
        path for path in (tmp_path / "project").rglob("*") if path.is_file()
    )
    database = InDuckDB()
    for name, table in tables.items():
        database.load(name, table)
    seeds, models = (tmp_path / "project" / one / "mpfunnel" for one in ("seeds", "models"))
    described = json.loads((seeds / "mpfunnel_seeds.yml").read_text(encoding="utf-8"))
    for one in described["seeds"]:
        path, types = seeds / f"{one['name']}.csv", one["config"]["column_types"]
        database.run(f"CREATE TABLE {one['name']} AS FROM read_csv('{path}', columns={types})")
    refs: list[str] = []

    def ref(name: str) -> str:
        refs.append(name)
        return f'"{name}"'

    given = {"ref": ref, "var": {"as_of": str(DAY)}.get, "config": lambda **_: ""}
    for query in queries.queries:
        text = (models / f"{query.name}.sql").read_bytes().decode()
        assert text.startswith("{{ config(materialized='table') }}\n")
        database.make(query.name, jinja2.Template(text).render(given))
    assert set(refs) <= {*tables, *queries.names}
    assert {*tables} <= set(refs)
    assert answers_of(database) == told_by_statements


@pytest.mark.parametrize("dialect", DIALECTS)
def test_models_of_dbt_refer_to_what_they_read(tmp_path: Path, dialect: warehouse.Dialect) -> None:
    """No table is read by its bare name, however names are quoted."""
    queries = written(dialect, DAY)
    known = "|".join(("mpfunnel_", *TABLES))
    for path in queries.write(tmp_path):
        if path.suffix == ".sql":
            model = path.read_text(encoding="utf-8")
            assert "ref(" in model
            assert not re.search(rf'(FROM|JOIN) ["`]({known})', model)


def test_seeds_keep_what_they_hold() -> None:
    """Nulls and texts with quotes, commas and lines come out of CSV and SQL as they went in."""
    rows = ((1, "a \"b\", 'c'", None), (-(2**62), "が\n\\", 0), (0, "", None))
    types = {"id": "integer", "text": "text", "x y": "integer"}
    for given in (rows, ()):
        seed = warehouse.Seed("one", types, given, "duckdb")
        database = InDuckDB()
        database.run(seed.create())
        table = database.read("one")
        assert [tuple(row.values()) for row in table.to_pylist()] == list(given)
        assert table.schema.types == [pa.int64(), pa.string(), pa.int64()]
    assert warehouse.Seed("one", types, rows, "duckdb").csv() == (
        f'"id","text","x y"\n1,"a ""b"", \'c\'",\n{-(2**62)},"が\n\\",0\n0,"",\n'
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_statements_are_of_their_dialect(dialect: warehouse.Dialect) -> None:
    """Every statement parses in its dialect, as one, and makes what it says under its name."""
    queries = written(dialect, DAY)
    empty = warehouse.Seed("nothing", {"a": "text"}, (), dialect)
    statements = [*queries.statements(), empty.create()]
    for name, statement in zip((*queries.names, empty.name), statements, strict=True):
        (tree,) = sqlglot.parse(statement, read=_reads(dialect))
        assert isinstance(tree, exp.Create)
        assert tree.find(exp.Table).name == name  # type: ignore[union-attr]


def test_what_a_dialect_cannot_make() -> None:
    """What there is not in a dialect is refused, with what there is."""
    query = warehouse.Query("one", "SELECT 1 AS one", answer=True, dialect="pyspark")
    queries = warehouse.Queries("pyspark", (), (evolve(query, answer=False),), (), "", "x")
    with pytest.raises(InvalidDataError) as caught:
        queries.statements(temporary=True)
    assert str(caught.value) == (
        "made: pyspark makes no 'temporary table'; use one of table, view, temporary view"
    )
    assert query.create("temporary view") == "CREATE TEMPORARY VIEW `one` AS\nSELECT 1 AS one"
    with pytest.raises(InvalidDataError, match="makes no 'tabel'; use one of table, view"):
        query.create("tabel")  # type: ignore[arg-type]


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
