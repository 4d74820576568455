"""Cohorts: those that entered a step in one period, and how far they have come so far."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.course import COURSE, Journey
from mpfunnel.flow.periods import Period, months
from mpfunnel.flow.reporting.followed import Cohort, cohorts
from mpfunnel.flow.reporting.report import flow_report
from tests.flow_journeys import PERIOD, after, going_on, journey, journeys, shifted

THERE_ARE = "target, reached, engaged, mql, sal"
MONTHS = months(date(2026, 3, 1), date(2026, 4, 30))
AS_OF = st.integers(0, 90)
STEPS = st.sampled_from(COURSE.keys[:-1])


def follow(given: Any, step: str = "target", as_of: int = 90, **others: Any) -> tuple[Cohort, ...]:
    """Return the cohorts of two months."""
    asked: dict[str, Any] = {"periods": MONTHS, "within_days": 10, "min_n": 1, **others}
    return cohorts(given, step, as_of=after(as_of), **asked)


@given(given=journeys(), as_of=AS_OF, later=st.integers(0, 30), step=STEPS)
def test_each_step_was_reached_by_no_more_than_the_one_before(
    given: tuple[Journey, ...], as_of: int, later: int, step: str
) -> None:
    """Monotone cohort counts: along the steps they never rise, and from day to day never fall."""
    told = follow(given, step, as_of)
    for one in told:
        numbers = list(one.reached.values())
        assert numbers[0] == one.entered
        assert all(after_it <= before for before, after_it in pairwise(numbers))
        assert tuple(one.reached) == COURSE.keys[COURSE.keys.index(step) :]
        assert tuple(one.conversion) == tuple(one.reached)[1:]
    again = {(one.product_id, one.period): one for one in follow(given, step, as_of + later)}
    for one in told:
        if one.period.last <= after(as_of):
            then = again[one.product_id, one.period]
            assert all(one.reached[key] <= then.reached[key] for key in one.reached)
            assert one.entered == then.entered


@given(given=journeys(), as_of=AS_OF, within=st.integers(0, 20), data=st.data())
def test_a_cohort_is_that_of_the_report_of_its_period(
    given: tuple[Journey, ...], as_of: int, within: int, data: st.DataObject
) -> None:
    """The same entries, and the same share of them went on; whoever asks for them."""
    step = data.draw(STEPS)
    place = COURSE.keys.index(step)
    found = {
        (one.product_id, one.period): one for one in follow(given, step, as_of, within_days=within)
    }
    for period in MONTHS:
        if period.first > after(as_of):
            continue
        told = flow_report(given, period=period, as_of=after(as_of), within_days=within, min_n=1)
        for product in told.products:
            one = found[product.product_id, period]
            its = product.steps[place]
            assert (one.entered, one.imputed) == (its.came_in, its.imputed)
            assert one.conversion[COURSE.keys[place + 1]] == its.conversion


@given(given=journeys(), as_of=AS_OF, days=st.integers(-400, 400), data=st.data())
def test_cohorts_are_what_they_are_whenever_and_in_whatever_order(
    given: tuple[Journey, ...], as_of: int, days: int, data: st.DataObject
) -> None:
    """Order and time-shift invariance; and Law 5: what happens later is not in them."""
    told = follow(given, "reached", as_of, periods=[PERIOD])
    today = after(as_of)
    past = [one for journey in given if (one := journey.on(today)) is not None]
    changed = [data.draw(going_on(one, today)) for one in data.draw(st.permutations(past))]
    assert follow(changed, "reached", as_of, periods=[PERIOD]) == told
    by = timedelta(days)
    moved = Period(PERIOD.first + by, PERIOD.last + by, PERIOD.label)
    later = [shifted(one, days) for one in given]
    shown = follow(later, "reached", as_of + days, periods=[moved])
    assert [(one.product_id, one.reached, one.conversion, one.matured) for one in shown] == [
        (one.product_id, one.reached, one.conversion, one.matured) for one in told
    ]


def test_a_cohort_is_followed_beyond_its_period() -> None:
    """One of March reached the end in April; the days to a step further on are the sum."""
    given = [
        journey(-10, -5, 3, 4, 5, 16, unit="won"),
        journey(-9, -9, -9, -9, imputed={0, 1, 2}, unit="skipped"),
        journey(2, 9, unit="April"),
        journey(40, unit="in neither"),
    ]
    march, april = follow(given, as_of=50, within_days=5)
    assert (march.period.label.en, march.step, march.entered) == ("March 2026", "target", 2)
    assert march.imputed == 1
    assert dict(march.reached) == {
        "target": 2,
        "reached": 2,
        "engaged": 2,
        "mql": 2,
        "sal": 1,
        "won": 1,
    }
    shares = {key: (one.num, one.den) for key, one in march.conversion.items()}
    # It took 26 days to the last step, where there are 25.
    assert shares == {
        "reached": (2, 2),
        "engaged": (1, 2),
        "mql": (2, 2),
        "sal": (2 - 1, 2),
        "won": (0, 2),
    }
    assert (april.entered, april.reached["reached"], april.conversion["reached"].num) == (1, 1, 0)
    assert (march.matured.value, april.matured.value) == (1.0, 1.0)
    assert "within 25 days, day 25 included" in march.conversion["won"].basis.en
    assert march.matured.basis.en.startswith(
        "of those that entered target in March 2026: their days to won are over"
    )


def test_the_first_and_the_last_day_of_a_period_are_in_it() -> None:
    """So that months in a row leave out nobody."""
    days = [(one - after(0)).days for period in MONTHS for one in (period.first, period.last)]
    given = [journey(day, unit=day) for day in (days[0] - 1, *days, days[-1] + 1)]
    assert [one.entered for one in follow(given)] == [2, 2]


def test_whose_days_are_not_over_is_pending() -> None:
    """Though it has reached the step: who is quick would count, and who is slow not yet."""
    given = [journey(0, 1, unit="quick"), journey(0, unit="slow"), journey(-20, -19, unit="old")]
    march, april = follow(given, as_of=9)
    assert (april.reached["reached"], april.conversion["reached"].den) == (1, 0)
    assert april.conversion["reached"].pending == 2
    assert april.conversion["reached"].status == "immature"
    assert (march.conversion["reached"].value, march.conversion["engaged"].den) == (1.0, 1)
    assert (march.matured.num, march.matured.den) == (0, 1)


def test_every_product_has_a_cohort_of_every_period() -> None:
    """An empty one has undefined shares, and not 0 %."""
    given = [journey(0), journey(-9, product=None)]
    told = follow(given)
    assert [(one.product_id, one.period, one.entered) for one in told] == [
        (None, MONTHS[0], 1),
        (None, MONTHS[1], 0),
        ("crm", MONTHS[0], 0),
        ("crm", MONTHS[1], 1),
    ]
    assert told[1].matured.status == "undefined"
    assert told[1].conversion["won"].value is None


def test_who_comes_back_is_in_a_cohort_again_or_not_at_all() -> None:
    """As in the report, by what was asked for."""
    again = [journey(-9, exit="recycled", exited_on=-3), journey(4, pursuit=2)]
    assert [one.entered for one in follow(again)] == [1, 1]
    assert [one.entered for one in follow(again, re_entry="first")] == [1, 0]


@pytest.mark.parametrize(
    ("asked", "problems"),
    [
        (
            {"step": "mqls", "periods": [PERIOD, "x"], "journeys": [7]},
            [
                "periods[1]: must be a Period, not str 'x'",
                "step: no step that leads to another one is called 'mqls'; did you mean 'mql'?",
                "journeys[0]: must be a Journey, not int",
            ],
        ),
        (
            {"step": "won"},
            [f"step: no step that leads to another one is called 'won'; there are {THERE_ARE}"],
        ),
        ({"course": None}, ["course: must be a Course, not NoneType None"]),
        ({"periods": 7}, ["periods: must be a list, not int 7"]),
        ({"as_of": after(-20)}, ["periods[1]: begins on 2026-04-01, after as_of"]),
    ],
)
def test_cohorts_name_every_fault_of_what_they_are_asked(
    asked: dict[str, Any], problems: list[str]
) -> None:
    """All at once, each with its path."""
    terms: dict[str, Any] = {
        "journeys": [],
        "step": "mql",
        "periods": MONTHS,
        "as_of": after(90),
        "within_days": 10,
        **asked,
    }
    with pytest.raises(InvalidDataError) as told:
        cohorts(terms.pop("journeys"), terms.pop("step"), **terms)
    assert [str(one) for one in told.value.problems] == problems
