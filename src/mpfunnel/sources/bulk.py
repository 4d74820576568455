"""One record kind of whole tables: the value of every cell, and what became of every row.

Each cell of a column is read once, however many rows have it, by the code that reads the rows of
files (S14). Rows about which there is any doubt, because a cell cannot be read or told apart or
rows of one id differ, go through the reader of rows itself: it finds the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from functools import partial
from typing import Any, Final

from attrs import evolve, field, fields, fields_dict, frozen

from mpfunnel.errors import Problem
from mpfunnel.frames.contract import TABLES
from mpfunnel.frames.kinds import polars
from mpfunnel.records import ABOUT, Deal, DealLine, Id
from mpfunnel.records.checks import Check
from mpfunnel.sources.columns import WHO, Entered
from mpfunnel.sources.facts import as_text, fault_of
from mpfunnel.sources.ids import Ids
from mpfunnel.sources.kinds import Kind, Slot, Type
from mpfunnel.sources.ledger import Count, Ledger
from mpfunnel.sources.mapping import FieldMapping, TableMapping
from mpfunnel.sources.rows import FieldReader, Job, Reject, RowReader
from mpfunnel.sources.values import Cell, CellError

__all__ = ["Bulk", "at_their_lines", "name_of", "told_by_rows", "type_of"]

_DIGITS: Final = 38
"""As many as a decimal of a table has."""
_EXACT: Final = Context(prec=200)
_LINE: Final = {"quantity": fields(DealLine).quantity, "line_amount": fields(DealLine).amount}
"""The fields of a deal that are those of its line."""
_AT: Final = "number of row"
_JOB: Final = "number of job"
_DOUBTFUL: Final = "is doubtful"
"""Columns beside those of the fields, under names that none of those has."""
_TYPES: Final[Mapping[Type, str]] = {
    "text": "String",
    "int": "Int64",
    "float": "Float64",
    "bool": "Boolean",
    "date": "Date",
}


def name_of(mapped: FieldMapping) -> str:
    """Return the name of a field's column: that of the field, or one that no field has."""
    return f"attributes.{mapped.name}" if mapped.attribute else mapped.name


def type_of(slot: Slot, places: int = 2) -> Any:
    """Return the Polars type of what a slot takes; `places` are those of its decimals."""
    pl = polars(WHO)
    if slot.written:
        return pl.String
    if slot.many:
        # Sets are numbered: `Bulk.members`.
        return pl.UInt32
    if slot.type == "instant":
        return pl.Datetime("us", "UTC")
    if slot.type in ("money", "decimal"):
        return pl.Decimal(_DIGITS, places)
    return getattr(pl, _TYPES[slot.type])


@frozen(eq=False)
class _Read:
    """What became of the cells of one field.

    Attributes:
        mapped: The field.
        values: The value of each different cell; `None` where there is none.
        doubtful: Whether there is more to say about the cell than its value.
        places: For each row the index of its cell: a series of Polars.
    """

    mapped: FieldMapping
    values: list[Any]
    doubtful: list[bool]
    places: Any = field(repr=False)


