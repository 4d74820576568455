"""The specification: what conditions mean, what a decision says, and how it is told."""

from __future__ import annotations

import pickle
from copy import copy
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve, field, frozen
from hypothesis import given

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label
from mpfunnel.rules import explain as explaining
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
from mpfunnel.rules.explain import decide, examine, explain, holds
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.limits import Limited
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, Scorecard, ScoreItem
from tests.oracle import brute_force
from tests.policies import (
    Rung,
    answer_of,
    draw_case,
    draw_filled,
    draw_records,
    randoms,
)

SIZE = Fact("company.size", "int", label=Label("staff", "社員数"), unit=Label("people", "人"))
YEN = Fact("company.yen", "decimal", places=2, minor=True, label=Label("revenue", "売上"))
TIER = Fact("company.tier", "level", scale=Scale(("low", "high"), ("out",)))
SIGN = Fact("product.sign", "bool")


@frozen
class Kind:
    """An outcome with a label."""

    key: str
    label: Label = field(eq=False)


def readings(condition: Condition, rows: Any = None, **values: Any) -> tuple[Any, Any]:
    """What the condition comes to, now and later."""
    found = examine(condition, {"company": SimpleNamespace(**values)}, rows or {})
    return found.now, found.later


def level(value: str, *possible: str, missing: tuple[str, ...] = ()) -> Decision[Rung]:
    """A decision that stands at `value`."""
    rungs = tuple(Rung(key) for key in possible or (value,))
    return Decision(Rung(value), "r", Label("r"), rungs, missing)


@given(randoms())
def test_filling_in_moves_only_inside_possible(random: Random) -> None:
    """Law 2: Unknown is not no: facts that become known only narrow what is possible."""
    case = draw_case(random)
    for _ in range(5):
        given_ = draw_records(random, case)
        before = decide(case.policy, given_.records, given_.rows)
        filled = draw_filled(random, case, given_)
        after = decide(case.policy, filled.records, filled.rows)
        assert before.value in before.possible
        assert after.possible
        assert set(after.possible) <= set(before.possible)
        if before.settled:
            assert after.value == before.value
            assert after.settled


@given(randoms())
def test_all_ways_to_fill_in_stay_inside_possible(random: Random) -> None:
    """Law 2: Unknown is not no: no way at all to fill in the missing facts leaves `possible`."""
    case = draw_case(random)
    given_ = draw_records(random, case)
    values = brute_force(
        case.policy,
        given_.records,
        given_.rows,
        case.facts,
        lambda fact: case.points[fact],
        most=200,
    )
    if values is not None:
        assert values
        assert values <= set(decide(case.policy, given_.records, given_.rows).possible)


@given(randoms())
def test_reasons_add_up(random: Random) -> None:
    """Law 3: Reasons add up: parts sum to the score, and the rule named is the rule that fired."""
    case = draw_case(random)
    given_ = draw_records(random, case)
    told = explain(case.policy, given_.records, given_.rows)
    decision, policy = told.decision, case.policy
    if isinstance(policy, Limited):
        policy, before = policy.policy, decision.instead_of
        if before is not None:
            (limit,) = (one for one in case.policy.limits if one.key == decision.rule)
            assert (decision.value, decision.because) == (limit.outcome, limit.because)
            decision = before
    if isinstance(policy, Scorecard):
        score = sum(part.points for part in decision.parts)
        assert decision.because.ja.startswith(f"{score}点")
        noun = "point" if score == 1 else "points"
        assert decision.because.en.startswith(f"{score} {noun}")
        assert all(part.text("en") in decision.because.en for part in decision.parts)
        assert all(part.text("ja") in decision.because.ja for part in decision.parts)
        assert decision.value == policy.between(score, score)[0]
        return
    rules = {rule.key for rule in policy.rules}
    true_now = [key for key, _, finding in told.findings if finding.now and key in rules]
    assert decision.rule == (true_now[0] if true_now else "otherwise")


@given(randoms())
def test_same_input_same_answer(random: Random) -> None:
    """Law 9: Same input, same bytes: explaining twice gives the same answer and the same text."""
    case = draw_case(random)
    given_ = draw_records(random, case)
    first, second = (explain(case.policy, given_.records, given_.rows) for _ in range(2))
    assert answer_of(first.decision) == answer_of(second.decision)
    assert first.text("en") == second.text("en")
    assert first.text("ja") == second.text("ja")


