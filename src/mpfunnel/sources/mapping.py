"""What a mapping says once it is checked: which column becomes which field, and how."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any, Final, Literal

from attrs import evolve, field, frozen
from immutabledict import immutabledict

from mpfunnel.codec.checks import located
from mpfunnel.identity import IdentityPolicy
from mpfunnel.sources.kinds import KINDS, Kind, Slot, keyed

__all__ = [
    "FieldMapping",
    "FileMapping",
    "JoinMapping",
    "Pattern",
    "Settings",
    "SourceMapping",
    "TableMapping",
    "Where",
]

Several = Literal["refused", "blank"]
_ONE: Final = Decimal(1)


@frozen
class FileMapping:
    """One file, or several of the same form that are read one after the other.

    Attributes:
        paths: Relative to the folder that is read.
        encodings: As Python names them, of which the first that fits is taken. A byte order mark
            decides where there are several, and is skipped in every encoding.
        separators: The character between two cells. Of several it is the one by which the first
            line has most of the columns that are read.
        optional: Whether an export may lack it; what is made of it is left out then.
    """

    paths: tuple[str, ...]
    encodings: tuple[str, ...] = ("utf-8",)
    separators: tuple[str, ...] = (",",)
    optional: bool = False


@frozen
class Settings:
    """How cells are read; a field without a setting of its own takes that of ``defaults``.

    Attributes:
        normalise: The steps that a text goes through, in this order.
        blank: The words that mean that nothing is known, beside the blank cell.
        thousands: What separates groups of three digits; empty where nothing may.
        decimal_mark: What separates the decimals.
        exponents: Whether a number may have a power of ten behind it, as in ``6.0E7``.
        date_formats: ``"iso"`` or what `datetime.datetime.strptime` takes; the first that fits.
        zone: The IANA zone of times that state none; empty where all do.
    """

    normalise: tuple[str, ...] = ()
    blank: frozenset[str] = frozenset()
    thousands: str = ""
    decimal_mark: str = "."
    exponents: bool = False
    date_formats: tuple[str, ...] = ("iso",)
    zone: str = ""


@frozen
class Pattern:
    """What a text is, and the value that it stands for.

    Attributes:
        like: The text; ``*`` is any run of characters.
        value: What a field of one value takes, or a set of a field of several.
    """

    like: str
    value: Any


@frozen
class Where:
    """A column of a row, and the texts of which it must have one, or none.

    Attributes:
        column: The column.
        texts: As the file has them.
        path: Its place in the mapping.
        without: Whether it must have none of them.
    """

    column: str
    texts: frozenset[str]
    path: str
    without: bool = False

    def fits(self, text: str) -> bool:
        """Whether a row with that text in the column is meant."""
        return (text in self.texts) != self.without


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
        strict: Whether a text that is not in `values`, or fits no pattern, rejects the row.
        scale: What a number is multiplied by.
        split: What separates the items of a cell; empty where a cell is one item.
        truths: The words that mean true.
        falses: The words that mean false.
        derived: Whether it is derived by patterns, of which there may be none yet.
        patterns: What it is derived by: for a field of one value the first that a column fits.
        otherwise: Its value where no pattern fits; `None` where there is none then.
        optional: Whether an export may lack the columns; the field is left out then.
        when: Where it is read; `None` where it is in every row.
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
    derived: bool = False
    patterns: tuple[Pattern, ...] = ()
    otherwise: Any = None
    optional: bool = False
    when: Where | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that it takes to read it: those of its value, then that of `when`."""
        return self.columns if self.when is None else (*self.columns, self.when.column)


@frozen
class JoinMapping:
    """Another file, whose columns a table reads beside those of its own.

    Attributes:
        name: What its columns go by: that of ``"event.created"`` is ``"event"``.
        path: Its place in the mapping, for example ``"activities.join.event"``.
        file: The key of the file.
        on: The columns that must be equal: one here, and one of the other file.
        settings: Of these, the normalisation and the words for blank hold for what is compared.
        only: Which rows of the other file are partners; `None` where all are.
        several: What becomes of a cell in which several partners differ: its row is refused where
            it is read, or it is blank.
    """

    name: str
    path: str
    file: str
    on: tuple[tuple[str, str], ...]
    settings: Settings = Settings()
    only: Where | None = None
    several: Several = "refused"

    @property
    def compares(self) -> list[tuple[str, str]]:
        """The columns of the other file that it takes to find partners, each with its place."""
        found = [(there, f"{self.path}.on") for _here, there in self.on]
        return found if self.only is None else [*found, (self.only.column, self.only.path)]


