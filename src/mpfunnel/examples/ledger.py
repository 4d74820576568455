"""The book in which the generator writes what one company and its people did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import Final

from attrs import Factory, define

from mpfunnel.examples.dice import Dice
from mpfunnel.examples.products import PRICES
from mpfunnel.examples.sample import Sample
from mpfunnel.records import (
    Activity,
    Company,
    Contract,
    Deal,
    DealLine,
    Lead,
    SalesEvent,
    SalesEventKind,
)

__all__ = ["DAYS_KEPT", "JST", "Ledger"]

JST: Final = timezone(timedelta(hours=9), "JST")
"""The time of Asia/Tokyo: one offset since 1952, so that no time zone files are needed."""

DAYS_KEPT: Final = 540
"""How far back activities and deals go."""

_OUTCOMES: Final = {"won": 30, "lost": 70}
_REASONS: Final = {"timing": 30, "budget": 20, "competitor": 25, "no_need": 15, "other": 10}


@define
class Ledger:
    """Records of one company in the making; days are counted back from `as_of`.

    Whatever would lie on `as_of` or after it has not happened yet, and is not written.
    """

    number: int
    as_of: date
    dice: Dice
    employees: int = 1
    partners: list[int] = Factory(list[int])
    """Ids of the companies through which a deal may be sold."""
    leads: list[Lead] = Factory(list[Lead])
    activities: list[Activity] = Factory(list[Activity])
    deals: list[Deal] = Factory(list[Deal])
    contracts: list[Contract] = Factory(list[Contract])
    sales_events: list[SalesEvent] = Factory(list[SalesEvent])

    def day(self, ago: int) -> date:
        """Return the day `ago` days before `as_of`."""
        return self.as_of - timedelta(days=ago)

    def moment(self, ago: int) -> datetime:
        """Return some moment of that day between 8:00 and 20:00 in Japan."""
        start = datetime.combine(self.day(ago), time(8), JST)
        return start + timedelta(seconds=self.dice.below(12 * 3600))

    def event(
        self,
        lead_id: int,
        kind: SalesEventKind,
        product: str | None,
        ago: int,
        *,
        reason: str | None = None,
        follow_up_in: int | None = None,
    ) -> None:
        """Write what sales decided, with a follow-up so many days later."""
        if ago < 1:
            return
        self.sales_events.append(
            SalesEvent(
                lead_id=lead_id,
                kind=kind,
                at=self.moment(ago),
                product_id=product,
                by=f"rep-{1 + self.number % 12:02}",
                reason=reason,
                follow_up_on=None if follow_up_in is None else self.day(ago - follow_up_in),
            )
        )

    def lost_for(self) -> str:
        """Return a reason code for what came to nothing."""
        return self.dice.among(_REASONS)

    def pursue(self, products: tuple[str, ...], ago: int, *, lead_id: int | None = None) -> None:
        """Write a deal opened `ago` days before, and how it ended if it has ended."""
        if ago < 1:
            return
        closed = ago - 20 - self.dice.below(100)
        status = self.dice.among(_OUTCOMES)
        if closed < 1:
            self._deal(products, ago, lead_id=lead_id)
        elif status == "lost":
            self._deal(products, ago, closed, lead_id=lead_id, reason=self.lost_for())
        else:
            self._deal(products, ago, closed, lead_id=lead_id, won=True)
            for product in products:
                self.contracts.append(self._contract(product, closed - 1))

    def sign(self, product: str, ago: int, *, lapsed: bool) -> None:
        """Write a contract that began `ago` days before, and its deal if that is recent."""
        end = None
        if lapsed:
            end = self.day(ago - 365 * (ago // 365) + 1)
        elif self.dice.chance(700):
            end = self.day(ago - 365 * (ago // 365 + 1) + 1)
        self.contracts.append(self._contract(product, ago, end))
        if ago < DAYS_KEPT:
            self._deal((product,), ago + 30 + self.dice.below(90), ago + 1, won=True)

    def owned(self) -> list[str]:
        """Return the products under a contract that runs on `as_of`, each once."""
        running = (
            contract.product_id
            for contract in self.contracts
            if contract.end is None or contract.end >= self.as_of
        )
        return list(dict.fromkeys(str(product) for product in running))

    def closed(self, company: Company) -> Sample:
        """Return everything written, in order."""
        return Sample(
            companies=(company,),
            leads=tuple(self.leads),
            activities=tuple(sorted(self.activities, key=lambda activity: activity.at)),
            deals=tuple(self.deals),
            contracts=tuple(self.contracts),
            sales_events=tuple(sorted(self.sales_events, key=lambda event: event.at)),
        )

    def _seats(self) -> int:
        return 1 + self.employees * (3 + self.dice.below(20)) // 100

    def _contract(self, product: str, ago: int, end: date | None = None) -> Contract:
        return Contract(
            company_id=self.number,
            product_id=product,
            start=self.day(ago),
            end=end,
            quantity=self._seats(),
            grade=1 + (self.employees >= 100) + (self.employees >= 1000),
        )

    def _deal(
        self,
        products: tuple[str, ...],
        ago: int,
        closed: int | None = None,
        *,
        lead_id: int | None = None,
        won: bool = False,
        reason: str | None = None,
    ) -> None:
        lines = tuple(self._lines(products))
        partner = self.dice.pick(self.partners) if self.partners else None
        self.deals.append(
            Deal(
                id=self.number * 100 + len(self.deals),
                company_id=self.number,
                opened_at=self.moment(ago),
                lines=lines,
                status="open" if closed is None else "won" if won else "lost",
                closed_at=None if closed is None else self.moment(closed),
                lead_id=lead_id,
                via_company_id=partner if self.dice.chance(150) else None,
                reason=reason,
                amount=sum(int(line.amount or 0) for line in lines),
                currency="JPY",
            )
        )

    def _lines(self, products: tuple[str, ...]) -> Iterator[DealLine]:
        for product in products:
            seats = self._seats()
            yield DealLine(product, seats, seats * PRICES[product])
