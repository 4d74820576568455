"""How fast a tally takes one more activity and tells the score, beside a fold written by hand.

    pip install -e .
    python -m benchmarks.tally
    python -m benchmarks.tally --most 1000 --rounds 1

A lead has a past of 10 to 100,000 activities towards one product, always over the same 90 days. One
more activity comes, and the score is asked for, with its parts, as a CRM does after a click; ten
such activities in a row, then again from the same past. The same with the state and its reason in
place of the score alone (`Engine.engagement_by`; both read the account for Tier, deals and what
sales said). Besides, the score is asked for as of another day than the
last time, where everything has to be added up anew.

The hand-written fold is a dict of what each id did and a dict of counts, changed in place. It keeps
the same contract: an id counts once, what contradicts itself counts from both sides as nothing from
the day on which that is known, what is older than a stated day is late, and what happens after the
day asked about does not count. It knows the starter's numbers and nothing else. Its answers are
compared with those of the tally after every activity of a log with all of these faults before
anything is timed. It keeps no sums from one time to the next, and only the latest state.

All of it runs in one process and interleaved. A figure is the median of the rounds. What is
measured is the time of the processor, which other work on the machine disturbs less than the clock.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any

import mpfunnel as mf
from benchmarks.account import (
    BOOK,
    DECAY,
    HANDS,
    MILLION,
    MODEL,
    NOWHERE,
    PAGE_VIEW_CAP,
    POINTS,
    PRODUCTS,
    Engaged,
    Part,
    Points,
    Recent,
    places_of,
    plain_engaged,
    plain_score,
    segment_of,
    sorted_out,
    standing,
    tier_of,
)
from mpfunnel.engagement import Tally
from mpfunnel.records import Id

PASTS = (10, 100, 1_000, 10_000, 100_000)
ROUNDS = 9
BATCHES = 20
STEPS = 10
SPAN_DAYS = 90
AS_OF = date(2026, 6, 30)
ENGINE = mf.Engine(BOOK)
COMPANY = mf.Company(1, name="Nagimine Works", employees=2_400)
PRODUCT = BOOK.products[0].id
ACCOUNT = mf.Account(COMPANY, leads=[mf.Lead(1, company_id=1)])

Said = tuple[int, str, date, bool]

# --- the fold written by hand -------------------------------------------------------------------


class Fold:
    """What a lead did, in dicts that change."""

    def __init__(self, since: date | None = None) -> None:
        self.since = since
        self.told: dict[int, tuple[date, str, bool]] = {}
        self.torn: dict[int, list[tuple[date, str, bool]]] = {}
        self.counts: dict[tuple[date, str, bool], int] = {}

    def record(self, one: int, kind: str, day: date, wide: bool) -> str:
        if self.since is not None and day < self.since:
            return "late"
        told = (day, kind, wide)
        known = self.told.get(one)
        if known is None:
            self.told[one] = told
            self.counts[told] = self.counts.get(told, 0) + 1
            return "new"
        if one in self.torn:
            if told in self.torn[one]:
                return "known"
            self.torn[one].append(told)
            return "conflict"
        if told == known:
            return "known"
        self.torn[one] = [known, told]
        self.counts[known] -= 1
        if not self.counts[known]:
            del self.counts[known]
        return "conflict"

    def score(self, as_of: date) -> Points:
        return self.score_and_recent(as_of)[0]

    def state(self, account: mf.Account, lead_id: int, product_id: Id, as_of: date) -> Engaged:
        given = sorted_out(account, as_of)
        company = account.company
        assert isinstance(company, mf.Company)
        assert lead_id in given.leads
        assert product_id in PRODUCTS
        score, recent = self.score_and_recent(as_of)
        touched = any(not wide and day <= as_of for day, _, wide in self.counts)
        touched = touched or any(not one[2] for one in self.alone(as_of))
        return standing(
            score,
            recent,
            [one for one, _ in given.events[lead_id] if one.product_id in (None, product_id)],
            touched=touched,
            segment=segment_of(company),
            tier=tier_of(company),
            place=places_of(given.deals, given.contracts, as_of).get(product_id, NOWHERE),
        )

    def score_and_recent(self, as_of: date) -> tuple[Points, Recent]:
        sums: dict[str, list[int]] = {}
        active: set[int] = set()
        points_365 = points_730 = 0
        active_90 = asked_30 = False
        counts: Any = self.counts.items()
        if self.torn:
            counts = [*counts, *((told, 1) for told in self.alone(as_of))]
        for (day, kind, wide), times in counts:
            age = (as_of - day).days
            if age < 0 or kind not in POINTS:
                continue
            milli = POINTS[kind] * (250 if wide else 1_000) * times
            micro = 0
            if age < len(DECAY):
                micro = milli * DECAY[age]
                if micro > 0:
                    active.add(age)
            if age < 730:
                points_730 += milli * 1_000
                if age < 365:
                    points_365 += milli * 1_000
                    active_90 = active_90 or (age < 90 and milli > 0)
                    asked_30 = asked_30 or (age < 30 and not wide and kind in HANDS)
            if kind in sums:
                known = sums[kind]
                known[0] += times
                known[1] += micro
            else:
                sums[kind] = [times, micro]
        total = 0
        parts: list[Part] = []
        for kind in POINTS:
            if kind in sums:
                times, micro = sums[kind]
                over = 0
                if kind == "page_view" and micro > PAGE_VIEW_CAP * MILLION:
                    over = micro - PAGE_VIEW_CAP * MILLION
                    micro = PAGE_VIEW_CAP * MILLION
                parts.append(Part(kind, times, micro, over))
                total += micro
        score = Points(total, tuple(parts), len(active), min(active) if active else None)
        return score, Recent(points_365, points_730, active_90, asked_30)

    def alone(self, as_of: date) -> Iterator[tuple[date, str, bool]]:
        """Of each id that contradicts itself, what is the only version as of a day."""
        for versions in self.torn.values():
            past = [told for told in versions if told[0] <= as_of]
            if len(past) == 1:
                yield past[0]


# --- the contest --------------------------------------------------------------------------------


def draw(dice: Random, many: int, *, faulty: bool = False) -> list[Said]:
    """Activities of the last 90 days, of five kinds; a sixth of them names no product.

    If `faulty`, some come twice, late, from the future, or contradict each other.
    """
    kinds = ("webinar_attended", "pricing_page", "email_click", "page_view", "careers_page")
    days = range(-5, SPAN_DAYS + 5) if faulty else range(SPAN_DAYS)
    return [
        (
            dice.randrange(many) if faulty else 7_000_000_000 + 13 * number,
            kinds[number % len(kinds)],
            AS_OF - timedelta(dice.choice(days)),
            number % 6 == 0,
        )
        for number in range(many)
    ]


def state_by(tally: Tally, as_of: date) -> mf.Engagement:
    """The state by a tally."""
    return ENGINE.engagement_by(tally, ACCOUNT, 1, PRODUCT, as_of=as_of)


def check(log: list[Said]) -> None:
    """Refuse to time what does not give equal answers."""
    since = AS_OF - timedelta(SPAN_DAYS)
    fold, tally = Fold(since), Tally(kept_since=since)
    for number, (one, kind, day, wide) in enumerate(log):
        tally, outcome = tally.record(one, kind, day, company_wide=wide)
        assert outcome == fold.record(one, kind, day, wide)
        as_of = AS_OF - timedelta(number % 7 // 3)
        assert plain_score(tally.at(MODEL, as_of)) == fold.score(as_of)
        assert plain_engaged(state_by(tally, as_of)) == fold.state(ACCOUNT, 1, PRODUCT, as_of)


class Timed:
    """A past, as a tally and as a fold, and how long each of them takes.

    Args:
        many: How many activities the past has.
    """

    def __init__(self, many: int) -> None:
        dice = Random(many)
        self.fold, self.tally = Fold(), Tally()
        for one, kind, day, wide in draw(dice, many):
            self.fold.record(one, kind, day, wide)
            self.tally = self.tally.record(one, kind, day, company_wide=wide).tally
        self.tally.at(MODEL, AS_OF)
        self.new = [(-1 - one, kind, day, wide) for one, kind, day, wide in draw(dice, STEPS)]

    def score_by_hand(self) -> float:
        """Return how long the fold takes for an activity and the score."""
        return self._by_hand(self.fold.score)

    def state_by_hand(self) -> float:
        """Return how long the fold takes for an activity and the state."""
        return self._by_hand(lambda day: self.fold.state(ACCOUNT, 1, PRODUCT, day))

    def _by_hand(self, ask: Callable[[date], object]) -> float:
        spent = 0.0
        fold = self.fold
        for _ in range(BATCHES):
            started = time.process_time()
            for one, kind, day, wide in self.new:
                fold.record(one, kind, day, wide)
                ask(AS_OF)
            spent += time.process_time() - started
            for one, kind, day, wide in self.new:
                del fold.told[one]
                fold.counts[day, kind, wide] -= 1
                if not fold.counts[day, kind, wide]:
                    del fold.counts[day, kind, wide]
        return spent / BATCHES / STEPS

    def score(self) -> float:
        """Return how long the tally takes for an activity and the score."""
        return self._by_tally(lambda tally: tally.at(MODEL, AS_OF))

    def state(self) -> float:
        """Return how long the tally and the engine take for an activity and the state."""
        return self._by_tally(lambda tally: state_by(tally, AS_OF))

    def _by_tally(self, ask: Callable[[Tally], object]) -> float:
        ask(self.tally)
        started = time.process_time()
        for _ in range(BATCHES):
            tally = self.tally
            for one, kind, day, wide in self.new:
                tally = tally.record(one, kind, day, company_wide=wide).tally
                ask(tally)
        return (time.process_time() - started) / BATCHES / STEPS

    def other_day_by_hand(self) -> float:
        """Return how long the fold takes for the score as of another day."""
        return self._other_day(self.fold.score)

    def other_day(self) -> float:
        """Return how long the tally takes for the same."""
        return self._other_day(lambda day: self.tally.at(MODEL, day))

    def _other_day(self, ask: Callable[[date], object]) -> float:
        days = [AS_OF + timedelta(day) for day in range(1, BATCHES + 1)]
        started = time.process_time()
        for day in days:
            ask(day)
        spent = time.process_time() - started
        self.tally.at(MODEL, AS_OF)  # as it was
        return spent / len(days)


def memory(make: Callable[[], object]) -> int:
    """Return how many bytes more there are with what is made."""
    make()  # what is loaded on first use is no part of it
    gc.collect()
    tracemalloc.start()
    made = make()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del made
    return held


def folded(log: list[Said]) -> Fold:
    """The fold of a log."""
    fold = Fold()
    for one, kind, day, wide in log:
        fold.record(one, kind, day, wide)
    return fold


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description="Time tallies.")
    parser.add_argument(
        "--most", type=int, default=PASTS[-1], help="activities of the longest past"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    check(draw(Random(3), 2_000, faulty=True))
    pasts = {many: Timed(many) for many in PASTS if many <= asked.most}
    rounds: dict[tuple[int, str], list[float]] = {}
    for _ in range(asked.rounds):
        for many, timed in pasts.items():
            for name in ("score", "state", "other_day"):
                for way in (name, f"{name}_by_hand"):
                    gc.collect()
                    rounds.setdefault((many, way), []).append(getattr(timed, way)())
    median = {key: statistics.median(times) for key, times in rounds.items()}
    for name, said in (
        ("score", "one more activity, then the score"),
        ("state", "one more activity, then the state with its reason"),
        ("other_day", "the score as of another day than the last time"),
    ):
        print(f"{said}: beside the fold; beside a past of {PASTS[0]}; median of {asked.rounds}")
        for many in pasts:
            took = median[many, name]
            print(
                f"  {many:>7,} activities"
                f"{took / median[many, f'{name}_by_hand']:8.2f} x by hand"
                f"{took / median[PASTS[0], name]:8.2f} x of {PASTS[0]}{took * 1e6:9.1f} µs"
            )
    print("bytes per tally: stored, in memory, and the fold in memory")
    for many, timed in pasts.items():
        stored, log = timed.tally.to_bytes(), draw(Random(many), many)
        print(
            f"  {many:>7,} activities {len(stored):>11,}"
            f"{memory(partial(Tally.from_bytes, stored)):>13,}"
            f"{memory(partial(folded, log)):>13,}"
        )


if __name__ == "__main__":
    main()