@given(randoms())
def test_what_is_kept_is_what_the_specification_says(random: Random) -> None:
    """Law 1: Engines agree: what was kept of other records tells of these what they say anew."""
    case = draw_case(random)
    for _ in range(12):
        given_ = draw_records(random, case)
        told = explain(case.policy, given_.records, given_.rows)
        assert answer_of(told.decision) == answer_of(
            decide(case.policy, given_.records, given_.rows)
        )
        # A copy is another policy: nothing that it says has been kept before.
        anew = explain(copy(case.policy), given_.records, given_.rows)
        assert told == anew
        looked = [finding for _, _, finding in told.findings]
        assert looked == [examine(one.condition, given_.records, given_.rows) for one in looked]
        conditions = iter(case.policy.conditions)
        assert all(one.condition in conditions for one in looked)
        assert (told.text("en"), told.text("ja")) == (anew.text("en"), anew.text("ja"))


class TestReadings:
    def test_missing_now_may_be_known_later(self) -> None:
        """S3: `is_missing` is true now and unknown later; elsewhere both readings are the same."""
        assert readings(IsMissing(SIZE), size=None) == (True, None)
        assert readings(IsMissing(SIZE), size=0) == (False, False)
        assert readings(Compare(SIZE, ">=", 1), size=None) == (None, None)
        assert readings(Not(Compare(SIZE, ">=", 1)), size=None) == (None, None)

    def test_of_nothing(self) -> None:
        """No condition at all is true in an "and", false in an "or" and over no rows."""
        assert readings(All(())) == (True, True)
        assert readings(AnyOf(())) == (False, False)
        assert readings(Exists("product", All(())), {"product": {}}) == (False, False)

    def test_another_decision_counts_by_what_it_may_become(self) -> None:
        """S5: true later if every possible level satisfies it, false later if none does."""
        at_least = AtLeast(TIER, "high")
        assert readings(at_least, tier=level("low", "high", "low")) == (False, None)
        assert readings(at_least, tier=level("low", "out", "low")) == (False, False)
        assert readings(AtLeast(TIER, "low"), tier=level("low", "high", "low")) == (True, True)

    def test_detours_lie_outside_the_ladder(self) -> None:
        """S8: every comparison of order with a detour is false."""
        assert not holds(AtLeast(TIER, "low"), "out")
        assert not holds(AtMost(TIER, "high"), "out")
        assert holds(AtMost(TIER, "low"), "low")
        assert not holds(AtMost(TIER, "low"), "high")

    @pytest.mark.parametrize(
        ("op", "truths"),
        [
            (">=", (False, True, True)),
            (">", (False, False, True)),
            ("<=", (True, True, False)),
            ("<", (True, False, False)),
            ("==", (False, True, False)),
            ("!=", (True, False, True)),
        ],
    )
    def test_comparisons(self, op: Any, truths: tuple[bool, ...]) -> None:
        """A decimal in its smallest unit is compared exactly, below, at and above the literal."""
        assert tuple(holds(Compare(YEN, op, 3), value) for value in (299, 300, 301)) == truths

    def test_other_leaves(self) -> None:
        """S14: texts match by exact code points; a known value is never missing."""
        name = Fact("company.name", "text")
        assert holds(StartsWith(name, ("ab", "x")), "abc")
        assert not holds(StartsWith(name, ("AB",)), "abc")
        assert holds(IsIn(name, ("a", "b")), "b")
        assert holds(ContainsAny(Fact("company.words", "set"), ("a",)), frozenset({"a", "c"}))
        assert not holds(IsMissing(SIZE), 0)


