"""A policy as column expressions: whole tables at once, on every engine that Narwhals speaks.

A condition becomes two columns without nulls, *known true* and *known false*, in each of its two
readings (S3). So it does not matter what an engine makes of a comparison with null or NaN: a
missing value is neither, and *not* only swaps the two. A decision is one small integer per row, the
place of the rule that won; everything else is gathered from it.

In a frame, a decimal is held as an integer of its smallest unit and a day as its ordinal number
(`datetime.date.toordinal`): no two engines have the same decimals and dates. Integers have 64 bits;
a float column will do where all of them are below 2^53 (S24).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Any, Final, NamedTuple, Protocol, TypeVar

import narwhals.stable.v2 as nw

from mpfunnel.labels import Lang
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    Compare,
    Condition,
    ContainsAny,
    Exists,
    IsIn,
    IsMissing,
    Leaf,
    Not,
    Op,
    parts_of,
)
from mpfunnel.rules.explain import Policy, holds
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.limits import Limited
from mpfunnel.rules.tables import SCORED, DecisionTable, Part, Scorecard

__all__ = [
    "Decided",
    "Layout",
    "Rails",
    "decide_columns",
    "missing_columns",
    "read_columns",
    "stored",
    "with_scores_in_words",
]

Frame = TypeVar("Frame", nw.DataFrame[Any], nw.LazyFrame[Any])
_EXACT: Final = Context(prec=40, traps=[])
_COMPARED: Final[Mapping[Op, Callable[[nw.Expr, nw.Expr], nw.Expr]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}
_BEYOND: Final = 2**62
"""More points than any scorecard has: a band may start anywhere, a column ends at 64 bits."""


class Layout(Protocol):
    """Where the facts of a policy stand in a frame."""

    def value(self, fact: Fact) -> str:
        """Return the column of a fact; null, or NaN of a float, where it is missing.

        Of a level, as of now, it holds the place of the key among those of `possible`, and is never
        missing; of an open set, anything where the set is known.
        """
        ...

    def member(self, fact: Fact, value: str) -> str:
        """Return the column that says whether a set has a value; null counts as no."""
        ...

    def possible(self, fact: Fact) -> Mapping[str, str]:
        """Return, for each key of a level, the column that says whether it is still possible."""
        ...

    def some(self, exists: Exists, *, later: bool) -> tuple[str, str]:
        """Return the columns that say whether it is known true, and known false, of the rows."""
        ...


class Rails(NamedTuple):
    """A condition as two columns without nulls; where both are false it is unknown."""

    true: nw.Expr
    false: nw.Expr


def read_columns(condition: Condition, layout: Layout, *, later: bool) -> Rails:
    """Return one of the two readings of a condition, as columns."""
    match condition:
        case Not(inner):
            rails = read_columns(inner, layout, later=later)
            return Rails(rails.false, rails.true)
        case All(conditions):
            parts = [read_columns(one, layout, later=later) for one in conditions]
            return Rails(_all([p.true for p in parts]), _any([p.false for p in parts]))
        case AnyOf(conditions):
            parts = [read_columns(one, layout, later=later) for one in conditions]
            return Rails(_any([p.true for p in parts]), _all([p.false for p in parts]))
        case Exists():
            true, false = layout.some(condition, later=later)
            return Rails(nw.col(true), nw.col(false))
        case _:
            return _leaf(condition, layout, later)


def _all(parts: Sequence[nw.Expr]) -> nw.Expr:
    return _joined(parts, lambda a, b: a & b) if parts else nw.lit(True)


def _any(parts: Sequence[nw.Expr]) -> nw.Expr:
    return _joined(parts, lambda a, b: a | b) if parts else nw.lit(False)


def _joined(parts: Sequence[nw.Expr], join: Callable[[nw.Expr, nw.Expr], nw.Expr]) -> nw.Expr:
    # By halves: one after the other, a few hundred are nested deeper than most engines go.
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return join(_joined(parts[:middle], join), _joined(parts[middle:], join))


def _leaf(leaf: Any, layout: Layout, later: bool) -> Rails:
    fact: Fact = leaf.fact
    if fact.kind == "level":
        return _level(leaf, layout, later)
    if isinstance(leaf, IsMissing):
        present = _present(fact, layout)
        # What is missing may still become known: then it is missing no more.
        return Rails(nw.lit(False) if later else ~present, present)
    met = _met(leaf, layout)
    if not fact.open:
        return Rails(met, ~met)
    # False and null is false, on every engine.
    present = _present(fact, layout)
    return Rails(present & met, present & ~met)


def _present(fact: Fact, layout: Layout) -> nw.Expr:
    value = nw.col(layout.value(fact))
    if fact.kind == "float":
        # NaN is missing; asked of null, it is null.
        return ~value.is_nan().fill_null(True)
    return ~value.is_null()


def _met(leaf: Any, layout: Layout) -> nw.Expr:
    """Return whether the leaf is true where its fact is present; elsewhere, anything or null."""
    fact: Fact = leaf.fact
    if isinstance(leaf, ContainsAny):
        return _any([nw.col(layout.member(fact, one)).fill_null(False) for one in leaf.values])
    value = nw.col(layout.value(fact))
    if not fact.open:
        value = value.fill_null(fact.blank)
    match leaf:
        case Compare(_, op, literal):
            # Said to be a literal: some methods take a plain text for the name of a column.
            return _COMPARED[op](value, nw.lit(stored(fact, literal)))
        case IsIn(_, literals):
            return value.is_in([stored(fact, literal) for literal in literals])
        case _:  # `StartsWith`
            # Filled, because of a null among Python objects pandas makes no boolean column.
            text = value.fill_null("")
            return _any([text.str.starts_with(prefix) for prefix in leaf.prefixes])


def stored(fact: Fact, value: Any) -> Any:
    """Return a literal, or a value in the unit of literals, as frames hold the fact."""
    if fact.kind == "decimal":
        return int(Decimal(value).scaleb(fact.places, _EXACT))
    return value.toordinal() if fact.kind == "date" else value


def _level(leaf: Any, layout: Layout, later: bool) -> Rails:
    possible = layout.possible(leaf.fact)
    met = [key for key in possible if holds(leaf, key)]
    if not later:
        places = [place for place, key in enumerate(possible) if key in met]
        now = nw.col(layout.value(leaf.fact)).is_in(places) if met else nw.lit(False)
        return Rails(now, ~now)
    may = _any([nw.col(possible[key]) for key in met])
    may_not = _any([nw.col(possible[key]) for key in possible if key not in met])
    return Rails(~may_not, ~may)


class Decided(NamedTuple):
    """The columns that hold the decisions of a policy, and what their codes stand for."""

    code: str
    """The column of the place of the rule, or band, that gave the value."""
    possible: tuple[str, ...]
    """For each of the outcomes: the column that says whether it is possible.

    Empty where that was not asked for.
    """
    outcomes: tuple[Any, ...]
    """The policy's outcomes, each once."""
    values: tuple[Any, ...]
    """By code: the outcome."""
    rules: tuple[str, ...]
    """By code: the key of the rule."""
    score: str | None
    """The column of the score that a scorecard added up; a table has none."""
    before: str | None = None
    """The column of the code without limits; without limits there is none."""


