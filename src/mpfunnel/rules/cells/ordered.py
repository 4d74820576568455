"""What cells ask of numbers and days: values, bounds and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from mpfunnel.errors import brief
from mpfunnel.labels import Label
from mpfunnel.rules.cells.folding import SUFFIXES
from mpfunnel.rules.cells.writing import EXACT, ends_of, literal_text
from mpfunnel.rules.conditions import Condition, refuse
from mpfunnel.rules.facts import Fact, Kind

__all__ = ["ORDERED", "ordered_test", "ungrouped"]

ORDERED: Final[frozenset[Kind]] = frozenset(("int", "decimal", "float", "date"))
MAX_DIGITS: Final = 64
"""How long a number may be written: more than any that fits in 64 bits needs."""

_DATE_CALL: Final = re.compile(r'date\(\s*"([^"]*)"\s*\)', re.IGNORECASE)

_OPS: Final[Mapping[str, str]] = {
    **{op: op for op in (">=", ">", "<=", "<", "==", "!=")},
    **{"=": "==", "<>": "!=", "=>": ">=", "=<": "<="},
    **{"at least": ">=", "more than": ">", "at most": "<=", "less than": "<"},
}
_SCALES: Final[Mapping[str, int]] = {
    **{"十": 10, "百": 100, "千": 1_000, "万": 10**4, "億": 10**8, "兆": 10**12},
}
_SCALED: Final = re.compile("([0-9.]+)([十百千]?[万億兆]|[十百千])?")
_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "人": ("人", "名"),
    "日": ("日間", "日"),
    "点": ("点", "ポイント"),
}
_MONEY: Final = ("円",)
_RUN: Final = re.compile(r"(?<![0-9])(?<![0-9]\.)[0-9]+(?:,[0-9]+)+")
_GROUPED: Final = re.compile("[0-9]{1,3}(?:,[0-9]{3})+")
_SPLIT_GROUP: Final = re.compile(r"(?<![0-9.,])[0-9]{1,3}\s*,\s+0[0-9]{2}(?![0-9.])")
_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DAY: Final = re.compile("([0-9]{4})(?:-([0-9]{2})-([0-9]{2}))")
_BRACKETED: Final = re.compile(r"([\[(\]])(.+?)\.\.(.+)([\])\[])", re.DOTALL)
# Two days of which nobody knows which, one that lacks its year or its day.
_PARTS: Final = re.compile(
    r"([0-9]{1,4})\s*[-/.年月]\s*([0-9]{1,2})(?:\s*[-/.月日]\s*([0-9]{0,4}))?"
)

_NUMBER: Final = (
    r"(?P<n>[+-]?\s?{money}(?:(?:[0-9]+(?:\.[0-9]+)?(?:[十百千]?[万億兆]|[十百千]))+(?:[0-9]+)?"
    r"|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:e[+-]?[0-9]{{1,3}}(?![0-9]))?))"
)
_DATE: Final = (
    r"(?P<n>(?P<year>[0-9]{4})(?:(?P<apart>[-/.])(?P<month>[0-9]{1,2})(?P=apart)(?P<day>[0-9]{1,2})"
    r"|\s?年\s?(?P<month_ja>[0-9]{1,2})\s?月\s?(?P<day_ja>[0-9]{1,2})\s?日"
    r"|(?P<month_8>[0-9]{2})(?P<day_8>[0-9]{2}))(?![0-9]))"
)


def ungrouped(text: str, fact: Fact) -> str:
    """Return `text` without the commas that group digits.

    Raises:
        InvalidDataError: They can as well separate numbers.
    """
    if "," not in text:
        return text
    if found := _SPLIT_GROUP.search(text):
        digits = found[0]
        whole = re.sub(r"[,\s]", "", digits)
        _ambiguous(fact, digits, f"the number {whole}", "a list with 0", f"write {whole}")

    def joined(run: re.Match[str]) -> str:
        digits = run[0]
        groups = digits.split(",")
        whole = "".join(groups)
        if not any(len(group) == 3 for group in groups[1:]):
            return digits
        spaced = ", ".join(groups)
        one = _GROUPED.fullmatch(digits)
        if one is None or (len(groups[0]) == 3 and groups[-1] != "000"):
            first = f"the number {whole}" if one else "numbers with grouped digits"
            hint = f"write {whole}, or {spaced}" if one else f"write {spaced}, or no commas within"
            _ambiguous(fact, digits, first, f"the list {spaced}", hint)
        return whole

    return _RUN.sub(joined, text)


def ordered_test(item: str, fact: Fact, term: Any, unit: Decimal | int) -> Condition:
    """Return what one test asks of a number or a day.

    Args:
        item: The test, folded and without grouping commas.
        fact: The fact.
        term: Its term.
        unit: How many units of the fact one unit of the cell is.
    """
    reading = _Ordered(fact, term, unit)
    if (bracketed := _BRACKETED.fullmatch(item)) is not None:
        start, low, high, end = bracketed.groups()
        ops = (">=" if start == "[" else ">", "<=" if end == "]" else "<")
        ends = [reading.alone(part.strip()) for part in (low, high)]
        return reading.between((ops[0], ends[0]), (ops[1], ends[1]))
    return reading.test(item)


class _Token(NamedTuple):
    kind: str
    value: Any


class _Ordered:
    """Reads one test of a number or a day."""

    def __init__(self, fact: Fact, term: Any, unit: Decimal | int) -> None:
        self.fact = fact
        self.term = term
        self.unit = unit
        self.is_date = fact.kind == "date"

    def alone(self, text: str) -> Any:
        """Return the value that `text` is."""
        tokens = self._tokens(text)
        if [token.kind for token in tokens] != ["n"]:
            self._unreadable(text)
        return tokens[0].value

    def between(self, low: tuple[str, Any], high: tuple[str, Any]) -> Condition:
        """Return the condition that the fact lies between two bounds, each with its operator."""
        condition = self._bound(*low) & self._bound(*high)
        if ends_of(condition) is None:
            least, most = (literal_text(self.fact, at, self.unit) for at in (low[1], high[1]))
            message = f"nothing lies between {least} and {most}; swap them"
            refuse("cell", self.fact.name, message)
        return condition

    def test(self, text: str) -> Condition:
        """Return what a test without brackets asks."""
        tokens = self._tokens(text)
        values = [token.value for token in tokens]
        match "".join(token.kind for token in tokens):
            case "n":
                return self._bound("==", values[0])
            case "on":
                return self._bound(values[0], values[1])
            case "ns" | "nf" | "nu":
                return self._bound(values[1], values[0])
            case "nt":
                return self._bound(">=", values[0])
            case "tn" | "tnu":
                return self._bound("<=", values[1])
            case "ntn" | "ndn" | "nfn" | "ntnu" | "ndnu" | "nfnu":
                return self.between((">=", values[0]), ("<=", values[2]))
            case shape if both := _TWO_BOUNDS.fullmatch(shape):
                second = both.start(2)
                one, other = _pair(tokens[:2]), _pair(tokens[second:])
                low, high = (one, other) if one[0][0] == ">" else (other, one)
                if (low[0][0], high[0][0]) == (">", "<"):
                    return self.between(low, high)
            case _:
                pass
        return self._unreadable(text)

    def _bound(self, op: str, value: Any) -> Condition:
        condition: Condition = _COMPARED[op](self.term, value)
        return condition

    def _tokens(self, text: str) -> list[_Token]:
        if not self.is_date and self.unit == 1 and _PLAIN.fullmatch(text):
            # What most cells hold.
            return [_Token("n", self._number(text, text))]
        grammar = _grammar(self.is_date, self.fact.unit, self.fact.kind)
        tokens: list[_Token] = []
        at = 0
        if self.is_date:
            text = _DATE_CALL.sub(r"\1", text)
        while at < len(text):
            after_number = bool(tokens) and tokens[-1].kind == "n"
            found = None if after_number and text[at] == "-" else grammar.match(text, at)
            if found is None and not (after_number and text[at] == "-"):
                self._unreadable(text)
            if found is None:
                tokens.append(_Token("d", "-"))
                at += 1
                continue
            at = found.end()
            if found["n"]:
                value = self._date(found) if self.is_date else self._number(found["n"], found[0])
                tokens.append(_Token("n", value))
            elif kind := found.lastgroup:
                tokens.append(_token(kind, found[kind]))
        return tokens

    def _date(self, found: re.Match[str]) -> date:
        month = found["month"] or found["month_ja"] or found["month_8"]
        day = found["day"] or found["day_ja"] or found["day_8"]
        try:
            return date(int(found["year"]), int(month), int(day))
        except ValueError:
            return self._refuse(f"there is no day {brief(found[0])}")

    def _number(self, digits: str, written: str) -> Any:
        """Return a number in the unit of the fact."""
        if len(digits) > MAX_DIGITS:
            self._refuse(f"a number is written with more than {MAX_DIGITS} characters")
        plain = "".join(digits.split()).replace("¥", "")
        value = self._scaled(plain, digits) if _HAS_SCALE.search(plain) else Decimal(plain)
        if self.unit == 1:
            return self.fact.literal(value)
        scaled = EXACT.multiply(value, Decimal(self.unit))
        if plain != written.strip():
            readings = [
                literal_text(self.fact, self.fact.literal(one), 1) for one in (value, scaled)
            ]
            hint = f"write it in the unit of the header, {self.unit}"
            _ambiguous(self.fact, written.strip(), *readings, hint)
        return self.fact.literal(scaled)

    def _scaled(self, plain: str, digits: str) -> Decimal:
        """Return the value of digits with 万 and 億: ``1億2000万`` is 120,000,000."""
        sign, plain = (-1, plain[1:]) if plain[0] == "-" else (1, plain.removeprefix("+"))
        total, last = Decimal(0), 10**17
        for part in _SCALED.finditer(plain):
            scale = 1
            for word in part[2] or "":
                scale *= _SCALES[word]
            amount = Decimal(part[1]) * scale
            if scale >= last or amount >= last:
                self._refuse(f"{brief(digits)} is no number; write it in digits")
            total, last = total + amount, scale
        return sign * total

    def _unreadable(self, text: str) -> Any:
        if self.is_date and (parts := _PARTS.match(text)):
            self._doubtful_day(parts)
        if found := _PERCENT.search(text):
            number = found[1]
            _ambiguous(
                self.fact,
                found[0],
                f"{number} hundredths",
                f"{number} itself",
                "write the number that the fact has",
            )
        if text[:1] == "=":
            self._refuse(f"{brief(text)} looks like a formula, which is never run; write the value")
        what = "day" if self.is_date else "number"
        like = ">= 2026-04-01" if self.is_date else ">= 300, [100..300) or 300以上"
        return self._refuse(f"{brief(text)} is no test of a {what}; write for example {like}")

    def _doubtful_day(self, parts: re.Match[str]) -> None:
        first, second, third = parts[1], parts[2], parts[3]
        written = parts[0].strip()
        if third and len(third) == 4:
            days = {day for day in (_day(third, first, second), _day(third, second, first)) if day}
        elif third and len(first) <= 2:
            days = {
                day
                for day in (
                    _day(f"20{first:0>2}", second, third),
                    _day(f"20{third:0>2}", first, second),
                )
                if day
            }
        elif len(first) <= 2 and not third:
            _ambiguous(
                self.fact,
                written,
                "a day of this year",
                "the day of every year",
                "write the year too, as in 2026-04-01",
            )
        elif len(first) == 4 and not third:
            _ambiguous(
                self.fact,
                written,
                "its first day",
                "any of its days",
                f"write a range, as in [{first}-04-01..{first}-04-30]",
            )
        else:
            days = set()
        if len(days) == 2:
            one, other = sorted(days)
            _ambiguous(self.fact, written, one, other, "write one of these")
        for day in days:
            self._refuse(f"{brief(written)} is not how a day is written; write {day}")

    def _refuse(self, message: str) -> Any:
        refuse("cell", self.fact.name, message)


def _day(year: str, month: str, day: str) -> str | None:
    try:
        return date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return None


_PERCENT: Final = re.compile("([0-9.]+)%")
_HAS_SCALE: Final = re.compile("[十百千万億兆]")
_TWO_BOUNDS: Final = re.compile("(on|n[sfu])[jt]?(on|n[sfu])")
_COMPARED: Final[Mapping[str, Any]] = {
    ">=": lambda term, value: term >= value,
    ">": lambda term, value: term > value,
    "<=": lambda term, value: term <= value,
    "<": lambda term, value: term < value,
    "==": lambda term, value: term == value,
    "!=": lambda term, value: term != value,
}


def _pair(tokens: list[_Token]) -> tuple[str, Any]:
    """Return the operator and the value of a bound, whichever stands first."""
    first, second = tokens
    return (first.value, second.value) if first.kind == "o" else (second.value, first.value)


def _token(kind: str, word: str) -> _Token:
    if kind == "s":
        # From and until stand between two values as well.
        role = {"から": "f", "まで": "u"}.get(word, "s")
        return _Token(role, SUFFIXES[word])
    return _Token(kind, _OPS[word.lower()] if kind == "o" else word)


@lru_cache(maxsize=256)
def _grammar(is_date: bool, unit: Label | None, kind: Kind) -> re.Pattern[str]:
    """Return what matches one part of a test: a value, an operator, or what stands between."""
    words: tuple[str, ...] = ()
    if unit is not None:
        words = (*_UNITS.get(unit.ja, (unit.ja,)), unit.en)
    elif kind == "decimal":
        words = _MONEY
    number = _NUMBER.format(money="¥?" if words == _MONEY else "")
    own = f"(?:\\s*(?:{'|'.join(map(re.escape, words))}))?" if words else ""
    parts = (
        _DATE if is_date else number + own,
        f"(?P<o>{_either(_OPS)})",
        f"(?P<s>{_either(SUFFIXES)})",
        r"(?P<t>~|\.{2,4})",
        r"(?P<j>かつ|で|and|&)",
        r"\s+",
    )
    return re.compile("|".join(parts), re.IGNORECASE)


def _either(words: Mapping[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _ambiguous(fact: Fact, written: str, one: str, other: str, hint: str) -> None:
    refuse("ambiguous", fact.name, f"{brief(written)} can mean {one}, or {other}; {hint}")
