"""Following an account from event to event: the laws, each kind of event, what is told and when."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from attrs import evolve, fields, frozen
from hypothesis import given, settings

import mpfunnel as mf
from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.engine import Engine
from mpfunnel.errors import DecodeError, InvalidDataError
from mpfunnel.facts import PursuitFacts, company, product
from mpfunnel.following import (
    AccountState,
    Answered,
    LastTold,
    LeadMove,
    Notice,
    StageCount,
)
from mpfunnel.following.storing import ORDER
from mpfunnel.following.taking import Event
from mpfunnel.records import (
    Activity,
    Company,
    CompanyChange,
    CompanyHistory,
    Consent,
    Contract,
    Deal,
    DealLine,
    Id,
    Lead,
    Override,
    SalesEvent,
)
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.stages import Entry, Funnel, FunnelStage, Move, StageHistory
from tests.leads import BOOKS, book_of, draw_account, draw_as_of, engine_of
from tests.policies import randoms

FEWER = settings(max_examples=min(25, settings().max_examples))
TABLES = ("leads", "activities", "deals", "contracts", "sales_events", "overrides")
FORMATS = Path(__file__).parent / "formats"


# -- the laws, on random accounts --


@frozen
class Sent:
    """An event as a CRM sends it."""

    event: Event
    changed_at: datetime | None


@frozen
class Way:
    """An account that came event by event, and what it comes to in bulk."""

    engine: Engine
    sent: list[Sent]
    bulk: Account
    end: datetime


def draw_way(random: Random) -> Way:
    """The records of an account in some order, some more than once, with edits of some."""
    number = random.randrange(BOOKS)
    engine, as_of = engine_of(number), draw_as_of(random)
    drawn = draw_account(random, book_of(number), as_of, busy=8)
    end = datetime(as_of.year, as_of.month, as_of.day, 11, tzinfo=UTC)
    sent: list[Sent] = []
    held: dict[str, dict[Any, Any]] = {name: {} for name in TABLES}
    given = [(name, record) for name in TABLES for record in getattr(drawn, name)]
    for place, (name, record) in enumerate(given):
        key = record
        if name in ("leads", "deals"):
            key = record.id
        elif name == "contracts":
            key = record.company_id, record.product_id, record.start
        elif name == "overrides":
            ids = record.company_id, record.lead_id, record.product_id
            key = record.what, *ids, record.since
        held[name][key] = record
        edited = name not in ("activities", "sales_events")
        sent.append(Sent(record, end - timedelta(days=90 - place) if edited else None))
    if drawn.company is not None:
        sent.append(Sent(drawn.company, end - timedelta(days=99)))
        if random.randrange(2) and isinstance(drawn.company, Company):
            older = evolve(drawn.company, employees=7)
            sent.append(Sent(older, end - timedelta(days=100)))
    sent += random.choices(sent, k=3)
    random.shuffle(sent)
    bulk = Account(drawn.company, **{name: held[name].values() for name in TABLES})
    return Way(engine, sent, bulk, end)


def followed(random: Random, way: Way, state: AccountState | None = None) -> list[Answered]:
    """What came of each event, at instants that lead up to the end, and of a tick there."""
    state = AccountState() if state is None else state
    found: list[Answered] = []
    instants = sorted(way.end - timedelta(hours=random.randrange(2_000)) for _ in way.sent)
    for one, as_of in zip(way.sent, instants, strict=True):
        found.append(way.engine.on(state, one.event, as_of=as_of, changed_at=one.changed_at))
        state = found[-1].state
    return [*found, way.engine.on(state, None, as_of=way.end)]


def without_histories(answer: Assessment) -> Any:
    """All that an assessment says but for where leads stand by their histories."""
    rejects = [one for one in answer.rejects if one.table != "histories"]
    leads = {
        lead.id: (lead.stage.warranted, lead.stage.pursuits, lead.engagement, lead.contactable)
        for lead in answer.leads.values()
    }
    of_company = answer.segment, answer.tiers, answer.white_space, answer.owned
    return *of_company, answer.version, rejects, leads


@FEWER
@given(randoms())
def test_events_in_any_order_give_the_answers_of_all_records_in_bulk(random: Random) -> None:
    """Law 4: Order does not matter: one at a time, in any order, or in bulk: same answers."""
    way = draw_way(random)
    bulk = way.engine.assess(way.bulk, as_of=way.end)
    for _ in range(2):
        random.shuffle(way.sent)
        last = followed(random, way)[-1]
        assert without_histories(last.answer) == without_histories(bulk)


@FEWER
@given(randoms())
def test_after_each_event_the_answers_are_those_of_the_records(random: Random) -> None:
    """Law 1: Engines agree: event by event as by `assess`, and the gate has nothing left to do."""
    way = draw_way(random)
    funnel = way.engine.playbook.funnel
    for one in followed(random, way):
        as_of = one.state.as_of
        assert as_of is not None
        assert one.answer == way.engine.assess(one.state.account, as_of=as_of)
        for history in one.state.account.histories:
            if history.lead_id in one.answer.leads:
                stage = one.answer.leads[history.lead_id].stage
                assert funnel.reconcile(history, stage, as_of=as_of).moves == ()


@FEWER
@given(randoms())
def test_the_same_event_again_changes_nothing(random: Random) -> None:
    """Law 4: Order does not matter: an equal duplicate counts once (S17), and is not told."""
    way = draw_way(random)
    state = AccountState()
    for one in way.sent:
        first = way.engine.on(state, one.event, as_of=way.end, changed_at=one.changed_at)
        state = first.state
        again = way.engine.on(state, one.event, as_of=way.end, changed_at=one.changed_at)
        assert (again.state, again.answer, again.changes) == (state, first.answer, ())
        later = way.end + timedelta(days=3)
        tick = way.engine.on(state, None, as_of=later)
        again = way.engine.on(state, one.event, as_of=later, changed_at=one.changed_at)
        assert evolve(again, refused=()) == tick


def values(state: AccountState, answer: Assessment) -> dict[Any, Any]:
    """The current value of each answer that is told."""
    found: dict[Any, Any] = {}
    if answer.company_id is not None:
        found["segment", None, None] = answer.segment.value.key
    for product_id, tier in answer.tiers.items():
        found["tier", None, product_id] = tier.value.key
    for product_id, position in answer.white_space.items():
        found["white_space", None, product_id] = position.value.key
    for lead in answer.leads.values():
        for product_id, one in lead.engagement.items():
            found["engagement", lead.id, product_id] = one.decision.value.key
    for history in state.account.histories:
        assert history.current is not None
        if history.lead_id in answer.leads:
            found["stage", history.lead_id, None] = history.current.stage
    return found


@FEWER
@given(randoms())
def test_notices_folded_from_nothing_give_the_current_values(random: Random) -> None:
    """Law 7: Nothing is lost: each notice begins where the last one ended, and none is twice."""
    way = draw_way(random)
    told: dict[Any, Any] = {}
    numbers: dict[Any, int] = {}
    keys: list[str] = []
    for one in followed(random, way):
        for notice in one.changes:
            about = notice.what, notice.lead_id, notice.product_id
            numbers[about] = numbers.get(about, 0) + 1
            assert notice.number == numbers[about]
            keys.append(notice.key)
            if notice.what in ("segment", "tier", "white_space", "stage", "engagement"):
                assert told.get(about) == notice.before
                told[about] = notice.after
        current = {about: value for about, value in told.items() if value is not None}
        assert current == values(one.state, one.answer)
    assert len(keys) == len(set(keys))


@FEWER
@given(randoms())
def test_a_stored_state_is_the_same_state(random: Random) -> None:
    """Law 8: Round trip: state → bytes → state is equal, and goes on as if it had stayed."""
    way = draw_way(random)
    trail = followed(random, way)
    state = random.choice(trail).state
    state = way.engine.forget(state, random.choice(("l0", "l1", "nobody")))
    stored = state.to_bytes()
    again = AccountState.from_bytes(stored)
    assert again == state
    assert again.to_bytes() == stored
    assert pickle.loads(pickle.dumps(state)) == state
    as_of = way.end + timedelta(days=40)
    assert way.engine.on(again, None, as_of=as_of) == way.engine.on(state, None, as_of=as_of)


@FEWER
@given(randoms())
def test_forgetting_keeps_the_counts_and_nothing_else(random: Random) -> None:
    """Law 7: Nothing is lost of the counts, and nothing of the person stays."""
    way = draw_way(random)
    state = followed(random, way)[-1].state
    counts = way.engine.stage_counts(state)
    assert sum(one.count for one in counts) == sum(
        len(one.entries) for one in state.account.histories
    )
    for lead_id in ("l1", "l2"):
        state = way.engine.forget(state, lead_id)
        assert way.engine.stage_counts(state) == counts
        assert f'"{lead_id}"'.encode() not in state.to_bytes()
        assert way.engine.forget(state, lead_id) == state
    # A deal that names nobody any more may concern who is left, if the funnel says so.
    without = way.engine.stage_counts(way.engine.on(state, None, as_of=way.end).state)
    for one in way.sent:
        lead = one.event.id if isinstance(one.event, Lead) else getattr(one.event, "lead_id", None)
        if lead in ("l1", "l2"):
            late = way.engine.on(state, one.event, as_of=way.end, changed_at=one.changed_at)
            assert [problem.code for problem in late.refused][:1] == ["forgotten"]
            assert way.engine.stage_counts(late.state) == without
            assert f'"{lead}"'.encode() not in late.state.to_bytes()


# -- one event after the other --

AT = datetime(2026, 4, 1, 9, tzinfo=UTC)
PLAYBOOK = mf.starter(["crm", "ma"])
FUNNEL = PLAYBOOK.funnel
ENGINE = Engine(PLAYBOOK)
COMPANY = Company(1, employees=2_400)
LEAD = Lead(101, 1)


def after(days: float) -> datetime:
    """An instant, by the days since the start."""
    return AT + timedelta(days=days)


def asked(number: int = 1, days: float = 0, lead_id: int = 101) -> Activity:
    """A request for a demo: what makes an MQL."""
    return Activity(number, lead_id, "demo_request", after(days), ["crm"])


def told(answered: Answered) -> list[tuple[Any, ...]]:
    """What others hear, in short."""
    return [(n.what, n.lead_id, n.product_id, n.before, n.after) for n in answered.changes]


def begun(*events: Any, engine: Engine = ENGINE) -> AccountState:
    """An account with a company and a lead, and with some events at the start."""
    state = AccountState(Account(COMPANY, leads=[LEAD]))
    for event in (None, *events):
        state = engine.on(state, event, as_of=AT).state
    return state


def with_limit(key: str, **limit: Any) -> Engine:
    """The engine of the starter with a time limit for one stage."""
    stage = evolve(FUNNEL.stage(key), **limit)
    ladder = [stage if one == stage else one for one in FUNNEL.ladder]
    return Engine(evolve(PLAYBOOK, funnel=evolve(FUNNEL, ladder=ladder)))


class TestOn:
    def test_it_begins_with_what_is_there(self) -> None:
        """The first time, every answer is new; where leads stand is kept from then on."""
        first = ENGINE.on(AccountState(Account(COMPANY, leads=[LEAD])), None, as_of=AT)
        assert told(first) == [
            ("segment", None, None, None, "enterprise"),
            ("tier", None, "crm", None, "tier_1"),
            ("tier", None, "ma", None, "tier_1"),
            ("white_space", None, "crm", None, "untapped"),
            ("white_space", None, "ma", None, "untapped"),
            ("stage", 101, None, None, "known"),
        ]
        assert first.state.as_of == AT
        assert ENGINE.on(first.state, None, as_of=AT) == evolve(first, changes=())

    def test_a_click_moves_the_lead_through_the_gate(self) -> None:
        """Law 10: A move is a move: what is passed over is imputed, and others hear of one move."""
        done = ENGINE.on(begun(), asked(), as_of=after(0.1))
        assert told(done) == [
            ("engagement", 101, "crm", None, "high_interest"),
            ("stage", 101, None, "known", "mql"),
        ]
        (history,) = done.state.account.histories
        assert [(one.stage, one.imputed) for one in history.entries] == [
            ("known", False),
            ("inquiry", True),
            ("mql", False),
        ]
        stage = done.changes[-1]
        assert history.current is not None
        assert (stage.at, history.current.cause, history.current.entered) == (
            after(0.1),
            "rule",
            after(0.1),
        )
        assert str(stage.because) == str(done.answer.leads[101].stage.warranted.because)

    def test_time_alone_moves_a_lead_and_says_so(self) -> None:
        """Law 10: A move is a move: where nothing but days has passed, the cause is time."""
        done = ENGINE.on(begun(asked()), None, as_of=after(90))
        assert ("stage", 101, None, "mql", "inquiry") in told(done)
        current = done.state.account.histories[0].current
        assert current is not None
        assert current.cause == "time"

    def test_a_record_of_a_later_day_is_new_on_its_day(self) -> None:
        """Law 5: The future does not change the past: it counts from its day on, as a record."""
        waiting = ENGINE.on(begun(), asked(days=5), as_of=after(0.1))
        assert waiting.changes == ()
        assert ENGINE.on(waiting.state, None, as_of=after(4)).changes == ()
        done = ENGINE.on(waiting.state, None, as_of=after(4.9))
        assert ("stage", 101, None, "known", "mql") in told(done)
        current = done.state.account.histories[0].current
        assert current is not None
        assert (current.cause, current.entered) == ("rule", after(4.9))

    def test_an_event_of_long_ago_counts_on_its_day_and_moves_now(self) -> None:
        """The score is that of its day; the history says when it came."""
        late = ENGINE.on(begun(), asked(days=-29), as_of=after(1))
        assert late.answer.leads[101].engagement["crm"].score.micro == 15_000_000
        current = late.state.account.histories[0].current
        assert current is not None
        assert (current.stage, current.entered) == ("mql", after(1))

    def test_facts_of_the_company_are_new_on_their_day(self) -> None:
        """A dated fact, a contract and a deal that begin to count are no mere passing of time."""
        deal = Deal(1, 1, after(10), [DealLine("crm")], "won", after(20), lead_id=101)
        history = CompanyHistory(COMPANY, [CompanyChange(date(2026, 5, 1), "employees", 20)])
        state = begun(deal, Contract(1, "ma", date(2026, 6, 1)))
        assert ENGINE.on(state, history, as_of=AT).changes == ()
        state = ENGINE.on(state, history, as_of=AT).state
        causes = []
        for days in (10, 20, 31, 62):
            done = ENGINE.on(state, None, as_of=after(days))
            state = done.state
            current = state.account.histories[0].current
            assert current is not None
            causes.append((current.stage, current.cause, [one.what for one in done.changes]))
        assert causes == [
            ("opportunity", "rule", ["white_space", "engagement", "stage"]),
            ("customer", "rule", ["white_space", "engagement", "stage"]),
            ("customer", "rule", ["segment", "tier", "tier"]),
            ("customer", "rule", ["white_space", "engagement"]),
        ]

    def test_a_company_as_it_is_now_goes_on_with_its_history(self) -> None:
        """An edit of a company does not take away what is known of its past."""
        first = CompanyChange(date(2026, 3, 1), "employees", 20)
        state = begun(CompanyHistory(COMPANY, [first]))
        edited = evolve(COMPANY, employees=30)
        done = ENGINE.on(state, edited, as_of=after(3), changed_at=after(2))
        second = CompanyChange(after(2).date(), "employees", 30)
        assert done.state.account.company == CompanyHistory(COMPANY, [first, second])
        again = ENGINE.on(done.state, edited, as_of=after(4), changed_at=after(2))
        assert again.state.account == done.state.account
        stale = ENGINE.on(again.state, COMPANY, as_of=after(5), changed_at=after(1))
        assert [one.code for one in stale.refused] == ["outdated"]

    def test_a_move_from_a_clock_ahead_is_refused(self) -> None:
        """Law 10: A move is a move: one of tomorrow is none today, and whoever sent it hears so."""
        move = LeadMove(101, Move("inquiry", after(3), "api"))
        early = ENGINE.on(begun(), move, as_of=after(1))
        assert [(one.code, one.path) for one in early.refused] == [("order", "event.move.at")]
        assert ("stage", 101, None, "known", "inquiry") not in told(early)
        then = ENGINE.on(early.state, move, as_of=after(3))
        assert ("stage", 101, None, "known", "inquiry") in told(then)

    @pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
    def test_what_holds_since_the_first_day_of_all_begins_like_any_other(self, zone: str) -> None:
        """Law 1: Engines agree: a day that some CRMs write for "always" is answered as in bulk."""
        engine = Engine(evolve(PLAYBOOK, zone=zone))
        account = Account(
            CompanyHistory(COMPANY, [CompanyChange(date.min, "employees", 20)]),
            leads=[LEAD],
            contracts=[Contract(1, "ma", date.min)],
            overrides=[
                Override(
                    "tier", "tier_4", "Sato", "a friend", date.min, None, company_id=1,
                    product_id="ma", follow_up_on=date.min,
                )
            ],
        )  # fmt: skip
        done = engine.on(AccountState(account), None, as_of=AT)
        assert done.answer.tiers == engine.assess(account, as_of=AT).tiers
        assert done.answer.leads[101].stage.existing_customer
        assert ("follow_up", None, "ma", None, "0001-01-01") in told(done)

    def test_white_space_is_told_as_it_changes(self) -> None:
        """A product that is bought, runs out, or is withdrawn; settled or not is told, too."""
        crm = evolve(PLAYBOOK.products[0], sold_until=after(90).date())
        small = mf.Ineligible(company.employees < 10, key="small")
        synergy = mf.Synergy([mf.Relation("prerequisite", "crm", "ma")], [small])
        engine = Engine(evolve(PLAYBOOK, products=[crm, PLAYBOOK.products[1]], synergy=synergy))
        state = begun(engine=engine)
        events: list[tuple[float, Any]] = [
            (10, Contract(1, "crm", after(20).date(), after(80).date())),
            (20, None),
            (60, Company(1)),
            (81, None),
            (91, None),
        ]
        heard: list[Any] = []
        for days, event in events:
            done = engine.on(state, event, as_of=after(days))
            assert engine.on(done.state, None, as_of=after(days)).changes == ()
            state = done.state
            heard += [
                (days, one.product_id, one.before, one.after, one.settled)
                for one in done.changes
                if one.what == "white_space"
            ]
        assert heard == [
            (20, "crm", "untapped", "owned", True),
            (20, "ma", "not_eligible", "untapped", True),
            (60, "ma", "untapped", "untapped", False),
            (81, "crm", "owned", "untapped", False),
            (81, "ma", "untapped", "not_eligible", True),
            (91, "crm", "untapped", "not_eligible", True),
        ]

    def test_conflicting_activities_are_told_and_neither_counts(self) -> None:
        """S17: what shares an id but differs is rejected, and whoever sent it hears of it."""
        state = begun(asked())
        done = ENGINE.on(state, evolve(asked(), kind="page_view"), as_of=AT)
        assert [(one.code, one.path) for one in done.refused] == [("conflict", "event")]
        assert told(done) == [
            ("engagement", 101, "crm", "high_interest", None),
            ("stage", 101, None, "mql", "known"),
        ]

    def test_a_record_that_does_not_count_says_why(self) -> None:
        """What refers to nothing known is kept, for that may come yet; the caller hears of it."""
        early = ENGINE.on(begun(), asked(lead_id=102), as_of=AT)
        assert [(one.code, one.path) for one in early.refused] == [("unknown-lead", "event")]
        then = ENGINE.on(early.state, Lead(102, 1), as_of=AT)
        assert ("stage", 102, None, None, "mql") in told(then)
        gone = ENGINE.on(begun(), Lead(101, 2), as_of=AT)
        assert [one.code for one in gone.refused] == ["other-company"]

    def test_an_edit_takes_the_place_of_what_was_known(self) -> None:
        """Companies, leads, deals and contracts are edited; the latest version holds."""
        deal = Deal(1, 1, AT, [DealLine("crm")], lead_id=101)
        contract = Contract(1, "ma", date(2026, 4, 1))
        state = begun(deal, contract)
        for record in (
            evolve(COMPANY, employees=20),
            evolve(LEAD, title="director"),
            evolve(deal, status="lost", closed_at=after(1), reason="price"),
            evolve(contract, end=date(2026, 4, 30)),
        ):
            state = ENGINE.on(state, record, as_of=after(1)).state
        account = state.account
        assert isinstance(account.company, Company)
        assert account.company.employees == 20
        assert [one.title for one in account.leads] == ["director"]
        assert [one.status for one in account.deals] == ["lost"]
        assert [one.end for one in account.contracts] == [date(2026, 4, 30)]

    def test_of_two_versions_the_one_changed_later_holds(self) -> None:
        """Law 4: Order does not matter: an outdated version changes nothing, and says so."""
        small = evolve(COMPANY, employees=20)
        state = ENGINE.on(begun(), small, as_of=after(2), changed_at=after(1)).state
        old = ENGINE.on(state, COMPANY, as_of=after(2), changed_at=AT)
        assert [(one.code, one.path) for one in old.refused] == [("outdated", "event")]
        assert (old.state, old.changes) == (state, ())
        same = ENGINE.on(state, small, as_of=after(2), changed_at=after(1.5))
        assert (same.changes, dict(same.state.changed)) == (
            (),
            {("companies", 1, None, None): after(1.5)},
        )
        # Without a word on when, the one that comes last holds.
        unsaid = ENGINE.on(same.state, COMPANY, as_of=after(2)).state
        assert (unsaid.account.company, dict(unsaid.changed)) == (COMPANY, {})

    def test_what_is_set_by_hand_is_told_and_taken_back(self) -> None:
        """A state set by hand moves the answers on its days; a new version takes its place."""
        day = date(2026, 4, 1)
        hand = Override(
            "engagement", "dormant", "Sato", "on leave", day, None, lead_id=101, product_id="crm"
        )
        state = begun(asked())
        done = ENGINE.on(state, hand, as_of=AT)
        assert told(done) == [("engagement", 101, "crm", "high_interest", "dormant")]
        assert "Sato" in str(done.changes[0].because)
        back = ENGINE.on(done.state, evolve(hand, until=day), as_of=after(1))
        assert back.state.account.overrides == (evolve(hand, until=day),)
        assert told(back) == [("engagement", 101, "crm", "dormant", "high_interest")]
        assert [one.code for one in back.refused] == ["expired"]
        (left, came) = done.state.move_lead(101, AccountState(Account(Company(2))))
        assert (left.account.overrides, came.account.overrides) == ((), (hand,))
        gone = ENGINE.on(state, hand, as_of=AT, changed_at=AT).state
        assert len(gone.changed) == 1
        gone = ENGINE.forget(gone, 101)
        assert (gone.account.overrides, len(gone.changed)) == ((), 0)

    def test_a_lead_that_was_deleted_has_no_stage_any_more(self) -> None:
        """Law 7: Nothing is lost: others hear that it is gone, and again where it comes back."""
        state = begun(asked())
        gone = ENGINE.on(evolve(state, account=evolve(state.account, leads=[])), None, as_of=AT)
        assert told(gone) == [
            ("engagement", 101, "crm", "high_interest", None),
            ("stage", 101, None, "mql", None),
        ]
        assert ENGINE.on(gone.state, None, as_of=AT).changes == ()
        back = ENGINE.on(gone.state, LEAD, as_of=AT)
        assert told(back) == [
            ("engagement", 101, "crm", None, "high_interest"),
            ("stage", 101, None, None, "mql"),
        ]

    def test_another_playbook_tells_what_it_answers_otherwise(self) -> None:
        """A state outlives its playbook: the next event brings the answers of the one in force."""
        fewer = Engine(mf.starter(["crm"]))
        assert told(fewer.on(begun(), None, as_of=AT)) == [
            ("tier", None, "ma", "tier_1", None),
            ("white_space", None, "ma", "untapped", None),
        ]

    def test_a_history_from_elsewhere_is_taken_over(self) -> None:
        """Others hear where a lead stands, and then what follows."""
        been = FUNNEL.move(StageHistory(101), "sal", at=AT, cause="import", reason="old CRM")
        account = Account(COMPANY, leads=[LEAD], histories=[been])
        done = ENGINE.on(AccountState(account), asked(), as_of=after(1))
        notices = [one for one in done.changes if one.what == "stage"]
        assert [(one.before, one.after, one.at) for one in notices] == [
            (None, "sal", AT),
            ("sal", "mql", after(1)),
        ]
        assert [one.because for one in notices][:1] == [mf.Label("old CRM")]

    def test_histories_that_contradict_each_other_stay_as_they_are(self) -> None:
        """Which of them is meant cannot be told, so that the lead is not moved."""
        both = [
            FUNNEL.move(StageHistory(101), stage, at=AT, cause="import") for stage in ("mql", "sal")
        ]
        state = AccountState(Account(COMPANY, leads=[LEAD], histories=both))
        done = ENGINE.on(state, LeadMove(101, Move("sql", AT, "person")), as_of=AT)
        assert [(one.code, one.path) for one in done.refused] == [("conflict", "event.lead_id")]
        assert set(done.state.account.histories) == set(both)

    @pytest.mark.parametrize(
        ("arguments", "path", "says"),
        [
            ({"event": Company(2)}, "event.id", "must be 1, the company of the account, not 2"),
            (
                {"event": CompanyHistory(Company("1"))},
                "event.id",
                "must be 1, the company of the account, not '1'",
            ),
            ({"event": 3}, "event", "must be a record of the account, a LeadMove, or None"),
            ({"event": None, "as_of": date(2026, 4, 2)}, "as_of", "must be a datetime, not date"),
            ({"event": None, "as_of": datetime(2026, 4, 2)}, "as_of", "has no time zone"),  # noqa: DTZ001
            (
                {"event": None, "as_of": after(-1)},
                "as_of",
                "must not be before 2026-04-01T09:00:00+00:00, when the account was last asked",
            ),
            ({"event": LEAD, "changed_at": 3}, "changed_at", "must be a datetime, not int 3"),
        ],
    )
    def test_what_cannot_be_is_an_error(self, arguments: Any, path: str, says: str) -> None:
        """Faults of the calling code are raised, with their path."""
        with pytest.raises(InvalidDataError) as raised:
            ENGINE.on(begun(), **{"as_of": after(1), **arguments})
        assert [one.path for one in raised.value.problems] == [path]
        assert says in str(raised.value)

    def test_only_a_state_is_one(self) -> None:
        """An account is not taken for a state, nor anything for an account."""
        wrong: Any = Account()
        for ask in (
            lambda: ENGINE.on(wrong, None, as_of=AT),
            lambda: ENGINE.forget(wrong, 1),
            lambda: ENGINE.stage_counts(wrong),
        ):
            with pytest.raises(InvalidDataError, match=r"^state: must be an AccountState"):
                ask()
        with pytest.raises(InvalidDataError, match=r"^state.account: must be an Account"):
            AccountState(None)  # type: ignore[arg-type]
        with pytest.raises(InvalidDataError, match=r"^state.as_of: has no time zone"):
            AccountState(Account(), datetime(2026, 4, 1))  # noqa: DTZ001
        with pytest.raises(InvalidDataError, match=r"^leadmove.move: must be a Move, not int"):
            LeadMove(1, 3)  # type: ignore[arg-type]


class TestMoves:
    def test_a_person_moves_a_lead(self) -> None:
        """A person's decision holds until there is a newer fact."""
        move = LeadMove(101, Move("sal", after(1), "person", by="Sato", reason="met"))
        done = ENGINE.on(begun(asked()), move, as_of=after(1.1))
        assert told(done) == [("stage", 101, None, "mql", "sal")]
        assert (done.changes[0].at, done.changes[0].because) == (after(1), mf.Label("met"))
        held = ENGINE.on(done.state, asked(2, days=0.5), as_of=after(2))
        assert "stage" not in [one.what for one in held.changes]
        newer = ENGINE.on(held.state, asked(3, days=2), as_of=after(2))
        assert ("stage", 101, None, "sal", "mql") in told(newer)

    def test_a_newer_fact_frees_the_lead_for_all_that_follows(self) -> None:
        """What a person decided was answered by a fact since then: now days alone move the lead."""
        state = begun(asked())
        for days in (1, 2):
            move = LeadMove(101, Move("inquiry" if days == 1 else "mql", after(days), "person"))
            state = ENGINE.on(state, move, as_of=after(days)).state
        held = ENGINE.on(state, None, as_of=after(95))
        assert "stage" not in [one.what for one in held.changes]
        state = ENGINE.on(state, asked(2, days=3), as_of=after(3)).state
        freed = ENGINE.on(state, None, as_of=after(95))
        assert ("stage", 101, None, "mql", "inquiry") in told(freed)

    def test_a_move_that_comes_again_moves_nothing(self) -> None:
        """Law 10: A move is a move: once, however often it comes, and whatever came since."""
        move = LeadMove(101, Move("sal", after(1), "person"))
        done = ENGINE.on(begun(asked()), move, as_of=after(1))
        again = ENGINE.on(done.state, move, as_of=after(1))
        assert (again.state, again.changes, again.refused) == (done.state, (), ())
        on = ENGINE.on(done.state, asked(2, days=2), as_of=after(2))
        again = ENGINE.on(on.state, move, as_of=after(2))
        assert (again.state, again.changes, again.refused) == (on.state, (), ())

    def test_days_that_passed_before_a_move_come_before_it(self) -> None:
        """Law 10: A move is a move: nobody asked since, but the lead had gone quiet long ago."""
        state = begun(asked())
        move = LeadMove(101, Move("mql", after(200), "person"))
        done = ENGINE.on(state, move, as_of=after(201))
        stages = [(one.before, one.after) for one in done.changes if one.what == "stage"]
        assert (stages, done.refused) == ([("mql", "dormant"), ("dormant", "mql")], ())
        again = ENGINE.on(done.state, move, as_of=after(201))
        assert (again.state, again.changes, again.refused) == (done.state, (), ())
        # What is refused is refused once more.
        no = LeadMove(101, Move("dormant", after(200), "api", reason="quiet"))
        for _ in range(2):
            refused = ENGINE.on(state, no, as_of=after(200))
            assert [one.code for one in refused.refused] == ["duplicate"]
            state = refused.state

    def test_a_refusal_is_told_with_what_would_have_passed(self) -> None:
        """Law 10: A move is a move: what the gate refuses changes nothing, and says so."""
        state = begun()
        no = ENGINE.on(state, LeadMove(101, Move("recycled", AT, "api")), as_of=AT)
        assert [(one.code, one.path) for one in no.refused] == [("missing", "event.move.reason")]
        assert no.allowed == FUNNEL.allowed(state.account.histories[0])
        assert (no.state, no.changes) == (state, ())
        for lead_id, code in ((102, "unknown-lead"), (101, "forgotten")):
            gone = ENGINE.forget(state, 101)
            no = ENGINE.on(gone, LeadMove(lead_id, Move("mql", AT, "api")), as_of=AT)
            assert [(one.code, one.path) for one in no.refused] == [(code, "event.lead_id")]

    def test_rules_that_see_the_stage_see_where_a_move_led(self) -> None:
        """What a person decided is what the rules go on from, at once and later."""
        unset, latent, evident = (FunnelStage(key, key) for key in ("unset", "latent", "evident"))
        stage = PursuitFacts(Scale(("unset", "latent", "evident"))).stage
        rules = [
            Rule(evident, (stage == evident) & product.active(within_days=30), key="stays"),
            Rule(latent, product.touched, key="touched"),
        ]
        funnel = Funnel(DecisionTable(rules, otherwise=unset), [unset, latent, evident])
        engine = Engine(evolve(PLAYBOOK, funnel=funnel, plays=mf.Plays()))
        state = begun(asked(), engine=engine)
        move = LeadMove(101, Move(evident, AT, "api"))
        done = engine.on(state, move, as_of=AT)
        assert told(done) == [("stage", 101, None, "latent", "evident")]
        assert told(engine.on(done.state, None, as_of=after(29))) == []
        assert ("stage", 101, None, "evident", "latent") in told(
            engine.on(done.state, None, as_of=after(30))
        )


