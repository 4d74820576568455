"""`mpfunnel assess`: from the files of a CRM to the files of the answers."""

from __future__ import annotations

import csv
import shutil
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import mpfunnel as mf
from mpfunnel import codec, sources, stores
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate, write_csv
from mpfunnel.frames import Tables
from tests.cli import INVENTED, TABLES, Ran, as_cells, csv_rows, parquet, run
from tests.frames import RECORDS, differences
from tests.stores import ANSWERS, ENGINE

FILE_OF = {"companies": "segments"}
"""What the files of an answer are called, where it is not its name."""


def assess(
    capsys: pytest.CaptureFixture[str],
    *data: object,
    out: object,
    playbook: object = "invented",
    source: object = INVENTED,
    as_of: object = STORY_DAY,
    lang: str = "en",
) -> Ran:
    """Assess files by the command line."""
    options = ("--playbook", playbook, "--source", source, "--as-of", as_of, "--lang", lang)
    return run(capsys, "assess", *data, *options, "--out", out)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a market of the invented firm."""
    folder = tmp_path_factory.mktemp("market")
    write_csv(generate(120, as_of=STORY_DAY), folder)
    return folder


def records_of(export: Path) -> dict[str, Any]:
    """What `sources.read` makes of an export, by kind."""
    read = sources.read(INVENTED, export, products=[one.id for one in PLAYBOOK.products])
    return {name: getattr(read, name) for name in RECORDS}


def spoilt(export: Path, folder: Path) -> Path:
    """A copy of the export with five more companies: equal, differing, of no sense, and cut."""
    shutil.copytree(export, folder)
    with (folder / "companies.csv").open(encoding="utf-8", newline="") as file:
        header, *companies = list(csv.reader(file))
    blank = [""] * (len(header) - 2)
    rows = [
        companies[0],
        ["900", "株式会社X", *blank],
        ["901", "a", "", "", "", "many", *blank[4:]],
        ["902"],
        [companies[1][0], "another", *blank],
    ]
    with (folder / "companies.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return folder


def in_duckdb(out: object, table: str) -> Any:
    """A table of a DuckDB file."""
    with duckdb.connect(str(out), read_only=True) as connection:
        return connection.query(f"FROM {table}").pl()


def in_postgres(url: str, table: str) -> Any:
    """A table of a schema of PostgreSQL."""
    place = stores.source(url)
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(place.url) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {place.schema}.{table}")
        return pl.DataFrame(cursor.fetch_arrow_table())


# -- what is written --


def test_the_files_hold_the_answers_of_the_engine(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 1: Engines agree: whole tables say what one account after the other does, with types."""
    ran = assess(capsys, market, out=tmp_path)

    assert (ran.code, ran.err) == (0, "")
    told = Tables(**{name: parquet(tmp_path, FILE_OF.get(name, name)) for name in ANSWERS})
    assert differences(told, ENGINE, records_of(market), STORY_DAY, possible=True) == []
    assert told.engagement.num_rows > 50


