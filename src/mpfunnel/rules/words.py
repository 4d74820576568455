"""Conditions in words, in English and Japanese: the reason that a rule gives by default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from operator import methodcaller
from typing import Any, Final

from mpfunnel.labels import Label, Lang, counted
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Compare,
    Condition,
    ContainsAny,
    Exists,
    IsIn,
    IsMissing,
    Not,
    StartsWith,
)
from mpfunnel.rules.facts import Fact

__all__ = ["in_words", "named", "reason_of", "unknown", "value_in_words", "wording"]

_OPS_JA: Final[Mapping[str, str]] = {
    ">=": "{0}以上",
    ">": "{0}超",
    "<=": "{0}以下",
    "<": "{0}未満",
    "==": "{0}",
    "!=": "{0}以外",
}
_OPS_EN: Final[Mapping[str, str]] = {
    ">=": "at least {0}",
    ">": "more than {0}",
    "<=": "at most {0}",
    "<": "less than {0}",
    "==": "{0}",
    "!=": "not {0}",
}


_LARGE: Final = 10**6
_SIZES: Final[Mapping[Lang, tuple[tuple[int, str], ...]]] = {
    "en": ((10**9, " billion"), (10**6, " million")),
    "ja": ((10**12, "兆"), (10**8, "億")),
}


def reason_of(condition: Condition) -> Label:
    """Return the condition in words, in both languages."""
    return Label(in_words(condition, "en"), in_words(condition, "ja"))


def named(value: object, lang: Lang) -> str:
    """Return an outcome as people read it: its label where it has one."""
    label = getattr(value, "label", None)
    return label.text(lang) if isinstance(label, Label) else str(value)


def unknown(lang: Lang) -> str:
    """Return what is said of a value that is missing."""
    return "不明" if lang == "ja" else "unknown"


def value_in_words(fact: Fact, value: Any, lang: Lang) -> str:
    """Return a value of `fact`, in the unit that people read."""
    return unknown(lang) if value is None else wording(fact, lang)(value)


def wording(fact: Fact, lang: Lang) -> Callable[[Any], str]:
    """Return what puts known values of `fact` into words, in the unit that people read.

    Chosen once, it tells many values without asking again what kind they are.
    """
    match fact.kind:
        case "bool":
            yes, no = ("はい", "いいえ") if lang == "ja" else ("yes", "no")
            return lambda value: yes if value else no
        case "date":
            return methodcaller("isoformat")
        case "set":
            none = "なし" if lang == "ja" else "none"
            return lambda value: _listed(fact, sorted(value), lang) or none
        case "text" | "level":
            names = {key: label.text(lang) for key, label in fact.labels.items()}
            return lambda value: names.get(value) or str(value)
        case _:
            return _numbers(fact.unit, lang)


def _numbers(unit: Label | None, lang: Lang) -> Callable[[Any], str]:
    def with_unit(number: str) -> str:
        if unit is None:
            return number
        return f"{number}{unit.ja}" if lang == "ja" else counted(number, unit.en)

    def say(value: int | Decimal | float) -> str:
        # A large round part is written in words: 10 billion, 100億.
        if isinstance(value, int) and abs(value) >= _LARGE:
            for size, name in _SIZES[lang]:
                if value % size == 0:
                    return with_unit(f"{value // size:,}{name}")
        return with_unit(f"{value:,}")

    return say


def _listed(fact: Fact, values: Iterable[str], lang: Lang) -> str:
    names = fact.labels
    said = [names[value].text(lang) if value in names else value for value in values]
    return ("、" if lang == "ja" else ", ").join(said)


def in_words(condition: Condition, lang: Lang = "en") -> str:
    """Return the condition as a person would say it in `lang`."""
    japanese = lang == "ja"
    match condition:
        case All(()):
            return "常に" if japanese else "always"
        case AnyOf(()):
            return "該当なし" if japanese else "never"
        case All(conditions):
            return (" かつ " if japanese else " and ").join(_inside(c, lang) for c in conditions)
        case AnyOf(conditions):
            return (" または " if japanese else " or ").join(_inside(c, lang) for c in conditions)
        case Not(inner):
            said = in_words(inner, lang)
            return f"「{said}」でない" if japanese else f"not ({said})"
        case Exists(over, inner):
            said = in_words(inner, lang)
            return f"いずれかの{over}で「{said}」" if japanese else f"for some {over}: ({said})"
        case _:
            return _leaf(condition, lang)


def _inside(condition: Condition, lang: Lang) -> str:
    said = in_words(condition, lang)
    compound = isinstance(condition, All | AnyOf) and len(condition.conditions) > 1
    return f"({said})" if compound else said


def _leaf(condition: Any, lang: Lang) -> str:
    fact: Fact = condition.fact
    name = fact.label.text(lang)
    japanese = lang == "ja"
    match condition:
        case Compare(Fact(kind="bool"), op, value):
            if (op == "==") == value:
                return name
            return f"{name}でない" if japanese else f"not {name}"
        case Compare(_, op, value):
            said = (_OPS_JA if japanese else _OPS_EN)[op].format(value_in_words(fact, value, lang))
        case IsIn(_, values):
            said = ("、" if japanese else " or ").join(
                value_in_words(fact, value, lang) for value in values
            )
        case StartsWith(_, prefixes):
            listed = _listed(fact, prefixes, lang)
            said = f"先頭が{listed}" if japanese else f"starts with {listed}"
        case ContainsAny(_, values):
            listed = _listed(fact, values, lang)
            said = f"{listed}を含む" if japanese else f"has any of {listed}"
        case AtLeast(_, level):
            rung = value_in_words(fact, level, lang)
            said = f"{rung}以上" if japanese else f"at least {rung}"
        case AtMost(_, level):
            rung = value_in_words(fact, level, lang)
            said = f"{rung}以下" if japanese else f"at most {rung}"
        case IsMissing():
            said = "不明" if japanese else "is unknown"
        case _:  # a new kind of leaf must be given words before it can be used
            raise TypeError(f"no words for {type(condition).__name__}")
    return f"{name} {said}"
