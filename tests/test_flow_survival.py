"""How long a step takes and where it leads: the curves of Kaplan and Meier, Aalen and Johansen."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise
from random import Random
from time import process_time
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.survival import (
    Curve,
    Estimate,
    Spell,
    aalen_johansen,
    kaplan_meier,
)
from tests.flow_cases import FLOW_CASES

CAUSES = ("won", "lost", "disqualified")
TIMES = range(7)


@st.composite
def spells(draw: st.DrawFn, *, late: bool = True) -> list[Spell]:
    """Spells of few days, so that many fall on the same one; watched late, too, if `late`."""
    found: list[Spell] = []
    for _ in range(draw(st.integers(1, 12))):
        time = draw(st.sampled_from(TIMES))
        cause = draw(st.sampled_from((None, *CAUSES)))
        since = draw(st.integers(0, time)) if late and draw(st.booleans()) else 0
        found.append(Spell(time, cause, since, draw(st.sampled_from((1, 1, 1, 2, 5)))))
    return found


# -- the oracle --


def share_by_definition(
    day: int, hazards: dict[tuple[int, str], Fraction], cause: str | None
) -> Fraction:
    """Walk day by day: who is still there leaves by each cause as its hazard says."""
    there, gone = Fraction(1), Fraction(0)
    for time in range(day + 1):
        out = {one: hazards.get((time, one), Fraction(0)) for one in CAUSES}
        gone += there * out.get(cause or "", Fraction(0))
        there *= 1 - sum(out.values(), Fraction(0))
    return there if cause is None else gone


def hazards_of(given: Iterable[Spell]) -> dict[tuple[int, str], Fraction]:
    """Of those watched on a day, the part that left by a cause: each unit looked at by itself."""
    units = [one for spell in given for one in [spell] * spell.count]
    found: dict[tuple[int, str], Fraction] = {}
    for time in TIMES:
        watched = [one for one in units if one.watched_from <= time <= one.time]
        for cause in CAUSES:
            left = [one for one in watched if one.time == time and one.cause == cause]
            if left:
                found[time, cause] = Fraction(len(left), len(watched))
    return found


def variance_by_definition(given: Sequence[Spell], day: int, cause: str | None) -> Fraction:
    """The delta method: how the share answers to each day's hazards, which are drawn together.

    The share is linear in the hazards of each single day, so that a step of any size is exact.
    """
    hazards = hazards_of(given)
    units = [one for spell in given for one in [spell] * spell.count]
    base = share_by_definition(day, hazards, cause)
    total = Fraction(0)
    for time in range(day + 1):
        at_risk = sum(one.watched_from <= time <= one.time for one in units)
        if not at_risk:
            continue
        drawn = [hazards.get((time, one), Fraction(0)) for one in CAUSES]
        slopes = [
            share_by_definition(day, hazards | {(time, one): drawn[place] + 1}, cause) - base
            for place, one in enumerate(CAUSES)
        ]
        mean = sum(slope * part for slope, part in zip(slopes, drawn, strict=True))
        square = sum(slope**2 * part for slope, part in zip(slopes, drawn, strict=True))
        total += Fraction(square - mean**2) / at_risk
    return total


def redistributed(given: Sequence[Spell]) -> dict[tuple[int, str], Fraction]:
    """Efron (1967): who is lost from sight leaves its weight to all that are seen for longer."""
    units = [one for spell in given for one in [spell] * spell.count]
    # Exits come before endings of the watch.
    units.sort(key=lambda one: (one.time, one.cause is None))
    weights = [Fraction(1, len(units))] * len(units)
    gone: dict[tuple[int, str], Fraction] = {}
    for place, one in enumerate(units):
        if one.cause is not None:
            at = one.time, one.cause
            gone[at] = gone.get(at, Fraction(0)) + weights[place]
        elif rest := len(units) - place - 1:
            for later in range(place + 1, len(units)):
                weights[later] += weights[place] / rest
    return gone


def told(curve: Curve, day: int) -> Estimate:
    """What a curve says of a day that it tells of."""
    found = curve.on(day)
    assert found is not None
    return found


def days_told(curve: Curve) -> range:
    """The days of the tests that a curve tells of."""
    return range(len(TIMES) if curve.until is None else curve.until + 1)


@given(spells())
def test_the_shares_are_those_of_the_definition(given: list[Spell]) -> None:
    """Day by day and unit by unit in fractions, with ties, late entries and endings of the watch.

    No digit differs: each share is the float next to the true ratio.
    """
    found = aalen_johansen(given, CAUSES)
    hazards = hazards_of(given)
    for day in days_told(found.stay):
        assert told(found.stay, day).value == float(share_by_definition(day, hazards, None))
        for cause, curve in found.by_cause.items():
            exact = share_by_definition(day, hazards, cause)
            assert told(curve, day).value == float(exact)


@given(spells(late=False))
def test_the_shares_are_those_of_redistribution_to_the_right(given: list[Spell]) -> None:
    """Efron's algorithm knows nothing of hazards, and comes to the same incidences."""
    gone = redistributed(given)
    for cause, curve in aalen_johansen(given, CAUSES).by_cause.items():
        for day in days_told(curve):
            exact = sum(w for (time, by), w in gone.items() if time <= day and by == cause)
            assert told(curve, day).value == float(exact)


