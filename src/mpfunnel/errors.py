"""Every exception that mpfunnel raises on purpose, and the problem that they carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from attrs import frozen

from mpfunnel.personal import has_address, masked

__all__ = [
    "DecodeError",
    "InvalidDataError",
    "MissingExtraError",
    "MpfunnelError",
    "PlaybookError",
    "PolicyError",
    "Problem",
    "UnknownNameError",
    "brief",
    "did_you_mean",
    "near",
]

MAX_LISTED: Final = 2_000
MAX_CANDIDATES: Final = 1_000
"""Among more names than these, looking for the nearest one takes too long."""


@frozen(order=True)
class Problem:
    """One fault of one input: where it is, and what would have worked.

    Attributes:
        code: A stable word to program against, for example ``"unknown-fact"``.
        path: Where the fault is, for example ``"tiers.crm.rules[2].when"``. May be empty.
        message: One line in English, lower case, without a full stop.
    """

    code: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message

    def under(self, prefix: str) -> Problem:
        """Return the same problem seen from further outside, with `prefix` before its path."""
        joint = "" if not self.path or self.path.startswith("[") else "."
        return Problem(self.code, f"{prefix}{joint}{self.path}", self.message)


class MpfunnelError(Exception):
    """The base of every error that mpfunnel raises on purpose."""


class InvalidDataError(MpfunnelError, ValueError):
    """An input has faults; `problems` lists all of them, in the order of the input."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[InvalidDataError], tuple[tuple[Problem, ...]]]:
        # The default would call the class with the message, which is not what it takes.
        return type(self), (self.problems,)


class DecodeError(InvalidDataError):
    """A file or plain data does not have the documented form."""


class PlaybookError(InvalidDataError):
    """A playbook is well formed but contradicts itself or names what does not exist."""


class UnknownNameError(MpfunnelError, LookupError):
    """A product, fact, rule or policy of that name does not exist."""


class PolicyError(MpfunnelError, RuntimeError):
    """A custom policy broke its contract; what it raised is the cause."""


class MissingExtraError(MpfunnelError, ImportError):
    """A feature needs an optional dependency that is not installed."""


def brief(value: object) -> str:
    """Return `value` as a message can show it: one line of at most 60 characters, whatever it is.

    A mail address is never shown in full.
    """
    if isinstance(value, int) and value.bit_length() > 200:
        # Python itself refuses to write out an integer of thousands of digits.
        return f"of {value.bit_length()} bits"
    try:
        text = repr(value)
    except Exception:
        return f"of type {type(value).__name__}"
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return masked(line) if has_address(line) else line[:60]


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or ``""`` where none is near."""
    # Imported here because difflib is only needed once something has already gone wrong.
    from difflib import get_close_matches

    listed = sorted(known, reverse=True)
    if len(listed) > MAX_CANDIDATES:
        return ""
    candidates = {candidate.casefold(): candidate for candidate in listed}
    near = get_close_matches(name.casefold(), list(candidates), n=1, cutoff=0.6)
    return f"; did you mean '{candidates[near[0]]}'?" if near else ""


def near(name: object, known: Collection[object]) -> str:
    """Return ``"; did you mean 'x'?"``, but never show a mail address or search a long list."""
    if len(known) > MAX_LISTED:
        return ""
    candidates = (str(candidate) for candidate in known)
    return did_you_mean(str(name), (text for text in candidates if not has_address(text)))
