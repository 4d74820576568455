"""What the tests of the command line share: running it, and reading what it wrote."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mpfunnel import cli

INVENTED = Path(__file__).parent / "invented.toml"
"""A mapping of what `mpfunnel.examples.write_csv` writes."""
TABLES = ("segments", "tiers", "leads", "engagement", "company_products", "plays", "rejects")


class Ran:
    """What a run of the command line left."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    def row(self, first: str, *, after: str = "") -> list[str]:
        """The cells of the first printed row that begins with `first`, in the table of a title."""
        lines = iter(self.out.split("\n"))
        if after:
            next(line for line in lines if line.startswith(after))
        line = next(line for line in lines if line.strip().startswith(first))
        return re.split(r"\s{2,}", line.strip())


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Ran:
    """Run the command line as the shell does."""
    code = cli.main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return Ran(code, captured.out, captured.err)


def csv_rows(folder: Path, table: str) -> list[dict[str, str]]:
    """The rows of a written CSV file."""
    with (folder / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def parquet(folder: Path, table: str) -> Any:
    """A written Parquet file."""
    return pq.read_table(folder / f"{table}.parquet")


def as_cells(rows: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Values with their types as a CSV file shows them."""
    return [{name: _cell(value) for name, value in row.items()} for row in rows]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
