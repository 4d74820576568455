"""Checks of what a policy says of itself, and of each answer alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from mpfunnel.errors import brief, did_you_mean
from mpfunnel.facts import group
from mpfunnel.rules.tables import Decision
from mpfunnel.testing.asking import put, raised
from mpfunnel.testing.failures import Failure, Question
from mpfunnel.testing.pool import FIELDS, OPEN, copied
from mpfunnel.testing.trial import Trial
from mpfunnel.tiers import Tier, impossible, undeclared, unreasoned

__all__ = [
    "decision",
    "declared",
    "kind",
    "missing",
    "possible",
    "raises",
    "reason",
    "tiers",
    "unchanged",
]

_KIND: Final = re.compile(r"\S+/[1-9][0-9]*")
Fault = Callable[[Question, Decision[Tier]], str]


def kind(trial: Trial) -> Failure | None:
    """Ask whether the kind is a name with a version, and stays the same."""
    try:
        before: Any = trial.policy.kind
        _ = trial.answers
        after: Any = trial.policy.kind
    except Exception as error:
        return Failure("kind", f"kind raised {raised(error)}")
    if not isinstance(before, str) or not _KIND.fullmatch(before):
        wanted = "a name and a version such as 'acme/plants/1'"
        return Failure("kind", f"kind is {_a(before)}; it must be {wanted}")
    if before != after:
        return Failure("kind", f"kind was {before!r}, and then {brief(after)}")
    return None


def tiers(trial: Trial) -> Failure | None:
    """Ask whether the Tiers that it declares are Tiers, and stay the same."""
    try:
        before: Any = trial.policy.tiers
        kept = _as_list(before)
        _ = trial.answers
        after: Any = trial.policy.tiers
    except Exception as error:
        return Failure("tiers", f"tiers raised {raised(error)}")
    if not kept:
        return Failure("tiers", f"tiers is {_a(before)}; it must list at least one Tier")
    strange = [one for one in kept if not isinstance(one, Tier)]
    if strange:
        return Failure("tiers", f"tiers holds {_a(strange[0])}, which is no mpfunnel.Tier")
    if _as_list(after) != kept:
        return Failure("tiers", f"tiers was {_listed(kept)}, and then {brief(after)}")
    return None


def raises(trial: Trial) -> Failure | None:
    """Ask whether it answers every question, however little is known."""
    for question, answer in trial.answered:
        if answer.error is not None:
            kind = type(answer.error)

            def alike(one: Question, kind: type[Exception] = kind) -> bool:
                return type(trial.answer(one).error) is kind

            smallest = trial.smallest(question, alike)
            return Failure("raises", str(trial.answer(smallest)), smallest)
    return None


def decision(trial: Trial) -> Failure | None:
    """Ask whether every answer is a decision."""
    for question, answer in trial.answered:
        if answer.wrong:
            smallest = trial.smallest(question, lambda one: bool(trial.answer(one).wrong))
            return Failure("decision", trial.answer(smallest).wrong, smallest)
    return None


def declared(trial: Trial) -> Failure | None:
    """Ask whether every Tier that it gives is among those that it declares."""
    return _first(trial, "declared", lambda _, one: undeclared(one, trial.tiers))


def reason(trial: Trial) -> Failure | None:
    """Ask whether every answer has a reason that people can read, in both languages."""
    return _first(trial, "reason", lambda _, one: unreasoned(one))


def possible(trial: Trial) -> Failure | None:
    """Ask whether the value is among what is possible."""
    return _first(trial, "possible", lambda _, one: impossible(one))


def missing(trial: Trial) -> Failure | None:
    """Ask whether what it names as missing is missing, and an undecided answer names something."""
    closed = {*trial.closed, *(axis.name for axis in trial.axes if axis.own and not axis.open)}
    known = {*OPEN, *(axis.name for axis in trial.axes if axis.open)}

    def fault(question: Question, one: Decision[Tier]) -> str:
        if len(one.possible) > 1 and not one.missing:
            return "is undecided, and names nothing that would settle it"
        for fact in one.missing:
            root, _, name = fact.partition(".")
            if fact == group.employees.fact.name:
                # Asked about alone, a company is its own group.
                root = "company"
            if root != "company" or (name not in known and name not in FIELDS):
                if name in closed:
                    return f"names {fact!r}, of which blank means no"
                hint = did_you_mean(fact, {f"company.{key}" for key in known})
                return f"names {fact!r}, which it never reads, and which is no fact{hint}"
            if name in FIELDS and name not in OPEN:
                return f"names {fact!r}, of which blank means none"
            company = question.company
            own = company.attributes.get(name)
            if (getattr(company, name) if name in OPEN else own) is not None:
                return f"names {fact!r}, which is known"
        return ""

    return _first(trial, "missing", fault)


def unchanged(trial: Trial) -> Failure | None:
    """Ask whether it leaves the records that it is given as they are."""

    def changes(question: Question) -> bool:
        given = Question(copied(question.company), copied(question.product), question.as_of)
        put(policy, given)
        return (given.company, given.product) != (question.company, question.product)

    policy = trial.fresh()
    for question in trial.questions:
        if changes(question):
            smallest = trial.smallest(question, changes)
            return Failure("unchanged", "changed the company or product that it got", smallest)
    return None


def _first(trial: Trial, check: str, fault: Fault) -> Failure | None:
    """Return the first fault among the sound answers, shown by the smallest company."""

    def fault_at(question: Question) -> str:
        found = trial.answer(question).decision
        return "" if found is None else fault(question, found)

    for question, answer in trial.sound:
        if fault(question, answer):
            smallest = trial.smallest(question, lambda one: bool(fault_at(one)))
            return Failure(check, fault_at(smallest), smallest)
    return None


def _a(value: object) -> str:
    return f"{type(value).__name__} {brief(value)}"


def _as_list(value: Any) -> list[Any]:
    """Return the members of a list or tuple; of what is none, nothing."""
    return list(cast("Sequence[Any]", value)) if isinstance(value, list | tuple) else []


def _listed(tiers: Any) -> str:
    return ", ".join(map(str, tiers)) or "nothing"
