"""What each day shows of the people of a company: touches, interest, and where they stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from mpfunnel.flow.tracing.linking import linked, news_of
from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.flow.tracing.signs import Sign, Touches
from mpfunnel.history.kept import Kept
from mpfunnel.history.leads import LeadDays, Track
from mpfunnel.records import Id
from mpfunnel.stages import Entry, StageHistory

__all__ = ["People", "Stay", "moves_of", "people_of", "stays_of"]


class People(NamedTuple):
    """What is known of the people of a company."""

    touches: Mapping[Id | None, Touches]
    """By product; `None` stands for those about none."""
    signs: Iterable[tuple[int, Sign]]
    """What else is new of them, with its day as a number."""


class Stay(NamedTuple):
    """The entry of a history in which a lead is at the end of a day."""

    of_lead: Id
    number: int
    stage: str
    for_products: tuple[Id, ...] = ()


def people_of(
    leads: Iterable[LeadDays], histories: Iterable[StageHistory], kept: Kept, reading: Reading
) -> People:
    """Return what is known of people.

    Args:
        leads: The people, with what they did.
        histories: The histories that are kept of them.
        kept: Where the gate leaves those without history.
        reading: How the course is read.
    """
    by_lead: dict[Id, list[tuple[Entry, ...]]] = {}
    for history in histories:
        by_lead.setdefault(history.lead_id, []).append(history.entries)
    delivered: dict[Id | None, set[int]] = {}
    responded: dict[Id | None, set[int]] = {}
    signs: list[tuple[int, Sign]] = []
    for lead in leads:
        _touch(lead, reading, delivered, responded)
        if reading.interest is not None:
            signs += _of_interest(lead, reading)
        signs += _Moves(lead.lead.id, reading, lead).signs(
            stays_of(lead.lead.id, by_lead.get(lead.lead.id, ()), reading), kept
        )
    touches = {
        about: Touches(sorted(days), sorted(responded.get(about, ())))
        for about, days in delivered.items()
    }
    return People(touches, signs)


def moves_of(
    lead_id: Id, stays: Mapping[int, Stay | None], reading: Reading
) -> list[tuple[int, Sign]]:
    """Return the days on which a lead stands elsewhere by its history alone.

    Args:
        lead_id: The lead.
        stays: By day, as a number, where it is at its end; only of days on which it moves.
        reading: How the course is read.
    """
    return _Moves(lead_id, reading).signs(stays, None)


def stays_of(
    lead_id: Id, histories: Iterable[tuple[Entry, ...]], reading: Reading
) -> dict[int, Stay | None]:
    """Return where the histories of a lead say that it is, by the days on which it moves."""
    news = news_of(lead_id, histories, until=reading.as_of, day_of=reading.book.day_of)
    return {
        day.toordinal(): None
        if one is None
        else Stay(one.of_lead, one.number, one.stage, one.for_products)
        for day, one, _ in news
    }


def _touch(
    lead: LeadDays,
    reading: Reading,
    delivered: dict[Id | None, set[int]],
    responded: dict[Id | None, set[int]],
) -> None:
    """Add the days of the touches of a lead."""
    for life in lead.log.activities:
        activity = life.record[0]
        if life.since >= life.until or not reading.has_come(activity.kind, "delivered"):
            continue
        answered = reading.interest is None and reading.has_come(activity.kind, "interacted")
        for about in activity.product_ids or (None,):
            delivered.setdefault(about, set()).add(life.since)
            if answered:
                responded.setdefault(about, set()).add(life.since)


def _of_interest(lead: LeadDays, reading: Reading) -> Iterator[tuple[int, Sign]]:
    """Yield the days on which the lead becomes engaged with a product, or is so no more."""
    for product_id in reading.book.products:
        known = False
        for day, standing in lead.tracks[product_id]:
            now = reading.is_engaged(standing.interest.value.key)
            if now != known:
                known = now
                yield day, Sign("interest", product_id, (lead.lead.id, product_id), now)


class _Moves:
    """Where a lead stands with each product, and with the whole firm.

    A pursuit of the whole firm counts for the products that the lead is engaged with when it moves.

    Args:
        lead_id: The lead.
        reading: How the course is read.
        lead: What it did; `None` where nothing is asked but its histories.
    """

    def __init__(self, lead_id: Id, reading: Reading, lead: LeadDays | None = None) -> None:
        self.lead_id = lead_id
        self.reading = reading
        self.graph = reading.book.playbook.funnel.graph
        self.tracks: Mapping[Id | None, Track] = {}
        if lead is not None and reading.asks_interest:
            self.tracks = lead.tracks
        self.track_days = {p: [day for day, _ in track] for p, track in self.tracks.items()}
        self.lead = lead if reading.stages == "replayed" else None
        # By whose pursuit, the stage; and by product, which of them count for it.
        self.stood: Mapping[Id | None, str] = {}
        self.wide: tuple[Id, ...] = ()

    def signs(self, stays: Mapping[int, Stay | None], kept: Kept | None) -> list[tuple[int, Sign]]:
        """Return the days on which the lead stands elsewhere.

        Args:
            stays: By day, where its histories say that it is at its end; only of days on which
                it moves.
            kept: Where the gate leaves those without history; `None` where nobody asks.
        """
        turns: dict[int, dict[Id | None, str]] = {}
        if self.lead is not None and kept is not None:
            turns = {
                day: {about: one.value.key for about, one in stage.pursuits.items()}
                for day, stage in self.lead.turns(kept)
            }
        found: list[tuple[int, Sign]] = []
        warranted: Mapping[Id | None, str] = {}
        stay: Stay | None = None
        was_kept = False
        for day in sorted({*turns, *stays}):
            warranted = turns.get(day, warranted)
            before, stay = stay, stays.get(day, stay)
            if stay is None:
                found += self._move(day, warranted, kept=False)
            elif before is None or before[:2] != stay[:2]:
                stood = self._entered(day, stay, self.stood if was_kept else {})
                found += self._move(day, stood, kept=True)
            was_kept = stay is not None
        return found

    def _entered(
        self, day: int, entry: Stay, stood: Mapping[Id | None, str]
    ) -> Mapping[Id | None, str]:
        """Return where the lead stands with each product after an entry of its history."""
        stage, graph = entry.stage, self.graph
        if stage not in graph:
            return stood
        if stage in graph.heights and stage != graph.start:
            products = linked(self.reading, entry.for_products, self._interest(day))
            after = {**stood, **dict.fromkeys(products or (None,), stage)}
            if products:
                after.pop(None, None)
            return after
        # What leads off the ladder does so for what it names, or for all.
        named = [p for p in entry.for_products if p in self.reading.book.products]
        whole = not named or self.reading.link == "all"
        concerned = stood if whole else (*named, *(q for q in stood if q is None))
        return {**stood, **dict.fromkeys(concerned or (None,), stage)}

    def _move(
        self, day: int, stood: Mapping[Id | None, str], *, kept: bool
    ) -> Iterator[tuple[int, Sign]]:
        """Yield what is new where a lead stands so."""
        lead_id, before = self.lead_id, self.stood
        self.stood = stood
        for about in stood if before.keys() <= stood.keys() else {**before, **stood}:
            stage = stood.get(about)
            if stage == before.get(about):
                continue
            yield day, Sign("stage", about, (lead_id, about), stage, kept)
            if about is None:
                worked = stage in self.reading.worked
                if worked and self.tracks:
                    wide = linked(self.reading, (), self._interest(day))
                    self.wide = tuple(dict.fromkeys((*self.wide, *wide)))
                for product_id in self.wide:
                    yield day, Sign("stage", product_id, (lead_id, None), stage, kept)
                if not worked:
                    self.wide = ()

    def _interest(self, day: int) -> Mapping[Id, str]:
        """Return how interested the lead is in each product on a day."""
        found: dict[Id, str] = {}
        for product_id in self.reading.book.products if self.tracks else ():
            days = self.track_days[product_id]
            place = bisect_right(days, day) - 1
            if place >= 0:
                found[product_id] = self.tracks[product_id][place][1].interest.value.key
        return found