class TestFollowUps:
    @staticmethod
    def said(days: float, follow_up_on: date | None, product_id: Id | None = None) -> SalesEvent:
        """What sales decided."""
        return SalesEvent(
            101, "recycled", after(days), product_id, reason="timing", follow_up_on=follow_up_on
        )

    def test_a_follow_up_is_due_once(self) -> None:
        """On its day, and never again."""
        state = begun(self.said(0, date(2026, 7, 1)))
        assert told(ENGINE.on(state, None, as_of=after(90))) == []
        due = ENGINE.on(state, None, as_of=after(91))
        assert told(due) == [("follow_up", 101, None, None, "2026-07-01")]
        assert (due.changes[0].on, due.changes[0].because) == (
            date(2026, 7, 1),
            mf.Label("timing"),
        )
        assert told(ENGINE.on(due.state, None, as_of=after(92))) == []

    def test_what_sales_said_last_holds(self) -> None:
        """Another day takes the place of the one before; word without a day leaves it."""
        state = begun(
            self.said(-1, date(2026, 5, 1)),
            self.said(0, date(2026, 7, 1)),
            self.said(-2, date(2026, 4, 20)),
            self.said(0, date(2026, 5, 5), "crm"),
            self.said(0, None),
            self.said(40, date(2026, 4, 2), "ma"),
        )
        seen = []
        for days in (1, 30, 34, 60, 91):
            done = ENGINE.on(state, None, as_of=after(days))
            state = done.state
            seen += [(days, n.product_id) for n in done.changes if n.what == "follow_up"]
        # What was said on a later day was not known before.
        assert seen == [(34, "crm"), (60, "ma"), (91, None)]

    def test_what_was_set_by_hand_names_a_day_too(self) -> None:
        """The last word holds, whether sales said it or somebody set a state or Tier by hand."""
        day = date(2026, 4, 1)
        hand = Override(
            "engagement",
            "priority_follow_up",
            "Sato",
            "budget in May",
            day,
            date(2026, 4, 30),
            lead_id=101,
            product_id="crm",
            follow_up_on=date(2026, 5, 7),
        )
        tier = Override(
            "tier",
            "tier_1",
            "Sato",
            "plan",
            day,
            None,
            company_id=1,
            product_id="ma",
            follow_up_on=date(2026, 4, 20),
        )
        state = begun(self.said(-1, date(2026, 4, 2), "crm"), hand, tier)
        seen = []
        for days in (0, 19, 36):
            done = ENGINE.on(state, None, as_of=after(days))
            state = done.state
            seen += [
                (n.lead_id, n.product_id, n.after, str(n.because))
                for n in done.changes
                if n.what == "follow_up"
            ]
        assert seen == [
            (None, "ma", "2026-04-20", "plan"),
            (101, "crm", "2026-05-07", "budget in May"),
        ]

    def test_a_move_names_a_day_for_as_long_as_the_lead_is_there(self) -> None:
        """A person's decision holds until its last day; who has moved on is not waited for."""
        decided = Move(
            "sal",
            AT,
            "person",
            by="Sato",
            reason="call again",
            for_products=["crm"],
            until=date(2026, 4, 30),
            follow_up_on=date(2026, 4, 20),
        )
        done = ENGINE.on(begun(), LeadMove(101, decided), as_of=AT)
        state = AccountState.from_bytes(done.state.to_bytes())
        assert state == done.state
        due = ENGINE.on(state, None, as_of=after(19))
        assert told(due) == [("follow_up", 101, "crm", None, "2026-04-20")]
        assert str(due.changes[0].because) == "call again"
        assert told(ENGINE.on(state, None, as_of=after(29))) == told(due)
        # On 1 May the decision is over, and with it what it said about coming back.
        assert told(ENGINE.on(state, None, as_of=after(30))) == [
            ("stage", 101, None, "sal", "known")
        ]

    def test_what_does_not_count_is_never_due(self) -> None:
        """A follow-up of a product that the firm does not sell is a reject, and no more."""
        done = ENGINE.on(begun(), self.said(0, date(2026, 4, 1), "erp"), as_of=after(9))
        assert [one.code for one in done.refused] == ["unknown-product"]
        assert told(done) == []


