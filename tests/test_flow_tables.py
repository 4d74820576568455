"""The flow of companies from whole tables: what is told of accounts made of the same records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.facts import PursuitFacts, company, product
from mpfunnel.flow.balances import Band
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.campaigns.results import campaign_results
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey, check_journeys
from mpfunnel.flow.looking import Look, look
from mpfunnel.flow.periods import Period
from mpfunnel.flow.plan import FlowPlan
from mpfunnel.flow.tables import FlowTables
from mpfunnel.flow.tables import people as flow_people
from mpfunnel.flow.tracing.journeys import journeys
from mpfunnel.rules.tables import DecisionTable
from tests.frames import KINDS, RECORDS, draw_moves, draw_records, rows_of, tables_of
from tests.groups import engine_asking, with_groups
from tests.leads import BOOKS, book_of, draw_as_of, draw_company, engine_of
from tests.oracle_journeys import journeys_by_day
from tests.test_flow_tables_campaigns import Asked, draw_world

DAY: Final = timedelta(1)
SLOW: Final = ("DuckDB", "Ibis on DuckDB")
QUICK_FIRST: Final = [
    pytest.param(kind, marks=[pytest.mark.bulk] if kind in SLOW else []) for kind in KINDS
]
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
    engine, as_of, records = drawn("accounts", number, 5)
    random = Random(number)
    asked: dict[str, Any] = {
        "since": as_of - random.choice((0, 60, 400)) * DAY,
        "target": mf.Tier(random.choice((1, 2, 4))),
        "statuses": random.choice(({}, STATUSES)),
    }
    found = told(engine, KINDS["Polars"](tables_of(records, engine)), as_of, **asked)
    assert found == journeys(engine, mf.accounts(**records), as_of=as_of, **asked, **ASKED)
    assert check_journeys(found, COURSE) == found


@pytest.mark.parametrize("kind", QUICK_FIRST)
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
    engine, as_of, records = drawn("order", number, 5)
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
    engine, as_of, records = drawn("later", number, 5)
    given = tables_of(records, engine)
    since = as_of - 60 * DAY
    now = told(engine, given, as_of, since=since)
    segments = {one.unit_id: one.segment for one in now}
    for days in (1, 20):
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
    for place in range(8):
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
    assert len(found) > 20


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
    return mf.Deal(**{"id": "d", "company_id": "a", "opened_at": at(day), "lines": lines, **others})


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
def test_a_deal_counts_until_another_one_has_its_id(deals: list[mf.Deal], counts: bool) -> None:
    """Law 5: on the days before, nobody knew of the other one; of the same day, neither counts."""
    mine = [evolve(one, company_id="a") for one in deals if deals[0].company_id != "gone"]
    accounts = tuple(
        evolve(one, deals=mine if one.company == BASE["companies"][0] else ())
        for one in mf.accounts(**BASE)
    )
    found = same({"deals": deals}, accounts=accounts)
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


@pytest.mark.parametrize(
    "records",
    [
        # Products are of all rows of an id: they stand in rows of their own.
        {
            "activities": [
                mf.Activity(1, "l", "inquiry", at(2), ["crm"]),
                mf.Activity(1, "l", "inquiry", at(4), ["crm"]),
                mf.Activity(2, "l", "inquiry", at(6), ["unknown"]),
                mf.Activity(2, "l", "inquiry", at(7), ["unknown"]),
                mf.Activity(3, "m", "inquiry", at(2)),
                mf.Activity(3, "m", "page_view", at(2)),
                mf.Activity(3, "m", "page_view", at(9)),
                mf.Activity(4, "n", "inquiry", at(9)),
                mf.Activity(5, "gone", "inquiry", at(9)),
            ]
        },
        {"contracts": [mf.Contract("a", "crm", date(2020, 1, 1), date(2020, 12, 31))]},
        {"contracts": [mf.Contract("a", "crm", date(2020, 1, 1), ON - 9 * DAY)]},
        {"contracts": [mf.Contract("a", "crm", ON + DAY), mf.Contract("c", "sfa", ON)]},
        {"contracts": [mf.Contract("a", "crm", SINCE, quantity=0), mf.Contract("a", "no", SINCE)]},
        {
            "deals": [
                opened(3, id=1, company_id="gone", lead_id="l"),
                opened(4, id=2, company_id="b", lead_id="l"),
                opened(5, "unknown", id=3),
                opened(6, None, id=4, status="lost", closed_at=at(1)),
            ]
        },
        {
            "leads": [mf.Lead("l", "b"), mf.Lead("m", "gone"), mf.Lead("n", "c")],
            "activities": [mf.Activity(1, one, "inquiry", at(2)) for one in "lmn"],
        },
        {"leads": [], "companies": [mf.Company("c")]},
        {name: [] for name in BASE},
        {
            "companies": [mf.Company(one, employees=300) for one in (3, -7, 2**62)],
            "leads": [mf.Lead(one, one) for one in (3, -7, 2**62)],
            "activities": [mf.Activity(one, one, "inquiry", at(2)) for one in (3, -7, 2**62)],
        },
        {
            "overrides": [
                mf.Override("tier", "tier_4", "m", "r", SINCE + DAY, ON, "a", product_id="crm"),
                mf.Override("tier", "tier_1", "m", "r", ON, None, "c", product_id="sfa"),
                mf.Override("tier", "tier_1", "m", "r", ON + DAY, None, "c", product_id="crm"),
                mf.Override("tier", "none such", "m", "r", SINCE, None, "b", product_id="sfa"),
                mf.Override("tier", "tier_4", "m", "r", SINCE, None, "gone", product_id="sfa"),
                mf.Override("segment", "micro", "m", "r", SINCE, None, "b"),
                mf.Override(
                    *("engagement", "excluded", "m", "r", SINCE, None),
                    lead_id="m",
                    product_id="crm",
                ),
            ]
        },
    ],
)
def test_what_tables_hold_is_what_records_hold(records: dict[str, list[Any]]) -> None:
    """Law 1: Engines agree: on what is rare, wrong or not there."""
    same(records)


@pytest.mark.parametrize("kind", ["Polars", "pandas, NumPy"])
def test_ids_are_taken_as_they_are(kind: str) -> None:
    """S14: texts are compared by code points, and journeys come in the order of Python's texts."""
    ids = ["a'b", "ä", "か\u3099", "が", "𠮷", "｡", "10", "9", " x", "x ", '"; --', "Z"]
    found = same(
        {
            "companies": [mf.Company(one, employees=300) for one in ids],
            "leads": [mf.Lead(one, one) for one in ids],
            "activities": [mf.Activity(one, one, "inquiry", at(2), ["crm"]) for one in ids],
        },
        kind=kind,
    )
    assert [*dict.fromkeys(one.unit_id for one in found)] == sorted(ids)


