"""Plays said a second time: what is to be done with each lead, by listing all that speaks for it.

Whose turn it is follows from sorting by one criterion after the other, from the last to the first;
when a play is due follows from the plain lists of what was said and done. Nothing here asks
`mpfunnel.plays` or `mpfunnel.planning` for more than the rules and numbers that a playbook holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import holidays

from mpfunnel.account import Account
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, Lead, Product
from tests.oracle import Answer, oracle
from tests.oracle_leads import Oracle, Set, _as_record
from tests.oracle_synergy import Told as Where
from tests.oracle_synergy import positions_of

__all__ = ["Told", "plays_of", "today_of"]

NOTHING = "none"


class Told(NamedTuple):
    """A play of a lead, in plain words."""

    lead_id: Id
    company_id: Id | None
    product_id: Id | None
    play: str
    possible: frozenset[str]
    missing: frozenset[str]
    rule: str
    because: str
    channel: str | None
    left_out: tuple[str, ...]
    due: date | None
    due_by: str
    turn: int
    waits_for: tuple[Id | None, ...]
    not_before: date | None
    tier: str | None
    interest: str | None
    open_deal: bool
    contacted_on: date | None


def plays_of(book: Playbook, account: Account, as_of: date) -> dict[Id, list[Told]]:
    """What to do next with each lead, in the order of turns."""
    model = Oracle(book, account, as_of)
    spaces = positions_of(book, account, as_of)
    return {
        lead_id: _in_turn(book, _of_lead(_Lead(book, account, model, lead, spaces)), as_of)
        for lead_id, lead in model.leads.items()
    }


def today_of(
    book: Playbook, told: Iterable[tuple[date, list[Told]]], owner: str | None = None
) -> list[Told]:
    """What is due of all that was told, each on its own day, in the order in which to do it."""
    owners = {play.key: play.owner for play in book.plays.plays}
    due = [
        one
        for day, given in told
        for one in given
        if one.turn <= book.plays.at_once
        and one.due is not None
        and max(one.due, one.not_before or one.due) <= day
        and owner in (None, owners[one.play])
    ]
    due.sort(key=lambda one: _tie(one.product_id))
    due.sort(key=lambda one: one.lead_id)
    due.sort(key=lambda one: one.due or date.max)
    for criterion in reversed(book.plays.order):
        due.sort(key=_sorter(book, criterion))
    due.sort(key=lambda one: one.due_by != "person")
    return due


def _tie(product_id: Id | None) -> tuple[bool, Id]:
    return product_id is None, 0 if product_id is None else product_id


def _sorter(book: Playbook, criterion: str, as_of: date | None = None) -> Callable[[Told], Any]:
    """What comes first by one criterion has the smallest of these; without a day, all are due."""
    places = [play.key for play in book.plays.plays]
    levels = [None, *book.scale.ladder]
    by: dict[str, Callable[[Told], Any]] = {
        "open_deal": lambda one: 0 if one.open_deal else 1,
        "due": lambda one: as_of is not None and (one.due or date.max) > as_of,
        "play": lambda one: places.index(one.play),
        "interest": lambda one: len(levels) - levels.index(one.interest),
        # Keys of Tiers sort like their numbers; what has none comes last.
        "tier": lambda one: one.tier or "tier_last",
        "last_contact": lambda one: date.max - (one.contacted_on or date.min),
    }
    return by[criterion]


def _in_turn(book: Playbook, plays: list[Told], as_of: date) -> list[Told]:
    plays.sort(key=lambda one: _tie(one.product_id))
    for criterion in reversed(book.plays.order):
        plays.sort(key=_sorter(book, criterion, as_of))
    # What is done claims nothing; a day that a person has set and that has come goes before all.
    plays.sort(key=lambda one: one.due is None)
    plays.sort(key=lambda one: one.due_by != "person" or (one.due or date.max) > as_of)
    theirs = book.plays.at_once
    busy = tuple(one.product_id for one in plays[:theirs])
    return [
        one._replace(turn=place + 1, waits_for=() if place < theirs else busy)
        for place, one in enumerate(plays)
    ]


class _Lead:
    """One lead, as the rules of plays see it."""

    def __init__(
        self,
        book: Playbook,
        account: Account,
        model: Oracle,
        lead: Lead,
        spaces: Mapping[Id, Where],
    ) -> None:
        self.book, self.account, self.model, self.lead = book, account, model, lead
        self.spaces = spaces
        self.answer = model.answer(lead)
        self.entry = self._entry()
        owned = frozenset(str(p) for p in model.sold if model.owned(lead, p))
        self.records = {
            "company": model.seen,
            "group": model.group,
            "lead": _as_record(lead),
            "account": SimpleNamespace(owned=owned),
            "funnel": SimpleNamespace(stage=self._stage()),
            "contact": SimpleNamespace(
                **{name: self.may(name) for name in ("email", "phone", "post", "visit", "web")}
            ),
        }

    def _entry(self) -> Any:
        """Where the history of the lead says it is; `None` where there is none yet."""
        entries = [
            entry
            for history in self.account.histories
            if history.lead_id == self.lead.id
            for entry in history.entries
            if self.model.day(entry.entered) <= self.model.as_of
        ]
        return max(entries, key=lambda one: one.number, default=None)

    def _stage(self) -> Answer:
        if self.entry is not None:
            stage = SimpleNamespace(key=self.entry.stage)
            return Answer(stage, "history", "", (stage,), (), ())
        first, _, possible, missing = self.answer.furthest
        return Answer(first.value, first.rule, "", tuple(possible), missing, ())

    def may(self, channel: str) -> bool | None:
        """What was said last of a channel; of one instant, the refusal."""
        model = self.model
        said = [one for one in self.lead.consents if one.channel == channel]
        known = [one for one in said if model.day(one.at) <= model.as_of]
        latest = max((one.at.astimezone(UTC) for one in known), default=None)
        answers = [one.granted for one in known if one.at == latest]
        return all(answers) if answers else None

    def position(self, product: Product) -> Answer:
        """Where the company stands with a product; without company, by what holds of it alone."""
        model = self.model
        if product.id in self.spaces:
            told = self.spaces[product.id]
            key, keys, missing = told.position, told.possible, told.missing
        else:
            day = model.as_of
            sold = (product.sold_from or day) <= day <= (product.sold_until or day)
            key = "untapped" if sold else "not_eligible"
            if self.answer.standings[product.id].open_deal:
                key = "in_pipeline"
            if model.owned(self.lead, product.id):
                key = "owned"
            keys, missing = {key}, ()
        levels = {one: SimpleNamespace(key=one) for one in keys}
        return Answer(levels[key], "", "", tuple(levels.values()), missing, ())

    # -- what was said and done --

    def signs(self, product_id: Id | None) -> list[date]:
        """The days on which the lead gave a sign, or sales said something of it."""
        return self._done(product_id, contacts=False) + [
            self.model.day(event.at) for event in self.events(product_id)
        ]

    def contacts(self, product_id: Id | None) -> list[date]:
        """The days on which we contacted it about a product, or about nothing in particular."""
        return self._done(product_id, contacts=True)

    def events(self, product_id: Id | None) -> list[Any]:
        """What sales said about a product or the firm; for the firm, all that it said."""
        heard = self.model.heard(self.lead)
        return [e for e in heard if product_id is None or e.product_id in (None, product_id)]

    def _done(self, product_id: Id | None, *, contacts: bool) -> list[date]:
        return [
            self.model.day(one.at)
            for one in self._activities(contacts=contacts)
            if product_id is None or product_id in one.product_ids or not one.product_ids
        ]

    def _activities(self, *, contacts: bool) -> list[Any]:
        kinds = self.book.plays.contacts
        mine = [one for one in self.model.activities if one.lead_id == self.lead.id]
        return [one for one in mine if (one.kind in kinds) is contacts]

    def contacted_about(self, product_id: Id | None) -> list[date]:
        """The days of contacts about exactly that."""
        return [
            self.model.day(one.at)
            for one in self._activities(contacts=True)
            if (product_id in one.product_ids if product_id is not None else not one.product_ids)
        ]

    def contacted_about_any(self) -> list[date]:
        """The days of contacts about whatever product."""
        return [
            self.model.day(one.at) for one in self._activities(contacts=True) if one.product_ids
        ]

    def asked_by_people(self, product_id: Id | None) -> list[date]:
        """The days that people have set for coming back, those that come first in rank first."""
        found = []
        if product_id is None:
            found.append(self.entry and self.entry.follow_up_on)
        else:
            about = ("engagement", self.lead.id, product_id)
            found += [
                one.follow_up_on
                for one, status in self.model.told
                if (one.what, one.lead_id, one.product_id) == about and status == "in_force"
            ]
        said = [e.follow_up_on for e in self.events(product_id) if e.follow_up_on is not None]
        return [day for day in (*found, *said[-1:]) if day is not None]

    def end(self, product_id: Id | None) -> date | None:
        """The last day of the contracts that run; none where one of them has no end."""
        ends = [
            contract.end or date.max
            for contract in self.model.contracts
            if contract.product_id == product_id and (contract.end or date.max) >= self.model.as_of
        ]
        return None if not ends or max(ends) == date.max else max(ends)


@cache
def _public(country: str, region: str | None, year: int) -> frozenset[date]:
    """The public holidays of a year, none where nobody knows them."""
    found = holidays.country_holidays(country, subdiv=region, years=year, language="en_US")
    return frozenset(found) if found.start_year <= year <= found.end_year else frozenset()


def _works(calendar: Any, day: date) -> bool:
    """Whether the firm works on a day, said from the end: what is left of all days."""
    free = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()] in calendar.weekend
    if calendar.country is not None:
        free = free or day in _public(calendar.country, calendar.region, day.year)
    return (not free and day not in calendar.days_off) or day in calendar.working_days


def _limit(lead: _Lead, product_id: Id | None) -> tuple[date, date] | None:
    """When a lead entered its stage, and until when it is in time there, day after day."""
    entry, funnel, as_of = lead.entry, lead.book.funnel, lead.model.as_of
    if entry is None or (entry.for_products and product_id not in (None, *entry.for_products)):
        return None
    stages = {one.key: one for one in (*funnel.ladder, *funnel.detours) if one.kind != "inventory"}
    stage = stages.get(entry.stage)
    if stage is None:
        return None
    entered = lead.model.day(entry.entered)
    day = as_of - timedelta(min((as_of - entered).days, 10 * 365 + 3))
    left = stage.within_days or stage.within_business_days or 0
    while left:
        day += timedelta(1)
        left -= 1 if stage.within_days or _works(funnel.calendar, day) else 0
    return entered, day


def _moved(day: date, days: int) -> date:
    try:
        return day + timedelta(days)
    except OverflowError:
        return date.max if days > 0 else date.min


def _due(lead: _Lead, play: Any, product_id: Id | None) -> tuple[date | None, str]:
    as_of = lead.model.as_of
    ahead = [day for day in lead.asked_by_people(product_id) if day >= as_of]
    if ahead:
        return ahead[0], "person"
    signs, contacts = lead.signs(product_id), lead.contacts(product_id)
    end = lead.end(product_id)
    if play.before_end_days is not None and end is not None:
        begins = _moved(end, -play.before_end_days)
        if begins <= as_of and all(day < begins for day in contacts):
            return begins, "contract_end"
    limit = _limit(lead, product_id) if play.within_sla else None
    if limit is not None and not [day for day in contacts if day >= limit[0]]:
        return limit[1], "sla"
    if not signs and not contacts:
        return as_of, "never"
    answered = [day for day in contacts if all(day >= sign for sign in signs)]
    if not answered:
        return _moved(max(signs), play.due_in_days), "sign"
    if play.cadence_days is not None:
        return _moved(max(contacts), play.cadence_days), "cadence"
    missed = [day for day in lead.asked_by_people(product_id) if day > max(contacts)]
    return (max(missed), "person") if missed else (None, "done")


def _of_lead(lead: _Lead) -> list[Told]:
    book, model = lead.book, lead.model
    silent = book.scale.ladder[0]
    found: list[Told] = []
    for product in book.products:
        standing = lead.answer.standings[product.id]
        by_hand = isinstance(standing.engagement, Set)
        if by_hand or {one.key for one in standing.engagement.possible} != {silent}:
            found += _told(lead, product, standing)
    found += _told(lead, None, None)
    assert all(one.company_id == model.company_id for one in found)
    return found


def _told(lead: _Lead, product: Product | None, standing: Any) -> list[Told]:
    book, model = lead.book, lead.model
    rules = [one for one in book.plays.firm if product is None]
    records: dict[str, Any] = dict(lead.records)
    if product is not None:
        names = ["*", product.id, f"family:{product.family}" if product.family else "*"]
        rules = [one for one in book.plays.products if one.product in names]
        day = model.as_of
        records["product"] = SimpleNamespace(
            **vars(standing),
            lifecycle=product.lifecycle,
            position=lead.position(product),
            sold=(product.sold_from or day) <= day <= (product.sold_until or day),
        )
    table: Any = SimpleNamespace(
        rules=[
            SimpleNamespace(outcome=o.play, when=o.when, key=o.key, because=o.because)
            for o in rules
        ],
        otherwise=NOTHING,
        otherwise_because=SimpleNamespace(en="no rule gives a play"),
    )
    said = oracle(table, records, {})
    if said.value == NOTHING:
        return []
    play = next(one for one in book.plays.plays if one.key == said.value)
    closed = [c for c in play.channels if not _open(lead, c)]
    usable = [c for c in play.channels if _open(lead, c)]
    before = play.channels.index(usable[0]) if usable else len(play.channels)
    product_id = None if product is None else product.id
    due, due_by = _due(lead, play, product_id)
    own = max(lead.contacted_about(product_id), default=date.min)
    other = max(lead.contacted_about_any(), default=date.min)
    free = _moved(other, book.plays.quiet_days)
    return [
        Told(
            lead_id=lead.lead.id,
            company_id=model.company_id,
            product_id=product_id,
            play=said.value,
            possible=frozenset(said.possible),
            missing=frozenset(said.missing),
            rule=said.rule,
            because=said.because,
            channel=usable[0] if usable else None,
            left_out=tuple(c for c in play.channels[:before] if c in closed),
            due=due,
            due_by=due_by,
            turn=0,
            waits_for=(),
            not_before=free if other > own and free > model.as_of and due_by != "person" else None,
            tier=None if standing is None else standing.tier.value.key,
            interest=None if standing is None else standing.interest.value.key,
            open_deal=standing is not None and standing.open_deal,
            contacted_on=None if own == date.min else own,
        )
    ]


def _open(lead: _Lead, channel: str) -> bool:
    allowed = lead.may(channel)
    return channel not in lead.book.plays.need_consent if allowed is None else allowed
