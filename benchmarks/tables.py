"""How fast whole tables are answered, beside a Polars pipeline written by hand for one playbook.

    pip install -e '.[test]'
    python -m benchmarks.tables                # 10,000 companies
    python -m benchmarks.tables --size full    # 100,000, with 1M leads and 10M activities
    python -m benchmarks.tables --size ten     # ten times that, for a large machine

There are ten leads to a company, ten activities to a lead, and five products; the tables have the
faults that real ones have (`draw`). `mpfunnel.frames.assess` answers them with the starter's
playbook, and so does `benchmarks.by_hand_polars`, which knows that one playbook and nothing else.
All ways must give the same rows before anything is timed.

Each run has a process of its own, so that its peak of memory is its own; the runs are interleaved,
and a figure is the median of the rounds, as a ratio to the pipeline written by hand. What is
measured is the time of the processor, all threads together, because other work that runs on the
machine disturbs it less than the time of the clock. The tables lie in memory before it starts, and
all answers when it stops. What is done once in a process, such as planning on first use, is done
before, on tables of a few rows.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import polars as pl

import mpfunnel as mf
from benchmarks import by_hand_polars
from benchmarks.by_hand_polars import BOOK, PRODUCTS
from mpfunnel import frames

SIZES = {"tenth": 10_000, "full": 100_000, "ten": 1_000_000}
"""How many companies."""
FEW = 100
AS_OF = date(2026, 6, 30)
SINCE = datetime(2024, 7, 1, tzinfo=UTC)
DAYS = 730
"""Some hours of the last one belong to the next day in Tokyo: these do not count yet."""

# --- tables as firms have them ------------------------------------------------------------------

KINDS = {
    "page_view": 0.46,
    "email_open": 0.2,
    "email_click": 0.12,
    "asset_downloaded": 0.06,
    "pricing_page": 0.04,
    "webinar_attended": 0.03,
    "seminar_attended": 0.02,
    "business_card": 0.02,
    "inquiry": 0.01,
    "quotation_request": 0.005,
    "demo_request": 0.005,
    "careers_page": 0.01,
    # The playbook does not know this one.
    "unsubscribed": 0.02,
}
SOLD = dict(zip(PRODUCTS, (0.35, 0.25, 0.2, 0.15, 0.05), strict=True))
TIES = {
    "prospect": 0.3,
    "customer": 0.35,
    "partner": 0.19,
    "competitor": 0.1,
    "own_group": 0.02,
    "do_not_trade": 0.03,
    # There is no such relationship.
    "friend": 0.01,
}
EVENTS = {
    "accepted": 0.3,
    "rejected": 0.15,
    "qualified": 0.2,
    "disqualified": 0.05,
    "recycled": 0.15,
    "follow_up": 0.15,
}
MANY_TOUCHES = 50
"""Where the few leads with most of the activities end, and Zipf's law begins."""

Tables = Mapping[str, pl.DataFrame]


def draw(companies: int, seed: int = 7) -> dict[str, pl.DataFrame]:
    """Tables of that many companies, with all that goes with them."""
    dice = Dice(companies, seed)
    return {
        "companies": dice.firms(),
        "company_sets": dice.sets(),
        "leads": dice.people(),
        "activities": dice.activities(),
        "deals": dice.deals(),
        "contracts": dice.contracts(),
        "sales_events": dice.events(),
    }