class TestLimits:
    ENGINE = with_limit("mql", kind="sla", within_days=3)

    def test_a_stage_that_lasts_too_long_is_told_once(self) -> None:
        """On the first day that is late; again when the lead comes back and stays too long."""
        state = begun(asked(), engine=self.ENGINE)
        assert told(self.ENGINE.on(state, None, as_of=after(3))) == []
        late = self.ENGINE.on(state, None, as_of=after(10))
        assert told(late) == [("sla", 101, None, None, "mql")]
        assert late.changes[0].on == date(2026, 4, 5)
        assert told(self.ENGINE.on(late.state, None, as_of=after(11))) == []
        left = self.ENGINE.on(
            late.state, LeadMove(101, Move("known", after(11), "person")), as_of=after(11)
        )
        assert told(left) == [("stage", 101, None, "mql", "known")]
        back = self.ENGINE.on(
            left.state, LeadMove(101, Move("mql", after(12), "person")), as_of=after(12)
        )
        again = self.ENGINE.on(back.state, None, as_of=after(20))
        assert [(one.what, one.number) for one in again.changes] == [("sla", 2)]

    def test_what_was_left_too_late_meanwhile_is_told_too(self) -> None:
        """Nobody asked between the last day and the move, and the lead was late all the same."""
        state = begun(asked(), engine=self.ENGINE)
        done = self.ENGINE.on(
            state, LeadMove(101, Move("sal", after(10), "person")), as_of=after(10)
        )
        assert [one.what for one in done.changes] == ["sla", "stage"]

    def test_the_past_is_not_told(self) -> None:
        """Of a history from elsewhere, only where the lead is now can be late."""
        been = FUNNEL.move(StageHistory(101), "mql", at=after(-90), cause="import")
        been = FUNNEL.move(been, "sal", at=after(-30), cause="import")
        state = AccountState(Account(COMPANY, leads=[LEAD], histories=[been]))
        done = self.ENGINE.on(state, None, as_of=AT)
        assert "sla" not in [one.what for one in done.changes]


