"""How fast a tier is decided, beside hand-written Python and rules engines that one can install.

    pip install -e ".[bench]"
    python benchmarks/decision.py

Four tables are timed: the main one has eight rules on six facts, as a firm would write them; the
small one three rules on three facts; the large one 24 rules on six facts, as large firms have them,
by industry, size and region; and a spreadsheet of industries, bands and regions, 39 rules on seven
facts. The hand-written function returns what the compiled table returns: the value, the possible
set and the missing facts. A scorecard of seven items is timed beside a hand-written one, likewise.
Before anything is timed, its answers are compared with those of the
table on every company.

The other engines return only the tier, know no *unknown*, and are given each company as the dict
that they want, made beforehand; converting it costs them nothing here. Their answers are compared
on complete facts, on every company that they are timed on. Those that are slow are timed on a
sample, and the output says on how many. An engine that is not installed is left out.

All of it runs in one process and interleaved. Each figure is the median of the rounds, per
decision, as a ratio to the hand-written function: machines are noisy, ratios less so. What is
measured is the time of the processor, which other work on the machine disturbs less than the clock.
At the end stands what was wanted, and on which tables it holds.
"""

# mypy: disable-error-code="untyped-decorator"
# business-rules declares variables and actions by decorators, and ships no types.

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from datetime import date
from functools import reduce
from importlib import import_module
from operator import and_, or_
from random import Random
from typing import Any, Literal, NamedTuple

from attrs import evolve

import mpfunnel as mf
from mpfunnel.facts import company
from mpfunnel.records import Company
from mpfunnel.rules.conditions import Condition, facts_of

COMPANIES = 100_000
ROUNDS = 7
BY_HAND, COMPILED, THROUGH = "hand-written", "TierTable.compile()", "Engine.tier_for"
RENDERED = "explained and rendered"
CARD_COMPILED, SCORECARD = "TierScorecard.compile()", "the scorecard"
WITH_DICT, PARSED = "datalogic-py, a dict a call", "datalogic-py, data pre-parsed"
INDUSTRIES = (
    "製造業",
    "情報通信業",
    "建設業",
    "金融業，保険業",
    "卸売業，小売業",
    "運輸業，郵便業",
)
REGIONS = ("東京都", "大阪府", "愛知県", "神奈川県", "福岡県", "北海道", "広島県", "宮城県")
MAKERS = frozenset({"製造業", "情報通信業"})
BUILDERS = frozenset({"製造業", "情報通信業", "建設業", "運輸業，郵便業"})
CARRIERS = frozenset({"建設業", "運輸業，郵便業"})
FINANCE = frozenset({"金融業，保険業"})
TRADE = frozenset({"卸売業，小売業"})
METRO = frozenset({"東京都", "神奈川県", "大阪府", "愛知県"})
OKU = 100_000_000
TARGETS, EXCLUDED, NO_TRADE = "fy26", "excluded", "do_not_trade"

T1, T2, T3, T4, T5 = (mf.Tier(n) for n in range(1, 6))

Answer = tuple[mf.Tier, tuple[mf.Tier, ...], tuple[str, ...]]
_EMPLOYEES, _REVENUE, _INDUSTRY = "company.employees", "company.annual_revenue", "company.industry"
_REGION, _GROWTH = "company.region", "company.growth_rate"


class Test(NamedTuple):
    """One comparison."""

    fact: str
    op: Literal[">=", "in", "has"]
    value: Any


class Plain(NamedTuple):
    """One rule, from which those of every engine are made."""

    tier: int
    joint: Literal["all", "any"]
    tests: tuple[Test, ...]


