"""The header of a sheet: what each column is about.

A column is named by the key of a fact or its label, with a unit in parentheses where it counts in
another one; or by the key in brackets, after whatever people like to read.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Final

from attrs import frozen
from immutabledict import immutabledict

from mpfunnel.codec.conditions import Vocabulary
from mpfunnel.codec.sheets.texts import is_plain, quoted
from mpfunnel.codec.sheets.units import folded, multiple_in, named_unit, unit_of
from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    UnknownNameError,
    brief,
    did_you_mean,
)
from mpfunnel.labels import Label
from mpfunnel.rules.facts import Fact

__all__ = [
    "AT_LEAST",
    "BECAUSE",
    "CARD",
    "IF_UNKNOWN",
    "KEY",
    "OUTCOMES",
    "POINTS",
    "Column",
    "Headers",
    "fact_header",
    "own_header",
]

KEY: Final = "key"
BECAUSE: Final = "because"
OUTCOMES: Final[Mapping[str, Label]] = immutabledict(
    {
        "tier": Label("Tier"),
        "segment": Label("segment", "セグメント"),
        "stage": Label("stage", "ステージ"),
        "state": Label("state", "状態"),
    }
)
"""What the outcome of a table is called, by its key in a file."""
_OWN: Final[Mapping[str, Label]] = immutabledict(
    {
        KEY: Label("key", "キー"),
        BECAUSE: Label("reason", "理由"),
        f"{BECAUSE} (ja)": Label("reason in Japanese", "理由（日本語）"),
        f"{BECAUSE} (en)": Label("reason in English", "理由（英語）"),
    }
)
"""The columns that every table may have beside its facts and its outcome."""
POINTS: Final = "points"
IF_UNKNOWN: Final = "if_unknown"
AT_LEAST: Final = "at_least"
CARD: Final[Mapping[str, Label]] = immutabledict(
    {
        POINTS: Label("points", "点数"),
        IF_UNKNOWN: Label("points if unknown", "不明のときの点数"),
        AT_LEAST: Label("total of at least", "合計点（以上）"),
    }
)
"""The columns of a scorecard besides: its items have points, its bands begin at a total."""
_BRACKETED: Final = re.compile(r'\[\s*("(?:[^"\\]|\\.)*"|[^\[\]"]+?)\s*\]$')
_UNIT: Final = re.compile(r"(.*\S)\s*\(([^()]*)\)", re.DOTALL)
_BREAKS: Final = re.compile(r"\n|\s/\s")


@frozen
class Column:
    """What a column is about.

    Attributes:
        own: The key of a column that every table has: ``"tier"``, ``"key"``, ``"because (ja)"``;
            blank for the column of a fact.
        fact: The fact that its cells ask about; `None` in a column of the table's own.
        unit: How many units of the fact one unit of its cells is.
    """

    own: str = ""
    fact: Fact | None = None
    unit: int | Decimal = 1


class Headers:
    """Reads the header cells of one table.

    Args:
        words: The facts that the table may name.
        outcome: The key of its outcome: ``"tier"``.
        currency: ISO 4217 code of the playbook's money.
        card: Whether the table is a scorecard.
    """

    def __init__(self, words: Vocabulary, outcome: str, currency: str, card: bool) -> None:
        self.words = words
        self.currency = currency
        labels = {outcome: OUTCOMES[outcome], **_OWN, **(CARD if card else {})}
        self._own = {
            folded(name): key for key, label in labels.items() for name in (key, label.en, label.ja)
        }
        self._labels: dict[str, dict[str, Fact]] = {}
        for term in words.terms():
            fact = term.fact
            for name in {folded(fact.label.en), folded(fact.label.ja)}:
                self._labels.setdefault(name, {})[fact.name] = fact

    def column(self, text: str) -> Column:
        """Return what the column under a header cell is about.

        Raises:
            InvalidDataError: Nothing is called so, two facts are, or the unit is none of the fact.
        """
        text = text.strip()
        if (own := self._own.get(folded(text))) is not None:
            self._check_own(text, own)
            return Column(own)
        plain = unicodedata.normalize("NFKC", text)
        if (bracketed := _BRACKETED.search(text) or _BRACKETED.search(plain)) is not None:
            return self._by_key(bracketed)
        if (fact := self._named(text) or self._named(plain)) is not None:
            return Column(fact=fact)
        found = _UNIT.fullmatch(plain)
        named = None if found is None else self._named(found[1])
        if found is None or named is None:
            raise _refused("unknown-fact", self._not_found(plain))
        return Column(fact=named, unit=self._unit(found[2], named))

    def _check_own(self, text: str, own: str) -> None:
        """Refuse the label of a column of the table's own that an attribute is called, too."""
        named = self._labels.get(folded(text), {})
        rivals = [fact.name for fact in named.values() if fact.within == "attributes"]
        if rivals and folded(text) != folded(own):
            message = f"{brief(text)} can mean '{own}' or '{rivals[0]}'; write one of them"
            raise _refused("ambiguous", message)

    def _by_key(self, bracketed: re.Match[str]) -> Column:
        """Return what the key in brackets names; the unit stands among what comes before."""
        key = bracketed[1]
        name: str = json.loads(key) if key.startswith('"') else key
        if key == name and folded(name) in self._own:
            return Column(self._own[folded(name)])
        fact = self._by_name(name)
        if fact is None:
            raise _refused("unknown-fact", self._not_found(name))
        before = bracketed.string[: bracketed.start()].strip()
        units = {self._unit(text, fact) for text in _units_in(before, fact)}
        if len(units) > 1:
            raise _refused("ambiguous", f"states two units of {fact.name}; state one")
        if not units and (named := self._stray_unit(before, fact)) is not None:
            message = (
                f"names {brief(named)} outside of parentheses; write ({named}) if it counts so"
            )
            raise _refused("ambiguous", message)
        return Column(fact=fact, unit=units.pop() if units else 1)

    def _stray_unit(self, before: str, fact: Fact) -> str | None:
        """Return a multiple of the unit that is named, but in no label of the fact."""
        text = folded(before)
        for label in (fact.label.en, fact.label.ja):
            text = text.replace(folded(label), " ")
        return multiple_in(text, fact, self.currency)

    def name(self, fact: Fact) -> str:
        """Return the shortest name of a fact that is not that of another column."""
        name = self.words.name(fact)
        return fact.name if folded(name) in self._own else name

    def _named(self, text: str) -> Fact | None:
        """Return the fact of a key or a label; `None` where nothing is called so."""
        if (fact := self._by_name(text)) is not None:
            return fact
        facts = self._labels.get(folded(text), {})
        own = [fact for fact in facts.values() if fact.root == self.words.own]
        found = own or [*facts.values()]
        if len(found) > 1:
            names = " or ".join(f"'{fact.name}'" for fact in found)
            raise _refused("ambiguous", f"{brief(text)} can mean {names}; write one of them")
        return found[0] if found else None

    def _by_name(self, name: str) -> Fact | None:
        try:
            return self.words.term(name).fact
        except (UnknownNameError, InvalidDataError):
            return None

    def _unit(self, text: str, fact: Fact) -> int | Decimal:
        unit = unit_of(text, fact, self.currency)
        if unit is None:
            counted = named_unit(1, fact, self.currency)
            hint = f"; it counts {counted.en} ({counted.ja})" if counted else ""
            raise _refused("choice", f"{brief(text)}: no such unit of {fact.name}{hint}")
        return unit

    def _not_found(self, text: str) -> str:
        """Return why nothing is called `text`."""
        named = ""
        try:
            self.words.term(text)
        except InvalidDataError as error:
            # A measure that is written wrongly.
            return error.problems[0].message
        except UnknownNameError as error:
            named = str(error)
        if "did you mean" in named:
            return f"{brief(text)}: {named}"
        known = [*self._own, *self._labels]
        hint = did_you_mean(folded(text), known)
        hint = hint or "; name a column by the key or the label of a fact"
        return f"{brief(text)}: no such fact{hint}"


