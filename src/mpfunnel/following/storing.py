"""An account state ⇄ JSON: each record a list of its fields, without blank ones at the end.

The order of the fields is that of the format, not of the classes: new fields come last, so that
what was stored before still loads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar, cast

from attrs import NOTHING, fields

from mpfunnel import stored
from mpfunnel.account import Account, Relative
from mpfunnel.errors import DecodeError, InvalidDataError, Problem, brief, misfit
from mpfunnel.following.states import (
    About,
    AccountState,
    Happening,
    LastTold,
    StageCount,
    Version,
)
from mpfunnel.records import (
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
from mpfunnel.records.checks import (
    Fault,
    a_bool,
    a_key,
    a_number_of,
    a_text,
    an_id,
    one_of,
    optional,
    utc,
)
from mpfunnel.stages import Entry, StageHistory

__all__ = ["ORDER", "read", "written"]

FORMAT: Final = 1
T = TypeVar("T")

_Fields = tuple[str, ...]
ORDER: Final[dict[type, _Fields]] = {
    Company: (
        "id", "name", "domains", "corporate_number", "industry", "employees", "annual_revenue",
        "growth_rate", "region", "country", "parent_id", "relationships", "lists", "attributes",
    ),
    CompanyChange: ("since", "fact", "value"),
    CompanyHistory: ("company", "changes"),
    Consent: ("channel", "granted", "at", "basis"),
    Lead: (
        "id", "company_id", "email", "name", "title", "department", "phone", "source",
        "created_at", "interests", "consents", "attributes", "company_name", "corporate_number",
        "region",
    ),
    Activity: ("id", "lead_id", "kind", "at", "product_ids", "campaign_id"),
    DealLine: ("product_id", "quantity", "amount"),
    Deal: (
        "id", "company_id", "opened_at", "lines", "status", "closed_at", "lead_id",
        "via_company_id", "reason", "amount", "currency",
    ),
    Contract: ("company_id", "product_id", "start", "end", "quantity", "grade"),
    SalesEvent: ("lead_id", "kind", "at", "product_id", "by", "reason", "follow_up_on"),
    Override: (
        "what", "value", "by", "reason", "since", "until", "company_id", "lead_id", "product_id",
        "follow_up_on",
    ),
    Entry: (
        "of_lead", "number", "pursuit", "stage", "entered", "left", "kind", "cause", "reason",
        "by", "imputed", "for_products", "playbook_version", "until", "follow_up_on",
    ),
    StageHistory: ("lead_id", "entries"),
    Relative: ("company", "deals", "contracts"),
    StageCount: ("month", "stage", "for_products", "imputed", "count"),
}  # fmt: skip
"""The fields of each kind of record, in the order of the format."""
_INSIDE: Final[dict[tuple[type, str], type]] = {
    (CompanyHistory, "company"): Company,
    (CompanyHistory, "changes"): CompanyChange,
    (Lead, "consents"): Consent,
    (Deal, "lines"): DealLine,
    (StageHistory, "entries"): Entry,
    (Relative, "deals"): Deal,
    (Relative, "contracts"): Contract,
}
"""The fields that hold records, one or several."""
_INSTANTS: Final = {"at", "created_at", "opened_at", "closed_at", "entered", "left"}
_DAYS: Final = {"since", "until", "start", "end", "follow_up_on"}
_SERIES: Final[dict[str, type]] = {
    "leads": Lead,
    "activities": Activity,
    "deals": Deal,
    "contracts": Contract,
    "sales_events": SalesEvent,
    "overrides": Override,
    "histories": StageHistory,
}
_KEYS: Final = ("as_of", "company", *_SERIES, "told", "changed", "forgotten", "counted", "moved")
_AS_IS: Final = (str, int, float, bool, type(None))
_BLANK: Final[dict[type, tuple[Any, ...]]] = {
    kind: tuple(getattr(fields(kind), name).default for name in order)
    for kind, order in ORDER.items()
}


# -- writing --


def written(state: AccountState) -> bytes:
    """Return a state as JSON in UTF-8."""
    account = state.account
    company = account.company
    return stored.written(
        {
            "format": FORMAT,
            "as_of": None if state.as_of is None else _instant(state.as_of),
            "company": None if company is None else _company(company),
            **{name: [*map(_record, getattr(account, name))] for name in _SERIES},
            "told": sorted(
                (
                    [*about, last.value, last.settled, last.number]
                    for about, last in state.told.items()
                ),
                key=_in_order,
            ),
            "changed": sorted(
                ([*version, _instant(at)] for version, at in state.changed.items()), key=_in_order
            ),
            "forgotten": sorted(state.forgotten),
            "counted": [*map(_record, state.counted)],
            "moved": sorted(state.moved),
            # Later than the format, and so only where there are any.
            **({"relatives": [*map(_record, account.relatives)]} if account.relatives else {}),
        }
    )


def _in_order(row: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return what rows that hold texts and integers in one column can be sorted by."""
    return [(type(cell).__name__, "" if cell is None else cell) for cell in row]


