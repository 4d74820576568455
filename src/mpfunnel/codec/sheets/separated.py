"""A CSV file → the cells of its one sheet."""

from __future__ import annotations

import codecs
import csv
from io import StringIO
from typing import Final

from mpfunnel.codec.plain import MAX_BYTES
from mpfunnel.codec.sheets.grid import MAX_ROWS, Cells, Grid, grid_of, refusal
from mpfunnel.codec.sheets.writing import Sheet
from mpfunnel.files import FORMULA

__all__ = ["ENCODINGS", "read_csv", "write_csv"]

ENCODINGS: Final = ("utf-8", "cp932")
"""What a playbook may say of a CSV file; a byte order mark says it better."""
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_csv(raw: bytes, name: str, encoding: str = "utf-8") -> Grid:
    """Return the cells of a CSV file: separated by commas, or by tabs where the header has some.

    Args:
        raw: The bytes of the file.
        name: How messages name it.
        encoding: One of `ENCODINGS`; what a byte order mark says goes before it.

    Raises:
        DecodeError: It is too large, in another encoding, no CSV, or a row has more or fewer cells
            than the header.
    """
    if len(raw) > MAX_BYTES:
        raise refusal("size", name, f"is larger than {MAX_BYTES:,} bytes")
    text = _decoded(raw, name, encoding)
    header = text.partition("\n")[0]
    # Excel calls what has tabs "Unicode text".
    records = csv.reader(
        StringIO(text, newline=""), strict=True, delimiter="\t" if "\t" in header else ","
    )
    rows: dict[int, Cells] = {}
    width = 0
    try:
        # Rows count as a spreadsheet counts them: a cell of several lines is in one row.
        for number, cells in enumerate(records, 1):
            if number > MAX_ROWS:
                raise refusal("size", name, f"has more than {MAX_ROWS:,} rows")
            if any(map(str.strip, cells)):
                width = width or len(cells)
                rows[number] = _of_width(cells, width, f"{name}!{number}")
    except csv.Error as error:
        message = f"line {records.line_num} is not CSV: {error}"
        raise refusal("syntax", name, message) from None
    return grid_of(name, rows)


def _decoded(raw: bytes, name: str, encoding: str) -> str:
    for mark, marked in _MARKS:
        if raw.startswith(mark):
            raw, encoding = raw[len(mark) :], marked
            break
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        hint = "save it as 'CSV UTF-8'"
        if encoding == "utf-8":
            hint += ', or say encoding = "cp932" in the playbook'
        raise refusal("encoding", name, f"line {line} is not {encoding}; {hint}") from None
    if "\0" in text:
        raise refusal("encoding", name, "holds the character of code 0; save it as 'CSV UTF-8'")
    return text


def _of_width(cells: list[str], width: int, name: str) -> Cells:
    """Return the cells of a row, without blank ones past the header."""
    own = len(cells)
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) != width:
        # A comma too few moves all that follows into the next column.
        message = f"has {own} cell{'s' * (own != 1)} where the header has {width}"
        raise refusal("ragged", name, message)
    return tuple(cells)


def write_csv(sheet: Sheet) -> bytes:
    """Return a sheet as a CSV file in UTF-8, with the mark by which Excel knows it."""
    target = StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([column.header for column in sheet.columns])
    for row in sheet.rows:
        # Of what a sheet holds, only negative numbers begin as a formula does.
        writer.writerow([f"'{text}" if text.startswith(FORMULA) else text for text in row])
    return target.getvalue().encode("utf-8-sig")
