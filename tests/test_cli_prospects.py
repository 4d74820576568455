"""The command line shows what to offer: how many offers there are, and to which companies first."""

from __future__ import annotations

from datetime import date

import polars as pl
from attrs import evolve
from rich.console import Console

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.cli.priorities import LINES
from mpfunnel.cli.prospects import Prospects
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate
from mpfunnel.facts import company
from mpfunnel.labels import Lang

DAY = date(2026, 10, 31)


def printed(prospects: Prospects, lang: Lang, width: int = 110) -> str:
    """What is printed of them, without the blanks at the ends of lines."""
    console = Console(width=width)
    with console.capture() as captured:
        for table in prospects.tables(lang):
            console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().split("\n"))


def test_objects_and_tables_show_the_same() -> None:
    """More offers than lines: the same counts, and the same lines first, in both languages."""
    engine = mf.Engine(PLAYBOOK)
    sample = generate(600, as_of=STORY_DAY)
    one_by_one, at_once = Prospects(PLAYBOOK), Prospects(PLAYBOOK)
    rows: list[dict[str, object]] = []
    for account in sample.accounts():
        answer = engine.assess(account, as_of=STORY_DAY)
        one_by_one.add(answer)
        rows += answer.rows()["company_products"]
    at_once.add_all(pl.DataFrame(rows, infer_schema_length=None))
    english, japanese = printed(one_by_one, "en"), printed(one_by_one, "ja")
    assert f"the first {LINES} of " in english
    assert f"上位{LINES}件" in japanese
    assert (english, japanese) == (printed(at_once, "en"), printed(at_once, "ja"))


def test_what_whole_tables_give_is_taken() -> None:
    """As `frames.assess` gives it: the renewal is counted, its company named as in the CRM."""
    engine = mf.Engine(mf.starter([mf.Product("crm", mf.Label("CRM", "顧客管理")), "sfa"]))
    contracts = {
        "company_id": [3, 1],
        "product_id": ["crm", "crm"],
        "start": [date(2025, 1, 1)] * 2,
        "end": [date(2026, 12, 31), date(2030, 12, 31)],
    }
    out = frames.assess(
        engine,
        companies=pl.DataFrame({"id": [1, 2, 3], "employees": [2_000, 400, 10]}),
        contracts=pl.DataFrame(contracts),
        as_of=DAY,
    )
    prospects = Prospects(engine.playbook, {3: "Kozakura\x1b[2J"})
    prospects.add_all(out.company_products)
    lines = printed(prospects, "ja").split("\n")
    assert [line.split() for line in lines if line.strip().startswith("更新")] == [
        ["更新", "1", "0"]
    ]
    (first,) = [line for line in lines if "Kozakura" in line]
    assert "\x1b" not in first
    assert first.split()[-3:] == ["Tier", "4", "反応なし"]


def test_nothing_is_shown_where_nothing_is_offered() -> None:
    """No rules of offers, and people without company: no table."""
    book = evolve(mf.starter(["crm"]), synergy=mf.Synergy(), plays=mf.Plays())
    prospects = Prospects(book)
    prospects.add(mf.Engine(book).assess(mf.Account(None, leads=[mf.Lead(7)]), as_of=DAY))
    prospects.add(mf.Engine(book).assess(mf.Account(mf.Company(1)), as_of=DAY))
    assert printed(prospects, "en") == ""


def test_an_undecided_offer_is_marked() -> None:
    """What waits for a fact is listed as of now, and says so."""
    rule = mf.OfferRule("cross_sell", company.employees.is_missing(), key="unknown")
    book = evolve(mf.starter(["crm", "sfa"]), synergy=mf.Synergy(offers=[rule]))
    prospects = Prospects(book)
    prospects.add(mf.Engine(book).assess(mf.Account(mf.Company("森")), as_of=DAY))
    text = printed(prospects, "en")
    assert text.count("cross-sell (undecided)") == 2
    assert "no company" not in text
