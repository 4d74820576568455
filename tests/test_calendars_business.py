"""Business days: weekends, public holidays, days of the firm, and fiscal years."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import example, given
from hypothesis import strategies as st

from mpfunnel.calendars import BusinessCalendar, business
from mpfunnel.errors import InvalidDataError, MissingExtraError, Problem

JAPAN = BusinessCalendar()
NOBODY = BusinessCalendar(None)

WEEK: Any = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAYS = """
2019-01-01 2019-01-14 2019-02-11 2019-03-21 2019-04-29 2019-04-30 2019-05-01 2019-05-02 2019-05-03
2019-05-04 2019-05-05 2019-05-06 2019-07-15 2019-08-11 2019-08-12 2019-09-16 2019-09-23 2019-10-14
2019-10-22 2019-11-03 2019-11-04 2019-11-23
2021-01-01 2021-01-11 2021-02-11 2021-02-23 2021-03-20 2021-04-29 2021-05-03 2021-05-04 2021-05-05
2021-07-22 2021-07-23 2021-08-08 2021-08-09 2021-09-20 2021-09-23 2021-11-03 2021-11-23
2026-01-01 2026-01-12 2026-02-11 2026-02-23 2026-03-20 2026-04-29 2026-05-03 2026-05-04 2026-05-05
2026-05-06 2026-07-20 2026-08-11 2026-09-21 2026-09-22 2026-09-23 2026-10-12 2026-11-03 2026-11-23
"""
"""国民の祝日 as the Cabinet Office announced them: with ten days off for the accession of 2019,
days moved for the games of 2021, and a day between two holidays (国民の休日) in September 2026."""

DAYS = st.dates(date(2024, 7, 1), date(2026, 12, 31))
CALENDARS = st.builds(
    BusinessCalendar,
    st.sampled_from(("JP", None)),
    weekend=st.sampled_from((("sat", "sun"), ("fri",), (), ("sun",))),
    days_off=st.lists(st.dates(date(2025, 1, 1), date(2025, 6, 30)), max_size=20),
    working_days=st.lists(st.dates(date(2025, 7, 1), date(2025, 12, 31)), max_size=20),
)


def problems(call: Any, *args: Any, **named: Any) -> list[str]:
    """With what a call is refused."""
    with pytest.raises(InvalidDataError) as caught:
        call(*args, **named)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("year", [2019, 2021, 2026])
def test_public_holidays_are_those_of_the_cabinet_office(year: int) -> None:
    """In Japan a business day is a day from Monday to Friday that the law does not set free."""
    days = [date(year, 1, 1) + timedelta(number) for number in range(365)]
    free = {date.fromisoformat(day) for day in HOLIDAYS.split()}
    expected = [day for day in days if day.weekday() < 5 and day not in free]
    assert [day for day in days if JAPAN.is_business_day(day)] == expected


def test_the_firm_has_days_of_its_own() -> None:
    """Days off of the firm are none, and its working days are one even on a holiday."""
    firm = BusinessCalendar(
        days_off=[date(2026, 12, 29), date(2026, 12, 28)], working_days=[date(2026, 11, 3)]
    )
    assert firm.after(date(2026, 12, 25), 1) == date(2026, 12, 30)
    assert JAPAN.after(date(2026, 12, 25), 1) == date(2026, 12, 28)
    assert firm.is_business_day(date(2026, 11, 3))
    assert not JAPAN.is_business_day(date(2026, 11, 3))
    assert firm == evolve(firm, days_off=firm.days_off[::-1])


def test_other_countries_regions_and_weekends() -> None:
    """A country may be any that `holidays` knows, with its regions, or none at all."""
    corpus_christi = date(2026, 6, 4)
    assert BusinessCalendar("DE").is_business_day(corpus_christi)
    assert not BusinessCalendar("DE", region="BY").is_business_day(corpus_christi)
    assert NOBODY.is_business_day(date(2026, 11, 3))
    assert BusinessCalendar("", region=" ") == NOBODY
    friday = BusinessCalendar(None, weekend=["sat", "fri"])
    assert friday.weekend == ("fri", "sat")
    assert [friday.is_business_day(date(2026, 5, day)) for day in range(1, 4)] == [
        False,
        False,
        True,
    ]


@given(CALENDARS, DAYS, st.integers(0, 40))
@example(JAPAN, date(2026, 5, 2), 0)
def test_n_business_days_after_a_day(calendar: BusinessCalendar, day: date, n: int) -> None:
    """The n-th business day after a day is found by counting them one by one."""
    one_by_one = [
        later
        for number in range(120)
        if calendar.is_business_day(later := day + timedelta(number)) and (n == 0 or later > day)
    ]
    assert calendar.after(day, n) == one_by_one[max(n - 1, 0)]


@given(CALENDARS, DAYS, st.integers(1, 40))
def test_counting_back_gives_what_was_counted(
    calendar: BusinessCalendar, day: date, n: int
) -> None:
    """Between a day and the n-th business day after it lie n of them, and -n the other way."""
    later = calendar.after(day, n)
    assert calendar.between(day, later) == n
    assert calendar.between(later, day) == -n


@given(CALENDARS, DAYS, DAYS, DAYS)
def test_business_days_add_up(calendar: BusinessCalendar, a: date, b: date, c: date) -> None:
    """Business days up to a day, and from there on, are those of the whole."""
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


@pytest.mark.parametrize(
    ("month", "day", "year"),
    [
        (4, date(2026, 3, 31), 2025),
        (4, date(2026, 4, 1), 2026),
        (4, date(2026, 12, 31), 2026),
        (1, date(2026, 1, 1), 2026),
        (12, date(2026, 11, 30), 2025),
    ],
)
def test_a_fiscal_year_is_named_after_its_first_month(month: int, day: date, year: int) -> None:
    """年度: the fiscal year of a day is the calendar year in which it began."""
    assert BusinessCalendar(fiscal_year_start_month=month).fiscal_year_for(day) == year
    assert JAPAN.fiscal_year_start_month == 4


@pytest.mark.parametrize(
    ("calendar", "day", "message"),
    [
        (
            JAPAN,
            date(2100, 1, 4),
            "calendar.country: the public holidays of JP are known from 1949 to 2099, not of 2100",
        ),
        (
            JAPAN,
            date(1948, 12, 31),
            "calendar.country: the public holidays of JP are known from 1949 to 2099, not of 1948",
        ),
        (
            BusinessCalendar("QQ"),
            date(2026, 1, 5),
            "calendar.country: no public holidays are known of 'QQ'; give days_off and no country",
        ),
        (
            BusinessCalendar("DE", region="Augsberg"),
            date(2026, 1, 5),
            "calendar.region: DE has no region 'Augsberg'; did you mean 'Augsburg'?",
        ),
    ],
    ids=["later", "earlier", "country", "region"],
)
def test_years_and_places_that_nobody_knows(
    calendar: BusinessCalendar, day: date, message: str
) -> None:
    """Nothing is guessed: a year, country or region without known holidays is refused."""
    assert problems(calendar.is_business_day, day) == [message]
    assert problems(calendar.after, day - timedelta(1), 1) == [message]


@pytest.mark.parametrize("n", [-1, 1.0, True, None])
def test_a_number_of_business_days_is_an_integer(n: Any) -> None:
    """A count of business days is a whole number, from 0."""
    assert problems(JAPAN.after, date(2026, 1, 5), n) == [
        f"business_days: must be an integer of at least 0, not {n!r}"
    ]


def test_an_instant_is_no_day() -> None:
    """S12: the day of an instant depends on the zone, so that none is taken for a day."""
    at: Any = datetime(2026, 1, 5, tzinfo=UTC)
    said = f"must be a date, not datetime {at!r:.60}"
    assert problems(JAPAN.is_business_day, at) == [f"day: {said}"]
    assert problems(JAPAN.after, at, 1) == [f"day: {said}"]
    assert problems(JAPAN.between, at, at) == [f"start: {said}", f"end: {said}"]
    assert problems(JAPAN.fiscal_year_for, "2026") == ["day: must be a date, not str '2026'"]


def test_the_calendar_ends() -> None:
    """Business days beyond the year 9999 are refused by name."""
    assert NOBODY.after(date(9999, 12, 30), 1) == date(9999, 12, 31)
    assert problems(NOBODY.after, date(9999, 12, 30), 2) == [
        "business_days: leads beyond the year 9999"
    ]


def test_every_fault_of_a_calendar_at_once() -> None:
    """A calendar that cannot be is refused with all that is wrong with it."""
    given: dict[str, Any] = {
        "region": 3,
        "weekend": ["sat", "sunday"],
        "days_off": "2026-01-01",
        "working_days": [3],
        "fiscal_year_start_month": 13,
    }
    assert problems(BusinessCalendar, "jp", **given) == [
        "calendar.country: must be a code of two letters such as 'JP', or nothing, not 'jp'",
        "calendar.region: must be the code of a part of the country, as text, not 3",
        f"calendar.weekend: must be days of the week, {', '.join(WEEK)}, not ('sat', 'sunday')",
        "calendar.days_off: must be dates, not '2026-01-01'",
        "calendar.working_days: must be dates, not (3,)",
        "calendar.fiscal_year_start_month: must be a month from 1 to 12, not 13",
    ]
    day = date(2026, 1, 2)
    assert problems(
        BusinessCalendar, None, region="BY", weekend=WEEK, days_off=[day], working_days=[day]
    ) == [
        "calendar.region: needs the country that it is a part of",
        "calendar.weekend: must leave a day to work on",
        "calendar.days_off: 2026-01-02 is among the working_days too",
    ]
    assert problems(BusinessCalendar, 3, weekend=3) == [
        "calendar.country: must be a code of two letters such as 'JP', or nothing, not 3",
        f"calendar.weekend: must be days of the week, {', '.join(WEEK)}, not 3",
    ]


def test_without_the_extra_there_are_no_public_holidays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library `holidays` a country is an error that names the extra; none is not."""
    monkeypatch.setitem(sys.modules, "holidays", None)
    business._holidays.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[calendar\]'$"):
        JAPAN.is_business_day(date(2026, 1, 5))
    assert not JAPAN.is_business_day(date(2026, 1, 4)), "a Sunday is free anyway"
    assert NOBODY.is_business_day(date(2026, 1, 5))


def test_the_language_of_the_machine_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 9: Same input, same bytes. Holidays are days, however the environment calls them."""
    days = [date(2026, 1, 1) + timedelta(number) for number in range(365)]
    seen = []
    for lang in ("ja_JP.UTF-8", "en_US.UTF-8"):
        monkeypatch.setenv("LANGUAGE", lang)
        business._holidays.cache_clear()
        seen.append([day for day in days if JAPAN.is_business_day(day)])
    assert seen[0] == seen[1]


def test_a_problem_of_a_calendar_has_a_code() -> None:
    """What is out of range has the code `range`, as everywhere."""
    with pytest.raises(InvalidDataError) as caught:
        JAPAN.is_business_day(date(2100, 1, 4))
    assert [type(one) is Problem and one.code for one in caught.value.problems] == ["range"]
