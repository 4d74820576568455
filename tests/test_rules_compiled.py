"""The compiled function: it decides like the specification, in bounded memory, from safe source."""

from __future__ import annotations

import pickle
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label
from mpfunnel.rules import compiled
from mpfunnel.rules.compiled import cell_of, check_roots, compile_policy
from mpfunnel.rules.conditions import All, AnyOf, Compare, ContainsAny, Exists, IsMissing, Not
from mpfunnel.rules.explain import explain
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable, Rule
from tests.policies import compiled_of, disagreements, draw_case, draw_records, randoms

SIZE = Fact("company.size", "int")


def table(*conditions: Any) -> DecisionTable[str]:
    """A table that answers with the position of the rule."""
    return DecisionTable([Rule(f"v{i}", when) for i, when in enumerate(conditions)], "none")


def agrees_on(policy: Any, roots: tuple[str, ...], *records: Any) -> None:
    """Assert that the compiled function decides each record like the specification."""
    function = compile_policy(policy, roots)
    for record in records:
        wanted = explain(policy, dict.fromkeys(roots, record)).decision
        for _ in range(2):
            got = function(*[record] * len(roots))
            assert (got, got.because) == (wanted, wanted.because)


@given(randoms())
def test_engines_agree(random: Random) -> None:
    """Law 1: Engines agree: explain, compiled and an oracle written separately."""
    case = draw_case(random)
    function = compiled_of(case)
    for _ in range(10):
        assert disagreements(case, function, draw_records(random, case)) == []


