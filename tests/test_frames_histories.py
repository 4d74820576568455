"""Whole tables: the stage that a history says (S20), and rules that see it, step by step."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import any_product, company, product, pursuit
from mpfunnel.frames import door, histories, steps
from mpfunnel.frames.expressions import whole
from mpfunnel.labels import Label
from mpfunnel.stages import Entry
from tests.books import answers_alone
from tests.frames import KINDS, differences, draw_histories, history_tables, rows_of, tables_of
from tests.leads import book_of
from tests.steps import EVIDENT, IN, LATENT, STEPS, UNSET, funnel_of, step_differences
from tests.warehouse import InDuckDB, answered, steps_in

TOKYO = ZoneInfo("Asia/Tokyo")
ENGINE = mf.Engine(answers_alone(mf.starter(["crm", "sfa"])))
FUNNEL = ENGINE.playbook.funnel
TODAY = date(2026, 3, 10)
SLOW = ("DuckDB", "Ibis on DuckDB")
QUICK_FIRST = [pytest.param(k, marks=[pytest.mark.bulk] if k in SLOW else []) for k in KINDS]


def at(day: int, hour: int = 12) -> datetime:
    """An hour of a day in March, in Tokyo."""
    return datetime(2026, 3, day, hour, tzinfo=TOKYO)


def moved(lead: str, *moves: tuple[str, datetime], **more: Any) -> mf.StageHistory:
    """A history whose moves the gate lets pass."""
    history = mf.StageHistory(lead)
    for stage, moment in moves:
        history = FUNNEL.move(history, stage, at=moment, cause="import", **more)
    return history


def merged(lead: str, other: mf.StageHistory, one: mf.StageHistory, day: int) -> mf.StageHistory:
    """Two histories that became one on a day, under the id of a lead."""
    return mf.StageHistory(lead, FUNNEL.merge(one, other, at=at(day)).entries)


def former(lead: str, stage: str) -> mf.StageHistory:
    """The history of a lead in a stage that the funnel no longer has."""
    entry = moved(lead, INQUIRY).entries[0]
    return mf.StageHistory(lead, [evolve(entry, stage=stage, left=None)])


INQUIRY, LATER = ("inquiry", at(1)), ("sal", at(11))
STORIES: Mapping[str, tuple[mf.StageHistory | None, str | None]] = {
    # S20: where no history is kept, or none has begun, the facts say the stage.
    "no history": (None, None),
    "begins tomorrow": (moved("begins tomorrow", LATER), None),
    # Law 5: the entry at the end of the day counts; what was left later had not been left.
    "moved": (moved("moved", INQUIRY, ("mql", at(10, 23))), "mql"),
    "moves tomorrow": (moved("moves tomorrow", INQUIRY, ("mql", at(2)), LATER), "mql"),
    # S12: it is past midnight in Tokyo, and still the day asked about in UTC.
    "tomorrow in Tokyo": (moved("tomorrow in Tokyo", INQUIRY, ("mql", at(11, 1))), "inquiry"),
    # S11: of one instant, the entries count in the order of their numbers.
    "skipped": (moved("skipped", ("sal", at(3))), "sal"),
    "two at once": (moved("two at once", INQUIRY, ("mql", at(3)), ("sal", at(3))), "sal"),
    # Before they were merged, each lead was in a stage of its own: its own one goes first …
    "own": (merged("own", moved("b", ("sal", at(5))), moved("own", INQUIRY), 11), "inquiry"),
    # … and where it had none yet, the one that was entered last, or of the last id.
    "others": (
        merged("others", moved("b", ("mql", at(6))), moved("a", ("sal", at(5))), 12),
        "mql",
    ),
    "others at once": (
        merged("others at once", moved("a", ("sal", at(5))), moved("b", ("mql", at(5))), 12),
        "mql",
    ),
    # Once they are merged, the one that has come furthest goes on.
    "merged": (merged("merged", moved("b", ("sal", at(5))), moved("merged", INQUIRY), 8), "sal"),
    # It carries its products, who moved it and why, whatever the facts say.
    "about": (moved("about", ("mql", at(4)), for_products=["sfa"]), "mql"),
    "about both": (moved("about both", ("mql", at(4)), for_products=["crm", "sfa"]), "mql"),
    "moved by": (moved("moved by", ("sal", at(4)), reason="timing", by="Sato"), "sal"),
    # The funnel may have had other stages.
    "former": (former("former", "hot"), "hot"),
}
"""By lead: its history, and the stage that it says; `None` where it says none."""


def records(more: Iterable[mf.StageHistory] = ()) -> dict[str, list[Any]]:
    """The leads of the stories, all of whom have asked for a demo of one product."""
    leads = [mf.Lead(lead, "c") for lead in STORIES]
    told = [history for history, _ in STORIES.values() if history is not None]
    return {
        "companies": [mf.Company("c")],
        "leads": leads,
        "activities": [mf.Activity(1, one.id, "demo_request", at(9), ["crm"]) for one in leads],
        "deals": [],
        "contracts": [],
        "sales_events": [],
        # Equal ones count once.
        "histories": [*told, *told[:3], *more],
    }


def story_differences(kind: str = "Polars", *, possible: bool = False) -> list[str]:
    """Where tables tell the stories other than the accounts do, or than they are told here."""
    given = tables_of(records(), ENGINE)
    tables = KINDS[kind]({name: table for name, table in given.items() if table.num_rows})
    out = frames.assess(ENGINE, **tables, as_of=TODAY, lang="en", possible=possible)
    return told_differences(out, possible=possible)


def told_differences(out: frames.Tables, *, possible: bool) -> list[str]:
    """The same of answers that are there."""
    found = differences(out, ENGINE, records(), TODAY, possible=possible)
    for row in rows_of(out.leads):
        _, stage = STORIES[row["lead_id"]]
        said = (row["stage"], row["rule"]) if row["rule"] == "history" else (None, "history")
        if said != (stage, "history"):
            found.append(f"{row['lead_id']}: {row['stage']} by {row['rule']}, and not {stage}")
    return found


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_histories_say_the_stage(kind: str) -> None:
    """Law 1: Engines agree: tables of every kind, the accounts one by one, and the stories."""
    assert story_differences(kind, possible=True) == []


@pytest.mark.bulk
def test_histories_say_the_stage_in_sql() -> None:
    """Law 1: Engines agree: SQL text run by DuckDB."""
    given = tables_of(records(), ENGINE)
    out = answered(InDuckDB(), "duckdb", ENGINE, given, TODAY, possible=True)
    assert told_differences(out, possible=True) == []


def test_what_facts_warrant_stands_beside_it() -> None:
    """S20: who has a history stands where it says, and sees what it could go on to."""
    out = frames.assess(ENGINE, **tables_of(records(), ENGINE), as_of=TODAY, lang="ja")
    rows = {row["lead_id"]: row for row in rows_of(out.leads)}
    told = rows["moved by"]
    assert (told["stage"], told["entered_on"]) == ("sal", date(2026, 3, 4))
    assert told["because"] == "履歴による（2026-03-04から、インポートによる移動、timing、Sato）"
    assert (told["warranted"], told["warranted_rule"]) == ("mql", "mql")
    assert told["warranted_for_products"] == "crm"
    none = rows["no history"]
    assert (none["stage"], none["for_products"]) == (none["warranted"], "crm")
    assert (none["rule"], none["entered_on"]) == (none["warranted_rule"], None)
    assert rows["former"]["because"].endswith("。今のファネルにはない段階")


# -- what no history can be made of --


def rows_about(lead: str, *stages: str, **more: Any) -> list[dict[str, Any]]:
    """The rows of a history that enters a stage a day, with other values in all of them."""
    told = moved(lead, *((stage, at(day)) for day, stage in enumerate(stages, 1)))
    return [row | more for row in told.rows()]


def assessed(rows: Iterable[Mapping[str, Any]], **more: Any) -> tuple[dict[str, Any], list[Any]]:
    """The stage of each lead by rows of histories, and what was rejected of them."""
    kinds = history_tables([], pa.string(), pa.string())["stage_history"].schema
    given = [{name: row[name] for name in kinds.names} for row in rows]
    leads = dict.fromkeys([row["lead_id"] for row in given if row["lead_id"] != "nobody"])
    out = frames.assess(
        ENGINE,
        companies=pa.table({"id": ["c"]}),
        leads=pa.table({"id": [*leads]}),
        stage_history=pa.Table.from_pylist(given, kinds),
        as_of=TODAY,
        **more,
    )
    rejects = [(r["table"], r["id"], r["column"], r["code"]) for r in rows_of(out.rejects)]
    return {row["lead_id"]: row["stage"] for row in rows_of(out.leads)}, rejects


KNOWN, FIRST, SECOND = rows_about("l", "inquiry", "mql")
BROKEN: Mapping[str, tuple[list[dict[str, Any]], str, str]] = {
    "one entry told in two ways": (
        [KNOWN, FIRST, SECOND, SECOND | {"by": "Sato"}],
        "number",
        "conflict",
    ),
    "an entry is missing": ([KNOWN, SECOND], "number", "order"),
    "the first is missing": ([FIRST, SECOND], "number", "order"),
    "the last is missing": ([KNOWN, FIRST], "left", "order"),
    "they do not meet": ([KNOWN, FIRST | {"left": at(1, 20)}, SECOND], "entered", "order"),
    "left before it was entered": (
        [KNOWN, FIRST, SECOND | {"left": at(1, 1)}],
        "left",
        "order",
    ),
    "a pursuit is passed over": ([KNOWN, FIRST, SECOND | {"pursuit": 3}], "pursuit", "order"),
    "an earlier pursuit": ([KNOWN | {"pursuit": 2}, FIRST, SECOND], "pursuit", "order"),
    "two that are not left": (
        [KNOWN, FIRST, SECOND, KNOWN | {"of_lead": "m", "left": None}],
        "left",
        "order",
    ),
}


def test_a_history_that_contradicts_itself_is_rejected() -> None:
    """Law 7: Nothing is lost: all of its rows are told, and the facts say the stage."""
    rows = [
        row | {"lead_id": name, "of_lead": name if row["of_lead"] == "l" else row["of_lead"]}
        for name, (broken, _, _) in BROKEN.items()
        for row in broken
    ]
    stages, rejects = assessed([*rows, *rows_about("sound", "inquiry", "sal")])
    assert stages == {**dict.fromkeys(BROKEN, "known"), "sound": "sal"}
    assert sorted(rejects) == sorted(
        ("stage_history", name, column, code)
        for name, (broken, column, code) in BROKEN.items()
        for _ in broken
    )


def test_a_history_is_only_seen_up_to_the_day() -> None:
    """Law 5: whatever is wrong with rows of later days, the entry as of the day counts."""
    later = SECOND | {"entered": at(11), "number": 17, "pursuit": 9}
    stages, rejects = assessed([KNOWN, FIRST | {"left": at(11)}, later, later | {"by": "Sato"}])
    assert (stages, rejects) == ({"l": "inquiry"}, [])


def test_an_older_copy_of_a_row_may_not_know_that_it_was_left() -> None:
    """Law 5: of two copies of a history, what differs on later days only is no conflict."""
    older = FIRST | {"left": None}
    newer = [FIRST | {"left": at(11)}, SECOND | {"entered": at(11)}]
    stages, rejects = assessed([KNOWN, KNOWN, older, *newer])
    assert (stages, rejects) == ({"l": "inquiry"}, [])


def test_a_row_that_is_no_entry_takes_its_history_with_it() -> None:
    """What a row needs is checked at the door, and its history has a gap without it."""
    decided = SECOND | {"until": date(2026, 4, 1)}
    stages, rejects = assessed([KNOWN, FIRST, decided])
    assert stages == {"l": "known"}
    assert sorted(rejects) == [
        ("stage_history", "l", "left", "order"),
        ("stage_history", "l", "left", "order"),
        ("stage_history", "l", "until", "contradiction"),
    ]
    _, rejects = assessed([KNOWN, FIRST, SECOND | {"cause": "magic"}])
    assert ("stage_history", "l", "cause", "choice") in rejects
    stages, rejects = assessed([KNOWN, FIRST, decided | {"cause": "person"}])
    assert (stages, rejects) == ({"l": "mql"}, [])


def test_a_history_of_nobody_is_rejected() -> None:
    """Law 7: the lead is not there; rows of later days do not exist yet."""
    rows = rows_about("nobody", "inquiry", "mql")
    later = [rows[1] | {"entered": at(11), "left": None, "number": 4}]
    assert assessed([*rows, *later])[1] == [
        ("stage_history", "nobody", "lead_id", "unknown-lead")
    ] * len(rows)


def test_columns_that_may_be_absent() -> None:
    """Who moved a lead, and why, need not be known; `left` must be there."""
    needed = ["lead_id", "of_lead", "number", "pursuit", "stage", "entered", "left"]
    given = pl.DataFrame([KNOWN, FIRST, SECOND]).select(*needed, "kind", "cause")
    asked: dict[str, Any] = {
        "companies": pl.DataFrame({"id": ["c"]}),
        "leads": pl.DataFrame({"id": ["l"]}),
    }
    out = frames.assess(ENGINE, **asked, stage_history=given, as_of=TODAY, lang="en")
    assert out.leads["because"][0] == "in the history since 2026-03-02 (moved by an import)"
    with pytest.raises(InvalidDataError, match=r"stage_history.left: no such column"):
        frames.assess(ENGINE, **asked, stage_history=given.drop("left"), as_of=TODAY)


# -- of which products --


def about(**products: Any) -> frames.Tables:
    """The answers where rows say of which products the last entry is."""
    keys: dict[str, Any] = {"lead_id": "l", "of_lead": "l", "number": 3}
    rows = [keys | {"product_id": name} | more for name, more in products.items()]
    return frames.assess(
        ENGINE,
        companies=pl.DataFrame({"id": ["c"]}),
        leads=pl.DataFrame({"id": ["l"]}),
        stage_history=pl.DataFrame([KNOWN, FIRST, SECOND]).drop("for_products"),
        stage_history_products=pl.DataFrame(rows),
        as_of=TODAY,
    )


def test_products_of_an_entry_have_rows_of_their_own() -> None:
    """S21: sets have long tables; only those of the entry in force are told."""
    found = about(sfa={}, crm={"number": 2})
    assert found.leads["for_products"].to_list() == ["sfa"]
    assert not found.rejects.height
    assert about(sfa={}, crm={}).leads["for_products"].to_list() == ["crm;sfa"]


def test_rows_of_products_that_belong_nowhere_are_rejected() -> None:
    """Law 7: there is no such entry; or the playbook has no such product."""
    found = about(sfa={}, old={}, crm={"number": 4})
    assert found.leads["for_products"].to_list() == ["sfa"]
    told = found.rejects.select("table", "id", "column", "code").rows()
    assert told == [
        ("stage_history_products", "l", "number", "unknown-entry"),
        ("stage_history_products", "l", "product_id", "unknown-product"),
    ]


def test_a_list_of_products_is_not_left_alone() -> None:
    """The rows of a history as objects give them say what tables of entries cannot hold."""
    given: dict[str, Any] = {
        "companies": pl.DataFrame({"id": ["c"]}),
        "leads": pl.DataFrame({"id": ["l"]}),
        "stage_history": pl.DataFrame(rows_about("l", "mql", for_products=["crm"])),
    }
    with pytest.raises(InvalidDataError, match=r"stage_history_products: is needed where "):
        frames.assess(ENGINE, **given, as_of=TODAY)
    key = ("lead_id", "of_lead", "number")
    lines = given["stage_history"].select(*key, product_id="for_products").explode("product_id")
    found = frames.assess(ENGINE, **given, stage_history_products=lines, as_of=TODAY)
    assert found.leads["for_products"].to_list() == ["crm"]


# -- a second model --


def standing(rows: Iterable[Mapping[str, Any]], lead: Any, as_of: date, zone: ZoneInfo) -> Any:
    """The row of the entry that a lead is in, looked for row by row."""

    def later(moment: datetime | None) -> bool:
        return moment is None or moment.astimezone(zone).date() > as_of

    here = [
        row
        for row in rows
        if row["lead_id"] == lead and not later(row["entered"]) and later(row["left"])
    ]
    own = [row for row in here if row["of_lead"] == lead]
    order: Callable[[Any], Any] = lambda row: (row["entered"], row["of_lead"], row["number"])  # noqa: E731
    return max(own or here, key=order, default=None)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.bulk) for seed in range(1, 6))]
)
def test_the_entry_in_force_is_that_of_a_naive_model(seed: int) -> None:
    """S20, law 5: on any day, by histories as gates and merges make them."""
    random = Random(f"entries {seed}")
    book = book_of(seed)
    engine, zone = mf.Engine(book), ZoneInfo(book.zone)
    last = date(2026, 3, 31)
    leads = [f"l{number}" for number in range(60)]
    drawn: dict[Any, mf.StageHistory] = {}
    for history in draw_histories(random, book, last, leads):
        drawn.setdefault(history.lead_id, history)
    rows = [row for history in drawn.values() for row in history.rows()]
    product_id = pa.int64() if type(book.products[0].id) is int else pa.string()
    tables = KINDS["Polars"](history_tables(drawn.values(), pa.string(), product_id))
    tables["companies"], tables["leads"] = pl.DataFrame({"id": ["c"]}), pl.DataFrame({"id": leads})
    counted = 0
    for ago in random.sample(range(45), 3):
        as_of = last - timedelta(days=ago)
        out = frames.assess(engine, **tables, as_of=as_of)
        for row in rows_of(out.leads):
            found = standing(rows, row["lead_id"], as_of, zone)
            wanted: Any = None
            if found is not None:
                counted += 1
                day = found["entered"].astimezone(zone).date()
                wanted = found["stage"], day, ";".join(map(str, found["for_products"]))
            told = row["stage"], row["entered_on"], row["for_products"]
            assert (told if row["rule"] == "history" else None) == wanted
    assert counted


# -- rules that see the stage --


BARE = evolve(ENGINE.playbook, plays=mf.Plays())
"""Plays name the stages that rules have."""


def engine_of(*rules: tuple[mf.FunnelStage, Any]) -> mf.Engine:
    """An engine of a funnel with three stages and these rules."""
    return mf.Engine(evolve(BARE, funnel=funnel_of(*rules)))


LADDER = mf.Engine(evolve(BARE, funnel=STEPS))
CIRCLE = engine_of(
    (LATENT, IN.is_in("unset", "evident") & product.touched), (EVIDENT, IN == LATENT)
)
BY_WAY = engine_of(
    (EVIDENT, (IN == LATENT) & product.touched | (IN == EVIDENT)),
    (LATENT, (IN == LATENT) | (IN == UNSET) & pursuit.started & (company.employees >= 300)),
)
RANGING = engine_of(
    (EVIDENT, any_product(IN.at_least("latent") & product.touched & pursuit.started)),
    (LATENT, product.touched),
)


def entry(lead: str, stage: str, *products: str) -> mf.StageHistory:
    """The history of a lead that is in a stage."""
    found = Entry(lead, 1, 1, stage, at(2), None, "forward", "api", for_products=products)
    return mf.StageHistory(lead, [found])


def climbers() -> dict[str, list[Any]]:
    """Leads in each stage, for all products or some, that did something twice, once or never."""
    stories = {
        f"{times} {stage or 'nowhere'} {'-'.join(products) or 'all'}": (times, stage, products)
        for times in (0, 1, 2)
        for stage in (None, "unset", "latent", "evident", "hot")
        for products in ((), ("crm",), ("sfa",), ("crm", "sfa"))
        if stage or not products
    }
    return {
        "companies": [mf.Company("c")],
        "leads": [mf.Lead(lead, "c") for lead in stories],
        "activities": [
            mf.Activity(number, lead, "demo_request", at(9 - number), ["crm"])
            for lead, (times, _, _) in stories.items()
            for number in range(times)
        ],
        "deals": [],
        "contracts": [],
        "sales_events": [],
        "histories": [
            entry(lead, stage, *products) for lead, (_, stage, products) in stories.items() if stage
        ],
    }


def given_to(engine: mf.Engine) -> dict[str, Any]:
    """Their tables, without those that hold nothing, and without what need not be told."""
    tables = {
        name: table for name, table in tables_of(climbers(), engine).items() if table.num_rows
    }
    tables["companies"] = tables["companies"].select(["id", "employees"])
    tables["leads"] = tables["leads"].select(["id", "company_id"])
    tables["stage_history"] = tables["stage_history"].drop(["imputed", "until", "follow_up_on"])
    return tables


# Rules by way of a stage go furthest; where rules are read differently, all of them are asked.
CLIMBED = [
    pytest.param(kind, engine, marks=[] if kind == "Polars" else [pytest.mark.bulk])
    for kind in KINDS
    for engine in (LADDER, BY_WAY, RANGING)
    if kind in ("Polars", "DuckDB") or engine is BY_WAY
]


@pytest.mark.parametrize(("kind", "engine"), CLIMBED)
def test_steps_are_those_of_the_accounts(kind: str, engine: mf.Engine) -> None:
    """Law 1: Engines agree: from every stage, for every product, through one stage or several."""
    tables = KINDS[kind](given_to(engine))
    out = frames.assess(engine, **tables, as_of=TODAY, lang="en", possible=True)
    assert differences(out, engine, climbers(), TODAY, possible=True) == []
    rows = rows_of(out.leads)
    assert any(row["warranted"] not in ("unset", row["stage"]) for row in rows)
    assert all(row["warranted_settled"] for row in rows) == (engine is not BY_WAY)


@pytest.mark.bulk
@pytest.mark.parametrize(
    ("engine", "possible"),
    [(LADDER, False), (BY_WAY, True), (RANGING, True)],
)
def test_steps_are_those_of_the_accounts_in_sql(engine: mf.Engine, possible: bool) -> None:
    """Law 1: Engines agree: SQL text, whose steps are written before any row is known."""
    out = answered(InDuckDB(), "duckdb", engine, given_to(engine), TODAY, possible=possible)
    assert differences(out, engine, climbers(), TODAY, possible=possible) == []


def test_without_histories_everybody_begins_at_the_start() -> None:
    """Law 1: Engines agree: no table of histories is as good as one without rows."""
    given = {**climbers(), "histories": []}
    tables = {name: table for name, table in given_to(LADDER).items() if "history" not in name}
    out = frames.assess(LADDER, **tables, as_of=TODAY, lang="en")
    assert differences(out, LADDER, given, TODAY, possible=False) == []
    assert {row["stage"] for row in rows_of(out.leads)} == {"unset", "latent", "evident"}


def in_polars(
    engine: mf.Engine, given: Mapping[str, Any], as_of: date, possible: bool
) -> frames.Tables:
    """The answers of tables of Polars."""
    tables = KINDS["Polars"](tables_of(given, engine))
    return frames.assess(engine, **tables, as_of=as_of, lang="en", possible=possible)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.bulk) for seed in range(1, 12))]
)
def test_steps_of_random_rules_are_those_of_the_accounts(seed: int) -> None:
    """Law 1: Engines agree: random funnels, records and histories, circles among them."""
    count = 8 if seed else 3
    assert step_differences(in_polars, seed, count=count, possible=seed % 2 == 0) == []


@pytest.mark.bulk
def test_steps_of_random_rules_are_those_of_the_accounts_in_sql() -> None:
    """Law 1: Engines agree: the same as SQL text, run by DuckDB."""

    def run(*asked: Any) -> Any:
        # Asked again without those who go round in a circle, it must not find what was left.
        return steps_in(InDuckDB(), "duckdb")(*asked)

    assert step_differences(run, 0, possible=True) == []


@pytest.mark.parametrize("in_sql", [False, pytest.param(True, marks=pytest.mark.bulk)])
def test_a_circle_is_rejected(in_sql: bool) -> None:
    """Whom rules lead round is told with the way, and has no stage; all others have theirs."""
    given = given_to(CIRCLE)
    if in_sql:
        out = answered(InDuckDB(), "duckdb", CIRCLE, given, TODAY)
    else:
        out = frames.assess(CIRCLE, **given, as_of=TODAY, lang="en")
    rejects = rows_of(out.rejects)
    assert {(row["table"], row["code"]) for row in rejects} == {("leads", "circle")}
    told = {row["id"]: row["reason"] for row in rejects}
    assert len(told) == len(rejects)
    stages = {row["lead_id"]: row["warranted"] for row in rows_of(out.leads)}
    for account in mf.accounts(**climbers()):
        for lead in account.leads:
            if lead.id in told:
                with pytest.raises(mf.PolicyError, match=re.escape(told[lead.id])):
                    CIRCLE.stage_for(account, lead.id, as_of=TODAY)
            else:
                found = CIRCLE.stage_for(account, lead.id, as_of=TODAY)
                assert stages.pop(lead.id) == found.warranted.value.key
    assert not stages
    # Where they stand with each product does not depend on the stage.
    assert {row["lead_id"] for row in rows_of(out.engagement)} & {*told}


def test_in_parts_a_circle_is_told_once() -> None:
    """Law 7: Nothing is lost: leads taken in parts have the stages, and the rejects, of all."""
    given = given_to(CIRCLE)
    whole_, parts = (
        frames.assess(CIRCLE, **given, as_of=TODAY, lang="en", chunks=chunks) for chunks in (1, 4)
    )
    assert rows_of(whole_.leads) == rows_of(parts.leads)
    assert rows_of(whole_.rejects) == rows_of(parts.rejects)


# -- a test of the tests --

Plant = Callable[[pytest.MonkeyPatch], None]


def _wrapped(patch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]) -> None:
    right = getattr(where, name)
    patch.setattr(where, name, lambda *given, **named: wrong(right, *given, **named))


def _tomorrow_counts(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, sorting: Any, given: Any, leads: Any) -> Any:
        sorting.today += 1
        found = right(sorting, given, leads)
        sorting.today -= 1
        return found

    _wrapped(patch, histories, "_known", wrong)


def _left_tomorrow_is_left(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, sorting: Any, given: Any, leads: Any) -> Any:
        return right(sorting, given.with_columns(left_day=nw.col("entered_day")), leads)

    _wrapped(patch, histories, "_known", wrong)


def _days_of_utc(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        door,
        "with_local_day",
        lambda right, frame, column, _, **named: right(frame, column, "UTC", **named),
    )


def _own_lead_is_like_any_other(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, sorting: Any, known: Any) -> Any:
        with patch.context() as within:
            within.setattr(histories, "flag", lambda _: whole(0))
            return right(sorting, known)

    _wrapped(patch, histories, "_current", wrong)


def _instants_in_any_order(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, sorting: Any, known: Any) -> Any:
        return right(sorting, known.with_columns(entered=nw.col("number")))

    _wrapped(patch, histories, "_current", wrong)


def _last_id_is_like_any_other(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, sorting: Any, known: Any) -> Any:
        turned = nw.when(nw.col("of_lead") == "b").then(nw.lit("0")).otherwise(nw.col("of_lead"))
        return right(sorting, known.with_columns(of_lead=turned))

    _wrapped(patch, histories, "_current", wrong)


def _products_are_left_out(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, histories, "_about", lambda right, *given: right(*given).head(0))


def _former_stages_are_not_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(histories, "GONE", Label(".", "。"))


@pytest.mark.parametrize(
    "plant",
    [
        _tomorrow_counts,
        _left_tomorrow_is_left,
        _days_of_utc,
        _own_lead_is_like_any_other,
        _instants_in_any_order,
        _last_id_is_like_any_other,
        _products_are_left_out,
        _former_stages_are_not_told,
    ],
    ids=lambda plant: plant.__name__.strip("_"),
)
@pytest.mark.bulk
def test_a_planted_bug_of_histories_is_caught(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 1: the stories find each of them."""
    plant(monkeypatch)
    assert story_differences()