class TestMissing:
    def test_facts_are_named_up_to_the_first_rule_true_later(self) -> None:
        """S4: facts under conditions unknown later, in rules up to the first true later."""
        other = Fact("company.other", "int")
        table = DecisionTable(
            [
                Rule("a", Compare(SIZE, ">", 1) | All(())),
                Rule("b", Compare(other, ">", 1)),
            ],
            "c",
        )
        record = {"company": SimpleNamespace(size=None, other=None)}
        assert decide(table, record).missing == ()
        turned = DecisionTable([table.rules[1], table.rules[0]], "c")
        assert decide(turned, record).missing == ("company.other",)
        assert decide(turned, record).possible == ("b", "a")

    def test_a_level_names_what_it_waits_for(self) -> None:
        """S4, S5: an unsettled decision hands on its missing facts, or else its own name."""
        table = DecisionTable([Rule("a", AtLeast(TIER, "high"))], "b")
        waiting = level("low", "high", "low", missing=("company.size",))
        assert decide(table, {"company": SimpleNamespace(tier=waiting)}).missing == (
            "company.size",
        )
        silent = level("low", "high", "low")
        assert decide(table, {"company": SimpleNamespace(tier=silent)}).missing == ("company.tier",)


def test_an_unknown_item_gives_an_interval() -> None:
    """S6: unknown points give an interval, and every band that meets it is possible."""
    card = Scorecard(
        [
            ScoreItem(3, Compare(SIZE, ">=", 5), key="big"),
            ScoreItem(-2, Compare(YEN, ">=", 1), key="rich", if_unknown=-1),
        ],
        [Band(3, "A"), Band(1, "B"), Band(0, "C")],
        "D",
    )
    decision = decide(card, {"company": SimpleNamespace(size=None, yen=None)})
    assert (decision.value, decision.rule) == ("D", "otherwise")
    assert decision.possible == ("A", "B", "C", "D")
    assert [(part.key, part.points, part.known) for part in decision.parts] == [
        ("big", 0, False),
        ("rich", -1, False),
    ]
    known = decide(card, {"company": SimpleNamespace(size=5, yen=0)})
    assert (known.value, known.rule, known.possible) == ("A", "3+", ("A",))
    assert known.because == Label("3 points: staff at least 5 people +3", "3点：社員数 5人以上 +3")
    assert decision.because.en == (
        "-1 points: staff at least 5 people +0 (unknown), revenue at least 1 -1 (unknown)"
    )
    assert decision.because.ja == "-1点：社員数 5人以上 +0（不明）、売上 1以上 -1（不明）"


def test_some_row_ranges_over_all_rows() -> None:
    """S7: one row that is true decides; else one that is unknown leaves it open."""
    some = Exists("product", Compare(SIGN, "==", True))

    def over(*signs: bool | None) -> tuple[Any, Any]:
        return readings(
            some, {"product": {i: SimpleNamespace(sign=s) for i, s in enumerate(signs)}}
        )

    assert over(False, None, True) == (True, True)
    assert over(False, None) == (None, None)
    assert over(False, False) == (False, False)


