"""Deleted and merged records: what is gone is told, and what refers to it is followed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpfunnel import sources
from tests.reading import problems_of, read_files, rows_of, write

LEADS = "id,company,is_deleted\nL1,C1,false\nL2,C2,false\nL3,C9,true\nL4,C1,true\n"
MERGES = "winner,losers\nL1,L2;L4\n"
CLICKS = "id,lead\n1,L1\n2,L2\n3,L3\n4,L4\n5,L9\n"


def mapping(**more: Any) -> dict[str, Any]:
    """Leads, of which some were deleted and some merged, and their touches."""
    return {
        "files": {"leads": "leads.csv", "merges": "merges.csv", "clicks": "clicks.csv"},
        "defaults": {"zone": "UTC"},
        "merges": {
            "leads": {
                "file": "merges",
                "kept": "winner",
                "gone": {"column": "losers", "split": ";"},
            }
        },
        "leads": {
            "file": "leads",
            "deleted": {"column": "is_deleted", "is": ["true", "TRUE"]},
            "fields": {"id": "id", "company_id": "company"},
        },
        "activities": {
            "file": "clicks",
            "fields": {
                "id": "id",
                "lead_id": "lead",
                "kind": {"constant": "click"},
                "at": {"constant": "2026-10-01"},
            },
        },
        **more,
    }


def read(folder: Path, data: Any = None, **files: str) -> sources.Records:
    """The files, read into records; into tables they give the same."""
    contents = {"leads": LEADS, "merges": MERGES, "clicks": CLICKS} | files
    for name, content in contents.items():
        write(folder, f"{name}.csv", content)
    return read_files(data or mapping(), folder)


def told(records: sources.Records) -> list[tuple[str, int, str, str, str]]:
    """Record kind, line, column, code and reason of each reject."""
    return [(r.table, r.line, r.column, r.code, r.reason) for r in records.rejects]


# -- what it means --


def test_what_is_gone_is_told_and_followed(tmp_path: Path) -> None:
    """A touch of a lead that was merged is one of the lead in which it lives on."""
    records = read(tmp_path)
    assert [one.id for one in records.leads] == ["L1"]
    assert [(one.id, one.lead_id) for one in records.activities] == [
        ("1", "L1"),
        ("2", "L1"),
        ("4", "L1"),
    ]
    assert told(records) == [
        ("leads", 3, "id", "merged", "id 'L2': is a lead that was merged into another"),
        (
            "leads",
            4,
            "is_deleted",
            "deleted",
            "is_deleted 'true': says that the record was deleted",
        ),
        ("leads", 5, "id", "merged", "id 'L4': is a lead that was merged into another"),
        ("activities", 4, "lead", "deleted", "lead 'L3': is a lead that was deleted"),
        ("activities", 6, "lead", "unknown-lead", "lead 'L9': no such lead"),
    ]
    assert records.counts == (
        sources.Count("merges.leads", "merges.csv", 1, 1, 0, 0),
        sources.Count("leads", "leads.csv", 4, 1, 0, 3),
        sources.Count("activities", "clicks.csv", 5, 3, 0, 2),
    )


def test_a_merge_is_followed_to_the_end(tmp_path: Path) -> None:
    """However often a record was merged again, and in whatever order that is told."""
    merges = "winner,losers\nL2,L3\nL4,L2\nL1,L4\nL1,L3\n"
    records = read(tmp_path, merges=merges)
    assert [one.lead_id for one in records.activities] == ["L1"] * 4
    assert [one.id for one in records.leads] == ["L1"]


def test_what_nobody_can_follow_is_rejected(tmp_path: Path) -> None:
    """A circle, what leads into one, and an id that lives on in two records; others are kept."""
    merges = "winner,losers\nA,B\nB,A\nA,X\nC,D\nE,D\nL1,L2\nL2,L2\n"
    records = read(tmp_path, merges=merges)
    assert told(records)[:5] == [
        ("merges.leads", 2, "losers", "cycle", "losers 'B': leads round in a circle of merges"),
        ("merges.leads", 3, "losers", "cycle", "losers 'A': leads round in a circle of merges"),
        ("merges.leads", 4, "losers", "cycle", "losers 'X': leads round in a circle of merges"),
        ("merges.leads", 5, "losers", "conflict", "losers 'D': was merged into several others"),
        ("merges.leads", 6, "losers", "conflict", "losers 'D': was merged into several others"),
    ]
    assert records.counts[0] == sources.Count("merges.leads", "merges.csv", 7, 2, 0, 5)
    assert [one.id for one in records.activities if one.lead_id == "L1"] == ["1", "2"]


def test_rows_that_tell_of_no_merge_are_left_out(tmp_path: Path) -> None:
    """Exports tell it in a column of all records, which is blank for most."""
    leads = "id,master,is_deleted\nL1,,false\nL2,L1,true\nL3,,true\n,L1,true\nL4, ,x\n"
    merged = {"leads": {"file": "leads", "kept": "master", "gone": "id"}}
    data = mapping(merges=merged)
    data["leads"]["fields"] = {"id": "id"}
    records = read(tmp_path, data, leads=leads)
    assert records.counts[0] == sources.Count("merges.leads", "leads.csv", 1, 1, 0, 0)
    assert [(line, code) for _, line, _, code, _ in told(records)[:3]] == [
        (3, "merged"),
        (4, "deleted"),
        (5, "deleted"),
    ]
    assert [one.lead_id for one in records.activities] == ["L1", "L1", "L4"]


def test_rows_of_merges_are_accounted_for(tmp_path: Path) -> None:
    """Law 7: what cannot be told apart or read is rejected, and equal rows count once."""
    merges = "winner,losers\nL1,L2\nL1,L2\nx\nL1,\n"
    records = read(tmp_path, merges=merges)
    assert records.counts[0] == sources.Count("merges.leads", "merges.csv", 3, 1, 1, 1)
    assert told(records)[0][:4] == ("merges.leads", 4, "", "ragged")
    data = mapping()
    for one in ("kept", "gone"):
        said = data["merges"]["leads"][one]
        said = {"column": said} if isinstance(said, str) else said
        data["merges"]["leads"][one] = {**said, "type": "int"}
    data["leads"]["fields"]["id"] = {"column": "id", "type": "int"}
    data["activities"]["fields"]["lead_id"] = {"column": "lead", "type": "int"}
    merges = "winner,losers\n1,2;x\n1,[3]\n"
    records = read(tmp_path, data, merges=merges, leads=LEADS.replace("L", ""), clicks=CLICKS)
    assert told(records)[0][:4] == ("merges.leads", 2, "losers", "type")
    assert records.counts[0] == sources.Count("merges.leads", "merges.csv", 2, 1, 0, 1)


@pytest.mark.parametrize("cell", ["[L2,L4]", ' ["L2", "L4"] ', "[L4, L2]"])
def test_lists_in_brackets_are_read(tmp_path: Path, cell: str) -> None:
    """As Marketo and whoever writes JSON has them, with or without a separator stated."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("winner", "losers"), ("L1", cell)])
    data = mapping()
    data["merges"]["leads"]["gone"] = "losers"
    records = read(tmp_path, data, merges=out.getvalue())
    assert [one.lead_id for one in records.activities] == ["L1"] * 3
    data["merges"]["leads"]["gone"] = {"column": "losers", "split": ","}
    assert read(tmp_path, data, merges=out.getvalue()) == records


