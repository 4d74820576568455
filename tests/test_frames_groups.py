"""Parents and subsidiaries in whole tables: they say what the accounts say one by one."""

from __future__ import annotations

from random import Random

import pytest

from mpfunnel import frames
from tests.frames import KINDS, differences, tables_of
from tests.groups import ASKING, engine_asking, with_groups
from tests.leads import draw_as_of


@pytest.mark.parametrize("number", ASKING)
def test_tables_say_what_accounts_say(number: int) -> None:
    """Law 1: on drawn companies with parents, whole tables give the answers of each account."""
    random = Random(f"groups {number}")
    engine, as_of = engine_asking(number), draw_as_of(random)
    records = with_groups(random, engine.playbook, as_of, 25)
    given = KINDS["Polars"](tables_of(records, engine))
    out = frames.assess(engine, **given, as_of=as_of, lang="en", possible=True)
    found = differences(out, engine, records, as_of, possible=True)
    assert [one for one in found if "cycle" not in one] == []
