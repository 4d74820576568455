"""Tally: what a lead has done about one product, as a running count that holds for any model.

What a tally is follows from two things alone: everything that it was ever told, and the latest
day before which it was made to forget. It keeps what it was told of that day and later, each
statement once: *kept = {one in told: day of one >= kept since}*. So order, repetition and the way
in which the log was cut do not matter (law 4), nor when it was made to forget. To merge is to take
the union of what is kept and the later day: commutative, associative and idempotent, because union
and maximum are, and because what one of them forgets the later day forgets too.

Statements about one id that differ are in conflict, and none of them counts (S17). All are kept,
because which one came first must not matter; because as of a day before the second one there is no
conflict yet (law 5); and because a tally that heard one of them before it had to forget it must
equal one to which it came late.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import date
from heapq import merge
from itertools import chain, groupby
from typing import Any, Final, Literal, NamedTuple, cast, final

from attrs import field, frozen

from mpfunnel.calendars import local_day, zone_for
from mpfunnel.engagement.growing import GrowingMap
from mpfunnel.engagement.model import EngagementModel
from mpfunnel.engagement.scores import Measure, Score, Sums, Worth
from mpfunnel.engagement.statements import Told, problem_of, read, told_of, written
from mpfunnel.errors import InvalidDataError, Problem, misfit, misfits, series
from mpfunnel.records import Activity, Id
from mpfunnel.records.checks import a_bool, a_day, a_key, an_id
from mpfunnel.stored import Stored

__all__ = ["Count", "Outcome", "Recorded", "Tally"]

NEVER: Final = date.max.toordinal() + 1
Outcome = Literal["new", "known", "conflict", "late", "elsewhere"]
"""What became of an activity that was recorded.

- ``"new"``: it is kept.
- ``"known"``: it was kept before, exactly so. Nothing changes.
- ``"conflict"``: it is kept; its id is kept already with another day, kind or reach, and as of days
  that know of both, none of them counts.