@given(spells())
def test_the_variance_is_that_of_the_delta_method(given: list[Spell]) -> None:
    """Of each share, from what it answers to each day's hazards, in fractions."""
    found = aalen_johansen(given, CAUSES)
    for day in days_told(found.stay):
        for cause, curve in [(None, found.stay), *found.by_cause.items()]:
            exact = float(variance_by_definition(given, day, cause))
            assert told(curve, day).variance == pytest.approx(exact, rel=1e-9, abs=1e-16)


# -- worked cases --


@pytest.mark.parametrize("case", FLOW_CASES["kaplan_meier"], ids=lambda case: case["name"])
def test_the_worked_cases(case: dict[str, Any]) -> None:
    """Published values of 6-MP against leukaemia, and of units watched late.

    The entry time of a textbook lies before the first day at risk.
    """
    entries = case.get("entry", [-1] * len(case["time"]))
    rows = zip(case["time"], case["event"], entries, strict=True)
    curve = kaplan_meier(
        Spell(time, "relapse" if event else None, entry + 1) for time, event, entry in rows
    )
    seen = {str(one.time): round(one.estimate.value, 3) for one in curve.steps}
    assert seen == case["survival_at_events"]
    assert curve.median == case.get("median", 3)


def test_ties_by_hand() -> None:
    """Ten units; on day 2 two are won, one lost and one last seen; on day 5 the last are won.

    Day 2: 10 at risk, so 2/10 and 1/10. Day 3: 6 at risk, of whom one was only watched from then
    on. Of 0.7 that were left, 1/6 are lost. Day 5: all 3 at risk are won.
    """
    found = aalen_johansen(
        [
            Spell(2, "won", count=2),
            Spell(2, "lost"),
            Spell(2),
            Spell(3, "lost"),
            Spell(3, count=2),
            Spell(5, "won", count=2),
            Spell(5, "won", watched_from=1),
        ],
        ["won", "lost"],
    )
    assert [(one.time, one.at_risk, one.exits) for one in found.stay.steps] == [
        (2, 10, 3),
        (3, 6, 1),
        (5, 3, 3),
    ]
    won, lost = found.by_cause["won"], found.by_cause["lost"]
    assert [one.estimate.value for one in won.steps] == pytest.approx([0.2, 0.2 + 0.7 * 5 / 6])
    assert [one.estimate.value for one in lost.steps] == pytest.approx([0.1, 0.1 + 0.7 / 6])
    assert [(one.time, one.exits) for one in lost.steps] == [(2, 1), (3, 1)]
    assert (won.median, lost.median, found.stay.median) == (5, None, 5)
    # 0.2 · 0.8 / 10 and 0.1 · 0.9 / 10: nobody was out of sight before.
    assert told(won, 2).variance == pytest.approx(0.016)
    assert told(lost, 4).variance == pytest.approx(float(variance_of_lost()))
    assert found.stay.until is None
    assert told(found.stay, 99) == Estimate(0.0, 0.0, None)


def variance_of_lost() -> Fraction:
    """Of 1/10 + 7/10 · 1/6: by both days' draws, the second weighed with the share still there.

    A unit lost on day 2 adds 1 − 1/6, one won takes 1/6 off.
    """
    lost, won = Fraction(1, 10), Fraction(2, 10)
    mean = lost * Fraction(5, 6) - won * Fraction(1, 6)
    first = (lost * Fraction(25, 36) + won * Fraction(1, 36) - mean**2) / 10
    return first + Fraction(7, 10) ** 2 * Fraction(1, 6) * Fraction(5, 6) / 6


