"""Winning: three win rates of three names, and the money that is won per day."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey
from mpfunnel.flow.reporting.report import flow_report
from mpfunnel.flow.reporting.winning import Amounts, Winning, selling_step
from tests.flow_journeys import PERIOD, after, journey, journeys

UP, DOWN = ("upstream", "downstream")


def won_of(*given: Journey, as_of: int = 200, **others: Any) -> Winning:
    """Return what was won of journeys for one product."""
    asked = {"period": PERIOD, "within_days": 10, "min_n": 2, **others}
    return flow_report(given, as_of=after(as_of), **asked).product("crm").winning


def amounts(**of: int | Decimal) -> Amounts:
    """Return amounts of first pursuits of one product."""
    return Amounts("JPY", {(unit, "crm", 1): amount for unit, amount in of.items()})


WON = journey(0, 0, 0, 0, 2, 8, unit="won")
WON_EARLY = journey(-20, -20, -20, -20, -9, 3, unit="won early")
LOST = journey(0, 0, 0, 0, 1, unit="lost", exit="lost", exited_on=9)
OPEN = journey(0, 0, 0, 0, 4, unit="open")
BEFORE_SALES = journey(0, 0, 0, 1, unit="before sales", exit="lost", exited_on=9)
LATER = journey(0, 0, 0, 0, 5, 31, unit="later")
ALL = (WON, WON_EARLY, LOST, OPEN, BEFORE_SALES, LATER)


def test_the_three_win_rates_answer_three_questions() -> None:
    """By count of what ended in the period, by cohort of what began in it, by value of money."""
    told = won_of(*ALL, amounts=amounts(won=300, lost=500, **{"won early": 200}))
    assert told.selling == "sal"
    assert (told.by_count.num, told.by_count.den) == (2, 3)
    assert (told.by_cohort.num, told.by_cohort.den) == (1, 4)
    assert (told.by_value.num, told.by_value.den, told.by_value.value) == (500, 1_000, 0.5)
    assert told.by_value.status == "ok"
    assert told.unpriced == 0
    names = [name for name, _ in told.figures()]
    assert names[:3] == ["win_rate_by_count", "win_rate_by_cohort", "win_rate_by_value"]
    for measure in (told.by_count, told.by_cohort, told.by_value, told.velocity):
        assert measure.basis.en.endswith("each pursuit is an entry of its own")
        assert "SAL" in measure.basis.en
        assert "受注" in measure.basis.ja
    assert "amounts in JPY" in told.by_value.basis.en


def test_velocity_is_open_times_rate_times_amount_by_days() -> None:
    """Two were open at the end; of three that ended two were won, for 250, after 6 and 12 days."""
    told = won_of(*ALL, amounts=amounts(won=300, lost=500, **{"won early": 200}))
    exact = 2 * Fraction(2, 3) * 250 / 9
    assert told.velocity.value == Decimal(round(exact * 100)) / 100 == Decimal("37.04")
    assert (told.velocity.unit, told.velocity.status) == ("money", "ok")
    assert "amounts in JPY won a day" in told.velocity.basis.en


def test_what_has_no_amount_is_counted_and_not_priced() -> None:
    """It is never taken for 0; the figure says that some have none, before that they are few."""
    told = won_of(*ALL, amounts=amounts(lost=500, **{"won early": 200}), min_n=50)
    assert (told.by_value.num, told.by_value.den, told.by_value.status) == (200, 700, "unpriced")
    assert told.velocity.status == "unpriced"
    assert told.velocity.value == Decimal("29.63")
    assert (told.unpriced, dict(told.figures())["unpriced"].value) == (1, 1)
    nobody = won_of(*ALL, amounts=amounts())
    assert (nobody.by_value.value, nobody.by_value.status) == (None, "unpriced")
    assert (nobody.velocity.value, nobody.velocity.status) == (None, "unpriced")
    assert nobody.unpriced == 3


def test_without_amounts_nothing_is_said_by_value() -> None:
    """That is no data, which is something else than 0."""
    told = won_of(*ALL)
    assert (told.by_value.status, told.velocity.status) == ("missing", "missing")
    assert told.unpriced == 3
    assert told.velocity.basis.en.startswith("amounts won a day")


def test_of_few_it_says_that_they_are_few() -> None:
    """By value too, and of the velocity."""
    told = won_of(*ALL, amounts=amounts(won=300, lost=500, **{"won early": 200}), min_n=4)
    found = (told.by_count, told.by_value, told.velocity)
    assert [one.status for one in found] == ["small_n"] * 3


def test_nothing_out_of_nothing_is_undefined() -> None:
    """So is a velocity of nothing won, or of what was won on the day on which it began."""
    nothing = won_of(OPEN, amounts=amounts())
    assert [nothing.by_count.status, nothing.by_value.status] == ["undefined"] * 2
    free = won_of(LOST, WON, amounts=amounts(lost=0, won=0))
    assert (free.by_value.value, free.by_value.status) == (None, "undefined")
    assert free.velocity.value == 0
    at_once = won_of(journey(0, 0, 0, 0, 2, 2, unit="won"), amounts=amounts(won=5))
    assert (at_once.velocity.value, at_once.velocity.status) == (None, "undefined")


def test_money_is_exact_in_every_context() -> None:
    """Cents are added up as whole numbers, whatever precision the thread works in."""
    known = amounts(won=Decimal("12345678901234.56"), lost=Decimal("0.01"))
    with localcontext(prec=3):
        told = won_of(WON, LOST, amounts=known)
    assert told.by_value.num == Decimal("12345678901234.56")
    assert told.by_value.den == Decimal("12345678901234.57")
    assert told.velocity == won_of(WON, LOST, amounts=known).velocity


@given(given=journeys(), as_of=st.integers(0, 90))
def test_win_rates_are_those_of_a_second_count(given: tuple[Journey, ...], as_of: int) -> None:
    """What ended, and what began, is looked for one journey at a time."""
    today = after(as_of)
    told = flow_report(given, period=PERIOD, as_of=today, within_days=10)
    place = COURSE.keys.index("sal")
    for product in told.products:
        won = lost = began = over = hits = 0
        for one in given:
            if one.product_id != product.product_id or len(one.entered) <= place:
                continue
            day = one.entered[place]
            if len(one.entered) == len(COURSE):
                won += one.entered[-1] in PERIOD and one.entered[-1] <= today
            elif one.exited_on is not None:
                lost += one.exited_on in PERIOD and one.exited_on <= today
            if day in PERIOD and day <= today:
                began += 1
                in_time = [one.entered[-1]] if len(one.entered) == len(COURSE) else []
                if (today - day).days >= 10:
                    over += 1
                    hits += any((won_on - day).days <= 10 for won_on in in_time)
        found = product.winning
        assert (found.by_count.num, found.by_count.den) == (won, won + lost)
        assert (found.by_cohort.num, found.by_cohort.den) == (hits, over)
        assert found.by_cohort.pending == began - over


@given(given=journeys(), as_of=st.integers(0, 90))
def test_what_was_won_and_lost_went_out_of_the_steps_of_sales(
    given: tuple[Journey, ...], as_of: int
) -> None:
    """The win rate by count divides what the steps say: it loses nobody, and adds nobody."""
    told = flow_report(given, period=PERIOD, as_of=after(as_of), within_days=10)
    for product in told.products:
        *_, selling, won = product.steps
        found = product.winning.by_count
        assert found.num == won.came_in
        assert found.den == won.came_in + sum(selling.went_off.values())


@pytest.mark.parametrize(
    ("sides", "place"),
    [
        ((UP, UP, DOWN, DOWN), 2),
        ((UP, DOWN, DOWN, DOWN), 1),
        ((UP, UP, UP, DOWN), 2),
        ((UP, UP), 0),
        ((DOWN, DOWN), 0),
    ],
)
def test_sales_begins_with_the_first_step_downstream(sides: tuple[Any, ...], place: int) -> None:
    """With the one before the last where that alone is downstream, or none."""
    steps = [FlowStep(f"s{i}", "step", "passage", side) for i, side in enumerate(sides)]
    assert selling_step(Course(steps)) == place


def test_days_of_several_steps_of_sales_add_up() -> None:
    """The cohort is watched for the days of all steps from the first one of sales on."""
    course = Course(
        [
            FlowStep("lead", "lead"),
            FlowStep("sql", "SQL", "hand-off", "downstream"),
            FlowStep("offer", "offer", "offering", "downstream"),
            FlowStep("won", "won", "close", "downstream"),
        ]
    )
    within = {"lead": 1, "sql": 3, "offer": 4}
    given = [journey(0, 0, 5, 7, unit=1), journey(0, 0, 5, 8, unit=2)]
    told = won_of(*given, course=course, within_days=within)
    assert told.selling == "sql"
    assert (told.by_cohort.num, told.by_cohort.den) == (1, 2)
    assert "within 7 days, day 7 included" in told.by_cohort.basis.en


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (
            (" ", {("u", "crm", 1): -1, ("v", "crm", 1): 1.5}),
            [
                "amounts.currency: must not be blank",
                "amounts.of[('u', 'crm', 1)]: must be at least 0",
                "amounts.of[('v', 'crm', 1)]: must be an integer or a Decimal, not float 1.5",
            ],
        ),
        (("JPY", 7), ["amounts.of: must be a mapping from journeys to amounts, not 7"]),
    ],
)
def test_amounts_name_every_fault(given: Any, problems: list[str]) -> None:
    """All at once, each with its path."""
    with pytest.raises(InvalidDataError) as told:
        Amounts(*given)
    assert [str(one) for one in told.value.problems] == problems
