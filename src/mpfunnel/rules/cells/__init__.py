"""The text of a spreadsheet cell ⇄ a condition about one fact.

Read are the unary tests of S-FEEL (DMN) and what people type; written is one canonical form.

>>> from mpfunnel.facts import company
>>> read("１００〜２９９人", company.employees.fact).text
'[100..299]'
>>> write(company.industry.is_in("製造業", "小売業"), company.industry.fact)
'"小売業", "製造業"'
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from attrs import frozen

from mpfunnel.errors import InvalidDataError, brief
from mpfunnel.rules.cells.reading import condition_of
from mpfunnel.rules.cells.writing import ends_of, text_of
from mpfunnel.rules.conditions import All, Condition, Exists, facts_of, refuse, walk
from mpfunnel.rules.facts import Fact

__all__ = ["Cell", "columns", "read", "write"]


@frozen
class Cell:
    """What a cell asks.

    Attributes:
        condition: What it asks of its fact; `None` where it asks nothing.
        text: The canonical text of the same meaning.
        note: How what was typed was understood; blank where it was canonical already, but for
            spaces, and where nothing was typed.
    """

    condition: Condition | None
    text: str
    note: str = ""


_ANY = Cell(None, "-")


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
    condition = condition_of(text, fact, unit)
    if condition is None:
        return _ANY
    canonical = text_of(condition, fact, unit)
    as_typed = text == canonical or "".join(text.split()) == "".join(canonical.split())
    return Cell(condition, canonical, "" if as_typed else f"read as {canonical}")


def write(condition: Condition | None, fact: Fact, *, unit: Decimal | int = 1) -> str:
    """Return the canonical text of a condition about `fact`, which reads back as an equal one.

    Args:
        condition: The condition; `None` asks nothing.
        fact: The fact of the column.
        unit: How many units of the fact one unit of the cell is.

    Raises:
        InvalidDataError: No cell can hold the condition (code ``cell``).
    """
    if condition is None:
        return _ANY.text
    _check_one_fact(condition, fact.name)
    text = text_of(condition, fact, unit)
    try:
        again = condition_of(text, fact, unit)
    except InvalidDataError as error:
        refuse("cell", fact.name, f"no cell can hold it: {error.problems[0].message}")
    if again != condition:
        message = f"no cell can hold it: {brief(text)} asks something else; write the rule in TOML"
        refuse("cell", fact.name, message)
    return text


def columns(condition: Condition) -> tuple[tuple[Fact, Condition], ...]:
    """Return a conjunction as the cells of one row, in order.

    Joined again with ``&``, they are equal to `condition`. A fact may come more than once.

    Raises:
        InvalidDataError: A part of it asks about several facts, or is more than a cell can hold
            (code ``cell``).
    """
    parts = condition.conditions if isinstance(condition, All) else (condition,)
    # Of a conjunction of one, nothing would be left to tell that it was one.
    if condition == All(parts) and (len(parts) == 1 or any(isinstance(at, All) for at in parts)):
        refuse("cell", "", "a row cannot hold 'all' within 'all'; write the rule in TOML")
    cells: list[tuple[Fact, Condition]] = []
    for part in _ranged(parts):
        fact = _check_one_fact(part, "")
        write(part, fact)
        cells.append((fact, part))
    return tuple(cells)


def _ranged(parts: tuple[Condition, ...]) -> Iterator[Condition]:
    """Yield the parts, those next to each other that make one range as one."""
    at = 0
    while at < len(parts):
        pair = All(parts[at : at + 2])
        together = ends_of(pair) is not None
        yield pair if together else parts[at]
        at += 2 if together else 1


def _check_one_fact(condition: Condition, path: str) -> Fact:
    """Return the fact that the condition asks about.

    Raises:
        InvalidDataError: It asks about none, or several, or about one of several products.
    """
    asked = facts_of(condition)
    if any(isinstance(at, Exists) for at in walk(condition)):
        refuse("cell", path, "no cell can ask for any product; write the rule in TOML")
    if len(asked) != 1:
        names = " and ".join(fact.name for fact in asked) or "no fact"
        message = f"a cell asks about one fact, not about {names}; write the rule in TOML"
        refuse("cell", path, message)
    return asked[0]
