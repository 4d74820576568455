"""What it costs to find the companies of leads, and how often that goes wrong.

    pip install -e '.[test]'
    python -m benchmarks.matching --companies 10000
    python -m benchmarks.matching                  # 1,000,000 leads × 100,000 companies

The tables are those of `benchmarks.truth`, which knows who works where. `mpfunnel.frames.assign` is
timed beside a Polars join written by hand (`benchmarks.by_hand_matching`); both in one process, in
turns, tables and answers in memory. A figure is the median of the rounds; that of the processor is
disturbed least by other work on the machine. Both must find the same before anything is timed, and
objects must say the same of a sample of the leads.

Most of the time goes into reading names, hosts and numbers, which both do by the same functions. So
what is left is timed by itself, too: with all that is read kept beforehand.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import polars as pl

from benchmarks import by_hand_matching
from benchmarks.truth import OWN, VENDORS, draw, untold
from mpfunnel import frames
from mpfunnel.frames import evidence
from mpfunnel.identity import IdentityPolicy, assign
from mpfunnel.records import Company, Lead

COMPANIES = 100_000
WANTED = 1.3
"""So many times the time of the join by hand may it take."""
FALSE = 0.001
"""So many of the links that are new may be false."""
POLICY = IdentityPolicy(own_domains=frozenset({OWN}), vendor_domains=frozenset(VENDORS))
FEW = 100
READ = ("company_name", "corporate_number", "domain", "read_mail")
"""What both read texts with."""

Tables = Mapping[str, pl.DataFrame]


def ours(tables: Tables) -> frames.Assigned:
    """What `mpfunnel.frames.assign` makes of them."""
    return frames.assign(**tables, policy=POLICY)


def by_hand(tables: Tables) -> pl.DataFrame:
    """What the join by hand makes of them."""
    return by_hand_matching.assign(tables, POLICY)


# --- the same ---------------------------------------------------------------------------------


def differences(tables: Tables) -> list[str]:
    """Say of which leads the join by hand says something else."""
    found = ours(tables).matches.select("lead_id", "status", "company_id", "evidence")
    # It does not look for students, whatever else names a company of theirs.
    found = found.filter(pl.col("status") != "student")
    found = found.with_columns(
        company_id=pl.when(pl.col("evidence").is_not_null()).then("company_id")
    )
    both = found.join(by_hand(tables), left_on="lead_id", right_on="id", suffix="_hand")
    same = pl.col("company_id").eq_missing(pl.col("company_id_hand"))
    decided = pl.col("status") != "ambiguous"
    same &= ~decided | pl.col("evidence").eq_missing(pl.col("evidence_hand"))
    return [str(row) for row in both.filter(~same).rows(named=True)]


def other_than_objects(tables: Tables, sample: int) -> list[str]:
    """Say of which leads of a sample objects say something else."""
    leads = tables["leads"].sample(min(sample, len(tables["leads"])), seed=3)
    found = ours({**tables, "leads": leads})
    domains: dict[str, set[str]] = {}
    for company_id, _fact, value in tables["company_sets"].rows():
        domains.setdefault(company_id, set()).add(value)
    companies = [
        Company(**row, domains=frozenset(domains.get(row["id"], ())))
        for row in tables["companies"].rows(named=True)
    ]
    wanted = assign([Lead(**row) for row in leads.rows(named=True)], companies, POLICY)
    told = found.matches.select(
        "lead_id", "status", "company_id", "evidence", "certainty", "mail_class", "role"
    )
    return [
        f"{row} {match}"
        for row, match in zip(told.rows(), wanted.matches, strict=True)
        if row
        != (
            match.lead_id,
            match.status,
            match.company_id,
            match.evidence,
            match.certainty,
            match.mail.mail_class,
            match.mail.role,
        )
    ]


# --- costs ------------------------------------------------------------------------------------


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


@contextmanager
def all_read(tables: Tables) -> Iterator[None]:
    """Let both find in memory what they would read."""
    kept = [
        (module, name, getattr(module, name))
        for module in (by_hand_matching, evidence)
        for name in READ
    ]
    memory = {name: cache(read) for _module, name, read in kept}
    for module, name, _read in kept:
        setattr(module, name, memory[name])
    try:
        ours(tables)
        by_hand(tables)
        # Or Python would look through what is kept, again and again.
        gc.freeze()
        yield
    finally:
        gc.unfreeze()
        for module, name, read in kept:
            setattr(module, name, read)


def costs(tables: Tables, rounds: int, *, wanted: str = "") -> None:
    """Print what both take, in turns."""
    took: dict[str, list[tuple[float, float]]] = {"ours": [], "by hand": []}
    for _ in range(rounds):
        took["ours"].append(timed(lambda: ours(tables)))
        took["by hand"].append(timed(lambda: by_hand(tables)))
        print("  ", {name: each[-1] for name, each in took.items()}, file=sys.stderr)
    print(f"\n  {'':<12} {'CPU s':>9} {'wall s':>9}")
    medians = {
        name: [statistics.median(one) for one in zip(*each, strict=True)]
        for name, each in took.items()
    }
    for name, (cpu, wall) in medians.items():
        print(f"  {name:<12} {cpu:9.2f} {wall:9.2f}")
    ratios = [
        statistics.median(a[at] / b[at] for a, b in zip(took["ours"], took["by hand"], strict=True))
        for at in (0, 1)
    ]
    print(f"  {'ratio':<12} {ratios[0]:9.2f} {ratios[1]:9.2f}   {wanted}")


# --- against the truth ------------------------------------------------------------------------


def against_the_truth(tables: Tables) -> pl.DataFrame:
    """Return each lead with what was found, its truth and its case."""
    found: pl.DataFrame = ours(untold(tables)).matches
    return found.join(
        tables["leads"].select(lead_id="id", truth="truth", case="case"), on="lead_id"
    ).with_columns(
        right=(pl.col("company_id") == pl.col("truth")).fill_null(False),
        linked=pl.col("status") == "matched",
    )


def report_truth(told: pl.DataFrame) -> None:
    """Print how many of the links are right, and how many leads have one who could."""
    print(f"\n  {'evidence':<18} {'links':>9} {'right':>9} {'false':>9} {'precision':>10}")
    links = told.filter("linked")
    for one in ("link", "corporate_number", "domain", "name_region"):
        line(one, links.filter(pl.col("evidence") == one))
    new = links.filter(pl.col("evidence") != "link")
    line("all but link", new)
    open_ = told.filter((pl.col("evidence") != "link").fill_null(True))
    open_ = open_.filter(pl.col("status") != "unknown_company")
    ours_ = open_.filter(pl.col("truth").is_not_null())
    right = ours_.filter(pl.col("right") & pl.col("linked"))
    print(f"\n  of {len(ours_):,} leads of the CRM's companies without a link,")
    print(f"  {len(right):,} found theirs: recall {len(right) / len(ours_):.3f}")
    for status, rows in sorted(ours_.filter(~pl.col("linked")).group_by("status")):
        print(f"    {status[0]:<18} {len(rows):9,}")
    false = new.filter(~pl.col("right"))
    share = len(false) / len(new)
    of_all = len(false) / len(told)
    print(
        f"\n  false: {share:.4%} of the new links, {of_all:.4%} of all leads; wanted ≤{FALSE:.1%}"
    )
    causes = false.group_by("evidence", "case").len().sort("len", descending=True)
    for by, case, count in causes.rows():
        print(f"    {by:<18} {case or 'of another company':<18} {count:9,}")
    print("\n  what became of whom")
    counts = told.group_by("case", "status").len().sort("case", "len", descending=[False, True])
    for case, status, count in counts.rows():
        print(f"    {case or '(plain)':<18} {status:<18} {count:9,}")


def line(name: str, links: pl.DataFrame) -> None:
    """Print how many of some links are right."""
    right = links["right"].sum()
    share = right / len(links) if len(links) else 1.0
    print(f"  {name:<18} {len(links):9,} {right:9,} {len(links) - right:9,} {share:10.5f}")


def main() -> None:
    """Compare, then print what it costs and how often it is right."""
    parser = argparse.ArgumentParser(description="Time matching, and check it against the truth.")
    parser.add_argument("--companies", type=int, default=COMPANIES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=20_000, help="leads that objects match, too")
    given = parser.parse_args()
    drawn = draw(given.companies)
    tables = untold(drawn)
    told = ", ".join(f"{len(table):,} {name}" for name, table in tables.items())
    print(f"{told}; median of {given.rounds}", flush=True)
    ours(untold(draw(FEW)))
    for what, wrong in (
        ("by hand", differences(tables)),
        ("objects", other_than_objects(tables, given.sample)),
    ):
        for one in wrong[:10]:
            print(f"{what}: {one}")
        if wrong:
            sys.exit(f"{what}: {len(wrong)} differ")
        print(f"equal: {what}", flush=True)
    report_truth(against_the_truth(drawn))
    costs(tables, given.rounds, wanted=f"wanted ≤{WANTED}")
    print("\n  with all texts read beforehand")
    with all_read(tables):
        costs(tables, given.rounds)


if __name__ == "__main__":
    main()
