"""Effects: whom campaigns touched, and what came of it within their horizon.

A company joins the cohort of a campaign once, on the day of the first touch that was delivered to
it. What follows counts up to `horizon_days` later, the boundary included, and only once this time
is over: before, the company is pending. Whatever is counted are things that differ, so that the
cohorts of several campaigns put together count none of them twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from attrs import Factory, define, field, frozen

from mpfunnel.account import Account
from mpfunnel.errors import brief, near
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.counted import Counted, Sale
from mpfunnel.flow.campaigns.credit import CREDIT_RULES, CreditRule, chosen
from mpfunnel.flow.campaigns.deals import amount_of, concerns
from mpfunnel.flow.campaigns.records import Campaign
from mpfunnel.flow.campaigns.touches import TouchStatus, rank
from mpfunnel.plays import Motion
from mpfunnel.records import Activity, Deal, Id
from mpfunnel.situation import Rejected, Situation, in_order, situation

__all__ = ["Effects", "Gathered", "Terms", "Won", "gather"]

_DELIVERED: Final = rank("delivered")


@frozen
class Terms:
    """How is counted.

    Attributes:
        as_of: The day.
        day_of: Gives the local day of an instant.
        products: The firm's products by id.
        statuses: By kind of activity, the status of the touch; `None` for what is none.
        meetings: The kinds of activity that are a meeting held.
        horizons: By motion, within how many days what follows counts.
        look_back_days: How long before a deal was won a touch is credited.
    """

    as_of: date
    day_of: Callable[[datetime], date]
    products: Mapping[Id, object]
    statuses: Mapping[str, TouchStatus | None]
    meetings: Collection[str]
    horizons: Mapping[Motion, int]
    look_back_days: int


@frozen
class Won:
    """A deal that was won within the horizon of a campaign.

    Attributes:
        deal: The deal.
        day: The day on which it was won.
        product_ids: The products whose part counts; `None` for the whole deal.
    """

    deal: Deal
    day: date
    product_ids: frozenset[Id] | None

    def with_part(self, other: Won) -> Won:
        """Return the same deal with what counts of it by another campaign."""
        if self.product_ids is None or other.product_ids is None:
            return Won(self.deal, self.day, None)
        return Won(self.deal, self.day, self.product_ids | other.product_ids)


@define
class Effects:
    """Whom a campaign, or several, touched, and what came of those whose time is over.

    Attributes:
        people: By lead, the rank of the furthest status of the touches.
        companies: The same by company.
        unmatched: Leads without company to whom something was delivered.
        matured: Companies whose time is over.
        pending: Companies whose time is not over; of several campaigns, a company may be in both.
        meetings: Company and day of the meetings held.
        opened: Company and id of the deals opened.
        won: The deals won, by the same.
        opened_before: Those of them that were opened before the first touch.
        acquired: Companies whose first deal on record was won.
    """

    people: dict[Id, int] = Factory(dict[Id, int])
    companies: dict[Id, int] = Factory(dict[Id, int])
    unmatched: set[Id] = Factory(set[Id])
    matured: set[Id] = Factory(set[Id])
    pending: set[Id] = Factory(set[Id])
    meetings: set[tuple[Id, date]] = Factory(set[tuple[Id, date]])
    opened: set[tuple[Id, Id]] = Factory(set[tuple[Id, Id]])
    won: dict[tuple[Id, Id], Won] = Factory(dict[tuple[Id, Id], Won])
    opened_before: set[tuple[Id, Id]] = Factory(set[tuple[Id, Id]])
    acquired: set[Id] = Factory(set[Id])

    def add(self, other: Effects) -> None:
        """Put another cohort together with this one."""
        for mine, theirs in ((self.people, other.people), (self.companies, other.companies)):
            for one, status in theirs.items():
                mine[one] = max(status, mine.get(one, 0))
        for key, won in other.won.items():
            self.won[key] = self.won[key].with_part(won) if key in self.won else won
        self.unmatched |= other.unmatched
        self.matured |= other.matured
        self.pending |= other.pending
        self.meetings |= other.meetings
        self.opened |= other.opened
        self.opened_before |= other.opened_before
        self.acquired |= other.acquired

    def counted(self) -> Counted:
        """Return how many there are of each."""
        return Counted(
            people=Counter(self.people.values()),
            companies=Counter(self.companies.values()),
            unmatched=len(self.unmatched),
            matured=len(self.matured),
            pending=len(self.pending),
            meetings=len(self.meetings),
            opened=len(self.opened),
            converted=len({company_id for company_id, _ in self.opened}),
            opened_before=len(self.opened_before),
            acquired=len(self.acquired),
            won=[
                Sale(one.day, amount_of(one.deal, one.product_ids), one.deal.currency)
                for one in self.won.values()
            ],
        )


@frozen
class Gathered:
    """What was found in the accounts.

    Attributes:
        cohorts: By campaign.
        credits: By rule, how many deals won each campaign is credited with, those of none under
            `None`.
        rejects: What could not be used.
    """

    cohorts: dict[Id, Effects]
    credits: dict[CreditRule, dict[Id | None, int]] = field(
        factory=lambda: {rule: {} for rule in CREDIT_RULES}
    )
    rejects: list[Rejected] = field(factory=list[Rejected])

    def counted(self, campaigns: Iterable[Campaign]) -> Counted:
        """Return what some campaigns came to together."""
        cohort = Effects()
        for campaign in campaigns:
            cohort.add(self.cohorts[campaign.id])
        return cohort.counted()


def gather(book: CampaignBook, accounts: Iterable[Account], terms: Terms) -> Gathered:
    """Return the cohorts of the campaigns, and which of them the deals won are put down to."""
    found = Gathered({one.id: Effects() for one in book.campaigns})
    for account in accounts:
        known = situation(account, as_of=terms.as_of, day_of=terms.day_of, products=terms.products)
        rejects = list(known.rejects)
        touches = list(_touches(book, known, terms, rejects))
        found.rejects.extend(in_order(rejects))
        for campaign, one, _, status in touches:
            people = found.cohorts[campaign.id].people
            people[one.lead_id] = max(status, people.get(one.lead_id, 0))
        if known.company is None:
            for campaign, one, _, status in touches:
                if status >= _DELIVERED:
                    found.cohorts[campaign.id].unmatched.add(one.lead_id)
        else:
            _follow(book, found, known.company.id, known, touches, terms)
            _credit(found, known, touches, terms)
    return found


_Touched = tuple[Campaign, Activity, date, int]
"""The campaign, the activity, its day, and the rank of its status."""


def _touches(
    book: CampaignBook, known: Situation, terms: Terms, rejects: list[Rejected]
) -> Iterator[_Touched]:
    """Yield the touches of campaigns; what cannot be told is rejected and not guessed."""
    for of_lead in known.activities.values():
        for one, day in of_lead:
            if one.campaign_id is None:
                continue
            if one.campaign_id not in book.by_id:
                hint = near(one.campaign_id, book.by_id.keys())
                message = f"no such campaign {brief(one.campaign_id)}{hint}"
                rejects.append(Rejected("activities", one.id, "unknown-campaign", message, one))
            elif one.kind not in terms.statuses:
                hint = near(one.kind, terms.statuses.keys())
                message = f"no status is given for the kind {brief(one.kind)}{hint}"
                rejects.append(Rejected("activities", one.id, "unmapped-kind", message, one))
            elif (status := terms.statuses[one.kind]) is not None:
                yield book.by_id[one.campaign_id], one, day, rank(status)


def _follow(
    book: CampaignBook,
    found: Gathered,
    company_id: Id,
    known: Situation,
    touches: Iterable[_Touched],
    terms: Terms,
) -> None:
    """Add to each cohort what came of a company's touches."""
    first: dict[Id, date] = {}
    for campaign, _, day, status in touches:
        companies = found.cohorts[campaign.id].companies
        companies[company_id] = max(status, companies.get(company_id, 0))
        if status >= _DELIVERED:
            first[campaign.id] = min(day, first.get(campaign.id, day))
    if not first:
        return
    deals = [(d, terms.day_of(d.opened_at), _won_on(d, terms)) for d in known.deals]
    # The first deal on record makes a customer; there may be several on that day.
    win = min((won for _, _, won in deals if won is not None), default=None)
    held = [
        (one, day)
        for of_lead in known.activities.values()
        for one, day in of_lead
        if one.kind in terms.meetings
    ]
    for campaign_id, since in first.items():
        campaign, cohort = book.by_id[campaign_id], found.cohorts[campaign_id]
        horizon = terms.horizons[book.tactic_of(campaign).motion]
        if (terms.as_of - since).days < horizon:
            cohort.pending.add(company_id)
            continue
        cohort.matured.add(company_id)
        product_id = campaign.product_id
        for one, day in held:
            about = not one.product_ids or product_id is None or product_id in one.product_ids
            if about and 0 <= (day - since).days <= horizon:
                cohort.meetings.add((company_id, day))
        for deal, opened, won in deals:
            if not concerns(deal, product_id):
                continue
            key = (company_id, deal.id)
            if 0 <= (opened - since).days <= horizon:
                cohort.opened.add(key)
            if won is not None and 0 <= (won - since).days <= horizon:
                part = None if product_id is None else frozenset([product_id])
                cohort.won[key] = Won(deal, won, part)
                if opened < since:
                    cohort.opened_before.add(key)
                if won == win:
                    cohort.acquired.add(company_id)


