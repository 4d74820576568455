"""A test of the tests: each planted bug in a replay is told by the brute force of every day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.calendars import day_began
from mpfunnel.history import PlaybookTimeline, found, leads, logs, pieces, running
from mpfunnel.history.leads import LeadDays
from mpfunnel.history.spans import Replay
from tests import test_history

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

Plant = Callable[[pytest.MonkeyPatch], None]
EVERY = test_history.test_a_replay_is_what_asking_on_every_day_gives
CAUSES = test_history.test_a_change_has_the_cause_that_its_day_shows
GATE = test_history.test_the_history_is_that_of_a_gate_asked_every_day
NUMBERS = test_history.test_the_numbers_of_a_day_are_those_of_the_model
FADING = test_history.test_penalties_that_fade_raise_a_lead_again_to_the_day
ALONE = test_history.test_days_alone_take_a_lead_on_to_the_day
WINS = test_history.test_a_win_is_in_the_history_on_its_day
WON_BEFORE = test_history.test_what_was_won_on_a_short_day_before_the_replay_is_not_told
UNDATED = test_history.test_facts_without_a_day_are_told
MOST = 120


def _wrapped(patch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]) -> None:
    """Put `wrong` in place of a function, which it gets as its first argument."""
    right = getattr(where, name)
    patch.setattr(where, name, lambda *given, **named: wrong(right, *given, **named))


def _days_of_pursuits_without(patch: pytest.MonkeyPatch, *left_out: str) -> None:
    def wrong(self: LeadDays) -> Any:
        quiet = self.book.playbook.funnel.quiet_days
        signs = {*self.event_days, *leads.days_of_deals(self.log.deals)}
        signs |= {*leads.days_of_deals(self.whole.deals_without_lead)}
        for product_id, lives in self.by_product.items():
            hand_days = self.gauges[product_id].compiled.model.responses
            for life in lives:
                if (hand := hand_days.get(life.record[0].kind)) is not None:
                    signs |= {life.since, life.until}
                    if "hand" not in left_out:
                        yield life.since + hand
        yield from signs
        if "quiet" not in left_out:
            yield from (day + quiet for day in signs)

    patch.setattr(LeadDays, "days_of_pursuits", wrong)


def _hands_never_come_down(patch: pytest.MonkeyPatch) -> None:
    _days_of_pursuits_without(patch, "hand")


def _nothing_goes_quiet(patch: pytest.MonkeyPatch) -> None:
    _days_of_pursuits_without(patch, "quiet")


def _only_the_ends_are_looked_at(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, _: int, last: int, __: Any) -> None:
        self._note(self._cell(last, last), last)

    patch.setattr(leads._Search, "until", wrong)


def _nothing_changes_between_records(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(leads._Search, "until", lambda *_: None)


def _penalties_do_not_fade(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(running.Running, "rises", False)


def _records_count_a_day_late(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        leads, "alive", lambda lives, day: [one for one in lives if one.since < day < one.until]
    )


def _conflicts_are_known_beforehand(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(logs, "_clashes", lambda *_: {})


def _spans_are_not_joined(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        found.Found,
        "add",
        lambda right, self, key, answers, last, *more: right(
            self, key, [one for two in answers for one in (two, two)], last, *more
        ),
    )
    patch.setattr(found.Answer, "__eq__", object.__eq__)


def _playbooks_come_a_day_late(patch: pytest.MonkeyPatch) -> None:
    right = PlaybookTimeline.between

    def wrong(self: PlaybookTimeline, first: date, last: date) -> Any:
        engines = [*right(self, first, last)]
        for place, (start, end, engine) in enumerate(engines):
            late = place > 0 and start < end
            later = place + 1 < len(engines) and engines[place + 1][0] < engines[place + 1][1]
            yield (
                date.fromordinal(start.toordinal() + late),
                date.fromordinal(end.toordinal() + later),
                engine,
            )

    patch.setattr(PlaybookTimeline, "between", wrong)


def _companies_never_change(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pieces, "_changes", lambda company: frozenset())  # noqa: ARG005


def _all_is_undated(patch: pytest.MonkeyPatch) -> None:
    right = pieces.Piece.undated

    def wrong(self: Any, epoch: Any, product_id: Any) -> Any:
        return right(self, evolve(epoch, since=0), product_id)

    patch.setattr(pieces.Piece, "undated", wrong)


def _everything_is_a_record(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        logs.LeadLog,
        "see",
        lambda right, self, day, at, about: [
            right(self, one, at, about) for one in (day - 1, day, day + 1)
        ],
    )


def _records_of_products_are_not_seen(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        logs.LeadLog,
        "see",
        lambda right, self, day, at, about: right(self, day, at, {None} & set(about)),
    )


def _wins_do_not_travel(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        leads,
        "Answer",
        lambda right, *given: right(*given[:5]),
    )


def _wins_of_before_are_told(patch: pytest.MonkeyPatch) -> None:
    right = Replay.stage_history

    def wrong(self: Replay, lead_id: Any) -> Any:
        return right(evolve(self, start=date.min), lead_id)

    patch.setattr(Replay, "stage_history", wrong)


def _stages_begin_at_midnight(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: LeadDays, day: int) -> Any:
        return day_began(date.fromordinal(day), self.book.zone)

    patch.setattr(LeadDays, "instant", wrong)


def _points_fade_a_day_early(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        running,
        "decay_per_mille",
        lambda right, half_life: (*right(half_life)[1:], 0),
    )


@pytest.mark.parametrize(
    ("law", "plant"),
    [
        (ALONE, _hands_never_come_down),
        (ALONE, _nothing_goes_quiet),
        (EVERY, _nothing_goes_quiet),
        (EVERY, _nothing_changes_between_records),
        (EVERY, _only_the_ends_are_looked_at),
        (FADING, _penalties_do_not_fade),
        (EVERY, _records_count_a_day_late),
        (EVERY, _conflicts_are_known_beforehand),
        (EVERY, _spans_are_not_joined),
        (EVERY, _playbooks_come_a_day_late),
        (EVERY, _companies_never_change),
        (UNDATED, _all_is_undated),
        (CAUSES, _everything_is_a_record),
        (CAUSES, _records_of_products_are_not_seen),
        (EVERY, _wins_do_not_travel),
        (WINS, _wins_do_not_travel),
        (WON_BEFORE, _wins_of_before_are_told),
        (WINS, _stages_begin_at_midnight),
        (NUMBERS, _points_fade_a_day_early),
    ],
    ids=lambda one: one.__name__.strip("_"),
)
def test_a_planted_bug_is_told(law: Any, plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replay = brute-force daily evaluation: each of its tests fails where the replay is wrong."""
    drawn = hasattr(law, "hypothesis")
    check: Callable[..., None] = law.hypothesis.inner_test if drawn else law
    plant(monkeypatch)
    pieces.gauge_of.cache_clear()

    def fails(seed: int) -> bool:
        try:
            check(*([Random(seed)] if drawn else []))
        except (AssertionError, KeyError, ValueError):
            return True
        return False

    try:
        assert any(fails(seed) for seed in range(MOST if drawn else 1))
    finally:
        pieces.gauge_of.cache_clear()


def test_a_sound_replay_is_not_accused() -> None:
    """Without a planted bug the same runs find nothing."""
    law: Any
    for law in (EVERY, CAUSES, GATE):
        for seed in range(12):
            law.hypothesis.inner_test(Random(seed))
