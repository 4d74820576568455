"""Acquired: which company owns what as of a day, from accounts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.examples import playbook
from mpfunnel.ownership import positions
from mpfunnel.synergy import Acquired, Acquisitions, acquired

TODAY = date(2026, 10, 31)


def at(day: date) -> datetime:
    """Noon of a day."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def won(number: int, company_id: int, product_id: str, days: int, **more: Any) -> mf.Deal:
    """A deal opened and won so many days ago."""
    then = at(TODAY - timedelta(days))
    lines = [mf.DealLine(product_id)]
    return mf.Deal(number, company_id, then, lines, status="won", closed_at=then, **more)


def owned(accounts: Any, **more: Any) -> Acquisitions:
    """What is owned today."""
    return acquired(accounts, **{"as_of": TODAY, "zone": "UTC", **more})


def told(found: Acquisitions) -> list[tuple[str, Any, str, str]]:
    """Table, id, code and reason of each reject."""
    return [(one.table, one.id, one.code, one.reason) for one in found.rejects]


def test_deals_and_contracts_say_what_is_owned() -> None:
    """A row is a product that runs or was won, since the first day without a gap."""
    start = date(2026, 1, 1)
    found = owned(
        mf.accounts(
            companies=[mf.Company(2), mf.Company(1), mf.Company(3)],
            deals=[won(1, 1, "sfa", 9), won(2, 1, "crm", 20), won(3, 2, "ma", -1)],
            contracts=[
                mf.Contract(1, "crm", start),
                mf.Contract(2, "crm", start, date(2026, 10, 30)),
                mf.Contract(2, "sfa", start, TODAY),
            ],
        )
    )
    assert found == Acquisitions(
        (
            Acquired(2, "sfa", start),
            Acquired(1, "crm", start),
            Acquired(1, "sfa", date(2026, 10, 22)),
        ),
        frozenset({1, 2, 3}),
        TODAY,
        (),
    )


def test_people_without_company_own_nothing() -> None:
    """What belongs to a company that is not given is a reject, and later records are not."""
    deal, later = won(1, 9, "crm", 5, lead_id=1), won(2, 9, "crm", -1)
    contract = mf.Contract(8, "crm", TODAY)
    accounts = mf.accounts(
        companies=[mf.Company(1)],
        leads=[mf.Lead(1, company_id=1)],
        deals=[deal, later],
        contracts=[contract, mf.Contract(8, "crm", date(2026, 11, 1))],
    )
    found = owned(accounts)
    assert owned([*accounts, *accounts]) == found, "a record in several accounts is one"
    assert found.rows == ()
    assert found.companies == {1}
    assert told(found) == [
        ("deals", 1, "unknown-company", "belongs to company 9, which is not given"),
        ("contracts", 8, "unknown-company", "belongs to company 8, which is not given"),
    ]


def test_the_owner_is_the_company_of_the_deal() -> None:
    """A deal in two accounts, because its lead works elsewhere, is owned once, by its company."""
    deal = won(1, 1, "crm", 5, lead_id=7)
    accounts = mf.accounts(
        companies=[mf.Company(1), mf.CompanyHistory(mf.Company(2))],
        leads=[mf.Lead(7, company_id=2)],
        deals=[deal],
    )
    assert [len(one.deals) for one in accounts] == [1, 1]
    for given in (accounts, accounts[::-1], [mf.Account(mf.Company(1)), accounts[1]]):
        found = owned(iter(given))
        assert [one.company_id for one in found.rows] == [1]
        assert not found.rejects


