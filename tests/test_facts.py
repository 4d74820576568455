"""The facts that rules may ask about a company."""

from datetime import date
from decimal import Decimal

import pytest

from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import company
from mpfunnel.labels import Label
from mpfunnel.records import Company
from mpfunnel.rules.explain import examine
from mpfunnel.rules.terms import DateTerm, NumberTerm, SetTerm, TextTerm


def test_every_fact_can_be_read_from_a_company() -> None:
    """Each fact of `company` names a field of the record, so that no rule asks in vain."""
    record = Company(1, industry="製造業", employees=300, relationships=["partner"])
    terms = [value for value in vars(type(company)).values() if hasattr(value, "fact")]

    assert len(terms) == 10
    for term in terms:
        assert term.fact.read(record) == getattr(record, term.fact.key)


def test_an_unknown_fact_is_refused_with_the_nearest_name() -> None:
    """A misspelt fact never makes a rule; the message says which fact was near."""
    with pytest.raises(
        AttributeError, match=r"^company.employes: no such fact; did you mean 'employees'\?$"
    ):
        company.employes  # noqa: B018


def test_custom_attributes_behave_as_facts() -> None:
    """An attribute declared with its type has the operators of that type."""
    assert isinstance(company.attribute("plants", int), NumberTerm)
    assert isinstance(company.attribute("margin", float), NumberTerm)
    assert isinstance(company.attribute("rank", str), TextTerm)
    assert isinstance(company.attribute("founded", date), DateTerm)
    assert isinstance(company.attribute("tags", frozenset, closed=True), SetTerm)
    capital = company.attribute("capital", Decimal, label=Label("capital", "資本金"))
    rich = capital >= Decimal("1.5")
    record = Company(1, attributes={"capital": Decimal("1.50")})

    assert examine(rich, {"company": record}, {}).now is True
    assert capital.fact.label.ja == "資本金"


def test_a_flag_is_closed_unless_said_otherwise() -> None:
    """S2: a blank flag is no; an open one is unknown."""
    nobody = {"company": Company(1)}

    assert examine(company.flag("listed").is_true(), nobody, {}).now is False
    assert examine(company.flag("listed", closed=False).is_true(), nobody, {}).now is None


def test_an_attribute_of_another_type_is_refused() -> None:
    """Only types that every engine can hold may be declared, and text is never closed."""
    with pytest.raises(
        InvalidDataError, match=r"company.x: no facts of type <class 'list'>; use one"
    ):
        company.attribute("x", list)  # type: ignore[arg-type]
    with pytest.raises(InvalidDataError, match="only bool, set, int facts may be closed"):
        company.attribute("x", str, closed=True)


def test_a_target_list_is_closed() -> None:
    """S2: a company that is not on the list is not on it."""
    on_it = company.on_list("fy26")

    assert examine(on_it, {"company": Company(1, lists=["fy26"])}, {}).now is True
    assert examine(on_it, {"company": Company(1)}, {}).now is False
