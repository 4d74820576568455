"""Members: who is in an audience on a day, who is not, and of whom it is not known.

Who it is told of is told with the facts as they are; a missing one leaves it open (S3), so that
learning it never puts anybody out who was in. Consent filters actions and never membership: how
many people may be contacted stands beside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, Literal, overload

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.account import Account
from mpfunnel.calendars import as_day
from mpfunnel.case import Case, Offer
from mpfunnel.compiled import Compiled
from mpfunnel.contact import CHANNELS, Contactable, contactability
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit
from mpfunnel.flow.audience.model import IN, Audience, Side, asked_by, check_audiences
from mpfunnel.labels import Lang, faults_of_lang
from mpfunnel.records import Channel, Id
from mpfunnel.rules.compiled import compile_policy
from mpfunnel.rules.explain import explain as explained
from mpfunnel.rules.tables import Decision
from mpfunnel.situation import Rejected
from mpfunnel.synergy import WhiteSpace

__all__ = [
    "AudienceAnswer",
    "ContactCount",
    "Member",
    "Standing",
    "explain",
    "members",
    "surest",
    "survey",
]

Standing = Literal["in", "unknown", "out"]
_Day = date | datetime

_ROOTS: Final[Mapping[tuple[str, bool], tuple[str, ...]]] = {
    ("company", False): ("company", "account"),
    ("company", True): ("company", "product", "account"),
    ("lead", False): ("company", "lead", "account", "funnel", "contact"),
    ("lead", True): ("company", "lead", "account", "funnel", "contact", "product"),
}
"""What a condition is given, by the unit of the audience and whether it is about a product."""


@frozen
class Member:
    """Where one company or lead stands to an audience.

    Attributes:
        id: The company or the lead.
        company_id: The company, or that of the lead, if it has one.
        decision: Whether it is in, and why; not settled where a missing fact would tell.
    """

    id: Id
    company_id: Id | None
    decision: Decision[Side]

    @property
    def standing(self) -> Standing:
        """``"in"`` or ``"out"``, where that is settled, else ``"unknown"``."""
        if not self.decision.settled:
            return "unknown"
        return "in" if self.decision.value == IN else "out"


@frozen
class ContactCount:
    """How many people in an audience may be contacted through one channel.

    Attributes:
        allowed: By a consent on record.
        refused: They opted out.
        unknown: Nothing was said; whether that suffices depends on the law and on the firm.
    """

    allowed: int = 0
    refused: int = 0
    unknown: int = 0


@frozen
class AudienceAnswer:
    """Who is in an audience on one day.

    Attributes:
        audience: The audience.
        as_of: The day.
        version: The version of the playbook that was asked.
        told: Where every company or lead stands to it, in the order of their ids.
        contactable: Per channel, how many people may be contacted: the leads that are in; of an
            audience of companies, the people of those that are in.
        without_company: People without company, of whom an audience of companies tells nothing.
        rejects: Records of the accounts that could not be used.
    """

    audience: Audience
    as_of: date
    version: str
    told: tuple[Member, ...] = field(repr=False)
    contactable: immutabledict[Channel, ContactCount]
    without_company: int = 0
    rejects: tuple[Rejected, ...] = field(default=(), repr=False)

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Those that are in, whatever is still missing."""
        return self._standing("in")

    @cached_property
    def unknown(self) -> tuple[Member, ...]:
        """Those that may be in or not; what their decision is missing would tell."""
        return self._standing("unknown")

    @cached_property
    def out(self) -> tuple[Member, ...]:
        """Those that are not in, whatever is still missing."""
        return self._standing("out")

    def _standing(self, standing: Standing) -> tuple[Member, ...]:
        return tuple(one for one in self.told if one.standing == standing)

    @cached_property
    def missing(self) -> Mapping[str, int]:
        """How many of the unknown each missing fact leaves open, the most first."""
        counts = Counter(name for one in self.unknown for name in one.decision.missing)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @cached_property
    def companies(self) -> Mapping[Id, Standing]:
        """Where companies stand: one with several leads as the one who is in it most surely.

        Of an audience of leads, companies without any are left out: they are not in it.
        """
        found: dict[Id, Standing] = {}
        for one in self.told:
            if one.company_id is not None:
                known = found.get(one.company_id, "out")
                found[one.company_id] = surest((known, one.standing))
        return found

    def rows(self, lang: Lang = "en") -> list[dict[str, Any]]:
        """Return flat rows to store, one for each company or lead.

        Args:
            lang: The language of the reasons.
        """
        about = {
            "audience": self.audience.key,
            "product_id": self.audience.product_id,
            "unit": self.audience.unit,
        }
        stamp = {"as_of": self.as_of, "playbook_version": self.version}
        return [
            {
                **about,
                "id": one.id,
                "company_id": one.company_id,
                "standing": one.standing,
                "missing": ";".join(one.decision.missing),
                "because": one.decision.because.text(lang),
                **stamp,
            }
            for one in self.told
        ]


