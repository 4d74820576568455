"""Allocation: money divided among products or days, of which no cent is lost or made.

By the method of largest remainders (Hamilton): each gets the whole cents of its part, and the
cents that are left go to those with the largest rest, of equal ones to the first by key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from attrs import evolve

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.flow.campaigns.money import from_cents, in_cents
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.records import Id
from mpfunnel.records.checks import a_day, money

__all__ = ["allocated", "budget_by_day", "by_day", "by_product"]

K = TypeVar("K", bound="str | int | date")


def allocated(amount: int | Decimal, weights: Mapping[K, int | Decimal]) -> dict[K, Decimal]:
    """Return an amount divided by weights; the parts add up to it, to the cent.

    Args:
        amount: Whole units of a currency, of at most two decimal places.
        weights: By key, how much each is to get, relative to the others. In their order, which
            decides nothing.

    Raises:
        InvalidDataError: The amount is no money, or a weight is no number of 0 or more, or all
            weights are 0; all of it at once.
    """
    problems: list[Problem] = []
    if fault := money(amount):
        problems.append(Problem(fault[0], "amount", fault[1]))
    for key, weight in weights.items():
        given: Any = weight
        if type(given) not in (int, Decimal) or not Decimal(given).is_finite() or given < 0:
            message = f"must be an integer or a Decimal of 0 or more, not {brief(given)}"
            problems.append(Problem("range", f"weights.{key}", message))
    if not problems and not any(weights.values()):
        problems.append(Problem("range", "weights", "at least one must be more than 0"))
    if problems:
        raise InvalidDataError(problems)
    cents = in_cents(amount)
    sign, size = (-1, -cents) if cents < 0 else (1, cents)
    whole = sum(map(Fraction, weights.values()))
    exact = {key: size * Fraction(weight) / whole for key, weight in weights.items()}
    parts = {key: part.numerator // part.denominator for key, part in exact.items()}
    left = size - sum(parts.values())
    by_rest = sorted(exact, key=lambda key: (parts[key] - exact[key], _place(key)))
    for key in by_rest[:left]:
        parts[key] += 1
    return {key: from_cents(sign * part) for key, part in parts.items()}


def _place(key: Any) -> tuple[str, Any]:
    # Ids of one kind are texts or integers, but nobody has checked those given here.
    return type(key).__name__, key


def by_product(spend: Spend, weights: Mapping[Id, int | Decimal]) -> tuple[Spend, ...]:
    """Return what was spent divided among products, in the order of the weights.

    Args:
        spend: What was spent for several products, or for the whole firm.
        weights: By product, how much of it each bears.

    Raises:
        InvalidDataError: As `allocated`; or it is for one product already.
    """
    if spend.product_id is not None:
        message = f"is for product {brief(spend.product_id)} already"
        raise InvalidDataError([Problem("contradiction", "spend.product_id", message)])
    parts = allocated(spend.amount, weights)
    return tuple(evolve(spend, product_id=key, amount=part) for key, part in parts.items())


def by_day(spend: Spend, start: date, end: date) -> tuple[Spend, ...]:
    """Return what was spent divided evenly among the days from `start` to `end`, both included.

    Raises:
        InvalidDataError: One of them is no day, or the last comes before the first.
    """
    parts = allocated(spend.amount, _evenly(start, end))
    return tuple(evolve(spend, day=day, amount=part) for day, part in parts.items())


def budget_by_day(campaign: Campaign) -> dict[date, Decimal]:
    """Return a campaign's budget divided evenly among its days, in the currency of the budget.

    Raises:
        InvalidDataError: The campaign has no budget, or runs until further notice.
    """
    problems = [
        Problem("missing", f"campaign.{name}", "is needed to divide the budget among days")
        for name in ("budget", "end")
        if getattr(campaign, name) is None
    ]
    if problems or campaign.budget is None or campaign.end is None:
        raise InvalidDataError(problems)
    return allocated(campaign.budget, _evenly(campaign.start, campaign.end))


def _evenly(start: date, end: date) -> dict[date, int]:
    problems = [
        Problem(fault[0], name, fault[1])
        for name, day in (("start", start), ("end", end))
        if (fault := a_day(day))
    ]
    if not problems and end < start:
        problems.append(Problem("order", "end", "must not be before start"))
    if problems:
        raise InvalidDataError(problems)
    return {start + timedelta(place): 1 for place in range((end - start).days + 1)}
