"""Accounts: the records of one company, and how a whole data set falls into accounts."""

from __future__ import annotations

import pickle
from collections import Counter
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given

from mpfunnel.account import Account, accounts
from mpfunnel.errors import InvalidDataError
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
from mpfunnel.situation import situation
from mpfunnel.stages import StageHistory
from tests.leads import engine_of
from tests.policies import randoms

AT = datetime(2024, 5, 1, tzinfo=UTC)
TODAY = date(2024, 6, 30)
FUNNEL = engine_of(0).playbook.funnel
TABLES = ("leads", "activities", "deals", "contracts", "sales_events", "histories")


def held(account: Account) -> dict[str, list[Any]]:
    """What an account holds, by table, as far as it holds anything."""
    return {name: list(getattr(account, name)) for name in TABLES if getattr(account, name)}


class TestAccount:
    def test_an_account_may_be_empty(self) -> None:
        """Everything but the company is optional, and even that one is."""
        assert held(Account()) == {}
        assert Account(Company(1)).company == Company(1)
        history = CompanyHistory(Company(1), [CompanyChange(TODAY, "employees", 3)])
        assert Account(history).company is history

    def test_any_collection_of_records_will_do(self) -> None:
        """Lists and generators become tuples, so that accounts compare, hash and pickle."""
        lead = Lead("l")
        account = Account(leads=[lead], deals=(deal for deal in [Deal(1, "c", AT)]))
        assert account == Account(leads=(lead,), deals=[Deal(1, "c", AT)])
        assert hash(account) == hash(Account(leads=(lead,), deals=[Deal(1, "c", AT)]))
        assert pickle.loads(pickle.dumps(account)) == account

    def test_every_fault_is_named_with_its_place(self) -> None:
        """All faults of one account come at once, each with its path."""
        wrong: dict[str, Any] = {
            "company": "ACME",
            "leads": [Lead("l"), Company(1)],
            "activities": "abc",
            "deals": 3,
            "sales_events": [None],
            "histories": [Lead("l")],
        }
        with pytest.raises(InvalidDataError) as raised:
            Account(**wrong)
        assert [(p.code, p.path) for p in raised.value.problems] == [
            ("type", "account.company"),
            ("type", "account.leads[1]"),
            ("type", "account.activities"),
            ("type", "account.deals"),
            ("type", "account.sales_events[0]"),
            ("type", "account.histories[0]"),
        ]


class TestAccounts:
    def test_records_come_to_their_company(self) -> None:
        """One account per company in the order given, then one of the people without any."""
        company, other = Company("c"), Company("o")
        lead, free = Lead("l", "c"), Lead("f")
        did = Activity(1, "l", "click", AT)
        said = SalesEvent("f", "accepted", AT)
        deal, contract = Deal(1, "o", AT), Contract("c", "A", TODAY)
        been = StageHistory("l")
        found = accounts(
            companies=[other, company],
            leads=[lead, free],
            activities=[did],
            deals=[deal],
            contracts=[contract],
            sales_events=[said],
            histories=[been],
        )
        assert found == (
            Account(other, deals=[deal]),
            Account(
                company, leads=[lead], activities=[did], contracts=[contract], histories=[been]
            ),
            Account(None, leads=[free], sales_events=[said]),
        )

    def test_nothing_gives_nothing(self) -> None:
        """The account of people without company exists only where there is something in it."""
        assert accounts() == ()
        assert accounts(companies=[Company(1)]) == (Account(Company(1)),)
        assert accounts(leads=[Lead(1)]) == (Account(None, leads=[Lead(1)]),)

    def test_a_company_may_have_a_history(self) -> None:
        """A history stands for its company."""
        history = CompanyHistory(Company("c"), [CompanyChange(TODAY, "employees", 3)])
        (account,) = accounts(companies=[history], leads=[Lead("l", "c")])
        assert account == Account(history, leads=[Lead("l", "c")])

    def test_a_deal_is_with_its_company_and_with_its_lead(self) -> None:
        """A deal of one company in which a lead of another one takes part is in both accounts."""
        buyer, partner = Company("b"), Company("p")
        inside, outside, free = Lead("i", "b"), Lead("o", "p"), Lead("f")
        deals = [
            Deal(number, "b", AT, lead_id=lead_id)
            for number, lead_id in enumerate(("i", "o", "f", None, "nobody"))
        ]
        of_buyer, of_partner, rest = accounts(
            companies=[buyer, partner], leads=[inside, outside, free], deals=deals
        )
        assert list(of_buyer.deals) == deals
        assert [deal.id for deal in of_partner.deals] == [1]
        assert [deal.id for deal in rest.deals] == [2]

    def test_what_belongs_nowhere_is_kept_for_its_rejects(self) -> None:
        """Law 7: Nothing is lost: what refers to nothing comes with the people without company."""
        lost = {
            "activities": [Activity(1, "nobody", "click", AT)],
            "deals": [Deal(1, "nowhere", AT)],
            "contracts": [Contract("nowhere", "A", TODAY)],
            "sales_events": [SalesEvent("nobody", "accepted", AT)],
            "histories": [FUNNEL.move(StageHistory("nobody"), "mql", at=AT, cause="api")],
        }
        (first, rest) = accounts(companies=[Company("c")], **lost)  # type: ignore[arg-type]
        assert held(first) == {}
        assert held(rest) == lost
        rejects = engine_of(0).assess(rest, as_of=TODAY).rejects
        assert {one.code for one in rejects} == {
            "unknown-lead",
            "unknown-company",
        }
        assert len(rejects) == 5

    @pytest.mark.parametrize(
        ("table", "records"),
        [
            ("companies", [Company("x", employees=1), Company("x")]),
            ("companies", [Company("x"), CompanyHistory(Company("x"))]),
            ("leads", [Lead("x", "c"), Lead("x", "d")]),
            ("deals", [Deal("x", "c", AT), Deal("x", "d", AT)]),
        ],
    )
    def test_records_that_share_an_id_but_differ_are_refused(
        self, table: str, records: list[Any]
    ) -> None:
        """S17: which one is meant cannot be told, whatever their order."""
        for order in (records, records[::-1]):
            with pytest.raises(InvalidDataError) as raised:
                accounts(**{table: [*order, order[0]]})
            problem = raised.value.problems[0]
            assert (problem.code, problem.path) == ("conflict", f"{table}['x'].id")

    def test_equal_records_count_once(self) -> None:
        """S17: equal companies, leads and deals collapse; the text and the number are two ids."""
        found = accounts(
            companies=[Company(1), Company("1"), Company(1)],
            leads=[Lead(1, 1), Lead("1", 1), Lead(1, 1)],
            deals=[Deal(1, 1, AT), Deal(1, 1, AT)],
        )
        assert [len(account.leads) for account in found] == [2, 0]
        assert [len(account.deals) for account in found] == [1, 0]


