"""Derived fields: kinds and products of touches from links, forms and campaigns."""

from __future__ import annotations

import csv
import io
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpfunnel import sources
from mpfunnel.sources.patterns import fits
from tests.reading import problems_of, read_files, write

CLICKS = """\
id,lead,at,url,form
1,L1,2026-10-01,https://nagimine.example/crm/price,
2,L1,2026-10-01,https://nagimine.example/blog,CRM demo
3,L1,2026-10-01,https://nagimine.example/suite/,SFA demo
4,L1,2026-10-01,https://nagimine.example/about,
5,L1,2026-10-01,https://nagimine.example/about,
6,L1,2026-10-01,,
"""
KIND: Final = {
    "columns": ["form", "url"],
    "patterns": [
        {"like": "*demo", "is": "demo_request"},
        {"like": "*/price", "is": "pricing_page"},
        {"like": "https://*", "is": "page_view"},
    ],
}
PRODUCTS: Final = {
    "columns": ["url", "form"],
    "patterns": [
        {"like": "*/crm/*", "is": "crm"},
        {"like": "CRM*", "is": "crm"},
        {"like": "*/suite/*", "is": ["crm", "sfa"]},
        {"like": "SFA *", "is": "sfa"},
    ],
}


def mapping(kind: Any = KIND, products: Any = PRODUCTS, **more: Any) -> dict[str, Any]:
    """Touches, of which a link or a form says what they are."""
    fields = {"id": "id", "lead_id": "lead", "at": "at", "kind": kind, "product_ids": products}
    return {
        "files": {"clicks": "clicks.csv"},
        "defaults": {"zone": "Asia/Tokyo"},
        "activities": {"file": "clicks", "fields": fields},
        **more,
    }


def read(folder: Path, data: Any = None, content: str = CLICKS, products: Any = None) -> Any:
    """The touches, read into records; into tables they give the same."""
    write(folder, "clicks.csv", content)
    return read_files(data or mapping(), folder, products=products)


# -- what fits --

TEXTS: Final = st.text("ab/.\n", max_size=8)


@settings(max_examples=500)
@given(TEXTS, st.text("ab/.*", max_size=6))
def test_a_star_is_any_run_of_characters(text: str, like: str) -> None:
    """Also none and more than one line; every other character is itself, as in no regular one."""
    wanted = re.fullmatch(".*".join(map(re.escape, like.split("*"))), text, re.DOTALL)
    assert fits(text, like) == (wanted is not None)


def test_many_stars_take_no_time() -> None:
    """What would keep a regular expression busy for years is one pass."""
    assert not fits("a" * 50_000, "*a" * 200 + "*b")
    assert fits("a" * 50_000, "*a" * 200)


# -- what comes of it --


def test_the_first_pattern_that_any_column_fits_gives_the_kind(tmp_path: Path) -> None:
    """The order of the patterns decides, and not that of the columns."""
    records = read(tmp_path)
    assert [one.kind for one in records.activities] == [
        "pricing_page",
        "demo_request",
        "demo_request",
        "page_view",
        "page_view",
    ]
    (reject,) = records.rejects
    assert (reject.line, reject.code) == (7, "missing")


def test_all_patterns_that_any_column_fits_give_products(tmp_path: Path) -> None:
    """A touch concerns several products, or none; that is no fault."""
    records = read(tmp_path)
    assert [sorted(one.product_ids) for one in records.activities] == [
        ["crm"],
        ["crm"],
        ["crm", "sfa"],
        [],
        [],
    ]


def test_what_fits_nothing_is_counted(tmp_path: Path) -> None:
    """Rows = matched + unmatched + blank, and what occurs most is told first."""
    kind, products = read(tmp_path).derived
    assert kind == sources.Derived("activities", "activities.fields.kind", 6, 5, 0, 1, ())
    assert products == sources.Derived(
        "activities",
        "activities.fields.product_ids",
        6,
        3,
        2,
        1,
        (("https://nagimine.example/about", 2),),
    )


