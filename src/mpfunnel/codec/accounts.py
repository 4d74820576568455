"""The records of one account ⇄ plain data, by the names of their fields.

What follows from the rest need not be said: ids are numbered from 1, people, deals and contracts
are those of the company, and what people did is of the only one where there is only one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, cast
from zoneinfo import ZoneInfo

from attrs import NOTHING, fields

from mpfunnel.account import Account, Relative, company_of
from mpfunnel.calendars import day_began
from mpfunnel.codec.attributes import AttributeCheck
from mpfunnel.codec.checks import is_list, is_table, under
from mpfunnel.codec.conditions import TIER_NUMBERS, day_of
from mpfunnel.errors import brief, did_you_mean, shown
from mpfunnel.records import (
    ABOUT,
    Activity,
    Company,
    CompanyChange,
    CompanyHistory,
    Consent,
    Contract,
    Deal,
    DealLine,
    Id,
    Lead,
    Override,
    SalesEvent,
)
from mpfunnel.rules.facts import Fact

__all__ = [
    "FIELDS",
    "INSIDE",
    "MAX_RECORDS",
    "OF_RELATIVE",
    "SERIES",
    "AccountCheck",
    "account_data",
]

SERIES: Final[Mapping[str, type]] = {
    "leads": Lead,
    "activities": Activity,
    "deals": Deal,
    "contracts": Contract,
    "sales_events": SalesEvent,
    "overrides": Override,
}
"""The records of an account besides its company."""
OF_RELATIVE: Final = ("deals", "contracts")
"""The records of a relative besides its company."""
MAX_RECORDS: Final = 1_000
"""How many records of one kind an account may have."""

_KINDS: Final = (Company, CompanyChange, Consent, DealLine, *SERIES.values())
FIELDS: Final[Mapping[type, tuple[str, ...]]] = {
    kind: tuple(one.name for one in fields(kind)) for kind in _KINDS
}
_DEFAULTS: Final[Mapping[type, Mapping[str, Any]]] = {
    kind: {one.name: one.default for one in fields(kind)} for kind in _KINDS
}
_INSTANTS: Final = frozenset({"at", "created_at", "opened_at", "closed_at"})
_DAYS: Final = frozenset({"since", "until", "start", "end", "follow_up_on"})
INSIDE: Final[Mapping[str, type]] = {
    "changes": CompanyChange,
    "consents": Consent,
    "lines": DealLine,
}
"""The fields that hold records."""
_NUMBERS: Final = {number: key for key, number in TIER_NUMBERS.items()}
_UNSAID: Final = ((Override, "until"), (CompanyChange, "value"))
"""What must be given, and may be nothing, for which a file has no word."""

Attributes = Mapping[str, Fact]
"""The custom attributes that rules ask about, by their full names."""


class AccountCheck(AttributeCheck):
    """Reads the records of an account."""

    def account(
        self, data: dict[str, Any], path: str, zone: ZoneInfo, asked: Attributes
    ) -> Account | None:
        """Return the account that `data` describes; `None` where a part of it is faulty.

        Args:
            data: Records by kind.
            path: Where they are.
            zone: Whose days a day stands for where an instant is wanted.
            asked: What may be given under its own name, and is read by its type.
        """
        known = len(self.problems)
        self.keys(data, path, ("company", *SERIES, "relatives"))
        reader = _Reader(self, zone, asked)
        company = reader.company(data, path)
        records = {name: reader.records(data, name, kind, path) for name, kind in SERIES.items()}
        rows = reader.rows(data.get("relatives", []), f"{path}.relatives")
        relatives = [
            self._relative(row, f"{path}.relatives[{index}]", zone, asked) for index, row in rows
        ]
        if len(self.problems) > known:
            return None
        records["relatives"] = relatives
        return self.built(lambda: Account(company, **records), path, own="account.")

    def _relative(
        self, data: dict[str, Any], path: str, zone: ZoneInfo, asked: Attributes
    ) -> Relative | None:
        """Return another company of the group, with its deals and contracts."""
        known = len(self.problems)
        self.keys(data, path, ("company", *OF_RELATIVE))
        reader = _Reader(self, zone, asked)
        company = reader.company(data, path)
        records = {name: reader.records(data, name, SERIES[name], path) for name in OF_RELATIVE}
        raw = data.get("company", {})
        if "company" not in data:
            self.fault("missing", path, "has no company")
        elif is_table(raw) and "id" not in raw:
            # What is implied is that of the account's own company.
            self.fault("missing", f"{path}.company", "has no id")
        if company is None or len(self.problems) > known:
            return None
        return Relative(company, **records)


class _Reader:
    """Reads records, and knows what follows from those that were read before."""

    def __init__(self, check: AccountCheck, zone: ZoneInfo, asked: Attributes) -> None:
        self._check = check
        self._zone = zone
        self._asked = asked
        self._company_id: Id | None = None
        self._lead_id: Id | None = None

    def company(self, data: dict[str, Any], path: str) -> Company | CompanyHistory | None:
        if "company" not in data:
            return None
        raw, at = self._check.table(data, "company", path), f"{path}.company"
        given = {"id": 1, **raw}
        changes = self._inner(given.pop("changes", []), CompanyChange, f"{at}.changes")
        company = self._record(Company, given, at, ("changes",))
        if company is not None:
            self._company_id = company.id
        if "changes" not in raw or company is None:
            return cast("Company | None", company)
        history = self._check.built(
            lambda: CompanyHistory(company, changes), at, own="companyhistory."
        )
        return cast("CompanyHistory", history)

    def records(self, data: dict[str, Any], name: str, kind: type, path: str) -> list[Any]:
        """Return the records of one kind."""
        rows, at = data.get(name, []), under(path, name)
        found: list[Any] = []
        for index, raw in self.rows(rows, at):
            place = f"{at}[{index}]"
            found.append(self._record(kind, self._completed(kind, raw, index), place))
            if kind is Lead and len(rows) == 1:
                self._lead_id = raw.get("id", 1)
        return found

    def rows(self, rows: Any, path: str) -> list[tuple[int, dict[str, Any]]]:
        """Return the tables of a list, each with its place."""
        if not is_list(rows):
            self._check.fault("type", path, "must be a list of tables")
            return []
        if len(rows) > MAX_RECORDS:
            self._check.fault("size", path, f"has more than {MAX_RECORDS:,} of them")
            return []
        found: list[tuple[int, dict[str, Any]]] = []
        for index, row in enumerate(rows):
            if is_table(row):
                found.append((index, row))
            else:
                self._check.fault("type", f"{path}[{index}]", "must be a table")
        return found

    def _completed(self, kind: type[Any], raw: dict[str, Any], index: int) -> dict[str, Any]:
        """Return a record with what follows from the others."""
        implied: dict[str, Any] = {
            "id": index + 1,
            "lead_id": self._lead_id,
            "company_id": self._company_id,
        }
        return {**_implied(kind, raw, implied), **raw}

    def _record(
        self, kind: type, raw: dict[str, Any], path: str, more: tuple[str, ...] = ()
    ) -> Any:
        known = FIELDS[kind]
        given: dict[str, Any] = {}
        root = kind.__name__.lower()
        held: dict[str, Any] = {}
        before = len(self._check.problems)
        for name, value in raw.items():
            at = under(path, shown(name))
            if name == "attributes" and name in known:
                if is_table(value):
                    held |= {
                        key: self._typed(root, key, one, under(at, shown(key)))
                        for key, one in value.items()
                    }
                else:
                    self._check.fault("type", at, "must be a table")
            elif name in known:
                given[name] = self._value(name, value, at)
            elif f"{root}.{name}" in self._asked:
                held[name] = self._typed(root, name, value, at)
            else:
                own = [one.key for one in self._asked.values() if one.root == root]
                hint = did_you_mean(name, (*known, *more, *own))
                if not hint and "attributes" in known:
                    hint = "; write a custom attribute that no rule asks about under attributes"
                self._check.fault("unknown-key", at, f"no such key{hint}")
        if held:
            given["attributes"] = held
        complete = True
        for one in fields(cast("Any", kind)):
            if (kind, one.name) in _UNSAID:
                given.setdefault(one.name, None)
            elif one.default is NOTHING and one.name not in raw:
                self._check.fault("missing", path, f"has no {one.name}")
                complete = False
        if not complete:
            return None
        if kind is CompanyChange:
            given["value"] = self._changed(given["fact"], given["value"], path)
        if kind is Override and given["what"] == "tier" and type(given["value"]) is int:
            given["value"] = _NUMBERS.get(given["value"], given["value"])
        # Even where a field is at fault, the record says what is wrong with the others.
        made = self._check.built(lambda: kind(**given), path, own=f"{root}.")
        return made if len(self._check.problems) == before else None

    def _value(self, name: str, value: Any, path: str) -> Any:
        if name in INSIDE:
            return self._inner(value, INSIDE[name], path)
        if name in _INSTANTS:
            return self._instant(value, path)
        if name in _DAYS:
            # Where one is at fault, a day that contradicts no other shows what else is wrong.
            usual = date.min if name in ("since", "start") else date.max
            return self._day(value, path) or usual
        if name == "growth_rate" and isinstance(value, Decimal):
            return float(value)
        return value

    def _inner(self, value: Any, kind: type[Any], path: str) -> list[Any]:
        """Return the sound records inside a record; a product stands for a line about it."""
        if kind is DealLine and is_list(value):
            value = [row if is_table(row) else {"product_id": row} for row in value]
        found = [
            self._record(kind, row, f"{path}[{index}]") for index, row in self.rows(value, path)
        ]
        return [one for one in found if one is not None]

    def _day(self, value: Any, path: str) -> Any:
        """Return a day; `None`, and a fault, where it is none."""
        if (day := day_of(value)) is None:
            message = f"must be a date, for example 2026-10-31, not {_as_written(value)}"
            self._check.fault("type", path, message)
        return day

    def _instant(self, value: Any, path: str) -> Any:
        """Return an instant; a day stands for its beginning in the playbook's zone."""
        if (day := day_of(value)) is not None:
            return day_began(day, self._zone)
        at = instant_of(value)
        if at is None:
            message = (
                "must be a date such as 2026-10-31, or an instant such as "
                f"2026-10-31T09:00:00+09:00, not {_as_written(value)}"
            )
            self._check.fault("type", path, message)
        return at or datetime.min.replace(tzinfo=UTC)

    def _changed(self, fact: Any, value: Any, path: str) -> Any:
        """Return the value of a fact of a company from a day on; none at all is unknown."""
        if fact == "growth_rate" and isinstance(value, Decimal):
            return float(value)
        if is_list(value):
            # What cannot be in a set is left, for the history to name.
            return frozenset(value) if all(isinstance(one, str) for one in value) else value
        if value is None or fact in FIELDS[Company]:
            return value
        return self._typed("company", str(fact), value, f"{path}.value")

    def _typed(self, root: str, key: str, value: Any, path: str) -> Any:
        """Return the value of a custom attribute by the type that it is declared with."""
        fact = self._asked.get(f"{root}.{key}")
        kind = None if fact is None else fact.kind
        if kind == "float" and type(value) in (int, Decimal):
            return float(value)
        if kind == "date":
            return self._day(value, path)
        if is_table(value):
            self._check.fault("type", path, "must be a value or a list of texts, not a table")
            return None
        return value


