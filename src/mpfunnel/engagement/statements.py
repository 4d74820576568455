"""What a tally is told of activities, and the form in which it is stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple, cast

from mpfunnel import stored
from mpfunnel.errors import DecodeError, Problem, brief, misfit
from mpfunnel.records import Id
from mpfunnel.records.checks import Fault, a_bool, a_day, a_key, an_id

__all__ = ["Told", "problem_of", "read", "told_of", "written"]

FORMAT: Final = 1


class Told(NamedTuple):
    """What is kept of an activity."""

    day: int
    """The ordinal of its day."""
    kind: str
    company_wide: bool


@lru_cache(maxsize=4_096, typed=True)
def told_of(day: date, kind: str, company_wide: bool) -> Told | None:
    """Return what is kept of an activity, one object for all that are alike; `None` if unsound."""
    if a_day(day) or a_key(kind) or a_bool(company_wide):
        return None
    return Told(day.toordinal(), kind, company_wide)


def problem_of(path: str, fault: Fault) -> Problem:
    """Return a fault as the problem of a path."""
    code, message = fault
    return Problem(code, path, message)


def written(kept_since: date | None, statements: Iterable[tuple[Id, Told]]) -> bytes:
    """Return statements as JSON in UTF-8: the same bytes whatever their order."""
    told: dict[tuple[int, str], tuple[list[Id], list[Id]]] = {}
    for activity_id, (day, kind, wide) in statements:
        told.setdefault((day, kind), ([], []))[wide].append(activity_id)
    plain = {
        "format": FORMAT,
        "kept_since": None if kept_since is None else kept_since.isoformat(),
        "told": [
            [date.fromordinal(day).isoformat(), kind, *(sorted(ids, key=_order) for ids in both)]
            for (day, kind), both in sorted(told.items())
        ],
    }
    return stored.written(plain)


def read(data: stored.Stored) -> tuple[date | None, list[tuple[Id, Told]]]:
    """Return what `written` wrote, in this version or an earlier one.

    Raises:
        DecodeError: The bytes do not have that form; all faults are told at once.
    """
    plain = stored.parsed(data, "tally", FORMAT, ("kept_since", "told"))
    problems: list[Problem] = []
    since = None
    if plain["kept_since"] is not None:
        since = _a_day("tally.kept_since", plain["kept_since"], problems)
    rows = plain["told"]
    problems += misfit("tally.told", rows, list)
    statements = [
        statement
        for index, row in enumerate(cast("list[object]", rows) if not problems else [])
        for statement in _statements_of(f"tally.told[{index}]", row, since, problems)
    ]
    if problems:
        raise DecodeError(problems)
    return since, statements


def _order(activity_id: Id) -> tuple[bool, Id]:
    return isinstance(activity_id, str), activity_id


def _a_day(path: str, value: object, problems: list[Problem]) -> date | None:
    with contextlib.suppress(ValueError):
        # Other forms of a day are ISO 8601 too, but nothing that `to_bytes` writes.
        if isinstance(value, str) and (day := date.fromisoformat(value)).isoformat() == value:
            return day
    message = f"must be a day such as '2026-10-31', not {brief(value)}"
    problems.append(Problem("format", path, message))
    return None


def _statements_of(
    path: str, row: object, since: date | None, problems: list[Problem]
) -> Iterator[tuple[Id, Told]]:
    """Yield what one row tells, or put its faults to the problems."""
    cells = cast("list[object]", row) if isinstance(row, list) else []
    if len(cells) != 4:
        message = "must be a list of a day, a kind, and two lists of ids"
        problems.append(Problem("type", path, message))
        return
    day = _a_day(f"{path}[0]", cells[0], problems)
    if day is not None and since is not None and day < since:
        message = f"must not be before kept_since, {since}"
        problems.append(Problem("order", f"{path}[0]", message))
    if fault := a_key(cells[1]):
        problems.append(problem_of(f"{path}[1]", fault))
    for place, wide in ((2, False), (3, True)):
        problems += misfit(f"{path}[{place}]", cells[place], list)
        ids = cast("list[object]", cells[place]) if isinstance(cells[place], list) else []
        # A faulty row is read on for its other faults.
        told = None if day is None or fault else told_of(day, str(cells[1]), wide)
        for index, activity_id in enumerate(ids):
            if no_id := an_id(activity_id):
                problems.append(problem_of(f"{path}[{place}][{index}]", no_id))
            elif told is not None:
                yield cast("Id", activity_id), told
