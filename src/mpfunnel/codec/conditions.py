"""Conditions ⇄ plain data.

A condition is a table whose entries are joined by "and": ``{ employees = { ">=" = 300 } }``. A
text beside a fact is the text of a cell (`mpfunnel.rules.cells`): ``{ employees = "300以上" }``.
Whatever the terms can build has one canonical form, which reads back as the same value.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

from mpfunnel import facts
from mpfunnel.codec.checks import Check, is_list, is_table, under
from mpfunnel.errors import InvalidDataError, Problem, UnknownNameError, did_you_mean, shown
from mpfunnel.rules.cells import read
from mpfunnel.rules.cells.writing import quoted
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
from mpfunnel.rules.facts import Fact, Kind, Scale
from mpfunnel.rules.terms import Term
from mpfunnel.tiers import LOWEST, Tier

__all__ = [
    "JOINTS",
    "LISTS",
    "OPERATORS",
    "TAKES",
    "TIER_NUMBERS",
    "ConditionCheck",
    "Vocabulary",
    "condition_data",
    "day_of",
]

JOINTS: Final = ("all", "any", "not", "any_product")

_Operator = Callable[[Any, Any], Condition]
# What each operator makes of a term and of what stands beside it.
_ORDER: Final[Mapping[str, _Operator]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_EQUALITY: Final[Mapping[str, _Operator]] = {"==": operator.eq, "!=": operator.ne}
LISTS: Final[Mapping[str, _Operator]] = {
    "in": lambda term, values: term.is_in(*values),
    "starts_with": lambda term, values: term.starts_with(*values),
    "contains_any": lambda term, values: term.contains_any(*values),
}
RUNGS: Final[Mapping[str, _Operator]] = {
    "at_least": lambda term, level: term.at_least(level),
    "at_most": lambda term, level: term.at_most(level),
}
_MISSING: Final[Mapping[str, _Operator]] = {"missing": lambda term, _: term.is_missing()}
OPERATORS: Final[Mapping[str, _Operator]] = {**_ORDER, **_EQUALITY, **LISTS, **RUNGS, **_MISSING}
TAKES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "int": (*_ORDER, *_EQUALITY, "in", "missing"),
    "decimal": (*_ORDER, *_EQUALITY, "in", "missing"),
    # Equality of floats is chance.
    "float": (*_ORDER, "missing"),
    "bool": (*_EQUALITY, "missing"),
    "text": (*_EQUALITY, "in", "starts_with", "missing"),
    "date": (*_ORDER, *_EQUALITY, "in", "missing"),
    "set": ("contains_any", "missing"),
    "level": (*_EQUALITY, "in", *RUNGS),
}

TIER_NUMBERS: Final = {Tier(number).key: number for number in range(1, LOWEST + 1)}
"""The number by which a file names a Tier, by its key."""
# A file asks in other words than Python.
_WORDS: Final = (
    ("is_missing()", "missing = true"),
    ("is_in()", "in"),
    ("contains_any()", "contains_any"),
    ("starts_with()", "starts_with"),
)


@frozen
class Vocabulary:
    """The facts that the conditions of one table may name.

    Attributes:
        own: The root whose facts need not name it, ``"company"`` where a table is about companies
            alone; blank elsewhere.
        groups: The declared facts by their root.
        attributes: The custom attributes by their full names.
    """

    own: str
    groups: Mapping[str, facts.Facts]
    attributes: Mapping[str, Term]

    @classmethod
    def of(
        cls, own: str, scale: Scale, attributes: Mapping[str, Term], stages: Scale = facts.STAGES
    ) -> Vocabulary:
        """Return the facts of every root, with the firm's states, stages and attributes."""
        of_firm = (facts.company, facts.group, facts.account, facts.lead, facts.contact)
        of_leads = (
            facts.ProductFacts(scale),
            facts.PursuitFacts(stages),
            facts.FunnelFacts(stages),
        )
        groups = (*of_firm, *of_leads)
        return cls(own, {group.root: group for group in groups}, attributes)

    def term(self, name: str) -> Term:
        """Return the fact that `name` stands for.

        Raises:
            UnknownNameError: There is none.
            InvalidDataError: A measure of activities is written wrongly.
        """
        root, dot, key = name.partition(".")
        if not dot or root not in self.groups:
            root, key = self.own, name
        if root not in self.groups:
            names = self._names()
            # Of several roots that have it, the first is meant more often.
            plain = next((one for one in names if one.partition(".")[2] == name), "")
            hint = f"; did you mean '{plain}'?" if plain else did_you_mean(name, names)
            hint = hint or "; write it as 'company.employees'"
            raise UnknownNameError(f"no such fact{hint}")
        group = self.groups[root]
        if (declared := self.attributes.get(f"{root}.{key}")) is not None:
            return declared
        if key in group.names() or "(" in key:
            return group.named(key)
        hint = did_you_mean(name, self._names())
        if not hint and root in ("company", "lead"):
            hint = f"; declare a custom attribute under 'attributes.{root}'"
        raise UnknownNameError(f"no such fact{hint}")

    def name(self, fact: Fact) -> str:
        """Return the shortest name that stands for `fact`."""
        root, dot, _ = fact.key.partition(".")
        ambiguous = fact.key in JOINTS or (dot and root in self.groups)
        return fact.key if fact.root == self.own and not ambiguous else fact.name

    def terms(self) -> list[Term]:
        """Return all facts that need no arguments."""
        declared = [group.named(name) for group in self.groups.values() for name in group.names()]
        return [*declared, *self.attributes.values()]

    def _names(self) -> list[str]:
        return [self.name(term.fact) for term in self.terms()]


