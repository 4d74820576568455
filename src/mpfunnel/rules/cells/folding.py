"""Signs and words that people type, and what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["SUFFIXES", "fold"]

_FOLDED: Final[Mapping[int, str]] = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **{
        ord(sign): plain
        for signs, plain in (
            *(("\u3000\xa0", " "), ("−–‐‑", "-"), ("〜∼˜", "~"), ("“”", '"'), ("￥", "¥")),
            *(("≧≥⩾", ">="), ("≦≤⩽", "<="), ("≠", "!="), ("…‥", "..")),
        )
        for sign in signs
    },
}
SUFFIXES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("以上", "以降", "以後"), ">="),
    **dict.fromkeys(("超", "超過", "超える", "を超える", "より後"), ">"),
    **dict.fromkeys(("より大きい", "より多い", "より上"), ">"),
    **dict.fromkeys(("以下", "以内", "以前"), "<="),
    **dict.fromkeys(("未満", "より前"), "<"),
    **dict.fromkeys(("より小さい", "より少ない", "より下"), "<"),
    "以外": "!=",
    "から": ">=",
    "まで": "<=",
}
"""What Japanese puts behind a bound."""


def fold(text: str) -> str:
    """Return `text` with full-width digits and signs as a keyboard has them."""
    return text if text.isascii() else text.translate(_FOLDED)
