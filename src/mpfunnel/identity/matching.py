"""Which company a lead belongs to (名寄せ): by its link, 法人番号, domain, or name and region.

Evidence is tried in the order of the policy, and what it names is never more than it says: several
companies are listed, not guessed from, and a link that the CRM has is not changed by what speaks
against it. Where the policy leaves links out, what it uses changes one only by naming another
company alone, and the link is told. Nor does evidence decide that other facts of the lead
contradict: a domain, where the lead names another company, or where firms of the same group may
share it; a name, where the mail is of another domain than the company's, or where other companies
have it. Such companies are listed, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal

from attrs import frozen

from mpfunnel.account import company_of, conflicts, strangers
from mpfunnel.errors import InvalidDataError, misfit, series
from mpfunnel.groups import families
from mpfunnel.identity.domains import domain
from mpfunnel.identity.mail import Mail, read_mail
from mpfunnel.identity.names import CompanyName, company_name, region_key
from mpfunnel.identity.numbers import corporate_number
from mpfunnel.identity.policy import Evidence, IdentityPolicy
from mpfunnel.identity.telling import (
    form_key,
    hosts_told,
    is_own,
    is_students_mail,
    is_students_title,
    name_key,
    names_nobody,
)
from mpfunnel.labels import Label
from mpfunnel.records import Company, CompanyHistory, Id, Lead

__all__ = ["CERTAINTY", "Certainty", "Directory", "Match", "Status", "match"]

Certainty = Literal["certain", "likely", "possible"]
Status = Literal[
    "matched", "ambiguous", "individual", "student", "own", "unmatched", "unknown_company"
]

CERTAINTY: Final[Mapping[Evidence, Certainty]] = {
    "link": "certain",
    "corporate_number": "certain",
    "domain": "likely",
    "name_region": "possible",
}
"""How sure a company is that each evidence names alone."""
_NOBODY: Final = frozenset[Id]()
_DEFAULT: Final = IdentityPolicy()


@frozen
class Match:
    """What is known of the company of a lead.

    Attributes:
        lead_id: The lead.
        status: ``matched``; ``ambiguous``: it may belong to several companies; ``individual`` and
            ``student``: a person without company (個人, 学生・求職者); ``own``: of the firm itself;
            ``unmatched``: of a company that is not known, or nothing tells it (企業未紐付け);
            ``unknown_company``: linked to a company that is not there.
        company_id: The company that it belongs to; as the CRM has it where that is not there.
        evidence: What decided; of an ambiguous match, what named the candidates first.
        certainty: How sure it is; `None` unless matched.
        candidates: The companies that it may belong to: of an ambiguous match, one too of which
            other facts make it doubtful, and, where the
            linked company is not there, those that other evidence names. Sorted.
        disagreeing: Evidence that names other companies alone, in the order of the policy, each
            with the ids that it names.
        because: Why, in words; it names no person and no address.
        mail: What the mail address tells.
    """

    lead_id: Id
    status: Status
    company_id: Id | None
    evidence: Evidence | None
    certainty: Certainty | None
    candidates: tuple[Id, ...]
    disagreeing: tuple[tuple[Evidence, tuple[Id, ...]], ...]
    because: Label
    mail: Mail


@frozen
class _Hits:
    """The companies that evidence names: those of which it is sure, and the doubtful ones."""

    sure: frozenset[Id] = frozenset()
    doubtful: frozenset[Id] = frozenset()

    @property
    def all(self) -> frozenset[Id]:
        return self.sure | self.doubtful


class Directory:
    """Companies, by what tells them: made once, asked for many leads.

    Args:
        companies: The companies. A history counts with what it is known by before its first change.

    Raises:
        InvalidDataError: Something is no company, or companies share an id but differ (S17). Equal
            ones count once.
    """

    def __init__(self, companies: Iterable[Company | CompanyHistory]) -> None:
        # The type checkers cannot follow a generic function that returns what is no collection too.
        given: Any = series(companies)
        problems = strangers("companies", given, Company, CompanyHistory)
        if problems := problems or [*conflicts("companies", given)]:
            raise InvalidDataError(problems)
        self._numbers: dict[Id, str | None] = {}
        self._by_number: dict[str, set[Id]] = {}
        self._by_host: dict[str, set[Id]] = {}
        self._by_name: dict[str, set[Id]] = {}
        self._names: dict[Id, CompanyName] = {}
        self._regions: dict[Id, str] = {}
        self._hosts: dict[Id, set[str]] = {}
        known = {company.id: company for company in map(company_of, given)}
        for company in known.values():
            self._add(company)
        self._family = families((one.id, one.parent_id) for one in known.values())
        self._without_host: dict[Id, set[Id]] = {}
        for company_id, family in self._family.items():
            if not self._hosts[company_id]:
                self._without_host.setdefault(family, set()).add(company_id)

    def _add(self, company: Company) -> None:
        number = corporate_number(company.corporate_number)
        self._numbers[company.id] = number
        if number is not None:
            self._by_number.setdefault(number, set()).add(company.id)
        hosts = {stated.host for text in company.domains if (stated := domain(text)) is not None}
        self._hosts[company.id] = hosts
        for host in hosts:
            self._by_host.setdefault(host, set()).add(company.id)
        name = self._names[company.id] = company_name(company.name)
        self._regions[company.id] = region_key(company.region)
        if key := name_key(name):
            self._by_name.setdefault(key, set()).add(company.id)

    def __contains__(self, company_id: object) -> bool:
        return company_id in self._numbers

    def with_number(self, number: str) -> frozenset[Id]:
        """Return the companies that have a 法人番号."""
        return frozenset(self._by_number.get(number, ()))

    def with_host(self, hosts: Sequence[str]) -> _Hits:
        """Return the companies that state the first of some hosts that any company states.

        Those of their groups that state no host may have their mail there, too: they are doubtful.
        All are where it is not the first of the hosts: it may be that of another firm.
        """
        at = next((place for place, one in enumerate(hosts) if one in self._by_host), None)
        if at is None:
            return _Hits()
        stating = frozenset(self._by_host[hosts[at]])
        kin = _NOBODY.union(
            *(self._without_host.get(self._family[one], set[Id]()) for one in stating)
        )
        return _Hits(doubtful=stating | kin) if at else _Hits(stating, kin)

    def named(
        self, hits: _Hits, name: CompanyName, region: str | None, policy: IdentityPolicy
    ) -> _Hits:
        """Return companies that a domain names, by the name that the lead says.

        One that states no more than a parent of the host is meant only if no other company has the
        name, and it is not of another region; one that states no host is none that a host tells.
        """
        found = hits.all
        called, where = self._called(name), region_key(region)
        told = found
        if name_key(name):
            nameless = frozenset(one for one in found if not name_key(self._names[one]))
            told = found & called or nameless
        hinted = told - hits.sure
        against = {
            one
            for one in hinted
            if not (name_key(name) and self._hosts[one])
            or (where and self._regions[one] not in ("", where))
        }
        if not told or against or (hinted and self._is_of_several(name, policy)):
            return _Hits(doubtful=found)
        return _Hits(told)

    def with_name(
        self, name: CompanyName, region: str | None, hosts: Sequence[str], policy: IdentityPolicy
    ) -> _Hits:
        """Return the companies of a name in a region.

        They are doubtful where they state other hosts, and where others have the name as well.
        """
        called, where = self._called(name), region_key(region)
        found = {one for one in called if where and self._regions[one] == where}
        if self._is_of_several(name, policy):
            return _Hits(doubtful=frozenset(found))
        doubtful = {
            one
            for one in found
            if hosts and self._hosts[one] and self._hosts[one].isdisjoint(hosts)
        }
        return _Hits(frozenset(found - doubtful), frozenset(doubtful))

    def _is_of_several(self, name: CompanyName, policy: IdentityPolicy) -> bool:
        """Whether a name tells no company, since several have it, of whichever legal form."""
        return policy.namesakes == "listed" and len(self._by_name.get(name_key(name), ())) > 1

    def _called(self, name: CompanyName) -> frozenset[Id]:
        """Return the companies of a name, whose legal form is not another one."""
        named = self._by_name.get(name_key(name), set[Id]())
        form = form_key(name)
        return frozenset(
            one for one in named if form is None or form_key(self._names[one]) in (None, form)
        )

    def without_other_number(self, hits: _Hits, number: str | None) -> _Hits:
        """Return the companies that have no valid 法人番号 but this one."""
        if number is None:
            return hits
        others = {one for one in hits.all if self._numbers[one] not in (None, number)}
        return _Hits(hits.sure - others, hits.doubtful - others)


def match(
    lead: Lead,
    companies: Iterable[Company | CompanyHistory] | Directory,
    policy: IdentityPolicy = _DEFAULT,
) -> Match:
    """Return which of some companies a lead belongs to, and what speaks for it.

    Args:
        lead: The lead; its `company_id` is a link that the CRM has.
        companies: All companies, or a `Directory` of them, which is made only once for many leads.
        policy: Which evidence is used, and what the firm knows of domains itself.

    Raises:
        InvalidDataError: Something is not of the type that it should be, or companies share an id
            but differ.
    """
    problems = [*misfit("lead", lead, Lead), *misfit("policy", policy, IdentityPolicy)]
    if problems:
        raise InvalidDataError(problems)
    directory = companies if isinstance(companies, Directory) else Directory(companies)
    mail = read_mail(lead.email, policy)
    named = _named(lead, mail, directory, policy)
    if "link" in policy.order or lead.company_id is None:
        return _matched(lead, mail, named, directory, policy)
    link: dict[Evidence, _Hits] = {"link": _Hits(frozenset({lead.company_id}))}
    last = _matched(lead, mail, {**named, **link}, directory, policy)
    if last.status == "matched":
        return last
    return _matched(lead, mail, {**link, **named}, directory, policy)


def _matched(
    lead: Lead,
    mail: Mail,
    named: Mapping[Evidence, _Hits],
    directory: Directory,
    policy: IdentityPolicy,
) -> Match:
    """Return what comes of the companies that each evidence names, the strongest first."""
    found, evidence = _decided({one: hits.sure for one, hits in named.items()})
    doubted: list[Evidence] = [one for one, hits in named.items() if hits.doubtful]
    listed = not found and bool(doubted)
    status: Status
    company_id: Id | None = None
    certainty: Certainty | None = None
    candidates = _NOBODY
    # What a person says to study outweighs the domain and name of the university.
    if evidence not in ("link", "corporate_number") and _is_student(lead, mail, policy):
        status, evidence = "student", None
    elif len(found) > 1:
        status, candidates = "ambiguous", found
    elif evidence is not None:
        (company_id,) = found
        if company_id in directory:
            status, certainty = "matched", CERTAINTY[evidence]
        else:
            status = "unknown_company"
            candidates = frozenset[Id]().union(*(hits.all for hits in named.values())) - found
    elif listed:
        status, evidence, candidates = "ambiguous", doubted[0], named[doubted[0]].doubtful
    else:
        status = _without_company(lead, mail, policy)
    meant = candidates if company_id is None else {company_id}
    return Match(
        lead.id,
        status,
        company_id,
        evidence,
        certainty,
        _sorted(candidates),
        tuple(
            (one, _sorted(hits.all))
            for one, hits in named.items()
            if hits.all and not hits.all & meant
        ),
        _BECAUSE[evidence]
        if certainty and evidence
        else _DOUBTED
        if listed and status == "ambiguous"
        else _WHY[status],
        mail,
    )


def _named(
    lead: Lead, mail: Mail, directory: Directory, policy: IdentityPolicy
) -> dict[Evidence, _Hits]:
    """Return which companies each evidence names, in the order of the policy."""
    number = corporate_number(lead.corporate_number)
    name = company_name(lead.company_name)
    hosts = hosts_told(mail, policy)
    named: dict[Evidence, _Hits] = {}
    for evidence in policy.order:
        hits = _Hits()
        if evidence == "link" and lead.company_id is not None:
            hits = _Hits(frozenset({lead.company_id}))
        elif evidence == "corporate_number" and number is not None:
            hits = _Hits(directory.with_number(number))
        elif evidence == "domain":
            hits = directory.named(
                directory.without_other_number(directory.with_host(hosts), number),
                name,
                lead.region,
                policy,
            )
        elif evidence == "name_region":
            hits = directory.with_name(name, lead.region, hosts, policy)
            hits = directory.without_other_number(hits, number)
        named[evidence] = hits
    return named


def _is_student(lead: Lead, mail: Mail, policy: IdentityPolicy) -> bool:
    titles = (lead.title, lead.department)
    return is_students_mail(mail) or any(is_students_title(one, policy) for one in titles)


def _without_company(lead: Lead, mail: Mail, policy: IdentityPolicy) -> Status:
    """Return the status of a lead whose company nothing names."""
    if is_own(mail, policy):
        return "own"
    nobody = mail.personal and names_nobody(lead.company_name, lead.corporate_number)
    return "individual" if nobody else "unmatched"


def _decided(
    named: Mapping[Evidence, frozenset[Id]],
) -> tuple[frozenset[Id], Evidence | None]:
    """Return the companies that the lead may belong to, and what named them, or told them apart."""
    found, evidence = _NOBODY, None
    for one, hits in named.items():
        if not found:
            found, evidence = hits, one if hits else None
        elif len(found) > 1 and (both := found & hits):
            found, evidence = both, one if len(both) == 1 else evidence
    return found, evidence


def _sorted(ids: Iterable[Id]) -> tuple[Id, ...]:
    return tuple(sorted(ids, key=lambda one: (isinstance(one, str), one)))


# -- in words --

_BECAUSE: Final[Mapping[Evidence, Label]] = {
    "link": Label("linked in the CRM", "CRMの紐付け"),
    "corporate_number": Label("same corporate number", "法人番号が一致"),
    "domain": Label("mail at a domain of the company", "メールのドメインが企業のものと一致"),
    "name_region": Label("same name in the same region", "企業名と地域が一致"),
}
_DOUBTED: Final = Label(
    "what names a company is not enough, or something speaks against it",
    "企業を示す情報はあるが、確かでないか食い違っている",
)
_WHY: Final[Mapping[Status, Label]] = {
    "ambiguous": Label("several companies are meant alike", "該当する企業が複数"),
    "individual": Label(
        "personal mail, no company name and no corporate number",
        "個人メールで、企業名も法人番号もない",
    ),
    "student": Label("title or mail of a student or job seeker", "学生・求職者の役職またはメール"),
    "own": Label("mail of our own firm", "自社のメール"),
    "unmatched": Label("no company is named", "該当する企業がない"),
    "unknown_company": Label(
        "linked in the CRM to a company that is not there", "CRMの紐付け先の企業が存在しない"
    ),
}
