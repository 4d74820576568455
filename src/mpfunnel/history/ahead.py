"""What days alone will do to a lead's stage: the next change, and when to warn of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from typing import Final

from attrs import evolve, frozen

from mpfunnel.account import Account, Relative
from mpfunnel.answers import WarrantedStage
from mpfunnel.calendars import as_day
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, misfit
from mpfunnel.history.kept import Kept
from mpfunnel.history.pieces import Piece
from mpfunnel.history.timeline import Book, timeline_of
from mpfunnel.playbook import Playbook
from mpfunnel.records import Company, CompanyHistory, Contract, Deal, Id
from mpfunnel.stages import FunnelStage, StageHistory, history_on

__all__ = ["StageChange", "next_stage_change"]

LAST: Final = date.max.toordinal()
FIRST_DAYS: Final = 64
"""How far ahead to look at first."""


@frozen
class StageChange:
    """A change of a lead's stage that days alone bring about.

    Attributes:
        day: The first day in the other stage.
        before: The stage until then.
        after: The stage since then.
        rule: Key of the rule that leads there.
        warn_on: The day since which to warn of it: `FunnelStage.warn_days` of the stage before the
            change; `None` where that one states none.
    """

    day: date
    before: FunnelStage
    after: FunnelStage
    rule: str
    warn_on: date | None


def next_stage_change(
    account: Account, book: Book, lead_id: Id, *, as_of: date | datetime
) -> StageChange | None:
    """Return the next change of a lead's stage that days alone bring about.

    The lead is first moved to where its facts warrant it to be on `as_of`; then the gate is asked
    on every later day, as if nothing else happened. Where it has no history, it begins at what
    `Engine.stage_for` answers. What a person has decided stays, unless the funnel overrules people.
    The day is found, not tried. A Tier of a custom policy stays that of `as_of`.

    Args:
        account: The records; those of days after `as_of` do not exist yet (law 5).
        book: A playbook, or its engine.
        lead_id: The lead.
        as_of: The day after which to look; an aware datetime means its day in the playbook's zone.

    Returns:
        `None` where nothing changes until the end of the year 9999.

    Raises:
        UnknownNameError: The account has no such lead.
        InvalidDataError: An argument is of another kind, or a custom attribute holds a value of
            another type than declared.
        PolicyError: A custom policy broke its contract, or rules lead the lead round in a circle.
    """
    problems = misfit("account", account, Account)
    if not isinstance(book, Playbook | Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
        problems += misfit("book", book, Playbook)
    if problems:
        raise InvalidDataError(problems)
    engine = timeline_of(book).entries[0][1]
    compiled, funnel = engine.compiled, engine.playbook.funnel
    day = as_day(as_of, compiled.zone)
    stage = engine.stage_for(account, lead_id, as_of=day)
    known = _known(account, lead_id, day, compiled.day_of)
    kept = Kept(known)
    history = StageHistory(lead_id)
    if stage.entry is not None:
        # One that begins later is not known yet; of the others all tell the same.
        told = (one for one in account.histories if one.lead_id == lead_id)
        begun = (history_on(one, day, compiled.day_of) for one in told)
        history = next(one for one in begun if one.entries)
    before: FunnelStage | None = None
    first, length = day.toordinal(), FIRST_DAYS
    while first <= LAST:
        last = min(first + length, LAST)
        (lead,) = Piece(compiled, known, first, last, tiers_on=day).leads()
        if before is None:
            at = max(lead.instant(first), history.last_at or datetime.min.replace(tzinfo=UTC))
            new_fact_at = max((one for one in lead.log.seen.values() if one), default=None)
            proposal = funnel.reconcile(
                history, stage, as_of=at, new_fact_at=new_fact_at, zone=engine.playbook.zone
            )
            kept.begin(funnel.apply(history, proposal.moves))
            before = compiled.stood(kept.current(lead_id)).stage
        for since, answer in lead.stages(kept):
            said = WarrantedStage(answer.decision, answer.for_products, answer.wins)
            kept.move(lead_id, engine.playbook, said, lead.instant(since))
            after = compiled.stood(kept.current(lead_id)).stage
            if after != before:
                on = date.fromordinal(since)
                return StageChange(on, before, after, said.rule, _warn_on(on, before))
        # A change is most often near, and to look far ahead takes longer.
        first, length = last + 1, length * 8
    return None


def _warn_on(day: date, stage: FunnelStage) -> date | None:
    if stage.warn_days is None:
        return None
    return date.fromordinal(max(1, day.toordinal() - stage.warn_days))


def _known(account: Account, lead_id: Id, day: date, day_of: Callable[[datetime], date]) -> Account:
    """Return what is known as of a day that bears on one lead, as if nothing came after it."""
    return Account(
        None if account.company is None else _until(account.company, day),
        leads=[one for one in account.leads if one.id == lead_id],
        activities=[
            one for one in account.activities if one.lead_id == lead_id and day_of(one.at) <= day
        ],
        deals=_deals_until(account.deals, day, day_of),
        contracts=_contracts_until(account.contracts, day),
        sales_events=[
            one for one in account.sales_events if one.lead_id == lead_id and day_of(one.at) <= day
        ],
        overrides=[
            one for one in account.overrides if one.lead_id in (None, lead_id) and one.since <= day
        ],
        relatives=[_relative_on(one, day, day_of) for one in account.relatives],
    )


def _relative_on(relative: Relative, day: date, day_of: Callable[[datetime], date]) -> Relative:
    return Relative(
        _until(relative.company, day),
        _deals_until(relative.deals, day, day_of),
        _contracts_until(relative.contracts, day),
    )


def _until(company: Company | CompanyHistory, day: date) -> Company | CompanyHistory:
    if isinstance(company, CompanyHistory):
        return evolve(company, changes=[one for one in company.changes if one.since <= day])
    return company


def _deals_until(
    deals: Iterable[Deal], day: date, day_of: Callable[[datetime], date]
) -> list[Deal]:
    return [_open_on(deal, day, day_of) for deal in deals if day_of(deal.opened_at) <= day]


def _contracts_until(contracts: Iterable[Contract], day: date) -> list[Contract]:
    return [one for one in contracts if one.start <= day]


def _open_on(deal: Deal, day: date, day_of: Callable[[datetime], date]) -> Deal:
    if deal.closed_at is None or day_of(deal.closed_at) <= day:
        return deal
    return evolve(deal, status="open", closed_at=None)
