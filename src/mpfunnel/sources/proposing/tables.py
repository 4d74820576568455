"""What becomes of each file: the table that a mapping has of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from attrs import evolve, frozen

from mpfunnel.labels import Label
from mpfunnel.sources.kinds import KINDS, Slot
from mpfunnel.sources.proposing.fitting import flag_of, looks_like
from mpfunnel.sources.proposing.guessing import Column, Found, Guess, Sheet
from mpfunnel.sources.proposing.ids import id_column, id_line
from mpfunnel.sources.proposing.lines import Join, Left, Line, Spec, Table
from mpfunnel.sources.proposing.names import (
    key_of,
    words_by_key,
)
from mpfunnel.sources.proposing.remarks import described, unread, unsure_split, why_unfit
from mpfunnel.sources.proposing.words import Vocabulary, Word, split_of, words_in

__all__ = ["Part", "tabled"]

_FLAGS: Final = {
    key_of(name): flag
    for flag, names in {
        "public_body": ("官公庁", "自治体", "官公庁・自治体", "公共団体", "Public body"),
        "individual": ("個人", "個人フラグ", "個人事業主", "Individual"),
    }.items()
    for name in names
}
"""The columns of companies that the starter's segments ask about."""
_SLUG: Final = re.compile(r"[a-z0-9_-]+")
_EXPECTED: Final = re.compile(r"expect|予定|見込")
_ALIKE: Final = 0.5
"""Ids of two files are the same if this part of them is."""
_OTHERS: Final = {"companies": Label("companies", "企業"), "leads": Label("leads", "リード")}


@frozen
class Part:
    """A file and what it is taken for.

    Attributes:
        key: The key of the file.
        sheet: Its first rows.
        guess: What it is taken for.
    """

    key: str
    sheet: Sheet
    guess: Guess


def tabled(part: Part, parts: Sequence[Part], vocabulary: Vocabulary) -> Table:
    """Return the proposed table of a file.

    Args:
        part: The file.
        parts: All files whose kind is known, which its ids may refer to.
        vocabulary: What the words of its cells may mean.
    """
    return _Tabling(part, parts, vocabulary).table()