class Contest(NamedTuple):
    """One table as plain rules, and the same as hand-written Python."""

    name: str
    plain: tuple[Plain, ...]
    by_hand: Callable[[Company], Answer]
    otherwise: int
    table: mf.TierTable

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts that the rules ask about."""
        return tuple(dict.fromkeys(test.fact for rule in self.plain for test in rule.tests))


def contest(
    name: str, plain: tuple[Plain, ...], by_hand: Callable[[Company], Answer], otherwise: int
) -> Contest:
    """Return a contest with the rules as a table of this library."""

    def said(test: Test) -> Condition:
        term: Any = company.named(test.fact)
        match test.op:
            case ">=":
                return term >= test.value  # type: ignore[no-any-return]
            case "in":
                return term.is_in(*sorted(test.value))  # type: ignore[no-any-return]
            case "has":
                return term.contains_any(test.value)  # type: ignore[no-any-return]

    rules: list[mf.Rule[mf.Tier]] = []
    for rule in plain:
        join = and_ if rule.joint == "all" else or_
        rules.append(mf.Rule(mf.Tier(rule.tier), reduce(join, map(said, rule.tests))))
    table = mf.TierTable(rules, otherwise=mf.Tier(otherwise))
    return Contest(name, plain, by_hand, otherwise, table)


# --- the main table -----------------------------------------------------------------------------

MAIN_PLAIN = (
    Plain(1, "all", (Test("lists", "has", TARGETS),)),
    Plain(1, "all", (Test("employees", ">=", 1_000), Test("industry", "in", MAKERS))),
    Plain(1, "all", (Test("annual_revenue", ">=", 1_000 * OKU), Test("region", "in", METRO))),
    Plain(2, "all", (Test("employees", ">=", 300), Test("industry", "in", MAKERS))),
    Plain(2, "any", (Test("employees", ">=", 1_000), Test("annual_revenue", ">=", 100 * OKU))),
    Plain(2, "all", (Test("employees", ">=", 100), Test("growth_rate", ">=", 0.2))),
    Plain(3, "all", (Test("employees", ">=", 50), Test("region", "in", METRO))),
    Plain(3, "all", (Test("annual_revenue", ">=", 10 * OKU), Test("industry", "in", BUILDERS))),
)


def main_by_hand(record: Company) -> Answer:
    """The main table as one would write it by hand, with the same care for what is missing."""
    if TARGETS in record.lists:
        return T1, (T1,), ()
    employees, revenue, industry = record.employees, record.annual_revenue, record.industry
    region, growth = record.region, record.growth_rate
    if (
        employees is not None
        and revenue is not None
        and industry is not None
        and region is not None
        and growth is not None
    ):
        if employees >= 1_000 and industry in MAKERS:
            return T1, (T1,), ()
        if revenue >= 1_000 * OKU and region in METRO:
            return T1, (T1,), ()
        if employees >= 300 and industry in MAKERS:
            return T2, (T2,), ()
        if employees >= 1_000 or revenue >= 100 * OKU:
            return T2, (T2,), ()
        if employees >= 100 and growth >= 0.2:
            return T2, (T2,), ()
        if employees >= 50 and region in METRO:
            return T3, (T3,), ()
        if revenue >= 10 * OKU and industry in BUILDERS:
            return T3, (T3,), ()
        return T4, (T4,), ()

    possible: list[mf.Tier] = []
    missing: list[str] = []
    thousand = None if employees is None else employees >= 1_000
    maker = None if industry is None else industry in MAKERS
    if thousand and maker:
        return T1, (T1,), ()
    if thousand is not False and maker is not False:
        possible.append(T1)
        if thousand is None:
            missing.append(_EMPLOYEES)
        if maker is None:
            missing.append(_INDUSTRY)

    huge = None if revenue is None else revenue >= 1_000 * OKU
    metro = None if region is None else region in METRO
    if huge and metro:
        return T1, (T1,), tuple(missing)
    if huge is not False and metro is not False:
        if T1 not in possible:
            possible.append(T1)
        if huge is None:
            missing.append(_REVENUE)
        if metro is None:
            missing.append(_REGION)

    middle = None if employees is None else employees >= 300
    if middle and maker:
        possible.append(T2)
        return T2, tuple(possible), tuple(missing)
    if middle is not False and maker is not False:
        possible.append(T2)
        if middle is None and _EMPLOYEES not in missing:
            missing.append(_EMPLOYEES)
        if maker is None and _INDUSTRY not in missing:
            missing.append(_INDUSTRY)

    rich = None if revenue is None else revenue >= 100 * OKU
    if thousand or rich:
        if T2 not in possible:
            possible.append(T2)
        return T2, tuple(possible), tuple(missing)
    if thousand is None or rich is None:
        if T2 not in possible:
            possible.append(T2)
        if thousand is None and _EMPLOYEES not in missing:
            missing.append(_EMPLOYEES)
        if rich is None and _REVENUE not in missing:
            missing.append(_REVENUE)

    hundred = None if employees is None else employees >= 100
    growing = None if growth is None else growth >= 0.2
    if hundred and growing:
        if T2 not in possible:
            possible.append(T2)
        return T2, tuple(possible), tuple(missing)
    if hundred is not False and growing is not False:
        if T2 not in possible:
            possible.append(T2)
        if hundred is None and _EMPLOYEES not in missing:
            missing.append(_EMPLOYEES)
        if growing is None:
            missing.append(_GROWTH)

    fifty = None if employees is None else employees >= 50
    if fifty and metro:
        possible.append(T3)
        return T3, tuple(possible), tuple(missing)
    if fifty is not False and metro is not False:
        possible.append(T3)
        if fifty is None and _EMPLOYEES not in missing:
            missing.append(_EMPLOYEES)
        if metro is None and _REGION not in missing:
            missing.append(_REGION)

    ten_oku = None if revenue is None else revenue >= 10 * OKU
    builder = None if industry is None else industry in BUILDERS
    if ten_oku and builder:
        if T3 not in possible:
            possible.append(T3)
        return T3, tuple(possible), tuple(missing)
    if ten_oku is not False and builder is not False:
        if T3 not in possible:
            possible.append(T3)
        if ten_oku is None and _REVENUE not in missing:
            missing.append(_REVENUE)
        if builder is None and _INDUSTRY not in missing:
            missing.append(_INDUSTRY)
    possible.append(T4)
    return T4, tuple(possible), tuple(missing)


# --- the small table ----------------------------------------------------------------------------

SMALL_PLAIN = (
    Plain(1, "all", (Test("employees", ">=", 1_000), Test("industry", "in", MAKERS))),
    Plain(2, "any", (Test("employees", ">=", 300), Test("annual_revenue", ">=", 100 * OKU))),
    Plain(3, "all", (Test("employees", ">=", 50), Test("industry", "in", MAKERS))),
)


def small_by_hand(record: Company) -> Answer:
    """The small table as one would write it by hand, with the same care for what is missing."""
    employees, revenue, industry = record.employees, record.annual_revenue, record.industry
    if employees is not None and revenue is not None and industry is not None:
        if employees >= 1_000 and industry in MAKERS:
            return T1, (T1,), ()
        if employees >= 300 or revenue >= 100 * OKU:
            return T2, (T2,), ()
        if employees >= 50 and industry in MAKERS:
            return T3, (T3,), ()
        return T4, (T4,), ()
    possible: list[mf.Tier] = []
    missing: list[str] = []

    big = None if employees is None else employees >= 1_000
    maker = None if industry is None else industry in MAKERS
    if big and maker:
        return T1, (T1,), ()
    if big is not False and maker is not False:
        possible.append(T1)
        if big is None:
            missing.append(_EMPLOYEES)
        if maker is None:
            missing.append(_INDUSTRY)

    large = None if employees is None else employees >= 300
    rich = None if revenue is None else revenue >= 100 * OKU
    if large or rich:
        possible.append(T2)
        return T2, tuple(possible), tuple(missing)
    if large is None or rich is None:
        possible.append(T2)
        if large is None and _EMPLOYEES not in missing:
            missing.append(_EMPLOYEES)
        if rich is None:
            missing.append(_REVENUE)

    middle = None if employees is None else employees >= 50
    if middle and maker:
        possible.append(T3)
        return T3, tuple(possible), tuple(missing)
    if middle is not False and maker is not False:
        possible.append(T3)
        if middle is None and _EMPLOYEES not in missing:
            missing.append(_EMPLOYEES)
        if maker is None and _INDUSTRY not in missing:
            missing.append(_INDUSTRY)
    possible.append(T4)
    return T4, tuple(possible), tuple(missing)


# --- the large table ----------------------------------------------------------------------------


def at_least(fact: str, value: float) -> Test:
    return Test(fact, ">=", value)


MAKER = Test("industry", "in", MAKERS)
CARRIER = Test("industry", "in", CARRIERS)
BANK = Test("industry", "in", FINANCE)
TRADER = Test("industry", "in", TRADE)
CITY = Test("region", "in", METRO)
PEOPLE_50, PEOPLE_100, PEOPLE_300, PEOPLE_1000, PEOPLE_5000 = (
    at_least("employees", n) for n in (50, 100, 300, 1_000, 5_000)
)
OKU_10, OKU_100, OKU_1000 = (at_least("annual_revenue", n * OKU) for n in (10, 100, 1_000))
GROWS_10, GROWS_20 = at_least("growth_rate", 0.1), at_least("growth_rate", 0.2)

LARGE_PLAIN = (
    Plain(5, "all", (Test("lists", "has", EXCLUDED),)),
    Plain(1, "all", (Test("lists", "has", TARGETS),)),
    Plain(1, "all", (PEOPLE_5000,)),
    Plain(1, "all", (MAKER, PEOPLE_1000)),
    Plain(1, "all", (BANK, OKU_1000, CITY)),
    Plain(1, "all", (CARRIER, PEOPLE_1000, CITY)),
    Plain(1, "all", (TRADER, PEOPLE_1000, OKU_1000)),
    Plain(2, "all", (PEOPLE_1000,)),
    Plain(2, "all", (MAKER, PEOPLE_300, CITY)),
    Plain(2, "all", (MAKER, PEOPLE_300, GROWS_10)),
    Plain(2, "all", (BANK, PEOPLE_300)),
    Plain(2, "all", (BANK, OKU_100, CITY)),
    Plain(2, "all", (CARRIER, PEOPLE_300, CITY, GROWS_10)),
    Plain(2, "all", (TRADER, OKU_100, CITY)),
    Plain(2, "all", (OKU_1000,)),
    Plain(3, "all", (MAKER, PEOPLE_100)),
    Plain(3, "all", (MAKER, PEOPLE_50, GROWS_20)),
    Plain(3, "all", (BANK, PEOPLE_50, CITY)),
    Plain(3, "all", (CARRIER, PEOPLE_100, CITY)),
    Plain(3, "all", (CARRIER, OKU_10, GROWS_20)),
    Plain(3, "all", (TRADER, PEOPLE_100, GROWS_10)),
    Plain(3, "all", (TRADER, OKU_10, CITY)),
    Plain(3, "all", (OKU_100,)),
    Plain(4, "any", (PEOPLE_50, OKU_10)),
)


def large_by_hand(record: Company) -> Answer:
    """The large table as one would write it by hand, with the same care for what is missing."""
    if EXCLUDED in record.lists:
        return T5, (T5,), ()
    if TARGETS in record.lists:
        return T1, (T1,), ()
    employees, revenue, industry = record.employees, record.annual_revenue, record.industry
    region, growth = record.region, record.growth_rate
    if employees is None or revenue is None or industry is None or region is None or growth is None:
        return large_with_gaps(employees, revenue, industry, region, growth)
    if employees >= 5_000:
        return T1, (T1,), ()
    city = region in METRO
    # What is rule by rule in the table is told apart by industry here: fewer tests are made.
    if industry in MAKERS:
        if employees >= 1_000:
            return T1, (T1,), ()
        if (employees >= 300 and (city or growth >= 0.1)) or revenue >= 1_000 * OKU:
            return T2, (T2,), ()
        if employees >= 100 or (employees >= 50 and growth >= 0.2) or revenue >= 100 * OKU:
            return T3, (T3,), ()
    elif industry in FINANCE:
        if revenue >= 1_000 * OKU and city:
            return T1, (T1,), ()
        if employees >= 300 or revenue >= 1_000 * OKU or (revenue >= 100 * OKU and city):
            return T2, (T2,), ()
        if (employees >= 50 and city) or revenue >= 100 * OKU:
            return T3, (T3,), ()
    elif industry in CARRIERS:
        if employees >= 1_000 and city:
            return T1, (T1,), ()
        if (
            employees >= 1_000
            or (employees >= 300 and city and growth >= 0.1)
            or revenue >= 1_000 * OKU
        ):
            return T2, (T2,), ()
        if (
            (employees >= 100 and city)
            or (revenue >= 10 * OKU and growth >= 0.2)
            or revenue >= 100 * OKU
        ):
            return T3, (T3,), ()
    elif industry in TRADE:
        if employees >= 1_000 and revenue >= 1_000 * OKU:
            return T1, (T1,), ()
        if employees >= 1_000 or (revenue >= 100 * OKU and city) or revenue >= 1_000 * OKU:
            return T2, (T2,), ()
        if (
            (employees >= 100 and growth >= 0.1)
            or (revenue >= 10 * OKU and city)
            or revenue >= 100 * OKU
        ):
            return T3, (T3,), ()
    elif employees >= 1_000 or revenue >= 1_000 * OKU:
        return T2, (T2,), ()
    elif revenue >= 100 * OKU:
        return T3, (T3,), ()
    if employees >= 50 or revenue >= 10 * OKU:
        return T4, (T4,), ()
    return T5, (T5,), ()


def collecting(
    employees: int | None,
    revenue: Any,
    industry: str | None,
    region: str | None,
    growth: float | None,
) -> tuple[Callable[..., None], Callable[[mf.Tier], Answer]]:
    """Return what notes a tier that is possible, and what gives the answer."""
    possible: list[mf.Tier] = []
    missing: list[str] = []
    names = (
        (employees, _EMPLOYEES),
        (revenue, _REVENUE),
        (industry, _INDUSTRY),
        (region, _REGION),
        (growth, _GROWTH),
    )
    gaps = {name for value, name in names if value is None}

    def maybe(tier: mf.Tier, *asked: str) -> None:
        if tier not in possible:
            possible.append(tier)
        for name in asked:
            if name in gaps and name not in missing:
                missing.append(name)

    def surely(tier: mf.Tier) -> Answer:
        if tier not in possible:
            possible.append(tier)
        return tier, tuple(possible), tuple(missing)

    return maybe, surely


def large_with_gaps(
    employees: int | None,
    revenue: Any,
    industry: str | None,
    region: str | None,
    growth: float | None,
) -> Answer:
    """The large table where something is missing: each test is true, false or None."""
    maybe, surely = collecting(employees, revenue, industry, region, growth)
    p50 = p100 = p300 = p1000 = p5000 = None
    if employees is not None:
        p50, p100, p300 = employees >= 50, employees >= 100, employees >= 300
        p1000, p5000 = employees >= 1_000, employees >= 5_000
    oku10 = oku100 = oku1000 = None
    if revenue is not None:
        oku10, oku100, oku1000 = revenue >= 10 * OKU, revenue >= 100 * OKU, revenue >= 1_000 * OKU
    maker = carrier = bank = trader = None
    if industry is not None:
        maker, carrier = industry in MAKERS, industry in CARRIERS
        bank, trader = industry in FINANCE, industry in TRADE
    city = None if region is None else region in METRO
    grows10 = grows20 = None
    if growth is not None:
        grows10, grows20 = growth >= 0.1, growth >= 0.2

    if p5000:
        return surely(T1)
    if p5000 is None:
        maybe(T1, _EMPLOYEES)
    if maker and p1000:
        return surely(T1)
    if maker is not False and p1000 is not False:
        maybe(T1, _INDUSTRY, _EMPLOYEES)
    if bank and oku1000 and city:
        return surely(T1)
    if bank is not False and oku1000 is not False and city is not False:
        maybe(T1, _INDUSTRY, _REVENUE, _REGION)
    if carrier and p1000 and city:
        return surely(T1)
    if carrier is not False and p1000 is not False and city is not False:
        maybe(T1, _INDUSTRY, _EMPLOYEES, _REGION)
    if trader and p1000 and oku1000:
        return surely(T1)
    if trader is not False and p1000 is not False and oku1000 is not False:
        maybe(T1, _INDUSTRY, _EMPLOYEES, _REVENUE)

    if p1000:
        return surely(T2)
    if p1000 is None:
        maybe(T2, _EMPLOYEES)
    if maker and p300 and (city or grows10):
        # Before the second of the two rules, the first one may be open.
        if city is None:
            maybe(T2, _REGION)
        return surely(T2)
    if maker is not False and p300 is not False:
        if city is not False:
            maybe(T2, _INDUSTRY, _EMPLOYEES, _REGION)
        if grows10 is not False:
            maybe(T2, _INDUSTRY, _EMPLOYEES, _GROWTH)
    if bank and p300:
        return surely(T2)
    if bank is not False and p300 is not False:
        maybe(T2, _INDUSTRY, _EMPLOYEES)
    if bank and oku100 and city:
        return surely(T2)
    if bank is not False and oku100 is not False and city is not False:
        maybe(T2, _INDUSTRY, _REVENUE, _REGION)
    if carrier and p300 and city and grows10:
        return surely(T2)
    if carrier is not False and p300 is not False and city is not False and grows10 is not False:
        maybe(T2, _INDUSTRY, _EMPLOYEES, _REGION, _GROWTH)
    if trader and oku100 and city:
        return surely(T2)
    if trader is not False and oku100 is not False and city is not False:
        maybe(T2, _INDUSTRY, _REVENUE, _REGION)
    if oku1000:
        return surely(T2)
    if oku1000 is None:
        maybe(T2, _REVENUE)

    if maker and p100:
        return surely(T3)
    if maker is not False and p100 is not False:
        maybe(T3, _INDUSTRY, _EMPLOYEES)
    if maker and p50 and grows20:
        return surely(T3)
    if maker is not False and p50 is not False and grows20 is not False:
        maybe(T3, _INDUSTRY, _EMPLOYEES, _GROWTH)
    if bank and p50 and city:
        return surely(T3)
    if bank is not False and p50 is not False and city is not False:
        maybe(T3, _INDUSTRY, _EMPLOYEES, _REGION)
    if carrier and p100 and city:
        return surely(T3)
    if carrier is not False and p100 is not False and city is not False:
        maybe(T3, _INDUSTRY, _EMPLOYEES, _REGION)
    if carrier and oku10 and grows20:
        return surely(T3)
    if carrier is not False and oku10 is not False and grows20 is not False:
        maybe(T3, _INDUSTRY, _REVENUE, _GROWTH)
    if trader and p100 and grows10:
        return surely(T3)
    if trader is not False and p100 is not False and grows10 is not False:
        maybe(T3, _INDUSTRY, _EMPLOYEES, _GROWTH)
    if trader and oku10 and city:
        return surely(T3)
    if trader is not False and oku10 is not False and city is not False:
        maybe(T3, _INDUSTRY, _REVENUE, _REGION)
    if oku100:
        return surely(T3)
    if oku100 is None:
        maybe(T3, _REVENUE)

    if p50 or oku10:
        return surely(T4)
    if p50 is None or oku10 is None:
        maybe(T4, _EMPLOYEES, _REVENUE)
    return surely(T5)


# --- the spreadsheet ----------------------------------------------------------------------------

BANDS = (50, 100, 300, 1_000)
SHEET = (
    # Industries, then per band from the smallest up the tier in a metropolis and elsewhere.
    (MAKERS, ((T3, T4), (T2, T3), (T1, T2), (T1, T1))),
    (CARRIERS, ((T4, T4), (T3, T4), (T2, T3), (T1, T2))),
    (FINANCE, ((T3, T4), (T2, T3), (T2, T2), (T1, T2))),
    (TRADE, ((T4, T5), (T3, T4), (T2, T3), (T1, T1))),
)


def cells() -> Iterator[Plain]:
    """The cells of the spreadsheet as rules: the largest band first, a metropolis before all."""
    for industries, tiers in SHEET:
        inside = Test("industry", "in", industries)
        for band, (metro, elsewhere) in zip(reversed(BANDS), reversed(tiers), strict=True):
            yield Plain(metro.number, "all", (inside, at_least("employees", band), CITY))
            yield Plain(elsewhere.number, "all", (inside, at_least("employees", band)))


SHEET_PLAIN = (
    Plain(5, "all", (Test("relationships", "has", NO_TRADE),)),
    Plain(5, "all", (Test("lists", "has", EXCLUDED),)),
    Plain(1, "all", (Test("lists", "has", TARGETS),)),
    *cells(),
    Plain(2, "all", (OKU_1000,)),
    Plain(3, "all", (OKU_10, GROWS_20)),
    Plain(3, "all", (OKU_100,)),
    Plain(4, "all", (OKU_10,)),
)


def sheet_by_hand(record: Company) -> Answer:
    """The spreadsheet as one would write it by hand, with the same care for what is missing."""
    if NO_TRADE in record.relationships or EXCLUDED in record.lists:
        return T5, (T5,), ()
    if TARGETS in record.lists:
        return T1, (T1,), ()
    employees, revenue, industry = record.employees, record.annual_revenue, record.industry
    region, growth = record.region, record.growth_rate
    if employees is None or revenue is None or industry is None or region is None or growth is None:
        return sheet_with_gaps(employees, revenue, industry, region, growth)
    city = region in METRO
    # Told apart by industry first, and neighbouring cells of one tier together. To look the cell
    # up in nested tables is shorter, but measured a tenth slower.
    if industry in MAKERS:
        if employees >= 1_000 or (employees >= 300 and city):
            return T1, (T1,), ()
        if employees >= 300 or (employees >= 100 and city):
            return T2, (T2,), ()
        if employees >= 100 or (employees >= 50 and city):
            return T3, (T3,), ()
        if employees >= 50:
            return T4, (T4,), ()
    elif industry in CARRIERS:
        if employees >= 1_000 and city:
            return T1, (T1,), ()
        if employees >= 1_000 or (employees >= 300 and city):
            return T2, (T2,), ()
        if employees >= 300 or (employees >= 100 and city):
            return T3, (T3,), ()
        if employees >= 50:
            return T4, (T4,), ()
    elif industry in FINANCE:
        if employees >= 1_000 and city:
            return T1, (T1,), ()
        if employees >= 300 or (employees >= 100 and city):
            return T2, (T2,), ()
        if employees >= 100 or (employees >= 50 and city):
            return T3, (T3,), ()
        if employees >= 50:
            return T4, (T4,), ()
    elif industry in TRADE:
        if employees >= 1_000:
            return T1, (T1,), ()
        if employees >= 300 and city:
            return T2, (T2,), ()
        if employees >= 300 or (employees >= 100 and city):
            return T3, (T3,), ()
        if employees >= 100 or (employees >= 50 and city):
            return T4, (T4,), ()
        if employees >= 50:
            return T5, (T5,), ()
    if revenue >= 1_000 * OKU:
        return T2, (T2,), ()
    if revenue >= 100 * OKU or (revenue >= 10 * OKU and growth >= 0.2):
        return T3, (T3,), ()
    if revenue >= 10 * OKU:
        return T4, (T4,), ()
    return T5, (T5,), ()


def sheet_with_gaps(
    employees: int | None,
    revenue: Any,
    industry: str | None,
    region: str | None,
    growth: float | None,
) -> Answer:
    """The spreadsheet where something is missing: each test is true, false or None."""
    maybe, surely = collecting(employees, revenue, industry, region, growth)
    city = None if region is None else region in METRO
    for industries, tiers in SHEET:
        inside = None if industry is None else industry in industries
        if inside is False:
            continue
        for band, (metro, elsewhere) in zip(reversed(BANDS), reversed(tiers), strict=True):
            big = None if employees is None else employees >= band
            if big is False:
                continue
            if inside and big and city:
                return surely(metro)
            if city is not False:
                maybe(metro, _INDUSTRY, _EMPLOYEES, _REGION)
            if inside and big:
                return surely(elsewhere)
            maybe(elsewhere, _INDUSTRY, _EMPLOYEES)

    oku10 = oku100 = oku1000 = None
    if revenue is not None:
        oku10, oku100, oku1000 = revenue >= 10 * OKU, revenue >= 100 * OKU, revenue >= 1_000 * OKU
    grows20 = None if growth is None else growth >= 0.2
    if oku1000:
        return surely(T2)
    if oku1000 is None:
        maybe(T2, _REVENUE)
    if oku10 and grows20:
        return surely(T3)
    if oku10 is not False and grows20 is not False:
        maybe(T3, _REVENUE, _GROWTH)
    if oku100:
        return surely(T3)
    if oku100 is None:
        maybe(T3, _REVENUE)
    if oku10:
        return surely(T4)
    if oku10 is None:
        maybe(T4, _REVENUE)
    return surely(T5)


CONTESTS = (
    contest("small table", SMALL_PLAIN, small_by_hand, 4),
    contest("main table", MAIN_PLAIN, main_by_hand, 4),
    contest("large table", LARGE_PLAIN, large_by_hand, 5),
    contest("spreadsheet", SHEET_PLAIN, sheet_by_hand, 5),
)


# --- the companies ------------------------------------------------------------------------------


def market(missing: float) -> list[Company]:
    """Return companies of which a part of the five open facts is missing."""
    dice = Random(7)

    def known(value: Any) -> Any:
        return None if dice.random() < missing else value

    return [
        Company(
            number,
            employees=known(int(10 ** (dice.random() * 4))),
            annual_revenue=known(int(10 ** (dice.random() * 5)) * 5_000_000),
            industry=known(INDUSTRIES[int(dice.random() * len(INDUSTRIES))]),
            region=known(REGIONS[int(dice.random() * len(REGIONS))]),
            growth_rate=known(round(dice.random() * 0.5 - 0.1, 3)),
            relationships=dice.choices(([], ["customer"], [NO_TRADE]), (80, 18, 2))[0],
            lists=dice.choices(([], [TARGETS], [EXCLUDED]), (95, 3, 2))[0],
        )
        for number in range(COMPANIES)
    ]


def as_dict(record: Company, facts: Sequence[str]) -> dict[str, Any]:
    """Return the facts that a table asks about as the other engines want them."""
    held = {fact: getattr(record, fact) for fact in facts}
    return {
        fact: sorted(value) if isinstance(value, frozenset) else value
        for fact, value in held.items()
    }


# --- the other engines --------------------------------------------------------------------------


class Contender(NamedTuple):
    """Something that is timed: on which companies, and how its answer becomes a tier's number."""

    name: str
    decide: Callable[[Any], Any]
    given: Sequence[Any]
    every: int
    number: Callable[[Any], int]


