"""Whole tables by a mapping: the same as files with the same cells, whatever the kind of table."""

# ruff: noqa: DTZ001 - times without zone are what a mapping gives one

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any, Final

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel import frames, sources
from mpfunnel.errors import DecodeError, InvalidDataError, MissingExtraError
from mpfunnel.examples import playbook
from mpfunnel.frames.contract import TABLES
from mpfunnel.sources.kinds import KINDS as SLOTS
from mpfunnel.sources.kinds import Slot
from tests.frames import KINDS
from tests.reading import mapping_of, read_table, write

MADE: Final[Mapping[str, Callable[[Mapping[str, pa.Table]], dict[str, Any]]]] = {
    **KINDS,
    "pandas, objects": lambda tables: {
        name: table.to_pandas().astype(object) for name, table in tables.items()
    },
    "pandas, categories": lambda tables: {
        name: table.to_pandas().astype("category") for name, table in tables.items()
    },
    "Polars, categories": lambda tables: {
        name: pl.DataFrame(table).cast({pl.String: pl.Categorical})
        for name, table in tables.items()
    },
}
ORDERED = [kind for kind in MADE if kind not in ("DuckDB", "Ibis on DuckDB")]
DAY = date(2024, 1, 31)


def as_polars(native: Any) -> pl.DataFrame:
    """A table of any kind."""
    if isinstance(native, pl.LazyFrame):
        return native.collect()
    if isinstance(native, pd.DataFrame):
        return pl.DataFrame(pa.Table.from_pandas(native, preserve_index=False))
    if isinstance(native, duckdb.DuckDBPyRelation):
        native = native.to_arrow_table()
    if isinstance(native, ibis.Table):
        native = native.to_pyarrow()
    return pl.DataFrame(native)


def rows_of(native: Any) -> list[dict[str, Any]]:
    """The rows of a table of any kind."""
    return as_polars(native).rows(named=True)


def told(rejects: Any) -> list[tuple[Any, ...]]:
    """The rejects of tables, without their file."""
    names = ("table", "row", "column", "code", "reason", "value")
    return [tuple(row[name] for name in names) for row in rows_of(rejects)]


# -- what records are as tables --


def wanted_tables(mapping: Mapping[str, Any], records: sources.Records) -> dict[str, list[Any]]:
    """The rows of each table that the records give, by the contract of tables."""
    found: dict[str, list[Any]] = {"companies": []}
    for kind in ("companies", "leads", "activities", "deals", "contracts", "sales_events"):
        if kind not in mapping:
            continue
        parts = mapping[kind] if isinstance(mapping[kind], list) else [mapping[kind]]
        fields = {name for part in parts for name in part["fields"]}
        attributes = {n: a["type"] for part in parts for n, a in part.get("attributes", {}).items()}
        plain = [name for name, sort in attributes.items() if sort != "set"]
        used = getattr(records, kind)
        columns = [c.name for c in TABLES[kind] if (kind, c.name) != ("activities", "product_id")]
        found[kind] = [
            {name: _value(one, name) for name in columns}
            | {name: one.attributes.get(name) for name in plain}
            for one in used
        ]
        sets = [n for n in ("relationships", "lists", "domains", "interests") if n in fields]
        own = [name for name, sort in attributes.items() if sort == "set"]
        if kind in ("companies", "leads") and (sets or own):
            owner = "company_id" if kind == "companies" else "lead_id"
            rows = [
                {owner: one.id, "fact": name, "value": item}
                for one in used
                for name, items in [
                    *((name, getattr(one, name)) for name in sets),
                    *((name, one.attributes.get(name, ())) for name in own),
                ]
                for item in items
            ]
            found["company_sets" if kind == "companies" else "lead_sets"] = rows
        if kind == "activities" and "product_ids" in fields:
            found["activity_products"] = [
                {"lead_id": one.lead_id, "activity_id": one.id, "product_id": item}
                for one in used
                for item in one.product_ids
            ]
    return found


def _value(record: Any, name: str) -> Any:
    if name == "product_id" and isinstance(record, mf.Deal):
        return record.lines[0].product_id if record.lines else None
    return getattr(record, name)


LONG = ("company_sets", "lead_sets", "activity_products")
"""Tables of sets, which have no order."""


def assert_same(
    mapping: Mapping[str, Any],
    records: sources.Records,
    tables: sources.MappedTables,
    *,
    ordered: bool = True,
) -> None:
    """Tables hold the same used records, column by column, the same rejects and the same counts."""
    wanted = wanted_tables(mapping, records)
    assert set(tables) == set(wanted)
    for name, rows in wanted.items():
        found = rows_of(tables[name])
        if not ordered or name in LONG:
            found, rows = sorted(found, key=_key), sorted(rows, key=_key)
        assert found == rows, name
    said = [
        (r.table, r.line - 1 if ordered else None, r.column, r.code, r.reason, r.value)
        for r in records.rejects
    ]
    assert (
        told(tables.rejects) == said if ordered else Counter(told(tables.rejects)) == Counter(said)
    )
    assert [evolve(one, file="") for one in tables.counts] == [
        evolve(one, file="") for one in records.counts
    ]