def test_what_cannot_be_used_is_a_reject_as_the_engine_says() -> None:
    """Deals that differ under one id, and products not sold, are rejects as they are in answers."""
    book = mf.starter(["crm", "sfa"])
    account = mf.Account(
        mf.Company(1),
        deals=[won(1, 1, "crm", 5), won(1, 1, "sfa", 5), won(2, 1, "srm", 5)],
        contracts=[mf.Contract(1, "erp", TODAY)],
    )
    found = owned([account], products=book.products)
    assert found.rows == ()
    assert found.rejects == mf.Engine(book).assess(account, as_of=TODAY).rejects
    codes = ["conflict", "conflict", "unknown-product", "unknown-product"]
    assert [one.code for one in found.rejects] == codes
    # Who names no products takes all that are named.
    assert {one.product_id for one in owned([account]).rows} == {"srm", "erp"}


def test_the_day_is_that_of_the_zone() -> None:
    """S12: late in the evening in UTC, it is the next day in Tokyo."""
    late = datetime(2026, 10, 31, 15, 30, tzinfo=UTC)
    deal = mf.Deal(1, 1, late, [mf.DealLine("crm")], status="won", closed_at=late)
    account = mf.Account(mf.Company(1), deals=[deal])
    assert owned([account]).rows == (Acquired(1, "crm", TODAY),)
    assert owned([account], zone="Asia/Tokyo").rows == ()
    next_day = owned([account], as_of=late, zone="Asia/Tokyo")
    assert next_day.as_of == date(2026, 11, 1)
    assert next_day.rows == (Acquired(1, "crm", date(2026, 11, 1)),)


def test_the_order_of_records_does_not_matter() -> None:
    """Law 4: permuted deals, contracts and products give the same rows and rejects."""
    deals = [won(number, 1, product_id, number) for number, product_id in enumerate("CABBDX")]
    contracts = [mf.Contract(1, product_id, TODAY) for product_id in "EFGY"]
    products = [mf.Product(one) for one in "ABCDEFG"]
    expected = owned([mf.Account(mf.Company(1), deals=deals, contracts=contracts)])
    for seed in range(5):
        for one in (deals, contracts, products):
            Random(seed).shuffle(one)
        account = mf.Account(mf.Company(1), deals=deals, contracts=contracts)
        assert owned([account]) == expected
        known = owned([account], products=products)
        assert [one.product_id for one in known.rows] == [*"ABCDEFG"]
        assert [one.code for one in known.rejects] == ["unknown-product"] * 2


def test_bad_input_is_named() -> None:
    """What is no account, product, day or zone is told, all of the first two at once."""
    with pytest.raises(mf.InvalidDataError) as caught:
        owned([mf.Account(), 3], products=["crm", mf.Product("sfa")])
    assert [str(one) for one in caught.value.problems] == [
        "accounts[1]: must be a Account, not int",
        "products[0]: must be a Product, not str",
    ]
    for wrong in ({"zone": "Tokyo"}, {"as_of": "today"}, {"products": 3}):
        with pytest.raises(mf.InvalidDataError):
            owned([], **wrong)


def test_maven_is_owned_as_its_deals_say(shared_data: Path) -> None:
    """As of the middle of 2017, each account owns what it won, since the first day it did."""
    records, book = sources.read("maven", shared_data / "maven_crm"), playbook("maven")
    day, zone = date(2017, 6, 30), zone_for(book.zone)
    found = acquired(records.accounts(), as_of=day, zone=book.zone, products=book.products)
    expected: dict[tuple[Any, Any], date] = {}
    for deal in records.deals:
        if deal.status == "won" and deal.closed_at is not None:
            closed = local_day(deal.closed_at, zone)
            for line in deal.lines if closed <= day else ():
                key = deal.company_id, line.product_id
                expected[key] = min(closed, expected.get(key, closed))
    assert {(one.company_id, one.product_id): one.since for one in found.rows} == expected
    assert len(found.rows) == len(expected) == 490
    for account in records.accounts()[:20]:
        if isinstance(account.company, mf.Company):
            there = positions(account.deals, (), as_of=day, day_of=lambda at: local_day(at, zone))
            owns = {one for one, position in there.items() if position.owned}
            mine = account.company.id
            assert {one.product_id for one in found.rows if one.company_id == mine} == owns
