"""A stage set by a person: it holds until its last day, then the facts move the lead again."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.errors import InvalidDataError
from mpfunnel.stages import Move, StageHistory
from mpfunnel.starters import FUNNEL
from tests.lifecycle import hour
from tests.test_stages_moves import says, went

LAST = date(2026, 4, 10)


def by_hand(until: date | None = LAST) -> StageHistory:
    """A lead that a person took to SAL, to come back to it in May."""
    return FUNNEL.move(
        went("known", "mql"),
        "sal",
        at=hour(30),
        cause="person",
        by="Mori",
        until=until,
        follow_up_on=date(2026, 5, 1),
    )


def test_it_holds_until_its_last_day_and_no_longer() -> None:
    """The day after it, time alone moves the lead where the facts want it."""
    noon = datetime(2026, 4, 10, 12, tzinfo=UTC)

    on_last = FUNNEL.reconcile(
        by_hand(), says("mql"), as_of=noon, new_fact_at=noon, latest_fact_at=noon, zone="UTC"
    )
    assert (on_last.moves, on_last.held_by) == ((), "person")
    on_last = FUNNEL.reconcile(by_hand(), says("mql"), as_of=noon, zone="UTC")
    assert (on_last.moves, on_last.held_by) == ((), "person")
    after = FUNNEL.reconcile(by_hand(), says("mql"), as_of=noon + timedelta(1), zone="UTC")
    assert [(move.to, move.cause) for move in after.moves] == [("mql", "time")]
    for_ever = FUNNEL.reconcile(by_hand(None), says("mql"), as_of=noon + timedelta(1_000))
    assert for_ever.held_by == "person"


def test_its_last_day_is_one_of_the_playbook_s_zone() -> None:
    """S12: in Tokyo the day is over while it still lasts in UTC."""
    evening = datetime(2026, 4, 10, 15, tzinfo=UTC)

    in_utc = FUNNEL.reconcile(by_hand(), says("mql"), as_of=evening, zone="UTC")
    assert in_utc.held_by == "person"
    with pytest.raises(InvalidDataError, match="zone: is needed, because a person's decision has"):
        FUNNEL.reconcile(by_hand(), says("mql"), as_of=evening)
    in_tokyo = FUNNEL.reconcile(by_hand(), says("mql"), as_of=evening, zone="Asia/Tokyo")
    assert [move.to for move in in_tokyo.moves] == ["mql"]
    with pytest.raises(InvalidDataError, match="zone: 'Asia/Tokio': no such IANA zone"):
        FUNNEL.reconcile(by_hand(), says("mql"), as_of=evening, zone="Asia/Tokio")


def test_only_where_the_person_took_the_lead_it_says_until_when() -> None:
    """What was passed over on the way is nobody's decision."""
    history = FUNNEL.move(
        went("known"), "sql", at=hour(9), cause="person", by="Mori", until=LAST, follow_up_on=LAST
    )
    *passed, last = history.entries
    assert (last.stage, last.until, last.follow_up_on) == ("sql", LAST, LAST)
    assert {(one.until, one.follow_up_on) for one in passed} == {(None, None)}


@pytest.mark.parametrize("cause", ["rule", "time", "import", "api"])
def test_only_a_person_s_decision_has_a_last_day(cause: Any) -> None:
    """A rule decides anew whenever it is asked; anybody may say when to come back."""
    with pytest.raises(InvalidDataError) as caught:
        Move("mql", hour(1), cause, until=LAST)
    message = f"move.until: must be blank where the cause is '{cause}'"
    assert str(caught.value) == message
    assert Move("mql", hour(1), cause, follow_up_on=LAST).follow_up_on == LAST
    (entry,) = went("known", cause=cause).entries
    with pytest.raises(InvalidDataError, match=r"entry.until: must be blank where the cause is"):
        evolve(entry, until=LAST)


def test_rows_carry_it_and_earlier_rows_still_load() -> None:
    """Days come back as days, or as the text that a database without them keeps."""
    history = by_hand()
    rows = history.rows()
    assert (rows[-1]["until"], rows[-1]["follow_up_on"]) == (LAST, date(2026, 5, 1))
    assert StageHistory.from_rows(history.lead_id, rows) == history

    texts = json.loads(json.dumps(rows, default=str))
    assert StageHistory.from_rows(history.lead_id, texts) == history
    early = [{k: v for k, v in row.items() if k not in ("until", "follow_up_on")} for row in rows]
    restored = StageHistory.from_rows(history.lead_id, early)
    assert [one.until for one in restored.entries] == [None] * len(rows)
    with pytest.raises(InvalidDataError, match=r"rows\[0\].until: must be a date, not str 'soon'"):
        StageHistory.from_rows(history.lead_id, [{**rows[0], "until": "soon"}])
