"""Exports in whole tables: what a mapping reads is answered and written as a store is."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from attrs import asdict, evolve

import mpfunnel as mf
from mpfunnel import sources, stores
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.examples import STORY_DAY, generate, playbook, write_csv
from tests.cli import INVENTED
from tests.frames import RECORDS, differences
from tests.reading import mapping_of, write
from tests.stores import ENGINE, rows

SAMPLES = Path(__file__).parents[1] / "docs" / "samples"
STARTER = Engine(mf.starter(["crm", "ma"]))


def assert_same_answers(engine: Engine, mapping: Any, folder: Path, as_of: date) -> None:
    """Tables say of an export what its accounts say one by one, and lose no row."""
    products = [product.id for product in engine.playbook.products]
    records = sources.read(mapping, folder, products=products)

    given = stores.read(engine, folder, mapping=mapping)
    out = stores.assess(engine, given, as_of=as_of, lang="en", possible=True)

    assert given.counts == records.counts
    unread = pl.col("file").is_not_null()
    own = ("table", "file", "line", "column", "code", "reason", "value")
    told = out.rejects.filter(unread).select(own).rows(named=True)
    assert sorted(told, key=str) == sorted(map(asdict, records.rejects), key=str)
    used = evolve(out, rejects=out.rejects.filter(~unread))
    if out.leads is None:
        nobody = pl.DataFrame(schema=["lead_id", "product_id"])
        used = evolve(used, leads=nobody, engagement=nobody)
    kinds = {kind: getattr(records, kind) for kind in RECORDS}
    assert differences(used, engine, kinds, as_of, possible=True) == []


@pytest.mark.parametrize("sample", ["crm", "crm_ja"])
def test_the_samples_have_the_answers_of_their_accounts(sample: str) -> None:
    """Law 1: Engines agree, on the files that the documents show."""
    folder = SAMPLES / sample
    assert_same_answers(STARTER, folder / "mapping.toml", folder, date(2026, 10, 31))


def test_a_market_has_the_answers_of_its_accounts(tmp_path: Path) -> None:
    """Law 1: Engines agree, on every kind of record."""
    write_csv(generate(150, as_of=STORY_DAY), tmp_path)
    assert_same_answers(ENGINE, INVENTED, tmp_path, STORY_DAY)


MARKETO: Mapping[str, Any] = {
    "files": {
        "leads": "marketo_lead_data.csv",
        "clicks": [
            "marketo_activity_click_email_data.csv",
            "marketo_activity_open_email_data.csv",
        ],
        "changes": "marketo_activity_change_data_value_data.csv",
    },
    "defaults": {"zone": "America/New_York"},
    "leads": {
        "file": "leads",
        "fields": {
            "id": {"column": "id", "type": "int"},
            "email": "email",
            "name": {"columns": ["first_name", "last_name"]},
        },
    },
    "activities": [
        {
            "file": file,
            "fields": {
                "id": {"column": "id", "type": "int"},
                "lead_id": {"column": "lead_id", "type": "int"},
                "kind": {"constant": kind},
                "at": "activity_date",
                "product_ids": {"constant": ["ma"]},
            },
        }
        for file, kind in (("clicks", "email_click"), ("changes", "pricing_page"))
    ],
}
SESSIONS: Mapping[str, Any] = {
    "files": {"sessions": "sessions.csv"},
    "defaults": {"zone": "UTC"},
    "leads": {"file": "sessions", "fields": {"id": "customer_id"}},
    "activities": {
        "file": "sessions",
        "fields": {
            "id": "session_id",
            "lead_id": "customer_id",
            "at": "started_at",
            "kind": {"column": "utm_medium", "values": {"paid_social": "pricing_page"}},
            "product_ids": {"constant": ["crm"]},
        },
    },
}


@pytest.mark.parametrize(
    ("engine", "mapping", "folder", "as_of"),
    [
        ("maven", "maven", "maven_crm", date(2017, 12, 31)),
        ("maven", "maven", "maven_crm", date(2017, 3, 31)),
        ("retentioneering", "retentioneering", "retentioneering_ecom", date(2024, 6, 30)),
        (None, MARKETO, "crm_exports_fivetran/dbt_marketo", date(2020, 5, 31)),
        (None, SESSIONS, "mta_dbtlabs", date(2020, 2, 20)),
    ],
    ids=["maven", "maven before", "retentioneering", "marketo", "sessions"],
)
def test_real_exports_have_the_answers_of_their_accounts(
    engine: str | None, mapping: Any, folder: str, as_of: date, shared_data: Path
) -> None:
    """Laws 1 and 7: the same answers, the same rejects and the same counts, of every row."""
    asked = STARTER if engine is None else Engine(playbook(engine))
    assert_same_answers(asked, mapping, shared_data / folder, as_of)


# -- what is given, and what becomes of it --

SHOP: Mapping[str, str] = {
    "new.csv": "id,staff\n1,5\n1,5\n2,many\n3\n",
    "old.csv": "staff,id\n7,4\nfew,5\n",
    "deals.csv": "id,company,product,day\n1,1,crm,2026-01-05\n2,1,old,2026-01-05\n3,9,crm,\n",
    "products.csv": "id\nold\n",
}
MAPPING: Mapping[str, Any] = {
    "files": {
        "companies": ["new.csv", "old.csv"],
        "deals": "deals.csv",
        "products": "products.csv",
    },
    "defaults": {"zone": "UTC"},
    "products": {"file": "products", "fields": {"id": "id"}},
    "companies": {"file": "companies", "fields": {"id": "id", "employees": "staff"}},
    "deals": {
        "file": "deals",
        "fields": {"id": "id", "company_id": "company", "product_id": "product"}
        | {"opened_at": "day"},
    },
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A small export in which much is wrong."""
    for name, text in SHOP.items():
        write(tmp_path, name, text)
    return tmp_path


