"""Tier: how much to invest in a company for one product (商材ごとのTier). Tier 1 goes first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property
from typing import Final, Protocol

from attrs import frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits
from mpfunnel.labels import Label, as_label
from mpfunnel.records import Company, Product
from mpfunnel.rules.tables import Decision, DecisionTable

__all__ = ["Tier", "TierPolicy", "TierTable", "decided", "undecided"]

LOWEST: Final = 9


@frozen(order=False)
class Tier:
    """A band of investment, from 1 (go first) to 9; tiers have no ``<``, rules say `at_least`."""

    number: int

    def __attrs_post_init__(self) -> None:
        if type(self.number) is not int or not 1 <= self.number <= LOWEST:
            message = f"must be an integer from 1 to {LOWEST}, not {brief(self.number)}"
            raise InvalidDataError([Problem("range", "tier.number", message)])

    @property
    def key(self) -> str:
        """The key in data and files, for example ``"tier_1"``."""
        return f"tier_{self.number}"

    @property
    def label(self) -> Label:
        """What people read."""
        return Label(f"Tier {self.number}")

    def __str__(self) -> str:
        return f"Tier {self.number}"


class TierPolicy(Protocol):
    """What gives a company its tier for a product; any object with these members will do."""

    @property
    def kind(self) -> str:
        """A name with a version, for example ``"acme/plants-in-kansai/1"``."""
        ...

    @property
    def tiers(self) -> Sequence[Tier]:
        """Every tier that it can give."""
        ...

    def tier_for(self, company: Company, product: Product, /, *, as_of: date) -> Decision[Tier]:
        """Return the tier of `company` for `product` on the day `as_of`."""
        ...


@frozen
class TierTable(DecisionTable[Tier]):
    """Rules that give a company its tier; they may ask about the company alone."""

    @property
    def kind(self) -> str:
        """The name of this kind of policy."""
        return "mpfunnel/tier-table/1"

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Every tier that the table can give, in the order of its rules."""
        return self.outcomes

    @cached_property
    def _decide(self) -> Callable[[Company], Decision[Tier]]:
        return self.compile()

    def compile(self) -> Callable[[Company], Decision[Tier]]:
        """Return the table as one function.

        Raises:
            InvalidDataError: A rule asks about something else than the company.
        """
        # Imported here, because a table is often made and sent elsewhere to decide.
        from mpfunnel.rules.compiled import compile_policy

        return compile_policy(self, ("company",))

    # A table decides by the company alone, whatever the product and the day.
    def tier_for(
        self,
        company: Company,
        product: Product,  # noqa: ARG002 - the protocol passes it
        /,
        *,
        as_of: date,  # noqa: ARG002 - the protocol passes it
    ) -> Decision[Tier]:
        """Return the tier of `company`; a table gives the same one on every day."""
        return self._decide(company)


def decided(value: Tier, *, because: str | Label) -> Decision[Tier]:
    """Return a settled answer of a custom policy, with its reason."""
    return Decision(value, "policy", as_label(because), (value,))


def undecided(
    value: Tier, *, possible: Sequence[Tier], missing: Sequence[str], because: str | Label
) -> Decision[Tier]:
    """Return an answer of a custom policy that missing facts could still change.

    Args:
        value: The answer as of now.
        possible: Every tier that it could still become, `value` among them.
        missing: Names of the facts that would settle it, for example ``"region"``.
        because: The reason.

    Raises:
        InvalidDataError: `value` is not possible, no fact is missing, or something has another
            type.
    """
    problems = misfits("possible", possible, Tier)
    if not problems and value not in possible:
        problems.append(Problem("value", "possible", f"must contain the value, {value}"))
    nameless = misfits("missing", missing, str)
    if not nameless and not missing:
        nameless.append(Problem("empty", "missing", "must name the facts that would settle it"))
    problems += nameless
    if problems:
        raise InvalidDataError(problems)
    names = tuple(name if "." in name else f"company.{name}" for name in missing)
    return Decision(value, "policy", as_label(because), tuple(dict.fromkeys(possible)), names)
