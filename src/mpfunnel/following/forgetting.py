"""Forgetting a person: their records and history go, how many came to each stage stays."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from hashlib import blake2b
from zoneinfo import ZoneInfo

from attrs import evolve

from mpfunnel.account import Relative
from mpfunnel.calendars import local_day
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.following.states import (
    AccountState,
    StageCount,
    company_id_of,
    is_about_lead,
)
from mpfunnel.records import Deal, Id
from mpfunnel.records.checks import an_id
from mpfunnel.stages import StageHistory

__all__ = ["digest", "forgotten", "stage_counts", "without_lead"]


def digest(lead_id: Id) -> str:
    """Return what is kept of the id of a lead that was forgotten, or has moved elsewhere.

    Some CRMs use mail addresses as ids, which must not stay. Whoever knows an id can tell whether
    it was here; that is what it is kept for.
    """
    return blake2b(json.dumps(lead_id).encode(), digest_size=16).hexdigest()


def without_lead(deal: Deal) -> Deal:
    """Return a deal without the lead that takes part."""
    return evolve(deal, lead_id=None)


def forgotten(state: AccountState, lead_id: Id, zone: ZoneInfo) -> AccountState:
    """Return a state without a lead (see `mpfunnel.Engine.forget`)."""
    if fault := an_id(lead_id):
        raise InvalidDataError([Problem(fault[0], "lead_id", fault[1])])
    account = state.account
    ids = _same_person(lead_id, account.histories)
    gone = [one for one in account.histories if one.lead_id in ids]
    # What was here for the lead's sake alone is held by the account of its own company.
    company_id = company_id_of(account)
    deals = [
        one
        for one in account.deals
        if one.lead_id not in ids or company_id in (None, one.company_id)
    ]
    digests = {digest(one) for one in ids}
    return evolve(
        state,
        account=evolve(
            account,
            leads=[one for one in account.leads if one.id not in ids],
            activities=[one for one in account.activities if one.lead_id not in ids],
            deals=[without_lead(one) if one.lead_id in ids else one for one in deals],
            sales_events=[one for one in account.sales_events if one.lead_id not in ids],
            overrides=[one for one in account.overrides if one.lead_id not in ids],
            histories=[one for one in account.histories if one.lead_id not in ids],
            relatives=[_without_leads(one, ids) for one in account.relatives],
        ),
        told={about: last for about, last in state.told.items() if about[1] not in ids},
        changed={
            version: at
            for version, at in state.changed.items()
            if not (is_about_lead(version) and version[1] in ids)
        },
        forgotten=state.forgotten | digests,
        counted=_added(state.counted, gone, zone),
        moved=state.moved - digests,
    )


def _without_leads(relative: Relative, ids: Collection[Id]) -> Relative:
    """Return a relative whose deals name none of these leads."""
    deals = [without_lead(one) if one.lead_id in ids else one for one in relative.deals]
    return evolve(relative, deals=deals)


def _same_person(lead_id: Id, histories: Iterable[StageHistory]) -> set[Id]:
    """Return the ids of a lead and of those that were merged with it."""
    ids = {lead_id}
    merged = [{one.lead_id, *(entry.of_lead for entry in one.entries)} for one in histories]
    for _ in merged:
        for names in merged:
            if names & ids:
                ids |= names
    return ids


def stage_counts(state: AccountState, zone: ZoneInfo) -> tuple[StageCount, ...]:
    """Return how often leads came to each stage (see `mpfunnel.Engine.stage_counts`)."""
    return _added(state.counted, state.account.histories, zone)


def _added(
    counted: Iterable[StageCount], histories: Iterable[StageHistory], zone: ZoneInfo
) -> tuple[StageCount, ...]:
    """Return the counts with those of histories."""
    found = Counter(
        {(one.month, one.stage, one.for_products, one.imputed): one.count for one in counted}
    )
    for history in dict.fromkeys(histories):
        for entry in history.entries:
            month = local_day(entry.entered, zone).isoformat()[:7]
            found[month, entry.stage, entry.for_products, entry.imputed] += 1
    return tuple(sorted(StageCount(*key, count) for key, count in found.items()))
