"""Tally: the laws on what was told in any order, the second model, storage, threads, waiting."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import mpfunnel as mf
from mpfunnel.account import Account
from mpfunnel.engagement import Outcome, Score, Signal, Tally, next_change, waiting
from mpfunnel.engagement.scores import Measure
from mpfunnel.engine import Engine
from mpfunnel.errors import DecodeError, InvalidDataError
from mpfunnel.facts import company, product
from mpfunnel.records import Activity, Company, Lead
from mpfunnel.rules.tables import Rule
from tests.leads import draw_account
from tests.policies import randoms
from tests.tallies import (
    AS_OF,
    KINDS,
    ZONE,
    Naive,
    Said,
    activity_of,
    draw_day,
    draw_engine,
    draw_said,
)

FORMATS = Path(__file__).parent / "formats"
STARTER = mf.starter(["crm"])
MODEL = STARTER.engagement["crm"]


def told(said: list[Said], since: date | None = None) -> Tally:
    """The tally that heard it all, one after the other."""
    tally = Tally(kept_since=since)
    for one in said:
        tally, _ = one.told(tally)
    return tally


def draw_since(random: Random) -> date | None:
    """A day to keep activities since, or none."""
    return draw_day(random) if random.randrange(2) else None


# -- law 4 --


@given(randoms())
def test_any_split_order_or_repetition_equals_the_tally_made_in_bulk(random: Random) -> None:
    """Law 4: Order does not matter: logs cut, shuffled, repeated and merged give one tally."""
    said, since = draw_said(random), draw_since(random)
    bulk = Tally.of(
        [activity_of(one, "crm") for one in said], "crm", zone="Europe/London", kept_since=since
    )

    again = said + random.choices(said, k=random.randrange(6)) if said else said
    random.shuffle(again)
    pieces = [Tally() for _ in range(random.randrange(1, 4))]
    # In one of the pieces, somewhere on the way, the same is forgotten that bulk never keeps.
    forgetful, when = random.randrange(len(pieces)), random.randrange(len(again) + 1)
    for place, one in enumerate(again):
        if place == when and since is not None:
            pieces[forgetful] = pieces[forgetful].forget_before(since)
        at = random.randrange(len(pieces))
        pieces[at], _ = one.told(pieces[at])
    random.shuffle(pieces)
    merged = pieces.pop()
    while pieces:
        other = pieces.pop()
        merged = merged.merge(other) if random.randrange(2) else other.merge(merged)
    if since is not None:
        merged = merged.forget_before(since)

    assert merged == bulk
    assert hash(merged) == hash(bulk)
    assert merged.to_bytes() == bulk.to_bytes()
    as_of = draw_day(random)
    assert merged.at(MODEL, as_of) == bulk.at(MODEL, as_of)


@given(randoms())
def test_merging_is_commutative_associative_and_idempotent(random: Random) -> None:
    """Law 4: Order does not matter: tallies merge in any order, any grouping, any number of times.

    Whatever is in conflict, and whatever each of them was made to forget.
    """
    a, b, c = (told(draw_said(random, 6), draw_since(random)) for _ in range(3))
    assert a.merge(b) == b.merge(a)
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(a) == a
    assert a.merge(b).merge(b) == a.merge(b)
    assert a.merge(Tally()) == a
    assert a.merge(b).to_bytes() == b.merge(a).to_bytes()


@given(randoms())
def test_it_does_not_matter_when_it_was_made_to_forget(random: Random) -> None:
    """Law 4: Order does not matter: what was heard before and what comes late leave the same."""
    said, days = draw_said(random), [draw_day(random) for _ in range(2)]
    steps: list[Any] = [*said, *days]
    random.shuffle(steps)
    tally = Tally()
    for step in steps:
        tally = tally.forget_before(step) if isinstance(step, date) else step.told(tally)[0]
    assert tally == told(said, max(days))
    assert tally.kept_since == max(days)


@given(randoms())
def test_a_tally_equals_the_second_model(random: Random) -> None:
    """Law 3: Reasons add up, and S17: each part is that of a model which keeps all, and looks."""
    _, _, model = draw_engine(random)
    since = draw_since(random)
    naive, tally = Naive(since=since), Tally(kept_since=since)
    as_of = draw_day(random)
    for one in draw_said(random):
        tally, outcome = one.told(tally)
        assert outcome == naive.hear(one)
        if random.randrange(3) == 0:
            # What was asked on the way, and as of which day, leaves no trace in what follows.
            tally.at(model, random.choice((as_of, as_of, draw_day(random))))
    assert naive.differences(tally, model, as_of) == []
    score = tally.at(model, as_of)
    assert score.micro == sum(part.micro for part in score.parts)


@given(randoms())
def test_a_tally_says_what_the_engine_says_of_the_same_activities(random: Random) -> None:
    """Law 1: Engines agree: score, parts and recency are those of `Engine.assess`."""
    engine, product_id, model = draw_engine(random)
    zone = engine.playbook.zone
    activities = [activity_of(one, product_id) for one in draw_said(random)]
    activities = [one for one in activities if one.at.year > 1 and one.at.year < 9999]
    # About other products alone: no business of the tally.
    activities += [evolve(activities[0], id="other", product_ids=["?"])] if activities else []
    account = Account(None, leads=[Lead("lead")], activities=activities)
    as_of = AS_OF - timedelta(random.choice((0, 0, 1, 7, -30)))
    tally = Tally.of(activities, product_id, zone=zone)
    answer = engine.engagement_for(account, "lead", product_id, as_of=as_of)
    assert tally.at(model, as_of) == answer.score

    one_by_one = Tally()
    for activity in activities:
        one_by_one, outcome = one_by_one.record_activity(activity, product_id, zone=zone)
        assert outcome == "elsewhere" if activity.id == "other" else outcome != "elsewhere"
    assert one_by_one == tally


@given(randoms())
def test_measures_asked_after_each_activity_are_those_of_the_whole(random: Random) -> None:
    """Law 4: Order does not matter: what a tally remembers of an answer leaves no trace in it."""
    _, _, model = draw_engine(random)
    measures = [
        Measure.from_fact(term.fact)
        for days in (1, 3, 30)
        for term in (
            product.count(random.choice(KINDS), within_days=days),
            product.points(within_days=days),
            product.active(within_days=days),
        )
    ]
    said, tally = draw_said(random), Tally()
    for place, one in enumerate(said, 1):
        tally, _ = one.told(tally)
        as_of = AS_OF - timedelta(random.choice((0, 0, 0, 1)))
        if random.randrange(4):
            tally.at(model, as_of)
        asked = measures if random.randrange(4) else random.sample(measures, 3)
        # One that was never asked before has nothing to remember.
        fresh = Tally.from_bytes(told(said[:place]).to_bytes())
        expected = fresh.measures(model, asked, as_of)
        assert tally.measures(model, asked, as_of) == expected


# -- laws 5 and 6 --


def counted(tally: Tally, as_of: date) -> Counter[tuple[str, int, bool]]:
    """How often each kind counts at each age, however its activities are kept apart."""
    found: Counter[tuple[str, int, bool]] = Counter()
    for kind, age, wide, times in tally.counts(as_of):
        found[kind, age, wide] += times
    return found


@given(randoms())
def test_later_activities_do_not_change_an_earlier_day(random: Random) -> None:
    """Law 5: The future does not change the past, not even by contradicting it."""
    said, as_of = draw_said(random), AS_OF
    _, _, model = draw_engine(random)
    past = [one for one in said if one.day <= as_of]
    assert told(said).at(model, as_of) == told(past).at(model, as_of)
    assert told(said).touched(as_of) == told(past).touched(as_of)
    assert counted(told(said), as_of) == counted(told(past), as_of)


@given(randoms())
def test_nothing_new_no_more_interest(random: Random) -> None:
    """Law 6: Interest only fades: with no new activity no part above 0 rises from day to day."""
    _, _, model = draw_engine(random)
    tally = told([one for one in draw_said(random) if one.day <= AS_OF])

    def positive(as_of: date) -> dict[str, int]:
        return {part.kind: part.micro for part in tally.at(model, as_of).parts if part.of == "kind"}

    days = [AS_OF + timedelta(days) for days in (0, 1, 2, 10, 40, 400)]
    for day, later in pairwise(days):
        was = positive(day)
        assert all(micro <= max(0, was[kind]) for kind, micro in positive(later).items())


# -- the second model, step by step --


class Tallies(RuleBasedStateMachine):
    """Some tallies and their second models, of which any may be changed, and none changes."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[Tally, Naive]] = []

    @initialize(since=st.none() | st.integers(0, 90))
    def begin(self, since: int | None) -> None:
        day = None if since is None else AS_OF - timedelta(since)
        self.pairs = [(Tally(kept_since=day), Naive(since=day)), (Tally(), Naive())]

    def keep(self, tally: Tally, naive: Naive) -> None:
        self.pairs.append((tally, naive))
        del self.pairs[:-12]

    @rule(
        at=st.integers(0, 11),
        one=st.builds(
            Said,
            st.integers(1, 5) | st.sampled_from(["1", "a"]),
            st.sampled_from(KINDS[:3]),
            st.integers(-3, 5).map(lambda age: AS_OF - timedelta(age)),
            st.booleans(),
        ),
    )
    def record(self, at: int, one: Said) -> None:
        tally, naive = self.pairs[at % len(self.pairs)]
        after = Naive(naive.said, naive.since)
        heard = one.told(tally)
        assert heard[1] == after.hear(one)
        assert (heard[0] is tally) == (heard[1] in ("known", "late"))
        self.keep(heard[0], after)

    @rule(at=st.integers(0, 11), other=st.integers(0, 11))
    def merge(self, at: int, other: int) -> None:
        (tally, naive), (more, naive_more) = (
            self.pairs[number % len(self.pairs)] for number in (at, other)
        )
        self.keep(tally.merge(more), naive.with_other(naive_more))

    @rule(at=st.integers(0, 11), age=st.integers(-3, 5))
    def forget(self, at: int, age: int) -> None:
        tally, naive = self.pairs[at % len(self.pairs)]
        day = AS_OF - timedelta(age)
        self.keep(tally.forget_before(day), naive.with_forgotten(day))

    @rule(at=st.integers(0, 11))
    def store(self, at: int) -> None:
        tally, naive = self.pairs[at % len(self.pairs)]
        again = Tally.from_bytes(tally.to_bytes())
        assert again == tally == pickle.loads(pickle.dumps(tally))
        self.keep(again, naive)

    @precondition(lambda self: len(self.pairs) > 2)
    @invariant()
    def each_is_as_it_should_be(self) -> None:
        for tally, naive in self.pairs[-3:] + self.pairs[:1]:
            for as_of in (AS_OF - timedelta(1), AS_OF + timedelta(3)):
                assert naive.differences(tally, MODEL, as_of) == []
        (one, first), (other, second) = self.pairs[-1], self.pairs[0]
        assert (one == other) == (
            (set(first.kept), first.since) == (set(second.kept), second.since)
        )


