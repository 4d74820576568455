"""A mapping file or plain data → a checked `SourceMapping`; every problem at once."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from os import PathLike
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

from attrs import evolve
from immutabledict import immutabledict

from mpfunnel.calendars import zone_for
from mpfunnel.codec.checks import is_list, is_table, located, no_such
from mpfunnel.codec.plain import parse_toml, plain, start_of
from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    Problem,
    UnknownNameError,
    brief,
    did_you_mean,
    shown,
)
from mpfunnel.sources.extending import laid_over
from mpfunnel.sources.facts import DATED
from mpfunnel.sources.field_checks import SETTINGS
from mpfunnel.sources.identity import policy_of
from mpfunnel.sources.join_checks import JoinCheck
from mpfunnel.sources.kinds import EVIDENCE, KINDS, Kind, Slot
from mpfunnel.sources.mapping import (
    FieldMapping,
    FileMapping,
    Settings,
    SourceMapping,
    TableMapping,
    Where,
)
from mpfunnel.sources.merges import MERGES

__all__ = ["list_of", "load", "shipped"]

_TOP: Final = ("format", "title", "defaults", "patterns", "files", "merges", *KINDS, "identity")
_ENCODINGS: Final = (
    "ascii",
    "big5",
    "cp1252",
    "cp932",
    "euc_jis_2004",
    "euc_jp",
    "euc_kr",
    "gb18030",
    "iso2022_jp",
    "iso8859-1",
    "iso8859-15",
    "shift_jis",
    "shift_jis_2004",
    "shift_jisx0213",
    "utf-16",
    "utf-16-be",
    "utf-16-le",
    "utf-32",
    "utf-32-be",
    "utf-32-le",
    "utf-8",
    "utf-8-sig",
)

_ANY_BYTES: Final = ("iso8859-1", "iso8859-15")
"""Those in which every byte is a character."""


@cache
def shipped() -> tuple[str, ...]:
    """Return the names of the mappings that come with mpfunnel, sorted."""
    folder = files("mpfunnel.sources") / "mappings"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


def load(source: str | PathLike[str] | Mapping[str, Any]) -> SourceMapping:
    """Return the checked mapping of a shipped name, of a TOML file or of plain data.

    Args:
        source: The name of a shipped mapping (see `shipped`), the path of a TOML file (a
            `pathlib.Path`, or a text with a slash or the ending ``.toml``), or what such a file
            holds as plain data.

    Raises:
        UnknownNameError: No mapping of that name is shipped.
        DecodeError: The mapping has faults; all of them are listed, each with its path. A file
            may have at most 2 MiB, 32 levels and 8 dots a key.
    """
    if isinstance(source, Mapping):
        return _checked(_extended(plain(dict(source), ""), ""), "")
    if isinstance(source, str) and not (source.endswith(".toml") or set(source) & set("/\\")):
        if source not in shipped():
            hint = did_you_mean(source, shipped()) or f"; shipped are {', '.join(shipped())}"
            raise UnknownNameError(f"{brief(source)}: no such mapping{hint}")
        return _checked(_of_shipped(source), f"{source}.toml")
    path = Path(source)
    raw, origin = start_of(path), path.name
    return _checked(_extended(plain(parse_toml(raw, origin), origin), origin), origin)


def _of_shipped(name: str) -> dict[str, Any]:
    """Return the plain data of a shipped mapping."""
    origin = f"{name}.toml"
    raw = (files("mpfunnel.sources") / "mappings" / origin).read_bytes()
    return plain(parse_toml(raw, origin), origin)


def _extended(data: dict[str, Any], origin: str) -> dict[str, Any]:
    """Return the plain data of a mapping, laid over that of the shipped one that it extends.

    Raises:
        DecodeError: It extends what is not shipped.
    """
    if "extends" not in data:
        return data
    own = {key: value for key, value in data.items() if key != "extends"}
    base = data["extends"]
    if isinstance(base, str) and base in shipped():
        return laid_over(_of_shipped(base), own)
    message = "must be the name of a shipped mapping"
    if isinstance(base, str):
        message = f"{brief(base)}: {no_such('mapping', base, shipped())}"
    raise DecodeError([Problem("choice", located(origin, "extends"), message)])


def list_of(name: str, fields: Mapping[str, Any]) -> TableMapping:
    """Return the table of a target list, as a mapping would say it.

    Args:
        name: What rules call the list.
        fields: Which columns tell the company.

    Raises:
        DecodeError: There are faults; all of them are listed, each with its path.
    """
    check = _MappingCheck()
    table = check.list(name, plain(dict(fields), ""), f"lists.{shown(name)}", "", Settings())
    if check.problems:
        raise DecodeError(check.problems)
    return table


def _checked(data: dict[str, Any], origin: str) -> SourceMapping:
    check = _MappingCheck()
    mapping = check.mapping(data, origin)
    if check.problems:
        raise DecodeError(
            Problem(problem.code, mapping.at(problem.path), problem.message)
            # What several fields share has each fault once.
            for problem in dict.fromkeys(check.problems)
        )
    return mapping


class _MappingCheck(JoinCheck):
    """Reads a whole mapping."""

    def mapping(self, data: dict[str, Any], origin: str) -> SourceMapping:
        """Return the mapping that `data` describes."""
        self.keys(data, "", _TOP)
        if type(data.get("format", 1)) is not int or data.get("format", 1) != 1:
            self.fault("format", "format", "must be 1; another format needs another mpfunnel")
        self.text(data, "title", "")
        defaults = self.table(data, "defaults", "")
        self.keys(defaults, "defaults", SETTINGS)
        settings = self.settings(defaults, "defaults", Settings())
        self.named_patterns = self.table(data, "patterns", "")
        sources = self.table(data, "files", "")
        known = {key: self._file(sources, key) for key in sources}
        if not any(name in data for name in KINDS):
            self.fault("missing", "", f"fills no record kind; known are {', '.join(KINDS)}")
        if data.get("lists") and "companies" not in data:
            self.fault("missing", "lists", "needs companies, which stand on them")
        for part, whole in (("consents", "leads"), ("deal_lines", "deals")):
            if part in data and whole not in data:
                self.fault("missing", part, f"needs {whole}, which have them")
        merges = tuple(self._merges(data, known, settings))
        records = tuple(
            table
            for kind in KINDS.values()
            for name, path, entry in self._named_entries(data, kind)
            for table in self._table_mappings(entry, path, kind, known, settings, name)
        )
        tables = (*merges, *records)
        if "deal_lines" in data:
            for one in (one for table in tables if table.kind == "deals" for one in table.fields):
                if one.name == "product_id":
                    self.fault("clash", one.path, "says what deal_lines say; give one of them")
        self._id_types(tables)
        for name in self.named_patterns:
            # Of a mapping that is extended, what is left out may have named it.
            if self.named_patterns[name] != [] and name not in self.used_patterns:
                others = no_such("use", name, self.used_patterns).removeprefix("no such use")
                self.fault("unused", f"patterns.{shown(name)}", f"is named by no field{others}")
        identity = policy_of(self, data, tables)
        return SourceMapping(origin, immutabledict(known), tables, data, identity)

    def _merges(
        self, data: dict[str, Any], known: dict[str, FileMapping], settings: Settings
    ) -> Iterator[TableMapping]:
        """Yield what says which records were merged into others."""
        given = self.table(data, "merges", "")
        self.keys(given, "merges", [name.partition(".")[2] for name in MERGES])
        for name, kind in MERGES.items():
            for at, entry in self._entries(given, name.partition(".")[2], name):
                self.keys(entry, at, ("file", "optional", "join", "only", *kind.slots))
                fields = [
                    self.field(
                        entry[key], FieldMapping(key, f"{at}.{key}", slot, settings=settings)
                    )
                    for key, slot in kind.slots.items()
                    if key in entry
                ]
                for key in kind.slots:
                    if key not in entry:
                        self.fault("missing", at, f"has no {key}")
                file = self.file_key(entry, at, known)
                joins = self.joins(entry, at, known, settings)
                yield TableMapping(
                    name,
                    at,
                    file,
                    tuple(fields),
                    only=self.where(entry, "only", at),
                    joins=joins,
                    optional=self.flag(entry, "optional", at),
                )

    def _named_entries(
        self, data: dict[str, Any], kind: Kind
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield the entries of a kind with the name of their list, which only lists have."""
        if kind.name == "lists":
            lists = self.table(data, "lists", "")
            for name in lists:
                for path, entry in self._entries(lists, name, f"lists.{shown(name)}"):
                    yield name, path, entry
        else:
            for path, entry in self._entries(data, kind.name, kind.name):
                yield "", path, entry

    def _entries(
        self, data: dict[str, Any], name: str, path: str
    ) -> list[tuple[str, dict[str, Any]]]:
        value = data.get(name, [])
        if is_table(value):
            return [(path, value)]
        if is_list(value) and all(is_table(item) for item in value):
            return [(f"{path}[{index}]", item) for index, item in enumerate(value)]
        self.fault("type", path, "must be a table or a list of tables")
        return []

    def _file(self, sources: dict[str, Any], key: str) -> FileMapping:
        at, entry = f"files.{shown(key)}", sources[key]
        if not is_table(entry):
            # Short for a table that has nothing but the path.
            return FileMapping(self._paths(sources, key, "files"))
        self.keys(entry, at, ("path", "encoding", "separator", "optional"))
        encodings = self._encodings(entry, at)
        separators = self._one_or_more(entry, "separator", at, ",")
        for separator in separators:
            if len(separator) != 1 or separator in '"\r\n\0 \ufeff' or separator.isalnum():
                message = "must be one character, and no letter, digit, blank or quote"
                self.fault("choice", f"{at}.separator", message)
        optional = self.flag(entry, "optional", at)
        return FileMapping(self._paths(entry, "path", at), encodings, separators, optional)

    def _encodings(self, entry: dict[str, Any], at: str) -> tuple[str, ...]:
        found: list[str] = []
        for encoding in self._one_or_more(entry, "encoding", at, "utf-8"):
            try:
                codec = codecs.lookup(encoding).name
            except (LookupError, ValueError, OSError):
                codec = ""
            if codec not in _ENCODINGS:
                message = f"{brief(encoding)}: {no_such('encoding', encoding, _ENCODINGS)}"
                self.fault("choice", f"{at}.encoding", message)
            elif found and found[-1] in _ANY_BYTES:
                message = f"{found[-1]} takes any file, so that {codec} is never tried"
                self.fault("contradiction", f"{at}.encoding", message)
            else:
                found.append(codec)
        return tuple(found)

    def _one_or_more(
        self, entry: dict[str, Any], key: str, at: str, default: str
    ) -> tuple[str, ...]:
        if not is_list(entry.get(key)):
            return (self.text(entry, key, at, default),)
        texts = self.texts(entry, key, at)
        if len(set(texts)) < len(texts):
            self.fault("duplicate", f"{at}.{key}", "names one twice")
        return texts

    def _paths(self, data: dict[str, Any], key: str, path: str) -> tuple[str, ...]:
        if key not in data:
            self.fault("missing", path, f"has no {key}")
        value = data.get(key)
        paths = (value,) if isinstance(value, str) else self.texts(data, key, path)
        at = f"{path}.{shown(key)}"
        if len(set(paths)) < len(paths):
            self.fault("duplicate", at, "names a file twice; its rows would count twice")
        for name in paths:
            if not _stays_inside(name):
                self.fault("path", at, f"{brief(name)}: must lie within the folder that is read")
        return paths

    def _table_mappings(
        self,
        entry: dict[str, Any],
        path: str,
        kind: Kind,
        known: dict[str, FileMapping],
        settings: Settings,
        name: str,
    ) -> Iterator[TableMapping]:
        """Yield the tables of an entry: of a property history, one for each fact."""
        history = kind.name == "company_facts"
        more: tuple[str, ...] = ("names", "zone", "facts") if history else ("only",)
        more += () if kind.name == "lists" else ("attributes",)
        self.keys(entry, path, ("file", "optional", "fields", "join", "deleted", *more))
        optional = self.flag(entry, "optional", path)
        file = self.file_key(entry, path, known)
        joins = self.joins(entry, path, known, settings)
        deleted = self.deleted(entry, path)
        tables: Iterable[TableMapping]
        if history:
            tables = self._facts(entry, path, file, settings)
        elif kind.name == "lists":
            fields = self.table(entry, "fields", path)
            only = self.where(entry, "only", path)
            tables = (evolve(self.list(name, fields, path, file, settings), only=only),)
        else:
            tables = (self._table_mapping(entry, path, kind, file, settings),)
        yield from (
            evolve(table, joins=joins, deleted=deleted, optional=optional) for table in tables
        )

    def _facts(
        self, entry: dict[str, Any], path: str, file: str, settings: Settings
    ) -> Iterator[TableMapping]:
        kind = KINDS["company_facts"]
        own = {name: kind.slots[name] for name in ("company_id", "at")}
        given = self.table(entry, "fields", path)
        at = f"{path}.fields"
        self.keys(given, at, own)
        common = [
            self.field(given[name], FieldMapping(name, f"{at}.{name}", slot, settings=settings))
            for name, slot in own.items()
            if name in given
        ]
        for name in own:
            if name not in given:
                self.fault("missing", at, f"has no {name}; {kind.name} need it")
        zone = self.text(entry, "zone", path)
        try:
            zone_for(zone)
        except InvalidDataError as error:
            message = error.problems[0].message if zone else "is missing; name that of the playbook"
            self.fault("zone", f"{path}.zone", message)
        names = self.text(entry, "names", path)
        facts = self.table(entry, "facts", path)
        attributes = self.table(entry, "attributes", path)
        self.keys(facts, f"{path}.facts", DATED)
        if not facts and not attributes:
            self.fault("missing", path, "has no facts; name at least one, or an attribute")
        slots = KINDS["companies"].slots
        for where, name, raw in (
            *((f"{path}.facts.{name}", name, facts[name]) for name in DATED if name in facts),
            *((f"{path}.attributes.{shown(n)}", n, raw) for n, raw in attributes.items()),
        ):
            named = self._named(raw, where, names)
            said = {k: v for k, v in raw.items() if k != "named"} if is_table(raw) else raw
            if name in facts and where.startswith(f"{path}.facts."):
                blank = FieldMapping("value", where, slots[name], settings=settings)
                value = self.field(said, blank)
            else:
                blank = FieldMapping("value", where, Slot(), attribute=True, settings=settings)
                value = evolve(self.attribute(said, blank), attribute=False)
                if not name.strip():
                    self.fault("blank", where, "has a blank name")
                elif name in slots:
                    self.fault("clash", where, "is a field of companies; list it under facts")
                if value.slot.many:
                    self.fault("choice", f"{where}.type", "must not be set: read sets as they are")
            value = evolve(value, slot=evolve(value.slot, needed=False, written=True))
            constants = [
                FieldMapping(key, f"{path}.{key}", kind.slots[key], constant=text)
                for key, text in (("fact", name), ("zone", zone))
            ]
            only = Where(names, frozenset({named}), f"{path}.names") if named else None
            yield TableMapping(kind.name, path, file, (*common, *constants, value), only)

    def list(
        self, name: str, given: dict[str, Any], path: str, file: str, settings: Settings
    ) -> TableMapping:
        """Return the table of a target list, whose fields are `given`."""
        kind, at = KINDS["lists"], f"{path}.fields"
        self.keys(given, at, EVIDENCE)
        if not name.strip():
            self.fault("blank", path, "has a blank name")
        if given.keys().isdisjoint(EVIDENCE):
            self.fault("missing", at, f"has none of {', '.join(EVIDENCE)}; lists need one")
        fields = [
            self.field(
                given[one], FieldMapping(one, f"{at}.{one}", kind.slots[one], settings=settings)
            )
            for one in EVIDENCE
            if one in given
        ]
        fields.append(FieldMapping("list", path, kind.slots["list"], constant=name))
        return TableMapping(kind.name, path, file, tuple(fields))

    def _named(self, raw: object, path: str, names: str) -> str:
        """Return by which text in the column of names a fact goes; blank where there is none."""
        named = self.text(raw, "named", path) if is_table(raw) else ""
        if names and not named:
            self.fault("missing", path, f"has no named: its text in the column {brief(names)}")
        elif named and not names:
            self.fault("contradiction", f"{path}.named", "needs names, the column that has it")
        return named if names else ""

    def _table_mapping(
        self, entry: dict[str, Any], path: str, kind: Kind, file: str, settings: Settings
    ) -> TableMapping:
        given = self.table(entry, "fields", path)
        at = f"{path}.fields"
        self.keys(given, at, kind.slots)
        for name, slot in kind.slots.items():
            if slot.must_map and name not in given:
                self.fault("missing", at, f"has no {name}; {kind.name} need it")
        if "line_amount" in kind.slots and "product_id" not in given:
            for name in ("quantity", "line_amount"):
                if name in given:
                    self.fault("missing", f"{at}.{name}", "needs product_id beside it")
        fields = [
            self.field(given[name], FieldMapping(name, f"{at}.{name}", slot, settings=settings))
            for name, slot in kind.slots.items()
            if name in given
        ]
        attributes = self.table(entry, "attributes", path)
        if attributes and not kind.has_attributes:
            self.fault("unknown-key", f"{path}.attributes", f"{kind.name} have no attributes")
        for name, raw in attributes.items():
            where = f"{path}.attributes.{shown(name)}"
            if not name.strip():
                self.fault("blank", where, "has a blank name")
            blank = FieldMapping(name, where, Slot(), attribute=True, settings=settings)
            fields.append(self.attribute(raw, blank))
        only = self.where(entry, "only", path)
        return TableMapping(kind.name, path, file, tuple(fields), only)

    def _id_types(self, tables: Iterable[TableMapping]) -> None:
        """Add a problem for ids of one kind that are texts here and integers there (S18)."""
        first: dict[str, FieldMapping] = {}
        for table in tables:
            for field in table.fields:
                if not field.slot.ids_of:
                    continue
                other = first.setdefault(field.slot.ids_of, field)
                if other.slot.type != field.slot.type:
                    there = f"{other.path} is {other.slot.type}"
                    message = f"is {field.slot.type} where {there}; ids of one kind share a type"
                    self.fault("contradiction", f"{field.path}.type", message)


def _stays_inside(name: str) -> bool:
    # Both ways of writing paths, so that a mapping means the same on every machine.
    posix, windows = PurePosixPath(name), PureWindowsPath(name)
    steps = {*posix.parts, *windows.parts}
    return (
        bool(name.strip())
        and "\0" not in name
        and not (posix.anchor or windows.anchor or ".." in steps)
    )
