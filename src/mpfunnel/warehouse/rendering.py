"""From a playbook and the names of columns to queries: frames on tables that are only described."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import count
from typing import Any, Final, get_args

from attrs import Factory, define
from immutabledict import immutabledict

from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit
from mpfunnel.frames.contract import TABLES, Column, Family, with_attributes
from mpfunnel.frames.kinds import Frame, Workshop, called, types_of
from mpfunnel.frames.population import Population
from mpfunnel.frames.text import described, ibis_or_refuse
from mpfunnel.labels import Lang, faults_of_lang
from mpfunnel.playbook import Playbook
from mpfunnel.tiers import custom_of
from mpfunnel.warehouse.scripts import Queries, Query, Seed
from mpfunnel.warehouse.text import (
    DIALECTS,
    SOME_DAY,
    Dialect,
    sql_text,
    with_variable,
)

__all__ = ["render"]

_TYPES: Final[Mapping[str, str]] = {
    "int": "int64",
    "float": "float64",
    "bool": "boolean",
    "text": "string",
    "date": "date",
    "instant": "timestamp('UTC')",
}
_NUMBERS: Final = re.compile(r"[\d\s./-]*")
"""What looks like a day to people, and is a sum or a difference to SQL."""
_FAMILIES: Final = tuple(one for one in get_args(Family) if one != "product")


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
            policy that was written in Python, which no SQL can ask, or asks for a day that is
            known: where Tiers are held, or plays go by time limits in business days.
        MissingExtraError: Ibis is not installed; or, where business days count, the extra
            `calendar` is not.
    """
    if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidDataError(misfit("engine", engine, Engine))
    lang = engine.playbook.lang if lang is None else lang
    problems = [
        *_faults(engine.playbook, dialect, tables, integer_ids),
        *_faults_of_day(as_of),
        *_faults_of_reviews(engine.playbook, as_of),
        *_faults_of_limits(engine, tables, as_of),
        *faults_of_lang(lang),
    ]
    if problems:
        raise InvalidDataError(problems)
    given = {
        name: _described(name, columns, engine.playbook, integer_ids)
        for name, columns in tables.items()
    }
    desk = _Desk("ibis", None, dialect, prefix, as_of)
    population = Population(
        engine,
        desk,
        given,
        as_of=as_of if isinstance(as_of, date) else SOME_DAY,
        lang=lang,
        possible=possible,
        dense=False,
    )
    for name, answer in population.answers().items():
        desk.write(name, answer.make().select(*answer.schema), answer=True)
    return Queries(
        dialect,
        tuple(desk.seeds.values()),
        tuple(desk.queries),
        tuple(tables),
        prefix,
        str(population.task.day) if isinstance(as_of, date) else as_of,
    )


def _faults(
    book: Playbook,
    dialect: Dialect,
    tables: Mapping[str, Sequence[str]],
    integer_ids: Sequence[str],
) -> list[Problem]:
    problems: list[Problem] = []
    if dialect not in DIALECTS:
        hint = did_you_mean(dialect, DIALECTS) or f"; use one of {', '.join(DIALECTS)}"
        problems.append(Problem("choice", "dialect", f"no such dialect {brief(dialect)}{hint}"))
    if "companies" not in tables:
        problems.append(Problem("missing", "tables.companies", "is needed for every answer"))
    for name, columns in tables.items():
        if name not in TABLES:
            hint = did_you_mean(name, TABLES)
            problems.append(Problem("unknown-table", f"tables.{name}", f"no such table{hint}"))
            continue
        known = [column.name for column in with_attributes(name, book.asked.values())]
        for column in columns:
            if column not in known:
                hint = did_you_mean(column, known)
                at = f"tables.{name}.{column}"
                problems.append(Problem("unknown-column", at, f"no such column{hint}"))
    for family in integer_ids:
        if family not in _FAMILIES:
            hint = did_you_mean(family, _FAMILIES)
            problems.append(Problem("choice", f"integer_ids.{family}", f"no such ids{hint}"))
    for product_id, policy in book.tiers.items():
        if (custom := custom_of(policy)) is not None:
            message = f"{custom.kind} is written in Python, which no SQL can ask; use frames"
            problems.append(Problem("custom-policy", f"tiers.{product_id}", message))
    return problems


def _faults_of_day(as_of: object) -> list[Problem]:
    if isinstance(as_of, date):
        return []
    if not isinstance(as_of, str) or not as_of.strip():
        given = brief(as_of)
        message = f"must be a date, or SQL that gives one such as 'current_date', not {given}"
        return [Problem("type", "as_of", message)]
    if _NUMBERS.fullmatch(as_of):
        message = f"{brief(as_of)} is a number to SQL; give a date object, or DATE '2026-10-31'"
        return [Problem("type", "as_of", message)]
    return []


def _faults_of_reviews(book: Playbook, as_of: object) -> list[Problem]:
    if not book.tier_review_dates or isinstance(as_of, date):
        return []
    message = "must be a date object where Tiers are held from review to review, not SQL"
    return [Problem("choice", "as_of", message)]


def _faults_of_limits(
    engine: Engine, tables: Mapping[str, Sequence[str]], as_of: object
) -> list[Problem]:
    listed = engine.compiled.in_business_days and "stage_history" in tables
    if not listed or isinstance(as_of, date):
        return []
    message = "must be a date object where plays go by time limits in business days, not SQL"
    return [Problem("choice", "as_of", message)]


@define
class _Desk(Workshop):
    """A workshop that writes down what it would do."""

    dialect: Dialect
    prefix: str
    as_of: str | date
    seeds: dict[str, Seed] = Factory(dict[str, Seed])
    queries: list[Query] = Factory(list[Query])

    def small(
        self,
        name: str,
        columns: Mapping[str, Sequence[int | str | None]],
        *,
        texts: Sequence[str] = (),
    ) -> Frame:
        types = types_of(columns, texts)
        rows = tuple(zip(*columns.values(), strict=True))
        words = immutabledict(called(types, "text", "integer"))
        seed = Seed(self.prefix + name, words, rows, self.dialect)
        self.seeds[seed.name] = seed
        return described(seed.name, called(types, "string", "int64"))

    def keep(self, name: str, frame: Frame) -> Frame:
        taken = {query.name for query in self.queries}
        number = next(n for n in count(1) if self.prefix + _numbered(name, n) not in taken)
        return described(*self.write(_numbered(name, number), frame, answer=False))

    def cut(self, name: str, frame: Frame) -> Frame:
        return self.keep(name, frame)

    def values(self, frame: Frame, column: str) -> list[Any]:  # noqa: ARG002
        # A table that is only described holds nothing yet.
        return []

    @property
    def looks(self) -> bool:
        return False

    def write(self, name: str, frame: Frame, *, answer: bool) -> tuple[str, Any]:
        """Write a frame down as a query; return its name and its schema."""
        native: Any = frame.to_native()
        full = self.prefix + name
        text = sql_text(native, self.dialect)
        if isinstance(self.as_of, str):
            text = with_variable(text, self.dialect, self.as_of)
        self.queries.append(Query(full, text, answer, self.dialect))
        return full, native.schema()


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}_{number}"


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
    return ibis_or_refuse().table(schema, name=name)
