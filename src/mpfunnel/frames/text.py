"""SQL text of frames: what an unbound table of Ibis asks, in the words of Ibis for an engine."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.errors import MissingExtraError
from mpfunnel.frames.kinds import Frame

__all__ = ["described", "ibis_or_refuse", "quoted", "sql_of"]

_RANDOM: Final = re.compile(r"\brow_index_[0-9a-f]+\b")
_LEFT_OUT: Final = re.compile(r"^( *(?:EXCLUDE|EXCEPT) \()(.+, .+)\)$", re.MULTILINE)
"""The columns that a star leaves out, where they are several; these words begin no other line."""


def quoted(*names: str) -> str:
    """Return a name, or a path of names, as SQL writes it."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def described(name: str, schema: Any) -> Frame:
    """Return a table that is only described, by its name and the types of its columns."""
    frame: Frame = nw.from_native(ibis_or_refuse().table(schema, name=name))
    return frame


def sql_of(native: Any, dialect: str) -> str:
    """Return what a frame on described tables asks, as one SELECT."""
    ibis: Any = ibis_or_refuse()
    if ibis.options.pyspark is None:
        # Ibis sets the options of an engine when it loads that engine, which text does not need.
        ibis.options.pyspark = _spark_options()
    return _in_order(_named_alike(str(ibis.to_sql(native, dialect=dialect))))


def ibis_or_refuse() -> Any:
    """Return the module of Ibis.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        ibis: Any = import_module("ibis")
    except ImportError as error:
        message = "SQL text, and so DuckDB, needs Ibis; pip install 'mpfunnel[sql]'"
        raise MissingExtraError(message) from error
    return ibis


def _named_alike(text: str) -> str:
    """Return the text with numbers for the random parts of names (law 9)."""
    found = dict.fromkeys(_RANDOM.findall(text))
    numbers = {name: f"row_number_{number}" for number, name in enumerate(found, 1)}
    return _RANDOM.sub(lambda match: numbers[match[0]], text)


def _in_order(text: str) -> str:
    """Return the text with what each star leaves out in order; Ibis keeps it in a set (law 9)."""
    return _LEFT_OUT.sub(
        lambda match: f"{match[1]}{', '.join(sorted(match[2].split(', ')))})", text
    )


def _spark_options() -> Any:
    config: Any = import_module("ibis.config")
    annotations = {"treat_nan_as_null": bool}
    return type(
        "Options", (config.Config,), {"__annotations__": annotations, "treat_nan_as_null": False}
    )()