def test_a_deleted_record_may_live_in_another_row(tmp_path: Path) -> None:
    """Restored later: the row that says deleted is rejected, and nothing else."""
    records = read(tmp_path, leads=LEADS + "L3,C1,false\n", merges="winner,losers\n")
    assert [one.lead_id for one in records.activities] == ["L1", "L2", "L3"]


def test_merged_leads_may_be_told_apart_in_several_files(tmp_path: Path) -> None:
    """Each with its own columns, and joined with others where these say which it is."""
    write(tmp_path, "names.csv", "name,id\nfirst,L1\nsecond,L2\nsecond,L3\n")
    write(tmp_path, "audit.csv", "into,name\nL1,second\nL1,third\n")
    data = mapping()
    data["files"] |= {"names": "names.csv", "audit": "audit.csv"}
    data["merges"]["leads"] = [
        data["merges"]["leads"],
        {
            "file": "audit",
            "join": {"n": {"file": "names", "on": {"name": "name"}}},
            "kept": "into",
            "gone": "n.id",
        },
    ]
    records = read(tmp_path, data, merges="winner,losers\nL1,L4\n")
    assert told(records)[0] == (
        "merges.leads",
        2,
        "n.id",
        "ambiguous",
        "n.id: names has several such rows that differ in it",
    )
    assert records.counts[:2] == (
        sources.Count("merges.leads", "merges.csv", 1, 1, 0, 0),
        sources.Count("merges.leads", "audit.csv", 1, 0, 0, 1),
    )
    assert [one.lead_id for one in records.activities] == ["L1", "L2", "L1"]


