"""How fast a year is replayed, beside a loop written by hand for one playbook.

    pip install -e .
    python -m benchmarks.replay
    python -m benchmarks.replay --accounts 5000    # a million activities

Accounts are those of `benchmarks/account.py`: 10 leads, 5 products and 200 activities each, with
the faults of real files. `mpfunnel.replay` says what segment, Tiers, stages, states and levels of
interest were on every day of a year. The loop written by hand knows the starter's playbook and
nothing else, and that a company's facts have no days; it uses the functions of
`benchmarks/account.py`, and finds the days on which something changes as the library does. It
returns the same spans with the same values, rules, possible values and missing facts; that is
checked for every account before anything is timed, up to a thousand.

All of it runs in one process and interleaved. A figure is the median of the rounds, as a ratio to
the loop written by hand; what is measured is the time of the processor.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import mpfunnel as mf
from benchmarks.account import (
    ACTIVITIES,
    BOOK,
    DECAY,
    HAND_DAYS,
    HANDS,
    NOWHERE,
    PAGE_VIEW_CAP,
    POINTS,
    PRODUCTS,
    QUIET_DAYS,
    Engaged,
    Place,
    Pursued,
    Said,
    day_of,
    draw,
    engaged,
    once,
    order_of_event,
    places_of,
    pursuits_of,
    said_by,
    segment_of,
    sells,
    staged,
    tier_of,
)
from mpfunnel.account import Account
from mpfunnel.records import Activity, Company, Contract, Deal, Id, SalesEvent

ACCOUNTS = 100
CHECKED = 1_000
ROUNDS = 5
START = date(2025, 7, 1)
END = date(2026, 6, 30)
DAY = timedelta(days=1)
MILLION = 1_000_000

Key = tuple[Any, ...]
Spans = dict[Key, list[tuple[Any, ...]]]
Dated = tuple[Activity, date]


# --- the loop written by hand -------------------------------------------------------------------


def replay_by_hand(account: Account, start: date, end: date) -> Spans:
    """From which to which day each answer stood; it takes accounts without clashes of days."""
    company = account.company
    assert isinstance(company, Company)
    segment, tier = segment_of(company), tier_of(company)
    found: Spans = {("segment",): [(start, end, segment)]}
    found |= {("tier", product): [(start, end, tier)] for product in PRODUCTS}

    leads = {
        one.id: one
        for one in once("leads", account.leads, lambda one: one.id, [])
        if one.company_id in (None, company.id)
    }
    activities: dict[Id, list[Dated]] = {lead_id: [] for lead_id in leads}
    past = [one for one in account.activities if day_of(one.at) <= end]
    for one in once("activities", past, lambda one: (one.lead_id, one.id), []):
        if one.lead_id in leads and sells("activities", one.id, one.product_ids, one, []):
            activities[one.lead_id].append((one, day_of(one.at)))
    deals: list[Deal] = []
    deals_of: dict[Id | None, list[Deal]] = {}
    for deal in once("deals", [d for d in account.deals if day_of(d.opened_at) <= end], _id, []):
        own = deal.company_id == company.id
        sold = sells("deals", deal.id, [line.product_id for line in deal.lines], deal, [])
        if sold and (own or deal.lead_id in leads):
            deals_of.setdefault(deal.lead_id, []).append(deal)
            if own:
                deals.append(deal)
    contracts = [
        one
        for one in dict.fromkeys(account.contracts)
        if one.company_id == company.id and one.start <= end
    ]
    events: dict[Id, list[tuple[SalesEvent, date]]] = {lead_id: [] for lead_id in leads}
    for event in sorted(dict.fromkeys(account.sales_events), key=order_of_event):
        sold = event.product_id is None or event.product_id in PRODUCTS
        if event.lead_id in leads and sold and day_of(event.at) <= end:
            events[event.lead_id].append((event, day_of(event.at)))

    places = places_over_time(deals, contracts, start, end)
    for lead_id in leads:
        mine = activities[lead_id]
        about: dict[Id | None, list[Dated]] = {}
        for one in mine:
            for product in one[0].product_ids or (None,):
                about.setdefault(product, []).append(one)
        tracks = {
            product: track_of(
                [(one.kind, day) for one, day in about.get(product, [])],
                [(one.kind, day) for one, day in about.get(None, [])],
                [(e, day) for e, day in events[lead_id] if e.product_id in (None, product)],
                [(day, held.get(product, NOWHERE)) for day, held in places],
                segment,
                tier,
                (start, end),
            )
            for product in PRODUCTS
        }
        for product, track in tracks.items():
            if any(one.state.value != "none" or len(one.state.possible) > 1 for _, one in track):
                for name in ("state", "interest"):
                    answers = [(day, (getattr(one, name),)) for day, one in track]
                    found[name, lead_id, product] = joined(answers, end)
        stages = stages_of(
            about,
            events[lead_id],
            deals_of.get(lead_id, []),
            places,
            tracks,
            segment,
            tier,
            start,
            end,
        )
        found["stage", lead_id] = joined(stages, end)
    return found


def _id(record: Any) -> Id:
    found: Id = record.id
    return found


def joined(answers: Iterable[tuple[date, Any]], end: date) -> list[tuple[Any, ...]]:
    """The spans of answers that hold until the next one."""
    runs: list[tuple[date, Any]] = []
    for day, answer in answers:
        if not runs or runs[-1][1] != answer:
            runs.append((day, answer))
    lasts = [day - DAY for day, _ in runs[1:]] + [end]
    return [(day, last, *answer) for (day, answer), last in zip(runs, lasts, strict=True)]


def places_over_time(
    deals: list[Deal], contracts: list[Contract], start: date, end: date
) -> list[tuple[date, dict[Id, Place]]]:
    """What the company owns and is buying, by the days on which it changes."""
    days = {start}
    for deal in deals:
        days.add(day_of(deal.opened_at))
        if deal.closed_at is not None:
            days.add(day_of(deal.closed_at))
    for contract in contracts:
        days.add(contract.start)
        if contract.end is not None:
            days.add(contract.end + DAY)
    return [
        (
            day,
            places_of(
                [deal for deal in deals if day_of(deal.opened_at) <= day],
                [one for one in contracts if one.start <= day],
                day,
            ),
        )
        for day in sorted(days)
        if start <= day <= end
    ]


Signals = tuple[bool, ...]


def signals_of(
    own: list[tuple[str, int]], wide: list[tuple[str, int]], today: int, losses_on: int
) -> Signals:
    """What the rules ask of activities, as yes and no; penalties count as of a day of their own."""
    score = views = points_365 = points_730 = 0
    active_90 = asked_30 = touched = False
    active: set[int] = set()
    for weight, touches in ((1_000, own), (250, wide)):
        for kind, day in touches:
            age = today - day
            if age < 0:
                break
            touched = touched or weight == 1_000
            points = POINTS.get(kind)
            if points is None:
                continue
            if points < 0:
                age = losses_on - day
            if age >= 730:
                continue
            worth = points * weight
            if age < len(DECAY):
                micro = worth * DECAY[age]
                if kind == "page_view":
                    views += micro
                else:
                    score += micro
                if micro > 0:
                    active.add(age)
                if age < 30 and weight == 1_000 and kind in HANDS:
                    asked_30 = True
            points_730 += worth
            if age < 365:
                points_365 += worth
                active_90 = active_90 or (age < 90 and points > 0)
    score += min(views, PAGE_VIEW_CAP * MILLION)
    return (
        (score >= 30 * MILLION and len(active) >= 2) or asked_30,
        score >= 5 * MILLION,
        points_365 >= 10_000,
        points_730 >= 10_000,
        active_90,
        touched,
    )


def track_of(
    own: list[tuple[str, date]],
    wide: list[tuple[str, date]],
    said: list[tuple[SalesEvent, date]],
    places: list[tuple[date, Place]],
    segment: Said,
    tier: Said,
    bounds: tuple[date, date],
) -> list[tuple[date, Engaged]]:
    """The state and interest for one product, by the days on which they may change."""
    start, end = bounds
    days = {start, *(day for _, day in own), *(day for _, day in wide), *(day for _, day in said)}
    days.update(day for day, _ in places)
    marks = sorted(day for day in days if start <= day <= end)
    own_days, wide_days = (
        sorted([(kind, day.toordinal()) for kind, day in some], key=lambda pair: pair[1])
        for some in (own, wide)
    )
    rises = any(POINTS.get(kind, 0) < 0 for kind, _ in (*own_days, *wide_days))
    found: list[tuple[date, Engaged]] = []
    known: Signals = ()

    def note(day: int) -> None:
        near, far = (
            [(kind, day - since) for kind, since in some if since <= day]
            for some in (own_days, wide_days)
        )
        one = engaged(near, far, heard, segment=segment, tier=tier, place=place)
        found.append((date.fromordinal(day), one))

    def search(day: int, last: int, ending: Signals | None) -> None:
        nonlocal known
        least = ending or signals_of(own_days, wide_days, last, day)
        most = signals_of(own_days, wide_days, day, last) if rises else known
        if least == most:
            return
        if last == day + 1:
            now = signals_of(own_days, wide_days, last, last) if rises else least
            if now != known:
                known = now
                note(last)
            return
        middle = (day + last) // 2
        search(day, middle, None)
        search(middle, last, None if rises else least)

    before: tuple[Any, ...] = ()
    place = NOWHERE
    held = dict(places)
    for mark, then in zip(marks, [*marks[1:], end + DAY], strict=True):
        place = held.get(mark, place)
        heard = [event for event, on in said if on <= mark]
        day = mark.toordinal()
        now = signals_of(own_days, wide_days, day, day)
        if (now, place, len(heard)) != before or now != known:
            known = now
            note(day)
        if (own or wide) and then > mark + DAY:
            search(day, then.toordinal() - 1, None)
        before = known, place, len(heard)
    return found


def stages_of(
    about: dict[Id | None, list[Dated]],
    events: list[tuple[SalesEvent, date]],
    deals: list[Deal],
    places: list[tuple[date, dict[Id, Place]]],
    tracks: dict[str, list[tuple[date, Engaged]]],
    segment: Said,
    tier: Said,
    start: date,
    end: date,
) -> list[tuple[date, Any]]:
    """The stage, by the days on which it may change."""
    signing = {
        product: [(one, day) for one, day in done if POINTS.get(one.kind, 0) > 0]
        for product, done in about.items()
    }
    signs = {day for _, day in events}
    moving: set[date] = set()
    for done in signing.values():
        for one, day in done:
            signs.add(day)
            if one.kind in HANDS:
                moving.add(day + timedelta(days=HAND_DAYS))
    for deal in deals:
        signs.add(day_of(deal.opened_at))
        if deal.closed_at is not None:
            signs.add(day_of(deal.closed_at))
    moving |= signs | {day + timedelta(days=QUIET_DAYS) for day in signs} | {start}
    days = moving | {day for day, _ in places}
    new: dict[date, dict[Id, Engaged]] = {}
    for product, track in tracks.items():
        for day, told in track:
            new.setdefault(day, {})[product] = told
    held = dict(places)
    existing = False
    pursuits: dict[Id | None, Pursued] = {}
    engagement: dict[Id, Engaged] = {}
    found: list[tuple[date, Any]] = []
    for day in sorted(day for day in days | set(new) if start <= day <= end):
        engagement |= new.get(day, {})
        if day in held:
            existing = any(place.owned for place in held[day].values())
        if day in moving:
            pursuits = pursuits_of(
                {
                    product: some
                    for product, done in signing.items()
                    if (some := [pair for pair in done if pair[1] <= day])
                },
                [pair for pair in events if pair[1] <= day],
                [deal for deal in deals if day_of(deal.opened_at) <= day],
                day,
            )
        stage = staged(pursuits, engagement, segment, tier, existing=existing)
        found.append((day, (stage.stage, stage.for_products, stage.existing_customer)))
    return found


# --- the contest --------------------------------------------------------------------------------


def plain(told: mf.Replay) -> Spans:
    """What the library says, in the same form."""

    def spans(given: Iterable[Any]) -> list[tuple[Any, ...]]:
        return [(one.first_day, one.last_day, said_by(one.decision)) for one in given]

    found: Spans = {("segment",): spans(told.segment)}
    found |= {("tier", product): spans(tiers) for product, tiers in told.tiers.items()}
    for lead_id, lead in told.leads.items():
        found |= {("state", lead_id, p): spans(some) for p, some in lead.engagement.items()}
        found |= {("interest", lead_id, p): spans(some) for p, some in lead.interest.items()}
        # A span of ours begins anew with each win, too, of which the loop by hand does not tell.
        found["stage", lead_id] = joined(
            (
                (
                    one.first_day,
                    (said_by(one.decision), one.for_products, one.existing_customer),
                )
                for one in lead.stage
            ),
            lead.stage[-1].last_day,
        )
    return found


def check(engine: mf.Engine, accounts: Sequence[Account]) -> None:
    """Refuse to time what does not give equal answers."""
    for account in accounts:
        ours = plain(mf.replay(account, engine, start=START, end=END))
        by_hand = replay_by_hand(account, START, END)
        for key in ours.keys() | by_hand.keys():
            assert ours.get(key) == by_hand.get(key), (key, ours.get(key), by_hand.get(key))


def seconds(ask: Callable[[Account], object], accounts: Sequence[Account]) -> float:
    """Return how long all accounts take."""
    gc.collect()
    started = time.process_time()
    for account in accounts:
        ask(account)
    return time.process_time() - started


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description="How fast a year is replayed.")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    dice = Random(11)
    accounts = [draw(dice, number) for number in range(options.accounts)]
    engine = mf.Engine(BOOK)
    check(engine, accounts[:CHECKED])
    timed: dict[str, Callable[[Account], object]] = {
        "by hand": lambda account: replay_by_hand(account, START, END),
        "mpfunnel.replay": lambda account: mf.replay(account, engine, start=START, end=END),
    }
    rounds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(options.rounds):
        for name, ask in timed.items():
            rounds[name].append(seconds(ask, accounts))
    base = statistics.median(rounds["by hand"])
    count = options.accounts * ACTIVITIES
    print(f"{options.accounts:,} accounts, {count:,} activities, {(END - START).days + 1} days;")
    print(f"median of {options.rounds} rounds")
    for name, times in rounds.items():
        took = statistics.median(times)
        print(f"  {name:<18} {count / took:10,.0f} activities/s {took / base:6.2f} × by hand")


if __name__ == "__main__":
    main()
