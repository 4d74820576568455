"""Whole tables by a mapping: the same as files with the same cells, whatever the kind of table."""

# ruff: noqa: DTZ001 - times without zone are what a mapping gives one

from __future__ import annotations

import csv
import io
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
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
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.examples import playbook
from mpfunnel.sources.kinds import KINDS as SLOTS
from mpfunnel.sources.kinds import Slot
from mpfunnel.sources.merges import MERGES
from tests.frames import KINDS, RECORDS, differences
from tests.reading import MINIMAL, assert_same_records, mapping_of, read_files, rows_of, write

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


def told(rejects: Any) -> list[tuple[Any, ...]]:
    """The rejects of tables, without their file."""
    names = ("table", "row", "column", "code", "reason", "value")
    return [tuple(row[name] for name in names) for row in rows_of(rejects)]


def assert_same(
    mapping: Mapping[str, Any],
    records: sources.Records,
    tables: sources.MappedTables,
    *,
    ordered: bool = True,
) -> None:
    """Tables hold the same used records, column by column, the same rejects and the same counts."""
    assert_same_records(mapping, records, tables, ordered=ordered)
    said = [
        (r.table, r.line - 1 if ordered else None, r.column, r.code, r.reason, r.value)
        for r in records.rejects
    ]
    found = told(tables.rejects)
    assert found == said if ordered else Counter(found) == Counter(said)
    assert [evolve(one, file="") for one in tables.counts] == [
        evolve(one, file="") for one in records.counts
    ]
    assert tables.derived == records.derived


# -- random mappings and cells --

COLUMNS: Final[Mapping[str, list[str]]] = {
    "id": ["1", "2", "3", "4", "a"],
    "other id": [*["1", "2", "3"] * 3, "a|b", "x@y.jp"],
    "word": ["A", "a", "Ａ", "n/a", "1234567890123", " b "],
    "status": ["open", "won", "lost"],
    "event": ["accepted", "rejected"],
    "channel": ["email", "phone"],
    "phase": ["growth", "decline"],
    "question": ["segment", "tier", "engagement"],
    "relations": ["customer;partner", "partner;customer", "customer", ";"],
    "day": [
        *["2024-01-31", "2024-01-01"] * 4,
        *["2024-02-01 10:00", "2024-01-01T00:00:00+09:00"],
        *["2024-03-10 02:30", "2024-11-03 01:30", "2024/02/01"],
    ],
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
    "until": "later day",
    "what": "question",
    "product_ids": "other id",
    "corporate_number": "number of a company",
}
_WORDS: Final = sorted({cell for cells in COLUMNS.values() for cell in cells} | {"", " "})
LINE: Final = ("quantity", "line_amount")
TYPES: Final = ("text", "int", "decimal", "float", "bool", "date", "set")


@st.composite
def _field(
    draw: st.DrawFn, slot: Slot, integers: frozenset[str], name: str = "", attribute: str = ""
) -> Any:
    """What a mapping says about a field."""
    likely = ["items"] if slot.many else ["id", "other id"] if slot.ids_of else _BY_TYPE[slot.type]
    if slot.options:
        likely = [name if name in ("status", "channel") else "event"]
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
    derivable = slot.type == "text" and not said.keys() & {"row_number", "values"}
    if derivable and draw(st.integers(0, 7)) == 0:
        said["patterns"] = draw(_patterns(slot, said.get("type") == "int"))
        said["strict"] = draw(st.integers(0, 5)) == 0
    return said


@st.composite
def _patterns(draw: st.DrawFn, slot: Slot, integers: bool) -> Any:
    """Patterns that some of the cells fit."""
    values = st.sampled_from([*slot.options] or (["1", "2"] if integers else ["1", "a", "x"]))
    likes = st.lists(st.sampled_from(["*", "*a*", "1*", "?", "*;*", "open"]), max_size=3)
    return [{"like": like, "is": draw(values)} for like in dict.fromkeys(["*x*", *draw(likes)])]


