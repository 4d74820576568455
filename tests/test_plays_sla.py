"""Plays that are due by the time limit of a stage: on objects, in tables and as SQL text."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import product as product_of
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel import frames, warehouse
from mpfunnel.account import Account
from mpfunnel.calendars import BusinessCalendar, business
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.facts import company, product
from mpfunnel.plays import PlannedPlay, Play, PlayRule, Plays
from mpfunnel.records import Activity, Company, Contract, Lead, SalesEvent
from mpfunnel.stages import LONGEST, Entry, FunnelStage, StageHistory, limit_of
from mpfunnel.starters import FUNNEL
from mpfunnel.warehouse.text import SOME_DAY
from tests.frames import KINDS, differences, rows_of, tables_of
from tests.policies import randoms
from tests.test_plays import drawn
from tests.warehouse import InDuckDB, answered

DAY = date(2026, 5, 1)
"""A Friday, before Golden Week: Monday to Wednesday are holidays."""
HURRY = Play("hurry", "call", due_in_days=30, cadence_days=7, within_sla=True)
CALM = evolve(HURRY, key="calm", within_sla=False)
ALWAYS = ~company.on_list("nobody")
LIMITS: dict[str, dict[str, Any]] = {
    "inquiry": {"kind": "gate"},
    "mql": {"kind": "sla", "within_business_days": 2},
    "sal": {"kind": "sla", "within_days": 2},
    "sql": {"kind": "sla", "within_business_days": 10},
    "opportunity": {"kind": "sla", "within_business_days": 2},
    "recycled": {"kind": "sla", "within_days": 3_650},
}


def engine_of(
    play: Play = HURRY,
    *,
    calendar: BusinessCalendar | None = None,
    zone: str = "UTC",
    of: Iterable[str] = tuple(LIMITS),
) -> mf.Engine:
    """The starter with limits of some stages, and with one play for every product and the firm."""
    limits = {key: LIMITS[key] for key in of}

    def limited(stages: Any) -> list[FunnelStage]:
        return [FunnelStage(one.key, one.label, **limits.get(one.key, {})) for one in stages]

    funnel = evolve(
        FUNNEL,
        ladder=limited(FUNNEL.ladder),
        detours=limited(FUNNEL.detours),
        calendar=calendar or FUNNEL.calendar,
    )
    plays = Plays(
        [play],
        [PlayRule(play, product.score >= 0)],
        [PlayRule(play, ALWAYS)],
        contacts=["call"],
        at_once=3,
    )
    return mf.Engine(evolve(mf.starter(["A", "B"], zone=zone), funnel=funnel, plays=plays))


def noon(day: date) -> datetime:
    """Noon of a day in UTC."""
    return datetime.combine(day, time(12), UTC)


def entered(
    stage: str, day: date, *about: str, lead_id: Any = 1, back: date | None = None
) -> StageHistory:
    """The history of a lead that entered a stage on a day, after another one."""
    start = noon(day) - timedelta(hours=1)
    first = Entry(lead_id, 1, 1, "known", start, noon(day), "forward", "api")
    then = Entry(
        lead_id,
        2,
        1,
        stage,
        noon(day),
        None,
        "forward",
        "person",
        for_products=about,
        follow_up_on=back,
    )
    return StageHistory(lead_id, [first, then])


def did(number: int, kind: str, day: date, *about: str) -> Activity:
    """An activity of lead 1."""
    return Activity(number, 1, kind, noon(day), about)


def plays_of(
    *histories: StageHistory, engine: mf.Engine | None = None, as_of: date = DAY, **more: Any
) -> dict[Any, PlannedPlay]:
    """The plays of lead 1, who clicked on A long ago."""
    done = [did(1, "email_click", as_of - timedelta(20), "A"), *more.pop("activities", ())]
    account = Account(Company(1), leads=[Lead(1)], activities=done, histories=histories, **more)
    told = (engine or engine_of()).assess(account, as_of=as_of)
    return {one.product_id: one for one in told.plays}


def due(*histories: StageHistory, about: Any = None, **more: Any) -> tuple[date | None, str]:
    """Until when the play of lead 1 is due, and by what."""
    one = plays_of(*histories, **more)[about]
    return one.due, one.due_by


APRIL_30 = DAY - timedelta(1)
BY_SIGN = (DAY + timedelta(10), "sign")


# -- one lead --


@pytest.mark.parametrize(
    ("stage", "wanted"),
    [
        ("inquiry", APRIL_30),
        # Friday is the first business day, and Thursday the second.
        ("mql", date(2026, 5, 7)),
        ("sal", date(2026, 5, 2)),
        ("sql", date(2026, 5, 19)),
        ("recycled", APRIL_30 + timedelta(3_650)),
    ],
)
def test_a_play_is_due_by_the_limit_of_the_stage(stage: str, wanted: date) -> None:
    """For the firm, and about the product, from the day of entering; that of another zone too."""
    for about in (None, "A"):
        assert due(entered(stage, APRIL_30), about=about) == (wanted, "sla")
    new_york = engine_of(zone="America/New_York")
    late = entered(stage, APRIL_30).entries
    early = [evolve(late[0], left=NIGHT), evolve(late[1], entered=NIGHT)]
    assert due(StageHistory(1, early), engine=new_york) == (wanted, "sla")


NIGHT = datetime(2026, 5, 1, 3, 59, tzinfo=UTC)
"""Still April in New York."""


@pytest.mark.parametrize("stage", ["known", "customer", "former"])
def test_without_a_limit_it_is_due_as_any_other(stage: str) -> None:
    """Where the stage has none, the funnel has no such stage, or nobody keeps a history."""
    assert due(entered(stage, APRIL_30)) == BY_SIGN
    assert due() == BY_SIGN
    assert due(entered("mql", APRIL_30), engine=engine_of(CALM)) == BY_SIGN
    # What a later day brings is not known yet.
    assert due(entered("mql", DAY + timedelta(1))) == BY_SIGN


def test_the_entry_must_be_about_the_product() -> None:
    """One about no product is about each; for the firm, any will do."""
    both = [did(2, "email_click", DAY - timedelta(20), "B")]
    late = (date(2026, 5, 7), "sla")
    for about, wanted in (
        ((), [late, late, late]),
        (("A",), [late, BY_SIGN, late]),
        (("B", "gone"), [BY_SIGN, late, late]),
        (("gone",), [BY_SIGN, BY_SIGN, late]),
    ):
        found = plays_of(entered("mql", APRIL_30, *about), activities=both)
        assert [(found[p].due, found[p].due_by) for p in ("A", "B", None)] == wanted


def test_a_contact_since_entering_ends_it() -> None:
    """One of the same day counts, one of the day before or about another product does not."""
    mql = entered("mql", APRIL_30)

    def after(day: date, *about: str) -> str:
        return due(mql, about="A", activities=[did(2, "call", day, *about)])[1]

    assert after(DAY, "A") == "cadence"
    assert after(APRIL_30, "A") == "cadence"
    assert after(APRIL_30) == "cadence"
    assert after(APRIL_30, "B") == "sla"
    assert after(APRIL_30 - timedelta(1), "A") == "sla"
    # The firm hears of every product.
    assert due(mql, activities=[did(2, "call", APRIL_30, "B")])[1] == "cadence"
    # A sign after that contact calls for the play as ever, and not the stage again.
    heard = [did(2, "call", APRIL_30, "A"), did(3, "email_click", DAY, "A")]
    assert due(mql, about="A", activities=heard) == (DAY + timedelta(30), "sign")


def test_a_new_stage_is_a_new_limit() -> None:
    """Whoever was contacted in the stage before is to be contacted in this one."""
    call = [did(2, "call", APRIL_30 - timedelta(1), "A")]
    assert due(entered("mql", APRIL_30 - timedelta(2)), activities=call)[1] == "cadence"
    assert due(entered("sal", APRIL_30), activities=call) == (date(2026, 5, 2), "sla")


def test_people_and_ends_of_contracts_come_first() -> None:
    """A day that a person has set wins until it has passed, and then the end of a contract."""
    ends = Contract(1, "A", date(2025, 1, 1), DAY + timedelta(9))
    renew = engine_of(evolve(HURRY, before_end_days=30))
    for back, wanted in (
        (DAY, (DAY, "person")),
        (APRIL_30, (date(2026, 5, 7), "sla")),
    ):
        mql = entered("mql", APRIL_30, back=back)
        assert due(mql) == wanted
        said = SalesEvent(1, "follow_up", noon(APRIL_30), "A", follow_up_on=back)
        mql = entered("mql", APRIL_30)
        assert due(mql, about="A", sales_events=[said]) == wanted
    mql = entered("mql", APRIL_30)
    assert due(mql, about="A", engine=renew, contracts=[ends])[1] == "contract_end"
    assert due(mql, engine=renew, contracts=[ends])[1] == "sla"
    # A contact in the days before the end, and before the entering, ends the first alone.
    call = [did(2, "call", DAY - timedelta(5), "A")]
    given: Any = {"engine": renew, "contracts": [ends], "activities": call}
    assert due(mql, about="A", **given)[1] == "sla"
    assert due(entered("mql", DAY - timedelta(5)), about="A", **given)[1] == "cadence"


def test_it_is_explained() -> None:
    """The day, that it is the limit's, and of which stage since when; rows hold the key."""
    account = Account(leads=[Lead(1)], histories=[entered("mql", APRIL_30)])
    engine = engine_of()
    told = engine.explain("play", account, 1, as_of=DAY)
    assert "\ndue: 2026-05-07 (time limit of the stage)\n  MQL: since 2026-04-30\n" in told
    told = engine.explain("play", account, 1, as_of=DAY, lang="ja")
    stage = engine.playbook.funnel.stage("mql").label.ja
    assert f"\n期限: 2026-05-07 (ステージの対応期限)\n  {stage}：2026-04-30から\n" in told
    (row,) = engine.assess(account, as_of=DAY).rows()["plays"]
    assert (row["due"], row["due_by"]) == (date(2026, 5, 7), "sla")


