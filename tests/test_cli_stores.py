"""`mpfunnel assess` on stores: from one to another, as a nightly job does."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import sources, stores
from mpfunnel.cli.summary import _KINDS, Summary
from mpfunnel.cli.terminal import Terminal
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate, write_csv
from mpfunnel.facts import company
from mpfunnel.frames import Tables
from mpfunnel.frames.contract import TABLES
from mpfunnel.labels import Lang
from mpfunnel.synergy import Ineligible, Synergy
from tests.cli import INVENTED, Ran, csv_rows, run
from tests.cli import TABLES as FILES
from tests.frames import RECORDS, tables_of
from tests.stores import ANSWERS, ENGINE, FILLED, differing, invented


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.DataFrame]:
    """The tables of a market of the invented firm."""
    return invented(60)


def assess(
    capsys: pytest.CaptureFixture[str],
    *data: object,
    out: object,
    lang: str = "en",
    as_of: object = STORY_DAY,
    more: tuple[object, ...] = (),
) -> Ran:
    """Assess a store by the command line."""
    options = ("--playbook", "invented", "--as-of", as_of, "--lang", lang, *more)
    return run(capsys, "assess", *data, *options, "--out", out)


# What is read of each kind is tested where stores are: two show that the command reads them.
@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=[] if kind in ("CSV", "DuckDB") else [pytest.mark.bulk])
        for kind in FILLED
    ],
)
def test_any_store_is_answered_into_a_database(
    kind: str,
    tables: dict[str, pl.DataFrame],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Run twice, it holds the answers of the second day, under the names that are documented."""
    where, out = FILLED[kind](tmp_path, tables), tmp_path / "out.duckdb"
    assess(capsys, where, out=out, as_of=STORY_DAY - timedelta(days=90))

    ran = assess(capsys, where, out=out)

    assert (ran.code, ran.err) == (0, "")
    wanted = stores.assess(
        ENGINE, stores.read(ENGINE, where), as_of=STORY_DAY, lang="en", possible=True
    )
    with duckdb.connect(out) as connection:
        told = {name: connection.query(f"FROM mpfunnel_{name}").pl() for name in ANSWERS}
    assert differing(Tables(**told), wanted) == []


