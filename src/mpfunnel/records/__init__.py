"""What a CRM already holds: companies, leads, products, activities, deals, contracts, sales events.

What a person sets by hand is a record, too.

Every record is frozen and checked when it is made: all its faults are reported at once, as
`InvalidDataError`. Unknown is `None`; blank text is unknown. A bool is not a number, NaN and the
infinities are refused, ids are kept as the CRM has them. Times must carry their zone, and are kept
in UTC.
"""

from mpfunnel.records.checks import Id, Value
from mpfunnel.records.companies import (
    Company,
    CompanyChange,
    CompanyHistory,
    Relationship,
    check_parents,
)
from mpfunnel.records.overrides import ABOUT, Override, OverrideOf
from mpfunnel.records.people import Activity, Channel, Consent, Lead
from mpfunnel.records.sales import (
    Contract,
    Deal,
    DealLine,
    DealStatus,
    Lifecycle,
    Product,
    SalesEvent,
    SalesEventKind,
)

__all__ = [
    "ABOUT",
    "Activity",
    "Channel",
    "Company",
    "CompanyChange",
    "CompanyHistory",
    "Consent",
    "Contract",
    "Deal",
    "DealLine",
    "DealStatus",
    "Id",
    "Lead",
    "Lifecycle",
    "Override",
    "OverrideOf",
    "Product",
    "Relationship",
    "SalesEvent",
    "SalesEventKind",
    "Value",
    "check_parents",
]
