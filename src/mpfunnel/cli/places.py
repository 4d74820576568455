"""Where the parts of a TOML or JSON file stand: from the path of a problem to its line.

It is the eye of a person on text that another parser has read or refused: it never fails, and what
it cannot follow it leaves out, so that a problem is shown at the nearest place that was found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from mpfunnel.errors import shown

__all__ = ["line_of", "places_in"]

_STRINGS: Final = r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_TOKEN: Final = {
    ".toml": re.compile(rf"#[^\n]*|{_STRINGS}|[\[\]{{}},=\n]|[^\s\[\]{{}},=\"'#]+", re.DOTALL),
    ".json": re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{},:\n]|[^\s\[\]{},:"]+', re.DOTALL),
}
_IN_MESSAGE: Final = re.compile(r"\bline (\d+)\b")
_Step = str | int


def line_of(places: Mapping[str, int], path: str, message: str) -> int | None:
    """Return the line of a problem: that of the nearest part of the file that holds it.

    Args:
        places: What `places_in` found.
        path: The path of the problem within the file; blank where the file cannot be read.
        message: What the problem says: a parser names the line itself.
    """
    if not path:
        named = _IN_MESSAGE.search(message)
        return int(named[1]) if named else None
    while path and path not in places:
        cut = max(path.rfind("."), path.rfind("["))
        path = path[: max(cut, 0)]
    return places.get(path)


def places_in(text: str, ending: str) -> dict[str, int]:
    """Return the line, from 1, of each part of a file by its path, as problems name it.

    Args:
        text: The file.
        ending: ``".toml"`` or ``".json"``.
    """
    scan = _Scan(text, ending)
    try:
        if ending == ".toml":
            scan.statements()
        else:
            scan.value(())
    except (StopIteration, RecursionError):
        # The text is over before it is complete: what was found so far stands.
        pass
    return scan.places


class _Scan:
    """Walks through the tokens of a file, and notes the line of each key and item."""

    def __init__(self, text: str, ending: str) -> None:
        self.places: dict[str, int] = {}
        self._tokens = self._with_lines(text, _TOKEN[ending])
        self._token, self._line = "\n", 1
        self._between = "=" if ending == ".toml" else ":"
        self._counts: dict[tuple[_Step, ...], int] = {}

    @staticmethod
    def _with_lines(text: str, token: re.Pattern[str]) -> Iterator[tuple[str, int]]:
        line = 1
        for found in token.finditer(text):
            if not found[0].startswith("#"):
                yield found[0], line
            line += found[0].count("\n")

    def _next(self, *, over_lines: bool = True) -> str:
        self._token, self._line = next(self._tokens)
        while over_lines and self._token == "\n":
            self._token, self._line = next(self._tokens)
        return self._token

    def _note(self, path: tuple[_Step, ...], line: int) -> None:
        said = ""
        for step in path:
            joint = "." if said else ""
            said += f"[{step}]" if isinstance(step, int) else f"{joint}{shown(step)}"
            # A table without a header of its own stands where its first key does.
            self.places.setdefault(said, line)

    # -- TOML --

    def statements(self) -> None:
        """Read headers and keys, line by line."""
        within: tuple[_Step, ...] = ()
        self._next()
        while True:
            line = self._line
            if self._token == "[":
                within = self._header()
                self._note(within, line)
            else:
                keys = self._key()
                self._note((*within, *keys), line)
                self._next()
                self.value((*within, *keys))
            while self._token == "\n":
                self._next()

    def _header(self) -> tuple[_Step, ...]:
        inner, is_list = "", False
        while self._next(over_lines=False) not in ("]", "\n"):
            is_list = is_list or self._token == "["
            inner += self._token.replace("[", "")
        steps: list[_Step] = []
        for step in _steps(inner):
            steps.append(step)
            if (count := self._counts.get(tuple(steps))) is not None:
                steps.append(count)
        if is_list:
            last = tuple(steps[:-1]) if isinstance(steps[-1], int) else tuple(steps)
            self._counts[last] = self._counts.get(last, -1) + 1
            steps = [*last, self._counts[last]]
        while self._token != "\n":
            self._next(over_lines=False)
        return tuple(steps)

    def _key(self) -> tuple[_Step, ...]:
        text = ""
        while self._token not in (self._between, "\n"):
            text += self._token
            self._next(over_lines=False)
        return tuple(_steps(text))

    # -- values --

    def value(self, path: tuple[_Step, ...]) -> None:
        """Read a value from its first token to the one after it."""
        if self._token == "\n":
            self._next()
        if self._token == "[":
            self._items(path)
        elif self._token == "{":
            self._entries(path)
        self._next(over_lines=False)
        while self._token not in (",", "]", "}", "\n"):
            # A day and a time of day are two tokens.
            self._next(over_lines=False)

    def _items(self, path: tuple[_Step, ...]) -> None:
        index = 0
        self._next()
        while self._token != "]":
            self._note((*path, index), self._line)
            self.value((*path, index))
            index += 1
            self._skip(",")

    def _entries(self, path: tuple[_Step, ...]) -> None:
        self._next()
        while self._token != "}":
            line = self._line
            keys = self._key()
            self._note((*path, *keys), line)
            self._next()
            self.value((*path, *keys))
            self._skip(",")

    def _skip(self, mark: str) -> None:
        while self._token in (mark, "\n"):
            self._next()


def _steps(key: str) -> list[str]:
    """Return the parts of a key as TOML reads it: ``a."b.c"`` has two."""
    try:
        at: Any = tomllib.loads(f"{key} = 0")
    except tomllib.TOMLDecodeError:
        return [key]
    steps: list[str] = []
    while isinstance(at, dict):
        ((step, at),) = cast("dict[str, Any]", at).items()
        steps.append(step)
    return steps