class _Tabling:
    """Makes the table of one file."""

    def __init__(self, part: Part, parts: Sequence[Part], vocabulary: Vocabulary) -> None:
        self._part = part
        self._parts = parts
        self._vocabulary = vocabulary
        self._kind = KINDS[part.guess.kind]
        self._fields = part.guess.fields
        self._why: dict[str, Label] = {}
        self._join: Join | None = None

    def table(self) -> Table:
        """Return the table."""
        guess, slots = self._part.guess, self._kind.slots
        made = {name: line for name, slot in slots.items() if (line := self._line(name, slot))}
        if "closed_at" not in made and "status" in made:
            made["status"] = _undated(made["status"])
        attributes = tuple(self._attributes())
        read = {name for line in (*made.values(), *attributes) for name in line.columns}
        if self._join:
            read.add(self._join.here)
        return Table(
            guess.kind,
            self._part.key,
            self._join,
            tuple(made.values()),
            attributes,
            tuple(self._left(read)),
            tuple(name for name, slot in slots.items() if slot.must_map and name not in made),
            guess.checks,
            any(self._fields[name].fit.naive for name in made if name in self._fields)
            or any(fit.either for _name, fit in guess.unfit.values()),
        )

    def _line(self, name: str, slot: Slot) -> Line | None:
        special: Mapping[str, Callable[[], Line | None]] = {
            "leads.name": self._name,
            "activities.lead_id": self._lead,
            "activities.kind": self._activity,
            "deals.closed_at": self._closed,
        }
        if (make := special.get(f"{self._kind.name}.{name}")) is not None:
            return make()
        if name == "id":
            return id_line(self._part.guess)
        found = self._fields.get(name)
        if found is None or (name == "quantity" and "product_id" not in self._fields):
            return None
        if slot.options:
            return self._option(name, slot, found)
        if slot.ids_of == "products" or name == "interests":
            return self._products(name, slot, found)
        if slot.ids_of in _OTHERS:
            return self._reference(name, slot, found)
        line = self._plain(name, found)
        if slot.many and (mark := split_of(found.column.cells)):
            return line.saying({"split": mark}, unsure_split(mark))
        return line

    def _plain(self, name: str, found: Found) -> Line:
        checks = [*found.checks, *unread(found.column, found.fit)]
        if name == "annual_revenue" and found.column.unit is None:
            checks.append(
                Label(
                    "in units of one? the header states none; unit = 'million' and the like say it",
                    '単位は円でよいか（見出しに単位がない）。百万円なら unit = "百万円" を加える',
                )
            )
        mark = found.fit.spec.get("thousands", ",")
        if mark != ",":
            checks.append(
                Label(
                    f"{mark!r} between thousands, and a comma before decimals?",
                    f"桁区切りは {mark!r}、小数点は ',' でよいか",
                )
            )
        return _line(name, found.column, found.fit.spec, checks)

    def _name(self) -> Line | None:
        halves = [self._fields.get(name) for name in ("family_name", "given_name")]
        parts = [found for found in halves if found is not None]
        if len(parts) == 2:
            if parts[0].column.key.isascii():
                parts.reverse()
            return Line("name", {"columns": [found.column.name for found in parts]})
        found = self._fields.get("name", parts[0] if parts else None)
        return None if found is None else self._plain("name", found)

    # -- words --

    def _option(self, name: str, slot: Slot, found: Found) -> Line | None:
        """Return a field whose words are those of mpfunnel."""
        cells = found.column.cells
        split = split_of(cells) if slot.many else ""
        own = {key_of(option): option for option in slot.options}
        listed = "sales_events" if name == "kind" else name
        meanings = {**words_by_key(listed), **own}
        # Where nobody knows, a deal is open, and of a company nothing is known.
        otherwise = "open" if name == "status" else ""
        words = words_in(cells, meanings, split=split, otherwise=otherwise)
        if words is None or (name != "status" and not any(word.known for word in words)):
            self._why[found.column.name] = Label(
                f"{name}? none of its words means {', '.join(slot.options)}",
                f"{name} か？ {'・'.join(slot.options)} に当たる言葉がない",
            )
            return None
        return _worded(name, found, words, split)

    def _activity(self) -> Line:
        found = self._fields.get("kind")
        if found is None:
            return self._one_activity()
        words = words_in(found.column.cells, self._vocabulary.activities)
        if words is None or not any(word.known for word in words):
            check = Label(
                "none of its words is a kind of activity of the playbook, so none earns points",
                "プレイブックにある行動が一つもなく、どれも点にならない",
            )
            return _line("kind", found.column, {}, [*found.checks, check])
        return _worded("kind", found, words)

    def _one_activity(self) -> Line:
        names = "".join(key_of(one.path.name) for one in self._part.sheet.samples)
        known = self._vocabulary.activities.values()
        kinds = [
            kind
            for word, kind in words_by_key("activities").items()
            if word in names and kind in known
        ]
        check = Label(
            "no column says what they did: one kind of activity for all rows",
            "行動の種類を表す列がないので、すべての行を同じ行動とみなす",
        )
        return Line("kind", {"constant": kinds[0] if kinds else "activity"}, checks=(check,))

    def _closed(self) -> Line | None:
        """Return when a deal was won or lost: of one that is open, it is only expected."""
        found, status = self._fields.get("closed_at"), self._fields.get("status")
        if found is None:
            return None
        ends = [] if status is None else _ends(status.column.cells)
        if status is None or not ends:
            self._why[found.column.name] = Label(
                "closed_at? no column says which deals are won or lost; else it is only expected",
                "closed_at か？ 受注・失注の分かる列がない（商談中の日付は予定なので読まない）",
            )
            return None
        when = {"when": {"column": status.column.name, "is": ends}}
        checks: list[Label] = []
        if _EXPECTED.search(found.column.key):
            check = "the day on which it was won or lost? by its name, it is only expected"
            checks.append(Label(check, "受注・失注した日か（列名は予定日）"))
        return self._plain("closed_at", found).saying(when, checks)

    def _products(self, name: str, slot: Slot, found: Found) -> Line:
        cells = found.column.cells
        split = split_of(cells) if slot.many else ""
        meanings, ids = self._known_products()
        words = words_in(cells, meanings, split=split)
        checks = list(found.checks)
        if words is None or (not ids and looks_like((word.text for word in words), _SLUG)):
            words = []
            checks.append(
                Label("are these the ids of the playbook's products?", "プレイブックの商材のIDか")
            )
        if all(word.known and word.text == word.meaning for word in words):
            words = []
        return _worded(name, evolve(found, checks=tuple(checks)), words, split)

    def _known_products(self) -> tuple[dict[str, str], set[str]]:
        """Return the id of each product by the key of what it is called, and all ids."""
        meanings, ids = dict(self._vocabulary.products), set(self._vocabulary.ids)
        for part in self._parts:
            column, _checks = id_column(part.guess)
            if part.guess.kind != "products" or column is None:
                continue
            name = part.guess.fields.get("name", Found(column)).column
            ids.update(column.cells)
            for key, text in zip(column.cells, name.cells, strict=True):
                meanings.update({key_of(text): key, key_of(key): key})
        return meanings, ids

    # -- references --

    def _lead(self) -> Line | None:
        """Return the lead of an activity: by its id, or by the mail address."""
        found = self._fields.get("lead_id", self._fields.get("email"))
        slot = self._kind.slots["lead_id"]
        return None if found is None else self._reference("lead_id", slot, found)

    def _reference(self, name: str, slot: Slot, found: Found) -> Line | None:
        """Return a field that names a company or lead of another file, or of this one."""
        line = _line(name, found.column, found.fit.spec, found.checks)
        others = [one for one in self._parts if one.guess.kind == slot.ids_of]
        columns = [(one, own) for one in others if (own := id_column(one.guess)[0]) is not None]
        if not columns or not any(cell.strip() for cell in found.column.cells):
            return line
        known = {cell for _one, own in columns for cell in own.cells}
        if _share(found.column.cells, known) < _ALIKE:
            joined = self._joined(name, found, columns) if slot.needed else None
            if joined is not None:
                return joined
            if name == "parent_id":
                self._why[found.column.name] = Label(
                    "parent_id? it holds no ids of companies", "parent_id か？ 企業のIDではない"
                )
                return None
        strange = [cell for cell in found.column.cells if cell.strip() and cell not in known]
        if not strange or not all(one.sheet.whole for one, _own in columns):
            # Beyond the first rows of the other file there may be what was not found.
            return line
        return line.saying({}, [_strangers(len(strange), len(found.column.cells), slot)])

    def _joined(
        self, name: str, found: Found, columns: Sequence[tuple[Part, Column]]
    ) -> Line | None:
        """Return a reference by what else the others are known by: a name, or a mail address."""
        other = {"company_id": "name", "lead_id": "email"}[name]
        for part, own in columns:
            known = part.guess.fields.get(other)
            if known is None or _share(found.column.cells, known.column.cells) < _ALIKE:
                continue
            there = known.column.name
            joint = name.removesuffix("_id")
            self._join = Join(joint, part.key, found.column.name, there)
            check = Label(
                f"found by {there}, not by an id", f"IDではなく「{there}」の一致で結び付ける"
            )
            return Line(name, {"column": f"{joint}.{own.name}"}, checks=(check,))
        return None

    # -- what is no field --

    def _attributes(self) -> Iterator[Line]:
        for column in self._part.sheet.columns if self._kind.name == "companies" else ():
            flag, spec = _FLAGS.get(column.key), flag_of(column.cells)
            if flag and spec:
                yield Line(flag, {"column": column.name, **spec})

    def _left(self, read: set[str]) -> Iterator[Left]:
        for name in self._part.sheet.unnamed:
            why = Label("its name is blank, or stands there twice", "列名が空か、重複している")
            yield Left(name, why)
        for column in self._part.sheet.columns:
            if column.name in self._why:
                yield Left(column.name, self._why[column.name])
            elif column.name in self._part.guess.unfit:
                name, fit = self._part.guess.unfit[column.name]
                yield Left(column.name, why_unfit(name, column, fit))
            elif column.name not in read:
                yield Left(column.name, described(column))


