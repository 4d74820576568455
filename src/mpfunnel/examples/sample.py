"""A set of records that belong together."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from attrs import frozen

from mpfunnel.account import Account, accounts
from mpfunnel.examples.products import PRODUCTS
from mpfunnel.records import Activity, Company, Contract, Deal, Lead, Product, SalesEvent

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Sample"]


@frozen
class Sample:
    """Records that refer to each other by id.

    Companies and leads are in the order of their ids, activities and sales events in that of time.
    """

    companies: tuple[Company, ...] = ()
    leads: tuple[Lead, ...] = ()
    activities: tuple[Activity, ...] = ()
    deals: tuple[Deal, ...] = ()
    contracts: tuple[Contract, ...] = ()
    sales_events: tuple[SalesEvent, ...] = ()

    @property
    def products(self) -> tuple[Product, ...]:
        """What the firm sells: the same for every sample."""
        return PRODUCTS

    def accounts(self) -> tuple[Account, ...]:
        """Return one account per company, then one of the people without any."""
        return accounts(
            companies=self.companies,
            leads=self.leads,
            activities=self.activities,
            deals=self.deals,
            contracts=self.contracts,
            sales_events=self.sales_events,
        )

    @classmethod
    def merge(cls, samples: Iterable[Sample]) -> Sample:
        """Return all records of `samples`; those with a time are put in its order."""
        pieces = tuple(samples)
        return cls(
            companies=tuple(chain.from_iterable(piece.companies for piece in pieces)),
            leads=tuple(chain.from_iterable(piece.leads for piece in pieces)),
            activities=tuple(
                sorted(
                    chain.from_iterable(piece.activities for piece in pieces),
                    key=lambda activity: activity.at,
                )
            ),
            deals=tuple(chain.from_iterable(piece.deals for piece in pieces)),
            contracts=tuple(chain.from_iterable(piece.contracts for piece in pieces)),
            sales_events=tuple(
                sorted(
                    chain.from_iterable(piece.sales_events for piece in pieces),
                    key=lambda event: event.at,
                )
            ),
        )
