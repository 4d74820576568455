"""What a CRM already holds: companies, leads, products, activities, deals, contracts, sales events.

Every record is frozen and checked when it is made: all its faults are reported at once, as
`InvalidDataError`. Unknown is `None`; blank text is unknown. A bool is not a number, NaN and the
infinities are refused, ids are kept as the CRM has them, and times must carry their zone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Context, Decimal
from typing import Any, Final, Literal, cast, get_args

from attrs import evolve, field, fields, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean
from mpfunnel.labels import Label, as_label

__all__ = [
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
    "Product",
    "Relationship",
    "SalesEvent",
    "SalesEventKind",
    "Value",
    "check_parents",
]

Id = str | int
Value = str | int | float | bool | Decimal | date | frozenset[str] | None
"""What a custom attribute may hold; `None` and blank text are unknown."""

Relationship = Literal["prospect", "customer", "partner", "competitor", "own_group", "do_not_trade"]
Lifecycle = Literal["introduction", "growth", "maturity", "decline"]
DealStatus = Literal["open", "won", "lost"]
SalesEventKind = Literal[
    "accepted", "rejected", "qualified", "disqualified", "recycled", "follow_up"
]
Channel = Literal["email", "phone", "post", "visit", "web"]

INT64: Final = 2**63
_MONEY: Final = INT64 // 100
_CENT: Final = Decimal("0.01")
_EXACT: Final = Context(prec=40, traps=[])
_Check = Callable[[Any], tuple[str, str] | None]


# -- converters: they fold what is equivalent, and leave what is wrong for the checks to name --


def _text(value: str | None) -> str | None:
    return None if isinstance(value, str) and not value.strip() else value


def _texts(value: Iterable[str] | None) -> frozenset[Any]:
    return frozenset() if value is None else _collected(value, frozenset)


def _ids(value: Iterable[Id]) -> frozenset[Id]:
    collected: frozenset[Id] = _collected(value, frozenset)
    return collected


def _series(value: Iterable[Any]) -> tuple[Any, ...]:
    collected: tuple[Any, ...] = _collected(value, tuple)
    return collected


def _named_label(value: str | Label | None) -> Label | None:
    if isinstance(value, str):
        return as_label(value) if value.strip() else None
    return value


def _collected(value: Any, kind: Callable[[Any], Any]) -> Any:
    # A lone text is iterable too, but its letters are never what was meant.
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    items = cast("Iterable[object]", value)
    try:
        return kind(items)
    except TypeError:
        return items


def _number(value: float | None) -> float | None:
    return float(value) if type(value) is int and abs(value) <= 2**53 else value


def _attributes(value: Mapping[str, Value]) -> immutabledict[str, Value]:
    if not isinstance(value, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        return value
    folded: dict[str, Value] = {}
    for key, item in value.items():
        if isinstance(item, set | list | tuple):
            item = _collected(item, frozenset)  # noqa: PLW2901
        folded[key] = _text(item) if isinstance(item, str) else item
    return immutabledict(folded)


# -- checks: each returns a code and a message, or None --


def _is_type(value: object, *types: type) -> bool:
    # Exactly these types: a bool is not an int and a datetime is not a date.
    return type(value) in types


def _named(value: object) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {brief(value)}"


def _optional(check: _Check) -> _Check:
    return lambda value: None if value is None else check(value)


def _an_id(value: object) -> tuple[str, str] | None:
    if not _is_type(value, str, int):
        return "type", f"must be a text or an integer id, not {_named(value)}"
    if isinstance(value, int):
        return _in_64_bits(value)
    return None if str(value).strip() else ("blank", "must not be blank")


def _in_64_bits(value: int) -> tuple[str, str] | None:
    return None if -INT64 <= value < INT64 else ("range", "must fit in 64 bits")


def _a_text(value: object) -> tuple[str, str] | None:
    return None if _is_type(value, str) else ("type", f"must be text, not {_named(value)}")


def _a_private_text(value: object) -> tuple[str, str] | None:
    # Names, addresses and numbers of people do not belong in a message.
    return None if _is_type(value, str) else ("type", f"must be text, not {type(value).__name__}")


def _a_key(value: object) -> tuple[str, str] | None:
    if not _is_type(value, str):
        return "type", f"must be text, not {_named(value)}"
    return None if str(value).strip() else ("blank", "must not be blank")


def _a_number_of(least: int) -> _Check:
    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "type", f"must be an integer, not {_named(value)}"
        return ("range", f"must be at least {least}") if value < least else _in_64_bits(value)

    return check


def _money(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, int | Decimal) or isinstance(value, bool):
        return "type", f"must be an integer or a Decimal, not {_named(value)}"
    if isinstance(value, Decimal) and not value.is_finite():
        return "nan", "must be a finite number"
    # Compared as it is: abs() and round() would work within the thread's decimal context.
    if not -_MONEY < value < _MONEY:
        return "range", "must be below 92 quadrillion, so that its cents fit in 64 bits"
    if value != Decimal(value).quantize(_CENT, context=_EXACT):
        return "range", "must have at most 2 decimal places"
    return None


def _revenue(value: Any) -> tuple[str, str] | None:
    return _money(value) or (("range", "must be at least 0") if value < 0 else None)


def _a_float(value: object) -> tuple[str, str] | None:
    if not isinstance(value, float):
        return "type", f"must be a number, not {_named(value)}"
    return None if math.isfinite(value) else ("nan", "must be a finite number")


def _a_day(value: object) -> tuple[str, str] | None:
    return None if _is_type(value, date) else ("type", f"must be a date, not {_named(value)}")


def _an_instant(value: object) -> tuple[str, str] | None:
    if not isinstance(value, datetime):
        return "type", f"must be a datetime, not {_named(value)}"
    if value.utcoffset() is None:
        return "naive", "has no time zone; give an aware datetime"
    return None


def _one_of(choices: Any) -> _Check:
    known: tuple[str, ...] = get_args(choices)

    def check(value: object) -> tuple[str, str] | None:
        if value in known:
            return None
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        return "choice", f"must be one of {', '.join(known)}, not {brief(value)}{hint}"

    return check


def _set_of(check: _Check) -> _Check:
    def check_all(value: object) -> tuple[str, str] | None:
        if not isinstance(value, frozenset):
            return "type", f"must be a collection, not {_named(value)}"
        # Sorted, so that the same set gives the same message whatever the hash seed.
        items = sorted(cast("frozenset[object]", value), key=repr)
        faults = [fault for item in items if (fault := check(item))]
        return faults[0] if faults else None

    return check_all


def _series_of(kind: type) -> _Check:
    def check(value: object) -> tuple[str, str] | None:
        if not isinstance(value, tuple):
            return "type", f"must be a collection of {kind.__name__}, not {_named(value)}"
        for item in cast("tuple[object, ...]", value):
            if not isinstance(item, kind):
                return "type", f"must hold only {kind.__name__}, not {_named(item)}"
        return None

    return check


def _a_label(value: object) -> tuple[str, str] | None:
    return None if isinstance(value, Label) else ("type", f"must be a label, not {_named(value)}")


def _a_corporate_number(value: object) -> tuple[str, str] | None:
    fault = _a_text(value)
    if fault is None and not (
        len(str(value)) == 13 and str(value).isascii() and str(value).isdigit()
    ):
        return "format", "must be 13 digits without hyphens"
    return fault


def _an_attribute_map(value: object) -> tuple[str, str] | None:
    if not isinstance(value, Mapping):
        return "type", f"must be a mapping, not {_named(value)}"
    for key, item in cast("Mapping[object, object]", value).items():
        fault = _a_key(key) or _a_value(item)
        if fault:
            return fault[0], f"{key!r:.60} {fault[1]}"
    return None


def _a_value(value: object) -> tuple[str, str] | None:
    if isinstance(value, float):
        return _a_float(value)
    if isinstance(value, frozenset):
        return _set_of(_a_text)(value)
    if _is_type(value, int):
        return _in_64_bits(value)  # type: ignore[arg-type]
    if isinstance(value, Decimal):
        return None if value.is_finite() else ("nan", "must be a finite number")
    if value is None or _is_type(value, str, bool, date):
        return None
    return "type", f"must be text, a number, a bool, a date or a set of texts, not {_named(value)}"


def _checked(check: _Check) -> dict[str, _Check]:
    return {"check": check}


class _Record:
    """Runs the check of every field, and the checks between fields, when a record is made."""

    __slots__ = ()

    def __attrs_post_init__(self) -> None:
        kind = type(self)
        problems: list[Problem] = []
        for name, check in _checks(kind):
            fault = check(getattr(self, name))
            if fault is not None:
                problems.append(Problem(fault[0], f"{kind.__name__.lower()}.{name}", fault[1]))
        # Faults between fields only make sense once each field is sound.
        if problems or (problems := self._contradictions()):
            raise InvalidDataError(problems)

    def _contradictions(self) -> list[Problem]:
        return []


_CHECKS: dict[type, tuple[tuple[str, _Check], ...]] = {}


def _checks(kind: type) -> tuple[tuple[str, _Check], ...]:
    found = _CHECKS.get(kind)
    if found is None:
        found = tuple((f.name, f.metadata["check"]) for f in fields(kind))
        _CHECKS[kind] = found
    return found


@frozen
class Company(_Record):
    """A company as the CRM knows it on one day."""

    id: Id = field(metadata=_checked(_an_id))
    name: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    domains: frozenset[str] = field(
        default=frozenset(), converter=_texts, metadata=_checked(_set_of(_a_key))
    )
    """Mail and web domains of its own."""
    corporate_number: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_corporate_number))
    )
    """法人番号: 13 digits."""
    industry: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_text))
    )
    employees: int | None = field(default=None, metadata=_checked(_optional(_a_number_of(0))))
    annual_revenue: int | Decimal | None = field(
        default=None, metadata=_checked(_optional(_revenue))
    )
    """In whole units of the playbook's currency, with at most two decimal places."""
    growth_rate: float | None = field(
        default=None, converter=_number, metadata=_checked(_optional(_a_float))
    )
    """Growth of revenue over a year: 0.1 is ten per cent."""
    region: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    country: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_text))
    )
    parent_id: Id | None = field(default=None, metadata=_checked(_optional(_an_id)))
    relationships: frozenset[Relationship] = field(
        default=frozenset(),
        converter=_texts,
        metadata=_checked(_set_of(_one_of(Relationship))),
    )
    lists: frozenset[str] = field(
        default=frozenset(), converter=_texts, metadata=_checked(_set_of(_a_key))
    )
    """Keys of the target lists that it is on."""
    attributes: immutabledict[str, Value] = field(
        default=immutabledict(), converter=_attributes, metadata=_checked(_an_attribute_map)
    )

    def _contradictions(self) -> list[Problem]:
        if self.parent_id is not None and self.parent_id == self.id:
            return [Problem("cycle", "company.parent_id", "must not be the company's own id")]
        return []


