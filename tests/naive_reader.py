"""A reader of tables of Tiers from raw JSON, as a CRM in another language would write one.

It knows the reference of the file format and the README of the conformance cases, and nothing of
the library: no playbook, no records, no engine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

__all__ = ["answers", "read"]

Json = Any
UNKNOWN = None
OWN = {"employees": "int", "annual_revenue": "decimal", "region": "text"}


def read(path: Path) -> Json:
    """The data of a file; numbers with a point are exact."""
    return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def answers(book: Json, case: Json, product: str) -> dict[str, Json]:
    """What the table of a product answers about the company of a case."""
    types = {
        key: (one["type"], one.get("closed", one["type"] == "bool"))
        for key, one in book["attributes"]["company"].items()
    } | {key: (kind, False) for key, kind in OWN.items()}
    company = case["given"]["company"]
    facts = {**company, **company.get("attributes", {})}
    table = book["tiers"][product]
    value, rule, possible, missing, over = table["otherwise"], "otherwise", [], set(), False
    for one in reversed(table["rules"]):
        if holds(one["when"], facts, types, later=False) is True:
            value, rule = one["tier"], one["key"]
    for one in table["rules"]:
        later = holds(one["when"], facts, types, later=True)
        if not over and later is not False:
            possible.append(one["tier"])
            missing |= set(unknown(one["when"], facts, types))
        over = over or later is True
    if not over:
        possible.append(table["otherwise"])
    return {
        "value": value,
        "possible": sorted(set(possible)),
        "missing": sorted(missing),
        "rule": rule,
    }


Types = Mapping[str, tuple[str, bool]]


def parts(when: Json) -> list[tuple[str, str, Json]]:
    """The entries of a condition: a joint, or a fact with an operator."""
    found: list[tuple[str, str, Json]] = []
    for key, said in when.items():
        if key in ("all", "any", "not"):
            found.append((key, "", said))
        elif isinstance(said, dict):
            found += [(key, operator, operand) for operator, operand in said.items()]
        else:
            found.append((key, "==", said))
    return found


def holds(when: Json, facts: Json, types: Types, *, later: bool) -> bool | None:
    """True, false or unknown: what a condition says now, or once all is known."""
    return both([entry(*one, facts, types, later=later) for one in parts(when)])


def both(truths: list[bool | None]) -> bool | None:
    """False where one is, else unknown where one is."""
    return False if False in truths else UNKNOWN if UNKNOWN in truths else True


def opposite(truth: bool | None) -> bool | None:
    """The opposite of unknown is unknown."""
    return UNKNOWN if truth is UNKNOWN else not truth


def entry(
    key: str, operator: str, said: Json, facts: Json, types: Types, *, later: bool
) -> bool | None:
    """What one entry of a condition says."""
    if key == "not":
        return opposite(holds(said, facts, types, later=later))
    if key in ("all", "any"):
        truths = [holds(one, facts, types, later=later) for one in said]
        return both(truths) if key == "all" else opposite(both([opposite(one) for one in truths]))
    kind, closed = types[key]
    if operator == "missing":
        return False if facts.get(key) is not None else UNKNOWN if later else True
    value = facts.get(key)
    if value is None:
        if not closed:
            return UNKNOWN
        value = {"bool": False, "int": 0, "set": []}[kind]
    return compared(kind, value, operator, said)


def compared(kind: str, value: Json, operator: str, said: Json) -> bool:
    """What a comparison of a value says."""
    if operator == "in":
        return any(compared(kind, value, "==", one) for one in said)
    if operator == "starts_with":
        return any(value.startswith(one) for one in said)
    if operator == "contains_any":
        return any(one in value for one in said)
    if kind == "float":
        value, said = float(value), float(said)
    truths: dict[str, bool] = {"==": value == said, "!=": value != said}
    return truths[operator] if operator in truths else order(value, said)[operator]


def order(value: Json, said: Json) -> dict[str, bool]:
    """Dates are texts that sort as days do."""
    return {">=": value >= said, ">": value > said, "<=": value <= said, "<": value < said}


def unknown(when: Json, facts: Json, types: Types) -> Iterator[str]:
    """The missing facts under the parts of a condition that are unknown later."""
    if holds(when, facts, types, later=True) is not UNKNOWN:
        return
    for key, operator, said in parts(when):
        if entry(key, operator, said, facts, types, later=True) is not UNKNOWN:
            continue
        if key == "not":
            yield from unknown(said, facts, types)
        elif key in ("all", "any"):
            for one in said:
                yield from unknown(one, facts, types)
        else:
            yield key
