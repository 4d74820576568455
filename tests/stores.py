"""Tables in stores of every kind, as a CRM would hold them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr
from zipfile import ZipFile

import duckdb
import polars as pl

from mpfunnel.engine import Engine
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate
from mpfunnel.frames import Tables
from mpfunnel.stages import StageHistory
from tests.frames import RECORDS, tables_of

__all__ = ["ANSWERS", "ENGINE", "FILLED", "differing", "invented", "workbook"]

ENGINE = Engine(PLAYBOOK)
ANSWERS = ("companies", "tiers", "leads", "engagement", "company_products", "plays", "rejects")


def invented(companies: int) -> dict[str, pl.DataFrame]:
    """The market of the invented firm as tables."""
    sample = generate(companies, as_of=STORY_DAY)
    records = {name: getattr(sample, name) for name in RECORDS}
    records["histories"] = [
        PLAYBOOK.funnel.move(
            StageHistory(lead.id),
            "sal",
            at=datetime(2026, 10, 1, 9, tzinfo=UTC),
            cause="person",
            by="Sato",
            for_products=[PLAYBOOK.products[0].id],
            until=date(2026, 12, 31),
        )
        for lead in sample.leads[::4]
    ]
    found = tables_of(records, ENGINE)
    return {name: pl.DataFrame(table) for name, table in found.items()}


def differing(told: Tables, wanted: Tables) -> list[str]:
    """The answers that are not the same, whatever the type of ids, and the order that follows."""
    return [name for name in ANSWERS if rows(getattr(told, name)) != rows(getattr(wanted, name))]


def rows(table: Any) -> list[tuple[Any, ...]] | None:
    """The rows of an answer with ids as text, in an order of their own."""
    if table is None:
        return None
    ids = [name for name in table.columns if name in ("company_id", "lead_id")]
    frame = pl.DataFrame(table).with_columns(pl.col(ids).cast(pl.String))
    return frame.sort(frame.columns).rows()


# -- stores --


def as_texts(table: pl.DataFrame) -> pl.DataFrame:
    """Times and days as ISO 8601, as whoever has no types for them writes them."""
    return table.with_columns(
        pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.f%:z"), pl.col(pl.Date).cast(pl.String)
    )


def in_parquet(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Path:
    """A folder of Parquet files."""
    for name, table in tables.items():
        table.write_parquet(folder / f"{name}.parquet")
    return folder


def in_csv(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Path:
    """A folder of CSV files."""
    for name, table in tables.items():
        as_texts(table).write_csv(folder / f"{name}.csv")
    return folder


def in_duckdb(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Path:
    """A DuckDB file."""
    path = folder / "crm.db"
    with duckdb.connect(path) as connection:
        for name, table in tables.items():
            connection.register("given", table)
            connection.execute(f"CREATE TABLE {name} AS FROM given")
    return path


def in_sqlite(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Path:
    """A SQLite file, with decimals as SQLite has them: as floats."""
    path = folder / "crm.db"
    connection = sqlite3.connect(path)
    for name, table in tables.items():
        plain = as_texts(table).with_columns(pl.col(pl.Decimal).cast(pl.Float64))
        columns = ", ".join(f'"{column}"' for column in plain.columns)
        places = ", ".join("?" * plain.width)
        connection.execute(f"CREATE TABLE {name} ({columns})")
        connection.executemany(f"INSERT INTO {name} VALUES ({places})", plain.rows())
    connection.commit()
    connection.close()
    return path


def in_workbook(folder: Path, tables: Mapping[str, pl.DataFrame]) -> Path:
    """An Excel workbook, with times as text, because its own have no zone."""
    path = folder / "crm.xlsx"
    sheets = []
    for name, table in tables.items():
        plain = table.with_columns(
            pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.f%:z"),
            pl.col(pl.Decimal).cast(pl.Float64),
        )
        sheets.append((name, [plain.columns, *plain.rows()]))
    workbook(path, sheets)
    return path


FILLED: Mapping[str, Callable[[Path, Mapping[str, pl.DataFrame]], Path]] = {
    "Parquet": in_parquet,
    "CSV": in_csv,
    "DuckDB": in_duckdb,
    "SQLite": in_sqlite,
    "Excel": in_workbook,
}
"""By kind: puts tables into a folder, and gives the path of the store."""


# -- a workbook, as Excel and others write it --

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/>'
    '<xf numFmtId="22"/></cellXfs></styleSheet>'
)


def workbook(path: Path, sheets: Sequence[tuple[str, Iterable[Sequence[Any]]]]) -> None:
    """Write a workbook: the names of its sheets, and the cells of their rows."""
    listed = range(1, len(sheets) + 1)
    names = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{place}" r:id="rId{place}"/>'
        for place, (name, _) in zip(listed, sheets, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{place}" Type="{_RELATIONS}/worksheet"'
        f' Target="worksheets/sheet{place}.xml"/>'
        for place in listed
    )
    with ZipFile(path, "w") as file:
        file.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
            ' ContentType="application/xml"/></Types>',
        )
        file.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
            f' Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        file.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}"><sheets>{names}</sheets></workbook>',
        )
        file.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}/relationships">{links}<Relationship Id="rId0"'
            f' Type="{_RELATIONS}/styles" Target="styles.xml"/></Relationships>',
        )
        file.writestr("xl/styles.xml", _STYLES)
        for place, (_, given) in zip(listed, sheets, strict=True):
            body = ""
            for row, cells in enumerate(given, 1):
                written = "".join(_cell(row, at, one) for at, one in enumerate(cells))
                body += f'<row r="{row}">{written}</row>'
            text = f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
            file.writestr(f"xl/worksheets/sheet{place}.xml", text)


def _cell(row: int, at: int, value: Any) -> str:
    """A cell; no sheet of the tests has more than 26 columns."""
    place = f"{chr(ord('A') + at)}{row}"
    match value:
        case None:
            return ""
        case bool():
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        case int() | float():
            return f'<c r="{place}"><v>{value!r}</v></c>'
        case datetime():
            days = (value - datetime(1899, 12, 30)).total_seconds() / 86_400  # noqa: DTZ001
            return f'<c r="{place}" s="2"><v>{days!r}</v></c>'
        case date():
            return f'<c r="{place}" s="1"><v>{(value - date(1899, 12, 30)).days}</v></c>'
        case _:
            text = str(value).replace("&", "&amp;").replace("<", "&lt;")
            return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'
