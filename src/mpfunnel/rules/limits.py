"""Limits: what a table or scorecard gives, held within bounds while a condition holds."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, Protocol, TypeVar

from attrs import evolve, field, frozen

from mpfunnel.labels import Label
from mpfunnel.rules.conditions import Condition, facts_of
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Asked, Decision, DecisionTable, Scorecard, Way

__all__ = ["Limit", "Limited", "Reading", "asked_by", "asked_since", "limited", "reached"]

T = TypeVar("T", bound=Hashable)


@frozen
class Limit(Generic[T]):
    """Puts one value in the place of others while a condition holds.

    Attributes:
        outcome: The value.
        over: In whose place it stands.
        when: The condition.
        key: A stable name: no other limit, and no rule of the limited policy, has it.
        because: The reason.
    """

    outcome: T
    over: frozenset[T]
    when: Condition
    key: str
    because: Label = field(eq=False)


@frozen
class Limited(Generic[T]):
    """A table or scorecard with limits, which hold in their order.

    Attributes:
        policy: The table or scorecard.
        limits: The limits.
        outcomes: Every value that there can be (`reached`), each once, in the order in which what
            is possible is told.
    """

    policy: DecisionTable[T] | Scorecard[T]
    limits: tuple[Limit[T], ...]
    outcomes: tuple[T, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of every rule or item, then of every limit."""
        return (*self.policy.conditions, *(limit.when for limit in self.limits))

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way to a value: those of the policy, then the limits in order."""
        moved = [Way(limit.outcome, limit.key, limit.because) for limit in self.limits]
        return (*self.policy.ways, *moved)

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every condition; those of limits are asked whatever has decided."""
        return (*self.policy.asked, *asked_by(self.limits))


def asked_by(limits: Iterable[Limit[T]]) -> Iterator[Asked]:
    """Yield the conditions of limits."""
    for place, limit in enumerate(limits):
        yield Asked(f"limits[{place}].when", limit.when, 0)


def reached(outcomes: Iterable[T], limits: Iterable[Limit[T]]) -> tuple[T, ...]:
    """Return `outcomes` and what limits may put in their place, each once."""
    found = dict.fromkeys(outcomes)
    for limit in limits:
        if not limit.over.isdisjoint(found):
            found[limit.outcome] = None
    return tuple(found)


def asked_since(policy: DecisionTable[T] | Scorecard[T] | Limited[T]) -> dict[Fact, int]:
    """Return the facts in the order of first use, with the code from which on each was asked."""
    found: dict[Fact, int] = {}
    for one in policy.asked:
        for fact in facts_of(one.condition):
            found[fact] = min(found.get(fact, one.since), one.since)
    return found


class Reading(Protocol):
    """What the condition of a limit came to (`mpfunnel.rules.explain.Finding`)."""

    @property
    def now(self) -> bool | None:
        """Whether it holds, with the facts as they are."""
        ...

    @property
    def later(self) -> bool | None:
        """Whether it holds, once the missing facts become known."""
        ...

    def missing(self) -> Iterator[str]:
        """Yield the missing facts that bear on it."""
        ...


def limited(
    decision: Decision[T],
    limits: Iterable[Limit[T]],
    readings: Iterable[Reading],
    outcomes: Iterable[T],
) -> Decision[T]:
    """Return a decision within limits.

    Each limit, in order, moves the value where its condition is true now, and every value that is
    still possible: surely where the condition is true later, perhaps where it is unknown later.
    What is missing are the facts of the decision, and those of the limits that could still move
    something. So the possible values are exact, but for a fact that several of them ask about.

    Args:
        decision: What the policy gives.
        limits: The limits.
        readings: What the condition of each came to.
        outcomes: Every value that there can be, in the order in which what is possible is told.

    Returns:
        The decision of the last limit that moved the value, in the place of `decision`; `decision`
        with what is possible and missing within the limits where none did.
    """
    value, last = decision.value, None
    possible = {*decision.possible}
    missing = dict.fromkeys(decision.missing)
    for limit, reading in zip(limits, readings, strict=True):
        if reading.now and value in limit.over:
            value, last = limit.outcome, limit
        if reading.later is False or limit.over.isdisjoint(possible):
            continue
        if reading.later is None:
            missing.update(dict.fromkeys(reading.missing()))
        else:
            possible -= limit.over
        possible.add(limit.outcome)
    told = tuple(one for one in outcomes if one in possible)
    if last is None:
        return evolve(decision, possible=told, missing=tuple(missing))
    return Decision(
        value,
        last.key,
        last.because,
        told,
        tuple(missing),
        version=decision.version,
        instead_of=decision,
    )
