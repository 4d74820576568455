"""Replay: the answers of every day, and which playbook was in force on it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given, settings

from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.by_hand import BY_HAND
from mpfunnel.case import NO_TIER
from mpfunnel.engagement import Standing
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, UnknownNameError
from mpfunnel.facts import PursuitFacts, any_product, product
from mpfunnel.history import PlaybookTimeline, Replay, StageSpan, replay
from mpfunnel.history.logs import NEVER, Life
from mpfunnel.history.running import Gauge, Running
from mpfunnel.labels import Label
from mpfunnel.records import (
    Activity,
    Company,
    CompanyChange,
    CompanyHistory,
    Contract,
    Deal,
    DealLine,
    Lead,
    SalesEvent,
)
from mpfunnel.rules.tables import Decision, DecisionTable, Rule
from mpfunnel.stages import Entry, StageHistory
from mpfunnel.starters import starter
from mpfunnel.tiers import Tier, decided, undecided
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, engine_of
from tests.oracle_leads import day_in
from tests.policies import randoms

DAY = timedelta(1)


def daily(account: Account, book: PlaybookTimeline, start: date, end: date) -> dict[Any, Any]:
    """Every answer of every day, each asked for by itself."""
    found: dict[Any, Any] = {}
    day = start
    while day <= end:
        engine = book.on(day)
        for key, answer in answers_of(engine.assess(account, as_of=day)).items():
            found[(*key, day)] = (*answer, reason_of(answer[0]), engine.version)
        day += DAY
    return found


def answers_of(told: Assessment) -> dict[Any, Any]:
    """What an assessment says, by question and what it is about."""
    found: dict[Any, Any] = {("segment",): (told.segment,)}
    found |= {("tier", p): (tier,) for p, tier in told.tiers.items()}
    for lead_id, lead in told.leads.items():
        stage = lead.stage
        found["stage", lead_id] = (
            stage.decision,
            stage.for_products,
            stage.existing_customer,
            stage.wins,
        )
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
    reason = reason_of(span.decision)
    if isinstance(span, StageSpan):
        stage = span.decision, span.for_products, span.existing_customer, span.wins
        return *stage, reason, span.version
    return span.decision, reason, span.version


def reason_of(decision: Decision[Any]) -> Label | None:
    """Who set it by hand, until when and why; of what rules say, the rule says it all."""
    return decision.because if decision.rule == BY_HAND else None


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
    return start, start + timedelta(random.choice((0, 1, 10, 40, 60)))


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
        return bool(state.settled and state.value.key == lowest and state.instead_of is None)

    return {key: answer for key, answer in found.items() if not unsigned(key)}


@given(randoms())
def test_a_replay_is_what_asking_on_every_day_gives(random: Random) -> None:
    """Replay = brute-force daily evaluation, on random accounts, playbooks and timelines."""
    check_days(random)


@pytest.mark.bulk
def test_a_seeded_replay_is_what_asking_on_every_day_gives() -> None:
    """Replay = brute-force daily evaluation, on many seeded accounts."""
    random = Random(20_260_401)
    for _ in range(1_500):
        check_days(random)


def check_days(random: Random) -> None:
    """Compare the replay of a random account with the answers of every day."""
    compare(*drawn(random))


def compare(account: Account, timeline: PlaybookTimeline, start: date, end: date) -> None:
    """Compare a replay with the answers of every day."""
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
                assert day_in(zone, span.at) == day


def is_recorded(
    account: Account, timeline: PlaybookTimeline, end: date, key: Any, day: date
) -> bool:
    """Whether a day has a record about what is asked."""
    engine = timeline.on(day)
    zone = engine.playbook.zone
    company = account.company
    if isinstance(company, CompanyHistory) and day in [one.since for one in company.changes]:
        return True
    rejects = engine.assess(account, as_of=end).rejects
    unusable = [one.record for one in rejects if one.code not in ("conflict", "expired")]
    begun = [one for one in account.overrides if one.since == day and one not in unusable]
    if key[0] in ("segment", "tier"):
        return key in [(o.what, o.product_id) if o.product_id else (o.what,) for o in begun]
    lead_id = key[1]
    about: list[Any] = [
        "all" if one.product_id is None else one.product_id
        for one in begun
        if one.lead_id in (None, lead_id)
    ]
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


@given(randoms())
def test_the_numbers_of_a_day_are_those_of_the_model(random: Random) -> None:
    """S15, S16: Whatever day is asked for, the score is the integer that the model gives."""
    number = random.randrange(BOOKS)
    compiled = engine_of(number).compiled
    product_id = random.choice([*compiled.products, None])
    model = compiled.models[product_id or next(iter(compiled.models))]
    gauge = Gauge(compiled, model)
    kinds = [signal.kind for signal in model.model.signals]
    kinds = [*random.sample(kinds, 2), "unknown", "page_view"]
    reach = len(gauge.shares)
    ages = [0, 1, 2, 3, 6, 7, 29, 30, 31, reach - 1, reach, reach + 1, 364, 365]
    today = 700_000
    lives: tuple[list[Life], list[Life]] = ([], [])
    touches: tuple[list[Any], list[Any]] = ([], [])
    for place in range(random.randrange(12)):
        kind, age, wide = random.choice(kinds), random.choice(ages), random.random() < 0.4
        one = asked(kind=kind, number=place)
        lives[wide].append(Life(today - age, NEVER, (one, None)))
        touches[wide].append((kind, age, 1))
    standing = Standing(NO_TIER)

    Running(gauge, *lives).read(standing, today, today)

    worths = model.model.worths(touches[0]) + model.model.worths(touches[1], company_wide=True)
    score = model.model.score(worths, as_of=date.fromordinal(today))
    assert (standing.score, standing.active_days) == (score.micro, score.active_days)
    assert standing.measures == model.model.measures(model.measures, touches[0], worths)
    assert standing.touched == bool(touches[0])


# -- by hand --


JANUARY = datetime(2026, 1, 10, 3, tzinfo=UTC)
STARTER = Engine(starter(["A", "B"], zone="Asia/Tokyo"))


def asked(
    at: datetime = JANUARY, kind: str = "inquiry", number: int = 1, about: str = "A"
) -> Activity:
    """Something that the lead did."""
    return Activity(number, "l", kind, at, [about])


def one_lead(*activities: Activity, company: Any = None, **more: Any) -> Account:
    """The account of one lead."""
    return Account(
        company or Company("c", employees=400),
        leads=[Lead("l", "c")],
        activities=activities,
        **more,
    )


def stages_of(told: Replay) -> list[tuple[str, date, str]]:
    """The stages of the lead, with the first day and the cause of each."""
    return [(one.value.key, one.first_day, one.cause) for one in told.leads["l"].stage]


def year(account: Account, book: Any = STARTER) -> Replay:
    """The replay of a year."""
    return replay(account, book, start=date(2026, 1, 1), end=date(2026, 12, 31))


def test_days_alone_take_a_lead_on_to_the_day() -> None:
    """S13, S19: a hand is raised for 90 days, and a pursuit is quiet after 180 without a sign."""
    told = year(one_lead(asked()))

    assert stages_of(told) == [
        ("known", date(2026, 1, 1), "start"),
        ("mql", date(2026, 1, 10), "record"),
        ("inquiry", date(2026, 4, 10), "time"),
        ("dormant", date(2026, 7, 9), "time"),
    ]
    assert told.leads["l"].stage[1].last_day == date(2026, 4, 9)
    # The half-life is 30 days: 30 points are 4.995 after 78, and 10 of 365 days make a priority.
    assert [(one.value.key, one.first_day, one.cause) for one in told.leads["l"].interest["A"]] == [
        ("none", date(2026, 1, 1), "start"),
        ("high_interest", date(2026, 1, 10), "record"),
        ("interested", date(2026, 2, 9), "time"),
        ("aware", date(2026, 3, 29), "time"),
    ]
    assert list(told.leads["l"].engagement) == ["A"]


def test_penalties_that_fade_raise_a_lead_again_to_the_day() -> None:
    """Law 6: Interest only fades, but for penalties: with them too, the days are exact."""
    base = STARTER.playbook
    model, funnel = base.engagement["A"], base.funnel
    rules = [
        Rule(funnel.stage("sal"), product.score == 0, key="nothing"),
        *funnel.rules.rules,
    ]
    below = Rule(model.ladder[0], product.score <= -5, key="below")
    interest = evolve(model.interest, rules=[below, *model.interest.rules])
    engine = Engine(
        evolve(
            base,
            engagement=evolve(model, interest=interest, floor=-12, cap=25, half_life_days=9),
            funnel=evolve(funnel, rules=DecisionTable(rules, funnel.rules.otherwise)),
        )
    )
    kinds = ("careers_page", "careers_page", "webinar_attended", "inquiry", "page_view")
    account = one_lead(
        *(
            asked(JANUARY + timedelta(days=place * place * 9), kind, place)
            for place, kind in enumerate(kinds)
        )
    )

    compare(account, PlaybookTimeline([(None, engine)]), date(2026, 1, 1), date(2026, 12, 31))

    told = year(account, engine).leads["l"]
    assert [(one.rule, one.first_day, one.cause) for one in told.interest["A"]][1:4] == [
        ("below", date(2026, 1, 10), "record"),
        ("aware", date(2026, 2, 12), "time"),
        ("interested", date(2026, 2, 15), "record"),
    ]


@pytest.mark.parametrize("kind", ["demo_request", "pricing_page", "webinar_attended", "page_view"])
def test_rules_over_all_products_see_what_days_do_to_each(kind: str) -> None:
    """S7: `any_product` over scores changes a stage on the day on which one of them does."""
    account = one_lead(
        *(
            asked(JANUARY + timedelta(days=7 * place), kind, place, "AB"[place % 2])
            for place in range(6)
        )
    )
    timeline = PlaybookTimeline([(None, KEEN)])

    compare(account, timeline, date(2026, 1, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    "when",
    [
        product.open_deal,
        product.owned,
        product.touched,
        product.marked_for_follow_up,
        product.parting_reasons.contains_any("timing"),
        product.tier.at_least(Tier(2)),
        product.interest.at_least("interested"),
        product.engagement.is_in("none", "customer"),
    ],
    ids=lambda when: getattr(when, "fact", when).name,
)
@pytest.mark.parametrize("of", [any_product, lambda when: when], ids=["any", "own"])
def test_rules_of_stages_see_whatever_they_ask_for(of: Any, when: Any) -> None:
    """S7: a stage changes on the day on which what its rules ask of a product does, or of any one,
    though nothing else asks for it.
    """
    base = STARTER.playbook
    level, state = [Rule(one, product.score >= 5) for one in base_states(base)]
    model = next(iter(base.engagement.values()))
    model = evolve(
        model,
        interest=evolve(model.interest, rules=[level]),
        states=evolve(model.states, rules=[state]),
    )
    rules = evolve(base.funnel.rules, rules=[Rule(base.funnel.stage("sal"), of(when))])
    engine = Engine(evolve(base, engagement=model, funnel=evolve(base.funnel, rules=rules)))
    account = one_lead(
        asked(JANUARY, "page_view"),
        company=CompanyHistory(Company("c"), [CompanyChange(date(2026, 5, 1), "employees", 9_000)]),
        deals=[
            Deal("d", "c", noon(2, 1), [DealLine("A")], status="won", closed_at=noon(3, 1)),
            Deal(
                "e",
                "c",
                noon(4, 1),
                [DealLine("B")],
                status="lost",
                closed_at=noon(4, 20),
                reason="timing",
            ),
        ],
        contracts=[Contract("c", "B", date(2026, 2, 10), date(2026, 2, 20))],
        sales_events=[
            SalesEvent("l", "follow_up", noon(5, 3), "B"),
            SalesEvent("l", "accepted", noon(5, 9), "B"),
        ],
    )
    compare(account, PlaybookTimeline([(None, engine)]), date(2026, 1, 1), date(2026, 6, 30))


def noon(month: int, day: int) -> datetime:
    """Noon of a day of 2026, in UTC."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


