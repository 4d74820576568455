"""Warehouse, on Spark: what is rendered for it says what the accounts say one by one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse import disagreements

pytestmark = pytest.mark.spark


class InSpark:
    """Views of a session; each query is worked out, as a table of a warehouse would be."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def load(self, name: str, table: pa.Table) -> None:
        self.session.createDataFrame(table).createOrReplaceTempView(name)

    def make(self, name: str, sql: str) -> None:
        self.session.sql(sql).localCheckpoint().createOrReplaceTempView(name)

    def read(self, name: str) -> pa.Table:
        return self.session.table(name).toArrow()


@pytest.mark.parametrize("number", [0, 4])
def test_engines_agree(spark: Any, number: int) -> None:
    """Law 1: Engines agree: SQL text run by Spark, and the accounts one by one."""
    assert disagreements(InSpark(spark), "pyspark", number, possible=number == 4) == []