@pytest.mark.parametrize(("name", "most"), [("MAX_KEPT", 2), ("MAX_BITS", 0), ("MAX_CUTS", 0)])
def test_bounds_change_no_answer(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: Engines agree whichever store the compiled function keeps its decisions in."""
    monkeypatch.setattr(compiled, name, most)
    random = Random(name)
    for _ in range(150):
        case = draw_case(random)
        function = compiled_of(case)
        for _ in range(15):
            assert disagreements(case, function, draw_records(random, case)) == []


def test_kept_values_and_decisions_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither classified values nor decisions pile up beyond the bound."""
    monkeypatch.setattr(compiled, "MAX_KEPT", 3)
    monkeypatch.setattr(compiled, "MAX_BITS", 0)
    words = Fact("company.words", "set")
    function: Any = compile_policy(
        table(
            ContainsAny(words, ("0",)), ContainsAny(words, ("1", "2")), ContainsAny(words, ("3",))
        ),
        ("company",),
    )
    names = function.__globals__
    for number in range(32):
        members = frozenset(str(bit) for bit in range(5) if number >> bit & 1)
        function(SimpleNamespace(words=members))
        assert len(names["COMPANY_WORDS"]) <= 3
        assert len(names["KNOWN"]) <= 3


def test_equal_answers_are_one_object() -> None:
    """A decision that is reached from two cells is kept once."""
    function = compile_policy(table(Compare(SIZE, "==", 5)), ("company",))
    assert function(SimpleNamespace(size=4)) is function(SimpleNamespace(size=6))


def test_so_many_cells_that_one_number_cannot_hold_them() -> None:
    """Facts beyond 62 bits of cells become further parts of the key."""
    facts = [Fact(f"company.f{i}", "bool") for i in range(50)]
    policy = table(*(Compare(fact, "==", True) for fact in facts))
    agrees_on(
        policy,
        ("company",),
        SimpleNamespace(**{f"f{i}": i == 47 for i in range(50)}),
        SimpleNamespace(**{f"f{i}": None if i == 49 else False for i in range(50)}),
    )


def test_a_blank_closed_count_with_very_many_thresholds_is_zero() -> None:
    """S2: a blank closed count is 0, also where its thresholds are too many to compare inline."""
    count = Fact("company.deals", "int", open=False)
    policy = table(*(Compare(count, "==", number) for number in range(600)))
    agrees_on(policy, ("company",), SimpleNamespace(deals=None), SimpleNamespace(deals=599))


@pytest.mark.parametrize(
    "keys",
    [
        ("class", "def"),
        ("従業員", "größe"),
        ("a-b", "a b", "a.b"),
        ("x'; import os", "a\nb", '"""'),
        ("1", "A", "0"),
        ("Size", "size", "SIZE"),
        ("a__b", "_x", "__"),
    ],
)
@pytest.mark.parametrize("root", ["company", "fact", "row", "read"])
def test_awkward_names_do_no_harm(root: str, keys: tuple[str, ...]) -> None:
    """A fact may have any name: what is no plain word never reaches the source."""
    facts = [Fact(f"{root}.{key}", "int", label=Label(key)) for key in keys]
    policy = table(*(Compare(fact, ">=", 5) for fact in facts))
    agrees_on(
        policy,
        (root,),
        *(SimpleNamespace(**{key: 5 if key == one else 4 for key in keys}) for one in keys),
        SimpleNamespace(**dict.fromkeys(keys)),
    )


def test_a_fact_named_like_a_root_does_no_harm() -> None:
    """A fact's own name in the source never hides a record."""
    policy = table(
        Compare(Fact("company.x", "int"), ">=", 5), Compare(Fact("company_x.y", "int"), ">=", 5)
    )
    agrees_on(
        policy, ("company", "company_x"), SimpleNamespace(x=1, y=5), SimpleNamespace(x=5, y=1)
    )


def test_a_fact_named_like_a_row_does_no_harm() -> None:
    """A fact's own name in the source never hides what ranges over rows."""
    fact = Fact("row.0", "int")
    policy = table(Compare(fact, ">=", 5) & Exists("row", Compare(fact, ">=", 6)))
    function = compile_policy(policy, ("row",))
    record = SimpleNamespace(**{"0": 5})
    assert function(record, {"row": {1: SimpleNamespace(**{"0": 6})}}).value == "v0"


def test_no_constant_of_the_policy_is_in_the_source() -> None:
    """Law 9: Same input, same bytes: the source is made of names and numbers of cells alone."""
    text = Fact("company.name", "text")
    policy = table(
        Compare(SIZE, ">=", 123_456), Compare(text, "==", "acme"), Compare(SIZE, "<", 98_765)
    )
    function: Any = compile_policy(policy, ("company",))
    source = function.__source__
    for constant in ("123456", "98765", "acme", "v0"):
        assert constant not in source
    again: Any = compile_policy(policy, ("company",))
    assert again.__source__ == source
    assert source.startswith(
        "def decide(company):\n    try:\n        company_size = company.size\n"
    )


def test_a_root_that_is_not_known_is_refused() -> None:
    """Every fact outside the roots is named, once per use, and `Exists` adds its own root."""
    far = Compare(Fact("lead.age", "int"), ">", 1)
    row = Compare(Fact("product.age", "int"), ">", 1)
    inside = Exists("product", row & Compare(SIZE, ">", 1))
    assert check_roots(Not(inside), ("company",)) == []
    with pytest.raises(InvalidDataError) as caught:
        compile_policy(table(far, AnyOf((row, inside))), ("company",))
    assert [str(problem) for problem in caught.value.problems] == [
        "lead.age: cannot be asked here, where only company is known",
        "product.age: cannot be asked here, where only company is known",
    ]


def test_a_custom_attribute_of_another_type_is_refused() -> None:
    """A value of another type than declared is an error in both engines, not an answer."""
    custom = Fact("company.size", "int", within="attributes")
    policy = table(Compare(custom, ">=", 5), All(()), IsMissing(custom))
    record = SimpleNamespace(attributes={"size": "5"})
    for decide in (
        lambda: compile_policy(policy, ("company",))(record),
        lambda: explain(policy, {"company": record}),
    ):
        with pytest.raises(InvalidDataError, match=r"^company\.size: must be an integer, not str"):
            decide()


def test_decisions_pickle_and_compare() -> None:
    """A decision is a value: it travels, and is equal to and hashes like its copy."""
    function = compile_policy(table(Compare(SIZE, ">=", 5)), ("company",))
    decision = function(SimpleNamespace(size=None))
    copy = pickle.loads(pickle.dumps(decision))
    assert copy == decision
    assert hash(copy) == hash(decision)
    assert copy.because == decision.because
    assert not copy.settled
    assert copy != function(SimpleNamespace(size=5))


@pytest.mark.parametrize("name", ["rows", "cell", "class", "a b", "x=print(1)", ""])
def test_only_plain_words_become_names_in_the_source(name: str) -> None:
    """What is ranged over is written into the source, so that nothing but a word may pass."""
    always = Exists(name, All(()))

    with pytest.raises(InvalidDataError, match="must be a plain word, and none of KNOWN, cell"):
        compile_policy(DecisionTable((Rule("yes", always),), "no"), ("company",))


def test_a_cell_tells_no_less_than_the_decision() -> None:
    """Numbers of one cell get one decision, and a greater number is in the same cell or above."""
    function = compile_policy(
        table(Compare(SIZE, "<", 10), Compare(SIZE, "==", 20), Compare(SIZE, ">", 30)), ("company",)
    )
    cell = cell_of(function)
    records = [SimpleNamespace(size=size) for size in range(40)]
    cells: list[Any] = [cell(record) for record in records]

    assert cells == sorted(cells)
    assert len(set(cells)) == 5
    for number in set(cells):
        alike = [one for one, of in zip(records, cells, strict=True) if of == number]
        assert len({function(one) for one in alike}) == 1
