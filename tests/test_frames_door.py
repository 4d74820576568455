"""The door of frames: faults of tables are told at once, faults of a row turn it away."""

# ruff: noqa: DTZ001 - times without zone are what is refused

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import ibis
import narwhals.stable.v2 as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from attrs import evolve

from mpfunnel import frames
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.facts import company, lead
from mpfunnel.frames.door import Door, Terms
from mpfunnel.frames.kinds import Workshop
from mpfunnel.frames.situation import Sorting
from mpfunnel.records import Company, Deal
from mpfunnel.rules.tables import Rule
from mpfunnel.starters import starter
from tests.books import answers_alone
from tests.frames import INSTANT, KINDS
from tests.malformed import check_grammar

ENGINE = Engine(answers_alone(starter(["A", "B"], zone="Asia/Tokyo")))
AS_OF = date(2024, 7, 1)
AT = datetime(2024, 6, 20, 3, tzinfo=UTC)
TEXT, INT, FLOAT, BOOL, DAY = pa.string(), pa.int64(), pa.float64(), pa.bool_(), pa.date32()
NAIVE = pa.timestamp("us")

Values = tuple[Any, list[Any]]
"""The PyArrow type and the values of a column."""
Columns = Mapping[str, Values]

SOUND: Mapping[str, Columns] = {
    "companies": {"id": (TEXT, ["c1", "c2"]), "employees": (INT, [10, None])},
    "leads": {"id": (TEXT, ["l1", "l2"]), "company_id": (TEXT, ["c1", None])},
    "activities": {
        "id": (TEXT, ["a1", "a2"]),
        "lead_id": (TEXT, ["l1", "l2"]),
        "kind": (TEXT, ["inquiry", "inquiry"]),
        "at": (INSTANT, [AT, AT]),
    },
    "deals": {
        "id": (TEXT, ["d1", "d2"]),
        "company_id": (TEXT, ["c1", "c2"]),
        "opened_at": (INSTANT, [AT, AT]),
        "status": (TEXT, ["open", "won"]),
        "closed_at": (INSTANT, [None, AT]),
    },
    "contracts": {
        "company_id": (TEXT, ["c1", "c2"]),
        "product_id": (TEXT, ["A", "B"]),
        "start": (DAY, [date(2024, 1, 1)] * 2),
    },
    "sales_events": {
        "lead_id": (TEXT, ["l1", "l2"]),
        "kind": (TEXT, ["accepted", "rejected"]),
        "at": (INSTANT, [AT, AT]),
    },
    "consents": {
        "lead_id": (TEXT, ["l1", "l2"]),
        "channel": (TEXT, ["email", "phone"]),
        "granted": (BOOL, [True, False]),
        "at": (INSTANT, [AT, AT]),
    },
    "company_sets": {
        "company_id": (TEXT, ["c1", "c2"]),
        "fact": (TEXT, ["relationships", "lists"]),
        "value": (TEXT, ["partner", "key"]),
    },
    "company_facts": {
        "company_id": (TEXT, ["c1", "c2"]),
        "fact": (TEXT, ["employees", "lists"]),
        "value": (TEXT, ["1200", "key"]),
        "since": (DAY, [date(2024, 1, 1), date(2024, 6, 30)]),
    },
    "lead_sets": {
        "lead_id": (TEXT, ["l1", "l2"]),
        "fact": (TEXT, ["interests", "interests"]),
        "value": (TEXT, ["A", "B"]),
    },
    "activity_products": {
        "lead_id": (TEXT, ["l1"]),
        "activity_id": (TEXT, ["a1"]),
        "product_id": (TEXT, ["A"]),
    },
    "deal_lines": {"deal_id": (TEXT, ["d1"]), "product_id": (TEXT, ["A"])},
}


def table(columns: Columns) -> pa.Table:
    """A PyArrow table."""
    return pa.table({name: pa.array(values, kind) for name, (kind, values) in columns.items()})


def changed(name: str, /, **columns: Values | None) -> dict[str, Columns]:
    """The table of that name with other columns, without those that are `None`.

    The values of the others are repeated where there are more rows; ids are made anew.
    """
    given = {**SOUND[name], **{k: v for k, v in columns.items() if v is not None}}
    given = {k: v for k, v in given.items() if k not in columns or columns[k] is not None}
    rows = max((len(v[1]) for v in columns.values() if v is not None), default=2)

    def filled(column: str, kind: Any, values: list[Any]) -> Values:
        if column == "id" and column not in columns:
            return kind, [f"{name[0]}{number}" for number in range(1, rows + 1)]
        return kind, (values * rows)[:rows]

    return {name: {column: filled(column, *values) for column, values in given.items()}}


def given_as(kind: str, tables: Mapping[str, Columns]) -> dict[str, Any]:
    """Tables of a kind, with the sound companies where there are none among them."""
    known = {"companies": SOUND["companies"], **tables}
    return KINDS[kind]({name: table(columns) for name, columns in known.items()})


def taken(door: Door, frame: nw.LazyFrame[Any]) -> list[dict[str, Any]]:
    """The rows of a frame, whatever works on it."""
    return door._workshop.rows(frame)


def at_door(
    given: Mapping[str, Any], engine: Engine = ENGINE
) -> tuple[Door, list[tuple[str, ...]]]:
    """The door behind which the tables are, and the rejects: table, id, column and code."""
    door = Door(Workshop.of(given), Terms.of(engine.playbook), given)
    rows = [row for frame in door.rejects for row in taken(door, frame)]
    return door, sorted((r["table"], str(r["id"]), r["column"], r["code"]) for r in rows)


def problems_of(given: Mapping[str, Any], engine: Engine = ENGINE) -> list[str]:
    """What the error says that the tables must raise."""
    with pytest.raises(InvalidDataError) as caught:
        frames.assess(engine, **given, as_of=AS_OF)
    return [str(problem) for problem in caught.value.problems]


def ids_as(kind: Any, values: list[Any]) -> dict[str, Columns]:
    """Companies whose ids are those values."""
    return changed("companies", id=(kind, values))


