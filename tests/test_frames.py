"""Frames: whole tables say of every row what the engine says of one account after the other."""

from __future__ import annotations

from random import Random

import pytest

from mpfunnel import frames
from tests.frames import KINDS, differences, draw_records, tables_of
from tests.leads import BOOKS, book_of, draw_as_of, engine_of

CASES = [("Polars", number) for number in range(BOOKS)]
CASES += [(kind, place) for place, kind in enumerate(KINDS) if kind != "Polars"]
CASES += [(kind, place + 5) for place, kind in enumerate(KINDS) if "Polars" not in kind]


@pytest.mark.parametrize(("kind", "number"), CASES)
def test_engines_agree(kind: str, number: int) -> None:
    """Law 1: Engines agree: tables of every kind, and the accounts one by one."""
    random = Random(f"{kind} {number}")
    book, engine, as_of = book_of(number), engine_of(number), draw_as_of(random)
    records = draw_records(random, book, as_of, 40)
    given = KINDS[kind](tables_of(records, engine))
    possible = number % 2 == 0
    out = frames.assess(engine, **given, as_of=as_of, lang="en", possible=possible)
    assert differences(out, engine, records, as_of, possible=possible) == []
