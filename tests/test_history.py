"""Replay: the answers of every day, and which playbook was in force on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

from attrs import evolve
from hypothesis import given, settings

from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.engine import Engine
from mpfunnel.facts import any_product, product
from mpfunnel.history import PlaybookTimeline, Replay, StageSpan, replay
from mpfunnel.records import Company, CompanyHistory
from mpfunnel.rules.tables import Decision, DecisionTable, Rule
from mpfunnel.tiers import Tier, decided, undecided
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, engine_of
from tests.oracle_leads import day_in
from tests.policies import randoms

MORE = settings(max_examples=max(250, settings().max_examples))
DAY = timedelta(1)


def daily(account: Account, book: PlaybookTimeline, start: date, end: date) -> dict[Any, Any]:
    """Every answer of every day, each asked for by itself."""
    found: dict[Any, Any] = {}
    day = start
    while day <= end:
        engine = book.on(day)
        for key, answer in answers_of(engine.assess(account, as_of=day)).items():
            found[(*key, day)] = (*answer, engine.version)
        day += DAY
    return found


def answers_of(told: Assessment) -> dict[Any, Any]:
    """What an assessment says, by question and what it is about."""
    found: dict[Any, Any] = {("segment",): (told.segment,)}
    found |= {("tier", p): (tier,) for p, tier in told.tiers.items()}
    for lead_id, lead in told.leads.items():
        stage = lead.stage
        found["stage", lead_id] = (stage.decision, stage.for_products, stage.existing_customer)
        for p, one in lead.engagement.items():
            found["engagement", lead_id, p] = (one.decision,)
            found["interest", lead_id, p] = (one.interest,)
    return found


def every_span(told: Replay) -> dict[Any, Any]:
    """All spans, by question and what it is about."""
    found: dict[Any, Any] = {("segment",): told.segment}
    found |= {("tier", p): tiers for p, tiers in told.tiers.items()}
    for lead_id, lead in told.leads.items():
        found["stage", lead_id] = lead.stage
        found |= {("engagement", lead_id, p): spans for p, spans in lead.engagement.items()}
        found |= {("interest", lead_id, p): spans for p, spans in lead.interest.items()}
    return found


def content_of(span: Any) -> tuple[Any, ...]:
    """What a span says of each of its days."""
    if isinstance(span, StageSpan):
        return span.decision, span.for_products, span.existing_customer, span.version
    return span.decision, span.version


def spread(told: Replay) -> dict[Any, Any]:
    """What a replay says, day by day."""
    found: dict[Any, Any] = {}
    for key, spans in every_span(told).items():
        before = None
        for span in spans:
            assert span.first_day <= span.last_day
            assert before is None or before < span.first_day
            before = day = span.last_day
            while day >= span.first_day:
                found[(*key, day)] = content_of(span)
                day -= DAY
    return found


def range_of(random: Random, as_of: date) -> tuple[date, date]:
    """Some days, most often before the one that the records are drawn around."""
    start = as_of - timedelta(random.choice((0, 3, 30, 90, 180, 365, 400)) + random.randrange(9))
    return start, start + timedelta(random.choice((0, 1, 20, 60, 100)))


class ByTheDay:
    """A policy of the firm's own, which asks for the day."""

    kind = "test/by-the-day/1"
    tiers = (Tier(1), Tier(2), Tier(5))

    def tier_for(self, company: Company, product: Any, /, *, as_of: date) -> Decision[Tier]:
        if company.employees is None:
            possible = self.tiers if as_of.day < 20 else self.tiers[1:]
            return undecided(Tier(2), possible=possible, missing=["employees"], because="blank")
        high = company.employees > 100 * as_of.month and as_of.day % 9 < 5
        return decided(Tier(1 if high else 5), because=f"{product.id} on {as_of}")


CUSTOM = Engine(evolve(book_of(0), tiers=ByTheDay(), zone="Pacific/Kiritimati"))
_KEEN = product.points(within_days=7) >= 10
KEEN = Engine(
    evolve(
        book_of(3),
        funnel=evolve(
            book_of(3).funnel,
            rules=DecisionTable(
                [
                    # Rules about stages may ask for what changes from day to day by themselves.
                    Rule(
                        book_of(3).funnel.stage("mql"),
                        any_product((product.score >= 12) | (product.active_days == 1) & _KEEN),
                        key="keen",
                    ),
                    Rule(book_of(3).funnel.stage("sql"), product.active_days >= 2, key="two-days"),
                    *book_of(3).funnel.rules.rules,
                ],
                book_of(3).funnel.rules.otherwise,
            ),
        ),
    )
)
ENGINES = [*map(engine_of, range(BOOKS)), CUSTOM, KEEN]


def timeline_of(random: Random, start: date, end: date) -> PlaybookTimeline:
    """Up to three playbooks, the first of them since ever or since the first day."""
    since: set[date] = {
        start + timedelta(random.randrange(-3, (end - start).days + 3))
        for _ in range(random.randrange(3))
    }
    first = random.choice((None, min([start, *since]), min([start, *since]) - DAY))
    days = [first, *sorted(since - {first})]
    return PlaybookTimeline([(day, random.choice(ENGINES)) for day in days])


