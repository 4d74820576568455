"""Winning: how much of what sales took up was won, by count, by cohort and by value, and how fast.

The three win rates answer three questions, and none of them stands for another: by count tells of
what ended in the period, whenever it began; by cohort of what began in it, however it ended; by
value of money. In each, what was lost is divided by.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.flow.course import Course, Journey
from mpfunnel.flow.measures import Measure, Status, count, missing, share
from mpfunnel.flow.periods import Period
from mpfunnel.flow.reporting.followed import followed
from mpfunnel.flow.reporting.step_flow import StepFlow
from mpfunnel.flow.reporting.terms import Terms
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.records.checks import a_key, revenue

__all__ = ["Amounts", "JourneyKey", "Winning", "key_of", "selling_step", "winning"]

JourneyKey = tuple[Id, Id | None, int]
"""Which journey: the unit, the product and the number of the pursuit."""

_CENT: Final = 100
_EXACT: Final = Context(prec=60)
_UNPRICED: Final = Label("ended in the period, without an amount", "決着したうち金額不明")


def key_of(journey: Journey) -> JourneyKey:
    """Return which journey it is."""
    return journey.unit_id, journey.product_id, journey.pursuit


def _amounts(value: Mapping[JourneyKey, int | Decimal]) -> Any:
    return immutabledict(value) if isinstance(value, Mapping) else value  # pyright: ignore[reportUnnecessaryIsInstance]


@frozen
class Amounts:
    """What journeys are worth, in one currency.

    Attributes:
        currency: ISO 4217 code of the currency.
        of: The amount of each journey that has one, in whole units of the currency, by its unit,
            its product and the number of its pursuit. A journey without one is counted and not
            priced.

    Raises:
        InvalidDataError: The currency is blank, or an amount is no amount; all of it at once.
    """

    currency: str
    of: immutabledict[JourneyKey, int | Decimal] = field(converter=_amounts)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if fault := a_key(self.currency):
            problems.append(Problem(fault[0], "amounts.currency", fault[1]))
        if not isinstance(self.of, immutabledict):  # pyright: ignore[reportUnnecessaryIsInstance]
            message = f"must be a mapping from journeys to amounts, not {brief(self.of)}"
            problems.append(Problem("type", "amounts.of", message))
        else:
            problems += [
                Problem(fault[0], f"amounts.of[{brief(key)}]", fault[1])
                for key, amount in self.of.items()
                if (fault := revenue(amount))
            ]
        if problems:
            raise InvalidDataError(problems)


@frozen
class Winning:
    """How much was won of what sales took up: of what entered the step `selling`.

    That is the first step downstream, without the last one.

    Attributes:
        selling: Key of that step.
        by_count: The share won of all that was won, or left the course after that step, in the
            period.
        by_cohort: The share won of all that entered that step in the period and whose days are
            over: those of that step and of the later ones together.
        by_value: The share won of the amounts of all that by_count tells of. What has no amount is
            left out, and the figure is then called unpriced.
        velocity: What is won per day at this pace: open journeys at the end of the period ×
            by_count × mean amount won ÷ mean days from that step to the win.
        unpriced: How many that by_count tells of have no amount.
    """

    selling: str
    by_count: Measure
    by_cohort: Measure
    by_value: Measure
    velocity: Measure
    unpriced: int

    def figures(self) -> Iterator[tuple[str, Measure]]:
        """Yield every figure with its name: ``win_rate_by_count``."""
        yield "win_rate_by_count", self.by_count
        yield "win_rate_by_cohort", self.by_cohort
        yield "win_rate_by_value", self.by_value
        yield "velocity_by_value", self.velocity
        yield "unpriced", count(self.unpriced, _UNPRICED)


def selling_step(course: Course) -> int:
    """Return the place of the step with which sales begins.

    It is the first one downstream; the one before the last where no earlier one is.
    """
    last = len(course) - 1
    downstream = (place for place in range(last) if course.steps[place].side == "downstream")
    return next(downstream, last - 1)


def winning(
    journeys: Sequence[Journey],
    steps: Sequence[StepFlow],
    period: Period,
    terms: Terms,
    amounts: Amounts | None,
) -> Winning:
    """Return how much was won in a period.

    Args:
        journeys: Journeys for one product, as they are known.
        steps: The flow of these through each step.
        period: The period.
        terms: What is asked.
        amounts: What journeys are worth.
    """
    place = selling_step(terms.course)
    taken_up = [one for one in journeys if len(one.entered) > place]
    closed = [one for one in taken_up if (day := _ended(one, terms)) is not None and day in period]
    won = [one for one in closed if _is_won(one, terms)]
    open_then = sum(one.closing for one in steps[place : terms.last])
    basis = _Basis(terms, place, period, amounts)
    priced = _Priced(closed, won, amounts)
    return Winning(
        terms.course.keys[place],
        share(len(won), len(closed), basis.by_count(), min_n=terms.min_n),
        followed(
            [one for one in taken_up if one.entered[place] in period],
            place,
            terms.last,
            period,
            terms,
        ),
        _by_value(priced, basis.by_value(), terms.min_n),
        _velocity(priced, open_then, place, basis.velocity(), terms.min_n),
        len(closed) - len(priced.closed),
    )


def _is_won(journey: Journey, terms: Terms) -> bool:
    return len(journey.entered) > terms.last


def _ended(journey: Journey, terms: Terms) -> date | None:
    """Return the day on which a journey was won or led off; `None` where it is open."""
    return journey.entered[-1] if _is_won(journey, terms) else journey.exited_on


class _Priced:
    """What ended in a period, and the cents of what has an amount."""

    def __init__(
        self, closed: Sequence[Journey], won: Sequence[Journey], amounts: Amounts | None
    ) -> None:
        self.given = amounts is not None
        self.all_closed, self.all_won = closed, won
        known: Mapping[JourneyKey, int | Decimal] = {} if amounts is None else amounts.of
        self.closed, self.won = _cents(closed, known), _cents(won, known)


def _cents(journeys: Iterable[Journey], known: Mapping[JourneyKey, int | Decimal]) -> list[int]:
    keys = map(key_of, journeys)
    # A Decimal would be worked with in the precision of the thread.
    return [int(Fraction(known[key]) * _CENT) for key in keys if key in known]


def _money(cents: int) -> Decimal:
    return _EXACT.scaleb(Decimal(cents), -2)


def _by_value(priced: _Priced, basis: Label, min_n: int) -> Measure:
    if not priced.given:
        return missing("share", basis)
    won, of = sum(priced.won), sum(priced.closed)
    unpriced = len(priced.closed) < len(priced.all_closed)
    if not of:
        return Measure(None, "share", basis, status="unpriced" if unpriced else "undefined")
    small: Status = "small_n" if len(priced.closed) < min_n else "ok"
    status: Status = "unpriced" if unpriced else small
    return Measure(won / of, "share", basis, _money(won), _money(of), status=status)


def _velocity(priced: _Priced, open_then: int, place: int, basis: Label, min_n: int) -> Measure:
    if not priced.given:
        return missing("money", basis)
    unpriced = len(priced.won) < len(priced.all_won)
    days = sum((one.entered[-1] - one.entered[place]).days for one in priced.all_won)
    if not (priced.won and days):
        return Measure(None, "money", basis, status="unpriced" if unpriced else "undefined")
    rate = Fraction(len(priced.all_won), len(priced.all_closed))
    amount = Fraction(sum(priced.won), len(priced.won))
    cycle = Fraction(days, len(priced.all_won))
    small: Status = "small_n" if len(priced.all_closed) < min_n else "ok"
    status: Status = "unpriced" if unpriced else small
    value = _money(round(open_then * rate * amount / cycle))
    return Measure(value, "money", basis, status=status)


class _Basis:
    """What the figures are of."""

    def __init__(self, terms: Terms, place: int, period: Period, amounts: Amounts | None) -> None:
        self._terms, self._period = terms, period.label
        self._step, self._won = terms.course.steps[place].label, terms.course.steps[-1].label
        self._amounts = (
            Label(f"amounts in {amounts.currency}", f"金額（{amounts.currency}）")
            if amounts
            else Label("amounts", "金額")
        )

    def by_count(self) -> Label:
        english = (
            f"{self._won} of all that had entered {self._step} and ended in {self._period}, "
            "won or not"
        )
        japanese = (
            f"{self._step.ja}に達し{self._period.ja}に決着した（離脱を含む）件数のうち"
            f"{self._won.ja}の割合"
        )
        return self._terms.basis(english, japanese)

    def by_value(self) -> Label:
        english = (
            f"{self._won} of the {self._amounts} of all that had entered "
            f"{self._step} and ended in {self._period}, won or not"
        )
        japanese = (
            f"{self._step.ja}に達し{self._period.ja}に決着した（離脱を含む）{self._amounts.ja}"
            f"のうち{self._won.ja}の割合"
        )
        return self._terms.basis(english, japanese)

    def velocity(self) -> Label:
        english = (
            f"{self._amounts} {self._won} a day: open at the end of {self._period} × win rate by "
            f"count × mean amount {self._won} ÷ mean days from {self._step} to {self._won}"
        )
        japanese = (
            f"1日当たりの{self._won.ja}{self._amounts.ja}：{self._period.ja}末の進行中件数×受注率（件数）×平均受注金額"
            f"÷{self._step.ja}から{self._won.ja}までの平均日数"
        )
        return self._terms.basis(english, japanese)
