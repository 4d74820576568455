"""The door: what a table must be to be worked with, checked once; what is wrong in a row, told.

What is wrong with a table as a whole is an error that lists everything. A row that cannot be used
becomes a reject with the reason, so that as many rows come out as went in (law 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw

from mpfunnel.errors import InvalidDataError, Problem, did_you_mean, shown
from mpfunnel.frames.contract import Column, Family, with_attributes
from mpfunnel.frames.days import with_day, with_local_day
from mpfunnel.frames.expressions import by_code, whole
from mpfunnel.frames.kinds import Frame, Workshop, as_columns
from mpfunnel.playbook import Playbook

__all__ = ["REJECTED", "Door", "rejected"]

REJECTED: Final = ("table", "id", "lead_id", "column", "code", "reason")
"""The columns of a reject, all of them text."""
_BLANK: Final = "^[" + "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + "]*$"
"""What Python's `str.strip` leaves nothing of."""
_EXACT_IN_FLOAT: Final = 2**53
_INT64: Final = 2**63
_NEAR: Final = 0.85
_IDS: Final = {"companies": "id", "leads": "id", "activities": "id", "deals": "id"}


class Fault(NamedTuple):
    """What can be wrong in a row."""

    holds: nw.Expr
    column: str
    code: str
    reason: str


class Door:
    """Takes tables in, each checked against its contract.

    Args:
        workshop: Where they are worked on.
        book: The playbook, which says what custom attributes rules ask about.
        given: The tables by name.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type; all problems at once.
    """

    def __init__(self, workshop: Workshop, book: Playbook, given: Mapping[str, Any]) -> None:
        self._workshop = workshop
        self._zone = book.zone
        self.rejects: list[Frame] = []
        problems: list[Problem] = []
        entered: dict[str, tuple[list[Column], Frame]] = {}
        for name, native in given.items():
            contract = with_attributes(name, book.asked.values())
            here, wrong = _present(name, contract, as_columns(native, workshop.kind))
            problems += wrong
            try:
                frame = workshop.enter(name, native, [column.name for column in here])
            except InvalidDataError as error:
                problems += error.problems
            else:
                entered[name] = here, frame
        schemas = {name: frame.collect_schema() for name, (_, frame) in entered.items()}
        ids: dict[Family, dict[str, str]] = {}
        product = book.products[0].id
        ids["product"] = {"the playbook": "integers" if type(product) is int else "text"}
        for name, (columns, _) in entered.items():
            for column in columns:
                dtype = schemas[name][column.name]
                problems += _wrong_type(f"{name}.{column.name}", column, dtype)
                if column.of is not None and (kind := _kind_of_id(dtype)) is not None:
                    ids.setdefault(column.of, {})[f"{name}.{column.name}"] = kind
        for family, found in ids.items():
            problems += _mixed_ids(family, found)
        if problems:
            raise InvalidDataError(problems)
        self._ids = {family: next(iter(found.values())) for family, found in ids.items()}
        self.frames = {
            name: self._checked(name, columns, frame, schemas[name])
            for name, (columns, frame) in entered.items()
        }

    def id_type(self, family: Family) -> Any:
        """Return the type of the ids of a family: text where no table says."""
        return nw.Int64() if self._ids.get(family) == "integers" else nw.String()

    def turn_away(self, name: str, frame: Frame, fault: tuple[str, str, str]) -> None:
        """Keep the rows of a frame as rejects of the table `name`: column, code and reason."""
        self.rejects.append(rejected(name, frame, *map(nw.lit, fault)))

    def _checked(
        self, name: str, columns: Sequence[Column], frame: Frame, schema: nw.Schema
    ) -> Frame:
        faults: list[Fault] = []
        for column in columns:
            if schema[column.name] == nw.Unknown() and column.required:
                faults.append(_missing(column, nw.lit(True)))
            elif schema[column.name] != nw.Unknown():
                faults += _faults(column, schema[column.name])
        faults += _contradictions(name, {column.name for column in columns})
        if faults:
            places = [
                nw.when(fault.holds.fill_null(False)).then(nw.lit(place))
                for place, fault in enumerate(faults)
            ]
            frame = frame.with_columns(nw.min_horizontal(*places).alias("fault"))
            wrong = frame.filter(~nw.col("fault").is_null())
            frame = frame.filter(nw.col("fault").is_null()).drop("fault")
            told = [_chosen([getattr(f, part) for f in faults]) for part in ("column", "code")]
            reason = _chosen([fault.reason for fault in faults])
            self.rejects.append(rejected(name, wrong, *told, reason))
        cast = [self._cast(column, schema[column.name]) for column in columns]
        frame = frame.with_columns(*cast)
        for column in columns:
            if column.holds == "instant":
                day = f"{column.name}_day"
                if schema[column.name] == nw.Unknown():
                    frame = frame.with_columns(whole(None).alias(day))
                else:
                    frame = with_local_day(frame, column.name, self._zone, name=day)
            elif column.holds == "date" and schema[column.name] != nw.Unknown():
                frame = with_day(frame, column.name, name=column.name)
        return self._workshop.keep(f"{name}_checked", frame) if self._workshop.cuts else frame

    def _cast(self, column: Column, dtype: Any) -> nw.Expr:
        value = nw.col(column.name)
        if dtype == nw.Unknown():
            return nw.lit(None, dtype=self._type_of(column)).alias(column.name)
        match column.holds:
            case "id":
                wanted = self.id_type(column.of) if column.of is not None else nw.String()
                return _whole(value, dtype, wanted) if dtype.is_float() else value.cast(wanted)
            case "int":
                return (
                    _whole(value, dtype, nw.Int64()) if dtype.is_float() else value.cast(nw.Int64())
                )
            case "decimal":
                return _whole(_scaled(value, column.places, dtype), dtype, nw.Int64())
            case "float":
                number = value.cast(nw.Float64())
                return nw.when(~number.is_nan()).then(number).alias(column.name)
            case "text":
                text = value.cast(nw.String())
                if column.required:
                    return text
                return nw.when(~text.str.contains(_BLANK)).then(text).alias(column.name)
            case "instant":
                return self._instant(value, dtype)
            case "date" if dtype != nw.Date():
                return value.dt.date()
            case _:
                return value

    def _instant(self, value: nw.Expr, dtype: Any) -> nw.Expr:
        # Engines with one type for instants need no cast, and some do not know this one.
        if self._workshop.kind in ("duckdb", "ibis", "pyspark"):
            return value
        return value.cast(nw.Datetime("us", "UTC"))

    def _type_of(self, column: Column) -> Any:
        if column.of is not None:
            return self.id_type(column.of)
        types: Mapping[str, Any] = {
            "float": nw.Float64(),
            "bool": nw.Boolean(),
            "text": nw.String(),
            "instant": nw.Datetime("us", "UTC"),
        }
        return types.get(column.holds, nw.Int64())


