"""From what a store can hold to what the contract says; a cell that cannot be read is a reject.

CSV has texts only, a workbook has types cell by cell, SQLite knows neither days nor truth, and a
database may keep any of them as text. So a text in a column that holds no text is read, in the one
way that is documented (docs/reference/tables.md). Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import narwhals.stable.v2 as nw

from mpfunnel.frames.contract import Column, Family, Holds
from mpfunnel.frames.door import rejected
from mpfunnel.frames.expressions import by_code
from mpfunnel.stores.extras import library

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Raw", "Wanted", "families", "typed"]

Wanted = Callable[[str], bool]
"""Says of the name of a column whether it is asked for."""

_SIXTY: Final = "[0-5][0-9]"
_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = rf"(?:[01][0-9]|2[0-3]):{_SIXTY}(?::{_SIXTY}(?:\.[0-9]{{1,9}})?)?"
_FORMS: Final[Mapping[Holds, str]] = {
    "id": r"^-?[0-9]+(?:\.0*)?$",
    "int": r"^[+-]?[0-9]+(?:\.0*)?$",
    "decimal": r"^[+-]?[0-9]+(?:\.[0-9]{0,9}0*)?$",
    "float": r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$",
    "bool": r"^(?i:true|false|1|0)$",
    "date": rf"^{_DAY}$",
    "instant": rf"^{_DAY}[T ]{_TIME} ?(?:Z|[+-][0-9]{{2}}(?::?[0-9]{{2}})?)$",
}
"""How a text must be written."""
_UNLIKE: Final[tuple[Holds, ...]] = ("text", "date", "instant")
"""What no whole number is, though a store without types of columns may have one there."""
_FAULT: Final = "place of fault"
"""The column of the first fault of a row, under a name that no column has."""
_REASONS: Final[Mapping[Holds, str]] = {
    "id": "must be a whole number, as the other ids of its kind are",
    "int": "must be a whole number, such as 300",
    "decimal": "must be a plain number, such as 1200.5",
    "float": "must be a number, such as 0.15",
    "bool": "must be true or false",
    "date": "must be a day, such as 2026-10-31",
    "instant": "must be a time with its zone, such as 2026-10-31T09:30:00+09:00",
}


class Raw(NamedTuple):
    """A table as a store has it.

    Attributes:
        frame: Its rows.
        loose: Whether its ids may be read as those of other tables are, because the store has no
            types of whole columns.
        texts: Whether all that it has is text, which says nothing of the type of its ids.
    """

    frame: pl.DataFrame
    loose: bool = False
    texts: bool = False


def families(
    product: str, contracts: Mapping[str, Sequence[Column]], raws: Mapping[str, Raw]
) -> dict[Family, bool]:
    """Return whether the ids of each family are integers (S18).

    The table that they are the ids of says it, or else the first that refers to them.

    Args:
        product: What the ids of products are in the playbook: ``"integers"`` or ``"text"``.
        contracts: The columns of each table.
        raws: The tables.
    """
    pl = library("polars")
    found: dict[Family, bool] = {}
    for owner in (True, False):
        for name, raw in raws.items():
            for column in contracts[name]:
                kind = raw.frame.schema.get(column.name)
                if kind is None or kind == pl.Null or raw.texts or column.of is None:
                    continue
                if (column.name == "id") == owner:
                    found.setdefault(column.of, kind.is_numeric())
    found["product"] = product == "integers"
    return found


def typed(
    name: str, contract: Sequence[Column], raw: Raw, integers: Mapping[Family, bool]
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Return a table with the types of its contract, and the rows that cannot be read as rejects.

    Args:
        name: Its name.
        contract: Its columns.
        raw: What the store has.
        integers: Whether the ids of each family are integers.
    """
    pl = library("polars")
    frame = raw.frame
    casts: list[Any] = []
    faults: list[tuple[str, Holds, Any]] = []
    for column in contract:
        kind = frame.schema.get(column.name)
        if kind is None:
            continue
        holds = _wanted(column, kind, raw, integers)
        value = pl.col(column.name)
        if holds == "text":
            casts.append(value.cast(pl.String))
        elif holds is not None:
            text = value.cast(pl.String).str.strip_chars()
            read = _READ[holds](pl.when(text.str.contains(_FORMS[holds])).then(text))
            casts.append(read.alias(column.name))
            faults.append((column.name, holds, (text != "") & read.is_null()))
    # A blank cell of CSV has two forms, and neither is an id.
    blanks = pl.col(pl.String).replace("", None)
    read_in = (frame.with_columns(blanks) if raw.loose else frame).with_columns(casts)
    absent = any(one.required and one.name not in frame.columns for one in contract)
    if absent or not faults:
        # A table without what it needs is refused as a whole by whoever takes it.
        return read_in, None
    places = [pl.when(wrong).then(place) for place, (_, _, wrong) in enumerate(faults)]
    fault = frame.select(pl.coalesce(places).alias(_FAULT))[_FAULT]
    wrong = frame.with_columns(fault).filter(fault.is_not_null())
    told = rejected(
        name,
        nw.from_native(wrong.lazy()),
        by_code(_FAULT, [column for column, _, _ in faults]),
        nw.lit("type"),
        by_code(_FAULT, [_REASONS[holds] for _, holds, _ in faults]),
    )
    return read_in.filter(fault.is_null()), told.to_native().collect()


def _wanted(
    column: Column, kind: pl.DataType, raw: Raw, integers: Mapping[Family, bool]
) -> Holds | None:
    """Return what the cells of a column are to be read as; `None` where they stay as they are."""
    pl = library("polars")
    if kind == pl.Null:
        return None
    if column.of is not None:
        if not raw.loose:
            return None
        whole = integers.get(column.of, False)
        return ("id" if kind == pl.String else None) if whole else "text"
    if kind == pl.String:
        return None if column.holds == "text" else column.holds
    if kind.is_integer() and (column.holds == "bool" or (raw.loose and column.holds in _UNLIKE)):
        return column.holds
    return None


# -- from a text of the right form to what it says --


def _whole(text: Any) -> Any:
    pl = library("polars")
    return text.str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)


def _decimal(text: Any) -> Any:
    return text.cast(library("polars").Decimal(38, 9), strict=False)


def _float(text: Any) -> Any:
    return text.cast(library("polars").Float64, strict=False)


def _truth(text: Any) -> Any:
    return text.str.to_lowercase().is_in(["true", "1"])


def _day(text: Any) -> Any:
    return _since(text.str.to_date("%Y-%m-%d", strict=False), date.min)


def _instant(text: Any) -> Any:
    # One form of all that are allowed: 2026-10-31T09:30:00+09:00.
    for form, whole in (
        (r"^(.{10}) ", "${1}T"),
        (r" ?Z$", "+00:00"),
        (r" ([+-])", "${1}"),
        (r"T([0-9]{2}:[0-9]{2})([+-])", "T${1}:00${2}"),
        (r"([+-][0-9]{2})([0-9]{2})$", "${1}:${2}"),
        (r"(T.*[+-][0-9]{2})$", "${1}:00"),
    ):
        text = text.str.replace(form, whole)
    instant = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    return _since(instant, datetime.min.replace(tzinfo=UTC))


def _since(value: Any, first: date) -> Any:
    """Return what lies in the years that Python knows."""
    return library("polars").when(value >= first).then(value)


_READ: Final[Mapping[Holds, Callable[[Any], Any]]] = {
    "id": _whole,
    "int": _whole,
    "decimal": _decimal,
    "float": _float,
    "bool": _truth,
    "date": _day,
    "instant": _instant,
}
