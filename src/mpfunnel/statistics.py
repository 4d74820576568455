"""Statistics: what counts say, and what chance alone would say as often.

Counts are integers, and probabilities are sums of ratios of integers, so that they hold for a
million companies as they do for ten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from math import exp, fsum, log, sqrt
from statistics import NormalDist
from typing import Final

__all__ = [
    "benjamini_hochberg",
    "fisher_greater",
    "holm",
    "sign_test",
    "wilson",
]

_LEVEL: Final = 0.95
_Z: Final = NormalDist().inv_cdf((1 + _LEVEL) / 2)
_NEGLIGIBLE: Final = 1e-25
"""Terms below this part of the largest one change no digit of their sum."""
_SMALL: Final = 1e-250
"""Before a product is smaller than a float can hold, its logarithm is taken."""
_NOTHING: Final = -800.0
"""A float holds no number as small as the exponential of this."""


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Return the interval of 95 % for the rate of which `hits` out of `of` is a sample.

    The score interval of E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927), 209-212. It stays
    between 0 and 1, and says something of few companies too.

    Args:
        hits: How many of them; from 0 to `of`.
        of: How many there are; at least 1.
    """
    square = _Z * _Z
    middle = (hits + square / 2) / (of + square)
    half = _Z * sqrt(hits * (of - hits) / of + square / 4) / (of + square)
    # At the ends the two are equal, but for the last digit.
    return (middle - half if hits else 0.0), (middle + half if hits < of else 1.0)


def fisher_greater(n: int, first: int, second: int, both: int) -> float:
    """Return how often chance alone gives as many companies that own both, or more.

    Fisher's exact test, one-sided: the tail of the hypergeometric distribution. R. A. Fisher,
    "Statistical Methods for Research Workers" (5th ed. 1934), § 21.02. It takes as given how many
    own the one and the other product, and is right for any number of companies.

    Args:
        n: How many companies there are.
        first: How many of them own the first product.
        second: How many own the second one.
        both: How many own both.

    Returns:
        The probability, to nine digits at least; 0.0 where a float cannot hold it.
    """
    low, high = max(0, first + second - n), min(first, second)
    rest = n - first - second + 1

    def step(k: int) -> float:
        return (first - k) * (second - k) / ((k + 1) * (rest + k))

    return _tail(step, low, (first + 1) * (second + 1) // (n + 2), high, both)


def sign_test(more: int, fewer: int) -> float:
    """Return how often a fair coin gives sides that differ as much, whichever side is ahead.

    The exact sign test, two-sided: the two tails of the binomial distribution with one half. Ties
    are left out before.

    Args:
        more: How often the one side was seen.
        fewer: How often the other side was.

    Returns:
        The probability; 1.0 where nothing was seen.
    """
    n = more + fewer

    def step(k: int) -> float:
        return (n - k) / (k + 1)

    return min(1.0, 2 * _tail(step, 0, n // 2, n, max(more, fewer)))


def _tail(step: Callable[[int], float], low: int, mode: int, high: int, k: int) -> float:
    """Return the probability of `k` or more, in a distribution with one mode.

    Each term is told by its ratio to the one before, and all by their ratio to the largest: logs
    of factorials would leave seven digits of a million companies.

    Args:
        step: The ratio of the probability of k + 1 to that of k.
        low: The least value that there is.
        mode: A most likely value.
        high: The greatest value.
        k: Where the tail begins, from `low` to `high`.
    """
    below = fsum(_terms(1 / step(i) for i in range(mode - 1, low - 1, -1)))
    above = fsum(_terms(step(i) for i in range(mode, high)))
    whole = below + 1 + above
    if k <= mode:
        within = fsum(_terms(1 / step(i) for i in range(mode - 1, k - 1, -1)))
        return min(1.0, (within + 1 + above) / whole)
    far, near = 0.0, 1.0
    for i in range(mode, k):
        near *= step(i)
        if near < _SMALL:
            far, near = far + log(near), 1.0
            if far < _NOTHING:
                return 0.0
    beyond = fsum(_terms(step(i) for i in range(k, high)))
    return exp(far + log(near * (1 + beyond) / whole))


def _terms(steps: Iterable[float]) -> Iterator[float]:
    """Yield how large each term is beside the largest one, while it counts."""
    term = 1.0
    for step in steps:
        term *= step
        if term < _NEGLIGIBLE:
            return
        yield term


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Return each probability as it counts among so many tests, by Holm's step-down procedure.

    Of what is at most `rate` then, anything at all is due to chance in at most that share of all
    data, whatever the tests have to do with each other. S. Holm, "A simple sequentially rejective
    multiple test procedure", Scandinavian Journal of Statistics 6 (1979), 65-70.

    Args:
        ps: The probabilities.
    """
    order = sorted(range(len(ps)), key=ps.__getitem__)
    scaled = (min(1.0, (len(ps) - rank) * ps[i]) for rank, i in enumerate(order))
    return _in_place(order, accumulate(scaled, max))


def benjamini_hochberg(ps: Sequence[float]) -> tuple[float, ...]:
    """Return each probability as it counts among so many tests, by the false discovery rate.

    Of what is at most `rate` then, that share is due to chance, on average, as long as the tests
    are independent or go together. Y. Benjamini and Y. Hochberg, "Controlling the false discovery
    rate", Journal of the Royal Statistical Society B 57 (1995), 289-300.

    Args:
        ps: The probabilities.
    """
    order = sorted(range(len(ps)), key=ps.__getitem__, reverse=True)
    scaled = (min(1.0, ps[i] * (len(ps) / (len(ps) - rank))) for rank, i in enumerate(order))
    return _in_place(order, accumulate(scaled, min))


def _in_place(order: Sequence[int], adjusted: Iterable[float]) -> tuple[float, ...]:
    """Return what was worked out in some order in the order of the tests."""
    found = dict(zip(order, adjusted, strict=True))
    return tuple(found[i] for i in range(len(order)))
