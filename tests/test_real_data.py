"""Real files, from the export to the answers: everything is accounted for and adds up."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.examples import playbook
from mpfunnel.sources import Records


class Answered(NamedTuple):
    """What was read of a data set, and what the playbook of the same name says of it."""

    engine: mf.Engine
    records: Records
    accounts: list[mf.Account]
    answers: list[mf.Assessment]


def answered(name: str, folder: Path, as_of: date) -> Answered:
    """Read a folder by the shipped mapping and assess every account by the shipped playbook."""
    records = sources.read(name, folder)
    engine = mf.Engine(playbook(name))
    found = list(
        mf.accounts(
            companies=records.companies,
            leads=records.leads,
            activities=records.activities,
            deals=records.deals,
            contracts=records.contracts,
            sales_events=records.sales_events,
        )
    )
    return Answered(engine, records, found, [engine.assess(a, as_of=as_of) for a in found])


def raw_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, read without mpfunnel."""
    raw = path.read_bytes()
    text = gzip.decompress(raw) if path.suffix == ".gz" else raw
    return list(csv.DictReader(text.decode("utf-8").splitlines()))


# -- companies and deals: Maven --

YEAR_END = date(2017, 12, 31)


@pytest.fixture(scope="module")
def maven(shared_data: Path) -> Answered:
    """The CRM of Maven Analytics at the end of 2017."""
    return answered("maven", shared_data / "maven_crm", YEAR_END)


def test_maven_is_read_whole(maven: Answered) -> None:
    """Law 7: Nothing is lost: 85 companies, 7 products; 8,800 deals = used + rejected by reason."""
    records = maven.records
    assert (len(records.companies), len(records.products)) == (85, 7)
    assert {product.id for product in records.products} == {
        product.id for product in maven.engine.playbook.products
    }
    (count,) = [count for count in records.counts if count.table == "deals"]
    assert count.rows == 8_800 == count.used + count.collapsed + count.rejected
    assert Counter(reject.reason for reject in records.rejects) == {
        "account: is blank; deals need company_id": 1_425,
        "engage_date: is blank; deals need opened_at": 163,
    }
    assert (count.used, count.collapsed) == (8_800 - 1_425 - 163, 0)


def test_every_deal_of_maven_reaches_its_company(maven: Answered) -> None:
    """Law 7: Nothing is lost: each used deal is in one account, and no account rejects any."""
    assert len(maven.answers) == 85
    in_accounts = Counter(deal.id for account in maven.accounts for deal in account.deals)
    assert in_accounts == Counter(deal.id for deal in maven.records.deals)
    assert max(in_accounts.values()) == 1
    assert not any(answer.rejects for answer in maven.answers)


def test_the_alias_of_a_product_makes_the_difference(maven: Answered, shared_data: Path) -> None:
    """With it no row is rejected for its product; without it 1,480 are, with the nearest name."""
    assert not any("GTX" in reject.reason for reject in maven.records.rejects)
    data = sources.load("maven").to_data()
    del data["deals"]["fields"]["product_id"]["values"]
    without = sources.read(data, shared_data / "maven_crm")
    found = Counter(r.reason for r in without.rejects if r.code == "unknown-product")
    assert found == {"product 'GTXPro': no such product; did you mean 'GTX Pro'?": 1_480}


def test_the_tiers_of_maven_count_the_large_companies(maven: Answered) -> None:
    """27 companies have 5,000 employees, 22 the revenue, 21 both: alike for all seven products."""
    for product in maven.engine.playbook.products:
        tiers = [answer.tiers[product.id] for answer in maven.answers]
        assert all(tier.settled for tier in tiers)
        rules = Counter(tier.rule for tier in tiers)
        both, heads, revenue = (rules[k] for k in ("heads-and-revenue", "heads", "revenue"))
        assert (both + heads, both + revenue, both) == (27, 22, 21)
        numbers = Counter(tier.value.number for tier in tiers)
        assert numbers == {1: 21, 2: 6, 3: 1, 4: 57}


def test_what_the_companies_of_maven_own_is_what_they_won(
    maven: Answered, shared_data: Path
) -> None:
    """Ownership agrees with a count of won rows that uses nothing of mpfunnel."""
    won: dict[str, set[str]] = {}
    for row in raw_rows(shared_data / "maven_crm" / "sales_pipeline.csv"):
        if row["deal_stage"] == "Won" and row["account"]:
            product = {"GTXPro": "GTX Pro"}.get(row["product"], row["product"])
            won.setdefault(row["account"], set()).add(product)
    assert {answer.company_id: set(answer.owned) for answer in maven.answers} == won
    # Everything was won by somebody, so that this says something.
    assert {len(owned) for owned in won.values()} == {6, 7}


