"""The story of the invented firm: what its playbook answers in each of the fourteen cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import mpfunnel as mf
from mpfunnel.examples import PLAYBOOK, STORY_DAY, Case, Sample, story

ENGINE = mf.Engine(PLAYBOOK)
CASES = {case.key: case for case in story()}

COMPANIES: dict[str, dict[int, tuple[str, dict[str, str]]]] = {
    "cross-sell": {1: ("enterprise", {"crm": "1", "sfa": "1", "ma": "1", "bi": "1"})},
    "interest-elsewhere": {2: ("enterprise", {"crm": "1", "sfa": "2", "ma": "4", "bi": "1"})},
    "employees-unknown": {
        3: (
            "undecided: enterprise or mid-market or small business or micro business",
            {"crm": "1 or 2 or 3 or 4", "sfa": "2 or 3 or 4", "ma": "1 or 2 or 3"}
            | {"bi": "2 or 3 or 4"},
        )
    },
    "partner-and-customer": {
        4: ("partner", {"crm": "2", "sfa": "2", "ma": "1", "bi": "3"}),
        5: ("mid-market", {"crm": "2", "sfa": "3", "ma": "2", "bi": "2"}),
    },
    "no-company": {},
    "opted-out": {7: ("mid-market", {"crm": "2", "sfa": "1", "ma": "1", "bi": "2"})},
    "lapsed": {8: ("small business", {"crm": "2", "sfa": "3", "ma": "4", "bi": "3"})},
    "lost-for-timing": {9: ("mid-market", {"crm": "2", "sfa": "1", "ma": "1", "bi": "2"})},
    "competitor": {10: ("competitor", {"crm": "4", "sfa": "4", "ma": "4", "bi": "4"})},
    "group": {
        11: ("enterprise", {"crm": "1", "sfa": "1", "ma": "1", "bi": "1"}),
        12: ("micro business", {"crm": "3", "sfa": "4", "ma": "4", "bi": "4"}),
    },
    "student": {13: ("student, job seeker", {"crm": "4", "sfa": "4", "ma": "4", "bi": "4"})},
    "raised-hand": {14: ("mid-market", {"crm": "2", "sfa": "2", "ma": "1", "bi": "3"})},
    "gone-quiet": {15: ("enterprise", {"crm": "1", "sfa": "1", "ma": "1", "bi": "1"})},
    "marked": {16: ("mid-market", {"crm": "2", "sfa": "2", "ma": "4", "bi": "2"})},
}
"""Case → company → segment, and tier by product (what is possible, where it is undecided)."""

LEADS: dict[str, tuple[str, tuple[str, ...], bool, dict[str, tuple[str, str]]]] = {
    "cross-sell": (
        "MQL",
        ("ma",),
        True,
        {"crm": ("customer", "none"), "ma": ("high interest", "high interest")},
    ),
    "interest-elsewhere": ("inquiry", ("ma",), False, {"ma": ("high interest", "high interest")}),
    "employees-unknown": (
        "inquiry",
        ("crm",),
        False,
        {"crm": ("undecided: priority follow-up or interested", "interested")},
    ),
    "partner-and-customer": (
        "inquiry",
        ("sfa",),
        True,
        {"crm": ("customer", "none"), "sfa": ("priority follow-up", "interested")},
    ),
    "no-company": (
        "undecided: MQL or inquiry",
        ("sfa",),
        False,
        {"sfa": ("high interest", "high interest")},
    ),
    "opted-out": ("MQL", ("ma",), False, {"ma": ("high interest", "high interest")}),
    "lapsed": ("inquiry", ("crm",), False, {"crm": ("aware", "aware")}),
    "lost-for-timing": ("lost", ("crm",), False, {"crm": ("priority follow-up", "aware")}),
    "competitor": (
        "disqualified",
        ("crm", "sfa", "ma", "bi"),
        False,
        dict.fromkeys(("crm", "sfa", "ma"), ("excluded", "interested"))
        | {"bi": ("excluded", "high interest")},
    ),
    "group": ("inquiry", ("sfa",), False, {"sfa": ("interested", "interested")}),
    "student": (
        "disqualified",
        ("crm",),
        False,
        dict.fromkeys(("sfa", "ma", "bi"), ("excluded", "none")) | {"crm": ("excluded", "aware")},
    ),
    "raised-hand": ("MQL", ("sfa",), False, {"sfa": ("high interest", "high interest")}),
    "gone-quiet": (
        "dormant",
        ("ma",),
        True,
        {"crm": ("customer", "none"), "ma": ("dormant", "aware")},
    ),
    "marked": ("inquiry", ("bi",), False, {"bi": ("priority follow-up", "none")}),
}
"""Case → its only lead: stage, for which products, existing customer; state and interest."""


def accounts(sample: Sample) -> dict[Any, mf.Account]:
    """Return the accounts of a sample by company."""
    found = mf.accounts(
        companies=sample.companies,
        leads=sample.leads,
        activities=sample.activities,
        deals=sample.deals,
        contracts=sample.contracts,
        sales_events=sample.sales_events,
    )
    return {a.company.id if isinstance(a.company, mf.Company) else None: a for a in found}


def assessed(case: Case, day: date = STORY_DAY) -> dict[Any, mf.Assessment]:
    """Return the answers of a case by company."""
    found = accounts(case.sample).items()
    return {company_id: ENGINE.assess(account, as_of=day) for company_id, account in found}


def test_every_case_is_expected_to_answer_something() -> None:
    """The expectations below cover the fourteen cases, and no others."""
    assert list(CASES) == list(COMPANIES) == list(LEADS)


@pytest.mark.parametrize("key", CASES)
def test_each_company_of_the_story_has_its_segment_and_tiers(key: str) -> None:
    """Segment and tiers are those that a marketer would give; nothing is lost on the way."""
    answers = assessed(CASES[key])
    assert not any(answer.rejects for answer in answers.values())
    found = {
        company_id: (
            answer.segment.text(),
            {p: tier.text().replace("Tier ", "") for p, tier in answer.tiers.items()},
        )
        for company_id, answer in answers.items()
        if company_id is not None
    }
    expected = {
        company_id: (
            segment,
            {p: f"undecided: {t}" if " or " in t else t for p, t in tiers.items()},
        )
        for company_id, (segment, tiers) in COMPANIES[key].items()
    }
    assert found == expected


@pytest.mark.parametrize("key", CASES)
def test_each_lead_of_the_story_has_its_stage_and_engagement(key: str) -> None:
    """Stage, its products, existing customer; state and interest for each product with a sign."""
    ((answer, lead),) = [
        (answer, lead) for answer in assessed(CASES[key]).values() for lead in answer.leads.values()
    ]
    engagement = {p: (one.text(), one.interest.text()) for p, one in lead.engagement.items()}
    stage = lead.stage
    found = (stage.text(), stage.for_products, stage.existing_customer, engagement)
    assert found == LEADS[key]
    assert answer.version == stage.version == PLAYBOOK.version


def test_the_bank_is_no_mql_although_it_has_tier_1_and_high_interest() -> None:
    """Tier 1 for `bi` and interest in `ma` are never added up: `ma` is Tier 4 for a bank."""
    (answer,) = assessed(CASES["interest-elsewhere"]).values()
    stage = answer.leads[201].stage
    assert stage.value.key == "inquiry"
    assert answer.tiers["bi"].value == mf.Tier(1)
    assert "bi" not in answer.leads[201].engagement


def test_a_lead_without_company_says_what_would_make_it_an_mql() -> None:
    """No company, no tier: what is missing is what the tier table asks of a company."""
    (answer,) = assessed(CASES["no-company"]).values()
    stage = answer.leads[601].stage
    assert (answer.company_id, answer.segment.value.key) == (None, "unmatched")
    assert [one.key for one in stage.possible] == ["mql", "inquiry"]
    assert set(stage.missing) == {"company.employees", "company.industry"}


def test_opting_out_closes_the_mail_and_leaves_the_phone() -> None:
    """The mail is refused by the later word, the phone stays allowed, the rest was never asked."""
    (answer,) = assessed(CASES["opted-out"]).values()
    allowed = {key: one.allowed for key, one in answer.leads[701].contactable.items()}
    assert allowed == {"email": False, "phone": True, "post": None, "visit": None, "web": None}


def test_the_end_user_owns_what_a_partner_sold() -> None:
    """The deal went through company 4; company 5 has the product by it, and by its contract."""
    case = CASES["partner-and-customer"]
    answers = assessed(case)
    assert (answers[4].owned, answers[5].owned) == (("crm",), ("crm",))
    # The day before the contract of company 5 began, the won deal alone makes the owner.
    earlier = assessed(case, date(2026, 8, 31))
    assert (earlier[5].owned, len(case.sample.contracts)) == (("crm",), 2)


def test_the_former_customer_owned_until_the_last_day_of_the_contract() -> None:
    """A lapsed contract is not owned; its last day still is."""
    case = CASES["lapsed"]
    (last,) = assessed(case, date(2026, 3, 31)).values()
    (after,) = assessed(case, date(2026, 4, 1)).values()
    assert (last.owned, after.owned) == (("crm",), ())
    assert (last.leads[801].stage.existing_customer, after.leads[801].stage.existing_customer) == (
        True,
        False,
    )


def test_the_lost_deal_is_an_opportunity_until_the_day_it_closed() -> None:
    """MQL by the demo, SAL, SQL, opportunity, lost: the stage follows the days of the records."""
    case = CASES["lost-for-timing"]
    told = {
        ago: assessed(case, date.fromordinal(STORY_DAY.toordinal() - ago))[9].leads[901]
        for ago in (161, 160, 158, 141, 140, 62, 61, 0)
    }
    assert {ago: lead.stage.value.key for ago, lead in told.items()} == {
        161: "known",
        160: "mql",
        158: "sal",
        141: "sql",
        140: "opportunity",
        62: "opportunity",
        61: "lost",
        0: "lost",
    }
    assert told[62].engagement["crm"].value.key == "in_opportunity"
    assert told[61].engagement["crm"].value.key == "priority_follow_up"


def test_the_whole_story_at_once_answers_as_each_case_alone() -> None:
    """Law 4: Order does not matter: cases merged into one market do not touch each other."""
    whole = Case("whole", mf.Label("whole"), Sample.merge(case.sample for case in CASES.values()))
    found = assessed(whole)
    alone = {key: answer for case in CASES.values() for key, answer in assessed(case).items()}
    assert found == alone
