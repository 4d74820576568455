"""Leads of the invented market, and what they do before anybody sells them anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import frozen

from mpfunnel.examples.ledger import DAYS_KEPT, Ledger
from mpfunnel.examples.market import person_name, personal_mail
from mpfunnel.records import Activity, Consent, Lead

__all__ = ["MOODS", "Mood", "add_lead"]


@frozen
class Mood:
    """How a kind of lead behaves."""

    least: int
    most: int
    """Activities in all."""
    kinds: Mapping[str, int]
    """Activity kind → share."""
    burst: bool = False
    """Within six weeks and mostly about one product, rather than now and then about anything."""


MOODS: Final[Mapping[str, Mood]] = {
    "cold": Mood(
        0,
        2,
        {
            **{"email_open": 40, "page_view": 20, "email_click": 8, "business_card": 20},
            **{"asset_downloaded": 6, "seminar_attended": 4, "careers_page": 2},
        },
    ),
    "warm": Mood(
        3,
        7,
        {
            **{"email_open": 30, "page_view": 25, "email_click": 15, "business_card": 8},
            **{"asset_downloaded": 10, "webinar_attended": 6, "pricing_page": 4},
            **{"seminar_attended": 2},
        },
    ),
    "hot": Mood(
        9,
        32,
        {
            **{"page_view": 25, "email_open": 15, "email_click": 12, "asset_downloaded": 14},
            **{"webinar_attended": 10, "pricing_page": 14, "seminar_attended": 3},
            **{"business_card": 2, "demo_request": 2, "quotation_request": 2, "inquiry": 1},
        },
        burst=True,
    ),
    "reader": Mood(
        18,
        40,
        {
            **{"page_view": 40, "asset_downloaded": 25, "pricing_page": 15, "email_open": 10},
            **{"webinar_attended": 10},
        },
    ),
    "student": Mood(2, 6, {"careers_page": 60, "page_view": 40}),
}
"""A few hot leads make most of the noise; competitors read everything and ask for nothing."""

_FIRM_WIDE: Final = frozenset({"business_card", "careers_page"})
# Nobody asks for the price or a demo of nothing in particular; an inquiry may be about anything.
_NAMES_PRODUCT: Final = frozenset({"quotation_request", "demo_request"})
_ABOUT: Final = {"one": 70, "two": 10, "firm": 20}
_CAMPAIGNS: Final = {
    "email_open": "mail",
    "email_click": "mail",
    "webinar_attended": "webinar",
    "seminar_attended": "seminar",
}
_TITLES: Final = {"担当": 30, "主任": 15, "係長": 12, "課長": 20, "部長": 13, "取締役": 6, "": 4}
_DEPARTMENTS: Final = {
    **{"営業部": 25, "マーケティング部": 15, "情報システム部": 18, "経営企画部": 12},
    **{"総務部": 10, "": 20},
}
_SOURCES: Final = {
    **{"web_form": 30, "webinar": 20, "exhibition": 20, "business_card": 15, "referral": 5},
    **{"seminar": 10},
}
_BASES: Final = {"consent": 60, "business_card": 25, "business_relation": 15}


def add_lead(
    ledger: Ledger,
    lead_id: int,
    mood: Mood,
    wants: Mapping[str, int],
    *,
    domain: str | None,
    at_company: bool,
    attributes: Mapping[str, bool],
) -> tuple[str, int]:
    """Write one lead with its activities.

    Args:
        ledger: Where to.
        lead_id: Its id.
        mood: How it behaves.
        wants: Product → share of its interest.
        domain: Of its mail; personal mail where `None`.
        at_company: Whether it belongs to the company of the ledger.
        attributes: Custom attributes that apply.

    Returns:
        The product that it wants most, and how many days ago it was last seen (0 if never).
    """
    dice = ledger.dice
    main = dice.among(wants)
    agos = _agos(ledger, mood)
    moments = sorted(ledger.moment(ago) for ago in agos)
    for index, at in enumerate(moments):
        kind = dice.among(mood.kinds)
        campaign = _CAMPAIGNS.get(kind)
        ledger.activities.append(
            Activity(
                id=lead_id * 1000 + index,
                lead_id=lead_id,
                kind=kind,
                at=at,
                product_ids=_products(ledger, kind, main if mood.burst else None, wants),
                campaign_id=campaign and f"{campaign}-{at:%Y-%m}",
            )
        )
    first = moments[0] if moments else ledger.moment(1 + dice.below(DAYS_KEPT))
    created = first - timedelta(days=dice.below(200))
    name, reading = person_name(dice)
    # The id tells namesakes of one company apart.
    own_mail = f"{reading}.{lead_id % 100}@{domain}"
    ledger.leads.append(
        Lead(
            id=lead_id,
            company_id=ledger.number if at_company else None,
            email=personal_mail(reading, lead_id) if domain is None else own_mail,
            name=name,
            title=dice.among(_TITLES) if at_company else None,
            department=dice.among(_DEPARTMENTS) if at_company else None,
            # No number in Tokyo begins with 0 after the area code.
            phone=f"03-0000-{lead_id % 10_000:04}" if dice.chance(600) else None,
            source=dice.among(_SOURCES),
            created_at=created,
            interests=frozenset({main} if mood.burst and dice.chance(500) else ()),
            consents=_consents(ledger, created),
            attributes=attributes,
        )
    )
    return main, min(agos, default=0)


def _agos(ledger: Ledger, mood: Mood) -> list[int]:
    dice = ledger.dice
    count = mood.least + dice.below(mood.most - mood.least + 1)
    latest, width = 1, DAYS_KEPT
    if mood.burst:
        latest = 1 + dice.below(60) if dice.chance(500) else 61 + dice.below(DAYS_KEPT - 100)
        width = 42
    agos = (latest + dice.below(width) for _ in range(count))
    # At weekends offices are empty: what would fall there was done two days before.
    return [ago + 2 * (ledger.day(ago).weekday() >= 5) for ago in agos]


def _products(
    ledger: Ledger, kind: str, main: str | None, wants: Mapping[str, int]
) -> frozenset[str]:
    about = "firm" if kind in _FIRM_WIDE else ledger.dice.among(_ABOUT)
    if kind in _NAMES_PRODUCT:
        about = "one"
    if about == "firm":
        return frozenset()
    one = main or ledger.dice.among(wants)
    return frozenset({one} if about == "one" else {one, ledger.dice.among(wants)})


def _consents(ledger: Ledger, created: datetime) -> list[Consent]:
    dice = ledger.dice
    consents: list[Consent] = []
    if dice.chance(650):
        consents.append(Consent("email", True, created, dice.among(_BASES)))
    if dice.chance(100):
        consents.append(Consent("email", False, max(created, ledger.moment(1 + dice.below(90)))))
    if dice.chance(20):
        consents.append(Consent("phone", False, max(created, ledger.moment(1 + dice.below(90)))))
    return consents
