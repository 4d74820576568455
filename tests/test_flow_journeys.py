"""Journeys from accounts: what each day shows, along the course."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel import examples, facts, sources
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.flow.course import COURSE, Course, FlowStep, check_journeys
from mpfunnel.flow.tracing.journeys import journeys
from mpfunnel.flow.tracing.reading import course_of
from tests.frames import draw_histories
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, engine_of
from tests.naive_journeys import naive_journeys
from tests.policies import randoms

DAY = timedelta(1)


def recent(account: mf.Account, since: date, zone: str) -> mf.Account:
    """An account without what happened long ago, so that asking every day does not take long."""

    def on(at: datetime) -> date:
        return local_day(at, zone_for(zone))

    company: Any = account.company
    if isinstance(company, mf.CompanyHistory):
        company = evolve(company, changes=[one for one in company.changes if one.since >= since])
    return evolve(
        account,
        company=company,
        activities=[one for one in account.activities if on(one.at) >= since],
        deals=[one for one in account.deals if on(one.opened_at) >= since],
        contracts=[one for one in account.contracts if one.start >= since],
        sales_events=[one for one in account.sales_events if on(one.at) >= since],
        overrides=[one for one in account.overrides if one.since >= since],
    )


def plain(found: Any) -> list[tuple[Any, ...]]:
    """Journeys as the second model tells them."""
    return [
        (one.product_id, one.pursuit, one.entered, one.imputed, one.exit, one.exited_on)
        for one in found
    ]


@settings(max_examples=60)
@given(randoms())
def test_a_second_model_tells_the_same_journeys(random: Random) -> None:
    """Journeys of companies are what asking every day and telling the days in a row gives."""
    number = random.randrange(BOOKS)
    book, as_of = book_of(number), draw_as_of(random)
    as_of += random.choice((0, 40)) * DAY
    account = draw_account(random, book, as_of, busy=random.choice((3, 14)))
    if account.company is None:
        account = evolve(account, company=mf.Company("c", employees=300))
    account = recent(account, as_of - random.choice((20, 120, 260)) * DAY, book.zone)
    since = as_of - random.choice((0, 5, 60)) * DAY
    lowest = random.choice((1, 2, 4))
    interest = random.choice(book.scale.ladder[1:])
    engine = engine_of(number)
    found = journeys(
        engine,
        [account],
        as_of=as_of,
        since=since,
        target=mf.Tier(lowest),
        interest=interest,
    )
    naive = naive_journeys(
        engine, account, as_of=as_of, since=since, lowest=lowest, interest=interest
    )
    assert plain(found) == naive


# -- laws --


def drawn(random: Random) -> tuple[mf.Engine, mf.Account, date]:
    """An engine, an account with histories of some of its leads, and a day."""
    number = random.randrange(BOOKS)
    book, as_of = book_of(number), draw_as_of(random)
    account = draw_account(random, book, as_of)
    if random.random() < 0.5:
        leads = [one.id for one in account.leads]
        account = evolve(account, histories=draw_histories(random, book, as_of, leads))
    if random.random() < 0.3:
        born = datetime.combine(as_of, datetime.min.time(), UTC)
        born -= random.choice((0, 1, 30, 200)) * DAY
        account = evolve(account, leads=[evolve(one, created_at=born) for one in account.leads])
    return engine_of(number), account, as_of


def options(random: Random, engine: mf.Engine) -> dict[str, Any]:
    """What journeys may be asked with."""
    ladder = engine.playbook.scale.ladder
    return {
        "unit": random.choice(("company", "lead")),
        "target": mf.Tier(random.choice((1, 2, 4))),
        "interest": random.choice((None, *ladder[1:])),
        "link": random.choice(("at_entry", "primary", "all")),
        "statuses": random.choice(
            ({}, {"email_open": "sent", "page_view": "interacted", "inquiry": None})
        ),
    }


@given(randoms())
def test_later_days_tell_the_same_of_earlier_ones(random: Random) -> None:
    """Law 5: The future does not change the past: what is told as of a day is what is known of that
    day later.
    """
    engine, account, as_of = drawn(random)
    since = as_of - random.choice((0, 60, 400)) * DAY
    asked = options(random, engine)
    earlier = max(since, as_of - random.choice((0, 1, 2, 10, 40, 100)) * DAY)
    later = as_of + random.choice((0, 1, 60, 200)) * DAY
    now = journeys(engine, [account], as_of=later, since=since, **asked)
    then = journeys(engine, [account], as_of=earlier, since=since, **asked)
    known = [one.on(earlier) for one in now]
    assert [one for one in known if one] == [evolve(one, segment=now[0].segment) for one in then]


@given(randoms())
def test_the_order_of_records_does_not_matter(random: Random) -> None:
    """Law 4: Order does not matter: neither of records nor of accounts; and all is well formed."""
    engine, account, as_of = drawn(random)
    other = mf.Account(mf.Company("b", employees=300))
    asked = options(random, engine)
    shuffled: Any = evolve(
        account,
        **{  # type: ignore[arg-type] # of each field its own records
            name: random.sample(getattr(account, name), len(getattr(account, name)))
            for name in (
                "leads",
                "activities",
                "deals",
                "contracts",
                "sales_events",
                "histories",
                "overrides",
            )
        },
    )
    since = as_of - 50 * DAY
    found = journeys(engine, [account, other], as_of=as_of, since=since, **asked)
    assert found == journeys(engine, [other, shuffled], as_of=as_of, since=since, **asked)
    course = COURSE if asked["unit"] == "company" else course_of(engine.playbook.funnel)
    assert check_journeys(found, course) == found


@given(randoms())
def test_whoever_gives_a_sign_is_on_a_journey(random: Random) -> None:
    """Law 7: Nothing is lost: each company with a touch, a deal, or something owned is on a journey
    of the product and one of the whole firm; each lead on one of the whole firm.
    """
    engine, account, as_of = drawn(random)
    found = journeys(engine, [account], as_of=as_of, since=as_of)
    told = engine.assess(account, as_of=as_of)
    bad = [one.record for one in told.rejects]
    zone = zone_for(engine.playbook.zone)
    signs: set[Any] = set(told.owned)
    for one in account.activities:
        if one not in bad and local_day(one.at, zone) <= as_of:
            signs |= one.product_ids or {None}
    for deal in account.deals:
        own = told.company_id == deal.company_id
        if own and deal not in bad and local_day(deal.opened_at, zone) <= as_of:
            signs |= {line.product_id for line in deal.lines} or {None}
    if account.company is None:
        assert found == ()
    else:
        assert signs | ({None} if signs else set[Any]()) <= {one.product_id for one in found}
    leads = journeys(engine, [account], as_of=as_of, since=as_of - DAY, unit="lead")
    born = {one.id: one.created_at for one in account.leads}
    late = {lead for lead, at in born.items() if at is not None and local_day(at, zone) > as_of}
    assert {one.unit_id for one in leads if one.product_id is None} >= told.leads.keys() - late


# -- cases --

BOOK = mf.starter(["crm", "ma"], zone="UTC")
ENGINE = mf.Engine(BOOK)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
FIRST = NOON.date()


def at(day: int, hour: int = 0) -> datetime:
    """An instant so many days after the first."""
    return NOON + timedelta(day, hours=hour)


def on(day: int) -> date:
    """A day so many days after the first."""
    return FIRST + timedelta(day)


def did(day: int, kind: str = "inquiry", about: Any = ("crm",), lead: Any = "l") -> mf.Activity:
    """What a lead did on a day."""
    return mf.Activity(f"{kind}{day}{about}", lead, kind, at(day), about)


def deal(
    number: Any, opened: int, closed: int | None = None, status: Any = "open", about: Any = ("crm",)
) -> mf.Deal:
    """A deal of the company."""
    ended = None if closed is None else at(closed)
    lines = [mf.DealLine(one) for one in about]
    return mf.Deal(number, "c", at(opened), lines, status=status, closed_at=ended)


def account_of(*records: Any, employees: int | None = 500, **more: Any) -> mf.Account:
    """An account of one company with two people."""
    return mf.Account(
        mf.Company("c", employees=employees),
        leads=[mf.Lead("l", "c"), mf.Lead("m", "c")],
        activities=[one for one in records if isinstance(one, mf.Activity)],
        deals=[one for one in records if isinstance(one, mf.Deal)],
        contracts=[one for one in records if isinstance(one, mf.Contract)],
        sales_events=[one for one in records if isinstance(one, mf.SalesEvent)],
        **more,
    )


def told(
    *records: Any, product: Any = "crm", until: int = 700, since: int = 0, **more: Any
) -> list[tuple[str, str]]:
    """The journeys: the days of the steps, those of imputed ones in brackets; and the end."""
    asked = {
        key: more.pop(key)
        for key in ("unit", "link", "interest", "statuses", "course", "target")
        if key in more
    }
    found = journeys(
        ENGINE, [account_of(*records, **more)], as_of=on(until), since=on(since), **asked
    )
    return [
        (
            " ".join(
                f"({(day - FIRST).days})" if place in one.imputed else f"{(day - FIRST).days}"
                for place, day in enumerate(one.entered)
            ),
            f"{one.exit} {(one.exited_on - FIRST).days}" if one.exited_on else "",
        )
        for one in found
        if one.product_id == product and one.unit_id in ("c", "l")
    ]


def said(kind: Any, day: int, product: Any = "crm", lead: str = "l") -> mf.SalesEvent:
    """What sales said of a lead."""
    return mf.SalesEvent(lead, kind, at(day), product)


@pytest.mark.parametrize(
    ("records", "product", "found"),
    [
        # A company of the target market that nobody has reached.
        ([], "crm", [("0", "")]),
        ([], None, [("0", "")]),
        # Opened, then a request, then accepted: each step on its day.
        (
            [did(1, "email_open"), did(3), said("accepted", 5)],
            "crm",
            [("0 1 3 3 5", "dormant 185")],
        ),
        # A request at once: nobody saw it being interested before, but on the same day.
        ([did(3)], "crm", [("0 3 3 3", "dormant 183")]),
        ([did(3)], "ma", [("0", "")]),
        # What reaches the whole firm reaches it for each product that it is a target for.
        ([did(3, "email_open", ())], "ma", [("0 3", "")]),
        # A deal without lead: sales is at it, whatever was seen before.
        ([deal(1, 4, 9, "won")], "crm", [("0 (4) (4) (4) 4 9", "")]),
        ([deal(1, 4, 9, "lost")], "crm", [("0 (4) (4) (4) 4", "lost 9")]),
        ([deal(1, 4, 9, "lost")], None, [("0 (4) (4) (4) 4", "lost 9")]),
        # Two deals that are open at once: winning one leaves the other one as the next pursuit.
        (
            [deal(1, 4, 9, "won"), deal(2, 6, 20, "lost")],
            "crm",
            [("0 (4) (4) (4) 4 9", ""), ("9 (9) (9) (9) 9", "lost 20")],
        ),
        # Losing one of two ends nothing.
        (
            [deal(1, 4, 9, "lost"), deal(2, 6, 20, "won")],
            "crm",
            [("0 (4) (4) (4) 4 20", "")],
        ),
        # Both won on one day: two journeys; the second has been sold, too.
        (
            [deal(1, 4, 9, "won"), deal(2, 6, 9, "won")],
            "crm",
            [("0 (4) (4) (4) 4 9", ""), ("9 (9) (9) (9) 9 9", "")],
        ),
        # What is recorded as closed before it was opened is known on the later day.
        ([deal(1, 9, 4, "won")], "crm", [("0 (9) (9) (9) 9 9", "")]),
        # A contract without any deal; its renewal is none.
        (
            [mf.Contract("c", "crm", on(5), on(20)), mf.Contract("c", "crm", on(21))],
            "crm",
            [("0 (5) (5) (5) (5) 5", "")],
        ),
        # It came back after a gap.
        (
            [mf.Contract("c", "crm", on(5), on(20)), mf.Contract("c", "crm", on(25))],
            "crm",
            [("0 (5) (5) (5) (5) 5", ""), ("25 (25) (25) (25) (25) 25", "")],
        ),
        # One deal about two products is won once for each, and once for the firm.
        ([deal(1, 4, 9, "won", ("crm", "ma"))], "ma", [("0 (4) (4) (4) 4 9", "")]),
        ([deal(1, 4, 9, "won", ("crm", "ma"))], None, [("0 (4) (4) (4) 4 9", "")]),
        # While one of its people is pursued, another one's end is none of the company.
        (
            [did(3), did(4, lead="m"), said("recycled", 6), said("disqualified", 8, lead="m")],
            "crm",
            [("0 3 3 3", "disqualified 8")],
        ),
        # Who raises a hand again is on the next journey, for as long as the hand is up.
        (
            [did(3), said("recycled", 6), did(30)],
            "crm",
            [("0 3 3 3", "recycled 6"), ("30 30 30 30", "recycled 120")],
        ),
        # A mere mail opens none.
        ([did(3), said("recycled", 6), did(30, "email_open")], "crm", [("0 3 3 3", "recycled 6")]),
        # Who is set apart at once has been there.
        ([said("disqualified", 6)], "crm", [("0 6", "disqualified 6")]),
        # A raised hand for the whole firm is a journey of the firm.
        ([did(3, about=())], None, [("0 3 3 3", "dormant 183")]),
        # It counts for the products that the lead is engaged with by then.
        (
            [did(3, "webinar_attended"), did(4, about=())],
            "crm",
            [("0 3 3 4", "dormant 184")],
        ),
        # When the firm is pursued again, no product interests the lead any more.
        (
            [did(3, "webinar_attended"), did(4, about=()), said("accepted", 400, None)],
            "crm",
            [("0 3 3 4", "dormant 184")],
        ),
    ],
)
def test_what_a_company_shows(records: Any, product: Any, found: Any) -> None:
    """Each step has the day on which it was first seen; a journey ends with its last pursuit."""
    assert told(*records, product=product) == found


def test_who_is_no_target_is_on_a_journey_all_the_same() -> None:
    """Its target is imputed, and nobody is lost."""
    small: dict[str, Any] = {"employees": 10}
    assert told(**small) == []
    assert told(did(3, "email_open"), **small) == [("(3) 3", "")]
    assert told(did(3, "email_open", ()), **small) == []
    assert told(did(3, "email_open", ()), product=None, **small) == [("(3) 3", "")]
    assert told(deal(1, 4, 9, "won"), **small) == [("(4) (4) (4) (4) 4 9", "")]
    target = {"crm": mf.Tier(4), "ma": mf.Tier(1)}
    assert told(target=target, **small) == [("0", "")]
    assert told(target=target, product="ma", **small) == []


def test_what_happened_before_the_first_day_keeps_its_day() -> None:
    """Nobody looked for the target by then, so that it is imputed; customers are no target anew."""
    assert told(did(3), since=50) == [("(3) 3 3 3", "dormant 183")]
    assert told(deal(1, 4, 9, "won"), since=50) == [("(4) (4) (4) (4) 4 9", "")]
    # Who owns nothing any more, or never did, comes into the target market on that day.
    lapsed = mf.Contract("c", "crm", on(1), on(5))
    assert told(lapsed, since=50) == [("(1) (1) (1) (1) (1) 1", ""), ("50", "")]


def test_who_leaves_the_target_market_leaves_the_course() -> None:
    """Unless somebody pursues it; and it may come back."""
    changes = [
        mf.CompanyChange(on(day), "employees", number)
        for day, number in ((20, 10), (40, 500), (60, 10))
    ]
    company = mf.CompanyHistory(mf.Company("c", employees=500), changes)

    def found(*records: Any) -> list[tuple[str, str]]:
        account = evolve(account_of(*records), company=company)
        return [
            (
                " ".join(str((day - FIRST).days) for day in one.entered),
                f"{one.exit} {(one.exited_on - FIRST).days}" if one.exited_on else "",
            )
            for one in journeys(ENGINE, [account], as_of=on(90), since=FIRST)
            if one.product_id == "crm"
        ]

    assert found() == [("0", "not_target 20"), ("40", "not_target 60")]
    assert found(deal(1, 15, 30, "lost")) == [
        ("0 15 15 15 15", "lost 30"),
        ("40", "not_target 60"),
    ]
    assert found(deal(1, 15, 30, "won")) == [("0 15 15 15 15 30", "")]


def test_a_product_that_is_not_offered_has_no_target_market() -> None:
    """White space that is not eligible, whatever the Tier; from the day on which it is sold."""
    products = [mf.Product("crm", sold_from=on(10), sold_until=on(19)), mf.Product("ma")]
    engine = mf.Engine(mf.starter(products, zone="UTC"))
    found = journeys(engine, [account_of()], as_of=on(90), since=FIRST)
    assert [(one.product_id, one.entered, one.exit, one.exited_on) for one in found] == [
        ("crm", (on(10),), "not_target", on(20)),
        ("ma", (on(0),), None, None),
        (None, (on(0),), None, None),
    ]


# -- histories --

FUNNEL = BOOK.funnel


def moved(*moves: tuple[int, str, Any], lead: str = "l") -> mf.StageHistory:
    """A history: days, stages and products."""
    history = mf.StageHistory(lead)
    for day, stage, products in moves:
        history = FUNNEL.move(
            history, stage, at=at(day), cause="import", reason="timing", for_products=products
        )
    return history


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        # Each stage on its day; the history says it all, whatever was recorded of deals.
        (
            [(2, "inquiry", ["crm"]), (5, "mql", ["crm"]), (8, "sal", ["crm"])],
            [("0 2 (5) 5 8", "")],
        ),
        ([(2, "mql", ["ma"])], [("0", "")]),
        ([(2, "mql", ["crm"]), (9, "lost", ["crm"])], [("0 2 (2) 2", "lost 9")]),
        # What leads off without a product leads off for all of them; but for others, it does not.
        ([(2, "mql", ["crm"]), (9, "lost", [])], [("0 2 (2) 2", "lost 9")]),
        ([(2, "mql", ["crm"]), (9, "lost", ["ma"])], [("0 2 (2) 2", "")]),
        # The lead is somewhere for another product: here, it is where it was.
        (
            [(2, "mql", ["crm"]), (5, "sal", ["ma"]), (9, "lost", ["ma"]), (12, "sal", ["crm"])],
            [("0 2 (2) 2 12", "")],
        ),
        # Back to where it began.
        ([(2, "mql", ["crm"]), (9, "known", [])], [("0 2 (2) 2", "known 9")]),
        # Nobody recorded what it bought, but that it is a customer.
        (
            [(2, "mql", ["crm"]), (9, "customer", ["crm"])],
            [("0 2 (2) 2 (9) 9", "")],
        ),
        ([(9, "customer", ["crm"])], [("0 (9) (9) (9) (9) 9", "")]),
        (
            [(9, "customer", ["crm"]), (30, "mql", ["crm"]), (40, "customer", ["crm"])],
            [("0 (9) (9) (9) (9) 9", ""), ("30 30 (30) 30 (40) 40", "")],
        ),
    ],
)
def test_a_kept_history_says_where_people_are(moves: Any, found: Any) -> None:
    """S20: also for companies; each entry counts for the products that it names."""
    assert told(histories=[moved(*moves)], until=60) == found


def test_a_win_that_a_deal_has_told_is_none_of_the_history() -> None:
    """The CRM moves the lead some days later: the company has won once."""
    history = moved((2, "sql", ["crm"]), (11, "customer", ["crm"]))
    records = [deal(1, 4, 9, "won")]
    assert told(*records, histories=[history], until=60) == [("0 2 (2) (2) 2 9", "")]


def test_until_a_history_begins_the_facts_say_where_people_are() -> None:
    """And where histories of one lead differ, as if none were kept (S17)."""
    first = moved((9, "sal", ["crm"]))
    found = [("0 3 3 3 9", "")]
    assert told(did(3), histories=[first], until=60) == found
    assert told(did(3), histories=[first], until=8) == [("0 3 3 3", "")]
    # It is somewhere for another product by now, and nothing is known of this one any more.
    other = moved((9, "sal", ["ma"]))
    assert told(did(3), histories=[other], until=400) == [("0 3 3 3", "")]
    assert told(did(3), histories=[first, other], until=400) == [("0 3 3 3", "dormant 183")]
    former = evolve(first.entries[-1], stage="hot", number=1)
    assert told(did(3), histories=[mf.StageHistory("l", [former])], until=60) == [("0 3 3 3", "")]


def test_an_entry_that_names_no_product_counts_for_those_of_interest() -> None:
    """By the rule of the link: those that the lead is engaged with on that day."""
    whole = moved((9, "sal", []))
    keen = [did(8, "webinar_attended"), did(8, "inquiry", ("ma",))]

    def both(**more: Any) -> list[list[tuple[str, str]]]:
        return [told(*keen, histories=[whole], until=60, product=p, **more) for p in ("crm", "ma")]

    each = [("0 8 8 (9) 9", "")]
    assert both() == [each, [("0 8 8 8 9", "")]]
    assert both(link="primary") == [[("0 8 8", "")], [("0 8 8 8 9", "")]]
    # Where it is engaged with nothing, it is the whole firm's.
    assert told(histories=[whole], until=60) == [("0", "")]
    assert told(histories=[whole], until=60, product=None) == [("0 9 (9) (9) 9", "")]
    named = moved((9, "sal", ["crm"]), (12, "lost", ["crm"]))
    assert told(*keen, histories=[named], until=60, product="ma") == [("0 8 8 8", "")]
    assert told(*keen, histories=[named], until=60, product="ma", link="all") == [
        ("0 8 8 8 9", "lost 12")
    ]
    # Once an entry names a product, that is what the lead is about.
    later = moved((9, "mql", []), (12, "sal", ["crm"]), (15, "lost", ["crm"]))
    assert told(histories=[later], until=60, product=None) == [("0 9 (9) 9 12", "lost 15")]
    lost = moved((9, "mql", []), (15, "lost", ["crm"]))
    assert told(histories=[lost], until=60, product=None) == [("0 9 (9) 9", "lost 15")]


def test_a_history_that_began_before_all_else_keeps_its_days() -> None:
    """Of how interested the lead was by then, nothing is known."""
    early = moved((-30, "sal", []), (-20, "lost", []))
    assert told(histories=[early], product=None) == [
        ("(-30) -30 (-30) (-30) -30", "lost -20"),
        ("0", ""),
    ]
    keen = did(3, "page_view")
    assert told(keen, histories=[early], product=None, unit="lead") == [
        ("(-30) (-30) (-30) -30", "lost -20"),
    ]
    assert told(keen, histories=[early], unit="lead") == []


def test_a_lead_that_was_merged_goes_on_as_the_one_that_came_further() -> None:
    """What had happened to the other one before is not told of it."""
    one, other = moved((0, "known", [])), moved((3, "sal", ["crm"]), lead="x")
    merged = mf.StageHistory("l", FUNNEL.merge(one, other, at=at(9)).entries)
    assert told(histories=[merged], until=60) == [("0 9 (9) (9) 9", "")]
    assert told(histories=[merged], until=60, unit="lead") == [("(9) (9) (9) 9", "")]
    assert told(histories=[merged], until=8) == [("0", "")]


def test_a_stage_that_the_funnel_no_longer_has_tells_nothing() -> None:
    """But that the lead is known."""
    gone = [evolve(one, stage="hot") for one in moved((5, "known", [])).entries]
    history = mf.StageHistory("l", gone)
    assert told(histories=[history], until=60) == [("0", "")]
    assert told(histories=[history], until=60, product=None, unit="lead", since=5) == [("5", "")]
    later = FUNNEL.move(history, "sal", at=at(8), cause="api")
    assert told(histories=[later], product=None, unit="lead", since=5)[0][0].startswith("5 (8)")
    former = evolve(later, entries=[*later.entries[:-1], evolve(later.entries[-1], stage="hot")])
    assert told(histories=[former], product=None, unit="lead", since=5) == [("5", "")]


def test_records_that_contradict_each_other_count_until_they_do() -> None:
    """S17, as of each day: a deal that was open is open no more, and nobody knows how it ended."""
    first, second = deal(1, 4), deal(1, 9, about=("ma",))
    assert told(first, second) == [("0 (4) (4) (4) 4", "")]
    assert told(first, second, product="ma") == [("0", "")]
    assert told(first, deal(1, 4, about=("ma",))) == [("0", "")]
    assert told(did(3), first, second) == [("0 3 3 3 4", "dormant 183")]
    touches = [did(4, "email_open"), evolve(did(4, "email_open"), product_ids=["ma"])]
    assert told(*touches) == [("0", "")]


# -- touches and courses --


def test_the_firm_says_how_far_a_kind_of_touch_has_come() -> None:
    """What was only sent has reached nobody; what is no touch, neither."""
    sent = {"email_open": "sent", "bounced": None}
    assert told(did(3, "email_open"), did(4, "bounced"), statuses=sent) == [("0", "")]
    assert told(did(3, "email_open"), did(4, "other"), statuses=sent) == [("0 4", "")]
    # Without the levels of interest, touches alone say who responded.
    responses = {"email_open": "delivered", "page_view": "interacted"}
    asked: dict[str, Any] = {"interest": None, "statuses": responses, "until": 60}
    opened, viewed = did(3, "email_open"), did(5, "page_view")
    assert told(opened, viewed, **asked) == [("0 3 5", "")]
    assert told(opened, did(5, "page_view", ()), product="ma", **asked) == [("0 5 5", "")]
    assert told(opened, did(5, "webinar_attended"), **asked) == [("0 3", "")]


def test_a_course_may_have_other_steps() -> None:
    """Stages of the funnel by their keys; the step before the last is that of an open deal."""
    short = Course([FlowStep("reached", "r"), FlowStep("sql", "s"), FlowStep("won", "w")])
    records = [did(1), said("accepted", 2), said("qualified", 4), deal(1, 6, 9, "won")]
    assert told(*records, course=short) == [("1 4 9", "")]
    assert told(course=short) == []
    bare = Course([FlowStep("target", "t"), FlowStep("won", "w")])
    assert told(*records, course=bare, employees=10) == [("1 9", "")]


def test_a_funnel_is_a_course() -> None:
    """Its stages are the steps, downstream from where sales takes over."""
    course = course_of(FUNNEL)
    assert course.keys == ("known", "inquiry", "mql", "sal", "sql", "opportunity", "customer")
    sides = {one.key: one.side for one in course.steps}
    assert [key for key, side in sides.items() if side == "upstream"] == ["known", "inquiry", "mql"]
    assert course.steps[0].passage is None
    assert course.steps[2].passage == course.steps[2].label == FUNNEL.stage("mql").label
    assert [one.side for one in course_of(FUNNEL, accepted="sql").steps].count("upstream") == 4
    with pytest.raises(mf.InvalidDataError, match="accepted: 'sla': no such stage on the lad"):
        course_of(FUNNEL, accepted="sla")
    with pytest.raises(mf.InvalidDataError, match="funnel: must be a Funnel, not str"):
        course_of("x")  # type: ignore[arg-type] # refused on purpose


def test_a_course_of_leads_may_leave_stages_out() -> None:
    """What stands below its first step does not show it, even where that is called like a step of
    companies.
    """
    keys = ("known", "inquiry", "reached", "bought")
    known, inquiry, reached, bought = (mf.FunnelStage(key, key) for key in keys)
    rules = [
        mf.Rule(bought, facts.pursuit.won, key="c"),
        mf.Rule(reached, facts.pursuit.accepted, key="a"),
        mf.Rule(inquiry, facts.pursuit.started, key="b"),
    ]
    funnel = mf.Funnel(mf.DecisionTable(rules, known), [known, inquiry, reached, bought])
    engine = mf.Engine(evolve(BOOK, funnel=funnel, plays=mf.Plays()))
    course = Course([FlowStep("reached", "r"), FlowStep("bought", "b")])
    account = account_of(did(3), said("accepted", 5))
    asked: dict[str, Any] = {"since": FIRST, "unit": "lead", "course": course}
    assert journeys(engine, [account], as_of=on(4), **asked) == ()
    found = journeys(engine, [account], as_of=on(9), **asked)
    assert [(one.product_id, one.entered) for one in found] == [("crm", (on(5),)), (None, (on(5),))]


# -- leads --


@pytest.mark.parametrize(
    ("records", "product", "found"),
    [
        ([], None, [("0", "")]),
        ([], "crm", []),
        ([did(3)], None, [("0 (3) 3", "dormant 183")]),
        ([did(3)], "crm", [("(3) (3) 3", "dormant 183")]),
        # What it did for the whole firm counts for the products that interest it by then.
        ([did(3, about=())], "crm", [("(3) (3) 3", "dormant 183")]),
        ([did(3, "page_view", ())], "crm", []),
        (
            [did(3, "page_view"), did(5), said("accepted", 7), said("recycled", 9), did(20)],
            "crm",
            [("(3) 3 5 7", "recycled 9"), ("(20) (20) 20", "recycled 110")],
        ),
        (
            [did(3), evolve(deal(1, 4, 9, "won"), lead_id="l")],
            "crm",
            [("(3) (3) 3 (4) (4) 4 9", "")],
        ),
        (
            [did(3), evolve(deal(1, 4, 9, "won"), lead_id="l"), did(20)],
            "crm",
            [("(3) (3) 3 (4) (4) 4 9", ""), ("(20) (20) 20", "dormant 200")],
        ),
    ],
)
def test_what_a_lead_shows(records: Any, product: Any, found: Any) -> None:
    """The stages that the gate would have kept; those passed over are imputed."""
    assert told(*records, product=product, unit="lead") == found


@pytest.mark.parametrize(
    ("link", "moves", "found"),
    [
        ("at_entry", [(9, "sal", [])], [[("(9) (9) (9) 9", "")], [("(9) (9) (9) 9", "")]]),
        ("primary", [(9, "sal", [])], [[], [("(9) (9) (9) 9", "")]]),
        ("at_entry", [(9, "sal", ["crm"])], [[("(9) (9) (9) 9", "")], []]),
        ("all", [(9, "sal", ["crm"])], [[("(9) (9) (9) 9", "")], [("(9) (9) (9) 9", "")]]),
        (
            "all",
            [(9, "sal", ["crm"]), (12, "lost", ["crm"])],
            [[("(9) (9) (9) 9", "lost 12")], [("(9) (9) (9) 9", "lost 12")]],
        ),
        (
            "at_entry",
            [(9, "sal", []), (12, "lost", ["crm"])],
            [[("(9) (9) (9) 9", "lost 12")], [("(9) (9) (9) 9", "")]],
        ),
        ("at_entry", [(9, "lost", ["crm"])], [[("9", "lost 9")], []]),
        # A customer of one product whose pursuit of another one comes to nothing has won once.
        (
            "at_entry",
            [
                (9, "customer", ["crm"]),
                (12, "mql", ["ma"]),
                (20, "lost", ["ma"]),
                (20, "customer", ["crm"]),
            ],
            [
                [("(9) (9) (9) (9) (9) (9) 9", "")],
                [("(12) (12) 12", "lost 20")],
            ],
        ),
        # Going down takes back nothing that was reached.
        (
            "at_entry",
            [(9, "sql", ["crm"]), (12, "mql", ["crm"]), (20, "sql", ["crm"])],
            [[("(9) (9) (9) (9) 9", "")], []],
        ),
    ],
)
def test_for_which_products_a_stage_counts(link: Any, moves: Any, found: Any) -> None:
    """One stage of a lead may count for several products."""
    keen = [did(8, "webinar_attended"), did(8, "inquiry", ("ma",))]
    history = moved((0, "known", []), *moves)
    asked: dict[str, Any] = {"histories": [history], "unit": "lead", "link": link}
    assert [told(*keen, product=p, **asked) for p in ("crm", "ma")] == found


def test_a_lead_is_known_since_it_was_created() -> None:
    """Unless it gave a sign before, or its history says otherwise."""

    def found(created: int, *activities: mf.Activity, until: int = 60, **more: Any) -> Any:
        leads = [mf.Lead("l", "c", created_at=at(created))]
        account = mf.Account(mf.Company("c"), leads=leads, activities=activities, **more)
        told = journeys(ENGINE, [account], as_of=on(until), since=FIRST, unit="lead")
        return [
            ([(day - FIRST).days for day in one.entered], sorted(one.imputed))
            for one in told
            if one.product_id is None
        ]

    assert found(10) == [([10], [])]
    assert found(10, until=9) == []
    assert found(-10) == [([0], [])]
    assert found(10, did(20)) == [([10, 20, 20], [1])]
    assert found(10, did(5)) == [([5, 5, 5], [1])]
    assert found(10, histories=[moved((5, "known", []))]) == [([5], [])]


def test_people_without_company_are_on_journeys_of_leads() -> None:
    """They have no company that could be on one."""
    account = mf.Account(None, leads=[mf.Lead("x")], activities=[did(3, lead="x")])
    assert journeys(ENGINE, [account], as_of=on(9), since=FIRST) == ()
    found = journeys(ENGINE, [account], as_of=on(9), since=FIRST, unit="lead")
    assert [(one.product_id, one.segment) for one in found] == [
        ("crm", "unmatched"),
        (None, "unmatched"),
    ]


# -- real and invented data --


def test_the_invented_market() -> None:
    """Each deal that is won is won once, and each company is on a journey."""
    as_of = date(2026, 10, 31)
    sample = examples.generate(60, as_of=as_of)
    engine = mf.Engine(examples.PLAYBOOK)
    found = journeys(engine, sample.accounts(), as_of=as_of, since=date(2025, 5, 1))
    assert check_journeys(found, COURSE) == found
    reached = {one.unit_id for one in found if one.step and one.product_id is None}
    touched = {lead.id: lead.company_id for lead in sample.leads}
    assert reached >= {touched[one.lead_id] for one in sample.activities} - {None}
    companies = {one.id: one for one in sample.companies}
    for one in found:
        segment = engine.segment_for(companies[one.unit_id], as_of=as_of)
        assert one.segment == segment.value.key


def test_the_deals_of_a_real_crm(shared_data: Path) -> None:
    """Of each product, as many journeys are won as deals, and no more end than are lost."""
    read = sources.read("maven", shared_data / "maven_crm")
    engine, as_of = mf.Engine(examples.playbook("maven")), date(2017, 12, 31)
    steps = (*COURSE.steps[:3], FlowStep("opportunity", "opportunity"), COURSE.steps[-1])
    found = journeys(
        engine,
        read.accounts(),
        as_of=as_of,
        since=date(2016, 10, 1),
        course=Course(steps),
        interest=None,
    )
    companies = {one.id for one in read.companies}
    for product in engine.playbook.products:
        deals = [
            one
            for one in read.deals
            if one.company_id in companies
            and any(line.product_id == product.id for line in one.lines)
        ]
        of_product = [one for one in found if one.product_id == product.id]
        won = [one for one in deals if one.status == "won"]
        assert sum(one.step == 4 for one in of_product) == len(won) > 0
        lost = [one for one in deals if one.status == "lost"]
        assert sum(one.exit == "lost" for one in of_product) <= len(lost)
        # Nobody was marketed to: what lies between target and sales was never seen.
        assert all({1, 2} <= one.imputed for one in of_product if one.step > 2)


# -- what is not what it should be --

GONE = Course([FlowStep("target", "t"), FlowStep("mqll", "m"), FlowStep("sal", "s")])
TURNED = Course([FlowStep("sal", "s"), FlowStep("mql", "m"), FlowStep("won", "w")])


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"engine": BOOK}, ["engine: must be an Engine, not Playbook"]),
        (
            {
                "unit": "companies",
                "link": "entry",
                "since": "x",
                "as_of": "y",
                "statuses": {"a": "b"},
                "target": 2,
                "interest": "keen",
                "course": "z",
            },
            [
                "unit: must be one of company, lead",
                "link: must be one of at_entry, primary, all",
                "since: must be a date",
                "as_of: must be a date or an aware datetime",
                "statuses.a: must be one of targeted",
                "target: must be a Tier, or map each product to one, not 2",
                "course: must be a Course, not str 'z'",
                "interest: must be a level of interest above 'none' (aware, interested, high_in",
            ],
        ),
        ({"interest": "none"}, ["interest: must be a level of interest above 'none'"]),
        ({"interest": 3}, ["interest: must be a level of interest above 'none'"]),
        ({"unit": "x"}, ["unit: must be one of company, lead, not 'x'"]),
        ({"as_of": on(-1)}, ["as_of: must not be before 2026-01-05, the first day"]),
        (
            {"target": {"crmm": mf.Tier(1), "ma": 2}},
            [
                "target.crmm: no such product; did you mean 'crm'?",
                "target.ma: must be a Tier, not int 2",
                "target.crm: is missing; give a Tier to each product",
            ],
        ),
        (
            {"course": GONE},
            [
                "course.steps[1].key: 'mqll' is none of target, reached, engaged, inquiry, mql, s",
                "course.steps: must end with 'won'",
            ],
        ),
        (
            {"course": TURNED},
            ["course.steps[1].key: 'mql' does not come after the step before it"],
        ),
        (
            {"course": TURNED, "unit": "lead"},
            [
                "course.steps[1].key: 'mql' does not come after the step before it",
                "course.steps[2].key: 'won' is none of known",
            ],
        ),
    ],
)
def test_arguments_are_checked(given: dict[str, Any], problems: list[str]) -> None:
    """All faults at once, each with its path."""
    arguments: dict[str, Any] = {"engine": ENGINE, "as_of": on(9), "since": FIRST, **given}
    with pytest.raises(mf.InvalidDataError) as caught:
        journeys(arguments.pop("engine"), [], **arguments)
    found = [str(one) for one in caught.value.problems]
    assert len(found) == len(problems)
    for one, start in zip(found, problems, strict=True):
        assert one.startswith(start)


@pytest.mark.parametrize(
    ("unit", "problem"),
    [
        ("company", "accounts[1]: company 'c' is in accounts[0] too"),
        ("lead", "accounts[1]: lead 'l' is in accounts[0] too"),
    ],
)
def test_nobody_is_there_twice(unit: Any, problem: str) -> None:
    """Two accounts of one company would be two companies on one journey."""
    lone = mf.Account(None)
    with pytest.raises(mf.InvalidDataError) as caught:
        journeys(ENGINE, [account_of(), account_of(), lone], as_of=on(9), since=FIRST, unit=unit)
    assert str(caught.value.problems[0]) == problem
    with pytest.raises(mf.InvalidDataError, match=r"accounts\[0\]: must be an Account, not str"):
        journeys(ENGINE, ["x"], as_of=on(9), since=FIRST)  # type: ignore[list-item]
