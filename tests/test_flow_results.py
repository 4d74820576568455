"""Results of campaigns: what they cost, whom they reached, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

import mpfunnel as mf
from mpfunnel.errors import InvalidDataError
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.money import FxRate, FxTable
from mpfunnel.flow.campaigns.outcomes import CampaignResult, CampaignResults
from mpfunnel.flow.campaigns.records import Campaign, Spend, Statistic
from mpfunnel.flow.campaigns.results import HORIZON_DAYS, campaign_results
from mpfunnel.flow.campaigns.tactics import Kpi, Tactic
from mpfunnel.flow.campaigns.touches import TOUCH_STATUSES
from mpfunnel.flow.measures import Measure
from tests.campaign_worlds import (
    DAY,
    HORIZONS,
    MAIL,
    MEETINGS,
    STATUSES,
    after,
    asked,
    at,
    company,
    did,
    one,
    spent,
    won,
)
from tests.oracle_campaigns import results_by_hand

CAMPAIGNS = (
    Campaign(1, "email", DAY),
    Campaign(2, "email", DAY, product_id="crm"),
    Campaign(3, "personal_selling", DAY, product_id="sfa"),
    Campaign(4, "social", DAY),
)
_DELIVERED = ["email_open", "email_click", "reply", "meeting"]
_KINDS = st.one_of(st.sampled_from(_DELIVERED), st.sampled_from([*STATUSES, "unknown"]))
_HORIZON = max(HORIZONS.values())


@st.composite
def _deals(draw: st.DrawFn, number: int, company_id: int, touched: int) -> mf.Deal:
    """Draw a deal that is opened around a touch, and may be closed before it is opened."""
    products = draw(st.lists(st.sampled_from(["crm", "sfa"]), unique=True))
    lines = [mf.DealLine(p, amount=draw(st.sampled_from([70, 100]))) for p in products]
    opened = max(0, touched + draw(st.integers(-2, _HORIZON + 1)))
    given: dict[str, Any] = {"lines": lines, "amount": draw(st.sampled_from([0, 500, 700]))}
    status: Any = draw(st.sampled_from(["won", "won", "won", "lost", "open"]))
    if status == "open":
        return mf.Deal(number, company_id, at(opened), **given)
    closed = at(max(0, opened + draw(st.integers(-1, 6))))
    return mf.Deal(number, company_id, at(opened), status=status, closed_at=closed, **given)


@st.composite
def _worlds(draw: st.DrawFn) -> tuple[list[mf.Account], list[Spend], int]:
    """Draw the records of some companies and of people without one, the spends, and a day."""
    accounts = []
    for number in draw(st.sampled_from([(1,), (1, 2), (1, 2, None)])):
        own: mf.Company | None = None if number is None else mf.Company(number)
        about = number or 9
        leads = [mf.Lead(10 * about), mf.Lead(10 * about + 1)]
        since = draw(st.integers(0, 10))
        activities = [
            mf.Activity(
                place,
                draw(st.sampled_from(leads)).id,
                draw(_KINDS),
                at(since + draw(st.integers(0, 9)), draw(st.sampled_from([0, 12]))),
                draw(st.sampled_from([(), ("crm",), ("sfa",)])),
                draw(st.sampled_from([1, 2, 3, 4, None])),
            )
            for place in range(draw(st.integers(1, 6)))
        ]
        deals = [
            draw(_deals(100 * about + place, about, since))
            for place in range(0 if number is None else draw(st.integers(0, 3)))
        ]
        accounts.append(mf.Account(own, leads=leads, activities=activities, deals=deals))
    subjects: Any = st.sampled_from(
        [{"campaign_id": n} for n in (1, 2, 3, 4)] + [{"tactic": "email"}]
    )
    spends = [
        Spend(
            after(draw(st.integers(0, 24))),
            Decimal(draw(st.integers(-100, 20_000))).scaleb(-2),
            **subject,
        )
        for subject in draw(st.lists(subjects, max_size=4))
    ]
    return accounts, spends, draw(st.integers(0, 40))


def _of(results: CampaignResults, about: str, key: Any) -> CampaignResult | None:
    found = [row for row in results.rows if (row.about, row.key) == (about, key)]
    return found[0] if found else None


def _plain(row: CampaignResult) -> dict[str, Any]:
    """Return a result as the oracle tells it."""
    names = ("spend", "cost", "reached", "engaged", "unmatched", "meetings", "deals", "won")
    plain: dict[str, Any] = {name: row.measures[name].value for name in names}
    plain |= {name: row.measures[name].value for name in ("won_open_before", "value")}
    plain |= {name: (row.measures[name].num, row.measures[name].den) for name in _SHARES}
    roi = row.roi.value
    return plain | {"roi": None if roi is None else round(roi, 9), "pending": row.deals.pending}


_SHARES = ("response", "deal_conversion")


def _subjects() -> list[tuple[str, Any, list[Campaign], Callable[[Spend], bool]]]:
    found: list[tuple[str, Any, list[Campaign], Callable[[Spend], bool]]] = []
    for campaign in CAMPAIGNS:
        key = campaign.id

        def own(spend: Spend, key: Any = key) -> bool:
            return bool(spend.campaign_id == key)

        found.append(("campaign", key, [campaign], own))
    email = [*CAMPAIGNS[:2]]
    found.append(
        ("tactic", "email", email, lambda s: s.tactic == "email" or s.campaign_id in (1, 2))
    )
    found.append(("motion", "upstream", [CAMPAIGNS[3]], lambda s: s.campaign_id == 4))
    found.append(("motion", "downstream", [*CAMPAIGNS[:3]], lambda s: s.campaign_id != 4))
    return found


@given(world=_worlds())
def test_results_are_those_of_a_reckoning_by_hand(
    world: tuple[list[mf.Account], list[Spend], int],
) -> None:
    """Campaigns, tactics and motions: each figure, and who is pending, by the definitions alone."""
    accounts, spends, as_of = world
    results = asked(accounts, campaigns=CAMPAIGNS, spends=spends, as_of=as_of)
    for about, key, campaigns, own in _subjects():
        row = _of(results, about, key)
        assert row is not None
        told = results_by_hand(
            campaigns,
            [spend for spend in spends if own(spend)],
            accounts,
            as_of=after(as_of),
            statuses=STATUSES,
            meetings=MEETINGS,
            horizon=row.horizon_days,
        )
        acquired = told.pop("acquired")
        told["roi"] = None if told["roi"] is None else round(told["roi"], 9)
        assert _plain(row) == told
        if row.cac.value is not None:
            assert row.cac.den == acquired > 0
            assert (
                abs(Decimal(row.cac.value) * acquired - told["cost"]) <= Decimal("0.005") * acquired
            )
        elif row.cac.status == "undefined":
            assert acquired == 0


@given(world=_worlds(), chance=st.randoms(use_true_random=False))
def test_the_order_of_records_does_not_matter(
    world: tuple[list[mf.Account], list[Spend], int], chance: Any
) -> None:
    """Law 4: Order does not matter, of accounts, of the records in them, or of spends."""
    accounts, spends, as_of = world

    def mixed(given: Any) -> list[Any]:
        return sorted(given, key=lambda _: chance.random())

    turned = mixed(
        [evolve(a, activities=mixed(a.activities), deals=mixed(a.deals)) for a in accounts]
    )
    before = asked(accounts, campaigns=CAMPAIGNS, spends=spends, as_of=as_of)
    later = asked(turned, campaigns=CAMPAIGNS, spends=mixed(spends), as_of=as_of)
    assert [row.measures for row in later.rows] == [row.measures for row in before.rows]


@given(world=_worlds())
def test_the_future_does_not_change_the_past(
    world: tuple[list[mf.Account], list[Spend], int],
) -> None:
    """Law 5: The future does not change the past: later records say nothing of an earlier day."""
    accounts, spends, as_of = world
    day = after(as_of)

    def as_known(deal: mf.Deal) -> mf.Deal:
        if deal.closed_at is None or deal.closed_at.date() <= day:
            return deal
        return evolve(deal, status="open", closed_at=None)

    known = [
        evolve(
            a,
            activities=[act for act in a.activities if act.at.date() <= day],
            deals=[as_known(deal) for deal in a.deals if deal.opened_at.date() <= day],
        )
        for a in accounts
    ]
    past = [spend for spend in spends if spend.day <= day]
    whole = asked(accounts, campaigns=CAMPAIGNS, spends=spends, as_of=as_of)
    cut = asked(known, campaigns=CAMPAIGNS, spends=past, as_of=as_of)
    for row in cut.rows:
        same = _of(whole, row.about, row.key)
        assert same is not None
        assert same.measures == row.measures


@given(world=_worlds(), days=st.integers(1, 800))
def test_shifting_all_days_shifts_nothing_else(
    world: tuple[list[mf.Account], list[Spend], int], days: int
) -> None:
    """Whatever the calendar says, only differences of days count."""
    accounts, spends, as_of = world
    by = timedelta(days)

    def moved(deal: mf.Deal) -> mf.Deal:
        closed = None if deal.closed_at is None else deal.closed_at + by
        return evolve(deal, opened_at=deal.opened_at + by, closed_at=closed)

    turned = [
        evolve(
            a,
            activities=[evolve(act, at=act.at + by) for act in a.activities],
            deals=[moved(deal) for deal in a.deals],
        )
        for a in accounts
    ]
    later = asked(
        turned,
        campaigns=CAMPAIGNS,
        spends=[evolve(spend, day=spend.day + by) for spend in spends],
        as_of=as_of + days,
    )
    before = asked(accounts, campaigns=CAMPAIGNS, spends=spends, as_of=as_of)
    assert [_plain(row) for row in later.rows] == [_plain(row) for row in before.rows]


@given(world=_worlds())
def test_a_tactic_counts_nothing_twice(world: tuple[list[mf.Account], list[Spend], int]) -> None:
    """Distinct things are at least those of any part, and at most those of all parts together."""
    accounts, spends, as_of = world
    results = asked(accounts, campaigns=CAMPAIGNS, spends=spends, as_of=as_of)
    for about, key, campaigns, _ in _subjects()[len(CAMPAIGNS) :]:
        whole = _of(results, about, key)
        ids = [one.id for one in campaigns]
        parts = [row for row in results.campaigns if row.key in ids]
        assert whole is not None
        for name in ("reached", "engaged", "meetings", "deals", "won", "value"):
            values: list[Any] = [part.measures[name].value for part in parts]
            every: Any = whole.measures[name].value
            assert max(values) <= every <= sum(values)


@given(world=_worlds())
def test_credits_add_up_to_the_deals_won(
    world: tuple[list[mf.Account], list[Spend], int],
) -> None:
    """Each deal won is credited once by each rule: to a campaign, or to none."""
    accounts, spends, as_of = world
    results = asked(accounts, campaigns=CAMPAIGNS, spends=spends, as_of=as_of)
    wins = sum(
        deal.status == "won" and max(deal.opened_at.date(), deal.closed_at.date()) <= after(as_of)
        for a in accounts
        for deal in a.deals
        if deal.closed_at is not None
    )
    for rule, name in (("first", "first_touch"), ("last", "last_touch")):
        for rows in (results.campaigns, results.motions):
            nums: list[Any] = [row.measures[name].num for row in rows]
            credited = sum(nums)
            assert credited + results.uncredited[rule] == wins  # type: ignore[index]


# -- what each figure says --


def test_the_horizon_is_long_upstream_and_short_downstream() -> None:
    """365 and 90 days to start with; each figure says which, and the firm sets its own."""
    assert HORIZON_DAYS == {"upstream": 365, "downstream": 90}
    results = asked([], campaigns=CAMPAIGNS, horizons=HORIZON_DAYS)
    assert [row.horizon_days for row in results.campaigns] == [90, 90, 90, 365]
    assert [row.horizon_days for row in results.motions] == [365, 90]
    assert "within 365 days" in results.motions[0].won.basis.text()
    assert one(horizons={**HORIZONS, "downstream": 7}).horizon_days == 7


@pytest.mark.parametrize(("closed", "expected"), [(15, 1), (16, 0), (10, 1), (9, 0)])
def test_a_deal_counts_up_to_the_last_day_of_the_horizon(closed: int, expected: int) -> None:
    """Within 5 days of the touch of day 10: from day 10 to day 15, both included."""
    told = one(company(1, [did(1, 1, "email_open", 10)], [won(1, 1, 8, closed)]))
    assert (told.won.value, told.won_open_before.value) == (expected, expected)


@pytest.mark.parametrize(("as_of", "pending"), [(14, 1), (15, 0)])
def test_what_is_under_way_is_pending(as_of: int, pending: int) -> None:
    """Of a touch of day 10 and 5 days, the time is over on day 15, and no win counts before."""
    told = one(
        company(1, [did(1, 1, "email_open", 10)], [won(1, 1, 10, 12)]),
        spends=[spent(0, 100)],
        as_of=as_of,
    )
    status = "immature" if pending else "ok"
    for name in ("deals", "won", "value", "roi", "meetings"):
        measure = told.measures[name]
        assert (measure.status, measure.pending) == (status, pending), name
    assert told.won.value == 1 - pending
    assert told.reached.value == 1


@pytest.mark.parametrize(("opened", "before"), [(9, 1), (10, 0), (11, 0)])
def test_a_deal_of_the_first_day_was_not_open_before(opened: int, before: int) -> None:
    """Only one of an earlier day was; all three are won within the horizon."""
    told = one(company(1, [did(1, 1, "email_open", 10)], [won(1, 1, opened, 12)]))
    assert (told.won.value, told.won_open_before.value, told.deals.value) == (1, before, 1 - before)


def test_money_that_paid_for_touches_of_later_days_is_no_pure_loss() -> None:
    """While every company is pending, what was spent before their touches is no cost yet."""
    world = company(1, [did(1, 1, "email_open", 2)], [won(1, 1, 3, 4)])
    young = one(world, spends=[spent(0, 100)], as_of=6)
    assert (young.cost.value, young.cost.status, young.roi.value) == (None, "immature", None)
    assert one(world, spends=[spent(0, 100)], as_of=7).roi.value == 9


def test_a_return_rests_on_spends_and_touches_of_one_cohort() -> None:
    """Money spent yesterday has yet to work: only what is as old as the horizon is a cost."""
    accounts = [
        company(1, [did(1, 1, "email_open", 0)], [won(1, 1, 1, 3, 900)]),
        company(2, [did(1, 2, "email_open", 9)], [won(2, 2, 9, 10, 5_000)]),
    ]
    told = one(*accounts, spends=[spent(0, 300), spent(9, 4_000)], as_of=10)
    assert (told.spend.value, told.cost.value, told.value.value) == (4_300, 300, 900)
    assert (told.roi.value, told.roas.value, told.cac.value) == (2.0, 3.0, 300)
    assert told.roi.status == told.cac.status == "immature"
    later = one(*accounts, spends=[spent(0, 300), spent(9, 4_000)], as_of=14)
    assert (later.roi.value, later.roi.status, later.roi.num) == (
        (5_900 - 4_300) / 4_300,
        "ok",
        1_600,
    )
    # Without pending companies, money that has yet to work makes it immature as well.
    young = one(accounts[0], spends=[spent(0, 300), spent(9, 4_000)], as_of=10)
    assert (young.roi.value, young.roi.status, young.roi.pending) == (2.0, "immature", 0)


def test_roi_names_its_costs_and_its_horizon() -> None:
    """Two returns on different costs, or within different times, have different names."""
    told = one(cost_basis=mf.Label("media spend", "媒体費"))
    for measure, name in ((told.roi, "ROI"), (told.roas, "ROAS")):
        assert measure.basis.text().startswith(f"{name} on media spend within 5 days: ")
        assert measure.basis.text("ja").startswith(f"{name}（媒体費・5日以内）")
    assert told.cac.basis.text().startswith("CAC with a lag of 5 days: media spend by 2026-04-06")


def test_who_bought_before_is_no_new_customer() -> None:
    """CAC counts companies of which the first deal on record was won within the horizon."""
    known = company(1, [did(1, 1, "email_open", 10)], [won(1, 1, 0, 1), won(2, 1, 11, 12)])
    fresh = company(2, [did(1, 2, "email_open", 10)], [won(3, 2, 11, 12), won(4, 2, 11, 14)])
    told = one(known, fresh, spends=[spent(0, "1000.01")])
    assert (told.won.value, told.cac.den, told.cac.value) == (3, 1, Decimal("1000.01"))
    alone = one(known, spends=[spent(0, 100)])
    assert (alone.cac.value, alone.cac.status) == (None, "undefined")


def test_a_deal_counts_for_the_products_of_the_campaign() -> None:
    """A campaign for one product has its part of the deal; whole-firm ones have all of it."""
    lines = [mf.DealLine("crm", amount=70), mf.DealLine("sfa", amount=30)]
    deal = won(1, 1, 10, 12, 120, lines=lines)
    touches = [did(1, 1, "email_open", 10), did(2, 1, "email_open", 10, 2)]
    results = asked([company(1, touches, [deal])], campaigns=CAMPAIGNS)
    assert [row.value.value for row in results.campaigns] == [120, 70, 0, 0]
    assert results.motions[1].value.value == 120
    # Two parts of one deal are one deal, and no more than its lines.
    parted = [did(2, 1, "email_open", 10, 2), did(3, 1, "email_open", 10, 3)]
    results = asked([company(1, parted, [deal])], campaigns=CAMPAIGNS)
    downstream = results.motions[1]
    assert (downstream.won.value, downstream.value.value) == (1, 100)


def test_response_is_of_people_to_whom_something_was_delivered() -> None:
    """Who was only sent something, or whose mail came back, is not among them."""
    touches = [
        did(1, 1, "email_sent", 1),
        did(2, 1, "email_bounced", 1),
        did(3, 2, "email_open", 1),
        did(4, 3, "email_click", 1),
        did(5, 3, "email_click", 2),
        did(6, 4, "demo_request", 2),
    ]
    accounts = [company(n, [t for t in touches if t.lead_id == n]) for n in (1, 2, 3, 4)]
    told = one(*accounts)
    assert (told.response.num, told.response.den) == (2, 3)
    assert (told.reached.value, told.engaged.value) == (3, 1)
    assert told.kpis["delivery_rate"].den == 4
    # The conversion of sales e-mails.
    assert (told.kpis["conversion_rate"].num, told.kpis["conversion_rate"].den) == (1, 3)


def test_people_without_company_are_counted_apart() -> None:
    """They responded, but reached no company."""
    strays = mf.Account(None, leads=[mf.Lead(7)], activities=[did(1, 7, "email_click", 1)])
    told = one(strays)
    assert (told.unmatched.value, told.reached.value, told.response.num) == (1, 0, 1)
    assert told.deal_conversion.status == "undefined"


def test_what_nobody_stated_is_told_and_not_guessed() -> None:
    """Law 7: Nothing is lost: unknown campaigns and kinds without a status are rejects."""
    touches = [
        did(1, 1, "email_opened", 1),
        did(2, 1, "email_open", 1, 8),
        did(3, 1, "email_opened", 1, None),
        did(4, 1, "email_open", 1),
    ]
    results = asked([company(1, touches)])
    assert [(one.id, one.code, one.reason) for one in results.rejects] == [
        (
            1,
            "unmapped-kind",
            "no status is given for the kind 'email_opened'; did you mean 'email_open'?",
        ),
        (2, "unknown-campaign", "no such campaign 8"),
    ]
    assert results.campaigns[0].kpis["delivery_rate"].num == 1


def test_a_meeting_of_several_people_is_one() -> None:
    """A meeting is a day on which a company was met, whoever took part."""
    touched = did(1, 1, "email_open", 10)
    met = [did(n, 1, "meeting", day, None) for n, day in ((2, 12), (3, 12), (4, 15), (5, 16))]
    assert one(company(1, [touched, *met])).meetings.value == 2


def test_a_meeting_counts_for_its_products() -> None:
    """One about no product in particular counts for all; one about another product does not."""
    touched = [did(n, 1, "email_open", 10, n) for n in (1, 2)]
    met = [
        evolve(did(n, 1, "meeting", 10 + n, None), product_ids=products)
        for n, products in ((3, ["sfa"]), (4, ["crm", "sfa"]), (5, []))
    ]
    results = asked([company(1, [*touched, *met])], campaigns=CAMPAIGNS)
    assert [row.meetings.value for row in results.campaigns[:2]] == [3, 2]


def test_first_and_last_touch_are_of_what_reached_the_company() -> None:
    """Both look back as far as they are told; what nothing reached is credited to none."""
    touches = [
        did(1, 1, "email_open", 10, 4),
        did(2, 1, "email_open", 30),
        did(3, 1, "listed", 31, 3),
    ]
    accounts = [company(1, touches, [won(1, 1, 8, 40)]), company(2, [], [won(2, 2, 8, 40)])]

    def credited(**others: Any) -> tuple[Any, ...]:
        results = asked(accounts, campaigns=CAMPAIGNS, **others)
        rows = [(row.first_touch.value, row.last_touch.value) for row in results.campaigns]
        return rows, dict(results.uncredited)

    assert credited() == ([(0, 1), (0, 0), (0, 0), (1, 0)], {"first": 1, "last": 1})
    assert credited(look_back_days=29)[0] == [(1, 1), (0, 0), (0, 0), (0, 0)]
    assert credited(look_back_days=9) == ([(0, 0)] * 4, {"first": 2, "last": 2})


def test_a_sale_of_another_product_is_not_put_down_to_a_campaign() -> None:
    """The sale of one product is credited to its own campaigns and those of the whole firm."""
    deal = won(1, 1, 8, 40, lines=[mf.DealLine("crm")])
    touches = [did(1, 1, "email_open", 10, 2), did(2, 1, "email_open", 30, 3)]
    results = asked([company(1, touches, [deal])], campaigns=CAMPAIGNS)
    assert [row.last_touch.value for row in results.campaigns] == [0, 1, 0, 0]


def test_spends_outside_of_campaigns_belong_to_their_tactic() -> None:
    """They are in the tactic and the motion, and in no campaign."""
    spends = [
        spent(0, 10),
        spent(0, 20, None, tactic="email"),
        spent(0, 5, None, tactic="research"),
    ]
    results = asked([], spends=spends)
    assert [row.spend.value for row in results.campaigns] == [10]
    assert {row.key: row.spend.value for row in results.tactics} == {"research": 5, "email": 30}
    assert [row.spend.value for row in results.motions] == [5, 30]


def test_a_budget_is_in_the_currency_of_the_playbook() -> None:
    """A campaign without one is counted, and not added as 0."""
    fx = FxTable("JPY", [FxRate("USD", 150, DAY)])
    campaigns = [
        Campaign(1, "email", DAY, budget=1_000),
        Campaign(2, "email", DAY, budget=10, currency="USD"),
        Campaign(3, "email", DAY),
    ]
    results = asked([], campaigns=campaigns, fx=fx)
    assert [row.budget.value for row in results.campaigns] == [1_000, 1_500, None]
    assert results.campaigns[2].budget.status == "missing"
    whole = results.tactics[0].budget
    assert (whole.value, whole.status, whole.num, whole.den) == (2_500, "unpriced", 2, 3)


def test_without_spends_there_is_no_return() -> None:
    """What nobody recorded is missing, and not free."""
    told = one(company(1, [did(1, 1, "email_open", 10)], [won(1, 1, 11, 12)]))
    for name in ("spend", "cost", "cac", "roi", "roas"):
        assert (told.measures[name].value, told.measures[name].status) == (None, "missing")
    free = one(spends=[spent(0, 0)])
    assert (free.spend.value, free.roi.status) == (0, "undefined")


# -- KPIs and goals --


def _social(*statistics: Statistic, as_of: int = 100, **others: Any) -> CampaignResults:
    campaigns = [
        Campaign(1, "social", DAY, goals={"impressions": 1_000, "reached": 4}, **others),
        Campaign(2, "social", DAY),
    ]
    book = CampaignBook(campaigns, statistics=statistics)
    touches = [did(1, 1, "email_open", 1), did(2, 1, "reply", 2)]
    return asked([company(1, touches)], book=book, as_of=as_of)


def _told(kpi: str, day: int, value: Any, campaign: int | None = 1, **others: Any) -> Statistic:
    return Statistic(kpi, after(day), value, campaign_id=campaign, **others)


def test_statistics_are_added_up_or_the_last_one_holds() -> None:
    """Impressions are added up; followers are those of the last day that is known."""
    results = _social(
        _told("impressions", 1, 300),
        _told("impressions", 2, 200),
        _told("impressions", 2, 50, 2),
        _told("impressions", 3, 7, None, tactic="social"),
        _told("impressions", 101, 9_000),
        _told("followers", 1, 10),
        _told("followers", 2, 12),
    )
    first, second = results.campaigns
    (tactic,) = results.tactics
    assert [row.kpis["impressions"].value for row in (first, second, tactic)] == [500, 50, 557]
    assert results.motions[0].kpis["impressions"].value == 557
    assert (first.kpis["followers"].value, second.kpis["followers"].status) == (12, "missing")
    # Those who follow one account may follow another.
    assert (tactic.kpis["followers"].value, tactic.kpis["followers"].status) == (
        None,
        "not_additive",
    )


def test_statistics_never_become_touches() -> None:
    """A million impressions reach nobody whom the firm knows."""
    told = _social(_told("impressions", 1, 1_000_000)).campaigns[0]
    assert (told.reached.value, told.response.den, told.kpis["reach"].value) == (1, 1, 1)
    assert told.kpis["engagement_rate"].num == 1


def test_a_share_that_was_told_says_of_how_many_if_that_is_known() -> None:
    """A survey has an interval; a share of voice from a tool has none."""
    book = CampaignBook(
        [],
        statistics=[
            Statistic("brand_awareness", after(1), 40, 200, tactic="research"),
            Statistic("share_of_voice", after(1), Decimal("0.23"), tactic="competitor_analysis"),
        ],
    )
    results = asked([], book=book)
    survey, voice = (
        next(row.kpis[key] for row in results.tactics if key in row.kpis)
        for key in ("brand_awareness", "share_of_voice")
    )
    assert (survey.value, survey.den, survey.interval is not None) == (0.2, 200, True)
    assert (voice.value, voice.unit, voice.interval) == (Decimal("0.23"), "share", None)


def test_shares_of_several_days_are_put_together_by_what_they_are_of() -> None:
    """The share of two surveys is not the mean of their shares."""
    kpi = Kpi("survey", "survey", "share")
    tactic = Tactic("poll", "poll", "upstream", [kpi])
    statistics = [
        Statistic("survey", after(day), value, of, tactic="poll")
        for day, value, of in ((1, 1, 10), (2, 90, 90))
    ]
    book = CampaignBook([], statistics=statistics, tactics=[tactic])
    (row,) = asked([], book=book).tactics
    assert (row.kpis["survey"].num, row.kpis["survey"].den) == (91, 100)


def test_goals_say_how_much_of_them_is_reached() -> None:
    """By KPI or by figure; without a figure there is no part of the goal."""
    told = _social(_told("impressions", 1, 250)).campaigns[0].goals
    assert {key: goal.value for key, goal in told.items()} == {"impressions": 0.25, "reached": 0.25}
    assert told["reached"].den == 4
    assert told["reached"].basis.text("ja").endswith("（目標4比）")
    nothing = _social().campaigns[0].goals["impressions"]
    assert (nothing.value, nothing.status) == (None, "missing")


# -- faults --


def test_all_that_is_wrong_is_said_at_once() -> None:
    """Each with its path, and what would have worked."""
    with pytest.raises(InvalidDataError) as told:
        campaign_results(
            "book",  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
            [company(1), company(1), mf.Account(None), mf.Account(None)],
            as_of="today",  # type: ignore[arg-type]
            statuses={"email_open": "seen", " ": None},  # type: ignore[dict-item]
            meetings="meeting",
            fx="JPY",  # type: ignore[arg-type]
            horizons={"upstream": 0},
            look_back_days=-1,
            min_n=0,
        )
    assert sorted(str(one) for one in told.value.problems) == [
        "accounts[1].company: company 1 is there twice",
        "as_of: must be a date, not str 'today'",
        "book: must be a CampaignBook, not NoneType None",
        "fx: must be a FxTable, not str 'JPY'",
        "horizons: must give days for both: upstream and downstream",
        "look_back_days: must be at least 0",
        "meetings: must be a collection of kinds of activity, not 'meeting'",
        "min_n: must be at least 1",
        "playbook: must be a Playbook, not str 'book'",
        "statuses. : must not be blank",
        (
            f"statuses.email_open: must be one of {', '.join(TOUCH_STATUSES)}, not 'seen'"
            "; did you mean 'sent'?"
        ),
    ]


def test_settings_of_another_type_are_named() -> None:
    """What is no mapping, no collection of accounts, and no day."""
    with pytest.raises(InvalidDataError) as told:
        asked(
            ["x"],  # type: ignore[list-item]
            statuses=["email_open"],
            meetings=[3],
            horizons={"upstream": 0, "downstream": 9},
        )
    assert sorted(str(one) for one in told.value.problems) == [
        "accounts[0]: must be an Account, not str",
        "horizons.upstream: must be at least 1",
        "meetings: must be text, not int 3",
        "statuses: must map kinds of activity to statuses, not ['email_open']",
    ]


def test_a_book_goes_with_its_playbook() -> None:
    """Products that nobody sells, another currency and unknown goals are named together."""
    book = CampaignBook(
        [Campaign(1, "email", DAY, product_id="crn", goals={"rsponse": 1})],
        [spent(0, 1, None, tactic="email", product_id="x")],
    )
    with pytest.raises(InvalidDataError) as told:
        asked([], book=book, fx=FxTable("USD"))
    assert [str(one) for one in told.value.problems] == [
        "fx.currency: must be JPY, the playbook's, not USD",
        "campaigns[0].product_id: no such product 'crn'; did you mean 'crm'?",
        "spends[0].product_id: no such product 'x'",
        "campaigns[0].goals.rsponse: no such figure; did you mean 'response'?",
    ]


def test_a_result_lists_its_figures() -> None:
    """Every measure by its name, for tables and charts."""
    told = one()
    assert isinstance(told.measures["roi"], Measure)
    assert list(told.measures)[:3] == ["budget", "spend", "cost"]
    assert (told.label.text(), MAIL.label.text("ja")) == ("1", "1")
