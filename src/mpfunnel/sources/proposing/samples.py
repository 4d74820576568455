"""The first rows of a file whose form nobody has stated: its encoding, separator and cells."""

from __future__ import annotations

import codecs
import gzip
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from attrs import evolve, field, frozen

from mpfunnel.errors import DecodeError, Problem, on_one_line
from mpfunnel.labels import Label
from mpfunnel.sources.files import UNDECODABLE, Row, SourceFile
from mpfunnel.sources.mapping import FileMapping

__all__ = ["ROWS", "Sample", "sampled"]

ROWS: Final = 10_000
"""So many rows of each file are looked at."""
_FEW_ROWS: Final = 1_000
"""So many tell its separator."""
_BYTES: Final = 2**20
"""In so many bytes its encoding is looked for."""
_SEPARATORS: Final = (",", "\t", ";", "|")
# The marks of UTF-32 begin with those of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@frozen
class Sample:
    """The first rows of a file.

    Attributes:
        path: Where the file is.
        form: Its encoding and separator; where the first rows may be in two, both.
        header: The names of its columns.
        columns: The cells of each column.
        whole: Whether these are all its rows.
        checks: What a person has to check of its form.
    """

    path: Path
    form: FileMapping
    header: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...] = field(repr=False)
    whole: bool
    checks: tuple[Label, ...] = ()


def sampled(path: Path) -> Sample:
    """Return the first rows of a file.

    Raises:
        DecodeError: It is absent, unreadable, empty, or in an encoding that is not looked for.
    """
    name = on_one_line(path.name)
    encodings, checks = _encodings(_start(path, name))
    separator, sure = _separator(path, encodings[0])
    if not sure:
        checks.append(
            Label(
                f"separated by {separator!r}? another character would do as well",
                f"区切り文字は {separator!r} でよいか（ほかの文字でも読める）",
            )
        )
    form = FileMapping((name,), encodings[:1], (separator,))
    file = SourceFile(path, name, form)
    header = tuple(file.header())
    # One more, to know whether there are more.
    rows = list(islice(file.rows(), ROWS + 1))
    sound = [row.cells for row in rows[:ROWS] if not row.code]
    columns = tuple(zip(*sound, strict=True)) if sound else tuple(() for _name in header)
    form = evolve(form, encodings=encodings)
    return Sample(path, form, header, columns, whole=len(rows) <= ROWS, checks=tuple(checks))


def _start(path: Path, name: str) -> bytes:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return file.read(_BYTES)
    except FileNotFoundError:
        raise DecodeError([Problem("file", name, "no such file")]) from None
    except (OSError, EOFError, zlib.error):
        raise DecodeError([Problem("file", name, "cannot be read as a file")]) from None


# -- the encoding --


def _encodings(start: bytes) -> tuple[tuple[str, ...], list[Label]]:
    """Return the encodings that a file may be in, the likeliest first, and what to check."""
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return (encoding,), []
    # In UTF-16, every second byte of plain letters is 0.
    if start[1::2].count(0) > len(start) // 4:
        return ("utf-16-le",), []
    if start[::2].count(0) > len(start) // 4:
        return ("utf-16-be",), []
    if _decoded(start, "utf-8") is not None:
        # Plain letters say nothing of those that come later.
        return ("utf-8", "cp932") if start.isascii() and len(start) == _BYTES else ("utf-8",), []
    japanese = _decoded(start, "cp932")
    if japanese is not None and _is_japanese(japanese):
        return ("cp932",), []
    # Every byte is a letter in these two: what they decode proves nothing.
    encoding = "iso8859-1" if _decoded(start, "cp1252") is None else "cp1252"
    check = Label(
        f"{encoding}? any file can be read so; look at the letters with accents",
        f"{encoding} でよいか（どんなファイルも読めてしまうので、文字化けがないかを見る）",
    )
    return (encoding,), [check]


def _decoded(start: bytes, encoding: str) -> str | None:
    # The last letter may be cut in two.
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        return decoder.decode(start, final=len(start) < _BYTES)
    except UnicodeDecodeError:
        return None


def _is_japanese(text: str) -> bool:
    """Whether text that was read as cp932 is in it, and not a letter with an accent in Latin."""
    marked = Counter(_near_latin(text))
    return marked[False] > marked[True]


def _near_latin(text: str) -> Iterator[bool]:
    for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        # An accented letter of Western Europe is a half-width katakana in cp932.
        if not letter.isascii():
            narrow = unicodedata.east_asian_width(letter) == "H"
            beside = (before + after).replace(" ", "")
            alone = narrow and any(one.isascii() and one.isalpha() for one in beside)
            yield alone or unicodedata.category(letter) == "Co"


# -- the separator --


def _separator(path: Path, encoding: str) -> tuple[str, bool]:
    """Return the character between two cells, and whether no other one would do."""
    tried = [(_fit(path, FileMapping((), (encoding,), (one,))), one) for one in _SEPARATORS]
    best = max(fit for fit, _one in tried)
    # The first of equals.
    separator = next(one for fit, one in tried if fit == best)
    as_good = [one for fit, one in tried if fit[0] == best[0] and fit[1] > 1]
    return separator, len(as_good) <= 1


def _fit(path: Path, form: FileMapping) -> tuple[float, int]:
    """Return which part of the rows has as many cells as the header, and how many these are."""
    file = SourceFile(path, on_one_line(path.name), form)
    try:
        width = len(file.header())
    except DecodeError:
        # A comma between quotes is no fault where the separator is one.
        return 0.0, 0
    rows: Sequence[Row] = list(islice(file.rows(), _FEW_ROWS))
    sound = sum(not row.code and UNDECODABLE not in "".join(row.cells) for row in rows)
    # One cell in each row says nothing of a separator.
    return (0.0, 0) if width == 1 else (sound / len(rows) if rows else 1.0, width)