@frozen
class CompanyChange(_Record):
    """One fact of a company that holds from a day on, until the next change of the same fact."""

    since: date = field(metadata=_checked(_a_day))
    fact: str = field(metadata=_checked(_a_key))
    """A field of `Company`, or the name of a custom attribute."""
    # What the value may be depends on the fact: `CompanyHistory` checks it.
    value: Any = field(metadata=_checked(lambda _value: None))


_DATED: Final = frozenset(
    {
        "name",
        "domains",
        "corporate_number",
        "industry",
        "employees",
        "annual_revenue",
        "growth_rate",
        "region",
        "country",
        "parent_id",
        "relationships",
        "lists",
    }
)


@frozen
class CompanyHistory(_Record):
    """A company whose facts changed over time: gives the company of a day.

    `company` holds the facts from before the first change. Where two changes of one fact share
    a day, the later one in `changes` holds.
    """

    company: Company = field(
        metadata=_checked(
            lambda value: (
                None
                if isinstance(value, Company)
                else ("type", f"must be a Company, not {_named(value)}")
            )
        )
    )
    changes: tuple[CompanyChange, ...] = field(
        default=(), converter=_series, metadata=_checked(_series_of(CompanyChange))
    )

    def _contradictions(self) -> list[Problem]:
        problems: list[Problem] = []
        for index, change in enumerate(self.changes):
            if change.fact in ("id", "attributes"):
                at = f"companyhistory.changes[{index}].fact"
                message = f"'{change.fact}' does not change over time; name one attribute"
                problems.append(Problem("choice", at, message))
                continue
            try:
                _changed(self.company, change)
            except InvalidDataError as error:
                at = f"companyhistory.changes[{index}]"
                problems += [problem.under(at) for problem in error.problems]
        return problems

    def on(self, day: date) -> Company:
        """Return the company as it was on `day`: every change with `since` ≤ `day` applied."""
        company = self.company
        for change in sorted(self.changes, key=lambda change: change.since):
            if change.since <= day:
                company = _changed(company, change)
        return company


