"""Facts of companies over time: what a property history tells, one value at one instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from attrs import field, frozen

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.records import Company, CompanyChange, CompanyHistory, Id
from mpfunnel.records.checks import (
    Fault,
    Record,
    a_key,
    a_text,
    an_id,
    an_instant,
    checked,
    utc,
)

__all__ = ["DATED", "CompanyFact", "as_text", "fault_of", "histories", "latest"]

T = TypeVar("T")
DATED: Final = (
    "name",
    "corporate_number",
    "industry",
    "employees",
    "annual_revenue",
    "growth_rate",
    "region",
    "country",
)
"""The fields of a company that a mapping can read over time, beside custom attributes."""


@frozen
class CompanyFact(Record):
    """What a property history says: from an instant on, a fact of a company has a value."""

    company_id: Id = field(metadata=checked(an_id))
    fact: str = field(metadata=checked(a_key))
    """A field of `Company`, or the name of a custom attribute."""
    at: datetime = field(converter=utc, metadata=checked(an_instant))
    zone: str = field(metadata=checked(a_text))
    """The zone whose days count: that of the playbook."""
    # What it may be depends on the fact.
    value: Any = field(default=None, metadata=checked(lambda _value: None))
    """`None` where the history says that nothing was known from then on."""

    def _contradictions(self) -> list[Problem]:
        fault = fault_of(self.fact, self.value)
        return [] if fault is None else [Problem(fault[0], "companyfact.value", fault[1])]

    @property
    def since(self) -> date:
        """The day from which on it holds."""
        return local_day(self.at, zone_for(self.zone))


def fault_of(fact: str, value: Any) -> Fault | None:
    """Return what is wrong with the value of a fact, as the company itself would say."""
    if fact in DATED:
        try:
            Company(0, **{fact: value})
        except InvalidDataError as error:
            return error.problems[0].code, error.problems[0].message
    return None


def as_text(value: Any) -> str:
    """Return a value as the table ``company_facts`` holds it, of whatever type it is."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return str(value)


def latest(told: Iterable[tuple[tuple[Any, ...], datetime, T]]) -> Iterator[T]:
    """Yield of what was told with one key the last, in the order of time.

    Args:
        told: Key, instant and what was told.
    """
    found: dict[tuple[Any, ...], T] = {}
    for key, _, one in sorted(told, key=lambda item: item[1]):
        # What comes later takes the later place, too.
        found.pop(key, None)
        found[key] = one
    yield from found.values()


def histories(
    companies: Iterable[Company], facts: Iterable[CompanyFact]
) -> tuple[Company | CompanyHistory, ...]:
    """Return the companies with what is known of them over time.

    Of several values of one fact on one day, the last one counts.
    """
    changes: dict[Id, list[CompanyChange]] = {}
    told = (((one.company_id, one.fact, one.since), one.at, one) for one in facts)
    for one in latest(told):
        change = CompanyChange(one.since, one.fact, one.value)
        changes.setdefault(one.company_id, []).append(change)
    return tuple(
        CompanyHistory(company, changes[company.id]) if company.id in changes else company
        for company in companies
    )
