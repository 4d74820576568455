"""The door: what a table must be to be worked with, checked once; what is wrong in a row, told.

What is wrong with a table as a whole is an error that lists everything. A row that cannot be used
becomes a reject with the reason, so that as many rows come out as went in (law 7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.errors import MAX_LETTERS, InvalidDataError, Problem, brief, shown
from mpfunnel.frames.contract import (
    SETS,
    Column,
    Family,
    attribute_of,
    clashes,
    dated,
    sets_of,
    with_attributes,
)
from mpfunnel.frames.days import with_day, with_local_day
from mpfunnel.frames.expressions import by_code, whole
from mpfunnel.frames.kinds import Frame, Workshop, as_columns
from mpfunnel.frames.values import (
    BLANK,
    Fault,
    as_written,
    contradictions,
    faults_of,
    kind_of_id,
    missing,
    number_of,
    wrong_type,
)
from mpfunnel.groups import ROOT
from mpfunnel.playbook import Playbook
from mpfunnel.rules.facts import Fact
from mpfunnel.tiers import custom_of

__all__ = ["REJECTED", "Door", "Terms", "rejected"]

REJECTED: Final = ("table", "id", "lead_id", "column", "code", "reason")
"""The columns of a reject, all of them text."""
_FAULT: Final = "place of fault"
"""The column of the first fault of a row, under a name that no attribute has."""
_NEAR: Final = 0.85
_FAR: Final = 0.6
_ELSEWHERE: Final = {
    ("activities", "product_id"): "activity_products",
    ("deals", "product_id"): "deal_lines",
}
"""Columns beside which there may be no table that says the same."""


class _Entered(NamedTuple):
    """A table whose columns are known by name; `types` are those of what stands in them."""

    columns: Sequence[Column]
    frame: Frame
    types: dict[str, Any]


@frozen
class Terms:
    """What tables are taken in for.

    Attributes:
        zone: Of whose days instants are.
        asked: Every fact that rules ask about, and so which custom attributes are read.
        custom: Whether a policy in Python may ask for anything that is known of a company.
        products: What ids of products are, ``integers`` or ``text``; `None` where there are none.
        only: The columns that are read, by table; all that a table may have where it is `None`.
    """

    zone: str
    asked: tuple[Fact, ...] = ()
    custom: bool = False
    products: str | None = None
    only: Mapping[str, Collection[str]] | None = None

    @classmethod
    def of(cls, book: Playbook) -> Terms:
        """Return what a playbook needs."""
        return cls(
            book.zone,
            tuple(book.asked.values()),
            any(custom_of(policy) is not None for policy in book.tiers.values()),
            "integers" if type(book.products[0].id) is int else "text",
        )


class Door:
    """Takes tables in, each checked against its contract.

    Args:
        workshop: Where they are worked on.
        terms: What they are taken in for.
        given: The tables by name.
        in_parts: The tables that are not taken in as a whole, but with `part`.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type; all problems at once.
    """

    def __init__(
        self,
        workshop: Workshop,
        terms: Terms,
        given: Mapping[str, Any],
        *,
        in_parts: Collection[str] = (),
    ) -> None:
        self._workshop = workshop
        self._zone = terms.zone
        self._ids: dict[str, str] = {}
        self.rejects: list[Frame] = []
        # Of companies: the attributes that are there, and of which facts values over time count.
        self.attributes: list[Fact] = []
        self.dated: tuple[Column, ...] = ()
        self.dated_sets: tuple[str, ...] = ()
        own: list[Column] = []
        custom, asked = terms.custom, terms.asked
        problems: list[Problem] = []
        entered: dict[str, _Entered] = {}
        for name, native in given.items():
            names = as_columns(native, workshop.kind)
            here, wrong = _present(name, with_attributes(name, asked), names)
            problems += wrong
            for key in clashes(name, asked):
                message = "is no custom attribute; call what rules ask for otherwise"
                problems.append(Problem("clash", f"{name}.{shown(key)}", message))
            problems += [
                Problem("clash", f"{name}.{column}", f"says what {table} says; give one of them")
                for (of, column), table in _ELSEWHERE.items()
                if of == name and column in names and table in given
            ]
            if name == "stage_history" and "for_products" in names:
                problems += _listed_within(given)
            if terms.only is not None:
                here = [column for column in here if column.name in terms.only[name]]
            if here:
                columns = [column.name for column in here]
                # A policy in Python may ask for anything that is known of a company.
                others = (
                    [n for n in names if n not in columns] if name == "companies" and custom else []
                )
                frame, wrong = workshop.enter(name, native, [*columns, *others])
                problems += [p for p in wrong if p.path.removeprefix(f"{name}.") not in others]
                here += [
                    column
                    for other, dtype in frame.collect_schema().items()
                    if other in others and (column := attribute_of(other, dtype)) is not None
                ]
                if name == "companies":
                    own = [column for column in here if column.attribute is not None]
                    self.attributes = [one.attribute for one in own if one.attribute is not None]
                entered[name], wrong = self._typed(name, here, frame)
                problems += wrong
            if name in SETS and name in entered:
                problems += self._strange_facts(name, sets_of(name, asked), entered[name])
            if name == "company_facts" and name in entered:
                plain, sets = dated(asked)
                known = [*(column.name for column in plain), *sets]
                problems += self._strange_facts(name, known, entered[name])
        if "company_facts" in given:
            self._expect_dated(asked, own if custom else None)
        problems += self._mixed_ids(terms.products, entered)
        if problems:
            raise InvalidDataError(problems)
        self._waiting = {name: table for name, table in entered.items() if name in in_parts}
        self.frames = {
            name: self._checked(name, *table)
            for name, table in entered.items()
            if name not in in_parts
        }

    def part(self, name: str, holds: Callable[[nw.Expr], nw.Expr]) -> Frame | None:
        """Take in some rows of a table that is taken in parts; `None` where it was not given.

        Args:
            name: The table.
            holds: Whether a lead's id is of the part. Each must be of one part, null too.
        """
        if name not in self._waiting:
            return None
        columns, frame, types = self._waiting[name]
        owner = next(column for column in columns if column.name == "lead_id")
        frame = frame.filter(holds(self._cast(owner, types[owner.name])))
        return self._checked(name, columns, frame, types, part=True)

    def id_type(self, family: Family) -> Any:
        """Return the type of the ids of a family: text where no table says."""
        return nw.Int64() if self._ids.get(family) == "integers" else nw.String()

    def turn_away(
        self, name: str, frame: Frame, column: str, code: str, reason: str | nw.Expr
    ) -> None:
        """Keep the rows of a frame as rejects of the table `name`, because of a column."""
        said = nw.lit(reason) if isinstance(reason, str) else reason
        self._tell(name, frame, nw.lit(column), nw.lit(code), said)

    def _tell(
        self, name: str, wrong: Frame, column: nw.Expr, code: nw.Expr, reason: nw.Expr
    ) -> None:
        some = self._workshop.some(wrong)
        # Most checks find nothing, and to plan what would be said takes longer than to look. The
        # first are kept in any case: they have the columns of all.
        if some is None and self.rejects:
            return
        told = rejected(name, wrong if some is None else some, column, code, reason)
        self.rejects.append(self._workshop.note(told))

    def sift(
        self, name: str, frame: Frame, faults: Sequence[Fault], *, said: nw.Expr | None = None
    ) -> Frame:
        """Return the rows of a frame without fault; the others become rejects.

        Args:
            name: Of which table the rows are.
            frame: The rows.
            faults: What can be wrong with them; the first that holds is told.
            said: What the reasons begin with.
        """
        if not faults:
            return frame
        sound, wrong = _parted(_marked(frame, faults))
        self._tell_faults(name, wrong, faults, said)
        return sound

    def _tell_faults(
        self, name: str, wrong: Frame, faults: Sequence[Fault], said: nw.Expr | None = None
    ) -> None:
        column, code, reason = (
            by_code(_FAULT, [getattr(fault, part) for fault in faults])
            for part in ("column", "code", "reason")
        )
        reason = reason if said is None else nw.concat_str(said, nw.lit(" "), reason)
        self._tell(name, wrong, column, code, reason)

    # -- whole columns --

    def _typed(
        self, name: str, here: Sequence[Column], frame: Frame
    ) -> tuple[_Entered, list[Problem]]:
        """Return a table with the types of its columns, and what is wrong with them.

        A column that holds nothing says nothing by its type: a file without a value in it gives
        text, NumPy gives floats.
        """
        schema = frame.collect_schema()
        columns = [column for column in here if column.name in schema]
        types: dict[str, Any] = {}
        problems: list[Problem] = []
        for column in columns:
            types[column.name] = schema[column.name]
            wrong = wrong_type(f"{name}.{column.name}", column, schema[column.name])
            if wrong and self._workshop.is_blank(frame, column.name):
                types[column.name] = nw.Unknown()
            else:
                problems += wrong
        return _Entered(columns, frame, types), problems

    def _expect_dated(self, asked: Sequence[Fact], own: Sequence[Column] | None) -> None:
        """Note of which facts the values over time count: those that anything may ask about.

        Args:
            asked: Every fact that rules ask about.
            own: The attributes with columns, where a policy in Python may ask for any of them.
        """
        plain, sets = dated(asked)
        if own is None:
            keys = {fact.key for fact in asked if fact.given == "company"}
            if any(fact.root == ROOT for fact in asked):
                keys.add("parent_id")
            plain = tuple(column for column in plain if column.name in keys)
            sets = tuple(name for name in sets if name in keys)
        else:
            known = {column.name for column in plain}
            plain += tuple(column for column in own if column.name not in known)
            self.attributes = [one.attribute for one in plain if one.attribute is not None]
        self.dated, self.dated_sets = plain, sets

    def _strange_facts(self, name: str, known: Sequence[str], table: _Entered) -> list[Problem]:
        """Return a problem for each name of a fact that is nearly one that rules may ask about."""
        if not isinstance(table.types.get("fact"), nw.String | nw.Categorical | nw.Enum):
            return []
        facts = [fact for fact in self._workshop.values(table.frame, "fact") if fact is not None]
        absent = [fact for fact in known if fact not in facts]
        return [
            Problem(
                "unknown-fact",
                f"{name}.fact",
                f"no such fact {brief(fact)}; did you mean '{near}'?",
            )
            for fact in sorted(set(facts) - set(known))
            if (near := _nearest(fact, absent, _NEAR)) is not None
        ]

    def _mixed_ids(self, products: str | None, entered: Mapping[str, _Entered]) -> list[Problem]:
        """Return a problem for each column of ids that are not of the type of their kind (S18)."""
        found: dict[str, dict[str, str]] = {}
        if products is not None:
            found["product"] = {"the playbook": products}
        for name, (columns, frame, types) in entered.items():
            for column in columns:
                kind = kind_of_id(types[column.name])
                if column.of is None or kind is None:
                    continue
                family = found.setdefault(column.of, {})
                if set(family.values()) - {kind} and self._workshop.is_blank(frame, column.name):
                    types[column.name] = nw.Unknown()
                else:
                    family[f"{name}.{column.name}"] = kind
        self._ids = {family: next(iter(kinds.values())) for family, kinds in found.items()}
        return [
            Problem(
                "type", path, f"must hold {first}, as {source} does: one type of id for all (S18)"
            )
            for kinds in found.values()
            for source, first in [next(iter(kinds.items()))]
            for path, kind in kinds.items()
            if kind != first
        ]

    # -- row by row --

    def _checked(
        self,
        name: str,
        columns: Sequence[Column],
        frame: Frame,
        schema: Mapping[str, Any],
        *,
        part: bool = False,
    ) -> Frame:
        faults: list[Fault] = []
        for one in columns:
            if schema[one.name] != nw.Unknown():
                faults += faults_of(one, schema[one.name])
            elif one.required:
                faults.append(missing(one, nw.lit(True)))
        faults += contradictions(name, schema)
        frame = _marked(frame, faults)
        if part:
            # Sound rows and wrong ones are both sought in it: a file would be read twice.
            frame = self._workshop.keep(f"part_of_{name}", frame)
        frame, wrong = _parted(frame)
        for one in columns:
            if one.holds == "id" and schema[one.name].is_float():
                wrong = wrong.with_columns(as_written(one, schema[one.name]))
        self._tell_faults(name, wrong, faults)
        frame = frame.with_columns(*(self._cast(one, schema[one.name]) for one in columns))
        for one in columns:
            if one.holds == "instant":
                day = f"{one.name}_day"
                if schema[one.name] == nw.Unknown():
                    frame = frame.with_columns(whole(None).alias(day))
                else:
                    frame = with_local_day(frame, one.name, self._zone, name=day)
            elif one.holds == "date" and schema[one.name] != nw.Unknown():
                frame = with_day(frame, one.name, name=one.name)
        return frame

    def _cast(self, column: Column, dtype: Any) -> nw.Expr:
        value = nw.col(column.name)
        if dtype == nw.Unknown():
            return nw.lit(None, dtype=self._type_of(column)).alias(column.name)
        match column.holds:
            case "id":
                return number_of(column, dtype) if dtype.is_numeric() else value.cast(nw.String())
            case "int" | "decimal" | "float":
                return number_of(column, dtype)
            case "text":
                text = value.cast(nw.String())
                if column.required:
                    return text
                return nw.when(~text.str.contains(BLANK)).then(text).alias(column.name)
            case "instant":
                return self._instant(value)
            case "date" if dtype != nw.Date():
                return value.dt.date()
            case _:
                return value

    def _instant(self, value: nw.Expr) -> nw.Expr:
        # Engines with one type for instants need no cast, and some do not know this one.
        if self._workshop.kind in ("duckdb", "ibis", "pyspark"):
            return value
        return value.cast(nw.Datetime("us", "UTC"))

    def _type_of(self, column: Column) -> Any:
        if column.of is not None:
            return self.id_type(column.of)
        types: Mapping[str, Any] = {
            "float": nw.Float64(),
            "bool": nw.Boolean(),
            "text": nw.String(),
            "instant": nw.Datetime("us", "UTC"),
        }
        return types.get(column.holds, nw.Int64())


def _marked(frame: Frame, faults: Sequence[Fault]) -> Frame:
    """Return the frame with the place of the first fault of each row; null where it has none."""
    places = [
        nw.when(fault.holds.fill_null(False)).then(nw.lit(place))
        for place, fault in enumerate(faults)
    ]
    return frame.with_columns(nw.coalesce(*places).alias(_FAULT))


def _parted(frame: Frame) -> tuple[Frame, Frame]:
    """Return the rows without fault, and the others, which keep the place of it."""
    wrong = frame.filter(~nw.col(_FAULT).is_null())
    return frame.filter(nw.col(_FAULT).is_null()).drop(_FAULT), wrong


def rejected(name: str, frame: Frame, column: nw.Expr, code: nw.Expr, reason: nw.Expr) -> Frame:
    """Return the rows of a table as rejects (`REJECTED`)."""
    known = frame.collect_schema().names()
    about = next(
        one for one in ("id", "activity_id", "deal_id", "lead_id", "company_id") if one in known
    )
    lead = nw.col("lead_id") if "lead_id" in known else nw.lit(None, dtype=nw.String())
    owner = nw.col(about).cast(nw.String())
    if name == "overrides" and "company_id" in known:
        # They are about a lead or about a company.
        owner = nw.coalesce(owner, nw.col("company_id").cast(nw.String()))
    return frame.select(
        table=nw.lit(name),
        id=owner,
        lead_id=lead.cast(nw.String()),
        column=column,
        code=code,
        reason=reason,
    )


def _present(
    name: str, contract: Sequence[Column], given: Sequence[str]
) -> tuple[list[Column], list[Problem]]:
    """Return the columns of the contract that are there once, and what is wrong with the names."""
    times = Counter(given)
    problems = [
        Problem("duplicate", f"{name}.{shown(column)}", "stands there twice; name columns once")
        for column in times
        if times[column] > 1
    ]
    absent = [column.name for column in contract if column.name not in times]
    strangers = [column for column in times if column not in {one.name for one in contract}]
    for column in contract:
        if (column.required or column.stated) and column.name in absent:
            near = _nearest(column.name, strangers, _FAR)
            hint = "" if near is None else f"; did you mean '{shown(near)}'?"
            problems.append(Problem("missing", f"{name}.{column.name}", f"no such column{hint}"))
            absent.remove(column.name)
            strangers = [stranger for stranger in strangers if stranger != near]
    for stranger in strangers:
        if (near := _nearest(stranger, absent, _NEAR)) is not None:
            message = f"no such column; did you mean '{near}'?"
            problems.append(Problem("unknown-column", f"{name}.{shown(stranger)}", message))
    return [column for column in contract if times[column.name] == 1], problems


def _listed_within(given: Collection[str]) -> list[Problem]:
    """Return a problem where the products of entries stand in the entries alone."""
    if "stage_history_products" in given:
        return []
    message = "is needed where stage_history has for_products: a row for each of them (S21)"
    return [Problem("missing", "stage_history_products", message)]


def _nearest(name: str, among: Sequence[str], cutoff: float) -> str | None:
    """Return which name is nearest, upper and lower case alike; None where none is near."""
    names = {one.casefold(): one for one in among if len(one) <= MAX_LETTERS}
    near = get_close_matches(name[:MAX_LETTERS].casefold(), list(names), n=1, cutoff=cutoff)
    return names[near[0]] if near else None
