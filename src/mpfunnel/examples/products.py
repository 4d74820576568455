"""The invented firm: what it sells, for how much, and which product makes the next one likely."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from attrs import frozen

from mpfunnel.labels import Label
from mpfunnel.records import Product

__all__ = ["FIRM", "LIFTS", "PRICES", "PRODUCTS", "SOLD_FROM", "Firm"]


@frozen
class Firm:
    """The firm whose CRM the examples show."""

    name: Label
    domain: str
    """Ends in `.example`, which is reserved for examples (RFC 2606)."""
    products: tuple[Product, ...]


SOLD_FROM: Final[Mapping[str, date]] = MappingProxyType(
    {
        "crm": date(2014, 4, 1),
        "sfa": date(2017, 4, 1),
        "ma": date(2020, 10, 1),
        "bi": date(2023, 4, 1),
    }
)

PRODUCTS: Final = (
    Product(
        id="crm",
        name=Label("CRM Cloud", "CRMクラウド"),
        family="sales",
        grade=1,
        lifecycle="maturity",
        sold_from=SOLD_FROM["crm"],
    ),
    Product(
        id="sfa",
        name=Label("Sales Force Automation", "営業支援"),
        family="sales",
        grade=2,
        lifecycle="growth",
        sold_from=SOLD_FROM["sfa"],
    ),
    Product(
        id="ma",
        name=Label("Marketing Automation", "マーケティングオートメーション"),
        family="marketing",
        grade=1,
        lifecycle="growth",
        sold_from=SOLD_FROM["ma"],
    ),
    Product(
        id="bi",
        name=Label("Analytics Platform", "分析基盤"),
        family="analytics",
        grade=1,
        lifecycle="introduction",
        sold_from=SOLD_FROM["bi"],
    ),
)
"""`sfa` is `crm` with pipeline and forecast: the higher grade of one family."""

PRICES: Final[Mapping[str, int]] = MappingProxyType(
    {"crm": 36_000, "sfa": 60_000, "ma": 48_000, "bi": 30_000}
)
"""Yen per seat and year."""

LIFTS: Final[Mapping[tuple[str, str], int]] = MappingProxyType(
    {("crm", "sfa"): 2, ("crm", "ma"): 3, ("sfa", "bi"): 2, ("ma", "bi"): 2}
)
"""(owned, wanted) → how many times likelier the generator makes an owner want the second one."""

FIRM: Final = Firm(Label("Hayaseria, Inc.", "ハヤセリア株式会社"), "hayaseria.example", PRODUCTS)
"""Invented: no company of this name is known to the authors."""
