"""Numbers as people write them: grouped digits, 万 and 億, and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from mpfunnel.errors import brief
from mpfunnel.labels import Label
from mpfunnel.rules.cells.writing import EXACT, ambiguous, refused
from mpfunnel.rules.facts import Fact, Kind

__all__ = ["number_in", "number_pattern", "ungrouped"]

MAX_DIGITS: Final = 64
"""How long a number may be written: more than any that fits in 64 bits needs."""

_SCALES: Final[Mapping[str, int]] = {
    **{"十": 10, "百": 100, "千": 1_000, "万": 10**4, "億": 10**8, "兆": 10**12},
}
_HAS_SCALE: Final = re.compile(f"[{''.join(_SCALES)}]")
_SCALED: Final = re.compile("([0-9.]+)([十百千]?[万億兆]|[十百千])?")
_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "人": ("人", "名"),
    "日": ("日間", "日"),
    "点": ("点", "ポイント"),
}
_MONEY: Final = ("円",)
_NUMBER: Final = (
    r"(?P<n>[+-]?\s?{money}(?:(?:[0-9]+(?:\.[0-9]+)?(?:[十百千]?[万億兆]|[十百千]))+(?:[0-9]+)?"
    r"|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:e[+-]?[0-9]{{1,3}}(?![0-9]))?))"
)
_RUN: Final = re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9]+(?:,[0-9]+)+")
_GROUPED: Final = re.compile("[0-9]{1,3}(?:,[0-9]{3})+")
_SPLIT_GROUP: Final = re.compile(
    r"(?<![0-9.,])[0-9]{1,3}\s*(?:,\s+|、\s*)0[0-9]{2}(?![0-9.])|(?<![0-9.,])[0-9]+,0[0-9](?![0-9.])"
)


@lru_cache(maxsize=256)
def number_pattern(kind: Kind, unit: Label | None) -> str:
    """Return what matches a number, in the group ``n``, and the fact's own unit behind it."""
    words: tuple[str, ...] = ()
    if unit is not None:
        words = (*_UNITS.get(unit.ja, (unit.ja,)), unit.en)
    elif kind == "decimal":
        # Which currency that is, only the playbook knows.
        words = _MONEY
    number = _NUMBER.format(money="¥?" if words == _MONEY else "")
    return f"{number}(?:\\s*(?:{'|'.join(map(re.escape, words))}))?" if words else number


def ungrouped(text: str, fact: Fact) -> str:
    """Return `text` without the commas that group digits.

    Raises:
        InvalidDataError: They can as well separate numbers.
    """
    if "," not in text and "、" not in text:
        return text
    if found := _SPLIT_GROUP.search(text):
        whole = re.sub(r"[,、\s]", "", found[0])
        raise ambiguous(fact, found[0], f"the number {whole}", "a list with 0", f"write {whole}")

    def joined(run: re.Match[str]) -> str:
        digits = run[0]
        groups = digits.split(",")
        if not any(len(group) == 3 for group in groups[1:]):
            return digits
        whole, spaced = "".join(groups), ", ".join(groups)
        if not _GROUPED.fullmatch(digits):
            hint = f"write {spaced}, or no commas within numbers"
            both = "numbers with grouped digits", f"the list {spaced}"
        elif len(groups[0]) == 3 and groups[-1] != "000":
            hint = f"write {whole}, or {spaced}"
            both = f"the number {whole}", f"the list {spaced}"
        else:
            return whole
        raise ambiguous(fact, digits, *both, hint)

    return _RUN.sub(joined, text)


def number_in(digits: str, written: str, fact: Fact, unit: Decimal | int) -> int | float | Decimal:
    """Return a number as a literal of `fact`.

    Args:
        digits: The number, without its unit.
        written: The number with its unit.
        fact: The fact.
        unit: How many units of the fact one unit of the cell is.
    """
    if len(digits) > MAX_DIGITS:
        message = f"a number is written with more than {MAX_DIGITS} characters; write fewer"
        raise refused(fact, message)
    plain = "".join(digits.split()).replace("¥", "")
    value = _scaled(plain, digits, fact) if _HAS_SCALE.search(plain) else Decimal(plain)
    if unit != 1:
        scaled = EXACT.multiply(value, Decimal(unit))
        if "".join(written.split()) != plain or _HAS_SCALE.search(plain):
            # One of them may be a number that the fact cannot have.
            one, other = (f"{at.normalize(EXACT):f}" for at in (value, scaled))
            hint = f"write the number of {unit} each alone, as the header says"
            raise ambiguous(fact, written.strip(), one, other, hint)
        value = scaled
    literal: int | float | Decimal = fact.literal(value)
    return literal


def _scaled(plain: str, digits: str, fact: Fact) -> Decimal:
    """Return the value of digits with 万 and 億: ``1億2000万`` is 120,000,000."""
    sign = -1 if plain[0] == "-" else 1
    total, last = Decimal(0), 10**17
    for part in _SCALED.finditer(plain):
        scale = 1
        for word in part[2] or "":
            scale *= _SCALES[word]
        amount = Decimal(part[1]) * scale
        if scale >= last or amount >= last:
            raise refused(fact, f"{brief(digits)} is no number; write it in digits")
        total, last = total + amount, scale
    return sign * total
