"""From the answers to a store: whole or not at all, in the place of those of the run before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import fields
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.frames import Tables
from mpfunnel.frames.population import KEYS
from mpfunnel.sources.identity import MATCHES
from mpfunnel.stores import duckdb, folders, postgres
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Kind, Place, refusal, target
from mpfunnel.stores.upsert import Answer, Database, replace

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FILES", "prepare", "write"]

_NAMES: Final[Mapping[str, str]] = {
    one.name: "segments" if one.name == "companies" else one.name for one in fields(Tables)
}
"""What the files of each answer are called."""
FILES: Final = tuple(
    f"{name}{end}" for name in (*_NAMES.values(), *MATCHES) for end in (".csv", ".parquet")
)
"""The names of all files that are written into a folder."""
_OPENED: Final[Mapping[Kind, Callable[[Place], AbstractContextManager[Database]]]] = {
    "duckdb": duckdb.open_to_write,
    "postgres": postgres.open_to_write,
}


def prepare(where: str | Path) -> None:
    """Find out before the long work whether a store can be written to at all.

    A folder is made; a database is only spoken to.

    Args:
        where: As for `write`.

    Raises:
        InvalidDataError: It cannot.
        MissingExtraError: What writes this kind of store is not installed.
        OSError: The folder cannot be made.
    """
    place = target(where)
    if place.kind == "folder":
        place.path.mkdir(parents=True, exist_ok=True)
    elif place.kind == "postgres" or place.path.exists():
        with _OPENED[place.kind](place):
            pass
    elif not place.path.parent.is_dir():
        raise refusal("file", str(place.path.parent), "no such folder")


def write(out: Tables, where: str | Path, *, matches: Mapping[str, Any] = immutabledict()) -> None:
    """Write answers to a store, in the place of those of an earlier run.

    A folder takes a CSV and a Parquet file of each answer. A database takes the tables
    ``mpfunnel_companies``, ``mpfunnel_tiers``, ``mpfunnel_leads``, ``mpfunnel_engagement``,
    ``mpfunnel_company_products``, ``mpfunnel_plays``, ``mpfunnel_rejects`` and
    ``mpfunnel_by_hand``, and of matches ``mpfunnel_matches`` and ``mpfunnel_match_candidates``,
    which are made if need be. Within one transaction their rows are added or updated by their keys,
    and those that are no answer any more are deleted. Whoever reads meanwhile sees the old answers,
    and if it fails, they stay.

    Args:
        out: The answers, as tables of Polars.
        where: A folder, a DuckDB file (.duckdb or .db where it is new), or the URL of PostgreSQL;
            ``?schema=`` names the schema, which is made if need be.
        matches: `Given.matches`: to which companies the leads were matched.

    Raises:
        InvalidDataError: It cannot be written to, or has tables of these names with other columns,
            types or keys; all problems at once.
        MissingExtraError: What writes this kind of store is not installed.
        OSError: A file cannot be written.
    """
    place = target(where)
    answers = {name: _collected(name, getattr(out, name)) for name in _NAMES}
    answers |= {name: _collected(name, matches.get(name)) for name in MATCHES}
    if place.kind == "folder":
        named = {_NAMES.get(name, name): frame for name, frame in answers.items()}
        folders.replace(place.path, named)
        return
    # A key of a database holds no blanks.
    keys = {**KEYS, "rejects": (), "by_hand": (), "matches": ("lead_id",), "match_candidates": ()}
    tables = [Answer(f"mpfunnel_{name}", keys[name], frame) for name, frame in answers.items()]
    with _OPENED[place.kind](place) as database:
        replace(database, place.name, tables)


def _collected(name: str, table: Any) -> pl.DataFrame | None:
    polars = library("polars")
    if isinstance(table, polars.LazyFrame):
        table = table.collect()
    if table is not None and not isinstance(table, polars.DataFrame):
        message = f"must be a table of Polars, not {type(table).__name__}"
        raise InvalidDataError([Problem("type", f"out.{name}", message)])
    found: pl.DataFrame | None = table
    return found
