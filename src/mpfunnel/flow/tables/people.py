"""The people of tables: the days of their touches, and where their histories say that they stand.

Touches are many. The engine adds them up to days, of each company and product; only these come out
of it, for some companies after the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.flow.tracing.of_people import People, moves_of
from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.flow.tracing.signs import NO_TOUCHES, Sign, Touches
from mpfunnel.frames.histories import Histories
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.situation import FIRM, Situation
from mpfunnel.records import Id
from mpfunnel.stages import Entry, StageHistory

__all__ = ["PeopleOfTables"]

_AT_ONCE: Final = 20_000
"""What is known of the people of so many companies is taken out of the engine at once."""
_KEY: Final = ("company_no", "about")
_ENTRY: Final = ("lead_id", "of_lead", "number")
_DELIVERED, _RESPONDED = 1, 2

_Days = dict[int, dict[Id | None, list[int]]]
_Signs = dict[int, list[tuple[int, Sign]]]


class PeopleOfTables:
    """What is known of the people of companies.

    Args:
        facts: What counts of the tables.
        histories: The stage histories of leads.
        reading: How the course is read.
        workshop: Where the tables are worked on.
    """

    def __init__(
        self, facts: Situation, histories: Histories | None, reading: Reading, workshop: Workshop
    ) -> None:
        self._products = [*reading.book.products]
        self._reading = reading
        self._touches = _touches(facts, reading, workshop)
        self._entries = None
        if histories is not None:
            self._entries = _entries(histories, facts, reading, workshop)
            self._about = _about(histories, workshop)
        self._workshop = workshop

    def of(self, companies: int) -> Iterator[People]:
        """Yield what is known of the people of each company, in the order of their numbers.

        Args:
            companies: How many there are.
        """
        for first in range(0, companies, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, companies))
            delivered, responded = self._days(numbers, _DELIVERED), self._days(numbers, _RESPONDED)
            signs = self._signs(numbers)
            for number in numbers:
                answered = responded.get(number, {})
                touches = {
                    about: Touches(days, answered.get(about, NO_TOUCHES.responded))
                    for about, days in delivered.get(number, {}).items()
                }
                yield People(touches, signs.get(number, ()))

    def _days(self, numbers: range, least: int) -> _Days:
        """Return the days of touches that came so far, by company and product."""
        found: _Days = {}
        if self._touches is None:
            return found
        come = self._touches.filter(_of(numbers), nw.col("come") >= least)
        come = come.sort(*_KEY, "at_day").collect()
        days: list[int] = come.get_column("at_day").to_list()
        counts = come.group_by(*_KEY).agg(nw.len().alias("days")).sort(*_KEY)
        begin = 0
        for number, about, many in counts.select(*_KEY, "days").iter_rows():
            product_id = None if about == FIRM else self._products[about]
            found.setdefault(number, {})[product_id] = days[begin : begin + many]
            begin += many
        return found

    def _signs(self, numbers: range) -> _Signs:
        """Return where leads stand by their histories, by company."""
        found: _Signs = {}
        if self._entries is None:
            return found
        rows = self._workshop.rows(self._entries.filter(_of(numbers)))
        by_lead: dict[tuple[int, Id], list[Entry]] = {}
        for row in rows:
            by_lead.setdefault((row["company_no"], row["lead_id"]), []).append(self._entry(row))
        for (number, lead_id), entries in by_lead.items():
            entries.sort(key=lambda one: (str(one.of_lead), one.number))
            history = StageHistory(lead_id, entries)
            found.setdefault(number, []).extend(moves_of(lead_id, [history], self._reading))
        return found

    def _entry(self, row: dict[str, Any]) -> Entry:
        about = self._about.get(tuple(row[name] for name in _ENTRY), ())
        return Entry(
            row["of_lead"],
            row["number"],
            row["pursuit"],
            row["stage"],
            row["entered"],
            row["left"],
            row["kind"],
            row["cause"],
            for_products=[self._products[place] for place in about],
        )


def _of(numbers: range) -> nw.Expr:
    number = nw.col("company_no")
    return (number >= numbers.start) & (number < numbers.stop)


def _touches(facts: Situation, reading: Reading, workshop: Workshop) -> Frame | None:
    """Return the days of touches: company_no, about, at_day, and ``come``, how far the best came.

    A kind of activity of which nothing is said has been delivered.
    """
    if facts.activities is None or facts.leads is None:
        return None
    kinds = sorted(reading.statuses)
    come = [_come(kind, reading) for kind in kinds]
    small = workshop.small("touch_kinds", {"kind": kinds, "come": come}, texts=("kind",))
    homes = facts.leads.select("lead_no", "company_no").filter(~nw.col("company_no").is_null())
    touches = facts.activities.select("lead_no", "about", "kind", "at_day")
    touches = touches.join(small, on="kind", how="left")
    touches = touches.with_columns(come=nw.col("come").fill_null(_DELIVERED))
    touches = touches.filter(nw.col("come") >= _DELIVERED).join(homes, on="lead_no", how="inner")
    touches = touches.group_by(*_KEY, "at_day").agg(nw.col("come").max())
    return workshop.keep("touches", touches)


def _come(kind: str, reading: Reading) -> int:
    if reading.has_come(kind, "interacted"):
        return _RESPONDED
    return _DELIVERED if reading.has_come(kind, "delivered") else 0


def _entries(
    histories: Histories, facts: Situation, reading: Reading, workshop: Workshop
) -> Frame | None:
    """Return the entries of leads that have ever been elsewhere than where all begin."""
    if facts.leads is None:
        return None
    start = reading.book.playbook.funnel.graph.start
    entries = histories.entries
    moved = entries.filter(nw.col("stage") != start).select("lead_no").unique()
    homes = facts.leads.select("lead_no", "company_no").filter(~nw.col("company_no").is_null())
    entries = entries.join(moved, on="lead_no", how="semi").join(homes, on="lead_no", how="inner")
    columns = (*_ENTRY, "pursuit", "stage", "entered", "left", "kind", "cause")
    return workshop.keep("entries_of_companies", entries.select("company_no", *columns))


def _about(histories: Histories, workshop: Workshop) -> dict[tuple[Any, ...], Sequence[int]]:
    """Return the places of the products that entries are about."""
    found: dict[tuple[Any, ...], list[int]] = {}
    if histories.about is not None:
        known = histories.about.filter(~nw.col("about").is_null())
        for row in workshop.rows(known.select(*_ENTRY, "about")):
            found.setdefault(tuple(row[name] for name in _ENTRY), []).append(row["about"])
    return found