def _instant(at: datetime) -> str:
    # All instants are kept in UTC.
    return f"{at.replace(tzinfo=None).isoformat()}Z"


def _record(record: Any) -> list[Any]:
    kind: type[Any] = type(cast("object", record))
    order, blanks = ORDER[kind], _BLANK[kind]
    last = len(order)
    while getattr(record, order[last - 1]) == blanks[last - 1]:
        last -= 1
    cells = [_cell(name, getattr(record, name)) for name in order[:last]]
    # Of a relative, the company may be a history, too.
    return [_company(record.company), *cells[1:]] if kind is Relative else cells


def _company(company: Company | CompanyHistory) -> list[Any]:
    return [type(company).__name__, _record(company)]


def _cell(name: str, value: Any) -> Any:
    if type(value) in _AS_IS:
        return value
    if isinstance(value, date) and name in _DAYS:
        return value.isoformat()
    if isinstance(value, frozenset) and name != "value":
        few = cast("frozenset[object]", value)
        return _sorted(few) if len(few) > 1 else [*few]
    return _plain(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; what JSON has not stands under the name of its type."""
    match value:
        case datetime():
            return _instant(value)
        case date():
            return {"day": value.isoformat()}
        case Decimal():
            return {"decimal": str(value)}
        case frozenset():
            return {"set": _sorted(cast("frozenset[object]", value))}
        case tuple():
            return [*map(_plain, cast("tuple[object, ...]", value))]
        case Mapping():
            items = cast("Mapping[str, Any]", value).items()
            return {key: _plain(one) for key, one in sorted(items)}
        case _ if type(value) in ORDER:
            return _record(value)
        case _:
            return value


def _sorted(values: Iterable[Any]) -> list[Any]:
    return sorted(values, key=lambda one: _in_order([one]))


# -- reading --


def read(data: stored.Stored) -> AccountState:
    """Return the state that `written` wrote, in this version or an earlier one.

    Raises:
        DecodeError: The bytes do not have that form; all faults are told at once.
    """
    plain = stored.parsed(data, "state", FORMAT, _KEYS, ("relatives",))
    check = _Reading()
    company = check.company("state.company", plain["company"])
    records = {name: check.records(name, kind, plain[name]) for name, kind in _SERIES.items()}
    records["relatives"] = check.records("relatives", Relative, plain.get("relatives", []))
    given: dict[str, Any] = {
        "as_of": check.instant("state.as_of", plain["as_of"]),
        "told": dict(check.rows("told", plain["told"], _TOLD, _told)),
        "changed": dict(check.rows("changed", plain["changed"], _CHANGED, _changed)),
        "forgotten": check.texts("forgotten", plain["forgotten"]),
        "counted": check.rows("counted", plain["counted"], _COUNTED, _counted),
        "moved": check.texts("moved", plain["moved"]),
    }
    if check.problems:
        raise DecodeError(check.problems)
    try:
        return AccountState(Account(company, **records), **given)
    except InvalidDataError as error:
        raise DecodeError(
            Problem(one.code, one.path.removeprefix("account."), one.message).under("state")
            for one in error.problems
        ) from None


_Check = Callable[[Any], Fault | None]


def _written_instant(value: object) -> Fault | None:
    if isinstance(_read_instant(value), datetime):
        return None
    return "format", f"must be an instant such as '2026-10-31T09:00:00Z', not {brief(value)}"


def _ids(value: object) -> Fault | None:
    ids = cast("list[object]", value) if isinstance(value, list) else [None]
    return next((fault for one in ids if (fault := an_id(one))), None)


_TOLD: Final[tuple[_Check, ...]] = (
    one_of(Happening),
    optional(an_id),
    optional(an_id),
    optional(a_text),
    a_bool,
    a_number_of(1),
)
_CHANGED: Final[tuple[_Check, ...]] = (
    a_key,
    an_id,
    optional(an_id),
    optional(a_text),
    _written_instant,
)
_COUNTED: Final[tuple[_Check, ...]] = (a_key, a_key, _ids, a_bool, a_number_of(1))


def _told(what: Any, lead: Any, product: Any, *last: Any) -> tuple[About, LastTold]:
    return (what, lead, product), LastTold(*last)


def _changed(*row: Any) -> tuple[Version, datetime]:
    *version, at = row
    return cast("Version", tuple(version)), _read_instant(at)


def _counted(month: str, stage: str, ids: list[Id], imputed: bool, count: int) -> StageCount:
    return StageCount(month, stage, tuple(ids), imputed, count)


class _Reading:
    """Makes values of plain data, and collects what is wrong with it."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def instant(self, path: str, value: Any) -> Any:
        """Return an instant, or `None`."""
        self._check(path, value, optional(_written_instant))
        return _read_instant(value)

    def company(self, path: str, value: Any) -> Any:
        """Return the company or its history, or `None`."""
        if value is None:
            return None
        match value:
            case ["Company", row]:
                return self.record(path, Company, row)
            case ["CompanyHistory", row]:
                return self.record(path, CompanyHistory, row)
            case _:
                message = "must be null, or a list of 'Company' or 'CompanyHistory' and its fields"
                self.problems.append(Problem("type", path, message))
                return None

    def records(self, name: str, kind: type, rows: Any) -> list[Any]:
        """Return records of one kind."""
        path = f"state.{name}"
        given = self._list(path, rows)
        return [self.record(f"{path}[{index}]", kind, row) for index, row in enumerate(given)]

    def texts(self, name: str, rows: Any) -> list[str]:
        """Return texts that are not blank."""
        path = f"state.{name}"
        given = self._list(path, rows)
        for index, one in enumerate(given):
            self._check(f"{path}[{index}]", one, a_key)
        return given

    def rows(
        self, name: str, rows: Any, checks: tuple[_Check, ...], made: Callable[..., T]
    ) -> list[T]:
        """Return what is made of rows of plain cells."""
        found: list[T] = []
        for index, row in enumerate(self._list(f"state.{name}", rows)):
            path = f"state.{name}[{index}]"
            given = self._list(path, row)
            if len(given) != len(checks):
                if isinstance(row, list):
                    message = f"must have {len(checks)} cells, not {len(given)}"
                    self.problems.append(Problem("type", path, message))
                continue
            sound = [
                self._check(f"{path}[{place}]", cell, check)
                for place, (cell, check) in enumerate(zip(given, checks, strict=True))
            ]
            if all(sound):
                found.append(made(*given))
        return found

    def record(self, path: str, kind: type, row: Any) -> Any:
        """Return the record of a list of its fields; `None` where it is faulty."""
        given = self._list(path, row)
        order = ORDER[kind]
        needed = sum(blank is NOTHING for blank in _BLANK[kind])
        if not needed <= len(given) <= len(order):
            if isinstance(row, list):
                message = f"must have {needed} to {len(order)} fields, not {len(given)}"
                self.problems.append(Problem("type", path, message))
            return None
        before = len(self.problems)
        values = {
            name: self._value(path, kind, name, value)
            for name, value in zip(order, given, strict=False)
        }
        if len(self.problems) > before:
            return None
        try:
            return kind(**values)
        except InvalidDataError as error:
            prefix = "history." if kind is StageHistory else f"{kind.__name__.lower()}."
            self.problems += [
                Problem(one.code, one.path.removeprefix(prefix), one.message).under(path)
                for one in error.problems
            ]
            return None

    def _value(self, path: str, kind: type, name: str, value: Any) -> Any:
        if name in _INSTANTS:
            return _read_instant(value)
        if type(value) in _AS_IS and name not in _DAYS and (kind, name) not in _INSIDE:
            return value
        if kind is Relative and name == "company":
            return self.company(f"{path}.{name}", value)
        inside = _INSIDE.get((kind, name))
        if inside is CompanyHistory or inside is Company:
            return self.record(f"{path}.{name}", inside, value)
        if inside is not None:
            path = f"{path}.{name}"
            rows = self._list(path, value)
            return [self.record(f"{path}[{index}]", inside, row) for index, row in enumerate(rows)]
        if name in _DAYS:
            return _read_day(value)
        if name == "attributes" and isinstance(value, dict):
            items = cast("dict[str, Any]", value).items()
            return {key: _untagged(one) for key, one in items}
        return _untagged(value)

    def _check(self, path: str, value: Any, check: _Check) -> bool:
        fault = check(value)
        if fault is not None:
            self.problems.append(Problem(fault[0], path, fault[1]))
        return fault is None

    def _list(self, path: str, value: Any) -> list[Any]:
        self.problems += misfit(path, value, list)
        return cast("list[object]", value) if isinstance(value, list) else []


def _untagged(value: Any) -> Any:
    """Return the value that stands under the name of its type; what is none stays."""
    table: dict[str, Any] = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    if len(table) != 1:
        return cast("object", value)
    ((tag, inner),) = table.items()
    with contextlib.suppress(TypeError, ValueError, ArithmeticError):
        if tag == "day":
            return date.fromisoformat(inner)
        if tag == "decimal":
            return Decimal(inner)
        if tag == "set":
            return frozenset(inner)
    return table


def _read_instant(value: Any) -> Any:
    """Return the instant that a text writes; what is none stays, for the check to name."""
    with contextlib.suppress(TypeError, ValueError):
        at = datetime.fromisoformat(value)
        if at.tzinfo is not None:
            return utc(at)
    return value


def _read_day(value: Any) -> Any:
    with contextlib.suppress(TypeError, ValueError):
        return date.fromisoformat(value)
    return value
