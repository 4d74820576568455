"""Measures of the flow: what they are of, how sure they are, and whether they say anything."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpfunnel.flow.measures import STATUSES, Measure, count, days, missing, share
from mpfunnel.labels import Label
from tests.flow_cases import FLOW_CASES

WON = Label("won of those that entered", "受注率")


@pytest.mark.parametrize("case", FLOW_CASES["wilson_95"])
def test_the_interval_of_a_share_is_that_of_wilson(case: dict[str, float]) -> None:
    """The worked cases: a share of 0 has an interval, too."""
    told = share(int(case["successes"]), int(case["n"]), WON, min_n=1)
    assert told.interval is not None
    assert [round(bound, 4) for bound in told.interval] == [case["low"], case["high"]]


def test_nothing_out_of_nothing_is_undefined_and_never_0() -> None:
    """0 of 0 has no value and no interval; 0 of 40 is 0."""
    assert share(0, 0, WON) == Measure(None, "share", WON, 0, 0, status="undefined")
    assert share(0, 40, WON).value == 0
    assert share(0, 0, WON, pending=3).status == "immature"
    assert days(None, 0, WON).status == "undefined"


@given(of=st.integers(0, 200), hits=st.integers(0, 200), pending=st.integers(0, 5))
def test_a_share_lies_within_its_interval(of: int, hits: int, pending: int) -> None:
    """It says so where there are too few, or where some are still under way."""
    told = share(min(hits, of), of, WON, pending=pending)
    assert told.pending == pending
    if told.interval is None or told.value is None:
        assert of == 0
        return
    low, high = told.interval
    assert 0 <= low <= told.value <= high <= 1
    assert told.status == ("small_n" if of < 30 else "immature" if pending else "ok")
    assert told.is_sound == (of >= 30)


@pytest.mark.parametrize(
    ("told", "en", "ja"),
    [
        (share(1, 40, WON), "2.5%", "2.5%"),
        (share(1, 2, WON), "50.0% (too few to judge)", "50.0%（件数不足）"),
        (
            share(4, 16, WON, pending=1_194),
            "25.0% (too few to judge; 1,194 pending)",
            "25.0%（件数不足、観測期間中1,194件）",
        ),
        (
            share(4, 40, WON, pending=3),
            "10.0% (some are still within their time)",
            "10.0%（観測期間中のものを含む）",
        ),
        (
            Measure(3, "count", WON, pending=2),
            "3 (2 pending)",
            "3（観測期間中2件）",
        ),
        (
            Measure(None, "ratio", WON, status="unpriced", pending=2),
            "some have no price; 2 pending",
            "金額不明を含む、観測期間中2件",
        ),
        (share(0, 0, WON), "undefined: nothing to divide by", "算出不可（母数なし）"),
        (count(1_200, WON), "1,200", "1,200"),
        (days(23.0, 21, WON), "23 days", "23日"),
        (Measure(Decimal("1500000"), "money", WON), "1,500,000", "1,500,000"),
        (Measure(2.5, "ratio", WON), "2.50", "2.50"),
        (missing("money", WON), "no data", "データなし"),
    ],
)
def test_a_measure_reads_as_people_write_it(told: Measure, en: str, ja: str) -> None:
    """With what is wrong with it, in both languages."""
    assert (told.text(), told.text("ja")) == (en, ja)
    alone = told.figure() if told.value is not None else en
    assert en.startswith(alone)


def test_where_there_is_no_figure_stands_a_dash() -> None:
    """In both languages, so that a table has no empty field."""
    assert missing("money", WON).figure() == missing("money", WON).figure("ja") == "–"


def test_every_status_has_both_languages() -> None:
    """So that no report falls back to a key."""
    assert all(one.en != one.ja for one in STATUSES.values())


def test_a_basis_may_be_plain_text() -> None:
    """It then stands for both languages."""
    assert count(1, "leads").basis.text("ja") == "leads"