def base_states(book: Any) -> Any:
    """A level of interest and a state other than that of no sign."""
    model = next(iter(book.engagement.values()))
    return model.ladder[2], model.detours[2]


def test_a_score_that_is_met_between_two_equal_days_is_found() -> None:
    """However many values a rule lists, and whatever the answer is before and after."""
    base = STARTER.playbook
    model = base.engagement["A"]
    listed = product.active_days.is_in(2, *range(100, 700))
    rule = Rule(model.ladder[0], listed, key="listed")
    interest = evolve(model.interest, rules=[rule, *model.interest.rules])
    engine = Engine(evolve(base, engagement=evolve(model, interest=interest, half_life_days=1)))
    account = one_lead(
        *(asked(JANUARY + timedelta(days=day), "page_view", day) for day in range(3))
    )

    compare(account, PlaybookTimeline([(None, engine)]), date(2026, 1, 1), date(2026, 4, 1))

    rules = [(one.rule, one.cause) for one in year(account, engine).leads["l"].interest["A"]]
    assert rules[-2:] == [("listed", "time"), ("aware", "time")]


def test_what_sales_say_of_no_product_is_about_all() -> None:
    """A sales event that names no product changes the state of every product on its day."""
    marked = SalesEvent("l", "follow_up", datetime(2026, 5, 5, 3, tzinfo=UTC))
    views = [asked(kind="page_view", about=about, number=ord(about)) for about in "AB"]
    account = one_lead(*views, sales_events=[marked])
    told = year(account).leads["l"]

    for about in ("A", "B"):
        states = {one.first_day: one for one in told.engagement[about]}
        assert states[date(2026, 5, 5)].value.key == "priority_follow_up"
        assert states[date(2026, 5, 5)].cause == "record"


