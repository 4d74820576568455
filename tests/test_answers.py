"""Answers: rows to store, and what has moved between two of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from attrs import evolve

import mpfunnel as mf

DAY = date(2026, 10, 31)
ENGINE = mf.Engine(mf.starter(["crm", "sfa"]))
NOON = datetime(2026, 10, 30, 3, tzinfo=UTC)
ACCOUNT = mf.Account(
    mf.Company(1, employees=400, annual_revenue=1),
    leads=[mf.Lead(7, company_id=1, consents=[mf.Consent("email", False, NOON)])],
    activities=[
        mf.Activity(i, 7, "webinar_attended", NOON - timedelta(days=i), ["sfa"]) for i in range(4)
    ],
    deals=[mf.Deal(9, 2, NOON)],
    contracts=[mf.Contract(1, "crm", date(2024, 1, 1))],
)
ANSWER = ENGINE.assess(ACCOUNT, as_of=DAY)


def test_rows_are_flat_and_hold_keys() -> None:
    """Each table has plain values that a database column takes."""
    rows = ANSWER.rows()
    assert {table: len(found) for table, found in rows.items()} == {
        "companies": 1,
        "tiers": 2,
        "company_products": 2,
        "leads": 1,
        "engagement": 2,
        "plays": 2,
        "rejects": 1,
        "by_hand": 0,
    }
    stamp = {"as_of": DAY, "playbook_version": ENGINE.version}
    assert rows["companies"][0] == {
        "company_id": 1,
        "segment": "mid_market",
        "settled": True,
        "possible": "mid_market",
        "missing": "",
        "rule": "mid_market",
        "because": "employees at least 300 people or annual revenue at least 10 billion",
        "instead_of": None,
        **stamp,
    }
    assert rows["tiers"][0]["tier"] == "tier_2"
    assert [row["owned"] for row in rows["tiers"]] == [True, False]
    assert rows["company_products"][1] == {
        "company_id": 1,
        "product_id": "sfa",
        "tier": "tier_2",
        "position": "untapped",
        "settled": True,
        "possible": "untapped",
        "missing": "",
        "rule": "otherwise",
        "because": "may be offered, and nobody has yet",
        "best_interest": "high_interest",
        "people": 1,
        "offer": "cross_sell",
        "offer_settled": True,
        "offer_possible": "cross_sell",
        "offer_rule": "keen-customer",
        "offer_because": "existing customer, high Tier, and somebody is interested",
        "rank": 1,
        **stamp,
    }
    lead = rows["leads"][0]
    assert (lead["lead_id"], lead["company_id"], lead["stage"]) == (7, 1, "mql")
    assert (lead["for_products"], lead["existing_customer"]) == ("sfa", True)
    assert (lead["contact_email"], lead["contact_phone"]) == (False, None)
    crm, sfa = rows["engagement"]
    assert (crm["product_id"], crm["state"], crm["interest"]) == ("crm", "customer", "none")
    assert (sfa["state"], sfa["interest"]) == ("high_interest", "high_interest")
    assert sfa["score_micro"] == ANSWER.leads[7].engagement["sfa"].score.micro
    assert (sfa["active_days"], sfa["as_of"]) == (4, DAY)
    assert rows["plays"][0] == {
        "lead_id": 7,
        "company_id": 1,
        "product_id": None,
        "play": "call_back",
        "settled": True,
        "possible": "call_back",
        "missing": "",
        "rule": "mql",
        "because": "an MQL that sales has not taken up yet",
        "message": "",
        "motion": "downstream",
        "owner": "inside_sales",
        "channel": "phone",
        "left_out": "",
        "due": DAY,
        "due_by": "sign",
        "turn": 1,
        "waits_for": "",
        "not_before": None,
        "tier": None,
        "interest": None,
        "open_deal": False,
        "contacted_on": None,
        **stamp,
    }
    assert (rows["plays"][1]["play"], rows["plays"][1]["waits_for"]) == ("propose", "*")
    assert rows["rejects"] == [
        {
            "company_id": 1,
            "table": "deals",
            "id": 9,
            "code": "other-company",
            "reason": "belongs to company 2, not to 1",
            **stamp,
        }
    ]
    plain = {str, int, bool, type(None), date}
    assert {type(value) for found in rows.values() for row in found for value in row.values()} <= (
        plain
    )


def test_reasons_come_in_the_language_asked() -> None:
    """Keys stay; only the reason is translated."""
    english, japanese = ANSWER.rows("en")["leads"][0], ANSWER.rows("ja")["leads"][0]
    assert english["because"] != japanese["because"]
    assert {**english, "because": ""} == {**japanese, "because": ""}


def test_people_without_company_have_no_company_row() -> None:
    """What is unknown is no row of its own."""
    rows = ENGINE.assess(mf.Account(None, leads=[mf.Lead("x")]), as_of=DAY).rows()
    assert (rows["companies"], rows["tiers"]) == ([], [])
    assert rows["leads"][0]["company_id"] is None


def test_an_undecided_answer_shows_what_it_could_become() -> None:
    """Several keys are joined, in the order of the rules."""
    row = ENGINE.assess(mf.Account(mf.Company(1, employees=60)), as_of=DAY).rows()["companies"][0]
    assert (row["segment"], row["settled"]) == ("small", False)
    assert row["possible"] == "enterprise;mid_market;small"
    assert row["missing"] == "company.annual_revenue"


def test_nothing_moves_between_equal_answers() -> None:
    """An outbox stays empty where nothing changed."""
    assert mf.changes(ANSWER, ENGINE.assess(ACCOUNT, as_of=DAY)) == ()


def test_the_first_answer_is_all_new() -> None:
    """Where there was no answer, each one is a change from nothing."""
    moved = mf.changes(None, ANSWER)
    assert [(one.what, one.lead_id, one.product_id, one.before, one.after) for one in moved] == [
        ("segment", None, None, None, "mid_market"),
        ("tier", None, "crm", None, "tier_2"),
        ("tier", None, "sfa", None, "tier_2"),
        ("white_space", None, "crm", None, "owned"),
        ("white_space", None, "sfa", None, "untapped"),
        ("offer", None, "sfa", None, "cross_sell"),
        ("offer", None, "crm", None, "no_offer"),
        ("stage", 7, None, None, "mql"),
        ("engagement", 7, "crm", None, "customer"),
        ("engagement", 7, "sfa", None, "high_interest"),
        ("play", 7, None, None, "call_back"),
        ("play", 7, "sfa", None, "propose"),
    ]
    assert {one.company_id for one in moved} == {1}
    assert moved[7].because == ANSWER.leads[7].stage.because


def test_each_answer_that_moved_is_a_change() -> None:
    """A value that differs, an answer that became unsettled, and one that is gone."""
    company = mf.Company(1, employees=400)
    later = ENGINE.assess(evolve(ACCOUNT, company=company, contracts=[]), as_of=DAY)
    moved = mf.changes(ANSWER, later)
    assert [(one.what, one.product_id, one.before, one.after, one.settled) for one in moved] == [
        ("segment", None, "mid_market", "mid_market", False),
        ("tier", "crm", "tier_2", "tier_2", False),
        ("tier", "sfa", "tier_2", "tier_2", False),
        ("white_space", "crm", "owned", "untapped", True),
        ("offer", "sfa", "cross_sell", "no_offer", True),
        ("engagement", "crm", "customer", None, True),
    ]
    assert moved[-1].because == ANSWER.leads[7].engagement["crm"].because


def test_an_answer_reads_like_its_decision() -> None:
    """Stage and engagement have the members of a decision, and more."""
    for one in (ANSWER.leads[7].stage, ANSWER.leads[7].engagement["sfa"]):
        decision = one.decision
        assert (one.value, one.rule, one.because) == (
            decision.value,
            decision.rule,
            decision.because,
        )
        assert (one.possible, one.missing, one.settled) == (decision.possible, (), True)
        assert (one.version, one.text("ja")) == (ENGINE.version, decision.text("ja"))
