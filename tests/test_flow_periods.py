"""Periods: months, quarters and fiscal years as a firm counts them, and weeks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.calendars import BusinessCalendar, Weekday
from mpfunnel.errors import InvalidDataError, brief
from mpfunnel.flow.periods import (
    Period,
    month_for,
    months,
    quarter_for,
    quarters,
    week_for,
    weeks,
    year_for,
    years,
)
from mpfunnel.labels import Label

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
APRIL = BusinessCalendar()
JANUARY = BusinessCalendar(fiscal_year_start_month=1)
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STARTS = st.sampled_from(WEEK)
DAYS = st.dates(date(2, 1, 1), date(9998, 1, 1))
CALENDARS = st.builds(BusinessCalendar, fiscal_year_start_month=st.integers(1, 12))


@pytest.mark.parametrize(
    ("period", "first", "last", "en", "ja"),
    [
        (month_for(date(2024, 2, 9)), (2024, 2, 1), (2024, 2, 29), "February 2024", "2024年2月"),
        (
            quarter_for(date(2026, 5, 1), APRIL),
            (2026, 4, 1),
            (2026, 6, 30),
            "Q1 FY2026",
            "2026年度第1四半期",
        ),
        (
            quarter_for(date(2027, 3, 31), APRIL),
            (2027, 1, 1),
            (2027, 3, 31),
            "Q4 FY2026",
            "2026年度第4四半期",
        ),
        (
            quarter_for(date(2026, 12, 31), JANUARY),
            (2026, 10, 1),
            (2026, 12, 31),
            "Q4 2026",
            "2026年第4四半期",
        ),
        (
            quarter_for(date(2027, 1, 5), BusinessCalendar(fiscal_year_start_month=12)),
            (2026, 12, 1),
            (2027, 2, 28),
            "Q1 FY2026",
            "2026年度第1四半期",
        ),
        (year_for(date(2027, 1, 1), APRIL), (2026, 4, 1), (2027, 3, 31), "FY2026", "2026年度"),
        (year_for(date(2027, 1, 1), JANUARY), (2027, 1, 1), (2027, 12, 31), "2027", "2027年"),
        (
            week_for(date(2026, 4, 5)),
            (2026, 3, 30),
            (2026, 4, 5),
            "week of 2026-03-30",
            "2026年3月30日の週",
        ),
        (
            week_for(date(2026, 4, 5), "sun"),
            (2026, 4, 5),
            (2026, 4, 11),
            "week of 2026-04-05",
            "2026年4月5日の週",
        ),
        (
            Period(date(2026, 4, 1), date(2026, 4, 2)),
            (2026, 4, 1),
            (2026, 4, 2),
            "2026-04-01 to 2026-04-02",
            "2026-04-01〜2026-04-02",
        ),
    ],
)
def test_a_period_is_called_as_marketers_call_it(
    period: Period, first: tuple[int, int, int], last: tuple[int, int, int], en: str, ja: str
) -> None:
    """In both languages; a fiscal year is named after the year in which it begins."""
    assert (period.first, period.last) == (date(*first), date(*last))
    assert period.label == Label(en, ja)
    assert period.days == (date(*last) - date(*first)).days + 1


@given(day=DAYS, calendar=CALENDARS, starts=STARTS)
def test_each_day_lies_in_the_period_for_it(
    day: date, calendar: BusinessCalendar, starts: Weekday
) -> None:
    """And no shorter kind of period lies across a longer one; a week does."""
    year, quarter, month = year_for(day, calendar), quarter_for(day, calendar), month_for(day)
    assert day in month
    assert year.first <= quarter.first <= month.first
    assert month.last <= quarter.last <= year.last
    assert (year.first.month, year.first.day) == (calendar.fiscal_year_start_month, 1)
    assert calendar.fiscal_year_for(year.first) == calendar.fiscal_year_for(year.last)
    assert quarter_for(quarter.last, calendar) == quarter == quarter_for(quarter.first, calendar)
    assert {(quarter.first.month - year.first.month) % 3, quarter.first.day - 1} == {0}
    week = week_for(day, starts)
    assert day in week
    assert (week.days, WEEK[week.first.weekday()]) == (7, starts)


@given(
    first=st.dates(date(2000, 1, 1), date(2030, 1, 1)),
    days=st.integers(0, 800),
    calendar=CALENDARS,
    starts=STARTS,
)
def test_periods_in_a_row_leave_out_no_day_and_have_none_twice(
    first: date, days: int, calendar: BusinessCalendar, starts: Weekday
) -> None:
    """They run from the period of the first day to that of the last one."""
    last = first + timedelta(days)
    for found in (
        months(first, last),
        quarters(first, last, calendar),
        years(first, last, calendar),
        weeks(first, last, starts),
    ):
        assert first in found[0]
        assert last in found[-1]
        ends = [one.last + timedelta(1) for one in found[:-1]]
        assert ends == [one.first for one in found[1:]]


def test_periods_of_the_same_days_are_equal() -> None:
    """Whatever they are called."""
    first, last = date(2026, 4, 1), date(2026, 4, 30)
    assert Period(first, last, "spring") == month_for(first)
    assert hash(Period(first, last, "spring")) == hash(month_for(first))


def test_a_period_does_not_lead_outside_the_calendar() -> None:
    """The last month that there is ends with the last day."""
    assert month_for(date.max).last == date.max
    assert quarter_for(date.max, JANUARY).last == date.max
    assert year_for(date.max, JANUARY).last == date.max
    outside = "is in a period that leads outside the years 1 to 9999"
    calls: list[Callable[[], Period]] = [
        lambda: year_for(date.max, APRIL),
        lambda: year_for(date.min, APRIL),
        lambda: quarter_for(date.min, BusinessCalendar(fiscal_year_start_month=12)),
        lambda: week_for(date.max),
        lambda: week_for(date.min, "sun"),
    ]
    for call in calls:
        with pytest.raises(InvalidDataError, match=outside):
            call()


@pytest.mark.parametrize(
    ("call", "problems"),
    [
        (
            lambda: Period("x", NEW_YEAR),  # type: ignore[arg-type] # refused
            [
                "period.first: must be a date, not str 'x'",
                f"period.last: must be a date, not datetime {brief(NEW_YEAR)}",
            ],
        ),
        (
            lambda: Period(date(2026, 1, 2), date(2026, 1, 1)),
            ["period.last: must not be before 2026-01-02"],
        ),
        (
            lambda: months(date(2026, 1, 2), date(2026, 1, 1)),
            ["last: must not be before 2026-01-02"],
        ),
        (lambda: month_for(None), ["day: must be a date, not nothing"]),  # type: ignore[arg-type]
        (
            lambda: week_for(date(2026, 1, 2), "Mon"),  # type: ignore[arg-type] # refused on purpose
            ["starts: must be a day of the week, mon, tue, wed, thu, fri, sat, sun, not 'Mon'"],
        ),
    ],
)
def test_what_is_no_period_is_refused(call: Any, problems: list[str]) -> None:
    """All at once, each with its path."""
    with pytest.raises(InvalidDataError) as told:
        call()
    assert [str(one) for one in told.value.problems] == problems
