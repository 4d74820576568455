"""The laws on whole accounts: the second model, order, future, fading, reasons, unknowns, bytes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, given, settings

from mpfunnel.account import Account, accounts
from mpfunnel.answers import Assessment, LeadAnswer
from mpfunnel.engine import Engine, Question
from mpfunnel.records import (
    Activity,
    Company,
    CompanyHistory,
    Deal,
    DealLine,
    Id,
    Lead,
    SalesEvent,
)
from tests.leads import (
    BOOKS,
    book_of,
    disagreement,
    draw_account,
    draw_as_of,
    draw_company,
    engine_of,
)
from tests.oracle_leads import day_in, differences
from tests.policies import randoms

# Whole accounts say less each than single tables do, so that more of them are needed.
MORE = settings(max_examples=settings().max_examples * 3 // 2)
TABLES = ("leads", "activities", "deals", "contracts", "sales_events", "overrides")


def drawn(random: Random) -> tuple[Engine, Account, date]:
    """An engine, an account and a day to ask about."""
    number = random.randrange(BOOKS)
    as_of = draw_as_of(random)
    return engine_of(number), draw_account(random, book_of(number), as_of), as_of


# -- the second model --


@MORE
@given(randoms())
def test_the_engine_agrees_with_the_second_model(random: Random) -> None:
    """Law 1: Engines agree: a model written apart gives the same answers for whole accounts."""
    engine, account, as_of = drawn(random)

    assert differences(engine.playbook, account, as_of, engine.assess(account, as_of=as_of)) == []


@pytest.mark.bulk
def test_seeded_accounts_agree_with_the_second_model() -> None:
    """Law 1: Engines agree, on seeded accounts at the critical ages of every playbook."""
    assert disagreement(20_240_630, 3_000) is None


ALPHABET = [
    "responded",
    "hand",
    "accepted",
    "recycled",
    "disqualified",
    "deal",
    "won",
    "lost",
    "gap",
]


def log_of(words: Iterable[str], quiet_days: int, *, of_firm: bool = False) -> tuple[Account, date]:
    """An account with one lead and one product, one word a day; and the last day.

    For the whole firm, only the deals are about the product.
    A deal that closes is the one open longest; where none is open, one that opens that instant.
    """
    at = datetime(2024, 1, 1, 12, tzinfo=UTC)
    activities: list[Activity] = []
    deals: dict[Id, Deal] = {}
    events: list[SalesEvent] = []
    for place, word in enumerate(words):
        at += timedelta(quiet_days - 1 if word == "gap" else 1)
        if word in ("responded", "hand"):
            kind = "inquiry" if word == "hand" else "webinar_attended"
            activities.append(Activity(place, "l", kind, at, () if of_firm else ("A",)))
        elif word == "deal":
            deals[place] = Deal(place, "c", at, [DealLine("A")], lead_id="l")
        elif word in ("won", "lost"):
            still = [deal for deal in deals.values() if deal.status == "open"]
            deal = still[0] if still else Deal(place, "c", at, [DealLine("A")], lead_id="l")
            ended: Any = {"status": word, "closed_at": at, "reason": "timing"}
            deals[deal.id] = evolve(deal, **ended)
        elif word != "gap":
            about = None if of_firm else "A"
            events.append(SalesEvent("l", word, at, about, reason="timing"))  # type: ignore[arg-type]
    account = Account(
        Company("c", employees=400),
        leads=[Lead("l", "c")],
        activities=activities,
        deals=deals.values(),
        sales_events=events,
    )
    return account, at.date()


@pytest.mark.bulk
@pytest.mark.parametrize("of_firm", [False, True], ids=["product", "firm"])
def test_every_short_log_is_assessed_as_the_second_model_assesses_it(of_firm: bool) -> None:
    """S19: all logs of up to three events through the whole engine, before and after quiet days."""
    compared = 0
    for number in (0, 4):
        engine, quiet_days = engine_of(number), book_of(number).funnel.quiet_days
        for length in range(4):
            for words in product(ALPHABET, repeat=length):
                account, last = log_of(words, quiet_days, of_firm=of_firm)
                for days in (-1, 0, quiet_days):
                    as_of = last + timedelta(days)
                    told = engine.assess(account, as_of=as_of)
                    found = differences(engine.playbook, account, as_of, told)
                    assert found == [], (words, days)
                    compared += 1
    assert compared == 2 * 3 * (1 + 9 + 81 + 729)


@given(randoms())
def test_one_answer_alone_is_that_of_the_assessment(random: Random) -> None:
    """Law 4: one at a time or in bulk: each question alone gives the answer of the whole."""
    engine, account, as_of = drawn(random)
    told = engine.assess(account, as_of=as_of)
    company = account.company
    if company is not None:
        assert engine.segment_for(account, as_of=as_of) == told.segment
        by_rules = engine.assess(evolve(account, overrides=()), as_of=as_of)
        assert engine.segment_for(company, as_of=as_of) == by_rules.segment
        for product_id, tier in told.tiers.items():
            assert engine.tier_for(account, product_id, as_of=as_of) == tier
            assert engine.tier_for(company, product_id, as_of=as_of) == by_rules.tiers[product_id]
    for lead_id, one in told.leads.items():
        assert engine.stage_for(account, lead_id, as_of=as_of) == one.stage
        for product_id, there in one.engagement.items():
            assert engine.engagement_for(account, lead_id, product_id, as_of=as_of) == there


# -- Law 4 --


@given(randoms())
def test_order_and_duplicates_do_not_matter(random: Random) -> None:
    """Law 4: Order does not matter. Permuted and merged with a part of itself: same answers."""
    engine, account, as_of = drawn(random)
    told = engine.assess(account, as_of=as_of)
    mixed: dict[str, Any] = {}
    for name in TABLES:
        records = list(getattr(account, name))
        records += random.sample(records, random.randrange(len(records) + 1))
        random.shuffle(records)
        mixed[name] = records

    again = engine.assess(moved := evolve(account, **mixed), as_of=as_of)

    for lead_id, lead in told.leads.items():
        for question, about in _questions(lead_id, lead):
            texts = {engine.explain(question, one, *about, as_of=as_of) for one in (account, moved)}
            assert len(texts) == 1
    assert again == told
    # Rows of leads keep the order in which the leads are given.
    assert [sorted(map(repr, rows)) for rows in again.rows().values()] == [
        sorted(map(repr, rows)) for rows in told.rows().values()
    ]


def _questions(lead_id: Id, lead: LeadAnswer) -> Iterator[tuple[Question, tuple[Id, ...]]]:
    yield "stage", (lead_id,)
    for product_id in lead.engagement:
        yield "engagement", (lead_id, product_id)


@given(randoms())
def test_in_bulk_as_one_at_a_time(random: Random) -> None:
    """Law 4: accounts grouped from one pile, in any order, are those given one by one."""
    engine, first, as_of = drawn(random)
    given_accounts = [
        _renamed(first, "p"),
        _renamed(draw_account(random, engine.playbook, as_of), "q"),
    ]
    assume(all(account.company is not None for account in given_accounts))
    pile: dict[str, Any] = {"companies": [account.company for account in given_accounts]}
    for name in TABLES:
        pile[name] = [record for account in given_accounts for record in getattr(account, name)]
        random.shuffle(pile[name])

    found = accounts(**pile)

    for account, grouped in zip(given_accounts, found, strict=True):
        one, other = (engine.assess(each, as_of=as_of) for each in (account, grouped))
        assert one == other


def _renamed(account: Account, mark: str) -> Account:
    """The account with ids of its own, without what refers to nothing in it."""

    def own(value: Any) -> Any:
        return None if value is None else f"{mark}{value}"

    def company(one: Company) -> Company:
        return evolve(one, id=mark)

    leads = {lead.id: evolve(lead, id=own(lead.id), company_id=mark) for lead in account.leads}
    deals = {deal.id: deal for deal in account.deals}
    whose = account.company
    if isinstance(whose, CompanyHistory):
        whose = evolve(whose, company=company(whose.company))
    elif whose is not None:
        whose = company(whose)
    return Account(
        whose,
        leads=leads.values(),
        activities=[
            evolve(a, lead_id=own(a.lead_id)) for a in account.activities if a.lead_id in leads
        ],
        deals=[
            evolve(d, id=own(d.id), company_id=mark, lead_id=own(d.lead_id)) for d in deals.values()
        ],
        contracts=[evolve(one, company_id=mark) for one in account.contracts],
        sales_events=[
            evolve(e, lead_id=own(e.lead_id)) for e in account.sales_events if e.lead_id in leads
        ],
    )


# -- Law 5 --


def _until(account: Account, last: date, zone: str) -> Account:
    """The account without what is of days after `last`."""
    company = account.company
    if isinstance(company, CompanyHistory):
        company = evolve(company, changes=[c for c in company.changes if c.since <= last])
    return evolve(
        account,
        company=company,
        leads=[
            evolve(lead, consents=[c for c in lead.consents if day_in(zone, c.at) <= last])
            for lead in account.leads
        ],
        activities=[a for a in account.activities if day_in(zone, a.at) <= last],
        deals=[d for d in account.deals if day_in(zone, d.opened_at) <= last],
        contracts=[c for c in account.contracts if c.start <= last],
        sales_events=[e for e in account.sales_events if day_in(zone, e.at) <= last],
        overrides=[one for one in account.overrides if one.since <= last],
    )


@MORE
@given(randoms())
def test_the_future_does_not_change_the_past(random: Random) -> None:
    """Law 5: The future does not change the past: neither answers nor rejects, whatever comes."""
    engine, account, as_of = drawn(random)
    earlier = as_of - timedelta(random.randrange(41))
    zone = engine.playbook.zone

    told = _without_records(engine.assess(account, as_of=earlier))

    until = _until(account, earlier, zone)
    assert told == _without_records(engine.assess(until, as_of=earlier))
    # How a deal ends is known on the day on which it ends, and not before.
    still = [
        evolve(deal, status="open", closed_at=None, reason=None)
        if deal.closed_at is not None and day_in(zone, deal.closed_at) > earlier
        else deal
        for deal in dict.fromkeys(account.deals)
    ]
    assume(len({deal.id for deal in still}) == len(still))
    again = engine.assess(evolve(account, deals=still), as_of=earlier)
    assert told == _without_records(again)


def _without_records(told: Assessment) -> Assessment:
    # A record that is rejected may itself tell of later days.
    return evolve(told, rejects=tuple(evolve(one, record=None) for one in told.rejects))


# -- Law 6 --


@MORE
@given(randoms())
def test_interest_only_fades(random: Random) -> None:
    """Law 6: Interest only fades. Without new records no positive part ever rises."""
    engine, account, as_of = drawn(random)
    account = _until(account, as_of, engine.playbook.zone)
    before = _positive(engine.assess(account, as_of=as_of))
    for _ in range(4):
        as_of += timedelta(random.randrange(1, 60))
        after = _positive(engine.assess(account, as_of=as_of))
        assert all(micro <= before.get(part, 0) for part, micro in after.items())
        before = after


def _positive(told: Assessment) -> dict[tuple[Any, ...], int]:
    return {
        (lead_id, product_id, part.kind): part.micro
        for lead_id, lead in told.leads.items()
        for product_id, one in lead.engagement.items()
        for part in one.score.parts
        # What a floor gives is no interest: it makes up for penalties.
        if part.micro > 0 and part.of == "kind"
    }


# -- Law 3 --

_POINTS = re.compile(r"(-?[\d.]+) points?")


@MORE
@given(randoms())
def test_reasons_add_up(random: Random) -> None:
    """Law 3: Reasons add up: parts to the score, and the lines that people read to the parts."""
    engine, account, as_of = drawn(random)
    models = engine.playbook.engagement
    for lead_id, lead in engine.assess(account, as_of=as_of).leads.items():
        for product_id, one in lead.engagement.items():
            assert sum(part.micro for part in one.score.parts) == one.score.micro
            text = engine.explain("engagement", account, lead_id, product_id, as_of=as_of)
            total, *parts = _read_score(text)
            assert total == one.score.points
            assert sum(points for points, _ in parts) == total
            model = models[product_id]
            signals = {signal.kind: signal for signal in model.signals}
            so_far = Decimal(0)
            for (points, lines), part in zip(parts, one.score.parts, strict=True):
                assert len(lines) == part.times
                assert points == part.micro / Decimal(1_000_000)
                so_far += points
                if part.of != "kind":
                    assert so_far == (model.cap if part.of == "cap" else model.floor)
                else:
                    assert points == (sum(lines) if not part.capped else signals[part.kind].cap)
                    assert sum(lines) == points + part.over_cap / Decimal(1_000_000)


def _read_score(text: str) -> list[Any]:
    """Of an explanation: the score, then per part its points and what each activity came to."""
    _, _, tail = text.rpartition("\nengagement score: ")
    total, *rest = tail.splitlines()
    parts: list[tuple[Decimal, list[Decimal]]] = []
    for line in rest:
        if line.startswith("    "):
            factors, _, result = line.partition("): ")[2].rpartition(" = ")
            numbers = [Decimal(number) for number in re.findall(r"-?\d+(?:\.\d+)?", factors)]
            came = Decimal(1)
            for number in numbers:
                came *= number
            if factors.startswith("in a cool-down"):
                came = Decimal(0)
            assert came == Decimal(result)
            parts[-1][1].append(came)
        else:
            found = _POINTS.search(line)
            assert found
            parts.append((Decimal(found[1]), []))
    found = _POINTS.search(total)
    assert found
    return [Decimal(found[1]), *parts]


@given(randoms())
def test_the_rule_named_is_the_rule_that_fired(random: Random) -> None:
    """Law 3: the first line of an explanation is the answer; its rule is marked as true."""
    engine, account, as_of = drawn(random)
    told = engine.assess(account, as_of=as_of)
    for lead_id, lead in told.leads.items():
        text = engine.explain("stage", account, lead_id, as_of=as_of)
        assert text.startswith(lead.stage.text("en"))
        assert text.splitlines()[0].endswith(f"[{lead.stage.rule}]")
        if lead.stage.rule != "otherwise":
            assert f"\n  yes {lead.stage.rule} → " in text
        for product_id, one in lead.engagement.items():
            text = engine.explain("engagement", account, lead_id, product_id, as_of=as_of)
            assert text.splitlines()[0].endswith(f"[{one.rule}]")
            rule = (one.decision.instead_of or one).rule
            if rule != "otherwise":
                assert f"\n  yes {rule} → " in text


# -- Law 2 --


@MORE
@given(randoms())
def test_unknown_is_not_no(random: Random) -> None:
    """Law 2: Unknown is not no: learning a fact moves answers only inside `possible`."""
    engine, account, as_of = drawn(random)
    company = draw_company(random)
    unknown = evolve(company, **_some(random, ("employees", "annual_revenue"), None))
    learned = evolve(
        unknown,
        employees=_known(random, unknown.employees, (0, 49, 50, 300, 1_000)),
        annual_revenue=_known(random, unknown.annual_revenue, (0, 10**9, 10**10, 10**11)),
        attributes={
            **unknown.attributes,
            "plants": _known(random, unknown.attributes.get("plants"), (0, 1, 2)),
        },
    )
    title = random.choice((None, "部長", "課長"))
    people = [evolve(one, title=title) if one.title is None else one for one in account.leads]

    before = engine.assess(evolve(account, company=unknown), as_of=as_of)
    after = engine.assess(evolve(account, company=learned, leads=people), as_of=as_of)

    _moved_inside(before.segment, after.segment)
    for product_id, tier in before.tiers.items():
        _moved_inside(tier, after.tiers[product_id])
    none = engine.playbook.scale.ladder[0]
    for lead_id, lead in before.leads.items():
        now = after.leads[lead_id]
        _moved_inside(lead.stage.decision, now.stage.decision)
        if lead.stage.settled and all(one.settled for one in lead.stage.pursuits.values()):
            assert lead.stage.for_products == now.stage.for_products
        assert lead.stage.existing_customer == now.stage.existing_customer
        assert set(now.engagement) <= set(lead.engagement)
        for product_id, one in lead.engagement.items():
            learnt = now.engagement.get(product_id)
            if learnt is None:
                assert none in [state.key for state in one.possible]
                continue
            _moved_inside(one.decision, learnt.decision)
            _moved_inside(one.interest, learnt.interest)
            assert one.score == learnt.score
        for about, warranted in lead.stage.pursuits.items():
            _moved_inside(warranted, now.stage.pursuits[about])
    if None not in (title, learned.employees, learned.annual_revenue, learned.attributes["plants"]):
        assert all(one.settled for one in _decisions(after))


def _decisions(told: Assessment) -> Iterator[Any]:
    yield told.segment
    yield from told.tiers.values()
    for lead in told.leads.values():
        yield from (lead.stage, *lead.stage.pursuits.values(), *lead.engagement.values())


def _some(random: Random, names: Iterable[str], value: Any) -> dict[str, Any]:
    return {name: value for name in names if random.random() < 0.5}


def _known(random: Random, value: Any, choices: tuple[Any, ...]) -> Any:
    return random.choice((None, *choices)) if value is None else value


def _moved_inside(before: Any, after: Any) -> None:
    assert after.value in before.possible
    assert set(after.possible) <= set(before.possible)
    assert after.possible
    if before.settled:
        assert after.value == before.value
        assert after.settled


# -- Law 9 --

_SCRIPT = """
import sys
from random import Random
from tests.leads import BOOKS, book_of, disagreement, draw_account, draw_as_of, engine_of
out = sys.stdout.buffer
for seed in range(24):
    random = Random(seed)
    number = seed % BOOKS
    as_of = draw_as_of(random)
    account = draw_account(random, book_of(number), as_of)
    engine = engine_of(number)
    told = engine.assess(account, as_of=as_of)
    lines = [engine.version, repr(told)]
    for lang in ("en", "ja"):
        lines.append(repr(told.rows(lang)))
        for lead_id, lead in told.leads.items():
            lines.append(engine.explain("stage", account, lead_id, as_of=as_of, lang=lang))
            for product_id in lead.engagement:
                about = (lead_id, product_id)
                lines.append(engine.explain("engagement", account, *about, as_of=as_of, lang=lang))
        if account.company is not None:
            lines.append(engine.explain("segment", account, as_of=as_of, lang=lang))
            product_id = next(iter(told.tiers))
            lines.append(engine.explain("tier", account, product_id, as_of=as_of, lang=lang))
    out.write("\\n".join(lines).encode())
