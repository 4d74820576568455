"""SQL text of frames: what an unbound table of Ibis asks, in the words of an engine."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.errors import MissingExtraError
from mpfunnel.frames.kinds import Frame

__all__ = ["described", "ibis_itself", "sql_of"]

_RANDOM: Final = re.compile(r"\brow_index_[0-9a-f]+\b")
_ORDERING_TEXTS: Final = frozenset({"by", "kind", "product_text", "ref", "saying", "what"})


def described(name: str, schema: Any) -> Frame:
    """Return a table that is only described, by its name and the types of its columns."""
    frame: Frame = nw.from_native(ibis_itself().table(schema, name=name))
    return frame


def sql_of(native: Any, dialect: str) -> str:
    """Return what a frame on described tables asks, as one SELECT."""
    ibis: Any = ibis_itself()
    if ibis.options.pyspark is None:
        # Ibis sets the options of an engine when it loads that engine, which text does not need.
        ibis.options.pyspark = _spark_options()
    text = _named_alike(str(ibis.to_sql(native, dialect=dialect)))
    return _for_postgres(text) if dialect == "postgres" else text


def ibis_itself() -> Any:
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


def _for_postgres(text: str) -> str:
    """Return the text with what PostgreSQL needs beyond what Ibis writes."""
    import sqlglot
    from sqlglot import expressions as exp

    def mended(node: Any) -> Any:
        if isinstance(node, exp.Cast) and isinstance(node.this, exp.LogicalOr):
            # A boolean becomes an integer of 32 bits there, and none of 16.
            return exp.cast(node.this, "int")
        if (
            isinstance(node, exp.Ordered)
            and node.find_ancestor(exp.Window) is not None
            and isinstance(node.this, exp.Column)
            and node.this.name in _ORDERING_TEXTS
        ):
            # Texts stand in the order of their code points (S14), whatever the database's.
            collation = exp.Identifier(this="C", quoted=True)
            node.set("this", exp.Collate(this=node.this.copy(), expression=collation))
        return node

    tree: Any = sqlglot.parse_one(text, read="postgres").transform(mended)
    for total in list(tree.find_all(exp.Sum)):
        # A sum of integers is a numeric there, whatever Ibis thinks.
        whole = total.parent if isinstance(total.parent, exp.Window) else total
        whole.replace(exp.cast(whole.copy(), "bigint"))
    return str(tree.sql("postgres", pretty=True))


def _spark_options() -> Any:
    config: Any = import_module("ibis.config")
    annotations = {"treat_nan_as_null": bool}
    return type(
        "Options", (config.Config,), {"__annotations__": annotations, "treat_nan_as_null": False}
    )()