- ``"late"``: its day is before `Tally.kept_since`. Nothing changes.
- ``"elsewhere"``: it is about other products. Nothing changes.
"""

Count = tuple[str, int, bool, int]
"""Activities that count: kind, age in days, whether they name no product, and how many."""


_Key = Id | tuple[Id, int]
"""An id, for what it was first told with; with 1, 2, … for what it was told with besides."""

_Cells = Mapping[tuple[str, bool, int], Mapping[int, int]]
"""How many count by kind, reach and the day from which they no longer do; then by their day."""


class Recorded(NamedTuple):
    """A tally after an activity was recorded, and what became of the activity."""

    tally: Tally
    outcome: Outcome


class _Reading(NamedTuple):
    """What a tally came to when it was last asked."""

    model: EngagementModel
    today: int
    sums: Sums
    asked: tuple[Measure, ...] = ()
    measures: Mapping[str, int | bool] = {}


@final
@frozen(eq=False, init=False, repr=False)
class Tally:
    """What one lead did about one product: an immutable value, of which every change gives another.

    It knows no model and no product, so that it outlives every change of the playbook; `at` asks it
    by a model. The unit of time is the day in the playbook's zone (S11). Threads may share one.

    Args:
        kept_since: The first day of which activities are kept; `None` to keep all.

    Attributes:
        kept_since: The same; later once `forget_before` was asked for.

    Raises:
        InvalidDataError: `kept_since` is no day.
    """

    kept_since: date | None
    _log: GrowingMap[_Key, Told] = field()
    _cells: _Cells = field()
    # Kept from one tally to the next, so that asking after each activity adds up only that one.
    _read: _Reading | None = field()

    def __init__(self, *, kept_since: date | None = None) -> None:
        if kept_since is not None and (fault := a_day(kept_since)):
            raise InvalidDataError([problem_of("kept_since", fault)])
        _fill(self, kept_since, GrowingMap(), {}, None)

    @classmethod
    def of(
        cls,
        activities: Iterable[Activity],
        product_id: Id,
        *,
        zone: str,
        kept_since: date | None = None,
    ) -> Tally:
        """Return the tally of a lead's activities; those about other products are left out.

        Args:
            activities: The activities of one lead, in any order.
            product_id: The product that the tally is about.
            zone: The playbook's zone, for example ``"Asia/Tokyo"``.
            kept_since: The first day of which activities are kept; `None` to keep all.

        Raises:
            InvalidDataError: There is no such zone, `kept_since` is no day, something is no
                activity or no id, or an activity falls outside the years 1 to 9999 in the zone.
        """
        in_zone = zone_for(zone)
        given = series(activities)
        _check_about(product_id, misfits("activities", given, Activity))
        return _built(
            cls(kept_since=kept_since).kept_since,
            (
                (one.id, _of_record(one, local_day(one.at, in_zone)))
                for one in given
                if _is_about(one, product_id)
            ),
        )

    # -- what is told --

    def record_activity(self, activity: Activity, product_id: Id, *, zone: str) -> Recorded:
        """Return the tally with an activity of the lead, and what became of the activity.

        Args:
            activity: The activity; one that names no product is company-wide.
            product_id: The product that the tally is about.
            zone: The playbook's zone, for example ``"Asia/Tokyo"``.

        Raises:
            InvalidDataError: There is no such zone, something is no activity or no id, or the
                activity falls outside the years 1 to 9999 in the zone.
        """
        _check_about(product_id, misfit("activity", activity, Activity))
        day = local_day(activity.at, zone_for(zone))
        if not _is_about(activity, product_id):
            return Recorded(self, "elsewhere")
        return self._record(activity.id, _of_record(activity, day))

    def record(
        self,
        activity_id: Id,
        kind: str,
        day: date,
        *,
        company_wide: bool = False,
    ) -> Recorded:
        """Return the tally with an activity of the lead, and what became of the activity.

        Args:
            activity_id: Unique for the lead.
            kind: The kind of activity.
            day: When it happened, a day in the playbook's zone.
            company_wide: Whether it names no product.

        Raises:
            InvalidDataError: One of them is not what it should be; all faults are told at once.
        """
        try:
            told = told_of(day, kind, company_wide)
        except TypeError:  # one of them cannot be hashed, so it is unsound
            told = None
        if told is None or an_id(activity_id):
            faults = {
                "id": an_id(activity_id),
                "kind": a_key(kind),
                "day": a_day(day),
                "company_wide": a_bool(company_wide),
            }
            raise InvalidDataError(
                problem_of(f"activity.{name}", fault) for name, fault in faults.items() if fault
            )
        return self._record(activity_id, told)

    def _record(self, activity_id: Id, told: Told) -> Recorded:
        since = self.kept_since
        if since is not None and told.day < since.toordinal():
            return Recorded(self, "late")
        log = self._log
        known = log.get(activity_id)
        if known is None:
            cells = _moved(self._cells, told, NEVER, 1)
            read = self._read
            if read is not None and told.day <= read.today:
                model, today, sums, asked, measures = read
                day, kind, wide = told
                age = today - day
                sums = model.with_one(sums, kind, age, company_wide=wide)
                measures = model.measured_with_one(asked, measures, kind, age, company_wide=wide)
                read = _Reading(model, today, sums, asked, measures)
            return Recorded(_tally(since, log.adding(activity_id, told), cells, read), "new")
        before = [known, *_others(log, activity_id)]
        if told in before:
            return Recorded(self, "known")
        cells = self._cells
        for share, by in ((_share(before), -1), (_share([*before, told]), 1)):
            if share is not None:
                cells = _moved(cells, *share, by)
        return Recorded(
            _tally(since, log.adding((activity_id, len(before)), told), cells), "conflict"
        )

    def merge(self, other: Tally) -> Tally:
        """Return the tally that was told what either was told, kept since the later day of both.

        Commutative, associative and idempotent. It takes as long as the smaller one is large, if
        both are kept since the same day.

        Raises:
            InvalidDataError: `other` is no tally.
        """
        if wrong := misfit("other", other, Tally):
            raise InvalidDataError(wrong)
        days = [one.kept_since for one in (self, other) if one.kept_since is not None]
        both = (one.forget_before(max(days)) if days else one for one in (self, other))
        small, large = sorted(both, key=lambda one: len(one._log))
        for activity_id, told in small._statements():
            large = large._record(activity_id, told).tally
        return large

    def forget_before(self, day: date) -> Tally:
        """Return the tally without activities of days before `day`; these come late from now on.

        A tally that is kept since a later day stays as it is. What is forgotten keeps nothing out
        of a cool-down any more, and is in no conflict: the score may rise by it.

        Raises:
            InvalidDataError: `day` is no day.
        """
        if fault := a_day(day):
            raise InvalidDataError([problem_of("day", fault)])
        if self.kept_since is not None and day <= self.kept_since:
            return self
        return _built(day, self._statements())

    # -- what is asked --

    def at(self, model: EngagementModel, as_of: date) -> Score:
        """Return the score, with its parts, as of a day.

        It is that of the activities kept since `kept_since` that happened on the day or before (law
        5). It takes as long as there are different days and kinds, however many activities; asked
        again after one more activity, by the same model and for the same day, much less.

        Args:
            model: What activities are worth.
            as_of: The day, in the playbook's zone.

        Raises:
            InvalidDataError: `as_of` is no day, or `model` is none.
        """
        today = _ordinal(as_of)
        read = self._read
        if read is None or read.model is not model or read.today != today:
            if wrong := misfit("model", model, EngagementModel):
                raise InvalidDataError(wrong)
            worths = self._worths(model, model.points, today)
            read = _Reading(model, today, model.sums(worths))
            object.__setattr__(self, "_read", read)
            return model.score_of_sums(read.sums, worths, as_of=as_of)
        special = self._worths(model, model.special, today) if model.special else ()
        return model.score_of_sums(read.sums, special, as_of=as_of)

    def _worths(self, model: EngagementModel, kinds: Container[str], today: int) -> list[Worth]:
        """Return what the activities of some kinds, which have points, are worth as of a day."""
        each = model.each
        worths: list[Worth] = []
        for (kind, wide, until), days in self._cells.items():
            if kind in kinds and today < until:
                milli = each[wide][kind]
                worths += [
                    (kind, today - day, milli * times, times)
                    for day, times in days.items()
                    if day <= today
                ]
        return worths

    def measures(
        self, model: EngagementModel, asked: Iterable[Measure], as_of: date
    ) -> Mapping[str, int | bool]:
        """Return measures by key: a number, micro-points, or a yes or no (S13).

        It takes as long as `at` does, which remembers for it what the score was asked for.

        Args:
            model: What activities are worth.
            asked: What is asked.
            as_of: The day, in the playbook's zone.

        Raises:
            InvalidDataError: `as_of` is no day.
        """
        asked = tuple(asked)
        read = self._read
        known = read is not None and read.model is model and read.today == _ordinal(as_of)
        if read is not None and known and asked and read.asked == asked:
            return read.measures
        counts = self.counts(as_of)
        own = [(kind, age, times) for kind, age, wide, times in counts if not wide]
        firm_wide = [(kind, age, times) for kind, age, wide, times in counts if wide]
        worths = model.worths(own) + model.worths(firm_wide, company_wide=True)
        found = model.measures(asked, own, worths)
        if read is not None and known:
            object.__setattr__(self, "_read", read._replace(asked=asked, measures=found))
        return found

    def touched(self, as_of: date) -> bool:
        """Return whether any activity was about the product itself.

        Raises:
            InvalidDataError: `as_of` is no day.
        """
        today = _ordinal(as_of)
        return any(
            day <= today
            for (_, wide, until), days in self._cells.items()
            if not wide and today < until
            for day in days
        )

    def counts(self, as_of: date) -> list[Count]:
        """Return how many activities count as of a day, in no order that is promised.

        Raises:
            InvalidDataError: `as_of` is no day.
        """
        today = _ordinal(as_of)
        return [
            (kind, today - day, wide, times)
            for (kind, wide, until), days in self._cells.items()
            if today < until
            for day, times in days.items()
            if day <= today
        ]

    @property
    def last_day(self) -> date | None:
        """The day of the latest activity that counts on any day; `None` where there is none."""
        last = max((max(days) for days in self._cells.values()), default=None)
        return None if last is None else date.fromordinal(last)

    def days_of_change(self, ages: Sequence[int], after: date) -> Iterator[date]:
        """Yield in order the days on which an activity reaches an age, or ceases to count.

        It ceases to count with the day of another one that has its id and differs.

        Args:
            ages: Ages in days, in order. With age 0 an activity begins to count.
            after: The day after which to begin.

        Raises:
            InvalidDataError: `after` is no day.
        """
        if fault := a_day(after):
            raise InvalidDataError([problem_of("after", fault)])
        today = after.toordinal()
        days = {day for of_kind in self._cells.values() for day in of_kind}
        ends = sorted({until for _, _, until in self._cells if today < until})
        reached = [map(day.__add__, ages[bisect_right(ages, today - day) :]) for day in days]
        for day, _ in groupby(merge(ends, *reached)):
            if day >= NEVER:
                return
            yield date.fromordinal(day)

    @property
    def conflicts(self) -> frozenset[Id]:
        """The ids that were told with different days, kinds or reach."""
        return frozenset(key[0] for key, _ in self._log.items() if isinstance(key, tuple))

    # -- as a value --

    def _statements(self) -> Iterator[tuple[Id, Told]]:
        for key, told in self._log.items():
            yield (key[0] if isinstance(key, tuple) else key), told

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return (
            self.kept_since == other.kept_since
            and len(self._log) == len(other._log)
            and self._cells == other._cells
            and set(self._statements()) == set(other._statements())
        )

    def __hash__(self) -> int:
        cells = frozenset((key, frozenset(days.items())) for key, days in self._cells.items())
        return hash((self.kept_since, len(self._log), cells))

    def __repr__(self) -> str:
        return f"Tally(statements={len(self._log)}, kept_since={self.kept_since})"

    def __copy__(self) -> Tally:
        # The copy is asked about other days without losing here what was read for this one.
        return _tally(self.kept_since, self._log, self._cells)

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return Tally.from_bytes, (self.to_bytes(),)

    def to_bytes(self) -> bytes:
        """Return the tally as JSON in UTF-8: the same bytes for equal tallies (law 9).

        Format 1 is an object of ``format``, ``kept_since`` (a day or null) and ``told``: for each
        day and kind, in order, the day, the kind, the ids about the product, and those that name
        none. `from_bytes` reads it, and will read it in every later version.
        """
        return written(self.kept_since, self._statements())

    @classmethod
    def from_bytes(cls, data: Stored) -> Tally:
        """Return the tally that `to_bytes` wrote, in this version or an earlier one.

        Raises:
            DecodeError: The bytes do not have that form; all faults are told at once.
        """
        return _built(*read(data))


def _fill(
    tally: Tally,
    kept_since: date | None,
    log: GrowingMap[_Key, Told],
    cells: _Cells,
    read: _Reading | None,
) -> None:
    # Its own `__init__` takes less, so attrs gives this name to the one that it writes.
    cast("Any", tally).__attrs_init__(kept_since, log, cells, read)


def _tally(
    kept_since: date | None,
    log: GrowingMap[_Key, Told],
    cells: _Cells,
    read: _Reading | None = None,
) -> Tally:
    tally = Tally.__new__(Tally)
    _fill(tally, kept_since, log, cells, read)
    return tally


def _built(kept_since: date | None, statements: Iterable[tuple[Id, Told]]) -> Tally:
    """Return the tally of statements in any order, of which some may stand there twice."""
    since = 0 if kept_since is None else kept_since.toordinal()
    first: dict[Id, Told] = {}
    differing: dict[Id, dict[Told, None]] = {}
    for activity_id, told in statements:
        if told.day >= since and (known := first.setdefault(activity_id, told)) != told:
            differing.setdefault(activity_id, {known: None})[told] = None
    times = Counter(told for one, told in first.items() if one not in differing)
    cells: dict[tuple[str, bool, int], dict[int, int]] = {}
    shares = chain(
        ((told, NEVER, many) for told, many in times.items()),
        ((*share, 1) for told in differing.values() if (share := _share(told)) is not None),
    )
    for (day, kind, wide), until, many in shares:
        days = cells.setdefault((kind, wide, until), {})
        days[day] = days.get(day, 0) + many
    log: GrowingMap[_Key, Told] = GrowingMap(
        chain(
            first.items(),
            (
                ((one, number), told)
                for one, all_told in differing.items()
                for number, told in enumerate(all_told)
                if number
            ),
        )
    )
    return _tally(kept_since, log, cells)


def _others(log: GrowingMap[_Key, Told], activity_id: Id) -> Iterator[Told]:
    """Yield what an id was told with besides the first."""
    number = 1
    while (told := log.get((activity_id, number))) is not None:
        yield told
        number += 1


def _share(told: Iterable[Told]) -> tuple[Told, int] | None:
    """Return what counts of all that one id was told with, and the day from which it does not.

    As of a day that knows only one of them, there is no conflict (law 5).
    """
    first, *later = sorted(told)
    if not later:
        return first, NEVER
    return None if later[0].day == first.day else (first, later[0].day)


def _moved(cells: _Cells, told: Told, until: int, by: int) -> _Cells:
    """Return the cells with one activity more or less; those of other kinds are shared."""
    day, kind, wide = told
    key = kind, wide, until
    days = {**cells.get(key, _NOTHING)}
    times = days.get(day, 0) + by
    if times:
        days[day] = times
    else:
        del days[day]
    if days:
        return {**cells, key: days}
    return {one: those for one, those in cells.items() if one != key}


def _check_about(product_id: Id, problems: list[Problem]) -> None:
    """Refuse activities with these problems, or those about what cannot be a product."""
    fault = an_id(product_id)
    if fault or problems:
        raise InvalidDataError(problems + ([problem_of("product_id", fault)] if fault else []))


def _ordinal(as_of: date) -> int:
    if fault := a_day(as_of):
        raise InvalidDataError([problem_of("as_of", fault)])
    return as_of.toordinal()


def _is_about(activity: Activity, product_id: Id) -> bool:
    return not activity.product_ids or product_id in activity.product_ids


def _of_record(activity: Activity, day: date) -> Told:
    # A record is sound, so that this is never None.
    return cast("Told", told_of(day, activity.kind, not activity.product_ids))


_NOTHING: Final[Mapping[int, int]] = {}
