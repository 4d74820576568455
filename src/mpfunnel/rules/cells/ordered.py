"""What cells ask of numbers and days: values, bounds and ranges."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from mpfunnel.errors import brief
from mpfunnel.labels import Label
from mpfunnel.rules.cells.days import DAY, bare, day_in, doubt_about
from mpfunnel.rules.cells.folding import SUFFIXES
from mpfunnel.rules.cells.numbers import number_in, number_pattern
from mpfunnel.rules.cells.writing import ambiguous, ends_of, literal_text, refused
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.facts import Fact, Kind

__all__ = ["ORDERED", "Ordered"]

ORDERED: Final[frozenset[Kind]] = frozenset(("int", "decimal", "float", "date"))

_OPS: Final[Mapping[str, str]] = {
    **{op: op for op in (">=", ">", "<=", "<", "==", "!=")},
    **{"=": "==", "<>": "!=", "=>": ">=", "=<": "<="},
    **{"at least": ">=", "more than": ">", "at most": "<=", "less than": "<"},
}
_COMPARED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    **{">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt},
    **{"==": operator.eq, "!=": operator.ne},
}
_BRACKETED: Final = re.compile(r"([\[(\]])(.+?)\.\.(.+)([\])\[])", re.DOTALL)
_PERCENT: Final = re.compile("([0-9.]+)%")
_PLAIN: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
# From a number without 万 or 億 to one with it.
_SCALED_END: Final = re.compile(
    r"(?<![0-9.十百千万億兆])(?P<low>[0-9]+(?:\.[0-9]+)?)\s*(?:~|-|\.{2,4}|から)\s*"
    r"(?P<high>[0-9]+(?:\.[0-9]+)?)(?P<scale>[十百千]?[万億兆]|[十百千])"
)
# Two bounds, each with its operator on either side.
_TWO_BOUNDS: Final = re.compile("(on|n[sfu])[jt]?(on|n[sfu])")


class _Token(NamedTuple):
    """A part of a test.

    Attributes:
        kind: ``n`` is a value, ``o`` an operator before and ``s`` one behind it, ``f`` 'from' and
            ``u`` 'until', which are such operators too, ``t`` a tilde, ``d`` a dash, ``j`` 'and'.
        value: The value, or the operator.
    """

    kind: str
    value: Any


class Ordered:
    """Reads one test of a number or a day, folded and without commas that group digits."""

    def __init__(self, fact: Fact, term: Any, unit: Decimal | int) -> None:
        self.fact = fact
        self.term = term
        self.unit = unit
        self.is_day = fact.kind == "date"

    def test(self, text: str) -> Condition:
        """Return what one test asks."""
        if (bracketed := _BRACKETED.fullmatch(text)) is not None:
            start, low, high, end = bracketed.groups()
            least, most = (self._alone(part.strip()) for part in (low, high))
            ops = (">=" if start == "[" else ">", "<=" if end == "]" else "<")
            return self._between((ops[0], least), (ops[1], most))
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
                self._check_scale(text)
                return self._between((">=", values[0]), ("<=", values[2]))
            case shape if both := _TWO_BOUNDS.fullmatch(shape):
                one, other = _pair(tokens[:2]), _pair(tokens[both.start(2) :])
                low, high = (one, other) if one[0][0] == ">" else (other, one)
                if (low[0][0], high[0][0]) == (">", "<"):
                    return self._between(low, high)
            case _:
                pass
        raise self._unreadable(text)

    def _bound(self, op: str, value: Any) -> Condition:
        condition: Condition = _COMPARED[op](self.term, value)
        return condition

    def _between(self, low: tuple[str, Any], high: tuple[str, Any]) -> Condition:
        """Return the condition that the fact lies between two bounds, each with its operator."""
        condition = self._bound(*low) & self._bound(*high)
        if ends_of(condition) is None:
            least, most = (literal_text(self.fact, at[1], self.unit) for at in (low, high))
            raise refused(self.fact, f"nothing lies between {least} and {most}; swap them")
        return condition

    def _check_scale(self, text: str) -> None:
        """Refuse ``1〜10億``, where 億 can be meant of both ends."""
        found = None if self.is_day else _SCALED_END.search(text)
        if found is None or not 0 < Decimal(found["low"]) <= Decimal(found["high"]):
            return
        low, scale = found["low"], found["scale"]
        hint = f"write {scale} behind both, or neither"
        raise ambiguous(self.fact, found[0], f"from {low}", f"from {low}{scale}", hint)

    def _alone(self, text: str) -> Any:
        """Return the value that `text` is, and nothing else."""
        tokens = self._tokens(text)
        if [token.kind for token in tokens] != ["n"]:
            raise self._unreadable(text)
        return tokens[0].value

    def _tokens(self, text: str) -> list[_Token]:
        if self.is_day:
            text = bare(text)
        elif _PLAIN.fullmatch(text):
            # What most cells hold.
            return [_Token("n", number_in(text, text, self.fact, self.unit))]
        grammar = _grammar(self.fact.kind, self.fact.unit)
        tokens: list[_Token] = []
        at = 0
        while at < len(text):
            if tokens and tokens[-1].kind == "n" and text[at] == "-":
                # Behind a number it is no sign.
                tokens.append(_Token("d", "-"))
                at += 1
            elif found := grammar.match(text, at):
                tokens += self._token(found)
                at = found.end()
            else:
                raise self._unreadable(text)
        return tokens

    def _token(self, found: re.Match[str]) -> list[_Token]:
        """Return the part that the grammar has found; none of a space."""
        word = found[0]
        match found.lastgroup:
            case "o":
                return [_Token("o", _OPS[word.lower()])]
            case "s":
                # From and until stand between two values as well.
                return [_Token({"から": "f", "まで": "u"}.get(word, "s"), SUFFIXES[word])]
            case "t" | "j" as kind:
                return [_Token(kind, word)]
            case None:
                return []
            case _ if self.is_day:
                return [_Token("n", day_in(found, self.fact))]
            case _:
                return [_Token("n", number_in(found["n"], word, self.fact, self.unit))]

    def _unreadable(self, text: str) -> Exception:
        if self.is_day and (doubt := doubt_about(text.lstrip("<>=!~ "), self.fact)):
            return doubt
        if text[:1] == "=":
            message = f"{brief(text)} looks like a formula, which is never run; write the value"
            return refused(self.fact, message)
        if found := _PERCENT.search(text):
            hint = "write the number that the fact has, without %"
            both = f"{found[1]} hundredths", f"{found[1]} itself"
            return ambiguous(self.fact, found[0], *both, hint)
        what = "day" if self.is_day else "number"
        like = ">= 2026-04-01" if self.is_day else ">= 300, [100..300) or 300以上"
        return refused(self.fact, f"{brief(text)} is no test of a {what}; write for example {like}")


def _pair(tokens: list[_Token]) -> tuple[str, Any]:
    """Return the operator and the value of a bound, whichever stands first."""
    first, second = tokens
    return (first.value, second.value) if first.kind == "o" else (second.value, first.value)


@lru_cache(maxsize=256)
def _grammar(kind: Kind, unit: Label | None) -> re.Pattern[str]:
    """Return what matches one part of a test."""
    parts = (
        DAY if kind == "date" else number_pattern(kind, unit),
        f"(?P<o>{_either(_OPS)})",
        f"(?P<s>{_either(SUFFIXES)})",
        r"(?P<t>~|\.{2,4})",
        r"(?P<j>かつ|で|and|&)",
        r"\s+",
    )
    return re.compile("|".join(parts), re.IGNORECASE)


def _either(words: Mapping[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
