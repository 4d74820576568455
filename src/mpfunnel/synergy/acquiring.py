"""Acquired: which company owns which product as of a day, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import partial

from attrs import field, frozen

from mpfunnel.account import Account, company_of, strangers
from mpfunnel.calendars import as_day, local_day, zone_for
from mpfunnel.errors import InvalidDataError, brief, misfits, series
from mpfunnel.ownership import owned_since
from mpfunnel.records import Contract, Deal, Id, Product
from mpfunnel.situation import Rejected, in_order, situation

__all__ = ["Acquired", "Acquisitions", "acquired"]


@frozen
class Acquired:
    """A company owns a product, and has done so since a day. `learn` checks it.

    Attributes:
        company_id: The company.
        product_id: The product.
        since: The first day of the time without a gap in which it has owned it.
    """

    company_id: Id
    product_id: Id
    since: date


@frozen
class Acquisitions:
    """What companies own as of a day.

    Attributes:
        rows: What each company owns, in the order of the accounts, then of the product ids as text.
        companies: The ids of all companies, also of those that own nothing.
        as_of: The day.
        rejects: Deals and contracts that could not be used, and why.
    """

    rows: tuple[Acquired, ...]
    companies: frozenset[Id]
    as_of: date
    rejects: tuple[Rejected, ...] = field(repr=False)


def acquired(
    accounts: Iterable[Account],
    *,
    as_of: date | datetime,
    zone: str,
    products: Iterable[Product] | None = None,
) -> Acquisitions:
    """Return what companies own as of a day by their contracts and won deals.

    What is owned is what `Engine.assess` says: a contract that has lapsed is not, nor is what was
    won before it. The owner is the company that a deal or contract names, in whatever account it
    comes.

    Args:
        accounts: The accounts. People without company own nothing.
        as_of: The day; records of days after it do not count (law 5).
        zone: The time zone in which days are told: that of the playbook.
        products: What the firm sells, for example `Playbook.products`; a record that names another
            product is a reject. `None` takes every product that is named.

    Raises:
        InvalidDataError: An account is none, a product is none, or there is no such day or zone.
    """
    given: tuple[Account, ...] = series(accounts)
    sold = None if products is None else series(products)
    problems = strangers("accounts", given, Account)
    if sold is not None:
        problems += misfits("products", sold, Product)
    if problems:
        raise InvalidDataError(problems)
    in_zone = zone_for(zone)
    day = as_day(as_of, in_zone)
    day_of = partial(local_day, zone=in_zone)

    owners = {
        company_of(account.company).id: company_of(account.company)
        for account in given
        if account.company is not None
    }
    deals: dict[Id, list[Deal]] = {}
    contracts: dict[Id, list[Contract]] = {}
    # A deal is in the account of its company and in that of its lead.
    for deal in dict.fromkeys(deal for account in given for deal in account.deals):
        deals.setdefault(deal.company_id, []).append(deal)
    for contract in dict.fromkeys(one for account in given for one in account.contracts):
        contracts.setdefault(contract.company_id, []).append(contract)
    known: Mapping[Id, object] = (
        dict.fromkeys(_named(given)) if sold is None else {product.id: product for product in sold}
    )

    rows: list[Acquired] = []
    rejects: list[Rejected] = []
    for company_id in dict.fromkeys((*owners, *deals, *contracts)):
        ours, running = deals.get(company_id, []), contracts.get(company_id, [])
        if company_id not in owners:
            past = [one for one in ours if day_of(one.opened_at) <= day]
            begun = [one for one in running if one.start <= day]
            rejects += (_homeless("deals", one.id, company_id, one) for one in past)
            rejects += (_homeless("contracts", company_id, company_id, one) for one in begun)
            continue
        found = situation(
            Account(owners[company_id], deals=ours, contracts=running),
            as_of=day,
            day_of=day_of,
            products=known,
        )
        rejects += found.rejects
        since = owned_since(found.deals, found.contracts, as_of=day, day_of=day_of)
        rows += (Acquired(company_id, one, since[one]) for one in sorted(since, key=str))
    return Acquisitions(tuple(rows), frozenset(owners), day, tuple(in_order(rejects)))


def _named(accounts: Iterable[Account]) -> Iterator[Id]:
    for account in accounts:
        for deal in account.deals:
            yield from (line.product_id for line in deal.lines)
        yield from (contract.product_id for contract in account.contracts)


def _homeless(table: str, about: Id, company_id: Id, record: Deal | Contract) -> Rejected:
    message = f"belongs to company {brief(company_id)}, which is not given"
    return Rejected(table, about, "unknown-company", message, record)
