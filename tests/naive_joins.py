"""Files joined by hand: loops over all pairs of rows, as nobody would do it for a large file.

It knows what the docs say of joins, and nothing of the library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

__all__ = ["AMBIGUOUS", "joined_by_hand"]

AMBIGUOUS = "\0"
"""A cell in which the partners of a row differ; no other cell holds it."""
Rows = Sequence[Mapping[str, str]]


class Several(str):
    """A cell in which partners differ, with what it may be."""

    __slots__ = ("meant",)

    meant: list[str]

    @classmethod
    def of(cls, cells: set[str]) -> Several:
        """One that may be any of the cells."""
        found = cls(AMBIGUOUS)
        found.meant = sorted(cells)
        return found


def joined_by_hand(
    rows: Rows,
    joins: Mapping[str, Mapping[str, Any]],
    files: Mapping[str, Rows],
    columns: Mapping[str, Sequence[str]],
) -> list[dict[str, str]]:
    """The rows with the cells of their partners, under the names that a mapping gives them.

    Args:
        rows: Those of the own file.
        joins: What the mapping says under ``join``, in an order in which each needs only those
            before it.
        files: The rows of each file.
        columns: The names of its columns.
    """
    found = [dict(row) for row in rows]
    for name, join in joins.items():
        others = files[join["file"]]
        for row in found:
            for column in columns[join["file"]]:
                row[f"{name}.{column}"] = _cell(row, column, join, others)
    return found


def _cell(row: Mapping[str, str], column: str, join: Mapping[str, Any], others: Rows) -> str:
    own = [row[here] for here in join["on"]]
    found: set[str] = set()
    for key in product(*(getattr(cell, "meant", [cell]) for cell in own)):
        cells = _partners(key, column, join, others)
        if not cells:
            if any(isinstance(cell, Several) for cell in own):
                return AMBIGUOUS
            # The first that is no key decides what becomes of the row.
            first = next((c for c in own if c == AMBIGUOUS or not _folded(c, join)), "")
            return AMBIGUOUS if first == AMBIGUOUS else ""
        found |= cells
    return Several.of(found) if len(found) > 1 else next(iter(found))


def _partners(key: Sequence[str], column: str, join: Mapping[str, Any], others: Rows) -> set[str]:
    found: set[str] = set()
    for other in others:
        there = [other[name] for name in join["on"].values()]
        pairs = [(_folded(a, join), _folded(b, join)) for a, b in zip(key, there, strict=True)]
        if AMBIGUOUS not in key and all(a and a == b for a, b in pairs):
            found.add(other[column])
    return found


def _folded(cell: str, join: Mapping[str, Any]) -> str:
    for step in join.get("normalise", ()):
        cell = {"strip": cell.strip(), "lower": cell.lower()}[step]
    return "" if cell.strip() == "" or cell in join.get("blank", ()) else cell
