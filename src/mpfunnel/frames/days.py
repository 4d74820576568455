"""Days of instants, whole columns at once and the same on every engine (S12).

Engines bring time zones of their own: of another edition, with no summer time after 2037 or 2099,
or only that of the session. So none is asked. A zone is written out as what it is, a list of
the moments at which its clock was changed, taken from where `mpfunnel.calendars` takes it. All that
an engine is asked for is the number of seconds that have passed, and there all of them agree.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any, Final, TypeVar

import narwhals.stable.v2 as nw

from mpfunnel.calendars import zone_for

__all__ = ["with_date", "with_day", "with_iso_text", "with_local_day"]

Frame = TypeVar("Frame", nw.DataFrame[Any], nw.LazyFrame[Any])

_DAY: Final = 86_400
_START: Final = datetime(1, 1, 1, tzinfo=UTC)
"""Where seconds count from: none is negative, and `//` rounds it down on every engine."""


def _new_year(year: int) -> int:
    return (date(year, 1, 1).toordinal() - 1) * _DAY


_TO_1970: Final = _new_year(1970)
# No zone changed its clock before 1844, and none ever twice in three days. Who writes a day after
# 2100 means 'never'; the clock then stays as on the last day, which suits 9999-12-31 too.
_CHANGES: Final = range(_new_year(1840), _new_year(2101), 3 * _DAY)


def with_local_day(frame: Frame, column: str, zone: str, *, name: str) -> Frame:
    """Return a frame with the local days of instants.

    Each is the day that `mpfunnel.calendars.local_day` gives, whatever the engine knows of time
    zones. From 2101 on there are no more changes between summer and winter.

    Args:
        frame: A frame of any engine; nothing is computed of a lazy one.
        column: The column of instants, of a type with time zone, whichever that is.
        zone: The IANA name of the zone whose days count.
        name: The column of days to add, or to replace (it may be `column`): the ordinal number of
            the day (`datetime.date.toordinal`, 64 bit), null where the instant is.

    Raises:
        InvalidDataError: There is no such zone.
    """
    frame = _with_seconds(frame, column, name)
    second = nw.col(name)
    clock = _clock(zone)
    if frame.implementation.is_polars():
        frame = _with_ahead_added(frame, name, clock)
    else:
        frame = frame.with_columns((second + _ahead(second, clock)).alias(name))
    return _whole(frame.with_columns((second // _DAY + 1).alias(name)), name)


def with_day(frame: Frame, column: str, *, name: str) -> Frame:
    """Return a frame with the ordinal numbers of plain dates.

    Args:
        frame: As in `with_local_day`.
        column: The column of dates; of pandas, one of type `date32[pyarrow]` or of date objects.
        name: As in `with_local_day`.
    """
    if frame.implementation.is_pandas():
        native: Any = frame.to_native()
        days = native[column].map(date.toordinal, na_action="ignore")
        return _whole(nw.from_native(native.assign(**{name: days})), name)
    past = nw.col(column).dt.year().cast(nw.Int64) - 1
    before = past * 365 + past // 4 - past // 100 + past // 400
    day = before + nw.col(column).dt.ordinal_day().cast(nw.Int64)
    return frame.with_columns(day.alias(name))


def with_iso_text(frame: Frame, column: str, *, name: str) -> Frame:
    """Return a frame with days as text such as ``2026-10-31``.

    Worked out by sums, because engines write dates as they are told to elsewhere (law 9), and step
    by step: a quotient within a quotient is written down many times for some of them. Years begin
    in March here, so that the day that comes every four years is the last one.

    Args:
        frame: As in `with_local_day`.
        column: The column of the days' ordinal numbers.
        name: As in `with_local_day`.
    """
    day, era, year, month, january = (
        nw.col(f"{name}_{part}") for part in ("day", "era", "year", "month", "january")
    )

    def then(**parts: nw.Expr) -> None:
        nonlocal frame
        frame = frame.with_columns(**{f"{name}_{part}": one for part, one in parts.items()})

    then(day=nw.col(column) + 305)
    then(era=day // _DAYS_OF_400_YEARS, day=day % _DAYS_OF_400_YEARS)
    then(year=(day - (day // 1460 - day // 36524 + day // 146096)) // 365)
    then(day=day - (365 * year + year // 4 - year // 100))
    then(month=(5 * day + 2) // 153)
    then(day=day - (153 * month + 2) // 5 + 1, january=month // 10)
    then(year=era * 400 + year + january, month=month + 3 - 12 * january)

    def digits(number: nw.Expr, count: int) -> nw.Expr:
        above: int = 10**count
        return (number + above).cast(nw.String()).str.slice(1, count)

    dash = nw.lit("-")
    text = nw.concat_str(digits(year, 4), dash, digits(month, 2), dash, digits(day, 2))
    parts = (f"{name}_{part}" for part in ("day", "era", "year", "month", "january"))
    return frame.with_columns(text.alias(name)).drop(*parts)


def with_date(frame: Frame, column: str, *, name: str) -> Frame:
    """Return a frame with days as dates.

    Args:
        frame: As in `with_local_day`.
        column: The column of the days' ordinal numbers; null stays null.
        name: As in `with_local_day`.
    """
    if frame.implementation.is_polars():
        day = nw.col(column) - date(1970, 1, 1).toordinal()
        frame = frame.with_columns(day.cast(nw.Int32()).cast(nw.Date()).alias(name))
    else:
        # As text, because not every engine makes a date of a number.
        frame = with_iso_text(frame, column, name=name)
        frame = frame.with_columns(nw.col(name).str.to_date(format="%Y-%m-%d"))
    return frame


_DAYS_OF_400_YEARS: Final = 146_097


def _with_seconds(frame: Frame, column: str, name: str) -> Frame:
    """Return a frame with the whole seconds that have passed since the start."""
    native: Any = frame.to_native()
    kind = frame.implementation
    if kind.is_duckdb():
        duckdb: Any = import_module("duckdb")
        kept = [duckdb.ColumnExpression(other) for other in native.columns if other != name]
        micros = duckdb.FunctionExpression("epoch_us", duckdb.ColumnExpression(column))
        frame = nw.from_native(native.select(*kept, micros.alias(name)))
        second = _floored(nw.col(name), 1_000_000)
    elif kind.is_ibis():
        seconds = _in_utc()("UTC", native[column]).truncate("s").epoch_seconds()
        frame = nw.from_native(native.mutate(**{name: seconds}))
        second = nw.col(name) + _TO_1970
    elif kind.is_spark_like():
        # Spark's own: an instant as a number is its second, rounded down.
        second = nw.col(column).cast(nw.Int64) + _TO_1970
    else:
        if kind.is_pandas():
            # Narwhals does not know a zone of pandas with an underscore or a sign in its name.
            in_utc = native[column].dt.tz_convert("UTC")
            frame, column = nw.from_native(native.assign(**{name: in_utc})), name
        second = _floored(nw.col(column).dt.timestamp("ms"), 1_000)
    return frame.with_columns(second.alias(name))


def _floored(ticks: nw.Expr, per_second: int) -> nw.Expr:
    return (ticks + _TO_1970 * per_second) // per_second


@cache
def _in_utc() -> Any:
    # Ibis asks DuckDB for the seconds of what the session's clock shows. This, of which it knows
    # the word in every dialect, makes it the clock of UTC; elsewhere it changes nothing.
    ibis: Any = import_module("ibis")

    def convert_timezone(zone: str, at: datetime) -> Any: ...

    instant = ibis.dtype("timestamp('UTC')")
    taken = (ibis.dtype("string"), instant)
    return ibis.udf.scalar.builtin(convert_timezone, signature=(taken, instant))


@cache
def _clock(zone: str) -> tuple[tuple[int, int], ...]:
    """Return from which second on a zone's clock is how many seconds ahead of UTC."""
    there = zone_for(zone)

    def ahead(second: int) -> int:
        at = _START + timedelta(seconds=second)
        return (at.astimezone(there).replace(tzinfo=UTC) - at) // timedelta(seconds=1)

    clock = [(0, ahead(_CHANGES.start))]
    for start in _CHANGES:
        before = clock[-1][1]
        if ahead(start + _CHANGES.step) != before:
            seconds = range(start, start + _CHANGES.step)
            change = start + bisect_left(seconds, True, key=lambda s: ahead(s) != before)
            clock.append((change, ahead(change)))
    return tuple(clock)


