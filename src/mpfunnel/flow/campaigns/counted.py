"""Counted: what campaigns came to, in the numbers that their figures rest on.

Whoever counts, from accounts or from whole tables, ends with these few, and the figures are the
same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.flow.campaigns.touches import TouchStatus, rank

__all__ = ["Counted", "Sale"]


def _frozen(value: Mapping[int, int]) -> immutabledict[int, int]:
    return immutabledict(value)


def _sales(value: Sequence[Sale]) -> tuple[Sale, ...]:
    return tuple(value)


@frozen
class Sale:
    """A deal that was won, with the part of it that counts.

    Attributes:
        day: The day on which it was won.
        amount: What the part is worth in its own currency; `None` where nobody knows.
        currency: ISO 4217 code; `None` for the playbook's currency.
    """

    day: date
    amount: int | Decimal | None
    currency: str | None


@frozen
class Counted:
    """What some campaigns came to together. Whatever is counted are things that differ.

    Attributes:
        people: How many people have touches whose furthest status is of that rank.
        companies: The same of companies.
        unmatched: Leads without company to whom something was delivered.
        matured: Companies whose time is over.
        pending: Companies whose time is not over; of several campaigns, a company may be in both.
        meetings: Days on which a company was met.
        opened: Deals opened.
        converted: Companies that opened one.
        opened_before: Deals won that were opened before the first touch.
        acquired: Companies whose first deal on record was won.
        won: The deals won.
    """

    people: immutabledict[int, int] = field(default=immutabledict(), converter=_frozen)
    companies: immutabledict[int, int] = field(default=immutabledict(), converter=_frozen)
    unmatched: int = 0
    matured: int = 0
    pending: int = 0
    meetings: int = 0
    opened: int = 0
    converted: int = 0
    opened_before: int = 0
    acquired: int = 0
    won: tuple[Sale, ...] = field(default=(), converter=_sales)

    def people_at(self, status: TouchStatus) -> int:
        """Return how many people have touches that came so far, or further."""
        return _at_least(self.people, status)

    def companies_at(self, status: TouchStatus) -> int:
        """Return how many companies have touches that came so far, or further."""
        return _at_least(self.companies, status)


def _at_least(furthest: Mapping[int, int], status: TouchStatus) -> int:
    least = rank(status)
    return sum(number for place, number in furthest.items() if place >= least)