@frozen
class TableMapping:
    """How the rows of one file become records of one kind.

    Attributes:
        kind: The record kind, for example ``"deals"``.
        path: Its place in the mapping: ``"deals"``, or ``"deals[1]"`` where there are several.
        file: The key of the file.
        fields: In the order in which faults are looked for; custom attributes last.
        only: Which rows are read; `None` where all are.
        joins: The files that stand beside its own; one that needs another comes after it.
        deleted: The column that says whether a record was deleted, and the words for true.
        optional: Whether it is left out where an export lacks a column that it reads.
    """

    kind: str
    path: str
    file: str
    fields: tuple[FieldMapping, ...]
    only: Where | None = None
    joins: tuple[JoinMapping, ...] = ()
    deleted: FieldMapping | None = None
    optional: bool = False

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns that it reads, each with the place in the mapping that names it."""
        fields = self.fields if self.deleted is None else (*self.fields, self.deleted)
        read = [(column, one.path) for one in fields for column in one.reads]
        if self.only is not None:
            read.append((self.only.column, self.only.path))
        return [*read, *((here, f"{one.path}.on") for one in self.joins for here, _ in one.on)]

    @property
    def telling(self) -> list[str]:
        """The columns of which a blank cell means that its row says nothing."""
        return [
            one.columns[0]
            for one in self.fields
            if one.slot.sparse and len(one.columns) == 1 and "" not in one.values
        ]

    def origin(self, column: str) -> tuple[JoinMapping | None, str]:
        """Return the join that a column is of, `None` for the own file, and its name there."""
        name, dot, rest = column.partition(".")
        for join in self.joins if dot else ():
            if join.name == name:
                return join, rest
        return None, column

    @property
    def own_columns(self) -> list[tuple[str, str]]:
        """The columns that it reads of its own file, each with its place in the mapping."""
        return [(column, path) for column, path in self.columns if self.origin(column)[0] is None]

    def columns_of(self, join: JoinMapping) -> list[str]:
        """Return the columns that it reads of the other file of a join, as they are called there.

        Those by which rows are found are among them only if something else asks for them.
        """
        origins = [self.origin(column) for column, _path in self.columns]
        return list(dict.fromkeys(name for other, name in origins if other == join))

    @property
    def joined(self) -> list[str]:
        """The columns of all joins, as the mapping calls them."""
        return [f"{join.name}.{name}" for join in self.joins for name in self.columns_of(join)]


@frozen
class SourceMapping:
    """A checked mapping; `load` makes it.

    Attributes:
        origin: The name of the file that it came from; empty for plain data.
        files: The files by their key.
        tables: In the order in which they are read: first merges, last what refers to others.
        identity: By what leads are matched to companies; `None` where they are not.
        absent: The places in the mapping of what is optional and an export does not have.
    """

    origin: str = field(eq=False)
    files: immutabledict[str, FileMapping]
    tables: tuple[TableMapping, ...]
    _data: dict[str, Any] = field(eq=False, repr=False)
    identity: IdentityPolicy | None = None
    absent: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """The record kinds that it fills, in the order in which they are read."""
        kinds = dict.fromkeys(table.kind for table in self.tables)
        return [kind for kind in kinds if kind in KINDS]

    def kind(self, name: str) -> Kind:
        """Return the record kind of a name, by what its tables read."""
        tables = (table for table in self.tables if table.kind == name)
        return keyed(name, ([one.name for one in table.fields] for table in tables))

    def slots(self, kind: str) -> dict[str, Slot]:
        """Return what each field of a record kind takes, read or not: ids of the type of theirs."""
        fields = (one for table in self.tables for one in table.fields)
        types = {one.slot.ids_of: one.slot.type for one in fields if one.slot.ids_of}
        return {
            name: evolve(slot, type=types.get(slot.ids_of, slot.type))
            for name, slot in KINDS[kind].slots.items()
        }

    @property
    def used_files(self) -> list[str]:
        """The keys of the files that are read, in the order of the mapping."""
        used = {table.file for table in self.tables}
        used |= {join.file for table in self.tables for join in table.joins}
        return [key for key in self.files if key in used]

    def columns_of(self, file: str) -> list[str]:
        """Return the columns of a file that are read, in whatever table or join."""
        own = [
            column
            for table in self.tables
            if table.file == file
            for column, _path in table.own_columns
        ]
        return list(dict.fromkeys([*own, *self.joined_columns_of(file)]))

    def joined_columns_of(self, file: str) -> list[str]:
        """Return the columns of a file that joins read, in whatever table."""
        joins = [(table, join) for table in self.tables for join in table.joins]
        found = [
            name
            for table, join in joins
            if join.file == file
            for name in (*(name for name, _path in join.compares), *table.columns_of(join))
        ]
        return list(dict.fromkeys(found))

    def personal(self, table: TableMapping) -> frozenset[str]:
        """Return the columns of a table, as it calls them, that are personal.

        Those are the columns that any table reads into a personal field, wherever the mapping
        names them, and the columns that a join compares with them.
        """
        found = {
            _place(one, column)
            for one in self.tables
            for mapped in one.fields
            if mapped.slot.personal
            for column in mapped.columns
        }
        equal = [
            {_place(one, here), (join.file, there)}
            for one in self.tables
            for join in one.joins
            for here, there in join.on
        ]
        for _again in equal:
            found = found.union(*(pair for pair in equal if not pair.isdisjoint(found)))
        return frozenset(
            [name for file, name in found if file == table.file]
            + [f"{j.name}.{name}" for j in table.joins for file, name in found if file == j.file]
        )

    def to_data(self) -> dict[str, Any]:
        """Return the plain data that the mapping was loaded from: a copy, to change and `load`."""
        return copy.deepcopy(self._data)

    def at(self, path: str) -> str:
        """Return `path` as messages show it: ``"maven.toml: deals.fields.amount"``."""
        return located(self.origin, path)


def _place(table: TableMapping, column: str) -> tuple[str, str]:
    """Return the file that a column of a table is in, and its name there."""
    join, name = table.origin(column)
    return table.file if join is None else join.file, name
