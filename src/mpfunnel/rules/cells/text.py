"""What cells ask of texts, sets of texts and levels.

A text is taken as it is written, by its code points; only what stands around it is folded.
"""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn

from mpfunnel.errors import brief
from mpfunnel.rules.cells.folding import SUFFIXES, fold
from mpfunnel.rules.cells.writing import literal_text, numbered, quoted
from mpfunnel.rules.conditions import Condition, Not, refuse
from mpfunnel.rules.facts import Fact

__all__ = ["BARE_DASHES", "Texts"]

BARE_DASHES: Final = frozenset("ー―—–‐−─")
"""What stands in a cell where there is nothing to say, or for any value: nobody knows which."""

_OP: Final = re.compile(r"[<>=!≧≦≠≥≤＜＞＝！]{1,2}\s*")
_QUOTED: Final = re.compile(r'["＂]((?:[^"＂\\\n]|\\.)*)["＂]|“([^“”\n]*)”|「([^「」\n]*)」')
_ESCAPED: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_SUFFIXES: Final = ("以上", "以下", "以外", "で始まる", "から始まる", "を含む")
# An order that texts do not have, alternatives in words, and patterns.
_LIKE_A_TEST: Final = re.compile(
    r".*(?:または|又は|もしくは| or |\|\|).*"
    r"|(?:at least|at most|more than|less than|not) .*|.*\sかつ\s.*"
    r"|.*[*~〜～]|[*~〜～].*|[\[(\]].*\.\..*[\])\[]"
    r"|[0-9０-９,]+\s*\w{0,2}\s*(?:[-~〜～－]|\.\.)\s*[0-9０-９,]+\s*\w{0,2}",
    re.IGNORECASE | re.DOTALL,
)
_ENDS: Final = (
    *SUFFIXES,
    *("を含む", "を含まない", "で終わる", "で始まらない", "を除く", "ではない", "でない"),
)
_ANY: Final = frozenset(("any", "all", "すべて", "全て", "全部", "不問", "問わず", "指定なし"))
_OF_EXCEL: Final = re.compile(r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!)")
_DOUBTFUL: Final = frozenset(
    ("なし", "無し", "無", "不明", "n/a", "null", "none", "nil", "unknown", *BARE_DASHES)
)
_LATIN: Final = re.compile("[A-Za-zＡ-Ｚａ-ｚ]")
_LIKE_LATIN: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORDS: Final = re.compile(r"\w+")
_FORMULA: Final = frozenset("=+-@＝＋－＠")


