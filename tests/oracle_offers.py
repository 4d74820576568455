"""Offers said a second time: by going through the days and the rules, without any table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product as combinations
from types import SimpleNamespace
from typing import Any, NamedTuple

from mpfunnel.account import Account
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, Product
from mpfunnel.synergy import OfferRule
from tests.oracle import NO, YES, Reading, World, read
from tests.oracle_leads import Oracle
from tests.oracle_synergy import positions_of

__all__ = ["Next", "next_of"]

ORDER = ("renewal", "successor", "up_sell", "cross_sell", "no_offer")


class Next(NamedTuple):
    """What is offered of a product."""

    product_id: Id
    offer: str
    possible: frozenset[str]
    rule: str


class _Level(NamedTuple):
    """Another decision, as a rule reads it."""

    value: Any
    possible: tuple[Any, ...]


class _Dated(dict[str, bool]):
    """Questions with days, answered as they are asked."""

    def __init__(self, ask: Any) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, key: str) -> bool:
        head, _, rest = key[:-1].partition("(")
        *about, days = rest.rsplit(", ", 1)
        return bool(self._ask(head, about[0] if about else None, int(days)))


def next_of(book: Playbook, account: Account, as_of: date) -> list[Next]:
    """What to offer the company of an account, the first first; nothing without company."""
    model = Oracle(book, account, as_of)
    if model.company is None or not book.synergy.offers:
        return []
    positions = positions_of(book, account, as_of)
    found: dict[Id, tuple[Any, Next]] = {}
    for product in book.products:
        told = _offer(book, account, model, product, positions)
        stood = [model.standing(lead, product.id) for lead in model.leads.values()]
        ladder = [one.key for one in book.engagement[product.id].ladder]
        heights = [ladder.index(one.interest.value.key) for one in stood]
        order = (
            ORDER.index(told.offer),
            int(model.tiers[product.id].value.key.removeprefix("tier_")),
            -max([0, *heights]),
            -sum(one.touched for one in stood),
            str(product.id),
        )
        found[product.id] = order, told
    return [told for _, told in sorted(found.values(), key=lambda pair: pair[0])]


def _owned_on(model: Oracle, product_id: Id, day: date) -> bool:
    """Whether a contract covers the day, or something was won after the last one that ended."""
    begun = [one for one in model.contracts if one.product_id == product_id and one.start <= day]
    if any(one.end is None or one.end >= day for one in begun):
        return True
    won = [
        closed
        for deal in model.deals_seen_by(None)
        if deal.status == "won" and product_id in [line.product_id for line in deal.lines]
        for closed in (model.closed(deal),)
        if closed is not None and closed <= day and model.day(deal.opened_at) <= day
    ]
    return any(all(one.end < closed for one in begun) for closed in won)


def _best(model: Oracle, book: Playbook, product_id: Id) -> _Level:
    """The highest interest, and all that it may be, by trying every combination."""
    ladder = book.engagement[product_id].ladder
    interests = [model.standing(one, product_id).interest for one in model.leads.values()]
    ways = combinations(*([ladder.index(level) for level in one.possible] for one in interests))
    highest = {max((0, *way)) for way in ways}
    now = max([0, *(ladder.index(one.value) for one in interests)])
    return _Level(ladder[now], tuple(ladder[place] for place in highest))


def _records(
    book: Playbook, account: Account, model: Oracle, product: Product, position: Any
) -> dict[str, Any]:
    day = model.as_of
    owned = {str(one.id) for one in book.products if _owned_on(model, one.id, day)}
    gone = {str(one.id) for one in book.products if one.sold_until and one.sold_until < day}
    mine = [one for one in model.contracts if one.product_id == product.id]
    runs = [one for one in mine if one.end is None or one.end >= day]
    over = [one.end for one in mine if one not in runs]
    dealt = [
        on
        for deal in model.deals_seen_by(None)
        if product.id in [line.product_id for line in deal.lines]
        for on in (model.day(deal.opened_at), model.closed(deal))
        if on is not None
    ]
    ids = {str(one.id): one.id for one in book.products}

    def asked(head: str, about: str | None, days: int) -> bool:
        if head == "owned_for":
            assert about is not None
            earlier = (day - timedelta(back) for back in range(days + 1))
            return all(_owned_on(model, ids[about], one) for one in earlier)
        recent = [day - timedelta(back) for back in range(days)]
        soon = [day + timedelta(ahead) for ahead in range(days)]
        if head == "offered":
            return any(one in recent for one in dealt)
        if head == "lapsed":
            return str(product.id) not in owned and any(max(over) == one for one in recent if over)
        ends = [one.end for one in runs]
        return bool(ends) and None not in ends and max(ends) in soon

    standings = [model.standing(one, product.id) for one in model.leads.values()]
    group = model.group
    if not account.relatives:
        group = SimpleNamespace(**{**vars(group), "owned": frozenset(owned)})
    dated = _Dated(asked)
    key, _, may, *_ = position
    return {
        "company": model.seen,
        "group": group,
        "account": SimpleNamespace(
            owned=frozenset(owned),
            discontinued=frozenset(owned & gone),
            existing_customer=bool(owned),
            dated=dated,
        ),
        "product": SimpleNamespace(
            tier=model.tiers[product.id],
            position=_Level(SimpleNamespace(key=key), tuple(SimpleNamespace(key=k) for k in may)),
            owned=str(product.id) in owned,
            open_deal=any(
                model.closed(deal) is None
                for deal in model.deals_seen_by(None)
                if product.id in [line.product_id for line in deal.lines]
            ),
            sold=product.is_sold_on(day),
            lifecycle=product.lifecycle,
            quantity=sum(one.quantity for one in runs),
            people=sum(one.touched for one in standings),
            best_interest=_best(model, book, product.id),
            dated=dated,
        ),
    }


def _is(position: Any, *keys: str) -> tuple[Reading, Reading]:
    """How sure it is that a position is one of these, now and later."""
    key, _, may, *_ = position
    return frozenset({key in keys}), frozenset(one in keys for one in may)


def _sure(so: bool) -> tuple[Reading, Reading]:
    return (YES, YES) if so else (NO, NO)


def _both(*parts: tuple[Reading, Reading]) -> tuple[Reading, Reading]:
    def joined(readings: list[Reading]) -> Reading:
        return frozenset(all(way) for way in combinations(*readings))

    return joined([one[0] for one in parts]), joined([one[1] for one in parts])


def _offer(
    book: Playbook,
    account: Account,
    model: Oracle,
    product: Product,
    positions: Mapping[Id, Any],
) -> Next:
    position = positions[product.id]
    records = _records(book, account, model, product, position)
    world = World(records, {})
    dated: Any = records["product"].dated
    readings: list[tuple[str, str, tuple[Reading, Reading]]] = [
        ("not-eligible", "no_offer", _is(position, "not_eligible")),
        ("in-pipeline", "no_offer", _sure(records["product"].open_deal)),
    ]
    if days := book.synergy.cool_down_days:
        readings.append(("cool-down", "no_offer", _sure(dated[f"offered({days})"])))
    for rule in book.synergy.offers:
        names = ("*", product.id, f"family:{product.family}")
        if rule.product in names and rule.source != product.id:
            readings.append((rule.key, rule.offer.key, _holds(rule, records, position, world)))
    value, key = "no_offer", "otherwise"
    for name, offer, (now, _) in reversed(readings):
        if now == YES:
            value, key = offer, name
    may: set[str] = set()
    for _, offer, (_, later) in readings:
        if later != NO:
            may.add(offer)
        if later == YES:
            break
    else:
        may.add("no_offer")
    return Next(product.id, value, frozenset(may), key)


def _holds(
    rule: OfferRule, records: Mapping[str, Any], position: Any, world: World
) -> tuple[Reading, Reading]:
    account, kind = records["account"], rule.offer.key
    if kind == "renewal":
        # An unsettled position is untapped or not eligible; with a lapse, it does not matter.
        stands = _sure(True) if _has_lapsed(records) else _is(position, "owned")
    elif kind == "up_sell" and rule.source is None:
        stands = _is(position, "owned")
    else:
        stands = _is(position, "untapped")
    parts = [stands]
    if rule.source is not None:
        source = str(rule.source)
        held = account.discontinued if kind == "successor" else account.owned
        parts.append(_sure(source in held))
        if rule.owned_for_days:
            parts.append(_sure(account.dated[f"owned_for({source}, {rule.owned_for_days})"]))
    if rule.when is not None:
        parts.append((read(rule.when, world, later=False), read(rule.when, world, later=True)))
    return _both(*parts)


def _has_lapsed(records: Mapping[str, Any]) -> bool:
    return bool(records["product"].dated["lapsed(36500)"])
