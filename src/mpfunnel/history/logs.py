"""What an account holds, by the days on which it begins and ceases to count.

All days here are ordinals (`date.toordinal`): they are compared and added up very often.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from attrs import define, evolve, field

from mpfunnel.account import Account
from mpfunnel.by_hand import ByHand, Levels, by_hand
from mpfunnel.records import Activity, Contract, Id, Lead, SalesEvent
from mpfunnel.situation import Rejected, situation

__all__ = ["NEVER", "AccountLog", "LeadLog", "Life", "log_of"]

NEVER: Final = date.max.toordinal() + 1


class Life(NamedTuple):
    """An activity or a deal, and the days on which it counts: from `since` until before `until`.

    It ceases to count with the day of another record that has its id and differs (S17).
    """

    since: int
    until: int
    record: Any


@define
class LeadLog:
    """What is about one lead.

    Attributes:
        lead: The lead.
        activities: Its activities, by the day since which they count; records are pairs with days.
        events: What sales decided, in the order of time, with days.
        deals: Deals in which it takes part; records are `DatedDeal`s.
        seen: Days with a record about the lead, and the instant of the last one with an instant.
        seen_of: Days with a record about one product; `None` stands for all products.
    """

    lead: Lead
    activities: list[Life] = field(factory=list[Life])
    events: list[tuple[SalesEvent, date]] = field(factory=list[tuple[SalesEvent, date]])
    deals: list[Life] = field(factory=list[Life])
    seen: dict[int, datetime | None] = field(factory=dict[int, "datetime | None"])
    seen_of: dict[Id | None, set[int]] = field(factory=dict[Id | None, set[int]])

    def see(self, day: int, at: datetime | None, product_ids: Iterable[Id | None]) -> None:
        """Keep that the day has a record about the products; about none of them for the stage."""
        known = self.seen.get(day)
        self.seen[day] = at if known is None or (at is not None and at > known) else known
        for product_id in product_ids:
            self.seen_of.setdefault(product_id, set()).add(day)


@define
class AccountLog:
    """What is known of one account until a day.

    Attributes:
        matched: Whether there is a company.
        leads: By id.
        deals: The company's own; all, where there is none.
        deals_without_lead: Deals that name no lead.
        contracts: The company's contracts.
        by_hand: What somebody has set, as of the last day.
        rejects: What could not be used as of the last day.
    """

    matched: bool
    leads: dict[Id, LeadLog]
    deals: list[Life]
    deals_without_lead: list[Life]
    contracts: tuple[Contract, ...]
    by_hand: ByHand
    rejects: tuple[Rejected, ...]


def log_of(
    account: Account,
    *,
    until: date,
    day_of: Callable[[datetime], date],
    products: Mapping[Id, object],
    levels: Levels,
    changes: Iterable[int],
) -> AccountLog:
    """Return what the account holds until the day `until`, that day included.

    Args:
        account: The records.
        until: The last day.
        day_of: Gives the local day of an instant.
        products: The products that the firm sells, by id.
        levels: What may be set by hand.
        changes: The days on which facts of the company change.
    """
    facts = situation(account, as_of=until, day_of=day_of, products=products)
    hands = by_hand(
        account.overrides,
        as_of=until,
        company_id=None if facts.company is None else facts.company.id,
        leads=facts.leads,
        levels=levels,
    )
    rejects = (*facts.rejects, *hands.rejects)
    log = AccountLog(facts.company is not None, {}, [], [], facts.contracts, hands, rejects)
    for lead_id, lead in facts.leads.items():
        log.leads[lead_id] = LeadLog(lead, events=facts.sales_events.get(lead_id, []))
    _take(log, facts, {})
    clashes = _clashes(facts.rejects, day_of)
    if clashes:
        # As of the days before the second of them, the first one counts (law 5).
        firsts = {key: lives[0] for key, lives in clashes.items()}
        early: dict[str, Any] = {"activities": [], "deals": []}
        for (table, _), life in firsts.items():
            early[table].append(life.record)
        alone = situation(evolve(account, **early), as_of=until, day_of=day_of, products=products)
        _take(log, alone, {life.record: life.until for life in firsts.values()})
        _see_clashes(log, clashes)
    for one in log.leads.values():
        one.activities.sort(key=lambda life: life.since)
        _see(log, one, changes)
    return log


def _take(log: AccountLog, facts: Any, untils: Mapping[Any, int]) -> None:
    """Add the activities and deals that can be used."""
    for lead_id, pairs in facts.activities.items():
        log.leads[lead_id].activities += [
            Life(pair[1].toordinal(), untils.get(pair[0], NEVER) if untils else NEVER, pair)
            for pair in pairs
        ]
    own = set(map(id, facts.deals))
    for lead_id, deals in facts.deals_of.items():
        lives = [Life(one[1].toordinal(), untils.get(one[0], NEVER), one) for one in deals]
        if lead_id in log.leads:
            log.leads[lead_id].deals += lives
        elif lead_id is None:
            log.deals_without_lead += lives
        log.deals += [life for life in lives if id(life.record[0]) in own]


def _clashes(
    rejects: Iterable[Rejected], day_of: Callable[[datetime], date]
) -> dict[tuple[str, Any], list[Life]]:
    """Return the activities and deals that share an id but differ, in the order of their days."""
    found: dict[tuple[str, Any], list[tuple[int, Any]]] = {}
    for one in rejects:
        if one.code == "conflict" and one.table in ("activities", "deals"):
            record = one.record
            activity = one.table == "activities"
            about = (record.lead_id, record.id) if activity else record.id
            day = day_of(record.at if activity else record.opened_at).toordinal()
            found.setdefault((one.table, about), []).append((day, record))
    clashes: dict[tuple[str, Any], list[Life]] = {}
    for key, records in found.items():
        records.sort(key=lambda pair: pair[0])
        clashes[key] = [Life(day, records[1][0], record) for day, record in records]
    return clashes


def _see_clashes(log: AccountLog, clashes: Mapping[tuple[str, Any], list[Life]]) -> None:
    """Keep the days of records that share an id: each ends what those before it were about."""
    for (table, _), lives in clashes.items():
        leads = [*log.leads.values()]
        if table == "activities":
            leads = [one for one in leads if one.lead.id == lives[0].record.lead_id]
        about: set[Id | None] = set()
        for life in lives:
            record = life.record
            if table == "activities":
                about |= record.product_ids or {None}
            else:
                about |= {line.product_id for line in record.lines}
            at = record.at if table == "activities" else record.opened_at
            for one in leads:
                one.see(life.since, at, about)


def _see(log: AccountLog, one: LeadLog, changes: Iterable[int]) -> None:
    """Keep the days that have a record about a lead."""
    for life in one.activities:
        activity: Activity = life.record[0]
        one.see(life.since, activity.at, activity.product_ids or (None,))
    for event, day in one.events:
        one.see(day.toordinal(), event.at, (event.product_id,))
    own = {id(life.record[0]) for life in log.deals}
    deals = [*log.deals, *(life for life in one.deals if id(life.record[0]) not in own)]
    for life in deals if log.matched else one.deals:
        deal, opened, closed = life.record
        # A deal that is not the company's own is a sign of its lead, and no more.
        about = {line.product_id for line in deal.lines} if id(deal) in own else ()
        one.see(opened.toordinal(), deal.opened_at, about)
        if closed is not None and opened <= closed:
            one.see(closed.toordinal(), deal.closed_at, about)
    for contract in log.contracts:
        one.see(contract.start.toordinal(), None, (contract.product_id,))
    for changed in changes:
        one.see(changed, None, (None,))
    for hand in log.by_hand.begun:
        if hand.lead_id in (None, one.lead.id):
            # Of a segment, it is about all products.
            one.see(hand.since.toordinal(), None, (hand.product_id,))
