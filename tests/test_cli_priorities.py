"""The command line shows what to do next: how many plays there are of each, and the first lines."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve
from rich.console import Console

import mpfunnel as mf
from mpfunnel.cli.priorities import LINES, Priorities
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate
from mpfunnel.facts import product
from mpfunnel.labels import Lang
from tests.cli import Ran, run

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
    console = Console(width=100)
    with console.capture() as captured:
        for table in priorities.tables(lang):
            console.print(table)
    return Ran(0, "\n".join(line.rstrip() for line in captured.get().split("\n")), "")


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
    assert ran.row("write", after="Plays")[2:] == ["0", "1", "1"]
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


def test_an_undecided_play_is_told_as_such() -> None:
    """It goes by its value as of now, and has a row of its own among the counts."""
    rule = mf.PlayRule(CALL, product.tier.at_least(mf.Tier(2)))
    book = evolve(BOOK, plays=evolve(PLAYS, products=[rule, *PLAYS.products]))
    ran = shown(account(1, 7, ("page_view", 9, "crm")), book=book)
    assert ran.row("undecided", after="Plays") == ["undecided", "1", "0", "0"]
    assert ran.row("write", after="Plays")[2:] == ["0", "0", "0"]
    assert "write (undecided)" in ran.out


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


def test_the_plays_of_the_demo_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Law 7: the counts of all actions are all plays."""
    ran = run(capsys, "demo", "--companies", 60)
    part = ran.out[ran.out.index("Plays (by action)") : ran.out.index("Priority list")]
    total = sum(
        int(cell) for line in part.split("\n") for cell in line.split()[-3:] if cell.isdecimal()
    )
    engine = mf.Engine(PLAYBOOK)
    market = generate(60, seed=7, as_of=STORY_DAY).accounts()
    assert total == sum(len(engine.assess(one, as_of=STORY_DAY).plays) for one in market)
