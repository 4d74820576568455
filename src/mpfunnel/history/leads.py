"""One lead on the days of one playbook: the days on which an answer about it can change.

Those with a record are known; between two of them nothing but age changes, and age works one way:
points fade, activities leave the days that a measure looks at. So each number that a rule asks
about only falls, and where all of them are in the same cell of the rules on the first and on the
last of those days, they are on all days between; where not, the day of the change is found by
halving. A penalty that fades works the other way: while a lead has one, the days on which any
activity reaches an age that matters are looked at one by one.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from attrs import frozen

from mpfunnel.case import Case, Compiled, CompiledModel, Person
from mpfunnel.engagement import NO_SCORE, Standing
from mpfunnel.engagement.waiting import ages_of_change
from mpfunnel.history.found import Answer
from mpfunnel.history.logs import AccountLog, LeadLog, Life
from mpfunnel.ownership import NOTHING, Position
from mpfunnel.records import Company, Contract, Id
from mpfunnel.rules.compiled import cell_of
from mpfunnel.rules.conditions import Exists, facts_of, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import Segment
from mpfunnel.situation import Situation
from mpfunnel.stages import Pursuit
from mpfunnel.tiers import Tier

__all__ = ["AsOf", "Epoch", "LeadDays", "alive", "days_of_deals"]

_RUNNING: Final = frozenset({"score", "active_days"})
"""What of a product changes from day to day, besides the measures."""


@frozen
class Epoch:
    """The company from a day on, and what follows from it alone."""

    since: int
    company: Company
    segment: Decision[Segment]
    tiers: Mapping[Id, Decision[Tier]]


class AsOf(Case):
    """A case that moves from day to day; what it knows of each is looked up beforehand."""

    def __init__(self, book: Compiled, *, matched: bool) -> None:
        # The situation of one day is what this one does without.
        self.book = book
        self.matched = matched

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
        self.segment = epoch.segment
        self.tiers = epoch.tiers
        self.company_positions = position
        vars(self).pop("seen", None)
        self._unsigned = {}


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


Track = list[tuple[int, Standing]]
"""How a lead stands with a product, by the days on which a rule can tell the difference."""


class LeadDays:
    """One lead, on the days of one playbook."""

    def __init__(
        self,
        book: Compiled,
        case: AsOf,
        whole: AccountLog,
        log: LeadLog,
        bounds: tuple[int, int],
        epochs: Sequence[Epoch],
        held: Sequence[tuple[int, Mapping[Id, Position]]],
    ) -> None:
        self.book = book
        self.case = case
        self.whole = whole
        self.first, self.last = bounds
        self.log = log
        self.epochs = epochs
        self.starts = [one.since for one in epochs]
        self.held = held
        self.held_since = [since for since, _ in held]
        self.event_days = [day.toordinal() for _, day in log.events]
        self.by_product: dict[Id | None, list[Life]] = {}
        for life in log.activities:
            for product_id in life.record[0].product_ids or (None,):
                self.by_product.setdefault(product_id, []).append(life)
        self.tracks: dict[Id | None, Track] = {
            product_id: self.track(product_id) for product_id in (*self.book.products, None)
        }

    # -- days --

    def within(self, days: Iterable[int]) -> list[int]:
        """Return the days after the first one up to the last one, in order."""
        return sorted({day for day in days if self.first < day <= self.last})

    def go(self, day: int) -> None:
        """Move the case to a day."""
        epoch = self.epochs[bisect_right(self.starts, day) - 1]
        position = self.held[bisect_right(self.held_since, day) - 1][1]
        deals = {
            self.log.lead.id: [life.record for life in alive(self.log.deals, day)],
            None: [life.record for life in alive(self.whole.deals_without_lead, day)],
        }
        self.case.move(day, epoch, position, deals)

    def person(self, day: int, *about: Id | None) -> Person:
        """Return what is known of the lead as of a day, with the activities about some products."""
        pairs: dict[Id | None, list[Any]] = {}
        touches: dict[Id | None, list[Any]] = {}
        for product_id in about:
            lives = self.by_product.get(product_id, ())
            if living := alive(lives, day):
                pairs[product_id] = [life.record for life in living]
                touches[product_id] = [
                    (life.record[0].kind, day - life.since, 1) for life in living
                ]
        events = self.log.events[: bisect_right(self.event_days, day)]
        return Person(self.log.lead, pairs, touches, events)

    # -- engagement --

    def track(self, product_id: Id | None) -> Track:
        """Return how the lead stands with a product."""
        lives = [*self.by_product.get(product_id, ())]
        if product_id is not None:
            lives += self.by_product.get(None, ())
        days = {day for life in lives for day in (life.since, life.until)}
        days.update(self.starts)
        days.update(
            day
            for (event, _), day in zip(self.log.events, self.event_days, strict=True)
            if event.product_id in (None, product_id)
        )
        if product_id is not None:
            days.update(self.days_of_position(product_id))
        marks = [self.first, *self.within(days)]
        model = self.case.model(product_id)
        ages = ages_of_change(model.model, model.measures)
        telling = Telling(self.book, model)
        found: Track = []
        known: Hashable = None

        def ask(day: int) -> tuple[Hashable, Standing]:
            self.go(day)
            person = self.person(day, *dict.fromkeys((product_id, None)))
            standing, _ = self.case.standing(person, product_id)
            return telling.cell(self.case.seen, self.log.lead, standing), standing

        for mark, then in zip(marks, [*marks[1:], self.last + 1], strict=True):
            cell, standing = ask(mark)
            if cell != known:
                found.append((mark, standing))
                known = cell
            if then == mark + 1 or not lives:
                continue
            living = alive(lives, mark)
            if model.rises(life.record[0].kind for life in living):
                for day in sorted({life.since + age for life in living for age in ages}):
                    if mark < day < then:
                        cell, standing = ask(day)
                        if cell != known:
                            found.append((day, standing))
                            known = cell
                continue
            at = mark
            while at < then - 1:
                cell, standing = ask(then - 1)
                if cell == known:
                    break
                low, high = at, then - 1
                while low + 1 < high:
                    middle = (low + high) // 2
                    between, there = ask(middle)
                    if between == known:
                        low = middle
                    else:
                        high, cell, standing = middle, between, there
                found.append((high, standing))
                known, at = cell, high
        return found

    def days_of_position(self, product_id: Id) -> Iterator[int]:
        """Yield the days on which what is owned or being bought of a product may change."""
        if not self.whole.matched:
            yield from days_of_deals(self.log.deals)
            return
        known = None
        for since, position in self.held:
            if (now := position.get(product_id, NOTHING)) != known:
                yield since
                known = now

    # -- the stage --

    def stages(self) -> Iterator[tuple[int, Answer]]:
        """Yield the days on which the stage may change, with what it is."""
        quiet = self.book.playbook.funnel.quiet_days
        signs = {
            *(day for life in self.log.activities for day in (life.since, life.until)),
            *self.event_days,
            *days_of_deals([*self.log.deals, *self.whole.deals_without_lead]),
        }
        days = {*signs, *(day + quiet for day in signs), *self.starts, *self.held_since}
        for life in self.log.activities:
            for product_id in life.record[0].product_ids or (None,):
                hand = self.case.model(product_id).model.responses.get(life.record[0].kind, 0)
                days.add(life.since + hand)
        for track in self.tracks.values():
            days.update(day for day, _ in track)
        starts = {p: [day for day, _ in track] for p, track in self.tracks.items()}
        for day in [self.first, *self.within(days)]:
            self.go(day)
            person = self.person(day, *self.by_product)
            for product_id, track in self.tracks.items():
                at = bisect_right(starts[product_id], day) - 1
                person.standings[product_id] = track[at][1], NO_SCORE
            stage = self.case.stage(person)
            yield (
                day,
                Answer(
                    stage.decision,
                    self.book.playbook.version,
                    (),
                    stage.for_products,
                    stage.existing_customer,
                ),
            )

    def instant(self, day: int) -> datetime:
        """Return when a stage of a day began."""
        at = self.log.seen.get(day)
        if at is not None:
            return at
        # In UTC, the first day that there is may begin before time itself.
        midnight = datetime.combine(date.fromordinal(day), time(), self.book.zone)
        return midnight.astimezone(UTC) if day > 1 else datetime.min.replace(tzinfo=UTC)


class Telling:
    """Finds the cell of a standing: while it is the same, so is every answer."""

    def __init__(self, book: Compiled, model: CompiledModel) -> None:
        self.interest = cell_of(model.interest)
        self.state = cell_of(model.state)
        self.stage = cell_of(book.stage)
        conditions = book.playbook.funnel.rules.conditions
        ranged = [at for when in conditions for at in walk(when) if isinstance(at, Exists)]
        self.asked = any(_runs(fact) for when in conditions for fact in facts_of(when))
        # What ranges over products looks at all of them at once, and tells no cells of one.
        self.exact = any(_runs(fact) for at in ranged for fact in facts_of(at))
        self.rows: tuple[Any, ...] = ({"product": {}},) if ranged else ()

    def cell(self, company: Any, lead: Any, standing: Standing) -> Hashable:
        """Return the cell."""
        found = (
            self.interest(company, lead, standing),
            self.state(company, lead, standing),
            self.stage(company, lead, standing, Pursuit(), *self.rows) if self.asked else (),
        )
        if self.exact:
            return found, standing.score, standing.active_days, tuple(standing.measures.values())
        return found


def _runs(fact: Fact) -> bool:
    """Whether days alone change what a rule is told."""
    return fact.root == "product" and (fact.within == "measures" or fact.key in _RUNNING)