def test_a_record_about_another_product_is_no_cause() -> None:
    """On a day with records about B alone, what changes about A changes by time."""
    other = asked(datetime(2026, 2, 9, 3, tzinfo=UTC), "page_view", 2, "B")
    told = year(one_lead(asked(), other)).leads["l"]

    assert {one.first_day: one.cause for one in told.interest["A"]}[date(2026, 2, 9)] == "time"
    assert {one.first_day: one.cause for one in told.interest["B"]}[date(2026, 2, 9)] == "record"


def test_an_entry_on_the_first_day_counts_and_one_before_does_not() -> None:
    """Whether a lead came to a stage on the first day is told by the day before."""
    account = one_lead(asked())
    on_the_day = replay(account, STARTER, start=date(2026, 1, 10), end=date(2026, 1, 31))
    after_it = replay(account, STARTER, start=date(2026, 1, 11), end=date(2026, 1, 31))

    assert [one.first_day for one in on_the_day.entered("mql")["l"]] == [date(2026, 1, 10)]
    assert after_it.entered("mql") == {}
    assert after_it.leads["l"].stage[0].cause == "start"


def test_a_lead_can_enter_a_stage_several_times() -> None:
    """Each time counts; another product for which a lead stands there is no new time."""
    again = asked(datetime(2026, 8, 1, 3, tzinfo=UTC), number=2)
    meanwhile = asked(datetime(2026, 1, 20, 3, tzinfo=UTC), number=3, about="B")
    told = year(one_lead(asked(), again, meanwhile))
    mql = STARTER.playbook.funnel.stage("mql")

    assert [one.first_day for one in told.entered(mql)["l"]] == [
        date(2026, 1, 10),
        date(2026, 8, 1),
    ]
    products = [one.for_products for one in told.leads["l"].stage if one.value == mql]
    assert products[:2] == [("A",), ("A", "B")]
    second = told.entered(mql, start=date(2026, 4, 1), end=date(2026, 8, 1))["l"]
    assert [one.first_day for one in second] == [date(2026, 8, 1)]


