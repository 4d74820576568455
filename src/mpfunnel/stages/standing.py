"""Where a lead stood by its history on a day: what was known of it then, and nothing later."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime

from attrs import evolve

from mpfunnel.records import Id
from mpfunnel.stages.history import Entry, StageHistory

__all__ = ["history_on", "in_force", "known_on"]


def known_on(
    entries: Iterable[Entry], as_of: date, day_of: Callable[[datetime], date]
) -> tuple[Entry, ...]:
    """Return the entries of days up to `as_of`, as they were known then (law 5).

    An entry that was left on a later day had not been left.

    Args:
        entries: The entries of a history.
        as_of: The day, which counts up to its end.
        day_of: Gives the local day of an instant.
    """
    return tuple(
        evolve(entry, left=None) if entry.left and day_of(entry.left) > as_of else entry
        for entry in entries
        if day_of(entry.entered) <= as_of
    )


def in_force(lead_id: Id, known: Iterable[Entry]) -> Entry | None:
    """Return the entry that a lead is in; `None` where it is in none.

    Before two leads were merged, each was in an entry of its own: that of the lead which gave the
    history its id goes first.

    Args:
        lead_id: The lead of the history.
        known: Entries in the order of time, as `known_on` gives them.
    """
    found = None
    for entry in known:
        own = entry.of_lead == lead_id
        if entry.left is None and (own or found is None or found.of_lead != lead_id):
            found = entry
    return found


def history_on(
    history: StageHistory, as_of: date, day_of: Callable[[datetime], date]
) -> StageHistory:
    """Return a history as it was on a day, without what later turned out to be the same lead.

    Args:
        history: The history.
        as_of: The day, which counts up to its end.
        day_of: Gives the local day of an instant.
    """
    known = known_on(history.entries, as_of, day_of)
    here = in_force(history.lead_id, known)
    others = {one.of_lead for one in known if one.left is None and one is not here}
    return evolve(history, entries=[one for one in known if one.of_lead not in others])
