"""Asking a policy: the same way each time, and whatever comes back is an answer."""

from __future__ import annotations

import random
from collections.abc import Hashable, Sequence
from typing import Any, cast

from attrs import field, frozen

from mpfunnel.errors import brief
from mpfunnel.labels import Label
from mpfunnel.personal import shown
from mpfunnel.rules.tables import Decision
from mpfunnel.testing.failures import Question
from mpfunnel.testing.pool import SEED, copied
from mpfunnel.tiers import Tier, TierPolicy, unsound

__all__ = ["Answer", "asked", "put", "raised"]


@frozen
class Answer:
    """What a policy answered.

    Attributes:
        decision: The answer, where it is a sound one.
        said: All of it as plain values: equal where the answers are the same.
        error: What the policy raised.
        wrong: Why it is no sound answer, where it is none.
    """

    decision: Decision[Tier] | None
    said: Hashable
    error: Exception | None = field(default=None, eq=False)
    wrong: str = ""

    def __str__(self) -> str:
        if self.error is not None:
            return f"raised {raised(self.error)}"
        return self.wrong if self.decision is None else self.decision.text()


def asked(policy: TierPolicy, question: Question) -> Answer:
    """Return what a policy answers; the dice of `random` are thrown alike each time."""
    company, product = copied(question.company), copied(question.product)
    return put(policy, Question(company, product, question.as_of))


def put(policy: TierPolicy, question: Question) -> Answer:
    """Return what a policy answers to these very records."""
    random.seed(SEED)
    try:
        answer: Any = policy.tier_for(question.company, question.product, as_of=question.as_of)
    except Exception as error:
        # Whatever the policy raises is one of its answers.
        return Answer(None, ("raised", type(error).__name__), error)
    wrong = unsound(answer)
    return Answer(None if wrong else answer, said_of(answer), None, wrong)


def raised(error: Exception) -> str:
    """Return an error as a message shows it: on one line, and without a mail address."""
    text = " ".join(str(error).split())
    return shown(
        f"{type(error).__name__}: {text}" if text else type(error).__name__, personal=False
    )


def said_of(answer: Any) -> Hashable:
    """Return all that an answer says as plain values, the same in every process."""
    if not _is_decision(answer):
        return _plain(answer)
    parts = ("value", "rule", "because", "possible", "missing", "parts")
    return tuple(_plain(getattr(answer, name)) for name in parts)


def _is_decision(answer: object) -> bool:
    return type(answer) is Decision


def _plain(value: Any) -> Hashable:
    match value:
        case Tier():
            return ("Tier", value.number)
        case Label():
            return ("Label", value.en, value.ja)
        case str() | int() | None:
            return value
        case tuple() | list():
            members = cast("Sequence[object]", value)
            return (type(members).__name__, *(_plain(one) for one in members))
        case _:
            return (type(value).__name__, brief(value))
