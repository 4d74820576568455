"""Credits on whole tables: which touch each deal won is put down to, the first one or the last one.

The same as `mpfunnel.flow.campaigns.credit` says of accounts one by one. A deal is held against
the days on which its company was touched, and not against each touch: some firms keep all private
people as one company, with many deals and very many touches.
"""

from __future__ import annotations

from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.flow.campaigns.credit import CREDIT_RULES, CreditRule
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import Sorting

__all__ = ["credited"]

_WHOSE: Final = ("company_no", "for_about")


def credited(
    touches: Frame,
    leads: Frame,
    won: Frame,
    scopes: Frame,
    sorting: Sorting,
    look_back_days: int,
) -> dict[CreditRule, Frame]:
    """Return by rule how many deals are put down to each campaign: campaign_no and times.

    Args:
        touches: What was delivered: lead_no, id, at, at_day, campaign_no, and for_about, the place
            of the product of the campaign.
        leads: The leads, with lead_no and company_no.
        won: The deals won: deal_no, company_no, closed_at and closed.
        scopes: deal_no and about: the firm, and each of its products.
        sorting: Where the tables are worked on.
        look_back_days: How many days before the deal was won a touch may lie at most.
    """
    shop = sorting.workshop
    # Most touches are of people whose company never bought.
    buyers = leads.select("lead_no", "company_no")
    buyers = buyers.join(won.select("company_no").unique(), on="company_no")
    # Under this name, texts are put in the order of their code points everywhere (S14).
    ref = "ref" if sorting.door.id_type("activity") == nw.String() else "id"
    told = touches.join(buyers, on="lead_no")
    told = told.select(*_WHOSE, "lead_no", "at", "at_day", "campaign_no", nw.col("id").alias(ref))
    told = shop.keep("touches_of_buyers", told)
    wanted = won.join(scopes.select("deal_no", for_about="about"), on="deal_no")
    wanted = shop.keep("deals_credited", wanted)
    instants = _instants(told, wanted, sorting, look_back_days)

    owned = wanted.select("deal_no", *_WHOSE)
    asked = {rule: owned.join(one, on="deal_no") for rule, one in instants.items()}
    needed = nw.concat([one.select(*_WHOSE, "at") for one in asked.values()]).unique()
    # Within one instant, ids set their order; of leads, their numbers do.
    tied = told.join(needed, on=[*_WHOSE, "at"], how="semi")
    tied = tied.with_row_index("place", order_by=["at", ref, "lead_no"])
    tied = shop.keep("touches_tied", tied.select(*_WHOSE, "at", "campaign_no", "place"))
    ends = tied.group_by(*_WHOSE, "at").agg(first=nw.col("place").min(), last=nw.col("place").max())
    ends = shop.keep("touches_ends", ends)
    campaigns = tied.select("place", "campaign_no")
    found: dict[CreditRule, Frame] = {}
    for rule in CREDIT_RULES:
        place = nw.col(rule).min() if rule == "first" else nw.col(rule).max()
        chosen = asked[rule].join(ends, on=[*_WHOSE, "at"])
        chosen = chosen.group_by("deal_no").agg(place.alias("place"))
        chosen = chosen.join(campaigns, on="place")
        found[rule] = chosen.group_by("campaign_no").agg(times=nw.len())
    return found


def _instants(
    told: Frame, wanted: Frame, sorting: Sorting, look_back_days: int
) -> dict[CreditRule, Frame]:
    """Return by rule when the touch was that counts for each deal: deal_no and at."""
    begin, end, closed_at = nw.col("begin"), nw.col("end"), nw.col("closed_at")
    days = told.group_by(*_WHOSE, "at_day").agg(
        nw.col("at").min().alias("begin"), nw.col("at").max().alias("end")
    )
    pairs = days.join(wanted, on=list(_WHOSE))
    early = nw.col("closed") - nw.col("at_day") <= look_back_days
    pairs = sorting.workshop.keep("days_before_deals", pairs.filter(early & (begin <= closed_at)))
    # Of such a day, mostly that of the sale, some touches were too late.
    some = pairs.filter(end > closed_at).select("deal_no", *_WHOSE, "at_day", "closed_at")
    some = some.join(told.select(*_WHOSE, "at_day", "at"), on=[*_WHOSE, "at_day"])
    some = some.filter(nw.col("at") <= closed_at).select("deal_no", "at")
    last = nw.concat([pairs.filter(end <= closed_at).select("deal_no", at="end"), some])
    return {
        "first": pairs.group_by("deal_no").agg(at=begin.min()),
        "last": last.group_by("deal_no").agg(nw.col("at").max()),
    }
