"""What a reject may show of a cell: nothing that names or reaches a person."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["has_address", "masked", "shown"]

_LONGEST: Final = 100


def masked(text: str) -> str:
    """Return the first letter of a personal text and, of a mail address, the top-level domain.

    >>> masked("taro.yamada@example.co.jp"), masked("山田太郎"), masked("林")
    ('t…@….jp', '山…', '…')
    """
    # A text of one letter would be shown in full.
    first = text[:1] if len(text) > 1 else ""
    if not has_address(text):
        return f"{first}…"
    _, dot, last = unicodedata.normalize("NFKC", text).rpartition(".")
    return f"{first}…@…" + (f".{last}" if dot and last.isalpha() and len(last) <= 10 else "")


def shown(text: str, *, personal: bool) -> str:
    """Return `text` as messages may show it: masked if personal or if it holds a mail address.

    Args:
        text: A cell as the file has it.
        personal: Whether the mapping reads its column into a personal field.
    """
    if personal or has_address(text):
        return masked(text) if text else ""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def has_address(text: str) -> bool:
    """Whether `text` may hold a mail address."""
    # A full-width ＠ is an address too, once someone normalises it.
    return "@" in text or "＠" in text or "﹫" in text
