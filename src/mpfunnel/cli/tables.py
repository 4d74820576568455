"""The answers as files: five tables, each as CSV for people and as Parquet for programs.

CSV is what people open in a spreadsheet. It begins with a byte order mark, without which Excel in
Japan does not recognise UTF-8; and a text that a spreadsheet would take for a formula gets an
apostrophe before it. Parquet holds the same values as they are, with types.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TextIO, get_args

from mpfunnel.answers import Row
from mpfunnel.cli.terminal import printable
from mpfunnel.errors import MissingExtraError
from mpfunnel.files import FORMULA, replacing
from mpfunnel.personal import shown
from mpfunnel.playbook import Playbook
from mpfunnel.records import Channel
from mpfunnel.situation import Rejected
from mpfunnel.sources import Reject, SourceMapping

try:
    import pyarrow as pa  # pyright: ignore[reportMissingTypeStubs]
    import pyarrow.parquet as pq  # pyright: ignore[reportMissingTypeStubs]
except ImportError as error:
    raise MissingExtraError("writing Parquet needs pyarrow: pip install 'mpfunnel[cli]'") from error

__all__ = ["FILES", "Tables"]

Type = Literal["text", "int", "bool", "date"]

# It ships no types.
_arrow: Any = pa
_parquet: Any = pq
_ARROW: Final[Mapping[Type, Any]] = {
    "text": _arrow.string(),
    "int": _arrow.int64(),
    "bool": _arrow.bool_(),
    "date": _arrow.date32(),
}
_NAMES: Final[Mapping[str, str]] = {
    "companies": "segments",
    "tiers": "tiers",
    "leads": "leads",
    "engagement": "engagement",
    "rejects": "rejects",
}
"""The tables of `Assessment.rows`, and what their files are called."""

FILES: Final = tuple(f"{name}{end}" for name in _NAMES.values() for end in (".csv", ".parquet"))
"""The names of all files that are written."""

_STAMP: Final[dict[str, Type]] = {"as_of": "date", "playbook_version": "text"}


def _answer(name: str) -> dict[str, Type]:
    texts: dict[str, Type] = dict.fromkeys(("possible", "missing", "rule", "because"), "text")
    return {name: "text", "settled": "bool", **texts}


def _schemas(company: Type, lead: Type, product: Type) -> dict[str, dict[str, Type]]:
    """Return the columns of each table, and what they hold, given the types of the ids."""
    return {
        "companies": {"company_id": company, **_answer("segment"), **_STAMP},
        "tiers": {
            "company_id": company,
            "product_id": product,
            **_answer("tier"),
            "owned": "bool",
            **_STAMP,
        },
        "leads": {
            "lead_id": lead,
            "company_id": company,
            **_answer("stage"),
            "for_products": "text",
            "existing_customer": "bool",
            **{f"contact_{channel}": "bool" for channel in get_args(Channel)},
            **_STAMP,
        },
        "engagement": {
            "lead_id": lead,
            "company_id": company,
            "product_id": product,
            **_answer("state"),
            "interest": "text",
            "score_micro": "int",
            "active_days": "int",
            **_STAMP,
        },
        "rejects": {
            "step": "text",
            "table": "text",
            "file": "text",
            "line": "int",
            "column": "text",
            # Of records of any kind, so that integers stand here as texts.
            "id": "text",
            "code": "text",
            "reason": "text",
            "value": "text",
        },
    }


class Tables:
    """The rows of all five tables, gathered and then written.

    Args:
        mapping: Says whether ids are texts or integers, also where there is no row.
        playbook: Says the same of its products.
    """

    def __init__(self, mapping: SourceMapping, playbook: Playbook) -> None:
        product: Type = "int" if isinstance(playbook.products[0].id, int) else "text"
        self._schemas = _schemas(
            _id_type(mapping, "companies"), _id_type(mapping, "leads"), product
        )
        self._columns: dict[str, dict[str, list[Any]]] = {
            table: {name: [] for name in schema} for table, schema in self._schemas.items()
        }

    def add(self, rows: Mapping[str, list[Row]]) -> None:
        """Take the rows of one account, but for its rejects, as `Assessment.rows` gives them."""
        for table, columns in self._columns.items():
            if table != "rejects":
                self._append(columns, rows[table])

    def add_rejects(self, read: Iterable[Reject], assessed: Iterable[Rejected]) -> None:
        """Take what could not be read, and what was read and could not be used."""
        columns = self._columns["rejects"]
        blank = dict.fromkeys(columns)
        self._append(
            columns,
            (
                {
                    **blank,
                    "step": "reading",
                    "table": one.table,
                    # A name that is no text in any encoding still has a place here.
                    "file": printable(one.file),
                    "line": one.line,
                    "column": one.column,
                    "code": one.code,
                    "reason": one.reason,
                    "value": one.value,
                }
                for one in read
            ),
        )
        self._append(
            columns,
            (
                {
                    **blank,
                    "step": "assessment",
                    "table": one.table,
                    "id": shown(str(one.id), personal=False),
                    "code": one.code,
                    "reason": one.reason,
                }
                for one in assessed
            ),
        )

    def _append(self, columns: Mapping[str, list[Any]], rows: Iterable[Row]) -> None:
        for row in rows:
            for name, column in columns.items():
                column.append(row[name])

    def write(self, folder: Path) -> None:
        """Write the files; each of them is either the old one or the new one, never half of it.

        Args:
            folder: An existing folder; files of these names are replaced.

        Raises:
            OSError: A file cannot be written.
        """
        with replacing(folder) as begin:
            for table, name in _NAMES.items():
                columns = self._columns[table]
                with begin(f"{name}.csv").open("w", encoding="utf-8-sig", newline="") as file:
                    _write_csv(file, columns)
                _parquet.write_table(self._as_arrow(table), begin(f"{name}.parquet"))

    def _as_arrow(self, table: str) -> Any:
        schema = _arrow.schema(
            [(name, _ARROW[type_]) for name, type_ in self._schemas[table].items()]
        )
        return _arrow.table(self._columns[table], schema=schema)


def _id_type(mapping: SourceMapping, kind: str) -> Type:
    """Return what the ids of a record kind are; a mapping never mixes them (S18)."""
    fields = (field for table in mapping.tables for field in table.fields)
    types = {field.slot.type for field in fields if field.slot.ids_of == kind}
    return "int" if "int" in types else "text"


def _write_csv(file: TextIO, columns: Mapping[str, list[Any]]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(map(_cell, column) for column in columns.values()), strict=True))


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else value
