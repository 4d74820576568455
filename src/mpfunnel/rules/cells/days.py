"""Days as people write them; what could be two days is refused."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from mpfunnel.errors import InvalidDataError, brief
from mpfunnel.rules.cells.writing import ambiguous, refused
from mpfunnel.rules.facts import Fact

__all__ = ["DAY", "bare", "day_in", "doubt_about"]

DAY: Final = (
    r"(?P<n>(?P<year>[0-9]{4})(?:(?P<apart>[-/.])(?P<month>[0-9]{1,2})(?P=apart)(?P<day>[0-9]{1,2})"
    r"|\s?年\s?(?P<month_ja>[0-9]{1,2})\s?月\s?(?P<day_ja>[0-9]{1,2})\s?日"
    r"|(?P<month_8>[0-9]{2})(?P<day_8>[0-9]{2}))(?![0-9]))"
)
"""Matches a day, in the group ``n``."""

_CALL: Final = re.compile(r'date\(\s*"([^"]*)"\s*\)', re.IGNORECASE)
# What may be a day that lacks its year or its century, or puts it last.
_PARTS: Final = re.compile(
    r"([0-9]{1,4})\s*[-/.年月]\s*([0-9]{1,2})(?:\s*[-/.月日]\s*([0-9]{0,4}))?"
)


def bare(text: str) -> str:
    """Return `text` with days as people write them: ``date("2026-04-01")`` is ``2026-04-01``."""
    return _CALL.sub(r"\1", text)


def day_in(found: re.Match[str], fact: Fact) -> date:
    """Return the day that `DAY` has found."""
    month = found["month"] or found["month_ja"] or found["month_8"]
    day = found["day"] or found["day_ja"] or found["day_8"]
    try:
        return date(int(found["year"]), int(month), int(day))
    except ValueError:
        raise refused(fact, f"there is no day {brief(found[0])}; write another") from None


def doubt_about(text: str, fact: Fact) -> InvalidDataError | None:
    """Return why what begins like a day is none; `None` where it does not begin like one."""
    parts = _PARTS.match(text)
    if parts is None:
        return None
    written, (first, second, third) = parts[0].strip(), parts.groups()
    if third and len(first) == 4:
        return None
    if third:
        # Whichever of the outer parts is the year, with its century or without.
        ways = ((first, second, third), (third, first, second), (third, second, first))
        days = sorted({day for way in ways if (day := _iso(*way))})
        if len(days) > 1:
            return ambiguous(fact, written, days[0], days[1], "write one of these")
        hint = f"write {days[0]}" if days else "write for example 2026-04-01"
        return refused(fact, f"{brief(written)} is not how a day is written; {hint}")
    if len(first) == 4:
        hint = f"write a range, such as [{first}-04-01..{first}-04-30]"
        return ambiguous(fact, written, "its first day", "any of its days", hint)
    hint = "write the year too, as in 2026-04-01"
    return ambiguous(fact, written, "a day of this year", "the day of every year", hint)


def _iso(year: str, month: str, day: str) -> str | None:
    """Return the day in ISO 8601; `None` where there is none."""
    full = year if len(year) == 4 else f"20{year:0>2}"
    try:
        return date(int(full), int(month), int(day)).isoformat()
    except ValueError:
        return None
