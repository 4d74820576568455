"""A second model of matching: every company is looked at for every lead, as the design says it.

It shares only what reads one value: mail, domain, number, name. It knows neither the indexes of
`mpfunnel.identity.matching` nor how that narrows candidates down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mpfunnel.identity.domains import domain
from mpfunnel.identity.mail import read_mail
from mpfunnel.identity.names import company_name
from mpfunnel.identity.numbers import corporate_number
from mpfunnel.identity.policy import IdentityPolicy
from mpfunnel.records import Company, Id, Lead

__all__ = ["expected"]


def expected(lead: Lead, companies: Sequence[Company], policy: IdentityPolicy) -> dict[str, Any]:
    """What a match says: status, company, evidence, certainty, candidates, disagreeing."""
    mail = read_mail(lead.email, policy)
    says = {one: _named(one, lead, companies, policy) for one in policy.order}
    chosen: list[Id] = []
    by: str | None = None
    for one in policy.order:
        if len(chosen) == 1 or not says[one]:
            continue
        if not chosen:
            chosen, by = says[one], one
            continue
        left = [which for which in chosen if which in says[one]]
        if len(left) == 1:
            by = one
        if left:
            chosen = left
    answer: dict[str, Any] = {
        "status": "unmatched",
        "company_id": None,
        "evidence": by,
        "certainty": None,
        "candidates": (),
    }
    if _studies(lead, policy) and by not in ("link", "corporate_number"):
        answer |= {"status": "student", "evidence": None}
    elif len(chosen) > 1:
        answer |= {"status": "ambiguous", "candidates": _in_order(chosen)}
    elif chosen and chosen[0] not in [company.id for company in companies]:
        others = [which for one in policy.order for which in says[one] if which != chosen[0]]
        answer |= {
            "status": "unknown_company",
            "company_id": chosen[0],
            "candidates": _in_order(others),
        }
    elif chosen:
        sure = {"link": "certain", "corporate_number": "certain", "domain": "likely"}
        certainty = sure.get(by or "", "possible")
        answer |= {"status": "matched", "company_id": chosen[0], "certainty": certainty}
    elif mail.domain and any(step in policy.own_domains for step in mail.domain.steps):
        answer["status"] = "own"
    elif (
        mail.mail_class in ("free_mail", "provider", "disposable")
        and company_name(lead.company_name).blank
        and lead.corporate_number is None
    ):
        answer["status"] = "individual"
    agreed = answer["candidates"] if answer["company_id"] is None else [answer["company_id"]]
    answer["disagreeing"] = tuple(
        (one, _in_order(says[one]))
        for one in policy.order
        if says[one] and not any(which in agreed for which in says[one])
    )
    return answer


def _named(
    evidence: str, lead: Lead, companies: Sequence[Company], policy: IdentityPolicy
) -> list[Id]:
    number = corporate_number(lead.corporate_number)
    if evidence == "link":
        return [] if lead.company_id is None else [lead.company_id]
    if evidence == "corporate_number":
        return [
            company.id
            for company in companies
            if number and corporate_number(company.corporate_number) == number
        ]
    hits = (
        _by_domain(lead, companies, policy) if evidence == "domain" else _by_name(lead, companies)
    )
    return [
        company.id
        for company in hits
        if not number or corporate_number(company.corporate_number) in (None, number)
    ]


def _by_domain(
    lead: Lead, companies: Sequence[Company], policy: IdentityPolicy
) -> Sequence[Company]:
    mail = read_mail(lead.email, policy)
    if mail.domain is None or mail.shared:
        return []
    if mail.mail_class not in ("corporate", "public_body", "education"):
        return []
    for step in mail.domain.steps:
        if step in policy.own_domains or step in policy.vendor_domains:
            return []
    together = policy.subdomains == "joined" and mail.domain.holder not in policy.apart_under
    for step in mail.domain.steps if together else [mail.domain.host]:
        hits = [
            company
            for company in companies
            if any((held := domain(text)) and held.host == step for text in company.domains)
        ]
        if hits:
            return hits
    return []


def _by_name(lead: Lead, companies: Sequence[Company]) -> Sequence[Company]:
    name = company_name(lead.company_name)
    if not name.key or name.agency or not lead.region:
        return []
    return [
        company
        for company in companies
        if company.region
        and _place(company.region) == _place(lead.region)
        and company_name(company.name).key == name.key
        and not company_name(company.name).agency
    ]


def _place(region: str) -> str:
    # As far as the regions of these tests go.
    return {"東京都": "東京", "大阪府": "大阪", "　大阪府": "大阪"}.get(region, region)


def _studies(lead: Lead, policy: IdentityPolicy) -> bool:
    words = [text for text in (lead.title, lead.department) if text is not None]
    host = (lead.email or "").rpartition("@")[2]
    return host == "stu.kasumi-u.ac.jp" or any(text in policy.student_words for text in words)


def _in_order(ids: Sequence[Id]) -> tuple[Id, ...]:
    numbers = sorted(which for which in set(ids) if isinstance(which, int))
    texts = sorted(which for which in set(ids) if isinstance(which, str))
    return (*numbers, *texts)
