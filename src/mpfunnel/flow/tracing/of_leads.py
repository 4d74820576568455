"""The journeys of leads: the stages of their histories, kept or replayed, along the ladder."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import date

from mpfunnel.account import Account
from mpfunnel.flow.course import Journey
from mpfunnel.flow.tracing.linking import linked, news_of
from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.flow.tracing.way import Way
from mpfunnel.history import LeadReplay, Replay, replay
from mpfunnel.history.kept import Kept
from mpfunnel.records import Id, Lead
from mpfunnel.stages import Entry

__all__ = ["journeys_of_leads"]

Told = tuple[date, Entry]
"""An entry with the day on which it is told."""


def journeys_of_leads(account: Account, reading: Reading) -> Iterator[Journey]:
    """Yield the journeys of the leads of an account: of each per product, then for the firm."""
    first = Kept(account).since(reading.book.day_of)
    since = reading.since if first is None else min(reading.since, date.fromordinal(first))
    told = replay(account, reading.engine, start=since, end=reading.as_of)
    segment = told.segment[-1].value.key
    leads = {one.id: one for one in account.leads}
    for lead in told.leads.values():
        ways = {
            product_id: Way(lead.id, product_id, segment, len(reading.course))
            for product_id in (*reading.book.products, None)
        }
        walk = _Walk(reading, lead, ways)
        for day, entry in _entries(account, told, leads[lead.id], reading):
            walk.tell(day, entry)
        for way in ways.values():
            yield from way.journeys()


def _entries(account: Account, told: Replay, lead: Lead, reading: Reading) -> Iterator[Told]:
    """Yield what was seen of a lead: what the gate would have kept, until its history begins."""
    day_of = reading.book.day_of
    given = [one.entries for one in account.histories if one.lead_id == lead.id]
    news = [*news_of(lead.id, given, until=reading.as_of, day_of=day_of)]
    begins = next((day for day, entry, _ in news if entry is not None), date.max)
    replayed = told.stage_history(lead.id).entries if reading.stages == "replayed" else ()
    found = [
        (day, entry)
        for entry in replayed
        # What it began with may have begun before.
        if not entry.imputed and (day := max(told.start, day_of(entry.entered))) < begins
    ]
    is_replayed = bool(found)
    found += [(day, entry) for day, _, new in news for entry in new]
    if is_replayed and lead.created_at is not None:
        # Before it was created, nobody knew it, unless it gave a sign.
        known = min([day_of(lead.created_at), *(day for day, _ in found[1:2])])
        found[0] = max(found[0][0], known), found[0][1]
    return iter([one for one in found if one[0] <= reading.as_of])


class _Walk:
    """The ways of one lead.

    A stage of the ladder takes those on for which it counts; what leads off it, those that it
    names. A stage that the funnel does not have says no more than that the lead is known.
    """

    def __init__(self, reading: Reading, lead: LeadReplay, ways: Mapping[Id | None, Way]) -> None:
        self.reading = reading
        self.lead = lead
        self.ways = ways
        self.graph = reading.book.playbook.funnel.graph
        # Whether the course begins where leads do.
        self.begins = reading.of_stage[self.graph.start] is not None
        self.won_in: dict[Id | None, tuple[Id, int]] = {}

    def tell(self, day: date, entry: Entry) -> None:
        """Tell of the next entry."""
        if entry.stage not in self.graph:
            if self.begins and self.ways[None].is_new:
                self.ways[None].go(day, ())
            return
        if entry.stage in self.graph.heights and entry.stage != self.graph.start:
            place = self.reading.of_stage[entry.stage]
            products = linked(self.reading, entry.for_products, self._interest(day))
            for about in (*products, None):
                self._climb(about, day, entry, place)
            return
        named = [p for p in entry.for_products if p in self.ways]
        if not named or self.reading.link == "all":
            named = [p for p in self.ways if p is not None]
        for about in (*named, None):
            self._leave(about, day, entry, is_named=about in entry.for_products)

    def _climb(self, about: Id | None, day: date, entry: Entry, place: int | None) -> None:
        """Take a way up to a stage of the ladder."""
        way = self.ways[about]
        pursuit = entry.of_lead, entry.pursuit
        over = not way.is_open and not way.is_new
        if place is None or (over and (entry.kind == "back" or self.won_in.get(about) == pursuit)):
            return
        way.go(day, {place})
        if not way.is_open:
            self.won_in[about] = pursuit

    def _leave(self, about: Id | None, day: date, entry: Entry, *, is_named: bool) -> None:
        """Take a way off the ladder, or to where it begins."""
        way = self.ways[about]
        if self.begins and way.is_new and (about is None or is_named):
            way.go(day, ())
            if entry.stage == self.graph.start:
                return
        way.leave(day, entry.stage)

    def _interest(self, day: date) -> Mapping[Id, str]:
        """Return how interested the lead was in each product on a day."""
        found: dict[Id, str] = {}
        for product_id, spans in self.lead.interest.items():
            at = bisect_right(spans, day, key=lambda one: one.first_day)
            if at:
                found[product_id] = spans[at - 1].value.key
        return found