def _won_on(deal: Deal, terms: Terms) -> date | None:
    """Return the day on which a deal was won; `None` where it was not, or not yet."""
    if deal.status != "won" or deal.closed_at is None:
        return None
    day = terms.day_of(deal.closed_at)
    return day if day <= terms.as_of else None


def _credit(found: Gathered, known: Situation, touches: Iterable[_Touched], terms: Terms) -> None:
    """Put each deal won down to one campaign, or to none, by each rule."""
    delivered = sorted((one for one in touches if one[3] >= _DELIVERED), key=_order)
    for deal in known.deals:
        day = _won_on(deal, terms)
        if day is None or deal.closed_at is None:
            continue
        counting = [
            (one.at, its_day, campaign)
            for campaign, one, its_day, _ in delivered
            if concerns(deal, campaign.product_id)
        ]
        for rule, counts in found.credits.items():
            one = chosen(counting, deal.closed_at, day, rule, terms.look_back_days)
            key = None if one is None else one.id
            counts[key] = counts.get(key, 0) + 1


def _order(touched: _Touched) -> tuple[Any, ...]:
    one = touched[1]
    # Ids of one kind are texts or integers, but nobody has checked those given here.
    ids = [(type(key).__name__, key) for key in (one.id, one.lead_id)]
    return one.at, *ids
