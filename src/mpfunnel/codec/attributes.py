"""Labels and custom attributes ⇄ plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from mpfunnel import facts
from mpfunnel.codec.checks import Check, is_table, no_such, under
from mpfunnel.errors import InvalidDataError, Problem, shown
from mpfunnel.labels import Label
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.terms import Term

__all__ = [
    "TYPES",
    "AttributeCheck",
    "attribute_data",
    "default_label",
    "label_data",
    "without_none",
]

TYPES: Final[Mapping[str, type]] = {
    "int": int,
    "decimal": Decimal,
    "float": float,
    "bool": bool,
    "text": str,
    "date": date,
    "set": frozenset,
}
"""What a custom attribute may hold, by the word for it."""
_CLOSABLE: Final = ("int", "bool", "set")

T = TypeVar("T")


def default_label(key: str) -> Label:
    """Return the label of a key that is given none: the key itself, in words."""
    names = (key.replace("_", " "), key, f"'{key}'")
    return Label(next(name for name in names if name.strip()))


class AttributeCheck(Check):
    """Reads labels and the declarations of custom attributes."""

    def built(self, make: Callable[[], T], path: str, own: str = "") -> T | None:
        """Return what `make` makes; `None`, and its problems under `path`, where it refuses.

        Args:
            make: Makes a value, or raises `InvalidDataError`.
            path: Where the value is.
            own: What problems call the value itself, where that is more than one word.
        """
        try:
            return make()
        except InvalidDataError as error:
            for problem in error.problems:
                inner = problem.path.removeprefix(own)
                head, _, rest = inner.partition(".")
                if head in _NAMES:
                    inner = rest
                at = Problem("", inner, "").under(path).path
                self.fault(problem.code, at, problem.message)
            return None

    def label(self, data: dict[str, Any], key: str, path: str) -> Label | None:
        """Return the label under `key`; `None` where there is none."""
        if key not in data:
            return None
        value, at = data[key], under(path, shown(key))
        if isinstance(value, str):
            return self.built(lambda: Label(value), at)
        if not is_table(value):
            self.fault("type", at, "must be text, or a table of texts under 'en' and 'ja'")
            return None
        self.keys(value, at, ("en", "ja"))
        en, ja = (self.text(value, lang, at) for lang in ("en", "ja"))
        return self.built(lambda: Label(en, ja), at)

    def attributes(self, data: dict[str, Any]) -> dict[str, Term]:
        """Return the declared attributes by their full names."""
        self.keys(data, "attributes", ("company", "lead"))
        declared: dict[str, Term] = {}
        for group in (facts.company, facts.lead):
            within = f"attributes.{group.root}"
            table = self.table(data, group.root, "attributes")
            for key in table:
                at = under(within, shown(key))
                if key in group.names():
                    message = "is a fact already; name the attribute otherwise"
                    self.fault("conflict", at, message)
                if not key:
                    self.fault("blank", at, "has no name")
                elif not is_table(table[key]):
                    self.fault("type", at, "must be a table")
                elif (term := self._attribute(group, key, table[key], at)) is not None:
                    declared[f"{group.root}.{key}"] = term
        return declared

    def _attribute(
        self, group: facts.CompanyFacts | facts.LeadFacts, key: str, raw: dict[str, Any], path: str
    ) -> Term | None:
        self.keys(raw, path, ("type", "closed", "label"))
        kind = self.text(raw, "type", path)
        if kind not in TYPES:
            message = f"needs one of {', '.join(TYPES)}"
            if kind:
                message = f"'{shown(kind)}': {no_such('type', kind, TYPES)}"
            self.fault("choice", f"{path}.type", message)
            return None
        closed = self.flag(raw, "closed", path) if "closed" in raw else kind == "bool"
        if closed and kind not in _CLOSABLE:
            message = f"only attributes of type {', '.join(_CLOSABLE)} can be closed"
            self.fault("closed", f"{path}.closed", message)
            return None
        label = self.label(raw, "label", path) or default_label(key)
        if kind == "bool":
            return self.built(lambda: group.flag(key, closed=closed, label=label), path)
        # To the type checker, all types have the overload of one.
        made = cast("type[int]", TYPES[kind])
        return self.built(lambda: group.attribute(key, made, closed=closed, label=label), path)


_NAMES: Final = ("band", "item", "label", "limit", "product", "rule", "signal")
"""What values call themselves in the paths of their problems."""


def label_data(label: Label) -> Any:
    """Return a label as plain data: text where both languages have the same."""
    return label.en if label.en == label.ja else {"en": label.en, "ja": label.ja}


def without_none(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain data without the keys that have no value."""
    return {key: value for key, value in data.items() if value is not None}


def attribute_data(used: Iterable[Fact]) -> dict[str, Any]:
    """Return the declarations of the attributes that are used, sorted by their names."""
    found: dict[str, Any] = {}
    for fact in sorted(used, key=lambda fact: fact.name):
        declared: dict[str, Any] = {"type": fact.kind}
        if fact.kind in _CLOSABLE:
            declared["closed"] = not fact.open
        if fact.label != default_label(fact.key):
            declared["label"] = label_data(fact.label)
        found.setdefault(fact.root, {})[fact.key] = declared
    return found
