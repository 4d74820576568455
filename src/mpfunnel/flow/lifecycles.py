"""Life cycles: in which stage of its life a product was on a day.

Theodore Levitt, "Exploit the product life cycle", Harvard Business Review 43 (1965), 81-94.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, misfit, misfits, series
from mpfunnel.labels import Label
from mpfunnel.records import Lifecycle, Product
from mpfunnel.records.checks import a_day, one_of

__all__ = ["LIFECYCLES", "LifecycleChange", "LifecycleHistory"]

LIFECYCLES: Final[Mapping[Lifecycle, Label]] = {
    "introduction": Label("introduction", "導入期"),
    "growth": Label("growth", "成長期"),
    "maturity": Label("maturity", "成熟期"),
    "decline": Label("decline", "衰退期"),
}
"""The stages of a product's life, in order, and what they are called."""


@frozen
class LifecycleChange:
    """From a day on, a product is in a stage of its life. Its history checks it.

    Attributes:
        since: The first day.
        lifecycle: The stage.
    """

    since: date
    lifecycle: Lifecycle


def _changes(value: Iterable[LifecycleChange]) -> tuple[LifecycleChange, ...]:
    return series(value)


@frozen
class LifecycleHistory:
    """The stages of a product's life by date; a relaunch may lead back to an earlier one.

    Attributes:
        product: The product; its own `lifecycle` holds before the first change.
        changes: The changes, in any order; one a day at most.

    Raises:
        InvalidDataError: Something is of the wrong type, there is no such stage, or two changes
            share a day; all of it at once.
    """

    product: Product
    changes: tuple[LifecycleChange, ...] = field(default=(), converter=_changes)

    def __attrs_post_init__(self) -> None:
        if problems := list(_faults(self)):
            raise InvalidDataError(problems)

    def lifecycle_on(self, day: date) -> Lifecycle | None:
        """Return the stage of a day; `None` where it is not known."""
        begun = [one for one in self.changes if one.since <= day]
        if not begun:
            return self.product.lifecycle
        return max(begun, key=lambda one: one.since).lifecycle


def _faults(history: LifecycleHistory) -> Iterator[Problem]:
    yield from misfit("lifecyclehistory.product", history.product, Product)
    path = "lifecyclehistory.changes"
    if problems := misfits(path, history.changes, LifecycleChange):
        yield from problems
        return
    seen: set[Any] = set()
    for place, one in enumerate(history.changes):
        if fault := a_day(one.since):
            yield Problem(fault[0], f"{path}[{place}].since", fault[1])
        elif one.since in seen:
            message = f"there is a change of {one.since} already; one a day"
            yield Problem("duplicate", f"{path}[{place}].since", message)
        else:
            seen.add(one.since)
        if fault := one_of(Lifecycle)(one.lifecycle):
            yield Problem(fault[0], f"{path}[{place}].lifecycle", fault[1])
