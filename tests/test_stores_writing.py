"""Answers in a store: whole or not at all, those of the latest run and no others."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from attrs import evolve, frozen

from mpfunnel import frames, stores
from mpfunnel.errors import InvalidDataError
from mpfunnel.examples import STORY_DAY
from mpfunnel.frames.population import KEYS
from mpfunnel.stores import duckdb as in_duckdb
from mpfunnel.stores import places, upsert
from mpfunnel.stores import postgres as in_postgres
from tests.stores import ANSWERS, ENGINE, FILLED, differing, invented, rows

TABLES = [f"mpfunnel_{name}" for name in ANSWERS]


@frozen
class Goal:
    """A database that answers are written to.

    Attributes:
        where: As `stores.write` takes it.
        ask: Runs SQL, over a connection of its own, and gives the rows.
        open: Opens it as `stores.write` does.
    """

    where: str
    ask: Callable[[str], list[Any]]
    open: Callable[[places.Place], AbstractContextManager[Any]]

    def answers(self) -> frames.Tables:
        """What stands in its tables."""
        found: dict[str, Any] = {}
        for name, table in zip(ANSWERS, TABLES, strict=True):
            frame = self.ask(f"SELECT * FROM {table}")
            columns = [column for (column,) in self.ask(_COLUMNS.format(table))]
            found[name] = pl.DataFrame(
                frame, schema=columns, orient="row", infer_schema_length=None
            )
        return frames.Tables(**found)

    def keys(self) -> dict[str, int]:
        """How many primary keys each table has."""
        query = (
            "SELECT table_name FROM information_schema.table_constraints WHERE constraint_type ="
            f" 'PRIMARY KEY' AND {_OURS}"
        )
        found = [table for (table,) in self.ask(query)]
        return {table: found.count(table) for table in TABLES}


# In a server of the tests, others keep theirs in other schemas.
_OURS = "table_name LIKE 'mpfunnel%' AND table_schema IN ('answers', 'main')"
_COLUMNS = (
    "SELECT column_name FROM information_schema.columns WHERE table_name = '{}'"
    f" AND {_OURS} ORDER BY ordinal_position"
)


@pytest.fixture(params=["DuckDB", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
def goal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Goal]:
    """A database without tables."""
    if request.param == "DuckDB":
        path = tmp_path / "out.duckdb"

        def ask_file(query: str) -> list[Any]:
            with duckdb.connect(path) as connection:
                return connection.execute(query).fetchall()

        yield Goal(str(path), ask_file, in_duckdb.open_to_write)
        return
    url: str = request.getfixturevalue("postgres")
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")

    def ask(query: str) -> list[Any]:
        with dbapi.connect(url, autocommit=True) as connection, connection.cursor() as cursor:
            cursor.execute("SET search_path TO answers")
            cursor.execute(query)
            return cursor.fetchall() if query.startswith("SELECT") else []

    yield Goal(f"{url}&schema=answers", ask, in_postgres.open_to_write)
    ask("DROP SCHEMA IF EXISTS answers CASCADE")


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    """A market, of which a few rows cannot be used."""
    found = invented(60)
    strange = found["contracts"].head(3).with_columns(product_id=pl.lit("gone"))
    return found | {"contracts": pl.concat([found["contracts"], strange])}


@pytest.fixture(scope="module")
def first(tables: dict[str, pl.DataFrame]) -> frames.Tables:
    """The answers for them."""
    return answered(tables)


@pytest.fixture(scope="module")
def second(tables: dict[str, pl.DataFrame]) -> frames.Tables:
    """The answers for the first ten companies."""
    return answered({**tables, "companies": tables["companies"].head(10)})


def answered(tables: dict[str, Any], as_of: date = STORY_DAY) -> frames.Tables:
    """The answers for tables."""
    return frames.assess(ENGINE, **tables, as_of=as_of, possible=True)


def listed(out: frames.Tables) -> list[upsert.Answer]:
    """What is to stand in the tables, but for two of them."""
    return [
        upsert.Answer("mpfunnel_companies", KEYS["companies"], out.companies),
        upsert.Answer("mpfunnel_tiers", KEYS["tiers"], out.tiers),
    ]


# -- databases --


def test_tables_hold_the_answers_under_their_keys(goal: Goal, first: frames.Tables) -> None:
    """Row for row, with their types; rejects have no key, because several may be equal."""
    stores.prepare(goal.where)
    stores.write(first, goal.where)

    told = goal.answers()
    assert differing(told, first) == []
    assert {one.schema["as_of"] for one in (told.companies, told.rejects)} == {pl.Date()}
    assert told.companies.schema["company_id"] == pl.Int64()
    assert goal.keys() == {table: int(table != "mpfunnel_rejects") for table in TABLES}
    assert told.rejects.height == 3


def test_a_second_run_takes_the_place_of_the_first(
    goal: Goal, tables: dict[str, pl.DataFrame], first: frames.Tables
) -> None:
    """A day later, without one company and its people, and with new rejects: nothing stays."""
    stores.write(first, goal.where)
    gone = tables["companies"]["id"][5]
    rest = tables | {"companies": tables["companies"].filter(pl.col("id") != gone)}
    rest["leads"] = tables["leads"].filter(pl.col("company_id") != gone)
    second = answered(rest, STORY_DAY + timedelta(days=40))

    stores.write(second, goal.where)

    assert sorted(differing(second, first)) == sorted(ANSWERS)
    assert differing(goal.answers(), second) == []
    assert gone not in goal.answers().companies["company_id"]


def test_the_same_run_again_changes_nothing(goal: Goal, first: frames.Tables) -> None:
    """Law 9: Same input, same answers: a job may be started twice."""
    stores.write(first, goal.where)
    stores.write(first, goal.where)

    assert differing(goal.answers(), first) == []


def test_answers_that_are_not_given_any_more_go(
    goal: Goal, tables: dict[str, pl.DataFrame]
) -> None:
    """Without leads nothing is said of leads; a table that was never there is not made."""
    alone = answered({"companies": tables["companies"]})
    stores.write(alone, goal.where)
    query = f"SELECT table_name FROM information_schema.tables WHERE {_OURS}"
    made = {table for (table,) in goal.ask(query)}
    stores.write(answered(tables), goal.where)
    assert goal.answers().leads.height > 0

    stores.write(alone, goal.where)

    assert made == {*TABLES} - {"mpfunnel_leads", "mpfunnel_engagement", "mpfunnel_plays"}
    told = goal.answers()
    assert (told.leads.height, told.engagement.height, told.plays.height) == (0, 0, 0)
    assert rows(told.companies) == rows(alone.companies)


def test_a_reader_sees_the_old_answers_until_all_are_new(
    goal: Goal, first: frames.Tables, second: frames.Tables
) -> None:
    """Never half of each."""
    stores.write(first, goal.where)

    with goal.open(stores.target(goal.where)) as database:
        upsert.replace(database, goal.where, listed(second))
        while_writing = goal.answers()

    assert differing(while_writing, first) == []
    told = goal.answers()
    assert (rows(told.companies), rows(told.tiers)) == (rows(second.companies), rows(second.tiers))


def test_a_run_that_fails_leaves_the_old_answers(
    goal: Goal, first: frames.Tables, second: frames.Tables
) -> None:
    """Whatever it had written before it failed."""
    stores.write(first, goal.where)

    def interrupted() -> None:
        with goal.open(stores.target(goal.where)) as database:
            upsert.replace(database, goal.where, listed(second))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert differing(goal.answers(), first) == []


def test_what_the_database_refuses_in_the_middle_is_told(
    goal: Goal, tables: dict[str, pl.DataFrame]
) -> None:
    """A check of the last table fails: the first ones keep what they held."""
    stores.write(answered(tables | {"contracts": tables["contracts"].clear()}), goal.where)
    before = goal.answers()
    made = "CREATE TABLE mpfunnel_rejects ("
    made += ", ".join(
        f'"{name}" {"DATE" if name == "as_of" else "TEXT"}' for name in before.rejects.columns
    )
    goal.ask("DROP TABLE mpfunnel_rejects")
    goal.ask(f"{made}, CHECK (code <> 'unknown-product'))")

    with pytest.raises(InvalidDataError) as error:
        stores.write(answered(tables), goal.where)

    assert "says: " in str(error.value)
    assert "mpfunnel_rejects" in str(error.value)
    assert "\n" not in str(error.value)
    assert differing(goal.answers(), before) == []


def test_the_answers_may_stand_beside_the_tables_that_they_are_of(
    tables: dict[str, pl.DataFrame], tmp_path: Path, first: frames.Tables
) -> None:
    """Then one file holds all, and the next run leaves them alone as tables of others."""
    path = FILLED["DuckDB"](tmp_path, tables)
    for _ in range(2):
        told = stores.assess(ENGINE, stores.read(ENGINE, path), as_of=STORY_DAY, possible=True)
        stores.write(told, path)

    with duckdb.connect(path) as connection:
        count = connection.sql("SELECT count(*) FROM mpfunnel_tiers").fetchall()
    assert count == [(first.tiers.height,)]


def test_a_new_file_that_cannot_be_filled_is_not_left(tmp_path: Path, first: frames.Tables) -> None:
    """A failed run changes nothing."""
    blank = first.companies.with_columns(company_id=pl.lit(None, dtype=pl.Int64))

    with pytest.raises(InvalidDataError, match="DuckDB says: "):
        stores.write(evolve(first, companies=blank), tmp_path / "new.duckdb")

    assert list(tmp_path.iterdir()) == []


# -- folders --


def test_a_folder_has_csv_and_parquet_of_each_answer(
    tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    """CSV for people, in which nothing runs; Parquet for programs, with the types."""
    companies = tables["companies"].select(
        pl.concat_str(pl.lit("=＋"), pl.col("id").cast(pl.String)).alias("id")
    )
    out = answered({"companies": companies})

    stores.prepare(tmp_path / "a" / "b")
    stores.write(out, tmp_path / "a" / "b")

    written = pq.read_table(tmp_path / "a" / "b" / "segments.parquet")
    assert pl.DataFrame(written).equals(out.companies)
    path = tmp_path / "a" / "b" / "segments.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbfcompany_id,segment,settled,")
    with path.open(encoding="utf-8-sig", newline="") as file:
        told = list(csv.DictReader(file))
    assert [row["company_id"] for row in told] == [f"'{one}" for one in out.companies["company_id"]]
    assert [row["segment"] for row in told] == out.companies["segment"].to_list()
    assert {(row["settled"], row["as_of"]) for row in told} <= {
        ("true", "2026-10-31"),
        ("false", "2026-10-31"),
    }


def test_files_of_an_answer_that_is_not_given_any_more_go(
    tables: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    """What stays is of one run; files of others are left alone."""
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    told = {"matches": tables["leads"], "match_candidates": tables["leads"].clear()}
    stores.write(answered(tables), tmp_path, matches=told)
    assert {one.name for one in tmp_path.iterdir()} == {*stores.FILES, "mine.txt"}

    lazy = frames.assess(ENGINE, companies=tables["companies"].lazy(), as_of=STORY_DAY)
    stores.write(lazy, tmp_path)

    left = {one.name for one in tmp_path.iterdir()}
    gone = ("leads", "engagement", "plays", "by_hand", "match")
    assert left == {name for name in stores.FILES if not name.startswith(gone)} | {"mine.txt"}


def test_a_file_that_cannot_be_written_changes_none(
    tables: dict[str, pl.DataFrame], tmp_path: Path, first: frames.Tables
) -> None:
    """Nothing half written stays behind either."""
    stores.write(first, tmp_path)
    before = {one: one.read_bytes() for one in tmp_path.iterdir()}
    (tmp_path / ".tiers.csv.part").mkdir()

    with pytest.raises(OSError, match="tiers"):
        stores.write(answered(tables, STORY_DAY + timedelta(days=1)), tmp_path)

    (tmp_path / ".tiers.csv.part").rmdir()
    assert {one: one.read_bytes() for one in tmp_path.iterdir()} == before


# -- PostgreSQL alone --


@pytest.mark.postgres
def test_postgresql_is_read_like_any_store(postgres: str, tables: dict[str, pl.DataFrame]) -> None:
    """Law 1: Engines agree: tables, views and types of its own; the schema is in the address."""
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    wanted = answered(tables)
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute('CREATE SCHEMA "crm\'s"')
        cursor.execute('SET search_path TO "crm\'s"')
        for name, table in tables.items():
            plain = table.with_columns(pl.col(pl.Decimal).cast(pl.Float64))
            base = f"base_{name}"
            cursor.adbc_ingest(base, plain.to_arrow(), mode="create", db_schema_name="crm's")
        for name in tables:
            cursor.execute(f"CREATE VIEW {name} AS SELECT * FROM base_{name}")
        # As a CRM has them: numeric, an enum, blank-padded text, days without end, a domain.
        cursor.execute("CREATE TYPE word AS ENUM ('IT', 'manufacturing', 'trade')")
        cursor.execute("CREATE DOMAIN number AS bigint")
        cursor.execute("DROP VIEW companies, contracts")
        cursor.execute(
            "CREATE TABLE companies AS SELECT *, '1 day'::interval AS memo FROM base_companies"
        )
        for column, kind in (
            ("id", "number"),
            ("annual_revenue", "numeric(20, 2)"),
            ("corporate_number", "char(20)"),
        ):
            cursor.execute(f"ALTER TABLE companies ALTER {column} TYPE {kind}")
        cursor.execute(
            "CREATE VIEW contracts AS SELECT company_id, product_id, start,"
            ' coalesce("end", \'infinity\') AS "end" FROM base_contracts'
        )
        connection.commit()

    given = stores.read(ENGINE, f"{postgres}&schema=crm%27s")
    told = stores.assess(ENGINE, given, as_of=STORY_DAY, possible=True)

    assert differing(told, wanted) == []
    assert given.tables["companies"].schema["id"] == pl.Int64()
    with pytest.raises(InvalidDataError) as error:
        stores.read(ENGINE, f"{postgres}&schema=crms")
    assert str(error.value) == (
        "postgresql:///postgres?schema=crms: no such schema 'crms'; did you mean 'crm's'?"
    )
    with pytest.raises(InvalidDataError, match=r"has no table companies; it has none$"):
        stores.read(ENGINE, postgres)


@pytest.mark.postgres
def test_postgresql_says_why_not(postgres: str) -> None:
    """Without the password, and on one line."""
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE guarded LOGIN PASSWORD 's3cret'")
        cursor.execute("CREATE SCHEMA closed")
        cursor.execute("CREATE TABLE closed.companies AS SELECT 1 AS id")
        cursor.execute("CREATE SCHEMA half_open")
        cursor.execute("CREATE TABLE half_open.companies AS SELECT 1 AS id")
        cursor.execute("GRANT USAGE ON SCHEMA half_open TO guarded")
        cursor.execute("ALTER ROLE guarded SET search_path TO nowhere")
        connection.commit()
    guarded = postgres.replace("user=postgres", "user=guarded&password=")

    for url, line in (
        (f"{guarded}wr0ng", 'PostgreSQL says: password authentication failed for user "guarded"'),
        (f"{guarded}s3cret", "has no schema of its own; name one as ?schema=…"),
        (f"{guarded}s3cret&schema=closed", "PostgreSQL says: permission denied for schema closed"),
        (
            f"{guarded}s3cret&schema=half_open",
            "PostgreSQL says: permission denied for table companies",
        ),
        (
            postgres.replace("/postgres?", "/nodb?"),
            'PostgreSQL says: database "nodb" does not exist',
        ),
    ):
        with pytest.raises(InvalidDataError) as error:
            stores.read(ENGINE, url)
        assert str(error.value).startswith("postgresql:///")
        assert str(error.value).endswith(line)
    with pytest.raises(InvalidDataError, match="PostgreSQL says: permission denied for database"):
        stores.write(
            answered({"companies": pl.DataFrame({"id": [1]})}), f"{guarded}s3cret&schema=new"
        )


@pytest.mark.postgres
def test_runs_at_the_same_time_wait_for_each_other(
    postgres: str, tables: dict[str, pl.DataFrame]
) -> None:
    """None fails, though each finds no tables when it starts; what stands there is of one."""
    outs = [answered(tables, STORY_DAY + timedelta(days=days)) for days in range(4)]
    where = f"{postgres}&schema=shared"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda out: stores.write(out, where), outs))

    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    found: list[list[Any]] = []
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT * FROM shared.{table}")
            found.append(cursor.fetchall())
    days = {row[-2] for told in found for row in told}
    assert len(days) == 1
    (last,) = (out for out in outs if out.companies["as_of"][0] in days)
    assert [len(told) for told in found] == [getattr(last, name).height for name in ANSWERS]


@pytest.mark.postgres
def test_a_letter_that_postgresql_cannot_hold_is_replaced(postgres: str) -> None:
    """One such id shall not keep all answers from being written."""
    out = answered({"companies": pl.DataFrame({"id": ["a\0b", "c"]})})

    stores.write(out, f"{postgres}&schema=odd")

    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT company_id FROM odd.mpfunnel_companies ORDER BY company_id")
        assert cursor.fetchall() == [("a\ufffdb",), ("c",)]
