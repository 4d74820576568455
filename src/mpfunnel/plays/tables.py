"""The rules of plays as decision tables: one per product, and one for the whole firm."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Final

from mpfunnel.labels import Label
from mpfunnel.plays.model import NO_PLAY, Play, PlayRule, Plays
from mpfunnel.records import Id, Product
from mpfunnel.rules.tables import DecisionTable, Rule

__all__ = ["firm_table", "play_tables"]

_NO_RULE: Final = Label("no rule gives a play", "該当する次の一手なし")


def firm_table(plays: Plays) -> DecisionTable[Play]:
    """Return the rules by which a lead gets a play of the whole firm."""
    return _table(plays, plays.firm)


def play_tables(plays: Plays, products: Mapping[Id, Product]) -> dict[Id, DecisionTable[Play]]:
    """Return the rules of every product; products with equal rules share one table."""
    shared: dict[Hashable, DecisionTable[Play]] = {}
    found: dict[Id, DecisionTable[Play]] = {}
    for product in products.values():
        rules = tuple(one for one in plays.products if one.is_about(product.id, product.family))
        if rules not in shared:
            shared[rules] = _table(plays, rules)
        found[product.id] = shared[rules]
    return found


def _table(plays: Plays, rules: Iterable[PlayRule]) -> DecisionTable[Play]:
    made = [Rule(plays.play(one.play), one.when, one.key, one.because) for one in rules]
    return DecisionTable(made, NO_PLAY, _NO_RULE)
