"""Every way to set a Tier, in whole tables: scorecards, limits, families, and people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames, warehouse
from mpfunnel.examples import TIERS
from mpfunnel.facts import company
from mpfunnel.records import Company
from tests.books import answers_alone
from tests.frames import KINDS, RECORDS, draw_history, rows_of, tables_of
from tests.test_tiers import CARD, DAY, NAMELESS, RIVAL, Regional
from tests.warehouse import InDuckDB, answered

SLOW = ("Polars, lazy", "pandas, nullable", "pandas, Arrow", "DuckDB", "Ibis on DuckDB")
PRODUCTS = (
    mf.Product("docs", family="office"),
    mf.Product("mail", family="office"),
    mf.Product("crm"),
    mf.Product("sfa"),
    mf.Product("erp"),
)
MET = mf.TierLimit(worst=mf.Tier(2), when=company.employees == 300, key="met")
WAYS: Mapping[str, mf.TierPolicy] = {
    "family:office": CARD,
    "mail": mf.TierLimits(CARD, [NAMELESS, RIVAL, MET]),
    "crm": mf.TierLimits(TIERS["crm"], [RIVAL, NAMELESS]),
    "*": TIERS["crm"],
}
BOOK = answers_alone(evolve(mf.starter(PRODUCTS, lang="ja"), tiers=WAYS))
IN_PYTHON: Mapping[str, mf.TierPolicy] = {
    "sfa": mf.TierLimits(Regional(), [RIVAL, NAMELESS]),
    "erp": Regional(near="関東"),
}
REVIEWED = ((4, 1), (10, 30))


def draw_companies(random: Random) -> dict[str, list[Any]]:
    """Companies at the critical points of the policies, and what people have set for some."""
    companies = [
        Company(
            f"c{number}",
            employees=random.choice((None, 299, 300, 4_999, 5_000)),
            industry=random.choice((None, "製造業", "小売業")),
            region=random.choice((None, "近畿", "関東")),
            corporate_number=random.choice((None, "7010001999999")),
            relationships=random.choice(((), ("competitor",))),
        )
        for number in range(80)
    ]
    overrides = [
        mf.Override(
            "tier",
            random.choice(("tier_1", "tier_2", "tier_4")),
            by="Mori",
            reason="the board knows them",
            since=DAY - timedelta(random.choice((0, 9))),
            until=None,
            company_id=f"c{number}",
            product_id=product.id,
        )
        for number in range(0, 80, 5)
        for product in PRODUCTS
    ]
    return {
        **{name: [] for name in RECORDS},
        "companies": [draw_history(random, one, DAY) for one in companies],
        "overrides": overrides,
    }


def check_tiers(out: frames.Tables, engine: mf.Engine, records: Mapping[str, Any]) -> None:
    """The table of Tiers says what the accounts say one by one."""
    wanted: list[dict[str, Any]] = []
    for account in mf.accounts(**records):
        wanted += engine.assess(account, as_of=DAY).rows("en")["tiers"]
    keys = ("company_id", "product_id")
    told, said = (
        {tuple(row[key] for key in keys): _in_order(row) for row in rows}
        for rows in (rows_of(out.tiers), wanted)
    )
    assert told == said


def _in_order(row: Mapping[str, Any]) -> dict[str, Any]:
    several = ("possible", "missing")
    return {k: sorted(v.split(";")) if k in several else v for k, v in row.items()}


def given(records: Mapping[str, Any], engine: mf.Engine) -> dict[str, Any]:
    """The tables that have rows: Tiers ask for no leads."""
    return {name: table for name, table in tables_of(records, engine).items() if table.num_rows}


# On a day of review Tiers are set as on any day: the slow kinds show only how they are held.
@pytest.mark.parametrize(
    ("kind", "reviews"),
    [
        pytest.param(
            kind,
            reviews,
            id=f"{kind}-{name}",
            marks=[pytest.mark.bulk] if kind in SLOW else [],
        )
        for kind in KINDS
        for name, reviews in (("daily", ()), ("held", REVIEWED))
        if reviews or kind not in SLOW
    ],
)
def test_engines_agree(kind: str, reviews: Any) -> None:
    """Law 1: Engines agree on every way to set a Tier, with reasons, and where they are held."""
    book = evolve(BOOK, tier_review_dates=reviews)
    if kind == "Polars":
        book = evolve(book, tiers={**book.tiers, **IN_PYTHON})
    engine = mf.Engine(book)
    records = draw_companies(Random(kind))
    out = frames.assess(engine, **KINDS[kind](given(records, engine)), as_of=DAY, lang="en")
    check_tiers(out, engine, records)
    if kind == "Polars":
        rules = {(row["product_id"], row["rule"]) for row in rows_of(out.tiers)}
        assert {("mail", "nameless"), ("mail", "limit-2"), ("mail", "met")} <= rules
        assert {("docs", "60+"), ("mail", "20+"), ("sfa", "nameless"), ("crm", "by-hand")} <= rules


@pytest.mark.bulk
@pytest.mark.parametrize("reviews", [(), REVIEWED], ids=["daily", "held"])
def test_text_run_by_duckdb(reviews: Any) -> None:
    """Law 1: Engines agree: the text for a warehouse, run by DuckDB."""
    engine = mf.Engine(evolve(BOOK, tier_review_dates=reviews))
    records = draw_companies(Random("text"))
    check_tiers(
        answered(InDuckDB(), "duckdb", engine, given(records, engine), DAY), engine, records
    )


def test_reasons_are_in_the_language_asked_for() -> None:
    """What the points of a row are for is told in one language, that of the playbook by default."""
    engine = mf.Engine(BOOK)
    record = Company(1, employees=300, industry="製造業", corporate_number="7010001999999")
    records = {**{name: [] for name in RECORDS}, "companies": [record]}
    out = frames.assess(engine, **given(records, engine), as_of=DAY)
    told = {row["product_id"]: row["because"] for row in rows_of(out.tiers)}
    assert told["docs"] == "60点：従業員数 300人以上 +40、製造 +20"


def test_no_text_asks_what_is_written_in_python() -> None:
    """A policy in Python is named where SQL is asked for, with and without limits."""
    engine = mf.Engine(evolve(BOOK, tiers={**BOOK.tiers, **IN_PYTHON}))
    with pytest.raises(mf.InvalidDataError) as caught:
        warehouse.render(engine, dialect="duckdb", tables={"companies": ["id"]}, as_of=DAY)
    reason = "acme/regional/1 is written in Python, which no SQL can ask; use frames"
    assert [str(problem) for problem in caught.value.problems] == [
        f"tiers.sfa: {reason}",
        f"tiers.erp: {reason}",
    ]


def test_a_replay_tells_every_point() -> None:
    """A replay tells a Tier anew where its points change, and its limits hold on each day."""
    records = draw_companies(Random("replay"))
    engine = mf.Engine(BOOK)
    start = DAY - timedelta(40)
    for account in [*mf.accounts(**records)][:20]:
        replayed = mf.replay(account, engine, start=start, end=DAY)
        for back in (0, 1, 9, 30, 40):
            day = DAY - timedelta(back)
            answer = engine.assess(account, as_of=day)
            for product_id, spans in replayed.tiers.items():
                (span,) = (one for one in spans if one.first_day <= day <= one.last_day)
                told = answer.tiers[product_id]
                assert (span.value, span.rule, span.because.en, span.possible) == (
                    (told.value, told.rule, told.because.en, told.possible)
                )
