"""Days: which zones there are, and the day on which an instant falls in one of them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.calendars import as_day, local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem

TOKYO = zone_for("Asia/Tokyo")
PARIS = zone_for("Europe/Paris")
NEW_YORK = zone_for("America/New_York")
SAO_PAULO = zone_for("America/Sao_Paulo")
APIA = zone_for("Pacific/Apia")
ZONES = [TOKYO, PARIS, NEW_YORK, SAO_PAULO, APIA, zone_for("UTC")]
NAIVE = datetime(2026, 4, 1, 9)  # noqa: DTZ001 - what is refused

INSTANTS = st.datetimes(
    datetime(1, 1, 3),  # noqa: DTZ001
    datetime(9999, 12, 29),  # noqa: DTZ001
    timezones=st.just(UTC),
)


def problem(call: Any, *args: object) -> Problem:
    """The only problem with which a call is refused."""
    with pytest.raises(InvalidDataError) as caught:
        call(*args)
    (only,) = caught.value.problems
    return only


@pytest.fixture(params=["Pacific/Kiritimati", "America/Los_Angeles"])
def machine_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test on a machine that is set to each of two zones, 21 hours or more apart."""
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of this machine cannot be set by a program")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


class TestZones:
    def test_a_zone_is_found_by_its_name(self) -> None:
        """A zone is the standard library's, one object for one name, and pickles."""
        zone = zone_for("Asia/Tokyo")
        assert zone.key == "Asia/Tokyo"
        assert zone is zone_for("Asia/Tokyo") is ZoneInfo("Asia/Tokyo")
        assert pickle.loads(pickle.dumps(zone)) is zone

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("Asia/Tokio", "'Asia/Tokio': no such IANA zone; did you mean 'Asia/Tokyo'?"),
            ("asia/tokyo", "'asia/tokyo': no such IANA zone; did you mean 'Asia/Tokyo'?"),
            ("Tokyo", "'Tokyo': no such IANA zone; did you mean 'Asia/Tokyo'?"),
            (
                "America/NewYork",
                "'America/NewYork': no such IANA zone; did you mean 'America/New_York'?",
            ),
            *(
                (name, f"{name!r:.60}: no such IANA zone; write for example 'Asia/Tokyo'")
                for name in ("", " ", "JST", "localtime", "../../etc/passwd", "\0", "x" * 10**6)
            ),
            (None, "must be the name of a time zone, not nothing"),
            (9, "must be the name of a time zone, not int 9"),
            (["UTC"], "must be the name of a time zone, not list ['UTC']"),
        ],
        ids=lambda value: f"{value!r:.20}",
    )
    def test_a_name_that_is_no_zone_is_refused(self, name: Any, message: str) -> None:
        """An unknown or malformed name is refused, with the nearest name where one is near."""
        assert problem(zone_for, name) == Problem("zone", "zone", message)

    @pytest.mark.parametrize("name", ["Asia", "/Asia/Tokyo", "Asia/../Asia/Tokyo", "right/UTC"])
    def test_a_path_is_no_name(self, name: str) -> None:
        """Law 9: a name that only the files of some machine answer to is no zone."""
        assert problem(zone_for, name).code == "zone"

    def test_zones_need_no_files_of_the_machine(self) -> None:
        """Law 9: every zone is found, with the same days, where the machine has no zone files."""
        program = (
            "from datetime import UTC, datetime\n"
            "from zoneinfo import TZPATH\n"
            "from mpfunnel.calendars import local_day, zone_for\n"
            "at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)\n"
            "days = [local_day(at, zone_for(f'Europe/{city}')).day for city in ('Paris', 'Lisbon')]"
            "\nassert (TZPATH, days) == ((), [2, 1]), (TZPATH, days)\n"
        )
        environment = os.environ | {"PYTHONTZPATH": ""}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)


