"""Terms: the operators of each type of fact, and what they refuse."""

# ruff: noqa: SIM300 - a literal may stand on the left too

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from attrs import frozen

from mpfunnel.errors import InvalidDataError
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Compare,
    Condition,
    ContainsAny,
    IsIn,
    IsMissing,
    Not,
    StartsWith,
)
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.terms import (
    DateTerm,
    FlagTerm,
    LevelTerm,
    NumberTerm,
    SetTerm,
    TextTerm,
    term_for,
)
from tests.test_rules_facts import TIERS

SIZE = Fact("company.employees", "int")
PRICE = Fact("deal.amount", "decimal", places=2)
GROWTH = Fact("company.growth_rate", "float")
SINCE = Fact("contract.start", "date")
NAME = Fact("company.name", "text")
LISTS = Fact("company.lists", "set")
LISTED = Fact("company.listed", "bool")
TIER = Fact("decided.tier", "level", scale=TIERS)

size, price, growth = NumberTerm(SIZE), NumberTerm(PRICE), NumberTerm(GROWTH)
since, name, lists = DateTerm(SINCE), TextTerm(NAME), SetTerm(LISTS)
listed, tier = FlagTerm(LISTED), LevelTerm(TIER)


@frozen
class Tier:
    """A value of a scale, as a playbook has it."""

    key: str


def refusal(build: Callable[[], object]) -> str:
    """What is said of a condition that cannot be built."""
    with pytest.raises(InvalidDataError) as caught:
        build()
    return str(caught.value)


def same(built: object, expected: Condition) -> bool:
    """Whether what was built is the expected condition."""
    return isinstance(built, Condition) and built == expected


def test_comparisons_build_conditions_on_plain_facts() -> None:
    """S9: `==` and `!=` build conditions that hold a plain fact; so do the four orders."""
    assert same(size == 5, Compare(SIZE, "==", 5))
    assert same(size != 5, Compare(SIZE, "!=", 5))
    assert same(size >= 5, Compare(SIZE, ">=", 5))
    assert same(size > 5, Compare(SIZE, ">", 5))
    assert same(size <= 5, Compare(SIZE, "<=", 5))
    assert same(size < 5, Compare(SIZE, "<", 5))
    assert same(5 <= size, Compare(SIZE, ">=", 5))
    assert same(price == Decimal("1.50"), Compare(PRICE, "==", Decimal("1.5")))
    assert same(name == "a", Compare(NAME, "==", "a"))
    assert same(since < date(2026, 4, 1), Compare(SINCE, "<", date(2026, 4, 1)))


def test_a_range_includes_both_ends() -> None:
    """`between(a, b)` is "at least a and at most b"; a range that holds nothing is refused."""
    assert size.between(1, 5) == All((size >= 1, size <= 5))
    assert growth.between(0, Decimal("0.5")) == All((growth >= 0.0, growth <= 0.5))
    assert since.between(date(2026, 4, 1), date(2026, 4, 1)).conditions  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    assert refusal(lambda: size.between(5, 1)) == (
        "company.employees: nothing lies between 5 and 1; swap them"
    )


def test_membership_is_a_set() -> None:
    """S9: conditions compare as values, so neither order nor repetition of values matters."""
    assert size.is_in(3, 1, 3) == IsIn(SIZE, (1, 3)) == size.is_in(1, Decimal("3.0"))
    assert name.is_in("b", "a") == IsIn(NAME, ("a", "b"))
    assert name.starts_with("b", "a") == StartsWith(NAME, ("a", "b"))
    assert lists.contains_any("b", "a") == ContainsAny(LISTS, ("a", "b"))
    assert tier.is_in("tier_1", Tier("excluded")) == IsIn(TIER, ("excluded", "tier_1"))
    days = date(2026, 4, 2), date(2026, 4, 1)
    assert since.is_in(*days) == IsIn(SINCE, days[::-1])


@pytest.mark.parametrize(
    ("build", "verb"),
    [
        (size.is_in, "company.employees: is_in()"),
        (name.is_in, "company.name: is_in()"),
        (name.starts_with, "company.name: starts_with()"),
        (lists.contains_any, "company.lists: contains_any()"),
        (tier.is_in, "decided.tier: is_in()"),
    ],
)
def test_one_of_nothing_is_refused(build: Callable[[], object], verb: str) -> None:
    """S9: `is_in()` of nothing is refused, and so are the other questions of that form."""
    assert refusal(build) == f"{verb} of nothing is never true; give at least one value"


@pytest.mark.parametrize(
    "build", [lambda: growth == 0.5, lambda: growth != 0.5, lambda: growth.is_in(0.5)]
)
def test_floats_are_never_compared_for_equality(build: Callable[[], object]) -> None:
    """S1: no `==`, `!=` or `is_in` on floats; their order is fine."""
    assert refusal(build) == (
        "company.growth_rate: equality of floats is chance; use between(a, b)"
    )
    assert same(growth >= 1, Compare(GROWTH, ">=", 1.0))


