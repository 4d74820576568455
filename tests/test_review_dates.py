"""Review dates: between two of them a firm holds its Tiers, and sees what it would decide today."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.records import CompanyChange
from mpfunnel.rules.tables import Decision

STARTER = mf.starter(products=["crm"])
BOOK = evolve(STARTER, tier_review_dates=[(10, 1), (4, 1)])
ENGINE = mf.Engine(BOOK)
GROWING = mf.CompanyHistory(
    mf.Company(1, annual_revenue=0),
    [
        CompanyChange(date(2025, 1, 1), "employees", 60),
        CompanyChange(date(2026, 5, 1), "employees", 400),
        CompanyChange(date(2026, 10, 1), "employees", 2_000),
    ],
)


def tiers_on(day: date, engine: mf.Engine = ENGINE) -> tuple[int, int | None]:
    """The Tier in force, and the proposed one where it is another."""
    one = engine.tier_for(GROWING, "crm", as_of=day)
    assert one.instead_of is None  # nobody has set it
    return one.value.number, None if one.proposed is None else one.proposed.value.number


@pytest.mark.parametrize(
    ("day", "held", "proposed"),
    [
        (date(2026, 3, 31), 3, None),
        (date(2026, 4, 30), 3, None),
        (date(2026, 5, 1), 3, 2),
        (date(2026, 9, 30), 3, 2),
        (date(2026, 10, 1), 1, None),
    ],
)
def test_the_tier_of_the_last_review_is_held(day: date, held: int, proposed: int | None) -> None:
    """A company that grows keeps its Tier until the next review; the proposed one is beside it."""
    assert tiers_on(day) == (held, proposed)


def test_without_review_dates_tiers_follow_the_facts_of_the_day() -> None:
    """A playbook that says nothing of reviews decides as before, and has the version as before."""
    assert tiers_on(date(2026, 5, 1), mf.Engine(STARTER)) == (2, None)
    assert evolve(BOOK, tier_review_dates=()).version == STARTER.version
    assert evolve(BOOK, tier_review_dates=[(4, 1), (10, 1), (4, 1)]).version == BOOK.version
    assert BOOK.version != STARTER.version
    assert STARTER.reviewed_on(date(2026, 5, 1)) is None


def test_the_last_review_may_be_of_the_year_before() -> None:
    """Before the first review of the calendar, none has been."""
    assert BOOK.reviewed_on(date(2026, 3, 31)) == date(2025, 10, 1)
    assert BOOK.reviewed_on(date(2026, 4, 1)) == date(2026, 4, 1)
    assert BOOK.reviewed_on(date(1, 3, 31)) is None
    assert ENGINE.tier_for(GROWING, "crm", as_of=date(1, 1, 1)).proposed is None


def test_facts_without_a_day_are_called_undated() -> None:
    """Of a plain company nobody knows what it was on the day of review: held is proposed."""
    told = ENGINE.assess(mf.Account(mf.Company(1, employees=60)), as_of=date(2026, 5, 1))
    assert told.tiers["crm"].proposed is None
    assert "company.employees" in told.undated["crm"]

    dated = ENGINE.assess(mf.Account(GROWING), as_of=date(2026, 5, 1)).undated["crm"]
    assert "company.employees" not in dated
    assert "company.annual_revenue" in dated
    plain = mf.Engine(STARTER).assess(mf.Account(GROWING), as_of=date(2026, 5, 1))
    assert plain.undated == {}


def test_a_person_stands_above_the_review() -> None:
    """Set by hand, instead of the held one, instead of the proposed one."""
    one = mf.Override(
        "tier", "tier_4", "Mori", "no", date(2026, 5, 1), None, company_id=1, product_id="crm"
    )
    told = ENGINE.assess(mf.Account(GROWING, overrides=[one]), as_of=date(2026, 5, 2))

    tier: Decision[Any] = told.tiers["crm"]
    assert tier.value.number == 4
    assert tier.proposed is None
    assert tier.instead_of is not None
    assert tier.instead_of.value.number == 3
    assert tier.instead_of.proposed is not None
    assert tier.instead_of.proposed.value.number == 2
    (row,) = told.rows()["tiers"]
    assert (row["tier"], row["instead_of"], row["proposed"]) == ("tier_4", "tier_3", "tier_2")
    assert told.undated["crm"] == ()


NEW = mf.CompanyHistory(
    mf.Company(1, annual_revenue=0),
    [
        CompanyChange(date(2026, 5, 1), "employees", 60),
        CompanyChange(date(2026, 6, 1), "employees", 400),
        CompanyChange(date(2026, 11, 1), "employees", 10),
    ],
)


def test_a_company_that_came_after_the_review_goes_by_the_facts_of_the_day() -> None:
    """Nothing was known of it on that day; from the next review on its Tier is held."""
    for day, tier, proposed in (
        (date(2026, 4, 30), None, None),
        (date(2026, 5, 1), 3, None),
        (date(2026, 9, 30), 2, None),
        (date(2026, 11, 1), 2, 4),
    ):
        one = ENGINE.tier_for(NEW, "crm", as_of=day)
        assert (one.value.number if one.settled else None) == tier
        assert (one.proposed and one.proposed.value.number) == proposed
    told = ENGINE.assess(mf.Account(NEW), as_of=date(2026, 9, 30)).undated["crm"]
    assert "company.employees" not in told
    text = ENGINE.explain("tier", NEW, "crm", as_of=date(2026, 9, 30))
    assert text.startswith("Tier 2 — ")
    spans = mf.replay(mf.Account(NEW), BOOK, start=date(2026, 4, 1), end=date(2026, 11, 30)).tiers[
        "crm"
    ]
    assert [(one.first_day, one.value.number, one.settled) for one in spans] == [
        (date(2026, 4, 1), 4, False),
        (date(2026, 5, 1), 3, True),
        (date(2026, 6, 1), 2, True),
        (date(2026, 11, 1), 2, True),
    ]
    assert all("company.employees" not in one.undated for one in spans[1:])


def test_what_was_known_of_a_company_by_the_review_is_held() -> None:
    """A Tier that was settled then, and one of a company of which anything was told by then."""
    settled = mf.CompanyHistory(
        mf.Company(1, employees=60, annual_revenue=0),
        [CompanyChange(date(2026, 5, 1), "employees", 400)],
    )
    assert ENGINE.tier_for(settled, "crm", as_of=date(2026, 5, 1)).value == mf.Tier(3)
    known = evolve(NEW, changes=[*NEW.changes, CompanyChange(date(2025, 1, 1), "region", "関東")])
    held = ENGINE.tier_for(known, "crm", as_of=date(2026, 5, 1))
    assert not held.settled
    assert held.proposed is not None
    assert held.proposed.value == mf.Tier(3)
    # Law 5: as of a day, what is told later is not known yet.
    later = evolve(NEW, changes=NEW.changes[1:])
    assert ENGINE.tier_for(later, "crm", as_of=date(2026, 5, 1)).settled is False


def test_an_explanation_tells_what_is_held_and_what_is_proposed() -> None:
    """Once where both are the same, with the facts that nobody dated."""
    both = ENGINE.explain("tier", GROWING, "crm", as_of=date(2026, 5, 1))
    assert both.startswith("held since the review of 2026-04-01 (undated: company.")
    assert "): Tier 3 — " in both
    assert "\n\nproposed: Tier 2 — " in both
    same = ENGINE.explain("tier", GROWING, "crm", as_of=date(2026, 4, 1), lang="ja")
    assert same.startswith("2026-04-01の見直しから据え置き（日付なし: ")
    assert "見直し案" not in same


class Asked:
    """A policy that gives the Tier of the month that it is asked for."""

    kind, tiers = "test/month/1", tuple(mf.Tier(n) for n in range(1, 10))

    def tier_for(self, company: Any, product: Any, /, *, as_of: date) -> Decision[mf.Tier]:
        del company, product
        return mf.decided(mf.Tier(min(as_of.month, 9)), because="month")


def test_a_policy_in_python_is_asked_for_the_day_of_review() -> None:
    """Whatever it rests on is that of the day of review; what it asks nobody knows."""
    engine = mf.Engine(evolve(BOOK, tiers=Asked()))
    told = engine.assess(mf.Account(mf.Company(1)), as_of=date(2026, 6, 30))

    assert told.tiers["crm"].value == mf.Tier(4)
    assert told.tiers["crm"].proposed == mf.decided(mf.Tier(6), because="month")
    assert told.undated["crm"] == ("company",)
    text = engine.explain("tier", mf.Company(1), "crm", as_of=date(2026, 6, 30))
    assert text == (
        "held since the review of 2026-04-01 (undated: company): Tier 4 — month [policy]\n\n"
        "proposed: Tier 6 — month [policy]"
    )


def test_a_replay_finds_the_days_of_review() -> None:
    """Time alone changes the Tier on them; records of the other days change what is proposed."""
    spans = mf.replay(
        mf.Account(GROWING), BOOK, start=date(2026, 3, 1), end=date(2026, 12, 31)
    ).tiers["crm"]

    assert [(one.first_day, one.value.number, one.cause) for one in spans] == [
        (date(2026, 3, 1), 3, "start"),
        (date(2026, 5, 1), 3, "record"),
        (date(2026, 10, 1), 1, "record"),
    ]
    asked = mf.Engine(evolve(BOOK, tiers=Asked()))
    by_month = mf.replay(
        mf.Account(mf.Company(1)), asked, start=date(2026, 9, 30), end=date(2026, 10, 1)
    ).tiers["crm"]
    assert [(one.value.number, one.cause) for one in by_month] == [(4, "start"), (9, "time")]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        (4, "tier_review_dates: must list days of the year, such as [(4, 1)], not 4"),
        (
            [(2, 29)],
            "tier_review_dates[0]: must be a day of every year; take 28 February or 1 March",
        ),
        (
            [(4, 1), (4, 31)],
            "tier_review_dates[1]: must be a month and a day of it, such as (4, 1), not (4, 31)",
        ),
        (
            [(0, 1)],
            "tier_review_dates[0]: must be a month and a day of it, such as (4, 1), not (0, 1)",
        ),
        (
            ["04-01"],
            "tier_review_dates[0]: must be a month and a day of it, such as (4, 1), not '04-01'",
        ),
        (
            [(True, 1)],
            "tier_review_dates[0]: must be a month and a day of it, such as (4, 1), not (True, 1)",
        ),
    ],
)
def test_what_is_no_day_of_every_year_is_refused(given: Any, problem: str) -> None:
    """29 February is none: what would be held in the years between?"""
    with pytest.raises(mf.PlaybookError) as caught:
        evolve(STARTER, tier_review_dates=given)
    assert [str(one) for one in caught.value.problems] == [problem]


def test_a_file_says_days_of_review_as_month_and_day() -> None:
    """Law 8: Round trip; a playbook without them has none in its file."""
    text = mf.dump(BOOK)
    assert 'tier_review_dates = ["04-01", "10-01"]' in text
    assert mf.load(tomllib.loads(text)) == BOOK
    assert "tier_review_dates" not in mf.dump(STARTER)
    data: dict[str, Any] = {**tomllib.loads(text), "tier_review_dates": ["4-1"]}
    with pytest.raises(mf.DecodeError, match="must be a month and a day of it, such as '04-01'"):
        mf.load(data)
