"""What has been told of a company, and where along the course that has led."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from attrs import define

from mpfunnel.flow.tracing.reading import ABSENT, LOST, Reading
from mpfunnel.flow.tracing.signs import NO_TOUCHES, Sign, Touches
from mpfunnel.flow.tracing.way import Way
from mpfunnel.records import Id

__all__ = ["NOT_TARGET", "Telling"]

NOT_TARGET: Final = "not_target"
"""What leads off the course a company that nobody works, and that is in the target no more."""
_NEVER: Final = date.max.toordinal() + 1


@define(eq=False)
class _Day:
    """What is new on a day."""

    reached: bool
    reached_wide: bool
    responded: bool
    started: bool = False
    opened: bool = False
    won: frozenset[Id] = frozenset()
    """Deals."""
    sold: frozenset[Id | None] = frozenset()
    """Products of those deals."""
    gained: frozenset[Id | None] = frozenset()
    """Products that are owned since this day."""
    won_by_history: bool = False
    ended: tuple[str, ...] = ()
    """What led pursuits off the course."""

    @property
    def wins(self) -> int:
        """How many were won of which the records know: deals, and at most one contract."""
        return len(self.won) + (not self.gained <= self.sold)


class Telling:
    """What has been told about one product, or about the whole firm, and where that has led.

    Touches are looked up rather than told: of the many that a company gets, the first one makes a
    difference to a journey, and the first one to which somebody responds.

    Args:
        way: The journeys.
        reading: How the course is read.
        own: The touches about the product.
        wide: Those about none, which reach a company on its way, and set none out on it.
    """

    def __init__(
        self, way: Way, reading: Reading, own: Touches = NO_TOUCHES, wide: Touches = NO_TOUCHES
    ) -> None:
        self.way = way
        self.own, self.wide = own, wide
        self.told = 0
        self.marks = reading.marks
        self.worked = reading.worked
        self.target: set[Any] = set()
        self.owned: set[Any] = set()
        self.engaged: set[Any] = set()
        self.deals: set[Any] = set()
        self.stages: dict[Any, str] = {}

    def tell(self, ordinal: int, signs: Iterable[Sign]) -> None:
        """Tell what is new on a day, and what touches there were before; the days in order."""
        self.touches_before(ordinal)
        was_target = bool(self.target)
        new = self._touched_on(ordinal)
        day = date.fromordinal(ordinal)
        for one in signs:
            self._take(one, new)
        came = bool(self.target) and not was_target
        wins = new.wins if new.won or new.gained else 0
        begins = bool(new.started or new.opened or wins) or (came and not self.owned)
        self._go(day, new, begins=begins, came=came, wins=wins)
        if self._win(day, new, wins):
            return
        left = was_target and not self.target
        if (new.ended or left) and self.way.is_open and not self._is_worked:
            why = min(new.ended, key=self._place_of_end) if new.ended else NOT_TARGET
            self.way.leave(day, why)

    def touches_before(self, ordinal: int) -> None:
        """Tell the touches up to a day that make a difference."""
        while (touched := self._next_touch()) < ordinal:
            self._go(date.fromordinal(touched), self._touched_on(touched))

    def _next_touch(self) -> int:
        """Return the next day on which a touch makes a difference."""
        way, told = self.way, self.told
        if way.is_new:
            return _after(told, self.own.delivered)
        if way.is_open:
            if way.step < self.marks.reached:
                return min(_after(told, self.own.delivered), _after(told, self.wide.delivered))
            if way.step < self.marks.engaged:
                return min(_after(told, self.own.responded), _after(told, self.wide.responded))
        return _NEVER

    def _touched_on(self, ordinal: int) -> _Day:
        """Return what touches there were on a day, as far as they make a difference."""
        self.told = ordinal
        if self.way.step >= max(self.marks.reached, self.marks.engaged) and self.way.is_open:
            return _Day(reached=False, reached_wide=False, responded=False)
        own, wide = self.own, self.wide
        reached, reached_wide = _is_in(own.delivered, ordinal), _is_in(wide.delivered, ordinal)
        # Who responded was reached.
        responded = reached and _is_in(own.responded, ordinal)
        responded = responded or (reached_wide and _is_in(wide.responded, ordinal))
        return _Day(reached, reached_wide, responded)

    @property
    def _is_worked(self) -> bool:
        """Whether anybody is pursued, or any deal is open."""
        return bool(self.deals) or any(one in self.worked for one in self.stages.values())

    def _place_of_end(self, stage: str) -> int:
        """Return which of several ends of a day counts: that which comes first in the funnel."""
        off = self.marks.off
        return off.index(stage) if stage in off else len(off)

    def _go(
        self, day: date, new: _Day, *, begins: bool = False, came: bool = False, wins: int = 0
    ) -> None:
        """Go along the course as far as the day shows."""
        way, marks = self.way, self.marks
        if way.is_new:
            begins = begins or came or new.reached or bool(self.engaged)
        if not begins and not way.is_open:
            return
        seen = [self.worked.get(key) for key in self.stages.values()]
        if self.target:
            seen.append(marks.target)
        if new.reached or new.reached_wide or new.started:
            seen.append(marks.reached)
        if new.responded or self.engaged:
            seen.append(marks.engaged)
        if new.opened or self.deals:
            seen.append(marks.deal)
        places = [one for one in seen if one is not None and one != ABSENT]
        if places or not wins:
            way.go(day, places)

    def _win(self, day: date, new: _Day, wins: int) -> bool:
        """Reach the end of the course as often as something was won; return whether it was."""
        times = wins or int(new.won_by_history and not self.owned)
        if not times:
            return False
        shown = {self.marks.target} if self.target else set[int]()
        shown.discard(ABSENT)
        by_deal = {*shown, self.marks.deal}
        for number in range(times):
            if steps := by_deal if number < len(new.won) else shown:
                self.way.go(day, steps)
            self.way.win(day)
        if self.deals:
            # Where another deal is open, that is the next pursuit at once.
            self.way.go(day, by_deal)
        return True

    def _take(self, sign: Sign, new: _Day) -> None:
        """Keep what holds since this day, and note what is new."""
        if sign.what == "stage":
            self._take_stage(sign, new)
        elif sign.what == "deal":
            self._take_deal(sign, new)
        else:
            held: set[Any] = getattr(self, _HELD[sign.what])
            if sign.value:
                held.add(sign.key)
            else:
                held.discard(sign.key)
            if sign.what == "owned" and sign.value:
                new.gained |= {sign.about}

    def _take_deal(self, sign: Sign, new: _Day) -> None:
        if sign.value == "open":
            self.deals.add(sign.key)
            new.opened = True
            return
        self.deals.discard(sign.key)
        if sign.value == "won":
            new.won |= {sign.key}
            new.sold |= {sign.about}
        elif sign.value == "lost":
            new.ended += (LOST,)

    def _take_stage(self, sign: Sign, new: _Day) -> None:
        before, now = self.stages.get(sign.key), sign.value
        if now is None:
            self.stages.pop(sign.key, None)
            return
        self.stages[sign.key] = now
        if now in self.worked:
            new.started |= before not in self.worked
        elif sign.kept and now in self.marks.wins:
            new.won_by_history |= before != now
        elif before in self.worked:
            new.ended += (now,)
        elif before is None and now not in self.marks.heights:
            # Who is set apart at once gave a sign all the same.
            new.started = True
            new.ended += (now,)


_HELD: Final = {"target": "target", "owned": "owned", "interest": "engaged"}


def _after(day: int, days: Sequence[int]) -> int:
    """Return the first of some days after one; `_NEVER` where there is none."""
    place = bisect_right(days, day)
    return days[place] if place < len(days) else _NEVER


def _is_in(days: Sequence[int], day: int) -> bool:
    place = bisect_left(days, day)
    return place < len(days) and days[place] == day
