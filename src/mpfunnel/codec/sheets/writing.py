"""The plain data of a table of rules, or of a scorecard → the cells of a sheet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from attrs import frozen

from mpfunnel.codec.conditions import ConditionCheck
from mpfunnel.codec.sheets.grid import MAX_COLUMNS, MAX_LETTERS, MAX_ROWS, address
from mpfunnel.codec.sheets.headers import (
    AT_LEAST,
    BECAUSE,
    CARD,
    IF_UNKNOWN,
    KEY,
    POINTS,
    Headers,
    fact_header,
    own_header,
)
from mpfunnel.codec.sheets.tables import OTHERWISE, Wanted
from mpfunnel.codec.sheets.texts import quoted, write_text
from mpfunnel.codec.sheets.units import MONEY, folded
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.rules import cells
from mpfunnel.rules.conditions import Compare, Condition, ContainsAny, IsIn, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.tiers import LOWEST

__all__ = ["Sheet", "SheetColumn", "sheet_of"]

MILLION: Final = 1_000_000
_REASONS: Final = (f"{BECAUSE} (ja)", f"{BECAUSE} (en)")


@frozen
class SheetColumn:
    """A column of a sheet that is written.

    Attributes:
        header: What stands above it.
        fact: The fact that its cells ask about; `None` in a column of the table's own.
        own: The key of a column that every table has; blank for that of a fact.
        choices: Texts that a person may pick for a cell; empty where they cannot be listed.
    """

    header: str
    fact: Fact | None = None
    own: str = ""
    choices: tuple[str, ...] = ()


@frozen
class Sheet:
    """A sheet that is written: the columns, and the rows below the header."""

    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[str, ...], ...]


@frozen
class _Line:
    """A row that is written: its conditions, and the texts of its other cells by their column."""

    own: Mapping[str, str]
    parts: tuple[tuple[Fact, Condition], ...] = ()


def sheet_of(data: Mapping[str, Any], wanted: Wanted, joint: str) -> Sheet:
    """Return a table of rules, or a scorecard, as a sheet that reads back as the same.

    Args:
        data: The table as plain data.
        wanted: What the sheet will be read as.
        joint: What stands between the names in a header.

    Raises:
        InvalidDataError: A condition asks about several facts at once, or the table is larger than
            a sheet may be (code ``cell``, or ``size``).
    """
    name = "items" if wanted.card else "rules"
    outcome = wanted.outcome
    problems: list[Problem] = []
    lines: list[_Line] = []
    for index, rule in enumerate(data[name]):
        when = ConditionCheck().condition(rule["when"], "", wanted.words)
        try:
            parts = cells.columns(when)
        except InvalidDataError as error:
            at = f"{wanted.path}.{name}[{index}].when"
            problems += [Problem(one.code, at, one.message) for one in error.problems]
            continue
        own = {KEY: write_text(rule[KEY]), **_because(rule.get(BECAUSE))}
        own |= {key: str(rule[key]) for key in (POINTS, IF_UNKNOWN) if key in rule}
        if outcome in rule:
            own[outcome] = _outcome(rule[outcome], wanted)
        lines.append(_Line(own, parts))
    if problems:
        raise InvalidDataError(problems)
    lines += [
        _Line({AT_LEAST: str(band[AT_LEAST]), outcome: _outcome(band[outcome], wanted)})
        for band in data.get("bands", ())
    ]
    because = _because(data.get(f"{OTHERWISE}_because"))
    lines.append(_Line({KEY: OTHERWISE, outcome: _outcome(data[OTHERWISE], wanted), **because}))
    return _laid_out(lines, wanted, joint)


def _laid_out(lines: list[_Line], wanted: Wanted, joint: str) -> Sheet:
    asked = [line.parts for line in lines]
    slots = _slots(asked)
    units = _units(asked)
    headers = Headers(wanted.words, wanted.outcome, wanted.currency, wanted.card)
    after = (*(CARD if wanted.card else ()), wanted.outcome, *_REASONS)
    columns = [
        SheetColumn(own_header(KEY, joint), own=KEY),
        *(
            SheetColumn(
                fact_header(headers, fact, units.get(fact, 1), joint), fact, choices=_choices(fact)
            )
            for fact in slots
        ),
        *(
            SheetColumn(
                own_header(own, joint),
                own=own,
                choices=_outcomes(wanted) if own == wanted.outcome else (),
            )
            for own in after
        ),
    ]
    rows = [
        (
            line.own.get(KEY, ""),
            *_conditions(line.parts, slots, units),
            *(line.own.get(own, "") for own in after),
        )
        for line in lines
    ]
    _check_size(rows, columns, wanted.path)
    return Sheet(tuple(columns), tuple(rows))


def _slots(asked: Iterable[tuple[tuple[Fact, Condition], ...]]) -> list[Fact]:
    """Return the columns in which every row finds its conditions in their order.

    The order of conditions is a part of the rule: where rows ask in different orders, a fact has
    several columns.
    """
    slots: list[Fact] = []
    for parts in asked:
        at = 0
        for index, (fact, _) in enumerate(parts):
            place = _later(slots, fact, at)
            if place is None:
                after = (_later(slots, other, at) for other, _ in parts[index + 1 :])
                place = next((one for one in after if one is not None), len(slots))
                slots.insert(place, fact)
            at = place + 1
    return slots


def _later(slots: list[Fact], fact: Fact, at: int) -> int | None:
    """Return the first column of a fact from `at` on; `None` where there is none."""
    return next((place for place in range(at, len(slots)) if slots[place] == fact), None)


def _conditions(
    parts: tuple[tuple[Fact, Condition], ...], slots: list[Fact], units: Mapping[Fact, int]
) -> list[str]:
    row = ["" for _ in slots]
    at = 0
    for fact, condition in parts:
        while slots[at] != fact:
            at += 1
        row[at] = cells.write(condition, fact, unit=units.get(fact, 1))
        at += 1
    return row


def _units(asked: Iterable[tuple[tuple[Fact, Condition], ...]]) -> dict[Fact, int]:
    """Return the unit of money: millions, as people read it, where all amounts are whole ones."""
    amounts: dict[Fact, list[Any]] = {}
    for parts in asked:
        for fact, condition in parts:
            if fact.name == MONEY:
                amounts.setdefault(fact, []).extend(_values(condition))
    return {
        fact: MILLION
        for fact, values in amounts.items()
        if values and all(value % MILLION == 0 for value in values)
    }


def _values(condition: Condition) -> Iterable[int | Decimal]:
    for node in walk(condition):
        match node:
            case Compare(_, _, value):
                yield value
            case IsIn(_, values):
                yield from values
            case _:
                pass


def _outcome(value: Any, wanted: Wanted) -> str:
    """Return the cell of an outcome; in quotes where a label of another one is the same."""
    if isinstance(value, int):
        return str(value)
    others = [
        key
        for key, label in wanted.labels.items()
        if key != value and folded(value) in (folded(label.en), folded(label.ja), folded(key))
    ]
    if value not in wanted.labels and others:
        return quoted(value)
    return write_text(value)


def _because(label: Any) -> dict[str, str]:
    """Return the cells of a reason in Japanese and English."""
    if label is None:
        return {}
    texts = (label, label) if isinstance(label, str) else (label["ja"], label["en"])
    return dict(zip(_REASONS, map(write_text, texts), strict=True))


def _choices(fact: Fact) -> tuple[str, ...]:
    if fact.kind == "bool":
        return "true", "false"
    if fact.kind == "level" and fact.scale is not None:
        return tuple(cells.write(Compare(fact, "==", key), fact) for key in fact.scale.keys)
    if fact.kind == "set" and fact.labels:
        return tuple(cells.write(ContainsAny(fact, (key,)), fact) for key in fact.labels)
    return ()


def _outcomes(wanted: Wanted) -> tuple[str, ...]:
    if wanted.outcome == "tier":
        return tuple(str(number) for number in range(1, LOWEST + 1))
    return tuple(_outcome(key, wanted) for key in wanted.labels)


def _check_size(rows: list[tuple[str, ...]], columns: list[SheetColumn], path: str) -> None:
    """Refuse what is larger than a sheet may be.

    Raises:
        InvalidDataError: It is.
    """
    problems: list[Problem] = []
    if len(rows) >= MAX_ROWS or len(columns) > MAX_COLUMNS:
        most = f"{MAX_ROWS:,} rows and {MAX_COLUMNS} columns"
        problems.append(Problem("size", path, f"is larger than a sheet of {most}"))
    problems += [
        Problem("size", path, f"fills {address(number, place)} with over {MAX_LETTERS:,} letters")
        for number, row in enumerate(rows, 2)
        for place, text in enumerate(row)
        if len(text) > MAX_LETTERS
    ]
    if problems:
        raise InvalidDataError(problems)
