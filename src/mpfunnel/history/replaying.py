"""Replay: what the answers about an account were on every day, without asking every day."""

from __future__ import annotations

from datetime import date

from mpfunnel.account import Account
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit
from mpfunnel.history.found import Found
from mpfunnel.history.kept import Kept
from mpfunnel.history.logs import AccountLog
from mpfunnel.history.pieces import Piece
from mpfunnel.history.spans import Replay
from mpfunnel.history.timeline import Book, PlaybookTimeline, timeline_of
from mpfunnel.playbook import Playbook
from mpfunnel.records.checks import a_day

__all__ = ["replay"]


def replay(account: Account, book: Book | PlaybookTimeline, *, start: date, end: date) -> Replay:
    """Return what the answers about an account were on every day from `start` to `end`.

    They are those of `Engine.assess` for every one of these days, asked of the playbook in force on
    it: as of each day, records up to that day count (law 5), however late they were entered. The
    days on which an answer changes are found, not tried; but a custom Tier policy can depend on
    anything, and is asked for each day. Stages are the warranted ones: where rules ask for the
    stage in which a lead is, it is that of its history; a lead of whom the account holds none is
    moved through the gate on every day from the first record on.

    Args:
        account: The records.
        book: A playbook, its engine, or which one was in force when.
        start: The first day, in the zone of the playbook in force on it.
        end: The last day.

    Raises:
        InvalidDataError: An argument is of another kind, the days are out of order, no playbook was
            in force on the first one, or a custom attribute holds a value of another type than
            declared.
        PolicyError: A custom policy broke its contract.
    """
    timeline = _checked(account, book, start, end)
    # The day before tells whether an answer of the first day is a new one.
    before = start.toordinal() - 1
    kept = Kept(account)
    for _, engine in timeline.entries:
        if engine.compiled.asks_stage and (since := kept.since(engine.compiled.day_of)):
            # Where leads are by then, they are by what came before.
            before = min(before, since)
    known_since = 1 if timeline.since is None else timeline.since.toordinal()
    from_day = min(start, date.fromordinal(max(before, known_since)))
    found = Found(start.toordinal())
    log: AccountLog | None = None
    for first, last, engine in timeline.between(from_day, end):
        piece = Piece(engine.compiled, account, first.toordinal(), last.toordinal())
        piece.replay(found, kept)
        log = piece.log
    assert log is not None  # a playbook was in force on the first day
    return found.replay(account, timeline, log, start, end)


def _checked(account: object, book: object, start: object, end: object) -> PlaybookTimeline:
    problems = misfit("account", account, Account)
    if not isinstance(book, Playbook | Engine | PlaybookTimeline):
        message = (
            "must be a Playbook, an Engine or a PlaybookTimeline, "
            f"not {type(book).__name__} {brief(book)}"
        )
        problems.append(Problem("type", "book", message))
    days = [
        Problem(fault[0], path, fault[1])
        for path, day in (("start", start), ("end", end))
        if (fault := a_day(day))
    ]
    problems += days
    if not days and isinstance(start, date) and isinstance(end, date):
        if end < start:
            problems.append(Problem("order", "end", "must not be before start"))
        if isinstance(book, PlaybookTimeline) and book.since is not None and start < book.since:
            message = f"must not be before {book.since}, since when a playbook is in force"
            problems.append(Problem("range", "start", message))
    if problems or not isinstance(book, Playbook | Engine | PlaybookTimeline):
        raise InvalidDataError(problems)
    return timeline_of(book)
