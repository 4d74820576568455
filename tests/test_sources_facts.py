"""Property histories: facts of companies over time, read from long and from wide exports."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import polars as pl
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

import mpfunnel as mf
from mpfunnel import frames, sources
from mpfunnel.errors import DecodeError
from mpfunnel.facts import company
from mpfunnel.sources.facts import as_text, latest
from tests.policies import randoms
from tests.reading import rows_of, write

TOKYO = "Asia/Tokyo"
COMPANIES: dict[str, Any] = {
    "file": "companies",
    "fields": {"id": {"column": "id", "type": "int"}, "employees": "staff"},
}
LONG: dict[str, Any] = {
    "file": "history",
    "zone": TOKYO,
    "names": "property",
    "fields": {
        "company_id": {"column": "company", "type": "int"},
        "at": {"column": "timestamp", "zone": "UTC"},
    },
    "facts": {
        "employees": {"column": "value", "named": "numberofemployees", "thousands": ","},
        "industry": {"column": "value", "named": "industry", "values": {"MFG": "maker"}},
    },
    "attributes": {
        "score": {"column": "value", "named": "score", "type": "decimal"},
        "checked": {"column": "value", "named": "checked", "type": "date"},
        "partner": {
            "column": "value",
            "named": "partner",
            "type": "bool",
            "true": ["y"],
            "false": ["n"],
        },
    },
}
WIDE: dict[str, Any] = {
    "file": "history",
    "zone": TOKYO,
    "fields": LONG["fields"],
    "facts": {"employees": {"column": "staff", "thousands": ","}, "industry": "industry"},
}
PROPERTIES = """company,timestamp,property,value
1,2026-04-01 15:30:00,numberofemployees,80
1,2026-09-01 01:00:00,numberofemployees,400
1,2026-09-01 03:00:00,numberofemployees,"1,400"
1,2026-09-01 02:00:00,numberofemployees,900
1,2026-05-01 00:00:00,industry,MFG
1,2026-06-01 00:00:00,industry,
1,2026-05-01 00:00:00,favourite_colour,blue
"""


def mapping(history: Any) -> dict[str, Any]:
    """A mapping of companies and their history."""
    return {
        "files": {"companies": "companies.csv", "history": "history.csv"},
        "companies": COMPANIES,
        "company_facts": history,
    }


def read(folder: Path, history: Any, text: str, companies: str = "id,staff\n1,5000\n2,7\n") -> Any:
    """What is read of the companies and of their history."""
    write(folder, "companies.csv", companies)
    write(folder, "history.csv", text)
    return sources.read(mapping(history), folder)


def changes(records: sources.Records) -> list[tuple[Any, ...]]:
    """The changes of the first company."""
    first = records.histories()[0]
    assert isinstance(first, mf.CompanyHistory)
    return sorted((one.since, one.fact, one.value) for one in first.changes)


class TestLong:
    def test_a_history_gives_the_company_of_a_day(self, tmp_path: Path) -> None:
        """S21: the facts of a day are those told last up to it, as days of the playbook's zone."""
        records = read(tmp_path, LONG, PROPERTIES)
        assert changes(records) == [
            (date(2026, 4, 2), "employees", 80),
            (date(2026, 5, 1), "industry", "maker"),
            (date(2026, 6, 1), "industry", None),
            (date(2026, 9, 1), "employees", 1_400),
        ]
        first, second = records.histories()
        assert isinstance(first, mf.CompanyHistory)
        assert second == records.companies[1]
        assert first.on(date(2026, 4, 1)).employees == 5_000
        assert first.on(date(2026, 8, 31)).employees == 80
        assert first.on(date(2026, 5, 31)).industry == "maker"
        assert first.on(date(2026, 6, 1)).industry is None
        assert [one.company for one in records.accounts()] == [first, second]

    def test_what_no_fact_names_is_not_read(self, tmp_path: Path) -> None:
        """Law 7: of each fact, every row that names it is used or rejected; others are not read."""
        records = read(tmp_path, LONG, PROPERTIES)
        counts = [one for one in records.counts if one.table == "company_facts"]
        assert [(one.rows, one.used, one.rejected) for one in counts] == [
            (2, 2, 0),
            (4, 4, 0),
            (0, 0, 0),
            (0, 0, 0),
            (0, 0, 0),
        ]
        assert records.rejects == ()

    def test_what_cannot_be_used_is_rejected(self, tmp_path: Path) -> None:
        """Law 7: each reject with its line, column and reason; equal rows count once."""
        text = (
            "company,timestamp,property,value\n"
            "1,2026-04-01,numberofemployees,many\n"
            "9,2026-04-01,numberofemployees,4\n"
            ",2026-04-01,numberofemployees,4\n"
            "1,soon,numberofemployees,4\n"
            "1,2026-04-01,numberofemployees,-4\n"
            "1,2026-04-02,numberofemployees,4\n"
            "1,2026-04-02,numberofemployees,4\n"
            "1,2026-04-03,numberofemployees,4\n"
            "1,2026-04-03,numberofemployees,5\n"
            "1,2026-04-04,score,high\n"
        )
        records = read(tmp_path, LONG, text)
        assert [(one.line, one.column, one.code) for one in records.rejects] == [
            (2, "value", "type"),
            (3, "company", "unknown-company"),
            (4, "company", "missing"),
            (5, "timestamp", "format"),
            (6, "value", "range"),
            (9, "company", "conflict"),
            (10, "company", "conflict"),
            (11, "value", "type"),
        ]
        assert len(records.company_facts) == 1
        assert records.counts[2].collapsed == 1

    def test_a_row_at_fault_is_told_for_every_fact(self, tmp_path: Path) -> None:
        """Which fact a row without the right number of cells was about, nobody can know."""
        records = read(tmp_path, LONG, "company,timestamp,property,value\n1,2026-04-01\n")
        assert len(records.rejects) == 5
        assert {one.line for one in records.rejects} == {2}