def _key(row: Mapping[str, Any]) -> list[str]:
    def written(value: Any) -> str:
        # What is equal is written alike.
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat()
        return str(float(value)) if isinstance(value, int | Decimal) else str(value)

    return [written(value) for value in row.values()]


# -- random mappings and cells --

COLUMNS: Final[Mapping[str, list[str]]] = {
    "id": ["1", "2", "3", "4", "a"],
    "other id": [*["1", "2", "3"] * 3, "a|b", "x@y.jp"],
    "word": ["A", "a", "Ａ", "n/a", "1234567890123", " b "],
    "status": ["open", "won", "lost"],
    "event": ["accepted", "rejected"],
    "phase": ["growth", "decline"],
    "relations": ["customer;partner", "partner;customer", "customer", ";"],
    "day": [*["2024-01-31", "2024-01-01"] * 4, "2024-02-01 10:00", "2024-01-01T00:00:00+09:00"]
    + ["2024-03-10 02:30", "2024-11-03 01:30", "2024/02/01"],
    "later day": ["", "2024-03-01", "2024-01-01"],
    "number": [
        *["0", "1", "2", "7", "300"] * 3,
        "1,200",
        "-3",
        "1.50",
        "2.505",
        "９",
        "1e3",
        "9" * 50,
    ],
    "number of a company": ["1234567890123", "9876543210987", "12"],
    "items": ["x;y", "y;x", "1;2", "a", ";", "1;x"],
}
_BY_TYPE: Final[Mapping[str, list[str]]] = {
    "text": ["word", "other id"],
    "int": ["number"],
    "decimal": ["number"],
    "money": ["number"],
    "float": ["number"],
    "bool": ["status"],
    "date": ["day"],
    "instant": ["day"],
}
_BY_NAME: Final[Mapping[str, str]] = {
    "status": "status",
    "lifecycle": "phase",
    "relationships": "relations",
    "closed_at": "later day",
    "end": "later day",
    "product_ids": "other id",
    "corporate_number": "number of a company",
}
_WORDS: Final = sorted({cell for cells in COLUMNS.values() for cell in cells} | {"", " "})
TYPES: Final = ("text", "int", "decimal", "float", "bool", "date", "set")


@st.composite
def _field(
    draw: st.DrawFn, slot: Slot, integers: frozenset[str], name: str = "", attribute: str = ""
) -> Any:
    """What a mapping says about a field."""
    likely = ["items"] if slot.many else ["id", "other id"] if slot.ids_of else _BY_TYPE[slot.type]
    if slot.options:
        likely = ["status" if name == "status" else "event"]
    likely = [_BY_NAME[name]] if name in _BY_NAME else likely
    likely = [name] if name == "id" else likely
    column = draw(st.sampled_from([*likely * 40, *COLUMNS]))
    said: dict[str, Any] = {"column": column}
    if slot.ids_of in integers:
        said["type"] = "int"
    elif not attribute and not slot.options and not slot.many and slot.type == "text":
        if draw(st.integers(0, 5)) == 0:
            said = {"columns": draw(st.lists(st.sampled_from([*COLUMNS]), min_size=2, max_size=3))}
        elif slot.ids_of and draw(st.integers(0, 5)) == 0:
            said = {"row_number": True}
    if attribute:
        said["type"] = attribute
    if slot.many and (slot.options or draw(st.booleans())):
        said["split"] = ";"
    if slot.type == "bool":
        said |= {"true": ["won"], "false": ["lost", "open"]}
    if slot.type in ("int", "decimal", "money", "float") and not slot.ids_of:
        said |= draw(st.sampled_from([{}, {"scale": 100}, {"unit": "percent"}]))
        said |= draw(
            st.sampled_from([{}, {"thousands": ","}, {"thousands": ".", "decimal_mark": ","}])
        )
    if slot.type in ("date", "instant") and draw(st.booleans()):
        said["date_formats"] = ["%Y/%m/%d", "iso"]
    if draw(st.booleans()):
        said["normalise"] = draw(
            st.lists(st.sampled_from(["nfkc", "strip", "lower"]), min_size=1, max_size=2)
        )
    if draw(st.integers(0, 7)) == 0:
        said["blank"] = draw(st.lists(st.sampled_from(_WORDS), min_size=1, max_size=2, unique=True))
    if "columns" not in said and draw(st.integers(0, 7)) == 0:
        words = st.sampled_from(_WORDS)
        said["values"] = draw(st.dictionaries(words, words, min_size=1, max_size=3))
        said["strict"] = draw(st.integers(0, 5)) == 0
    return said