def test_what_is_asked_must_lie_within_the_replay() -> None:
    """A stage that no playbook has, and days that were not replayed, are refused."""
    told = year(one_lead(asked()))

    with pytest.raises(UnknownNameError, match="no such stage 'mqll' in any playbook of the"):
        told.entered("mqll")
    with pytest.raises(InvalidDataError) as caught:
        told.entered("mql", start=date(2025, 12, 31), end=datetime(2026, 3, 1, tzinfo=UTC))
    assert [str(one).partition(",")[0] for one in caught.value.problems] == [
        "start: must be from 2026-01-01 to 2026-12-31",
        "end: must be a date",
    ]
    with pytest.raises(UnknownNameError, match="no such lead 'x' in the account"):
        told.stage_history("x")


# -- playbooks over time --


def stricter() -> Engine:
    """Rules by which an inquiry is a raised hand for ten days only."""
    base = STARTER.playbook
    model = base.engagement["A"]
    signals = [
        evolve(one, raises_hand_days=10 if one.raises_hand_days else 0) for one in model.signals
    ]
    return Engine(evolve(base, engagement=evolve(model, signals=signals)))


def test_the_past_is_told_by_the_rules_of_its_time() -> None:
    """What counted as an MQL last quarter still does after the rules have changed."""
    later = stricter()
    timeline = PlaybookTimeline([(None, STARTER), (date(2026, 3, 1), later)])
    account = one_lead(asked(), asked(datetime(2026, 3, 5, 3, tzinfo=UTC), number=2))
    told = year(account, timeline)

    assert stages_of(told) == [
        ("known", date(2026, 1, 1), "start"),
        ("mql", date(2026, 1, 10), "record"),
        # Interest is as high as ever in March, but the hand is down.
        ("inquiry", date(2026, 3, 1), "playbook"),
        ("mql", date(2026, 3, 5), "record"),
        ("inquiry", date(2026, 4, 4), "time"),
        ("dormant", date(2026, 9, 1), "time"),
    ]
    assert {one.version for one in told.leads["l"].stage[:2]} == {STARTER.version}
    assert {one.version for one in told.leads["l"].stage[2:]} == {later.version}
    assert [one.cause for one in told.tiers["A"]] == ["start", "playbook"]


