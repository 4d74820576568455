"""Every exception that mpfunnel raises on purpose, the problem that they carry, and its wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from attrs import field, frozen

from mpfunnel.personal import has_address, masked

if TYPE_CHECKING:
    from mpfunnel.records import Id
    from mpfunnel.stages import Transition
    from mpfunnel.testing import Failure

__all__ = [
    "DecodeError",
    "InvalidDataError",
    "MissingExtraError",
    "MpfunnelError",
    "PlaybookError",
    "PolicyCheckError",
    "PolicyError",
    "Problem",
    "TransitionError",
    "UnknownNameError",
]

T = TypeVar("T")

MAX_CANDIDATES: Final = 1_000
"""Among more names than these, looking for the nearest one takes too long."""
MAX_LETTERS: Final = 100
"""The nearest of longer names takes too long to find, and nobody reads it."""
_KINDS: Final[Mapping[type, str]] = {str: "text", bool: "true or false", bytes: "bytes"}


def on_one_line(text: str) -> str:
    """Return `text` with what cannot be printed as escapes: one line, and always sound UTF-8."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


@frozen(order=True)
class Problem:
    """One fault of one input: where it is, and what would have worked.

    Attributes:
        code: A stable word to program against, for example ``"unknown-fact"``.
        path: Where the fault is, for example ``"tiers.crm.rules[2].when"``. May be empty.
        message: One line in English, lower case, without a full stop.
    """

    code: str
    path: str = field(converter=on_one_line)
    message: str = field(converter=on_one_line)

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


class TransitionError(MpfunnelError, ValueError):
    """A funnel's gate refuses a move; the history is as it was.

    Attributes:
        problems: Why; all of it.
        allowed: The moves that the gate would have let pass from there, in the order of the
            stages, each with its kind and whether it needs a reason.
    """

    def __init__(self, problems: Iterable[Problem], allowed: Iterable[Transition] = ()) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.allowed: tuple[Transition, ...] = tuple(allowed)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(
        self,
    ) -> tuple[type[TransitionError], tuple[tuple[Problem, ...], tuple[Transition, ...]]]:
        return type(self), (self.problems, self.allowed)


class PolicyError(MpfunnelError, RuntimeError):
    """A custom policy broke its contract, or rules lead a lead round in a circle.

    What a custom policy raised is the cause.

    Attributes:
        policy: The kind of the custom policy; blank where rules go round in a circle.
        company_id: The company that it was asked about; `None` where there is none.
        product_id: The product that it was asked about; `None` where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        policy: str = "",
        company_id: Id | None = None,
        product_id: Id | None = None,
    ) -> None:
        self.policy = policy
        self.company_id = company_id
        self.product_id = product_id
        super().__init__(message)


class PolicyCheckError(MpfunnelError, AssertionError):
    """A custom policy does not pass checks of `mpfunnel.testing`; `failures` lists all of them.

    Attributes:
        policy: The kind of the policy.
        failures: What was found, in the order of the checks.
    """

    def __init__(self, message: str, *, policy: str = "", failures: Iterable[Failure] = ()) -> None:
        self.policy = policy
        self.failures: tuple[Failure, ...] = tuple(failures)
        super().__init__(message)


class MissingExtraError(MpfunnelError, ImportError):
    """A feature needs an optional dependency that is not installed."""


def brief(value: object) -> str:
    """Return `value` as a message can show it: one line of at most 60 characters, whatever it is.

    A mail address is never shown in full.
    """
    if isinstance(value, int) and value.bit_length() > 200:
        # Python itself refuses to write out an integer of thousands of digits.
        return f"of {value.bit_length()} bits"
    if isinstance(value, str) and has_address(value):
        value = masked(value)
    try:
        text = repr(value)
    except Exception:
        # The __repr__ of a stranger may raise anything; the message is about something else.
        return "…"
    if " at 0x" in text:
        # Where an object lies in memory says nothing, and differs from run to run.
        return f"{type(value).__name__} …"
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return masked(line) if has_address(line) and not isinstance(value, str) else line[:60].rstrip()


def shown(key: object) -> str:
    """Return a key as a path shows it: on one line and not too long, whatever it is."""
    return on_one_line(key[:60]) if isinstance(key, str) else brief(key)


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known name, or ``""`` where none is near."""
    # Imported here because difflib is only needed once something has already gone wrong.
    from difflib import get_close_matches

    if not isinstance(name, str) or len(name) > MAX_LETTERS:
        return ""
    listed = sorted((one for one in known if len(one) <= MAX_LETTERS), reverse=True)
    if len(listed) > MAX_CANDIDATES:
        return ""
    candidates = {candidate.casefold(): candidate for candidate in listed}
    near = get_close_matches(name.casefold(), list(candidates), n=1, cutoff=0.6)
    return f"; did you mean '{on_one_line(candidates[near[0]])}'?" if near else ""


def near(name: object, known: Collection[object]) -> str:
    """Return ``"; did you mean 'x'?"``, but never show a mail address or search a long list."""
    if len(known) > MAX_CANDIDATES:
        return ""
    candidates = (str(candidate) for candidate in known)
    return did_you_mean(str(name), (text for text in candidates if not has_address(text)))


def misfit(path: str, value: object, kind: type[Any]) -> list[Problem]:
    """Return the problem of a value that is not of the type `kind`; none where it is."""
    if isinstance(value, kind):
        return []
    message = f"must be {_wanted(kind)}, not {type(value).__name__} {brief(value)}"
    return [Problem("type", path, message)]


def misfits(path: str, values: Sequence[Any], kind: type[Any]) -> list[Problem]:
    """Return the problem of what is no list or tuple, or of each member that is not a `kind`."""
    if not isinstance(values, list | tuple):
        message = f"must be a list, not {type(values).__name__} {brief(values)}"
        return [Problem("type", path, message)]
    return [
        Problem("type", f"{path}[{i}]", f"must be {_wanted(kind)}, not {type(member).__name__}")
        for i, member in enumerate(values)
        if not isinstance(member, kind)
    ]


def _wanted(kind: type[Any]) -> str:
    article = "an" if kind.__name__[0] in "AEIOU" else "a"
    return _KINDS.get(kind, f"{article} {kind.__name__}")


def twice(path: str, keys: Iterable[str]) -> list[Problem]:
    """Return the problem of each key that stands there more than once, sorted."""
    counts = Counter(keys)
    return [
        Problem("duplicate", path, f"{brief(key)} stands there twice")
        for key in sorted(counts)
        if counts[key] > 1
    ]


def series(value: Iterable[T]) -> tuple[T, ...]:
    """Return any collection as a tuple; what is none stays as it is, for `misfits` to name."""
    if type(value) is tuple:
        return cast("tuple[T, ...]", value)
    # A lone text is iterable too, but its letters are never what was meant.
    if isinstance(value, str) or not isinstance(value, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        return cast("tuple[T, ...]", value)
    return tuple(value)


def not_a_key(path: str, key: object) -> list[Problem]:
    """Return the problem of what is no text, or blank; none of a sound key."""
    if isinstance(key, str) and not key.strip():
        return [Problem("blank", path, "must not be blank")]
    return misfit(path, key, str)