def as_json_logic(contest: Contest) -> Any:
    """The rules for a JSONLogic engine."""

    def said(test: Test) -> Any:
        var = {"var": test.fact}
        match test.op:
            case ">=":
                return {">=": [var, test.value]}
            case "in":
                return {"in": [var, sorted(test.value)]}
            case "has":
                return {"in": [test.value, var]}

    steps: list[Any] = []
    for rule in contest.plain:
        tests = [said(test) for test in rule.tests]
        joint = {"all": "and", "any": "or"}[rule.joint]
        steps += [tests[0] if len(tests) == 1 else {joint: tests}, rule.tier]
    return {"if": [*steps, contest.otherwise]}


def quoted(values: frozenset[str]) -> str:
    """The values of a list, as text literals."""
    return ", ".join(f"'{value}'" for value in sorted(values))


def as_words(contest: Contest, joints: dict[str, str], has: str) -> list[tuple[str, int]]:
    """The condition of each rule in a language that writes it as people do."""

    def said(test: Test) -> str:
        if test.op == "has":
            return has.format(list=test.fact, value=f"'{test.value}'")
        if test.op == "in":
            return f"{test.fact} in [{quoted(test.value)}]"
        return f"{test.fact} >= {test.value}"

    return [(joints[rule.joint].join(map(said, rule.tests)), rule.tier) for rule in contest.plain]


