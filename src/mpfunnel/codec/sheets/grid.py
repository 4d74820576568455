"""The cells of one sheet as texts, each with its address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from attrs import frozen

from mpfunnel.errors import DecodeError, Problem

__all__ = [
    "MAX_AREA",
    "MAX_COLUMNS",
    "MAX_LETTERS",
    "MAX_ROWS",
    "Cells",
    "Grid",
    "address",
    "check_area",
    "grid_of",
    "letters",
    "refusal",
]

MAX_ROWS: Final = 10_000
"""How many rows a sheet may have."""
MAX_COLUMNS: Final = 256
"""How many columns a sheet may have."""
MAX_AREA: Final = 400_000
"""How many cells there may be from the first to the last, blank ones too."""
MAX_LETTERS: Final = 32_767
"""How long the text of a cell may be: what Excel can hold."""

Cells = tuple[str, ...]


@frozen
class Grid:
    """One sheet: the texts of its cells, row by row.

    Attributes:
        name: How messages name it: ``"tiers.xlsx!crm"``, ``"segments.csv"``.
        rows: The cells of each row that is not blank, from column A, by the number of the row as
            a spreadsheet counts it, from 1.
        percents: The addresses, as row and column from 0, of the numbers that are shown in percent.
        notes: What the reader of the sheet may want to know.
    """

    name: str
    rows: Mapping[int, Cells]
    percents: Collection[tuple[int, int]] = frozenset()
    notes: tuple[Problem, ...] = ()

    def at(self, row: int, column: int) -> str:
        """Return how messages name a cell: ``"tiers.xlsx!crm!C7"``.

        Args:
            row: The number of the row, from 1.
            column: The place of the column, from 0.
        """
        return f"{self.name}!{address(row, column)}"


def letters(column: int) -> str:
    """Return how a spreadsheet calls a column.

    >>> letters(0), letters(25), letters(26), letters(255)
    ('A', 'Z', 'AA', 'IV')
    """
    name, column = "", column + 1
    while column:
        column, last = divmod(column - 1, 26)
        name = chr(ord("A") + last) + name
    return name


def address(row: int, column: int) -> str:
    """Return how a spreadsheet calls a cell; the row counts from 1, the column from 0.

    >>> address(7, 2)
    'C7'
    """
    return f"{letters(column)}{row}"


def grid_of(
    name: str,
    rows: Mapping[int, Cells],
    percents: Collection[tuple[int, int]] = (),
    notes: tuple[Problem, ...] = (),
) -> Grid:
    """Return a sheet without its blank rows, within the bounds.

    Raises:
        DecodeError: It has too many rows or columns, or a cell has too long a text.
    """
    filled = {number: cells for number, cells in rows.items() if any(map(str.strip, cells))}
    widest = max(map(len, filled.values()), default=0)
    check_area(name, max(filled, default=0), widest)
    problems = [
        Problem(
            "size",
            f"{name}!{address(number, place)}",
            f"has more than {MAX_LETTERS:,} characters",
        )
        for number, cells in filled.items()
        for place, text in enumerate(cells)
        if len(text) > MAX_LETTERS
    ]
    if problems:
        raise DecodeError(problems)
    return Grid(name, filled, frozenset(percents), notes)


def check_area(name: str, rows: int, columns: int) -> None:
    """Refuse a sheet that is too large.

    Raises:
        DecodeError: It is.
    """
    if rows > MAX_ROWS:
        raise refusal("size", name, f"has more than {MAX_ROWS:,} rows")
    if columns > MAX_COLUMNS:
        raise refusal("size", name, f"has more than {MAX_COLUMNS} columns")
    if rows * columns > MAX_AREA:
        raise refusal("size", name, f"has more than {MAX_AREA:,} cells")


def refusal(code: str, name: str, message: str) -> DecodeError:
    """Return the error of one problem."""
    return DecodeError([Problem(code, name, message)])
