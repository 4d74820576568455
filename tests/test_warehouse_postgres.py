"""Warehouse, on PostgreSQL: what is rendered for it says what the accounts say one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.steps import step_differences
from tests.warehouse import InPostgres, disagreements, postgres_schema, steps_in

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres: str) -> Iterator[InPostgres]:
    """An empty schema."""
    with postgres_schema(postgres) as schema:
        yield schema


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


@pytest.mark.parametrize("seed", [1, 4])
def test_steps_are_those_of_the_accounts(database: InPostgres, seed: int) -> None:
    """Law 1: Engines agree: rules that see the stage, asked again as often as the text says."""
    run = steps_in(database, "postgres")
    assert step_differences(run, seed, possible=seed % 2 == 0) == []
