"""A test of the tests: each bug that is planted in the tally is caught by a law about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import Any

import pytest

from mpfunnel.engagement import EngagementModel, growing, statements, tally, waiting
from mpfunnel.engagement.tally import Tally
from tests import test_growing, test_tally
from tests.test_leads_planted import Plant, _wrapped

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

SPLIT = test_tally.test_any_split_order_or_repetition_equals_the_tally_made_in_bulk
MERGED = test_tally.test_merging_is_commutative_associative_and_idempotent
WHEN = test_tally.test_it_does_not_matter_when_it_was_made_to_forget
SECOND = test_tally.test_a_tally_equals_the_second_model
ENGINE = test_tally.test_a_tally_says_what_the_engine_says_of_the_same_activities
FUTURE = test_tally.test_later_activities_do_not_change_an_earlier_day
FADES = test_tally.test_nothing_new_no_more_interest
WAITING = test_tally.test_the_next_change_is_that_of_asking_the_engine_every_day
STORED = test_tally.TestStorage.test_bytes_give_the_same_tally_again


def _told_twice_counts_twice(patch: pytest.MonkeyPatch) -> None:
    fresh = count()

    def wrong(right: Any, self: Tally, activity_id: Any, told: Any) -> Any:
        known = self._log.get(activity_id) == told
        return right(self, f"again-{next(fresh)}" if known else activity_id, told)

    _wrapped(patch, Tally, "_record", wrong)


def _first_of_a_conflict_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tally, "_share", lambda told: (next(iter(told)), tally.NEVER))


def _earliest_of_a_conflict_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tally, "_share", lambda told: (min(told), tally.NEVER))


def _conflict_known_before_its_day(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, tally, "_share", lambda right, told: right(told) if len({*told}) == 1 else None)


def _conflict_ends_a_day_late(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, told: Any) -> Any:
        found = right(told)
        return found and (found[0], min(found[1] + 1, tally.NEVER))

    _wrapped(patch, tally, "_share", wrong)


def _third_version_unheard(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tally, "_others", lambda log, activity_id: iter(()))  # noqa: ARG005


def _future_counts(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, as_of: date) -> Any:
        later = right(self, date.max)
        late = (date.max - as_of).days
        return [(kind, max(0, age - late), wide, times) for kind, age, wide, times in later]

    _wrapped(patch, Tally, "counts", wrong)


def _future_earns(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "_worths",
        lambda right, self, model, kinds, today: [
            (kind, max(0, age - 30), milli, times)
            for kind, age, milli, times in right(self, model, kinds, today + 30)
        ],
    )


def _newest_activity_moves_the_watermark(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, activity_id: Any, told: Any) -> Any:
        found, outcome = right(self, activity_id, told)
        newest = date.fromordinal(max(told.day - 100, 1))
        return tally.Recorded(found.forget_before(newest), outcome)

    _wrapped(patch, Tally, "_record", wrong)


def _late_ones_are_taken(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, activity_id: Any, told: Any) -> Any:
        found = right(self, activity_id, told)
        if found.outcome != "late":
            return found
        statements = [*self._statements(), (activity_id, told)]
        built = tally._built(None, statements)
        return tally.Recorded(tally._tally(self.kept_since, built._log, built._cells), "late")

    _wrapped(patch, Tally, "_record", wrong)


def _watermark_a_day_late(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        tally,
        "_built",
        lambda right, since, told: right(
            since, ((i, t) for i, t in told if since is None or t.day != since.toordinal())
        ),
    )


def _forgetting_takes_both_of_a_conflict(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, day: date) -> Tally:
        found: Tally = right(self, day)
        torn = self.conflicts
        kept = [(i, told) for i, told in found._statements() if i not in torn]
        return tally._built(found.kept_since, kept)

    _wrapped(patch, Tally, "forget_before", wrong)


def _merged_since_the_earlier_day(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, other: Tally) -> Tally:
        found: Tally = right(self, other)
        days = [one.kept_since for one in (self, other)]
        since = None if None in days else min(day for day in days if day is not None)
        return tally._tally(since, found._log, found._cells)

    _wrapped(patch, Tally, "merge", wrong)


def _merged_without_conflicts(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, other: Tally) -> Tally:
        known = {one for one, _ in self._statements()}
        news = [(one, told) for one, told in other._statements() if one not in known]
        return right(self, tally._built(other.kept_since, news))  # type: ignore[no-any-return]

    _wrapped(patch, Tally, "merge", wrong)


def _all_is_about_the_product(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "_worths",
        lambda right, self, model, *more: [
            (kind, age, model.points[kind] * 1_000 * times, times)
            for kind, age, milli, times in right(self, model, *more)
        ],
    )


def _other_products_too(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tally, "_is_about", lambda activity, product_id: True)  # noqa: ARG005


def _days_of_utc(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tally, "local_day", lambda at, zone: at.date())  # noqa: ARG005


def _many_of_a_day_count_once(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "_worths",
        lambda right, self, model, *more: [
            (kind, age, milli // times, 1) for kind, age, milli, times in right(self, model, *more)
        ],
    )


def _age_a_day_more(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "counts",
        lambda right, self, as_of: [
            (kind, age + 1, wide, times) for kind, age, wide, times in right(self, as_of)
        ],
    )


def _interest_grows(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "_worths",
        lambda right, self, model, *more: [
            (kind, max(0, 40 - age), milli, times)
            for kind, age, milli, times in right(self, model, *more)
        ],
    )


def _nothing_added_to_what_was_read(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EngagementModel, "with_one", lambda self, sums, *one, **named: sums)  # noqa: ARG005


def _read_for_another_day_or_model(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, model: EngagementModel, as_of: date) -> Any:
        if self._read is not None:
            read = self._read._replace(model=model, today=as_of.toordinal())
            object.__setattr__(self, "_read", read)
        return right(self, model, as_of)

    _wrapped(patch, Tally, "at", wrong)


def _read_before_the_conflict(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, activity_id: Any, told: Any) -> Any:
        found = right(self, activity_id, told)
        if found.outcome == "conflict":
            object.__setattr__(found.tally, "_read", self._read)
        return found

    _wrapped(patch, Tally, "_record", wrong)


def _later_days_added_to_what_was_read(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, activity_id: Any, told: Any) -> Any:
        found = right(self, activity_id, told)
        if self._read is not None and told.day > self._read.today and found.outcome == "new":
            sums = self._read.model.with_one(
                self._read.sums, told.kind, 0, company_wide=told.company_wide
            )
            object.__setattr__(found.tally, "_read", self._read._replace(sums=sums))
        return found

    _wrapped(patch, Tally, "_record", wrong)


def _reach_not_stored(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        tally,
        "written",
        lambda right, since, told: right(
            since, [(i, one._replace(company_wide=False)) for i, one in told]
        ),
    )


def _stored_in_the_order_of_recording(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(statements, "_order", lambda activity_id: 0)  # noqa: ARG005


def _watermark_not_stored(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, tally, "written", lambda right, since, told: right(None, told))  # noqa: ARG005


def _waits_for_fading_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waiting, "measures_of", lambda conditions: ())  # noqa: ARG005


def _waits_for_measures_alone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waiting._Fading, "first_other", lambda *_: None)


def _waits_for_no_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(waiting._Fading, "end_after", lambda *_: [])


def _waits_for_gains_alone(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, waiting._Fading, "_cell", lambda right, self, day, _: right(self, day, day))


def _waits_without_bounds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        waiting,
        "_place",
        lambda cuts, number: sum(cut <= number for cut in cuts) // 2,
    )


def _waits_a_day_too_long(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "days_of_change",
        lambda right, self, ages, after: right(self, ages, after + timedelta(1)),
    )


def _waits_for_no_arrival(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        Tally,
        "days_of_change",
        lambda right, self, ages, after: right(self, [age for age in ages if age], after),
    )


def _waits_for_no_conflict(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Tally, ages: Any, after: date) -> Any:
        cells = {(kind, wide, tally.NEVER): days for (kind, wide, _), days in self._cells.items()}
        return right(tally._tally(self.kept_since, self._log, cells), ages, after)

    _wrapped(patch, Tally, "days_of_change", wrong)


def _newest_of_a_line_overwritten(patch: pytest.MonkeyPatch) -> None:
    class Always(list[bool]):
        def pop(self, *_: Any) -> bool:
            return True

    right = growing._laid

    def wrong(entries: Any, below: Any) -> Any:
        line, size, _ = right(entries, below)
        return line, size, Always([True])

    patch.setattr(growing, "_laid", wrong)


def _later_entries_seen(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, key: Any) -> Any:
        for line, _, _ in growing._from_top(self._top):
            if key in line.places:
                return line.values[line.places[key]]
        return None

    patch.setattr(growing.GrowingMap, "get", wrong)


def _layers_below_lost(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, growing, "_laid", lambda right, entries, below: right(entries, None))  # noqa: ARG005


def growing_is_sound(random: Random) -> None:
    """A law of the map that the tally stands on."""
    assert test_growing.is_sound(test_growing.drawn(random))


@pytest.mark.parametrize(
    ("law", "plant"),
    [
        (SPLIT, _first_of_a_conflict_wins),
        (SPLIT, _told_twice_counts_twice),
        (SPLIT, _newest_activity_moves_the_watermark),
        (SPLIT, _late_ones_are_taken),
        (SPLIT, _forgetting_takes_both_of_a_conflict),
        (SPLIT, _merged_without_conflicts),
        (SPLIT, _stored_in_the_order_of_recording),
        (SPLIT, _third_version_unheard),
        (MERGED, _merged_since_the_earlier_day),
        (MERGED, _merged_without_conflicts),
        (MERGED, _forgetting_takes_both_of_a_conflict),
        (WHEN, _late_ones_are_taken),
        (WHEN, _watermark_a_day_late),
        (WHEN, _forgetting_takes_both_of_a_conflict),
        (SECOND, _earliest_of_a_conflict_wins),
        (SECOND, _conflict_ends_a_day_late),
        (SECOND, _third_version_unheard),
        (SECOND, _age_a_day_more),
        (SECOND, _nothing_added_to_what_was_read),
        (SECOND, _read_for_another_day_or_model),
        (SECOND, _read_before_the_conflict),
        (SECOND, _later_days_added_to_what_was_read),
        (ENGINE, _conflict_known_before_its_day),
        (ENGINE, _all_is_about_the_product),
        (ENGINE, _other_products_too),
        (ENGINE, _days_of_utc),
        (ENGINE, _many_of_a_day_count_once),
        (FUTURE, _future_counts),
        (FUTURE, _future_earns),
        (FUTURE, _conflict_known_before_its_day),
        (FADES, _interest_grows),
        (STORED, _reach_not_stored),
        (STORED, _watermark_not_stored),
        (WAITING, _waits_for_fading_alone),
        (WAITING, _waits_for_measures_alone),
        (WAITING, _waits_for_no_end),
        (WAITING, _waits_for_gains_alone),
        (WAITING, _waits_without_bounds),
        (WAITING, _waits_a_day_too_long),
        (WAITING, _waits_for_no_arrival),
        (WAITING, _waits_for_no_conflict),
        (growing_is_sound, _newest_of_a_line_overwritten),
        (growing_is_sound, _later_entries_seen),
        (growing_is_sound, _layers_below_lost),
    ],
    ids=lambda one: one.__name__.strip("_"),
)
def test_a_planted_bug_breaks_a_law(
    law: Any, plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laws 3 to 8 on tallies: each of their tests fails where the tally breaks the law."""
    check: Callable[..., None] = law.hypothesis.inner_test if hasattr(law, "hypothesis") else law
    given = (None,) if law is STORED else ()
    plant(monkeypatch)

    def fails(seed: int) -> bool:
        try:
            check(*given, Random(seed))
        except (AssertionError, ValueError):
            return True
        return False

    assert any(fails(seed) for seed in range(400))
