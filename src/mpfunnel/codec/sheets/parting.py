"""The plain data of a playbook → what stays in its file, and the tables that become sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from mpfunnel.codec.checks import is_table
from mpfunnel.codec.sheets.joining import SHEETS
from mpfunnel.codec.sheets.separated import write_csv
from mpfunnel.codec.sheets.styled import workbook
from mpfunnel.codec.sheets.tables import OTHERWISE
from mpfunnel.codec.sheets.words import Words
from mpfunnel.codec.sheets.writing import Sheet, sheet_of
from mpfunnel.codec.tiers import SCORECARD
from mpfunnel.errors import InvalidDataError, Problem

__all__ = ["Parted", "files_of", "parted"]

WORKBOOK: Final = "tables.xlsx"
"""How the workbook is called that holds all tables."""
_HELD: Final = ("rules", "items", "bands", OTHERWISE, f"{OTHERWISE}_because")
"""The keys of a table that a sheet holds."""
_SHORT: Final = {"funnel": "stages"}
_NO_FILE_NAME: Final = re.compile(r"[^\w-]+")
_NO_SHEET_NAME: Final = re.compile(r"[\[\]:*?/\\']")
_SHEET_NAME: Final = 31
"""How long the name of a sheet may be in Excel."""
_FILE_NAME: Final = 60


@frozen
class Parted:
    """A playbook as a file and sheets.

    Attributes:
        data: The plain data of the file, which names the sheets.
        sheets: The sheets by file and name; the name is blank in a CSV file.
        kept: Why the other tables of rules stay in the file, rule by rule.
    """

    data: dict[str, Any]
    sheets: dict[tuple[str, str], Sheet]
    kept: tuple[Problem, ...]


def parted(data: dict[str, Any], kind: str) -> Parted:
    """Return the data of a playbook with its tables of rules in sheets.

    A table that a sheet cannot hold stays in the file: one that asks about several facts at once.

    Args:
        data: What `mpfunnel.codec.to_data` returns.
        kind: ``"xlsx"`` for a workbook, ``"csv"`` for a file each.
    """
    words = Words(data)
    joint = "\n" if kind == "xlsx" else " / "
    rest = {
        **data,
        **{key: dict(data[key]) for key in ("segments", "tiers", "engagement", "funnel")},
    }
    named: dict[str, dict[str, str]] = {}
    sheets: dict[tuple[str, str], Sheet] = {}
    taken: set[str] = set()
    kept: list[Problem] = []
    for path, steps in _tables(data):
        table: Any = data
        for step in steps:
            table = table[step]
        try:
            sheet = sheet_of(table, words.wanted(path), joint)
        except InvalidDataError as error:
            kept += error.problems
            continue
        name = _name(steps, kind, taken)
        entry = {"file": WORKBOOK, "sheet": name} if kind == "xlsx" else {"file": f"{name}.csv"}
        named[path] = entry
        sheets[entry["file"], entry.get("sheet", "")] = sheet
        _take_out(rest, steps)
    if not sheets:
        return Parted(data, {}, tuple(kept))
    head = {key: value for key, value in rest.items() if not is_table(value)}
    return Parted({**head, SHEETS: named, **rest}, sheets, tuple(kept))


def files_of(sheets: Mapping[tuple[str, str], Sheet]) -> dict[str, bytes]:
    """Return the files that hold the sheets, by their names.

    Args:
        sheets: The sheets by file and name.

    Raises:
        MissingExtraError: One is a workbook, and the library that writes them is not installed.
    """
    files = {file: write_csv(sheet) for (file, name), sheet in sheets.items() if not name}
    books: dict[str, dict[str, Sheet]] = {}
    for (file, name), sheet in sheets.items():
        if name:
            books.setdefault(file, {})[name] = sheet
    return files | {file: workbook(named) for file, named in books.items()}


def _tables(data: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each table of rules: its path as the file names it, and the keys that lead to it."""
    yield "segments", ("segments",)
    for key, policy in data["tiers"].items():
        if policy.get("kind", SCORECARD) == SCORECARD:
            yield f"tiers.{key}", ("tiers", key)
    for key in data["engagement"]:
        for name in ("interest", "states"):
            yield f"engagement.{key}.{name}", ("engagement", key, name)
    yield "funnel", ("funnel",)


def _take_out(rest: dict[str, Any], steps: tuple[str, ...]) -> None:
    """Take what a sheet holds out of the data, and the tables that have nothing else."""
    around, key = rest, steps[0]
    for step in steps[1:]:
        around[key] = {**around[key]}
        around, key = around[key], step
    around[key] = {name: value for name, value in around[key].items() if name not in _HELD}
    if not around[key]:
        del around[key]
        if len(steps) == 2 and not rest[steps[0]]:
            del rest[steps[0]]


def _name(steps: tuple[str, ...], kind: str, taken: set[str]) -> str:
    """Return a name for the sheet of a table, which no other one has."""
    section, *rest = steps
    if section == "engagement":
        rest.reverse()
    else:
        rest.insert(0, _SHORT.get(section, section))
    # The name of a product may be anything.
    words = ["all" if word == "*" else _printable(word) for word in rest]
    if kind == "xlsx":
        whole, most, apart = _NO_SHEET_NAME.sub(" ", " ".join(words)), _SHEET_NAME, " "
    else:
        whole, most, apart = _NO_FILE_NAME.sub("-", "-".join(words)), _FILE_NAME, "-"
    name, number = _cut(whole, most), 1
    while name.casefold() in taken:
        number += 1
        end = f"{apart}{number}"
        name = _cut(whole, most - len(end)) + end
    taken.add(name.casefold())
    return name


def _printable(word: str) -> str:
    return "".join(char if char.isprintable() else " " for char in word)


def _cut(name: str, most: int) -> str:
    """Return the beginning of a name, as long as Excel counts letters."""
    while len(name.encode("utf-16-le")) > 2 * most:
        name = name[:-1]
    return name.strip()
