"""White space: where a company stands with a product (ホワイトスペース), as a decision table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from typing import Final

from attrs import frozen

from mpfunnel import facts
from mpfunnel.labels import Keyed, Label
from mpfunnel.ownership import Position
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import Condition, as_condition
from mpfunnel.rules.tables import OTHERWISE, Decision, DecisionTable, Rule
from mpfunnel.synergy.relations import OWN_KEYS, Relation, Synergy

__all__ = [
    "IN_PIPELINE",
    "NOT_ELIGIBLE",
    "OWNED",
    "POSITIONS",
    "UNTAPPED",
    "WhiteSpace",
    "position_alone",
    "white_space_table",
    "white_space_tables",
]


@frozen
class WhiteSpace(Keyed):
    """Where a company stands with a product; equal by key, whatever its label (S8)."""

    called = "position"


POSITIONS: Final = tuple(
    WhiteSpace(key, facts.WHITE_SPACE.labels[key]) for key in facts.WHITE_SPACE.keys
)
"""Every position, in the order in which people read them."""
OWNED, IN_PIPELINE, UNTAPPED, NOT_ELIGIBLE = POSITIONS

_ALWAYS: Final = (
    Rule(OWNED, as_condition(facts.product.owned), key=OWN_KEYS[0]),
    Rule(IN_PIPELINE, as_condition(facts.product.open_deal), key=OWN_KEYS[1]),
    Rule(
        NOT_ELIGIBLE,
        ~as_condition(facts.product.sold),
        key=OWN_KEYS[2],
        because=Label("not sold on this day", "この日は販売していない"),
    ),
)
"""What holds of every product, before anything that a firm declares."""
_UNTAPPED: Final = Label("may be offered, and nobody has yet", "提案でき、商談はまだない")


def white_space_table(
    synergy: Synergy, product: Product, products: Mapping[Id, Product]
) -> DecisionTable[WhiteSpace]:
    """Return the rules by which a company stands with one product.

    In this order: what is owned; what is being sold; what is not on sale; the rules by which the
    product is not offered; the prerequisites that the company does not own; the substitutes that it
    does. What nothing rules out is untapped.

    Args:
        synergy: What the firm declares.
        product: The product.
        products: All products by id, for their names.
    """
    rules = list(_ALWAYS)
    rules += [
        Rule(NOT_ELIGIBLE, one.when, one.key, one.because)
        for one in synergy.not_eligible
        if one.is_about(product.id, product.family)
    ]
    taken = {one.key for one in synergy.relations} | {one.key for one in synergy.not_eligible}

    def key_of(relation: Relation, other: Id) -> str:
        key = relation.key or f"{relation.kind}-{other}"
        while not relation.key and key in taken:
            key += "-bis"
        taken.add(key)
        return key

    for one in synergy.relations:
        if one.kind == "prerequisite" and one.target == product.id:
            lacks = ~facts.account.owns(one.source)
            because = one.because or _needs(products[one.source])
            rules.append(Rule(NOT_ELIGIBLE, _joined(lacks, one), key_of(one, one.source), because))
    for one in synergy.relations:
        if one.kind == "substitute" and product.id in one.pair:
            other = one.source if one.target == product.id else one.target
            has = facts.account.owns(other)
            because = one.because or _has_instead(products[other])
            rules.append(Rule(NOT_ELIGIBLE, _joined(has, one), key_of(one, other), because))
    return DecisionTable(rules, UNTAPPED, _UNTAPPED)


def white_space_tables(
    synergy: Synergy, products: Mapping[Id, Product]
) -> dict[Id, DecisionTable[WhiteSpace]]:
    """Return the rules of every product; products with equal rules and reasons share one table."""
    shared: dict[Hashable, DecisionTable[WhiteSpace]] = {}
    found: dict[Id, DecisionTable[WhiteSpace]] = {}
    for product in products.values():
        table = white_space_table(synergy, product, products)
        found[product.id] = shared.setdefault(
            tuple((rule, rule.because) for rule in table.rules), table
        )
    return found


def position_alone(product: Product, position: Position, day: date) -> Decision[WhiteSpace]:
    """Return where a lead without company stands with a product, for rules about plays.

    What a firm declares is about companies: only what holds of every product is asked.

    Args:
        product: The product.
        position: What the lead owns and is buying itself.
        day: The day asked about.
    """
    holds = (position.owned, position.open_deal, not product.is_sold_on(day))
    rules = (rule for rule, so in zip(_ALWAYS, holds, strict=True) if so)
    rule = next(rules, None)
    if rule is None:
        return Decision(UNTAPPED, OTHERWISE, _UNTAPPED, (UNTAPPED,))
    return Decision(rule.outcome, rule.key, rule.because, (rule.outcome,))


def _joined(first: Condition, relation: Relation) -> Condition:
    return first if relation.when is None else first & relation.when


def _needs(product: Product) -> Label:
    name = product.label
    return Label(f"needs {name.en}", f"前提商材「{name.ja}」が未導入")


def _has_instead(product: Product) -> Label:
    name = product.label
    return Label(f"has {name.en} in its place", f"代替商材「{name.ja}」を導入済み")
