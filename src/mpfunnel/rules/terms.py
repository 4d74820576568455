"""Terms: facts with the operators of their type, which build conditions.

A term checks the type of what it is compared with when the rule is built, so that a rule that
could never be evaluated is never made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, Generic, NoReturn, Protocol, TypeVar

from mpfunnel.rules.conditions import (
    AtLeast,
    AtMost,
    Compare,
    Condition,
    ContainsAny,
    IsIn,
    IsMissing,
    Not,
    Op,
    StartsWith,
    refuse,
)
from mpfunnel.rules.facts import Fact, Kind

__all__ = [
    "DateTerm",
    "FlagTerm",
    "HasKey",
    "LevelTerm",
    "NumberTerm",
    "SetTerm",
    "Term",
    "TextTerm",
    "term_for",
]

_V = TypeVar("_V")


class HasKey(Protocol):
    """A value of a scale, such as a tier, a stage or an engagement state."""

    @property
    def key(self) -> str:
        """The key of the value on its scale."""
        ...


class Term:
    """A fact that a rule can ask about."""

    __slots__ = ("fact",)
    __hash__ = None  # type: ignore[assignment]  # `==` builds conditions, so terms cannot be keys

    def __init__(self, fact: Fact) -> None:
        self.fact = fact

    def __repr__(self) -> str:
        return self.fact.name

    def __eq__(self, other: object) -> Condition:  # type: ignore[override]  # it builds one
        return self._compare("==", other)

    def __ne__(self, other: object) -> Condition:  # type: ignore[override]  # it builds one
        return self._compare("!=", other)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self.fact.name} is neither true nor false by itself; compare it, and combine "
            "conditions with & | ~ instead of and/or/not"
        )

    def is_missing(self) -> Condition:
        """Return the condition that the fact is unknown.

        Raises:
            InvalidDataError: A blank of this fact means *no*, so it is never unknown (S2).
        """
        if not self.fact.open:
            refuse("closed", self.fact.name, "is closed: a blank means no, so it is never missing")
        return IsMissing(self.fact)

    def _compare(self, op: Op, value: object) -> Condition:
        return Compare(self.fact, op, self.fact.literal(value))

    def _one_of(self, values: Iterable[object]) -> Condition:
        return IsIn(self.fact, _sorted(self.fact, values, "is_in()"))


def _sorted(fact: Fact, values: Iterable[object], verb: str) -> tuple[Any, ...]:
    literals = {fact.literal(value) for value in values}
    if not literals:
        refuse("empty", fact.name, f"{verb} of nothing is never true; give at least one value")
    return tuple(sorted(literals))


class _Ordered(Term, Generic[_V]):
    __slots__ = ()

    def __ge__(self, value: _V) -> Condition:
        return self._compare(">=", value)

    def __gt__(self, value: _V) -> Condition:
        return self._compare(">", value)

    def __le__(self, value: _V) -> Condition:
        return self._compare("<=", value)

    def __lt__(self, value: _V) -> Condition:
        return self._compare("<", value)

    def between(self, low: _V, high: _V) -> Condition:
        """Return the condition that the fact lies from `low` to `high`, both included."""
        least, most = self.fact.literal(low), self.fact.literal(high)
        if least > most:
            refuse("range", self.fact.name, f"nothing lies between {low} and {high}; swap them")
        return (self >= low) & (self <= high)

    def is_in(self, *values: _V) -> Condition:
        """Return the condition that the fact is one of `values`."""
        return self._one_of(values)


class NumberTerm(_Ordered[int | Decimal | float]):
    """A number: ``int``, ``decimal`` or ``float``; equality is refused on a float (S1)."""

    __slots__ = ()

    def _compare(self, op: Op, value: object) -> Condition:
        if self.fact.kind == "float" and op in ("==", "!="):
            refuse("float", self.fact.name, "equality of floats is chance; use between(a, b)")
        return super()._compare(op, value)

    def _one_of(self, values: Iterable[object]) -> Condition:
        if self.fact.kind == "float":
            refuse("float", self.fact.name, "equality of floats is chance; use between(a, b)")
        return super()._one_of(values)


class DateTerm(_Ordered[date]):
    """A day."""

    __slots__ = ()


class TextTerm(Term):
    """A text, compared by exact code points (S14); texts have no order."""

    __slots__ = ()

    def is_in(self, *values: str) -> Condition:
        """Return the condition that the text is one of `values`."""
        return self._one_of(values)

    def starts_with(self, *prefixes: str) -> Condition:
        """Return the condition that the text starts with one of `prefixes`."""
        return StartsWith(self.fact, _sorted(self.fact, prefixes, "starts_with()"))


class SetTerm(Term):
    """A set of texts."""

    __slots__ = ()

    def _compare(self, op: Op, value: object) -> NoReturn:  # noqa: ARG002 - it is refused unread
        refuse("type", self.fact.name, f"is a set and has no {op}; use contains_any(…)")

    def contains_any(self, *values: str) -> Condition:
        """Return the condition that the set has at least one of `values`."""
        return ContainsAny(self.fact, _sorted(self.fact, values, "contains_any()"))


class FlagTerm(Term):
    """A yes or no; stands for "it is so" where a condition is needed."""

    __slots__ = ()

    def is_true(self) -> Condition:
        """Return the condition that it is so."""
        return Compare(self.fact, "==", True)

    def is_false(self) -> Condition:
        """Return the condition that it is not so."""
        return Compare(self.fact, "==", False)

    def __and__(self, other: object) -> Condition:
        return self.is_true() & other

    def __or__(self, other: object) -> Condition:
        return self.is_true() | other

    def __invert__(self) -> Condition:
        return Not(self.is_true())


class LevelTerm(Term):
    """Another decision: a tier, a segment, a stage, a level of interest."""

    __slots__ = ()

    def is_missing(self) -> NoReturn:
        """Refuse: a decision always has a value, and says itself whether it is settled.

        Raises:
            InvalidDataError: Always.
        """
        refuse("level", self.fact.name, "is a decision and never missing")

    def at_least(self, level: HasKey | str) -> Condition:
        """Return the condition that it stands on the ladder at `level` or higher (S8)."""
        return AtLeast(self.fact, self._rung(level))

    def at_most(self, level: HasKey | str) -> Condition:
        """Return the condition that it stands on the ladder at `level` or lower (S8)."""
        return AtMost(self.fact, self._rung(level))

    def is_in(self, *levels: HasKey | str) -> Condition:
        """Return the condition that it is one of `levels`."""
        return self._one_of(levels)

    def _rung(self, level: HasKey | str) -> str:
        key: str = self.fact.literal(level)
        if self.fact.scale is not None and key not in self.fact.scale.ladder:
            refuse("detour", self.fact.name, f"'{key}' lies outside the ladder; use is_in()")
        return key


_TERMS: dict[Kind, Callable[[Fact], Term]] = {
    "int": NumberTerm,
    "decimal": NumberTerm,
    "float": NumberTerm,
    "bool": FlagTerm,
    "text": TextTerm,
    "date": DateTerm,
    "set": SetTerm,
    "level": LevelTerm,
}


def term_for(fact: Fact) -> Term:
    """Return the term with the operators of the fact's type."""
    return _TERMS[fact.kind](fact)
