"""The cells of a sheet → the plain data of a table of rules, with the cell of each of its parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import Any, Final, TypeVar

from attrs import field, frozen, mutable

from mpfunnel.codec.conditions import Vocabulary, condition_data, day_of
from mpfunnel.codec.sheets.grid import Cells, Grid
from mpfunnel.codec.sheets.headers import BECAUSE, KEY, Column, Headers
from mpfunnel.codec.sheets.texts import read_text
from mpfunnel.codec.sheets.units import folded
from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.files import FORMULA
from mpfunnel.labels import Label
from mpfunnel.rules import cells
from mpfunnel.rules.cells import Cell
from mpfunnel.rules.conditions import All, Condition
from mpfunnel.rules.facts import Fact

__all__ = ["OTHERWISE", "Read", "Wanted", "read_rules"]

OTHERWISE: Final = "otherwise"
"""The key of the row that says what holds where no rule does."""
_TIER: Final = re.compile(r"(?:tier\s?)?([0-9]{1,9})")
T = TypeVar("T")
_NOTHING: Final = ("", "-")


@frozen
class Wanted:
    """What a sheet has to be read as.

    Attributes:
        path: Where the table stands in the playbook: ``"tiers.crm"``.
        outcome: The key of its outcome: ``"tier"``.
        words: The facts that it may name.
        currency: ISO 4217 code of the playbook's money.
        labels: The keys of outcomes that are declared, with what people call them.
    """

    path: str
    outcome: str
    words: Vocabulary
    currency: str
    labels: Mapping[str, Label]


@mutable
class Read:
    """What a sheet says.

    Attributes:
        data: The keys of the table that the sheet holds: ``rules``, ``otherwise`` ….
        places: How messages name the cell of each path of the playbook.
        problems: What cannot be read.
        notes: What was read in another way than it was typed.
    """

    data: dict[str, Any] = field(factory=dict[str, Any])
    places: dict[str, str] = field(factory=dict[str, str])
    problems: list[Problem] = field(factory=list[Problem])
    notes: list[Problem] = field(factory=list[Problem])

    def fault(self, code: str, path: str, message: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(code, path, message))

    def tried(self, path: str, make: Callable[..., T], *given: Any, **more: Any) -> T | None:
        """Return what `make` makes; `None`, and its problems at `path`, where it refuses."""
        try:
            return make(*given, **more)
        except InvalidDataError as error:
            for problem in error.problems:
                self.fault(problem.code, path, problem.message)
            return None


@frozen
class _Row:
    """One row of a sheet."""

    grid: Grid
    number: int
    cells: Cells

    def at(self, place: int) -> str:
        return self.grid.at(self.number, place)


def read_rules(grid: Grid, wanted: Wanted) -> Read:
    """Return the rules that a sheet holds: one row a rule, in their order.

    Every fault is among the problems of what is returned, each at its cell.
    """
    read = Read(notes=[*grid.notes])
    rows = [_Row(grid, number, cells) for number, cells in grid.rows.items()]
    if not rows:
        read.fault("empty", grid.name, "is empty; the first row must name the columns")
        return read
    columns = _columns(rows[0], wanted, read)
    if columns is not None:
        _Rules(wanted, columns, read).read(rows[1:])
        read.places |= {wanted.path: grid.name, f"{wanted.path}.rules": grid.name}
    return read


def _columns(header: _Row, wanted: Wanted, read: Read) -> dict[int, Column] | None:
    """Return what each column is about; `None` where the rows cannot be told by them."""
    headers = Headers(wanted.words, wanted.outcome, wanted.currency)
    known = len(read.problems)
    columns: dict[int, Column] = {}
    own: dict[str, int] = {}
    for place, text in enumerate(header.cells):
        if not text.strip():
            continue
        at = header.at(place)
        column = read.tried(at, headers.column, text)
        # The cells of one that is not known are left alone; those beside it are read all the same.
        columns[place] = column or Column()
        if column is None:
            continue
        if column.own and own.setdefault(column.own, place) != place:
            first = header.at(own[column.own])
            read.fault("duplicate", at, f"names the column '{column.own}' again, as {first} does")
            columns[place] = Column()
    if wanted.outcome not in own:
        message = f"has no column '{wanted.outcome}'"
        read.fault("missing", f"{header.grid.name}!{header.number}", message)
    if BECAUSE in own and len({one for one in own if one.startswith(BECAUSE)}) > 1:
        message = f"is for both languages; name '{BECAUSE} (en)' and '{BECAUSE} (ja)' only"
        read.fault("conflict", header.at(own[BECAUSE]), message)
    # Without keys it cannot be told which row is the last one: the column may be the faulty one.
    readable = KEY in own or len(read.problems) == known
    return columns if wanted.outcome in own and readable else None


class _Rules:
    """Reads the rows below the header."""

    def __init__(self, wanted: Wanted, columns: Mapping[int, Column], result: Read) -> None:
        self.wanted = wanted
        self.result = result
        self.own = {column.own: place for place, column in columns.items() if column.own}
        self.facts = {place: one for place, one in columns.items() if one.fact is not None}
        self.columns = columns
        # Most cells of a column hold what others of it hold.
        self._cells: dict[tuple[int, str], Cell] = {}
        self._keys = _by_label(wanted.labels)

    def read(self, rows: list[_Row]) -> None:
        rules: list[dict[str, Any]] = []
        ended = ""
        for row in rows:
            self._nothing_beside(row)
            if ended:
                message = f"stands below '{OTHERWISE}' in {ended}, so that it is never asked"
                self.result.fault("contradiction", f"{row.grid.name}!{row.number}", message)
            if self._text(row, KEY) == OTHERWISE:
                ended = f"row {row.number}"
                self._otherwise(row)
            else:
                rules.append(self._rule(row, f"{self.wanted.path}.rules[{len(rules)}]"))
        self.result.data["rules"] = rules

    def _rule(self, row: _Row, path: str) -> dict[str, Any]:
        rule: dict[str, Any] = {}
        outcome = self.wanted.outcome
        # What a row lacks is told at the cell of its outcome.
        self._place(path, row, outcome)
        self._place(f"{path}.when", row, outcome)
        if (value := self._outcome(row)) is not None:
            self._place(f"{path}.{outcome}", row, outcome)
            rule[outcome] = value
        self._place(f"{path}.key", row, KEY if KEY in self.own else outcome)
        if key := self._text(row, KEY):
            rule["key"] = key
        rule["when"] = condition_data(self._condition(row, path), self.wanted.words)
        if (because := self._because(row, f"{path}.because")) is not None:
            rule["because"] = because
        return rule

    def _otherwise(self, row: _Row) -> None:
        path = f"{self.wanted.path}.{OTHERWISE}"
        self._place(path, row, self.wanted.outcome)
        for place in self.facts:
            if row.cells[place].strip() not in _NOTHING:
                message = f"must be blank: '{OTHERWISE}' is what holds where no rule does"
                self.result.fault("contradiction", row.at(place), message)
        value = self._outcome(row)
        if value is None:
            self.result.fault("missing", row.at(self.own[self.wanted.outcome]), "is blank")
        else:
            self.result.data[OTHERWISE] = value
        if (because := self._because(row, f"{path}_because")) is not None:
            self.result.data[f"{OTHERWISE}_because"] = because

    def _place(self, path: str, row: _Row, own: str) -> None:
        self.result.places[path] = row.at(self.own[own])

    def _text(self, row: _Row, own: str) -> str:
        return read_text(row.cells[self.own[own]]) if own in self.own else ""

    def _nothing_beside(self, row: _Row) -> None:
        for place, text in enumerate(row.cells):
            if text.strip() and place not in self.columns:
                message = "stands in a column without a name; name it in the header"
                self.result.fault("unknown-key", row.at(place), message)

    def _condition(self, row: _Row, path: str) -> Condition:
        parts: list[Condition] = []
        for place, column in self.facts.items():
            cell = self._cell(row, place, column)
            if cell is None or cell.condition is None:
                continue
            parts.append(cell.condition)
            for name in _names(self.wanted.words, column.fact):
                self.result.places.setdefault(f"{path}.when.{name}", row.at(place))
            # A day that Excel knows as one is canonical.
            if cell.note and day_of(row.cells[place]) is None:
                self.result.notes.append(Problem("folded", row.at(place), cell.note))
        return reduce(lambda one, other: one & other, parts) if parts else All(())

    def _cell(self, row: _Row, place: int, column: Column) -> Cell | None:
        text = row.cells[place]
        if text.startswith("'") and text[1:].startswith(FORMULA):
            # So a CSV file says of a negative number that it is no formula.
            text = text[1:]
        if (known := self._cells.get((place, text))) is not None:
            return known
        if column.unit != 1 and (row.number, place) in row.grid.percents:
            message = f"is shown in percent under a header in percent: {brief(text)} can mean"
            message += " that, or a hundredth of it; format the cell as a number"
            self.result.fault("ambiguous", row.at(place), message)
            return None
        cell = self.result.tried(row.at(place), cells.read, text, column.fact, unit=column.unit)
        if cell is not None:
            self._cells[place, text] = cell
        return cell

    def _outcome(self, row: _Row) -> Any:
        """Return the outcome of a row; `None` where its cell is blank."""
        cell = row.cells[self.own[self.wanted.outcome]].strip()
        text = read_text(cell)
        if not text:
            return None
        if self.wanted.outcome == "tier":
            number = _TIER.fullmatch(folded(text))
            return text if number is None else int(number[1])
        if cell != text or text in self.wanted.labels:
            return text
        keys = self._keys.get(folded(text), ())
        if len(keys) > 1:
            message = f"{brief(text)} can mean {' or '.join(map(brief, keys))}; write one of them"
            self.result.fault("ambiguous", row.at(self.own[self.wanted.outcome]), message)
        return keys[0] if keys else text

    def _because(self, row: _Row, path: str) -> Any:
        """Return the reason of a row as plain data; `None` where its cells are blank."""
        texts = {own: self._text(row, own) for own in self.own if own.startswith(BECAUSE)}
        for own in texts:
            lang = own.removeprefix(BECAUSE).strip(" ()")
            self._place(f"{path}.{lang}" if lang else path, row, own)
        if texts.get(BECAUSE):
            return texts[BECAUSE]
        found = {own[-3:-1]: text for own, text in texts.items() if text}
        return found or None


def _by_label(labels: Mapping[str, Label]) -> dict[str, list[str]]:
    """Return the keys by what people call them."""
    found: dict[str, list[str]] = {}
    for key, label in labels.items():
        for name in {folded(label.en), folded(label.ja), folded(key)}:
            found.setdefault(name, []).append(key)
    return found


def _names(words: Vocabulary, fact: Fact | None) -> Iterator[str]:
    """Yield how a path names a fact: as the file does, and in full."""
    if fact is not None:
        yield words.name(fact)
        yield fact.name
