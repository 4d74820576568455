"""Kinds of tables: the same kind out as in, whatever engine does the work in between.

Polars, DuckDB, PySpark and Ibis work as they are. pandas and PyArrow have no engine of their own
for whole plans: they are handed to Polars, at no cost for most columns, and come back as they were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial
from importlib import import_module
from itertools import count
from typing import Any, Final, Literal, NamedTuple

import narwhals.stable.v2 as nw
from attrs import define
from narwhals.stable.v2.dependencies import (
    is_pandas_dataframe,
    is_pyarrow_table,  # pyright: ignore[reportUnknownVariableType]
)

from mpfunnel.errors import InvalidDataError, MissingExtraError, Problem
from mpfunnel.frames.origins import home_of

__all__ = [
    "Answer",
    "Frame",
    "Given",
    "Workshop",
    "as_columns",
    "called",
    "column_of",
    "kind_of",
    "listed_values",
    "polars",
    "types_of",
]

Frame = nw.LazyFrame[Any]
Given = Literal["pandas", "pyarrow", "polars", "polars-lazy", "duckdb", "ibis", "pyspark"]

_SQL: Final[Mapping[nw.Implementation, Given]] = {
    nw.Implementation.DUCKDB: "duckdb",
    nw.Implementation.IBIS: "ibis",
    nw.Implementation.PYSPARK: "pyspark",
    nw.Implementation.PYSPARK_CONNECT: "pyspark",
}
# Numbered for the whole process: answers of an earlier call stand on their tables.
_KEPT: Final = count()
_WORDS: Final = "a table of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis"


def polars(wanted: str) -> Any:
    """Return the module, where there is no doing without.

    Args:
        wanted: What needs it.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        message = f"{wanted} need Polars; pip install 'mpfunnel[frames]'"
        raise MissingExtraError(message) from error
    return pl


def _polars() -> Any:
    return polars("pandas and PyArrow tables")


def kind_of(native: Any) -> Given | None:
    """Return which kind of table it is; `None` of what is none."""
    if isinstance(native, nw.DataFrame | nw.LazyFrame):
        # What wraps a table is not of the kind that is to come back.
        return None
    if is_pandas_dataframe(native):
        return "pandas"
    if is_pyarrow_table(native):
        return "pyarrow"
    pl = sys.modules.get("polars")
    if pl is not None and isinstance(native, pl.DataFrame):
        return "polars"
    if pl is not None and isinstance(native, pl.LazyFrame):
        return "polars-lazy"
    frame = nw.from_native(native, pass_through=True)
    return _SQL.get(frame.implementation) if isinstance(frame, nw.LazyFrame) else None


def as_columns(native: Any, kind: Given) -> list[str]:
    """Return the names of the columns, as text, in their order, even if some stand there twice."""
    if kind == "polars-lazy":
        return list(native.collect_schema().names())
    given: Any = native.column_names if kind == "pyarrow" else native.columns
    return [str(name) for name in given]


class Answer(NamedTuple):
    """An answer that is going to be made.

    Attributes:
        make: Makes it, maybe with more columns than it has in the end.
        schema: The types of its columns.
        words: The columns of text in which the same few stand again and again.
    """

    make: Callable[[], Frame]
    schema: Mapping[str, Any]
    words: Sequence[str]


