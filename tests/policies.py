"""Random schemas, policies and records, drawn from the critical points of the policy.

Everything is drawn through a `random.Random`: Hypothesis brings its own and shrinks what fails,
a seeded one drives long loops.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple, get_args

from attrs import evolve, frozen
from hypothesis import strategies as st

from mpfunnel.labels import Label
from mpfunnel.rules.compiled import compile_policy
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
    Leaf,
    Not,
    Op,
    StartsWith,
    walk,
)
from mpfunnel.rules.explain import explain
from mpfunnel.rules.facts import Fact, Kind, Scale
from mpfunnel.rules.limits import Limit, Limited, reached
from mpfunnel.rules.tables import Band, Decision, DecisionTable, Rule, Scorecard, ScoreItem
from tests.oracle import Answer, oracle

__all__ = [
    "Case",
    "Records",
    "Rung",
    "answer_of",
    "compiled_of",
    "critical_points",
    "disagreements",
    "draw_case",
    "draw_filled",
    "draw_records",
    "randoms",
]

SCALE = Scale(("low", "mid", "high"), ("excluded", "dormant"))
KINDS: tuple[Kind, ...] = get_args(Kind)
KEYS = ("size", "class", "Größe", "a-b", "x.y", "0", "1", "_x", "UPPER", "x", "rows", "x_y")
WORDS = ("a", "ab", "it", "IT", "製造")
DAY = date(2024, 2, 29)


@frozen
class Rung:
    """A level of the scale."""

    key: str


class Case(NamedTuple):
    """A policy with the facts that it may ask about."""

    policy: Any
    roots: tuple[str, ...]
    facts: tuple[Fact, ...]
    points: Mapping[Fact, list[Any]]


class Records(NamedTuple):
    """The facts of one lead or company: the record of each root, and the rows ranged over."""

    records: dict[str, SimpleNamespace]
    rows: dict[str, dict[Any, SimpleNamespace]]


def randoms() -> st.SearchStrategy[Random]:
    """A source of choices that Hypothesis steers and shrinks."""
    return st.randoms(use_true_random=False)


def _draw_fact(random: Random, root: str, key: str) -> Fact:
    kind = random.choice(KINDS)
    return Fact(
        f"{root}.{key}",
        kind,
        open=kind not in ("bool", "set", "int") or random.randrange(3) > 0,
        within="attributes" if kind != "level" and random.randrange(3) == 0 else "",
        places=random.choice((0, 2)) if kind == "decimal" else 0,
        minor=kind == "decimal" and random.randrange(2) == 0,
        scale=SCALE if kind == "level" else None,
    )


def _draw_literal(random: Random, fact: Fact) -> Any:
    match fact.kind:
        case "int":
            value: Any = random.choice((-1, 0, 1, 5, 2**53, 2**53 + 1))
        case "decimal":
            step = Decimal(1).scaleb(-fact.places)
            value = random.choice((0, 3, -step, 5 * step, Decimal(2**53 + 1)))
        case "float":
            value = random.choice((0, 0.1, -1.5, 2.0**53))
        case "bool":
            value = random.choice((True, False))
        case "date":
            value = DAY + timedelta(days=random.choice((-1, 0, 1, 366)))
        case "level":
            value = random.choice(SCALE.keys)
        case _:
            value = random.choice(WORDS)
    return fact.literal(value)


def _draw_several(random: Random, fact: Fact) -> tuple[Any, ...]:
    drawn = {_draw_literal(random, fact) for _ in range(random.randrange(1, 4))}
    return tuple(sorted(drawn))


def _draw_leaf(random: Random, fact: Fact) -> Condition:
    if fact.open and fact.kind != "level" and random.randrange(6) == 0:
        return IsMissing(fact)
    way = random.randrange(3)
    equal: Op = "==" if random.randrange(2) == 0 else "!="
    match fact.kind:
        case "set":
            return ContainsAny(fact, _draw_several(random, fact))
        case "text" if way == 0:
            return StartsWith(fact, _draw_several(random, fact))
        case "level" if way == 0:
            level = random.choice(SCALE.ladder)
            return AtLeast(fact, level) if random.randrange(2) == 0 else AtMost(fact, level)
        case "int" | "decimal" | "float" | "date" if way == 0 or fact.kind == "float":
            order: tuple[Op, ...] = (">=", ">", "<=", "<")
            return Compare(fact, random.choice(order), _draw_literal(random, fact))
        case "bool":
            return Compare(fact, equal, _draw_literal(random, fact))
        case _ if way == 1:
            return IsIn(fact, _draw_several(random, fact))
        case _:
            return Compare(fact, equal, _draw_literal(random, fact))


def _draw_condition(
    random: Random, facts: tuple[Fact, ...], known: frozenset[str], depth: int
) -> Condition:
    askable = [fact for fact in facts if fact.root in known]
    way = random.randrange(9) if depth else 0
    if way <= 3 and askable:
        return _draw_leaf(random, random.choice(askable))
    if way == 4:
        return Not(_draw_condition(random, facts, known, depth - 1))
    if way == 5:
        inside = _draw_condition(random, facts, known | {"product"}, depth - 1)
        return Exists("product", inside)
    members = range(random.randrange(4) if depth else 0)
    conditions = tuple(_draw_condition(random, facts, known, depth - 1) for _ in members)
    return All(conditions) if way in (0, 6, 7) else AnyOf(conditions)


def draw_case(random: Random) -> Case:
    """A random schema and a table or scorecard over it, some of them with limits."""
    roots = random.choice((("company",), ("company", "lead"), ("company", "product")))
    names = {
        (random.choice((*roots, "product")), random.choice(KEYS))
        for _ in range(random.randrange(1, 6))
    }
    facts = tuple(_draw_fact(random, root, key) for root, key in sorted(names))
    known = frozenset(roots)
    conditions = [_draw_condition(random, facts, known, 3) for _ in range(random.randrange(1, 5))]
    policy: Any
    if random.randrange(3) > 0:
        outcomes = ("A", "B", "C")
        policy = DecisionTable(
            [Rule(random.choice(outcomes), when) for when in conditions], random.choice(outcomes)
        )
    else:
        items = []
        for when in conditions:
            points = random.choice((-2, -1, 1, 2, 3))
            items.append(ScoreItem(points, when, if_unknown=random.choice((0, points))))
        starts = {random.randrange(-3, 6) for _ in range(random.randrange(4))}
        bands = [Band(start, random.choice(("A", "B", "C"))) for start in sorted(starts)]
        policy = Scorecard(items, bands, random.choice(("A", "D")))
    if random.randrange(3) == 0:
        policy = _draw_limited(random, policy, facts, known)
    conditions = list(policy.conditions)
    points_of = {fact: critical_points(fact, conditions) for fact in facts}
    return Case(policy, roots, facts, points_of)


def _draw_limited(
    random: Random, policy: Any, facts: tuple[Fact, ...], known: frozenset[str]
) -> Any:
    """The policy with limits; one that waits for rows or other decisions stays as it is."""
    plain = tuple(fact for fact in facts if fact.kind != "level")
    limits = tuple(
        Limit(
            random.choice("ABC"),
            frozenset(random.sample("ABCD", random.randrange(4))),
            _draw_condition(random, plain, known, 2),
            f"limit-{number}",
            Label(f"{number}"),
        )
        for number in range(random.randrange(1, 4))
    )
    limits = tuple(evolve(one, over=one.over - {one.outcome}) for one in limits)
    limited = Limited(policy, limits, tuple(sorted(reached(policy.outcomes, limits))))
    nodes = [at for when in limited.conditions for at in walk(when)]
    waits = any(
        isinstance(at, Exists) or (isinstance(at, Leaf) and at.fact.kind == "level") for at in nodes
    )
    return policy if waits else limited


def critical_points(fact: Fact, conditions: list[Condition]) -> list[Any]:
    """Known values at which an answer may change: each threshold with its neighbours, and more."""
    literals = [
        literal
        for condition in conditions
        for leaf in walk(condition)
        if isinstance(leaf, Leaf) and leaf.fact == fact
        for literal in _literals(leaf)
    ]
    values: list[Any]
    match fact.kind:
        case "int":
            values = [0, 2**53 + 1, *(one + by for one in literals for by in (-1, 0, 1))]
        case "decimal" if fact.minor:
            stored = [int(one * 10**fact.places) for one in literals]
            values = [0, 2**53 + 1, *(one + by for one in stored for by in (-1, 0, 1))]
        case "decimal":
            step = Decimal(1).scaleb(-fact.places)
            values = [Decimal(0), *(one + by * step for one in literals for by in (-1, 0, 1))]
        case "float":
            values = [0.0, float(2**53 + 2), *literals]
            values += [math.nextafter(one, to) for one in literals for to in (-math.inf, math.inf)]
        case "bool":
            values = [False, True]
        case "date":
            values = [DAY, *(one + timedelta(days=by) for one in literals for by in (-1, 0, 1))]
        case "set":
            values = [frozenset(), frozenset({"stranger"}), frozenset({"stranger", *literals})]
            values += [frozenset({one}) for one in literals]
        case "text":
            values = ["stranger", *literals, *(f"{one}x" for one in literals)]
        case "level":
            values = [_settled(key) for key in SCALE.keys]
    return list(dict.fromkeys(values))


def _literals(leaf: Any) -> tuple[Any, ...]:
    for name in ("values", "prefixes"):
        if hasattr(leaf, name):
            return tuple(getattr(leaf, name))
    return (leaf.value,) if hasattr(leaf, "value") else ()


def _settled(key: str) -> Decision[Rung]:
    return Decision(Rung(key), "x", Label("x"), (Rung(key),))


def _draw_value(random: Random, fact: Fact, points: list[Any]) -> Any:
    if fact.kind != "level":
        return None if random.randrange(4) == 0 else random.choice(points)
    possible = tuple(Rung(key) for key in SCALE.keys if random.randrange(2) == 0)
    if len(possible) < 2:
        return random.choice(points)
    missing = random.choice(((), ("company.other",), ("lead.a", "lead.b")))
    return Decision(random.choice(possible), "x", Label("x"), possible, missing)


def draw_records(random: Random, case: Case) -> Records:
    """Records of the case, each fact at one of its critical points or missing."""

    def record(root: str) -> SimpleNamespace:
        made = SimpleNamespace(attributes={})
        for fact in case.facts:
            if fact.root == root:
                _put(made, fact, _draw_value(random, fact, case.points[fact]))
        return made

    rows = {number: record("product") for number in range(random.randrange(4))}
    return Records({root: record(root) for root in case.roots}, {"product": rows})


def _put(record: SimpleNamespace, fact: Fact, value: Any) -> None:
    if fact.within:
        getattr(record, fact.within)[fact.key] = value
    else:
        setattr(record, fact.key, value)


def draw_filled(random: Random, case: Case, given: Records) -> Records:
    """The same records, with some of the missing open facts known and levels nearer settled."""

    def filled(root: str, record: SimpleNamespace) -> SimpleNamespace:
        made = SimpleNamespace(**{**vars(record), "attributes": dict(record.attributes)})
        for fact in case.facts:
            if fact.root != root or not fact.open or random.randrange(3) == 0:
                continue
            value = fact.read(record)
            if fact.kind == "level":
                possible = tuple(one for one in value.possible if random.randrange(2) == 0)
                possible = possible or (random.choice(value.possible),)
                nearer = Decision(
                    random.choice(possible),
                    "x",
                    Label("x"),
                    possible,
                    value.missing if len(possible) > 1 else (),
                )
                _put(made, fact, nearer)
            elif value is None:
                _put(made, fact, random.choice(case.points[fact]))
        return made

    return Records(
        {root: filled(root, record) for root, record in given.records.items()},
        {
            over: {about: filled(over, row) for about, row in by_id.items()}
            for over, by_id in given.rows.items()
        },
    )


def answer_of(decision: Decision[Any]) -> Answer:
    """All that a decision says, as plain values."""
    return Answer(
        decision.value,
        decision.rule,
        decision.because.en,
        decision.possible,
        decision.missing,
        tuple((part.key, part.points, part.known) for part in decision.parts),
        None if decision.instead_of is None else answer_of(decision.instead_of),
    )


def compiled_of(case: Case) -> Callable[[Records], Decision[Any]]:
    """The compiled function of a case, which takes the records as one."""
    function = compile_policy(case.policy, case.roots)
    asks_rows = any(isinstance(at, Exists) for when in case.policy.conditions for at in walk(when))

    def decide(given: Records) -> Decision[Any]:
        arguments: list[Any] = [given.records[root] for root in case.roots]
        if asks_rows:
            arguments.append(given.rows)
        return function(*arguments)

    return decide


def disagreements(
    case: Case, compiled: Callable[[Records], Decision[Any]], given: Records
) -> list[str]:
    """Where an engine says something else than the oracle; each compared twice for the memory."""
    wanted = oracle(case.policy, given.records, given.rows)
    said = {
        "explain": explain(case.policy, given.records, given.rows).decision,
        "compiled": compiled(given),
    }
    return [
        f"{engine}: {got}, oracle: {wanted}"
        for engine, decision in said.items()
        if (got := answer_of(decision)) != wanted
    ]
