"""From table expressions to SQL text of a dialect, with what some engines need beyond Ibis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal

from mpfunnel.frames.text import ibis_or_refuse, sql_of

__all__ = [
    "DIALECTS",
    "SOME_DAY",
    "Dialect",
    "literal",
    "quoted",
    "sql_text",
    "tokens",
    "with_variable",
]

Dialect = Literal["duckdb", "postgres", "pyspark", "databricks", "bigquery", "snowflake"]
DIALECTS: Final[tuple[Dialect, ...]] = (
    "duckdb",
    "postgres",
    "pyspark",
    "databricks",
    "bigquery",
    "snowflake",
)
SOME_DAY: Final = date(7021, 3, 4)
"""A day that stands for the one asked about until the text is written.

No number of a playbook is as large as its own, but for thresholds that nobody has.
"""
_TO_1970: Final = date(1970, 1, 1).toordinal()
_ORDERING_TEXTS: Final = frozenset({"by", "kind", "product_text", "ref", "saying", "what"})
_DAY_NUMBERS: Final[Mapping[str, str]] = {
    "duckdb": "(CAST({day} AS DATE) - DATE '1970-01-01' + {offset})",
    "postgres": "(CAST({day} AS DATE) - DATE '1970-01-01' + {offset})",
    "pyspark": "(DATEDIFF(CAST({day} AS DATE), DATE '1970-01-01') + {offset})",
    "databricks": "(DATEDIFF(CAST({day} AS DATE), DATE '1970-01-01') + {offset})",
    "bigquery": "(DATE_DIFF(CAST({day} AS DATE), DATE '1970-01-01', DAY) + {offset})",
    "snowflake": "(DATEDIFF(DAY, DATE '1970-01-01', CAST({day} AS DATE)) + {offset})",
}
"""The ordinal number of a day, as `datetime.date.toordinal` gives it, in each dialect."""


def sql_text(native: Any, dialect: Dialect) -> str:
    """Return a table expression of Ibis as one SELECT in a dialect."""
    text = sql_of(native, dialect)
    return _mended(text, dialect) if dialect in ("duckdb", "postgres") else text


def with_variable(text: str, dialect: Dialect, day: str) -> str:
    """Return the text with what gives the day in the place of `SOME_DAY` and of its number."""
    number = _DAY_NUMBERS[dialect].format(day=day, offset=_TO_1970)
    text = re.sub(rf"\b{SOME_DAY.toordinal()}\b", lambda _: number, text)
    ibis = ibis_or_refuse()
    native = ibis.table({"x": "int64"}, name="t").select(x=ibis.literal(SOME_DAY))
    literal = sql_text(native, dialect).split("SELECT", 1)[1].rsplit(" AS ", 2)[0].strip()
    return text.replace(literal, f"CAST({day} AS DATE)")


def quoted(name: str, dialect: Dialect) -> str:
    """Return a name of a table or column in quotes."""
    from sqlglot import expressions as exp

    return str(exp.to_identifier(name, quoted=True).sql(_read_as(dialect)))


def literal(value: int | str | None, dialect: Dialect) -> str:
    """Return a value as SQL."""
    from sqlglot import expressions as exp

    return str(exp.convert(value).sql(_read_as(dialect)))


def tokens(text: str, dialect: Dialect) -> list[Any]:
    """Return the words of a text, each with where it starts and ends."""
    import sqlglot

    return list(sqlglot.tokenize(text, read=_read_as(dialect)))


def _read_as(dialect: Dialect) -> str:
    return "spark" if dialect == "pyspark" else dialect


def _mended(text: str, dialect: Dialect) -> str:
    """Return the text with what DuckDB and PostgreSQL need beyond what Ibis writes."""
    import sqlglot
    from sqlglot import expressions as exp

    if dialect == "duckdb" and "SUM(" not in text:
        # To read the text takes longer than to write it, and sums are all there is to mend.
        return text

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

    tree: Any = sqlglot.parse_one(text, read=dialect)
    if dialect == "postgres":
        tree = tree.transform(mended)
    for total in list(tree.find_all(exp.Sum)):
        # A sum of integers has more than 64 bits there, whatever Ibis thinks.
        whole = total.parent if isinstance(total.parent, exp.Window) else total
        whole.replace(exp.cast(whole.copy(), "bigint"))
    return str(tree.sql(dialect, pretty=True))
