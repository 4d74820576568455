"""Companies: what is known of one, on one day or over time, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from attrs import evolve, field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.records.checks import (
    Id,
    Record,
    Value,
    a_corporate_number,
    a_day,
    a_float,
    a_key,
    a_number_of,
    a_text,
    an_attribute_map,
    an_id,
    attribute_map,
    checked,
    named,
    number,
    one_of,
    optional,
    revenue,
    series,
    series_of,
    set_of,
    text_or_none,
    texts,
)

Relationship = Literal["prospect", "customer", "partner", "competitor", "own_group", "do_not_trade"]


@frozen
class Company(Record):
    """A company as the CRM knows it on one day."""

    id: Id = field(metadata=checked(an_id))
    name: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    domains: frozenset[str] = field(
        default=frozenset(), converter=texts, metadata=checked(set_of(a_key))
    )
    """Mail and web domains of its own."""
    corporate_number: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_corporate_number))
    )
    """法人番号: 13 digits."""
    industry: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    employees: int | None = field(default=None, metadata=checked(optional(a_number_of(0))))
    annual_revenue: int | Decimal | None = field(default=None, metadata=checked(optional(revenue)))
    """In whole units of the playbook's currency, with at most two decimal places."""
    growth_rate: float | None = field(
        default=None, converter=number, metadata=checked(optional(a_float))
    )
    """Growth of revenue over a year: 0.1 is ten per cent."""
    region: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    country: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    parent_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    relationships: frozenset[Relationship] = field(
        default=frozenset(),
        converter=texts,
        metadata=checked(set_of(one_of(Relationship))),
    )
    lists: frozenset[str] = field(
        default=frozenset(), converter=texts, metadata=checked(set_of(a_key))
    )
    """Keys of the target lists that it is on."""
    attributes: immutabledict[str, Value] = field(
        default=immutabledict(), converter=attribute_map, metadata=checked(an_attribute_map)
    )

    def _contradictions(self) -> list[Problem]:
        if self.parent_id is not None and self.parent_id == self.id:
            return [Problem("cycle", "company.parent_id", "must not be the company's own id")]
        return []


@frozen
class CompanyChange(Record):
    """One fact of a company that holds from a day on, until the next change of the same fact."""

    since: date = field(metadata=checked(a_day))
    fact: str = field(metadata=checked(a_key))
    """A field of `Company`, or the name of a custom attribute."""
    # What the value may be depends on the fact: `CompanyHistory` checks it.
    value: Any = field(metadata=checked(lambda _value: None))


_DATED: Final = frozenset(
    {
        "name",
        "domains",
        "corporate_number",
        "industry",
        "employees",
        "annual_revenue",
        "growth_rate",
        "region",
        "country",
        "parent_id",
        "relationships",
        "lists",
    }
)


@frozen
class CompanyHistory(Record):
    """A company whose facts changed over time: gives the company of a day.

    `company` holds the facts from before the first change. Where two changes of one fact share
    a day, the later one in `changes` holds.
    """

    company: Company = field(
        metadata=checked(
            lambda value: (
                None
                if isinstance(value, Company)
                else ("type", f"must be a Company, not {named(value)}")
            )
        )
    )
    changes: tuple[CompanyChange, ...] = field(
        default=(), converter=series, metadata=checked(series_of(CompanyChange))
    )

    def _contradictions(self) -> list[Problem]:
        problems: list[Problem] = []
        for index, change in enumerate(self.changes):
            if change.fact in ("id", "attributes"):
                at = f"companyhistory.changes[{index}].fact"
                message = f"'{change.fact}' does not change over time; name one attribute"
                problems.append(Problem("choice", at, message))
                continue
            try:
                _changed(self.company, change)
            except InvalidDataError as error:
                at = f"companyhistory.changes[{index}]"
                problems += [problem.under(at) for problem in error.problems]
        return problems

    def on(self, day: date) -> Company:
        """Return the company as it was on `day`: every change with `since` ≤ `day` applied."""
        company = self.company
        for change in sorted(self.changes, key=lambda change: change.since):
            if change.since <= day:
                company = _changed(company, change)
        return company

    def went_on(self, company: Company, *, since: date) -> CompanyHistory:
        """Return the history with the company as it is from `since` on.

        Each fact that differs from that of the day becomes a change of `since`; changes of later
        days stay. An attribute that `company` lacks is blank from then on.

        Raises:
            InvalidDataError: It is another company.
        """
        if (type(company.id), company.id) != (type(self.company.id), self.company.id):
            message = (
                f"must be {brief(self.company.id)}, as in the history, not {brief(company.id)}"
            )
            raise InvalidDataError([Problem("conflict", "company.id", message)])
        before = self.on(since)
        values = {fact: (getattr(before, fact), getattr(company, fact)) for fact in sorted(_DATED)}
        for key in sorted({*before.attributes, *company.attributes}):
            values[key] = before.attributes.get(key), company.attributes.get(key)
        changed = [
            CompanyChange(since, fact, now) for fact, (then, now) in values.items() if then != now
        ]
        return evolve(self, changes=(*self.changes, *changed))


def _changed(company: Company, change: CompanyChange) -> Company:
    if change.fact in _DATED:
        return evolve(company, **{change.fact: change.value})
    return evolve(company, attributes={**company.attributes, change.fact: change.value})


_STEPS_SHOWN: Final = 10


def check_parents(companies: Iterable[Company]) -> tuple[Problem, ...]:
    """Return a problem for every company that is its own ancestor, in the order given.

    A parent that is not among `companies` ends the chain; it is no problem here.
    """
    parents = {company.id: company.parent_id for company in companies}
    loops = _loops(parents)
    return tuple(
        Problem(
            "cycle",
            f"companies[{brief(start)}].parent_id",
            f"is its own ancestor: {_steps(*loops[start])}",
        )
        for start in parents
        if start in loops
    )


def _loops(parents: Mapping[Id, Id | None]) -> dict[Id, tuple[list[Id], int]]:
    # Every company on a loop, with that loop and its place there. Nobody is passed twice, however
    # many chains lead to a loop.
    loops: dict[Id, tuple[list[Id], int]] = {}
    passed: set[Id] = set()
    for start in parents:
        chain: dict[Id, int] = {}
        at: Id | None = start
        while at is not None and at not in passed:
            passed.add(at)
            chain[at] = len(chain)
            at = parents.get(at)
        if at in chain:
            loop = list(chain)[chain[at] :]
            loops.update((step, (loop, place)) for place, step in enumerate(loop))
    return loops


def _steps(loop: list[Id], place: int) -> str:
    # Each company of a long loop has its own line: written in full, they would fill the memory.
    shown = [loop[(place + step) % len(loop)] for step in range(min(len(loop), _STEPS_SHOWN))]
    left_out = [f"… ({len(loop)} companies)"] if len(loop) > _STEPS_SHOWN else []
    return " > ".join([*map(str, shown), *left_out, str(loop[place])])
