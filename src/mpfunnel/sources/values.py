"""A cell → a value: exact numbers, days and instants, words, sets.

A cell of a file is a text; one of a table may be a number, a day, an instant or a bool already.
Nothing here guesses: no free parser of dates, no locale, no float on the way to a number.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from functools import partial
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from attrs import frozen
from dateutil.parser import isoparse

from mpfunnel.errors import near
from mpfunnel.identity import company_name, corporate_number, domain
from mpfunnel.sources.kinds import Slot, Type
from mpfunnel.sources.mapping import FieldMapping, Settings

__all__ = [
    "STEPS",
    "Absent",
    "Cell",
    "CellError",
    "Convert",
    "Unfit",
    "as_shown",
    "compared",
    "converter",
    "directives",
    "is_blank",
    "items_of",
    "text_reader",
]


@frozen
class Unfit:
    """What stands for a cell of a table that is nothing that any field reads.

    Attributes:
        code: A stable word for the fault.
        reason: What is wrong; must not hold the cell.
        cells: What it may be, where a join found several that differ.
    """

    code: str
    reason: str
    cells: tuple[Cell, ...] = ()


@frozen
class Absent:
    """What stands for a cell of a row that a join did not find: it is blank.

    Attributes:
        reason: Why there is none; must not hold a cell.
        cells: What it may be, where a join found several that differ.
    """

    reason: str
    cells: tuple[Cell, ...] = ()


Typed = int | float | bool | Decimal | date | Unfit | Absent
"""A cell that is no text; a datetime is a date too."""
Cell = str | Typed
"""A cell as it is given."""
Convert = Callable[[Cell], Any]
"""Reads a cell; `None` where nothing is known. Raises `CellError`."""

_MOST_DIGITS: Final = 40
_FLOAT: Final = 2**53
"""From here on a float no longer tells an integer from the next one (S24)."""
# As large as floats are.
_LARGEST: Final = 400
# Wide enough that no product of a number and a scale, of 40 digits each, is ever rounded.
_EXACT: Final = Context(prec=4 * _MOST_DIGITS)


class CellError(Exception):
    """A cell cannot be read; the message never holds its text.

    Attributes:
        code: A stable word to program against.
        reason: What is wrong and what would have worked.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


def converter(field: FieldMapping) -> Convert:
    """Return the function that reads one cell of `field`.

    A text goes through the normalisation, then the words for blank, then the value map, and is
    then read as the field's type. Where the field takes a set, the cell is split first.

    What is no text goes the same way as the text that a file would have for it; if that is neither
    blank nor in the value map, and the field's type takes the cell as it is, it stays as it is.
    """
    one = _item_converter(field)
    if not field.slot.many:
        return one

    def many(cell: Cell) -> Any:
        parts = items_of(cell, field)
        return frozenset(item for part in parts if (item := one(part)) is not None) or None

    return many


def items_of(cell: Cell, field: FieldMapping) -> list[Cell]:
    """Return the items of the cell of a set."""
    if not isinstance(cell, str):
        return [cell]
    split = field.split
    if field.slot.bracketed and cell.strip()[:1] == "[" and cell.strip()[-1:] == "]":
        # As lists are written in JSON.
        inner = cell.strip()[1:-1].split(split or ",")
        return [item.strip().strip('"') for item in inner]
    return [*cell.split(split)] if split else [cell]


def _item_converter(field: FieldMapping) -> Convert:
    read = _reader(field)
    text_of = text_reader(field)
    values, strict = field.values, field.strict
    takes = () if field.slot.ids_of else _TAKES.get(field.slot.type, ())

    def convert(cell: Cell) -> Any:
        text = text_of(cell)
        if text in values:
            text = values[text]
        elif strict and text:
            raise CellError("choice", "is not in the value map" + near(text, values))
        elif text and isinstance(cell, takes):
            return read(cell)
        return read(text) if text else None

    return convert


def text_reader(field: FieldMapping) -> Callable[[Cell], str]:
    """Return the function that gives the text of a cell after the steps; empty where blank.

    It raises `CellError` where no text says the cell.
    """
    steps = [STEPS[name] for name in field.settings.normalise]
    blank, kind = field.settings.blank, field.slot.type

    def text_of(cell: Cell) -> str:
        text = cell if isinstance(cell, str) else _written(cell, kind)
        for step in steps:
            text = step(text)
        return "" if not text.strip() or text in blank else text

    return text_of


