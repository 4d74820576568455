"""Expressions of integers, of one type on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import narwhals.stable.v2 as nw

from mpfunnel.frames.kinds import Frame

__all__ = ["by_code", "extended", "flag", "looked_up", "whole"]


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


def _literal(value: int | str) -> nw.Expr:
    return whole(value) if isinstance(value, int) else nw.lit(value)


def extended(frame: Frame, columns: Mapping[str, nw.Expr]) -> Frame:
    """Return a frame with more columns, which may be none at all."""
    return frame.with_columns(**columns) if columns else frame
