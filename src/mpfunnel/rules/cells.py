"""The text of a spreadsheet cell ⇄ a condition about one fact.

Read are the unary tests of S-FEEL (DMN) and what people type; written is one canonical form.
"""

from __future__ import annotations

from decimal import Decimal

from attrs import frozen

from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.facts import Fact

__all__ = ["Cell", "columns", "read", "write"]


@frozen
class Cell:
    """What a cell asks.

    Attributes:
        condition: What it asks of its fact; `None` where it asks nothing.
        text: The canonical text of the same meaning.
        note: How what was typed was understood; blank where it was canonical already.
    """

    condition: Condition | None
    text: str
    note: str = ""


def read(text: str, fact: Fact, *, unit: Decimal | int = 1) -> Cell:
    """Return what the text of a cell asks of `fact`.

    Args:
        text: What stands in the cell.
        fact: The fact of its column.
        unit: How many units of the fact one unit of the cell is: 1,000,000 under 百万円.

    Raises:
        InvalidDataError: It is no test of this fact (code ``cell``), it can be meant in two ways
            (``ambiguous``), or it asks for a value that the fact cannot have.
    """
    raise NotImplementedError


def write(condition: Condition | None, fact: Fact, *, unit: Decimal | int = 1) -> str:
    """Return the canonical text of a condition about `fact`, which reads back as an equal one.

    Args:
        condition: The condition; `None` asks nothing.
        fact: The fact of the column.
        unit: How many units of the fact one unit of the cell is.

    Raises:
        InvalidDataError: No cell can hold the condition (code ``cell``).
    """
    raise NotImplementedError


def columns(condition: Condition) -> tuple[tuple[Fact, Condition], ...]:
    """Return a conjunction as the cells of one row, in order.

    Joined again with ``&``, they are equal to `condition`. A fact may come more than once.

    Raises:
        InvalidDataError: A part of it asks about several facts, or is more than a cell can hold
            (code ``cell``).
    """
    raise NotImplementedError