def decide_columns(
    frame: Frame, policy: Policy[Any], layout: Layout, *, name: str, possible: bool = True
) -> tuple[Frame, Decided]:
    """Return the frame with the decisions of a policy in columns that begin with `name`.

    Args:
        frame: The facts, one row for each of whom is decided about.
        policy: The table or scorecard, with its limits where it has any.
        layout: Where the facts stand in the frame.
        name: What the new columns begin with; the decisions of several policies fit in one frame.
        possible: Whether to add what is possible: several times the work of the codes alone (S22).
    """
    if isinstance(policy, Limited):
        frame, decided, bearing = _within_limits(frame, policy, layout, name, possible)
        held = [column for column in bearing if column is not None]
        return (frame.drop(*held) if held else frame), decided
    return _without_limits(frame, policy, layout, name, possible)


def _without_limits(
    frame: Frame,
    policy: DecisionTable[Any] | Scorecard[Any],
    layout: Layout,
    name: str,
    possible: bool,
) -> tuple[Frame, Decided]:
    decided = _decided(policy, name, possible)
    if isinstance(policy, Scorecard):
        return _score(frame, policy, layout, decided, name), decided
    return _decide(frame, policy, layout, decided, name), decided


def _decided(policy: Policy[Any], name: str, possible: bool) -> Decided:
    places = range(len(policy.outcomes) if possible else 0)
    columns = tuple(f"{name}_possible_{place}" for place in places)
    values, rules, _ = zip(*policy.ways, strict=True)
    score = f"{name}_score" if isinstance(policy, Scorecard) else None
    return Decided(f"{name}_code", columns, policy.outcomes, values, rules, score)


