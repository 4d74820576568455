"""Plain data that names spreadsheets → the same with what stands in them, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.codec.checks import Check, is_table, lies_in, located, no_such, under
from mpfunnel.codec.sheets.folder import Folder
from mpfunnel.codec.sheets.grid import Grid
from mpfunnel.codec.sheets.separated import ENCODINGS
from mpfunnel.codec.sheets.tables import read_table
from mpfunnel.codec.sheets.words import Words
from mpfunnel.errors import InvalidDataError, Problem, brief, shown

__all__ = ["SHEETS", "Joined", "joined"]

SHEETS: Final = "sheets"
"""The key of the table that names the spreadsheets."""
MAX_SHEETS: Final = 500
"""How many sheets a playbook may name."""
MAX_CELLS: Final = 200_000
"""How many cells all of them may have, blank ones too."""

_PATH: Final = re.compile(
    r"segments|funnel|tiers\..+|engagement\..+\.(?:interest|states)", re.DOTALL
)
_KNOWN: Final = ("segments", "tiers.*", "engagement.*.interest", "engagement.*.states", "funnel")
_ENDINGS: Final = (".csv", ".xlsx")
_STEP: Final = re.compile(r"[.\[]")


@frozen
class Joined:
    """The data of a playbook with that of its sheets.

    Attributes:
        data: The data, as it would stand in one file.
        origin: How messages name the file of the playbook.
        places: How messages name the cell of each path that comes from a sheet.
        tables: How they name the sheet of each table.
        problems: What is wrong with the sheets.
        notes: What was read in another way than it was typed.
        unread: The paths of the tables whose sheets could not be read.
    """

    data: dict[str, Any]
    origin: str
    places: Mapping[str, str] = field(default=immutabledict())
    tables: Mapping[str, str] = field(default=immutabledict())
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()
    unread: tuple[str, ...] = ()

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems of the data by the places where people find them: files and cells."""
        return [
            Problem(one.code, self._place(one), one.message)
            for one in problems
            # What a table lacks that could not be read is known already.
            if not any(lies_in(one.path, path) for path in self.unread)
        ]

    def _place(self, problem: Problem) -> str:
        path = problem.path
        if path in self.tables:
            # No sheet says which product it is for.
            elsewhere = located(self.origin, under(SHEETS, path))
            return elsewhere if problem.code.startswith("unknown") else self.tables[path]
        # The cell, or that of the nearest part around it.
        starts = [step.start() for step in _STEP.finditer(path)]
        arounds = (path[:end] for end in (len(path), *reversed(starts)))
        cell = next((around for around in arounds if around in self.places), None)
        return located(self.origin, path) if cell is None else self.places[cell]


def joined(data: dict[str, Any], origin: str, folder: Folder | None) -> Joined:
    """Return the data of a playbook with that of the sheets that it names.

    Args:
        data: The plain data of the file.
        origin: How messages name the file.
        folder: Where the sheets are; `None` where the data came from no file.

    Raises:
        MissingExtraError: A workbook is named, and what reads it is not installed.
    """
    if SHEETS not in data:
        return Joined(data, origin)
    check = _SheetsCheck(folder)
    given = check.table(data, SHEETS, "")
    rest = {key: value for key, value in data.items() if key != SHEETS}
    check.join(given, rest)
    problems = [*Joined(rest, origin).located(check.problems), *check.of_cells]
    return Joined(
        rest,
        origin,
        check.places,
        check.tables,
        tuple(problems),
        tuple(check.notes),
        tuple(check.unread),
    )


class _SheetsCheck(Check):
    """Reads the table that names the sheets, and puts what is in them in its place."""

    def __init__(self, folder: Folder | None) -> None:
        super().__init__()
        self.folder = folder
        self.places: dict[str, str] = {}
        self.tables: dict[str, str] = {}
        self.notes: list[Problem] = []
        self.of_cells: list[Problem] = []
        self.unread: list[str] = []
        self._area = 0

    def join(self, given: dict[str, Any], data: dict[str, Any]) -> None:
        """Read every sheet that is named, and put it into the data."""
        if self.folder is None:
            self.fault(
                "path", SHEETS, "are files in the folder of the playbook; load it from there"
            )
            return
        if len(given) > MAX_SHEETS:
            self.fault("size", SHEETS, f"names more than {MAX_SHEETS} sheets")
            return
        words = Words(data)
        for path in given:
            at = under(SHEETS, shown(path))
            if not _PATH.fullmatch(path):
                self.fault("unknown-table", at, no_such("table", path, _KNOWN))
                continue
            grid = self._grid(given, path, at, self.folder)
            table = _table_at(data, path)
            if grid is None or table is None:
                self.unread.append(path)
                continue
            read = read_table(grid, words.wanted(path))
            if not read.data:
                self.unread.append(path)
            self.of_cells += read.problems
            self.places |= read.places
            self.tables[path] = grid.name
            self.notes += read.notes
            for key in sorted(read.data.keys() & table.keys()):
                message = f"stands in {grid.name} too; keep one of them"
                self.fault("conflict", under(path, key), message)
            table |= read.data

    def _grid(self, given: dict[str, Any], path: str, at: str, folder: Folder) -> Grid | None:
        entry = given[path]
        known = len(self.problems)
        if not is_table(entry):
            message = 'must be a table, for example { file = "rules.xlsx", sheet = "crm" }'
            self.fault("type", at, message)
            return None
        file, sheet, encoding = (self.text(entry, key, at) for key in ("file", "sheet", "encoding"))
        if not file:
            self.fault("missing", at, "has no file")
        elif not file.lower().endswith(_ENDINGS):
            self.fault("file", f"{at}.file", f"{brief(file)}: must end in .csv or .xlsx")
        is_csv = file.lower().endswith(".csv")
        self.keys(entry, at, ("file", "encoding" if is_csv else "sheet"))
        if encoding and encoding not in ENCODINGS:
            message = f"{brief(encoding)}: {no_such('encoding', encoding, ENCODINGS)}"
            self.fault("choice", f"{at}.encoding", message)
        if len(self.problems) > known:
            return None
        try:
            grid = folder.grid(file, sheet, encoding or ENCODINGS[0])
        except InvalidDataError as error:
            # What has no place of its own is a fault of what the playbook says.
            for one in error.problems:
                if one.path:
                    self.of_cells.append(one)
                else:
                    self.fault(one.code, f"{at}.file", one.message)
            return None
        self._area += sum(map(len, grid.rows.values()))
        if self._area > MAX_CELLS:
            self.fault("size", SHEETS, f"have more than {MAX_CELLS:,} cells in all")
            return None
        return grid


def _table_at(data: dict[str, Any], path: str) -> dict[str, Any] | None:
    """Return the table at `path`, made where there is none; `None` where something else is."""
    section, _, rest = path.partition(".")
    if section == "engagement":
        model, _, name = rest.rpartition(".")
        steps = [section, model, name]
    else:
        steps = [section, rest] if rest else [section]
    at = data
    for step in steps:
        inner: object = at.setdefault(step, {})
        if not is_table(inner):
            return None
        at = inner
    return at
