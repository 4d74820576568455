"""The gate: moves of a lead from stage to stage, whoever asks, and what the facts propose."""

from __future__ import annotations

import pickle
from copy import copy
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from random import Random
from typing import Any, get_args

import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import mpfunnel as mf
from mpfunnel.errors import InvalidDataError, TransitionError
from mpfunnel.rules.tables import DecisionTable
from mpfunnel.stages import Cause, Entry, Funnel, FunnelStage, Move, StageHistory, Transition
from mpfunnel.stages import history as history_module
from mpfunnel.starters import FUNNEL
from tests.lifecycle import CAUSES, Pair, Plan, Said, draw_plan, hour

SEEDS = st.integers(0, 2**32 - 1)


def went(*stages: str, funnel: Funnel = FUNNEL, cause: Any = "api") -> StageHistory:
    """The history of lead 7, moved from stage to stage hour by hour, with a reason each time."""
    history = StageHistory(7)
    for number, stage in enumerate(stages):
        history = funnel.move(history, stage, at=hour(number), cause=cause, reason="timing")
    return history


def refused(call: Any, *args: Any, **named: Any) -> TransitionError:
    """The error with which the gate refuses."""
    with pytest.raises(TransitionError) as caught:
        call(*args, **named)
    return caught.value


def now(history: StageHistory) -> Entry:
    """Where the lead is."""
    assert history.current is not None
    return history.current


def shown(history: StageHistory) -> list[tuple[str, str, bool, int]]:
    """Stage, kind, imputed and pursuit of each entry."""
    return [(e.stage, e.kind, e.imputed, e.pursuit) for e in history.entries]


class TestGate:
    def test_a_move_closes_one_entry_and_opens_the_next(self) -> None:
        """A move is an entry with its instant, cause, reason, author and products."""
        at = datetime(2026, 4, 2, 9, tzinfo=timezone(timedelta(hours=9)))
        history = FUNNEL.move(
            went("known"),
            FUNNEL.ladder[1],
            at=at,
            cause="person",
            reason="called us",
            by="Sato",
            for_products=["crm"],
        )
        first, second = history.entries
        assert first.left == second.entered == at
        assert second.left is None
        assert (second.cause, second.reason, second.by) == ("person", "called us", "Sato")
        assert second.for_products == ("crm",)
        assert history.current is second

    @pytest.mark.parametrize("cause", CAUSES)
    @given(seed=SEEDS)
    @settings(max_examples=10)
    def test_nobody_bypasses_the_gate(self, cause: Any, seed: int) -> None:
        """Law 10: A move is a move. Rule, time, person, import and API are let pass alike."""
        random = Random(seed)
        plan = draw_plan(random)
        funnel = plan.funnel()
        history = StageHistory(1)
        pairs = plan.pairs()
        for number in range(8):
            here = history.current.stage if history.current else None
            for to in [*plan.ladder, *plan.aside]:
                kind, needs = pairs.get((here or plan.ladder[0], to), (None, False))
                if here is None and to == plan.ladder[0]:
                    kind = "forward"
                for reason in (None, "timing"):
                    asked = Move(to, hour(number), cause, reason=reason)
                    if kind is None or (needs and reason is None):
                        refused(funnel.apply, history, [asked])
                        refused(funnel.move, history, to, at=asked.at, cause=cause, reason=reason)
                    else:
                        assert funnel.apply(history, [asked]).current.stage == to  # type: ignore[union-attr]
            way = random.choice(funnel.allowed(history) or (None,))
            if way is None:
                break
            history = funnel.move(history, way.to, at=hour(number), cause=cause, reason="timing")

    def test_a_refusal_says_what_would_have_passed(self) -> None:
        """A refusal names the stages that were open, the kind of each move, and what it needs."""
        known, mql, lost = FUNNEL.ladder[0], FUNNEL.ladder[2], FUNNEL.detours[2]
        funnel = Funnel(
            FUNNEL.rules.__class__((), known),
            [known, mql],
            [lost],
            transitions=[
                Transition(known, mql, "forward"),
                Transition(mql, lost, "recycle"),
                Transition(lost, mql, "re-entry", needs_reason=True),
            ],
        )
        history = funnel.move(StageHistory(1), "mql", at=hour(0), cause="api")
        error = refused(funnel.move, history, "known", at=hour(1), cause="import")
        assert error.allowed == (Transition("mql", "lost", "recycle", needs_reason=True),)
        assert str(error) == (
            "move.to: no move leads from 'mql' to 'known'; allowed: lost (recycle, needs a reason)"
        )
        assert [problem.code for problem in error.problems] == ["transition"]
        again = pickle.loads(pickle.dumps(error))
        assert (again.problems, again.allowed) == (error.problems, error.allowed)
        assert isinstance(error, ValueError)
        assert isinstance(error, mf.MpfunnelError)

    def test_nothing_follows_what_is_final(self) -> None:
        """From a final stage no move is allowed, and the refusal says so."""
        funnel = evolve(FUNNEL, final=[FUNNEL.detours[1]])
        history = went("mql", "disqualified", funnel=funnel)
        error = refused(funnel.move, history, "mql", at=hour(9), cause="person", reason="x")
        assert error.allowed == funnel.allowed(history) == ()
        assert str(error).endswith("'disqualified' to 'mql'; allowed: no moves at all")

    def test_a_stage_that_is_none_is_refused(self) -> None:
        """A misspelt stage is refused with the nearest one."""
        error = refused(FUNNEL.move, StageHistory(1), "mpl", at=hour(0), cause="api")
        assert str(error) == "move.to: 'mpl': no such stage; did you mean 'mql'?"
        assert len(error.allowed) == len(FUNNEL.ladder) + len(FUNNEL.detours)

    def test_a_lead_is_not_moved_to_where_it_is(self) -> None:
        """The same move delivered twice is refused the second time, under a code of its own."""
        error = refused(FUNNEL.move, went("mql"), "mql", at=hour(1), cause="api")
        assert [problem.code for problem in error.problems] == ["duplicate"]
        assert str(error) == "move.to: the lead is at 'mql' already"

    def test_all_that_is_wrong_is_told_at_once(self) -> None:
        """A move that is too early and lacks its reason is refused for both."""
        error = refused(FUNNEL.move, went("known", "mql"), "recycled", at=hour(0), cause="rule")
        assert [str(problem) for problem in error.problems] == [
            "move.at: must not be before 2026-04-01T01:00:00+00:00, when the lead was last moved",
            "move.reason: is needed to move a lead to 'recycled' (recycle)",
        ]

    def test_what_is_no_move_is_refused_before_the_gate(self) -> None:
        """Faults of form are told all at once, and a person's name is not shown."""
        with pytest.raises(InvalidDataError) as caught:
            FUNNEL.move(
                StageHistory(1),
                3,  # type: ignore[arg-type]
                at=datetime(2026, 4, 1),  # noqa: DTZ001
                cause="mood",  # type: ignore[arg-type]
                by=["Sato"],  # type: ignore[arg-type]
                for_products="crm",
            )
        assert [str(problem) for problem in caught.value.problems] == [
            "move.to: must be text, not int 3",
            "move.at: has no time zone; give an aware datetime",
            "move.cause: must be one of rule, time, person, import, api, not 'mood'",
            "move.by: must be text, not list",
            "move.for_products: must be a collection of ids, not str 'crm'",
        ]
        with pytest.raises(InvalidDataError, match=r"for_products: must be a text or an integer"):
            FUNNEL.move(StageHistory(1), "mql", at=hour(0), cause="api", for_products=[True])

    def test_a_set_of_products_has_an_order(self) -> None:
        """Law 4: products given as a set stand in one order, whatever the order of its hashes."""
        products = [f"product-{number}" for number in range(20)]
        for kind in (set, frozenset):
            move = Move("mql", hour(0), "api", for_products=kind(products))
            assert move.for_products == tuple(sorted(products))
        assert Move("mql", hour(0), "api", for_products={10, 9, "8"}).for_products == (9, 10, "8")
        with pytest.raises(InvalidDataError, match=r"for_products: must be a text or an integer"):
            Move("mql", hour(0), "api", for_products={None, 1.5})  # type: ignore[arg-type]
        assert Move("mql", hour(0), "api", for_products=products[::-1]).for_products == tuple(
            products[::-1]
        )

    def test_moves_at_one_instant_are_ordered(self) -> None:
        """Of several moves at one instant each follows the one before."""
        moves = [Move(to, hour(0), "api") for to in ("known", "inquiry", "known", "mql")]
        history = FUNNEL.apply(StageHistory(1), moves)
        assert [entry.stage for entry in history.entries if not entry.imputed] == [
            move.to for move in moves
        ]


