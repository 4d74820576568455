"""Funnels whose rules ask for the stage in which a lead is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from random import Random
from typing import Any

from attrs import evolve

import mpfunnel as mf
from mpfunnel.account import accounts
from mpfunnel.errors import PolicyError, UnknownNameError
from mpfunnel.facts import PursuitFacts, any_product, company, product, pursuit
from mpfunnel.frames import Tables
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import Rule
from tests.frames import differences, draw_records, rows_of
from tests.leads import book_of, draw_as_of

__all__ = [
    "EVIDENT",
    "IN",
    "LATENT",
    "STEPS",
    "UNSET",
    "circling",
    "drawn_engine",
    "funnel_of",
    "step_differences",
]


UNSET, LATENT, EVIDENT = (mf.FunnelStage(key, key) for key in ("unset", "latent", "evident"))
IN = PursuitFacts(Scale(("unset", "latent", "evident"))).stage


def funnel_of(*rules: tuple[mf.FunnelStage, Any], **more: Any) -> mf.Funnel:
    """A funnel with three stages and these rules."""
    made = [Rule(stage, when, key=f"r{n}") for n, (stage, when) in enumerate(rules, 1)]
    return mf.Funnel(mf.DecisionTable(made, otherwise=UNSET), [UNSET, LATENT, EVIDENT], **more)


STEPS = funnel_of(
    (EVIDENT, (IN == EVIDENT) & product.active(within_days=30)),
    (EVIDENT, (IN == LATENT) & (product.active_days >= 2)),
    (LATENT, IN.at_least("latent") | product.touched),
)
"""Rules that lead up a stage or two, and down one, and never round."""


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


def circling(engine: mf.Engine, records: Mapping[str, Iterable[Any]], as_of: date) -> set[Any]:
    """The leads whom the rules lead round in a circle, asked one by one."""
    found: set[Any] = set()
    for account in accounts(**records):
        for lead in account.leads:
            try:
                engine.stage_for(account, lead.id, as_of=as_of)
            except PolicyError:
                found.add(lead.id)
            except UnknownNameError:
                # There are two of that id that differ.
                continue
    return found


def step_differences(
    run: Callable[[mf.Engine, Mapping[str, Any], date, bool], Tables],
    seed: int,
    *,
    count: int = 8,
    possible: bool = False,
) -> list[str]:
    """Where tables say of rules that see the stage other than the accounts do one by one.

    Args:
        run: Gives the answers of tables, by engine, records, day, and whether what is possible.
        seed: Of the funnel and the records.
        count: How many accounts.
        possible: Whether to compare what is possible.
    """
    random = Random(f"steps {seed}")
    engine = drawn_engine(random)
    as_of = draw_as_of(random)
    records: dict[str, Any] = draw_records(random, engine.playbook, as_of, count)
    out = run(engine, records, as_of, possible)
    gone = circling(engine, records, as_of)
    told = {row["id"] for row in rows_of(out.rejects) if row["code"] == "circle"}
    found = [f"circles: {one}" for one in told ^ gone]
    if gone:
        # An account is refused for the sake of one of its leads.
        assert not gone & {row["lead_id"] for row in rows_of(out.leads)}
        records = {
            name: [one for one in kept if not gone & {_lead_of(one)}]
            for name, kept in records.items()
        }
        out = run(engine, records, as_of, possible)
    return found + differences(out, engine, records, as_of, possible=possible)


def _lead_of(record: Any) -> Any:
    return record.id if isinstance(record, mf.Lead) else getattr(record, "lead_id", None)
