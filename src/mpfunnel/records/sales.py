"""Sales: what the firm sells, to whom, and what its sales people decided."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from attrs import field, frozen

from mpfunnel.errors import Problem
from mpfunnel.labels import Label
from mpfunnel.records.checks import (
    Id,
    Record,
    a_day,
    a_label,
    a_number_of,
    a_text,
    an_id,
    an_instant,
    checked,
    label_or_none,
    money,
    one_of,
    optional,
    series,
    series_of,
    text_or_none,
    utc,
)

Lifecycle = Literal["introduction", "growth", "maturity", "decline"]
DealStatus = Literal["open", "won", "lost"]
SalesEventKind = Literal[
    "accepted", "rejected", "qualified", "disqualified", "recycled", "follow_up"
]


@frozen
class Product(Record):
    """One product that the firm sells."""

    id: Id = field(metadata=checked(an_id))
    name: Label | None = field(
        default=None,
        converter=label_or_none,
        metadata=checked(optional(a_label)),
        eq=False,
    )
    family: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """Products of one family are grades of each other."""
    grade: int | None = field(default=None, metadata=checked(optional(a_number_of(0))))
    """Place within the family; a higher grade is the larger product."""
    lifecycle: Lifecycle | None = field(default=None, metadata=checked(optional(one_of(Lifecycle))))
    sold_from: date | None = field(default=None, metadata=checked(optional(a_day)))
    sold_until: date | None = field(default=None, metadata=checked(optional(a_day)))
    """The last day on which it is sold."""

    def _contradictions(self) -> list[Problem]:
        if self.sold_from and self.sold_until and self.sold_until < self.sold_from:
            return [Problem("order", "product.sold_until", "must not be before sold_from")]
        return []

    @property
    def label(self) -> Label:
        """The name, or the id where it has none."""
        return self.name or Label(str(self.id))

    def is_sold_on(self, day: date) -> bool:
        """Return whether it is sold on a day."""
        begun = self.sold_from is None or self.sold_from <= day
        return begun and (self.sold_until is None or day <= self.sold_until)


@frozen
class DealLine(Record):
    """One product within a deal."""

    product_id: Id = field(metadata=checked(an_id))
    quantity: int = field(default=1, metadata=checked(a_number_of(0)))
    amount: int | Decimal | None = field(default=None, metadata=checked(optional(money)))
    """In whole units of the deal's currency."""


@frozen
class Deal(Record):
    """A sale that is being worked, was won or was lost; `company_id` is the end user."""

    id: Id = field(metadata=checked(an_id))
    company_id: Id = field(metadata=checked(an_id))
    opened_at: datetime = field(converter=utc, metadata=checked(an_instant))
    lines: tuple[DealLine, ...] = field(
        default=(), converter=series, metadata=checked(series_of(DealLine))
    )
    status: DealStatus = field(default="open", metadata=checked(one_of(DealStatus)))
    closed_at: datetime | None = field(
        default=None, converter=utc, metadata=checked(optional(an_instant))
    )
    """When it was won or lost; may lie before `opened_at`, as it does in real exports."""
    lead_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    via_company_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """The partner that sells it, if any."""
    reason: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """Reason code, for example ``"timing"`` or ``"budget"``."""
    amount: int | Decimal | None = field(default=None, metadata=checked(optional(money)))
    currency: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """ISO 4217 code; the playbook's currency where it is `None`."""

    def _contradictions(self) -> list[Problem]:
        if self.status == "open" and self.closed_at is not None:
            return [Problem("contradiction", "deal.closed_at", "must be blank for an open deal")]
        if self.status != "open" and self.closed_at is None:
            return [Problem("missing", "deal.closed_at", f"is needed for a {self.status} deal")]
        return []


@frozen
class Contract(Record):
    """What a company uses of one product, from `start` to `end`, both days included."""

    company_id: Id = field(metadata=checked(an_id))
    product_id: Id = field(metadata=checked(an_id))
    start: date = field(metadata=checked(a_day))
    end: date | None = field(default=None, metadata=checked(optional(a_day)))
    """The last day; `None` where it runs until further notice."""
    quantity: int = field(default=1, metadata=checked(a_number_of(0)))
    grade: int | None = field(default=None, metadata=checked(optional(a_number_of(0))))

    def _contradictions(self) -> list[Problem]:
        if self.end is not None and self.end < self.start:
            return [Problem("order", "contract.end", "must not be before start")]
        return []


@frozen
class SalesEvent(Record):
    """What a sales person decided about a lead, for one product or for the whole firm."""

    lead_id: Id = field(metadata=checked(an_id))
    kind: SalesEventKind = field(metadata=checked(one_of(SalesEventKind)))
    at: datetime = field(converter=utc, metadata=checked(an_instant))
    product_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """`None` where the CRM does not know it: the event then concerns every product."""
    by: str | None = field(default=None, converter=text_or_none, metadata=checked(optional(a_text)))
    reason: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """Reason code, for example ``"timing"`` or ``"budget"``."""
    follow_up_on: date | None = field(default=None, metadata=checked(optional(a_day)))
