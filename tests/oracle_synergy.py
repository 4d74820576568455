"""White space said a second time: by asking what speaks against a product, without any table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from types import SimpleNamespace
from typing import NamedTuple

from mpfunnel.account import Account
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import Condition
from tests.oracle import NO, YES, World, missing_under, read
from tests.oracle_leads import Oracle

__all__ = ["Told", "positions_of"]


class Told(NamedTuple):
    """Where a company stands with a product, by keys."""

    position: str
    rule: str
    possible: set[str]
    missing: tuple[str, ...] = ()


def positions_of(book: Playbook, account: Account, as_of: date) -> dict[Id, Told]:
    """Where the company of an account stands with each product."""
    model = Oracle(book, account, as_of)
    if model.company is None:
        return {}
    return {product.id: _position(book, model, product) for product in book.products}


def _position(book: Playbook, model: Oracle, product: Product) -> Told:
    owned = {str(one.id) for one in book.products if model.owned(None, one.id)}
    deals = [
        deal
        for deal in model.deals_seen_by(None)
        if product.id in [line.product_id for line in deal.lines] and model.closed(deal) is None
    ]
    late = product.sold_until is not None and product.sold_until < model.as_of
    early = product.sold_from is not None and product.sold_from > model.as_of
    for key, rule, so in (
        ("owned", "owned", str(product.id) in owned),
        ("in_pipeline", "in-pipeline", bool(deals)),
        ("not_eligible", "not-sold", late or early),
    ):
        if so:
            return Told(key, rule, {key})
    offer = SimpleNamespace(
        tier=model.tiers[product.id],
        owned=False,
        open_deal=False,
        sold=True,
        lifecycle=product.lifecycle,
    )
    records = {
        "company": model.seen,
        "group": model.group,
        "product": offer,
        "account": SimpleNamespace(owned=frozenset(owned)),
    }
    world = World(records, {})
    rule, possible, missing = "", set[str](), list[str]()
    for key, when in _against(book, product, owned):
        if when is None:
            return Told("not_eligible", rule or key, {*possible, "not_eligible"}, _once(missing))
        if read(when, world, later=False) == YES:
            rule = rule or key
        later = read(when, world, later=True)
        if later != NO:
            possible.add("not_eligible")
        if later == YES:
            return Told("not_eligible", rule, possible, _once(missing))
        missing += missing_under(when, world)
    key, rule = ("not_eligible", rule) if rule else ("untapped", "otherwise")
    return Told(key, rule, {*possible, "untapped"}, _once(missing))


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _against(
    book: Playbook, product: Product, owned: set[str]
) -> Iterator[tuple[str, Condition | None]]:
    """What may speak against a product: its key, and where it does; `None` for always."""
    names = ["*", product.id, f"family:{product.family}"]
    for rule in book.synergy.not_eligible:
        if rule.product in names:
            yield rule.key, rule.when
    for one in book.synergy.relations:
        needed = one.kind == "prerequisite" and one.target == product.id
        if needed and str(one.source) not in owned:
            yield one.key or f"prerequisite-{one.source}", one.when
    for one in book.synergy.relations:
        if one.kind == "substitute" and product.id in (one.source, one.target):
            other = one.target if one.source == product.id else one.source
            if str(other) in owned:
                yield one.key or f"substitute-{other}", one.when
