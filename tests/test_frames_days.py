"""Days of instants: every engine gives the day that Python gives, in whatever zone it works."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import duckdb
import ibis
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sqlglot

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError
from mpfunnel.frames.days import with_day, with_local_day

SESSIONS: Final = ("UTC", "Asia/Tokyo", "America/New_York")
"""Zones in which a machine, a connection or a session may work."""
DIALECTS: Final = ("duckdb", "postgres", "bigquery", "snowflake", "trino")
TICK: Final = timedelta(microseconds=1)
DAY: Final = timedelta(days=1)

Table = Callable[[pa.Table], Any]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# For each zone: moments (UTC) at which its clock was changed, or that are worth a look otherwise.
MOMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "UTC": ("1900-01-01", "1970-01-01", "2024-02-29", "2100-12-31"),
    "Asia/Tokyo": (
        "1887-12-31 15:00",  # The local time of Tokyo ends, 18 min 59 s ahead.
        "1949-04-02 15:00",
        "1949-09-10 15:00",
        "1950-05-06 15:00",
        "1951-05-05 15:00",
        "1951-09-07 15:00",
    ),
    "Europe/Berlin": ("1893-03-31 23:06:32", "1945-05-24", "2024-03-31 01:00", "2024-10-27 01:00"),
    "America/New_York": ("1967-04-30 07:00", "2024-03-10 07:00", "2024-11-03 06:00"),
    "Australia/Lord_Howe": ("1981-02-28 14:00", "2024-04-06 15:00", "2024-10-05 15:30"),
    # The day 2011-12-30 was left out; in 1892 there were two of 4 July.
    "Pacific/Apia": ("1892-07-04", "2011-12-30 10:00"),
    "America/Sao_Paulo": ("2018-02-18 02:00", "2018-11-04 03:00"),  # Changed at midnight.
    "Africa/Casablanca": ("2024-03-10 02:00", "2024-04-14 02:00"),
}
YEARS: Final = (1900, 1969, 1970, 1971, 2024, 2038, 2100)


def instants(zone: str) -> list[datetime]:
    """The instants around which a zone's day ends, to the microsecond."""
    there = zone_for(zone)
    starts = {_utc(moment) for moment in MOMENTS[zone]}
    starts |= {datetime(year, month, 1, tzinfo=UTC) for year in YEARS for month in (1, 7)}
    found = set[datetime]()
    for start in starts:
        # Every offset in use about then, each with its midnights.
        for ahead in {(start + n * DAY).astimezone(there).utcoffset() for n in (-2, 0, 2)}:
            assert ahead is not None
            midnight = start.replace(hour=0, minute=0, second=0) - ahead
            found |= {midnight + n * DAY + tick for n in (-1, 0, 1) for tick in (-TICK, 0 * TICK)}
        found |= {start - TICK, start, start + timedelta(minutes=30)}
    # The fraction before 1970 is a negative one; the last day that can be written is a sign.
    found |= {_utc("1969-12-31 23:59:59.999999"), _utc("1969-12-31 23:59:59.5")}
    return sorted(found)


def table(zone: str) -> pa.Table:
    """Instants with ids, the last of them null."""
    given = [*instants(zone), None]
    kind = pa.timestamp("us", "UTC")
    return pa.table({"id": range(len(given)), "at": pa.array(given, type=kind)})


def wanted(zone: str) -> list[int | None]:
    """What `local_day` says of `table`."""
    there = zone_for(zone)
    return [*(local_day(at, there).toordinal() for at in instants(zone)), None]


def listed(frame: Any, name: str) -> list[int | None]:
    """The column `name` by id, with what stands for null as `None`."""
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    assert frame.schema[name] == nw.Int64()
    column: list[int | None] = frame.sort("id").to_arrow()[name].to_pylist()
    return column


def _pandas(unit: str, zone: str = "UTC") -> Table:
    return lambda given: given.to_pandas().astype({"at": f"datetime64[{unit}, {zone}]"})


def _pyarrow(unit: str, zone: str = "UTC") -> Table:
    def cast(given: pa.Table) -> pa.Table:
        at = given["at"].cast(pa.timestamp(unit, zone), safe=False)
        return given.set_column(1, "at", at)

    return cast


def _pandas_arrow(unit: str) -> Table:
    return lambda given: _pyarrow(unit)(given).to_pandas(types_mapper=pd.ArrowDtype)


def _polars(unit: Any, zone: str = "UTC") -> Table:
    return lambda given: pl.DataFrame(given).cast({"at": pl.Datetime(unit, zone)})


