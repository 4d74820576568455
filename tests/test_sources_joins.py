"""Joins: what stands in several files is read as if it stood in one."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pandas as pd
import polars as pl
import pytest
from attrs import asdict, evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpfunnel import sources
from mpfunnel.errors import DecodeError
from tests.naive_joins import AMBIGUOUS, joined_by_hand
from tests.reading import assert_same_records, problems_of, read_files, rows_of, write

CLICKS = "id,url\nc1,/crm\nc2,/sfa\nc3,/crm\n"
EVENTS = """\
id,created,recipient
c1,2026-10-01T09:00:00Z,Mio@Nagimine.example
c2,2026-10-02T09:00:00Z,nobody@nagimine.example
c3,,mio@nagimine.example
"""
CONTACTS = "id,email,country\n7,mio@nagimine.example ,JP\n8,aoi@tsubakisawa.example,JP\n"


def mapping(**change: Any) -> dict[str, Any]:
    """Clicks, of which other files say when and by whom."""
    data: dict[str, Any] = {
        "files": {"clicks": "clicks.csv", "events": "events.csv", "contacts": "contacts.csv"},
        "leads": {"file": "contacts", "fields": {"id": "id", "email": "email"}},
        "activities": {
            "file": "clicks",
            "join": {
                "contact": {
                    "file": "contacts",
                    "on": {"event.recipient": "email"},
                    "normalise": ["strip", "lower"],
                },
                "event": {"file": "events", "on": {"id": "id"}},
            },
            "fields": {
                "id": "id",
                "lead_id": "contact.id",
                "kind": {"constant": "email_click"},
                "at": "event.created",
            },
        },
    }
    data["activities"] |= change
    return data


def read(folder: Path, given: Any = None, **files: str) -> sources.Records:
    """The clicks, read into records; into tables they give the same."""
    contents = {"clicks": CLICKS, "events": EVENTS, "contacts": CONTACTS} | files
    for name, content in contents.items():
        write(folder, f"{name}.csv", content)
    return read_files(given or mapping(), folder)


def told(records: sources.Records) -> list[tuple[int, str, str, str]]:
    """Line, column, code and reason of each reject."""
    return [(r.line, r.column, r.code, r.reason) for r in records.rejects]


# -- what it means --


def test_a_row_has_the_cells_of_its_partners(tmp_path: Path) -> None:
    """Of the event by its id, of the contact by the address that only the event has."""
    records = read(tmp_path)
    (click,) = records.activities
    assert (click.id, click.lead_id, click.at.day) == ("c1", "7", 1)
    assert records.counts == (
        sources.Count("leads", "contacts.csv", 2, 2, 0, 0),
        sources.Count("activities", "clicks.csv", 3, 1, 0, 2),
    )


def test_what_has_no_partner_says_so(tmp_path: Path) -> None:
    """Blank in the file, blank for want of a row, and blank for want of a key are told apart."""
    clicks = CLICKS + "c4,/crm\n"
    events = EVENTS.replace("nobody@nagimine.example", "") + "c9,2026-10-01,x@y.example\n"
    data = mapping()
    data["defaults"] = {"zone": "UTC"}
    assert told(read(tmp_path, data, clicks=clicks, events=events)) == [
        (
            3,
            "contact.id",
            "missing",
            "contact.id: is blank, as event.recipient is blank; activities need lead_id",
        ),
        (4, "event.created", "missing", "event.created: is blank; activities need at"),
        (
            5,
            "contact.id",
            "missing",
            "contact.id: is blank, as events has no such row; activities need lead_id",
        ),
    ]
    assert told(read(tmp_path))[0] == (
        3,
        "contact.id",
        "missing",
        "contact.id: is blank, as contacts has no such row; activities need lead_id",
    )


def test_partners_that_agree_are_one(tmp_path: Path) -> None:
    """Several rows of a key matter only where a column that is read differs between them."""
    twice = EVENTS + "c1,2026-10-01T09:00:00Z,aoi@tsubakisawa.example\n"
    records = read(tmp_path, events=twice)
    assert told(records)[0] == (
        2,
        "contact.id",
        "ambiguous",
        "contact.id: contacts has several such rows that differ in it",
    )
    # Whoever else reads the same file is not concerned.
    data = mapping(fields={"id": "id", "lead_id": {"constant": "7"}} | LAST)
    assert [one.id for one in read(tmp_path, data, events=twice).activities] == ["c1", "c2"]


def test_partners_that_differ_may_meet_again(tmp_path: Path) -> None:
    """Each is followed to the next file; what has no row there leaves it as open as it was."""
    again = EVENTS + "c1,2026-10-01T09:00:00Z,mio@nagimine.example\n"
    assert [one.lead_id for one in read(tmp_path, events=again).activities] == ["7"]
    gone = again + "c1,2026-10-01T09:00:00Z,nobody@nagimine.example\n"
    assert told(read(tmp_path, events=gone))[0] == (
        2,
        "contact.id",
        "ambiguous",
        "contact.id: events has several such rows that differ in it",
    )


def test_a_cell_in_which_partners_differ_may_be_blank(tmp_path: Path) -> None:
    """Whose deal it is may be known although it is of several people."""
    write(tmp_path, "deals.csv", "id,company,day\nd1,c,2026-10-01\nd2,c,2026-10-01\n")
    write(tmp_path, "people.csv", "deal,who\nd1,7\nd1,8\nd2,7\n")
    data: dict[str, Any] = {
        "files": {"deals": "deals.csv", "people": "people.csv"},
        "defaults": {"zone": "UTC"},
        "deals": {
            "file": "deals",
            "join": {"p": {"file": "people", "on": {"id": "deal"}, "several": "blank"}},
            "fields": {"id": "id", "company_id": "company", "opened_at": "day", "lead_id": "p.who"},
        },
    }
    assert [one.lead_id for one in read_files(data, tmp_path).deals] == [None, "7"]
    data["deals"]["join"]["p"]["several"] = "refused"
    records = read_files(data, tmp_path)
    assert [one.lead_id for one in records.deals] == ["7"]
    assert told(records) == [
        (2, "p.who", "ambiguous", "p.who: people has several such rows that differ in it")
    ]
    data["deals"]["join"]["p"]["several"] = "first"
    assert problems_of(data) == ["deals.join.p.several: 'first': must be one of refused, blank"]


def test_only_some_rows_may_be_partners(tmp_path: Path) -> None:
    """Of several companies of a deal one is the first; rows of other sorts join nothing."""
    write(tmp_path, "deals.csv", "id,day\nd1,2026-10-01\nd2,2026-10-01\n")
    write(tmp_path, "links.csv", "deal,company,sort\nd1,1,5\nd1,2,341\nd2,2,341\n")
    data: dict[str, Any] = {
        "files": {"deals": "deals.csv", "links": "links.csv"},
        "defaults": {"zone": "UTC"},
        "deals": {
            "file": "deals",
            "join": {
                "to": {
                    "file": "links",
                    "on": {"id": "deal"},
                    "only": {"column": "sort", "is": "5"},
                }
            },
            "fields": {"id": "id", "company_id": "to.company", "opened_at": "day"},
        },
    }
    records = read_files(data, tmp_path)
    assert [one.company_id for one in records.deals] == ["1"]
    assert [reject.code for reject in records.rejects] == ["missing"]
    links = pl.DataFrame({"deal": ["d1", "d1"], "company": ["1", "2"], "sort": [5, 341]})
    found = sources.tables(data, deals=pl.read_csv(tmp_path / "deals.csv"), links=links)
    assert found["deals"]["company_id"].to_list() == ["1"]
    data["deals"]["join"]["to"]["only"] = {"column": "srt", "not": "341"}
    with pytest.raises(DecodeError, match=r"^deals\.join\.to\.only\.column: links\.csv has no col"):
        sources.read(data, tmp_path)


LAST: Final = {"kind": {"constant": "x"}, "at": "event.created"}


def test_many_partners_of_many_rows_take_no_time(tmp_path: Path) -> None:
    """A key that all rows of two files share is worked out once, and not for each pair of rows."""
    many = 20_000
    write(tmp_path, "own.csv", "id,key\n" + "".join(f"{n},x\n" for n in range(many)))
    write(tmp_path, "more.csv", "key,name,no\n" + "".join(f"x,n,{n}\n" for n in range(many)))
    data = {
        "files": {"own": "own.csv", "more": "more.csv"},
        "leads": {
            "file": "own",
            "join": {"m": {"file": "more", "on": {"key": "key"}}},
            "fields": {"id": "id", "name": "m.name", "title": "m.no"},
        },
    }
    (count,) = read_files(data, tmp_path).counts
    assert (count.used, count.rejected) == (0, many)


def test_columns_of_a_partner_may_be_read_twice(tmp_path: Path) -> None:
    """That by which rows are found may be read like any other."""
    fields = {"id": {"columns": ["event.id", "url"]}, "lead_id": "contact.id"} | LAST
    (click,) = read(tmp_path, mapping(fields=fields)).activities
    assert click.id == "c1|/crm"


def test_a_file_may_be_joined_with_itself(tmp_path: Path) -> None:
    """The name of the parent of a company stands in the same file."""
    write(tmp_path, "c.csv", "id,parent,name\n1,2,a\n2,,b\n3,9,c\n")
    data: dict[str, Any] = {
        "files": {"c": "c.csv"},
        "companies": {
            "file": "c",
            "join": {"p": {"file": "c", "on": {"parent": "id"}}},
            "fields": {"id": "id", "name": "p.name"},
        },
    }
    assert [one.name for one in read_files(data, tmp_path).companies] == ["b", None, None]


def test_several_files_of_a_key_are_looked_through(tmp_path: Path) -> None:
    """Their columns may stand in any order; a row whose cells cannot be told is no partner."""
    write(tmp_path, "more.csv", "recipient,created,id\naoi@tsubakisawa.example,2026-10-09,c2\nx\n")
    data = mapping()
    data["files"]["events"] = ["events.csv", "more.csv"]
    data["defaults"] = {"zone": "UTC"}
    events = EVENTS.replace("c2,", "z2,")
    records = read(tmp_path, data, events=events)
    assert [one.lead_id for one in records.activities] == ["7", "8"]


def test_all_of_several_columns_must_be_equal(tmp_path: Path) -> None:
    """A key of two columns finds nothing by one of them."""
    on = {"id": "id", "url": "page"}
    data = mapping(join={"event": {"file": "events", "on": on}})
    data["activities"]["fields"]["lead_id"] = {"constant": "7"}
    events = "id,page,created\nc1,/crm,2026-10-01T00:00Z\nc2,/crm,2026-10-01T00:00Z\n"
    records = read(tmp_path, data, events=events)
    assert [one.id for one in records.activities] == ["c1"]
    assert "events has no such row" in records.rejects[0].reason


def test_words_for_blank_join_nothing(tmp_path: Path) -> None:
    """Neither do blank cells, though they are equal; nor bytes that no encoding knows."""
    write(tmp_path, "a.csv", b"id,key\n1,null\n2,\n3,x\xff\n4,k\n")
    write(tmp_path, "b.csv", b"key,name\nnull,a\n,b\nx\xff,c\nk,d\n")
    data: dict[str, Any] = {
        "files": {"a": "a.csv", "b": "b.csv"},
        "defaults": {"blank": ["null"]},
        "leads": {
            "file": "a",
            "join": {"b": {"file": "b", "on": {"key": "key"}}},
            "fields": {"id": "id", "name": "b.name"},
        },
    }
    assert [one.name for one in read_files(data, tmp_path).leads] == [None, None, None, "d"]
    data["leads"]["join"]["b"]["blank"] = ["k"]
    assert [one.name for one in read_files(data, tmp_path).leads] == ["a", None, None, None]


def test_facts_and_lists_are_joined_too(tmp_path: Path) -> None:
    """Whatever kind of record it is; also the column that says which fact a row tells."""
    write(tmp_path, "companies.csv", "id,number\n1,7010001999999\n")
    write(tmp_path, "history.csv", "key,what,day,value\nx,p1,2026-01-01,5\nx,p2,2026-01-01,7\n")
    write(tmp_path, "keys.csv", "key,id\nx,1\n")
    write(tmp_path, "names.csv", "code,name\np1,employees\np2,other\n")
    data: dict[str, Any] = {
        "files": {n: f"{n}.csv" for n in ("companies", "history", "keys", "names")},
        "companies": {"file": "companies", "fields": {"id": "id"}},
        "company_facts": {
            "file": "history",
            "join": {
                "k": {"file": "keys", "on": {"key": "key"}},
                "n": {"file": "names", "on": {"what": "code"}},
            },
            "names": "n.name",
            "zone": "UTC",
            "fields": {"company_id": "k.id", "at": {"column": "day", "zone": "UTC"}},
            "facts": {"employees": {"column": "value", "named": "employees"}},
        },
        "lists": {
            "top": {
                "file": "history",
                "join": {"k": {"file": "keys", "on": {"key": "key"}}},
                "fields": {"id": "k.id"},
            }
        },
    }
    records, tables = sources.read(data, tmp_path), sources.read_tables(data, tmp_path)
    assert [(one.company_id, one.value) for one in records.company_facts] == [("1", 5)]
    assert records.companies[0].lists == {"top"}
    assert tables["company_facts"].rows() == [("1", "employees", "5", date(2026, 1, 1))]
    assert tables["company_sets"].rows() == [("1", "lists", "top")]
    assert tables.counts == records.counts


# -- tables --


def test_cells_are_compared_as_a_file_has_them() -> None:
    """An integer finds a float and a text; true is the word; what no text says is no key."""
    clicks = pd.DataFrame({"id": [1, 2, 3, 4], "flag": [True, False, None, True]})
    events = pd.DataFrame({"key": pd.Series(["1", 2.0, 3, [4]], dtype=object)})
    events["name"] = ["a", "b", "c", "d"]
    names = pd.DataFrame({"flag": pd.Series(["true", False], dtype=object), "name": ["t", "f"]})
    data: dict[str, Any] = {
        "files": {"clicks": "", "events": "e", "names": "n"},
        "leads": {
            "file": "clicks",
            "join": {
                "e": {"file": "events", "on": {"id": "key"}},
                "n": {"file": "names", "on": {"flag": "flag"}},
            },
            "fields": {"id": "id", "name": "e.name", "title": "n.name"},
        },
    }
    data["files"]["clicks"] = "c"
    clicks["flag"] = clicks["flag"].astype(object)
    found = sources.tables(data, clicks=clicks, events=events, names=names)
    assert [(r["id"], r["name"], r["title"]) for r in rows_of(found["leads"])] == [
        ("1", "a", "t"),
        ("2", "b", "f"),
        ("3", "c", None),
        ("4", None, "t"),
    ]


def test_a_key_that_cannot_be_read_is_told_where_it_matters() -> None:
    """What is wrong with the key is wrong with the cells that hang on it."""
    base = pd.DataFrame({"id": ["a", "b"], "key": pd.Series([["x"], 2.0**60], dtype=object)})
    data: dict[str, Any] = {
        "files": {"base": "b", "more": "m"},
        "leads": {
            "file": "base",
            "join": {"m": {"file": "more", "on": {"key": "key"}}},
            "fields": {"id": "id", "name": "m.name"},
        },
    }
    found = sources.tables(data, base=base, more=pd.DataFrame({"key": ["x"], "name": ["y"]}))
    assert [(r["column"], r["reason"]) for r in rows_of(found.rejects)] == [
        ("m.name", "m.name: must be text, a number, a day or true or false, not list"),
        ("m.name", "m.name: must be below 2^53 as a float"),
    ]


def test_days_and_numbers_of_a_partner_stay_what_they_are() -> None:
    """The column of a joined table is read as the field that it fills."""
    base = pl.DataFrame({"id": ["a", "b"], "key": [1, 2]})
    more = pl.DataFrame({"key": [1], "day": [date(2026, 10, 1)], "n": [2.5]})
    data: dict[str, Any] = {
        "files": {"base": "b", "more": "m"},
        "defaults": {"zone": "UTC"},
        "companies": {
            "file": "base",
            "join": {"m": {"file": "more", "on": {"key": "key"}}},
            "fields": {"id": "id", "growth_rate": "m.n"},
            "attributes": {"since": {"column": "m.day", "type": "date"}},
        },
    }
    for table in (base, base.lazy()):
        other = more if isinstance(table, pl.DataFrame) else more.lazy()
        rows = rows_of(sources.tables(data, base=table, more=other)["companies"])
        assert [(r["growth_rate"], r["since"]) for r in rows] == [
            (2.5, date(2026, 10, 1)),
            (None, None),
        ]
    wrong = more.with_columns(n=pl.lit(None).cast(pl.Boolean).fill_null(True))
    with pytest.raises(DecodeError, match=r"^more\.n: must hold text or numbers, not true or fals"):
        sources.tables(data, base=base, more=wrong)


# -- people --


def test_what_is_personal_there_is_personal_here(tmp_path: Path) -> None:
    """A phone number is masked wherever it stands: there, here, and where it is only compared."""
    write(tmp_path, "calls.csv", "id,tel,no\n1,0312345678,0312345678\n")
    write(tmp_path, "people.csv", "id,phone\nL1,0312345678\n")
    data: dict[str, Any] = {
        "files": {"calls": "calls.csv", "people": "people.csv"},
        "defaults": {"zone": "UTC"},
        "leads": {"file": "people", "fields": {"id": "id", "phone": "phone"}},
        "activities": {
            "file": "calls",
            "join": {"who": {"file": "people", "on": {"tel": "phone"}}},
            "fields": {"id": "id", "lead_id": "who.id", "kind": {"constant": "call"}, "at": "tel"},
        },
    }
    assert [one.value for one in read_files(data, tmp_path).rejects] == ["0…"]
    data["activities"]["fields"]["at"] = "who.phone"
    assert [one.value for one in read_files(data, tmp_path).rejects] == ["0…"]
    data["leads"]["fields"] = {"id": "id"}
    assert [one.value for one in read_files(data, tmp_path).rejects] == ["0312345678"]


# -- faults --


def test_faults_of_a_mapping_come_at_once() -> None:
    """Unknown file and key, no columns to compare, names that cannot be told apart, circles."""
    join = {
        "a.b": {"file": "evnts", "on": {"id": "id"}},
        "e": {"file": "events", "onn": {}, "on": {}},
        "f": {"on": {"id": "", "": "x", "f.id": 3}, "normalise": ["low"]},
        "x": {"file": "events", "on": {"y.id": "id"}},
        "y": {"file": "events", "on": {"x.id": "id"}},
        "z": "events",
    }
    assert problems_of(mapping(join=join)) == [
        "activities.join.a.b: must be called by a name without dots",
        "activities.join.a.b.file: 'evnts': no such file; did you mean 'events'?",
        "activities.join.e.onn: no such key; did you mean 'on'?",
        "activities.join.e: has no on: columns here, and what they equal there",
        "activities.join.f.on.f.id: must be text, not int",
        "activities.join.f.on: names a blank column",
        "activities.join.f.normalise: 'low': no such step; did you mean 'lower'?",
        "activities.join.f: has no file",
        "activities.join.z: must be a table",
        "activities.join.f.on: goes round in a circle, through f",
        "activities.join.x.on: goes round in a circle, through y",
        "activities.join.y.on: goes round in a circle, through x",
    ]
    assert problems_of(mapping(join="events")) == ["activities.join: must be a table"]


def refusal(folder: Path, data: Any, **files: str) -> list[str]:
    """Why the files cannot be read; tables of the same cells are refused for the same reasons."""
    with pytest.raises(DecodeError) as caught:
        read(folder, data, **files)
    problems = [str(one) for one in caught.value.problems]
    frames = {
        key: pl.read_csv(folder / name, infer_schema=False)
        for key, name in data["files"].items()
        if (folder / name).exists()
    }
    if frames.keys() == data["files"].keys():
        with pytest.raises(DecodeError) as caught:
            sources.tables(data, frames)
        assert [str(one).replace("s ", "s.csv ", 1) for one in caught.value.problems] == problems
    return problems


def test_columns_are_looked_for_in_the_file_that_they_are_of(tmp_path: Path) -> None:
    """A slip in a column or in the name of a join gets the nearest of all that there is."""
    fields = {"id": "evnt.id", "lead_id": "contact.ID", "kind": "campaign", "at": "event.creatd"}
    on = {"event.recipiant": "mail"}
    join = mapping()["activities"]["join"]
    data = mapping(fields=fields, join={**join, "contact": {"file": "contacts", "on": on}})
    assert refusal(tmp_path, data) == [
        "activities.fields.id: clicks.csv has no column 'evnt.id'; did you mean 'event.id'?",
        "activities.fields.kind: clicks.csv has no column 'campaign'",
        "activities.fields.at: events.csv has no column 'creatd'; did you mean 'created'?",
        (
            "activities.join.contact.on: events.csv has no column 'recipiant'; "
            "did you mean 'recipient'?"
        ),
        "activities.join.contact.on: contacts.csv has no column 'mail'; did you mean 'email'?",
        "activities.fields.lead_id: contacts.csv has no column 'ID'; did you mean 'id'?",
    ]


def test_names_that_clash_are_told(tmp_path: Path) -> None:
    """A column of the own file that is called like that of a join, and one that occurs twice."""
    clicks = "id,url,event.created\nc1,/crm,x\n"
    contacts = CONTACTS.replace("id,email,country", "id,email,id")
    assert refusal(tmp_path, mapping(), clicks=clicks) == [
        (
            "activities.fields.at: clicks.csv has a column 'event.created' of its own; "
            "call the join otherwise"
        )
    ]
    with pytest.raises(DecodeError) as caught:
        read(tmp_path, mapping(), contacts=contacts)
    assert [str(one) for one in caught.value.problems] == [
        "leads.fields.id: contacts.csv has 2 columns 'id'; name each differently",
        "activities.fields.lead_id: contacts.csv has 2 columns 'id'; name each differently",
    ]


CLICK: Final = pl.DataFrame({"id": ["c1"]})
CONTACT: Final = pl.DataFrame({"id": ["7"], "email": ["a@b.example"]})


def test_a_joined_file_must_be_there(tmp_path: Path) -> None:
    """It is looked for with all the others, before the first row."""
    data = mapping()
    data["files"]["events"] = "gone.csv"
    assert refusal(tmp_path, data) == ["gone.csv: no such file"]
    with pytest.raises(DecodeError, match=r"^files\.events: is not among the files given$"):
        sources.tables(data, clicks=CLICK, contacts=CONTACT)


def test_a_mapping_with_joins_is_its_own_data() -> None:
    """What it was loaded from loads again, and is equal."""
    loaded = sources.load(mapping())
    assert sources.load(loaded.to_data()) == loaded
    assert [one.name for one in loaded.tables[1].joins] == ["event", "contact"]


# -- by hand --

OWN: Final = ("id", "k", "l", "when")
MORE: Final = {"one": ("k", "l", "name", "when"), "two": ("k", "name", "l", "when")}
CELLS: Final = {
    "id": ["1", "2", "3", ""],
    "k": ["a", "A", " a", "b", "", " "],
    "l": ["a", "b", "x", ""],
    "name": ["n", "m", ""],
    "when": ["2026-01-01", "2026-02-01", "", "soon"],
}
FILES = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _rows(columns: Sequence[str], most: int) -> st.SearchStrategy[list[dict[str, str]]]:
    cells = {name: st.sampled_from(CELLS[name]) for name in columns}
    return st.lists(st.fixed_dictionaries(cells), max_size=most)


@st.composite
def _joins(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """One to three joins, each of which may need those before it."""
    known = list(OWN)
    found: dict[str, dict[str, Any]] = {}
    for name in draw(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3, unique=True)):
        file = draw(st.sampled_from(sorted(MORE)))
        # Columns that may be equal, and that tell several rows apart or not.
        keys = [one for one in known if one.rpartition(".")[2] in ("k", "l", "when")]
        here = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=2, unique=True))
        on = {
            one: "when" if one.endswith("when") else draw(st.sampled_from(["k", "k", "l"]))
            for one in here
        }
        found[name] = {"file": file, "on": on}
        if draw(st.booleans()):
            found[name]["normalise"] = draw(st.sampled_from([["strip"], ["strip", "lower"]]))
        if draw(st.booleans()):
            found[name]["blank"] = ["b"]
        known += [f"{name}.{column}" for column in MORE[file]]
    return found


@st.composite
def cases(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[dict[str, str]]]]:
    """A mapping with joins, and the rows of its files."""
    joins = draw(_joins())
    columns = [*OWN]
    columns += [f"{name}.{c}" for name, join in joins.items() for c in MORE[join["file"]]]
    joined = [column for column in columns if "." in column]
    any_of = st.sampled_from([*columns, *joined * 3])
    moments = st.sampled_from([c for c in columns if c.endswith("when")])
    fields: dict[str, Any] = {
        "leads": {"id": draw(any_of), "name": draw(any_of), "created_at": draw(moments)},
        "activities": {
            "id": {"columns": [draw(any_of), draw(any_of), "k"]},
            "lead_id": draw(any_of),
            "kind": draw(any_of),
            "at": draw(moments),
        },
        "contracts": {
            "company_id": draw(any_of),
            "product_id": draw(any_of),
            "start": draw(moments),
        },
    }
    kinds = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, unique=True))
    order = list(joins)
    draw(st.randoms(use_true_random=False)).shuffle(order)
    data: dict[str, Any] = {
        "files": {"own": "own.csv", "one": "one.csv", "two": "two.csv"},
        "defaults": {"zone": "Asia/Tokyo"},
    }
    for kind in kinds:
        said = {name: joins[name] for name in order}
        data[kind] = {"file": "own", "join": said, "fields": fields[kind]}
    rows = {"own": draw(_rows(OWN, 8))}
    rows |= {name: draw(_rows(own, 6)) for name, own in MORE.items()}
    return data, rows


def _put(
    folder: Path, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> None:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    write(folder, f"{name}.csv", out.getvalue())


def by_hand(folder: Path, data: Any, rows: Mapping[str, list[dict[str, str]]]) -> sources.Records:
    """What the file reads as that has all columns, because someone joined it."""
    kinds = [kind for kind in ("leads", "activities", "contracts") if kind in data]
    joins = data[kinds[0]]["join"]
    done: dict[str, Any] = {}
    while len(done) < len(joins):
        for name, join in joins.items():
            needs = {here.partition(".")[0] for here in join["on"] if "." in here}
            if name not in done and needs <= done.keys():
                done[name] = join
    own = joined_by_hand(rows["own"], done, rows, MORE)
    columns = [*OWN, *(f"{n}.{c}" for n, join in done.items() for c in MORE[join["file"]])]
    plain: dict[str, Any] = {"files": {"own": "joined.csv"}, "defaults": data["defaults"]}
    for kind in kinds:
        plain[kind] = {"file": "own", "fields": data[kind]["fields"]}
    _put(folder, "joined", columns, [{c: row.get(c, "") for c in columns} for row in own])
    return read_files(plain, folder)


def same_as_by_hand(folder: Path, data: Any, rows: Mapping[str, list[dict[str, str]]]) -> None:
    """A mapping that joins reads what someone has joined by hand, and rejects the same rows."""
    for name, own in {"own": OWN, **MORE}.items():
        _put(folder, name, own, rows[name])
    found = read_files(data, folder)
    wanted = by_hand(folder, data, rows)
    for kind in ("leads", "activities", "contracts"):
        assert getattr(found, kind) == getattr(wanted, kind)
    assert [evolve(one, file="") for one in found.counts] == [
        evolve(one, file="") for one in wanted.counts
    ]
    codes = {"encoding": "ambiguous"}
    assert [(r.table, r.line, r.column, r.code) for r in found.rejects] == [
        (r.table, r.line, r.column, codes.get(r.code, r.code)) for r in wanted.rejects
    ]


class TestByHand:
    @FILES
    @given(cases())
    def test_joins_are_what_someone_would_do_by_hand(self, tmp_path: Path, case: Any) -> None:
        """Law 7, S14: for rows and for tables; each row of the own file is accounted for."""
        same_as_by_hand(tmp_path, *case)

    @FILES
    @given(cases())
    def test_tables_are_joined_as_files_are(self, tmp_path: Path, case: Any) -> None:
        """S14: the same records, rejects and counts."""
        data, rows = case
        frames = {}
        for name, own in {"own": OWN, **MORE}.items():
            _put(tmp_path, name, own, rows[name])
            cells = {c: [row[c] or None for row in rows[name]] for c in own}
            frames[name] = pl.DataFrame(cells, schema=dict.fromkeys(own, pl.String))
        records = sources.read(data, tmp_path)
        found = sources.tables(data, frames)
        assert_same_records(data, records, found)
        wanted = [asdict(r) | {"file": "own", "line": r.line - 1} for r in records.rejects]
        assert [{**row, "line": row["row"]} for row in rows_of(found.rejects)] == [
            {**one, "row": one["line"]} for one in wanted
        ]

    @FILES
    @given(cases(), st.randoms(use_true_random=False))
    def test_the_order_of_a_joined_file_does_not_matter(
        self, tmp_path: Path, case: Any, dice: random.Random
    ) -> None:
        """Law 4: partners are found wherever they stand."""
        data, rows = case
        for name, own in {"own": OWN, **MORE}.items():
            _put(tmp_path, name, own, rows[name])
        one = sources.read(data, tmp_path)
        for name in MORE:
            dice.shuffle(rows[name])
            _put(tmp_path, name, MORE[name], rows[name])
        assert sources.read(data, tmp_path) == one


def test_by_hand_has_its_own_sign() -> None:
    """No cell that is drawn is taken for one that is ambiguous."""
    assert all(AMBIGUOUS not in cell for cells in CELLS.values() for cell in cells)
