"""Reckoning: the figures of a campaign, a tactic or a motion from its cohort and its costs.

Costs and proceeds are those of one cohort: of money spent at least the horizon ago, and of
companies first touched at least as long ago. A campaign's first days thereby never look like a
loss, nor does a sale of the same day look like a return on money that has yet to work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from attrs import evolve, frozen
from immutabledict import immutabledict

from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.counted import Counted
from mpfunnel.flow.campaigns.credit import CREDIT_RULES, CreditRule
from mpfunnel.flow.campaigns.effects import Terms
from mpfunnel.flow.campaigns.kpis import Told, kpi_measure
from mpfunnel.flow.campaigns.money import FxTable, total
from mpfunnel.flow.campaigns.outcomes import CampaignResult, CampaignResults, Subject
from mpfunnel.flow.campaigns.records import Campaign, Spend, Statistic
from mpfunnel.flow.campaigns.returns import cac, roas, roi
from mpfunnel.flow.campaigns.tactics import MOTIONS, Kpi, Tactic
from mpfunnel.flow.campaigns.texts import Texts
from mpfunnel.flow.measures import Measure, Status, count, missing, share
from mpfunnel.labels import Label
from mpfunnel.plays import Motion
from mpfunnel.records import Id
from mpfunnel.situation import Rejected

__all__ = ["Reckoning"]


@frozen
class _Part:
    """A campaign, a tactic or a motion, with what it consists of."""

    about: Subject
    key: Id
    label: Label
    motion: Motion
    tactics: Sequence[Tactic]
    campaigns: Sequence[Campaign]
    spends: Sequence[Spend]
    told: Told


@frozen
class Reckoning:
    """All that the figures rest on.

    Attributes:
        book: Campaigns, spends and statistics.
        terms: How is counted.
        counted: Gives what some campaigns came to together.
        credits: By rule, how many deals won each campaign is credited with, those of none under
            `None`.
        fx: The rates.
        cost_basis: What the spends contain.
        min_n: Of fewer than so many, a share is called small.
    """

    book: CampaignBook
    terms: Terms
    counted: Callable[[Sequence[Campaign]], Counted]
    credits: Mapping[CreditRule, Mapping[Id | None, int]]
    fx: FxTable
    cost_basis: Label
    min_n: int

    def results(self, rejects: Iterable[Rejected]) -> CampaignResults:
        """Return all results.

        Args:
            rejects: What could not be used.
        """
        return CampaignResults(
            as_of=self.terms.as_of,
            campaigns=tuple(self.campaigns()),
            tactics=tuple(self.tactics()),
            motions=tuple(self.motions()),
            uncredited=immutabledict(
                {rule: counts.get(None, 0) for rule, counts in self.credits.items()}
            ),
            rejects=tuple(rejects),
        )

    def campaigns(self) -> Iterator[CampaignResult]:
        """Yield the result of each campaign."""
        spends: dict[Id | None, list[Spend]] = {}
        for spend in self.book.spends:
            spends.setdefault(spend.campaign_id, []).append(spend)
        told: dict[Id | None, list[Statistic]] = {}
        for statistic in self.book.statistics:
            told.setdefault(statistic.campaign_id, []).append(statistic)
        for one in self.book.campaigns:
            tactic = self.book.tactic_of(one)
            part = _Part(
                about="campaign",
                key=one.id,
                label=one.label,
                motion=tactic.motion,
                tactics=[tactic],
                campaigns=[one],
                spends=spends.get(one.id, ()),
                told=Told(told.get(one.id, ())),
            )
            result = self._result(part)
            figures = {**result.measures, **result.kpis}
            goals = {key: _attained(figures[key], goal) for key, goal in one.goals.items()}
            yield evolve(result, goals=goals)

    def tactics(self) -> Iterator[CampaignResult]:
        """Yield the result of each tactic of which there is anything."""
        for one in self.book.tactics:
            part = self._part("tactic", one.key, one.label, one.motion, [one])
            if part.campaigns or part.spends or part.told.own or part.told.within:
                yield self._result(part)

    def motions(self) -> Iterator[CampaignResult]:
        """Yield the result of upstream, then that of downstream."""
        for motion, label in MOTIONS.items():
            tactics = [one for one in self.book.tactics if one.motion == motion]
            yield self._result(self._part("motion", motion, label, motion, tactics))

    def _part(
        self, about: Subject, key: str, label: Label, motion: Motion, tactics: Sequence[Tactic]
    ) -> _Part:
        keys = {one.key for one in tactics}
        campaigns = [one for one in self.book.campaigns if one.tactic in keys]
        spends = [one for one in self.book.spends if self.book.tactic_of(one).key in keys]
        told = [one for one in self.book.statistics if self.book.tactic_of(one).key in keys]
        own = [one for one in told if about == "tactic" and one.tactic == key]
        within = [one for one in told if about != "tactic" or one.tactic is None]
        return _Part(about, key, label, motion, tactics, campaigns, spends, Told(own, within))

    def _result(self, part: _Part) -> CampaignResult:
        cohort = self.counted(part.campaigns)
        horizon = self.terms.horizons[part.motion]
        texts = Texts(self.terms.as_of, horizon, self.cost_basis, self.fx.currency)
        pending = cohort.pending

        def followed(number: int, basis: Label) -> Measure:
            status: Status = "immature" if pending else "ok"
            return Measure(number, "count", basis, number, status=status, pending=pending)

        money = self._money(part.spends, cohort, horizon, texts)
        response = cohort.people_at("interacted"), cohort.people_at("delivered")
        return CampaignResult(
            about=part.about,
            key=part.key,
            label=part.label,
            motion=part.motion,
            horizon_days=horizon,
            budget=self._budget(part.campaigns, texts),
            reached=count(cohort.companies_at("delivered"), texts.reached),
            engaged=count(cohort.companies_at("engaged"), texts.engaged),
            unmatched=count(cohort.unmatched, texts.unmatched),
            response=share(*response, texts.response, min_n=self.min_n),
            meetings=followed(cohort.meetings, texts.meetings),
            deals=followed(cohort.opened, texts.deals),
            won=followed(len(cohort.won), texts.won),
            won_open_before=followed(cohort.opened_before, texts.won_open_before),
            deal_conversion=share(
                cohort.converted,
                cohort.matured,
                texts.deal_conversion,
                min_n=self.min_n,
                pending=pending,
            ),
            first_touch=self._credited("first", part.campaigns),
            last_touch=self._credited("last", part.campaigns),
            kpis={
                kpi.key: self._kpi(kpi, cohort, part.told)
                for tactic in part.tactics
                for kpi in tactic.kpis
            },
            spend=money["spend"],
            cost=money["cost"],
            value=money["value"],
            cac=money["cac"],
            roi=money["roi"],
            roas=money["roas"],
        )

    def _kpi(self, kpi: Kpi, cohort: Counted, told: Told) -> Measure:
        return kpi_measure(kpi, cohort, told, as_of=self.terms.as_of, min_n=self.min_n)

    def _credited(self, rule: CreditRule, campaigns: Iterable[Campaign]) -> Measure:
        """Each deal is credited once, so that the credits of campaigns may be added up."""
        counts, days = self.credits[rule], self.terms.look_back_days
        by = CREDIT_RULES[rule]
        basis = Label(
            f"deals won by {self.terms.as_of}, by {by} within {days} days before",
            f"{self.terms.as_of}までの受注（{by.ja}・受注前{days}日以内）",
        )
        return count(sum(counts.get(one.id, 0) for one in campaigns), basis)

    def _budget(self, campaigns: Sequence[Campaign], texts: Texts) -> Measure:
        if all(one.budget is None for one in campaigns):
            return missing("money", texts.budget)
        prices = [self.fx.priced(one.budget, one.currency, one.start) for one in campaigns]
        return total(prices, texts.budget)

    def _money(
        self, spends: Iterable[Spend], cohort: Counted, horizon: int, texts: Texts
    ) -> dict[str, Measure]:
        """Return what was spent, what the deals won are worth, and the return."""
        as_of, pending = self.terms.as_of, cohort.pending
        prices = [
            ((as_of - one.day).days, self.fx.priced(one.amount, one.currency, one.day))
            for one in spends
            if one.day <= as_of
        ]
        old = [price for age, price in prices if age >= horizon]
        spend = total([price for _, price in prices], texts.spend)
        cost = _ripening(total(old, texts.cost), pending, young=len(old) < len(prices))
        if not prices:
            spend, cost = missing("money", texts.spend), missing("money", texts.cost)
        elif not old or (pending and not cohort.matured):
            # Money is spent before the touches that it pays for: alone, it would be a pure loss.
            cost = Measure(None, "money", texts.cost, status="immature", pending=pending)
        worth = [self.fx.priced(one.amount, one.currency, one.day) for one in cohort.won]
        value = _ripening(total(worth, texts.value), pending)
        return {
            "spend": spend,
            "cost": cost,
            "value": value,
            "cac": cac(cost, cohort.acquired, texts.cac),
            "roi": roi(value, cost, texts.roi),
            "roas": roas(value, cost, texts.roas),
        }


def _ripening(measure: Measure, pending: int, *, young: bool = False) -> Measure:
    """Return a sum that says whether some were left out because their time is not over."""
    immature = (pending or young) and measure.status == "ok"
    return evolve(measure, status="immature" if immature else measure.status, pending=pending)


def _attained(figure: Measure, goal: int | Decimal) -> Measure:
    """Return how much of a goal is reached."""
    basis = Label(f"{figure.basis}, of the goal {goal:,}", f"{figure.basis.ja}（目標{goal:,}比）")
    value = None if figure.value is None else float(Fraction(figure.value) / Fraction(goal))
    return Measure(value, "ratio", basis, None, goal, None, figure.status, figure.pending)
