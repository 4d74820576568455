"""The companies of tables as accounts without people, with what they own and are buying.

What is told of companies over time is told by the code that tells it of one account: companies are
few beside what is known of their people, and that is added up before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, cast

import narwhals.stable.v2 as nw
from attrs import fields_dict

from mpfunnel.account import Account, company_of, linked
from mpfunnel.frames.contract import Column
from mpfunnel.frames.dated import OverTime
from mpfunnel.frames.policies import companies_of
from mpfunnel.frames.population import Population
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


def accounts_in(population: Population) -> tuple[Account, ...]:
    """Return the accounts of companies in the order of their numbers; without people."""
    companies = _companies(population)
    ids = [company_of(one).id for one in companies]
    records: dict[str, Iterable[Any]] = {
        "companies": companies,
        "deals": [*_deals(population, ids)],
        "contracts": [*_contracts(population, ids)],
        "overrides": [*_overrides(population)],
    }
    # What refers to no company comes with an account of its own, the last one.
    return linked(records)[: len(companies)]


# -- companies --


def _companies(population: Population) -> list[Company | CompanyHistory]:
    facts, door = population.facts, population.door
    base, sets, over_time = facts.companies, facts.company_sets, facts.over_time
    changes: Mapping[int, list[CompanyChange]] = {}
    if over_time is not None:
        base, sets = over_time.companies, over_time.sets
        changes = _changes(population, over_time)
    here = base.collect_schema().names()
    attributes = [one for one in door.attributes if one.key in here]
    found = companies_of(base, sets, attributes, population.task.workshop)
    return [
        CompanyHistory(company, changes[number]) if number in changes else company
        for number, company in sorted(found.items())
    ]


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


def _deals(population: Population, ids: Sequence[Id]) -> Iterator[Deal]:
    frame, lines = population.facts.deals, population.facts.deal_lines
    if frame is None or lines is None:
        return
    rows, products = population.task.workshop.rows, [*population.task.book.products]
    about: dict[Id, list[DealLine]] = {}
    for row in rows(lines):
        about.setdefault(row["deal_id"], []).append(DealLine(products[int(row["about"])]))
    own = frame.filter(~nw.col("company_no").is_null())
    for row in rows(own):
        yield _deal(row, ids[int(row["company_no"])], about.get(row["id"], ()))
    yield from _rival_deals(population, {*ids})


def _rival_deals(population: Population, companies: Collection[Id]) -> Iterator[Deal]:
    """Yield the deals that counted until another one came that has their id, with that one (S17).

    On the days before, nobody knew of the other one (law 5).
    """
    rivals = population.sorting.rival_deals
    assert rivals is not None
    rows, lines = population.task.workshop.rows, population.door.frames.get("deal_lines")
    about: dict[Id, list[DealLine]] = {}
    if lines is not None:
        lines = lines.join(rivals.select(deal_id="id").unique(), on="deal_id", how="semi")
        for row in rows(lines.select("deal_id", "product_id").unique()):
            about.setdefault(row["deal_id"], []).append(DealLine(row["product_id"]))
    by_id: dict[Id, list[dict[str, Any]]] = {}
    for row in rows(rivals):
        by_id.setdefault(row["id"], []).append(row)
    for deal_id, several in by_id.items():
        first, second = sorted(several, key=itemgetter("opened_at_day"))[:2]
        company_id = first["company_id"]
        if company_id in companies and first["opened_at_day"] < second["opened_at_day"]:
            for row in (first, second):
                product_id = row.get("product_id")
                of_row = about.get(deal_id, []) if product_id is None else [DealLine(product_id)]
                yield _deal(row, company_id, of_row)


def _deal(row: Mapping[str, Any], company_id: Id, lines: Iterable[DealLine]) -> Deal:
    amount = row.get("amount")
    return Deal(
        row["id"],
        company_id,
        row["opened_at"],
        status=row["status"],
        closed_at=row.get("closed_at"),
        reason=row.get("reason"),
        amount=None if amount is None else Decimal(amount).scaleb(-2),
        currency=row.get("currency"),
        lines=lines,
    )


def _contracts(population: Population, ids: Sequence[Id]) -> Iterator[Contract]:
    frame = population.facts.contracts
    if frame is None:
        return
    products = [*population.task.book.products]
    for row in population.task.workshop.rows(frame):
        end, quantity = row["end"], row["quantity"]
        yield Contract(
            ids[int(row["company_no"])],
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
