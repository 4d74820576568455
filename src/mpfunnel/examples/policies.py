"""The playbook of the invented firm: the starter, with tiers of its own.

The same playbook stands in `playbooks/invented.toml`, where it can be read without Python.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from attrs import evolve

from mpfunnel.examples.products import FIRM, PRODUCTS
from mpfunnel.facts import company
from mpfunnel.labels import Label
from mpfunnel.playbook import Playbook
from mpfunnel.rules.conditions import Condition
from mpfunnel.rules.tables import Rule
from mpfunnel.segments import SegmentTable
from mpfunnel.starters import NOT_A_TARGET, starter
from mpfunnel.tiers import Tier, TierTable

__all__ = ["PLAYBOOK", "SEGMENTS", "TIERS"]

OKU: Final = 100_000_000
"""億: revenue in Japan is thought of in hundreds of millions of yen."""


def _tiers(first: Condition, second: Condition, third: Condition) -> TierTable:
    return TierTable(
        rules=(
            NOT_A_TARGET,
            Rule(Tier(1), first, key="first"),
            Rule(Tier(2), second, key="second"),
            Rule(Tier(3), third, key="third"),
        ),
        otherwise=Tier(4),
        otherwise_because=Label("no reason to go there earlier", "優先する条件に当てはまらない"),
    )


_markets_itself: Final = company.industry.is_in("製造業", "情報通信業", "卸売業，小売業")

TIERS: Final[Mapping[str, TierTable]] = MappingProxyType(
    {
        "crm": _tiers(
            company.on_list("fy26") | (company.employees >= 1_000),
            company.employees >= 100,
            company.employees >= 30,
        ),
        "sfa": _tiers(
            (company.employees >= 300) & company.industry.is_in("製造業", "卸売業，小売業"),
            company.employees >= 300,
            company.employees >= 50,
        ),
        "ma": _tiers(
            (company.employees >= 300) & _markets_itself,
            (company.employees >= 100) & _markets_itself,
            _markets_itself,
        ),
        "bi": _tiers(
            (company.employees >= 1_000) & company.industry.is_in("金融業，保険業", "製造業"),
            company.annual_revenue >= 100 * OKU,
            company.annual_revenue >= 10 * OKU,
        ),
    }
)

PLAYBOOK: Final[Playbook] = evolve(starter(PRODUCTS, lang="ja"), tiers=TIERS, name=FIRM.name)
"""Segments, engagement and funnel are those of the starter."""

SEGMENTS: Final[SegmentTable] = PLAYBOOK.segments