def _implied(kind: type[Any], raw: Mapping[str, Any], implied: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record need not say, by its field.

    Args:
        kind: The kind of the record.
        raw: What it says.
        implied: The id by its place, the only lead, and the company.
    """
    wanted: tuple[str, ...] = ()
    if kind is Override:
        # Which of them an override needs follows from the question.
        what = raw.get("what")
        wanted = ABOUT.get(cast("Any", what), ()) if isinstance(what, str) else ()
    else:
        # That a deal names no lead says something.
        wanted = tuple(
            name for name in implied if name in FIELDS[kind] and (kind, name) != (Deal, "lead_id")
        )
    return {name: implied[name] for name in wanted if implied.get(name) is not None}


def instant_of(value: object) -> datetime | None:
    """Return the instant that plain data stands for: one with an offset, or its text."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value) if value.isascii() else None
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.utcoffset() is None:
        return None
    return value


def _as_written(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else brief(value)


# -- account → data --


def account_data(account: Account, zone: ZoneInfo, asked: Attributes) -> dict[str, Any]:
    """Return the canonical plain data of an account: what follows from the rest is left out.

    Args:
        account: The account; no stage histories.
        zone: In whose time instants are written.
        asked: The custom attributes that stand under their own names.
    """
    data = _records_data(account, SERIES, _Writer(zone, asked), {"id": 1})
    relatives = [
        _records_data(one, OF_RELATIVE, _Writer(zone, asked), {}) for one in account.relatives
    ]
    return {**data, **({"relatives": relatives} if relatives else {})}


def _records_data(
    given: Account | Relative, names: Iterable[str], writer: _Writer, unsaid: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the records of a company as plain data.

    Args:
        given: The records.
        names: Which of them.
        writer: Writes them.
        unsaid: What the company need not say.
    """
    data: dict[str, Any] = {}
    implied: dict[str, Any] = {"lead_id": None, "company_id": None}
    if given.company is not None:
        company = company_of(given.company)
        data["company"] = writer.record(company, unsaid)
        implied["company_id"] = company.id
        if isinstance(given.company, CompanyHistory):
            data["company"]["changes"] = [
                writer.record(change, {}) for change in given.company.changes
            ]
    for name in names:
        kind = SERIES[name]
        records: tuple[Any, ...] = getattr(given, name)
        rows = [
            writer.record(one, _implied(kind, _what(one), {"id": index + 1, **implied}))
            for index, one in enumerate(records)
        ]
        if rows:
            data[name] = rows
        if kind is Lead and len(records) == 1:
            implied["lead_id"] = records[0].id
    return data


def _what(record: Any) -> dict[str, Any]:
    return {"what": record.what} if isinstance(record, Override) else {}


class _Writer:
    def __init__(self, zone: ZoneInfo, asked: Attributes) -> None:
        self._zone = zone
        self._asked = asked

    def record(self, record: Any, implied: Mapping[str, Any]) -> dict[str, Any]:
        """Return the plain data of a record without what is implied and what is blank."""
        kind: type[Any] = type(cast("object", record))
        blank = {**_DEFAULTS[kind], **implied}
        data: dict[str, Any] = {}
        for name in FIELDS[kind]:
            value = getattr(record, name)
            if value is None or _same(value, blank[name]):
                continue
            if name == "attributes":
                data |= self._attributes(kind, value)
            else:
                data[name] = self._plain(record, name, value)
        return data

    def _attributes(self, kind: type[Any], held: Mapping[str, Any]) -> dict[str, Any]:
        """Return custom attributes: under their own names where rules ask about them."""
        root = kind.__name__.lower()
        own: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for key, value in sorted(held.items()):
            clear = f"{root}.{key}" in self._asked and key not in (*FIELDS[kind], "changes")
            (own if clear else others)[key] = _as_plain(value)
        return {**own, **({"attributes": others} if others else {})}

    def _plain(self, record: Any, name: str, value: Any) -> Any:
        if name in INSIDE:
            return [self._inner(one) for one in value]
        if isinstance(value, datetime):
            local = value.astimezone(self._zone)
            if cast("timedelta", local.utcoffset()) % timedelta(minutes=1):
                # Long ago, clocks went by the sun; no file writes such an offset.
                return value
            began = local.time() == time() and day_began(local.date(), self._zone) == value
            return local.date() if began else local
        if isinstance(record, Override) and name == "value" and record.what == "tier":
            return TIER_NUMBERS.get(value, value)
        return _as_plain(value)

    def _inner(self, record: Any) -> Any:
        data = self.record(record, {})
        # A line that says no more than its product is written as the product.
        return data["product_id"] if [*data] == ["product_id"] else data


def _same(value: object, blank: object) -> bool:
    # A number and a bool may be equal; a deal of one thing and an id of 1 are not the same.
    return type(value) is type(blank) and value == blank


def _as_plain(value: Any) -> Any:
    if isinstance(value, frozenset):
        members = cast("frozenset[object]", value)
        return sorted(members, key=lambda one: (type(one).__name__, cast("Any", one)))
    # A float by its digits.
    return Decimal(repr(value)) if isinstance(value, float) else value
