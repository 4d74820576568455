"""Facts of companies over time: the text of each value read, and the one that holds on the day.

The same as `mpfunnel.records.CompanyHistory.on`, for all companies at once. Values of every kind
stand as text in one column. No engine is asked what it takes for a number or a date: patterns tell
first, and only plain digits are cast, so that what cannot be read is a reject and never an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw

from mpfunnel.frames.contract import RELATIONSHIPS, Column
from mpfunnel.frames.door import Door
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.values import Fault

__all__ = ["OnReview", "OverTime", "as_of_the_day"]

_NAME: Final = "company_facts"
_LETTERS: Final = 40
"""As many as a number may have."""
_INT64: Final = 2**63
_TRUE: Final = ("true", "True", "TRUE")
_FALSE: Final = ("false", "False", "FALSE")
_SHAPES: Final[Mapping[str, tuple[str, str]]] = {
    "number": ("^-?[0-9]+([.][0-9]+)?$", "[^-0-9.]"),
    # A larger exponent is out of range for some engines, and they fail.
    "float": ("^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9][0-9]?)?$", "[^-+0-9.eE]"),
    "date": ("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "[^-0-9]"),
    "digits": ("^[0-9]+$", "[^0-9]"),
}
"""What a value must look like; and what must not be in it, because to some engines a text ends
before its last line feed, too."""
_MONTHS: Final = range(1, 13)
_LENGTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_BEFORE: Final = tuple(sum(_LENGTHS[:month]) for month in range(12))
_KEY: Final = ("company_no", "fact", "since")
_FACT: Final[nw.Expr] = nw.col("fact")
_VALUE: Final[nw.Expr] = nw.col("value")
_KNOWN: Final[nw.Expr] = ~nw.col("value").is_null()
_PLACES: Final = {
    "int": "number",
    "decimal": "number",
    "float": "real",
    "bool": "truth",
    "date": "day",
}
_READ: Final[Mapping[str, Any]] = {
    "number": nw.Int64(),
    "real": nw.Float64(),
    "truth": nw.Int64(),
    "day": nw.Int64(),
    "text": nw.String(),
}
"""The columns of what was read, each of other facts."""


Known = tuple[Frame, Frame | None]
"""Companies, and their sets."""


class OverTime(NamedTuple):
    """Companies before anything was told of them over time, and what was.

    Attributes:
        companies: The companies.
        sets: Their sets.
        values: What holds from a day on: company_no, fact, since, ``known``, 0 where the value is
            blank, and the value in the column of its kind. Of a set, a row for each member.
        columns: The column in which the value of each fact stands; sets are text.
        unasked: company_no, fact, since: of what else something was told, of which nobody asks.
    """

    companies: Frame
    sets: Frame | None
    values: Frame
    columns: Mapping[str, str]
    unasked: Frame


class OnReview(NamedTuple):
    """What was known on a day of review.

    Attributes:
        companies: The companies.
        sets: Their sets.
        dated: company_no, fact: of what anything was told by then.
        newer: company_no: of whom all was told after it.
        dated_now: company_no, fact: of what anything was told by the day asked about.
    """

    companies: Frame
    sets: Frame | None
    dated: Frame
    newer: Frame
    dated_now: Frame


def as_of_the_day(
    companies: Frame,
    sets: Frame | None,
    told: Frame,
    door: Door,
    workshop: Workshop,
    *,
    reviewed: int | None = None,
) -> tuple[Known, OnReview | None, OverTime | None]:
    """Return the companies and their sets with what was told of them over time, as of two days.

    The first is the day asked about; the other one, where there is any, that of the last review.
    Third comes what that follows from, where values over time count of any fact.

    Args:
        companies: The companies.
        sets: What their sets hold: company_no, fact, value.
        told: Values of facts of these companies up to the day: company_no, company_id, fact, value,
            since.
        door: Knows of which facts values over time count, and takes rejects.
        workshop: Where the frames are worked on.
        reviewed: The ordinal number of the day of the last review.
    """
    plain, members = door.dated, door.dated_sets
    if not plain and not members:
        return (companies, sets), None, None
    reading = _Reading(plain, members, integers=door.id_type("company") == nw.Int64())
    asked = _FACT.is_in([*(column.name for column in plain), *members])
    frame = told.filter(asked)
    frame = workshop.keep("company_facts_read", reading.of(frame))
    frame = door.sift(_NAME, frame, reading.faults, said=_FACT)
    frame = frame.select(*_KEY, "company_id", "known", *reading.places).unique()
    frame = _agreed(frame, members, door, workshop)
    columns = {column.name: place for column, place in reading.columns}
    over_time = OverTime(
        companies, sets, frame, columns, told.filter(~asked).select(*_KEY).unique()
    )

    def known(frame: Frame, suffix: str) -> Known:
        held = companies
        frame = workshop.keep(f"company_facts_latest{suffix}", _latest(frame))
        if plain:
            held = _with_values(companies, frame, reading)
            held = workshop.keep(f"companies_dated{suffix}", held)
        return held, _with_members(sets, frame, members) if members else sets

    if reviewed is None:
        return known(frame, ""), None, over_time
    past = frame.filter(nw.col("since") <= reviewed)
    firsts = told.group_by("company_no").agg(first=nw.col("since").min())
    newer = firsts.filter(nw.col("first") > reviewed).select("company_no")

    def of(frame: Frame) -> Frame:
        return frame.select("company_no", "fact").unique()

    then = OnReview(*known(past, "_on_review"), of(past), newer, of(frame))
    return known(frame, ""), then, over_time


# -- reading --


class _Reading:
    """How the texts of some facts are read.

    Args:
        plain: The facts that have one value.
        members: The names of the sets.
        integers: Whether the ids of companies are integers.
    """

    def __init__(self, plain: Sequence[Column], members: Sequence[str], *, integers: bool) -> None:
        self.faults: list[Fault] = []
        self._members = members
        self._columns: dict[str, list[Column]] = {place: [] for place in _READ}
        for column in plain:
            place = _PLACES.get(column.holds, "text")
            if column.holds == "id" and integers:
                place = "number"
            self._columns[place].append(column)

    @property
    def places(self) -> list[str]:
        """The columns of `_READ` that there are."""
        return [place for place, columns in self._columns.items() if columns or place == "text"]

    @property
    def columns(self) -> list[tuple[Column, str]]:
        """The facts that have one value, and where it stands."""
        return [(one, place) for place, columns in self._columns.items() for one in columns]

    def of(self, frame: Frame) -> Frame:
        """Return the frame with the values in `places`, null where they are blank or at fault."""
        readers = {
            "number": self._numbers,
            "real": self._reals,
            "truth": self._truths,
            "day": self._days,
            "text": self._texts,
        }
        for place in self.places:
            frame = readers[place](frame, self._columns[place])
        ids = {one.name: place for one, place in self.columns if one.holds == "id"}
        for name, place in ids.items():
            own = (name == _FACT) & (nw.col(place) == nw.col("company_id"))
            self._fault(own, "cycle", "must not be the company's own id")
        return frame.with_columns(known=flag(_KNOWN))

    def _fault(self, holds: nw.Expr, code: str, reason: str) -> None:
        self.faults.append(Fault(_KNOWN & holds, "value", code, reason))

    def _numbers(self, frame: Frame, columns: Sequence[Column]) -> Frame:
        """Put integers and decimals, these in their smallest unit, into ``number``."""
        among = _of(columns)
        read = _KNOWN & among & _shaped("number")
        frame = frame.with_columns(plain=nw.when(read).then(_VALUE).otherwise(nw.lit("0")))
        plain = nw.col("plain")
        frame = frame.with_columns(
            negative=plain.str.starts_with("-"),
            before=plain.str.replace_all("^-", "").str.replace_all("[.].*$", ""),
            after=plain.str.replace_all("^[^.]*[.]?", "").str.replace_all("0+$", ""),
        )
        before, after = nw.col("before"), nw.col("after")
        by_places: dict[int, list[Column]] = {}
        for column in columns:
            places = column.places if column.holds == "decimal" else 0
            by_places.setdefault(places, []).append(column)
        digits, fits = before, nw.lit(True)
        for places, some in by_places.items():
            if places:
                filled = nw.concat_str(after, nw.lit("0" * places)).str.slice(0, places)
                digits = nw.when(_of(some)).then(nw.concat_str(before, filled)).otherwise(digits)
        frame = frame.with_columns(digits=digits.str.replace_all("^0+", ""))
        digits, length = nw.col("digits"), nw.col("digits").str.len_chars()
        for places, some in by_places.items():
            # What columns of companies may hold, written in as many digits.
            most = str(max(_INT64 // 10**places * 10**places - 1, 0))
            below = (length < len(most)) | ((length == len(most)) & (digits <= nw.lit(most)))
            fits = nw.when(_of(some)).then(below).otherwise(fits)
        frame = frame.with_columns(fits=fits)
        some_digits = nw.col("fits") & (nw.col("digits") != "")
        number = nw.when(some_digits).then(nw.col("digits")).otherwise(nw.lit("0")).cast(nw.Int64())
        number = nw.when(nw.col("negative")).then(whole(0) - number).otherwise(number)
        frame = frame.with_columns(number=nw.when(read).then(number))
        self._fault(among & ~read, "format", "must be a number in plain digits, such as 1200")
        self._fault(among & ~nw.col("fits"), "range", "must fit in 64 bits")
        for places, some in by_places.items():
            if places:
                reason = f"must have at most {places} decimal places"
                self._fault(_of(some) & (after.str.len_chars() > places), "range", reason)
            else:
                self._fault(_of(some) & (after != ""), "type", "must be an integer")
        for column in columns:
            if column.least is not None:
                below = _of([column]) & (nw.col("number") < column.least)
                self._fault(below, "range", f"must be at least {column.least}")
        return frame

    def _reals(self, frame: Frame, columns: Sequence[Column]) -> Frame:
        """Put floats into ``real``."""
        among = _of(columns)
        read = _KNOWN & among & _shaped("float")
        real = nw.when(read).then(_VALUE).otherwise(nw.lit("0")).cast(nw.Float64())
        # One zero, not two: equal rows count once.
        real = nw.when(read & (real != 0)).then(real).otherwise(nw.when(read).then(nw.lit(0.0)))
        self._fault(among & ~read, "format", "must be a number in plain digits, such as 0.15")
        return frame.with_columns(real=real)

    def _truths(self, frame: Frame, columns: Sequence[Column]) -> Frame:
        """Put 1 for true and 0 for false into ``truth``."""
        among = _of(columns)
        true, false = _VALUE.is_in(_TRUE), _VALUE.is_in(_FALSE)
        self._fault(among & ~true & ~false, "format", "must be true or false")
        false = nw.when(among & false).then(whole(0))
        return frame.with_columns(truth=nw.when(among & true).then(whole(1)).otherwise(false))

    def _days(self, frame: Frame, columns: Sequence[Column]) -> Frame:
        """Put the ordinal numbers of days into ``day``."""
        among = _of(columns)
        read = _KNOWN & among & _shaped("date")
        frame = frame.with_columns(
            written=nw.when(read).then(_VALUE).otherwise(nw.lit("0001-01-01"))
        )
        written = nw.col("written").str
        frame = frame.with_columns(
            year=written.slice(0, 4).cast(nw.Int64()),
            month=written.slice(5, 2).cast(nw.Int64()),
            nth=written.slice(8, 2).cast(nw.Int64()),
        )
        year, month, nth = nw.col("year"), nw.col("month"), nw.col("nth")
        leap = ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)
        longer = flag(leap & (month == 2))
        length = looked_up(month, _MONTHS, _LENGTHS) + longer
        exists = (year > 0) & (nth > 0) & (nth <= length)
        exists = exists.fill_null(False)
        past = year - 1
        day = past * 365 + past // 4 - past // 100 + past // 400 + nth + flag(leap & (month > 2))
        day = day + looked_up(month, _MONTHS, _BEFORE)
        self._fault(among & ~(read & exists), "format", "must be a date such as 2026-10-31")
        return frame.with_columns(day=nw.when(read & exists).then(day))

    def _texts(self, frame: Frame, columns: Sequence[Column]) -> Frame:
        """Put what is taken as it stands into ``text``."""
        names = [*(column.name for column in columns), *self._members]
        for column in columns:
            if column.digits is not None:
                sound = _shaped("digits") & (_VALUE.str.len_chars() == column.digits)
                reason = f"must be {column.digits} digits without hyphens"
                self._fault(_of([column]) & ~sound, "format", reason)
        if "relationships" in self._members:
            stranger = (_FACT == "relationships") & ~_VALUE.is_in(RELATIONSHIPS)
            self._fault(stranger, "choice", f"must be one of {', '.join(RELATIONSHIPS)}")
        return frame.with_columns(text=nw.when(_FACT.is_in(names)).then(_VALUE))


def _of(columns: Iterable[Column]) -> nw.Expr:
    return _FACT.is_in([column.name for column in columns])


def _shaped(what: str) -> nw.Expr:
    shape, others = _SHAPES[what]
    sound = _VALUE.str.contains(shape) & ~_VALUE.str.contains(others)
    return (sound & (_VALUE.str.len_chars() <= _LETTERS)).fill_null(False)


# -- which value holds --


def _agreed(frame: Frame, members: Sequence[str], door: Door, workshop: Workshop) -> Frame:
    """Return the values of which no other one of the same fact and day differs (S17).

    A set has many members on one day; but that it has none stands alone.
    """
    several = nw.col("values") > 1
    if members:
        several = several & (~_FACT.is_in(members) | (nw.col("least") == 0))
    counts = frame.group_by(*_KEY).agg(nw.len().alias("values"), least=nw.col("known").min())
    frame = frame.join(counts, on=list(_KEY), how="inner").with_columns(several=several)
    frame = workshop.keep("company_facts_agreed", frame)
    reason = nw.concat_str(_FACT, nw.lit(" has another value on the same day, too"))
    door.turn_away(_NAME, frame.filter(nw.col("several")), "value", "conflict", reason)
    return frame.filter(~nw.col("several")).drop("values", "least", "several")


def _latest(frame: Frame) -> Frame:
    """Return for each company and fact what was told on the last day."""
    last = frame.group_by("company_no", "fact").agg(nw.col("since").max())
    return frame.join(last, on=list(_KEY), how="inner")


def _with_values(companies: Frame, latest: Frame, reading: _Reading) -> Frame:
    """Return the companies with the values that were told in the place of their own."""
    told: dict[str, nw.Expr] = {}
    for number, (column, place) in enumerate(reading.columns):
        of_fact = _of([column])
        told[f"mpfunnel_told_{number}"] = nw.when(of_fact).then(whole(1))
        told[f"mpfunnel_value_{number}"] = nw.when(of_fact).then(nw.col(place))
    latest = latest.with_columns(**told)
    latest = latest.group_by("company_no").agg(*(nw.col(name).max() for name in told))
    held = companies.collect_schema().names()
    frame = companies.join(latest, on="company_no", how="left")
    values: dict[str, nw.Expr] = {}
    for number, (column, place) in enumerate(reading.columns):
        value = nw.col(f"mpfunnel_value_{number}")
        kind = nw.Boolean() if place == "truth" else _READ[place]
        own = nw.col(column.name) if column.name in held else nw.lit(None, dtype=kind)
        value = value == 1 if place == "truth" else value
        told_now = (nw.col(f"mpfunnel_told_{number}") == 1).fill_null(False)
        values[column.name] = nw.when(told_now).then(value).otherwise(own)
    return frame.with_columns(**values).select(*dict.fromkeys([*held, *values]))


def _with_members(sets: Frame | None, latest: Frame, members: Sequence[str]) -> Frame:
    """Return the members of sets, those that were told in the place of all others of the set."""
    latest = latest.filter(_FACT.is_in(members))
    told = latest.filter(nw.col("known") == 1).select("company_no", "fact", value=nw.col("text"))
    if sets is None:
        return told
    replaced = latest.select("company_no", "fact").unique()
    sets = sets.join(replaced, on=["company_no", "fact"], how="anti")
    return nw.concat([sets.select("company_no", "fact", "value"), told])