IN_MEMORY: Final[Mapping[str, Table]] = {
    "Polars": _polars("us"),
    "Polars, ns": _polars("ns"),
    "Polars, New York": _polars("us", "America/New_York"),
    "Polars, lazy": lambda given: _polars("us")(given).lazy(),
    "pandas, ns": _pandas("ns"),
    "pandas, us": _pandas("us"),
    "pandas, New York": _pandas("us", "America/New_York"),
    "pandas, Arrow ns": _pandas_arrow("ns"),
    "pandas, Arrow us": _pandas_arrow("us"),
    "PyArrow, ns": _pyarrow("ns"),
    "PyArrow, us": _pyarrow("us"),
    "PyArrow, New York": _pyarrow("us", "America/New_York"),
}
COARSE: Final[Mapping[str, Table]] = {
    "Polars, ms": _polars("ms"),
    "pandas, ms": _pandas("ms"),
    "pandas, s": _pandas("s"),
    "pandas, Arrow ms": _pandas_arrow("ms"),
    "pandas, Arrow s": _pandas_arrow("s"),
    "PyArrow, ms": _pyarrow("ms"),
    "PyArrow, s": _pyarrow("s"),
}


@pytest.fixture(params=SESSIONS)
def session(request: pytest.FixtureRequest) -> Iterator[str]:
    """A zone in which the machine works, and every connection made."""
    if not hasattr(time, "tzset"):
        pytest.skip("the machine's zone cannot be changed here")
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ")
    if before is not None:
        os.environ["TZ"] = before
    time.tzset()


# Every zone on one table of each library and every unit in some zones; all of both in bulk.
_EVERY_ZONE: Final = ("Polars", "pandas, us", "PyArrow, us")
_EVERY_UNIT: Final = ("Asia/Tokyo", "Europe/Berlin", "Pacific/Apia")


@pytest.mark.parametrize(
    ("kind", "zone"),
    [
        pytest.param(
            kind,
            zone,
            marks=[] if kind in _EVERY_ZONE or zone in _EVERY_UNIT else [pytest.mark.bulk],
        )
        for kind in IN_MEMORY
        for zone in MOMENTS
    ],
)
def test_tables_in_memory(kind: str, zone: str) -> None:
    """S12: pandas, Polars and PyArrow give the day of `local_day`, of every unit and zone."""
    frame: Any = nw.from_native(IN_MEMORY[kind](table(zone)))
    assert listed(with_local_day(frame, "at", zone, name="day"), "day") == wanted(zone)


@pytest.mark.parametrize("kind", COARSE)
def test_coarse_units(kind: str) -> None:
    """S12: milliseconds and whole seconds, also before 1970, fall on the day of `local_day`."""
    whole = [at for at in instants("Asia/Tokyo") if not at.microsecond]
    given = pa.table({"id": range(len(whole)), "at": pa.array(whole, pa.timestamp("us", "UTC"))})
    days = [local_day(at, zone_for("Asia/Tokyo")).toordinal() for at in whole]
    frame: Any = nw.from_native(COARSE[kind](given))
    assert listed(with_local_day(frame, "at", "Asia/Tokyo", name="day"), "day") == days


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("kind", ["Polars", "pandas, us", "PyArrow, us"])
def test_machine(kind: str) -> None:
    """S12: the zone of the machine has no influence."""
    frame: Any = nw.from_native(IN_MEMORY[kind](table("Europe/Berlin")))
    found = with_local_day(frame, "at", "Europe/Berlin", name="day")
    assert listed(found, "day") == wanted("Europe/Berlin")


# Every zone in one session and every session with some zones; all of both in bulk.
IN_SESSIONS: Final = [
    pytest.param(
        zone,
        session,
        marks=[] if session == SESSIONS[place % len(SESSIONS)] else [pytest.mark.bulk],
    )
    for place, zone in enumerate(MOMENTS)
    for session in SESSIONS
]


@pytest.mark.parametrize(("zone", "session"), IN_SESSIONS, indirect=["session"])
def test_duckdb(zone: str, session: str) -> None:
    """S12: DuckDB gives the day of `local_day`, whatever the zone of the connection."""
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{session}'")
        relation = connection.from_arrow(table(zone))
        frame: Any = nw.from_native(relation)
        assert listed(with_local_day(frame, "at", zone, name="day"), "day") == wanted(zone)


@pytest.mark.parametrize(("zone", "session"), IN_SESSIONS, indirect=["session"])
def test_ibis(zone: str, session: str) -> None:
    """S12: Ibis on DuckDB gives the day of `local_day`, whatever the zone of the connection."""
    frame: Any = nw.from_native(ibis.memtable(table(zone)))
    day = with_local_day(frame, "at", zone, name="day").to_native()
    connection = ibis.duckdb.connect()
    connection.raw_sql(f"SET TimeZone = '{session}'")
    assert connection.to_pyarrow(day).sort_by("id")["day"].to_pylist() == wanted(zone)
    connection.disconnect()


