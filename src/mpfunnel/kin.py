"""Kin: a company among its relatives, and what rules see of it on any day."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime

from mpfunnel.account import Account, Relative
from mpfunnel.groups import Group, Member, families
from mpfunnel.ownership import positions
from mpfunnel.records import Company, CompanyHistory, Id
from mpfunnel.situation import Situation, situation

__all__ = ["Given", "Kin", "history_of"]


class Kin:
    """A company among its relatives.

    Args:
        account: The account of the company.
        asked: Which facts of the group are asked about; no others are worked out.
        as_of: The day as of which records count.
        day_of: Gives the local day of an instant.
        products: The playbook's products by id.
    """

    def __init__(
        self,
        account: Account,
        asked: Collection[str],
        *,
        as_of: date,
        day_of: Callable[[datetime], date],
        products: Mapping[Id, object],
    ) -> None:
        assert account.company is not None
        self.given = account.company
        self._asked = asked
        self._as_of = as_of
        self._day_of = day_of
        self._products = products
        own = Relative(account.company, account.deals, account.contracts)
        self._members = (own, *account.relatives)
        self._known: dict[int, Situation] = {}
        self._on: dict[date, Member] = {}

    def on(self, day: date) -> Member:
        """Return the company with its group as it was on a day, up to that of `as_of`."""
        found = self._on.get(day)
        if found is None:
            found = self._on[day] = self._member(day)
        return found

    def _member(self, day: date) -> Member:
        companies = [
            one.company.on(day) if isinstance(one.company, CompanyHistory) else one.company
            for one in self._members
        ]
        groups = families((one.id, one.parent_id) for one in companies)
        company = companies[0]
        kin = [n for n, one in enumerate(companies) if groups[one.id] == groups[company.id]]
        owned = self._owned(kin, day) if "owned" in self._asked else ()
        return Member(company, Group.of([companies[place] for place in kin], owned))

    def _owned(self, kin: Collection[int], day: date) -> Iterator[str]:
        for place in kin:
            one = self._members[place]
            if not (one.deals or one.contracts):
                # Most companies of a large group, at no cost.
                continue
            known = self._known.get(place)
            if known is None:
                known = self._known[place] = situation(
                    one.account,
                    as_of=self._as_of,
                    day_of=self._day_of,
                    products=self._products,
                )
            held = positions(known.deals, known.contracts, as_of=day, day_of=self._day_of)
            yield from (str(product_id) for product_id, its in held.items() if its.owned)


Given = Company | CompanyHistory | Kin
"""A company: as it is, as it was over time, or among its relatives."""


def history_of(given: Given) -> Company | CompanyHistory:
    """Return a company without its relatives."""
    return given.given if isinstance(given, Kin) else given
