"""What is written to a terminal: plain text, and progress on long work."""

from __future__ import annotations

import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

__all__ = ["Terminal", "printable", "progress", "table_of"]

_UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    """Return `text` as one line that cannot steer a terminal, whatever an export holds."""
    return "".join(
        "\ufffd" if unicodedata.category(letter) in _UNPRINTABLE else letter for letter in text
    )


def table_of(title: str) -> Table:
    """Return an empty table in the manner of all."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        min_width=cell_len(title),
    )


class Terminal(Console):
    """Stdout; text is shown as it is, without markup, emoji codes or highlights."""

    def __init__(self) -> None:
        super().__init__(markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> None:
        """Leave it to who runs the command, where rich would end the process."""
        raise BrokenPipeError


@contextmanager
def progress() -> Generator[Progress]:
    """Show what is being done on stderr, if that is a terminal, and clear it away at the end."""
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as shown:
        yield shown
