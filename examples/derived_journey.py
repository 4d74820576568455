"""The journey of a company, derived from its records alone: what it was on every day.

Run it with `python examples/derived_journey.py`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from attrs import evolve

import mpfunnel as mf

PLAYBOOK = mf.load(Path(__file__).with_suffix(".toml"))


def as_one(account: mf.Account) -> mf.Account:
    """Return an account whose only lead is the company, which did all that its people did."""
    company = account.company
    if company is None:
        raise ValueError("people without a company have no journey of one")
    company_id = company.company.id if isinstance(company, mf.CompanyHistory) else company.id
    return evolve(
        account,
        leads=[mf.Lead(company_id, company_id)],
        activities=[
            evolve(one, id=f"{one.lead_id}/{one.id}", lead_id=company_id)
            for one in account.activities
        ],
        deals=[evolve(one, lead_id=None) for one in account.deals],
        sales_events=[],
        histories=[],
    )


def journey(account: mf.Account, *, start: date, end: date) -> list[tuple[date, str, str]]:
    """Return the days on which a company came to a stage, with the stage and the rule."""
    told = mf.replay(as_one(account), PLAYBOOK, start=start, end=end)
    (company,) = told.leads.values()
    found: list[tuple[date, str, str]] = []
    for span in company.stage:
        if not found or found[-1][1] != span.value.key:
            found.append((span.first_day, span.value.key, span.rule))
    return found


def noon(month: int, day: int) -> datetime:
    """Return noon of a day of 2026."""
    return datetime(2026, month, day, 12, tzinfo=UTC)


EXAMPLE = mf.Account(
    mf.Company("c", attributes={"qualification_score": 82}),
    leads=[mf.Lead("ann", "c"), mf.Lead("bob", "c")],
    activities=[
        mf.Activity(1, "ann", "high_intent", noon(1, 10), ["suite"]),
        mf.Activity(2, "ann", "webinar_attended", noon(2, 2), ["suite"]),
        # With Ann's 45 minutes, those of Bob make 105: neither of them alone is as engaged.
        mf.Activity(3, "bob", "meeting", noon(3, 2)),
    ],
    deals=[
        mf.Deal(
            "d",
            "c",
            noon(9, 1),
            [mf.DealLine("suite")],
            status="won",
            closed_at=noon(11, 20),
        )
    ],
)

if __name__ == "__main__":
    for since, stage, rule in journey(EXAMPLE, start=date(2026, 1, 1), end=date(2026, 12, 31)):
        print(f"{since} {stage:<12} [{rule}]")
