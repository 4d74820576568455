"""The way of one unit towards one product: its journeys one after the other, told day by day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import lru_cache

from mpfunnel.flow.course import Journey
from mpfunnel.records import Id

__all__ = ["Way"]


@lru_cache(maxsize=1_024)
def _shared(places: frozenset[int]) -> frozenset[int]:
    """Return the same set for equal ones: of very many journeys, few impute differently."""
    return places


class Way:
    """The journeys of one unit about one product, in the order of time.

    Args:
        unit_id: The company or the lead.
        product_id: The product; `None` for the whole firm.
        segment: Key of the segment of the company.
        length: How many steps the course has.
    """

    def __init__(self, unit_id: Id, product_id: Id | None, segment: str, length: int) -> None:
        self.unit_id = unit_id
        self.product_id = product_id
        self._segment = segment
        self._last = length - 1
        self._entered: list[date] = []
        self._imputed: set[int] = set()
        self._done: list[Journey] = []

    @property
    def is_open(self) -> bool:
        """Whether a journey is under way."""
        return bool(self._entered)

    @property
    def is_new(self) -> bool:
        """Whether there has been no journey yet."""
        return not self._entered and not self._done

    @property
    def step(self) -> int:
        """The place of the furthest step of the journey that is under way; -1 where none is."""
        return len(self._entered) - 1

    def go(self, day: date, seen: Collection[int]) -> None:
        """Go on to the furthest of the steps that a day shows; begin a journey where none is.

        Steps between, which the day does not show, are imputed. The last step ends the journey.

        Args:
            day: The day, not before those told so far.
            seen: The places of the steps; where there are none, a journey begins with the first.
        """
        entered, furthest = self._entered, max(seen, default=0)
        if furthest < len(entered):
            return
        for place in range(len(entered), furthest + 1):
            entered.append(day)
            if place < furthest and place not in seen:
                self._imputed.add(place)
        if furthest == self._last:
            self._end(None, None)

    def win(self, day: date) -> None:
        """Reach the last step; begin a journey where none is."""
        self.go(day, {self._last})

    def leave(self, day: date, why: str) -> None:
        """End the journey that is under way, if one is."""
        if self._entered:
            self._end(why, day)

    def journeys(self) -> list[Journey]:
        """Return the journeys that have ended, and the one that is under way."""
        return [*self._done, self._journey(None, None)] if self._entered else [*self._done]

    def _end(self, why: str | None, day: date | None) -> None:
        self._done.append(self._journey(why, day))
        self._entered, self._imputed = [], set()

    def _journey(self, why: str | None, day: date | None) -> Journey:
        return Journey(
            self.unit_id,
            self.product_id,
            self._entered,
            _shared(frozenset(self._imputed)),
            why,
            day,
            self._segment,
            len(self._done) + 1,
        )
