"""Expressions of integers, of one type on every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

__all__ = ["by_code", "flag", "looked_up", "whole"]


def whole(value: int | None) -> nw.Expr:
    """Return an integer of 64 bits: engines differ in the type of a bare one."""
    return nw.lit(value, dtype=nw.Int64())


def flag(holds: nw.Expr) -> nw.Expr:
    """Return 1 where a condition is known to hold, else 0: what can be summed on every engine."""
    return nw.when(holds).then(whole(1)).otherwise(whole(0))


def looked_up(
    value: nw.Expr, keys: Sequence[int | str], values: Sequence[int | str], dtype: Any
) -> nw.Expr:
    """Return what stands at the place of each key; null for what is no key."""
    return value.replace_strict(list(keys), list(values), default=None, return_dtype=dtype)


def by_code(code: str, values: Sequence[int | str], dtype: Any) -> nw.Expr:
    """Return the value that stands at the place which the column `code` holds."""
    return looked_up(nw.col(code), range(len(values)), values, dtype)