TestTallies = Tallies.TestCase
TestTallies.settings = settings(max_examples=25, stateful_step_count=40)


# -- what forgetting and conflicts mean, said plainly --


DAY = date(2026, 6, 1)


class TestOutcomes:
    def test_each_outcome_in_turn(self) -> None:
        """An id is new once, known after that, and in conflict if it comes otherwise."""
        tally, outcome = Tally().record(1, "page_view", DAY)
        assert outcome == "new"
        assert tally.record(1, "page_view", DAY) == (tally, "known")
        torn, outcome = tally.record(1, "page_view", DAY, company_wide=True)
        assert outcome == "conflict"
        assert torn.conflicts == {1}
        assert torn.at(MODEL, DAY) == Score()
        assert torn.record(1, "page_view", DAY) == (torn, "known")
        assert tally.at(MODEL, DAY).micro == 1_000_000
        assert get_args(Outcome) == ("new", "known", "conflict", "late", "elsewhere")

    def test_a_conflict_counts_until_it_is_known(self) -> None:
        """Law 5: a second version of a later day takes the first away on its day, not before."""
        tally, _ = Tally().record(1, "page_view", DAY)
        tally, _ = tally.record(1, "page_view", DAY + timedelta(2))
        tally, outcome = tally.record(1, "inquiry", DAY + timedelta(1))
        assert outcome == "conflict"
        assert [tally.at(MODEL, DAY + timedelta(days)).micro for days in (0, 1, 2)] == [
            1_000_000,
            0,
            0,
        ]

    def test_an_activity_of_the_year_9999_wipes_nothing(self) -> None:
        """Only `forget_before` forgets; a day far off is kept, and counts when it comes."""
        tally, _ = Tally(kept_since=DAY).record(1, "page_view", DAY)
        tally, outcome = tally.record(2, "inquiry", date(9999, 12, 31))
        assert outcome == "new"
        assert tally.kept_since == DAY
        assert tally.at(MODEL, DAY).micro == 1_000_000
        assert tally.at(MODEL, date(9999, 12, 31)).micro == 30_000_000

    def test_what_was_forgotten_comes_back_late(self) -> None:
        """An id that returns once its day is forgotten is late: it is never counted twice."""
        tally, _ = Tally().record(1, "page_view", DAY)
        later = tally.forget_before(DAY + timedelta(1))
        assert later.kept_since == DAY + timedelta(1)
        assert later.record(1, "page_view", DAY) == (later, "late")
        assert later.at(MODEL, DAY + timedelta(1)) == Score()
        assert later.forget_before(DAY) is later
        assert tally.kept_since is None
        assert tally.at(MODEL, DAY).micro == 1_000_000

    def test_of_a_conflict_the_version_that_is_not_forgotten_counts(self) -> None:
        """A tally that heard both and forgot one equals that which the one came late to."""
        both = told([Said(1, "page_view", DAY, False), Said(1, "inquiry", AS_OF, False)])
        forgot = both.forget_before(AS_OF)
        assert forgot == told([Said(1, "inquiry", AS_OF, False)], AS_OF)
        assert forgot.conflicts == frozenset()

    def test_a_cool_down_must_be_kept_whole(self) -> None:
        """S16: what is left of the first of a cool-down is 0 at last, yet it keeps the others out.

        Kept for the days of the decay and of the longest cool-down, a tally loses nothing by it.
        """
        model = evolve(MODEL, signals=[Signal("page_view", 10, cool_down_days=365)])
        first = date.fromordinal(DAY.toordinal() // 365 * 365)
        today = first + timedelta(364)
        tally = told([Said(1, "page_view", first, False), Said(2, "page_view", today, False)])
        assert tally.at(model, today).micro == 0
        assert tally.forget_before(today - timedelta(330)).at(model, today).micro == 10_000_000
        kept = tally.forget_before(today - timedelta(330 + 365))
        assert kept.at(model, today) == tally.at(model, today)

    def test_the_day_is_that_of_the_zone(self) -> None:
        """S11: an evening in UTC is the next day in Tokyo."""
        evening = datetime(2026, 6, 1, 16, tzinfo=UTC)
        activity = Activity(1, "lead", "page_view", evening, ["crm"])
        tokyo, _ = Tally().record_activity(activity, "crm", zone=ZONE)
        london, _ = Tally().record_activity(activity, "crm", zone="Europe/London")
        assert tokyo == Tally().record(1, "page_view", date(2026, 6, 2)).tally
        assert london == Tally().record(1, "page_view", date(2026, 6, 1)).tally

    def test_only_what_a_score_can_see_is_in_conflict(self) -> None:
        """The time within the day and the campaign are not kept: they contradict nothing."""
        noon = datetime(2026, 6, 1, 3, tzinfo=UTC)
        first = Activity(1, "lead", "page_view", noon, ["crm"])
        again = evolve(
            first, at=noon + timedelta(hours=1), campaign_id="c", product_ids=["crm", "ma"]
        )
        tally, _ = Tally().record_activity(first, "crm", zone=ZONE)
        assert tally.record_activity(again, "crm", zone=ZONE) == (tally, "known")

    @pytest.mark.parametrize(
        ("given", "problems"),
        [
            ({"id": True}, "activity.id: must be a text or an integer id, not bool True"),
            ({"id": " "}, "activity.id: must not be blank"),
            ({"id": 2**63}, "activity.id: must fit in 64 bits"),
            ({"kind": "\t"}, "activity.kind: must not be blank"),
            ({"kind": ["a"]}, "activity.kind: must be text, not list ['a']"),
            (
                {"day": datetime(2026, 1, 1, tzinfo=UTC)},
                "activity.day: must be a date, not datetime",
            ),
            ({"wide": 1}, "activity.company_wide: must be true or false, not int 1"),
            (
                {"id": None, "day": "1"},
                "activity.id: must be a text or an integer id, not nothing\n",
            ),
        ],
    )
    def test_unsound_activities_are_refused(self, given: dict[str, Any], problems: str) -> None:
        """What no record could be, no tally takes; all faults are told at once."""
        # The sound twin goes first: what it left behind must not let the other one in.
        Tally().record(1, "page_view", DAY, company_wide=True)
        said: dict[str, Any] = {"id": 1, "kind": "page_view", "day": DAY, "wide": True} | given
        with pytest.raises(InvalidDataError, match=f"^{re.escape(problems)}") as caught:
            Tally().record(said["id"], said["kind"], said["day"], company_wide=said["wide"])
        assert len(caught.value.problems) == len(given)

    def test_days_must_be_days(self) -> None:
        """A datetime has no place where a day of the playbook's zone is asked for."""
        moment: Any = datetime(2026, 1, 1, tzinfo=UTC)
        for ask, path in (
            (lambda: Tally(kept_since=moment), "kept_since"),
            (lambda: Tally().forget_before(moment), "day"),
            (lambda: Tally().at(MODEL, moment), "as_of"),
            (lambda: Tally().touched(moment), "as_of"),
            (lambda: Tally().at(MODEL, None), "as_of"),  # type: ignore[arg-type]
            (lambda: list(Tally().days_of_change([1], moment)), "after"),
            (lambda: Tally.of([], "crm", zone=ZONE, kept_since=moment), "kept_since"),
            (lambda: Tally.of([], "crm", zone="Tokio"), "zone"),
        ):
            with pytest.raises(InvalidDataError, match=f"^{path}: "):
                ask()

    def test_what_is_no_tally_model_activity_or_product_is_refused(self) -> None:
        """A faulty argument is named, as everywhere, and not found missing an attribute."""
        wrong: Any = "wrong"
        activity = activity_of(Said(1, "page_view", DAY, False), 1)
        for ask, problems in (
            (lambda: Tally().merge(wrong), ["other: must be a Tally, not str 'wrong'"]),
            (
                lambda: Tally().at(wrong, DAY),
                ["model: must be an EngagementModel, not str 'wrong'"],
            ),
            (
                lambda: next_change(wrong, wrong, DAY),
                [
                    "tally: must be a Tally, not str 'wrong'",
                    "model: must be an EngagementModel, not str 'wrong'",
                ],
            ),
            (
                lambda: Tally.of([activity, wrong], True, zone=ZONE),
                [
                    "activities[1]: must be an Activity, not str",
                    "product_id: must be a text or an integer id, not bool True",
                ],
            ),
            (
                lambda: Tally.of(wrong, 1, zone=ZONE),
                ["activities: must be a list, not str 'wrong'"],
            ),
            (
                lambda: Tally().record_activity(wrong, wrong, zone=ZONE),
                ["activity: must be an Activity, not str 'wrong'"],
            ),
            (
                lambda: Tally().record_activity(activity, True, zone=ZONE),
                ["product_id: must be a text or an integer id, not bool True"],
            ),
        ):
            with pytest.raises(InvalidDataError) as caught:
                ask()
            assert [str(one) for one in caught.value.problems] == problems
        found = Tally.of(iter([activity]), 1, zone=ZONE)
        assert found == Tally().record_activity(activity, 1, zone=ZONE).tally

    def test_a_kind_without_points_adds_nothing(self) -> None:
        """What earns nothing adds nothing, whether it is asked for the first time or again."""
        signals = (*MODEL.signals, Signal("unheard of", 0))
        model = evolve(MODEL, signals=signals)
        tally, _ = Tally().record(1, "unheard of", DAY)
        for number in (2, 3):
            assert tally.at(model, DAY) == Score()
            tally, _ = tally.record(number, "unheard of", DAY)


class TestValue:
    def test_it_is_a_value(self) -> None:
        """Equal, hashed, shown, copied and pickled by what it holds; nothing sets a field."""
        tally = told([Said(1, "page_view", DAY, False)], DAY)
        other = told([Said(2, "page_view", DAY, False)], DAY)
        assert tally != other
        assert tally != "tally"
        assert tally != told([Said(1, "page_view", DAY, False)])
        assert {tally, told([Said(1, "page_view", DAY, False)], DAY)} == {tally}
        assert deepcopy(tally) == tally
        assert repr(tally) == "Tally(statements=1, kept_since=2026-06-01)"
        with pytest.raises(FrozenInstanceError):
            tally.kept_since = None  # type: ignore[misc]

    def test_it_is_light(self) -> None:
        """`import mpfunnel` loads no tally; the first use of the name does."""
        code = (
            "import sys, mpfunnel; assert 'mpfunnel.engagement' not in sys.modules; "
            "mpfunnel.Tally, mpfunnel.next_change; assert 'mpfunnel.engine' not in sys.modules"
        )
        subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})

    def test_threads_may_continue_one_tally(self) -> None:
        """Each thread gets the tally that it was given with its own activity, and no other."""
        base = told([Said(number, "page_view", DAY, False) for number in range(100)])

        def more(number: int) -> Tally:
            tally = base
            for step in range(30):
                tally, outcome = tally.record(f"{number}-{step}", "inquiry", DAY)
                assert outcome == "new"
            return tally

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(more, range(24)))
        ids = [set(json.loads(one.to_bytes())["told"][0][2]) for one in found]
        assert ids == [{f"{number}-{step}" for step in range(30)} for number in range(24)]
        assert base == told([Said(number, "page_view", DAY, False) for number in range(100)])


