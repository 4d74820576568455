"""The journeys of a company: what each day shows of it, and how that takes it along the course.

Only what stands at the end of a day counts, so that what is found of a day can be found on that day
(law 5).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from attrs import define, field, frozen

from mpfunnel.account import Account
from mpfunnel.flow.course import Journey
from mpfunnel.flow.tracing.linking import linked, news_of
from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.flow.tracing.way import Way
from mpfunnel.history.kept import Kept
from mpfunnel.history.leads import Epoch, LeadDays
from mpfunnel.history.pieces import Piece
from mpfunnel.ownership import NOTHING, Position
from mpfunnel.planning import Held
from mpfunnel.records import Id, Product
from mpfunnel.rules.tables import Decision
from mpfunnel.stages import Entry
from mpfunnel.synergy.white_space import NOT_ELIGIBLE
from mpfunnel.tiers import Tier

__all__ = ["LOST", "NOT_TARGET", "journeys_of_company"]

LOST: Final = "lost"
"""What a deal that was lost leads off the course as."""
NOT_TARGET: Final = "not_target"
"""What leads off the course a company that nobody works, and that is in the target no more."""

What = Literal["target", "owned", "interest", "touch", "stage", "deal"]


class Sign(NamedTuple):
    """Something about one product, or none, that is new on a day."""

    what: What
    about: Id | None
    key: Any = None
    """Which of its kind: the lead, the deal, or whose pursuit."""
    value: Any = None
    """Whether it holds now; of a touch whether it is a response, of a stage its key, of a deal its
    status; `None` where it is gone."""
    kept: bool = False
    """Whether a history says so."""


Signs = dict[int, list[Sign]]
"""What is new on each day, as a number."""


def journeys_of_company(account: Account, reading: Reading) -> Iterator[Journey]:
    """Yield the journeys of the company of an account: per product, then for the whole firm."""
    first = Kept(account).since(reading.book.day_of)
    since = reading.since.toordinal()
    since = since if first is None else min(since, first)
    piece = Piece(reading.book, account, since, reading.as_of.toordinal())
    company = piece.epochs[-1].company
    segment = piece.epochs[-1].segment.value.key
    signs = _signs(account, piece, reading)
    for product_id in (*reading.book.products, None):
        way = Way(company.id, product_id, segment, len(reading.course))
        told = _Told(way, reading)
        for day in sorted(signs):
            if concerned := [one for one in signs[day] if _concerns(one, product_id)]:
                told.tell(date.fromordinal(day), concerned)
        yield from way.journeys()


def _concerns(sign: Sign, product_id: Id | None) -> bool:
    """Return whether a sign is about a product; what reaches the whole firm may be."""
    if product_id is None or sign.about == product_id:
        return True
    return sign.about is None and sign.what == "touch"


# -- what each day shows --


def _signs(account: Account, piece: Piece, reading: Reading) -> Signs:
    found: Signs = {}
    for day, sign in _every_sign(account, piece, reading):
        if day <= piece.last:
            found.setdefault(day, []).append(sign)
    return found


def _every_sign(account: Account, piece: Piece, reading: Reading) -> Iterator[tuple[int, Sign]]:
    positions = piece.positions()
    if reading.place("target"):
        yield from _of_target(piece, positions, reading)
    yield from _of_owned(positions, reading)
    yield from _of_deals(piece)
    kept = Kept(account)
    for lead in piece.leads():
        yield from _of_touches(lead, reading)
        yield from _of_interest(lead, reading)
        yield from _Stages(account, lead, reading).signs(kept)


@frozen(eq=False)
class _Offered:
    """How the company stands with a product, as rules about white space see it."""

    owned: bool
    open_deal: bool
    sold: bool
    lifecycle: Any
    tier: Decision[Tier]


def _of_target(
    piece: Piece, positions: list[tuple[int, Mapping[Id, Position]]], reading: Reading
) -> Iterator[tuple[int, Sign]]:
    """Yield the days on which the company comes into the target market of a product, or leaves."""
    book, first = reading.book, reading.since.toordinal()
    epochs = piece.epochs
    begun = [one.since for one in epochs]
    held = [since for since, _ in positions]
    for product_id, product in book.products.items():
        lowest = reading.target[product_id]
        if all(one.tiers[product_id].value.number > lowest for one in epochs):
            continue
        known = False
        for day in sorted(
            {first, *(one for one in (*begun, *held, *_sales(product)) if one > first)}
        ):
            epoch = epochs[bisect_right(begun, day) - 1]
            now = epoch.tiers[product_id].value.number <= lowest
            if now:
                position = positions[bisect_right(held, day) - 1][1]
                now = _is_eligible(product, day, epoch, position, reading)
            if now != known:
                known = now
                yield day, Sign("target", product_id, product_id, now)


def _sales(product: Product) -> Iterator[int]:
    """Yield the days on which a product begins to be sold, and is sold no more."""
    if product.sold_from is not None:
        yield product.sold_from.toordinal()
    if product.sold_until is not None:
        yield product.sold_until.toordinal() + 1


def _is_eligible(
    product: Product, day: int, epoch: Epoch, position: Mapping[Id, Position], reading: Reading
) -> bool:
    """Return whether nothing rules out that the company is offered the product."""
    own = position.get(product.id, NOTHING)
    said = reading.book.white_space[product.id](
        epoch.seen,
        _Offered(
            own.owned,
            own.open_deal,
            product.is_sold_on(date.fromordinal(day)),
            product.lifecycle,
            epoch.tiers[product.id],
        ),
        Held(frozenset(str(p) for p, one in position.items() if one.owned)),
    )
    return bool(said.value != NOT_ELIGIBLE)


def _of_owned(
    positions: list[tuple[int, Mapping[Id, Position]]], reading: Reading
) -> Iterator[tuple[int, Sign]]:
    for product_id in reading.book.products:
        known = False
        for day, position in positions:
            now = position.get(product_id, NOTHING).owned
            if now != known:
                known = now
                yield day, Sign("owned", product_id, product_id, now)


def _of_deals(piece: Piece) -> Iterator[tuple[int, Sign]]:
    """Yield the days on which a deal of the company was opened and closed; or ceased to count."""
    for life in piece.log.deals:
        deal, opened, closed = life.record
        if life.since >= life.until:
            continue
        # What is recorded as closed before it was opened is known from then on.
        ended = life.until if closed is None else max(opened, closed).toordinal()
        status = deal.status if ended < life.until else None
        for about in {line.product_id for line in deal.lines} or {None}:
            yield life.since, Sign("deal", about, deal.id, "open")
            yield min(ended, life.until), Sign("deal", about, deal.id, status)


def _of_touches(lead: LeadDays, reading: Reading) -> Iterator[tuple[int, Sign]]:
    for life in lead.log.activities:
        activity = life.record[0]
        if life.since >= life.until or not reading.has_come(activity.kind, "delivered"):
            continue
        responded = reading.interest is None and reading.has_come(activity.kind, "interacted")
        for about in activity.product_ids or (None,):
            yield life.since, Sign("touch", about, None, responded)


def _of_interest(lead: LeadDays, reading: Reading) -> Iterator[tuple[int, Sign]]:
    """Yield the days on which the lead becomes engaged with a product, or is so no more."""
    for product_id in reading.book.products:
        known = False
        for day, standing in lead.tracks[product_id]:
            now = reading.is_engaged(standing.interest.value.key)
            if now != known:
                known = now
                yield day, Sign("interest", product_id, (lead.lead.id, product_id), now)


class _Stages:
    """Where a lead stands with each product, and with the whole firm.

    A pursuit of the whole firm counts for the products that the lead is engaged with when it moves.
    """

    def __init__(self, account: Account, lead: LeadDays, reading: Reading) -> None:
        self.lead = lead
        self.reading = reading
        self.funnel = reading.book.playbook.funnel
        self.worked = _worked(reading)
        self.histories = [one for one in account.histories if one.lead_id == lead.lead.id]
        self.track_days = {p: [day for day, _ in track] for p, track in lead.tracks.items()}
        # By whose pursuit, the stage; and by product, which of them count for it.
        self.stood: dict[Id | None, str] = {}
        self.wide: tuple[Id, ...] = ()

    def signs(self, kept: Kept) -> Iterator[tuple[int, Sign]]:
        """Yield the days on which the lead stands elsewhere."""
        turns = {
            day: {about: one.value.key for about, one in stage.pursuits.items()}
            for day, stage in self.lead.turns(kept)
        }
        book = self.reading.book
        told = {
            day.toordinal(): entry
            for day, entry, _ in news_of(
                self.lead.lead.id, self.histories, until=self.reading.as_of, day_of=book.day_of
            )
        }
        warranted: Mapping[Id | None, str] = {}
        entry: Entry | None = None
        was_kept = False
        for day in sorted({*turns, *told}):
            warranted = turns.get(day, warranted)
            before, entry = entry, told.get(day, entry)
            if entry is None:
                yield from self._move(day, warranted, kept=False)
            elif before is None or _name(entry) != _name(before):
                stood = self._entered(day, entry, self.stood if was_kept else {})
                yield from self._move(day, stood, kept=True)
            was_kept = entry is not None

    def _entered(
        self, day: int, entry: Entry, stood: Mapping[Id | None, str]
    ) -> Mapping[Id | None, str]:
        """Return where the lead stands with each product after an entry of its history."""
        if entry.stage not in self.funnel.graph:
            return stood
        after = dict(stood)
        graph = self.funnel.graph
        if entry.stage in graph.heights and entry.stage != graph.start:
            products = linked(self.reading, entry.for_products, self._interest(day))
            if products:
                after.pop(None, None)
            return {**after, **dict.fromkeys(products or (None,), entry.stage)}
        # What leads off the ladder does so for what it names, or for all.
        named = [p for p in entry.for_products if p in self.reading.book.products]
        whole = not named or self.reading.link == "all"
        concerned = stood if whole else (*named, *(q for q in stood if q is None))
        return {**after, **dict.fromkeys(concerned or (None,), entry.stage)}

    def _move(
        self, day: int, stood: Mapping[Id | None, str], *, kept: bool
    ) -> Iterator[tuple[int, Sign]]:
        lead_id = self.lead.lead.id
        for about in dict.fromkeys((*self.stood, *stood)):
            stage = stood.get(about)
            if stage == self.stood.get(about):
                continue
            yield day, Sign("stage", about, (lead_id, about), stage, kept)
            if about is None:
                if stage in self.worked:
                    wide = linked(self.reading, (), self._interest(day))
                    self.wide = tuple(dict.fromkeys((*self.wide, *wide)))
                for product_id in self.wide:
                    yield day, Sign("stage", product_id, (lead_id, None), stage, kept)
                if stage not in self.worked:
                    self.wide = ()
        self.stood = dict(stood)

    def _interest(self, day: int) -> Mapping[Id, str]:
        """Return how interested the lead is in each product on a day."""
        found: dict[Id, str] = {}
        for product_id in self.reading.book.products:
            place = bisect_right(self.track_days[product_id], day) - 1
            if place >= 0:
                found[product_id] = self.lead.tracks[product_id][place][1].interest.value.key
        return found


def _name(entry: Entry) -> tuple[Id, int]:
    return entry.of_lead, entry.number


def _worked(reading: Reading) -> dict[str, int | None]:
    """Return the stages in which somebody is being worked, with the places that they show."""
    graph = reading.book.playbook.funnel.graph
    return {
        key: place
        for key, place in reading.of_stage.items()
        if key != graph.start and key not in graph.ends
    }


# -- how that takes the company along --


@define(eq=False)
class _Day:
    """What is new on a day."""

    reached: bool = False
    reached_wide: bool = False
    responded: bool = False
    started: bool = False
    opened: bool = False
    won: set[Id] = field(factory=set[Id])
    """Deals."""
    sold: set[Id | None] = field(factory=set["Id | None"])
    """Products of those deals."""
    gained: set[Id | None] = field(factory=set["Id | None"])
    """Products that are owned since this day."""
    won_by_history: bool = False
    ended: list[str] = field(factory=list[str])
    """What led pursuits off the course."""

    @property
    def wins(self) -> int:
        """How many were won of which the records know: deals, and at most one contract."""
        return len(self.won) + bool(self.gained - self.sold)


class _Told:
    """What has been told about one product, or about the whole firm, and where that has led.

    Args:
        way: The journeys.
        reading: How the course is read.
    """

    def __init__(self, way: Way, reading: Reading) -> None:
        self.way = way
        self.wide_counts = way.product_id is not None
        self.graph = reading.book.playbook.funnel.graph
        self.worked = _worked(reading)
        self.off = [LOST, *self.graph.detours]
        self.at_target, self.at_reached, self.at_engaged = map(
            reading.place, ("target", "reached", "engaged")
        )
        # Where a deal is open, the step before the last one is reached.
        self.at_deal = frozenset((len(reading.course) - 2,))
        self.target: set[Any] = set()
        self.owned: set[Any] = set()
        self.engaged: set[Any] = set()
        self.deals: set[Any] = set()
        self.stages: dict[Any, str] = {}

    def tell(self, day: date, signs: Iterable[Sign]) -> None:
        """Tell what is new on a day; the days in order, each once."""
        was_target = bool(self.target)
        new = _Day()
        for one in signs:
            self._take(one, new)
        self._go(day, new, came=bool(self.target) and not was_target)
        won = self._win(day, new)
        if not won and self.way.is_open and not self._is_worked:
            if new.ended:
                self.way.leave(day, min(new.ended, key=self._place_of_end))
            elif was_target and not self.target:
                self.way.leave(day, NOT_TARGET)

    @property
    def _is_worked(self) -> bool:
        """Whether anybody is pursued, or any deal is open."""
        return bool(self.deals) or any(one in self.worked for one in self.stages.values())

    def _place_of_end(self, stage: str) -> int:
        """Return which of several ends of a day counts: that which comes first in the funnel."""
        return self.off.index(stage) if stage in self.off else len(self.off)

    def _go(self, day: date, new: _Day, *, came: bool) -> None:
        """Go along the course as far as the day shows."""
        way = self.way
        begins = bool(new.started or new.opened or new.wins) or (came and not self.owned)
        if way.is_new:
            begins |= came or new.reached or bool(self.engaged)
        if not (begins or way.is_open):
            return
        seen = {
            place for key in self.stages.values() if (place := self.worked.get(key)) is not None
        }
        if self.target:
            seen |= self.at_target
        if new.reached or new.reached_wide or new.started:
            seen |= self.at_reached
        if new.responded or self.engaged:
            seen |= self.at_engaged
        if new.opened or self.deals:
            seen |= self.at_deal
        if seen or not new.wins:
            way.go(day, seen)

    def _win(self, day: date, new: _Day) -> bool:
        """Reach the end of the course as often as something was won; return whether it was."""
        times = new.wins or int(new.won_by_history and not self.owned)
        shown = self.at_target if self.target else frozenset[int]()
        for number in range(times):
            if steps := shown | self.at_deal if number < len(new.won) else shown:
                self.way.go(day, steps)
            self.way.win(day)
        if times and self.deals:
            # Where another deal is open, that is the next pursuit at once.
            self.way.go(day, shown | self.at_deal)
        return times > 0

    def _take(self, sign: Sign, new: _Day) -> None:
        """Keep what holds since this day, and note what is new."""
        if sign.what == "stage":
            self._take_stage(sign, new)
        elif sign.what == "deal":
            self._take_deal(sign, new)
        elif sign.what == "touch":
            if sign.about is None and self.wide_counts:
                new.reached_wide = True
            else:
                new.reached = True
            new.responded |= sign.value
        else:
            held: set[Any] = getattr(self, _HELD[sign.what])
            if sign.value:
                held.add(sign.key)
            else:
                held.discard(sign.key)
            if sign.what == "owned" and sign.value:
                new.gained.add(sign.about)

    def _take_deal(self, sign: Sign, new: _Day) -> None:
        if sign.value == "open":
            self.deals.add(sign.key)
            new.opened = True
            return
        self.deals.discard(sign.key)
        if sign.value == "won":
            new.won.add(sign.key)
            new.sold.add(sign.about)
        elif sign.value == "lost":
            new.ended.append(LOST)

    def _take_stage(self, sign: Sign, new: _Day) -> None:
        before, now = self.stages.get(sign.key), sign.value
        if now is None:
            self.stages.pop(sign.key, None)
            return
        self.stages[sign.key] = now
        if now in self.worked:
            new.started |= before not in self.worked
        elif sign.kept and now in self.graph.wins:
            new.won_by_history |= before != now
        elif before in self.worked:
            new.ended.append(now)
        elif before is None and now not in self.graph.heights:
            # Who is set apart at once gave a sign all the same.
            new.started = True
            new.ended.append(now)


_HELD: Final = {"target": "target", "owned": "owned", "interest": "engaged"}
