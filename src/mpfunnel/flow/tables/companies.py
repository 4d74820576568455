"""The companies of tables as accounts without people, with what they own and are buying.

What is told of companies over time is told by the code that tells it of one account: companies are
few beside what is known of their people, and that is added up before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

import narwhals.stable.v2 as nw
from attrs import fields_dict

from mpfunnel.account import Account, company_of, linked
from mpfunnel.frames.contract import Column
from mpfunnel.frames.dated import OverTime
from mpfunnel.frames.policies import companies_of
from mpfunnel.frames.population import Population
from mpfunnel.frames.situation import FIRM
from mpfunnel.records import (
    Company,
    CompanyChange,
    CompanyHistory,
    Contract,
    Deal,
    DealLine,
    Id,
    Override,
)

__all__ = ["accounts_in"]

_UNASKED: Final = "mpfunnel_unasked"
"""What was told that nobody asks about: no attribute of a firm is called like that."""
_OF_OVERRIDES: Final = tuple(fields_dict(Override))
_DAYS: Final = ("since", "until", "follow_up_on")


def accounts_in(population: Population) -> Iterator[tuple[int, Account]]:
    """Yield the accounts of companies with their numbers, in their order; without people."""
    companies = dict(_companies(population))
    ids = {number: company_of(one).id for number, one in companies.items()}
    records = {
        "companies": companies.values(),
        "deals": [*_deals(population, ids)],
        "contracts": [*_contracts(population, ids)],
        "overrides": [*_overrides(population)],
    }
    # What refers to no company comes with an account of its own, the last one.
    yield from zip(companies, linked(records), strict=False)


# -- companies --


def _companies(population: Population) -> Iterator[tuple[int, Company | CompanyHistory]]:
    facts, door = population.facts, population.door
    base, sets, over_time = facts.companies, facts.company_sets, facts.over_time
    changes: Mapping[int, list[CompanyChange]] = {}
    if over_time is not None:
        base, sets = over_time.companies, over_time.sets
        changes = _changes(population, over_time)
    here = base.collect_schema().names()
    attributes = [one for one in door.attributes if one.key in here]
    found = companies_of(base, sets, attributes, population.task.workshop)
    for number, company in sorted(found.items()):
        yield number, CompanyHistory(company, changes[number]) if number in changes else company


def _changes(population: Population, over_time: OverTime) -> dict[int, list[CompanyChange]]:
    """Return what holds from a day on, by the numbers of the companies."""
    columns = {one.name: one for one in population.door.dated}
    values: dict[tuple[int, str, int], Any] = {}
    for row in population.task.workshop.rows(over_time.values):
        key = row["company_no"], row["fact"], row["since"]
        place = over_time.columns.get(row["fact"])
        if place is None:
            # Of a set; that it has no member is told, too.
            members = values.setdefault(key, set())
            if row["known"]:
                members.add(row["text"])
        else:
            column = columns[row["fact"]]
            values[key] = _value(column, row[place]) if row["known"] else None
    for row in population.task.workshop.rows(over_time.unasked):
        # That something was told tells since when the company is known.
        values[row["company_no"], _UNASKED, row["since"]] = None
    found: dict[int, list[CompanyChange]] = {}
    for (number, fact, since), value in sorted(values.items(), key=lambda one: one[0]):
        held = frozenset(cast("set[str]", value)) if isinstance(value, set) else value
        found.setdefault(number, []).append(CompanyChange(date.fromordinal(since), fact, held))
    return found


def _value(column: Column, value: Any) -> Any:
    """Return what a record holds where the tables are worked on with numbers."""
    if value is None:
        return None
    match column.holds:
        case "decimal":
            return Decimal(value).scaleb(-column.places)
        case "date":
            return date.fromordinal(value)
        case "bool":
            return bool(value)
        case _:
            return value


# -- what they have --


def _deals(population: Population, ids: Mapping[int, Id]) -> Iterator[Deal]:
    frame, lines = population.facts.deals, population.facts.deal_lines
    if frame is None or lines is None:
        return
    rows, products = population.task.workshop.rows, [*population.task.book.products]
    about: dict[Id, list[DealLine]] = {}
    for row in rows(lines):
        about.setdefault(row["deal_id"], []).append(DealLine(products[int(row["about"])]))
    own = frame.filter(~nw.col("company_no").is_null())
    for row in rows(own):
        yield Deal(
            row["id"],
            ids[row["company_no"]],
            row["opened_at"],
            status=row["status"],
            closed_at=row["closed_at"],
            reason=row["reason"],
            amount=None if row.get("amount") is None else Decimal(row["amount"]).scaleb(-2),
            currency=row.get("currency"),
            lines=about.get(row["id"], ()),
        )


def _contracts(population: Population, ids: Mapping[int, Id]) -> Iterator[Contract]:
    frame = population.facts.contracts
    if frame is None:
        return
    products = [*population.task.book.products]
    own = frame.filter(nw.col("about") != FIRM)
    for row in population.task.workshop.rows(own):
        end, quantity = row["end"], row["quantity"]
        yield Contract(
            ids[row["company_no"]],
            products[int(row["about"])],
            date.fromordinal(row["start"]),
            None if end is None else date.fromordinal(end),
            quantity=quantity,
        )


def _overrides(population: Population) -> Iterator[Override]:
    """Yield what people have set of companies."""
    frame = population.door.frames.get("overrides")
    if frame is None:
        return
    here = frame.collect_schema().names()
    columns = [name for name in _OF_OVERRIDES if name in here]
    own = population.sorting.past(frame, "since").filter(nw.col("what") != "engagement")
    for row in population.task.workshop.rows(own.select(*columns).unique()):
        days: dict[str, Any] = {
            name: None if row[name] is None else date.fromordinal(row[name])
            for name in _DAYS
            if name in row
        }
        yield Override(**(row | days))
