"""Balance: how a firm divides what it spends and does, against its own bands.

How much of it should go upstream no library knows. Without a band of the firm's own there is no
judgement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.flow.gaps.gap import SIDES
from mpfunnel.flow.lifecycles import LIFECYCLES
from mpfunnel.flow.measures import Measure, Status
from mpfunnel.labels import Label, Lang
from mpfunnel.personal import shown
from mpfunnel.plays import Motion
from mpfunnel.records import Id, Lifecycle
from mpfunnel.records.checks import Fault, a_key, an_id, one_of, optional, revenue

__all__ = [
    "STANDS",
    "Axis",
    "Balance",
    "Band",
    "Effort",
    "Part",
    "Stand",
    "balance",
    "faults_of_bands",
]

Axis = Literal["motion", "product", "lifecycle"]
Stand = Literal["below", "within", "above"]

STANDS: Final[Mapping[Stand, Label]] = {
    "below": Label("below the band", "配分の下限未満"),
    "within": Label("within the band", "配分の範囲内"),
    "above": Label("above the band", "配分の上限超過"),
}
"""Where a share stands to the band of the firm, as people read it."""

_UNITS: Final = {"touches": Label("touches", "接点"), "hours": Label("hours", "工数")}
"""What units are called that are no currency."""

_FIELDS: Final[Mapping[Axis, str]] = {
    "motion": "motion",
    "product": "product_id",
    "lifecycle": "lifecycle",
}
_NONE: Final[Mapping[Axis, Label]] = {
    "motion": Label("motion unknown", "上流・下流不明"),
    "product": Label("no product", "商材なし"),
    "lifecycle": Label("life-cycle stage unknown", "ライフサイクル不明"),
}
_AXES: Final[Mapping[Axis, Label]] = {
    "motion": Label("motion", "上流・下流"),
    "product": Label("product", "商材"),
    "lifecycle": Label("life-cycle stage", "ライフサイクル"),
}


@frozen
class Effort:
    """Something that was spent or done: money, touches or hours.

    Attributes:
        amount: How much; `None` where nobody knows.
        unit: Of what: a currency such as ``"JPY"``, ``"touches"``, ``"hours"``. Amounts of
            different units are never added up.
        motion: ``"upstream"``, ``"downstream"``, or `None` where it is not known.
        product_id: The product; `None` for what is about none.
        lifecycle: The stage of life in which the product was on the day.

    Raises:
        InvalidDataError: Something is of the wrong type, negative, or no such word; all at once.
    """

    amount: int | Decimal | None
    unit: str
    motion: Motion | None = None
    product_id: Id | None = None
    lifecycle: Lifecycle | None = None

    def __attrs_post_init__(self) -> None:
        faults = {
            "amount": optional(revenue)(self.amount),
            "unit": a_key(self.unit),
            "motion": optional(one_of(Motion))(self.motion),
            "product_id": optional(an_id)(self.product_id),
            "lifecycle": optional(one_of(Lifecycle))(self.lifecycle),
        }
        problems = [
            Problem(fault[0], f"effort.{name}", fault[1]) for name, fault in faults.items() if fault
        ]
        if problems:
            raise InvalidDataError(problems)


@frozen
class Band:
    """From where to where a firm wants a share to be, both ends included.

    Attributes:
        key: Of what it is the share: a motion, a product or a stage of life.
        low: The least share, from 0 to 1.
        high: The greatest share.
        within: In which group: a motion, a product or a stage of life; `None` for all of it.
        unit: Of which unit: a currency, ``"touches"``, ``"hours"``; `None` for every unit that
            has no band of its own for the same.

    Raises:
        InvalidDataError: A share is out of range, or the ends stand the other way round.
    """

    key: Id
    low: float | Decimal
    high: float | Decimal
    within: Id | None = None
    unit: str | None = None

    def __attrs_post_init__(self) -> None:
        faults = {
            "key": an_id(self.key),
            "within": optional(an_id)(self.within),
            "unit": optional(a_key)(self.unit),
        }
        problems = [
            Problem(fault[0], f"band.{name}", fault[1]) for name, fault in faults.items() if fault
        ]
        ends: dict[str, Any] = {"low": self.low, "high": self.high}
        sound = True
        for name, end in ends.items():
            if type(end) not in (float, int, Decimal) or not 0 <= end <= 1:
                sound = False
                message = f"must be a share from 0 to 1, not {brief(end)}"
                problems.append(Problem("range", f"band.{name}", message))
        if sound and self.high < self.low:
            problems.append(Problem("order", "band.high", "must not be below low"))
        if problems:
            raise InvalidDataError(problems)

    def stand(self, share: Fraction) -> Stand:
        """Return where a share stands to it."""
        if share < Fraction(str(self.low)):
            return "below"
        return "above" if share > Fraction(str(self.high)) else "within"


@frozen
class Part:
    """One part of what was spent or done.

    Attributes:
        within: The group of which it is a part; `None` for all of it, and for what has no group.
        key: The motion, product or stage of life; `None` for what has none.
        share: Its share of the group. ``"unpriced"`` where the group holds an unknown amount.
        band: The band of the firm; `None` where it has said none.
        stand: Where the share stands to it; `None` without a band, and where the share does not
            hold as it stands.
    """

    within: Id | None
    key: Id | None
    share: Measure
    band: Band | None
    stand: Stand | None


@frozen
class Balance:
    """How one unit is divided.

    Attributes:
        unit: The unit.
        by: By what it is divided.
        within: In which groups; `None` for all of it at once.
        parts: The parts, group by group; the shares of a group add up to 1.
    """

    unit: str
    by: Axis
    within: Axis | None
    parts: tuple[Part, ...] = field(repr=False)

    @property
    def label(self) -> Label:
        """What people call the unit."""
        return _UNITS.get(self.unit, Label(self.unit))

    def text(self, lang: Lang = "en") -> str:
        """Return one line for each part."""
        return "\n".join(self._line(one, lang) for one in self.parts)

    def name(self, part: Part, lang: Lang = "en") -> str:
        """Return what a part is called, with its group if there are several."""
        name = _name(self.by, part.key, lang)
        return name if self.within is None else f"{_name(self.within, part.within, lang)} × {name}"

    def _line(self, part: Part, lang: Lang) -> str:
        name = self.name(part, lang)
        colon = "：" if lang == "ja" else ": "
        told = f"{self.label.text(lang)} {name}{colon}{part.share.text(lang)}"
        if part.stand is None or part.band is None:
            return told
        ends = f"{float(part.band.low):.0%}–{float(part.band.high):.0%}"
        said = STANDS[part.stand].text(lang)
        return f"{told}、{said}（{ends}）" if lang == "ja" else f"{told}, {said} ({ends})"


def balance(
    efforts: Iterable[Effort],
    *,
    by: Axis = "motion",
    within: Axis | None = None,
    bands: Iterable[Band] = (),
) -> tuple[Balance, ...]:
    """Return how spend, touches or hours are divided: one balance for each unit, sorted.

    Every effort is in one part; what has no motion, product or stage is a part of its own. Both
    motions are always there, and whatever a band is about, be its share 0. An effort without
    amount is counted and not added up, and nothing is judged in its group.

    Args:
        efforts: What was spent and done.
        by: Whether by motion, product or stage of the life cycle.
        within: In which groups the shares are told, for example by motion within each stage.
        bands: The firm's own bands. A band is for the group that it names, and one that names
            none is for the division of the whole; likewise for the unit that it names, and one
            that names none is for every unit that has no band of its own for the same.

    Raises:
        InvalidDataError: Something is no effort or band, two bands are about the same, or one is
            about what there cannot be; all of it at once.
    """
    rows, wanted = series(efforts), series(bands)
    problems = [*misfits("efforts", rows, Effort), *_faults_of_axes(by, within)]
    problems += misfits("bands", wanted, Band) or faults_of_bands(wanted, by, within)
    if problems:
        raise InvalidDataError(problems)
    by_unit: dict[str, list[Effort]] = {}
    for one in rows:
        by_unit.setdefault(one.unit, []).append(one)
    return tuple(
        Balance(unit, by, within, tuple(_parts(by_unit[unit], by, within, _of_unit(wanted, unit))))
        for unit in sorted(by_unit)
    )


def _of_unit(bands: tuple[Band, ...], unit: str) -> dict[tuple[Id | None, Id], Band]:
    """Return the bands that hold for a unit: its own go before those of every unit."""
    found: dict[tuple[Id | None, Id], Band] = {}
    for meant in (None, unit):
        found |= {(one.within, one.key): one for one in bands if one.unit == meant}
    return found


def _parts(
    rows: list[Effort],
    by: Axis,
    within: Axis | None,
    bands: Mapping[tuple[Id | None, Id], Band],
) -> Iterator[Part]:
    groups: dict[Id | None, list[Effort]] = {}
    for one in rows:
        groups.setdefault(_of(one, within), []).append(one)
    always: tuple[Id, ...] = ("upstream", "downstream") if by == "motion" else ()
    for group in sorted({*groups, *(one for one, _ in bands)}, key=_place):
        there = groups.get(group, [])
        about = {
            *always,
            *(key for of, key in bands if of == group),
            *(_of(one, by) for one in there),
        }
        for key in sorted(about, key=_place):
            yield _part(there, by, group, key, bands)


def _part(
    there: list[Effort],
    by: Axis,
    group: Id | None,
    key: Id | None,
    bands: Mapping[tuple[Id | None, Id], Band],
) -> Part:
    basis = Label(f"by {_AXES[by].en}", f"{_AXES[by].ja}別")
    whole = _total(one.amount for one in there)
    mine = _total(one.amount for one in there if _of(one, by) == key)
    band = None if key is None else bands.get((group, key))
    value, stand = None, None
    status: Status = "undefined"
    if any(one.amount is None for one in there):
        status = "unpriced"
    elif whole:
        status = "ok"
        stand = None if band is None else band.stand(mine / whole)
    if whole:
        value = float(mine / whole)
    share = Measure(value, "share", basis, _plain(mine), _plain(whole), status=status)
    return Part(group, key, share, band, stand)


def _of(effort: Effort, axis: Axis | None) -> Id | None:
    found: Id | None = None if axis is None else getattr(effort, _FIELDS[axis])
    return found


def _place(key: Id | None) -> tuple[bool, int, str, Any]:
    known = (*SIDES, *LIFECYCLES)
    place = known.index(key) if key in known else len(known)
    return key is None, place, type(key).__name__, key


def _total(amounts: Iterable[int | Decimal | None]) -> Fraction:
    # As fractions: a sum of decimals is rounded as the thread has it.
    return sum((Fraction(one) for one in amounts if one is not None), Fraction(0))


def _plain(amount: Fraction) -> int | Decimal:
    if amount.denominator == 1:
        return amount.numerator
    whole, cents = divmod(int(amount * 100), 100)
    return Decimal(f"{whole}.{cents:02d}")


def _name(axis: Axis, key: Id | None, lang: Lang) -> str:
    if key is None:
        return _NONE[axis].text(lang)
    labels: Mapping[Any, Label] = {} if axis == "product" else {**SIDES, **LIFECYCLES}
    return labels[key].text(lang) if key in labels else shown(str(key), personal=False)


def _faults_of_axes(by: Any, within: Any) -> Iterator[Problem]:
    if fault := one_of(Axis)(by):
        yield Problem(fault[0], "by", fault[1])
    if fault := optional(one_of(Axis))(within):
        yield Problem(fault[0], "within", fault[1])
    elif within == by:
        yield Problem("duplicate", "within", f"must not be {brief(by)} again")


def faults_of_bands(bands: Iterable[Band], by: Any, within: Any) -> Iterator[Problem]:
    """Yield what is wrong with bands for a division: two for the same, or one for nothing."""
    seen: set[tuple[Id | None, Id, str | None]] = set()
    for place, one in enumerate(bands):
        path = f"bands[{place}]"
        if fault := _fault_of_key(by, one.key):
            yield Problem(fault[0], f"{path}.key", fault[1])
        if (one.within is None) != (within is None):
            message = "must name a group" if one.within is None else "names a group; there is none"
            yield Problem("contradiction", f"{path}.within", message)
        elif one.within is not None and (fault := _fault_of_key(within, one.within)):
            yield Problem(fault[0], f"{path}.within", fault[1])
        about = one.within, one.key, one.unit
        if about in seen:
            yield Problem("duplicate", path, "there is a band for the same already")
        seen.add(about)


def _fault_of_key(axis: Any, key: Id) -> Fault | None:
    kinds = {"motion": Motion, "lifecycle": Lifecycle}
    return one_of(kinds[axis])(key) if axis in kinds else None