def test_the_limit_of_a_contacted_lead_is_no_later_breach() -> None:
    """Law 5: The future does not change the past: a contact of tomorrow is not known today."""
    mql, call = entered("mql", APRIL_30), [did(2, "call", DAY + timedelta(1), "A")]
    assert due(mql, activities=call)[1] == "sla"
    assert due(mql, activities=call, as_of=DAY + timedelta(1))[1] == "cadence"


# -- how long --


@pytest.mark.parametrize(
    ("days", "first"), [(0, 0), (LONGEST - 1, LONGEST - 1), (LONGEST, LONGEST), (9_999, LONGEST)]
)
def test_who_is_there_for_more_than_ten_years(days: int, first: int) -> None:
    """Counts as having entered ten years ago; a contact ends it all the same."""
    long_ago = DAY - timedelta(days)
    wanted = DAY - timedelta(first)
    every_day = engine_of(calendar=BusinessCalendar(None, weekend=()))
    for engine in (engine_of(), every_day):
        assert due(entered("sal", long_ago), engine=engine) == (wanted + timedelta(2), "sla")
    assert due(entered("mql", long_ago), engine=every_day) == (wanted + timedelta(2), "sla")
    call = [did(2, "call", long_ago)]
    assert due(entered("mql", long_ago), activities=call) == BY_SIGN or days < 30


