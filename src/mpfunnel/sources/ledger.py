"""The account of rows: each is used, collapses into an equal one, or is rejected (law 7)."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

from attrs import fields, frozen

from mpfunnel.errors import brief
from mpfunnel.personal import has_address
from mpfunnel.records import Id, check_parents
from mpfunnel.sources.kinds import Kind, Record
from mpfunnel.sources.merges import MERGES, faults_of
from mpfunnel.sources.rows import Job, Reject

__all__ = ["Count", "Ledger"]


@frozen
class Count:
    """What became of the rows of one file for one record kind: rows = used + collapsed + rejected.

    Attributes:
        table: The record kind.
        file: The name of the file.
        rows: Rows after the header; an empty line is none.
        used: Rows that became a record.
        collapsed: Rows equal to a used one.
        rejected: Rows with a `Reject`.
    """

    table: str
    file: str
    rows: int
    used: int
    collapsed: int
    rejected: int


class Ledger:
    """Keeps the rows of one record kind until all are read, and then decides what each became.

    After `settle`, `used` holds the records, `refused` each reject with the index of its job, and
    `counts` the account; `left` has the job and line of each row that says nothing.
    """

    def __init__(self, kind: Kind, jobs: list[Job]) -> None:
        self.kind = kind
        self.jobs = jobs
        self.used: tuple[Any, ...] = ()
        self.refused: list[tuple[int, Reject]] = []
        self.counts: list[Count] = []
        self.left: list[tuple[int, int]] = []
        self._number = 0
        self._rows = [0] * len(jobs)
        # One record for each identity; for each row its record, file and line. Arrays, because
        # there may be millions of rows.
        self._identity = kind.identity
        self._records: list[Record] = []
        self._places: dict[Any, int] = {}
        self._row_record, self._row_job, self._row_line = array("q"), array("q"), array("q")
        self._differences: dict[int, set[str]] = {}

    def next_number(self) -> int:
        """Return the number of the next row, from 1."""
        self._number += 1
        return self._number

    def add(self, job: int, line: int, made: Record | Reject | None) -> None:
        """Enter what was made of the row on `line` of the job of that index."""
        if made is None:
            self.left.append((job, line))
            return
        self._rows[job] += 1
        if isinstance(made, Reject):
            self.refused.append((job, made))
            return
        place = self._places.setdefault(self._identity(made), len(self._records))
        if place == len(self._records):
            self._records.append(made)
        elif differing := _differing(self._records[place], made):
            self._differences.setdefault(place, set()).update(differing)
        self._row_record.append(place)
        self._row_job.append(job)
        self._row_line.append(line)

    def settle(self) -> None:
        """Decide what each row became."""
        refused = self._refused_records()
        used, collapsed = [0] * len(self.jobs), [0] * len(self.jobs)
        seen = bytearray(len(self._records))
        for place, job, line in zip(self._row_record, self._row_job, self._row_line, strict=True):
            if place in refused:
                name, code, reason = refused[place]
                value = _written(getattr(self._records[place], name))
                made = self.jobs[job].reject(line, name, code, reason, value)
                self.refused.append((job, made))
            elif seen[place]:
                collapsed[job] += 1
            else:
                seen[place] = 1
                used[job] += 1
        self.refused.sort(key=lambda entry: (entry[0], entry[1].line))
        self.used = tuple(
            record for place, record in enumerate(self._records) if place not in refused
        )
        rejected = Counter(job for job, _reject in self.refused)
        self.counts = [
            Count(self.kind.name, job.file, rows, used[i], collapsed[i], rejected[i])
            for i, (job, rows) in enumerate(zip(self.jobs, self._rows, strict=True))
        ]

    def _refused_records(self) -> dict[int, tuple[str, str, str]]:
        """Return the field, code and reason for each record none of whose rows can be used."""
        if self.kind.name in MERGES:
            merges: list[Any] = self._records
            return faults_of(merges)
        refused = {
            place: ("id", "conflict", f"rows of this id differ in {', '.join(sorted(names))}")
            if "id" in self.kind.key
            else ("company_id", "conflict", "rows of this fact and instant differ in value")
            for place, names in self._differences.items()
        }
        if self.kind.name == "companies":
            companies: list[Any] = [
                record for place, record in enumerate(self._records) if place not in refused
            ]
            cycles = {problem.path: problem.message for problem in check_parents(companies)}
            for company in companies if cycles else ():
                message = cycles.get(f"companies[{brief(company.id)}].parent_id")
                if message is not None:
                    # A chain of ids may be long, and an id may be a mail address.
                    short = "is its own ancestor" if has_address(message) else f"{message:.200}"
                    refused[self._places[company.id]] = ("parent_id", "cycle", short)
        return refused


def _written(value: Any) -> str:
    many = isinstance(value, frozenset)
    ids: list[Id] = sorted(value) if many else [value]  # pyright: ignore[reportUnknownArgumentType]
    return ", ".join(map(str, ids))


def _differing(one: Record, other: Record) -> set[str]:
    # Not by ==, which leaves out the names of products.
    return {
        field.name
        for field in fields(type(one))
        if getattr(one, field.name) != getattr(other, field.name)
    }
