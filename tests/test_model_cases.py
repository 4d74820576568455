"""The model, case by case: what marketers trip over elsewhere, asked of a whole engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel.engagement import ScorePart
from mpfunnel.facts import any_product, company, product
from mpfunnel.records import Id
from mpfunnel.rules.conditions import Condition

DAY: Final = date(2026, 10, 31)
JST: Final = timezone(timedelta(hours=9))
LEAD: Final = mf.Lead("anna", "acme")


def book(**tiers: Condition | None) -> mf.Playbook:
    """Return the starter for products `a` and `b`: Tier 1 where the condition holds, else 4."""
    tables = {
        key: mf.TierTable([] if when is None else [mf.Rule(mf.Tier(1), when)], mf.Tier(4))
        for key, when in tiers.items()
    }
    return evolve(mf.starter(["a", "b"]), tiers=tables)


LARGE: Final = company.employees >= 1_000
BOOK: Final = book(a=LARGE, b=None)
"""`a` is made for large companies, `b` for none in particular: Tier 4 for all."""
ENGINE: Final = mf.Engine(BOOK)


def at(ago: int, hour: int = 10) -> datetime:
    """Return a time of the day so many days before the one asked about, in Japan."""
    return datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=JST) - timedelta(days=ago)


def did(kind: str, ago: int, *products: Id, lead: Id = "anna", key: str = "") -> mf.Activity:
    """Return an activity."""
    return mf.Activity(key or f"{kind}-{ago}", lead, kind, at(ago), frozenset(products))


def keen(on: Id) -> tuple[mf.Activity, ...]:
    """Return what makes interest high by any measure: 55 points on four days of this month."""
    kinds = ("webinar_attended", "pricing_page", "webinar_attended", "webinar_attended")
    return tuple(did(kind, 2 + ago, on) for ago, kind in enumerate(kinds))


def acme(employees: int | None = 5_000, **facts: Any) -> mf.Company:
    """Return a company whose size is known."""
    return mf.Company("acme", employees=employees, annual_revenue=facts.pop("revenue", 0), **facts)


def account(*activities: mf.Activity, **records: Any) -> mf.Account:
    """Return an account of one company and one lead."""
    given = {"company": acme(), "leads": [LEAD], "activities": activities, **records}
    return mf.Account(**given)


def asked(
    given: mf.Account, *, engine: mf.Engine = ENGINE, as_of: date | datetime = DAY
) -> mf.LeadAnswer:
    """Return the answers about the one lead."""
    (lead,) = engine.assess(given, as_of=as_of).leads.values()
    return lead


def keys(values: Iterable[Any]) -> list[str]:
    """Return the keys of segments, tiers, stages or states."""
    return [value.key for value in values]


def states(lead: mf.LeadAnswer) -> dict[Id, str]:
    """Return the state for each product with a sign."""
    return {product_id: one.value.key for product_id, one in lead.engagement.items()}


# -- the cases that the model was made for --


def test_a_customer_of_b_keen_on_a_is_an_mql_for_a() -> None:
    """S19: owns B, Tier 1 and high interest for A: stage MQL, for A, an existing customer."""
    given = account(*keen("a"), contracts=[mf.Contract("acme", "b", date(2024, 4, 1))])
    lead = asked(given)
    assert (lead.stage.value.key, lead.stage.for_products) == ("mql", ("a",))
    assert lead.stage.existing_customer
    assert lead.stage.settled
    assert states(lead) == {"a": "high_interest", "b": "customer"}


def test_a_customer_who_won_b_by_a_deal_of_its_own_is_an_mql_for_a_too() -> None:
    """S19: winning ends a pursuit; the pursuit of A is the furthest that is open."""
    won = mf.Deal(
        "d1", "acme", at(200), (mf.DealLine("b"),), "won", closed_at=at(100), lead_id="anna"
    )
    before = asked(account(deals=[won]))
    assert (before.stage.value.key, before.stage.for_products) == ("customer", ("b",))
    lead = asked(account(*keen("a"), deals=[won]))
    assert (lead.stage.value.key, lead.stage.for_products) == ("mql", ("a",))
    assert lead.stage.existing_customer
    assert {p: one.value.key for p, one in lead.stage.pursuits.items()} == {
        "a": "mql",
        "b": "customer",
    }


def test_tier_and_interest_of_two_products_make_no_mql() -> None:
    """S7: Tier 1 for A without interest, and high interest in B at Tier 4, are not added up."""
    given = account(*keen("b"))
    lead = asked(given)
    tiers = ENGINE.assess(given, as_of=DAY).tiers
    assert keys(tiers[p].value for p in ("a", "b")) == ["tier_1", "tier_4"]
    assert states(lead) == {"b": "high_interest"}
    assert (lead.stage.value.key, lead.stage.settled) == ("inquiry", True)


@pytest.mark.parametrize(("keen_on", "stage"), [("a", "mql"), ("b", "inquiry")])
def test_any_product_asks_tier_and_engagement_of_the_same_product(keen_on: str, stage: str) -> None:
    """S7: a rule of the funnel over any product holds only where one product has both."""
    fits = any_product(product.tier.at_least(mf.Tier(2)) & product.engagement.is_in(HIGH))
    lead = asked(account(*keen(keen_on)), engine=mf.Engine(with_mql(fits)))
    assert lead.stage.value.key == stage


def test_a_product_without_sign_counts_as_one_without_engagement() -> None:
    """S7: `any_product` ranges over every product of the playbook, touched or not."""
    untouched = with_mql(any_product(product.engagement.is_in("none")))
    assert asked(account(did("email_click", 3, "a")), engine=mf.Engine(untouched)).stage.rule == (
        "mql"
    )
    both = account(did("email_click", 3, "a", "b"))
    assert asked(both, engine=mf.Engine(untouched)).stage.rule == "inquiry"


HIGH: Final = "high_interest"


def with_mql(when: Condition) -> mf.Playbook:
    """Return the playbook with another rule for MQL."""
    funnel = BOOK.funnel
    (mql,) = [stage for stage in funnel.ladder if stage.key == "mql"]
    rules = [
        mf.Rule(mql, when, key="mql") if rule.key == "mql" else rule for rule in funnel.rules.rules
    ]
    return evolve(BOOK, funnel=evolve(funnel, rules=evolve(funnel.rules, rules=rules)))


@pytest.mark.parametrize("employees", [3, 60, 400, 2_000])
def test_blank_relationships_settle_every_segment(employees: int) -> None:
    """S2: what nobody ticked does not hold, so no segment stays undecided for it."""
    segment = ENGINE.segment_for(acme(employees), as_of=DAY)
    assert segment.settled
    assert segment.missing == ()


def test_blank_employees_leave_the_tier_undecided_with_both_candidates() -> None:
    """S3, S4: the value is one of the possible ones, and what is missing has a name."""
    tier = ENGINE.tier_for(acme(None), "a", as_of=DAY)
    assert (tier.value, tier.settled) == (mf.Tier(4), False)
    assert tier.possible == (mf.Tier(1), mf.Tier(4))
    assert tier.missing == ("company.employees",)
    assert tier.text("ja") == "未判定: Tier 1・Tier 4"
    assert ENGINE.tier_for(acme(None), "b", as_of=DAY).settled


def test_an_undecided_tier_leaves_the_stage_undecided() -> None:
    """S5: a rule that reads the tier is as unknown as the tier is, and asks for the same fact."""
    stage = asked(account(*keen("a"), company=acme(None))).stage
    assert (stage.value.key, keys(stage.possible)) == ("inquiry", ["mql", "inquiry"])
    assert stage.missing == ("company.employees",)
    settled = [asked(account(*keen("a"), company=acme(n))).stage for n in (999, 1_000)]
    assert keys(stage.value for stage in settled) == ["inquiry", "mql"]
    assert all(stage.settled for stage in settled)


def test_an_undecided_tier_does_not_matter_where_a_hand_is_raised() -> None:
    """S5: what holds for every possible tier is settled."""
    stage = asked(account(did("demo_request", 1, "a"), company=acme(None))).stage
    assert (stage.value.key, stage.settled, stage.missing) == ("mql", True, ())


def test_a_partner_who_is_also_a_customer_is_both() -> None:
    """The segment is partner, by the order of the rules; what it owns and wants stays visible."""
    both = acme(relationships=["customer", "partner"])
    given = account(*keen("a"), company=both, contracts=[mf.Contract("acme", "b", DAY)])
    answer = ENGINE.assess(given, as_of=DAY)
    assert (answer.segment.value.key, answer.segment.rule) == ("partner", "partner")
    assert answer.owned == ("b",)
    stage = answer.leads["anna"].stage
    assert (stage.value.key, stage.existing_customer) == ("mql", True)


def test_a_lead_without_company_is_unmatched_and_keeps_stage_and_engagement() -> None:
    """It is never dropped: only what needs a company stays open."""
    stray = mf.Lead("ito", None, "ito@unknown.example")
    signs = [
        *(evolve(one, lead_id="ito") for one in keen("a")),
        did("inquiry", 1, "b", lead="ito"),
    ]
    (given,) = mf.accounts(leads=[stray], activities=signs)
    answer = ENGINE.assess(given, as_of=DAY)
    assert (answer.company_id, answer.segment.value.key) == (None, "unmatched")
    assert not answer.tiers
    lead = answer.leads["ito"]
    assert (lead.stage.value.key, lead.stage.for_products) == ("mql", ("b",))
    assert lead.engagement["a"].value.key == "high_interest"
    rows = answer.rows()
    assert [row["lead_id"] for row in rows["leads"]] == ["ito"]
    assert {row["product_id"] for row in rows["engagement"]} == {"a", "b"}
    assert rows["rejects"] == rows["companies"] == []


def test_a_lead_of_a_company_that_is_not_there_is_not_dropped_either() -> None:
    """Its account is that of the people without company."""
    lost = mf.Lead("ito", "gone")
    found = list(mf.accounts(companies=[acme()], leads=[LEAD, lost]))
    answers = [ENGINE.assess(one, as_of=DAY) for one in found]
    assert [list(answer.leads) for answer in answers] == [["anna"], ["ito"]]
    assert answers[1].segment.value.key == "unmatched"


def test_an_opt_out_changes_only_whether_one_may_write() -> None:
    """Stage, engagement, score and reasons stay; the channel is closed, with the reason."""
    silent = mf.Lead("anna", "acme", consents=[mf.Consent("email", granted=False, at=at(1))])
    before = asked(account(*keen("a")))
    after = asked(account(*keen("a"), leads=[silent]))
    assert evolve(after, contactable=before.contactable) == before
    assert before.contactable["email"].allowed is None
    assert after.contactable["email"].allowed is False
    assert "opted out" in after.contactable["email"].because.en
    others = {key: one for key, one in after.contactable.items() if key != "email"}
    assert others == {key: one for key, one in before.contactable.items() if key != "email"}


@pytest.mark.parametrize(("end", "owned"), [(DAY, True), (DAY - timedelta(days=1), False)])
def test_a_lapsed_contract_is_not_owned(end: date, owned: bool) -> None:
    """The last day counts; from the next on, the company is a former customer."""
    given = account(contracts=[mf.Contract("acme", "b", date(2024, 4, 1), end)])
    answer = ENGINE.assess(given, as_of=DAY)
    assert answer.owned == (("b",) if owned else ())
    assert answer.leads["anna"].stage.existing_customer is owned
    assert states(answer.leads["anna"]) == ({"b": "customer"} if owned else {})


def test_interest_stays_readable_under_customer_and_opportunity() -> None:
    """An owner who studies the prices again may want more: the up-sell signal does not vanish."""
    owner = asked(account(*keen("b"), contracts=[mf.Contract("acme", "b", date(2024, 4, 1))]))
    buyer = asked(account(*keen("b"), deals=[mf.Deal("d", "acme", at(9), (mf.DealLine("b"),))]))
    assert [states(lead)["b"] for lead in (owner, buyer)] == ["customer", "in_opportunity"]
    assert [lead.engagement["b"].interest.value.key for lead in (owner, buyer)] == [HIGH, HIGH]


# -- semantics, by number --


def test_a_blank_text_is_missing_and_no_number_is_half_known() -> None:
    """S1: blank text is no value, at the door of a record too; NaN is none that a record takes."""
    where = mf.TierTable([mf.Rule(mf.Tier(1), company.region == "近畿")], mf.Tier(4))
    engine = mf.Engine(evolve(BOOK, tiers={"a": where, "b": where}))
    tier = engine.tier_for(acme(region=" "), "a", as_of=DAY)
    assert (tier.missing, tier.settled) == (("company.region",), False)
    for number in (float("nan"), float("inf")):
        with pytest.raises(mf.InvalidDataError, match="growth_rate: must be a finite number"):
            acme(growth_rate=number)


def test_a_rule_about_missingness_is_open_until_the_fact_is_known() -> None:
    """S3: `is_missing` is true now and unknown later, so both its answers stay possible."""
    unsized = mf.Rule(mf.Tier(2), company.employees.is_missing(), key="unsized")
    table = mf.TierTable([unsized, mf.Rule(mf.Tier(1), LARGE)], mf.Tier(4))
    tier = mf.Engine(evolve(BOOK, tiers={"a": table, "b": table})).tier_for(
        acme(None), "a", as_of=DAY
    )
    assert (tier.value, tier.rule) == (mf.Tier(2), "unsized")
    assert tier.possible == (mf.Tier(2), mf.Tier(1), mf.Tier(4))


def test_a_detour_is_below_no_rung_and_above_none() -> None:
    """S8: states outside the ladder compare false, whatever they are compared with."""
    customer = account(contracts=[mf.Contract("acme", "a", date(2024, 4, 1))])
    touched = did("email_click", 3, "a")
    for when in (product.engagement.at_least("none"), product.engagement.at_most(HIGH)):
        engine = mf.Engine(with_mql(when))
        assert asked(evolve(customer, activities=[touched]), engine=engine).stage.rule != "mql"
        assert asked(account(touched), engine=engine).stage.rule == "mql"


def test_every_answer_has_a_reason_and_names_its_rule() -> None:
    """S10: the four answers each carry the key of a rule, and a reason in both languages."""
    answer = ENGINE.assess(account(*keen("a"), did("page_view", 9, "b")), as_of=DAY)
    lead = answer.leads["anna"]
    decisions: list[Any] = [answer.segment, *answer.tiers.values(), lead.stage]
    decisions += list(lead.engagement.values())
    decisions += [one.interest for one in lead.engagement.values()]
    assert len(decisions) == 8
    for one in decisions:
        assert one.rule
        assert one.because.en
        assert one.because.ja
        assert one.version == BOOK.version


def test_a_day_is_a_day_of_the_playbooks_zone() -> None:
    """S11: half past midnight in Japan is the new day there, wherever the clock of a record is."""
    early = did("demo_request", 0, "a")
    utc = datetime(2026, 10, 30, 15, 30, tzinfo=timezone.utc)  # noqa: UP017 # as exports write it
    early = evolve(early, at=utc)
    assert asked(account(early), as_of=DAY - timedelta(days=1)).stage.value.key == "known"
    assert asked(account(early), as_of=DAY).stage.value.key == "mql"
    # An aware time means its local day, which is the day before in New York.
    there = datetime(2026, 10, 30, 11, 30, tzinfo=timezone(timedelta(hours=-4)))
    assert asked(account(early), as_of=there) == asked(account(early), as_of=DAY)


def test_a_deal_that_closes_later_is_open_as_of_today() -> None:
    """S11: what will happen is not known yet, even where the record knows it."""
    deal = mf.Deal("d", "acme", at(30), (mf.DealLine("a"),), "won", closed_at=at(0), lead_id="anna")
    given = account(deals=[deal])
    eve = asked(given, as_of=DAY - timedelta(days=1))
    assert (eve.stage.value.key, states(eve), eve.stage.existing_customer) == (
        "opportunity",
        {"a": "in_opportunity"},
        False,
    )
    assert asked(given).stage.value.key == "customer"


@pytest.mark.parametrize(("ago", "stage"), [(0, "mql"), (89, "mql"), (90, "inquiry")])
def test_within_90_days_means_an_age_below_90(ago: int, stage: str) -> None:
    """S13: a hand raised 89 days ago still counts within 90 days; 90 days ago it does not."""
    assert asked(account(did("demo_request", ago, "b"))).stage.value.key == stage


@pytest.mark.parametrize(("ago", "state"), [(29, "high_interest"), (30, "interested")])
def test_a_measure_counts_ages_below_its_days(ago: int, state: str) -> None:
    """S13: a demo asked for 29 days ago is counted within 30 days, one 30 days ago is not."""
    assert states(asked(account(did("demo_request", ago, "b")))) == {"b": state}


@pytest.mark.parametrize(("ago", "stage"), [(179, "inquiry"), (180, "dormant")])
def test_quiet_for_180_days_means_no_sign_of_an_age_below_180(ago: int, stage: str) -> None:
    """S13: the 180th day without a sign is the first quiet one."""
    assert asked(account(did("email_click", ago, "b"))).stage.value.key == stage


def test_scores_are_exact_integers_of_micro_points() -> None:
    """S15: points × weight in thousandths × decay in thousandths, summed, and named as such."""
    # A webinar about A on the day, one of the whole firm (a quarter) ten days before.
    given = account(did("webinar_attended", 0, "a"), did("webinar_attended", 10))
    answer = ENGINE.assess(given, as_of=DAY)
    score = answer.leads["anna"].engagement["a"].score
    # 2^(-10/30) is 0.7937.
    assert score.micro == 15 * 1_000 * 1_000 + 15 * 250 * 794
    assert str(score.points) == "17.977500"
    (row,) = [row for row in answer.rows()["engagement"] if row["product_id"] == "a"]
    assert row["score_micro"] == 17_977_500


def test_a_cap_bounds_the_decayed_points_of_a_kind() -> None:
    """S16: thirty page views are worth no more than ten points, and less when they fade."""
    views = [did("page_view", 0, "a", key=str(number)) for number in range(30)]
    today = asked(account(*views)).engagement["a"].score
    assert today.parts == (ScorePart("page_view", 30, 10_000_000, over_cap=20_000_000),)
    later = asked(account(*views), as_of=DAY + timedelta(days=60)).engagement["a"].score
    # A quarter is left: below the cap.
    assert later.parts == (ScorePart("page_view", 30, 30 * 1_000 * 250),)


def test_a_penalty_is_a_part_of_its_own() -> None:
    """S16: it is not swallowed by what other kinds earn, and needs no floor to add up."""
    given = account(did("pricing_page", 0, "a"), did("careers_page", 0))
    score = asked(given).engagement["a"].score
    assert [(part.kind, part.micro) for part in score.parts] == [
        ("pricing_page", 10_000_000),
        ("careers_page", -5_000_000),
    ]
    assert score.micro == 5_000_000


def test_an_equal_activity_counts_once_and_a_conflicting_one_never() -> None:
    """S17: the identity of an activity is its lead and id."""
    one = did("webinar_attended", 3, "a", key="x")
    once = asked(account(one))
    assert asked(account(one, one)) == once
    answer = ENGINE.assess(account(one, evolve(one, kind="pricing_page")), as_of=DAY)
    assert [(r.table, r.id, r.code) for r in answer.rejects] == [
        ("activities", "x", "conflict")
    ] * 2
    assert states(answer.leads["anna"]) == {}
    # Another lead may use the same id.
    other = mf.Lead("ben", "acme")
    both = account(one, evolve(one, lead_id="ben"), leads=[LEAD, other])
    assert {len(lead.engagement) for lead in ENGINE.assess(both, as_of=DAY).leads.values()} == {1}


def test_ids_are_of_one_type_and_stay_it_in_rows() -> None:
    """S18: an integer is an integer in the rows too, never a text and never a key."""
    with pytest.raises(mf.PlaybookError, match=r"products\[1\].id: must be of one type"):
        mf.starter([1, "b"])
    answer = mf.Engine(mf.starter([1, 2])).assess(
        mf.Account(mf.Company(7, employees=9, annual_revenue=0)), as_of=DAY
    )
    rows = answer.rows()["tiers"]
    assert [(row["company_id"], row["product_id"]) for row in rows] == [(7, 1), (7, 2)]


def test_a_new_sign_after_the_end_opens_the_next_pursuit() -> None:
    """S19: what was accepted in a pursuit that went quiet does not count in the next one."""
    accepted = mf.SalesEvent("anna", "accepted", at(300), "b")
    first = did("email_click", 301, "b")
    assert asked(account(first, sales_events=[accepted])).stage.value.key == "dormant"
    again = did("email_click", 5, "b")
    stage = asked(account(first, again, sales_events=[accepted])).stage
    assert (stage.value.key, stage.for_products) == ("inquiry", ("b",))


def test_the_lead_stands_where_its_furthest_pursuit_stands() -> None:
    """S19: `for_products` lists every product whose pursuit has come that far, and no other."""
    accepted = [mf.SalesEvent("anna", "accepted", at(3), p) for p in ("a", "b")]
    signs = [did("email_click", 5, "a", "b")]
    one = asked(account(*signs, sales_events=accepted[:1])).stage
    both = asked(account(*signs, sales_events=accepted)).stage
    assert (one.value.key, one.for_products) == ("sal", ("a",))
    assert (both.value.key, both.for_products) == ("sal", ("a", "b"))
    assert one.pursuits["b"].value.key == "inquiry"


@pytest.mark.parametrize(("concerns", "stage"), [(False, "known"), (True, "opportunity")])
def test_a_deal_without_lead_concerns_leads_only_if_the_funnel_says_so(
    concerns: bool, stage: str
) -> None:
    """S20: by default none; either way the company is in an opportunity for the product."""
    funnel = evolve(BOOK.funnel, deals_without_lead=concerns)
    deal = mf.Deal("d", "acme", at(9), (mf.DealLine("b"),))
    lead = asked(account(deals=[deal]), engine=mf.Engine(evolve(BOOK, funnel=funnel)))
    assert lead.stage.value.key == stage
    assert states(lead) == {"b": "in_opportunity"}


def test_the_stage_is_the_one_that_the_facts_warrant() -> None:
    """S20: no history is kept, so each day's stage follows from the records up to that day."""
    events = [
        mf.SalesEvent("anna", "accepted", at(50), "b"),
        mf.SalesEvent("anna", "qualified", at(40), "b"),
        mf.SalesEvent("anna", "recycled", at(30), "b", reason="timing"),
    ]
    given = account(did("email_click", 60, "b"), sales_events=events)
    days: Mapping[int, str] = {61: "known", 60: "inquiry", 50: "sal", 40: "sql", 30: "recycled"}
    found = {ago: asked(given, as_of=DAY - timedelta(days=ago)).stage.value.key for ago in days}
    assert found == days


