"""Folders with spreadsheets for tests: sound ones, and such as nobody should be able to load."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import openpyxl

from mpfunnel.codec import dump
from mpfunnel.starters import starter

__all__ = ["book_file", "csv", "folder", "raw_book", "sheet", "with_part", "workbook"]

Make = Callable[[Path], Path]
_HEAD, _, _TIERS = dump(starter(["crm", "sfa"])).partition("# The Tier of a company")
_TAIL = _TIERS[_TIERS.index("# Where a lead stands") :]


def book_file(sheets: str) -> str:
    """The starter as a file, with this in the place of its table of Tiers, or before all tables."""
    inside = sheets.startswith("[")
    return f"{_HEAD}{sheets}\n{_TAIL}" if inside else f"{sheets}\n{_HEAD}{_TAIL}"


def folder(sheets: str, **files: str | bytes) -> Make:
    """Make a folder of a playbook, with `_` for the dot in the names of its files."""

    def make(home: Path) -> Path:
        (home / "playbook.toml").write_text(book_file(sheets), encoding="utf-8")
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            (home / name.replace("_", ".")).write_bytes(raw)
        return home

    return make


def csv(content: str | bytes, *more: str) -> Make:
    """Make a playbook whose Tiers stand in a CSV file."""
    entry = ", ".join(('file = "t.csv"', *more))
    return folder(f'[sheets]\n"tiers.*" = {{ {entry} }}\n', t_csv=content)


def workbook(content: bytes, sheet: str = "crm") -> Make:
    """Make a playbook whose Tiers stand in a sheet of a workbook."""
    entry = f'[sheets]\n"tiers.*" = {{ file = "t.xlsx", sheet = "{sheet}" }}\n'
    return folder(entry, t_xlsx=content)


def raw_book(rows: Iterable[Iterable[Any]], change: Callable[[Any], object] | None = None) -> bytes:
    """The bytes of a workbook with one sheet of rows, and another that nobody reads."""
    book: Any = openpyxl.Workbook()
    page = book.active
    page.title = "crm"
    for row in rows:
        page.append(list(row))
    book.create_sheet("other").append(["=1+1"])
    if change is not None:
        change(page)
    target = BytesIO()
    book.save(target)
    return target.getvalue()


def sheet(*rows: Iterable[Any], change: Callable[[Any], object] | None = None) -> Make:
    """Make a playbook whose Tiers are the rows of a sheet."""
    return workbook(raw_book(rows, change))


def with_part(raw: bytes, name: str, change: Callable[[bytes], bytes] | bytes) -> bytes:
    """A workbook with one part changed or added."""
    target = BytesIO()
    with ZipFile(BytesIO(raw)) as old, ZipFile(target, "w", ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == name and not isinstance(change, bytes):
                content = change(content)
            if info.filename != name or not isinstance(change, bytes):
                new.writestr(info.filename, content)
        if isinstance(change, bytes):
            new.writestr(ZipInfo(name), change, ZIP_DEFLATED)
    return target.getvalue()
