"""Texts that are no conditions, such as keys and reasons ⇄ cells.

A cell holds a text as it is. What a spreadsheet would change, or take for a formula, stands in
double quotes, as a text of JSON does.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Final

from mpfunnel.files import FORMULA

__all__ = ["is_plain", "quoted", "read_text", "write_text"]

_CONTROL: Final = ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co")


def read_text(cell: str) -> str:
    """Return the text that a cell holds.

    >>> read_text(" large "), read_text('"=large"'), read_text('"big" and "bigger"')
    ('large', '=large', '"big" and "bigger"')
    """
    text = cell.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            inner = json.loads(text)
        except ValueError:
            # A text that only begins and ends in quotes of its own.
            return text
        return str(inner)
    return text


def write_text(text: str) -> str:
    """Return the cell that holds a text.

    >>> write_text("large"), write_text("=large")
    ('large', '"=large"')
    """
    return text if is_plain(text) and not text.startswith('"') else quoted(text)


def is_plain(text: str) -> bool:
    """Whether a spreadsheet keeps a text as it is: on one line, and no formula."""
    inside = not any(unicodedata.category(char) in _CONTROL for char in text)
    return inside and text == text.strip() and not text.startswith((*FORMULA, "'"))


def quoted(text: str) -> str:
    """Return a text in double quotes, with escapes for what cannot be printed."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(
        char if unicodedata.category(char) not in _CONTROL else json.dumps(char)[1:-1]
        for char in written
    )
