"""Which playbook was in force on which day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, cast

from attrs import field, frozen

from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, UnknownNameError, brief, series
from mpfunnel.playbook import Playbook
from mpfunnel.records.checks import a_day

__all__ = ["Book", "PlaybookTimeline", "timeline_of"]

Book = Playbook | Engine

_Entry = tuple[date | None, Engine]


def _entries(value: Iterable[tuple[date | None, Book]]) -> Any:
    # Playbooks are compiled once all entries are known to be sound.
    return series(value)


def _meant(entries: tuple[_Entry, ...]) -> tuple[tuple[date | None, Playbook], ...]:
    # Engines are equal where their playbooks are.
    return tuple((since, engine.playbook) for since, engine in entries)


@frozen
class PlaybookTimeline:
    """Which playbook was in force on which day; each one is compiled once, and kept.

    Attributes:
        entries: Since when each playbook, or its engine, is in force, in the order of time: until
            the next one is. The day of the first may be `None`, for "since ever".

    Raises:
        InvalidDataError: There is no entry, the days are out of order, or something is of another
            kind; all faults are told at once.
    """

    entries: tuple[tuple[date | None, Engine], ...] = field(converter=_entries, eq=_meant)

    def __attrs_post_init__(self) -> None:
        given: Any = self.entries
        problems = list(_faults(given))
        if problems:
            raise InvalidDataError(problems)
        made = tuple((since, _engine(book)) for since, book in given)
        object.__setattr__(self, "entries", made)

    @property
    def since(self) -> date | None:
        """The first day on which a playbook was in force; `None` where one always was."""
        return self.entries[0][0]

    def on(self, day: date) -> Engine:
        """Return the engine of the playbook that was in force on a day.

        Raises:
            UnknownNameError: None was.
        """
        at = bisect_right(self.entries, day, key=_first_day)
        if not at:
            raise UnknownNameError(f"no playbook was in force on {day}, only since {self.since}")
        return self.entries[at - 1][1]

    def between(self, first: date, last: date) -> Iterator[tuple[date, date, Engine]]:
        """Yield, in order, the first day, the last day and the engine of each playbook in force.

        Args:
            first: The first day asked about; days before any playbook are left out.
            last: The last day asked about.
        """
        ends = [since for since, _ in self.entries[1:]]
        for (since, engine), until in zip(self.entries, [*ends, None], strict=True):
            start = first if since is None else max(first, since)
            if until is not None and until <= last:
                if start < until:
                    yield start, date.fromordinal(until.toordinal() - 1), engine
            elif start <= last:
                yield start, last, engine


def timeline_of(book: Book | PlaybookTimeline) -> PlaybookTimeline:
    """Return a playbook, or its engine, as a timeline on which it was always in force."""
    return book if isinstance(book, PlaybookTimeline) else PlaybookTimeline([(None, book)])


def _first_day(entry: tuple[date | None, Engine]) -> date:
    return entry[0] or date.min


def _engine(book: Book) -> Engine:
    return book if isinstance(book, Engine) else Engine(book)


def _faults(given: object) -> Iterator[Problem]:
    if not isinstance(given, tuple) or not given:
        yield Problem("empty", "timeline", "must have at least one entry of a day and a playbook")
        return
    before: date | None = None
    for index, entry in enumerate(cast("tuple[object, ...]", given)):
        at = f"timeline[{index}]"
        pair = cast("tuple[object, ...]", entry if isinstance(entry, tuple) else ())
        if len(pair) != 2:
            given_as = brief(cast("Any", entry))
            message = f"must be a day and the playbook in force since then, not {given_as}"
            yield Problem("type", at, message)
            continue
        since, book = pair
        if since is None and index:
            yield Problem(
                "missing", f"{at}.since", "is missing; only the first may hold since ever"
            )
        elif since is not None and (fault := a_day(since)):
            yield Problem(fault[0], f"{at}.since", fault[1])
        elif isinstance(since, date):
            if before is not None and since <= before:
                message = f"must be after {before}, the day of the entry before it"
                yield Problem("order", f"{at}.since", message)
            before = since
        if not isinstance(book, Playbook | Engine):
            message = f"must be a Playbook or an Engine, not {type(book).__name__} {brief(book)}"
            yield Problem("type", f"{at}.playbook", message)
