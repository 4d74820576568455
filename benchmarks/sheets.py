"""How long a playbook of 10 products with 200 rules each takes to load from spreadsheets."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from attrs import evolve

import mpfunnel as mf
from mpfunnel.facts import company
from mpfunnel.rules.tables import Rule
from mpfunnel.tiers import Tier, TierTable

PRODUCTS, RULES = 10, 200


def table(product: int) -> TierTable:
    """200 rules about five facts."""
    regions = ("北海道", "東北", "関東", "近畿", "九州")
    return TierTable(
        [
            Rule(
                Tier(1 + number % 4),
                company.employees.between(10 * number + product, 10 * number + 500)
                & (company.annual_revenue >= 1_000_000 * (number + 1))
                & company.industry.is_in("製造業", f"業種{number}")
                & (company.region == regions[number % 5])
                & ~company.growth_rate.is_missing(),
                key=f"rule-{number}",
                because=mf.Label(f"rule {number}", f"ルール{number}"),
            )
            for number in range(RULES)
        ],
        Tier(5),
    )


def main() -> None:
    names = [f"product{number}" for number in range(PRODUCTS)]
    tiers = {name: table(number) for number, name in enumerate(names)}
    book = evolve(mf.starter(names), tiers=tiers)
    with tempfile.TemporaryDirectory() as home:
        for kind in ("xlsx", "csv"):
            folder = Path(home, kind)
            started = time.process_time()
            mf.dump(book, folder, sheets=kind)
            written = time.process_time() - started
            times = []
            again = None
            for _ in range(5):
                started = time.process_time()
                again = mf.load(folder)
                times.append(time.process_time() - started)
            assert again == book
            print(f"{kind}: written in {written:.2f} s, loaded in {min(times):.2f} s")
        mf.dump(book, Path(home, "book.toml"))
        started = time.process_time()
        mf.load(Path(home, "book.toml"))
        print(f"toml: loaded in {time.process_time() - started:.2f} s")


if __name__ == "__main__":
    main()
