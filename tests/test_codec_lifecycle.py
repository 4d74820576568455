"""What a playbook file says about moves: stage kinds, graph, ends and business days."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from attrs import evolve

from mpfunnel.calendars import BusinessCalendar
from mpfunnel.codec import dump, load, to_data
from mpfunnel.errors import DecodeError, brief
from mpfunnel.stages import FunnelStage, Transition
from mpfunnel.starters import FUNNEL, starter

BOOK = starter(["crm"])
DATA = to_data(BOOK)


def problems(**given: Any) -> list[str]:
    """With what a file is refused that says so about its funnel."""
    with pytest.raises(DecodeError) as caught:
        load({**DATA, "funnel": {**DATA["funnel"], **given}})
    return [f"{one.code} | {one}" for one in caught.value.problems]


def test_nothing_is_written_of_what_every_funnel_says() -> None:
    """A funnel that says nothing about moves has the file that it always had."""
    assert list(DATA["funnel"]) == [
        "ladder",
        "detours",
        "labels",
        "quiet_days",
        "deals_without_lead",
        "otherwise",
        "otherwise_because",
        "rules",
    ]


def test_it_is_laid_out_for_people() -> None:
    """Law 8: Round trip. Moves stand one on a line, kinds and days under headers of their own."""
    known, _inquiry, mql = FUNNEL.ladder[:3]
    sla = FunnelStage("mql", mql.label, kind="sla", within_business_days=2)
    funnel = evolve(
        FUNNEL,
        ladder=[known, FunnelStage("inquiry", "x", kind="gate"), sla, *FUNNEL.ladder[3:]],
        transitions=[
            Transition(one, to.to, to.kind, to.kind == "back")
            for one in FUNNEL.graph
            for to in FUNNEL.graph.onward(one)
            if one != "disqualified"
        ],
        final=[FUNNEL.detours[1]],
        ends=[FUNNEL.ladder[-1]],
        overrules_people=True,
        calendar=BusinessCalendar(days_off=[date(2026, 12, 29)], fiscal_year_start_month=1),
    )
    book = evolve(BOOK, funnel=funnel)
    text = dump(book)
    for part in (
        'overrules_people = true\nfinal = ["disqualified"]\nends = ["customer"]\n',
        'transitions = [\n    {start = "known", to = "inquiry", kind = "forward"},\n',
        '    {start = "known", to = "recycled", kind = "recycle"},\n',
        '    {start = "inquiry", to = "known", kind = "back", needs_reason = true},\n',
        (
            "\n# Time limits: a gate is left on the day of entering, an sla within_days or "
            "within_business_days.\n# warn_days: so many days before days alone take a lead out of "
            'the stage, a warning is due.\n[funnel.kinds]\ninquiry = {kind = "gate"}\n'
            'mql = {kind = "sla", within_business_days = 2}\n'
        ),
        (
            '[funnel.calendar]\ncountry = "JP"\nweekend = ["sat", "sun"]\n'
            "days_off = [2026-12-29]\nfiscal_year_start_month = 1\n"
        ),
    ):
        assert part in text
    again = load(to_data(book))
    assert again == book
    assert again.version == book.version


@pytest.mark.parametrize(
    "funnel",
    [
        {"calendar": BusinessCalendar(None, weekend=())},
        {"calendar": BusinessCalendar("DE", region="BY", working_days=[date(2026, 1, 1)])},
        {"ends": []},
        {"final": FUNNEL.detours},
    ],
    ids=str,
)
def test_what_a_funnel_leaves_out_survives_a_file(funnel: Any) -> None:
    """Law 8: Round trip. No country, no weekend and no ends are not the same as none given."""
    book = evolve(BOOK, funnel=evolve(FUNNEL, **funnel))
    assert load(to_data(book)) == book


MOVE = {"start": "known", "to": "mql", "kind": "skip"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"kinds": {"mql": {"kind": "slow", "days": 3}, "mpl": {}, "sal": []}},
            [
                "unknown-key | funnel.kinds.mql.days: no such key; did you mean 'warn_days'?",
                "choice | funnel.kinds.mql.kind: must be inventory, gate or sla, not 'slow'",
                "type | funnel.kinds.sal: must be a table",
                "unknown-key | funnel.kinds.mpl: no such key; did you mean 'mql'?",
            ],
        ),
        ({"kinds": 3}, ["type | funnel.kinds: must be a table"]),
        (
            {"kinds": {"mql": {"kind": "sla", "within_days": "3"}}},
            [
                "range | funnel.kinds.mql.within_days: must be an integer from 1 to 3,650, not '3'",
            ],
        ),
        (
            {"final": "lost", "ends": ["lots", 3]},
            [
                "type | funnel.final: must be a list of keys",
                "unknown-level | funnel.ends[0]: 'lots': no such stage; did you mean 'lost'?",
                "type | funnel.ends[1]: must be a key: text that is not blank",
            ],
        ),
        (
            {"transitions": [{**MOVE, "to": "mpl"}, {"kind": "skip", "from": "known"}, {}, 3]},
            [
                "type | funnel.transitions[3]: must be a table",
                (
                    "unknown-level | funnel.transitions[0].to: 'mpl': no such stage; "
                    "did you mean 'mql'?"
                ),
                (
                    "unknown-key | funnel.transitions[1].from: no such key; known are start, to, "
                    "kind, needs_reason"
                ),
                "missing | funnel.transitions[1]: has no start",
                "missing | funnel.transitions[1]: has no to",
                "missing | funnel.transitions[2]: has no start",
                "missing | funnel.transitions[2]: has no to",
                "missing | funnel.transitions[2]: has no kind",
            ],
        ),
        (
            {
                "transitions": [
                    {**MOVE, "to": "mpl", "kind": "up"},
                    {"to": "mql", "needs_reason": 1},
                ]
            },
            [
                (
                    "unknown-level | funnel.transitions[0].to: 'mpl': no such stage; "
                    "did you mean 'mql'?"
                ),
                (
                    "choice | funnel.transitions[0].kind: must be forward, skip, back, recycle, "
                    "re-entry, not 'up'"
                ),
                "missing | funnel.transitions[1]: has no start",
                "missing | funnel.transitions[1]: has no kind",
                "type | funnel.transitions[1].needs_reason: must be true or false, not int 1",
            ],
        ),
        (
            {"transitions": [{**MOVE, "kind": "up", "needs_reason": 1}]},
            [
                (
                    "choice | funnel.transitions[0].kind: must be forward, skip, back, recycle, "
                    "re-entry, not 'up'"
                ),
                "type | funnel.transitions[0].needs_reason: must be true or false, not int 1",
            ],
        ),
        (
            {"overrules_people": "no", "calendar": {"country": "Japan", "days_off": ["x"]}},
            [
                "type | funnel.overrules_people: must be true or false",
                (
                    "type | funnel.calendar.days_off: must be a list of dates, for example "
                    "[2026-12-29]"
                ),
                (
                    "format | funnel.calendar.country: must be a code of two letters such as 'JP', "
                    "or nothing, not 'Japan'"
                ),
            ],
        ),
        (
            {"calendar": {"weekend": {"sat": True}, "holidays": [], "working_days": 3}},
            [
                "unknown-key | funnel.calendar.holidays: no such key; did you mean 'working_days'?",
                "type | funnel.calendar.weekend: must be a list of days of the week",
                (
                    "type | funnel.calendar.working_days: must be a list of dates, for example "
                    "[2026-12-29]"
                ),
            ],
        ),
        (
            {"transitions": [MOVE], "final": ["disqualified"]},
            [
                f"transition | funnel.transitions: {brief(stage.key)} {message}"
                for stage in (*FUNNEL.ladder[1:], *FUNNEL.detours)
                if stage.key != "mql"
                for message in (
                    "cannot be reached from 'known'",
                    "has no way back to the ladder; add one or list it as final",
                )
                if "back" not in message or stage.key in ("recycled", "lost", "dormant")
            ],
        ),
    ],
    ids=range(10),
)
def test_every_fault_has_its_path(given: Any, expected: list[str]) -> None:
    """What a file says about moves is checked as strictly as the rest, all of it at once."""
    assert problems(**given) == expected


def test_a_graph_of_very_many_wrong_moves_is_refused_soon() -> None:
    """Of very many moves between stages that do not exist, as many are told as anybody reads."""
    wrong = [{**MOVE, "to": f"mql-{number}"} for number in range(20_000)]
    assert problems(transitions=wrong)[-1] == "more | has more; these are the first 200"