class TestWide:
    def test_versions_of_a_row_are_facts_since_they_hold(self, tmp_path: Path) -> None:
        """Every version tells each of its facts; what has not changed changes nothing."""
        text = (
            "company,timestamp,staff,industry\n"
            "1,2026-04-01 00:00:00,80,maker\n"
            "1,2026-09-01 00:00:00,400,maker\n"
        )
        records = read(tmp_path, WIDE, text)
        assert changes(records) == [
            (date(2026, 4, 1), "employees", 80),
            (date(2026, 4, 1), "industry", "maker"),
            (date(2026, 9, 1), "employees", 400),
            (date(2026, 9, 1), "industry", "maker"),
        ]


class TestMapping:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"zone": None}, "company_facts.zone: is missing; name that of the playbook"),
            ({"zone": "JST"}, "company_facts.zone: "),
            ({"facts": {}, "attributes": {}}, "company_facts: has no facts; name at least one"),
            ({"fields": {}}, "company_facts.fields: has no company_id; company_facts need it"),
            ({"facts": {"employes": "x"}}, "company_facts.facts.employes: no such key; did you"),
            ({"facts": {"domains": "x"}}, "company_facts.facts.domains: no such key"),
            ({"names": None}, "company_facts.facts.employees.named: needs names, the column"),
            ({"facts": {"employees": "x"}}, "company_facts.facts.employees: has no named: its"),
            (
                {"attributes": {"region": {"column": "value", "named": "x", "type": "text"}}},
                "company_facts.attributes.region: is a field of companies; list it under facts",
            ),
            (
                {"attributes": {" ": {"column": "value", "named": "x", "type": "text"}}},
                "company_facts.attributes. : has a blank name",
            ),
            (
                {"attributes": {"tags": {"column": "value", "named": "x", "type": "set"}}},
                "company_facts.attributes.tags.type: must not be set",
            ),
        ],
        ids=str,
    )
    def test_faults_are_told_before_the_first_row(
        self, given: dict[str, Any], message: str
    ) -> None:
        """A mapping with a fault is refused, with the path of each."""
        history = {key: value for key, value in {**LONG, **given}.items() if value is not None}
        with pytest.raises(DecodeError) as caught:
            sources.load(mapping(history))
        found = [str(one) for one in caught.value.problems]
        assert any(one.startswith(message) for one in found), found

    def test_the_column_of_names_must_be_there(self, tmp_path: Path) -> None:
        """The column that names the facts is missed like every other one."""
        with pytest.raises(DecodeError, match=r"company_facts\.names: history.csv has no column"):
            read(tmp_path, LONG, "company,timestamp,value\n")


def test_values_are_written_as_tables_hold_them() -> None:
    """One column of text for values of every type: plain digits, true or false, ISO days."""
    from decimal import Decimal

    values = [True, False, 3, Decimal("1E+2"), Decimal("0.50"), 0.15, date(2026, 4, 1), "x"]
    assert [as_text(value) for value in values] == [
        "true",
        "false",
        "3",
        "100",
        "0.50",
        "0.15",
        "2026-04-01",
        "x",
    ]