def test_only_products_with_a_state_are_listed() -> None:
    """S23: a product whose state is surely that of no sign is left out, on objects and in rows."""
    answer = ENGINE.assess(account(did("email_click", 3, "a")), as_of=DAY)
    assert states(answer.leads["anna"]) == {"a": "aware"}
    assert [row["product_id"] for row in answer.rows()["engagement"]] == ["a"]
    nobody = ENGINE.assess(account(), as_of=DAY)
    assert not nobody.leads["anna"].engagement
    assert not nobody.rows()["engagement"]


def sold(status: str, on: Id, opened: int, closed: int, key: int = 1) -> mf.Deal:
    """Return a deal of the lead that has ended."""
    lines = [mf.DealLine(on)]
    return mf.Deal(key, "acme", at(opened), lines, status, at(closed), lead_id="anna")  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "stage"), [("won", "customer"), ("lost", "lost")])
@pytest.mark.parametrize(
    "general",
    [
        {"sales_events": [mf.SalesEvent("anna", "accepted", at(20))]},
        {"activities": (did("demo_request", 25), did("webinar_attended", 30, "a"))},
        {"sales_events": [mf.SalesEvent("anna", "qualified", at(40))]},
    ],
)
def test_a_deal_ends_what_named_no_product(
    general: Mapping[str, Any], status: str, stage: str
) -> None:
    """S19: once the deal is won or lost, nothing that was said before of the firm goes on."""
    given = {"activities": (did("webinar_attended", 30, "a"),), **general}
    activities = given.pop("activities")
    answer = asked(account(*activities, deals=[sold(status, "a", 15, 5)], **given))
    assert (answer.stage.value.key, answer.stage.for_products) == (stage, ("a",))


