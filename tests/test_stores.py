"""Stores: whatever tables lie in, the answers are those of `frames.assess`."""

from __future__ import annotations

import sqlite3
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames, stores
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.examples import STORY_DAY
from mpfunnel.facts import company
from tests.stores import ENGINE, FILLED, differing, in_csv, invented, workbook


@pytest.fixture(scope="module")
def market() -> dict[str, Any]:
    """The tables of a market of the invented firm."""
    return invented(80)


def problems(error: pytest.ExceptionInfo[InvalidDataError]) -> list[str]:
    """What is wrong, in lines."""
    return [str(problem) for problem in error.value.problems]


# -- the same answers --


@pytest.fixture(scope="module")
def answers(market: dict[str, Any]) -> frames.Tables:
    """What is said of them in memory."""
    return frames.assess(ENGINE, **market, as_of=STORY_DAY, lang="en", possible=True, dense=True)


@pytest.mark.parametrize("kind", FILLED)
def test_the_answers_are_those_of_the_tables(
    kind: str, market: dict[str, Any], answers: frames.Tables, tmp_path: Path
) -> None:
    """Law 1: Engines agree: a table says the same wherever it lies."""
    wanted = answers

    given = stores.read(ENGINE, FILLED[kind](tmp_path, market))
    told = stores.assess(ENGINE, given, as_of=STORY_DAY, lang="en", possible=True, dense=True)

    assert differing(told, wanted) == []
    assert wanted.engagement.height > 250
    assert 10 < (wanted.leads["rule"] == "history").sum() < wanted.leads.height
    assert given.rows == {name: table.height for name, table in market.items()}
    assert told.rejects.height == 0


@pytest.mark.parametrize("kind", FILLED)
def test_ids_are_text_unless_the_store_has_integers(
    kind: str, market: dict[str, Any], tmp_path: Path
) -> None:
    """S18: ids keep the type that the store gives them; CSV has none but text."""
    given = stores.read(ENGINE, FILLED[kind](tmp_path, market))

    types = {given.tables["companies"].schema["id"], given.tables["leads"].schema["company_id"]}
    assert types == {pl.String() if kind == "CSV" else pl.Int64()}
    assert given.tables["contracts"].schema["product_id"] == pl.String()


def test_csv_beside_parquet_has_the_ids_of_parquet(market: dict[str, Any], tmp_path: Path) -> None:
    """S18: where a family has integers elsewhere, the digits of CSV are such; others are told."""
    wanted = frames.assess(ENGINE, **market, as_of=STORY_DAY)
    in_csv(tmp_path, {name: table for name, table in market.items() if name != "leads"})
    market["leads"].write_parquet(tmp_path / "leads.parquet")
    with (tmp_path / "companies.csv").open("a", encoding="utf-8") as file:
        file.write("A1" + "," * (market["companies"].width - 1))

    given = stores.read(ENGINE, tmp_path)
    told = stores.assess(ENGINE, given, as_of=STORY_DAY)

    assert differing(told, wanted) == ["rejects"]
    assert told.companies.schema["company_id"] == pl.Int64()
    assert told.rejects.select("table", "id", "column", "code").rows() == [
        ("companies", "A1", "id", "type")
    ]


def test_ids_of_products_are_as_in_the_playbook(tmp_path: Path) -> None:
    """S18: digits in CSV are integers where the playbook's products have such."""
    engine = mf.Engine(mf.starter([10, 20]))
    (tmp_path / "companies.csv").write_text("id\n1\n", encoding="utf-8")
    (tmp_path / "contracts.csv").write_text(
        "company_id,product_id,start\n1,10,2026-01-01\n1,ten,2026-01-01\n", encoding="utf-8"
    )

    given = stores.read(engine, tmp_path)
    told = stores.assess(engine, given, as_of=STORY_DAY)

    assert told.tiers.select("company_id", "product_id", "owned").rows() == [
        ("1", 10, True),
        ("1", 20, False),
    ]
    assert told.rejects["reason"].to_list() == [
        "must be a whole number, as the other ids of its kind are"
    ]