def test_of_what_is_told_the_last_counts() -> None:
    """Law 4: Order does not matter: time decides which of several values of one day holds."""
    told = [(("a",), datetime(2026, 1, day, tzinfo=UTC), day) for day in (3, 1, 2)]
    told += [(("b",), datetime(2026, 1, 2, 1, tzinfo=UTC), 9)]
    assert list(latest(told)) == list(latest(told[::-1])) == [9, 3]


# -- whole tables --


BOOK = mf.starter(["crm"], zone=TOKYO, lang="en")


def drawn(random: Random) -> tuple[str, str]:
    """A history in both shapes: what both can say of employees and industry."""
    long, wide = ["company,timestamp,property,value"], ["company,timestamp,staff,industry"]
    for _ in range(random.randrange(12)):
        about = random.choice(("1", "2", "2", "9", "x", ""))
        day = f"2026-0{random.randint(1, 3)}-0{random.randint(1, 9)}"
        at = f"{day} {random.choice(('03', '14', '15'))}:00:00"
        staff = random.choice(("80", "300", "12", "", "many", "-1", '"1,200"'))
        industry = random.choice(("maker", "retail", ""))
        long += [f"{about},{at},numberofemployees,{staff}", f"{about},{at},industry,{industry}"]
        wide.append(f"{about},{at},{staff},{industry}")
    return "\n".join([*long, "1,2026-01-01,colour,red"]) + "\n", "\n".join(wide) + "\n"


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(randoms())
def test_rows_and_tables_say_the_same(tmp_path: Path, random: Random) -> None:
    """Law 1, S14: long or wide, as files or as tables, the same is used, and the same rejected."""
    long, wide = drawn(random)
    as_of = date(2026, random.randint(1, 3), random.randint(1, 28))
    seen: list[Any] = []
    for history, text in ((LONG, long), (WIDE, wide)):
        records = read(tmp_path, history, text)
        found = sources.read_tables(mapping(history), tmp_path)
        assert found.counts == records.counts
        assert [tuple(row.values()) for row in rows_of(found.rejects)] == [
            (one.table, one.file, one.line, one.column, one.code, one.reason, one.value)
            for one in records.rejects
        ]
        told = [
            (one.company.id, change.fact, change.value, change.since)
            for one in records.histories()
            if isinstance(one, mf.CompanyHistory)
            for change in one.changes
        ]
        assert sorted(map(str, told)) == sorted(
            str((row["company_id"], row["fact"], _typed(row), row["since"]))
            for row in rows_of(found["company_facts"])
        )
        seen.append([one.on(as_of) if hasattr(one, "on") else one for one in records.histories()])
        made = frames.assess(mf.Engine(BOOK), **found, as_of=as_of)
        engine = mf.Engine(BOOK)
        answers = [engine.assess(one, as_of=as_of) for one in records.accounts()]
        assert {
            (row["company_id"], row["tier"], row["settled"]) for row in rows_of(made.tiers)
        } == {
            (one.company_id, tier.value.key, tier.settled)
            for one in answers
            for tier in one.tiers.values()
        }
    assert seen[0] == seen[1]


def _typed(row: Any) -> Any:
    text = row["value"]
    return int(text) if row["fact"] == "employees" and text is not None else text


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_tables_with_types_are_read_alike(kind: Any) -> None:
    """Tables whose columns hold days and numbers give what their text gives."""
    history = kind(
        {
            "company": [1, 1],
            "timestamp": [datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)],
            "staff": [80, 400],
            "industry": ["maker", None],
        }
    )
    found = sources.tables(
        mapping(WIDE), companies=kind({"id": [1, 2], "staff": [5, 7]}), history=history
    )
    assert [
        (row["company_id"], row["fact"], row["value"], row["since"])
        for row in rows_of(found["company_facts"])
    ] == [
        (1, "industry", "maker", date(2026, 4, 1)),
        (1, "employees", "80", date(2026, 4, 1)),
        (1, "industry", None, date(2026, 9, 1)),
        (1, "employees", "400", date(2026, 9, 1)),
    ]
    named = kind(
        {"company": [1], "timestamp": ["2026-04-01"], "property": ["score"], "value": ["7"]}
    )
    found = sources.tables(mapping(LONG), companies=kind({"id": [1], "staff": [5]}), history=named)
    assert [row["fact"] for row in rows_of(found["company_facts"])] == ["score"]


