"""Campaigns on whole tables: the same results as of one account after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, get_args

import pyarrow as pa
import pytest
from attrs import evolve, field, frozen

import mpfunnel as mf
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.engine import Engine
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.money import FxRate, FxTable
from mpfunnel.flow.campaigns.outcomes import CampaignResults
from mpfunnel.flow.campaigns.reckoning import Reckoning
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.campaigns.results import (
    COST_BASIS,
    LOOK_BACK_DAYS,
    campaign_results,
    checked_terms,
)
from mpfunnel.flow.campaigns.touches import TouchStatus
from mpfunnel.flow.tables.campaigns import count_campaigns, count_touches, touches_of
from mpfunnel.frames.kinds import Workshop
from mpfunnel.frames.population import Population
from mpfunnel.situation import situation
from tests.campaign_worlds import (
    DAY,
    HORIZONS,
    MEETINGS,
    PLAYBOOK,
    STATUSES,
    after,
    at,
    did,
    spent,
    won,
)
from tests.frames import KINDS, draw_records, tables_of
from tests.leads import BOOKS, book_of, draw_as_of, engine_of

KEPT = {"activities": ("kind", "at_day", "campaign_id"), "deals": ("amount", "currency")}
# Where planning alone takes long, the small world shows the kind; the rest is for the bulk run.
SLOW = ("DuckDB", "Ibis on DuckDB")
CASES = [("Polars", number) for number in range(2 * BOOKS)]
CASES += [(kind, place) for place, kind in enumerate(KINDS) if kind not in ("Polars", *SLOW)]
BULK = [
    pytest.param(kind, number, marks=pytest.mark.bulk) for kind in SLOW for number in range(BOOKS)
]
TACTICS = ("email", "email", "social", "educational_content", "personal_selling")
Rejects = list[tuple[str, str, str]]


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
        own = {"fx": self.fx, "look_back_days": LOOK_BACK_DAYS, **self.settings}
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
            [(row["table"], row["id"], row["code"]) for row in rejects],
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
    ids: Any = random.choice(
        ([1, 2, 3, 4, 5, 6], ["か\u3099", "が", "A'", "a", "Z", "\\"], ["b", 2, 3])
    )
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
            status: Any = random.choice(("won", "won", "lost", "open"))
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


@pytest.mark.parametrize("number", range(BOOKS))
def test_touches_of_a_period_are_counted_once(number: int) -> None:
    """Rows that stand there twice are one touch, and so are those of several products."""
    asked, records = draw_world(Random(f"touches {number}"), number)
    told = asked.of_tables(KINDS["Polars"](tables_of(records, asked.engine)))
    playbook = asked.engine.playbook
    zone = zone_for(playbook.zone)
    counts: Counter[Any] = Counter()
    for account in mf.accounts(**records):
        known = situation(
            account,
            as_of=asked.as_of,
            day_of=lambda instant: local_day(instant, zone),
            products={one.id: one for one in playbook.products},
        )
        counts.update(
            one.campaign_id
            for of_lead in known.activities.values()
            for one, day in of_lead
            if one.campaign_id in asked.book.by_id
            and asked.settings["statuses"].get(one.kind) is not None
            and asked.period[0] <= day <= asked.period[1]
        )
    assert told.touches == counts


# -- a small world --

CAMPAIGNS = (
    Campaign(1, "email", DAY),
    Campaign(2, "email", DAY, product_id="crm"),
    Campaign(3, "email", DAY, product_id="sfa"),
    Campaign(4, "social", DAY),
)
SMALL = Asked(
    mf.Engine(PLAYBOOK),
    CampaignBook(CAMPAIGNS, [spent(0, 10), spent(0, 30, 2)]),
    after(30),
    settings={"statuses": STATUSES, "meetings": MEETINGS, "horizons": HORIZONS, "min_n": 1},
    period=(after(3), after(4)),
)


def records_of(
    activities: Iterable[mf.Activity] = (), deals: Iterable[mf.Deal] = (), **others: Any
) -> dict[str, list[Any]]:
    """The records of two companies with a person each, and of a person without company."""
    return {
        "companies": [mf.Company(1), mf.Company(2)],
        "leads": [mf.Lead(1, company_id=1), mf.Lead(2, company_id=2), mf.Lead(9)],
        "activities": [*activities],
        "deals": [*deals],
        "contracts": [],
        "sales_events": [],
        **others,
    }


def results_of(records: Mapping[str, Any], asked: Asked = SMALL, kind: str = "Polars") -> Told:
    """What tables tell, which is what objects tell."""
    told = asked.of_tables(KINDS[kind](tables_of(records, asked.engine)))
    assert differences(asked, records, told) == []
    return told


def plain(told: Told, about: str, key: Any) -> dict[str, Any]:
    """Some figures of a row."""
    (row,) = (one for one in told.results.rows if (one.about, one.key) == (about, key))
    names = ("reached", "engaged", "unmatched", "meetings", "deals", "won", "won_open_before")
    figures = {name: row.measures[name].value for name in (*names, "value")}
    shares = (row.response, row.deal_conversion)
    return figures | {
        "shares": [(one.num, one.den) for one in shares],
        "acquired": row.cac.den,
        "credits": (row.first_touch.value, row.last_touch.value),
        "pending": row.deals.pending,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_world(kind: str) -> None:
    """By hand: what is of two campaigns is one of the tactic; a horizon is 5 days."""
    both = [mf.DealLine("crm"), mf.DealLine("sfa")]
    activities = [
        did(1, 1, "email_open", 3),
        did(2, 1, "reply", 4, 2),
        evolve(did(3, 1, "email_click", 4, 3), product_ids=["crm", "sfa"]),
        did(4, 2, "email_open", 26, 2),
        did(5, 9, "email_open", 3),
        did(6, 9, "email_sent", 3, 2),
        did(7, 1, "meeting", 8, None),
        did(8, 1, "meeting", 9, None),
        evolve(did(9, 1, "meeting", 9, None), product_ids=["sfa"]),
        did(10, 1, "email_bounced", 1),
    ]
    deals = [
        won(1, 1, 1, 8, 100),
        won(2, 1, 4, 9, 700, lines=both),
        won(3, 2, 4, 9, 50, lines=both),
        # Its company is not there.
        won(4, 7, 4, 9, 50, lead_id=1),
    ]
    told = results_of(records_of(activities, deals), kind=kind)
    first = {
        "reached": 1,
        "engaged": 0,
        "unmatched": 1,
        "meetings": 1,
        "deals": 1,
        "won": 1,
        "won_open_before": 1,
        "value": 100,
        "shares": [(0, 2), (1, 1)],
        "acquired": 1,
        "credits": (2, 1),
        "pending": 0,
    }
    assert plain(told, "campaign", 1) == first
    # Of two products together, one has no known worth; the tactic is about both.
    second = plain(told, "campaign", 2)
    assert (second["value"], second["meetings"], second["pending"]) == (None, 2, 1)
    email = first | {
        "reached": 2,
        "engaged": 1,
        "meetings": 2,
        "deals": 1,
        "won": 2,
        "value": 800,
        "shares": [(1, 3), (1, 1)],
        "credits": (2, 2),
        "pending": 1,
    }
    assert plain(told, "tactic", "email") == plain(told, "motion", "downstream") == email
    assert told.results.uncredited == {"first": 1, "last": 1}
    assert told.rejects == []
    assert told.touches == {1: 2, 2: 2, 3: 1}


def test_what_nobody_knows_is_told_as_it_is_of_objects() -> None:
    """Word for word, with what would have worked, and without a mail address in full."""
    book = CampaignBook([Campaign("spring", "email", DAY)])
    asked = evolve(SMALL, book=book)
    ids = ("sprin", "spring", "taro@example.com", "it's \\ か\u3099", "spring")
    kinds = ("email_open", "email_opn", "email_open", "reply", "nothing like it")
    activities = [
        mf.Activity(place, 1 + place % 2, kind, at(3), ["crm", "sfa"], one)
        for place, (one, kind) in enumerate(zip(ids, kinds, strict=True))
    ]
    records = records_of(activities)
    told = results_of(records, asked)
    said = {one.reason for one in asked.of(mf.accounts(**records)).rejects}
    assert (told.reasons, len(said)) == (said, 5)
    assert "no such campaign 'sprin'; did you mean 'spring'?" in said
    assert not any("taro" in one for one in said)
    # Each is of two products, and told once.
    assert sorted(one[1:] for one in told.rejects) == [
        (str(place), "unmapped-kind" if place in (1, 4) else "unknown-campaign")
        for place in range(5)
    ]


def test_ids_of_another_type_are_those_of_no_campaign() -> None:
    """The number 1 is not the text "1"."""
    asked = evolve(SMALL, book=CampaignBook([Campaign("1", "email", DAY)]))
    told = results_of(records_of([did(1, 1, "email_open", 3)]), asked)
    assert {one[2] for one in told.rejects} == {"unknown-campaign"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ids", [("a", "Z", "ä", "｡", "😀", "10", "9"), (9, 10, 11)])
def test_ids_set_the_order_within_one_instant(ids: tuple[Any, ...], kind: str) -> None:
    """Texts by their code points (S14), numbers by their size, then those of people."""
    book = CampaignBook([Campaign(place, "email", DAY) for place in range(len(ids) + 1)])
    least, last = min(ids), len(ids)
    # The first person has all ids but the least, the second has all.
    whose: list[tuple[Any, int, tuple[str, ...], int]]
    whose = [(one, 1, (), place) for place, one in enumerate(ids) if one != least]
    whose += [(one, 2, ("crm", "sfa"), last - (one == least)) for one in ids]
    activities = [
        mf.Activity(one, lead_id, "email_open", at(3), products, campaign_id)
        for one, lead_id, products, campaign_id in whose
    ]
    leads = [mf.Lead(number, company_id=1) for number in (1, 2)]
    records = records_of(activities, [won(1, 1, 1, 8)], leads=leads)
    told = results_of(records, evolve(SMALL, book=book), kind)
    credited = [(row.first_touch.value, row.last_touch.value) for row in told.results.campaigns]
    assert credited == [(0, 0)] * (last - 1) + [(1, 0), (0, 1)]


def test_an_instant_after_the_sale_is_too_late() -> None:
    """Credit counts instants, and looks back in whole days, the boundary included."""
    deal = won(1, 1, 1, 8)
    for hour, day, look_back in ((8, 8, 0), (9, 8, 0), (10, 8, 0), (0, 7, 0), (0, 7, 1)):
        touch = mf.Activity(1, 1, "email_open", at(day, hour), (), 1)
        asked = evolve(SMALL, settings={**SMALL.settings, "look_back_days": look_back})
        told = results_of(records_of([touch], [deal]), asked)
        late = (day, hour) > (8, 9) or 8 - day > look_back
        assert told.results.uncredited["last"] == late


TOUCHED = (did(1, 1, "email_open", 3), did(2, 1, "meeting", 4, None), did(3, 1, "fax", 4))
SOLD = (won(1, 1, 1, 8, None), won(2, 1, 4, 7, 70, currency="USD"))


@pytest.mark.parametrize(
    "left_out",
    [
        ("activities",),
        ("deals", "deal_lines"),
        ("leads", "activities"),
        ("leads",),
        ("activities", "deals", "deal_lines", "leads"),
    ],
)
def test_tables_that_are_not_there_are_as_good_as_empty(left_out: tuple[str, ...]) -> None:
    """Whatever is left out, the rest is counted."""
    records = records_of(TOUCHED, SOLD)
    tables = tables_of(records, SMALL.engine)
    given = {
        name: table
        for name, table in tables.items()
        if name not in left_out and not name.startswith("activity_")
    }
    told = SMALL.of_tables(given)
    said = SMALL.of(
        mf.accounts(**{name: [] if name in left_out else own for name, own in records.items()})
    )
    assert told.results == evolve(said, rejects=())


@pytest.mark.parametrize("columns", [["amount"], ["currency"], ["amount", "currency"]])
def test_deals_need_neither_amount_nor_currency(columns: list[str]) -> None:
    """Without an amount, nobody knows what a deal is worth; without a currency it is the firm's."""
    records = records_of(TOUCHED, SOLD)
    tables = tables_of(records, SMALL.engine)
    told = SMALL.of_tables({**tables, "deals": tables["deals"].drop_columns(columns)})
    blank: Any = dict.fromkeys(columns)
    bare = [evolve(one, **blank) for one in SOLD]
    said = SMALL.of(mf.accounts(**records_of(TOUCHED, bare)))
    assert told.results == evolve(said, rejects=())