# -- data → condition --


class ConditionCheck(Check):
    """Reads conditions."""

    def condition(self, data: object, path: str, words: Vocabulary) -> Condition:
        """Return the condition that `data` describes; one that always holds where it is faulty."""
        if not is_table(data):
            self.fault("type", path, 'must be a table, for example { employees = { ">=" = 300 } }')
        elif not data:
            self.fault("empty", path, "is empty; write { all = [] } for what always holds")
        else:
            parts = [
                part
                for key, value in data.items()
                for part in self._entry(key, value, under(path, shown(key)), words)
            ]
            return parts[0] if len(parts) == 1 else All(parts)
        return All(())

    def _entry(self, key: str, value: Any, path: str, words: Vocabulary) -> list[Condition]:
        if key == "not":
            return [Not(self.condition(value, path, words))]
        if key == "any_product":
            return [Exists("product", self.condition(value, path, words))]
        if key not in JOINTS:
            return self._about_fact(key, value, path, words)
        if not is_list(value):
            self.fault("type", path, "must be a list of conditions")
            value = []
        parts = [
            self.condition(item, f"{path}[{index}]", words) for index, item in enumerate(value)
        ]
        return [All(parts) if key == "all" else AnyOf(parts)]

    def _about_fact(self, key: str, value: Any, path: str, words: Vocabulary) -> list[Condition]:
        try:
            term = words.term(key)
        except UnknownNameError as error:
            message = str(error)
            if key in words.groups and is_table(value):
                message = f'no such fact; write for example {{ "{key}.{next(iter(value), "…")}"'
                message += " = … }, in quotes"
            self.fault("unknown-fact", path, message)
            return []
        except InvalidDataError as error:
            self._faults(error, path)
            return []
        if isinstance(value, str):
            return self._cell(term.fact, value, path)
        if not is_table(value):
            return self._leaf(term, "==", value, path, path)
        if not value:
            takes = ", ".join(TAKES[term.fact.kind])
            self.fault("empty", path, f"has no operator; this fact takes {takes}")
        return [
            leaf
            for name, operand in value.items()
            for leaf in self._leaf(term, name, operand, path, under(path, shown(name)))
        ]

    def _cell(self, fact: Fact, text: str, path: str) -> list[Condition]:
        """Return what the text of a cell asks of a fact: the two ends of a range, or one test."""
        if not text.strip():
            # Nobody writes the name of a fact to ask nothing about it.
            message = "is blank; write '-' for any value, or missing = true"
            self.fault("blank", path, message)
            return []
        try:
            condition = read(text, fact).condition
        except InvalidDataError as error:
            self._faults(_in_a_file(error, fact, text), path)
            return []
        if condition is None:
            return []
        return [*condition.conditions] if isinstance(condition, All) else [condition]

    def _leaf(self, term: Term, name: str, operand: Any, path: str, at: str) -> list[Condition]:
        """Return the one condition of an operator, or none where it is faulty.

        Args:
            term: The fact.
            name: The operator.
            operand: What stands beside the operator.
            path: Where the fact is named.
            at: Where the operand is.
        """
        takes = TAKES[term.fact.kind]
        if name not in OPERATORS:
            message = f"no such operator; this fact takes {', '.join(takes)}"
            self.fault("unknown-key", at, message)
        elif name not in takes:
            what = "a level" if term.fact.kind == "level" else f"of type {term.fact.kind}"
            message = f"cannot be asked with '{name}': it is {what} and takes {', '.join(takes)}"
            self.fault("type", path, message)
        elif name in LISTS:
            return self._listed(term, name, operand, at)
        elif name == "missing":
            if operand is True:
                return self._made(name, term, operand, path)
            self.fault("type", at, "must be true; write { not = { … } } for the opposite")
        elif (value := self._literal(term.fact, operand, at)) is not None:
            scale = term.fact.scale
            if name not in RUNGS or (scale is not None and value in scale.ladder):
                return self._made(name, term, value, at)
            self.fault("detour", at, f"'{shown(value)}' lies outside the ladder; use in")
        return []

    def _listed(self, term: Term, name: str, operand: Any, path: str) -> list[Condition]:
        if not is_list(operand):
            self.fault("type", path, f"must be a list, for example {{ {name} = [ … ] }}")
            return []
        known = len(self.problems)
        values = [
            self._literal(term.fact, value, f"{path}[{index}]")
            for index, value in enumerate(operand)
        ]
        return self._made(name, term, values, path) if len(self.problems) == known else []

    def _made(self, name: str, term: Any, operand: Any, at: str) -> list[Condition]:
        try:
            return [OPERATORS[name](term, operand)]
        except InvalidDataError as error:
            self._faults(error, at)
            return []

    def _literal(self, fact: Fact, value: Any, path: str) -> Any:
        """Return the literal of the fact's type that plain data stands for, or `None`."""
        if fact.kind == "date":
            value = day_of(value) or value
        if fact.scale == facts.TIERS and type(value) is int:
            if value not in TIER_NUMBERS.values():
                self.fault("range", path, f"must be a tier from 1 to {LOWEST}, not {value}")
                return None
            value = Tier(value).key
        try:
            return fact.literal(value)
        except InvalidDataError as error:
            self._faults(error, path)
            return None

    def _faults(self, error: InvalidDataError, path: str) -> None:
        for problem in error.problems:
            message = problem.message
            for python, file in _WORDS:
                message = message.replace(python, file)
            self.fault(problem.code, path, message)