@define
class Workshop:
    """Where the tables of one call are worked on: all of one kind.

    Attributes:
        kind: The kind of every table of the call.
        session: A table of the call, which knows the connection or session of its engine.
    """

    kind: Given
    session: Any

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> Workshop:
        """Return the workshop for tables by name.

        Raises:
            InvalidDataError: Something is no table, or cannot be resolved; or they are of several
                kinds, connections, backends or sessions.
        """
        kinds: dict[str, Given | None] = {name: kind_of(table) for name, table in tables.items()}
        problems = [
            Problem("type", name, f"must be {_WORDS}, not {type(tables[name]).__name__}")
            for name, kind in kinds.items()
            if kind is None
        ]
        known: list[Given] = [kind for kind in kinds.values() if kind is not None]
        problems += [
            Problem("type", name, f"must be of one kind with the others, {known[0]}, not {kind}")
            for name, kind in kinds.items()
            if kind not in (None, *known[:1])
        ]
        if problems:
            raise InvalidDataError(problems)
        home = home_of(known[0], tables)
        if known[0] == "duckdb":
            # It is made of this class, and needs what others do without.
            from mpfunnel.frames.on_duckdb import OnDuckDB

            return OnDuckDB("duckdb", tables[home])
        return cls(known[0], tables[home])

    def enter(self, name: str, native: Any, columns: Sequence[str]) -> tuple[Frame, list[Problem]]:
        """Return those columns of a table, to work with, and what is wrong with the others."""
        if self.kind in ("pandas", "pyarrow"):
            return _read(name, native, columns, self.kind)
        if self.kind == "pyspark":
            native = _by_place(native, columns)
        frame: Any = nw.from_native(native)
        return frame.lazy().select(*columns), []

    def is_blank(self, frame: Frame, column: str) -> bool:
        """Return whether a column holds nothing at all, whatever its type."""
        (found,) = self.rows(frame.select(values=nw.col(column).count()))
        return not found["values"]

    def values(self, frame: Frame, column: str) -> list[Any]:
        """Return what a column holds, each once."""
        return [row[column] for row in self.rows(frame.select(column).unique())]

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """Return the rows of a frame, taken out of its engine."""
        return frame.collect().rows(named=True)

    def columns(self, frame: Frame) -> dict[str, list[Any]]:
        """Return the columns of a frame of many rows, taken out of its engine."""
        return frame.collect().to_dict(as_series=False)

    # The names are for engines that write down what they do.
    def small(
        self,
        name: str,  # noqa: ARG002
        columns: Mapping[str, Sequence[int | str | None]],
        *,
        texts: Sequence[str] = (),
    ) -> Frame:
        """Return a small table of integers and texts.

        Args:
            name: What it holds.
            columns: The values by column.
            texts: Columns of text, even if they hold none.
        """
        types = types_of(columns, texts)
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        native: Any
        match self.kind:
            case "ibis":
                ibis: Any = import_module("ibis")
                wanted = ibis.schema(called(types, "string", "int64"))
                native = ibis.memtable(rows, schema=wanted)
            case "pyspark":
                # Not from Python's rows: Spark does not know how few they are, and so sends the
                # large tables around instead of the small one.
                query = listed_values(columns, types, _in_hex)
                native = self.session.sparkSession.sql(query)
            case _:
                native = _polars().LazyFrame(dict(columns), schema=nw.Schema(types).to_polars())
        frame: Frame = nw.from_native(native)
        return frame

    def keep(self, name: str, frame: Frame) -> Frame:
        """Return a frame that several others stand on, worked out once.

        Args:
            name: What it holds.
            frame: The frame.
        """
        native = frame.to_native()
        match self.kind:
            case "pyspark":
                # What was persisted still has its whole plan, which is planned anew in every frame
                # that stands on it: twice as much with every link.
                kept = native.localCheckpoint()
            case "ibis":
                # Its own is another where it was in memory.
                backend = self.session.get_backend()
                name = f"mpfunnel_{name}_{next(_KEPT)}"
                kept = backend.create_table(name, obj=native, temp=True)
            case _:
                kept = native.collect().lazy()
        again: Frame = nw.from_native(kept)
        return again

    def bare(self, name: str, frame: Frame, key: str) -> Frame:
        """Return a frame that several others stand on, worked out once, as bare rows.

        Even of what was worked out, Spark keeps in mind how each column was made, and infers from
        it whatever follows where rows are filtered or joined. It forgets where they are grouped.

        Args:
            name: What it holds.
            frame: The frame, of one row for each value of the key.
            key: The column that tells the rows apart.
        """
        if self.kind == "pyspark":
            columns = frame.collect_schema().names()
            others = (nw.col(column).max() for column in columns if column != key)
            frame = frame.group_by(key).agg(*others).select(*columns)
        return self.keep(name, frame)

    def cut(self, name: str, frame: Frame) -> Frame:
        """Return a frame, worked out up to here on Spark, whose planner chokes on long chains.

        It is worst where rows are filtered by what was just decided: Spark then infers whatever
        follows from the filter, in time that doubles with every column in between.

        Args:
            name: What it holds.
            frame: The frame.
        """
        return self.keep(name, frame) if self.kind == "pyspark" else frame

    @property
    def looks(self) -> bool:
        """Whether rows can be looked at, so that what is done next may depend on them."""
        return True

    def in_order(self, frame: Frame, columns: Sequence[str]) -> Frame:
        """Return a frame in the order of columns, where tables have an order."""
        # The same input gives the same bytes (law 9): Polars leaves rows in an order of its own.
        return frame if self.kind in _SQL.values() else frame.sort(*columns)

    @property
    def splits(self) -> bool:
        """Whether frames can be taken in parts."""
        return self.kind not in _SQL.values()

    def note(self, frame: Frame) -> Frame:
        """Return a frame of few rows: taken at once where its rows would be sought again later."""
        return frame if self.kind in _SQL.values() else self.keep("noted", frame)

    def some(self, frame: Frame) -> Frame | None:
        """Return a frame of few rows, maybe taken at once; `None` where it is seen to have none."""
        if self.kind in _SQL.values():
            return frame
        taken: Any = frame.to_native().collect()
        found: Frame = nw.from_native(taken.lazy())
        return found if taken.height else None

    def leave(self, answers: Mapping[str, Answer]) -> dict[str, Any]:
        """Return answers as tables of the kind that was given."""
        if self.kind == "polars-lazy":
            return {
                name: _deferred(partial(_made, one), one.schema) for name, one in answers.items()
            }
        if self.kind in _SQL.values():
            return {
                name: one.make().select(*one.schema).to_native() for name, one in answers.items()
            }
        collected = _polars().collect_all([_left(one) for one in answers.values()])
        return {
            name: self._given_back(frame) for name, frame in zip(answers, collected, strict=True)
        }

    def leave_in_parts(self, answers: Iterable[tuple[str, Answer]]) -> Iterator[tuple[str, Any]]:
        """Yield answers as tables of the kind that was given, each as soon as it is made."""
        for name, one in answers:
            made = self._given_back(_made(one))
            # What it was made of, or it would lie beside that of the next part.
            del one
            yield name, made
            del made

    def leave_together(
        self,
        answers: Callable[[], Iterable[tuple[str, Answer]]],
        schemas: Mapping[str, Mapping[str, Any]],
    ) -> dict[str, Any]:
        """Return answers that are made in parts, the parts of each as one table."""
        together = cache(partial(_together, answers))

        def one_of(name: str) -> Callable[[], Any]:
            return lambda: together()[name]

        if self.kind == "polars-lazy":
            return {name: _deferred(one_of(name), schema) for name, schema in schemas.items()}
        return {name: self._given_back(frame) for name, frame in together().items()}

    def _given_back(self, frame: Any) -> Any:
        match self.kind:
            case "pandas":
                return frame.to_pandas()
            case "pyarrow":
                return frame.to_arrow()
            case "polars-lazy":
                return frame.lazy()
            case _:
                return frame

    def as_arrow(self, native: Any, columns: Sequence[str]) -> Any:
        """Return a table of DuckDB, Ibis or PySpark as a table of PyArrow.

        Args:
            native: The table.
            columns: Which of its columns to take; those of PySpark that have no type in Arrow are
                left out. Where it is none, the table still has its rows, and any other columns.
        """
        if self.kind == "ibis":
            return native.select(*(columns or native.columns)).to_pyarrow()
        types = dict(native.dtypes)
        known = [column for column in columns if "interval" not in types[column]]
        taken = _by_place(native, known).selectExpr("*", "0 AS mpfunnel_row")
        return taken.toArrow()

    def hand_out(self, name: str, frame: Any) -> Any:
        """Return an eager frame of Polars as a table of the kind that was given.

        Args:
            name: What it holds.
            frame: The frame.
        """
        match self.kind:
            case "ibis":
                kept = f"mpfunnel_{name}_{next(_KEPT)}"
                # Bare data is not taken by every version.
                given = import_module("ibis").memtable(frame.to_arrow())
                return self.session.get_backend().create_table(kept, obj=given, temp=True)
            case "pyspark":
                # Without a row, Spark Connect would not say of what types the columns are.
                rows = frame if frame.height else frame.clear(1)
                given = self.session.sparkSession.createDataFrame(rows.to_arrow())
                return given if frame.height else given.limit(0)
            case "pandas":
                # NumPy has no integers beside nulls, no decimals and no days.
                return frame.to_pandas(use_pyarrow_extension_array=True)
            case _:
                return self._given_back(frame)