def _changed(company: Company, change: CompanyChange) -> Company:
    if change.fact in _DATED:
        return evolve(company, **{change.fact: change.value})
    return evolve(company, attributes={**company.attributes, change.fact: change.value})


@frozen
class Consent(_Record):
    """What a person said, or the law presumes, about being contacted through one channel."""

    channel: Channel = field(metadata=_checked(_one_of(Channel)))
    granted: bool = field(
        metadata=_checked(
            lambda value: (
                None
                if isinstance(value, bool)
                else ("type", f"must be true or false, not {_named(value)}")
            )
        )
    )
    """False is an opt-out."""
    at: datetime = field(metadata=_checked(_an_instant))
    basis: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    """On what it rests: consent, business relation, business card, published address."""


@frozen
class Lead(_Record):
    """A person whom the firm may talk to; `company_id` is `None` while no company is matched."""

    id: Id = field(metadata=_checked(_an_id))
    company_id: Id | None = field(default=None, metadata=_checked(_optional(_an_id)))
    email: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_private_text))
    )
    name: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_private_text))
    )
    title: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    department: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_text))
    )
    phone: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_private_text))
    )
    source: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    created_at: datetime | None = field(default=None, metadata=_checked(_optional(_an_instant)))
    interests: frozenset[str] = field(
        default=frozenset(), converter=_texts, metadata=_checked(_set_of(_a_key))
    )
    """What the person said to be interested in, in the CRM's own words."""
    consents: tuple[Consent, ...] = field(
        default=(), converter=_series, metadata=_checked(_series_of(Consent))
    )
    attributes: immutabledict[str, Value] = field(
        default=immutabledict(), converter=_attributes, metadata=_checked(_an_attribute_map)
    )