def test_every_segment_of_maven_is_settled(maven: Answered) -> None:
    """No company lacks employees or revenue; all four sizes occur."""
    assert all(answer.segment.settled for answer in maven.answers)
    found = Counter(answer.segment.value.key for answer in maven.answers)
    assert found.total() == 85
    assert set(found) == {"enterprise", "large", "mid_market", "small"}


# -- people and activities: a web shop --

HALF_YEAR = date(2024, 6, 30)


@pytest.fixture(scope="module")
def shop(shared_data: Path) -> Answered:
    """The web shop on the day after its last event."""
    return answered("retentioneering", shared_data / "retentioneering_ecom", HALF_YEAR)


def test_the_shop_is_read_whole(shop: Answered) -> None:
    """Law 7: Nothing is lost: used + collapsed + rejected = 31,106; 30 rows stand there twice."""
    (count,) = [count for count in shop.records.counts if count.table == "activities"]
    assert count.rows == 31_106 == count.used + count.collapsed + count.rejected
    assert (count.used, count.collapsed, count.rejected) == (31_076, 30, 0)
    assert len(shop.records.leads) == 600
    assert not any(answer.rejects for answer in shop.answers)


def test_the_playbook_of_the_shop_names_every_kind_of_event(shop: Answered) -> None:
    """Nineteen kinds, none forgotten and none invented."""
    kinds = {activity.kind for activity in shop.records.activities}
    (model,) = shop.engine.playbook.engagement.values()
    assert len(kinds) == 19
    assert {signal.kind for signal in model.signals} == kinds


def test_each_lead_of_the_shop_has_a_stage_and_engagement(shop: Answered) -> None:
    """600 people without company: each has a stage and a state, and each stage is in use."""
    (answer,) = shop.answers
    assert (answer.company_id, answer.segment.value.key) == (None, "unmatched")
    leads = list(answer.leads.values())
    assert len(leads) == 600
    assert all(list(lead.engagement) == ["shop"] for lead in leads)
    assert all(lead.stage.settled and lead.stage.value.key != "known" for lead in leads)
    stages = {lead.stage.value for lead in leads}
    funnel = shop.engine.playbook.funnel
    assert stages == {*funnel.ladder, *funnel.detours} - {funnel.rules.otherwise}
    states = {lead.engagement["shop"].value.key for lead in leads}
    assert states == {"aware", "interested", "high_interest", "dormant"}


def test_who_bought_lately_is_a_customer_of_the_shop(shop: Answered, shared_data: Path) -> None:
    """The stage agrees with a count of purchases that uses nothing of mpfunnel."""
    rows = raw_rows(shared_data / "retentioneering_ecom" / "ecom.csv.gz")
    bought = {
        row["user_id"]
        for row in rows
        if row["event"] == "purchase"
        and (HALF_YEAR - date.fromisoformat(row["timestamp"][:10])).days < 60
    }
    (answer,) = shop.answers
    found = {lead.id for lead in answer.leads.values() if lead.stage.value.key == "customer"}
    assert found == bought
    assert len(bought) > 100


_TOTAL = re.compile(r"^engagement score: (-?[\d.]+) points$")
_PART = re.compile(r"^  (\S.*): (-?[\d.]+) points(?: \(.*capped at (\d+)\))?$")
_ACTIVITY = re.compile(
    r"^    (\d{4}-\d\d-\d\d) \((\d+) days? ago\): (-?\d+) × ([\d.]+)(?: × ([\d.]+) \(whole firm\))?"
    r" = (-?[\d.]+)$"
)


class Told(NamedTuple):
    """One kind of activity, as the explanation tells it."""

    label: str
    points: Decimal
    cap: str | None
    lines: list[re.Match[str]]


def score_told(text: str) -> tuple[Decimal, list[Told]]:
    """Return the total and the parts of a score, from the lines of an explanation."""
    lines = text.splitlines()
    start = next(index for index, line in enumerate(lines) if _TOTAL.match(line))
    total = _TOTAL.match(lines[start])
    assert total
    parts: list[Told] = []
    for line in lines[start + 1 :]:
        if activity := _ACTIVITY.match(line):
            parts[-1].lines.append(activity)
        else:
            part = _PART.match(line)
            assert part, line
            parts.append(Told(part[1], Decimal(part[2]), part[3], []))
    return Decimal(total[1]), parts