def test_ten_texts_are_told_and_none_that_names_a_person(tmp_path: Path) -> None:
    """Of equal numbers the first in the order of texts; an address in a link is masked."""
    links = [f"/{n:02}" for n in range(12)] + ["/05", "/?to=mio@nagimine.example"] * 2
    rows = [f"{n},L1,2026-10-01,{link},CRM" for n, link in enumerate(links)]
    products = {"column": "url", "patterns": [{"like": "x", "is": "crm"}]}
    records = read(tmp_path, mapping(products=products, kind={"constant": "x"}), text_of(rows))
    (told,) = records.derived
    assert told.texts[:4] == (("/05", 3), ("/…@….example", 2), ("/00", 1), ("/01", 1))
    assert len(told.texts) == 10
    data = mapping(products=products, kind={"constant": "x"})
    data["leads"] = {"file": "clicks", "fields": {"id": "lead", "phone": "url"}}
    (told,) = read(tmp_path, data, text_of(rows)).derived
    assert told.texts == (("/…", 14), ("/…@….example", 2))


def text_of(rows: list[str]) -> str:
    """A file of touches."""
    return "\n".join(["id,lead,at,url,form", *rows])


def test_strict_patterns_reject(tmp_path: Path) -> None:
    """So does a kind that fits none, because an activity needs one; blank is blank."""
    kind = {"column": "url", "patterns": [{"like": "*/crm/*", "is": "crm"}]}
    products = {**kind, "strict": True}
    records = read(tmp_path, mapping(kind, {"constant": "crm"}))
    assert [(r.line, r.column, r.code) for r in records.rejects] == [
        *((line, "url", "choice") for line in (3, 4, 5, 6)),
        (7, "url", "missing"),
    ]
    assert records.rejects[0].reason == (
        "url 'https://nagimine.example/blog': fits none of the patterns"
    )
    records = read(tmp_path, mapping({"constant": "x"}, products))
    assert [(r.line, r.column, r.code) for r in records.rejects] == [
        (line, "url", "choice") for line in (3, 4, 5, 6)
    ]
    assert [one.id for one in records.activities] == ["1", "6"]


def test_products_of_patterns_must_exist(tmp_path: Path) -> None:
    """A slip in a pattern does not become a product of its own."""
    records = read(tmp_path, products=["crm", "sfaa"])
    assert [(r.line, r.code) for r in records.rejects] == [(4, "unknown-product"), (7, "missing")]
    assert "no such product as 'sfa'; did you mean 'sfaa'?" in records.rejects[0].reason


def test_texts_go_through_the_steps_first(tmp_path: Path) -> None:
    """Normalised, and blank where a word says so; what a pattern stands for stays as it is."""
    products = {
        "column": "form",
        "split": ";",
        "normalise": ["nfkc", "lower", "strip"],
        "blank": ["none"],
        "type": "int",
        "patterns": [{"like": "crm*", "is": 1}, {"like": "*sfa*", "is": [2, "3"]}],
    }
    rows = ["1,L,2026-10-01,x,ＣＲＭ;None", "2,L,2026-10-01,x, None ; ", "3,L,2026-10-01,x,a;mysfa"]
    records = read(tmp_path, mapping("url", products), text_of(rows))
    assert [sorted(one.product_ids) for one in records.activities] == [[1], [], [2, 3]]
    assert [(d.matched, d.unmatched, d.blank) for d in records.derived] == [(2, 0, 1)]


def test_cells_that_are_no_text_fit_what_a_file_would_have() -> None:
    """A number fits as it is written; what cannot be read fits nothing and is told."""
    table = pl.DataFrame({"id": ["a", "b"], "n": [12, 7], "lead": "L"}).with_columns(
        at=pl.lit("2026")
    )
    fields = {"id": "id", "name": {"column": "n", "patterns": [{"like": "1*", "is": "ten"}]}}
    data = {"files": {"t": "t.csv"}, "companies": {"file": "t", "fields": fields}}
    found = sources.tables(data, t=table)
    assert found["companies"]["name"].to_list() == ["ten", None]
    assert [(d.matched, d.unmatched, d.texts) for d in found.derived] == [(1, 1, (("7", 1),))]
    objects = pl.DataFrame({"id": ["a"], "n": pl.Series([[1]], dtype=pl.Object)})
    found = sources.tables(data, t=objects)
    assert [(d.matched, d.unmatched) for d in found.derived] == [(0, 1)]
    assert found.counts[0].rejected == 1


