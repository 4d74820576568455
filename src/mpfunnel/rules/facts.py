"""What a rule may ask about: a name, a type, and whether a blank means *unknown* or *no*."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Context, Decimal
from typing import Any, Final, Literal

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean
from mpfunnel.labels import Label

__all__ = ["Fact", "Kind", "Scale"]

Kind = Literal["int", "decimal", "float", "bool", "text", "date", "set", "level"]

_OUTSIDE: Final = "must be a finite number within 64 bits"
_INT64: Final = 2**63
# What a literal is must not hang on the decimal context of the thread that builds the rule.
_EXACT: Final = Context(prec=40, traps=[])
_CLOSABLE: Final = ("bool", "set", "int")
_BLANKS: Final[Mapping[str, Any]] = {"bool": False, "set": frozenset(), "int": 0}
_WORDS: Final[Mapping[str, str]] = {
    "int": "an integer",
    "decimal": "an integer or a Decimal",
    "float": "a number",
    "bool": "true or false",
    "text": "text",
    "date": "a date",
    "set": "text",
    "level": "a level",
}


@frozen
class Scale:
    """Values in order: a ladder from low to high, and detours that lie outside it (S8).

    Attributes:
        ladder: Keys from the lowest to the highest.
        detours: Keys outside the ladder; every comparison of order with them is false.
        labels: What people call the keys; a key that has none stands for itself.

    A scale without any key takes every key: who knows them checks them later.
    """

    ladder: tuple[str, ...]
    detours: tuple[str, ...] = ()
    labels: Mapping[str, Label] = field(default=immutabledict(), eq=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, the ladder first."""
        return self.ladder + self.detours


@frozen
class Fact:
    """A fact that rules may ask about, as a plain value.

    Attributes:
        name: The dotted name: whose fact it is, then which, for example ``"company.employees"``.
        kind: The type of its values. A ``level`` is another decision, on a `scale`.
        open: True where a blank is *unknown*; False where a blank is *no*, empty or 0 (S2).
        within: The mapping of the record that holds it, or blank where it is an attribute.
        places: Decimal places of a ``decimal``.
        trusted: True where the mapping is filled by code that knows the type: it is not checked.
        minor: True where records hold a ``decimal`` as an integer of its smallest unit.
        scale: The scale of a ``level``.
        label: What people call it.
        labels: What people call its values; a value that has none stands for itself.
        unit: What its numbers count, for people.
        of: The root whose record leads to the record that holds it, as an attribute called like the
            root; blank where rules are given that record itself.
        root: Whose fact it is: ``"company"`` of ``"company.employees"``.
        key: Which fact it is: ``"employees"`` of ``"company.employees"``.
    """

    name: str
    kind: Kind
    open: bool = True
    within: str = ""
    places: int = 0
    minor: bool = False
    trusted: bool = field(default=False, eq=False)
    scale: Scale | None = None
    label: Label = field(default=None, eq=False)
    unit: Label | None = field(default=None, eq=False)
    labels: Mapping[str, Label] = field(default=immutabledict(), eq=False)
    of: str = field(default="", kw_only=True)
    # Parts of the name, cut once: every interpreter reads them for every record.
    root: str = field(init=False, eq=False, repr=False)
    key: str = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        root, _, key = self.name.partition(".")
        object.__setattr__(self, "root", root)
        object.__setattr__(self, "key", key)
        problems: list[Problem] = []
        if not self.root or not self.key:
            problems.append(Problem("format", self.name, "must be named as 'whose.which'"))
        if not self.open and self.kind not in _CLOSABLE:
            kinds = ", ".join(_CLOSABLE)
            problems.append(Problem("closed", self.name, f"only {kinds} facts may be closed"))
        if (self.kind == "level") != (self.scale is not None):
            problems.append(Problem("scale", self.name, "a level needs a scale, and only a level"))
        if problems:
            raise InvalidDataError(problems)
        if self.scale is not None:
            object.__setattr__(self, "labels", self.scale.labels)
        if self.label is None:  # pyright: ignore[reportUnnecessaryComparison]
            object.__setattr__(self, "label", Label(self.key.replace("_", " ").strip() or self.key))

    @property
    def given(self) -> str:
        """The root of the record that rules must be given to read it."""
        return self.of or self.root

    @property
    def blank(self) -> Any:
        """What a blank reads as: `None` for unknown, or false, empty or 0 of a closed fact."""
        return None if self.open else _BLANKS[self.kind]

    def read(self, record: Any) -> Any:
        """Return the value that `record` holds, or `None` where it is unknown.

        A blank closed fact reads as false, empty or 0.

        Raises:
            InvalidDataError: A custom attribute holds a value of another type than declared, or
                the record does not lead to the one that holds the fact.
        """
        if self.of:
            record = self._led_to(record)
        if not self.within:
            value = getattr(record, self.key)
        else:
            value = getattr(record, self.within).get(self.key)
            if value is not None and not self.trusted and not self._holds(value):
                message = f"must be {_WORDS[self.kind]}, not {type(value).__name__} {brief(value)}"
                raise InvalidDataError([Problem("type", self.name, message)])
        return self.blank if value is None else value

    def _led_to(self, record: Any) -> Any:
        try:
            return getattr(record, self.root)
        except AttributeError:
            kind = type(record).__name__
            message = f"is not known of a {kind} alone; ask an Engine, or what compile() returns"
            raise InvalidDataError([Problem("missing", self.name, message)]) from None

    def _holds(self, value: Any) -> bool:
        match self.kind:
            case "int":
                return type(value) is int
            case "decimal":
                return type(value) in (int, Decimal)
            case "float":
                return type(value) in (int, float)
            case "bool":
                return type(value) is bool
            case "date":
                return type(value) is date
            case "set":
                return isinstance(value, frozenset)
            case _:
                return type(value) is str

    def literal(self, value: Any) -> Any:
        """Return `value` as a literal of this fact's type (S1).

        Raises:
            InvalidDataError: It has another type, or lies outside what the type can hold.
        """
        folded = _literal(self, value)
        if isinstance(folded, str) and not folded.strip():
            message = "blank text is missing, so nothing equals it; use is_missing()"
            raise InvalidDataError([Problem("blank", self.name, message)])
        return folded

    def stored(self, literal: Any) -> Any:
        """Return `literal` in the unit in which records hold this fact."""
        return int(Decimal(literal).scaleb(self.places, _EXACT)) if self.minor else literal

    def shown(self, value: Any) -> Any:
        """Return `value`, as a record holds it, in the unit that people read."""
        if not self.minor or value is None:
            return value
        return _plain(Decimal(value).scaleb(-self.places, _EXACT))