def events_of(rows: Iterable[dict[str, str]], user: str) -> Counter[tuple[str, date]]:
    """Return how often a user did what on which day; equal rows count once."""
    once = {tuple(row.items()) for row in rows if row["user_id"] == user}
    return Counter(
        (row["event"], date.fromisoformat(row["timestamp"][:10]))
        for row in (dict(items) for items in once)
    )


@pytest.mark.parametrize("user", ["user_0007", "user_0231", "user_0503"])
def test_the_explanation_of_one_lead_adds_up_by_hand(
    shop: Answered, shared_data: Path, user: str
) -> None:
    """Law 3: Reasons add up: lines to parts, parts to the score, and the lines to the file."""
    (account,) = shop.accounts
    text = shop.engine.explain("engagement", account, user, "shop", as_of=HALF_YEAR)
    total, parts = score_told(text)
    (model,) = shop.engine.playbook.engagement.values()
    signals = {signal.label.en: signal for signal in model.signals}
    told: Counter[tuple[str, date]] = Counter()
    for part in parts:
        added = Decimal(0)
        for line in part.lines:
            day, age, points, left, weight, product = line.groups()
            # Two to the power of minus age over half-life, in thousandths.
            assert Decimal(left) == Decimal(round(1_000 * 2 ** (-int(age) / 14))) / 1_000
            assert (HALF_YEAR - date.fromisoformat(day)).days == int(age)
            assert int(points) == signals[part.label].points
            assert Decimal(points) * Decimal(left) * Decimal(weight or 1) == Decimal(product)
            told[signals[part.label].kind, date.fromisoformat(day)] += 1
            added += Decimal(product)
        assert part.points == (added if part.cap is None else min(added, Decimal(part.cap)))
        assert part.cap is None or int(part.cap) == signals[part.label].cap
    assert sum((part.points for part in parts), Decimal(0)) == total
    (answer,) = shop.answers
    assert answer.leads[user].engagement["shop"].score.points == total
    # Each event of the file that is worth anything has its line, and no line is invented.
    worthless = {signal.kind for signal in model.signals if not signal.points}
    rows = raw_rows(shared_data / "retentioneering_ecom" / "ecom.csv.gz")
    real = events_of(rows, user)
    assert told == Counter({at: n for at, n in real.items() if at[0] not in worthless})
    assert parts


def test_interest_in_the_shop_fades_day_by_day(shop: Answered) -> None:
    """Law 6: Interest only fades: without new events no score rises."""
    (account,) = shop.accounts
    leads = account.leads[:20]
    some = {lead.id for lead in leads}
    few = mf.Account(None, leads, [a for a in account.activities if a.lead_id in some])
    days = [date(2024, 6, 30), date(2024, 7, 1), date(2024, 7, 14), date(2024, 9, 1)]
    scores = [
        {
            lead.id: lead.engagement["shop"].score.micro if lead.engagement else 0
            for lead in shop.engine.assess(few, as_of=day).leads.values()
        }
        for day in days
    ]
    for earlier, later in pairwise(scores):
        assert all(later[lead] <= earlier[lead] for lead in earlier)
    assert sum(scores[-1].values()) < sum(scores[0].values())


def test_rows_of_real_answers_are_flat(maven: Answered, shop: Answered) -> None:
    """Every row of a table has the same columns, and values that a file can hold."""
    counts: dict[str, int] = {}
    for data in (maven, shop):
        tables: dict[str, list[dict[str, Any]]] = {}
        for answer in data.answers:
            for name, rows in answer.rows().items():
                tables.setdefault(name, []).extend(rows)
        for name, rows in tables.items():
            counts[name] = counts.get(name, 0) + len(rows)
            assert len({tuple(row) for row in rows}) <= 1
            assert {type(value) for row in rows for value in row.values()} <= {
                *(str, int, bool, date, type(None)),
            }
    assert counts == {
        **{"companies": 85, "tiers": 85 * 7, "company_products": 85 * 7},
        **{"leads": 600, "engagement": 600, "plays": 0, "rejects": 0, "by_hand": 0},
    }