COMPANIES = "id,parent,domain\n1,,a.example\n2,1,b.example\n3,2,c.example\n"


def every_kind() -> dict[str, Any]:
    """Whatever refers to a company or a deal."""
    day = {"constant": "2026-10-01"}
    return {
        "files": {n: f"{n}.csv" for n in ("companies", "merges", "rest")},
        "defaults": {"zone": "UTC"},
        "merges": {
            "companies": {"file": "merges", "kept": "winner", "gone": "loser"},
            "deals": {"file": "merges", "kept": "winner", "gone": "loser"},
        },
        "companies": {
            "file": "companies",
            "deleted": {"column": "domain", "is": "deleted"},
            "fields": {"id": "id", "parent_id": "parent", "domains": "domain"},
        },
        "leads": {"file": "rest", "fields": {"id": "id", "company_id": "id"}},
        "deals": {
            "file": "rest",
            "fields": {"id": "id", "company_id": "id", "opened_at": day, "via_company_id": "id"},
        },
        "contracts": {
            "file": "rest",
            "fields": {"company_id": "id", "product_id": "id", "start": day},
        },
        "overrides": {
            "file": "rest",
            "fields": {
                "what": {"constant": "segment"},
                "value": {"constant": "x"},
                "by": {"constant": "x"},
                "reason": {"constant": "x"},
                "since": day,
                "until": day,
                "company_id": "id",
            },
        },
        "lists": {"top": {"file": "rest", "fields": {"id": "id"}}},
    }


def test_every_kind_follows_companies(tmp_path: Path) -> None:
    """Parents, leads, deals and partners, contracts, overrides and lists; not its own parent."""
    write(tmp_path, "companies.csv", COMPANIES)
    write(tmp_path, "merges.csv", "winner,loser\n2,1\n")
    write(tmp_path, "rest.csv", "id\n1\n")
    records = read_files(every_kind(), tmp_path)
    assert [(one.id, one.parent_id) for one in records.companies] == [("2", None), ("3", "2")]
    assert [one.company_id for one in records.leads] == ["2"]
    assert [one.company_id for one in records.contracts] == ["2"]
    assert [one.company_id for one in records.overrides] == ["2"]
    assert records.companies[0].lists == {"top"}
    # The deal of that id was merged itself.
    assert [(r.table, r.code) for r in records.rejects] == [
        ("companies", "merged"),
        ("deals", "merged"),
    ]
    data = every_kind()
    del data["merges"]["deals"]
    (deal,) = read_files(data, tmp_path).deals
    assert (deal.company_id, deal.via_company_id) == ("2", "2")


def test_a_deleted_company_takes_its_deals_along(tmp_path: Path) -> None:
    """What needs it is rejected; a lead goes on without company, and so does a child."""
    write(tmp_path, "companies.csv", COMPANIES.replace("a.example", "deleted"))
    write(tmp_path, "merges.csv", "winner,loser\n")
    write(tmp_path, "rest.csv", "id\n1\n")
    records = read_files(every_kind(), tmp_path)
    assert [(one.id, one.parent_id) for one in records.companies] == [("2", "1"), ("3", "2")]
    assert [one.company_id for one in records.leads] == ["1"]
    codes = [(r.table, r.code) for r in records.rejects]
    assert codes == [
        ("companies", "deleted"),
        ("lists", "unmatched"),
        ("deals", "deleted"),
        ("contracts", "deleted"),
        ("overrides", "deleted"),
    ]


def test_facts_of_a_company_that_was_merged_are_not_those_of_the_other(tmp_path: Path) -> None:
    """Its number of employees over time was its own."""
    write(tmp_path, "companies.csv", COMPANIES)
    write(tmp_path, "merges.csv", "winner,loser\n2,1\n")
    write(tmp_path, "rest.csv", "id,n\n1,5\n2,7\n")
    kinds = ("files", "defaults", "merges", "companies")
    data = {key: part for key, part in every_kind().items() if key in kinds}
    data["company_facts"] = {
        "file": "rest",
        "zone": "UTC",
        "fields": {"company_id": "id", "at": {"constant": "2026-10-01"}},
        "facts": {"employees": "n"},
    }
    records, tables = sources.read(data, tmp_path), sources.read_tables(data, tmp_path)
    assert [(one.company_id, one.value) for one in records.company_facts] == [("2", 7)]
    assert [(r.table, r.code) for r in records.rejects] == [
        ("companies", "merged"),
        ("company_facts", "merged"),
    ]
    assert tables.counts == records.counts
    assert tables["company_facts"].rows()[0][:3] == ("2", "employees", "7")


