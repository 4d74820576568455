"""Mail addresses: what their domain tells of the person (フリーアドレス, 法人, 官公庁 …)."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from attrs import frozen

from mpfunnel.identity.domains import Domain, domain_of_host, suffix_of
from mpfunnel.identity.policy import IdentityPolicy
from mpfunnel.labels import Label

__all__ = ["Mail", "MailClass", "read_mail"]

MailClass = Literal[
    "corporate", "free_mail", "provider", "disposable", "public_body", "education", "unknown"
]

_PERSONAL: Final = frozenset({"free_mail", "provider", "disposable"})
_TELLS: Final = frozenset({"corporate", "public_body", "education"})
_DEFAULT: Final = IdentityPolicy()


@frozen
class Mail:
    """What a mail address tells, without the address itself.

    Attributes:
        mail_class: What kind of domain it is of.
        domain: The domain; `None` where the class is unknown.
        role: Whether the address is of a role (info@, no-reply@), not of a person.
        shared: Whether several companies use the domain, though it is business mail.
        evidence: Which list or suffix said so.
    """

    mail_class: MailClass
    domain: Domain | None
    role: bool
    shared: bool
    evidence: Label

    @property
    def personal(self) -> bool:
        """Whether private people have such addresses: free mail, providers, disposable ones."""
        return self.mail_class in _PERSONAL

    @property
    def tells_company(self) -> bool:
        """Whether the domain can tell the company: it is of one organisation alone."""
        return self.mail_class in _TELLS and not self.shared


def read_mail(address: str | None, policy: IdentityPolicy = _DEFAULT) -> Mail:
    """Return what a mail address tells."""
    local, _, host = unicodedata.normalize("NFKC", address or "").strip().lower().rpartition("@")
    held = domain_of_host(host) if local else None
    if held is None:
        return Mail("unknown", None, False, False, Label("no mail address"))
    role = local.partition("+")[0] in {"info", "sales", "support", "no-reply"}
    mail_class = _classified(held, policy)
    return Mail(mail_class, held, role, False, Label(mail_class))


def _classified(held: Domain, policy: IdentityPolicy) -> MailClass:
    for step in held.steps:
        if step in policy.personal_domains:
            return "free_mail"
        if step in policy.business_domains:
            return "corporate"
        if step in policy.public_domains:
            return "public_body"
        if step in policy.education_domains:
            return "education"
    suffix = suffix_of(held.host)
    if suffix in {"go.jp", "lg.jp"}:
        return "public_body"
    if suffix in {"ac.jp", "ed.jp", "edu"}:
        return "education"
    for step in held.steps:
        if step in _listed("providers"):
            return "provider"
        if step in _listed("free_mail"):
            return "free_mail"
    return "corporate"


@cache
def _listed(name: str) -> frozenset[str]:
    text = files("mpfunnel.identity").joinpath("lists", f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
