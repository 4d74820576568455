"""Law 1 in bulk: one long seeded loop over critical points."""

from __future__ import annotations

from random import Random

import pytest

from tests.policies import compiled_of, disagreements, draw_case, draw_records

CASES = 2_600
RECORDS = 100


@pytest.mark.bulk
def test_engines_agree_in_bulk() -> None:
    """Law 1: Engines agree, on half a million answers at the critical points of many policies."""
    random = Random(20240229)
    compared = 0
    for _ in range(CASES):
        case = draw_case(random)
        compiled = compiled_of(case)
        for _ in range(RECORDS):
            assert disagreements(case, compiled, draw_records(random, case)) == []
            compared += 2
    assert compared >= 500_000