@st.composite
def stays(draw: st.DrawFn) -> tuple[FunnelStage, BusinessCalendar, date, date]:
    """A stage with a limit, a calendar, a day of entering and the one asked about."""
    name = draw(st.sampled_from(["within_days", "within_business_days"]))
    days = draw(st.sampled_from([1, 2, 3, 5, 20, 260, 3_650]))
    calendar = draw(
        st.sampled_from(
            [
                BusinessCalendar(),
                BusinessCalendar(None),
                BusinessCalendar("DE", region="BY", days_off=[date(2026, 5, 4)]),
            ]
        )
    )
    as_of = DAY + timedelta(draw(st.integers(-400, 400)))
    stage = FunnelStage("x", "x", kind="sla", **{name: days})
    age = draw(st.sampled_from([0, 1, 2, LONGEST - 1, LONGEST]) | st.integers(0, LONGEST))
    return stage, calendar, as_of - timedelta(age), as_of


@given(stays())
def test_the_limit_is_the_deadline(stay: tuple[Any, ...]) -> None:
    """For ten years, `Funnel.deadline` says the same; who enters later never has less time."""
    stage, calendar, day, as_of = stay
    history = StageHistory(1, [Entry(1, 1, 1, "x", noon(day), None, "forward", "api")])
    rules = mf.DecisionTable([], stage)
    funnel = mf.Funnel(rules, [stage], calendar=calendar)
    deadline = funnel.deadline(history.entries[0], as_of=as_of, zone="UTC")
    assert deadline is not None
    found = limit_of(stage, day, calendar, as_of=as_of)
    assert found == deadline.due > day
    if day < as_of:
        assert limit_of(stage, day + timedelta(1), calendar, as_of=as_of) >= found