def _units_in(text: str, fact: Fact) -> Iterator[str]:
    """Yield what stands in parentheses at the end of each name before the key."""
    names = {folded(fact.label.en), folded(fact.label.ja)}
    for line in _BREAKS.split(text):
        plain = unicodedata.normalize("NFKC", line).strip()
        found = _UNIT.fullmatch(plain)
        if found is not None and folded(plain) not in names:
            yield found[2]


def own_header(key: str, joint: str) -> str:
    """Return the header of a column that every table has, as people and `Headers` read it.

    Args:
        key: The key of the column: ``"tier"``, ``"because (ja)"``.
        joint: What stands between its names: a newline, or a slash in blanks.
    """
    label = {**OUTCOMES, **_OWN, **CARD}[key]
    return _joined([label.ja, label.en], key, joint)


def fact_header(headers: Headers, fact: Fact, unit: int, joint: str) -> str:
    """Return the header of the column of a fact, as people and `headers` read it.

    Args:
        headers: Reads the headers of the table.
        fact: The fact.
        unit: How many units of the fact one unit of the cells is.
        joint: What stands between its names.
    """
    name = headers.name(fact)
    key = name if is_plain(name) and not set('[]"') & set(name) else quoted(name)
    units = named_unit(unit, fact, headers.currency)
    names = [fact.label.ja, fact.label.en]
    if units is not None:
        names = [f"{names[0]}（{units.ja}）", f"{names[1]} ({units.en})"]
    if all(map(is_plain, names)):
        header = _joined(names, key, joint)
        with suppress(InvalidDataError):
            if headers.column(header) == Column(fact=fact, unit=unit):
                return header
    # A label that people wrote may look like something else.
    return f"[{key}]"


def _joined(names: list[str], key: str, joint: str) -> str:
    return f"{joint.join(dict.fromkeys(names))}{joint[-1]}[{key}]"


def _refused(code: str, message: str) -> InvalidDataError:
    return InvalidDataError([Problem(code, "", message)])
