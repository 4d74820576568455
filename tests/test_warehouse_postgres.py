"""Warehouse, on PostgreSQL: what is rendered for it says what the accounts say one by one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pyarrow as pa
import pytest

from tests.warehouse import disagreements

pytestmark = pytest.mark.postgres


class InPostgres:
    """A schema of its own in a database."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def load(self, name: str, table: pa.Table) -> None:
        self.cursor.adbc_ingest(name, table, mode="create")

    def make(self, name: str, sql: str) -> None:
        self.cursor.execute(f"CREATE TABLE {name} AS {sql}")

    def read(self, name: str) -> pa.Table:
        self.cursor.execute(f"SELECT * FROM {name}")
        return self.cursor.fetch_arrow_table()


@pytest.fixture
def database(postgres: str) -> Iterator[InPostgres]:
    """An empty schema."""
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    with dbapi.connect(postgres) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA tried")
        cursor.execute("SET search_path TO tried")
        yield InPostgres(cursor)


@pytest.mark.parametrize("number", [0, 4, 7, 9, 11])
def test_engines_agree(database: InPostgres, number: int) -> None:
    """Law 1: Engines agree: SQL text run by PostgreSQL, and the accounts one by one."""
    found = disagreements(
        database,
        "postgres",
        number,
        possible=number % 2 == 0,
        day=(lambda day: f"DATE '{day}'") if number == 9 else None,
    )
    assert found == []
