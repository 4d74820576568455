"""When time alone will change an answer, so that a CRM can schedule instead of polling."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from copy import copy
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, cast

from mpfunnel.engagement.model import EngagementModel, Standing
from mpfunnel.engagement.scores import Measure, Score, measures_of
from mpfunnel.engagement.signals import decay_per_mille
from mpfunnel.engagement.tally import Tally
from mpfunnel.errors import InvalidDataError, Problem, misfit
from mpfunnel.rules.compiled import compile_policy
from mpfunnel.rules.conditions import facts_of
from mpfunnel.rules.tables import Decision

__all__ = ["first_change", "hear", "next_change"]

KNOWN: Final = frozenset({"score", "active_days", "touched"})
"""What a tally knows of a product, besides the measures."""


def next_change(tally: Tally, model: EngagementModel, as_of: date) -> date | None:
    """Return the day on which time alone will next change the level of interest.

    It is exact, and asks no clock: the days on which anything can change are those on which a
    point fades, a measure leaves an activity behind, or an activity of a later day begins to
    count; they are looked at in order until the level, or whether it is settled, is another.

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

    return first_change(tally, model, measures, ask, as_of)


def first_change(
    tally: Tally,
    model: EngagementModel,
    measures: Iterable[Measure],
    ask: Callable[[Tally, date], Hashable],
    as_of: date,
) -> date | None:
    """Return the first day after `as_of` on which `ask` answers otherwise.

    Args:
        tally: The activities that the answer follows from, with nothing else that depends on days.
        model: The model by which it does.
        measures: The measures that it asks for.
        ask: The answer of a day by the tally.
        as_of: The day after which to look.
    """
    fading = _ages_of_fading(model.half_life_days)
    # With age 0 an activity begins to count.
    ages = sorted({0, *fading, *(measure.within_days for measure in measures)})
    apart = copy(tally)
    before = ask(apart, as_of)
    days = tally.days_of_change(ages, as_of)
    return next((day for day in days if ask(apart, day) != before), None)


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


@lru_cache(maxsize=64)
def _ages_of_fading(half_life_days: int) -> tuple[int, ...]:
    shares = (*decay_per_mille(half_life_days), 0)
    return tuple(age for age, (left, then) in enumerate(pairwise(shares), 1) if left != then)
