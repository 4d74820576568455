"""A proposed mapping as a TOML file, with what must be checked in comments."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from unicodedata import category, east_asian_width

from mpfunnel.codec.checks import is_table
from mpfunnel.errors import on_one_line
from mpfunnel.labels import Label, Lang
from mpfunnel.sources.mapping import FileMapping
from mpfunnel.sources.proposing.fitting import YEAR_FIRST
from mpfunnel.sources.proposing.lines import Line, Spec, Table
from mpfunnel.sources.proposing.words import Word

__all__ = ["CHECK", "written"]

CHECK: Final = Label("check", "要確認")
"""What begins each comment about what is not sure."""
_WIDTH: Final = 100
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Zl", "Zp"})
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def written(
    files: Mapping[str, FileMapping],
    tables: Sequence[Table],
    zone: str,
    notes: Mapping[str, Sequence[Label]],
    lang: Lang,
) -> str:
    """Return a mapping as a TOML file.

    Args:
        files: The files by their key; those that no table reads are shown in comments.
        tables: What becomes of them.
        zone: The zone of times that state none.
        notes: What must be checked of each file, by its key.
        lang: The language of the comments.
    """
    return _Writer(lang).text(files, tables, zone, notes)


class _Writer:
    """Writes in one language."""

    def __init__(self, lang: Lang) -> None:
        self._lang: Lang = lang
        self._check = CHECK.text(lang)

    def text(
        self,
        files: Mapping[str, FileMapping],
        tables: Sequence[Table],
        zone: str,
        notes: Mapping[str, Sequence[Label]],
    ) -> str:
        """Return the whole file."""
        head = (
            Label(
                "Proposed from the headers and the first rows.",
                "見出しと先頭の行から作った案。",
            ),
            Label(
                f"Look at each line with '{self._check}:', correct it, and drop the comment.",
                f"「{self._check}」の行を確かめ、直したらコメントを消す。",
            ),
        )
        blocks = [
            [*(f"# {one.text(self._lang)}" for one in head), "format = 1"],
            [*self._files(files, tables, notes)],
        ]
        formats = _formats(tables)
        if formats or any(table.naive for table in tables):
            blocks.append([*self._defaults(formats, tables, zone)])
        kinds = [table.kind for table in tables if not table.lacking]
        for table in tables:
            block = [*self._table(table, several=kinds.count(table.kind) > 1)]
            if table.lacking:
                block = [
                    *self._blocked(table),
                    *(line if line.startswith("#") or not line else f"# {line}" for line in block),
                ]
            blocks.append(block)
        if _is_matched(tables):
            blocks.append([*self._identity()])
        return "\n\n".join("\n".join(block) for block in blocks) + "\n"

    def _defaults(
        self, formats: Sequence[str], tables: Sequence[Table], zone: str
    ) -> Iterator[str]:
        yield "[defaults]"
        if any(table.naive for table in tables):
            check = Label("the zone of times that state none", "時差の記載がない日時のタイムゾーン")
            yield from self._said(f"zone = {_value(zone)}", [check])
        if formats:
            yield f"date_formats = {_value(formats)}"

    def _identity(self) -> Iterator[str]:
        check = Label(
            "no column says whose people they are: found by mail domain, or name and region",
            "所属企業のIDの列がないので、メールのドメイン、または企業名と地域で結び付ける",
        )
        own = Label("those of your own firm", "自社のドメイン")
        yield from self._said("[identity]", [check])
        yield f"own_domains = []  # {own.text(self._lang)}"

    def _files(
        self,
        files: Mapping[str, FileMapping],
        tables: Sequence[Table],
        notes: Mapping[str, Sequence[Label]],
    ) -> Iterator[str]:
        read = {table.file for table in tables if not table.lacking}
        read |= {table.join.file for table in tables if table.join and not table.lacking}
        yield "[files]"
        for key, form in files.items():
            line = f"{_key(key)} = {_value(_plain(form))}"
            if key in read:
                yield from self._said(line, notes.get(key, ()))
            else:
                yield from self._said(f"# {line}", notes.get(key, ()))

    def _blocked(self, table: Table) -> Iterator[str]:
        names = ", ".join(table.lacking)
        why = Label(
            f"not read: no column of {names} is sure", f"読まない：{names} に当たる列が決まらない"
        )
        cure = Label(
            "Name it here, or export it, and drop the # of these lines and of the file.",
            "ここに書くか、書き出す列に加えて、以下の行とファイルの行の先頭の # を消す。",
        )
        yield f"# {self._check}: {why.text(self._lang)}"
        yield f"# {cure.text(self._lang)}"

    def _table(self, table: Table, *, several: bool) -> Iterator[str]:
        for check in table.checks:
            yield f"# {self._check}: {check.text(self._lang)}"
        yield f"[[{table.kind}]]" if several else f"[{table.kind}]"
        yield f"file = {_value(table.file)}"
        if table.join:
            yield ""
            yield f"[{table.kind}.join.{table.join.name}]"
            yield f"file = {_value(table.join.file)}"
            yield f"on = {_value({table.join.here: table.join.there})}"
            yield 'normalise = ["strip", "lower"]'
        yield ""
        yield f"[{table.kind}.fields]"
        long: list[Line] = []
        for line in table.lines:
            short = f"{_key(line.name)} = {_value(_short(line.spec))}"
            if line.words or _cells(short) > _WIDTH:
                long.append(line)
            else:
                yield from self._said(short, line.checks)
        for line in long:
            yield ""
            yield from self._block(f"{table.kind}.fields.{_key(line.name)}", line)
        if table.attributes:
            yield ""
            yield f"[{table.kind}.attributes]"
            for line in table.attributes:
                yield from self._said(
                    f"{_key(line.name)} = {_value(_short(line.spec))}", line.checks
                )
        if table.left:
            yield ""
            left = Label("Columns that are not read:", "読まない列：")
            yield f"# {left.text(self._lang)}"
            for one in table.left:
                name = on_one_line(one.name)
                yield f"#   {name}: {one.why.text(self._lang)}"

    def _block(self, path: str, line: Line) -> Iterator[str]:
        """Yield a field as a table of its own, each of its words on a line."""
        yield f"[{path}]"
        for number, (key, value) in enumerate(_usual(line.spec).items()):
            yield from self._said(f"{key} = {_value(value)}", () if number else line.checks)
        if line.words:
            yield ""
            yield f"[{path}.values]"
        for word in line.words:
            yield from self._said(f"{_key(word.text)} = {_value(word.meaning)}", self._doubt(word))

    @staticmethod
    def _doubt(word: Word) -> Iterable[Label]:
        if word.known:
            return ()
        return (Label("what does it mean here?", "何に当たるか"),)

    def _said(self, line: str, checks: Iterable[Label]) -> Iterator[str]:
        """Yield a line with what must be checked of it, before it where it is too long."""
        joint = Label("; ", "。").text(self._lang)
        said = joint.join(check.text(self._lang) for check in checks)
        comment = f"# {self._check}: {said}"
        if not said:
            yield line
        elif _cells(line) + _cells(comment) + 2 <= _WIDTH:
            yield f"{line}  {comment}"
        else:
            yield comment
            yield line


def _short(spec: Spec) -> str | Spec:
    """Return what is said of a field, as short as may be."""
    usual = _usual(spec)
    return usual["column"] if usual.keys() == {"column"} else usual


def _usual(spec: Spec) -> Spec:
    """Return what is said of a field beside the defaults: not the formats that are among them."""
    if {*YEAR_FIRST}.issuperset(spec.get("date_formats", ())):
        return {key: value for key, value in spec.items() if key != "date_formats"}
    return spec


def _is_matched(tables: Iterable[Table]) -> bool:
    """Whether there are companies, and people of whom no column says whose they are."""
    sure = [table for table in tables if not table.lacking]
    names = [{line.name for line in table.lines} for table in sure if table.kind == "leads"]
    companies = any(table.kind == "companies" for table in sure)
    return companies and any("company_id" not in one for one in names)


def _formats(tables: Iterable[Table]) -> list[str]:
    """Return the formats of all days whose year stands first; none where that is ISO alone."""
    used = {
        form
        for table in tables
        for line in table.lines
        for form in line.spec.get("date_formats", ())
    }
    formats = [form for form in YEAR_FIRST if form in used]
    return [] if formats == ["iso"] else formats


def _plain(form: FileMapping) -> str | dict[str, Any] | list[str]:
    """Return a file as a mapping says it, as short as may be."""
    said = {
        key: values[0] if len(values) == 1 else [*values]
        for key, values, usual in (
            ("path", form.paths, ()),
            ("encoding", form.encodings, ("utf-8",)),
            ("separator", form.separators, (",",)),
        )
        if values != usual
    }
    return said["path"] if said.keys() == {"path"} else said


def _cells(text: str) -> int:
    """Return how wide a text is on a screen."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _value(name)


def _value(value: Any) -> str:
    """Return a value as TOML has it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for that of DEL, which JSON does not need.
        return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))
    if is_table(value):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return "[" + ", ".join(_value(one) for one in value) + "]"


def _escaped(letter: str) -> str:
    """Return a letter of a text as it can be seen: what cannot be printed as an escape."""
    if category(letter) not in _UNSEEN:
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
