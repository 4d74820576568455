"""A test of the tests: each planted bug must be caught by the comparison that guards Law 1."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.rules import compiled, explain, limits
from mpfunnel.rules.conditions import All, AnyOf, Compare, Exists, IsIn, IsMissing
from mpfunnel.rules.explain import Finding
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Scorecard
from tests.policies import compiled_of, disagreements, draw_case, draw_records

# Tests of the tests: they take minutes, and run no line that others do not.
pytestmark = pytest.mark.bulk

CASES = 600
RECORDS = 30


def caught() -> bool:
    """Whether the comparison finds a disagreement within a few thousand answers."""
    random = Random(7)
    for _ in range(CASES):
        case = draw_case(random)
        function = compiled_of(case)
        for _ in range(RECORDS):
            if disagreements(case, function, draw_records(random, case)):
                return True
    return False


Plant = Callable[[pytest.MonkeyPatch], None]


def _at_least_as_more(patch: pytest.MonkeyPatch) -> None:
    true_of = explain.holds

    def holds(leaf: Any, value: Any) -> bool:
        wrong = isinstance(leaf, Compare) and leaf.op == ">="
        return true_of(evolve(leaf, op=">") if wrong else leaf, value)

    patch.setattr(explain, "holds", holds)
    patch.setattr(compiled, "holds", holds)


def _zero_as_missing(patch: pytest.MonkeyPatch) -> None:
    read = Fact.read

    def wrong(fact: Fact, record: Any) -> Any:
        value = read(fact, record)
        return value or (None if fact.open else value)

    patch.setattr(Fact, "read", wrong)


def _not_unknown_is_true(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(explain, "_opposite", lambda reading: not reading)


def _all_of_nothing_is_false(patch: pytest.MonkeyPatch) -> None:
    _empty_is(patch, All, truth=False)


def _any_of_nothing_is_true(patch: pytest.MonkeyPatch) -> None:
    _empty_is(patch, AnyOf, truth=True)


def _empty_is(patch: pytest.MonkeyPatch, kind: type[Any], *, truth: bool) -> None:
    joined = explain._joined

    def wrong(condition: Any, parts: list[Finding], decisive: bool) -> Finding:
        if isinstance(condition, kind) and not parts:
            return Finding(condition, truth, truth)
        return joined(condition, parts, decisive)

    patch.setattr(explain, "_joined", wrong)


def _leaf_on_missing(
    patch: pytest.MonkeyPatch, kinds: Any, *, now: bool | None, later: bool | None
) -> None:
    leaf = explain._leaf

    def wrong(condition: Any, records: Any) -> Finding:
        found = leaf(condition, records)
        if found.later is None and found.saw is None and isinstance(condition, kinds):
            return found._replace(now=now, later=later)
        return found

    patch.setattr(explain, "_leaf", wrong)


def _is_in_true_on_missing(patch: pytest.MonkeyPatch) -> None:
    _leaf_on_missing(patch, IsIn, now=True, later=True)


def _missing_is_false(patch: pytest.MonkeyPatch) -> None:
    _leaf_on_missing(patch, Compare, now=False, later=False)


def _is_missing_later_too(patch: pytest.MonkeyPatch) -> None:
    _leaf_on_missing(patch, IsMissing, now=True, later=True)


def _cut_on_the_wrong_side(patch: pytest.MonkeyPatch) -> None:
    cuts = compiled._cuts
    patch.setattr(
        compiled,
        "_cuts",
        lambda fact, leaves: [(value, not after) for value, after in cuts(fact, leaves)],
    )


def _level_ignores_possible(patch: pytest.MonkeyPatch) -> None:
    leaf = explain._leaf

    def wrong(condition: Any, records: Any) -> Finding:
        found = leaf(condition, records)
        return found._replace(later=found.now) if condition.fact.kind == "level" else found

    patch.setattr(explain, "_leaf", wrong)


def _level_class_ignores_possible(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        compiled,
        "_class_of_decision",
        lambda leaves, decision: tuple(explain.holds(one, decision.value.key) for one in leaves),
    )


def _exists_skips_unknown_rows(patch: pytest.MonkeyPatch) -> None:
    joined = explain._joined

    def wrong(condition: Any, parts: list[Finding], decisive: bool) -> Finding:
        if isinstance(condition, Exists):
            parts = [part for part in parts if part.later is not None]
        return joined(condition, parts, decisive)

    patch.setattr(explain, "_joined", wrong)


def _missing_text_as_no_match(patch: pytest.MonkeyPatch) -> None:
    class_of = compiled._class_of_value
    patch.setattr(
        compiled,
        "_class_of_value",
        lambda fact, leaves, value: 0 if value is None else class_of(fact, leaves, value),
    )


def _interval_without_its_end(patch: pytest.MonkeyPatch) -> None:
    between = Scorecard.between
    patch.setattr(
        Scorecard, "between", lambda card, low, high: between(card, low, max(low, high - 1))
    )


def _limits(patch: pytest.MonkeyPatch, readings_of: Callable[[list[Any]], list[Any]]) -> None:
    limited = limits.limited
    patch.setattr(
        explain,
        "limited",
        lambda decision, bounds, readings, outcomes: limited(
            decision, bounds, readings_of(readings), outcomes
        ),
    )


def _limits_later_as_now(patch: pytest.MonkeyPatch) -> None:
    _limits(patch, lambda readings: [one._replace(later=one.now) for one in readings])


def _limits_now_as_later(patch: pytest.MonkeyPatch) -> None:
    _limits(patch, lambda readings: [one._replace(now=one.later) for one in readings])


def _limits_unknown_as_no(patch: pytest.MonkeyPatch) -> None:
    _limits(patch, lambda readings: [one._replace(later=bool(one.later)) for one in readings])


def _limits_backwards(patch: pytest.MonkeyPatch) -> None:
    limited = limits.limited
    patch.setattr(
        explain,
        "limited",
        lambda decision, bounds, readings, outcomes: limited(
            decision, bounds[::-1], readings[::-1], outcomes
        ),
    )


PLANTS: list[Plant] = [
    _at_least_as_more,
    _zero_as_missing,
    _not_unknown_is_true,
    _all_of_nothing_is_false,
    _any_of_nothing_is_true,
    _is_in_true_on_missing,
    _missing_is_false,
    _is_missing_later_too,
    _cut_on_the_wrong_side,
    _level_ignores_possible,
    _level_class_ignores_possible,
    _exists_skips_unknown_rows,
    _missing_text_as_no_match,
    _interval_without_its_end,
    _limits_later_as_now,
    _limits_now_as_later,
    _limits_unknown_as_no,
    _limits_backwards,
]


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: Engines agree, or the comparison says so: it finds every planted bug."""
    plant(monkeypatch)
    assert caught()


def test_sound_engines_are_not_accused() -> None:
    """Without a planted bug the same comparison finds nothing."""
    assert not caught()