def surest(standings: Iterable[Standing]) -> Standing:
    """Return in if any of the standings is, else unknown if any is, else out."""
    given = {*standings}
    if "in" in given:
        return "in"
    return "unknown" if "unknown" in given else "out"


class _OfCompany:
    """How a company stands with a product, as rules about plays see it."""

    __slots__ = ("_ask_position", "_offer")

    def __init__(self, offer: Offer, ask_position: Callable[[], Decision[WhiteSpace]]) -> None:
        self._offer = offer
        self._ask_position = ask_position

    @property
    def position(self) -> Decision[WhiteSpace]:
        """White space, worked out where a rule asks for it."""
        return self._ask_position()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._offer, name)


def _of_company(case: Case, product_id: Id | None) -> dict[str, Any]:
    """Return what the condition of an audience of companies is given, by root."""
    any_one = next(iter(case.book.products)) if product_id is None else product_id
    product = case.book.product(any_one)
    records = dict(case.about_offer(product))
    if product_id is None:
        del records["product"]
    else:
        records["product"] = _OfCompany(records["product"], lambda: case.white_space(product))
    return records


class Survey:
    """Audiences, compiled, and what has been told of them so far.

    Args:
        engine: The compiled playbook.
        audiences: The audiences, which were checked.
        day: The day asked about.
    """

    def __init__(self, engine: Engine, audiences: Sequence[Audience], day: date) -> None:
        self.day = day
        self.version = engine.version
        self.audiences = audiences
        self.book = Compiled(asked_by(engine.playbook, audiences))
        self._decide = [
            compile_policy(
                one.table, _ROOTS[one.unit, one.product_id is not None], version=self.version
            )
            for one in audiences
        ]
        self._of_leads = any(one.unit == "lead" for one in audiences)
        self._products = tuple(
            dict.fromkeys(
                one.product_id
                for one in audiences
                if one.unit == "lead" and one.product_id is not None
            )
        )
        self._told: list[list[Member]] = [[] for _ in audiences]
        self._contact: list[Counter[tuple[Channel, bool | None]]] = [Counter() for _ in audiences]
        self._without_company = 0
        self._rejects: list[tuple[Any, tuple[Rejected, ...]]] = []
        self.places: dict[tuple[str, Id], int] = {}
        self.problems: list[Problem] = []

    def take(self, account: Account, place: int) -> None:
        """Tell of the company and the leads of an account.

        Args:
            account: The account.
            place: Its place among all.
        """
        case = Case(self.book, account, self.day)
        company_id = None if case.facts.company is None else case.company.id
        self._seen("company", () if company_id is None else (company_id,), place)
        self._seen("lead", case.facts.leads, place)
        # In no order of the accounts, which must not show.
        ids = sorted(map(_by_id, case.facts.leads if company_id is None else (company_id,)))
        rejects = (*case.facts.rejects, *case.by_hand.rejects)
        self._rejects.append(((company_id is None, ids), rejects))
        of_companies: dict[int, Standing] = {}
        if company_id is None:
            self._without_company += len(case.facts.leads)
        else:
            for number, one in enumerate(self.audiences):
                if one.unit == "company":
                    decision = self._decide[number](*_of_company(case, one.product_id).values())
                    member = Member(company_id, company_id, decision)
                    self._told[number].append(member)
                    of_companies[number] = member.standing
        for lead_id in case.facts.leads:
            self._take_lead(case, lead_id, company_id, of_companies)

    def _seen(self, what: str, ids: Iterable[Id], place: int) -> None:
        for one in ids:
            first = self.places.setdefault((what, one), place)
            if first != place:
                message = f"{what} {brief(one)} is in accounts[{first}], too; give it once"
                self.problems.append(Problem("duplicate", f"accounts[{place}]", message))

    def _take_lead(
        self,
        case: Case,
        lead_id: Id,
        company_id: Id | None,
        of_companies: Mapping[int, Standing],
    ) -> None:
        contact: Mapping[Channel, Contactable]
        planned = None
        if self._of_leads:
            answer = case.answer(lead_id)
            planned, contact = case.planned(answer, self._products), answer.contactable
        else:
            lead = case.facts.leads[lead_id]
            contact = contactability(lead, as_of=self.day, zone=self.book.zone)
        for number, one in enumerate(self.audiences):
            standing = of_companies.get(number)
            if planned is not None and one.unit == "lead":
                decision = self._decide[number](*planned.records(one.product_id).values())
                member = Member(lead_id, company_id, decision)
                self._told[number].append(member)
                standing = member.standing
            if standing == "in":
                self._contact[number].update((key, to.allowed) for key, to in contact.items())

    def answers(self) -> Iterator[AudienceAnswer]:
        """Yield what was told, in the order of the audiences; the order of accounts never shows."""
        in_order = sorted(self._rejects, key=lambda one: one[0])
        rejects = tuple(one for _, given in in_order for one in given)
        for one, told, counts in zip(self.audiences, self._told, self._contact, strict=True):
            contactable: dict[Channel, ContactCount] = {
                key: ContactCount(*(counts[key, allowed] for allowed in (True, False, None)))
                for key in CHANNELS
            }
            yield AudienceAnswer(
                one,
                self.day,
                self.version,
                tuple(sorted(told, key=lambda member: _by_id(member.id))),
                immutabledict(contactable),
                self._without_company if one.unit == "company" else 0,
                rejects,
            )


