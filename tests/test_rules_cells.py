"""The text of a cell ⇄ a condition about one fact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.labels import Label
from mpfunnel.rules.cells import Cell, columns, read, write
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    Compare,
    Condition,
    ContainsAny,
    Exists,
    IsIn,
    Not,
)
from mpfunnel.rules.explain import examine
from mpfunnel.rules.facts import Fact, Scale
from mpfunnel.rules.terms import term_for
from tests.malformed import check_grammar

COUNT = Fact("it.count", "int", unit=Label("people", "人"))
MONEY = Fact("it.money", "decimal", places=2)
RATE = Fact("it.rate", "float")
FLAG = Fact("it.flag", "bool")
TICKED = Fact("it.ticked", "bool", open=False)
TEXT = Fact("it.text", "text")
DAY = Fact("it.day", "date")
TAGS = Fact("it.tags", "set", labels={"us": Label("us", "自社"), "them": Label("them", "他社")})
BAND = Fact(
    "it.band",
    "level",
    scale=Scale(
        ("band_3", "band_2", "band_1"),
        ("no_band",),
        {"band_1": Label("top", "最上位"), "band_3": Label("rest", "他"), "no_band": Label("rest")},
    ),
)
KEY = Fact("it.key", "level", scale=Scale(()))
FACTS = (COUNT, MONEY, RATE, FLAG, TICKED, TEXT, DAY, TAGS, BAND, KEY)

# -- what a cell can hold --

SIGNS = (
    "-=+@<>!\"'\\()[]{},、;；。 \t\n\x00\x1b\u200b\u202e\ufeff😀é製造業以上外未満〜1０.万人aＡА*/|"
)
WORDS = (
    *("-", "missing", "空欄", "not(1)", 'in("a")', "true", "はい", "1,000", "A、B", "100〜299"),
    *("=1+1", "300以上", "starts with", "なし", "\u00a0x", "２", "band_1", "date", "\U000e0041"),
)
TEXTS = (st.sampled_from(WORDS) | st.text(SIGNS, max_size=6) | st.text(max_size=6)).filter(
    str.strip
)


def literals(fact: Fact) -> st.SearchStrategy[Any]:
    """Values that a rule may compare the fact with."""
    match fact.kind:
        case "int":
            return st.sampled_from((0, 1, -1, 300, 2**63 - 1, 1 - 2**63)) | st.integers(-999, 9_999)
        case "decimal":
            most = 2**63 // 100 - 1
            return st.integers(-most, most) | st.decimals(-most, most, places=2)
        case "float":
            return st.floats(-(2.0**62), 2.0**62) | st.sampled_from((5e-324, -0.0, 0.1, 1e-7))
        case "bool":
            return st.booleans()
        case "date":
            return st.dates()
        case "level" if fact.scale is not None and fact.scale.keys:
            return st.sampled_from(fact.scale.keys)
        case _:
            return TEXTS


def leaves(fact: Fact) -> st.SearchStrategy[Condition]:
    """Every condition that a term of the fact builds."""
    term: Any = term_for(fact)
    value = literals(fact)
    several = st.lists(value, min_size=1, max_size=4)
    ways: list[st.SearchStrategy[Condition]] = []
    if fact.kind in ("int", "decimal", "float", "date"):
        ways += [value.map(lambda one: term >= one), value.map(lambda one: term > one)]
        ways += [value.map(lambda one: term <= one), value.map(lambda one: term < one)]
        bounds = st.lists(value, min_size=2, max_size=2, unique=True).map(sorted)
        ways.append(bounds.map(lambda two: term.between(*two)))
        ways.append(bounds.map(lambda two: (term > two[0]) & (term < two[1])))
    if fact.kind not in ("float", "set"):
        ways += [value.map(lambda one: term == one), value.map(lambda one: term != one)]
    if fact.kind not in ("float", "set", "bool"):
        ways.append(several.map(lambda many: term.is_in(*many)))
    if fact.kind == "text":
        ways.append(several.map(lambda many: term.starts_with(*many)))
    if fact.kind == "set":
        ways.append(several.map(lambda many: term.contains_any(*many)))
    if fact is BAND:
        rung = st.sampled_from(("band_3", "band_2", "band_1"))
        ways += [rung.map(term.at_least), rung.map(term.at_most)]
    if fact.open and fact.kind != "level":
        ways.append(st.just(term.is_missing()))
    leaf = st.one_of(ways)
    return leaf | leaf.map(Not) | leaf.map(lambda one: Not(Not(one)))


CONDITIONS = st.sampled_from(FACTS).flatmap(lambda fact: st.tuples(st.just(fact), leaves(fact)))


class TestRoundTrip:
    @settings(max_examples=120)
    @given(given_=CONDITIONS, unit=st.sampled_from((1, 10_000, Decimal(1_000_000))))
    @example(given_=(COUNT, term_for(COUNT)._one_of((1, 100))), unit=1)
    @example(given_=(COUNT, term_for(COUNT)._one_of((100, 200))), unit=1)
    @example(given_=(MONEY, Compare(MONEY, ">", Decimal("0.01"))), unit=10**6)
    @example(given_=(KEY, Compare(KEY, "==", "key_1")), unit=1)
    def test_a_condition_is_the_same_after_a_cell(
        self, given_: tuple[Fact, Condition], unit: Decimal | int
    ) -> None:
        """Law 8: Round trip. Each condition that a term builds has one text, read as that again."""
        fact, when = given_
        text = write(when, fact, unit=unit)
        assert text.isprintable() or not text.isascii()
        assert read(text, fact, unit=unit) == Cell(when, text, "")
        assert write(read(text, fact, unit=unit).condition, fact, unit=unit) == text

    @settings(max_examples=60)
    @given(
        fact=st.sampled_from(FACTS),
        parts=st.data(),
    )
    def test_alternatives_are_the_same_or_refused(self, fact: Fact, parts: st.DataObject) -> None:
        """Law 8: Round trip. Several tests of one fact are read as they were, or never written."""
        when = AnyOf(parts.draw(st.lists(leaves(fact), min_size=0, max_size=3)))
        try:
            text = write(when, fact)
        except InvalidDataError as error:
            codes = [problem.code for problem in error.problems]
        else:
            codes = ["cell"]
            assert read(text, fact) == Cell(when, text, "")
        assert codes == ["cell"]

    @settings(max_examples=40)
    @given(parts=st.lists(CONDITIONS, max_size=4))
    def test_a_row_is_the_same_after_its_cells(self, parts: list[tuple[Fact, Condition]]) -> None:
        """Law 8: Round trip. A conjunction is its cells, joined again."""
        when: Condition = All(())
        for _, part in parts:
            when = part if when == All(()) else when & part
        joined: Condition = All(())
        for fact, part in columns(when):
            again = read(write(part, fact), fact).condition
            assert again is not None
            joined = again if joined == All(()) else joined & again
        assert joined == when

    def test_nothing_asked_is_a_dash(self) -> None:
        """A cell without a condition is a dash, and so is one in which nothing is typed."""
        assert write(None, COUNT) == "-"
        for typed in ("-", "", "  ", "\u3000", "\n", "－"):
            assert read(typed, COUNT) == Cell(None, "-", "")


# A cell is made of these.
GRAMMAR = (
    *"0123456789.,-+=<>!()[]\"'\\ \n\t、；;~〜～:/%¥円人年月日万億*?|",
    *("１", "，", "（", "）", "≧", "≠", "“", "”", "「", "」", "…", "ー", "е", "\x00", "\u200b"),
    *("not(", "in(", "starts with(", "..", ">=", "date(", "true", "はい", "missing", "空欄"),
    *("以上", "未満", "以外", "から", "まで", "で始まる", "を含む", "または", "band_1", "top"),
    *("2026", "-04-01", "2026/4/1", "1,000", "100", "製造業", "us", "e5", "\\u00e9", "\ud800"),
)


class TestAnyText:
    @settings(max_examples=300)
    @given(
        fact=st.sampled_from(FACTS),
        typed=st.lists(st.sampled_from(GRAMMAR), max_size=8).map("".join),
        unit=st.sampled_from((1, 1_000)),
    )
    def test_it_is_read_or_refused(self, fact: Fact, typed: str, unit: int) -> None:
        """What is read has a canonical text that is read as the same; all else is refused."""
        try:
            cell = read(typed, fact, unit=unit)
        except InvalidDataError as error:
            check_grammar(error)
            return
        again = read(cell.text, fact, unit=unit)
        assert again == Cell(cell.condition, cell.text, "")
        assert write(cell.condition, fact, unit=unit) == cell.text
        assert cell.note in ("", f"read as {cell.text}")


# -- what people type, and what they mean: written without looking at the parser --

NUMBERS: dict[str, Callable[[Any], bool]] = {
    ">= 300": lambda n: n >= 300,
    ">=300": lambda n: n >= 300,
    "300以上": lambda n: n >= 300,
    "３００人以上": lambda n: n >= 300,
    "300名以上": lambda n: n >= 300,
    "300 people以上": lambda n: n >= 300,
    "≧300": lambda n: n >= 300,
    "≥ 300": lambda n: n >= 300,
    "=> 300": lambda n: n >= 300,
    "at least 300": lambda n: n >= 300,
    "300から": lambda n: n >= 300,
    "300〜": lambda n: n >= 300,
    "300超": lambda n: n > 300,
    "300を超える": lambda n: n > 300,
    "300より大きい": lambda n: n > 300,
    "＞300": lambda n: n > 300,
    "More than 300": lambda n: n > 300,
    "300以下": lambda n: n <= 300,
    "300まで": lambda n: n <= 300,
    "〜300": lambda n: n <= 300,
    "300以内": lambda n: n <= 300,
    "≦300": lambda n: n <= 300,
    "300未満": lambda n: n < 300,
    "300より少ない": lambda n: n < 300,
    "＜３００": lambda n: n < 300,
    "300": lambda n: n == 300,
    "＝300": lambda n: n == 300,
    "≠300": lambda n: n != 300,
    "<> 300": lambda n: n != 300,
    "300以外": lambda n: n != 300,
    "not(300)": lambda n: n != 300,
    "not(300, 100)": lambda n: n not in (100, 300),
    "[100..300]": lambda n: 100 <= n <= 300,
    "[100..300)": lambda n: 100 <= n < 300,
    "(100..300)": lambda n: 100 < n < 300,
    "]100..300[": lambda n: 100 < n < 300,
    "100〜300": lambda n: 100 <= n <= 300,
    "100～300": lambda n: 100 <= n <= 300,
    "100~300人": lambda n: 100 <= n <= 300,
    "100-300": lambda n: 100 <= n <= 300,
    "１００－３００": lambda n: 100 <= n <= 300,
    "100から300まで": lambda n: 100 <= n <= 300,
    "100以上300未満": lambda n: 100 <= n < 300,
    "100以上〜300未満": lambda n: 100 <= n < 300,
    "300未満100以上": lambda n: 100 <= n < 300,
    "100超300以下": lambda n: 100 < n <= 300,
    ">= 100 and < 300": lambda n: 100 <= n < 300,
    "100以上かつ300未満": lambda n: 100 <= n < 300,
    "100、300": lambda n: n in (100, 300),
    "100, 300": lambda n: n in (100, 300),
    "100\n300": lambda n: n in (100, 300),
    "in(100, 300)": lambda n: n in (100, 300),
    "< 100, >= 300": lambda n: n < 100 or n >= 300,
    "100未満、300以上": lambda n: n < 100 or n >= 300,
    "1,000以上": lambda n: n >= 1_000,
    "[1,000..12,000)": lambda n: 1_000 <= n < 12_000,
    "300,000": lambda n: n == 300_000,
    "1万以上": lambda n: n >= 10_000,
    "1.5万": lambda n: n == 15_000,
    "2千人": lambda n: n == 2_000,
    "1億2000万": lambda n: n == 120_000_000,
    "3百万〜1千万": lambda n: 3_000_000 <= n <= 10_000_000,
    "-5": lambda n: n == -5,
    "1e3": lambda n: n == 1_000,
}
DAYS: dict[str, Callable[[date], bool]] = {
    "2026-04-01": lambda d: d == date(2026, 4, 1),
    "２０２６年４月１日": lambda d: d == date(2026, 4, 1),
    "2026/4/1以降": lambda d: d >= date(2026, 4, 1),
    "2026-04-01以後": lambda d: d >= date(2026, 4, 1),
    "≧ 2026.4.1": lambda d: d >= date(2026, 4, 1),
    "2026-04-01以前": lambda d: d <= date(2026, 4, 1),
    "2026-04-01まで": lambda d: d <= date(2026, 4, 1),
    "20260401より前": lambda d: d < date(2026, 4, 1),
    "2026-04-01より後": lambda d: d > date(2026, 4, 1),
    "2026-04-01以外": lambda d: d != date(2026, 4, 1),
    '[date("2026-04-01")..date("2026-04-03"))': lambda d: date(2026, 4, 1) <= d < date(2026, 4, 3),
    "2026/4/1〜2026/4/3": lambda d: date(2026, 4, 1) <= d <= date(2026, 4, 3),
    "2026年4月1日から2026年4月3日まで": lambda d: date(2026, 4, 1) <= d <= date(2026, 4, 3),
    "2026/4/1、2026/4/3": lambda d: d in (date(2026, 4, 1), date(2026, 4, 3)),
}
INDUSTRIES: dict[str, Callable[[str], bool]] = {
    "製造業": lambda t: t == "製造業",
    '"製造業"': lambda t: t == "製造業",
    "「製造業」": lambda t: t == "製造業",
    "＝「製造業」": lambda t: t == "製造業",
    "== 製造業": lambda t: t == "製造業",
    '"製造業","小売業"': lambda t: t in ("製造業", "小売業"),
    "製造業、小売業": lambda t: t in ("製造業", "小売業"),
    "製造業，小売業": lambda t: t in ("製造業", "小売業"),
    "製造業；小売業": lambda t: t in ("製造業", "小売業"),
    "製造業、\n小売業\n": lambda t: t in ("製造業", "小売業"),
    "not(製造業)": lambda t: t != "製造業",
    "not（製造業、小売業）": lambda t: t not in ("製造業", "小売業"),
    "製造業以外": lambda t: t != "製造業",
    "≠製造業": lambda t: t != "製造業",
    "製造で始まる": lambda t: t.startswith("製造"),
    'starts with("製造", "A")': lambda t: t.startswith(("製造", "A")),
    '"1,000円"': lambda t: t == "1,000円",
    "1, 000": lambda t: t in ("1", "000"),
    "卸売業・小売業": lambda t: t == "卸売業・小売業",
    "(株)A、サービス業（飲食、宿泊）": lambda t: t in ("(株)A", "サービス業（飲食、宿泊）"),
    '"say \\"hi\\"\\n\\u00e9"': lambda t: t == 'say "hi"\né',
    '"300以上"': lambda t: t == "300以上",
}
YES = ("true", "TRUE", "はい", "yes", "○", "◯", "〇", "有", "あり", "= true", "not(false)", "≠ ×")
NO = ("false", "False", "いいえ", "no", "×", "✕", "無", "なし", "!= true", "not(はい)")
BANDS: dict[str, Callable[[str], bool]] = {
    "1": lambda b: b == "band_1",
    "２": lambda b: b == "band_2",
    '"band_1"': lambda b: b == "band_1",
    "Top": lambda b: b == "band_1",
    "最上位": lambda b: b == "band_1",
    "1、2": lambda b: b in ("band_1", "band_2"),
    "1以外": lambda b: b != "band_1",
    '>= "band_2"': lambda b: b in ("band_1", "band_2"),
    "最上位以下": lambda b: b in ("band_1", "band_2", "band_3"),
    "最上位以上": lambda b: b == "band_1",
    "no_band": lambda b: b == "no_band",
}
TAGGED: dict[str, Callable[[frozenset[str]], bool]] = {
    "us": lambda tags: "us" in tags,
    "自社": lambda tags: "us" in tags,
    "自社を含む": lambda tags: "us" in tags,
    "自社、他社": lambda tags: bool(tags & {"us", "them"}),
    "自社以外": lambda tags: "us" not in tags,
    '!= "us"': lambda tags: "us" not in tags,
    "not(us, x)": lambda tags: not tags & {"us", "x"},
}
MEANT: list[tuple[Fact, dict[str, Callable[[Any], bool]], list[Any]]] = [
    (COUNT, NUMBERS, [n + d for n in (-5, 1, 100, 300, 1_000, 2_000, 10_000, 12_000, 15_000,
        300_000, 3_000_000, 10_000_000, 120_000_000) for d in (-1, 0, 1)]),
    (DAY, DAYS, [date(2026, 3, 30) + timedelta(days=n) for n in range(7)]),
    (TEXT, INDUSTRIES, ["製造業", "小売業", "製造", "A", "(株)A", "サービス業（飲食、宿泊）",
        'say "hi"\né', "300以上", "卸売業・小売業", "製造業、小売業", "1", "000", "1,000円", ""]),
    (BAND, BANDS, ["band_1", "band_2", "band_3", "no_band"]),
    (TAGS, TAGGED, [frozenset(), frozenset({"us"}), frozenset({"them", "x"}), frozenset({"自社"})]),
    (FLAG, dict.fromkeys(YES, lambda yes: yes), [True, False]),
    (FLAG, dict.fromkeys(NO, lambda yes: not yes), [True, False]),
]  # fmt: skip


def holds(condition: Condition | None, fact: Fact, value: Any) -> bool | None:
    """What the specification says of the condition where the fact has this value."""
    assert condition is not None
    if fact.kind == "level" and value is not None:
        outcome = SimpleNamespace(key=value)
        value = SimpleNamespace(value=outcome, possible=(outcome,))
    return examine(condition, {"it": SimpleNamespace(**{fact.key: value})}, {}).now


@pytest.mark.parametrize(
    ("fact", "typed", "meant", "values"),
    [(fact, typed, meant, vs) for fact, way, vs in MEANT for typed, meant in way.items()],
)
def test_what_people_type_means_what_they_mean(
    fact: Fact, typed: str, meant: Callable[[Any], bool], values: list[Any]
) -> None:
    """A cell holds of exactly those values of which a person would say that it does."""
    condition = read(typed, fact).condition
    assert [holds(condition, fact, value) for value in values] == [meant(value) for value in values]
    assert holds(condition, fact, None) is None


@pytest.mark.parametrize("typed", ["missing", "空欄", "未入力", "（空欄）", "空欄以外"])
@pytest.mark.parametrize("fact", [COUNT, MONEY, RATE, FLAG, TEXT, DAY, TAGS])
def test_what_is_missing_can_be_asked_for(fact: Fact, typed: str) -> None:
    """A cell can ask whether a fact is missing, of every kind that can be."""
    read_back = read(typed, fact)
    assert read_back.text == ("not(missing)" if typed == "空欄以外" else "missing")
    assert holds(read_back.condition, fact, None) is (typed != "空欄以外")


@pytest.mark.parametrize(
    ("fact", "typed", "canonical"),
    [
        (COUNT, "３００人以上", ">= 300"),
        (COUNT, "100〜299", "[100..299]"),
        (COUNT, "1、100", "1, 100"),
        (COUNT, "in(5)", "in(5)"),
        (COUNT, "< 10, 100, missing", "< 10, 100, missing"),
        (COUNT, "+007", "7"),
        (MONEY, "3億円以上", ">= 300000000"),
        (MONEY, "¥1,000.50", "1000.5"),
        (RATE, "0.10以上", ">= 0.1"),
        (RATE, "-0.0以上", ">= 0"),
        (RATE, ">= 5e-324", ">= 5e-324"),
        (DAY, "2026年4月1日以降", '>= date("2026-04-01")'),
        (DAY, "2026/4/1〜2026/9/30", '[date("2026-04-01")..date("2026-09-30")]'),
        (TEXT, "製造業、小売業", '"小売業", "製造業"'),
        (TEXT, "製造業以外", '!= "製造業"'),
        (TEXT, "not(製造業)", 'not("製造業")'),
        (TEXT, '"a\u3000b\\u200b"', '"a\u3000b\\u200b"'),
        (BAND, "最上位以上", '>= "band_1"'),
        (BAND, "Top", "1"),
        (FLAG, "○", "true"),
        (FLAG, "true, missing", "true, missing"),
    ],
)
def test_it_is_folded_into_one_form_with_a_note(fact: Fact, typed: str, canonical: str) -> None:
    """A note says what was understood, unless it was typed like that."""
    cell = read(typed, fact)
    assert cell.text == canonical
    assert cell.note == ("" if typed == canonical else f"read as {canonical}")


def test_a_header_multiplies_exactly() -> None:
    """The unit of a header counts in tenths of a sen as it does in whole numbers."""
    million = Decimal(1_000_000)
    assert read("0.1以上", MONEY, unit=million) == Cell(
        Compare(MONEY, ">=", 100_000), ">= 0.1", "read as >= 0.1"
    )
    assert read("100〜299", MONEY, unit=million).text == "[100..299]"
    assert write(Compare(MONEY, "<", Decimal("0.01")), MONEY, unit=10**8) == "< 0.0000000001"
    assert write(Compare(COUNT, "==", 2**63 - 1), COUNT, unit=10**12) == "9223372.036854775807"


def test_a_word_of_one_alphabet_stands_as_it_is() -> None:
    """Only letters of another alphabet among latin ones are taken for a slip."""
    for text in ("ІТ", "ІТ services"):
        assert read(text, TEXT).condition == Compare(TEXT, "==", text)


AMBIGUOUS = [
    (COUNT, "1,000,2,000", "'1,000,2,000' can mean numbers with grouped digits, or the list"),
    (COUNT, "100,200", "the number 100200, or the list 100, 200; write 100200, or 100, 200"),
    (COUNT, "1, 000", "the number 1000, or a list with 0; write 1000"),
    (COUNT, ">= 100, < 300", "can mean both at once, [100..300), or either, which always holds"),
    (COUNT, "100以上、300以下", "can mean both at once, [100..300], or either"),
    (COUNT, "300未満, 100超", "can mean both at once, (100..300), or either"),
    (COUNT, "1、000", "the number 1000, or a list with 0; write 1000"),
    (COUNT, "1,00", "the number 100, or a list with 0; write 100"),
    (MONEY, "1〜10億", "'1~10億' can mean from 1, or from 1億; write 億 behind both, or neither"),
    (COUNT, "100-300万人", "'100-300万' can mean from 100, or from 100万"),
    (TEXT, "A以外、B以外", "can mean none of several values, or that one test holds, which is"),
    (COUNT, "!= 1, != 2", "can mean none of several values"),
    (COUNT, "1以外、2", "can mean none of several values"),
    (TAGS, "us以外、x以外", "can mean none of several values"),
    (TEXT, "業を含む", "can mean a comparison, which no text has"),
    (TAGS, "usを含まない", "can mean a comparison, which no set has"),
    (TEXT, "NOT 製造業", "can mean a comparison"),
    (TEXT, "製造業ではない", "can mean a comparison"),
    (TEXT, "全て", "'全て' can mean any value, or the text itself; write -, or"),
    (COUNT, "1、2以外", "以外 can be meant of the last value, or of all; write not(…)"),
    (TEXT, "A、Bで始まる", "で始まる can be meant of the last value, or of all; write starts"),
    (COUNT, "10%以上", "'10%' can mean 10 hundredths, or 10 itself"),
    (COUNT, "ー", "'ー' can mean any value, or none; write - for any, or missing"),
    (DAY, "4/1", "'4/1' can mean a day of this year, or the day of every year; write the year"),
    (DAY, "4月1日以降", "'4月1日' can mean a day of this year"),
    (DAY, "10/11/2026", "can mean 2026-10-11, or 2026-11-10; write one of these"),
    (DAY, "26/4/1", "can mean 2001-04-26, or 2026-04-01; write one of these"),
    (DAY, "2026年4月", "'2026年4月' can mean its first day, or any of its days; write a range"),
    (TEXT, "製造業, -", '- can mean any value, or the text itself; write - alone, or "-"'),
    (TEXT, "なし", "'なし' can mean that it is unknown, or the text itself; write missing, or"),
    (TEXT, "300以上", "can mean a comparison, which no text has, or the text itself"),
    (TEXT, ">= 300", "can mean a comparison, which no text has, or the text itself"),
    (TEXT, "[a..b]", "can mean a comparison"),
    (TEXT, "50〜99名", "can mean a comparison"),
    (TEXT, "300〜", "can mean a comparison"),
    (TEXT, "〜300", "can mean a comparison"),
    (TEXT, "50..99", "can mean a comparison"),
    (TEXT, "at least 300", "can mean a comparison"),
    (TEXT, "1,000円", "'1,000円' can mean digits in groups, or a list; write it in quotes, or the"),
    (TAGS, "A、１，０００", "can mean digits in groups, or a list; write it in quotes"),
    (TEXT, "製造業または小売業", "can mean a comparison"),
    (TEXT, "製*", "can mean a comparison"),
    (TAGS, "> us", "can mean a comparison, which no set has"),
    (BAND, ">= 2", 'can mean a higher level, or a larger number; write >= "band_2" or <= "band_2"'),
    (BAND, "2以上", "can mean a higher level, or a larger number"),
    (BAND, "rest", 'can mean 3, or "no_band"; write the one meant'),
]
REFUSED = [
    (COUNT, "=1+1", "'=1+1' looks like a formula, which is never run; write the value"),
    (TEXT, "=SUM(A1)", "looks like a formula, which is never run; write the text in quotes"),
    (TEXT, "@SUM", "begins like a formula"),
    (TEXT, "#N/A", "'#N/A' is an error of Excel; write a value, or \"#N/A\""),
    (TEXT, "+81", "begins like a formula, which is never run; write \"+81\" for the text itself"),
    (COUNT, "約300", "is no test of a number; write for example >= 300, [100..300) or 300以上"),
    (COUNT, "三百", "is no test of a number"),
    (COUNT, "300円", "is no test of a number"),
    (COUNT, "３OO", "is no test of a number"),
    (COUNT, ">= 100 >= 300", "is no test of a number"),
    (COUNT, "[1 2..3]", "is no test of a number"),
    (COUNT, "[300..100]", "nothing lies between 300 and 100; swap them"),
    (COUNT, "3〜3未満", "is no test of a number"),
    (COUNT, "3以上3未満", "nothing lies between 3 and 3"),
    (COUNT, "1万2億", "'1万2億' is no number; write it in digits"),
    (COUNT, "9" * 65, "a number is written with more than 64 characters; write fewer"),
    (COUNT, "1,", "has nothing beside a comma; delete the comma"),
    (COUNT, "not(1", "opens a parenthesis that it does not close; close it"),
    (COUNT, "in(> 1)", "must list values alone, such as in(1, 2)"),
    (TEXT, "starts with(missing)", 'must list values alone, such as starts with("a", "b")'),
    (COUNT, "starts with(1)", "only a text can be asked for what it starts with"),
    (COUNT, "not(" * 9 + "1" + ")" * 9, "nests not(…) more than 8 deep; split the rule"),
    (COUNT, ", ".join(map(str, range(1_001))), "lists more than 1,000 values; split the rule"),
    (TEXT, "x" * 32_768, "has more than 32,767 characters; split the rule"),
    (DAY, "2026-02-30", "there is no day '2026-02-30'; write another"),
    (DAY, "25/12/2026", "'25/12/2026' is not how a day is written; write 2026-12-25"),
    (DAY, "32/13/2026", "is not how a day is written; write for example 2026-04-01"),
    (DAY, "46113", "is no test of a day; write for example >= 2026-04-01"),
    (DAY, "2026-04-01 12:00", "is no test of a day"),
    (FLAG, "maybe", "'maybe' is no yes or no; write true or false"),
    (FLAG, "true, false", "a yes or no is asked with one value; write true or false"),
    (TEXT, '"製造業', "has a quote on one side, or nothing between two"),
    (TEXT, "'製造業'", "has a quote on one side, or nothing between two"),
    (TEXT, '"a" "b"', "has a quote on one side"),
    (TEXT, "!=", "has a quote on one side, or nothing between two"),
    (TEXT, '"\\q"', "is no escape; write a backslash as two"),
    (TEXT, '"\\ud800"', "is no escape"),
    (TEXT, "emplоyees", "has the letter u+043e among latin ones, which it looks like"),
    (TEXT, "a\u200bb", "holds the character u+200b, which nobody sees; delete it"),
    (COUNT, "3\x00", "holds the character u+0000, which nobody sees; delete it"),
    (BAND, "> top", "'> top': a level is asked with >= or <=; write one of these"),
]  # fmt: skip
OTHER = [
    ("float", RATE, "0.1", "equality of floats is chance; use [a..b]"),
    ("range", COUNT, "1e400", "must be a finite number within 64 bits"),
    ("range", COUNT, "1.5", "must be whole, not 1.5"),
    ("closed", TICKED, "missing", "is closed: a blank means no, so it is never missing"),
    ("level", BAND, "空欄", "is a decision and never missing"),
    ("blank", TEXT, '" "', "blank text is missing, so nothing equals it; use missing"),
    ("detour", BAND, "no_band以上", "lies outside the ladder; use a list such as"),
    ("unknown-level", BAND, "bnad_1", "no such level 'bnad_1'; did you mean 'band_1'?"),
]


@pytest.mark.parametrize(
    ("code", "fact", "typed", "message"),
    [
        *(("ambiguous", *case) for case in AMBIGUOUS),
        *(("cell", *case) for case in REFUSED),
        *OTHER,
    ],
)
def test_what_is_no_test_or_two_is_refused(code: str, fact: Fact, typed: str, message: str) -> None:
    """What cannot be read, or in two ways, is refused with what would have worked."""
    with pytest.raises(InvalidDataError) as caught:
        read(typed, fact)
    check_grammar(caught.value)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == (code, fact.name)
    assert message in problem.message


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("3億円", "'3億円' can mean 300000000, or 300000000000000; write the number of 1000000"),
        ("1,000億円", "'1000億円' can mean 100000000000, or 100000000000000000; write"),
        ("300円以上", "'300円' can mean 300, or 300000000"),
        ("3億以上", "'3億' can mean 300000000, or 300000000000000"),
    ],
)
def test_a_unit_in_the_cell_and_in_the_header_is_ambiguous(typed: str, message: str) -> None:
    """Whether the header still counts where the cell has a unit of its own is not guessed."""
    with pytest.raises(InvalidDataError, match=r"^it\.money: ") as caught:
        read(typed, MONEY, unit=1_000_000)
    assert message in str(caught.value)


COUNTS: Any = term_for(COUNT)
TEXTUAL: Any = term_for(TEXT)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (All(()), "it.count: a cell asks about one fact, not about no fact; write the rule in"),
        ((COUNTS >= 1) & (TEXTUAL == "a"), "not about it.count and it.text; write the rule"),
        (Exists("it", COUNTS >= 1), "no cell can ask for any product; write the rule in TOML"),
        (All((COUNTS >= 1,)), "no cell can hold 'all' and 'any' like these"),
        ((COUNTS >= 9) & (COUNTS < 1), "no cell can hold 'all' and 'any' like these"),
        (AnyOf((COUNTS >= 1,)), "no cell can hold 'all' and 'any' like these"),
        (AnyOf((COUNTS == 1, COUNTS == 2)), "'1, 2' asks something else; write the rule in TOML"),
        (AnyOf((COUNTS >= 1, COUNTS < 9)), "no cell can hold it: '>= 1, < 9' can mean both"),
        (TEXTUAL == "\ud800", "no cell can hold it: holds the character u+d800"),
    ],
)
def test_what_no_cell_can_hold_is_refused(when: Condition, message: str) -> None:
    """A condition that would be read back as another one is never written."""
    fact = TEXT if "u+d800" in message else COUNT
    with pytest.raises(InvalidDataError) as caught:
        write(when, fact)
    assert [problem.code for problem in caught.value.problems] == ["cell"]
    assert message in str(caught.value)


def test_a_number_is_only_written_in_units_that_divide_it() -> None:
    """No cell rounds."""
    with pytest.raises(InvalidDataError, match=r"^it\.count: 10 is no exact number of 3 each"):
        write(COUNTS == 10, COUNT, unit=3)


def test_a_condition_of_another_fact_is_refused() -> None:
    """What stands in a column asks about the fact of its header."""
    with pytest.raises(InvalidDataError, match=r"製造業.+asks something else"):
        write(TEXTUAL == "製造業", KEY)


class TestColumns:
    def test_a_row_has_its_cells_in_order(self) -> None:
        """Bounds next to each other are one cell, and a fact may come twice."""
        small, text = COUNTS.between(1, 9), TEXTUAL == "a"
        assert columns(small & text) == ((COUNT, small), (TEXT, text))
        assert columns((COUNTS >= 1) & text & (COUNTS <= 9)) == (
            (COUNT, COUNTS >= 1),
            (TEXT, text),
            (COUNT, COUNTS <= 9),
        )
        assert columns(All(())) == ()
        assert columns(text) == ((TEXT, text),)

    @pytest.mark.parametrize(
        ("when", "message"),
        [
            (All((COUNTS >= 1,)), "a row cannot hold 'all' within 'all'; write the rule in TOML"),
            (All((All(()), COUNTS >= 1)), "a row cannot hold 'all' within 'all'"),
            ((COUNTS >= 1) & ((COUNTS > 5) | (TEXTUAL == "a")), "not about it.count and it.text"),
            ((TEXTUAL == "a") & Exists("it", COUNTS >= 1), "no cell can ask for any product"),
            (AnyOf(()), "a cell asks about one fact, not about no fact"),
        ],
    )
    def test_what_stands_across_facts_is_refused_by_name(
        self, when: Condition, message: str
    ) -> None:
        """A sheet says which part of a rule it cannot hold."""
        with pytest.raises(InvalidDataError) as caught:
            columns(when)
        check_grammar(caught.value)
        assert [problem.code for problem in caught.value.problems] == ["cell"]
        assert message in str(caught.value)


def test_conditions_are_those_that_python_builds() -> None:
    """A condition from a cell is the same value as one from a term."""
    assert read("製造業、小売業", TEXT).condition == IsIn(TEXT, ("小売業", "製造業"))
    assert read("自社、x", TAGS).condition == ContainsAny(TAGS, ("us", "x"))
    assert read('>= "band_2"', BAND).condition == AtLeast(BAND, "band_2")
    assert read("[1..9]", COUNT).condition == COUNTS.between(1, 9)
