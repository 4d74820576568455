"""Leads with the company that each belongs to, and the companies that then are there.

A private person or student gets a company of its own, as the person accounts of CRMs, so that rules
about companies tell them apart on every engine (個人, 学生・求職者), and nobody is dropped. What is
surely a public body (官公庁・自治体) is marked as one, where nobody has said whether it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, Final

from attrs import evolve, frozen

from mpfunnel.account import company_of, conflicts, strangers
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, series
from mpfunnel.identity.domains import domain
from mpfunnel.identity.mail import read_mail
from mpfunnel.identity.matching import Directory, Match, match
from mpfunnel.identity.names import CompanyName, company_name
from mpfunnel.identity.numbers import number_kind
from mpfunnel.identity.policy import IdentityPolicy
from mpfunnel.records import Company, CompanyHistory, Id, Lead

__all__ = [
    "Assigned",
    "assign",
    "homes_of",
    "is_public_body",
    "is_public_domain",
    "is_public_name",
    "is_public_number",
]

_DEFAULT: Final = IdentityPolicy()
_PUBLIC: Final = "public_body"


@frozen
class Assigned:
    """Leads with their companies.

    Attributes:
        leads: As they were given, each with the company that it belongs to now.
        companies: Those given, then one for each person who has none.
        matches: Which company each lead belongs to and why: one for each, in the same order.
    """

    leads: tuple[Lead, ...]
    companies: tuple[Company | CompanyHistory, ...]
    matches: tuple[Match, ...]


def assign(
    leads: Iterable[Lead],
    companies: Iterable[Company | CompanyHistory],
    policy: IdentityPolicy = _DEFAULT,
) -> Assigned:
    """Return leads with the company that each belongs to.

    Where the policy sets individuals apart, each individual or student gets a company of its own,
    whose attribute ``individual`` or ``student`` is true. Its id is ``person:`` and the id of the
    lead; where companies have integers for ids, it is that of the lead, negative.

    Args:
        leads: The leads; `company_id` is a link that the CRM has.
        companies: The companies. A history counts with what it is known by before its first change.
        policy: Which evidence is used, and what the firm knows of domains itself.

    Raises:
        InvalidDataError: Something is no record of the kind that it should be; leads or companies
            share an id but differ; or the company of a person cannot get an id of its own.
    """
    # The type checkers cannot follow a generic function that returns what is no collection too.
    people: Any = series(leads)
    given: Any = series(companies)
    problems = [
        *strangers("leads", people, Lead),
        *strangers("companies", given, Company, CompanyHistory),
        *misfit("policy", policy, IdentityPolicy),
    ]
    if problems := problems or [*conflicts("leads", people), *conflicts("companies", given)]:
        raise InvalidDataError(problems)
    directory = Directory(given)
    matches = [match(lead, directory, policy) for lead in people]
    homes: dict[Id, Id] = {}
    if policy.individuals == "apart":
        taken = {company_of(one).id for one in given}
        # Where no company is there, links still tell what their ids are.
        known = taken or {one.company_id for one in people if one.company_id is not None}
        integers = bool(known) and all(isinstance(one, int) for one in known)
        persons = (one.lead_id for one in matches if one.status in ("individual", "student"))
        homes = homes_of(persons, taken, integers=integers)
    companies_of_persons = {
        homes[one.lead_id]: Company(homes[one.lead_id], attributes={one.status: True})
        for one in matches
        if one.lead_id in homes
    }
    matches = [evolve(one, company_id=homes.get(one.lead_id, one.company_id)) for one in matches]
    return Assigned(
        tuple(
            lead if lead.company_id == one.company_id else evolve(lead, company_id=one.company_id)
            for lead, one in zip(people, matches, strict=True)
        ),
        (*(_marked(one, policy) for one in given), *companies_of_persons.values()),
        tuple(matches),
    )


def homes_of(persons: Iterable[Id], taken: Collection[Id], *, integers: bool) -> dict[Id, Id]:
    """Return the id of the company of each person without one, by the id of the lead.

    Args:
        persons: The ids of leads that are persons.
        taken: The ids that companies have.
        integers: Whether companies have integers for ids.

    Raises:
        InvalidDataError: There is none that is free.
    """
    gone = set(taken)
    homes: dict[Id, Id] = {}
    problems: list[Problem] = []
    for lead_id in dict.fromkeys(persons):
        home: Id = f"person:{lead_id}"
        if integers:
            if isinstance(lead_id, str) or lead_id <= 0:
                message = (
                    "gives a person no company of its own among ids that are integers; read the "
                    "ids of companies as text, or set individuals = 'unmatched'"
                )
                problems.append(Problem("id", f"leads[{brief(lead_id)}].id", message))
                continue
            home = -lead_id
        if home in gone:
            message = f"needs {brief(home)} for a company of its own, which is taken"
            problems.append(Problem("conflict", f"leads[{brief(lead_id)}].id", message))
            continue
        gone.add(home)
        homes[lead_id] = home
    if problems:
        raise InvalidDataError(problems)
    return homes


# -- public bodies --

_OFFICES: Final = re.compile(
    r".+(?:市役所|区役所|町役場|村役場|県庁|税務署|警察署|消防署|[都道府県市区町村]教育委員会)"
    r"|東京都庁?|(?:大阪|京都)府庁?|北海道庁"
)
_MINISTRIES: Final = (
    "内閣官房 内閣府 宮内庁 公正取引委員会 国家公安委員会 警察庁 個人情報保護委員会 金融庁 "
    "消費者庁 こども家庭庁 デジタル庁 復興庁 総務省 消防庁 法務省 公安調査庁 出入国在留管理庁 "
    "外務省 財務省 国税庁 文部科学省 スポーツ庁 文化庁 厚生労働省 農林水産省 林野庁 水産庁 "
    "経済産業省 資源エネルギー庁 特許庁 中小企業庁 国土交通省 観光庁 気象庁 海上保安庁 環境省 "
    "防衛省 防衛装備庁 会計検査院 人事院"
)
_ORGANS: Final = frozenset(_MINISTRIES.split())


def is_public_body(company: Company, policy: IdentityPolicy = _DEFAULT) -> bool:
    """Whether a company is surely a public body: by its domains, its 法人番号 or its name."""
    return (
        is_public_number(company.corporate_number or "")
        or any(is_public_domain(one, policy) for one in company.domains)
        or is_public_name(company_name(company.name))
    )


def is_public_number(number: str) -> bool:
    """Whether a 法人番号 is that of an organ of the state, or of a local government."""
    return number_kind(number) in ("state_organ", "local_government")


def is_public_domain(stated: str, policy: IdentityPolicy = _DEFAULT) -> bool:
    """Whether a domain, or web address, is of a public body."""
    held = domain(stated)
    return held is not None and read_mail(f"a@{held.host}", policy).mail_class == _PUBLIC


def is_public_name(name: CompanyName) -> bool:
    """Whether a name is surely that of a public body."""
    return not (name.legal_form or name.agency) and bool(
        name.key in _ORGANS or _OFFICES.fullmatch(name.key)
    )


def _marked(one: Company | CompanyHistory, policy: IdentityPolicy) -> Company | CompanyHistory:
    """Return a company that is marked where it is a public body, and nobody has said whether."""
    if isinstance(one, CompanyHistory):
        if any(change.fact == _PUBLIC for change in one.changes):
            return one
        company = _with_mark(one.company, policy)
        return one if company is one.company else evolve(one, company=company)
    return _with_mark(one, policy)


def _with_mark(company: Company, policy: IdentityPolicy) -> Company:
    if company.attributes.get(_PUBLIC) is not None or not is_public_body(company, policy):
        return company
    return evolve(company, attributes={**company.attributes, _PUBLIC: True})