@given(spells(late=False))
def test_the_curve_is_scipys(given: list[Spell]) -> None:
    """Share, variance and interval of those still there are SciPy's."""
    units = [one for spell in given for one in [spell] * spell.count]
    sample = stats.CensoredData(
        uncensored=[one.time for one in units if one.cause],
        right=[one.time for one in units if not one.cause],
    )
    theirs: Any = stats.ecdf(sample).sf
    with warnings.catch_warnings():
        # Of shares of 0 and 1 it tells no interval, either, and warns.
        warnings.simplefilter("ignore", RuntimeWarning)
        interval = theirs.confidence_interval(method="log-log")
    low, high = interval.low, interval.high
    curve = kaplan_meier(given)
    for day in days_told(curve):
        ours = told(curve, day)
        assert ours.value == pytest.approx(theirs.evaluate(day), rel=1e-12, abs=1e-15)
        if ours.interval is None:
            assert ours.value in (0, 1)
        else:
            bounds = float(low.evaluate(day)), float(high.evaluate(day))
            assert ours.interval == pytest.approx(bounds, rel=1e-9)


# -- laws --


@given(spells())
def test_what_left_and_what_stays_add_up_to_1(given: list[Spell]) -> None:
    """On every day, to the last digit that a float of 1 has; and no share ever goes back."""
    found = aalen_johansen(given, CAUSES)
    for day in days_told(found.stay):
        curves = [found.stay, *found.by_cause.values()]
        assert abs(math.fsum(told(one, day).value for one in curves) - 1) <= 2**-52
    for curve, rises in [(found.stay, -1), *((one, 1) for one in found.by_cause.values())]:
        values = [curve.start, *(one.estimate.value for one in curve.steps)]
        assert all((later - earlier) * rises >= 0 for earlier, later in pairwise(values))


@given(spells(), st.randoms(use_true_random=False))
def test_the_order_of_the_spells_does_not_matter(given: list[Spell], dice: Random) -> None:
    """Law 4: permuted, and counted one by one or together, they give the same digits."""
    units = [evolve(spell, count=1) for spell in given for _ in range(spell.count)]
    dice.shuffle(units)
    assert aalen_johansen(units, CAUSES) == aalen_johansen(given, CAUSES)
    assert kaplan_meier(units) == kaplan_meier(given)
    # The order of the causes is the order of the answer, and nothing else.
    turned = aalen_johansen(given, CAUSES[::-1])
    assert tuple(turned.by_cause) == CAUSES[::-1]
    assert turned == aalen_johansen(given, CAUSES)


@given(spells(), st.integers(1, 1_000))
def test_days_are_counted_from_anywhere(given: list[Spell], by: int) -> None:
    """Later by some days altogether, the curves are the same, later by those days."""
    shifted = [evolve(one, time=one.time + by, watched_from=one.watched_from + by) for one in given]
    curve, later = kaplan_meier(given), kaplan_meier(shifted)
    assert [evolve(one, time=one.time + by) for one in curve.steps] == list(later.steps)
    assert told(later, by - 1) == Estimate(1.0, 0.0, None)
    if curve.median is not None:
        assert later.median == curve.median + by


@given(spells(late=False), st.sampled_from(TIMES))
def test_who_is_still_there_raises_no_share_before_it_was_last_seen(
    given: list[Spell], time: int
) -> None:
    """One more that was watched until some day and stayed: up to then fewer have left."""
    before = aalen_johansen(given, CAUSES)
    after = aalen_johansen([*given, Spell(time)], CAUSES)
    for day in range(min(time, days_told(before.stay)[-1]) + 1):
        assert told(after.stay, day).value >= told(before.stay, day).value
        for cause in CAUSES:
            less, more = told(after.by_cause[cause], day), told(before.by_cause[cause], day)
            assert less.value <= more.value
    for cause in CAUSES:
        exits = [(one.time, one.exits) for one in before.by_cause[cause].steps]
        assert [(one.time, one.exits) for one in after.by_cause[cause].steps] == exits


@given(spells())
def test_one_cause_is_what_kaplan_and_meier_leave(given: list[Spell]) -> None:
    """Without competing exits the incidence is 1 less the share still there, interval and all."""
    one_cause = [evolve(one, cause=one.cause and "won") for one in given]
    curve = kaplan_meier(given)
    found = aalen_johansen(one_cause, ["won"])
    assert found.stay == curve
    won = found.by_cause["won"]
    assert won.median == curve.median
    for day in days_told(curve):
        gone, stay = told(won, day), told(curve, day)
        assert gone.value == pytest.approx(1 - stay.value, abs=1e-15)
        assert gone.variance == pytest.approx(stay.variance, rel=1e-9, abs=1e-16)
        assert (gone.interval is None) == (stay.interval is None)
        if gone.interval and stay.interval:
            low, high = stay.interval
            assert gone.interval == pytest.approx((1 - high, 1 - low), rel=1e-9)