def _by_id(one: Id) -> tuple[bool, Id]:
    # A text and an integer cannot be compared.
    return isinstance(one, str), one


def survey(
    engine: Engine, audiences: Sequence[Audience], accounts: Iterable[Account], as_of: _Day
) -> tuple[AudienceAnswer, ...]:
    """Return who is in each of some audiences, which were checked.

    Args:
        engine: The compiled playbook.
        audiences: The audiences; keys may stand there twice.
        accounts: The accounts.
        as_of: The day asked about.

    Raises:
        InvalidDataError: As `members`.
    """
    taken = Survey(engine, audiences, as_day(as_of, engine.compiled.zone))
    for place, account in enumerate(accounts):
        wrong = misfit(f"accounts[{place}]", account, Account)
        taken.problems += wrong
        if not wrong:
            taken.take(account, place)
    if taken.problems:
        raise InvalidDataError(taken.problems)
    return tuple(taken.answers())


@overload
def members(
    engine: Engine, audiences: Audience, accounts: Iterable[Account], *, as_of: _Day
) -> AudienceAnswer: ...
@overload
def members(
    engine: Engine, audiences: Iterable[Audience], accounts: Iterable[Account], *, as_of: _Day
) -> tuple[AudienceAnswer, ...]: ...
def members(
    engine: Engine,
    audiences: Audience | Iterable[Audience],
    accounts: Iterable[Account],
    *,
    as_of: _Day,
) -> AudienceAnswer | tuple[AudienceAnswer, ...]:
    """Return who is in an audience, who is not, and of whom it is not known.

    A lead that gave no sign for the product is told of like any other (S7). Each account is looked
    at once for all audiences, and may come from a generator.

    Args:
        engine: The compiled playbook.
        audiences: One audience, or several with keys of their own.
        accounts: All accounts, each company and each lead once.
        as_of: The day asked about; an aware datetime means its day in the playbook's zone.

    Returns:
        The answer, or one for each of several audiences, in their order.

    Raises:
        InvalidDataError: An audience does not go with the playbook (see `check_audiences`),
            something is no account, a company or a lead is in two accounts, `as_of` is no day, or a
            custom attribute holds a value of another type than declared.
        PolicyError: A custom policy broke its contract.
    """
    given = [audiences] if isinstance(audiences, Audience) else audiences
    told = survey(engine, check_audiences(_playbook(engine), given), accounts, as_of)
    return told[0] if isinstance(audiences, Audience) else told


def _playbook(engine: Engine) -> Any:
    if problems := misfit("engine", engine, Engine):
        raise InvalidDataError(problems)
    return engine.playbook


def explain(
    engine: Engine,
    audience: Audience,
    account: Account,
    lead_id: Id | None = None,
    *,
    as_of: _Day,
    lang: Lang | None = None,
) -> str:
    """Return why a company or a lead is in an audience or not, with every fact that was seen.

    Args:
        engine: The compiled playbook.
        audience: The audience.
        account: The account.
        lead_id: The lead; left out where companies are the members.
        as_of: The day asked about; an aware datetime means its day in the playbook's zone.
        lang: The language; the playbook's own where it is `None`.

    Raises:
        UnknownNameError: The account has no such lead.
        InvalidDataError: As `members`; or what is asked about is missing, or is not its member.
        PolicyError: A custom policy broke its contract.
    """
    (checked,) = check_audiences(_playbook(engine), [audience])
    lang = engine.playbook.lang if lang is None else lang
    problems = faults_of_lang(lang) + misfit("account", account, Account)
    if checked.unit == "company" and lead_id is not None:
        message = "must be left out: companies are the members"
        problems.append(Problem("arguments", "lead_id", message))
    elif checked.unit == "lead" and lead_id is None:
        problems.append(Problem("arguments", "lead_id", "is missing: leads are the members"))
    if problems:
        raise InvalidDataError(problems)
    day = as_day(as_of, engine.compiled.zone)
    case = Case(Compiled(asked_by(engine.playbook, [checked])), account, day)
    if lead_id is not None:
        products = () if checked.product_id is None else (checked.product_id,)
        case.person(lead_id)  # where there is none, that is said first
        records = case.planned(case.answer(lead_id), products).records(checked.product_id)
    elif case.facts.company is None:
        message = "is not known, and companies are the members"
        raise InvalidDataError([Problem("missing", "account.company", message)])
    else:
        records = _of_company(case, checked.product_id)
    return explained(checked.table, records).text(lang)
