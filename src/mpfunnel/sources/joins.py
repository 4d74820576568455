"""Joins: beside the cells of a row, those of its partner in another file.

A partner is a row that is equal in the columns by which the two files are joined. There may be
none: the cells are blank, and know why. There may be several: a cell in which they differ cannot
be read, and the others can. Blank cells join nothing.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, Final, TypeVar

from attrs import evolve, frozen

from mpfunnel.sources.files import UNDECODABLE, Row, SourceFile
from mpfunnel.sources.mapping import JoinMapping, SourceMapping, TableMapping
from mpfunnel.sources.values import Absent, Cell, CellError, Unfit, as_shown, compared

__all__ = ["Held", "Joiner", "Partners", "Shelf", "held_of"]

_REMEMBERED: Final = 4_096
T = TypeVar("T")


@frozen(eq=False)
class Held:
    """One column of a file that others are joined with.

    Attributes:
        cells: What stands in it.
        places: For each row the index of its cell.
    """

    cells: Sequence[Cell]
    places: Sequence[int]


def held_of(files: Iterable[SourceFile], columns: Iterable[str]) -> dict[str, Held]:
    """Return columns of files of one form; rows whose cells cannot be told apart are left out.

    Raises:
        DecodeError: A file cannot be read to its end.
    """
    # Four bytes for a cell, and a text for each different one: there may be millions of rows.
    found = {name: (dict[str, int](), array("I")) for name in columns}
    for file in files:
        header = file.header()
        read = [(header.index(name), *held) for name, held in found.items()]
        for row in file.rows():
            if not row.code:
                for at, known, places in read:
                    places.append(known.setdefault(row.cells[at], len(known)))
    return {name: Held(list(known), places) for name, (known, places) in found.items()}


class Partners:
    """Finds the partners of rows.

    Args:
        join: Says which rows are partners.
        columns: The columns of the other file that are wanted.
        held: What it holds in all that are wanted or compared.
    """

    def __init__(
        self,
        join: JoinMapping,
        columns: Sequence[str],
        held: Mapping[str, Held],
    ) -> None:
        self._file = join.file
        self._text = compared(join.settings)
        self._several = join.several
        self._wanted = [held[name] for name in columns]
        self._key = lru_cache(_REMEMBERED, typed=True)(self._read)
        # A text, or several where rows are found by several columns.
        self._first: dict[str | tuple[str, ...], int] = {}
        # Most keys are those of one row; the further ones of the others go apart.
        self._more: dict[int, list[int]] = {}
        self._told: dict[int, tuple[Cell, ...]] = {}
        by = [
            ([self._read(cell) for cell in held[name].cells], held[name].places)
            for _here, name in join.on
        ]
        rows = zip(*(places for _texts, places in by), strict=True)
        for row, places in _meant(join, held, rows):
            read: list[str | Unfit | Absent] = [
                texts[at] for (texts, _), at in zip(by, places, strict=True)
            ]
            key = tuple(text for text in read if isinstance(text, str) and text)
            if len(key) == len(join.on):
                first = self._first.setdefault(_shortest(key), row)
                if first != row:
                    self._more.setdefault(first, []).append(row)

    def found(self, key: Sequence[Cell], here: Sequence[str]) -> tuple[Cell, ...]:
        """Return the cells of the columns that are wanted, of the partner of a row.

        Args:
            key: The cells of the row by which it is found.
            here: The names of their columns, for messages.
        """
        # Of several cells that an earlier join found, each is followed: they may meet again.
        meant = [cell.cells if isinstance(cell, Unfit | Absent) else () for cell in key]
        undecided = next((cell for cell, cells in zip(key, meant, strict=True) if cells), None)
        firsts: list[int] = []
        for cells in product(*(one or (cell,) for cell, one in zip(key, meant, strict=True))):
            found = self._first_row(cells, here)
            if isinstance(found, int):
                firsts.append(found)
            elif isinstance(undecided, Unfit | Absent):
                # Which of them it is stays as unknown as it was.
                return (evolve(undecided, cells=()),) * len(self._wanted)
            else:
                return (found,) * len(self._wanted)
        if len(firsts) > 1:
            return self._cells([row for first in firsts for row in self._all(first)])
        (first,) = firsts
        if first not in self._more:
            return tuple(held.cells[held.places[first]] for held in self._wanted)
        # Worked out once, however many rows have the key of many partners.
        if first not in self._told:
            self._told[first] = self._cells(self._all(first))
        return self._told[first]

    def _all(self, first: int) -> list[int]:
        """Return the rows with the key of the first of them."""
        return [first, *self._more.get(first, ())]

    def _cells(self, rows: Sequence[int]) -> tuple[Cell, ...]:
        return tuple(self._cell(held, rows) for held in self._wanted)

    def _first_row(self, key: Sequence[Cell], here: Sequence[str]) -> int | Unfit | Absent:
        """Return the first row with a key, or what stands for cells that hang on it."""
        texts: list[str] = []
        for cell, name in zip(key, here, strict=True):
            text = self._key(cell)
            if not isinstance(text, str):
                # What is wrong with the key is wrong with all that hangs on it.
                return text
            if not text:
                return Absent(f"{name} is blank")
            texts.append(text)
        row = self._first.get(_shortest(tuple(texts)))
        if row is None:
            return Absent(f"{self._file} has no such row")
        return row

    def _read(self, cell: Cell) -> str | Unfit | Absent:
        """Return the text that is compared, or what stands for cells that hang on this one."""
        if isinstance(cell, Absent):
            return cell
        try:
            text = self._text(cell)
        except CellError as error:
            return Unfit(error.code, error.reason)
        # Two different faulty bytes look alike.
        return "" if UNDECODABLE in text else text

    def _cell(self, held: Held, rows: Sequence[int]) -> Cell:
        cells = [held.cells[place] for place in dict.fromkeys(map(held.places.__getitem__, rows))]
        # True, 1 and 1.0 are equal.
        different = tuple(cell for _type, cell in dict.fromkeys((type(one), one) for one in cells))
        if len(different) == 1:
            return different[0]
        reason = f"{self._file} has several such rows that differ in it"
        if self._several == "blank":
            return Absent(reason, different)
        return Unfit("ambiguous", reason, different)


def _meant(
    join: JoinMapping, held: Mapping[str, Held], rows: Iterable[T]
) -> Iterator[tuple[int, T]]:
    """Yield the rows that may be partners, each with its number."""
    if join.only is None:
        yield from enumerate(rows)
        return
    given = held[join.only.column]
    fitting = [join.only.fits(as_shown(cell)) for cell in given.cells]
    for (number, row), place in zip(enumerate(rows), given.places, strict=True):
        if fitting[place]:
            yield number, row


def _shortest(key: tuple[str, ...]) -> str | tuple[str, ...]:
    return key[0] if len(key) == 1 else key


class Shelf:
    """The files that others are joined with: each is read once, as far as any join needs it.

    Args:
        mapping: Says what is joined.
        held: Reads columns of the file of a key.
    """

    def __init__(
        self, mapping: SourceMapping, held: Callable[[str, Sequence[str]], Mapping[str, Held]]
    ) -> None:
        self._mapping = mapping
        self._read = held
        self._held: dict[str, Mapping[str, Held]] = {}
        self._partners: dict[tuple[Any, ...], Partners] = {}

    def partners(self, table: TableMapping, join: JoinMapping) -> Partners:
        """Return the partners of the rows of a table."""
        columns = tuple(table.columns_of(join))
        there = tuple(there for _here, there in join.on)
        key = join.file, there, join.settings, join.only, join.several, columns
        if key not in self._partners:
            if join.file not in self._held:
                wanted = self._mapping.joined_columns_of(join.file)
                self._held[join.file] = self._read(join.file, wanted)
            held = self._held[join.file]
            self._partners[key] = Partners(join, columns, held)
        return self._partners[key]


class Joiner:
    """Adds to the rows of a file the cells of their partners.

    Args:
        table: What the rows are read by.
        header: The names of the columns, of its own file and then of all joins.
        shelf: Has the files that are joined with it.
    """

    def __init__(self, table: TableMapping, header: Sequence[str], shelf: Shelf) -> None:
        self._steps: list[tuple[Partners, list[int], list[str]]] = []
        for join in table.joins:
            here = [here for here, _there in join.on]
            places = [header.index(name) for name in here]
            self._steps.append((shelf.partners(table, join), places, here))

    def row(self, row: Row) -> Row:
        """Return a row with the cells of its partners; one at fault as it is."""
        if row.code or not self._steps:
            return row
        cells = [*row.cells]
        for partners, places, here in self._steps:
            cells += partners.found([cells[place] for place in places], here)
        return evolve(row, cells=cells)
