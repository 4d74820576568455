"""Money: amounts in the playbook's currency, of which those without a rate are counted apart.

Two currencies are never added up. An amount without a rate has no price: it is not worth 0, and
its rate is not 1. Cents are integers, so that no order of addition makes a difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, Final

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.flow.measures import Measure
from mpfunnel.labels import Label
from mpfunnel.records.checks import Fault, Record, a_day, checked, optional

__all__ = ["FxRate", "FxTable", "a_currency", "from_cents", "in_cents", "total"]

_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=60, rounding=ROUND_HALF_EVEN, traps=[])
"""Never that of the thread, which anybody may have changed."""


def a_currency(value: Any) -> Fault | None:
    """A code of three capital letters."""
    text = value if isinstance(value, str) else ""
    if len(text) == 3 and text.isascii() and text.isalpha() and text.isupper():
        return None
    return "format", f"must be a code of three letters such as 'JPY', not {brief(value)}"


def _a_rate(value: Any) -> Fault | None:
    if type(value) not in (int, Decimal):
        return "type", f"must be an integer or a Decimal, not {type(value).__name__} {brief(value)}"
    if not Decimal(value).is_finite() or value <= 0:
        return "range", "must be a finite number of more than 0"
    return None


@frozen
class FxRate(Record):
    """What one unit of a currency is worth in the playbook's currency, over some days."""

    currency: str = field(metadata=checked(a_currency))
    """ISO 4217 code."""
    rate: int | Decimal = field(metadata=checked(_a_rate))
    start: date = field(metadata=checked(a_day))
    end: date | None = field(default=None, metadata=checked(optional(a_day)))
    """The last day; `None` where it holds until further notice."""

    def _contradictions(self) -> list[Problem]:
        if self.end is not None and self.end < self.start:
            return [Problem("order", "fxrate.end", "must not be before start")]
        return []


def _rates(value: Iterable[FxRate]) -> tuple[FxRate, ...]:
    return series(value)


@frozen
class FxTable:
    """Rates into one currency.

    Attributes:
        currency: ISO 4217 code of the currency of all sums: the playbook's.
        rates: The rates of others; at most one for each currency and day.

    Raises:
        InvalidDataError: Something is no rate, two rates hold on one day, or one is that of the
            currency of the sums; all of it at once.
    """

    currency: str
    rates: tuple[FxRate, ...] = field(default=(), converter=_rates)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if fault := a_currency(self.currency):
            problems.append(Problem(fault[0], "fx.currency", fault[1]))
        wrong = misfits("fx.rates", self.rates, FxRate)
        for place, one in enumerate(() if wrong else self.rates):
            if one.currency == self.currency:
                message = f"is the currency of the sums; {self.currency} needs no rate"
                problems.append(Problem("contradiction", f"fx.rates[{place}].currency", message))
        for same in () if wrong else self._by_currency.values():
            for earlier, later in pairwise(same):
                if earlier.end is None or earlier.end >= later.start:
                    message = f"two rates of {later.currency} hold on {later.start}"
                    problems.append(Problem("conflict", "fx.rates", message))
        if problems or wrong:
            raise InvalidDataError([*problems, *wrong])

    @cached_property
    def _by_currency(self) -> Mapping[str, list[FxRate]]:
        found: dict[str, list[FxRate]] = {}
        for one in sorted(self.rates, key=lambda one: (one.currency, one.start)):
            found.setdefault(one.currency, []).append(one)
        return found

    def priced(
        self, amount: int | Decimal | None, currency: str | None, day: date
    ) -> Decimal | None:
        """Return an amount in the currency of the sums; `None` where it has no price.

        What has another currency is rounded once, to the cent, halves to the even one.

        Args:
            amount: In whole units; `None` where it is unknown.
            currency: ISO 4217 code; `None` for the currency of the sums.
            day: The day whose rate holds.
        """
        if amount is None:
            return None
        if currency is None or currency == self.currency:
            return Decimal(amount)
        for one in self._by_currency.get(currency, ()):
            if one.start <= day and (one.end is None or day <= one.end):
                exact = _EXACT.multiply(Decimal(amount), Decimal(one.rate))
                return exact.quantize(_CENT, context=_EXACT)
        return None


def in_cents(amount: int | Decimal) -> int:
    """Return an amount of at most two decimal places as an integer of hundredths."""
    return int(Decimal(amount).scaleb(2, context=_EXACT))


def from_cents(cents: int) -> Decimal:
    """Return hundredths as an amount, without places where it has no cents."""
    whole, rest = divmod(cents, 100)
    return Decimal(cents).scaleb(-2, context=_EXACT) if rest else Decimal(whole)


def total(prices: Iterable[Decimal | None], basis: Label | str) -> Measure:
    """Return the sum of prices; of nothing, it is 0.

    Args:
        prices: The amounts; `None` for what has no price. Where there are such, the measure says
            ``"unpriced"`` with how many have one (`num`) of how many there are (`den`); where none
            has a price, there is no sum.
        basis: Of what it is the sum.
    """
    given = tuple(prices)
    known = [in_cents(one) for one in given if one is not None]
    if len(known) == len(given):
        return Measure(from_cents(sum(known)), "money", basis, len(known), len(given))
    value = from_cents(sum(known)) if known else None
    return Measure(value, "money", basis, len(known), len(given), status="unpriced")