@pytest.mark.parametrize(
    ("zone", "instants"),
    [
        ("Asia/Tokyo", [(4, 1, 14, 59), (4, 1, 15, 0)]),
        ("Europe/Berlin", [(3, 28, 22, 59), (3, 28, 23, 0)]),
        ("Europe/Berlin", [(3, 29, 21, 59), (3, 29, 22, 0)]),
        ("America/New_York", [(3, 9, 3, 59), (3, 9, 4, 0)]),
    ],
)
def test_days_are_those_of_the_playbook(zone: str, instants: list[tuple[int, ...]]) -> None:
    """S11: an instant is of the day in the zone, also where its clocks change."""
    engine = mf.Engine(mf.starter(["crm", "sfa"], zone=zone))
    days: list[date] = []
    for month, day, hour, minute in instants:
        instant = datetime(2026, month, day, hour, minute, tzinfo=UTC)
        found = same({"activities": [mf.Activity(1, "l", "inquiry", instant, ["crm"])]}, engine)
        (own,) = (one for one in found if (one.unit_id, one.product_id) == ("a", "crm"))
        days.append(own.entered[1])
    assert days[1] == days[0] + DAY
    # The instant of whoever asks is one, too.
    tables = tables_of(BASE, engine)
    # How many numbers an instant has, its type does not say.
    moment = datetime(2026, *instants[-1], tzinfo=UTC)  # type: ignore[arg-type, misc]
    asked = {"since": SINCE}
    assert told(engine, tables, moment, **asked) == told(engine, tables, days[-1], **asked)


