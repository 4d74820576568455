"""Periods: the months, quarters, fiscal years and weeks that a report is of.

Days are days of the playbook's zone. Where a fiscal year begins is said by the firm's
`mpfunnel.calendars.BusinessCalendar`; with which day a week begins is said by who asks for weeks.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final, get_args

from attrs import Factory, field, frozen

from mpfunnel.calendars import BusinessCalendar, Weekday
from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.labels import Label, as_label
from mpfunnel.records.checks import a_day

__all__ = [
    "Period",
    "month_for",
    "months",
    "quarter_for",
    "quarters",
    "week_for",
    "weeks",
    "year_for",
    "years",
]

_DAY: Final = timedelta(1)
_WEEK: Final[tuple[str, ...]] = get_args(Weekday)
# Not asked of the library: it answers in the language of the machine.
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@frozen
class Period:
    """Days in a row, the first and the last one included.

    Periods of the same days are equal, whatever they are called.

    Attributes:
        first: The first day.
        last: The last day.
        label: What people call it; its days where nobody calls it anything.

    Raises:
        InvalidDataError: One of them is no date, or the last day is before the first one.
    """

    first: date
    last: date
    label: Label = field(
        default=Factory(lambda self: _by_its_days(self.first, self.last), takes_self=True),
        converter=as_label,
        eq=False,
    )

    def __attrs_post_init__(self) -> None:
        if problems := _faults("period.", self.first, self.last):
            raise InvalidDataError(problems)

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    @property
    def days(self) -> int:
        """How many days it has; at least 1."""
        return (self.last - self.first).days + 1


def month_for(day: date) -> Period:
    """Return the month of a day.

    Raises:
        InvalidDataError: It is no date.
    """
    _check_day(day)
    label = Label(f"{_MONTHS[day.month - 1]} {day.year}", f"{day.year}年{day.month}月")
    return _months(day, day.year, day.month, 1, label)


def quarter_for(day: date, calendar: BusinessCalendar) -> Period:
    """Return the quarter of a day: three months of the fiscal year.

    Args:
        day: The day.
        calendar: Says with which month the fiscal year begins.

    Raises:
        InvalidDataError: It is no date, or the quarter leads outside the years 1 to 9999.
    """
    _check_day(day)
    year, starts = calendar.fiscal_year_for(day), calendar.fiscal_year_start_month
    number = (day.month - starts) % 12 // 3
    named = _year(year, calendar)
    label = Label(f"Q{number + 1} {named.en}", f"{named.ja}第{number + 1}四半期")
    return _months(day, year, starts + 3 * number, 3, label)


def year_for(day: date, calendar: BusinessCalendar) -> Period:
    """Return the fiscal year of a day, named after the year in which it begins.

    Args:
        day: The day.
        calendar: Says with which month the fiscal year begins.

    Raises:
        InvalidDataError: It is no date, or the year leads outside the years 1 to 9999.
    """
    _check_day(day)
    year = calendar.fiscal_year_for(day)
    return _months(day, year, calendar.fiscal_year_start_month, 12, _year(year, calendar))


def week_for(day: date, starts: Weekday = "mon") -> Period:
    """Return the week of a day.

    Args:
        day: The day.
        starts: The day of the week with which it begins; Monday, as in ISO 8601, unless somebody
            says otherwise.

    Raises:
        InvalidDataError: It is no date, `starts` is no day of the week, or the week leads outside
            the years 1 to 9999.
    """
    _check_day(day)
    if starts not in _WEEK:
        message = f"must be a day of the week, {', '.join(_WEEK)}, not {brief(starts)}"
        raise InvalidDataError([Problem("choice", "starts", message)])
    try:
        first = day - timedelta((day.weekday() - _WEEK.index(starts)) % 7)
        last = first + timedelta(6)
    except OverflowError:
        raise InvalidDataError([Problem("range", "day", _outside(day))]) from None
    label = Label(f"week of {first}", f"{first.year}年{first.month}月{first.day}日の週")
    return Period(first, last, label)


def months(first: date, last: date) -> tuple[Period, ...]:
    """Return the months from that of one day to that of another.

    Raises:
        InvalidDataError: One is no date, or the last day is before the first one.
    """
    return _series(first, last, month_for)


def quarters(first: date, last: date, calendar: BusinessCalendar) -> tuple[Period, ...]:
    """Return the quarters from that of one day to that of another (see `quarter_for`)."""
    return _series(first, last, lambda day: quarter_for(day, calendar))


def years(first: date, last: date, calendar: BusinessCalendar) -> tuple[Period, ...]:
    """Return the fiscal years from that of one day to that of another (see `year_for`)."""
    return _series(first, last, lambda day: year_for(day, calendar))


def weeks(first: date, last: date, starts: Weekday = "mon") -> tuple[Period, ...]:
    """Return the weeks from that of one day to that of another (see `week_for`)."""
    return _series(first, last, lambda day: week_for(day, starts))


def _series(first: date, last: date, period_for: Callable[[date], Period]) -> tuple[Period, ...]:
    if problems := _faults("", first, last):
        raise InvalidDataError(problems)
    found = [period_for(first)]
    while found[-1].last < last:
        found.append(period_for(found[-1].last + _DAY))
    return tuple(found)


def _months(day: date, year: int, month: int, length: int, label: Label) -> Period:
    """Return the period of so many months from a month on, which may be one of the next year."""
    try:
        return Period(_first(year, month), _last(year, month + length - 1), label)
    except ValueError:
        raise InvalidDataError([Problem("range", "day", _outside(day))]) from None


def _first(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def _last(year: int, month: int) -> date:
    # No month follows the last one that there is.
    last = (year, month) == (date.max.year, 12)
    return date.max if last else _first(year, month + 1) - _DAY


def _year(year: int, calendar: BusinessCalendar) -> Label:
    if calendar.fiscal_year_start_month == 1:
        return Label(f"{year}", f"{year}年")
    return Label(f"FY{year}", f"{year}年度")


def _outside(day: date) -> str:
    return f"{day} is in a period that leads outside the years 1 to 9999"


def _by_its_days(first: date, last: date) -> Label:
    return Label(f"{first} to {last}", f"{first}〜{last}")


def _check_day(day: date) -> None:
    if fault := a_day(day):
        raise InvalidDataError([Problem(fault[0], "day", fault[1])])


def _faults(path: str, first: date, last: date) -> list[Problem]:
    days = (("first", first), ("last", last))
    found = [
        Problem(fault[0], f"{path}{name}", fault[1]) for name, day in days if (fault := a_day(day))
    ]
    if not found and last < first:
        found.append(Problem("order", f"{path}last", f"must not be before {first}"))
    return found
