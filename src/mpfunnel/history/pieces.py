"""The days on which one playbook was in force: the company first, then its leads."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final

from mpfunnel.account import Account, Relative
from mpfunnel.by_hand import day_after
from mpfunnel.case import NOBODY, Seen
from mpfunnel.compiled import Compiled, company_on, undated
from mpfunnel.groups import Member
from mpfunnel.history.found import Answer, Found
from mpfunnel.history.kept import Kept
from mpfunnel.history.leads import AsOf, Epoch, LeadDays, Track, alive, days_of_deals
from mpfunnel.history.logs import log_of
from mpfunnel.history.running import Gauge
from mpfunnel.history.spans import Cause
from mpfunnel.kin import Given
from mpfunnel.ownership import Position, positions
from mpfunnel.records import Company, CompanyHistory, Id
from mpfunnel.tiers import rules_of

__all__ = ["Piece"]

_A_YEAR: Final = 366
NO_POSITIONS: Final[Mapping[Id, Position]] = {}


class Piece:
    """The days on which one playbook was in force.

    Args:
        book: The playbook.
        account: The records.
        first: The first day.
        last: The last day.
        tiers_on: The day for which custom Tier policies are asked; `None` for every day.
    """

    def __init__(
        self,
        book: Compiled,
        account: Account,
        first: int,
        last: int,
        *,
        tiers_on: date | None = None,
    ) -> None:
        self.book = book
        self.account = account
        self.first = first
        self.last = last
        self.tiers_on = tiers_on
        self.daily = len(book.ruled_tiers) < len(book.products) and tiers_on is None
        self.changes = _changes(account.company)
        # Days with a record of the group, and those on which time alone changes what it owns.
        self.of_group, self.lapses = _days_of_group(book, account)
        self.log = log_of(
            account,
            until=date.fromordinal(last),
            day_of=book.day_of,
            products=book.products,
            levels=book.levels,
            changes=[day for day in (*self.changes, *self.of_group) if day <= last],
        )

    def within(self, days: Iterable[int]) -> list[int]:
        """Return the days after the first one up to the last one, in order."""
        return sorted({day for day in days if self.first < day <= self.last})

    def replay(self, found: Found, kept: Kept) -> None:
        """Add what the answers were.

        Args:
            found: Where they are added.
            kept: Where leads are, for rules that ask for it.
        """
        version = self.book.playbook.version
        new = found.version is not None and found.version != version
        beginning: Cause | None = "playbook" if new else "start" if found.version is None else None
        found.version = version
        found.no_sign[version] = self.book.no_sign

        def cause(seen: Iterable[Container[int]]) -> Callable[[int], Cause]:
            def of(day: int) -> Cause:
                if day == self.first and beginning is not None:
                    return beginning
                return "record" if any(day in days for days in seen) else "time"

            return of

        hands = self.log.by_hand.begun

        def of_company(what: str, product_id: Id | None) -> Callable[[int], Cause]:
            set_on = {
                one.since.toordinal()
                for one in hands
                if (one.what, one.product_id) == (what, product_id)
            }
            return cause([self.changes | self.of_group, set_on])

        found.add(
            ("segment",),
            [
                (one.since, Answer(one.segment, version, self.undated(one, None)))
                for one in self.epochs
            ],
            self.last,
            of_company("segment", None),
        )
        for product_id in self.book.products:
            answers = [
                (
                    one.since,
                    Answer(one.tiers[product_id], version, self.undated(one, product_id)),
                )
                for one in self.epochs
            ]
            found.add(("tier", product_id), answers, self.last, of_company("tier", product_id))
        for lead in self.leads():
            lead_id, log = lead.lead.id, lead.log
            everything = log.seen_of.get(None, set())
            for product_id in self.book.products:
                track = lead.tracks[product_id]
                seen = cause([everything, log.seen_of.get(product_id, set())])
                for what in ("engagement", "interest"):
                    answers = [
                        (day, Answer(getattr(standing, what), version)) for day, standing in track
                    ]
                    found.add((what, lead_id, product_id), answers, self.last, seen)
            found.add(
                ("stage", lead_id), lead.stages(kept), self.last, cause([log.seen]), lead.instant
            )

    def leads(self) -> Iterator[LeadDays]:
        """Yield every lead."""
        matched = self.account.company is not None
        case = AsOf(self.book, matched=matched)
        held = self.positions() if matched else []
        bounds, alike = (self.first, self.last), dict[Id | None, Track]()
        gauges = {p: gauge_of(self.book, p) for p in (*self.book.products, None)}
        for one in self.log.leads.values():
            yield LeadDays(case, gauges, self.log, one, bounds, self.epochs, held, alike)

    # -- the company --

    @cached_property
    def epochs(self) -> list[Epoch]:
        """The company of each day on which it, or a Tier, is another one."""
        return [*self._epochs()]

    def _epochs(self) -> Iterator[Epoch]:
        book = self.book
        days: Iterable[int] = [
            self.first,
            *self.within([*self.moving, *self.reviews(), *self.hands()]),
        ]
        if self.daily:
            days = range(self.first, self.last + 1)
        known: tuple[Any, ...] | None = None
        for ordinal in days:
            day = date.fromordinal(ordinal)
            hands = self.log.by_hand.on(day)
            given = self._given(day)
            about = book.seen(company_on(given, day))
            dated = {
                p: book.dated_tier(given, one, self._asked_on(p, day))
                for p, one in book.products.items()
            }
            tiers = {p: hands.instead(one, "tier", product_id=p) for p, (one, _) in dated.items()}
            segment = book.unmatched
            if self.account.company is not None:
                segment = hands.instead(book.segment(about), "segment")
            held = [one for one in hands.held.values() if one.lead_id is None]
            if known != (about, segment, tiers, held) or ordinal in self.changes:
                known = about, segment, tiers, held
                decided_on = {p: decided for p, (_, decided) in dated.items()}
                company = about.company if isinstance(about, Member) else about
                yield Epoch(ordinal, company, segment, tiers, Seen(about, segment), decided_on)

    @property
    def moving(self) -> frozenset[int]:
        """The days on which facts of the company or its group change."""
        return self.changes | self.of_group | self.lapses

    def _given(self, day: date) -> Given:
        """Return the company, among its relatives where rules ask about its group."""
        return NOBODY if self.account.company is None else self.book.kin(self.account, day)

    def _asked_on(self, product_id: Id, day: date) -> date:
        """Return the day for which the policy of a product is asked on a day."""
        return day if product_id in self.book.ruled_tiers else self.tiers_on or day

    def reviews(self) -> Iterator[int]:
        """Yield the days on which Tiers were reviewed after a fact of the company had changed.

        On the others, tables find what they found before.
        """
        if not self.moving:
            return
        reviewed_on = self.book.playbook.reviewed_on
        first, last = max(self.first, min(self.moving) - 1), max(self.moving) + _A_YEAR
        day = reviewed_on(date.fromordinal(min(self.last, last)))
        while day is not None and day.toordinal() > first:
            yield day.toordinal()
            day = reviewed_on(date.fromordinal(day.toordinal() - 1))

    def hands(self) -> Iterator[int]:
        """Yield the days on which something set by hand begins to hold, or holds no more."""
        for one in self.log.by_hand.begun:
            yield one.since.toordinal()
            if (ended := day_after(one)) is not None:
                yield ended

    def undated(self, epoch: Epoch, product_id: Id | None) -> tuple[str, ...]:
        """Return what decided a segment or Tier without a record that says since when."""
        playbook, company = self.book.playbook, self.account.company
        if company is None:
            return ()
        day = date.fromordinal(epoch.since)
        if product_id is None:
            return undated(playbook.segments, epoch.segment, company, day)
        decided_on = epoch.decided_on[product_id]
        rules = rules_of(playbook.tiers[product_id])
        return undated(rules, epoch.tiers[product_id], company, decided_on)

    def positions(self) -> list[tuple[int, Mapping[Id, Position]]]:
        """Return what the company owns and is buying, by the days on which it changes."""
        days = [self.first, *self.within(days_of_deals(self.log.deals, self.log.contracts))]
        return [
            (
                day,
                positions(
                    [life.record[0] for life in alive(self.log.deals, day)],
                    self.log.contracts,
                    as_of=date.fromordinal(day),
                    day_of=self.book.day_of,
                ),
            )
            for day in days
        ]


@lru_cache(maxsize=256)
def gauge_of(book: Compiled, product_id: Id | None) -> Gauge:
    """Return the gauge of a product; for the whole firm, that of the first product."""
    models = book.models
    model = next(iter(models.values())) if product_id is None else models[product_id]
    return Gauge(book, model)


def _days_of_group(book: Compiled, account: Account) -> tuple[frozenset[int], frozenset[int]]:
    """Return the days on which records of a group change what rules see of it, and time alone."""
    told: set[int] = set()
    lapsed: set[int] = set()
    if account.company is None or not book.asked_of_group:
        return frozenset(), frozenset()
    for one in account.relatives:
        told |= _changes(one.company)
    if "owned" in book.asked_of_group:
        whole = (Relative(account.company, account.deals, account.contracts), *account.relatives)
        for one in whole:
            for deal in one.deals:
                told.add(book.day_of(deal.opened_at).toordinal())
                if deal.closed_at is not None:
                    told.add(book.day_of(deal.closed_at).toordinal())
            for contract in one.contracts:
                told.add(contract.start.toordinal())
                if contract.end is not None:
                    lapsed.add(contract.end.toordinal() + 1)
    return frozenset(told), frozenset(lapsed)


def _changes(company: Company | CompanyHistory | None) -> frozenset[int]:
    changes = company.changes if isinstance(company, CompanyHistory) else ()
    return frozenset(one.since.toordinal() for one in changes)
