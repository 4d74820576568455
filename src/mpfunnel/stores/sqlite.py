"""A SQLite file, whose types are those of each cell."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from attrs import frozen

from mpfunnel.frames.text import quoted
from mpfunnel.stores.cells import Raw, Wanted
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Place, refusal

__all__ = ["Lite", "opened"]


@frozen
class Lite:
    """A SQLite file that is read."""

    connection: Any

    def names(self) -> list[tuple[str, str]]:
        """Return the tables and views."""
        query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
        return [(name, name) for (name,) in self.connection.execute(query)]

    def raw(self, name: str, wanted: Wanted) -> Raw:
        """Return a table: a column of integers as such, and others as texts."""
        pl = library("polars")
        rows = self.connection.execute(f"SELECT * FROM {quoted(name)} LIMIT 0")
        columns = [column for column, *_ in rows.description]
        asked = [column for column in columns if wanted(column)]
        types = {column: self._type(name, column) for column in asked}
        parts = [
            quoted(column) if types[column] == pl.Int64 else f"CAST({quoted(column)} AS TEXT)"
            for column in asked
        ]
        found = self.connection.execute(f"SELECT {', '.join(parts or ['1'])} FROM {quoted(name)}")
        frame = pl.DataFrame(found.fetchall(), schema=types or {"nothing": pl.Int64}, orient="row")
        others = [pl.lit(None).alias(column) for column in columns if not wanted(column)]
        return Raw(frame.with_columns(others), loose=True)

    def _type(self, name: str, column: str) -> Any:
        pl = library("polars")
        query = f"SELECT DISTINCT typeof({quoted(column)}) FROM {quoted(name)}"
        kinds = {kind for (kind,) in self.connection.execute(query)} - {"null"}
        if not kinds:
            return pl.Null
        return pl.Int64 if kinds == {"integer"} else pl.String


@contextmanager
def opened(place: Place) -> Generator[Lite]:
    """Open the file, and read all of it as it is at one moment.

    Raises:
        InvalidDataError: It cannot be read.
    """
    try:
        with closing(
            sqlite3.connect(f"{place.path.absolute().as_uri()}?mode=ro", uri=True)
        ) as file:
            # What is no UTF-8 shall not keep the other cells from being read.
            file.text_factory = partial(str, encoding="utf-8", errors="replace")
            file.execute("BEGIN")
            yield Lite(file)
    except sqlite3.Error as error:
        raise refusal("database", place.name, f"cannot be read as SQLite: {error}") from None
