"""Returns: what a cost brought, as CAC, ROI and ROAS.

Where the cost or the proceeds are not wholly known, there is no return: it would be that of another
cohort. Where nothing was spent, it is undefined, and where nobody recorded a spend, it is missing.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from mpfunnel.flow.campaigns.money import from_cents, in_cents
from mpfunnel.flow.measures import Measure, Status
from mpfunnel.labels import Label

__all__ = ["cac", "roas", "roi"]


def cac(cost: Measure, acquired: int, basis: Label | str) -> Measure:
    """Return the cost of acquiring a customer, rounded to the cent; undefined where there is none.

    Args:
        cost: What was spent on acquiring them.
        acquired: How many customers that brought.
        basis: Of what, with the time between the two.
    """
    known = _amounts(cost)
    if known is None or not acquired:
        status = "undefined" if known else _fault(cost)
        return Measure(None, "money", basis, status=status, pending=cost.pending)
    each = from_cents(round(Fraction(in_cents(known[0]), acquired)))
    status = _ripe(cost)
    return Measure(each, "money", basis, known[0], acquired, status=status, pending=cost.pending)


def roi(value: Measure, cost: Measure, basis: Label | str) -> Measure:
    """Return (value - cost) / cost: 0 is what just pays for itself.

    Args:
        value: What was won.
        cost: What it cost.
        basis: Of what, with the basis of the cost and the time within which the value counts.
    """
    return _ratio(value, cost, basis, less_cost=True)


def roas(value: Measure, cost: Measure, basis: Label | str) -> Measure:
    """Return value / cost: 1 is what just pays for itself.

    Args:
        value: What was won.
        cost: What it cost.
        basis: Of what, as for `roi`.
    """
    return _ratio(value, cost, basis, less_cost=False)


def _ratio(value: Measure, cost: Measure, basis: Label | str, *, less_cost: bool) -> Measure:
    pending = max(value.pending, cost.pending)
    known = _amounts(cost, value)
    if known is None or known[0] <= 0:
        status = "undefined" if known else _fault(cost, value)
        return Measure(None, "ratio", basis, status=status, pending=pending)
    spent, won = map(in_cents, known)
    gained = won - spent if less_cost else won
    ratio = float(Fraction(gained, spent))
    status = _ripe(cost, value)
    return Measure(ratio, "ratio", basis, from_cents(gained), known[0], None, status, pending)


def _amounts(*given: Measure) -> tuple[Decimal, ...] | None:
    """Return the amounts; `None` where one of them cannot be relied on."""
    known = [Decimal(one.value) for one in given if one.is_sound and one.value is not None]
    return tuple(known) if len(known) == len(given) else None


def _fault(*given: Measure) -> Status:
    """Return why an amount cannot be relied on, of the first that cannot."""
    return next(one.status for one in given if not one.is_sound)


def _ripe(*given: Measure) -> Status:
    return "immature" if any(one.status == "immature" for one in given) else "ok"
