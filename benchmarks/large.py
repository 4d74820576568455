"""Runs of a size that nobody waits for twice: tables beyond memory, and many products in pandas.

    python -m benchmarks.large parts                  # 100M activities in Parquet, 32 parts
    python -m benchmarks.large pandas                 # 2M leads and a dozen products

Printed is what a run takes, by the same measure as in `benchmarks.tables`. In parts, the tables are
read from Parquet files, and each part of the answers is written to another before the next one is
made, so that neither the tables nor the answers are ever in memory as a whole.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from attrs import evolve

import mpfunnel as mf
from benchmarks.by_hand_polars import PRODUCTS
from benchmarks.costs import Cost, cost_of
from benchmarks.market import AS_OF, draw, write
from benchmarks.ways import ENGINE, ours
from mpfunnel import frames

MILLION = 1_000_000


def in_parts(companies: int, chunks: int, folder: Path) -> Cost:
    """Answer tables in Parquet files part by part."""
    given, answered = folder / "given", folder / "answered"
    if not given.exists():
        counts = write(companies, given)
        print(", ".join(f"{count:,} {name}" for name, count in counts.items()), flush=True)
    answered.mkdir(exist_ok=True)
    # On a first run, libraries are loaded and plans are compiled.
    ours(draw(100))

    def work() -> dict[str, int]:
        tables: dict[str, Any] = {
            one.name: pl.scan_parquet(one / "*.parquet") for one in given.iterdir()
        }
        rows: dict[str, int] = {}
        found = frames.assess_in_parts(ENGINE, **tables, as_of=AS_OF, chunks=chunks, progress=told)
        for number, (name, table) in enumerate(found):
            part = table.collect()
            part.write_parquet(answered / f"{name}_{number}.parquet")
            rows[name] = rows.get(name, 0) + len(part)
        return rows

    return shown(work)


def told(done: int, parts: int) -> None:
    print(f"  {done} of {parts} parts", flush=True)


def in_pandas(companies: int, products: int) -> Cost:
    """Answer tables of pandas for a playbook of many products."""
    names = (*PRODUCTS, *(f"product_{number}" for number in range(len(PRODUCTS), products)))
    starter = mf.starter(products=names)
    synergy = evolve(starter.synergy, offers=(), cool_down_days=0)
    engine = mf.Engine(evolve(starter, plays=mf.Plays(), synergy=synergy))
    tables: dict[str, Any] = {
        name: of_many(table, names).to_pandas() for name, table in draw(companies).items()
    }
    print(", ".join(f"{len(table):,} {name}" for name, table in tables.items()), flush=True)

    def work() -> dict[str, int]:
        found = frames.assess(engine, **tables, as_of=AS_OF)
        return {name: len(getattr(found, name)) for name in ("leads", "engagement", "rejects")}

    return shown(work)


def of_many(table: pl.DataFrame, products: tuple[str, ...]) -> pl.DataFrame:
    """A table in which rows of products that are sold are of one of these, row by row."""
    if "product_id" not in table.columns:
        return table
    others = pl.Series(products).gather(pl.arange(0, len(table), eager=True) % len(products))
    sold = pl.col("product_id").is_in(PRODUCTS)
    return table.with_columns(product_id=pl.when(sold).then(others).otherwise("product_id"))


def shown(work: Callable[[], dict[str, int]]) -> Cost:
    cost, rows = cost_of(work)
    print(", ".join(f"{count:,} {name}" for name, count in rows.items()))
    print(
        f"{cost.wall:,.0f} s by the clock, {cost.cpu:,.0f} s of the processor; at most"
        f" {cost.peak:.2f} GB of memory, {cost.before:.2f} GB of it before"
    )
    return cost


def main() -> None:
    """Run one of them."""
    parser = argparse.ArgumentParser(description="Answer tables of a large firm.")
    parser.add_argument("run", choices=("parts", "pandas"))
    parser.add_argument("--companies", type=int, help="a million in parts, 200,000 in pandas")
    parser.add_argument("--chunks", type=int, default=32)
    parser.add_argument("--products", type=int, default=12)
    parser.add_argument("--folder", type=Path, help="where the files of the tables are kept")
    given = parser.parse_args()
    if given.run == "pandas":
        in_pandas(given.companies or MILLION // 5, given.products)
        return
    with TemporaryDirectory() as folder:
        in_parts(given.companies or MILLION, given.chunks, given.folder or Path(folder))


if __name__ == "__main__":
    main()