@frozen
class Product(_Record):
    """One product that the firm sells."""

    id: Id = field(metadata=_checked(_an_id))
    name: Label | None = field(
        default=None,
        converter=_named_label,
        metadata=_checked(_optional(_a_label)),
        eq=False,
    )
    family: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    """Products of one family are grades of each other."""
    grade: int | None = field(default=None, metadata=_checked(_optional(_a_number_of(0))))
    """Place within the family; a higher grade is the larger product."""
    lifecycle: Lifecycle | None = field(
        default=None, metadata=_checked(_optional(_one_of(Lifecycle)))
    )
    sold_from: date | None = field(default=None, metadata=_checked(_optional(_a_day)))
    sold_until: date | None = field(default=None, metadata=_checked(_optional(_a_day)))
    """The last day on which it is sold."""

    def _contradictions(self) -> list[Problem]:
        if self.sold_from and self.sold_until and self.sold_until < self.sold_from:
            return [Problem("order", "product.sold_until", "must not be before sold_from")]
        return []

    @property
    def label(self) -> Label:
        """The name, or the id where it has none."""
        return self.name or Label(str(self.id))


@frozen
class Activity(_Record):
    """One thing that a lead did, or one touch that reached it."""

    id: Id = field(metadata=_checked(_an_id))
    """Unique for its lead: the identity of an activity is (lead_id, id)."""
    lead_id: Id = field(metadata=_checked(_an_id))
    kind: str = field(metadata=_checked(_a_key))
    at: datetime = field(metadata=_checked(_an_instant))
    product_ids: frozenset[Id] = field(
        default=frozenset(), converter=_ids, metadata=_checked(_set_of(_an_id))
    )
    """The products that it concerns; none means the whole firm."""
    campaign_id: Id | None = field(default=None, metadata=_checked(_optional(_an_id)))


