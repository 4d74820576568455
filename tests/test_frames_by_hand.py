"""Whole tables: what people set by hand, and Tiers that are held from review to review."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.by_hand import BY_HAND, reason_of
from mpfunnel.frames.days import with_iso_text
from mpfunnel.rules.tables import Decision
from tests.books import answers_alone
from tests.frames import KINDS, differences, draw_records, rows_of, tables_of
from tests.leads import book_of, draw_as_of

DAY = date(2026, 10, 31)
PLAYBOOK = answers_alone(mf.starter(products=["crm", "sfa"]))
ENGINE = mf.Engine(PLAYBOOK)
LISTED = ("leads", "activities", "deals", "contracts", "sales_events")
COMPANIES = pl.DataFrame({"id": [1, 2], "employees": [60, 60], "annual_revenue": [0, 0]})
LEADS = pl.DataFrame({"id": [7, 8], "company_id": [1, None]})
HAND = mf.Override(
    "tier", "tier_1", "Mori", "key account", DAY, DAY, company_id=1, product_id="crm"
)


def table(*overrides: mf.Override) -> pl.DataFrame:
    """Overrides as a table of Polars."""
    kinds: Mapping[str, Any] = {
        "what": pl.String,
        "value": pl.String,
        "by": pl.String,
        "reason": pl.String,
        "since": pl.Date,
        "until": pl.Date,
        "company_id": pl.Int64,
        "lead_id": pl.Int64,
        "product_id": pl.String,
        "follow_up_on": pl.Date,
    }
    return pl.DataFrame(
        {name: [getattr(one, name) for one in overrides] for name in kinds}, schema=kinds
    )


def assess(*overrides: mf.Override, **more: Any) -> frames.Tables:
    """The answers about two companies and two leads."""
    given: dict[str, Any] = {"companies": COMPANIES, "leads": LEADS, "as_of": DAY, **more}
    return frames.assess(ENGINE, overrides=table(*overrides), **given)


def test_what_was_set_is_in_force_and_the_other_value_beside_it() -> None:
    """Every column of the decision is the person's; `instead_of` has the key of the rules' own."""
    tiers = assess(HAND).tiers.rows(named=True)

    mine, other = tiers[0], tiers[1]
    assert {name: mine[name] for name in ("tier", "settled", "possible", "missing", "rule")} == {
        "tier": "tier_1",
        "settled": True,
        "possible": "tier_1",
        "missing": "",
        "rule": BY_HAND,
    }
    assert (mine["because"], mine["instead_of"]) == (reason_of(HAND).en, "tier_3")
    assert (other["tier"], other["instead_of"]) == ("tier_3", None)
    assert assess(HAND).company_products["tier"].to_list()[:2] == ["tier_1", "tier_3"]


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_a_reason_is_that_of_the_object(lang: Any) -> None:
    """With the last day, or without one where it holds until further notice."""
    for one in (HAND, evolve(HAND, until=None)):
        (told,) = assess(one, lang=lang).tiers["because"].to_list()[:1]
        assert told == reason_of(one).text(lang)


def test_without_the_table_nothing_was_set() -> None:
    """The column is there all the same, and blank."""
    out = frames.assess(ENGINE, companies=COMPANIES, leads=LEADS, as_of=DAY)

    assert out.companies["instead_of"].to_list() == [None, None]
    assert set(out.tiers["instead_of"].to_list()) == {None}
    assert "instead_of" not in out.leads.columns


def test_a_silent_lead_is_told_where_somebody_set_its_state() -> None:
    """S23: even where it was set to no sign: the rules' own value stands beside it."""
    one = mf.Override("engagement", "none", "Mori", "r", DAY, None, lead_id=8, product_id="sfa")
    for chunks in (1, 2):
        (row,) = assess(one, chunks=chunks).engagement.rows(named=True)
        assert (row["lead_id"], row["product_id"]) == (8, "sfa")
        assert (row["state"], row["instead_of"], row["rule"]) == ("none", "none", BY_HAND)


_CONFLICT = "sets another value than another one that holds on the same day"


@pytest.mark.parametrize(
    ("given", "rejects"),
    [
        ([evolve(HAND, since=DAY + timedelta(1), until=None, product_id="x")], []),
        (
            [evolve(HAND, product_id="x")],
            [("1", "product_id", "unknown-product", "no such product x")],
        ),
        (
            [evolve(HAND, company_id=3)],
            [("3", "company_id", "unknown-company", "no such company 3")],
        ),
        ([evolve(HAND, value="tier_9")], [("1", "value", "unknown-level", "no such Tier tier_9")]),
        (
            [mf.Override("segment", "x", "Mori", "r", DAY, None, company_id=1)],
            [("1", "value", "unknown-level", "no such segment x")],
        ),
        (
            [mf.Override("engagement", "x", "Mori", "r", DAY, None, lead_id=7, product_id="crm")],
            [("7", "value", "unknown-level", "no such state x")],
        ),
        ([evolve(HAND, since=date(2026, 1, 1), until=date(2026, 2, 28))], []),
        ([HAND, HAND, evolve(HAND, reason="another")], []),
        (
            [HAND, HAND, evolve(HAND, value="tier_3"), evolve(HAND, reason="another")],
            [("1", "value", "conflict", _CONFLICT)] * 3,
        ),
        (
            [mf.Override("engagement", "x", "Mori", "r", DAY, None, lead_id=9, product_id="crm")],
            [("9", "lead_id", "unknown-lead", "no such lead 9")],
        ),
    ],
)
def test_what_does_not_hold_is_a_reject(given: list[mf.Override], rejects: list[Any]) -> None:
    """Law 7: Nothing is lost: each row that has begun and does not hold is told, with why."""
    found = assess(*given).rejects.rows(named=True)

    assert [(r["id"], r["column"], r["code"], r["reason"]) for r in found] == rejects
    assert {row["table"] for row in found} <= {"overrides"}


