"""Expressions of integers, of one type on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.frames.kinds import Frame

__all__ = ["by_code", "extended", "flag", "halves", "looked_up", "whole", "with_total"]

_HALF: Final = 2**31
_MOST: Final = 2**63 - 1


def whole(value: int | None) -> nw.Expr:
    """Return an integer of 64 bits: engines differ in the type of a bare one."""
    return nw.lit(value, dtype=nw.Int64())


def flag(holds: nw.Expr) -> nw.Expr:
    """Return 1 where a condition is known to hold, else 0: what can be summed on every engine."""
    return nw.when(holds).then(whole(1)).otherwise(whole(0))


def looked_up(value: nw.Expr, keys: Sequence[int | str], values: Sequence[int | str]) -> nw.Expr:
    """Return the value that stands at the place of a key among `keys`; null for what is no key.

    For few keys: each is compared. (Not every engine has maps.)
    """
    return nw.coalesce(
        *(nw.when(value == key).then(_literal(one)) for key, one in zip(keys, values, strict=True))
    )


def by_code(code: str, values: Sequence[int | str]) -> nw.Expr:
    """Return the value that stands at the place which the column `code` holds."""
    return looked_up(nw.col(code), range(len(values)), values)


def halves(number: nw.Expr) -> dict[str, nw.Expr]:
    """Return a number in two halves, whose sums do not overflow; `with_total` joins them."""
    return {"high": _over(number), "low": number % _HALF}


def with_total(sums: Frame) -> Frame:
    """Return sums of `halves` with their ``total``, as much as 64 bits hold."""
    high = nw.col("high") + _over(nw.col("low"))
    sums = sums.with_columns(high=high, low=nw.col("low") % _HALF)
    fits = nw.when(nw.col("high") < 2 * _HALF).then(nw.col("high")).otherwise(whole(0))
    added = fits * _HALF + nw.col("low")
    total = nw.when(nw.col("high") < 2 * _HALF).then(added).otherwise(whole(_MOST))
    return sums.with_columns(total=total)


def _over(number: nw.Expr) -> nw.Expr:
    """Return how often `_HALF` is in a number; some engines divide as floats, here exactly."""
    return (number - number % _HALF) // _HALF


def _literal(value: int | str) -> nw.Expr:
    return whole(value) if isinstance(value, int) else nw.lit(value)


def extended(frame: Frame, columns: Mapping[str, nw.Expr]) -> Frame:
    """Return a frame with more columns, which may be none at all."""
    return frame.with_columns(**columns) if columns else frame
