"""What a company owns and what it is buying, per product: from contracts and deals.

A contract that has lapsed is not owned, nor is what was won before it. A deal that closes after
the day asked about is open as of that day (S11).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from attrs import frozen

from mpfunnel.records import Contract, Deal, Id

__all__ = ["NOTHING", "Position", "contract_ends", "owned_since", "positions"]


@frozen
class Position:
    """Where a company stands with one product, whatever its people do.

    Attributes:
        owned: It has a contract that runs, or won it by a deal and no later contract lapsed.
        open_deal: A deal with the product is open.
        lost_for: Reason codes of its latest lost deals; empty where none was lost or none said why.
    """

    owned: bool = False
    open_deal: bool = False
    lost_for: frozenset[str] = frozenset()


NOTHING: Final = Position()
_UNSAID: Final[frozenset[str]] = frozenset()
_A_DAY: Final = timedelta(days=1)


def positions(
    deals: Iterable[Deal],
    contracts: Iterable[Contract],
    *,
    as_of: date,
    day_of: Callable[[datetime], date],
) -> Mapping[Id, Position]:
    """Return the position for every product that a deal or contract names.

    Args:
        deals: Deals of one company, the end user.
        contracts: Contracts of the same company.
        as_of: Records of days after it do not count.
        day_of: Gives the local day of an instant.
    """
    running: set[Id] = set()
    lapsed: dict[Id, date] = {}
    for contract in contracts:
        if contract.start > as_of:
            continue
        if contract.end is None or contract.end >= as_of:
            running.add(contract.product_id)
        else:
            last = lapsed.get(contract.product_id, contract.end)
            lapsed[contract.product_id] = max(last, contract.end)

    buying: set[Id] = set()
    won: dict[Id, date] = {}
    lost: dict[Id, tuple[date, frozenset[str]]] = {}
    for deal in deals:
        if day_of(deal.opened_at) > as_of:
            continue
        closed = None if deal.closed_at is None else day_of(deal.closed_at)
        bought = {line.product_id for line in deal.lines}
        if closed is None or closed > as_of:
            buying |= bought
        elif deal.status == "won":
            for product_id in bought:
                won[product_id] = max(won.get(product_id, closed), closed)
        else:
            reasons = frozenset({deal.reason}) if deal.reason else _UNSAID
            for product_id in bought:
                latest, known = lost.get(product_id, (closed, _UNSAID))
                if closed >= latest:
                    # Of several on the latest day, every reason counts.
                    lost[product_id] = closed, reasons | known if closed == latest else reasons

    # What was won is owned until a contract that ended on the day of the deal or later has lapsed.
    owned = running | {p for p, day in won.items() if p not in lapsed or lapsed[p] < day}
    return {
        product_id: Position(
            owned=product_id in owned,
            open_deal=product_id in buying,
            lost_for=lost[product_id][1] if product_id in lost else _UNSAID,
        )
        for product_id in dict.fromkeys((*running, *lapsed, *buying, *won, *lost))
    }


def contract_ends(contracts: Iterable[Contract], *, as_of: date) -> Mapping[Id, date]:
    """Return the last day of the contracts that run on the day `as_of`, per product.

    A product of which one runs until further notice is left out.

    Args:
        contracts: Contracts of one company.
        as_of: The day.
    """
    found: dict[Id, date] = {}
    for contract in contracts:
        end = contract.end or date.max
        if contract.start <= as_of <= end:
            found[contract.product_id] = max(found.get(contract.product_id, end), end)
    return {product_id: end for product_id, end in found.items() if end < date.max}


def owned_since(
    deals: Iterable[Deal],
    contracts: Iterable[Contract],
    *,
    as_of: date,
    day_of: Callable[[datetime], date],
) -> Mapping[Id, date]:
    """Return since when each product is owned that is owned on the day `as_of`.

    That is the first of the days without a gap on which `positions` says so, up to `as_of`. A
    renewal does not begin anew, and the day of a gap does.

    Args:
        deals: Deals of one company, the end user.
        contracts: Contracts of the same company.
        as_of: Records of days after it do not count.
        day_of: Gives the local day of an instant.
    """
    # Of each product: the day on which something began to count, how many contracts more run since
    # then, and the days of a win and of a contract's end, as numbers.
    news: dict[Id, list[tuple[date, int, int, int]]] = {}
    for contract in contracts:
        told = news.setdefault(contract.product_id, [])
        told.append((contract.start, 1, 0, 0))
        if contract.end is not None and contract.end < as_of:
            told.append((contract.end + _A_DAY, -1, 0, contract.end.toordinal()))
    for deal in deals:
        if deal.status == "won" and deal.closed_at is not None:
            closed = day_of(deal.closed_at)
            known = max(closed, day_of(deal.opened_at))
            for line in deal.lines:
                news.setdefault(line.product_id, []).append((known, 0, closed.toordinal(), 0))

    since: dict[Id, date] = {}
    for product_id, told in news.items():
        past = sorted(one for one in told if one[0] <= as_of)
        running = won = lapsed = 0
        began: date | None = None
        for day, group in groupby(past, key=lambda one: one[0]):
            for _, more, bought, ended in group:
                running += more
                won, lapsed = max(won, bought), max(lapsed, ended)
            began = (began or day) if running or won > lapsed else None
        if began is not None:
            since[product_id] = began
    return since
