"""The flow through one step: what came in and went out, how much of it went on, and how soon.

Counts tell of the days of a period: what was there, and came in, less what went out is what is
there. Shares and times tell of those that came in on these days, whatever became of them later, so
that nobody is divided by somebody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import Factory, define, field, frozen
from immutabledict import immutabledict

from mpfunnel.flow.course import Journey
from mpfunnel.flow.measures import Measure, Status, count, share
from mpfunnel.flow.periods import Period
from mpfunnel.flow.reporting.followed import basis_of_followed
from mpfunnel.flow.reporting.terms import Terms
from mpfunnel.flow.survival import Spell, aalen_johansen, kaplan_meier
from mpfunnel.labels import Label, counted
from mpfunnel.records import Id

__all__ = ["StepFlow", "Tally", "step_flow", "tallied"]

_ON: Final = "on"
_OFF: Final = "off "
"""What led out of a step: to the next one, or off the course. An exit may be called anything."""

_Stay = tuple[int, str | None]
"""For how many days, and what led out; `None` where it goes on."""

_COUNTS: Final = {
    "opening": Label("there before the period", "期首に滞在"),
    "came_in": Label("came in", "流入"),
    "imputed": Label("of those that came in, never seen there", "流入のうち通過を補完したもの"),
    "went_on": Label("went on to the next step", "次のステップへ進行"),
    "went_out": Label("went out", "流出"),
    "closing": Label("there at the end of the period", "期末に滞在"),
}


@frozen
class StepFlow:
    """What flowed through one step in a period: ``opening + came_in - went_out == closing``.

    Who enters and leaves on one day came in and went out, and was there at the end of no day.

    Attributes:
        step: Key of the step.
        opening: How many were there at the end of the day before the period.
        came_in: How many entered it.
        imputed: How many of these nobody saw there: they are there because they entered a later
            step.
        went_on: How many left it for the next step.
        went_off: How many left the course from it, by exit; empty for the last step.
        closing: How many were there at the end of the period, or of `as_of` where that is earlier.
        velocity: How many went on per day. This and all that follows is `None` for the last step.
        conversion: The share of those that came in that went on within the days asked for, the last
            of these days included. Whose days are not over is left out and pending, though it went
            on.
        incidence: The share of all that came in that goes on within these days (Aalen and
            Johansen): who is under way counts for as long as it was watched.
        exits: The same of each exit; exits compete with going on.
        median_days: The days until half of those that came in had left, whichever way (Kaplan and
            Meier). Who was never seen there is left out.
    """

    step: str
    opening: int
    came_in: int
    imputed: int
    went_on: int
    went_off: immutabledict[str, int] = field(converter=immutabledict)
    closing: int
    velocity: Measure | None = None
    conversion: Measure | None = None
    incidence: Measure | None = None
    exits: immutabledict[str, Measure] = field(default=immutabledict(), converter=immutabledict)
    median_days: Measure | None = None

    @property
    def went_out(self) -> int:
        """How many left it, for the next step or off the course."""
        return self.went_on + sum(self.went_off.values())

    def figures(self) -> Iterator[tuple[str, Measure]]:
        """Yield every figure with its name, the counts too: ``conversion``, ``exits.lost``."""
        for name, basis in _COUNTS.items():
            yield name, count(getattr(self, name), basis)
        for kind, number in self.went_off.items():
            yield f"went_off.{kind}", count(number, Label(f"went off: {kind}", f"離脱：{kind}"))
        for name in ("velocity", "conversion", "incidence", "median_days"):
            if (one := getattr(self, name)) is not None:
                yield name, one
        for kind, one in self.exits.items():
            yield f"exits.{kind}", one


@define
class Tally:
    """What was counted of one step in a period.

    Attributes:
        opening: How many were there before.
        entered: The units that came in, each as often as it did.
        imputed: How many of these nobody saw there.
        closing: The units that were there at the end, each as often as it was.
        gone: How many went out, by what led them out.
        stays: Of those that came in, how many stayed for so many days and left so.
        matured: How many came in whose days are over.
        converted: How many of these went on within their days.
    """

    opening: int = 0
    entered: Counter[Id] = Factory(Counter[Id])
    imputed: int = 0
    closing: Counter[Id] = Factory(Counter[Id])
    gone: Counter[str] = Factory(Counter[str])
    stays: Counter[_Stay] = Factory(Counter[_Stay])
    matured: int = 0
    converted: int = 0


def tallied(journeys: Iterable[Journey], place: int, period: Period, terms: Terms) -> Tally:
    """Count what flowed through the step at a place.

    Args:
        journeys: Journeys for one product, as they are known.
        place: The place of the step, from 0.
        period: The period.
        terms: What is asked.
    """
    found = Tally()
    first, last, as_of = period.first, period.last, terms.as_of
    window = 0 if place == terms.last else terms.within[place]
    for one in journeys:
        entered = one.entered
        if len(entered) <= place or entered[place] > last:
            continue
        day = entered[place]
        led_by, left = None, None
        if len(entered) > place + 1:
            led_by, left = _ON, entered[place + 1]
        elif one.exit is not None:
            led_by, left = _OFF + one.exit, one.exited_on
        if left is None or left > last:
            found.closing[one.unit_id] += 1
        elif led_by is not None and left >= first:
            found.gone[led_by] += 1
        if day < first:
            found.opening += left is None or left >= first
            continue
        found.entered[one.unit_id] += 1
        found.imputed += place in one.imputed
        stayed = ((left or as_of) - day).days
        found.stays[stayed, led_by] += 1
        if (as_of - day).days >= window:
            found.matured += 1
            found.converted += led_by == _ON and stayed <= window
    return found


def step_flow(
    found: Tally, place: int, period: Period, terms: Terms, kinds: Sequence[str]
) -> StepFlow:
    """Return the flow through the step at a place.

    Args:
        found: What was counted of it.
        place: The place of the step, from 0.
        period: The period.
        terms: What was asked.
        kinds: The exits that there are.
    """
    key, number = terms.course.keys[place], found.entered.total()
    counts = (key, found.opening, number, found.imputed, found.gone[_ON])
    if place == terms.last:
        return StepFlow(*counts, {}, found.closing.total())
    window, min_n, days = terms.within[place], terms.min_n, terms.days(period)
    basis = _Basis(terms, place, period)
    told = _Incidences(found, window, kinds, min_n)
    return StepFlow(
        *counts,
        {kind: found.gone[_OFF + kind] for kind in kinds},
        found.closing.total(),
        Measure(found.gone[_ON] / days, "ratio", basis.per_day(), found.gone[_ON], days),
        share(
            found.converted,
            found.matured,
            basis_of_followed(place, place + 1, period, terms),
            min_n=min_n,
            pending=number - found.matured,
        ),
        told.measure(_ON, basis.within(basis.onward)),
        {kind: told.measure(_OFF + kind, basis.within(basis.off(kind))) for kind in kinds},
        _median(found, basis.stayed(), min_n),
    )


class _Incidences:
    """Where those that came in went within so many days, beside each other."""

    def __init__(self, found: Tally, window: int, kinds: Sequence[str], min_n: int) -> None:
        self._window, self._min_n = window, min_n
        self._number = found.entered.total()
        # What comes later says nothing of these days, but makes the exact numbers longer.
        spells: Counter[_Stay] = Counter()
        for (stayed, led_by), number in found.stays.items():
            late = stayed > window
            spells[min(stayed, window), None if late else led_by] += number
        self._under_way = _under_way(spells)
        causes = [_ON, *(_OFF + kind for kind in kinds)]
        self._curves = aalen_johansen(_spells(spells), causes).by_cause

    def measure(self, cause: str, basis: Label) -> Measure:
        """Return the share that a cause has led out."""
        if not self._number:
            return Measure(None, "share", basis, den=0, status="undefined")
        estimate = self._curves[cause].on(self._window)
        if estimate is None:
            # Nobody was watched for so long: what comes in the rest of the days is open.
            return Measure(
                None,
                "share",
                basis,
                den=self._number,
                status="immature",
                pending=self._under_way,
            )
        return Measure(
            estimate.value,
            "share",
            basis,
            den=self._number,
            interval=estimate.interval,
            status="small_n" if self._number < self._min_n else "ok",
        )


def _median(found: Tally, basis: Label, min_n: int) -> Measure:
    # Nobody knows how long those stayed that were never seen there; they were given no day.
    unseen: Counter[_Stay] = Counter({(0, _ON): found.imputed})
    seen = found.stays - unseen
    number = seen.total()
    median = kaplan_meier(_spells(seen)).median
    if median is None:
        # Half of them have not left yet, of whom there are any.
        status: Status = "immature" if number else "undefined"
        return Measure(None, "days", basis, den=number, status=status, pending=_under_way(seen))
    return Measure(median, "days", basis, den=number, status="small_n" if number < min_n else "ok")


def _under_way(stays: Counter[_Stay]) -> int:
    return sum(number for (_, led_by), number in stays.items() if led_by is None)


def _spells(stays: Counter[_Stay]) -> Iterator[Spell]:
    for (stayed, led_by), number in stays.items():
        yield Spell(stayed, led_by, count=number)


class _Basis:
    """What the figures of a step are of."""

    def __init__(self, terms: Terms, place: int, period: Period) -> None:
        self._terms, self._days = terms, terms.within[place]
        step, following = (one.label for one in terms.course.steps[place : place + 2])
        self._step, self._period = step, period.label
        self.onward = Label(f"entered {following}", f"{following.ja}へ進行")

    @staticmethod
    def off(kind: str) -> Label:
        return Label(f"left as {kind}", f"{kind}として離脱")

    def per_day(self) -> Label:
        english = f"units a day that {self.onward} from {self._step} in {self._period}"
        japanese = f"{self._period.ja}に{self._step.ja}から{self.onward.ja}した1日当たりの件数"
        return self._terms.basis(english, japanese)

    def within(self, what: Label) -> Label:
        days = self._days
        english = (
            f"{what} within {counted(days, 'days')}, day {days} included, of all that entered "
            f"{self._step} in {self._period} (Aalen-Johansen)"
        )
        japanese = (
            f"{self._period.ja}に{self._step.ja}へ流入した全件のうち、{days}日以内（{days}日目を含む）に"
            f"{what.ja}した割合（Aalen-Johansen推定）"
        )
        return self._terms.basis(english, japanese)

    def stayed(self) -> Label:
        english = (
            f"days until half of those seen entering {self._step} in {self._period} had left it "
            "(Kaplan-Meier)"
        )
        japanese = (
            f"{self._period.ja}に{self._step.ja}へ流入した（補完を除く）うち半数が離れるまでの日数"
            "（Kaplan-Meier推定）"
        )
        return self._terms.basis(english, japanese)