@pytest.mark.parametrize("kind", ["DuckDB", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
def test_a_database_holds_what_the_files_hold(
    kind: str,
    market: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    """Under the documented names, also after a second run, and the rejects of both steps."""
    folder = spoilt(market, tmp_path / "in")
    out: object = tmp_path / "out.duckdb"
    if kind == "PostgreSQL":
        out = f"{request.getfixturevalue('postgres')}&schema=export"
    assess(capsys, folder, out=out, as_of="2026-01-31")

    ran = assess(capsys, folder, out=out)

    assert (ran.code, ran.err) == (0, "")
    assert assess(capsys, folder, out=tmp_path / "out").code == 0
    for name in ANSWERS:
        table = f"mpfunnel_{name}"
        held = in_postgres(str(out), table) if kind == "PostgreSQL" else in_duckdb(out, table)
        wanted = pl.DataFrame(parquet(tmp_path / "out", FILE_OF.get(name, name)))
        assert held.columns == wanted.columns
        assert sorted(held.rows(), key=repr) == sorted(wanted.rows(), key=repr)
    assert {row["table"] for row in csv_rows(tmp_path / "out", "rejects")} == {"companies"}


def test_csv_and_parquet_hold_the_same(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same columns in the same order, the same rows, the same values, in every table."""
    assess(capsys, spoilt(market, tmp_path / "in"), out=tmp_path / "out")

    for table in TABLES:
        written = parquet(tmp_path / "out", table)
        rows = csv_rows(tmp_path / "out", table)
        assert rows == as_cells(written.to_pylist()), table
        assert rows, table
        assert list(rows[0]) == written.column_names, table


def test_the_same_files_give_the_same_bytes(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 9: Same input, same bytes: of each file, and of what is printed."""
    first = assess(capsys, market, out=tmp_path / "a")
    second = assess(capsys, market, out=tmp_path / "b")

    for name in (one.name for one in (tmp_path / "a").iterdir()):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert first.out.replace(str(tmp_path / "a"), "") == second.out.replace(str(tmp_path / "b"), "")


def test_files_of_an_earlier_run_are_replaced_and_others_left(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing half written stays behind either."""
    (tmp_path / "leads.csv").write_text("old", encoding="utf-8")
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    assess(capsys, market, out=tmp_path)

    written = {name for name in stores.FILES if not name.startswith(("by_hand", "match"))}
    assert {path.name for path in tmp_path.iterdir()} == {*written, "mine.txt"}
    assert (tmp_path / "leads.csv").read_bytes().startswith(b"\xef\xbb\xbflead_id,company_id,")


def test_a_file_that_cannot_be_replaced_is_named_in_one_line(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the name that a person knows, not by that of the part that was being written."""
    (tmp_path / "leads.csv" / "in the way").mkdir(parents=True)

    ran = assess(capsys, market, out=tmp_path)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"{tmp_path / 'leads.csv'}: ")
    assert ran.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".part"] == []


def test_empty_tables_have_the_same_columns_and_types(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What reads the files need not know whether there was anything to tell."""
    for name, count in (("full", 60), ("empty", 0)):
        write_csv(generate(count, as_of=STORY_DAY), tmp_path / f"{name}_in")
        ran = assess(capsys, tmp_path / f"{name}_in", out=tmp_path / name)
        assert ran.code == 0

    for table in TABLES:
        full, empty = parquet(tmp_path / "full", table), parquet(tmp_path / "empty", table)
        assert full.schema.equals(empty.schema)
        assert empty.num_rows == 0
    types = {field.name: str(field.type) for field in parquet(tmp_path / "empty", "leads").schema}
    assert (types["lead_id"], types["settled"], types["as_of"]) == ("int64", "bool", "date32[day]")


def test_a_text_that_a_spreadsheet_would_run_is_kept_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In CSV an apostrophe stands before it; Parquet has it as it is, and numbers stay numbers."""
    texts = ["=1+1", "+81", "-2", "@sum", "＝１", "\t=1", "plain"]
    (tmp_path / "companies.csv").write_text(
        "id,staff\n" + "".join(f"{text},many\n{text}-b,5\n" for text in texts), encoding="utf-8"
    )
    (tmp_path / "mapping.toml").write_text(
        '[files]\ncompanies = "companies.csv"\n[companies]\nfile = "companies"\n'
        '[companies.fields]\nid = "id"\nemployees = "staff"\n',
        encoding="utf-8",
    )

    assess(capsys, tmp_path, out=tmp_path / "out", source=tmp_path / "mapping.toml")

    ids = [row["company_id"] for row in csv_rows(tmp_path / "out", "segments")]
    assert ids == [f"{'' if text == 'plain' else chr(39)}{text}-b" for text in sorted(texts)]
    kept = parquet(tmp_path / "out", "segments").column("company_id").to_pylist()
    assert kept == [f"{text}-b" for text in sorted(texts)]


# -- nothing is lost --


def test_every_row_is_used_collapsed_or_rejected(
    market: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 7: Nothing is lost: what is written and what is rejected add up to what was read."""
    folder = spoilt(market, tmp_path / "in")

    ran = assess(capsys, folder, out=tmp_path / "out")

    rejects = csv_rows(tmp_path / "out", "rejects")
    written = csv_rows(tmp_path / "out", "segments")
    assert len(written) + 1 + len(rejects) == 120 + 5
    assert {(row["table"], row["file"], row["id"]) for row in rejects} == {
        ("companies", "companies.csv", "")
    }
    assert [(row["line"], row["column"], row["code"], row["value"]) for row in rejects] == [
        ("3", "id", "conflict", "2"),
        ("124", "employees", "type", "many"),
        ("125", "", "ragged", ""),
        ("126", "id", "conflict", "2"),
    ]
    assert ran.row("companies.csv")[2:] == ["125", "120", "1", "4"]
    assert ran.row("2", after="Rejects by reason")[1:3] == ["companies", "conflict"]
    # A lead of a company that was rejected is not: it has no company, then.
    assert len(csv_rows(tmp_path / "out", "leads")) == int(ran.row("leads.csv")[3])


SHOP = {
    "products.csv": "id\na\nb\n",
    "companies.csv": "id\n1\n2\n",
    "leads.csv": "id,company\n=taro@x.example,1\nhana,2\n",
    # The second one belongs to one company and its lead to another.
    "deals.csv": "id,company,lead,product,opened\n1,1,,a,2026-01-05\n2,1,hana,b,2026-01-05\n",
    "events.csv": "lead,kind,at,product\n=taro@x.example,accepted,2026-01-06,b\n",
}
SHOP_MAPPING = """
[defaults]
zone = "Asia/Tokyo"
[files]
products = "products.csv"
companies = "companies.csv"
leads = "leads.csv"
deals = "deals.csv"
events = "events.csv"
[products]
file = "products"
fields = { id = "id" }
[companies]
file = "companies"
fields = { id = "id" }
[leads]
file = "leads"
fields = { id = "id", company_id = "company" }
[deals]
file = "deals"
[deals.fields]
id = "id"
company_id = "company"
lead_id = "lead"
product_id = "product"
opened_at = "opened"
[sales_events]
file = "events"
fields = { lead_id = "lead", kind = "kind", at = "at", product_id = "product" }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small export whose second product the playbook does not know, and its mapping."""
    for name, text in SHOP.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(SHOP_MAPPING, encoding="utf-8")
    codec.dump(mf.starter(["a"]), tmp_path / "playbook.toml")
    return tmp_path


@pytest.mark.parametrize(
    ("lang", "then", "reason", "written"),
    [
        ("en", ["then assessed", "deals", "2", "1", "0", "1"], "deals", "written to: "),
        ("ja", ["判定時", "商談", "2", "1", "0", "1"], "商談", "出力先: "),
    ],
)
def test_what_is_read_and_then_cannot_be_used_is_rejected_once(
    lang: str,
    then: list[str],
    reason: str,
    written: str,
    shop: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Law 7: each row is one reject, and what is shown holds no mail address."""
    ran = assess(
        capsys,
        shop,
        out=shop / "out",
        playbook=shop / "playbook.toml",
        source=shop / "mapping.toml",
        lang=lang,
    )

    assert ran.code == 0
    rejects = csv_rows(shop / "out", "rejects")
    kept = ("table", "file", "line", "id", "column", "code", "reason", "value")
    why = ("product_id", "unknown-product", "no such product b", "")
    assert [[row[name] for name in kept] for row in rejects] == [
        ["deals", "", "", "2", *why],
        ["sales_events", "", "", "'=taro@x.example", *why],
    ]
    assert ran.row(then[0]) == then
    assert ran.row("1", after=("Rejects by reason" if lang == "en" else "除外の理由"))[1] == reason
    assert f"{written}{shop / 'out'}" in ran.out
    assert "taro" not in ran.out + "".join(row["reason"] for row in rejects)


def test_what_lies_after_the_day_is_told(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Law 5: the future does not count; the summary says how much of it there is."""
    given: dict[str, Any] = {"playbook": shop / "playbook.toml", "source": shop / "mapping.toml"}

    early = assess(capsys, shop, out=shop / "out", as_of="2026-01-04", **given)
    late = assess(capsys, shop, out=shop / "out", as_of="2026-01-06", **given)

    assert "after that day, not counted yet: deals 2, sales events 1\n" in early.out
    assert "after that day" not in late.out


@pytest.mark.parametrize(
    ("lang", "after", "kind"),
    [("en", "Derived by patterns", "deals"), ("ja", "パターンによる項目の判定", "商談")],
)
def test_what_patterns_made_of_the_rows_is_counted(
    lang: str, after: str, kind: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many rows got a product, and what fits no pattern most often."""
    mapping = shop / "mapping.toml"
    like = '{ like = "a", is = "a" }, { like = "z*", is = "a" }'
    derived = SHOP_MAPPING.replace(
        'product_id = "product"\nopened',
        f'product_id = {{ column = "product", patterns = [{like}] }}\nopened',
    )
    mapping.write_text(derived, encoding="utf-8")
    given: dict[str, Any] = {"playbook": shop / "playbook.toml", "source": mapping}

    ran = assess(capsys, shop, out=shop / "out", lang=lang, **given)

    assert ran.row(kind, after=after) == [kind, "product_id", "2", "1", "1", "0", "b (1)"]


# -- what people set by hand --

HANDS = """\
what,value,by,reason,since,until,company
Tier,Tier 1,Mori,key account,2026-04-01,,1
Tier,Tier 1,Ito,key account,2026-03-01,2026-12-31,1
Tier,Tier 1,Mori,campaign,2026-01-01,2026-03-31,2
Tier,Tier 1,Mori,next year,2027-01-01,,2
Tier,Tier 1,Mori,whose,2026-04-01,,9
"""
BY_HAND = """\
[files]
companies = "companies.csv"
overrides = "overrides.csv"

[companies]
file = "companies"
fields = { id = "id" }

[overrides]
file = "overrides"

[overrides.fields]
what = { column = "what", values = { "Tier" = "tier" } }
value = { column = "value", values = { "Tier 1" = "tier_1" } }
by = "by"
reason = "reason"
since = "since"
until = "until"
company_id = "company"
product_id = { constant = "%s" }
"""


def test_what_people_set_is_counted_in_the_summary(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Law 7: in force, agreed to, expired, or a reject; what begins later is told apart."""
    product = PLAYBOOK.products[0]
    (tmp_path / "companies.csv").write_text("id\n1\n2\n", encoding="utf-8")
    (tmp_path / "overrides.csv").write_text(HANDS, encoding="utf-8")
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(BY_HAND % product.id, encoding="utf-8")

    ran = assess(capsys, tmp_path, out=tmp_path / "out", source=mapping, as_of="2026-10-31")

    assert (ran.code, ran.err) == (0, "")
    assert ran.row("Tier", after="Set by hand") == ["Tier", "1", "1", "1"]
    assert ran.row("segment", after="Set by hand") == ["segment", "0", "0", "0"]
    assert "after that day, not counted yet: overrides 1\n" in ran.out
    assert ran.row("overrides.csv")[2:] == ["5", "4", "0", "1"]
    told = csv_rows(tmp_path / "out", "by_hand")
    assert [(row["by"], row["status"]) for row in told] == [
        ("Ito", "agreed"),
        ("Mori", "in_force"),
        ("Mori", "expired"),
    ]
    (tier,) = (row for row in csv_rows(tmp_path / "out", "tiers") if row["instead_of"])
    assert (tier["company_id"], tier["product_id"], tier["tier"]) == (
        "1",
        str(product.id),
        "tier_1",
    )
    ja = assess(
        capsys, tmp_path, out=tmp_path / "out", source=mapping, as_of="2026-10-31", lang="ja"
    )
    assert ja.row("Tier", after="手動上書き（件数）") == ["Tier", "1", "1", "1"]


# -- what is given --


def test_files_may_be_given_one_by_one(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As pairs of a key of the mapping and a path; a key may come twice."""
    (shop / "more.csv").write_text("id\n3\n", encoding="utf-8")
    pairs = [f"{name.removesuffix('.csv')}={shop / name}" for name in (*SHOP,)]

    ran = assess(
        capsys,
        *pairs,
        f"companies={shop / 'more.csv'}",
        out=shop / "out",
        playbook=shop / "playbook.toml",
        source=shop / "mapping.toml",
    )

    assert (ran.code, ran.err) == (0, "")
    assert ran.row("more.csv")[2:] == ["1", "1", "0", "0"]
    assert len(csv_rows(shop / "out", "segments")) == 3


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        ([], 2, "data: is missing; give the folder of the files, or pairs key=path"),
        (["a", "b"], 2, "a: is no pair key=path; give one folder, or pairs of products, companies"),
        (["deal=x"], 1, "mapping.toml: files.deal: no such file; did you mean 'deals'?"),
        (["nowhere"], 1, "products.csv: no such file"),
    ],
)
def test_data_that_are_not_there_are_named(
    data: list[str], code: int, line: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each fault is a line; how to give data is said where the form is wrong."""
    given: dict[str, Any] = {"playbook": shop / "playbook.toml", "source": shop / "mapping.toml"}

    ran = assess(capsys, *data, out=shop / "out", **given)

    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(line)


def test_an_export_is_never_replaced_by_its_answers(
    market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both have a leads.csv: the answers must go to another folder."""
    before = (market / "leads.csv").read_bytes()

    ran = assess(capsys, market, out=market)

    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        f"{market / 'leads.csv'}: is read, and would be replaced; name another --out\n"
    )
    assert (market / "leads.csv").read_bytes() == before


def test_none_of_several_files_is_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each file of a key is read, in a folder or one by one."""
    for name in ("a.csv", "tiers.csv"):
        (tmp_path / name).write_text(f"id\n{name}\n", encoding="utf-8")
    (tmp_path / "mapping.toml").write_text(
        '[files]\nc = ["a.csv", "tiers.csv"]\n[companies]\nfile = "c"\nfields = { id = "id" }\n',
        encoding="utf-8",
    )
    pairs = [f"c={tmp_path / name}" for name in ("a.csv", "tiers.csv")]

    for data in ([tmp_path], pairs):
        ran = assess(capsys, *data, out=tmp_path, source=tmp_path / "mapping.toml")
        assert ran.code == 2
        assert ran.err.startswith(f"{tmp_path / 'tiers.csv'}: is read, and would be replaced")
    ran = assess(capsys, *pairs, out=tmp_path / "out", source=tmp_path / "mapping.toml")
    assert len(csv_rows(tmp_path / "out", "segments")) == 2


def test_a_folder_that_cannot_be_made_is_found_out_before_the_work(
    market: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a file is in the way, for example."""
    ran = assess(capsys, market, out=market / "leads.csv" / "out")

    assert (ran.code, ran.out) == (1, "")
    assert ran.err == f"{market / 'leads.csv' / 'out'}: not a directory\n"


# -- real exports --


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_maven_set_is_accounted_for(
    lang: str, shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """85 companies, 7 products, 8,800 deals: in = used + rejected, per reason."""
    ran = assess(
        capsys,
        shared_data / "maven_crm",
        out=tmp_path,
        playbook="maven",
        source="maven",
        as_of="2017-12-31",
        lang=lang,
    )

    assert (ran.code, ran.err) == (0, "")
    assert ran.row("products.csv")[2:] == ["7", "7", "0", "0"]
    assert ran.row("accounts.csv")[2:] == ["85", "85", "0", "0"]
    assert ran.row("sales_pipeline.csv")[2:] == ["8,800", "7,212", "0", "1,588"]
    assert "account: is blank; deals need company_id" in " ".join(ran.row("1,425"))
    assert "engage_date: is blank; deals need opened_at" in " ".join(ran.row("163"))
    # At least 5,000 employees: 27; at least 2,741.37 million dollars: 22; both: 21.
    assert [ran.row(f"Tier {tier}")[1] for tier in (1, 2, 3)] == ["21", "6", "1"]
    assert len(csv_rows(tmp_path, "segments")) == 85
    assert len(csv_rows(tmp_path, "tiers")) == 85 * 7
    assert len(csv_rows(tmp_path, "rejects")) == 1_588


def test_without_the_alias_the_product_that_was_meant_is_named(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The 1,480 rows of GTXPro are rejected, each with the product that was probably meant."""
    shipped = (files("mpfunnel.sources") / "mappings" / "maven.toml").read_text(encoding="utf-8")
    alias = ', values = { GTXPro = "GTX Pro" }'
    assert alias in shipped
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(shipped.replace(alias, ""), encoding="utf-8")

    assess(
        capsys,
        shared_data / "maven_crm",
        out=tmp_path / "out",
        playbook="maven",
        source=mapping,
        as_of="2017-12-31",
    )

    rejects = csv_rows(tmp_path / "out", "rejects")
    meant = [row for row in rejects if row["value"] == "GTXPro"]
    assert len(meant) == 1_480
    assert all("did you mean 'GTX Pro'?" in row["reason"] for row in meant)


def test_a_matrix_that_is_too_wide_goes_on_below(
    shared_data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seven products stand in one table of 80 columns and in two of 60; no heading is cut."""
    found: dict[int, str] = {}
    for width in (80, 60):
        monkeypatch.setenv("COLUMNS", str(width))
        found[width] = assess(
            capsys,
            shared_data / "maven_crm",
            out=tmp_path,
            playbook="maven",
            source="maven",
            as_of="2017-12-31",
        ).out

    assert [found[width].count("Tier × product") for width in (80, 60)] == [1, 2]
    assert all(
        word in text for text in found.values() for word in ("Special", "Advanced", "undecided")
    )
    # The folder that is named last is as long as it is.
    lines = [line for line in found[80].split("\n") if not line.startswith("written to:")]
    assert max(map(len, lines)) <= 80


def test_the_events_of_a_web_shop_are_accounted_for(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """31,106 = used + collapsed + rejected; each of the 600 leads has a stage and an engagement."""
    given: dict[str, Any] = {
        "playbook": "retentioneering",
        "source": "retentioneering",
        "as_of": "2024-06-30",
    }
    folder = shared_data / "retentioneering_ecom"

    ran = assess(capsys, folder, out=tmp_path, **given)

    assert (ran.code, ran.err) == (0, "")
    assert ran.row("ecom.csv.gz")[1:] == ["leads", "31,106", "600", "30,506", "0"]
    again = ran.row("ecom.csv.gz   activities")
    assert again[1:] == ["activities", "31,106", "31,076", "30", "0"]
    leads, states = csv_rows(tmp_path, "leads"), csv_rows(tmp_path, "engagement")
    assert len({row["lead_id"] for row in leads}) == 600
    assert {row["lead_id"] for row in states} == {row["lead_id"] for row in leads}
    assert all(row["stage"] for row in leads)
