"""Tables or files → tables for `mpfunnel.frames.assess`; what is checked before the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from os import PathLike
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import DecodeError, InvalidDataError, Problem, shown
from mpfunnel.frames.contract import TABLES, reserved
from mpfunnel.frames.kinds import Workshop, as_columns, kind_of, polars
from mpfunnel.records import Id
from mpfunnel.sources.bulk import Bulk, at_their_lines, name_of, told_by_rows, type_of
from mpfunnel.sources.columns import WHO, Entered, entered, entered_file
from mpfunnel.sources.facts import latest
from mpfunnel.sources.identity import assigned_tables
from mpfunnel.sources.ids import Ids
from mpfunnel.sources.joined import joined, shelf_of
from mpfunnel.sources.joins import Shelf
from mpfunnel.sources.kinds import KINDS, Kind, Type
from mpfunnel.sources.ledger import Count
from mpfunnel.sources.lists import Directory, Known
from mpfunnel.sources.loading import load
from mpfunnel.sources.mapping import FieldMapping, SourceMapping, TableMapping
from mpfunnel.sources.members import Member
from mpfunnel.sources.merges import MERGES, lives_on
from mpfunnel.sources.patterns import Derived, tallies_of, told
from mpfunnel.sources.present import present
from mpfunnel.sources.reading import Files, column_problems, file_problems, is_referred, opened
from mpfunnel.sources.rows import FieldReader, Job, Reject, tell

__all__ = ["MappedTables", "read_tables", "tables"]

_WITHOUT_ORDER: Final = ("duckdb", "ibis", "pyspark")
_SETS: Final[Mapping[str, tuple[str, str]]] = {
    "companies": ("company_sets", "company_id"),
    "leads": ("lead_sets", "lead_id"),
}
"""The table that holds the sets of each record kind, and its column of their owner."""


@frozen(eq=False)
class MappedTables(Mapping[str, Any]):
    """Tables for `mpfunnel.frames.assess` by name, all of the kind that was given.

    Attributes:
        rejects: The rows that could not be used: table, file, row, column, code, reason, value;
            as `Reject` has them. ``row`` is the number of the row, from 1; blank where tables
            have no order. Those of files have ``line`` in its place.
        counts: What became of the rows: one for each file and record kind.
        derived: What patterns made of the rows: one for each field that has them.
        absent: What of the mapping is optional and was not there, by its place in the mapping.
        matches: Where the mapping says how to match leads to companies: a row for each lead, as
            `mpfunnel.frames.assign` tells them. Else `None`, as what follows.
        match_candidates: The companies that a lead may belong to, or that other evidence names.
    """

    _tables: Mapping[str, Any] = field(repr=False)
    rejects: Any = field(repr=False)
    counts: tuple[Count, ...]
    derived: tuple[Derived, ...] = ()
    absent: tuple[str, ...] = ()
    matches: Any = field(default=None, repr=False)
    match_candidates: Any = field(default=None, repr=False)

    def __getitem__(self, name: str) -> Any:
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)


def tables(
    mapping: str | PathLike[str] | Mapping[str, Any] | SourceMapping,
    files: Mapping[str, Any] = immutabledict(),
    /,
    *,
    products: Iterable[Id] | None = None,
    **named: Any,
) -> MappedTables:
    """Return what `mpfunnel.frames.assess` takes, from tables whose columns a mapping names.

    Give it the result unpacked: ``frames.assess(engine, **tables, as_of=today)``.

    It reads tables as `read` does the same files: what is used, what collapses and what is
    rejected, and for which reason, is the same. So nothing is left to reject for `assess` but what
    only the playbook knows: products that it does not have.

    A cell that is text is read as a cell of a file. A number is taken as it is, and still gets the
    unit or scale of its field; a time without zone is in that of its field. Words for blank and
    the value map hold for the text that a file would have, such as ``3`` for 3.0. Null and NaN are
    blank.

    The mapping is worked out on this machine, in memory, by Polars: tables of DuckDB, Ibis and
    PySpark, and lazy ones of Polars, are fetched for it, as far as the mapping names their columns.
    They come back as temporary tables, and those of PySpark as DataFrames of the same session. So
    what the mapping names must fit the memory of this machine: with PySpark, that of the driver,
    and the executors do none of the work.

    Args:
        mapping: A loaded mapping, or what `load` takes.
        files: The table of each file key of the mapping: of pandas, Polars, PyArrow, DuckDB,
            PySpark or Ibis, all of one kind. Of the mapping's files only the keys count.
        products: Ids of products that exist beside those in the tables, as of a playbook.
        named: The same as `files`, for keys that are Python names.

    Raises:
        InvalidDataError: The mapping has faults, a table is absent, unknown or lacks columns, or
            a column holds what its fields cannot be read from; all problems at once. What an engine
            raises when it works out the rows of a lazy table is its own error.
        MissingExtraError: Polars is not installed.
        UnknownNameError: No mapping of that name is shipped.
    """
    if not isinstance(mapping, SourceMapping):
        mapping = load(mapping)
    polars(WHO)
    if not isinstance(files, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"must be a dictionary of tables by file key, not {type(files).__name__}"
        raise DecodeError([Problem("type", "files", message)])
    mapping, workshop, given = _taken_in(
        mapping, {**files, **named}, files.keys() & named.keys(), products
    )
    shelf = shelf_of(mapping, {key: [one] for key, one in given.items()})
    jobs = [_job(mapping, table, table.file, given[table.file], shelf) for table in mapping.tables]
    return _Tabling(mapping, workshop, jobs, products).tables("row")


def read_tables(
    mapping: str | PathLike[str] | Mapping[str, Any] | SourceMapping,
    folder_or_files: Files,
    *,
    products: Iterable[Id] | None = None,
) -> MappedTables:
    """Read files into tables of Polars for `mpfunnel.frames.assess`, by a mapping.

    It reads files as `read` does: what is used, what collapses and what is rejected, and for which
    reason, is the same. There is no object for each record, so that it suits large exports.

    Args:
        mapping: A loaded mapping, or what `load` takes.
        folder_or_files: As for `read`.
        products: Ids of products that exist beside those in the files, as of a playbook.

    Raises:
        DecodeError: As for `read`; or a custom attribute cannot be a column. All problems at once.
        MissingExtraError: Polars is not installed.
        UnknownNameError: No mapping of that name is shipped.
    """
    if not isinstance(mapping, SourceMapping):
        mapping = load(mapping)
    polars(WHO)
    problems = list(_misnamed(mapping))
    try:
        located = opened(mapping, folder_or_files)
    except DecodeError as error:
        raise DecodeError([*error.problems, *problems]) from None
    if problems:
        raise DecodeError(problems)
    mapping = located.mapping
    # Once, however many record kinds it feeds.
    found = {
        file: entered_file(file, file.header(), mapping.columns_of(key))
        for key, files in located.files.items()
        for file in files
    }
    parts = {key: [found[file] for file in files] for key, files in located.files.items()}
    shelf = shelf_of(mapping, parts)
    jobs = [_job(mapping, job.table, job.file, found[file], shelf) for job, file in located.jobs]
    return _Tabling(mapping, Workshop("polars", None), jobs, products).tables("line")


def _job(
    mapping: SourceMapping, table: TableMapping, file: str, given: Entered, shelf: Shelf
) -> tuple[Job, Entered]:
    """Return what a table of the mapping reads of a file, with all that is joined to it."""
    found = joined(table, given, shelf)
    for column in table.telling:
        found = found.where(~found.blank(column))
    if table.only is not None:
        found = found.where(found.meant(table.only))
    return Job(table, file, list(found.columns), mapping.personal(table)), found


# -- before the first row --


def _taken_in(
    mapping: SourceMapping,
    given: Mapping[str, Any],
    twice: Iterable[str],
    products: Iterable[Id] | None,
) -> tuple[SourceMapping, Workshop, dict[str, Entered]]:
    """Return the tables, once nothing is wrong with them as a whole."""
    problems = [Problem("duplicate", shown(key), "is given twice") for key in sorted(twice)]
    if kind_of(products) is not None:
        message = "must be ids; give the table of a file of that name as {'products': …}"
        problems.append(Problem("type", "products", message))
    needed = present(mapping, dict.fromkeys(given, ()))
    problems += file_problems(needed, given)
    known = {key: table for key, table in given.items() if key in mapping.files}
    if not known:
        nothing = Problem("file", mapping.at("files"), "none of them is there")
        raise DecodeError(problems or [nothing])
    try:
        workshop = Workshop.of(known)
    except InvalidDataError as error:
        raise DecodeError([*problems, *error.problems]) from error.__cause__
    problems += _misnamed(mapping)
    if workshop.kind in _WITHOUT_ORDER:
        message = f"tables of {workshop.kind} have no order; name columns that tell rows apart"
        problems += [
            Problem("contradiction", mapping.at(one.path), message)
            for table in mapping.tables
            for one in table.fields
            if one.row_number
        ]
    headers = {key: as_columns(native, workshop.kind) for key, native in known.items()}
    mapping = present(mapping, {key: [header] for key, header in headers.items()})
    named = {key: [(key, headers[key])] if key in known else [] for key in mapping.files}
    for table in mapping.tables:
        problems += column_problems(mapping, table, named)
    found: dict[str, Entered] = {}
    for key, native in known.items():
        wanted = {
            name: types
            for name, types in _types(mapping, key).items()
            if headers[key].count(name) == 1
        }
        found[key], wrong = entered(key, native, workshop, wanted)
        problems += wrong
    if problems:
        raise DecodeError(problems)
    return mapping, workshop, found


def _types(mapping: SourceMapping, key: str) -> dict[str, set[Type]]:
    """Return the columns of a file that are read, each with the types of what it fills."""
    found: dict[str, set[Type]] = {}
    for table in mapping.tables:
        read: list[tuple[str, Type]] = [
            (column, _read_as(one)) for one in table.fields for column in one.columns
        ]
        as_text = [here for join in table.joins for here, _there in join.on]
        as_text += [f"{j.name}.{there}" for j in table.joins for _here, there in j.on]
        compared: list[tuple[str, Type]] = [(column, "text") for column in as_text]
        if table.deleted is not None:
            read.append((table.deleted.columns[0], "bool"))
        for column, kind in (*read, *compared):
            join, name = table.origin(column)
            if key == (table.file if join is None else join.file):
                found.setdefault(name, set()).add(kind)
        # Whatever it holds, there is a text for it.
        for where in (table.only, *(one.when for one in table.fields)):
            if where is not None:
                join, name = table.origin(where.column)
                if key == (table.file if join is None else join.file):
                    found.setdefault(name, set())
        for join in table.joins:
            if join.only is not None and join.file == key:
                found.setdefault(join.only.column, set())
    return found


def _read_as(mapped: FieldMapping) -> Type:
    # Several columns are joined as texts, and ids are read from what is written, whatever it is.
    return "text" if len(mapped.columns) > 1 or mapped.slot.ids_of else mapped.slot.type


def _misnamed(mapping: SourceMapping) -> Iterator[Problem]:
    """Yield a problem for each custom attribute that cannot be a column of its table."""
    first: dict[tuple[str, str], FieldMapping] = {}
    for table in mapping.tables:
        for one in (one for one in table.fields if one.attribute):
            taken = reserved(table.kind)
            if one.slot.many:
                taken = frozenset(n for n, slot in KINDS[table.kind].slots.items() if slot.many)
            if one.name in taken:
                message = f"is what a table of {table.kind} says itself; call it otherwise"
                yield Problem("clash", mapping.at(one.path), message)
            other = first.setdefault((table.kind, one.name), one)
            if (other.slot.type, other.slot.many) != (one.slot.type, one.slot.many):
                message = f"is of another type than {other.path}; a column has one type"
                yield Problem("contradiction", mapping.at(one.path), message)


# -- kind by kind --


class _Tabling:
    """Reads the tables kind by kind, because each may refer to those before."""

    def __init__(
        self,
        mapping: SourceMapping,
        workshop: Workshop,
        jobs: Sequence[tuple[Job, Entered]],
        products: Iterable[Id] | None,
    ) -> None:
        self._mapping = mapping
        self._workshop = workshop
        self._jobs = jobs
        self._ids = Ids()
        if products is not None:
            self._ids.add("products", products)

    def tables(self, place: str) -> MappedTables:
        """Read everything; `place` is what rejects call the place of a row."""
        found: dict[str, Any] = {}
        rejects: list[Reject] = []
        counts: list[Count] = []
        problems: list[Problem] = []
        directory = Directory(())
        for name, kind in MERGES.items():
            jobs = [(job, given) for job, given in self._jobs if job.table.kind == name]
            ledger = told_by_rows(kind, jobs, self._ids)
            self._ids.merged[name.partition(".")[2]] = lives_on(ledger.used)
            rejects += (reject for _job, reject in at_their_lines(ledger, jobs))
            counts += ledger.counts
        for name in self._mapping.kinds:
            mapped = [table for table in self._mapping.tables if table.kind == name]
            jobs = [(job, given) for job, given in self._jobs if job.table.kind == name]
            if name == "lists":
                ledger = told_by_rows(KINDS[name], jobs, self._ids, of_job=directory.kind)
                rejects += (reject for _job, reject in at_their_lines(ledger, jobs))
                counts += ledger.counts
                found["company_sets"] = _with_lists(found, ledger.used)
                continue
            bulk = Bulk(self._mapping.kind(name), self._mapping.slots(name), jobs, self._ids)
            problems += bulk.problems
            rejects += (reject for _job, reject in bulk.refused)
            counts += bulk.counts
            if name == "companies":
                directory = Directory(_known(bulk))
            if is_referred(name, self._mapping):
                self._ids.add(name, bulk.used["id"])
            if name == "company_facts":
                found[name] = _dated(bulk.used)
            elif name in TABLES:
                found.update(_tables_of(KINDS[name], mapped, bulk.used, bulk.members))
            if name == "deal_lines":
                # The products of deals are said once.
                found["deals"] = found["deals"].drop("product_id")
        if problems:
            raise DecodeError(
                Problem(one.code, self._mapping.at(one.path), one.message) for one in problems
            )
        if "companies" not in found:
            slots = self._mapping.slots("companies")
            nobody = polars(WHO).DataFrame(schema={n: type_of(one) for n, one in slots.items()})
            found = {**_tables_of(KINDS["companies"], (), nobody), **found}
        matches = {}
        if self._mapping.identity is not None:
            matches = assigned_tables(self._mapping, self._mapping.identity, found)
        hand_out = self._workshop.hand_out
        return MappedTables(
            immutabledict({name: hand_out(name, table) for name, table in found.items()}),
            hand_out("rejects", self._told(rejects, place)),
            tuple(counts),
            self._derived(),
            self._mapping.absent,
            **{name: hand_out(name, table) for name, table in matches.items()},
        )

    def _derived(self) -> tuple[Derived, ...]:
        """Return what patterns made of the rows, each different cell read once."""
        pl, tallies = polars(WHO), tallies_of(self._mapping)
        for job, given in self._jobs:
            for mapped in (one for one in job.table.fields if one.derived):
                reader = FieldReader(mapped, [*mapped.reads], self._ids)
                cells, places = given.different(mapped.reads)
                unsound = pl.int_range(given.rows, eager=True).is_in([*given.faulty])
                if (deleted := job.table.deleted) is not None:
                    unsound |= given.among(deleted.columns[0], deleted.truths)
                sound = places.filter(~unsound)
                counts: list[tuple[int, int]] = sound.value_counts().rows()
                for place, rows in counts:
                    tell(tallies, job, reader, cells[place], rows)
        return told(self._mapping, tallies)

    def _told(self, rejects: Iterable[Reject], place: str) -> Any:
        """Return rejects as a frame."""
        pl = polars(WHO)
        ordered = self._workshop.kind not in _WITHOUT_ORDER
        names = ("table", "file", place, "column", "code", "reason", "value")
        rows = [
            (r.table, r.file, r.line if ordered else None, r.column, r.code, r.reason, r.value)
            for r in rejects
        ]
        types = {name: pl.Int64 if name == place else pl.String for name in names}
        return pl.DataFrame(rows, schema=types, orient="row")


def _known(bulk: Bulk) -> Iterator[Known]:
    """Yield what each company is known by."""
    nowhere = frozenset[Any]()
    for company_id, number, domains, name in bulk.used.select(*Known._fields).rows():
        yield Known(company_id, number, nowhere if domains is None else bulk.members[domains], name)


def _with_lists(found: Mapping[str, Any], members: Iterable[Member]) -> Any:
    """Return the sets of companies with the lists on which they stand."""
    pl = polars(WHO)
    types = {
        "company_id": found["companies"].schema["id"],
        "fact": pl.String,
        "value": pl.String,
    }
    rows = [(one.company_id, "lists", one.list) for one in members]
    listed = pl.DataFrame(rows, schema=types, orient="row")
    if "company_sets" not in found:
        return listed
    return pl.concat([found["company_sets"], listed]).unique(maintain_order=True)


def _dated(used: Any) -> Any:
    """Return the facts of companies by their days; of those of one day, the last."""
    pl = polars(WHO)
    columns = ("company_id", "fact", "value", "at", "zone")
    told = (
        ((company_id, fact, since), at, (company_id, fact, value, since))
        for company_id, fact, value, at, zone in used.select(columns).rows()
        for since in [local_day(at, zone_for(zone))]
    )
    types = {
        "company_id": used.schema["company_id"],
        "fact": pl.String,
        "value": pl.String,
        "since": pl.Date,
    }
    return pl.DataFrame(list(latest(told)), schema=types, orient="row")


def _tables_of(
    kind: Kind,
    mapped: Sequence[TableMapping],
    used: Any,
    members: Sequence[frozenset[Id]] = (),
) -> dict[str, Any]:
    """Return the tables that the records of a kind give, by name."""
    pl = polars(WHO)
    read = {name_of(one): one for table in mapped for one in table.fields}
    plain = [column.name for column in TABLES[kind.name] if column.name in kind.slots]
    custom = {n: one.name for n, one in read.items() if one.attribute and not one.slot.many}
    found = {kind.name: used.select(*plain, *custom).rename(custom)}
    sets = {n: one.name for n, one in read.items() if one.slot.many}
    if not sets:
        return found
    numbers = any(type(item) is int for items in members for item in items)
    rows = [(place, item) for place, items in enumerate(members) for item in sorted(items)]
    types = {"set": pl.UInt32, "value": pl.Int64 if numbers else pl.String}
    listed = pl.DataFrame(rows, schema=types, orient="row")

    def long(column: str, **owner: str) -> Any:
        frame = used.select(**owner, set=column).drop_nulls("set")
        return frame.join(listed, on="set", how="inner", maintain_order="left").drop("set")

    if kind.name == "activities":
        products = long("product_ids", lead_id="lead_id", activity_id="id")
        return {**found, "activity_products": products.rename({"value": "product_id"})}
    name, owner = _SETS[kind.name]
    parts = [
        long(column, **{owner: "id"}).insert_column(1, pl.lit(fact).alias("fact"))
        for column, fact in sets.items()
    ]
    return {**found, name: pl.concat(parts)}
