"""Outcomes: the figures of one campaign, tactic or motion, and of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, Literal

from attrs import field, fields, frozen
from immutabledict import immutabledict

from mpfunnel.flow.campaigns.credit import CreditRule
from mpfunnel.flow.measures import Measure
from mpfunnel.labels import Label
from mpfunnel.plays import Motion
from mpfunnel.records import Id
from mpfunnel.situation import Rejected

__all__ = ["RESULTS", "CampaignResult", "CampaignResults", "Subject"]

Subject = Literal["campaign", "tactic", "motion"]


def _by_key(value: Mapping[str, Measure]) -> immutabledict[str, Measure]:
    return immutabledict(value)


@frozen
class CampaignResult:
    """What a campaign, a tactic or a motion cost, whom it reached, and what came of it.

    Each figure of companies, people and deals counts things that differ: that of a tactic is not
    the sum of those of its campaigns, which may have reached the same company.

    Attributes:
        about: ``"campaign"``, ``"tactic"`` or ``"motion"``.
        key: The id of the campaign, or the key of the tactic or motion.
        label: What people call it.
        motion: On which side of the river it is.
        horizon_days: Within how many days of the first touch what follows counts.
        budget: What may be spent.
        spend: What was spent, all of it.
        cost: What was spent at least the horizon ago: what CAC, ROI and ROAS rest on.
        reached: Companies to which something was delivered.
        engaged: Companies of which somebody was engaged.
        unmatched: People without company to whom something was delivered.
        response: People who responded, of those to whom something was delivered.
        meetings: Meetings held within the horizon: days on which a company was met.
        deals: Deals opened within the horizon.
        won: Deals won within the horizon, whenever they were opened.
        won_open_before: Those of them that were opened before the first touch.
        value: What the deals won are worth.
        deal_conversion: Companies that opened a deal within the horizon, of those reached.
        cac: Cost per company whose first deal on record was won within the horizon.
        roi: What was won beyond the cost, per cost.
        roas: What was won, per cost.
        first_touch: Deals won that are put down to it as the first touch.
        last_touch: The same as the last touch.
        kpis: The KPIs of the tactic, or of all tactics of the motion, by key.
        goals: By figure, how much of the campaign's goal is reached; 1 is all of it.
    """

    about: Subject
    key: Id
    label: Label
    motion: Motion
    horizon_days: int
    budget: Measure
    spend: Measure
    cost: Measure
    reached: Measure
    engaged: Measure
    unmatched: Measure
    response: Measure
    meetings: Measure
    deals: Measure
    won: Measure
    won_open_before: Measure
    value: Measure
    deal_conversion: Measure
    cac: Measure
    roi: Measure
    roas: Measure
    first_touch: Measure
    last_touch: Measure
    kpis: immutabledict[str, Measure] = field(converter=_by_key)
    goals: immutabledict[str, Measure] = field(default=immutabledict(), converter=_by_key)

    @property
    def measures(self) -> dict[str, Measure]:
        """The figures by name, without KPIs and goals."""
        return {name: getattr(self, name) for name in RESULTS}


RESULTS: Final = tuple(one.name for one in fields(CampaignResult) if str(one.type) == "Measure")


@frozen
class CampaignResults:
    """The results of all campaigns, of the tactics and motions.

    Attributes:
        as_of: The day, which counts up to its end.
        campaigns: In the order of the book.
        tactics: Those of which there is anything, in the order of the book.
        motions: Upstream, then downstream.
        uncredited: By rule, how many deals won are put down to no campaign.
        rejects: What could not be used, with the reason: also activities of a campaign that nobody
            knows, and of a kind for which nobody stated a status.
    """

    as_of: date
    campaigns: tuple[CampaignResult, ...]
    tactics: tuple[CampaignResult, ...]
    motions: tuple[CampaignResult, ...]
    uncredited: Mapping[CreditRule, int]
    rejects: tuple[Rejected, ...]

    @property
    def rows(self) -> tuple[CampaignResult, ...]:
        """All of them: campaigns, tactics, motions."""
        return (*self.campaigns, *self.tactics, *self.motions)
