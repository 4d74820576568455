"""Which offer a company gets for a product, as a decision table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Final

from mpfunnel import facts
from mpfunnel.labels import Label
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import All, Condition, as_condition
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.rules.words import reason_of
from mpfunnel.synergy.offers import (
    CROSS_SELL,
    NO_OFFER,
    OFFER_KEYS,
    RENEWAL,
    SUCCESSOR,
    UP_SELL,
    Offer,
    OfferRule,
)
from mpfunnel.synergy.relations import Synergy
from mpfunnel.synergy.white_space import IN_PIPELINE, NOT_ELIGIBLE, OWNED, UNTAPPED

__all__ = ["offer_table", "offer_tables"]

_NO_RULE: Final = Label("no rule offers it", "該当する提案ルールなし")
_NEVER_AGAIN: Final = facts.MAX_WITHIN_DAYS


def offer_table(
    synergy: Synergy, product: Product, products: Mapping[Id, Product]
) -> DecisionTable[Offer]:
    """Return the rules by which a company is offered one product.

    In this order: what is not eligible is not offered; nor what an open deal is about, be it owned
    or not; nor, within the cool-down, what a deal was about; then the rules of the firm about the
    product. Each of these holds where its kind of offer, its source and its condition do.

    Args:
        synergy: What the firm declares.
        product: The product.
        products: All products by id, for their names.
    """
    not_eligible, in_pipeline, cool_down = OFFER_KEYS
    position = facts.product.position
    rules = [
        Rule(NO_OFFER, position == NOT_ELIGIBLE, not_eligible, NOT_ELIGIBLE.label),
        # Of what is owned, too: a renewal, or more of it, is being sold already.
        Rule(NO_OFFER, as_condition(facts.product.open_deal), in_pipeline, IN_PIPELINE.label),
    ]
    if days := synergy.cool_down_days:
        rules.append(
            Rule(NO_OFFER, as_condition(facts.product.offered(within_days=days)), cool_down)
        )
    rules += [
        Rule(one.offer, _condition(one), one.key, one.because or _reason(one, products))
        for one in synergy.offers
        if one.is_about(product.id, product.family)
    ]
    return DecisionTable(rules, NO_OFFER, _NO_RULE)


def offer_tables(
    synergy: Synergy, products: Mapping[Id, Product]
) -> dict[Id, DecisionTable[Offer]]:
    """Return the rules of every product; products with equal rules and reasons share one table.

    Without any rule that offers something there is no table either.
    """
    if not synergy.offers:
        return {}
    shared: dict[Hashable, DecisionTable[Offer]] = {}
    found: dict[Id, DecisionTable[Offer]] = {}
    for product in products.values():
        table = offer_table(synergy, product, products)
        found[product.id] = shared.setdefault(
            tuple((rule, rule.because) for rule in table.rules), table
        )
    return found


def _condition(one: OfferRule) -> Condition:
    """Return when a rule holds: what its kind asks for, what it names as its source, and `when`."""
    position = facts.product.position
    parts: list[Condition] = []
    if one.offer == RENEWAL:
        lapsed = facts.product.lapsed(within_days=_NEVER_AGAIN)
        parts.append((position == OWNED) | as_condition(lapsed))
    elif one.offer == UP_SELL and one.source is None:
        parts.append(position == OWNED)
    else:
        assert one.offer in (CROSS_SELL, UP_SELL, SUCCESSOR)
        parts.append(position == UNTAPPED)
    if one.source is not None:
        if one.offer == SUCCESSOR:
            parts.append(facts.account.discontinued.contains_any(str(one.source)))
        elif not one.owned_for_days:
            parts.append(facts.account.owns(one.source))
        if one.owned_for_days:
            owned = facts.account.owned_for(one.source, days=one.owned_for_days)
            parts.append(as_condition(owned))
    if one.when is not None:
        parts += one.when.conditions if isinstance(one.when, All) else [one.when]
    return parts[0] if len(parts) == 1 else All(parts)


def _reason(one: OfferRule, products: Mapping[Id, Product]) -> Label:
    """Return what a rule asks for besides where the company stands, or the kind of the offer."""
    en: list[str] = []
    ja: list[str] = []
    if one.source is not None:
        name = products[one.source].label
        days = one.owned_for_days
        en.append(f"owns {name.en}" + (f" for {days} days or longer" if days else ""))
        ja.append(f"「{name.ja}」を{f'{days}日以上前から' if days else ''}導入済み")
        if one.offer == SUCCESSOR:
            en.append("which is no longer sold")
            ja.append("その販売は終了")
    if one.when is not None:
        said = reason_of(one.when)
        en.append(said.en)
        ja.append(said.ja)
    return Label(", ".join(en), "、".join(ja)) if en else one.offer.label