def test_without_campaigns_in_the_table_nothing_is_touched() -> None:
    """There need be no column of campaigns; deals won are then put down to none."""
    records = records_of(TOUCHED, SOLD)
    tables = tables_of(records, SMALL.engine)
    tables["activities"] = tables["activities"].drop_columns(["campaign_id"])
    told = SMALL.of_tables(tables)
    assert told.results == SMALL.of(mf.accounts(**records_of(TOUCHED[1:2], SOLD)))
    assert (told.results.uncredited["first"], told.touches) == (2, {})


def test_products_may_stand_in_the_tables_themselves() -> None:
    """A touch or a deal of one product needs no table of products."""
    lines = {"lines": [mf.DealLine("crm")]}
    activities = [
        evolve(did(1, 1, "email_open", 3, 2), product_ids=["sfa"]),
        evolve(did(2, 1, "meeting", 4, None), product_ids=["sfa"]),
        evolve(did(3, 1, "meeting", 5, None), product_ids=["crm"]),
    ]
    deals = [won(1, 1, 4, 8, 100, **lines), won(2, 1, 4, 8, 30)]
    records = records_of(activities, deals)
    tables = tables_of(records, SMALL.engine)
    for name, products in (("activities", ["sfa", "sfa", "crm"]), ("deals", ["crm", None])):
        tables[name] = tables[name].append_column("product_id", pa.array(products))
    del tables["activity_products"], tables["deal_lines"]
    told = SMALL.of_tables(tables)
    assert told.results == SMALL.of(mf.accounts(**records))
    assert plain(told, "campaign", 2)["value"] == 100