@st.composite
def _part(draw: st.DrawFn, kind: str, integers: frozenset[str], types: Sequence[str]) -> Any:
    """What a mapping says about one table of a record kind."""
    slots = SLOTS[kind].slots
    fields = {
        name: draw(_field(slot, integers, name))
        for name, slot in slots.items()
        if slot.must_map or draw(st.integers(0, 2)) == 0
    }
    if "product_id" not in fields and kind == "deals":
        for line in LINE:
            fields.pop(line, None)
    said: dict[str, Any] = {"file": "table", "fields": fields}
    if draw(st.integers(0, 3)) == 0:
        said["deleted"] = {"column": "status", "is": draw(st.sampled_from(["lost", ["won", "x"]]))}
    if draw(st.integers(0, 3)) == 0:
        pair = st.sampled_from(["id", "other id", "word", "status"])
        said["join"] = {"j": {"file": "table", "on": {draw(pair): draw(pair)}}}
        for one in fields.values():
            if "column" in one and draw(st.booleans()):
                one["column"] = f"j.{one['column']}"
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
    kinds = draw(st.lists(st.sampled_from([*MINIMAL]), min_size=1, unique=True))
    wholes = (("leads", "consents"), ("deals", "deal_lines"))
    kinds += [part for whole, part in wholes if whole in kinds and draw(st.booleans())]
    said: dict[str, Any] = {
        "files": {"table": "table.csv"},
        "defaults": {"zone": draw(st.sampled_from(["Asia/Tokyo", "America/New_York"]))},
    }
    for of in ("companies", "leads", "deals"):
        if draw(st.integers(0, 3)) == 0:
            sort = {"type": "int"} if of in integers else {}
            kept, gone = draw(st.sampled_from([("id", "other id"), ("other id", "items")]))
            split = {"split": draw(st.sampled_from([";", "|"]))}
            said.setdefault("merges", {})[of] = {
                "file": "table",
                "kept": {"column": kept, **sort},
                "gone": {"column": gone, **sort, **split},
            }
    for kind in kinds:
        parts = draw(st.lists(_part(kind, integers, types), min_size=1, max_size=2))
        if kind == "deals" and "deal_lines" in kinds:
            for part, line in ((p, n) for p in parts for n in ("product_id", *LINE)):
                part["fields"].pop(line, None)
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


