"""How often the measures of the flow hold the truth, in a pipeline whose truth is known.

    pip install -e .
    python -m benchmarks.pipeline
    python -m benchmarks.pipeline --runs 2000 --seed 7

Leads enter a step over 240 days, ever more of them. Each goes on, is lost or is disqualified on
some day after; the chances of each day are given, so that it is known which share goes on within
60 days. All is observed as of the last day, on which most of those that came of late are still
there. Asked is the share that goes on within 60 days:

- by the naive count: how many went on so far, of those that entered so far; in whatever time, or in
  time;
- by Kaplan and Meier, as if the lost had only been lost from sight;
- by the matured share: of those that entered 60 days ago or earlier, how many went on in time;
- by the incidence of Aalen and Johansen, which takes in who entered later, too;
- the same where the CRM came on day 180, with those alone that had not left until then; and
- the same of these as if they had been watched from their beginning.

Each draw gives an interval of 95 %. Told is how many of them hold the truth, how far the estimate
is from it on average, and how wide the interval is.
"""

from __future__ import annotations

import argparse
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import accumulate
from random import Random
from statistics import fmean
from typing import Final, NamedTuple

from mpfunnel.flow.measures import share
from mpfunnel.flow.survival import Estimate, Spell, aalen_johansen, kaplan_meier

DAYS: Final = 240
"""From the first entry to the day asked about."""
WINDOW: Final = 60
"""Within so many days, that day included."""
CAME: Final = 180
"""The day on which the CRM of the two last ways came."""
ENTRIES: Final = 500
CAUSES: Final = ("onward", "lost", "disqualified")
LAST: Final = 400
"""Whoever is still there then stays."""


def chances(day: int) -> tuple[float, float, float]:
    """The chances of a day in the step: to go on, after some days; to be lost; to be out."""
    return (
        0.0 if day < 5 else 0.012 if day < 40 else 0.006,
        0.004 if day < 30 else 0.009,
        0.03 if day < 3 else 0.001,
    )


Exit = tuple[int, str]


@cache
def law() -> tuple[list[Exit], list[float]]:
    """Each exit that there is, by day and cause, and the share that comes to it or one before."""
    exits: list[Exit] = []
    parts: list[float] = []
    there = 1.0
    for day in range(LAST):
        of_day = chances(day)
        exits += [(day, cause) for cause in CAUSES]
        parts += [there * one for one in of_day]
        there *= 1 - sum(of_day)
    return exits, list(accumulate(parts))


def truth() -> float:
    """The share that goes on within the window."""
    total, there = 0.0, 1.0
    for day in range(WINDOW + 1):
        of_day = chances(day)
        total += there * of_day[0]
        there *= 1 - sum(of_day)
    return total


class Lead(NamedTuple):
    """One lead, as nobody sees it: also what has not happened yet."""

    entered: int
    left: int | None
    cause: str | None


def draw(dice: Random, number: int = ENTRIES) -> list[Lead]:
    """Leads that entered on some day; twice as many towards the end as on average."""
    exits, shares = law()
    found: list[Lead] = []
    for _ in range(number):
        entered = int((DAYS + 1) * dice.random() ** 0.5)
        place = bisect_right(shares, dice.random())
        if place == len(exits):
            found.append(Lead(entered, None, None))
        else:
            after, cause = exits[place]
            found.append(Lead(entered, entered + after, cause))
    return found


def spell(lead: Lead, came: int = 0) -> Spell:
    """What is known of a lead on the last day, by those that watch since `came`."""
    since = max(0, came - lead.entered)
    if lead.left is None or lead.left > DAYS:
        return made(DAYS - lead.entered, None, since)
    return made(lead.left - lead.entered, lead.cause, since)


made = cache(Spell)
"""Many leads have equal spells."""


# --- the ways to tell it ------------------------------------------------------------------------

Told = tuple[float, tuple[float, float]]


def in_time(lead: Lead) -> bool:
    """Whether it is known to have gone on within the window."""
    known = spell(lead)
    return known.cause == "onward" and known.time <= WINDOW


def plain(hits: int, of: int) -> Told:
    found = share(hits, of, "leads")
    assert isinstance(found.value, float)
    assert found.interval is not None
    return found.value, found.interval


def of(estimate: Estimate | None) -> Told:
    assert estimate is not None
    assert estimate.interval is not None
    return estimate.value, estimate.interval


def naive(leads: list[Lead]) -> Told:
    return plain(sum(spell(one).cause == "onward" for one in leads), len(leads))


def naive_in_time(leads: list[Lead]) -> Told:
    return plain(sum(map(in_time, leads)), len(leads))


def lost_from_sight(leads: list[Lead]) -> Told:
    seen = (spell(one) for one in leads)
    left = of(
        kaplan_meier(
            one if one.cause == "onward" else made(one.time, None, one.watched_from) for one in seen
        ).on(WINDOW)
    )
    return 1 - left[0], (1 - left[1][1], 1 - left[1][0])


def matured(leads: list[Lead]) -> Told:
    ripe = [one for one in leads if DAYS - one.entered >= WINDOW]
    return plain(sum(map(in_time, ripe)), len(ripe))


def incidence(leads: list[Lead]) -> Told:
    return of(onward(spell(one) for one in leads))


def still_there(leads: list[Lead]) -> list[Lead]:
    """Those that a CRM knows which came on a day: who had left before is not in it."""
    return [one for one in leads if one.left is None or one.left >= CAME]


def incidence_watched_late(leads: list[Lead]) -> Told:
    return of(onward(spell(one, CAME) for one in still_there(leads)))


def incidence_of_the_left(leads: list[Lead]) -> Told:
    return of(onward(spell(one) for one in still_there(leads)))


def onward(spells: Iterator[Spell]) -> Estimate | None:
    return aalen_johansen(spells, CAUSES).by_cause["onward"].on(WINDOW)


WAYS: Final[Mapping[str, Callable[[list[Lead]], Told]]] = {
    "naive: went on / entered": naive,
    "naive: went on in time / entered": naive_in_time,
    "Kaplan-Meier, others lost from sight": lost_from_sight,
    "matured share": matured,
    "Aalen-Johansen": incidence,
    "Aalen-Johansen, watched late": incidence_watched_late,
    "the same, late entry ignored": incidence_of_the_left,
}
"""What each way is called, and how it tells the share that goes on within the window."""


class Score(NamedTuple):
    """How a way did in all draws."""

    held: float
    """The share of the intervals that hold the truth."""
    off: float
    """How far the estimate is from it on average."""
    width: float
    """How wide the interval is on average."""


def scores(runs: int, seed: int) -> dict[str, Score]:
    """How each way did in so many draws; the same for the same seed."""
    told: dict[str, list[Told]] = {way: [] for way in WAYS}
    for run in range(runs):
        leads = draw(Random(seed + run))
        for way, tell in WAYS.items():
            told[way].append(tell(leads))
    true = truth()
    return {
        way: Score(
            fmean(low <= true <= high for _, (low, high) in found),
            fmean(value for value, _ in found) - true,
            fmean(high - low for _, (low, high) in found),
        )
        for way, found in told.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the measures of the flow are right.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    print(f"{chosen.runs} draws of {ENTRIES} leads; within {WINDOW} days {truth():.1%} go on\n")
    print(f"{'way':38}{'truth held':>12}{'off by':>10}{'width':>8}")
    for way, score in scores(chosen.runs, chosen.seed).items():
        print(f"{way:38}{score.held:>12.1%}{score.off:>+10.1%}{score.width:>8.1%}")


if __name__ == "__main__":
    main()