"""


def told_by(script: str) -> set[bytes]:
    """What a script prints under each of several settings of the machine."""
    machines = (
        {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"},
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "ja_JP.UTF-8", "LANG": "ja_JP"},
        {"PYTHONHASHSEED": "4242", "TZ": "America/New_York", "LC_ALL": "de_DE", "LANG": "de_DE"},
    )
    return {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), **one},
            cwd=Path(__file__).parents[1],
            stdout=subprocess.PIPE,
            check=True,
        ).stdout
        for one in machines
    }


def test_same_input_same_bytes() -> None:
    """Law 9: Same input, same bytes, whatever the hash seed, the machine's zone and its locale."""
    (told,) = told_by(_SCRIPT)
    assert len(told) > 100_000


_CONFLICT = """
from datetime import UTC, date, datetime
from mpfunnel import Account, Activity, Lead
from tests.leads import engine_of
at = datetime(2024, 1, 1, tzinfo=UTC)
same = [Activity(1, "l", "click", at, list(names)) for names in ("AB", "AC", "BC", "ABC")]
told = engine_of(0).assess(Account(None, leads=[Lead("l")], activities=same), as_of=at)
print([sorted(one.record.product_ids) for one in told.rejects])
"""


def test_rejects_come_in_one_order() -> None:
    """Law 9: Same input, same bytes: the order of rejects knows no hash order either."""
    assert len(told_by(_CONFLICT)) == 1