class TestGrowth:
    """A history grows by the gate alone, and what it grows by is checked once."""

    def test_the_past_is_not_checked_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each entry is looked at once however many moves follow, one by one or all together."""
        looked = 0

        def counted(entries: tuple[Entry, ...]) -> list[Any]:
            nonlocal looked
            looked += len(entries)
            return right(entries)

        right = history_module._gaps
        monkeypatch.setattr(history_module, "_gaps", counted)
        moves = [Move(("mql", "sal")[n % 2], hour(n), "api", reason="x") for n in range(300)]
        together = FUNNEL.apply(StageHistory(7), moves)
        one_by_one = StageHistory(7)
        for move in moves:
            one_by_one = FUNNEL.apply(one_by_one, [move])
        moved = went(*(move.to for move in moves))
        assert looked == 0
        assert [e.stage for e in together.entries] == [e.stage for e in moved.entries]
        assert together == one_by_one == StageHistory(7, one_by_one.entries)
        with pytest.raises(InvalidDataError):
            evolve(together, entries=together.entries[1:])

    def test_a_history_can_be_continued_twice(self) -> None:
        """A history is a value: what is moved on from it once can be moved on otherwise."""
        before = went("inquiry", "mql")
        first = FUNNEL.move(before, "sal", at=hour(3), cause="api")
        refused(FUNNEL.move, first, "sal", at=hour(4), cause="api")
        second = FUNNEL.move(before, "inquiry", at=hour(3), cause="api")
        other = evolve(FUNNEL, final=[FUNNEL.ladder[4]])
        assert now(FUNNEL.move(first, "sql", at=hour(5), cause="api")).stage == "sql"
        assert now(other.move(second, "mql", at=hour(5), cause="api")).kind == "forward"
        assert (now(before).stage, now(first).stage, now(second).stage) == ("mql", "sal", "inquiry")
        assert copy(first) == first


class TestSuccessPath:
    def test_what_is_skipped_is_imputed(self) -> None:
        """Stages that a move leaves out are entries too, without duration, and marked."""
        history = went("inquiry", "sql")
        assert shown(history) == [
            ("known", "forward", True, 1),
            ("inquiry", "forward", False, 1),
            ("mql", "skip", True, 1),
            ("sal", "skip", True, 1),
            ("sql", "skip", False, 1),
        ]
        assert all(entry.left == entry.entered for entry in history.entries if entry.imputed)

    def test_going_back_is_possible_and_recorded(self) -> None:
        """A lead can go back; its history keeps both times, and says that it went back."""
        history = went("known", "inquiry", "mql", "inquiry", "mql")
        assert [entry.kind for entry in history.entries] == [
            "forward",
            "forward",
            "forward",
            "back",
            "forward",
        ]
        first, latest = history.first("mql"), history.latest("mql")
        assert first is not None
        assert latest is not None
        assert (first.entered, latest.entered) == (hour(2), hour(4))
        assert [entry.pursuit for entry in history.entries] == [1] * 5

    def test_recycling_needs_a_reason(self) -> None:
        """A lead is not taken off the success path without a reason, whoever asks."""
        for cause in CAUSES:
            error = refused(FUNNEL.move, went("mql"), "recycled", at=hour(1), cause=cause)
            assert [problem.path for problem in error.problems] == ["move.reason"]
        history = FUNNEL.move(went("mql"), "recycled", at=hour(1), cause="person", reason="budget")
        assert now(history).reason == "budget"

    def test_a_recycled_lead_can_become_an_mql_again(self) -> None:
        """S19: recycling does not end the pursuit; the first, latest and nth time are known."""
        history = went("mql", "recycled", "mql", "sal", "recycled", "mql")
        times = [history.nth("mql", n) for n in (1, 2, 3, 4)]
        assert [one and one.entered for one in times] == [hour(0), hour(2), hour(5), None]
        assert history.latest("mql") is history.nth("mql", 3)
        assert {entry.pursuit for entry in history.entries} == {1}
        # What the pursuit has been through is not imputed again, only what it leaves out.
        assert [entry.stage for entry in history.entries if entry.imputed] == ["known", "inquiry"]
        assert [
            entry.stage for entry in went("mql", "recycled", "sql").entries if entry.imputed
        ] == ["known", "inquiry", "sal"]

    @pytest.mark.parametrize("end", ["customer", "lost", "dormant"])
    def test_after_the_end_the_next_pursuit_begins(self, end: str) -> None:
        """S19: won, lost or gone quiet ends a pursuit; a customer can be an MQL again."""
        history = went("mql", end, "mql")
        assert (now(history).pursuit, now(history).kind) == (2, "re-entry")
        current = history.pursuit(now(history))
        assert [entry.stage for entry in current] == ["inquiry", "mql"]
        assert [entry.imputed for entry in current] == [True, False]
        assert history.pursuit(history.entries[0])[-1].stage == end

    def test_a_customer_is_a_customer_again_without_winning_again(self) -> None:
        """S19: where the pursuit of another product comes to nothing, nothing is imputed."""
        history = StageHistory(7)
        for number, (to, products) in enumerate(
            (("opportunity", ["crm"]), ("customer", ["crm"]), ("mql", ["ma"]))
        ):
            history = FUNNEL.move(history, to, at=hour(number), cause="rule", for_products=products)
        aside = FUNNEL.move(
            history, "recycled", at=hour(3), cause="rule", reason="budget", for_products=["ma"]
        )
        for before in (history, aside):
            after = FUNNEL.move(before, "customer", at=hour(4), cause="time", for_products=["crm"])
            assert (
                after.entries[:-1]
                == FUNNEL.move(before, "lost", at=hour(4), cause="time", reason="x").entries[:-1]
            )
            assert shown(after)[-1] == ("customer", "back", False, 2)
            again = FUNNEL.move(after, "mql", at=hour(5), cause="api", for_products=["ma"])
            assert now(again).pursuit == 3
        # Whatever may be a win counts as one: of what is pursued, of what was never won, or of what
        # nobody said.
        for products in (["ma"], ["sfa"], ["crm", "ma"], []):
            won = FUNNEL.move(history, "customer", at=hour(4), cause="api", for_products=products)
            assert shown(won)[-1] == ("customer", "skip", False, 2)
            assert won.entries[-2].imputed
        # Rules that name no product mean the whole firm.
        whole = FUNNEL.move(history, "customer", at=hour(4), cause="rule")
        assert shown(whole)[-1] == ("customer", "back", False, 2)
        unsaid = FUNNEL.move(went("customer"), "mql", at=hour(8), cause="person")
        crm = FUNNEL.move(unsaid, "customer", at=hour(9), cause="rule", for_products=["crm"])
        assert shown(crm)[-1] == ("customer", "skip", False, 2)

    @given(SEEDS)
    @example(9)
    @settings(max_examples=15, deadline=None)
    def test_nobody_wins_more_than_was_won(self, seed: int) -> None:
        """S19: reconciled now and then, a lead's history holds no more wins than won deals."""
        random = Random(seed)
        engine, products = mf.Engine(mf.starter(["crm", "ma"])), ("crm", "ma")
        days = [random.randint(0, 300) for _ in range(7)]
        asked = [
            mf.Activity(day, 7, random.choice(("demo_request", "page_view")), on, [product])
            for day in days[:3]
            for on, product in [(hour(24 * day), random.choice(products))]
        ]
        deals = [
            mf.Deal(
                number,
                9,
                hour(24 * day),
                [mf.DealLine(random.choice(products))],
                random.choice(("won", "lost")),
                hour(24 * (day + random.randint(1, 40))),
                7,
            )
            for number, day in enumerate(days[3:5])
        ]
        said = [
            mf.SalesEvent(7, random.choice(("qualified", "recycled")), hour(24 * day))
            for day in days[5:]
        ]
        account = mf.Account(mf.Company(9), [mf.Lead(7, 9)], asked, deals, sales_events=said)
        facts = [*(one.at for one in asked), *(one.at for one in said)]
        facts += [at for deal in deals for at in (deal.opened_at, deal.closed_at) if at is not None]
        history, before = StageHistory(7), hour(-1)
        for day in range(0, 600, random.choice((5, 30))):
            as_of = hour(24 * day)
            new = max((at for at in facts if before < at <= as_of), default=None)
            stage = engine.stage_for(account, 7, as_of=as_of)
            proposal = FUNNEL.reconcile(history, stage, as_of=as_of, new_fact_at=new)
            history, before = FUNNEL.apply(history, proposal.moves), as_of
            assert now(history).stage == stage.value.key
        wins = [one for one in history.entries if one.stage == "customer" and one.kind != "back"]
        assert len(wins) <= sum(deal.status == "won" for deal in deals)

    def test_a_skip_leaves_out_where_the_pursuit_has_been(self) -> None:
        """What a pursuit has been through is not imputed again by a skip, nor by a re-entry."""
        history = went("inquiry", "mql", "known", "sql")
        assert shown(history)[-3:] == [
            ("known", "back", False, 1),
            ("sal", "skip", True, 1),
            ("sql", "skip", False, 1),
        ]

    @pytest.mark.parametrize(
        ("again", "expected"), [("mql", (["customer"], None)), ("inquiry", ([], "graph"))]
    )
    def test_a_customer_is_not_taken_up_the_ladder_without_a_sale(
        self, again: str, expected: tuple[list[str], str | None]
    ) -> None:
        """Where the graph has no move straight back, the facts propose no way through a sale."""
        ladder = [*FUNNEL.ladder[:3], FUNNEL.ladder[-1]]
        rules = DecisionTable[FunnelStage]((), ladder[0])
        steps = [Transition(one, to, "forward") for one, to in pairwise(ladder)]
        moves = [*steps, Transition("customer", again, "re-entry")]
        funnel = Funnel(rules, ladder, transitions=moves, ends=ladder[-1:])
        past = [Move(stage.key, hour(0), "import", for_products=[1]) for stage in ladder]
        history = funnel.apply(StageHistory(7), past)
        history = funnel.move(history, again, at=hour(1), cause="rule", for_products=[2])
        proposal = funnel.reconcile(history, says("customer"), as_of=hour(9))
        assert ([move.to for move in proposal.moves], proposal.held_by) == expected

    def test_an_end_counts_though_something_follows_it(self) -> None:
        """S19: a pursuit that was lost is over, even if the lead was then set aside."""
        history = went("mql", "lost", "disqualified", "recycled", "inquiry")
        assert now(history).pursuit == 2

    def test_where_leads_start_can_be_where_they_end(self) -> None:
        """S19: a quiet lead may go back to the start; but the first time there ends nothing."""
        funnel = Plan(["unset", "latent", "evident"], [], [], ["unset"], None).funnel()
        for first in ([], ["unset"]):
            history = went(*first, "latent", "evident", "unset", "latent", funnel=funnel)
            assert [(entry.stage, entry.pursuit) for entry in history.entries] == [
                ("unset", 1),
                ("latent", 1),
                ("evident", 1),
                ("unset", 1),
                ("latent", 2),
            ]

    def test_an_end_can_be_taken_back(self) -> None:
        """Where the graph lets a lead go back from an end, the pursuit goes on as before."""
        plan = Plan(["known", "won"], ["gone"], [], ["won"], None)
        plan.stated = plan.pairs()
        plan.stated["won", "known"] = ("back", False)
        funnel = plan.funnel()
        history = went("won", "known", "gone", "known", "won", funnel=funnel)
        assert {entry.pursuit for entry in history.entries} == {1}

    def test_a_stage_that_is_gone_can_be_left(self) -> None:
        """After the funnel has changed, a lead in a stage that is no more can go anywhere."""
        old = went("known", "mql")
        keep = [stage for stage in FUNNEL.ladder if stage.key != "mql"]
        rules = [rule for rule in FUNNEL.rules.rules if rule.outcome.key != "mql"]
        funnel = evolve(FUNNEL, ladder=keep, rules=evolve(FUNNEL.rules, rules=rules))
        assert {one.kind for one in funnel.allowed(old)} == {"re-entry", "recycle"}
        history = funnel.move(old, "sql", at=hour(5), cause="rule")
        assert shown(history)[-3:] == [
            ("mql", "skip", False, 1),
            ("sal", "re-entry", True, 1),
            ("sql", "re-entry", False, 1),
        ]
        assert funnel.deadline(old.entries[-1], as_of=hour(9), zone="UTC") is None
        other = funnel.move(StageHistory(8), "known", at=hour(0), cause="api")
        assert funnel.merge(old, other, at=hour(9)).lead_id == 8


