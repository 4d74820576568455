"""What a mapping says once it is checked: which column becomes which field, and how."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any, Final

from attrs import evolve, field, frozen
from immutabledict import immutabledict

from mpfunnel.codec.checks import located
from mpfunnel.sources.kinds import KINDS, Slot

__all__ = ["FieldMapping", "FileMapping", "Settings", "SourceMapping", "TableMapping"]

_ONE: Final = Decimal(1)


@frozen
class FileMapping:
    """One file, or several of the same form that are read one after the other.

    Attributes:
        paths: Relative to the folder that is read.
        encoding: As Python names it; a byte order mark is skipped in every encoding.
        separator: The character between two cells.
    """

    paths: tuple[str, ...]
    encoding: str = "utf-8"
    separator: str = ","


@frozen
class Settings:
    """How cells are read; a field without a setting of its own takes that of ``defaults``.

    Attributes:
        normalise: The steps that a text goes through, in this order.
        blank: The words that mean that nothing is known, beside the blank cell.
        thousands: What separates groups of three digits; empty where nothing may.
        decimal_mark: What separates the decimals.
        date_formats: ``"iso"`` or what `datetime.datetime.strptime` takes; the first that fits.
        zone: The IANA zone of times that state none; empty where all do.
    """

    normalise: tuple[str, ...] = ()
    blank: frozenset[str] = frozenset()
    thousands: str = ""
    decimal_mark: str = "."
    date_formats: tuple[str, ...] = ("iso",)
    zone: str = ""


@frozen
class FieldMapping:
    """Where one field of a record comes from, and how its cells are read.

    Attributes:
        name: The field of the record, or the name of the custom attribute.
        path: Its place in the mapping, for example ``"deals.fields.amount"``.
        slot: What the field takes.
        attribute: Whether it is a custom attribute.
        columns: The columns it is read from; none for a constant and for the row number.
        constant: The value of every row, where it is not read from the file.
        row_number: Whether it is the number of the row within its record kind, from 1.
        settings: How cells are read.
        values: What a text (after the normalisation) is replaced by, before it is read.
        strict: Whether a text that is not in `values` rejects the row.
        scale: What a number is multiplied by.
        split: What separates the items of a cell; empty where a cell is one item.
        truths: The words that mean true.
        falses: The words that mean false.
    """

    name: str
    path: str
    slot: Slot
    attribute: bool = False
    columns: tuple[str, ...] = ()
    constant: Any = None
    row_number: bool = False
    settings: Settings = Settings()
    values: immutabledict[str, str] = immutabledict()
    strict: bool = False
    scale: Decimal = _ONE
    split: str = ""
    truths: frozenset[str] = frozenset()
    falses: frozenset[str] = frozenset()


@frozen
class TableMapping:
    """How the rows of one file become records of one kind.

    Attributes:
        kind: The record kind, for example ``"deals"``.
        path: Its place in the mapping: ``"deals"``, or ``"deals[1]"`` where there are several.
        file: The key of the file.
        fields: In the order in which faults are looked for; custom attributes last.
        only: A column and its text, where only the rows that have it are read.
    """

    kind: str
    path: str
    file: str
    fields: tuple[FieldMapping, ...]
    only: tuple[str, str] | None = None

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns that it reads, each with the place in the mapping that names it."""
        read = [(column, one.path) for one in self.fields for column in one.columns]
        return read if self.only is None else [*read, (self.only[0], f"{self.path}.names")]


@frozen
class SourceMapping:
    """A checked mapping; `load` makes it.

    Attributes:
        origin: The name of the file that it came from; empty for plain data.
        files: The files by their key.
        tables: In the order in which they are read: what is referred to comes first.
    """

    origin: str = field(eq=False)
    files: immutabledict[str, FileMapping]
    tables: tuple[TableMapping, ...]
    _data: dict[str, Any] = field(eq=False, repr=False)

    @property
    def kinds(self) -> list[str]:
        """The record kinds that it fills, in the order in which they are read."""
        return list(dict.fromkeys(table.kind for table in self.tables))

    def slots(self, kind: str) -> dict[str, Slot]:
        """Return what each field of a record kind takes, read or not: ids of the type of theirs."""
        fields = (one for table in self.tables for one in table.fields)
        types = {one.slot.ids_of: one.slot.type for one in fields if one.slot.ids_of}
        return {
            name: evolve(slot, type=types.get(slot.ids_of, slot.type))
            for name, slot in KINDS[kind].slots.items()
        }

    def personal(self, file: str) -> frozenset[str]:
        """Return the columns of a file that are read into a personal field, in whatever table."""
        tables = (table for table in self.tables if table.file == file)
        fields = (one for table in tables for one in table.fields if one.slot.personal)
        return frozenset(column for one in fields for column in one.columns)

    def to_data(self) -> dict[str, Any]:
        """Return the plain data that the mapping was loaded from: a copy, to change and `load`."""
        return copy.deepcopy(self._data)

    def at(self, path: str) -> str:
        """Return `path` as messages show it: ``"maven.toml: deals.fields.amount"``."""
        return located(self.origin, path)
