"""Credit: which touch a conversion is put down to, the first one or the last one.

Whatever rule is asked, each conversion is credited once: to one key, or to none where no touch lies
within the time looked back over. The credits of a rule thereby add up to the conversions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, Final, Literal, TypeVar

from attrs import field, frozen

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.records.checks import (
    Record,
    a_day,
    a_number_of,
    an_id,
    an_instant,
    checked,
    one_of,
    utc,
)

__all__ = ["CREDIT_RULES", "Conversion", "Credit", "CreditRule", "Credits", "Touch", "credited"]

CreditRule = Literal["first", "last"]
CREDIT_RULES: Final[Mapping[CreditRule, Label]] = {
    "first": Label("first touch", "ファーストタッチ"),
    "last": Label("last touch", "ラストタッチ"),
}


@frozen
class Touch(Record):
    """That something reached a unit, for example a company, by a campaign or channel."""

    unit_id: Id = field(metadata=checked(an_id))
    key: Id = field(metadata=checked(an_id))
    """The campaign or the channel."""
    at: datetime = field(converter=utc, metadata=checked(an_instant))
    id: Id = field(metadata=checked(an_id))
    """Unique for its unit; of two within one instant, the smaller one is the earlier."""


@frozen
class Conversion(Record):
    """That a unit converted: it won a deal, or bought."""

    unit_id: Id = field(metadata=checked(an_id))
    id: Id = field(metadata=checked(an_id))
    at: datetime = field(converter=utc, metadata=checked(an_instant))


@frozen
class Credit:
    """What one conversion is put down to.

    Attributes:
        conversion: The conversion.
        touch: The touch that is credited; `None` where none lies within the time looked back over.
    """

    conversion: Conversion
    touch: Touch | None

    @property
    def key(self) -> Id | None:
        """The campaign or channel that is credited; `None` where there is none."""
        return None if self.touch is None else self.touch.key


@frozen
class Credits:
    """The conversions, each with what it is put down to, in the order of time.

    Attributes:
        rule: Which touch counts.
        look_back_days: How many days before the day of the conversion a touch may lie at most.
        credits: One for each conversion.
    """

    rule: CreditRule
    look_back_days: int
    credits: tuple[Credit, ...]

    def counts(self) -> dict[Id | None, int]:
        """Return how many conversions each key is credited with, those of none under `None`.

        They add up to all conversions. In the order of the first conversion of each.
        """
        found: dict[Id | None, int] = {}
        for one in self.credits:
            found[one.key] = found.get(one.key, 0) + 1
        return found


R = TypeVar("R", Touch, Conversion)
T = TypeVar("T")


def chosen(
    touches: Iterable[tuple[datetime, date, T]],
    at: datetime,
    day: date,
    rule: CreditRule,
    look_back_days: int,
) -> T | None:
    """Return which touch a conversion is put down to; `None` where none counts.

    Args:
        touches: The instant and the day of each, in the order of time.
        at: When it converted.
        day: The day of that.
        rule: ``"first"`` or ``"last"``.
        look_back_days: How many days before that day a touch may lie at most.
    """
    counting = [
        one
        for instant, its_day, one in touches
        if instant <= at and (day - its_day).days <= look_back_days
    ]
    return None if not counting else counting[0 if rule == "first" else -1]


def credited(
    touches: Iterable[Touch],
    conversions: Iterable[Conversion],
    *,
    rule: CreditRule,
    look_back_days: int,
    as_of: date,
    zone: str,
) -> Credits:
    """Return what each conversion is put down to.

    A touch counts for a conversion of its unit if it does not come after it (within one instant, it
    counts), and its day lies at most `look_back_days` before that of the conversion, the boundary
    included. Equal records count once.

    Args:
        touches: What reached whom.
        conversions: Who converted; those of days after `as_of` do not count (law 5).
        rule: ``"first"`` or ``"last"``.
        look_back_days: Of 0, only touches of the same day count.
        as_of: The day.
        zone: Name of the zone whose days count.

    Raises:
        InvalidDataError: Something is of another type or out of range, or two records share their
            id and differ; all of it at once.
    """
    given, converted = series(touches), series(conversions)
    problems = [*misfits("touches", given, Touch), *misfits("conversions", converted, Conversion)]
    for name, check, value in (
        ("rule", one_of(CreditRule), rule),
        ("look_back_days", a_number_of(0), look_back_days),
        ("as_of", a_day, as_of),
    ):
        if fault := check(value):
            problems.append(Problem(fault[0], name, fault[1]))
    if problems:
        raise InvalidDataError(problems)
    day_of = partial(local_day, zone=zone_for(zone))
    once = _once("touches", given, lambda one: (one.unit_id, one.id), problems)
    wanted = _once("conversions", converted, lambda one: (one.id,), problems)
    if problems:
        raise InvalidDataError(problems)

    of_unit: dict[Id, list[Touch]] = {}
    for touch in sorted(once, key=_order):
        of_unit.setdefault(touch.unit_id, []).append(touch)
    told: list[Credit] = []
    for conversion in sorted(wanted, key=_order):
        if (day := day_of(conversion.at)) > as_of:
            continue
        own = [(one.at, day_of(one.at), one) for one in of_unit.get(conversion.unit_id, ())]
        winner = chosen(own, conversion.at, day, rule, look_back_days)
        told.append(Credit(conversion, winner))
    return Credits(rule, look_back_days, tuple(told))


def _order(one: Touch | Conversion) -> tuple[Any, ...]:
    # Ids of one kind are texts or integers, but nobody has checked those given here.
    return one.at, type(one.id).__name__, one.id, type(one.unit_id).__name__, one.unit_id


def _once(
    path: str, given: Iterable[R], identity: Callable[[R], object], problems: list[Problem]
) -> list[R]:
    """Return each record once, and add a problem for those that share an identity but differ."""
    found: dict[object, R] = {}
    for one in given:
        if found.setdefault(identity(one), one) != one:
            message = "is used twice, by records that differ"
            problems.append(Problem("conflict", f"{path}[{brief(one.id)}].id", message))
    return list(found.values())
