"""Offers: what to propose to a company next, per product (クロスセル・アップセル), as rules.

OfferRule("cross_sell", product.tier.at_least(Tier(2)), "sfa", source="crm", owned_for_days=180)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import field, frozen

from mpfunnel import facts
from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit
from mpfunnel.labels import Keyed, Label
from mpfunnel.records import Id
from mpfunnel.rules.conditions import Condition, as_condition, check_size
from mpfunnel.rules.tables import a_reason
from mpfunnel.synergy.naming import EVERY, fault_of_id, is_about

__all__ = [
    "CROSS_SELL",
    "NO_OFFER",
    "OFFERS",
    "OFFER_KEYS",
    "RENEWAL",
    "SUCCESSOR",
    "UP_SELL",
    "Offer",
    "OfferRule",
]


@frozen
class Offer(Keyed):
    """What a company is offered of a product; equal by key, whatever its label (S8)."""

    called = "offer"


CROSS_SELL: Final = Offer("cross_sell", Label("cross-sell", "クロスセル"))
UP_SELL: Final = Offer("up_sell", Label("up-sell", "アップセル"))
RENEWAL: Final = Offer("renewal", Label("renewal", "更新"))
SUCCESSOR: Final = Offer("successor", Label("successor", "後継商材の提案"))
NO_OFFER: Final = Offer("no_offer", Label("no offer", "提案なし"))

OFFERS: Final = (RENEWAL, SUCCESSOR, UP_SELL, CROSS_SELL)
"""What a rule may offer, in the order in which a company's offers are ranked.

What a company would otherwise lose comes first, then more of what it has, then what is new to it.
"""
OFFER_KEYS: Final = ("not-eligible", "in-pipeline", "cool-down")
"""Keys of the rules that stand before those of the firm in every table of offers."""
_BY_KEY: Final[Mapping[str, Offer]] = {one.key: one for one in OFFERS}


def _an_offer(value: object) -> Any:
    # What is none is left as it is, to be named together with all that is wrong.
    return _BY_KEY.get(value, value) if isinstance(value, str) else value


def _a_condition(value: object) -> Condition | None:
    return None if value is None else as_condition(value)


@frozen
class OfferRule:
    """When a company is offered a product, and as what.

    Of itself, each kind of offer asks for where the company stands with the product: a cross-sell
    for `untapped`; an up-sell for `untapped` where it names a source (a higher grade of it), and
    for `owned` where it names none (more of the same); a renewal for `owned`, or that a contract
    has lapsed since; a successor for `untapped`, and that its source is owned and no longer sold.

    Attributes:
        offer: ``"cross_sell"``, ``"up_sell"``, ``"renewal"`` or ``"successor"``.
        when: For which companies; `None` for all.
        product: Id of the product that is offered, ``"family:NAME"`` for those of a family, ``"*"``
            for all. No rule offers its own source.
        source: Id of a product that the company must own; `None` for none.
        owned_for_days: For how many days without a gap it must have owned the source, at least.
        key: A stable name, unique in the playbook; named by its position where it is blank (S10).
        because: The reason; where it is `None`, made of the source and of the condition in words.
    """

    offer: Offer = field(converter=_an_offer)
    when: Condition | None = field(default=None, converter=_a_condition)
    product: Id = EVERY
    source: Id | None = None
    owned_for_days: int = 0
    key: str = ""
    because: Label | None = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        if problems := list(_faults(self)):
            raise InvalidDataError(problems)

    def is_about(self, product_id: Id, family: str | None) -> bool:
        """Return whether it may offer a product of that id and family."""
        return product_id != self.source and is_about(self.product, product_id, family)


def _faults(one: OfferRule) -> Iterator[Problem]:
    given: Any = one.offer
    if given not in OFFERS:
        key = getattr(given, "key", given)
        hint = did_you_mean(key, _BY_KEY) if isinstance(key, str) else ""
        hint = hint or f"; there are {', '.join(_BY_KEY)}"
        yield Problem("choice", "offer.offer", f"no such offer {brief(key)}{hint}")
    if one.when is not None:
        yield from (fault.under("offer.when") for fault in check_size(one.when))
    yield from fault_of_id("offer.product", one.product)
    if one.source is not None:
        yield from fault_of_id("offer.source", one.source)
        if one.source == one.product:
            message = f"{brief(one.source)} cannot be offered to those who own it, as itself"
            yield Problem("contradiction", "offer.source", message)
    elif given == SUCCESSOR:
        yield Problem("missing", "offer.source", "must name the product that it succeeds")
    days: Any = one.owned_for_days
    if type(days) is not int or not 0 <= days <= facts.MAX_WITHIN_DAYS:
        message = f"must be a number of days from 0 to {facts.MAX_WITHIN_DAYS:,}, not {brief(days)}"
        yield Problem("range", "offer.owned_for_days", message)
    elif days and one.source is None:
        message = "needs a source, the product that has been owned for so long"
        yield Problem("missing", "offer.source", message)
    elif days and str(one.source) != str(one.source).strip():
        message = f"{brief(one.source)} begins or ends with a blank, so days cannot be asked of it"
        yield Problem("format", "offer.source", message)
    yield from misfit("offer.key", one.key, str)
