"""What a check found."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import date
from typing import cast

from attrs import fields, frozen

from mpfunnel.errors import brief
from mpfunnel.records import Company, Product

__all__ = ["Failure", "Question"]


@frozen
class Question:
    """What a policy is asked: about which company, for which product, as of which day."""

    company: Company
    product: Product
    as_of: date

    @property
    def exact(self) -> Hashable:
        """What tells it from every other question; 1 and True are two."""
        kinds = tuple(type(value) for value in self.company.attributes.values())
        return self, kinds, type(self.company.annual_revenue)

    def __str__(self) -> str:
        return f"{_shown(self.company)} for product {brief(self.product.id)} as of {self.as_of}"


@frozen
class Failure:
    """A check that a policy did not pass.

    Attributes:
        check: The name of the check.
        message: What was wrong.
        question: The question with the fewest facts that shows it; `None` where it is about the
            policy itself.
    """

    check: str
    message: str
    question: Question | None = None

    def __str__(self) -> str:
        about = "" if self.question is None else f"\n    {self.question}"
        return f"{self.check}: {self.message}{about}"


def _shown(company: Company) -> str:
    """Return a company with nothing but what is known of it."""
    known = [
        f"{one.name}={_plain(value)}"
        for one in fields(Company)
        if one.name != "id" and (value := getattr(company, one.name)) != one.default
    ]
    return f"Company({', '.join([repr(company.id), *known])})"


def _plain(value: object) -> str:
    """Return a value as one writes it, the members of a set in order."""
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(repr, cast('frozenset[object]', value))))}}}"
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return f"{{{', '.join(f'{key!r}: {_plain(one)}' for key, one in items)}}}"
    return repr(value)
