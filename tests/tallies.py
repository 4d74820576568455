"""A second model of a tally, written apart: a list of all that it was ever told, and one day.

It forgets nothing and looks everything up again each time it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from mpfunnel.engagement import EngagementModel, Outcome, Score, Tally, measures_of
from mpfunnel.engine import Engine
from mpfunnel.records import Activity, Id
from tests.leads import BOOKS, book_of, engine_of
from tests.oracle_leads import Measures, Touched, score_of

__all__ = ["AS_OF", "ZONE", "Naive", "Said", "activity_of", "draw_day", "draw_engine", "draw_said"]

AS_OF = date(2026, 6, 30)
ZONE = "Asia/Tokyo"
# Around each length that the playbooks of `tests.leads` know, and as far as dates go.
AGES = (0, 1, 2, 3, 6, 7, 8, 29, 30, 31, 45, 60, 89, 90, 91, 120, 200, -1, -2, -30)
KINDS = ("page_view", "webinar_attended", "inquiry", "pricing_page", "careers_page", "unheard of")
IDS: tuple[Id, ...] = (1, 2, 3, "1", "二", 10**12)


class Said(NamedTuple):
    """One activity, as a tally is told of it."""

    id: Id
    kind: str
    day: date
    company_wide: bool

    def told(self, tally: Tally) -> tuple[Tally, Outcome]:
        """The tally that has heard it, and what became of it."""
        return tally.record(self.id, self.kind, self.day, company_wide=self.company_wide)


class Naive:
    """What a tally should be."""

    def __init__(self, said: Iterable[Said] = (), since: date | None = None) -> None:
        self.said = list(said)
        self.since = since

    def hear(self, one: Said) -> Outcome:
        """Hear one more, and say what became of it."""
        kept = self.kept
        self.said.append(one)
        if self.since is not None and one.day < self.since:
            return "late"
        if one in kept:
            return "known"
        return "conflict" if one.id in [other.id for other in kept] else "new"

    def with_forgotten(self, day: date) -> Naive:
        """The same, without what is before the day."""
        return Naive(self.said, day if self.since is None else max(day, self.since))

    def with_other(self, other: Naive) -> Naive:
        """What either was told, since the later day."""
        since = [one.since for one in (self, other) if one.since is not None]
        return Naive(self.said + other.said, max(since, default=None))

    @property
    def kept(self) -> list[Said]:
        """What is not forgotten, each once."""
        return [
            one
            for place, one in enumerate(self.said)
            if one not in self.said[:place] and (self.since is None or one.day >= self.since)
        ]

    def counting(self, as_of: date) -> list[Touched]:
        """What counts on a day."""
        past = [one for one in self.kept if one.day <= as_of]
        ids = [one.id for one in past]
        return [
            Touched(one.kind, (as_of - one.day).days, one.company_wide)
            for one in past
            if ids.count(one.id) == 1
        ]

    def differences(self, tally: Tally, model: EngagementModel, as_of: date) -> list[str]:
        """What a tally says otherwise."""
        touches = self.counting(as_of)
        kept = {one.id for one in self.kept}
        wanted: dict[str, Any] = {
            "kept_since": self.since,
            "score": plain(score_of(model, touches, as_of)),
            "touched": any(not touch.whole_firm for touch in touches),
            "counts": sorted((one.kind, one.age, one.whole_firm) for one in touches),
            "conflicts": {one for one in kept if [other.id for other in self.kept].count(one) > 1},
        }
        found: dict[str, Any] = {
            "kept_since": tally.kept_since,
            "score": plain(tally.at(model, as_of)),
            "touched": tally.touched(as_of),
            "counts": sorted(
                (kind, age, wide)
                for kind, age, wide, times in tally.counts(as_of)
                for _ in range(times)
            ),
            "conflicts": tally.conflicts,
        }
        asked = measures_of((*model.interest.conditions, *model.states.conditions))
        measures = Measures(model, touches)
        wanted |= {one.key: measures[one.key] for one in asked}
        found |= tally.measures(model, asked, as_of)
        return [
            f"{name}: {found[name]} is not {wanted[name]}"
            for name in wanted
            if found[name] != wanted[name]
        ]


def plain(score: Any) -> tuple[Any, ...]:
    """A score of either model as one tuple."""
    parts = score.parts
    if isinstance(score, Score):
        parts = [
            (
                one.of,
                one.kind,
                one.times,
                one.micro,
                one.capped,
                one.micro + one.over_cap,
                one.cooled,
            )
            for one in score.parts
        ]
    return score.micro, list(parts), score.active_days, score.days_since_active


def draw_engine(random: Random) -> tuple[Engine, Id, EngagementModel]:
    """An engine in Tokyo or elsewhere, a product of it, and the model of the product."""
    number = random.randrange(BOOKS)
    product_id = random.choice([one.id for one in book_of(number).products])
    return engine_of(number), product_id, book_of(number).engagement[product_id]


def draw_day(random: Random) -> date:
    """A day at a critical age."""
    if random.randrange(40) == 0:
        return random.choice((date(9999, 12, 31), date(9999, 12, 1), date(1, 1, 1)))
    return AS_OF - timedelta(random.choice(AGES))


def draw_said(random: Random, most: int = 10) -> list[Said]:
    """What a tally is told: some of it twice, some of it in contradiction."""
    days = [draw_day(random) for _ in range(4)]
    said = [
        Said(
            random.choice(IDS) if random.random() < 0.4 else number + 100,
            random.choice(KINDS),
            random.choice(days),
            random.random() < 0.3,
        )
        for number in range(random.randrange(most + 1))
    ]
    return said + random.choices(said, k=random.randrange(3)) if said else said


def activity_of(one: Said, product_id: Id, lead_id: Id = "lead") -> Activity:
    """The record of an activity, in which equal ones are equal."""
    # In Tokyo the next day has begun by then.
    at = datetime(one.day.year, one.day.month, one.day.day, 15, 30, tzinfo=UTC)
    return Activity(one.id, lead_id, one.kind, at, () if one.company_wide else (product_id,))
