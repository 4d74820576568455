"""Situation: what counts of an account on a day, and what cannot be used, and why."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given

from mpfunnel.account import Account
from mpfunnel.calendars import local_day
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
from mpfunnel.situation import Situation, situation
from tests.leads import AS_OF, book_of, draw_account
from tests.policies import randoms

TODAY = date(2024, 6, 30)
AT = datetime(2024, 6, 1, 12, tzinfo=UTC)
LATER = datetime(2024, 7, 1, 12, tzinfo=UTC)
COMPANY = Company("c")
LEAD = Lead("l", "c")
TABLES = ("leads", "activities", "deals", "contracts", "sales_events", "histories")


def seen(account: Account, *, as_of: date = TODAY, zone: str = "UTC") -> Situation:
    """What counts of the account, where the firm sells products A and B."""
    return situation(
        account,
        as_of=as_of,
        day_of=lambda at: local_day(at, ZoneInfo(zone)),
        products={"A": None, "B": None},
    )


def used(counted: Situation) -> Counter[Any]:
    """Every record that counts."""
    dated = (counted.activities, counted.sales_events, counted.deals_of)
    return Counter(
        [
            *counted.leads.values(),
            *counted.contracts,
            *(pair[0] for each in dated for pairs in each.values() for pair in pairs),
        ]
    )


def codes(account: Account) -> list[tuple[str, Any, str]]:
    """Of each reject: its table, its id, and the code of the reason."""
    return [(one.table, one.id, one.code) for one in seen(account).rejects]


def activity(n: int = 1, lead_id: str = "l", at: datetime = AT, *products: str) -> Activity:
    """A click, about product A unless another one is named."""
    return Activity(n, lead_id, "click", at, products or ("A",))


class TestDays:
    def test_records_of_the_day_itself_count(self) -> None:
        """S11: records with day ≤ as_of count, in the zone of the playbook."""
        last = datetime(2024, 6, 30, 23, 59, 59, tzinfo=UTC)
        first = last + timedelta(seconds=1)
        account = Account(
            COMPANY, leads=[LEAD], activities=[activity(1, "l", last), activity(2, "l", first)]
        )
        assert [one.id for one, _ in seen(account).activities["l"]] == [1]
        assert "l" not in seen(account, zone="Asia/Tokyo").activities
        tomorrow = seen(account, as_of=TODAY + timedelta(1), zone="Asia/Tokyo")
        assert [day for _, day in tomorrow.activities["l"]] == [date(2024, 7, 1)] * 2

    def test_the_night_the_clocks_change(self) -> None:
        """S12: a day has 23 or 25 hours in a zone with summer time, and begins at its midnight."""
        for midnight in ("2024-03-31T23:00:00+01:00", "2024-10-27T22:00:00+00:00"):
            before = datetime.fromisoformat(midnight).astimezone(UTC) - timedelta(seconds=1)
            account = Account(COMPANY, leads=[LEAD], activities=[activity(1, "l", before)])
            counted = seen(account, as_of=date(2024, 12, 1), zone="Europe/Berlin")
            ((_, day),) = counted.activities["l"]
            assert day == before.astimezone(ZoneInfo("Europe/Berlin")).date()

    def test_the_future_is_as_if_it_did_not_exist(self) -> None:
        """Law 5: The future does not change the past; not even by what would be rejected."""
        now = Account(COMPANY, leads=[LEAD], activities=[activity()])
        later = Account(
            COMPANY,
            leads=[LEAD],
            activities=[activity(), activity(1, "l", LATER), activity(2, "nobody", LATER)],
            deals=[Deal(1, "x", LATER), Deal(2, "c", LATER, [DealLine("X")])],
            contracts=[Contract("x", "X", TODAY + timedelta(1))],
            sales_events=[SalesEvent("nobody", "accepted", LATER, "X")],
        )
        assert seen(later) == seen(now)
        assert len(seen(later, as_of=TODAY + timedelta(1)).rejects) == 7

    def test_the_company_is_that_of_the_day(self) -> None:
        """A history gives the company of the day asked about."""
        history = CompanyHistory(COMPANY, [CompanyChange(TODAY, "employees", 3)])
        account = Account(history)
        assert seen(account).company == evolve(COMPANY, employees=3)
        assert seen(account, as_of=TODAY - timedelta(1)).company == COMPANY


class TestIdentity:
    def test_equal_records_count_once(self) -> None:
        """S17: equal rows collapse, of every kind, without any reject."""
        one = Account(
            COMPANY,
            leads=[LEAD],
            activities=[activity()],
            deals=[Deal(1, "c", AT)],
            contracts=[Contract("c", "A", TODAY)],
            sales_events=[SalesEvent("l", "accepted", AT)],
        )
        twice = evolve(one, **{name: getattr(one, name) * 2 for name in TABLES})
        assert seen(twice) == seen(one)
        assert seen(one).rejects == ()

    def test_the_same_instant_elsewhere_is_the_same_record(self) -> None:
        """S11: a time is an instant, in whatever zone it is written."""
        there = AT.astimezone(ZoneInfo("Asia/Tokyo"))
        account = Account(COMPANY, leads=[LEAD], activities=[activity(), activity(1, "l", there)])
        assert len(seen(account).activities["l"]) == 1
        assert seen(account).rejects == ()

    @pytest.mark.parametrize(
        ("table", "records"),
        [
            ("leads", [LEAD, Lead("l", "c", title="部長"), Lead("l")]),
            ("activities", [activity(), activity(1, "l", AT, "B"), activity(1, "l", AT, "A", "B")]),
            ("deals", [Deal(1, "c", AT), Deal(1, "c", AT, reason="price"), Deal(1, "d", AT)]),
        ],
    )
    def test_records_that_share_an_identity_but_differ_are_all_rejected(
        self, table: str, records: list[Any]
    ) -> None:
        """S17, law 4: whatever their order, and once each even where some of them come twice."""
        people = () if table == "leads" else (LEAD,)
        for order in permutations(records):
            given: dict[str, Any] = {"leads": people, table: [*order, order[0], order[1]]}
            counted = seen(Account(COMPANY, **given))
            assert Counter((one.code, one.record) for one in counted.rejects) == Counter(
                ("conflict", record) for record in records
            )
            assert used(counted) == Counter(people)

    def test_two_leads_may_have_activities_of_one_id(self) -> None:
        """S17: the identity of an activity is (lead_id, id)."""
        account = Account(
            COMPANY,
            leads=[LEAD, Lead("m", "c")],
            activities=[activity(1, "l"), activity(1, "m", AT, "B")],
        )
        assert seen(account).rejects == ()
        assert set(seen(account).activities) == {"l", "m"}

    def test_a_conflict_that_begins_later_is_none_today(self) -> None:
        """Law 5: a later record of the same id does not spoil the earlier one before its day."""
        account = Account(
            COMPANY, leads=[LEAD], activities=[activity(), activity(1, "l", LATER, "B")]
        )
        assert seen(account).rejects == ()
        assert len(seen(account, as_of=TODAY + timedelta(1)).rejects) == 2

    def test_without_their_lead_records_cannot_be_used(self) -> None:
        """What belongs to people who share an id is rejected too: whose it is cannot be told."""
        account = Account(
            COMPANY,
            leads=[LEAD, Lead("l")],
            activities=[activity()],
            sales_events=[SalesEvent("l", "accepted", AT)],
        )
        assert [code for _, _, code in codes(account)] == [
            "conflict",
            "conflict",
            "unknown-lead",
            "unknown-lead",
        ]


class TestRejects:
    def test_people_of_another_company_are_rejected(self) -> None:
        """A lead of no company may come with any; one of another company may not."""
        account = Account(COMPANY, leads=[Lead("f"), Lead("o", "other")])
        (reject,) = seen(account).rejects
        assert (reject.table, reject.id, reject.code) == ("leads", "o", "other-company")
        assert reject.reason == "belongs to company 'other', not to 'c'"
        assert reject.record == Lead("o", "other")
        assert set(seen(account).leads) == {"f"}
        # Where no company is given, people keep the one that the CRM knows.
        assert set(seen(Account(None, leads=[Lead("o", "other")])).leads) == {"o"}

    def test_what_nobody_did_is_rejected(self) -> None:
        """Activities and sales events need their lead."""
        account = Account(
            COMPANY,
            activities=[activity(7, "nobody")],
            sales_events=[SalesEvent("nobody", "accepted", AT)],
        )
        assert codes(account) == [
            ("activities", 7, "unknown-lead"),
            ("sales_events", "nobody", "unknown-lead"),
        ]
        assert seen(account).rejects[0].reason == "no such lead 'nobody'"

    def test_what_is_not_sold_is_rejected_with_the_nearest_product(self) -> None:
        """A record that names any product that the firm does not sell is rejected as a whole."""
        account = Account(
            COMPANY,
            leads=[LEAD],
            activities=[activity(1, "l", AT, "A", "a2")],
            deals=[Deal(1, "c", AT, [DealLine("A"), DealLine("Z")])],
            contracts=[Contract("c", "Z", TODAY)],
            sales_events=[SalesEvent("l", "accepted", AT, "Z")],
        )
        assert codes(account) == [
            ("activities", 1, "unknown-product"),
            ("deals", 1, "unknown-product"),
            ("contracts", "c", "unknown-product"),
            ("sales_events", "l", "unknown-product"),
        ]
        assert seen(account).rejects[0].reason == "no such product 'a2'; did you mean 'A'?"
        assert seen(account).rejects[1].reason == "no such product 'Z'"
        assert used(seen(account)) == Counter([LEAD])

    def test_deals_need_the_company_or_one_of_its_people(self) -> None:
        """A deal of another company counts for the lead that takes part, and for nobody else."""
        deals = [
            Deal(1, "c", AT),
            Deal(2, "c", AT, lead_id="l"),
            Deal(3, "c", AT, lead_id="nobody"),
            Deal(4, "x", AT, lead_id="l"),
            Deal(5, "x", AT, lead_id="nobody"),
            Deal(6, "x", AT),
        ]
        counted = seen(Account(COMPANY, leads=[LEAD], deals=deals))
        assert [deal.id for deal in counted.deals] == [1, 2, 3]
        by_lead = {
            whose: [deal.id for deal, _, _ in own] for whose, own in counted.deals_of.items()
        }
        assert by_lead == {None: [1], "l": [2, 4], "nobody": [3]}
        assert [(one.id, one.code) for one in counted.rejects] == [
            (5, "other-company"),
            (6, "other-company"),
        ]
        alone = seen(Account(None, leads=[LEAD], deals=deals))
        assert [(one.id, one.code) for one in alone.rejects] == [
            (n, "unknown-company") for n in (1, 3, 5, 6)
        ]
        assert [deal.id for deal, _, _ in alone.deals_of["l"]] == [2, 4]

    def test_deals_have_the_days_of_their_zone(self) -> None:
        """S11: a deal keeps the days on which it was opened and closed, later ones included."""
        deal = Deal(1, "c", AT, status="won", closed_at=LATER)
        counted = seen(Account(COMPANY, deals=[deal]))
        assert counted.deals_of[None] == [(deal, date(2024, 6, 1), date(2024, 7, 1))]

    def test_contracts_are_those_of_the_company(self) -> None:
        """A contract of another company, or where there is no company, cannot be used."""
        contract = Contract("x", "A", TODAY)
        for company, code in ((COMPANY, "other-company"), (None, "unknown-company")):
            (reject,) = seen(Account(company, contracts=[contract])).rejects
            assert (reject.table, reject.id, reject.code) == ("contracts", "x", code)

    def test_no_reason_shows_who_somebody_is(self) -> None:
        """Rejects never print an address, a name or a phone number."""
        lead = Lead("l", "x", email="taro@example.com", name="山田太郎", phone="03-0000-0000")
        (reject,) = seen(Account(COMPANY, leads=[lead])).rejects
        assert not any(secret in repr(reject) for secret in ("taro", "山田", "03-0000"))


class TestOrder:
    def test_sales_events_come_in_the_order_of_time(self) -> None:
        """S11: by instant, wherever written; within one, by everything that they hold."""
        early = SalesEvent("l", "recycled", AT.astimezone(ZoneInfo("Asia/Tokyo")))
        same = [
            SalesEvent("l", kind, AT + timedelta(hours=1), product_id, reason=reason, by=by)  # type: ignore[arg-type]
            for kind, product_id, reason, by in (
                ("accepted", "A", None, None),
                ("accepted", "B", None, None),
                ("follow_up", None, None, "a"),
                ("follow_up", None, None, "b"),
                ("follow_up", None, "x", "a"),
            )
        ]
        for order in permutations([early, *same]):
            events = seen(Account(COMPANY, leads=[LEAD], sales_events=order)).sales_events["l"]
            assert [event for event, _ in events] == [early, *same]


@given(randoms())
def test_everything_is_used_or_rejected(random: Random) -> None:
    """Law 7: Nothing is lost: of each distinct record up to the day, there is one use or reject."""
    book = book_of(random.randrange(3))
    as_of = random.choice(AS_OF)
    account = draw_account(random, book, as_of, busy=10)
    zone = ZoneInfo(book.zone)
    counted = situation(
        account,
        as_of=as_of,
        day_of=lambda at: local_day(at, zone),
        products={one.id: one for one in book.products},
    )

    def day(record: Any) -> date:
        if isinstance(record, Contract):
            return record.start
        at = record.opened_at if isinstance(record, Deal) else getattr(record, "at", None)
        return as_of if at is None else local_day(at, zone)

    past = {one for name in TABLES for one in getattr(account, name) if day(one) <= as_of}
    assert used(counted) + Counter(one.record for one in counted.rejects) == Counter(past)
    for pairs in (counted.activities, counted.sales_events):
        assert all(d == day(record) for each in pairs.values() for record, d in each)


_FALL = datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))


def test_two_times_that_a_clock_shows_alike_are_two_records() -> None:
    """S17: an hour apart, they differ, so that both are rejected rather than one by chance."""
    account = Account(
        COMPANY,
        leads=[LEAD],
        activities=[activity(1, "l", _FALL), activity(1, "l", _FALL.replace(fold=1))],
    )
    assert len(seen(account, as_of=date(2024, 12, 1)).rejects) == 2


def test_an_instant_that_its_clock_shows_twice_is_one_record() -> None:
    """S17: the same instant in UTC is the same record, so that the two collapse."""
    account = Account(
        COMPANY,
        leads=[LEAD],
        activities=[activity(1, "l", _FALL), activity(1, "l", _FALL.astimezone(UTC))],
    )
    assert seen(account, as_of=date(2024, 12, 1)).rejects == ()
