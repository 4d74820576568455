"""News: the newest records about each lead, which the gate holds against what people decided."""

from __future__ import annotations

import itertools
from datetime import date, datetime

from attrs import define, field

from mpfunnel.account import days_of, instants_of
from mpfunnel.calendars import day_began
from mpfunnel.compiled import Compiled
from mpfunnel.following.states import AccountState, is_about_lead
from mpfunnel.following.taking import Taken
from mpfunnel.records import Id

__all__ = ["News", "news_of"]

_Newest = dict[Id | None, datetime]


@define
class News:
    """The instants of the newest records about each lead; `None` stands for all of them.

    Attributes:
        new: Of those that have come in, or begun to count, since the account was last asked.
        known: Of all that count.
    """

    new: _Newest = field(factory=_Newest)
    known: _Newest = field(factory=_Newest)

    def about(self, lead_id: Id) -> dict[str, datetime | None]:
        """Return what `Funnel.reconcile` asks for."""
        return {
            name: max((given[one] for one in (lead_id, None) if one in given), default=None)
            for name, given in (("new_fact_at", self.new), ("latest_fact_at", self.known))
        }


def news_of(book: Compiled, state: AccountState, taken: Taken, as_of: datetime) -> News:
    """Return the news of an account.

    Args:
        book: The compiled playbook.
        state: The account when it was last asked.
        taken: The account with the event.
        as_of: The instant; records of its day count, and are no newer than it.
    """
    today = book.day_of(as_of)
    last = state.as_of
    asked_on = None if last is None else book.day_of(last)
    news = News()

    def add(given: _Newest, lead_id: Id | None, at: datetime) -> None:
        at = min(at, as_of)
        if lead_id not in given or given[lead_id] < at:
            given[lead_id] = at

    def begins(lead_id: Id | None, at: datetime, day: date) -> None:
        if day <= today:
            add(news.known, lead_id, at)
            if asked_on is None or asked_on < day:
                add(news.new, lead_id, at)

    account = taken.account
    relatives = [one.account for one in account.relatives] if book.asked_of_group else []
    instants = itertools.chain(*map(instants_of, (account, *relatives)))
    days = itertools.chain(*map(days_of, (account, *relatives)))
    for lead_id, at in instants:
        if last is not None and at <= last:
            add(news.known, lead_id, at)
        else:
            begins(lead_id, at, book.day_of(at))
    for lead_id, day in days:
        begins(lead_id, day_began(day, book.zone), day)
    for version, at in taken.changed.items():
        add(news.known, version[1] if is_about_lead(version) else None, at)
    for lead_id, at in taken.news:
        add(news.known, lead_id, at)
        add(news.new, lead_id, at)
    return news
