"""Mail addresses: what the domain of one tells (法人, フリーアドレス, 官公庁・自治体 …)."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, Literal

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.identity import known
from mpfunnel.identity.domains import Domain, domain_of_host, icann_suffix
from mpfunnel.identity.policy import IdentityPolicy
from mpfunnel.labels import Label

__all__ = ["Mail", "MailClass", "read_mail"]

MailClass = Literal[
    "corporate", "free_mail", "provider", "disposable", "public_body", "education", "unknown"
]
"""What kind of domain an address is of; a provider is a mobile carrier or an internet provider."""

_KEPT: Final = 16_384
"""Hosts whose class is kept: an export has far more addresses than hosts."""

_PERSONAL: Final = frozenset({"free_mail", "provider", "disposable"})
_COMPANIES: Final = frozenset({"corporate", "public_body", "education"})

_NAMED: Final = re.compile(r"[^<>]*<([^<>]*)>")
_LOCAL: Final = re.compile(r"""[^\s@<>()\[\],;:\\"]+|"[^"\\@]+\"""")
_BETWEEN: Final = re.compile(r"[._-]+")
_DIGITS: Final = "0123456789"

_PUBLIC: Final = frozenset({"gob", "gouv", "gov", "govt", "gub", "gv", "mil"})
_SCHOOLS: Final = frozenset({"ac", "ed", "edu", "k12", "sch", "school", "univ"})
_GO: Final = frozenset({"ci", "cr", "id", "jp", "ke", "kr", "th", "tz", "ug"})
"""Countries whose government is `go`: elsewhere it is a place, as Gorizia under `it`."""
_CIVIC: Final = frozenset(
    {
        "def.br",
        "gc.ca",
        "jus.br",
        "leg.br",
        "lg.jp",
        "mp.br",
        "nhs.uk",
        "nic.in",
        "parliament.nz",
        "police.uk",
    }
)
"""Suffixes of public bodies by names that are others' elsewhere: `lg.ua` is a place."""
_JP_BODIES: Final = frozenset({"city", "metro", "pref", "town", "vill"})
_JP_NO_PLACES: Final = frozenset({"", "ac", "ad", "co", "ed", "go", "gr", "lg", "ne", "or"})

_BLANK: Final = Label("no mail address", "メールアドレスなし")
_MALFORMED: Final = Label("not written as a mail address", "メールアドレスの形式ではない")
_NOWHERE: Final = Label("not of a domain that anybody can hold", "誰も取得できないドメイン")
_UNLISTED: Final = Label("on no list", "どのリストにもない")

_LISTED: Final[immutabledict[known.Kind, tuple[MailClass, str, str]]] = immutabledict(
    {
        "shared": ("corporate", "business mail of a carrier", "携帯電話会社の法人メール"),
        "public_bodies": ("public_body", "public body", "官公庁・自治体"),
        "education": ("education", "education", "教育機関"),
        "carriers": ("provider", "mobile carrier", "携帯電話会社"),
        "providers": ("provider", "internet provider", "プロバイダー"),
        "free_mail": ("free_mail", "free mail", "フリーアドレス"),
    }
)
_STATED: Final[tuple[tuple[str, MailClass, str], ...]] = (
    ("personal_domains", "free_mail", "個人用"),
    ("business_domains", "corporate", "企業"),
    ("public_domains", "public_body", "官公庁・自治体"),
    ("education_domains", "education", "教育機関"),
)


@frozen
class Mail:
    """What a mail address tells; the address itself is not in it.

    Attributes:
        mail_class: What kind of domain it is of.
        domain: The domain; `None` where the class is unknown.
        role: Whether a role has the address (info@, no-reply@), and no person.
        shared: Whether several companies use the domain, though it is business mail.
        evidence: Which list or suffix said so.
    """

    mail_class: MailClass
    domain: Domain | None
    role: bool
    shared: bool
    evidence: Label = field(eq=False)

    @property
    def personal(self) -> bool:
        """Whether people have it for themselves: free mail, providers, disposable mail."""
        return self.mail_class in _PERSONAL

    @property
    def tells_company(self) -> bool:
        """Whether the domain is of one company, public body or school alone."""
        return self.mail_class in _COMPANIES and not self.shared


_DEFAULT: Final = IdentityPolicy()


def read_mail(address: str | None, policy: IdentityPolicy = _DEFAULT) -> Mail:
    """Return what a mail address tells.

    The lists of the policy are asked first, then ours, then disposable mail, the public suffixes
    and free mail; of several entries, the one nearest to the host. What nobody lists is corporate.

    Args:
        address: The address as people type it, full-width or with a name before it too.
        policy: What the firm knows of domains itself.

    >>> read_mail("Taro.Yamada@Blue.OCN.ne.jp").mail_class
    'provider'
    >>> mail = read_mail("山田 <info@sales.toyota.co.jp>")
    >>> mail.mail_class, mail.role, mail.domain.holder, mail.evidence.en
    ('corporate', True, 'toyota.co.jp', 'on no list')
    """
    if address is None or not (text := address.strip()):
        return _unknown(_BLANK)
    text = (text if text.isascii() else unicodedata.normalize("NFKC", text).strip()).lower()
    if text.endswith(">") and (named := _NAMED.fullmatch(text)):
        text = named[1].strip()
    local, _, host = text.removeprefix("mailto:").rpartition("@")
    if not _LOCAL.fullmatch(local):
        return _unknown(_MALFORMED)
    held = domain_of_host(host)
    if held is None:
        return _unknown(_NOWHERE)
    mail_class, shared, evidence = _stated(held, policy) or _found(held)
    return Mail(mail_class, held, _is_role(local), shared, evidence)


def _unknown(evidence: Label) -> Mail:
    return Mail("unknown", None, False, False, evidence)


_Answer = tuple[MailClass, bool, Label]


def _stated(held: Domain, policy: IdentityPolicy) -> _Answer | None:
    """Return what the policy's own lists say."""
    stated = [one for one in _STATED if getattr(policy, one[0])]
    for step in held.steps if stated else ():
        for name, mail_class, ja in stated:
            if step in getattr(policy, name):
                label = Label(f"{name} of the policy: {step}", f"ポリシーの{ja}ドメイン：{step}")
                return mail_class, False, label
    return None


@lru_cache(maxsize=_KEPT)
def _found(held: Domain) -> _Answer:
    """Return what the lists and the public suffixes say."""
    steps = held.steps
    own = known.kinds()
    for step in steps:
        if step in own:
            return _listed(own[step], step)
    # Before the suffixes: anybody can have a name under some countries' edu.
    disposable = known.disposable()
    for step in steps:
        if step in disposable:
            return "disposable", False, _label("disposable mail", "捨てアドレス", step)
    suffix = icann_suffix(held.host)
    if _is_public(suffix):
        return _listed("public_bodies", suffix)
    if _is_of_place(held, suffix):
        return _listed("public_bodies", held.holder)
    if not _SCHOOLS.isdisjoint(suffix.split(".")[:-1]) or suffix == "edu":
        return _listed("education", suffix)
    # Of sub-domains, the package lists machines (docs.google.com) too.
    if held.holder in known.free_mail():
        return _listed("free_mail", held.holder)
    return "corporate", False, _UNLISTED


def _listed(kind: known.Kind, entry: str) -> _Answer:
    mail_class, en, ja = _LISTED[kind]
    return mail_class, kind == "shared", _label(en, ja, entry)


def _label(en: str, ja: str, entry: str) -> Label:
    return Label(f"{en}: {entry}", f"{ja}：{entry}")


def _is_public(suffix: str) -> bool:
    *labels, last = suffix.split(".")
    return (
        suffix in _CIVIC
        or not _PUBLIC.isdisjoint(labels or (last,))
        or ("go" in labels and last in _GO)
    )


def _is_of_place(held: Domain, suffix: str) -> bool:
    """Whether it is a body of the place that the suffix names: city.kawasaki.jp, state.ca.us."""
    place, _, country = suffix.rpartition(".")
    body = held.host.removesuffix(f".{suffix}").rpartition(".")[2]
    if country == "us":
        return body == "state" and place != ""
    return country == "jp" and body in _JP_BODIES and place not in _JP_NO_PLACES


def _is_role(local: str) -> bool:
    words = [word.strip(_DIGITS) for word in _BETWEEN.split(local.strip('"').partition("+")[0])]
    roles = known.roles()
    return words[0] in roles or "".join(words) in roles