class TestNotices:
    def test_a_notice_is_a_flat_row(self) -> None:
        """Plain values for a table or a queue; the key stays the same wherever it is delivered."""
        done = ENGINE.on(begun(), asked(), as_of=after(0.1))
        row = done.changes[0].row("ja")
        assert json.loads(json.dumps(row)) == row
        assert row == {
            "key": '["engagement",1,101,"crm",1]',
            "what": "engagement",
            "company_id": 1,
            "lead_id": 101,
            "product_id": "crm",
            "number": 1,
            "before": None,
            "after": "high_interest",
            "settled": True,
            "on": "2026-04-01",
            "at": "2026-04-01T11:24:00+00:00",
            "because": done.changes[0].because.ja if done.changes[0].because else None,
        }
        assert evolve(done.changes[0], because=None).row()["because"] is None
        assert isinstance(pickle.loads(pickle.dumps(done)).changes[0], Notice)


class TestMoveLead:
    OTHER = AccountState(Account(Company(2, employees=80)))

    def test_a_lead_takes_along_what_is_kept_of_it(self) -> None:
        """Law 7: Nothing is lost: records, history and numbers of notices go on in the other."""
        deal = Deal(1, 1, AT, [DealLine("ma")], lead_id=101)
        elsewhere = Deal(2, 2, AT, [DealLine("ma")], lead_id=101)
        state = begun(asked(), TestFollowUps.said(0, date(2026, 4, 1)), deal, elsewhere)
        state = ENGINE.on(state, LEAD, as_of=AT, changed_at=AT).state
        other = ENGINE.on(self.OTHER, None, as_of=after(-1)).state
        left, came = state.move_lead(101, other)
        assert [left.account.deals, came.account.deals] == [(deal,), (deal, elsewhere)]
        assert (left.account.leads, left.account.activities, left.account.histories) == ((), (), ())
        assert came.account.histories == state.account.histories
        assert (came.as_of, len(left.changed), len(came.changed)) == (AT, 0, 1)
        done = ENGINE.on(came, evolve(LEAD, company_id=2), as_of=AT)
        assert [(n.key, n.before, n.after) for n in done.changes if n.what == "stage"] == []
        assert told(ENGINE.on(left, None, as_of=AT)) == []
        counts = ENGINE.stage_counts
        assert (counts(left), counts(came)) == ((), counts(state))

    def test_it_goes_into_an_account_that_knows_some_of_it(self) -> None:
        """Law 4: Order does not matter: what has come there before counts once."""
        lead = evolve(LEAD, company_id=2)
        account = evolve(self.OTHER.account, leads=[lead], activities=[asked()])
        _, came = begun(asked(), asked(2)).move_lead(101, AccountState(account))
        assert (came.account.leads, came.as_of) == ((lead,), None)
        assert [one.id for one in came.account.activities] == [1, 2]

    def test_what_comes_late_does_not_bring_it_back(self) -> None:
        """Law 7: Nothing is lost: whoever sent it hears that the lead is in another account."""
        left, came = begun(asked()).move_lead(101, self.OTHER)
        for event, path in (
            (LEAD, "event.id"),
            (asked(2), "event.lead_id"),
            (TestFollowUps.said(0, None), "event.lead_id"),
            (Override("engagement", "none", "Sato", "left", AT.date(), None, lead_id=101,
                      product_id="crm"), "event.lead_id"),
            (LeadMove(101, Move("sal", AT, "person")), "event.lead_id"),
        ):  # fmt: skip
            no = ENGINE.on(left, event, as_of=AT)
            assert [(one.code, one.path) for one in no.refused] == [("moved", path)]
            assert (no.state, no.changes) == (left, ())
        deal = Deal(1, 1, AT, [DealLine("ma")], lead_id=101)
        assert ENGINE.on(left, deal, as_of=AT).state.account.deals == (deal,)
        assert AccountState.from_bytes(left.to_bytes()) == left
        came = ENGINE.on(came, evolve(LEAD, company_id=2), as_of=AT).state
        gone, back = came.move_lead(101, left)
        assert [len(one.moved) for one in (left, gone, back)] == [1, 1, 0]
        assert told(ENGINE.on(back, LEAD, as_of=AT)) == []
        assert ENGINE.forget(gone, 101).moved == frozenset()

    def test_what_cannot_be_moved_is_refused(self) -> None:
        """A stranger, a lead that has begun there, and one that was forgotten there."""
        state = begun()
        for lead_id, to, path, code in (
            (102, self.OTHER, "lead_id", "unknown-lead"),
            (101, begun(), "to", "conflict"),
            (101, ENGINE.forget(self.OTHER, 101), "to", "forgotten"),
            (101, Account(), "to", "type"),
            (True, self.OTHER, "lead_id", "type"),
        ):
            wrong: Any = to
            with pytest.raises(InvalidDataError) as raised:
                state.move_lead(lead_id, wrong)
            assert [(one.path, one.code) for one in raised.value.problems] == [(path, code)]


