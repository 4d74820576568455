"""Deals: how many are won of those that are closed, how much of their value, and how long it takes.

A deal that was closed before it was opened, as real exports have it, tells no time: it is counted
apart. A rate by value says so in its name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial
from statistics import median
from typing import Final

from attrs import frozen

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.flow.campaigns.money import FxTable, from_cents, in_cents, total
from mpfunnel.flow.measures import MIN_N, Measure, days, share
from mpfunnel.labels import Label
from mpfunnel.records import Deal, Id
from mpfunnel.records.checks import a_day

__all__ = [
    "DaysToClose",
    "amount_of",
    "concerns",
    "days_to_close",
    "win_rate",
    "win_rate_by_value",
]

_TO_WIN: Final = Label("median days from opened to won", "受注までの日数（中央値）")
_TO_LOSE: Final = Label("median days from opened to lost", "失注までの日数（中央値）")


def concerns(deal: Deal, product_id: Id | None) -> bool:
    """Return whether a deal is about a product; each is about the whole firm, which is `None`."""
    return product_id is None or any(line.product_id == product_id for line in deal.lines)


def amount_of(deal: Deal, product_ids: Collection[Id] | None = None) -> int | Decimal | None:
    """Return what a deal is worth in its own currency; `None` where nobody knows.

    The whole deal is worth its amount, or that of its lines where it has none. Products have that
    of their lines, so that parts add up, or that of a deal that is about nothing else.

    Args:
        deal: The deal.
        product_ids: The products whose part is asked for; `None` asks for the whole deal.
    """
    lines = [one for one in deal.lines if product_ids is None or one.product_id in product_ids]
    amounts = [one.amount for one in lines if one.amount is not None]
    known = bool(lines) and len(amounts) == len(lines)
    if known and (product_ids is not None or deal.amount is None):
        return from_cents(sum(map(in_cents, amounts)))
    return deal.amount if len(lines) == len(deal.lines) else None


def win_rate(
    deals: Iterable[Deal],
    *,
    as_of: date,
    zone: str,
    product_id: Id | None = None,
    min_n: int = MIN_N,
) -> Measure:
    """Return how many deals were won of those that were won or lost, whatever they are worth.

    Args:
        deals: The deals; equal ones count once.
        as_of: The day, which counts up to its end: what is closed later is open as of it.
        zone: Name of the zone whose days count.
        product_id: Only deals about this product count; `None` for all.
        min_n: Of fewer than so many, the rate is called small.

    Raises:
        InvalidDataError: Something is no deal, two deals share their id and differ, or the day or
            zone is none; all of it at once.
    """
    closed = _closed(deals, as_of, zone, product_id)
    won = sum(deal.status == "won" for deal, _, _ in closed)
    basis = Label(
        f"deals won of those closed by {as_of}, by number",
        f"{as_of}までに完了した商談の受注率（件数）",
    )
    return share(won, len(closed), basis, min_n=min_n)


def win_rate_by_value(
    deals: Iterable[Deal], *, as_of: date, zone: str, fx: FxTable, product_id: Id | None = None
) -> Measure:
    """Return how much was won of the value of the deals that were won or lost.

    Where a deal has no price, there is no rate: it would be that of other deals. Some exports set
    what a lost deal is worth to 0; of these, the rate says nothing.

    Args:
        deals: The deals; equal ones count once.
        as_of: The day, as for `win_rate`.
        zone: Name of the zone whose days count.
        fx: The rates; that of the day of closing holds.
        product_id: Only this product's part of the deals about it counts; `None` for all.

    Raises:
        InvalidDataError: As `win_rate`.
    """
    closed = _closed(deals, as_of, zone, product_id)
    products = None if product_id is None else (product_id,)
    prices = [
        (deal.status, fx.priced(amount_of(deal, products), deal.currency, day))
        for deal, _, day in closed
    ]
    basis = Label(
        f"value won of that of deals closed by {as_of}, in {fx.currency}",
        f"{as_of}までに完了した商談の受注率（金額・{fx.currency}）",
    )
    whole = total([price for _, price in prices], basis)
    won = total([price for status, price in prices if status == "won"], basis)
    if whole.status != "ok" or not isinstance(whole.value, Decimal):
        return Measure(None, "share", basis, whole.num, whole.den, status="unpriced")
    assert isinstance(won.value, Decimal)  # all of them have a price
    if not whole.value:
        return Measure(None, "share", basis, won.value, whole.value, status="undefined")
    rate = float(Fraction(won.value) / Fraction(whole.value))
    return Measure(rate, "share", basis, won.value, whole.value)


@frozen
class DaysToClose:
    """How long deals take.

    Attributes:
        won: The median days from the day of opening to that of winning.
        lost: The same for lost ones.
        closed_before_opened: How many deals were left out because they were closed on an earlier
            day than they were opened on.
    """

    won: Measure
    lost: Measure
    closed_before_opened: int


def days_to_close(
    deals: Iterable[Deal], *, as_of: date, zone: str, product_id: Id | None = None
) -> DaysToClose:
    """Return how long deals took until they were won, and until they were lost.

    Open deals are left out, so that a young firm's figures are short.

    Args:
        deals: The deals; equal ones count once.
        as_of: The day, as for `win_rate`.
        zone: Name of the zone whose days count.
        product_id: Only deals about this product count; `None` for all.

    Raises:
        InvalidDataError: As `win_rate`.
    """
    closed = _closed(deals, as_of, zone, product_id)
    took: dict[str, list[int]] = {"won": [], "lost": []}
    backwards = 0
    for deal, opened, day in closed:
        if day < opened:
            backwards += 1
        else:
            took[deal.status].append((day - opened).days)
    won, lost = (
        days(float(median(one)) if one else None, len(one), basis)
        for one, basis in ((took["won"], _TO_WIN), (took["lost"], _TO_LOSE))
    )
    return DaysToClose(won, lost, backwards)


def _closed(
    deals: Iterable[Deal], as_of: date, zone: str, product_id: Id | None
) -> list[tuple[Deal, date, date]]:
    """Return the deals closed by a day, with the days on which they were opened and closed."""
    given = series(deals)
    problems = misfits("deals", given, Deal)
    if fault := a_day(as_of):
        problems.append(Problem(fault[0], "as_of", fault[1]))
    found: dict[Id, Deal] = {}
    for deal in () if problems else given:
        if found.setdefault(deal.id, deal) != deal:
            message = "is used twice, by records that differ"
            problems.append(Problem("conflict", f"deals[{brief(deal.id)}].id", message))
    if problems:
        raise InvalidDataError(problems)
    day_of = partial(local_day, zone=zone_for(zone))
    return [
        (deal, opened, closed)
        for deal in found.values()
        if deal.closed_at is not None
        and (opened := day_of(deal.opened_at)) <= as_of
        and (closed := day_of(deal.closed_at)) <= as_of
        and concerns(deal, product_id)
    ]
