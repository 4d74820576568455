"""Worth: the deals that ended journeys are what these are worth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given

import mpfunnel as mf
from mpfunnel.calendars import zone_for
from mpfunnel.flow import FxRate, FxTable, Journey, deal_amounts, flow_report, journeys
from mpfunnel.flow.periods import Period
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, engine_of
from tests.policies import randoms

BOOK = mf.starter(["crm", "sfa"], zone="Asia/Tokyo")
ENGINE = mf.Engine(BOOK)
DAY = date(2026, 1, 1)


def after(days: int) -> date:
    """Return a day so many days after the first."""
    return DAY + timedelta(days)


def deal(number: int, opened: int, closed: int | None, status: Any, **others: Any) -> mf.Deal:
    """Return a deal of the company, about CRM unless it says otherwise."""

    def at(days: int) -> datetime:
        return datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days)

    lines = [mf.DealLine(one) for one in others.pop("products", ("crm",))]
    closed_at = None if closed is None else at(closed)
    return mf.Deal(
        number, "c", at(opened), status=status, closed_at=closed_at, lines=lines, **others
    )


LATER = after(90)


def told(*deals: mf.Deal, as_of: date = LATER, **others: Any) -> dict[Any, Any]:
    """Return what the journeys of a company with such deals are worth."""
    account = mf.Account(mf.Company("c", employees=300), deals=deals)
    found = journeys(ENGINE, [account], as_of=as_of, since=DAY)
    return dict(deal_amounts(BOOK, found, [account], as_of=as_of, **others).of)


def test_a_journey_is_worth_the_deal_that_ended_it() -> None:
    """Of two pursuits, each is worth what ended it; one that is open is worth nothing yet."""
    lost = deal(1, 0, 10, "lost", amount=100)
    won = deal(2, 20, 30, "won", amount=300)
    still = deal(3, 40, None, "open", amount=900)
    assert told(lost, won, still) == {
        ("c", "crm", 1): 100,
        ("c", "crm", 2): 300,
        ("c", None, 1): 100,
        ("c", None, 2): 300,
    }


def test_deals_lost_on_one_journey_count_together() -> None:
    """Who lost two deals before going on lost the value of both."""
    one, other = deal(1, 0, 20, "lost", amount=100), deal(2, 5, 10, "lost", amount=Decimal("0.5"))
    assert told(one, other)["c", "crm", 1] == Decimal("100.5")


def test_what_was_lost_before_the_win_is_not_worth_what_was_won() -> None:
    """A journey that was won is worth the deal that won it, whatever was lost on the way."""
    assert told(deal(1, 0, 10, "lost", amount=50), deal(2, 5, 20, "won", amount=300)) == {
        ("c", "crm", 1): 300,
        ("c", None, 1): 300,
    }


def test_deals_won_on_one_day_each_count_once() -> None:
    """Two wins of a day are two journeys, of which neither has the worth of both."""
    found = told(deal(1, 0, 10, "won", amount=1), deal(2, 5, 10, "won", amount=2))
    assert [found["c", "crm", pursuit] for pursuit in (1, 2)] == [1, 2]


def test_a_product_has_its_part_of_a_deal() -> None:
    """A deal about two products is worth its lines to each of them, and all to the firm."""
    both = deal(1, 0, 10, "won")
    lines = [mf.DealLine("crm", amount=70), mf.DealLine("sfa", amount=30)]
    found = told(evolve(both, lines=lines))
    assert found == {("c", "crm", 1): 70, ("c", "sfa", 1): 30, ("c", None, 1): 100}
    unsplit = told(deal(1, 0, 10, "won", amount=100, products=("crm", "sfa")))
    assert unsplit == {("c", None, 1): 100}


def test_what_has_no_price_is_worth_nothing_that_is_known() -> None:
    """A deal without amount, or in a currency without rate, leaves its journey without worth."""
    foreign = deal(1, 0, 10, "won", amount=100, currency="USD")
    assert told(foreign) == {}
    rates = FxTable("JPY", [FxRate("USD", 150, after(10), after(10))])
    assert told(foreign, fx=rates)["c", None, 1] == 15000
    assert told(deal(1, 0, 10, "lost", amount=5), deal(2, 0, 10, "lost")) == {}
    assert told(deal(1, 0, 10, "won")) == {}
    assert told(deal(1, 0, 10, "won", amount=-1)) == {}


def test_what_closes_later_does_not_count() -> None:
    """Law 5: A deal is open until the day on which it closes."""
    won = deal(1, 0, 30, "won", amount=300)
    assert told(won, as_of=after(29)) == {}
    assert told(won, as_of=after(30))["c", "crm", 1] == 300


def test_the_report_tells_by_value() -> None:
    """With amounts, the win rate by value is that of the deals."""
    deals = [deal(1, 0, 10, "lost", amount=100), deal(2, 20, 30, "won", amount=300)]
    account = mf.Account(mf.Company("c", employees=300), deals=deals)
    found = journeys(ENGINE, [account], as_of=after(90), since=DAY)
    amounts = deal_amounts(BOOK, found, [account], as_of=after(90))
    report = flow_report(
        found,
        period=Period(DAY, after(89), "Q"),
        as_of=after(90),
        within_days=30,
        amounts=amounts,
        min_n=1,
    )
    assert report.product("crm").winning.by_value.value == 0.75


def test_what_is_no_journey_is_told_at_once() -> None:
    """Every argument of a wrong type is named."""
    wrong: Any = None
    with pytest.raises(mf.InvalidDataError) as caught:
        # Of wrong types on purpose.
        deal_amounts(wrong, [wrong], [wrong], course=wrong, as_of=wrong, fx=wrong or "x")  # type: ignore[arg-type]
    paths = {one.path for one in caught.value.problems}
    assert paths == {"playbook", "journeys[0]", "accounts[0]", "course", "as_of", "fx"}


def test_people_without_company_have_no_deals_of_their_own() -> None:
    """What is in the account of nobody's company is worth nothing to a company."""
    lone = mf.Account(None, leads=[mf.Lead("l")])
    assert dict(deal_amounts(BOOK, (), [lone], as_of=DAY).of) == {}