def test_an_equal_playbook_changes_nothing() -> None:
    """A playbook that means the same is no other one, on whatever day it comes into force."""
    same = Engine(starter(["A", "B"], zone="Asia/Tokyo", lang="ja"))
    timeline = PlaybookTimeline([(None, STARTER), (date(2026, 1, 10), same)])

    assert year(one_lead(asked()), timeline).leads == year(one_lead(asked())).leads


def test_a_timeline_gives_the_engine_of_a_day() -> None:
    """Each entry holds from its day until the day before the next one; engines are kept."""
    timeline = PlaybookTimeline(
        [(date(2026, 1, 1), STARTER), (date(2026, 4, 1), stricter().playbook)]
    )

    assert timeline.since == date(2026, 1, 1)
    assert timeline.on(date(2026, 3, 31)) is STARTER
    assert timeline.on(date(2026, 4, 1)) is timeline.entries[1][1]
    assert timeline.on(date(2026, 4, 1)).version == stricter().version
    same: Any = [(date(2026, 1, 1), STARTER.playbook), (date(2026, 4, 1), stricter())]
    assert timeline == PlaybookTimeline(same)
    with pytest.raises(UnknownNameError, match="in force on 2025-12-31, only since 2026-01-01"):
        timeline.on(date(2025, 12, 31))


def test_all_faults_of_a_timeline_are_told_at_once() -> None:
    """Days out of order, missing ones, and what is no playbook."""
    wrong: Any = [
        (date(2026, 4, 1), STARTER),
        (date(2026, 4, 1), STARTER),
        (None, STARTER),
        ("2026", "book.toml"),
        STARTER,
    ]
    with pytest.raises(InvalidDataError) as caught:
        PlaybookTimeline(wrong)
    assert [str(one).partition(", not Engine")[0] for one in caught.value.problems] == [
        "timeline[1].since: must be after 2026-04-01, the day of the entry before it",
        "timeline[2].since: is missing; only the first may hold since ever",
        "timeline[3].since: must be a date, not str '2026'",
        "timeline[3].playbook: must be a Playbook or an Engine, not str 'book.toml'",
        "timeline[4]: must be a day and the playbook in force since then",
    ]
    nothing: Any
    for nothing in ([], None):
        with pytest.raises(InvalidDataError, match="must have at least one entry of a day and a"):
            PlaybookTimeline(nothing)


def test_all_faults_of_a_call_are_told_at_once() -> None:
    """What is no account, no playbook and no day; days out of order, or before any playbook."""
    wrong: Any = "account"
    with pytest.raises(InvalidDataError) as caught:
        replay(wrong, wrong, start=wrong, end=date(2026, 1, 1))
    assert [one.path for one in caught.value.problems] == ["account", "book", "start"]
    timeline = PlaybookTimeline([(date(2026, 4, 1), STARTER)])
    with pytest.raises(InvalidDataError) as caught:
        replay(one_lead(), timeline, start=date(2026, 3, 31), end=date(2026, 3, 1))
    assert [str(one) for one in caught.value.problems] == [
        "end: must not be before start",
        "start: must not be before 2026-04-01, since when a playbook is in force",
    ]


def test_the_first_and_the_last_day_that_there_are() -> None:
    """A replay may begin in the year 1 and end in the year 9999."""
    told = replay(one_lead(asked()), STARTER, start=date.min, end=date.max)

    assert stages_of(told)[0] == ("known", date.min, "start")
    assert told.leads["l"].stage[-1].last_day == date.max
    assert told.stage_history("l").entries[0].entered == datetime.min.replace(tzinfo=UTC)