def drawn(random: Random) -> tuple[Account, PlaybookTimeline, date, date]:
    """An account, playbooks and the days of a replay."""
    as_of = draw_as_of(random)
    start, end = range_of(random, as_of)
    timeline = timeline_of(random, start, end)
    book = random.choice(timeline.entries)[1].playbook
    return draw_account(random, book, as_of), timeline, start, end


def without_unsigned(found: dict[Any, Any], timeline: PlaybookTimeline) -> dict[Any, Any]:
    """The answers without those about products of which the state is surely that of no sign."""

    def unsigned(key: Any) -> bool:
        if key[0] not in ("engagement", "interest"):
            return False
        state = found["engagement", *key[1:]][0]
        lowest = timeline.on(key[-1]).playbook.scale.ladder[0]
        return bool(state.settled and state.value.key == lowest)

    return {key: answer for key, answer in found.items() if not unsigned(key)}


@MORE
@given(randoms())
def test_a_replay_is_what_asking_on_every_day_gives(random: Random) -> None:
    """Replay = brute-force daily evaluation, on random accounts, playbooks and timelines."""
    account, timeline, start, end = drawn(random)

    told = replay(account, timeline, start=start, end=end)

    found = spread(told)
    assert without_unsigned(found, timeline) == daily(account, timeline, start, end)
    assert told.rejects == timeline.on(end).assess(account, as_of=end).rejects
    # No span could be joined with the next one, and none is about a product without any sign.
    for spans in every_span(told).values():
        for one, then in pairwise(spans):
            adjacent = one.last_day + DAY == then.first_day
            same = content_of(one) == content_of(then) and one.undated == then.undated
            assert not (adjacent and same)
    for lead_id, lead in told.leads.items():
        for about in lead.engagement:
            keys = [key for key in found if key[:3] == ("engagement", lead_id, about)]
            assert without_unsigned({key: found[key] for key in keys}, timeline)


@MORE
@given(randoms())
def test_a_change_has_the_cause_that_its_day_shows(random: Random) -> None:
    """Another playbook, else a record of the day about what is asked, else time alone."""
    account, timeline, start, end = drawn(random)
    # Which of several deals with one id is meant cannot be told.
    account = evolve(account, deals={deal.id: deal for deal in account.deals}.values())

    told = replay(account, timeline, start=start, end=end)

    known_since = timeline.since or date.min
    before = max(start - DAY, known_since)
    every = daily(account, timeline, before, end)
    for key, spans in every_span(told).items():
        for span in spans:
            day = span.first_day
            if day == known_since or (
                day == start and content_of(span) == every.get((*key, day - DAY))
            ):
                expected = "start"
            elif timeline.on(day - DAY).version != timeline.on(day).version:
                expected = "playbook"
            else:
                expected = "record" if is_recorded(account, timeline, end, key, day) else "time"
            if key[0] in ("engagement", "interest") and (*key, day - DAY) not in every:
                # What surely has no sign is no answer of the day before.
                assert span.cause in (expected, "start")
            else:
                assert span.cause == expected, (key, span)
            if key[0] == "stage":
                zone = timeline.on(day).playbook.zone
                assert day_in(zone, span.at) == day or span.cause == "start"


def is_recorded(
    account: Account, timeline: PlaybookTimeline, end: date, key: Any, day: date
) -> bool:
    """Whether a day has a record about what is asked."""
    engine = timeline.on(day)
    zone = engine.playbook.zone
    company = account.company
    if isinstance(company, CompanyHistory) and day in [one.since for one in company.changes]:
        return True
    if key[0] in ("segment", "tier"):
        return False
    lead_id = key[1]
    rejects = engine.assess(account, as_of=end).rejects
    unusable = [one.record for one in rejects if one.code != "conflict"]
    about: list[Any] = []
    for one in account.activities:
        if one.lead_id == lead_id and day_in(zone, one.at) == day and one not in unusable:
            about += [
                product_id
                for other in account.activities
                if (other.lead_id, other.id) == (lead_id, one.id) and day_in(zone, other.at) <= day
                for product_id in other.product_ids or ["all"]
            ]
    for event in account.sales_events:
        if event.lead_id == lead_id and day_in(zone, event.at) == day and event not in unusable:
            about.append("all" if event.product_id is None else event.product_id)
    for deal in account.deals:
        if deal in unusable:
            continue
        own = company is not None and deal.company_id == "c"
        opened, closed = day_in(zone, deal.opened_at), day_in(zone, deal.closed_at or FAR)
        if (own or deal.lead_id == lead_id) and day in (opened, max(opened, closed)):
            if own or company is None:
                about += [line.product_id for line in deal.lines]
            about.append("stage")
    for contract in account.contracts:
        if contract.start == day and contract not in unusable:
            about.append(contract.product_id)
    return bool(about) if key[0] == "stage" else key[2] in about or "all" in about


FAR = datetime(9999, 1, 1, tzinfo=UTC)