class Bulk:
    """Reads all rows of one record kind.

    Args:
        kind: The record kind.
        slots: What each of its fields takes, mapped or not.
        jobs: What to read: its header names the columns of the table beside it.
        ids: What is known of ids; those of deleted records are added.

    Attributes:
        used: A frame of Polars with a column for each field and attribute, and a row for each
            record, in the order of the rows.
        members: The sets; columns of sets hold the place of theirs here.
        refused: Each reject with the index of its job.
        counts: What became of the rows of each job.
        problems: What no table can hold.
    """

    def __init__(
        self,
        kind: Kind,
        slots: Mapping[str, Slot],
        jobs: Sequence[tuple[Job, Entered]],
        ids: Ids,
    ) -> None:
        self._pl = polars(WHO)
        self._kind = kind
        self._slots = slots
        self._jobs = jobs
        self._ids = ids
        self._codes: dict[frozenset[Id], int] = {}
        self.problems: list[Problem] = []
        rows = [given.rows for _job, given in jobs]
        self._before = [sum(rows[:index]) for index in range(len(jobs))]
        frame = self._frame()
        # Each with the number of its row in place of its line.
        ledger = told_by_rows(kind, jobs, ids, self._doubtful(frame))
        refused = ledger.refused
        self.refused: list[tuple[int, Reject]] = at_their_lines(ledger, jobs)
        self.members: list[frozenset[Id]] = list(self._codes)
        gone = [self._before[job] + reject.line - 1 for job, reject in refused]
        gone += (self._before[job] + line - 1 for job, line in ledger.left)
        left = Counter(job for job, _line in ledger.left)
        frame = frame.filter(~self._pl.col(_AT).is_in(gone))
        # Where rows share an id and none was refused, they are equal.
        subset = kind.key or self._value_columns(frame)
        self.used = frame.unique(subset, keep="first", maintain_order=True)
        used: Counter[int] = Counter(self.used[_JOB].to_list())
        rejected = Counter(job for job, _reject in self.refused)
        self.counts = [
            Count(
                kind.name,
                job.file,
                rows,
                used[index],
                rows - used[index] - rejected[index],
                rejected[index],
            )
            for index, (job, given) in enumerate(jobs)
            for rows in [given.rows - left[index]]
        ]

    # -- the cells --

    def _frame(self) -> Any:
        """Return all rows, with the values of all fields."""
        pl = self._pl
        read = [list(self._read(index)) for index in range(len(self._jobs))]
        places = self._decimal_places([one for part in read for one in part])
        parts: list[Any] = []
        for index, part in enumerate(read):
            columns = {
                name_of(one.mapped): self._series(one, places.get(name_of(one.mapped), 2))
                for one in part
            }
            doubts = [pl.Series(one.doubtful, dtype=pl.Boolean).gather(one.places) for one in part]
            given = self._jobs[index][1]
            if (deleted := self._jobs[index][0].table.deleted) is not None:
                doubts.append(given.among(deleted.columns[0], deleted.truths))
            doubts.append(pl.int_range(given.rows, eager=True).is_in(list(given.faulty)))
            parts.append(
                pl.DataFrame(columns).with_columns(
                    pl.lit(index, dtype=pl.UInt32).alias(_JOB),
                    pl.any_horizontal(*doubts).alias(_DOUBTFUL),
                )
            )
        frame = pl.concat(parts, how="diagonal").with_row_index(_AT)
        if "parent_id" in frame.columns and (kept := self._ids.kept("companies")):
            # What was merged with its own parent has none.
            itself = (pl.col("parent_id") == pl.col("id")) & pl.col("id").is_in([*kept])
            frame = frame.with_columns(
                parent_id=pl.when(~itself.fill_null(False)).then("parent_id")
            )
        absent = {name: one for name, one in self._slots.items() if name not in frame.columns}
        return frame.with_columns(
            *(pl.lit(None, dtype=type_of(slot)).alias(name) for name, slot in absent.items())
        ).with_columns(
            *(
                pl.col(name).fill_null(one.default)
                for name, one in fields_dict(self._kind.record).items()
                if isinstance(one.default, str | int)
            )
        )

    def _read(self, index: int) -> Iterator[_Read]:
        """Yield what became of the cells of each field of a job."""
        job, given = self._jobs[index]
        for mapped in job.table.fields:
            reader = FieldReader(mapped, list(mapped.reads), self._ids)
            check = _check_of(self._kind, mapped)
            if mapped.slot.written:
                (fact,) = (one.constant for one in job.table.fields if one.name == "fact")
                check = partial(fault_of, fact)
            places: Any
            cells: list[tuple[tuple[Cell, ...], int]]
            if mapped.reads:
                different, places = given.different(mapped.reads)
                cells = [(one, 0) for one in different]
            elif mapped.row_number:
                first = self._before[index] + 1
                cells = [((), number) for number in range(first, first + given.rows)]
                places = self._pl.arange(given.rows, dtype=self._pl.UInt32, eager=True)
            else:
                cells = [((), 0)]
                places = self._pl.zeros(given.rows, dtype=self._pl.UInt32, eager=True)
            values: list[Any] = []
            doubtful: list[bool] = []
            for cell, number in cells:
                try:
                    value = reader.value(cell, number)
                except CellError:
                    value, doubt = None, True
                else:
                    doubt = value is None and mapped.slot.needed
                if value is not None and check is not None and check(value) is not None:
                    # The column may be too narrow for it.
                    value, doubt = None, True
                if value is not None:
                    value = self._held(mapped.slot, value)
                values.append(value)
                doubtful.append(doubt)
            yield _Read(mapped, values, doubtful, places)

    def _held(self, slot: Slot, value: Any) -> Any:
        """Return a value as a column holds it."""
        if slot.written:
            return as_text(value)
        return self._codes.setdefault(value, len(self._codes)) if slot.many else value

    def _decimal_places(self, read: Sequence[_Read]) -> dict[str, int]:
        """Return how many decimal places each custom attribute needs that is a decimal."""
        needed: dict[str, tuple[int, int]] = {}
        for one in read:
            if one.mapped.slot.type != "decimal" or one.mapped.slot.written:
                continue
            name = name_of(one.mapped)
            whole, places = needed.get(name, (0, 0))
            for value in filter(None, one.values):
                shortest = value.normalize(_EXACT)
                whole = max(whole, shortest.adjusted() + 1)
                places = max(places, -shortest.as_tuple().exponent)
            needed[name] = whole, places
            if whole + places > _DIGITS:
                message = f"holds decimals of more than {_DIGITS} digits in all; no table can"
                self.problems.append(Problem("range", one.mapped.path, message))
                one.values[:] = [None] * len(one.values)
                needed[name] = 0, 0
        return {name: places for name, (_whole, places) in needed.items()}

    def _series(self, read: _Read, places: int) -> Any:
        slot, values = read.mapped.slot, read.values
        if slot.type in ("money", "decimal") and not slot.written:
            last = Decimal(1).scaleb(-places)
            values = [
                None if value is None else Decimal(value).quantize(last, context=_EXACT)
                for value in values
            ]
        return self._pl.Series(values, dtype=type_of(slot, places)).gather(read.places)

    # -- the rows --

    def _value_columns(self, frame: Any) -> list[str]:
        return [name for name in frame.columns if name not in (_AT, _JOB, _DOUBTFUL)]

    def _doubtful(self, frame: Any) -> list[int]:
        """Return the rows of which not all is known by their cells alone."""
        pl, name, key = self._pl, self._kind.name, list(self._kind.key)
        if name not in TABLES:
            # Products are few, and no table comes of them.
            return list(frame[_AT])
        doubt = pl.col(_DOUBTFUL)
        if name == "deals":
            doubt |= (pl.col("status") == "open") == pl.col("closed_at").is_not_null()
        elif name == "contracts":
            doubt |= (pl.col("end") < pl.col("start")).fill_null(False)
        elif name == "overrides":
            doubt |= (pl.col("until") < pl.col("since")).fill_null(False)
            for what, wanted in ABOUT.items():
                misplaced = (
                    pl.col(one).is_null() == (one in wanted)
                    for one in ("company_id", "lead_id", "product_id")
                )
                doubt |= (pl.col("what") == what).fill_null(False) & pl.any_horizontal(*misplaced)
        elif name == "companies":
            # On a cycle of parents, each parent has a parent.
            children = frame.filter(pl.col("parent_id").is_not_null())["id"].unique()
            doubt |= pl.col("parent_id").is_in(children.implode()).fill_null(False)
        found = set(frame.filter(doubt)[_AT].to_list())
        if key:
            kinds = frame.select(self._value_columns(frame)).unique()
            differing = kinds.group_by(key).len().filter(pl.col("len") > 1).select(key)
            found |= set(frame.join(differing, on=key, how="semi")[_AT].to_list())
        return sorted(found)


