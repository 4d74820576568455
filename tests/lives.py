"""Leads as they live: tallies, the engine's answers and the gate together, beside naive models.

The models are those of `tests.tallies` (a list of all that was ever told), `tests.oracle_leads`
(the semantics by enumeration) and `tests.lifecycle` (the gate by trying all ways). What is here
hands each step to both sides, keeps the records, and compares.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from attrs import define, evolve, field

import mpfunnel as mf
from mpfunnel.engagement import Tally
from tests.lifecycle import CAUSES, Pair, Plan, hour
from tests.oracle_leads import Oracle
from tests.tallies import Naive as NaiveTally
from tests.tallies import Said

__all__ = ["KINDS", "LEADS", "PRODUCTS", "World", "disagreement"]

PRODUCTS = ("crm", "ma")
KINDS = ("demo_request", "webinar_attended", "page_view", "careers_page", "unheard of")
LEADS = (1, 2, 3)
BOOK = mf.starter(PRODUCTS, zone="UTC")
ENGINE = mf.Engine(BOOK)
FUNNEL = BOOK.funnel
PLAN = Plan(
    [stage.key for stage in FUNNEL.ladder],
    [stage.key for stage in FUNNEL.detours],
    [],
    ["customer", "lost", "dormant"],
    None,
)
SAID = ("accepted", "qualified", "recycled", "disqualified")


def hours(at: datetime) -> int:
    """The hour of an instant, counted from the start."""
    return (at - hour(0)) // timedelta(hours=1)


@define
class Life:
    """One person: what is kept of it, and what the models say."""

    pair: Pair
    tallies: dict[str, Tally] = field(factory=lambda: dict.fromkeys(PRODUCTS, Tally()))
    naive: dict[str, NaiveTally] = field(factory=lambda: {one: NaiveTally() for one in PRODUCTS})
    activities: list[mf.Activity] = field(factory=list[mf.Activity])
    events: list[mf.SalesEvent] = field(factory=list[mf.SalesEvent])
    deals: list[mf.Deal] = field(factory=list[mf.Deal])
    news: list[int] = field(factory=list[int])
    """The hours of the records that came in since the lead was reconciled."""


class World:
    """Some leads, on one clock that counts hours."""

    def __init__(self) -> None:
        self.now = 0
        self.lives = {lead: Life(Pair(lead, PLAN, FUNNEL)) for lead in LEADS}
        self.deals = 0

    def life(self, number: int) -> Life:
        """One of the leads that are left."""
        return [*self.lives.values()][number % len(self.lives)]

    # -- what happens --

    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.now += hours

    def record(
        self, number: int, kind: str, about: str | None, activity: int, ago: int, times: int = 1
    ) -> None:
        """The lead does something, and the CRM is told of it: late, twice, or in contradiction."""
        life = self.life(number)
        at = self.now - 24 * ago
        day = hour(at).date()
        # Which product an id is about is never in doubt.
        activity_id = 10 * activity + (0 if about is None else 1 + PRODUCTS.index(about))
        said = Said(activity_id, kind, day, about is None)
        noon = datetime.combine(day, time(12), hour(0).tzinfo)
        lead = life.pair.model.lead
        one = mf.Activity(activity_id, lead, kind, noon, () if about is None else (about,))
        for _ in range(times):
            for product in PRODUCTS if about is None else (about,):
                before = life.tallies[product]
                after, outcome = said.told(before)
                assert outcome == life.naive[product].hear(said)
                assert after.merge(before) == before.merge(after) == after
                life.tallies[product] = after
            life.activities.append(one)
        life.news.append(min(self.now, at - at % 24 + 12))

    def forget(self, number: int, ago: int) -> None:
        """Let go of what is old."""
        life, day = self.life(number), hour(self.now - 24 * ago).date()
        for product in PRODUCTS:
            life.tallies[product] = life.tallies[product].forget_before(day)
            life.naive[product] = life.naive[product].with_forgotten(day)

    def say(self, number: int, kind: Any, about: str | None) -> None:
        """Sales decide something about the lead."""
        life = self.life(number)
        reason = "timing" if kind == "recycled" else None
        lead = life.pair.model.lead
        life.events.append(mf.SalesEvent(lead, kind, hour(self.now), about, reason=reason))
        life.news.append(self.now)

    def open(self, number: int, about: str) -> None:
        """A deal is opened."""
        life, self.deals = self.life(number), self.deals + 1
        life.deals.append(
            mf.Deal(
                self.deals,
                0,
                hour(self.now),
                [mf.DealLine(about)],
                lead_id=life.pair.model.lead,
            )
        )
        life.news.append(self.now)

    def close(self, number: int, status: Any) -> None:
        """The deal that has been open longest is won or lost."""
        life = self.life(number)
        for place, deal in enumerate(life.deals):
            if deal.status == "open":
                closed = evolve(deal, status=status, closed_at=hour(self.now))
                life.deals[place] = closed
                life.news.append(self.now)
                break

    def move(
        self, number: int, to: str, cause: str, reason: str | None, about: tuple[Any, ...]
    ) -> None:
        """Somebody asks the gate; it may refuse."""
        self.life(number).pair.move(to, self.now, cause, reason, about)

    def reconcile(self, number: int) -> None:
        """The facts ask the gate."""
        life, as_of = self.life(number), hour(self.now)
        account = self.account(life)
        (lead,) = account.leads
        stage = ENGINE.stage_for(account, lead.id, as_of=as_of)
        decision, products, *_ = Oracle(BOOK, account, as_of.date()).answer(lead).furthest
        assert stage.value.key == decision.value.key
        assert stage.for_products == products
        wins = [(one.product_id, hours(one.since), one.stage.key) for one in stage.wins]
        for about in (*PRODUCTS, None):
            days = sorted({at - at % 24 for at in self.won(life, about)})
            told = [since for product, since, _ in wins if product == about]
            # Of the whole firm there may be no pursuit that could be won.
            assert told == days[-1:] if about else set(told) <= set(days)
        new = max(life.news, default=None)
        life.news.clear()
        times = [one.at for one in life.activities] + [one.at for one in life.events]
        times += [one.closed_at or one.opened_at for one in life.deals]
        late = max(map(hours, times), default=0)
        life.pair.settle(stage, wins, self.now, new, late)

    def merge(self, number: int, other: int) -> None:
        """Two leads turn out to be one person."""
        if len(self.lives) < 2:
            return
        one = self.life(number)
        rest = [life for life in self.lives.values() if life is not one]
        gone = rest[other % len(rest)]
        for product in PRODUCTS:
            merged = one.tallies[product].merge(gone.tallies[product])
            assert merged == gone.tallies[product].merge(one.tallies[product])
            one.tallies[product] = merged
            one.naive[product] = one.naive[product].with_other(gone.naive[product])
        one.pair.merge(gone.pair, self.now)
        self.lives = {key: life for key, life in self.lives.items() if life is not gone}
        lead = one.pair.model.lead
        for name in ("activities", "events", "deals"):
            records = (*getattr(one, name), *getattr(gone, name))
            setattr(one, name, [evolve(record, lead_id=lead) for record in records])
        one.news += gone.news

    # -- what must hold --

    def won(self, life: Life, about: str | None) -> list[int]:
        """The hours at which a product, or anything, was won."""
        return [
            hours(deal.closed_at)
            for deal in life.deals
            if deal.status == "won" and deal.closed_at is not None
            if about in (None, deal.lines[0].product_id)
        ]

    def account(self, life: Life) -> mf.Account:
        """The records of one lead."""
        lead = mf.Lead(life.pair.model.lead)
        return mf.Account(None, [lead], life.activities, life.deals, sales_events=life.events)

    def agree(self) -> None:
        """Compare all that is kept with the models."""
        day = hour(self.now).date()
        for life in self.lives.values():
            life.pair.agree()
            account = self.account(life)
            lead = account.leads[0]
            for product in PRODUCTS:
                tally, naive = life.tallies[product], life.naive[product]
                assert naive.differences(tally, BOOK.engagement[product], day) == []
                if tally.kept_since is None:
                    said = ENGINE.engagement_for(account, lead.id, product, as_of=day)
                    assert said.score == tally.at(BOOK.engagement[product], day)


def live(seed: int, steps: int = 25) -> None:
    """Take some leads through random steps.

    Raises:
        AssertionError: The library and the models disagree.
    """
    random = Random(seed)
    world = World()
    for _ in range(steps):
        number = random.randrange(6)
        about = random.choice((*PRODUCTS, None))
        match random.randrange(12):
            case 0 | 1:
                world.wait(random.choice((1, 24, 24 * 30, 24 * 95, 24 * 200)))
            case 2 | 3:
                kind = random.choice(KINDS)
                ago = random.choice((0, 0, 1, 40))
                world.record(number, kind, about, random.randrange(4), ago, random.choice((1, 2)))
            case 4:
                world.forget(number, random.choice((0, 1, 30)))
            case 5:
                world.say(number, random.choice(SAID), about)
            case 6:
                world.open(number, random.choice(PRODUCTS))
            case 7:
                world.close(number, random.choice(("won", "lost")))
            case 8:
                to = random.choice((*PLAN.ladder, *PLAN.aside))
                reason = random.choice((None, "timing"))
                given = () if about is None else (about,)
                world.move(number, to, random.choice(CAUSES), reason, given)
            case 9 if random.random() < 0.3:
                world.merge(number, random.randrange(6))
            case _:
                world.reconcile(number)
        world.agree()


def disagreement(seeds: range) -> str | None:
    """What is otherwise than the models say, in any of many runs."""
    for seed in seeds:
        try:
            live(seed)
        except (Exception, pytest.fail.Exception) as error:
            return f"seed {seed}: {error!r}"
    return None
