"""The SQL that DuckDB and PostgreSQL share: what is read how."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from mpfunnel.frames.text import quoted

__all__ = ["selected"]


def selected(
    columns: Mapping[str, str],
    wanted: Callable[[str], bool],
    *,
    plain: Collection[str],
    dated: Collection[str],
) -> str:
    """Return what stands between SELECT and FROM.

    A type that is not known here is read as text. A column that nobody asked for is left out of
    the work, and still stands there by its name, which may be a slip for one that is missing.

    Args:
        columns: The types of all columns, by name.
        wanted: Says whether a column is asked for.
        plain: The types that are taken as they are.
        dated: The types of days and times, whose infinity is as good as blank.
    """
    found: list[str] = []
    for name, kind in columns.items():
        column = quoted(name)
        if not wanted(name):
            found.append(f"NULL AS {column}")
        elif kind in dated:
            found.append(f"CASE WHEN isfinite({column}) THEN {column} END AS {column}")
        elif kind.partition("(")[0] in plain:
            found.append(column)
        else:
            found.append(f"CAST({column} AS TEXT) AS {column}")
    return ", ".join(found)
