"""The graph of a funnel: its stages and their kinds, the moves between them, checked as a whole."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from mpfunnel.errors import InvalidDataError, UnknownNameError
from mpfunnel.facts import pursuit
from mpfunnel.labels import Label
from mpfunnel.rules.conditions import All, AnyOf
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.stages import Funnel, FunnelStage, StageHistory, Transition
from mpfunnel.starters import FUNNEL, starter

KNOWN, MQL, WON, RECYCLED, LOST = (
    FunnelStage(key, key) for key in ("known", "mql", "won", "recycled", "lost")
)
RULES = DecisionTable([Rule(WON, pursuit.won)], otherwise=KNOWN)


def funnel(*transitions: Transition, **given: Any) -> Funnel:
    """A funnel of five stages, with a graph of its own."""
    return Funnel(RULES, [KNOWN, MQL, WON], [RECYCLED, LOST], transitions=transitions, **given)


SOUND = (
    Transition(KNOWN, MQL, "forward"),
    Transition(MQL, WON, "forward"),
    Transition(MQL, RECYCLED, "recycle"),
    Transition(RECYCLED, MQL, "re-entry"),
    Transition(MQL, LOST, "recycle"),
    Transition(LOST, KNOWN, "re-entry"),
)


def problems(call: Any, *args: Any, **named: Any) -> list[str]:
    """With what a call is refused, each with its code."""
    with pytest.raises(InvalidDataError) as caught:
        call(*args, **named)
    return [f"{one.code} | {one}" for one in caught.value.problems]


class TestStages:
    def test_a_stage_is_equal_by_its_key(self) -> None:
        """S8: neither label nor kind nor time limit makes another stage of it."""
        limited = FunnelStage("mql", "x", kind="sla", within_business_days=2)
        assert limited == MQL
        assert hash(limited) == hash(MQL)
        assert MQL.kind == "inventory"

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (
                {"kind": "slow"},
                ["choice | stage.kind: must be inventory, gate or sla, not 'slow'"],
            ),
            (
                {"kind": "sla"},
                ["missing | stage.kind: an sla needs either within_days or within_business_days"],
            ),
            (
                {"kind": "sla", "within_days": 0, "within_business_days": True},
                [
                    "range | stage.within_days: must be an integer from 1 to 3,650, not 0",
                    (
                        "range | stage.within_business_days: must be an integer from 1 to 3,650, "
                        "not True"
                    ),
                    "missing | stage.kind: an sla needs either within_days or within_business_days",
                ],
            ),
            (
                {"kind": "gate", "within_days": 3},
                [
                    (
                        "contradiction | stage.within_days: only an sla has a time limit, "
                        "not kind 'gate'"
                    )
                ],
            ),
        ],
    )
    def test_a_kind_that_cannot_be_is_refused(self, given: Any, expected: list[str]) -> None:
        """Only a stage with a time limit has one, and it has exactly one."""
        assert problems(FunnelStage, "mql", "MQL", **given) == expected

    def test_a_time_limit_is_part_of_the_meaning(self) -> None:
        """Two funnels with other time limits differ, and so do the versions of their playbooks."""
        book = starter(["crm"])
        limits: list[dict[str, Any]] = [
            {},
            {"within_days": 3},
            {"within_days": 4},
            {"within_business_days": 3},
        ]
        funnels = [
            evolve(
                FUNNEL,
                ladder=[
                    evolve(one, kind="sla", **limit) if one.key == "mql" and limit else one
                    for one in FUNNEL.ladder
                ],
            )
            for limit in limits
        ]
        assert len({one.kinds for one in funnels}) == len(limits)
        assert len({evolve(book, funnel=one).version for one in funnels}) == len(limits)
        assert funnels[0] == FUNNEL != funnels[1]
        assert evolve(book, funnel=funnels[0]).version == book.version

    @pytest.mark.parametrize(
        "given",
        [
            {"final": [FUNNEL.detours[1]]},
            {"ends": [FUNNEL.ladder[-1]]},
            {"ends": []},
            {"overrules_people": True},
            {"calendar": evolve(FUNNEL.calendar, country="US")},
            {"transitions": [*(one for key in FUNNEL.graph for one in FUNNEL.graph.onward(key))]},
        ],
        ids=lambda given: next(iter(given)),
    )
    def test_the_moves_are_part_of_the_meaning(self, given: Any) -> None:
        """What a funnel says about moves makes another version; that it says nothing makes none."""
        book = starter(["crm"])
        other = evolve(book, funnel=evolve(FUNNEL, **given))
        assert other != book
        assert other.version != book.version

    def test_a_stage_is_looked_up_by_its_key(self) -> None:
        """A funnel gives its own stage of a key; of another one, the nearest is named."""
        assert FUNNEL.stage("mql").label == Label("MQL", "MQL")
        with pytest.raises(UnknownNameError, match=r"^no such stage 'mpl'; did you mean 'mql'\?$"):
            FUNNEL.stage("mpl")


class TestDefault:
    def test_every_stage_can_follow_every_other_one(self) -> None:
        """Where no moves are stated, their kinds follow from ladder, detours and ends."""
        funnel = Funnel(RULES, [KNOWN, MQL, WON], [RECYCLED, LOST])
        found = {
            (one, to.to): (to.kind, to.needs_reason)
            for one in funnel.graph
            for to in funnel.graph.onward(one)
        }
        again, aside = ("re-entry", False), ("recycle", True)
        assert found == {
            ("known", "mql"): ("forward", False),
            ("known", "won"): ("skip", False),
            ("known", "recycled"): aside,
            ("known", "lost"): aside,
            ("mql", "known"): ("back", False),
            ("mql", "won"): ("forward", False),
            ("mql", "recycled"): aside,
            ("mql", "lost"): aside,
            ("won", "known"): again,
            ("won", "mql"): again,
            ("won", "recycled"): aside,
            ("won", "lost"): aside,
            ("recycled", "known"): again,
            ("recycled", "mql"): again,
            ("recycled", "won"): again,
            ("recycled", "lost"): aside,
            ("lost", "known"): again,
            ("lost", "mql"): again,
            ("lost", "won"): again,
            ("lost", "recycled"): aside,
        }

    def test_a_lead_without_stage_stands_where_leads_start(self) -> None:
        """Before its first move a lead can go where it could from the stage of no pursuit."""
        allowed = funnel(*SOUND).allowed(StageHistory(1))
        assert [(one.start, one.to, one.kind) for one in allowed] == [
            ("", "known", "forward"),
            ("", "mql", "forward"),
        ]

    def test_the_ends_are_those_whose_rules_ask_for_an_end(self) -> None:
        """S19: a stage ends a pursuit where its every rule asks for it to be won, lost or quiet."""
        assert FUNNEL.graph.ends == {"customer", "lost", "dormant"}
        cases: list[tuple[Any, bool]] = [
            (pursuit.won, True),
            (pursuit.won | pursuit.lost, True),
            (pursuit.quiet & pursuit.started, True),
            (pursuit.won | pursuit.started, False),
            (~pursuit.won, False),
            (pursuit.won.is_false(), False),
            (pursuit.open_deal, False),
            (All(()), False),
            (AnyOf(()), False),
            (AnyOf((pursuit.won & pursuit.started, pursuit.lost)), True),
        ]
        for when, ends in cases:
            for rules in ([Rule(WON, when)], [Rule(WON, when), Rule(WON, pursuit.lost)]):
                table = DecisionTable(rules, KNOWN)
                assert Funnel(table, [KNOWN, WON]).graph.ends == ({"won"} if ends else set())
        both = DecisionTable([Rule(WON, pursuit.won), Rule(WON, pursuit.accepted)], KNOWN)
        assert Funnel(both, [KNOWN, WON]).graph.ends == set()
        start = DecisionTable([Rule(KNOWN, pursuit.won)], KNOWN)
        assert Funnel(start, [KNOWN]).graph.ends == set()

    def test_where_leads_start_cannot_be_final(self) -> None:
        """A funnel in which no lead could ever move is refused."""
        assert problems(Funnel, RULES, [KNOWN, MQL, WON], final=[KNOWN]) == [
            "contradiction | final: 'known' is where leads start, so that none could move"
        ]


class TestStated:
    def test_the_order_of_moves_says_nothing(self) -> None:
        """Law 4: Order does not matter. The same moves, ends and final stages are one funnel."""
        one = funnel(*SOUND[:4], Transition(MQL, LOST, "recycle"), final=[LOST], ends=[WON, LOST])
        other = funnel(
            Transition(MQL, LOST, "recycle"),
            *SOUND[3::-1],
            final=[LOST, LOST],
            ends=[LOST, WON, WON],
        )
        assert one == other
        assert one.transitions == other.transitions

    def test_a_sound_graph_is_taken_as_it_is(self) -> None:
        """The moves that are stated are those that there are; recycling needs a reason anyway."""
        graph = funnel(*SOUND).graph
        assert {one for key in graph for one in graph.onward(key)} == set(SOUND)
        assert Transition(MQL, LOST, "recycle").needs_reason
        assert graph.between("known", "won") is None
        assert str(SOUND[4]) == "lost (recycle, needs a reason)"
        assert graph == funnel(*SOUND).graph != FUNNEL.graph
        assert hash(graph) == hash(funnel(*SOUND).graph)

    def test_every_fault_of_a_graph_at_once(self) -> None:
        """A graph is checked as a whole when the funnel is made, and all of it is told."""
        assert problems(
            funnel,
            Transition("knwon", MQL, "forward"),
            Transition(KNOWN, "nowhere", "skip"),
            Transition(KNOWN, KNOWN, "forward"),
            Transition(KNOWN, MQL, "skip"),
            Transition(KNOWN, MQL, "forward"),
            Transition(MQL, RECYCLED, "recycle"),
            Transition(LOST, MQL, "re-entry"),
            Transition(WON, KNOWN, "forward"),
            final=[LOST],
        ) == [
            (
                "unknown-level | transitions[0].start: 'knwon' is no stage of the funnel; "
                "did you mean 'known'?"
            ),
            "unknown-level | transitions[1].to: 'nowhere' is no stage of the funnel",
            "transition | transitions[2].to: 'known' is where it starts",
            "choice | transitions[3].kind: must be forward from 'known' to 'mql', not skip",
            "duplicate | transitions[4]: 'known' to 'mql' stands there twice",
            "contradiction | transitions[6].start: 'lost' is final, so that nothing follows it",
            (
                "choice | transitions[7].kind: must be re-entry or back from 'won' to 'known', "
                "not forward"
            ),
            "transition | transitions: 'won' cannot be reached from 'known'",
            (
                "transition | transitions: 'recycled' has no way back to the ladder; add one or "
                "list it as final"
            ),
            "transition | transitions: 'lost' cannot be reached from 'known'",
        ]

    def test_a_way_back_may_lead_through_another_detour(self) -> None:
        """A detour has a way back to the ladder, whether straight or not."""
        moves = [one for one in SOUND if one.start != "lost"]
        through = Transition(LOST, RECYCLED, "recycle")
        assert funnel(*moves, through).graph.way("lost", "mql") == ()
        assert problems(funnel, *moves) == [
            (
                "transition | transitions: 'lost' has no way back to the ladder; add one or list "
                "it as final"
            )
        ]
        assert funnel(*moves, final=[LOST]).graph.final == {"lost"}

    def test_going_down_may_be_recycling(self) -> None:
        """Back to nurture can be a stage of the ladder; then it needs a reason, as recycling."""
        moves = funnel(*SOUND, Transition(MQL, KNOWN, "recycle")).graph.between("mql", "known")
        assert moves is not None
        assert moves.needs_reason

    def test_stages_that_are_none(self) -> None:
        """Final stages and ends are stages of the funnel."""
        other = FunnelStage("losst", "x")
        assert problems(funnel, *SOUND, final=[other], ends=[WON, other]) == [
            "unknown-level | final[0]: 'losst' is no stage of the funnel; did you mean 'lost'?",
            "unknown-level | ends[1]: 'losst' is no stage of the funnel; did you mean 'lost'?",
        ]

    def test_what_is_no_move(self) -> None:
        """A move with fields of other types is refused with all of them."""
        assert problems(Transition, 3, None, "forwards", "yes") == [
            "type | transition.start: must be text, not int 3",
            "type | transition.to: must be text, not NoneType None",
            (
                "choice | transition.kind: must be forward, skip, back, recycle, re-entry, "
                "not 'forwards'; did you mean 'forward'?"
            ),
            "type | transition.needs_reason: must be true or false, not str 'yes'",
        ]
        given: dict[str, Any] = {
            "transitions": ["known"],
            "final": ["lost"],
            "ends": 3,
            "overrules_people": 1,
            "calendar": "JP",
        }
        assert problems(Funnel, RULES, [KNOWN, WON], **given) == [
            "type | overrules_people: must be true or false, not int 1",
            "type | calendar: must be a BusinessCalendar, not str 'JP'",
            "type | final[0]: must be a FunnelStage, not str",
            "type | ends: must be a list, not int 3",
            "type | transitions[0]: must be a Transition, not str",
        ]

    @pytest.mark.parametrize("nothing", [None, 0, "", False], ids=repr)
    def test_what_is_nothing_is_no_list(self, nothing: Any) -> None:
        """What is empty in another way than a list is refused as what is no list at all."""
        names = ["ladder", "detours", "final"]
        if nothing is not None:
            names += ["ends", "transitions"]
        given = {"ladder": [KNOWN, WON], **dict.fromkeys(names, nothing)}
        what = f"{type(nothing).__name__} {nothing!r}"
        assert problems(Funnel, RULES, **given) == [
            f"type | {name}: must be a list, not {what}" for name in names
        ]
