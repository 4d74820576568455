"""Prospects: how a company stands with a product, as rules about offers see it; and what is next.

engine.next_products(account, as_of=date(2026, 10, 31))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from attrs import evolve, frozen

from mpfunnel.answers import Involvement, NextProduct
from mpfunnel.records import Id, Product
from mpfunnel.rules.tables import Decision
from mpfunnel.synergy import NO_OFFER, OFFERS, Offer, WhiteSpace
from mpfunnel.tiers import Tier

__all__ = ["Customer", "Prospect", "best_of", "is_discontinued", "ranked"]

_PLACES: Final = {one.key: place for place, one in enumerate((*OFFERS, NO_OFFER))}


@frozen
class Customer:
    """What a company has of us, as rules about offers see it.

    Attributes:
        owned: The products that it owns, by their ids as text.
        discontinued: Those of them that are no longer sold.
        dated: By key, what is so of the questions with days.
    """

    owned: frozenset[str]
    discontinued: frozenset[str]
    dated: Mapping[str, bool]

    @property
    def existing_customer(self) -> bool:
        """Whether it owns any product."""
        return bool(self.owned)


@frozen(eq=False)
class Prospect:
    """How a company stands with one product, as rules about offers see it.

    Attributes:
        position: The white space.
        owned: Whether it owns the product.
        open_deal: Whether a deal about it is open.
        sold: Whether it is on sale.
        lifecycle: That of the product.
        quantity: Of all contracts about it that run.
        people: How many people were touched about it.
        dated: By key, what is so of the questions with days.
        ask_tier: Gives the Tier.
        ask_interest: Gives the highest interest among the people.
    """

    position: Decision[WhiteSpace]
    owned: bool
    open_deal: bool
    sold: bool
    lifecycle: str | None
    quantity: int
    people: int
    dated: Mapping[str, bool]
    ask_tier: Callable[[], Decision[Tier]]
    ask_interest: Callable[[], Decision[Any]]

    @property
    def tier(self) -> Decision[Tier]:
        """The Tier, worked out where a rule asks for it."""
        return self.ask_tier()

    @property
    def best_interest(self) -> Decision[Any]:
        """The highest interest among the people, worked out where a rule asks for it."""
        return self.ask_interest()


def best_of(
    interests: Iterable[Decision[Any]], levels: Mapping[str, Decision[Any]]
) -> Decision[Any]:
    """Return the highest of several interests, as a decision (S5).

    It may be whatever one of them may be, as long as none is surely higher. Where there is nobody,
    it is the lowest level.

    Args:
        interests: The interest of each person.
        levels: For each level by its key, from the lowest, that it is surely the highest.
    """
    keys = list(levels)
    value = least = 0
    may: set[int] = set()
    missing: dict[str, None] = {}
    for one in interests:
        value = max(value, place := keys.index(one.value.key))
        if one.settled:
            least = max(least, place)
            may.add(place)
            continue
        found = [keys.index(level.key) for level in one.possible]
        least = max(least, min(found))
        may.update(found)
        missing.update(dict.fromkeys(one.missing))
    best = levels[keys[value]]
    possible = tuple(levels[keys[at]].value for at in sorted(may) if at >= least)
    if len(possible) < 2:
        return best
    return evolve(best, possible=possible, missing=tuple(missing))


def ranked(
    found: Iterable[tuple[Id, Decision[Offer], Decision[WhiteSpace], Decision[Tier], Involvement]],
    ladder: tuple[str, ...],
) -> tuple[NextProduct, ...]:
    """Return what is offered in order, and behind it what is not, each with its rank.

    First by the kind of offer, as in `mpfunnel.synergy.OFFERS`; then by the Tier; then by the best
    interest, the highest first; then by the people, the most first; then by the product id as text.

    Args:
        found: For each product what is offered, where the company stands with it, its Tier, and
            how far its people are involved.
        ladder: The keys of the levels of interest, from the lowest.
    """

    def order(one: tuple[Id, Decision[Offer], Any, Decision[Tier], Involvement]) -> Any:
        product_id, offer, _, tier, involved = one
        return (
            _PLACES[offer.value.key],
            tier.value.number,
            -ladder.index(involved.best_interest),
            -involved.people,
            str(product_id),
        )

    in_order = enumerate(sorted(found, key=order), 1)
    return tuple(NextProduct(one[0], rank, *one[1:]) for rank, one in in_order)


def is_discontinued(product: Product, day: date) -> bool:
    """Return whether a product is no longer sold on a day: not one that is not sold yet."""
    return product.sold_until is not None and product.sold_until < day
