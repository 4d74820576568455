"""What the fields of records have in common: what is folded, what is checked, and when."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from typing import Any, Final, cast, get_args, overload

from attrs import fields
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean
from mpfunnel.labels import Label, as_label

Id = str | int
"""What the CRM calls a record; never coerced."""

Value = str | int | float | bool | Decimal | date | frozenset[str] | None
"""What a custom attribute may hold; `None` and blank text are unknown."""

Fault = tuple[str, str]
"""The code and the message of a `Problem` whose path is not known yet."""

Check = Callable[[Any], Fault | None]

INT64: Final = 2**63
_MAX_MONEY: Final = INT64 // 100
_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=40, traps=[])
_NO_TEXTS: Final[frozenset[Any]] = frozenset()


# -- converters: they fold what is equivalent, and leave what is wrong for the checks to name --


def text_or_none(value: str | None) -> str | None:
    """Blank text is unknown."""
    return None if isinstance(value, str) and not value.strip() else value


def texts(value: Iterable[str] | None) -> frozenset[Any]:
    """Any collection of texts is a set of them; none at all is the empty one."""
    return _NO_TEXTS if value is None else _collected(value, frozenset)


def ids(value: Iterable[Id]) -> frozenset[Id]:
    """Any collection of ids is a set of them."""
    collected: frozenset[Id] = _collected(value, frozenset)
    return collected


def series(value: Iterable[Any]) -> tuple[Any, ...]:
    """Any collection of records is a tuple of them, in its order."""
    collected: tuple[Any, ...] = _collected(value, tuple)
    return collected


@overload
def utc(value: datetime) -> datetime: ...
@overload
def utc(value: datetime | None) -> datetime | None: ...
def utc(value: datetime | None) -> datetime | None:
    """An instant is kept in UTC, so that equal instants are equal.

    Within one other zone, Python compares what the clocks show.
    """
    given: Any = value
    if isinstance(given, datetime) and given.tzinfo is not None and given.tzinfo is not UTC:
        # What falls outside the calendar there stays, for the check to name.
        with contextlib.suppress(OverflowError, ValueError):
            return given.astimezone(UTC)
    return value


def label_or_none(value: str | Label | None) -> Label | None:
    """A text is a label; blank text is unknown."""
    if isinstance(value, str):
        return as_label(value) if value.strip() else None
    return value


def _collected(value: Any, kind: Callable[[Any], Any]) -> Any:
    # A lone text is iterable too, but its letters are never what was meant.
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    items = cast("Iterable[object]", value)
    try:
        return kind(items)
    except TypeError:
        return items


def number(value: float | None) -> float | None:
    """An integer that a float holds exactly is a float."""
    return float(value) if type(value) is int and abs(value) <= 2**53 else value


def attribute_map(value: Mapping[str, Value]) -> immutabledict[str, Value]:
    """Any mapping is an immutable one, blank text in it unknown, collections in it sets."""
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        return value
    folded: dict[str, Value] = {}
    for key, item in value.items():
        if isinstance(item, set | list | tuple):
            folded[key] = _collected(item, frozenset)
        else:
            folded[key] = text_or_none(item) if isinstance(item, str) else item
    return immutabledict(folded)


# -- checks: each returns a code and a message, or None --


def _is_type(value: object, *types: type) -> bool:
    # Exactly these types: a bool is not an int and a datetime is not a date.
    return type(value) in types


def named(value: object) -> str:
    """The type and the value, as a message shows them."""
    return "nothing" if value is None else f"{type(value).__name__} {brief(value)}"


def optional(check: Check) -> Check:
    """A check that lets the unknown pass."""
    return lambda value: None if value is None else check(value)


def an_id(value: object) -> Fault | None:
    """A text that is not blank, or an integer of 64 bits."""
    if not _is_type(value, str, int):
        return "type", f"must be a text or an integer id, not {named(value)}"
    if isinstance(value, int):
        return _in_64_bits(value)
    return _a_sound_key(str(value))


def _a_sound_key(text: str) -> Fault | None:
    return _whole(text) if text.strip() else ("blank", "must not be blank")


def _whole(text: str) -> Fault | None:
    # A lone half of a surrogate pair is a text in Python, but in no file and no database.
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        return "encoding", "holds half a character (a lone surrogate)"
    return None


def _in_64_bits(value: int) -> Fault | None:
    return None if -INT64 <= value < INT64 else ("range", "must fit in 64 bits")


def a_text(value: object) -> Fault | None:
    """Any text."""
    return _whole(str(value)) if _is_type(value, str) else ("type", _no_text(named(value)))


def a_private_text(value: object) -> Fault | None:
    """Any text; no message shows what was given, for it tells who somebody is."""
    if _is_type(value, str):
        return _whole(str(value))
    return "type", _no_text(type(value).__name__)


def _no_text(given: str) -> str:
    return f"must be text, not {given}"


def a_key(value: object) -> Fault | None:
    """A text that is not blank."""
    if not _is_type(value, str):
        return "type", _no_text(named(value))
    return _a_sound_key(str(value))


def a_bool(value: object) -> Fault | None:
    """True or false."""
    if isinstance(value, bool):
        return None
    return "type", f"must be true or false, not {named(value)}"


def a_number_of(least: int) -> Check:
    """A check for integers of 64 bits from `least` upwards."""

    def check(value: Any) -> Fault | None:
        if not _is_type(value, int):
            return "type", f"must be an integer, not {named(value)}"
        return ("range", f"must be at least {least}") if value < least else _in_64_bits(value)

    return check


def money(value: Any) -> Fault | None:
    """An integer or a finite Decimal of at most two places, whose cents fit in 64 bits."""
    if not _is_type(value, int, Decimal):
        return "type", f"must be an integer or a Decimal, not {named(value)}"
    if isinstance(value, Decimal) and not value.is_finite():
        return "nan", "must be a finite number"
    # Compared as it is: abs() and round() would work within the thread's decimal context.
    if not -_MAX_MONEY < value < _MAX_MONEY:
        return "range", "must be below 92 quadrillion, so that its cents fit in 64 bits"
    if value != Decimal(value).quantize(_CENT, context=_EXACT):
        return "range", "must have at most 2 decimal places"
    return None


def revenue(value: Any) -> Fault | None:
    """Money that is not negative."""
    return money(value) or (("range", "must be at least 0") if value < 0 else None)


def a_float(value: object) -> Fault | None:
    """A finite float."""
    if not isinstance(value, float):
        return "type", f"must be a number, not {named(value)}"
    return None if math.isfinite(value) else ("nan", "must be a finite number")


def a_day(value: object) -> Fault | None:
    """A date, and no datetime."""
    return None if _is_type(value, date) else ("type", f"must be a date, not {named(value)}")


def an_instant(value: object) -> Fault | None:
    """A datetime that carries its zone."""
    if not isinstance(value, datetime):
        return "type", f"must be a datetime, not {named(value)}"
    # pandas' NaT is a datetime too, without zone, and refuses to name its offset.
    if value.tzinfo is None or value.utcoffset() is None:
        return "naive", "has no time zone; give an aware datetime"
    if value.utcoffset():
        return "range", "is outside the years 1 to 9999 in UTC"
    return None


def one_of(choices: Any) -> Check:
    """A check for the words of a `Literal`."""
    known: tuple[str, ...] = get_args(choices)

    def check(value: object) -> Fault | None:
        if value in known:
            return None
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        return "choice", f"must be one of {', '.join(known)}, not {brief(value)}{hint}"

    return check


def set_of(check: Check) -> Check:
    """A check for frozensets whose items each pass `check`."""

    def check_all(value: object) -> Fault | None:
        if not isinstance(value, frozenset):
            return "type", f"must be a collection, not {named(value)}"
        # Sorted, so that the same set gives the same message whatever the hash seed.
        items = sorted(cast("frozenset[object]", value), key=brief)
        faults = [fault for item in items if (fault := check(item))]
        return faults[0] if faults else None

    return check_all


def series_of(kind: type) -> Check:
    """A check for tuples of records of one kind."""

    def check(value: object) -> Fault | None:
        if not isinstance(value, tuple):
            return "type", f"must be a collection of {kind.__name__}, not {named(value)}"
        for item in cast("tuple[object, ...]", value):
            if not isinstance(item, kind):
                return "type", f"must hold only {kind.__name__}, not {named(item)}"
        return None

    return check


def a_label(value: object) -> Fault | None:
    """A label."""
    return None if isinstance(value, Label) else ("type", f"must be a label, not {named(value)}")


def a_corporate_number(value: object) -> Fault | None:
    """A 法人番号: 13 digits."""
    fault = a_text(value)
    if fault is None and not (
        len(str(value)) == 13 and str(value).isascii() and str(value).isdigit()
    ):
        return "format", "must be 13 digits without hyphens"
    return fault


def an_attribute_map(value: object) -> Fault | None:
    """A mapping from keys to plain values."""
    if not isinstance(value, Mapping):
        return "type", f"must be a mapping, not {named(value)}"
    for key, item in cast("Mapping[object, object]", value).items():
        fault = a_key(key) or _a_value(item)
        if fault:
            return fault[0], f"{brief(key)} {fault[1]}"
    return None


def _a_value(value: object) -> Fault | None:
    if isinstance(value, float):
        return a_float(value)
    if isinstance(value, frozenset):
        return set_of(a_text)(value)
    if type(value) is int:
        return _in_64_bits(value)
    if isinstance(value, Decimal):
        return None if value.is_finite() else ("nan", "must be a finite number")
    if value is None or _is_type(value, str, bool, date):
        return None
    return "type", f"must be text, a number, a bool, a date or a set of texts, not {named(value)}"


def checked(check: Check) -> dict[str, Check]:
    """The metadata by which a field states its check."""
    return {"check": check}


class Record:
    """The base of records: runs the check of every field, and those between fields, when made."""

    __slots__ = ()

    def __attrs_post_init__(self) -> None:
        kind = type(self)
        problems: list[Problem] = []
        for name, check in _checks(kind):
            fault = check(getattr(self, name))
            if fault is not None:
                problems.append(Problem(fault[0], f"{kind.__name__.lower()}.{name}", fault[1]))
        # Faults between fields only make sense once each field is sound.
        if problems or (problems := self._contradictions()):
            raise InvalidDataError(problems)

    def _contradictions(self) -> list[Problem]:
        return []


_CHECKS: dict[type, tuple[tuple[str, Check], ...]] = {}


def _checks(kind: type) -> tuple[tuple[str, Check], ...]:
    found = _CHECKS.get(kind)
    if found is None:
        found = tuple((f.name, f.metadata["check"]) for f in fields(kind))
        _CHECKS[kind] = found
    return found
