"""Identity: who a lead belongs to, by mail, domain, 法人番号 and name (名寄せ)."""

from mpfunnel.identity.domains import Domain, domain
from mpfunnel.identity.mail import Mail, MailClass, read_mail
from mpfunnel.identity.numbers import NumberKind, corporate_number, number_fault, number_kind
from mpfunnel.identity.policy import Evidence, IdentityPolicy

__all__ = [
    "Domain",
    "Evidence",
    "IdentityPolicy",
    "Mail",
    "MailClass",
    "NumberKind",
    "corporate_number",
    "domain",
    "number_fault",
    "number_kind",
    "read_mail",
]
