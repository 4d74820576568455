"""The command line shows what to do next: how many plays there are of each, and the first lines."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from attrs import evolve
from rich.console import Console

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.cli import commands
from mpfunnel.cli.priorities import LINES, Priorities
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate, write_csv
from mpfunnel.facts import funnel, product
from mpfunnel.labels import Lang
from tests.cli import INVENTED, Ran, run

DAY = date(2026, 10, 31)
NOON = datetime(2026, 10, 31, 3, tzinfo=UTC)
CALL = mf.Play("call", mf.Label("call", "電話する"), channels=["phone"], owner="desk")
WRITE = mf.Play("write", mf.Label("write", "手紙を書く"), channels=["post"], due_in_days=3)
PLAYS = mf.Plays(
    [CALL, WRITE],
    products=[mf.PlayRule(CALL, product.score >= 10), mf.PlayRule(WRITE, product.touched)],
)
BOOK = evolve(mf.starter([mf.Product("crm", mf.Label("CRM", "顧客管理")), "sfa"]), plays=PLAYS)


def shown(*accounts: mf.Account, book: mf.Playbook = BOOK, lang: Lang = "en") -> Ran:
    """What is printed about some accounts."""
    engine = mf.Engine(book)
    priorities = Priorities(book, DAY, {1: "Nagimine\x1b[2J"})
    for account in accounts:
        priorities.add(engine.assess(account, as_of=DAY))
    return Ran(0, printed(priorities, lang), "")


def printed(priorities: Priorities, lang: Lang) -> str:
    """What is printed of them, without the blanks at the ends of lines."""
    console = Console(width=100)
    with console.capture() as captured:
        for table in priorities.tables(lang):
            console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def account(
    company_id: int | None, lead_id: int, *did: tuple[str, int, str], opted_out: bool = False
) -> mf.Account:
    """One lead who did these things about products, so many days ago."""
    no = [mf.Consent(one, False, NOON) for one in ("phone", "post")] if opted_out else []
    return mf.Account(
        None if company_id is None else mf.Company(company_id),
        leads=[mf.Lead(lead_id, company_id=company_id, consents=no)],
        activities=[
            mf.Activity(i, lead_id, kind, NOON - timedelta(ago), [about])
            for i, (kind, ago, about) in enumerate(did)
        ],
    )


def test_each_play_is_counted_once() -> None:
    """Law 7: what is due, what waits for its turn, and what comes later add up to all plays."""
    ran = shown(
        account(1, 7, ("webinar_attended", 0, "crm"), ("page_view", 5, "sfa")),
        account(2, 8, ("page_view", 1, "crm")),
        account(3, 9, ("page_view", 3, "crm")),
    )
    assert ran.row("call", after="Plays") == ["call", "desk", "1", "0", "0"]
    assert ran.row("write", after="Plays") == ["write", "–", "1", "1", "1"]
    assert ran.row("undecided", after="Plays") == ["undecided", "0", "0", "0"]


def test_a_product_that_was_heard_of_just_now_lets_others_wait() -> None:
    """The quiet period is a wait, too."""
    quiet = evolve(PLAYS, quiet_days=7, contacts={"call"})
    told = account(1, 7, ("page_view", 5, "crm"), ("call", 1, "sfa"))
    ran = shown(told, book=evolve(BOOK, plays=quiet))
    assert ran.row("write", after="Plays")[2:] == ["0", "2", "0"]
    assert "nothing is due\n" in ran.out
    ran = shown(told, book=evolve(BOOK, plays=quiet), lang="ja")
    assert "本日対応する次の一手はありません\n" in ran.out


def test_a_line_says_who_what_through_what_and_by_when() -> None:
    """Names of companies where they are known, ids elsewhere; never the name of a person."""
    ran = shown(
        account(1, 7, ("webinar_attended", 1, "crm")),
        account(2, 8, ("page_view", 3, "crm"), opted_out=True),
        account(None, 9, ("page_view", 4, "sfa")),
    )
    assert "Priority list (the first 3 of 3)\n" in ran.out
    lines = (re.split(r"\s{2,}", line.strip()) for line in ran.out.split("\n"))
    cells = [line for line in lines if len(line) in (4, 5)]
    assert cells[-6:] == [
        ["1", "Nagimine\ufffd[2J", "call", "desk", "2026-10-30"],
        ["7", "CRM", "phone", "1 day overdue"],
        ["2", "no company", "write", "–", "2026-10-30"],
        ["9", "sfa", "post", "1 day overdue"],
        ["3", "2", "write", "–", "2026-10-31"],
        ["8", "CRM", "–", "today"],
    ]
    ran = shown(account(None, 9, ("page_view", 3, "crm")), lang="ja")
    assert "本日の優先リスト（1件中の上位1件）\n" in ran.out
    for words in ("企業未紐付け", "手紙を書く", "顧客管理", "郵送", "本日", "アクション"):
        assert words in ran.out


@pytest.mark.parametrize(("lang", "words"), [("en", "whole firm"), ("ja", "全社")])
def test_a_play_of_the_whole_firm_names_no_product(lang: Lang, words: str) -> None:
    """It is said in the place of the product."""
    rule = mf.PlayRule(WRITE, funnel.stage.is_in("known"))
    ran = shown(account(1, 7), book=evolve(BOOK, plays=mf.Plays([WRITE], firm=[rule])), lang=lang)
    assert ran.row("7")[1] == words


def test_an_undecided_play_is_told_as_such() -> None:
    """It goes by its value as of now, and has a row of its own among the counts."""
    rule = mf.PlayRule(CALL, product.tier.at_least(mf.Tier(2)))
    book = evolve(BOOK, plays=evolve(PLAYS, products=[rule, *PLAYS.products]))
    ran = shown(account(1, 7, ("page_view", 9, "crm")), book=book)
    assert ran.row("undecided", after="Plays") == ["undecided", "1", "0", "0"]
    assert ran.row("write", after="Plays")[2:] == ["0", "0", "0"]
    assert "write (undecided)" in ran.out


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_tables_show_what_accounts_show(lang: Lang) -> None:
    """Law 1: Engines agree: counts and lines are those of the same plays one by one."""
    rule = mf.PlayRule(CALL, product.tier.at_least(mf.Tier(2)), product="sfa")
    quiet = evolve(PLAYS, products=[rule, *PLAYS.products], quiet_days=7, contacts={"call"})
    book = evolve(BOOK, plays=quiet)
    engine = mf.Engine(book)
    answers = [
        engine.assess(one, as_of=DAY)
        for one in (
            account(1, 7, ("webinar_attended", 5, "crm"), ("page_view", 5, "sfa")),
            account(2, 8, ("page_view", 5, "sfa"), opted_out=True),
            account(3, 9, ("page_view", 1, "crm")),
            account(4, 10, ("webinar_attended", 5, "crm"), ("call", 1, "sfa")),
            account(5, 11, ("page_view", 3, "crm")),
        )
    ]
    plays = pl.DataFrame([row for one in answers for row in one.rows()["plays"]])
    listed = [(one.lead_id, one.product_id) for one in engine.today(answers, limit=LINES)]
    places = pl.DataFrame(listed, schema=["lead_id", "product_id"], orient="row").with_row_index()
    by_tables, by_accounts = Priorities(book, DAY), Priorities(book, DAY)
    by_tables.add_all(plays, plays.join(places, on=["lead_id", "product_id"]).sort("index"))
    for one in answers:
        by_accounts.add(one)
    assert printed(by_tables, lang) == printed(by_accounts, lang) != ""


def test_without_plays_nothing_is_shown() -> None:
    """Neither for a playbook without rules about them, nor for a market without leads."""
    assert (
        shown(account(1, 7, ("page_view", 9, "crm")), book=evolve(BOOK, plays=mf.Plays())).out == ""
    )
    assert shown().out == ""


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_demo_begins_the_list_that_the_engine_gives(
    lang: Lang, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten lines of it in their order, with the roles and channels of the starter by name."""
    monkeypatch.setenv("COLUMNS", str(width))
    ran = run(capsys, "demo", "--companies", 60, "--lang", lang)
    engine = mf.Engine(PLAYBOOK)
    market = generate(60, seed=7, as_of=STORY_DAY)
    answers = [engine.assess(one, as_of=STORY_DAY) for one in market.accounts()]
    listed = engine.today(answers)
    title = {"en": f"first {LINES} of {len(listed)}", "ja": f"{len(listed)}件中の上位{LINES}件"}
    assert title[lang] in ran.out
    after = ran.out[ran.out.index(title[lang]) :]
    days = re.findall(r"^ .* (\d{4}-\d\d-\d\d) *$", after, re.MULTILINE)
    assert days[:LINES] == [str(one.due) for one in listed[:LINES]]
    assert [f" {one.lead_id} " in after for one in listed[:LINES]] == [True] * LINES
    assert {"en": "field sales", "ja": "フィールドセールス"}[lang] in after
    assert {"en": "visit", "ja": "訪問"}[lang] in after
    assert max(map(len, after.split("\n"))) <= width