def _within_limits(
    frame: Frame, policy: Limited[Any], layout: Layout, name: str, possible: bool
) -> tuple[Frame, Decided, list[str | None]]:
    """Return the decisions, and for each limit the column that says whether it could move any.

    There is no such column for a limit that can move nothing, nor where `possible` is false.
    """
    inner: Decided
    frame, inner = _without_limits(frame, policy.policy, layout, f"{name}_of", possible)
    decided = _decided(policy, name, possible)._replace(score=inner.score, before=inner.code)
    may = dict(zip(policy.outcomes, decided.possible, strict=True)) if possible else {}
    found = dict(zip(policy.policy.outcomes, inner.possible, strict=True)) if possible else {}
    columns = {
        column: nw.col(found[one]) if one in found else nw.lit(False) for one, column in may.items()
    }
    frame = frame.with_columns(nw.col(inner.code).alias(decided.code), **columns)
    frame = frame.drop(*inner.possible) if inner.possible else frame
    bearing: list[str | None] = []
    code = nw.col(decided.code)
    codes = [*range(len(inner.values))]
    for place, limit in enumerate(policy.limits, len(inner.values)):
        # One limit after the other: each sees what those before it have left.
        moved = [at for at in codes if decided.values[at] in limit.over]
        bearing.append(f"{decided.code}_bears_{place}" if may and moved else None)
        if not moved:
            continue
        codes.append(place)
        now = read_columns(limit.when, layout, later=False).true
        moves = nw.when(now & code.is_in(moved)).then(nw.lit(place)).otherwise(code)
        columns = {decided.code: moves}
        if may:
            later = read_columns(limit.when, layout, later=True)
            over = [nw.col(column) for value, column in may.items() if value in limit.over]
            bears = _any(over)
            columns[f"{decided.code}_bears_{place}"] = bears
            for value, column in may.items():
                if value in limit.over:
                    columns[column] = nw.col(column) & ~later.true
            outcome = may[limit.outcome]
            columns[outcome] = nw.col(outcome) | (bears & ~later.false)
        frame = frame.with_columns(**columns)
    return frame, decided, bearing


def _read_all(policy: Policy[Any], layout: Layout, *, later: bool) -> list[Rails]:
    return [read_columns(when, layout, later=later) for when in policy.conditions]


def _first(conditions: Sequence[nw.Expr]) -> nw.Expr:
    """Return the place of the first condition that is true; one more where none is."""
    last = nw.lit(len(conditions))
    places = [
        nw.when(true).then(nw.lit(place)).otherwise(last) for place, true in enumerate(conditions)
    ]
    # Flat, because cases nested hundreds deep are more than some engines parse; and never the
    # minimum of one column, which Spark refuses.
    return nw.min_horizontal(*places, last) if places else last


def _decide(
    frame: Frame, table: DecisionTable[Any], layout: Layout, decided: Decided, name: str
) -> Frame:
    now = _first([rails.true for rails in _read_all(table, layout, later=False)])
    if not decided.possible:
        return frame.with_columns(now.alias(decided.code))
    later = _read_all(table, layout, later=True)
    stop = f"{name}_stop"
    frame = frame.with_columns(
        now.alias(decided.code), _first([rails.true for rails in later]).alias(stop)
    )
    # A rule can still win if no rule before it surely does, and it is not surely false itself.
    reached = nw.col(stop)
    ways = [(reached >= place) & ~rails.false for place, rails in enumerate(later)]
    ways.append(reached == len(later))
    return frame.with_columns(*_possible(table, decided, ways)).drop(stop)


def _possible(policy: Policy[Any], decided: Decided, ways: Sequence[nw.Expr]) -> list[nw.Expr]:
    ways_to: dict[Any, list[nw.Expr]] = {outcome: [] for outcome in policy.outcomes}
    for value, way in zip(decided.values, ways, strict=True):
        ways_to[value].append(way)
    return [
        _any(found).alias(column)
        for column, found in zip(decided.possible, ways_to.values(), strict=True)
    ]