class TestForget:
    LEAD = Lead(
        "sato@example.com",
        1,
        email="sato@example.com",
        name="Sato Hanako",
        title="head of plant 7",
        phone="03-5550-0101",
        interests=["robots"],
        consents=[Consent("email", True, AT, "card of the fair")],
        attributes={"nickname": "Hana"},
    )

    def filled(self) -> AccountState:
        """An account with one person, in every kind of record."""
        name = "sato@example.com"
        state = AccountState(Account(COMPANY))
        for event in (
            self.LEAD,
            Activity("a-77", name, "demo_request", AT, ["crm"], "spring-fair"),
            SalesEvent(
                name, "accepted", AT, "crm", reason="liked it", follow_up_on=date(2026, 4, 1)
            ),
            Deal("d-1", 1, AT, [DealLine("crm")], lead_id=name),
            Deal("d-2", 2, AT, [DealLine("crm")], lead_id=name),
            LeadMove(name, Move("sal", AT, "person", by="Tanaka", reason="met at plant 7")),
        ):
            state = ENGINE.on(state, event, as_of=AT, changed_at=AT).state
        return state

    def test_nothing_of_the_person_stays(self) -> None:
        """Law 7: Nothing is lost of the counts; nothing of the person is in what is stored."""
        state = self.filled()
        private = ["sato", "Sato", "plant 7", "03-5550", "robots", "fair", "Hana", "a-77", "liked"]
        stored = state.to_bytes().decode()
        assert all(word in stored for word in private)
        gone = ENGINE.forget(state, "sato@example.com")
        stored = gone.to_bytes().decode()
        assert [word for word in [*private, "Tanaka", "101"] if word in stored] == []
        assert [(one.id, one.lead_id) for one in gone.account.deals] == [("d-1", None)]
        assert ENGINE.stage_counts(gone) == ENGINE.stage_counts(state)
        assert [(one.month, one.stage, one.imputed) for one in gone.counted][:2] == [
            ("2026-04", "inquiry", True),
            ("2026-04", "known", False),
        ]

    def test_late_events_do_not_bring_the_person_back(self) -> None:
        """What is about the person is refused; a deal stays, without the lead."""
        gone = ENGINE.forget(self.filled(), "sato@example.com")
        name = "sato@example.com"
        for event, path in (
            (self.LEAD, "event.id"),
            (Activity("a-78", name, "demo_request", AT), "event.lead_id"),
            (SalesEvent(name, "accepted", AT), "event.lead_id"),
        ):
            no = ENGINE.on(gone, event, as_of=AT)
            assert [(one.code, one.path) for one in no.refused] == [("forgotten", path)]
            assert (no.state, no.changes) == (gone, ())
        deal = Deal("d-3", 1, AT, [DealLine("ma")], lead_id=name)
        kept = ENGINE.on(gone, deal, as_of=AT)
        assert [(one.code, one.path) for one in kept.refused] == [("forgotten", "event.lead_id")]
        assert evolve(deal, lead_id=None) in kept.state.account.deals
        assert b"sato" not in kept.state.to_bytes()

    def test_leads_that_were_merged_are_one_person(self) -> None:
        """To forget one of them forgets them all, whose ids the history holds."""
        one = FUNNEL.move(StageHistory(101), "mql", at=AT, cause="api")
        other = FUNNEL.move(StageHistory(102), "known", at=AT, cause="api")
        both = FUNNEL.merge(one, other, at=AT)
        state = AccountState(Account(COMPANY, leads=[LEAD, Lead(103, 1)], histories=[both]))
        gone = ENGINE.forget(state, 102)
        assert [lead.id for lead in gone.account.leads] == [103]
        assert gone.account.histories == ()
        assert len(gone.forgotten) == 2

    def test_what_is_no_id_is_refused(self) -> None:
        """A bool is no id (S18)."""
        with pytest.raises(InvalidDataError, match=r"^lead_id: must be a text or an integer id"):
            ENGINE.forget(AccountState(), True)