def _draw(random: Random) -> dict[str, list[Any]]:
    """A data set of a few companies and people, many references of which lead nowhere."""
    companies = ["c", "d", "e"][: random.randrange(4)]
    people = ["k", "l", "m", "n"][: random.randrange(5)]

    def company() -> str:
        return random.choice("cdex")

    def lead() -> str:
        return random.choice("klmnx")

    return {
        "companies": [Company(one) for one in companies],
        "leads": [Lead(one, random.choice((None, company()))) for one in people],
        "activities": [
            Activity(n // 2, lead(), "click", AT, random.choice(((), ("A",), ("Z",))))
            for n in range(random.randrange(6))
        ],
        "deals": [
            Deal(
                n,
                company(),
                AT,
                [DealLine(random.choice("AZ"))],
                lead_id=random.choice((None, lead())),
            )
            for n in range(random.randrange(6))
        ],
        "contracts": [
            Contract(company(), random.choice("AZ"), TODAY.replace(day=n + 1))
            for n in range(random.randrange(4))
        ],
        "sales_events": [
            SalesEvent(lead(), "accepted", AT, random.choice((None, "A", "Z")), by=str(n))
            for n in range(random.randrange(4))
        ],
        "histories": [
            FUNNEL.move(StageHistory(one), "mql", at=AT, cause="api", by=str(random.random()))
            for one in random.sample("klmnx", random.randrange(3))
        ],
    }


@given(randoms())
def test_nothing_is_lost(random: Random) -> None:
    """Law 7: Nothing is lost: each record is in one account, a deal in one or two, and used there
    or rejected with a reason.
    """
    given = _draw(random)
    found = accounts(**given)
    assert [account.company for account in found if account.company] == given["companies"]
    for table in TABLES:
        placed = Counter(record for account in found for record in getattr(account, table))
        if table == "deals":
            assert set(placed) == set(given[table])
            assert max(placed.values(), default=0) <= 2
        else:
            assert placed == Counter(given[table])

    book = engine_of(0).playbook
    for account in found:
        counted = situation(
            account,
            as_of=TODAY,
            day_of=lambda at: at.date(),
            products={one.id: one for one in book.products},
        )
        used: list[Any] = [*counted.leads.values(), *counted.contracts]
        for pairs in (counted.activities, counted.sales_events, counted.deals_of):
            used += [pair[0] for each in pairs.values() for pair in each]
        used += [one for one in account.histories if one.lead_id in counted.entries]
        rejected = [one.record for one in counted.rejects]
        assert all(one.code and one.reason for one in counted.rejects)
        given_here = {record for table in TABLES for record in getattr(account, table)}
        assert Counter(used + rejected) == Counter(given_here)


def test_what_is_no_record_is_refused() -> None:
    """Every stranger is named with its place, before anything is grouped."""
    odd: Any = [3]
    with pytest.raises(InvalidDataError) as caught:
        accounts(companies=odd, leads=odd, deals=odd)
    assert [str(problem) for problem in caught.value.problems] == [
        "companies[0]: must be a Company or CompanyHistory, not int",
        "leads[0]: must be a Lead, not int",
        "deals[0]: must be a Deal, not int",
    ]
