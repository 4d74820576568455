"""The people of tables: the days of their touches, and where their histories say that they stand.

Touches are many. The engine adds them up to days, of each company and product; only these come out
of it, for some companies after the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, compress, groupby
from operator import itemgetter
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.flow.tracing.of_people import People, Stay, moves_of, stays_of
from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.flow.tracing.signs import Sign, Touches
from mpfunnel.frames.histories import Histories
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.population import Gathered
from mpfunnel.frames.situation import FIRM, Situation, Sorting
from mpfunnel.records import Id
from mpfunnel.stages import Entry, in_time

__all__ = ["PeopleOfTables"]

_AT_ONCE: Final = 20_000
"""What is known of the people of so many companies is taken out of the engine at once."""
_KEY: Final = ("company_no", "about")
_ENTRY: Final = ("lead_id", "of_lead", "number")
_OF_MERGED: Final = ("of_lead", "number", "pursuit", "stage", "entered", "left", "kind", "cause")
_DELIVERED, _RESPONDED = 1, 2

_STRANGE: Final[nw.Expr] = ~nw.col("product_id").is_null() & nw.col("about").is_null()
"""Whether a product is none that the firm sells."""

_Signs = dict[int, list[tuple[int, Sign]]]


class PeopleOfTables:
    """What is known of the people of companies.

    Args:
        gathered: What counts of the tables, and the stage histories of leads.
        sorting: Where the tables came in.
        reading: How the course is read.
    """

    def __init__(self, gathered: Gathered, sorting: Sorting, reading: Reading) -> None:
        facts, histories = gathered
        workshop = sorting.workshop
        self._products = [*reading.book.products]
        self._reading = reading
        self._touches = _touches(facts, sorting, reading)
        self._entries = self._merged = None
        self._places: dict[tuple[Any, ...], list[int]] = {}
        if histories is not None and facts.leads is not None:
            self._entries, self._merged = _entries(histories, facts.leads, reading, workshop)
            self._places = _places(histories, workshop)
        self._workshop = workshop

    def of(self, companies: int) -> Iterator[People]:
        """Yield what is known of the people of each company, in the order of their numbers.

        Args:
            companies: How many there are.
        """
        for first in range(0, companies, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, companies))
            touches, signs = self._days(numbers), self._signs(numbers)
            for number in numbers:
                yield People(touches.get(number, {}), signs.get(number, ()))

    def _days(self, numbers: range) -> dict[int, dict[Id | None, Touches]]:
        """Return the days of touches, by company and product."""
        found: dict[int, dict[Id | None, Touches]] = {}
        if self._touches is None:
            return found
        come, columns = self._touches.filter(_of(numbers)), self._workshop.columns
        told = columns(come.select(*_KEY, "at_day", "come").sort(*_KEY, "at_day"))
        # Tuples of numbers, unlike lists, are nothing that is looked through for garbage.
        days, answered = tuple(told["at_day"]), [one == _RESPONDED for one in told["come"]]
        counts = columns(come.group_by(*_KEY).agg(nw.len().alias("days")).sort(*_KEY))
        begin = 0
        for number, about, many in zip(*counts.values(), strict=True):
            product_id = None if about == FIRM else self._products[int(about)]
            own = slice(begin, begin + many)
            delivered = days[own]
            responded = tuple(compress(delivered, answered[own]))
            found.setdefault(number, {})[product_id] = Touches(delivered, responded)
            begin += many
        return found

    def _signs(self, numbers: range) -> _Signs:
        """Return where leads stand by their histories, by company."""
        found: _Signs = {}
        for number, lead_id, stays in chain(self._stays(numbers), self._stays_of_merged(numbers)):
            found.setdefault(number, []).extend(moves_of(lead_id, stays, self._reading))
        return found

    def _stays(self, numbers: range) -> Iterator[tuple[int, Id, Mapping[int, Stay | None]]]:
        """Yield where leads are, by company, lead and day."""
        if self._entries is None:
            return
        told = self._entries.filter(_of(numbers)).sort("company_no", "lead_no", "number")
        rows = zip(*self._workshop.columns(told).values(), strict=True)
        for (number, lead_id), of_lead in groupby(rows, key=itemgetter(0, 2)):
            # Each was left when the next one began: the last one of a day is where the lead is.
            yield (
                number,
                lead_id,
                {
                    day: Stay(lead_id, place, stage, self._about((lead_id, lead_id, place)))
                    for *_, place, day, stage in of_lead
                },
            )

    def _stays_of_merged(
        self, numbers: range
    ) -> Iterator[tuple[int, Id, Mapping[int, Stay | None]]]:
        """Yield the same of leads that were merged, which were in several stages at once."""
        if self._merged is None:
            return
        by_lead: dict[tuple[int, Id], list[Entry]] = {}
        for row in self._workshop.rows(self._merged.filter(_of(numbers))):
            given: dict[str, Any] = {name: row[name] for name in _OF_MERGED}
            about = self._about(tuple(row[name] for name in _ENTRY))
            entry = Entry(**given, for_products=about)
            by_lead.setdefault((row["company_no"], row["lead_id"]), []).append(entry)
        for (number, lead_id), entries in by_lead.items():
            history = tuple(sorted(entries, key=in_time))
            yield number, lead_id, stays_of(lead_id, [history], self._reading)

    def _about(self, entry: tuple[Any, ...]) -> tuple[Id, ...]:
        """Return the products that an entry is about."""
        return tuple(self._products[place] for place in self._places.get(entry, ()))


def _of(numbers: range) -> nw.Expr:
    number = nw.col("company_no")
    return (number >= numbers.start) & (number < numbers.stop)


def _touches(facts: Situation, sorting: Sorting, reading: Reading) -> Frame | None:
    """Return the days of touches: company_no, about, at_day, and ``come``, how far the best came.

    A kind of activity of which nothing is said has been delivered.
    """
    if facts.activities is None or facts.leads is None:
        return None
    kinds = sorted(reading.statuses)
    come = [_come(kind, reading) for kind in kinds]
    workshop = sorting.workshop
    small = workshop.small("touch_kinds", {"kind": kinds, "come": come}, texts=("kind",))
    homes = facts.leads.select("lead_no", "company_no").filter(~nw.col("company_no").is_null())
    columns = ("lead_no", "about", "kind", "at_day")
    touches = nw.concat([facts.activities.select(*columns), _first_rivals(sorting, columns)])
    touches = touches.join(small, on="kind", how="left")
    touches = touches.with_columns(come=nw.col("come").fill_null(_DELIVERED))
    touches = touches.filter(nw.col("come") >= _DELIVERED).join(homes, on="lead_no", how="inner")
    touches = touches.group_by(*_KEY, "at_day").agg(nw.col("come").max())
    return workshop.keep("touches", touches)


def _first_rivals(sorting: Sorting, columns: Sequence[str]) -> Frame:
    """Return the activities that counted until another one came that has their id (S17).

    On the days before, nobody knew of the other one (law 5).
    """
    rivals = sorting.rivals
    assert rivals is not None
    key = ("lead_no", "id")
    firsts = rivals.group_by(*key).agg(first=nw.col("at_day").min())
    firsts = rivals.join(firsts, on=list(key)).filter(nw.col("at_day") == nw.col("first"))
    alone = firsts.group_by(*key).agg(nw.len().alias("many")).filter(nw.col("many") == 1)
    firsts = firsts.join(alone, on=list(key), how="semi")
    if "about" not in firsts.collect_schema().names():
        of_each = ["lead_id", "id"]
        products = sorting.given["activity_products"]
        products = products.select("lead_id", "product_id", id="activity_id").unique()
        firsts = firsts.join(sorting.about(products), on=of_each, how="left")
        strange = firsts.filter(_STRANGE).select(*of_each)
        firsts = firsts.join(strange, on=of_each, how="anti")
    return (
        firsts.filter(~_STRANGE)
        .with_columns(about=nw.col("about").fill_null(FIRM))
        .select(*columns)
    )


def _come(kind: str, reading: Reading) -> int:
    if reading.has_come(kind, "interacted"):
        return _RESPONDED
    return _DELIVERED if reading.has_come(kind, "delivered") else 0


def _entries(
    histories: Histories, leads: Frame, reading: Reading, workshop: Workshop
) -> tuple[Frame, Frame]:
    """Return the entries of leads that have ever been elsewhere than where all begin.

    First those of leads that have always been one: company_no, lead_no, lead_id, number,
    entered_day and stage; then those of leads that were merged: company_no, lead_id, `_OF_MERGED`.
    """
    start = reading.book.playbook.funnel.graph.start
    entries = histories.entries
    moved = entries.filter(nw.col("stage") != start).select("lead_no").unique()
    homes = leads.select("lead_no", "company_no").filter(~nw.col("company_no").is_null())
    entries = entries.join(moved, on="lead_no", how="semi").join(homes, on="lead_no", how="inner")
    entries = workshop.keep("entries_of_companies", entries)
    merged = entries.filter(nw.col("of_lead") != nw.col("lead_id")).select("lead_no").unique()
    alone = entries.join(merged, on="lead_no", how="anti")
    alone = alone.select("company_no", "lead_no", "lead_id", "number", "entered_day", "stage")
    others = entries.join(merged, on="lead_no", how="semi")
    others = others.select("company_no", "lead_id", *_OF_MERGED)
    return workshop.keep("entries_of_one", alone), workshop.keep("entries_of_merged", others)


def _places(histories: Histories, workshop: Workshop) -> dict[tuple[Any, ...], list[int]]:
    """Return the places of the products that entries are about."""
    found: dict[tuple[Any, ...], list[int]] = {}
    if histories.about is not None:
        known = histories.about.filter(~nw.col("about").is_null()).select(*_ENTRY, "about")
        for *entry, place in zip(*workshop.columns(known).values(), strict=True):
            found.setdefault(tuple(entry), []).append(place)
    return found
