"""Campaigns on whole tables: the same results as of one account after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, get_args

import pytest
from attrs import evolve, field, frozen

import mpfunnel as mf
from mpfunnel.engine import Engine
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.money import FxRate, FxTable
from mpfunnel.flow.campaigns.outcomes import CampaignResults
from mpfunnel.flow.campaigns.reckoning import Reckoning
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.campaigns.results import COST_BASIS, campaign_results, checked_terms
from mpfunnel.flow.campaigns.touches import TouchStatus
from mpfunnel.flow.tables.campaigns import count_campaigns, count_touches, touches_of
from mpfunnel.frames.kinds import Workshop
from mpfunnel.frames.population import Population
from tests.campaign_worlds import (
    DAY,
    HORIZONS,
    MEETINGS,
    PLAYBOOK,
    STATUSES,
    after,
    at,
    company,
    did,
    spent,
    won,
)
from tests.frames import KINDS, draw_records, rows_of, tables_of
from tests.leads import BOOKS, book_of, draw_as_of, engine_of

KEPT = {"activities": ("kind", "at_day", "campaign_id"), "deals": ("amount", "currency")}
# Where planning alone takes long, one world shows the kind; the rest is for the bulk run.
SLOW = ("DuckDB", "Ibis on DuckDB")
CASES = [("Polars", number) for number in range(2 * BOOKS)]
CASES += [(kind, place) for place, kind in enumerate(KINDS) if kind not in ("Polars", *SLOW)]
BULK = [
    pytest.param(kind, number, marks=pytest.mark.bulk) for kind in SLOW for number in range(BOOKS)
]
TACTICS = ("email", "email", "social", "educational_content", "personal_selling")
Rejects = set[tuple[str, str, str]]


@frozen
class Told:
    """What tables tell of campaigns.

    Attributes:
        results: The results.
        rejects: Table, id and code of what could not be used.
        reasons: Why.
        touches: By campaign, the touches of a period.
    """

    results: CampaignResults
    rejects: Rejects
    reasons: set[str]
    touches: Mapping[Any, int]


@frozen
class Asked:
    """What is asked of objects and tables alike."""

    engine: Engine
    book: CampaignBook
    as_of: date
    fx: FxTable | None = None
    settings: Mapping[str, Any] = field(factory=dict[str, Any])
    period: tuple[date, date] = (date.min, date.max)

    def of(self, given: Iterable[mf.Account]) -> CampaignResults:
        """The results of accounts."""
        playbook = self.engine.playbook
        return campaign_results(
            playbook, self.book, given, as_of=self.as_of, fx=self.fx, **self.settings
        )

    def of_tables(self, given: Mapping[str, Any]) -> Told:
        """The results of tables."""
        population = Population(
            self.engine,
            Workshop.of(given),
            given,
            as_of=self.as_of,
            lang="en",
            possible=False,
            dense=False,
            kept=KEPT,
        )
        sorting = population.sorting
        facts = sorting.of_leads(population.facts)
        own = {"meetings": (), "fx": self.fx, "min_n": 30, **self.settings}
        terms = checked_terms(self.engine.playbook, self.book, as_of=self.as_of, **own)
        touches = touches_of(facts, sorting, self.book, terms.statuses)
        found = count_campaigns(touches, facts, sorting, self.book, terms)
        fx = self.fx or FxTable(self.engine.playbook.currency)
        reckoning = Reckoning(
            self.book, terms, found.counted, found.credits, fx, COST_BASIS, own["min_n"]
        )
        rejects = [
            row for frame in population.door.rejects for row in population.task.workshop.rows(frame)
        ]
        return Told(
            reckoning.results(()),
            {(row["table"], row["id"], row["code"]) for row in rejects},
            {row["reason"] for row in rejects},
            count_touches(touches, sorting, self.book, *self.period),
        )


def differences(asked: Asked, records: Mapping[str, Iterable[Any]], told: Told) -> list[str]:
    """Where tables say other than objects do."""
    said = asked.of(mf.accounts(**records))
    found = [
        f"{row.about} {row.key} {name}: {other.measures[name]} instead of {measure}"
        for row, other in zip(said.rows, told.results.rows, strict=True)
        for name, measure in row.measures.items()
        if other.measures[name] != measure
    ]
    found += [
        f"{row.about} {row.key}: {other.kpis} {other.goals} instead of {row.kpis} {row.goals}"
        for row, other in zip(said.rows, told.results.rows, strict=True)
        if (row.kpis, row.goals) != (other.kpis, other.goals)
    ]
    if said.uncredited != told.results.uncredited:
        found.append(f"uncredited: {told.results.uncredited} instead of {said.uncredited}")
    rejects = {
        (one.table, str(one.id), one.code)
        for one in said.rejects
        if one.table in ("activities", "deals")
    }
    others = {one for one in told.rejects if one[0] in ("activities", "deals")}
    found += [f"rejects: lacks {one}" for one in rejects - others]
    found += [f"rejects: {one} is too many" for one in others - rejects]
    return found


# -- drawn worlds --


def draw_campaigns(random: Random, book: mf.Playbook, as_of: date) -> CampaignBook:
    """Some campaigns, for products and for the firm, of tactics that are alone or several."""
    products = [one.id for one in book.products]
    ids = random.choice(([1, 2, 3, 4, 5, 6], ["か\u3099", "が", "A'", "a", "Z", "\\"], ["b", 2, 3]))
    campaigns = [
        Campaign(
            one,
            random.choice(TACTICS),
            as_of - timedelta(300),
            product_id=random.choice((None, *products)),
            goals={"response": Decimal("0.5")},
        )
        for one in ids[: random.choice((0, 1, len(ids), len(ids)))]
    ]
    spends = [
        Spend(as_of - timedelta(random.randrange(60)), random.randrange(999), campaign_id=one.id)
        for one in campaigns
    ]
    return CampaignBook(campaigns, spends)


def draw_world(random: Random, number: int) -> tuple[Asked, dict[str, list[Any]]]:
    """A question, and the records, with touches and deals close to each other."""
    book, as_of = book_of(number % BOOKS), draw_as_of(random)
    records = draw_records(random, book, as_of, 15)
    campaigns = draw_campaigns(random, book, as_of)
    of_book = [one.id for one in campaigns.campaigns]
    kind_of_id: type = str if of_book and type(of_book[0]) is str else int
    known: list[Any] = [one for one in of_book if type(one) is kind_of_id]
    strange = "nobody@example.com" if kind_of_id is str else 99
    ids = [None, *known, *known, *known, strange]
    drawn: dict[Any, Any] = {}
    for one in records["activities"]:
        drawn.setdefault(one, evolve(one, campaign_id=random.choice(ids)))
    records["activities"] = [drawn[one] for one in records["activities"]]
    kinds = ["sent", "open", "click", "meeting", "reply", "never stated"]
    products = [one.id for one in book.products]
    noon = datetime.combine(as_of, time(12), UTC)

    def instant(days: int) -> datetime:
        # Few of them, so that several things happen within one.
        return noon - timedelta(days, hours=random.choice((0, 0, 9, 12)))

    begin = random.choice((15, 40))
    for place in range(random.choice((0, 120, 200))):
        if records["leads"]:
            sets = [(), (), *((one,) for one in products), tuple(products)]
            # Numbers written as text are in another order than numbers.
            one = mf.Activity(
                random.choice(("z", "Z", "あ", "")) + str(place),
                random.choice(records["leads"]).id,
                random.choice(kinds),
                instant(random.randrange(-1, begin)),
                random.choice(sets),
                random.choice(ids),
            )
            records["activities"] += [one] * random.choice((1, 1, 2))
    if any(type(one.id) is int for one in records["activities"]):
        records["activities"] = [evolve(one, id=str(one.id)) for one in records["activities"]]
    deals: dict[Any, mf.Deal] = {one.id: one for one in records["deals"]}
    for place in range(random.choice((0, 30, 50))):
        if records["companies"]:
            owner = random.choice(records["companies"])
            owner = owner.company if isinstance(owner, mf.CompanyHistory) else owner
            opened = instant(random.randrange(-1, begin))
            status = random.choice(("won", "won", "lost", "open"))
            closed = opened + timedelta(random.randrange(-2, 9))
            about = random.sample(products, random.randrange(len(products) + 1))
            deals[f"own {place}"] = mf.Deal(
                f"own {place}",
                owner.id,
                opened,
                [mf.DealLine(one) for one in about],
                status=status,
                closed_at=None if status == "open" else closed,
            )
    amounts = (
        random.choice((None, 1)),
        0,
        7,
        Decimal("0.01"),
        Decimal("1234567890.12"),
        Decimal("-3.50"),
    )
    records["deals"] = [
        evolve(
            one,
            id=str(one.id),
            lines=[evolve(line, amount=None) for line in one.lines],
            amount=random.choice(amounts),
            currency=random.choice((None, None, None, "JPY", "USD", random.choice(("USD", "XXX")))),
        )
        for one in deals.values()
    ]
    statuses: dict[str, TouchStatus | None] = {
        kind: random.choice((None, *get_args(TouchStatus)))
        for kind in sorted({one.kind for one in records["activities"]})
        if random.random() < 0.8
    }
    statuses |= {"sent": "sent", "open": "delivered", "click": "interacted", "reply": "engaged"}
    settings = {
        "statuses": statuses,
        "meetings": random.choice((("meeting",), ("meeting", "page_view"), ())),
        "horizons": {
            "upstream": random.choice((1, 3, 30)),
            "downstream": random.choice((1, 2, 10)),
        },
        "look_back_days": random.choice((0, 1, 5, 365)),
        "min_n": 1,
    }
    rates = [FxRate("USD", Decimal("151.235"), as_of - timedelta(20), None)]
    period = (as_of - timedelta(random.randrange(20)), as_of)
    fx = FxTable(book.currency, rates)
    return Asked(engine_of(number % BOOKS), campaigns, as_of, fx, settings, period), records


@pytest.mark.parametrize(("kind", "number"), [*CASES, *BULK])
def test_tables_tell_what_accounts_tell(kind: str, number: int) -> None:
    """Law 1: the figures of every campaign, tactic and motion, the credits, and the rejects."""
    random = Random(f"{kind} {number}")
    asked, records = draw_world(random, number)
    tables = tables_of(records, asked.engine)
    told = asked.of_tables(KINDS[kind](tables))
    assert differences(asked, records, told) == []
