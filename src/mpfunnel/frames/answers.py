"""From the codes of decisions to what people read, and to what other rules read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from mpfunnel.frames.expressions import by_code, flag
from mpfunnel.frames.layout import Places
from mpfunnel.labels import Lang
from mpfunnel.rules.columns import Decided
from mpfunnel.rules.explain import Policy
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Decision

__all__ = ["as_level", "joined", "level_of", "possible_of", "settled", "words_of"]


def words_of(policy: Policy[Any], name: str, lang: Lang) -> dict[str, list[Any]]:
    """Return what people read of each code of a policy: `name`, rule and because.

    The reason of a score is blank, because it tells the points of each row.
    """
    return {
        name: [way.value.key for way in policy.ways],
        "rule": [way.key for way in policy.ways],
        "because": ["" if way.because is None else way.because.text(lang) for way in policy.ways],
    }


def settled(possible: Collection[str]) -> nw.Expr:
    """Return whether just one of the columns is true."""
    return nw.sum_horizontal(*(flag(nw.col(column)) for column in possible)) == 1


def joined(columns: Mapping[str, str]) -> nw.Expr:
    """Return the keys whose columns are true, joined by ``;``; none at all gives a blank.

    Args:
        columns: The columns by key.
    """
    if not columns:
        return nw.lit("")
    # Without nulls: not every engine skips them when it joins texts.
    texts = [
        nw.when(nw.col(column)).then(nw.lit(f";{key}")).otherwise(nw.lit(""))
        for key, column in columns.items()
    ]
    return nw.concat_str(*texts).str.slice(1)


def possible_of(decided: Decided) -> dict[str, str]:
    """Return, for each key that a policy can give, the column that says whether it still may."""
    keys = [one.key for one in decided.outcomes]
    return dict(zip(keys, decided.possible, strict=True))


def as_level(decided: Decided, fact: Fact, places: Places) -> dict[str, nw.Expr]:
    """Return a decision as other rules read it: its place among the keys, and what is possible."""
    keys = places.keys[fact.name]
    at = [keys.index(one.key) for one in decided.values]
    columns = {places.value(fact): by_code(decided.code, at)}
    if decided.possible:
        found = possible_of(decided)
        for key, column in places.possible(fact).items():
            columns[column] = nw.col(found[key]) if key in found else nw.lit(False)
    return columns


def level_of(decision: Decision[Any], fact: Fact, places: Places) -> Mapping[str, int | bool]:
    """Return one decision as other rules read it, by column."""
    keys = places.keys[fact.name]
    may = {one.key for one in decision.possible}
    return {
        places.value(fact): keys.index(decision.value.key),
        **{column: key in may for key, column in places.possible(fact).items()},
    }