def day_of(value: object) -> date | None:
    """Return the day that plain data stands for: a date, or its text as JSON has to write it."""
    if type(value) is date:
        return value
    if not (isinstance(value, str) and len(value) == 10 and value[4] + value[7] == "--"):
        # Only this form of ISO 8601: which others Python reads depends on its version.
        return None
    try:
        return date.fromisoformat(value) if value.isascii() else None
    except ValueError:
        return None


# -- condition → data --


def condition_data(condition: Condition, words: Vocabulary) -> dict[str, Any]:
    """Return the canonical plain data of a condition."""
    if isinstance(condition, All) and len(condition.conditions) > 1:
        table: dict[str, Any] = {}
        last = ""
        for part in condition.conditions:
            key, value = _entry_data(part, words)
            held = table.setdefault(key, value)
            if held is not value:
                # Several operators of one fact share a table if nothing stands between them.
                together = key == last and isinstance(held, _Asked) and isinstance(value, _Asked)
                if not together or held.keys() & value.keys():
                    break
                table[key] = _Asked(held | value)
            last = key
        else:
            return {key: _written(value) for key, value in table.items()}
    key, value = _entry_data(condition, words)
    return {key: _written(value)}


class _Asked(dict[str, Any]):
    """What is asked of one fact, by operator."""

    bare = False
    """Whether the value alone, without its operator, means the same."""


def _written(value: Any) -> Any:
    if not isinstance(value, _Asked):
        return value
    return value["=="] if value.bare else dict(value)


def _entry_data(condition: Any, words: Vocabulary) -> tuple[str, Any]:
    match condition:
        case All(parts):
            return "all", [condition_data(part, words) for part in parts]
        case AnyOf(parts):
            return "any", [condition_data(part, words) for part in parts]
        case Not(part):
            return "not", condition_data(part, words)
        case Exists(over, part):
            return f"any_{over}", condition_data(part, words)
        case _:
            asked = _Asked([_asked(condition)])
            asked.bare = "==" in asked and _is_bare(condition, asked["=="])
            return words.name(condition.fact), asked


def _in_a_file(error: InvalidDataError, fact: Fact, text: str) -> InvalidDataError:
    """Return why a cell cannot be read, where its text stands in quotes already."""
    if fact.kind != "text":
        return error
    exactly = quoted(text.strip())
    # After these words it is a hint; before, it may be what was typed.
    hints = {f"{word} {exactly}": f'{word} {{ "==" = {exactly} }}' for word in ("write", "or")}
    problems: list[Problem] = []
    for one in error.problems:
        message = one.message
        for hint, in_file in hints.items():
            message = message.replace(hint, in_file)
        problems.append(Problem(one.code, one.path, message))
    return InvalidDataError(problems)


def _is_bare(leaf: Compare, value: Any) -> bool:
    """Whether the value alone asks for the same: a text may look like another cell."""
    if not isinstance(value, str):
        return True
    try:
        return read(value, leaf.fact).condition == leaf
    except InvalidDataError:
        return False


def _asked(leaf: Any) -> tuple[str, Any]:
    fact: Fact = leaf.fact
    match leaf:
        case Compare(_, op, value):
            return op, _plain(fact, value)
        case IsIn(_, values):
            return "in", [_plain(fact, value) for value in values]
        case StartsWith(_, prefixes):
            return "starts_with", list(prefixes)
        case ContainsAny(_, values):
            return "contains_any", list(values)
        case AtLeast(_, level):
            return "at_least", _plain(fact, level)
        case AtMost(_, level):
            return "at_most", _plain(fact, level)
        case IsMissing():
            return "missing", True
        case _:  # a new kind of leaf must be given a form before it can be written
            raise TypeError(f"no form for {type(leaf).__name__}")


def _plain(fact: Fact, value: Any) -> Any:
    """Return a literal as plain data: a tier as its number, a float by its digits."""
    if fact.scale == facts.TIERS:
        return TIER_NUMBERS.get(value, value)
    return Decimal(repr(value)) if fact.kind == "float" else value