class TestImport:
    def test_the_past_is_taken_in_its_order(self) -> None:
        """Law 4: the moves of an import may stand in any order; time puts them in theirs."""
        moves = [
            Move(to, hour(number), "import", reason="old system")
            for number, to in enumerate(["known", "mql", "recycled", "mql", "sal"])
        ]
        history = FUNNEL.apply(StageHistory(1), moves)
        assert FUNNEL.apply(StageHistory(1), moves[::-1]) == history
        assert now(history).stage == "sal"

    def test_it_says_which_move_is_refused(self) -> None:
        """Law 10: an import goes through the same gate, and hears where it was shut."""
        moves = [Move("mql", hour(1), "import"), Move("recycled", hour(2), "import")]
        error = refused(FUNNEL.apply, StageHistory(1), moves)
        assert str(error) == "moves[1].reason: is needed to move a lead to 'recycled' (recycle)"
        assert {one.to for one in error.allowed} >= {"recycled", "sal"}

    def test_it_cannot_reach_behind_what_is_there(self) -> None:
        """A move before the latest entry is refused: a history only grows."""
        error = refused(FUNNEL.apply, went("known", "mql"), [Move("sal", hour(0), "import")])
        assert [problem.code for problem in error.problems] == ["order"]


def says(stage: str, version: str = "v1") -> Any:
    """What the facts warrant."""
    return Said(FunnelStage(stage, stage), rule="rule-7", version=version)