def test_one_stray_id_makes_the_ids_of_a_sheet_texts(tmp_path: Path) -> None:
    """S18: what refers to them follows, though all that it holds are numbers."""
    workbook(
        tmp_path / "crm.xlsx",
        [
            ("Companies", [["id"], [1], ["A1"]]),
            ("Leads", [["id", "company_id"], [7, 1], [8, "A1"], [9, None]]),
        ],
    )

    told = stores.assess(ENGINE, stores.read(ENGINE, tmp_path / "crm.xlsx"), as_of=STORY_DAY)

    assert told.companies["company_id"].to_list() == ["1", "A1"]
    assert told.leads.select("lead_id", "company_id").rows() == [(7, "1"), (8, "A1"), (9, None)]


# -- cells --

READ: list[tuple[str, str, Any]] = [
    ("employees", "300", 300),
    ("employees", " +300.0 ", 300),
    ("employees", "", None),
    ("employees", "  ", None),
    ("employees", "1,200", "must be a whole number, such as 300"),
    ("employees", "3.5", "must be a whole number, such as 300"),
    ("employees", "1e3", "must be a whole number, such as 300"),
    ("employees", "99999999999999999999", "must be a whole number, such as 300"),
    ("annual_revenue", "1200.50000000000", Decimal("1200.5")),
    ("annual_revenue", "86000000000", Decimal(86_000_000_000)),
    ("annual_revenue", "¥1200", "must be a plain number, such as 1200.5"),
    ("annual_revenue", "0.12345678901", "must be a plain number, such as 1200.5"),
    ("growth_rate", "-0.15", -0.15),
    ("growth_rate", "1.5e-1", 0.15),
    ("growth_rate", "15%", "must be a number, such as 0.15"),
    ("growth_rate", "nan", "must be a number, such as 0.15"),
    ("public_body", "TRUE", True),
    ("public_body", "0", False),
    ("public_body", "yes", "must be true or false"),
]


@pytest.mark.parametrize(("column", "text", "value"), READ)
def test_a_text_is_read_as_what_its_column_holds(
    column: str, text: str, value: Any, tmp_path: Path
) -> None:
    """Law 7: Nothing is lost: what cannot be read is a reject with the reason."""
    table = pl.DataFrame({"id": ["a"], column: [text]})
    table.write_csv(tmp_path / "companies.csv", quote_style="always")

    given = stores.read(ENGINE, tmp_path)

    reasons = [one["reason"][0] for one in given.rejects if one.height]
    if isinstance(value, str):
        assert reasons == [value]
        assert given.tables["companies"].height == 0
    else:
        assert reasons == []
        assert given.tables["companies"][column].to_list() == [value]


AT = datetime(2026, 10, 31, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-10-31T09:30:00+09:00", AT),
        ("2026-10-31 09:30:00+09", AT),
        ("2026-10-31 09:30 +0900", AT),
        ("2026-10-31T00:30Z", AT),
        ("2026-10-31 00:30:00.000 Z", AT),
        ("2026-10-31T09:30:00.123456789+09:00", AT.replace(microsecond=123_456)),
        ("2026-10-31T09:30:00", None),
        ("2026-10-31", None),
        ("2026-02-30T09:30:00+09:00", None),
        ("2026-10-31T24:00:00+09:00", None),
        ("2026-10-31T09:30:60+09:00", None),
        ("0000-01-01T00:00:00Z", None),
        ("31.10.2026 09:30:00+09:00", None),
    ],
)
def test_a_time_needs_its_zone(text: str, value: datetime | None, tmp_path: Path) -> None:
    """S12: no clock is taken for one that the text does not name."""
    (tmp_path / "companies.csv").write_text("id\na\n", encoding="utf-8")
    leads = pl.DataFrame({"id": ["x"], "created_at": [text]})
    leads.write_csv(tmp_path / "leads.csv")

    given = stores.read(ENGINE, tmp_path)

    if value is None:
        (told,) = (one for one in given.rejects if one.height)
        assert told.rows() == [
            (
                *("leads", "x", None, "created_at", "type"),
                "must be a time with its zone, such as 2026-10-31T09:30:00+09:00",
            )
        ]
    else:
        assert given.tables["leads"]["created_at"].to_list() == [value]


