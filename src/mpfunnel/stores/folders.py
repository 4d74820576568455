"""A folder of Parquet or CSV files, named like the tables."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from mpfunnel.errors import InvalidDataError, Problem, shown
from mpfunnel.files import FORMULA, replacing
from mpfunnel.stores.cells import Raw, Wanted
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Place, refusal

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Folder", "opened", "replace"]

_ENDINGS: Final = (".csv", ".parquet")


@frozen
class Folder:
    """A folder that is read."""

    path: Path

    def names(self) -> list[tuple[str, str]]:
        """Return the files, each with the table that it is called after."""
        files = sorted(one for one in self.path.iterdir() if one.suffix.lower() in _ENDINGS)
        return [(one.name, one.stem) for one in files]

    def raw(self, name: str, wanted: Wanted) -> Raw:
        """Return a file's table; of Parquet the columns that nobody asked for are not read."""
        pl = library("polars")
        path = self.path / name
        if path.suffix.lower() == ".csv":
            return Raw(_csv(path, wanted), loose=True, texts=True)
        try:
            return Raw(_only(pl.scan_parquet(path, glob=False), wanted).collect())
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
            raise refusal("syntax", str(path), "cannot be read as Parquet") from None


@contextmanager
def opened(place: Place) -> Generator[Folder]:
    """Give the folder."""
    yield Folder(place.path)


def replace(folder: Path, answers: Mapping[str, pl.DataFrame | None]) -> None:
    """Write answers as CSV for people and as Parquet for programs.

    Each file is the old one or the new one, never half of it; an old one is removed where there is
    no answer any more.

    Args:
        folder: It is made if need be.
        answers: By the names of the files.

    Raises:
        OSError: A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder) as begin:
        for name, frame in answers.items():
            if frame is not None:
                # Excel in Japan does not recognise UTF-8 without a byte order mark.
                _safe(frame).write_csv(begin(f"{name}.csv"), include_bom=True)
                frame.write_parquet(begin(f"{name}.parquet"))
    for name in (name for name, frame in answers.items() if frame is None):
        for ending in _ENDINGS:
            (folder / f"{name}{ending}").unlink(missing_ok=True)


def _only(frame: pl.LazyFrame, wanted: Wanted) -> Any:
    """Return a frame in which only some columns hold anything."""
    pl = library("polars")
    names = frame.collect_schema().names()
    return frame.select(
        pl.col(name) if wanted(name) else pl.lit(None).alias(name) for name in names
    )


def _safe(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame whose texts no spreadsheet takes for a formula."""
    pl = library("polars")
    text = pl.col(pl.String)
    return frame.with_columns(text.str.replace(f"^([{re.escape(''.join(FORMULA))}])", "'${1}"))


def _csv(path: Path, wanted: Wanted) -> pl.DataFrame:
    """Return the table of a CSV file."""
    polars = library("polars")
    header, rows = _header(path)
    message = "cannot be read as CSV; close all quotes, and end lines with LF or CRLF"
    try:
        frame = polars.scan_csv(path, infer_schema=False, glob=False)
        names = frame.collect_schema().names()
        # A line without anything in it is no row.
        filled = frame.filter(polars.any_horizontal(polars.all() != ""))
        found: pl.DataFrame = _only(filled, wanted).collect()
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException):
        raise refusal("syntax", str(path), message) from None
    # Columns without a name may be many.
    same = all(one in ("", two) for one, two in zip(header, names, strict=False))
    if not same or found.height != rows:
        # A quote in an odd place means one thing to Polars and another to Python.
        raise refusal("syntax", str(path), message)
    return found


def _header(path: Path) -> tuple[list[str], int]:
    """Return the names in the first line, and how many of the others hold anything.

    Polars is fast, and mends or leaves out in silence what this refuses.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.reader(file, strict=True)
            try:
                header = _names(path, next(lines, None))
                rows = 0
                for row in lines:
                    if len(row) > len(header):
                        message = f"line {lines.line_num}: has more cells than the header"
                        raise refusal("ragged", str(path), message)
                    rows += any(row)
            except csv.Error as error:
                message = f"line {lines.line_num}: cannot be read as CSV: {error}"
                raise refusal("syntax", str(path), message) from None
    except UnicodeDecodeError:
        message = "is not UTF-8; save it as such, or read it by a mapping (--source)"
        raise refusal("encoding", str(path), message) from None
    except OSError:
        raise refusal("file", str(path), "cannot be read as a file") from None
    return header, rows


def _names(path: Path, header: list[str] | None) -> list[str]:
    if not header:
        message = "is empty; the first line must name the columns"
        raise refusal("empty", str(path), message)
    if wrong := [name for name, times in Counter(header).items() if name and times > 1]:
        message = "stands there twice; name columns once"
        raise InvalidDataError(
            Problem("duplicate", f"{path}: {shown(name)}", message) for name in wrong
        )
    return header