def _line(name: str, column: Column, spec: Spec, checks: Iterable[Label] = ()) -> Line:
    return Line(name, {"column": column.name, **spec}, checks=tuple(checks))


def _worded(name: str, found: Found, words: Sequence[Word], split: str = "") -> Line:
    """Return a field whose words are translated."""
    spec: Spec = {"split": split} if split else {}
    cells = found.column.cells
    parts = (part for cell in cells for part in (cell.split(split) if split else [cell]))
    if any(part != part.strip() for part in parts):
        spec["normalise"] = ["strip"]
    if words:
        spec["strict"] = True
    line = _line(name, found.column, spec, found.checks)
    return evolve(line, words=tuple(words)).saying({}, unsure_split(split) if split else ())


def _ends(cells: Sequence[str]) -> list[str]:
    """Return the cells of a stage that mean that a deal is won or lost, as they stand there."""
    words = words_in(cells, words_by_key("status")) or []
    over = {word.text for word in words if word.meaning in ("won", "lost")}
    return sorted({cell for cell in cells if cell.strip() in over})


def _undated(status: Line) -> Line:
    """Return the status of deals of which no day is known on which they were won or lost."""
    if not any(word.known and word.meaning in ("won", "lost") for word in status.words):
        return status
    check = Label(
        "deals won or lost need closed_at, of which no column is found; they are rejected",
        "受注・失注の日（closed_at）の列がない。受注・失注の商談は除外される",
    )
    return status.saying({}, [check])


def _strangers(count: int, rows: int, slot: Slot) -> Label:
    what = _OTHERS[slot.ids_of]
    en = f"in {count} of {rows} rows it names none of the {what.en}"
    ja = f"{rows}行のうち{count}行は{what.ja}の一覧にない"
    return (
        Label(f"{en}; they are rejected", f"{ja}（除外される）")
        if slot.must_exist
        else Label(en, ja)
    )


def _share(cells: Iterable[str], others: Iterable[str]) -> float:
    """Return which part of the different cells is among others."""
    given = {cell for cell in cells if cell.strip()}
    return len(given & {*others}) / len(given) if given else 0.0
