"""What the tests of `mpfunnel.sources` share: small files on disk and mappings of them."""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import asdict

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.errors import DecodeError
from mpfunnel.frames.contract import TABLES

MINIMAL: dict[str, dict[str, Any]] = {
    "products": {"id": "id"},
    "companies": {"id": "id"},
    "leads": {"id": "id"},
    "activities": {"id": "id", "lead_id": "lead", "kind": "kind", "at": "at"},
    "deals": {"id": "id", "company_id": "company", "opened_at": "opened"},
    "contracts": {"company_id": "company", "product_id": "product", "start": "start"},
    "sales_events": {"lead_id": "lead", "kind": "kind", "at": "at"},
    "overrides": {n: n for n in ("what", "value", "by", "reason", "since", "until")},
}
"""For each record kind, the least that a mapping must say about its fields."""


def mapping_of(
    kind: str,
    fields: dict[str, Any] | None = None,
    *,
    attributes: dict[str, Any] | None = None,
    defaults: dict[str, Any] | None = None,
    file: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """A mapping of one file into one record kind, with a zone."""
    data: dict[str, Any] = {
        "defaults": {"zone": "Asia/Tokyo", **(defaults or {})},
        "files": {"table": {"path": "table.csv", **(file or {})}},
        kind: {"file": "table", "fields": {**MINIMAL[kind], **(fields or {})}},
    }
    if attributes:
        data[kind]["attributes"] = attributes
    return data


def write(folder: Path, name: str, content: str | bytes) -> None:
    """Write a file as it is given; a text as UTF-8, without any change of its line ends."""
    raw = content.encode() if isinstance(content, str) else content
    (folder / name).write_bytes(gzip.compress(raw, mtime=0) if name.endswith(".gz") else raw)


def read_table(
    folder: Path,
    content: str | bytes,
    kind: str,
    fields: dict[str, Any] | None = None,
    **parts: Any,
) -> sources.Records:
    """Read one file into one record kind."""
    mapping = mapping_of(kind, fields, **parts)
    write(folder, mapping["files"]["table"]["path"], content)
    return read_files(mapping, folder)


def read_files(mapping: Any, where: Any, *, products: Any = None) -> sources.Records:
    """Read files into records; read into tables they give the same, or are refused alike."""
    if not isinstance(mapping, sources.SourceMapping):
        mapping = sources.load(mapping)
    try:
        records = sources.read(mapping, where, products=products)
    except DecodeError as error:
        with pytest.raises(DecodeError, match=f"^{re.escape(str(error))}$"):
            sources.read_tables(mapping, where, products=products)
        raise
    tables = sources.read_tables(mapping, where, products=products)
    assert_same_records(mapping.to_data(), records, tables)
    assert rows_of(tables.rejects) == [asdict(one) for one in records.rejects]
    assert tables.counts == records.counts
    assert tables.derived == records.derived
    return records


def problems_of(source: Any) -> list[str]:
    """The problems of a mapping, each as people read it."""
    try:
        sources.load(source)
    except DecodeError as error:
        return [str(problem) for problem in error.problems]
    return []


# -- what records are as tables --


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
    if hasattr(native, "toArrow"):
        native = native.toArrow()
    return pl.DataFrame(native)


def rows_of(native: Any) -> list[dict[str, Any]]:
    """The rows of a table of any kind."""
    return as_polars(native).rows(named=True)


def wanted_tables(mapping: Mapping[str, Any], records: sources.Records) -> dict[str, list[Any]]:
    """The rows of each table that the records give, by the contract of tables."""
    found: dict[str, list[Any]] = {"companies": []}
    kinds = ("companies", "leads", "activities", "deals", "contracts", "sales_events", "overrides")
    for kind in kinds:
        parts = _present(kind, mapping.get(kind, []), records.absent)
        if not parts:
            continue
        fields = {name for part in parts for name in part["fields"]}
        if kind == "companies" and "lists" in mapping:
            fields.add("lists")
        attributes = {n: a["type"] for part in parts for n, a in part.get("attributes", {}).items()}
        plain = [name for name, sort in attributes.items() if sort != "set"]
        used = getattr(records, kind)
        columns = [c.name for c in TABLES[kind] if (kind, c.name) != ("activities", "product_id")]
        if kind == "deals" and "deal_lines" in mapping:
            columns.remove("product_id")
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
    if _present("consents", mapping.get("consents", []), records.absent):
        found["consents"] = [
            {"lead_id": lead.id, **asdict(one)} for lead in records.leads for one in lead.consents
        ]
    if _present("company_facts", mapping.get("company_facts", []), records.absent):
        last = {(f.company_id, f.fact, f.since): f for f in sorted(records.company_facts, key=_at)}
        found["company_facts"] = [
            {"company_id": company, "fact": fact, "value": _text(one.value), "since": since}
            for (company, fact, since), one in last.items()
        ]
    if _present("deal_lines", mapping.get("deal_lines", []), records.absent):
        found["deal_lines"] = [
            {"deal_id": deal.id, "product_id": line.product_id}
            for deal in records.deals
            for line in deal.lines
        ]
    return found


def _present(kind: str, said: Any, absent: Sequence[str]) -> list[dict[str, Any]]:
    """What a mapping says of a kind, without what an export did not have."""
    entries = said if isinstance(said, list) else [said]
    paths = [f"{kind}[{n}]" for n in range(len(entries))] if isinstance(said, list) else [kind]
    return [
        {**one, "fields": {n for n in one["fields"] if f"{path}.fields.{n}" not in absent}}
        for path, one in zip(paths, entries, strict=True)
        if path not in absent and f"files.{one['file']}" not in absent
    ]


def _at(fact: sources.CompanyFact) -> datetime:
    return fact.at


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _value(record: Any, name: str) -> Any:
    if name == "product_id" and isinstance(record, mf.Deal):
        return record.lines[0].product_id if record.lines else None
    return getattr(record, name)


LONG = (
    *("company_sets", "lead_sets", "activity_products"),
    *("consents", "deal_lines", "company_facts"),
)
"""Tables of parts of records, which have no order."""


def assert_same_records(
    mapping: Mapping[str, Any],
    records: sources.Records,
    tables: sources.MappedTables,
    *,
    ordered: bool = True,
) -> None:
    """Tables hold the same used records, column by column."""
    wanted = wanted_tables(mapping, records)
    assert set(tables) == set(wanted)
    for name, rows in wanted.items():
        made = rows_of(tables[name])
        if ordered and name not in LONG:
            assert made == rows, name
        else:
            assert sorted(made, key=_key) == sorted(rows, key=_key), name


def _key(row: Mapping[str, Any]) -> list[str]:
    def written(value: Any) -> str:
        # What is equal is written alike.
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat()
        return str(float(value)) if isinstance(value, int | Decimal) else str(value)

    return [written(value) for value in row.values()]
