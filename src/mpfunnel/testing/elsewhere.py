"""Elsewhere: a policy in other processes, and in one of them in other surroundings.

New interpreters with hash seeds of their own get the policy and the questions, and send back
what was answered. Only what may be sent is sent: the policy as a pickle, or where it has none, the
name of its class.
"""

from __future__ import annotations

import locale
import os
import pickle
import sys
import tempfile
import time
from collections.abc import Generator, Hashable, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from importlib import import_module
from subprocess import Popen, TimeoutExpired
from typing import IO, Any, Final, NamedTuple

from mpfunnel.testing.asking import asked, raised
from mpfunnel.testing.failures import Question
from mpfunnel.testing.pool import spread
from mpfunnel.tiers import TierPolicy

__all__ = ["Elsewhere", "main"]

_SEEDS: Final = ("3", "6")
_ASKED: Final = 150
SECONDS: Final = 60.0
"""How long another process may take."""
# What the policy prints must not come between the answers.
_PROGRAM: Final = """
import sys
from mpfunnel.testing.elsewhere import main
said, sys.stdout = sys.stdout.buffer, sys.stderr
main(sys.stdin.buffer, said)
"""
_OTHER: Final = {
    "TZ": "Pacific/Kiritimati",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "tr_TR.UTF-8",
    "HOME": "nowhere",
    "USER": "somebody",
}
_LANGUAGES: Final = ("tr_TR.UTF-8", "ja_JP.UTF-8", "de_DE.UTF-8", "C.UTF-8", "C")

Said = Sequence[Hashable]


class _Sent(NamedTuple):
    """What another process gets.

    Attributes:
        policy: The policy as a pickle; or the module and the name of its class.
        questions: What it is asked.
        moved: Whether it is asked once more, in other surroundings.
    """

    policy: bytes | tuple[str, str]
    questions: Sequence[Question]
    moved: bool


class Elsewhere:
    """A policy that is being asked in other processes; they start at once.

    Args:
        policy: The policy.
        questions: What it could be asked.
    """

    def __init__(self, policy: TierPolicy, questions: Sequence[Question]) -> None:
        self.questions = tuple(spread(questions, _ASKED))
        """What it is asked, of all that it could be."""
        self.fault = ""
        """Why the policy cannot be asked elsewhere; blank where it can."""
        self._running: list[tuple[Popen[bytes], IO[bytes], IO[bytes]]] = []
        kind = type(policy)
        try:
            sent: bytes | tuple[str, str] = pickle.dumps(policy)
        except Exception as error:
            # What cannot be pickled may still be made anew from its class.
            if "<locals>" in kind.__qualname__:
                self.fault = f"cannot be sent to another process: {raised(error)}"
                return
            sent = (kind.__module__, kind.__qualname__)
        if kind.__module__ == "__main__":
            self.fault = (
                "cannot be sent to another process: its class is defined in the script or notebook "
                "that runs; put it in a module"
            )
            return
        for seed in _SEEDS:
            self._start(_Sent(sent, self.questions, moved=seed == _SEEDS[0]), seed)

    def _start(self, sent: _Sent, seed: str) -> None:
        # Files, not pipes: nobody waits for the other to read.
        given = tempfile.TemporaryFile()  # noqa: SIM115 - they live as long as the process
        said = tempfile.TemporaryFile()  # noqa: SIM115
        pickle.dump(sent, given)
        given.seek(0)
        command = [sys.executable, "-P", "-c", _PROGRAM]
        # The blank one stands for the folder in which this process runs.
        path = os.pathsep.join(one or os.getcwd() for one in sys.path)  # noqa: PTH109
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path}
        process = Popen(command, stdin=given, stdout=said, env=environment)
        self._running.append((process, given, said))

    @cached_property
    def answers(self) -> tuple[tuple[Said, ...], Said]:
        """What was said in each process, and in other surroundings; nothing after a fault."""
        found = [self._said(*one) for one in self._running]
        self._running = []
        return tuple(here for here, _ in found), found[0][1] if found else ()

    def stop(self) -> None:
        """End what still runs, if nobody has waited for its answers."""
        for process, given, said in self._running:
            with process, given, said:
                process.kill()
        self._running = []

    def _said(self, process: Popen[bytes], given: IO[bytes], said: IO[bytes]) -> tuple[Said, Said]:
        with process, given, said:
            try:
                process.wait(SECONDS)
            except TimeoutExpired:
                process.kill()
                self.fault = f"did not answer in another process within {SECONDS:g} s"
                return (), ()
            said.seek(0)
            text = said.read()
        if process.returncode or not text:
            self.fault = f"another process ended with {process.returncode}"
            return (), ()
        found: tuple[Said, Said] | str = pickle.loads(text)
        if isinstance(found, str):
            self.fault = found
            return (), ()
        return found


# -- in the other process --


def main(given: IO[bytes], said: IO[bytes]) -> None:
    """Answer what was sent.

    Args:
        given: What was sent, as a pickle.
        said: Where the answers go, as a pickle; a text says why there are none.
    """
    sent: _Sent = pickle.load(given)
    try:
        here = _ask(sent)
        there: Said = ()
        if sent.moved:
            with _elsewhere():
                there = _ask(sent)
    except Exception as error:
        # Whatever the policy's own code raises there is told here.
        kind, *_ = sent.policy if isinstance(sent.policy, tuple) else ("",)
        where = f" from its class, in {kind}" if kind else ""
        pickle.dump(f"cannot be made in another process{where}: {raised(error)}", said)
    else:
        pickle.dump((here, there), said)


def _ask(sent: _Sent) -> Said:
    policy: Any
    if isinstance(sent.policy, bytes):
        policy = pickle.loads(sent.policy)
    else:
        module, name = sent.policy
        policy = getattr(import_module(module), name)()
    return tuple(asked(policy, question).said for question in sent.questions)


def _speaks(language: str) -> bool:
    """Speak another language from now on, where the machine knows it."""
    with suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, language)
        return True
    return False


@contextmanager
def _elsewhere() -> Generator[None, None, None]:
    """Go to another folder, time zone, language and environment."""
    variables, folder = dict(os.environ), os.getcwd()  # noqa: PTH109 - it is only gone back to
    language = locale.setlocale(locale.LC_ALL)
    with tempfile.TemporaryDirectory() as other:
        os.chdir(other)
        os.environ.clear()
        os.environ.update(_OTHER)
        time.tzset()
        next(filter(_speaks, _LANGUAGES))
        try:
            yield
        finally:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(variables)
            time.tzset()
            locale.setlocale(locale.LC_ALL, language)