def _plain(value: Decimal) -> int | Decimal:
    """Return one form for equal numbers: an int where it is whole, no trailing zeros elsewhere."""
    return int(value) if value == value.to_integral_value() else value.normalize(_EXACT)


def _literal(fact: Fact, value: Any) -> Any:
    kind = fact.kind
    if kind == "level":
        return _level(fact, value)
    if kind in ("text", "set") and isinstance(value, str):
        return str(value)
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "date" and type(value) is date:
        return value
    if kind in ("int", "decimal", "float") and not isinstance(value, bool):
        return _number(fact, value)
    raise _refused(fact, value)


def _number(fact: Fact, value: Any) -> int | float | Decimal:
    numbers: tuple[type, ...] = (int, Decimal, float) if fact.kind == "float" else (int, Decimal)
    if type(value) not in numbers:
        raise _refused(fact, value)
    # Bounds come first: a huge exponent must not be expanded into digits. NaN fails them too.
    # The value is not shown: Python refuses to write very large integers.
    most = Decimal(_INT64).scaleb(-fact.places, _EXACT)
    is_nan = value.is_nan() if isinstance(value, Decimal) else value != value
    if is_nan or not most.copy_negate() < value < most:
        raise InvalidDataError([Problem("range", fact.name, _OUTSIDE)])
    if fact.kind == "float":
        if float(value) >= most:
            # The largest integers of 64 bits are rounded up to what lies outside.
            raise InvalidDataError([Problem("range", fact.name, _OUTSIDE)])
        # No negative zero: equal rules are written equally.
        return float(value) + 0.0
    if isinstance(value, Decimal):
        if value != value.quantize(Decimal(1).scaleb(-fact.places, _EXACT), context=_EXACT):
            wanted = f"have at most {fact.places} decimal places" if fact.places else "be whole"
            message = f"must {wanted}, not {value!s:.60}"
            raise InvalidDataError([Problem("range", fact.name, message)])
        return _plain(value)
    return int(value)


def _level(fact: Fact, value: Any) -> str:
    key = getattr(value, "key", value)
    if fact.scale is None or not isinstance(key, str):
        raise _refused(fact, value)
    if fact.scale.keys and key not in fact.scale.keys:
        message = f"no such level {brief(key)}{did_you_mean(key, fact.scale.keys)}"
        raise InvalidDataError([Problem("unknown-level", fact.name, message)])
    return key


def _refused(fact: Fact, value: Any) -> InvalidDataError:
    hint = ""
    if isinstance(value, float) and fact.kind == "decimal":
        hint = f"; write Decimal('{value}')"
    message = f"must be {_WORDS[fact.kind]}, not {type(value).__name__} {brief(value)}{hint}"
    return InvalidDataError([Problem("type", fact.name, message)])
