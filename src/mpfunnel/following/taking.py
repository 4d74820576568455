"""Taking events into an account: which record takes the place of which, and what is not taken.

What a lead did and what sales said is added: an equal one is there already, and activities that
share an id but differ all stay, to be rejected (S17). Of companies, leads, deals, contracts and
what was set by hand a CRM sends a new version with each edit, which takes the place of the one
before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from attrs import define, evolve, field, frozen

from mpfunnel.account import Account, Relative, company_of
from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.following.forgetting import digest, without_lead
from mpfunnel.following.states import AccountState, Version, company_id_of
from mpfunnel.records import (
    Activity,
    Company,
    CompanyHistory,
    Contract,
    Deal,
    Id,
    Lead,
    Override,
    SalesEvent,
)
from mpfunnel.records.checks import Record, an_id, checked
from mpfunnel.stages import Move

__all__ = ["MOVED", "Event", "LeadMove", "Taken", "take"]

MOVED: Final = "is a lead that has moved to another account; send it there"


@frozen
class LeadMove(Record):
    """A person, an import or a program asks to move a lead; the gate of the funnel decides."""

    lead_id: Id = field(metadata=checked(an_id))
    move: Move = field(
        metadata=checked(
            lambda value: (
                None
                if isinstance(value, Move)
                else ("type", f"must be a Move, not {type(value).__name__}")
            )
        )
    )


Event = (
    Company
    | CompanyHistory
    | Lead
    | Activity
    | Deal
    | Contract
    | SalesEvent
    | Override
    | Relative
    | LeadMove
    | None
)
"""A record that is new or has changed, a move that is asked for, or `None`: time has passed."""

_Versioned = Company | CompanyHistory | Lead | Deal | Contract | Override | Relative
_TABLES: Final[dict[type, str]] = {
    Lead: "leads",
    Activity: "activities",
    Deal: "deals",
    Contract: "contracts",
    SalesEvent: "sales_events",
    Override: "overrides",
    Relative: "relatives",
}


@define
class Taken:
    """An account with an event in it.

    Attributes:
        account: The records.
        changed: When the CRM changed records that it said so of.
        news: Which lead there is something new about, since when; `None` stands for all of them.
        refused: Why the event, or a part of it, was not taken.
        record: The record as it was taken.
    """

    account: Account
    changed: dict[Version, datetime]
    news: list[tuple[Id | None, datetime]] = field(factory=list[tuple[Id | None, datetime]])
    refused: list[Problem] = field(factory=list[Problem])
    record: Any = None


def take(
    state: AccountState,
    event: Event,
    as_of: datetime,
    changed_at: datetime | None,
    day_of: Callable[[datetime], date],
) -> Taken:
    """Return the account with an event in it; moves are left to the gate.

    Args:
        state: What is known.
        event: What is new.
        as_of: The instant of the event's arrival.
        changed_at: When the CRM changed the record, where it says so.
        day_of: Gives the day of an instant.

    Raises:
        InvalidDataError: It is no event, or a company that is not the one of the account.
    """
    taken = Taken(state.account, dict(state.changed))
    if event is None or isinstance(event, LeadMove):
        return taken
    if isinstance(event, Company | CompanyHistory):
        _check_company(state.account, event)
        known = state.account.company
        if isinstance(event, Company) and isinstance(known, CompanyHistory):
            # What is known of the past stays known.
            event = known.went_on(event, since=day_of(changed_at or as_of))
    elif type(event) not in _TABLES:
        message = (
            "must be a record of the account, a LeadMove, or None where only time has passed, "
            f"not {type(event).__name__}"
        )
        raise InvalidDataError([Problem("type", "event", message)])
    lead_id = event.lead_id if isinstance(event, Deal) else lead_id_of(event)
    at = "event.id" if isinstance(event, Lead) else "event.lead_id"
    if lead_id is not None and digest(lead_id) in state.moved and not isinstance(event, Deal):
        taken.refused.append(Problem("moved", at, MOVED))
        return taken
    if lead_id is not None and digest(lead_id) in state.forgotten:
        if not isinstance(event, Deal):
            taken.refused.append(Problem("forgotten", at, "is a lead that was forgotten"))
            return taken
        message = "is a lead that was forgotten; the deal is kept without it"
        taken.refused.append(Problem("forgotten", at, message))
        event = without_lead(event)
    taken.record = event
    if isinstance(event, Activity | SalesEvent):
        table = _TABLES[type(event)]
        there: tuple[Any, ...] = getattr(state.account, table)
        if event not in there:
            taken.account = _with(state.account, table, (*there, event))
            taken.news.append((event.lead_id, min(event.at, as_of)))
        return taken
    _take_version(taken, event, as_of, changed_at)
    return taken


def _check_company(account: Account, event: Company | CompanyHistory) -> None:
    given = company_of(event)
    known = company_id_of(account)
    if known is not None and (type(known), known) != (type(given.id), given.id):
        message = f"must be {brief(known)}, the company of the account, not {brief(given.id)}"
        raise InvalidDataError([Problem("conflict", "event.id", message)])


def _take_version(
    taken: Taken,
    event: _Versioned,
    as_of: datetime,
    changed_at: datetime | None,
) -> None:
    """Put a version of a record in the place of the one before, unless it is older."""
    version = _version(event)
    last = taken.changed.get(version)
    if changed_at is not None and last is not None and changed_at < last:
        message = f"was changed before {last.isoformat()}, and a later version is known"
        taken.refused.append(Problem("outdated", "event", message))
        return
    taken.changed.pop(version, None)
    if changed_at is not None:
        taken.changed[version] = changed_at
    if isinstance(event, Company | CompanyHistory):
        if event == taken.account.company:
            return
        taken.account = evolve(taken.account, company=event)
    else:
        table = _TABLES[type(event)]
        known: tuple[Any, ...] = getattr(taken.account, table)
        same = [index for index, one in enumerate(known) if _version(one) == version]
        if [known[index] for index in same] == [event]:
            return
        kept = [one for index, one in enumerate(known) if index not in same]
        # In its old place, so that an edit changes no order.
        kept.insert(same[0] if same else len(kept), event)
        taken.account = _with(taken.account, table, kept)
    about = lead_id_of(event)
    taken.news.append((about, as_of if changed_at is None else min(changed_at, as_of)))


def lead_id_of(record: Any) -> Id | None:
    """Return the lead that a record is about; a deal is about all leads of its company."""
    match record:
        case Lead():
            return record.id
        case Activity() | SalesEvent() | Override():
            return record.lead_id
        case _:
            return None


def _with(account: Account, table: str, records: Any) -> Account:
    given: dict[str, Any] = {table: records}
    return evolve(account, **given)


def _version(record: _Versioned) -> Version:
    """Return which record it is a version of."""
    if isinstance(record, Override):
        about = record.company_id if record.lead_id is None else record.lead_id
        assert about is not None  # an override is about one of them
        return "overrides", about, record.product_id, f"{record.what} {record.since}"
    if isinstance(record, Contract):
        first = record.start.isoformat()
        return "contracts", record.company_id, record.product_id, first
    if isinstance(record, Company | CompanyHistory):
        return "companies", company_of(record).id, None, None
    if isinstance(record, Relative):
        return "relatives", company_of(record.company).id, None, None
    return _TABLES[type(record)], record.id, None, None