# -- companies over time --


def test_facts_without_a_day_are_told() -> None:
    """S21: where no record says since when a fact holds, the answer says that it is undated."""
    facts = "company.employees", "company.annual_revenue"
    plain = year(one_lead())
    grown = CompanyHistory(
        Company("c", annual_revenue=10),
        [
            CompanyChange(date(2026, 3, 1), "employees", 400),
            CompanyChange(date(2026, 6, 1), "annual_revenue", 2_000_000_000_000),
        ],
    )
    dated = year(one_lead(company=grown)).tiers["A"]

    assert set(facts) <= set(plain.tiers["A"][0].undated)
    assert [(one.value.key, one.first_day, one.cause) for one in dated] == [
        ("tier_4", date(2026, 1, 1), "start"),
        ("tier_2", date(2026, 3, 1), "record"),
        ("tier_1", date(2026, 6, 1), "record"),
    ]
    assert [[fact in one.undated for fact in facts] for one in dated] == [
        [True, True],
        [False, True],
        [False, False],
    ]
    custom = year(one_lead(company=grown), CUSTOM).tiers["A"]
    assert {one.undated for one in custom} == {("company",)}
    assert {one.undated for one in plain.leads["l"].stage} == {()}


def test_people_without_company_have_stages_alone() -> None:
    """Of people without company there is no segment to store, and no Tier."""
    told = year(Account(leads=[Lead("l")], activities=[asked()]))

    assert told.company_id is None
    assert [one.value.key for one in told.segment] == ["unmatched"]
    assert told.tiers == {}
    assert {row["what"] for row in told.rows()} == {"stage", "engagement", "interest"}


# -- rows and the gate --


def test_every_question_has_the_same_columns() -> None:
    """One flat row for each span, whose key is stable and unique."""
    rows = year(one_lead(asked())).rows("ja")

    assert {tuple(row) for row in rows} == {tuple(rows[0])}
    key = ("what", "company_id", "lead_id", "product_id", "first_day")
    assert len({tuple(row[name] for name in key) for row in rows}) == len(rows)
    mql = next(row for row in rows if row["value"] == "mql")
    assert mql == {
        "what": "stage",
        "company_id": "c",
        "lead_id": "l",
        "product_id": None,
        "first_day": date(2026, 1, 10),
        "last_day": date(2026, 4, 9),
        "value": "mql",
        "settled": True,
        "possible": "mql",
        "missing": "",
        "rule": "mql",
        "because": "問い合わせ等の手挙げ、または同じ商材でTierと関心がともに高い",
        "instead_of": None,
        "proposed": None,
        "cause": "record",
        "for_products": "A",
        "existing_customer": False,
        "undated": None,
        "playbook_version": STARTER.version,
    }
    tier = next(row for row in rows if row["what"] == "tier")
    assert (tier["for_products"], tier["existing_customer"]) == (None, None)
    assert "company.employees" in tier["undated"].split(";")


def test_the_gate_keeps_the_history_that_follows() -> None:
    """Law 10: A move is a move: what the replay says goes through the gate, with its cause."""
    entries = year(one_lead(asked())).stage_history("l").entries

    assert [(one.stage, one.imputed, one.cause, one.kind) for one in entries] == [
        ("known", False, "rule", "forward"),
        ("inquiry", True, "rule", "skip"),
        ("mql", False, "rule", "skip"),
        ("inquiry", False, "time", "back"),
        ("dormant", False, "time", "recycle"),
    ]
    assert entries[2].entered == JANUARY
    assert entries[2].for_products == ("A",)
    # Where only days have passed, a stage begins with its day.
    assert entries[3].entered == datetime(2026, 4, 9, 15, tzinfo=UTC)


@settings(max_examples=40)
@given(randoms())
def test_the_history_is_that_of_a_gate_asked_every_day(random: Random) -> None:
    """Law 10: A move is a move: asking the gate every day moves a lead no other way."""
    account, timeline, start, end = drawn(random)
    told = replay(account, timeline, start=start, end=end)

    for lead_id in told.leads:
        history = StageHistory(lead_id)
        day = start
        while day <= end:
            engine = timeline.on(day)
            stage = engine.stage_for(account, lead_id, as_of=day).warranted
            at = datetime.combine(day, time(12), ZoneInfo(engine.playbook.zone))
            at = max(at, history.last_at or at)
            # What was won on a day before the first one is not its to tell.
            stage = evolve(stage, wins=tuple(win for win in stage.wins if win.on >= start))
            moves = engine.playbook.funnel.reconcile(history, stage, as_of=at).moves
            history = engine.playbook.funnel.apply(history, moves)
            day += DAY

        kept = told.stage_history(lead_id)
        assert list(map(shown, kept.entries)) == list(map(shown, history.entries))


