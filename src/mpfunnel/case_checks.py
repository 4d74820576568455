"""Case checks: what a playbook answers about its worked cases, beside what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import field, frozen

from mpfunnel.case import Case
from mpfunnel.compiled import Compiled
from mpfunnel.errors import PolicyError
from mpfunnel.labels import Label, Lang
from mpfunnel.rules.tables import Decision
from mpfunnel.worked_cases import Expectation, WorkedCase

__all__ = ["CaseCheck", "checked_cases"]


@frozen
class CaseCheck:
    """One answer that a worked case expects, beside the one that the playbook gives.

    Attributes:
        case: The name of the case.
        expected: What the answer must be.
        got: What it is, as far as that was asked; `None` where a custom policy gave none.
        because: The reason of the answer, or how the custom policy failed.
        holds: Whether the answer is the one that was expected.
    """

    case: str
    expected: Expectation
    got: Expectation | None
    because: Label = field(eq=False)
    holds: bool

    def row(self, lang: Lang = "en") -> dict[str, Any]:
        """Return it as plain values; what is expected and got stands there as in a playbook file.

        Args:
            lang: The language of the reason.
        """
        return {
            "case": self.case,
            "question": self.expected.question,
            "lead_id": self.expected.lead_id,
            "product_id": self.expected.product_id,
            "expected": self.expected.plain,
            "got": None if self.got is None else self.got.plain,
            "because": self.because.text(lang),
            "holds": self.holds,
        }


def checked_cases(book: Compiled) -> Iterator[CaseCheck]:
    """Yield each answer that the cases of a playbook expect, in their order."""
    for case in book.playbook.cases:
        asked = Case(book, case.given, case.as_of)
        for expected in case.expect:
            yield _checked(case, expected, asked)


def _checked(case: WorkedCase, expected: Expectation, asked: Case) -> CaseCheck:
    try:
        decision = _answer(expected, asked)
    except PolicyError as error:
        return CaseCheck(case.name, expected, None, Label(str(error)), holds=False)
    got = Expectation(
        expected.question,
        decision.value,
        decision.possible,
        None if expected.missing is None else decision.missing,
        None if expected.rule is None else decision.rule,
        expected.lead_id,
        expected.product_id,
    )
    holds = (
        expected.value in (None, got.value)
        and expected.possible in ((), got.possible)
        and expected.missing == got.missing
        and expected.rule == got.rule
    )
    return CaseCheck(case.name, expected, got, decision.because, holds)


def _answer(expected: Expectation, asked: Case) -> Decision[Any]:
    if expected.question == "segment":
        return asked.segment
    # Each of the others is about a lead or a product, which the playbook has checked.
    product: Any = expected.product_id
    if expected.question == "tier":
        return asked.tier(asked.book.products[product])
    if expected.question == "white_space":
        return asked.white_space(asked.book.products[product])
    lead: Any = expected.lead_id
    person = asked.person(lead)
    if expected.question == "stage":
        return asked.stage(person).decision
    return asked.engagement(person, product).decision
