"""Plain data → the canonical text of a file: TOML with comments, or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

import tomlkit
from tomlkit.items import Float, Integer, Item, Trivia

from mpfunnel.codec.checks import is_list, is_table

__all__ = [
    "COMMENTS",
    "audiences_text",
    "inline_text",
    "json_text",
    "toml_text",
]

MAX_WIDTH: Final = 100
"""How long a line may be before its list is broken; texts are never broken."""
STEP: Final = 4
GROUPED: Final = 10_000
"""From here on the digits of a number stand in groups of three."""

COMMENTS: Final[Mapping[str, str]] = {
    "": """\
A playbook: what the firm sells, and the rules that answer the four questions.
All of it can be edited: numbers, labels, the order of rules. Days are days in the zone, money is
in whole units of the currency. Every key is explained in the reference of the playbook format.""",
    "sheets": """\
Tables that stand in spreadsheets beside this file: each by its path, with file and sheet.""",
    "products": """\
What the firm sells. All but the key is optional: family and grade (products of one family are
grades of each other), lifecycle, sold_from and sold_until (dates, sold_until is the last day).""",
    "attributes": """\
Custom attributes that the rules ask about: type is int, decimal, float, bool, text, date or set;
closed = true says that a blank means no, 0 or empty, and not unknown.""",
    "segments": """\
The segment of a company (全社共通セグメント). The first rule that holds decides, else otherwise.
employees: people; annual_revenue: whole units of the currency; growth_rate: 0.1 is 10 percent.""",
    "tiers": """\
The Tier of a company for a product, from 1 (go first) to 9. "*" stands for every product that has
no table of its own, as in [tiers.crm], nor one of its family, as in [tiers."family:office"].
kind = "scorecard" adds the points of the items that hold; limits: best and worst Tier.""",
    "engagement": """\
Where a lead stands with a product. "*" stands for every product without a table of its own.
half_life_days: after how many days half of a point is left.
company_wide_per_mille: weight of an activity that names no product; 1000 is full weight.
cap, floor: the most and the fewest points that a score can be; without them it has no bound.
ladder: levels of interest from the lowest; detours: the other states.
signals: points of one activity of a kind on its day, from -10000 to 10000; cap: the most points
of the kind together; cool_down_days: of each so many days, only the first one adds points;
fades = false: a penalty that stays in full; raises_hand_days: for how many days it counts as a
raised hand.""",
    "interest": """\
From the score to a level of the ladder. score: decayed points; active_days: days.""",
    "states": """\
From interest, tier, deals, ownership and marks to the state. points(365): points of the last 365
days without decay; active(90): any activity worth points in the last 90 days.""",
    "funnel": """\
The funnel of the whole firm. ladder: stages from the lowest; detours: stages outside of it.
quiet_days: days without a sign after which a pursuit ends.
deals_without_lead: whether a deal that names no lead concerns every lead of its company.""",
    "kinds": """\
Time limits: a gate is left on the day of entering, an sla within_days or within_business_days.
warn_days: so many days before days alone take a lead out of the stage, a warning is due.""",
    "calendar": """\
Business days: public holidays of the country, weekend, days_off and working_days of the firm.""",
    "synergy": """\
How products go together. relations: kind is complement, upgrade, prerequisite, substitute or
bundle; source is a prerequisite of target, target is the upgrade of source. not_eligible: to whom
a product, "family:NAME" or, where none is named, every product is not offered.
offers: offer is cross_sell, up_sell, renewal or successor; source, owned for owned_for_days: what
the company must have. cool_down_days: after a deal about a product, so long without an offer.""",
    "plays": """\
What to do next. list: the plays, the most important first; due_in_days counts from what called for
it, cadence_days from the last contact, before_end_days back from the end of a contract; within_sla:
due by the time limit of the stage; motion is upstream or downstream; channels are phone, email,
visit, post or web, the preferred one first.
products: rules per lead and product; firm: rules per lead; the first that holds decides, and the
play none is deliberately none. contacts: kinds of activities that are contacts of ours.
at_once: for how many products a lead is worked at one time. quiet_days: how long a product waits
after a contact about another one. order: what comes first; without it it is open_deal, due, play,
interest, tier, last_contact. need_consent: channels that need a consent; without it only email.""",
    "cases": """\
