"""The text of a cell ⇄ a condition about one fact."""

from __future__ import annotations

from mpfunnel.facts import company
from mpfunnel.rules.cells import Cell, columns, read, write
from mpfunnel.rules.conditions import All


def test_a_condition_is_the_same_after_a_cell() -> None:
    """Law 8: Round trip. Condition → cell → condition is equal."""
    when = company.employees >= 300
    fact = company.employees.fact
    assert write(when, fact) == ">= 300"
    assert read(">= 300", fact) == Cell(when, ">= 300", "")
    assert read("", fact) == Cell(None, "-", "")
    assert columns(All((when, company.industry == "製造業"))) == (
        (fact, when),
        (company.industry.fact, company.industry == "製造業"),
    )