def _by_place(native: Any, columns: Sequence[str]) -> Any:
    """Return columns of a table of PySpark, each of which stands there once."""
    # By their names, Spark takes a dot for a field, and one case for the other.
    names = native.columns
    placed = native.toDF(*(f"c{place}" for place in range(len(names))))
    return placed.select(*(f"c{names.index(column)}" for column in columns)).toDF(*columns)


def _left(answer: Answer) -> Any:
    return answer.make().to_native().select(*answer.schema)


def _made(answer: Answer) -> Any:
    return _left(answer).collect()


def _together(answers: Callable[[], Iterable[tuple[str, Answer]]]) -> dict[str, Any]:
    """Return answers of Polars that are made in parts, the parts of each as one table."""
    pl = _polars()
    made: dict[str, list[Any]] = {}
    schemas: dict[str, Any] = {}
    for name, one in answers():
        schemas[name] = nw.Schema(one.schema).to_polars()
        # While parts wait for the others, each word in them takes 4 bytes instead of 16.
        words = [pl.col(word).cast(pl.Categorical) for word in one.words]
        # Parts come in the order of their leads.
        made.setdefault(name, []).append(_left(one).with_columns(words).collect())
        # What it was made of, or it would lie beside that of the next part.
        del one
    return {name: pl.concat(made.pop(name)).cast(schema) for name, schema in schemas.items()}