def told_by_rows(
    kind: Kind,
    jobs: Sequence[tuple[Job, Entered]],
    ids: Ids,
    rows: Sequence[int] | None = None,
    of_job: Callable[[TableMapping], Kind] | None = None,
) -> Ledger:
    """Return what the reader of rows makes of rows, told by their numbers.

    Args:
        kind: The record kind.
        jobs: What to read.
        ids: What is known of ids; those of deleted records are added.
        rows: Which rows of all jobs together; all of them where it is `None`.
        of_job: Gives the kind as a job builds it, where that differs.
    """
    ledger = Ledger(kind, [job for job, _given in jobs])
    first = 0
    for index, (job, given) in enumerate(jobs):
        reader = RowReader(job, kind if of_job is None else of_job(job.table), ids)
        last = first + given.rows
        own = range(given.rows) if rows is None else [n - first for n in rows if first <= n < last]
        columns = [given.columns[name] for name in job.header]
        places: list[list[int]] = [column.places.gather(own).to_list() for column in columns]
        for at, row in enumerate(own):
            if faulty := given.faulty.get(row):
                made = reader.record(evolve(faulty, line=row + 1), first + row + 1)
            else:
                cells = [
                    column.cells[place[at]] for column, place in zip(columns, places, strict=True)
                ]
                made = reader.made(row + 1, cells, first + row + 1)
            ledger.add(index, row + 1, made)
        first = last
    ledger.settle()
    return ledger


def at_their_lines(ledger: Ledger, jobs: Sequence[tuple[Job, Entered]]) -> list[tuple[int, Reject]]:
    """Return the rejects of rows that were told by their numbers, each with its line."""
    return [
        (job, evolve(reject, line=jobs[job][1].lines[reject.line - 1]))
        for job, reject in ledger.refused
    ]


def _check_of(kind: Kind, mapped: FieldMapping) -> Check | None:
    """Return the check that the record makes of a field; none of attributes, which take all."""
    own: dict[str, Any] = fields_dict(kind.record)
    if kind.record is Deal:
        own = {**own, **_LINE}
    if mapped.attribute or mapped.slot.many or mapped.name not in own:
        return None
    check: Check = own[mapped.name].metadata["check"]
    return check