class TestLocalDay:
    @pytest.mark.parametrize(
        ("at", "zone", "day"),
        [
            # Tokyo is nine hours ahead all year.
            (datetime(2026, 3, 31, 14, 59, 59, tzinfo=UTC), TOKYO, date(2026, 3, 31)),
            (datetime(2026, 3, 31, 15, tzinfo=UTC), TOKYO, date(2026, 4, 1)),
            (datetime(2026, 4, 1, tzinfo=TOKYO), TOKYO, date(2026, 4, 1)),
            (datetime(2026, 4, 1, tzinfo=TOKYO), PARIS, date(2026, 3, 31)),
            # Paris is one hour ahead in winter and two in summer.
            (datetime(2026, 1, 1, 22, 30, tzinfo=UTC), PARIS, date(2026, 1, 1)),
            (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), PARIS, date(2026, 7, 2)),
            (datetime(2026, 3, 28, 23, tzinfo=UTC), PARIS, date(2026, 3, 29)),
            (datetime(2026, 3, 29, 22, tzinfo=UTC), PARIS, date(2026, 3, 30)),
            (datetime(2026, 10, 25, 22, 59, tzinfo=UTC), PARIS, date(2026, 10, 25)),
            (datetime(2026, 10, 25, 23, tzinfo=UTC), PARIS, date(2026, 10, 26)),
            # A fixed offset, as an ISO text has it.
            (
                datetime(2026, 4, 1, 8, tzinfo=timezone(timedelta(hours=9))),
                NEW_YORK,
                date(2026, 3, 31),
            ),
        ],
    )
    def test_an_instant_falls_on_the_day_of_the_zone(
        self, at: datetime, zone: ZoneInfo, day: date
    ) -> None:
        """S12: the day is that of the zone, not that of UTC, in summer time and out of it."""
        assert local_day(at, zone) == day

    @pytest.mark.parametrize(("fold", "day"), [(0, 17), (1, 18)])
    def test_a_time_shown_twice_is_the_one_it_says(self, fold: int, day: int) -> None:
        """S12: clocks in São Paulo went back at midnight; the first 23:30 was an hour earlier."""
        at = datetime(2018, 2, 17, 23, 30, tzinfo=SAO_PAULO, fold=fold)
        assert local_day(at, SAO_PAULO) == date(2018, 2, 17)
        assert local_day(at, zone_for("America/Noronha")) == date(2018, 2, day)

    @pytest.mark.parametrize(
        ("at", "day"),
        [
            # Midnight did not exist: clocks went from 0:00 on the 15th to 1:00.
            (datetime(2017, 10, 15, 0, 30, tzinfo=SAO_PAULO), date(2017, 10, 15)),
            (datetime(2017, 10, 15, 0, 30, tzinfo=SAO_PAULO, fold=1), date(2017, 10, 14)),
            # Samoa left out the whole day.
            (datetime(2011, 12, 30, 12, tzinfo=APIA), date(2011, 12, 31)),
        ],
    )
    def test_a_time_that_no_clock_showed_is_an_instant_all_the_same(
        self, at: datetime, day: date
    ) -> None:
        """S12: the day of such a time is that of its instant, in whatever zone it is written."""
        assert local_day(at, at.tzinfo) == day  # type: ignore[arg-type]
        assert local_day(at.astimezone(UTC), at.tzinfo) == day  # type: ignore[arg-type]

    @given(INSTANTS, st.sampled_from(ZONES), st.sampled_from(ZONES))
    def test_the_zone_of_writing_does_not_matter(
        self, at: datetime, zone: ZoneInfo, written: ZoneInfo
    ) -> None:
        """S12: one instant has one day in a zone, wherever it was written down."""
        shown = at.astimezone(zone).replace(tzinfo=None)
        assert local_day(at, zone) == shown.date()
        assert local_day(at.astimezone(written), zone) == shown.date()

    @pytest.mark.parametrize(
        ("at", "zone"),
        [
            (datetime(1, 1, 1, 4, tzinfo=UTC), NEW_YORK),
            (datetime(9999, 12, 31, 15, tzinfo=UTC), TOKYO),
            (datetime(1, 1, 1, 8, tzinfo=TOKYO), TOKYO),
            (datetime(1, 1, 1, 8, tzinfo=TOKYO), PARIS),
            (datetime(9999, 12, 31, 20, tzinfo=NEW_YORK), NEW_YORK),
        ],
    )
    def test_the_calendar_has_two_ends(self, at: datetime, zone: ZoneInfo) -> None:
        """An instant outside the years 1 to 9999, in the zone or in UTC, is refused by name."""
        message = f"'{at.isoformat()}' is outside the years 1 to 9999 in UTC or {zone.key}"
        assert problem(local_day, at, zone) == Problem("range", "at", message)
        assert problem(as_day, at, zone) == Problem("range", "as_of", message)

    @pytest.mark.parametrize(
        ("at", "zone", "day"),
        [
            (datetime(1, 1, 1, tzinfo=UTC), TOKYO, date(1, 1, 1)),
            (datetime(9999, 12, 31, 14, tzinfo=UTC), TOKYO, date(9999, 12, 31)),
            (datetime(9999, 12, 31, 23, tzinfo=UTC), NEW_YORK, date(9999, 12, 31)),
        ],
    )
    def test_the_first_and_the_last_day_are_days(
        self, at: datetime, zone: ZoneInfo, day: date
    ) -> None:
        """The first and the last day of the calendar are days like any other."""
        assert local_day(at, zone) == day

    def test_a_naive_time_is_refused(self) -> None:
        """S12: a naive time has no day; a zone that does not know its offset gives none."""

        class Nowhere(tzinfo):
            def utcoffset(self, _at: datetime | None, /) -> None: ...
            def dst(self, _at: datetime | None, /) -> None: ...
            def tzname(self, _at: datetime | None, /) -> None: ...

        naive = Problem("naive", "at", "has no time zone; give an aware datetime")
        assert problem(local_day, NAIVE, TOKYO) == naive
        assert problem(local_day, NAIVE.replace(tzinfo=Nowhere()), TOKYO) == naive

    def test_a_missing_time_is_refused(self) -> None:
        """A datetime that stands for a missing one, as that of pandas does, is no instant."""

        class NotATime(datetime):
            def utcoffset(self) -> timedelta:
                raise ValueError("NaTType does not support utcoffset")

        missing = NotATime(2026, 4, 1)
        assert problem(as_day, missing, TOKYO).path == "as_of"
        assert problem(local_day, missing, TOKYO).code == "naive"


