"""Planning: what to do next with one lead, by the plays of a playbook."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from attrs import evolve, frozen

from mpfunnel.compiled import Compiled
from mpfunnel.contact import Contactable
from mpfunnel.plays import (
    NO_PLAY,
    Claim,
    DueBy,
    Limit,
    PlannedPlay,
    Play,
    Timing,
    channel_of,
    due_of,
    in_turn,
    not_before,
)
from mpfunnel.records import Activity, Channel, Id, Lead, Product, SalesEvent
from mpfunnel.rules.tables import Decision
from mpfunnel.stages import FunnelStage
from mpfunnel.synergy import WhiteSpace

__all__ = ["Diary", "Held", "Moment", "Planned", "plan"]


@frozen
class Held:
    """What a company owns, as rules about white space and plays see it."""

    owned: frozenset[str]


class Moment:
    """How a lead stands with one product at last, as rules about plays see it."""

    __slots__ = ("lifecycle", "position", "sold", "standing")

    def __init__(
        self, standing: Any, product: Product, position: Decision[WhiteSpace], day: date
    ) -> None:
        self.standing = standing
        self.lifecycle = product.lifecycle
        self.position = position
        self.sold = product.is_sold_on(day)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.standing, name)


@frozen
class _Funnel:
    stage: Decision[FunnelStage]


class _Reach:
    """Through which channels a lead may be contacted, as rules see it."""

    __slots__ = ("_contact",)

    def __init__(self, contact: Mapping[Channel, Contactable]) -> None:
        self._contact = contact

    def __getattr__(self, name: Any) -> bool | None:
        return self._contact[name].allowed


class Diary:
    """When a lead and we heard of each other, per product; `None` stands for the whole firm.

    Args:
        about: The activities of the lead by product, with their days.
        events: What sales said of it, in the order of time, with the days.
        contacts: Kinds of activities by which we contact a lead.
    """

    def __init__(
        self,
        about: Mapping[Id | None, Sequence[tuple[Activity, date]]],
        events: Sequence[tuple[SalesEvent, date]],
        contacts: Container[str],
    ) -> None:
        self._events = events
        self._signs: dict[Id | None, date] = {}
        self._contacts: dict[Id | None, date] = {}
        for product_id, given in about.items():
            for activity, day in given:
                told = self._contacts if activity.kind in contacts else self._signs
                told[product_id] = max(day, told.get(product_id, day))
        for event, day in events:
            known = self._signs.get(event.product_id, day)
            self._signs[event.product_id] = max(day, known)

    @cached_property
    def latest(self) -> date | None:
        """The latest day of a contact about any product."""
        days = (day for product_id, day in self._contacts.items() if product_id is not None)
        return max(days, default=None)

    def own(self, product_id: Id | None) -> date | None:
        """Return the latest day of a contact about exactly that."""
        return self._contacts.get(product_id)

    def sign(self, product_id: Id | None) -> date | None:
        """Return the latest day of a sign about a product or the firm; for the firm, of any."""
        return _latest(self._signs, product_id)

    def contact(self, product_id: Id | None) -> date | None:
        """Return the latest day of a contact about a product or the firm; for the firm, of any."""
        return _latest(self._contacts, product_id)

    def follow_up_on(self, product_id: Id | None) -> date | None:
        """Return the day that sales last set for coming back, passed or not.

        About a product or the firm; for the firm, about any.
        """
        return next(
            (
                event.follow_up_on
                for event, _ in reversed(self._events)
                if event.follow_up_on is not None
                and (product_id is None or event.product_id in (product_id, None))
            ),
            None,
        )


def _latest(days: Mapping[Id | None, date], product_id: Id | None) -> date | None:
    if product_id is None:
        return max(days.values(), default=None)
    return max((days[one] for one in (product_id, None) if one in days), default=None)


@frozen
class Planned:
    """What is known of a lead for whom plays are asked.

    Attributes:
        company_id: Its company, if it has one.
        lead: The lead.
        company: The company as rules about leads see it.
        account: What it owns.
        stage: The stage in force.
        contact: What is known of each channel.
        moments: How it stands with each product of which it has an engagement.
        diary: When it and we heard of each other.
        set_days: The days that people have set for coming back to it besides what sales said: with
            a state set by hand, by product; with a move, for the whole firm (`None`).
        ends: The last day of the contracts that run, by product.
        limit: The time limit of the stage in which it is, if there is one and plays ask for it.
    """

    company_id: Id | None
    lead: Lead
    company: Any
    account: Held
    stage: Decision[FunnelStage]
    contact: Mapping[Channel, Contactable]
    moments: Mapping[Id, Moment]
    diary: Diary
    set_days: Mapping[Id | None, date | None]
    ends: Mapping[Id, date]
    limit: Limit | None = None

    def records(self, product_id: Id | None) -> Mapping[str, Any]:
        """Return what the rules of plays are given, by root, in the order of `Compiled`."""
        records = {
            "company": self.company,
            "lead": self.lead,
            "account": self.account,
            "funnel": _Funnel(self.stage),
            "contact": _Reach(self.contact),
        }
        return records if product_id is None else {**records, "product": self.moments[product_id]}

    def timing(self, product_id: Id | None, as_of: date) -> Timing:
        """Return what the due date of a play follows from."""
        stated = (self.set_days.get(product_id), self.diary.follow_up_on(product_id))
        days = [day for day in stated if day is not None]
        limit = self.limit
        if limit is not None and not limit.is_about(product_id):
            limit = None
        return Timing(
            self.diary.sign(product_id),
            self.diary.contact(product_id),
            next((day for day in days if day >= as_of), None),
            max((day for day in days if day < as_of), default=None),
            None if product_id is None else self.ends.get(product_id),
            limit,
        )


def plan(book: Compiled, lead: Planned, *, as_of: date) -> tuple[PlannedPlay, ...]:
    """Return the plays for a lead, in the order in which their turns come.

    Args:
        book: The compiled playbook.
        lead: What is known of the lead.
        as_of: The day asked about.
    """
    plays = book.playbook.plays
    of_firm = tuple(lead.records(None).values())
    decisions: dict[Id | None, Decision[Play]] = {
        product_id: book.play[product_id](*of_firm, moment)
        for product_id, moment in lead.moments.items()
    }
    decisions[None] = book.firm_play(*of_firm)
    days = {
        product_id: due_of(one.value, lead.timing(product_id, as_of), as_of=as_of)
        for product_id, one in decisions.items()
        if one.value.key != NO_PLAY.key
    }
    claims = in_turn(
        [
            _claim(book, lead, product_id, decisions[product_id], days[product_id], as_of)
            for product_id in days
        ],
        plays,
    )
    first = tuple(one.product_id for one in claims[: plays.at_once])
    found: list[PlannedPlay] = []
    for turn, claim in enumerate(claims, 1):
        product_id, decision = claim.product_id, decisions[claim.product_id]
        channel, left_out = channel_of(decision.value, lead.contact, plays)
        due, due_by = days[product_id]
        moment = None if product_id is None else lead.moments[product_id]
        found.append(
            PlannedPlay(
                lead.company_id,
                lead.lead.id,
                product_id,
                decision,
                channel,
                left_out,
                due,
                due_by,
                claim,
                tier=None if moment is None else moment.tier.value.key,
                interest=None if moment is None else moment.interest.value.key,
                turn=turn,
                waits_for=first if turn > plays.at_once else (),
                not_before=None
                if due_by == "person"
                else not_before(claim.contact, lead.diary.latest, plays, as_of=as_of),
            )
        )
    return tuple(found)


def _claim(
    book: Compiled,
    lead: Planned,
    product_id: Id | None,
    decision: Decision[Play],
    days: tuple[date | None, DueBy],
    as_of: date,
) -> Claim:
    day, due_by = days
    due = day is not None and day <= as_of
    claim = Claim(
        product_id,
        book.playbook.plays.places[decision.value.key],
        due=due,
        promised=due and due_by == "person",
        done=day is None,
        contact=lead.diary.own(product_id),
    )
    if product_id is None:
        return claim
    moment = lead.moments[product_id]
    return evolve(
        claim,
        open_deal=moment.open_deal,
        interest=book.rungs[moment.interest.value.key],
        tier=moment.tier.value.number,
    )
