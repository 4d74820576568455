"""Stores that cannot be read or written to: one clear message, and nothing is changed."""

from __future__ import annotations

import contextlib
import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from random import Random

import duckdb
import polars as pl
import pytest

from mpfunnel import frames, stores
from mpfunnel.errors import InvalidDataError
from mpfunnel.examples import STORY_DAY
from mpfunnel.stores import postgres
from tests.stores import ENGINE, FILLED, workbook

COMPANIES = pl.DataFrame({"id": [1, 2]})
ANSWERS = frames.assess(ENGINE, companies=COMPANIES, as_of=STORY_DAY)


def folder_of(**files: str | bytes) -> Callable[[Path], Path]:
    """Make a folder of files, with `_` for the dot in their names."""

    def make(home: Path) -> Path:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (home / name.replace("_", ".")).write_bytes(data)
        return home

    return make


def book_of(*sheets: tuple[str, list[list[object]]]) -> Callable[[Path], Path]:
    """Make a workbook of sheets."""

    def make(home: Path) -> Path:
        workbook(home / "crm.xlsx", sheets)
        return home / "crm.xlsx"

    return make


def file_of(content: bytes, name: str = "crm.db") -> Callable[[Path], Path]:
    """Make a file."""

    def make(home: Path) -> Path:
        (home / name).write_bytes(content)
        return home / name

    return make


def duck_of(*statements: str) -> Callable[[Path], Path]:
    """Make a DuckDB file."""

    def make(home: Path) -> Path:
        with duckdb.connect(home / "crm.duckdb") as connection:
            for statement in statements:
                connection.execute(statement)
        return home / "crm.duckdb"

    return make


def with_folder(home: Path) -> Path:
    """Make a folder that is called like a file."""
    (home / "companies.csv").mkdir()
    return home


def cut(kind: str, size: int) -> Callable[[Path], Path]:
    """Make a store of a kind, and keep only its first bytes."""

    def make(home: Path) -> Path:
        path = FILLED[kind](home, {"companies": COMPANIES})
        path.write_bytes(path.read_bytes()[:size])
        return path

    return make


