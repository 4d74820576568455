"""Business days: the days on which a firm works (営業日), and its fiscal years (会計年度).

Public holidays are those that the library `holidays` knows; without a country there are none, and
nothing but the standard library is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, cast, get_args

from attrs import field, frozen

from mpfunnel.errors import (
    InvalidDataError,
    MissingExtraError,
    Problem,
    brief,
    did_you_mean,
    series,
)

__all__ = ["BusinessCalendar", "Weekday"]

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_WEEK: Final[tuple[str, ...]] = get_args(Weekday)
_DAY: Final = timedelta(1)


def _code(value: str | None) -> str | None:
    """Blank text is none."""
    return None if isinstance(value, str) and not value.strip() else value


def _week(value: Iterable[Weekday]) -> Any:
    given = series(value)
    return tuple(sorted(set(given), key=_WEEK.index)) if _hold(given, _in_week) else given


def _days(value: Iterable[date]) -> Any:
    given = series(value)
    return tuple(sorted(set(given))) if _hold(given, _is_day) else given


def _hold(values: object, fits: Callable[[object], bool]) -> bool:
    """Whether it is a tuple of such values alone."""
    return isinstance(values, tuple) and all(map(fits, cast("tuple[object, ...]", values)))


def _in_week(value: object) -> bool:
    return value in _WEEK


def _is_day(value: object) -> bool:
    return type(value) is date


@frozen
class BusinessCalendar:
    """The days on which a firm works.

    A day is a business day unless it falls on the weekend, a public holiday or a day off of the
    firm; a working day of the firm is one whatever else it is.

    Attributes:
        country: ISO 3166-1 code of the country whose public holidays count, of two letters; `None`
            or blank for none.
        region: Code of a part of the country with holidays of its own, as `holidays` names it.
        weekend: Days of the week without work.
        days_off: Other days without work, for example those around New Year (年末年始).
        working_days: Days with work that would otherwise be without.
        fiscal_year_start_month: The month with whose first day the fiscal year begins, 1 to 12.

    Raises:
        InvalidDataError: A part of it has the wrong form, or contradicts another.
    """

    country: str | None = field(default="JP", converter=_code)
    region: str | None = field(default=None, converter=_code, kw_only=True)
    weekend: tuple[Weekday, ...] = field(default=("sat", "sun"), converter=_week, kw_only=True)
    days_off: tuple[date, ...] = field(default=(), converter=_days, kw_only=True)
    working_days: tuple[date, ...] = field(default=(), converter=_days, kw_only=True)
    fiscal_year_start_month: int = field(default=4, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if problems := list(_faults(self)):
            raise InvalidDataError(problems)

    def is_business_day(self, day: date) -> bool:
        """Whether the firm works on a day.

        Raises:
            InvalidDataError: It is no day, or the public holidays of the year, country or region
                are not known.
            MissingExtraError: A country is given, and the extra `calendar` is not installed.
        """
        _check_days(day=day)
        return self._works(day)

    def _works(self, day: date) -> bool:
        if day in self.working_days:
            return True
        if _WEEK[day.weekday()] in self.weekend or day in self.days_off:
            return False
        return self.country is None or day not in _holidays(self.country, self.region, day.year)

    def knows(self, year: int) -> bool:
        """Whether the public holidays of a year are known.

        Raises:
            InvalidDataError: Those of the country or region are not known at all.
            MissingExtraError: A country is given, and the extra `calendar` is not installed.
        """
        return self.country is None or year in _years(self.country, self.region)

    def after(self, day: date, business_days: int) -> date:
        """Return the n-th business day after a day.

        Args:
            day: Any day; it does not count itself.
            business_days: How many, from 0; 0 gives the day itself, or the first business day after
                it where it is none.

        Raises:
            InvalidDataError: There are fewer days up to the year 9999, it is no day or no such
                number, or the public holidays are not known.
            MissingExtraError: A country is given, and the extra `calendar` is not installed.
        """
        _check_days(day=day)
        if type(business_days) is not int or business_days < 0:
            message = f"must be an integer of at least 0, not {brief(business_days)}"
            raise InvalidDataError([Problem("range", "business_days", message)])
        left = business_days
        if left == 0 and not self._works(day):
            left = 1
        try:
            while left:
                day += _DAY
                left -= self._works(day)
        except OverflowError:
            message = "leads beyond the year 9999"
            raise InvalidDataError([Problem("range", "business_days", message)]) from None
        return day

    def between(self, start: date, end: date) -> int:
        """Return the number of business days after `start`, up to and including `end`.

        It is negative where `end` lies before `start`: going there and back adds up to 0.

        Raises:
            InvalidDataError: It is no day, or the public holidays of a year, country or region
                are not known.
            MissingExtraError: A country is given, and the extra `calendar` is not installed.
        """
        _check_days(start=start, end=end)
        if end < start:
            return -self.between(end, start)
        days = (start + timedelta(number) for number in range(1, (end - start).days + 1))
        return sum(map(self._works, days))

    def fiscal_year_for(self, day: date) -> int:
        """Return the fiscal year of a day (年度), named after the year in which it begins.

        Raises:
            InvalidDataError: It is no day.
        """
        _check_days(day=day)
        return day.year - (day.month < self.fiscal_year_start_month)


def _check_days(**days: date) -> None:
    # An instant is a date to Python, but its day depends on a zone.
    problems = [
        Problem("type", name, f"must be a date, not {type(day).__name__} {brief(day)}")
        for name, day in days.items()
        if not _is_day(day)
    ]
    if problems:
        raise InvalidDataError(problems)


def _faults(calendar: BusinessCalendar) -> Iterable[Problem]:
    country, region = calendar.country, calendar.region
    known = isinstance(country, str) and len(country) == 2 and country.isalpha()
    if country is not None and not (known and country.isascii() and country.isupper()):
        message = f"must be a code of two letters such as 'JP', or nothing, not {brief(country)}"
        yield Problem("format", "calendar.country", message)
    if region is not None and not isinstance(region, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"must be the code of a part of the country, as text, not {brief(region)}"
        yield Problem("format", "calendar.region", message)
    elif region is not None and country is None:
        yield Problem("contradiction", "calendar.region", "needs the country that it is a part of")
    if not _hold(calendar.weekend, _in_week):
        message = f"must be days of the week, {', '.join(_WEEK)}, not {brief(calendar.weekend)}"
        yield Problem("choice", "calendar.weekend", message)
    elif len(calendar.weekend) == len(_WEEK):
        yield Problem("range", "calendar.weekend", "must leave a day to work on")
    sound = True
    for name in ("days_off", "working_days"):
        days: object = getattr(calendar, name)
        if not _hold(days, _is_day):
            yield Problem("type", f"calendar.{name}", f"must be dates, not {brief(days)}")
            sound = False
    for day in calendar.days_off if sound else ():
        if day in calendar.working_days:
            message = f"{day} is among the working_days too"
            yield Problem("contradiction", "calendar.days_off", message)
    month = calendar.fiscal_year_start_month
    if type(month) is not int or not 1 <= month <= 12:
        message = f"must be a month from 1 to 12, not {brief(month)}"
        yield Problem("range", "calendar.fiscal_year_start_month", message)


@lru_cache(maxsize=1_024)
def _holidays(country: str, region: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of a year."""
    known = _years(country, region)
    if year not in known:
        message = (
            f"the public holidays of {country} are known from {known.start} to "
            f"{known.stop - 1}, not of {year}"
        )
        raise InvalidDataError([Problem("range", "calendar.country", message)])
    return frozenset(_known(country, region, year))


@lru_cache(maxsize=128)
def _years(country: str, region: str | None) -> range:
    """Return the years whose public holidays are known."""
    known = _known(country, region)
    return range(known.start_year, known.end_year + 1)


def _known(country: str, region: str | None, year: int | None = None) -> Any:
    """Return what the library knows of a country or a region of it, with the holidays of a year."""
    try:
        import holidays
    except ImportError as error:
        message = "public holidays need the library holidays; pip install 'mpfunnel[calendar]'"
        raise MissingExtraError(message) from error
    known = holidays.list_supported_countries()
    if country not in known:
        message = f"no public holidays are known of {brief(country)}; give days_off and no country"
        raise InvalidDataError([Problem("choice", "calendar.country", message)])
    if region is not None and region not in known[country]:
        hint = did_you_mean(region, known[country])
        message = f"{country} has no region {brief(region)}{hint}"
        raise InvalidDataError([Problem("choice", "calendar.region", message)])
    # The language only names the holidays; left out, it would be looked for in the environment.
    return holidays.country_holidays(country, subdiv=region, years=year, language="en_US")
