"""Run a command: its errors become one line each on stderr, and an exit code."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from mpfunnel.errors import InvalidDataError, MissingExtraError, MpfunnelError

try:
    from cyclopts.exceptions import CycloptsError
    from rich.console import Console
except ImportError as error:
    raise MissingExtraError(
        "the command line needs cyclopts and rich: pip install 'mpfunnel[cli]'"
    ) from error

from mpfunnel.cli.commands import app
from mpfunnel.cli.inputs import UsageError
from mpfunnel.cli.terminal import printable

__all__ = ["run"]

# Who types an address in the wrong place is told so, but not what stands in it.
_SECRET: Final = re.compile(r"(?<=://)\S*@|(?<=password=)[^\s&]+", re.IGNORECASE)
_FAULTY_INPUT, _FAULTY_USE, _INTERRUPTED, _CLOSED_PIPE = 1, 2, 130, 141


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    Args:
        arguments: What stands after the name of the program.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that lacks a letter shows a question mark; it is no reason to stop.
            stream.reconfigure(errors="replace")
    try:
        app(arguments, error_console=Console(stderr=True))
        sys.stdout.flush()
    except (CycloptsError, UsageError) as error:
        return _refused(_FAULTY_USE, [_plain(str(error))])
    except MpfunnelError as error:
        return _refused(_FAULTY_INPUT, _lines(error))
    except BrokenPipeError:
        # What is still in the buffer goes nowhere, so that Python has nothing to complain of.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _CLOSED_PIPE
    except OSError as error:
        # Of two files, the second is the one that a person knows.
        name = error.filename2 or error.filename
        message = _plain(error.strerror or str(error))
        return _refused(_FAULTY_INPUT, [f"{name}: {message}" if name else message])
    except KeyboardInterrupt:
        return _refused(_INTERRUPTED, ["interrupted"])
    return 0


def _lines(error: MpfunnelError) -> Iterator[str]:
    if isinstance(error, InvalidDataError):
        yield from (str(problem) for problem in error.problems)
    else:
        yield str(error)


def _plain(message: str) -> str:
    """Return what another library says in our grammar: one line, lower case, no full stop."""
    line = " ".join(message.split()).removesuffix(".")
    return line[:1].lower() + line[1:]


def _refused(code: int, lines: Iterator[str] | list[str]) -> int:
    sys.stderr.writelines(f"{_SECRET.sub('…', printable(line))}\n" for line in lines)
    return code
