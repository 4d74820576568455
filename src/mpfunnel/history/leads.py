"""One lead on the days of one playbook: the days on which an answer about it can change.

Those with a record are known; between two of them nothing but age changes, and age works one way:
gains fade, activities leave the days that a measure looks at. So each number that a rule asks about
only falls, and where all of them are in the same cell of the rules on the first and on the last of
those days, they are on all days between; where not, the days are halved. Penalties work the other
way, so that gains of the last day with penalties of the first one, and the other way round, are
what bounds the numbers between.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from attrs import frozen

from mpfunnel.answers import Stage
from mpfunnel.by_hand import NOTHING_BY_HAND, day_after
from mpfunnel.calendars import day_began
from mpfunnel.case import NO_TIER, Case, Person, Seen, hear_sales
from mpfunnel.compiled import Compiled
from mpfunnel.engagement import NO_SCORE, Standing
from mpfunnel.history.found import Answer
from mpfunnel.history.kept import Kept
from mpfunnel.history.logs import NEVER, AccountLog, LeadLog, Life
from mpfunnel.history.running import Gauge, Running
from mpfunnel.ownership import NOTHING, Position, positions
from mpfunnel.records import Company, Contract, Id, Override
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import Segment
from mpfunnel.situation import Situation
from mpfunnel.stages import Pursuit
from mpfunnel.tiers import Tier

__all__ = ["AsOf", "Epoch", "Held", "LeadDays", "Track", "alive", "days_of_deals"]

Held = Sequence[tuple[int, Mapping[Id, Position]]]
"""What is owned and being bought, by the days on which it may change."""

Track = list[tuple[int, Standing]]
"""How a lead stands with a product, by the days on which a rule can tell the difference."""


@frozen
class Epoch:
    """The company from a day on, and what follows from it alone.

    Attributes:
        since: The day.
        company: The company.
        segment: Its segment.
        tiers: Its Tiers.
        seen: What rules about leads see of it.
        decided_on: For each Tier, the day whose facts decided it.
    """

    since: int
    company: Company
    segment: Decision[Segment]
    tiers: Mapping[Id, Decision[Tier]]
    seen: Seen
    decided_on: Mapping[Id, date]


class AsOf(Case):
    """A case that moves from day to day; what it knows of each is looked up beforehand."""

    def __init__(self, book: Compiled, *, matched: bool) -> None:
        # The situation of one day is what this one does without.
        self.book = book
        self.matched = matched
        self.by_hand = NOTHING_BY_HAND

    def move(
        self,
        day: int,
        epoch: Epoch,
        position: Mapping[Id, Position],
        deals: Mapping[Id | None, list[Any]],
    ) -> None:
        """Go to a day."""
        self.day = date.fromordinal(day)
        self.company = epoch.company
        company = epoch.company if self.matched else None
        self.facts = Situation(self.day, company, {}, {}, (), deals, (), {}, ())
        self.company_positions = position
        self.seen = epoch.seen


def alive(lives: Iterable[Life], day: int) -> list[Life]:
    """Return what counts on a day."""
    return [life for life in lives if life.since <= day < life.until]


def days_of_deals(deals: Iterable[Life], contracts: Iterable[Contract] = ()) -> Iterator[int]:
    """Yield the days on which a deal or a contract can change what is owned or being bought."""
    for life in deals:
        yield life.since
        yield life.until
        closed = life.record[2]
        if closed is not None:
            yield closed.toordinal()
    for contract in contracts:
        yield contract.start.toordinal()
        if contract.end is not None:
            yield contract.end.toordinal() + 1


class LeadDays:
    """One lead, on the days of one playbook.

    Args:
        case: The case of the account.
        gauges: By product; `None` stands for the whole firm.
        whole: What the account holds.
        log: What is about the lead.
        bounds: The first and the last day.
        epochs: What the company was.
        held: What the company owned; of people without company, what the lead did is asked instead.
        alike: How leads stand that never gave a sign, as far as it is known; filled here.
    """

    def __init__(
        self,
        case: AsOf,
        gauges: Mapping[Id | None, Gauge],
        whole: AccountLog,
        log: LeadLog,
        bounds: tuple[int, int],
        epochs: Sequence[Epoch],
        held: Held,
        alike: dict[Id | None, Track],
    ) -> None:
        self.case = case
        self.book = case.book
        self.gauges = gauges
        self.whole = whole
        self.log = log
        self.lead = log.lead
        self.first, self.last = bounds
        self.epochs = epochs
        self.starts = [one.since for one in epochs]
        self.held = held if whole.matched else self._held()
        self.held_since = [since for since, _ in self.held]
        self.event_days = [day.toordinal() for _, day in log.events]
        self.hands: dict[Id, list[Override]] = {}
        for one in whole.by_hand.begun:
            if one.lead_id == log.lead.id and one.product_id is not None:
                self.hands.setdefault(one.product_id, []).append(one)
        self.by_product: dict[Id | None, list[Life]] = {}
        for life in log.activities:
            for product_id in life.record[0].product_ids or _FIRM_WIDE:
                self.by_product.setdefault(product_id, []).append(life)
        self.tracks: dict[Id | None, Track] = {}
        for product_id, gauge in gauges.items():
            signed = (
                product_id in self.hands
                or log.events
                or not self.by_product.keys().isdisjoint((product_id, None))
            )
            if signed or gauge.compiled.asks_lead or not whole.matched:
                self.tracks[product_id] = self.track(product_id)
            else:
                # Where they have given no sign, all leads of the company stand alike.
                if product_id not in alike:
                    alike[product_id] = self.track(product_id)
                self.tracks[product_id] = alike[product_id]

    def _held(self) -> Held:
        """Return what the lead itself owns and is buying."""
        return [
            (
                day,
                positions(
                    [life.record[0] for life in alive(self.log.deals, day)],
                    (),
                    as_of=date.fromordinal(day),
                    day_of=self.book.day_of,
                ),
            )
            for day in self.days(days_of_deals(self.log.deals))
        ]

    def days(self, days: Iterable[int]) -> list[int]:
        """Return the first day, and those of the days that are after it, in order."""
        return [self.first, *sorted({day for day in days if self.first < day <= self.last})]

    # -- engagement --

    def track(self, product_id: Id | None) -> Track:
        """Return how the lead stands with a product."""
        own = self.by_product.get(product_id, [])
        wide = [] if product_id is None else self.by_product.get(None, [])
        ends = {life.until for lives in (own, wide) for life in lives if life.until != NEVER}
        days = {life.since for lives in (own, wide) for life in lives} | ends
        days.update(self.starts)
        days.update(
            day
            for (event, _), day in zip(self.log.events, self.event_days, strict=True)
            if event.product_id in (None, product_id)
        )
        if product_id is not None:
            days.update(self.days_of_position(product_id))
            for one in self.hands.get(product_id, ()):
                days.add(one.since.toordinal())
                days.add(day_after(one) or NEVER)
        marks = self.days(days)
        search = _Search(self.gauges[product_id], self.lead, product_id)
        for mark, then in zip(marks, [*marks[1:], self.last + 1], strict=True):
            if mark == self.first or mark in ends:
                search.running = Running(
                    search.gauge,
                    [life for life in own if mark < life.until],
                    [life for life in wide if mark < life.until],
                )
            if product_id in self.hands:
                search.by_hand = self.whole.by_hand.on(date.fromordinal(mark))
            epoch = self.epochs[bisect_right(self.starts, mark) - 1]
            search.go(epoch.seen, self.standing(product_id, mark, epoch), mark)
            if then > mark + 1 and (own or wide):
                search.until(mark, then - 1, None)
        return search.found

    def standing(self, product_id: Id | None, day: int, epoch: Epoch) -> Standing:
        """Return how the lead stands with a product on a day, without its activities."""
        standing = Standing(NO_TIER if product_id is None else epoch.tiers[product_id])
        if product_id is not None:
            position = self.held[bisect_right(self.held_since, day) - 1][1].get(product_id, NOTHING)
            standing.open_deal = position.open_deal
            standing.owned = position.owned
            standing.parting_reasons = position.lost_for
        said = self.log.events[: bisect_right(self.event_days, day)]
        if said:
            hear_sales(standing, [one for one in said if one[0].product_id in (None, product_id)])
        return standing

    def days_of_position(self, product_id: Id) -> Iterator[int]:
        """Yield the days on which what is owned or being bought of a product changes."""
        known = None
        for since, position in self.held:
            if (now := position.get(product_id, NOTHING)) != known:
                yield since
                known = now

    # -- the stage --

    def stages(self, kept: Kept) -> Iterator[tuple[int, Answer]]:
        """Yield the days on which the warranted stage may change, with what it is.

        Args:
            kept: Where the lead is, for rules that ask for it; it is moved on there.
        """
        version = self.book.playbook.version
        for day, stage in self.turns(kept):
            said = stage.warranted
            yield (
                day,
                Answer(
                    said.decision,
                    version,
                    (),
                    said.for_products,
                    stage.existing_customer,
                    said.wins,
                ),
            )

    def turns(self, kept: Kept) -> Iterator[tuple[int, Stage]]:
        """Yield the days on which the stage that any pursuit warrants may change, with all of them.

        Args:
            kept: Where the lead is, for rules that ask for it; it is moved on there.
        """
        case, lead_id = self.case, self.lead.id
        moving = set(self.days(self.days_of_pursuits()))
        others = {*self.starts, *self.held_since}
        if self.book.asks_stage:
            others |= kept.days(lead_id, self.book.day_of)
            if (since := kept.since(self.book.day_of)) is not None:
                others.add(since)
        others |= kept.ends(lead_id)
        days = moving | others
        new: dict[int, list[tuple[Id | None, Standing]]] = {}
        for product_id, track in self.tracks.items():
            for day, standing in track:
                new.setdefault(day, []).append((product_id, standing))
        pursuits: Mapping[Id | None, Pursuit] = {}
        standings: dict[Id | None, Any] = {}
        was_moved = False
        marks = self.days({*days, *new})
        for day, then in zip(marks, [*marks[1:], self.last + 1], strict=True):
            for product_id, standing in new.get(day, ()):
                standings[product_id] = standing, NO_SCORE
            if day in days:
                self.go(day)
            known = pursuits
            if day in moving:
                pursuits = case.pursuits(self.person(day))
            # Most signs change nothing of what a pursuit shows.
            if pursuits == known and not (day in new or day in others or was_moved):
                continue
            person = Person(self.lead, {}, {}, [], standings)
            stage, was_moved = self._stage(person, pursuits, kept, day)
            yield day, stage
            if was_moved and day + 1 < then:
                # What leads to a stage is not what keeps a lead there.
                stage, was_moved = self._stage(person, pursuits, kept, day + 1)
                yield day + 1, stage

    def _stage(
        self, person: Person, pursuits: Mapping[Id | None, Pursuit], kept: Kept, day: int
    ) -> tuple[Stage, bool]:
        """Return the stage of a day, and whether the lead was moved to another one."""
        book = self.book
        entry = kept.entry(self.lead.id, day, book.day_of) if book.asks_stage else None
        stage = self.case.stage_of(person, pursuits, entry)
        if not book.asks_stage or day < (kept.since(book.day_of) or NEVER):
            return stage, False
        return stage, kept.move(self.lead.id, book.playbook, stage.warranted, self.instant(day))

    def go(self, day: int) -> None:
        """Move the case to a day."""
        epoch = self.epochs[bisect_right(self.starts, day) - 1]
        position = self.held[bisect_right(self.held_since, day) - 1][1]
        deals = {
            self.lead.id: [life.record for life in alive(self.log.deals, day)],
            None: [life.record for life in alive(self.whole.deals_without_lead, day)],
        }
        self.case.move(day, epoch, position, deals)
        if self.hands:
            self.case.by_hand = self.whole.by_hand.on(self.case.day)

    def person(self, day: int) -> Person:
        """Return what is known of the lead as of a day, with what may be a sign of a pursuit."""
        about: dict[Id | None, list[Any]] = {}
        for product_id, lives in self.by_product.items():
            hand_days = self.gauges[product_id].compiled.model.responses
            pairs = [
                life.record
                for life in lives
                if life.since <= day < life.until and life.record[0].kind in hand_days
            ]
            if pairs:
                about[product_id] = pairs
        events = self.log.events[: bisect_right(self.event_days, day)]
        return Person(self.lead, about, {}, events)

    def days_of_pursuits(self) -> Iterator[int]:
        """Yield the days on which a pursuit may be another one."""
        quiet = self.book.playbook.funnel.quiet_days
        signs = {
            *self.event_days,
            *days_of_deals(self.log.deals),
            *days_of_deals(self.whole.deals_without_lead),
        }
        for product_id, lives in self.by_product.items():
            hand_days = self.gauges[product_id].compiled.model.responses
            for life in lives:
                if (hand := hand_days.get(life.record[0].kind)) is not None:
                    signs.add(life.since)
                    signs.add(life.until)
                    yield life.since + hand
        yield from signs
        yield from (day + quiet for day in signs)
        for one in itertools.chain(*self.hands.values()):
            yield one.since.toordinal()
            yield day_after(one) or NEVER

    def instant(self, day: int) -> datetime:
        """Return when a stage of a day began."""
        at = self.log.seen.get(day)
        if at is not None:
            return at
        return day_began(date.fromordinal(day), self.book.zone)


_FIRM_WIDE = (None,)


class _Search:
    """Finds the days on which a rule can tell the difference.

    Attributes:
        running: The activities.
        by_hand: What somebody has set.
        found: What was found so far.
    """

    running: Running

    def __init__(self, gauge: Gauge, lead: Any, product_id: Id | None) -> None:
        self.gauge = gauge
        self.lead = lead
        self.by_hand = NOTHING_BY_HAND
        self._about: Any = {"lead_id": lead.id, "product_id": product_id}
        self._held: Override | None = None
        self.found: Track = []
        self._known: Hashable = None
        self._besides: list[Any] = []
        self._company: Any = None
        self._standing: Standing

    def go(self, company: Seen, standing: Standing, day: int) -> None:
        """Go on with what is known from a day on, besides the activities."""
        self._company = company
        self._standing = standing
        cell = self._cell(day, day)
        # Days alone change none of this.
        besides = [getattr(standing, name) for name in self.gauge.besides]
        held = self.by_hand.held.get(("engagement", self.lead.id, self._about["product_id"]))
        if (besides, held) != (self._besides, self._held):
            # Whatever the rules about states say, it is another standing.
            self._besides, self._held, self._known = besides, held, None
        self._note(cell, day)

    def until(self, day: int, last: int, ending: Hashable) -> None:
        """Find the changes after a day, which is known, up to another one.

        Args:
            day: The day.
            last: The last day.
            ending: The cell of the last day, if it is known.
        """
        rises = self.running.rises
        least = self._cell(last, day) if ending is None else ending
        most = self._cell(day, last) if rises else self._known
        if least == most:
            return
        if last == day + 1:
            self._note(self._cell(last, last), last)
            return
        middle = (day + last) // 2
        self.until(day, middle, None)
        self.until(middle, last, None if rises else least)

    def _cell(self, day: int, losses_on: int) -> Hashable:
        self.running.read(self._standing, day, losses_on)
        return self.gauge.cell(self._company, self.lead, self._standing)

    def _note(self, cell: Hashable, day: int) -> None:
        """Keep the cell of the day that was read last, if it is another one."""
        if cell == self._known:
            return
        self._known = cell
        last = self._standing
        # Written out, because a copy takes ten times as long, and there are very many.
        standing = Standing(
            last.tier,
            last.open_deal,
            last.owned,
            last.parting_reasons,
            last.marked_for_follow_up,
            last.touched,
            last.score,
            last.active_days,
            last.measures,
            last.interest,
            self.by_hand.instead(
                self.gauge.compiled.state(self._company, self.lead, last),
                "engagement",
                **self._about,
            ),
        )
        self.found.append((day, standing))
