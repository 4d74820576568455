"""Days: the zone of a playbook, and the day on which an instant falls there.

The unit of time is the day (S11), always a day in the playbook's zone (S12) and never in that of
the machine: neither its clock nor its setting of the time zone has any influence here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean

__all__ = ["as_day", "day_began", "local_day", "zone_for"]

_NAIVE: Final = "has no time zone; give an aware datetime"


@cache
def _names() -> frozenset[str]:
    # The names that the package tzdata ships, and no others: a machine may know 'localtime', which
    # is its own zone, 'right/…', which counts leap seconds, and names without regard to case.
    from importlib.resources import files

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="ascii").split())


def zone_for(name: str) -> ZoneInfo:
    """Return the IANA time zone of that name, for example ``"Asia/Tokyo"``.

    The same names exist on every machine, with or without time zone files of its own.

    Raises:
        InvalidDataError: There is no such zone; the problem's code and path are ``"zone"``.
    """
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        message = f"must be the name of a time zone, not {_named(name)}"
        raise InvalidDataError([Problem("zone", "zone", message)])
    if name not in _names():
        # A name of one word is never proposed: 'JST' is nearest to 'EST', and meant otherwise.
        near = did_you_mean(name, (known for known in _names() if "/" in known))
        hint = near or "; write for example 'Asia/Tokyo'"
        message = f"{brief(name)}: no such IANA zone{hint}"
        raise InvalidDataError([Problem("zone", "zone", message)])
    return ZoneInfo(name)


def local_day(at: datetime, zone: ZoneInfo, *, path: str = "at") -> date:
    """Return the day on which an instant falls in a zone (S12).

    Of a local time that a clock shows twice, `at.fold` says which one it is (by default the
    earlier). One that no clock shows counts as the instant that it stands for in UTC, so that the
    day is the same in whatever zone the instant is written.

    Args:
        at: An aware datetime.
        zone: The playbook's zone.
        path: What an error calls the instant.

    Raises:
        InvalidDataError: `at` is naive, or falls outside the years 1 to 9999 in UTC or in `zone`.
    """
    try:
        if at.tzinfo is zone:
            # Python would hand it back as it is, even on a day that the zone left out.
            at = at.astimezone(UTC)
        # Sources give every instant in UTC, where there is nothing to ask. pandas' NaT is a
        # datetime too, without zone, and refuses to name its offset.
        elif at.tzinfo is not UTC and (at.tzinfo is None or at.utcoffset() is None):
            raise InvalidDataError([Problem("naive", path, _NAIVE)])
        return at.astimezone(zone).date()
    except OverflowError:
        message = f"{brief(at.isoformat())} is outside the years 1 to 9999 in UTC or {zone}"
        raise InvalidDataError([Problem("range", path, message)]) from None


def day_began(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins in a zone, in UTC; that of UTC for the very first.

    Args:
        day: The day.
        zone: The zone.
    """
    # In UTC, the first day that there is may begin before time itself.
    midnight = datetime.combine(day, time(), zone)
    return midnight.astimezone(UTC) if day > date.min else datetime.min.replace(tzinfo=UTC)


def as_day(as_of: date | datetime, zone: ZoneInfo) -> date:
    """Return the day that `as_of` means (S11).

    A date stands for itself, an aware datetime for its day in `zone`.

    Raises:
        InvalidDataError: `as_of` is a naive datetime or anything else; the path is ``"as_of"``.
    """
    if isinstance(as_of, datetime):
        return local_day(as_of, zone, path="as_of")
    if isinstance(as_of, date):  # pyright: ignore[reportUnnecessaryIsInstance]
        return as_of
    message = f"must be a date or an aware datetime, not {_named(as_of)}"
    raise InvalidDataError([Problem("type", "as_of", message)])


def _named(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {brief(value)}"
