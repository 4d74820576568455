"""法人番号: the number by which Japan's National Tax Agency knows every corporation."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from immutabledict import immutabledict

__all__ = ["NumberKind", "corporate_number", "number_fault", "number_kind"]

NumberKind = Literal["state_organ", "local_government", "registered", "other"]
"""国の機関, 地方公共団体 (their associations too), 設立登記法人, and others that file taxes."""

_KINDS: Final[immutabledict[str, NumberKind]] = immutabledict(
    {
        "00001": "state_organ",
        "00002": "local_government",
        "00003": "local_government",
        "7": "other",
    }
)
_BETWEEN: Final = re.compile(r"[\s\-‐‑‒–—―−ーｰ]+")


def corporate_number(text: str | None) -> str | None:
    """Return the 13 digits of a 法人番号, or `None` where it is none.

    Full-width digits, hyphens and spaces are folded, and the `T` of an invoice number (適格請求書
    発行事業者の登録番号) is taken away. The first digit checks the other twelve.

    >>> corporate_number("5-8356-7825-6246"), corporate_number("Ｔ５８３５６７８２５６２４６")
    ('5835678256246', '5835678256246')
    >>> corporate_number("2835678256246") is None
    True
    """
    from stdnum.jp import cn

    digits = _folded(text or "").removeprefix("T")
    return digits if digits.isascii() and cn.is_valid(digits) else None


def number_fault(text: str) -> tuple[str, str] | None:
    """Return the code and the message of what is wrong with a 法人番号; `None` where nothing is."""
    if corporate_number(text) is not None:
        return None
    folded = _folded(text)
    digits = folded.removeprefix("T")
    if not (digits.isascii() and digits.isdigit()):
        return "format", "must be the 13 digits of a 法人番号"
    if len(digits) != 13:
        return "format", f"must have 13 digits, not {len(digits)}"
    if folded != digits:
        message = "is no 法人番号: its first digit does not fit; sole proprietors have such numbers"
        return "check-digit", message
    return "check-digit", "is no 法人番号: its first digit, which checks the others, does not fit"


def number_kind(number: str) -> NumberKind | None:
    """Return what a 法人番号 itself tells of who has it; `None` where it tells nothing.

    After the check digit come `00001` for organs of the state, `00002` and `00003` for local public
    bodies, and the number of the commercial register, from `01`, for whoever is registered there;
    others begin with 7 (国税庁「法人番号の構成」).

    >>> number_kind("7000012050002"), number_kind("8000020130001"), number_kind("1180301018771")
    ('state_organ', 'local_government', 'registered')
    """
    digits = corporate_number(number)
    if digits is None:
        return None
    base = digits[1:]
    for start, kind in _KINDS.items():
        if base.startswith(start):
            return kind
    return "registered" if "01" <= base[:2] < "60" else None


def _folded(text: str) -> str:
    return _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
