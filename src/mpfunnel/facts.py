"""The marketing facts that rules may ask about: what is known of a company, in the field's words.

from mpfunnel.facts import company

big_maker = (company.employees >= 300) & company.industry.is_in("製造業", "情報通信業")
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final, NoReturn, cast, overload

from mpfunnel.errors import InvalidDataError, Problem, did_you_mean
from mpfunnel.labels import Label
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.facts import Fact, Kind
from mpfunnel.rules.terms import (
    DateTerm,
    FlagTerm,
    NumberTerm,
    SetTerm,
    Term,
    TextTerm,
    term_for,
)

__all__ = ["CompanyFacts", "company"]

_PEOPLE: Final = Label("people", "人")
_KINDS: Final[dict[type, Kind]] = {
    int: "int",
    Decimal: "decimal",
    float: "float",
    bool: "bool",
    str: "text",
    date: "date",
    frozenset: "set",
}


def _text(key: str, en: str, ja: str) -> TextTerm:
    return TextTerm(Fact(f"company.{key}", "text", label=Label(en, ja)))


def _set(key: str, en: str, ja: str) -> SetTerm:
    return SetTerm(Fact(f"company.{key}", "set", open=False, label=Label(en, ja)))


class CompanyFacts:
    """What rules may ask about a company; a blank is unknown unless the fact says otherwise."""

    name = _text("name", "name", "会社名")
    corporate_number = _text("corporate_number", "corporate number", "法人番号")
    industry = _text("industry", "industry", "業種")
    region = _text("region", "region", "地域")
    country = _text("country", "country", "国")
    employees = NumberTerm(
        Fact("company.employees", "int", label=Label("employees", "従業員数"), unit=_PEOPLE)
    )
    annual_revenue = NumberTerm(
        Fact(
            "company.annual_revenue",
            "decimal",
            places=2,
            label=Label("annual revenue", "売上高"),
        )
    )
    """In whole units of the playbook's currency."""
    growth_rate = NumberTerm(
        Fact("company.growth_rate", "float", label=Label("growth rate", "成長率"))
    )
    relationships = _set("relationships", "relationships", "取引関係")
    """Closed: what is not ticked is not so."""
    lists = _set("lists", "target lists", "重点企業リスト")
    """Closed: what is not on a list is not on it."""

    def on_list(self, key: str) -> Condition:
        """Return the condition that the company is on the target list `key`."""
        return self.lists.contains_any(key)

    @overload
    def attribute(
        self, name: str, kind: type[int], *, closed: bool = ..., label: Label | None = ...
    ) -> NumberTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[str], *, closed: bool = ..., label: Label | None = ...
    ) -> TextTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[float], *, closed: bool = ..., label: Label | None = ...
    ) -> NumberTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[Decimal], *, closed: bool = ..., label: Label | None = ...
    ) -> NumberTerm: ...
    @overload
    def attribute(
        self, name: str, kind: type[date], *, closed: bool = ..., label: Label | None = ...
    ) -> DateTerm: ...
    @overload
    def attribute(
        self,
        name: str,
        kind: type[frozenset[str]],
        *,
        closed: bool = ...,
        label: Label | None = ...,
    ) -> SetTerm: ...
    def attribute(
        self, name: str, kind: type[Any], *, closed: bool = False, label: Label | None = None
    ) -> Term:
        """Return a custom attribute of companies as a fact.

        Args:
            name: The key in `Company.attributes`.
            kind: The type of its values: int, float, Decimal (two places), str, date or frozenset.
                For a yes or no, use `flag`.
            closed: True where a blank means *no*: only for int and frozenset.
            label: What people call it; its name where it is `None`.

        Raises:
            InvalidDataError: A fact cannot have that type, or cannot be closed.
        """
        if kind not in _KINDS:
            known = ", ".join(known.__name__ for known in _KINDS)
            message = f"no facts of type {kind!r:.60}; use one of {known}"
            raise InvalidDataError([Problem("type", f"company.{name}", message)])
        fact = Fact(
            f"company.{name}",
            _KINDS[kind],
            open=not closed,
            within="attributes",
            places=2 if kind is Decimal else 0,
            label=cast(Label, label),
        )
        return term_for(fact)

    def flag(self, name: str, *, closed: bool = True, label: Label | None = None) -> FlagTerm:
        """Return a custom yes or no of companies as a fact; a blank means no if it is `closed`."""
        fact = Fact(
            f"company.{name}",
            "bool",
            open=not closed,
            within="attributes",
            label=cast(Label, label),
        )
        return FlagTerm(fact)

    def __getattr__(self, name: str) -> NoReturn:
        known = [key for key, value in vars(type(self)).items() if isinstance(value, Term)]
        raise AttributeError(f"company.{name}: no such fact{did_you_mean(name, known)}")


company: Final = CompanyFacts()
