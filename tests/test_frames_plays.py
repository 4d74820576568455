"""Plays on tables: every row says what the accounts say one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pandas as pd
import polars as pl
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames, warehouse
from mpfunnel.facts import account, lead, product
from mpfunnel.frames.diaries import DAYS
from mpfunnel.frames.plays_of_companies import OFFERED
from mpfunnel.playbook import Playbook
from mpfunnel.plays import PlannedPlay, PlayRule, Plays
from mpfunnel.stages import StageHistory
from tests.frames import KINDS, differences, draw_records, rows_of, tables_of
from tests.leads import BOOKS, book_of, draw_ages, draw_as_of, draw_follow_ups, with_plays
from tests.warehouse import InDuckDB, answered

DAY = date(2026, 10, 31)
NOON = datetime(2026, 10, 30, 12, tzinfo=UTC)
ELSEWHERE = [kind for kind in KINDS if kind not in ("Polars", "pandas, NumPy")]


def case(*what: object, long: bool) -> Any:
    """A kind of table, and the number of a playbook; a long one runs with the other long ones."""
    return pytest.param(*what, marks=[pytest.mark.bulk] if long else [])


CASES = [case("Polars", number, long=number >= 8) for number in range(2 * BOOKS)]
CASES += [case("pandas, NumPy", number, long=number >= 2) for number in range(BOOKS)]
CASES += [case(kind, 3, long="DuckDB" in kind) for kind in ELSEWHERE]


def drawn(random: Random, number: int, count: int) -> tuple[Playbook, dict[str, list[Any]], date]:
    """A playbook with plays, and records whose people have set days for coming back."""
    book, as_of = with_plays(random, book_of(number % BOOKS)), draw_as_of(random)
    records = draw_records(random, book, as_of, count)
    records["sales_events"] = draw_follow_ups(random, records["sales_events"], as_of)
    records["histories"] = [
        StageHistory(one.lead_id, [evolve(entry, follow_up_on=back) for entry in one.entries])
        for one in records["histories"]
        for back in (random.choice((None, *(as_of + timedelta(by) for by in (-1, 0, 30)))),)
    ]
    # Of equal histories, each is the same again.
    aged = {one: draw_ages(random, one, as_of) for one in dict.fromkeys(records["histories"])}
    records["histories"] = [aged[one] for one in records["histories"]]
    return book, records, as_of


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_engines_agree(kind: str, number: int) -> None:
    """Law 1: Engines agree: tables of every kind, and the accounts one by one."""
    random = Random(f"plays {kind} {number}")
    book, records, as_of = drawn(random, number, 40)
    engine = mf.Engine(book)
    possible = number % 2 == 0
    given = KINDS[kind](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en", possible=possible)
    assert differences(out, engine, records, as_of, possible=possible) == []


TODAY = [pytest.param("Polars", number) for number in range(6)]
TODAY += [pytest.param(kind, 6) for kind in KINDS if kind != "Polars"]


@cache
def planned(number: int) -> tuple[mf.Engine, dict[str, Any], Sequence[PlannedPlay], Any]:
    """An engine, how its list of today is asked for, the list, and the table of all plays."""
    random = Random(f"today {number}")
    book, records, as_of = drawn(random, number, 40)
    engine = mf.Engine(book)
    answers = [engine.assess(one, as_of=as_of) for one in mf.accounts(**records)]
    owner = random.choice((None, engine.today(answers)[0].play.owner))
    asked: dict[str, Any] = {"owner": owner, "limit": random.choice((None, 7))}
    plays = frames.assess(engine, **tables_of(records, engine), as_of=as_of, lang="en").plays
    return engine, asked, engine.today(answers, **asked), plays


@pytest.mark.parametrize(("kind", "number"), TODAY)
def test_the_priority_list(kind: str, number: int) -> None:
    """The rows of tables of every kind are those of `Engine.today`, in the same order."""
    engine, asked, wanted, plays = planned(number)
    (given,) = KINDS[kind]({"plays": plays}).values()
    found = rows_of(frames.today(engine, given, **asked))
    key = ("lead_id", "product_id", "play", "due")
    assert [tuple(row[name] for name in key) for row in found] == [
        (one.lead_id, one.product_id, one.play.key, one.due) for one in wanted
    ]
    assert wanted
    whole = {(row["lead_id"], row["product_id"]): row for row in rows_of(plays)}
    assert found == [whole[row["lead_id"], row["product_id"]] for row in found]


@pytest.mark.parametrize(
    "kind", ["Polars", *(case(kind, long=True) for kind in ("pandas, NumPy", "Polars, lazy"))]
)
def test_in_parts(kind: str) -> None:
    """Taken in parts, the plays are the same, in the same order."""
    random = Random("parts")
    book, records, as_of = drawn(random, 4, 30)
    engine = mf.Engine(book)
    given = KINDS[kind](tables_of(records, engine))
    wanted = rows_of(frames.assess(engine, **given, as_of=as_of).plays)
    told = frames.assess_in_parts(engine, **given, as_of=as_of, chunks=3)
    parts = [rows_of(one) for name, one in told if name == "plays"]
    assert [row for part in parts for row in part] == wanted
    assert len([part for part in parts if part]) == 3
    together = frames.assess(engine, **given, as_of=as_of, chunks=3)
    assert rows_of(together.plays) == wanted


@pytest.mark.parametrize("number", [0, pytest.param(7, marks=pytest.mark.bulk)])
def test_as_sql_text(number: int) -> None:
    """The text for a warehouse says the same, of drawn plays and of those of the starter."""
    random = Random(f"text {number}")
    book, records, as_of = drawn(random, number, 15)
    if not number:
        book = book_of(number)
    engine, possible = mf.Engine(book), number % 2 == 1
    tables = tables_of(records, engine)
    out = answered(InDuckDB(), "duckdb", engine, tables, as_of, possible=possible)
    assert out.plays.num_rows
    assert differences(out, engine, records, as_of, possible=possible) == []


def test_who_does_not_ask_has_no_step_more() -> None:
    """Without rules about plays there is no such answer, and nothing is worked out for one."""

    def written(book: Playbook) -> dict[str, str]:
        names = {
            "companies": ["id"],
            "leads": ["id", "company_id"],
            "activities": ["id", "lead_id", "kind", "at", "product_id"],
            "sales_events": ["lead_id", "kind", "at"],
            "contracts": ["company_id", "product_id", "start"],
            "consents": ["lead_id", "channel", "granted", "at"],
        }
        found = warehouse.render(mf.Engine(book), dialect="duckdb", tables=names, as_of=DAY)
        return {one.name: one.sql for one in found.queries}

    book = mf.starter(["A", "B"])
    asking, without = written(book), written(evolve(book, plays=Plays()))
    more = {"told", "contact", "stages_found", "leads_to_play", "positions_found", "plays"}
    more |= {"plays_decided", "plays_in_turn"}
    more = {f"mpfunnel_{name}" for name in more}
    assert asking.keys() - without.keys() == more
    assert without.keys() <= asking.keys()
    assert not [one for one in without.values() for name in (*DAYS, *OFFERED) if name in one]


def test_no_leads_and_no_rules() -> None:
    """Without leads there are no plays; nor where the playbook has no rules about them."""
    engine = mf.Engine(mf.starter(["A"]))
    companies = pl.DataFrame({"id": ["a"]})
    assert frames.assess(engine, companies=companies, as_of=DAY).plays is None
    leads = pl.DataFrame({"id": ["l"], "company_id": ["a"]})
    assert len(frames.assess(engine, companies=companies, leads=leads, as_of=DAY).plays) == 1
    silent = mf.Engine(evolve(engine.playbook, plays=Plays()))
    found = frames.assess(silent, companies=companies, leads=leads, as_of=DAY)
    assert found.plays is None
    told = frames.assess_in_parts(silent, companies=companies, leads=leads, as_of=DAY, chunks=1)
    assert "plays" not in [name for name, _ in told]


@pytest.mark.parametrize("ids", [("b", "a", "c"), (10, 9, 1)])
def test_what_ties_is_told_apart_by_the_id(ids: tuple[Any, ...]) -> None:
    """By its order as the number or text that it is, however the products are listed."""
    call = mf.Play("call", "call")
    rules = [PlayRule(call, product.score >= 0)]
    book = mf.starter(ids)
    plays = Plays(plays=[call], products=rules, firm=[PlayRule(call, lead.title == "x")])
    engine = mf.Engine(evolve(book, plays=evolve(plays, at_once=2)))
    leads = pl.DataFrame({"id": ["l"], "company_id": ["a"], "title": ["x"]})
    clicks = pl.DataFrame({"id": [1], "lead_id": ["l"], "kind": ["inquiry"], "at": [NOON]})
    companies = pl.DataFrame({"id": ["a"]})
    out = frames.assess(engine, companies=companies, leads=leads, activities=clicks, as_of=DAY)
    first, second, third = sorted(ids)
    wait = f"{first};{second}"
    wanted = [(first, ""), (second, ""), (third, wait), (None, wait)]
    assert out.plays.select("product_id", "waits_for").rows() == wanted
    assert out.plays["turn"].to_list() == [1, 2, 3, 4]
    due = frames.today(engine, out.plays)["product_id"].to_list()
    assert due == [first, second]


def test_plays_that_nobody_gets() -> None:
    """Rules that give nobody a play, and plays without channels, leave a table without rows."""
    book = mf.starter(["A"])
    rules = [PlayRule(None, product.score >= 0)]
    engine = mf.Engine(evolve(book, plays=Plays(products=rules)))
    companies, leads = pl.DataFrame({"id": ["a"]}), pl.DataFrame({"id": ["l"], "company_id": ["a"]})
    out = frames.assess(engine, companies=companies, leads=leads, as_of=DAY)
    assert out.plays.height == 0
    assert frames.today(engine, out.plays).height == 0


@pytest.mark.parametrize(
    ("plays", "given", "message"),
    [
        (pl.DataFrame({"lead_id": ["l"]}), {}, "plays.product_id: is needed; give the plays"),
        (None, {"limit": True}, "limit: must be an integer of 0 or more, not True"),
        (None, {"limit": -1}, "limit: must be an integer of 0 or more, not -1"),
    ],
)
def test_what_is_no_table_of_plays_is_refused(
    plays: Any, given: dict[str, Any], message: str
) -> None:
    """The first problem is named, and all are told."""
    engine = mf.Engine(mf.starter(["A"]))
    with pytest.raises(mf.InvalidDataError) as caught:
        frames.today(engine, plays, **given)
    assert str(caught.value).startswith(message) or f" {message}" in str(caught.value)


def test_days_must_be_days() -> None:
    """A column of days that holds text is refused by its name."""
    engine = mf.Engine(mf.starter(["A"]))
    companies, leads = pl.DataFrame({"id": ["a"]}), pl.DataFrame({"id": ["l"], "company_id": ["a"]})
    plays = frames.assess(engine, companies=companies, leads=leads, as_of=DAY).plays
    assert frames.today(engine, plays).rows() == plays.rows()
    with pytest.raises(mf.InvalidDataError, match=r"^plays\.due: must hold dates"):
        frames.today(engine, plays.with_columns(due=pl.lit("soon")))
    mixed = pd.DataFrame({**plays.to_pandas(), "owner": [[object()]]})
    with pytest.raises(mf.InvalidDataError, match=r"^plays\.owner: "):
        frames.today(engine, mixed)


def test_what_is_owned_by_contract_alone() -> None:
    """Law 1: Engines agree where rules ask what a company owns, and no deals are given."""
    book = mf.starter(["A", "B"])
    call = mf.Play("call", "call")
    rules = [PlayRule(call, account.owns("A"))]
    engine = mf.Engine(evolve(book, plays=Plays([call], products=rules, firm=rules)))
    contract = mf.Contract(1, "A", date(2025, 1, 1))
    leads = [mf.Lead(7, company_id=1), mf.Lead(8)]
    out = frames.assess(
        engine,
        companies=pl.DataFrame({"id": [1]}),
        leads=pl.DataFrame({"id": [7, 8], "company_id": [1, None]}),
        contracts=pl.DataFrame({"company_id": [1], "product_id": ["A"], "start": [contract.start]}),
        as_of=DAY,
    )
    ours = mf.Account(mf.Company(1), leads=leads[:1], contracts=[contract])
    strangers = mf.Account(None, leads=leads[1:])
    told = [one for given in (ours, strangers) for one in engine.assess(given, as_of=DAY).plays]
    found = out.plays.select("lead_id", "product_id", "play").rows()
    assert found == [(one.lead_id, one.product_id, one.play.key) for one in told]
    assert {one.lead_id for one in told} == {7}
