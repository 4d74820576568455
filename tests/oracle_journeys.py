"""A second model of what records alone tell of journeys: each day is looked at by itself.

It does not import what it checks. Of the library it asks what a company is on a day, without its
people: its Tiers, what it may be offered, and what it owns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from attrs import evolve

import mpfunnel as mf
from tests.oracle_leads import day_in

__all__ = ["journeys_by_day"]

TARGET, REACHED, ENGAGED, MQL, SAL, WON = range(6)
ORDER = (
    *("targeted", "sent", "delivered", "interacted"),
    *("registered", "attended", "engaged", "meeting_requested"),
)


def journeys_by_day(
    engine: mf.Engine,
    account: mf.Account,
    *,
    as_of: date,
    since: date,
    lowest: int,
    statuses: Mapping[str, str | None],
) -> list[tuple[Any, ...]]:
    """The journeys of a company: product, number, days, imputed, exit and its day.

    For accounts whose activities and deals have ids of their own, and whose leads were not merged.
    """
    book = engine.playbook
    alone = evolve(account, leads=(), activities=(), sales_events=(), histories=())
    beginning = [since, *(one.start for one in account.contracts)]
    beginning += [day_in(book.zone, at) for at in instants(account)]
    days: list[tuple[date, Any, dict[Any, Any]]] = []
    day = min(beginning)
    while day <= as_of:
        days.append((day, engine.assess(alone, as_of=day), stages_on(book, account, day)))
        day += timedelta(1)
    found: list[tuple[Any, ...]] = []
    for about in (*(one.id for one in book.products), None):
        walk = Walk(book, account, about, since, lowest, statuses)
        for one in days:
            walk.see(*one)
        found += walk.told()
    return found


def instants(account: mf.Account) -> Iterator[Any]:
    """When anything happened."""
    yield from (one.at for one in account.activities)
    yield from (one.opened_at for one in account.deals)
    yield from (entry.entered for one in account.histories for entry in one.entries)


def stages_on(book: mf.Playbook, account: mf.Account, day: date) -> dict[Any, Any]:
    """Where each lead stands with each product, or with none, at the end of a day.

    Of what happens within one day, only where it ends counts.
    """
    known = {one.id for one in book.products}
    ladder = [one.key for one in book.funnel.ladder]
    every = {*ladder, *(one.key for one in book.funnel.detours)}
    stood: dict[Any, Any] = {}
    for history in account.histories:
        last_of_day = {day_in(book.zone, one.entered): one for one in history.entries}
        stages: dict[Any, str] = {}
        for entered, entry in sorted(last_of_day.items(), key=lambda one: one[0]):
            if entered > day or entry.stage not in every:
                continue
            named: list[Any] = [one for one in entry.for_products if one in known]
            if entry.stage in ladder[1:]:
                if named:
                    stages.pop(None, None)
            elif named:
                # Whom the entry does not name stays where it is.
                named += [one for one in stages if one is None]
            else:
                named = [*stages]
            stages |= dict.fromkeys(named or [None], entry.stage)
        stood |= {(history.lead_id, about): stage for about, stage in stages.items()}
    return stood


class Walk:
    """The way of a company with one product, or with the whole firm."""

    def __init__(
        self,
        book: mf.Playbook,
        account: mf.Account,
        about: Any,
        since: date,
        lowest: int,
        statuses: Mapping[str, str | None],
    ) -> None:
        self.book, self.account, self.about = book, account, about
        self.since, self.lowest, self.statuses = since, lowest, statuses
        self.ladder = [one.key for one in book.funnel.ladder]
        # What is lost goes first, whoever says so.
        self.off = [*dict.fromkeys(["lost", *(one.key for one in book.funnel.detours)])]
        self.done: list[list[Any]] = []
        self.now: list[Any] | None = None
        self.owned: set[Any] = set()
        self.was_target = False
        self.stood: dict[Any, Any] = {}

    def told(self) -> list[tuple[Any, ...]]:
        """The journeys, the last of which may go on."""
        found = self.done if self.now is None else [*self.done, self.now]
        return [
            (self.about, number, tuple(days), frozenset(imputed), why, day)
            for number, (days, imputed, why, day) in enumerate(found, 1)
        ]

    def touched(self, day: date, least: str) -> tuple[bool, bool]:
        """Whether a touch of the day came so far: one about the product, and one about none."""
        come = {
            kind: status is not None and ORDER.index(status) >= ORDER.index(least)
            for kind, status in self.statuses.items()
        }
        found = [
            one
            for one in self.account.activities
            if day_in(self.book.zone, one.at) == day
            and come.get(one.kind, ORDER.index(least) <= ORDER.index("delivered"))
        ]
        own = any(self.about in (None, *one.product_ids) for one in found)
        return own, any(not one.product_ids for one in found)

    def is_worked(self, stage: str | None) -> bool:
        """Whether somebody who stands there is pursued."""
        return stage in self.ladder[1:-1]

    def see(self, day: date, told: Any, stages: Mapping[Any, Any]) -> None:
        """One day later."""
        mine = (*told.tiers,) if self.about is None else (self.about,)
        target = day >= self.since and any(
            told.tiers[p].value.number <= self.lowest
            and told.white_space[p].value.key != "not_eligible"
            for p in mine
        )
        owned = {p for p in mine if p in told.owned}
        gained, self.owned = owned - self.owned, owned
        deals = [one for one in self.account.deals if self.about in (None, *products_of(one))]
        opens = {one: day_in(self.book.zone, one.opened_at) for one in deals}
        ends = {
            one: max(opens[one], day_in(self.book.zone, one.closed_at))
            for one in deals
            if one.closed_at is not None
        }
        opened = [one for one in deals if opens[one] == day]
        still_open = [one for one in deals if opens[one] <= day < ends.get(one, date.max)]
        won = [one for one in deals if ends.get(one) == day and one.status == "won"]
        lost = [one for one in deals if ends.get(one) == day and one.status == "lost"]
        wins = len(won) + bool(gained - {p for one in won for p in products_of(one)})
        here = {key: one for key, one in stages.items() if self.about in (None, key[1])}
        worked = [key for key, one in here.items() if self.is_worked(one)]
        before, self.stood = self.stood, here
        started = any(not self.is_worked(before.get(key)) for key in worked)
        ended = ["lost" for _ in lost]
        by_history = False
        for key, one in here.items():
            if one == before.get(key) or self.is_worked(one):
                continue
            if one == self.ladder[-1]:
                by_history = True
            elif self.is_worked(before.get(key)):
                ended.append(one)
            elif key not in before and one not in self.ladder:
                started = True
                ended.append(one)
        own, wide = self.touched(day, "delivered")
        came = target and not self.was_target
        begins = started or opened or wins or (came and not owned)
        if self.now is None and not self.done:
            begins = begins or came or own
        if begins or self.now is not None:
            seen = {self.place(here[key]) for key in worked}
            seen |= {TARGET} if target else set()
            seen |= {REACHED} if own or wide or started else set()
            seen |= {ENGAGED} if any(self.touched(day, "interacted")) else set()
            seen |= {SAL} if opened or still_open else set()
            if seen or not wins:
                self.go(day, seen)
        shown = {TARGET} if target else set()
        sales = wins or int(by_history and not owned)
        for number in range(sales):
            self.go(day, {*shown, WON, SAL} if number < len(won) else {*shown, WON})
        if sales and still_open:
            self.go(day, {*shown, SAL})
        if not sales and self.now is not None and not worked and not still_open:
            if ended:
                ranks = {key: place for place, key in enumerate(self.off)}
                self.leave(min(ended, key=lambda one: ranks.get(one, len(ranks))), day)
            elif self.was_target and not target:
                self.leave("not_target", day)
        self.was_target = target

    def place(self, stage: str) -> int:
        """The step that a stage shows."""
        height = self.ladder.index(stage)
        if height >= self.ladder.index("sal"):
            return SAL
        return MQL if height >= self.ladder.index("mql") else REACHED

    def go(self, day: date, seen: set[int]) -> None:
        """On to the furthest step; the last one is the end."""
        self.now = self.now or [[], set(), None, None]
        days, imputed = self.now[:2]
        for step in range(len(days), max(seen, default=0) + 1):
            days.append(day)
            if step not in seen and step < max(seen, default=0):
                imputed.add(step)
        if len(days) == WON + 1:
            self.leave(None, None)

    def leave(self, why: str | None, day: date | None) -> None:
        """Off the course, or at its end."""
        assert self.now is not None
        self.done.append([*self.now[:2], why, day])
        self.now = None


def products_of(deal: mf.Deal) -> set[Any]:
    """The products of a deal."""
    return {line.product_id for line in deal.lines}