class TestText:
    def test_the_tree_in_both_languages(self) -> None:
        """S10: the text gives the answer, its reason, what is missing, and all that was seen."""
        table = DecisionTable(
            [
                Rule("A", Compare(SIZE, ">=", 1000) & Not(Compare(YEN, "<", 5)), key="big"),
                Rule("B", AtLeast(TIER, "high") | IsMissing(SIZE)),
            ],
            "C",
        )
        record = {"company": SimpleNamespace(size=None, yen=1234567, tier=level("low"))}
        told = explain(table, record)
        assert told.text() == "\n".join(
            [
                "undecided: A or B or C — tier at least high or staff is unknown [rule-2]",
                "missing: company.size",
                "  ?   big → A",
                "    ?   all of",
                "      ?   staff at least 1,000 people (unknown)",
                "      yes not",
                "        no  revenue less than 5 (12,345.67)",
                "  yes rule-2 → B",
                "    yes any of",
                "      no  tier at least high (Rung(key='low'))",
                "      yes staff is unknown (unknown)",
            ]
        )
        assert told.text("ja") == "\n".join(
            [
                "未判定: A・B・C — tier high以上 または 社員数 不明 [rule-2]",
                "不足項目: company.size",
                "  ？ big → A",
                "    ？ すべて",
                "      ？ 社員数 1,000人以上 (不明)",
                "      ○ 否定",
                "        × 売上 5未満 (12,345.67)",
                "  ○ rule-2 → B",
                "    ○ いずれか",
                "      × tier high以上 (Rung(key='low'))",
                "      ○ 社員数 不明 (不明)",
            ]
        )

    @pytest.mark.parametrize("inner", [Compare(SIGN, "==", True), Not(Compare(SIGN, "==", False))])
    def test_every_row_is_named(self, inner: Condition) -> None:
        """S7: what was seen of a row says which row, whether its condition is plain or not."""
        table = DecisionTable([Rule("A", Exists("product", inner))], "B")
        rows: Any = {
            "product": {"crm": SimpleNamespace(sign=True), "erp": SimpleNamespace(sign=None)}
        }
        lines = explain(table, {}, rows).text().splitlines()
        assert lines[0].startswith("A — for some product: (")
        assert lines[2] == "    yes for some"
        named = [line for line in lines if " · " in line]
        assert [line.rpartition(" · ")[2] for line in named] == ["crm", "erp"]
        assert named[0].startswith("      yes ")
        assert named[1].startswith("      ?   ")

    def test_a_settled_scorecard_shows_its_points(self) -> None:
        """Law 3: the items of a scorecard are told with their signed points."""
        card = Scorecard([ScoreItem(3, All(()), key="a")], [], "D")
        assert explain(card, {}).text() == (
            "D — 3 points: always +3 [otherwise]\n  yes a → +3\n    yes all of"
        )

    def test_outcomes_are_shown_by_their_label(self) -> None:
        """S10: an outcome with a label is shown by it, in the language asked for, everywhere."""
        large, small = Kind("l", Label("large", "大企業")), Kind("s", Label("small", "小企業"))
        table = DecisionTable([Rule(large, Compare(SIZE, ">=", 5), key="big")], small)
        told = explain(table, {"company": SimpleNamespace(size=None)})
        assert told.text().splitlines()[0] == (
            "undecided: large or small — no rule applies [otherwise]"
        )
        assert told.text("ja").splitlines()[2] == "  ？ big → 大企業"
        assert told.text().splitlines()[2] == "  ?   big → large"
        assert told.findings[0][:2] == ("big", large)

    @pytest.mark.parametrize(("because", "key"), [("partner", "partner"), ("A", "rule-a")])
    def test_a_reason_is_told_once(self, because: str, key: str) -> None:
        """S10: a reason that is the answer, or the key of its rule, is not said a second time."""
        table = DecisionTable([Rule("A", All(()), key=key, because=because)], "B")
        assert explain(table, {}).text().splitlines()[0] == f"A [{key}]"

    def test_braces_stay_as_they_are(self) -> None:
        """Names, reasons and values may hold any text, also what formats text."""
        name = Fact("company.name", "text", label=Label("{name}"))
        rule = Rule("{0}", StartsWith(name, ("{", "}")), key="{key}", because="{because}")
        table = DecisionTable([rule], "{}")
        for value in ("{1}", "}}"):
            assert explain(table, {"company": SimpleNamespace(name=value)}).text() == "\n".join(
                [
                    "{0} — {because} [{key}]",
                    "  yes {key} → {0}",
                    f"    yes {{name}} starts with {{, }} ({value})",
                ]
            )