def as_one_expression(contest: Contest, joints: dict[str, str], has: str) -> str:
    """The rules as one conditional expression."""
    steps = [f"({when}) ? {tier} : " for when, tier in as_words(contest, joints, has)]
    return "".join(steps) + str(contest.otherwise)


def as_zen_table(contest: Contest) -> str:
    """The rules as a decision table of GoRules: a column per fact, a row per conjunction."""

    def cell(test: Test) -> str:
        match test.op:
            case ">=":
                return f">= {test.value}"
            case "in":
                return quoted(test.value)
            case "has":
                return f"contains($, '{test.value}')"

    facts = contest.facts
    rows: list[dict[str, str]] = []
    for rule in contest.plain:
        together = [rule.tests] if rule.joint == "all" else [(test,) for test in rule.tests]
        for tests in together:
            row = dict.fromkeys(facts, "") | {test.fact: cell(test) for test in tests}
            rows.append({"_id": f"row-{len(rows)}", **row, "tier": str(rule.tier)})
    rows.append({"_id": "otherwise", **dict.fromkeys(facts, ""), "tier": str(contest.otherwise)})
    content = {
        "hitPolicy": "first",
        "inputs": [{"id": fact, "name": fact, "field": fact} for fact in facts],
        "outputs": [{"id": "tier", "name": "Tier", "field": "tier"}],
        "rules": rows,
    }
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {"id": "table", "name": "table", "type": "decisionTableNode", "content": content},
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": "1", "sourceId": "in", "targetId": "table", "type": "edge"},
        {"id": "2", "sourceId": "table", "targetId": "out", "type": "edge"},
    ]
    return json.dumps({"nodes": nodes, "edges": edges})


