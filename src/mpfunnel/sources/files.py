"""A file of separated values → its header, and its rows with their line numbers."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO, cast
from unicodedata import name as name_of

from attrs import evolve, frozen

from mpfunnel.errors import DecodeError, Problem, near, shown
from mpfunnel.sources.mapping import FileMapping

__all__ = ["UNDECODABLE", "Row", "SourceFile", "column_hint"]

UNDECODABLE: Final = "\udcff"
"""What stands for bytes that the encoding does not know: no sound text holds it."""

_MARKS: Final = (
    # That of UTF-32 begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, ("utf-32", "utf-32-le")),
    (codecs.BOM_UTF32_BE, ("utf-32", "utf-32-be")),
    (codecs.BOM_UTF16_LE, ("utf-16", "utf-16-le")),
    (codecs.BOM_UTF16_BE, ("utf-16", "utf-16-be")),
    (codecs.BOM_UTF8, ("utf-8", "utf-8-sig")),
)
_MARKED: Final = ("utf-16", "utf-32")
"""What a file is only in where a mark says so."""
_CHUNK: Final = 2**20


def _mark(error: UnicodeError) -> tuple[str, int]:
    # Only ever called for decoding, where the error says how far it reaches.
    assert isinstance(error, UnicodeDecodeError)
    return UNDECODABLE, error.end


codecs.register_error("mpfunnel.undecodable", _mark)


@frozen
class Row:
    """One row of a file.

    Attributes:
        line: The line that it begins on; the first line of the file is 1.
        cells: Its cells as the file has them, and those that joins add.
        code: A stable word for the fault; empty where there is none.
        fault: Why its cells could not be told apart.
    """

    line: int
    cells: Sequence[Any]
    code: str = ""
    fault: str = ""


@frozen
class SourceFile:
    """One file to read.

    Attributes:
        path: Where it is.
        name: How messages and counts name it; never a place on this machine.
        form: Its encoding and separator, or of what these are found out.
    """

    path: Path
    name: str
    form: FileMapping

    def settled(self, columns: Collection[str]) -> SourceFile:
        """Return the file with the one encoding and separator that it has.

        Args:
            columns: The columns that are read of it.

        Raises:
            DecodeError: The file is absent or unreadable, or it cannot be told which they are.
        """
        found = self
        if len(self.form.encodings) > 1:
            found = evolve(found, form=evolve(found.form, encodings=(self._encoding(),)))
        if len(self.form.separators) > 1:
            found = evolve(found, form=evolve(found.form, separators=(found._separator(columns),)))
        return found

    def header(self) -> list[str]:
        """Return the names of the columns.

        Raises:
            DecodeError: The file is absent, unreadable or empty, or not in the stated encoding.
        """
        first = next(self._parsed(), None)
        if first is None:
            raise self._refusal("empty", "is empty; it needs a line with the names of the columns")
        text = "".join(first.cells)
        if UNDECODABLE in text or "\0" in text:
            (encoding,) = self.form.encodings
            raise self._refusal("encoding", f"line 1 is not {encoding}; state its encoding")
        if first.code:
            raise self._refusal("syntax", f"line 1: {first.fault}")
        return [*first.cells]

    def rows(self) -> Iterator[Row]:
        """Yield the rows after the header; an empty line is no row.

        Raises:
            DecodeError: The file cannot be read to its end.
        """
        parsed = self._parsed()
        width = len(next(parsed).cells)
        for row in parsed:
            count = len(row.cells)
            if count == width or row.code:
                yield row
            else:
                cells = "cell" if count == 1 else "cells"
                fault = f"has {count} {cells} where the header has {width}"
                yield Row(row.line, [], "ragged", fault)

    def _parsed(self) -> Iterator[Row]:
        (separator,) = self.form.separators
        with self._refusing(), self._text() as lines:
            # A byte order mark is no part of the first name, whatever the encoding.
            first = next(lines, "").removeprefix("\ufeff")
            reader = csv.reader(chain([first], lines), delimiter=separator, strict=True)
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    # The reader goes on with the next line.
                    yield Row(line, [], "syntax", _csv_fault(error))
                    continue
                if cells:
                    yield Row(line, cells)

    def _encoding(self) -> str:
        """Return the first of the encodings that the whole file is in."""
        encodings = self.form.encodings
        listed = ", ".join(encodings)
        with self._refusing(), self._bytes() as raw:
            start = raw.read(4)
        marked = next((named for mark, named in _MARKS if start.startswith(mark)), ())
        if marked:
            # A mark says more than that something can be decoded.
            if told := [one for one in encodings if one in marked]:
                return told[0]
            message = f"begins with the mark of {marked[0]}, which is none of {listed}"
            raise self._refusal("encoding", message)
        for encoding in encodings:
            if encoding not in _MARKED and self._is_in(encoding):
                return encoding
        raise self._refusal("encoding", f"is in none of {listed}; state the one that it is in")

    def _is_in(self, encoding: str) -> bool:
        decoder = codecs.getincrementaldecoder(encoding)()
        with self._refusing(), self._bytes() as raw:
            try:
                first, _, _ = decoder.decode(raw.read(_CHUNK)).partition("\n")
                while chunk := raw.read(_CHUNK):
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError:
                return False
        # Two bytes for a letter are one and a NUL to those who take them one by one.
        return "\0" not in first

    def _separator(self, columns: Collection[str]) -> str:
        """Return the separator by which the first line has most of the columns."""
        headers: dict[str, list[str]] = {}
        refusals: list[DecodeError] = []
        for separator in self.form.separators:
            try:
                form = evolve(self.form, separators=(separator,))
                headers[separator] = evolve(self, form=form).header()
            except DecodeError as error:
                refusals.append(error)
        if not headers:
            raise refusals[0]
        counts = {one: len({*header} & {*columns}) for one, header in headers.items()}
        most = max(counts.values())
        best = [one for one, count in counts.items() if count == most]
        if most == 0 and columns:
            # Which columns lack is told by who looks for them.
            return max(headers, key=lambda one: len(headers[one]))
        if len(best) > 1:
            either = " and ".join(map(repr, best))
            message = f"line 1 has as many of the columns with {either}; state one separator"
            raise self._refusal("ambiguous", message)
        return best[0]

    @contextmanager
    def _refusing(self) -> Generator[None]:
        try:
            yield
        except FileNotFoundError:
            raise self._refusal("file", "no such file") from None
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise self._refusal("file", "is not a whole gzip file") from None
        except UnicodeError:
            (encoding,) = self.form.encodings
            message = f"has no byte order mark; state {encoding}-le or {encoding}-be"
            raise self._refusal("encoding", message) from None
        except (OSError, ValueError):
            raise self._refusal("file", "cannot be read as a file") from None

    def _bytes(self) -> BinaryIO:
        if self.path.suffix == ".gz":
            return cast("BinaryIO", gzip.open(self.path, "rb"))
        return self.path.open("rb")

    def _text(self) -> TextIO:
        (encoding,) = self.form.encodings
        errors = "mpfunnel.undecodable"
        return TextIOWrapper(self._bytes(), encoding=encoding, errors=errors, newline="")

    def _refusal(self, code: str, message: str) -> DecodeError:
        return DecodeError([Problem(code, self.name, message)])


def _csv_fault(error: csv.Error) -> str:
    reason = str(error)
    if reason.startswith("field larger"):
        limit = f"{csv.field_size_limit():,}"
        return f"has a cell of more than {limit} characters; is a quote never closed?"
    if reason.startswith("unexpected end"):
        return "has a quote that is never closed; the rest of the file is in its cell"
    return "has text after a closing quote; a quote within a cell is written twice"


def column_hint(name: str, header: list[str]) -> str:
    """Return which column was probably meant, and which letter only looks the same."""
    for other in header:
        pairs = [(mine, its) for mine, its in zip(name, other, strict=False) if mine != its]
        if len(other) == len(name) and 0 < len(pairs) < len(name) and all(map(_alike, pairs)):
            letter = pairs[0][1]
            at = other.index(letter) + 1
            what = f"{name_of(letter)} (U+{ord(letter):04X})"
            return f"; did you mean '{shown(other)}'? its letter {at} is {what}"
    return near(name, header)


def _alike(pair: tuple[str, str]) -> bool:
    # Letters of the scripts whose forms coincide, one of each pair not a plain one.
    scripts = {name_of(letter, "").partition(" ")[0] for letter in pair}
    return len(scripts) == 2 and scripts <= {"LATIN", "CYRILLIC", "GREEK", "FULLWIDTH"}