def test_an_export_is_told_by_its_tables_and_files(shop: Path) -> None:
    """No table comes of products: the playbook knows them."""
    given = stores.read(ENGINE, shop, mapping=MAPPING)

    assert set(given.tables) == {"companies", "deals"}
    assert given.rows == {"companies": 6, "deals": 3}
    assert given.names == {"companies": "new.csv, old.csv", "deals": "deals.csv"}
    assert given.counts == (
        sources.Count("products", "products.csv", rows=1, used=1, collapsed=0, rejected=0),
        sources.Count("companies", "new.csv", rows=4, used=1, collapsed=1, rejected=2),
        sources.Count("companies", "old.csv", rows=2, used=1, collapsed=0, rejected=1),
        sources.Count("deals", "deals.csv", rows=3, used=2, collapsed=0, rejected=1),
    )


def test_rejects_of_both_steps_stand_in_one_table(shop: Path) -> None:
    """Law 7: Nothing is lost: what could not be read has its file and line, the rest its id."""
    out = stores.assess(ENGINE, stores.read(ENGINE, shop, mapping=MAPPING), as_of=STORY_DAY)

    stamp = (STORY_DAY, ENGINE.playbook.version)
    assert out.rejects.columns == [
        *("table", "file", "line", "id", "lead_id", "column", "code", "reason", "value"),
        *("as_of", "playbook_version"),
    ]
    assert [row[:-2] for row in out.rejects.rows()] == [
        (
            *("companies", "new.csv", 4, None, None, "staff", "type"),
            *("staff 'many': is not a number", "many"),
        ),
        (
            *("companies", "new.csv", 5, None, None, "", "ragged"),
            *("has 1 cell where the header has 2", ""),
        ),
        (
            *("companies", "old.csv", 3, None, None, "staff", "type"),
            *("staff 'few': is not a number", "few"),
        ),
        (
            *("deals", None, None, "2", None, "product_id", "unknown-product"),
            *("no such product old", None),
        ),
        (
            *("deals", "deals.csv", 4, None, None, "company", "unknown-company"),
            *("company '9': no such company", "9"),
        ),
    ]
    assert {row[-2:] for row in out.rejects.rows()} == {stamp}