def datalogic(contest: Contest, given: list[dict[str, Any]]) -> Iterator[Contender]:
    import datalogic_py

    engine = datalogic_py.Engine()
    rule = engine.compile(as_json_logic(contest))
    yield Contender(WITH_DICT, rule.evaluate, given, 1, int)
    parsed = [datalogic_py.DataHandle(item) for item in given]
    # The fastest way that its interface offers: one session, data parsed beforehand.
    session = engine.session()
    yield Contender(
        PARSED,
        lambda item: session.evaluate_data(rule, item),
        parsed,
        1,
        int,
    )


def cel(contest: Contest, given: list[dict[str, Any]]) -> Iterator[Contender]:
    import cel as language

    joints = {"all": " && ", "any": " || "}
    program = language.compile(as_one_expression(contest, joints, "{value} in {list}"))
    yield Contender("common-expression-language", program.execute, given[::10], 10, int)


def zen(contest: Contest, given: list[dict[str, Any]]) -> Iterator[Contender]:
    import zen as gorules

    joints = {"all": " and ", "any": " or "}
    words = as_one_expression(contest, joints, "contains({list}, {value})")
    expression = gorules.compile_expression(words)
    yield Contender("zen-engine, one expression", expression.evaluate, given[::10], 10, int)
    decision = gorules.ZenEngine().create_decision(as_zen_table(contest))
    yield Contender(
        "zen-engine, a decision table",
        decision.evaluate,
        given[::100],
        100,
        lambda answer: int(answer["result"]["tier"]),
    )


