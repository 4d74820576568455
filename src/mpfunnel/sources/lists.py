"""Target lists (重点企業リスト): which company each row of a list means.

A row names a company by its id, its corporate number (法人番号), a domain or its name. The first
of these that any company has decides, in this order; where several companies have it, a later one
may tell them apart. A company with another corporate number than the row's is not meant, whatever
it is called. What is compared is the cell and the company's own value, both after the steps of the
list's field (S14).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, cast

from attrs import evolve, fields_dict, frozen

from mpfunnel.errors import DecodeError, InvalidDataError, Problem, brief
from mpfunnel.records import Company, CompanyHistory, Id
from mpfunnel.records.checks import Check
from mpfunnel.sources.files import column_hint
from mpfunnel.sources.ids import Ids
from mpfunnel.sources.kinds import EVIDENCE, KINDS, Kind
from mpfunnel.sources.ledger import Count, Ledger
from mpfunnel.sources.loading import list_of
from mpfunnel.sources.mapping import TableMapping
from mpfunnel.sources.members import Member
from mpfunnel.sources.rows import Job, Reject, RowReader
from mpfunnel.sources.values import STEPS, Cell, Unfit

__all__ = ["Directory", "Known", "Listed", "known_of", "on_list", "with_lists"]

_NUMBER: Final = "corporate_number"
_CHECK: Final[Check] = fields_dict(Company)[_NUMBER].metadata["check"]
_Steps = tuple[str, ...]


class Known(NamedTuple):
    """What a company is known by."""

    id: Id
    corporate_number: str | None
    domains: frozenset[str]
    name: str | None


def known_of(company: Company) -> Known:
    """Return what a company is known by."""
    return Known(company.id, company.corporate_number, company.domains, company.name)


class Directory:
    """Tells which of some companies the row of a list means.

    Args:
        companies: What each of them is known by.
    """

    def __init__(self, companies: Iterable[Known]) -> None:
        self._companies = tuple(companies)
        self._indexes: dict[tuple[str, _Steps], dict[Any, set[int]]] = {}

    def kind(self, table: TableMapping) -> Kind:
        """Return the kind of record that the rows of a list become: members."""
        steps = {one.name: one.settings.normalise for one in table.fields}

        def member(values: dict[str, Any]) -> Member:
            return Member(values.pop("list"), self._companies[self._meant(values, steps)].id)

        return evolve(KINDS["lists"], build=member)

    def _meant(self, given: Mapping[str, Any], steps: Mapping[str, _Steps]) -> int:
        """Return the place of the company that a row means.

        Raises:
            InvalidDataError: It means none, or may mean several.
        """
        if not given:
            message = f"is blank; give {', '.join(EVIDENCE)}, or some of them"
            raise InvalidDataError([Problem("missing", "", message)])
        number = given.get(_NUMBER)
        if number is not None and (fault := _CHECK(number)):
            raise InvalidDataError([Problem(fault[0], f"list.{_NUMBER}", fault[1])])
        found: set[int] = set()
        at = ""
        for name in EVIDENCE:
            if name not in given:
                continue
            at = at if found else name
            hits = self._by(name, steps[name]).get(given[name], set[int]())
            if name not in ("id", _NUMBER) and number is not None:
                hits = {one for one in hits if self._number(one, steps[_NUMBER]) in (None, number)}
            found = (found & hits or found) if found else hits
            # An id is that of a company or of none.
            if len(found) == 1 or name == "id":
                break
        if len(found) == 1:
            return next(iter(found))
        if found:
            message = f"is that of {len(found)} companies; add what tells them apart"
            raise InvalidDataError([Problem("ambiguous", f"list.{at}", message)])
        strongest = next(name for name in EVIDENCE if name in given)
        raise InvalidDataError([Problem("unmatched", f"list.{strongest}", "no company has it")])

    def _by(self, name: str, steps: _Steps) -> dict[Any, set[int]]:
        """Return the places of the companies by a value, which has gone through steps."""
        if (name, steps) not in self._indexes:
            index = self._indexes[name, steps] = {}
            for place, one in enumerate(self._companies):
                values = one.domains if name == "domain" else (getattr(one, name),)
                for value in values:
                    if value is not None:
                        index.setdefault(_stepped(value, steps), set[int]()).add(place)
        return self._indexes[name, steps]

    def _number(self, place: int, steps: _Steps) -> str | None:
        own: str | None = _stepped(self._companies[place].corporate_number, steps)
        return own


def _stepped(value: Any, steps: _Steps) -> Any:
    if isinstance(value, str):
        for step in steps:
            value = STEPS[step](value)
    return value


def with_lists(companies: Iterable[Company], members: Iterable[Member]) -> tuple[Company, ...]:
    """Return the companies with the lists on which they stand."""
    lists: dict[Id, set[str]] = {}
    for one in members:
        lists.setdefault(one.company_id, set()).add(one.list)
    return tuple(
        evolve(one, lists=one.lists | lists[one.id]) if one.id in lists else one
        for one in companies
    )


# -- for those who hold objects --


@frozen
class Listed:
    """Companies with a target list.

    Attributes:
        companies: As they were given; those that the list names stand on it.
        rejects: Each row that names no company (``unmatched``), or may mean several
            (``ambiguous``), or cannot be read; ``line`` is its number, from 1.
        count: What became of the rows; one that names a company again is collapsed.
    """

    companies: tuple[Company | CompanyHistory, ...]
    rejects: tuple[Reject, ...]
    count: Count


def on_list(
    companies: Iterable[Company | CompanyHistory],
    name: str,
    rows: Iterable[Mapping[str, Any]],
    fields: Mapping[str, Any],
) -> Listed:
    """Return companies with a target list, of which rules ask by ``company.on_list(name)``.

    Args:
        companies: The companies; of a history, what it is known by before its first change counts.
        name: What rules call the list, for example ``"fy26"``.
        rows: The rows of the list, such as those of `csv.DictReader`.
        fields: Which columns tell the company, as a mapping says it under ``[lists.NAME.fields]``:
            ``{"name": "会社名", "domain": {"column": "URL", "normalise": ["lower"]}}``.

    Raises:
        DecodeError: `fields` has faults, or the rows lack a column; all problems at once.
    """
    table = list_of(name, fields)
    given = [*rows]
    columns = list(dict.fromkeys(column for one in table.fields for column in one.columns))
    header = list(dict.fromkeys(column for row in given for column in row))
    problems = [
        Problem(
            "unknown-column", path, f"no such column {brief(column)}{column_hint(column, header)}"
        )
        for column, path in table.columns
        if given and column not in header
    ]
    if problems:
        raise DecodeError(problems)
    held = [*companies]
    plain = [one.company if isinstance(one, CompanyHistory) else one for one in held]
    job = Job(table, name, columns, frozenset())
    kind = Directory(map(known_of, plain)).kind(table)
    reader, ledger = RowReader(job, kind, Ids()), Ledger(kind, [job])
    for number, row in enumerate(given, 1):
        cells = [_cell(row.get(column)) for column in columns]
        ledger.add(0, number, reader.made(number, cells, number))
    ledger.settle()
    marked = with_lists(plain, ledger.used)
    (count,) = ledger.counts
    return Listed(
        tuple(
            evolve(one, company=now) if isinstance(one, CompanyHistory) else now
            for one, now in zip(held, marked, strict=True)
        ),
        tuple(reject for _job, reject in ledger.refused),
        count,
    )


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str | int | float | Decimal | date):
        return cast("Cell", value)
    return Unfit("type", f"must be text, a number or a day, not {type(value).__name__}")
