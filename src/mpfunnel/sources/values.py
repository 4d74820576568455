"""The text of a cell → a value: exact numbers, days and instants, words, sets.

Nothing here guesses: no free parser of dates, no locale, no float on the way to a number.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Context, Decimal
from functools import partial
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from dateutil.parser import isoparse

from mpfunnel.errors import near
from mpfunnel.sources.mapping import FieldMapping, Settings

__all__ = ["STEPS", "CellError", "Convert", "converter", "directives"]

Convert = Callable[[str], Any]
"""Reads the text of a cell; `None` where nothing is known. Raises `CellError`."""

_MOST_DIGITS: Final = 40
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
    """
    one = _item_converter(field)
    if not field.slot.many:
        return one

    def many(text: str) -> Any:
        parts = text.split(field.split) if field.split else [text]
        return frozenset(item for part in parts if (item := one(part)) is not None) or None

    return many


def _item_converter(field: FieldMapping) -> Convert:
    read = _reader(field)
    steps = [STEPS[name] for name in field.settings.normalise]
    blank, values, strict = field.settings.blank, field.values, field.strict

    def convert(text: str) -> Any:
        for step in steps:
            text = step(text)
        if not text.strip() or text in blank:
            text = ""
        if text in values:
            text = values[text]
        elif strict and text:
            raise CellError("choice", "is not in the value map" + near(text, values))
        return read(text) if text else None

    return convert


def _reader(field: FieldMapping) -> Convert:
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


def _word(text: str, truths: frozenset[str], falses: frozenset[str]) -> bool:
    if text in truths:
        return True
    if text in falses:
        return False
    words = sorted(truths | falses)
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


STEPS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {
        "nfkc": partial(unicodedata.normalize, "NFKC"),
        "width": _width,
        "lower": str.lower,
        "upper": str.upper,
        "strip": str.strip,
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


def _number(settings: Settings, scale: Decimal, text: str) -> Decimal:
    """Return the exact number that `text` writes, times `scale`."""
    if len(text) > _MOST_DIGITS:
        raise CellError("range", f"is longer than {_MOST_DIGITS} characters")
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
    return _EXACT.multiply(Decimal(f"{sign}{whole}{point}{decimals}"), scale)


def _number_hint(settings: Settings, text: str) -> str:
    if text != text.strip():
        return "; normalise = ['strip'] drops the spaces around it"
    if not text.isascii() and unicodedata.normalize("NFKC", text).isascii():
        return "; normalise = ['nfkc'] reads full-width digits"
    if "," in text and not settings.thousands:
        return "; thousands = ',' reads separators between its digits"
    return ""


def _whole(settings: Settings, scale: Decimal, text: str) -> int:
    # 3.0 is accepted: it is what tools that know no missing integer write for 3.
    number = _number(settings, scale, text)
    if number != number.to_integral_value():
        raise CellError("type", "is not a whole number")
    return _in_64_bits(int(number))


def _in_64_bits(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise CellError("range", "must fit in 64 bits")
    return number


def _money(settings: Settings, scale: Decimal, text: str) -> int | Decimal:
    number = _number(settings, scale, text)
    return int(number) if number == number.to_integral_value() else number


def _float(settings: Settings, scale: Decimal, text: str) -> float:
    return float(_number(settings, scale, text))


def _is_digits(text: str) -> bool:
    # str.isdigit is also true of ² and ３.
    return text.isascii() and text.isdigit()


# -- days and instants --


def _instant(formats: tuple[str, ...], zone: ZoneInfo | None, text: str) -> datetime:
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


def _day(formats: tuple[str, ...], zone: ZoneInfo | None, text: str) -> date:
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


def _moment(formats: tuple[str, ...], text: str) -> tuple[datetime, bool]:
    """Return what the first format that fits reads, and whether it states a day without time."""
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