# -- what is drawn --


@given(randoms())
def test_a_contact_of_the_day_ends_every_limit(random: Random) -> None:
    """Plays: who was contacted about the firm today has no play that is due by a time limit."""
    engine, account, as_of = drawn(random)
    plays = evolve(engine.playbook.plays, contacts={"ours"})
    engine = mf.Engine(evolve(engine.playbook, plays=plays))
    at = datetime.combine(as_of, time(12), ZoneInfo(engine.playbook.zone))
    ours = [
        Activity(f"our call {one}", one, "ours", at)
        for one in dict.fromkeys(lead.id for lead in account.leads)
    ]
    called = evolve(account, activities=[*account.activities, *ours])
    assert {one.due_by for one in engine.assess(called, as_of=as_of).plays} <= {
        *("person", "cadence", "done", "sign"),
    }


@given(randoms())
def test_without_limits_all_else_is_as_before(random: Random) -> None:
    """Plays: a time limit takes the place of signs, cadences and nothing, and of no person."""
    engine, account, as_of = drawn(random)
    plays = engine.playbook.plays
    calm = [evolve(one, within_sla=False) for one in plays.plays]
    other = mf.Engine(evolve(engine.playbook, plays=evolve(plays, plays=calm)))
    told, again = (
        {(one.lead_id, one.product_id): one for one in found.assess(account, as_of=as_of).plays}
        for found in (engine, other)
    )
    assert told.keys() == again.keys()
    for key, one in told.items():
        before = again[key]
        assert (one.due, one.due_by) == (before.due, before.due_by) or one.due_by == "sla"
        if one.due_by == "sla":
            assert one.play.within_sla
            assert before.due_by in ("never", "sign", "cadence", "done") or (
                # A day that went by is all that is left where nothing else is due.
                before.due_by == "person" and before.due is not None and before.due < as_of
            )


# -- tables --

ENTERED = [
    *(DAY - timedelta(days) for days in (0, 1, 5, 6, 40, LONGEST - 1, LONGEST, LONGEST + 1)),
    *(date(1, 1, 2), DAY + timedelta(1)),
]


def population(engine: mf.Engine) -> dict[str, list[Any]]:
    """Leads of one company in every stage, since many days, about nothing or a product."""
    names = ("leads", "activities", "deals", "contracts", "sales_events", "histories")
    given: dict[str, list[Any]] = {name: [] for name in names}
    given["companies"] = [Company("c")]
    stages = [*(one.key for one in engine.playbook.funnel.ladder), "recycled", "former"]
    every = product_of(stages, ENTERED, ((), ("A",)))
    for number, (stage, day, about) in enumerate(every):
        lead = f"l{number}"
        given["leads"].append(Lead(lead, "c"))
        given["histories"].append(entered(stage, day, *about, lead_id=lead))
        seen = Activity("seen", lead, "email_click", noon(DAY - timedelta(20)), ["A", "B"])
        given["activities"].append(seen)
        if number % 3 == 0:
            when = noon(max(day - timedelta(number % 2), date(1, 1, 2)))
            given["activities"].append(Activity("call", lead, "call", when, ["A"]))
    return given


@pytest.fixture(scope="module")
def everybody() -> tuple[mf.Engine, dict[str, list[Any]]]:
    """An engine, and all sorts of leads."""
    engine = engine_of()
    return engine, population(engine)


