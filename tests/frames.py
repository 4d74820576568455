"""Records as tables, and what the tables must say: the answers of one account after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
from attrs import evolve

from mpfunnel.account import Account, accounts
from mpfunnel.engine import Engine
from mpfunnel.frames import Tables
from mpfunnel.frames.population import ON_REQUEST
from mpfunnel.playbook import Playbook
from mpfunnel.records import Company, CompanyChange, CompanyHistory
from mpfunnel.rules.facts import Fact
from mpfunnel.stages import StageHistory
from tests.leads import draw_account

__all__ = ["KEYS", "KINDS", "differences", "draw_records", "tables_of"]

RECORDS = ("companies", "leads", "activities", "deals", "contracts", "sales_events")

INSTANT = pa.timestamp("us", "UTC")
MONEY = pa.decimal128(20, 2)
NULLABLE = {
    pa.int64(): pd.Int64Dtype(),
    pa.float64(): pd.Float64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}
KEYS: Mapping[str, tuple[str, ...]] = {
    "companies": ("company_id",),
    "tiers": ("company_id", "product_id"),
    "company_products": ("company_id", "product_id"),
    "leads": ("lead_id",),
    "engagement": ("lead_id", "product_id"),
    "plays": ("lead_id", "product_id"),
    "by_hand": (
        *("company_id", "lead_id", "product_id", "what", "value"),
        *("by", "reason", "since", "until", "follow_up_on"),
    ),
}
"""What tells the rows of each table apart."""
_ATTRIBUTE_TYPES = {
    "int": pa.int64(),
    "decimal": pa.decimal128(20, 2),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
}


def _id_type(values: Iterable[Any]) -> Any:
    return pa.int64() if any(type(value) is int for value in values) else pa.string()


def tables_of(records: Mapping[str, Iterable[Any]], engine: Engine) -> dict[str, pa.Table]:
    """The records as PyArrow tables by name, as `mpfunnel.frames.assess` takes them."""
    given = {"overrides": [], **{name: list(items) for name, items in records.items()}}
    asked = engine.playbook.asked.values()
    companies = [c.company if isinstance(c, CompanyHistory) else c for c in given["companies"]]
    leads, activities = given["leads"], given["activities"]
    deals, contracts, events = given["deals"], given["contracts"], given["sales_events"]
    company_id = _id_type(c.id for c in companies)
    lead_id = _id_type(one.id for one in leads)
    activity_id = _id_type(one.id for one in activities)
    deal_id = _id_type(one.id for one in deals)
    campaign_id = _id_type(one.campaign_id for one in activities)
    product_id = _id_type(one.id for one in engine.playbook.products)

    def table(rows: Iterable[Any], **columns: Any) -> pa.Table:
        rows = list(rows)
        return pa.table(
            {
                name: pa.array([get(row) for row in rows], kind)
                for name, (get, kind) in columns.items()
            }
        )

    def at(name: str, kind: Any) -> tuple[Any, Any]:
        return (lambda row: getattr(row, name)), kind

    def attributes(root: str) -> dict[str, Any]:
        def getter(fact: Fact) -> Any:
            return lambda row: row.attributes.get(fact.key)

        return {
            fact.key: (getter(fact), _ATTRIBUTE_TYPES[fact.kind])
            for fact in asked
            if fact.root == root and fact.within == "attributes" and fact.kind != "set"
        }

    text = pa.string()
    money = lambda row: None if row.annual_revenue is None else Decimal(row.annual_revenue)  # noqa: E731
    company_sets = [
        (c.id, name, value)
        for c in companies
        for name, values in (("relationships", c.relationships), ("lists", c.lists))
        for value in sorted(values)
    ]
    company_sets += [
        (c.id, key, value)
        for c in companies
        for key, values in c.attributes.items()
        if isinstance(values, frozenset)
        for value in sorted(values)
    ]
    facts = [
        (c.company.id, change.fact, value, change.since)
        for c in given["companies"]
        if isinstance(c, CompanyHistory)
        for change in c.changes
        for value in as_texts(change.value)
    ]
    histories = (
        history_tables(given["histories"], lead_id, product_id) if "histories" in given else {}
    )
    lead_sets = [(one.id, "interests", value) for one in leads for value in sorted(one.interests)]
    return {
        "companies": table(
            companies,
            id=at("id", company_id),
            **{
                n: at(n, text)
                for n in ("name", "industry", "region", "country", "corporate_number")
            },
            employees=at("employees", pa.int64()),
            annual_revenue=(money, MONEY),
            growth_rate=at("growth_rate", pa.float64()),
            parent_id=at("parent_id", company_id),
            **attributes("company"),
        ),
        "leads": table(
            leads,
            id=at("id", lead_id),
            company_id=at("company_id", company_id),
            **{n: at(n, text) for n in ("email", "name", "title", "department", "phone", "source")},
            created_at=at("created_at", INSTANT),
            **{n: at(n, text) for n in ("company_name", "corporate_number", "region")},
            **attributes("lead"),
        ),
        "activities": table(
            activities,
            id=at("id", activity_id),
            lead_id=at("lead_id", lead_id),
            kind=at("kind", text),
            at=at("at", INSTANT),
            campaign_id=at("campaign_id", campaign_id),
        ),
        "activity_products": table(
            [(a.lead_id, a.id, p) for a in activities for p in sorted(a.product_ids)],
            lead_id=(lambda row: row[0], lead_id),
            activity_id=(lambda row: row[1], activity_id),
            product_id=(lambda row: row[2], product_id),
        ),
        "deals": table(
            deals,
            id=at("id", deal_id),
            company_id=at("company_id", company_id),
            lead_id=at("lead_id", lead_id),
            opened_at=at("opened_at", INSTANT),
            closed_at=at("closed_at", INSTANT),
            status=at("status", text),
            reason=at("reason", text),
            amount=(lambda row: None if row.amount is None else Decimal(row.amount), MONEY),
            currency=at("currency", text),
        ),
        "deal_lines": table(
            [(d.id, line.product_id) for d in deals for line in d.lines],
            deal_id=(lambda row: row[0], deal_id),
            product_id=(lambda row: row[1], product_id),
        ),
        "contracts": table(
            contracts,
            company_id=at("company_id", company_id),
            product_id=at("product_id", product_id),
            start=at("start", pa.date32()),
            end=at("end", pa.date32()),
            quantity=at("quantity", pa.int64()),
            grade=at("grade", pa.int64()),
        ),
        "sales_events": table(
            events,
            lead_id=at("lead_id", lead_id),
            kind=at("kind", text),
            at=at("at", INSTANT),
            product_id=at("product_id", product_id),
            by=at("by", text),
            reason=at("reason", text),
            follow_up_on=at("follow_up_on", pa.date32()),
        ),
        "overrides": table(
            given["overrides"],
            **{name: at(name, text) for name in ("what", "value", "by", "reason")},
            **{name: at(name, pa.date32()) for name in ("since", "until", "follow_up_on")},
            company_id=at("company_id", company_id),
            lead_id=at("lead_id", lead_id),
            product_id=at("product_id", product_id),
        ),
        "consents": table(
            [(one.id, c) for one in leads for c in one.consents],
            lead_id=(lambda row: row[0], lead_id),
            channel=(lambda row: row[1].channel, text),
            granted=(lambda row: row[1].granted, pa.bool_()),
            at=(lambda row: row[1].at, INSTANT),
            basis=(lambda row: row[1].basis, text),
        ),
        "company_sets": table(
            company_sets,
            company_id=(lambda row: row[0], company_id),
            fact=(lambda row: row[1], text),
            value=(lambda row: row[2], text),
        ),
        "company_facts": table(
            facts,
            company_id=(lambda row: row[0], company_id),
            fact=(lambda row: row[1], text),
            value=(lambda row: row[2], text),
            since=(lambda row: row[3], pa.date32()),
        ),
        "lead_sets": table(
            lead_sets,
            lead_id=(lambda row: row[0], lead_id),
            fact=(lambda row: row[1], text),
            value=(lambda row: row[2], text),
        ),
        **histories,
    }


_ENTRY_TYPES = {
    **{name: pa.int64() for name in ("number", "pursuit")},
    **{name: pa.string() for name in ("stage", "kind", "cause", "reason", "by")},
    **dict.fromkeys(("entered", "left"), INSTANT),
    "imputed": pa.bool_(),
    "playbook_version": pa.string(),
    **{name: pa.date32() for name in ("until", "follow_up_on")},
}


def history_tables(
    histories: Iterable[StageHistory], lead_id: Any, product_id: Any
) -> dict[str, pa.Table]:
    """Stage histories as the rows of their own two tables."""
    rows = [row for history in histories for row in history.rows()]
    key = {"lead_id": lead_id, "of_lead": lead_id}
    types = {**key, **_ENTRY_TYPES}
    products = [(row, one) for row in rows for one in row["for_products"]]
    of_key = {**key, "number": pa.int64()}
    return {
        "stage_history": pa.table(
            {name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()}
        ),
        "stage_history_products": pa.table(
            {
                **{n: pa.array([row[n] for row, _ in products], of_key[n]) for n in of_key},
                "product_id": pa.array([one for _, one in products], product_id),
            }
        ),
    }


def as_texts(value: Any) -> list[str | None]:
    """A value that a fact has from a day on, as rows of ``company_facts`` write it."""
    if isinstance(value, frozenset):
        return [*sorted(value)] or [None]
    if isinstance(value, Decimal):
        return [f"{value:f}"]
    return [value if value is None or isinstance(value, str) else str(value)]


def draw_history(random: Random, company: Company, as_of: date) -> CompanyHistory:
    """The company with facts that change, on few days, so that some change several times."""
    days = [as_of + timedelta(by) for by in (-400, -30, -1, 0, 1)]
    values: Mapping[str, Sequence[Any]] = {
        "employees": (None, 0, 49, 50, 299, 300, 2**53 + 1, 2**63 - 1),
        "annual_revenue": (None, 0, Decimal("999999999.99"), 10**9, 92233720368547757),
        "relationships": ((), ("competitor",), ("partner", "customer")),
        "lists": ((), ("target",), ("target", "か\u3099")),
        "industry": (None, "製造業", "'"),
        "plants": (None, 1, 2),
        "never asked about": (None, "text", True),
    }
    drawn = {(random.choice(days), random.choice(list(values))) for _ in range(random.randrange(7))}
    changes = [
        CompanyChange(day, fact, frozenset(value) if isinstance(value, tuple) else value)
        for day, fact in sorted(drawn)
        for value in (random.choice(values[fact]),)
    ]
    return CompanyHistory(company, random.sample(changes, len(changes)))


def draw_records(random: Random, book: Playbook, as_of: date, count: int) -> dict[str, list[Any]]:
    """The records of `count` random accounts, with ids that are unique among all of them."""
    found: dict[str, list[Any]] = {name: [] for name in (*RECORDS, "overrides")}
    deals: dict[Any, Any] = {}
    sets: dict[Any, Any] = {}
    for number in range(count):
        account = draw_account(random, book, as_of)

        def of(value: Any, number: int = number) -> Any:
            return None if value is None else f"{value}-{number}"

        company = account.company
        if company is not None:
            company = company.company if isinstance(company, CompanyHistory) else company
            company = evolve(company, id=of(company.id))
            found["companies"].append(draw_history(random, company, as_of))
        for lead in account.leads:
            found["leads"].append(evolve(lead, id=of(lead.id), company_id=of(lead.company_id)))
        for one in account.activities:
            # Products have rows of their own: activities that share an id share them too.
            products = sets.setdefault((of(one.lead_id), one.id), one.product_ids)
            found["activities"].append(evolve(one, lead_id=of(one.lead_id), product_ids=products))
        for deal in account.deals:
            ids = {"company_id": of(deal.company_id), "lead_id": of(deal.lead_id)}
            own = evolve(deal, id=of(deal.id), **ids)
            # Conflicts among deals are refused by `accounts` and rejected by tables.
            if deals.setdefault(own.id, own) == own:
                found["deals"].append(own)
        for contract in account.contracts:
            found["contracts"].append(evolve(contract, company_id=of(contract.company_id)))
        for hand in account.overrides:
            ids = {"company_id": of(hand.company_id), "lead_id": of(hand.lead_id)}
            found["overrides"].append(evolve(hand, **ids))
        for event in account.sales_events:
            found["sales_events"].append(evolve(event, lead_id=of(event.lead_id)))
    # Drawn apart, so that all else stays as it was drawn before there were any.
    apart = Random(repr(random.getstate()[1][:2]))
    found["histories"] = draw_histories(apart, book, as_of, [one.id for one in found["leads"]])
    return found


def draw_histories(
    random: Random, book: Playbook, as_of: date, leads: Sequence[Any]
) -> list[StageHistory]:
    """Histories of some leads, and of one that is not there, as gates and merges make them."""
    first = datetime.combine(as_of, time(), UTC) - timedelta(days=40)
    found: list[StageHistory] = []
    for lead_id in (*dict.fromkeys(leads), "nobody"):
        if random.random() < 0.5:
            continue
        history = draw_moves(random, book, StageHistory(lead_id), first)
        if random.random() < 0.3:
            # Before they were merged, each was in a stage of its own.
            start = first + timedelta(days=random.randrange(3))
            other = draw_moves(random, book, StageHistory(f"{lead_id}+"), start)
            late = max(one.last_at or first for one in (history, other))
            at = late + timedelta(hours=random.choice((0, 1, 24, 500)))
            history = book.funnel.merge(history, other, at=at)
            history = StageHistory(lead_id, history.entries)
        elif random.random() < 0.1:
            # What differs is rejected as a whole.
            for entry in history.entries[:1]:
                other_one = evolve(entry, reason="another", left=None)
                found.append(StageHistory(lead_id, [other_one]))
        if random.random() < 0.1:
            # The funnel may have had other stages.
            gone = [evolve(one, stage=f"former_{one.stage}") for one in history.entries]
            history = StageHistory(lead_id, gone)
        found += [history] * random.choice((1, 1, 1, 2))
    return random.sample(found, len(found))


def draw_moves(random: Random, book: Playbook, history: StageHistory, at: datetime) -> StageHistory:
    """The history after some moves that the gate lets pass, some at one instant."""
    products = [one.id for one in book.products]
    for _ in range(random.randrange(5)):
        at += timedelta(hours=random.choice((0, 0, 1, 11, 24, 100, 700)))
        about = random.sample(range(len(products)), min(len(products), random.randrange(3)))
        move = random.choice(book.funnel.allowed(history))
        history = book.funnel.move(
            history,
            move.to,
            at=at,
            cause=random.choice(("rule", "time", "person", "import", "api")),
            reason=random.choice(("timing", "r'1", "理由", "timing")),
            by=random.choice((None, "Sato", "か\u3099")),
            for_products=[products[place] for place in sorted(about)],
        )
    return history


# -- kinds of tables --


def _numpy(table: pa.Table) -> Any:
    return table.to_pandas()


def _duckdb(tables: Mapping[str, pa.Table]) -> dict[str, Any]:
    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register(f"given_{name}", table)
    return {name: connection.table(f"given_{name}") for name in tables}


def _each(made: Callable[[pa.Table], Any]) -> Callable[[Mapping[str, pa.Table]], dict[str, Any]]:
    return lambda tables: {name: made(table) for name, table in tables.items()}


KINDS: Mapping[str, Callable[[Mapping[str, pa.Table]], dict[str, Any]]] = {
    "Polars": _each(pl.from_arrow),
    "Polars, lazy": _each(lambda table: pl.DataFrame(table).lazy()),
    "pandas, NumPy": _each(_numpy),
    "pandas, nullable": _each(lambda table: table.to_pandas(types_mapper=NULLABLE.get)),
    "pandas, Arrow": _each(lambda table: table.to_pandas(types_mapper=pd.ArrowDtype)),
    "PyArrow": _each(lambda table: table),
    "DuckDB": _duckdb,
    "Ibis on DuckDB": _each(ibis.memtable),
}
"""From PyArrow tables to the same tables of each kind."""


DAYS = "^(as_of|entered_on|due|not_before|contacted_on)$"
"""The columns of days in answers, which pandas gives back as instants."""


def rows_of(native: Any) -> list[dict[str, Any]]:
    """The rows of a table of any kind; none of a table that was not made."""
    if native is None:
        return []
    if isinstance(native, pl.LazyFrame):
        native = native.collect()
    if isinstance(native, pd.DataFrame):
        native = pl.from_pandas(native).with_columns(pl.col(DAYS).cast(pl.Date))
    if isinstance(native, duckdb.DuckDBPyRelation):
        native = native.to_arrow_table()
    if isinstance(native, ibis.Table):
        native = native.to_pyarrow()
    frame = pl.DataFrame(native)
    return frame.rows(named=True)


# -- what they must say --


def object_rows(engine: Engine, given: Iterable[Account], as_of: date) -> dict[str, list[Any]]:
    """The rows that the accounts give one by one."""
    found: dict[str, list[Any]] = {name: [] for name in (*KEYS, "rejects")}
    for account in given:
        for name, rows in engine.assess(account, as_of=as_of).rows("en").items():
            found.setdefault(name, []).extend(rows)
    return found


_IN_ANY_ORDER = ("possible", "missing", "warranted_possible", "offer_possible")


def _keyed(name: str, rows: Iterable[Mapping[str, Any]]) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[column] for column in KEYS[name])
        assert key not in found, f"{name}: {key} twice"
        found[key] = {
            column: ";".join(sorted(value.split(";")))
            if value and column in _IN_ANY_ORDER
            else value
            for column, value in row.items()
        }
    return found


HISTORY = ("stage_history", "stage_history_products")


def differences(
    out: Tables,
    engine: Engine,
    records: Mapping[str, Iterable[Any]],
    as_of: date,
    *,
    possible: bool,
) -> list[str]:
    """Where tables of answers say other than the accounts do one by one."""
    wanted = object_rows(engine, accounts(**records), as_of)
    found: list[str] = []
    for name in KEYS:
        told, said = _keyed(name, rows_of(getattr(out, name))), _keyed(name, wanted[name])
        found += [f"{name}: lacks {key}" for key in said.keys() - told.keys()]
        found += [f"{name}: {key} is too many" for key in told.keys() - said.keys()]
        left_out: set[str] = set()
        if name in ("leads", "engagement", "plays"):
            left_out = {"missing", *(() if possible else ON_REQUEST)}
        for key in told.keys() & said.keys():
            row = {column: v for column, v in said[key].items() if column not in left_out}
            if told[key] != row:
                other = {c: (told[key].get(c), row[c]) for c in row if told[key].get(c) != row[c]}
                found.append(f"{name}: {key}: {other or told[key].keys() ^ row.keys()}")
    # Objects have no rows of their own for the products of an activity or a deal.
    told_of = Counter(
        (r["table"], r["id"], r["code"])
        for r in rows_of(out.rejects)
        if r["table"] not in ("activity_products", "deal_lines")
    )
    said_of = Counter((r["table"], str(r["id"]), r["code"]) for r in wanted["rejects"])
    # A history has many rows, which come and go together.
    of_history = {"histories": "stage_history"}
    told_of = Counter({one: 1 if one[0] in HISTORY else n for one, n in told_of.items()})
    said_of = Counter({(of_history.get(one[0], one[0]), *one[1:]): n for one, n in said_of.items()})
    said_of = Counter({one: 1 if one[0] in HISTORY else n for one, n in said_of.items()})
    # A deal is in the account of its company and in that of its lead, and may be rejected in both.
    said_of = Counter({one: 1 if one[0] == "deals" else times for one, times in said_of.items()})
    found += [f"rejects: lacks {one}" for one in (said_of - told_of).elements()]
    found += [f"rejects: {one} is too many" for one in (told_of - said_of).elements()]
    return found
