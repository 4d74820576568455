"""The JSON Schema (draft 2020-12) of playbook files, made from what the reader knows.

Editors complete and check files by it. It accepts every file that loads; what it cannot say hangs
on names that the file itself declares, and is told by `mpfunnel.load`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from mpfunnel import facts
from mpfunnel.calendars import Weekday
from mpfunnel.codec.accounts import FIELDS, INSIDE, MAX_RECORDS, OF_RELATIVE, SERIES
from mpfunnel.codec.attributes import TYPES
from mpfunnel.codec.cases import ANSWER, CASE, MAX_CASES, OF_COMPANY, OF_LEAD
from mpfunnel.codec.conditions import JOINTS, LISTS, OPERATORS, TAKES
from mpfunnel.codec.formats import FORMAT
from mpfunnel.codec.lifecycle import CALENDAR, CALENDAR_DAYS, LIFECYCLE, STAGE_KIND, TRANSITION
from mpfunnel.codec.plays import CHANNELS, MAX_PLAYS, PLAY, PLAY_RULE, PLAYS
from mpfunnel.codec.reading import (
    DAY_OF_YEAR,
    DAYS,
    FUNNEL,
    MAX_KEYS,
    MODEL,
    PRODUCT,
    SCALE,
    SIGNAL,
    TOP,
)
from mpfunnel.codec.sheets.joining import SHEETS
from mpfunnel.codec.sheets.separated import ENCODINGS
from mpfunnel.codec.synergy import NOT_ELIGIBLE, OFFER, RELATION, SYNERGY
from mpfunnel.codec.tables import TABLE
from mpfunnel.codec.text import COMMENTS
from mpfunnel.codec.tiers import CARD, ITEM, LIMIT, SCORECARD
from mpfunnel.engagement.model import FULL_SHARE, MAX_HALF_LIFE_DAYS, MAX_TOTAL
from mpfunnel.engagement.signals import MAX_COOL_DOWN_DAYS, MAX_HAND_DAYS, MAX_POINTS
from mpfunnel.labels import Lang
from mpfunnel.plays import CRITERIA, Motion
from mpfunnel.plays.model import MAX_DAYS
from mpfunnel.records import Company, Lead, Lifecycle
from mpfunnel.rules.facts import Fact, Kind
from mpfunnel.stages.funnel import MAX_QUIET_DAYS
from mpfunnel.stages.graph import MAX_LIMIT_DAYS, MoveKind, StageKind
from mpfunnel.synergy import OFFERS, POSITIONS, RelationKind
from mpfunnel.tiers import LOWEST

__all__ = ["playbook_schema"]

_Schema = dict[str, Any]

_TEXT: Final[_Schema] = {"type": "string"}
_KEY: Final[_Schema] = {"type": "string", "pattern": r"\S"}
_FLAG: Final[_Schema] = {"type": "boolean"}
_INTEGER: Final[_Schema] = {"type": "integer"}
_NUMBER: Final[_Schema] = {"type": "number"}
_ANY: Final[_Schema] = {}
# TOML has days of its own, which editors see as the text of one.
_DAY: Final[_Schema] = {
    "type": "string",
    "format": "date",
    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
}
_TIER: Final[_Schema] = {"type": "integer", "minimum": 1, "maximum": LOWEST}
_CELL: Final[_Schema] = {
    **_KEY,
    "description": 'a cell: a value, "300以上", ">= 300", "[100..300)", "製造業、小売業", "not(…)"',
}


def _ref(name: str) -> _Schema:
    return {"$ref": f"#/$defs/{name}"}


def _table(
    keys: Iterable[str], types: Mapping[str, _Schema], required: Iterable[str] = ()
) -> _Schema:
    """Return the schema of a table with these keys and no other, each of its type."""
    return {
        "type": "object",
        "properties": {key: types[key] for key in keys},
        "required": [*required],
        "additionalProperties": False,
    }


def _each(one: _Schema, **bounds: Any) -> _Schema:
    """Return the schema of a table whose keys are names, each of one type."""
    return {"type": "object", "additionalProperties": one, **bounds}


def _list(one: _Schema, **bounds: Any) -> _Schema:
    return {"type": "array", "items": one, **bounds}


def _one_of(words: Iterable[str]) -> _Schema:
    return {"enum": [*words]}


def _from(least: int, most: int) -> _Schema:
    return {**_INTEGER, "minimum": least, "maximum": most}


def playbook_schema() -> dict[str, Any]:
    """Return the JSON Schema of a playbook file, TOML or JSON, as plain data."""
    top: Mapping[str, _Schema] = {
        "format": {"enum": [*range(1, FORMAT + 1)]},
        "name": _ref("label"),
        "lang": _one_of(get_args(Lang)),
        "zone": _TEXT,
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "tier_review_dates": _list(
            {"type": "string", "pattern": f"^{DAY_OF_YEAR.pattern}$"}, minItems=1
        ),
        "products": _each(_ref("product"), minProperties=1, maxProperties=MAX_KEYS),
        "attributes": _table(
            ("company", "lead"), dict.fromkeys(("company", "lead"), _each(_ref("attribute")))
        ),
        "segments": _rules("segment", _KEY, _COMPANY, {"labels": _LABELS}),
        "tiers": _each(_ref("tier_policy")),
        "engagement": _each(_ref("model")),
        "funnel": _funnel(),
        "synergy": _synergy(),
        "plays": _plays(),
        "cases": _list(_ref("case"), maxItems=MAX_CASES),
        SHEETS: _each(_sheet()),
    }
    described = {
        key: {**one, "description": COMMENTS[key]} if key in COMMENTS else one
        for key, one in top.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:mpfunnel:playbook:{FORMAT}",
        "title": "a playbook of mpfunnel",
        **_table((*TOP, SHEETS), described, ("products", "engagement", "funnel")),
        # What a sheet holds is not in the file.
        "if": {"not": {"required": [SHEETS]}},
        "then": _WITHOUT_SHEETS,
        "$defs": {
            "label": {
                "anyOf": [_KEY, _table(("en", "ja"), {"en": _TEXT, "ja": _TEXT})],
                "description": 'a text that people read, or { en = "…", ja = "…" }',
            },
            "product": _product(),
            "attribute": _table(
                ("type", "closed", "label"),
                {"type": _one_of(TYPES), "closed": _FLAG, "label": _ref("label")},
                ("type",),
            ),
            "tier_policy": _tier_policy(),
            "model": _model(),
            **_conditions(_COMPANY, facts.company, facts.group, own="company"),
            **_conditions(
                _LEAD, facts.company, facts.group, facts.lead, facts.product, facts.pursuit
            ),
            **_conditions(
                _ACCOUNT, facts.company, facts.group, facts.product, facts.account, own="company"
            ),
            **_conditions(
                _PLAYED,
                *(facts.company, facts.group, facts.account, facts.lead),
                *(facts.product, facts.funnel, facts.contact),
            ),
            **{kind: _asked(kind) for kind in TAKES},
            "tier": _asked("level", tier=True),
            "custom": _custom(),
            **_cases(),
        },
    }


_RULED: Final[_Schema] = {"required": ["otherwise"]}
_WITHOUT_SHEETS: Final[_Schema] = {
    "required": ["segments", "tiers"],
    "properties": {
        "segments": _RULED,
        # Only a policy in Python has another kind, and nothing else.
        "tiers": _each({"if": {"properties": {"kind": {"const": SCORECARD}}}, "then": _RULED}),
        "engagement": _each(
            {
                "required": ["interest", "states"],
                "properties": {"interest": _RULED, "states": _RULED},
            }
        ),
        "funnel": _RULED,
    },
}
"""What a file has to say by itself if no sheet says it."""


def _sheet() -> _Schema:
    file = {**_TEXT, "pattern": r"\.([cC][sS][vV]|[xX][lL][sS][xX])$"}
    types = {"file": file, "sheet": _TEXT, "encoding": _one_of(("", *ENCODINGS))}
    return _table(types, types, ("file",))


# -- products, policies and models --

_LABELS: Final = _each(_ref("label"))
_SCALED: Final[Mapping[str, _Schema]] = {
    "ladder": _list(_KEY, maxItems=MAX_KEYS),
    "detours": _list(_KEY, maxItems=MAX_KEYS),
    "labels": _LABELS,
}


def _product() -> _Schema:
    types: Mapping[str, _Schema] = {
        "id": _INTEGER,
        "name": _ref("label"),
        "family": _TEXT,
        "grade": {**_INTEGER, "minimum": 0},
        "lifecycle": _one_of(get_args(Lifecycle)),
        **dict.fromkeys(DAYS, _DAY),
    }
    return _table(("id", "name", *PRODUCT, *DAYS), types)


def _reasoned(about: str) -> dict[str, _Schema]:
    """Return the types of what every kind of rule has."""
    return {"when": _ref(about), "key": _TEXT, "because": _ref("label")}


def _rules(
    outcome: str, kind: _Schema, about: str, more: Mapping[str, _Schema] | None = None
) -> _Schema:
    """Return the schema of a table of rules.

    Args:
        outcome: By which key a rule gives its outcome.
        kind: The type of the outcome.
        about: What its conditions are about.
        more: What else the table holds, by its key.
    """
    types = {outcome: kind, **_reasoned(about)}
    table: Mapping[str, _Schema] = {
        "rules": _list(_table(types, types, (outcome, "when"))),
        "otherwise": kind,
        "otherwise_because": _ref("label"),
        **(more or {}),
    }
    return _table((*TABLE, *(more or {})), table)


def _tier_policy() -> _Schema:
    reasoned = _reasoned(_COMPANY)
    limit = _table(LIMIT, {"best": _TIER, "worst": _TIER, **reasoned}, ("when",))
    limits = {"limits": _list(limit)}
    item = {"points": _INTEGER, "if_unknown": _INTEGER, **reasoned}
    band = {"at_least": _INTEGER, "tier": _TIER}
    card: Mapping[str, _Schema] = {
        "kind": {"const": SCORECARD},
        "otherwise": _TIER,
        "items": _list(_table(ITEM, item, ("points", "when"))),
        "bands": _list(_table(band, band, band)),
        **limits,
    }
    # Which options a policy in Python takes is for it to say.
    python = {"kind": {**_TEXT, "not": {"const": SCORECARD}}, "options": {"type": "object"}}
    return {
        "anyOf": [
            _rules("tier", _TIER, _COMPANY, limits),
            _table((*CARD, *limits), card, ("kind",)),
            _table((*python, *limits), {**python, **limits}, ("kind",)),
        ]
    }


def _model() -> _Schema:
    signal: Mapping[str, _Schema] = {
        "kind": _KEY,
        "points": _from(-MAX_POINTS, MAX_POINTS),
        "cap": {**_INTEGER, "minimum": 0},
        "cool_down_days": _from(0, MAX_COOL_DOWN_DAYS),
        "fades": _FLAG,
        "raises_hand_days": _from(0, MAX_HAND_DAYS),
        "label": _ref("label"),
    }
    types: Mapping[str, _Schema] = {
        **_SCALED,
        "half_life_days": _from(1, MAX_HALF_LIFE_DAYS),
        "company_wide_per_mille": _from(0, FULL_SHARE),
        "cap": _from(1, MAX_TOTAL),
        "floor": _from(-MAX_TOTAL, 0),
        "signals": _list(_table((*SIGNAL, "label"), signal, ("kind",)), maxItems=MAX_KEYS),
        "interest": {**_rules("state", _KEY, _LEAD), "description": COMMENTS["interest"]},
        "states": {**_rules("state", _KEY, _LEAD), "description": COMMENTS["states"]},
    }
    keys = (*MODEL, *SCALE, "signals", "interest", "states")
    return _table(keys, types, ("ladder",))


def _funnel() -> _Schema:
    limits = ("within_days", "within_business_days", "warn_days")
    kind = {
        "kind": _one_of(get_args(StageKind)),
        **dict.fromkeys(limits, _from(1, MAX_LIMIT_DAYS)),
    }
    move = {
        "start": _KEY,
        "to": _KEY,
        "kind": _one_of(get_args(MoveKind)),
        "needs_reason": _FLAG,
    }
    calendar: Mapping[str, _Schema] = {
        "country": {"type": "string", "pattern": "^([A-Z]{2})?$"},
        "region": _TEXT,
        "weekend": _list(_one_of(get_args(Weekday))),
        "fiscal_year_start_month": _from(1, 12),
        **dict.fromkeys(CALENDAR_DAYS, _list(_DAY)),
    }
    more: Mapping[str, _Schema] = {
        **_SCALED,
        "quiet_days": _from(1, MAX_QUIET_DAYS),
        "deals_without_lead": _FLAG,
        "overrules_people": _FLAG,
        "kinds": {**_each(_table(STAGE_KIND, kind)), "description": COMMENTS["kinds"]},
        "final": _list(_KEY),
        "ends": _list(_KEY),
        "transitions": _list(_table(TRANSITION, move, ("start", "to", "kind"))),
        "calendar": {
            **_table((*CALENDAR, *CALENDAR_DAYS), calendar),
            "description": COMMENTS["calendar"],
        },
    }
    known = {key: more[key] for key in (*SCALE, *FUNNEL, *LIFECYCLE)}
    return {**_rules("stage", _KEY, _LEAD, known), "required": ["ladder"]}


def _synergy() -> _Schema:
    product: _Schema = {"type": ["string", "integer"]}
    reasoned = _reasoned(_ACCOUNT)
    relation = {
        "kind": _one_of(get_args(RelationKind)),
        "source": product,
        "target": product,
        **reasoned,
    }
    rule = {"product": product, **reasoned}
    offer = {
        "offer": _one_of(one.key for one in OFFERS),
        "product": product,
        "source": product,
        "owned_for_days": _from(0, facts.MAX_WITHIN_DAYS),
        **reasoned,
    }
    types = {
        "cool_down_days": _from(0, facts.MAX_WITHIN_DAYS),
        "relations": _list(_table(RELATION, relation, ("kind", "source", "target"))),
        "not_eligible": _list(_table(NOT_ELIGIBLE, rule, ("when",))),
        "offers": _list(_table(OFFER, offer, ("offer",))),
    }
    return _table(SYNERGY, types)


def _plays() -> _Schema:
    days = _from(0, MAX_DAYS)
    play = {
        "key": _KEY,
        "label": _ref("label"),
        "message": _TEXT,
        "channels": _list(_one_of(CHANNELS)),
        "owner": _TEXT,
        "due_in_days": days,
        "cadence_days": _from(1, MAX_DAYS),
        "before_end_days": days,
        "motion": _one_of(get_args(Motion)),
        "within_sla": _FLAG,
    }
    firm = {"play": _KEY, **_reasoned(_PLAYED)}
    about: Mapping[str, _Schema] = {"product": {"type": ["string", "integer"]}}
    required = ("play", "when")
    types: Mapping[str, _Schema] = {
        "order": _list(_one_of(CRITERIA)),
        "need_consent": _list(_one_of(CHANNELS)),
        "contacts": _list(_KEY),
        "at_once": {**_INTEGER, "minimum": 1},
        "quiet_days": days,
        "list": _list(_table(PLAY, play, ("key",)), maxItems=MAX_PLAYS),
        "products": _list(_table((*PLAY_RULE, *about), {**firm, **about}, required)),
        "firm": _list(_table(PLAY_RULE, firm, required)),
    }
    return _table(PLAYS, types)


# -- conditions --

_COMPANY: Final = "condition_on_company"
_LEAD: Final = "condition_on_lead"
_ACCOUNT: Final = "condition_on_account"
_PLAYED: Final = "condition_on_play"
_LITERALS: Final[Mapping[Kind, _Schema]] = {
    "int": _INTEGER,
    "decimal": _NUMBER,
    "float": _NUMBER,
    "bool": _FLAG,
    "text": _TEXT,
    "date": _DAY,
    "set": _TEXT,
    "level": _TEXT,
}


def _conditions(name: str, *groups: facts.Facts, own: str = "") -> dict[str, _Schema]:
    """Return the schema of conditions under its name.

    Args:
        name: The name.
        groups: The facts that they may ask about.
        own: The root whose facts are named without it; all others are like ``lead.title``.
    """
    joined = _list(_ref(name))
    joints = {"all": joined, "any": joined, "not": _ref(name), "any_product": _ref(name)}
    known = [group.named(one).fact for group in groups for one in group.names()]
    named = {fact.key if fact.root == own else fact.name: _fact(fact) for fact in known}
    return {
        name: {
            "type": "object",
            "minProperties": 1,
            "properties": {**{key: joints[key] for key in JOINTS}, **named},
            "additionalProperties": _ref("custom"),
        }
    }


def _fact(fact: Fact) -> _Schema:
    kind = "tier" if fact.scale == facts.TIERS else fact.kind
    unit = f" ({fact.unit.en}, {fact.unit.ja})" if fact.unit else ""
    return {**_ref(kind), "description": f"{fact.label.en}, {fact.label.ja}{unit}"}


def _asked(kind: Kind, *, tier: bool = False) -> _Schema:
    """Return the schema of what a condition may ask of facts of one kind."""
    literal: _Schema = {"anyOf": [_TEXT, _TIER]} if tier else _LITERALS[kind]
    operators = {
        name: {"const": True}
        if name == "missing"
        else _list(literal, minItems=1)
        if name in LISTS
        else literal
        for name in TAKES[kind]
    }
    ways = [_CELL, {**_table(operators, operators), "minProperties": 1}]
    # A text alone is a cell, and of floats and sets none is asked for as it is.
    plain = {"int": _INTEGER, "decimal": _NUMBER, "bool": _FLAG}
    return {"anyOf": [*ways, _TIER] if tier else [*ways, *([plain[kind]] if kind in plain else [])]}


def _custom() -> _Schema:
    """Return the schema of what may be asked of a fact whose kind is declared elsewhere."""
    scalar: _Schema = {"type": ["string", "number", "boolean"]}
    operators: Mapping[str, _Schema] = {
        name: {"const": True}
        if name == "missing"
        else _list(scalar, minItems=1)
        if name in LISTS
        else scalar
        for name in OPERATORS
    }
    ways = [_CELL, _NUMBER, _FLAG, {**_table(operators, operators), "minProperties": 1}]
    return {"anyOf": ways}


# -- worked cases --


def _cases() -> dict[str, _Schema]:
    """Return the schemas of worked cases; the values of records are checked as they are made."""
    records = {name: _list(_record(kind), maxItems=MAX_RECORDS) for name, kind in SERIES.items()}
    given: dict[str, _Schema] = {"company": _record(Company, ("changes",)), **records}
    relative = {name: given[name] for name in ("company", *OF_RELATIVE)}
    given["relatives"] = _list(_table(relative, relative, ("company",)), maxItems=MAX_RECORDS)
    answers: dict[str, _Schema] = {}
    position = _one_of(one.key for one in POSITIONS)
    kinds = {"answer": _KEY, "answer_tier": _TIER, "answer_position": position}
    for name, value in kinds.items():
        said: Mapping[str, _Schema] = {
            "value": value,
            "possible": _list(value, minItems=1),
            "missing": _list(_TEXT),
            "rule": _TEXT,
        }
        answers[name] = {"anyOf": [value, _table(ANSWER, said)]}
    of_lead = {"stage": _ref("answer"), "engagement": _each(_ref("answer"))}
    lead = {"id": {"type": ["string", "integer"]}, **{key: of_lead[key] for key in OF_LEAD}}
    of_company = {
        "segment": _ref("answer"),
        "tiers": _each(_ref("answer_tier")),
        "white_space": _each(_ref("answer_position")),
    }
    expect = {
        **{key: of_company[key] for key in OF_COMPANY},
        **{key: of_lead[key] for key in OF_LEAD},
        "leads": _list(_table(lead, lead, ("id",))),
    }
    case: Mapping[str, _Schema] = {
        "name": _TEXT,
        "as_of": _DAY,
        "given": _table(given, given),
        "expect": _table(expect, expect),
    }
    return {**answers, "case": _table(CASE, case, ("name", "as_of", "expect"))}


def _record(kind: type, more: Iterable[str] = ()) -> _Schema:
    """Return the schema of a record: custom attributes may stand under their own names."""
    names = (*FIELDS[kind], *more)
    types = {name: {"type": "array"} if name in INSIDE else _ANY for name in names}
    return {**_table(names, types), "additionalProperties": kind in (Company, Lead)}
