"""Derived fields: a kind of activity or products from a link, a form or a campaign, by patterns.

A pattern is a text in which ``*`` stands for any run of characters; all else stands for itself.
What fits none is no fault, unless the mapping is strict or the record cannot do without: it is
counted, with the texts that occur most, so that a person can add the pattern that lacks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from attrs import frozen

from mpfunnel.sources.mapping import FieldMapping, SourceMapping
from mpfunnel.sources.values import Cell, CellError, items_of, text_reader

__all__ = [
    "Derived",
    "Hits",
    "State",
    "Tally",
    "derived",
    "fits",
    "hits_reader",
    "tallies_of",
    "told",
]

_MOST: Final = 10

Hits = tuple[int, ...] | None
"""The places of the patterns that a cell fits; `None` of a blank one."""
State = Literal["matched", "unmatched", "blank"]


def fits(text: str, like: str) -> bool:
    """Whether a text is what a pattern says.

    >>> fits("https://nagimine.example/crm/price", "*/crm/*"), fits("/crm", "*/crm/*")
    (True, False)
    """
    first, *others = like.split("*")
    if not others:
        return text == like
    *inner, last = others
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    # The earliest place of each piece leaves most room for the next.
    at, end = len(first), len(text) - len(last)
    for piece in inner:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def hits_reader(field: FieldMapping) -> Callable[[Cell], Hits]:
    """Return the function that says which patterns of a field a cell fits.

    Of a field of one value only the first counts; a set is made of the parts of the cell.
    """
    text_of = text_reader(field)
    likes = [pattern.like for pattern in field.patterns]

    def hits(cell: Cell) -> Hits:
        texts = [text for part in items_of(cell, field) if (text := text_of(part))]
        if not texts:
            return None
        found = (at for at, like in enumerate(likes) if any(fits(text, like) for text in texts))
        return tuple(found) if field.slot.many else tuple(found)[:1]

    return hits


def derived(field: FieldMapping, hits: Sequence[Hits]) -> Any:
    """Return the value of a field by what its cells fit; `None` where there is none.

    Raises:
        CellError: They fit no pattern, and the field needs one.
    """
    found = sorted({place for one in hits if one for place in one})
    if not found:
        if field.otherwise is not None:
            return field.otherwise
        if any(one is not None for one in hits) and (field.strict or field.slot.needed):
            raise CellError("choice", "fits none of the patterns")
        return None
    values = [field.patterns[place].value for place in found]
    return frozenset[Any]().union(*values) if field.slot.many else values[0]


# -- the account --


@frozen
class Derived:
    """What patterns made of the rows of one table of a mapping, for one field.

    Attributes:
        table: The record kind.
        path: The field's place in the mapping, for example ``"activities.fields.product_ids"``.
        rows: The rows whose cells could be told apart, whatever became of them.
        matched: Rows that fit a pattern.
        unmatched: Rows that fit none.
        blank: Rows with nothing to fit.
        texts: What fits none and occurs most, with its number of rows; at most ten. Masked if it
            names or reaches a person.
    """

    table: str
    path: str
    rows: int
    matched: int
    unmatched: int
    blank: int
    texts: tuple[tuple[str, int], ...]


class Tally:
    """Counts what patterns make of rows."""

    def __init__(self) -> None:
        self._rows: Counter[State] = Counter()
        self._texts: Counter[str] = Counter()

    def add(self, state: State, text: str, rows: int = 1) -> None:
        """Count rows.

        Args:
            state: What became of them.
            text: What fits no pattern, as messages may show it.
            rows: How many there are.
        """
        self._rows[state] += rows
        if state == "unmatched":
            self._texts[text] += rows

    def account(self, table: str, path: str) -> Derived:
        """Return the account of the field at a place in the mapping."""
        most = sorted(self._texts.items(), key=lambda item: (-item[1], item[0]))
        rows = self._rows
        states = (rows["matched"], rows["unmatched"], rows["blank"])
        return Derived(table, path, rows.total(), *states, tuple(most[:_MOST]))


def tallies_of(mapping: SourceMapping) -> dict[str, Tally]:
    """Return an empty tally for each field that patterns derive, by its place in the mapping."""
    fields = (one for table in mapping.tables for one in table.fields)
    return {one.path: Tally() for one in fields if one.derived}


def told(mapping: SourceMapping, tallies: Mapping[str, Tally]) -> tuple[Derived, ...]:
    """Return the account of each field that patterns derive."""
    fields = ((table.kind, one.path) for table in mapping.tables for one in table.fields)
    kinds = dict.fromkeys((path, kind) for kind, path in fields if path in tallies)
    return tuple(tallies[path].account(kind, path) for path, kind in kinds)
