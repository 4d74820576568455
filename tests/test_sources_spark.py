"""Whole tables of Spark by a mapping: the same as files with the same cells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

import mpfunnel as mf
from mpfunnel import frames, sources
from tests.reading import mapping_of, rows_of
from tests.test_sources_tables import (
    ROWS,
    as_arrow,
    as_file,
    assert_same,
    mappings,
    refusal,
    told,
)

pytestmark = pytest.mark.spark

DAY = date(2024, 1, 31)


@pytest.fixture(params=["America/New_York", "Asia/Tokyo"])
def session(request: pytest.FixtureRequest, spark: Any) -> Iterator[Any]:
    """The Spark session in the time zone of the test."""
    spark.conf.set("spark.sql.session.timeZone", request.param)
    yield spark
    spark.conf.unset("spark.sql.session.timeZone")


@settings(
    max_examples=6,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(mappings(numbered=False), ROWS)
def test_spark_says_what_files_say(
    spark: Any, tmp_path: Path, mapping: dict[str, Any], rows: Any
) -> None:
    """Law 7, S14: the same records are used, the same rows rejected, for the same reasons."""
    as_file(tmp_path, rows)
    found = sources.tables(mapping, table=spark.createDataFrame(as_arrow(rows)))
    assert_same(mapping, sources.read(mapping, tmp_path), found, ordered=False)
    for native in (*found.values(), found.rejects):
        assert native.sparkSession is spark


def test_cells_keep_their_types_in_any_zone_of_the_session(session: Any) -> None:
    """S12: instants stay, a time without zone is in that of the mapping, days and numbers stay."""
    table = session.sql(
        """
        SELECT 7L AS id, timestamp_seconds(1706702400) AS seen, DATE '2024-01-31' AS since,
            TIMESTAMP_NTZ '2024-01-31 23:30:00' AS clock, 12.34BD AS revenue, true AS flag,
            CAST(0.1 AS FLOAT) AS growth, 3Y AS employees
        UNION ALL SELECT 8L, NULL, NULL, NULL, NULL, NULL, CAST('NaN' AS FLOAT), NULL
        """
    )
    mapping = mapping_of(
        "companies",
        {
            "id": {"column": "id", "type": "int"},
            "annual_revenue": {"column": "revenue", "unit": "thousand"},
            "growth_rate": "growth",
            "employees": "employees",
        },
        attributes={
            "since": {"column": "since", "type": "date"},
            "seen": {"column": "seen", "type": "date"},
            "flag": {"column": "flag", "type": "bool", "true": ["1"], "false": ["0"]},
        },
    )
    mapping["leads"] = {"file": "table", "fields": {"id": "id", "created_at": "clock"}}
    found = sources.tables(mapping, table=table)
    assert told(found.rejects) == []
    companies = {row["id"]: row for row in rows_of(found["companies"])}
    known = {name: value for name, value in companies[7].items() if value is not None}
    assert known == {
        "id": 7,
        "annual_revenue": Decimal(12340),
        "growth_rate": 0.1,
        "employees": 3,
        "since": DAY,
        # It was nine in the evening in Tokyo.
        "seen": DAY,
        "flag": True,
    }
    assert {name for name, value in companies[8].items() if value is not None} == {"id"}
    leads = {row["id"]: row["created_at"] for row in rows_of(found["leads"])}
    assert leads == {"7": datetime(2024, 1, 31, 14, 30, tzinfo=UTC), "8": None}
    types = {**dict(found["companies"].dtypes), **dict(found["leads"].dtypes)}
    assert types["annual_revenue"] == "decimal(38,2)"
    assert (types["since"], types["created_at"]) == ("date", "timestamp")


def test_only_the_named_columns_are_fetched(spark: Any) -> None:
    """What no field asks for is never worked out; names may hold dots, quotes or either case."""
    table = spark.sql(
        "SELECT 'a' AS id, 'b' AS `na.me`, 'c' AS `re``gion`, 'd' AS country, 'e' AS COUNTRY,"
        " raise_error('worked out') AS other"
    )
    fields = {"name": "na.me", "region": "re`gion", "country": "country", "industry": "COUNTRY"}
    found = sources.tables(mapping_of("companies", fields), table=table)
    (row,) = rows_of(found["companies"])
    assert [row[n] for n in ("id", *fields)] == ["a", "b", "c", "d", "e"]


def test_either_case_of_a_name_is_a_column_of_its_own(spark: Any) -> None:
    """Spark takes one for the other where it is asked by name."""
    companies = spark.sql("SELECT 'a' AS id, 'b' AS ID, 20 AS employees, 'none' AS Employees")
    out = frames.assess(mf.Engine(mf.starter(["crm"])), companies=companies, as_of=DAY)
    assert [row.company_id for row in out.companies.collect()] == ["a"]


def test_a_table_without_a_column_to_read_has_its_rows(spark: Any) -> None:
    """Only constants need no column."""
    table = spark.sql("SELECT raise_error('worked out') AS x FROM range(3)")
    found = sources.tables(mapping_of("companies", {"id": {"constant": "a"}}), table=table)
    (count,) = found.counts
    assert (count.rows, count.used, count.collapsed) == (3, 1, 2)


def test_columns_of_no_use_are_told_at_once(spark: Any) -> None:
    """Types that no cell can be read from are one error, those too that Arrow does not know."""
    table = spark.sql(
        "SELECT true AS id, array(1) AS name, INTERVAL '1' YEAR AS a, INTERVAL '1' DAY AS b,"
        " parse_json('1') AS c, make_interval(1) AS d, id AS e, id AS e FROM range(1)"
    )
    columns = {"name": "name", "industry": "a", "region": "b", "country": "c", "employees": "d"}
    wanted = "must hold text, numbers or days, not"
    assert refusal(mapping_of("companies", columns), table=table) == [
        "table.id: must hold text, numbers or days, not true or false",
        f"table.name: {wanted} List",
        f"table.a: {wanted} a type unknown here",
        "table.d: must hold text or numbers, not a type unknown here",
        f"table.b: {wanted} a type unknown here",
        f"table.c: {wanted} Struct",
    ]
    (twice,) = refusal(mapping_of("companies", {"name": "e", "id": {"constant": "a"}}), table=table)
    assert twice == "companies.fields.name: table has 2 columns 'e'; name each differently"


def test_rows_without_order_have_no_number(spark: Any) -> None:
    """row_number needs an order, and rejects of Spark's tables name no row."""
    table = spark.createDataFrame(pa.table({"id": ["a", ""]}))
    assert refusal(mapping_of("companies", {"id": {"row_number": True}}), table=table) == [
        "companies.fields.id: tables of pyspark have no order; name columns that tell rows apart"
    ]
    found = sources.tables(mapping_of("companies"), table=table)
    assert [row["row"] for row in rows_of(found.rejects)] == [None]


