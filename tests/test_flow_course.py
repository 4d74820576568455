"""The course of the flow, and journeys along it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError, brief
from mpfunnel.flow.course import COURSE, Course, FlowStep, Journey, check_journeys
from mpfunnel.labels import Label

DAY = date(2026, 4, 1)
NOW = datetime(2026, 4, 1, tzinfo=UTC)
A, B = FlowStep("a", "A"), FlowStep("b", "B", "passing")


def after(days: int) -> date:
    """Return a day so many days after the first."""
    return DAY + timedelta(days)


def journey(*days: int, **others: Any) -> Journey:
    """Return a journey that entered its steps on such days."""
    return Journey("u", "crm", [after(one) for one in days], **others)


def test_what_comes_before_the_hand_off_is_upstream() -> None:
    """Research, content and nurture are long term; selling is what comes after."""
    sides = {one.key: one.side for one in COURSE.steps}
    assert [key for key, side in sides.items() if side == "downstream"] == ["sal", "won"]
    assert COURSE.keys == ("target", "reached", "engaged", "mql", "sal", "won")
    assert COURSE.steps[0].passage is None
    assert COURSE.steps[4].passage == Label("hand-off", "引き渡し")


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ((A,), "steps: must be at least two"),
        ((A, evolve(B, key="a")), "steps[1].key: 'a' is used twice; keys are unique"),
        ((A, "b"), "steps[1]: must be a FlowStep, not str"),
    ],
)
def test_a_course_has_two_steps_of_different_keys(steps: Any, problem: str) -> None:
    """All that is wrong is said with its path."""
    with pytest.raises(InvalidDataError) as told:
        Course(steps)
    assert [str(one) for one in told.value.problems] == [problem]


def test_a_journey_is_known_as_of_a_day() -> None:
    """Law 5: the future does not change the past."""
    whole = journey(0, 5, 5, 9, imputed={1}, exit="lost", exited_on=after(12))
    assert whole.on(after(-1)) is None
    assert whole.on(after(4)) == journey(0)
    assert whole.on(after(5)) == journey(0, 5, 5, imputed={1})
    assert whole.on(after(11)) == journey(0, 5, 5, 9, imputed={1})
    assert whole.on(after(12)) is whole
    assert journey(0, 5).on(after(9)) == journey(0, 5)
    assert whole.step == 3


@given(
    gaps=st.lists(st.integers(0, 4), min_size=1, max_size=6),
    until=st.integers(0, 3),
    day=st.integers(-1, 30),
    later=st.integers(0, 9),
)
def test_what_is_known_of_a_day_is_known_of_it_later(
    gaps: list[int], until: int, day: int, later: int
) -> None:
    """Asking as of a day what is known later gives what is known as of that day."""
    days = [sum(gaps[: place + 1]) for place in range(len(gaps))]
    whole = journey(*days, exit="lost", exited_on=after(days[-1] + until))
    known = whole.on(after(day + later))
    assert whole.on(after(day)) == (None if known is None else known.on(after(day)))


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ({"entered": ()}, ["journey.entered: must be one date or more, not ()"]),
        ({"entered": 7}, ["journey.entered: must be one date or more, not 7"]),
        ({"entered": (NOW,)}, [f"journey.entered: must be one date or more, not {brief((NOW,))}"]),
        (
            {"entered": (after(2), after(1)), "exit": "lost", "pursuit": 0},
            [
                "journey.entered: must not go back in time",
                "journey.exit: goes with exited_on; give both or neither",
                "journey.pursuit: must be an integer of 1 or more, not 0",
            ],
        ),
        (
            {"entered": (after(2),), "exit": "lost", "exited_on": DAY, "imputed": {0}},
            [
                "journey.exited_on: must not be before the last step was entered",
                "journey.imputed: must be places of steps before the last one that was reached",
            ],
        ),
        (
            {"entered": (DAY, after(2)), "imputed": {0}},
            ["journey.imputed: a step that nobody saw has the day of the next one"],
        ),
    ],
)
def test_a_journey_names_every_fault(given: dict[str, Any], problems: list[str]) -> None:
    """All at once, each with its path."""
    with pytest.raises(InvalidDataError) as told:
        Journey("u", "crm", **given)
    assert [str(one) for one in told.value.problems] == problems


def test_journeys_must_go_along_the_course() -> None:
    """And none of them may be there twice."""
    course = Course((A, B))
    assert check_journeys([journey(0), evolve(journey(0), pursuit=2)], course)
    given = [
        journey(0, 1, 2),
        evolve(journey(0, 1, exit="lost", exited_on=after(1)), pursuit=2),
        journey(0),
    ]
    with pytest.raises(InvalidDataError) as told:
        check_journeys(given, course)
    assert [str(one) for one in told.value.problems] == [
        "journeys[0].entered: reaches 3 steps, of 2",
        "journeys[1].exit: must be blank where the last step was reached",
        "journeys[2]: the same unit, product and pursuit is there twice",
    ]
    with pytest.raises(InvalidDataError, match=r"journeys\[0\]: must be a Journey, not str"):
        check_journeys(["x"], course)  # type: ignore[list-item] # refused on purpose