class TestForm:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (FUNNEL.allowed, "history: must be a StageHistory, not str 'x'"),
            (
                lambda any_: FUNNEL.move(any_, "mql", at=hour(0), cause="api"),
                "history: must be a StageHistory, not str 'x'",
            ),
            (
                lambda any_: FUNNEL.apply(StageHistory(1), any_),
                "moves: must be a list, not str 'x'",
            ),
            (
                lambda any_: FUNNEL.apply(StageHistory(1), [any_]),
                "moves[0]: must be a Move, not str",
            ),
            (
                lambda any_: FUNNEL.reconcile(StageHistory(1), any_, as_of=hour(0)),
                "warranted: must be the answer of stage_for, not str",
            ),
            (
                lambda any_: FUNNEL.reconcile(StageHistory(1), Said(any_), as_of=hour(0)),
                "warranted: must be the answer of stage_for, not Said",
            ),
            (
                lambda any_: FUNNEL.merge(StageHistory(1), any_, at=hour(0)),
                "other: must be a StageHistory, not str 'x'",
            ),
            (
                lambda any_: FUNNEL.deadline(any_, as_of=hour(0), zone="UTC"),
                "entry: must be an Entry, not str 'x'",
            ),
            (lambda any_: StageHistory.from_rows(1, any_), "rows: must be rows, not str 'x'"),
        ],
        ids=range(9),
    )
    def test_what_is_none_is_refused_by_name(self, call: Any, message: str) -> None:
        """What is no history, move, answer or entry is refused, and by name."""
        with pytest.raises(InvalidDataError) as caught:
            call("x")
        assert str(caught.value) == message


