"""How fast a tier is decided, beside hand-written Python and a rules engine that one can install.

    python benchmarks/decision.py

All of it runs in one process and interleaved. Each figure is the median of the rounds, as a ratio
to the hand-written function, because machines are noisy. The hand-written function returns what
the compiled table returns: the value, the possible set and the missing facts.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import mpfunnel as mf
from mpfunnel.facts import company
from mpfunnel.records import Company

COMPANIES = 100_000
ROUNDS = 7
INDUSTRIES = (
    "製造業",
    "情報通信業",
    "建設業",
    "金融業，保険業",
    "卸売業，小売業",
    "運輸業，郵便業",
)
MAKERS = frozenset({"製造業", "情報通信業"})
OKU = 100_000_000

T1, T2, T3, T4 = (mf.Tier(n) for n in range(1, 5))
TABLE = mf.TierTable(
    rules=[
        mf.Rule(T1, (company.employees >= 1_000) & company.industry.is_in(*MAKERS)),
        mf.Rule(T2, (company.employees >= 300) | (company.annual_revenue >= 100 * OKU)),
        mf.Rule(T3, (company.employees >= 50) & company.industry.is_in(*MAKERS)),
    ],
    otherwise=T4,
)

Answer = tuple[mf.Tier, tuple[mf.Tier, ...], tuple[str, ...]]
_EMPLOYEES, _REVENUE, _INDUSTRY = "company.employees", "company.annual_revenue", "company.industry"


def by_hand(record: Company) -> Answer:
    """The table as one would write it by hand, with the same care for what is missing."""
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


def market(missing: float) -> list[Company]:
    """Return companies of which a part of the three facts is missing."""
    dice = Random(7)

    def known(value: Any) -> Any:
        return None if dice.random() < missing else value

    return [
        Company(
            number,
            employees=known(int(10 ** (dice.random() * 4))),
            annual_revenue=known(int(10 ** (dice.random() * 4)) * 10_000_000),
            industry=known(INDUSTRIES[int(dice.random() * len(INDUSTRIES))]),
        )
        for number in range(COMPANIES)
    ]


def as_json_logic() -> Any:
    """The table for a JSONLogic engine, which reads a missing fact as false."""
    maker = {"in": [{"var": "industry"}, sorted(MAKERS)]}

    def at_least(name: str, number: int) -> Any:
        return {">=": [{"var": name}, number]}

    return {
        "if": [
            {"and": [at_least("employees", 1_000), maker]},
            1,
            {"or": [at_least("employees", 300), at_least("annual_revenue", 100 * OKU)]},
            2,
            {"and": [at_least("employees", 50), maker]},
            3,
            4,
        ]
    }


def seconds(decide: Callable[[Any], Any], records: Sequence[Any]) -> float:
    """Return how long it takes to decide all records once."""
    gc.collect()
    started = time.perf_counter()
    for record in records:
        decide(record)
    return time.perf_counter() - started


def explained(record: Company) -> str:
    """Decide, and write the whole tree of why."""
    return mf.explain(TABLE, {"company": record}).text()


def contenders(records: list[Company]) -> dict[str, tuple[Callable[[Any], Any], Sequence[Any]]]:
    """Return what is timed, and on what: the explanation on a tenth, because it is slower."""
    found: dict[str, tuple[Callable[[Any], Any], Sequence[Any]]] = {
        "hand-written": (by_hand, records),
        "TierTable.compile()": (TABLE.compile(), records),
        "explained and rendered": (explained, records[::10]),
    }
    try:
        import datalogic_py
    except ImportError:
        print("datalogic-py: not installed, left out")
        return found
    rule = datalogic_py.Engine().compile(as_json_logic())
    plain = [
        {"employees": r.employees, "annual_revenue": r.annual_revenue, "industry": r.industry}
        for r in records
    ]
    found["datalogic-py, a dict a call"] = (rule.evaluate, plain)
    return found


def check(records: list[Company], complete: bool) -> None:
    """Refuse to time what does not give equal answers."""
    decide = TABLE.compile()
    for record in records:
        answer = decide(record)
        assert (answer.value, answer.possible, answer.missing) == by_hand(record), record
    if complete:
        others = contenders(records)
        for name, (other, given) in others.items():
            if name.startswith("datalogic"):
                numbers = [decide(record).value.number for record in records]
                assert [int(other(item)) for item in given] == numbers, name


def main() -> None:
    """Print the ratios on complete facts, and with a fifth of them missing."""
    for missing in (0.0, 0.2):
        records = market(missing)
        check(records, complete=not missing)
        timed = contenders(records)
        rounds: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(ROUNDS):
            for name, (decide, given) in timed.items():
                rounds[name].append(seconds(decide, given) / len(given))
        base = statistics.median(rounds["hand-written"])
        print(f"{missing:.0%} of facts missing, {COMPANIES:,} companies")
        for name, times in rounds.items():
            print(f"  {name:<28} {statistics.median(times) / base:6.2f} × hand-written")


if __name__ == "__main__":
    main()
