"""Tally, engine and gate together: one machine drives them beside models that know none of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.lifecycle import CAUSES
from tests.lives import KINDS, PLAN, PRODUCTS, SAID, World, disagreement

WHO = st.integers(0, 5)
ABOUT = st.sampled_from((*PRODUCTS, None))
AGO = st.sampled_from((0, 0, 1, 40))


class Lives(RuleBasedStateMachine):
    """Three leads, two products, and all that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(hours=st.sampled_from((1, 24, 24 * 30, 24 * 95, 24 * 200)))
    def wait(self, hours: int) -> None:
        self.world.wait(hours)

    @rule(
        number=WHO,
        kind=st.sampled_from(KINDS),
        about=ABOUT,
        activity=st.integers(0, 3),
        ago=AGO,
        times=st.sampled_from((1, 1, 2)),
    )
    def record(self, **told: Any) -> None:
        self.world.record(**told)

    @rule(number=WHO, ago=AGO)
    def forget(self, number: int, ago: int) -> None:
        self.world.forget(number, ago)

    @rule(number=WHO, other=WHO)
    def merge(self, number: int, other: int) -> None:
        self.world.merge(number, other)

    @rule(number=WHO, kind=st.sampled_from(SAID), about=ABOUT)
    def say(self, number: int, kind: str, about: str | None) -> None:
        self.world.say(number, kind, about)

    @rule(number=WHO, about=st.sampled_from(PRODUCTS))
    def open(self, number: int, about: str) -> None:
        self.world.open(number, about)

    @rule(number=WHO, status=st.sampled_from(("won", "lost")))
    def close(self, number: int, status: str) -> None:
        self.world.close(number, status)

    @rule(
        number=WHO,
        to=st.sampled_from((*PLAN.ladder, *PLAN.aside)),
        cause=st.sampled_from(CAUSES),
        reason=st.sampled_from((None, "timing")),
        about=ABOUT,
    )
    def move(self, number: int, to: str, cause: str, reason: str | None, about: str | None) -> None:
        self.world.move(number, to, cause, reason, () if about is None else (about,))

    @rule(number=WHO)
    def reconcile(self, number: int) -> None:
        self.world.reconcile(number)

    @invariant()
    def agree(self) -> None:
        self.world.agree()


TestLives = Lives.TestCase
TestLives.runTest.__doc__ = (
    "Laws 4, 5 and 10: scores, counts, stages and entries are those of the naive models."
)
TestLives.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)


def test_many_seeded_lives() -> None:
    """Laws 4, 5 and 10: random days that merge, forget, win and reconcile more than is drawn."""
    assert disagreement(range(20)) is None


@pytest.mark.bulk
def test_thousands_of_steps() -> None:
    """Laws 4, 5 and 10: the machine for thousands of steps, and as many that are seeded."""
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=100,
            stateful_step_count=60,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    assert disagreement(range(1_000, 1_200)) is None
