"""Warehouse, on Spark: what is rendered for it says what the accounts say one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.steps import step_differences
from tests.warehouse import InSpark, disagreements, steps_in

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("number", [4, 9])
def test_engines_agree(spark: Any, number: int) -> None:
    """Law 1: Engines agree: SQL text run by Spark, and the accounts one by one."""
    assert disagreements(InSpark(spark), "pyspark", number, possible=number == 4) == []


def test_steps_are_those_of_the_accounts(spark: Any) -> None:
    """Law 1: Engines agree: rules that see the stage, asked again as often as the text says."""
    assert step_differences(steps_in(InSpark(spark), "pyspark"), 1) == []