class TestReconcile:
    def test_the_facts_propose_and_the_gate_disposes(self) -> None:
        """A proposal is moves as values, with the rule as reason; it changes nothing itself."""
        history = went("known")
        proposal = FUNNEL.reconcile(history, says("mql"), as_of=hour(5), new_fact_at=hour(4))
        assert proposal.warranted == "mql"
        (move,) = proposal.moves
        assert (move.to, move.at, move.cause, move.reason) == ("mql", hour(5), "rule", "rule-7")
        assert (move.for_products, move.playbook_version) == ((1,), "v1")
        after = FUNNEL.apply(history, proposal.moves)
        assert now(after).playbook_version == "v1"

    def test_the_answer_of_the_engine_is_what_is_warranted(self) -> None:
        """S20: the warranted stage is what `Engine.stage_for` derives from the records."""
        engine = mf.Engine(mf.starter(["crm"]))
        asked = mf.Activity(1, 7, "demo_request", hour(0), ["crm"])
        account = mf.Account(None, leads=[mf.Lead(7)], activities=[asked])
        funnel = engine.playbook.funnel
        history = StageHistory(7)
        for at, new_fact_at in ((hour(1), hour(0)), (hour(24 * 90), None)):
            stage = engine.stage_for(account, 7, as_of=at)
            proposal = funnel.reconcile(history, stage, as_of=at, new_fact_at=new_fact_at)
            history = funnel.apply(history, proposal.moves)
            assert now(history).stage == stage.value.key
            assert now(history).for_products == stage.for_products
            assert now(history).playbook_version == engine.version
        assert [entry.stage for entry in history.entries if not entry.imputed] == ["mql", "inquiry"]
        assert [entry.cause for entry in history.entries if not entry.imputed] == ["rule", "time"]

    def test_time_alone_moves_a_lead_and_says_so(self) -> None:
        """Without a new fact only days have passed: the cause of the move is time."""
        first = FUNNEL.reconcile(StageHistory(7), says("mql"), as_of=hour(0))
        history = FUNNEL.apply(StageHistory(7), first.moves)
        proposal = FUNNEL.reconcile(history, says("dormant"), as_of=hour(24 * 30))
        assert [move.cause for move in proposal.moves] == ["time"]
        after = FUNNEL.apply(history, proposal.moves)
        assert now(after).reason == "rule-7"

    def test_other_rules_are_not_time(self) -> None:
        """Where the playbook has changed since, the rules move the lead, and no time."""
        first = FUNNEL.reconcile(StageHistory(7), says("mql"), as_of=hour(0))
        assert [move.cause for move in first.moves] == ["rule"]
        history = FUNNEL.apply(StageHistory(7), first.moves)
        for version, cause in (("v1", "time"), ("v2", "rule")):
            proposal = FUNNEL.reconcile(history, says("inquiry", version), as_of=hour(1))
            assert [move.cause for move in proposal.moves] == [cause]

    def test_a_person_s_newer_decision_stands(self) -> None:
        """The facts propose nothing against a person who decided after them, and say why."""
        history = went("known", "sal", cause="person")
        for new_fact_at in (None, hour(0), hour(1)):
            held = FUNNEL.reconcile(history, says("mql"), as_of=hour(9), new_fact_at=new_fact_at)
            assert (held.warranted, held.moves, held.held_by) == ("mql", (), "person")
        newer = FUNNEL.reconcile(history, says("mql"), as_of=hour(9), new_fact_at=hour(2))
        assert [move.to for move in newer.moves] == ["mql"]
        assert newer.held_by is None

    def test_nobody_holds_a_lead_where_there_is_nothing_any_more(self) -> None:
        """A person's decision falls with the stage that it was for; the rules did it, no time."""
        ladder = [stage for stage in FUNNEL.ladder if stage.key != "sal"]
        rules = [rule for rule in FUNNEL.rules.rules if rule.outcome.key != "sal"]
        funnel = evolve(FUNNEL, ladder=ladder, rules=evolve(FUNNEL.rules, rules=rules))
        proposal = funnel.reconcile(went("sal", cause="person"), says("mql"), as_of=hour(9))
        assert [(move.to, move.cause) for move in proposal.moves] == [("mql", "rule")]
        assert proposal.held_by is None

    def test_a_funnel_may_say_otherwise(self) -> None:
        """A funnel that overrules people proposes what the facts warrant all the same."""
        funnel = evolve(FUNNEL, overrules_people=True)
        proposal = funnel.reconcile(went("sal", cause="person"), says("mql"), as_of=hour(9))
        assert [move.to for move in proposal.moves] == ["mql"]

    def test_only_what_rules_did_can_be_left_by_time(self) -> None:
        """Where a person, a program or an import has moved the lead, nobody knows why it leaves."""
        for cause in get_args(Cause):
            moves = [Move("sal", hour(0), cause, playbook_version="v1")]
            funnel = evolve(FUNNEL, overrules_people=True)
            history = funnel.apply(StageHistory(7), moves)
            proposal = funnel.reconcile(history, says("mql"), as_of=hour(9))
            expected = "time" if cause in ("rule", "time") else "rule"
            assert [move.cause for move in proposal.moves] == [expected]

    def test_the_newest_record_of_all_weighs_against_a_person(self) -> None:
        """A record that was known before is no new one, but may be newer than the decision."""
        history = went("known", "sal", cause="person")
        for latest, held in ((None, "person"), (hour(1), "person"), (hour(2), None)):
            proposal = FUNNEL.reconcile(
                history, says("mql"), as_of=hour(9), latest_fact_at=latest, new_fact_at=None
            )
            assert proposal.held_by == held
        newer = FUNNEL.reconcile(
            history, says("mql"), as_of=hour(9), latest_fact_at=hour(0), new_fact_at=hour(2)
        )
        assert newer.held_by is None

    def test_a_record_of_later_the_same_day_counts(self) -> None:
        """S11: the answer of a day follows from all of its records, whatever the hour."""
        proposal = FUNNEL.reconcile(
            went("known"), says("mql"), as_of=hour(5), new_fact_at=hour(5 + 24)
        )
        assert [move.to for move in proposal.moves] == ["mql"]

    def test_it_goes_up_the_ladder_where_there_is_no_direct_move(self) -> None:
        """The shortest way up is proposed; never one through a detour, or down and up again."""
        plan = Plan(["known", "inquiry", "mql", "sal"], ["recycled"], [], [], {})
        assert plan.stated is not None
        plan.stated |= {("known", "inquiry"): ("forward", False), ("mql", "sal"): ("forward", True)}
        plan.stated |= {("inquiry", "mql"): ("forward", False)}
        plan.stated |= {("sal", "recycled"): ("recycle", True)}
        plan.stated |= {("recycled", "known"): ("re-entry", False)}
        funnel = plan.funnel()
        first = funnel.reconcile(StageHistory(1), says("sal"), as_of=hour(0))
        assert [move.to for move in first.moves] == ["inquiry", "mql", "sal"]
        history = funnel.apply(StageHistory(1), first.moves)
        down = funnel.reconcile(history, says("mql"), as_of=hour(1), new_fact_at=hour(1))
        assert (down.moves, down.held_by) == ((), "graph")
        history = funnel.move(history, "recycled", at=hour(2), cause="person", reason="budget")
        up = funnel.reconcile(history, says("mql"), as_of=hour(4), new_fact_at=hour(3))
        assert [move.to for move in up.moves] == ["known", "inquiry", "mql"]

    @pytest.mark.parametrize(
        ("stage", "named", "message"),
        [
            ("mpl", {}, "warranted: 'mpl': no such stage; did you mean 'mql'?"),
            ("mql", {"as_of": hour(0)}, "as_of: must not be before 2026-04-01T01:00:00+00:00,"),
            ("mql", {"new_fact_at": hour(34)}, "new_fact_at: must not be of a day after that"),
            ("mql", {"latest_fact_at": hour(34)}, "latest_fact_at: must not be of a day after"),
            ("mql", {"as_of": hour(9).date()}, "as_of: must be a datetime, not date "),
            ("mql", {"new_fact_at": 3}, "new_fact_at: must be a datetime, not int 3"),
        ],
        ids=str,
    )
    def test_what_cannot_be_is_refused(self, stage: str, named: Any, message: str) -> None:
        """Law 5: nothing is proposed for a day before the history, or from facts of the future."""
        with pytest.raises(InvalidDataError) as caught:
            FUNNEL.reconcile(went("known", "sal"), says(stage), **{"as_of": hour(9), **named})
        (problem,) = caught.value.problems
        assert str(problem).startswith(message)