def shown(entry: Entry) -> tuple[Any, ...]:
    """What an entry says besides its instant and cause."""
    return entry.stage, entry.imputed, entry.kind, entry.pursuit, entry.for_products


@pytest.mark.parametrize("ahead", [False, True])
def test_a_history_begins_with_the_replay(*, ahead: bool) -> None:
    """A lead that stood somewhere before enters it as the first day begins, whatever rules ask."""
    book = STARTER.playbook
    if ahead:
        # Rules that ask for the stage so far are replayed from the first record on.
        rules = book.funnel.rules
        so_far = PursuitFacts(book.funnel.scale).stage
        never = Rule(book.funnel.stage("sal"), so_far == book.funnel.stage("sql"), key="never")
        funnel = evolve(book.funnel, rules=DecisionTable([never, *rules.rules], rules.otherwise))
        book = evolve(book, funnel=funnel)
    day = date(2026, 1, 31)
    told = replay(one_lead(asked(), asked(JANUARY + DAY, number=2)), book, start=day, end=day)

    (span,) = told.leads["l"].stage
    began = datetime(2026, 1, 30, 15, tzinfo=UTC)
    assert (span.value.key, span.cause, span.at) == ("mql", "start", began)
    assert {one.entered for one in told.stage_history("l").entries} == {began}


def test_a_win_is_in_the_history_on_its_day() -> None:
    """S19: an open pursuit of another product does not hide a win; no day alone has done it."""
    deals = [
        Deal(about, "c", JANUARY, [DealLine(about)], "won" if won else "open", won, lead_id="l")
        for about, won in (("A", JANUARY + 20 * DAY), ("B", None))
    ]
    account = one_lead(deals=deals)
    entries = [one for one in year(account).stage_history("l").entries if not one.imputed]

    assert [(one.stage, one.for_products, one.cause) for one in entries][-2:] == [
        ("customer", ("A",), "rule"),
        ("opportunity", ("B",), "rule"),
    ]
    assert {one.entered for one in entries[-2:]} == {JANUARY + 20 * DAY}
    # What was won on the day before the replay is not its to tell.
    later = replay(account, STARTER, start=date(2026, 1, 31), end=date(2026, 2, 28))
    entries = [one for one in later.stage_history("l").entries if not one.imputed]
    assert [one.stage for one in entries] == ["opportunity"]


def test_what_was_won_on_a_short_day_before_the_replay_is_not_told() -> None:
    """S19: the day before is another day, however few hours it had."""
    west = starter(["A", "B"], zone="America/New_York")
    won_at = datetime(2026, 3, 8, 17, tzinfo=UTC)  # On this day, clocks were put forward.
    deals = [
        Deal(about, "c", JANUARY, [DealLine(about)], "won" if won else "open", won, lead_id="l")
        for about, won in (("A", won_at), ("B", None))
    ]
    later = replay(one_lead(deals=deals), west, start=date(2026, 3, 9), end=date(2026, 3, 31))
    entries = [one for one in later.stage_history("l").entries if not one.imputed]
    assert [one.stage for one in entries] == ["opportunity"]


def test_a_day_may_begin_before_the_last_one_ended() -> None:
    """Where the zone changes with the playbook, moves stay in the order of time."""
    west = starter(["A", "B"], zone="America/New_York")
    east = stricter().playbook
    timeline = PlaybookTimeline([(None, west), (date(2026, 1, 25), east)])
    late = datetime(2026, 1, 25, 4, tzinfo=UTC)  # the evening of the 24th in New York
    recent = asked(datetime(2026, 1, 2, 3, tzinfo=UTC), number=2)
    lost = SalesEvent("l", "recycled", late, "A", reason="timing")
    told = replay(
        one_lead(recent, sales_events=[lost]),
        timeline,
        start=date(2026, 1, 1),
        end=date(2026, 1, 31),
    )

    entered = [one.entered for one in told.stage_history("l").entries]
    assert entered == sorted(entered)
