"""A mapping that extends another one: what it says is laid over what the other says."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, TypeGuard

from mpfunnel.codec.checks import is_list, is_table

__all__ = ["laid_over"]

_ORIGINS: Final = frozenset({"column", "columns", "constant", "row_number"})
"""What says where the value of a field comes from."""
_SHORT_FOR: Final = MappingProxyType(
    {"files": "path", "fields": "column", "attributes": "column", "facts": "column"}
)
"""What a text is short for, by the table in which it stands."""


def laid_over(base: Mapping[str, Any], own: Mapping[str, Any], within: str = "") -> dict[str, Any]:
    """Return the plain data of a mapping laid over that of the one which it extends.

    Tables are laid over each other key by key; anything else takes the place of what was there.
    Of a list of tables with a ``file``, each goes over those of the same file, or joins them where
    there is none. A field that says where its value comes from takes the place of the whole field.
    False takes out a text, a list or a table.

    Args:
        base: What is extended.
        own: What is laid over it.
        within: The key under which both stand.
    """
    laid = dict(base)
    for key, value in own.items():
        there = laid.get(key)
        if value is False and isinstance(there, str | list | dict):
            del laid[key]
        else:
            laid[key] = _over(there, value, key, within)
    return laid


def _over(there: object, value: Any, key: str, within: str) -> Any:
    """Return what stands under a key once `value` is laid over what was `there`."""
    short = _SHORT_FOR.get(within)
    if short == "column" and is_table(value) and value.keys() & _ORIGINS:
        return value
    if short and is_table(value) and isinstance(there, str):
        return {short: there, **value}
    if is_table(there) and is_table(value):
        return laid_over(there, value, key)
    if _has_files(there) or (_has_files([there]) and is_list(value)):
        old = there if is_list(there) else [there]
        return _listed(old, value if is_list(value) else [value], key)
    return value


def _has_files(value: object) -> TypeGuard[list[dict[str, Any]]]:
    """Whether it is a list of tables that each read a file."""
    return is_list(value) and bool(value) and all(is_table(one) and "file" in one for one in value)


def _listed(there: list[Any], given: list[Any], key: str) -> list[Any]:
    laid = list(there)
    for one in given:
        same = [
            at
            for at, other in enumerate(there)
            if is_table(one) and other["file"] == one.get("file")
        ]
        for at in same:
            laid[at] = laid_over(laid[at], one, key)
        if not same:
            laid.append(one)
    return laid