class PlantsNearby:
    """A Tier policy in Python, which asks what no rule asks about."""

    kind = "acme/plants-nearby/1"
    tiers = (mf.Tier(1), mf.Tier(3))

    # The protocol names the arguments.
    def tier_for(self, company: mf.Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """By what a company may hold, of whatever type."""
        held: Any = company.attributes
        if company.name == "broken":
            raise ValueError("cannot say")
        points = [
            company.region == "Kansai",
            (held.get("area") or 0) > Decimal("1.5"),
            held.get("open") is True,
            (held.get("since") or date.max) < as_of,
            "key" in company.lists,
            "gold" in (held.get("badges") or ()),
            company.annual_revenue == Decimal("12.50"),
        ]
        return mf.decided(mf.Tier(1 if any(points) else 3), because="points")


def with_own_policy(*asked: Any) -> mf.Engine:
    """An engine with that policy, and rules about facts for the other product."""
    book = mf.starter(["crm", "sfa"])
    rules = [mf.Rule(mf.Tier(1), one) for one in asked]
    ruled: Any = mf.TierTable(rules, mf.Tier(4)) if rules else book.tiers["crm"]
    return mf.Engine(evolve(book, tiers={"crm": ruled, "sfa": PlantsNearby()}))


ASKS: Final = (
    company.attribute("area", Decimal) > 1,
    company.flag("open"),
    company.attribute("since", date) < ON,
    company.attribute("badges", frozenset).contains_any("gold"),
)


@pytest.mark.parametrize("over_time", [False, True])
def test_policies_in_python_see_the_same(over_time: bool) -> None:
    """What a company holds has the type that objects have, whoever asks for it."""
    held: list[dict[str, Any]] = [
        {"region": "Kansai"},
        {"annual_revenue": Decimal("12.50")},
        {"lists": ["key"]},
        {"attributes": {"area": Decimal("1.75"), "open": False}},
        {"attributes": {"open": True}},
        {"attributes": {"since": date(2026, 3, 20)}},
        {"attributes": {"badges": frozenset({"gold", "か\u3099"})}},
        {},
    ]
    companies: list[Any] = []
    for number, one in enumerate(held):
        then = mf.Company(f"c{number}", **one)
        if over_time:
            facts: dict[str, Any] = {**one, **one.get("attributes", {})}
            facts.pop("attributes", None)
            changes = [
                mf.CompanyChange(ON - 9 * DAY, fact, frozenset(v) if fact == "lists" else v)
                for fact, v in facts.items()
            ]
            # One company in place of another kind of it.
            then = mf.CompanyHistory(mf.Company(then.id), changes)  # type: ignore[assignment]
        companies.append(then)
    found = same({"companies": companies, "leads": []}, with_own_policy(*ASKS))
    of_sfa = {one.unit_id: one.entered[0] for one in found if one.product_id == "sfa"}
    assert [*of_sfa] == [f"c{number}" for number in range(7)]
    begun = {ON - 9 * DAY} if over_time else {SINCE}
    assert {*of_sfa.values()} - {date(2026, 3, 21)} == begun


def test_a_policy_that_fails_is_told() -> None:
    """As it is of accounts."""
    tables = tables_of({**BASE, "companies": [mf.Company("a", name="broken")]}, with_own_policy())
    with pytest.raises(mf.PolicyError, match="cannot say"):
        told(with_own_policy(), tables, ON, since=SINCE)


def test_a_history_that_contradicts_itself_tells_nothing() -> None:
    """Its rows are those of one table, and nobody knows which of them belong together (S17)."""
    funnel = FIRM.playbook.funnel
    history = mf.StageHistory("l")
    moves: tuple[tuple[Any, int], ...] = (("mql", 3), ("sal", 9))
    for stage, day in moves:
        history = funnel.move(
            history, stage, at=at(day), cause="import", reason="r", for_products=["crm"]
        )
    late = funnel.move(mf.StageHistory("l"), "mql", at=at(4), cause="import", reason="r")
    tables = tables_of({**BASE, "histories": [history, late]}, FIRM)
    flow = FlowTables(FIRM, as_of=ON, **tables)
    found = flow.journeys(since=SINCE)
    assert found == told(FIRM, tables_of(BASE, FIRM), ON, since=SINCE)
    assert {(one["table"], one["code"]) for one in rows_of(flow.rejects)} == {
        ("stage_history", "conflict")
    }
    (own, *_) = same({"histories": [history]})
    assert len(own.entered) == 5
    # Before the day of the second one, the first stands.
    assert told(FIRM, tables, SINCE + 3 * DAY, since=SINCE)[0] == own.on(SINCE + 3 * DAY)


# -- whatever is not there --


@pytest.mark.parametrize(
    "left_out",
    [
        ("leads",),
        ("activities", "activity_products"),
        ("stage_history_products",),
        ("stage_history", "stage_history_products"),
        ("deals", "deal_lines"),
        ("contracts", "deals", "deal_lines"),
        ("company_sets", "company_facts", "overrides"),
        ("leads", "activities", "activity_products", "stage_history", "stage_history_products"),
        ("every",),
    ],
)
def test_every_table_but_companies_is_optional(left_out: tuple[str, ...]) -> None:
    """A table that is not given is as good as one without rows."""
    engine, as_of, records = drawn("optional", 0, 4)
    tables = tables_of(records, engine)
    asked: dict[str, Any] = {"since": as_of - 90 * DAY, "statuses": STATUSES}
    gone = (*(name for name in tables if name != "companies"),) if "every" in left_out else left_out
    empty = {name: one.slice(0, 0) if name in gone else one for name, one in tables.items()}
    given = {name: one for name, one in tables.items() if name not in gone}
    first = told(engine, empty, as_of, **asked)
    # One that is `None` is not given.
    assert told(engine, {**given, **dict.fromkeys(gone[1:])}, as_of, **asked) == first
    assert first


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_tables_without_rows_tell_nothing(kind: str) -> None:
    """Nor do they stop anybody."""
    tables = tables_of({name: [] for name in (*BASE, "histories")}, FIRM)
    flow = FlowTables(FIRM, as_of=ON, **KINDS[kind](tables))
    assert flow.journeys(since=SINCE) == ()
    assert rows_of(flow.rejects) == []


def test_few_columns_are_needed() -> None:
    """Of activities without products, each reaches the company, and begins no journey."""
    few = {"id": ["1"], "lead_id": ["l"], "kind": ["inquiry"], "at": [at(4)]}
    leads = pl.DataFrame({"id": ["l", "m"], "company_id": ["a", "b"]})
    given = {"companies": TWO, "leads": leads, "activities": pl.DataFrame(few)}
    found = told(FIRM, given, ON, since=SINCE)
    assert [(one.unit_id, one.product_id, one.entered) for one in found] == [
        ("a", one, (SINCE, SINCE + 4 * DAY)) for one in ("crm", "sfa", None)
    ]
    alone = told(FIRM, {**given, "leads": leads.drop("company_id")}, ON, since=SINCE)
    assert [one.entered for one in alone] == [(SINCE,)] * 3
    one = told(FIRM, {**given, "companies": TWO.drop("employees")}, ON, since=SINCE)
    assert [(one.unit_id, one.product_id) for one in one] == [("a", None)]


NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "companies": ("id",),
    "leads": ("id",),
    "activities": ("id", "lead_id", "kind", "at"),
    "activity_products": ("lead_id", "activity_id", "product_id"),
    "deals": ("id", "company_id", "opened_at", "status"),
    "deal_lines": ("deal_id", "product_id"),
    "contracts": ("company_id", "product_id", "start"),
}