class TestAsDay:
    def test_a_date_stands_for_itself(self) -> None:
        """S11: `as_of` as a date is that day in every zone."""
        for day in (date.min, date(2026, 4, 1), date.max):
            assert {as_day(day, zone) for zone in ZONES} == {day}

    def test_an_instant_means_its_local_day(self) -> None:
        """S11: `as_of` as an aware datetime means its day in the playbook's zone."""
        at = datetime(2026, 3, 31, 18, tzinfo=UTC)
        assert as_day(at, TOKYO) == date(2026, 4, 1)
        assert as_day(at, NEW_YORK) == date(2026, 3, 31)
        assert type(as_day(at, TOKYO)) is date

    @pytest.mark.parametrize(
        ("as_of", "code", "message"),
        [
            (NAIVE, "naive", "has no time zone; give an aware datetime"),
            ("2026-04-01", "type", "must be a date or an aware datetime, not str '2026-04-01'"),
            (None, "type", "must be a date or an aware datetime, not nothing"),
            (20260401, "type", "must be a date or an aware datetime, not int 20260401"),
        ],
    )
    def test_anything_else_is_refused(self, as_of: Any, code: str, message: str) -> None:
        """S11: what is neither a date nor an aware datetime is refused, whatever it looks like."""
        assert problem(as_day, as_of, TOKYO) == Problem(code, "as_of", message)


@pytest.mark.usefixtures("machine_zone")
def test_the_zone_of_the_machine_does_not_matter() -> None:
    """Law 9: days are the same, and naive times refused, in whatever zone the machine is set."""
    at = datetime(2026, 4, 1, 12, tzinfo=UTC)
    # That the machine is elsewhere shows: its own day is not the same in both of its zones.
    assert at.astimezone().utcoffset() != at.astimezone(PARIS).utcoffset()
    days = [local_day(at + timedelta(hours=hours), TOKYO).day for hours in (-13, 2, 3, 26, 27)]
    assert days == [1, 1, 2, 2, 3]
    assert as_day(at.replace(hour=23), PARIS) == date(2026, 4, 2)
    assert problem(local_day, NAIVE, TOKYO).code == "naive"
    assert problem(as_day, NAIVE, TOKYO).code == "naive"
