"""Columns as SQL text: law 1, in the very path by which queries for a warehouse are written."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import ibis
import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest

from mpfunnel.rules.facts import Fact
from mpfunnel.warehouse.text import Dialect, sql_text
from tests.policies import Case, draw_case
from tests.tables import TRAPS, Drawn, Question, draw_given
from tests.warehouse import Engine, InDuckDB, InSpark, postgres_schema

TABLES = 8
CASES = 10
ROWS = 1_000
KANA = ("カナ", "ｶﾅ", "か\u3099", "が", "髙橋", "𠮷")
TEXTS = ("", " ", *KANA, "'", "''", "\\", "\\'", "%", "a_", "\n")
DAYS = (date(2024, 2, 29), date(2000, 2, 29), date(1900, 3, 1), date(1, 1, 1), date(9999, 12, 31))
EDGES = (2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1)


def edges_of(fact: Fact) -> list[Any]:
    """Values at the edges of a type, wherever the policy's own thresholds are."""
    match fact.kind:
        case "int":
            return [*EDGES, *(-one for one in EDGES)]
        case "decimal" if fact.minor:
            return [*EDGES, *(-one for one in EDGES)]
        case "decimal":
            return [Decimal(one).scaleb(-fact.places) for one in (*EDGES, -EDGES[-1])]
        case "float":
            return [-0.0, 5e-324, 1.7e308, -1.7e308, 2.0**63, 0.1 + 0.2]
        case "text":
            return list(TEXTS)
        case "date":
            return list(DAYS)
        case _:
            return []


def draw(random: Random) -> Drawn:
    """Random cases at their critical points and at the edges of the types."""
    cases = [draw_case(random) for _ in range(CASES)]
    wide = [
        case._replace(points={f: [*points, *edges_of(f)] for f, points in case.points.items()})
        for case in cases
    ]
    return draw_given(random, wide, rows=ROWS)


def with_nan(random: Random, table: pa.Table) -> pa.Table:
    """The table with NaN in the place of every other null of its floats."""
    for place, column in enumerate(table.schema):
        if column.type == pa.float64():
            values = [
                math.nan if value is None and random.randrange(2) else value
                for value in table[column.name].to_pylist()
            ]
            table = table.set_column(place, column.name, pa.array(values, pa.float64()))
    return table


@pytest.fixture(scope="module")
def tables() -> list[tuple[str, Drawn]]:
    """Tables with what explain and the compiled function, which must agree, decide on each row."""
    random = Random(20240229)
    drawn = [draw(random) for _ in range(TABLES)]
    drawn = [one._replace(table=with_nan(random, one.table)) for one in drawn]
    traps = draw_given(random, list[Case](TRAPS.values()), rows=ROWS)
    return [*((f"random_{n}", one) for n, one in enumerate(drawn)), ("traps", traps)]


def compared(engine: Engine, dialect: Dialect, tables: list[tuple[str, Drawn]]) -> int:
    """How many answers the text, run by an engine, and the interpreters were seen to share."""
    number = 0
    for name, drawn in tables:
        engine.load(f"given_{name}", drawn.table)
        given: Any = ibis.table(ibis.schema(drawn.table.schema), name=f"given_{name}")

        def told(question: Question, made: str) -> Any:
            engine.make(made, sql_text(question.frame.to_native(), dialect))
            rows: Any = pl.from_arrow(engine.read(made))
            return rows.sort("id")

        question = Question.about(drawn.cases, nw.from_native(given))
        answers = question.answers(told(question, f"decided_{name}"))
        for case, found, wanted in zip(drawn.cases, answers, drawn.wanted, strict=True):
            assert found == wanted, case.policy
            number += len(found)
        question = Question.missing_for(drawn.cases, nw.from_native(given))
        asked = question.missing(told(question, f"asked_{name}"))
        assert asked == drawn.missing
    print(f"{dialect}: {number:,} answers of {sum(len(t.cases) for _, t in tables)} policies agree")  # noqa: T201
    return number


ANSWERS = TABLES * CASES * ROWS + len(TRAPS) * ROWS


@pytest.mark.bulk
def test_text_run_by_duckdb(tables: list[tuple[str, Drawn]]) -> None:
    """Law 1: Engines agree: the text of 86 policies, run by DuckDB, and the specification."""
    assert compared(InDuckDB(), "duckdb", tables) == ANSWERS


@pytest.mark.postgres
def test_text_run_by_postgres(postgres: str, tables: list[tuple[str, Drawn]]) -> None:
    """Law 1: Engines agree: the text of 86 policies, run by PostgreSQL, and the specification."""
    with postgres_schema(postgres) as database:
        assert compared(database, "postgres", tables) == ANSWERS


@pytest.mark.spark
def test_text_run_by_spark(spark: Any, tables: list[tuple[str, Drawn]]) -> None:
    """Law 1: Engines agree: the text of 86 policies, run by Spark SQL, and the specification."""
    assert compared(InSpark(spark), "pyspark", tables) == ANSWERS
