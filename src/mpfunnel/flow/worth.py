"""What journeys are worth: the deals that ended them, in one currency."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import partial
from typing import NamedTuple

from mpfunnel.account import Account, company_of
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem, misfit, misfits, series
from mpfunnel.flow.campaigns.deals import amount_of, concerns
from mpfunnel.flow.campaigns.money import FxTable, from_cents, in_cents
from mpfunnel.flow.course import COURSE, Course, Journey
from mpfunnel.flow.reporting.winning import Amounts, JourneyKey
from mpfunnel.playbook import Playbook
from mpfunnel.records import Deal, Id
from mpfunnel.records.checks import a_day
from mpfunnel.situation import situation

__all__ = ["deal_amounts"]


class _Closed(NamedTuple):
    """A deal that was won or lost, with the day since which that is known."""

    deal: Deal
    day: date


def deal_amounts(
    playbook: Playbook,
    journeys: Iterable[Journey],
    accounts: Iterable[Account],
    *,
    course: Course = COURSE,
    as_of: date,
    fx: FxTable | None = None,
) -> Amounts:
    """Return what the journeys of companies are worth, of those that have ended.

    A journey that was won is worth the deal that won it: one that was won on its last day. Of
    several won on one day, each counts for one of the journeys won on it. A journey that ended
    otherwise is worth the deals that were lost on it. Of a journey for one product, that product's
    part of a deal counts (`mpfunnel.flow.win_rate_by_value`). Where a deal has no price, or one
    below 0, or none ended the journey, nothing is said of it.

    Args:
        playbook: The firm's products, zone and currency.
        journeys: The journeys of companies, as `mpfunnel.flow.journeys` tells them.
        accounts: The accounts that they were told of.
        course: The steps.
        as_of: The day, which counts up to its end: what is closed later is open as of it.
        fx: The rates, of which that of the day of closing holds; `None` where all deals are in the
            playbook's currency.

    Raises:
        InvalidDataError: Something is of another type; all of it at once.
    """
    told, given = series(journeys), series(accounts)
    problems = [
        *misfit("playbook", playbook, Playbook),
        *misfits("journeys", told, Journey),
        *misfits("accounts", given, Account),
        *misfit("course", course, Course),
    ]
    if fault := a_day(as_of):
        problems.append(Problem(fault[0], "as_of", fault[1]))
    if fx is not None:
        problems += misfit("fx", fx, FxTable)
    if problems:
        raise InvalidDataError(problems)
    table = fx or FxTable(playbook.currency)
    ended: dict[tuple[Id, Id | None], list[Journey]] = {}
    for one in sorted(told, key=lambda one: one.pursuit):
        if one.exited_on is not None or len(one.entered) == len(course):
            ended.setdefault((one.unit_id, one.product_id), []).append(one)
    found: dict[JourneyKey, Decimal] = {}
    for account in given:
        if account.company is None or not account.deals:
            continue
        company_id = company_of(account.company).id
        closed = _closed(playbook, account, as_of)
        for product_id in (*(one.id for one in playbook.products), None):
            of_product = [one for one in closed if concerns(one.deal, product_id)]
            for one in ended.get((company_id, product_id), ()):
                if (price := _price(_taken(one, of_product), product_id, table)) is not None:
                    found[company_id, product_id, one.pursuit] = price
    return Amounts(table.currency, found)


def _closed(playbook: Playbook, account: Account, as_of: date) -> list[_Closed]:
    """Return the company's own deals that were closed by a day, in the order of their ids."""
    day_of = partial(local_day, zone=zone_for(playbook.zone))
    products = {one.id: one for one in playbook.products}
    deals = [
        _Closed(one, max(day_of(one.opened_at), day_of(one.closed_at)))
        for one in situation(account, as_of=as_of, day_of=day_of, products=products).deals
        if one.closed_at is not None
    ]
    deals = [one for one in deals if one.day <= as_of]
    return sorted(deals, key=lambda one: (isinstance(one.deal.id, str), one.deal.id))


def _taken(journey: Journey, closed: list[_Closed]) -> list[_Closed]:
    """Take the deals that ended a journey out of those that nobody has taken yet."""
    first, last = journey.entered[0], journey.exited_on
    if last is None:
        last = journey.entered[-1]
        found = [one for one in closed if one.deal.status == "won" and one.day == last][:1]
    else:
        found = [one for one in closed if one.deal.status == "lost" and first <= one.day <= last]
    for one in found:
        closed.remove(one)
    return found


def _price(deals: list[_Closed], product_id: Id | None, fx: FxTable) -> Decimal | None:
    """Return what deals are worth together; `None` where one has no price, or there is none.

    Nobody loses or wins less than nothing: a credit note is no price of a journey.
    """
    parts = None if product_id is None else (product_id,)
    prices = [fx.priced(amount_of(one, parts), one.currency, day) for one, day in deals]
    known = [in_cents(price) for price in prices if price is not None and price >= 0]
    return from_cents(sum(known)) if prices and len(known) == len(prices) else None
