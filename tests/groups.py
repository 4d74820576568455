"""Groups of companies: a second model by straight recursion, drawn parents, and rules that ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import Any

from attrs import evolve

import mpfunnel as mf
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.facts import company, group
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.stages import FunnelStage
from tests.frames import draw_records
from tests.leads import BOOKS, book_of

__all__ = ["ASKING", "asking", "engine_asking", "told_of_groups", "with_groups"]

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
    """Random records whose companies have parents: given ones, unknown ones, and some that change."""
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


# -- the second model --


def told_of_groups(
    records: Mapping[str, Iterable[Any]], book: mf.Playbook, as_of: date
) -> dict[Any, tuple[int | None, frozenset[str], frozenset[str]]]:
    """What is to be known of each company's group: by walking up to its top, one after the other."""
    companies = {
        one.company.id: one.on(as_of) if isinstance(one, mf.CompanyHistory) else one
        for one in records["companies"]
    }

    def top(company_id: Any) -> Any:
        if company_id not in companies or companies[company_id].parent_id is None:
            return company_id
        return top(companies[company_id].parent_id)

    found: dict[Any, Any] = {}
    for company_id in companies:
        members = [one for one in companies.values() if top(one.id) == top(company_id)]
        people = [one.employees for one in members]
        total = None if None in people else min(sum(people), 2**63 - 1)  # type: ignore[arg-type]
        ties = frozenset(tie for one in members for tie in one.relationships)
        owned = frozenset(p for one in members for p in owned_by(one.id, records, book, as_of))
        found[company_id] = total, ties, owned
    return found


def owned_by(
    company_id: Any, records: Mapping[str, Iterable[Any]], book: mf.Playbook, as_of: date
) -> Iterable[str]:
    """The products that one company owns."""
    zone = zone_for(book.zone)
    ids = {product.id for product in book.products}
    deals = {
        deal
        for deal in records["deals"]
        if deal.company_id == company_id and local_day(deal.opened_at, zone) <= as_of
    }
    sound = [deal for deal in deals if {line.product_id for line in deal.lines} <= ids]
    for product_id in ids:
        ends = [
            one.end
            for one in records["contracts"]
            if (one.company_id, one.product_id) == (company_id, product_id) and one.start <= as_of
        ]
        runs = any(end is None or end >= as_of for end in ends)
        lapsed = max((end for end in ends if end is not None and end < as_of), default=date.min)
        won = max(
            (
                local_day(deal.closed_at, zone)
                for deal in sound
                if deal.status == "won"
                and deal.closed_at is not None
                and local_day(deal.closed_at, zone) <= as_of
                and product_id in {line.product_id for line in deal.lines}
            ),
            default=None,
        )
        if runs or (won is not None and lapsed < won):
            yield str(product_id)