def _ahead(second: nw.Expr, clock: tuple[tuple[int, int], ...]) -> nw.Expr:
    """Return how many seconds the clock is ahead of UTC, by halves: an `if` of a few levels."""
    if len(clock) == 1:
        return nw.lit(clock[0][1])
    middle = len(clock) // 2
    earlier, later = _ahead(second, clock[:middle]), _ahead(second, clock[middle:])
    return nw.when(second < clock[middle][0]).then(earlier).otherwise(later)


def _with_ahead_added(frame: Frame, name: str, clock: tuple[tuple[int, int], ...]) -> Frame:
    """Return a frame of Polars with those seconds added: looked up, for an `if` works out all."""
    pl: Any = import_module("polars")
    seconds, ahead = (pl.Series(listed, dtype=pl.Int64) for listed in zip(*clock, strict=True))
    second = pl.col(name)
    place = pl.lit(seconds[1:]).search_sorted(second, side="right")
    native: Any = frame.to_native()
    added: Frame = nw.from_native(native.with_columns(second + pl.lit(ahead).gather(place)))
    return added


def _whole(frame: Frame, name: str) -> Frame:
    """Return a frame with 64-bit integers in a column: pandas makes them floats beside a null."""
    if frame.implementation.is_pandas():
        native: Any = frame.to_native()
        frame = nw.from_native(native.assign(**{name: native[name].astype("Int64")}))
    return frame
