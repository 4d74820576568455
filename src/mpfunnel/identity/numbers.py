"""法人番号: the number by which Japan's National Tax Agency knows every corporation."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

__all__ = ["NumberKind", "corporate_number", "number_fault", "number_kind"]

NumberKind = Literal["state_organ", "local_government", "registered", "other"]

_BETWEEN: Final = re.compile(r"[\s\-‐‑‒–—―−ーｰ_.]+")


def corporate_number(text: str) -> str | None:
    """Return the 13 digits of a 法人番号, or `None` where its check digit does not hold.

    >>> corporate_number("5-8356-7825-6246"), corporate_number("Ｔ５８３５６７８２５６２４６")
    ('5835678256246', '5835678256246')
    >>> corporate_number("2835678256246") is None
    True
    """
    from stdnum.jp import cn

    digits = _digits(text)
    return digits if digits.isascii() and cn.is_valid(digits) else None


def number_fault(text: str) -> tuple[str, str] | None:
    """Return the code and message of what is wrong with a 法人番号, or `None` where nothing is."""
    if corporate_number(text) is not None:
        return None
    digits = _digits(text)
    if not (digits.isascii() and digits.isdigit()):
        return "format", "must be the 13 digits of a 法人番号"
    if len(digits) != 13:
        return "format", f"must have 13 digits, not {len(digits)}"
    return "check_digit", "its first digit, which checks the others, does not hold"


def number_kind(number: str) -> NumberKind | None:
    """Return what a 法人番号 itself tells of its holder; `None` where it is none."""
    digits = corporate_number(number)
    if digits is None:
        return None
    base = digits[1:]
    if base.startswith("00001"):
        return "state_organ"
    if base.startswith("00002"):
        return "local_government"
    return "registered" if base[0] in "012345" and base[:2] != "00" else "other"


def _digits(text: str) -> str:
    folded = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    return folded.removeprefix("T")
