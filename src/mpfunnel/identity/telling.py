"""What single values of a lead or company tell: its mail, name, region, number and title.

Objects ask of each lead, tables once of each value that is there; both ask these.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from mpfunnel.identity.mail import Mail
from mpfunnel.identity.names import JAPANESE_FORMS, CompanyName, company_name
from mpfunnel.identity.policy import IdentityPolicy

__all__ = [
    "form_key",
    "hosts_told",
    "is_numbered",
    "is_own",
    "is_students_mail",
    "is_students_title",
    "name_key",
    "names_nobody",
]


def hosts_told(mail: Mail, policy: IdentityPolicy) -> tuple[str, ...]:
    """Return the hosts by which a mail address tells its company, the nearest first.

    The first that any company states is meant. There are none of personal mail, of a domain that
    companies share, and of the firm's own and its vendors' domains.
    """
    held = mail.domain
    if held is None or not mail.tells_company:
        return ()
    steps = held.steps
    if not (policy.own_domains.isdisjoint(steps) and policy.vendor_domains.isdisjoint(steps)):
        return ()
    apart = policy.subdomains == "apart" or held.holder in policy.apart_under
    return steps[:1] if apart else steps


def is_own(mail: Mail, policy: IdentityPolicy) -> bool:
    """Whether a mail address is of the firm itself."""
    return mail.domain is not None and not policy.own_domains.isdisjoint(mail.domain.steps)


def name_key(name: CompanyName) -> str:
    """Return what is compared of a company's name; blank where it tells no company."""
    return "" if name.agency else name.key


def form_key(name: CompanyName) -> str | None:
    """Return what is compared of a legal form: a 有限会社 is no 株式会社; `None` of any other."""
    return name.legal_form if name.legal_form in JAPANESE_FORMS else None


def names_nobody(name: str | None, corporate_number: str | None) -> bool:
    """Whether somebody who says this of the company has, as far as one can see, none."""
    return not is_numbered(corporate_number) and company_name(name).blank


def is_numbered(corporate_number: str | None) -> bool:
    """Whether somebody gives a 法人番号: a wrong one is somebody's too, and people have none."""
    return any(char.isdigit() for char in corporate_number or "")


_STUDENTS_HOSTS: Final = frozenset({"gakusei", "st", "stu", "stud", "student", "students"})
"""What universities call the part of their domain in which students have their mail."""
_PARTS: Final = re.compile(r"[,;:/|()\[\]、。・\n]+")
_YEAR: Final = re.compile(r"\s*第?[0-9一二三四五六]+\s*(?:年生?|回生)$")


def is_students_mail(mail: Mail) -> bool:
    """Whether a mail address is of the part of a university's domain that students have."""
    if mail.mail_class != "education" or mail.domain is None:
        return False
    below = mail.domain.host.removesuffix(mail.domain.holder).split(".")
    return not _STUDENTS_HOSTS.isdisjoint(below)


def is_students_title(text: str | None, policy: IdentityPolicy) -> bool:
    """Whether a title or department is a student's or job seeker's.

    One of its parts ends with one of the policy's words: 学生支援課 is none of a student.
    """
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    return any(
        plain.endswith(word)
        # A word in Latin letters is not the end of a longer one.
        and not (word.isascii() and plain[: -len(word)][-1:].isalnum())
        for plain in (_YEAR.sub("", part.strip()) for part in _PARTS.split(folded))
        for word in policy.student_words
    )
