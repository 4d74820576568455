"""How fast a tally takes one more activity and tells the score, beside a fold written by hand.

    pip install -e .
    python benchmarks/tally.py

A lead has a past of 10 to 100,000 activities towards one product, always over the same 90 days. One
more activity comes, and the score is asked for, with its parts, as a CRM does after a click; ten
such activities in a row, then again from the same past. Besides, the score is asked for as of
another day than the last time, where everything has to be added up anew.

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

import gc
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from random import Random
from typing import Any, NamedTuple

import mpfunnel as mf
from mpfunnel.engagement import Score, Tally

PASTS = (10, 100, 1_000, 10_000, 100_000)
ROUNDS = 9
BATCHES = 20
STEPS = 10
SPAN_DAYS = 90
AS_OF = date(2026, 6, 30)
MODEL = mf.starter(["crm"]).engagement["crm"]

Said = tuple[int, str, date, bool]

# --- the fold written by hand -------------------------------------------------------------------

POINTS = {
    "inquiry": 30,
    "quotation_request": 30,
    "demo_request": 30,
    "webinar_attended": 15,
    "seminar_attended": 15,
    "pricing_page": 10,
    "asset_downloaded": 8,
    "business_card": 5,
    "email_click": 3,
    "page_view": 1,
    "careers_page": -20,
}
PAGE_VIEW_CAP = 10_000_000
# After 120 days 62.5 are left: `round` takes the even number, as the contract has it.
DECAY = [round(1_000 * 2 ** (-age / 30)) for age in range(330)]


class Part(NamedTuple):
    """What one kind of activity adds."""

    kind: str
    times: int
    micro: int
    over_cap: int


class Points(NamedTuple):
    """A score."""

    micro: int
    parts: tuple[Part, ...]
    active_days: int
    days_since_active: int | None


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
        sums: dict[str, list[int]] = {}
        active: set[int] = set()
        counts: Any = self.counts.items()
        if self.torn:
            counts = [*counts, *((told, 1) for told in self.alone(as_of))]
        for (day, kind, wide), times in counts:
            age = (as_of - day).days
            if age < 0 or kind not in POINTS:
                continue
            micro = 0
            if age < 330:
                micro = POINTS[kind] * (250 if wide else 1_000) * DECAY[age] * times
                if micro > 0:
                    active.add(age)
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
                if kind == "page_view" and micro > PAGE_VIEW_CAP:
                    over = micro - PAGE_VIEW_CAP
                    micro = PAGE_VIEW_CAP
                parts.append(Part(kind, times, micro, over))
                total += micro
        return Points(total, tuple(parts), len(active), min(active) if active else None)

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


def plain(score: Score) -> Points:
    """A score as the fold gives it."""
    parts = tuple(Part(one.kind, one.times, one.micro, one.over_cap) for one in score.parts)
    return Points(score.micro, parts, score.active_days, score.days_since_active)


def check(log: list[Said]) -> None:
    """Refuse to time what does not give equal answers."""
    since = AS_OF - timedelta(SPAN_DAYS)
    fold, tally = Fold(since), Tally(kept_since=since)
    for number, (one, kind, day, wide) in enumerate(log):
        tally, outcome = tally.record(one, kind, day, company_wide=wide)
        assert outcome == fold.record(one, kind, day, wide)
        as_of = AS_OF - timedelta(number % 7 // 3)
        assert plain(tally.at(MODEL, as_of)) == fold.score(as_of)


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

    def one_more_by_hand(self) -> float:
        """Return how long the fold takes for an activity and the score."""
        spent = 0.0
        fold = self.fold
        for _ in range(BATCHES):
            started = time.process_time()
            for one, kind, day, wide in self.new:
                fold.record(one, kind, day, wide)
                fold.score(AS_OF)
            spent += time.process_time() - started
            for one, kind, day, wide in self.new:
                del fold.told[one]
                fold.counts[day, kind, wide] -= 1
                if not fold.counts[day, kind, wide]:
                    del fold.counts[day, kind, wide]
        return spent / BATCHES / STEPS

    def one_more(self) -> float:
        """Return how long the tally takes for the same."""
        started = time.process_time()
        for _ in range(BATCHES):
            tally = self.tally
            for one, kind, day, wide in self.new:
                tally = tally.record(one, kind, day, company_wide=wide).tally
                tally.at(MODEL, AS_OF)
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
    check(draw(Random(3), 2_000, faulty=True))
    print("one more activity and the score, beside the fold; beside a past of 10;")
    print(f"and the score as of another day, beside the fold; median of {ROUNDS} rounds")
    pasts = {many: Timed(many) for many in PASTS}
    rounds: dict[tuple[int, str], list[float]] = {}
    for _ in range(ROUNDS):
        for many, timed in pasts.items():
            for name in ("one_more", "one_more_by_hand", "other_day", "other_day_by_hand"):
                gc.collect()
                rounds.setdefault((many, name), []).append(getattr(timed, name)())
    median = {key: statistics.median(times) for key, times in rounds.items()}
    for many in PASTS:
        print(
            f"  {many:>7,} activities"
            f"{median[many, 'one_more'] / median[many, 'one_more_by_hand']:8.2f} x by hand"
            f"{median[many, 'one_more'] / median[PASTS[0], 'one_more']:8.2f} x of {PASTS[0]}"
            f"{median[many, 'other_day'] / median[many, 'other_day_by_hand']:8.2f} x by hand"
            f"{median[many, 'one_more'] * 1e6:8.1f} µs"
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
