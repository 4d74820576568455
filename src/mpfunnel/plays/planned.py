"""A play that is planned for a lead: through which channel, by when, and whose turn it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final, Literal

from attrs import field, frozen

from mpfunnel.contact import Contactable
from mpfunnel.labels import Label, Lang
from mpfunnel.plays.model import Criterion, Play, Plays
from mpfunnel.records import Channel, Id
from mpfunnel.rules.tables import Decision

__all__ = [
    "DUE_BY",
    "Claim",
    "DueBy",
    "Limit",
    "PlannedPlay",
    "Timing",
    "channel_of",
    "due_of",
    "in_turn",
    "not_before",
]

DueBy = Literal["person", "contract_end", "sla", "never", "sign", "cadence", "done"]

DUE_BY: Final[Mapping[DueBy, Label]] = {
    "person": Label("set by a person", "担当者の指定日"),
    "contract_end": Label("the contract ends", "契約終了が近い"),
    "sla": Label("time limit of the stage", "ステージの対応期限"),
    "never": Label("no sign and no contact yet", "まだ反応も連絡もない"),
    "sign": Label("after the latest sign", "直近の反応から"),
    "cadence": Label("after the latest contact", "前回の連絡から"),
    "done": Label("contacted since the latest sign", "直近の反応に連絡済み"),
}
"""What a due date follows from, as people read it."""


@frozen
class Limit:
    """The time limit of the stage in which a lead is by its history.

    Attributes:
        entered: The day on which it entered.
        due: The last day on which it is in time (`mpfunnel.stages.limit_of`).
        for_products: The products that the entry is about; none for the whole firm.
    """

    entered: date
    due: date
    for_products: tuple[Id, ...] = ()

    def is_about(self, product_id: Id | None) -> bool:
        """Return whether plays about a product, or the firm, go by it."""
        return product_id is None or not self.for_products or product_id in self.for_products


@frozen
class Timing:
    """What is known of when a lead and we last heard of each other, about one product.

    Attributes:
        sign: The latest day on which the lead gave a sign, or sales said something of it.
        contact: The latest day on which we contacted it.
        follow_up_on: The day that a person has set, if it has not passed.
        missed: The latest day that a person had set, if it has passed.
        ends: The last day of the contracts that run, if they end.
        limit: The time limit of the stage in which it is, if there is one about the product.
    """

    sign: date | None = None
    contact: date | None = None
    follow_up_on: date | None = None
    missed: date | None = None
    ends: date | None = None
    limit: Limit | None = None


def due_of(play: Play, timing: Timing, *, as_of: date) -> tuple[date | None, DueBy]:
    """Return until when a play is due, and what that follows from.

    A day that a person has set comes first; then the end of a contract where the play is about one:
    from `before_end_days` before it on, until the lead is contacted; then the time limit of the
    stage in which the lead is, where the play is `within_sla`, from the day of entering on, again
    until the lead is contacted. Else the latest sign calls for it; once the lead was contacted
    after that (a contact of the same day counts as after, in all of this), only a play with a
    cadence is due again. Where nobody ever heard of each other, it is due at once.

    Args:
        play: The play.
        timing: What is known of signs, contacts and dates.
        as_of: The day asked about.
    """
    if timing.follow_up_on is not None:
        return timing.follow_up_on, "person"
    if play.before_end_days is not None and timing.ends is not None:
        begins = _shifted(timing.ends, -play.before_end_days)
        if begins <= as_of and (timing.contact is None or timing.contact < begins):
            return begins, "contract_end"
    limit = timing.limit if play.within_sla else None
    if limit is not None and (timing.contact is None or timing.contact < limit.entered):
        return limit.due, "sla"
    if timing.contact is not None and (timing.sign is None or timing.sign <= timing.contact):
        if play.cadence_days is not None:
            return _shifted(timing.contact, play.cadence_days), "cadence"
        if timing.missed is not None and timing.contact < timing.missed:
            return timing.missed, "person"
        return None, "done"
    if timing.sign is None:
        return as_of, "never"
    return _shifted(timing.sign, play.due_in_days), "sign"


def _shifted(day: date, days: int) -> date:
    # Days outside the calendar are its ends.
    number = day.toordinal() + days
    return date.fromordinal(min(max(number, 1), date.max.toordinal()))


def channel_of(
    play: Play, contact: Mapping[Channel, Contactable], plays: Plays
) -> tuple[Channel | None, tuple[Channel, ...]]:
    """Return the channel by which a play goes, and those before it that it cannot go by.

    Args:
        play: The play, whose channels stand in the order of preference.
        contact: What is known of each channel.
        plays: Says which channels need a consent on record.
    """
    for place, channel in enumerate(play.channels):
        allowed = contact[channel].allowed
        if allowed or (allowed is None and channel not in plays.need_consent):
            return channel, play.channels[:place]
    return None, play.channels


@frozen
class Claim:
    """What speaks for one of several plays for a lead.

    Attributes:
        product_id: The product; `None` for the whole firm.
        place: The place of the play among all, from 0.
        open_deal: Whether the company has an open deal about the product.
        due: Whether its day has come.
        promised: Whether a person has set that day, and it has come.
        done: Whether nothing is due before a new sign.
        interest: The place of the level of interest on the ladder; -1 for the whole firm.
        tier: The number of the Tier; 10, lower than any, for the whole firm.
        contact: The latest day of a contact about it.
    """

    product_id: Id | None
    place: int
    open_deal: bool = False
    due: bool = False
    promised: bool = False
    done: bool = False
    interest: int = -1
    tier: int = 10
    contact: date | None = None

    def weight(self, order: Iterable[Criterion]) -> tuple[int, ...]:
        """Return what sorts claims, what comes first before the others.

        Whatever the criteria: what a person has set for a day that has come goes before all others,
        and what is done claims nothing.
        """
        return (not self.promised, self.done, *(_WEIGHTS[one](self) for one in order))

    @property
    def tie(self) -> tuple[bool, bool, Id]:
        """What tells apart claims of one lead that weigh the same; the whole firm comes last."""
        one = self.product_id
        return one is None, isinstance(one, str), 0 if one is None else one


_WEIGHTS: Final[Mapping[Criterion, Callable[[Claim], int]]] = {
    "open_deal": lambda one: not one.open_deal,
    "due": lambda one: not one.due,
    "play": lambda one: one.place,
    "interest": lambda one: -one.interest,
    "tier": lambda one: one.tier,
    "last_contact": lambda one: 0 if one.contact is None else -one.contact.toordinal(),
}


@frozen
class PlannedPlay:
    """A play that a lead gets next, about a product or the whole firm.

    Attributes:
        company_id: The company of the lead, if it has one.
        lead_id: The lead.
        product_id: The product; `None` for the whole firm.
        decision: The play, by which rule, and which others are still possible.
        channel: Through what; `None` where the play has no channel, or the lead may be contacted
            through none of them.
        left_out: The channels that the play prefers, through which the lead may not be contacted.
        due: The day until which it is due; `None` where nothing is due before a new sign.
        due_by: What that day follows from: see `DUE_BY`.
        claim: What speaks for it among several.
        tier: Key of the Tier of the company for the product; `None` for the whole firm.
        interest: Key of the level of interest of the lead in the product; likewise.
        turn: Its place among the plays of the lead, from 1.
        waits_for: The products whose turn it is before this one; `None` for the whole firm.
        not_before: The first day on which it may go on after a contact about another product;
            `None` where it may at once, and where a person has set the day.
    """

    company_id: Id | None
    lead_id: Id
    product_id: Id | None
    decision: Decision[Play]
    channel: Channel | None
    left_out: tuple[Channel, ...]
    due: date | None
    due_by: DueBy
    claim: Claim = field(repr=False)
    tier: str | None = None
    interest: str | None = None
    turn: int = 1
    waits_for: tuple[Id | None, ...] = ()
    not_before: date | None = None

    @property
    def play(self) -> Play:
        """The play as of now."""
        return self.decision.value

    def is_due_on(self, day: date) -> bool:
        """Return whether it is due on a day: it is its turn, and its day has come."""
        if self.waits_for or self.due is None or self.due > day:
            return False
        return self.not_before is None or self.not_before <= day

    def text(self, lang: Lang = "en") -> str:
        """Return the action with its reason, as people read it."""
        return f"{self.decision.text(lang)} — {self.decision.because.text(lang)}"


def in_turn(claims: Iterable[Claim], plays: Plays) -> tuple[Claim, ...]:
    """Return the claims for one lead in the order in which their turns come.

    The first `Plays.at_once` have their turn; each other one waits for them.

    Args:
        claims: The claims, in any order.
        plays: The order.
    """
    return tuple(sorted(claims, key=lambda one: (one.weight(plays.order), one.tie)))


def not_before(own: date | None, latest: date | None, plays: Plays, *, as_of: date) -> date | None:
    """Return the first day on which a product may go on after a contact about another one.

    Args:
        own: The latest day of a contact about the product.
        latest: The latest day of a contact about any product.
        plays: Says how long a product waits.
        as_of: The day asked about.

    Returns:
        `None` where it may go on at once: the latest contact was about it, or is long enough ago.
    """
    if latest is None or (own is not None and own >= latest):
        return None
    free = _shifted(latest, plays.quiet_days)
    return free if free > as_of else None
