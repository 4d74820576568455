"""What rows become that are no records of their own: parts of records, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from attrs import evolve, field, fields, frozen

from mpfunnel.records import Channel, Consent, Deal, DealLine, Id, Lead
from mpfunnel.records.checks import Record, a_key, an_id, checked, optional, set_of, utc

__all__ = ["LeadConsent", "LineOfDeal", "Member", "Merge", "with_consents", "with_lines"]

_CONSENT: Final = fields(Consent)
_LINE: Final = fields(DealLine)


@frozen
class Member(Record):
    """A company stands on a list: what a row of it says once it is known which one it means."""

    list: str = field(metadata=checked(a_key))
    company_id: Id = field(metadata=checked(an_id))


@frozen
class Merge(Record):
    """Records that are gone, and the one in which they live on."""

    kept: Id = field(metadata=checked(an_id))
    gone: frozenset[Id] = field(metadata=checked(set_of(an_id)))


@frozen
class LeadConsent(Record):
    """What a lead said, or the law presumes, about being contacted."""

    lead_id: Id = field(metadata=checked(an_id))
    channel: Channel = field(metadata=_CONSENT.channel.metadata)
    granted: bool = field(metadata=_CONSENT.granted.metadata)
    at: datetime = field(converter=utc, metadata=_CONSENT.at.metadata)
    basis: str | None = field(default=None, metadata=_CONSENT.basis.metadata)

    @property
    def consent(self) -> Consent:
        """What the lead has of it."""
        return Consent(self.channel, self.granted, self.at, self.basis)


@frozen
class LineOfDeal(Record):
    """One product within a deal, and which deal that is."""

    deal_id: Id = field(metadata=checked(an_id))
    product_id: Id = field(metadata=_LINE.product_id.metadata)
    quantity: int = field(default=1, metadata=_LINE.quantity.metadata)
    amount: int | Decimal | None = field(default=None, metadata=_LINE.amount.metadata)
    id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """What tells it from another line that says the same, where the file has it."""

    @property
    def line(self) -> DealLine:
        """What the deal has of it."""
        return DealLine(self.product_id, self.quantity, self.amount)


def with_consents(leads: Iterable[Lead], said: Iterable[LeadConsent]) -> tuple[Lead, ...]:
    """Return the leads with what they said, in the order in which it was read."""
    found: dict[Id, list[Consent]] = {}
    for one in said:
        found.setdefault(one.lead_id, []).append(one.consent)
    return tuple(evolve(one, consents=found[one.id]) if one.id in found else one for one in leads)


def with_lines(deals: Iterable[Deal], lines: Iterable[LineOfDeal]) -> tuple[Deal, ...]:
    """Return the deals with their lines, in the order in which these were read."""
    found: dict[Id, list[DealLine]] = {}
    for one in lines:
        found.setdefault(one.deal_id, []).append(one.line)
    return tuple(evolve(one, lines=found[one.id]) if one.id in found else one for one in deals)