@pytest.mark.parametrize("text", ["2026/10/31", "2026-13-01", "0000-01-01", "2026-10-31 00:00:00"])
def test_a_day_is_written_as_iso_8601(text: str, tmp_path: Path) -> None:
    """Others are rejects, which name the company whose row it is."""
    (tmp_path / "companies.csv").write_text("id\na\n", encoding="utf-8")
    (tmp_path / "contracts.csv").write_text(
        f"company_id,product_id,start\na,crm,{text}\na,sfa,2026-10-31\n", encoding="utf-8"
    )

    told = stores.assess(ENGINE, stores.read(ENGINE, tmp_path), as_of=STORY_DAY)

    assert told.tiers.filter("owned")["product_id"].to_list() == ["sfa"]
    assert told.rejects.rows() == [
        (
            *("contracts", "a", None, "start", "type", "must be a day, such as 2026-10-31"),
            STORY_DAY,
            ENGINE.playbook.version,
        )
    ]


def test_cells_of_a_workbook_are_read_whatever_they_were_typed_as(tmp_path: Path) -> None:
    """A number where text is meant is its digits, a day is a day; a time has no zone there."""
    path = tmp_path / "crm.xlsx"
    header = ["id", "name", "corporate_number", "employees", "public_body", None, "memo"]
    workbook(
        path,
        [
            ("memo", [["whatever"]]),
            (
                "companies",
                [
                    header,
                    [1, 1_001, 1234567890123, "300", True, "x", 0.5],
                    [2, 0.25, None, 2.5, None],
                    [None, None, None, None, None],
                    [3, "three", None, date(2026, 1, 1), False],
                ],
            ),
            (
                "leads",
                [["id", "created_at", "memo"], [1, datetime(2026, 10, 31, 9, 30), "x"], [2, 5]],  # noqa: DTZ001
            ),
            (
                "contracts",
                [
                    ["company_id", "product_id", "start", "end"],
                    [1, "crm", date(2026, 1, 1), 46_000],
                    [1, "sfa", datetime(2026, 1, 1, 12), None],  # noqa: DTZ001
                    [1, "ma", "2026-01-01", date(2027, 1, 1)],
                    [1, "bi", datetime(2026, 1, 1), None],  # noqa: DTZ001
                ],
            ),
        ],
    )

    given = stores.read(ENGINE, path)

    companies = given.tables["companies"]
    assert companies.select("id", "name", "corporate_number", "employees").rows() == [
        (1, "1001", "1234567890123", 300)
    ]
    assert companies["public_body"].to_list() == [True]
    assert given.rows["companies"] == 3
    assert given.tables["contracts"].select("product_id", "start", "end").rows() == [
        ("ma", date(2026, 1, 1), date(2027, 1, 1)),
        ("bi", date(2026, 1, 1), None),
    ]
    told = [row for one in given.rejects for row in one.select("table", "id", "column").rows()]
    assert told == [
        ("companies", "2", "employees"),
        ("companies", "3", "employees"),
        ("leads", "1", "created_at"),
        ("leads", "2", "created_at"),
        ("contracts", "1", "end"),
        ("contracts", "1", "start"),
    ]


