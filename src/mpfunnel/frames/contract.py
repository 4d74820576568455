"""The contract of each table: which columns it may have, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, get_args

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.records import Channel, OverrideOf
from mpfunnel.records.companies import Relationship
from mpfunnel.records.sales import DealStatus, SalesEventKind
from mpfunnel.rules.facts import Fact, Kind
from mpfunnel.stages import Cause, MoveKind

__all__ = [
    "SETS",
    "TABLES",
    "Column",
    "Family",
    "Holds",
    "attribute_of",
    "clashes",
    "dated",
    "reserved",
    "sets_of",
    "with_attributes",
]

Holds = Literal["id", "int", "decimal", "float", "bool", "text", "date", "instant"]
Family = Literal["company", "lead", "activity", "deal", "product", "campaign"]


@frozen
class Column:
    """One column of a table.

    Attributes:
        name: Its name.
        holds: What it holds; null is unknown.
        required: Whether it must be there, without any null.
        of: Of an id: whose. All ids of one family are text, or all are integers (S18).
        choices: Of a text: the only ones that it may hold.
        least: Of a number: the least that it may be.
        digits: Of a text: how many digits it must be, and nothing else.
        places: Of a decimal: how many decimal places are kept.
        attribute: The fact that it gives, where it is a custom attribute.
        stated: Whether it must be there, although it may hold nulls.
    """

    name: str
    holds: Holds
    required: bool = False
    of: Family | None = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    digits: int | None = None
    places: int = 2
    attribute: Fact | None = None
    stated: bool = False


def _id(name: str, of: Family, *, required: bool = False) -> Column:
    return Column(name, "id", required, of)


def _texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, "text") for name in names)


def _members(owner: Column) -> tuple[Column, ...]:
    return owner, Column("fact", "text", required=True), Column("value", "text", required=True)


def _entry_key() -> tuple[Column, ...]:
    return (
        _id("lead_id", "lead", required=True),
        _id("of_lead", "lead", required=True),
        Column("number", "int", required=True, least=1),
    )


TABLES: Final[Mapping[str, tuple[Column, ...]]] = {
    "companies": (
        _id("id", "company", required=True),
        *_texts("name", "industry", "region", "country"),
        Column("corporate_number", "text", digits=13),
        Column("employees", "int", least=0),
        Column("annual_revenue", "decimal", least=0),
        Column("growth_rate", "float"),
        _id("parent_id", "company"),
    ),
    "company_sets": _members(_id("company_id", "company", required=True)),
    "company_facts": (
        _id("company_id", "company", required=True),
        Column("fact", "text", required=True),
        Column("value", "text"),
        Column("since", "date", required=True),
    ),
    "leads": (
        _id("id", "lead", required=True),
        _id("company_id", "company"),
        *_texts("email", "name", "title", "department", "phone", "source"),
        Column("created_at", "instant"),
        *_texts("company_name", "corporate_number", "region"),
    ),
    "lead_sets": _members(_id("lead_id", "lead", required=True)),
    "consents": (
        _id("lead_id", "lead", required=True),
        Column("channel", "text", required=True, choices=get_args(Channel)),
        Column("granted", "bool", required=True),
        Column("at", "instant", required=True),
        Column("basis", "text"),
    ),
    "activities": (
        _id("id", "activity", required=True),
        _id("lead_id", "lead", required=True),
        Column("kind", "text", required=True),
        Column("at", "instant", required=True),
        _id("product_id", "product"),
        _id("campaign_id", "campaign"),
    ),
    "activity_products": (
        _id("lead_id", "lead", required=True),
        _id("activity_id", "activity", required=True),
        _id("product_id", "product", required=True),
    ),
    "deals": (
        _id("id", "deal", required=True),
        _id("company_id", "company", required=True),
        Column("opened_at", "instant", required=True),
        Column("status", "text", required=True, choices=get_args(DealStatus)),
        Column("closed_at", "instant"),
        _id("lead_id", "lead"),
        _id("product_id", "product"),
        _id("via_company_id", "company"),
        *_texts("reason", "currency"),
        Column("amount", "decimal"),
    ),
    "deal_lines": (
        _id("deal_id", "deal", required=True),
        _id("product_id", "product", required=True),
    ),
    "contracts": (
        _id("company_id", "company", required=True),
        _id("product_id", "product", required=True),
        Column("start", "date", required=True),
        Column("end", "date"),
        Column("quantity", "int", least=0),
        Column("grade", "int", least=0),
    ),
    "overrides": (
        Column("what", "text", required=True, choices=get_args(OverrideOf)),
        Column("value", "text", required=True),
        Column("by", "text", required=True),
        Column("reason", "text", required=True),
        Column("since", "date", required=True),
        Column("until", "date", stated=True),
        _id("company_id", "company"),
        _id("lead_id", "lead"),
        _id("product_id", "product"),
        Column("follow_up_on", "date"),
    ),
    "sales_events": (
        _id("lead_id", "lead", required=True),
        Column("kind", "text", required=True, choices=get_args(SalesEventKind)),
        Column("at", "instant", required=True),
        _id("product_id", "product"),
        *_texts("by", "reason"),
        Column("follow_up_on", "date"),
    ),
    "stage_history": (
        *_entry_key(),
        Column("pursuit", "int", required=True, least=1),
        Column("stage", "text", required=True),
        Column("entered", "instant", required=True),
        Column("left", "instant", stated=True),
        Column("kind", "text", required=True, choices=get_args(MoveKind)),
        Column("cause", "text", required=True, choices=get_args(Cause)),
        *_texts("reason", "by"),
        Column("imputed", "bool"),
        Column("playbook_version", "text"),
        Column("until", "date"),
        Column("follow_up_on", "date"),
    ),
    "stage_history_products": (*_entry_key(), _id("product_id", "product", required=True)),
}
"""The columns of every table, by its name; a table may have others, which are left alone."""

SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "company_sets": ("relationships", "lists"),
    "lead_sets": ("interests",),
}
"""The facts that each table of sets may name, besides those that are custom attributes."""
_ROOTS: Final[Mapping[str, str]] = {"companies": "company", "leads": "lead"}
_SET_ROOTS: Final[Mapping[str, str]] = {"company_sets": "company", "lead_sets": "lead"}
RELATIONSHIPS: Final[tuple[str, ...]] = get_args(Relationship)
_HELD: Final[Mapping[str, Holds]] = {
    "int": "int",
    "decimal": "decimal",
    "float": "float",
    "bool": "bool",
    "text": "text",
    "date": "date",
}


def with_attributes(table: str, asked: Iterable[Fact]) -> tuple[Column, ...]:
    """Return the columns of a table, with those of the custom attributes that rules ask about.

    Args:
        table: The name of the table.
        asked: Every fact that rules ask about. A set is none of the columns: it has rows of its
            own in ``company_sets`` or ``lead_sets``.
    """
    taken = {column.name for column in TABLES[table]}
    own = (
        Column(fact.key, _HELD[fact.kind], places=fact.places, attribute=fact)
        for fact in _attributes(table, asked)
        if fact.key not in taken
    )
    return (*TABLES[table], *own)


def attribute_of(name: str, dtype: Any) -> Column | None:
    """Return the column of a custom attribute that no rule asks about; `None` of no plain type."""
    kinds: Mapping[Kind, bool] = {
        "text": isinstance(dtype, nw.String | nw.Categorical | nw.Enum),
        "int": dtype.is_integer(),
        "decimal": dtype.is_decimal(),
        "float": dtype.is_float(),
        "bool": dtype == nw.Boolean(),
        "date": dtype == nw.Date(),
    }
    for kind, fits in kinds.items():
        if fits:
            places = dtype.scale if kind == "decimal" else 0
            fact = Fact(f"company.{name}", kind, within="attributes", places=places)
            return Column(name, _HELD[kind], places=places, attribute=fact)
    return None


def sets_of(table: str, asked: Iterable[Fact]) -> tuple[str, ...]:
    """Return the names of all sets of which a table may hold rows."""
    root = _SET_ROOTS[table]
    return (
        *SETS[table],
        *(f.key for f in asked if f.root == root and f.within and f.kind == "set"),
    )


def dated(asked: Iterable[Fact]) -> tuple[tuple[Column, ...], tuple[str, ...]]:
    """Return what ``company_facts`` may tell: the facts of one value, and the names of the sets."""
    asked = list(asked)
    plain = (one for one in with_attributes("companies", asked) if one.name != "id")
    return tuple(plain), (*sets_of("company_sets", asked), "domains")


def clashes(table: str, asked: Iterable[Fact]) -> list[str]:
    """Return the attributes that rules ask about under the name of a column of the table."""
    taken = reserved(table)
    return [fact.key for fact in _attributes(table, asked) if fact.key in taken]


def reserved(table: str) -> frozenset[str]:
    """Return the names that no custom attribute may have: those of the columns of the table.

    Instants have a second column, that of their days; companies and leads have their numbers.
    """
    taken = {column.name for column in TABLES[table]}
    days = {f"{column.name}_day" for column in TABLES[table] if column.holds == "instant"}
    return frozenset(taken | days | {"company_no", "lead_no"})


def _attributes(table: str, asked: Iterable[Fact]) -> Iterator[Fact]:
    root = _ROOTS.get(table)
    return (
        fact
        for fact in asked
        if fact.root == root and fact.within == "attributes" and fact.kind in _HELD
    )
