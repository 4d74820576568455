"""Checks of whether the same question has the same answer: again, in any order, anywhere."""

from __future__ import annotations

import pickle
from collections.abc import Hashable, Iterable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import evolve

from mpfunnel.errors import brief
from mpfunnel.testing.asking import Answer, asked, raised
from mpfunnel.testing.failures import Failure, Question
from mpfunnel.testing.interleaving import interleaved
from mpfunnel.testing.pool import held
from mpfunnel.testing.trial import Trial
from mpfunnel.tiers import TierPolicy, custom_of

__all__ = ["file", "order", "pickling", "processes", "threads", "twice"]

_ANSWERS: Final = 6
"""How many different answers are mixed by two threads."""


def twice(trial: Trial) -> Failure | None:
    """Ask whether the same question has the same answer when it is asked again at once."""
    pairs = zip(trial.questions, trial.twice, strict=True)
    found = ((question, *both) for question, both in pairs)
    return _differing("twice", "answered {}, and asked again {}", found)


def order(trial: Trial) -> Failure | None:
    """Ask whether the answers are the same whatever was asked before."""
    found = zip(trial.questions, *trial.there_and_back, strict=True)
    return _differing("order", "answered {}, and in another order of companies {}", found)


def pickling(trial: Trial) -> Failure | None:
    """Ask whether the policy is the same after pickling."""
    try:
        policy: Any = pickle.loads(pickle.dumps(trial.policy))
        kind, tiers = policy.kind, policy.tiers
    except Exception as error:
        hint = "hold no function, lock or open file, and define its class in a module"
        return Failure("pickling", f"cannot be pickled: {raised(error)}; {hint}")
    told = (("kind", trial.policy.kind, kind), ("tiers", set(trial.tiers), set(tiers)))
    for name, before, after in told:
        if before != after:
            return Failure("pickling", f"{name} was {brief(before)}, and then {brief(after)}")
    if not trial.steady:
        return None
    found = zip(trial.questions, trial.answers, trial.unpickled, strict=True)
    return _differing("pickling", "answered {}, and after pickling {}", found)


def file(trial: Trial) -> Failure | None:
    """Ask whether the policy is the same after its playbook was written and read."""
    make = type(custom_of(trial.policy) or trial.policy)
    if custom_of(trial.policy) is not None and not isinstance(getattr(make, "kind", None), str):
        # Its kind is known only once it is made: a file has no way to name it.
        return None
    try:
        policy = _read_back(trial, make)
        kind, tiers = policy.kind, policy.tiers
    except Exception as error:
        hint = "name in options what it is made with, as plain data"
        return Failure("file", f"cannot be read from a file: {raised(error)}; {hint}")
    if (kind, set(tiers)) != (trial.policy.kind, set(trial.tiers)):
        message = f"kind or tiers were others after a file: {brief(kind)}, {brief(tiers)}"
        return Failure("file", message)
    if not trial.steady:
        return None
    found = ((question, answer, asked(policy, question)) for question, answer in trial.answered)
    return _differing("file", "answered {}, and when read from a file {}", found)


def _read_back(trial: Trial, make: Any) -> TierPolicy:
    """Return the policy as a playbook file names it."""
    # Only here: a policy is proved without reading any file otherwise.
    from mpfunnel.codec import dump, load
    from mpfunnel.starters import starter

    book = evolve(starter(trial.products), tiers=trial.policy)
    kinds = [make] if custom_of(trial.policy) is not None else []
    with TemporaryDirectory() as folder:
        # Through text: a float comes back as a Decimal.
        path = Path(folder, "playbook.json")
        dump(book, path)
        return load(path, kinds=kinds).tiers[trial.products[0].id]


def processes(trial: Trial) -> Failure | None:
    """Ask whether the answers are the same in other processes, with other hash seeds."""
    there, _ = trial.elsewhere.answers
    if trial.elsewhere.fault:
        return Failure("processes", trial.elsewhere.fault)
    if not trial.steady:
        return None
    # This process has a hash seed of its own, too.
    here = {
        question.exact: answer.said
        for question, answer in zip(trial.questions, trial.unpickled, strict=False)
    }
    wrong = [
        question
        for question, *said in zip(trial.elsewhere.questions, *there, strict=True)
        if len({*said, here.get(question.exact, said[0])}) > 1
    ]
    if not wrong:
        return None
    message = "answered otherwise in a process with another hash seed; sort what comes from a set"
    return Failure("processes", message, min(wrong, key=_size))


def threads(trial: Trial) -> Failure | None:
    """Ask whether threads that ask at the same time get the answers that each gets alone."""
    if not trial.steady:
        return None
    # One question for each answer: where two answers are mixed up, it shows.
    by_answer: dict[Hashable, Question] = {}
    for question, answer in trial.answered:
        by_answer.setdefault(answer.said, question)
    each = list(by_answer.values())[:_ANSWERS]
    for question, between in (*pairwise(each), *pairwise(reversed(each))):
        got, others = interleaved(trial.policy, question, between)
        pairs = [(question, got), *((between, other) for other in others)]
        found = ((one, trial.answer(one), its) for one, its in pairs)
        message = "answered {} alone, and {} while another thread asked"
        if failure := _differing("threads", message, found):
            return failure
    return None


def _differing(
    check: str, message: str, pairs: Iterable[tuple[Question, Answer, Answer]]
) -> Failure | None:
    """Return the failure of the smallest question that has two answers; `None` where none has."""
    wrong = [(one, first, other) for one, first, other in pairs if first != other]
    if not wrong:
        return None
    question, first, other = min(wrong, key=lambda one: _size(one[0]))
    return Failure(check, message.format(*_told_apart(first, other)), question)


def _told_apart(first: Answer, other: Answer) -> tuple[str, str]:
    """Return two answers as texts that differ, where they do."""
    if str(first) != str(other) or first.decision is None or other.decision is None:
        return str(first), str(other)
    one, two = first.decision, other.decision
    parts = ("because", "missing", "possible", "rule", "parts")
    name = next(part for part in parts if getattr(one, part) != getattr(two, part))
    said = (f"{first} ({name} {brief(getattr(its, name))})" for its in (one, two))
    return next(said), next(said)


def _size(question: Question) -> int:
    return len(held(question.company))
