"""The flow through one step: counts of the days, and what became of those that came in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.course import COURSE, Journey
from mpfunnel.flow.reporting.report import flow_report
from mpfunnel.flow.reporting.step_flow import StepFlow
from mpfunnel.statistics import wilson
from tests.flow_journeys import DAY, EXITS, PERIOD, after, journey, journeys
from tests.oracle_flow import redistributed, walk

LATE = after(200)
SEVERAL = 40


def flow(*given: Journey, at: int = 3, as_of: int = 200, within_days: int = 10) -> StepFlow:
    """Return the flow through the step at a place, of journeys for one product."""
    told = flow_report(given, period=PERIOD, as_of=after(as_of), within_days=within_days, min_n=2)
    return told.product("crm").steps[at]


def several(*days: int, start: int = 0, number: int = SEVERAL, **others: Any) -> list[Journey]:
    """Return so many journeys alike, of different units."""
    return [journey(*days, unit=one, **others) for one in range(start, start + number)]


@given(given=journeys(), as_of=st.integers(0, 90))
def test_what_came_in_less_what_went_out_is_what_is_there(
    given: tuple[Journey, ...], as_of: int
) -> None:
    """Flow identity: opening + came in - went out = closing, of every step on every day."""
    told = flow_report(given, period=PERIOD, as_of=after(as_of), within_days=10)
    for product in told.products:
        for one in product.steps:
            assert one.opening + one.came_in - one.went_out == one.closing
            counts = (one.opening, one.came_in, one.imputed, one.went_on, one.closing)
            assert min(*counts, *one.went_off.values(), 0) == 0
        for one, following in zip(product.steps, product.steps[1:], strict=False):
            # What goes on comes in.
            assert one.went_on == following.came_in


@given(given=journeys(), as_of=st.integers(0, 90))
def test_the_counts_are_those_of_somebody_who_looks_every_day(
    given: tuple[Journey, ...], as_of: int
) -> None:
    """A second count walks from day to day and sees who comes and who leaves."""
    told = flow_report(given, period=PERIOD, as_of=after(as_of), within_days=10)
    until = min(PERIOD.last, after(as_of))
    for product in told.products:
        its = [one for one in given if one.product_id == product.product_id]
        for place, one in enumerate(product.steps):
            seen = walk(its, place, PERIOD.first, until)
            assert (one.opening, one.came_in, one.imputed, one.closing) == (
                seen.opening,
                seen.came_in,
                seen.imputed,
                seen.closing,
            )
            assert one.went_on == seen.went["on"]
            assert all(one.went_off[kind] == seen.went[f"off {kind}"] for kind in one.went_off)
            assert one.went_out == seen.went.total()


@given(given=journeys(), as_of=st.integers(0, 90), within=st.integers(0, 25))
def test_shares_are_of_those_that_came_in(
    given: tuple[Journey, ...], as_of: int, within: int
) -> None:
    """A second count looks at each alone, and hands on the weight of who is out of sight."""
    today = after(as_of)
    told = flow_report(given, period=PERIOD, as_of=today, within_days=within)
    for product in told.products:
        its = [one for one in given if one.product_id == product.product_id]
        for place, one in enumerate(product.steps[:-1]):
            spells, over, hits = [], 0, 0
            for each in its:
                if len(each.entered) <= place or each.entered[place] not in PERIOD:
                    continue
                days = [(day - each.entered[place]).days for day in each.entered[place + 1 :][:1]]
                left = "on" if days else each.exit
                if each.exited_on is not None and not days:
                    days = [(each.exited_on - each.entered[place]).days]
                watched = (today - each.entered[place]).days
                if watched < 0:
                    continue
                seen_leaving = bool(days) and days[0] <= watched
                spells.append((days[0], left) if seen_leaving else (watched, None))
                if watched >= within:
                    over += 1
                    hits += seen_leaving and left == "on" and days[0] <= within
            assert one.conversion is not None
            assert one.incidence is not None
            assert (one.conversion.num, one.conversion.den) == (hits, over)
            assert one.conversion.pending == len(spells) - over
            for cause, measure in (("on", one.incidence), *one.exits.items()):
                exact = redistributed(spells, cause, within) if spells else None
                if exact is None:
                    assert measure.value is None
                    assert measure.status == ("immature" if spells else "undefined")
                else:
                    assert measure.value == pytest.approx(float(exact), abs=1e-12)


@given(given=journeys(), within=st.integers(0, 40))
def test_of_those_whose_days_are_over_both_shares_are_the_same(
    given: tuple[Journey, ...], within: int
) -> None:
    """Aalen and Johansen leave nothing to estimate where everybody was watched to the end."""
    told = flow_report(given, period=PERIOD, as_of=LATE, within_days=within)
    for product in told.products:
        for one in product.steps[:-1]:
            assert one.conversion is not None
            assert one.incidence is not None
            assert one.conversion.value == one.incidence.value


def test_a_step_counts_what_its_days_say() -> None:
    """One was there before, one came and stayed, one came and went on, one was lost."""
    told = flow(
        journey(-9, -8, -7, -5, unit="before"),
        journey(0, 0, 0, 2, unit="stays"),
        journey(0, 0, 0, 2, 4, unit="goes on"),
        journey(-9, -8, -7, -5, unit="lost", exit="lost", exited_on=3),
        journey(30, 30, 30, 30, unit="after"),
    )
    assert (told.step, told.opening, told.came_in, told.went_on) == ("mql", 2, 2, 1)
    assert (dict(told.went_off), told.went_out, told.closing) == ({"lost": 1}, 2, 2)
    assert told.velocity is not None
    assert (told.velocity.value, told.velocity.num, told.velocity.den) == (1 / 30, 1, 30)


def test_who_enters_and_leaves_on_one_day_came_in_and_went_out() -> None:
    """And was there at the end of no day, neither the first one nor the last."""
    for day in (0, 29):
        told = flow(journey(day, day, day, day, day))
        assert (told.opening, told.came_in, told.went_out, told.closing) == (0, 1, 1, 0)


def test_steps_that_were_skipped_are_imputed_and_marked() -> None:
    """They are passed through on the day of the next step; nobody knows how long they took."""
    skipped = several(0, 3, 3, 3, imputed={1, 2})
    told = flow_report(skipped, period=PERIOD, as_of=LATE, within_days=10).product("crm")
    assert [one.came_in for one in told.steps[:4]] == [SEVERAL] * 4
    assert [one.imputed for one in told.steps] == [0, SEVERAL, SEVERAL, 0, 0, 0]
    reached = told.steps[1]
    assert reached.median_days is not None
    assert (reached.median_days.value, reached.median_days.status) == (None, "undefined")
    assert reached.conversion is not None
    assert (reached.conversion.num, reached.conversion.den) == (SEVERAL, SEVERAL)


def test_the_median_counts_the_days_of_those_that_are_still_there() -> None:
    """Two left after 3 and 5 days; without the two that are still there it would be 3."""
    left = [journey(0, 0, 0, 0, 3, unit=1), journey(0, 0, 0, 0, 5, unit=2)]
    there = [journey(0, 0, 0, 0, unit=3), journey(0, 0, 0, 0, unit=4)]
    told = flow(*left, *there, as_of=9)
    assert told.median_days is not None
    assert (told.median_days.value, told.median_days.den) == (5, 4)
    assert (told.median_days.status, told.median_days.pending) == ("ok", 0)
    still = flow(*left, *there, journey(0, 0, 0, 0, unit=5), as_of=9)
    assert still.median_days is not None
    assert (still.median_days.value, still.median_days.status) == (None, "immature")
    assert still.median_days.pending == 3
    alone = flow(left[0])
    assert alone.median_days is not None
    assert (alone.median_days.value, alone.median_days.status) == (3, "small_n")


def test_who_is_under_way_counts_for_as_long_as_it_was_watched() -> None:
    """20 went on on day 5, 20 were lost on day 5, and 40 more came 3 days ago."""
    given = [
        *several(0, 0, 0, 0, 5, number=20),
        *several(0, 0, 0, 0, start=20, number=20, exit="lost", exited_on=5),
        *several(10, 10, 10, 10, start=40),
    ]
    told = flow(*given, as_of=13)
    assert told.conversion is not None
    assert told.incidence is not None
    assert (told.conversion.value, told.conversion.pending) == (0.5, 40)
    assert told.conversion.status == "immature"
    assert (told.incidence.value, told.incidence.status, told.incidence.den) == (0.5, "ok", 80)
    # As if only those had been drawn that were watched so long: 20 of 40, not 20 of 80.
    assert told.incidence.interval is not None
    low, high = told.incidence.interval
    assert low < wilson(20, 40)[0] + 0.02
    assert high > wilson(20, 40)[1] - 0.02
    assert {kind: one.value for kind, one in told.exits.items()} == {"lost": 0.5}


def test_the_last_step_leads_nowhere() -> None:
    """It has counts, and no share, time or exit."""
    told = flow(journey(0, 0, 0, 0, 0, 0), at=5)
    assert (told.came_in, told.went_out, told.closing) == (1, 0, 1)
    assert {name for name, _ in told.figures()} == {
        "opening",
        "came_in",
        "imputed",
        "went_on",
        "went_out",
        "closing",
    }


def test_every_figure_is_a_measure_that_says_what_it_is_of() -> None:
    """With its period, its days and what counts of a unit that comes back, in both languages."""
    told = flow(journey(0, 1, 2, 3, exit="lost", exited_on=9), within_days=1)
    figures = dict(told.figures())
    assert list(figures)[6:] == [
        "went_off.lost",
        "velocity",
        "conversion",
        "incidence",
        "median_days",
        "exits.lost",
    ]
    policy = "each pursuit is an entry of its own"
    assert figures["went_out"].basis.en == "went out"
    assert figures["went_off.lost"].basis.en == "went off: lost"
    assert figures["exits.lost"].basis.en == (
        "left as lost within 1 day, day 1 included, of all that entered MQL in April "
        f"(Aalen-Johansen); {policy}"
    )
    velocity = figures["velocity"].basis.en
    assert velocity == f"units a day that entered SAL from MQL in April; {policy}"
    assert figures["conversion"].basis.en == (
        "entered SAL within 1 day, day 1 included, of those that entered MQL in April and whose "
        f"days are over; {policy}"
    )
    assert figures["conversion"].basis.ja == (
        "AprilにMQLへ流入し観測期間を満了したうち、1日以内（1日目を含む）にSALへ進んだ割合"
        "（再エントリーも1件と数える）"
    )
    assert all(one.basis.en != one.basis.ja for one in figures.values())


def test_defect_negative_days_are_impossible() -> None:
    """No journey goes back, so that nobody stays for less than no day."""
    with pytest.raises(InvalidDataError, match="must not go back in time"):
        journey(3, 2)
    with pytest.raises(InvalidDataError, match="must not be before the last step was entered"):
        journey(3, exit="lost", exited_on=2)


@given(given=journeys(), as_of=st.integers(0, 90))
def test_defect_negative_days_are_in_no_report(given: tuple[Journey, ...], as_of: int) -> None:
    """The median of a stay is 0 days at least, and never longer than it was watched."""
    told = flow_report(given, period=PERIOD, as_of=after(as_of), within_days=10)
    for product in told.products:
        for one in product.steps[:-1]:
            assert one.median_days is not None
            assert one.median_days.value is None or 0 <= one.median_days.value <= as_of


def test_defect_nothing_out_of_nothing_is_undefined_and_not_0() -> None:
    """A step that nobody entered converts nobody, and not 0 %."""
    told = flow(journey(0))
    assert told.conversion is not None
    assert told.incidence is not None
    assert told.median_days is not None
    for measure in (told.conversion, told.incidence, told.median_days):
        assert (measure.value, measure.status, measure.den) == (None, "undefined", 0)


def test_defect_mixed_cohorts_never_divide_each_other() -> None:
    """40 that came before went on in the period, 40 came in and stayed: 0 %, and not 100 %."""
    before = several(-5, -5, -5, -5, 3)
    stay = several(0, 0, 0, 0, start=SEVERAL)
    told = flow(*before, *stay)
    assert (told.came_in, told.went_on) == (SEVERAL, SEVERAL)
    assert told.conversion is not None
    assert (told.conversion.num, told.conversion.den) == (0, SEVERAL)


def test_defect_the_lost_are_not_dropped_from_any_step() -> None:
    """Who is lost as an MQL came in there and in all steps before, and is divided by in each."""
    lost = several(0, 1, 2, 3, exit="lost", exited_on=9)
    won = several(0, 1, 2, 3, 4, 5, start=SEVERAL)
    told = flow_report([*lost, *won], period=PERIOD, as_of=LATE, within_days=10).product("crm")
    assert [one.came_in for one in told.steps] == [80, 80, 80, 80, 40, 40]
    conversions = [one.conversion for one in told.steps if one.conversion is not None]
    assert [(one.num, one.den) for one in conversions] == [(80, 80)] * 3 + [(40, 80), (40, 40)]
    assert told.steps[3].went_off["lost"] == 40
    assert told.winning.by_count.value == 1.0  # sales never took up those that were lost


@pytest.mark.parametrize(("days", "hits"), [(9, 1), (10, 1), (11, 0)])
def test_defect_the_window_says_whether_its_boundary_is_in_it(days: int, hits: int) -> None:
    """Within 10 days of day d is until day d + 10, the same for going on and for being watched."""
    told = flow(journey(0, 0, 0, 0, days))
    assert told.conversion is not None
    assert (told.conversion.num, told.conversion.den) == (hits, 1)
    assert "within 10 days, day 10 included" in told.conversion.basis.en
    assert told.incidence is not None
    assert told.incidence.value == hits
    for as_of, pending in ((9, 1), (10, 0)):
        young = flow(journey(0, 0, 0, 0), as_of=as_of)
        assert young.conversion is not None
        assert (young.conversion.pending, young.conversion.den) == (pending, 1 - pending)


def test_exits_may_be_called_like_anything_else() -> None:
    """An exit called like a step, or like what the report calls going on, is none of these."""
    told = flow(
        journey(0, 0, 0, 0, unit=1, exit="on", exited_on=1),
        journey(0, 0, 0, 0, unit=2, exit="sal", exited_on=1),
        journey(0, 0, 0, 0, 1, unit=3),
    )
    assert (told.went_on, dict(told.went_off)) == (1, {"on": 1, "sal": 1})
    assert sum(one.value or 0 for one in (told.incidence, *told.exits.values()) if one) == 1


def test_every_step_names_every_exit_of_the_report() -> None:
    """So that tables of several products have the same columns; one that led nobody off is 0."""
    told = flow_report(
        [
            journey(0, exit="lost", exited_on=1),
            journey(0, product="sfa", exit="recycled", exited_on=2),
        ],
        period=PERIOD,
        as_of=DAY + timedelta(60),
        within_days=10,
    )
    for product in told.products:
        for one in product.steps[:-1]:
            assert tuple(one.went_off) == tuple(one.exits) == EXITS
    assert told.product("crm").steps[0].went_off == {"lost": 1, "recycled": 0}
    assert len(told.product("crm").steps) == len(COURSE)
