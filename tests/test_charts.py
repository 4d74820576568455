"""Charts and the page of the flow, drawn and read again."""

from __future__ import annotations

import re
import sys
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from mpfunnel import charts
from mpfunnel.calendars import BusinessCalendar
from mpfunnel.errors import InvalidDataError, MissingExtraError
from mpfunnel.examples import PLAYBOOK
from mpfunnel.flow import (
    Band,
    Effort,
    Insight,
    Journey,
    balance,
    cohorts,
    flow_report,
    gap_map,
    months,
    quarter_for,
)
from mpfunnel.labels import Label, Lang
from tests.campaign_worlds import asked, company, did, spent, won
from tests.flow_journeys import DAY, after, journey

NAMES = charts.Names.of(PLAYBOOK)
AS_OF = after(80)
RESULTS = asked(
    [company(1, [did(1, 1, "email_click", 1)], [won(1, 1, 3, 5)]), company(2)],
    spends=[spent(1, 500)],
)
BAD = "<script>alert(1)</script>"


def _journeys() -> list[Journey]:
    """Sixty companies in a target market, of which half are reached, and few won."""
    found: list[Journey] = []
    for number in range(120):
        # Of the second product fewer are reached, so that there is something to see.
        product = "crm" if number % 2 else "ma"
        days = [0, 5, 9, 20, 30, 45][: 1 + number % (6 if product == "crm" else 4)]
        segment = None if number % 7 == 0 else "competitor"
        found.append(journey(*days, unit=f"u{number}", product=product, segment=segment))
    return found


JOURNEYS = _journeys()
REPORT = flow_report(
    JOURNEYS, period=quarter_for(DAY, BusinessCalendar()), as_of=AS_OF, within_days=30
)
GAPS = gap_map(JOURNEYS, reference=[0.9, 0.9, 0.9, 0.9, 0.9], as_of=AS_OF)
COHORTS = cohorts(JOURNEYS, "target", periods=months(DAY, after(60)), as_of=AS_OF, within_days=30)
BALANCES = balance(
    [Effort(30, "hours", "upstream"), Effort(70, "hours", "downstream"), Effort(None, "JPY")],
    bands=[Band("upstream", 0.4, 0.6)],
)


def texts(chart: Any) -> str:
    """Return all that is written in a chart, as it is drawn."""
    svg = charts.svg(chart)
    return "\n".join(one.text or "" for one in ET.fromstring(svg).iter() if one.text)


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", ["Funnel", "Q1 FY2026", "CRM Cloud", "target", "won", "60 → ", "upstream"]),
        ("ja", ["ファネル", "2026年度第1四半期", "CRMクラウド", "ターゲット", "受注", "下流"]),
    ],
)
def test_the_funnel_shows_what_came_in_and_what_went_on(lang: Lang, wanted: list[str]) -> None:
    """For each product, under its name."""
    said = texts(charts.funnel(REPORT, names=NAMES, lang=lang))
    assert [one for one in wanted if one not in said] == []


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", ["Gap map", "Marketing Automation × ", "hand-off", "× segment unknown", "no rate"]),
        ("ja", ["ギャップマップ", "引き渡し", "競合", "セグメント不明", "算出不可", "下流"]),
    ],
)
def test_the_heat_map_names_cells_passages_and_verdicts(lang: Lang, wanted: list[str]) -> None:
    """A rate that there is not is said, and not drawn as 0."""
    said = texts(charts.gap_heat(GAPS, names=NAMES, lang=lang))
    assert [one for one in wanted if one not in said] == []


def test_a_field_without_reference_has_no_colour() -> None:
    """It says its rate all the same."""
    gaps = gap_map(JOURNEYS, reference=[None, 0.5, 0.5, 0.5, 0.5], as_of=AS_OF)
    chart = charts.gap_heat(gaps)
    rows = chart.to_dict()["data"]["values"]
    absent = [one for one in rows if one["difference"] is None]
    assert charts.svg(chart).count('fill="#dcdcdc"') == len(absent) > 4
    assert [one["difference"] for one in rows if one["passage"] == "reach"] == [None] * 4
    assert all("%" in one["said"] for one in rows if one["passage"] == "reach")


@pytest.mark.parametrize(
    ("lang", "wanted"), [("en", ["Cohorts", "April 2026"]), ("ja", ["コホート", "2026年4月"])]
)
def test_cohorts_are_followed_month_by_month(lang: Lang, wanted: list[str]) -> None:
    """One line for each later step."""
    said = texts(charts.cohort_lines(COHORTS, names=NAMES, lang=lang))
    assert [one for one in wanted if one not in said] == []


@pytest.mark.parametrize("given", [(), (COHORTS[0], evolve(COHORTS[0], step="reached"))])
def test_cohorts_of_several_steps_are_not_drawn_as_one(given: Any) -> None:
    """Nor is nothing at all."""
    with pytest.raises(InvalidDataError, match="cohorts: must be of one step"):
        charts.cohort_lines(given)


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", ["Balance", "30.0%", "upstream", "hours"]),
        ("ja", ["上流と下流の配分", "下流", "工数"]),
    ],
)
def test_the_balance_shows_shares_beside_the_bands(lang: Lang, wanted: list[str]) -> None:
    """A part that has no amount has no bar, and says why."""
    chart = charts.balance_bars(BALANCES, lang=lang)
    said = texts(chart)
    assert [one for one in wanted if one not in said] == []
    assert len(chart.to_dict()["data"]["values"]) == 5


