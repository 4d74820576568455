"""What it costs to say what to do next, beside the four answers alone.

    python -m benchmarks.plays --companies 20000      # 200,000 leads and a dozen products
    python -m benchmarks.plays                        # 2M leads

The tables are those of `benchmarks.market`, of Polars. `mpfunnel.frames.assess` answers them twice
with the starter's playbook: as it is, with offers, plays and turns, and without, so that segments,
Tiers, stages and states are all that is asked. The runs are interleaved in one process; a figure is
the median of the rounds, and a ratio is that of two medians.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from attrs import evolve

import mpfunnel as mf
from benchmarks.by_hand_polars import PRODUCTS
from benchmarks.costs import compare
from benchmarks.large import of_many
from benchmarks.market import AS_OF, draw
from mpfunnel import frames

WANTED: Final = 1.5
"""So many times the time of the four answers at most."""


def engines(products: int) -> dict[str, mf.Engine]:
    """The starter for so many products, as it is and without what follows from the answers."""
    names = (*PRODUCTS, *(f"product_{number}" for number in range(len(PRODUCTS), products)))
    book = mf.starter(products=names)
    alone = evolve(book, synergy=mf.Synergy(), plays=mf.Plays())
    return {"four answers": mf.Engine(alone), "and what to do next": mf.Engine(book)}


def run(engine: mf.Engine, tables: Mapping[str, Any]) -> dict[str, int]:
    """Answer the tables; return how many rows each answer has."""
    found = frames.assess(engine, **tables, as_of=AS_OF)
    names = ("tiers", "leads", "engagement", "company_products", "plays")
    answers = {name: getattr(found, name) for name in names}
    return {name: len(one) for name, one in answers.items() if one is not None}


def main() -> None:
    """Run both, interleaved."""
    parser = argparse.ArgumentParser(description="Time plays and offers on whole tables.")
    parser.add_argument("--companies", type=int, default=200_000)
    parser.add_argument("--products", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    both = engines(given.products)
    products = tuple(map(str, (one.id for one in both["four answers"].playbook.products)))
    for engine in both.values():
        run(engine, {name: of_many(one, products) for name, one in draw(100).items()})
    tables = {name: of_many(one, products) for name, one in draw(given.companies).items()}
    print(", ".join(f"{len(table):,} {name}" for name, table in tables.items()), flush=True)
    alone, whole = both.values()
    compare(
        partial(run, alone, tables),
        partial(run, whole, tables),
        called=("four answers", "and what to do next"),
        rounds=given.rounds,
        wanted=WANTED,
    )


if __name__ == "__main__":
    main()
