"""For which products a stage of a whole lead counts: a history keeps one stage for all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime

from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.records import Id
from mpfunnel.stages import Entry, in_force, known_on

__all__ = ["News", "linked", "news_of"]

News = tuple[date, "Entry | None", list[Entry]]
"""A day, the entry at its end, and those that were entered on it, in order."""


def linked(
    reading: Reading, for_products: Iterable[Id], interest: Mapping[Id, str]
) -> tuple[Id, ...]:
    """Return the products for which a stage of the ladder counts.

    Args:
        reading: By which rule.
        for_products: The products that an entry or a pursuit names.
        interest: How interested the lead was in each product on that day.
    """
    products = reading.book.products
    given = set(for_products)
    named = [p for p in products if p in given] if given else []
    engaged = (
        [p for p in products if p in interest and reading.is_engaged(interest[p])]
        if interest
        else []
    )
    if reading.link == "all":
        return tuple(p for p in products if p in {*named, *engaged})
    found = named or engaged
    if reading.link == "primary" and found:
        # Of several with the highest interest, `max` takes the first in the order of products.
        rungs, lowest = reading.book.rungs, reading.book.no_sign
        return (max(found, key=lambda p: rungs[interest.get(p, lowest)]),)
    return tuple(found)


def news_of(
    lead_id: Id,
    histories: Iterable[tuple[Entry, ...]],
    *,
    until: date,
    day_of: Callable[[datetime], date],
) -> Iterator[News]:
    """Yield what the histories of a lead say of each day on which one of them moves.

    Of a lead that was merged with another one, only what happened to the lead that it went on as is
    told; of histories that differ, nothing, from the day on which they do (S17).

    Args:
        lead_id: The lead.
        histories: The entries of each history that is kept of it, in the order of time.
        until: The last day.
        day_of: Gives the local day of an instant.
    """
    given = [*dict.fromkeys(histories)]
    moved = {
        day_of(at)
        for entries in given
        for entry in entries
        for at in (entry.entered, entry.left)
        if at is not None
    }
    before: tuple[Id, int] | None = None
    for day in sorted(one for one in moved if one <= until):
        stories = {known for one in given if (known := known_on(one, day, day_of))}
        here = in_force(lead_id, *stories) if len(stories) == 1 else None
        if here is None:
            before = None
            yield day, None, []
            continue
        (known,) = stories
        new = [
            one
            for one in known
            if one.of_lead == here.of_lead and day_of(one.entered) == day and not one.imputed
        ]
        name = here.of_lead, here.number
        if not new and name != before:
            new = [here]
        before = name
        yield day, here, new
