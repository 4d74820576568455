"""A test of the tests: each planted bug in the life of a lead is caught by the naive model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.stages import StageHistory, Transition, funnel, graph, history, moves
from tests.lifecycle import disagreement

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

Plant = Callable[[pytest.MonkeyPatch], None]
RUNS = range(300)


def _wrapped(patch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]) -> None:
    """Put `wrong` in place of a function, which it gets as its first argument."""
    right = getattr(where, name)
    patch.setattr(where, name, lambda *given, **named: wrong(right, *given, **named))


def _codes_let_pass(patch: pytest.MonkeyPatch, code: str, *causes: str) -> None:
    def wrong(right: Any, graph: Any, last_at: Any, move: Any, *given: Any) -> Any:
        found = right(graph, last_at, move, *given)
        blind = not causes or move.cause in causes
        return [one for one in found if not (blind and one.code == code)]

    _wrapped(patch, moves, "_refusals", wrong)


def _the_past_can_be_changed(patch: pytest.MonkeyPatch) -> None:
    _codes_let_pass(patch, "order")


def _recycled_without_reason(patch: pytest.MonkeyPatch) -> None:
    _codes_let_pass(patch, "missing")


def _an_import_needs_no_reason(patch: pytest.MonkeyPatch) -> None:
    _codes_let_pass(patch, "missing", "import")


def _an_api_goes_anywhere(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, gate: Any, move: Any) -> Any:
        graph = gate.graph
        if move.cause == "api":
            gate.graph = evolve(graph, stated=None, final=frozenset())
        right(gate, move)
        gate.graph = graph

    _wrapped(patch, moves._Gate, "pass_on", wrong)


def _nothing_is_imputed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_passed_over", lambda *_: [])


def _imputed_though_been_there(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch, moves, "_passed_over", lambda right, graph, kind, to, _: right(graph, kind, to, 0)
    )


def _imputed_stages_are_not_marked(patch: pytest.MonkeyPatch) -> None:
    _wrapped(patch, moves, "Entry", lambda right, *given: right(*given[:10], False, *given[11:]))


def _only_the_last_stage_can_be_an_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_has_ended", lambda graph, entry, **_: entry.stage in graph.ends)


def _an_end_cannot_be_taken_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        moves, "_has_ended", lambda graph, entry, *, ended: ended or entry.stage in graph.ends
    )


def _every_re_entry_is_a_new_pursuit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_has_ended", lambda *_, **__: True)


def _pursuits_never_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_has_ended", lambda *_, **__: False)


def _a_customer_wins_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves._Gate, "returns", lambda *_: False)


def _final_is_not_final(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, *given: Any) -> Any:
        return right(evolve(self, final=frozenset()), *given)

    _wrapped(patch, graph.Graph, "between", wrong)


def _two_rungs_are_one_step(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, *given: Any) -> Any:
        return tuple("forward" if kind == "skip" else kind for kind in right(*given))

    _wrapped(patch, graph.Graph, "kinds", wrong)


def _going_back_is_no_move(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, *given: Any) -> Transition | None:
        found = right(*given)
        return None if found is not None and found.kind == "back" else found

    _wrapped(patch, graph.Graph, "between", wrong)


def _merged_where_it_was_last(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(funnel.Funnel, "_rank", lambda _, entry: entry.entered)


def _merged_at_the_later_of_two(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, entry: Any) -> Any:
        return right(self, entry), entry.entered

    _wrapped(patch, funnel.Funnel, "_rank", wrong)


def _an_ended_pursuit_goes_before_an_open_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(funnel, "ENDED", 1)


def _merged_entries_stay_open(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, one: Any, other: Any, ranked: Any, at: Any) -> Any:
        merged = right(one, other, ranked, at)
        gone = {(e.of_lead, e.number) for e in (*one.entries, *other.entries) if e.left is None}
        return evolve(
            merged,
            entries=[
                evolve(e, left=e.entered)
                if e.left is not None and (e.of_lead, e.number) in gone
                else e
                for e in merged.entries
            ],
        )

    _wrapped(patch, funnel, "joined", wrong)


def _order_within_an_instant_is_lost(patch: pytest.MonkeyPatch) -> None:
    for module in (history, moves):
        patch.setattr(module, "in_time", lambda entry: (entry.entered, entry.of_lead, entry.stage))


def _time_in_both_leads_counts_twice(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: StageHistory, stage: Any, *, as_of: Any) -> Any:
        own = {entry.of_lead for entry in self.entries}
        if len(own) < 2:
            return right(self, stage, as_of=as_of)
        ends = [(one.entered, one.left or as_of) for one in self.entries if one.stage == stage]
        return sum((end - start for start, end in ends), right(self, "", as_of=as_of))

    _wrapped(patch, StageHistory, "time_in", wrong)


def _imputed_times_do_not_count(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, self: Any, stage: Any, n: int) -> Any:
        found = right(self, stage, n)
        return None if found is not None and found.imputed else found

    _wrapped(patch, StageHistory, "nth", wrong)


def _proposing(**changed: Any) -> Plant:
    def plant(patch: pytest.MonkeyPatch) -> None:
        _wrapped(
            patch,
            funnel,
            "proposed",
            lambda right, *given, **named: right(*given, **{**named, **changed}),
        )

    return plant


def _a_person_is_overruled(patch: pytest.MonkeyPatch) -> None:
    _proposing(overrules_people=True)(patch)


def _a_person_cannot_be_overruled(patch: pytest.MonkeyPatch) -> None:
    _proposing(overrules_people=False)(patch)


def _a_person_decides_for_ever(patch: pytest.MonkeyPatch) -> None:
    def wrong(
        right: Any, graph: Any, history: Any, said: Any, at: Any, *facts: Any, **how: Any
    ) -> Any:
        held = right(graph, history, said, at, None, None, **how)
        return held if held.held_by == "person" else right(graph, history, said, at, *facts, **how)

    _wrapped(patch, funnel, "proposed", wrong)


def _time_does_not_say_so(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_ruled", lambda *_: False)


def _everything_is_time(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_ruled", lambda *_: True)


def _old_facts_do_not_weigh(patch: pytest.MonkeyPatch) -> None:
    def wrong(
        right: Any, graph: Any, history: Any, said: Any, at: Any, new: Any, _: Any, **how: Any
    ) -> Any:
        return right(graph, history, said, at, new, None, **how)

    _wrapped(patch, funnel, "proposed", wrong)


def _open_pursuits_hide_wins(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_new_wins", lambda *_: [])


def _wins_of_before_are_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "A_DAY", timedelta(days=1_000))


def _every_win_is_a_new_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moves, "_tells", lambda *_: False)


def _a_win_is_known_by_its_stage(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        moves,
        "_tells",
        lambda entry, win: entry.stage == win.stage.key and entry.entered >= win.since,
    )


def _a_second_win_is_none(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        moves._Gate,
        "returns",
        lambda right, gate, move: right(gate, evolve(move, won=False)),
    )


def _what_goes_on_is_imputed_again(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, gate: Any, *given: Any) -> int:
        right(gate, *given)
        return 0

    _wrapped(patch, moves._Gate, "_begin", wrong)


def _skips_impute_what_was_been_through(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, graph: Any, kind: str, to: str, reached: int) -> Any:
        return right(graph, kind, to, 0 if kind == "skip" else reached)

    _wrapped(patch, moves, "_passed_over", wrong)


def _a_newer_decision_is_lost_in_a_merge(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(history, "_goes_on", lambda running, ranked: max(running, key=ranked))


def _an_older_decision_wins_a_merge(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        history,
        "_goes_on",
        lambda running, ranked: max(running, key=lambda one: (one.cause == "person", ranked(one))),
    )


def _only_direct_moves_are_proposed(patch: pytest.MonkeyPatch) -> None:
    def wrong(right: Any, *given: Any) -> Any:
        found = right(*given)
        return found if len(found) == 1 else ()

    _wrapped(patch, graph.Graph, "way", wrong)


def _proposed_without_a_reason(patch: pytest.MonkeyPatch) -> None:
    _wrapped(
        patch,
        moves,
        "Move",
        lambda right, *given, **named: right(*given, **{**named, "reason": None}),
    )


PLANTS: list[Plant] = [
    _the_past_can_be_changed,
    _recycled_without_reason,
    _an_import_needs_no_reason,
    _an_api_goes_anywhere,
    _nothing_is_imputed,
    _imputed_though_been_there,
    _imputed_stages_are_not_marked,
    _only_the_last_stage_can_be_an_end,
    _an_end_cannot_be_taken_back,
    _every_re_entry_is_a_new_pursuit,
    _pursuits_never_end,
    _a_customer_wins_again,
    _final_is_not_final,
    _two_rungs_are_one_step,
    _going_back_is_no_move,
    _merged_where_it_was_last,
    _merged_at_the_later_of_two,
    _an_ended_pursuit_goes_before_an_open_one,
    _merged_entries_stay_open,
    _order_within_an_instant_is_lost,
    _time_in_both_leads_counts_twice,
    _imputed_times_do_not_count,
    _a_person_is_overruled,
    _a_person_cannot_be_overruled,
    _a_person_decides_for_ever,
    _time_does_not_say_so,
    _everything_is_time,
    _old_facts_do_not_weigh,
    _open_pursuits_hide_wins,
    _wins_of_before_are_told,
    _every_win_is_a_new_one,
    _a_win_is_known_by_its_stage,
    _a_second_win_is_none,
    _what_goes_on_is_imputed_again,
    _skips_impute_what_was_been_through,
    _a_newer_decision_is_lost_in_a_merge,
    _an_older_decision_wins_a_merge,
    _only_direct_moves_are_proposed,
    _proposed_without_a_reason,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 10: A move is a move. Where the gate lets it be otherwise, the naive model says so."""
    plant(monkeypatch)
    assert disagreement(RUNS)


def test_a_sound_gate_is_not_accused() -> None:
    """Without a planted bug the same runs find nothing."""
    assert disagreement(RUNS) is None