def test_equal_activities_of_merged_leads_count_once(tmp_path: Path) -> None:
    """Law 4: points never double because one person stood there twice."""
    records = read(tmp_path, clicks="id,lead\n1,L1\n1,L2\n")
    assert [(one.id, one.lead_id) for one in records.activities] == [("1", "L1")]
    assert records.counts[-1] == sources.Count("activities", "clicks.csv", 2, 1, 1, 0)


def test_columns_that_are_true_or_false_tell_of_deletion() -> None:
    """As pandas and Polars have them; so does a text."""
    leads = pl.DataFrame({"id": ["a", "b", "c"], "gone": [True, False, None]})
    data = {
        "files": {"leads": "l"},
        "leads": {
            "file": "leads",
            "deleted": {"column": "gone", "is": "true"},
            "fields": {"id": "id"},
        },
    }
    for table in (leads, leads.with_columns(pl.col("gone").cast(pl.String))):
        found = sources.tables(data, leads=table)
        assert found["leads"]["id"].to_list() == ["b", "c"]
        assert [(r["row"], r["code"]) for r in rows_of(found.rejects)] == [(1, "deleted")]


def test_deleted_rows_are_not_counted_among_what_patterns_match(tmp_path: Path) -> None:
    """Nor those that cannot be told apart."""
    data = mapping()
    data["leads"]["fields"]["title"] = {
        "column": "company",
        "patterns": [{"like": "C1", "is": "x"}],
    }
    (one,) = read(tmp_path, data, leads=LEADS + "x\n").derived
    assert (one.rows, one.matched, one.unmatched) == (2, 1, 1)


# -- faults --


def test_faults_of_a_mapping_come_at_once() -> None:
    """Each has its place and what would have worked."""
    data = mapping(
        merges={
            "lead": {},
            "leads": [{"file": "mergs", "kept": {"column": "w", "type": "int"}, "gon": "x"}, 3],
            "deals": {"kept": "w", "gone": {"column": "x", "split": ";", "row_number": True}},
        }
    )
    data["leads"]["deleted"] = {"colum": "x", "is": []}
    data["activities"]["deleted"] = {"column": " ", "is": ["x", " "]}
    assert problems_of(data) == [
        "merges.lead: no such key; did you mean 'leads'?",
        "merges.leads: must be a table or a list of tables",
        "merges.deals.gone.row_number: does not apply: the field is a set",
        (
            "merges.deals.gone: needs one of column, columns, constant, row_number; "
            "it has column and row_number"
        ),
        "merges.deals: has no file",
        "leads.deleted.colum: no such key; did you mean 'column'?",
        "leads.deleted: has no column",
        "leads.deleted.is: is empty",
        "activities.deleted: names a blank column or word",
    ]
    data = mapping(merges={"leads": {"file": "mergs", "kept": {"column": "w", "type": "int"}}})
    data["leads"]["deleted"] = True
    data["activities"]["deleted"] = {"column": "x", "is": 3}
    assert problems_of(data) == [
        "merges.leads: has no gone",
        "merges.leads.file: 'mergs': no such file; did you mean 'merges'?",
        "leads.deleted: must be a table",
        "leads.deleted: has no column",
        "leads.deleted: has no is",
        "activities.deleted.is: must be text, not int",
        "activities.deleted: names a blank column or word",
        (
            "leads.fields.id.type: is text where merges.leads.kept is int; "
            "ids of one kind share a type"
        ),
        (
            "activities.fields.lead_id.type: is text where merges.leads.kept is int; "
            "ids of one kind share a type"
        ),
    ]
    loaded = sources.load(mapping())
    assert sources.load(loaded.to_data()) == loaded
    assert loaded.kinds == ["leads", "activities"]


# -- by hand --

IDS: Final = ["a", "b", "c", "d", "e"]
FILES = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
Pair = tuple[str, frozenset[str]]


def ends_by_hand(start: str, pairs: Iterable[Pair]) -> set[str]:
    """Where all ways from an id end; ``"round"`` for one that goes on without end."""
    pairs = list(pairs)
    ends: set[str] = set()
    ways = [[start]]
    while ways:
        way = ways.pop()
        steps = {kept for kept, gone in pairs if way[-1] in gone and kept != way[-1]}
        if not steps:
            ends.add(way[-1])
        for step in steps:
            if step in way:
                ends.add("round")
            else:
                ways.append([*way, step])
    return ends