@pytest.mark.parametrize(
    "kind", ["Polars", "pandas, NumPy", pytest.param("DuckDB", marks=pytest.mark.bulk)]
)
def test_what_people_set_is_told_with_what_became_of_it(kind: str) -> None:
    """Law 7: each row that has begun is in force, agreed to, expired or a reject; used once."""
    past = evolve(HAND, since=date(2026, 1, 1), until=date(2026, 2, 28), product_id="sfa")
    early = evolve(HAND, since=DAY - timedelta(9), until=None, by="Ito", follow_up_on=DAY)
    lead = mf.Override("engagement", "none", "Mori", "r", DAY, None, lead_id=7, product_id="sfa")
    later = evolve(lead, since=DAY + timedelta(1))
    clash = [
        mf.Override("segment", value, "Mori", "r", DAY, None, company_id=2)
        for value in ("partner", "competitor")
    ]
    given = {
        "companies": COMPANIES.to_arrow(),
        "leads": LEADS.to_arrow(),
        "overrides": table(past, early, HAND, HAND, lead, later, *clash).to_arrow(),
    }
    out = frames.assess(ENGINE, **KINDS[kind](given), as_of=DAY)

    told = rows_of(out.by_hand)
    columns = ("company_id", "lead_id", "product_id", "value", "status", "by", "until")
    assert sorted(tuple(row[name] for name in columns) for row in told if row["company_id"]) == [
        (1, None, "crm", "tier_1", "agreed", "Ito", None),
        (1, None, "crm", "tier_1", "in_force", "Mori", "2026-10-31"),
        (1, None, "sfa", "tier_1", "expired", "Mori", "2026-02-28"),
    ]
    (of_lead,) = (row for row in told if row["lead_id"])
    assert (of_lead["what"], of_lead["status"], of_lead["since"]) == (
        "engagement",
        "in_force",
        "2026-10-31",
    )
    assert {row["follow_up_on"] for row in told} == {None, "2026-10-31"}
    assert [row["code"] for row in rows_of(out.rejects)] == ["conflict"] * 2
    tier = next(row for row in rows_of(out.tiers) if row["instead_of"])
    assert tier["because"] == reason_of(HAND).en


def test_without_overrides_there_is_nothing_to_tell_of_them() -> None:
    """No table was given, none comes back."""
    assert frames.assess(ENGINE, companies=COMPANIES, as_of=DAY).by_hand is None
    assert assess().by_hand.height == 0


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("what", "stage", ("what", "choice")),
        ("by", None, ("by", "missing")),
        ("reason", " ", ("reason", "blank")),
        ("company_id", None, ("company_id", "missing")),
        ("product_id", None, ("product_id", "missing")),
        ("lead_id", 7, ("lead_id", "contradiction")),
        ("until", date(2026, 1, 1), ("until", "order")),
    ],
)
def test_rows_are_checked_as_the_record_is(column: str, value: Any, fault: Any) -> None:
    """What no `Override` can hold is a reject."""
    given = table(HAND).with_columns(pl.lit(value, dtype=table(HAND)[column].dtype).alias(column))
    out = frames.assess(ENGINE, companies=COMPANIES, leads=LEADS, overrides=given, as_of=DAY)

    (reject,) = out.rejects.rows(named=True)
    assert (reject["column"], reject["code"]) == fault


def test_the_last_day_must_be_stated() -> None:
    """A table without the column could not say what holds until further notice."""
    with pytest.raises(mf.InvalidDataError) as caught:
        frames.assess(ENGINE, companies=COMPANIES, overrides=table(HAND).drop("until"), as_of=DAY)
    assert str(caught.value) == "overrides.until: no such column"


def test_ids_that_nothing_needs_may_be_absent() -> None:
    """Overrides of segments alone name no lead and no product."""
    one = mf.Override("segment", "partner", "Mori", "r", DAY, None, company_id=1)
    given = table(one).drop("lead_id", "product_id", "follow_up_on")
    out = frames.assess(ENGINE, companies=COMPANIES, leads=LEADS, overrides=given, as_of=DAY)

    assert out.companies["segment"].to_list()[0] == "partner"
    (reject,) = frames.assess(
        ENGINE,
        companies=COMPANIES,
        overrides=given.with_columns(what=pl.lit("engagement")),
        as_of=DAY,
    ).rejects.rows(named=True)
    assert (reject["id"], reject["code"]) == ("1", "contradiction")