def _asked_once(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, found: Any, decided: Any, **named: Any) -> Any:
        return right(self, found.with_columns(leads_to=nw.col("stood_at")), decided, **named)

    _wrapped(patch, steps.Steps, "_with_ways", wrong)


def _entries_count_for_every_product(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, at_: Any, by: Any, **named: Any) -> Any:
        return right(self, at_.with_columns(in_some=whole(0)), by, **named)

    _wrapped(patch, steps.Steps, "_asked", wrong)


def _former_stages_are_the_start(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, leads: Any, entries: Any) -> Any:
        gone = nw.col("stood_at") == len(self.keys) - 1
        found = right(self, leads, entries)
        return found.with_columns(
            stood_at=nw.when(gone).then(whole(1)).otherwise(nw.col("stood_at"))
        )

    _wrapped(patch, steps.Steps, "_first", wrong)


def _what_keeps_it_there_says_why(patch: pytest.MonkeyPatch) -> None:
    right = steps.Steps._moved

    def wrong(self: Any, found: Any, decided: Any) -> Any:
        moved_ = right(self, found, decided)
        return moved_.with_columns(last_stage_code=nw.col("last_stage_code") * 0)

    patch.setattr(steps.Steps, "_moved", wrong)


def _possible_on_the_way_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, steps.Steps, "_unsettled", lambda _, self, found, decided: found)  # noqa: ARG005


@pytest.mark.parametrize(
    ("plant", "engine"),
    [
        (_asked_once, LADDER),
        (_entries_count_for_every_product, LADDER),
        (_former_stages_are_the_start, LADDER),
        (_what_keeps_it_there_says_why, LADDER),
        (_possible_on_the_way_is_forgotten, BY_WAY),
    ],
    ids=lambda one: one.__name__.strip("_") if callable(one) else "",
)
@pytest.mark.bulk
def test_a_planted_bug_of_steps_is_caught(
    plant: Plant, engine: mf.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 1: the climbers find each of them."""
    plant(monkeypatch)
    out = in_polars(engine, climbers(), TODAY, True)
    assert differences(out, engine, climbers(), TODAY, possible=True)