def test_what_is_blank_in_every_row_is_not_there() -> None:
    """A column of nulls is no fault but where something is needed."""
    activities = [mf.Activity(1, "l", "inquiry", at(2), ["crm"])]
    contracts = [mf.Contract("b", "sfa", SINCE)]
    records = {**BASE, "activities": activities, "deals": [opened(5)], "contracts": contracts}
    tables = {name: one for name, one in tables_of(records, FIRM).items() if name in NEEDED}

    def blanked(*columns: tuple[str, str]) -> FlowTables:
        given = dict(tables)
        for name, column in columns:
            place, nulls = given[name].column_names.index(column), pa.nulls(len(given[name]))
            given[name] = given[name].set_column(place, column, nulls)
        return FlowTables(FIRM, as_of=ON, **given)

    others = [(n, c) for n, table in tables.items() for c in table.column_names]
    flow = blanked(*(one for one in others if one[1] not in NEEDED[one[0]]))
    # Nobody knows how large the companies are, nor where their people work.
    assert {(one.unit_id, one.product_id) for one in flow.journeys(since=SINCE)} == {
        *(("a", "crm"), ("b", "sfa"), ("a", None), ("b", None))
    }
    assert rows_of(flow.rejects) == []
    for name, needed in NEEDED.items():
        flow = blanked((name, needed[-1]))
        flow.journeys(since=SINCE)
        told = {(r["table"], r["column"], r["code"]) for r in rows_of(flow.rejects)}
        assert (name, needed[-1], "missing") in told


