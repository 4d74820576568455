"""Conditions: values that combine, compare, hash and pickle, and refuse to be true or false."""

# ruff: noqa: SIM300 - capitals are conditions here, not constants

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.rules.conditions import (
    MAX_DEPTH,
    MAX_NODES,
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
    as_condition,
    check_size,
    facts_of,
    refuse,
    walk,
)
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.terms import FlagTerm
from tests.test_rules_facts import TIERS

SIZE = Fact("company.employees", "int")
NAME = Fact("company.name", "text")
TIER = Fact("decided.tier", "level", scale=TIERS)
LISTED = Fact("company.listed", "bool")

A = Compare(SIZE, ">=", 100)
B = IsMissing(NAME)
C = Compare(SIZE, "<", 500)
LEAVES: list[Condition] = [
    A,
    B,
    IsIn(NAME, ("a", "b")),
    StartsWith(NAME, ("a",)),
    ContainsAny(Fact("company.lists", "set"), ("a",)),
    AtLeast(TIER, "tier_2"),
    AtMost(TIER, "tier_2"),
]


def test_and_or_and_not_build_trees() -> None:
    """`&`, `|` and `~` build conditions; equal operators join into one node, left to right."""
    assert A & B & C == All((A, B, C)) == A & (B & C)
    assert A | B | C == AnyOf((A, B, C)) == A | (B | C)
    assert A & (B | C) == All((A, AnyOf((B, C))))
    assert (A & B) | C == AnyOf((All((A, B)), C))
    assert ~A == Not(A)
    assert ~~A is A


def test_a_yes_or_no_fact_stands_for_it_is_so() -> None:
    """A flag is a condition on either side of `&` and `|`, and inside every node."""
    flag, so = FlagTerm(LISTED), Compare(LISTED, "==", True)
    assert A & flag == All((A, so))
    assert A | flag == AnyOf((A, so))
    assert All([flag]) == All((so,))
    assert AnyOf(iter([A, flag])) == AnyOf((A, so))
    assert Not(flag) == Not(so)
    assert Exists("product", flag) == Exists("product", so)
    assert as_condition(A) is A


def test_the_left_side_is_refused_like_the_right_side() -> None:
    """S9: a bool where a condition belongs is refused on either side of `&` and `|`."""
    build: Callable[[], object]
    for build in (
        lambda: A & True,
        lambda: True & A,
        lambda: A | False,
        lambda: False | A,
        lambda: All([A, True]),
        lambda: AnyOf([False]),
        lambda: Not(True),
        lambda: Exists("product", True),
    ):
        with pytest.raises(TypeError, match="was a fact compared outside"):
            build()
    with pytest.raises(TypeError, match=r"a condition is needed here, not str 'x'$"):
        as_condition("x")


def test_and_or_not_of_python_are_refused() -> None:
    """S9: `and`, `or`, `not` and a bare test of a condition raise, and say what to write."""
    build: Callable[[], object]
    for build in (
        lambda: A and B,
        lambda: A or B,
        lambda: not A,  # pyright: ignore[reportGeneralTypeIssues]
        lambda: bool(A),
    ):
        with pytest.raises(TypeError, match=r"combine conditions with & \| ~"):
            build()


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: type(leaf).__name__)
def test_a_condition_is_a_value(leaf: Condition) -> None:
    """S9: conditions compare and hash as values, and a pickle gives an equal one."""
    tree = Exists("product", AnyOf((Not(leaf), All((leaf, A)))))
    copy = pickle.loads(pickle.dumps(tree))
    assert copy == tree
    assert hash(copy) == hash(tree)
    assert tree != Exists("product", AnyOf((leaf, All((leaf, A)))))
    assert repr(copy) == repr(tree)


def test_walking_goes_from_the_outside_in() -> None:
    """Every condition is visited once, outer before inner, left to right."""
    inner = A | B
    tree = Exists("product", inner) & ~C
    assert list(walk(tree)) == [tree, Exists("product", inner), inner, A, B, ~C, C]


def test_each_fact_is_named_once_in_the_order_of_its_use() -> None:
    """The facts of a condition are listed once, in the order of their first use."""
    assert facts_of(B & A & ~(C | AtLeast(TIER, "tier_1"))) == (NAME, SIZE, TIER)
    assert facts_of(All(())) == ()


def test_depth_is_bounded() -> None:
    """A condition may be 32 deep; one level more is a problem, and so is any multiple."""

    def nested(levels: int) -> Condition:
        condition: Condition = B
        for _ in range(levels - 1):
            condition = Exists("product", condition)
        return condition

    assert check_size(nested(MAX_DEPTH)) == []
    too_deep = [Problem("depth", "", "is nested more than 32 deep; split the rule")]
    assert check_size(nested(MAX_DEPTH + 1)) == too_deep
    assert check_size(nested(20 * MAX_DEPTH)) == too_deep


def test_the_number_of_parts_is_bounded() -> None:
    """A condition may have 10000 parts; one more is a problem."""
    assert check_size(All([A] * (MAX_NODES - 1))) == []
    too_many = [Problem("size", "", "has more than 10000 parts; split the rule")]
    assert check_size(All([A] * MAX_NODES)) == too_many
    assert check_size(Not(All([A] * (MAX_NODES - 1)))) == too_many


def test_refusing_raises_one_problem() -> None:
    """A refusal raises exactly the problem that it names."""
    with pytest.raises(InvalidDataError) as caught:
        refuse("code", "path", "message")
    assert caught.value.problems == (Problem("code", "path", "message"),)