def run(query: str, dialect: str, given: pa.Table, session: str) -> list[int | None]:
    """The column `day` by id of a query in a dialect, asked of DuckDB in the zone of a session."""
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{session}'")
        connection.register("given", given)
        # What these two do in BigQuery and Trino; an instant has no zone to be changed.
        connection.execute("CREATE MACRO ieee_divide(a, b) AS a / b")
        connection.execute("CREATE MACRO at_timezone(instant, zone) AS instant")
        [translated] = sqlglot.transpile(query, read=dialect, write="duckdb")
        found = connection.sql(f"SELECT day FROM ({translated}) ORDER BY id").fetchall()
    return [day for (day,) in found]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects(dialect: str, session: str) -> None:
    """S12: without a connection, Ibis writes the day in each dialect of SQL."""
    unbound = ibis.table({"id": "int64", "at": "timestamp('UTC', 6)"}, name="given")
    frame: Any = nw.from_native(unbound)
    day = with_local_day(frame, "at", "Pacific/Apia", name="day").to_native()
    query = str(ibis.to_sql(day, dialect=dialect))
    if dialect == "bigquery":
        session = "UTC"  # As BigQuery is, unless a script sets @@time_zone.
    assert run(query, dialect, table("Pacific/Apia"), session) == wanted("Pacific/Apia")


def test_replaces_the_column() -> None:
    """The days can take the place of the instants."""
    for native in (pl.DataFrame(table("UTC")), duckdb.from_arrow(table("UTC"))):
        frame: Any = nw.from_native(native)
        found = with_local_day(frame, "at", "UTC", name="at")
        assert set(found.collect_schema().names()) == {"id", "at"}
        assert listed(found, "at") == wanted("UTC")


def test_never() -> None:
    """The last day that can be written, which means 'never', stays itself, summer or winter."""
    last = datetime(9999, 12, 31, 9, tzinfo=UTC)
    frame = nw.from_native(pl.DataFrame({"id": [0], "at": [last]}))
    for zone in MOMENTS:
        found = with_local_day(frame, "at", zone, name="day")
        assert listed(found, "day") == [local_day(last, zone_for(zone)).toordinal()]


def test_unknown_zone() -> None:
    """A zone that does not exist is refused before anything is computed."""
    frame = nw.from_native(pl.LazyFrame({"at": [datetime(2024, 1, 1, tzinfo=UTC)]}))
    with pytest.raises(InvalidDataError, match="zone: 'Europe/Berlyn': no such IANA zone"):
        with_local_day(frame, "at", "Europe/Berlyn", name="day")


DATES: Final = (
    date(1, 1, 1),
    date(1600, 12, 31),
    date(1900, 2, 28),
    date(1900, 3, 1),
    date(1969, 12, 31),
    date(1970, 1, 1),
    date(2000, 2, 29),
    date(2023, 12, 31),
    date(2024, 2, 29),
    date(2024, 12, 31),
    date(2100, 3, 1),
    date(9999, 12, 31),
)
ORDINALS: Final = [*(day.toordinal() for day in DATES), None]


def dates() -> pa.Table:
    """Dates with ids, the last of them null."""
    given = [*DATES, None]
    return pa.table({"id": range(len(given)), "on": pa.array(given, type=pa.date32())})


WITH_DATES: Final[Mapping[str, Table]] = {
    "Polars": pl.DataFrame,
    "Polars, lazy": lambda given: pl.DataFrame(given).lazy(),
    "pandas, objects": lambda given: given.to_pandas(),
    "pandas, Arrow": lambda given: given.to_pandas(types_mapper=pd.ArrowDtype),
    "PyArrow": lambda given: given,
    "DuckDB": duckdb.from_arrow,
    "Ibis on DuckDB": ibis.memtable,
}


@pytest.mark.parametrize("name", ["on", "day"])
@pytest.mark.parametrize("kind", WITH_DATES)
def test_dates(kind: str, name: str) -> None:
    """S11: a plain date is its own day on every engine, in a column of its own or in place."""
    frame: Any = nw.from_native(WITH_DATES[kind](dates()))
    assert listed(with_day(frame, "on", name=name), name) == ORDINALS


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dates_in_dialects(dialect: str) -> None:
    """S11: without a connection, Ibis writes the day of a date in each dialect of SQL."""
    frame: Any = nw.from_native(ibis.table({"id": "int64", "on": "date"}, name="given"))
    query = str(ibis.to_sql(with_day(frame, "on", name="day").to_native(), dialect=dialect))
    assert run(query, dialect, dates(), "UTC") == ORDINALS


@pytest.mark.spark
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Europe/Berlin", "Pacific/Apia"])
def test_spark(zone: str, session: str, spark: Any) -> None:
    """S12: Spark gives the day of `local_day`, whatever the zone of the session."""
    spark.conf.set("spark.sql.session.timeZone", session)
    try:
        frame: Any = nw.from_native(spark.createDataFrame(table(zone)))
        assert listed(with_local_day(frame, "at", zone, name="day"), "day") == wanted(zone)
    finally:
        spark.conf.unset("spark.sql.session.timeZone")


@pytest.mark.spark
def test_dates_on_spark(spark: Any) -> None:
    """S11: a plain date is its own day on Spark."""
    frame: Any = nw.from_native(spark.createDataFrame(dates()))
    assert listed(with_day(frame, "on", name="day"), "day") == ORDINALS