def test_assess_begins_the_list_of_all_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 7: what it counts are the plays that it writes; of companies it knows the ids alone."""
    monkeypatch.setattr(commands, "playbook_of", lambda *_: PLAYBOOK)
    write_csv(generate(60, seed=7, as_of=STORY_DAY), tmp_path)
    given = (tmp_path, "--source", INVENTED, "--playbook", "invented", "--as-of", STORY_DAY)
    ran = run(capsys, "assess", *given, "--out", tmp_path / "out", "--lang", "en")
    plays = pl.read_parquet(tmp_path / "out" / "plays.parquet")
    assert counted(ran.out) == plays.height > 0
    listed = frames.today(mf.Engine(PLAYBOOK), plays)
    assert f"Priority list (the first {LINES} of {listed.height})" in ran.out
    days = re.findall(r"^ .* (\d{4}-\d\d-\d\d) *$", ran.out, re.MULTILINE)
    assert days == [str(day) for day in listed["due"].head(LINES)]
    assert [f" {one} " in ran.out for one in listed["lead_id"].head(LINES)] == [True] * LINES


def counted(out: str) -> int:
    """How many plays the counts by action add up to."""
    part = out[out.index("Plays (by action)") : out.index("Priority list")]
    cells = (cell for line in part.split("\n") for cell in line.split()[-3:])
    return sum(int(cell) for cell in cells if cell.isdecimal())


def test_the_plays_of_the_demo_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Law 7: the counts of all actions are all plays."""
    ran = run(capsys, "demo", "--companies", 60)
    engine = mf.Engine(PLAYBOOK)
    market = generate(60, seed=7, as_of=STORY_DAY).accounts()
    assert counted(ran.out) == sum(len(engine.assess(one, as_of=STORY_DAY).plays) for one in market)
