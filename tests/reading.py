"""What the tests of `mpfunnel.sources` share: small files on disk and mappings of them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from mpfunnel import sources
from mpfunnel.errors import DecodeError

MINIMAL: dict[str, dict[str, Any]] = {
    "products": {"id": "id"},
    "companies": {"id": "id"},
    "leads": {"id": "id"},
    "activities": {"id": "id", "lead_id": "lead", "kind": "kind", "at": "at"},
    "deals": {"id": "id", "company_id": "company", "opened_at": "opened"},
    "contracts": {"company_id": "company", "product_id": "product", "start": "start"},
    "sales_events": {"lead_id": "lead", "kind": "kind", "at": "at"},
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
    return sources.read(mapping, folder)


def problems_of(source: Any) -> list[str]:
    """The problems of a mapping, each as people read it."""
    try:
        sources.load(source)
    except DecodeError as error:
        return [str(problem) for problem in error.problems]
    return []
