"""What can be wrong with the values of a column, and what they are worked with as."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw

from mpfunnel.errors import Problem
from mpfunnel.frames.contract import Column
from mpfunnel.records import ABOUT

__all__ = [
    "BLANK",
    "Fault",
    "as_written",
    "contradictions",
    "faults_of",
    "kind_of_id",
    "missing",
    "number_of",
    "wrong_type",
]

BLANK: Final = "^[" + "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "]*$"
"""What Python's `str.strip` leaves nothing of."""
_FLOAT: Final = 2**53
"""From here on a float no longer tells an integer from the next one (S24)."""
_INT64: Final = 2**63
_NARROW: Final = (nw.Int8, nw.Int16, nw.Int32, nw.Int64, nw.UInt8, nw.UInt16, nw.UInt32)
_DIGITS: Final = 38
"""As many digits as a decimal may have on any engine."""


class Fault(NamedTuple):
    """What can be wrong in a row."""

    holds: nw.Expr
    column: str
    code: str
    reason: str


_WANTED: Final[Mapping[str, str]] = {
    "id": "text or integers",
    "int": "integers",
    "decimal": "integers or decimals",
    "float": "numbers",
    "bool": "true or false",
    "text": "text",
    "date": "dates",
    "instant": "datetimes with a time zone",
}


def wrong_type(path: str, column: Column, dtype: Any) -> list[Problem]:
    """Return why a column of that type cannot hold what it should; nothing where it can."""
    fits: Mapping[str, bool] = {
        "id": _is_text(dtype) or dtype.is_integer() or dtype.is_float(),
        "int": dtype.is_numeric(),
        "decimal": dtype.is_numeric(),
        "float": dtype.is_numeric(),
        "bool": dtype == nw.Boolean(),
        "text": _is_text(dtype),
        "date": dtype == nw.Date() or _is_naive(dtype),
        "instant": isinstance(dtype, nw.Datetime) and not _is_naive(dtype),
    }
    if fits[column.holds]:
        return []
    if column.holds == "instant" and _is_naive(dtype):
        message = "has no time zone; say which one its clock shows, or let a source read it"
        return [Problem("naive", path, message)]
    given = "a type unknown here" if dtype == nw.Unknown() else type(dtype).__name__
    return [Problem("type", path, f"must hold {_WANTED[column.holds]}, not {given}")]


def _is_text(dtype: Any) -> bool:
    return isinstance(dtype, nw.String | nw.Categorical | nw.Enum)


def _is_naive(dtype: Any) -> bool:
    return isinstance(dtype, nw.Datetime) and dtype.time_zone is None


def kind_of_id(dtype: Any) -> str | None:
    """Return whether ids of that type are integers or text; `None` where nothing is said."""
    if dtype.is_integer() or dtype.is_float():
        return "integers"
    return "text" if _is_text(dtype) else None


def missing(column: Column, holds: nw.Expr) -> Fault:
    """Return that the column is blank, where `holds` says so."""
    return Fault(holds, column.name, "missing", "must not be blank")


def faults_of(column: Column, dtype: Any) -> list[Fault]:
    """Return what can be wrong with the values of a column, in the order in which it is told."""
    value = nw.col(column.name)
    faults: list[Fault] = []

    def add(holds: nw.Expr, code: str, reason: str) -> None:
        faults.append(Fault(holds, column.name, code, reason))

    if column.required:
        faults.append(missing(column, _given(column, dtype).is_null()))
    if _is_text(dtype):
        text = value.cast(nw.String())
        blank = text.str.contains(BLANK)
        if column.choices:
            known = ", ".join(column.choices)
            add(~text.is_in(column.choices), "choice", f"must be one of {known}")
        elif column.required or column.holds == "id":
            add(blank, "blank", "must not be blank")
        if column.digits is not None:
            sound = (text.str.len_chars() == column.digits) & text.str.contains("^[0-9]+$")
            reason = f"must be {column.digits} digits without hyphens"
            add(~sound & ~blank, "format", reason)
    if dtype.is_numeric():
        faults += _faults_of_number(column, dtype)
    if column.holds == "date" and dtype != nw.Date():
        add(value != value.dt.truncate("1d"), "type", "must be a date without a time")
    return faults


def _faults_of_number(column: Column, dtype: Any) -> list[Fault]:
    given = _given(column, dtype)
    faults: list[tuple[nw.Expr, str, str]] = []
    if dtype.is_float():
        infinite = (given == float("inf")) | (given == float("-inf"))
        faults.append((infinite, "nan", "must be a finite number"))
    fitting = _fitting(column, dtype)
    if fitting is not None:
        as_float = column.holds == "float" or dtype.is_float()
        reason = "must be below 2^53 as a float" if as_float else "must fit in 64 bits"
        faults.append((~given.is_null() & fitting.is_null(), "range", reason))
        if column.holds == "decimal" and not dtype.is_integer():
            scaled = fitting * 10**column.places
            off = (scaled - scaled.round(0)).abs() > (1e-4 if dtype.is_float() else 0)
            faults.append((off, "range", f"must have at most {column.places} decimal places"))
        elif column.holds != "float" and not dtype.is_integer():
            faults.append((fitting != fitting.round(0), "type", "must be an integer"))
    if column.least is not None:
        faults.append((given < column.least, "range", f"must be at least {column.least}"))
    return [Fault(holds, column.name, code, reason) for holds, code, reason in faults]


