"""The flow a second time, day by day and unit by unit, with nothing of it but journeys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from mpfunnel.flow.course import Journey

__all__ = ["Walked", "redistributed", "walk"]

_DAY: Final = timedelta(1)


class Walked:
    """What somebody saw who stood by a step every day, and wrote down who came and who left."""

    def __init__(self) -> None:
        self.opening = self.came_in = self.imputed = self.closing = 0
        self.went: Counter[str] = Counter()
        self.there: list[Journey] = []


def walk(journeys: Iterable[Journey], place: int, first: date, last: date) -> Walked:
    """Walk through all days up to the last one, and look who comes and goes on each of them."""
    found = Walked()
    given = list(journeys)
    days = [day for one in given for day in (*one.entered, one.exited_on) if day is not None]
    day = min([first, *days])
    while day <= last:
        if day == first:
            found.opening = len(found.there)
        for one in given:
            comes = len(one.entered) > place and one.entered[place] == day
            if comes:
                found.there.append(one)
                if day >= first:
                    found.came_in += 1
                    found.imputed += place in one.imputed
            # Who came today may leave today.
            goes = _leaves(one, place, day)
            if goes is not None and one in found.there:
                found.there.remove(one)
                if day >= first:
                    found.went[goes] += 1
        day += _DAY
    found.closing = len(found.there)
    return found


def _leaves(one: Journey, place: int, day: date) -> str | None:
    if len(one.entered) > place + 1:
        return "on" if one.entered[place + 1] == day else None
    if len(one.entered) == place + 1 and one.exited_on == day:
        return f"off {one.exit}"
    return None


def redistributed(
    spells: Iterable[tuple[int, str | None]], cause: str, within: int
) -> Fraction | None:
    """Return the share that a cause led off within some days; `None` where it cannot be told.

    Everybody begins with the same weight. Who goes out of sight leaves its weight to those that are
    seen longer, in equal parts (B. Efron, 1967).
    """
    # On one day, who left is looked at before who went out of sight.
    left = sorted(spells, key=lambda one: (one[0], one[1] is None))
    weights = [Fraction(1, len(left))] * len(left)
    share = Fraction(0)
    for place, (stayed, led_by) in enumerate(left):
        if stayed > within or (stayed == within and led_by is None):
            return share
        if led_by == cause:
            share += weights[place]
        later = len(left) - place - 1
        if led_by is None:
            if not later:
                return None
            for other in range(place + 1, len(left)):
                weights[other] += weights[place] / later
    return share