def rule_engine(contest: Contest, given: list[dict[str, Any]]) -> Iterator[Contender]:
    import rule_engine as engine

    joints = {"all": " and ", "any": " or "}
    rules = as_words(contest, joints, "{value} in {list}")
    chain = engine.Chain(rules, default_value=contest.otherwise)
    yield Contender("rule-engine", chain.evaluate, given[::100], 100, int)


def business_rules(contest: Contest, given: list[dict[str, Any]]) -> Iterator[Contender]:
    from business_rules import run_all
    from business_rules.actions import BaseActions, rule_action
    from business_rules.fields import FIELD_NUMERIC
    from business_rules.variables import (
        BaseVariables,
        numeric_rule_variable,
        select_rule_variable,
        string_rule_variable,
    )

    class Variables(BaseVariables):  # type: ignore[misc]
        def __init__(self, facts: dict[str, Any]) -> None:
            self.facts = facts

        @numeric_rule_variable
        def employees(self) -> Any:
            return self.facts["employees"]

        @numeric_rule_variable
        def annual_revenue(self) -> Any:
            return self.facts["annual_revenue"]

        @numeric_rule_variable
        def growth_rate(self) -> Any:
            return self.facts["growth_rate"]

        @string_rule_variable
        def industry(self) -> Any:
            return self.facts["industry"]

        @string_rule_variable
        def region(self) -> Any:
            return self.facts["region"]

        @select_rule_variable()
        def relationships(self) -> Any:
            return self.facts["relationships"]

        @select_rule_variable()
        def lists(self) -> Any:
            return self.facts["lists"]

    class Actions(BaseActions):  # type: ignore[misc]
        tier = contest.otherwise

        @rule_action(params={"number": FIELD_NUMERIC})
        def decide(self, number: int) -> None:
            self.tier = number

    def said(test: Test) -> dict[str, Any]:
        if test.op == "in":
            values = sorted(test.value)
            return {"any": [condition(test.fact, "equal_to", value) for value in values]}
        operator = "contains" if test.op == "has" else "greater_than_or_equal_to"
        return condition(test.fact, operator, test.value)

    def condition(name: str, operator: str, value: Any) -> dict[str, Any]:
        return {"name": name, "operator": operator, "value": value}

    rules = [
        {
            "conditions": {rule.joint: [said(test) for test in rule.tests]},
            "actions": [{"name": "decide", "params": {"number": rule.tier}}],
        }
        for rule in contest.plain
    ]

    def decide(item: dict[str, Any]) -> int:
        actions = Actions()
        run_all(rules, Variables(item), actions, stop_on_first_trigger=True)
        return actions.tier

    yield Contender("business-rules", decide, given[::100], 100, int)


