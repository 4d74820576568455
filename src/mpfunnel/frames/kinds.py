"""Kinds of tables: the same kind out as in, whatever engine does the work in between.

Polars, DuckDB, PySpark and Ibis work as they are. pandas and PyArrow have no engine of their own
for whole plans: they are handed to Polars, at no cost for most columns, and come back as they were.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Final, Literal, NamedTuple

import narwhals.stable.v2 as nw
from attrs import define
from narwhals.stable.v2.dependencies import is_pandas_dataframe, is_pyarrow_table

from mpfunnel.errors import InvalidDataError, MissingExtraError, Problem

__all__ = ["Answer", "Frame", "Workshop", "as_columns"]

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


def _polars() -> Any:
    try:
        import polars as pl
    except ImportError as error:
        message = "pandas and PyArrow tables need Polars; pip install 'mpfunnel[frames]'"
        raise MissingExtraError(message) from error
    return pl


def kind_of(native: Any) -> Given | None:
    """Return which kind of table it is; `None` of what is none."""
    if is_pandas_dataframe(native):
        return "pandas"
    if is_pyarrow_table(native):
        return "pyarrow"
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(native, polars.DataFrame):
        return "polars"
    if polars is not None and isinstance(native, polars.LazyFrame):
        return "polars-lazy"
    frame = nw.from_native(native, pass_through=True)
    return _SQL.get(frame.implementation) if isinstance(frame, nw.LazyFrame) else None


def as_columns(native: Any, kind: Given) -> list[str]:
    """Return the names of the columns, as text, in their order."""
    if kind in ("pandas", "polars", "pyarrow"):
        given: Any = native.column_names if kind == "pyarrow" else native.columns
        return [str(name) for name in given]
    return nw.from_native(native).collect_schema().names()


class Answer(NamedTuple):
    """An answer that is going to be made.

    Attributes:
        make: Makes it.
        schema: The types of its columns.
        key: The columns that tell its rows apart.
    """

    make: Callable[[], Frame]
    schema: Mapping[str, Any]
    key: Sequence[str]


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
            InvalidDataError: Something is no table, or they are of several kinds.
        """
        kinds = {name: kind_of(table) for name, table in tables.items()}
        problems = [
            Problem("type", name, f"must be {_WORDS}, not {type(tables[name]).__name__}")
            for name, kind in kinds.items()
            if kind is None
        ]
        known = [kind for kind in kinds.values() if kind is not None]
        problems += [
            Problem("type", name, f"must be of one kind with the others, {known[0]}, not {kind}")
            for name, kind in kinds.items()
            if kind not in (None, known[0])
        ]
        if problems:
            raise InvalidDataError(problems)
        return cls(known[0], next(iter(tables.values())))

    def enter(self, name: str, native: Any, columns: Sequence[str]) -> Frame:
        """Return those columns of a table, to work with.

        Raises:
            InvalidDataError: Columns hold values of mixed types.
        """
        if self.kind == "pandas":
            return nw.from_native(_from_pandas(name, native, columns).lazy())
        if self.kind == "pyarrow":
            return nw.from_native(_polars().from_arrow(native.select(list(columns))).lazy())
        frame: Any = nw.from_native(native)
        return frame.lazy().select(*columns) if self.kind == "polars" else frame.select(*columns)

    def rows(self, frame: Frame) -> list[dict[str, Any]]:
        """Return the rows of a frame, taken out of its engine."""
        return frame.collect(backend="pyarrow").rows(named=True)

    @property
    def cuts(self) -> bool:
        """Whether a long chain is better cut: DuckDB plans it anew at every link."""
        return self.kind == "duckdb"

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
        match self.kind:
            case "duckdb":
                frame: Any = nw.from_native(self.session.query("session", _values(columns, types)))
            case "ibis":
                import ibis

                wanted = {
                    n: "string" if kind == nw.String() else "int64" for n, kind in types.items()
                }
                frame = nw.from_native(ibis.memtable(rows, schema=ibis.schema(wanted)))
            case "pyspark":
                wanted_text = ", ".join(
                    f"{n} {'string' if kind == nw.String() else 'bigint'}"
                    for n, kind in types.items()
                )
                spark = self.session.sparkSession
                frame = nw.from_native(spark.createDataFrame(rows, wanted_text))
            case _:
                polars = _polars()
                native = polars.LazyFrame(dict(columns), schema=nw.Schema(types).to_polars())
                frame = nw.from_native(native)
        return frame  # type: ignore[no-any-return]

    def keep(self, name: str, frame: Frame) -> Frame:
        """Return a frame that several others stand on, worked out once.

        Args:
            name: What it holds.
            frame: The frame.
        """
        native = frame.to_native()
        match self.kind:
            case "duckdb":
                name = f"mpfunnel_{name}_{next(_KEPT)}"
                native.query("given", f"CREATE TEMP TABLE {name} AS FROM given")
                return nw.from_native(native.query("given", f"FROM {name}"))
            case "pyspark":
                return nw.from_native(native.persist())
            case "ibis":
                backend = native.get_backend()
                name = f"mpfunnel_{name}_{next(_KEPT)}"
                return nw.from_native(backend.create_table(name, obj=native, temp=True))
            case _:
                return nw.from_native(native.collect().lazy())

    def leave(self, answers: Mapping[str, Answer]) -> dict[str, Any]:
        """Return answers as tables of the kind that was given."""
        if self.kind == "polars-lazy":
            return {name: self._deferred(answer) for name, answer in answers.items()}
        natives: dict[str, Any] = {name: one.make().to_native() for name, one in answers.items()}
        if self.kind not in ("pandas", "pyarrow", "polars"):
            return natives
        pl = _polars()
        # The same input gives the same bytes (law 9): engines leave rows in an order of their own.
        ordered = [native.sort(answers[name].key) for name, native in natives.items()]
        collected = dict(zip(natives, pl.collect_all(ordered), strict=True))
        if self.kind == "pandas":
            return {name: frame.to_pandas() for name, frame in collected.items()}
        if self.kind == "pyarrow":
            return {name: frame.to_arrow() for name, frame in collected.items()}
        return collected

    def _deferred(self, answer: Answer) -> Any:
        pl = _polars()

        def collected() -> Any:
            return answer.make().to_native().sort(answer.key).collect()

        return pl.defer(collected, schema=nw.Schema(answer.schema).to_polars())


