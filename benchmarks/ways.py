"""Ways to answer whole tables: `mpfunnel.frames.assess` on every engine, and its peers by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, NamedTuple

import polars as pl

import mpfunnel as mf
from benchmarks import by_hand_polars, by_hand_sql, by_hand_tuned
from benchmarks.by_hand_polars import BOOK
from benchmarks.market import AS_OF, Tables, read, scan
from mpfunnel import frames

ENGINE = mf.Engine(BOOK)
ANSWERS = tuple(by_hand_polars.SORTED)
FILES = TemporaryDirectory()
"""Where ways write files, which are gone with the process."""

Answers = Mapping[str, Any]
"""The tables of answers by their names, of the kind that the way makes; all rows are there."""


class Way(NamedTuple):
    """A way to answer."""

    take: Callable[[Tables], Any]
    """Tables as this way takes them, made before the clock starts."""
    answer: Callable[[Any], Answers]
    read: Callable[[Path], Any] = read
    """How it reads tables that are files, before the clock starts."""


# --- Polars and pandas --------------------------------------------------------------------------


def as_given(tables: Tables) -> Tables:
    return tables


def as_pandas(tables: Tables) -> dict[str, Any]:
    return {name: table.to_pandas() for name, table in tables.items()}


def ours(tables: Mapping[str, Any], chunks: int = 1) -> dict[str, Any]:
    found = frames.assess(ENGINE, **tables, as_of=AS_OF, chunks=chunks)
    return {name: getattr(found, name) for name in ANSWERS}


def as_lazy(tables: Mapping[str, Any]) -> dict[str, pl.LazyFrame]:
    return {name: table.lazy() for name, table in tables.items()}


def ours_to_files(tables: Mapping[str, pl.LazyFrame]) -> Answers:
    return written(ours(tables).items())


def ours_to_files_in_parts(tables: Mapping[str, pl.LazyFrame]) -> Answers:
    given: Mapping[str, Any] = tables
    return written(frames.assess_in_parts(ENGINE, as_of=AS_OF, chunks=8, **given))


def written(answers: Iterable[tuple[str, pl.LazyFrame]]) -> Answers:
    """Answers in files, each part of one in a file of its own."""
    folder = Path(mkdtemp(dir=FILES.name))
    numbers = count()
    for name, answer in answers:
        (folder / name).mkdir(exist_ok=True)
        answer.collect().write_parquet(folder / name / f"{next(numbers)}.parquet")
        # Or it would be there while the next one is made; `enumerate` would hold on to it, too.
        del answer
    return {name: pl.scan_parquet(folder / name / "*.parquet") for name in ANSWERS}


def by_hand(tables: Tables) -> Answers:
    return by_hand_polars.assess(tables, AS_OF)


def tuned(tables: Tables) -> Answers:
    return by_hand_tuned.assess(tables, AS_OF)


def converted(answer: Callable[[Any], Answers]) -> Callable[[Mapping[str, Any]], Answers]:
    """A way of Polars for tables of pandas: they are converted, and its answers are."""

    def answer_pandas(tables: Mapping[str, Any]) -> Answers:
        taken = {name: pl.from_pandas(table) for name, table in tables.items()}
        return {name: table.to_pandas() for name, table in answer(taken).items()}

    return answer_pandas


# --- DuckDB -------------------------------------------------------------------------------------


def in_duckdb(tables: Tables) -> Any:
    """A connection with the tables."""
    import duckdb

    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register("given", table.to_arrow())
        connection.execute(f"CREATE TABLE {name} AS FROM given")
    connection.unregister("given")
    return connection, tuple(tables)


def ours_in_duckdb(given: Any) -> Answers:
    connection, names = given
    return as_arrow(ours({name: connection.table(name) for name in names}))


def by_hand_in_duckdb(given: Any) -> Answers:
    return as_arrow(by_hand_sql.in_duckdb(given[0], AS_OF))


def as_arrow(relations: Mapping[str, Any]) -> Answers:
    return {name: relation.to_arrow_table() for name, relation in relations.items()}


# --- Spark --------------------------------------------------------------------------------------

SPARK = {
    # Neither the name of the machine nor its network is asked for.
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    # For 100,000 companies; what is not needed is not taken.
    "spark.driver.memory": "6g",
    # Small tables too are read like large ones, by generated code, not while planning.
    "spark.sql.execution.arrow.localRelationThreshold": "0",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def in_spark(tables: Tables) -> Any:
    """A session with the tables, kept by its executors."""
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder
    # What one way sets and names does not meet the next one.
    session = builder.master("local[2]").config(map=SPARK).getOrCreate().newSession()
    for name, table in tables.items():
        kept = session.createDataFrame(table.to_arrow()).localCheckpoint()
        kept.createOrReplaceTempView(name)
    return session, tuple(tables)


def ours_in_spark(given: Any) -> Answers:
    session, names = given
    return kept_in_spark(ours({name: session.table(name) for name in names}))


def by_hand_in_spark(given: Any) -> Answers:
    return kept_in_spark(by_hand_sql.in_spark(given[0], AS_OF))


def kept_in_spark(answers: Mapping[str, Any]) -> Answers:
    """The answers, worked out where they belong: to bring them to Python would be dearer."""
    return {name: frame.localCheckpoint() for name, frame in answers.items()}


# --- all of them --------------------------------------------------------------------------------

HAND = "Polars by hand"
WAYS: Mapping[str, Way] = {
    HAND: Way(as_given, by_hand),
    "Polars tuned by hand": Way(as_given, tuned),
    "Polars": Way(as_given, ours),
    "Polars in 8 chunks": Way(as_given, partial(ours, chunks=8)),
    "Polars from file to file": Way(as_lazy, ours_to_files, scan),
    "Polars from file to file in 8 parts": Way(as_lazy, ours_to_files_in_parts, scan),
    "pandas": Way(as_pandas, ours),
    "pandas around Polars": Way(as_pandas, converted(ours)),
    "pandas around Polars by hand": Way(as_pandas, converted(by_hand)),
    "DuckDB": Way(in_duckdb, ours_in_duckdb),
    "DuckDB by hand": Way(in_duckdb, by_hand_in_duckdb),
    "Spark": Way(in_spark, ours_in_spark),
    "Spark by hand": Way(in_spark, by_hand_in_spark),
}
