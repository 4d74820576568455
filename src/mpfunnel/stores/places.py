"""Where a store is: what kind it is, told by its content, and how messages call it.

The address of a database may hold a password. Messages show the server and the database alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Final, Literal
from urllib.parse import unquote

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem

__all__ = ["Kind", "Place", "refusal", "source", "target"]

Kind = Literal["folder", "workbook", "duckdb", "sqlite", "postgres"]

_URL: Final = re.compile(r"(?P<scheme>\w+)://(?P<rest>.*)", re.DOTALL)
_SERVER: Final = r"(?:\[[0-9a-fA-F:.]*\]|[^][:,@/?#]*)(?::[0-9]*)?"
_ADDRESS: Final = re.compile(
    rf"(?:[^@/?#]*@)?(?P<server>{_SERVER}(?:,{_SERVER})*)"
    r"(?:/(?P<database>[^@/?#]*))?(?:\?(?P<query>[^@#]*))?"
)
"""Who connects, with a password or not; where; and options."""
_ENDINGS: Final = (".duckdb", ".db", ".ddb")
"""How the name of a new DuckDB file ends; any other name is that of a folder."""
_MARKS: Final[Mapping[Kind, tuple[int, bytes]]] = {
    "sqlite": (0, b"SQLite format 3\0"),
    "duckdb": (8, b"DUCK"),
    "workbook": (0, b"PK\x03\x04"),
}
"""What stands in a file of each kind, and from which byte on."""
_WANTED: Final = (
    "give a folder of Parquet or CSV files, an Excel workbook (.xlsx), a DuckDB or SQLite file, or"
    " the URL of PostgreSQL"
)


@frozen
class Place:
    """Where a store is.

    Attributes:
        kind: What it is.
        name: What messages call it; never with a password.
        path: Of a folder or file.
        url: Of PostgreSQL: its address, as the driver takes it.
        schema: Of PostgreSQL: whose tables; that of the session where it is `None`.
    """

    kind: Kind
    name: str
    path: Path = Path()
    url: str = field(default="", repr=False)
    schema: str | None = None


def refusal(code: str, where: str, message: str) -> InvalidDataError:
    """Return the error of one problem."""
    return InvalidDataError([Problem(code, where, message)])


def source(where: str | PathLike[str]) -> Place:
    """Return the place of a store that is to be read.

    Raises:
        InvalidDataError: There is nothing, or something else.
    """
    found = _found(where)
    if found is None:
        raise refusal("file", str(where), "no such file or folder")
    return found


def target(where: str | Path) -> Place:
    """Return the place that answers are to be written to; it may be still to be made.

    Raises:
        InvalidDataError: There is something else already.
    """
    found = _found(where)
    if found is None:
        path = Path(where)
        new: Kind = "duckdb" if path.suffix.lower() in _ENDINGS else "folder"
        return Place(new, str(path), path)
    if found.kind in ("workbook", "sqlite"):
        message = "cannot take answers; give a folder, a DuckDB file, or the URL of PostgreSQL"
        raise refusal("file", found.name, message)
    return found


def _found(where: str | PathLike[str]) -> Place | None:
    """Return what is there already; `None` of nothing."""
    if where == "":
        # It would be the folder in which the command runs, and means a variable without a value.
        raise refusal("blank", "", "where a store is must not be blank")
    return _address(where) or _present(Path(where))


def _present(path: Path) -> Place | None:
    """Return what is at a path; `None` of nothing."""
    if path.is_dir():
        return Place("folder", str(path), path)
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        raise refusal("file", str(path), "cannot be read as a file") from None
    for kind, (start, mark) in _MARKS.items():
        if head[start:].startswith(mark):
            return Place(kind, str(path), path)
    what = "is none of the kinds that are read" if head else "is empty"
    raise refusal("empty" if not head else "file", str(path), f"{what}; {_WANTED}")


def _address(where: str | PathLike[str]) -> Place | None:
    """Return the place that a URL names; `None` of what is none."""
    url = _URL.fullmatch(where) if isinstance(where, str) else None
    if url is None:
        return None
    scheme = f"{url['scheme']}://"
    if scheme not in ("postgresql://", "postgres://"):
        raise refusal("format", f"{scheme}…", "is no URL of PostgreSQL, postgresql://…")
    parts = _ADDRESS.fullmatch(url["rest"])
    if parts is None:
        message = "write each @, /, ? and # of a user, password or option in percent (@ is %40)"
        raise refusal("format", f"{scheme}…", message)
    name = f"{scheme}{parts['server']}/{parts['database'] or ''}"
    options: list[str] = []
    schema: str | None = None
    for option in (parts["query"] or "").split("&"):
        key, _, value = option.partition("=")
        if key == "schema":
            schema = unquote(value)
        elif option:
            options.append(option)
    if schema == "":
        raise refusal("blank", name, "the schema must not be blank")
    if schema is not None:
        name += f"?schema={schema}"
    query = f"?{'&'.join(options)}" if options else ""
    address = url["rest"].partition("?")[0]
    return Place("postgres", name, url=f"{scheme}{address}{query}", schema=schema)
