"""An Excel workbook, with a sheet for each table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

from mpfunnel.errors import InvalidDataError, Problem, shown
from mpfunnel.stores.cells import Raw, Wanted
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Place, refusal

__all__ = ["Workbook", "opened"]

_EXACT: Final = 2**53
"""From here on a cell no longer tells an integer from the next one (S24)."""


@frozen
class Workbook:
    """A workbook that is read."""

    path: str
    book: Any

    def names(self) -> list[tuple[str, str]]:
        """Return the sheets, each with the table that it is called after."""
        return [(name, name) for name in self.book.sheet_names]

    def raw(self, name: str, wanted: Wanted) -> Raw:
        """Return the table of a sheet: its first row names the columns."""
        pl = library("polars")
        rows = self.book.get_sheet_by_name(name).to_python()
        if not rows:
            message = "is empty; the first row must name the columns"
            raise refusal("empty", f"{self.path}: {shown(name)}", message)
        header = [_written(cell) or "" for cell in rows[0]]
        if wrong := [one for one, times in Counter(header).items() if one and times > 1]:
            message = "stands there twice; name columns once"
            raise InvalidDataError(
                Problem("duplicate", f"{self.path}: {shown(name)}.{shown(one)}", message)
                for one in wrong
            )
        # Whatever was formatted once counts as used, down to rows that hold nothing.
        body = [row for row in rows[1:] if any(cell != "" for cell in row)]
        columns: dict[str, Any] = {}
        for place, column in enumerate(header):
            if column:
                cells = [row[place] for row in body] if wanted(column) else [""] * len(body)
                columns[column] = _column(cells)
        return Raw(pl.DataFrame(columns), loose=True)


@contextmanager
def opened(place: Place) -> Generator[Workbook]:
    """Open the workbook.

    Raises:
        InvalidDataError: It is none.
    """
    calamine = library("python_calamine")
    try:
        with calamine.CalamineWorkbook.from_path(place.path) as book:
            yield Workbook(place.name, book)
    except calamine.CalamineError:
        raise refusal("file", place.name, "cannot be read as an Excel workbook") from None


def _column(cells: Sequence[Any]) -> Any:
    """Return the cells of a column: as integers where all are, else as texts."""
    pl = library("polars")
    given = [cell for cell in cells if cell != ""]
    if not given:
        return pl.Series([None] * len(cells), dtype=pl.Null)
    if all(_is_whole(cell) for cell in given):
        return pl.Series([None if cell == "" else int(cell) for cell in cells], dtype=pl.Int64)
    return pl.Series([_written(cell) for cell in cells], dtype=pl.String)


def _is_whole(cell: Any) -> bool:
    if isinstance(cell, bool) or not isinstance(cell, int | float):
        return False
    return float(cell).is_integer() and abs(cell) < _EXACT


def _written(cell: Any) -> str | None:
    """Return a cell as text; `None` of one that holds nothing."""
    if cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, int | float):
        return str(int(cell)) if _is_whole(cell) else f"{Decimal(repr(cell)):f}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)
