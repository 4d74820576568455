"""How the cells of a column must be read to become a field: tried with the reader itself."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from attrs import evolve, field, fields_dict, frozen

from mpfunnel.records.checks import Check
from mpfunnel.sources.field_checks import FieldCheck
from mpfunnel.sources.kinds import Kind, Slot
from mpfunnel.sources.mapping import FieldMapping, Settings
from mpfunnel.sources.proposing.names import BLANKS, FALSES, TRUTHS
from mpfunnel.sources.values import STEPS, CellError, converter

__all__ = ["YEAR_FIRST", "Fit", "fitted", "flag_of", "looks_like"]

_Spec = dict[str, Any]

_TIMES: Final = ("", " %H:%M", " %H:%M:%S")
YEAR_FIRST: Final = (
    "iso",
    *(f"%Y{b}%m{b}%d{time}" for b in "/-." for time in _TIMES),
    *(f"%Y年%m月%d日{time}" for time in _TIMES),
    "%Y年%m月%d日 %H時%M分",
    "%Y/%m/%d %H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S UTC",
    "%Y-%m-%d %H:%M:%S.%f UTC",
)
"""Formats of days none of which reads what another one reads otherwise."""
_DAY_FIRST: Final = tuple(f"%d{b}%m{b}%Y{time}" for b in "/.-" for time in _TIMES)
_MONTH_FIRST: Final = tuple(f"%m{b}%d{b}%Y{time}" for b in "/.-" for time in _TIMES)

_CELLS: Final = 1_000
"""So many different cells of a column are tried."""
_NUMERIC: Final = ("int", "money", "float")
_TEXT_STEPS: Final[tuple[tuple[str, ...], ...]] = ((), ("strip",))
_STEPS: Final[tuple[tuple[str, ...], ...]] = ((), ("strip",), ("nfkc", "strip"))
_MARKS: Final[tuple[_Spec, ...]] = (
    {},
    {"thousands": ","},
    {"thousands": ".", "decimal_mark": ","},
    {"thousands": " ", "decimal_mark": ","},
)


@frozen
class Fit:
    """How the cells of a column are read as a field.

    Attributes:
        spec: What the mapping says beside the column.
        cells: How many cells are not blank.
        unread: The cells that cannot be read so, each once, and how often it is there.
        naive: Whether a cell is a time that states no zone.
        either: The formats of days between which nothing decides: day before month, or after it.
    """

    spec: _Spec = field(factory=dict[str, Any])
    cells: int = 0
    unread: Mapping[str, int] = field(factory=dict[str, int])
    naive: bool = False
    either: tuple[tuple[str, ...], ...] = ()

    @property
    def faulty(self) -> int:
        """How many cells cannot be read."""
        return sum(self.unread.values())

    @property
    def well(self) -> bool:
        """Whether nearly all cells can be read: all of a few but one, or nine of ten."""
        few = self.faulty == 1 and self.cells > 3
        return not self.either and (few or self.faulty * 10 <= self.cells)


def fitted(kind: Kind, name: str, cells: Iterable[str], known: _Spec | None = None) -> Fit:
    """Return how cells are best read as a field of a record kind.

    Args:
        kind: The record kind.
        name: The field.
        cells: The cells of a column.
        known: What the mapping says of the field already, for example its unit.
    """
    slot, check = kind.slots[name], _check(kind, name)
    all_counts = Counter(cell for cell in cells if cell.strip())
    counts = dict(islice(all_counts.items(), _CELLS))
    tried = [_read(slot, check, counts, {**(known or {}), **spec}) for spec in _specs(slot, counts)]
    best = min(tried, key=lambda fit: fit.faulty)
    if slot.type not in ("date", "instant") or not best.faulty:
        return best
    return _ordered(slot, check, counts, best)


def _specs(slot: Slot, counts: Mapping[str, int]) -> Iterator[_Spec]:
    """Yield what may be said of a field, the plainest first."""
    if slot.type == "text":
        for steps in _TEXT_STEPS:
            yield _stepped(steps)
        return
    marks = ({"date_formats": [*YEAR_FIRST]},) if slot.type in ("date", "instant") else _MARKS
    for mark in marks:
        for steps in _STEPS:
            blank = _blanks(counts, steps)
            yield {**_stepped(steps), **({"blank": blank} if blank else {}), **mark}


def _stepped(steps: Iterable[str]) -> _Spec:
    return {"normalise": [*steps]} if steps else {}


def _blanks(counts: Mapping[str, int], steps: tuple[str, ...]) -> list[str]:
    """Return the words among the cells that mean that nothing is known, after the steps."""
    found: set[str] = set()
    for cell in counts:
        text = cell
        for step in steps:
            text = STEPS[step](text)
        if unicodedata.normalize("NFKC", text).casefold() in BLANKS:
            found.add(text)
    return sorted(found)


def _ordered(slot: Slot, check: Check | None, counts: Mapping[str, int], year_first: Fit) -> Fit:
    """Return how days are read whose year stands last, if they are such."""
    both = [
        _read(slot, check, counts, {**year_first.spec, "date_formats": [*formats]})
        for formats in (_DAY_FIRST, _MONTH_FIRST)
    ]
    sound = [fit for fit in both if not fit.faulty]
    if len(sound) == 2:
        either = tuple(tuple(fit.spec["date_formats"]) for fit in sound)
        return evolve(sound[0], either=either)
    return sound[0] if sound else year_first


def _read(slot: Slot, check: Check | None, counts: Mapping[str, int], spec: _Spec) -> Fit:
    """Return what becomes of cells that are read as `spec` says; of formats, those needed."""
    convert = _converter(slot, spec, "UTC")
    blank = frozenset(spec.get("blank", ()))
    unread = {cell: count for cell, count in counts.items() if _fault(convert, check, cell)}
    if "date_formats" not in spec:
        stripped = slot.type == "text" and "normalise" not in spec
        if stripped and any(cell != cell.strip() for cell in counts):
            # Blanks around a text are no part of it: the next one to try drops them.
            unread = dict(counts)
        return Fit(spec, sum(counts.values()), unread)
    read = [cell for cell in counts if cell not in unread]
    needed: list[str] = []
    left = set(read)
    for form in spec["date_formats"]:
        one = _converter(slot, {**spec, "date_formats": [form]}, "UTC")
        fits = {cell for cell in left if not _fault(one, None, cell)}
        if any(cell not in blank for cell in fits):
            needed.append(form)
            left -= fits
    spec = {**spec, "date_formats": needed}
    if needed and all(form.endswith("UTC") for form in needed):
        spec["zone"] = "UTC"
        return Fit(spec, sum(counts.values()), unread)
    bare = _converter(slot, spec, "")
    naive = any(_fault(bare, None, cell) == "naive" for cell in read)
    return Fit(spec, sum(counts.values()), unread, naive=naive)


def _converter(slot: Slot, spec: _Spec, zone: str) -> Callable[[Any], Any]:
    checks = FieldCheck()
    mapped = FieldMapping("", "", slot, settings=Settings(zone=zone))
    # Without a zone some formats are a fault of the mapping; what is asked here is another thing.
    return converter(checks.field({"column": "?", **spec}, mapped))


def _fault(convert: Callable[[Any], Any], check: Check | None, cell: str) -> str:
    """Return the code of what is wrong with a cell; empty where it can be read."""
    try:
        value = convert(cell)
    except CellError as error:
        return error.code
    if value is not None and check is not None and (fault := check(value)):
        return fault[0]
    return ""


def _check(kind: Kind, name: str) -> Check | None:
    """Return what the record itself asks of a number."""
    known = fields_dict(kind.record)
    if name not in known or not (kind.slots[name].type in _NUMERIC or name == "corporate_number"):
        return None
    check: Check = known[name].metadata["check"]
    return check


def flag_of(cells: Iterable[str]) -> _Spec | None:
    """Return how cells are read as true or false; `None` where they are something else."""
    words = {cell for cell in cells if cell.strip()}
    truths = sorted(word for word in words if word.strip().casefold() in TRUTHS)
    falses = sorted(word for word in words if word.strip().casefold() in FALSES)
    if not truths or not falses or len(truths) + len(falses) < len(words):
        return None
    return {"type": "bool", "true": truths, "false": falses}


def looks_like(cells: Iterable[str], pattern: re.Pattern[str]) -> bool:
    """Whether nearly all cells that are not blank are such a text, and there are some."""
    words = [cell.strip() for cell in cells if cell.strip()]
    fitting = sum(pattern.fullmatch(word) is not None for word in words)
    return bool(words) and fitting * 10 >= len(words) * 9
