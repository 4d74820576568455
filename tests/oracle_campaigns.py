"""A second reckoning of campaigns, from the definitions and nothing else: slow and plain.

It knows the records, and neither the cohorts nor the measures of the flow. All money is in
one currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import mpfunnel as mf
from mpfunnel.flow.campaigns.records import Campaign, Spend

__all__ = ["LADDER", "results_by_hand"]

LADDER = [
    *("targeted", "sent", "delivered", "interacted"),
    *("registered", "attended", "engaged", "meeting_requested"),
]


def results_by_hand(
    campaigns: Sequence[Campaign],
    spends: Sequence[Spend],
    accounts: Sequence[mf.Account],
    *,
    as_of: date,
    statuses: Mapping[str, str | None],
    meetings: Sequence[str],
    horizon: int,
) -> dict[str, Any]:
    """Return the figures of some campaigns of one motion together."""
    companies = [one for one in accounts if one.company is not None]

    def touches(account: mf.Account, campaign: Campaign, least: str) -> list[mf.Activity]:
        wanted = LADDER[LADDER.index(least) :]
        return [
            one
            for one in account.activities
            if one.campaign_id == campaign.id
            and statuses.get(one.kind) in wanted
            and one.at.date() <= as_of
        ]

    def leads(least: str) -> set[Any]:
        return {one.lead_id for a in accounts for c in campaigns for one in touches(a, c, least)}

    def having(least: str) -> int:
        return sum(any(touches(a, c, least) for c in campaigns) for a in companies)

    pending, matured, met, opened, acquired = set(), set(), set(), set(), set()
    parts: dict[Any, set[Any]] = {}
    before = set()
    for account in companies:
        company_id = account.company.id  # type: ignore[union-attr]
        wins = [
            deal
            for deal in account.deals
            if deal.status == "won"
            and deal.opened_at.date() <= as_of
            and deal.closed_at is not None
            and deal.closed_at.date() <= as_of
        ]
        for campaign in campaigns:
            days = sorted(one.at.date() for one in touches(account, campaign, "delivered"))
            if not days:
                continue
            first = days[0]
            if (as_of - first).days < horizon:
                pending.add(company_id)
                continue
            matured.add(company_id)
            product = campaign.product_id

            def counts(day: date, first: date = first) -> bool:
                return first <= day and (day - first).days <= horizon

            for one in account.activities:
                about = product is None or not one.product_ids or product in one.product_ids
                known = one.at.date() <= as_of and counts(one.at.date())
                if one.kind in meetings and about and known:
                    met.add((company_id, one.at.date()))
            for deal in account.deals:
                about = product is None or product in [line.product_id for line in deal.lines]
                if not about or deal.opened_at.date() > as_of:
                    continue
                if counts(deal.opened_at.date()):
                    opened.add((company_id, deal.id))
                if deal in wins and counts(deal.closed_at.date()):  # type: ignore[union-attr]
                    parts.setdefault(deal.id, set()).add(product)
                    if deal.opened_at.date() < first:
                        before.add(deal.id)
                    if all(
                        other.closed_at.date() >= deal.closed_at.date()  # type: ignore[union-attr]
                        for other in wins
                    ):
                        acquired.add(company_id)

    value = Decimal(0)
    for account in companies:
        for deal in account.deals:
            for_products = parts.get(deal.id, set())
            if None in for_products:
                assert deal.amount is not None
                value += deal.amount
            else:
                for line in deal.lines:
                    if line.product_id in for_products:
                        assert line.amount is not None
                        value += line.amount
    past = [one for one in spends if one.day <= as_of]
    old = [one for one in past if (as_of - one.day).days >= horizon]
    if pending and not matured:
        old = []
    cost = sum(Decimal(one.amount) for one in old)
    ratio = None if not old or cost <= 0 else (float(value) - float(cost)) / float(cost)
    response = (len(leads("interacted")), len(leads("delivered")))
    return {
        "spend": sum(Decimal(one.amount) for one in past) if past else None,
        "cost": cost if old else None,
        "reached": having("delivered"),
        "engaged": having("engaged"),
        "unmatched": len(
            {
                one.lead_id
                for a in accounts
                if a.company is None
                for c in campaigns
                for one in touches(a, c, "delivered")
            }
        ),
        "response": response,
        "meetings": len(met),
        "deals": len(opened),
        "won": len(parts),
        "won_open_before": len(before),
        "value": value,
        "deal_conversion": (len({key[0] for key in opened}), len(matured)),
        "acquired": len(acquired),
        "roi": ratio,
        "pending": len(pending),
    }