def _deferred(make: Callable[[], Any], schema: Mapping[str, Any]) -> Any:
    return _polars().defer(make, schema=nw.Schema(schema).to_polars())


def types_of(columns: Mapping[str, Sequence[Any]], texts: Sequence[str]) -> dict[str, Any]:
    """Return the type of each column of a small table: text where it holds any, else integer."""
    return {
        name: nw.String()
        if name in texts or any(type(value) is str for value in values)
        else nw.Int64()
        for name, values in columns.items()
    }


def called(types: Mapping[str, Any], text: str, integer: str) -> dict[str, str]:
    """Return the types of a small table as some engine calls them."""
    return {name: text if kind == nw.String() else integer for name, kind in types.items()}


def _read(
    name: str, native: Any, columns: Sequence[str], kind: Given
) -> tuple[Frame, list[Problem]]:
    """Return the columns that Polars can take over, and what is wrong with the others."""
    names = as_columns(native, kind)
    found = {
        column: column_of(f"{name}.{column}", native, kind, names.index(column))
        for column in columns
    }
    problems = [one for one in found.values() if isinstance(one, Problem)]
    taken = {column: one for column, one in found.items() if not isinstance(one, Problem)}
    return nw.from_native(_polars().LazyFrame(taken)), problems


def column_of(path: str, native: Any, kind: Given, place: int) -> Any:
    """Return a column of a table of pandas or PyArrow as a series of Polars, or why it is none.

    Args:
        path: How a `Problem` names the column.
        native: The table.
        kind: Of which of the two kinds it is.
        place: Which of its columns, from 0.
    """
    pl = _polars()
    # What Rust panics with is no exception of the ordinary kind.
    failures = (Exception, pl.exceptions.PanicException)
    try:
        if kind == "pandas":
            return _from_pandas(native.iloc[:, place])
        return pl.from_arrow(native.column(place))
    except failures as error:
        # Whatever a column holds may stand in it, and each fails in its own way.
        code, message = _failure(error)
        return Problem(code, path, message)


def _from_pandas(series: Any) -> Any:
    inferred = import_module("pandas").api.types.infer_dtype(series, skipna=True)
    if series.dtype == object and inferred in ("date", "datetime", "mixed"):
        days = [value for value in series.dropna() if isinstance(value, date)]
        sorts = {(isinstance(day, datetime), getattr(day, "tzinfo", None) is None) for day in days}
        if len(sorts) > 1:
            # Else the time would be cut off, and what a clock shows be taken for UTC.
            raise TypeError
    return _polars().from_pandas(series, nan_to_null=True)


def _failure(error: BaseException) -> tuple[str, str]:
    if isinstance(error, UnicodeError):
        return "encoding", "holds half a character (a lone surrogate)"
    if isinstance(error, OverflowError):
        return "range", "holds integers beyond 64 bits"
    message = "holds values of mixed types, or of a type unknown here"
    return "type", f"{message}; give one plain type, or let a source read it"


def listed_values(
    columns: Mapping[str, Sequence[Any]],
    types: Mapping[str, Any],
    written_text: Callable[[str], str],
) -> str:
    """Return a query that gives the table, in words that DuckDB and Spark share but for texts."""

    def written(value: Any) -> str:
        if value is None:
            return "NULL"
        return str(value) if type(value) is int else written_text(value)

    rows = list(zip(*columns.values(), strict=True)) or [(None,) * len(columns)]
    listed = ", ".join(f"({', '.join(map(written, row))})" for row in rows)
    casts = ", ".join(
        f"CAST({name} AS {kind}) AS {name}"
        for name, kind in called(types, "STRING", "BIGINT").items()
    )
    none = "" if any(columns.values()) else " WHERE false"
    return f"SELECT {casts} FROM (VALUES {listed}) AS given({', '.join(columns)}){none}"


def _in_hex(text: str) -> str:
    # What a backslash or two quotes mean to Spark is a matter of the session's settings.
    return f"CAST(X'{text.encode().hex()}' AS STRING)"
