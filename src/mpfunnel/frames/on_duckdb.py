"""DuckDB: the work is written as SQL text, and every step is run as soon as it is written.

A relation could be asked step by step, but DuckDB plans all of it anew with every step, which takes
far longer than the answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib import import_module
from itertools import count
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import Factory, define

from mpfunnel.errors import Problem
from mpfunnel.frames.kinds import Answer, Frame, Workshop, called, listed_values, types_of
from mpfunnel.frames.origins import reading
from mpfunnel.frames.text import described, ibis_or_refuse, quoted, sql_of

__all__ = ["OnDuckDB"]

# Numbered for the whole process: answers of an earlier call stand on their tables.
_MADE: Final = count()
_INSTANTS: Final = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ", "TIMESTAMPTZ_NS")
_ANSWERED: Final[Mapping[Any, str]] = {
    nw.String(): "VARCHAR",
    nw.Int64(): "BIGINT",
    nw.Boolean(): "BOOLEAN",
    nw.Date(): "DATE",
}


@define
class OnDuckDB(Workshop):
    """A workshop on a connection of DuckDB, with a temporary table for each step."""

    tables: list[str] = Factory(list[str])
    views: list[str] = Factory(list[str])

    def enter(self, name: str, native: Any, columns: Sequence[str]) -> tuple[Frame, list[Problem]]:
        """Copy those columns of a relation, which may cost much to ask twice, if it is no table."""
        types = _types_of(native, columns)
        made = self._name(name)
        if native.type == "TABLE_RELATION":
            self.views.append(made)
            entered = f"VIEW {made} AS {_typed(f'FROM ({native.sql_query()})', types)}"
        else:
            self.tables.append(made)
            entered = f"TABLE {made} AS {_typed('FROM mpfunnel_given', types)}"
        with reading(name):
            native.query("mpfunnel_given", f"CREATE TEMP {entered}")
        # What knows the connection, and stands on no table.
        self.session = native.query("mpfunnel_given", "SELECT 1 AS one")
        ibis: Any = ibis_or_refuse()
        known: Any = import_module("ibis.backends.sql.datatypes").DuckDBType
        schema = {
            column: ibis.dtype("timestamp('UTC', 6)")
            if kind == "TIMESTAMPTZ"
            else known.from_string(kind)
            for column, kind in types.items()
        }
        return described(made, schema), []

    def as_arrow(self, native: Any, columns: Sequence[str]) -> Any:
        """Return a relation as a table of PyArrow."""
        query = _typed("FROM mpfunnel_given", _types_of(native, columns or native.columns))
        return native.query("mpfunnel_given", query).to_arrow_table()

    def hand_out(self, name: str, frame: Any) -> Any:
        """Return an eager frame of Polars as a relation."""
        return self._taken_over(self._name(name), frame.to_arrow())

    def _taken_over(self, made: str, rows: Any) -> Any:  # noqa: ARG002 - the query names them
        # DuckDB finds the table of PyArrow by the name of the variable.
        self.session.query("mpfunnel_session", f"CREATE TEMP TABLE {made} AS FROM rows")
        return self._run(f"FROM {made}")

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """Return the rows of a frame, taken out of DuckDB."""
        rows: list[dict[str, Any]] = self._taken_out(frame).to_pylist()
        return rows

    def columns(self, frame: Frame) -> dict[str, list[Any]]:
        """Return the columns of a frame of many rows, taken out of DuckDB."""
        columns: dict[str, list[Any]] = self._taken_out(frame).to_pydict()
        return columns

    def _taken_out(self, frame: Frame) -> Any:
        return self._run(_text(frame.to_native())).to_arrow_table()

    def small(
        self,
        name: str,
        columns: Mapping[str, Sequence[int | str | None]],
        *,
        texts: Sequence[str] = (),
    ) -> Frame:
        """Return a small table of integers and texts."""
        types = types_of(columns, texts)
        made = self._made(name, listed_values(columns, types, _text_of))
        return described(made, called(types, "string", "int64"))

    def keep(self, name: str, frame: Frame) -> Frame:
        """Return a frame, worked out."""
        native: Any = frame.to_native()
        schema = native.schema()
        known: Any = import_module("ibis.backends.sql.datatypes").DuckDBType
        types = {column: known.to_string(kind) for column, kind in schema.items()}
        # A sum has more digits to DuckDB than Ibis thinks.
        query = _typed(f"FROM ({_text(native)})", types)
        return described(self._made(name, query), schema)

    def note(self, frame: Frame) -> Frame:
        """Return a frame of few rows, worked out."""
        return self.keep("noted", frame)

    def some(self, frame: Frame) -> Frame | None:
        """Return a frame; `None` where it has no rows."""
        return frame if self.rows(frame.select(some=nw.lit(1)).head(1)) else None

    def leave(self, answers: Mapping[str, Answer]) -> dict[str, Any]:
        """Return answers as relations, which stand on the tables that are still needed for them."""
        asked: dict[str, str] = {}
        for name, one in answers.items():
            types = {column: _ANSWERED[kind] for column, kind in one.schema.items()}
            text = _text(one.make().select(*one.schema).to_native())
            asked[name] = _typed(f"FROM ({text})", types)
        needed = {word for text in asked.values() for word in re.findall(r"\w+", text)}
        for what, made in (("VIEW", self.views), ("TABLE", self.tables)):
            while made:
                if (table := made.pop()) not in needed:
                    self._run(f"DROP {what} {table}")
        return {name: self._run(text) for name, text in asked.items()}

    def _made(self, name: str, query: str) -> str:
        made = self._name(name)
        self.tables.append(made)
        self._run(f"CREATE TEMP TABLE {made} AS {query}")
        return made

    def _name(self, name: str) -> str:
        return f"mpfunnel_{name}_{next(_MADE)}"

    def _run(self, query: str) -> Any:
        return self.session.query("mpfunnel_session", query)


def _text(native: Any) -> str:
    options = ibis_or_refuse().options.sql
    fused = options.fuse_selects
    # To put one SELECT into another takes Ibis long, and DuckDB does it anyway.
    options.fuse_selects = False
    try:
        return sql_of(native, "duckdb")
    finally:
        options.fuse_selects = fused


def _types_of(native: Any, columns: Sequence[str]) -> dict[str, str]:
    """Return the types of columns of a relation, those of instants as Ibis knows them."""
    given = dict(zip(native.columns, map(str, native.types), strict=True))
    return {
        column: "TIMESTAMPTZ" if given[column] in _INSTANTS else given[column] for column in columns
    }


def _typed(source: str, types: Mapping[str, str]) -> str:
    casts = ", ".join(f"CAST({quoted(n)} AS {kind}) AS {quoted(n)}" for n, kind in types.items())
    return f"SELECT {casts} {source}"


def _text_of(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
