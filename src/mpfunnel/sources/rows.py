"""One row → one record, or the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from attrs import evolve, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, near, on_one_line
from mpfunnel.personal import shown
from mpfunnel.records import Id
from mpfunnel.sources.files import UNDECODABLE, Row
from mpfunnel.sources.ids import Ids
from mpfunnel.sources.kinds import Kind, Record, Slot
from mpfunnel.sources.mapping import FieldMapping, Settings, TableMapping
from mpfunnel.sources.patterns import Hits, State, Tally, derived, hits_reader
from mpfunnel.sources.values import (
    Absent,
    Cell,
    CellError,
    Convert,
    as_shown,
    converter,
    is_blank,
)

__all__ = ["FieldReader", "Job", "Reject", "RowReader", "tell"]

_REMEMBERED: Final = 4_096
_SINGULAR: Final = {
    "products": "product",
    "companies": "company",
    "leads": "lead",
    "deals": "deal",
}


@frozen
class Reject:
    """A row that cannot be used, and why.

    A row has one reject even if it has several faults: of a value that is not understood before
    one that is missing, because the mapping can cure the first; else the first in the order of
    the record's fields.

    Attributes:
        table: The record kind, for example ``"deals"``.
        file: The name of the file.
        line: The line on which the row begins; the first line of the file is 1. Of a table: the
            number of the row, from 1.
        column: The column at fault; several are joined by ``", "``, and for a fault of the row as
            a whole it is empty.
        code: A stable word to program against, for example ``"missing"``.
        reason: One line in English.
        value: The text of the cell; masked if it names or reaches a person.
    """

    table: str
    file: str
    line: int
    column: str
    code: str
    reason: str
    value: str


@frozen
class Job:
    """One file, or table, to read by one table of the mapping.

    Attributes:
        table: What its rows become.
        file: The name of the file.
        header: The names of its columns, and then of those that joins add.
        personal: Its columns that the mapping reads into a personal field, in whatever table.
    """

    table: TableMapping
    file: str
    header: list[str]
    personal: frozenset[str]

    def skips(self, row: Row) -> bool:
        """Whether the table of the mapping leaves a row out; one at fault is never left out."""
        if row.code:
            return False
        if any(is_blank(row.cells[self.header.index(one)]) for one in self.table.telling):
            return True
        if self.table.only is None:
            return False
        only = self.table.only
        return not only.fits(as_shown(row.cells[self.header.index(only.column)]))

    def deletes(self, cells: Sequence[Cell]) -> bool:
        """Whether the row with those cells says that its record was deleted."""
        deleted = self.table.deleted
        if deleted is None:
            return False
        (column,) = deleted.columns
        return as_shown(cells[self.header.index(column)]) in deleted.truths

    def shown(self, text: str, columns: Iterable[str]) -> str:
        """Return the text of cells as messages may show it."""
        value = shown(text, personal=not self.personal.isdisjoint(columns))
        return value.replace(UNDECODABLE, "\ufffd")

    def reject(
        self, line: int, at: FieldMapping | str, code: str, reason: str, text: str = ""
    ) -> Reject:
        """Return the reject of the row on `line`.

        Args:
            line: Where the row begins, or its number.
            at: The field at fault, or its name; empty for a fault of the whole row.
            code: A stable word for the fault.
            reason: What is wrong; must not hold the text of a cell.
            text: What the cell holds; it is masked here if it is personal.
        """
        label = at if isinstance(at, str) else at.name
        if isinstance(at, str):
            named = (mapped for mapped in self.table.fields if not mapped.attribute)
            columns = next((mapped.columns for mapped in named if mapped.name == at), ())
        else:
            columns = at.columns
        column = ", ".join(columns)
        value = self.shown(text, columns)
        if label:
            # The name of a column may hold a line break; a reason is one line.
            label = " ".join(column.split()) or label
            reason = f"{label} {value!r}: {reason}" if value else f"{label}: {reason}"
        # So may a word of the mapping.
        reason = on_one_line(reason)
        return Reject(self.table.kind, self.file, line, column, code, reason, value)


class RowReader:
    """Makes records of the rows of one job.

    Args:
        job: What to read.
        kind: The record kind of its table.
        ids: What is known of ids; those of deleted records are added.
    """

    def __init__(self, job: Job, kind: Kind, ids: Ids) -> None:
        self._job = job
        self._kind = kind
        self._ids = ids
        self._kept = ids.kept(kind.name)
        self._cells = [FieldReader(mapped, job.header, ids) for mapped in job.table.fields]

    def tell(self, tallies: Mapping[str, Tally], cells: Sequence[Cell]) -> None:
        """Count what patterns make of the row with those cells."""
        for one in self._cells:
            if one.mapped.derived:
                tell(tallies, self._job, one, cells)

    def record(self, row: Row, number: int) -> Record | Reject | None:
        """Return the record of `row`, or why there is none; `None` where it says nothing.

        Args:
            row: The row as the file has it.
            number: Its number within its record kind.
        """
        if row.code:
            return self._job.reject(row.line, "", row.code, row.fault)
        return self.made(row.line, row.cells, number)

    def made(self, line: int, cells: Sequence[Cell], number: int) -> Record | Reject | None:
        """Return the record of the row on `line` with those cells, or why there is none.

        `None` where it says nothing.

        Args:
            line: Where it begins, or its number in its table.
            cells: Its cells, as many as the header has names.
            number: Its number within its record kind.
        """
        if self._job.deletes(cells):
            return self._deleted(line, cells, number)
        values: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        missing = None
        for cell in self._cells:
            mapped = cell.mapped
            try:
                value = cell.value(cells, number)
            except CellError as error:
                text = cell.text(cells)
                return self._job.reject(line, mapped, error.code, error.reason, text)
            if value is not None:
                (attributes if mapped.attribute else values)[mapped.name] = value
            elif mapped.slot.sparse:
                return None
            elif mapped.slot.needed and missing is None:
                missing = mapped
        if missing is not None:
            at = next(cell for cell in self._cells if cell.mapped is missing)
            reason = f"is blank{at.absence(cells)}; {self._kind.name} need {missing.name}"
            return self._job.reject(line, missing, "missing", reason)
        if attributes:
            values["attributes"] = attributes
        if values.get("parent_id") in self._kept and values["parent_id"] == values.get("id"):
            # It was merged with its own parent.
            del values["parent_id"]
        try:
            return self._kind.build(values)
        except InvalidDataError as error:
            problem = error.problems[0]
            return self._refused(line, cells, problem)

    def _deleted(self, line: int, cells: Sequence[Cell], number: int) -> Reject:
        """Return the reject of a record that was deleted, or was so because it was merged."""
        own = (one for one in self._cells if one.mapped.slot.own and one.mapped.name == "id")
        for one in own:
            try:
                value = one.value(cells, number)
            except CellError as error:
                if error.code == "merged":
                    return self._job.reject(
                        line, one.mapped, error.code, error.reason, one.text(cells)
                    )
            else:
                if value is not None and self._kind.name in _SINGULAR:
                    self._ids.delete(self._kind.name, value)
        at = self._job.table.deleted
        assert at is not None
        (column,) = at.columns
        text = as_shown(cells[self._job.header.index(column)])
        return self._job.reject(line, at, "deleted", "says that the record was deleted", text)

    def _refused(self, line: int, cells: Sequence[Cell], problem: Problem) -> Reject:
        """Return the reject for a fault that the record itself has found."""
        path = problem.path
        name = "line_amount" if path == "dealline.amount" else path.rpartition(".")[2]
        at = next((cell for cell in self._cells if cell.mapped.name == name), None)
        if at is None:
            return self._job.reject(line, name, problem.code, problem.message)
        return self._job.reject(line, at.mapped, problem.code, problem.message, at.text(cells))


class FieldReader:
    """Reads one field of a record from the cells of a row.

    Args:
        mapped: The field.
        header: The names of the columns of the cells.
        ids: What is known of ids.
    """

    def __init__(self, mapped: FieldMapping, header: list[str], ids: Ids) -> None:
        self.mapped = mapped
        self._places = [header.index(column) for column in mapped.columns]
        self._when = -1 if mapped.when is None else header.index(mapped.when.column)
        self._whole = _whole(mapped)
        convert: Callable[[Cell], Any]
        if mapped.derived:
            convert = hits_reader(mapped)
        else:
            convert = converter(mapped if self._whole is None else _part(mapped))
        # Columns repeat themselves: reading a text once also keeps one copy of it in memory.
        self._convert = lru_cache(_REMEMBERED, typed=True)(partial(_convert, convert))
        kind = mapped.slot.ids_of
        self._known = ids.existing.get(kind) if mapped.slot.must_exist else None
        self._gone = ids.deleted.get(kind, frozenset[Id]())
        self._merged = ids.merged.get(kind, {})
        self._what = _SINGULAR.get(mapped.slot.ids_of, "")
        self._unknown = lru_cache(_REMEMBERED)(self._nearest)

    def text(self, cells: Sequence[Cell]) -> str:
        """Return what the file has, for messages."""
        texts = [as_shown(cells[place]) for place in self._places]
        # Which of several columns it is that fits no pattern, the blank ones do not say.
        return ", ".join(text for text in texts if text or not self.mapped.derived)

    def absence(self, cells: Sequence[Cell]) -> str:
        """Return why a join found nothing, for messages; empty where it did, or there is none."""
        found = (cells[place] for place in self._places)
        return next((f", as {cell.reason}" for cell in found if isinstance(cell, Absent)), "")

    def value(self, cells: Sequence[Cell], number: int) -> Any:
        """Return the value; `None` where it is unknown.

        Raises:
            CellError: The cell cannot be read, or names what does not exist.
        """
        mapped = self.mapped
        if not self._is_read(cells):
            return None
        if mapped.constant is not None:
            value = mapped.constant
        elif mapped.row_number:
            value = self._convert(str(number))
        elif mapped.derived:
            value = derived(mapped, [self._convert(cells[place]) for place in self._places])
        elif self._whole is None:
            value = self._convert(cells[self._places[0]])
        else:
            parts = [self._convert(cells[place]) for place in self._places]
            value = self._whole(self._composed(parts))
        if value is not None and self._merged:
            value = self._living(value)
        if self._known is not None and value is not None:
            for item in sorted(value) if mapped.slot.many else (value,):
                if item not in self._known:
                    if item in self._gone:
                        raise CellError("deleted", f"is a {self._what} that was deleted")
                    raise CellError(f"unknown-{self._what}", self._unknown(item))
        return value

    def _living(self, value: Any) -> Any:
        """Return the ids in which those of a cell live on."""
        if self.mapped.slot.own:
            if value in self._merged:
                raise CellError("merged", f"is a {self._what} that was merged into another")
            return value
        return self._merged.get(value, value)

    def state(self, cells: Sequence[Cell]) -> State:
        """Return what became of the cells of a field that patterns derive."""
        if not self._is_read(cells):
            return "blank"
        try:
            hits: list[Hits] = [self._convert(cells[place]) for place in self._places]
        except CellError:
            return "unmatched"
        if any(hits):
            return "matched"
        return "blank" if all(one is None for one in hits) else "unmatched"

    def _is_read(self, cells: Sequence[Cell]) -> bool:
        when = self.mapped.when
        return when is None or when.fits(as_shown(cells[self._when]))

    def _composed(self, parts: list[str | None]) -> str:
        if not any(parts):
            return ""
        if not self.mapped.slot.ids_of:
            return " ".join(part for part in parts if part)
        # Escaped, so that a|b with c and a with b|c stay two ids.
        escaped = ((part or "").replace("\\", "\\\\").replace("|", "\\|") for part in parts)
        return "|".join(escaped)

    def _nearest(self, item: Id) -> str:
        """Return why no record has the id `item`."""
        known = self._known or set[Id]()
        which = f" as {shown(str(item), personal=False)!r}" if self.mapped.slot.many else ""
        # The nearest id of another lead is none of the reader's business, and the nearest of mere
        # numbers is another firm's.
        named = self._what != "lead" and any(char.isalpha() for char in str(item))
        hint = near(item, known) if named else ""
        return f"no such {self._what}{which}{hint}"


def tell(
    tallies: Mapping[str, Tally],
    job: Job,
    reader: FieldReader,
    cells: Sequence[Cell],
    rows: int = 1,
) -> None:
    """Count what patterns make of rows.

    Args:
        tallies: For each field that patterns derive, by its place in the mapping.
        job: What is read.
        reader: Reads the field.
        cells: The cells of one of the rows.
        rows: How many there are.
    """
    mapped = reader.mapped
    text = job.shown(reader.text(cells), mapped.columns)
    tallies[mapped.path].add(reader.state(cells), text, rows)


def _part(mapped: FieldMapping) -> FieldMapping:
    """Return how one of several columns is read: as the text that it is."""
    return evolve(mapped, slot=Slot(), values=immutabledict(), strict=False)


def _whole(mapped: FieldMapping) -> Convert | None:
    """Return what reads the text that several columns make together; `None` where there is one."""
    if len(mapped.columns) < 2:
        return None
    return converter(evolve(mapped, settings=Settings()))


def _convert(convert: Callable[[Cell], Any], cell: Cell) -> Any:
    if isinstance(cell, str):
        if UNDECODABLE in cell:
            raise CellError("encoding", "has bytes outside the file's encoding; state its encoding")
        if "\0" in cell:
            raise CellError("encoding", "has a NUL character; state the file's encoding")
    return convert(cell)
