"""How rules name products: one by its id, those of a family, or all of them."""

from __future__ import annotations

from typing import Final

from mpfunnel.errors import Problem, brief
from mpfunnel.records import Id

__all__ = ["EVERY", "FAMILY", "fault_of_id", "is_about"]

EVERY: Final = "*"
"""Stands for every product."""
FAMILY: Final = "family:"
"""With the name of a family behind it, stands for the products of that family."""


def is_about(named: Id, product_id: Id, family: str | None) -> bool:
    """Return whether what a rule names stands for a product of that id and family."""
    names = (product_id, EVERY) if family is None else (product_id, EVERY, FAMILY + family)
    return named in names


def fault_of_id(path: str, value: object) -> list[Problem]:
    """Return the problem of what can name no product."""
    # A bool would be taken for the integer that it equals (S18).
    if isinstance(value, str | int) and not isinstance(value, bool):
        return []
    message = f"must be the id of a product, not {type(value).__name__} {brief(value)}"
    return [Problem("type", path, message)]
