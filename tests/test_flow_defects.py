"""Defects of published metric code that this code does not have: each test would fail with it.

Those of the report of the flow (mixed cohorts, re-entry, lost deals, boundaries) have tests there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.credit import Conversion, Touch, credited
from mpfunnel.flow.campaigns.deals import days_to_close, win_rate, win_rate_by_value
from mpfunnel.flow.campaigns.money import FxRate, FxTable, total
from mpfunnel.flow.campaigns.records import Campaign, Statistic
from mpfunnel.flow.campaigns.returns import cac, roas, roi
from mpfunnel.flow.measures import Measure
from tests.campaign_worlds import DAY, MAIL, after, asked, at, company, did, one, spent, won

ALL: dict[str, Any] = {"as_of": after(100), "zone": "UTC"}


def _money(amount: int) -> Measure:
    return Measure(Decimal(amount), "money", "x")


def test_ratio_precedence() -> None:
    """ROI is (value - cost) / cost, not value - cost / cost: 300 for 100 is 2, and not 299."""
    assert roi(_money(300), _money(100), "x").value == 2
    assert roas(_money(300), _money(100), "x").value == 3
    assert roi(_money(50), _money(100), "x").value == -0.5


def test_summed_currencies() -> None:
    """100 dollars and 100 yen are not 200 of anything, neither as cost nor as value."""
    fx = FxTable("JPY", [FxRate("USD", 150, DAY)])
    deals = [won(1, 1, 11, 12, 100), won(2, 1, 11, 12, 100, currency="USD")]
    told = one(
        company(1, [did(1, 1, "email_open", 10)], deals),
        spends=[spent(0, 100), spent(0, 100, currency="USD")],
        fx=fx,
    )
    assert told.spend.value == told.value.value == 15_100


def test_negative_days_to_close() -> None:
    """A deal closed before it was opened shortens no median: it is counted apart."""
    deals = [won(1, 1, 0, 10), won(2, 1, 0, 20), won(3, 1, 50, 1), won(4, 1, 60, 1)]
    told = days_to_close(deals, **ALL)
    assert (told.won.value, told.won.den, told.closed_before_opened) == (15, 2, 2)


def test_0_against_null_for_an_empty_denominator() -> None:
    """Nothing of nothing is undefined; nothing of something is 0."""
    untouched, silent = one(spends=[spent(0, 10)]), one(company(1, [did(1, 1, "email_open", 1)]))
    assert (untouched.response.value, untouched.response.status) == (None, "undefined")
    assert (silent.response.value, silent.response.status) == (0, "ok")
    assert (untouched.deal_conversion.value, silent.deal_conversion.value) == (None, 0)
    assert (untouched.cac.value, untouched.cac.status) == (None, "undefined")
    assert win_rate([], **ALL).value is None
    assert roi(_money(5), _money(0), "x").value is None
    assert roi(_money(0), _money(5), "x").value == -1
    assert cac(_money(5), 0, "x").status == "undefined"


def test_a_value_weighted_rate_under_the_name_of_a_count() -> None:
    """The win rate is by number; what is weighted by value has another name."""
    deals = [
        won(1, 1, 0, 1, 9_000),
        evolve(won(2, 1, 0, 1, 500), status="lost"),
        evolve(won(3, 1, 0, 1, 500), status="lost"),
    ]
    by_number = win_rate(deals, **ALL)
    assert by_number.value == 1 / 3
    assert "by number" in by_number.basis.text()
    by_value = win_rate_by_value(deals, **ALL, fx=FxTable("JPY"))
    assert by_value.value == 0.9
    assert "value" in by_value.basis.text()


def test_views_as_clicks() -> None:
    """A mail that was opened and a page that was shown are delivered, and no response."""
    accounts = [
        company(n, [did(1, n, "email_open", 1), did(2, n, "email_open", 2)]) for n in (1, 2)
    ]
    told = one(*accounts, company(3, [did(1, 3, "email_click", 1)]))
    assert (told.response.num, told.response.den) == (1, 3)
    shown = Statistic("impressions", DAY, 1_000, campaign_id=1)
    book = CampaignBook([Campaign(1, "social", DAY)], statistics=[shown])
    social = asked([company(1, [did(1, 1, "email_click", 1)])], book=book).campaigns[0]
    assert (social.kpis["impressions"].value, social.response.den) == (1_000, 1)


def test_a_missing_rate_as_1() -> None:
    """An amount without a rate is counted and has no price; a return on it is not told."""
    fx = FxTable("JPY", [FxRate("USD", 150, DAY, after(11))])
    assert fx.priced(100, "USD", after(12)) is None
    deals = [won(1, 1, 11, 12, 100, currency="USD"), won(2, 1, 11, 12, 70)]
    told = one(company(1, [did(1, 1, "email_open", 10)], deals), spends=[spent(0, 10)], fx=fx)
    assert (told.value.value, told.value.status) == (70, "unpriced")
    assert (told.value.num, told.value.den, told.won.value) == (1, 2, 2)
    assert (told.roi.value, told.roi.status, told.cac.value) == (None, "unpriced", 10)
    lost = one(company(1), spends=[spent(0, 10), spent(0, 1, currency="EUR")], fx=fx)
    assert [lost.measures[name].status for name in ("spend", "cac", "roi", "roas")] == [
        "unpriced"
    ] * 4
    assert total([None], "x").value is None


def test_same_day_roi() -> None:
    """Money of yesterday against sales of yesterday says nothing: the horizon is over first."""
    world = company(1, [did(1, 1, "email_open", 10)], [won(1, 1, 10, 10, 900)])
    young = one(world, spends=[spent(10, 100)], as_of=10)
    assert (young.roi.value, young.roi.status, young.roi.pending) == (None, "immature", 1)
    assert (young.spend.value, young.cost.value, young.value.value) == (100, None, 0)
    ripe = one(world, spends=[spent(10, 100)], as_of=15)
    assert (ripe.roi.value, ripe.roi.status) == (8.0, "ok")
    assert "within 5 days" in ripe.roi.basis.text()


def test_cost_and_value_of_mixed_cohorts() -> None:
    """The proceeds of old touches are never set against the costs of new ones."""
    old = company(1, [did(1, 1, "email_open", 0)], [won(1, 1, 1, 3, 900)])
    before = one(old, spends=[spent(0, 300)], as_of=50)
    after_more = one(old, spends=[spent(0, 300), spent(49, 9_999)], as_of=50)
    assert before.roi.value == after_more.roi.value == 2
    assert after_more.roi.status == "immature"


def test_a_company_touched_twice_counted_twice() -> None:
    """Who comes back to a campaign, or is in two of a tactic, is one company with one deal."""
    touches = [
        did(1, 1, "email_click", 10),
        did(2, 1, "email_click", 13),
        did(3, 1, "reply", 12, 2),
    ]
    results = asked(
        [company(1, touches, [won(1, 1, 13, 14)])], campaigns=[MAIL, Campaign(2, "email", DAY)]
    )
    (tactic,) = results.tactics
    for name in ("reached", "engaged", "deals", "won"):
        assert tactic.measures[name].value == 1, name
    assert (tactic.value.value, tactic.response.den) == (1_000, 1)
    assert sum(row.won.value for row in results.campaigns) == 2  # type: ignore[misc]


@pytest.mark.parametrize(("touched", "key"), [(10, "a"), (9, None)])
def test_the_boundary_of_a_window_unstated(touched: int, key: str | None) -> None:
    """Within 30 days is 30 days and not 29 or 31: by the day, whatever the hour."""
    told = credited(
        [Touch(1, "a", at(touched, 0), 1)],
        [Conversion(1, 1, at(40, 23))],
        rule="first",
        look_back_days=30,
        **ALL,
    )
    assert [one.key for one in told.credits] == [key]


def test_lost_deals_dropped() -> None:
    """A lost deal was opened: it is among the deals, though not among those won."""
    lost = evolve(won(1, 1, 11, 12), status="lost")
    told = one(company(1, [did(1, 1, "email_open", 10)], [lost]))
    assert (told.deals.value, told.won.value, told.deal_conversion.num) == (1, 0, 1)


def test_unmatched_people_as_a_company() -> None:
    """Those without company are no company together."""
    strays = mf.Account(None, leads=[mf.Lead(7), mf.Lead(8)], activities=[did(1, 7, "reply", 1)])
    assert one(strays).reached.value == 0