class Texts:
    """Reads one test of a text, a set of texts or a level."""

    def __init__(self, fact: Fact, term: Any) -> None:
        self.fact = fact
        self.term = term

    def test(self, item: str) -> Condition:
        """Return what one test asks."""
        if (op := _OP.match(item)) is not None:
            return self._compared(fold(op[0]).strip(), item[op.end() :], item)
        if (value := self._named(item)) is not None:
            return self._equal(value)
        if item.endswith(_SUFFIXES):
            suffix = next(one for one in _SUFFIXES if item.endswith(one))
            return self._with_suffix(item.removesuffix(suffix).strip(), suffix, item)
        return self._equal(self._value(item))

    def _compared(self, op: str, value: str, item: str) -> Condition:  # noqa: RET503 - each returns or refuses
        match op, self.fact.kind:
            case ">=" | "<=", "level":
                return self._on_ladder(op, value, item)
            case ">" | "<", "level":
                self._refuse(f"{brief(item)}: a level is asked with >= or <=; write one of these")
            case "=" | "==", _ if _QUOTED.fullmatch(value) or op == "==":
                return self._equal(self._value(value))
            case "=", _:
                self._refuse(
                    f"{brief(item)} looks like a formula, which is never run; write the text in "
                    "quotes"
                )
            case "!=" | "<>", "set":
                return Not(self._equal(self._value(value)))
            case "!=" | "<>", _:
                condition: Condition = self.term != self._value(value)
                return condition
            case _:
                return self._like_a_test(item)

    def _with_suffix(self, value: str, suffix: str, item: str) -> Condition:
        condition: Condition
        match suffix, self.fact.kind:
            case "以外", "set":
                return Not(self._equal(self._value(value)))
            case "以外", _:
                condition = self.term != self._value(value)
            case "以上" | "以下", "level":
                return self._on_ladder(">=" if suffix == "以上" else "<=", value, item)
            case "で始まる" | "から始まる", "text":
                condition = self.term.starts_with(self._value(value))
            case "を含む", "set":
                return self._equal(self._value(value))
            case _:
                return self._equal(self._value(item))
        return condition

    def _equal(self, value: str) -> Condition:
        condition: Condition = (
            self.term.contains_any(value) if self.fact.kind == "set" else self.term == value
        )
        return condition

    def _on_ladder(self, op: str, value: str, item: str) -> Condition:
        level = numbered(self.fact, fold(value))
        if level is not None:
            better, worse = f">= {quoted(level)}", f"<= {quoted(level)}"
            message = f"{brief(item)} can mean a higher level, or a larger number; write"
            refuse("ambiguous", self.fact.name, f"{message} {better} or {worse}")
        key = self._value(value)
        condition: Condition = self.term.at_least(key) if op == ">=" else self.term.at_most(key)
        return condition

    def _value(self, written: str) -> str:
        """Return the text that stands there, in quotes or bare."""
        if (known := self._named(written)) is not None:
            return known
        if (inner := _QUOTED.fullmatch(written)) is not None:
            if inner[1] is not None:
                return _ESCAPED.sub(self._unescaped, inner[1])
            return inner[2] or inner[3] or ""
        self._check_bare(written)
        return written

    def _named(self, written: str) -> str | None:
        """Return the value that goes by a name: by its key, its number or its label."""
        scale = self.fact.scale
        if not self.fact.labels and scale is None:
            return None
        if written in self.fact.labels or (scale is not None and written in scale.keys):
            return written
        if scale is not None and (level := numbered(self.fact, fold(written))) is not None:
            return level
        folded = fold(written).casefold()
        called = [
            key
            for key, label in self.fact.labels.items()
            if folded in (label.en.casefold(), label.ja.casefold())
        ]
        if len(called) > 1:
            one, other = (literal_text(self.fact, key, 1) for key in called[:2])
            self._ambiguous(f"{brief(written)} can mean {one}, or {other}; write the one meant")
        return called[0] if called else None

    def _check_bare(self, text: str) -> None:
        """Refuse a text without quotes that could be meant as something else."""
        if not text or _QUOTE.search(text):
            self._refuse(f"{brief(text)} has a quote on one side, or nothing between two")
        if text in ("-", "－"):
            hint = f"write - alone, or {_exactly(text)}"
            self._ambiguous(f"- can mean any value, or the text itself; {hint}")
        if text[0] in _FORMULA:
            message = f"{brief(text)} begins like a formula, which is never run; write"
            self._refuse(f"{message} {_exactly(text)} for the text itself")
        if _OF_EXCEL.fullmatch(text):
            self._refuse(f"{brief(text)} is an error of Excel; write a value, or {_exactly(text)}")
        if text.casefold() in _ANY:
            hint = f"write -, or {_exactly(text)}"
            self._ambiguous(f"{brief(text)} can mean any value, or the text itself; {hint}")
        if text.casefold() in _DOUBTFUL:
            hint = f"write missing, or {_exactly(text)}"
            self._ambiguous(
                f"{brief(text)} can mean that it is unknown, or the text itself; {hint}"
            )
        if text.endswith(_ENDS) or _LIKE_A_TEST.fullmatch(text):
            self._like_a_test(text)
        if _LIKE_LATIN.search(text):
            self._check_letters(text)

    def _check_letters(self, text: str) -> None:
        for word in _WORDS.findall(text):
            if _LATIN.search(word) and (other := _LIKE_LATIN.search(word)):
                self._refuse(
                    f"{brief(text)} has the letter u+{ord(other[0]):04x} among latin ones, which "
                    f"it looks like; write {_exactly(text)} for the text itself"
                )

    def _like_a_test(self, text: str) -> NoReturn:
        self._ambiguous(
            f"{brief(text)} can mean a comparison, which no {self.fact.kind} has, or the "
            f"text itself; write {_exactly(text)} for the text"
        )

    def _unescaped(self, found: re.Match[str]) -> str:
        code = found[1] or found[2]
        if code is None:
            if found[3] in _ESCAPES:
                return _ESCAPES[found[3]]
        elif int(code, 16) <= 0x10FFFF and not 0xD800 <= int(code, 16) < 0xE000:
            return chr(int(code, 16))
        return self._refuse(f"{brief(found[0])} is no escape; write a backslash as two")

    def _ambiguous(self, message: str) -> NoReturn:
        refuse("ambiguous", self.fact.name, message)

    def _refuse(self, message: str) -> NoReturn:
        refuse("cell", self.fact.name, message)


_QUOTE: Final = re.compile("[\"＂“”]|^'.*'$", re.DOTALL)


def _exactly(text: str) -> str:
    """Return how a text is written that is meant as it is, as a message can show it."""
    return brief(quoted(text))[1:-1]