def test_sqlite_has_types_cell_by_cell(tmp_path: Path) -> None:
    """Each cell is read by itself, and no letter keeps the others from being read."""
    path = tmp_path / "crm.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE Companies (id, name, employees, public_body, photo)")
    connection.executemany(
        "INSERT INTO Companies VALUES (?, ?, ?, ?, ?)",
        [(1, 5, "300", 1, b"\xff"), (2, "x", 5.0, 0, None), (3, None, 2.5, "no", None)],
    )
    connection.execute("UPDATE Companies SET name = CAST(x'ff41' AS TEXT) WHERE id = 2")
    connection.execute("CREATE VIEW leads AS SELECT id, 'crm' AS unasked FROM Companies")
    connection.execute("CREATE TABLE deals (memo)")
    connection.commit()
    connection.close()

    given = stores.read(ENGINE, str(path))

    read = given.tables["companies"].select("id", "name", "employees", "public_body")
    assert read.rows() == [(1, "5", 300, True), (2, "\ufffdA", 5, False)]
    assert [one["column"].to_list() for one in given.rejects if one.height] == [["employees"]]
    assert given.tables["leads"].rows() == [(1, None), (2, None), (3, None)]
    assert given.names["companies"] == "Companies"
    with pytest.raises(InvalidDataError, match=r"deals\.id: no such column"):
        stores.assess(ENGINE, given, as_of=STORY_DAY)


def test_types_that_nobody_knows_are_text(tmp_path: Path) -> None:
    """Days without end are blank, and what no text can be in the column is a reject."""
    path = tmp_path / "crm.anything"
    with duckdb.connect(path) as connection:
        connection.execute(
            "CREATE TABLE companies AS SELECT 1 AS id, uuid() AS name, 'IT'::ENUM('IT') AS"
            " industry, 300::HUGEINT AS employees, 1200.50::DECIMAL(9, 2) AS annual_revenue,"
            " INTERVAL 1 DAY AS memo, 1 AS public_body"
        )
        connection.execute(
            "CREATE VIEW contracts AS SELECT * FROM (VALUES (1, 'crm', DATE '2026-01-01',"
            " DATE 'infinity', 1), (1, 'sfa', DATE '-infinity', NULL, 2))"
            ' AS given(company_id, product_id, start, "end", memo)'
        )

    given = stores.read(ENGINE, path)
    told = stores.assess(ENGINE, given, as_of=STORY_DAY)

    row = given.tables["companies"].row(0, named=True)
    assert (row["industry"], row["employees"], row["public_body"]) == ("IT", 300, True)
    assert row["annual_revenue"] == Decimal("1200.50")
    assert told.tiers.filter("owned")["product_id"].to_list() == ["crm"]
    assert told.rejects.select("table", "column", "code").rows() == [
        ("contracts", "start", "missing")
    ]


def test_a_fact_of_ones_own_is_read_as_its_rule_declares_it(tmp_path: Path) -> None:
    """And what no rule asks of a company is there too: a policy in Python may ask for it."""
    plants = company.attribute("plants", int)
    rules = mf.TierTable([mf.Rule(mf.Tier(1), plants >= 3, key="p")], otherwise=mf.Tier(3))
    engine = mf.Engine(evolve(mf.starter(["crm"]), tiers={"crm": rules}))
    (tmp_path / "companies.csv").write_text("id,plants,memo\na,3,x\nb,many,y\n", encoding="utf-8")

    given = stores.read(engine, tmp_path)

    assert given.tables["companies"].rows() == [("a", 3, "x")]


def test_only_what_may_be_asked_is_taken_out_of_a_store(tmp_path: Path) -> None:
    """The others stand there by name alone: one may be a slip for a column that is missing."""
    (tmp_path / "companies.csv").write_text("id\na\n", encoding="utf-8")
    (tmp_path / "leads.csv").write_text("id,compny_id,memo\nx,a,secret\n", encoding="utf-8")

    given = stores.read(ENGINE, tmp_path)

    assert given.tables["leads"].rows() == [("x", None, None)]
    with pytest.raises(InvalidDataError) as error:
        stores.assess(ENGINE, given, as_of=STORY_DAY)
    assert problems(error) == ["leads.compny_id: no such column; did you mean 'company_id'?"]


