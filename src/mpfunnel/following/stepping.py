"""One step: an event into an account, the answers anew, the gate, and what others have to hear.

The answers are made by the engine from all records, as `Engine.assess` makes them: there is no
second way to them that could say something else. So a step costs what assessing the account costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from attrs import evolve

from mpfunnel.account import Account
from mpfunnel.answers import Assessment, LeadAnswer
from mpfunnel.calendars import day_began
from mpfunnel.case import Case
from mpfunnel.compiled import Compiled
from mpfunnel.errors import InvalidDataError, Problem, TransitionError, misfit
from mpfunnel.following.forgetting import digest
from mpfunnel.following.news import News, news_of
from mpfunnel.following.notices import Answered, Telling
from mpfunnel.following.states import AccountState
from mpfunnel.following.taking import MOVED, Event, LeadMove, Taken, take
from mpfunnel.records import Id, Override, SalesEvent
from mpfunnel.stages import Funnel, Move, StageHistory, Transition
from mpfunnel.stages.history import instant

__all__ = ["step"]


def step(
    book: Compiled,
    state: AccountState,
    event: Event,
    as_of: datetime,
    changed_at: datetime | None,
) -> Answered:
    """Return what comes of an event (see `mpfunnel.Engine.on`)."""
    if wrong := misfit("state", state, AccountState):
        raise InvalidDataError(wrong)
    as_of = instant("as_of", as_of)
    if state.as_of is not None and as_of < state.as_of:
        message = f"must not be before {state.as_of.isoformat()}, when the account was last asked"
        raise InvalidDataError([Problem("order", "as_of", message)])
    if changed_at is not None:
        changed_at = instant("changed_at", changed_at)
    if isinstance(event, LeadMove):
        at = event.move.at
        if state.as_of is not None and state.as_of < at <= as_of:
            # What days alone had done by then comes first: the gate is asked where the lead was.
            passed = step(book, state, None, at, None)
            asked = step(book, passed.state, event, as_of, changed_at)
            return evolve(asked, changes=(*passed.changes, *asked.changes))
    taken = take(state, event, as_of, changed_at, book.day_of)
    day = book.day_of(as_of)
    answer = Case(book, taken.account, day).assessment()
    taken.refused += _rejected(answer, taken)
    known = _histories(taken.account.histories, answer.leads)
    now = dict(known)
    allowed: tuple[Transition, ...] = ()
    if isinstance(event, LeadMove):
        allowed = _ask(book.playbook.funnel, now, event, as_of, state, answer, taken)
        answer = _again(book, now, known, taken, answer)
    before, warranted = dict(now), answer.leads
    news = news_of(book, state, taken, as_of)
    for lead_id, history in now.items():
        now[lead_id] = _reconciled(book, history, warranted[lead_id], as_of, news)
    answer = _again(book, now, before, taken, answer)
    telling = Telling(state, answer.company_id, as_of, book.day_of)
    telling.answers(answer)
    for lead_id, history in now.items():
        decision = warranted[lead_id].stage.warranted.decision
        telling.moves(history, known[lead_id], decision)
        _tell_late(book, telling, history, state.as_of, as_of)
    _tell_follow_ups(book, telling, taken.account, answer)
    _tell_expired(telling, answer, state, book)
    return Answered(
        evolve(
            state,
            account=taken.account,
            as_of=as_of,
            told=telling.told,
            changed=taken.changed,
        ),
        answer,
        tuple(telling.notices),
        tuple(taken.refused),
        allowed,
    )


def _rejected(answer: Assessment, taken: Taken) -> list[Problem]:
    """Return why the record of the event does not count, where it does not."""
    if taken.record is None:
        return []
    expired = [one for one in answer.expired if one == taken.record]
    return [
        Problem(one.code, "event", one.reason)
        for one in answer.rejects
        if type(one.record) is type(taken.record) and one.record == taken.record
    ] + [Problem("expired", "event", f"held until {one.until}") for one in expired]


def _histories(histories: Iterable[StageHistory], leads: Iterable[Id]) -> dict[Id, StageHistory]:
    """Return the history of each lead; without those of whom there are several that differ."""
    found: dict[Id, set[StageHistory]] = {}
    for history in histories:
        found.setdefault(history.lead_id, set()).add(history)
    return {
        lead_id: next(iter(found.get(lead_id, (StageHistory(lead_id),))))
        for lead_id in leads
        if len(found.get(lead_id, ())) < 2
    }


def _again(
    book: Compiled,
    now: Mapping[Id, StageHistory],
    before: Mapping[Id, StageHistory],
    taken: Taken,
    answer: Assessment,
) -> Assessment:
    """Return the answers with the histories as they are now; most steps move nobody."""
    if now == before:
        return answer
    others = [one for one in taken.account.histories if one.lead_id not in now]
    begun = [one for one in now.values() if one.entries]
    taken.account = evolve(taken.account, histories=[*others, *begun])
    return Case(book, taken.account, answer.as_of).assessment()


# -- the gate --


def _ask(
    funnel: Funnel,
    now: dict[Id, StageHistory],
    event: LeadMove,
    as_of: datetime,
    state: AccountState,
    answer: Assessment,
    taken: Taken,
) -> tuple[Transition, ...]:
    """Ask the gate for a move; return what it would have let pass, where it refused."""
    move = event.move
    if move.at > as_of:
        message = f"must not be after as_of, {as_of.isoformat()}; send it again then"
        taken.refused.append(Problem("order", "event.move.at", message))
        return ()
    history = now.get(event.lead_id)
    if history is None:
        taken.refused.append(_no_history(event.lead_id, state, answer))
        return ()
    if any(_is_made(entry, move) for entry in history.entries):
        return ()
    try:
        now[event.lead_id] = funnel.apply(history, [move])
    except TransitionError as error:
        taken.refused += (
            Problem(one.code, one.path.replace("moves[0]", "event.move", 1), one.message)
            for one in error.problems
        )
        return error.allowed
    return ()


def _no_history(lead_id: Id, state: AccountState, answer: Assessment) -> Problem:
    """Return why a lead cannot be moved that has no history, or too many of them."""
    code, message = "unknown-lead", "no such lead in the account"
    if digest(lead_id) in state.forgotten:
        code, message = "forgotten", "is a lead that was forgotten"
    elif digest(lead_id) in state.moved:
        code, message = "moved", MOVED
    elif lead_id in answer.leads:
        code, message = "conflict", "has several histories that differ"
    return Problem(code, "event.lead_id", message)


def _is_made(entry: Any, move: Move) -> bool:
    """Whether an entry was made by this very move, delivered once more."""
    return not entry.imputed and all(
        getattr(entry, name) == wanted
        for name, wanted in (
            ("stage", move.to),
            ("entered", move.at),
            ("cause", move.cause),
            ("reason", move.reason),
            ("by", move.by),
            ("for_products", move.for_products),
        )
    )


def _reconciled(
    book: Compiled, history: StageHistory, lead: LeadAnswer, as_of: datetime, news: News
) -> StageHistory:
    """Return the history of a lead after the moves that its facts warrant."""
    funnel, zone = book.playbook.funnel, book.playbook.zone
    proposal = funnel.reconcile(history, lead.stage, as_of=as_of, zone=zone, **news.about(lead.id))
    return funnel.apply(history, proposal.moves)


# -- what others have to hear --


def _tell_late(
    book: Compiled,
    telling: Telling,
    history: StageHistory,
    last: datetime | None,
    as_of: datetime,
) -> None:
    """Tell of the stages that the lead has been in for too long, or was until this step."""
    playbook = book.playbook
    for entry in history.entries:
        if entry.left is not None and (last is None or entry.left <= last):
            continue
        found = playbook.funnel.deadline(entry, as_of=as_of, zone=playbook.zone)
        if found is not None and found.breached_since is not None:
            telling.late(history.lead_id, entry, found.breached_since)


def _tell_follow_ups(
    book: Compiled, telling: Telling, account: Account, answer: Assessment
) -> None:
    """Tell of the follow-ups that are due; of several about one thing, the last word holds."""
    rejected = {one.record for one in answer.rejects}
    due: dict[tuple[Id | None, Id | None], tuple[datetime, date, str]] = {}
    said_so: tuple[SalesEvent | Override, ...] = (*account.sales_events, *account.overrides)
    for one in said_so:
        if isinstance(one, SalesEvent):
            at, begun = one.at, book.day_of(one.at)
        else:
            at, begun = day_began(one.since, book.zone), one.since
        if one.follow_up_on is None or one in rejected or begun > answer.as_of:
            continue
        about = one.lead_id, one.product_id
        said = at, one.follow_up_on, one.reason or ""
        due[about] = max(said, due.get(about, said))
    for lead in answer.leads.values():
        entry = lead.stage.entry
        # Who has moved on since then is not waited for.
        if entry is not None and entry.follow_up_on is not None:
            said = entry.entered, entry.follow_up_on, entry.reason or ""
            for product_id in entry.for_products or (None,):
                about = lead.id, product_id
                due[about] = max(said, due.get(about, said))
    for (lead_id, product_id), (_, day, reason) in due.items():
        if day <= answer.as_of:
            telling.follow_up(lead_id, product_id, day, reason or None)


def _tell_expired(
    telling: Telling, answer: Assessment, state: AccountState, book: Compiled
) -> None:
    """Tell what somebody set by hand that held when the account was last asked, and has expired.

    Who sends one that has expired already hears so as an answer.
    """
    if state.as_of is None:
        return
    last = book.day_of(state.as_of)
    for one in answer.expired:
        if one.until is not None and one.until >= last and one in state.account.overrides:
            telling.expired(one)