def sound_by_hand(pairs: Sequence[Pair]) -> tuple[list[Pair], dict[int, str]]:
    """The merges that can be followed, and why the others cannot, by their place."""
    faults: dict[int, str] = {}
    while True:
        sound = [pair for at, pair in enumerate(pairs) if at not in faults]
        found: dict[int, str] = {}
        for at, (kept, gone) in enumerate(pairs):
            ends = [ends_by_hand(one, sound) for one in gone if one != kept]
            if at not in faults and any("round" in one for one in ends):
                found[at] = "cycle"
            elif at not in faults and any(len(one) > 1 for one in ends):
                found[at] = "conflict"
        if not found:
            return sound, faults
        faults |= found


@st.composite
def cases(draw: st.DrawFn) -> dict[str, list[list[str]]]:
    """Rows of leads, merges and touches, in which few ids occur again and again."""
    one = st.sampled_from(IDS)
    many = st.lists(st.sampled_from([*IDS, " "]), max_size=2).map(";".join)
    # Most go down the alphabet, so that there are chains and not only circles.
    pairs = [[a, b] for a in IDS for b in IDS if a < b]
    merge = st.sampled_from(pairs) | st.tuples(one | st.just(""), many).map(list)
    return {
        "leads": draw(
            st.lists(st.tuples(one, st.sampled_from(["true", "false", ""])).map(list), max_size=6)
        ),
        "merges": draw(st.lists(merge, max_size=6)),
        "clicks": draw(st.lists(st.tuples(st.sampled_from("xy"), one).map(list), max_size=6)),
    }


HEADERS: Final = {
    "leads": ["id", "is_deleted"],
    "merges": ["winner", "losers"],
    "clicks": ["id", "lead"],
}


def same_as_by_hand(folder: Path, rows: Mapping[str, list[list[str]]]) -> None:
    """A mapping with merges and deletions reads what someone has followed by hand."""
    files: dict[str, str] = {}
    for name, header in HEADERS.items():
        out = io.StringIO(newline="")
        csv.writer(out).writerows([header, *rows[name]])
        files[name] = out.getvalue()
    data = mapping()
    data["leads"]["fields"] = {"id": "id"}
    records = read(folder, data, **files)

    said = [
        (line, (kept, frozenset(one for one in gone.split(";") if one.strip())))
        for line, (kept, gone) in enumerate(rows["merges"], 2)
    ]
    said = [(line, pair) for line, pair in said if pair[0] and pair[1]]
    different = list(dict.fromkeys(pair for _line, pair in said))
    sound, faults = sound_by_hand(different)
    wanted = {
        ("merges.leads", line, faults[different.index(pair)])
        for line, pair in said
        if different.index(pair) in faults
    }
    into = {one: next(iter(ends_by_hand(one, sound))) for one in IDS}
    leads: set[str] = set()
    deleted: set[str] = set()
    for line, (lead, flag) in enumerate(rows["leads"], 2):
        if into[lead] != lead:
            wanted.add(("leads", line, "merged"))
        elif flag == "true":
            deleted.add(lead)
            wanted.add(("leads", line, "deleted"))
        else:
            leads.add(lead)
    clicks: set[tuple[str, str]] = set()
    for line, (click, lead) in enumerate(rows["clicks"], 2):
        if into[lead] in leads:
            clicks.add((click, into[lead]))
        else:
            code = "deleted" if into[lead] in deleted else "unknown-lead"
            wanted.add(("activities", line, code))
    assert {(r.table, r.line, r.code) for r in records.rejects} == wanted
    assert {one.id for one in records.leads} == leads
    assert {(one.id, one.lead_id) for one in records.activities} == clicks
    assert Counter(one.table for one in records.rejects) == Counter(
        table for table, _line, _code in wanted
    )
    assert records.counts[0].rows == len(said)
    for count in records.counts:
        assert count.rows == count.used + count.collapsed + count.rejected


@FILES
@given(cases())
def test_merges_and_deletions_are_what_someone_would_follow_by_hand(
    tmp_path: Path, rows: Mapping[str, list[list[str]]]
) -> None:
    """Law 7: for rows and tables, each row is used, collapsed or rejected as it should be."""
    same_as_by_hand(tmp_path, rows)