@pytest.mark.parametrize(("lang", "wanted"), [("en", "Campaigns"), ("ja", "キャンペーン比較")])
def test_campaigns_are_compared_by_one_figure(lang: Lang, wanted: str) -> None:
    """A share with its interval, an amount without."""
    found = RESULTS
    said = texts(charts.campaign_bars(found.campaigns, lang=lang))
    assert wanted in said
    assert found.campaigns[0].label.text(lang) in said
    money = charts.campaign_bars(found.motions, "spend", lang=lang).to_dict()
    assert {one["low"] for one in money["data"]["values"]} == {None}
    assert charts.campaign_bars((), lang=lang).to_dict()["data"]["values"] == []


def test_a_figure_stands_behind_its_interval() -> None:
    """Where it can be read: neither on the bar nor on the interval."""
    (row,) = charts.campaign_bars(RESULTS.campaigns).to_dict()["data"]["values"]
    assert row["beside"] >= max(row["value"], row["high"])
    (spend,) = (
        one
        for one in charts.campaign_bars(RESULTS.motions, "spend").to_dict()["data"]["values"]
        if one["value"]
    )
    assert spend["beside"] == spend["value"]


def test_a_figure_that_does_not_exist_is_named() -> None:
    """With the nearest one."""
    with pytest.raises(InvalidDataError, match="figure: no such figure; did you mean 'response'"):
        charts.campaign_bars((), "respons")


def test_what_nobody_has_named_is_called_by_its_id() -> None:
    """And the whole firm by its word."""
    names = charts.Names()
    assert names.product("crm", "ja") == "crm"
    assert names.product(None, "ja") == "全社"
    assert names.segment("x", "en") == "x"
    assert names.segment(None, "en") == "segment unknown"


# -- the page --


def _page(lang: Lang = "en", **given: Any) -> str:
    whole: dict[str, Any] = {
        "firm": "Nagimine",
        "gaps": GAPS,
        "insights": [
            Insight("a", "survey", Label("no time", "人手不足"), ("report",), DAY, AS_OF, "ma"),
            Insight("b", "survey", "growing", ("report",), DAY, after(10)),
        ],
        "cohorts": COHORTS,
        "results": RESULTS,
        "balances": BALANCES,
        "names": NAMES,
        "lang": lang,
    }
    return charts.page(REPORT, **(whole | given))


@pytest.mark.parametrize(
    ("lang", "wanted"),
    [
        ("en", ["The flow of Nagimine", "Q1 FY2026, as of 2026-06-20", "no time", "(expired"]),
        ("ja", ["Nagimineのフローレポート", "基準日", "人手不足", "期限切れ", "受注率"]),
    ],
)
def test_the_page_holds_all_that_was_given(lang: Lang, wanted: list[str]) -> None:
    """Five charts, the tables, and research beside the gap that it speaks of."""
    html = _page(lang)
    assert [one for one in wanted if one not in html] == []
    assert html.count("<figure>") == 5
    assert f'<html lang="{lang}">' in html


def test_the_page_opens_without_a_network() -> None:
    """Nothing in it is loaded from anywhere."""
    html = _page()
    assert re.findall(r"<script|<link|<img|@import|(?:src|href)=|url\((?!#)", html) == []


def test_what_is_not_given_is_left_out() -> None:
    """The flow alone is a page, too."""
    nothing: dict[str, Any] = {
        "gaps": None,
        "cohorts": (),
        "results": None,
        "balances": (),
        "insights": (),
    }
    html = _page(**nothing)
    assert html.count("<figure>") == 1
    assert "<h2>Gap map" not in html


def test_nothing_that_people_wrote_becomes_markup() -> None:
    """Names of firms and of products come from anywhere."""
    names = charts.Names(products={"crm": Label(BAD), "ma": Label(BAD)})
    html = _page(firm=BAD, names=names)
    assert BAD not in html
    assert "&lt;script&gt;" in html


def test_a_page_is_the_same_every_time() -> None:
    """Law 9: same input, same bytes."""
    assert _page() == _page()


def test_a_language_that_there_is_not_is_refused() -> None:
    """As everywhere."""
    with pytest.raises(InvalidDataError, match="lang: must be 'en' or 'ja', not 'fr'"):
        charts.page(REPORT, firm="x", lang="fr")  # type: ignore[arg-type] # refused on purpose


@pytest.mark.parametrize("absent", ["altair", "jinja2", "vl_convert"])
def test_what_is_not_installed_is_named(absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the extra that brings it."""
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'mpfunnel\[charts\]'$"):
        _page()


def test_a_period_under_way_says_so() -> None:
    """Its figures will still move."""
    report = flow_report(
        JOURNEYS, period=quarter_for(DAY, BusinessCalendar()), as_of=date(2026, 5, 1), within_days=5
    )
    assert "(not over yet)" in charts.page(report, firm="x")