_NUMBERS: Final = (int, float, Decimal)
_TAKES: Final[Mapping[Type, tuple[type, ...]]] = MappingProxyType(
    {
        "int": _NUMBERS,
        "decimal": _NUMBERS,
        "money": _NUMBERS,
        "float": _NUMBERS,
        "bool": (bool,),
        "date": (date,),
        "instant": (date,),
    }
)
"""Which cells a field takes as they are, by its type."""


def _written(cell: Typed, kind: Type) -> str:
    """Return the text that a file would have for a cell that is none."""
    if isinstance(cell, Unfit):
        raise CellError(cell.code, cell.reason)
    if isinstance(cell, Absent):
        return ""
    if isinstance(cell, bool):
        if kind != "bool":
            raise CellError("type", "must not be true or false")
        return str(cell).lower()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise CellError("nan", "must be a finite number")
        if kind != "float" and abs(cell) >= _FLOAT:
            raise CellError("range", "must be below 2^53 as a float")
    return _digits(_exact(cell))


def as_shown(cell: Cell) -> str:
    """Return a cell as messages show it; empty where no text says it."""
    if isinstance(cell, str):
        return cell
    try:
        return _written(cell, "bool" if isinstance(cell, bool) else "float")
    except CellError:
        return ""


def compared(settings: Settings) -> Callable[[Cell], str]:
    """Return the function that gives the text by which a join compares a cell; empty where blank.

    It raises `CellError` where no text says the cell.
    """
    kinds: tuple[Type, ...] = ("text", "bool")
    text_of, word_of = (
        text_reader(FieldMapping("", "", Slot(kind), settings=settings)) for kind in kinds
    )
    return lambda cell: word_of(cell) if isinstance(cell, bool) else text_of(cell)


def is_blank(cell: Cell) -> bool:
    """Whether a cell has nothing, not even what cannot be read."""
    return not isinstance(cell, Unfit) and not as_shown(cell).strip()


def _reader(field: FieldMapping) -> Callable[[Any], Any]:
    settings, kind = field.settings, field.slot.type
    if kind == "text":
        options = field.slot.options
        return partial(_option, options=options) if options else str
    if kind == "int":
        return _id_number if field.slot.ids_of else partial(_whole, settings, field.scale)
    if kind == "bool":
        return partial(_word, truths=field.truths, falses=field.falses)
    if kind in ("date", "instant"):
        zone = ZoneInfo(settings.zone) if settings.zone else None
        return partial(_day if kind == "date" else _instant, settings.date_formats, zone)
    read = {"decimal": _number, "money": _money, "float": _float}[kind]
    return partial(read, settings, field.scale)


# -- words --


def _option(text: str, options: tuple[str, ...]) -> str:
    if text in options:
        return text
    hint = near(text, options) or "; map it with 'values'"
    raise CellError("choice", f"must be one of {', '.join(options)}{hint}")


def _word(text: str | bool, truths: frozenset[str], falses: frozenset[str]) -> bool:
    if isinstance(text, bool):
        return text
    if text in truths:
        return True
    if text in falses:
        return False
    if not (words := sorted(truths | falses)):
        raise CellError("missing", "needs words for both true and false")
    raise CellError("choice", f"must be one of {', '.join(words)}{near(text, words)}")


def _width(text: str) -> str:
    runs = groupby(text, _has_other_width)
    return "".join(
        unicodedata.normalize("NFKC", "".join(run)) if other else "".join(run)
        for other, run in runs
    )


def _has_other_width(char: str) -> bool:
    # Full-width ASCII and the ideographic space, and half-width katakana with its marks.
    return "！" <= char <= "～" or char == "\u3000" or "｡" <= char <= "ﾟ"


# Between digits, people also type the long vowel mark for a hyphen.
_HYPHENS: Final = re.compile(r"(?<=\d)[-‐-―−﹣－ーｰ](?=\d)")


def _without_hyphens(text: str) -> str:
    return _HYPHENS.sub("", text)


def _name(text: str) -> str:
    """Return a name as it is compared: its legal form in full, and then the rest."""
    read = company_name(text)
    return f"{read.legal_form}{read.key}" if read.key and not read.agency else text


