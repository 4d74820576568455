"""Tables, scorecards and decisions: what they hold, and what they refuse."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label
from mpfunnel.rules.conditions import All, AnyOf, Condition, Not
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Part, Rule, Scorecard, ScoreItem
from mpfunnel.rules.terms import FlagTerm

ALWAYS = All(())
NEVER = AnyOf(())


def fault(build: Callable[[], object]) -> list[str]:
    """What is said of what cannot be built."""
    with pytest.raises(InvalidDataError) as caught:
        build()
    return [str(problem) for problem in caught.value.problems]


def deep() -> Condition:
    """A condition that is nested too deeply."""
    condition: Condition = ALWAYS
    for _ in range(40):
        condition = Not(condition)
    return condition


class TestKeys:
    def test_a_blank_key_is_the_position(self) -> None:
        """S10: a rule without a key is named by its position, beside the keys that are given."""
        table = DecisionTable([Rule(1, ALWAYS), Rule(2, ALWAYS, key="rule-1"), Rule(3, ALWAYS)], 4)
        assert [rule.key for rule in table.rules] == ["rule-1-bis", "rule-1", "rule-3"]

    def test_keys_are_unique(self) -> None:
        """S10: a key stands once in its table, and the key of no rule is reserved."""
        rules = [Rule(1, ALWAYS, key=key) for key in ("a", "a", "otherwise")]
        assert fault(lambda: DecisionTable(rules, 0)) == [
            "rules[1].key: 'a' is used twice; keys are unique",
            "rules[2].key: 'otherwise' is reserved",
        ]
        items = [ScoreItem(1, ALWAYS, key="a"), ScoreItem(1, ALWAYS, key="a")]
        assert fault(lambda: Scorecard(items, [], 0)) == [
            "items[1].key: 'a' is used twice; keys are unique"
        ]

    def test_only_rules_stand_in_a_table(self) -> None:
        """What is no rule is refused by its type."""
        wrong: Any = [ScoreItem(1, ALWAYS), 3]
        assert fault(lambda: DecisionTable(wrong, 0)) == [
            "rules[0]: must be a Rule, not ScoreItem",
            "rules[1]: must be a Rule, not int",
        ]


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda: Rule([], ALWAYS, key=3),  # type: ignore[arg-type, type-var]
            [
                "rule.outcome: must be a value that can be hashed, not list []",
                "rule.key: must be text, not int 3",
            ],
        ),
        (lambda: Rule(1, ALWAYS, key=None), ["rule.key: must be text, not NoneType None"]),  # type: ignore[arg-type]
        (lambda: ScoreItem(1, ALWAYS, key=[]), ["item.key: must be text, not list []"]),  # type: ignore[arg-type]
        (
            lambda: DecisionTable(3, (1, [])),  # type: ignore[arg-type]
            [
                "rules: must be a list, not int 3",
                "otherwise: must be a value that can be hashed, not tuple (1, [])",
            ],
        ),
        (lambda: DecisionTable("ab", 0), ["rules: must be a list, not str 'ab'"]),
        (
            lambda: DecisionTable([SimpleNamespace(key="")], 0),
            ["rules[0]: must be a Rule, not SimpleNamespace"],
        ),
        (
            lambda: Scorecard(None, 4, {}),  # type: ignore[arg-type, type-var]
            [
                "items: must be a list, not NoneType None",
                "otherwise: must be a value that can be hashed, not dict {}",
                "bands: must be a list, not int 4",
            ],
        ),
        (lambda: Scorecard([], [Band(1, "a"), 3], 0), ["bands[1]: must be a Band, not int"]),  # type: ignore[list-item]
        (
            lambda: Band("x", []),  # type: ignore[arg-type, type-var]
            [
                "band.outcome: must be a value that can be hashed, not list []",
                "band.at_least: must be an integer, not str 'x'",
            ],
        ),
        (lambda: Band(True, "a"), ["band.at_least: must be an integer, not bool True"]),
        (
            lambda: DecisionTable([Rule(1, ALWAYS, key="a\n" * 60)] * 2, 0),
            [
                f"rules[1].key: '{'a' + chr(92) + 'n'}"
                + "a\\n" * 18
                + "a\\ is used twice; keys are unique"
            ],
        ),
    ],
)
def test_what_has_the_wrong_type_is_refused(build: Any, said: list[str]) -> None:
    """Rules, outcomes, keys and bands of another type are all named, each on one line."""
    assert fault(build) == said


class TestReasons:
    def test_the_default_is_the_condition_in_words(self) -> None:
        """S10: every rule and item has a reason; a given one is kept, as text or label."""
        assert Rule(1, ALWAYS).because == Label("always", "常に")
        assert ScoreItem(1, NEVER).because == Label("never", "該当なし")
        assert Rule(1, ALWAYS, because="so").because == Label("so")
        assert ScoreItem(1, ALWAYS, because=Label("so", "故")).because == Label("so", "故")
        assert DecisionTable([], 1).otherwise_because.ja == "該当するルールなし"

    def test_a_yes_or_no_fact_is_a_condition(self) -> None:
        """S9: a yes/no fact stands for "it is so"."""
        term = FlagTerm(Fact("company.listed", "bool"))
        assert Rule(1, term).when == term.is_true()

    def test_too_deep_a_condition_is_refused(self) -> None:
        """A condition nested too deeply is refused where it is used."""
        assert fault(lambda: Rule(1, deep())) == [
            "rule.when: is nested more than 32 deep; split the rule"
        ]


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda: ScoreItem(True, ALWAYS, if_unknown=2_000_000),
            [
                "item.points: must be an integer within ±1,000,000, not True",
                "item.if_unknown: must be an integer within ±1,000,000, not 2000000",
            ],
        ),
        (
            lambda: ScoreItem(1_000_001, deep()),
            [
                "item.when: is nested more than 32 deep; split the rule",
                "item.points: must be an integer within ±1,000,000, not 1000001",
            ],
        ),
        (
            lambda: ScoreItem(5, ALWAYS, if_unknown=-1),
            ["item.if_unknown: must lie between 0 and the points, 5"],
        ),
        (
            lambda: ScoreItem(-5, ALWAYS, if_unknown=1),
            ["item.if_unknown: must lie between 0 and the points, -5"],
        ),
        (
            lambda: Scorecard([], [Band(1, "a"), Band(1, "b")], "c"),
            ["bands: two bands start at the same score"],
        ),
    ],
)
def test_bad_points_and_bands_are_refused(build: Callable[[], object], said: list[str]) -> None:
    """S6: points are integers within bounds, unknown ones lie between, bands start apart."""
    assert fault(build) == said


def test_points_at_their_bounds_are_taken() -> None:
    """A million points either way is still allowed, all of it where unknown."""
    assert ScoreItem(1_000_000, ALWAYS, if_unknown=1_000_000).if_unknown == 1_000_000
    assert ScoreItem(-1_000_000, ALWAYS, if_unknown=-1_000_000).points == -1_000_000


def test_conditions_and_outcomes() -> None:
    """Outcomes come each once, in order; bands from the highest."""
    table = DecisionTable([Rule("b", ALWAYS), Rule("a", NEVER), Rule("b", NEVER)], "a")
    assert table.conditions == (ALWAYS, NEVER, NEVER)
    assert table.outcomes == ("b", "a")
    card = Scorecard([ScoreItem(1, NEVER)], [Band(1, "x"), Band(5, "y")], "x")
    assert card.conditions == (NEVER,)
    assert card.outcomes == ("y", "x")


@given(st.sets(st.integers(-6, 6)).map(sorted), st.tuples(st.integers(-8, 8), st.integers(-8, 8)))
def test_possible_bands_meet_the_interval(starts: list[int], ends: tuple[int, int]) -> None:
    """S6: the possible bands are those of all scores of the interval, one by one."""
    card = Scorecard([], [Band(start, start) for start in starts], None)
    low, high = sorted(ends)
    reached = [
        max((start for start in starts if start <= score), default=None)
        for score in range(high, low - 1, -1)
    ]
    assert card.between(low, high) == tuple(dict.fromkeys(reached))


class TestDecision:
    def test_it_is_settled_if_one_value_is_possible(self) -> None:
        """S3: settled means one possible outcome, and the text says what is undecided."""
        settled = Decision("a", "r", Label("r"), ("a",))
        undecided = Decision("a", "r", Label("r"), ("a", "b"))
        assert settled.settled
        assert not undecided.settled
        assert (settled.text(), settled.text("ja")) == ("a", "a")
        assert undecided.text() == "undecided: a or b"
        assert undecided.text("ja") == "未判定: a・b"

    def test_a_labelled_value_is_named_by_its_label(self) -> None:
        """A value that has a label is told by it, in the language asked for."""
        part: Any = type("Tier", (), {"label": Label("first", "最上位")})()
        assert Decision(part, "r", Label("r"), (part,)).text("ja") == "最上位"

    def test_it_is_a_value(self) -> None:
        """S8: decisions compare, hash and pickle as values; the wording of a reason is no part."""
        parts = (Part("k", 1, True, Label("x")),)
        one = Decision("a", "r", Label("r"), ("a", "b"), ("company.x",), parts)
        two = Decision(
            "a", "r", Label("s"), ("a", "b"), ("company.x",), (Part("k", 1, True, Label("y")),)
        )
        assert one == two
        assert hash(one) == hash(two)
        copy = pickle.loads(pickle.dumps(one))
        assert copy == one
        assert hash(copy) == hash(one)
        assert one != Decision("a", "r", Label("r"), ("a",), ("company.x",), parts)