# -- storage --

STORED = (FORMATS / "account-state-1.json").read_bytes()


def every_field() -> AccountState:
    """A state with something in every field that can be stored."""
    attributes: dict[str, Any] = {
        "plants": 2,
        "rate": 0.1,
        "fee": Decimal("0.10"),
        "since": date(2020, 1, 1),
        "tags": ["b", "a"],
        "vip": True,
        "memo": None,
    }
    company = Company(
        "c",
        "Nagimine",
        ["nagimine.example"],
        "1234567890123",
        "製造業",
        300,
        Decimal("1.50"),
        0.5,
        "近畿",
        "JP",
        "p",
        ["customer", "partner"],
        ["target"],
        attributes,
    )
    history = CompanyHistory(
        company,
        [
            CompanyChange(date(2026, 1, 1), "employees", None),
            CompanyChange(date(2026, 1, 2), "lists", ["x", "y"]),
            CompanyChange(date(2026, 1, 3), "annual_revenue", Decimal("2.25")),
        ],
    )
    consent = Consent("email", False, AT, "opt-out")
    lead = Lead(
        7, "c", "a@example.com", "A", "部長", "IT", "03", "fair", AT, ["crm"], [consent], {"x": "y"}
    )
    deal = Deal(
        1,
        "c",
        AT,
        [DealLine("crm", 2, Decimal("9.99")), DealLine("ma")],
        "lost",
        AT,
        7,
        "v",
        "price",
        1_000,
        "JPY",
    )
    at = AT + timedelta(microseconds=5)
    entries = [
        Entry(
            7, 1, 1, "mql", AT, at, "forward", "rule", "hand", None, True, (), "5f1251c83991be44"
        ),
        Entry(7, 2, 2, "sal", at, None, "back", "person", None, "Sato", for_products=["crm", 3]),
    ]
    return AccountState(
        Account(
            history,
            leads=[lead, Lead("7")],
            activities=[Activity(1, 7, "demo_request", at, ["crm", "ma", 3], "spring")],
            deals=[deal],
            contracts=[Contract("c", "ma", date(2026, 1, 1), date(2026, 12, 31), 3, 2)],
            sales_events=[SalesEvent(7, "recycled", AT, "crm", "Sato", "timing", date(2026, 4, 1))],
            overrides=[
                Override(
                    "engagement",
                    "dormant",
                    "Sato",
                    "leave",
                    date(2026, 4, 1),
                    date(2026, 4, 30),
                    None,
                    7,
                    "crm",
                    date(2026, 5, 7),
                ),
                Override("segment", "partner", "Ito", "new", date(2026, 4, 1), None, "c"),
            ],
            histories=[StageHistory(7, entries)],
        ),
        after(1),
        {
            ("segment", None, None): LastTold("partner", True, 1),
            ("engagement", 7, "crm"): LastTold(None, False, 12),
        },
        {("leads", 7, None, None): AT, ("contracts", "c", "ma", "2026-01-01"): at},
        ["682bb2246b180eaa5f96f13097df7011"],
        [StageCount("2026-04", "known", (), True, 3), StageCount("2026-04", "mql", (3,), False, 1)],
        ["0f5b"],
    )