READ: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "nothing there": (lambda home: home / "crm", ["{0}: no such file or folder"]),
    "below a file": (
        lambda home: folder_of(a_txt="")(home) / "a.txt" / "crm",
        ["{0}: no such file or folder"],
    ),
    "no name of a file": (lambda _home: Path("a\0b"), ["a\\x00b: cannot be read as a file"]),
    "empty folder": (folder_of(), ["{0}: has no table companies; it has none"]),
    "other names": (
        folder_of(accounts_csv="id\n", memo_txt=""),
        ["{0}: has no table companies; it has accounts.csv"],
    ),
    "slips": (
        folder_of(company_csv="id\n", companies_csv="id\n", activites_csv="id\n"),
        ["{0}: activites.csv: has no table of that name; did you mean 'activities'?"],
    ),
    "twice": (
        folder_of(companies_csv="id\n", companies_parquet=b"", leads_csv="", Leads_CSV=""),
        [
            "{0}: has companies twice, as companies.csv and companies.parquet",
            "{0}: has leads twice, as Leads.CSV and leads.csv",
        ],
    ),
    "empty files": (
        folder_of(companies_csv="", leads_csv="\n\n", deals_parquet=b""),
        [
            "{0}/companies.csv: is empty; the first line must name the columns",
            "{0}/leads.csv: is empty; the first line must name the columns",
            "{0}/deals.parquet: cannot be read as Parquet",
        ],
    ),
    "CSV in Shift JIS": (
        folder_of(companies_csv="id,name\n1,東京\n".encode("cp932")),
        ["{0}/companies.csv: is not UTF-8; save it as such, or read it by a mapping (--source)"],
    ),
    "CSV in Shift JIS further down": (
        folder_of(companies_csv=b"id,name\n" + b"1,x\n" * 9_999 + "2,東京\n".encode("cp932")),
        ["{0}/companies.csv: is not UTF-8; save it as such, or read it by a mapping (--source)"],
    ),
    "ragged CSV": (
        folder_of(companies_csv="id,name\n1,x,y\n"),
        ["{0}/companies.csv: line 2: has more cells than the header"],
    ),
    "an open quote": (
        folder_of(companies_csv='id,name\n1,"x\n2,y\n'),
        ["{0}/companies.csv: line 3: cannot be read as CSV: unexpected end of data"],
    ),
    "a quote in an odd place": (
        folder_of(companies_csv='id,name\n1,x\n2,"y"z\n'),
        ["{0}/companies.csv: line 3: cannot be read as CSV: "],
    ),
    "a quote in an unquoted cell": (
        folder_of(companies_csv='id,name\n1,5" disk\n2,x\n'),
        ["{0}/companies.csv: cannot be read as CSV; close all quotes, and end lines with LF"],
    ),
    "a quote in a name": (
        folder_of(companies_csv='id,na"me\n1,x\n2,y\n'),
        ["{0}/companies.csv: cannot be read as CSV; close all quotes, and end lines with LF"],
    ),
    "lines that end with CR alone": (
        folder_of(companies_csv="id\r1\r2\r"),
        ["{0}/companies.csv: cannot be read as CSV; close all quotes, and end lines with LF"],
    ),
    "a header too long": (
        folder_of(companies_csv="x" * 200_000),
        ["{0}/companies.csv: line 1: cannot be read as CSV: field larger than field limit"],
    ),
    "a folder called like a file": (
        with_folder,
        ["{0}/companies.csv: cannot be read as a file"],
    ),
    "columns twice": (
        folder_of(companies_csv="id,name,id,name\n1,x,2,y\n"),
        [
            "{0}/companies.csv: id: stands there twice; name columns once",
            "{0}/companies.csv: name: stands there twice; name columns once",
        ],
    ),
    "no Parquet": (
        folder_of(companies_parquet=b"PAR1, but no more than this, and then PAR1"),
        ["{0}/companies.parquet: cannot be read as Parquet"],
    ),
    "sheets twice by case": (
        book_of(("Companies", [["id"]]), ("companies", [["id"]])),
        ["{0}: has companies twice, as Companies and companies"],
    ),
    "empty sheet": (
        book_of(("companies", []), ("leads", [["id", "id"]])),
        [
            "{0}: companies: is empty; the first row must name the columns",
            "{0}: leads.id: stands there twice; name columns once",
        ],
    ),
    "no workbook": (
        file_of(b"PK\x03\x04 and no more", "crm.xlsx"),
        ["{0}: cannot be read as an Excel workbook"],
    ),
    "empty file": (
        file_of(b""),
        [
            (
                "{0}: is empty; give a folder of Parquet or CSV files, an Excel workbook (.xlsx), a"
                " DuckDB or SQLite file, or the URL of PostgreSQL"
            ),
        ],
    ),
    "one CSV file": (
        file_of(b"id\n1\n", "companies.csv"),
        [
            (
                "{0}: is none of the kinds that are read; give a folder of Parquet or CSV files, an"
                " Excel workbook (.xlsx), a DuckDB or SQLite file, or the URL of PostgreSQL"
            ),
        ],
    ),
    "SQLite cut off": (
        cut("SQLite", 50),
        ["{0}: cannot be read as SQLite: "],
    ),
    "DuckDB cut off": (
        cut("DuckDB", 5_000),
        ["{0}: DuckDB says: IO Error: Could not read enough bytes from file "],
    ),
    "no table in DuckDB": (
        duck_of("CREATE TABLE lead (id INT)"),
        ["{0}: has no table companies; it has lead"],
    ),
    "a view that leads nowhere": (
        duck_of(
            "CREATE TABLE gone (id INT)",
            "CREATE VIEW companies AS FROM gone",
            "DROP TABLE gone",
        ),
        ["{0}: DuckDB says: Catalog Error: Table with name gone does not exist"],
    ),
}


@pytest.mark.parametrize("name", READ)
def test_a_store_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    """Each fault is one line, which names the place."""
    make, lines = READ[name]
    where = make(tmp_path)

    with pytest.raises(InvalidDataError) as error:
        stores.read(ENGINE, where)

    told = [str(problem) for problem in error.value.problems]
    wanted = [line.format(where) for line in lines]
    # What a library says may be worded otherwise by another version of it.
    assert [one[: len(line)] for one, line in zip(told, wanted, strict=True)] == wanted
    assert not any("\n" in one for one in told)


