"""What a lead's activities about one product come to on any day, made to be asked for many days.

`EngagementModel.score` takes the activities of one day, and says which of them adds what. Here they
are sorted once, and only what rules ask for comes out: the same integers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from itertools import accumulate
from typing import Any, Final

from attrs import frozen

from mpfunnel.compiled import Compiled, CompiledModel
from mpfunnel.engagement import FULL_WEIGHT, MICRO, Standing
from mpfunnel.engagement.signals import decay_per_mille
from mpfunnel.history.logs import Life
from mpfunnel.rules.compiled import MAX_CUTS, cell_of
from mpfunnel.rules.conditions import Compare, Condition, Exists, IsIn, facts_of, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.stages import Pursuit, stage_so_far

__all__ = ["Gauge", "Running"]

_RUNNING: Final = frozenset({"score", "active_days"})
"""What of a product changes from day to day, besides the measures."""
_IN_CELLS: Final = frozenset({"interest", "engagement"})
"""What follows from the cells of interest and state."""
_FULL_SHARE: Final = 1_000


class Gauge:
    """What the rules about one product can tell apart, and what activities are worth to them.

    Attributes:
        besides: What rules about stages ask of a standing besides; records change it, and days do
            not.
    """

    def __init__(self, book: Compiled, model: CompiledModel) -> None:
        self.compiled = model
        self._interest = cell_of(model.interest)
        self._state = cell_of(model.state)
        self._stage = cell_of(book.stage)
        self._pursuit = Pursuit()
        self._pursuit.stage = stage_so_far(book.playbook.funnel.rules.otherwise)
        conditions = book.playbook.funnel.rules.conditions
        ranged = [at for when in conditions for at in walk(when) if isinstance(at, Exists)]
        self._rows: tuple[Any, ...] = ({"product": {}},) if ranged else ()
        self._asked = any(_runs(fact) for when in conditions for fact in facts_of(when))
        asked = {fact.name: fact for when in conditions for fact in facts_of(when)}
        # What rules about stages ask besides is in no cell, or not in one of this product.
        self.besides = tuple(
            fact.key
            for fact in asked.values()
            if fact.root == "product" and not _runs(fact) and fact.key not in _IN_CELLS
        )
        # What ranges over products looks at all of them at once, and tells no cells of one.
        self._exact = any(_runs(fact) for at in ranged for fact in facts_of(at))
        tables = (model.model.interest, model.model.states, book.playbook.funnel.rules)
        for fact, values in _thresholds(when for one in tables for when in one.conditions).items():
            # So many are told apart by cells that do not follow the order of the numbers.
            self._exact |= _runs(fact) and 2 * len(values) > MAX_CUTS
        self.signals = {signal.kind: signal for signal in model.model.signals}
        self.shares = decay_per_mille(model.model.half_life_days)
        self.worth = tuple(
            {one.kind: one.points * weight for one in model.model.signals if one.points * weight}
            for weight in (FULL_WEIGHT, model.model.company_wide_per_mille)
        )
        self.counted = {measure.kind for measure in model.measures if measure.kind}
        cap, floor = model.model.cap, model.model.floor
        self.cap = None if cap is None else cap * MICRO
        self.floor = None if floor is None else floor * MICRO

    def cell(self, company: Any, lead: Any, standing: Standing) -> Hashable:
        """Return the cell of a standing: while it and `besides` are the same, so is every answer.

        The level of interest is put into the standing; so is the state, where a stage may ask.
        """
        found: tuple[Hashable, ...] = (self._interest(company, lead, standing),)
        standing.interest = self.compiled.interest(company, lead, standing)
        found += (self._state(company, lead, standing),)
        if self._asked:
            standing.engagement = self.compiled.state(company, lead, standing)
            found += (self._stage(company, lead, standing, self._pursuit, *self._rows),)
        if self._exact:
            found += (standing.score, standing.active_days, *standing.measures.values())
        return found


def _thresholds(conditions: Iterable[Condition]) -> dict[Fact, set[Any]]:
    """Return the values that facts are compared with."""
    found: dict[Fact, set[Any]] = {}
    for at in (at for when in conditions for at in walk(when)):
        if isinstance(at, Compare):
            found.setdefault(at.fact, set()).add(at.value)
        elif isinstance(at, IsIn):
            found.setdefault(at.fact, set()).update(at.values)
    return found


def _runs(fact: Fact) -> bool:
    """Whether days alone change what a rule is told."""
    return fact.root == "product" and (fact.within == "measures" or fact.key in _RUNNING)


@frozen
class _Log:
    """Days in order, and what the activities of each are worth, in thousandths of points."""

    days: list[int]
    milli: list[int]
    sums: list[int]

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, int]]) -> _Log:
        """Return the log of days and worths."""
        both = sorted(pairs)
        milli = [one for _, one in both]
        return cls([day for day, _ in both], milli, list(accumulate(milli, initial=0)))

    def within(self, day: int, days: int) -> int:
        """Return the worth of the last `days` days, up to a day."""
        return (
            self.sums[bisect_right(self.days, day)] - self.sums[bisect_right(self.days, day - days)]
        )

    def faded(self, day: int, shares: Sequence[int]) -> int:
        """Return what is left of the worth on a day, in micro-points."""
        low, high = bisect_right(self.days, day - len(shares)), bisect_right(self.days, day)
        return sum(
            [
                milli * shares[day - since]
                for since, milli in zip(self.days[low:high], self.milli[low:high], strict=True)
            ]
        )


class Running:
    """The numbers of one lead and product.

    Args:
        gauge: The gauge.
        own: Activities about the product, none of which ceases to count.
        wide: Activities of the whole firm, likewise.
    """

    def __init__(self, gauge: Gauge, own: Sequence[Life], wide: Sequence[Life]) -> None:
        self.gauge = gauge
        self.touched_since = min([life.since for life in own], default=None)
        worths: list[tuple[str, int, int]] = []
        for lives, worth in zip((own, wide), gauge.worth, strict=True):
            for life in lives:
                kind = life.record[0].kind
                if kind in worth:
                    worths.append((kind, life.since, worth[kind]))
        gains = [(day, milli) for _, day, milli in worths if milli > 0]
        self.gains = _Log.of(gains)
        self.losses = _Log.of([(day, milli) for _, day, milli in worths if milli < 0])
        self.active = sorted({day for day, _ in gains})
        self.counted: dict[str, list[int]] = {}
        for life in own:
            kind = life.record[0].kind
            if kind in gauge.counted:
                self.counted.setdefault(kind, []).append(life.since)
        for days in self.counted.values():
            days.sort()
        self._score(worths)

    def _score(self, worths: Iterable[tuple[str, int, int]]) -> None:
        """Sort out what adds to the score, and how."""
        plain: list[tuple[int, int]] = []
        capped: dict[int, dict[str, list[tuple[int, int]]]] = {}
        fading: list[tuple[int, int]] = []
        lasting: list[tuple[int, int]] = []
        for kind, day, milli in self._counting(worths):
            signal = self.gauge.signals[kind]
            if signal.cap is not None:
                of_kind = capped.setdefault(signal.cap * MICRO, {})
                of_kind.setdefault(kind, []).append((day, milli))
            elif milli > 0:
                plain.append((day, milli))
            elif signal.fades:
                fading.append((day, milli))
            else:
                lasting.append((day, milli))
        self.plain = _Log.of(plain)
        self.capped = [
            (cap, _Log.of(pairs)) for cap, kinds in capped.items() for pairs in kinds.values()
        ]
        self.fading = _Log.of(fading)
        self.lasting = _Log.of(lasting)

    def _counting(self, worths: Iterable[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
        """Return what no cool-down keeps out of the score (S16)."""
        counting: list[tuple[str, int, int]] = []
        firsts: dict[tuple[str, int], tuple[str, int, int]] = {}
        for one in worths:
            kind, day, milli = one
            cool_down = self.gauge.signals[kind].cool_down_days
            if not cool_down:
                counting.append(one)
                continue
            bucket = kind, day // cool_down
            known = firsts.get(bucket)
            if known is None or (day, -abs(milli)) < (known[1], -abs(known[2])):
                firsts[bucket] = one
        return [*counting, *firsts.values()]

    @property
    def rises(self) -> bool:
        """Whether time alone may raise a number."""
        return bool(self.losses.days)

    def read(self, standing: Standing, day: int, losses_on: int) -> None:
        """Put the numbers of a day into a standing.

        Args:
            standing: The standing.
            day: The day.
            losses_on: The day as of which penalties count. Gains fall as days go by, and penalties
                shrink: gains of one day and penalties of another one bound what lies between.
        """
        gauge = self.gauge
        shares = gauge.shares
        score = self.plain.faded(day, shares) if self.plain.days else 0
        for cap, log in self.capped:
            score += min(cap, log.faded(day, shares))
        losses = self.losses if self.losses.days else None
        if losses is not None:
            score += self.fading.faded(losses_on, shares)
            score += _FULL_SHARE * self.lasting.sums[bisect_right(self.lasting.days, losses_on)]
        if gauge.cap is not None and score > gauge.cap:
            score = gauge.cap
        if gauge.floor is not None and score < gauge.floor:
            score = gauge.floor
        standing.score = score
        standing.touched = self.touched_since is not None and self.touched_since <= day
        active = self.active
        until = bisect_right(active, day) if active else 0
        standing.active_days = until - bisect_right(active, day - len(shares)) if until else 0
        measures: dict[str, int | bool] = {}
        for one in gauge.compiled.measures:
            within = one.within_days
            if one.head == "count":
                days = self.counted.get(one.kind)
                count = bisect_right(days, day) - bisect_right(days, day - within) if days else 0
                measures[one.key] = count
            elif one.head == "points":
                points = self.gains.within(day, within) if until else 0
                if losses is not None:
                    points += losses.within(losses_on, within)
                measures[one.key] = FULL_WEIGHT * points
            else:
                measures[one.key] = bool(until) and day - active[until - 1] < within
        standing.measures = measures