def _corporate(text: str) -> str:
    return corporate_number(text) or text


def _host(text: str) -> str:
    held = domain(text)
    return text if held is None else held.host


STEPS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "nfkc": partial(unicodedata.normalize, "NFKC"),
        "width": _width,
        "lower": str.lower,
        "upper": str.upper,
        "strip": str.strip,
        "hyphens": _without_hyphens,
        # What these cannot read stays as it is, to be told as it was written.
        "company_name": _name,
        "corporate_number": _corporate,
        "domain": _host,
    }
)
"""The named steps of text normalisation (S14)."""


# -- numbers --


def _id_number(text: str) -> int:
    # Read back, because 007 and 7 are two ids (S18: ids are never coerced).
    if len(text) <= _MOST_DIGITS and _is_digits(text.removeprefix("-")):
        number = int(text)
        if str(number) == text:
            return _in_64_bits(number)
    raise CellError("type", "is not an integer id in its shortest form")


def _exact(number: float | Decimal) -> Decimal:
    """Return the number as it is written in the fewest digits."""
    if isinstance(number, int) and number.bit_length() > 200:
        # Python itself refuses to write out an integer of thousands of digits.
        raise CellError("range", f"has more than {_MOST_DIGITS} digits")
    exact = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not exact.is_finite():
        raise CellError("nan", "must be a finite number")
    if len(exact.as_tuple().digits) > _MOST_DIGITS or abs(exact.adjusted()) > _LARGEST:
        raise CellError("range", f"has more than {_MOST_DIGITS} digits")
    return exact


def _digits(number: Decimal) -> str:
    """Return a number as a file has it: 3.0 as 3, without an exponent."""
    return f"{number.normalize(_EXACT):f}" if number else "0"


def _number(settings: Settings, scale: Decimal, text: str | float | Decimal) -> Decimal:
    """Return the exact number that `text` writes or is, times `scale`."""
    if not isinstance(text, str):
        return _EXACT.multiply(_exact(text), scale)
    if len(text) > _MOST_DIGITS:
        raise CellError("range", f"is longer than {_MOST_DIGITS} characters")
    text, power = _with_power(text) if settings.exponents else (text, 0)
    unsigned = text[1:] if text[0] in "+-" else text
    whole, mark, decimals = unsigned.partition(settings.decimal_mark)
    if settings.thousands:
        first, *groups = whole.split(settings.thousands)
        if groups and (len(first) not in (1, 2, 3) or any(len(group) != 3 for group in groups)):
            raise CellError("type", "is not a number: groups between separators have 3 digits")
        whole = "".join((first, *groups))
    if not _is_digits(whole) or (mark and not _is_digits(decimals)):
        raise CellError("type", f"is not a number{_number_hint(settings, text)}")
    sign = "-" if text[0] == "-" else ""
    point = "." if mark else ""
    number = Decimal(f"{sign}{whole}{point}{decimals}")
    if power:
        number = _EXACT.scaleb(number, power)
        if abs(number.adjusted()) >= _MOST_DIGITS:
            raise CellError("range", f"has more than {_MOST_DIGITS} digits")
    return _EXACT.multiply(number, scale)


def _with_power(text: str) -> tuple[str, int]:
    """Return a number without the power of ten behind it, and that power."""
    mantissa, mark, power = text.replace("e", "E").partition("E")
    digits = power[1:] if power[:1] in "+-" else power
    if not (mantissa and mark and _is_digits(digits) and len(digits) < 4):
        return text, 0
    return mantissa, int(power)


def _number_hint(settings: Settings, text: str) -> str:
    if text != text.strip():
        return "; normalise = ['strip'] drops the spaces around it"
    if not text.isascii() and unicodedata.normalize("NFKC", text).isascii():
        return "; normalise = ['nfkc'] reads full-width digits"
    if "," in text and not settings.thousands:
        return "; thousands = ',' reads separators between its digits"
    if not settings.exponents and _with_power(text)[1]:
        return "; exponents = true reads powers of ten"
    return ""


def _whole(settings: Settings, scale: Decimal, text: str | float | Decimal) -> int:
    # 3.0 is accepted: it is what tools that know no missing integer write for 3.
    number = _number(settings, scale, text)
    if number != number.to_integral_value():
        raise CellError("type", "is not a whole number")
    return _in_64_bits(int(number))


