"""How fast whole tables are answered, beside what one would write by hand for one playbook.

    pip install -e '.[test]'
    python -m benchmarks.tables --companies 10000
    python -m benchmarks.tables                    # 100,000, with 1M leads and 10M activities
    python -m benchmarks.tables --engines polars,pandas,duckdb,spark,tuned
    python -m benchmarks.tables --companies 10000 --scaling

The tables are those of `benchmarks.market`. `mpfunnel.frames.assess` answers them with the
starter's playbook, and so do pipelines written by hand, which know that one playbook and nothing
else: in Polars (`benchmarks.by_hand_polars`), in SQL for DuckDB and Spark (`by_hand_sql`), and in
Polars tuned until nothing more was found (`by_hand_tuned`). All ways must give the same rows before
anything is timed. Spark needs Java and the extra `spark`.

Each run has a process of its own, so that its peak of memory is its own (`benchmarks.costs`); the
runs are interleaved, and a figure is the median of the rounds. What is measured is the time of the
processor, all threads and processes together, because other work that runs on the machine disturbs
it less than the time of the clock. The tables lie in memory before it starts, and all answers when
it stops; from file to file, both lie in Parquet files. What is done once in a process, such as
planning on first use and the first compilation of Java, is done before, on tables of a few rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.costs import Cost, cost_of
from benchmarks.equal import as_polars, differences
from benchmarks.market import draw, write
from benchmarks.ways import ANSWERS, HAND, WAYS

COMPANIES = 100_000
FEW = 100
"""So many companies are answered before the clock starts."""
TEN_TIMES = 12
"""Ten times the rows should take so many times as long at most."""


class Contest(NamedTuple):
    """Two ways, and how much more the first one may take."""

    over: str
    under: str
    cpu: float | None = None
    peak: float | None = None


CONTESTS: Mapping[str, Sequence[Contest]] = {
    "polars": [Contest("Polars", HAND, 1.05, 1.1)],
    "chunks": [
        Contest("Polars in 8 chunks", "Polars", 1.25, 0.34),
        Contest("Polars from file to file in 8 parts", "Polars from file to file", 1.25, 0.34),
    ],
    "tuned": [Contest("Polars", "Polars tuned by hand")],
    "pandas": [
        Contest("pandas", "pandas around Polars by hand", 1.2),
        Contest("pandas", "pandas around Polars", 1.2),
    ],
    "duckdb": [Contest("DuckDB", "DuckDB by hand", 1.15)],
    "spark": [Contest("Spark", "Spark by hand", 1.1)],
}
"""The contests by the engines that one asks for."""


# --- one run, in a process of its own -----------------------------------------------------------


def run(way: str, place: Path) -> Cost:
    """What it costs this process to answer the tables in a directory."""
    take, answer, read_files = WAYS[way]
    answer(take(draw(FEW)))
    given = take(read_files(place))
    cost, answers = cost_of(lambda: answer(given))
    assert set(answers) == set(ANSWERS)
    return cost


def compare(place: Path, names: Iterable[str]) -> bool:
    """Whether the ways say the same as the one by hand; what differs is printed."""
    first = WAYS[HAND]
    given = first.take(first.read(place))
    wanted = {name: as_polars(table) for name, table in first.answer(given).items()}
    same = True
    for name in names:
        if name == HAND:
            continue
        way = WAYS[name]
        for difference in differences(wanted, way.answer(way.take(way.read(place)))):
            same = False
            print(f"{name}: {difference}")
    return same


def apart(*arguments: str) -> str:
    """What this module prints in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.tables", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


# --- all runs -----------------------------------------------------------------------------------


def equal(places: Iterable[Path], names: Sequence[str]) -> bool:
    """Compare the answers to all tables, apart, and print what differs."""
    same = True
    for place in places:
        said = apart("--compare", ",".join(names), "--data", str(place))
        print(said, end="")
        same = same and said.splitlines()[-1] == "equal"
    return same


def measure(
    places: Iterable[Path], names: Sequence[str], rounds: int
) -> dict[tuple[Path, str], Cost]:
    """The median of what each way takes for each directory of tables."""
    found: dict[tuple[Path, str], list[Cost]] = {
        (place, name): [] for place in places for name in names
    }
    for _ in range(rounds):
        for (place, name), costs in found.items():
            costs.append(Cost(*json.loads(apart("--run", name, "--data", str(place)))))
            print(f"  {costs[-1].cpu:9.2f} s  {name}", file=sys.stderr)
    return {
        key: Cost(*(statistics.median(one) for one in zip(*costs, strict=True)))
        for key, costs in found.items()
    }


def report(costs: Mapping[str, Cost], contests: Iterable[Contest]) -> None:
    """Print what each way takes, and how much more than the other of its contest.

    The peak of memory is that of the whole process; the rise is without what was there before.
    """
    print(f"\n  {'':<30} {'CPU s':>9} {'wall s':>9} {'peak GB':>9} {'before':>9}")
    for name, cost in costs.items():
        print(f"  {name:<30} " + " ".join(f"{one:9.2f}" for one in cost))
    print(f"\n  {'':<48} {'CPU':>6} {'wanted':>6} {'peak':>8} {'wanted':>6} {'rise':>8}")
    for over, under, cpu, peak in contests:
        a, b = costs[over], costs[under]
        print(
            f"  {f'{over} ÷ {under}':<48} {a.cpu / b.cpu:6.2f} {bound(cpu):>6}"
            f" {a.peak / b.peak:8.2f} {bound(peak):>6} {a.rise / b.rise:8.2f}"
        )


def bound(wanted: float | None) -> str:
    return "" if wanted is None else f"≤{wanted}"


def report_scaling(small: Mapping[str, Cost], large: Mapping[str, Cost]) -> None:
    print(f"\n  {'ten times the rows':<48} {'CPU':>6} {'wanted':>6} {'peak':>8}")
    for name, cost in small.items():
        ten = large[name]
        cpu, peak = ten.cpu / cost.cpu, ten.peak / cost.peak
        print(f"  {name:<48} {cpu:6.2f} {bound(TEN_TIMES):>6} {peak:8.2f}")


def main() -> None:
    """Compare the answers, then print what each way takes."""
    parser = argparse.ArgumentParser(description="Time whole tables.")
    parser.add_argument("--companies", type=int, default=COMPANIES)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--engines", default="polars,pandas,duckdb", help=f"some of {','.join(CONTESTS)}"
    )
    parser.add_argument("--scaling", action="store_true", help="ten times the companies, too")
    parser.add_argument("--run", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--compare", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        print(json.dumps(run(given.run, given.data)))
        return
    if given.compare:
        print("equal" if compare(given.data, given.compare.split(",")) else "not equal")
        return
    engines = given.engines.split(",")
    if odd := set(engines) - set(CONTESTS):
        parser.error(f"no such engine: {', '.join(sorted(odd))}")
    contests = [contest for engine in engines for contest in CONTESTS[engine]]
    names = list(dict.fromkeys(way for contest in contests for way in contest[:2]))
    with TemporaryDirectory() as folder:
        sizes = [given.companies * ten for ten in ((1, 10) if given.scaling else (1,))]
        places = {size: Path(folder) / str(size) for size in sizes}
        for size, place in places.items():
            counts = write(size, place)
            told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
            print(f"{told}; median of {given.rounds}", flush=True)
        if not equal(places.values(), names):
            sys.exit(1)
        costs = measure(places.values(), names, given.rounds)
        tables = [{name: costs[place, name] for name in names} for place in places.values()]
        for one in tables:
            report(one, contests)
        if given.scaling:
            report_scaling(*tables)


if __name__ == "__main__":
    main()
