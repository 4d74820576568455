"""Worked cases: facts, and what a playbook must answer about them (given, when, then).

They live in the playbook, so that whoever changes a rule sees at once which answers it moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeVar, cast

from attrs import evolve, field, frozen

from mpfunnel.account import Account, company_of
from mpfunnel.errors import Problem, brief, shown
from mpfunnel.records import Company, CompanyHistory, Id, Lead
from mpfunnel.records.checks import (
    Fault,
    Record,
    a_day,
    a_key,
    an_id,
    checked,
    named,
    one_of,
    optional,
    series,
    series_of,
)
from mpfunnel.tiers import Tier

__all__ = ["Expectation", "QuestionOf", "WorkedCase"]

R = TypeVar("R", Company, Lead)
QuestionOf = Literal["segment", "tier", "white_space", "stage", "engagement"]
"""Which question."""

_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "segment": (),
    "tier": ("product_id",),
    "white_space": ("product_id",),
    "stage": ("lead_id",),
    "engagement": ("lead_id", "product_id"),
}
_WITHOUT_COMPANY: Final[Mapping[str, str]] = {
    "tier": "have no Tier",
    "white_space": "stand nowhere with a product",
}
_TIERS: Final = {Tier(number).key: number for number in range(1, 10)}


def _key_of(value: Any) -> Any:
    # A segment, Tier, stage or state stands for its key.
    return getattr(value, "key", value)


def _keys(value: Iterable[Any]) -> Any:
    return _sorted(value, _key_of)


def _facts(value: Iterable[str] | None) -> Any:
    return None if value is None else _sorted(value, _full_name)


def _sorted(value: Iterable[Any], fold: Callable[[Any], Any]) -> Any:
    found = series(value)
    if not isinstance(found, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
        return found
    folded = [fold(one) for one in found]
    # What is no key stays as it is, for the check to name.
    return tuple(sorted(set(folded)) if all(isinstance(one, str) for one in folded) else folded)


def _full_name(name: Any) -> Any:
    return f"company.{name}" if isinstance(name, str) and "." not in name else name


def _a_tuple_of_keys(value: object) -> Fault | None:
    if not isinstance(value, tuple):
        return "type", f"must be a collection of keys, not {named(value)}"
    faults = [fault for one in cast("tuple[object, ...]", value) if (fault := a_key(one))]
    return faults[0] if faults else None


@frozen
class Expectation(Record):
    """What one answer must be; only what is given is compared.

    A value alone means that the answer is settled on it. `possible` alone says between which values
    the answer is undecided.
    """

    question: QuestionOf = field(metadata=checked(one_of(QuestionOf)))
    value: str | None = field(default=None, converter=_key_of, metadata=checked(optional(a_key)))
    """Key of the segment, Tier, position, stage or state; any of these themselves will do."""
    possible: tuple[str, ...] = field(
        default=(), converter=_keys, metadata=checked(_a_tuple_of_keys)
    )
    """Keys of every value still possible, sorted; none at all where that is not compared."""
    missing: tuple[str, ...] | None = field(
        default=None, converter=_facts, metadata=checked(optional(_a_tuple_of_keys))
    )
    """Names of the facts that would settle it, sorted; of the company where no root is named."""
    rule: str | None = field(default=None, metadata=checked(optional(a_key)))
    """Key of the rule that gives it."""
    lead_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """Whose stage or state."""
    product_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """For which product the Tier, the position or the state."""

    def _contradictions(self) -> list[Problem]:
        problems: list[Problem] = []
        for name in ("lead_id", "product_id"):
            given = getattr(self, name) is not None
            if given != (name in _ABOUT[self.question]):
                code = "contradiction" if given else "missing"
                verb = "must be blank" if given else "is needed"
                message = f"{verb} where question is '{self.question}'"
                problems.append(Problem(code, f"expectation.{name}", message))
        if self.value is not None and self.possible and self.value not in self.possible:
            message = f"must contain the value, {brief(self.value)}"
            problems.append(Problem("value", "expectation.possible", message))
        if self.value is None and not self.possible and self.missing is None and self.rule is None:
            message = "expects nothing; give a value, possible, missing or rule"
            problems.append(Problem("empty", "expectation.value", message))
        if not problems:
            # One form for one meaning: settled on a value.
            if self.value is not None and not self.possible:
                object.__setattr__(self, "possible", (self.value,))
            elif self.value is None and len(self.possible) == 1:
                object.__setattr__(self, "value", self.possible[0])
        return problems

    @property
    def place(self) -> str:
        """Where it stands among what a case expects, for example ``"tiers.crm"``."""
        of_lead = f"leads[{brief(self.lead_id)}]."
        return {
            "segment": "segment",
            "tier": f"tiers.{shown(self.product_id)}",
            "white_space": f"white_space.{shown(self.product_id)}",
            "stage": f"{of_lead}stage",
            "engagement": f"{of_lead}engagement.{shown(self.product_id)}",
        }[self.question]

    @property
    def plain(self) -> str | int | dict[str, Any]:
        """What is expected, as a playbook file says it: a value, or a table where it says more."""
        table: dict[str, Any] = {}
        if self.value is not None:
            table["value"] = self._written(self.value)
        if self.possible and self.possible != (self.value,):
            table["possible"] = [self._written(key) for key in self.possible]
        if self.missing is not None:
            table["missing"] = [_short_name(name) for name in self.missing]
        if self.rule is not None:
            table["rule"] = self.rule
        return table["value"] if [*table] == ["value"] else table

    def _written(self, key: str) -> str | int:
        # Files name a Tier by its number.
        return _TIERS.get(key, key) if self.question == "tier" else key


def _short_name(name: str) -> str:
    root, _, key = name.partition(".")
    return key if root == "company" and "." not in key else name


@frozen
class WorkedCase(Record):
    """One case: the records of an account, the day asked about, and what must be answered.

    People of the account who name no company are those of its company; attributes whose value is
    unknown are left out.
    """

    name: str = field(metadata=checked(a_key))
    """What the case shows, in a sentence; unique in its playbook."""
    given: Account = field(
        metadata=checked(
            lambda value: (
                None
                if isinstance(value, Account)
                else ("type", f"must be an Account, not {named(value)}")
            )
        )
    )
    expect: tuple[Expectation, ...] = field(
        converter=series, metadata=checked(series_of(Expectation))
    )
    as_of: date = field(kw_only=True, metadata=checked(a_day))
    """The day, in the playbook's zone."""

    def _contradictions(self) -> list[Problem]:
        problems: list[Problem] = []
        if not self.expect:
            problems.append(Problem("empty", "workedcase.expect", "expects nothing"))
        if self.given.histories:
            message = "must be empty: a case is about what the facts warrant"
            problems.append(Problem("contradiction", "workedcase.given.histories", message))
        leads = [lead.id for lead in self.given.leads]
        asked: set[str] = set()
        for one in self.expect:
            at = f"workedcase.expect.{one.place}"
            if one.place in asked:
                problems.append(Problem("duplicate", at, "is expected twice"))
            asked.add(one.place)
            if one.lead_id is not None and one.lead_id not in leads:
                message = f"no such lead {brief(one.lead_id)} is given"
                problems.append(Problem("unknown-lead", at, message))
            if one.question in _WITHOUT_COMPANY and self.given.company is None:
                message = f"people without company {_WITHOUT_COMPANY[one.question]}; give a company"
                problems.append(Problem("missing", at, message))
        if not problems:
            # One order for one meaning: what is expected of the company, then of each lead.
            questions = [*_ABOUT]
            ordered = sorted(
                self.expect,
                key=lambda one: (
                    -1 if one.lead_id is None else leads.index(one.lead_id),
                    questions.index(one.question),
                ),
            )
            object.__setattr__(self, "expect", tuple(ordered))
            object.__setattr__(self, "given", _folded(self.given))
        return problems


def _folded(given: Account) -> Account:
    """Return an account in the one form of its meaning.

    People who name no company are of the one that is given, and what is unknown is not there.
    """
    company = None if given.company is None else _plainly(given.company)
    leads = tuple(_known(lead) for lead in given.leads)
    if company is not None:
        company_id = company_of(company).id
        leads = tuple(
            lead if lead.company_id is not None else evolve(lead, company_id=company_id)
            for lead in leads
        )
    relatives = tuple(evolve(one, company=_plainly(one.company)) for one in given.relatives)
    return evolve(given, company=company, leads=leads, relatives=relatives)


def _plainly(company: Company | CompanyHistory) -> Company | CompanyHistory:
    if isinstance(company, CompanyHistory):
        return evolve(company, company=_known(company.company))
    return _known(company)


def _known(record: R) -> R:
    held = {key: value for key, value in record.attributes.items() if value is not None}
    return record if len(held) == len(record.attributes) else evolve(record, attributes=held)