NO_ZONE = "has no time zone; say which one its clock shows, or let a source read it"
ONE_TYPE = "does: one type of id for all (S18)"
INSTANTS = "must hold datetimes with a time zone"
REFUSED: dict[str, tuple[Mapping[str, Columns], list[str]]] = {
    "a required column is missing": (
        changed("activities", lead_id=None, kind=None),
        ["activities.lead_id: no such column", "activities.kind: no such column"],
    ),
    "no column is known": (
        {"company_sets": {"x": (INT, [1])}},
        [
            "company_sets.company_id: no such column",
            "company_sets.fact: no such column",
            "company_sets.value: no such column",
        ],
    ),
    "a required column is misspelt": (
        changed("activities", lead_id=None, leadid=(TEXT, ["l1", "l2"])),
        ["activities.lead_id: no such column; did you mean 'leadid'?"],
    ),
    "a required column is written in capitals": (
        changed("companies", id=None, ID=(TEXT, ["c1", "c2"])),
        ["companies.id: no such column; did you mean 'ID'?"],
    ),
    "an optional column is misspelt": (
        changed("companies", employees=None, employes=(INT, [1, 2])),
        ["companies.employes: no such column; did you mean 'employees'?"],
    ),
    "a required and an optional column are misspelt": (
        changed("activities", lead_id=None, leadid=(TEXT, ["l1"]), prodct_id=(TEXT, ["A"])),
        [
            "activities.lead_id: no such column; did you mean 'leadid'?",
            "activities.prodct_id: no such column; did you mean 'product_id'?",
        ],
    ),
    "several tables have faults": (
        {
            **changed("companies", employees=(TEXT, ["1", "2"])),
            **changed("leads", id=None),
            **changed("activities", at=(NAIVE, [datetime(2024, 1, 1)])),
        },
        [
            "companies.employees: must hold integers, not String",
            "leads.id: no such column",
            f"activities.at: {NO_ZONE}",
        ],
    ),
    "an id is true or false": (
        ids_as(BOOL, [True, False]),
        ["companies.id: must hold text or integers, not Boolean"],
    ),
    "an id is a decimal": (
        ids_as(pa.decimal128(5, 0), [Decimal(1), Decimal(2)]),
        ["companies.id: must hold text or integers, not Decimal"],
    ),
    "an id is of bytes": (
        ids_as(pa.binary(), [b"1", b"2"]),
        ["companies.id: must hold text or integers, not Binary"],
    ),
    "ids are of mixed types across tables": (
        {**ids_as(INT, [1, 2]), **changed("leads"), **changed("contracts")},
        [
            f"leads.company_id: must hold integers, as companies.id {ONE_TYPE}",
            f"contracts.company_id: must hold integers, as companies.id {ONE_TYPE}",
        ],
    ),
    "ids of products are not of the playbook's type": (
        changed("contracts", product_id=(INT, [1, 2])),
        [
            f"contracts.product_id: must hold text, as the playbook {ONE_TYPE}",
        ],
    ),
    "a number is text": (
        changed("companies", growth_rate=(TEXT, ["1", "2"]), annual_revenue=(TEXT, ["1", "2"])),
        [
            "companies.annual_revenue: must hold integers or decimals, not String",
            "companies.growth_rate: must hold numbers, not String",
        ],
    ),
    "a number is true or false": (
        changed("companies", employees=(BOOL, [True, False])),
        ["companies.employees: must hold integers, not Boolean"],
    ),
    "a text is a number": (
        changed("companies", corporate_number=(INT, [1234567890123, 1])),
        ["companies.corporate_number: must hold text, not Int64"],
    ),
    "a yes or no is a number": (
        changed("consents", granted=(INT, [1, 0])),
        ["consents.granted: must hold true or false, not Int64"],
    ),
    "an instant is naive": (
        changed("leads", created_at=(NAIVE, [datetime(2024, 1, 1)])),
        [f"leads.created_at: {NO_ZONE}"],
    ),
    "an instant is a date": (
        changed("sales_events", at=(DAY, [AS_OF])),
        [f"sales_events.at: {INSTANTS}, not Date"],
    ),
    "an instant is text": (
        changed("sales_events", at=(TEXT, ["2024"])),
        [f"sales_events.at: {INSTANTS}, not String"],
    ),
    "a date is an instant": (
        changed("contracts", start=(INSTANT, [AT])),
        ["contracts.start: must hold dates, not Datetime"],
    ),
    "a date is text": (
        changed("contracts", end=(TEXT, ["2024-01-01"])),
        ["contracts.end: must hold dates, not String"],
    ),
    "a column holds lists": (
        changed("companies", name=(pa.list_(TEXT), [["a"], None])),
        ["companies.name: must hold text, not List"],
    ),
    "names of sets are misspelt": (
        {
            **changed("company_sets", fact=(TEXT, ["relationship", "lists"])),
            **changed("lead_sets", fact=(TEXT, ["Interest", None])),
            **changed("leads"),
        },
        [
            "company_sets.fact: no such fact 'relationship'; did you mean 'relationships'?",
            "lead_sets.fact: no such fact 'Interest'; did you mean 'interests'?",
        ],
    ),
    "names of sets are numbers": (
        changed("company_sets", fact=(INT, [1, 2])),
        ["company_sets.fact: must hold text, not Int64"],
    ),
    "products of activities are given twice": (
        {
            **changed("leads"),
            **changed("activities", product_id=(TEXT, ["A"])),
            "activity_products": SOUND["activity_products"],
        },
        ["activities.product_id: says what activity_products says; give one of them"],
    ),
    "products of deals are given twice": (
        {**changed("deals", product_id=(TEXT, ["A"])), "deal_lines": SOUND["deal_lines"]},
        ["deals.product_id: says what deal_lines says; give one of them"],
    ),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_with_tables_is_told_at_once(kind: str, case: str) -> None:
    """One error lists every problem of every table, on all engines in the same words."""
    tables, wanted = REFUSED[case]
    assert problems_of(given_as(kind, tables)) == wanted


def rejected(name: str, column: str, *faults: tuple[str, str]) -> list[tuple[str, ...]]:
    """Rejects of a table by the ids and codes."""
    return sorted((name, about, column, code) for about, code in faults)


def money(*values: str) -> list[Decimal]:
    """Decimals."""
    return [Decimal(value) for value in values]


BLANKS = ["", " \t", "\u3000", "\u00a0", "\u2003\n", "\x1f", "\x85"]
FLOATS = [2.0**53, -(2.0**53), float("inf"), float("-inf"), 1.5, 2.0**53 - 1]
OF_FLOATS = (("1", "range"), ("2", "range"), ("3", "nan"), ("4", "nan"), ("5", "type"))
TURNED_AWAY: dict[str, tuple[Mapping[str, Columns], list[tuple[str, ...]]]] = {
    "sound tables": (dict(SOUND), []),
    "no rows": ({name: {k: (t, []) for k, (t, _) in c.items()} for name, c in SOUND.items()}, []),
    "one row": ({n: {k: (t, v[:1]) for k, (t, v) in c.items()} for n, c in SOUND.items()}, []),
    "null ids": (ids_as(TEXT, ["c1", None]), rejected("companies", "id", ("None", "missing"))),
    "blank ids": (
        ids_as(TEXT, [*BLANKS, "\u200b", " x"]),
        rejected("companies", "id", *((blank, "blank") for blank in BLANKS)),
    ),
    "blank ids of others": (
        changed("leads", company_id=(TEXT, ["\u3000", "c1"])),
        rejected("leads", "company_id", ("l1", "blank")),
    ),
    "ids of floats, whole": (ids_as(FLOAT, [1.0, 2.0, -3.0, 2.0**53 - 1]), []),
    "ids of floats, broken": (
        ids_as(FLOAT, [1.5, float("nan"), None, float("inf"), 2.0**53, 7.0]),
        sorted(
            [
                ("companies", "1.5", "id", "type"),
                ("companies", "None", "id", "missing"),
                ("companies", "None", "id", "missing"),
                ("companies", "inf", "id", "nan"),
                ("companies", "9007199254740992.0", "id", "range"),
            ]
        ),
    ),
    "ids of floats of rows with another fault": (
        changed("companies", id=(FLOAT, [1.0, 2.0]), employees=(INT, [-1, 1])),
        rejected("companies", "employees", ("1", "range")),
    ),
    "ids of small floats": (ids_as(pa.float32(), [1.0, 2.0**24]), []),
    "ids of unsigned integers": (
        ids_as(pa.uint64(), [1, 2**63 - 1, 2**63, 2**64 - 1]),
        rejected("companies", "id", (str(2**63), "range"), (str(2**64 - 1), "range")),
    ),
    "its own parent": (
        changed("companies", parent_id=(TEXT, ["c1", "c1"])),
        rejected("companies", "parent_id", ("c1", "cycle")),
    ),
    "very long ids and texts": (
        changed("companies", id=(TEXT, ["x" * 9_000, "y"]), name=(TEXT, ["n" * 99_999])),
        [],
    ),
    "texts of categories": (
        changed(
            "deals",
            id=(pa.dictionary(pa.int32(), TEXT), ["d1", "d2"]),
            status=(pa.dictionary(pa.int32(), TEXT), ["open", "lsot"]),
        ),
        rejected("deals", "status", ("d2", "choice")),
    ),
    "blank texts": (changed("companies", name=(TEXT, BLANKS)), []),
    "integers": (
        changed("companies", employees=(INT, [-1, 0, 2**63 - 1, -(2**63)])),
        rejected("companies", "employees", ("c1", "range"), ("c4", "range")),
    ),
    "small integers": (
        changed(
            "companies", employees=(pa.uint8(), [0, 255]), annual_revenue=(pa.uint8(), [200, 255])
        ),
        [],
    ),
    "integers beyond 64 bits": (
        changed("companies", employees=(pa.uint64(), [2**63 - 1, 2**63, 2**64 - 1])),
        rejected("companies", "employees", ("c2", "range"), ("c3", "range")),
    ),
    "integers as floats": (
        changed(
            "companies",
            employees=(
                FLOAT,
                [2.0**53, float("nan"), float("inf"), float("-inf"), 1.5, 2.0**53 - 1, -1.0],
            ),
        ),
        rejected(
            "companies",
            "employees",
            ("c1", "range"),
            ("c3", "nan"),
            ("c4", "nan"),
            ("c5", "type"),
            ("c7", "range"),
        ),
    ),
    "integers as decimals": (
        changed(
            "companies",
            employees=(
                pa.decimal128(38, 2),
                money("5", "1.5", "9223372036854775808", "-1", "1e30"),
            ),
        ),
        rejected(
            "companies",
            "employees",
            ("c2", "type"),
            ("c3", "range"),
            ("c4", "range"),
            ("c5", "range"),
        ),
    ),
    "money as decimals": (
        changed(
            "companies",
            annual_revenue=(
                pa.decimal128(38, 4),
                money("1.23", "1.234", "-1", "92233720368547757.99", "92233720368547758", "1e33"),
            ),
        ),
        rejected(
            "companies",
            "annual_revenue",
            ("c2", "range"),
            ("c3", "range"),
            ("c5", "range"),
            ("c6", "range"),
        ),
    ),
    "money of too many digits": (
        changed(
            "companies",
            annual_revenue=(pa.decimal128(38, 30), money("1", "999999.99", "1000000", "0.0001")),
        ),
        rejected("companies", "annual_revenue", ("c3", "range"), ("c4", "range")),
    ),
    "money as integers": (
        changed("companies", annual_revenue=(INT, [2**63 // 100 - 1, 2**63 // 100, -1, 2**63 - 1])),
        rejected("companies", "annual_revenue", ("c2", "range"), ("c3", "range"), ("c4", "range")),
    ),
    "money as floats": (
        changed(
            "companies",
            annual_revenue=(
                FLOAT,
                [1.23, 1.234, 1e17, 9e13, float("nan"), float("inf"), -1.0, 1e300],
            ),
        ),
        rejected(
            "companies",
            "annual_revenue",
            ("c2", "range"),
            ("c3", "range"),
            ("c6", "nan"),
            ("c7", "range"),
            ("c8", "range"),
        ),
    ),
    "negative amounts": (changed("deals", amount=(pa.decimal128(9, 2), money("-5.5", "1"))), []),
    "floats": (
        changed(
            "companies", growth_rate=(FLOAT, [float("inf"), float("-inf"), float("nan"), 1e308])
        ),
        rejected("companies", "growth_rate", ("c1", "nan"), ("c2", "nan")),
    ),
    "floats as decimals": (
        changed("companies", growth_rate=(pa.decimal128(9, 2), money("1.5", "2"))),
        [],
    ),
    "floats as integers": (
        changed("companies", growth_rate=(INT, [1, 2**53, 2**53 + 1, -(2**63)])),
        rejected("companies", "growth_rate", ("c3", "range"), ("c4", "range")),
    ),
    "corporate numbers": (
        changed(
            "companies",
            corporate_number=(
                TEXT,
                [
                    "1234567890123",
                    "123",
                    "123456789012a",
                    "１２３４５６７８９０１２３",
                    "1234567890123\n",
                    "\u3000",
                ],
            ),
        ),
        rejected(
            "companies",
            "corporate_number",
            ("c2", "format"),
            ("c3", "format"),
            ("c4", "format"),
            ("c5", "format"),
        ),
    ),
    "unknown words": (
        {
            **changed("deals", status=(TEXT, ["opn", ""])),
            **changed("sales_events", kind=(TEXT, ["acceptd", "accepted"])),
            **changed("consents", channel=(TEXT, ["fax", "email"])),
        },
        sorted(
            [
                ("deals", "d1", "status", "choice"),
                ("deals", "d2", "status", "choice"),
                ("sales_events", "l1", "kind", "choice"),
                ("consents", "l1", "channel", "choice"),
            ]
        ),
    ),
    "blank words": (
        changed("activities", kind=(TEXT, ["\u3000", None])),
        [
            ("activities", "a1", "kind", "blank"),
            ("activities", "a2", "kind", "missing"),
        ],
    ),
    "an open deal that is closed": (
        changed("deals", closed_at=(INSTANT, [AT, None])),
        [("deals", "d1", "closed_at", "contradiction"), ("deals", "d2", "closed_at", "missing")],
    ),
    "no day on which deals were closed": (
        changed("deals", closed_at=None),
        rejected("deals", "closed_at", ("d2", "missing")),
    ),
    "an end before the start": (
        changed("contracts", end=(DAY, [date(2023, 12, 31), date(2024, 1, 1)])),
        rejected("contracts", "end", ("c1", "order")),
    ),
    "an end before the start, at midnight": (
        changed("contracts", end=(NAIVE, [datetime(2023, 12, 31), datetime(2024, 1, 1)])),
        rejected("contracts", "end", ("c1", "order")),
    ),
    "dates at midnight": (
        changed("contracts", start=(pa.timestamp("s"), [datetime(2024, 1, 1)] * 2)),
        [],
    ),
    "dates with a time": (
        changed(
            "contracts", start=(NAIVE, [datetime(2024, 1, 1, 12), datetime(2024, 1, 1, 0, 0, 0, 1)])
        ),
        rejected("contracts", "start", ("c1", "type"), ("c2", "type")),
    ),
    "the first and the last day": (
        changed("contracts", start=(DAY, [date(1, 1, 1)] * 2), end=(DAY, [date(9999, 12, 31)] * 2)),
        [],
    ),
    "the first and the last instant": (
        changed(
            "activities",
            at=(INSTANT, [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]),
        ),
        [],
    ),
    "names of sets that nobody asks for": (
        changed("company_sets", fact=(TEXT, ["strange", "lists"])),
        [],
    ),
}
for unit in ("s", "ms", "us", "ns"):
    for zone in ("UTC", "Asia/Tokyo", "Europe/Berlin", "+09:00"):
        TURNED_AWAY[f"instants in {unit} and {zone}"] = (
            changed("activities", at=(pa.timestamp(unit, zone), [AT, None])),
            rejected("activities", "at", ("a2", "missing")),
        )
OPEN = (
    ("companies", "parent_id"),
    ("companies", "name"),
    ("companies", "employees"),
    ("companies", "annual_revenue"),
    ("companies", "growth_rate"),
    ("leads", "created_at"),
    ("contracts", "end"),
    ("activities", "product_id"),
)
BLANK_AS = (pa.null(), TEXT, INT, FLOAT, BOOL, NAIVE, INSTANT)
for of, blank_column in OPEN:
    for blank_type in BLANK_AS:
        blank_table = changed(of, **{blank_column: (blank_type, [None, None])})
        TURNED_AWAY[f"nothing in {of}.{blank_column}, as {blank_type}"] = (blank_table, [])
for of, blank_column, ids in (
    ("companies", "id", ("None", "None")),
    ("activities", "at", ("a1", "a2")),
    ("deals", "status", ("d1", "d2")),
    ("consents", "granted", ("l1", "l2")),
):
    TURNED_AWAY[f"nothing in {of}.{blank_column}"] = (
        changed(of, **{blank_column: (pa.null(), [None, None])}),
        rejected(of, blank_column, *((about, "missing") for about in ids)),
    )


def _takes_long(kind: str, case: str) -> bool:
    # Engines that plan first; what has to do with their types is told by the other cases too.
    if kind.endswith("DuckDB"):
        return case.startswith(("instants in", "nothing in"))
    # Kinds in memory are told apart where they are read: one column shows how each reads a type.
    return kind != "Polars" and ", as " in case and "companies.employees" not in case


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        pytest.param(
            case,
            kind,
            id=f"{case}-{kind}",
            marks=[pytest.mark.bulk] if _takes_long(kind, case) else [],
        )
        for case in TURNED_AWAY
        for kind in KINDS
    ],
)
def test_a_row_that_cannot_be_used_is_turned_away(kind: str, case: str) -> None:
    """Law 7: Nothing is lost: each row passes the door or is a reject that says why."""
    tables, wanted = TURNED_AWAY[case]
    given = given_as(kind, tables)
    door, found = at_door(given)
    assert found == wanted
    turned = Counter(name for name, *_ in wanted)
    for name, columns in tables.items():
        rows = len(next(iter(columns.values()))[1])
        assert len(taken(door, door.frames[name])) == rows - turned[name], name


def test_numbers_are_worked_with_as_they_are() -> None:
    """Narrow integers are not counted on in their own type, in which 200 x 100 is 32."""
    columns = changed(
        "companies", employees=(pa.uint8(), [255, 1]), annual_revenue=(pa.uint8(), [200, 255])
    )
    for kind in KINDS:
        door, _ = at_door(given_as(kind, columns))
        rows = sorted(taken(door, door.frames["companies"]), key=lambda row: row["id"])
        assert [(r["employees"], r["annual_revenue"]) for r in rows] == [(255, 20_000), (1, 25_500)]


# -- what only one kind of table can hold --


def objects(*values: Any) -> pd.Series:
    """A column of objects."""
    return pd.Series(list(values), dtype=object)


def of_objects(name: str, /, **columns: pd.Series) -> dict[str, Any]:
    """A table of pandas with columns of objects, and sound companies."""
    frame = table(SOUND[name]).to_pandas().assign(**columns)
    return {"companies": table(SOUND["companies"]).to_pandas(), name: frame}


MIXED = (
    "holds values of mixed types, or of a type unknown here; give one plain type, or let a source "
    "read it"
)
IN_OBJECTS: dict[str, tuple[str, str, pd.Series, str]] = {
    "texts and numbers": ("companies", "id", objects("c1", 2), MIXED),
    "numbers and true": ("companies", "employees", objects(1, True), MIXED),
    "decimals and floats": ("companies", "annual_revenue", objects(Decimal(1), 1.5), MIXED),
    "endless decimals": (
        "companies",
        "annual_revenue",
        objects(Decimal("Infinity"), Decimal(1)),
        MIXED,
    ),
    "decimals of a float": (
        "companies",
        "annual_revenue",
        objects(Decimal.from_float(0.1), Decimal(1)),
        MIXED,
    ),
    "dates and times": ("contracts", "start", objects(AS_OF, datetime(2024, 1, 1, 5)), MIXED),
    "times with and without zone": ("activities", "at", objects(AT, datetime(2024, 1, 1)), MIXED),
    "times without and with zone": ("activities", "at", objects(datetime(2024, 1, 1), AT), MIXED),
    "strangers": ("companies", "name", objects(object(), object()), MIXED),
    "complex numbers": ("companies", "growth_rate", pd.Series([1j, 2j]), MIXED),
    "half characters": (
        "companies",
        "name",
        objects("\ud800", "a"),
        "holds half a character (a lone surrogate)",
    ),
    "integers of 70 bits": (
        "companies",
        "employees",
        objects(2**70, 1),
        "holds integers beyond 64 bits",
    ),
    "periods": (
        "contracts",
        "start",
        pd.Series(pd.period_range("2024", periods=2, freq="D")),
        "must hold dates, not a type unknown here",
    ),
    "bytes": ("companies", "id", objects(b"a", b"b"), "must hold text or integers, not Binary"),
    "sets": ("companies", "name", objects({1}, {2}), "must hold text, not List"),
}


@pytest.mark.parametrize("case", IN_OBJECTS)
def test_what_objects_of_pandas_hold_is_named(case: str) -> None:
    """A column of pandas that cannot be taken over is a problem like others, and with others."""
    name, column, values, wanted = IN_OBJECTS[case]
    given = of_objects(name, **{column: values})
    leads = table(changed("leads", created_at=(TEXT, ["2024", "2025"]))["leads"]).to_pandas()
    assert set(problems_of({**given, "leads": leads})) == {
        f"{name}.{column}: {wanted}",
        f"leads.created_at: {INSTANTS}, not String",
    }


@pytest.mark.parametrize(
    ("name", "column", "values"),
    [
        ("companies", "annual_revenue", objects(Decimal("1.5"), None)),
        ("companies", "annual_revenue", objects(Decimal("NaN"), 2)),
        ("companies", "employees", objects(1, None)),
        ("companies", "name", objects("a", float("nan"))),
        ("companies", "name", objects(pd.NA, None)),
        ("companies", "name", pd.Series(["a", None], dtype="category")),
        ("activities", "at", objects(AT, AT.astimezone(timezone(timedelta(hours=9))))),
        ("contracts", "end", pd.Series(pd.to_datetime(["2024-05-01", None]))),
        ("contracts", "end", objects(date(9999, 12, 31), None)),
    ],
)
def test_plain_values_in_objects_are_taken(name: str, column: str, values: pd.Series) -> None:
    """Columns of objects are as good as any if they hold values of one plain type."""
    assert at_door(of_objects(name, **{column: values}))[1] == []


def test_columns_that_stand_there_twice_are_named() -> None:
    """Duplicate names are a problem like others; names that are no texts are left alone."""
    frame = table(changed("companies", region=(INT, [1, 2]))["companies"])
    twice = frame.append_column("employees", frame["employees"])
    wanted = [
        "companies.employees: stands there twice; name columns once",
        "companies.region: must hold text, not Int64",
    ]
    assert problems_of({"companies": twice}) == wanted
    assert problems_of({"companies": twice.to_pandas()}) == wanted
    numbered = table(SOUND["companies"]).to_pandas().assign(**{"0": 1}).rename(columns={"0": 0})
    assert at_door({"companies": numbered})[1] == []
    nameless = numbered.rename(columns={"id": 1})
    assert problems_of({"companies": nameless}) == ["companies.id: no such column"]


def test_types_of_duckdb_that_narwhals_does_not_know() -> None:
    """Nanoseconds with a zone are read; what no other engine knows is a problem, no blank."""
    con = duckdb.connect()
    ids = con.sql("SELECT uuid() AS id, 5::HUGEINT AS employees FROM range(2)")
    assert problems_of({"companies": ids}) == [
        "companies.id: must hold text or integers, not a type unknown here"
    ]
    companies = con.sql(
        "SELECT * FROM (VALUES ('a', 5::HUGEINT), ('b', (2 ** 80)::HUGEINT)) t(id, employees)"
    )
    assert at_door({"companies": companies})[1] == [("companies", "b", "employees", "range")]
    con.register("n", table({"at": (pa.timestamp("ns", "UTC"), [AT])}))
    leads = con.sql("SELECT 'l1' AS id, \"at\" AS created_at FROM n")
    door, found = at_door({"companies": companies, "leads": leads})
    assert [row["created_at_day"] for row in taken(door, door.frames["leads"])] == [AT.toordinal()]
    assert len(found) == 1


def test_instants_of_which_nothing_is_known() -> None:
    """A column of instants without a value is of the type that the others have."""
    columns = changed(
        "deals", status=(TEXT, ["open"]), closed_at=(pa.null(), [None]), lead_id=(TEXT, ["l1"])
    )
    given = given_as("DuckDB", {**columns, "leads": SOUND["leads"]})
    out = frames.assess(ENGINE, **given, as_of=AS_OF)
    assert out.rejects.fetchall() == []
    assert len(out.leads.fetchall()) == 2


def test_words_of_an_enum() -> None:
    """An enum that lacks a word that the door asks about is a text like others."""
    columns = changed("deals", closed_at=(INSTANT, [AT, AT]), status=(TEXT, ["won", "lots"]))
    deals = pl.from_arrow(table(columns["deals"]))
    assert isinstance(deals, pl.DataFrame)
    enum = deals.with_columns(pl.col("status").cast(pl.Enum(["won", "lots"])))
    companies = pl.from_arrow(table(SOUND["companies"]))
    found = at_door({"companies": companies, "deals": enum})[1]
    assert found == [("deals", "d2", "status", "choice")]


@pytest.mark.parametrize(
    "nothing", [3, "companies.csv", [{"id": 1}], {"id": ["a"]}, pl.Series([1]), pd.Series([1])]
)
def test_what_is_no_table_is_refused(nothing: Any) -> None:
    """What is no table is named by its type, with what would be one."""
    (problem,) = problems_of({"companies": nothing})
    wanted = "must be a table of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis"
    assert problem == f"companies: {wanted}, not {type(nothing).__name__}"


def test_tables_are_of_one_kind() -> None:
    """Tables of several kinds are refused; so is one that something else is wrapped around."""
    companies = pl.DataFrame({"id": ["a"]})
    given = {
        "companies": companies,
        "leads": companies.lazy(),
        "deals": companies.to_pandas(),
        "contracts": 3,
    }
    assert problems_of(given) == [
        "contracts: must be a table of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis, not int",
        "leads: must be of one kind with the others, polars, not polars-lazy",
        "deals: must be of one kind with the others, polars, not pandas",
    ]
    (problem,) = problems_of({"companies": nw.from_native(companies)})
    assert problem.endswith("not DataFrame")


def lost_file() -> Any:
    """A scan of a file that nobody wrote."""
    return pl.scan_csv("gone.csv")


def unknown_column() -> Any:
    """A plan that asks for what is not there."""
    return pl.LazyFrame({"id": ["a"]}).select("id", "nobody")


def faulty_plug_in() -> Any:
    """A source of rows that fails when it is asked for its schema, and shows an address."""

    def schema() -> pl.Schema:
        raise RuntimeError("no way to taro@example.jp")

    return pl.defer(lambda: pl.DataFrame({"id": ["a"]}), schema=schema)


def panic() -> Any:
    """A plan that Rust gives up on."""

    class Broken(pl.LazyFrame):
        def collect_schema(self) -> pl.Schema:
            raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")

    return Broken({"id": ["a"]})


def dropped_table() -> Any:
    """A relation whose table was dropped."""
    con = duckdb.connect()
    con.execute("CREATE TABLE of_old AS SELECT 'a' AS id")
    relation = con.table("of_old")
    con.execute("DROP TABLE of_old")
    return relation


def dropped_below_a_view() -> Any:
    """A relation of a view whose table was dropped."""
    con = duckdb.connect()
    con.execute("CREATE TABLE of_old AS SELECT 'a' AS id")
    con.execute("CREATE VIEW seen AS FROM of_old")
    relation = con.table("seen")
    con.execute("DROP TABLE of_old")
    return relation


def removed_file() -> Any:
    """A relation of a file that was removed."""
    con = duckdb.connect()
    con.execute("COPY (SELECT 'a' AS id) TO 'removed.csv'")
    relation = con.sql("FROM 'removed.csv'")
    Path("removed.csv").unlink()
    return relation


def closed_connection() -> Any:
    """A relation whose connection was closed."""
    con = duckdb.connect()
    relation = con.sql("SELECT 'a' AS id")
    con.close()
    return relation


def dropped_table_of_ibis() -> Any:
    """A table of Ibis that was dropped."""
    backend = ibis.duckdb.connect()
    given = backend.create_table("of_old", obj=ibis.memtable({"id": ["a"]}))
    backend.con.execute("DROP TABLE of_old")
    return given


GONE = "Catalog Error: Table with name of_old does not exist"
UNRESOLVED: list[tuple[Callable[[], Any], str, type[BaseException]]] = [
    (lost_file, "Polars says: No such file or directory", FileNotFoundError),
    (
        unknown_column,
        'Polars says: unable to find column "nobody"; valid columns: ["id"]',
        pl.exceptions.ColumnNotFoundError,
    ),
    (faulty_plug_in, "Polars says: ", Exception),
    (panic, "Polars says: called `Option::unwrap()`", pl.exceptions.PanicException),
    (dropped_table, f"DuckDB says: {GONE}", duckdb.CatalogException),
    (dropped_below_a_view, f"DuckDB says: {GONE}", duckdb.CatalogException),
    (
        removed_file,
        'DuckDB says: IO Error: No files found that match the pattern "removed.csv"',
        duckdb.IOException,
    ),
    (closed_connection, "DuckDB says: Connection Error: Connection ", duckdb.ConnectionException),
    (dropped_table_of_ibis, f"its backend says: {GONE}", duckdb.CatalogException),
]


@pytest.mark.parametrize(("make", "said", "cause"), UNRESOLVED)
def test_a_table_that_cannot_be_resolved_is_told_at_once(
    make: Callable[[], Any],
    said: str,
    cause: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a lazy table stands on and is gone, or its wrong query, is one problem of the table."""
    monkeypatch.chdir(tmp_path)
    native = make()
    with pytest.raises(InvalidDataError) as caught:
        frames.assess(ENGINE, companies=native, as_of=AS_OF)
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("plan", "companies")
    assert problem.message.startswith(f"cannot be resolved; {said}")
    assert isinstance(caught.value.__cause__, cause)
    check_grammar(caught.value)


def test_all_tables_that_cannot_be_resolved_are_told() -> None:
    """One error names them all, and those of another connection."""
    other = duckdb.connect().sql("SELECT 'a' AS id")
    sound = duckdb.connect().sql("SELECT 'a' AS id")
    tables = {"companies": dropped_table(), "leads": sound, "deals": other}
    message = "must be of the same connection as leads; take all tables from one connection"
    assert problems_of(tables) == [
        f"companies: cannot be resolved; DuckDB says: {GONE}",
        f"deals: {message}",
    ]
    given = {"companies": unknown_column(), "leads": unknown_column()}
    assert [line.partition(":")[0] for line in problems_of(given)] == ["companies", "leads"]


def test_what_fails_only_in_the_rows_is_the_error_of_the_engine() -> None:
    """A cast that fails on a value is no fault of the table's form; the engine says what it is."""
    lazy = pl.LazyFrame({"id": ["a"], "employees": ["many"]}).cast({"employees": pl.Int64})
    with pytest.raises(pl.exceptions.InvalidOperationError, match="conversion from `str`"):
        frames.assess(ENGINE, companies=lazy, as_of=AS_OF).companies.collect()
    relation = duckdb.connect().sql("SELECT 'a' AS id, CAST('many' AS BIGINT) AS employees")
    with pytest.raises(duckdb.ConversionException) as caught:
        frames.assess(ENGINE, companies=relation, as_of=AS_OF)
    assert caught.value.__notes__ == [
        "raised by the table that was given as 'companies', when it was worked out"
    ]


def test_relations_are_of_one_connection() -> None:
    """Relations of another connection are named, a cursor's too; nothing is left behind."""
    one, other = duckdb.connect(), duckdb.connect()
    ids = "SELECT 'a' AS id"
    deals = "SELECT 'a' AS id, 'a' AS company_id, now() AS opened_at, 'open' AS status"
    given = {
        "companies": one.sql(ids),
        "leads": other.sql(ids),
        "deals": one.sql(deals),
        "consents": one.cursor().sql(ids),
    }
    message = "must be of the same connection as companies; take all tables from one connection"
    assert problems_of(given) == [f"leads: {message}", f"consents: {message}"]
    assert one.sql("FROM duckdb_variables()").fetchall() == []
    assert one.sql("FROM duckdb_tables() WHERE temporary").fetchall() == []
    sound: dict[str, Any] = {name: given[name] for name in ("companies", "deals")}
    assert len(frames.assess(ENGINE, **sound, as_of=AS_OF).companies.fetchall()) == 1


def test_tables_of_ibis_are_of_one_backend() -> None:
    """Tables of another backend, of two, or of none are named, whatever their tables are called."""
    ids = ibis.memtable({"id": ["a"]})
    one, other = ibis.duckdb.connect(), ibis.duckdb.connect()
    companies, leads = one.create_table("given", obj=ids), other.create_table("given", obj=ids)
    unbound = ibis.table({"id": "string"}, name="given")
    given = {
        "companies": companies,
        "leads": leads,
        "deals": companies.semi_join(other.create_table("other", obj=ids), "id"),
        "contracts": unbound,
        "consents": companies.semi_join(unbound, "id"),
        "lead_sets": ids,
    }
    message = "must be of the same backend as companies; take all tables from one backend"
    bound = "stands on an unbound table, which has no rows; take all tables from one backend"
    assert problems_of(given) == [
        f"leads: {message}",
        f"deals: {message}",
        f"contracts: {bound}",
        f"consents: {bound}",
    ]
    assert problems_of({"companies": unbound}) == [f"companies: {bound}"]
    assert problems_of({"companies": given["deals"]}) == [
        "companies: must be of one backend; take all tables from one backend"
    ]


@pytest.mark.parametrize("first", [True, pytest.param(False, marks=pytest.mark.bulk)])
def test_rows_of_ibis_without_a_backend_go_to_that_of_the_others(first: bool) -> None:
    """A table in memory has no backend, and is asked where the others are."""
    backend = ibis.duckdb.connect()
    given: dict[str, Any] = {
        name: ibis.memtable(table(SOUND[name])) for name in ("companies", "leads", "activities")
    }
    there = "leads" if first else "companies"
    given[there] = backend.create_table("given", obj=given[there])
    out = frames.assess(ENGINE, **given, as_of=AS_OF)
    assert out.leads.get_backend() is backend
    assert out.leads.count().to_pyarrow().as_py() == 2


def test_attributes_are_not_called_like_columns() -> None:
    """A custom attribute under the name of a column is refused: the table could not hold both."""
    book = ENGINE.playbook
    asked = [
        company.attribute("id", str) == "x",
        company.attribute("rank", int) >= 1,
    ]
    rules = tuple(Rule(book.segments.rules[0].outcome, when) for when in asked)
    segments = evolve(book.segments, rules=(*rules, *book.segments.rules))
    of_person = Rule(book.funnel.rules.rules[0].outcome, lead.attribute("email", str) == "x")
    funnel = evolve(
        book.funnel, rules=evolve(book.funnel.rules, rules=(of_person, *book.funnel.rules.rules))
    )
    engine = Engine(evolve(book, segments=segments, funnel=funnel))
    given = given_as("Polars", {"leads": SOUND["leads"]})
    message = "is no custom attribute; call what rules ask for otherwise"
    assert problems_of(given, engine) == [
        f"companies.id: {message}",
        f"leads.email: {message}",
    ]


def test_an_unsound_attribute_is_a_reject() -> None:
    """Custom attributes are checked like other columns, by the type that rules ask for."""
    book = ENGINE.playbook
    rule = Rule(book.segments.rules[0].outcome, company.attribute("rank", int) >= 1)
    segments = evolve(book.segments, rules=(rule, *book.segments.rules))
    engine = Engine(evolve(book, segments=segments))
    columns = changed("companies", rank=(FLOAT, [1.0, 1.5]))
    for kind in KINDS:
        assert at_door(given_as(kind, columns), engine)[1] == [("companies", "c2", "rank", "type")]


def test_addresses_stay_inside() -> None:
    """No reason of the door shows what stands in a row: it may be somebody's address."""
    secret = "taro@kaisha.example"
    columns = {
        **changed("leads", email=(TEXT, [secret]), company_id=(TEXT, [" "])),
        **changed("consents", channel=(TEXT, [secret])),
        **changed("deals", status=(TEXT, [secret])),
    }
    door, found = at_door(given_as("Polars", columns))
    assert len(found) == 3
    assert not any(secret in row["reason"] for f in door.rejects for row in taken(door, f))


@pytest.mark.parametrize(
    ("record", "tables"),
    [
        (lambda: Company("c", employees=-1), changed("companies", employees=(INT, [-1]))),
        (lambda: Company("c", annual_revenue=-1), changed("companies", annual_revenue=(INT, [-1]))),
        (
            lambda: Company("c", annual_revenue=Decimal("0.001")),
            changed("companies", annual_revenue=(pa.decimal128(9, 3), money("0.001"))),
        ),
        (
            lambda: Company("c", growth_rate=float("inf")),
            changed("companies", growth_rate=(FLOAT, [float("inf")])),
        ),
        (
            lambda: Company("c", corporate_number="1"),
            changed("companies", corporate_number=(TEXT, ["1"])),
        ),
        (lambda: Company("c1", parent_id="c1"), changed("companies", parent_id=(TEXT, ["c1"]))),
        (lambda: Company("\u3000"), changed("companies", id=(TEXT, ["\u3000"]))),
        (lambda: Deal("d", "c", AT, status="opn"), changed("deals", status=(TEXT, ["opn"]))),  # type: ignore[arg-type]
        (lambda: Deal("d", "c", AT, closed_at=AT), changed("deals", closed_at=(INSTANT, [AT]))),
        (
            lambda: Deal("d", "c", AT, status="won"),
            changed("deals", status=(TEXT, ["won"]), closed_at=(INSTANT, [None])),
        ),
    ],
)
def test_rows_are_turned_away_as_records_are_refused(
    record: Callable[[], object], tables: Mapping[str, Columns]
) -> None:
    """The code of a reject is that of the problem which the same record has as an object."""
    with pytest.raises(InvalidDataError) as caught:
        record()
    (problem,) = caught.value.problems
    ((_, _, column, code),) = at_door(given_as("Polars", tables))[1]
    assert (column, code) == (problem.path.partition(".")[2], problem.code)


# -- law 7 --

USED, EQUAL, FUTURE = "used", "collapsed", "future"
LATER = datetime(2025, 1, 1, tzinfo=UTC)
Fate = tuple[str, list[tuple[Any, ...]]]


def _fates(random: Random, name: str, number: int) -> Fate:
    """Rows of a table, and what becomes of them: USED, FUTURE, EQUAL, or a code."""
    own = f"{name[0]}{number}"
    sound: dict[str, tuple[Any, ...]] = {
        "companies": (own, 5),
        "leads": (own, "c1"),
        "activities": (own, "l1", "inquiry", AT),
        "deals": (own, "c1", AT, "open", None),
        "contracts": ("c1", "A", date(2024, 1, 1) - timedelta(days=number)),
        "sales_events": ("l1", "accepted", AT - timedelta(seconds=number)),
        "consents": ("l1", "email", True, AT - timedelta(seconds=number)),
    }
    row = sound[name]

    def but(place: int, value: Any) -> list[tuple[Any, ...]]:
        return [(*row[:place], value, *row[place + 1 :])]

    ends: dict[str, list[Fate]] = {
        "companies": [
            ("range", but(1, -1)),
            ("blank", but(0, " ")),
            ("conflict", [row, *but(1, 6)]),
        ],
        "leads": [
            ("blank", but(1, "")),
            ("missing", but(0, None)),
            ("conflict", [row, *but(1, "c9")]),
        ],
        "activities": [
            ("unknown-lead", but(1, "nobody")),
            ("missing", but(3, None)),
            (FUTURE, but(3, LATER)),
            ("conflict", [row, *but(2, "email_click")]),
        ],
        "deals": [
            ("choice", but(3, "opn")),
            ("contradiction", but(4, AT)),
            ("unknown-company", but(1, "none")),
            (FUTURE, but(2, LATER)),
            ("conflict", [row, *but(2, AT - timedelta(days=1))]),
        ],
        "contracts": [
            ("unknown-product", but(1, f"Z{number}")),
            ("unknown-company", but(0, f"none{number}")),
            (FUTURE, but(2, date(2025, 1, 1) + timedelta(days=number))),
            ("missing", but(2, None)),
        ],
        "sales_events": [
            ("unknown-lead", but(0, f"nobody{number}")),
            ("choice", but(1, "x")),
            (FUTURE, but(2, LATER + timedelta(days=number))),
        ],
        "consents": [
            ("unknown-lead", but(0, f"nobody{number}")),
            ("choice", but(1, "x")),
            ("missing", but(2, None)),
            (FUTURE, but(3, LATER + timedelta(days=number))),
        ],
    }
    return random.choice([(USED, [row]), (EQUAL, [row, row, row]), *ends[name]])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_lost(kind: str) -> None:
    """Law 7: Nothing is lost: in = used + collapsed + future + rejects, whatever is wrong."""
    random = Random(kind)
    given: dict[str, Columns] = {}
    ends: dict[str, Counter[str]] = {}
    names = ("companies", "leads", "activities", "deals", "contracts", "sales_events", "consents")
    for name in names:
        fates = [_fates(random, name, number) for number in range(100, 140)]
        rows = [row for _, some in fates for row in some]
        if name in ("companies", "leads"):
            # Those to whom the other records belong.
            rows.append(("c1", 7) if name == "companies" else ("l1", "c1"))
            fates.append((USED, rows[-1:]))
        random.shuffle(rows)
        ends[name] = Counter()
        for end, some in fates:
            ends[name][USED if end == EQUAL else end] += 1 if end == EQUAL else len(some)
            ends[name][EQUAL] += len(some) - 1 if end == EQUAL else 0
        assert ends[name].total() == len(rows)
        kinds = [dtype for dtype, _ in SOUND[name].values()]
        values = zip(*rows, strict=True)
        given[name] = {
            column: (dtype, list(some))
            for column, dtype, some in zip(SOUND[name], kinds, values, strict=True)
        }
    tables = given_as(kind, given)
    workshop = Workshop.of(tables)
    door = Door(workshop, Terms.of(ENGINE.playbook), tables)
    sorting = Sorting(door, workshop, ENGINE.playbook, AS_OF)
    facts = sorting.of_leads(sorting.of_companies())
    found: dict[str, Counter[str]] = {
        name: Counter({USED: len(taken(door, getattr(facts, name)))}) for name in names
    }
    for frame in door.rejects:
        for row in taken(door, frame):
            assert row["column"]
            assert row["reason"]
            found[row["table"]][row["code"]] += 1
    for name in names:
        wanted = {end: rows for end, rows in ends[name].items() if end not in (EQUAL, FUTURE)}
        assert {end: rows for end, rows in found[name].items() if rows} == {
            end: rows for end, rows in wanted.items() if rows
        }, name


def test_pandas_and_pyarrow_need_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Polars is not installed, the error says what to install."""
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[frames\]'"):
        frames.assess(ENGINE, companies=table(SOUND["companies"]), as_of=AS_OF)


@pytest.mark.spark
def test_spark_says_the_same(spark: Any) -> None:
    """What is wrong with tables and rows of Spark is told as of others."""
    rows = [("c1", 1.5, 1), ("c1", 2.0, 2), (" ", float("nan"), 3), ("c4", float("inf"), 4)]
    companies = spark.createDataFrame(rows, "id string, employees double, region long")
    assert problems_of({"companies": companies}) == ["companies.region: must hold text, not Int64"]
    found = at_door({"companies": companies.drop("region")})[1]
    assert found == [
        ("companies", " ", "id", "blank"),
        ("companies", "c1", "employees", "type"),
        ("companies", "c4", "employees", "nan"),
    ]
