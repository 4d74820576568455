"""Tables as firms have them, for `benchmarks.tables`: invented, and with the faults of real ones.

There are ten leads to a company, ten activities to a lead, and five products. A few leads have most
of the activities, and every seventh activity names no product. Some rows stand there twice, some
contradict each other, break a rule of their table, or name a company, a lead or a product that is
not there; some days are not over yet. Whole columns are drawn at once: 10 million activities take
some seconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.by_hand_polars import PRODUCTS

AS_OF = date(2026, 6, 30)
SINCE = datetime(2024, 7, 1, tzinfo=UTC)
DAYS = 730
"""Some hours of the last one belong to the next day in Tokyo: these do not count yet."""

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
    "prospect": 0.26,
    "customer": 0.35,
    "partner": 0.19,
    "competitor": 0.1,
    "own_group": 0.02,
    "do_not_trade": 0.03,
    # There is no such relationship.
    "friend": 0.05,
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

PART = 10_000_000
"""So many activities are drawn at once: with more, memory would bound how many there can be."""

Tables = Mapping[str, pl.DataFrame]


def draw(companies: int, seed: int = 7) -> dict[str, pl.DataFrame]:
    """Tables of that many companies, with all that goes with them."""
    found: dict[str, list[pl.DataFrame]] = {}
    for name, part in Dice(companies, seed).tables():
        found.setdefault(name, []).append(part)
    return {name: pl.concat(parts) for name, parts in found.items()}


def write(companies: int, place: Path, seed: int = 7) -> dict[str, int]:
    """Write the same tables to a directory, each to a directory of Parquet files by its name.

    Returns:
        How many rows each table has.
    """
    counts: dict[str, int] = {}
    for number, (name, part) in enumerate(Dice(companies, seed).tables()):
        (place / name).mkdir(parents=True, exist_ok=True)
        part.write_parquet(place / name / f"{number}.parquet")
        counts[name] = counts.get(name, 0) + len(part)
    return counts


def read(place: Path) -> dict[str, pl.DataFrame]:
    """The tables of a directory."""
    return {one.name: pl.read_parquet(one / "*.parquet") for one in sorted(place.iterdir())}


def scan(place: Path) -> dict[str, pl.LazyFrame]:
    """The tables of a directory, of which nothing is read yet."""
    return {one.name: pl.scan_parquet(one / "*.parquet") for one in sorted(place.iterdir())}


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
        return ids(letter, np.where(self.rng.random(count) < unknown, number + self.leads, number))

    def again(self, frame: pl.DataFrame, share: float) -> pl.DataFrame:
        """Some rows, to stand there once more; at least one."""
        return frame[self.rng.integers(0, len(frame), ceil(len(frame) * share))]

    # -- tables --

    def tables(self) -> Iterator[tuple[str, pl.DataFrame]]:
        """All tables by their names, large ones in parts."""
        yield "companies", self.firms()
        yield "company_sets", self.sets()
        yield "leads", self.people()
        yield from (("activities", part) for part in self.activities())
        yield "deals", self.deals()
        yield "contracts", self.contracts()
        yield "sales_events", self.events()

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
        differing = self.again(frame, 0.0005).with_columns(region=pl.lit("hokkaido"))
        return pl.concat([frame, self.again(frame, 0.001), differing])

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
        differing = self.again(frame, 0.0005).with_columns(source=pl.lit("other"))
        return pl.concat([frame, self.again(frame, 0.001), differing])

    def activities(self) -> Iterator[pl.DataFrame]:
        leads = self.rng.permutation(self.leads)
        for first in range(0, 10 * self.leads, PART):
            count = min(PART, 10 * self.leads - first)
            spread = (1 + self.leads / MANY_TOUCHES) ** self.rng.random(count) - 1
            lead = leads[(MANY_TOUCHES * spread).astype(np.int64)]
            lead = np.where(self.rng.random(count) < 0.001, lead + self.leads, lead)
            frame = pl.DataFrame(
                {
                    "id": pl.Series(np.arange(first, first + count)),
                    "lead_id": ids("L", lead),
                    "kind": self.shared(KINDS, count).set(self.where(count, 0.00005), " "),
                    "at": self.blank(self.instants(count), 0.00005),
                    "product_id": self.products(count, none=0.15),
                }
            )
            differing = self.again(frame, 0.0001).with_columns(kind=pl.lit("inquiry"))
            frame = pl.concat([frame, self.again(frame, 0.001), differing])
            yield frame[self.rng.permutation(len(frame))]

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
        length = pl.Series(self.rng.integers(-20, 730, count))
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
                "lead_id": self.known("L", count, self.leads // 5, 0.005),
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