# -- storage --


STORED = (FORMATS / "tally-1.json").read_bytes()


class TestStorage:
    def test_format_1_loads_for_ever(self) -> None:
        """Law 8: every released format still loads, and gives the same bytes again."""
        tally = Tally.from_bytes(STORED.strip())
        for view in (bytearray, memoryview):  # what the drivers of databases give
            assert Tally.from_bytes(view(STORED.strip())) == tally
        assert tally == told(
            [
                Said(9001, "webinar_attended", date(2026, 10, 22), False),
                Said(9003, "webinar_attended", date(2026, 10, 22), True),
                Said("ページ・1", "page_view", date(2026, 10, 28), False),
                Said(-5, "page_view", date(2026, 10, 28), False),
                Said(9003, "inquiry", date(9999, 12, 31), False),
            ],
            date(2026, 1, 1),
        )
        assert tally.to_bytes() == STORED.strip()
        assert tally.conflicts == {9003}

    @given(randoms())
    def test_bytes_give_the_same_tally_again(self, random: Random) -> None:
        """Law 8: Round trip: what is read again equals what was written, and continues as it."""
        tally = told(draw_said(random), draw_since(random))
        again = Tally.from_bytes(tally.to_bytes())
        assert again == tally
        (one,) = draw_said(random, 1)[:1] or [Said(1, "page_view", AS_OF, False)]
        assert one.told(again) == one.told(tally)

    @pytest.mark.parametrize("seed", ["0", "1"])
    def test_bytes_do_not_depend_on_the_seed_of_hashes(self, seed: str) -> None:
        """Law 9: Same input, same bytes."""
        code = (
            "import sys, mpfunnel as mf; from datetime import date\n"
            "t = mf.Tally()\n"
            "for i in ('b', 'a', 3, 'é', 1): t = t.record(i, 'k', date(2026, 1, 1)).tally\n"
            "sys.stdout.buffer.write(t.to_bytes())"
        )
        env = {**os.environ, "PYTHONHASHSEED": seed}
        found = subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, env=env
        )
        assert found.stdout.decode() == (
            '{"format":1,"kept_since":null,"told":[["2026-01-01","k",[1,3,"a","b","é"],[]]]}'
        )

    @pytest.mark.parametrize(
        ("data", "faults"),
        [
            ("text", ["tally: must be bytes, not str 'text'"]),
            (b"\xff", ["tally: is not JSON in UTF-8: "]),
            (b"{", ["tally: is not JSON in UTF-8: "]),
            (b"[" * 100_000, ["tally: is not JSON in UTF-8: "]),
            (b"9" * 5_000, ["tally: is not JSON in UTF-8: "]),
            (
                b'{"format":1,"format":1}',
                ["tally: is not JSON in UTF-8: 'a key stands there twice'"],
            ),
            (b"[]", ["tally: must be an object, not list []"]),
            (b"{}", ["tally.format: must be 1, not None; a later version may have written it"]),
            (b'{"format":true}', ["tally.format: must be 1, not True; "]),
            (
                b'{"format":2}',
                ["tally.format: must be 1, not 2; a later version may have written it"],
            ),
            (
                b'{"format":1,"told":[],"Kept":1}',
                ["tally.Kept: no such key", "tally.kept_since: is missing"],
            ),
            (
                b'{"format":1,"kept_since":"20260101","told":{}}',
                [
                    "tally.kept_since: must be a day such as '2026-10-31', not '20260101'",
                    "tally.told: must be a list, not dict {}",
                ],
            ),
            (
                b'{"format":1,"kept_since":NaN,"told":[]}',
                ["tally.kept_since: must be a day such as '2026-10-31', not nan"],
            ),
            (
                b"""{"format": 1, "kept_since": "2026-01-02", "told": [
                    1,
                    ["2026-01-01", "k", [], []],
                    ["2026-13-01", "", [1], [null]],
                    ["x", "k", [1, true, 0.5, ""], 3]
                ]}""",
                [
                    "tally.told[0]: must be a list of a day, a kind, and two lists of ids",
                    "tally.told[1][0]: must not be before kept_since, 2026-01-02",
                    "tally.told[2][0]: must be a day such as '2026-10-31', not '2026-13-01'",
                    "tally.told[2][1]: must not be blank",
                    "tally.told[2][3][0]: must be a text or an integer id, not nothing",
                    "tally.told[3][0]: must be a day such as '2026-10-31', not 'x'",
                    "tally.told[3][2][1]: must be a text or an integer id, not bool True",
                    "tally.told[3][2][2]: must be a text or an integer id, not float 0.5",
                    "tally.told[3][2][3]: must not be blank",
                    "tally.told[3][3]: must be a list, not int 3",
                ],
            ),
        ],
    )
    def test_what_is_no_tally_is_refused(self, data: Any, faults: list[str]) -> None:
        """All faults of what was stored are told at once, each with its path."""
        with pytest.raises(DecodeError) as caught:
            Tally.from_bytes(data)
        problems = [str(one) for one in caught.value.problems]
        assert len(problems) == len(faults)
        for problem, fault in zip(problems, faults, strict=True):
            assert problem.startswith(fault)