def _in_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise CellError("range", "must fit in 64 bits")
    return number


def _money(settings: Settings, scale: Decimal, text: str | float | Decimal) -> int | Decimal:
    number = _number(settings, scale, text)
    return int(number) if number == number.to_integral_value() else number


def _float(settings: Settings, scale: Decimal, text: str | float | Decimal) -> float:
    return float(_number(settings, scale, text))


def _is_digits(text: str) -> bool:
    # str.isdigit is also true of ² and ３.
    return text.isascii() and text.isdigit()


# -- days and instants --


def _instant(formats: tuple[str, ...], zone: ZoneInfo | None, text: str | date) -> datetime:
    """Return the instant in UTC; a day without time is its first instant in the zone."""
    moment, is_day = _moment(formats, text)
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if zone is None:
            raise CellError("naive", "has no time zone; state a zone in the mapping")
        # fold=0: of an ambiguous time, the earlier (S12).
        instant = moment.replace(tzinfo=zone).astimezone(UTC)
        back = instant.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        raise CellError("range", "is beyond the years 1 to 9999 in UTC") from None
    # Where clocks skip midnight, the day begins when the skip is over: that is `instant`.
    if back != moment and not is_day:
        raise CellError("nonexistent", f"does not exist in {zone.key}: clocks skip it")
    return instant


def _day(formats: tuple[str, ...], zone: ZoneInfo | None, text: str | date) -> date:
    """Return the day as written, or the local day of an instant with a zone of its own."""
    moment, is_day = _moment(formats, text)
    if moment.tzinfo is None or is_day:
        return moment.date()
    if zone is None:
        raise CellError("naive", "is an instant; state a zone in the mapping to give its day")
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        raise CellError("range", "is beyond the years 1 to 9999") from None


def _moment(formats: tuple[str, ...], text: str | date) -> tuple[datetime, bool]:
    """Return what the first format that fits reads, and whether it states a day without time."""
    if isinstance(text, datetime):
        return text, False
    if isinstance(text, date):
        # The zone is added by who asks.
        return datetime(text.year, text.month, text.day), True  # noqa: DTZ001 - see above
    # strptime would read the digits of every script.
    if text.isascii() or not any(char.isdigit() and not char.isascii() for char in text):
        for form in formats:
            try:
                if form == "iso":
                    return _iso(text)
                # The zone is added by who asks.
                moment = datetime.strptime(text, form)  # noqa: DTZ007 - see above
            except (ValueError, OverflowError):
                continue
            return moment, not set(directives(form)) & set("HMSf")
    raise CellError("format", f"is not a date in a stated format: {', '.join(formats)}")


def directives(form: str) -> tuple[str, ...]:
    """Return the directives of a strptime format: ``"%d.%m.%Y"`` gives d, m and Y."""
    parts = form.replace("%%", "").split("%")
    return tuple(part[:1] for part in parts[1:])


# The shapes of ISO 8601 that are read, every digit written as 0.
_ANY_DIGIT: Final = str.maketrans("123456789", "000000000")
_DAYS: Final = frozenset({"0000-00-00", "00000000"})
_TO_SECONDS: Final = frozenset({"00:00:00", "000000"})
_CLOCKS: Final = _TO_SECONDS | {"00:00", "0000", "00"}
_OFFSETS: Final = frozenset({"", "Z", "z"}) | {
    sign + size for sign in "+-" for size in ("00:00", "0000", "00")
}


def _iso(text: str) -> tuple[datetime, bool]:
    # isoparse would also read 2024, 2024-03 and 2024-W10, and so make up the day; that of
    # python-dateutil 2 reads a space or a sign where a digit is due.
    shape = text.translate(_ANY_DIGIT)
    end = 10 if shape[4:5] == "-" else 8
    day, time = shape[:end], shape[end:]
    if day not in _DAYS or (time and not (time[0] in "T " and _is_time(time[1:]))):
        raise ValueError(text)
    return isoparse(text), not time


def _is_time(shape: str) -> bool:
    end = next((at for at, char in enumerate(shape) if char in "Zz+-"), len(shape))
    clock, mark, fraction = shape[:end].replace(",", ".").partition(".")
    if mark and (clock not in _TO_SECONDS or not _is_digits(fraction)):
        return False
    return clock in _CLOCKS and shape[end:] in _OFFSETS
