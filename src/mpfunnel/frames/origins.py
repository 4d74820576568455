"""Where the tables of one call come from: no engine works with those of several others."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Set
from importlib import import_module
from itertools import count
from typing import Any, Final

from mpfunnel.errors import Problem

__all__ = ["home_of"]

_Origins = Mapping[str, Set[Hashable]]
"""What each table stands on; nothing where it can be worked with anywhere."""
_UNBOUND: Final = None
"""What an unbound table of Ibis stands on."""
# Numbered for the whole process: other threads may ask for the connections of theirs.
_MARKS: Final = count()


def home_of(kind: str, tables: Mapping[str, Any]) -> tuple[str, list[Problem]]:
    """Return the table whose engine can do the work, and a problem for each table of another.

    Args:
        kind: Of which kind all tables are.
        tables: The tables by name; one at least.
    """
    first = next(iter(tables))
    if kind not in _ASKED:
        return first, []
    word, ask = _ASKED[kind]
    origins = ask(tables)
    single = (name for name, found in origins.items() if len(found - {_UNBOUND}) == 1)
    home = next(single, None)
    own = frozenset[Hashable]() if home is None else origins[home]
    wanted = f"one {word}" if home is None else f"the same {word} as {home}"
    problems: list[Problem] = []
    for name, found in origins.items():
        if _UNBOUND in found:
            wrong = "stands on an unbound table, which has no rows"
        elif not found <= own:
            wrong = f"must be of {wanted}"
        else:
            continue
        problems.append(Problem("connection", name, f"{wrong}; take all tables from one {word}"))
    return home or first, problems


def _connections(tables: Mapping[str, Any]) -> _Origins:
    """Return whether relations of DuckDB are of the connection of the first."""
    first, *others = tables
    if not others:
        return {first: {True}}
    # What is set on one connection is seen on no other, and goes with it at the latest.
    mark = f"mpfunnel_{next(_MARKS)}"
    seen = f"SELECT getvariable('{mark}') IS NOT NULL"

    def told(name: str, statement: str) -> Any:
        return tables[name].query("mpfunnel_given", statement)

    told(first, f"SET VARIABLE {mark} = true")
    try:
        return {name: {told(name, seen).fetchall()[0][0]} for name in tables}
    finally:
        told(first, f"RESET VARIABLE {mark}")


def _backends(tables: Mapping[str, Any]) -> _Origins:
    """Return the backends that tables of Ibis stand on; those in memory stand on none."""
    known: Any = import_module("ibis.expr.operations")
    kinds = (known.UnboundTable, known.DatabaseTable, known.SQLQueryResult)
    return {
        name: {
            # Ibis takes two databases in memory for equal.
            _UNBOUND if isinstance(found, known.UnboundTable) else id(found.source)
            for found in table.op().find(kinds)
        }
        for name, table in tables.items()
    }


def _sessions(tables: Mapping[str, Any]) -> _Origins:
    """Return the sessions of Spark Connect; others of one process can be joined."""
    sessions = {name: table.sparkSession for name, table in tables.items()}
    return {
        name: {one.session_id} if hasattr(one, "session_id") else set()
        for name, one in sessions.items()
    }


_ASKED: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], _Origins]]]] = {
    "duckdb": ("connection", _connections),
    "ibis": ("backend", _backends),
    "pyspark": ("session", _sessions),
}