LATER = [
    pytest.param(kind, marks=pytest.mark.bulk)
    for kind in ("Polars, lazy", "DuckDB", "Ibis on DuckDB")
]


@pytest.mark.parametrize("kind", ["Polars", "pandas, NumPy", *LATER])
def test_tables_say_the_same(kind: str, everybody: Any) -> None:
    """Law 1: Engines agree: in every stage, about each product, for whatever time."""
    engine, records = everybody
    tables = KINDS[kind](tables_of(records, engine))
    out = frames.assess(engine, **tables, as_of=DAY, lang="en")
    assert differences(out, engine, records, DAY, possible=False) == []
    found = [row["due_by"] for row in rows_of(out.plays)]
    assert found.count("sla") > len(found) // 4
    assert {"sla", "sign", "cadence"} <= {*found}


@pytest.mark.bulk
def test_sql_text_says_the_same(everybody: Any) -> None:
    """Law 1: Engines agree: so does the text for a warehouse, with its list of business days."""
    engine, records = everybody
    out = answered(InDuckDB(), "duckdb", engine, tables_of(records, engine), DAY, possible=False)
    assert differences(out, engine, records, DAY, possible=False) == []


TABLES = {
    "companies": ["id"],
    "leads": ["id", "company_id"],
    "activities": ["id", "lead_id", "kind", "at", "product_id"],
    "stage_history": [
        *("lead_id", "of_lead", "number", "pursuit", "stage"),
        *("entered", "left", "kind", "cause"),
    ],
}


def written(engine: mf.Engine, as_of: Any = DAY, **tables: Any) -> warehouse.Queries:
    """The text of an engine."""
    given = {**TABLES, **tables}
    return warehouse.render(engine, dialect="duckdb", tables=given, as_of=as_of)


def test_the_text_says_no_more_than_is_asked() -> None:
    """Only where a play goes by limits is anything told of them, and business days where any are.

    These are listed for ten years, with one column for each number of them.
    """

    def told(queries: warehouse.Queries) -> set[str]:
        text = "".join(queries.statements())
        return {one for one in ("within_sla", "limit_on", "wait_") if one in text}

    engine = engine_of()
    queries = written(engine)
    assert told(queries) == {"within_sla", "limit_on", "wait_"}
    (listed,) = (one for one in queries.seeds if one.name == "mpfunnel_business_days")
    assert [row[0] for row in listed.rows] == [*range(LONGEST + 1)]
    assert list(listed.types) == ["age", "wait_2", "wait_10"]
    assert len(listed.create()) < sum(map(len, queries.statements())) / 7

    assert told(written(engine_of(CALM))) == set()


def test_business_days_need_a_day_that_is_known() -> None:
    """They are listed when the text is written; without histories nobody asks for them."""
    engine = engine_of()
    with pytest.raises(InvalidDataError) as caught:
        written(engine, "current_date")
    message = "must be a date object where plays go by time limits in business days, not SQL"
    assert str(caught.value) == f"as_of: {message}"
    others = {name: columns for name, columns in TABLES.items() if name != "stage_history"}
    assert warehouse.render(engine, dialect="duckdb", tables=others, as_of="current_date").queries
    queries = written(engine_of(of=("inquiry", "sal")), "current_date")
    seeds = [one.create() for one in queries.seeds]
    text = "".join([*seeds, *(one.create() for one in queries.queries)])
    assert {one for one in ("current_date", "limit_on", "wait_") if one in text} == {
        *("current_date", "limit_on"),
    }
    assert str(SOME_DAY.toordinal()) not in text


def both(engine: mf.Engine, as_of: date, history: StageHistory) -> list[Any]:
    """What objects and tables say of lead 1, or the error that each raises."""
    records: dict[str, list[Any]] = {
        **{name: [] for name in ("activities", "deals", "contracts", "sales_events")},
        "companies": [Company(1)],
        "leads": [Lead(1, 1)],
        "histories": [history],
    }
    tables = KINDS["Polars"](tables_of(records, engine))
    account = Account(Company(1), leads=[Lead(1)], histories=[history])

    def objects() -> Any:
        return engine.assess(account, as_of=as_of).rows()["plays"]

    found: list[Any] = []
    for ask in (objects, lambda: rows_of(frames.assess(engine, **tables, as_of=as_of).plays)):
        try:
            found.append([(row["due"], row["due_by"]) for row in ask()])
        except (InvalidDataError, MissingExtraError) as error:
            found.append((type(error), str(error)))
    return found


