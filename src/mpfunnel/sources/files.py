"""A file of separated values → its header, and its rows with their line numbers."""

from __future__ import annotations

import codecs
import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, TextIO
from unicodedata import name as name_of

from attrs import frozen

from mpfunnel.errors import DecodeError, Problem, near, shown
from mpfunnel.sources.mapping import FileMapping

__all__ = ["UNDECODABLE", "Row", "SourceFile", "column_hint"]

UNDECODABLE: Final = "\udcff"
"""What stands for bytes that the encoding does not know: no sound text holds it."""


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
        form: Its encoding and separator.
    """

    path: Path
    name: str
    form: FileMapping

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
            encoding = self.form.encoding
            raise self._refusal("encoding", f"line 1 is not {encoding}; state its encoding")
        if first.code:
            raise self._refusal("syntax", f"line 1: {first.fault}")
        return first.cells

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
        try:
            with self._opened() as lines:
                # A byte order mark is no part of the first name, whatever the encoding.
                first = next(lines, "").removeprefix("\ufeff")
                reader = csv.reader(
                    chain([first], lines), delimiter=self.form.separator, strict=True
                )
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
        except FileNotFoundError:
            raise self._refusal("file", "no such file") from None
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise self._refusal("file", "is not a whole gzip file") from None
        except UnicodeError:
            encoding = self.form.encoding
            message = f"has no byte order mark; state {encoding}-le or {encoding}-be"
            raise self._refusal("encoding", message) from None
        except (OSError, ValueError):
            raise self._refusal("file", "cannot be read as a file") from None

    def _opened(self) -> TextIO:
        encoding, errors = self.form.encoding, "mpfunnel.undecodable"
        if self.path.suffix == ".gz":
            return gzip.open(self.path, "rt", encoding=encoding, errors=errors, newline="")
        return self.path.open(encoding=encoding, errors=errors, newline="")

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
