"""The policy of identity: which evidence tells a lead's company, and what a firm knows itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any, Final, Literal, cast, get_args

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit
from mpfunnel.identity.domains import domain

__all__ = ["STUDENT_WORDS", "Evidence", "IdentityPolicy"]

Evidence = Literal["link", "corporate_number", "domain", "name_region"]

STUDENT_WORDS: Final = frozenset(
    {
        "freshman",
        "graduate student",
        "intern",
        "job hunter",
        "job seeker",
        "jobseeker",
        "student",
        "undergraduate",
        "インターン",
        "インターン生",
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
_DOMAINS: Final = (
    "own_domains",
    "vendor_domains",
    "apart_under",
    "personal_domains",
    "business_domains",
    "public_domains",
    "education_domains",
)
_CLASSES: Final = _DOMAINS[3:]


def _set(value: Iterable[str]) -> Any:
    # A lone text is iterable too, but its letters are never what was meant.
    if isinstance(value, str) or not isinstance(value, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        return value
    items = tuple(value)
    return frozenset(items) if all(isinstance(item, str) for item in items) else items  # pyright: ignore[reportUnnecessaryIsInstance]


def _series(value: Iterable[Evidence]) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        return value
    return tuple(value)


def _domains(value: Iterable[str]) -> Any:
    given = _set(value)
    if not isinstance(given, frozenset):
        return given
    found = {text: domain(text) for text in cast("frozenset[str]", given)}
    # What is no domain stays as it is, for the check to name.
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
        order: The evidence that is used, the strongest first; what is absent is not used.
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

    Raises:
        InvalidDataError: Something in it is not of the right form, or contradicts another; all of
            it.
    """

    order: tuple[Evidence, ...] = field(
        default=("link", "corporate_number", "domain", "name_region"), converter=_series
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

    def __attrs_post_init__(self) -> None:
        if problems := [*_faults(self), *_contradictions(self)]:
            raise InvalidDataError(problems)


def _faults(policy: IdentityPolicy) -> Iterable[Problem]:
    yield from _faults_of_order(policy.order)
    for name in _DOMAINS:
        given: object = getattr(policy, name)
        yield from _faults_of_set(name, given)
        if isinstance(given, frozenset):
            for text in sorted(cast("frozenset[str]", given)):
                if domain(text) is None:
                    message = f"{brief(text)} is no domain; write one as 'example.co.jp'"
                    yield Problem("domain", f"identity.{name}", message)
    yield from _faults_of_set("student_words", policy.student_words)
    if isinstance(policy.student_words, frozenset) and "" in policy.student_words:  # pyright: ignore[reportUnnecessaryIsInstance]
        yield Problem("blank", "identity.student_words", "must hold no blank word")
    for name, choices in (
        ("subdomains", ("joined", "apart")),
        ("individuals", ("apart", "unmatched")),
    ):
        value: object = getattr(policy, name)
        if value not in choices:
            message = f"must be {' or '.join(map(repr, choices))}, not {brief(value)}"
            yield Problem("choice", f"identity.{name}", message)


def _faults_of_order(order: object) -> Iterable[Problem]:
    if not isinstance(order, tuple):
        yield from misfit("identity.order", order, list)
        return
    seen: list[object] = []
    for i, one in enumerate(cast("tuple[object, ...]", order)):
        path = f"identity.order[{i}]"
        if one not in _EVIDENCE:
            known = ", ".join(_EVIDENCE)
            message = f"must be one of {known}, not {brief(one)}{did_you_mean(one, _EVIDENCE)}"
            yield Problem("choice", path, message)
        elif one in seen:
            yield Problem("duplicate", path, f"{one} stands there twice")
        seen.append(one)


def _faults_of_set(name: str, given: object) -> Iterable[Problem]:
    path = f"identity.{name}"
    if isinstance(given, tuple):
        for i, item in enumerate(cast("tuple[object, ...]", given)):
            yield from misfit(f"{path}[{i}]", item, str)
    elif not isinstance(given, frozenset):
        yield from misfit(path, given, list)


def _contradictions(policy: IdentityPolicy) -> Iterable[Problem]:
    pairs = [("own_domains", "vendor_domains")]
    pairs += [(a, b) for i, a in enumerate(_CLASSES) for b in _CLASSES[i + 1 :]]
    for first, second in pairs:
        both: tuple[object, object] = getattr(policy, first), getattr(policy, second)
        if not all(isinstance(one, frozenset) for one in both):
            continue
        one, other = cast("tuple[frozenset[str], frozenset[str]]", both)
        for text in sorted(one & other):
            message = f"{brief(text)} stands in {first} too"
            yield Problem("contradiction", f"identity.{second}", message)
