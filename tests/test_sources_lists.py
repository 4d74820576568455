"""Target lists: a file of companies becomes the fact that rules ask for by `on_list`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import frames, sources
from mpfunnel.errors import DecodeError
from mpfunnel.facts import company
from tests.frames import KINDS
from tests.reading import problems_of, read_files, rows_of, write

DAY = date(2026, 10, 31)
COMPANIES = """\
id,name,number,domains
1,株式会社凪峰製作所,7010001999999,nagimine.example
2,椿沢精機株式会社,,tsubakisawa.example;TSUBAKI.example
3,山田商店,,
4,山田商店,8010001999998,yamada.example
5,汐浜HD,,shiohama.example
6,汐浜ファイナンス,,shiohama.example
"""
FIELDS: Mapping[str, Any] = {
    "id": "id",
    "corporate_number": {"column": "法人番号", "normalise": ["nfkc", "hyphens"]},
    "domain": {"column": "domain", "normalise": ["lower"]},
    "name": {"column": "会社名", "normalise": ["nfkc", "strip"]},
}
HEADER = "id,法人番号,domain,会社名\n"

KEYS = "file, optional, fields, join, deleted, only"


def mapping(fields: Mapping[str, Any] = FIELDS, **more: Any) -> dict[str, Any]:
    """A mapping of companies and one list."""
    return {
        "files": {"companies": "companies.csv", "fy26": "fy26.csv"},
        "companies": {
            "file": "companies",
            "fields": {
                "id": "id",
                "name": "name",
                "corporate_number": "number",
                "domains": {"column": "domains", "split": ";"},
            },
        },
        "lists": {"fy26": {"file": "fy26", "fields": dict(fields)}},
        **more,
    }


def read(folder: Path, rows: str, given: Any = None) -> sources.Records:
    """Companies and a list, read into records; into tables they give the same."""
    write(folder, "companies.csv", COMPANIES)
    write(folder, "fy26.csv", HEADER + rows)
    return read_files(given or mapping(), folder)


def listed(records: sources.Records) -> list[Any]:
    """The ids of the companies on the list."""
    return [one.id for one in records.companies if "fy26" in one.lists]


# -- which company a row means --


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("1,,,", "1"),
        (",7010001999999,,", "1"),
        (",７０１０−００１９−９９９９９,,", "1"),
        (",7010ー0019ー99999,,", "1"),
        (",,Tsubaki.Example,", "2"),
        (",,,椿沢精機株式会社", "2"),
        (",,,　椿沢精機株式会社 ", "2"),
        # The first that any company has decides.
        ("1,8010001999998,yamada.example,山田商店", "1"),
        (",8010001999998,nagimine.example,椿沢精機株式会社", "4"),
        # What no company has leaves it to what follows.
        (",1180301018771,,椿沢精機株式会社", "2"),
        (",,unknown.example,汐浜HD", "5"),
        # What several have, what follows tells apart.
        (",,shiohama.example,汐浜ファイナンス", "6"),
        (",,yamada.example,山田商店", "4"),
    ],
)
def test_the_strongest_evidence_decides(row: str, wanted: str, tmp_path: Path) -> None:
    """Id, then corporate number, domain and name, each after the steps of the mapping alone."""
    records = read(tmp_path, f"{row}\n")

    assert records.rejects == ()
    assert listed(records) == [wanted]


@pytest.mark.parametrize(
    ("row", "column", "code", "reason"),
    [
        ("9,,,椿沢精機株式会社", "id", "unmatched", "id '9': no company has it"),
        (
            ",1180301018771,,凪峰",
            "法人番号",
            "unmatched",
            "法人番号 '1180301018771': no company has it",
        ),
        # It is called alike, and is another one.
        (
            ",1180301018771,,株式会社凪峰製作所",
            "法人番号",
            "unmatched",
            "法人番号 '1180301018771': no company has it",
        ),
        (",,,椿沢精機", "会社名", "unmatched", "会社名 '椿沢精機': no company has it"),
        (",,TSUBAKI.example.jp,", "domain", "unmatched", None),
        (
            ",,,山田商店",
            "会社名",
            "ambiguous",
            "会社名 '山田商店': is that of 2 companies; add what tells them apart",
        ),
        (",,shiohama.example,山田商店", "domain", "ambiguous", None),
        (
            ",70100019,,椿沢精機株式会社",
            "法人番号",
            "format",
            "法人番号 '70100019': must be 13 digits without hyphens",
        ),
        (
            ",,,",
            "",
            "missing",
            "is blank; give id, corporate_number, domain, name, or some of them",
        ),
        ("1,,", "", "ragged", "has 3 cells where the header has 4"),
    ],
)
def test_what_means_no_company_or_several_is_a_reject(
    row: str, column: str, code: str, reason: str | None, tmp_path: Path
) -> None:
    """Law 7: Nothing is lost: each row is told with its line, column and reason."""
    records = read(tmp_path, f"1,,,\n{row}\n")

    (reject,) = records.rejects
    assert (reject.table, reject.file, reject.line) == ("lists", "fy26.csv", 3)
    assert (reject.column, reject.code) == (column, code)
    assert reason in (None, reject.reason)
    assert listed(records) == ["1"]


READ: Mapping[str, Any] = {
    "corporate_number": {"column": "法人番号", "normalise": ["corporate_number"]},
    "domain": {"column": "domain", "normalise": ["domain"]},
    "name": {"column": "会社名", "normalise": ["company_name"]},
}


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (",Ｔ７-0100-0199-9999,,", ["1"]),
        (",,https://www.tsubaki.example/products,", ["2"]),
        (",,info@NAGIMINE.example,", ["1"]),
        (",,,㈱凪峰製作所", ["1"]),
        (",,,椿澤精機（株）", ["2"]),
        (",,,椿沢精機", []),
        (",,,有限会社凪峰製作所", []),
        (",,,株式会社", []),
        (",7010001999990,,", []),
        (",,no domain,", []),
    ],
)
def test_steps_read_what_names_a_company_as_matching_does(
    row: str, wanted: list[str], tmp_path: Path
) -> None:
    """A number, domain or name is found however it is typed; by rows and tables alike."""
    given = mapping(READ)
    records = read(tmp_path, f"{row}\n", given)
    assert listed(records) == wanted
    # What is not found is told as the list has it.
    assert [one.value in row for one in records.rejects] == [True] * (1 - len(wanted))
    tables = sources.tables(
        given, {"companies": tables_of(COMPANIES), "fy26": tables_of(HEADER + row)}
    )
    sets = [one for one in rows_of(tables["company_sets"]) if one["fact"] == "lists"]
    assert [one["company_id"] for one in sets] == wanted


def test_a_number_tells_namesakes_apart(tmp_path: Path) -> None:
    """Of two that are called alike, the one with another number is not meant."""
    assert listed(read(tmp_path, ",9010001999997,,山田商店\n")) == ["3"]


def test_a_company_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    """Law 7: rows = used + collapsed + rejected; by whatever it is named."""
    records = read(tmp_path, "1,,,\n,7010001999999,,\n1,,,\n,,,nobody\n")

    count = next(one for one in records.counts if one.table == "lists")
    assert (count.rows, count.used, count.collapsed, count.rejected) == (4, 1, 2, 1)
    assert listed(records) == ["1"]


def test_steps_are_taken_by_nobody_but_the_mapping(tmp_path: Path) -> None:
    """S14: without steps, letters are compared as they are."""
    fields = {"domain": "domain", "name": "会社名"}
    records = read(tmp_path, ",,TSUBAKI.example,\n,,Nagimine.example,\n", mapping(fields))
    assert listed(records) == ["2"]
    assert [one.code for one in records.rejects] == ["unmatched"]


def test_lists_join_those_that_companies_have(tmp_path: Path) -> None:
    """Several lists, each of several files; and what a column of the companies says."""
    given = mapping()
    given["files"] |= {"more": "more.csv", "fair": "fair.csv"}
    name = {"name": "name"}
    given["lists"] = {
        "fy26": [given["lists"]["fy26"], {"file": "more", "fields": name}],
        "fair": {"file": "fair", "fields": name},
    }
    given["companies"]["fields"]["lists"] = {"constant": ["fair", "all"]}
    write(tmp_path, "more.csv", "name\n椿沢精機株式会社\n")
    write(tmp_path, "fair.csv", "name\n汐浜HD\n")

    records = read(tmp_path, "1,,,\n", given)

    assert listed(records) == ["1", "2"]
    assert {one.lists - {"fy26"} for one in records.companies} == {frozenset({"fair", "all"})}
    assert [(one.table, one.file) for one in records.counts] == [
        ("companies", "companies.csv"),
        ("lists", "fy26.csv"),
        ("lists", "more.csv"),
        ("lists", "fair.csv"),
    ]


# -- tables of every kind --


def tables_of(text: str) -> pa.Table:
    """The rows of a CSV file as a table of texts."""
    header, *rows = csv.reader(text.splitlines())
    columns = {name: [row[at] or None for row in rows] for at, name in enumerate(header)}
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


ROWS = ",7010-0019-99999,,\n1,,,\n,,,山田商店\n,,nobody.example,\n,,TSUBAKI.example,\n"


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_all_kinds_give_the_same(kind: str, tmp_path: Path) -> None:
    """Law 1: the same companies, rejects and counts."""
    records = read(tmp_path, ROWS)
    given = {"companies": tables_of(COMPANIES), "fy26": tables_of(HEADER + ROWS)}

    tables = sources.tables(mapping(), KINDS[kind](given))

    sets = [row for row in rows_of(tables["company_sets"]) if row["fact"] == "lists"]
    assert [(row["company_id"], row["value"]) for row in sets] == [("1", "fy26"), ("2", "fy26")]
    names = ("column", "code", "reason", "value")
    found = [tuple(row[name] for name in names) for row in rows_of(tables.rejects)]
    said = [tuple(getattr(one, name) for name in names) for one in records.rejects]
    assert sorted(found) == sorted(said)
    assert {one[1] for one in found} == {"ambiguous", "unmatched"}
    assert [(c.rows, c.used, c.collapsed, c.rejected) for c in tables.counts] == [
        (c.rows, c.used, c.collapsed, c.rejected) for c in records.counts
    ]


def test_who_is_on_the_list_is_tier_1(tmp_path: Path) -> None:
    """Law 1: for objects and tables alike; who is on none is surely not on it."""
    rules = [mf.Rule(mf.Tier(1), company.on_list("fy26"), key="fy26")]
    tiers = mf.TierTable(rules, mf.Tier(3))
    engine = mf.Engine(evolve(mf.starter(["crm"]), tiers=tiers))
    records = read(tmp_path, ROWS)
    tables = sources.read_tables(mapping(), tmp_path)

    out = frames.assess(engine, **tables, as_of=DAY).tiers

    told = {row["company_id"]: (row["tier"], row["settled"]) for row in rows_of(out)}
    said = [engine.tier_for(one, "crm", as_of=DAY) for one in records.companies]
    ids = [one.id for one in records.companies]
    wanted = [(one.value.key, one.settled) for one in said]
    assert told == dict(zip(ids, wanted, strict=True))
    assert [n for n, one in sorted(told.items()) if one == ("tier_1", True)] == ["1", "2"]


def test_ids_that_are_integers_say_so(tmp_path: Path) -> None:
    """S18: the ids of a list are of the type of those of the companies."""
    given = mapping({"id": "id"})
    given["companies"]["fields"]["id"] = {"column": "id", "type": "int"}
    (problem,) = problems_of(given)
    assert problem.startswith("lists.fy26.fields.id.type: is text where companies.fields.id is int")
    given["lists"]["fy26"]["fields"]["id"] = {"column": "id", "type": "int"}
    records = read(tmp_path, "2,,,\nx,,,\n", given)
    assert listed(records) == [2]
    assert [one.reason for one in records.rejects] == [
        "id 'x': is not an integer id in its shortest form"
    ]


# -- for those who hold objects --


def test_objects_are_put_on_a_list() -> None:
    """Companies and their histories, in the order given, with the rejects of the rows."""
    plain = mf.Company(1, "A", domains=["a.example"], lists=["other"])
    history = mf.CompanyHistory(mf.Company(2, "B"), [mf.CompanyChange(DAY, "employees", 3)])
    rows: list[dict[str, Any]] = [
        {"会社": "Ａ", "memo": 1},
        {"会社": "B"},
        {"会社": "C"},
        {"会社": None},
        {"会社": [1]},
    ]

    found = sources.on_list(
        [plain, history], "fy26", rows, {"name": {"column": "会社", "normalise": ["nfkc"]}}
    )

    first, second = found.companies
    assert first == evolve(plain, lists={"other", "fy26"})
    assert second == evolve(history, company=evolve(history.company, lists={"fy26"}))
    assert [(one.line, one.code) for one in found.rejects] == [
        (3, "unmatched"),
        (4, "missing"),
        (5, "type"),
    ]
    assert (found.count.file, found.count.rows, found.count.used) == ("fy26", 5, 2)


def test_objects_have_ids_of_any_type() -> None:
    """What a row holds already, it keeps; a list without rows puts nobody on it."""
    held = [mf.Company(1, corporate_number="7010001999999"), mf.Company(2)]
    fields = {"id": {"column": "id", "type": "int"}}
    (first, second) = sources.on_list(held, "x", [{"id": 2}], fields).companies
    assert (first.lists, second.lists) == (frozenset(), {"x"})  # type: ignore[union-attr]
    assert sources.on_list(held, "x", [], fields).companies == tuple(held)


@pytest.mark.parametrize(
    ("name", "fields", "problems"),
    [
        (
            "x",
            {"name": "nmae"},
            ["lists.x.fields.name: no such column 'nmae'; did you mean 'name'?"],
        ),
        (
            "x",
            {},
            ["lists.x.fields: has none of id, corporate_number, domain, name; lists need one"],
        ),
        (
            " ",
            {"nam": "name", "name": {"column": "name", "normalise": ["hyphen"]}},
            [
                "lists. .fields.nam: no such key; did you mean 'name'?",
                "lists. : has a blank name",
                "lists. .fields.name.normalise: 'hyphen': no such step; did you mean 'hyphens'?",
            ],
        ),
    ],
)
def test_faults_of_a_list_are_told_at_once(
    name: str, fields: dict[str, Any], problems: list[str]
) -> None:
    """What a mapping would be refused for, and columns that no row has."""
    with pytest.raises(DecodeError) as caught:
        sources.on_list([], name, [{"name": "A"}], fields)
    assert [str(one) for one in caught.value.problems] == problems


# -- mappings --


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"lists": []}, ["lists: must be a table"]),
        ({"lists": {"fy26": "fy26"}}, ["lists.fy26: must be a table or a list of tables"]),
        (
            {"lists": {"fy26": {"fields": {"name": "n"}, "attributes": {}}}},
            [
                f"lists.fy26.attributes: no such key; known are {KEYS}",
                "lists.fy26: has no file",
            ],
        ),
        (
            {"lists": {"fy26": {"file": "fy62", "fields": {"names": "n"}}}},
            [
                "lists.fy26.file: 'fy62': no such file; did you mean 'fy26'?",
                "lists.fy26.fields.names: no such key; did you mean 'name'?",
                "lists.fy26.fields: has none of id, corporate_number, domain, name; lists need one",
            ],
        ),
    ],
)
def test_faults_of_mappings(change: dict[str, Any], problems: list[str]) -> None:
    """Every fault is told, with its path."""
    assert problems_of(mapping(**change)) == problems


def test_lists_need_companies() -> None:
    """Nobody else stands on them."""
    given = mapping()
    del given["companies"]
    assert problems_of(given) == ["lists: needs companies, which stand on them"]


def test_names_of_real_companies_as_a_list(shared_data: Path, tmp_path: Path) -> None:
    """A tenth of the accounts of Maven's set, in capitals, with one that is misspelt."""
    given = sources.load("maven").to_data()
    folder = shared_data / "maven_crm"
    with (folder / "accounts.csv").open(encoding="utf-8", newline="") as file:
        names = [row["account"] for row in csv.DictReader(file)][::10]
    listing = tmp_path / "fy17.csv"
    listing.write_text("\n".join(["company", *map(str.upper, names), "ISDOMM"]), encoding="utf-8")
    given["files"]["fy17"] = "fy17.csv"
    fields = {"name": {"column": "company", "normalise": ["lower"]}}
    given["lists"] = {"fy17": {"file": "fy17", "fields": fields}}
    where = {key: folder / given["files"][key] for key in ("accounts", "products", "pipeline")}

    records = read_files(given, {**where, "fy17": listing})

    assert sorted(one.id for one in records.companies if one.lists) == sorted(names)
    assert [r.value for r in records.rejects if r.table == "lists"] == ["ISDOMM"]
