"""Whether ways to answer whole tables say the same, row for row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

KEYS: Mapping[str, tuple[str, ...]] = {
    "companies": ("company_id",),
    "tiers": ("company_id", "product_id"),
    "leads": ("lead_id",),
    "engagement": ("lead_id", "product_id"),
    "company_products": ("company_id", "product_id"),
    "rejects": ("table", "id", "lead_id", "column"),
}
"""What tells the rows of each table of answers apart."""


def differences(wanted: Mapping[str, pl.DataFrame], found: Mapping[str, Any]) -> Iterator[str]:
    """Say what differs between two sets of answers, a table and a side at a time.

    Raises:
        ValueError: They have not the same tables, or a table has not the same columns.
    """
    alike("tables", wanted, found)
    for name, table in wanted.items():
        sides = ("missing", "too much")
        for side, rows in zip(sides, differing(name, table, found[name]), strict=False):
            yield f"{name}: {len(rows):,} rows of {len(table):,} {side}\n{rows.head(5)}"


def differing(name: str, wanted: pl.DataFrame, table: Any) -> list[pl.DataFrame]:
    """The rows that only one of both tables has; none where they are equal."""
    found = as_polars(table)
    alike(name, wanted.columns, found.columns)
    found = found.select(wanted.columns).cast(wanted.schema)
    key = [*KEYS[name], *(one for one in wanted.columns if one not in KEYS[name])]
    wanted, found = wanted.sort(key), found.sort(key)
    if found.equals(wanted):
        return []
    return [
        one.join(other, on=one.columns, how="anti", nulls_equal=True)
        for one, other in ((wanted, found), (found, wanted))
    ]


def alike(what: str, wanted: Any, found: Any) -> None:
    if odd := set(wanted) ^ set(found):
        raise ValueError(f"{what}: not the same: {', '.join(sorted(odd))}")


def as_polars(table: Any) -> pl.DataFrame:
    """A table of pandas, PyArrow or Spark, or a lazy one, as an eager one of Polars."""
    if isinstance(table, pl.DataFrame | pl.LazyFrame):
        return table.lazy().collect()
    kind = type(table).__module__
    if kind.startswith("pandas"):
        return pl.from_pandas(table)
    found = pl.from_arrow(table.toArrow() if kind.startswith("pyspark") else table)
    assert isinstance(found, pl.DataFrame)
    return found