@pytest.mark.parametrize("rows", [0, 1])
def test_the_answers_can_be_asked_for(spark: Any, rows: int) -> None:
    """However few rows there are, `frames.assess` takes what comes back."""
    mapping = mapping_of("companies", {"employees": "n", "lists": "x"})
    table = pa.table({"id": ["a"], "n": ["5000"], "x": ["y"]}).slice(0, rows)
    found = sources.tables(mapping, table=spark.createDataFrame(table))
    assert {**found}.keys() == {"companies", "company_sets"}
    out = frames.assess(mf.Engine(mf.starter(["crm"])), **found, as_of=DAY)
    assert out.companies.count() == rows


def test_a_real_export_on_spark(spark: Any, shared_data: Path) -> None:
    """Law 7: Maven's CRM, read by Spark as text, is used and rejected as its files are."""
    folder = shared_data / "maven_crm"
    mapping = sources.load("maven")
    given = {
        key: spark.read.csv(str(folder / form.paths[0]), header=True)
        for key, form in mapping.files.items()
    }
    found, records = sources.tables(mapping, given), sources.read(mapping, folder)
    assert [evolve(one, file="") for one in found.counts] == [
        evolve(one, file="") for one in records.counts
    ]
    assert found["deals"].count() == len(records.deals)


def test_sessions_of_one_spark_are_worked_with_together(spark: Any) -> None:
    """What Spark can join is taken: DataFrames of several sessions of one Spark context."""
    companies = spark.createDataFrame(pa.table({"id": ["a"]}))
    values = {"company_id": ["a", "b"], "fact": ["lists"] * 2, "value": ["x", "y"]}
    sets = spark.newSession().createDataFrame(pa.table(values))
    engine = mf.Engine(mf.starter(["crm"]))
    out = frames.assess(engine, companies=companies, company_sets=sets, as_of=DAY)
    assert out.companies.count() == 1
    assert [row.id for row in out.rejects.collect()] == ["b"]


CONNECT = """\
import os
from datetime import date
from pyspark.sql import SparkSession
import pyarrow as pa
from mpfunnel import Engine, frames, sources, starter
options = {
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.sql.shuffle.partitions": "1",
    "spark.ui.enabled": "false",
}
spark = SparkSession.builder.remote("local[1]").config(map=options).getOrCreate()
rows = pa.table({"id": ["a", "b"], "n": ["1", "x"]})
mapping = {
    "files": {"table": "table.csv"},
    "companies": {"file": "table", "fields": {"id": "id", "employees": "n"}},
}
for given in (rows, rows.slice(0, 1), rows.slice(0, 0)):
    found = sources.tables(mapping, table=spark.createDataFrame(given, "id string, n string"))
    print(*(row.id for row in found["companies"].collect()), end=" | ")
    print(*(row.reason for row in found.rejects.collect()), end=" | ")
    print(found["companies"].dtypes[0])
    if given is rows:
        out = frames.assess(Engine(starter(["crm"])), **found, as_of=date(2024, 1, 31))
        print(*(row.segment for row in out.companies.collect()))
try:
    sources.tables(mapping, table=spark.table("nowhere"))
except ValueError as error:
    print(error)
other = spark.newSession()
two = {"companies": spark.createDataFrame(rows), "leads": other.createDataFrame(rows)}
try:
    frames.assess(Engine(starter(["crm"])), **two, as_of=date(2024, 1, 31))
except ValueError as error:
    print(error, flush=True)
other.stop()
# Any session takes the local server with it, and the next would wait for it for ever.
os._exit(0)
"""


def test_sessions_of_spark_connect() -> None:
    """Spark Connect gives the same; it lives in a process of its own."""
    pytest.importorskip("grpc", reason="gRPC is absent; pyspark[connect] has it")
    done = subprocess.run(
        [sys.executable, "-c", CONNECT], capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    gone = "table: cannot be resolved; Spark says: [TABLE_OR_VIEW_NOT_FOUND] "
    assert lines.pop(-2).startswith(gone)
    assert lines == [
        "a | n 'x': is not a number | ('id', 'string')",
        "micro",
        "a |  | ('id', 'string')",
        " |  | ('id', 'string')",
        "leads: must be of the same session as companies; take all tables from one session",
    ]
