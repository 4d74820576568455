"""A sample as the CSV files that a CRM would export."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from datetime import date, datetime
from operator import attrgetter
from pathlib import Path
from typing import Final, cast

from mpfunnel.examples.ledger import JST
from mpfunnel.examples.sample import Sample

__all__ = ["write_csv"]

_Rows = Iterable[tuple[object, ...]]
_Table = tuple[tuple[str, ...], Callable[[Sample], _Rows]]
"""The header, and the rows of a sample."""


def _table(records: str, *columns: str) -> _Table:
    return columns, lambda sample: map(attrgetter(*columns), getattr(sample, records))


def _flagged(records: str, flags: tuple[str, ...], *columns: str) -> _Table:
    """Return a table whose last columns are custom attributes."""
    fields = attrgetter(*columns)

    def rows(sample: Sample) -> _Rows:
        for record in getattr(sample, records):
            yield (*fields(record), *map(record.attributes.get, flags))

    return (*columns, *flags), rows


def _parts(records: str, key: str, parts: str, *columns: str) -> _Table:
    """Return a long table: one row for each part of a record, with the record's id as `key`."""
    fields = attrgetter(*columns)

    def rows(sample: Sample) -> _Rows:
        for record in getattr(sample, records):
            for part in getattr(record, parts):
                yield (record.id, *fields(part))

    return (key, *columns), rows


_PRODUCTS: Final = _table(
    "products", "id", "label.en", "label.ja", "family", "grade", "lifecycle", "sold_from"
)
_TABLES: Final[Mapping[str, _Table]] = {
    "companies": _flagged(
        "companies",
        ("individual", "student", "public_body"),
        *("id", "name", "domains", "corporate_number", "industry", "employees"),
        *("annual_revenue", "growth_rate", "region", "country", "parent_id"),
        *("relationships", "lists"),
    ),
    "leads": _flagged(
        "leads",
        ("individual", "student"),
        *("id", "company_id", "email", "name", "title", "department", "phone", "source"),
        *("created_at", "interests"),
    ),
    "consents": _parts("leads", "lead_id", "consents", "channel", "granted", "at", "basis"),
    "activities": _table("activities", "id", "lead_id", "kind", "at", "product_ids", "campaign_id"),
    "deals": _table(
        "deals",
        *("id", "company_id", "lead_id", "via_company_id", "opened_at", "closed_at", "status"),
        *("reason", "amount", "currency"),
    ),
    "deal_lines": _parts("deals", "deal_id", "lines", "product_id", "quantity", "amount"),
    "contracts": _table(
        "contracts", "company_id", "product_id", "quantity", "grade", "start", "end"
    ),
    "sales_events": _table(
        "sales_events", "lead_id", "product_id", "kind", "at", "by", "reason", "follow_up_on"
    ),
}


def write_csv(sample: Sample | Iterable[Sample], folder: str | Path) -> None:
    """Write a sample as a CRM would export it: one UTF-8 CSV file per kind of record.

    The files are `products.csv`, `companies.csv`, `leads.csv`, `consents.csv`, `activities.csv`,
    `deals.csv`, `deal_lines.csv`, `contracts.csv` and `sales_events.csv`; columns are called as
    the fields of the records, and custom attributes are columns of their own. Unknown is a blank
    cell, several values of one cell are sorted and joined by `;`, times are ISO 8601 as clocks in
    Japan show them, with the offset, days ISO 8601, truth is `true` or `false`.

    Args:
        sample: One sample, or a stream of them, of which only one is held at a time.
        folder: Where to; it is made if need be, and files of these names are replaced.
    """
    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:

        def begin(name: str, columns: tuple[str, ...]) -> Callable[[_Rows], None]:
            path = home / f"{name}.csv"
            file = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(column.replace("label.", "name_") for column in columns)
            return lambda rows: writer.writerows(map(_cell, row) for row in rows)

        header, products = _PRODUCTS
        begin("products", header)(products(Sample()))
        files = [(begin(name, header), rows) for name, (header, rows) in _TABLES.items()]
        for piece in [sample] if isinstance(sample, Sample) else sample:
            for write, rows in files:
                write(rows(piece))


def _cell(value: object) -> object:
    if isinstance(value, frozenset):
        return ";".join(sorted(cast("frozenset[str]", value)))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        # As the clocks of the firm show it: records keep instants in UTC.
        value = value.astimezone(JST)
    return value.isoformat() if isinstance(value, date) else value