def _score(
    frame: Frame, card: Scorecard[Any], layout: Layout, decided: Decided, name: str
) -> Frame:
    score, low, high = (f"{name}_{what}" for what in ("score", "low", "high"))
    now = _sum(
        _read_all(card, layout, later=False),
        [(item.points, item.if_unknown) for item in card.items],
    )
    starts = [max(-_BEYOND, min(band.at_least, _BEYOND)) for band in card.bands]
    reached = _first([nw.col(score) >= start for start in starts]).alias(decided.code)
    if not decided.possible:
        return frame.with_columns(now.alias(score)).with_columns(reached)
    later = _read_all(card, layout, later=True)
    frame = frame.with_columns(
        now.alias(score),
        _sum(later, [(item.points, min(0, item.points)) for item in card.items]).alias(low),
        _sum(later, [(item.points, max(0, item.points)) for item in card.items]).alias(high),
    )
    ways = [nw.col(high) >= start for start in starts] + [nw.lit(True)]
    # A band ends where the next higher one begins.
    ways[1:] = [way & (nw.col(low) < above) for way, above in zip(ways[1:], starts, strict=True)]
    return frame.with_columns(reached, *_possible(card, decided, ways)).drop(low, high)


def with_scores_in_words(
    frame: Frame, card: Scorecard[Any], layout: Layout, *, score: str, name: str, lang: Lang
) -> Frame:
    """Return the frame with the reasons that scores give (`rules.tables.score_in_words`).

    Args:
        frame: The facts and the scores.
        card: The scorecard.
        layout: Where the facts stand in the frame.
        score: The column of the score.
        name: The name of the new column.
        lang: The language.
    """
    first, between = SCORED[lang]
    parts = [nw.lit("")]
    for item, rails in zip(card.items, _read_all(card, layout, later=False), strict=True):
        true, unsure = (
            f"{between}{Part(item.key, points, known, item.because).text(lang)}"
            for points, known in ((item.points, True), (item.if_unknown, False))
        )
        parts.append(
            nw.when(rails.true)
            .then(nw.lit(true if item.points else ""))
            .otherwise(nw.when(rails.false).then(nw.lit("")).otherwise(nw.lit(unsure)))
        )
    # Held as a column, because it is read twice.
    frame = frame.with_columns(nw.concat_str(*parts).alias(name))
    listed = nw.when(nw.col(name) == "").then(nw.lit("")).otherwise(nw.lit(first))
    noun = nw.lit("点")
    if lang == "en":
        noun = nw.when(nw.col(score) == 1).then(nw.lit(" point")).otherwise(nw.lit(" points"))
    points = nw.col(score).cast(nw.String())
    told = nw.concat_str(points, noun, listed, nw.col(name).str.slice(len(between)))
    return frame.with_columns(told.alias(name))


def _sum(rails: Sequence[Rails], points: Sequence[tuple[int, int]]) -> nw.Expr:
    """Return the sum of points of what is true, and of points of what is unknown."""
    terms = [
        nw.when(one.true)
        .then(_points(if_true))
        .otherwise(nw.when(one.false).then(_points(0)).otherwise(_points(if_unknown)))
        for one, (if_true, if_unknown) in zip(rails, points, strict=True)
    ]
    return _joined(terms, lambda a, b: a + b) if terms else _points(0)


def _points(points: int) -> nw.Expr:
    # Small literals have 32 bits on some engines, and so would their sum.
    return nw.lit(points, nw.Int64)