def test_other_fields_are_derived_too(tmp_path: Path) -> None:
    """Words of a choice, texts, ids and attributes; of one value the first pattern counts."""
    write(tmp_path, "c.csv", "id,stage\n1,Closed - Won by X\n2,Closed (lost)\n")
    patterns = [{"like": "*Won*", "is": "won"}, {"like": "Closed*", "is": "lost"}]
    data = {
        "files": {"c": "c.csv"},
        "defaults": {"zone": "UTC"},
        "companies": {
            "file": "c",
            "fields": {
                "id": "id",
                "relationships": {
                    "column": "stage",
                    "patterns": [{"like": "*Won*", "is": ["customer"]}],
                },
            },
            "attributes": {
                "size": {"column": "stage", "type": "text", "patterns": patterns},
                "tags": {"column": "stage", "type": "set", "patterns": patterns},
            },
        },
        "deals": {
            "file": "c",
            "fields": {
                "id": "id",
                "company_id": "id",
                "opened_at": {"constant": "2026-10-01"},
                "closed_at": {"constant": "2026-10-02"},
                "status": {"column": "stage", "patterns": patterns},
            },
        },
    }
    records = read_files(data, tmp_path)
    assert [deal.status for deal in records.deals] == ["won", "lost"]
    assert [company.relationships for company in records.companies] == [{"customer"}, set()]
    assert [company.attributes for company in records.companies] == [
        {"size": "won", "tags": {"won", "lost"}},
        {"size": "lost", "tags": {"lost"}},
    ]
    assert sources.load(sources.load(data).to_data()) == sources.load(data)


# -- faults --


@pytest.mark.parametrize(
    ("said", "problems"),
    [
        ({"patterns": "x"}, [".patterns: 'x': no such list of patterns"]),
        ({"patterns": 3}, [".patterns: must be a list of tables"]),
        ({"patterns": ["x"]}, [".patterns: must be a list of tables"]),
        ({"patterns": []}, [".patterns: is empty"]),
        (
            {"patterns": [{"lik": "x"}, {"like": 3, "is": "y"}]},
            [
                ".patterns[0].lik: no such key; did you mean 'like'?",
                ".patterns[0]: has no like",
                ".patterns[0]: has no is",
                ".patterns[1].like: must be text, not int",
            ],
        ),
        (
            {"patterns": [{"like": " ", "is": " "}, {"like": "a", "is": True}]},
            [
                ".patterns[0].like: is blank",
                ".patterns[0].is: is blank",
                ".patterns[1].is: must be the text that a cell would have",
            ],
        ),
        (
            {"patterns": [{"like": "a", "is": "x"}, {"like": "a", "is": ["y"]}]},
            [
                ".patterns[1].like: 'a' stands there twice",
                ".patterns[1].is: must be the text that a cell would have",
            ],
        ),
        (
            {"patterns": [{"like": "a", "is": "x"}], "values": {"a": "b"}, "columns": ["a"]},
            [
                ".values: does not apply beside patterns",
                ": needs one of column, columns, constant, row_number; it has column and columns",
                ".columns: names one column; write column for that",
            ],
        ),
    ],
)
def test_wrong_patterns_are_named(said: dict[str, Any], problems: list[str]) -> None:
    """Every fault at once, each with its place."""
    found = problems_of(mapping({"column": "url", **said}, {"constant": "crm"}))
    assert found == [f"activities.fields.kind{problem}" for problem in problems]


def test_what_a_pattern_stands_for_must_be_possible() -> None:
    """A status that no deal has, an id that is none, and fields that no pattern derives."""
    patterns = [{"like": "a", "is": "wom"}]
    fields = {
        "id": {"column": "id", "type": "int", "patterns": [{"like": "a", "is": "x"}]},
        "company_id": {"constant": "a", "patterns": patterns},
        "opened_at": {"column": "at", "patterns": patterns},
        "status": {"column": "s", "patterns": patterns},
    }
    data = {"files": {"t": "t"}, "deals": {"file": "t", "fields": fields}}
    assert problems_of(data) == [
        "deals.fields.id.patterns[0].is: is not an integer id in its shortest form",
        "deals.fields.company_id.constant: does not apply beside patterns",
        "deals.fields.opened_at.patterns: does not apply: the field is of type instant",
        "deals.fields.opened_at.patterns[0].is: is not a date in a stated format: iso",
        "deals.fields.status.patterns[0].is: must be one of open, won, lost; did you mean 'won'?",
    ]


