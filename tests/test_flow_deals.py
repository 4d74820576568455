"""Deals: how many are won, how much of their value, and how long it takes."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.campaigns.deals import amount_of, days_to_close, win_rate, win_rate_by_value
from mpfunnel.flow.campaigns.money import FxRate, FxTable
from tests.campaign_worlds import DAY, after, at, won

FX = FxTable("JPY", [FxRate("USD", 100, DAY)])
ALL: dict[str, Any] = {"as_of": after(100), "zone": "UTC"}


def _lost(number: int, opened: int, closed: int, amount: Any = 500, **others: Any) -> mf.Deal:
    return evolve(won(number, 1, opened, closed, amount, **others), status="lost")


def _line(product: str, amount: Any = None) -> mf.DealLine:
    return mf.DealLine(product, amount=amount)


@pytest.mark.parametrize(
    ("amount", "lines", "products", "expected"),
    [
        (9, [], None, 9),
        (None, [], None, None),
        (None, [_line("crm", 1), _line("sfa", Decimal("2.5"))], None, Decimal("3.5")),
        (None, [_line("crm", 1), _line("sfa")], None, None),
        (9, [_line("crm"), _line("sfa")], None, 9),
        (9, [_line("crm")], ["crm"], 9),
        (9, [_line("crm", 1), _line("sfa", 2)], ["crm"], 1),
        (9, [_line("crm"), _line("sfa", 2)], ["crm"], None),
        (9, [_line("crm", 1), _line("sfa", 2)], ["crm", "sfa"], 3),
    ],
)
def test_the_amount_of_a_deal_goes_before_that_of_its_lines(
    amount: Any, lines: list[mf.DealLine], products: Any, expected: Any
) -> None:
    """A product's part is that of its lines; without amounts on them nobody knows it."""
    assert amount_of(won(1, 1, 0, 1, amount, lines=lines), products) == expected


def test_only_what_is_closed_by_the_day_counts() -> None:
    """Law 5: The future does not change the past: what is closed later is open as of the day."""
    deals = [
        won(1, 1, 0, 10),
        _lost(2, 0, 11),
        won(3, 1, 20, 9),
        mf.Deal(4, 1, at(0)),
    ]
    told = win_rate(deals, as_of=after(10), zone="UTC")
    assert (told.num, told.den, told.status) == (1, 1, "small_n")
    assert win_rate(deals, as_of=after(9), zone="UTC").status == "undefined"
    assert (win_rate(deals, **ALL).num, win_rate(deals, **ALL).den) == (2, 3)
    assert win_rate(deals, **ALL, min_n=3).status == "ok"


def test_a_rate_by_value_says_so() -> None:
    """And is another one than that by number."""
    deals = [won(1, 1, 0, 1, 900), _lost(2, 0, 1, 50), _lost(3, 0, 1, 50)]
    by_value = win_rate_by_value(deals, **ALL, fx=FX)
    assert (by_value.value, by_value.interval) == (0.9, None)
    assert "value" in by_value.basis.text()
    assert "（金額・JPY）" in by_value.basis.text("ja")
    by_number = win_rate(deals, **ALL)
    assert (by_number.value, by_number.basis.text()) == (
        1 / 3,
        f"deals won of those closed by {after(100)}, by number",
    )


def test_a_rate_by_value_needs_every_price() -> None:
    """Without it, the rate would be that of the other deals."""
    deals = [won(1, 1, 0, 1, 9, currency="USD"), _lost(2, 0, 1, 100)]
    assert win_rate_by_value(deals, **ALL, fx=FX).value == 0.9
    told = win_rate_by_value([*deals, _lost(3, 0, 1, 1, currency="EUR")], **ALL, fx=FX)
    assert (told.value, told.status, told.num, told.den) == (None, "unpriced", 2, 3)
    assert win_rate_by_value([], **ALL, fx=FX).status == "undefined"
    assert win_rate_by_value([_lost(1, 0, 1, 0)], **ALL, fx=FX).status == "undefined"


def test_a_product_has_its_own_rates() -> None:
    """Deals about it, with its part of their value."""
    both = [_line("crm", 300), _line("sfa", 100)]
    deals = [won(1, 1, 0, 1, 400, lines=both), _lost(2, 0, 1, 700, lines=[_line("sfa")])]
    assert win_rate(deals, **ALL, product_id="crm").den == 1
    assert win_rate_by_value(deals, **ALL, fx=FX, product_id="sfa").value == 100 / 800


@given(spans=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30), st.booleans()), max_size=9))
def test_days_to_close_are_never_negative(spans: list[tuple[int, int, bool]]) -> None:
    """What was closed before it was opened is counted apart; the rest is a median."""
    deals = [
        won(n, 1, opened, closed) if is_won else _lost(n, opened, closed)
        for n, (opened, closed, is_won) in enumerate(spans)
    ]
    told = days_to_close(deals, **ALL)
    for measure, wanted in ((told.won, True), (told.lost, False)):
        took = sorted(c - o for o, c, is_won in spans if is_won == wanted and c >= o)
        assert measure.den == len(took)
        if not took:
            assert (measure.value, measure.status) == (None, "undefined")
            continue
        middle = (took[(len(took) - 1) // 2] + took[len(took) // 2]) / 2
        assert measure.value == middle >= 0
    assert told.closed_before_opened == sum(closed < opened for opened, closed, _ in spans)


def test_deals_are_deals_and_each_is_there_once() -> None:
    """Equal ones count once; those that differ are a fault, and so is no day."""
    assert win_rate([won(1, 1, 0, 1)] * 2, **ALL).den == 1
    with pytest.raises(InvalidDataError, match=r"deals\[1\].id: is used twice"):
        win_rate([won(1, 1, 0, 1), won(1, 1, 0, 2)], **ALL)
    with pytest.raises(InvalidDataError) as told:
        win_rate([1], as_of=at(0), zone="UTC")  # type: ignore[list-item]
    assert [one.path for one in told.value.problems] == ["deals[0]", "as_of"]


# -- the deals of Maven --


def test_the_deals_of_maven(shared_data: Path) -> None:
    """Win rate .63150 of all and .6356 of GTX Pro; 57 days to win, 14 to lose, at the median."""
    deals = sources.read("maven", shared_data / "maven_crm").deals
    asked: dict[str, Any] = {"as_of": after(0), "zone": "America/New_York"}
    whole = win_rate(deals, **asked)
    assert (whole.num, whole.den, round(float(whole.value or 0), 5)) == (4_238, 6_711, 0.63150)
    gtx = win_rate(deals, **asked, product_id="GTX Pro")
    assert (gtx.num, gtx.den, round(float(gtx.value or 0), 4)) == (729, 1_147, 0.6356)
    took = days_to_close(deals, **asked)
    assert (took.won.value, took.lost.value, took.closed_before_opened) == (57, 14, 0)
    # The export sets what was lost to 0: a rate by value would say that all was won.
    told = win_rate_by_value(deals, **asked, fx=FxTable("USD"))
    assert (told.value, told.den) == (1.0, 10_005_534)
