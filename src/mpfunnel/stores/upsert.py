"""The answers of a run, put in the place of those of the run before, in tables of a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.frames.text import quoted
from mpfunnel.stores.extras import library

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Answer", "Database", "Kept", "replace"]


class Answer(NamedTuple):
    """What is to stand in a table.

    Attributes:
        table: Its name.
        key: The columns that tell its rows apart; none of a table that may hold equal rows.
        frame: The rows; `None` where the run gave no such answer, which empties the table.
    """

    table: str
    key: Sequence[str]
    frame: pl.DataFrame | None


class Kept(NamedTuple):
    """What already stands in a database.

    Attributes:
        is_table: Whether it is a table, and not a view or the like.
        columns: The types of its columns.
        key: The columns of its primary key.
    """

    is_table: bool
    columns: Mapping[str, str]
    key: tuple[str, ...]


class Database(Protocol):
    """A database within one transaction."""

    types: ClassVar[Mapping[str, str]]
    """How it calls text, integer, flag and day."""

    def begin(self) -> None:
        """Make what tables need to be made in."""
        ...

    def run(self, statement: str) -> None:
        """Run a statement."""
        ...

    def kept(self, table: str) -> Kept | None:
        """Return what stands under that name; `None` of nothing."""
        ...

    def path(self, table: str) -> str:
        """Return how SQL calls one of our tables."""
        ...

    def stage(self, name: str, frame: pl.DataFrame) -> None:
        """Give the rows of a frame under a name, until the end."""
        ...


def replace(database: Database, where: str, answers: Iterable[Answer]) -> None:
    """Put answers in the place of older ones: rows that are gone, go.

    Args:
        database: Where; nothing is written unless all tables fit.
        where: What messages call it.
        answers: One for each table.

    Raises:
        InvalidDataError: A table has other columns, types or keys, or is none; all problems.
    """
    database.begin()
    listed = [(answer, database.kept(answer.table)) for answer in answers]
    problems = [
        Problem(problem.code, f"{where}: {answer.table}{problem.path}", problem.message)
        for answer, kept in listed
        if kept is not None
        for problem in _misfits(answer, kept, database.types)
    ]
    if problems:
        raise InvalidDataError(problems)
    for answer, kept in listed:
        if answer.frame is not None:
            if kept is None:
                database.run(_made(database, answer, answer.frame))
            _upsert(database, answer, answer.frame)
        elif kept is not None:
            database.run(f"DELETE FROM {database.path(answer.table)}")


def _misfits(answer: Answer, kept: Kept, types: Mapping[str, str]) -> list[Problem]:
    """Return what keeps a table from holding the answer; paths begin after the table's name."""
    if not kept.is_table:
        return [Problem("type", "", "is no table; call it otherwise, or write to another schema")]
    if answer.frame is None:
        return []
    hint = "drop the table, or write to another schema"
    wanted = _types(answer.frame, types)
    problems = [
        Problem("type", f".{name}", f"must be {kind}, not {kept.columns[name]}; {hint}")
        for name, kind in wanted.items()
        if name in kept.columns and kept.columns[name] != kind
    ]
    absent = [name for name in wanted if name not in kept.columns]
    strange = [name for name in kept.columns if name not in wanted]
    problems += [Problem("missing", f".{name}", f"no such column; {hint}") for name in absent]
    problems += [
        Problem("unknown-column", f".{name}", f"is no column of this answer; {hint}")
        for name in strange
    ]
    if kept.key != tuple(answer.key) and not problems:
        has = f"({', '.join(kept.key)})" if kept.key else "none"
        needs = f"({', '.join(answer.key)})" if answer.key else "none"
        problems.append(
            Problem("type", "", f"must have the primary key {needs}, not {has}; {hint}")
        )
    return problems


def _types(frame: pl.DataFrame, types: Mapping[str, str]) -> dict[str, str]:
    pl = library("polars")
    words = {pl.String: "text", pl.Int64: "integer", pl.Boolean: "flag", pl.Date: "day"}
    return {name: types[words[kind]] for name, kind in frame.schema.items()}


def _made(database: Database, answer: Answer, frame: pl.DataFrame) -> str:
    parts = [f"{quoted(name)} {kind}" for name, kind in _types(frame, database.types).items()]
    if answer.key:
        parts.append(f"PRIMARY KEY ({', '.join(map(quoted, answer.key))})")
    return f"CREATE TABLE {database.path(answer.table)} ({', '.join(parts)})"


def _upsert(database: Database, answer: Answer, frame: pl.DataFrame) -> None:
    path, new = database.path(answer.table), f"new_{answer.table}"
    database.stage(new, frame)
    columns = ", ".join(map(quoted, frame.columns))
    insert = f"INSERT INTO {path} ({columns}) SELECT {columns} FROM {quoted(new)}"
    if not answer.key:
        database.run(f"DELETE FROM {path}")
        database.run(insert)
        return
    same = " AND ".join(f"{quoted(new, name)} = old.{quoted(name)}" for name in answer.key)
    database.run(
        f"DELETE FROM {path} AS old WHERE NOT EXISTS (SELECT 1 FROM {quoted(new)} WHERE {same})"
    )
    rest = (name for name in frame.columns if name not in answer.key)
    update = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in rest)
    keys = ", ".join(map(quoted, answer.key))
    database.run(f"{insert} ON CONFLICT ({keys}) DO UPDATE SET {update}")