def sold(*deals: tuple[int, str, int, int | None], hand: int | None = None) -> mf.Account:
    """The account of lead 7, with deals: id, product, day of opening, day of winning.

    On the day of the hand, if any, the lead asks for a demo of `ma`.
    """
    days = [] if hand is None else [hand]
    asked = [mf.Activity(1, 7, "demo_request", hour(24 * day), ["ma"]) for day in days]
    made = [
        mf.Deal(
            number,
            9,
            hour(24 * opened),
            [mf.DealLine(about)],
            "open" if won is None else "won",
            None if won is None else hour(24 * won),
            7,
        )
        for number, about, opened, won in deals
    ]
    return mf.Account(mf.Company(9), [mf.Lead(7, 9)], asked, made)


class TestWins:
    ENGINE = mf.Engine(mf.starter(["crm", "ma"], zone="UTC"))

    def by_day(self, account: mf.Account, days: int, every: int = 1) -> StageHistory:
        """The history of lead 7, reconciled day by day at six in the evening."""
        history = StageHistory(7)
        for day in range(0, days, every):
            as_of = hour(24 * day + 18)
            stage = self.ENGINE.stage_for(account, 7, as_of=as_of)
            proposal = FUNNEL.reconcile(history, stage, as_of=as_of)
            history = FUNNEL.apply(history, proposal.moves)
            assert now(history).stage == stage.value.key
            assert not FUNNEL.reconcile(history, stage, as_of=as_of).moves
        return history

    def test_a_win_passes_the_gate_on_its_day(self) -> None:
        """S19: what is open for another product does not hide a win: it goes on after it."""
        history = self.by_day(sold((1, "crm", 1, 5), (2, "ma", 2, None)), 9)
        told = [e for e in history.entries if not e.imputed]
        assert [(e.stage, e.kind, e.for_products, e.entered) for e in told][-2:] == [
            ("customer", "forward", ("crm",), hour(24 * 5 + 18)),
            ("opportunity", "re-entry", ("ma",), hour(24 * 5 + 18)),
        ]
        assert {e.cause for e in told[-2:]} == {"rule"}
        assert (now(history).imputed, now(history).pursuit) == (False, 2)

    def test_what_goes_on_is_not_imputed_again(self) -> None:
        """S19: what the open pursuit has been through is there once; all else is imputed."""
        history = self.by_day(sold((1, "crm", 3, 5), hand=1), 9)
        assert shown(history)[-3:] == [
            ("opportunity", "skip", False, 1),
            ("customer", "forward", False, 1),
            ("mql", "re-entry", False, 2),
        ]
        other = self.by_day(sold((1, "crm", 1, 5), hand=3), 9)
        assert shown(other)[-3:] == [
            ("customer", "forward", False, 1),
            ("inquiry", "re-entry", True, 2),
            ("mql", "re-entry", False, 2),
        ]

    def test_a_product_can_be_won_twice(self) -> None:
        """S19: the second win of a product counts, though the lead was its customer before."""
        deals = (1, "crm", 1, 3), (2, "ma", 5, None), (3, "crm", 6, 8), (4, "crm", 7, None)
        history = self.by_day(sold(*deals), 12)
        wins = [e for e in history.entries if e.stage == "customer"]
        assert [(e.kind, e.entered, e.for_products) for e in wins] == [
            ("forward", hour(24 * 3 + 18), ("crm",)),
            ("forward", hour(24 * 8 + 18), ("crm",)),
        ]

    def test_a_win_while_the_lead_is_a_customer(self) -> None:
        """S19: a customer that wins one product while another one is open has won on that day."""
        deals = (1, "crm", 1, 3), (2, "ma", 5, 5), (3, "crm", 5, None)
        history = self.by_day(sold(*deals), 8)
        assert [(e.stage, e.for_products) for e in history.entries if not e.imputed][-3:] == [
            ("opportunity", ("crm",)),
            ("customer", ("ma",)),
            ("opportunity", ("crm",)),
        ]

    def test_what_was_won_before_the_history_is_not_its_to_tell(self) -> None:
        """A history that begins today does not say that what was sold last year is sold today."""
        account = sold((1, "crm", 1, 5), (2, "ma", 2, None))
        stage = self.ENGINE.stage_for(account, 7, as_of=hour(24 * 8))
        proposal = FUNNEL.reconcile(StageHistory(7), stage, as_of=hour(24 * 8))
        assert [move.to for move in proposal.moves] == ["opportunity"]
        today = self.ENGINE.stage_for(account, 7, as_of=hour(24 * 5 + 18))
        proposal = FUNNEL.reconcile(StageHistory(7), today, as_of=hour(24 * 5 + 18))
        assert [move.to for move in proposal.moves] == ["customer", "opportunity"]

    def test_a_win_that_was_not_asked_for_on_its_day_is_found_later(self) -> None:
        """A lead that is reconciled once a week has its wins, too."""
        history = self.by_day(sold((1, "crm", 1, 5), (2, "ma", 2, None)), 15, every=7)
        told = [e.stage for e in history.entries if not e.imputed]
        assert told == ["known", "customer", "opportunity"]

    def test_a_person_who_decided_later_stands_where_something_was_won(self) -> None:
        """A win is a fact like others: older than a person's decision, it changes nothing."""
        account = sold((1, "crm", 1, 5), (2, "ma", 2, None))
        history = self.by_day(account, 4)
        history = FUNNEL.move(history, "sal", at=hour(24 * 6), cause="person", by="Sato")
        stage = self.ENGINE.stage_for(account, 7, as_of=hour(24 * 7))
        held = FUNNEL.reconcile(history, stage, as_of=hour(24 * 7), new_fact_at=hour(24 * 5))
        assert (held.moves, held.held_by) == ((), "person")
        again = FUNNEL.move(history, "opportunity", at=hour(24 * 6), cause="person", by="Sato")
        held = FUNNEL.reconcile(again, stage, as_of=hour(24 * 7), new_fact_at=hour(24 * 5))
        assert (held.moves, held.held_by) == ((), None)

    @given(SEEDS)
    @settings(max_examples=15, deadline=None)
    def test_every_win_is_there_on_its_day(self, seed: int) -> None:
        """S19: asked every day, a history has each product that is won on the day of its win."""
        random = Random(seed)
        deals = [
            (number, random.choice(("crm", "ma")), opened, opened + random.randint(0, 9))
            for number in range(random.randint(1, 5))
            for opened in [random.randint(1, 40)]
        ]
        account = sold(*deals, (9, random.choice(("crm", "ma")), random.randint(1, 40), None))
        history = self.by_day(account, 55)
        told = {
            (product, (e.entered - hour(0)).days)
            for e in history.entries
            if e.stage == "customer" and e.kind != "back"
            for product in e.for_products
        }
        # A customer whose pursuits are all won at last stands where it stood.
        late = [(about, won) for _, about, _, won in deals]
        missed = {(about, won) for about, won in late if (about, won) not in told}
        assert all(
            self.ENGINE.stage_for(account, 7, as_of=hour(24 * won + 18)).value.key == "customer"
            for _, won in missed
        )


