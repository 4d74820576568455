"""Facts of companies over time, on whole tables: what holds on a day, and what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from attrs import evolve, fields

import mpfunnel as mf
from mpfunnel import frames
from mpfunnel.case import NOBODY
from mpfunnel.facts import company
from mpfunnel.records import Company, CompanyChange, CompanyHistory
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.warehouse import Dialect
from tests.frames import KINDS, RECORDS, differences, rows_of, tables_of
from tests.warehouse import Engine, InDuckDB, InSpark, answered, postgres_schema

DAY = date(2026, 10, 31)
TEXTS = ("製造業", "が", "か\u3099", "'", "\\", " x ", "x\n", "%", "1", "true", "2026-10-31")
WORDS = frozenset({"big", "か\u3099"})
SLOW = ("DuckDB", "Ibis on DuckDB")
QUICK_FIRST = [pytest.param(k, marks=[pytest.mark.bulk] if k in SLOW else []) for k in KINDS]


def engine_of_all_kinds() -> mf.Engine:
    """An engine whose rules ask for facts of every kind, plain fields and attributes."""
    c = company
    whole, closed = c.attribute("plants", int), c.attribute("visits", int, closed=True)
    money, share = c.attribute("spent", Decimal), c.attribute("share", float)
    word, day = c.attribute("class", str), c.attribute("founded", date)
    open_flag, flag = c.flag("audited", closed=False), c.flag("listed")
    tags = c.attribute("tags", frozenset)
    rules = [
        Rule(mf.Tier(1), (whole >= 2) & (money >= Decimal("12.34"))),
        Rule(mf.Tier(2), (share > 0.1) | (c.growth_rate < -0.25)),
        Rule(mf.Tier(3), (day <= date(2024, 2, 29)) & word.is_in(*TEXTS[:4])),
        Rule(mf.Tier(4), (closed >= 1) & flag & ~open_flag),
        Rule(mf.Tier(5), tags.contains_any(*WORDS) & (c.employees >= 2**53 + 1)),
        Rule(mf.Tier(6), c.annual_revenue.is_missing() & c.name.starts_with("x")),
        Rule(mf.Tier(7), (c.corporate_number == "1234567890123") | c.region.is_in(*TEXTS)),
    ]
    book = mf.starter(["crm"])
    segments = mf.SegmentTable(
        [
            Rule(mf.Segment("wanted", "wanted"), c.on_list("key") & (c.industry == "製造業")),
            Rule(mf.Segment("rich", "rich"), c.annual_revenue >= Decimal("92233720368547757.99")),
            *book.segments.rules,
        ],
        book.segments.otherwise,
    )
    tiers = {"crm": mf.TierTable(rules, mf.Tier(8))}
    return mf.Engine(evolve(book, segments=segments, tiers=tiers))


ENGINE = engine_of_all_kinds()
VALUES: Mapping[str, Sequence[Any]] = {
    "employees": (None, 0, 2**53, 2**53 + 1, 2**63 - 1),
    "annual_revenue": (None, 0, Decimal("92233720368547757.99"), Decimal("92233720368547757.98")),
    "growth_rate": (None, -0.25, -0.25000000000000006, 0.0, -0.0, 1e-99, 9.999999999999999e98),
    "industry": (None, *TEXTS),
    "region": (None, *TEXTS),
    "name": (None, "x", "が"),
    "corporate_number": (None, "1234567890123", "0000000000000"),
    "relationships": (frozenset(), frozenset({"competitor"}), frozenset({"partner", "customer"})),
    "lists": (frozenset(), frozenset({"key"}), frozenset({"key", "が"})),
    "plants": (None, 1, 2, -(2**63) + 1),
    "visits": (None, 0, 1),
    "spent": (None, 12, Decimal("12.33"), Decimal("12.34"), Decimal("-0.01")),
    "share": (None, 0.1, 0.1 + 2**-56, 0.30000000000000004, -5.0),
    "class": (None, *TEXTS),
    "founded": (None, date(2024, 2, 29), date(2024, 3, 1), date(1, 1, 1), date(9999, 12, 31)),
    "audited": (None, True, False),
    "listed": (None, True, False),
    # That nothing is in an open set cannot be told in tables: it is unknown.
    "tags": (None, WORDS, frozenset({"other"}), frozenset({"big", "other"})),
    "domains": (frozenset({"x.example"}),),
    "never asked about": ("text", 1),
}
# A float column, which integers with gaps are to NumPy, holds no larger ones (S24).
BEFORE = {
    fact: [one for one in values if not (type(one) is int and abs(one) >= 2**53)]
    for fact, values in VALUES.items()
}
PLAIN = ("employees", "annual_revenue", "growth_rate", "industry", "region", "name", "lists")


def draw_histories(random: Random, count: int) -> dict[str, list[Any]]:
    """Companies of which anything changes, now and then the same fact on several days."""
    days = [DAY + timedelta(by) for by in (-400, -30, -1, 0, 1)]
    found = []
    for number in range(count):
        held: dict[str, Any] = {
            name: random.choice(BEFORE[name]) for name in PLAIN if random.randrange(3)
        }
        own = {n: random.choice(BEFORE[n]) for n in ("plants", "spent", "tags", "audited")}
        one = Company(f"c{number}", **held, attributes=own)
        drawn = {(random.choice(days), random.choice(list(VALUES))) for _ in range(12)}
        changes = [CompanyChange(day, f, random.choice(VALUES[f])) for day, f in sorted(drawn)]
        found.append(CompanyHistory(one, random.sample(changes, len(changes))))
    return {**{name: [] for name in RECORDS}, "companies": found}


Run = Callable[[Mapping[str, pa.Table]], frames.Tables]
"""Gives the answers about tables as of `DAY`."""


def on(kind: str, engine: mf.Engine = ENGINE) -> Run:
    """The answers that tables of a kind get."""
    return lambda tables: frames.assess(engine, **KINDS[kind](tables), as_of=DAY, lang="en")


def check_histories(run: Run, name: str) -> None:
    """Tables say of a company as of a day what its history says."""
    records = draw_histories(Random(name), 150)
    out = run(tables_of(records, ENGINE))
    assert differences(out, ENGINE, records, DAY, possible=False) == []
    assert rows_of(out.rejects) == []


def facts(*rows: tuple[Any, str, str | None, date]) -> dict[str, pa.Table]:
    """The companies that rows are about, and the rows: company, fact, value and since."""
    ids, names, values, days = zip(*rows, strict=True)
    kind = pa.int64() if type(ids[0]) is int else pa.string()
    return {
        "companies": pa.table({"id": pa.array(list(dict.fromkeys(ids)), kind)}),
        "company_facts": pa.table(
            {
                "company_id": pa.array(ids, kind),
                "fact": pa.array(names, pa.string()),
                "value": pa.array(values, pa.string()),
                "since": pa.array(days, pa.date32()),
            }
        ),
    }


NO_NUMBERS = (
    *("x", "+5", "1,200", "1_200", " 5", "5 ", "5\n", "\n5", "0x10", "1.", ".5", "-", "--1", "1-"),
    *("1.2.3", "１２", "٣", "NaN", "nan", "inf", "-Infinity", "true", "2026-10-31", "1e5e5", "e5"),
    *("'", "\\", "1" * 41, "1\u00a0", "5;", "null"),
)
BAD: Mapping[str, Sequence[tuple[str, str]]] = {
    "employees": [
        *((text, "format") for text in (*NO_NUMBERS, "1e5")),
        *((text, "range") for text in ("9223372036854775808", "-9223372036854775808", "9" * 40)),
        *((text, "range") for text in ("-1", "-9223372036854775807", "-1.0")),
        *((text, "type") for text in ("1.5", "0.0001", "-0.5", "9223372036854775807.1")),
    ],
    "annual_revenue": [
        *((text, "format") for text in (*NO_NUMBERS, "1e5")),
        *((text, "range") for text in ("92233720368547758", "92233720368547758.00", "9" * 40)),
        *((text, "range") for text in ("0.001", "12.345", "-0.01", "92233720368547757.991")),
    ],
    "plants": [(text, "range") for text in ("-9223372036854775808", "99999999999999999999")],
    "growth_rate": [
        (text, "format") for text in (*NO_NUMBERS, "1e100", "1e-100", "1e", "1e+", "1E400")
    ],
    "founded": [
        (text, "format")
        for text in (
            *("2026-02-29", "1900-02-29", "2023-04-31", "2024-00-10", "2024-13-01", "2024-01-00"),
            *("2024-01-32", "0000-01-01", "2024-1-1", "20240101", "2024/01/01", "2024-01-01\n"),
            *("2024-01-01 00:00:00", "2024-01-01T00:00:00", "10000-01-01", "-024-01-01", "x"),
            *("２０２４-01-01", "2024-01-0-", "----------"),
        )
    ],
    "listed": [(text, "format") for text in ("yes", "1", "0", "t", "tRUE", "true ", "はい")],
    "corporate_number": [
        (text, "format")
        for text in (
            "123456789012",
            "12345678901234",
            "123456789012x",
            "1234567890123\n",
            "-234567890123",
        )
    ],
    "relationships": [("prospekt", "choice"), ("Customer", "choice")],
}


def check_rejects(run: Run) -> None:
    """What cannot be read is a reject that says so, and what was known before still holds."""
    rows: list[tuple[str, str, str | None, date]] = []
    wanted: list[tuple[str, str, str]] = []
    for fact, pairs in BAD.items():
        for text, code in pairs:
            one = f"c{len(wanted)}"
            rows += [(one, fact, text, DAY), (one, "name", "x", DAY)]
            wanted.append((one, "value", code))
    out = run(facts(*rows))
    told = rows_of(out.rejects)
    assert sorted((row["id"], row["column"], row["code"]) for row in told) == sorted(wanted)
    assert {row["table"] for row in told} == {"company_facts"}
    reasons = {row["id"]: row["reason"] for row in told}
    assert reasons["c0"] == "employees must be a number in plain digits, such as 1200"
    # The name was read: the tier that asks for it is given to all of whom no revenue is known.
    assert {row["tier"] for row in rows_of(out.tiers)} == {"tier_6"}


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_tables_hold_what_histories_do(kind: str) -> None:
    """Law 1, S21: tables say of a company as of a day what its history says."""
    check_histories(on(kind), kind)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_read_is_rejected(kind: str) -> None:
    """Law 7: Nothing is lost: a value that cannot be read is a reject, and never an error."""
    check_rejects(on(kind))


def in_sql(engine: Engine, dialect: Dialect) -> Run:
    """The answers of the text of a dialect, run by an engine."""
    return lambda tables: answered(engine, dialect, ENGINE, tables, DAY)


@pytest.mark.bulk
def test_text_for_duckdb() -> None:
    """Law 1, law 7: the same as SQL text, run by DuckDB."""
    check_histories(in_sql(InDuckDB(), "duckdb"), "text")
    check_rejects(in_sql(InDuckDB(), "duckdb"))


@pytest.mark.postgres
def test_text_for_postgres(postgres: str) -> None:
    """Law 1, law 7: the same as SQL text, run by PostgreSQL."""
    with postgres_schema(postgres) as database:
        check_histories(in_sql(database, "postgres"), "text")
    with postgres_schema(postgres) as database:
        check_rejects(in_sql(database, "postgres"))


@pytest.mark.spark
def test_tables_of_spark(spark: Any) -> None:
    """Law 1, law 7: the same on Spark, as tables and as SQL text."""

    def assessed(tables: Mapping[str, pa.Table]) -> frames.Tables:
        given: dict[str, Any] = {n: spark.createDataFrame(t) for n, t in tables.items()}
        out = frames.assess(ENGINE, **given, as_of=DAY, lang="en")
        return frames.Tables(
            *(
                None if one is None else one.toArrow()
                for one in (getattr(out, field.name) for field in fields(frames.Tables))
            )
        )

    check_rejects(assessed)
    check_histories(in_sql(InSpark(spark), "pyspark"), "Spark")


# -- one rule after the other --


class AsKnown:
    """A tier policy in Python that keeps the companies that it is shown."""

    kind, tiers = "acme/as-known/1", (mf.Tier(1),)

    def __init__(self) -> None:
        self.seen: dict[Any, Company] = {}

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        """Everybody is Tier 1."""
        self.seen[company.id] = company
        return mf.decided(mf.Tier(1), because="everybody is")


def known(
    rows: Sequence[tuple[Any, str, str | None, date]], kind: str = "Polars", **tables: pa.Table
) -> dict[Any, dict[str, Any]]:
    """What is known of each company as of `DAY`, as a policy in Python is shown it."""
    book, policy = ENGINE.playbook, AsKnown()
    asked = company.attribute("tags", frozenset).contains_any("a")
    asked &= company.attribute("founded", date) > DAY
    segments = mf.SegmentTable(
        [Rule(mf.Segment("x", "x"), asked), *book.segments.rules], book.segments.otherwise
    )
    tiers: Any = {"crm": policy}
    engine = mf.Engine(evolve(book, segments=segments, tiers=tiers))
    rows_of(on(kind, engine)({**facts(*rows), **tables}).tiers)
    found: dict[Any, dict[str, Any]] = {}
    del policy.seen[NOBODY.id]
    for key, one in policy.seen.items():
        held = {field.name: getattr(one, field.name) for field in fields(Company)}
        own = held.pop("attributes")
        del held["id"]
        found[key] = {k: v for k, v in {**held, **own}.items() if v not in (None, frozenset())}
    return found


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_numbers_are_read_exactly(kind: str) -> None:
    """S1: an integer, a decimal and a float are read as Python reads them, to the last digit."""
    random = Random(kind)
    rows: list[tuple[str, str, str | None, date]] = []
    wanted: dict[str, dict[str, Any]] = {}
    for number in range(300):
        whole = str(random.randrange(10 ** random.randrange(1, 19)))
        part = str(random.randrange(10 ** random.randrange(1, 15)))
        written = f"{random.choice(('', '-'))}{whole}.{part}"
        exponent = random.choice(("", f"e{random.randrange(-99, 100)}"))
        cents = f"{random.randrange(10**15)}.{random.randrange(100):02}"
        zeros = random.choice(("", "0", "000")), random.choice(("", ".0", ".000"))
        day = date.fromordinal(random.randrange(1, date.max.toordinal() + 1))
        one = f"c{number}"
        for fact, text, value in (
            ("employees", zeros[0] + whole + zeros[1], int(whole)),
            ("growth_rate", written + exponent, float(written + exponent)),
            ("annual_revenue", cents, Decimal(cents)),
            ("founded", day.isoformat(), day),
        ):
            rows.append((one, fact, text, DAY))
            wanted.setdefault(one, {})[fact] = value
    assert known(rows, kind) == wanted


def test_ids_are_of_their_type() -> None:
    """S18: the id of a parent is read like the ids of the companies: as text, or as an integer."""
    given = [(7, "parent_id", "5", DAY), (8, "parent_id", None, DAY)]
    assert known(given) == {7: {"parent_id": 5}, 8: {}}
    assert known([("a", "parent_id", "5", DAY)]) == {"a": {"parent_id": "5"}}
    # Nobody is its own parent.
    assert known([(5, "parent_id", "5", DAY)]) == {5: {}}
    assert known([("5", "parent_id", "5", DAY)]) == {"5": {}}


def test_the_latest_day_counts() -> None:
    """S21: of several days up to the day asked about, the last one counts; blank is unknown."""
    rows = [
        ("a", "employees", "3", DAY),
        ("a", "employees", "2", DAY - timedelta(1)),
        ("a", "employees", "4", DAY + timedelta(1)),
        ("b", "employees", None, DAY),
        ("b", "employees", "5", DAY - timedelta(1)),
        ("c", "name", " ", DAY),
        ("d", "employees", "6", DAY + timedelta(1)),
    ]
    companies = pa.table({"id": ["a", "b", "c", "d"], "employees": [1] * 4, "name": ["n"] * 4})
    assert known(rows, companies=companies) == {
        "a": {"employees": 3, "name": "n"},
        "b": {"name": "n"},
        "c": {"employees": 1},
        "d": {"employees": 1, "name": "n"},
    }


def test_sets_change_as_a_whole() -> None:
    """S21: the members told for one day are the whole set; a blank says that there is none."""
    yesterday = DAY - timedelta(1)
    rows = [
        ("a", "lists", "new", DAY),
        ("a", "lists", "newer", DAY),
        ("a", "lists", "old", yesterday),
        ("a", "tags", None, DAY),
        ("b", "lists", None, DAY),
        ("c", "relationships", "partner", yesterday),
        ("c", "relationships", "partner", yesterday),
        ("c", "relationships", "prospekt", DAY),
        ("d", "domains", "d.example", DAY),
    ]
    sets = pa.table(
        {
            "company_id": ["a", "a", "b", "c", "d"],
            "fact": ["lists", "tags", "lists", "lists", "lists"],
            "value": ["given"] * 5,
        }
    )
    wanted: dict[str, dict[str, Any]] = {
        "a": {"lists": frozenset({"new", "newer"})},
        "b": {},
        "c": {"relationships": frozenset({"partner"}), "lists": frozenset({"given"})},
        "d": {"domains": frozenset({"d.example"}), "lists": frozenset({"given"})},
    }
    assert known(rows, company_sets=sets) == wanted
    for one in wanted.values():
        if one.get("lists") == {"given"}:
            del one["lists"]
    assert known(rows) == wanted


CONFLICTS = (
    ("a", "employees", "1", DAY),
    ("a", "employees", "2", DAY),
    ("a", "employees", "3", DAY - timedelta(1)),
    ("b", "employees", "5", DAY),
    ("b", "employees", "5", DAY),
    ("b", "employees", "05.0", DAY),
    ("b", "growth_rate", "0.0", DAY),
    ("b", "growth_rate", "-0", DAY),
    ("c", "employees", None, DAY),
    ("c", "employees", "6", DAY),
    ("d", "lists", None, DAY),
    ("d", "lists", "x", DAY),
    ("d", "lists", "y", DAY),
    ("e", "employees", "7", DAY),
    ("e", "employees", "x", DAY),
    ("f", "employees", "8", DAY + timedelta(1)),
    ("f", "employees", "9", DAY + timedelta(1)),
    ("f", "employees", "y", DAY + timedelta(1)),
)


@pytest.mark.parametrize("kind", QUICK_FIRST)
def test_what_differs_is_rejected(kind: str) -> None:
    """S17, law 4: values of one fact and day that differ are all rejected, in whatever order.

    Law 5: Those of later days are as if they were not there, and say nothing.
    """
    rows = Random(kind).sample(CONFLICTS, len(CONFLICTS))
    shown = known(rows, kind)
    assert [shown[one].get("employees") for one in "abcdef"] == [3, 5, None, None, 7, None]
    assert shown["b"]["growth_rate"] == 0
    assert shown["d"] == {}
    out = on(kind)(facts(*rows))
    told = sorted((row["id"], row["code"]) for row in rows_of(out.rejects))
    assert told == [
        *[("a", "conflict")] * 2,
        *[("c", "conflict")] * 2,
        *[("d", "conflict")] * 3,
        ("e", "format"),
    ]


def asking(*conditions: Any) -> mf.Engine:
    """An engine whose segment asks that, while nothing else asks anything of companies."""
    book = mf.starter(["crm"])
    model = book.engagement["crm"]
    yes, no = mf.Segment("yes", "yes"), mf.Segment("no", "no")
    states = DecisionTable([], model.ladder[0])
    return mf.Engine(
        evolve(
            book,
            segments=mf.SegmentTable([Rule(yes, one) for one in conditions], no),
            tiers={"crm": mf.TierTable([], mf.Tier(1))},
            engagement={"crm": evolve(model, states=states)},
            synergy=mf.Synergy(),
        )
    )


ROWS = (
    *(("a", "mood", "good", DAY), ("a", "country", "x", DAY), ("a", "plants", "two", DAY)),
    *(("a", "employees", "2", DAY), ("a", "lists", "key", DAY), ("b", "growth_rate", "1e-1", DAY)),
)
A, B = (("a", "yes"), ("b", "no")), (("a", "no"), ("b", "yes"))


@pytest.mark.parametrize(
    ("conditions", "wanted"),
    [
        ((), (("a", "no"), ("b", "no"))),
        ((company.employees > 1,), A),
        ((company.growth_rate > 0,), B),
        ((company.country == "x",), A),
        ((company.on_list("key"),), A),
        ((company.on_list("key"), company.country == "y"), A),
    ],
)
def test_what_nothing_asks_about_is_left_alone(conditions: Any, wanted: Any) -> None:
    """Values of facts that no rule asks about are not even read."""
    out = on("Polars", asking(*conditions))(facts(*ROWS))
    assert out.rejects.height == 0
    assert tuple(out.companies.select("company_id", "segment").rows()) == wanted


def test_a_column_gives_an_attribute_its_type() -> None:
    """A policy in Python is shown any attribute with a column, which says how its text is read."""
    rows = [("a", "mood", "1.50", DAY), ("b", "mood", "x", DAY), ("a", "other", "1", DAY)]
    companies = pa.table({"id": ["a", "b"], "mood": pa.array([1, 2], pa.decimal128(9, 2))})
    wanted = {"a": {"mood": Decimal("1.5")}, "b": {"mood": Decimal(2)}}
    assert known(rows, companies=companies) == wanted


def test_names_that_are_nearly_right() -> None:
    """A fact that is nearly called like one that rules may ask about is an error with a hint."""
    rows = [("a", "employes", "1", DAY), ("a", "Plants", "1", DAY), ("a", "lists", "x", DAY)]
    with pytest.raises(mf.InvalidDataError) as caught:
        on("Polars")(facts(*rows))
    assert [str(problem) for problem in caught.value.problems] == [
        "company_facts.fact: no such fact 'Plants'; did you mean 'plants'?",
        "company_facts.fact: no such fact 'employes'; did you mean 'employees'?",
    ]
