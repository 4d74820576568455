"""Conditions as values: small frozen trees that compare, hash, print and travel.

A condition says nothing about how it is evaluated; `mpfunnel.rules.explain` is the specification
of what it means. Build conditions from terms (`mpfunnel.rules.terms`), which check types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, NoReturn

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.rules.facts import Fact

__all__ = [
    "All",
    "AnyOf",
    "AtLeast",
    "AtMost",
    "Compare",
    "Condition",
    "ContainsAny",
    "Exists",
    "IsIn",
    "IsMissing",
    "Leaf",
    "Not",
    "Op",
    "StartsWith",
    "as_condition",
    "check_size",
    "facts_of",
    "parts_of",
    "walk",
]

Op = Literal[">=", ">", "<=", "<", "==", "!="]

MAX_DEPTH: Final = 32
MAX_NODES: Final = 10_000


class Condition:
    """Something that is true, false or unknown of a record; combine with ``&``, ``|`` and ``~``."""

    __slots__ = ()

    def __and__(self, other: object) -> Condition:
        return All((*_members(All, self), *_members(All, as_condition(other))))

    def __or__(self, other: object) -> Condition:
        return AnyOf((*_members(AnyOf, self), *_members(AnyOf, as_condition(other))))

    def __rand__(self, other: object) -> Condition:
        return as_condition(other) & self

    def __ror__(self, other: object) -> Condition:
        return as_condition(other) | self

    def __invert__(self) -> Condition:
        return self.condition if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a condition is neither true nor false by itself; combine conditions with & | ~ "
            "instead of and/or/not, and write between(a, b) instead of a <= fact <= b"
        )


def _members(kind: type[All] | type[AnyOf], condition: Condition) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, kind) else (condition,)


def as_condition(value: object) -> Condition:
    """Return `value` as a condition; a yes/no fact stands for "it is so".

    Raises:
        TypeError: It is neither, for example the bool that a comparison of plain values gave.
    """
    if isinstance(value, Condition):
        return value
    as_is: Callable[[], Condition] | None = getattr(value, "is_true", None)
    if as_is is not None:
        return as_is()
    hint = "; was a fact compared outside of mpfunnel.facts?" if isinstance(value, bool) else ""
    raise TypeError(f"a condition is needed here, not {type(value).__name__} {brief(value)}{hint}")


@frozen
class Compare(Condition):
    """The fact compares with the value as `op` says."""

    fact: Fact
    op: Op
    value: Any


@frozen
class IsIn(Condition):
    """The fact is one of the values."""

    fact: Fact
    values: tuple[Any, ...]


@frozen
class StartsWith(Condition):
    """The text starts with one of the prefixes."""

    fact: Fact
    prefixes: tuple[str, ...]


@frozen
class ContainsAny(Condition):
    """The set has at least one of the values."""

    fact: Fact
    values: tuple[str, ...]


@frozen
class AtLeast(Condition):
    """The decision stands on the ladder of its scale, at `level` or higher."""

    fact: Fact
    level: str


@frozen
class AtMost(Condition):
    """The decision stands on the ladder of its scale, at `level` or lower."""

    fact: Fact
    level: str


@frozen
class IsMissing(Condition):
    """The fact is unknown: true now, and unknown later, because it may still be learned (S3)."""

    fact: Fact


Leaf = Compare | IsIn | StartsWith | ContainsAny | AtLeast | AtMost | IsMissing


@frozen
class Not(Condition):
    """The opposite; the opposite of unknown is unknown."""

    condition: Condition = field(converter=as_condition)


def _conditions(values: Any) -> tuple[Condition, ...]:
    return tuple(as_condition(value) for value in values)


@frozen
class All(Condition):
    """Every condition is true; no condition at all is true."""

    conditions: tuple[Condition, ...] = field(converter=_conditions)


@frozen
class AnyOf(Condition):
    """At least one condition is true; no condition at all is false."""

    conditions: tuple[Condition, ...] = field(converter=_conditions)


@frozen
class Exists(Condition):
    """The condition is true of at least one row of `over`, for example of one product (S7).

    Inside it, the facts of `over` are those of the row; all others stay those outside.
    """

    over: str
    condition: Condition = field(converter=as_condition)


def parts_of(condition: Condition) -> tuple[Condition, ...]:
    """Return the conditions directly inside this one; a leaf has none."""
    match condition:
        case Not(inner) | Exists(_, inner):
            return (inner,)
        case All(conditions) | AnyOf(conditions):
            return conditions
        case _:
            return ()


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield the condition and all conditions inside it, outer before inner, left to right."""
    stack = [condition]
    while stack:
        at = stack.pop()
        yield at
        stack.extend(reversed(parts_of(at)))


def facts_of(condition: Condition) -> tuple[Fact, ...]:
    """Return the facts that the condition asks about, each once, in order of first use."""
    return tuple(dict.fromkeys(at.fact for at in walk(condition) if isinstance(at, Leaf)))


def check_size(condition: Condition) -> list[Problem]:
    """Return a problem where the condition is nested too deeply or has too many parts."""
    level: tuple[Condition, ...] = (condition,)
    nodes = 0
    for _ in range(MAX_DEPTH):
        nodes += len(level)
        if nodes > MAX_NODES:
            return [Problem("size", "", f"has more than {MAX_NODES} parts; split the rule")]
        level = tuple(inner for at in level for inner in parts_of(at))
        if not level:
            return []
    return [Problem("depth", "", f"is nested more than {MAX_DEPTH} deep; split the rule")]


def refuse(code: str, path: str, message: str) -> NoReturn:
    """Raise the one problem."""
    raise InvalidDataError([Problem(code, path, message)])
