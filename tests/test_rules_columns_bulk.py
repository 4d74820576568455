"""Law 1 in bulk, on whole tables: a million answers at the critical points of many policies."""

from __future__ import annotations

from random import Random

import pytest

from tests.tables import BACKENDS, Drawn, asked, decided, draw_cases

TABLES = 13
CASES = 10
ROWS = 1_000


@pytest.fixture(scope="module")
def tables() -> list[Drawn]:
    """Tables with what explain and the compiled function, which must agree, decide on each row."""
    random = Random(20240229)
    return [draw_cases(random, cases=CASES, rows=ROWS) for _ in range(TABLES)]


@pytest.mark.bulk
@pytest.mark.parametrize("backend", BACKENDS)
def test_engines_agree_in_bulk(backend: str, tables: list[Drawn]) -> None:
    """Law 1: Engines agree, on a share of a million answers on each backend."""
    compared = 0
    for drawn in tables:
        native = BACKENDS[backend](drawn.table)
        answers = decided(drawn.cases, native)
        for case, told, wanted in zip(drawn.cases, answers, drawn.wanted, strict=True):
            assert told == wanted, case.policy
            compared += len(told)
        for case, names, missing in zip(
            drawn.cases, asked(drawn.cases, native), drawn.missing, strict=True
        ):
            assert names == missing, case.policy
    assert compared * len(BACKENDS) >= 1_000_000