@given(randoms())
def test_each_deal_that_was_won_is_worth_one_journey(random: Random) -> None:
    """Conservation: What journeys with the whole firm have won is what its deals have won."""
    number = random.randrange(BOOKS)
    book, as_of = book_of(number), draw_as_of(random)
    account = draw_account(random, book, as_of)
    if account.company is None:
        account = evolve(account, company=mf.Company("c", employees=300))
    priced = [
        evolve(one, amount=random.choice((None, place, place * 10)), currency=None)
        for place, one in enumerate(dict.fromkeys(account.deals))
    ]
    account = evolve(account, deals=priced)
    found = journeys(
        engine_of(number), [account], as_of=as_of, since=as_of, interest=None, stages="kept"
    )
    amounts = deal_amounts(book, found, [account], as_of=as_of)
    firm: list[Journey] = [one for one in found if one.product_id is None and len(one.entered) == 6]
    won = sorted(
        amounts.of[one.unit_id, None, one.pursuit]
        for one in firm
        if (one.unit_id, None, one.pursuit) in amounts.of
    )
    answer = engine_of(number).assess(account, as_of=as_of)
    bad = [one.record for one in answer.rejects]
    own = [
        one
        for one in account.deals
        if one.company_id == answer.company_id and one not in bad and one.status == "won"
    ]
    zone = zone_for(book.zone)
    known = [
        one
        for one in own
        if one.closed_at is not None
        and max(one.opened_at, one.closed_at).astimezone(zone).date() <= as_of
    ]
    assert won == sorted(one.amount for one in known if one.amount is not None)