def missing_columns(
    frame: Frame, policy: Policy[Any], layout: Layout, *, name: str, levels: bool = False
) -> tuple[Frame, Mapping[str, str]]:
    """Return the frame with the facts to ask for in columns that begin with `name` (S4).

    A level is another decision, and waits for facts of its own: what it waits for is not asked for
    here, nor is what an `Exists` asks of its rows, though both may decide whether something else
    is.

    Args:
        frame: The facts, one row for each of whom is decided about.
        policy: The table or scorecard, with its limits where it has any.
        layout: Where the facts stand in the frame.
        name: What the new columns begin with.
        levels: Whether to tell, by its name, where a level is undecided so that it matters.

    Returns:
        The frame, and by the name of each open fact that the policy asks about, the column that
        says, without nulls, whether it is missing and bears on the decision. The facts come in the
        order of first use; `mpfunnel.rules.explain` lists them in the order of the first use that
        bears on the decision, which is not the same for all rows.
    """
    if not isinstance(policy, Limited):
        return _missing(frame, [], policy, layout, name, levels=levels)
    within: Decided
    bearing: list[str | None]
    frame, within, bearing = _within_limits(frame, policy, layout, f"{name}_in", True)
    bounds: list[tuple[Condition, str]] = [
        (limit.when, bears)
        for limit, bears in zip(policy.limits, bearing, strict=True)
        if bears is not None
    ]
    frame, columns = _missing(frame, bounds, policy.policy, layout, name, levels=levels)
    spent = [within.code, within.before, within.score, *within.possible]
    spent += [bears for _, bears in bounds]
    return frame.drop(*(column for column in spent if column is not None)), columns


def _missing(
    frame: Frame,
    bounds: Sequence[tuple[Condition, str]],
    policy: DecisionTable[Any] | Scorecard[Any],
    layout: Layout,
    name: str,
    *,
    levels: bool,
) -> tuple[Frame, Mapping[str, str]]:
    """Return what `missing_columns` does.

    Args:
        frame: The facts.
        bounds: The conditions of limits, each with the column that says whether it could move any.
        policy: What they limit.
        layout: Where the facts stand in the frame.
        name: What the new columns begin with.
        levels: Whether to tell of levels.
    """
    held: dict[str, nw.Expr] = {}
    asked = [_asked(when, layout, name, held, levels=levels) for when in policy.conditions]
    if isinstance(policy, DecisionTable) and any(asked):
        # After the first rule that is true later, nothing can decide.
        stop = f"{name}_stop"
        held[stop] = _first([rails.true for rails in _read_all(policy, layout, later=True)])
        asked = [
            {fact: (nw.col(stop) >= place) & missing for fact, missing in one.items()}
            for place, one in enumerate(asked)
        ]
    asked += [
        {fact: nw.col(bears) & missing for fact, missing in of_limit.items()}
        for when, bears in bounds
        for of_limit in (_asked(when, layout, name, held, levels=levels),)
    ]
    found = _gathered(asked)
    columns = {fact: f"{name}_missing_{place}" for place, fact in enumerate(found)}
    if not columns:
        return frame, {}
    # Some engines refuse to add nothing, as where a scorecard joins no conditions.
    frame = frame.with_columns(**held) if held else frame
    frame = frame.with_columns(**{columns[fact]: missing for fact, missing in found.items()})
    return frame.drop(*held), columns


def _asked(
    condition: Condition, layout: Layout, name: str, held: dict[str, nw.Expr], *, levels: bool
) -> dict[str, nw.Expr]:
    """Return, by open fact, whether it is missing below conditions that are all unknown later.

    The columns that these expressions read in turn are added to `held`: whether a condition is
    undecided is worked out once, however many facts stand below it.
    """
    if isinstance(condition, Leaf):
        fact = condition.fact
        if fact.kind == "level":
            if not levels:
                return {}
            rails = read_columns(condition, layout, later=True)
            return {fact.name: ~(rails.true | rails.false)}
        return {fact.name: ~_present(fact, layout)} if fact.open else {}
    if isinstance(condition, Exists):
        return {}
    below = _gathered(
        [_asked(part, layout, name, held, levels=levels) for part in parts_of(condition)]
    )
    if isinstance(condition, Not) or not below:
        # The opposite of unknown is unknown; and nothing is held that nobody reads.
        return below
    rails = read_columns(condition, layout, later=True)
    undecided = f"{name}_undecided_{len(held)}"
    # With something unknown inside, it is unknown itself unless the rest decides it.
    held[undecided] = ~(rails.false if isinstance(condition, All) else rails.true)
    return {fact: nw.col(undecided) & missing for fact, missing in below.items()}


def _gathered(found: Iterable[Mapping[str, nw.Expr]]) -> dict[str, nw.Expr]:
    """Return, by fact, whether it is missing in any of the ways that were found."""
    ways: dict[str, list[nw.Expr]] = {}
    for one in found:
        for fact, missing in one.items():
            ways.setdefault(fact, []).append(missing)
    return {fact: _any(several) for fact, several in ways.items()}
