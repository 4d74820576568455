"""Sheets → an Excel workbook that a person can work in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from copy import copy
from datetime import date, datetime
from io import BytesIO
from typing import Any, Final
from zipfile import ZipFile

from mpfunnel.codec.sheets.archive import packed, parts_of
from mpfunnel.codec.sheets.grid import letters
from mpfunnel.codec.sheets.guide import GUIDE, HEADINGS
from mpfunnel.codec.sheets.headers import BECAUSE, KEY
from mpfunnel.codec.sheets.tables import OTHERWISE
from mpfunnel.codec.sheets.writing import Sheet, SheetColumn
from mpfunnel.errors import MissingExtraError
from mpfunnel.files import FORMULA

__all__ = ["workbook"]

_FONT: Final = "Yu Gothic"
"""Has Japanese and Latin letters, on Windows and macOS; elsewhere a font like it stands in."""
_GUIDE: Final = "使い方 how to"
_LISTS: Final = "lists"
_SPARE: Final = 200
"""So many blank rows below the rules are ready to be filled."""
_LINE: Final = 17
"""How high a line is, in points."""
_BLUE, _ORANGE, _GREY, _RULE = "DDEBF7", "FCE4D6", "EDEDED", "BFBFBF"
_NARROWEST, _WIDEST, _REASON = 12, 44, 34
_ESCAPED: Final = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NUMBER: Final = re.compile("0|-?[1-9][0-9]{0,14}")
_DAY: Final = re.compile(r'date\("([0-9]{4}-[0-9]{2}-[0-9]{2})"\)')
_FIRST_DAY: Final = date(1901, 1, 1)
"""Before 1900-03-01, Excel counts days otherwise than the calendar."""
_NO_TIME: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - a part of the format has to hold one

_Styles = dict[tuple[str, bool, str, bool], Any]


def workbook(sheets: Mapping[str, Sheet]) -> bytes:
    """Return the bytes of a workbook with these sheets, and one that tells how to fill them in.

    Equal sheets give equal bytes.

    Args:
        sheets: The sheets by their names.

    Raises:
        MissingExtraError: The library that writes workbooks is not installed.
    """
    try:
        import openpyxl
        from openpyxl.packaging.core import DocumentProperties
        from openpyxl.writer.excel import ExcelWriter
    except ImportError as error:
        message = "to write an Excel workbook needs openpyxl; pip install 'mpfunnel[excel]'"
        raise MissingExtraError(message) from error
    book: Any = openpyxl.Workbook()
    book.remove(book.active)
    # To make a style takes openpyxl longer than all else.
    styles: _Styles = {}
    # openpyxl would write down when it was called.
    book.properties = DocumentProperties(creator="mpfunnel", created=_NO_TIME, modified=_NO_TIME)
    lists: dict[tuple[str, ...], str] = {}
    for name, sheet in sheets.items():
        _write(book.create_sheet(name), sheet, lists, styles)
    _write_guide(book.create_sheet(_GUIDE), styles)
    _write_lists(book.create_sheet(_LISTS), lists, styles)
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        ExcelWriter(book, archive).save()
    # Once more, because each part has the time at which it was written.
    return packed(parts_of(target.getvalue(), "workbook"))


def _write(sheet: Any, given: Sheet, lists: dict[tuple[str, ...], str], styles: _Styles) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    lines = max(column.header.count("\n") for column in given.columns) + 1
    sheet.freeze_panes = "B2"
    # Printed, a table is as wide as a page.
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.row_dimensions[1].height = _LINE * lines + 6
    for place, column in enumerate(given.columns):
        name = letters(place)
        texts = [row[place] for row in given.rows]
        sheet.column_dimensions[name].width = _width(column, texts)
        sheet.column_dimensions[name].number_format = _format(column)
        _set(sheet.cell(1, place + 1), column.header, styles, fill=_fill(column), bold=True)
        for number, (text, row) in enumerate(zip(texts, given.rows, strict=True), 2):
            cell = sheet.cell(number, place + 1)
            fill = _GREY if row[0] == OTHERWISE else ""
            _set(cell, _value(text, column), styles, fill=fill, form=_format(column))
        if column.choices:
            shown_in = lists.setdefault(column.choices, letters(len(lists)))
            # Of what may be typed, the list has only the plainest: it must not refuse the others.
            offered: Any = DataValidation(
                type="list",
                formula1=f"'{_LISTS}'!${shown_in}$1:${shown_in}${len(column.choices)}",
                allow_blank=True,
                showErrorMessage=False,
            )
            offered.add(f"{name}2:{name}{len(given.rows) + 1 + _SPARE}")
            sheet.add_data_validation(offered)


def _set(
    cell: Any,
    value: Any,
    styles: _Styles,
    *,
    fill: str = "",
    bold: bool = False,
    form: str = "@",
) -> None:
    """Put a value into a cell, and make it look like the others of its kind.

    Args:
        cell: The cell.
        value: The value; a text is a text, even where it begins as a formula does.
        styles: The styles that are made already, by what they look like.
        fill: The colour behind it; blank for none.
        bold: Whether it is a heading.
        form: How Excel shows it; as text, so that nothing typed becomes a day that it is not.
    """
    cell.value = value
    is_text = isinstance(value, str)
    if is_text:
        cell.data_type = "s"
    # So it stays a text once somebody edits it.
    quoted = is_text and value.startswith((*FORMULA, "'"))
    look = (fill, bold, form, quoted)
    if look not in styles:
        _style(cell, *look)
        styles[look] = cell._style
    cell._style = copy(styles[look])


def _style(cell: Any, fill: str, bold: bool, form: str, quoted: bool) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    line: Any = Side(style="thin", color=_RULE)
    cell.font = Font(name=_FONT, size=11, bold=bold)
    cell.border = Border(left=line, right=line, top=line, bottom=line)
    cell.alignment = Alignment(vertical="center" if bold else "top", wrap_text=True)
    cell.number_format = form
    cell.quotePrefix = quoted
    if fill:
        cell.fill = PatternFill("solid", fgColor=fill)


def _value(text: str, column: SheetColumn) -> Any:
    """Return what a cell holds: a number or a day as such, all else as text."""
    kind = "int" if column.own == "tier" else column.fact.kind if column.fact else "text"
    if kind in ("int", "decimal", "float") and _NUMBER.fullmatch(text):
        return int(text)
    if kind == "date" and (found := _DAY.fullmatch(text)) is not None:
        day = date.fromisoformat(found[1])
        return day if day >= _FIRST_DAY else text
    return _ESCAPED.sub("_x005F_", text) or None


def _format(column: SheetColumn) -> str:
    return "yyyy-mm-dd" if column.fact is not None and column.fact.kind == "date" else "@"


def _fill(column: SheetColumn) -> str:
    if column.fact is not None:
        return _BLUE
    return _GREY if column.own == KEY or column.own.startswith(BECAUSE) else _ORANGE


def _width(column: SheetColumn, texts: list[str]) -> int:
    if column.own.startswith(BECAUSE):
        return _REASON
    lines = [*column.header.split("\n"), *texts]
    widest = max(sum(1 + (unicodedata.east_asian_width(c) in "WFA") for c in one) for one in lines)
    return max(_NARROWEST, min(widest + 3, _WIDEST))


def _write_guide(sheet: Any, styles: _Styles) -> None:
    for place, heading in enumerate(HEADINGS):
        sheet.column_dimensions[letters(place)].width = _WIDEST + 20
        _set(sheet.cell(1, place + 1), heading, styles, fill=_BLUE, bold=True)
    for number, row in enumerate(GUIDE, 2):
        for place, text in enumerate(row):
            _set(sheet.cell(number, place + 1), text, styles)
    sheet.freeze_panes = "A2"


def _write_lists(sheet: Any, lists: Mapping[tuple[str, ...], str], styles: _Styles) -> None:
    for place, choices in enumerate(lists, 1):
        for number, text in enumerate(choices, 1):
            _set(sheet.cell(number, place), _ESCAPED.sub("_x005F_", text), styles)
    sheet.sheet_state = "hidden"