def rejected(name: str, frame: Frame, column: nw.Expr, code: nw.Expr, reason: nw.Expr) -> Frame:
    """Return the rows of a table as rejects (`REJECTED`)."""
    known = frame.collect_schema().names()
    about = next(
        one for one in ("id", "activity_id", "deal_id", "lead_id", "company_id") if one in known
    )
    lead = nw.col("lead_id") if "lead_id" in known else nw.lit(None, dtype=nw.String())
    return frame.select(
        table=nw.lit(name),
        id=nw.col(about).cast(nw.String()),
        lead_id=lead.cast(nw.String()),
        column=column,
        code=code,
        reason=reason,
    )


def _chosen(texts: Sequence[str]) -> nw.Expr:
    """Return the text whose place stands in the column ``fault``."""
    return by_code("fault", texts)


def _present(
    name: str, contract: Sequence[Column], given: Sequence[str]
) -> tuple[list[Column], list[Problem]]:
    """Return the columns of the contract that are there, and what is wrong with the names."""
    problems = [
        Problem("duplicate", f"{name}.{shown(column)}", "stands there twice; name columns once")
        for column, times in Counter(given).items()
        if times > 1
    ]
    here = [column for column in contract if column.name in given]
    known = {column.name for column in contract}
    strangers = [column for column in given if column not in known]
    claimed: set[str] = set()
    for column in contract:
        if column.name in given:
            continue
        if column.required:
            hint = did_you_mean(column.name, strangers)
            problems.append(Problem("missing", f"{name}.{column.name}", f"no such column{hint}"))
            claimed.update(strangers if hint else ())
    absent = [column.name for column in contract if column.name not in given]
    for stranger in strangers:
        near = get_close_matches(stranger.casefold(), absent, n=1, cutoff=_NEAR)
        if near and stranger not in claimed:
            message = f"no such column; did you mean '{near[0]}'?"
            problems.append(Problem("unknown-column", f"{name}.{shown(stranger)}", message))
    return here, problems


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


def _wrong_type(path: str, column: Column, dtype: Any) -> list[Problem]:
    text = dtype in (nw.String(), nw.Categorical()) or isinstance(dtype, nw.Enum)
    number = dtype.is_integer() or dtype.is_float() or dtype.is_decimal()
    fits: Mapping[str, bool] = {
        "id": text or dtype.is_integer() or dtype.is_float(),
        "int": number,
        "decimal": number,
        "float": number,
        "bool": dtype == nw.Boolean(),
        "text": text,
        "date": dtype == nw.Date() or _is_naive(dtype),
        "instant": isinstance(dtype, nw.Datetime) and not _is_naive(dtype),
    }
    if dtype == nw.Unknown() or fits[column.holds]:
        return []
    if column.holds == "instant" and _is_naive(dtype):
        message = "has no time zone; say which one its clock shows, or let a source read it"
        return [Problem("naive", path, message)]
    return [Problem("type", path, f"must hold {_WANTED[column.holds]}, not {dtype}")]


