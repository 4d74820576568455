"""Where the tables of one call come from: one engine, which still knows what they stand on.

What a lazy table is made of may be gone, and no engine works with tables of several others. Both
are told at the door, before any row is worked out. What fails only then, such as a cast, is the
engine's own error.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Mapping, Set
from contextlib import ExitStack, contextmanager
from importlib import import_module
from itertools import count
from typing import Any, Final

from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.personal import has_address

__all__ = ["home_of", "reading"]

_Origin = Set[Hashable]
"""What a table stands on; nothing where it can be worked with anywhere."""
_Ask = Callable[[Any], _Origin]
_UNBOUND: Final = None
"""What an unbound table of Ibis stands on."""
_WORDS: Final = {"duckdb": "connection", "ibis": "backend", "pyspark": "session"}
_ENGINES: Final = {
    "polars-lazy": "Polars",
    "duckdb": "DuckDB",
    "ibis": "its backend",
    "pyspark": "Spark",
}
_LONGEST: Final = 200
# Numbered for the whole process: other threads may ask for the connections of theirs.
_MARKS: Final = count(1)


def home_of(kind: str, tables: Mapping[str, Any]) -> str:
    """Return the name of the table whose engine can do the work.

    Args:
        kind: Of which kind all tables are.
        tables: The tables by name; one at least.

    Raises:
        InvalidDataError: Tables cannot be resolved, or come from elsewhere than the others. What
            the engine said of the first is the cause.
    """
    if kind not in _ENGINES:
        return next(iter(tables))
    origins: dict[str, _Origin] = {}
    failures: dict[str, BaseException] = {}
    with ExitStack() as after:
        ask = _asking(kind, after)
        for name, table in tables.items():
            try:
                origins[name] = ask(table)
            except _failures(kind) as error:
                # Engines have exceptions of their own, and plug-ins raise whatever they like.
                failures[name] = error
    home = next((name for name, found in origins.items() if len(found - {_UNBOUND}) == 1), None)
    problems: list[Problem] = []
    for name in tables:
        if name in failures:
            message = f"cannot be resolved; {_ENGINES[kind]} says: {_said(failures[name])}"
            problems.append(Problem("plan", name, message))
        elif (wrong := _misplaced(kind, origins[name], origins, home)) is not None:
            problems.append(Problem("connection", name, wrong))
    if problems:
        raise InvalidDataError(problems) from next(iter(failures.values()), None)
    return home or next(iter(tables))


@contextmanager
def reading(name: str) -> Generator[None]:
    """Note on what the engine raises, which stays its own error, which table was worked out."""
    try:
        yield
    except Exception as error:
        error.add_note(f"raised by the table that was given as {name!r}, when it was worked out")
        raise


def _failures(kind: str) -> tuple[type[BaseException], ...]:
    if kind != "polars-lazy":
        return (Exception,)
    # What Rust panics with is no exception of the ordinary kind.
    panic: type[BaseException] = import_module("polars").exceptions.PanicException
    return (Exception, panic)


def _said(error: BaseException) -> str:
    """Return the first line of what an engine says."""
    line = str(error).strip().partition("\n")[0][:_LONGEST].strip().rstrip(".!")
    return line if line and not has_address(line) else type(error).__name__


def _misplaced(
    kind: str, found: _Origin, origins: Mapping[str, _Origin], home: str | None
) -> str | None:
    """Return why a table cannot be worked with where the others are."""
    word = _WORDS.get(kind)
    if _UNBOUND in found:
        wrong = "stands on an unbound table, which has no rows"
    elif not found:
        return None
    elif home is None:
        wrong = f"must be of one {word}"
    elif found != origins[home]:
        wrong = f"must be of the same {word} as {home}"
    else:
        return None
    return f"{wrong}; take all tables from one {word}"


# -- engine by engine --


def _asking(kind: str, after: ExitStack) -> _Ask:
    """Return what resolves a table and tells its origin; `after` undoes what that took."""
    match kind:
        case "duckdb":
            return _of_duckdb(after)
        case "ibis":
            return _of_ibis
        case "pyspark":
            return _of_spark
        case _:
            return _of_polars


def _of_polars(table: Any) -> _Origin:
    table.collect_schema()
    return set()


def _of_duckdb(after: ExitStack) -> _Ask:
    # What is set on one connection is seen on no other, and goes with it at the latest.
    mark = f"mpfunnel_{next(_MARKS)}"
    seen = f"SELECT getvariable('{mark}') FROM (SELECT count(*) FROM (FROM mpfunnel_given LIMIT 0))"

    def ask(table: Any) -> _Origin:
        ((found,),) = table.query("mpfunnel_given", seen).fetchall()
        if found is None:
            found = next(_MARKS)
            table.query("mpfunnel_given", f"SET VARIABLE {mark} = {found}")
            after.callback(table.query, "mpfunnel_given", f"RESET VARIABLE {mark}")
        return {found}

    return ask


def _of_ibis(table: Any) -> _Origin:
    known: Any = import_module("ibis.expr.operations")
    kinds = (known.UnboundTable, known.DatabaseTable, known.SQLQueryResult)
    found = {
        # Ibis takes two databases in memory for equal.
        _UNBOUND if isinstance(one, known.UnboundTable) else id(one.source)
        for one in table.op().find(kinds)
    }
    if len(found) == 1 and _UNBOUND not in found:
        table.limit(0).count().to_pyarrow()
    return found


def _of_spark(table: Any) -> _Origin:
    # Spark Connect asks the server. Other sessions of one process can be joined.
    table.columns  # noqa: B018
    session = table.sparkSession
    return {session.session_id} if hasattr(session, "session_id") else set()
