"""What a mapping says about one field: checked as far as it can be without the file."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from attrs import evolve
from immutabledict import immutabledict

from mpfunnel.calendars import zone_for
from mpfunnel.codec.checks import Check, is_list, is_table, no_such
from mpfunnel.errors import InvalidDataError, brief, shown
from mpfunnel.sources.kinds import Slot
from mpfunnel.sources.mapping import FieldMapping, Pattern, Settings, Where
from mpfunnel.sources.values import STEPS, CellError, converter, directives

__all__ = ["SETTINGS", "FieldCheck"]

_UNITS: Final = MappingProxyType(
    {
        "minor": Decimal("0.01"),
        "percent": Decimal("0.01"),
        "thousand": Decimal(10**3),
        "million": Decimal(10**6),
        "billion": Decimal(10**9),
        "千円": Decimal(10**3),
        "万円": Decimal(10**4),
        "百万円": Decimal(10**6),
        "億円": Decimal(10**8),
    }
)
_LEAST_SCALE: Final = Decimal("1e-18")
_LARGEST_SCALE: Final = Decimal("1e18")

_ATTRIBUTE_SLOTS: Final = MappingProxyType(
    {
        "text": Slot(),
        "int": Slot("int"),
        "decimal": Slot("decimal"),
        "float": Slot("float"),
        "bool": Slot("bool"),
        "date": Slot("date"),
        "set": Slot(many=True),
    }
)

_NUMBER_KEYS: Final = ("scale", "unit", "thousands", "decimal_mark", "exponents")
_DATE_KEYS: Final = ("date_formats", "zone")
_ORIGINS: Final = ("column", "columns", "constant", "row_number")
_COMMON_KEYS: Final = (
    *("column", "constant", "values", "strict", "normalise", "blank"),
    *("optional", "when"),
)
_BESIDE_COLUMNS: Final = ("values", "strict", "type")
_BESIDE_PATTERNS: Final = ("constant", "row_number", "values")
_FIELD_KEYS: Final = (
    *_COMMON_KEYS,
    "columns",
    "row_number",
    "type",
    "patterns",
    "otherwise",
    *_NUMBER_KEYS,
    *_DATE_KEYS,
    "split",
    "true",
    "false",
)
SETTINGS: Final = (
    *("normalise", "blank", "thousands", "decimal_mark", "exponents"),
    *("date_formats", "zone"),
)
"""The keys of ``defaults``."""

# No names of months or days and no %p, %c, %x, %X, %Z: they depend on the locale or the machine.
_DIRECTIVES: Final = ("Y", "y", "m", "d", "j", "H", "M", "S", "f", "z")


class FieldCheck(Check):
    """Reads what a mapping says about its fields.

    Attributes:
        named_patterns: What the mapping says under ``patterns``, by name.
        used_patterns: The names that fields give.
    """

    def __init__(self) -> None:
        super().__init__()
        self.named_patterns: dict[str, Any] = {}
        self.used_patterns: set[str] = set()

    def attribute(self, raw: object, field: FieldMapping) -> FieldMapping:
        """Return the custom attribute `field` with what `raw` says about it."""
        kind = self.text(raw, "type", field.path) if is_table(raw) else ""
        slot = _ATTRIBUTE_SLOTS.get(kind)
        if slot is None:
            known = ", ".join(_ATTRIBUTE_SLOTS)
            wrong = f"{brief(kind)}: {no_such('type', kind, _ATTRIBUTE_SLOTS)}"
            message = wrong if kind else f"is one of {known}"
            self.fault("choice", f"{field.path}.type", message)
            return field
        return self.field(raw, evolve(field, slot=slot))

    def field(self, raw: object, field: FieldMapping) -> FieldMapping:
        """Return `field` with what `raw` says about it."""
        # A text is short for a table that has nothing but the column.
        raw = {"column": raw} if isinstance(raw, str) else raw
        at, slot = field.path, field.slot
        if not is_table(raw):
            self.fault("type", at, "must be the name of a column, or a table")
            return field
        self._field_keys(raw, field)
        if slot.ids_of and "type" in raw:
            if raw["type"] == "int":
                slot = evolve(slot, type="int")
            elif raw["type"] != "text":
                self.fault("choice", f"{at}.type", "must be text or int: the field is an id")
        values = self._value_map(raw, at)
        strict = self.flag(raw, "strict", at)
        if strict and not values and "patterns" not in raw:
            self.fault("contradiction", f"{at}.strict", "needs values or patterns")
        field = evolve(
            field,
            slot=slot,
            columns=self._columns(raw, at),
            row_number=self.flag(raw, "row_number", at),
            settings=self.settings(raw, at, field.settings),
            values=values,
            strict=strict,
            scale=self._scale(raw, at),
            split=self.text(raw, "split", at),
            truths=frozenset(self.texts(raw, "true", at)),
            falses=frozenset(self.texts(raw, "false", at)),
            optional=self.flag(raw, "optional", at),
            when=self.where(raw, "when", at),
        )
        if field.optional and slot.must_map and "otherwise" not in raw:
            self.fault("contradiction", f"{at}.optional", "does not apply: it must be there")
        if "patterns" in raw:
            field = evolve(field, derived=True, patterns=self._patterns(raw, field))
        if "otherwise" in raw:
            value = self._value(raw["otherwise"], _plain(field), f"{at}.otherwise")
            field = evolve(field, otherwise=value)
        if "constant" in raw:
            return evolve(field, constant=self._value(raw["constant"], field, f"{at}.constant"))
        self._between(field)
        return field

    def where(self, data: dict[str, Any], key: str, path: str) -> Where | None:
        """Return the column and the texts under `key`; `None` where there are none."""
        at, said = f"{path}.{key}", self.table(data, key, path)
        if not is_table(data.get(key)):
            return None
        self.keys(said, at, ("column", "is", "not"))
        if "column" not in said:
            self.fault("missing", at, "has no column")
        if ("is" in said) == ("not" in said):
            self.fault("missing", at, "needs either is or not: a text, or a list of texts")
        word = "not" if "not" in said else "is"
        texts = said.get(word, [])
        given = (texts,) if isinstance(texts, str) else self.texts(said, word, at)
        column = self.text(said, "column", at)
        if "column" in said and not column.strip():
            self.fault("blank", f"{at}.column", "names a blank column")
        return Where(column, frozenset(given), f"{at}.column", word == "not")

    def settings(self, data: dict[str, Any], path: str, outer: Settings) -> Settings:
        """Return `outer` with the settings that `data` gives."""
        given: dict[str, Any] = {}
        if "normalise" in data:
            steps = self.texts(data, "normalise", path)
            for step in steps:
                if step not in STEPS:
                    message = f"{brief(step)}: {no_such('step', step, STEPS)}"
                    self.fault("choice", f"{path}.normalise", message)
            given["normalise"] = tuple(step for step in steps if step in STEPS)
        if "blank" in data:
            given["blank"] = frozenset(self.texts(data, "blank", path))
        for key in ("thousands", "decimal_mark"):
            if key in data:
                given[key] = self._mark(data, key, path)
        if "exponents" in data:
            given["exponents"] = self.flag(data, "exponents", path)
        if "date_formats" in data:
            given["date_formats"] = self.texts(data, "date_formats", path)
            for form in given["date_formats"]:
                if form != "iso" and (message := _format_fault(form)):
                    self.fault("format", f"{path}.date_formats", f"{brief(form)}: {message}")
        if "zone" in data:
            given["zone"] = self._zone(data, path)
        settings = evolve(outer, **given)
        if settings.thousands and settings.thousands == settings.decimal_mark:
            self.fault("contradiction", path, "has the same thousands and decimal_mark")
        return settings

    def _field_keys(self, raw: dict[str, Any], field: FieldMapping) -> None:
        at, slot = field.path, field.slot
        self.keys(raw, at, _FIELD_KEYS)
        usable = set(_COMMON_KEYS)
        if slot.many:
            usable |= {"split"}
        elif slot.type == "text":
            usable |= {"columns"}
        if slot.type == "text":
            usable |= {"patterns"}
            usable |= {"columns", "otherwise"} if "patterns" in raw else set()
        if slot.ids_of and not slot.many:
            usable |= {"row_number"}
        if slot.ids_of or field.attribute:
            usable |= {"type"}
        if slot.type in ("int", "decimal", "money", "float"):
            usable |= set(_NUMBER_KEYS)
        if slot.type in ("date", "instant"):
            usable |= set(_DATE_KEYS)
        if slot.type == "bool":
            usable |= {"true", "false"}
        what = "a set" if slot.many else "an id" if slot.ids_of else f"of type {slot.type}"
        for key in raw:
            if key in _FIELD_KEYS and key not in usable:
                self.fault("unknown-key", f"{at}.{key}", f"does not apply: the field is {what}")
        for other, beside, bound in (
            ("patterns", _BESIDE_PATTERNS, True),
            # What an id is made of stays apart, so that no two of them fall together.
            ("columns", _BESIDE_COLUMNS, bool(slot.ids_of)),
        ):
            if other in raw and bound:
                for key in sorted(raw.keys() & set(beside)):
                    self.fault("unknown-key", f"{at}.{key}", f"does not apply beside {other}")
                # Columns that patterns are tried on are not joined to one text.
                break
        if "row_number" in raw and "when" in raw:
            self.fault("unknown-key", f"{at}.when", "does not apply beside row_number")
        origins = [key for key in _ORIGINS if key in raw]
        if len(origins) != 1:
            has = " and ".join(origins) or "none"
            self.fault("missing", at, f"needs one of {', '.join(_ORIGINS)}; it has {has}")

    def _between(self, field: FieldMapping) -> None:
        """Add the problems that lie between the parts of a field which is read from a file."""
        at, settings = field.path, field.settings
        if field.slot.type == "bool":
            if not (field.truths and field.falses):
                self.fault("missing", at, "needs words for both true and false")
            if both := sorted(field.truths & field.falses):
                self.fault("contradiction", at, f"has {brief(both[0])} for both true and false")
        if field.slot.type == "instant" and not settings.zone:
            # ISO times may state their zone cell by cell; formats that cannot are known now.
            for form in settings.date_formats:
                if form != "iso" and "z" not in directives(form):
                    message = f"{brief(form)} states no zone; give a zone here or in defaults"
                    self.fault("naive", at, message)

    def _mark(self, data: dict[str, Any], key: str, path: str) -> str:
        mark = self.text(data, key, path)
        if len(mark) != 1 or mark.isalnum() or mark in "+-":
            self.fault("choice", f"{path}.{key}", "must be one character, and no digit or sign")
        return mark

    def _zone(self, data: dict[str, Any], path: str) -> str:
        zone = self.text(data, "zone", path)
        try:
            return zone_for(zone).key
        except InvalidDataError as error:
            for problem in error.problems:
                self.fault("choice", f"{path}.zone", problem.message)
            return ""

    def _columns(self, raw: dict[str, Any], path: str) -> tuple[str, ...]:
        names = self.texts(raw, "columns", path)
        if len(names) == 1:
            self.fault("missing", f"{path}.columns", "names one column; write column for that")
        if "column" in raw:
            # A blank name is a fault of its own, what is no text has just been named.
            names = (self.text(raw, "column", path, "?"),)
        if any(not name.strip() for name in names):
            self.fault("blank", path, "names a blank column")
        return names

    def _scale(self, raw: dict[str, Any], path: str) -> Decimal:
        if "unit" in raw:
            unit = self.text(raw, "unit", path)
            if "scale" in raw:
                self.fault("contradiction", f"{path}.unit", "must not be given beside scale")
            if unit not in _UNITS:
                message = f"{brief(unit)}: {no_such('unit', unit, _UNITS)}"
                self.fault("choice", f"{path}.unit", message)
            return _UNITS.get(unit, Decimal(1))
        value = raw.get("scale", 1)
        if isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit():
            value = Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            message = "must be a number or its text, for example 1000000 or '0.01'"
            self.fault("type", f"{path}.scale", message)
        elif not _LEAST_SCALE <= value <= _LARGEST_SCALE or len(str(value)) > 40:
            self.fault("range", f"{path}.scale", "must be from 10^-18 to 10^18")
        else:
            return Decimal(value)
        return Decimal(1)

    def _value_map(self, raw: dict[str, Any], path: str) -> immutabledict[str, str]:
        values = self.table(raw, "values", path)
        for key, value in values.items():
            if type(value) not in (str, int):
                message = "must be the text of the value; '' means unknown"
                self.fault("type", f"{path}.values.{shown(key)}", message)
        return immutabledict({key: str(value) for key, value in values.items()})

    def _patterns(self, raw: dict[str, Any], field: FieldMapping) -> tuple[Pattern, ...]:
        at, given = f"{field.path}.patterns", raw.get("patterns", [])
        if isinstance(given, str):
            if given not in self.named_patterns:
                message = (
                    f"{brief(given)}: {no_such('list of patterns', given, self.named_patterns)}"
                )
                self.fault("choice", at, message)
                return ()
            self.used_patterns.add(given)
            at, given = f"patterns.{shown(given)}", self.named_patterns[given]
        elif given == [] and "patterns" in raw:
            self.fault("missing", at, "is empty")
        if not is_list(given) or not all(is_table(one) for one in given):
            self.fault("type", at, "must be a list of tables")
            return ()
        plain = _plain(field)
        found: dict[str, Pattern] = {}
        for index, one in enumerate(given):
            where = f"{at}[{index}]"
            self.keys(one, where, ("like", "is"))
            for key in ("like", "is"):
                if key not in one:
                    self.fault("missing", where, f"has no {key}")
            like = self.text(one, "like", where)
            if isinstance(one.get("like"), str) and not like.strip():
                self.fault("blank", f"{where}.like", "is blank")
            elif like in found and like:
                self.fault("duplicate", f"{where}.like", f"{brief(like)} stands there twice")
            value = self._value(one["is"], plain, f"{where}.is") if "is" in one else None
            found[like] = Pattern(like, value)
        return tuple(found.values())

    def _value(self, value: object, field: FieldMapping, at: str) -> object:
        """Return what a mapping states as the value of a field."""
        slot = field.slot
        if isinstance(value, bool) and slot.type == "bool":
            return value
        texts = value if is_list(value) and slot.many else [value]
        if any(type(text) not in (str, int, Decimal) for text in texts):
            self.fault("type", at, "must be the text that a cell would have")
            return None
        convert = converter(field)
        try:
            made = [convert(str(text)) for text in texts]
        except CellError as error:
            self.fault(error.code, at, error.reason)
            return None
        if not made or None in made:
            self.fault("blank", at, "is blank")
            return None
        return frozenset[Any]().union(*made) if slot.many else made[0]


def _plain(field: FieldMapping) -> FieldMapping:
    """Return a field that reads what the mapping says of it, which is no cell."""
    return evolve(field, settings=Settings(), split="", strict=False)


def _format_fault(form: str) -> str:
    """Return what is wrong with a strptime format; empty where nothing is."""
    used = directives(form)
    for directive in used:
        if directive not in _DIRECTIVES:
            usable = ", ".join(f"%{usable}" for usable in _DIRECTIVES)
            return f"%{directive} depends on the locale or is unknown; usable are {usable}"
    if len(set(used)) < len(used) or {"Y", "y"} <= set(used):
        return "states one thing twice"
    if {"Y", "y"}.isdisjoint(used) or not ({"m", "d"} <= set(used) or "j" in used):
        return "states no full day; write 'iso', or for example '%Y/%m/%d'"
    return ""
