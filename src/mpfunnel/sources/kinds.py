"""The record kinds that a mapping can fill, and what each of their fields takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import Any, Final, Literal, get_args

from attrs import evolve, frozen
from immutabledict import immutabledict

from mpfunnel.labels import Label
from mpfunnel.records import (
    Activity,
    Channel,
    Company,
    Contract,
    Deal,
    DealLine,
    DealStatus,
    Lead,
    Lifecycle,
    Override,
    OverrideOf,
    Product,
    Relationship,
    SalesEvent,
    SalesEventKind,
)
from mpfunnel.sources.facts import CompanyFact
from mpfunnel.sources.members import LeadConsent, LineOfDeal, Member, Merge

__all__ = ["EVIDENCE", "KINDS", "Kind", "Record", "Slot", "Type", "keyed"]

Record = (
    Company
    | CompanyFact
    | Member
    | Merge
    | LeadConsent
    | LineOfDeal
    | Lead
    | Product
    | Activity
    | Deal
    | Contract
    | SalesEvent
    | Override
)

Type = Literal["text", "int", "decimal", "money", "float", "bool", "date", "instant"]
"""What a cell is read as. Money is an `int` where it is whole, else a `Decimal`."""


@frozen
class Slot:
    """What one field of a record kind takes.

    Attributes:
        type: What a cell, or each item of a split cell, is read as.
        needed: Whether a blank cell rejects the row.
        must_map: Whether a mapping without this field is refused.
        many: Whether it takes a set, whose items a `split` of the mapping separates.
        personal: Whether it names or reaches a person, so that messages mask it.
        options: The values it may have; empty where any will do.
        ids_of: For an id, the record kind whose ids these are; else empty.
        must_exist: Whether an id that is not among the known ones rejects the row.
        written: Whether tables hold it as text, whatever it is read as.
        own: Whether it says which record a row is, or is of, so that a row is of no use once that
            was merged into another.
        bracketed: Whether a cell may be a list in brackets.
        sparse: Whether a row whose cell is blank says nothing, and is left out.
    """

    type: Type = "text"
    needed: bool = False
    must_map: bool = False
    many: bool = False
    personal: bool = False
    options: tuple[str, ...] = ()
    ids_of: str = ""
    must_exist: bool = False
    written: bool = False
    own: bool = False
    bracketed: bool = False
    sparse: bool = False


@frozen
class Kind:
    """One record kind: its fields, how a record is built, and what makes a record the same one.

    Attributes:
        name: As a mapping names it, for example ``"deals"``.
        slots: What each field takes, in the order in which faults are looked for.
        record: What its rows become.
        build: Makes the record of plain values; a field without value is left out.
        key: The fields that two rows of the same record share; none where they share all.
        has_attributes: Whether its records take custom attributes.
    """

    name: str
    slots: immutabledict[str, Slot]
    record: type[Record]
    build: Callable[[dict[str, Any]], Record]
    key: tuple[str, ...]
    has_attributes: bool

    @property
    def identity(self) -> Callable[[Any], Any]:
        """Gives what two rows of the same record share."""
        return attrgetter(*self.key) if self.key else lambda record: record


def _own(kind: str) -> Slot:
    return Slot(needed=True, must_map=True, ids_of=kind, own=True)


def _ref(kind: str, *, needed: bool = False, must_exist: bool = False) -> Slot:
    return Slot(needed=needed, must_map=needed, ids_of=kind, must_exist=must_exist)


def _product(values: dict[str, Any]) -> Product:
    name, name_ja = values.pop("name", ""), values.pop("name_ja", "")
    if name or name_ja:
        values["name"] = Label(name, name_ja)
    return Product(**values)


def _deal(values: dict[str, Any]) -> Deal:
    line = {
        field: values.pop(key)
        for key, field in (
            ("product_id", "product_id"),
            ("quantity", "quantity"),
            ("line_amount", "amount"),
        )
        if key in values
    }
    if "product_id" in line:
        values["lines"] = (DealLine(**line),)
    return Deal(**values)


def _override(values: dict[str, Any]) -> Override:
    values.setdefault("until", None)
    return Override(**values)


def _kind(
    name: str,
    record: type[Record],
    key: tuple[str, ...],
    slots: Mapping[str, Slot],
    build: Callable[[dict[str, Any]], Record] | None = None,
) -> Kind:
    plain = build or partial(_built, record)
    has_attributes = name in ("companies", "leads")
    return Kind(name, immutabledict(slots), record, plain, key, has_attributes)


def _built(record: Callable[..., Record], values: dict[str, Any]) -> Record:
    return record(**values)


_TEXT: Final = Slot()
_NEEDED_TEXT: Final = Slot(needed=True, must_map=True)
_PERSONAL: Final = Slot(personal=True)
_INT: Final = Slot("int")
_MONEY: Final = Slot("money")
_DAY: Final = Slot("date")
_NEEDED_DAY: Final = Slot("date", needed=True, must_map=True)
_INSTANT: Final = Slot("instant")
_NEEDED_INSTANT: Final = Slot("instant", needed=True, must_map=True)
_TEXTS: Final = Slot(many=True)

_ALL: Final = (
    # In this order: whatever a record refers to is read before it.
    _kind(
        "products",
        Product,
        ("id",),
        {
            "id": _own("products"),
            "name": _TEXT,
            "name_ja": _TEXT,
            "family": _TEXT,
            "grade": _INT,
            "lifecycle": Slot(options=get_args(Lifecycle)),
            "sold_from": _DAY,
            "sold_until": _DAY,
        },
        _product,
    ),
    _kind(
        "companies",
        Company,
        ("id",),
        {
            "id": _own("companies"),
            "name": _TEXT,
            "domains": _TEXTS,
            "corporate_number": _TEXT,
            "industry": _TEXT,
            "employees": _INT,
            "annual_revenue": _MONEY,
            "growth_rate": Slot("float"),
            "region": _TEXT,
            "country": _TEXT,
            "parent_id": _ref("companies"),
            "relationships": Slot(many=True, options=get_args(Relationship)),
            "lists": _TEXTS,
        },
    ),
    _kind(
        "company_facts",
        CompanyFact,
        ("company_id", "fact", "at"),
        {
            "company_id": Slot(
                needed=True, must_map=True, ids_of="companies", must_exist=True, own=True
            ),
            "at": _NEEDED_INSTANT,
            "fact": _TEXT,
            "zone": _TEXT,
            "value": Slot(written=True),
        },
    ),
    # Which company a row means is known once all are read (`mpfunnel.sources.lists`).
    _kind(
        "lists",
        Member,
        ("list", "company_id"),
        {
            "id": _ref("companies"),
            "corporate_number": _TEXT,
            "domain": _TEXT,
            "name": _TEXT,
            "list": _NEEDED_TEXT,
        },
    ),
    _kind(
        "leads",
        Lead,
        ("id",),
        {
            "id": _own("leads"),
            "company_id": _ref("companies"),
            "email": _PERSONAL,
            "name": _PERSONAL,
            "title": _TEXT,
            "department": _TEXT,
            "phone": _PERSONAL,
            "source": _TEXT,
            "created_at": _INSTANT,
            "interests": _TEXTS,
            "company_name": _TEXT,
            "corporate_number": _TEXT,
            "region": _TEXT,
        },
    ),
    _kind(
        "consents",
        LeadConsent,
        (),
        {
            "lead_id": _ref("leads", needed=True, must_exist=True),
            "channel": Slot(needed=True, must_map=True, options=get_args(Channel)),
            "granted": Slot("bool", needed=True, must_map=True, sparse=True),
            "at": _NEEDED_INSTANT,
            "basis": _TEXT,
        },
    ),
    _kind(
        "activities",
        Activity,
        ("lead_id", "id"),
        {
            "id": _own("activities"),
            "lead_id": _ref("leads", needed=True, must_exist=True),
            "kind": _NEEDED_TEXT,
            "at": _NEEDED_INSTANT,
            "product_ids": Slot(many=True, ids_of="products", must_exist=True),
            "campaign_id": _ref("campaigns"),
        },
    ),
    _kind(
        "deals",
        Deal,
        ("id",),
        {
            "id": _own("deals"),
            "company_id": _ref("companies", needed=True, must_exist=True),
            "opened_at": _NEEDED_INSTANT,
            "product_id": _ref("products", must_exist=True),
            "quantity": _INT,
            "line_amount": _MONEY,
            "status": Slot(needed=True, options=get_args(DealStatus)),
            "closed_at": _INSTANT,
            "lead_id": _ref("leads"),
            "via_company_id": _ref("companies"),
            "reason": _TEXT,
            "amount": _MONEY,
            "currency": _TEXT,
        },
        _deal,
    ),
    _kind(
        "deal_lines",
        LineOfDeal,
        (),
        {
            "id": Slot(needed=True, ids_of="deal_lines", own=True),
            "deal_id": _ref("deals", needed=True, must_exist=True),
            "product_id": _ref("products", needed=True, must_exist=True),
            "quantity": _INT,
            "amount": _MONEY,
        },
    ),
    _kind(
        "contracts",
        Contract,
        (),
        {
            "company_id": _ref("companies", needed=True, must_exist=True),
            "product_id": _ref("products", needed=True, must_exist=True),
            "start": _NEEDED_DAY,
            "end": _DAY,
            "quantity": _INT,
            "grade": _INT,
        },
    ),
    _kind(
        "sales_events",
        SalesEvent,
        (),
        {
            "lead_id": _ref("leads", needed=True, must_exist=True),
            "kind": Slot(needed=True, must_map=True, options=get_args(SalesEventKind)),
            "at": _NEEDED_INSTANT,
            "product_id": _ref("products", must_exist=True),
            "by": _TEXT,
            "reason": _TEXT,
            "follow_up_on": _DAY,
        },
    ),
    _kind(
        "overrides",
        Override,
        (),
        {
            "what": Slot(needed=True, must_map=True, options=get_args(OverrideOf)),
            "value": _NEEDED_TEXT,
            "by": _NEEDED_TEXT,
            "reason": _NEEDED_TEXT,
            "since": _NEEDED_DAY,
            # Blank is until further notice, which a mapping has to be able to say.
            "until": Slot("date", must_map=True),
            "company_id": _ref("companies", must_exist=True),
            "lead_id": _ref("leads", must_exist=True),
            "product_id": _ref("products", must_exist=True),
            "follow_up_on": _DAY,
        },
        _override,
    ),
)

KINDS: Final[immutabledict[str, Kind]] = immutabledict({kind.name: kind for kind in _ALL})
"""Every record kind by its name, in the order in which they are read."""

EVIDENCE: Final = ("id", "corporate_number", "domain", "name")
"""What the row of a list names a company by, the strongest first."""


def keyed(name: str, fields: Iterable[Collection[str]]) -> Kind:
    """Return the record kind of a name.

    Args:
        name: As a mapping names it.
        fields: What each of its tables reads. Lines of deals go by their id only where all have it.
    """
    kind = KINDS[name]
    by_id = name == "deal_lines" and all("id" in names for names in fields)
    return evolve(kind, key=("id",)) if by_id else kind
