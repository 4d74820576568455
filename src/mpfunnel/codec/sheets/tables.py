"""The cells of a sheet → the plain data of a table, with the cell of each of its parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any, Final, TypeVar, cast

from attrs import field, frozen, mutable

from mpfunnel.codec.conditions import Vocabulary, condition_data, day_of
from mpfunnel.codec.sheets.grid import Cells, Grid
from mpfunnel.codec.sheets.headers import (
    AT_LEAST,
    BECAUSE,
    CARD,
    IF_UNKNOWN,
    KEY,
    POINTS,
    Column,
    Headers,
)
from mpfunnel.codec.sheets.texts import read_text
from mpfunnel.codec.sheets.units import folded
from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.files import FORMULA
from mpfunnel.labels import Label
from mpfunnel.rules import cells
from mpfunnel.rules.cells import Cell
from mpfunnel.rules.conditions import All, Condition
from mpfunnel.rules.facts import Fact

__all__ = ["OTHERWISE", "Read", "Wanted", "read_table"]

OTHERWISE: Final = "otherwise"
"""The key of the row that says what holds where no rule does."""
_TIER: Final = re.compile(r"(?:tier\s?)?([0-9]{1,9})")
T = TypeVar("T")
_INTEGER: Final = re.compile("[+-]?[0-9]{1,19}")
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
        card: Whether it is a scorecard, and no table of rules.
    """

    path: str
    outcome: str
    words: Vocabulary
    currency: str
    labels: Mapping[str, Label]
    card: bool = False


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


def read_table(grid: Grid, wanted: Wanted) -> Read:
    """Return the table that a sheet holds: one row a rule, or an item or band of a scorecard.

    Every fault is among the problems of what is returned, each at its cell.
    """
    read = Read(notes=[*grid.notes])
    rows = [_Row(grid, number, cells) for number, cells in grid.rows.items()]
    if not rows:
        read.fault("empty", grid.name, "is empty; the first row must name the columns")
        return read
    columns = _columns(rows[0], wanted, read)
    if columns is not None:
        reader = _Scorecard if wanted.card else _Rules
        reader(wanted, columns, read).read(rows[1:])
    return read


def _columns(header: _Row, wanted: Wanted, read: Read) -> dict[int, Column] | None:
    """Return what each column is about; `None` where the rows cannot be told by them."""
    headers = Headers(wanted.words, wanted.outcome, wanted.currency, wanted.card)
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
    needed = (wanted.outcome, *((POINTS, AT_LEAST) if wanted.card else ()))
    for name in needed:
        if name not in own:
            message = f"has no column '{name}'"
            read.fault("missing", f"{header.grid.name}!{header.number}", message)
    if BECAUSE in own and len({one for one in own if one.startswith(BECAUSE)}) > 1:
        message = f"is for both languages; name '{BECAUSE} (en)' and '{BECAUSE} (ja)' only"
        read.fault("conflict", header.at(own[BECAUSE]), message)
    # Without keys it cannot be told which row is the last one: the column may be the faulty one.
    readable = KEY in own or len(read.problems) == known
    return columns if readable and own.keys() >= {*needed} else None


class _Rules:
    """Reads the rows below the header, one rule each."""

    lists: tuple[str, ...] = ("rules",)

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
        self.result.data |= {name: [] for name in self.lists}
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
                self._add(row)

    def _add(self, row: _Row) -> None:
        """Add what a row says."""
        outcome = self.wanted.outcome
        path = self._next("rules", row, outcome)
        rule = {} if (value := self._outcome(row)) is None else {outcome: value}
        self.result.data["rules"].append(rule | self._reasoned(row, path, outcome))

    def _next(self, name: str, row: _Row, own: str) -> str:
        """Return the path of what comes next in a list; what it lacks is told at a cell of it."""
        path = f"{self.wanted.path}.{name}[{len(self.result.data[name])}]"
        for at in (path, f"{path}.{own}", f"{path}.when"):
            self._place(at, row, own)
        return path

    def _reasoned(self, row: _Row, path: str, own: str) -> dict[str, Any]:
        """Return what rules and items have: a key, a condition and a reason."""
        rule: dict[str, Any] = {}
        self._place(f"{path}.key", row, KEY if KEY in self.own else own)
        if key := self._text(row, KEY):
            rule["key"] = key
        rule["when"] = condition_data(self._condition(row, path), self.wanted.words)
        if (because := self._because(row, f"{path}.because")) is not None:
            rule["because"] = because
        return rule

    def _otherwise(self, row: _Row) -> None:
        path = f"{self.wanted.path}.{OTHERWISE}"
        self._place(path, row, self.wanted.outcome)
        beside = [*self.facts, *(self.own[name] for name in CARD if name in self.own)]
        self._blank(row, beside, f"'{OTHERWISE}' is what holds where nothing else does")
        value = self._outcome(row)
        if value is None:
            self.result.fault("missing", row.at(self.own[self.wanted.outcome]), "is blank")
        else:
            self.result.data[OTHERWISE] = value
        if (because := self._because(row, f"{path}_because")) is not None:
            self.result.data[f"{OTHERWISE}_because"] = because

    def _blank(self, row: _Row, places: Iterable[int], why: str) -> None:
        for place in places:
            if row.cells[place].strip() not in _NOTHING:
                self.result.fault("contradiction", row.at(place), f"must be blank: {why}")

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
            for name in _names(self.wanted.words, cast("Fact", column.fact)):
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


class _Scorecard(_Rules):
    """Reads the rows below the header, one item or band each."""

    lists = ("items", "bands")

    def _add(self, row: _Row) -> None:
        if row.cells[self.own[AT_LEAST]].strip():
            self._band(row)
            return
        path = self._next("items", row, POINTS)
        item: dict[str, Any] = {}
        for own in (POINTS, IF_UNKNOWN):
            if own in self.own and (text := self._text(row, own)):
                self._place(f"{path}.{own}", row, own)
                item[own] = _whole(text)
        self._blank(row, [self.own[self.wanted.outcome]], "the bands say which Tier points give")
        self.result.data["items"].append(item | self._reasoned(row, path, POINTS))

    def _band(self, row: _Row) -> None:
        outcome = self.wanted.outcome
        path = self._next("bands", row, outcome)
        self._place(f"{path}.{AT_LEAST}", row, AT_LEAST)
        own = [place for name, place in self.own.items() if name not in (outcome, AT_LEAST)]
        self._blank(row, [*self.facts, *own], "a band has a total and an outcome alone")
        band: dict[str, Any] = {AT_LEAST: _whole(self._text(row, AT_LEAST))}
        value = self._outcome(row)
        self.result.data["bands"].append(band if value is None else {**band, outcome: value})


def _whole(text: str) -> int | str:
    """Return the integer of 64 bits that a text is; else the text, for the reader to name."""
    plain = folded(text.removeprefix("'"))
    number = int(plain) if _INTEGER.fullmatch(plain) else None
    return text if number is None or not -(2**63) <= number < 2**63 else number


def _by_label(labels: Mapping[str, Label]) -> dict[str, list[str]]:
    """Return the keys by what people call them."""
    found: dict[str, list[str]] = {}
    for key, label in labels.items():
        for name in {folded(label.en), folded(label.ja), folded(key)}:
            found.setdefault(name, []).append(key)
    return found


def _names(words: Vocabulary, fact: Fact) -> tuple[str, str]:
    """Return how a path names a fact: as the file does, and in full."""
    return words.name(fact), fact.name