def spoilt(rows: Iterable[Sequence[str]], dice: random.Random) -> str:
    """The rows as a file with its columns in any order; some rows cannot be told apart."""
    order = dice.sample(range(len(COLUMNS)), len(COLUMNS))
    table = [list(COLUMNS), *rows]
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for line, row in enumerate([cells[place] for place in order] for cells in table):
        match dice.randrange(8) if line else None:
            case 0:
                out.write("\r\n")
            case 1:
                row.pop()
            case 2:
                out.write('"text"after a quote')
            case 3:
                row[0] += "\nand a line"
            case _:
                pass
        writer.writerow(row)
    return out.getvalue()


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
        max_examples=50,
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
            assert count.rows == count.used + count.collapsed + count.rejected
            # Of merges and consents, rows that say nothing are left out.
            assert count.rows == len(rows) or count.table in ("consents", *MERGES)

    @settings(
        max_examples=50,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(mappings(), st.lists(ROWS, min_size=1, max_size=3), PRODUCTS, st.randoms())
    def test_files_are_read_into_tables_as_into_records(
        self, tmp_path: Path, mapping: dict[str, Any], rows: Any, products: Any, dice: random.Random
    ) -> None:
        """Law 7, S14: of several files, in which columns change places and rows are spoilt."""
        paths = [tmp_path / f"{number}.csv" for number in range(len(rows))]
        for path, some in zip(paths, rows, strict=True):
            path.write_text(spoilt(some, dice), encoding="utf-8", newline="")
        read_files(mapping, {"table": paths}, products=products)

    @pytest.mark.parametrize("kind", MADE)
    @settings(
        max_examples=8,
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


# -- cells that are no text --

ZONED: Final = {"zone": "America/New_York"}


def companies(
    fields: dict[str, Any] | None = None, attributes: dict[str, Any] | None = None, **columns: Any
) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    """What a mapping makes of a table of companies: what is known of them, and row and reason."""
    length = max(len(cells) for cells in columns.values())
    table: Any = {"id": pl.Series([f"c{n}" for n in range(length)]), **columns}
    objects = any(isinstance(cells, list) for cells in columns.values())
    table = (
        pd.DataFrame({n: pd.Series(list(cells), dtype=object) for n, cells in table.items()})
        if objects
        else pl.DataFrame(table)
    )
    mapping = mapping_of("companies", fields, attributes=attributes, defaults=ZONED)
    found = sources.tables(mapping, table=table)
    rows = [{n: v for n, v in row.items() if v is not None} for row in rows_of(found["companies"])]
    rejects = [(row["row"], row["reason"]) for row in rows_of(found.rejects)]
    return rows, rejects


class Word(Enum):
    """No text, whatever it is called."""

    A = "a"


class Status(StrEnum):
    """A text by another name."""

    A = "a"


class TestTypedCells:
    @pytest.mark.parametrize("objects", [False, True])
    def test_numbers_are_taken_as_they_are_and_still_scaled(self, objects: bool) -> None:
        """Integers, floats and decimals get the unit of their field, exactly."""
        cells = pl.Series([1.1, 2.0, None, float("nan")])
        rows, rejects = companies(
            {"annual_revenue": {"column": "n", "unit": "million"}},
            n=cells.to_list() if objects else cells,
        )
        assert [row.get("annual_revenue") for row in rows] == [1_100_000, 2_000_000, None, None]
        assert rejects == []

    def test_a_mark_for_decimals_is_no_matter_of_numbers(self) -> None:
        """How a file would separate digits says nothing about what is a number already."""
        said = {"thousands": ".", "decimal_mark": ","}
        decimals = pl.Series([Decimal("1234.5")], dtype=pl.Decimal(12, 3))
        rows, _ = companies(
            {"growth_rate": {"column": "f", **said}, "annual_revenue": {"column": "d", **said}},
            f=pl.Series([1234.5]),
            d=decimals,
        )
        assert rows[0]["growth_rate"] == 1234.5
        assert rows[0]["annual_revenue"] == Decimal("1234.5")

    def test_a_single_float_is_what_it_is_written_as(self) -> None:
        """12.3 of 32 bits is 12.3, and not 12.300000190734863."""
        rows, _ = companies({"annual_revenue": "n"}, n=pl.Series([12.3], dtype=pl.Float32))
        assert rows[0]["annual_revenue"] == Decimal("12.3")

    def test_whole_floats_are_integers(self) -> None:
        """Ids and integers beside nulls become floats in pandas; they count as whole."""
        table = pd.DataFrame({"id": [7.0, None], "employees": [10.0, 2.5]})
        for kind, own in (("text", "7"), ("int", 7)):
            fields = {"id": {"column": "id", "type": kind}, "employees": "employees"}
            found = sources.tables(mapping_of("companies", fields), table=table)
            assert [(r["id"], r["employees"]) for r in rows_of(found["companies"])] == [(own, 10)]
            assert told(found.rejects) == [
                (
                    "companies",
                    2,
                    "employees",
                    "type",
                    "employees '2.5': is not a whole number",
                    "2.5",
                )
            ]

    @pytest.mark.parametrize(
        ("name", "cell", "reason"),
        [
            ("employees", 2.0**53, "n '9007199254740992': must be below 2^53 as a float"),
            ("name", 2.0**53, "n '9007199254740992': must be below 2^53 as a float"),
            ("employees", 2**63, "n '9223372036854775808': must fit in 64 bits"),
            ("employees", -1, "n '-1': must be at least 0"),
            pytest.param("employees", 10**5000, "n: has more than 40 digits", id="beyond"),
            ("employees", float("inf"), "n: must be a finite number"),
            ("growth_rate", float("-inf"), "n: must be a finite number"),
            ("annual_revenue", 1.005, "n '1.005': must have at most 2 decimal places"),
            ("annual_revenue", Decimal("1e-500"), "n: has more than 40 digits"),
            ("annual_revenue", Decimal("Infinity"), "n: must be a finite number"),
            ("employees", True, "n 'true': must not be true or false"),
            ("name", True, "n 'true': must not be true or false"),
            ("name", [1], "n: must be text, a number, a day or true or false, not list"),
            (
                "name",
                np.array([1, 2]),
                "n: must be text, a number, a day or true or false, not ndarray",
            ),
            ("name", Word.A, "n: must be text, a number, a day or true or false, not Word"),
            ("name", b"a", "n: must be text, a number, a day or true or false, not bytes"),
            ("name", "\udcff", "n: holds half a character (a lone surrogate)"),
            ("name", "a\0b", r"n 'a\x00b': has a NUL character; state the file's encoding"),
            ("employees", date(2024, 1, 1), "n '2024-01-01': is not a number"),
            (
                "employees",
                np.timedelta64(3, "s"),
                "n: must be text, a number, a day or true or false, not timedelta64",
            ),
        ],
    )
    def test_what_does_not_fit_rejects_its_row(self, name: str, cell: Any, reason: str) -> None:
        """Law 7: whatever stands in a column of objects, the row is used or told of."""
        rows, rejects = companies({name: "n"}, n=[cell, None])
        assert (len(rows), rejects) == (1, [(1, reason)])

    @pytest.mark.parametrize(
        ("name", "cell", "value"),
        [
            ("growth_rate", 1e300, 1e300),
            ("growth_rate", -0.0, 0.0),
            ("name", -0.0, "0"),
            ("name", 1e-7, "0.0000001"),
            ("name", Decimal("3.00"), "3"),
            ("name", Decimal("NaN"), None),
            ("name", Decimal("sNaN"), None),
            ("name", pd.NA, None),
            ("name", pd.NaT, None),
            ("name", Status.A, "a"),
            ("name", np.str_("á"), "á"),
            ("name", date(2024, 1, 31), "2024-01-31"),
            ("employees", np.int64(3), 3),
            ("employees", np.float32(3), 3),
            ("employees", "3.0", 3),
        ],
    )
    def test_what_fits_is_taken(self, name: str, cell: Any, value: Any) -> None:
        """Cells of one column may be of several types, each read for itself."""
        rows, rejects = companies({name: "n"}, n=[cell, "", None])
        assert rejects == []
        assert [row.get(name) for row in rows] == [value, None, None]

    def test_equal_cells_of_other_types_are_told_apart(self) -> None:
        """True, 1 and 1.0 are equal in Python, and not the same in a table."""
        flag = {"flag": {"column": "n", "type": "bool", "true": ["1"], "false": ["0"]}}
        rows, rejects = companies({"name": "n"}, n=[1, True, 1.0, "1"])
        assert [row["name"] for row in rows] == ["1", "1", "1"]
        assert rejects == [(2, "n 'true': must not be true or false")]
        rows, rejects = companies(attributes=flag, n=[True, False, 1, 0.0, "1", None, 2])
        assert [row.get("flag") for row in rows] == [True, False, True, False, True, None]
        assert rejects == [(7, "n '2': must be one of 0, 1")]

    def test_words_hold_for_what_a_file_would_have(self) -> None:
        """Words for blank and the value map meet numbers and days as they are written."""
        rows, rejects = companies(
            {
                "employees": {"column": "n", "blank": ["0"]},
                "industry": {
                    "column": "code",
                    "values": {"1": "steel", "": "none"},
                    "strict": True,
                },
            },
            {"since": {"column": "day", "type": "date", "blank": ["1900-01-01"]}},
            n=pl.Series([0.0, 5.0, 6.0]),
            code=pl.Series([1, None, 2]),
            day=pl.Series([date(1900, 1, 1), DAY, DAY]),
        )
        assert rows == [
            {"id": "c0", "industry": "steel"},
            {"id": "c1", "industry": "none", "employees": 5, "since": DAY},
        ]
        assert rejects == [(3, "code '2': is not in the value map")]

    def test_a_time_without_zone_is_in_that_of_the_mapping(self) -> None:
        """S12: aware times keep their instant; others are local: ambiguous the earlier, or none."""
        zone = timezone(timedelta(hours=9))
        skipped = datetime(2024, 3, 10, 2, 30)
        table = pd.DataFrame(
            {
                "id": [1, 2, 3, 4, 5, 6, 7],
                "at": pd.Series(
                    [
                        datetime(2024, 11, 3, 1, 30, fold=1),
                        pd.Timestamp("2024-11-03 01:30"),
                        datetime(2024, 1, 1, 9, tzinfo=zone),
                        DAY,
                        "2024-01-31",
                        skipped,
                        datetime(1, 1, 1, tzinfo=zone),
                    ],
                    dtype=object,
                ),
            }
        )
        mapping = mapping_of("leads", {"created_at": "at"}, defaults=ZONED)
        found = sources.tables(mapping, table=table)
        assert [row["created_at"] for row in rows_of(found["leads"])] == [
            datetime(2024, 11, 3, 5, 30, tzinfo=UTC),
            datetime(2024, 11, 3, 5, 30, tzinfo=UTC),
            datetime(2024, 1, 1, tzinfo=UTC),
            datetime(2024, 1, 31, 5, tzinfo=UTC),
            datetime(2024, 1, 31, 5, tzinfo=UTC),
        ]
        assert [(row, code) for _, row, _, code, _, _ in told(found.rejects)] == [
            (6, "nonexistent"),
            (7, "range"),
        ]

    @pytest.mark.parametrize("dtype", [pl.Datetime("ns"), pl.Datetime("us", "Asia/Tokyo"), pl.Date])
    def test_columns_of_days_and_times_are_taken(self, dtype: Any) -> None:
        """The day of an instant is that in the zone of the mapping; a time loses its clock."""
        given = pl.Series([datetime(2024, 1, 31, 23, 0), None]).cast(pl.Datetime("us"))
        attributes = {"since": {"column": "day", "type": "date"}}
        mapping = mapping_of("companies", attributes=attributes, defaults=ZONED)
        found = sources.tables(
            mapping, table=pl.DataFrame({"id": ["a", "b"], "day": given.cast(dtype)})
        )
        assert [row["since"] for row in rows_of(found["companies"])] == [DAY, None]
        assert found["companies"].schema["since"] == pl.Date

    def test_objects_of_polars_are_read_one_by_one(self) -> None:
        """A column of Python's objects has no type, and each of its cells its own."""
        column = pl.Series([np.datetime64("2024-01-31T00:00:00", "ns"), object()], dtype=pl.Object)
        rows, rejects = companies(attributes={"since": {"column": "n", "type": "date"}}, n=column)
        assert rows == [{"id": "c0", "since": DAY}]
        assert rejects == [(2, "n: must be text, a number, a day or true or false, not object")]

    def test_categories_may_be_of_any_type(self) -> None:
        """Categorical columns are read as what their categories are."""
        table = pd.DataFrame({"id": pd.Categorical([1, 2]), "name": pd.Categorical(["a", None])})
        found = sources.tables(mapping_of("companies", {"name": "name"}), table=table)
        assert [(r["id"], r["name"]) for r in rows_of(found["companies"])] == [
            ("1", "a"),
            ("2", None),
        ]


# -- whole tables --

WRONG: Final = mapping_of(
    "companies",
    {"name": "name", "employees": "n"},
    attributes={
        "since": {"column": "day", "type": "date"},
        "flag": {"column": "flag", "type": "bool", "true": ["1"], "false": ["0"]},
    },
)


def refusal(mapping: Any, *given: Any, **tables: Any) -> list[str]:
    """Why tables cannot be read at all."""
    with pytest.raises(InvalidDataError) as caught:
        sources.tables(mapping, *given, **tables)
    return [str(problem) for problem in caught.value.problems]


class TestRefused:
    def test_columns_of_no_use_are_told_at_once(self) -> None:
        """What no cell of a column could be read as is one error that lists all columns."""
        table = pl.DataFrame({"id": [True], "name": [[1]], "n": [DAY], "day": [b"x"]})
        table = table.with_columns(flag=pl.lit(timedelta(1)))
        assert refusal(WRONG, table=table) == [
            "table.id: must hold text, numbers or days, not true or false",
            "table.name: must hold text, numbers or days, not List",
            "table.n: must hold text or numbers, not days",
            "table.day: must hold text, numbers or days, not Binary",
            "table.flag: must hold text, numbers or true or false, not Duration",
        ]

    def test_what_polars_does_not_know_is_told_too(self) -> None:
        """No column is a traceback."""
        table = pd.DataFrame({"id": [1], "name": [1 + 2j], "n": [1], "day": [None], "flag": [1]})
        given = "must hold text, numbers or days, not a type unknown here"
        assert refusal(WRONG, table=table) == [f"table.name: {given}"]

    def test_days_beyond_the_calendar_are_refused(self) -> None:
        """Polars counts milliseconds further than there are years."""
        mapping = mapping_of("companies", attributes={"x": {"column": "day", "type": "date"}})
        for far in (10**15, -(10**15), 2**63 - 1):
            table = pl.DataFrame({"id": ["a"], "day": pl.Series([far]).cast(pl.Datetime("ms"))})
            message = "table.day: holds days beyond the years 1 to 9999"
            assert refusal(mapping, table=table) == [message]

    def test_a_column_without_any_value_is_blank_whatever_its_type(self) -> None:
        """A file without a value in it says nothing by its type."""
        table = pl.DataFrame(
            {"id": ["a"], "name": [None], "n": pl.Series([None], dtype=pl.Boolean)},
            schema_overrides={"name": pl.List(pl.Int64)},
        ).with_columns(day=pl.lit(None, dtype=pl.Binary), flag=None)
        found = sources.tables(WRONG, table=table)
        assert [row["id"] for row in rows_of(found["companies"])] == ["a"]

    def test_names_are_told_with_the_nearest(self) -> None:
        """Unknown and absent files and columns, and columns that stand there twice: one error."""
        table = pd.DataFrame([[1, 2, 3, 4]], columns=["id", "nam", 1, "1"])
        mapping = mapping_of("companies", {"name": "name", "industry": "1", "region": "name"})
        mapping["files"]["other"] = "other.csv"
        assert refusal(mapping, table=table, othr=table) == [
            "files.othr: no such file; did you mean 'other'?",
            "files.other: is not among the files given",
            "companies.fields.name: table has no column 'name'; did you mean 'nam'?",
            "companies.fields.industry: table has 2 columns '1'; name each differently",
            "companies.fields.region: table has no column 'name'; did you mean 'nam'?",
        ]

    def test_names_that_are_no_text_are_read_as_text(self) -> None:
        """A column called 0 is that of the mapping's "0"."""
        found = sources.tables(
            mapping_of("companies", {"id": "0"}), table=pd.DataFrame([["a", "b"]])
        )
        assert [row["id"] for row in rows_of(found["companies"])] == ["a"]

    def test_what_is_no_table_is_refused(self) -> None:
        """Tables are all of one kind that is known; each is given once."""
        table = pl.DataFrame({"id": ["a"]})
        mapping = mapping_of("companies")
        known = "must be a table of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis"
        assert refusal(mapping, table=[table]) == [f"table: {known}, not list"]
        assert refusal(mapping) == ["files.table: is not among the files given"]
        assert refusal(mapping, {"table": table}, table=table) == ["table: is given twice"]
        assert refusal(mapping, pd.DataFrame({"id": ["a"]})) == [
            "files: must be a dictionary of tables by file key, not DataFrame"
        ]
        mapping["files"]["other"] = "other.csv"
        assert refusal(mapping, table=table, other=table.lazy()) == [
            "other: must be of one kind with the others, polars, not polars-lazy"
        ]

    def test_tables_are_of_one_connection(self) -> None:
        """Relations of several connections, and tables of several backends, are named."""
        mapping = mapping_of("companies")
        mapping["files"]["other"] = "other.csv"
        mapping["leads"] = {"file": "other", "fields": {"id": "id"}}
        ids = "SELECT 'a' AS id"
        connections = {key: duckdb.connect().sql(ids) for key in ("table", "other")}
        backends = {
            key: ibis.duckdb.connect().create_table("x", schema={"id": "string"})
            for key in ("table", "other")
        }
        wanted = "other: must be of the same {0} as table; take all tables from one {0}"
        assert refusal(mapping, connections) == [wanted.format("connection")]
        assert refusal(mapping, backends) == [wanted.format("backend")]

    def test_a_table_that_cannot_be_resolved_is_told_with_the_others(self, tmp_path: Path) -> None:
        """What a lazy table stands on is gone: a problem of its key, with the engine's cause."""
        mapping = mapping_of("companies")
        mapping["files"]["other"] = "other.csv"
        with pytest.raises(InvalidDataError) as caught:
            sources.tables(mapping, table=pl.scan_csv(tmp_path / "gone.csv"))
        first, second = caught.value.problems
        assert str(first) == "files.other: is not among the files given"
        assert (second.code, second.path) == ("plan", "table")
        assert isinstance(caught.value.__cause__, FileNotFoundError)

    def test_what_fails_in_the_rows_is_the_error_of_the_engine(self) -> None:
        """A query that fails on a value says so itself, with a note of the table it was."""
        lazy = pl.LazyFrame({"id": ["a"]}).cast(pl.Int64)
        relation = duckdb.connect().sql("SELECT CAST('a' AS BIGINT) AS id")
        cases = [(lazy, pl.exceptions.PolarsError), (relation, duckdb.ConversionException)]
        for table, kind in cases:
            with pytest.raises(kind) as caught:
                sources.tables(mapping_of("companies"), table=table)
            (note,) = caught.value.__notes__
            assert note.startswith("raised by the table that was given as 'table'")

    def test_a_file_called_products_is_given_by_position(self) -> None:
        """`products` are the ids of products, as in `read`; a table there is told apart."""
        table = pl.DataFrame({"id": ["a"]})
        mapping = {
            "files": {"products": "p.csv"},
            "products": {"file": "products", "fields": {"id": "id"}},
        }
        hint = "must be ids; give the table of a file of that name as {'products': …}"
        missing = "files.products: is not among the files given"
        assert refusal(mapping, products=table) == [f"products: {hint}", missing]
        found = sources.tables(mapping, {"products": table}, products=["b"])
        assert list(found) == ["companies"]
        assert found.counts == (sources.Count("products", "products", 1, 1, 0, 0),)

    @pytest.mark.parametrize("kind", ["DuckDB", "Ibis on DuckDB"])
    def test_rows_without_order_have_no_number(self, kind: str) -> None:
        """row_number needs an order, and rejects of such tables name no row."""
        table = MADE[kind]({"table": pa.table({"id": ["a", ""]})})["table"]
        (told_why,) = refusal(mapping_of("companies", {"id": {"row_number": True}}), table=table)
        assert told_why.startswith("companies.fields.id: tables of ")
        assert told_why.endswith(" have no order; name columns that tell rows apart")
        found = sources.tables(mapping_of("companies"), table=table)
        assert [row["row"] for row in rows_of(found.rejects)] == [None]

    def test_attributes_are_columns_of_their_own(self) -> None:
        """An attribute with the name of a column of its table, or of two types, has no place."""
        text = {"column": "id", "type": "text"}
        mapping = mapping_of("companies", attributes={"name": text, "own": text})
        mapping["companies"]["attributes"]["lists"] = {"column": "id", "type": "set"}
        other = {"own": {"column": "id", "type": "int"}, "relationships": text}
        mapping["companies"] = [mapping["companies"], {**mapping["companies"], "attributes": other}]
        first = "companies[0].attributes.own"
        itself = "is what a table of companies says itself; call it otherwise"
        assert refusal(mapping, table=pl.DataFrame({"id": ["a"]})) == [
            f"companies[0].attributes.name: {itself}",
            f"companies[0].attributes.lists: {itself}",
            f"companies[1].attributes.own: is of another type than {first}; a column has one type",
        ]

    def test_decimals_that_no_table_holds_are_refused(self) -> None:
        """A column keeps 38 digits for all of its rows together."""
        mapping = mapping_of("companies", attributes={"x": {"column": "x", "type": "decimal"}})
        table = pl.DataFrame({"id": ["a", "b", "c"], "x": ["1" * 30, "0.000000001", "0"]})
        assert refusal(mapping, table=table) == [
            "companies.attributes.x: holds decimals of more than 38 digits in all; no table can"
        ]
        found = sources.tables(mapping, table=table.with_columns(x=pl.col("x").str.head(12)))
        assert found["companies"].schema["x"] == pl.Decimal(38, 9)
        assert [row["x"] for row in rows_of(found["companies"])] == [
            111_111_111_111,
            Decimal("0.000000001"),
            0,
        ]

    def test_tables_need_polars(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without the extra the error names it."""
        monkeypatch.setitem(sys.modules, "polars", None)
        with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[frames\]'"):
            sources.tables(mapping_of("companies"), table=pd.DataFrame({"id": [1]}))

    def test_a_shipped_mapping_goes_by_its_name(self) -> None:
        """A mapping may be a name, a file or plain data, as in `read`."""
        (told_first, *_) = refusal(sources.load("maven"), {})
        assert told_first == refusal("maven", {})[0]
        assert told_first == "maven.toml: files.accounts: is not among the files given"

    def test_a_slip_of_the_pen_is_told(self) -> None:
        """What is loaded on first use hides no misspelt name."""
        with pytest.raises(AttributeError, match="did you mean 'tables'"):
            getattr(sources, "tabels")  # noqa: B009 - the checkers know better
        assert {"tables", "read"} <= set(dir(sources))


class TestResult:
    def test_it_is_a_mapping_of_tables(self) -> None:
        """It unpacks, and shows how many rows there were but not what they hold."""
        mapping = mapping_of(
            "leads", {"interests": "tags"}, attributes={"t": {"column": "tags", "type": "set"}}
        )
        table = pl.DataFrame({"id": ["l1", "l2"], "tags": ["x", None]})
        found = sources.tables(mapping, table=table)
        assert dict(**found).keys() == {"companies", "leads", "lead_sets"}
        assert len(found) == 3
        assert found["companies"].height == 0
        assert found["lead_sets"].rows() == [("l1", "interests", "x"), ("l1", "t", "x")]
        assert "l1" not in repr(found)
        assert "rows=2" in repr(found)

    def test_the_types_are_those_of_the_contract(self) -> None:
        """Decimals are decimals, instants are in UTC, days are days; ids are of one type."""
        fields = {"id": {"column": "id", "type": "int"}, "lead_id": "lead", "at": "at"}
        mapping = mapping_of("activities", fields)
        mapping["deals"] = {
            "file": "table",
            "fields": {
                "id": "id",
                "company_id": {"column": "id", "type": "int"},
                "opened_at": "at",
            },
        }
        mapping["leads"] = {"file": "table", "fields": {"id": "lead"}}
        table = pl.DataFrame({"id": ["1"], "lead": ["a"], "kind": ["x"], "at": ["2024-01-01"]})
        found = sources.tables(mapping, table=table)
        assert found["activities"].schema["at"] == pl.Datetime("us", "UTC")
        assert found["activities"].schema["id"] == pl.Int64
        assert found["leads"].schema["company_id"] == pl.Int64
        assert found["companies"].schema["id"] == pl.Int64
        assert found["companies"].schema["annual_revenue"] == pl.Decimal(38, 2)
        assert found["deals"].schema["via_company_id"] == pl.Int64
        assert found["deals"]["status"].to_list() == ["open"]

    @pytest.mark.parametrize("kind", MADE)
    def test_tables_of_no_rows_and_of_one_are_taken(self, kind: str) -> None:
        """However few rows there are, the answers can be asked for."""
        engine = mf.Engine(mf.starter(["crm"]))
        mapping = mapping_of("companies", {"employees": "n", "lists": "x"})
        one = pa.table({"id": ["a"], "n": ["5000"], "x": ["y"]})
        for table in (one, one.slice(0, 0)):
            found = sources.tables(mapping, MADE[kind]({"table": table}))
            out = frames.assess(engine, **found, as_of=DAY)
            assert len(rows_of(out.companies)) == table.num_rows

    def test_only_constants_need_no_column(self) -> None:
        """A table whose cells nobody reads still has its rows."""
        mapping = mapping_of("companies", {"id": {"constant": "a"}})
        for kind in MADE:
            table = MADE[kind]({"table": pa.table({"x": [1, 2]})})["table"]
            (count,) = sources.tables(mapping, table=table).counts
            assert (count.rows, count.used, count.collapsed) == (2, 1, 1)


# -- real files --

FOLDERS: Final = {"maven": "maven_crm", "retentioneering": "retentioneering_ecom"}
ENDS: Final = {"maven": date(2017, 12, 31), "retentioneering": date(2024, 6, 30)}


def polars_texts(path: Path) -> Any:
    """All columns as text; an empty cell is null."""
    return pl.read_csv(path, infer_schema=False)


def polars_inferred(path: Path) -> Any:
    """Columns of the types that Polars makes out, also days and times."""
    return pl.read_csv(path, try_parse_dates=True)


def pandas_texts(path: Path) -> Any:
    """All columns as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def pandas_inferred(path: Path) -> Any:
    """Columns of the types that pandas makes out."""
    return pd.read_csv(path)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        *(("maven", r) for r in (polars_texts, polars_inferred, pandas_texts, pandas_inferred)),
        ("retentioneering", polars_inferred),
        *(
            pytest.param("retentioneering", r, marks=pytest.mark.bulk)
            for r in (polars_texts, pandas_inferred)
        ),
    ],
)
def test_real_files_give_the_answers_of_their_records(
    shared_data: Path, name: str, read: Callable[[Path], Any]
) -> None:
    """Laws 1 and 7: exports read as tables say what their accounts say, and lose no row."""
    folder = shared_data / FOLDERS[name]
    mapping = sources.load(name)
    tables = sources.tables(
        mapping, {key: read(folder / form.paths[0]) for key, form in mapping.files.items()}
    )
    records = sources.read(mapping, folder)
    assert [evolve(one, file="") for one in tables.counts] == [
        evolve(one, file="") for one in records.counts
    ]
    # A file whose columns have types has lost how its cells were written, but no fault of theirs.
    assert [row[:4] for row in told(tables.rejects)] == [
        (r.table, r.line - 1, r.column, r.code) for r in records.rejects
    ]
    engine = mf.Engine(playbook(name))
    day = ENDS[name]
    out = frames.assess(engine, **tables, as_of=day, lang="en")
    given = {kind: getattr(records, kind) for kind in RECORDS}
    assert differences(out, engine, given, day, possible=False) == []
