"""A lead that changes company: all that is kept of it goes from one account to another."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from mpfunnel.errors import InvalidDataError, Problem, brief, misfit
from mpfunnel.following.forgetting import digest
from mpfunnel.following.states import AccountState, company_id_of, is_about_lead
from mpfunnel.records import Id
from mpfunnel.records.checks import an_id

__all__ = ["moved"]


def moved(start: AccountState, to: AccountState, lead_id: Id) -> tuple[AccountState, AccountState]:
    """Return both states after a lead has moved (see `AccountState.move_lead`)."""
    problems = misfit("to", to, AccountState)
    if fault := an_id(lead_id):
        problems.append(Problem(fault[0], "lead_id", fault[1]))
    if problems:
        raise InvalidDataError(problems)
    lead = [one for one in start.account.leads if one.id == lead_id]
    if not lead:
        message = f"no such lead {brief(lead_id)} in the account"
        problems.append(Problem("unknown-lead", "lead_id", message))
    if digest(lead_id) in to.forgotten:
        problems.append(Problem("forgotten", "to", "the lead was forgotten there"))
    if any(one.lead_id == lead_id for one in to.account.histories):
        message = "has a history of the lead already, and which one holds cannot be told"
        problems.append(Problem("conflict", "to", message))
    if problems:
        raise InvalidDataError(problems)
    stay: dict[str, Any] = {"leads": [one for one in start.account.leads if one.id != lead_id]}
    there = to.account
    go: dict[str, Any] = {"leads": there.leads}
    if all(one.id != lead_id for one in there.leads):
        go["leads"] = [*there.leads, *lead]
    for name in ("activities", "sales_events", "overrides", "histories"):
        given = getattr(start.account, name)
        stay[name] = [one for one in given if one.lead_id != lead_id]
        known = getattr(there, name)
        new = [one for one in given if one.lead_id == lead_id and one not in known]
        go[name] = [*known, *new]
    # A deal is in the account of its company, and in that of the lead that takes part.
    company_id = company_id_of(start.account)
    stay["deals"] = [
        one for one in start.account.deals if one.lead_id != lead_id or one.company_id == company_id
    ]
    ids = {one.id for one in there.deals}
    new = [one for one in start.account.deals if one.lead_id == lead_id and one.id not in ids]
    go["deals"] = [*there.deals, *new]
    told = {about: last for about, last in start.told.items() if about[1] == lead_id}
    changed = {
        version: at
        for version, at in start.changed.items()
        if is_about_lead(version) and version[1] == lead_id
    }
    instants = [one.as_of for one in (start, to) if one.as_of is not None]
    return (
        evolve(
            start,
            account=evolve(start.account, **stay),
            told={about: last for about, last in start.told.items() if about not in told},
            changed={one: at for one, at in start.changed.items() if one not in changed},
            moved=start.moved | {digest(lead_id)},
        ),
        evolve(
            to,
            account=evolve(there, **go),
            as_of=None if to.as_of is None else max(instants),
            told={**told, **to.told},
            changed={**changed, **to.changed},
            moved=to.moved - {digest(lead_id)},
        ),
    )
