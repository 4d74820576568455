"""What the XML of a workbook says beside the values: formulas, errors, merged and hidden cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

from attrs import field, frozen, mutable

from mpfunnel.codec.sheets.grid import refusal
from mpfunnel.errors import brief

__all__ = ["Place", "Scan", "percent_styles", "scan_sheet", "sheet_parts"]

MAX_ELEMENTS: Final = 100_000
"""How many elements a part may have."""
_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_PLACE: Final = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")
_DIGITS: Final = 8
_PERCENTS: Final = ("9", "10")
"""The number formats of Excel itself that show percent."""

_Begin = Callable[[str, Mapping[str, str]], None]
_End = Callable[[str], None]


@frozen
class Place:
    """Where a cell is: its row from 1, and its column from 0."""

    row: int
    column: int


@mutable
class Scan:
    """What the XML of a sheet says beside the values.

    Attributes:
        formulas: Where there are formulas.
        errors: Where a formula has failed.
        merged: The ranges of merged cells, each as its first and last place.
        styles: The style of each cell that has one and holds something.
        hidden_rows: The numbers of hidden rows.
        hidden_columns: The first and last place of hidden columns, from 0.
        rows: The number of the last row that holds something.
        columns: How many columns there are up to the last one that holds something.
    """

    formulas: list[Place] = field(factory=list[Place])
    errors: list[Place] = field(factory=list[Place])
    merged: list[tuple[Place, Place]] = field(factory=list[tuple[Place, Place]])
    styles: dict[Place, str] = field(factory=dict[Place, str])
    hidden_rows: list[int] = field(factory=list[int])
    hidden_columns: list[tuple[int, int]] = field(factory=list[tuple[int, int]])
    rows: int = 0
    columns: int = 0


def sheet_parts(parts: Mapping[str, bytes], name: str) -> dict[str, str]:
    """Return the part of each sheet by the name of the sheet, in their order.

    Raises:
        DecodeError: The file has no sheets where a workbook has them.
    """
    ids: dict[str, str] = {}
    targets: dict[str, str] = {}

    def sheet(tag: str, given: Mapping[str, str]) -> None:
        if tag == "sheet":
            local = {_local(key): value for key, value in given.items()}
            ids.setdefault(local.get("name", ""), local.get("id", ""))

    def relation(tag: str, given: Mapping[str, str]) -> None:
        if tag == "Relationship" and given.get("TargetMode") != "External":
            targets[given.get("Id", "")] = given.get("Target", "")

    for part, begin in ((_WORKBOOK, sheet), (_RELATIONS, relation)):
        if part not in parts:
            raise refusal("file", name, "cannot be read as an Excel workbook (.xlsx)")
        _walk(parts[part], f"{name}: {part}", begin)
    found = {sheet_name: _part(targets.get(one, "")) for sheet_name, one in ids.items()}
    return {sheet_name: part for sheet_name, part in found.items() if part in parts}


def _part(target: str) -> str:
    return target[1:] if target.startswith("/") else f"xl/{target}"


def percent_styles(parts: Mapping[str, bytes], name: str) -> set[str]:
    """Return the styles, by their number, that show a number in percent.

    Raises:
        DecodeError: The part of the styles is no XML.
    """
    formats = set[str](_PERCENTS)
    found: set[str] = set()
    inside = False
    number = 0

    def begin(tag: str, given: Mapping[str, str]) -> None:
        nonlocal inside, number
        if tag == "numFmt" and "%" in given.get("formatCode", ""):
            formats.add(given.get("numFmtId", ""))
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            if given.get("numFmtId") in formats:
                found.add(str(number))
            number += 1

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and tag != "cellXfs"

    part = "xl/styles.xml"
    _walk(parts.get(part, b"<styleSheet/>"), f"{name}: {part}", begin, end)
    return found


def scan_sheet(content: bytes, name: str) -> Scan:
    """Return what the XML of a sheet says beside the values.

    Raises:
        DecodeError: It is no XML, has too many elements, or states a place that is none.
    """
    scan = Scan()
    # Rows and cells that do not say where they are follow the one before.
    row, column = 0, -1
    place: Place | None = None
    kind = style = ""

    def begin(tag: str, given: Mapping[str, str]) -> None:
        nonlocal row, column, place, kind, style
        if tag == "row":
            row, column = _number(given["r"], name) if "r" in given else row + 1, -1
            if given.get("hidden") in ("1", "true"):
                scan.hidden_rows.append(row)
        elif tag == "c":
            place = _place(given["r"], name) if "r" in given else Place(row, column + 1)
            row, column = place.row, place.column
            kind, style = given.get("t", ""), given.get("s", "")
        elif place is not None and tag in ("v", "is", "f"):
            scan.rows, scan.columns = max(scan.rows, place.row), max(scan.columns, column + 1)
            if tag == "f":
                scan.formulas.append(place)
            elif kind == "e":
                scan.errors.append(place)
            elif style:
                scan.styles[place] = style
        elif tag == "mergeCell":
            start, _, stop = given.get("ref", "").partition(":")
            scan.merged.append((_place(start, name), _place(stop or start, name)))
        elif tag == "col" and given.get("hidden") in ("1", "true"):
            first, last = (_number(given.get(key, "1"), name) - 1 for key in ("min", "max"))
            scan.hidden_columns.append((first, last))

    def end(tag: str) -> None:
        nonlocal place
        if tag == "c":
            place = None

    _walk(content, name, begin, end)
    return scan


def _number(text: str, name: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < _DIGITS:
        return int(text)
    raise refusal("syntax", name, f"has a row or column of no number: {brief(text)}")


def _place(text: str, name: str) -> Place:
    match = _PLACE.fullmatch(text)
    if match is None:
        raise refusal("syntax", name, f"has a cell of no address: {brief(text)}")
    column = 0
    for letter in match[1]:
        column = 26 * column + ord(letter) - ord("A") + 1
    return Place(int(match[2]), column - 1)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _walk(content: bytes, name: str, begin: _Begin, end: _End | None = None) -> None:
    """Call `begin` and `end` for every element of an XML part, by its name without a prefix.

    Raises:
        DecodeError: It is no XML, or has too many elements.
    """
    parser = expat.ParserCreate()
    elements = 0

    def started(tag: str, given: dict[str, str]) -> None:
        nonlocal elements
        elements += 1
        if elements > MAX_ELEMENTS:
            raise refusal("size", name, f"has more than {MAX_ELEMENTS:,} elements")
        begin(_local(tag), given)

    parser.StartElementHandler = started
    if end is not None:
        parser.EndElementHandler = lambda tag: end(_local(tag))
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        message = f"line {error.lineno} is not XML: {expat.errors.messages[error.code]}"
        raise refusal("syntax", name, message) from None
