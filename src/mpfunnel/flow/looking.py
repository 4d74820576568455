"""A look at the flow of a period: the report, the gap map, cohorts, campaigns and the balance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from functools import partial

from attrs import frozen

from mpfunnel.account import Account, company_of
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, misfit, series
from mpfunnel.flow.balances import Balance, Effort, balance
from mpfunnel.flow.campaigns.money import FxTable, from_cents
from mpfunnel.flow.campaigns.outcomes import CampaignResults
from mpfunnel.flow.campaigns.results import campaign_results
from mpfunnel.flow.course import Journey
from mpfunnel.flow.gaps.mapping import gap_map
from mpfunnel.flow.gaps.maps import GapMap
from mpfunnel.flow.periods import Period, months
from mpfunnel.flow.plan import FlowPlan
from mpfunnel.flow.plan_names import faults_of_names
from mpfunnel.flow.reporting.followed import Cohort, cohorts
from mpfunnel.flow.reporting.report import FlowReport, flow_report
from mpfunnel.flow.reporting.terms import faults_of_period
from mpfunnel.flow.reporting.winning import Amounts, key_of
from mpfunnel.flow.tracing.journeys import journeys
from mpfunnel.flow.worth import deal_amounts
from mpfunnel.plays import Motion
from mpfunnel.records import Id
from mpfunnel.situation import situation

__all__ = ["Look", "faults_of_look", "look", "looked_at", "spent_in"]

_FOLLOWED_DAYS = 365


@frozen
class Look:
    """All that a plan asks of the flow of a period.

    The report, the gap map and cohorts are of the segments that the plan names.

    Attributes:
        plan: The plan.
        report: What came in, went on and was won, product by product.
        gaps: Where companies are lost, by product and segment.
        cohorts: How far those have come that entered the target market in each month of the year
            up to the end of the period.
        results: What campaigns came to; `None` where the plan has none.
        balances: How money and touches of the period are divided between upstream and downstream.
    """

    plan: FlowPlan
    report: FlowReport
    gaps: GapMap
    cohorts: tuple[Cohort, ...]
    results: CampaignResults | None
    balances: tuple[Balance, ...]


def look(
    engine: Engine, accounts: Iterable[Account], plan: FlowPlan, *, period: Period, as_of: date
) -> Look:
    """Return the flow of companies in a period, as it was known at the end of a day.

    Args:
        engine: The playbook.
        accounts: The accounts; no company twice.
        plan: The firm's own numbers.
        period: The period, which begins by `as_of`.
        as_of: The day, in the zone of the playbook. Nothing that happened later counts.

    Raises:
        InvalidDataError: The period begins after `as_of`, a company is there twice, or the plan
            names a state, level of interest, product or segment that the playbook does not have.
        PolicyError: A custom policy broke its contract.
    """
    given: tuple[Account, ...] = series(accounts)
    if problems := faults_of_look(engine, plan, period, as_of):
        raise InvalidDataError(problems)
    found = journeys(
        engine,
        given,
        as_of=as_of,
        since=plan.since,
        target=plan.target,
        interest=plan.interest,
        statuses=plan.statuses,
        stages=plan.stages,
    )
    return looked_at(
        plan,
        found,
        period=period,
        as_of=as_of,
        amounts=deal_amounts(engine.playbook, found, given, as_of=as_of, fx=plan.fx),
        out_of_market=_out_of_market(engine, given, plan, as_of),
        results=_results(engine, given, plan, as_of),
        efforts=[
            *spent_in(engine.playbook.currency, plan, period, as_of),
            *_touches(engine, given, plan, period, as_of),
        ],
    )


def looked_at(
    plan: FlowPlan,
    found: Iterable[Journey],
    *,
    period: Period,
    as_of: date,
    amounts: Amounts,
    out_of_market: frozenset[tuple[Id, Id]],
    results: CampaignResults | None,
    efforts: Iterable[Effort],
) -> Look:
    """Return a look at what was found of companies.

    Args:
        plan: The plan.
        found: The journeys.
        period: The period.
        as_of: The day.
        amounts: What the journeys are worth.
        out_of_market: Companies, each with a product for which somebody is out of the market.
        results: What campaigns came to.
        efforts: What was spent, and done.
    """
    sold_to = plan.segments
    found = [one for one in found if sold_to is None or one.segment in (None, *sold_to)]
    # The whole firm is the same companies seen otherwise; a gap is looked for product by product.
    of_products = [one for one in found if one.product_id is not None]
    # Of deals that nobody gave an amount, there is nothing to tell by value.
    priced = amounts if amounts.of else None
    until = min(period.last, as_of)
    first = max(plan.since, until - timedelta(_FOLLOWED_DAYS))
    return Look(
        plan,
        flow_report(
            found, period=period, as_of=as_of, within_days=plan.within_days, amounts=priced
        ),
        gap_map(
            of_products,
            reference=plan.reference or "others",
            as_of=as_of,
            until=until,
            out_of_market=out_of_market,
            values=None if priced is None else lambda one: amounts.of.get(key_of(one)),
            currency=amounts.currency,
        ),
        cohorts(
            of_products,
            "target",
            periods=months(first, until),
            as_of=as_of,
            within_days=plan.within_days,
        ),
        results,
        balance(efforts, bands=plan.bands),
    )


def faults_of_look(engine: Engine, plan: FlowPlan, period: Period, as_of: date) -> list[Problem]:
    """Return what is wrong with what was asked, and what a plan names that is not there.

    Args:
        engine: The playbook.
        plan: The plan.
        period: The period.
        as_of: The day.
    """
    problems = misfit("plan", plan, FlowPlan)
    if problems:
        return problems + faults_of_period("period", period, as_of)
    found = faults_of_names(
        engine.playbook,
        interest=plan.interest,
        segments=plan.segments,
        out_of_market=plan.out_of_market,
        campaigns=plan.campaigns.campaigns,
        spends=plan.campaigns.spends,
        insights=plan.insights,
    )
    return [*(one.under("plan") for one in found), *faults_of_period("period", period, as_of)]


def _out_of_market(
    engine: Engine, accounts: Iterable[Account], plan: FlowPlan, as_of: date
) -> frozenset[tuple[Id, Id]]:
    """Return companies, each with a product for which somebody of it is out of the market."""
    found: set[tuple[Id, Id]] = set()
    for account in accounts if plan.out_of_market else ():
        if account.company is None:
            continue
        company_id = company_of(account.company).id
        for lead in engine.assess(account, as_of=as_of).leads.values():
            found |= {
                (company_id, product_id)
                for product_id, one in lead.engagement.items()
                if one.value.key in plan.out_of_market
            }
    return frozenset(found)


def _results(
    engine: Engine, accounts: Iterable[Account], plan: FlowPlan, as_of: date
) -> CampaignResults | None:
    if not plan.campaigns.campaigns:
        return None
    return campaign_results(
        engine.playbook,
        plan.campaigns,
        accounts,
        as_of=as_of,
        statuses=plan.statuses,
        meetings=plan.meetings,
        horizons=plan.horizons,
        fx=plan.fx,
    )


def spent_in(own: str, plan: FlowPlan, period: Period, as_of: date) -> Iterator[Effort]:
    """Yield what was spent in a period.

    Args:
        own: The currency of the playbook.
        plan: The plan.
        period: The period.
        as_of: The day.
    """
    book, last = plan.campaigns, min(period.last, as_of)
    fx = plan.fx or FxTable(own)
    spent: dict[tuple[str, Motion, Id | None], Fraction] = {}
    for spend in book.spends:
        if period.first <= spend.day <= last:
            currency, motion = spend.currency or own, book.tactic_of(spend).motion
            price = fx.priced(spend.amount, currency, spend.day)
            # What has no price stays in its own currency, beside the rest.
            key = (currency if price is None else own, motion, spend.product_id)
            cost = Fraction(spend.amount if price is None else price)
            spent[key] = spent.get(key, Fraction(0)) + cost
    for (currency, motion, product_id), cost in spent.items():
        # Where more came back than was spent, there is no effort to divide.
        amount = None if cost < 0 else from_cents(int(cost * 100))
        yield Effort(amount, currency, motion, product_id)


def _touches(
    engine: Engine, accounts: Iterable[Account], plan: FlowPlan, period: Period, as_of: date
) -> Iterator[Effort]:
    """Yield the touches of campaigns in the period."""
    book, last = plan.campaigns, min(period.last, as_of)
    day_of = partial(local_day, zone=zone_for(engine.playbook.zone))
    products = {one.id: one for one in engine.playbook.products}
    # Without campaigns, there is no touch to be looked for.
    for account in accounts if book.campaigns else ():
        known = situation(account, as_of=as_of, day_of=day_of, products=products)
        for of_lead in known.activities.values():
            for one, day in of_lead:
                campaign = book.by_id.get(one.campaign_id)
                if campaign is None or plan.statuses.get(one.kind) is None:
                    continue
                if period.first <= day <= last:
                    yield Effort(1, "touches", book.tactic_of(campaign).motion, campaign.product_id)