class TestStorage:
    def test_what_the_first_format_stored_still_loads(self) -> None:
        """Law 8: Round trip: a released format loads, and says the same as on its first day."""
        state = AccountState.from_bytes(STORED)
        assert state == every_field()
        assert state.to_bytes() == STORED.strip()

    def test_every_field_of_every_record_is_stored(self) -> None:
        """Law 8: Round trip: a field that comes to a record later has to come here, too."""
        for kind, order in ORDER.items():
            assert {one.name for one in fields(kind) if one.init} == set(order), kind

    def test_an_empty_state_is_small(self) -> None:
        """Law 8: Round trip: nothing in, nothing out."""
        assert AccountState.from_bytes(AccountState().to_bytes()) == AccountState()
        assert len(AccountState().to_bytes()) < 250

    @pytest.mark.parametrize(
        ("change", "path", "says"),
        [
            ({"format": 2}, "state.format", "must be 1, not 2; a later version may have"),
            ({"company": 3}, "state.company", "must be null, or a list of 'Company'"),
            ({"company": ["Company", 3]}, "state.company", "must be a list, not int 3"),
            ({"company": ["Company", []]}, "state.company", "must have 1 to 14 fields, not 0"),
            (
                {"company": ["CompanyHistory", [[1], [["x", "employees", 3]]]]},
                "state.company.changes[0].since",
                "must be a date, not str 'x'",
            ),
            (
                {"company": ["Company", [1, *[None] * 12, {"x": {"list": []}}]]},
                "state.company.attributes",
                "'x' must be text, a number, a bool, a date or a set of texts, not dict",
            ),
            ({"leads": 3}, "state.leads", "must be a list, not int 3"),
            ({"leads": [[1, True]]}, "state.leads[0].company_id", "not bool True"),
            (
                {"leads": [[1, None, None, None, None, None, None, None, None, [], [["fax"]]]]},
                "state.leads[0].consents[0]",
                "must have 3 to 4 fields, not 1",
            ),
            (
                {"activities": [[1, 1, "x", "2026-04-01T09:00:00"]]},
                "state.activities[0].at",
                "must be a datetime, not str",
            ),
            (
                {"contracts": [[1, "ma", "2026-02-01", "2026-01-01"]]},
                "state.contracts[0].end",
                "must not be before start",
            ),
            (
                {"histories": [[1, [[1, 2, 1, "x", "2026-04-01T09:00:00Z", None, "back", "api"]]]]},
                "state.histories[0].entries[0].number",
                "must be 1 of lead 1, not 2",
            ),
            ({"as_of": "yesterday"}, "state.as_of", "must be an instant such as"),
            ({"told": [["tier", None, None]]}, "state.told[0]", "must have 6 cells, not 3"),
            ({"told": [3]}, "state.told[0]", "must be a list, not int 3"),
            (
                {"told": [["tear", None, None, "x", True, 1]]},
                "state.told[0][0]",
                "must be one of segment, tier, white_space",
            ),
            (
                {"changed": [["leads", 1, None, None, "2026-04-01"]]},
                "state.changed[0][4]",
                "must be an instant such as",
            ),
            ({"forgotten": [3]}, "state.forgotten[0]", "must be text, not int 3"),
            (
                {"counted": [["2026-04", "mql", 3, False, 1]]},
                "state.counted[0][2]",
                "must be a text or an integer id, not nothing",
            ),
        ],
    )
    def test_what_it_did_not_write_is_refused(self, change: Any, path: str, says: str) -> None:
        """Every fault with its path; a later format is named as such."""
        plain = json.loads(AccountState().to_bytes()) | change
        with pytest.raises(DecodeError) as raised:
            AccountState.from_bytes(json.dumps(plain).encode())
        assert [one.path for one in raised.value.problems] == [path]
        assert says in str(raised.value)

    def test_all_faults_come_at_once(self) -> None:
        """One fault does not hide the next."""
        plain = json.loads(AccountState().to_bytes())
        plain |= {"as_of": 3, "leads": [[None], [{}]], "told": [[1, 2, 3, 4, 5, 6]]}
        with pytest.raises(DecodeError) as raised:
            AccountState.from_bytes(json.dumps(plain).encode())
        paths = [one.path for one in raised.value.problems]
        assert paths[:2] == ["state.leads[0].id", "state.leads[1].id"]
        assert len(paths) == 6