def test_a_csv_is_read_row_for_row_or_not_at_all(tmp_path: Path) -> None:
    """Law 7: Nothing is lost: where two readers disagree about a quote, the file is refused."""
    random, read = Random(7), 0
    for _ in range(600):
        text = "".join(random.choice('ab,"" \n') for _ in range(random.randint(1, 20)))
        (tmp_path / "companies.csv").write_text(f"id,name\n{text}", encoding="utf-8")
        with contextlib.suppress(InvalidDataError):
            found = stores.read(ENGINE, tmp_path).tables["companies"].rows()
            wanted = [(*row, "")[:2] for row in csv.reader(StringIO(text)) if any(row)]
            assert [tuple(cell or "" for cell in row) for row in found] == wanted
            read += 1
    assert 100 < read < 500


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Another process that has a DuckDB file open."""
    code = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        yield
        process.stdin.write(b"\n")
        process.stdin.close()


def test_a_file_that_another_program_has_open(tmp_path: Path) -> None:
    """DuckDB lets only one in; who waits for nothing is told to close the other."""
    path = FILLED["DuckDB"](tmp_path, {"companies": COMPANIES})
    line = f"{path}: is open elsewhere, in a program or connection; close it there"

    with held(path):
        for ask in (
            lambda: stores.read(ENGINE, path),
            lambda: stores.prepare(path),
            lambda: stores.write(ANSWERS, path),
        ):
            with pytest.raises(InvalidDataError) as error:
                ask()
            assert str(error.value) == line
    with duckdb.connect(path), pytest.raises(InvalidDataError) as error:
        stores.read(ENGINE, path)
    assert str(error.value) == line


URL = "postgresql://me:s3cret@127.0.0.1:1/crm"


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("url", "line"),
    [
        (
            f"{URL}?schema=a",
            (
                "postgresql://127.0.0.1:1/crm?schema=a: PostgreSQL says: connection to server at"
                ' "127.0.0.1", port 1 failed: Connection refused'
            ),
        ),
        (
            "postgres://me:s3cret@nowhere.invalid",
            (
                "postgres://nowhere.invalid/: PostgreSQL says: could not translate host name"
                ' "nowhere.invalid" to address: '
            ),
        ),
        (
            "postgresql://me:s3%ZZcret@127.0.0.1:1/crm",
            (
                "postgresql://127.0.0.1:1/crm: is no address that PostgreSQL takes;"
                " write odd letters in percent (a space is %20)"
            ),
        ),
        (
            "postgresql://127.0.0.1:1/crm?s3cret",
            (
                "postgresql://127.0.0.1:1/crm: is no address that PostgreSQL takes;"
                " write odd letters in percent (a space is %20)"
            ),
        ),
        (f"{URL}?schema=", "postgresql://127.0.0.1:1/crm: the schema must not be blank"),
        (
            "postgresql://me:s3c@ret@127.0.0.1/crm",
            (
                "postgresql://…: write each @, /, ? and # of a user, password or option in percent"
                " (@ is %40)"
            ),
        ),
        ("postgresql://me:s3c/ret@127.0.0.1/crm", "postgresql://…: write each @, /, ? and #"),
        ("postgresql://me:s3cret", "postgresql://…: write each @, /, ? and #"),
        ("mysql://me:s3cret@db/crm", "mysql://…: is no URL of PostgreSQL, postgresql://…"),
    ],
)
def test_a_database_that_cannot_be_reached(url: str, line: str) -> None:
    """The server is named and what is wrong, and never a password."""
    for ask in (
        lambda: stores.read(ENGINE, url),
        lambda: stores.prepare(url),
        lambda: stores.write(ANSWERS, url),
    ):
        with pytest.raises(InvalidDataError) as error:
            ask()
        assert str(error.value).startswith(line)
        assert "\n" not in str(error.value)
        assert "s3c" not in str(error.value)
    assert "s3c" not in repr(stores.target("postgresql://me:s3cret@db/crm?password=s3cret"))


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (
            "NOT_FOUND: Failed to prepare query: エラー:  リレーションがありません\n行 1: SELECT",
            "PostgreSQL says: リレーションがありません",
        ),
        (
            'IO: Failed to connect: connection to "db" failed: 致命的エラー:  認証失敗。\n',
            "PostgreSQL says: 認証失敗。",
        ),
        (
            "INTERNAL: the driver is at a loss.",
            "PostgreSQL says: INTERNAL: the driver is at a loss",
        ),
        ('IO: Failed to connect: unexpected spaces found in "a:  b"', "is no address that Postgre"),
    ],
)
def test_what_a_server_says_is_found_in_any_language(message: str, line: str) -> None:
    """Its settings say which one; what stands around it is the driver's."""
    assert postgres._said(message).startswith(line)


