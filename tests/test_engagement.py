"""Engagement: scores from activities, measures of the last days, and the faults of a model."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.engagement import (
    NO_SCORE,
    EngagementModel,
    EngagementState,
    Measure,
    Score,
    ScorePart,
    Signal,
    Touch,
    decay_per_mille,
)
from mpfunnel.engagement.model import MAX_HALF_LIFE_DAYS
from mpfunnel.engagement.signals import MAX_POINTS
from mpfunnel.errors import InvalidDataError
from mpfunnel.facts import product
from mpfunnel.labels import Label
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.tables import DecisionTable, Rule
from tests.oracle_leads import share_left

NONE, WARM, HOT, AWAY = (EngagementState(key, key) for key in ("none", "warm", "hot", "away"))


DAY = date(2026, 10, 31)
Done = tuple[str, int]
"""One activity: its kind and its age."""


def once(done: Iterable[Done]) -> list[Touch]:
    """The activities as the score sees them, each by itself."""
    return [(kind, age, 1) for kind, age in done]


def scored(
    asked: EngagementModel, done: Sequence[Done], wide: Sequence[Done] = (), *, as_of: date = DAY
) -> Score:
    """The score of activities about the product, and of some that name none."""
    worths = asked.worths(once(done)) + asked.worths(once(wide), company_wide=True)
    return asked.score(worths, as_of=as_of)


def model(*signals: Signal, **more: Any) -> EngagementModel:
    """A model of four states with the signals."""
    return EngagementModel(
        signals=signals,
        interest=DecisionTable([Rule(WARM, product.score >= 10)], NONE),
        states=DecisionTable([Rule(AWAY, product.owned), Rule(HOT, product.score >= 20)], NONE),
        ladder=(NONE, WARM, HOT),
        detours=(AWAY,),
        **more,
    )


def measured(text: str, given: EngagementModel, done: list[Done], wide: list[Done]) -> Any:
    """What the measure of that name comes to."""
    measure = Measure.from_fact(product.named(text).fact)
    worths = given.worths(once(done)) + given.worths(once(wide), company_wide=True)
    return given.measures([measure], once(done), worths)[measure.key]


class TestDecay:
    @pytest.mark.parametrize("half_life_days", [1, 2, 3, 7, 10, 30, 45, 90])
    def test_every_share_is_rounded_once_half_to_even(self, half_life_days: int) -> None:
        """S16: decay is a table by age, equal to exact arithmetic with integers at every age."""
        table = decay_per_mille(half_life_days)
        exact = [share_left(half_life_days, age) for age in range(len(table) + 3)]
        assert list(table) == exact[: len(table)]
        assert exact[len(table) :] == [0, 0, 0]
        assert min(table) > 0

    @pytest.mark.parametrize("half_life_days", [365, 1_001, MAX_HALF_LIFE_DAYS])
    def test_the_closest_calls_are_right_too(self, half_life_days: int) -> None:
        """S16: where a share lies nearest to a half, it is still rounded as exact integers say."""
        table = decay_per_mille(half_life_days)

        def from_half(age: int) -> float:
            return float(abs(1_000 * 2.0 ** (-age / half_life_days) % 1 - 0.5))

        for age in sorted(range(len(table)), key=from_half)[:8]:
            assert table[age] == share_left(half_life_days, age)

    def test_halves_go_to_the_even_neighbour(self) -> None:
        """S16: 1,000 ÷ 16 is 62.5, which rounds to 62; 1,000 ÷ 32 is 31.25."""
        shares = [1_000, 500, 250, 125, 62, 31, 16, 8, 4, 2, 1]
        assert list(decay_per_mille(1)) == shares
        for half_life_days in (7, 30):
            table = decay_per_mille(half_life_days)
            assert [table[half_life_days * n] for n in range(11)] == shares

    def test_the_longest_half_life_ends_too(self) -> None:
        """The table ends where less than half of a thousandth is left, after 11 half-lives."""
        table = decay_per_mille(MAX_HALF_LIFE_DAYS)
        assert 10.9 < len(table) / MAX_HALF_LIFE_DAYS < 11
        assert (table[0], table[MAX_HALF_LIFE_DAYS], table[-1]) == (1_000, 500, 1)
        assert all(a >= b for a, b in pairwise(table))

    def test_the_thread_decides_nothing(self) -> None:
        """Law 9: Same input, same bytes: the decimal context of the thread has no influence."""
        decay_per_mille.cache_clear()
        with localcontext() as context:
            context.prec = 2
            coarse = decay_per_mille(30)
        decay_per_mille.cache_clear()
        assert coarse == decay_per_mille(30)


class TestScore:
    def test_a_score_is_points_times_weight_times_decay(self) -> None:
        """S15: micro-points are points × weight in thousandths × decay in thousandths."""
        asked = model(Signal("click", 3), company_wide_per_mille=250, half_life_days=1)
        score = scored(asked, [("click", 2)], [("click", 4)])
        assert score.micro == 3 * 1_000 * 250 + 3 * 250 * 62
        assert score == Score(
            796_500, (ScorePart("click", 2, 796_500),), active_days=2, days_since_active=2
        )
        assert score.points == Decimal("0.7965")

    @given(
        st.lists(st.tuples(st.sampled_from("abcx"), st.integers(0, 60)), max_size=20),
        st.lists(st.tuples(st.sampled_from("abcx"), st.integers(0, 60)), max_size=20),
        st.integers(1, 40),
        st.integers(0, 1_000),
        st.none() | st.integers(0, 30),
        st.integers(),
    )
    def test_parts_add_up(
        self,
        own: list[tuple[str, int]],
        wide: list[tuple[str, int]],
        half_life_days: int,
        weight: int,
        cap: int | None,
        seed: int,
    ) -> None:
        """Law 3: Reasons add up; Law 4: Order does not matter. Exact against fractions (S15)."""
        asked = model(
            Signal("a", 7, cap=cap),
            Signal("b", 25),
            Signal("c", -4),
            half_life_days=half_life_days,
            company_wide_per_mille=weight,
        )
        touches, firm = list(own), list(wide)
        score = scored(asked, touches, firm)

        expected = {}
        for signal in asked.signals:
            earned = sum(
                Fraction(signal.points)
                * Fraction(factor, 1_000)
                * Fraction(share_left(half_life_days, age), 1_000)
                for given, factor in ((touches, 1_000), (firm, weight))
                for kind, age in given
                if kind == signal.kind
            )
            if any(kind == signal.kind for kind, _ in (*touches, *firm)):
                limit = earned if signal.cap is None else min(earned, Fraction(signal.cap))
                expected[signal.kind] = limit
        assert {p.kind: Fraction(p.micro, 1_000_000) for p in score.parts} == expected
        assert sum(part.micro for part in score.parts) == score.micro
        assert score.points == Decimal(score.micro) / 1_000_000
        mixed = Random(seed)
        mixed.shuffle(touches)
        mixed.shuffle(firm)
        assert scored(asked, touches, firm) == score

    def test_a_cap_limits_what_one_kind_earns_together(self) -> None:
        """S16: the cap is the least of itself and the sum of decayed points, over all weights."""
        asked = model(Signal("view", 4, cap=10), Signal("click", 3), half_life_days=1)
        three = [("view", 0)] * 3
        assert scored(asked, three[:2]).parts == (ScorePart("view", 2, 8_000_000),)
        assert scored(asked, three).parts == (ScorePart("view", 3, 10_000_000, over_cap=2_000_000),)
        # Faded below the cap, the same three count in full; 2.5 × 4 is the cap itself.
        assert not scored(asked, [("view", 1)] * 5).parts[0].capped
        assert scored(asked, [("view", 1)] * 5).micro == 10_000_000
        assert scored(asked, [("view", 0)] * 2, [("view", 0)] * 3).parts == (
            ScorePart("view", 5, 10_000_000, over_cap=1_000_000),
        )
        assert scored(asked, [*three, ("click", 0)]).micro == 13_000_000

    def test_of_a_cool_down_only_the_first_adds_up(self) -> None:
        """S16: one count per kind and bucket `day // N`, the first in it, as much as it faded."""
        asked = model(Signal("click", 8), Signal("view", 4, cool_down_days=7), half_life_days=1)
        monday = date(2026, 11, 2)
        assert monday.toordinal() % 7 == 1
        # Ages 0 and 1 are Monday and the Sunday on which its seven days begin, 2 the days before.
        score = scored(asked, [("view", age) for age in (0, 1, 1, 2)], as_of=monday)
        assert score.parts == (ScorePart("view", 4, 2_000_000 + 1_000_000, cooled=2),)
        # A day of another kind cools nothing down; one that has faded to nothing does.
        for age in (0, 6, 13):
            saturday = date(2026, 11, 7)
            alone = scored(asked, [("view", 0), ("click", 5)], as_of=saturday)
            assert alone.parts[1] == ScorePart("view", 1, 4_000_000)
            first = scored(asked, [("view", 0), ("view", age)], as_of=saturday).parts[0]
            assert first.cooled == int(age < 7)
        yearly = evolve(asked, signals=[Signal("view", 4, cool_down_days=365)])
        faded = scored(yearly, [("view", 0), ("view", 20)], as_of=date(2026, 6, 1))
        assert faded.parts == (ScorePart("view", 2, 0, cooled=1),)

    def test_on_the_first_day_the_weightier_one_counts(self) -> None:
        """S16: on the first day of a cool-down the product goes before the whole firm."""
        asked = model(Signal("view", 4, cool_down_days=7), company_wide_per_mille=250)
        saturday = date(2026, 11, 7)
        today = scored(asked, [("view", 0)], [("view", 0)], as_of=saturday)
        assert today.parts == (ScorePart("view", 2, 4_000_000, cooled=1),)
        earlier = scored(asked, [("view", 0)], [("view", 1)], as_of=saturday)
        assert earlier.micro == 1_000 * decay_per_mille(30)[1]

    def test_what_has_no_weight_is_never_the_first(self) -> None:
        """What counts nothing for the product takes no place from what does."""
        asked = model(Signal("view", 4, cool_down_days=7), company_wide_per_mille=0)
        score = scored(asked, [("view", 0)], [("view", 1)] * 2, as_of=date(2026, 11, 7))
        assert score.parts == (ScorePart("view", 3, 4_000_000),)

    def test_a_cool_down_hides_nothing_from_recency_and_measures(self) -> None:
        """Days and counts see every activity, whether or not a cool-down keeps it from the sum."""
        asked = model(Signal("view", 4, cool_down_days=30))
        done = [("view", 5), ("view", 3)]
        day = date(2026, 11, 16)
        assert scored(asked, done, as_of=day).parts[0].cooled == 1
        score = scored(asked, done, as_of=day)
        assert (score.active_days, score.days_since_active) == (2, 3)
        assert measured("count(view, 30)", asked, done, []) == 2
        assert measured("points(30)", asked, done, []) == 8_000_000
        assert measured("active(4)", asked, done, []) is True

    def test_a_cap_bounds_what_a_cool_down_leaves(self) -> None:
        """Cool-downs come before decay, and decay before the cap of the kind."""
        asked = model(Signal("view", 4, cap=5, cool_down_days=1), half_life_days=1)
        part = scored(asked, [("view", 0)] * 9 + [("view", 1)] * 9).parts[0]
        assert part == ScorePart("view", 18, 5_000_000, over_cap=1_000_000, cooled=16)

    def test_a_penalty_may_last(self) -> None:
        """S16: a lasting penalty costs its full points at every age, others fade."""
        asked = model(Signal("careers", -20), Signal("unsubscribed", -30, fades=False))
        for age in (0, 30, 36_500):
            left = decay_per_mille(30)[age] if age < 31 else 0
            score = scored(
                asked, [("careers", age), ("unsubscribed", age)], [("unsubscribed", age)]
            )
            assert [part.micro for part in score.parts] == [-20_000 * left, -37_500_000]
        both = evolve(asked, signals=[Signal("careers", -20, fades=False, cool_down_days=7)])
        week = scored(both, [("careers", 400), ("careers", 400)])
        assert week.parts == (ScorePart("careers", 2, -20_000_000, cooled=1),)

    def test_the_cap_in_all_is_the_most_and_the_floor_the_least(self) -> None:
        """S16: what the cap in all takes and what the floor gives are parts of their own."""
        asked = model(Signal("a", 7, cap=10), Signal("b", 25), Signal("c", -4), cap=30, floor=-5)
        high = scored(asked, [("a", 0), ("a", 0), ("b", 0)])
        assert high.parts[-1] == ScorePart("", 0, -5_000_000, of="cap")
        assert high.micro == 30_000_000 == sum(part.micro for part in high.parts)
        # Penalties come off before the cap in all.
        assert scored(asked, [("b", 0), ("b", 0), ("c", 0)]).micro == 30_000_000
        low = scored(asked, [("c", 0)] * 2)
        assert low.parts[-1] == ScorePart("", 0, 3_000_000, of="floor")
        assert low.micro == -5_000_000 == sum(part.micro for part in low.parts)
        for done in ([("b", 0)], [("c", 0)], [("b", 0), ("c", 0)]):
            assert [part.of for part in scored(asked, done).parts] == ["kind"] * len(done)
        exact = evolve(asked, cap=25, floor=-4)
        for done in ([("b", 0)], [("c", 0)]):
            assert [part.of for part in scored(exact, done).parts] == ["kind"]
        assert scored(evolve(asked, floor=0), [("c", 0)]).micro == 0

    def test_penalties_are_parts_of_their_own(self) -> None:
        """S16: a penalty lowers the score, has no cap, and is no active day."""
        asked = model(Signal("click", 3, cap=5), Signal("careers", -20))
        score = scored(asked, [("click", 0), ("careers", 2), ("careers", 0)])
        assert [part.kind for part in score.parts] == ["click", "careers"]
        assert score.micro == 3_000_000 - 20_000_000 - 20 * 1_000 * decay_per_mille(30)[2]
        assert (score.active_days, score.days_since_active) == (1, 0)

    def test_kinds_without_points_add_nothing(self) -> None:
        """A kind that is not named, or is worth 0 points, is no part of a score."""
        asked = model(Signal("open", 0), Signal("click", 3))
        assert scored(asked, [("open", 0), ("mystery", 0)]) is NO_SCORE
        assert Score(0, (), 0, None) == NO_SCORE
        assert NO_SCORE.points == 0

    def test_active_days_are_days_that_still_add_points(self) -> None:
        """Two activities of one day are one active day; a day that has faded to 0 is none."""
        asked = model(Signal("click", 3), half_life_days=1, company_wide_per_mille=0)
        last = len(decay_per_mille(1)) - 1
        score = scored(asked, [("click", age) for age in (1, 1, last, last + 1)])
        assert (score.active_days, score.days_since_active) == (2, 1)
        gone = scored(asked, [("click", last + 1)])
        assert gone == Score(0, (ScorePart("click", 1, 0),), 0, None)
        # Without weight, the whole firm's activities add nothing either.
        assert scored(asked, [], [("click", 0)]).active_days == 0

    def test_the_whole_firm_adds_active_days(self) -> None:
        """An activity that names no product counts as active with the weight that it has."""
        score = scored(model(Signal("click", 3)), [("click", 3)], [("click", 1)])
        assert (score.active_days, score.days_since_active) == (2, 1)

    @given(st.lists(st.tuples(st.sampled_from("abcx"), st.integers(0, 60), st.booleans())))
    def test_counted_activities_score_like_single_ones(
        self, done: list[tuple[str, int, bool]]
    ) -> None:
        """Law 4: in bulk as one at a time: activities that are only counted score the same."""
        asked = model(
            Signal("a", 7, cap=30, cool_down_days=3),
            Signal("b", 25),
            Signal("c", -4, fades=False, cool_down_days=7),
            Signal("x", 0),
            half_life_days=5,
            cap=60,
            floor=-5,
        )
        own = [(kind, age) for kind, age, wide in done if not wide]
        firm = [(kind, age) for kind, age, wide in done if wide]
        worths = [
            worth
            for (kind, age, wide), times in Counter(done).items()
            for worth in asked.worths([(kind, age, times)], company_wide=wide)
        ]
        assert asked.score(worths, as_of=DAY) == scored(asked, own, firm)
        sums = asked.sums(())
        for kind, age, wide in done:
            sums = asked.with_one(sums, kind, age, company_wide=wide)
        assert asked.score_of_sums(sums, worths, as_of=DAY) == scored(asked, own, firm)

    def test_points_of_a_score_are_exact_in_any_context(self) -> None:
        """Law 9: Same input, same bytes, whatever the decimal context of the thread."""
        score = Score(123_456_789)
        with localcontext() as context:
            context.prec = 3
            coarse = score.points
        assert coarse == Decimal("123.456789")


class TestMeasures:
    @pytest.mark.parametrize("days", [1, 2, 30])
    def test_within_days_leaves_the_day_itself_out(self, days: int) -> None:
        """S13: within n days means 0 ≤ age < n."""
        asked = model(Signal("click", 3))
        for age, inside in ((0, True), (days - 1, True), (days, False), (days + 1, False)):
            touches = [("click", age)]
            assert measured(f"active({days})", asked, touches, []) is inside
            assert measured(f"count(click, {days})", asked, touches, []) == int(inside)
            assert measured(f"points({days})", asked, touches, []) == 3_000_000 * inside

    def test_points_know_neither_decay_nor_caps(self) -> None:
        """Points of the last days are full points with their weight, penalties included."""
        asked = model(Signal("click", 3, cap=1), Signal("careers", -20), half_life_days=1)
        own = [("click", 5), ("click", 5), ("careers", 0), ("mystery", 0)]
        assert measured("points(30)", asked, own, [("click", 4)]) == (6 - 20) * 1_000_000 + (
            3 * 250 * 1_000
        )

    def test_a_count_is_about_the_product_alone(self) -> None:
        """What names no product is never counted by its kind, even at full weight."""
        asked = model(Signal("click", 3), company_wide_per_mille=1_000)
        own, wide = [("click", 0), ("open", 0)], [("click", 0)]
        assert measured("count(click, 9)", asked, own, wide) == 1
        assert measured("count(open, 9)", asked, own, wide) == 1
        assert measured("points(9)", asked, own, wide) == 6_000_000

    def test_active_means_worth_points(self) -> None:
        """Penalties, kinds without points and a firm-wide weight of 0 make nobody active."""
        asked = model(
            Signal("click", 3), Signal("careers", -2), Signal("open"), company_wide_per_mille=0
        )
        for kind in ("careers", "open", "mystery"):
            assert measured("active(9)", asked, [(kind, 0)], []) is False
        assert measured("active(9)", asked, [], [("click", 0)]) is False
        some = evolve(asked, company_wide_per_mille=1)
        assert measured("active(9)", some, [], [("click", 8)]) is True
        assert measured("active(9)", some, [], [("click", 9)]) is False

    def test_a_measure_is_read_from_its_fact(self) -> None:
        """The name of a fact says what is measured, of which kind, and over how many days."""
        assert Measure.from_fact(product.count("pricing_page", within_days=30).fact) == Measure(
            "count(pricing_page, 30)", "count", "pricing_page", 30
        )
        assert Measure.from_fact(product.points(within_days=365).fact) == Measure(
            "points(365)", "points", "", 365
        )


class TestFaults:
    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({"kind": " "}, "signal.kind"),
            ({"kind": 3}, "signal.kind"),
            ({"points": MAX_POINTS + 1}, "signal.points"),
            ({"points": -MAX_POINTS - 1}, "signal.points"),
            ({"points": True}, "signal.points"),
            ({"points": 1.0}, "signal.points"),
            ({"points": None}, "signal.points"),
            ({"points": 5, "cap": -1}, "signal.cap"),
            ({"points": 5, "cap": 10.5}, "signal.cap"),
            ({"points": 5, "cap": MAX_POINTS * 1_000 + 1}, "signal.cap"),
            ({"points": 0, "cap": 5}, "signal.cap"),
            ({"points": -5, "cap": 5}, "signal.cap"),
            ({"raises_hand_days": -1}, "signal.raises_hand_days"),
            ({"raises_hand_days": 3_651}, "signal.raises_hand_days"),
            ({"raises_hand_days": 10**5_000}, "signal.raises_hand_days"),
            ({"points": 5, "cool_down_days": -1}, "signal.cool_down_days"),
            ({"points": 5, "cool_down_days": 3_651}, "signal.cool_down_days"),
            ({"points": 5, "cool_down_days": True}, "signal.cool_down_days"),
            ({"points": -5, "fades": 0}, "signal.fades"),
            ({"points": -5, "fades": None}, "signal.fades"),
            ({"points": 5, "fades": False}, "signal.fades"),
            ({"points": 0, "fades": False}, "signal.fades"),
        ],
    )
    def test_a_signal_is_checked(self, given: dict[str, Any], path: str) -> None:
        """A faulty field is refused with its path, in one line."""
        with pytest.raises(InvalidDataError) as raised:
            Signal(**{"kind": "click", **given})
        (problem,) = raised.value.problems
        assert problem.path == path
        assert "\n" not in str(problem)

    def test_all_faults_of_a_signal_come_at_once(self) -> None:
        """A signal with three faults names three, in the order of its fields."""
        with pytest.raises(InvalidDataError) as raised:
            Signal("", 10**9, raises_hand_days=-1)
        assert [p.path for p in raised.value.problems] == [
            "signal.kind",
            "signal.points",
            "signal.raises_hand_days",
        ]

    def test_the_bounds_themselves_are_allowed(self) -> None:
        """The greatest points, caps and days are legal; so is a cap of 0."""
        assert Signal("a", MAX_POINTS, cap=MAX_POINTS * 1_000, raises_hand_days=3_650).cap
        assert Signal("a", -MAX_POINTS).points == -MAX_POINTS
        assert Signal("a", 1, cap=0).cap == 0
        assert Signal("a", -1, cool_down_days=3_650, fades=False).cool_down_days == 3_650
        widest = model(Signal("a"), cap=MAX_POINTS * 1_000, floor=-MAX_POINTS * 1_000)
        assert (widest.cap, model(Signal("a"), cap=1, floor=0).floor) == (MAX_POINTS * 1_000, 0)

    def test_what_earns_nothing_cannot_cool_down(self) -> None:
        """A cool-down keeps activities from adding points; without any, it says nothing."""
        with pytest.raises(InvalidDataError, match=r"^signal\.cool_down_days: needs points; with"):
            Signal("a", cool_down_days=7)

    @pytest.mark.parametrize(
        ("bounds", "when", "said"),
        [
            ({"cap": 40}, product.score >= 41, "at most 40, its cap in all"),
            ({"cap": 40}, product.score > 40, "at most 40, its cap in all"),
            ({"cap": 40}, (product.score == 41) & product.touched, "at most 40, its cap in all"),
            ({"cap": 40}, (product.score > 50) | (product.score >= 60), "at most 40, its cap in"),
            ({"floor": -5}, product.score <= -6, "at least -5, its floor"),
            ({"floor": -5}, product.score < -5, "at least -5, its floor"),
            ({"floor": -5}, product.score == -6, "at least -5, its floor"),
            ({"cap": 40}, product.score >= 40, None),
            ({"cap": 40}, (product.score >= 50) | product.touched, None),
            ({"cap": 40}, ~(product.score >= 50), None),
            ({"cap": 40, "floor": -5}, (product.score <= 50) & (product.score > -6), None),
            ({"cap": 40, "floor": -5}, product.score == 40, None),
            ({"floor": -5}, product.score <= -5, None),
            ({"cap": 40}, product.active_days >= 50, None),
            ({}, product.score >= 1_000, None),
        ],
        ids=str,
    )
    def test_a_level_out_of_reach_is_told(
        self, bounds: dict[str, Any], when: Any, said: str | None
    ) -> None:
        """A rule that asks for more than the cap in all, or less than the floor, never holds."""
        table = DecisionTable([Rule(WARM, product.touched), Rule(HOT, when)], NONE)
        asked = evolve(model(Signal("a", 1)), interest=table, **bounds)
        found = [str(one) for one in asked.out_of_reach]
        if said is None:
            assert found == []
        else:
            (one,) = found
            assert one.startswith(
                f"interest.rules[1].when.product.score: never holds: a score is {said}"
            )

    def test_a_signal_names_itself(self) -> None:
        """Its label is its kind in words unless one is given; labels do not matter (S8)."""
        assert Signal("pricing_page").label == Label("pricing page")
        assert Signal("a", label="見た") == Signal("a", label="seen")

    @pytest.mark.parametrize(
        ("given", "path"),
        [
            ({"half_life_days": 0}, "half_life_days"),
            ({"half_life_days": MAX_HALF_LIFE_DAYS + 1}, "half_life_days"),
            ({"half_life_days": True}, "half_life_days"),
            ({"company_wide_per_mille": -1}, "company_wide_per_mille"),
            ({"company_wide_per_mille": 1_001}, "company_wide_per_mille"),
            ({"company_wide_per_mille": 0.5}, "company_wide_per_mille"),
            ({"signals": [Signal("a"), Signal("b"), Signal("a", 3)]}, "signals"),
            ({"ladder": (NONE, WARM, HOT, NONE)}, "states"),
            ({"detours": (AWAY, HOT)}, "states"),
            ({"interest": DecisionTable([Rule(AWAY, product.touched)], NONE)}, "interest"),
            ({"states": DecisionTable([], EngagementState("new", "new"))}, "states"),
        ],
    )
    def test_a_model_is_checked(self, given: dict[str, Any], path: str) -> None:
        """A faulty model is refused with the path of what is wrong."""
        with pytest.raises(InvalidDataError) as raised:
            evolve(model(Signal("a", 1)), **given)
        assert {problem.path for problem in raised.value.problems} == {path}

    def test_a_model_needs_a_ladder(self) -> None:
        """Without a lowest state there is none for a lead without sign."""
        with pytest.raises(InvalidDataError, match="ladder: must have at least one state"):
            evolve(model(), ladder=())

    def test_a_state_needs_a_key(self) -> None:
        """A blank key names nothing; states are equal by key, whatever their labels (S8)."""
        with pytest.raises(InvalidDataError, match=r"state\.key: must not be blank"):
            EngagementState("\t", "x")
        assert EngagementState("hot", "Hot") == EngagementState("hot", "熱い")
        assert str(HOT) == "hot"


def test_a_model_is_a_value() -> None:
    """A model pickles, compares, and tells its states in order (S8)."""
    asked = model(Signal("click", 3, cap=9), Signal("inquiry", 30, raises_hand_days=90))
    assert pickle.loads(pickle.dumps(asked)) == asked
    assert asked.scale == Scale(("none", "warm", "hot"), ("away",))
    assert asked.responses["inquiry"] == 90
    assert asked != evolve(asked, half_life_days=31)


def test_what_earns_points_or_raises_a_hand_is_a_response() -> None:
    """A response opens a pursuit; what earns nothing, or less, opens none."""
    asked = model(
        Signal("click", 3),
        Signal("open"),
        Signal("careers", -2),
        Signal("call_back", raises_hand_days=7),
        Signal("complaint", -5, raises_hand_days=3),
    )
    assert asked.responses == {"click": 0, "call_back": 7, "complaint": 3}


def test_the_greatest_sum_stays_within_64_bits() -> None:
    """S15: bounds keep every sum below 2^63, for 900 million activities of the greatest worth."""
    assert MAX_POINTS * 1_000 * 1_000 * 900_000_000 < 2**63
    assert scored(model(Signal("a", -MAX_POINTS, fades=False)), [("a", 9_999)]).micro == -(10**10)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"signals": 3}, ["signals: must be a list, not int 3"]),
        ({"signals": [3]}, ["signals[0]: must be a Signal, not int"]),
        ({"ladder": ["none"]}, ["ladder[0]: must be an EngagementState, not str"]),
        (
            {"ladder": 3, "detours": None, "half_life_days": 0},
            [
                "half_life_days: must be an integer from 1 to 3,650, not 0",
                "ladder: must be a list, not int 3",
                "detours: must be a list, not NoneType None",
            ],
        ),
        (
            {"cap": 0, "floor": 1},
            [
                "cap: must be an integer from 1 to 10,000,000, not 0",
                "floor: must be an integer from -10,000,000 to 0, not 1",
            ],
        ),
        (
            {"cap": 10_000_001, "floor": -10_000_001},
            [
                "cap: must be an integer from 1 to 10,000,000, not 10000001",
                "floor: must be an integer from -10,000,000 to 0, not -10000001",
            ],
        ),
        (
            {"interest": None, "states": 3},
            [
                "interest: must be a DecisionTable, not NoneType None",
                "states: must be a DecisionTable, not int 3",
            ],
        ),
        (
            {"states": DecisionTable([], "x\n" * 99)},
            ["states: '" + "x\\n" * 19 + "x\\ is no state of the model"],
        ),
    ],
)
def test_parts_of_another_type_are_all_named(given: dict[str, Any], said: list[str]) -> None:
    """A model is refused with the path of each part that has the wrong type."""
    with pytest.raises(InvalidDataError) as raised:
        evolve(model(Signal("a", 1)), **given)
    assert [str(problem) for problem in raised.value.problems] == said


@pytest.mark.parametrize("kind", [3, None])
def test_names_are_texts(kind: Any) -> None:
    """A state and a signal are named by text."""
    wrong = f"must be text, not {type(kind).__name__} {kind}"
    with pytest.raises(InvalidDataError, match=rf"^state\.key: {wrong}$"):
        EngagementState(kind, "x")
    with pytest.raises(InvalidDataError, match=rf"^signal\.kind: {wrong}$"):
        Signal(kind)
