"""TOML text → plain data, within bounds that are checked before and after parsing."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from mpfunnel.errors import DecodeError, Problem
from mpfunnel.sources.checks import is_list, is_table, located

__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_DOTS", "MAX_NODES", "parse_toml", "plain"]

MAX_BYTES: Final = 2 * 1024 * 1024
"""How large a mapping file may be."""
MAX_DEPTH: Final = 32
"""How deep tables and lists may nest."""
MAX_DOTS: Final = 8
"""How many dots one key may have: tomllib's time grows with their square."""
MAX_NODES: Final = 100_000
"""How many keys and values plain data may hold."""


def parse_toml(raw: bytes, origin: str) -> dict[str, Any]:
    """Return the plain data of a TOML file; its decimals are exact.

    Args:
        raw: The bytes of the file.
        origin: How messages name the file.

    Raises:
        DecodeError: The file is too large, too deep, not UTF-8 or not TOML.
    """
    if len(raw) > MAX_BYTES:
        raise _refusal("size", origin, f"is larger than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _refusal("encoding", origin, f"line {line} is not utf-8") from None
    depth, dots = _extent(text)
    if depth > MAX_DEPTH:
        raise _refusal("depth", origin, f"nests deeper than {MAX_DEPTH}")
    if dots > MAX_DOTS:
        raise _refusal("depth", origin, f"has a key with more than {MAX_DOTS} dots")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except ValueError as error:
        # tomllib's own error is a ValueError; int() raises one of more than 4,300 digits.
        reason = str(error)
        reason = reason[:1].lower() + reason[1:]
        raise _refusal("syntax", origin, f"is not TOML: {reason:.200}") from None


def plain(data: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return a copy of `data` that holds only plain values, within the bounds.

    Args:
        data: A table of texts, numbers, bools, lists and such tables, under texts.
        origin: How messages name the file that it came from; empty where it came from none.

    Raises:
        DecodeError: It is too deep, too large, or holds anything else.
    """
    problems: list[Problem] = []
    nodes = 0

    def fault(code: str, path: str, message: str) -> None:
        problems.append(Problem(code, located(origin, path), message))

    def copy(value: object, path: str, depth: int) -> Any:
        nonlocal nodes
        nodes += 1
        # The count also stops data that contains itself more than once.
        if nodes > MAX_NODES:
            raise _refusal("size", origin, f"holds more than {MAX_NODES:,} values")
        if depth > MAX_DEPTH:
            raise _refusal("depth", origin, f"nests deeper than {MAX_DEPTH}")
        if is_table(value):
            return {key: copy(item, f"{path}.{key!s:.60}", depth + 1) for key, item in keyed(value)}
        if is_list(value):
            return [copy(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
        if wrong := _leaf_fault(value):
            fault(wrong[0], path.removeprefix("."), wrong[1])
        return value

    def keyed(value: dict[Any, Any]) -> Iterator[tuple[str, Any]]:
        for key, item in value.items():
            if isinstance(key, str):
                yield key, item
            else:
                fault("type", f"key {key!r:.60}", f"must be text, not {type(key).__name__}")

    copied: dict[str, Any] = copy(data, "", 0)
    if problems:
        raise DecodeError(problems)
    return copied


def _leaf_fault(value: object) -> tuple[str, str] | None:
    if type(value) is int:
        return None if -(2**63) <= value < 2**63 else ("range", "must fit in 64 bits")
    if type(value) is Decimal:
        return None if value.is_finite() else ("nan", "must be a finite number")
    if type(value) in (str, bool):
        return None
    kind = type(value).__name__
    hint = "; write it as text, for example '0.01'" if kind == "float" else ""
    return "type", f"must be text, a number, a bool, a list or a table, not {kind}{hint}"


def _extent(text: str) -> tuple[int, int]:
    """Return how deep brackets nest in TOML text, and the most dots that one key has."""
    deepest = most = depth = dots = at = 0
    while at < len(text):
        char = text[at]
        if char == "#":
            newline = text.find("\n", at)
            at = len(text) if newline < 0 else newline
        elif char in "\"'":
            at = _after_string(text, at)
        else:
            if char in "[{":
                depth += 1
                deepest = max(deepest, depth)
            elif char in "]}":
                depth -= 1
            if char == ".":
                dots += 1
                most = max(most, dots)
            elif char in "=,[]{}\n":
                dots = 0
            at += 1
    return deepest, most


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