Engine = Callable[[Contest, list[dict[str, Any]]], Iterator[Contender]]
ENGINES: tuple[tuple[str, str, Engine], ...] = (
    ("datalogic_py", "datalogic-py", datalogic),
    ("cel", "common-expression-language", cel),
    ("zen", "zen-engine", zen),
    ("rule_engine", "rule-engine", rule_engine),
    ("business_rules", "business-rules", business_rules),
)
"""The module, the name of the package, and how it is asked."""


def installed() -> list[Engine]:
    """Return the engines that can be asked, and say which are left out."""
    found: list[Engine] = []
    for module, package, engine in ENGINES:
        try:
            import_module(module)
        except ImportError:
            print(f"{package}: not installed, left out")
        else:
            found.append(engine)
    return found


Costs = dict[str, float]
"""The median seconds of one decision, by the name of what decides."""


# --- a scorecard --------------------------------------------------------------------------------

CARD = mf.TierScorecard(
    items=[
        mf.ScoreItem(50, company.lists.contains_any(TARGETS), key="target"),
        mf.ScoreItem(30, company.employees >= 1_000, key="large"),
        mf.ScoreItem(20, company.employees >= 300, key="middle"),
        mf.ScoreItem(25, company.industry.is_in(*sorted(MAKERS)), key="maker"),
        mf.ScoreItem(15, company.region.is_in(*sorted(METRO)), key="metro"),
        mf.ScoreItem(20, company.annual_revenue >= 100 * OKU, key="rich", if_unknown=5),
        mf.ScoreItem(10, company.growth_rate >= 0.2, key="growing"),
    ],
    bands=[mf.Band(80, T1), mf.Band(50, T2), mf.Band(20, T3)],
    otherwise=T4,
)
"""Points for what the rules of the main table ask about."""


def card_by_hand(record: Company) -> Answer:
    """The scorecard as one would write it by hand, with the same care for what is missing."""
    low = high = score = 50 if TARGETS in record.lists else 0
    missing: list[str] = []
    employees = record.employees
    if employees is None:
        high += 50
        missing.append(_EMPLOYEES)
    else:
        points = 50 if employees >= 1_000 else 20 if employees >= 300 else 0
        low, high, score = low + points, high + points, score + points
    industry = record.industry
    if industry is None:
        high += 25
        missing.append(_INDUSTRY)
    elif industry in MAKERS:
        low, high, score = low + 25, high + 25, score + 25
    region = record.region
    if region is None:
        high += 15
        missing.append(_REGION)
    elif region in METRO:
        low, high, score = low + 15, high + 15, score + 15
    revenue = record.annual_revenue
    if revenue is None:
        high, score = high + 20, score + 5
        missing.append(_REVENUE)
    elif revenue >= 100 * OKU:
        low, high, score = low + 20, high + 20, score + 20
    growth = record.growth_rate
    if growth is None:
        high += 10
        missing.append(_GROWTH)
    elif growth >= 0.2:
        low, high, score = low + 10, high + 10, score + 10
    value = T1 if score >= 80 else T2 if score >= 50 else T3 if score >= 20 else T4
    if low == high:
        return value, (value,), ()
    possible: list[mf.Tier] = []
    if high >= 80:
        possible.append(T1)
    if high >= 50 and low < 80:
        possible.append(T2)
    if high >= 20 and low < 50:
        possible.append(T3)
    if low < 20:
        possible.append(T4)
    return value, tuple(possible), tuple(missing)


def measure_card(missing: float) -> Costs:
    """Return what a scorecard costs, and print it as ratios; its answers are compared first."""
    records = market(missing)
    decide = CARD.compile()
    for record in records:
        decision = decide(record)
        assert (decision.value, decision.possible, decision.missing) == card_by_hand(record), record
    book = evolve(mf.starter(products=["crm"]), tiers=CARD)
    tier_for, today = mf.Engine(book).tier_for, date(2026, 4, 1)
    timed: dict[str, Callable[[Company], Any]] = {
        BY_HAND: card_by_hand,
        CARD_COMPILED: decide,
        THROUGH: lambda record: tier_for(record, "crm", as_of=today),
    }
    rounds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(ROUNDS):
        for name, one in timed.items():
            rounds[name].append(seconds(one, records))
    costs = {name: statistics.median(measured) for name, measured in rounds.items()}
    facts = len({fact.name for when in CARD.conditions for fact in facts_of(when)})
    size = f"{len(CARD.items)} items on {facts} facts"
    print(f"\nthe scorecard: {size}; {missing:.0%} of open facts missing")
    for name, cost in costs.items():
        print(f"  {name:<32} {cost / costs[BY_HAND]:9.2f} × hand-written")
    return costs


# --- the contest --------------------------------------------------------------------------------