def test_days_are_written_as_everybody_reads_them() -> None:
    """From the first day that there is to the last, leap years and all."""
    random = Random(1)
    days = [1, 2, date.max.toordinal(), *range(730_000, 732_000)]
    days += [random.randrange(1, date.max.toordinal()) for _ in range(2_000)]
    days += [date(year, 2, 28).toordinal() + more for year in (4, 1900, 2000) for more in (0, 1, 2)]
    import narwhals.stable.v2 as nw

    told = with_iso_text(
        nw.from_native(pl.DataFrame({"day": days}).lazy()), "day", name="text"
    ).collect()
    assert told["text"].to_list() == [date.fromordinal(day).isoformat() for day in days]


class Asked:
    """A policy that gives the Tier of the month, where the employees are known by then."""

    kind, tiers = "test/month/1", tuple(mf.Tier(n) for n in range(1, 10))

    def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Decision[mf.Tier]:
        del product
        if company.employees is None:
            return mf.undecided(
                mf.Tier(9), possible=self.tiers, missing=["employees"], because="unknown"
            )
        return mf.decided(mf.Tier(min(as_of.month, 9)), because=f"{company.employees}")


@pytest.mark.parametrize("dated", [True, False])
def test_a_policy_in_python_is_asked_for_the_day_of_review(dated: bool) -> None:
    """Law 1: with the company of that day; as of both days where nothing was told over time."""
    book = evolve(book_of(0), tiers=Asked(), tier_review_dates=[(4, 1), (10, 28)])
    engine = mf.Engine(book)
    random = Random(7)
    as_of = draw_as_of(random)
    records = draw_records(random, book, as_of, 12)
    given = tables_of(records, engine)
    if not dated:
        del given["company_facts"]
        records["companies"] = [one.company for one in records["companies"]]

    out = frames.assess(engine, **KINDS["Polars"](given), as_of=as_of, lang="en")

    assert differences(out, engine, records, as_of, possible=False) == []
    assert any(row["proposed"] for row in rows_of(out.tiers))


def test_where_nothing_is_dated_held_tiers_are_those_of_today() -> None:
    """Law 1: Engines agree: and all that a Tier rests on is named as undated."""
    engine = mf.Engine(evolve(mf.starter(["crm"]), tier_review_dates=[(4, 1)]))
    employees = {1: 10, 2: 2_400, 3: None}
    companies = pl.DataFrame({"id": [*employees], "employees": [*employees.values()]})
    found = frames.assess(engine, companies=companies, as_of=DAY).tiers
    told = [
        engine.assess(mf.Account(mf.Company(number, employees=many)), as_of=DAY).rows()["tiers"][0]
        for number, many in employees.items()
    ]
    wanted = [(row["tier"], row["settled"], row["proposed"], row["undated"]) for row in told]
    assert found.select("tier", "settled", "proposed", "undated").rows() == wanted
    assert wanted[1][:3] == ("tier_1", True, None)
    assert "company.employees" in wanted[1][3].split(";")


def test_newcomers_go_by_the_facts_of_the_day() -> None:
    """Law 1: until the next review, where nothing was told of a company by the last one."""
    engine = mf.Engine(evolve(PLAYBOOK, tier_review_dates=[(4, 1), (10, 1)]))
    may, spring = date(2026, 5, 1), date(2026, 1, 1)
    changes = {
        1: [mf.CompanyChange(may, "employees", 400)],
        2: [mf.CompanyChange(may, "employees", 400), mf.CompanyChange(spring, "name", "N")],
        3: [mf.CompanyChange(date(2026, 9, 1), "region", "東北")],
        4: [],
    }
    companies = [mf.CompanyHistory(mf.Company(n), told) for n, told in changes.items()]
    given = tables_of({**dict.fromkeys(LISTED, ()), "companies": companies}, engine)
    alone = {name: given[name] for name in ("companies", "company_facts")}
    held: dict[date, set[int]] = {}
    for as_of in (date(2026, 4, 30), may, date(2026, 9, 30), date(2026, 10, 1)):
        out = frames.assess(engine, **KINDS["Polars"](alone), as_of=as_of)
        assert differences(out, engine, {"companies": companies}, as_of, possible=False) == []
        held[as_of] = {row["company_id"] for row in rows_of(out.tiers) if row["proposed"]}
    assert (held[may], held[date(2026, 10, 1)]) == ({2}, set())
    on_duckdb = frames.assess(engine, **KINDS["DuckDB"](alone), as_of=may)
    assert {row["company_id"] for row in rows_of(on_duckdb.tiers) if row["proposed"]} == {2}


def test_a_state_set_without_a_sign_reaches_the_funnel() -> None:
    """Law 1: on tables as on objects, in one part or several."""
    one = mf.Override("engagement", "excluded", "Mori", "r", DAY, None, lead_id=7, product_id="sfa")
    for chunks in (1, 2):
        leads = assess(one, chunks=chunks).leads
        assert leads.select("stage", "for_products").rows() == [
            ("disqualified", "sfa"),
            ("known", ""),
        ]