@pytest.mark.parametrize("kind", ["pandas, NumPy"])
def test_companies_are_taken_in_parts(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many of them are taken at once, the journeys are the same."""
    engine, as_of, records = drawn("parts", 3, 4)
    given = KINDS[kind](tables_of(records, engine))
    asked = {"since": as_of - 90 * DAY}
    wanted = told(engine, given, as_of, **asked)
    monkeypatch.setattr(flow_people, "_AT_ONCE", 2)
    assert told(engine, given, as_of, **asked) == wanted


def test_a_course_may_have_other_steps() -> None:
    """Law 1: Engines agree: on whatever course."""
    engine, as_of, records = drawn("course", 5)
    steps = [FlowStep(one, one) for one in ("reached", "sql", "won")]
    target: dict[Any, Any] = {one.id: mf.Tier(3) for one in engine.playbook.products}
    asked: dict[str, Any] = {"since": as_of - 90 * DAY, "course": Course(steps), "target": target}
    found = told(engine, tables_of(records, engine), as_of, **asked)
    assert found == journeys(engine, mf.accounts(**records), as_of=as_of, **asked, **ASKED)


# -- a look --


def draw_look(number: int) -> tuple[Asked, dict[str, list[Any]], FlowPlan, Period]:
    """A world with campaigns and deals of some worth, a plan for it, and a period."""
    random = Random(f"look {number}")
    asked, records = draw_world(random, number)
    playbook, as_of = asked.engine.playbook, asked.as_of
    segments = [one.key for one in playbook.segments.outcomes]
    spends = [
        Spend(as_of - days * DAY, 100 * days, tactic="email", currency=currency)
        for days, currency in enumerate((None, "USD", "XXX"))
    ]
    plan = FlowPlan(
        since=as_of - random.choice((10, 100, 400)) * DAY,
        within_days=random.choice((3, 30, {"target": 9, "reached": 5, "engaged": 1} | REST)),
        target=mf.Tier(random.choice((1, 2, 4))),
        **ASKED,
        reference=random.choice(({}, {"reached": 0.5, "mql": 0.1})),
        segments=None if number % 3 else random.sample(segments, 3),
        out_of_market=random.choice(((), ("customer", "dormant", "aware"), ("in_opportunity",))),
        statuses=asked.settings["statuses"],
        meetings=asked.settings["meetings"],
        horizons=asked.settings["horizons"],
        campaigns=evolve(asked.book, spends=[*asked.book.spends, *spends]),
        fx=random.choice((None, asked.fx)),
        bands=[Band("upstream", 0.1, 0.3), Band("upstream", 0.2, 0.9, unit="touches")],
    )
    first = as_of - random.choice((0, 10, 60)) * DAY
    return asked, records, plan, Period(first, as_of + random.choice((0, 9)) * DAY)


REST: Final = {"mql": 2, "sal": 90}


def looked(asked: Asked, records: Mapping[str, Any], plan: FlowPlan, period: Period) -> Look:
    """What objects see, without rejects: tables tell these apart."""
    seen = look(asked.engine, mf.accounts(**records), plan, period=period, as_of=asked.as_of)
    return evolve(seen, results=seen.results and evolve(seen.results, rejects=()))


@pytest.mark.parametrize("number", [9, *range(0, 3 * BOOKS, 7)])
def test_a_look_at_tables_sees_what_one_at_accounts_sees(number: int) -> None:
    """Law 1: Engines agree: on the report, gaps, cohorts, campaigns and balances, to the word."""
    asked, records, plan, period = draw_look(number)
    flow = FlowTables(asked.engine, as_of=asked.as_of, **tables_of(records, asked.engine))
    seen, wanted = flow.look(plan, period=period), looked(asked, records, plan, period)
    for name in ("plan", "report", "gaps", "cohorts", "results", "balances"):
        assert getattr(seen, name) == getattr(wanted, name), name


@pytest.mark.parametrize(
    "kind",
    [pytest.param(k, marks=[] if k == "pandas, NumPy" else [pytest.mark.bulk]) for k in KINDS],
)
def test_a_look_at_tables_of_every_kind(kind: str) -> None:
    """Law 1: Engines agree: asked twice, they see the same, and tell each reject once."""
    asked, records, plan, period = draw_look(7)
    given = KINDS[kind](tables_of(records, asked.engine))
    with FlowTables(asked.engine, as_of=asked.as_of, **given) as flow:
        seen = flow.look(plan, period=period)
        once = rows_of(flow.rejects)
        assert flow.look(evolve(plan, target=mf.Tier(3)), period=period) != seen
        assert flow.look(plan, period=period) == seen == looked(asked, records, plan, period)
        assert rows_of(flow.rejects) == once
        assert {"unknown-campaign", "unmapped-kind"} <= {one["code"] for one in once}


@pytest.mark.spark
def test_a_look_at_tables_of_spark(spark: Any) -> None:
    """Law 1: Engines agree: on whatever is told of the flow, and of campaigns."""
    asked, records, plan, period = draw_look(7)
    given = tables_of(records, asked.engine)
    tables = {name: spark.createDataFrame(table) for name, table in given.items()}
    with FlowTables(asked.engine, as_of=asked.as_of, **tables) as flow:
        assert flow.look(plan, period=period) == looked(asked, records, plan, period)
        told = {row.code for row in flow.rejects.collect()}
    assert {"unknown-campaign", "unmapped-kind"} <= told


def test_without_campaigns_there_are_no_results() -> None:
    """Nor is there a balance of touches; without people, nobody is out of the market."""
    plan = FlowPlan(since=SINCE, within_days=30, **ASKED)
    seen = FlowTables(FIRM, as_of=ON, companies=TWO).look(plan, period=Period(SINCE, ON))
    assert (seen.results, seen.balances) == (None, ())
    assert seen.gaps.cells


def test_what_campaigns_came_to_is_told_by_itself() -> None:
    """Law 1: Engines agree: with whatever else may be asked of campaigns."""
    asked, records, _, _ = draw_look(2)
    others: dict[str, Any] = {**asked.settings, "fx": asked.fx, "cost_basis": "media"}
    flow = FlowTables(asked.engine, as_of=asked.as_of, **tables_of(records, asked.engine))
    wanted = campaign_results(
        asked.engine.playbook, asked.book, mf.accounts(**records), as_of=asked.as_of, **others
    )
    assert flow.campaign_results(asked.book, **others) == evolve(wanted, rejects=())


# -- what could not be used --


def test_rejects_are_told_once() -> None:
    """Law 7: Nothing is lost, and nothing is told twice, however often it is asked."""
    activities = [
        mf.Activity(1, "l", "inquiry", at(2), ["crm"], "spring"),
        mf.Activity(2, "l", "inquiry", at(2), ["crm", "sfa"], "sprin"),
        mf.Activity(3, "gone", "inquiry", at(2)),
        mf.Activity(4, "l", "inquiry", at(2)),
        mf.Activity(4, "l", "inquiry", at(3)),
    ]
    flow = FlowTables(FIRM, as_of=ON, **tables_of({**BASE, "activities": activities}, FIRM))
    assert rows_of(flow.rejects) == []
    flow.journeys(since=SINCE)
    early = [("3", "unknown-lead"), ("4", "conflict"), ("4", "conflict")]
    assert sorted((one["id"], one["code"]) for one in rows_of(flow.rejects)) == early
    book = CampaignBook([Campaign("spring", "email", SINCE)])
    asked: list[dict[str, Any]] = [
        *({"inquiry": "delivered"}, {"inquiry": None, "call": "sent"}, {"call": None})
    ]
    for statuses in asked:
        for _ in range(2):
            flow.campaign_results(book, statuses=statuses)
    late = [("1", "unmapped-kind"), ("2", "unknown-campaign")]
    rejects = rows_of(flow.rejects)
    assert sorted((one["id"], one["code"]) for one in rejects) == sorted([*early, *late])
    assert [*rejects[0]] == ["table", "id", "lead_id", "column", "code", "reason"]
    assert rejects == sorted(rejects, key=lambda one: [one[name] or "" for name in one])


def test_whom_rules_lead_in_a_circle_is_told_once() -> None:
    """However often somebody looks."""
    funnel = FIRM.playbook.funnel
    stages = {one.key: one for one in funnel.ladder}
    stage = PursuitFacts(funnel.scale).stage
    rules = [
        mf.Rule(stages["mql"], stage.is_in("known", "sal") & product.touched),
        mf.Rule(stages["sal"], stage == "mql"),
    ]
    table = DecisionTable(rules, funnel.rules.otherwise)
    engine = mf.Engine(evolve(FIRM.playbook, funnel=evolve(funnel, rules=table)))
    touched = {"activities": [mf.Activity(1, "l", "inquiry", at(2), ["crm"])]}
    flow = FlowTables(engine, as_of=ON, **tables_of({**BASE, **touched}, engine))
    plan = FlowPlan(since=SINCE, within_days=30, **ASKED, out_of_market={"dormant"})
    flow.look(plan, period=Period(SINCE, ON))
    once = rows_of(flow.rejects)
    assert [(one["id"], one["code"]) for one in once] == [("l", "circle")]
    flow.look(plan, period=Period(SINCE, ON))
    assert rows_of(flow.rejects) == once


def test_companies_in_a_circle_are_one_group() -> None:
    """Accounts refuse these; tables tell them, and go on."""
    parents = {"a": "b", "b": "a", "c": "a", "d": None}
    companies = pl.DataFrame(
        {"id": [*parents], "parent_id": [*parents.values()], "employees": [500] * 4}
    )
    flow = FlowTables(engine_asking(0), as_of=ON, companies=companies)
    found = flow.journeys(since=SINCE, target=mf.Tier(4))
    assert {one.unit_id for one in found} == {*parents}
    assert {one["code"] for one in rows_of(flow.rejects)} == {"cycle"}


# -- what is refused --


def refused(asked: Any) -> list[str]:
    """What is said of what was asked."""
    with pytest.raises(mf.InvalidDataError) as caught:
        asked()
    return [str(one) for one in caught.value.problems]


def test_a_plan_is_of_records_alone() -> None:
    """What a replay alone knows is refused, with all else that is wrong."""
    flow = FlowTables(FIRM, as_of=ON, companies=TWO)
    plan = FlowPlan(since=SINCE, within_days=30, segments=["mikro"])
    alone = "of tables is told by records alone; a replay of accounts knows more"
    period = Period(SINCE, ON)
    assert refused(lambda: flow.look(plan, period=period)) == [
        f"plan.interest: must be None: what is engaged {alone}",
        f"plan.stages: must be 'kept': where leads stand {alone}",
        "plan.segments: no such segment 'mikro'; did you mean 'micro'?",
    ]
    sound = evolve(plan, **ASKED, segments=None)
    later = Period(ON + DAY, ON + 9 * DAY)
    early = f"period: begins on {ON + DAY}, after as_of"
    assert refused(lambda: flow.look(sound, period=later)) == [early]
    unknown = evolve(sound, segments=["mikro"])
    said = ["plan.segments: no such segment 'mikro'; did you mean 'micro'?", early]
    assert refused(lambda: flow.look(unknown, period=later)) == said
    assert refused(lambda: look(FIRM, (), unknown, period=later, as_of=ON)) == said
    late = evolve(sound, since=ON + DAY)
    assert refused(lambda: flow.look(late, period=period)) == [
        f"as_of: must not be before {ON + DAY}, the first day"
    ]
    wrong: Any = ("plan", "April")
    said = ["plan: must be a FlowPlan, not str 'plan'", "period: must be a Period, not str 'April'"]
    assert refused(lambda: flow.look(wrong[0], period=wrong[1])) == said
    assert refused(lambda: look(FIRM, (), wrong[0], period=wrong[1], as_of=ON)) == said


def test_tables_are_those_of_assess() -> None:
    """All faults of the names and columns at once; and there must be companies."""

    def given(engine: Any = FIRM, as_of: Any = ON, **tables: Any) -> Any:
        return lambda: FlowTables(engine, as_of=as_of, **tables)

    assert refused(given(companies=TWO, deal=TWO)) == ["deal: no such table; did you mean 'deals'?"]
    assert refused(given(companies=3)) == [
        "companies: must be a table of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis, not int"
    ]
    assert refused(given()) == [
        (
            "companies: must be a table of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis, not "
            "NoneType"
        )
    ]
    assert refused(given(companies=TWO.drop("id"), leads=TWO.rename({"employees": "at"}))) == [
        "companies.id: no such column"
    ]
    assert refused(given("book", companies=TWO)) == ["engine: must be an Engine, not str 'book'"]
    naive = at(0).replace(tzinfo=None)
    assert refused(given(as_of=naive, companies=TWO)) == [
        "as_of: has no time zone; give an aware datetime"
    ]


def test_journeys_are_asked_as_of_accounts() -> None:
    """All faults at once, each with its path."""
    flow = FlowTables(FIRM, as_of=ON, companies=TWO)
    asked: dict[str, Any] = {
        "since": "x",
        "course": "y",
        "target": {"crm": 2, "sfaa": mf.Tier(1)},
        "statuses": {"call": "held"},
    }
    assert [one.split(":")[0] for one in refused(lambda: flow.journeys(**asked))] == [
        *("since", "statuses.call", "target.crm", "target.sfaa", "target.sfa", "course")
    ]
    book = CampaignBook([Campaign("spring", "email", SINCE, product_id="cr")])
    held: Any = {"call": "held"}
    said = refused(lambda: flow.campaign_results(book, statuses=held, meetings="call"))
    assert [one.split(",")[0] for one in said] == [
        "statuses.call: must be one of targeted",
        "meetings: must be a collection of kinds of activity",
    ]
    said = refused(lambda: flow.campaign_results(book, statuses={}))
    assert said == ["campaigns[0].product_id: no such product 'cr'; did you mean 'crm'?"]


@pytest.mark.parametrize("kind", ["Polars", "DuckDB"])
def test_closed_tables_tell_nothing(kind: str) -> None:
    """But what they gave stays."""
    flow = FlowTables(FIRM, as_of=ON, **KINDS[kind](tables_of(BASE, FIRM)))
    with flow as same_one:
        assert same_one is flow
        found = flow.journeys(since=SINCE)
        rejects = flow.rejects
    flow.close()
    assert (len(found), rows_of(rejects)) == (6, [])
    said = ["tables: were closed; ask before that, or take them in again"]
    assert refused(lambda: flow.journeys(since=SINCE)) == said
    assert refused(lambda: flow.rejects) == said
