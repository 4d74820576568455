"""What a file holds, and which of its columns is what: by their names, and then by their cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from attrs import Factory, field, frozen

from mpfunnel.labels import Label
from mpfunnel.sources.kinds import KINDS
from mpfunnel.sources.proposing.fitting import Fit, fitted, looks_like
from mpfunnel.sources.proposing.names import (
    GENERIC,
    HEADS,
    TELLING,
    aside_of,
    fields_by_key,
    key_of,
    unit_of,
    words_of,
)
from mpfunnel.sources.proposing.samples import Sample

__all__ = ["NEEDED", "Column", "Found", "Guess", "Sheet", "guessed"]

NEEDED: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "products": (),
    "companies": (),
    "leads": (),
    "activities": (("lead_id", "email"), ("at",)),
    "deals": (("company_id",), ("opened_at",)),
    "contracts": (("company_id",), ("product_id",), ("start",)),
    "sales_events": (("lead_id",), ("kind",), ("at",)),
}
"""Of which fields a file must have a column, or one of several; the rest can be made up for."""

_BY_FILE_NAME: Final = 6
"""How much the name of a file tells."""
_LACKING: Final = 8
"""How much it tells against a record kind that the file lacks a column that it needs."""
_LEAST: Final = 4
"""So much must be told of a kind before it is believed."""
_SURE, _WEAK = 2, 1
_LITTLE: Final = 0.25
_ADDRESS: Final = re.compile(r"[^@\s<>]+[@＠][^@\s<>]+\.[^@\s<>.]+")
_HISTORY: Final = frozenset({"name", "value"})
"""The columns of a file with a row for each change of a property."""
_CHANGED: Final = re.compile(r"sync|modif|updat|更新|同期")
_HOST: Final = re.compile(r"(https?://)?([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", re.IGNORECASE)
_YEARS: Final = re.compile(r"(最新|連結|単体|前期|今期|年度|年|期|fy|\d+)+$")


@frozen
class Column:
    """One column of a file.

    Attributes:
        name: As its header has it.
        cells: Its cells in the first rows.
        key: What its name is compared by, without its unit.
        unit: The unit of its header; empty for one, and `None` where it states none.
    """

    name: str
    cells: tuple[str, ...] = field(repr=False)
    key: str
    unit: str | None = None


@frozen
class Sheet:
    """A file, or several of one form.

    Attributes:
        samples: The first rows of each.
        columns: Their columns; those whose name is blank, or stands there twice, left out.
        unnamed: The names that were left out.
    """

    samples: tuple[Sample, ...]
    columns: tuple[Column, ...]
    unnamed: tuple[str, ...]

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> Sheet:
        """Return what samples of one form hold together."""
        header = samples[0].header
        columns: list[Column] = []
        unnamed: list[str] = []
        for place, name in enumerate(header):
            if not name.strip() or header.count(name) > 1:
                unnamed.append(name)
                continue
            cells = tuple(cell for one in samples for cell in one.columns[place])
            base, unit = unit_of(name)
            # A known name is one, whatever its end looks like.
            known = any(key_of(name) in fields_by_key(kind) for kind in TELLING)
            columns.append(Column(name, cells, key_of(name if known else base), unit))
        return cls(tuple(samples), tuple(columns), tuple(dict.fromkeys(unnamed)))

    @property
    def whole(self) -> bool:
        """Whether these are all rows."""
        return all(one.whole for one in self.samples)


@frozen
class Found:
    """The column of a field.

    Attributes:
        column: The column.
        fit: How its cells are read.
        checks: What a person has to check.
    """

    column: Column
    fit: Fit = Factory(Fit)
    checks: tuple[Label, ...] = ()


@frozen
class Guess:
    """What a file is taken for.

    Attributes:
        kind: The record kind; empty where nothing tells it.
        fields: The column of each field that has one.
        unfit: Columns that are called like a field, and cannot be read as one.
        checks: What a person has to check of the whole.
        score: How much tells of the kind.
    """

    kind: str
    fields: Mapping[str, Found] = field(factory=dict[str, Found])
    unfit: Mapping[str, tuple[str, Fit]] = field(factory=dict[str, tuple[str, Fit]])
    checks: tuple[Label, ...] = ()
    score: float = 0.0

    @property
    def lacking(self) -> list[str]:
        """The fields that the kind needs, and that no column was found for."""
        needed = NEEDED.get(self.kind, ())
        return [ways[0] for ways in needed if not any(way in self.fields for way in ways)]


def guessed(sheet: Sheet, told: str = "") -> Guess:
    """Return what a file is taken for.

    Args:
        sheet: The file.
        told: The record kind, where a person has told it.
    """
    if told:
        return _guess(sheet, told)
    if {column.key for column in sheet.columns} >= _HISTORY:
        why = Label(
            "a history of properties? company_facts read such a file",
            "プロパティーの履歴なら company_facts で読む",
        )
        return Guess("", checks=(why,))
    by_name = _kinds_by_name(sheet.samples)
    guesses = [_guess(sheet, kind, by_name) for kind in TELLING]
    best = max(guesses, key=lambda guess: guess.score)
    if best.score < _LEAST or not best.fields:
        return Guess("")
    checks: list[Label] = []
    near = [one.kind for one in guesses if one is not best and best.score - one.score < 2]
    if near:
        others = ", ".join(near)
        checks.append(
            Label(
                f"these are {best.kind}? it may also be {others}",
                f"{best.kind} でよいか（{others} とも読める）",
            )
        )
    elif best.score - (_BY_FILE_NAME if best.kind in by_name else 0) < _LEAST:
        checks.append(
            Label(
                f"these are {best.kind}? only the name of the file says so",
                f"{best.kind} でよいか（ファイル名だけで判断した）",
            )
        )
    return Guess(best.kind, best.fields, best.unfit, tuple(checks), best.score)


def _kinds_by_name(samples: Iterable[Sample]) -> set[str]:
    """Return the record kind that the names of files speak of; none where they speak of several."""
    found = {
        kind
        for one in samples
        for kind, words in words_of("files").items()
        if any(word in one.path.name.casefold() for word in words)
    }
    return found if len(found) == 1 else set()


def _guess(sheet: Sheet, kind: str, kinds_by_name: Iterable[str] = ()) -> Guess:
    named = _by_names(sheet.columns, kind)
    fields: dict[str, Found] = {}
    unfit: dict[str, tuple[str, Fit]] = {}
    by_name = kind in kinds_by_name
    score = float(_BY_FILE_NAME if by_name else 0)
    for name, (column, strength) in named.items():
        found = _fitting(kind, name, column, strength)
        if found is None:
            unfit[column.name] = (name, _fit(kind, name, column))
            continue
        fields[name] = found
        part = _LITTLE if column.key in GENERIC else strength / _SURE
        score += TELLING[kind].get(name, 1) * part
    _by_cells(sheet.columns, kind, fields, {column.name for column, _s in named.values()})
    # A column that is called so, but cannot be read as it is, is there all the same.
    there = {name for name, _fit in unfit.values()}
    lacking = len(set(Guess(kind, fields).lacking) - there)
    told = {name for name, found in fields.items() if by_name or found.column.key not in GENERIC}
    if not told - {"id"}:
        # Many a table has an id and a name.
        lacking += 1
    return Guess(kind, fields, unfit, (), score - _LACKING * lacking)


# -- by names --


def _by_names(columns: Sequence[Column], kind: str) -> dict[str, tuple[Column, int]]:
    """Return the column of each field by its name, and how well the name tells it."""
    known = fields_by_key(kind)
    ways: list[tuple[bool, int, int, int, str]] = []
    for place, column in enumerate(columns):
        if column.key in known:
            part, strength = column.key, _SURE
        else:
            aside = key_of(aside_of(column.name))
            part = _end(column.key, known) or (aside if aside in known else "")
            strength = _WEAK
        for name, rank in known[part] if part else ():
            unlike = name == "id" and not _tells_apart(column)
            ways.append((unlike, -strength, rank, place, name))
    found: dict[str, tuple[Column, int]] = {}
    taken: set[int] = set()
    # The surest first, then the names that are preferred, then the first in the file.
    for _unlike, strength, _rank, place, name in sorted(ways):
        if name not in found and place not in taken:
            found[name] = (columns[place], -strength)
            taken.add(place)
    return found


def _tells_apart(column: Column) -> bool:
    """Whether nearly every row has an id of its own."""
    different = {cell for cell in column.cells if cell.strip()}
    return len(different) * 10 >= len(column.cells) * 9


def _end(key: str, known: Iterable[str]) -> str:
    """Return the longest known name with which a key ends; it must be most of it."""
    plain = _YEARS.sub("", key)
    least = 5 if plain.isascii() else 3
    ends = [one for one in known if (len(one) >= least or one in HEADS) and plain.endswith(one)]
    longest = max(ends, key=len, default="")
    return longest if len(longest) * 2 >= len(plain) else ""


# -- by cells --


def _by_cells(
    columns: Sequence[Column], kind: str, fields: dict[str, Found], taken: set[str]
) -> None:
    """Add what only the cells of a column tell."""
    left = [column for column in columns if column.name not in taken]
    if kind in ("leads", "activities") and not fields.keys() & {"email", "lead_id"}:
        _add_first(
            fields,
            "email",
            [one for one in left if looks_like(one.cells, _ADDRESS)],
            Label("only the cells look like mail addresses", "値がメールアドレスに見える"),
        )
    if kind == "companies" and "domains" not in fields:
        _add_first(
            fields,
            "domains",
            [one for one in left if looks_like(one.cells, _HOST)],
            Label("only the cells look like domains", "値がドメインに見える"),
        )
    if kind == "activities" and fields and "at" not in fields:
        asked = [one for one in left if not _CHANGED.search(one.key) and _may_be_days(one)]
        fits = {one.name: fitted(KINDS[kind], "at", one.cells) for one in asked}
        days = [one for one in asked if (fit := fits[one.name]).cells and fit.well]
        if len(days) == 1:
            why = Label("the only column of days", "日付の列はこれだけ")
            fields["at"] = Found(days[0], fits[days[0].name], (why,))


def _may_be_days(column: Column) -> bool:
    """Whether it is worth while to try: days take some digits."""
    first = next((cell for cell in column.cells if cell.strip()), "")
    return sum(letter.isdigit() for letter in first) >= 6


def _add_first(fields: dict[str, Found], name: str, columns: Sequence[Column], why: Label) -> None:
    if columns:
        fields[name] = Found(columns[0], checks=(why,))


def _fit(kind: str, name: str, column: Column) -> Fit:
    slot = KINDS[kind].slots.get(name)
    if slot is None or slot.options:
        # Words of its own, which are translated.
        return Fit()
    wanted = {"money": column.unit != "percent", "float": column.unit == "percent"}
    known = {"unit": column.unit} if column.unit and wanted.get(slot.type, False) else {}
    return fitted(KINDS[kind], name, column.cells, known)


def _fitting(kind: str, name: str, column: Column, strength: int) -> Found | None:
    """Return the column of a field with how it is read; `None` where it cannot be."""
    fit = _fit(kind, name, column)
    checks: list[Label] = []
    if not fit.well:
        return None
    if strength == _WEAK:
        checks.append(Label("by a part of its name", "列名の一部から判断した"))
    return Found(column, fit, tuple(checks))
