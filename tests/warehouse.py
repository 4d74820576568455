"""Rendered queries, run in an engine like in a warehouse: seeds, steps, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib import import_module
from random import Random
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from attrs import evolve

import mpfunnel as mf
from mpfunnel import warehouse
from mpfunnel.frames import Tables
from tests.books import answers_alone
from tests.frames import differences, draw_records, tables_of
from tests.leads import draw_as_of, engine_of

__all__ = [
    "ANSWERS",
    "Engine",
    "InDuckDB",
    "InPostgres",
    "InSpark",
    "answered",
    "disagreements",
    "postgres_schema",
    "steps_in",
]

ANSWERS = (
    *("companies", "tiers", "leads", "engagement", "company_products", "plays", "by_hand"),
    "rejects",
)


class Engine(Protocol):
    """Where queries are run."""

    seeds: warehouse.Made

    def run(self, statement: str) -> None: ...

    def load(self, name: str, table: pa.Table) -> None: ...

    def make(self, name: str, sql: str) -> None: ...

    def read(self, name: str) -> pa.Table: ...


class InDuckDB:
    """A database in memory."""

    seeds: warehouse.Made = "table"

    def run(self, statement: str) -> None:
        self.connection.execute(statement)

    def __init__(self) -> None:
        self.connection = duckdb.connect()

    def load(self, name: str, table: pa.Table) -> None:
        self.connection.register("given", table)
        self.connection.execute(f"CREATE TABLE {name} AS FROM given")
        self.connection.unregister("given")

    def make(self, name: str, sql: str) -> None:
        self.connection.execute(f"CREATE TABLE {name} AS {sql}")

    def read(self, name: str) -> pa.Table:
        return self.connection.table(name).to_arrow_table()


class InPostgres:
    """A schema of its own in a database."""

    seeds: warehouse.Made = "temporary table"

    def run(self, statement: str) -> None:
        self.cursor.execute(statement)

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def load(self, name: str, table: pa.Table) -> None:
        self.cursor.adbc_ingest(name, table, mode="create")

    def make(self, name: str, sql: str) -> None:
        self.cursor.execute(f"CREATE TABLE {name} AS {sql}")

    def read(self, name: str) -> pa.Table:
        self.cursor.execute(f"SELECT * FROM {name}")
        return self.cursor.fetch_arrow_table()


@contextmanager
def postgres_schema(url: str) -> Iterator[InPostgres]:
    """An empty schema of a database."""
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA tried")
        cursor.execute("SET search_path TO tried")
        yield InPostgres(cursor)


class InSpark:
    """Views of a session; each query is worked out, as a table of a warehouse would be."""

    seeds: warehouse.Made = "temporary view"

    def run(self, statement: str) -> None:
        self.session.sql(statement)

    def __init__(self, session: Any) -> None:
        # Views go with their session, and a seed is not made twice.
        self.session = session.newSession()

    def load(self, name: str, table: pa.Table) -> None:
        self.session.createDataFrame(table).createOrReplaceTempView(name)

    def make(self, name: str, sql: str) -> None:
        self.session.sql(sql).localCheckpoint().createOrReplaceTempView(name)

    def read(self, name: str) -> pa.Table:
        return self.session.table(name).toArrow()


def disagreements(
    engine: Engine,
    dialect: warehouse.Dialect,
    number: int,
    *,
    count: int = 20,
    possible: bool = False,
    day: Callable[[date], str] | None = None,
    funnel: mf.Funnel | None = None,
) -> list[str]:
    """Where the queries of a playbook, run by an engine, say other than the accounts one by one.

    Args:
        engine: Runs the queries.
        dialect: Its dialect.
        number: Of the playbook.
        count: How many accounts.
        possible: Whether to compare what is possible.
        day: Gives the SQL for the day asked about; it is written into the text if `None`.
        funnel: The funnel in the place of that of the playbook.
    """
    random = Random(f"warehouse {number}")
    own, as_of = engine_of(number), draw_as_of(random)
    if funnel is not None:
        own = mf.Engine(evolve(answers_alone(own.playbook), funnel=funnel))
    records = draw_records(random, own.playbook, as_of, count)
    asked = as_of if day is None else day(as_of)
    out = answered(engine, dialect, own, tables_of(records, own), asked, possible=possible)
    return differences(out, own, records, as_of, possible=possible)


def steps_in(
    engine: Engine, dialect: warehouse.Dialect
) -> Callable[[mf.Engine, Mapping[str, Any], date, bool], Tables]:
    """What gives the answers of queries, as `tests.steps.step_differences` asks for them."""

    def run(own: mf.Engine, records: Mapping[str, Any], as_of: date, possible: bool) -> Tables:
        return answered(engine, dialect, own, tables_of(records, own), as_of, possible=possible)

    return run


def answered(
    engine: Engine,
    dialect: warehouse.Dialect,
    own: mf.Engine,
    given: Mapping[str, pa.Table],
    as_of: str | date,
    *,
    possible: bool = False,
) -> Tables:
    """The answers of the queries for a playbook, run by an engine that is given the tables."""
    queries = warehouse.render(
        own,
        dialect=dialect,
        tables={name: table.column_names for name, table in given.items()},
        integer_ids=["activity"],
        as_of=as_of,
        lang="en",
        possible=possible,
    )
    for name, table in given.items():
        engine.load(name, table)
    for seed in queries.seeds:
        engine.run(seed.create(engine.seeds))
    for query in queries.queries:
        engine.make(query.name, query.sql)
    made = {query.name.removeprefix("mpfunnel_") for query in queries.queries if query.answer}
    absent = set() if "leads" in given else {"leads", "engagement", "plays"}
    absent |= set() if own.playbook.plays.conditions else {"plays"}
    absent |= set() if "overrides" in given else {"by_hand"}
    assert made == {*ANSWERS} - absent
    return Tables(
        **{name: engine.read(f"mpfunnel_{name}") if name in made else None for name in ANSWERS}
    )