@pytest.mark.parametrize("status", ["won", "lost"])
def test_a_click_on_the_day_of_the_end_opens_nothing(status: str) -> None:
    """S11: an export of days without times lets the end of a deal come last on its day."""
    click = did("email_click", 5, "a", key="zz")
    answer = asked(account(click, deals=[sold(status, "a", 15, 5)]))
    assert answer.stage.value.key == {"won": "customer", "lost": "lost"}[status]


def firm(**given: Any) -> str:
    """Return the stage that the pursuit of the whole firm warrants."""
    activities = given.pop("activities", ())
    return asked(account(*activities, **given)).stage.pursuits[None].value.key


def for_sale(key: int, opened: int, *products: Id) -> mf.Deal:
    """Return a deal of the lead that is open."""
    return mf.Deal(key, "acme", at(opened), [mf.DealLine(p) for p in products], lead_id="anna")


def test_an_open_deal_keeps_the_pursuit_of_the_firm_whichever_came_first() -> None:
    """S19: a question to the firm does not go quiet while any deal of the person is open."""
    for opened in (300, 200):
        assert firm(activities=[did("demo_request", 250)], deals=[for_sale(1, opened, "a")]) == (
            "opportunity"
        )
        ended = sold("lost", "a", opened, 5)
        assert firm(activities=[did("demo_request", 250)], deals=[ended]) == "lost"


