"""Stage histories as values: what they hold, what they answer, and the rows that store them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.stages import Entry, StageHistory
from mpfunnel.starters import FUNNEL
from tests.lifecycle import hour
from tests.test_stages_moves import drawn, went

HISTORY = went("known", "mql", "recycled", "mql")
ROWS = HISTORY.rows()


def problems(call: Callable[..., Any], *args: Any, **named: Any) -> list[str]:
    """With what a call is refused, each with its code."""
    with pytest.raises(InvalidDataError) as caught:
        call(*args, **named)
    return [f"{one.code} | {one}" for one in caught.value.problems]


def test_a_history_is_a_value() -> None:
    """Equal histories hash alike, and a move leaves the history before it as it was."""
    before = went("known", "mql")
    after = FUNNEL.move(before, "sal", at=hour(5), cause="api")
    assert before == went("known", "mql") != after
    assert hash(before) == hash(went("known", "mql"))
    assert pickle.loads(pickle.dumps(after)) == after
    assert StageHistory(7).current is None
    assert StageHistory(7).last_at is None


def test_times_in_a_stage_are_counted_from_both_ends() -> None:
    """The n-th time counts from 1, the latest is -1, and there is no time 0."""
    assert [HISTORY.nth("mql", n) for n in (1, 2, -1, -2)] == [
        HISTORY.entries[2],
        HISTORY.entries[4],
        HISTORY.entries[4],
        HISTORY.entries[2],
    ]
    assert [HISTORY.nth("mql", n) for n in (0, 3, -3)] == [None] * 3
    assert HISTORY.first(FUNNEL.ladder[2]) == HISTORY.nth("mql", 1)
    assert HISTORY.first("sal") is HISTORY.latest("sal") is None


def test_time_in_a_stage_ends_with_the_day_asked_about() -> None:
    """Law 5: The future does not change the past. Later entries add nothing to an earlier time."""
    hours = [HISTORY.time_in("mql", as_of=hour(at)) / timedelta(hours=1) for at in range(6)]
    assert hours == [0, 0, 1, 1, 2, 3]
    assert HISTORY.time_in("inquiry", as_of=hour(9)) == timedelta(0), "it is imputed"
    assert problems(HISTORY.time_in, "mql", as_of=date(2026, 4, 1)) == [
        "type | as_of: must be a datetime, not date datetime.date(2026, 4, 1)"
    ]


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_history_survives_its_rows(seed: int) -> None:
    """Law 8: Round trip. Rows, in whatever order, and by way of JSON, give the same history."""
    plan, (one, other), now = drawn(seed, 1, 2)
    merged = plan.funnel().merge(one.history, other.history, at=hour(now))
    for history in (one.history, merged):
        rows = history.rows()
        text = json.dumps(rows, default=datetime.isoformat)
        Random(seed).shuffle(rows)
        assert StageHistory.from_rows(history.lead_id, rows) == history
        assert StageHistory.from_rows(history.lead_id, json.loads(text)) == history


def test_a_row_is_flat() -> None:
    """A row holds texts, integers, instants in UTC and one list of ids: what a database stores."""
    history = FUNNEL.move(
        StageHistory("L-7"),
        "known",
        at=hour(0),
        cause="import",
        by="Sato",
        for_products=["crm"],
    )
    assert history.rows() == [
        {
            "lead_id": "L-7",
            "of_lead": "L-7",
            "number": 1,
            "pursuit": 1,
            "stage": "known",
            "entered": datetime(2026, 4, 1, tzinfo=UTC),
            "left": None,
            "kind": "forward",
            "cause": "import",
            "reason": None,
            "by": "Sato",
            "imputed": False,
            "for_products": ["crm"],
            "playbook_version": "",
            "until": None,
            "follow_up_on": None,
        }
    ]
    assert StageHistory("L-7").rows() == []
    assert StageHistory.from_rows("L-7", []) == StageHistory("L-7")


def test_every_fault_of_rows_at_once() -> None:
    """Rows are read strictly: each fault of each row, with its path."""
    wrong: list[Any] = [
        {**ROWS[0], "more": 1, "lead_id": 8, "by": 3},
        {key: value for key, value in ROWS[1].items() if key not in ("pursuit", "by")}
        | {"stage": " "},
        {**ROWS[2], "imputed": 1, "entered": "2026-04-01 01:00", "number": 0},
        {**ROWS[3], "cause": "mood", "left": "soon", "for_products": "crm"},
        {**ROWS[4], "left": "2026-04-01T00:00:00+00:00"},
        {**ROWS[4], "lead_id": 7.0},
        "row",
    ]
    assert problems(StageHistory.from_rows, 7, wrong) == [
        "unknown-key | rows[0].more: no such column",
        "conflict | rows[0].lead_id: must be 7, not 8",
        "type | rows[0].by: must be text, not int",
        "missing | rows[1].pursuit: is missing",
        "missing | rows[1].by: is missing",
        "blank | rows[1].stage: must not be blank",
        "range | rows[2].number: must be at least 1",
        "naive | rows[2].entered: has no time zone; give an aware datetime",
        "type | rows[2].imputed: must be true or false, not int 1",
        "type | rows[3].left: must be a datetime, not str 'soon'",
        "choice | rows[3].cause: must be one of rule, time, person, import, api, not 'mood'",
        "type | rows[3].for_products: must be a collection of ids, not str 'crm'",
        "order | rows[4].left: must not be before entered",
        "conflict | rows[5].lead_id: must be 7, not 7.0",
        "type | rows[6]: must be a mapping, not str 'row'",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda rows: rows[1:],
            [
                "order | history.entries[0].number: must be 1 of lead 7, not 2",
            ],
        ),
        (
            lambda rows: [*rows, rows[0]],
            [
                "order | history.entries[1].number: must be 2 of lead 7, not 1",
            ],
        ),
        (
            lambda rows: rows[:-1],
            [
                "order | history.entries: must have exactly one entry that is not left, not 0",
            ],
        ),
        (
            lambda rows: [*rows[:-2], {**rows[-2], "left": None}, rows[-1]],
            [
                "order | history.entries[4].entered: must be when the entry before it was left",
                "order | history.entries: must have exactly one entry that is not left, not 2",
            ],
        ),
        (
            lambda rows: [{**row, "pursuit": 2} for row in rows],
            [
                (
                    "order | history.entries[0].pursuit: must be the pursuit of the entry "
                    "before it, or the next one"
                ),
            ],
        ),
        (
            lambda rows: [*rows[:-1], {**rows[-1], "pursuit": 3}],
            [
                (
                    "order | history.entries[4].pursuit: must be the pursuit of the entry "
                    "before it, or the next one"
                ),
            ],
        ),
    ],
    ids=["first gone", "twice", "last gone", "two open", "no first pursuit", "a pursuit left out"],
)
def test_rows_that_do_not_follow_upon_each_other(change: Any, expected: list[str]) -> None:
    """Law 7: Nothing is lost. Rows that are missing, doubled or torn are told, and not mended."""
    assert problems(StageHistory.from_rows, 7, change(ROWS)) == expected


def test_what_is_no_history() -> None:
    """A history has an id and entries, and nothing else."""
    given: Any = [3]
    assert problems(StageHistory, True, given) == [
        "type | history.lead_id: must be a text or an integer id, not bool True",
        "type | history.entries[0]: must be an Entry, not int",
    ]
    entry: Entry = HISTORY.entries[0]
    assert problems(evolve, entry, stage=" ", pursuit=0) == [
        "range | entry.pursuit: must be at least 1",
        "blank | entry.stage: must not be blank",
    ]
