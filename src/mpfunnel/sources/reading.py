"""Files → records: every check that can be made before the first row, then the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from mpfunnel.account import Account, accounts
from mpfunnel.codec.checks import no_such
from mpfunnel.errors import DecodeError, Problem, brief, on_one_line, shown
from mpfunnel.identity.matching import Match
from mpfunnel.records import (
    Activity,
    Company,
    CompanyHistory,
    Contract,
    Deal,
    Id,
    Lead,
    Override,
    Product,
    SalesEvent,
)
from mpfunnel.sources.facts import CompanyFact, histories
from mpfunnel.sources.files import SourceFile, column_hint
from mpfunnel.sources.identity import assigned
from mpfunnel.sources.ids import Ids
from mpfunnel.sources.joins import Joiner, Shelf, held_of
from mpfunnel.sources.kinds import Kind
from mpfunnel.sources.ledger import Count, Ledger
from mpfunnel.sources.lists import Directory, known_of, with_lists
from mpfunnel.sources.loading import load
from mpfunnel.sources.mapping import SourceMapping, TableMapping
from mpfunnel.sources.members import with_consents, with_lines
from mpfunnel.sources.merges import MERGES, lives_on
from mpfunnel.sources.patterns import Derived, tallies_of, told
from mpfunnel.sources.present import present
from mpfunnel.sources.rows import Job, Reject, RowReader

__all__ = [
    "Files",
    "Opened",
    "Records",
    "column_problems",
    "file_problems",
    "is_referred",
    "opened",
    "read",
]

_PROGRESS_EVERY: Final = 1_000


@frozen
class Records:
    """What was read: the records in the order of the files, the rejects, and the account of rows.

    Attributes:
        matches: Where the mapping says how to match leads to companies: one for each lead. Leads
            then have the company that was found, and individuals and students one of their own,
            behind the companies that were read.
        rejects: In the order of the record kinds, the files and the lines.
        counts: One for each file and record kind, in the same order.
        derived: What patterns made of the rows: one for each field that has them.
        absent: What of the mapping is optional and was not there, by its place in the mapping.
    """

    products: tuple[Product, ...] = ()
    companies: tuple[Company, ...] = ()
    company_facts: tuple[CompanyFact, ...] = field(default=(), kw_only=True)
    leads: tuple[Lead, ...] = ()
    activities: tuple[Activity, ...] = ()
    deals: tuple[Deal, ...] = ()
    contracts: tuple[Contract, ...] = ()
    sales_events: tuple[SalesEvent, ...] = ()
    overrides: tuple[Override, ...] = field(default=(), kw_only=True)
    matches: tuple[Match, ...] = field(default=(), kw_only=True)
    rejects: tuple[Reject, ...] = field(default=(), kw_only=True)
    counts: tuple[Count, ...] = field(default=(), kw_only=True)
    derived: tuple[Derived, ...] = field(default=(), kw_only=True)
    absent: tuple[str, ...] = field(default=(), kw_only=True)

    def histories(self) -> tuple[Company | CompanyHistory, ...]:
        """Return the companies, each with its facts over time where any were read."""
        return histories(self.companies, self.company_facts)

    def accounts(self) -> tuple[Account, ...]:
        """Return one account per company, then one of the people without any.

        See `mpfunnel.accounts`; what was read is free of conflicts. A company of which facts were
        read over time stands there with its history.
        """
        return accounts(
            companies=self.histories(),
            leads=self.leads,
            activities=self.activities,
            deals=self.deals,
            contracts=self.contracts,
            sales_events=self.sales_events,
            overrides=self.overrides,
        )


_Path = str | PathLike[str]
Files = _Path | Mapping[str, _Path | Iterable[_Path]]
"""The folder of a mapping's paths, or the path (or paths) of each of its file keys."""


def read(
    mapping: str | PathLike[str] | Mapping[str, Any] | SourceMapping,
    folder_or_files: Files,
    *,
    products: Iterable[Id] | None = None,
    progress: Callable[[int], object] | None = None,
) -> Records:
    """Read files into records by a mapping.

    Everything that can be checked before the first row is: the mapping, that each file is there,
    and that it has the columns. After that only rows can fail, and each one that does is a
    `Reject`.

    A row is rejected where its product is none of the known ones (those of the mapping's own
    products and of `products`), where a deal, contract or override has a company, or an activity,
    consent, sales event or override a lead, or a line a deal, that was not read although the
    mapping reads that kind, and where a company is its own ancestor. So is one whose record was
    deleted, or merged into another; references follow merges. Kept as they are: the company of a
    lead, a company's parent, and the lead and the partner of a deal, known or not.

    Rows that are equal once they are read count once. Rows that share an id (an activity: its
    lead and id) but differ are all rejected (S17).

    Args:
        mapping: A loaded mapping, or what `load` takes.
        folder_or_files: The folder of the mapping's paths, or the path (or paths) of each of its
            file keys. A path that ends in ``.gz`` is decompressed.
        products: Ids of products that exist beside those in the files, as of a playbook.
        progress: Called now and then with the number of rows read so far, and once at the end. A
            row that is read for two record kinds counts twice; one of a file that is only joined
            with others does not count.

    Raises:
        DecodeError: The mapping has faults, or a file is absent, unreadable, empty, in none of its
            stated encodings and separators, or without a column that the mapping names; or
            individuals cannot get companies of their own.
        UnknownNameError: No mapping of that name is shipped.
    """
    if not isinstance(mapping, SourceMapping):
        mapping = load(mapping)
    found = opened(mapping, folder_or_files)
    return _Reader(found, products, progress or (lambda _rows: None)).records()