# -- real exports --


def test_a_quarter_of_hubspot(shared_data: Path) -> None:
    """A tier of a quarter rests on what the property history says of it, and is not undated."""
    folder = shared_data / "crm_exports_fivetran" / "dbt_hubspot"
    hidden = "WRM+4i8iHBcBoIeVxhFUbA=="  # the name of the property, as the export hides it
    history = {
        "files": {"history": "company_property_history_data.csv"},
        "companies": {"file": "history", "fields": {"id": {"column": "company_id", "type": "int"}}},
        "company_facts": {
            "file": "history",
            "zone": "UTC",
            "names": "name",
            "fields": {
                "company_id": {"column": "company_id", "type": "int"},
                "at": {"column": "timestamp", "zone": "UTC"},
            },
            "facts": {"industry": {"column": "value", "named": hidden}},
        },
    }
    records = sources.read(history, folder)
    assert records.rejects == ()
    assert len(records.company_facts) == 100
    often = next(
        one
        for one in records.accounts()
        if isinstance(one.company, mf.CompanyHistory) and one.company.company.id == 860870157
    )
    told = [one for one in records.company_facts if one.company_id == 860870157]
    quarter = [one for one in told if date(2020, 4, 1) <= one.since <= date(2020, 6, 30)]
    assert len(quarter) == 15
    value = quarter[len(quarter) // 2].value
    tiers = mf.TierTable([mf.Rule(mf.Tier(1), company.industry == value)], mf.Tier(3))
    engine = mf.Engine(evolve(mf.starter(["crm"]), tiers=tiers))
    spans = mf.replay(often, engine, start=date(2020, 4, 1), end=date(2020, 6, 30)).tiers["crm"]
    last = {one.since: one.value for one in sorted(told, key=lambda one: one.at)}
    expected = [
        (day, mf.Tier(1) if last[day] == value else mf.Tier(3))
        for day in sorted(last)
        if date(2020, 4, 1) <= day <= date(2020, 6, 30)
    ]
    for day, tier in expected:
        (span,) = (one for one in spans if one.first_day <= day <= one.last_day)
        assert span.value == tier
        assert span.undated == ()
    rows = sources.read_tables(history, folder)
    assert rows["company_facts"].height == len(
        {(one.company_id, one.since) for one in records.company_facts}
    )


def test_a_quarter_of_salesforce(shared_data: Path) -> None:
    """Employees of a version are dated from its start; before it, the tier is undated."""
    folder = shared_data / "crm_exports_fivetran" / "dbt_salesforce"
    history: dict[str, Any] = {
        "files": {"history": "sf_account_history_data.csv"},
        "companies": {"file": "history", "fields": {"id": "id"}},
        "company_facts": {
            "file": "history",
            "zone": "UTC",
            "fields": {"company_id": "id", "at": {"column": "_fivetran_start", "zone": "UTC"}},
            "facts": {
                "employees": "number_of_employees",
                "industry": "industry",
                "name": "name",
                "annual_revenue": "annual_revenue",
            },
        },
    }
    records = sources.read(history, folder)
    account = next(
        one
        for one in records.accounts()
        if isinstance(one.company, mf.CompanyHistory)
        and one.company.on(date(2020, 1, 1)).employees is not None
    )
    assert isinstance(account.company, mf.CompanyHistory)
    assert account.company.on(date(2020, 1, 1)).employees == 120_210
    tiers = mf.TierTable([mf.Rule(mf.Tier(1), company.employees >= 300)], mf.Tier(3))
    engine = mf.Engine(evolve(mf.starter(["crm"]), tiers=tiers))
    told = mf.replay(account, engine, start=date(2019, 4, 1), end=date(2019, 6, 30))
    assert [(one.value, one.first_day, one.undated) for one in told.tiers["crm"]] == [
        (mf.Tier(3), date(2019, 4, 1), ("company.employees",)),
        (mf.Tier(1), date(2019, 4, 4), ()),
    ]
    # The zone of the playbook says when that day began.
    tokyo = {**history, "company_facts": {**history["company_facts"], "zone": TOKYO}}
    later = sources.read(tokyo, folder).company_facts
    assert {one.since for one in later if one.value == 120_210} == {date(2019, 4, 5)}