def drawn(seed: int, *leads: int) -> tuple[Plan, list[Pair], int]:
    """Some leads of one funnel after random moves, and the hour after all of them."""
    random = Random(seed)
    plan = draw_plan(random)
    funnel = plan.funnel()
    pairs = [Pair(lead, plan, funnel) for lead in leads]
    now = 0
    for _ in range(10):
        now += random.choice((0, 1, 5))
        to = random.choice([*plan.ladder, *plan.aside])
        random.choice(pairs).move(to, now, random.choice(CAUSES), "timing")
    return plan, pairs, now


class TestMerge:
    @given(SEEDS)
    @settings(max_examples=60)
    def test_the_order_of_merges_does_not_matter(self, seed: int) -> None:
        """Law 4: Order does not matter. Merging is associative, commutative and idempotent."""
        plan, (one, other, third), now = drawn(seed, 1, 2, 3)
        merge, at = plan.funnel().merge, hour(now)
        a, b, c = (pair.history for pair in (one, other, third))
        assert merge(merge(a, b, at=at), c, at=at) == merge(a, merge(b, c, at=at), at=at)
        assert merge(a, b, at=at) == merge(b, a, at=at)
        assert merge(a, a, at=at) == a
        # Whoever was merged already is not doubled.
        assert merge(merge(a, b, at=at), merge(b, c, at=at), at=at) == merge(
            a, merge(b, c, at=at), at=at
        )

    @given(SEEDS)
    @settings(max_examples=30)
    def test_both_histories_are_kept_in_order(self, seed: int) -> None:
        """Law 7: Nothing is lost. Every entry of both is there once, in the order of time."""
        plan, (one, other), now = drawn(seed, 1, 2)
        merged = plan.funnel().merge(one.history, other.history, at=hour(now))
        entered = [entry.entered for entry in merged.entries]
        assert entered == sorted(entered)
        for pair in (one, other):
            own = [entry for entry in merged.entries if entry.of_lead == pair.model.lead]
            assert [evolve(entry, left=None) for entry in own] == [
                evolve(entry, left=None) for entry in pair.history.entries
            ]

    def test_the_lead_goes_on_where_it_has_come_furthest(self) -> None:
        """S19: an open pursuit goes before one that has ended, and that before a detour."""
        mql = merged = went("inquiry", "mql")
        for other in ("known", "lost", "customer", "recycled"):
            one = FUNNEL.move(StageHistory(8), other, at=hour(5), cause="api", reason="x")
            merged = FUNNEL.merge(mql, one, at=hour(6))
            assert merged.current == mql.current
            assert merged.lead_id == 7
            (left,) = [entry.left for entry in merged.entries if entry.stage == other][-1:]
            assert left == hour(6)
        after = FUNNEL.move(merged, "sal", at=hour(7), cause="person")
        assert (now(after).of_lead, now(after).number) == (7, 4)

    def test_at_one_instant_leads_stand_in_their_order(self) -> None:
        """Law 9: a move at the very instant at which another lead was moved stands with its own."""
        one, other = (
            FUNNEL.move(StageHistory(lead), to, at=hour(3), cause="api")
            for lead, to in ((7, "mql"), (8, "known"))
        )
        history = FUNNEL.move(FUNNEL.merge(one, other, at=hour(3)), "sal", at=hour(3), cause="api")
        assert [entry.of_lead for entry in history.entries] == [7, 7, 7, 7, 8]
        assert StageHistory.from_rows(7, history.rows()) == history

    def test_a_person_who_decided_last_goes_before_the_furthest(self) -> None:
        """A person's decision that is newer than all else goes on; an older one does not."""
        opportunity = went("known", "opportunity")
        for at, expected in ((0, "opportunity"), (1, "disqualified"), (5, "disqualified")):
            person = FUNNEL.move(
                StageHistory(8), "disqualified", at=hour(at), cause="person", reason="x"
            )
            for pair in ((opportunity, person), (person, opportunity)):
                assert now(FUNNEL.merge(*pair, at=hour(6))).stage == expected

    def test_who_goes_on_among_three_does_not_depend_on_who_met_first(self) -> None:
        """Law 4: a decision that is newer than one lead's last move and older than another's."""
        cast = {1: ("opportunity", 0, "rule"), 2: ("mql", 3, "person"), 3: ("sal", 5, "rule")}
        a, b, c = (
            FUNNEL.move(StageHistory(lead), to, at=hour(at), cause=cause)  # type: ignore[arg-type]
            for lead, (to, at, cause) in cast.items()
        )
        merge, at = FUNNEL.merge, hour(9)
        ways = [
            merge(merge(a, b, at=at), c, at=at),
            merge(a, merge(b, c, at=at), at=at),
            merge(merge(a, c, at=at), b, at=at),
            merge(merge(a, b, at=at), merge(b, c, at=at), at=at),
        ]
        assert {now(way).stage for way in ways} == {"opportunity"}
        assert all(way == ways[0] for way in ways)

    def test_of_two_in_one_stage_the_earlier_goes_on(self) -> None:
        """Two leads in one stage are one lead that has been there since the first came."""
        late = FUNNEL.move(StageHistory(1), "known", at=hour(3), cause="api")
        merged = FUNNEL.merge(late, went("known"), at=hour(8))
        assert now(merged).entered == hour(0)
        assert merged.time_in("known", as_of=hour(10)) == timedelta(hours=10)

    def test_leads_without_stage_can_be_merged(self) -> None:
        """Of two leads without any entry there is one without any entry."""
        one, other = StageHistory(2), StageHistory(1)
        assert FUNNEL.merge(one, other, at=hour(0)) == StageHistory(1)
        assert FUNNEL.merge(one, went("mql"), at=hour(1)) == went("mql")

    def test_an_older_state_of_a_lead_adds_nothing(self) -> None:
        """A history merged with what it was before is what it is."""
        new = went("known", "mql", "sal")
        assert FUNNEL.merge(went("known", "mql"), new, at=hour(9)) == new

    def test_a_history_keeps_the_id_that_it_was_given(self) -> None:
        """Law 4: a history that was renamed is not named back by a merge that changes nothing."""
        late = FUNNEL.move(StageHistory(8), "known", at=hour(3), cause="api")
        renamed = evolve(FUNNEL.merge(went("mql"), late, at=hour(4)), lead_id=8)
        for other in (renamed, late, StageHistory(9)):
            assert FUNNEL.merge(renamed, other, at=hour(5)) == renamed
            assert FUNNEL.merge(other, renamed, at=hour(5)) == renamed
        # Of two names, the first: whichever way they meet.
        both = [
            FUNNEL.merge(*two, at=hour(5))
            for two in ((renamed, went("mql")), (went("mql"), renamed))
        ]
        assert [one.lead_id for one in both] == [7, 7]

    def test_a_lead_that_moved_on_meanwhile_goes_on(self) -> None:
        """Two writers race: one merges a lead while the other one moves it. Nothing is lost."""
        other = FUNNEL.move(StageHistory(8), "known", at=hour(0), cause="api")
        merged = FUNNEL.merge(went("mql"), other, at=hour(2))
        moved = FUNNEL.move(other, "sal", at=hour(3), cause="person")
        for pair in ((merged, moved), (moved, merged)):
            both = FUNNEL.merge(*pair, at=hour(4))
            assert now(both).stage == "sal"
            assert len(both.entries) == len(merged.entries) + len(moved.entries) - 1
            assert both.time_in("known", as_of=hour(9)) == timedelta(hours=3)

    def test_two_that_were_left_for_each_other_are_refused(self) -> None:
        """Where funnels with other ladders have merged two leads each way, none of them goes on."""
        known, inquiry, *rest = FUNNEL.ladder
        turned = evolve(FUNNEL, ladder=[inquiry, known, *rest])
        one, other = went("known"), FUNNEL.move(StageHistory(8), "inquiry", at=hour(0), cause="api")
        ways = [funnel.merge(one, other, at=hour(2)) for funnel in (FUNNEL, turned)]
        assert [way.lead_id for way in ways] == [8, 7]
        with pytest.raises(InvalidDataError) as caught:
            FUNNEL.merge(*ways, at=hour(3))
        assert [f"{one.code} | {one}" for one in caught.value.problems] == [
            "conflict | merge: each of them was left for the other, so that none goes on"
        ]

    def test_two_stories_about_one_lead_are_refused(self) -> None:
        """Two histories of one lead that differ are told, and none of them is preferred."""
        with pytest.raises(InvalidDataError) as caught:
            FUNNEL.merge(went("known", "mql"), went("known", "inquiry"), at=hour(9))
        (problem,) = caught.value.problems
        assert (problem.code, problem.path) == ("conflict", "merge")

    def test_it_does_not_reach_behind_what_is_there(self) -> None:
        """Two leads cannot have become one before what they did apart."""
        with pytest.raises(InvalidDataError, match=r"^at: must not be before 2026-04-01T01"):
            FUNNEL.merge(went("known", "mql"), StageHistory(1), at=hour(0))


