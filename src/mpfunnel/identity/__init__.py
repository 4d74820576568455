"""Identity: who a lead belongs to, by mail, domain, 法人番号 and name (名寄せ)."""

from mpfunnel.identity.assigning import Assigned, assign
from mpfunnel.identity.domains import Domain, domain
from mpfunnel.identity.mail import Mail, MailClass, read_mail
from mpfunnel.identity.matching import Certainty, Directory, Match, Status, match
from mpfunnel.identity.merging import Choice, Followed, Merged, merge_companies, merge_leads
from mpfunnel.identity.names import CompanyName, company_name
from mpfunnel.identity.numbers import NumberKind, corporate_number, number_fault, number_kind
from mpfunnel.identity.policy import Evidence, IdentityPolicy

__all__ = [
    "Assigned",
    "Certainty",
    "Choice",
    "CompanyName",
    "Directory",
    "Domain",
    "Evidence",
    "Followed",
    "IdentityPolicy",
    "Mail",
    "MailClass",
    "Match",
    "Merged",
    "NumberKind",
    "Status",
    "assign",
    "company_name",
    "corporate_number",
    "domain",
    "match",
    "merge_companies",
    "merge_leads",
    "number_fault",
    "number_kind",
    "read_mail",
]
