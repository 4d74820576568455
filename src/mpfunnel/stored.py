"""Stored values: JSON in UTF-8 with the number of its format, so that an old one still loads."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, cast

from mpfunnel.errors import DecodeError, Problem, brief, misfit, shown

__all__ = ["Stored", "parsed", "written"]

Stored = bytes | bytearray | memoryview
"""Bytes as the drivers of databases give them."""


def written(plain: dict[str, Any]) -> bytes:
    """Return plain data as JSON in UTF-8, without blanks."""
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()


def parsed(
    data: Stored, path: str, version: int, keys: Collection[str], later: Collection[str] = ()
) -> dict[str, Any]:
    """Return the object that bytes hold.

    Args:
        data: What `written` wrote.
        path: What messages call it.
        version: The number of the format that is known.
        keys: The keys that it must have, besides ``"format"``.
        later: Those that it may have, because they came later than the format.

    Raises:
        DecodeError: The bytes are something else.
    """
    if isinstance(data, bytearray | memoryview):
        data = bytes(data)
    if problems := misfit(path, data, bytes):
        raise DecodeError(problems)
    try:
        plain: object = json.loads(data.decode(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        # Too deep, too long a number, no UTF-8, no JSON: whoever wrote it, it was not `written`.
        message = f"is not JSON in UTF-8: {brief(str(error))}"
        raise DecodeError([Problem("syntax", path, message)]) from None
    if not isinstance(plain, dict):
        message = f"must be an object, not {type(plain).__name__} {brief(plain)}"
        raise DecodeError([Problem("type", path, message)])
    found = cast("dict[str, Any]", plain)
    given = found.get("format")
    if type(given) is not int or given != version:
        message = f"must be {version}, not {brief(given)}; a later version may have written it"
        raise DecodeError([Problem("format", f"{path}.format", message)])
    wrong = sorted({"format", *keys} ^ (found.keys() - {*later}))
    if wrong:
        raise DecodeError(
            Problem("missing", f"{path}.{key}", "is missing")
            if key not in found
            else Problem("unknown-key", f"{path}.{shown(key)}", "no such key")
            for key in wrong
        )
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found