def test_a_database_is_answered_into_files(
    tables: dict[str, pl.DataFrame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder takes them from anywhere."""
    ran = assess(capsys, FILLED["DuckDB"](tmp_path, tables), out=tmp_path / "out")

    assert (ran.code, ran.err) == (0, "")
    # Leads are matched by a mapping that says so.
    of_matches = {name for name in stores.FILES if name.startswith("match")}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*stores.FILES} - of_matches
    assert len(of_matches) == 4


def test_a_stage_that_the_funnel_no_longer_has_is_counted(
    tables: dict[str, pl.DataFrame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 7: Nothing is lost: a history may name one, and its leads stand there."""
    history = tables["stage_history"].with_columns(pl.col("stage").replace("sal", "sales-ready"))
    former = tables | {"stage_history": history}

    ran = assess(capsys, FILLED["Parquet"](tmp_path, former), out=tmp_path / "out")

    leads = sum(row["stage"] == "sales-ready" for row in csv_rows(tmp_path / "out", "leads"))
    assert leads
    assert ran.row("sales-ready", after="Funnel")[1] == str(leads)


def test_every_table_has_a_name_for_people() -> None:
    """What became of the rows can be told of whatever table `frames.assess` takes."""
    assert set(TABLES) <= set(_KINDS)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_summary_is_that_of_one_account_after_the_other(
    lang: Lang, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 1: the counts are the same of a store, of an export, and of its accounts."""
    write_csv(generate(60, as_of=STORY_DAY), tmp_path / "export")
    read = sources.read(
        INVENTED, tmp_path / "export", products=[one.id for one in PLAYBOOK.products]
    )
    records = {name: getattr(read, name) for name in RECORDS}
    tables = {name: pl.DataFrame(one) for name, one in tables_of(records, ENGINE).items()}
    where = FILLED["Parquet"](tmp_path, tables)
    summary = Summary(PLAYBOOK)
    for account in read.accounts():
        summary.add(ENGINE.assess(account, as_of=STORY_DAY))
    for table in summary.tables(lang, 80):
        Terminal().print(table)
    wanted = capsys.readouterr().out

    ran = assess(capsys, where, out=tmp_path / "out", lang=lang)
    source = ("--source", INVENTED)
    export = assess(capsys, tmp_path / "export", out=tmp_path / "one", lang=lang, more=source)

    assert wanted in ran.out
    assert wanted in export.out
    assert ran.out.split("\n")[0] == export.out.split("\n")[0]
    assert ran.row("leads.parquet")[1:] == [
        {"en": "leads", "ja": "リード"}[lang],
        str(tables["leads"].height),
        "0",
    ]
    for name in FILES[:-1]:
        assert csv_rows(tmp_path / "out", name) == csv_rows(tmp_path / "one", name)
    assert len(csv_rows(tmp_path / "out", "company_products")) == 60 * 4


def test_rejects_are_counted_by_their_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 7: Nothing is lost: of cells that cannot be read and of rows that cannot be used."""
    (tmp_path / "companies.csv").write_text("id,employees\na,5\nb,many\nc,few\n", encoding="utf-8")
    (tmp_path / "contracts.csv").write_text(
        "company_id,product_id,start\na,crm,2026-01-01\na,gone,2026-01-01\n", encoding="utf-8"
    )

    monkeypatch.setenv("COLUMNS", "120")
    ran = assess(capsys, tmp_path, out=tmp_path / "out")

    assert ran.code == 0
    assert ran.row("companies.csv") == ["companies.csv", "companies", "3", "2"]
    assert ran.row("contracts.csv") == ["contracts.csv", "contracts", "2", "1"]
    assert ran.row("2", after="Rejects by reason") == [
        *("2", "companies", "type", "employees: must be a whole number, such as 300")
    ]
    assert ran.row("1", after="Rejects by reason")[1:3] == ["contracts", "unknown-product"]
    assert "no leads: no funnel and no engagement" in ran.out
    assert [row["id"] for row in csv_rows(tmp_path / "out", "rejects")] == ["b", "c", "a"]


def test_leads_without_company_are_counted_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As they are where accounts are answered one by one."""
    (tmp_path / "companies.csv").write_text("id\n", encoding="utf-8")
    (tmp_path / "leads.csv").write_text("id,company_id\nx,\ny,gone\n", encoding="utf-8")

    ran = assess(capsys, tmp_path, out=tmp_path / "out")

    assert ran.row("unmatched") == ["unmatched", "0", "2"]
    assert "no companies: no tiers and no white space" in ran.out


def test_an_undecided_segment_is_counted_apart() -> None:
    """Also that of the company of a lead."""
    companies = pl.DataFrame({"id": [1]})
    leads = pl.DataFrame({"id": [1, 2], "company_id": [1, None]})
    given = stores.Given({"companies": companies, "leads": leads}, {}, (), {})
    out = stores.assess(ENGINE, given, as_of=STORY_DAY, possible=True)
    assert not out.companies["settled"].any()

    summary = Summary(PLAYBOOK)
    summary.add_all(out)

    assert dict(summary._companies) == {None: 1}
    assert dict(summary._leads) == {None: 1, "unmatched": 1}


def test_an_undecided_position_is_counted_apart() -> None:
    """Law 1: of objects as of tables; who owns a product is asked nothing else."""
    rule = Ineligible(company.employees < 10, product="ma", key="small")
    engine = mf.Engine(evolve(PLAYBOOK, synergy=Synergy(not_eligible=[rule])))
    sizes = {1: 5, 2: 50, 3: None, 4: None}
    contract = mf.Contract(4, "ma", STORY_DAY)
    tables = {
        "companies": pl.DataFrame({"id": [*sizes], "employees": [*sizes.values()]}),
        "contracts": pl.DataFrame(
            {"company_id": [4], "product_id": ["ma"], "start": [contract.start]}
        ),
    }
    given = stores.Given(tables, {}, (), {})
    of_tables, of_objects = Summary(engine.playbook), Summary(engine.playbook)
    of_tables.add_all(stores.assess(engine, given, as_of=STORY_DAY, possible=True))
    for number, size in sizes.items():
        of = mf.Account(
            mf.Company(number, employees=size), contracts=[contract] if number == 4 else []
        )
        of_objects.add(engine.assess(of, as_of=STORY_DAY))

    assert of_tables._positions == of_objects._positions
    wanted = {"not_eligible": 1, "untapped": 1, None: 1, "owned": 1}
    assert dict(of_tables._positions["ma"]) == wanted
    assert dict(of_tables._positions["crm"]) == {"untapped": 4}


# -- what is given --


@pytest.mark.parametrize(
    ("data", "out", "more", "code", "line"),
    [
        ([], "out", [], 2, "data: must be one folder, file or URL; pairs key=path need --source"),
        (["a", "b=c"], "out", [], 2, "data: must be one folder, file or URL; pairs key=path need"),
        ([""], "out", [], 1, "where a store is must not be blank"),
        (["."], "", [], 1, "where a store is must not be blank"),
        (["nowhere"], "out", [], 1, "nowhere: no such file or folder"),
        (["."], "out", [], 1, ".: has no table companies; it has none"),
        (["."], ".", ["--source", "maven"], 1, "accounts.csv: no such file"),
        (["postgresql://me:s3@cret@db/crm"], "out", [], 1, "postgresql://…: write each @, /, ?"),
        (
            ["postgresql://me:s3cret@db/crm", "x"],
            "out",
            ["--source", "maven"],
            2,
            "postgresql://…db/crm: is no pair key=path; give one folder, or pairs of",
        ),
        (["host=db password=s3cret"], "out", [], 1, "host=db password=…"),
        (["."], "out", ["--data=postgresql://me:s3cret@db/crm"], 2, "unknown option"),
    ],
)
def test_what_is_given_wrongly_is_told_in_a_line(
    data: list[str],
    out: str,
    more: list[str],
    code: int,
    line: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And without the password."""
    monkeypatch.chdir(tmp_path)

    ran = assess(capsys, *data, out=out, more=tuple(more))

    assert (ran.code, ran.out) == (code, "")
    assert line in ran.err.split("\n")[0]
    assert "s3" not in ran.err
    assert "cret" not in ran.err


def test_tables_are_never_replaced_by_their_answers(
    tables: dict[str, pl.DataFrame], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both have leads: the answers must go to another folder."""
    FILLED["CSV"](tmp_path, tables)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    ran = assess(capsys, tmp_path, out=tmp_path)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"{tmp_path / 'leads.csv'}: is read, and would be replaced; name another --out\n"
    )
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_where_answers_cannot_go_is_found_out_before_the_work(
    tables: dict[str, pl.DataFrame],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No job runs for an hour in vain."""
    where = FILLED["DuckDB"](tmp_path, tables)
    monkeypatch.delattr(stores, "assess")

    ran = assess(capsys, where, out=tmp_path / "absent" / "out.duckdb")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{tmp_path / 'absent'}: no such folder\n"


def test_whole_tables_need_an_extra(
    tables: dict[str, pl.DataFrame],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line, as for all that is not installed."""
    where = FILLED["CSV"](tmp_path, {"companies": tables["companies"]})
    monkeypatch.setitem(sys.modules, "polars", None)

    ran = assess(capsys, where, out=tmp_path / "out")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == "a store needs Polars; pip install 'mpfunnel[frames]'\n"


@pytest.mark.postgres
def test_a_crm_in_postgresql_has_the_answers_beside_its_tables(
    postgres: str, tables: dict[str, pl.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    """From one schema to another; only the server, the database and the schema are shown."""
    from importlib import import_module

    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA crm")
        for name, table in tables.items():
            plain = table.with_columns(pl.col(pl.Decimal).cast(pl.Float64))
            cursor.adbc_ingest(name, plain.to_arrow(), mode="create", db_schema_name="crm")
        connection.commit()

    ran = assess(capsys, f"{postgres}&schema=crm", out=f"{postgres}&schema=told")

    assert (ran.code, ran.err) == (0, "")
    assert "written to: postgresql:///postgres?schema=told\n" in ran.out
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM told.mpfunnel_company_products")
        assert cursor.fetchall() == [(240,)]
