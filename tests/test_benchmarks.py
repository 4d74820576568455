"""The benchmarks compare what gives equal answers: a third model of an account, written by hand."""

from __future__ import annotations

from random import Random

import mpfunnel as mf
from benchmarks.account import BOOK, check, draw


def test_the_hand_written_account_gives_the_same_answers() -> None:
    """Law 1: Engines agree: a function made for the starter says field by field what it says."""
    dice = Random(12)
    check(mf.Engine(BOOK), [draw(dice, number) for number in range(30)])
