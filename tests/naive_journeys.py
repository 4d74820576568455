"""A second model of journeys: every day is asked for by itself, and the days are told in a row.

It does not import what it checks, and takes from the library only the answers of each day.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import mpfunnel as mf
from mpfunnel.account import days_of, instants_of
from tests.oracle_leads import day_in

__all__ = ["naive_journeys"]

STEPS = ("target", "reached", "engaged", "mql", "sal", "won")
DAY = timedelta(1)


class Snapshot:
    """What one day shows."""

    def __init__(
        self, engine: mf.Engine, account: mf.Account, day: date, since: date, lowest: int
    ) -> None:
        book = engine.playbook
        told = engine.assess(account, as_of=day)
        ids = [one.id for one in book.products]
        self.day = day
        self.target = {
            p
            for p in ids
            if day >= since
            and told.tiers[p].value.number <= lowest
            and told.white_space[p].value.key != "not_eligible"
        }
        self.owned = set(told.owned)
        ladder = book.scale.ladder
        self.interest: dict[Any, dict[Any, int]] = {
            lead: {
                p: ladder.index(
                    engine.engagement_for(account, lead, p, as_of=day).interest.value.key
                )
                for p in ids
            }
            for lead in told.leads
        }
        self.stages = {lead: one.stage for lead, one in told.leads.items()}
        bad = [one.record for one in told.rejects]

        def on(at: Any) -> date:
            return day_in(book.zone, at)

        self.touches = [one for one in account.activities if on(one.at) == day and one not in bad]
        company_id = told.company_id
        deals = [
            one
            for one in dict.fromkeys(account.deals)
            if one.company_id == company_id and one not in bad and on(one.opened_at) <= day
        ]
        self.opened = {one for one in deals if on(one.opened_at) == day}
        ends = {one: max(on(one.closed_at), on(one.opened_at)) for one in deals if one.closed_at}
        self.open = {one for one in deals if one not in ends or ends[one] > day}
        self.ended = {one for one in deals if ends.get(one) == day}


def lines(deal: mf.Deal) -> set[Any]:
    """The products of a deal."""
    return {line.product_id for line in deal.lines}


def naive_journeys(
    engine: mf.Engine,
    account: mf.Account,
    *,
    as_of: date,
    since: date,
    lowest: int = 2,
    interest: str = "interested",
) -> list[tuple[Any, ...]]:
    """The journeys of a company as tuples: product, pursuit, days, imputed, exit and its day."""
    book = engine.playbook
    first = [day for _, day in days_of(account)]
    first += [day_in(book.zone, at) for _, at in instants_of(account)]
    day = min([since, *first])
    snapshots: list[Snapshot] = []
    while day <= as_of:
        snapshots.append(Snapshot(engine, account, day, since, lowest))
        day += DAY
    ids = [one.id for one in book.products]
    rung = book.scale.ladder.index(interest)
    stands = pursuits(book, snapshots, rung)
    return [one for about in (*ids, None) for one in told(book, snapshots, stands, about, rung)]


def pursuits(book: Any, snapshots: list[Snapshot], rung: int) -> list[dict[Any, str]]:
    """For each day, the stage by (lead, what its pursuit is about, for which product it counts)."""
    linked: dict[Any, set[Any]] = {}
    found: list[dict[Any, str]] = []
    before: dict[Any, str] = {}
    for now in snapshots:
        stood: dict[Any, str] = {}
        for lead, stage in now.stages.items():
            for about, one in stage.pursuits.items():
                stood[lead, about, about] = one.value.key
            wide = stage.pursuits.get(None)
            was = before.get((lead, None, None))
            if wide is None:
                linked.pop(lead, None)
                continue
            if is_worked(book, wide.value.key) and wide.value.key != was:
                keen = {p for p, level in now.interest[lead].items() if level >= rung}
                linked[lead] = linked.get(lead, set()) | keen
            for product in linked.get(lead, ()):
                stood[lead, None, product] = wide.value.key
            if not is_worked(book, wide.value.key) and wide.value.key != was:
                linked.pop(lead, None)
        found.append(stood)
        before = stood
    return found


def is_worked(book: Any, stage: str | None) -> bool:
    """Whether somebody in that stage is being pursued."""
    ladder = [one.key for one in book.funnel.ladder]
    resting = {book.funnel.rules.otherwise.key, *book.funnel.graph.ends}
    return stage in ladder and stage not in resting


def holds(of: set[Any], about: Any) -> bool:
    """Whether it holds for a product, or for any of them."""
    return bool(of) if about is None else about in of


def told(
    book: Any,
    snapshots: list[Snapshot],
    stands: list[dict[Any, str]],
    about: Any,
    rung: int,
) -> list[tuple[Any, ...]]:
    """The journeys about one product, or the whole firm."""
    ladder = [one.key for one in book.funnel.ladder]
    off = ["lost", *(one.key for one in book.funnel.detours)]
    done: list[tuple[Any, ...]] = []
    days: dict[int, date] = {}
    imputed: set[int] = set()

    def reach(steps: set[int], day: date) -> None:
        top = max(steps) if steps else 0
        at = max(days, default=-1)
        for place in range(at + 1, top + 1):
            days[place] = day
            if place not in steps and place != top:
                imputed.add(place)

    def close(why: str | None, day: date | None) -> None:
        done.append((about, len(done) + 1, tuple(days.values()), frozenset(imputed), why, day))
        days.clear()
        imputed.clear()

    before: Snapshot | None = None
    stood: dict[Any, str] = {}
    for now, found in zip(snapshots, stands, strict=True):
        here = {k: v for k, v in found.items() if about is None or k[2] == about}
        target = holds(now.target, about)
        targeted = before is not None and holds(before.target, about)
        gained = now.owned - (before.owned if before else set())
        if about is not None:
            gained &= {about}
        deals = {one for one in now.open if about is None or about in lines(one)}
        opened = {one for one in now.opened if about is None or about in lines(one)}
        ended = {one for one in now.ended if about is None or about in lines(one)}
        won = [one for one in ended if one.status == "won"]
        sold = {p for one in won for p in lines(one)}
        wins = len(won) + bool(gained - sold)
        own = [one for one in now.touches if about is None or about in one.product_ids]
        wide = [one for one in now.touches if not one.product_ids]
        keen = any(
            level >= rung
            for levels in now.interest.values()
            for p, level in levels.items()
            if about in (None, p)
        )
        worked = {k for k, v in here.items() if is_worked(book, v)}
        was_worked = {k for k, v in stood.items() if is_worked(book, v)}
        apart = {k for k, v in here.items() if k not in stood and v not in ladder}
        started = bool(worked - was_worked or apart)
        ends = [here[k] for k in (was_worked - worked) & here.keys()] + [here[k] for k in apart]
        ends += ["lost" for one in ended if one.status == "lost"]
        first = not days and not done
        came = target and not targeted and not holds(now.owned, about)
        begins = bool(started or opened or wins or came)
        if first:
            begins = bool(begins or target or own or keen)
        if begins or days:
            steps = {0} if target else set[int]()
            if own or wide or started:
                steps |= {1}
            if keen:
                steps |= {2}
            for key in worked:
                height = ladder.index(here[key])
                steps |= {
                    4
                    if height >= ladder.index("sal")
                    else 3
                    if height >= ladder.index("mql")
                    else 1
                }
            if opened or deals:
                steps |= {4}
            if steps or not wins:
                reach(steps, now.day)
        shown = {0} if target else set[int]()
        for number in range(wins):
            reach(shown | {4} | {5} if number < len(won) else shown | {5}, now.day)
            close(None, None)
        if wins and deals:
            reach(shown | {4}, now.day)
        if not wins and days and not worked and not deals:
            if ends:
                ranks = {key: place for place, key in reversed([*enumerate(off)])}
                close(min(ends, key=lambda one: ranks.get(one, 99)), now.day)
            elif targeted and not target:
                close("not_target", now.day)
        before, stood = now, here
    if days:
        close(None, None)
    return done