def test_of_two_deals_open_before_the_question_the_last_one_lost_ends_it() -> None:
    """S19: losing one deal ends nothing while another one is open, whenever they were opened."""
    asks = [did("demo_request", 20)]
    lost = [sold("lost", "a", 40, 10), sold("lost", "b", 40, 5, key=2)]
    assert firm(activities=asks, deals=[lost[0], for_sale(2, 40, "b")]) == "opportunity"
    assert firm(activities=asks, deals=lost) == "lost"


def test_a_deal_about_a_product_is_no_pursuit_of_the_firm() -> None:
    """S19: it is one of the product alone, as long as the person asked the firm for nothing."""
    stage = asked(account(deals=[for_sale(1, 40, "a"), sold("won", "b", 40, 5, key=2)])).stage
    assert {p: one.value.key for p, one in stage.pursuits.items()} == {
        "a": "opportunity",
        "b": "customer",
    }


def test_a_deal_about_two_products_is_one_deal_of_the_firm() -> None:
    """S19: it is won once, and nothing of it goes on."""
    won = mf.Deal(
        1, "acme", at(40), [mf.DealLine("a"), mf.DealLine("b")], "won", at(5), lead_id="anna"
    )
    assert firm(activities=[did("demo_request", 20)], deals=[won]) == "customer"