class Lives(RuleBasedStateMachine):
    """Leads at the gate, beside a model that was written separately."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []
        self.stages: list[str] = []
        self.now = 0

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        plan = draw_plan(Random(seed))
        funnel = plan.funnel()
        self.pairs = [Pair(lead, plan, funnel) for lead in (1, 2, 3)]
        self.stages = [*plan.ladder, *plan.aside]

    def pair(self, number: int) -> Pair:
        return self.pairs[number % len(self.pairs)]

    @rule(hours=st.sampled_from((1, 24, 24 * 30)))
    def wait(self, hours: int) -> None:
        self.now += hours

    @rule(
        number=st.integers(0, 5),
        to=st.integers(0, 7),
        early=st.sampled_from((0, 0, 0, 1)),
        cause=st.sampled_from(CAUSES),
        reason=st.sampled_from((None, "timing")),
    )
    def move(self, number: int, to: int, early: int, cause: str, reason: str | None) -> None:
        stage = self.stages[to % len(self.stages)]
        self.pair(number).move(stage, self.now - early, cause, reason)

    @rule(number=st.integers(0, 5), to=st.integers(0, 7), ago=st.none() | st.integers(0, 30))
    def reconcile(self, number: int, to: int, ago: int | None) -> None:
        fact = None if ago is None else self.now - ago
        self.pair(number).reconcile(self.stages[to % len(self.stages)], self.now, fact, "v1")

    @rule(seed=SEEDS, number=st.integers(0, 5))
    def store(self, seed: int, number: int) -> None:
        self.pair(number).store(Random(seed))

    @precondition(lambda self: len(self.pairs) > 1)
    @rule(number=st.integers(0, 5))
    def merge(self, number: int) -> None:
        other = self.pairs.pop(number % len(self.pairs))
        self.pair(number).merge(other, self.now)


TestLives = Lives.TestCase
TestLives.runTest.__doc__ = (
    "Law 10: A move is a move. The gate and a naive model agree after every step."
)
TestLives.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
