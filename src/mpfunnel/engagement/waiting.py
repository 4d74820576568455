"""When time alone will change an answer, so that a CRM can schedule instead of polling."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterable, Sequence
from copy import copy
from datetime import date, timedelta
from functools import lru_cache
from heapq import merge
from typing import Any, Final, NamedTuple, cast

from mpfunnel.engagement.model import EngagementModel, Standing
from mpfunnel.engagement.scores import MICRO, Measure, Score, measures_of
from mpfunnel.engagement.signals import decay_per_mille
from mpfunnel.engagement.tally import Tally
from mpfunnel.errors import InvalidDataError, Problem, misfit
from mpfunnel.rules.compiled import compile_policy
from mpfunnel.rules.conditions import Compare, Condition, IsIn, facts_of, walk
from mpfunnel.rules.tables import Decision

__all__ = ["first_change", "hear", "next_change"]

KNOWN: Final = frozenset({"score", "active_days", "touched"})
"""What a tally knows of a product, besides the measures."""
_FADING: Final = frozenset({"product.score", "product.active_days"})
A_DAY: Final = timedelta(days=1)


def next_change(tally: Tally, model: EngagementModel, as_of: date) -> date | None:
    """Return the day on which time alone will next change the level of interest.

    It is exact, and asks no clock: the days on which a measure leaves an activity behind, or an
    activity of a later day begins to count, are looked at in order; between them points fade, and
    the day on which a score passes a threshold is found by halving.

    For the state, and for a model whose levels ask for more than activities, see
    `mpfunnel.engine.Engine.next_change`.

    Args:
        tally: The activities.
        model: The model.
        as_of: The day after which to look, in the playbook's zone.

    Returns:
        The day; `None` where nothing changes until the end of the year 9999.

    Raises:
        InvalidDataError: `as_of` is no day, `tally` or `model` is none, or the levels ask for more
            than activities.
    """
    if wrong := misfit("tally", tally, Tally) + misfit("model", model, EngagementModel):
        raise InvalidDataError(wrong)
    level = _level(model)
    measures = measures_of(model.interest.conditions)

    def ask(tally: Tally, day: date) -> Hashable:
        # No rule asks for a Tier, as `_level` has made sure.
        standing = Standing(cast("Any", None))
        hear(standing, tally, model, measures, day)
        decision = level(standing)
        return decision.value, decision.settled

    return first_change(tally, model, model.interest.conditions, ask, as_of)


def first_change(
    tally: Tally,
    model: EngagementModel,
    conditions: Iterable[Condition],
    ask: Callable[[Tally, date], Hashable],
    as_of: date,
) -> date | None:
    """Return the first day after `as_of` on which `ask` answers otherwise.

    Args:
        tally: The activities that the answer follows from, with nothing else that depends on days.
        model: The model by which it does.
        conditions: All that it asks.
        ask: The answer of a day by the tally.
        as_of: The day after which to look.
    """
    conditions = tuple(conditions)
    apart = copy(tally)
    fading = _Fading(apart, model, conditions)
    # With age 0 an activity begins to count; between these days nothing but points fades.
    ages = sorted({0, *(measure.within_days for measure in measures_of(conditions))})
    days = merge(tally.days_of_change(ages, as_of), fading.end_after(as_of))
    before = ask(apart, as_of)
    known = as_of
    for day in days:
        last = day - A_DAY
        while known < last:
            other = fading.first_other(known, last)
            if other is None:
                break
            if ask(apart, other) != before:
                return other
            known = other
        if ask(apart, day) != before:
            return day
        known = day
    return None


class _Numbers(NamedTuple):
    """What fades, as of a day: micro-points that are earned, those that are lost, active days."""

    gains: int
    losses: int
    active: int


class _Fading:
    """What rules can tell of a score while it fades, and nothing else changes.

    Of two days, the earlier one has the greater gains and the later one the smaller losses. So what
    the gains of either come to with the losses of the other bounds the scores of all days between:
    where both bounds are on the same side of every threshold, so are these, and nobody has to look.
    """

    def __init__(
        self, tally: Tally, model: EngagementModel, conditions: Iterable[Condition]
    ) -> None:
        self._tally = tally
        self._model = model
        self._reach = len(decay_per_mille(model.half_life_days))
        cuts: dict[str, set[int]] = {"score": set(), "active_days": set()}
        for one in (part for when in conditions for part in walk(when)):
            if isinstance(one, Compare | IsIn) and one.fact.name in _FADING:
                values = (one.value,) if isinstance(one, Compare) else one.values
                cuts[one.fact.key].update(one.fact.stored(value) for value in values)
        self._score_cuts, self._active_cuts = (sorted(cuts[key]) for key in cuts)
        self._known: dict[date, _Numbers] = {}

    def end_after(self, as_of: date) -> list[date]:
        """Return the day, if any, from which nothing is left to fade."""
        last = self._tally.last_day
        if last is None:
            return []
        end = date.fromordinal(min(last.toordinal() + self._reach, date.max.toordinal()))
        return [end] if end > as_of else []

    def first_other(self, day: date, last: date) -> date | None:
        """Return the first day after `day`, up to the last one, that rules can tell from it."""
        self._known = {}
        return self._first(day + A_DAY, last, self._cell(day, day))

    def _first(self, day: date, last: date, known: Hashable) -> date | None:
        least = self._cell(last, day)
        if self._cell(day, last) == least:
            return day if least != known else None
        middle = day + (last - day) // 2
        return self._first(day, middle, known) or self._first(middle + A_DAY, last, known)

    def _cell(self, gains_on: date, losses_on: date) -> Hashable:
        gains, _, active = self._numbers(gains_on)
        score, model = gains + self._numbers(losses_on).losses, self._model
        if model.cap is not None:
            score = min(score, model.cap * MICRO)
        if model.floor is not None:
            score = max(score, model.floor * MICRO)
        return _place(self._score_cuts, score), _place(self._active_cuts, active)

    def _numbers(self, day: date) -> _Numbers:
        if (found := self._known.get(day)) is None:
            score = self._tally.at(self._model, day)
            adding = [part.micro for part in score.parts if part.of == "kind"]
            gains = sum(micro for micro in adding if micro > 0)
            found = self._known[day] = _Numbers(gains, sum(adding) - gains, score.active_days)
        return found


def _place(cuts: Sequence[int], number: int) -> tuple[int, int]:
    """Return where a number is among thresholds; on one of them is a place of its own."""
    return bisect_left(cuts, number), bisect_right(cuts, number)


def hear(
    standing: Standing,
    tally: Tally,
    model: EngagementModel,
    measures: Iterable[Measure],
    as_of: date,
) -> Score:
    """Put into a standing what follows from activities alone; return the score."""
    score = tally.at(model, as_of)
    standing.score, standing.active_days = score.micro, score.active_days
    standing.touched = tally.touched(as_of)
    standing.measures = tally.measures(model, measures, as_of)
    return score


@lru_cache(maxsize=64)
def _level(model: EngagementModel) -> Callable[..., Decision[Any]]:
    """Return the level of interest as a function of a standing.

    Raises:
        InvalidDataError: It asks for more: what came out would not be exact.
    """
    asked = dict.fromkeys(fact for when in model.interest.conditions for fact in facts_of(when))
    problems = [
        Problem("scope", fact.name, "asked by the levels; ask Engine.next_change instead")
        for fact in asked
        if fact.root != "product" or not (fact.within == "measures" or fact.key in KNOWN)
    ]
    if problems:
        raise InvalidDataError(problems)
    return compile_policy(model.interest, ("product",))
