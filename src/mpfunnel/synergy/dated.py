"""Questions about deals and contracts with a number of days, such as ``offered(90)``."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from attrs import frozen

from mpfunnel.ownership import Dealings
from mpfunnel.rules.conditions import Condition, facts_of
from mpfunnel.rules.facts import Fact

__all__ = ["Dated", "dated_in"]


@frozen
class Dated:
    """A question with a number of days.

    Attributes:
        key: Which fact it is: ``"offered(90)"`` or ``"owned_for(crm, 180)"``.
        head: What is asked.
        product: The id of the product, as text, of which it is asked; blank where that is given.
        days: How many days.
    """

    key: str
    head: str
    product: str
    days: int

    @classmethod
    def of(cls, fact: Fact) -> Dated:
        """Return the question that a fact of `within` ``"dated"`` is."""
        head, _, rest = fact.key.partition("(")
        product, _, days = rest[:-1].rpartition(",")
        return cls(fact.key, head, product, int(days))

    def so(self, known: Dealings, day: date, *, owned: bool) -> bool:
        """Return whether it is so of the dealings about a product.

        Args:
            known: The dealings.
            day: The day asked about.
            owned: Whether the company owns it.
        """
        if self.head == "ends":
            return known.ends is not None and (known.ends - day).days < self.days
        if self.head == "offered":
            return known.dealt is not None and (day - known.dealt).days < self.days
        lapsed = None if owned else known.lapsed
        return lapsed is not None and (day - lapsed).days < self.days


def dated_in(conditions: Iterable[Condition], root: str) -> tuple[Dated, ...]:
    """Return the questions with days that conditions ask of one root, each once."""
    facts = (fact for when in conditions for fact in facts_of(when))
    asked = dict.fromkeys(one for one in facts if one.within == "dated" and one.root == root)
    return tuple(Dated.of(one) for one in asked)