def _is_naive(dtype: Any) -> bool:
    return isinstance(dtype, nw.Datetime) and dtype.time_zone is None


def _kind_of_id(dtype: Any) -> str | None:
    if dtype == nw.Unknown():
        return None
    return "integers" if dtype.is_integer() or dtype.is_float() else "text"


def _mixed_ids(family: str, found: Mapping[str, str]) -> list[Problem]:
    first = next(iter(found))
    return [
        Problem("type", path, f"must hold {found[first]}, as {first} does: one type of id (S18)")
        for path, kind in found.items()
        if kind != found[first]
    ]


def _missing(column: Column, holds: nw.Expr) -> Fault:
    return Fault(holds, column.name, "missing", "must not be blank")


def _faults(column: Column, dtype: Any) -> list[Fault]:
    """Return what can be wrong with the values of a column."""
    value = nw.col(column.name)
    text = dtype in (nw.String(), nw.Categorical()) or isinstance(dtype, nw.Enum)
    faults: list[Fault] = []

    def add(holds: nw.Expr, code: str, reason: str) -> None:
        faults.append(Fault(holds, column.name, code, reason))

    if column.required:
        blank = value.cast(nw.String()).str.contains(_BLANK) if text else None
        faults.append(
            _missing(column, value.is_null() if blank is None else value.is_null() | blank)
        )
    if column.holds == "id" and text and not column.required:
        add(value.cast(nw.String()).str.contains(_BLANK), "blank", "must not be blank")
    if column.holds in ("id", "int") and dtype.is_float():
        add(~value.is_nan() & (value.abs() > _EXACT_IN_FLOAT), "range", "lost digits as a float")
        add(value != value.round(0), "type", "must be an integer")
    if column.holds == "int" and dtype.is_decimal():
        add(value != value.round(0), "type", "must be an integer")
    if column.holds == "decimal":
        most = _EXACT_IN_FLOAT if dtype.is_float() else _INT64
        bound = most // 10**column.places
        add((value >= bound) | (value <= -bound), "range", "must fit in 64 bits")
        if not dtype.is_integer():
            scaled = value * 10**column.places
            off = (scaled - scaled.round(0)).abs() > (1e-4 if dtype.is_float() else 0)
            add(off, "range", f"must have at most {column.places} decimal places")
    if column.holds == "float" and dtype.is_float():
        infinite = (value == float("inf")) | (value == float("-inf"))
        add(infinite, "nan", "must be a finite number")
    if column.choices:
        known = ", ".join(column.choices)
        add(~value.cast(nw.String()).is_in(column.choices), "choice", f"must be one of {known}")
    if column.least is not None:
        add(value < column.least, "range", f"must be at least {column.least}")
    if column.digits is not None:
        wrong = ~value.cast(nw.String()).str.contains(f"^[0-9]{{{column.digits}}}$")
        blank = value.cast(nw.String()).str.contains(_BLANK)
        add(wrong & ~blank, "format", f"must be {column.digits} digits without hyphens")
    if column.holds == "date" and dtype != nw.Date():
        add(value != value.dt.truncate("1d"), "type", "must be a date without a time")
    return faults


def _contradictions(name: str, here: set[str]) -> list[Fault]:
    if name == "deals" and {"status", "closed_at"} <= here:
        closed = ~nw.col("closed_at").is_null()
        still_open = nw.col("status") == "open"
        return [
            Fault(
                still_open & closed, "closed_at", "contradiction", "must be blank for an open deal"
            ),
            Fault(~still_open & ~closed, "closed_at", "missing", "is needed for a closed deal"),
        ]
    if name == "deals":
        message = "is needed for a closed deal"
        return [Fault(nw.col("status") != "open", "closed_at", "missing", message)]
    if name == "contracts" and {"start", "end"} <= here:
        message = "must not be before start"
        return [Fault(nw.col("end") < nw.col("start"), "end", "order", message)]
    return []


def _scaled(value: nw.Expr, places: int, dtype: Any) -> nw.Expr:
    scaled = value * 10**places
    return scaled if dtype.is_integer() else scaled.round(0)


def _whole(value: nw.Expr, dtype: Any, wanted: Any) -> nw.Expr:
    """Return whole numbers as integers; NaN is null."""
    if not dtype.is_float():
        return value.cast(wanted)
    return nw.when(~value.is_nan()).then(value).cast(wanted)