def test_texts_have_no_order() -> None:
    """S1: there is no order on text; Python itself refuses it."""
    text: Any = name
    with pytest.raises(TypeError, match="not supported"):
        assert text < "b"


def test_sets_are_asked_for_their_members() -> None:
    """A set is not compared; the message names the question that works."""
    assert refusal(lambda: lists == "a") == (
        "company.lists: is a set and has no ==; use contains_any(…)"
    )
    assert refusal(lambda: lists != "a") == (
        "company.lists: is a set and has no !=; use contains_any(…)"
    )


def test_a_flag_is_a_condition_where_one_is_needed() -> None:
    """A yes/no fact combines like the condition "it is so"."""
    so = Compare(LISTED, "==", True)
    assert listed.is_true() == so
    assert listed.is_false() == Compare(LISTED, "==", False)
    assert listed & (size >= 5) == All((so, size >= 5))
    assert listed | (size >= 5) == AnyOf((so, size >= 5))
    assert (size >= 5) & listed == All((size >= 5, so))
    assert listed & listed == All((so, so))
    assert ~listed == Not(so)
    assert same(listed == False, Compare(LISTED, "==", False))  # noqa: E712 - it builds a condition


def test_a_level_is_compared_on_its_ladder() -> None:
    """S8: decisions are ordered by their scale; `at_least` and `at_most` take a rung or its key."""
    assert tier.at_least(Tier("tier_2")) == AtLeast(TIER, "tier_2") == tier.at_least("tier_2")
    assert tier.at_most(Tier("tier_2")) == AtMost(TIER, "tier_2")
    assert same(tier == Tier("tier_1"), Compare(TIER, "==", "tier_1"))
    assert refusal(lambda: tier.at_least("teir_2")) == (
        "decided.tier: no such level 'teir_2'; did you mean 'tier_2'?"
    )


def test_a_level_has_no_order_of_python() -> None:
    """S8: rules say `at_least(…)`; there is no `<` on a level."""
    level: Any = tier
    with pytest.raises(TypeError, match="not supported"):
        assert level < "tier_1"


@pytest.mark.parametrize("build", [tier.at_least, tier.at_most])
def test_a_detour_is_no_rung(build: Callable[[str], object]) -> None:
    """S8: detours lie outside the ladder, so "at least a detour" is refused."""
    assert refusal(lambda: build("excluded")) == (
        "decided.tier: 'excluded' lies outside the ladder; use is_in()"
    )


def test_only_what_may_be_unknown_may_be_asked_for_as_missing() -> None:
    """S2: `is_missing` is refused on a closed fact, and on a decision."""
    assert size.is_missing() == IsMissing(SIZE)
    closed = NumberTerm(Fact("deal.count", "int", open=False))
    assert refusal(closed.is_missing) == (
        "deal.count: is closed: a blank means no, so it is never missing"
    )
    assert refusal(tier.is_missing) == "decided.tier: is a decision and never missing"


def test_python_logic_is_refused() -> None:
    """S9: `and`, `or`, `not` and a chained comparison raise instead of dropping a condition."""
    for build in (
        lambda: 1 <= size <= 5,
        lambda: size >= 1 and size <= 5,
        lambda: size >= 5 or listed,
        lambda: not (size >= 5),  # pyright: ignore[reportGeneralTypeIssues]
    ):
        with pytest.raises(TypeError, match="a condition is neither true nor false"):
            build()
    for build in (
        lambda: listed and size >= 5,
        lambda: not listed,  # pyright: ignore[reportGeneralTypeIssues]
        lambda: bool(size),
    ):
        with pytest.raises(TypeError, match="is neither true nor false by itself; compare it"):
            build()


def test_a_wrong_type_is_refused_with_the_name() -> None:
    """S1: what a term is compared with is checked when the rule is built, under the fact's name."""
    wrong: Any = "5"
    assert refusal(lambda: size >= wrong) == "company.employees: must be an integer, not str '5'"
    assert refusal(lambda: size == True) == (  # noqa: E712 - a bool is no number
        "company.employees: must be an integer, not bool True"
    )
    assert refusal(lambda: name.is_in(wrong, "")).startswith("company.name: blank text is missing")


@pytest.mark.parametrize(
    ("fact", "kind"),
    [
        (SIZE, NumberTerm),
        (PRICE, NumberTerm),
        (GROWTH, NumberTerm),
        (SINCE, DateTerm),
        (NAME, TextTerm),
        (LISTS, SetTerm),
        (LISTED, FlagTerm),
        (TIER, LevelTerm),
    ],
)
def test_each_type_of_fact_has_its_operators(fact: Fact, kind: type) -> None:
    """A fact gets the term of its type, which prints as its name and is no key of a mapping."""
    term = term_for(fact)
    assert type(term) is kind
    assert repr(term) == fact.name
    with pytest.raises(TypeError, match="unhashable"):
        hash(term)
