"""What a policy means, said a second time: slowly, by enumeration, without the engines' code.

A reading is the set of truth values that a condition may have, so that "unknown" is no third
value with rules of its own: it is the set of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple

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
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.limits import Limited
from mpfunnel.rules.tables import Decision, DecisionTable, Scorecard
from mpfunnel.tiers import Tier

__all__ = ["Answer", "brute_force", "oracle"]

Reading = frozenset[bool]
YES: Reading = frozenset({True})
NO: Reading = frozenset({False})
EITHER: Reading = frozenset({True, False})


class Answer(NamedTuple):
    """All that a decision says, as plain values."""

    value: Any
    rule: str
    because: str
    possible: tuple[Any, ...]
    missing: tuple[str, ...]
    parts: tuple[tuple[str, int, bool], ...]
    instead_of: Any = None
    """What it would be without the limit that decides."""


class World(NamedTuple):
    """The records in sight, and what is ranged over."""

    records: Mapping[str, Any]
    rows: Mapping[str, Mapping[Any, Any]]


def held(fact: Fact, world: World) -> Any:
    """The value in the record, a blank closed fact as its empty value (S2)."""
    whose, _, which = fact.name.partition(".")
    record = world.records[whose]
    value = getattr(record, fact.within)[which] if fact.within else getattr(record, which)
    if value is not None or fact.open:
        return value
    return {"bool": False, "set": frozenset(), "int": 0}[fact.kind]


def _sign(fact: Fact, value: Any, literal: Any) -> int:
    """Whether the value lies below (-1), at (0) or above (1) the literal."""
    if isinstance(value, date):
        distance: int = value.toordinal() - literal.toordinal()
        return (distance > 0) - (distance < 0)
    scaled = literal * 10**fact.places if fact.minor else literal
    above: bool = value > scaled
    below: bool = value < scaled
    return int(above) - int(below)


def _same(fact: Fact, value: Any, literal: Any) -> bool:
    if isinstance(value, int | float | Decimal | date) and not isinstance(value, bool):
        return _sign(fact, value, literal) == 0
    return bool(value == literal)


_SIGNS: dict[str, tuple[int, ...]] = {">=": (0, 1), ">": (1,), "<=": (0, -1), "<": (-1,)}


def _true_of(leaf: Any, value: Any) -> bool:
    fact: Fact = leaf.fact
    if isinstance(leaf, Compare):
        if leaf.op in _SIGNS:
            return _sign(fact, value, leaf.value) in _SIGNS[leaf.op]
        return _same(fact, value, leaf.value) is (leaf.op == "==")
    if isinstance(leaf, IsIn):
        return any(_same(fact, value, one) for one in leaf.values)
    if isinstance(leaf, StartsWith):
        return any(value[: len(one)] == one for one in leaf.prefixes)
    if isinstance(leaf, ContainsAny):
        return any(one in value for one in leaf.values)
    assert fact.scale is not None
    rungs = {key: height for height, key in enumerate(fact.scale.ladder)}
    if value not in rungs:
        return False
    if isinstance(leaf, AtLeast):
        return rungs[value] >= rungs[leaf.level]
    assert isinstance(leaf, AtMost)
    return rungs[value] <= rungs[leaf.level]


def read(at: Condition, world: World, later: bool) -> Reading:
    """The truth values that the condition may have, now or later (S3)."""
    if isinstance(at, Not):
        return frozenset(not truth for truth in read(at.condition, world, later))
    if isinstance(at, All):
        return frozenset(all(ways) for ways in _ways(at, world, later))
    if isinstance(at, AnyOf | Exists):
        return frozenset(any(ways) for ways in _ways(at, world, later))
    leaf: Any = at
    value = held(leaf.fact, world)
    if isinstance(at, IsMissing):
        return NO if value is not None else EITHER if later else YES
    if value is None:
        return EITHER
    if leaf.fact.kind == "level":
        outcomes = value.possible if later else (value.value,)
        return frozenset(_true_of(leaf, outcome.key) for outcome in outcomes)
    return frozenset({_true_of(leaf, value)})


def _inside(at: Any, world: World) -> list[tuple[Condition, World]]:
    if isinstance(at, Not):
        return [(at.condition, world)]
    if isinstance(at, Exists):
        rows = world.rows[at.over].values()
        return [(at.condition, World({**world.records, at.over: row}, world.rows)) for row in rows]
    return [(inner, world) for inner in getattr(at, "conditions", ())]


def _ways(at: Condition, world: World, later: bool) -> Iterator[tuple[bool, ...]]:
    return product(*(read(inner, seen, later) for inner, seen in _inside(at, world)))


def missing_under(at: Condition, world: World) -> Iterator[str]:
    """The open missing facts under conditions that are unknown later, left to right (S4)."""
    if read(at, world, later=True) != EITHER:
        return
    inside = _inside(at, world)
    if not inside:
        leaf: Any = at
        value = held(leaf.fact, world)
        yield from (value.missing if value is not None else ()) or (leaf.fact.name,)
    for inner, seen in inside:
        yield from missing_under(inner, seen)


def _once(values: Any) -> tuple[Any, ...]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return tuple(kept)


def oracle(policy: Any, records: Mapping[str, Any], rows: Mapping[str, Any]) -> Answer:
    """What the policy decides."""
    world = World(records, rows)
    if hasattr(policy, "limits"):
        return _bounded(policy, oracle(policy.policy, records, rows), world)
    if isinstance(policy, Scorecard):
        return _scored(policy, world)
    return _tabled(policy, world)


def _moved(limit: Any, value: Any) -> Any:
    """What a limit makes of a value while it holds."""
    if hasattr(limit, "over"):
        return limit.outcome if value in limit.over else value
    if limit.best is not None:
        return max(value, limit.best, key=lambda tier: tier.number)
    return min(value, limit.worst, key=lambda tier: tier.number)


def _bounded(policy: Any, inner: Answer, world: World) -> Answer:
    """Every way in which the limits may turn out, tried one by one."""
    value, decides = inner.value, None
    for limit in policy.limits:
        if _moved(limit, value) != value and read(limit.when, world, later=False) == YES:
            value, decides = _moved(limit, value), limit
    missing = list(inner.missing)
    possible = set()
    bears = set()
    for one in inner.possible:
        ways = [read(limit.when, world, later=True) for limit in policy.limits]
        for truths in product(*ways):
            at = one
            for place, (limit, truth) in enumerate(zip(policy.limits, truths, strict=True)):
                if _moved(limit, at) != at:
                    bears.add(place)
                    at = _moved(limit, at) if truth else at
            possible.add(at)
    for place in sorted(bears):
        missing += missing_under(policy.limits[place].when, world)
    order = policy.outcomes if isinstance(policy, Limited) else map(Tier, range(1, 10))
    told = tuple(one for one in order if one in possible)
    if decides is None:
        return inner._replace(possible=told, missing=_once(missing))
    return Answer(value, decides.key, decides.because.en, told, _once(missing), (), inner)


def _tabled(table: DecisionTable[Any], world: World) -> Answer:
    at_last = [read(rule.when, world, later=True) for rule in table.rules]
    reached = at_last.index(YES) + 1 if YES in at_last else len(at_last)
    open_rules = [
        rule for rule, reading in zip(table.rules[:reached], at_last, strict=False) if reading != NO
    ]
    outcomes = [rule.outcome for rule in open_rules]
    if YES not in at_last:
        outcomes.append(table.otherwise)
    fired = [rule for rule in table.rules if read(rule.when, world, later=False) == YES]
    value, key, because = table.otherwise, "otherwise", table.otherwise_because
    if fired:
        value, key, because = fired[0].outcome, fired[0].key, fired[0].because
    missing = [name for rule in open_rules for name in missing_under(rule.when, world)]
    return Answer(value, key, because.en, _once(outcomes), _once(missing), ())


def _scored(card: Scorecard[Any], world: World) -> Answer:
    sums = {0}
    parts = []
    missing: list[str] = []
    for item in card.items:
        now = read(item.when, world, later=False)
        points = {YES: item.points, NO: 0, EITHER: item.if_unknown}[now]
        if points != 0 or now == EITHER:
            parts.append((item.key, points, now != EITHER))
        later = read(item.when, world, later=True)
        sums = {total + item.points * truth for total in sums for truth in later}
        missing += missing_under(item.when, world)
    score = sum(points for _, points, _ in parts)
    # Every score between the lowest and the highest counts as possible (S6).
    met = {_band(card, points) for points in range(min(sums), max(sums) + 1)}
    outcomes = [band.outcome for band in card.bands if band.at_least in met]
    if None in met:
        outcomes.append(card.otherwise)
    start = _band(card, score)
    value = next((band.outcome for band in card.bands if band.at_least == start), card.otherwise)
    rule = "otherwise" if start is None else f"{start}+"
    because = "1 point" if score == 1 else f"{score} points"
    named = {item.key: item.because.en for item in card.items}
    for place, (key, points, known) in enumerate(parts):
        because += ", " if place else ": "
        because += f"{named[key]} {'' if points < 0 else '+'}{points}"
        because += "" if known else " (unknown)"
    return Answer(value, rule, because, _once(outcomes), _once(missing), tuple(parts))


def _band(card: Scorecard[Any], score: int) -> int | None:
    return max((band.at_least for band in card.bands if band.at_least <= score), default=None)


def brute_force(
    policy: Any,
    records: Mapping[str, Any],
    rows: Mapping[str, Any],
    facts: tuple[Fact, ...],
    points: Callable[[Fact], list[Any]],
    most: int,
) -> set[Any] | None:
    """The values once every missing open fact is known, over all ways to fill them in.

    `None` where there are more than `most` ways.
    """
    blanks: list[tuple[str, Any, Fact, list[Any]]] = []
    count = 1
    places = [("", root, record) for root, record in records.items()]
    places += [(over, about, row) for over, by_id in rows.items() for about, row in by_id.items()]
    for over, about, record in places:
        for fact in facts:
            if fact.name.partition(".")[0] != (over or about) or not fact.open:
                continue
            value = held(fact, World({fact.name.partition(".")[0]: record}, {}))
            if fact.kind == "level":
                filled = [Decision(one, "x", value.because, (one,)) for one in value.possible]
            elif value is None:
                filled = points(fact)
            else:
                continue
            count *= len(filled)
            if count > most:
                return None
            blanks.append((over, about, fact, filled))
    values = set()
    for ways in product(*(filled for _, _, _, filled in blanks)):
        new = {root: _copy(record) for root, record in records.items()}
        new_rows = {
            over: {about: _copy(row) for about, row in by_id.items()}
            for over, by_id in rows.items()
        }
        for (over, about, fact, _), value in zip(blanks, ways, strict=True):
            record = new_rows[over][about] if over else new[about]
            which = fact.name.partition(".")[2]
            if fact.within:
                getattr(record, fact.within)[which] = value
            else:
                setattr(record, which, value)
        values.add(oracle(policy, new, new_rows).value)
    return values


def _copy(record: SimpleNamespace) -> SimpleNamespace:
    return SimpleNamespace(**{**vars(record), "attributes": dict(record.attributes)})
