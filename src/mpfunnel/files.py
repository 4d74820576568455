"""Files of answers: each is the old one or the new one, and no cell runs in a spreadsheet."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

__all__ = ["FORMULA", "replacing"]

# Full-width signs too: spreadsheets in Japan read them as the plain ones.
FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")
"""How a text begins that a spreadsheet would take for a formula."""


@contextmanager
def replacing(folder: Path) -> Generator[Callable[[str], Path]]:
    """Give a function from the name of a file to where its new content is to be written.

    At the end of the block all files take their places. If it fails, none does, and nothing half
    written stays behind.

    Args:
        folder: An existing folder; files of these names are replaced.

    Raises:
        OSError: A file cannot be replaced.
    """
    with ExitStack() as stack:
        whole: list[tuple[Path, Path]] = []

        def begin(name: str) -> Path:
            part = folder / f".{name}.part"
            stack.callback(part.unlink, missing_ok=True)
            whole.append((part, folder / name))
            return part

        yield begin
        for part, path in whole:
            part.replace(path)
