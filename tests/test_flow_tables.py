"""The flow of companies from whole tables: what is told of accounts made of the same records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.flow.course import COURSE, Journey, check_journeys
from mpfunnel.flow.tables import FlowTables
from mpfunnel.flow.tracing.journeys import journeys
from tests.frames import KINDS, RECORDS, draw_moves, draw_records, rows_of, tables_of
from tests.groups import engine_asking, with_groups
from tests.leads import BOOKS, book_of, draw_as_of, draw_company, engine_of
from tests.oracle_journeys import journeys_by_day

DAY: Final = timedelta(1)
SLOW: Final = ("DuckDB", "Ibis on DuckDB")
STATUSES: Final[Mapping[str, Any]] = {
    "page_view": "delivered",
    "inquiry": "interacted",
    "hand_only": "sent",
    "unknown_kind": None,
}
ASKED: Final[Mapping[str, Any]] = {"interest": None, "stages": "kept"}
"""What rests on records alone."""


def drawn(seed: object, number: int, count: int = 8) -> tuple[mf.Engine, date, dict[str, Any]]:
    """An engine, a day, and the records of some accounts."""
    random = Random(f"flow {seed} {number}")
    as_of = draw_as_of(random)
    return engine_of(number), as_of, draw_records(random, book_of(number), as_of, count)


def told(
    engine: mf.Engine, tables: Mapping[str, Any], as_of: date | datetime, **asked: Any
) -> tuple[Journey, ...]:
    """The journeys that tables tell."""
    return FlowTables(engine, as_of=as_of, **tables).journeys(**asked)


# -- law 1 --


@pytest.mark.parametrize("number", range(BOOKS))
def test_tables_tell_what_accounts_tell(number: int) -> None:
    """Law 1: Engines agree: on the journeys of drawn companies, in the same order."""
    engine, as_of, records = drawn("accounts", number)
    random = Random(number)
    asked: dict[str, Any] = {
        "since": as_of - random.choice((0, 60, 400)) * DAY,
        "target": mf.Tier(random.choice((1, 2, 4))),
        "statuses": random.choice(({}, STATUSES)),
    }
    found = told(engine, KINDS["Polars"](tables_of(records, engine)), as_of, **asked)
    assert found == journeys(engine, mf.accounts(**records), as_of=as_of, **asked, **ASKED)
    assert check_journeys(found, COURSE) == found


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[pytest.mark.bulk] if k in SLOW else []) for k in KINDS],
)
def test_every_kind_of_table_tells_the_same(kind: str) -> None:
    """Law 1: Engines agree: the rows of every kind, and what becomes of them."""
    number = [*KINDS].index(kind) % BOOKS
    engine, as_of, records = drawn(kind, number, 6)
    asked: dict[str, Any] = {"since": as_of - 90 * DAY, "statuses": STATUSES}
    given = KINDS[kind](tables_of(records, engine))
    flow = FlowTables(engine, as_of=as_of, **given)
    wanted = journeys(engine, mf.accounts(**records), as_of=as_of, **asked, **ASKED)
    assert flow.journeys(**asked) == wanted
    assert type(flow.rejects) is type(frames.assess(engine, **given, as_of=as_of).rejects)
    assert rows_of(flow.rejects)


@pytest.mark.parametrize("number", [0, 4, 8, 11])
def test_groups_tell_the_same(number: int) -> None:
    """Law 1: Engines agree: where rules ask about groups, whose members change over time."""
    random = Random(f"flow of groups {number}")
    engine, as_of = engine_asking(number), draw_as_of(random)
    records = with_groups(random, engine.playbook, as_of, 10)
    asked: dict[str, Any] = {"since": as_of - 250 * DAY, "target": mf.Tier(1)}
    found = told(engine, tables_of(records, engine), as_of, **asked)
    assert found == journeys(engine, mf.accounts(**records), as_of=as_of, **asked, **ASKED)


@pytest.mark.parametrize("number", range(0, BOOKS, 4))
def test_the_order_of_rows_does_not_matter(number: int) -> None:
    """Law 4: Order does not matter: neither for journeys nor for what could not be used."""
    engine, as_of, records = drawn("order", number)
    random, tables = Random(number), tables_of(records, engine)
    mixed = {
        name: table.take(pa.array(random.sample(range(len(table)), len(table)), pa.int64()))
        for name, table in tables.items()
    }
    since = as_of - 90 * DAY
    flows = [FlowTables(engine, as_of=as_of, **given) for given in (tables, mixed)]
    found, again = ([one.journeys(since=since), rows_of(one.rejects)] for one in flows)
    assert found == again


@pytest.mark.parametrize("number", [1, 6, 11])
def test_later_days_tell_the_same_of_earlier_ones(number: int) -> None:
    """Law 5: The future does not change the past: what is told as of a day is what is known of that
    day later, but for the segment.
    """
    engine, as_of, records = drawn("later", number, 6)
    given = tables_of(records, engine)
    since = as_of - 60 * DAY
    now = told(engine, given, as_of, since=since)
    segments = {one.unit_id: one.segment for one in now}
    for days in (1, 3, 30):
        earlier = as_of - days * DAY
        then = told(engine, given, earlier, since=since)
        assert tuple(known for one in now if (known := one.on(earlier))) == tuple(
            evolve(one, segment=segments[one.unit_id]) for one in then
        )


def simple_account(random: Random, number: int, as_of: date) -> mf.Account:
    """A company whose records have ids of their own, and whose people were not merged."""
    book = book_of(number)
    products = [one.id for one in book.products]
    noon = datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=UTC)

    def at() -> datetime:
        return noon - timedelta(random.randrange(-2, 25), hours=random.choice((0, 4, 8, 12, 16)))

    def some() -> list[Any]:
        return random.sample(products, random.randrange(len(products) + 1))

    def closed(opened: datetime, status: str) -> datetime | None:
        return None if status == "open" else opened + random.randrange(-1, 9) * DAY

    deals = [(at(), random.choice(("won", "lost", "open"))) for _ in range(random.randrange(4))]
    leads = [mf.Lead(one, "c") for one in ("l1", "l2", "l3")[: random.randrange(4)]]
    kinds = (*STATUSES, "email_open", "webinar_attended")
    return mf.Account(
        draw_company(random),
        leads=leads,
        activities=[
            mf.Activity(place, random.choice(leads).id, random.choice(kinds), at(), some())
            for place in range(random.choice((0, 1, 3, 8)) if leads else 0)
        ],
        deals=[
            mf.Deal(
                place,
                "c",
                opened,
                [mf.DealLine(one) for one in some()],
                status=status,  # type: ignore[arg-type] # one of three texts
                closed_at=closed(opened, status),
            )
            for place, (opened, status) in enumerate(deals)
        ],
        contracts=[
            mf.Contract("c", random.choice(products), start, random.choice((None, start + 5 * DAY)))
            for start in [at().date() for _ in range(random.choice((0, 0, 1, 2)))]
        ],
        histories=[
            draw_moves(random, book, mf.StageHistory(one.id), noon - 25 * DAY)
            for one in leads
            if random.random() < 0.7
        ],
    )


@pytest.mark.parametrize("number", range(BOOKS))
def test_a_second_model_tells_the_same(number: int) -> None:
    """Who looks at each day by itself sees the journeys that objects and tables tell."""
    random, engine = Random(f"days {number}"), engine_of(number)
    as_of = draw_as_of(random)
    asked: dict[str, Any] = {"since": as_of - 20 * DAY, "statuses": STATUSES}
    given: list[mf.Account] = []
    wanted: list[tuple[Any, ...]] = []
    records: dict[str, list[Any]] = {name: [] for name in (*RECORDS, "histories")}
    for place in range(12):
        account = _of_company(simple_account(random, number, as_of), f"c{place:02}")
        given.append(account)
        days = journeys_by_day(engine, account, as_of=as_of, lowest=4, **asked)
        wanted += [(f"c{place:02}", *one) for one in days]
        records["companies"].append(account.company)
        for name in (*RECORDS[1:], "histories"):
            records[name] += getattr(account, name)
    found = journeys(engine, given, as_of=as_of, target=mf.Tier(4), **asked, **ASKED)
    assert [_plain(one) for one in found] == wanted
    tables = tables_of(records, engine)
    assert told(engine, tables, as_of, target=mf.Tier(4), **asked) == found
    assert {one.exit for one in found} >= {"lost", None}


def _of_company(account: mf.Account, company_id: str) -> mf.Account:
    """The account of a company of another id, and with ids of its own."""

    def of(lead_id: Any) -> str:
        return f"{lead_id} of {company_id}"

    assert isinstance(account.company, mf.Company)
    return evolve(
        account,
        company=evolve(account.company, id=company_id),
        leads=[evolve(one, id=of(one.id), company_id=company_id) for one in account.leads],
        activities=[evolve(one, lead_id=of(one.lead_id)) for one in account.activities],
        deals=[
            evolve(one, id=f"{one.id} {company_id}", company_id=company_id) for one in account.deals
        ],
        contracts=[evolve(one, company_id=company_id) for one in account.contracts],
        histories=[
            mf.StageHistory(
                of(one.lead_id), [evolve(e, of_lead=of(one.lead_id)) for e in one.entries]
            )
            for one in account.histories
        ],
    )


def _plain(one: Journey) -> tuple[Any, ...]:
    days = one.entered, one.imputed, one.exit, one.exited_on
    return one.unit_id, one.product_id, one.pursuit, *days


# -- what tables may hold --

FIRM: Final = mf.Engine(mf.starter(["crm", "sfa"]))
ON: Final = date(2026, 5, 1)
SINCE: Final = date(2026, 3, 1)
TWO: Final = pl.DataFrame({"id": ["a", "b"], "employees": [500, 10]})


def at(days: int, hour: int = 3) -> datetime:
    """An instant so many days after the first one that is looked at."""
    return datetime(2026, 3, 1, hour, tzinfo=UTC) + timedelta(days)


@pytest.mark.parametrize("fact", ["id", "attributes", "domains", "lists", "name", "company_no"])
def test_what_nobody_asks_about_is_left_alone(fact: str) -> None:
    """Whatever it is called: over time, and among what sets hold."""
    wanted = told(FIRM, {"companies": TWO}, ON, since=SINCE)
    rows = {"company_id": ["a"], "fact": [fact], "value": ["x"]}
    dated = pl.DataFrame({**rows, "since": [SINCE]})
    for more in ({"company_facts": dated}, {"company_sets": pl.DataFrame(rows)}):
        flow = FlowTables(FIRM, as_of=ON, companies=TWO, **more)
        assert flow.journeys(since=SINCE) == wanted
        assert rows_of(flow.rejects) == []
    assert {one.unit_id for one in wanted} == {"a"}


BASE: Final[Mapping[str, list[Any]]] = {
    "companies": [mf.Company("a", employees=500), mf.Company("b", employees=500), mf.Company("c")],
    "leads": [mf.Lead("l", "a"), mf.Lead("m", "b"), mf.Lead("n")],
    **{name: [] for name in RECORDS[2:]},
}


def same(
    records: Mapping[str, list[Any]],
    engine: mf.Engine = FIRM,
    accounts: tuple[mf.Account, ...] = (),
    kind: str = "Polars",
    as_of: date = ON,
) -> tuple[Journey, ...]:
    """The journeys that tables tell of some records, which are those of accounts."""
    records = {**BASE, **records}
    given = accounts or mf.accounts(**records)
    wanted = journeys(engine, given, as_of=as_of, since=SINCE, **ASKED)
    assert told(engine, KINDS[kind](tables_of(records, engine)), as_of, since=SINCE) == wanted
    return wanted


def opened(day: int, product: Any = "crm", **others: Any) -> mf.Deal:
    """A deal."""
    lines = [] if product is None else [mf.DealLine(product)]
    return mf.Deal(
        *(others.pop(name, one) for name, one in (("id", "d"), ("company_id", "a"))),
        at(day),
        lines,
        **others,
    )


@pytest.mark.parametrize("kind", ["Polars", "pandas, NumPy"])
@pytest.mark.parametrize(
    ("deals", "counts"),
    [
        ([opened(5), opened(9)], True),
        ([opened(9), opened(5), opened(7, status="won", closed_at=at(8))], True),
        ([opened(5, None), opened(9, None), opened(12, None)], False),
        ([opened(5), opened(5, reason="timing"), opened(9)], False),
        ([opened(5, "unknown"), opened(9, "unknown")], False),
        ([opened(5), opened(9, company_id="b")], True),
        ([opened(5, company_id="gone"), opened(9)], False),
        ([opened(90), opened(5)], True),
    ],
)
def test_a_deal_counts_until_another_one_has_its_id(
    deals: list[mf.Deal], counts: bool, kind: str
) -> None:
    """Law 5: on the days before, nobody knew of the other one; of the same day, neither counts."""
    mine = [evolve(one, company_id="a") for one in deals if deals[0].company_id != "gone"]
    accounts = tuple(
        evolve(one, deals=mine if one.company == BASE["companies"][0] else ())
        for one in mf.accounts(**BASE)
    )
    found = same({"deals": deals}, accounts=accounts, kind=kind)
    assert (sum(len(one.entered) == 5 for one in found) == 2) is counts


def test_products_of_such_deals_may_stand_beside_them() -> None:
    """In a column of deals as well as in rows of their own."""
    deals = [opened(5), opened(9, None)]
    tables = tables_of({**BASE, "deals": deals}, FIRM)
    del tables["deal_lines"]
    tables["deals"] = tables["deals"].append_column("product_id", pa.array(["crm", None]))
    account = mf.Account(BASE["companies"][0], deals=deals)
    wanted = journeys(FIRM, [account], as_of=ON, since=SINCE, **ASKED)
    found = told(FIRM, tables, ON, since=SINCE)
    assert [one for one in found if one.unit_id == "a"] == [*wanted]
    assert {one.product_id: len(one.entered) for one in wanted} == {"crm": 5, "sfa": 1, None: 5}
