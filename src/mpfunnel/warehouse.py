"""The four answers as SQL text: queries for a warehouse, made by the same code as the tables.

The text comes from the frames of `mpfunnel.frames`, built on tables that are only described: so
there is no second translation of a policy that could mean something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Literal

import narwhals.stable.v2 as nw
from attrs import Factory, define, field, frozen
from immutabledict import immutabledict

from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, MissingExtraError, Problem, did_you_mean
from mpfunnel.frames.assessing import Population
from mpfunnel.frames.contract import Column, with_attributes
from mpfunnel.frames.kinds import Frame, Workshop, types_of
from mpfunnel.labels import Lang
from mpfunnel.playbook import Playbook

__all__ = ["DIALECTS", "Dialect", "Query", "Queries", "Seed", "render"]

Dialect = Literal["duckdb", "postgres", "pyspark", "databricks", "bigquery", "snowflake"]
DIALECTS: Final[tuple[Dialect, ...]] = (
    "duckdb",
    "postgres",
    "pyspark",
    "databricks",
    "bigquery",
    "snowflake",
)
_TYPES: Final[Mapping[str, str]] = {
    "int": "int64",
    "float": "float64",
    "bool": "boolean",
    "text": "string",
    "date": "date",
    "instant": "timestamp('UTC')",
}
# Two days that no playbook names: what differs between their texts is the day asked about.
_DAYS: Final = (date(3021, 3, 4), date(3456, 7, 8))


@frozen
class Seed:
    """A small table that the queries read: numbers of the playbook.

    Attributes:
        name: The name of the table.
        types: By column, ``"text"`` or ``"integer"``.
        rows: The rows.
    """

    name: str
    types: Mapping[str, str]
    rows: tuple[tuple[int | str | None, ...], ...]


@frozen
class Query:
    """One plain SELECT; those before it are tables or views of their names.

    Attributes:
        name: The name that later queries know it by.
        sql: The text.
        answer: Whether it is one of the answers, and not a step on the way.
    """

    name: str
    sql: str
    answer: bool


@frozen
class Queries:
    """Everything that a warehouse needs to give the four answers.

    Attributes:
        dialect: For which engine they are written.
        seeds: Tables to load first.
        queries: Queries in the order in which they stand on each other.
    """

    dialect: Dialect
    seeds: tuple[Seed, ...]
    queries: tuple[Query, ...]


def render(
    engine: Engine,
    *,
    dialect: Dialect,
    tables: Mapping[str, Sequence[str]],
    integer_ids: Sequence[str] = (),
    as_of: str | date,
    prefix: str = "mpfunnel_",
    lang: Lang | None = None,
    possible: bool = False,
) -> Queries:
    """Return the four answers as SQL text.

    Args:
        engine: The compiled playbook.
        dialect: For which engine.
        tables: The columns of each table that is there, by the names of `mpfunnel.frames.assess`;
            companies are needed. The tables stand in the warehouse under these names.
        integer_ids: Whose ids are integers: of company, lead, activity, deal and campaign. Others
            are text.
        as_of: The day asked about; or the SQL, such as a variable of dbt, that gives it as a date.
        prefix: What the names of queries and seeds begin with.
        lang: The language of the reasons; the playbook's own where it is `None`.
        possible: Whether leads and engagement tell what is still possible.

    Raises:
        InvalidDataError: There is no such dialect, table or column, or the playbook has a tier
            policy that was written in Python, which no SQL can ask.
        MissingExtraError: Ibis is not installed.
    """
    _check(engine.playbook, dialect, tables)
    lang = engine.playbook.lang if lang is None else lang
    if isinstance(as_of, date):
        return _drafted(engine, dialect, tables, integer_ids, as_of, prefix, lang, possible)
    raise NotImplementedError


def _drafted(
    engine: Engine,
    dialect: Dialect,
    tables: Mapping[str, Sequence[str]],
    integer_ids: Sequence[str],
    as_of: date,
    prefix: str,
    lang: Lang,
    possible: bool,
) -> Queries:
    given = {
        name: _described(name, columns, engine.playbook, integer_ids)
        for name, columns in tables.items()
    }
    desk = _Desk("ibis", None, dialect, prefix)
    population = Population(
        engine, desk, given, as_of=as_of, lang=lang, possible=possible, dense=False
    )
    for name, answer in population.answers().items():
        desk.write(name, answer.make(), answer=True)
    return Queries(dialect, tuple(desk.seeds.values()), tuple(desk.queries))


@define
class _Desk(Workshop):
    """A workshop that writes down what it would do."""

    dialect: Dialect
    prefix: str
    seeds: dict[str, Seed] = Factory(dict[str, Seed])
    queries: list[Query] = Factory(list[Query])

    @property
    def cuts(self) -> bool:
        return True

    def small(
        self,
        name: str,
        columns: Mapping[str, Sequence[int | str | None]],
        *,
        texts: Sequence[str] = (),
    ) -> Frame:
        types = types_of(columns, texts)
        words = {n: "text" if kind == nw.String() else "integer" for n, kind in types.items()}
        rows = tuple(zip(*columns.values(), strict=True))
        seed = Seed(self.prefix + name, immutabledict(words), rows)
        self.seeds[seed.name] = seed
        kinds = {n: "string" if word == "text" else "int64" for n, word in words.items()}
        return _table(seed.name, kinds)

    def keep(self, name: str, frame: Frame) -> Frame:
        return _table(*self.write(name, frame, answer=False))

    def write(self, name: str, frame: Frame, *, answer: bool) -> tuple[str, Any]:
        """Write a frame down as a query; return its name and its schema."""
        native: Any = frame.to_native()
        full = self.prefix + name
        self.queries.append(Query(full, _sql(native, self.dialect), answer))
        return full, native.schema()


def _sql(native: Any, dialect: Dialect) -> str:
    ibis: Any = _ibis()
    if ibis.options.pyspark is None:
        # Ibis sets the options of an engine when it loads that engine, which text does not need.
        ibis.options.pyspark = _spark_options()
    return str(ibis.to_sql(native, dialect=dialect))


def _spark_options() -> Any:
    from ibis.config import Config

    class Options(Config):
        treat_nan_as_null: bool = False

    return Options()


def _ibis() -> Any:
    try:
        import ibis
    except ImportError as error:
        message = "SQL text needs Ibis; pip install 'mpfunnel[sql]'"
        raise MissingExtraError(message) from error
    return ibis


def _table(name: str, schema: Any) -> Frame:
    frame: Frame = nw.from_native(_ibis().table(schema, name=name))
    return frame


def _described(
    name: str, columns: Sequence[str], book: Playbook, integer_ids: Sequence[str]
) -> Any:
    contract = {column.name: column for column in with_attributes(name, book.asked.values())}
    product = book.products[0].id

    def typed(column: Column) -> str:
        if column.holds == "decimal":
            return f"decimal(38, {column.places})"
        if column.holds != "id":
            return _TYPES[column.holds]
        whole = type(product) is int if column.of == "product" else column.of in integer_ids
        return "int64" if whole else "string"

    schema = {column: typed(contract[column]) for column in columns}
    return _ibis().table(schema, name=name)
