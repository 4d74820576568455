"""Two threads in turn: one policy answers a question between any two lines of another answer."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from mpfunnel.testing.asking import Answer, asked
from mpfunnel.testing.constants import is_foreign
from mpfunnel.testing.failures import Question
from mpfunnel.tiers import TierPolicy

__all__ = ["interleaved"]

_LINES: Final = 200
"""After so many lines of one answer, no other is put between any more."""
_SECONDS: Final = 0.02
"""Who has not answered by then waits for the first thread: it holds a lock, as it should."""
_Tracer = Callable[[FrameType, str, Any], Any]


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
    answers: list[Answer] = []
    others: list[Answer] = []
    go, done = threading.Semaphore(0), threading.Semaphore(0)
    over, lines = False, 0

    def trace(frame: FrameType, event: str, _given: Any) -> _Tracer | None:
        nonlocal lines
        if lines >= _LINES or is_foreign(str(frame.f_globals.get("__name__"))):
            return None
        if event == "line":
            go.release()
            lines = lines + 1 if done.acquire(timeout=_SECONDS) else _LINES
        return trace

    def first() -> None:
        nonlocal over
        # In a thread of its own, so that whoever traces this one goes on undisturbed.
        sys.settrace(trace)
        answers.append(asked(policy, question))
        sys.settrace(None)
        over = True
        go.release()

    def second() -> None:
        while go.acquire() and not over:
            others.append(asked(policy, between))
            done.release()

    threads = [threading.Thread(target=one, daemon=True) for one in (second, first)]
    for thread in threads:
        thread.start()
    for thread in reversed(threads):
        thread.join()
    return answers[0], tuple(others)
