"""Warehouse, on Spark: what is rendered for it says what the accounts say one by one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.warehouse import InSpark, disagreements

pytestmark = pytest.mark.spark


@pytest.mark.parametrize("number", [0, 2, 4, 5, 9])
def test_engines_agree(spark: Any, number: int) -> None:
    """Law 1: Engines agree: SQL text run by Spark, and the accounts one by one."""
    assert disagreements(InSpark(spark), "pyspark", number, possible=number == 4) == []