def _located(mapping: SourceMapping, where: Files) -> dict[str, list[SourceFile]]:
    """Return the files of each key, with a name that shows no place on this machine."""
    if not isinstance(where, Mapping):
        folder = Path(where)
        return {
            key: [SourceFile(folder / path, path, form) for path in form.paths]
            for key, form in mapping.files.items()
        }
    needed = present(mapping, dict.fromkeys(where, ()))
    if problems := file_problems(needed, where):
        raise DecodeError(problems)
    return {
        key: [SourceFile(path, on_one_line(path.name), form) for path in _paths(where[key])]
        for key, form in mapping.files.items()
        if key in where
    }


def _paths(given: _Path | Iterable[_Path]) -> list[Path]:
    return [Path(path) for path in ([given] if isinstance(given, str | PathLike) else given)]


def is_referred(kind: str, mapping: SourceMapping) -> bool:
    """Whether other records refer to a kind; the ids of the rest would only fill memory."""
    if kind == "deals":
        return "deal_lines" in mapping.kinds
    return kind in ("products", "companies", "leads")


def file_problems(mapping: SourceMapping, given: Iterable[str]) -> list[Problem]:
    """Return a problem for each key of a file that the mapping does not know, or that is absent."""
    given = list(given)
    problems = [
        Problem(
            "unknown-file", mapping.at(f"files.{shown(key)}"), no_such("file", key, mapping.files)
        )
        for key in given
        if key not in mapping.files
    ]
    used = mapping.used_files
    return problems + [
        Problem("file", mapping.at(f"files.{shown(key)}"), "is not among the files given")
        for key, form in mapping.files.items()
        if key not in given and (not form.optional or key in used)
    ]


@frozen
class Opened:
    """What is to be read, once every file is there and has the columns.

    Attributes:
        mapping: Without what is optional and absent.
        jobs: In the order in which they are read, each with its file.
        files: The files of each key that is read.
    """

    mapping: SourceMapping
    jobs: list[tuple[Job, SourceFile]]
    files: dict[str, list[SourceFile]]


def opened(mapping: SourceMapping, folder_or_files: Files) -> Opened:
    """Return what is to be read.

    Raises:
        DecodeError: As `read`, but for the mapping; all problems at once.
    """
    located = _located(mapping, folder_or_files)
    faults: dict[str, list[Problem]] = {}
    headers: dict[str, list[tuple[SourceFile, list[str]]]] = {}
    for key in mapping.used_files:
        found = headers[key] = []
        for given in located.get(key, ()):
            try:
                file = given.settled(mapping.columns_of(key))
                found.append((file, file.header()))
            except DecodeError as error:
                faults.setdefault(key, []).extend(error.problems)
    # What is named and not there is a fault; what lies in no folder may be.
    named_files = isinstance(folder_or_files, Mapping)
    there = {
        key: [header for _file, header in of]
        for key, of in headers.items()
        if key in located
        and (named_files or not mapping.files[key].optional or _any_exists(located[key]))
    }
    mapping = present(mapping, there)
    problems = [problem for key in mapping.used_files for problem in faults.get(key, ())]
    if not mapping.tables:
        problems.append(Problem("file", mapping.at("files"), "none of them is there"))
    headers = {key: headers[key] for key in mapping.used_files}
    named = {key: [(file.name, header) for file, header in of] for key, of in headers.items()}
    for table in mapping.tables:
        problems += column_problems(mapping, table, named)
    if problems:
        raise DecodeError(problems)
    jobs = [
        (Job(table, file.name, [*header, *table.joined], mapping.personal(table)), file)
        for table in mapping.tables
        for file, header in headers[table.file]
    ]
    return Opened(
        mapping, jobs, {key: [file for file, _header in of] for key, of in headers.items()}
    )


def _any_exists(files: Iterable[SourceFile]) -> bool:
    return any(file.path.exists() for file in files)