def test_files_are_given_one_by_one_as_well(shop: Path) -> None:
    """As for `sources.read`: by the keys of the mapping, each one or several."""
    files: dict[str, Any] = {
        "companies": [shop / "old.csv"],
        "deals": str(shop / "deals.csv"),
        "products": shop / "products.csv",
    }
    given = stores.read(ENGINE, files, mapping=sources.load(MAPPING))

    assert given.names == {"companies": "old.csv", "deals": "deals.csv"}
    assert given.tables["companies"].height == 1


def test_files_by_key_need_their_mapping(shop: Path) -> None:
    """Else it is not known what they are."""
    with pytest.raises(InvalidDataError) as error:
        stores.read(ENGINE, {"companies": shop / "new.csv"})
    assert str(error.value) == (
        "where: must be one folder, file or URL; files by key need their mapping"
    )


def test_what_is_wrong_with_files_and_attributes_is_told_at_once(shop: Path) -> None:
    """The mapping as a whole, before the first row."""
    clash = {"region": {"column": "nowhere", "type": "text"}}
    mapping = {**MAPPING, "companies": {**MAPPING["companies"], "attributes": clash}}
    (shop / "products.csv").unlink()
    itself = "is what a table of companies says itself; call it otherwise"

    with pytest.raises(InvalidDataError) as error:
        stores.read(ENGINE, shop, mapping=mapping)

    assert [str(problem) for problem in error.value.problems] == [
        "products.csv: no such file",
        "companies.attributes.region: new.csv has no column 'nowhere'",
        "companies.attributes.region: old.csv has no column 'nowhere'",
        f"companies.attributes.region: {itself}",
    ]
    clash["region"]["column"] = "staff"
    write(shop, "products.csv", SHOP["products.csv"])
    with pytest.raises(InvalidDataError, match=f"^companies.attributes.region: {itself}$"):
        sources.read_tables(mapping, shop)


def test_a_name_that_is_no_text_has_a_place_among_the_rejects(tmp_path: Path) -> None:
    """Linux lets a file be called anything; what is no letter is escaped."""
    path = tmp_path / "caf\udce9.csv"
    path.write_text("id,staff\n1,many\n", encoding="utf-8")
    mapping = mapping_of("companies", {"employees": "staff"})

    given = stores.read(ENGINE, {"table": path}, mapping=mapping)
    out = stores.assess(ENGINE, given, as_of=STORY_DAY)

    assert out.rejects["file"].to_list() == [r"caf\udce9.csv"]
    assert sources.read(mapping, {"table": path}).rejects[0].file == r"caf\udce9.csv"


def test_a_database_takes_the_answers_of_an_export(shop: Path) -> None:
    """Under the documented names, run after run."""
    out = stores.assess(ENGINE, stores.read(ENGINE, shop, mapping=MAPPING), as_of=STORY_DAY)
    for _ in range(2):
        stores.write(out, shop / "out.duckdb")

    with duckdb.connect(shop / "out.duckdb") as connection:
        held = connection.query("FROM mpfunnel_rejects").pl()
        assert held.columns == out.rejects.columns
        assert rows(held) == rows(out.rejects)
        assert connection.query("SELECT count(*) FROM mpfunnel_companies").fetchall() == [(2,)]


def test_an_export_needs_polars(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the extra."""
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'mpfunnel[frames]'")):
        stores.read(ENGINE, shop, mapping=MAPPING)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'mpfunnel[frames]'")):
        sources.read_tables(MAPPING, shop)


def test_an_export_needs_nothing_but_polars(tmp_path: Path) -> None:
    """From files to files, with what the extra `cli` brings: neither pandas nor PyArrow."""
    write_csv(generate(5, as_of=STORY_DAY), tmp_path / "export")
    script = (
        "import sys\n"
        "for name in ('duckdb', 'ibis', 'pandas', 'pyarrow'):\n"
        "    sys.modules[name] = None\n"
        "from mpfunnel.cli import main\n"
        "sys.exit(main())\n"
    )
    arguments = ["assess", "export", "-p", "invented", "-s", INVENTED, "--as-of", STORY_DAY]
    command = [sys.executable, "-c", script, *map(str, arguments), "--out", "out"]

    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)

    assert pl.read_parquet(tmp_path / "out" / "segments.parquet").height == 5
