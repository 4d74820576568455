"""Where leads are, for rules that ask for it: by the histories of the account, or as the gate goes.

Whoever has a history is where that one says. Whoever has none is moved through the gate on every
day from the first record on, as a CRM that asks every day would move it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from mpfunnel.account import Account, days_of, instants_of
from mpfunnel.answers import WarrantedStage
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id
from mpfunnel.situation import entry_on
from mpfunnel.stages import Entry, StageHistory

__all__ = ["Kept"]


class Kept:
    """The histories of the leads of an account: those that it holds, and those that follow."""

    def __init__(self, account: Account) -> None:
        self._given: dict[Id, list[StageHistory]] = {}
        for history in account.histories:
            self._given.setdefault(history.lead_id, []).append(history)
        self._moved: dict[Id, StageHistory] = {}
        self._first_day = min((day for _, day in days_of(account)), default=None)
        self._first_at = min((at for _, at in instants_of(account)), default=None)

    def since(self, day_of: Callable[[datetime], date]) -> int | None:
        """Return the day of the first record of the account; `None` where there is none."""
        days = [self._first_day, self._first_at and day_of(self._first_at)]
        return min((day.toordinal() for day in days if day is not None), default=None)

    def days(self, lead_id: Id, day_of: Callable[[datetime], date]) -> set[int]:
        """Return the days on which a lead was moved by the histories of the account."""
        return {
            day_of(at).toordinal()
            for history in self._given.get(lead_id, ())
            for entry in history.entries
            for at in (entry.entered, entry.left)
            if at is not None
        }

    def entry(self, lead_id: Id, day: int, day_of: Callable[[datetime], date]) -> Entry | None:
        """Return the entry that a lead is in at the end of a day, before it is moved on it."""
        if lead_id in self._given:
            return entry_on(lead_id, self._given[lead_id], date.fromordinal(day), day_of)
        return self.current(lead_id)

    def begin(self, history: StageHistory) -> None:
        """Let a lead begin where a history ends, and be moved on from there."""
        self._moved[history.lead_id] = history

    def current(self, lead_id: Id) -> Entry | None:
        """Return the entry to which a lead was moved last; `None` where it was not moved yet."""
        return self._moved[lead_id].current if lead_id in self._moved else None

    def ends(self, lead_id: Id) -> set[int]:
        """Return the day, if any, on which a person's decision about a lead holds no more."""
        current = self.current(lead_id)
        last = None if current is None else current.until
        return set() if last is None else {last.toordinal() + 1}

    def move(self, lead_id: Id, playbook: Playbook, stage: WarrantedStage, at: datetime) -> bool:
        """Move a lead through the gate, unless it has a history; return whether it was moved."""
        history = self._moved.get(lead_id, StageHistory(lead_id))
        current = history.current
        if lead_id in self._given or (current is not None and current.stage == stage.value.key):
            return False
        # Where the zone changes with the playbook, a day may begin before the last one ended.
        at = at if history.last_at is None else max(at, history.last_at)
        funnel, zone = playbook.funnel, playbook.zone
        moves = funnel.reconcile(history, stage, as_of=at, zone=zone).moves
        self._moved[lead_id] = funnel.apply(history, moves)
        return bool(moves)
