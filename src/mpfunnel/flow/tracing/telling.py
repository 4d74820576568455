"""What has been told of a company, and where along the course that has led."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from attrs import define, field

from mpfunnel.flow.tracing.reading import Reading
from mpfunnel.flow.tracing.signs import NO_TOUCHES, Sign, Touches
from mpfunnel.flow.tracing.way import Way
from mpfunnel.records import Id

__all__ = ["LOST", "NOT_TARGET", "Telling"]

LOST: Final = "lost"
"""What a deal that was lost leads off the course as."""
NOT_TARGET: Final = "not_target"
"""What leads off the course a company that nobody works, and that is in the target no more."""
_NEVER: Final = date.max.toordinal() + 1


@define(eq=False)
class _Day:
    """What is new on a day."""

    reached: bool = False
    reached_wide: bool = False
    responded: bool = False
    started: bool = False
    opened: bool = False
    won: set[Id] = field(factory=set[Id])
    """Deals."""
    sold: set[Id | None] = field(factory=set["Id | None"])
    """Products of those deals."""
    gained: set[Id | None] = field(factory=set["Id | None"])
    """Products that are owned since this day."""
    won_by_history: bool = False
    ended: list[str] = field(factory=list[str])
    """What led pursuits off the course."""

    @property
    def wins(self) -> int:
        """How many were won of which the records know: deals, and at most one contract."""
        return len(self.won) + bool(self.gained - self.sold)


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
        self.graph = reading.book.playbook.funnel.graph
        self.worked = reading.worked
        self.off = [LOST, *self.graph.detours]
        self.at_target, self.at_reached, self.at_engaged = map(
            reading.place, ("target", "reached", "engaged")
        )
        # Where a deal is open, the step before the last one is reached.
        self.at_deal = frozenset((len(reading.course) - 2,))
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
        self._go(day, new, came=bool(self.target) and not was_target)
        won = self._win(day, new)
        if not won and self.way.is_open and not self._is_worked:
            if new.ended:
                self.way.leave(day, min(new.ended, key=self._place_of_end))
            elif was_target and not self.target:
                self.way.leave(day, NOT_TARGET)

    def touches_before(self, ordinal: int) -> None:
        """Tell the touches up to a day that make a difference."""
        while (touched := self._next_touch()) < ordinal:
            self._go(date.fromordinal(touched), self._touched_on(touched), came=False)

    def _next_touch(self) -> int:
        """Return the next day on which a touch makes a difference."""
        way, wanted = self.way, list[Sequence[int]]()
        if way.is_new:
            wanted.append(self.own.delivered)
        elif way.is_open:
            if any(way.step < place for place in self.at_reached):
                wanted += (self.own.delivered, self.wide.delivered)
            if any(way.step < place for place in self.at_engaged):
                wanted += (self.own.responded, self.wide.responded)
        found = ((days, bisect_right(days, self.told)) for days in wanted)
        return min((days[place] for days, place in found if place < len(days)), default=_NEVER)

    def _touched_on(self, ordinal: int) -> _Day:
        """Return what touches there were on a day."""
        self.told = ordinal
        return _Day(
            reached=_is_in(self.own.delivered, ordinal),
            reached_wide=_is_in(self.wide.delivered, ordinal),
            responded=_is_in(self.own.responded, ordinal) or _is_in(self.wide.responded, ordinal),
        )

    @property
    def _is_worked(self) -> bool:
        """Whether anybody is pursued, or any deal is open."""
        return bool(self.deals) or any(one in self.worked for one in self.stages.values())

    def _place_of_end(self, stage: str) -> int:
        """Return which of several ends of a day counts: that which comes first in the funnel."""
        return self.off.index(stage) if stage in self.off else len(self.off)

    def _go(self, day: date, new: _Day, *, came: bool) -> None:
        """Go along the course as far as the day shows."""
        way = self.way
        begins = bool(new.started or new.opened or new.wins) or (came and not self.owned)
        if way.is_new:
            begins |= came or new.reached or bool(self.engaged)
        if not (begins or way.is_open):
            return
        seen = {
            place for key in self.stages.values() if (place := self.worked.get(key)) is not None
        }
        if self.target:
            seen |= self.at_target
        if new.reached or new.reached_wide or new.started:
            seen |= self.at_reached
        if new.responded or self.engaged:
            seen |= self.at_engaged
        if new.opened or self.deals:
            seen |= self.at_deal
        if seen or not new.wins:
            way.go(day, seen)

    def _win(self, day: date, new: _Day) -> bool:
        """Reach the end of the course as often as something was won; return whether it was."""
        times = new.wins or int(new.won_by_history and not self.owned)
        shown = self.at_target if self.target else frozenset[int]()
        for number in range(times):
            if steps := shown | self.at_deal if number < len(new.won) else shown:
                self.way.go(day, steps)
            self.way.win(day)
        if times and self.deals:
            # Where another deal is open, that is the next pursuit at once.
            self.way.go(day, shown | self.at_deal)
        return times > 0

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
                new.gained.add(sign.about)

    def _take_deal(self, sign: Sign, new: _Day) -> None:
        if sign.value == "open":
            self.deals.add(sign.key)
            new.opened = True
            return
        self.deals.discard(sign.key)
        if sign.value == "won":
            new.won.add(sign.key)
            new.sold.add(sign.about)
        elif sign.value == "lost":
            new.ended.append(LOST)

    def _take_stage(self, sign: Sign, new: _Day) -> None:
        before, now = self.stages.get(sign.key), sign.value
        if now is None:
            self.stages.pop(sign.key, None)
            return
        self.stages[sign.key] = now
        if now in self.worked:
            new.started |= before not in self.worked
        elif sign.kept and now in self.graph.wins:
            new.won_by_history |= before != now
        elif before in self.worked:
            new.ended.append(now)
        elif before is None and now not in self.graph.heights:
            # Who is set apart at once gave a sign all the same.
            new.started = True
            new.ended.append(now)


_HELD: Final = {"target": "target", "owned": "owned", "interest": "engaged"}


def _is_in(days: Sequence[int], day: int) -> bool:
    place = bisect_left(days, day)
    return place < len(days) and days[place] == day
