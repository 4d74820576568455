"""A test of the tests: what breaks between tally, engine and gate is caught by the machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from mpfunnel import case
from mpfunnel.case import Case
from mpfunnel.engagement import Tally
from mpfunnel.stages import Funnel, StageHistory, history, moves, pursuits
from tests.lives import disagreement

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

Plant = Callable[[pytest.MonkeyPatch], None]
RUNS = range(120)


def _merged_tallies_forget_the_other(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tally, "merge", lambda self, other: self)  # noqa: ARG005


def _activities_told_twice_count_twice(patch: pytest.MonkeyPatch) -> None:
    right = Tally.record

    def wrong(self: Tally, activity_id: Any, *told: Any, **named: Any) -> Any:
        known = right(self, activity_id, *told, **named)
        if known.outcome != "known":
            return known
        again = right(self, f"again {activity_id}", *told, **named)
        return again._replace(outcome="known")

    patch.setattr(Tally, "record", wrong)


def _forgetting_is_put_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tally, "forget_before", lambda self, day: self)  # noqa: ARG005


def _open_pursuits_hide_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Case, "_wins", lambda *_: iter(()))


def _wins_are_those_that_are_shown(patch: pytest.MonkeyPatch) -> None:
    right = pursuits.pursue

    def wrong(*given: Any, **named: Any) -> Any:
        found = right(*given, **named)
        if not found.won:
            found.won_on = None
        return found

    patch.setattr(case, "pursue", wrong)


def _within_a_day_order_is_by_name(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(pursuits, "_in_time", lambda sign: (sign.day, sign.what, sign.about))


def _merged_where_it_was_last(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Funnel, "_rank", lambda _, entry: entry.entered)


def _a_newer_decision_is_lost_in_a_merge(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history, "_goes_on", lambda running, ranked: max(running, key=ranked))


def _a_merge_doubles_what_is_open(patch: pytest.MonkeyPatch) -> None:
    right = history.joined

    def wrong(*given: Any) -> StageHistory:
        merged = right(*given)
        entries = [evolve(entry, imputed=False) for entry in merged.entries]
        return StageHistory(merged.lead_id, entries)

    patch.setattr("mpfunnel.stages.funnel.joined", wrong)


def _recycled_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    right = moves._refusals
    patch.setattr(
        moves,
        "_refusals",
        lambda *given: (one for one in right(*given) if one.code != "missing"),
    )


def _people_are_overruled(patch: pytest.MonkeyPatch) -> None:
    right = moves.proposed
    patch.setattr(
        "mpfunnel.stages.funnel.proposed",
        lambda *given, **named: right(*given, **{**named, "overrules_people": True}),
    )


PLANTS: list[Plant] = [
    _merged_tallies_forget_the_other,
    _activities_told_twice_count_twice,
    _forgetting_is_put_off,
    _open_pursuits_hide_wins,
    _wins_are_those_that_are_shown,
    _within_a_day_order_is_by_name,
    _merged_where_it_was_last,
    _a_newer_decision_is_lost_in_a_merge,
    _a_merge_doubles_what_is_open,
    _recycled_without_a_reason,
    _people_are_overruled,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Laws 4, 5 and 10: where tally, engine or gate are otherwise, the models say so."""
    plant(monkeypatch)
    assert disagreement(RUNS)
