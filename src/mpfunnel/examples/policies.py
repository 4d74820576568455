"""How the invented firm sorts its market: one table of segments, one table of tiers per product."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mpfunnel.facts import company
from mpfunnel.labels import Label
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.tables import Rule
from mpfunnel.segments import Segment, SegmentTable
from mpfunnel.tiers import Tier, TierTable

__all__ = ["SEGMENTS", "TIERS"]

OKU: Final = 100_000_000
"""億: revenue in Japan is thought of in hundreds of millions of yen."""


def _related(key: str, en: str, ja: str) -> Rule[Segment]:
    return Rule(Segment(key, Label(en, ja)), company.relationships.contains_any(key), key=key)


SEGMENTS: Final = SegmentTable(
    rules=(
        _related("own_group", "own group", "自社・グループ"),
        _related("do_not_trade", "do not trade", "取引禁止先"),
        _related("competitor", "competitor", "競合"),
        Rule(
            Segment("student", Label("student, job seeker", "学生・求職者")),
            company.flag("student", label=Label("student", "学生・求職者")),
            key="student",
        ),
        Rule(
            Segment("individual", Label("individual", "個人")),
            company.flag("individual", label=Label("individual", "個人")),
            key="individual",
        ),
        Rule(
            Segment("public_body", Label("public body", "官公庁・自治体")),
            company.flag("public_body", label=Label("public body", "官公庁・自治体")),
            key="public_body",
        ),
        _related("partner", "partner", "パートナー"),
        Rule(
            Segment("enterprise", Label("enterprise", "大企業")),
            (company.employees >= 1_000) | (company.annual_revenue >= 1_000 * OKU),
            key="enterprise",
        ),
        Rule(
            Segment("mid_market", Label("mid-market", "中堅企業")),
            (company.employees >= 300) | (company.annual_revenue >= 100 * OKU),
            key="mid_market",
        ),
        Rule(
            Segment("small", Label("small business", "中小企業")),
            (company.employees >= 50) | (company.annual_revenue >= 10 * OKU),
            key="small",
        ),
    ),
    otherwise=Segment("micro", Label("micro business", "小規模事業者")),
)
"""A partner who is also a customer is a partner: the order of the rules decides."""


def _tiers(first: Condition, second: Condition, third: Condition) -> TierTable:
    return TierTable(
        rules=(
            Rule(Tier(1), first, key="first"),
            Rule(Tier(2), second, key="second"),
            Rule(Tier(3), third, key="third"),
        ),
        otherwise=Tier(4),
    )


_makes_or_informs: Final = company.industry.is_in("製造業", "情報通信業")

TIERS: Final[Mapping[str, TierTable]] = MappingProxyType(
    {
        "crm": _tiers(
            company.on_list("fy26") | (company.employees >= 1_000),
            company.employees >= 300,
            company.employees >= 50,
        ),
        "sfa": _tiers(
            (company.employees >= 300) & company.industry.is_in("製造業", "卸売業，小売業"),
            company.employees >= 300,
            company.employees >= 50,
        ),
        "ma": _tiers(
            (company.employees >= 300) & _makes_or_informs,
            (company.employees >= 100) & _makes_or_informs,
            _makes_or_informs,
        ),
        "bi": _tiers(
            (company.employees >= 1_000) & company.industry.is_in("金融業，保険業", "製造業"),
            company.annual_revenue >= 100 * OKU,
            company.annual_revenue >= 10 * OKU,
        ),
    }
)
