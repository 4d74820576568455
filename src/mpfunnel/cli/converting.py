"""The command that writes a playbook in another form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from mpfunnel import codec
from mpfunnel.cli.policies import playbook_of
from mpfunnel.cli.terminal import Terminal, printable
from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.labels import Label

__all__ = ["convert"]

_SHEETS: Final = (".xlsx", ".xls", ".csv")


def convert(
    playbook: str,
    target: str,
    /,
    *,
    policy: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    sheets: Literal["xlsx", "csv"] = "xlsx",
) -> None:
    """Write a playbook as TOML, as JSON, or as a folder with spreadsheets.

    Args:
        playbook: Path of a playbook (.toml, .json or its folder), or the name of a shipped one.
        target: Path of a file (.toml or .json), or of a folder.
        policy: Tier policy in Python that it may name, as module:Class. May be given several times.
        sheets: What the tables of a folder are written as: one Excel workbook, or CSV files.
    """
    book = playbook_of(playbook, policy)
    ending = Path(target).suffix.lower()
    if ending in _SHEETS:
        message = f"{brief(target)}: spreadsheets stand in a folder; name it without '{ending}'"
        raise InvalidDataError([Problem("file", "target", message)])
    is_file = ending in (".toml", ".json")
    codec.dump(book, target, sheets=None if is_file else sheets)
    terminal = Terminal()
    where = Label("written to", "出力先").text(book.lang)
    terminal.print(f"{where}: {printable(target)}", soft_wrap=True)
    if not is_file:
        stays = Label("stays in playbook.toml", "playbook.toml に残る表").text(book.lang)
        for problem in codec.beyond_sheets(book):
            terminal.print(f"{stays}: {printable(str(problem))}", soft_wrap=True)
