"""Conditions and values in words, in English and Japanese."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from mpfunnel.labels import Label
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
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.words import in_words, named, reason_of, value_in_words

SIZE = Fact("company.size", "int", label=Label("staff", "社員数"), unit=Label("people", "人"))
NAME = Fact("company.name", "text", label=Label("name", "社名"))
LISTS = Fact("company.lists", "set", label=Label("lists", "リスト"))
TIER = Fact("company.tier", "level", scale=Scale(("low", "high")), label=Label("tier", "ランク"))
BIG = Compare(SIZE, ">=", 1000)
KNOWN = IsMissing(NAME)


@pytest.mark.parametrize(
    ("condition", "en", "ja"),
    [
        (BIG, "staff at least 1,000 people", "社員数 1,000人以上"),
        (Compare(SIZE, ">", 5), "staff more than 5 people", "社員数 5人超"),
        (Compare(SIZE, "<=", 5), "staff at most 5 people", "社員数 5人以下"),
        (Compare(SIZE, "<", 5), "staff less than 5 people", "社員数 5人未満"),
        (Compare(NAME, "==", "a"), "name a", "社名 a"),
        (Compare(NAME, "!=", "a"), "name not a", "社名 a以外"),
        (IsIn(NAME, ("a", "b")), "name a or b", "社名 a、b"),
        (StartsWith(NAME, ("a", "b")), "name starts with a, b", "社名 先頭がa、b"),
        (ContainsAny(LISTS, ("a", "b")), "lists has any of a, b", "リスト a、bを含む"),
        (AtLeast(TIER, "high"), "tier at least high", "ランク high以上"),
        (AtMost(TIER, "low"), "tier at most low", "ランク low以下"),
        (KNOWN, "name is unknown", "社名 不明"),
        (All(()), "always", "常に"),
        (AnyOf(()), "never", "該当なし"),
        (Not(KNOWN), "not (name is unknown)", "「社名 不明」でない"),
        (
            Exists("product", KNOWN),
            "for some product: (name is unknown)",
            "いずれかのproductで「社名 不明」",
        ),
        (
            All((KNOWN, AnyOf((KNOWN, BIG)), AnyOf((KNOWN,)))),
            (
                "name is unknown and (name is unknown or staff at least 1,000 people) "
                "and name is unknown"
            ),
            "社名 不明 かつ (社名 不明 または 社員数 1,000人以上) かつ 社名 不明",
        ),
    ],
)
def test_conditions_in_words(condition: Condition, en: str, ja: str) -> None:
    """S10: the default reason is the condition in words, in both languages."""
    assert in_words(condition) == en
    assert in_words(condition, "ja") == ja
    assert reason_of(condition) == Label(en, ja)


@pytest.mark.parametrize(
    ("fact", "value", "en", "ja"),
    [
        (SIZE, None, "unknown", "不明"),
        (SIZE, 12345, "12,345 people", "12,345人"),
        (Fact("c.x", "decimal"), Decimal("1234.5"), "1,234.5", "1,234.5"),
        (Fact("c.x", "float"), 0.5, "0.5", "0.5"),
        (Fact("c.x", "bool"), True, "yes", "はい"),
        (Fact("c.x", "bool"), False, "no", "いいえ"),
        (Fact("c.x", "date"), date(2024, 2, 29), "2024-02-29", "2024-02-29"),
        (LISTS, frozenset({"b", "a"}), "a, b", "a、b"),
        (LISTS, frozenset(), "none", "なし"),
        (NAME, "Acme", "Acme", "Acme"),
    ],
)
def test_values_in_words(fact: Fact, value: Any, en: str, ja: str) -> None:
    """S2: a missing value is said to be unknown, an empty set to be none; numbers have units."""
    assert value_in_words(fact, value, "en") == en
    assert value_in_words(fact, value, "ja") == ja


def test_outcomes_in_words() -> None:
    """S8: an outcome is shown by its label where it has one, and as it prints where not."""
    outcome = SimpleNamespace(label=Label("large", "大企業"))
    assert (named(outcome, "en"), named(outcome, "ja")) == ("large", "大企業")
    assert (named("A", "ja"), named(3, "en")) == ("A", "3")


def test_a_new_leaf_needs_words() -> None:
    """A kind of leaf that has no words is an error of the programmer, not an empty reason."""
    leaf: Any = SimpleNamespace(fact=SIZE)
    with pytest.raises(TypeError, match="no words for SimpleNamespace"):
        in_words(leaf)


@pytest.mark.parametrize(
    ("value", "english", "japanese"),
    [
        (10_000_000_000, "10 billion", "100億"),
        (1_000_000_000_000, "1,000 billion", "1兆"),
        (150_000_000, "150 million", "150,000,000"),
        (-300_000_000, "-300 million", "-3億"),
        (1_000_000, "1 million", "1,000,000"),
        (999_999, "999,999", "999,999"),
        (1_000_001, "1,000,001", "1,000,001"),
        (0, "0", "0"),
    ],
)
def test_large_round_numbers_are_written_in_words(value: int, english: str, japanese: str) -> None:
    """Nobody counts the zeros of a revenue."""
    fact = Fact("c.x", "int")
    assert value_in_words(fact, value, "en") == english
    assert value_in_words(fact, value, "ja") == japanese
