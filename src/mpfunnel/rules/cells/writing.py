"""A condition about one fact → the canonical text of a cell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Context, Decimal
from typing import Any, Final

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Compare,
    Condition,
    ContainsAny,
    IsIn,
    IsMissing,
    Not,
    StartsWith,
)
from mpfunnel.rules.facts import Fact

__all__ = [
    "EXACT",
    "HIDDEN",
    "ambiguous",
    "ends_of",
    "literal_text",
    "numbered",
    "quoted",
    "refused",
    "text_of",
]

EXACT: Final = Context(prec=400, traps=[])
"""Holds the product of any number of a cell and any unit."""
HIDDEN: Final = (
    "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\xad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f"
    "\\ufeff\\ufff9-\\ufffb\\ufffe\\uffff\\U000e0000-\\U000e007f"
)
"""What nobody sees in a cell, and what no spreadsheet can hold, but for spaces and line breaks."""

_TO_ESCAPE: Final = re.compile(f'[{HIDDEN}\t\n\r"\\\\]')
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}
_NUMBERED: Final = re.compile("[1-9][0-9]{0,8}|0")


def text_of(condition: Condition, fact: Fact, unit: Decimal | int) -> str:
    """Return the text of a condition; whether it reads back as the same is not checked here.

    Raises:
        InvalidDataError: There is no notation for it (code ``cell``).
    """
    match condition:
        case Compare(_, "==", value):
            return literal_text(fact, value, unit)
        case Compare(_, op, value):
            return f"{op} {literal_text(fact, value, unit)}"
        case IsIn(_, values) if len(values) > 1:
            return _listed(fact, values, unit)
        case IsIn(_, values):
            return f"in({_listed(fact, values, unit)})"
        case ContainsAny(_, values):
            return _listed(fact, values, unit)
        case StartsWith(_, prefixes):
            return f"starts with({_listed(fact, prefixes, unit)})"
        case AtLeast(_, level):
            return f">= {quoted(level)}"
        case AtMost(_, level):
            return f"<= {quoted(level)}"
        case IsMissing():
            return "missing"
        case Not(inner):
            return f"not({text_of(inner, fact, unit)})"
        case AnyOf(parts) if len(parts) > 1:
            return ", ".join(_item(part, fact, unit) for part in parts)
        case All() if ends := ends_of(condition):
            low, high = (literal_text(fact, one.value, unit) for one in ends)
            start, end = "[" if ends[0].op == ">=" else "(", "]" if ends[1].op == "<=" else ")"
            return f"{start}{low}..{high}{end}"
        case _:
            message = "no cell can hold 'all' and 'any' like these; write the rule in TOML"
            raise refused(fact, message)


def _item(condition: Condition, fact: Fact, unit: Decimal | int) -> str:
    """Return the text of one of several conditions of which one must hold."""
    if isinstance(condition, IsIn):
        return f"in({_listed(fact, condition.values, unit)})"
    return text_of(condition, fact, unit)


def ends_of(condition: Condition) -> tuple[Compare, Compare] | None:
    """Return from where to where a range goes; `None` of what is none, or can never hold."""
    match condition:
        case All((Compare(fact, ">=" | ">") as low, Compare(other, "<=" | "<") as high)):
            closed = (low.op, high.op) == (">=", "<=")
            holds = low.value < high.value or (closed and low.value == high.value)
            return (low, high) if fact == other and holds else None
        case _:
            return None


def literal_text(fact: Fact, value: Any, unit: Decimal | int) -> str:
    """Return the text of a literal of `fact`."""
    match fact.kind:
        case "int" | "decimal" | "float":
            return _number_text(fact, value, unit)
        case "bool":
            return "true" if value else "false"
        case "date":
            return f'date("{value.isoformat()}")' if isinstance(value, date) else quoted(value)
        case "level":
            number = value.removeprefix(f"{fact.key}_")
            return number if numbered(fact, number) == value else quoted(value)
        case _:
            return quoted(value)


def _listed(fact: Fact, values: Iterable[Any], unit: Decimal | int) -> str:
    return ", ".join(literal_text(fact, value, unit) for value in values)


def _number_text(fact: Fact, value: Any, unit: Decimal | int) -> str:
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if unit != 1:
        shown = EXACT.divide(number, Decimal(unit))
        if EXACT.multiply(shown, Decimal(unit)) != number:
            message = f"{number} is no exact number of {unit} each; write another unit"
            raise refused(fact, message)
        number = shown
    number = number.normalize(EXACT)
    if not number:
        return "0"
    return f"{number:f}" if -20 < number.adjusted() < 20 else str(number).lower()


def refused(fact: Fact, message: str) -> InvalidDataError:
    """Return the error of a cell that cannot be read, or written."""
    return InvalidDataError([Problem("cell", fact.name, message)])


def ambiguous(fact: Fact, written: str, one: str, other: str, hint: str) -> InvalidDataError:
    """Return the error of what can mean `one` or `other`."""
    message = f"{brief(written)} can mean {one}, or {other}; {hint}"
    return InvalidDataError([Problem("ambiguous", fact.name, message)])


def numbered(fact: Fact, number: str) -> str | None:
    """Return the level that goes by a number: ``"tier_2"`` of ``product.tier`` by ``"2"``."""
    scale = fact.scale
    key = f"{fact.key}_{number}"
    if scale is None or key not in scale.keys or not _NUMBERED.fullmatch(number):
        return None
    return None if number in scale.keys else key


def quoted(text: str) -> str:
    """Return a text in quotes, what nobody would see in it as escapes."""
    return f'"{_TO_ESCAPE.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    code = ord(char)
    return _ESCAPES.get(char) or (f"\\u{code:04x}" if code < 2**16 else f"\\U{code:06x}")
