"""How the records of a file are told apart: by a column, or by what is made up for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

from mpfunnel.labels import Label
from mpfunnel.sources.proposing.guessing import Column, Found, Guess
from mpfunnel.sources.proposing.lines import Line
from mpfunnel.sources.proposing.remarks import unsound_ids

__all__ = ["id_column", "id_line"]

_STANDS_IN: Final[Mapping[str, str]] = {
    "products": "name",
    "companies": "name",
    "leads": "email",
    "deals": "deal_name",
}
"""What may tell records apart that have no id."""
_MADE_OF: Final = ("lead_id", "email", "kind", "at", "product_ids")
"""What tells two activities apart."""


def id_column(guess: Guess) -> tuple[Column | None, tuple[Label, ...]]:
    """Return the column by which records are told apart, and what must be checked of it."""
    found = guess.fields.get("id")
    if found is not None:
        return found.column, (*found.checks, *unsound_ids(found.column))
    other = guess.fields.get(_STANDS_IN.get(guess.kind, ""))
    if other is None or unsound_ids(other.column):
        return None, ()
    name = other.column.name
    check = Label(
        f"no column of ids: {name} tells them apart", f"IDの列がないので「{name}」で区別する"
    )
    return other.column, (check,)


def id_line(guess: Guess) -> Line:
    """Return the line of the id."""
    column, checks = id_column(guess)
    if column is not None:
        return Line("id", {"column": column.name}, checks=checks)
    if guess.kind == "activities":
        return _made(guess.fields)
    check = Label(
        "no column of ids: rows are numbered, and the next export may number them otherwise",
        "IDの列がないので行番号を使う。次に書き出すと番号が変わりうる",
    )
    return Line("id", {"row_number": True}, checks=(check,))


def _made(fields: Mapping[str, Found]) -> Line:
    """Return an id of what tells two activities apart."""
    columns = [fields[name].column for name in _MADE_OF if name in fields]
    if len(columns) < 2:
        # The table lacks what it needs, and is only shown.
        return Line("id", {"row_number": True})
    rows = Counter(zip(*(column.cells for column in columns), strict=True))
    equal = sum(count - 1 for count in rows.values())
    checks = [
        Label(
            "no column of ids: rows that are equal in these columns count once",
            "IDの列がないので、これらの列がすべて同じ行は1件と数える",
        )
    ]
    if equal:
        checks.append(
            Label(
                f"{equal} do; {{ row_number = true }} counts each of them",
                f"先頭の行のうち{equal}件。それぞれ数えるなら {{ row_number = true }}",
            )
        )
    return Line("id", {"columns": [one.name for one in columns]}, checks=tuple(checks))
