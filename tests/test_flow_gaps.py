"""Gaps: how many wins are lost at each passage of the course, and on which side."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import comb, prod
from random import Random
from typing import Any

import pytest
from attrs import evolve
from hypothesis import assume, given
from hypothesis import strategies as st

from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.course import COURSE, Course, FlowStep
from mpfunnel.flow.gaps.gap import GAP_STATUSES, SIDES, Gap, gap, passed, targets, together
from mpfunnel.flow.measures import Measure, share
from mpfunnel.labels import Label
from tests.flow_cases import FLOW_CASES

CASES = FLOW_CASES["gap_map"]
GOAL = CASES["reference"]
SHORT = Course(
    (FlowStep("seen", "seen"), FlowStep("sold", Label("sold", "販売"), side="downstream"))
)
PER_CENT = st.integers(0, 100).map(lambda one: Decimal(one) / 100)


@st.composite
def falling(draw: st.DrawFn, steps: int = 6, most: int = 300) -> list[int]:
    """Draw counts that never rise, half of them near the rates of the worked case."""
    counts = [draw(st.integers(0, most))]
    for _ in range(steps - 1):
        counts.append(draw(st.integers(0, counts[-1])))
    return counts


def lost_naively(counts: Sequence[int], rates: Sequence[Decimal]) -> list[Fraction]:
    """Return the wins lost at each passage, by the formula of the issue, word by word."""
    exact = [Fraction(one) for one in rates]
    return [
        max(Fraction(0), exact[i - 1] * counts[i - 1] - counts[i])
        * prod(exact[i:], start=Fraction(1))
        for i in range(1, len(counts))
    ]


def values(found: Gap) -> list[float | Decimal | None]:
    """Return the wins lost at each passage."""
    return [one.lost.value for one in found.passages]


@pytest.mark.parametrize("case", CASES["cells"][:2])
def test_the_worked_cells_have_a_verdict(case: dict[str, Any]) -> None:
    """The one is lost upstream at the reach, the other downstream at the hand-off."""
    found = gap(case["counts"], GOAL)
    assert found.binding is not None
    assert found.binding.lost.value is not None
    assert (found.verdict, found.binding.label.en) == (case["side"], case["binding"])
    assert (found.status, found.binding.step.side) == ("ok", case["side"])
    assert round(found.binding.lost.value, 1) == case["expected_wins_lost"]
    assert found.share.value == case.get("share", 1.0)


def test_the_worked_cell_of_few_has_none() -> None:
    """The rate of its last step is undefined, and not 0."""
    case = CASES["cells"][2]
    found = gap(case["counts"], GOAL)
    assert (found.verdict, found.status) == (case["verdict"], "small_n")
    assert GAP_STATUSES[found.status].en == "too few to judge"
    assert (found.rates[-1].status, found.rates[-1].value) == (case["last_step"], None)


@given(counts=falling(), rates=st.lists(PER_CENT, min_size=5, max_size=5))
def test_wins_lost_are_what_the_formula_says(counts: list[int], rates: list[Decimal]) -> None:
    """They are never negative, their sum is told, and most of them bind."""
    found, told = gap(counts, rates), lost_naively(counts, rates)
    assert values(found) == [float(one) for one in told]
    assert found.lost.value == float(sum(told))
    assert min(told) >= 0
    if not sum(told):
        assert (found.binding, found.share.status) == (None, "undefined")
        assert found.status == ("no_gap" if counts[0] else "market")
    else:
        assert found.binding == found.passages[told.index(max(told))]
        assert found.share.value == float(max(told) / sum(told))


@given(counts=falling(), rates=st.lists(PER_CENT, min_size=5, max_size=5))
def test_what_is_lost_and_gained_adds_up_to_the_wins(
    counts: list[int], rates: list[Decimal]
) -> None:
    """Without the bound at 0, passages explain all between the wins at the goal and those won."""
    exact = [Fraction(one) for one in rates]
    signed = sum(
        (exact[i] * counts[i] - counts[i + 1]) * prod(exact[i + 1 :], start=Fraction(1))
        for i in range(5)
    )
    assert signed == counts[0] * prod(exact) - counts[-1]
    assert sum(lost_naively(counts, rates)) >= signed


@given(counts=falling(), rates=st.lists(PER_CENT, min_size=5, max_size=5), times=st.integers(1, 9))
def test_so_many_times_the_counts_lose_so_many_times_the_wins(
    counts: list[int], rates: list[Decimal], times: int
) -> None:
    """The binding step stays, and more of the same never takes a verdict away."""
    once, more = gap(counts, rates), gap([one * times for one in counts], rates)
    told = lost_naively(counts, rates)
    assert values(more) == [float(one * times) for one in told]
    assert (once.binding and once.binding.step) == (more.binding and more.binding.step)
    if once.verdict is not None:
        assert more.verdict == once.verdict


@given(counts=falling(), rates=st.lists(PER_CENT, min_size=5, max_size=5), min_n=st.integers(1, 60))
def test_a_verdict_needs_an_interval_without_the_reference(
    counts: list[int], rates: list[Decimal], min_n: int
) -> None:
    """Of enough, too; and where both are so, there is one."""
    found = gap(counts, rates, min_n=min_n)
    where = found.binding
    if where is None:
        assert found.verdict in (None, "market")
        return
    assert where.reference is not None
    assert where.rate.den is not None
    assert where.reference.value is not None
    assert where.rate.interval is not None
    clear = where.rate.interval[1] < where.reference.value
    enough = where.rate.den >= min_n
    assert where.is_below == clear
    assert found.verdict == (where.step.side if clear and enough else None)
    assert found.status == ("ok" if clear and enough else "within_chance" if enough else "small_n")


def test_a_rate_that_is_its_target_loses_nothing() -> None:
    """A tenth of thirty is three, though floats make it more."""
    assert 0.1 * 3 > 0.3
    assert gap([30, 3], [0.1], course=SHORT).status == "no_gap"
    assert gap([3, 0], [0.1], course=SHORT).lost.value == 0.3


def test_the_first_of_equal_losses_binds() -> None:
    """The nearer to the source, the earlier there is something to do about it."""
    tie = gap([40, 20, 10, 10, 10, 10], [0.75, 1, 1, 1, 1])
    assert values(tie) == [10.0, 10.0, 0, 0, 0]
    assert tie.binding == tie.passages[0]


def test_nobody_to_reach_is_a_gap_of_the_market() -> None:
    """Unless somebody is on the way, whose time is not over."""
    found = gap([0] * 6, GOAL)
    assert (found.verdict, found.status, found.text()) == (
        "market",
        "market",
        "market: nobody to reach",
    )
    young = gap([0] * 6, GOAL, pending=3)
    assert (young.verdict, young.status) == (None, "immature")
    assert young.rates[0].pending == 3


def test_who_is_out_of_the_market_is_no_failure_of_sales() -> None:
    """30 MQLs, 6 of them SALs: if 18 of the others do not buy now, 6 of 12 is half."""
    counts = CASES["cells"][1]["counts"]
    found = gap(counts, GOAL, out_of_market=[0, 0, 0, 18, 0, 0])
    assert (found.passages[3].rate.num, found.passages[3].rate.den) == (6, 12)
    assert found.passages[3].out_of_market == 18
    assert (found.verdict, found.status) == (None, "no_gap")


def test_upstream_who_does_not_buy_yet_is_still_to_be_reached() -> None:
    """There they stay in the denominator, and are counted beside it."""
    counts = CASES["cells"][0]["counts"]
    found = gap(counts, GOAL, out_of_market=[90, 0, 0, 0, 0, 0])
    assert found.rates == gap(counts, GOAL).rates
    assert (found.verdict, found.passages[0].out_of_market) == ("upstream", 90)


@given(counts=falling(), out=st.lists(st.integers(0, 50), min_size=6, max_size=6))
def test_only_denominators_of_downstream_passages_shrink(counts: list[int], out: list[int]) -> None:
    """By those who did not go on; who came through is in both."""
    gone = [min(out[i], counts[i] - (counts[i + 1] if i < 5 else 0)) for i in range(6)]
    told = passed(counts, COURSE, gone)
    assert [hits for hits, _ in told] == counts[1:]
    assert [of for _, of in told] == [*counts[:3], counts[3] - gone[3], counts[4] - gone[4]]


def test_steps_that_nobody_saw_are_a_gap_of_the_data() -> None:
    """On either side of the binding passage: the count before it, or the count behind."""
    counts = [200, 90, 45, 18, 9, 3]
    before = gap(counts, GOAL, imputed=[101, 0, 0, 0, 0, 0])
    behind = gap(counts, GOAL, imputed=[0, 46, 0, 0, 0, 0])
    assert (before.verdict, behind.verdict) == ("data", "data")
    assert gap(counts, GOAL, imputed=[100, 45, 0, 0, 0, 0]).verdict == "upstream"
    assert gap(counts, GOAL, imputed=[0, 0, 45, 18, 0, 0]).verdict == "upstream"
    assert gap(counts, GOAL, imputed=[1, 0, 0, 0, 0, 0], max_imputed=0).verdict == "data"
    assert before.passages[0].imputed == 101 / 200


def test_without_a_reference_there_is_no_verdict() -> None:
    """Nor without a later one that says what is lost; 0 of 0 is no reference."""
    counts = [200, 90, 45, 18, 9, 3]
    for reference in ([0.6, 0.5, None, 0.5, 0.3], [None] * 5, [*GOAL[:4], share(0, 0, "x")]):
        found = gap(counts, reference)
        assert (found.verdict, found.status, found.binding) == (None, "no_reference", None)
        assert (found.lost.value, found.lost.status) == (None, "missing")
        assert found.share.status == "missing"
        assert found.text() == "nothing to hold it against"
    assert gap(counts, {"reached": 0.6}).passages[1].is_below is False
    # What comes after nobody loses nothing, at whatever rate.
    assert gap([50, 50, 0, 0, 0, 0], [0.6, 0, None, None, None]).status == "no_gap"


def test_a_counted_reference_is_not_sure_either() -> None:
    """60 of 100 excludes 70 % counted of 10,000, and not 70 % counted of 40."""
    target = gap([100, 60], [0.7], course=SHORT)
    sure = gap([100, 60], [share(7_000, 10_000, "before")], course=SHORT)
    unsure = gap([100, 60], [share(28, 40, "before")], course=SHORT)
    few = gap([100, 60], [share(20, 20, "before")], course=SHORT)
    assert (target.verdict, sure.verdict) == ("downstream", "downstream")
    assert target.passages[0].is_below
    assert unsure.passages[0].is_below
    assert (unsure.verdict, unsure.status) == (None, "within_chance")
    assert (few.verdict, few.status) == (None, "small_n")


@given(
    mine=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    theirs=st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_against_counts_the_probability_is_that_of_fisher(
    mine: tuple[int, int], theirs: tuple[int, int]
) -> None:
    """The share of all ways to draw so many of both, in which at least as many are theirs."""
    (hits, misses), (other_hits, other_misses) = mine, theirs
    of, other = hits + misses, other_hits + other_misses
    assume(of and other)
    found = gap([of, hits], [share(other_hits, other, "before")], course=SHORT, min_n=1).passages[0]
    through = hits + other_hits
    ways = sum(
        comb(other, k) * comb(of, through - k) for k in range(other_hits, min(other, through) + 1)
    )
    assert found.p is not None
    assert found.p == pytest.approx(ways / comb(of + other, through), rel=1e-9)


def test_against_a_target_of_all_any_miss_is_below() -> None:
    """And against one of none nobody is."""
    assert gap([40, 39], [1], course=SHORT).passages[0].p == 0
    assert gap([40, 39], [1], course=SHORT).verdict == "downstream"
    assert gap([40, 40], [1], course=SHORT).passages[0].p == 1
    assert gap([40, 0], [0.0], course=SHORT).passages[0].p == 1


def test_the_rates_of_a_gap_are_references_of_another() -> None:
    """So that a period may be held against the one before."""
    before = gap([400, 240, 120, 60, 30, 10], GOAL)
    now = gap([400, 160, 80, 40, 20, 7], before.rates)
    assert (now.verdict, now.binding and now.binding.label.en) == ("upstream", "reach")
    assert now.passages[0].reference == before.rates[0]


@given(all_counts=st.lists(falling(most=120), min_size=1, max_size=5), data=st.data())
def test_side_by_side_no_gap_gains_a_verdict(
    all_counts: list[list[int]], data: st.DataObject
) -> None:
    """Those that lose theirs say so, nothing else changes, and order does not matter (law 4)."""
    gaps = [gap(one, GOAL) for one in all_counts]
    told = together(gaps)
    for alone, beside in zip(gaps, told, strict=True):
        if beside != alone:
            assert (alone.status, beside.status) == ("ok", "many_tests")
            assert beside == evolve(alone, verdict=None, status="many_tests")
    order = data.draw(st.permutations(range(len(gaps))))
    assert together([gaps[i] for i in order]) == tuple(told[i] for i in order)


@given(all_counts=st.lists(st.tuples(st.just(100), st.integers(30, 60)), min_size=1, max_size=8))
def test_side_by_side_is_what_holm_says(all_counts: list[tuple[int, int]]) -> None:
    """The smallest probability is held against a part of the tail for each test, and so on."""
    gaps = [gap(one, [0.6], course=SHORT) for one in all_counts]
    ranked = sorted(gaps, key=lambda one: one.passages[0].p or 0)
    held: list[float] = []
    for rank, one in enumerate(ranked):
        p = one.passages[0].p
        assert p is not None
        if p * (len(gaps) - rank) > 0.025:
            break
        held.append(p)
    for one in together(gaps):
        assert (one.verdict is not None) == (one.passages[0].p in held)


def test_among_many_cells_one_low_rate_may_be_chance() -> None:
    """49 of 100 is too few of 60 % on its own, and not among twenty."""
    alone = gap([100, 49], [0.6], course=SHORT)
    assert alone.verdict == "downstream"
    assert together([alone]) == (alone,)
    beside = together([alone] + [gap([100, 60], [0.6], course=SHORT)] * 19)[0]
    assert (beside.verdict, beside.status) == (None, "many_tests")
    assert together([]) == ()


def test_where_nothing_is_wrong_few_maps_have_a_verdict() -> None:
    """Of 100 maps whose true rates are the goal, told cell by cell most would; together 2 or so."""
    chance = Random(7)
    alone = beside = 0
    for _ in range(100):
        gaps: list[Gap] = []
        for _ in range(24):
            counts = [300]
            for rate in GOAL:
                counts.append(sum(chance.random() < rate for _ in range(counts[-1])))
            gaps.append(gap(counts, GOAL))
        alone += any(one.verdict for one in gaps)
        beside += any(one.verdict for one in together(gaps))
    assert alone > 60
    assert beside < 6


@pytest.mark.parametrize(
    ("found", "en", "ja"),
    [
        (
            gap(CASES["cells"][1]["counts"], GOAL),
            (
                "downstream: below the reference; 3.0 of 3.0 expected wins lost are lost at "
                "hand-off (6 of 30, reference 50.0%)"
            ),
            "下流：基準を下回る（受注見込みの損失3.0件のうち3.0件は引き渡し、30件中6件、基準50.0%）",
        ),
        (
            gap([20, 6], [0.6], course=SHORT),
            (
                "too few to judge; 6.0 of 6.0 expected wins lost are lost at step to sold "
                "(6 of 20, reference 60.0%)"
            ),
            "件数不足（受注見込みの損失6.0件のうち6.0件は販売まで、20件中6件、基準60.0%）",
        ),
        (gap([0] * 6, GOAL), "market: nobody to reach", "市場：届ける相手がいない"),
        (
            gap([20, 6], [0], course=SHORT),
            "no wins lost against the reference",
            "基準に対する損失なし",
        ),
    ],
)
def test_a_gap_says_what_it_rests_on(found: Gap, en: str, ja: str) -> None:
    """In both languages, with or without a verdict."""
    assert (found.text(), found.text("ja")) == (en, ja)


def test_every_side_and_status_has_both_languages() -> None:
    """So that no report falls back to a key."""
    assert all(one.en != one.ja for one in (*SIDES.values(), *GAP_STATUSES.values()))


def test_measures_say_of_what_they_are() -> None:
    """Each names both of its steps and the population."""
    found = gap([20, 6], [0.6], course=SHORT, basis=Label("leads of May", "5月のリード"))
    assert found.rates[0].basis == Label(
        "sold of seen, of leads of May", "seenのうち販売（5月のリード）"
    )
    assert found.lost.basis.ja == "受注見込みの損失（5月のリード）"
    assert found.passages[0].reference == Measure(0.6, "share", Label("target", "目標"))


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"counts": [5, 6]}, ["counts[1]: must not be more than the 5 in the step before"]),
        ({"counts": [5]}, ["counts: must be of 2 steps, not of 1"]),
        ({"counts": "ab"}, ["counts: must be a list, not str 'ab'"]),
        (
            {"counts": [True, -1], "imputed": [0], "reference": [2, 0.5]},
            [
                "counts[0]: must be an integer, not bool True",
                "counts[1]: must be at least 0",
                "imputed: must be of 2 steps, not of 1",
                "reference: must be of 1 passages, not of 2",
                "reference[0]: must be from 0 to 1, not 2",
            ],
        ),
        (
            {"out_of_market": [4, 3], "imputed": [6, 0]},
            [
                "out_of_market[0]: must not be more than the 3 who did not go on",
                "imputed[0]: must not be more than the 5 in that step",
                "out_of_market[1]: must not be more than the 2 who did not go on",
            ],
        ),
        (
            {"min_n": 0, "max_imputed": 1.5, "pending": -1},
            [
                "min_n: must be at least 1",
                "max_imputed: must be a share from 0 to 1, not 1.5",
                "pending: must be at least 0",
            ],
        ),
        ({"max_imputed": "x"}, ["max_imputed: must be a share from 0 to 1, not 'x'"]),
        ({"reference": 0.5}, ["reference: must be a list or a mapping, not float 0.5"]),
        ({"reference": "0.5"}, ["reference: must be a list or a mapping, not str '0.5'"]),
        ({"reference": ["x"]}, ["reference[0]: must be a number or a Measure, not str 'x'"]),
        ({"reference": [float("nan")]}, ["reference[0]: must be from 0 to 1, not nan"]),
        ({"reference": [Measure(2, "days", "x")]}, ["reference[0]: must be a share, not days"]),
        (
            {"reference": {"solt": 0.5, "sold": 7}},
            [
                "reference.solt: no such passage; did you mean 'sold'?",
                "reference.sold: must be from 0 to 1, not 7",
            ],
        ),
    ],
)
def test_all_that_is_wrong_is_said_at_once(change: dict[str, Any], problems: list[str]) -> None:
    """Each with its path."""
    given: dict[str, Any] = {"counts": [5, 2], "reference": [0.5], "course": SHORT, **change}
    with pytest.raises(InvalidDataError) as told:
        gap(given.pop("counts"), given.pop("reference"), **given)
    assert [str(one) for one in told.value.problems] == problems


def test_targets_are_given_in_order_or_by_step() -> None:
    """A passage that is not named has none."""
    assert targets([0.6, 0.5, None, 0.5, 0.3]) == targets(
        {"reached": 0.6, "engaged": 0.5, "sal": 0.5, "won": 0.3}
    )
