"""The libraries that stores stand on, each in an extra of its own."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from mpfunnel.errors import MissingExtraError

__all__ = ["library"]

_NEEDS: Final = {
    "polars": ("frames", "a store needs Polars", ()),
    # They hand tables over as those of PyArrow, to Polars, and find out late what is absent.
    "duckdb": ("duckdb", "a DuckDB file needs DuckDB and PyArrow", ("polars", "pyarrow")),
    "python_calamine": ("excel", "an Excel workbook needs python-calamine", ("polars",)),
    "adbc_driver_postgresql.dbapi": (
        "postgres",
        "PostgreSQL needs its ADBC driver and PyArrow",
        ("polars", "pyarrow"),
    ),
}
"""By module: the extra, what is to be said, and what it needs besides."""


def library(module: str) -> Any:
    """Return a library.

    Raises:
        MissingExtraError: It, or what it needs besides, is not installed.
    """
    extra, need, others = _NEEDS[module]
    try:
        for other in others:
            import_module(other)
        return import_module(module)
    except ImportError as error:
        message = f"{need}; pip install 'mpfunnel[{extra}]'"
        raise MissingExtraError(message) from error