@frozen
class DealLine(_Record):
    """One product within a deal."""

    product_id: Id = field(metadata=_checked(_an_id))
    quantity: int = field(default=1, metadata=_checked(_a_number_of(0)))
    amount: int | Decimal | None = field(default=None, metadata=_checked(_optional(_money)))
    """In whole units of the deal's currency."""


@frozen
class Deal(_Record):
    """A sale that is being worked, was won or was lost; `company_id` is the end user."""

    id: Id = field(metadata=_checked(_an_id))
    company_id: Id = field(metadata=_checked(_an_id))
    opened_at: datetime = field(metadata=_checked(_an_instant))
    lines: tuple[DealLine, ...] = field(
        default=(), converter=_series, metadata=_checked(_series_of(DealLine))
    )
    status: DealStatus = field(default="open", metadata=_checked(_one_of(DealStatus)))
    closed_at: datetime | None = field(default=None, metadata=_checked(_optional(_an_instant)))
    """When it was won or lost; may lie before `opened_at`, as it does in real exports."""
    lead_id: Id | None = field(default=None, metadata=_checked(_optional(_an_id)))
    via_company_id: Id | None = field(default=None, metadata=_checked(_optional(_an_id)))
    """The partner that sells it, if any."""
    reason: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    """Reason code, for example ``"timing"`` or ``"budget"``."""
    amount: int | Decimal | None = field(default=None, metadata=_checked(_optional(_money)))
    currency: str | None = field(
        default=None, converter=_text, metadata=_checked(_optional(_a_text))
    )
    """ISO 4217 code; the playbook's currency where it is `None`."""

    def _contradictions(self) -> list[Problem]:
        if self.status == "open" and self.closed_at is not None:
            return [Problem("contradiction", "deal.closed_at", "must be blank for an open deal")]
        if self.status != "open" and self.closed_at is None:
            return [Problem("missing", "deal.closed_at", f"is needed for a {self.status} deal")]
        return []


@frozen
class Contract(_Record):
    """What a company uses of one product, from `start` to `end`, both days included."""

    company_id: Id = field(metadata=_checked(_an_id))
    product_id: Id = field(metadata=_checked(_an_id))
    start: date = field(metadata=_checked(_a_day))
    end: date | None = field(default=None, metadata=_checked(_optional(_a_day)))
    """The last day; `None` where it runs until further notice."""
    quantity: int = field(default=1, metadata=_checked(_a_number_of(0)))
    grade: int | None = field(default=None, metadata=_checked(_optional(_a_number_of(0))))

    def _contradictions(self) -> list[Problem]:
        if self.end is not None and self.end < self.start:
            return [Problem("order", "contract.end", "must not be before start")]
        return []


@frozen
class SalesEvent(_Record):
    """What a sales person decided about a lead, for one product or for the whole firm."""

    lead_id: Id = field(metadata=_checked(_an_id))
    kind: SalesEventKind = field(metadata=_checked(_one_of(SalesEventKind)))
    at: datetime = field(metadata=_checked(_an_instant))
    product_id: Id | None = field(default=None, metadata=_checked(_optional(_an_id)))
    """`None` where the CRM does not know it: the event then concerns every product."""
    by: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    reason: str | None = field(default=None, converter=_text, metadata=_checked(_optional(_a_text)))
    """Reason code, for example ``"timing"`` or ``"budget"``."""
    follow_up_on: date | None = field(default=None, metadata=_checked(_optional(_a_day)))


def check_parents(companies: Iterable[Company]) -> tuple[Problem, ...]:
    """Return a problem for every company that is its own ancestor, in the order given.

    A parent that is not among `companies` ends the chain; it is no problem here.
    """
    parents = {company.id: company.parent_id for company in companies}
    problems: list[Problem] = []
    safe: set[Id] = set()
    for start in parents:
        chain: dict[Id, None] = {}
        at: Id | None = start
        while at is not None and at not in chain and at not in safe:
            chain[at] = None
            at = parents.get(at)
        if at is None or at in safe:
            safe.update(chain)
        elif at == start:
            loop = " > ".join(str(step) for step in (*chain, start))
            message = f"is its own ancestor: {loop}"
            problems.append(Problem("cycle", f"companies[{start!r}].parent_id", message))
    return tuple(problems)
