"""White space said a second time: by asking what speaks against a product, without any table."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from mpfunnel.account import Account
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, Product
from tests.oracle import EITHER, YES, Reading, World, read
from tests.oracle_leads import Oracle

__all__ = ["positions_of"]

Told = tuple[str, set[str]]
"""The key of a position, and those of all that are possible."""


def positions_of(book: Playbook, account: Account, as_of: date) -> dict[Id, Told]:
    """Where the company of an account stands with each product."""
    model = Oracle(book, account, as_of)
    if model.company is None:
        return {}
    return {product.id: _position(book, account, model, product) for product in book.products}


def _position(book: Playbook, account: Account, model: Oracle, product: Product) -> Told:
    owned = {str(one.id) for one in book.products if model.owned(None, one.id)}
    deals = [
        deal
        for deal in model.deals_seen_by(None)
        if product.id in [line.product_id for line in deal.lines] and model.closed(deal) is None
    ]
    late = product.sold_until is not None and product.sold_until < model.as_of
    early = product.sold_from is not None and product.sold_from > model.as_of
    for key, so in (
        ("owned", str(product.id) in owned),
        ("in_pipeline", bool(deals)),
        ("not_eligible", late or early),
    ):
        if so:
            return key, {key}
    offer = SimpleNamespace(
        tier=model.tiers[product.id],
        owned=False,
        open_deal=False,
        sold=True,
        lifecycle=product.lifecycle,
    )
    group = model.group
    if not account.relatives:
        # A group of one owns what the company owns.
        group = SimpleNamespace(**{**vars(group), "owned": frozenset(owned)})
    records = {
        "company": model.seen,
        "group": group,
        "product": offer,
        "account": SimpleNamespace(owned=frozenset(owned)),
    }
    now, later = (_against(book, product, owned, World(records, {}), later=way) for way in (0, 1))
    value = "not_eligible" if YES in now else "untapped"
    if YES in later:
        return value, {"not_eligible"}
    return value, {"untapped", "not_eligible"} if EITHER in later else {"untapped"}


def _against(
    book: Playbook, product: Product, owned: set[str], world: World, *, later: int
) -> list[Reading]:
    """How sure it is of each thing that may speak against a product."""
    names = ["*", product.id, f"family:{product.family}"]
    whens = [one.when for one in book.synergy.not_eligible if one.product in names]
    found = [read(when, world, later=bool(later)) for when in whens]
    for one in book.synergy.relations:
        if one.kind == "prerequisite" and one.target == product.id:
            speaks = str(one.source) not in owned
        elif one.kind == "substitute" and product.id in (one.source, one.target):
            other = one.target if one.source == product.id else one.source
            speaks = str(other) in owned
        else:
            speaks = False
        if speaks:
            found.append(YES if one.when is None else read(one.when, world, later=bool(later)))
    return found
