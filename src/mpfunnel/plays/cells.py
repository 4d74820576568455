"""Cells without a play: for which Tier and state of a product no rule says what to do next."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from attrs import field, frozen

from mpfunnel.engagement import EngagementState
from mpfunnel.labels import Label, Lang
from mpfunnel.plays.model import Plays
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import All, AnyOf, Condition, Not
from mpfunnel.rules.explain import holds
from mpfunnel.tiers import Tier

__all__ = ["Cell", "Covered", "cells"]

Covered = Literal["always", "sometimes", "never"]

_FACTS: Final = ("product.tier", "product.engagement")
_LACKS: Final[Mapping[Covered, Label]] = {
    "always": Label("a play for {cell}", "{cell}：次の一手あり"),
    "sometimes": Label("not always a play for {cell}", "{cell}：次の一手が一部のみ"),
    "never": Label("no play for {cell}", "{cell}：次の一手なし"),
}
_CELL: Final = Label("{tier} × {state} of product {product}", "商材「{product}」の{tier}×{state}")


@frozen
class Cell:
    """A Tier and a state of one product, and whether a rule says what to do next there.

    Attributes:
        product_id: The product.
        tier: The Tier of the company for it.
        state: The state of the lead.
        covered: ``"always"``: some rule fires, whatever else is known. ``"sometimes"``: it depends
            on more than the Tier and the state. ``"never"``: no rule fires. A rule by which there
            is deliberately nothing to do fires, too.
        product: What people call the product.
    """

    product_id: Id
    tier: Tier
    state: EngagementState
    covered: Covered
    product: Label = field(eq=False, repr=False)

    def text(self, lang: Lang = "en") -> str:
        """Return what is there or lacks, as people read it."""
        cell = _CELL.text(lang).format(
            tier=self.tier.label.text(lang),
            state=self.state.label.text(lang),
            product=self.product.text(lang),
        )
        return _LACKS[self.covered].text(lang).format(cell=cell)


def cells(
    plays: Plays,
    products: Iterable[Product],
    tiers: Mapping[Id, Sequence[Tier]],
    states: Mapping[Id, Sequence[EngagementState]],
) -> Iterator[Cell]:
    """Yield every cell, by products, their Tiers from the highest and their states in order.

    Each condition is read with the Tier and the state as the only facts: all others may be so or
    not. What follows from several others together is not seen, so that what is ``"always"`` so, or
    ``"never"``, is so for certain, and ``"sometimes"`` may be said of one that is.

    Args:
        plays: The rules.
        products: The products.
        tiers: The Tiers that each of them may have.
        states: The states that a lead may be in with each of them.
    """
    # Most products share their rules.
    shared: dict[Hashable, dict[tuple[str, str], Covered]] = {}
    for product in products:
        whens = tuple(
            one.when for one in plays.products if one.is_about(product.id, product.family)
        )
        known = shared.setdefault(whens, {})
        for tier in sorted({*tiers[product.id]}, key=lambda one: one.number):
            for state in states[product.id]:
                keys = tier.key, state.key
                if keys not in known:
                    known[keys] = _covered(whens, dict(zip(_FACTS, keys, strict=True)))
                yield Cell(product.id, tier, state, known[keys], product.label)


def _covered(whens: Iterable[Condition], keys: Mapping[str, str]) -> Covered:
    read = {_read(when, keys) for when in whens}
    if True in read:
        return "always"
    return "sometimes" if None in read else "never"


def _read(condition: Condition, keys: Mapping[str, str]) -> bool | None:
    """Return whether a condition is true or false by a Tier and a state; `None` for either."""
    match condition:
        case Not(inner):
            said = _read(inner, keys)
            return None if said is None else not said
        case All(inner):
            read = {_read(one, keys) for one in inner}
            return False if False in read else None if None in read else True
        case AnyOf(inner):
            read = {_read(one, keys) for one in inner}
            return True if True in read else None if None in read else False
        case _:
            leaf: Any = condition
            key = keys.get(leaf.fact.name)
            return None if key is None else holds(leaf, key)