@st.composite
def _part(draw: st.DrawFn, kind: str, integers: frozenset[str], types: list[str]) -> Any:
    """What a mapping says about one table of a record kind."""
    slots = SLOTS[kind].slots
    fields = {
        name: draw(_field(slot, integers, name))
        for name, slot in slots.items()
        if slot.must_map or draw(st.integers(0, 2)) == 0
    }
    if "product_id" not in fields and kind == "deals":
        fields.pop("quantity", None)
        fields.pop("line_amount", None)
    said: dict[str, Any] = {"file": "table", "fields": fields}
    if kind in ("companies", "leads") and types:
        said["attributes"] = {
            f"own {n}": draw(_field(_slot_of(sort), frozenset(), attribute=sort))
            for n, sort in enumerate(types)
        }
    return said


def _slot_of(sort: Any) -> Slot:
    return Slot(many=True) if sort == "set" else Slot(sort)


@st.composite
def mappings(draw: st.DrawFn, *, numbered: bool = True) -> dict[str, Any]:
    """Any mapping of one file into some record kinds, each once or twice."""
    families = ["products", "companies", "leads", "activities", "deals", "campaigns"]
    integers = frozenset(draw(st.lists(st.sampled_from(families), max_size=2)))
    types = draw(st.lists(st.sampled_from(TYPES), max_size=3))
    kinds = draw(st.lists(st.sampled_from([*SLOTS]), min_size=1, unique=True))
    said: dict[str, Any] = {
        "files": {"table": "table.csv"},
        "defaults": {"zone": draw(st.sampled_from(["Asia/Tokyo", "America/New_York"]))},
    }
    for kind in kinds:
        parts = draw(st.lists(_part(kind, integers, types), min_size=1, max_size=2))
        said[kind] = parts[0] if len(parts) == 1 else parts
    return said if numbered else _unnumbered(said)


def _unnumbered(said: dict[str, Any]) -> dict[str, Any]:
    for parts in (said[kind] for kind in SLOTS if kind in said):
        for part in parts if isinstance(parts, list) else [parts]:
            for name, field in part["fields"].items():
                if "row_number" in field:
                    part["fields"][name] = {"column": "id"}
    return said


@st.composite
def _rows(draw: st.DrawFn) -> list[list[str]]:
    """Rows of which many are equal, or nearly."""
    cells = [[*cells * 30, *_WORDS] for cells in COLUMNS.values()]
    some = draw(st.lists(st.tuples(*map(st.sampled_from, cells)), min_size=1, max_size=5))
    rows = [list(row) for row in draw(st.lists(st.sampled_from(some), max_size=10))]
    for row in rows:
        if draw(st.booleans()):
            place = draw(st.integers(0, len(COLUMNS) - 1))
            row[place] = draw(st.sampled_from(cells[place]))
    return rows


ROWS: Final = _rows()


def as_file(folder: Path, rows: Iterable[Iterable[str]]) -> None:
    """The rows as a file."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([list(COLUMNS), *rows])
    write(folder, "table.csv", out.getvalue())


def as_arrow(rows: Iterable[Iterable[str]]) -> pa.Table:
    """The rows as a table of texts; an empty cell is null."""
    cells = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(COLUMNS)
    return pa.table(
        {
            name: pa.array([cell or None for cell in column], pa.string())
            for name, column in zip(COLUMNS, cells, strict=True)
        }
    )


PRODUCTS: Final = st.none() | st.lists(st.sampled_from(["1", "2", "a", "A", 1, 2]))


class TestSameAsRows:
    @settings(
        max_examples=300,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(mappings(), ROWS, PRODUCTS)
    def test_a_mapping_reads_tables_as_it_reads_files(
        self, tmp_path: Path, mapping: dict[str, Any], rows: Any, products: Any
    ) -> None:
        """Law 7, S14: the same records are used, the same rows rejected, for the same reasons."""
        as_file(tmp_path, rows)
        records = sources.read(mapping, tmp_path, products=products)
        found = sources.tables(mapping, table=pl.DataFrame(as_arrow(rows)), products=products)
        assert_same(mapping, records, found)
        for count in found.counts:
            assert count.rows == len(rows) == count.used + count.collapsed + count.rejected

    @pytest.mark.parametrize("kind", MADE)
    @settings(
        max_examples=25,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(mappings(numbered=False), ROWS)
    def test_every_kind_of_table_says_the_same(
        self, tmp_path: Path, kind: str, mapping: dict[str, Any], rows: Any
    ) -> None:
        """Law 7, S14: tables of each kind come back as that kind, and say what files say."""
        as_file(tmp_path, rows)
        table = MADE[kind]({"table": as_arrow(rows)})["table"]
        found = sources.tables(mapping, table=table)
        records = sources.read(mapping, tmp_path)
        assert_same(mapping, records, found, ordered=kind in ORDERED)
        for one in (*found.values(), found.rejects):
            assert isinstance(one, ibis.Table if kind == "Ibis on DuckDB" else type(table))
