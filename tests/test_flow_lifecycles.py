"""Life cycles: in which stage of its life a product was on a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.lifecycles import LIFECYCLES, LifecycleChange, LifecycleHistory
from mpfunnel.records import Lifecycle, Product

DAY = date(2026, 4, 1)
CHANGE: Any = LifecycleChange
"""Takes what is refused, too."""


@given(
    changes=st.dictionaries(st.integers(0, 9), st.sampled_from(get_args(Lifecycle))),
    before=st.none() | st.just("introduction"),
    day=st.integers(-1, 10),
    data=st.data(),
)
def test_the_latest_change_holds(
    changes: dict[int, Any], before: Any, day: int, data: st.DataObject
) -> None:
    """From its day on, in whatever order they are; before the first one, the product's own."""
    order = data.draw(st.permutations(list(changes)))
    history = LifecycleHistory(
        Product("crm", lifecycle=before),
        [LifecycleChange(DAY + timedelta(one), changes[one]) for one in order],
    )
    stage = before
    for one in range(day + 1):
        stage = changes.get(one, stage)
    assert history.lifecycle_on(DAY + timedelta(day)) == stage


def test_every_stage_has_both_languages() -> None:
    """And stands in the order of life."""
    assert tuple(LIFECYCLES) == get_args(Lifecycle)
    assert [one.ja for one in LIFECYCLES.values()] == ["導入期", "成長期", "成熟期", "衰退期"]


@pytest.mark.parametrize(
    ("product", "changes", "problems"),
    [
        (
            "crm",
            [
                CHANGE(DAY, "youth"),
                CHANGE(DAY, "growth"),
                CHANGE(3, "x"),
            ],
            [
                "lifecyclehistory.product: must be a Product, not str 'crm'",
                (
                    "lifecyclehistory.changes[0].lifecycle: must be one of introduction, growth, "
                    "maturity, decline, not 'youth'"
                ),
                (
                    "lifecyclehistory.changes[1].since: there is a change of 2026-04-01 already; "
                    "one a day"
                ),
                "lifecyclehistory.changes[2].since: must be a date, not int 3",
                (
                    "lifecyclehistory.changes[2].lifecycle: must be one of introduction, growth, "
                    "maturity, decline, not 'x'"
                ),
            ],
        ),
        (
            Product("crm"),
            [7],
            ["lifecyclehistory.changes[0]: must be a LifecycleChange, not int"],
        ),
    ],
)
def test_a_history_names_every_fault(product: Any, changes: Any, problems: list[str]) -> None:
    """All at once, each with its path."""
    with pytest.raises(InvalidDataError) as told:
        LifecycleHistory(product, changes)
    assert [str(one) for one in told.value.problems] == problems