def test_a_table_without_what_it_needs_is_refused_as_a_whole(tmp_path: Path) -> None:
    """Whatever its cells are, all that is missing is told at once."""
    (tmp_path / "companies.csv").write_text("employees\nmany\n", encoding="utf-8")
    (tmp_path / "contracts.csv").write_text("start\nonce\n", encoding="utf-8")

    given = stores.read(ENGINE, tmp_path)

    with pytest.raises(InvalidDataError) as error:
        stores.assess(ENGINE, given, as_of=STORY_DAY)
    assert problems(error) == [
        "companies.id: no such column",
        "contracts.company_id: no such column",
        "contracts.product_id: no such column",
    ]


def test_csv_may_have_a_mark_blank_lines_and_quotes(tmp_path: Path) -> None:
    """As spreadsheets write it; a quoted blank is as blank as any."""
    text = '\ufeffid,name,parent_id,,\r\na,"東京, ""本社""","",,\r\n\r\nb,,a,,\r\n'
    (tmp_path / "COMPANIES.CSV").write_bytes(text.encode())

    told = stores.assess(ENGINE, given := stores.read(ENGINE, tmp_path), as_of=STORY_DAY)

    companies = given.tables["companies"].select("id", "name", "parent_id")
    assert companies.rows() == [("a", '東京, "本社"', None), ("b", None, "a")]
    assert told.companies["company_id"].to_list() == ["a", "b"]


@pytest.mark.parametrize("kind", FILLED)
def test_tables_without_rows_give_answers_without_rows(
    kind: str, market: dict[str, Any], tmp_path: Path
) -> None:
    """A sheet with a header only, for example."""
    empty = {name: table.clear() for name, table in market.items()}

    told = stores.assess(
        ENGINE, stores.read(ENGINE, FILLED[kind](tmp_path, empty)), as_of=STORY_DAY
    )

    assert (told.companies.height, told.leads.height, told.rejects.height) == (0, 0, 0)


def test_rows_are_read_as_they_are_not_as_they_might_run(tmp_path: Path) -> None:
    """Names of columns, and cells, are no part of any SQL."""
    odd = 'x"; DROP TABLE companies; --'
    for kind in ("DuckDB", "SQLite"):
        folder = tmp_path / kind
        folder.mkdir()
        table = pl.DataFrame({"id": ["a'; DROP TABLE companies; --"], odd.replace('"', ""): ["y"]})
        path = FILLED[kind](folder, {"companies": table})
        given = stores.read(ENGINE, path)
        assert given.tables["companies"]["id"].to_list() == ["a'; DROP TABLE companies; --"]
    path = tmp_path / "odd.db"
    with duckdb.connect(path) as connection:
        connection.execute(
            f'CREATE TABLE companies (id TEXT, "{odd.replace(chr(34), chr(34) * 2)}" TEXT)'
        )
        connection.execute("INSERT INTO companies VALUES ('a', 'y')")
    assert stores.read(ENGINE, path).tables["companies"].rows() == [("a", "y")]


# -- extras --


@pytest.mark.parametrize(
    ("kind", "absent", "extra"),
    [
        ("Parquet", "polars", "frames"),
        ("SQLite", "polars", "frames"),
        ("DuckDB", "duckdb", "duckdb"),
        ("DuckDB", "pyarrow", "duckdb"),
        ("Excel", "python_calamine", "excel"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(
    kind: str, absent: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says what to install."""
    path = FILLED[kind](tmp_path, {"companies": pl.DataFrame({"id": [1]})})
    monkeypatch.setitem(sys.modules, absent, None)

    with pytest.raises(MissingExtraError, match=rf"pip install 'mpfunnel\[{extra}\]'$"):
        stores.read(ENGINE, path)


@pytest.mark.parametrize("absent", ["adbc_driver_postgresql.dbapi", "pyarrow"])
def test_postgresql_has_an_extra_of_its_own(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before anything is connected to."""
    monkeypatch.setitem(sys.modules, absent, None)
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[postgres\]'$"):
        stores.read(ENGINE, "postgresql://nowhere.example/crm")
