"""The policy of identity: which evidence tells a lead's company, and what a firm knows itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, Final, Literal, cast, get_args

from attrs import field, fields, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit, series
from mpfunnel.identity.domains import domain

__all__ = ["STUDENT_WORDS", "Evidence", "IdentityPolicy"]

Evidence = Literal["link", "corporate_number", "domain", "name_region"]

STUDENT_WORDS: Final = frozenset(
    {
        "graduate student",
        "job hunter",
        "job seeker",
        "jobseeker",
        "student",
        "undergraduate",
        "在学中",
        "大学生",
        "大学院生",
        "学生",
        "専門学校生",
        "就活生",
        "就職活動中",
        "求職中",
        "求職者",
        "留学生",
        "転職活動中",
        "院生",
        "高校生",
    }
)
"""Words in a title or department that tell of a student or job seeker (学生・求職者)."""

_EVIDENCE: Final[tuple[str, ...]] = get_args(Evidence)
_CHOICES: Final = immutabledict(
    {
        "subdomains": ("joined", "apart"),
        "individuals": ("apart", "unmatched"),
        "namesakes": ("listed", "by_region"),
    }
)
_EXCLUSIVE: Final = (
    ("own_domains", "vendor_domains"),
    ("personal_domains", "business_domains", "public_domains", "education_domains"),
)
"""Sets of domains that say different things of a domain."""


def _set(value: Iterable[str]) -> Any:
    """Any collection of texts is a set; what is none stays as it is, for the checks to name."""
    given = series(value)
    if isinstance(given, tuple) and all(isinstance(item, str) for item in given):  # pyright: ignore[reportUnnecessaryIsInstance]
        return frozenset(given)
    return given


def _order(value: Iterable[Evidence]) -> Any:
    return series(value)


def _domains(value: Iterable[str]) -> Any:
    given = _set(value)
    if not isinstance(given, frozenset):
        return given
    found = {text: domain(text) for text in cast("frozenset[str]", given)}
    return frozenset(text if held is None else held.host for text, held in found.items())


def _words(value: Iterable[str]) -> Any:
    given = _set(value)
    if not isinstance(given, frozenset):
        return given
    texts = cast("frozenset[str]", given)
    return frozenset(unicodedata.normalize("NFKC", text).strip().casefold() for text in texts)


@frozen(kw_only=True)
class IdentityPolicy:
    """How leads are matched to companies, and what a firm knows of domains itself.

    Attributes:
        order: The evidence that is used, the strongest first; what is absent is not used. A link
            that the CRM has stays all the same, unless the others name another company alone; then
            it is told among what disagrees.
        own_domains: Those of the firm itself: they tell no company.
        vendor_domains: Those of agencies that fill the CRM: they tell no company.
        subdomains: Whether a sub-domain is of the company that states its parent.
        apart_under: Domains whose sub-domains are companies of their own all the same.
        personal_domains: Domains of personal mail besides those known, or against them.
        business_domains: Domains of companies, whatever the lists say.
        public_domains: Domains of public bodies (官公庁・自治体).
        education_domains: Domains of schools and universities.
        individuals: Whether individuals and students get a company of their own.
        student_words: Words in a title or department that tell of a student or job seeker.
        namesakes: Whether leads that say the name of several companies are listed, or the region
            tells which is meant.

    Raises:
        InvalidDataError: Something in it is not of the right form, or contradicts another; all of
            it.
    """

    order: tuple[Evidence, ...] = field(
        default=("link", "corporate_number", "domain", "name_region"), converter=_order
    )
    own_domains: frozenset[str] = field(default=frozenset(), converter=_domains)
    vendor_domains: frozenset[str] = field(default=frozenset(), converter=_domains)
    subdomains: Literal["joined", "apart"] = "joined"
    apart_under: frozenset[str] = field(default=frozenset(), converter=_domains)
    personal_domains: frozenset[str] = field(default=frozenset(), converter=_domains)
    business_domains: frozenset[str] = field(default=frozenset(), converter=_domains)
    public_domains: frozenset[str] = field(default=frozenset(), converter=_domains)
    education_domains: frozenset[str] = field(default=frozenset(), converter=_domains)
    individuals: Literal["apart", "unmatched"] = "apart"
    student_words: frozenset[str] = field(default=STUDENT_WORDS, converter=_words)
    namesakes: Literal["listed", "by_region"] = "listed"

    def __attrs_post_init__(self) -> None:
        problems = [fault for one in fields(IdentityPolicy) for fault in _faults(self, one.name)]
        problems += _contradictions(self)
        if problems:
            raise InvalidDataError(problems)


def _faults(policy: IdentityPolicy, name: str) -> Iterable[Problem]:
    path, value = f"identity.{name}", cast("object", getattr(policy, name))
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            message = f"must be {' or '.join(map(repr, _CHOICES[name]))}, not {brief(value)}"
            yield Problem("choice", path, message)
    elif name == "order":
        yield from _faults_of_order(path, value)
    elif isinstance(value, frozenset):
        for text in sorted(cast("frozenset[str]", value)):
            yield from _faults_of_text(path, text, of_domains=name != "student_words")
    elif isinstance(value, tuple):
        for i, item in enumerate(cast("tuple[object, ...]", value)):
            yield from misfit(f"{path}[{i}]", item, str)
            if isinstance(item, str):
                of_domains = name != "student_words"
                yield from _faults_of_text(f"{path}[{i}]", item, of_domains=of_domains)
    else:
        yield from misfit(path, value, list)


def _faults_of_order(path: str, order: object) -> Iterable[Problem]:
    if not isinstance(order, tuple):
        yield from misfit(path, order, list)
        return
    seen: list[object] = []
    for i, one in enumerate(cast("tuple[object, ...]", order)):
        if one not in _EVIDENCE:
            known = ", ".join(_EVIDENCE)
            message = f"must be one of {known}, not {brief(one)}{did_you_mean(one, _EVIDENCE)}"
            yield Problem("choice", f"{path}[{i}]", message)
        elif one in seen:
            yield Problem("duplicate", f"{path}[{i}]", f"{one} stands there twice")
        seen.append(one)


def _faults_of_text(path: str, text: str, *, of_domains: bool) -> Iterable[Problem]:
    if not text.strip():
        yield Problem("blank", path, "must not be blank")
    elif of_domains and domain(text) is None:
        message = f"{brief(text)} is no domain; write one as 'example.co.jp'"
        yield Problem("domain", path, message)


def _contradictions(policy: IdentityPolicy) -> Iterable[Problem]:
    for names in _EXCLUSIVE:
        said: dict[str, str] = {}
        for name in names:
            value = cast("object", getattr(policy, name))
            for text in (
                sorted(cast("frozenset[str]", value)) if isinstance(value, frozenset) else ()
            ):
                if text in said:
                    message = f"{brief(text)} stands in {said[text]} too"
                    yield Problem("contradiction", f"identity.{name}", message)
                said.setdefault(text, name)
