"""A simulated pipeline whose truth is known: which measures hold it as often as they say."""

from __future__ import annotations

from random import Random

import pytest

from benchmarks import pipeline
from benchmarks.pipeline import CAUSES, DAYS, LAST, WINDOW, Lead, Score, spell
from mpfunnel.flow.survival import Spell

RUNS = 200
SOUND = ("matured share", "Aalen-Johansen", "Aalen-Johansen, watched late")


@pytest.fixture(scope="module")
def scores() -> dict[str, Score]:
    """How each way did in 200 draws."""
    return pipeline.scores(RUNS, seed=1)


@pytest.mark.parametrize("way", SOUND)
def test_intervals_of_95_percent_hold_the_truth_as_often(
    way: str, scores: dict[str, Score]
) -> None:
    """In 90 to 99 of 100 draws, and the estimate is off by less than one point on average."""
    assert 0.90 <= scores[way].held <= 0.99
    assert abs(scores[way].off) < 0.01


def test_the_incidence_takes_more_in_than_the_matured_share(scores: dict[str, Score]) -> None:
    """Who entered later says something, too: its interval is narrower by a tenth."""
    assert scores["Aalen-Johansen"].width < 0.9 * scores["matured share"].width


def test_a_naive_conversion_is_too_low(scores: dict[str, Score]) -> None:
    """Who has just come counts as lost. To count late successes, too, hides that in part only."""
    in_time, ever = scores["naive: went on in time / entered"], scores["naive: went on / entered"]
    assert in_time.off < -0.05
    assert in_time.held < 0.25
    assert in_time.off < ever.off < -0.01
    assert ever.held < 0.9


def test_the_lost_are_not_only_lost_from_sight(scores: dict[str, Score]) -> None:
    """Kaplan and Meier tell of a world in which nobody is ever lost: too much goes on in it."""
    score = scores["Kaplan-Meier, others lost from sight"]
    assert score.off > 0.05
    assert score.held < 0.25


def test_late_entry_ignored_is_wrong(scores: dict[str, Score]) -> None:
    """Of those that a CRM finds when it comes, the quick ones have gone already."""
    score = scores["the same, late entry ignored"]
    assert score.off < -0.05
    assert score.held < 0.6


def test_the_truth_is_that_of_the_draws() -> None:
    """Of 50,000 leads the share that really goes on within the window is what the chances say."""
    leads = pipeline.draw(Random(3), 50_000)
    in_time = sum(
        one.cause == "onward" and one.left is not None and one.left - one.entered <= WINDOW
        for one in leads
    )
    assert in_time / len(leads) == pytest.approx(pipeline.truth(), abs=0.008)
    assert {one.cause for one in leads} == {None, *CAUSES}
    assert {one.entered for one in leads} | {0} == set(range(DAYS + 1))
    exits, shares = pipeline.law()
    assert len(exits) == LAST * len(CAUSES)
    assert shares[-1] < 1


def test_nothing_of_later_days_is_known() -> None:
    """Law 5: what happens after the last day is to come; that day itself is known."""
    assert spell(Lead(DAYS - 10, DAYS, "lost")) == Spell(10, "lost")
    assert spell(Lead(DAYS - 10, DAYS + 1, "lost")) == Spell(10) == spell(Lead(230, None, None))
    assert spell(Lead(100, 190, "onward"), 180) == Spell(90, "onward", 80)


def test_the_table_names_every_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 9: Same input, same bytes: two calls print the same, a line for each way."""
    monkeypatch.setattr("sys.argv", ["pipeline", "--runs", "2"])
    pipeline.main()
    printed = capsys.readouterr().out
    pipeline.main()
    assert capsys.readouterr().out == printed
    assert all(way in printed for way in pipeline.WAYS)
