"""Account: all that is known of one company, its people and what was done with them.

Companies alone already give segment and tier; each further kind of record adds answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, cast

from attrs import evolve, field, fields, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, series
from mpfunnel.groups import families
from mpfunnel.records import (
    Activity,
    Company,
    CompanyHistory,
    Contract,
    Deal,
    Id,
    Lead,
    Override,
    SalesEvent,
    check_parents,
)
from mpfunnel.stages import StageHistory

__all__ = [
    "Account",
    "Relative",
    "accounts",
    "company_of",
    "conflicts",
    "days_of",
    "instants_of",
    "linked",
    "strangers",
]


def _series(value: Iterable[Any]) -> Any:
    # The type checkers cannot follow a generic converter.
    return series(value)


def _of(*kinds: type) -> dict[str, Any]:
    return {"kinds": kinds}


@frozen
class Relative:
    """Another company of the group, with what tells what it owns.

    Attributes:
        company: The company, or its history.
        deals: Its deals.
        contracts: Its contracts.

    Raises:
        InvalidDataError: Something is no record of the kind that it should be.
    """

    company: Company | CompanyHistory
    deals: tuple[Deal, ...] = field(default=(), converter=_series)
    contracts: tuple[Contract, ...] = field(default=(), converter=_series)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if not isinstance(self.company, Company | CompanyHistory):  # pyright: ignore[reportUnnecessaryIsInstance]
            message = f"must be a Company or a CompanyHistory, not {type(self.company).__name__}"
            problems.append(Problem("type", "relative.company", message))
        problems += strangers("relative.deals", self.deals, Deal)
        problems += strangers("relative.contracts", self.contracts, Contract)
        if problems:
            raise InvalidDataError(problems)

    @property
    def account(self) -> Account:
        """The same records as an account."""
        return Account(self.company, deals=self.deals, contracts=self.contracts)


@frozen
class Account:
    """The records of one company, in any order; of people without company where it is `None`.

    Attributes:
        company: The company, or its history.
        leads: Its people.
        activities: What they did, and what reached them.
        deals: The company's deals, and those in which its people take part.
        contracts: The company's contracts.
        sales_events: What sales decided about its people.
        histories: The stages that its people have been in, of those for whom a history is kept:
            they stand where their history says (S20).
        overrides: What somebody set by hand about it and its people.
        relatives: Other companies of its group, for rules that ask about that. On each day, those
            count that parents link to it; what is wrong with their records, their own accounts say.

    Raises:
        InvalidDataError: Something is no record of the kind that it should be; a relative is the
            company itself, or there twice.
    """

    company: Company | CompanyHistory | None = None
    leads: tuple[Lead, ...] = field(default=(), converter=_series, metadata=_of(Lead))
    activities: tuple[Activity, ...] = field(default=(), converter=_series, metadata=_of(Activity))
    deals: tuple[Deal, ...] = field(default=(), converter=_series, metadata=_of(Deal))
    contracts: tuple[Contract, ...] = field(default=(), converter=_series, metadata=_of(Contract))
    sales_events: tuple[SalesEvent, ...] = field(
        default=(), converter=_series, metadata=_of(SalesEvent)
    )
    histories: tuple[StageHistory, ...] = field(
        default=(), converter=_series, metadata=_of(StageHistory)
    )
    overrides: tuple[Override, ...] = field(default=(), converter=_series, metadata=_of(Override))
    relatives: tuple[Relative, ...] = field(default=(), converter=_series)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if not isinstance(self.company, Company | CompanyHistory | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(self.company).__name__
            message = f"must be a Company, a CompanyHistory or None, not {kind}"
            problems.append(Problem("type", "account.company", message))
        for name, kind in _SERIES:
            if (values := getattr(self, name)) != ():
                problems += strangers(f"account.{name}", values, kind)
        wrong = strangers("account.relatives", self.relatives, Relative)
        if problems or wrong:
            raise InvalidDataError([*problems, *wrong])
        known = set[Id]() if self.company is None else {company_of(self.company).id}
        for index, one in enumerate(self.relatives):
            if (relative_id := company_of(one.company).id) in known:
                message = "is the company itself, or there twice"
                problems.append(Problem("conflict", f"account.relatives[{index}].company", message))
            known.add(relative_id)
        if problems:
            raise InvalidDataError(problems)


_SERIES = tuple((f.name, f.metadata["kinds"][0]) for f in fields(Account) if f.metadata)
_Found = dict[str, dict[Id | None, list[Any]]]
"""Records by name and company."""


def accounts(
    *,
    companies: Iterable[Company | CompanyHistory] = (),
    leads: Iterable[Lead] = (),
    activities: Iterable[Activity] = (),
    deals: Iterable[Deal] = (),
    contracts: Iterable[Contract] = (),
    sales_events: Iterable[SalesEvent] = (),
    histories: Iterable[StageHistory] = (),
    overrides: Iterable[Override] = (),
) -> tuple[Account, ...]:
    """Return one account per company, in the order given, then one of the people without any.

    The relatives of an account are the companies that parents link to its own, on whatever day. A
    deal is in the account of its company and in that of its lead. A record that refers to a company
    or lead that is not given comes with the people without company, where `Engine.assess` returns
    it among the rejects: nothing is lost (law 7).

    Raises:
        InvalidDataError: Companies, leads or deals share an id but differ (S17): which of them is
            meant cannot be told. Equal ones count once. Or a company is its own ancestor.
    """
    records = {
        "companies": _series(companies),
        "leads": _series(leads),
        "activities": _series(activities),
        "deals": _series(deals),
        "contracts": _series(contracts),
        "sales_events": _series(sales_events),
        "histories": _series(histories),
        "overrides": _series(overrides),
    }
    problems = strangers("companies", records["companies"], Company, CompanyHistory)
    for name, kind in _SERIES:
        problems += strangers(name, records[name], kind)
    if not problems:
        problems = [
            problem
            for name in ("companies", "leads", "deals")
            for problem in conflicts(name, records[name])
        ]
    if not problems:
        problems = [*check_parents(map(company_of, records["companies"]))]
    if problems:
        raise InvalidDataError(problems)
    return linked(records)


def linked(records: Mapping[str, Iterable[Any]]) -> tuple[Account, ...]:
    """Return the accounts of records that were looked at before: see `accounts`.

    Args:
        records: The records by the names that `accounts` takes; what is missing, there is none of.
    """
    given: dict[Id, Company | CompanyHistory] = {
        company_of(one).id: one for one in records["companies"]
    }
    found: _Found = {name: {} for name, _ in _SERIES}

    def put(name: str, place: Id | None, one: Any) -> None:
        found[name].setdefault(place, []).append(one)

    home: dict[Id, Id | None] = {}
    for lead in dict.fromkeys(records.get("leads", ())):
        company_id = lead.company_id if lead.company_id in given else None
        home[lead.id] = company_id
        put("leads", company_id, lead)
    for name in ("activities", "sales_events", "histories"):
        for one in records.get(name, ()):
            put(name, home.get(one.lead_id), one)
    for deal in dict.fromkeys(records.get("deals", ())):
        places: dict[Id | None, None] = {}
        if deal.company_id in given:
            places[deal.company_id] = None
        if deal.lead_id in home:
            places[home[deal.lead_id]] = None
        for place in places or {None: None}:
            put("deals", place, deal)
    for contract in records.get("contracts", ()):
        put("contracts", contract.company_id if contract.company_id in given else None, contract)
    for one in records.get("overrides", ()):
        place = home.get(one.lead_id) if one.lead_id is not None else one.company_id
        put("overrides", place if place in given else None, one)
    related = _related(given, found)
    matched = tuple(
        Account(company, **_of_company(found, key), relatives=related.get(key, ()))
        for key, company in given.items()
    )
    alone = _of_company(found, None)
    return (*matched, Account(None, **alone)) if alone else matched


def _of_company(found: _Found, company_id: Id | None) -> dict[str, list[Any]]:
    """Return the records of one company, or of none, where it has any."""
    return {name: here[company_id] for name, here in found.items() if company_id in here}


def _related(
    given: Mapping[Id, Company | CompanyHistory], found: _Found
) -> dict[Id, list[Relative]]:
    """Return the relatives of the companies that have any."""
    groups: dict[Id, list[Id]] = {}
    for company_id, group in families(_parents(given.values())).items():
        groups.setdefault(group, []).append(company_id)
    related: dict[Id, list[Relative]] = {}
    for members in groups.values():
        if len(members) > 1:
            relatives = {one: _relative(given[one], _of_company(found, one)) for one in members}
            for one in members:
                related[one] = [relatives[other] for other in members if other != one]
    return related


def _parents(companies: Iterable[Company | CompanyHistory]) -> Iterator[tuple[Id, Id | None]]:
    """Yield each company with the parents that it has on any day."""
    for one in companies:
        company = company_of(one)
        yield company.id, company.parent_id
        for change in one.changes if isinstance(one, CompanyHistory) else ():
            if change.fact == "parent_id":
                yield company.id, change.value


def _relative(company: Company | CompanyHistory, records: Mapping[str, list[Any]]) -> Relative:
    company_id = company_of(company).id
    own = [deal for deal in records.get("deals", ()) if deal.company_id == company_id]
    # Its people are no concern of another account, which could not forget them.
    deals = [deal if deal.lead_id is None else evolve(deal, lead_id=None) for deal in own]
    return Relative(company, deals, records.get("contracts", ()))


def company_of(one: Company | CompanyHistory) -> Company:
    """Return a company, or the one that a history begins with: the id is the same on every day."""
    return one.company if isinstance(one, CompanyHistory) else one


def instants_of(account: Account) -> Iterator[tuple[Id | None, datetime]]:
    """Yield when something happened, and to which lead; `None` stands for all of them."""
    for activity in account.activities:
        yield activity.lead_id, activity.at
    for event in account.sales_events:
        yield event.lead_id, event.at
    for deal in account.deals:
        yield None, deal.opened_at
        if deal.closed_at is not None:
            yield None, deal.closed_at


def days_of(account: Account) -> Iterator[tuple[Id | None, date]]:
    """Yield since which day something holds, and of which lead; `None` stands for all of them."""
    for contract in account.contracts:
        yield None, contract.start
    for one in account.overrides:
        yield one.lead_id, one.since
    if isinstance(account.company, CompanyHistory):
        for change in account.company.changes:
            yield None, change.since


def strangers(path: str, values: Any, *kinds: type) -> list[Problem]:
    """Return a problem for every value that is no record of the kinds."""
    wanted = " or ".join(kind.__name__ for kind in kinds)
    if not isinstance(values, tuple):
        return [Problem("type", path, f"must be a collection of {wanted}, not {brief(values)}")]
    return [
        Problem("type", f"{path}[{index}]", f"must be a {wanted}, not {type(value).__name__}")
        for index, value in enumerate(cast("tuple[object, ...]", values))
        if type(value) not in kinds
    ]


def conflicts(path: str, records: Iterable[Any]) -> Iterator[Problem]:
    """Yield a problem for every record that shares its id with one that differs."""
    found: dict[Id, Any] = {}
    for record in records:
        about = record.company.id if isinstance(record, CompanyHistory) else record.id
        if found.setdefault(about, record) != record:
            message = "is used twice, by records that differ"
            yield Problem("conflict", f"{path}[{brief(about)}].id", message)