def types_of(columns: Mapping[str, Sequence[Any]], texts: Sequence[str]) -> dict[str, Any]:
    """Return the type of each column of a small table: text where it holds any, else integer."""
    return {
        name: nw.String()
        if name in texts or any(type(value) is str for value in values)
        else nw.Int64()
        for name, values in columns.items()
    }


def _from_pandas(name: str, native: Any, columns: Sequence[str]) -> Any:
    polars = _polars()
    taken: dict[str, Any] = {}
    problems: list[Problem] = []
    for column in columns:
        series = native.iloc[:, [str(one) for one in native.columns].index(column)]
        try:
            one = polars.from_pandas(series, nan_to_null=True)
        except Exception:
            # pandas holds anything in a column of objects, and each fails in its own way.
            message = "holds values of mixed types; give one type, or let a source read it"
            problems.append(Problem("type", f"{name}.{column}", message))
        else:
            # Where everything is missing, pandas says nothing true about the type.
            blank = one.null_count() == len(one)
            taken[column] = polars.Series([None] * len(one), dtype=polars.Null) if blank else one
    if problems:
        raise InvalidDataError(problems)
    return polars.DataFrame(taken)


def _values(columns: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> str:
    """Return a query that gives the table, in DuckDB's SQL."""

    def written(value: Any) -> str:
        if value is None:
            return "NULL"
        return str(value) if type(value) is int else "'" + str(value).replace("'", "''") + "'"

    rows = list(zip(*columns.values(), strict=True)) or [(None,) * len(columns)]
    listed = ", ".join(f"({', '.join(map(written, row))})" for row in rows)
    casts = ", ".join(
        f"CAST({name} AS {'VARCHAR' if kind == nw.String() else 'BIGINT'}) AS {name}"
        for name, kind in types.items()
    )
    none = "" if any(columns.values()) else " WHERE false"
    return f"SELECT {casts} FROM (VALUES {listed}) AS given({', '.join(columns)}){none}"
