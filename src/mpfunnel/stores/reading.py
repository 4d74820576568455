"""From a store to the tables that `mpfunnel.frames.assess` takes, and to the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from difflib import get_close_matches
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import evolve, frozen
from immutabledict import immutabledict

from mpfunnel import frames, sources
from mpfunnel.calendars import as_day, zone_for
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, shown
from mpfunnel.frames.contract import TABLES, with_attributes
from mpfunnel.labels import Lang
from mpfunnel.sources import Count, Derived, SourceMapping
from mpfunnel.sources.identity import MATCHES
from mpfunnel.sources.reading import Files
from mpfunnel.stores import duckdb, folders, postgres, sqlite, workbooks
from mpfunnel.stores.cells import Raw, Wanted, families, typed
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Kind, Place, refusal, source

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
    """What a store or an export holds.

    Attributes:
        tables: The tables by name, as those of Polars.
        rows: How many rows each of them has in the store, or in the files of the export.
        rejects: The rows that cannot be read, as `mpfunnel.frames` tells them; those of an export
            with file, line and value.
        names: What stands for each table in the store: a file, a sheet, a table or a view; in an
            export its files.
        counts: Of an export: what became of the rows of each file.
        derived: Of an export: what patterns made of its rows.
        matches: Of an export whose mapping matches leads to companies: the tables ``matches`` and
            ``match_candidates``, as those of Polars.
    """

    tables: Mapping[str, Any]
    rows: Mapping[str, int]
    rejects: tuple[pl.DataFrame, ...]
    names: Mapping[str, str]
    counts: tuple[Count, ...] = ()
    derived: tuple[Derived, ...] = ()
    matches: Mapping[str, Any] = immutabledict()


def read(
    engine: Engine,
    where: Files,
    *,
    mapping: str | PathLike[str] | Mapping[str, Any] | SourceMapping | None = None,
) -> Given:
    """Return the tables of a store, or those that a mapping makes of the files of an export.

    Those of a store are found by their names, whether in capitals or not; only ``companies`` is
    needed, and others than those that `mpfunnel.frames.assess` takes are left alone. Everything is
    read as it is at one moment, from databases within one transaction.

    Args:
        engine: The compiled playbook, which says what custom attributes rules ask about, and which
            products there are.
        where: A folder of Parquet or CSV files, an Excel workbook, a DuckDB or SQLite file, or the
            URL of PostgreSQL; ``?schema=`` names the schema. Of an export: its folder, or the path
            (or paths) of each file key of the mapping.
        mapping: That of an export, as `mpfunnel.sources.read_tables` takes it.

    Raises:
        InvalidDataError: There is no such store or export, or it cannot be read; all problems.
        MissingExtraError: What reads this kind of store is not installed.
        UnknownNameError: No mapping of that name is shipped.
    """
    if mapping is not None:
        return _exported(engine, mapping, where)
    if isinstance(where, Mapping):
        message = "must be one folder, file or URL; files by key need their mapping"
        raise refusal("type", "where", message)
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


def _exported(
    engine: Engine,
    mapping: str | PathLike[str] | Mapping[str, Any] | SourceMapping,
    folder_or_files: Files,
) -> Given:
    """Return what a mapping makes of the files of an export."""
    pl = library("polars")
    products = [product.id for product in engine.playbook.products]
    read_in = sources.read_tables(mapping, folder_or_files, products=products)
    rows: Counter[str] = Counter()
    names: dict[str, list[str]] = {}
    for one in read_in.counts:
        # Products are known by the playbook: no table comes of them.
        if one.table in read_in:
            rows[one.table] += one.rows
            names.setdefault(one.table, []).append(one.file)
    nobody = pl.lit(None, pl.String)
    told = read_in.rejects.select(
        *("table", "file", "line"),
        nobody.alias("id"),
        nobody.alias("lead_id"),
        *("column", "code", "reason", "value"),
    )
    return Given(
        dict(read_in),
        rows,
        (told,),
        {name: ", ".join(files) for name, files in names.items()},
        read_in.counts,
        read_in.derived,
        {name: table for name in MATCHES if (table := getattr(read_in, name)) is not None},
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
    """Return the four answers for all rows of a store or an export, as tables of Polars.

    The rejects of an export have file, line and value, too, where the row could not be read.

    Args:
        engine: The compiled playbook.
        given: What the store or the export holds.
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
    told = pl.concat([*given.rejects, out.rejects.drop(*stamp)], how="diagonal")
    # In the order in which frames.assess has them.
    return evolve(out, rejects=told.sort(told.columns).with_columns(**stamp))


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
