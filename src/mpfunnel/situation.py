"""Situation: what counts of an account on a day, sorted by lead; and what cannot be used, and why.

Records of days after `as_of` are as if they did not exist yet (law 5). Equal records count once,
records that share an identity but differ are all rejected (S17), whatever their order (law 4).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final, TypeVar, cast

from attrs import field, fields, frozen, has

from mpfunnel.account import Account
from mpfunnel.errors import brief, did_you_mean
from mpfunnel.records import Activity, Company, CompanyHistory, Contract, Deal, Id, Lead, SalesEvent
from mpfunnel.stages import Entry, StageHistory, in_force, known_on

__all__ = ["DatedDeal", "Rejected", "Situation", "entry_on", "in_order", "situation"]

R = TypeVar("R")
DatedDeal = tuple[Deal, date, date | None]
"""A deal with the days on which it was opened and closed."""


@frozen
class Rejected:
    """A record of an account that cannot be used.

    Attributes:
        table: Which kind of record, for example ``"activities"``.
        id: Its id; that of its lead or company where it has none of its own.
        code: A stable word to program against, for example ``"unknown-product"``.
        reason: One line in English.
        record: The record.
    """

    table: str
    id: Id
    code: str
    reason: str
    record: Any = field(repr=False)


@frozen
class Situation:
    """An account as of a day: only what counts, each record once.

    Attributes:
        as_of: The day.
        company: The company as of the day; `None` for people without company.
        leads: By id.
        activities: By lead, with their local days.
        deals: The company's own, or all where there is no company.
        deals_of: Deals by the lead that takes part; `None` for those that name none.
        contracts: The company's contracts.
        sales_events: By lead, in the order of time, with their local days.
        rejects: What could not be used.
        entries: By lead, the entry of its history that it is in, where one is kept.
    """

    as_of: date
    company: Company | None
    leads: Mapping[Id, Lead]
    activities: Mapping[Id, list[tuple[Activity, date]]]
    deals: tuple[Deal, ...]
    deals_of: Mapping[Id | None, list[DatedDeal]]
    contracts: tuple[Contract, ...]
    sales_events: Mapping[Id, list[tuple[SalesEvent, date]]]
    rejects: tuple[Rejected, ...]
    entries: Mapping[Id, Entry] = field(factory=dict[Id, Entry])


def situation(
    account: Account,
    *,
    as_of: date,
    day_of: Callable[[datetime], date],
    products: Mapping[Id, object],
) -> Situation:
    """Return what counts of `account` on the day `as_of`.

    Args:
        account: The records.
        as_of: The day, in the playbook's zone.
        day_of: Gives the local day of an instant there.
        products: The playbook's products by id.
    """
    sorter = _Sorter(products)
    company = account.company
    if isinstance(company, CompanyHistory):
        company = company.on(as_of)
    company_id = None if company is None else company.id

    leads: dict[Id, Lead] = {}
    for lead in sorter.unique("leads", account.leads, lambda lead: lead.id):
        if company_id is not None and lead.company_id not in (None, company_id):
            message = f"belongs to company {brief(lead.company_id)}, not to {brief(company_id)}"
            sorter.reject("leads", lead.id, "other-company", message, lead)
        else:
            leads[lead.id] = lead

    by_lead: dict[Id, list[tuple[Activity, date]]] = {}
    past = [(one, day) for one in account.activities if (day := day_of(one.at)) <= as_of]
    for pair in sorter.unique("activities", past, _identity_of_activity):
        one = pair[0]
        if one.lead_id not in leads:
            sorter.no_lead("activities", one.id, one.lead_id, one)
        elif one.product_ids <= products.keys() or sorter.sells(
            "activities", one.id, one.product_ids, one
        ):
            by_lead.setdefault(one.lead_id, []).append(pair)

    deals: list[Deal] = []
    deals_of: dict[Id | None, list[DatedDeal]] = {}
    past_deals = [(deal, day) for deal in account.deals if (day := day_of(deal.opened_at)) <= as_of]
    for deal, opened in sorter.unique("deals", past_deals, lambda pair: pair[0].id):
        own = company_id is None or deal.company_id == company_id
        if company_id is None and deal.lead_id not in leads:
            message = "belongs to no company and to no lead that is given"
            sorter.reject("deals", deal.id, "unknown-company", message, deal)
        elif not own and deal.lead_id not in leads:
            message = f"belongs to company {brief(deal.company_id)}, not to {brief(company_id)}"
            sorter.reject("deals", deal.id, "other-company", message, deal)
        elif sorter.sells("deals", deal.id, [line.product_id for line in deal.lines], deal):
            closed = None if deal.closed_at is None else day_of(deal.closed_at)
            deals_of.setdefault(deal.lead_id, []).append((deal, opened, closed))
            if own:
                deals.append(deal)

    contracts: list[Contract] = []
    for contract in dict.fromkeys(account.contracts):
        if contract.start > as_of:
            continue
        if contract.company_id != company_id:
            message = f"belongs to company {brief(contract.company_id)}, which is not given"
            code = "unknown-company" if company_id is None else "other-company"
            sorter.reject("contracts", contract.company_id, code, message, contract)
        elif sorter.sells("contracts", contract.company_id, [contract.product_id], contract):
            contracts.append(contract)

    events: dict[Id, list[tuple[SalesEvent, date]]] = {}
    told = [(e, day) for e in dict.fromkeys(account.sales_events) if (day := day_of(e.at)) <= as_of]
    for event, day in sorted(told, key=lambda pair: _order_of_event(pair[0])):
        if event.lead_id not in leads:
            sorter.no_lead("sales_events", event.lead_id, event.lead_id, event)
        elif event.product_id is None or sorter.sells(
            "sales_events", event.lead_id, [event.product_id], event
        ):
            events.setdefault(event.lead_id, []).append((event, day))

    entries = _entries(account, as_of, day_of, leads, sorter)
    return Situation(
        as_of=as_of,
        company=company,
        leads=leads,
        activities=by_lead,
        deals=tuple(deals),
        deals_of=deals_of,
        contracts=tuple(contracts),
        sales_events=events,
        rejects=tuple(in_order(sorter.rejects)),
        entries=entries,
    )


def _entries(
    account: Account,
    as_of: date,
    day_of: Callable[[datetime], date],
    leads: Mapping[Id, Lead],
    sorter: _Sorter,
) -> dict[Id, Entry]:
    """Return the entry that each lead is in, by what was known of its history on the day."""
    of_lead: dict[Id, list[StageHistory]] = {}
    for history in account.histories:
        of_lead.setdefault(history.lead_id, []).append(history)
    found: dict[Id, Entry] = {}
    for lead_id, given in of_lead.items():
        told = _told(given, as_of, day_of)
        stories = set(told.values())
        if lead_id not in leads:
            for history in told:
                sorter.no_lead("histories", lead_id, lead_id, history)
        elif len(stories) > 1:
            for history in told:
                sorter.reject("histories", lead_id, "conflict", _TWICE, history)
        elif stories and (entry := in_force(lead_id, *stories)):
            found[lead_id] = entry
    return found


def _told(
    given: Iterable[StageHistory], as_of: date, day_of: Callable[[datetime], date]
) -> dict[StageHistory, tuple[Entry, ...]]:
    """Return the histories that have begun, each with what was known of it."""
    told = {history: known_on(history.entries, as_of, day_of) for history in given}
    return {history: known for history, known in told.items() if known}


def entry_on(
    lead_id: Id,
    histories: Iterable[StageHistory],
    as_of: date,
    day_of: Callable[[datetime], date],
) -> Entry | None:
    """Return the entry that a lead is in by its histories; `None` where it is in none.

    Args:
        lead_id: The lead.
        histories: What the account holds of one lead; of those that differ, none counts (S17).
        as_of: The day, which counts up to its end.
        day_of: Gives the local day of an instant.
    """
    stories = set(_told(histories, as_of, day_of).values())
    return in_force(lead_id, *stories) if len(stories) == 1 else None


def _identity_of_activity(pair: tuple[Activity, date]) -> Hashable:
    return pair[0].lead_id, pair[0].id


def _order_of_event(event: SalesEvent) -> tuple[Any, ...]:
    # Sales events have no id: within one instant, everything that they hold sets their order.
    return (
        event.at,
        event.kind,
        str(event.product_id),
        event.reason or "",
        event.by or "",
        str(event.follow_up_on),
    )


def _written(value: Any) -> str:
    """Return a record as text, in which the order of sets and mappings does not show."""
    if isinstance(value, frozenset):
        return repr(sorted(map(_written, cast("frozenset[object]", value))))
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return repr(sorted((_written(key), _written(item)) for key, item in items))
    if isinstance(value, tuple):
        return repr([_written(item) for item in cast("tuple[object, ...]", value)])
    kind: type[Any] = type(cast(object, value))
    if has(kind):
        return repr([_written(getattr(value, one.name)) for one in fields(kind)])
    return repr(value)


def in_order(rejects: list[Rejected]) -> Iterator[Rejected]:
    """Yield rejects so that the order of the records does not show (law 4)."""

    def order(one: Rejected) -> tuple[int, str, str]:
        return _TABLES.index(one.table), str(one.id), one.reason

    for _, same in groupby(sorted(rejects, key=order), order):
        # To write out a record takes long, and few have to be.
        alike = list(same)
        yield from alike if len(alike) == 1 else sorted(alike, key=lambda one: _written(one.record))


_TABLES: Final = (
    "leads",
    "activities",
    "deals",
    "contracts",
    "sales_events",
    "histories",
    "overrides",
)
_TWICE: Final = "shares its id with a record that differs"


class _Sorter:
    """Tells apart what can be used, and keeps the account of the rest."""

    def __init__(self, products: Mapping[Id, object]) -> None:
        self._products = products
        self.rejects: list[Rejected] = []

    def reject(self, table: str, about: Id, code: str, reason: str, record: object) -> None:
        """Keep a record that cannot be used, with the reason."""
        self.rejects.append(Rejected(table, about, code, reason, record))

    def unique(self, table: str, given: Iterable[R], identity: Callable[[R], Hashable]) -> list[R]:
        """Return each record once; all that share an identity but differ are rejected (S17)."""
        found: dict[Hashable, R] = {}
        differing: dict[Hashable, list[R]] = {}
        for item in given:
            key = identity(item)
            known = found.setdefault(key, item)
            if known is not item and known != item:
                same = differing.setdefault(key, [known])
                if item not in same:
                    same.append(item)
        for key, items in differing.items():
            del found[key]
            for item in items:
                record: Any = cast("tuple[Any, date]", item)[0] if isinstance(item, tuple) else item
                self.reject(table, record.id, "conflict", _TWICE, record)
        return list(found.values())

    def sells(self, table: str, about: Id, product_ids: Iterable[Id], record: object) -> bool:
        """Return whether the firm sells all the products; the record is rejected if not."""
        for product_id in sorted(product_ids, key=str):
            if product_id not in self._products:
                hint = did_you_mean(str(product_id), map(str, self._products))
                message = f"no such product {brief(product_id)}{hint}"
                self.reject(table, about, "unknown-product", message, record)
                return False
        return True

    def no_lead(self, table: str, about: Id, lead_id: Id, record: object) -> None:
        """Reject a record of a lead that is not there."""
        self.reject(table, about, "unknown-lead", f"no such lead {brief(lead_id)}", record)