class Dice:
    """Draws whole columns.

    Args:
        companies: How many companies there are.
        seed: The same seed gives the same tables.
    """

    def __init__(self, companies: int, seed: int) -> None:
        self.companies = companies
        self.leads = 10 * companies
        self.rng = np.random.default_rng(seed)

    # -- columns --

    def where(self, count: int, share: float) -> pl.Series:
        return pl.Series(self.rng.random(count) < share)

    def blank(self, values: pl.Series, share: float) -> pl.Series:
        return values.set(self.where(len(values), share), None)

    def some(self, values: Sequence[str], count: int) -> pl.Series:
        return pl.Series(values).gather(self.rng.integers(0, len(values), count))

    def shared(self, shares: Mapping[str, float], count: int) -> pl.Series:
        at = self.rng.choice(len(shares), count, p=list(shares.values()))
        return pl.Series(list(shares)).gather(at)

    def products(self, count: int, *, none: float) -> pl.Series:
        """Products, of which the firm does not sell one in a thousand."""
        sold = self.shared(SOLD, count).set(self.where(count, 0.001), "fax")
        return self.blank(sold, none)

    def instants(self, count: int) -> pl.Series:
        seconds = self.rng.integers(0, DAYS * 86_400, count) + int(SINCE.timestamp())
        return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))

    def days(self, count: int) -> pl.Series:
        return self.instants(count).dt.date()

    def known(self, letter: str, count: int, of: int, unknown: float) -> pl.Series:
        """Ids of companies or leads, some of which are not there."""
        number = self.rng.integers(0, of, count)
        return ids(letter, np.where(self.rng.random(count) < unknown, number + of, number))

    def again(self, frame: pl.DataFrame, share: float) -> pl.DataFrame:
        """Some rows, to stand there once more."""
        return frame[self.rng.integers(0, len(frame), int(len(frame) * share))]

    # -- tables --

    def firms(self) -> pl.DataFrame:
        count = self.companies
        employees = pl.Series(np.exp(self.rng.normal(4.2, 1.7, count)).astype(np.int64) + 1)
        millions = np.exp(self.rng.normal(7.2, 2, count)).astype(np.int64)
        industries = ("manufacturing", "retail", "finance", "it", "medical", "public")
        frame = pl.DataFrame(
            {
                "id": ids("C", np.arange(count)),
                "industry": self.blank(self.some(industries, count), 0.2),
                "region": self.some(("kanto", "kansai", "tokai", "kyushu", "tohoku"), count),
                "country": pl.repeat("JP", count, eager=True),
                "employees": self.blank(employees.set(self.where(count, 0.0001), -1), 0.2),
                "annual_revenue": self.blank(pl.Series(millions * 1_000_000), 0.3),
                "student": self.where(count, 0.002),
                "individual": self.where(count, 0.01),
                "public_body": self.blank(self.where(count, 0.02), 0.1),
            }
        )
        return pl.concat([frame, self.again(frame, 0.001)])

    def sets(self) -> pl.DataFrame:
        count = self.companies // 5
        tie = self.where(count, 0.7)
        listed = self.some(("target", "newsletter"), count)
        return pl.DataFrame(
            {
                "company_id": self.known("C", count, self.companies, 0.001),
                "fact": pl.repeat("lists", count, eager=True).set(tie, "relationships"),
                "value": self.shared(TIES, count).zip_with(tie, listed),
            }
        )

    def people(self) -> pl.DataFrame:
        count = self.leads
        titles = ("manager", "director", "staff", "president")
        frame = pl.DataFrame(
            {
                "id": ids("L", np.arange(count)),
                "company_id": self.blank(self.known("C", count, self.companies, 0.002), 0.05),
                "title": self.blank(self.some(titles, count), 0.2),
                "department": self.blank(self.some(("sales", "it", "hr", "finance"), count), 0.3),
                "source": self.some(("web", "seminar", "card", "list"), count),
            }
        )
        return pl.concat([frame, self.again(frame, 0.001)])

    def activities(self) -> pl.DataFrame:
        count = 10 * self.leads
        start = MANY_TOUCHES
        spread = (1 + self.leads / start) ** self.rng.random(count) - 1
        lead = self.rng.permutation(self.leads)[(start * spread).astype(np.int64)]
        lead = np.where(self.rng.random(count) < 0.001, lead + self.leads, lead)
        frame = pl.DataFrame(
            {
                "id": pl.Series(np.arange(count)),
                "lead_id": ids("L", lead),
                "kind": self.shared(KINDS, count).set(self.where(count, 0.00005), " "),
                "at": self.blank(self.instants(count), 0.00005),
                "product_id": self.products(count, none=0.15),
            }
        )
        differing = self.again(frame, 0.0001).with_columns(kind=pl.lit("inquiry"))
        frame = pl.concat([frame, self.again(frame, 0.001), differing])
        return frame[self.rng.permutation(len(frame))]

    def deals(self) -> pl.DataFrame:
        count = self.companies
        opened = self.instants(count)
        # Some are recorded as closed before they were opened.
        seconds = pl.Series(self.rng.integers(-5 * 86_400, 200 * 86_400, count))
        status = self.shared({"open": 0.3, "won": 0.3, "lost": 0.4}, count)
        reason = self.some(("timing", "budget", "price", "competitor"), count)
        frame = pl.DataFrame(
            {
                "id": pl.Series(np.arange(count)),
                "company_id": self.known("C", count, self.companies, 0.002),
                "opened_at": opened,
                "status": status.set(self.where(count, 0.0005), "paused"),
                "closed_at": later(opened, seconds).set(status == "open", None),
                "lead_id": self.blank(self.known("L", count, self.leads, 0.002), 0.4),
                "product_id": self.products(count, none=0.1),
                "reason": reason.set((status != "lost") | self.where(count, 0.2), None),
            }
        )
        differing = self.again(frame, 0.001).with_columns(reason=pl.lit("other"))
        return pl.concat([frame, self.again(frame, 0.001), differing])

    def contracts(self) -> pl.DataFrame:
        count = self.companies // 2
        start = self.days(count)
        length = pl.Series(self.rng.integers(-2, 730, count))
        frame = pl.DataFrame(
            {
                "company_id": self.known("C", count, self.companies, 0.002),
                "product_id": self.products(count, none=0),
                "start": start,
                "end": self.blank((start.cast(pl.Int64) + length).cast(pl.Date), 0.3),
            }
        )
        return pl.concat([frame, self.again(frame, 0.001)])

    def events(self) -> pl.DataFrame:
        count = 2 * self.companies
        kind = self.shared(EVENTS, count)
        back = kind.is_in(["recycled", "rejected"])
        frame = pl.DataFrame(
            {
                # Sales speaks with few of them.
                "lead_id": self.known("L", count, self.leads // 5, 0.002),
                "kind": kind,
                "at": self.instants(count),
                "product_id": self.products(count, none=0.3),
                "by": self.some(("sales_1", "sales_2", "sales_3"), count),
                "reason": self.some(("timing", "budget", "fit"), count).set(~back, None),
            }
        )
        return pl.concat([frame, self.again(frame, 0.001)])


def ids(letter: str, numbers: np.ndarray[Any, Any]) -> pl.Series:
    digits = pl.Series(numbers).cast(pl.String).str.zfill(8)
    return pl.select(pl.concat_str(pl.lit(letter), digits)).to_series()


def later(instants: pl.Series, seconds: pl.Series) -> pl.Series:
    return (instants.cast(pl.Int64) + seconds * 1_000_000).cast(instants.dtype)


# --- ways to answer them ------------------------------------------------------------------------

ENGINE = mf.Engine(BOOK)
BY_HAND = "by hand, Polars"
POLARS = "Polars"
PANDAS = "pandas"
CONVERTED = "pandas, converted around Polars"
DUCKDB = "DuckDB"


class Way(NamedTuple):
    """A way to answer."""

    take: Callable[[Tables], Any]
    """Tables as this way takes them, made before the clock starts."""
    answer: Callable[[Any], Mapping[str, Any]]
    """The answers, by the name of the table."""


def as_given(tables: Tables) -> Tables:
    return tables


def by_hand(tables: Tables) -> Mapping[str, Any]:
    return by_hand_polars.assess(tables, AS_OF)


def ours(tables: Mapping[str, Any]) -> dict[str, Any]:
    found = frames.assess(ENGINE, **tables, as_of=AS_OF)
    return {name: getattr(found, name) for name in KEYS}


def as_pandas(tables: Tables) -> dict[str, Any]:
    return {name: table.to_pandas() for name, table in tables.items()}


def converted(tables: Mapping[str, Any]) -> dict[str, Any]:
    taken = {name: pl.from_pandas(table) for name, table in tables.items()}
    return {name: table.to_pandas() for name, table in ours(taken).items()}


def in_duckdb(tables: Tables) -> dict[str, Any]:
    import duckdb

    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register("given", table.to_arrow())
        connection.execute(f"CREATE TABLE {name} AS FROM given")
    connection.unregister("given")
    return {name: connection.table(name) for name in tables}


def of_duckdb(tables: Mapping[str, Any]) -> dict[str, Any]:
    return {name: relation.to_arrow_table() for name, relation in ours(tables).items()}


WAYS: Mapping[str, Way] = {
    BY_HAND: Way(as_given, by_hand),
    POLARS: Way(as_given, ours),
    PANDAS: Way(as_pandas, ours),
    CONVERTED: Way(as_pandas, converted),
    DUCKDB: Way(in_duckdb, of_duckdb),
}

# --- whether they say the same ------------------------------------------------------------------

KEYS: Mapping[str, tuple[str, ...]] = {
    "companies": ("company_id",),
    "tiers": ("company_id", "product_id"),
    "leads": ("lead_id",),
    "engagement": ("lead_id", "product_id"),
    "company_products": ("company_id", "product_id"),
    "rejects": ("table", "id", "lead_id", "column"),
}
"""What tells the rows of each table of answers apart."""


def as_polars(table: Any) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    if type(table).__module__.startswith("pandas"):
        return pl.from_pandas(table)
    found = pl.from_arrow(table)
    assert isinstance(found, pl.DataFrame)
    return found


def differing(name: str, wanted: pl.DataFrame, table: Any) -> list[pl.DataFrame]:
    """The rows that only one of both tables has; none where they are equal.

    Raises:
        ValueError: They have not the same columns.
    """
    found = as_polars(table)
    if set(found.columns) != set(wanted.columns):
        odd = ", ".join(sorted(set(found.columns) ^ set(wanted.columns)))
        raise ValueError(f"{name}: not the same columns: {odd}")
    found = found.select(wanted.columns).cast(wanted.schema)
    key = [*KEYS[name], *(one for one in wanted.columns if one not in KEYS[name])]
    wanted, found = wanted.sort(key), found.sort(key)
    if found.equals(wanted):
        return []
    return [
        one.join(other, on=one.columns, how="anti", nulls_equal=True)
        for one, other in ((wanted, found), (found, wanted))
    ]


def compare(tables: Tables, names: Sequence[str]) -> bool:
    """Whether all ways say the same as the first; what differs is printed."""
    first, *others = names
    wanted = dict(WAYS[first].answer(WAYS[first].take(tables)))
    same = True
    for other in others:
        found = WAYS[other].answer(WAYS[other].take(tables))
        for name, table in wanted.items():
            if rows := differing(name, table, found[name]):
                same = False
                for way, part in zip((first, other), rows, strict=True):
                    print(f"{name}: {len(part):,} rows of {len(table):,} only {way}")
                    print(part.head(5))
    return same


# --- the contest --------------------------------------------------------------------------------


class Cost(NamedTuple):
    """What one run takes."""

    cpu: float
    """Seconds of the processor, all threads together."""
    wall: float
    """Seconds of the clock."""
    peak: float
    """The most memory that the process had, with the tables given, in GB."""


def run(way: str, place: Path) -> Cost:
    """Answer the tables in a directory in this process."""
    chosen = WAYS[way]
    chosen.answer(chosen.take(draw(FEW)))
    given = chosen.take(read(place))
    wall, cpu = time.perf_counter(), time.process_time()
    answers = chosen.answer(given)
    cost = time.process_time() - cpu, time.perf_counter() - wall
    assert set(answers) == set(KEYS)
    # Linux counts it in units of 1,024 bytes.
    return Cost(*cost, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e9)


def read(place: Path) -> dict[str, pl.DataFrame]:
    return {file.stem: pl.read_parquet(file) for file in place.glob("*.parquet")}


def apart(*arguments: str) -> str:
    """What this module prints in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.tables", *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout


def measure(place: Path, names: Sequence[str], rounds: int) -> dict[str, Cost]:
    """The median of what each way takes."""
    found: dict[str, list[Cost]] = {name: [] for name in names}
    for _ in range(rounds):
        for name, costs in found.items():
            costs.append(Cost(*json.loads(apart("--run", name, "--data", str(place)))))
    return {
        name: Cost(*(statistics.median(one) for one in zip(*costs, strict=True)))
        for name, costs in found.items()
    }


class Goal(NamedTuple):
    """A ratio that is wanted."""

    over: str
    under: str
    cpu: float
    peak: float | None


GOALS = (
    Goal(POLARS, BY_HAND, 1.05, 1.1),
    Goal(PANDAS, CONVERTED, 1.2, None),
)


def report(costs: Mapping[str, Cost]) -> None:
    first = costs[BY_HAND]
    print(f"\n  {'':<32} {'CPU':>7} {'clock':>7} {'memory':>7}   CPU s   wall s   GB")
    for name, cost in costs.items():
        ratios = " ".join(f"{a / b:6.2f}×" for a, b in zip(cost, first, strict=True))
        print(f"  {name:<32} {ratios} {cost.cpu:7.2f} {cost.wall:8.2f} {cost.peak:4.1f}")
    print("\nwanted")
    for goal in GOALS:
        if goal.over in costs and goal.under in costs:
            over, under = costs[goal.over], costs[goal.under]
            print(
                f"  {goal.over}: CPU at most {goal.cpu} × {goal.under}: {over.cpu / under.cpu:.2f}"
            )
            if goal.peak is not None:
                peak = over.peak / under.peak
                print(f"  {goal.over}: memory at most {goal.peak} × {goal.under}: {peak:.2f}")


def main() -> None:
    """Compare the answers, then print what each way takes."""
    parser = argparse.ArgumentParser(description="Time whole tables.")
    parser.add_argument("--size", choices=SIZES, default="tenth")
    parser.add_argument("--companies", type=int, help="a size of your own")
    parser.add_argument("--rounds", type=int, help="5 for the small sizes, otherwise 3")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--run", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--compare", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        print(json.dumps(run(given.run, given.data)))
        return
    names = list(dict.fromkeys((BY_HAND, *given.ways)))
    if given.compare:
        print("equal" if compare(read(given.data), names) else "not equal")
        return
    count = given.companies or SIZES[given.size]
    rounds = given.rounds or (5 if count <= SIZES["tenth"] else 3)
    print(f"{count:,} companies, median of {rounds} rounds")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        for name, table in draw(count).items():
            print(f"  {name:<14} {len(table):>12,} rows")
            table.write_parquet(place / f"{name}.parquet")
        said = apart("--compare", "--ways", *names, "--data", folder)
        print(said, end="")
        if said.splitlines()[-1] != "equal":
            sys.exit(1)
        report(measure(place, names, rounds))


if __name__ == "__main__":
    main()
