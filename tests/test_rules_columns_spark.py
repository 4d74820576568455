"""Columns on Spark: law 1, in two time zones of the session."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from tests.tables import MISSING_NUMBERS, TRAPS, Drawn, asked, decided, draw_cases, draw_given

pytestmark = pytest.mark.spark

# Spark takes seconds to plan and milliseconds to run: many policies stand in a few tables.
TABLES = 10
CASES = 10
ROWS = 1_000


@pytest.fixture(scope="module")
def tables() -> list[Drawn]:
    """Tables with what explain and the compiled function, which must agree, decide on each row."""
    random = Random(20240229)
    return [draw_cases(random, cases=CASES, rows=ROWS) for _ in range(TABLES)]


@pytest.fixture(params=["UTC", "Asia/Tokyo"])
def session(request: pytest.FixtureRequest, spark: Any) -> Iterator[Any]:
    """The Spark session in a time zone."""
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield spark
    spark.conf.unset("spark.sql.session.timeZone")


def test_engines_agree_on_spark(session: Any, tables: list[Drawn]) -> None:
    """Law 1: Engines agree: columns on Spark decide like the specification, in every zone."""
    compared = 0
    for drawn in tables:
        answers = decided(drawn.cases, session.createDataFrame(drawn.table))
        for case, told, wanted in zip(drawn.cases, answers, drawn.wanted, strict=True):
            assert told == wanted, case.policy
            compared += len(told)
    assert compared == TABLES * CASES * ROWS


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_on_spark(spark: Any, trap: str) -> None:
    """S1, S14, S24: Spark agrees where one engine or another is known to have its own ways."""
    drawn = draw_given(Random(5), [TRAPS[trap]], rows=200)
    native = spark.createDataFrame(drawn.table)
    assert decided(drawn.cases, native) == drawn.wanted
    assert asked(drawn.cases, native) == drawn.missing


def test_an_empty_table_stays_empty_on_spark(spark: Any) -> None:
    """No rows in, no rows out: nothing is made up."""
    drawn = draw_cases(Random(3), cases=4, rows=1)
    native = spark.createDataFrame(drawn.table.slice(0, 0))
    assert decided(drawn.cases, native) == [[]] * 4
    assert asked(drawn.cases, native) == [[]] * 4


def test_what_is_possible_is_left_away_on_spark(spark: Any) -> None:
    """S22: what is possible costs several times as much as the answer, and comes on request."""
    drawn = draw_cases(Random(6), cases=8, rows=40)
    answers = decided(drawn.cases, spark.createDataFrame(drawn.table), possible=False)
    none: frozenset[Any] = frozenset()
    assert answers == [[(value, rule, none) for value, rule, _ in one] for one in drawn.wanted]


def test_nan_is_missing_on_spark(spark: Any) -> None:
    """S1: NaN is missing, though to Spark it equals itself and is above everything."""
    cases, table, answers, missing = MISSING_NUMBERS
    assert decided(cases, spark.createDataFrame(table)) == answers
    assert asked(cases, spark.createDataFrame(table)) == missing
