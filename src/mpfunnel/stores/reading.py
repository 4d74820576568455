"""From a store to the tables that `mpfunnel.frames.assess` takes, and to the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import evolve, frozen

from mpfunnel import frames
from mpfunnel.calendars import as_day, zone_for
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, shown
from mpfunnel.frames.contract import TABLES, with_attributes
from mpfunnel.frames.population import KEYS
from mpfunnel.labels import Lang
from mpfunnel.stores import duckdb, folders, postgres, sqlite, workbooks
from mpfunnel.stores.cells import Raw, Wanted, families, typed
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Kind, Place, source

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Given", "assess", "read"]

_NEAR: Final = 0.85
_OWN: Final[tuple[Kind, ...]] = ("folder", "workbook")
"""Stores that are made for this; in a database stands much that is nobody's slip."""


class _Store(Protocol):
    """What is read."""

    def names(self) -> list[tuple[str, str]]:
        """Return its parts, each with the table that it is called after."""
        ...

    def raw(self, name: str, wanted: Wanted) -> Raw:
        """Return a part's table, in which only the columns that are wanted hold anything."""
        ...


_OPENED: Final[Mapping[Kind, Callable[[Place], AbstractContextManager[_Store]]]] = {
    "folder": folders.opened,
    "workbook": workbooks.opened,
    "duckdb": duckdb.opened,
    "sqlite": sqlite.opened,
    "postgres": postgres.opened,
}


_FEW: Final = 8


def _anything(_column: str) -> bool:
    return True


@frozen
class Given:
    """What a store holds.

    Attributes:
        tables: The tables by name, as those of Polars.
        rows: How many rows each of them has in the store.
        rejects: The rows with a cell that cannot be read, as `mpfunnel.frames` tells them.
        names: What stands for each table in the store: a file, a sheet, a table or a view.
    """

    tables: Mapping[str, Any]
    rows: Mapping[str, int]
    rejects: tuple[pl.DataFrame, ...]
    names: Mapping[str, str]


def read(engine: Engine, where: str | Path) -> Given:
    """Return the tables of a store.

    They are found by their names, whether in capitals or not; only ``companies`` is needed, and
    others than those that `mpfunnel.frames.assess` takes are left alone. Everything is read as it
    is at one moment, from databases within one transaction.

    Args:
        engine: The compiled playbook, which says what custom attributes rules ask about.
        where: A folder of Parquet or CSV files, an Excel workbook, a DuckDB or SQLite file, or the
            URL of PostgreSQL; ``?schema=`` names the schema.

    Raises:
        InvalidDataError: There is no such store, or it cannot be read; all problems of its tables.
        MissingExtraError: What reads this kind of store is not installed.
    """
    place = source(where)
    asked = list(engine.playbook.asked.values())
    contracts = {name: with_attributes(name, asked) for name in TABLES}
    raws: dict[str, Raw] = {}
    problems: list[Problem] = []
    with _OPENED[place.kind](place) as store:
        names = _chosen(place, store.names())
        for name, part in names.items():
            # A policy in Python may ask for anything that is known of a company.
            known = {column.name for column in contracts[name]}
            wanted = _anything if name == "companies" else known.__contains__
            try:
                raws[name] = store.raw(part, wanted)
            except InvalidDataError as error:
                problems += error.problems
    if problems:
        raise InvalidDataError(problems)
    product = "integers" if type(engine.playbook.products[0].id) is int else "text"
    integers = families(product, contracts, raws)
    tables: dict[str, pl.DataFrame] = {}
    rejects: list[pl.DataFrame] = []
    for name, raw in raws.items():
        tables[name], told = typed(name, contracts[name], raw, integers)
        if told is not None:
            rejects.append(told)
    return Given(
        tables, {name: raw.frame.height for name, raw in raws.items()}, tuple(rejects), names
    )


def assess(
    engine: Engine,
    given: Given,
    *,
    as_of: date | datetime,
    lang: Lang | None = None,
    possible: bool = False,
    dense: bool = False,
) -> frames.Tables:
    """Return the four answers for all rows of a store, as tables of Polars.

    Args:
        engine: The compiled playbook.
        given: What the store holds.
        as_of: As for `mpfunnel.frames.assess`, like all that follow.
        lang: The language of the reasons; the playbook's own where it is `None`.
        possible: Whether leads and engagement tell what is still possible.
        dense: Whether engagement lists every lead with every product.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type; all problems at once.
    """
    out = frames.assess(
        engine, **given.tables, as_of=as_of, lang=lang, possible=possible, dense=dense
    )
    day = as_day(as_of, zone_for(engine.playbook.zone))
    pl = library("polars")
    stamp = {"as_of": pl.lit(day), "playbook_version": pl.lit(engine.playbook.version)}
    told = [out.rejects, *(one.with_columns(**stamp) for one in given.rejects)]
    # In the order in which frames.assess has them.
    return evolve(out, rejects=pl.concat(told).sort(KEYS["rejects"]))


def _chosen(place: Place, parts: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the part of the store for each table that is there.

    Raises:
        InvalidDataError: One is there twice, companies are not, or a name is most likely a slip.
    """
    found: dict[str, list[str]] = {name: [] for name in TABLES}
    strangers: list[str] = []
    for part, name in parts:
        found.get(name.casefold(), strangers).append(part)
    problems = [
        Problem("duplicate", place.name, f"has {table} twice, as {' and '.join(map(shown, twice))}")
        for table, twice in found.items()
        if len(twice) > 1
    ]
    absent = [table for table, there in found.items() if not there]
    if place.kind in _OWN:
        for stranger in strangers:
            stem = stranger.partition(".")[0].casefold()
            if near := get_close_matches(stem, absent, n=1, cutoff=_NEAR):
                message = f"has no table of that name; did you mean '{near[0]}'?"
                problems.append(
                    Problem("unknown-table", f"{place.name}: {shown(stranger)}", message)
                )
    if "companies" in absent and not problems:
        has = ", ".join(map(shown, strangers[:_FEW])) or "none"
        message = f"has no table companies; it has {has}"
        problems.append(Problem("missing", place.name, message))
    if problems:
        raise InvalidDataError(problems)
    return {table: there[0] for table, there in found.items() if there}
