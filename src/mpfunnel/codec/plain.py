"""Files and their text → plain data, within bounds that are checked before and after parsing."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn, cast

from mpfunnel.codec.checks import is_list, is_table, located
from mpfunnel.errors import DecodeError, Problem, brief, shown

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_DOTS",
    "MAX_NODES",
    "VALUES",
    "VALUES_AND_DAYS",
    "parse_json",
    "parse_toml",
    "plain",
    "start_of",
]

MAX_BYTES: Final = 2 * 1024 * 1024
"""How large a file may be."""
MAX_DEPTH: Final = 32
"""How deep tables and lists may nest unless the caller says otherwise."""
MAX_DOTS: Final = 8
"""How many dots one key may have: tomllib's time grows with their square."""
MAX_NODES: Final = 100_000
"""How many keys and values plain data may hold."""
MAX_DIGITS: Final = 64
"""How long a number may be written: more than any that fits in 64 bits needs."""
_TOO_LONG: Final = f"a number is written with more than {MAX_DIGITS} characters"

VALUES: Final = (str, bool, int, Decimal)
"""What plain data may hold besides tables and lists."""
VALUES_AND_DAYS: Final = (*VALUES, float, date, datetime)
"""The same where a day, an instant or a float can be meant."""


def start_of(path: Path) -> bytes:
    """Return the bytes of a file; of one that is too large, enough to tell that it is.

    Raises:
        DecodeError: There is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            # One byte more than is allowed shows that there are too many.
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        absent = isinstance(error, FileNotFoundError)
        message = "no such file" if absent else "cannot be read as a file"
        raise _refusal("file", str(path), message) from None


def parse_toml(raw: bytes, origin: str, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """Return the plain data of a TOML file; its decimals are exact.

    Args:
        raw: The bytes of the file.
        origin: How messages name the file.
        depth: How deep tables and lists may nest.

    Raises:
        DecodeError: The file is too large, too deep, not UTF-8 or not TOML.
    """
    text = _bounded_text(raw, origin, depth)
    if _most_dots(text) > MAX_DOTS:
        raise _refusal("depth", origin, f"has a key with more than {MAX_DOTS} dots")
    data = _parsed(origin, "TOML", lambda: tomllib.loads(text, parse_float=_decimal))
    return cast("dict[str, Any]", data)


def parse_json(raw: bytes, origin: str, depth: int = MAX_DEPTH) -> dict[str, Any]:
    """Return the plain data of a JSON file; its decimals are exact.

    Args:
        raw: The bytes of the file.
        origin: How messages name the file.
        depth: How deep tables and lists may nest.

    Raises:
        DecodeError: The file is too large, too deep, not UTF-8 or not JSON, has a key twice, or
            holds no table.
    """
    text = _bounded_text(raw, origin, depth)
    data: object = _parsed(
        origin,
        "JSON",
        lambda: json.loads(
            text,
            object_pairs_hook=_without_twins,
            parse_float=_decimal,
            # The first digits are enough to tell that a long number does not fit in 64 bits.
            parse_int=lambda digits: int(digits[:MAX_DIGITS]),
            parse_constant=_no_constant,
        ),
    )
    if not is_table(data):
        raise _refusal("type", origin, "must hold one table")
    return data


def _bounded_text(raw: bytes, origin: str, depth: int) -> str:
    if len(raw) > MAX_BYTES:
        raise _refusal("size", origin, f"is larger than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refusal("encoding", origin, f"line {line} is not utf-8") from None
    deepest = level = nodes = 0
    for char in _marks(text):
        if char in "[{":
            level += 1
            deepest = max(deepest, level)
        elif char in "]}":
            level -= 1
        # Each key and each value has a mark of its own before or after it.
        nodes += char in "[{,=:"
    if deepest > depth:
        raise _refusal("depth", origin, f"nests deeper than {depth}")
    if nodes > MAX_NODES:
        raise _refusal("size", origin, f"holds more than {MAX_NODES:,} values")
    return text


def _parsed(origin: str, form: str, parse: Callable[[], Any]) -> Any:
    try:
        return parse()
    except ValueError as error:
        # The parsers' own errors are ValueErrors; so is that of int() for more than 4,300 digits,
        # which tells how to set up Python.
        reason = str(error)
        reason = _TOO_LONG if "set_int_max" in reason else reason[:1].lower() + reason[1:]
        raise _refusal("syntax", origin, f"is not {form}: {reason:.200}") from None


def _decimal(digits: str) -> Decimal:
    if len(digits) > MAX_DIGITS:
        raise ValueError(_TOO_LONG)
    try:
        return Decimal(digits)
    except ArithmeticError:
        # The exponent alone is beyond what a Decimal can hold.
        return Decimal("Infinity")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is no number")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f"the key '{shown(key)}' stands there twice")
        data[key] = value
    return data


def plain(
    data: dict[str, Any],
    origin: str,
    *,
    depth: int = MAX_DEPTH,
    values: tuple[type, ...] = VALUES,
) -> dict[str, Any]:
    """Return a copy of `data` that holds only plain values, within the bounds.

    Args:
        data: A table of values, lists and such tables, under texts.
        origin: How messages name the file that it came from; empty where it came from none.
        depth: How deep tables and lists may nest.
        values: The types of the values, `VALUES` or `VALUES_AND_DAYS`.

    Raises:
        DecodeError: It is too deep, too large, or holds anything else.
    """
    problems: list[Problem] = []
    nodes = 0

    def fault(code: str, path: str, message: str) -> None:
        problems.append(Problem(code, located(origin, path.removeprefix(".")), message))

    def copy(value: object, path: str, level: int) -> Any:
        nonlocal nodes
        nodes += 1
        # The count also stops data that contains itself more than once.
        if nodes > MAX_NODES:
            raise _refusal("size", origin, f"holds more than {MAX_NODES:,} values")
        if level > depth:
            raise _refusal("depth", origin, f"nests deeper than {depth}")
        if is_table(value):
            return {
                key: copy(item, f"{path}.{shown(key)}", level + 1)
                for key, item in keyed(value, path)
            }
        if is_list(value):
            return [copy(item, f"{path}[{index}]", level + 1) for index, item in enumerate(value)]
        if wrong := _value_fault(value, values):
            fault(wrong[0], path, wrong[1])
        return value

    def keyed(value: dict[Any, Any], path: str) -> Iterator[tuple[str, Any]]:
        for key, item in value.items():
            if not isinstance(key, str):
                fault("type", f"key {brief(key)}", f"must be text, not {type(key).__name__}")
            elif wrong := _text_fault(key):
                fault(wrong[0], f"{path}.{shown(key)}", wrong[1])
            else:
                yield key, item

    copied: dict[str, Any] = copy(data, "", 0)
    if problems:
        raise DecodeError(problems)
    return copied


def _value_fault(value: object, values: tuple[type, ...]) -> tuple[str, str] | None:
    kind = type(value)
    if kind not in values:
        hint = "; write it as text, for example '0.01'" if kind is float else ""
        days = "a date, " if date in values else ""
        known = f"text, a number, a bool, {days}a list or a table"
        return "type", f"must be {known}, not {kind.__name__}{hint}"
    if kind is str:
        return _text_fault(cast("str", value))
    if kind is int:
        fits = -(2**63) <= cast("int", value) < 2**63
        return None if fits else ("range", "must fit in 64 bits")
    infinite = kind is float and not math.isfinite(cast("float", value))
    if infinite or (kind is Decimal and not cast("Decimal", value).is_finite()):
        return "nan", "must be a finite number"
    return None


def _text_fault(text: str) -> tuple[str, str] | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "encoding", "holds half of a surrogate pair, which is no character"
    return None


def _most_dots(text: str) -> int:
    """Return the most dots that one key of TOML text has."""
    most = dots = 0
    for char in _marks(text):
        if char == ".":
            dots += 1
            most = max(most, dots)
        elif char in "=,[]{}\n":
            dots = 0
    return most


def _marks(text: str) -> Iterator[str]:
    """Yield the marks of TOML or JSON text in order, those in texts and comments left out.

    JSON has neither comments nor single quotes, so that its parser stops where one begins.
    """
    at = 0
    while at < len(text):
        char = text[at]
        if char == "#":
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
        elif char in "\"'":
            at = _after_string(text, at)
        else:
            if char in ".=:,[]{}\n":
                yield char
            at += 1


def _after_string(text: str, at: int) -> int:
    """Return where the string that opens at `at` is over; the end of the text if it never is."""
    char = text[at]
    quote = char * 3 if text.startswith(char * 3, at) else char
    at += len(quote)
    while at < len(text):
        if text[at] == "\\" and char == '"':
            at += 2
        elif text.startswith(quote, at):
            # A long string may end in up to two quotes of its own, before the three.
            spare = len(quote) - 1
            while spare and text.startswith(quote, at + 1):
                at, spare = at + 1, spare - 1
            return at + len(quote)
        else:
            at += 1
    return at


def _refusal(code: str, origin: str, message: str) -> DecodeError:
    return DecodeError([Problem(code, origin, message)])
