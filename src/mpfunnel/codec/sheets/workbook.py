"""One sheet of an XLSX file → its cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

from mpfunnel.codec.sheets.archive import packed, parts_of
from mpfunnel.codec.sheets.grid import Cells, Grid, address, check_area, grid_of, letters, refusal
from mpfunnel.codec.sheets.scan import Place, Scan, percent_styles, scan_sheet, sheet_parts
from mpfunnel.errors import DecodeError, MissingExtraError, Problem, brief, did_you_mean, shown

__all__ = ["read_sheet", "sheet_names"]

_EXACT: Final = 2**53
"""From here on a cell no longer tells an integer from the next one (S24)."""
MAX_PROBLEMS: Final = 200
"""How many problems of cells are told."""
_SHEETS: Final = "xl/worksheets/"


def sheet_names(raw: bytes, name: str) -> list[str]:
    """Return the names of the sheets of an XLSX file, in their order.

    Raises:
        DecodeError: It is no such file, or goes beyond the bounds.
    """
    return [*sheet_parts(parts_of(raw, name), name)]


def read_sheet(raw: bytes, name: str, sheet: str) -> Grid:
    """Return the cells of one sheet of an XLSX file as texts.

    Args:
        raw: The bytes of the file.
        name: How messages name it.
        sheet: The name of the sheet.

    Raises:
        DecodeError: It is no such file, goes beyond the bounds or has no such sheet; or a cell
            holds what is no value: a formula, an error, a time of day, or a part of a merged cell.
        MissingExtraError: The library that reads it is not installed.
    """
    parts = parts_of(raw, name)
    by_name = sheet_parts(parts, name)
    if sheet not in by_name:
        hint = did_you_mean(sheet, by_name) or f"; it has {', '.join(map(shown, by_name))}"
        raise refusal("unknown-table", name, f"has no sheet '{shown(sheet)}'{hint}")
    own = by_name[sheet]
    at = f"{name}!{shown(sheet)}"
    scan = scan_sheet(parts[own], at)
    check_area(at, scan.rows, scan.columns)
    if problems := _no_values(scan, at):
        raise DecodeError(problems)
    # Only what was looked at is read: the other sheets are left out.
    kept = {
        part: content
        for part, content in parts.items()
        if part == own or not part.startswith(_SHEETS)
    }
    values = _values(packed(kept), name, sheet)
    percents = percent_styles(parts, name)
    shown_so = {
        (place.row, place.column) for place, style in scan.styles.items() if style in percents
    }
    rows: dict[int, Cells] = {}
    for number, row in enumerate(values, 1):
        cells: list[str] = []
        for column, value in enumerate(row):
            text, problem = _text(value)
            cells.append(text)
            if problem:
                problems.append(Problem(problem[0], f"{at}!{address(number, column)}", problem[1]))
        rows[number] = tuple(cells)
    if problems:
        raise DecodeError(problems)
    return grid_of(at, rows, shown_so, tuple(_hidden(scan, at)))


def _values(raw: bytes, name: str, sheet: str) -> list[list[Any]]:
    try:
        import python_calamine as calamine
    except ImportError as error:
        message = "an Excel workbook needs python-calamine; pip install 'mpfunnel[excel]'"
        raise MissingExtraError(message) from error
    try:
        with calamine.CalamineWorkbook.from_filelike(BytesIO(raw)) as book:
            return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    except (calamine.CalamineError, OSError, ValueError):
        raise refusal("file", name, "cannot be read as an Excel workbook (.xlsx)") from None


def _no_values(scan: Scan, at: str) -> list[Problem]:
    """Return a problem for each cell whose value is not what a person sees in the sheet."""
    hint = "copy it and paste its value in its place"

    def of(place: Place) -> str:
        return f"{at}!{address(place.row, place.column)}"

    found = [(one, Problem("formula", of(one), f"is a formula; {hint}")) for one in scan.formulas]
    wrong = "is an error of Excel; write a value"
    found += [(one, Problem("formula", of(one), wrong)) for one in scan.errors]
    merged = [
        (first, f"is merged down to {address(last.row, last.column)}; unmerge the cells")
        for first, last in scan.merged
        if first != last and first.row <= scan.rows and first.column < scan.columns
    ]
    found += [(one, Problem("merged", of(one), message)) for one, message in merged]
    found.sort(key=lambda one: (one[0].row, one[0].column))
    return [problem for _, problem in found[:MAX_PROBLEMS]]


def _hidden(scan: Scan, at: str) -> Iterator[Problem]:
    """Yield what is read although nobody sees it."""
    for row in scan.hidden_rows:
        if row <= scan.rows:
            yield Problem("hidden", f"{at}!{row}", "is a hidden row, and counts all the same")
    for first, last in scan.hidden_columns:
        for column in range(first, min(last, scan.columns - 1) + 1):
            message = "is a hidden column, and counts all the same"
            yield Problem("hidden", f"{at}!{letters(column)}", message)


def _text(value: Any) -> tuple[str, tuple[str, str] | None]:
    """Return the text of a cell, and what is wrong with it, as a code and a message."""
    if isinstance(value, str):
        return value, None
    if isinstance(value, bool):
        return str(value).lower(), None
    if isinstance(value, int | float):
        return _number(value)
    if type(value) is date:
        return value.isoformat(), None
    return "", ("format", f"is a time of day, {brief(str(value))}; write a day, or text")


def _number(value: float) -> tuple[str, tuple[str, str] | None]:
    if not math.isfinite(value):
        return "", ("nan", "must be a finite number")
    if abs(value) >= _EXACT:
        message = "is too large for Excel to keep every digit of; write it as text"
        return "", ("range", message)
    if float(value).is_integer():
        return str(int(value)), None
    return f"{Decimal(repr(value)):f}", None
