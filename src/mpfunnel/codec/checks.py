"""Plain data whose form is checked piece by piece, while the problems are collected."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, TypeGuard

from mpfunnel.errors import Problem, did_you_mean, shown

__all__ = [
    "Check",
    "is_list",
    "is_table",
    "lies_in",
    "located",
    "no_such",
    "under",
]

MAX_LISTED: Final = 50
"""How many names a message lists."""


class Check:
    """Takes plain data apart and collects what is wrong with it.

    Every method returns something of the right type whatever it is given, so that one fault does
    not hide the next; what it returned is only used if there was none.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def fault(self, code: str, path: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(code, path, message))

    def keys(self, data: Collection[str], path: str, known: Collection[str]) -> None:
        """Add a problem for every key that is not `known`."""
        for key in data:
            if key not in known:
                self.fault("unknown-key", under(path, shown(key)), no_such("key", key, known))

    def table(self, data: dict[str, Any], key: str, path: str) -> dict[str, Any]:
        """Return the table under `key`; an empty one where there is none."""
        value = data.get(key, {})
        if is_table(value):
            return value
        self.fault("type", under(path, key), "must be a table")
        return {}

    def text(self, data: dict[str, Any], key: str, path: str, default: str = "") -> str:
        """Return the text under `key`; `default` where there is none."""
        value = data.get(key, default)
        if isinstance(value, str):
            return value
        self.fault("type", under(path, key), f"must be text, not {type(value).__name__}")
        return default

    def texts(self, data: dict[str, Any], key: str, path: str) -> tuple[str, ...]:
        """Return the list of texts under `key`; an empty one where there is none."""
        value = data.get(key, [])
        if not is_list(value) or not all(isinstance(item, str) for item in value):
            self.fault("type", under(path, key), "must be a list of texts")
            return ()
        if key in data and not value:
            self.fault("missing", under(path, key), "is empty")
        return tuple(value)

    def flag(self, data: dict[str, Any], key: str, path: str) -> bool:
        """Return the bool under `key`; false where there is none."""
        value = data.get(key, False)
        if isinstance(value, bool):
            return value
        self.fault("type", under(path, key), "must be true or false")
        return False


def is_table(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a piece of plain data is a table."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a piece of plain data is a list."""
    return isinstance(value, list)


def no_such(what: str, name: str, known: Collection[str]) -> str:
    """Return ``"no such key; did you mean 'x'?"``, or all that is known where nothing is near."""
    names = [shown(one) for one in known if one.strip()] if len(known) <= MAX_LISTED else []
    listed = f"; known are {', '.join(names)}" if names else ""
    return f"no such {what}" + (did_you_mean(name, known) or listed)


def located(origin: str, path: str) -> str:
    """Return `path` as messages show it: ``"maven.toml: deals.fields.amount"``."""
    return ": ".join(part for part in (origin, path) if part)


def under(path: str, key: str) -> str:
    """Return the path of `key` within `path`."""
    return f"{path}.{key}" if path else key


def lies_in(path: str, place: str) -> bool:
    """Whether `path` is `place`, or lies within it."""
    return path == place or path.startswith((f"{place}.", f"{place}["))