class TestKept:
    """Records that come to the same share what was found; only the values seen are their own."""

    TABLE = DecisionTable([Rule("A", Compare(SIZE, ">=", 5) & ~IsMissing(YEN), key="big")], "B")

    def told(self, size: int | None, yen: int | None) -> explaining.Explanation[str]:
        return explain(self.TABLE, {"company": SimpleNamespace(size=size, yen=yen)})

    def test_each_record_shows_its_own_values(self) -> None:
        """Law 3: Reasons add up: an explanation shows the facts of its own record."""
        first, second = self.told(7, 100), self.told(8, 250)
        assert first.decision is second.decision
        assert (first.text(), second.text()) == tuple(
            "\n".join(
                [
                    "A — staff at least 5 people and not (revenue is unknown) [big]",
                    "  yes big → A",
                    "    yes all of",
                    f"      yes staff at least 5 people ({size} people)",
                    "      yes not",
                    f"        no  revenue is unknown ({yen})",
                ]
            )
            for size, yen in ((7, "1"), (8, "2.5"))
        )
        leaf = second.findings[0][2].parts[0]
        assert (leaf.condition, leaf.saw) == (Compare(SIZE, ">=", 5), 8)

    def test_explanations_are_values(self) -> None:
        """Law 9: equal explanations compare and hash as equal, also after they have travelled."""
        told = self.told(7, 100)
        assert told == self.told(7, 100) == pickle.loads(pickle.dumps(told))
        assert hash(told) == hash(self.told(7, 100))
        assert told != self.told(8, 100)
        assert told != told.text()
        assert pickle.loads(pickle.dumps(told)).text("ja") == told.text("ja")

    def test_equal_policies_keep_their_own_words(self) -> None:
        """S8: labels do not matter for equality, so equal tables may still speak differently."""
        renamed = evolve(SIZE, label=Label("heads"), unit=Label("heads"))
        table = DecisionTable([Rule("A", Compare(renamed, ">=", 5) & ~IsMissing(YEN), "big")], "B")
        assert table == self.TABLE
        record = {"company": SimpleNamespace(size=7, yen=1)}
        assert "yes heads at least 5 heads (7 heads)" in explain(table, record).text()
        assert "yes staff at least 5 people (7 people)" in explain(self.TABLE, record).text()
        both = DecisionTable(
            [Rule("A", Compare(SIZE, ">", 9)), Rule("B", Compare(renamed, ">", 9))], "C"
        )
        assert [
            line.strip() for line in explain(both, record).text().splitlines() if " more " in line
        ] == ["no  staff more than 9 people (7 people)", "no  heads more than 9 heads (7 heads)"]

    def test_each_leaf_says_values_in_its_own_words(self) -> None:
        """S8: labels do not matter for equality, so one value may be called by two names."""
        plain = Fact("company.grade", "text")
        called = evolve(plain, labels={"a": Label("gold", "金")})
        table = DecisionTable(
            [Rule("A", IsMissing(plain)), Rule("B", IsMissing(called) | IsMissing(plain))], "C"
        )
        told = explain(table, {"company": SimpleNamespace(grade="a")})
        seen = ["a", "gold", "a"]
        lines = [line for line in told.text().splitlines() if "is unknown (" in line]
        assert [line.rpartition("(")[2].rstrip(")") for line in lines] == seen
        assert "不明 (金)" in told.text("ja")

    def test_what_is_missing_is_told_as_missing(self) -> None:
        """S2: of two records that differ only in what is missing, each tells its own."""
        assert "staff at least 5 people (unknown)" in self.told(None, 100).text()
        assert "revenue is unknown (1)" in self.told(None, 100).text()
        assert "staff at least 5 people (9 people)" in self.told(9, None).text()
        assert "revenue is unknown (unknown)" in self.told(9, None).text()
        assert "社員数 5人以上 (不明)" in self.told(None, None).text("ja")

    def test_what_cannot_be_read_matters_only_where_it_is_asked(self) -> None:
        """S1: a wrong type is refused by the rule that asks about it, not by one before it."""
        rank = Fact("company.rank", "int", within="attributes")
        table = DecisionTable([Rule("A", Compare(SIZE, ">=", 5)), Rule("B", IsMissing(rank))], "C")

        def told(size: int) -> explaining.Explanation[str]:
            record = SimpleNamespace(size=size, attributes={"rank": "high"})
            return explain(table, {"company": record})

        assert told(5).text().startswith("A — staff at least 5 people")
        assert told(5).findings[0][2].saw == 5
        with pytest.raises(InvalidDataError, match=r"company\.rank: must be an integer"):
            told(4)

    def test_what_is_kept_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is kept never grows beyond its bound, and forgetting changes no answer."""
        monkeypatch.setattr(explaining, "MAX_POLICIES", 2)
        monkeypatch.setattr(explaining, "MAX_KEPT", 2)
        explaining._TELLERS.clear()
        for _ in range(2):
            for least in (2, 4, 6):
                table = DecisionTable([Rule("A", Compare(SIZE, ">=", least))], "B")
                for size in (1, 2, 3, 4, 5, 6, 7, None):
                    told = explain(table, {"company": SimpleNamespace(size=size)})
                    assert told.decision.value == ("A" if size and size >= least else "B")
                    seen = "1 person" if size == 1 else f"{size} people"
                    assert f"({seen})" in told.text() or size is None
                teller = explaining._TELLERS[id(table)]
                assert len(teller._kept) <= 2
                assert len(teller._shared) <= 2
                assert len(explaining._TELLERS) <= 2
