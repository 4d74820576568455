"""Ordered funnels: how many units took some steps in their order, and how long it took them.

A journey is told by days and only goes forward. This one is told by instants, of whatever events a
log holds: a page seen, a form opened, a form sent. A unit may try several times, and counts once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final

from attrs import frozen

from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    brief,
    misfit,
    misfits,
    not_a_key,
    series,
    twice,
)
from mpfunnel.records.checks import a_key, an_instant, utc

__all__ = ["OrderedFunnel", "OrderedStep", "ordered_funnel"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_SECOND: Final = 1_000_000
_PAIR: Final[Any] = (tuple, list)
"""A row of a table may come as a list."""


@frozen
class OrderedStep:
    """One step of an ordered funnel.

    Attributes:
        key: Its key.
        units: How many got there in their best try.
        mean_seconds: How long these took from the step before, on average; `None` of the first
            step, and where nobody got there.
        median_seconds: The same, as the median.
    """

    key: str
    units: int
    mean_seconds: float | None
    median_seconds: float | None


@frozen
class OrderedFunnel:
    """How far units got.

    Attributes:
        steps: The steps, in their order; of each, no more units than of the one before.
        pending: How many units have not come to the last step and still may, in a try whose
            window is open. As long as there are any, later steps are undercounted.
    """

    steps: tuple[OrderedStep, ...]
    pending: int


def ordered_funnel(
    units: Iterable[Iterable[tuple[datetime, str]]],
    steps: Iterable[str],
    window: timedelta,
    *,
    as_of: datetime,
) -> OrderedFunnel:
    """Return how many units took the steps in their order, within a window.

    A try begins with an event of the first step and goes on, to each further step, with an event
    of the same instant or a later one; at most `window` after its beginning, that instant
    included. Of the tries of a unit the best counts, which is the one that gets furthest; of those
    that get equally far, the one with the earliest events. Events between two steps do not
    matter, whatever they are.

    Args:
        units: The events of each unit in any order, as pairs of an instant, aware, and a key:
            what grouping a log by unit gives. Keys that are no step are left alone.
        steps: The keys of the steps, in their order; at least two, and each once.
        window: The longest that a try may take.
        as_of: The instant asked about, aware. What happened later is not known.

    Raises:
        InvalidDataError: Steps, window, an instant or a key is wrong; all of it at once.
    """
    keys = series(steps)
    problems = list(_faults(keys, window, utc(as_of)))
    logs = _logs(units, problems)
    if problems:
        raise InvalidDataError(problems)
    now, longest = _ticks(as_of), window // _TICK
    taken: list[list[int]] = [[] for _ in keys]
    came = pending = 0
    for log in logs:
        happened: dict[str, list[int]] = {key: [] for key in keys}
        for at, key in log:
            if key in happened and at <= now:
                happened[key].append(at)
        best = _best(happened, longest)
        came += bool(best)
        for place, (before, after) in enumerate(pairwise(best), 1):
            taken[place].append(after - before)
        if 0 < len(best) < len(keys):
            pending += now - happened[keys[0]][-1] < longest
    first = OrderedStep(keys[0], came, None, None)
    return OrderedFunnel((first, *map(_step, keys[1:], taken[1:])), pending)


def _best(happened: Mapping[str, list[int]], longest: int) -> list[int]:
    """Return the instants of the best try, as far as it got; sorts those of each step."""
    first, *others = happened.values()
    for instants in (first, *others):
        instants.sort()
    best: list[int] = []
    for start in first:
        tried = [start]
        for instants in others:
            place = bisect_left(instants, tried[-1])
            if place == len(instants) or instants[place] - start > longest:
                break
            tried.append(instants[place])
        if len(tried) > len(best):
            best = tried
        if len(best) == len(happened):
            break
    return best


def _step(key: str, taken: Sequence[int]) -> OrderedStep:
    if not taken:
        return OrderedStep(key, 0, None, None)
    mean = sum(taken) / (len(taken) * _SECOND)
    return OrderedStep(key, len(taken), mean, median(taken) / _SECOND)


def _ticks(instant: datetime) -> int:
    return (utc(instant) - _EPOCH) // _TICK


def _faults(keys: Any, window: Any, as_of: Any) -> Iterator[Problem]:
    wrong = misfits("steps", keys, object) or [
        one for place, key in enumerate(keys) for one in not_a_key(f"steps[{place}]", key)
    ]
    yield from wrong
    if not wrong:
        yield from twice("steps", keys)
        if len(keys) < 2:
            yield Problem("range", "steps", "must be at least two")
    unsound = misfit("window", window, timedelta)
    yield from unsound
    if not unsound and window < timedelta(0):
        yield Problem("range", "window", "must not be negative")
    if fault := an_instant(as_of):
        yield Problem(fault[0], "as_of", fault[1])


def _logs(units: Any, problems: list[Problem]) -> list[list[tuple[int, str]]]:
    """Return the events of each unit with their instants as integers; adds what is wrong."""
    logs: list[list[tuple[int, str]]] = []
    for place, unit in enumerate(_listed("units", units, problems)):
        log: list[tuple[int, str]] = []
        path = f"units[{place}]"
        for number, event in enumerate(_listed(path, unit, problems)):
            wrong = list(_wrong(f"{path}[{number}]", event))
            problems.extend(wrong)
            if not wrong:
                at, key = event
                log.append((_ticks(at), key))
        logs.append(log)
    return logs


def _listed(path: str, value: Any, problems: list[Problem]) -> tuple[Any, ...]:
    """Return a collection as a tuple; adds what is wrong where it is none."""
    listed: Any = series(value)
    wrong = misfits(path, listed, object)
    problems.extend(wrong)
    return () if wrong else listed


def _wrong(path: str, event: Any) -> Iterator[Problem]:
    """Yield what is wrong with an event."""
    if not isinstance(event, _PAIR) or len(event) != 2:
        message = f"must be a pair of an instant and a key, not {brief(event)}"
        yield Problem("type", path, message)
        return
    at, key = event
    if fault := an_instant(utc(at)):
        yield Problem(fault[0], f"{path}[0]", fault[1])
    if fault := a_key(key):
        yield Problem(fault[0], f"{path}[1]", fault[1])