# -- by hand --

LIKES: Final = ["a*", "*b", "*a*b*", "*", "ab", "/*/", "A"]
CELLS: Final = ["", " ", "a", "ab", "A", "b;a", "/x/", "ba", "x;", "n/a"]
FILES = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], list[list[str]]]:
    """What a mapping says about kind and products, and cells of two columns."""
    said: dict[str, Any] = {}
    for name in ("kind", "product_ids"):
        likes = draw(st.lists(st.sampled_from(LIKES), min_size=1, max_size=4, unique=True))
        values = st.sampled_from(["p", "q", "r"])
        several = values | st.lists(values, min_size=1, max_size=2)
        what = values if name == "kind" else several
        said[name] = {"patterns": [{"like": like, "is": draw(what)} for like in likes]}
        said[name] |= draw(
            st.sampled_from([{"column": "a"}, {"column": "b"}, {"columns": ["b", "a"]}])
        )
        said[name] |= draw(st.sampled_from([{}, {"normalise": ["lower"]}, {"blank": ["n/a"]}]))
        said[name] |= draw(st.sampled_from([{}, {"strict": True}]))
        if name == "product_ids":
            said[name] |= draw(st.sampled_from([{}, {"split": ";"}]))
    cell = st.sampled_from(CELLS)
    return said, draw(st.lists(st.lists(cell, min_size=2, max_size=2), max_size=12))


def by_hand(
    field: dict[str, Any], row: dict[str, str], *, many: bool
) -> tuple[str, set[str] | None]:
    """What becomes of a row, and the values; `None` where it fits nothing and must."""
    texts: list[str] = []
    for column in field.get("columns", [field.get("column")]):
        for part in row[column].split(field["split"]) if "split" in field else [row[column]]:
            text = part.lower() if "normalise" in field else part
            if text.strip() and text not in field.get("blank", ()):
                texts.append(text)
    if not texts:
        return "blank", set()
    found: list[str] = []
    for pattern in field["patterns"]:
        if found and not many:
            break
        regular = ".*".join(map(re.escape, pattern["like"].split("*")))
        if any(re.fullmatch(regular, text, re.DOTALL) for text in texts):
            found += [pattern["is"]] if isinstance(pattern["is"], str) else pattern["is"]
    if found:
        return "matched", set(found)
    return "unmatched", None if field.get("strict") else set()


def same_as_by_hand(folder: Path, case: Any, dice: random.Random) -> None:
    """A mapping with patterns reads what someone has found by hand, and counts it."""
    said, cells = case
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["id", "lead", "at", "a", "b"])
    for number, row in enumerate(cells):
        writer.writerow([number, "L", "2026-10-01", *row])
        if dice.random() < 0.1:
            out.write("ragged\r\n")
    records = read(folder, mapping(said["kind"], said["product_ids"]), out.getvalue())
    states: dict[str, Counter[str]] = {"kind": Counter(), "product_ids": Counter()}
    wanted: dict[str, Any] = {}
    for number, row in enumerate(cells):
        known = dict(zip("ab", row, strict=True))
        made = {}
        for name, counts in states.items():
            state, made[name] = by_hand(said[name], known, many=name == "product_ids")
            counts[state] += 1
        if made["kind"] and made["product_ids"] is not None:
            wanted[str(number)] = made["kind"], made["product_ids"]
    assert {one.id: ({one.kind}, one.product_ids) for one in records.activities} == wanted
    for one, name in zip(records.derived, states, strict=True):
        assert {"matched": one.matched, "unmatched": one.unmatched, "blank": one.blank} == {
            state: states[name][state] for state in ("matched", "unmatched", "blank")
        }
        assert one.rows == len(cells)


@FILES
@given(cases(), st.randoms(use_true_random=False))
def test_patterns_say_what_someone_would_write_by_hand(
    tmp_path: Path, case: Any, dice: random.Random
) -> None:
    """Law 7, S14: rows and tables have what a regular expression finds, and count it."""
    same_as_by_hand(tmp_path, case, dice)
