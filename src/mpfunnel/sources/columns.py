"""A column of a table or file → its cells, each once, and for every row which of them it has."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final, cast, get_args

from attrs import Factory, field, frozen

from mpfunnel.errors import Problem, shown
from mpfunnel.frames.kinds import Workshop, as_columns, column_of, polars
from mpfunnel.frames.origins import reading
from mpfunnel.sources.files import Row, SourceFile
from mpfunnel.sources.kinds import Type
from mpfunnel.sources.mapping import Where
from mpfunnel.sources.values import Cell, Unfit, as_shown, is_blank

__all__ = ["WHO", "Column", "Entered", "entered", "entered_file"]

WHO: Final = "mappings of tables"
"""Who cannot do without Polars."""


@frozen(eq=False)
class Column:
    """One column of a table or file.

    Attributes:
        cells: What stands in it, each once; a blank one is the empty text.
        places: For each row the index of its cell: a series of Polars.
    """

    cells: list[Cell]
    places: Any = field(repr=False)


@frozen(eq=False)
class Entered:
    """What a mapping reads of one table or file.

    Attributes:
        rows: How many rows it has.
        columns: The columns by name.
        lines: For each row the line of the file on which it begins; of a table its number, from 1.
        faulty: The rows of a file whose cells cannot be told apart, by their place from 0. In the
            columns they are blank.
    """

    rows: int
    columns: Mapping[str, Column]
    lines: Sequence[int] = field(
        default=Factory(lambda self: range(1, self.rows + 1), takes_self=True), repr=False
    )
    faulty: Mapping[int, Row] = field(factory=dict[int, Row])

    def different(self, names: Sequence[str]) -> tuple[list[tuple[Cell, ...]], Any]:
        """Return the different cells of some columns, and for each row the index of its own."""
        columns = [self.columns[name] for name in names]
        if len(columns) == 1:
            return [(cell,) for cell in columns[0].cells], columns[0].places
        pl = polars(WHO)
        frame = pl.DataFrame({str(n): column.places for n, column in enumerate(columns)})
        different = frame.unique(maintain_order=True)
        order = different.with_row_index("place")
        found = frame.join(order, on=frame.columns, how="left", maintain_order="left")
        rows: list[tuple[int, ...]] = different.rows()
        cells: list[tuple[Cell, ...]] = [
            tuple(column.cells[place] for column, place in zip(columns, row, strict=True))
            for row in rows
        ]
        return cells, found["place"]

    def among(self, column: str, texts: Collection[str]) -> Any:
        """Return for each row whether one of the texts is in a column: a series of Polars."""
        return self.fitting(column, lambda text: text in texts)

    def fitting(self, column: str, fits: Callable[[str], bool]) -> Any:
        """Return for each row whether the text in a column fits: a series of Polars."""
        given = self.columns[column]
        pl = polars(WHO)
        fitting = [fits(as_shown(cell)) for cell in given.cells]
        return pl.Series(fitting, dtype=pl.Boolean).gather(given.places)

    def blank(self, column: str) -> Any:
        """Return for each row whether a column is blank: a series of Polars."""
        given = self.columns[column]
        pl = polars(WHO)
        blank = [is_blank(cell) for cell in given.cells]
        return pl.Series(blank, dtype=pl.Boolean).gather(given.places)

    def meant(self, where: Where) -> Any:
        """Return for each row whether it is meant: a series of Polars."""
        return self.fitting(where.column, where.fits)

    def where(self, fitting: Any) -> Entered:
        """Return what is read of the rows that fit, and of those at fault.

        Args:
            fitting: For each row whether it does: a series of Polars.
        """
        fits = fitting.to_list()
        rows = [row for row, fit in enumerate(fits) if fit or row in self.faulty]
        columns = {
            name: Column(one.cells, one.places.gather(rows)) for name, one in self.columns.items()
        }
        faulty = {at: self.faulty[row] for at, row in enumerate(rows) if row in self.faulty}
        return Entered(len(rows), columns, [self.lines[row] for row in rows], faulty)


def entered(
    name: str, native: Any, workshop: Workshop, wanted: Mapping[str, Set[Type]]
) -> tuple[Entered, list[Problem]]:
    """Return what is read of a table, and what is wrong with columns as a whole.

    Args:
        name: How messages name the table.
        native: The table.
        workshop: Knows its kind.
        wanted: The columns to read, each there once, with the types of the fields that they fill.
    """
    pl = polars(WHO)
    kind = workshop.kind
    with reading(name):
        if kind in ("duckdb", "ibis", "pyspark"):
            native = workshop.as_arrow(native, list(wanted))
            kind = "pyarrow"
        elif kind == "polars-lazy":
            native = native.select(list(wanted) or pl.all()).collect()
            kind = "polars"
    columns: dict[str, Column] = {}
    problems: list[Problem] = []
    header = as_columns(native, kind)
    for column, types in wanted.items():
        path = f"{name}.{shown(column)}"
        if column not in header:
            problems.append(_misfit(path, _UNKNOWN, types))
            continue
        place = header.index(column)
        if kind == "pandas" and str(native.dtypes.iloc[place]) in ("object", "category"):
            # Categories may be of any type, each of its own.
            columns[column] = _of_cells(native.iloc[:, place].astype(object))
            continue
        found = (
            native.to_series(place) if kind == "polars" else column_of(path, native, kind, place)
        )
        made = _of_series(path, found, types)
        if isinstance(made, Problem):
            problems.append(made)
        else:
            columns[column] = made
    return Entered(len(native), columns), problems


def entered_file(file: SourceFile, header: Sequence[str], wanted: Iterable[str]) -> Entered:
    """Return what is read of a file.

    Args:
        file: The file.
        header: The names of its columns.
        wanted: The columns to read, each there once.

    Raises:
        DecodeError: The file cannot be read to its end.
    """
    # Four bytes for a cell, and a text for each different one: there may be millions of rows.
    columns = [(name, header.index(name), {"": 0}, array("I")) for name in wanted]
    lines, faulty = array("Q"), dict[int, Row]()
    blank = [""] * len(header)
    for number, row in enumerate(file.rows()):
        lines.append(row.line)
        if row.code:
            faulty[number] = row
        cells = blank if row.code else row.cells
        for _name, at, known, places in columns:
            places.append(known.setdefault(cells[at], len(known)))
    pl = polars(WHO)
    found = {
        name: Column(list(known), pl.Series(places, dtype=pl.UInt32))
        for name, _at, known, places in columns
    }
    return Entered(len(lines), found, lines, faulty)


# -- columns of one type --

_UNKNOWN: Final = "a type unknown here"
_FITTING: Final[Mapping[str, frozenset[Type]]] = {
    "text": frozenset(get_args(Type)),
    "numbers": frozenset(get_args(Type)),
    "days": frozenset({"text", "date", "instant"}),
    "true or false": frozenset({"bool"}),
}
"""The types of the fields that can be read from a column of each sort."""


def _of_series(path: str, series: Any, types: Set[Type]) -> Column | Problem:
    if isinstance(series, Problem):
        # What it says else is about tables that no source reads.
        return _misfit(path, _UNKNOWN, types)
    pl = polars(WHO)
    dtype = series.dtype
    if dtype == pl.Object:
        return _of_cells(series)
    if series.null_count() == len(series):
        # It says nothing by its type: a file without a value in it gives text, NumPy floats.
        return Column([""], pl.zeros(len(series), dtype=pl.UInt32, eager=True))
    sort = _sort(pl, dtype)
    if sort is None or not types <= _FITTING[sort]:
        return _misfit(path, sort or type(dtype).__name__, types)
    if isinstance(dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    elif dtype == pl.Float32:
        # As it is written: 0.1, and not the 0.10000000149 that is next to it.
        series = series.cast(pl.String).cast(pl.Float64)
    elif isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        series = series.dt.convert_time_zone("UTC")
    if series.dtype.is_float():
        series = series.fill_nan(None)
    known = series.unique(maintain_order=True).drop_nulls()
    if sort == "days" and not known.dt.year().is_between(1, 9999).fill_null(False).all():
        return Problem("range", path, "holds days beyond the years 1 to 9999")
    places = pl.arange(len(known), dtype=pl.UInt32, eager=True)
    order = pl.DataFrame({"cell": known, "place": places})
    given = series.alias("cell").to_frame()
    found = given.join(order, on="cell", how="left", maintain_order="left")
    return Column([*known.to_list(), ""], found["place"].fill_null(len(known)))


def _sort(pl: Any, dtype: Any) -> str | None:
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if dtype.is_numeric():
        return "numbers"
    if dtype == pl.Boolean:
        return "true or false"
    return "days" if isinstance(dtype, pl.Date | pl.Datetime) else None


def _misfit(path: str, given: str, types: Set[Type]) -> Problem:
    *others, last = (sort for sort, fitting in _FITTING.items() if types <= fitting)
    return Problem("type", path, f"must hold {', '.join(others)} or {last}, not {given}")


# -- columns of anything --


def _of_cells(given: Iterable[Any]) -> Column:
    known: dict[Any, int] = {}
    cells: list[Cell] = []
    places: list[int] = []
    for one in given:
        cell = one if type(one) is str and one.isascii() else _plain(one)
        # True, 1 and 1.0 are equal; no text is equal to anything else.
        key = cell if type(cell) is str else (type(cell), cell)
        place = known.setdefault(key, len(cells))
        if place == len(cells):
            cells.append(cell)
        places.append(place)
    pl = polars(WHO)
    return Column(cells, pl.Series(places, dtype=pl.UInt32))


def _plain(given: Any) -> Cell:
    """Return a cell as one of the types that fields read; blank where it is missing."""
    cell: Any = given
    kind = type(cast("object", given))
    if cell is None or kind.__name__ in ("NAType", "NaTType"):
        # What pandas has for missing refuses to be compared.
        return ""
    if kind.__name__ == "Timestamp" and isinstance(given, datetime):
        cell = cell.to_pydatetime(warn=False)
    elif kind.__module__ == "numpy" and not getattr(cell, "shape", None):
        # What is counted in nanoseconds would come as an integer.
        sort = cell.dtype.kind
        cell = (cell.astype(f"{sort}8[us]") if sort in "mM" else cell).item()
    match cell:
        case str():
            try:
                cell.encode()
            except UnicodeEncodeError:
                return Unfit("encoding", "holds half a character (a lone surrogate)")
            return str.__str__(cell)
        case bool():
            return cell
        case int():
            return int(cell)
        case float():
            return float(cell) if cell == cell else ""
        case Decimal():
            return "" if cell.is_nan() else cell
        case datetime():
            return _moment(cell)
        case date():
            return cell
        case _:
            wanted = "text, a number, a day or true or false"
            return Unfit("type", f"must be {wanted}, not {kind.__name__}")


def _moment(cell: datetime) -> Cell:
    if cell.utcoffset() is None:
        # Of an ambiguous time, the earlier (S12).
        return cell.replace(tzinfo=None, fold=0)
    try:
        return cell.astimezone(UTC)
    except OverflowError:
        return Unfit("range", "is beyond the years 1 to 9999 in UTC")
