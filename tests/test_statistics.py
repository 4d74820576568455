"""Statistics: intervals, exact tests, and what is left of them among many tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from math import comb
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from mpfunnel.statistics import benjamini_hochberg, fisher_greater, holm, sign_test, wilson

fisher_exact: Any = stats.fisher_exact  # whose result no type checker knows
probabilities = st.lists(
    st.sampled_from([0.0, 1e-300, 0.001, 0.01, 0.02, 0.04, 0.05, 0.5, 0.9, 1.0])
    | st.floats(0, 1, allow_subnormal=False),
    max_size=6,
)


def tail(n: int, first: int, second: int, both: int) -> Fraction:
    """The hypergeometric tail as its definition counts it: ways to draw, in integers."""
    ways = sum(
        comb(first, k) * comb(n - first, second - k)
        for k in range(max(both, first + second - n), min(first, second) + 1)
    )
    return Fraction(ways, comb(n, second))


@st.composite
def tables(draw: st.DrawFn, most: int = 60) -> tuple[int, int, int, int]:
    """How many companies, owners of the one, owners of the other, and owners of both."""
    n = draw(st.integers(1, most))
    first, second = draw(st.integers(0, n)), draw(st.integers(0, n))
    both = draw(st.integers(max(0, first + second - n), min(first, second)))
    return n, first, second, both


# -- Wilson --


@pytest.mark.parametrize("of", [1, 2, 5, 34, 85, 1_000_000])
def test_the_interval_is_scipys(of: int) -> None:
    """The interval of a rate is the one that SciPy gives by the method of Wilson."""
    for hits in {0, 1, of // 3, of // 2, of - 1, of}:
        theirs = stats.binomtest(hits, of).proportion_ci(method="wilson")
        assert wilson(hits, of) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


@given(st.integers(1, 10**9).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_the_interval_holds_the_rate(counts: tuple[int, int]) -> None:
    """It lies between 0 and 1 around the rate, and touches an end only where the rate does."""
    hits, of = counts
    low, high = wilson(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    assert (low == 0) is (hits == 0)
    assert (high == 1) is (hits == of)


# -- Fisher --


def test_every_small_table_is_exact() -> None:
    """Of all tables of up to eight companies, the test says what counting says."""
    seen = 0
    for n in range(1, 9):
        for first in range(n + 1):
            for second in range(n + 1):
                for both in range(max(0, first + second - n), min(first, second) + 1):
                    expected = float(tail(n, first, second, both))
                    assert fisher_greater(n, first, second, both) == pytest.approx(expected)
                    seen += 1
    assert seen == 494


@given(tables(400))
@settings(max_examples=60)
def test_fishers_test_is_scipys(table: tuple[int, int, int, int]) -> None:
    """It is SciPy's exact test against the greater side, and the ways to draw, counted."""
    n, first, second, both = table
    cells = [[both, first - both], [second - both, n - first - second + both]]
    theirs = float(fisher_exact(cells, alternative="greater").pvalue)
    ours = fisher_greater(n, first, second, both)
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert ours == pytest.approx(float(tail(n, first, second, both)), rel=1e-11)
    assert ours == pytest.approx(fisher_greater(n, second, first, both), rel=1e-11)


@pytest.mark.parametrize("sigmas", [-6, -1, 0, 1, 3, 6, 12, 30])
@pytest.mark.parametrize(
    ("first", "second"), [(500_000, 500_000), (20_000, 300_000), (999_000, 400_000), (30, 70)]
)
def test_a_million_companies_are_counted_as_well(first: int, second: int, sigmas: int) -> None:
    """Among a million companies it still is SciPy's to nine digits, however far in the tail."""
    n = 1_000_000
    spread = (first * second * (n - first) * (n - second) / n**3) ** 0.5
    both = round(first * second / n + sigmas * spread)
    both = min(first, second, max(0, first + second - n, both))
    cells = [[both, first - both], [second - both, n - first - second + both]]
    theirs = float(fisher_exact(cells, alternative="greater").pvalue)
    assert fisher_greater(n, first, second, both) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(("both", "zeros"), [(700, 72), (840, 221), (860, 251), (950, 420)])
def test_the_far_tail_is_exact_until_a_float_cannot_hold_it(both: int, zeros: int) -> None:
    """What chance gives once in 10^251 is right, too; less than a float can hold is 0."""
    exact = tail(2_000, 1_000, 1_000, both)
    assert Fraction(1, 10 ** (zeros + 20)) < exact < Fraction(1, 10**zeros)
    ours = fisher_greater(2_000, 1_000, 1_000, both)
    assert ours == pytest.approx(float(exact), rel=1e-11, abs=0)
    assert (ours == 0) is (zeros > 308)


# -- the order --


@given(st.integers(0, 300), st.integers(0, 300))
@example(0, 0)
@example(500_600, 499_400)
@settings(max_examples=60)
def test_the_sign_test_is_scipys(more: int, fewer: int) -> None:
    """It is SciPy's binomial test of one half against both sides; of nothing seen, it is 1."""
    n = more + fewer
    theirs = float(stats.binomtest(more, n).pvalue) if n else 1.0
    assert sign_test(more, fewer) == pytest.approx(theirs, rel=1e-9)
    assert sign_test(more, fewer) == sign_test(fewer, more)


# -- many tests --


def closed(ps: Sequence[float]) -> list[float]:
    """Holm's procedure by its proof: a test counts if each set of tests that holds it does.

    A set counts by Bonferroni: the least of its probabilities times how many they are.
    """
    everyone = range(len(ps))
    sets = [chosen for size in everyone for chosen in combinations(everyone, size + 1)]
    return [
        max(min(1.0, len(s) * min(ps[i] for i in s)) for s in sets if one in s) for one in everyone
    ]


@given(probabilities)
def test_holms_procedure_is_the_closed_bonferroni_test(ps: list[float]) -> None:
    """What Holm (1979) steps through is what all sets of tests say together."""
    assert holm(ps) == pytest.approx(closed(ps), rel=1e-12)


@given(probabilities)
def test_the_false_discovery_rate_is_scipys(ps: list[float]) -> None:
    """Benjamini and Hochberg's (1995) is what SciPy gives."""
    theirs = stats.false_discovery_control(ps, method="bh") if ps else []
    assert benjamini_hochberg(ps) == pytest.approx([float(one) for one in theirs], rel=1e-12)


@given(probabilities, st.randoms(use_true_random=False))
def test_the_order_of_the_tests_does_not_matter(ps: list[float], dice: Random) -> None:
    """Law 4: permuted, tests say the same, never more than each by itself, and by Holm least."""
    order = list(range(len(ps)))
    dice.shuffle(order)
    for correct in (holm, benjamini_hochberg):
        found = correct(ps)
        assert correct([ps[i] for i in order]) == tuple(found[i] for i in order)
        assert all(p <= adjusted <= 1 for p, adjusted in zip(ps, found, strict=True))
    pairs = zip(benjamini_hochberg(ps), holm(ps), strict=True)
    assert all(fdr <= strict + 1e-15 for fdr, strict in pairs)
