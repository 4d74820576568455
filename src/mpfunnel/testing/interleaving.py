"""Two threads in turn: one policy answers a question between any two lines of another answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, Final, TypeVar

from mpfunnel.testing.asking import Answer, asked
from mpfunnel.testing.constants import is_foreign
from mpfunnel.testing.failures import Question
from mpfunnel.tiers import TierPolicy

__all__ = ["Turns", "interleaved", "under"]

T = TypeVar("T")

_LINES: Final = 200
"""After so many lines of one answer, no other is put between any more."""
_SECONDS: Final = 0.02
"""Who has not answered by then waits for the first thread: it holds a lock, as it should."""


def interleaved(
    policy: TierPolicy, question: Question, between: Question
) -> tuple[Answer, tuple[Answer, ...]]:
    """Return the answer to a question, and those to another one asked in the midst of it.

    Args:
        policy: The policy.
        question: Asked in one thread.
        between: Asked in another thread before each line of the author's code that the first
            thread runs, until the second has to wait for the first.
    """
    turns = Turns()
    answers: list[Answer] = []
    others: list[Answer] = []

    def first() -> None:
        # In a thread of its own, so that whoever traces this one goes on undisturbed.
        answers.append(under(turns.trace, partial(asked, policy, question)))
        turns.over = True
        turns.go.release()

    def second() -> None:
        while turns.go.acquire() and not turns.over:
            others.append(asked(policy, between))
            turns.done.release()

    threads = [threading.Thread(target=one, daemon=True) for one in (second, first)]
    for thread in threads:
        thread.start()
    for thread in reversed(threads):
        thread.join()
    return answers[0], tuple(others)


def under(tracer: Any, call: Callable[[], T]) -> T:
    """Return what a call gives while it is traced."""
    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        return call()
    finally:
        sys.settrace(before)


class Turns:
    """Lets another thread answer once before each line of the author's code.

    Attributes:
        go: The other thread may answer.
        done: It has answered.
        over: Nothing is asked any more.
    """

    def __init__(self) -> None:
        self.go = threading.Semaphore(0)
        self.done = threading.Semaphore(0)
        self.over = False
        self._lines = 0

    def trace(self, frame: FrameType, event: str, _given: object) -> Any:
        """Trace a line, as `sys.settrace` wants it."""
        if self._lines >= _LINES or is_foreign(str(frame.f_globals.get("__name__"))):
            return None
        if event == "line":
            self.go.release()
            answered = self.done.acquire(timeout=_SECONDS)
            self._lines = self._lines + 1 if answered else _LINES
        return self.trace
