"""A second model of matching: every company is looked at for every lead, as the design says it.

It shares only what reads one value: mail, domain, number, name. It knows neither the indexes of
`mpfunnel.identity.matching` nor how that narrows candidates down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve

from mpfunnel.identity.domains import domain
from mpfunnel.identity.mail import read_mail
from mpfunnel.identity.names import company_name
from mpfunnel.identity.numbers import corporate_number
from mpfunnel.identity.policy import IdentityPolicy
from mpfunnel.records import Company, Id, Lead

__all__ = ["expected"]


def expected(lead: Lead, companies: Sequence[Company], policy: IdentityPolicy) -> dict[str, Any]:
    """What a match says: status, company, evidence, certainty, candidates, disagreeing."""
    if "link" not in policy.order and (link := lead.company_id) is not None:
        without = expected(evolve(lead, company_id=None), companies, policy)
        if without["status"] != "matched":
            return expected(lead, companies, evolve(policy, order=("link", *policy.order)))
        if link != without["company_id"]:
            without["disagreeing"] += (("link", (link,)),)
        return without
    mail = read_mail(lead.email, policy)
    told = {one: _named(one, lead, companies, policy) for one in policy.order}
    says = {one: [which for which, sure in told[one] if sure] for one in policy.order}
    doubt = {one: [which for which, sure in told[one] if not sure] for one in policy.order}
    every = {one: says[one] + doubt[one] for one in policy.order}
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
        others = [which for one in policy.order for which in every[one] if which != chosen[0]]
        answer |= {
            "status": "unknown_company",
            "company_id": chosen[0],
            "candidates": _in_order(others),
        }
    elif chosen:
        sure = {"link": "certain", "corporate_number": "certain", "domain": "likely"}
        certainty = sure.get(by or "", "possible")
        answer |= {"status": "matched", "company_id": chosen[0], "certainty": certainty}
    elif first := [one for one in policy.order if doubt[one]]:
        candidates = _in_order(doubt[first[0]])
        answer |= {"status": "ambiguous", "evidence": first[0], "candidates": candidates}
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
        (one, _in_order(every[one]))
        for one in policy.order
        if every[one] and not any(which in agreed for which in every[one])
    )
    return answer


def _named(
    evidence: str, lead: Lead, companies: Sequence[Company], policy: IdentityPolicy
) -> list[tuple[Id, bool]]:
    """The companies that evidence names, and whether it is sure of each."""
    number = corporate_number(lead.corporate_number)
    if evidence == "link":
        return [] if lead.company_id is None else [(lead.company_id, True)]
    if evidence == "corporate_number":
        return [
            (company.id, True)
            for company in companies
            if number and corporate_number(company.corporate_number) == number
        ]
    may = [
        company
        for company in companies
        if not number or corporate_number(company.corporate_number) in (None, number)
    ]
    hosts = _hosts(lead, policy)
    if evidence == "domain":
        return _by_domain(lead, companies, may, hosts, policy)
    one_of_several = _is_of_several(lead, companies, policy)
    return [
        (
            company.id,
            not one_of_several
            and (not (hosts and _stated(company)) or bool({*hosts} & _stated(company))),
        )
        for company in _called(lead, may)
        if _place(company.region) and _place(company.region) == _place(lead.region)
    ]


def _hosts(lead: Lead, policy: IdentityPolicy) -> list[str]:
    mail = read_mail(lead.email, policy)
    if mail.domain is None or mail.shared:
        return []
    if mail.mail_class not in ("corporate", "public_body", "education"):
        return []
    for step in mail.domain.steps:
        if step in policy.own_domains or step in policy.vendor_domains:
            return []
    together = policy.subdomains == "joined" and mail.domain.holder not in policy.apart_under
    return [*mail.domain.steps] if together else [mail.domain.host]


def _stated(company: Company) -> set[str]:
    return {held.host for text in company.domains if (held := domain(text))}


def _by_domain(
    lead: Lead,
    companies: Sequence[Company],
    may: Sequence[Company],
    hosts: Sequence[str],
    policy: IdentityPolicy,
) -> list[tuple[Id, bool]]:
    for step in hosts:
        stating = [company for company in companies if step in _stated(company)]
        if not stating:
            continue
        kin = [
            company
            for company in companies
            if not _stated(company) and any(_related(company, one, companies) for one in stating)
        ]
        found = [company for company in may if company in stating or company in kin]
        name = company_name(lead.company_name)
        told = bool(name.key) and not name.agency
        same: Sequence[Company] = found
        if told:
            same = _called(lead, found) or [one for one in found if _name(one) == ""]
        right = [
            company
            for company in same
            if hosts[0] in _stated(company)
            or (
                told
                and company in stating
                and not _is_of_several(lead, companies, policy)
                and not _elsewhere(lead, company)
            )
        ]
        if right and right == same:
            return [(company.id, True) for company in right]
        return [(company.id, False) for company in found]
    return []


def _name(company: Company) -> str:
    name = company_name(company.name)
    return "" if name.agency else name.key


def _related(one: Company, other: Company, companies: Sequence[Company]) -> bool:
    """Whether parents lead from one to the other, up and down any number of times."""
    reached: set[Any] = {one.id}
    while True:
        more: set[Any] = {company.parent_id for company in companies if company.id in reached}
        more |= {company.id for company in companies if company.parent_id in reached}
        more = {which for which in more if which is not None} | reached
        if more == reached:
            return other.id in reached
        reached = more


def _called(lead: Lead, companies: Sequence[Company]) -> Sequence[Company]:
    name = company_name(lead.company_name)
    if not name.key or name.agency:
        return []
    return [
        company
        for company in companies
        if company_name(company.name).key == name.key
        and not company_name(company.name).agency
        and {company_name(company.name).legal_form, name.legal_form}
        not in ({"株式会社", "有限会社"},)
    ]


def _elsewhere(lead: Lead, company: Company) -> bool:
    one, other = _place(lead.region), _place(company.region)
    return "" not in (one, other) and one != other


def _is_of_several(lead: Lead, companies: Sequence[Company], policy: IdentityPolicy) -> bool:
    key = company_name(lead.company_name).key
    return policy.namesakes == "listed" and [_name(one) for one in companies].count(key) > 1


def _place(region: str | None) -> str:
    # As far as the regions of these tests go.
    return {"東京都": "東京", "大阪府": "大阪", "　大阪府": "大阪"}.get(region or "", region or "")


def _studies(lead: Lead, policy: IdentityPolicy) -> bool:
    words = [text for text in (lead.title, lead.department) if text is not None]
    host = (lead.email or "").rpartition("@")[2]
    return host == "stu.kasumi-u.ac.jp" or any(text in policy.student_words for text in words)


def _in_order(ids: Sequence[Id]) -> tuple[Id, ...]:
    numbers = sorted(which for which in set(ids) if isinstance(which, int))
    texts = sorted(which for which in set(ids) if isinstance(which, str))
    return (*numbers, *texts)