@given(spells())
def test_kaplan_and_meier_ask_for_no_cause(given: list[Spell]) -> None:
    """Whatever leads off, the share that is left is the same; a cause more takes nothing."""
    assert kaplan_meier(given) == aalen_johansen(given, CAUSES).stay
    unheard = aalen_johansen(given, (*CAUSES, "recycled")).by_cause["recycled"]
    assert unheard == Curve((), 0.0, kaplan_meier(given).until, None)


@given(spells(late=False), st.sampled_from(CAUSES))
def test_watched_to_the_end_it_is_a_plain_share(given: list[Spell], cause: str) -> None:
    """Where everybody left, the incidence is hits / n, and its variance that of a share of n."""
    whole = [evolve(one, cause=one.cause or "won") for one in given]
    units = sum(one.count for one in whole)
    curve = aalen_johansen(whole, CAUSES).by_cause[cause]
    assert curve.until is None
    for day in TIMES:
        hits = sum(one.count for one in whole if one.cause == cause and one.time <= day)
        assert told(curve, day).value == hits / units
        share = Fraction(hits, units)
        exact = float(share * (1 - share) / units)
        assert told(curve, day).variance == pytest.approx(exact, rel=1e-9, abs=1e-16)


@given(spells())
def test_a_share_lies_within_its_interval(given: list[Spell]) -> None:
    """Which lies between 0 and 1, and is told of every share that is neither."""
    found = aalen_johansen(given, CAUSES)
    for curve in (found.stay, *found.by_cause.values()):
        for step in curve.steps:
            share, interval = step.estimate.value, step.estimate.interval
            assert (interval is None) == (share in (0, 1))
            if interval:
                assert 0 <= interval[0] < share < interval[1] <= 1


@given(spells(late=False), st.sampled_from(TIMES))
def test_the_future_does_not_change_the_past(given: list[Spell], day: int) -> None:
    """Law 5: watched until some day only, the curves are the same up to it.

    What the exits of that day had taken stays what it was when the rest becomes known.
    """
    known = [one if one.time <= day else evolve(one, time=day, cause=None) for one in given]
    before, after = aalen_johansen(known, CAUSES), aalen_johansen(given, CAUSES)
    for early, late in zip(
        (before.stay, *before.by_cause.values()),
        (after.stay, *after.by_cause.values()),
        strict=True,
    ):
        assert early.steps == tuple(one for one in late.steps if one.time <= day)


@given(spells())
def test_the_median_is_the_first_day_with_half(given: list[Spell]) -> None:
    """Half or less still there, or half or more led off; `None` where it never comes to that."""
    found = aalen_johansen(given, CAUSES)
    below = [one.time for one in found.stay.steps if one.estimate.value <= 0.5]
    assert found.stay.median == (below[0] if below else None)
    for curve in found.by_cause.values():
        above = [one.time for one in curve.steps if one.estimate.value >= 0.5]
        assert curve.median == (above[0] if above else None)


def test_half_is_half_where_floats_make_more_of_it() -> None:
    """Nine of ten, six of nine, five of six: a product of floats is more, counting makes a half."""
    given = [Spell(0, "won"), Spell(1, "won", count=3), Spell(2, "won"), Spell(3, count=5)]
    assert (1 - 1 / 10) * (1 - 3 / 9) * (1 - 1 / 6) > 0.5
    assert kaplan_meier(given).median == 2


# -- what it tells nothing of --


def test_nothing_is_told_of_days_on_which_nobody_was_watched() -> None:
    """Beyond the last day of any spell there is no share; without spells, of no day."""
    curve = kaplan_meier([Spell(3, "won"), Spell(9)])
    assert curve.until == 9
    assert told(curve, 9).value == 0.5
    assert curve.on(10) is None
    nothing = aalen_johansen([], ["won"])
    assert nothing.stay == Curve((), 1.0, -1, None) == kaplan_meier([])
    assert nothing.by_cause["won"].on(0) is None


def test_before_the_first_exit_everybody_is_there() -> None:
    """All of them, without an interval: the method tells none of shares of 0 and 1."""
    found = aalen_johansen([Spell(3, "won"), Spell(9)], ["won"])
    assert told(found.stay, 2) == Estimate(1.0, 0.0, None)
    assert told(found.by_cause["won"], 2) == Estimate(0.0, 0.0, None)


