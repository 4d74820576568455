"""Checks of whether an answer rests on anything but the question: clock, environment, dice.

Each call that a policy makes is looked at while it is asked, however it came by the function. What
an answer rests on shows so even where it makes no difference today.
"""

from __future__ import annotations

import importlib
import locale
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from types import CodeType, FrameType
from typing import Any, Final

from mpfunnel.testing.asking import asked
from mpfunnel.testing.failures import Failure, Question
from mpfunnel.testing.pool import spread
from mpfunnel.testing.trial import Trial

__all__ = ["calls", "clock", "environment", "heard", "randomness"]

_WATCHED: Final = 100
_CLOCK: Final = (
    *("time", "time_ns", "monotonic", "monotonic_ns", "clock_gettime", "clock_gettime_ns"),
    *("localtime", "gmtime", "ctime", "asctime"),
)
_ENVIRONMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "os": ("getcwd", "getpid", "getlogin", "uname", "stat", "listdir", "scandir", "open"),
    "io": ("open", "open_code"),
    "locale": ("localeconv", "strcoll", "strxfrm", "setlocale", "nl_langinfo"),
}
_NOW: Final = ("date.today", "datetime.now", "datetime.utcnow", "datetime.today")
_UNHEARD: Final = ("logging", "importlib", "warnings")
"""Modules that look at the clock or at files, and of which no answer comes."""

Call = tuple[str, str]
"""What an answer may not rest on, and the function by which it was asked."""


def clock(trial: Trial) -> Failure | None:
    """Ask whether it looks at no clock."""
    return _first(trial, "clock", "looked at the clock: {}; as_of is the day that counts")


def environment(trial: Trial) -> Failure | None:
    """Ask whether it looks at no environment: variables, files, folder, zone, language."""
    found = _first(trial, "environment", "looked around: {}; an answer rests on its question")
    if found is not None or not trial.steady:
        return found
    in_processes, moved = trial.elsewhere.answers
    if trial.elsewhere.fault:
        return None  # told by the check for other processes
    for question, here, there in zip(
        trial.elsewhere.questions, in_processes[0], moved, strict=True
    ):
        if here != there:
            message = "answered otherwise in another folder, time zone, language and environment"
            return Failure("environment", message, question)
    return None


def randomness(trial: Trial) -> Failure | None:
    """Ask whether it throws no dice."""
    return _first(trial, "randomness", "threw dice: {}; the same question has the same answer")


def _first(trial: Trial, check: str, message: str) -> Failure | None:
    def told(*questions: Question) -> tuple[Question, str] | None:
        found = (
            (question, name) for question, what, name in calls(trial, questions) if what == check
        )
        return next(found, None)

    found = told(*spread(trial.questions, _WATCHED))
    if found is None:
        return None
    smallest = trial.smallest(found[0], lambda one: told(one) is not None)
    _, name = told(smallest) or found
    return Failure(check, message.format(name), smallest)


def calls(trial: Trial, questions: Sequence[Question]) -> list[tuple[Question, str, str]]:
    """Return what a policy calls to answer that it should do without.

    Args:
        trial: The policy on trial.
        questions: What it is asked.

    Returns:
        The question, the check, and the function that was called.
    """
    found: list[tuple[Question, str, str]] = []
    policy = trial.policy

    def ask(question: Question) -> None:
        # What it reads once and keeps, such as a table of its own, is read then.
        trial.answer(question)

        sys.setprofile(
            lambda frame, event, given: found.extend(
                (question, *call) for call in heard(frame, event, given)
            )
        )
        asked(policy, question)
        sys.setprofile(None)

    def ask_all() -> None:
        for question in questions:
            ask(question)

    # In a thread of its own, so that whoever profiles this one goes on undisturbed.
    thread = threading.Thread(target=ask_all)
    thread.start()
    thread.join()
    return found


def heard(frame: FrameType, event: str, given: Any) -> list[Call]:
    """Return what is called, where an answer may not rest on it.

    Args:
        frame: The frame that calls, or of a function in Python the one that is called.
        event: What happens there, as `sys.setprofile` says it.
        given: What it says besides: the builtin function.
    """
    call: Call | None = None
    if event == "c_call":
        call = _of_builtin(given)
    elif event == "call":
        call = _of_python(frame)
    return [] if call is None or _unheard(frame) else [call]


def _unheard(frame: FrameType | None) -> bool:
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _UNHEARD:
            return True
        frame = frame.f_back
    return False


def _builtins() -> dict[Any, Call]:
    found: dict[Any, Call] = {getattr(time, n): ("clock", f"time.{n}()") for n in _CLOCK}
    for module, names in _ENVIRONMENT.items():
        home = vars(importlib.import_module(module))
        # Not every system has all of them.
        known = [name for name in names if name in home]
        found |= {home[name]: ("environment", f"{module}.{name}()") for name in known}
    found[os.urandom] = ("randomness", "os.urandom()")
    return found


_BUILTINS: Final = _builtins()
_PYTHON: Final[Mapping[CodeType, Call]] = {
    type(os.environ).__getitem__.__code__: ("environment", "os.environ"),
    type(os.environ).__iter__.__code__: ("environment", "os.environ"),
    socket.socket.__init__.__code__: ("environment", "socket.socket()"),
    locale.getlocale.__code__: ("environment", "locale.getlocale()"),
}
_DICE: Final = random.random.__self__  # type: ignore[attr-defined]


def _of_builtin(function: Any) -> Call | None:
    found = _BUILTINS.get(function)
    if found is not None:
        return found
    name = getattr(function, "__qualname__", "")
    if name in _NOW:
        return "clock", f"{name}()"
    if getattr(function, "__self__", None) is _DICE and function.__name__ != "seed":
        return "randomness", f"random.{function.__name__}()"
    return None


def _of_python(frame: FrameType) -> Call | None:
    if frame.f_code is random.Random.__init__.__code__ and frame.f_locals.get("x") is None:
        return "randomness", "random.Random() without a seed"
    return _PYTHON.get(frame.f_code)
