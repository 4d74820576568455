"""The starter: every number that it begins with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel.records import SalesEventKind
from mpfunnel.rules.conditions import IsIn
from mpfunnel.starters import ENGAGEMENT, FUNNEL, OKU, OWNERS, PLAYS, SEGMENTS, starter

DAY = date(2026, 10, 31)
NOON = datetime(2026, 10, 31, 3, tzinfo=UTC)
ENGINE = mf.Engine(starter(["a", "b"]))
LARGE = mf.Company(1, employees=400, annual_revenue=1)


def ago(days: int) -> datetime:
    """Noon so many days before the day asked about."""
    return NOON - timedelta(days=days)


def answer(*activities: tuple[str, int], **more: object) -> mf.LeadAnswer:
    """The answers about one lead who did these things about `a`, so many days ago."""
    did = [mf.Activity(i, 7, kind, ago(days), ["a"]) for i, (kind, days) in enumerate(activities)]
    account = mf.Account(
        more.pop("company", LARGE),  # type: ignore[arg-type]
        leads=[mf.Lead(7)],
        activities=did,
        **more,  # type: ignore[arg-type]
    )
    return ENGINE.assess(account, as_of=DAY).leads[7]


def state(*activities: tuple[str, int], **more: object) -> str:
    """The key of the state of that lead for `a`."""
    found = answer(*activities, **more).engagement.get("a")
    return "none" if found is None else found.value.key


def stage(*activities: tuple[str, int], **more: object) -> str:
    """The key of the stage of that lead."""
    return answer(*activities, **more).stage.value.key


def test_the_points_are_those_that_were_agreed() -> None:
    """Opens earn nothing (robots and mail privacy); the careers page is a penalty."""
    points = {signal.kind: signal.points for signal in ENGAGEMENT.signals}
    assert points["webinar_attended"] == 15
    assert points["asset_downloaded"] == 8
    assert points["business_card"] == 5
    assert points["pricing_page"] == 10
    assert points["email_click"] == 3
    assert points["email_open"] == 0
    assert points["careers_page"] == -20
    assert ENGAGEMENT.half_life_days == 30
    hands = [signal.kind for signal in ENGAGEMENT.signals if signal.raises_hand_days]
    assert hands == ["inquiry", "quotation_request", "demo_request"]


@pytest.mark.parametrize(
    ("employees", "oku", "segment", "tier"),
    [
        (1_000, 0, "enterprise", 1),
        (999, 1_000, "enterprise", 1),
        (999, 999, "mid_market", 2),
        (300, 0, "mid_market", 2),
        (299, 100, "mid_market", 2),
        (299, 99, "small", 3),
        (50, 0, "small", 3),
        (49, 10, "small", 3),
        (49, 9, "micro", 4),
    ],
)
def test_the_bands_begin_where_they_say(employees: int, oku: int, segment: str, tier: int) -> None:
    """50, 300 and 1,000 employees; 10, 100 and 1,000 億円."""
    company = mf.Company(1, employees=employees, annual_revenue=oku * OKU)
    assert ENGINE.segment_for(company, as_of=DAY).value.key == segment
    assert ENGINE.tier_for(company, "a", as_of=DAY).value == mf.Tier(tier)


@pytest.mark.parametrize(
    ("company", "segment"),
    [
        (mf.Company(1, relationships=["own_group", "customer"]), "own_group"),
        (mf.Company(1, relationships=["do_not_trade", "partner"]), "do_not_trade"),
        (mf.Company(1, relationships=["competitor"]), "competitor"),
        (mf.Company(1, attributes={"student": True}), "student"),
        (mf.Company(1, attributes={"individual": True}), "individual"),
        (mf.Company(1, attributes={"public_body": True}), "public_body"),
        (mf.Company(1, relationships=["partner", "customer"]), "partner"),
    ],
)
def test_what_is_no_target_is_told_apart_before_its_size(company: mf.Company, segment: str) -> None:
    """These segments are settled even where the size is unknown."""
    decision = ENGINE.segment_for(company, as_of=DAY)
    assert (decision.value.key, decision.settled) == (segment, True)
    tier = ENGINE.tier_for(company, "a", as_of=DAY)
    kept_apart = segment not in ("public_body", "partner")
    assert (tier.rule == "not-a-target", tier.settled) == (kept_apart, kept_apart)


def test_a_target_list_goes_first() -> None:
    """The commonest rule for Tier 1."""
    listed = mf.Company(1, lists=["target"])
    assert ENGINE.tier_for(listed, "a", as_of=DAY).value == mf.Tier(1)


def test_high_interest_needs_thirty_points_on_two_days() -> None:
    """Many actions of one day are not yet high interest."""
    webinar = ("webinar_attended", 0)
    assert state(webinar, webinar, webinar) == "priority_follow_up"
    assert answer(webinar, webinar).engagement["a"].interest.value.key == "interested"
    assert state(webinar, webinar, ("email_click", 1)) == "high_interest"
    assert state(webinar, ("email_click", 1)) == "priority_follow_up"
    assert state(("demo_request", 0)) == "high_interest"
    assert answer(("demo_request", 29)).engagement["a"].interest.value.key == "high_interest"
    assert answer(("demo_request", 30)).engagement["a"].interest.value.key == "interested"


def test_priority_follow_up_needs_tier_two_and_a_reason() -> None:
    """Interested within a year, lost or recycled for timing or budget, or marked by a person."""
    small = {"company": mf.Company(1, employees=60, annual_revenue=1)}
    assert state(("pricing_page", 364)) == "priority_follow_up"
    assert state(("pricing_page", 365)) == "dormant"
    assert state(("asset_downloaded", 364)) == "aware"
    assert state(("pricing_page", 364), **small) == "dormant"
    lost = mf.Deal(1, 1, ago(90), [mf.DealLine("a")], "lost", ago(60), reason="timing")
    assert state(deals=[lost]) == "priority_follow_up"
    assert state(deals=[lost], **small) == "none"
    for reason, wanted in (("budget", "priority_follow_up"), ("no_need", "none")):
        assert state(sales_events=[mf.SalesEvent(7, "recycled", ago(9), "a", reason=reason)]) == (
            wanted
        )
    assert state(sales_events=[mf.SalesEvent(7, "follow_up", ago(9))]) == "priority_follow_up"
    marked_before = [
        mf.SalesEvent(7, "follow_up", ago(9)),
        mf.SalesEvent(7, "disqualified", ago(8), "a"),
    ]
    assert state(sales_events=marked_before) == "none"


def test_dormant_was_interested_and_is_quiet() -> None:
    """Ten points within two years, and nothing for ninety days."""
    small = {"company": mf.Company(1, employees=60, annual_revenue=1)}
    assert state(("pricing_page", 729), **small) == "dormant"
    assert state(("pricing_page", 730), **small) == "aware"
    assert state(("pricing_page", 400), ("page_view", 89), **small) == "aware"
    assert state(("pricing_page", 400), ("page_view", 90), **small) == "dormant"


def test_deals_ownership_and_segment_go_before_interest() -> None:
    """The state says what is done; the interest stays readable beside it."""
    webinars = [("webinar_attended", 0), ("webinar_attended", 1), ("webinar_attended", 2)]
    deal = mf.Deal(1, 1, ago(5), [mf.DealLine("a")])
    contract = mf.Contract(1, "a", date(2026, 1, 1))
    rival = mf.Company(1, relationships=["competitor"])
    for wanted, more in (
        ("in_opportunity", {"deals": [deal], "contracts": [contract]}),
        ("customer", {"contracts": [contract]}),
        ("excluded", {"company": rival, "deals": [deal]}),
    ):
        found = answer(*webinars, **more).engagement["a"]
        assert (found.value.key, found.interest.value.key) == (wanted, "high_interest")


def test_the_way_through_the_funnel() -> None:
    """Each stage is entered by what its definition says."""

    def said(kind: SalesEventKind, days: int = 1) -> mf.SalesEvent:
        return mf.SalesEvent(7, kind, ago(days), "a", reason="timing")

    click = ("email_click", 3)
    keen = [("webinar_attended", 4), ("webinar_attended", 3), ("webinar_attended", 2)]
    deal = mf.Deal(1, 1, ago(1), [mf.DealLine("a")], lead_id=7)
    won = mf.Deal(1, 1, ago(9), [mf.DealLine("a")], "won", ago(1), lead_id=7)
    lost = mf.Deal(1, 1, ago(9), [mf.DealLine("a")], "lost", ago(1), lead_id=7)
    small = mf.Company(1, employees=60, annual_revenue=1)
    assert stage() == "known"
    assert stage(("email_open", 1)) == "known"
    assert stage(("careers_page", 1)) == "known"
    assert stage(click) == "inquiry"
    assert stage(*keen) == "mql"
    assert stage(*keen, company=small) == "inquiry"
    assert stage(("inquiry", 89), company=small) == "mql"
    assert stage(("inquiry", 90), company=small) == "inquiry"
    assert stage(click, sales_events=[said("accepted")]) == "sal"
    assert stage(click, sales_events=[said("accepted", 2), said("qualified")]) == "sql"
    assert stage(click, deals=[deal]) == "opportunity"
    assert stage(click, deals=[won]) == "customer"
    assert stage(click, deals=[lost]) == "lost"
    assert stage(*keen, sales_events=[said("recycled")]) == "recycled"
    assert stage(*keen, sales_events=[said("rejected")]) == "recycled"
    assert stage(*keen, ("demo_request", 0), sales_events=[said("recycled")]) == "mql"
    assert stage(*keen, sales_events=[said("disqualified")]) == "disqualified"
    assert stage(*keen, company=mf.Company(1, relationships=["competitor"])) == "disqualified"
    assert stage(("email_click", 179)) == "inquiry"
    assert stage(("email_click", 180)) == "dormant"
    assert FUNNEL.quiet_days == 180


def test_every_play_is_somebodys_and_comes_again() -> None:
    """A lead that was called in vain does not fall off the list; every quarter is 90 days."""
    plays = {one.key: one for one in PLAYS.plays}
    assert {one.owner for one in plays.values()} == set(OWNERS)
    assert all(one.channels and one.cadence_days for one in plays.values())
    assert plays["propose"].due_in_days == 2
    assert plays["regular_follow_up"].cadence_days == 90
    assert plays["regular_follow_up"].message == "education"


def test_every_state_and_stage_has_a_play_or_deliberately_none() -> None:
    """Whatever is known of a lead, one rule of the firm is for it, and some rule of its product."""

    def named(rules: Iterable[mf.PlayRule]) -> list[str]:
        return [key for rule in rules if isinstance(rule.when, IsIn) for key in rule.when.values]

    stages = [one.key for one in (*FUNNEL.ladder, *FUNNEL.detours)]
    assert sorted(named(PLAYS.firm)) == sorted(stages)
    states = {one.key for one in (*ENGAGEMENT.ladder, *ENGAGEMENT.detours)}
    others = {"not_eligible", "disqualified", "mql", "sal", "sql"}
    assert set(named(PLAYS.products)) == states - {"none"} | others


def plays(*activities: tuple[str, int], **more: Any) -> list[tuple[object, str]]:
    """The plays of a lead who did these things about `a` so many days ago, by turn."""
    did = [mf.Activity(i, 7, kind, ago(days), ["a"]) for i, (kind, days) in enumerate(activities)]
    did += more.pop("activities", [])
    account = mf.Account(LARGE, leads=[mf.Lead(7)], activities=did, **more)
    return [(one.product_id, one.play.key) for one in ENGINE.assess(account, as_of=DAY).plays]


def test_an_mql_is_called_until_a_product_is_to_be_proposed() -> None:
    """Who asks the firm is not left to educational content, nor a customer to the next quarter."""
    asked: dict[str, Any] = {"activities": [mf.Activity(90, 7, "inquiry", ago(1), [])]}
    assert plays(("demo_request", 1)) == [(None, "call_back"), ("a", "propose")]
    assert plays(("demo_request", 2)) == [("a", "propose"), (None, "call_back")]
    assert plays(("page_view", 1)) == [("a", "educate"), (None, "newsletter")]
    assert plays(("page_view", 1), **asked) == [(None, "call_back")]
    owned: dict[str, Any] = {"contracts": [mf.Contract(1, "a", start=DAY - timedelta(400))]}
    assert plays(**owned) == [("a", "customer_care"), (None, "newsletter")]
    assert plays(**owned, **asked) == [(None, "call_back")]


def test_while_sales_talks_nothing_is_sent_about_products() -> None:
    """Neither case studies nor content; what a customer uses is looked after all the same."""

    def said(kind: SalesEventKind) -> dict[str, Any]:
        return {"sales_events": [mf.SalesEvent(7, kind, ago(0))]}

    assert plays(("page_view", 1), **said("accepted")) == [(None, "meet")]
    assert plays(("demo_request", 1), **said("disqualified")) == []
    owned: dict[str, Any] = {"contracts": [mf.Contract(1, "a", start=DAY - timedelta(400))]}
    assert plays(**owned, **said("accepted")) == [(None, "meet"), ("a", "customer_care")]
    deal = mf.Deal(1, 1, ago(3), [mf.DealLine("a")], lead_id=7)
    assert plays(deals=[deal]) == [("a", "advance_deal")]


def test_the_reasons_of_plays_are_told_as_people_speak() -> None:
    """No list of keys or levels, in either language, and none longer than a line."""
    rules = (*PLAYS.products, *PLAYS.firm)
    assert all("_" not in rule.because.text(lang) for rule in rules for lang in ("en", "ja"))
    assert all(rule.because.en != rule.because.ja for rule in rules)
    assert max(len(rule.because.ja) for rule in rules) <= 22


def test_every_outcome_has_a_label_in_both_languages() -> None:
    """What a marketer reads is never a key."""
    labels = [one.label for one in SEGMENTS.outcomes]
    labels += [one.label for one in (*FUNNEL.ladder, *FUNNEL.detours)]
    labels += [one.label for one in (*ENGAGEMENT.ladder, *ENGAGEMENT.detours)]
    labels += [*(one.label for one in PLAYS.plays), *OWNERS.values()]
    assert len(labels) == 11 + 11 + 9 + 11 + 4
    assert all("_" not in label.en and "_" not in label.ja for label in labels)
    assert all(signal.label.ja != signal.label.en for signal in ENGAGEMENT.signals)


def test_language_and_zone_are_the_firms_choice() -> None:
    """The language changes no answer; the zone does."""
    assert starter(["a"], lang="ja").lang == "ja"
    assert starter(["a"], lang="ja").version == starter(["a"]).version
    assert starter(["a"], zone="UTC").version != starter(["a"]).version
