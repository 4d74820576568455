"""The journeys of a company: what each day shows of it, and how that takes it along the course.

Only what stands at the end of a day counts, so that what is found of a day can be found on that day
(law 5).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from attrs import frozen

from mpfunnel.account import Account
from mpfunnel.flow.course import Journey
from mpfunnel.flow.tracing.of_people import People, people_of
from mpfunnel.flow.tracing.reading import ABSENT, Reading
from mpfunnel.flow.tracing.signs import Sign, touches_of
from mpfunnel.flow.tracing.telling import Telling
from mpfunnel.flow.tracing.way import Way
from mpfunnel.history.kept import Kept
from mpfunnel.history.leads import Epoch
from mpfunnel.history.pieces import Piece
from mpfunnel.ownership import NOTHING, Position
from mpfunnel.planning import Held
from mpfunnel.records import Id, Product
from mpfunnel.rules.tables import Decision
from mpfunnel.synergy.white_space import NOT_ELIGIBLE
from mpfunnel.tiers import Tier

__all__ = ["journeys_of_company"]


def journeys_of_company(
    account: Account, reading: Reading, people: People | None = None
) -> Iterator[Journey]:
    """Yield the journeys of the company of an account: per product, then for the whole firm.

    Args:
        account: The account.
        reading: How the course is read.
        people: What is known of its people; `None` where the account says so.
    """
    kept = Kept(account)
    first = kept.since(reading.book.day_of)
    since = reading.since.toordinal()
    since = since if first is None else min(since, first)
    last = reading.as_of.toordinal()
    piece = Piece(reading.book, account, since, last)
    company = piece.epochs[-1].company
    segment = piece.epochs[-1].segment.value.key
    if people is None:
        people = people_of(piece.leads(), account.histories, kept, reading)
    signs = [one for one in chain(_of_company(piece, reading), people.signs) if one[0] <= last]
    signs.sort(key=itemgetter(0))
    by_product: dict[Id | None, list[tuple[int, Sign]]] = {}
    for one in signs:
        by_product.setdefault(one[1].about, []).append(one)
    by_product[None] = signs
    for product_id in (*reading.book.products, None):
        concerned = by_product.get(product_id, ())
        own, wide = touches_of(people.touches, product_id)
        if not concerned and not own.delivered:
            continue
        way = Way(company.id, product_id, segment, len(reading.course))
        telling = Telling(way, reading, own, wide)
        for day, of_day in groupby(concerned, key=itemgetter(0)):
            telling.tell(day, [sign for _, sign in of_day])
        telling.touches_before(last + 1)
        yield from way.journeys()


def _of_company(piece: Piece, reading: Reading) -> Iterator[tuple[int, Sign]]:
    """Yield what each day shows of the company itself."""
    positions = piece.positions()
    if reading.marks.target != ABSENT:
        yield from _of_target(piece, positions, reading)
    yield from _of_owned(positions, reading)
    yield from _of_deals(piece)


@frozen(eq=False)
class _Offered:
    """How the company stands with a product, as rules about white space see it."""

    owned: bool
    open_deal: bool
    sold: bool
    lifecycle: Any
    tier: Decision[Tier]


def _of_target(
    piece: Piece, positions: list[tuple[int, Mapping[Id, Position]]], reading: Reading
) -> Iterator[tuple[int, Sign]]:
    """Yield the days on which the company comes into the target market of a product, or leaves."""
    book, first = reading.book, reading.since.toordinal()
    epochs = piece.epochs
    begun = [one.since for one in epochs]
    held = [since for since, _ in positions]
    for product_id, product in book.products.items():
        lowest = reading.target[product_id]
        if all(one.tiers[product_id].value.number > lowest for one in epochs):
            continue
        known = False
        for day in sorted(
            {first, *(one for one in (*begun, *held, *_sales(product)) if one > first)}
        ):
            epoch = epochs[bisect_right(begun, day) - 1]
            now = epoch.tiers[product_id].value.number <= lowest
            if now:
                position = positions[bisect_right(held, day) - 1][1]
                now = _is_eligible(product, day, epoch, position, reading)
            if now != known:
                known = now
                yield day, Sign("target", product_id, product_id, now)


def _sales(product: Product) -> Iterator[int]:
    """Yield the days on which a product begins to be sold, and is sold no more."""
    if product.sold_from is not None:
        yield product.sold_from.toordinal()
    if product.sold_until is not None:
        yield product.sold_until.toordinal() + 1


def _is_eligible(
    product: Product, day: int, epoch: Epoch, position: Mapping[Id, Position], reading: Reading
) -> bool:
    """Return whether nothing rules out that the company is offered the product."""
    own = position.get(product.id, NOTHING)
    said = reading.book.white_space[product.id](
        epoch.seen,
        _Offered(
            own.owned,
            own.open_deal,
            product.is_sold_on(date.fromordinal(day)),
            product.lifecycle,
            epoch.tiers[product.id],
        ),
        Held(frozenset(str(p) for p, one in position.items() if one.owned)),
    )
    return bool(said.value != NOT_ELIGIBLE)


def _of_owned(
    positions: list[tuple[int, Mapping[Id, Position]]], reading: Reading
) -> Iterator[tuple[int, Sign]]:
    for product_id in reading.book.products:
        known = False
        for day, position in positions:
            now = position.get(product_id, NOTHING).owned
            if now != known:
                known = now
                yield day, Sign("owned", product_id, product_id, now)


def _of_deals(piece: Piece) -> Iterator[tuple[int, Sign]]:
    """Yield the days on which a deal of the company was opened and closed; or ceased to count."""
    for life in piece.log.deals:
        deal, opened, closed = life.record
        if life.since >= life.until:
            continue
        # What is recorded as closed before it was opened is known from then on.
        ended = life.until if closed is None else max(opened, closed).toordinal()
        status = deal.status if ended < life.until else None
        for about in {line.product_id for line in deal.lines} or {None}:
            yield life.since, Sign("deal", about, deal.id, "open")
            yield min(ended, life.until), Sign("deal", about, deal.id, status)
