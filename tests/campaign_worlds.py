"""Small worlds of campaigns: what the tests of results, and of defects of others, are about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import mpfunnel as mf
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.outcomes import CampaignResult, CampaignResults
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.campaigns.results import campaign_results
from mpfunnel.flow.campaigns.touches import TouchStatus

DAY: Final = date(2026, 1, 1)
PLAYBOOK: Final = mf.starter(["crm", "sfa"])
STATUSES: Final[dict[str, TouchStatus | None]] = {
    "listed": "targeted",
    "email_sent": "sent",
    "email_open": "delivered",
    "email_click": "interacted",
    "webinar_attended": "attended",
    "reply": "engaged",
    "demo_request": "meeting_requested",
    "email_bounced": None,
}
MEETINGS: Final = ("meeting",)
HORIZONS: Final = {"upstream": 12, "downstream": 5}


def after(days: int) -> date:
    """Return a day so many days after the first."""
    return DAY + timedelta(days)


def at(days: int, hour: int = 3) -> datetime:
    """Return an instant on that day."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC) + timedelta(days)


def did(number: int, lead_id: int, kind: str, day: int, campaign: int | None = 1) -> mf.Activity:
    """Return an activity of a lead, by default of campaign 1."""
    return mf.Activity(number, lead_id, kind, at(day), campaign_id=campaign)


def won(
    number: int, company_id: int, opened: int, closed: int, amount: Any = 1_000, **others: Any
) -> mf.Deal:
    """Return a deal that was won."""
    return mf.Deal(
        number,
        company_id,
        at(opened, 0),
        status="won",
        closed_at=at(closed, 9),
        amount=amount,
        **others,
    )


def company(
    number: int,
    activities: Iterable[mf.Activity] = (),
    deals: Iterable[mf.Deal] = (),
) -> mf.Account:
    """Return a company with one lead of the same number."""
    return mf.Account(
        mf.Company(number), leads=[mf.Lead(number)], activities=activities, deals=deals
    )


MAIL: Final = Campaign(1, "email", DAY)


def asked(
    accounts: Iterable[mf.Account],
    *,
    campaigns: Iterable[Campaign] = (MAIL,),
    spends: Iterable[Spend] = (),
    as_of: int = 100,
    **others: Any,
) -> CampaignResults:
    """Return the results as of a day; the horizons are short."""
    book = others.pop("book", None) or CampaignBook(campaigns, spends)
    settings = {"statuses": STATUSES, "meetings": MEETINGS, "horizons": HORIZONS, "min_n": 1}
    return campaign_results(
        PLAYBOOK, book, accounts, **{**settings, "as_of": after(as_of), **others}
    )


def one(*accounts: mf.Account, **others: Any) -> CampaignResult:
    """Return the result of the first campaign."""
    return asked(accounts, **others).campaigns[0]


def spent(day: int, amount: int | str, campaign: int | None = 1, **others: Any) -> Spend:
    """Return a spend, by default on campaign 1."""
    given = Decimal(amount) if isinstance(amount, str) else amount
    return Spend(after(day), given, campaign_id=campaign, **others)
