"""Groups of companies: drawn parents, and rules that ask at every place where they may."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from attrs import evolve

import mpfunnel as mf
from mpfunnel.facts import company, group
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.stages import FunnelStage
from tests.frames import draw_records
from tests.leads import BOOKS, book_of

__all__ = ["ASKING", "asking", "engine_asking", "with_groups"]

LARGE = 600


@cache
def asking(number: int) -> mf.Playbook:
    """The playbook of that number, with rules about groups at every place for rules."""
    book = book_of(number)
    first, *_ = [product.id for product in book.products]
    rival = group.relationships.contains_any("competitor", "own_group")
    large, owns = group.employees >= LARGE, group.owns(first)
    segments = evolve(
        book.segments,
        rules=[
            mf.Rule(mf.Segment("rivals", mf.Label("rivals")), rival & ~owns, key="rivals"),
            mf.Rule(
                mf.Segment("vast", mf.Label("vast")),
                large & (company.employees < LARGE),
                key="vast",
            ),
            *book.segments.rules,
        ],
    )
    table = mf.TierTable(
        rules=[
            mf.Rule(mf.Tier(1), owns & large, key="owns"),
            mf.Rule(mf.Tier(2), group.employees.is_missing(), key="unknown"),
            mf.Rule(mf.Tier(3), group.employees == 2**63 - 1, key="everybody"),
        ],
        otherwise=mf.Tier(4),
    )
    card = mf.TierScorecard(
        items=[
            mf.ScoreItem(30, large, key="large", if_unknown=10),
            mf.ScoreItem(-20, rival, key="rival"),
            mf.ScoreItem(15, owns, key="owns"),
        ],
        bands=[mf.Band(25, mf.Tier(1)), mf.Band(0, mf.Tier(3))],
        otherwise=mf.Tier(5),
    )
    limited = mf.TierLimits(
        table, [mf.TierLimit(worst=mf.Tier(3), when=owns | (group.employees < 10), key="small")]
    )
    tiers: Any = {
        product.id: (table, card, limited)[place % 3] for place, product in enumerate(book.products)
    }
    models: Any = {}
    for product_id, model in book.engagement.items():
        states = {state.key: state for state in (*model.ladder, *model.detours)}
        rules = [Rule(states["excluded"], rival & large, key="rival"), *model.states.rules]
        models[product_id] = evolve(model, states=DecisionTable(rules, model.states.otherwise))
    stages: dict[str, FunnelStage] = {
        stage.key: stage for stage in (*book.funnel.ladder, *book.funnel.detours)
    }
    ruled = book.funnel.rules
    return evolve(
        book,
        segments=segments,
        tiers=tiers,
        engagement=models,
        funnel=evolve(
            book.funnel,
            rules=DecisionTable(
                [Rule(stages["disqualified"], owns & ~large, key="small"), *ruled.rules],
                ruled.otherwise,
            ),
        ),
    )


@cache
def engine_asking(number: int) -> mf.Engine:
    """The engine of that playbook."""
    return mf.Engine(asking(number))


ASKING = range(BOOKS)
"""The numbers of the playbooks."""


def with_groups(
    random: Random, book: mf.Playbook, as_of: date, count: int, *, dated: bool = True
) -> dict[str, list[Any]]:
    """Random records whose companies have parents: given ones, unknown ones, and others later."""
    records = draw_records(random, book, as_of, count)
    ids = [one.company.id for one in records["companies"]]
    drawn: list[Any] = []
    for place, given in enumerate(records["companies"]):
        above = [*ids[max(0, place - 4) : place], "gone", "lost", None, None]
        one = given if dated else evolve(given, changes=())
        plain = evolve(
            one.company,
            parent_id=random.choice(above),
            employees=random.choice((one.company.employees, 250, 300, 350, 2**63 - 1)),
        )
        changes = list(one.changes)
        if dated and random.random() < 0.3:
            day = as_of + timedelta(random.choice((-200, -30, -1, 0, 1)))
            changes.append(mf.CompanyChange(day, "parent_id", random.choice(above)))
        drawn.append(evolve(one, company=plain, changes=changes))
    # Their order is no hint of who belongs to whom.
    records["companies"] = random.sample(drawn, len(drawn))
    return records
