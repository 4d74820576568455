"""The command line: a thin layer over the library, in the extra `cli`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mpfunnel.errors import MissingExtraError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 ok, 1 problems in the input, 2 usage.

    An interrupt ends it with 130, a pipe that nobody reads any more with 141, as shells report
    both. Every error is one line on stderr.

    Args:
        arguments: What stands after the name of the program; that of the process where `None`.
    """
    try:
        # Imported here: without the extra, there shall be one line and not a traceback.
        from mpfunnel.cli.running import run
    except MissingExtraError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return run(sys.argv[1:] if arguments is None else arguments)