def contradictions(name: str, types: Mapping[str, Any]) -> list[Fault]:
    """Return what can be wrong between the columns of a row."""
    here = {column for column, dtype in types.items() if dtype != nw.Unknown()}
    if name == "companies" and {"id", "parent_id"} <= here:
        own = _comparable("id", types) == _comparable("parent_id", types)
        return [Fault(own, "parent_id", "cycle", "must not be the company's own id")]
    if name == "deals" and "status" in here:
        still_open = _comparable("status", types) == "open"
        closed = ~nw.col("closed_at").is_null() if "closed_at" in here else nw.lit(False)
        unwanted, needed = "must be blank for an open deal", "is needed for a closed deal"
        return [
            Fault(still_open & closed, "closed_at", "contradiction", unwanted),
            Fault(~still_open & ~closed, "closed_at", "missing", needed),
        ]
    ends = {"contracts": ("start", "end"), "overrides": ("since", "until")}
    faults: list[Fault] = []
    if name == "overrides":
        faults += _of_questions(here, types)
    if name == "stage_history" and {"until", "cause"} <= here:
        decided = _comparable("cause", types) == "person"
        unwanted = "must be blank where the cause is not 'person'"
        until = ~nw.col("until").is_null()
        faults.append(Fault(~decided & until, "until", "contradiction", unwanted))
    start, end = ends.get(name, ("", ""))
    if {start, end} <= here:
        early = _comparable(end, types) < _comparable(start, types)
        faults.append(Fault(early, end, "order", f"must not be before {start}"))
    return faults


def _of_questions(here: Collection[str], types: Mapping[str, Any]) -> list[Fault]:
    """Return where an override is not about what its question is about."""
    faults: list[Fault] = []
    for what, wanted in ABOUT.items():
        asked = _comparable("what", types) == what if "what" in here else nw.lit(False)
        for name in ("company_id", "lead_id", "product_id"):
            given = nw.lit(False)
            if name in here:
                given = ~_given(Column(name, "id"), types[name]).is_null()
            if name in wanted:
                message = f"is needed where what is '{what}'"
                faults.append(Fault(asked & ~given, name, "missing", message))
            else:
                message = f"must be blank where what is '{what}'"
                faults.append(Fault(asked & given, name, "contradiction", message))
    return faults


def _comparable(column: str, types: Mapping[str, Any]) -> nw.Expr:
    """Return a column of a type that every engine compares with others of its kind."""
    value = nw.col(column)
    if _is_text(types[column]):
        return value.cast(nw.String())
    return value.dt.date() if _is_naive(types[column]) else value


def _given(column: Column, dtype: Any) -> nw.Expr:
    """Return the values of a column; NaN is missing (S1)."""
    value = nw.col(column.name)
    if not dtype.is_float():
        return value
    value = value.cast(nw.Float64())
    return nw.when(~value.is_nan()).then(value)


def _fitting(column: Column, dtype: Any) -> nw.Expr | None:
    """Return the numbers of a column that can be worked with exactly; None where all can.

    Engines refuse, or silently bend, what does not fit where they are told to work with it.
    """
    given = _given(column, dtype)
    if column.holds == "float":
        wide = dtype.is_integer() or dtype.is_decimal()
        return nw.when((given <= _FLOAT) & (given >= -_FLOAT)).then(given) if wide else None
    if column.holds == "decimal":
        most = (_FLOAT if dtype.is_float() else _INT64) // 10**column.places
        if dtype.is_decimal():
            most = min(most, 10 ** (_DIGITS - dtype.scale - column.places))
        return nw.when((given < most) & (given > -most)).then(given)
    if dtype in _NARROW:
        return None
    most = _FLOAT if dtype.is_float() else _INT64
    return nw.when((given <= most - 1) & (given >= 1 - most)).then(given)


def number_of(column: Column, dtype: Any) -> nw.Expr:
    """Return the numbers of a column in the type in which they are worked with."""
    fitting = _fitting(column, dtype)
    number = _given(column, dtype) if fitting is None else fitting
    if column.holds == "float":
        return number.cast(nw.Float64()).alias(column.name)
    if dtype.is_integer():
        # Before it is scaled: engines count on in the narrow type that they were given.
        number = number.cast(nw.Int64())
        scaled = number * 10**column.places if column.holds == "decimal" else number
        return scaled.alias(column.name)
    scaled = number * 10**column.places if column.holds == "decimal" else number
    return scaled.round(0).cast(nw.Int64()).alias(column.name)


def as_written(column: Column, dtype: Any) -> nw.Expr:
    """Return ids that came as floats as text, as they were before."""
    given = _given(column, dtype)
    whole = nw.when(given.abs() < _FLOAT).then(given)
    text = nw.when(whole == whole.round(0)).then(whole.round(0).cast(nw.Int64()).cast(nw.String()))
    return text.otherwise(given.cast(nw.String())).alias(column.name)
