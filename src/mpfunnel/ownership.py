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

__all__ = [
    "NOTHING",
    "NO_DEALINGS",
    "Dealings",
    "Position",
    "contract_ends",
    "dealings",
    "owned_since",
    "positions",
]


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


@frozen
class Dealings:
    """When a company dealt about one product, and how long and how much of it it has.

    Attributes:
        dealt: The latest day on which a deal about it was opened or closed; `None` for none.
        ends: The last day of the contracts that run; `None` where none runs, or one of them has no
            end.
        lapsed: The latest last day of a contract that runs no more; `None` for none.
        quantity: Of all contracts that run; as much as 64 bits hold, for tables.
    """

    dealt: date | None = None
    ends: date | None = None
    lapsed: date | None = None
    quantity: int = 0


NO_DEALINGS: Final = Dealings()
_MOST: Final = 2**63 - 1
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


def dealings(
    deals: Iterable[Deal],
    contracts: Iterable[Contract],
    *,
    as_of: date,
    day_of: Callable[[datetime], date],
) -> Mapping[Id, Dealings]:
    """Return the dealings about every product that a deal or contract names.

    Args:
        deals: Deals of one company, the end user.
        contracts: Contracts of the same company.
        as_of: Records of days after it do not count.
        day_of: Gives the local day of an instant.
    """
    dealt: dict[Id, date] = {}
    for deal in deals:
        days = [day_of(at) for at in (deal.opened_at, deal.closed_at) if at is not None]
        if days[0] > as_of:
            continue
        day = max(one for one in days if one <= as_of)
        for line in deal.lines:
            dealt[line.product_id] = max(dealt.get(line.product_id, day), day)

    contracts = tuple(contracts)
    ends = contract_ends(contracts, as_of=as_of)
    lapsed: dict[Id, date] = {}
    quantity: dict[Id, int] = {}
    for contract in contracts:
        product_id, end = contract.product_id, contract.end
        if contract.start > as_of:
            continue
        if end is None or end >= as_of:
            quantity[product_id] = quantity.get(product_id, 0) + contract.quantity
        else:
            lapsed[product_id] = max(lapsed.get(product_id, end), end)
    return {
        product_id: Dealings(
            dealt.get(product_id),
            ends.get(product_id),
            lapsed.get(product_id),
            min(quantity.get(product_id, 0), _MOST),
        )
        for product_id in dict.fromkeys((*dealt, *quantity, *lapsed))
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
