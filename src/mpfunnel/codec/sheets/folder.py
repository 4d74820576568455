"""The folder of a playbook, and the spreadsheets in it that the playbook names."""

from __future__ import annotations

from collections.abc import Mapping
from os.path import realpath
from pathlib import Path, PurePosixPath, PureWindowsPath
from types import MappingProxyType
from typing import Final

from mpfunnel.codec.plain import start_of
from mpfunnel.codec.sheets.grid import Grid, refusal
from mpfunnel.codec.sheets.separated import read_csv
from mpfunnel.codec.sheets.workbook import read_sheet, sheet_names
from mpfunnel.errors import DecodeError, Problem, brief, shown

__all__ = ["FILES", "Folder", "playbook_file"]

FILES: Final = ("playbook.toml", "playbook.json")
"""How the file of a folder that is a playbook is called."""


def playbook_file(folder: Path) -> Path:
    """Return the file of a folder that is a playbook.

    Raises:
        DecodeError: It holds none, or two.
    """
    found = [folder / name for name in FILES if (folder / name).is_file()]
    if len(found) == 1:
        return found[0]
    what = f"holds {' and '.join(FILES)}; keep one" if found else f"holds no {FILES[0]}"
    raise DecodeError([Problem("file", str(folder), what)])


class Folder:
    """Reads the sheets of a folder, each file once.

    Args:
        path: The folder; no file outside of it is read.
        files: What is known of files in it already, by their paths from the folder.
    """

    def __init__(self, path: Path, files: Mapping[str, bytes] = MappingProxyType({})) -> None:
        self.path = path
        self._files = dict(files)
        self._grids: dict[tuple[str, str], Grid] = {}

    def grid(self, file: str, sheet: str, encoding: str) -> Grid:
        """Return the cells of a sheet.

        Args:
            file: The path of a ``.csv`` or ``.xlsx`` file, from the folder, with ``/``.
            sheet: The name of the sheet; blank for the only one, and for a CSV file.
            encoding: That of a CSV file.

        Raises:
            DecodeError: The file lies outside of the folder, or cannot be read as one.
            MissingExtraError: The library that reads workbooks is not installed.
        """
        if (file, sheet) not in self._grids:
            raw = self._bytes(file)
            if file.lower().endswith(".csv"):
                grid = read_csv(raw, file, encoding)
            else:
                grid = read_sheet(raw, file, sheet or _only(sheet_names(raw, file), file))
            self._grids[file, sheet] = grid
        return self._grids[file, sheet]

    def _bytes(self, file: str) -> bytes:
        if file not in self._files:
            path = self.path / file
            # A link may lead out of the folder.
            if not (_stays_inside(file) and _followed(path).is_relative_to(_followed(self.path))):
                message = f"{brief(file)}: must lie within the folder of the playbook"
                raise refusal("path", "", message)
            try:
                self._files[file] = start_of(path)
            except DecodeError as error:
                # By the name in the playbook, and not by where the folder lies.
                raise refusal("file", shown(file), error.problems[0].message) from None
        return self._files[file]


def _stays_inside(file: str) -> bool:
    """Whether a path leads into the folder wherever it is read."""
    pure = PureWindowsPath(file)
    anchored = pure.anchor or pure.drive or PurePosixPath(file).is_absolute()
    return not (anchored or ".." in pure.parts or "\\" in file or ":" in file or "\0" in file)


def _followed(path: Path) -> Path:
    """Return where the links of a path lead; unlike `Path.resolve`, of a circle too."""
    return Path(realpath(path))


def _only(names: list[str], file: str) -> str:
    if len(names) == 1:
        return names[0]
    listed = ", ".join(f"'{shown(name)}'" for name in names[:20]) or "none"
    raise refusal("missing", shown(file), f"say which sheet; it has {listed}")