def ours(contest: Contest, records: list[Company]) -> list[Contender]:
    """Return what every other figure is measured by, and the ways of this library."""
    table = contest.table

    def number(decision: Any) -> int:
        return int(decision.value.number)

    book = evolve(mf.starter(products=["crm"]), tiers={"crm": table})
    tier_for, today = mf.Engine(book).tier_for, date(2026, 4, 1)
    return [
        Contender(BY_HAND, contest.by_hand, records, 1, lambda answer: int(answer[0].number)),
        Contender(COMPILED, table.compile(), records, 1, number),
        Contender(
            THROUGH,
            lambda record: tier_for(record, "crm", as_of=today),
            records,
            1,
            number,
        ),
        Contender(
            "explained, not rendered",
            lambda record: mf.explain(table, {"company": record}).decision,
            records[::10],
            10,
            number,
        ),
        Contender(
            RENDERED,
            lambda record: mf.explain(table, {"company": record}).text(),
            records[::10],
            10,
            number_in,
        ),
    ]


def never_seen(contest: Contest, records: list[Company]) -> Contender:
    """Return the explanation of a table of which nothing is known yet: a copy is another table."""
    return Contender(
        "explained for the first time",
        lambda record: mf.explain(copy(contest.table), {"company": record}).text(),
        records[::100],
        100,
        number_in,
    )


def number_in(text: str) -> int:
    """The tier that a settled explanation names."""
    return int(text.splitlines()[0].partition("Tier ")[2][0])


def check(contest: Contest, records: list[Company], timed: list[Contender]) -> None:
    """Refuse to time what does not give equal answers, or rules that never decide."""
    decide = contest.table.compile()
    numbers: list[int] = []
    fired: set[str] = set()
    for record in records:
        wanted = contest.by_hand(record)
        compiled = decide(record)
        for decision in (compiled, mf.explain(contest.table, {"company": record}).decision):
            assert (decision.value, decision.possible, decision.missing) == wanted, record
        numbers.append(wanted[0].number)
        fired.add(compiled.rule)
    assert fired == {"otherwise", *(rule.key for rule in contest.table.rules)}, contest.name
    for contender in timed:
        said = [contender.number(contender.decide(item)) for item in contender.given]
        assert said == numbers[:: contender.every], contender.name


def seconds(decide: Callable[[Any], Any], given: Sequence[Any]) -> float:
    """Return how long one decision takes, measured over all that are given."""
    gc.collect()
    started = time.process_time()
    for item in given:
        decide(item)
    return (time.process_time() - started) / len(given)


def measure(contest: Contest, missing: float, engines: list[Engine]) -> Costs:
    """Return what each way to decide one table costs, and print it as ratios."""
    records = market(missing)
    given = [as_dict(record, contest.facts) for record in records]
    timed = ours(contest, records)
    for engine in engines:
        timed += engine(contest, given)
    # Alone and last, because it crowds out what is kept of the table itself.
    last = [never_seen(contest, records)]
    # Where facts are missing only our own are timed; an undecided text names several tiers.
    check(contest, records, [] if missing else timed + last)
    rounds: dict[str, list[float]] = {contender.name: [] for contender in timed + last}
    for group in (timed, last):
        for _ in range(ROUNDS):
            for contender in group:
                rounds[contender.name].append(seconds(contender.decide, contender.given))
    costs = {name: statistics.median(measured) for name, measured in rounds.items()}
    size = f"{len(contest.plain)} rules on {len(contest.facts)} facts"
    print(f"\n{contest.name}: {size}; {missing:.0%} of open facts missing")
    for contender in timed + last:
        ratio = costs[contender.name] / costs[BY_HAND]
        sample = "" if contender.every == 1 else f"  (on {len(contender.given):,} of them)"
        print(f"  {contender.name:<32} {ratio:9.2f} × hand-written{sample}")
    return costs


class Goal(NamedTuple):
    """A ratio of two costs that is wanted."""

    said: str
    over: str
    under: str
    limit: float
    most: bool

    def result(self, measured: dict[str, Costs]) -> str:
        """Return on which tables it holds and on which not, with the ratios."""
        holds: list[str] = []
        fails: list[str] = []
        for name, costs in measured.items():
            if self.over in costs and self.under in costs:
                ratio = costs[self.over] / costs[self.under]
                met = ratio <= self.limit if self.most else ratio >= self.limit
                (holds if met else fails).append(f"{name} {ratio:.2f}")
        return f"holds: {', '.join(holds) or 'nowhere'}; fails: {', '.join(fails) or 'nowhere'}"


GOALS = (
    Goal("compiled at most 1.25 × hand-written", COMPILED, BY_HAND, 1.25, True),
    Goal("a scorecard at most 1.25 × hand-written", CARD_COMPILED, BY_HAND, 1.25, True),
    Goal("Engine.tier_for at most 2 × hand-written", THROUGH, BY_HAND, 2, True),
    Goal("explained and rendered at most 40 × hand-written", RENDERED, BY_HAND, 40, True),
)
"""Wanted on complete facts, and where a fifth is missing."""
GOALS_COMPLETE = (
    Goal("compiled 4 × faster than datalogic-py with a dict", WITH_DICT, COMPILED, 4, False),
    Goal("compiled 2.5 × faster than datalogic-py, pre-parsed", PARSED, COMPILED, 2.5, False),
)
"""Wanted on complete facts alone: the other engines know no others."""


def main() -> None:
    """Print the ratios on complete facts and with a fifth missing, then what was wanted."""
    print(f"{COMPANIES:,} companies, median of {ROUNDS} rounds, time per decision")
    engines = installed()
    complete: dict[str, Costs] = {}
    gappy: dict[str, Costs] = {}
    for contest in CONTESTS:
        complete[contest.name] = measure(contest, 0.0, engines)
        gappy[contest.name] = measure(contest, 0.2, [])
    complete[SCORECARD], gappy[SCORECARD] = measure_card(0.0), measure_card(0.2)
    for heading, goals, measured in (
        ("complete facts", GOALS + GOALS_COMPLETE, complete),
        ("a fifth missing", GOALS, gappy),
    ):
        print(f"\nwanted, {heading}")
        for goal in goals:
            print(f"  {goal.said}\n    {goal.result(measured)}")


if __name__ == "__main__":
    main()
