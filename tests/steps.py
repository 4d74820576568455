"""Funnels whose rules ask for the stage in which a lead is."""

from __future__ import annotations

from random import Random
from typing import Any

from attrs import evolve

import mpfunnel as mf
from mpfunnel.facts import PursuitFacts, any_product, company, product, pursuit
from mpfunnel.rules.tables import Rule
from tests.leads import book_of

__all__ = ["drawn_engine"]


def drawn_engine(random: Random, number: int | None = None) -> mf.Engine:
    """A funnel whose rules ask for the stage so far, here and there."""
    book = book_of(random.randrange(6) if number is None else number)
    funnel = book.funnel
    so_far = PursuitFacts(funnel.scale).stage
    stages = [*funnel.ladder, *funnel.detours]
    few = [stage.key for stage in random.sample(stages, 3)]
    facts: list[Any] = [
        product.active(within_days=random.choice((7, 30, 90))),
        product.points(within_days=30) >= random.choice((5, 20)),
        product.touched,
        pursuit.raised_hand,
        pursuit.quiet,
        company.employees >= random.choice((49, 300)),
        product.tier.at_least(mf.Tier(2)),
        any_product(product.active_days >= 2),
    ]
    added: list[Any] = []
    for number in range(random.randrange(1, 4)):
        fact = random.choice(facts)
        outcome = random.choice(stages)
        asked = random.choice(
            (
                so_far.is_in(*few),
                so_far == outcome,
                ~(so_far == outcome),
                so_far.at_least(random.choice(funnel.ladder)),
                so_far.at_most(random.choice(funnel.ladder)),
            )
        )
        added.append(
            Rule(outcome, asked & (fact if random.random() < 0.6 else ~fact), key=f"x{number}")
        )
    rules = [*funnel.rules.rules]
    if random.random() < 0.5:
        # What it takes to get there is more than what it takes to stay there.
        low, high = funnel.ladder[1:3]
        active = any_product(product.active(within_days=random.choice((7, 20))))
        rules[:0] = [
            Rule(high, (so_far == high) & active, key="stays"),
            Rule(high, (so_far == low) & any_product(product.active_days >= 2), key="rises"),
            Rule(low, (so_far == high) | (so_far == low) & active, key="falls"),
            Rule(low, active, key="begins"),
        ]
        added = added[:1]
    for rule in added:
        # In front most often, where no other rule decides before.
        rules.insert(random.choice((0, 0, 1, 2, len(rules))), rule)
    table = mf.DecisionTable(rules, otherwise=funnel.rules.otherwise)
    # What ends a pursuit must not change with the rules that were added.
    ends = [funnel.stage(key) for key in funnel.graph if key in funnel.graph.ends]
    return mf.Engine(evolve(book, funnel=evolve(funnel, rules=table, ends=ends)))
