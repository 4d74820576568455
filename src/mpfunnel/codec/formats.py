"""Which form plain data has, and how that of earlier releases is put into the newest one.

Every step is one function from plain data to plain data. It knows the form of its own release and
nothing that is newer, so that it never changes again. What it does not understand it leaves as it
is, for the reader to name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from mpfunnel.codec.checks import is_list, is_table
from mpfunnel.errors import brief

__all__ = ["FORMAT", "fault_of_format", "upgraded"]

FORMAT: Final = 2
"""The form that is written; one that is not stated."""


def fault_of_format(number: object) -> str:
    """Return what is wrong with the number of a format; blank where it is one that is read."""
    if type(number) is int and 1 <= number <= FORMAT:
        return ""
    known = " or ".join(str(one) for one in range(1, FORMAT + 1))
    return f"must be {known}, not {brief(number)}; a later one needs a later mpfunnel"


def upgraded(data: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the plain data of a playbook of the format `number` in the newest one."""
    for step in _STEPS[number - 1 :]:
        data = step(data)
    return data


def _to_2(data: dict[str, Any]) -> dict[str, Any]:
    """A text beside a fact is the text itself; from format 2 on, it is a cell."""
    made = dict(data)
    for name in ("segments", "funnel"):
        made |= _changed(data, name, _rules_to_2)
    made |= _changed(data, "tiers", lambda tiers: _each(tiers, _rules_to_2))
    made |= _changed(data, "engagement", lambda models: _each(models, _model_to_2))
    return made


def _model_to_2(model: dict[str, Any]) -> dict[str, Any]:
    tables = (_changed(model, name, _rules_to_2) for name in ("interest", "states"))
    return {**model, **{key: table for found in tables for key, table in found.items()}}


def _rules_to_2(table: dict[str, Any]) -> dict[str, Any]:
    # Scorecards and limits came with format 2, but may stand in a file that still says 1.
    lists = {key: table[key] for key in ("rules", "items", "limits") if is_list(table.get(key))}
    return {
        **table,
        **{
            key: [
                {**rule, **_changed(rule, "when", _condition_to_2)} if is_table(rule) else rule
                for rule in rules
            ]
            for key, rules in lists.items()
        },
    }


def _condition_to_2(condition: dict[str, Any]) -> dict[str, Any]:
    return {key: _entry_to_2(key, value) for key, value in condition.items()}


def _entry_to_2(key: str, value: Any) -> Any:
    if key in ("all", "any"):
        if not is_list(value):
            return value
        return [_condition_to_2(part) if is_table(part) else part for part in value]
    if key in ("not", "any_product"):
        return _condition_to_2(value) if is_table(value) else value
    return {"==": value} if isinstance(value, str) else value


_Step = Callable[[dict[str, Any]], dict[str, Any]]
_STEPS: Final[tuple[_Step, ...]] = (_to_2,)


def _changed(table: dict[str, Any], key: str, change: _Step) -> dict[str, Any]:
    """Return the table under `key`, changed; nothing where there is none."""
    value = table.get(key)
    return {key: change(value)} if is_table(value) else {}


def _each(tables: dict[str, Any], change: _Step) -> dict[str, Any]:
    return {key: change(table) if is_table(table) else table for key, table in tables.items()}
