"""Random records of cases as a table, the same table on every engine, and what columns decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Final, NamedTuple

import duckdb
import ibis
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa

from mpfunnel.rules.columns import Decided, decide_columns, missing_columns
from mpfunnel.rules.conditions import (
    AnyOf,
    AtMost,
    Compare,
    Condition,
    Exists,
    IsIn,
    IsMissing,
    Leaf,
    StartsWith,
    parts_of,
    walk,
)
from mpfunnel.rules.explain import Finding, examine, explain
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, Scorecard, ScoreItem
from tests.policies import (
    SCALE,
    WORDS,
    Case,
    Records,
    compiled_of,
    critical_points,
    draw_case,
    draw_records,
)

__all__ = [
    "BACKENDS",
    "MISSING_NUMBERS",
    "TRAPS",
    "Answer",
    "Drawn",
    "Places",
    "Question",
    "asked",
    "decided",
    "draw_cases",
    "draw_given",
    "table_of",
    "wanted",
]

Answer = tuple[Any, str, frozenset[Any]]
"""The value, the rule, and the possible values."""

_TYPES: Final[Mapping[str, Any]] = {
    "int": pa.int64(),
    "decimal": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "date": pa.int64(),
    "set": pa.bool_(),
    "level": pa.int64(),
}


class Places(NamedTuple):
    """A layout: columns are numbered, because some engines know no upper and lower case."""

    facts: tuple[Fact, ...]
    exists: tuple[Exists, ...]
    prefix: str

    @classmethod
    def of(cls, case: Case, prefix: str = "") -> Places:
        """The layout of a case; several stand in one table by their prefixes."""
        found: dict[Exists, None] = {}
        for when in case.policy.conditions:
            found.update(dict.fromkeys(_outermost(when)))
        return cls(case.facts, tuple(found), prefix)

    def value(self, fact: Fact) -> str:
        """The column of a fact."""
        return f"{self.prefix}fact_{self.facts.index(fact)}"

    def member(self, fact: Fact, value: str) -> str:
        """The column of a member of a set."""
        return f"{self.value(fact)}_has_{WORDS.index(value)}"

    def possible(self, fact: Fact) -> Mapping[str, str]:
        """The columns of what a level may become."""
        return {key: f"{self.value(fact)}_may_{key}" for key in SCALE.keys}

    def some(self, exists: Exists, *, later: bool) -> tuple[str, str]:
        """The columns of the two rails of what ranges over rows."""
        place = f"{self.prefix}some_{self.exists.index(exists)}_{'later' if later else 'now'}"
        return f"{place}_true", f"{place}_false"


def _outermost(condition: Condition) -> Iterable[Exists]:
    if isinstance(condition, Exists):
        yield condition
    elif not isinstance(condition, Leaf):
        for part in parts_of(condition):
            yield from _outermost(part)


def _prefixes(cases: Sequence[Case]) -> list[str]:
    return [f"case_{number}_" for number in range(len(cases))]


def table_of(cases: Sequence[Case], given: Sequence[Sequence[Records]]) -> pa.Table:
    """The records of each case side by side, one row each, with their place in the column `id`."""
    columns = {"id": pa.array(range(len(given[0])), pa.int64())}
    for case, prefix, records in zip(cases, _prefixes(cases), given, strict=True):
        types: dict[str, Any] = {}
        rows = [_row(Places.of(case, prefix), one, types) for one in records]
        columns |= {name: pa.array([row[name] for row in rows], types[name]) for name in types}
    return pa.table(columns)


def _row(places: Places, given: Records, types: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {}

    def put(name: str, value: Any, kind: Any) -> None:
        types[name] = kind
        row[name] = value

    for fact in places.facts:
        if fact.root not in given.records:
            continue
        record = given.records[fact.root]
        value: Any = _value(record, fact)
        column, kind = places.value(fact), _TYPES[fact.kind]
        if fact.kind == "level":
            put(column, SCALE.keys.index(value.value.key), kind)
            for key, may in places.possible(fact).items():
                put(may, key in {one.key for one in value.possible}, pa.bool_())
        elif fact.kind == "set":
            put(column, None if value is None else True, kind)
            for word in WORDS:
                put(places.member(fact, word), None if value is None else word in value, kind)
        else:
            put(column, _held(fact, value), kind)
    for exists in places.exists:
        found = examine(exists, given.records, given.rows)
        for later, reading in ((False, found.now), (True, found.later)):
            true, false = places.some(exists, later=later)
            put(true, reading is True, pa.bool_())
            put(false, reading is False, pa.bool_())
    return row


def _value(record: Any, fact: Fact) -> Any:
    return getattr(record, fact.within).get(fact.key) if fact.within else getattr(record, fact.key)


def _held(fact: Fact, value: Any) -> Any:
    if value is None:
        return None
    if fact.kind == "decimal" and not fact.minor:
        return int(value * 10**fact.places)
    return value.toordinal() if fact.kind == "date" else value


_NULLABLE: Final = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}


def _numpy(table: pa.Table) -> pd.DataFrame:
    """NumPy columns hold no missing flag; an integer with gaps is a float, if it is exact (S24)."""
    frame = table.to_pandas()
    for column in table.schema:
        values = table[column.name]
        # 2^53 itself is no proof: it is also what is left of 2^53 + 1.
        large = any(type(value) is int and abs(value) >= 2**53 for value in values.to_pylist())
        if values.null_count and (large or column.type == pa.bool_()):
            frame[column.name] = values.to_pandas(types_mapper=_NULLABLE.get)
    return frame


def _objects(table: pa.Table) -> pd.DataFrame:
    """Before pandas 3, text was a column of Python objects; it still may be."""
    frame = _numpy(table)
    for column in table.schema:
        if column.type == pa.string():
            frame[column.name] = pd.Series(table[column.name].to_pylist(), dtype=object)
    return frame


def _relation(table: pa.Table) -> Any:
    connection = duckdb.connect()
    connection.register("records", table)
    return connection.table("records")


BACKENDS: Final[Mapping[str, Callable[[pa.Table], Any]]] = {
    "Polars": pl.from_arrow,
    "Polars, lazy": lambda table: pl.DataFrame(table).lazy(),
    "pandas, NumPy": _numpy,
    "pandas, objects": _objects,
    "pandas, nullable": lambda table: table.to_pandas(types_mapper=_NULLABLE.get),
    "pandas, Arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "PyArrow": lambda table: table,
    "DuckDB": _relation,
    "Ibis on DuckDB": ibis.memtable,
}
"""From a PyArrow table to the same table of each kind."""


def decided(cases: Sequence[Case], native: Any, *, possible: bool = True) -> list[list[Answer]]:
    """What columns decide: for each case the answer of each row, in the order of the ids."""
    question = Question.about(cases, nw.from_native(native), possible=possible)
    return question.answers(_fetched(question.frame))


def asked(cases: Sequence[Case], native: Any) -> list[list[frozenset[str]]]:
    """What columns ask for: for each case the missing facts of each row, in the order of ids."""
    question = Question.missing_for(cases, nw.from_native(native))
    return question.missing(_fetched(question.frame))


class Question(NamedTuple):
    """What is asked of a table about several cases at once, and how to read what it answers."""

    frame: Any
    """The ids, and the columns that answer."""
    cases: Sequence[Case]
    found: Sequence[Any]

    @classmethod
    def about(cls, cases: Sequence[Case], frame: Any, *, possible: bool = True) -> Question:
        """What is decided."""
        found: list[Decided] = []
        for case, prefix in zip(cases, _prefixes(cases), strict=True):
            layout = Places.of(case, prefix)
            name = f"{prefix}x"
            frame, one = decide_columns(frame, case.policy, layout, name=name, possible=possible)
            found.append(one)
        names = (name for one in found for name in (one.code, *one.possible))
        return cls(frame.select("id", *names), cases, found)

    @classmethod
    def missing_for(cls, cases: Sequence[Case], frame: Any) -> Question:
        """What is to be asked for."""
        found: list[Mapping[str, str]] = []
        for case, prefix in zip(cases, _prefixes(cases), strict=True):
            layout = Places.of(case, prefix)
            frame, one = missing_columns(frame, case.policy, layout, name=f"{prefix}x")
            found.append(one)
        return cls(frame.select("id", *(n for one in found for n in one.values())), cases, found)

    def answers(self, rows: Any) -> list[list[Answer]]:
        """The answers of `about`, from its columns in the order of the ids."""
        told = []
        for case, columns in zip(self.cases, self.found, strict=True):
            outcomes = case.policy.outcomes if columns.possible else ()
            may = [rows[name].to_list() for name in columns.possible]
            codes = rows[columns.code].to_list()
            kinds = _flagged(outcomes, may) or [frozenset()] * len(codes)
            told.append(
                [
                    (columns.values[code], columns.rules[code], one)
                    for code, one in zip(codes, kinds, strict=True)
                ]
            )
        return told

    def missing(self, rows: Any) -> list[list[frozenset[str]]]:
        """The answers of `missing_for`, from its columns in the order of the ids."""
        none: frozenset[str] = frozenset()
        return [
            _flagged(one, [rows[name].to_list() for name in one.values()]) or [none] * len(rows)
            for one in self.found
        ]


def _fetched(frame: Any) -> Any:
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return frame.sort("id")


def _flagged(things: Iterable[Any], columns: Sequence[list[Any]]) -> list[frozenset[Any]]:
    """For each row the things that its columns say yes to; a null is neither yes nor no."""
    # Equal sets are made once: there are few, and many rows.
    things = tuple(things)
    rows = list(zip(*columns, strict=True))
    sets: dict[tuple[Any, ...], frozenset[Any]] = {}
    for flags in set(rows):
        assert {*flags} <= {True, False}
        sets[flags] = frozenset(one for one, flag in zip(things, flags, strict=True) if flag)
    return [sets[flags] for flags in rows]


def _answer(decision: Decision[Any]) -> Answer:
    return decision.value, decision.rule, frozenset(decision.possible)


def wanted(case: Case, given: Sequence[Records]) -> list[Answer]:
    """What the specification decides, and the compiled function with it."""
    compiled = compiled_of(case)
    answers = []
    for one in given:
        decision = explain(case.policy, one.records, one.rows).decision
        assert compiled(one) == decision
        answers.append(_answer(decision))
    return answers


def _missing(case: Case, given: Sequence[Records]) -> list[frozenset[str]]:
    """What the specification asks for, apart from what rows and other decisions wait for."""
    alone = not any(_asks_elsewhere(at) for when in case.policy.conditions for at in walk(when))
    names = []
    for one in given:
        told = explain(case.policy, one.records, one.rows)
        if alone:
            names.append(frozenset(told.decision.missing))
        else:
            own = [_own(finding) for _, _, finding in told.findings]
            names.append(frozenset(name for finding in own for name in finding.missing()))
    return names


def _asks_elsewhere(at: Condition) -> bool:
    return isinstance(at, Exists) or (isinstance(at, Leaf) and at.fact.kind == "level")


def _own(finding: Finding) -> Finding:
    """The finding, but nothing is missing where rows or another decision are asked."""
    if _asks_elsewhere(finding.condition):
        return finding._replace(later=False)
    return finding._replace(parts=tuple(_own(part) for part in finding.parts))


class Drawn(NamedTuple):
    """Cases, a table of records of theirs, and what is to be decided about each."""

    cases: list[Case]
    table: pa.Table
    wanted: list[list[Answer]]
    missing: list[list[frozenset[str]]]
    """What is to be asked for: for each case the facts of each row."""


def _moderate(case: Case) -> Case:
    """The same case with integers that a float column holds too, though its literals are larger."""
    points = {
        fact: [one for one in values if not (type(one) is int and abs(one) >= 2**53)] or [0]
        for fact, values in case.points.items()
    }
    return case._replace(points=points)


def draw_cases(random: Random, *, cases: int, rows: int) -> Drawn:
    """Random cases, every other one with moderate integers only, with as many rows each."""
    drawn = [draw_case(random) for _ in range(cases)]
    drawn[::2] = [_moderate(case) for case in drawn[::2]]
    return draw_given(random, drawn, rows=rows)


def draw_given(random: Random, cases: list[Case], *, rows: int) -> Drawn:
    """Random records of the cases."""
    given = [[draw_records(random, case) for _ in range(rows)] for case in cases]
    answers = [wanted(case, one) for case, one in zip(cases, given, strict=True)]
    missing = [_missing(case, one) for case, one in zip(cases, given, strict=True)]
    return Drawn(cases, table_of(cases, given), answers, missing)


def _case_of(policy: Any, *facts: Fact) -> Case:
    points = {fact: critical_points(fact, list(policy.conditions)) for fact in facts}
    return Case(policy, ("company",), facts, points)


_SIZE = Fact("company.size", "int")
_NAME = Fact("company.name", "text")
_STAGE = Fact("company.stage", "level", scale=SCALE)
# Names of columns, wildcards, quotes, escapes, and two writings of one letter.
_SIGNS = ("id", "case_0_fact_0", "a_", "%", ".*", "'", '"', "\\", "\\n", "{0}", "が", "か\u3099")
_MANY = range(300)

TRAPS: Final[Mapping[str, Case]] = {
    "text is compared as it stands": _case_of(
        DecisionTable(
            [
                *(Rule(sign, Compare(_NAME, "==", sign)) for sign in _SIGNS),
                *(Rule(f"{sign}…", StartsWith(_NAME, (sign,))) for sign in _SIGNS),
                Rule("in", IsIn(_NAME, tuple(f"x{sign}" for sign in _SIGNS))),
            ],
            "none",
        ),
        _NAME,
    ),
    "many conditions in one": _case_of(
        DecisionTable([Rule("A", AnyOf([Compare(_SIZE, "==", one) for one in _MANY]))], "B"),
        _SIZE,
    ),
    "many rules": _case_of(
        DecisionTable([Rule(one % 3, Compare(_SIZE, "==", one)) for one in _MANY[:100]], -1), _SIZE
    ),
    "large integers, or floats that stand for them": _moderate(
        _case_of(
            DecisionTable(
                [
                    Rule("over", Compare(_SIZE, ">=", 2**53)),
                    Rule("equal", IsIn(_SIZE, (2**53 - 1, 2**53 + 1, 2**63 - 1))),
                    Rule("under", Compare(_SIZE, "<=", 1 - 2**53)),
                ],
                "none",
            ),
            _SIZE,
        )
    ),
    "a condition that no level meets": _case_of(
        DecisionTable([Rule("A", IsMissing(_STAGE)), Rule("B", AtMost(_STAGE, "low"))], "C"),
        _STAGE,
    ),
    "bands that no score reaches": _case_of(
        Scorecard(
            [ScoreItem(1_000_000, Compare(_SIZE, ">", one)) for one in range(3)],
            [Band(at, str(at)) for at in (2**70, 2**31, 2_000_000, -(2**70), -(2**71))],
            "below",
        ),
        _SIZE,
    ),
}
"""Cases that one engine or another once decided wrongly, or not at all."""

_GROWTH = Fact("company.growth", "float")
_UNKNOWN = ("unknown", "otherwise", frozenset({"low", "high", "unknown"}))
MISSING_NUMBERS: Final = Drawn(
    [
        Case(
            DecisionTable(
                [
                    Rule("low", Compare(_GROWTH, "<", 0)),
                    Rule("high", ~Compare(_GROWTH, "<", 0)),
                ],
                "unknown",
            ),
            ("company",),
            (_GROWTH,),
            {},
        )
    ],
    pa.table({"id": [0, 1, 2, 3], "case_0_fact_0": pa.array([float("nan"), None, 1.0, -0.0])}),
    [[_UNKNOWN, _UNKNOWN, *[("high", "rule-2", frozenset({"high"}))] * 2]],
    [[*[frozenset({"company.growth"})] * 2, *[frozenset()] * 2]],
)
"""NaN, which no record of a case holds, and other numbers."""