Cases that must be answered as expected: mpfunnel check asks them. given: records by their fields;
their ids, and whose they are, follow from the rest. expect: a value, or a table of value, possible,
missing and rule.""",
}
_AUDIENCES: Final = """\
Audiences: whom marketing and sales are aimed at. motion is upstream (broad) or downstream
(specific); product is the key of one in the playbook, left out for the whole firm. when asks what
rules of plays ask. unit is company or lead; without it, companies are the members where the
condition asks nothing of people. attributes: custom attributes that the playbook does not ask."""
_OF_PLAYS: Final = ("list", "products", "firm")
_LISTS: Final = (
    *("rules", "items", "limits", "relations", "not_eligible", "offers"),
    *_OF_PLAYS,
)
_INNER: Final = ("labels", "kinds", "calendar", "interest", "states", *_LISTS)
"""What has a header of its own within a table, in the order of the file."""


# -- TOML --


def toml_text(data: Mapping[str, Any]) -> str:
    """Return the data of a playbook as TOML, with comments that say what can be edited."""
    sections = {key: value for key, value in data.items() if key in COMMENTS}
    lines = _comment("")
    lines += _values({key: value for key, value in data.items() if key not in sections})
    cases: list[dict[str, Any]] = sections.pop("cases", [])
    for name, section in sections.items():
        tables: dict[tuple[str, ...], Any] = {(name, key): one for key, one in section.items()}
        if name == "attributes":
            tables = {(*at, key): one for at, root in tables.items() for key, one in root.items()}
        elif name in ("sheets", "segments", "funnel", "synergy", "plays"):
            tables = {(name,): section}
        comment = _comment(name)
        for path, table in tables.items():
            lines += ["", *comment, *_table(path, table)]
            comment = []
    lines += _cases(cases)
    return "\n".join(lines) + "\n"


def audiences_text(data: Mapping[str, Any]) -> str:
    """Return the data of audiences as TOML, with comments that say what can be edited."""
    lines = [f"# {line}" for line in _AUDIENCES.splitlines()]
    for root, table in data.get("attributes", {}).items():
        for key, declared in table.items():
            lines += ["", *_table(("attributes", root, key), declared)]
    for one in data["audiences"]:
        lines += ["", "[[audiences]]", *_values(one)]
    return "\n".join(lines) + "\n"


def inline_text(value: Any) -> str:
    """Return a value as TOML on one line."""
    return _flat(value).as_string()


def _cases(cases: list[dict[str, Any]]) -> list[str]:
    lines: list[str] = []
    for case in cases:
        parts = {name: case[name] for name in ("given", "expect") if name in case}
        lines += ["", *([] if lines else _comment("cases")), "[[cases]]"]
        lines += _values({key: value for key, value in case.items() if key not in parts})
        for name, part in parts.items():
            lines += ["", f"[cases.{name}]", *_values(part)]
    return lines


def _comment(name: str) -> list[str]:
    return [f"# {line}" for line in COMMENTS.get(name, "").splitlines()]


def _table(path: tuple[str, ...], table: Mapping[str, Any]) -> list[str]:
    """Return the lines of a table that has a header, and of the tables inside it."""
    inner = [name for name in _INNER if name in table]
    lines = [f"[{_header(path)}]"]
    lines += _values({key: value for key, value in table.items() if key not in inner})
    for name in inner:
        at = (*path, name)
        if name in ("labels", "kinds", "calendar"):
            lines += ["", *_comment(name), f"[{_header(at)}]", *_values(table[name])]
        elif name in _LISTS:
            for rule in table[name]:
                lines += ["", f"[[{_header(at)}]]", *_values(rule)]
        else:
            lines += ["", *_comment(name), *_table(at, table[name])]
    return lines


def _header(path: tuple[str, ...]) -> str:
    return ".".join(tomlkit.key(step).as_string() for step in path)


def _values(table: Mapping[str, Any]) -> list[str]:
    keyed = {tomlkit.key(key).as_string(): value for key, value in table.items()}
    return [f"{key} = {_item(value, 0, len(key) + 3).as_string()}" for key, value in keyed.items()]


def _item(value: Any, indent: int, column: int) -> Item:
    """Return a value on one line if it fits, else with its lists broken.

    Args:
        value: The value.
        indent: How far its line is indented.
        column: Where it begins on the line.
    """
    flat = _flat(value)
    if column + len(flat.as_string()) <= MAX_WIDTH:
        return flat
    if is_list(value) and value:
        array = tomlkit.array()
        for one in value:
            array.add_line(_item(one, indent + STEP, indent + STEP), indent=" " * (indent + STEP))
        array.add_line(indent=" " * indent)
        return array
    if is_table(value):
        table = tomlkit.inline_table()
        for key, one in value.items():
            # Of a table that does not fit, only lists of tables are worth breaking for its sake.
            breaks = is_list(one) and any(is_table(item) for item in one)
            table.append(key, _item(one, indent, MAX_WIDTH if breaks else column))
        return table
    return flat


def _flat(value: Any) -> Item:
    if is_list(value):
        array: Any = tomlkit.item([])
        for one in value:
            array.append(_flat(one))
        return cast("Item", array)
    if is_table(value):
        table = tomlkit.inline_table()
        for key, one in value.items():
            table.append(key, _flat(one))
        return table
    if type(value) is int:
        return Integer(value, Trivia(), f"{value:_}" if abs(value) >= GROUPED else f"{value}")
    if isinstance(value, Decimal):
        # The digits as they are: the float is only what tomlkit asks for.
        return Float(float(value), Trivia(), str(value))
    return cast("Item", tomlkit.item(value))


# -- JSON --


def json_text(data: Mapping[str, Any]) -> str:
    """Return the data of a playbook as JSON; decimals keep their digits, dates are text."""
    return _json(data, 0) + "\n"


def _json(value: Any, indent: int) -> str:
    """Return a value on one line if it fits, else one line for each of its parts."""
    if is_table(value):
        parts = [f"{_json(key, 0)}: {_json(one, indent + STEP)}" for key, one in value.items()]
        return _laid_out("{", parts, "}", indent)
    if is_list(value):
        return _laid_out("[", [_json(one, indent + STEP) for one in value], "]", indent)
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value.isoformat() if isinstance(value, date) else value, ensure_ascii=False)


def _laid_out(start: str, parts: list[str], end: str, indent: int) -> str:
    flat = f"{start}{', '.join(parts)}{end}"
    if "\n" not in flat and indent + len(flat) <= MAX_WIDTH:
        return flat
    inner, outer = "\n" + " " * (indent + STEP), "\n" + " " * indent
    return f"{start}{inner}{f',{inner}'.join(parts)}{outer}{end}"