@pytest.mark.parametrize(
    ("calendar", "as_of", "age", "wanted"),
    [
        # The last years of Japan's holidays: 2100 has weekends alone.
        (BusinessCalendar(), date(2099, 12, 31), 0, date(2100, 1, 4)),
        (BusinessCalendar(), date(2099, 12, 30), 0, date(2100, 1, 1)),
        (BusinessCalendar(), date(1948, 12, 31), 0, date(1949, 1, 4)),
        (BusinessCalendar("GW"), date(2026, 5, 1), LONGEST, date(2016, 5, 3)),
        (BusinessCalendar(), date.max, 0, date.max),
        (BusinessCalendar(None), date.max - timedelta(2), 1, date(9999, 12, 30)),
        (BusinessCalendar(None), date(1, 1, 2), 0, date(1, 1, 4)),
        (BusinessCalendar(None), date(1, 1, 3), 1, date(1, 1, 4)),
    ],
)
@pytest.mark.parametrize("of", [tuple(LIMITS), ("mql",)])
def test_unknown_years_have_no_holidays(
    of: tuple[str, ...], calendar: BusinessCalendar, as_of: date, age: int, wanted: date
) -> None:
    """Plays are due all the same, though `Funnel.deadline` refuses; the last day is the last."""
    history = entered("mql", as_of - timedelta(age))
    engine = engine_of(calendar=calendar, of=of)
    assert both(engine, as_of, history) == [[(wanted, "sla")]] * 2


@pytest.mark.parametrize("as_of", [date.max, date.max - timedelta(1)])
def test_limits_in_days_end_with_the_calendar(as_of: date) -> None:
    """Days outside the calendar are its ends."""
    assert both(engine_of(), as_of, entered("sal", as_of)) == [[(date.max, "sla")]] * 2


def test_a_calendar_of_nowhere_is_refused() -> None:
    """Once plays are asked for: whoever is in which stage, by objects and by tables."""
    engine = engine_of(calendar=BusinessCalendar("QQ"))
    for stage in ("mql", "known"):
        first, second = both(engine, DAY, entered(stage, DAY))
        assert first == second
        assert first[0] is InvalidDataError
        assert first[1].startswith("calendar.country: no public holidays are known of 'QQ'")
    company_alone = engine.tier_for(Company(1), "A", as_of=DAY)
    assert company_alone.rule
    calm = engine_of(CALM, calendar=BusinessCalendar("QQ"))
    assert both(calm, DAY, entered("mql", DAY)) == [[(DAY, "never")]] * 2


def test_without_the_extra_plays_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Public holidays need a library; limits in days, and calendars without a country, do not."""
    caches: Any = (business._holidays, business._years)
    for one in caches:
        one.cache_clear()
    monkeypatch.setitem(sys.modules, "holidays", None)
    first, second = both(engine_of(), DAY, entered("known", DAY))
    assert first == second
    assert first[0] is MissingExtraError
    assert "pip install 'mpfunnel[calendar]'" in first[1]
    alone = engine_of(calendar=BusinessCalendar(None))
    assert both(alone, DAY, entered("mql", DAY)) == [[(date(2026, 5, 5), "sla")]] * 2


def test_tables_without_histories_have_no_limits() -> None:
    """Nobody says since when a lead is where it is."""
    engine = engine_of()
    records = population(engine)
    del records["histories"]
    tables = KINDS["Polars"](tables_of(records, engine))
    out = frames.assess(engine, **tables, as_of=DAY, lang="en")
    assert "sla" not in [row["due_by"] for row in rows_of(out.plays)]
    wanted = differences(out, engine, {**records, "histories": []}, DAY, possible=False)
    assert wanted == []
