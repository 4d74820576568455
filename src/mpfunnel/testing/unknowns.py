"""Checks of how answers move as facts become known, or grow."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

from attrs import evolve

from mpfunnel.testing.failures import Failure, Question
from mpfunnel.testing.pool import Axis
from mpfunnel.testing.trial import Filling, Trial

__all__ = ["monotone", "narrows", "settled"]

_GROWN: Final = 60


def settled(trial: Trial) -> Failure | None:
    """Ask whether a settled answer stays when a missing fact becomes known (law 2)."""
    return _first(trial, "settled", _unsettled)


def narrows(trial: Trial) -> Failure | None:
    """Ask whether an undecided answer moves only within what it called possible (law 2)."""
    return _first(trial, "narrows", _strays)


def _unsettled(one: Filling) -> str:
    before, after = one.before, one.after
    if not before.settled or (after.settled and after.value == before.value):
        return ""
    return f"decided {before.text()} without {one.axis.fact}; with {one.value!r} it is"


def _strays(one: Filling) -> str:
    before, after = one.before, one.after
    if before.settled or {after.value, *after.possible} <= set(before.possible):
        return ""
    return f"said {before.text()} without {one.axis.fact}; with {one.value!r} it is"


def _first(trial: Trial, check: str, fault: Any) -> Failure | None:
    for filling in trial.fillings:
        if fault(filling):
            axis, value = filling.axis, filling.value

            def same(question: Question, axis: Axis = axis, value: Any = value) -> Filling | None:
                found = trial.filling(question, axis, value)
                return found if found is not None and fault(found) else None

            smallest = trial.smallest(filling.question, lambda one: same(one) is not None)
            found = same(smallest) or filling
            return Failure(check, f"{fault(found)} {found.after.text()}", found.question)
    return None


def monotone(trial: Trial) -> Failure | None:
    """Ask whether more of a fact never lowers the Tier."""
    for axis in trial.monotone_axes():
        for question in trial.core[:_GROWN]:
            for less, more in pairwise(axis.values):
                if found := _lowered(trial, question, axis, less, more):

                    def still(
                        one: Question, axis: Axis = axis, less: Any = less, more: Any = more
                    ) -> bool:
                        return bool(_lowered(trial, one, axis, less, more))

                    smallest = trial.smallest(question, still)
                    message = _lowered(trial, smallest, axis, less, more) or found
                    return Failure("monotone", message, smallest)
    return None


def _lowered(trial: Trial, question: Question, axis: Axis, less: Any, more: Any) -> str:
    with_less, with_more = (
        trial.answer(evolve(question, company=axis.put(question.company, value))).decision
        for value in (less, more)
    )
    # Tier 1 is higher than Tier 2.
    if with_less is None or with_more is None:
        return ""
    if with_more.value.number <= with_less.value.number:
        return ""
    gave = f"gave {with_less.value} with {axis.fact}={less!r}"
    return f"{gave}, and {with_more.value} with {more!r}"