def column_problems(
    mapping: SourceMapping,
    table: TableMapping,
    headers: Mapping[str, Sequence[tuple[str, list[str]]]],
) -> Iterator[Problem]:
    """Yield a problem for each column of a table that a file lacks, or has more than once.

    Args:
        mapping: The mapping.
        table: One of its tables.
        headers: For each file key the names of its files, each with those of its columns.
    """
    beside = [
        f"{join.name}.{column}"
        for join in table.joins
        for _file, header in headers[join.file][:1]
        for column in header
    ]
    for file, header in headers[table.file]:
        for column, path in table.columns:
            if table.origin(column)[0] is None:
                yield from _column_problems(mapping.at(path), file, column, header, beside)
            elif column in header:
                what = f"{file} has a column {brief(column)} of its own; call the join otherwise"
                yield Problem("clash", mapping.at(path), what)
    for join in table.joins:
        for file, header in headers[join.file]:
            for column, path in join.compares:
                yield from _column_problems(mapping.at(path), file, column, header)
            for column, path in table.columns:
                other, name = table.origin(column)
                if other == join:
                    yield from _column_problems(mapping.at(path), file, name, header)


def _column_problems(
    path: str, file: str, column: str, header: list[str], beside: Sequence[str] = ()
) -> Iterator[Problem]:
    times = header.count(column)
    if times == 0:
        hint = column_hint(column, [*header, *beside])
        yield Problem("unknown-column", path, f"{file} has no column {brief(column)}{hint}")
    elif times > 1:
        what = f"{file} has {times} columns {brief(column)}; name each differently"
        yield Problem("duplicate", path, what)


class _Reader:
    """Reads the jobs in their order and keeps the account."""

    def __init__(
        self,
        found: Opened,
        products: Iterable[Id] | None,
        progress: Callable[[int], object],
    ) -> None:
        self._jobs = found.jobs
        mapping = self._mapping = found.mapping
        self._shelf = Shelf(mapping, lambda key, columns: held_of(found.files[key], columns))
        self._progress = progress
        self._rows_read = 0
        self._mapping = mapping
        self._tallies = tallies_of(mapping)
        self._ids = Ids()
        if products is not None:
            self._ids.add("products", products)

    def records(self) -> Records:
        """Read everything."""
        found: dict[str, Any] = {}
        rejects: list[Reject] = []
        counts: list[Count] = []
        for name, kind in MERGES.items():
            merges = self._ledger(name, kind)
            self._ids.merged[name.partition(".")[2]] = lives_on(merges.used)
            rejects += (reject for _job, reject in merges.refused)
            counts += merges.counts
        for name in self._mapping.kinds:
            directory = Directory(map(known_of, found["companies"])) if name == "lists" else None
            ledger = self._ledger(name, self._mapping.kind(name), directory)
            if name == "lists":
                found["companies"] = with_lists(found["companies"], ledger.used)
            elif name == "consents":
                found["leads"] = with_consents(found["leads"], ledger.used)
            elif name == "deal_lines":
                found["deals"] = with_lines(found["deals"], ledger.used)
            else:
                found[name] = ledger.used
            rejects += (reject for _job, reject in ledger.refused)
            counts += ledger.counts
            # What refers to these records is read after them.
            if is_referred(name, self._mapping):
                self._ids.add(name, (record.id for record in found[name]))
        self._progress(self._rows_read)
        if self._mapping.identity is not None:
            found |= assigned(self._mapping, self._mapping.identity, found)
        return Records(
            **found,
            rejects=tuple(rejects),
            counts=tuple(counts),
            derived=told(self._mapping, self._tallies),
            absent=self._mapping.absent,
        )

    def _ledger(self, name: str, kind: Kind, directory: Directory | None = None) -> Ledger:
        """Return the account of the rows of a kind."""
        jobs = [(job, file) for job, file in self._jobs if job.table.kind == name]
        ledger = Ledger(kind, [job for job, _file in jobs])
        for index, (job, file) in enumerate(jobs):
            own = kind if directory is None else directory.kind(job.table)
            self._read(index, job, file, RowReader(job, own, self._ids), ledger)
        ledger.settle()
        return ledger

    def _read(
        self, index: int, job: Job, file: SourceFile, reader: RowReader, ledger: Ledger
    ) -> None:
        joiner = Joiner(job.table, job.header, self._shelf)
        for read_row in file.rows():
            self._rows_read += 1
            if self._rows_read % _PROGRESS_EVERY == 0:
                self._progress(self._rows_read)
            row = joiner.row(read_row)
            if job.skips(row):
                continue
            if not row.code and not job.deletes(row.cells):
                reader.tell(self._tallies, row.cells)
            # Rows are numbered over all files of their kind, so that no two share a number.
            ledger.add(index, row.line, reader.record(row, ledger.next_number()))
