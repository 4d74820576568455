"""Columns: whole tables are decided like the specification decides one record, on every engine."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import product
from random import Random
from types import SimpleNamespace
from typing import Any

import narwhals.stable.v2 as nw
import pytest

from mpfunnel.labels import Label, Lang
from mpfunnel.rules.columns import (
    decide_columns,
    missing_columns,
    read_columns,
    stored,
    with_scores_in_words,
)
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    Compare,
    Condition,
    ContainsAny,
    Exists,
    IsMissing,
    Not,
    StartsWith,
    facts_of,
)
from mpfunnel.rules.explain import Policy, examine, explain
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, Scorecard, ScoreItem
from tests.policies import SCALE, Case, Records, Rung, draw_case, draw_records
from tests.tables import (
    BACKENDS,
    MISSING_NUMBERS,
    TRAPS,
    Places,
    asked,
    decided,
    draw_cases,
    draw_given,
    table_of,
)

ROWS = 40
CASES = 20
# Where planning alone takes long, what many policies ask at once is for the bulk run.
QUICK_FIRST = [
    pytest.param(one, marks=[pytest.mark.bulk] if one.endswith("DuckDB") else [])
    for one in BACKENDS
]

NUMBER = Fact("company.growth", "float")
SIZE = Fact("company.size", "int")
NAME = Fact("company.name", "text")
LISTED = Fact("company.listed", "bool", open=False)
STAGE = Fact("company.stage", "level", scale=SCALE)
FACTS = (NUMBER, SIZE, NAME, LISTED, STAGE)

GROWS = Compare(NUMBER, ">", 0.0)
IS_LARGE = Compare(SIZE, ">=", 100)
IS_A = StartsWith(NAME, ("A",))
IS_LISTED = Compare(LISTED, "==", True)
RISEN = AtLeast(STAGE, "mid")


def _table(*conditions: Condition) -> DecisionTable[int]:
    return DecisionTable([Rule(place, when) for place, when in enumerate(conditions)], -1)


ASKED: list[tuple[str, Policy[int], dict[str, Any], set[str]]] = [
    ("all known", _table(GROWS, IS_LARGE), {"growth": 0.0, "size": 1}, set()),
    ("all missing", _table(GROWS, IS_LARGE), {}, {"growth", "size"}),
    ("no rule at all", _table(), {}, set()),
    ("a closed fact", _table(IS_LISTED), {}, set()),
    ("a closed fact beside it", _table(All([IS_LISTED, GROWS])), {}, set()),
    ("a closed fact that is so", _table(All([IS_LISTED, GROWS])), {"listed": True}, {"growth"}),
    ("before a rule that is true", _table(GROWS, IS_LARGE), {"size": 100}, {"growth"}),
    ("after a rule that is true", _table(IS_LARGE, GROWS), {"size": 100}, set()),
    ("inside a rule that is true", _table(IS_LARGE | GROWS, IS_A), {"size": 100}, set()),
    ("after a rule that is false", _table(IS_LARGE, GROWS), {"size": 1}, {"growth"}),
    ("asked again", _table(All([GROWS, IS_LARGE]), GROWS), {"size": 1}, {"growth"}),
    ("missing itself", _table(IsMissing(SIZE), GROWS), {}, {"growth", "size"}),
    ("not missing", _table(Not(IsMissing(SIZE)), GROWS), {"size": 1}, set()),
    ("missing, which is known to be so", _table(IsMissing(SIZE)), {"size": 1}, set()),
    ("a known part", _table(All([IS_LARGE, GROWS])), {"size": 100}, {"growth"}),
    ("a part that decides all", _table(All([IS_LARGE, GROWS])), {"size": 1}, set()),
    ("a part that decides any", _table(Not(AnyOf([IS_LARGE, GROWS]))), {"size": 100}, set()),
    ("not a part", _table(All([Not(IS_LARGE), Not(GROWS)])), {"size": 1}, {"growth"}),
    (
        "a false branch",
        _table(AnyOf([All([IS_LARGE, GROWS]), IS_A])),
        {"size": 1},
        {"name"},
    ),
    (
        "a true branch",
        _table(All([Not(AnyOf([IS_LARGE, GROWS, Not(Not(IS_LARGE))])), IS_A])),
        {"size": 100},
        set(),
    ),
    (
        "a decided branch in an undecided one",
        _table(All([AnyOf([IS_LARGE, Not(GROWS)]), IS_A])),
        {"size": 100},
        {"name"},
    ),
    (
        "every item of a scorecard",
        Scorecard([ScoreItem(1, IS_LARGE), ScoreItem(1, GROWS)], [Band(1, 1)], 0),
        {"size": 100},
        {"growth"},
    ),
    ("a scorecard without items", Scorecard([], [], 0), {}, set()),
]
"""Why, what is asked, what is known, and what is to be asked for."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_engines_agree(backend: str) -> None:
    """Law 1: Engines agree: columns on every backend decide like the specification."""
    random = Random(backend)
    for _ in range(CASES // 4):
        drawn = draw_cases(random, cases=4, rows=ROWS)
        native = BACKENDS[backend](drawn.table)
        assert decided(drawn.cases, native) == drawn.wanted
        assert asked(drawn.cases, native) == drawn.missing


def _takes_long(backend: str, trap: str) -> bool:
    # Each of many expressions makes columns anew there.
    return trap.startswith("many") and backend.startswith(("pandas", "PyArrow"))


@pytest.mark.parametrize(
    ("backend", "trap"),
    [
        pytest.param(
            backend,
            trap,
            id=f"{trap}-{backend}",
            marks=[pytest.mark.bulk] if _takes_long(backend, trap) else [],
        )
        for trap in TRAPS
        for backend in BACKENDS
    ],
)
def test_traps(backend: str, trap: str) -> None:
    """S1, S14, S24: engines agree where one or another is known to have its own ways."""
    drawn = draw_given(Random(5), [TRAPS[trap]], rows=200)
    native = BACKENDS[backend](drawn.table)
    assert decided(drawn.cases, native) == drawn.wanted
    assert asked(drawn.cases, native) == drawn.missing


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_possible_is_left_away(backend: str) -> None:
    """S22: what is possible costs several times as much as the answer, and comes on request."""
    random = Random(6)
    cases = [draw_case(random) for _ in range(8)]
    drawn = draw_given(random, cases, rows=ROWS)
    # Nor need the table say what else its own facts may become.
    now = [name for name in drawn.table.column_names if not {"may", "later"} & {*name.split("_")}]
    assert len(now) < len(drawn.table.column_names)
    answers = decided(cases, BACKENDS[backend](drawn.table.select(now)), possible=False)
    none: frozenset[Any] = frozenset()
    assert answers == [[(value, rule, none) for value, rule, _ in one] for one in drawn.wanted]


@pytest.mark.parametrize("possible", [False, True])
@pytest.mark.parametrize("number", range(8))
def test_only_what_is_told_is_added(number: int, possible: bool) -> None:
    """S22: a frame gains the code, a score, the code before limits, what is possible if asked."""
    random = Random(number)
    case = draw_case(random)
    table = table_of([case], [[draw_records(random, case)]])
    layout = Places.of(case, "case_0_")
    frame, columns = decide_columns(
        nw.from_native(table), case.policy, layout, name="x", possible=possible
    )
    assert columns.possible == tuple(
        f"x_possible_{place}" for place in range(len(case.policy.outcomes) if possible else 0)
    )
    before = [one for one in (columns.score, columns.before) if one is not None]
    assert frame.columns == [*table.column_names, *before, "x_code", *columns.possible]


@pytest.mark.parametrize("backend", BACKENDS)
def test_scores_are_told_with_their_parts(backend: str) -> None:
    """Law 3: Reasons add up, word for word as the specification tells them, on every engine."""
    known = {"growth": (None, -1.0, 2.0), "size": (None, 1, 100), "listed": (None, True)}
    items = [
        ScoreItem(30, GROWS, because=Label("100 % 'growth'", "成長“100%”")),
        ScoreItem(-29, IS_LARGE, "size", if_unknown=-5),
        ScoreItem(0, IS_LISTED),
    ]
    card = Scorecard(items, [Band(1, "A")], "B")
    given = [_records(dict(zip(known, values, strict=True))) for values in product(*known.values())]
    case = Case(card, ("company",), (NUMBER, SIZE, LISTED), {})
    places = Places.of(case, "case_0_")
    frame: Any = nw.from_native(BACKENDS[backend](table_of([case], [given])))
    frame, columns = decide_columns(frame, card, places, name="x", possible=False)
    assert columns.score is not None
    langs: tuple[Lang, ...] = ("en", "ja")
    for lang in langs:
        frame = with_scores_in_words(frame, card, places, score=columns.score, name=lang, lang=lang)
    frame = frame.select("id", "en", "ja")
    frame = (frame.collect() if isinstance(frame, nw.LazyFrame) else frame).sort("id")
    because = [explain(card, one.records).decision.because for one in given]
    assert frame["en"].to_list() == [one.en for one in because]
    assert frame["ja"].to_list() == [one.ja for one in because]
    assert "1 point: 100 % 'growth' +30, size at least 100 -29" in frame["en"].to_list()
    assert "-5点：成長“100%” +0（不明）、size 100以上 -5（不明）" in frame["ja"].to_list()


@pytest.mark.parametrize("number", range(8))
def test_only_what_is_to_be_asked_for_is_added(number: int) -> None:
    """S4: a frame keeps its columns and gains one for each open fact asked about, in order."""
    random = Random(number)
    case = draw_case(random)
    table = table_of([case], [[draw_records(random, case)]])
    layout = Places.of(case, "case_0_")
    frame, columns = missing_columns(nw.from_native(table), case.policy, layout, name="x")
    used = dict.fromkeys(fact for when in case.policy.conditions for fact in facts_of(when))
    names = {fact.name for fact in used if fact.open and fact.kind != "level"}
    assert {*columns} <= names
    assert [*columns.values()] == [f"x_missing_{place}" for place in range(len(columns))]
    assert frame.columns == [*table.column_names, *columns.values()]


def test_facts_to_ask_for_come_in_the_order_of_first_use() -> None:
    """S4: the order in which explain lists them where every use bears on the decision."""
    table = _table(All([AnyOf([IS_LARGE, IS_LISTED, IS_A]), GROWS]), IS_A, RISEN)
    given = _records({"stage": _stage("low")})
    case = Case(table, ("company",), FACTS, {})
    frame = nw.from_native(table_of([case], [[given]]))
    _, columns = missing_columns(frame, table, Places.of(case, "case_0_"), name="x")
    order = ("company.size", "company.name", "company.growth")
    assert tuple(columns) == order == explain(table, given.records).decision.missing


def _records(known: dict[str, Any]) -> Records:
    blank: dict[str, Any] = {fact.key: None for fact in FACTS}
    return Records({"company": SimpleNamespace(**{**blank, **known})}, {"product": {}})


def _stage(*possible: str) -> Decision[Rung]:
    rungs = [Rung(key) for key in possible]
    missing = ("company.other",) if len(rungs) > 1 else ()
    return Decision(rungs[0], "x", Label("x"), tuple(rungs), missing)


@pytest.mark.parametrize("backend", QUICK_FIRST)
def test_what_is_missing_and_bears_on_the_answer_is_asked_for(backend: str) -> None:
    """S4: open facts under conditions that are unknown later, up to the first rule true later."""
    cases = [Case(policy, ("company",), FACTS, {}) for _, policy, _, _ in ASKED]
    given = [_records({"stage": _stage("low"), **known}) for _, _, known, _ in ASKED]
    told = asked(cases, BACKENDS[backend](table_of(cases, [[one] for one in given])))
    for (why, policy, _, names), [found], one in zip(ASKED, told, given, strict=True):
        assert found == {f"company.{name}" for name in names}, why
        assert found == {*explain(policy, one.records).decision.missing}, why


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_and_other_decisions_are_not_asked_for(backend: str) -> None:
    """S4: they wait for facts of their own; what stands beside them waits for them, too."""
    some = Exists("product", IS_LARGE)
    policies = [
        _table(RISEN),
        _table(All([RISEN, GROWS])),
        _table(RISEN, GROWS),
        _table(some),
        _table(AnyOf([some, GROWS])),
        _table(some, GROWS),
    ]
    cases = [Case(policy, ("company",), FACTS, {}) for policy in policies]
    rows = {"product": {"p": SimpleNamespace()}}
    growth = {"company.growth"}
    wanted: list[tuple[dict[str, Any], list[set[str]]]] = [
        ({"stage": _stage("low", "mid")}, [set(), growth, growth, set(), growth, growth]),
        ({"stage": _stage("low")}, [set(), set(), growth, set(), growth, growth]),
        ({"stage": _stage("mid"), "size": 100}, [set(), growth, set(), set(), set(), set()]),
        ({"stage": _stage("mid"), "size": 1}, [set(), growth, set(), set(), growth, growth]),
    ]
    given = [_records(known)._replace(rows=rows) for known, _ in wanted]
    told = asked(cases, BACKENDS[backend](table_of(cases, [given] * len(cases))))
    assert told == [list(column) for column in zip(*(names for _, names in wanted), strict=True)]


@pytest.mark.bulk
def test_points_add_up_beyond_32_bits() -> None:
    """S15: scores are exact; Polars by itself would take 32 bits for them, and start again."""
    big = 2_148
    items = [ScoreItem(1_000_000, IsMissing(NUMBER)) for _ in range(big)]
    card = Scorecard(items, [Band(big * 1_000_000, "all")], "less")
    case = Case(card, ("company",), (NUMBER,), {NUMBER: [1.0]})
    drawn = draw_given(Random(7), [case], rows=ROWS)
    assert {value for value, _, _ in drawn.wanted[0]} == {"all", "less"}
    assert decided([case], BACKENDS["Polars"](drawn.table)) == drawn.wanted


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_empty_table_stays_empty(backend: str) -> None:
    """No rows in, no rows out: nothing is made up."""
    drawn = draw_cases(Random(3), cases=4, rows=1)
    native = BACKENDS[backend](drawn.table.slice(0, 0))
    assert decided(drawn.cases, native) == [[]] * 4
    assert asked(drawn.cases, native) == [[]] * 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_nan_is_missing(backend: str) -> None:
    """S1: NaN is missing: neither above nor below, and not different from anything."""
    cases, table, answers, missing = MISSING_NUMBERS
    assert decided(cases, BACKENDS[backend](table)) == answers
    assert asked(cases, BACKENDS[backend](table)) == missing


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(
    "condition",
    [
        All(()),
        AnyOf(()),
        Not(All(())),
        IsMissing(NUMBER),
        Not(IsMissing(NUMBER)),
        ContainsAny(Fact("company.tags", "set"), ("a",)),
        ContainsAny(Fact("company.tags", "set", open=False), ("a",)),
    ],
)
def test_the_rails_are_never_both_true(condition: Condition, later: bool) -> None:
    """S3: each reading is known true, known false, or neither, as the specification says."""
    tags = Fact("company.tags", "set"), Fact("company.tags", "set", open=False)
    asked = [fact for fact in (NUMBER, *tags) if fact in facts_of(condition)] or [NUMBER]
    points: dict[Fact, list[Any]] = {NUMBER: [0.5]}
    points |= {fact: [frozenset({"a"}), frozenset()] for fact in tags}
    table = DecisionTable([Rule("x", condition)], "y")
    case = Case(table, ("company",), tuple(asked), points)
    random = Random(7)
    given: list[Records] = [draw_records(random, case) for _ in range(30)]
    frame = nw.from_native(BACKENDS["Polars"](table_of([case], [given])), eager_only=True)
    rails = read_columns(condition, Places.of(case, "case_0_"), later=later)
    rows = frame.select("id", true=rails.true, false=rails.false).sort("id").rows()
    for (_, true, false), records in zip(rows, given, strict=True):
        found = examine(condition, records.records, records.rows)
        reading = found.later if later else found.now
        assert (true, false) == (reading is True, reading is False)


def test_literals_are_held_as_whole_numbers() -> None:
    """No two engines have the same decimals and days; integers are the same everywhere."""
    money = Fact("company.revenue", "decimal", places=2)
    assert stored(money, Decimal("12.5")) == 1_250
    assert stored(Fact("company.since", "date"), date(1, 1, 2)) == 2
    assert stored(Fact("company.name", "text"), "a") == "a"