# -- waiting --


def first_other(ask: Any, as_of: date, days: int) -> date | None:
    """The first of the coming days on which the answer is another, by asking on each."""
    coming = (as_of + timedelta(day) for day in range(1, days + 1))
    before = ask(as_of)
    return next((day for day in coming if ask(day) != before), None)


@settings(max_examples=max(30, settings().max_examples // 3))
@given(randoms())
def test_the_next_change_is_that_of_asking_the_engine_every_day(random: Random) -> None:
    """S13: the day that is named is the first on which interest or state differ, asked daily."""
    engine, product_id, model = draw_engine(random)
    # Where points fade for years, asking every day takes too long.
    model = model if model.half_life_days <= 7 else evolve(model, half_life_days=2)
    engine = Engine(
        evolve(engine.playbook, engagement=dict.fromkeys(engine.playbook.engagement, model))
    )
    said = [one for one in draw_said(random, 6) if abs((one.day - AS_OF).days) < 400]
    activities = [activity_of(one, product_id) for one in said]
    drawn = draw_account(random, engine.playbook, AS_OF, busy=4)
    firm = drawn.company if isinstance(drawn.company, Company) else None
    person = evolve(drawn.leads[0], company_id=None if firm is None else firm.id)
    # What is held as it is must not change of itself: there are no deals and no contracts.
    begun = [one for one in drawn.overrides if one.since <= AS_OF and one.what == "engagement"]
    apart = Account(firm, leads=[person], sales_events=drawn.sales_events, overrides=begun)
    account = evolve(apart, activities=[evolve(one, lead_id=person.id) for one in activities])
    tally = Tally.of(activities, product_id, zone=engine.playbook.zone)

    def asked(day: date) -> Any:
        one = engine.engagement_for(account, person.id, product_id, as_of=day)
        return [(d.value, d.settled) for d in (one.interest, one.decision)]

    horizon = 770 + 14 * 7
    found = engine.next_change(tally, apart, person.id, product_id, as_of=AS_OF)
    assert found == first_other(asked, AS_OF, horizon)
    by_tally = engine.engagement_by(tally, apart, person.id, product_id, as_of=AS_OF)
    assert by_tally == engine.engagement_for(account, person.id, product_id, as_of=AS_OF)
    assert next_change(tally, model, AS_OF) == first_other(
        lambda day: asked(day)[0], AS_OF, horizon
    )


class TestWaiting:
    def test_a_level_is_left_on_the_day_its_points_have_faded(self) -> None:
        """Of 30 points with a half-life of 30 days, fewer than 5 are left after 78 days."""
        tally, _ = Tally().record(1, "webinar_attended", DAY)
        tally, _ = tally.record(2, "webinar_attended", DAY)
        model = evolve(MODEL, interest=evolve(MODEL.interest, rules=MODEL.interest.rules[1:]))
        day = next_change(tally, model, DAY)
        assert day is not None
        assert day == DAY + timedelta(78)
        assert tally.at(model, day).micro < 5_000_000 <= tally.at(model, day - timedelta(1)).micro
        assert next_change(tally, model, day) is None

    @pytest.mark.parametrize("half_life_days", [365, 3_650])
    def test_points_that_fade_for_years_are_no_wait(self, half_life_days: int) -> None:
        """The day is exact however slowly points fade, and found without looking at each."""
        tally = Tally()
        for number in range(60):
            kind = ("webinar_attended", "page_view")[number % 2]
            kind = "careers_page" if number % 7 == 6 else kind
            tally, _ = tally.record(number, kind, DAY - timedelta(number))
        model = evolve(MODEL, half_life_days=half_life_days)
        asked: list[date] = []

        def ask(tally: Tally, day: date) -> Any:
            asked.append(day)
            return tally.at(model, day).micro >= 100_000_000

        rules = [product.score >= 100]
        found = waiting.first_change(tally, model, rules, ask, DAY)
        assert found is not None
        assert len(asked) < 10
        assert ask(tally, found - timedelta(1)) != ask(tally, found)
        assert found == first_other(lambda day: ask(tally, day), DAY, (found - DAY).days + 1)

    def test_a_threshold_that_changes_no_answer_is_passed_over(self) -> None:
        """Of several thresholds, the day of the one that the answer turns on is named."""
        tally, _ = Tally().record(1, "inquiry", DAY)
        rules = [product.score >= 20, product.score >= 10]

        def ask(tally: Tally, day: date) -> bool:
            return tally.at(MODEL, day).micro >= 10_000_000

        found = waiting.first_change(tally, MODEL, rules, ask, DAY)
        assert found == first_other(lambda day: ask(tally, day), DAY, 100)
        assert tally.at(MODEL, DAY).micro >= 20_000_000

    def test_nothing_changes_after_the_last_day_that_there_is(self) -> None:
        """An activity at the end of the calendar has nowhere to fade to."""
        tally, _ = Tally().record(1, "inquiry", date(9999, 12, 31))
        assert next_change(tally, MODEL, DAY) == date(9999, 12, 31)
        assert next_change(tally, MODEL, date(9999, 12, 31)) is None
        assert next_change(Tally(), MODEL, DAY) is None

    def test_looking_ahead_leaves_the_day_that_was_asked(self) -> None:
        """What a tally came to today is still there for the next activity of today."""
        tally, _ = Tally().record(1, "webinar_attended", DAY)
        score = tally.at(MODEL, DAY)
        read = tally._read
        next_change(tally, MODEL, DAY)
        assert tally._read is read
        assert tally.at(MODEL, DAY) == score

    def test_levels_that_ask_for_more_need_the_engine(self) -> None:
        """What would not be exact is refused: every fact that is not known is named."""
        eager = Rule(MODEL.ladder[1], product.owned | (company.employees >= 300) | product.touched)
        model = evolve(MODEL, interest=evolve(MODEL.interest, rules=(eager,)))
        with pytest.raises(InvalidDataError) as caught:
            next_change(Tally(), model, DAY)
        assert [str(one) for one in caught.value.problems] == [
            "product.owned: asked by the levels; ask Engine.next_change instead",
            "company.employees: asked by the levels; ask Engine.next_change instead",
        ]

    def test_the_engine_takes_tallies_only(self) -> None:
        """A faulty argument is named, as everywhere."""
        engine, account = Engine(STARTER), Account(None, leads=[Lead(1)])
        for ask in (engine.next_change, engine.engagement_by):
            with pytest.raises(InvalidDataError, match=r"^tally: must be a Tally, not list$"):
                ask([], account, 1, "crm", as_of=DAY)  # type: ignore[arg-type]
            with pytest.raises(mf.UnknownNameError, match="no such product 'cmr'"):
                ask(Tally(), account, 1, "cmr", as_of=DAY)
            with pytest.raises(mf.UnknownNameError, match="no such lead 2"):
                ask(Tally(), account, 2, "crm", as_of=DAY)
