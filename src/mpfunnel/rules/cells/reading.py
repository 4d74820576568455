"""The text of a cell → the condition that it asks of one fact.

A cell is a list of tests, of which one must hold. A text is taken by its code points; all else is
read with full-width signs folded into those that a keyboard has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, NoReturn

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.rules.cells.folding import fold
from mpfunnel.rules.cells.numbers import ungrouped
from mpfunnel.rules.cells.ordered import ORDERED, Ordered
from mpfunnel.rules.cells.text import BARE_DASHES, Texts
from mpfunnel.rules.cells.writing import HIDDEN, ambiguous, literal_text
from mpfunnel.rules.conditions import AnyOf, Compare, Condition, ContainsAny, Not, refuse
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.terms import term_for

__all__ = ["condition_of"]

MAX_LETTERS: Final = 32_767
"""How much a cell of a spreadsheet can hold."""
MAX_TESTS: Final = 1_000
"""How many values a cell may list."""
MAX_DEPTH: Final = 8
"""How deep ``not(…)`` may nest."""

_UNSEEN: Final = re.compile(f"[{HIDDEN}\\ud800-\\udfff]")
_NEWLINES: Final = re.compile(r"\s*[,，、;；]?\s*[\r\n]\s*")
# A quoted text, an opening or a closing parenthesis, or what separates.
_MARKS: Final = re.compile(
    r'"(?:[^"\\]|\\.)*"|“[^”]*”|「[^」]*」|(?P<open>[(（])|(?P<close>[)）])|(?P<apart>[,，、;；\n])'
)
# A range has brackets that need not match.
_MARKS_ORDERED: Final = re.compile(
    r"[\[(\]][^\[\](),、;\n]*\.\.[^\[\](),、;\n]*[\])\[]"
    r"|(?P<open>\()|(?P<close>\))|(?P<apart>[,、;\n])"
)
# A comma that groups the digits of a number, in a text.
_GROUP: Final = re.compile("[0-9０-９][,，][0-9０-９]{3}(?![0-9０-９])")
_HEAD: Final = re.compile(r"(not|in|starts\s+with)\s*[(（](.*)[)）]", re.IGNORECASE | re.DOTALL)
_MISSING: Final = frozenset(
    ("missing", "空欄", "空白", "未入力", "未記入", "未登録", "ブランク", "(空欄)", "(空白)")
)
_YES: Final = frozenset(
    ("true", "yes", "はい", "○", "◯", "〇", "✓", "✔", "有", "有り", "あり", "真")
)
_NO: Final = frozenset(
    ("false", "no", "いいえ", "×", "✕", "✖", "✗", "☓", "無", "無し", "なし", "偽")
)
_OF_ALL: Final = re.compile("(?:以外|で始まる|から始まる)$")
_OTHER_THAN: Final = "以外"
# A cell asks in other words than Python.
_WORDS: Final = (
    ("is_missing()", "missing"),
    ("between(a, b)", "[a..b]"),
    ("is_in()", 'a list such as "a", "b"'),
)
_EQUALS: Final = re.compile(r"(==?|!=|<>)\s*(.*)", re.DOTALL)


def condition_of(text: str, fact: Fact, unit: Decimal | int) -> Condition | None:
    """Return what a cell asks of `fact`; `None` where it asks nothing.

    Raises:
        InvalidDataError: It cannot be read, can be read in two ways, or asks for what the fact
            cannot be.
    """
    if len(text) > MAX_LETTERS:
        refuse("cell", fact.name, f"has more than {MAX_LETTERS:,} characters; split the rule")
    if found := _UNSEEN.search(text):
        message = f"holds the character u+{ord(found[0]):04x}, which nobody sees; delete it"
        refuse("cell", fact.name, message)
    stripped = text.strip()
    if stripped in ("", "-", "－"):
        return None
    if stripped in BARE_DASHES:
        message = f"{brief(stripped)} can mean any value, or none; write - for any, or missing"
        refuse("ambiguous", fact.name, message)
    try:
        return _Reader(fact, unit).tests(stripped, 0)
    except InvalidDataError as error:
        raise InvalidDataError(_in_words_of_cells(problem) for problem in error.problems) from None


def _in_words_of_cells(problem: Problem) -> Problem:
    message = problem.message
    for python, cell in _WORDS:
        message = message.replace(python, cell)
    return Problem(problem.code, problem.path, message)


class _Reader:
    """Reads the tests of one fact."""

    def __init__(self, fact: Fact, unit: Decimal | int) -> None:
        self.fact = fact
        self.unit = unit
        self.term: Any = term_for(fact)
        self.own: Callable[[str], Condition]
        if fact.kind in ORDERED:
            self.own = Ordered(fact, self.term, unit).test
        elif fact.kind == "bool":
            self.own = self._yes_or_no
        else:
            self.own = Texts(fact, self.term).test

    def tests(self, text: str, depth: int) -> Condition:
        """Return the condition that one of the tests in `text` holds."""
        items = self._items(text)
        found = [self._test(item, depth) for item in items]
        if len(found) == 1:
            return found[0]
        if all(_is_value(one) for one in found):
            return self._one_of(found)
        self._check_apart(found, items)
        return AnyOf(found)

    def _items(self, text: str) -> list[str]:
        """Return the tests of a list, cut at what separates them."""
        ordered = self.fact.kind in ORDERED
        if ordered or self.fact.kind == "bool":
            text = fold(text)
        if self.fact.kind != "date" and ordered:
            text = ungrouped(text, self.fact)
        if "\n" in text or "\r" in text:
            text = _NEWLINES.sub("\n", text)
        items: list[str] = []
        start = level = 0
        for mark in (_MARKS_ORDERED if ordered else _MARKS).finditer(text):
            match mark.lastgroup:
                case "open":
                    level += 1
                case "close":
                    level = max(0, level - 1)
                case "apart" if not level:
                    if not ordered and _GROUP.match(text, mark.start() - 1):
                        self._doubt_digits(text)
                    items.append(text[start : mark.start()].strip())
                    start = mark.end()
                case _:
                    pass
        if level:
            self._refuse(f"{brief(text)} opens a parenthesis that it does not close; close it")
        items.append(text[start:].strip())
        if len(items) > MAX_TESTS:
            self._refuse(f"lists more than {MAX_TESTS:,} values; split the rule")
        if "" in items:
            self._refuse(f"{brief(text)} has nothing beside a comma; delete the comma")
        return items

    def _doubt_digits(self, text: str) -> NoReturn:
        both = "digits in groups", "a list"
        hint = "write it in quotes, or the texts of a list with a space between"
        raise ambiguous(self.fact, text, *both, hint)

    def _test(self, item: str, depth: int) -> Condition:
        word = fold(item).casefold()
        if word in _MISSING:
            return self._missing()
        if word.endswith("以外") and word.removesuffix("以外").strip() in _MISSING:
            return Not(self._missing())
        if (head := _HEAD.fullmatch(item)) is None:
            return self.own(item)
        if depth == MAX_DEPTH:
            self._refuse(f"nests not(…) more than {MAX_DEPTH} deep; split the rule")
        name, inner = head[1].lower(), head[2].strip()
        if name == "not":
            return Not(self.tests(inner, depth + 1))
        values: list[Any] = [self._test(one, MAX_DEPTH) for one in self._items(inner)]
        if not all(_is_value(one) for one in values):
            self._refuse(f"{brief(item)} must list values alone, such as {name}({self._like()})")
        if name == "in":
            return self._one_of(values)
        if self.fact.kind != "text":
            self._refuse("only a text can be asked for what it starts with")
        condition: Condition = self.term.starts_with(*(one.value for one in values))
        return condition

    def _one_of(self, values: Sequence[Any]) -> Condition:
        """Return the condition that one of several values is that of the fact."""
        if self.fact.kind == "bool":
            self._refuse("a yes or no is asked with one value; write true or false")
        condition: Condition = (
            self.term.contains_any(*(key for one in values for key in one.values))
            if self.fact.kind == "set"
            else self.term.is_in(*(one.value for one in values))
        )
        return condition

    def _missing(self) -> Condition:
        condition: Condition = self.term.is_missing()
        return condition

    def _yes_or_no(self, item: str) -> Condition:
        asked = _EQUALS.fullmatch(item)
        op, word = (asked[1], asked[2].casefold()) if asked else ("==", item.casefold())
        if word not in _YES and word not in _NO:
            self._refuse(f"{brief(item)} is no yes or no; write true or false")
        condition: Condition = (
            self.term != (word in _YES) if op in ("!=", "<>") else self.term == (word in _YES)
        )
        return condition

    def _check_apart(self, found: list[Condition], items: list[str]) -> None:
        """Refuse tests that could be meant together: ``>= 100, < 300``, ``A、B以外``."""
        values = all(_is_value(one) for one in found[:-1])
        if values and (said := _OF_ALL.search(items[-1])):
            message = f"{said[0]} can be meant of the last value, or of all; write"
            all_of = "starts with(…)" if "始" in said[0] else "not(…)"
            message += f" {all_of} around those that are meant"
            refuse("ambiguous", self.fact.name, message)
        others = [one.value for one in found if isinstance(one, Compare) and one.op == "!="]
        typed = sum(item.endswith(_OTHER_THAN) for item in items)
        if len({*others}) > 1 or (typed and typed + sum(map(_is_value, found)) > 1):
            message = f"{brief(', '.join(items))} can mean none of several values, or that one"
            message += " test holds, which is nearly always so; write not(…) around all values"
            refuse("ambiguous", self.fact.name, message)
        bounds = [one for one in found if isinstance(one, Compare) and one.op not in ("==", "!=")]
        for one, other in pairwise(bounds):
            low, high = (one, other) if one.op[0] == ">" else (other, one)
            if (low.op[0], high.op[0]) == (">", "<") and low.value <= high.value:
                start, end = "[" if low.op == ">=" else "(", "]" if high.op == "<=" else ")"
                ends = (literal_text(self.fact, at.value, self.unit) for at in (low, high))
                message = f"{brief(', '.join(items))} can mean both at once, "
                message += f"{start}{'..'.join(ends)}{end}, or either, which always holds; "
                refuse("ambiguous", self.fact.name, message + "write the range")

    def _like(self) -> str:
        return '"a", "b"' if self.fact.kind in ("text", "set", "level") else "1, 2"

    def _refuse(self, message: str) -> NoReturn:
        refuse("cell", self.fact.name, message)


def _is_value(condition: Condition) -> bool:
    """Whether a test is a value alone, which a list can hold."""
    match condition:
        case Compare(_, "==", _) | ContainsAny(_, (_,)):
            return True
        case _:
            return False
