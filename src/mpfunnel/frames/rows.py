"""Tables given back with other rows and some other columns; all else stays as it was given.

Columns that nobody here reads may be of any type, and of one that Polars does not know. So they are
moved by the library whose table it is: pandas, PyArrow or Polars. Engines without rows in memory
(DuckDB, Ibis, PySpark) have theirs fetched by Arrow, and get them back.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from attrs import evolve, frozen

from mpfunnel.errors import Problem, shown
from mpfunnel.frames.kinds import Given, Workshop, as_columns, polars
from mpfunnel.frames.origins import reading

__all__ = ["WHO", "Taken", "taken"]

WHO: Final = "tables that companies are assigned in"
"""Who cannot do without Polars."""
_FETCHED: Final = ("duckdb", "ibis", "pyspark")


@frozen(eq=False)
class Taken:
    """A table with its rows in memory.

    Attributes:
        native: The table, of pandas, PyArrow or Polars.
        kind: Which of the three.
    """

    native: Any
    kind: Given

    def arranged(self, rows: Any, columns: Any) -> Taken:
        """Return the table with other rows, and some other columns.

        Args:
            rows: Which row stands in each place, from 0; null for a new one, blank but for the
                columns: a series of Polars.
            columns: The columns that are there instead of its own, or beside them: a frame of
                Polars, of as many rows.
        """
        arrange = {"pandas": _of_pandas, "pyarrow": _of_pyarrow}.get(self.kind, _of_polars)
        return evolve(self, native=arrange(self.native, rows, columns))

    def given_back(self, name: str, workshop: Workshop) -> Any:
        """Return the table, of the kind that was given.

        Args:
            name: What it holds.
            workshop: Knows the kind.
        """
        if workshop.kind in _FETCHED:
            return workshop.hand_out(name, polars(WHO).from_arrow(self.native))
        return self.native.lazy() if workshop.kind == "polars-lazy" else self.native


def taken(name: str, native: Any, workshop: Workshop) -> tuple[Taken, list[Problem]]:
    """Return a table with its rows in memory, and what is wrong with columns.

    Args:
        name: How messages name the table.
        native: The table.
        workshop: Knows its kind.
    """
    with reading(name):
        if workshop.kind == "polars-lazy":
            return Taken(native.collect(), "polars"), []
        if workshop.kind not in _FETCHED:
            return Taken(native, workshop.kind), []
        header = as_columns(native, workshop.kind)
        found = workshop.as_arrow(native, header)
    places = [at for at, column in enumerate(found.column_names) if column in header]
    message = "holds values of a type that cannot be fetched; leave the column out"
    problems = [
        Problem("type", f"{name}.{shown(column)}", message)
        for column in header
        if column not in found.column_names
    ]
    return Taken(found.select(places), "pyarrow"), problems


def _of_polars(native: Any, rows: Any, columns: Any) -> Any:
    pl = polars(WHO)
    return native.select(pl.all().gather(rows)).with_columns(columns.get_columns())


def _of_pyarrow(native: Any, rows: Any, columns: Any) -> Any:
    found = native.take(rows.to_arrow())
    for name, column in zip(columns.columns, columns.to_arrow().columns, strict=True):
        place = found.schema.get_field_index(name)
        if place < 0:
            found = found.append_column(name, column)
        else:
            found = found.set_column(place, name, column)
    return found


def _of_pandas(native: Any, rows: Any, columns: Any) -> Any:
    found = native.reset_index(drop=True)
    if rows.null_count():
        # NumPy has no integers or booleans beside blanks, and would make floats or objects.
        extended = import_module("pandas").api.types.is_extension_array_dtype
        plain = [
            name
            for name, dtype in found.dtypes.items()
            if dtype.kind in "iub" and not extended(dtype)
        ]
        nullable = {name: found[name].convert_dtypes().dtype for name in plain}
        found = found.astype(nullable).reindex(rows.fill_null(-1).cast(int).to_numpy())
    else:
        found = found.take(rows.to_numpy())
    found = found.reset_index(drop=True)
    return found.assign(**columns.to_pandas(use_pyarrow_extension_array=True))
