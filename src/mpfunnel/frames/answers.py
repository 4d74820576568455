"""From the codes of decisions to what people read, and to what other rules read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from mpfunnel.frames.expressions import by_code, flag
from mpfunnel.frames.layout import Places
from mpfunnel.labels import Lang
from mpfunnel.rules.columns import Decided
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Decision, DecisionTable

__all__ = ["as_level", "level_of", "named_missing", "worded"]


def _reasons(policy: DecisionTable[Any], lang: Lang) -> list[str]:
    """Return the reason of each code of a policy."""
    found = [rule.because for rule in policy.rules]
    return [label.text(lang) for label in (*found, policy.otherwise_because)]


def worded(
    decided: Decided, policy: DecisionTable[Any], name: str, lang: Lang
) -> dict[str, nw.Expr]:
    """Return the columns that people read: `name`, settled, possible, rule and because.

    Without the columns of what is possible, settled and possible are left out.
    """
    columns = {name: by_code(decided.code, [one.key for one in decided.values], nw.String())}
    if decided.possible:
        columns["settled"] = _settled(decided.possible)
        keys = [one.key for one in policy.outcomes]
        columns["possible"] = _joined(decided.possible, keys)
    columns["rule"] = by_code(decided.code, decided.rules, nw.String())
    columns["because"] = by_code(decided.code, _reasons(policy, lang), nw.String())
    return columns


def _settled(possible: Sequence[str]) -> nw.Expr:
    """Return whether just one of the columns is true."""
    ones = [flag(nw.col(column)) for column in possible]
    return nw.sum_horizontal(*ones) == 1


def _joined(columns: Sequence[str], keys: Sequence[str]) -> nw.Expr:
    """Return the keys whose columns are true, joined by ``;``."""
    texts = [
        nw.when(nw.col(column)).then(nw.lit(key)) for column, key in zip(columns, keys, strict=True)
    ]
    return nw.concat_str(*texts, separator=";", ignore_nulls=True)


def named_missing(columns: Mapping[str, str]) -> nw.Expr:
    """Return the names of the facts whose columns are true, joined by ``;``."""
    if not columns:
        return nw.lit("")
    return _joined(list(columns.values()), list(columns)).fill_null("")


def as_level(decided: Decided, fact: Fact, places: Places) -> dict[str, nw.Expr]:
    """Return a decision as other rules read it: its place among the keys, and what is possible."""
    keys = places.keys[fact.name]
    at = [keys.index(one.key) for one in decided.values]
    columns = {places.value(fact): by_code(decided.code, at, nw.Int64())}
    if decided.possible:
        outcomes = list(dict.fromkeys(one.key for one in decided.values))
        for key, column in places.possible(fact).items():
            columns[column] = (
                nw.col(decided.possible[outcomes.index(key)]) if key in outcomes else nw.lit(False)
            )
    return columns


def level_of(decision: Decision[Any], fact: Fact, places: Places) -> Mapping[str, int | bool]:
    """Return one decision as other rules read it, by column."""
    keys = places.keys[fact.name]
    may = {one.key for one in decision.possible}
    return {
        places.value(fact): keys.index(decision.value.key),
        **{column: key in may for key, column in places.possible(fact).items()},
    }
