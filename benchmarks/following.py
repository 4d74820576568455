"""How long one event takes with `Engine.on`, and how large the state is that a CRM stores.

    pip install -e .
    python benchmarks/following.py

An account has 5 leads, 3 products and 10 to 10,000 activities within 90 days. It has been followed
from its first activity on, a day at a time. Then one more activity comes, and the state is read
from bytes, taken through the event, and written back, as a CRM does with one row of a database.
Beside it stands `Engine.assess` for the same records: the answers alone.

A figure is the median of the rounds, in the time of the processor.
"""

from __future__ import annotations

import gc
import gzip
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from attrs import evolve

import mpfunnel as mf
from mpfunnel.account import Account
from mpfunnel.records import Activity, Company, Lead

PASTS = (10, 100, 1_000, 10_000)
ROUNDS = 9
LEADS = 5
SPAN_DAYS = 90
PRODUCTS = ("crm", "analytics", "portal")
KINDS = ("page_view", "email_open", "email_click", "pricing_page", "webinar_attended")
START = datetime(2026, 4, 1, tzinfo=UTC)


def draw(dice: Random, number: int) -> list[Activity]:
    """Return activities of the leads in the order of time."""
    instants = sorted(START + timedelta(days=SPAN_DAYS * dice.random()) for _ in range(number))
    return [
        Activity(index, dice.randrange(LEADS), dice.choice(KINDS), at, [dice.choice(PRODUCTS)])
        for index, at in enumerate(instants)
    ]


def followed(engine: mf.Engine, activities: list[Activity]) -> mf.AccountState:
    """Return the state of an account that was followed once a day."""
    leads = [Lead(number, 1) for number in range(LEADS)]
    state = mf.AccountState(Account(Company(1, employees=400), leads=leads))
    for day in range(SPAN_DAYS + 1):
        now = START + timedelta(days=day)
        new = [one for one in activities if now - timedelta(days=1) < one.at <= now]
        known = state.account.activities
        state = evolve(state, account=evolve(state.account, activities=[*known, *new]))
        state = engine.on(state, None, as_of=now).state
    return state


def seconds(ask: Callable[[], object], times: int) -> float:
    """Return how long one call takes."""
    gc.collect()
    started = time.process_time()
    for _ in range(times):
        ask()
    return (time.process_time() - started) / times


def main() -> None:
    """Print the figures."""
    starter = mf.starter(PRODUCTS)
    synergy = evolve(starter.synergy, offers=(), cool_down_days=0)
    engine = mf.Engine(evolve(starter, plays=mf.Plays(), synergy=synergy))
    print(f"{LEADS} leads, {len(PRODUCTS)} products; milliseconds, median of {ROUNDS} rounds")
    print("activities   assess       on   from_bytes   to_bytes      bytes   bytes gzipped")
    for past in PASTS:
        state = followed(engine, draw(Random(past), past))
        as_of = START + timedelta(days=SPAN_DAYS, hours=1)
        event = Activity("new", 0, "page_view", as_of, ["crm"])
        stored = state.to_bytes()
        assert mf.AccountState.from_bytes(stored) == state
        timed: dict[str, Callable[[], object]] = {
            "assess": partial(engine.assess, state.account, as_of=as_of),
            "on": partial(engine.on, state, event, as_of=as_of),
            "from_bytes": partial(mf.AccountState.from_bytes, stored),
            "to_bytes": state.to_bytes,
        }
        rounds: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(ROUNDS):
            for name, ask in timed.items():
                rounds[name].append(seconds(ask, max(1, 1_000 // past)))
        found = {name: statistics.median(times) * 1_000 for name, times in rounds.items()}
        packed = len(gzip.compress(stored))
        print(
            f"{past:10,} {found['assess']:8.2f} {found['on']:8.2f} {found['from_bytes']:12.2f} "
            f"{found['to_bytes']:10.2f} {len(stored):10,} {packed:15,}"
        )


if __name__ == "__main__":
    main()