# -- what cannot be written to --


def test_a_place_that_takes_no_answers(tmp_path: Path) -> None:
    """What is there already is left as it is."""
    lite = FILLED["SQLite"](tmp_path, {"companies": COMPANIES})
    book = FILLED["Excel"](tmp_path, {"companies": COMPANIES})
    (tmp_path / "a.txt").write_text("mine", encoding="utf-8")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    for path, line in (
        (lite, "cannot take answers; give a folder, a DuckDB file, or the URL of PostgreSQL"),
        (book, "cannot take answers; give a folder, a DuckDB file, or the URL of PostgreSQL"),
        (tmp_path / "a.txt", "is none of the kinds that are read; give "),
    ):
        with pytest.raises(InvalidDataError) as error:
            stores.write(ANSWERS, path)
        assert str(error.value).startswith(f"{path}: {line}")
    with pytest.raises(InvalidDataError, match=r"absent: no such folder$"):
        stores.prepare(tmp_path / "absent" / "new.duckdb")
    with pytest.raises(InvalidDataError, match="DuckDB says: IO Error: "):
        stores.write(ANSWERS, tmp_path / "absent" / "new.duckdb")

    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_tables_that_stand_in_the_way_are_named_all_at_once(tmp_path: Path) -> None:
    """With what they are and what they must be; nothing is written."""
    path = duck_of(
        "CREATE TABLE mpfunnel_companies (company_id TEXT PRIMARY KEY, segment TEXT, memo TEXT)",
        "CREATE VIEW mpfunnel_tiers AS SELECT 1 AS company_id",
        "CREATE VIEW mpfunnel_leads AS SELECT 1 AS lead_id",
        "CREATE TABLE mpfunnel_company_products (company_id BIGINT, product_id TEXT, tier TEXT,"
        ' "position" TEXT, settled BOOLEAN, possible TEXT, missing TEXT, rule TEXT,'
        " because TEXT, best_interest TEXT, people BIGINT, offer TEXT, offer_settled BOOLEAN,"
        " offer_possible TEXT, offer_rule TEXT, offer_because TEXT, rank BIGINT,"
        " as_of DATE, playbook_version TEXT)",
        (
            'CREATE TABLE mpfunnel_rejects ("table" TEXT PRIMARY KEY, id TEXT, lead_id TEXT,'
            ' "column" TEXT, code TEXT, reason TEXT, as_of DATE, playbook_version TEXT)'
        ),
    )(tmp_path)

    with pytest.raises(InvalidDataError) as error:
        stores.write(ANSWERS, path)

    hint = "drop the table, or write to another schema"
    other = "is no table; call it otherwise, or write to another schema"
    decided = ("settled", "possible", "missing", "rule", "because", "instead_of")
    absent = (*decided, "as_of", "playbook_version")
    assert [str(problem) for problem in error.value.problems] == [
        f"{path}: mpfunnel_companies.company_id: must be BIGINT, not VARCHAR; {hint}",
        *(f"{path}: mpfunnel_companies.{name}: no such column; {hint}" for name in absent),
        f"{path}: mpfunnel_companies.memo: is no column of this answer; {hint}",
        f"{path}: mpfunnel_tiers: {other}",
        f"{path}: mpfunnel_leads: {other}",
        (
            f"{path}: mpfunnel_company_products: must have the primary key"
            f" (company_id, product_id), not none; {hint}"
        ),
        f"{path}: mpfunnel_rejects: must have the primary key none, not (table); {hint}",
    ]
    with duckdb.connect(path) as connection:
        assert connection.sql("SELECT count(*) FROM mpfunnel_companies").fetchall() == [(0,)]
        assert len(connection.sql("SHOW TABLES").fetchall()) == 5


def test_answers_of_another_kind_of_table_are_refused(tmp_path: Path) -> None:
    """They can be turned into Polars, and the message says so."""
    out = frames.assess(ENGINE, companies=COMPANIES.to_pandas(), as_of=STORY_DAY)

    with pytest.raises(InvalidDataError) as error:
        stores.write(out, tmp_path / "out")

    assert str(error.value) == "out.companies: must be a table of Polars, not DataFrame"
    assert list(tmp_path.iterdir()) == []