def test_a_curve_that_has_come_to_0_stays_there() -> None:
    """One unit watched alone, that left, leaves nothing for those that are watched later."""
    found = aalen_johansen([Spell(1, "won"), Spell(5, "lost", 3), Spell(6, None, 3)], CAUSES)
    assert [one.estimate for one in found.stay.steps] == [Estimate(0.0, 0.0, None)] * 2
    assert [one.at_risk for one in found.stay.steps] == [1, 2]
    assert told(found.by_cause["lost"], 6) == Estimate(0.0, 0.0, None)
    assert found.stay.until is None


def test_where_rounding_hides_the_spread_no_interval_is_told() -> None:
    """Nine of the first ten are won; of very many that are watched later, all but one.

    What rounding leaves of the spread of the first days is larger than that of the last ones. It
    comes out below 0, and never as an interval without width.
    """
    given = [Spell(0, "won", count=9), Spell(20)]
    given += [Spell(day, "won", 1, 10 ** (11 - day)) for day in range(1, 11)]
    steps = aalen_johansen(given, ["won"]).by_cause["won"].steps
    nearly = [one.estimate for one in steps if 0.999_999_999 < one.estimate.value < 1]
    assert all(one.variance >= 0 for one in nearly)
    hidden = [one for one in nearly if not one.variance]
    assert hidden
    assert all(one.interval is None for one in hidden)


def test_where_rounding_is_larger_than_the_spread_anything_may_be_true() -> None:
    """All but one of fifty million, in a handful of days: an interval of all, and no error."""
    given = [Spell(0, "won", 0, 9), Spell(15, "won", 1, 54_679_293), Spell(30)]
    given.append(Spell(17, "won", 17, 436_641))
    last = aalen_johansen(given, ["won"]).by_cause["won"].steps[-1].estimate
    assert last.value > 1 - 1e-14
    assert last.interval is not None
    assert last.interval == pytest.approx((0, 1))


def test_a_million_units_take_seconds() -> None:
    """Ten years of days and three causes, of a million units in 100,000 spells."""
    dice = Random(1)
    given = [
        Spell(min(time, 3_650), dice.choice((None, *CAUSES)))
        for time in (int(dice.expovariate(1 / 500)) for _ in range(100_000))
    ]
    grouped = [evolve(one, count=10) for one in given]
    started = process_time()
    found = aalen_johansen(grouped, CAUSES)
    assert process_time() - started < 20
    assert found.stay.steps[0].at_risk == 1_000_000
    last = told(found.stay, 3_650)
    rest = math.fsum(told(one, 3_650).value for one in found.by_cause.values())
    assert last.value + rest == pytest.approx(1, abs=1e-15)


# -- faults --


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"time": -1}, ["spell.time: must be at least 0"]),
        (
            {"time": 1.5, "cause": "", "watched_from": True, "count": 0},
            [
                "spell.time: must be an integer, not float 1.5",
                "spell.cause: must not be blank",
                "spell.watched_from: must be an integer, not bool True",
                "spell.count: must be at least 1",
            ],
        ),
        (
            {"time": 3, "watched_from": 4},
            ["spell.watched_from: must be at most the time, 3, not 4"],
        ),
    ],
)
def test_a_spell_names_every_fault(fields: dict[str, Any], problems: list[str]) -> None:
    """All at once, each with its path."""
    with pytest.raises(InvalidDataError) as raised:
        Spell(**fields)
    assert [str(one) for one in raised.value.problems] == problems


def test_all_faults_of_the_spells_are_named_at_once() -> None:
    """Causes that nobody asked for are no endings of the watch, and are not dropped."""
    with pytest.raises(InvalidDataError) as raised:
        aalen_johansen([Spell(1, "won"), Spell(2, "losst"), Spell(3)], ["won", "lost", "won"])
    assert [str(one) for one in raised.value.problems] == [
        "spells[1].cause: 'losst' is none of won, lost, won",
        "causes: 'won' stands there twice",
    ]
    with pytest.raises(InvalidDataError) as raised:
        aalen_johansen([Spell(1, "won"), 7], [None])  # type: ignore[list-item] # refused on purpose
    assert [str(one) for one in raised.value.problems] == [
        "spells[1]: must be a Spell, not int",
        "causes[0]: must be text, not NoneType",
    ]
    with pytest.raises(InvalidDataError, match=r"spells\[0\].cause: 'won' is none of none"):
        aalen_johansen([Spell(1, "won")], [])
    with pytest.raises(InvalidDataError) as raised:
        aalen_johansen([7], ["won"])  # type: ignore[list-item] # refused on purpose
    assert [str(one) for one in raised.value.problems] == ["spells[0]: must be a Spell, not int"]
    with pytest.raises(InvalidDataError, match="spells: must be a list, not str 'x'"):
        kaplan_meier("x")  # type: ignore[arg-type] # refused on purpose
