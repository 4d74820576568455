"""How long a step takes and where it leads, of units some of which are still in it.

Of who is still there nobody knows yet when and where it will go. To leave it out makes times too
short; to count it as not converted makes the conversion too low. A curve counts each unit on the
days on which it was watched, and on no other.

The shares are exact: ratios of whole numbers, each rounded to a float once. So what the exits took
and what is left add up to 1, and the order of the units changes no digit. The integers grow with
the number of days on which somebody leaves, so the unit of time must be the day.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from math import exp, expm1, gcd, log, log1p, sqrt
from statistics import NormalDist
from typing import Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series, shown, twice
from mpfunnel.records.checks import Record, a_key, a_number_of, checked, optional

__all__ = [
    "Curve",
    "CurveStep",
    "Estimate",
    "Incidences",
    "Spell",
    "aalen_johansen",
    "kaplan_meier",
]

_Z: Final = NormalDist().inv_cdf(0.975)
_MOST: Final = 700.0
"""A float holds its exponential, and hardly that of more."""


@frozen
class Spell(Record):
    """The time that units spent somewhere, as far as it was watched.

    Days are counted from the one on which a unit came, which is 0.

    Attributes:
        time: The day on which it left, or the last one on which it was known to be still there.
        cause: What led it off; `None` where it was still there at the end of that day.
        watched_from: The first day on which its exit would have been seen (left truncation). Who
            left earlier is not among the spells at all: of a CRM that came 40 days after the unit,
            40. The entry time of textbooks, which lies before the first day at risk, is one less.
        count: Of how many units this is true. A table that is grouped by the other three says the
            same in few rows.

    Raises:
        InvalidDataError: A field is wrong, or it was not watched before it left.
    """

    time: int = field(metadata=checked(a_number_of(0)))
    cause: str | None = field(default=None, metadata=checked(optional(a_key)))
    watched_from: int = field(default=0, metadata=checked(a_number_of(0)))
    count: int = field(default=1, metadata=checked(a_number_of(1)))

    def _contradictions(self) -> list[Problem]:
        if self.watched_from <= self.time:
            return []
        message = f"must be at most the time, {self.time}, not {self.watched_from}"
        return [Problem("order", "spell.watched_from", message)]


@frozen
class Estimate:
    """A share as the spells tell it.

    Attributes:
        value: From 0 to 1.
        variance: How far it may be from the true share: the mean square.
        interval: The interval of 95 % for that one day; `None` where the share is 0 or 1, of which
            the method tells none, or too near to 1 for its digits.
    """

    value: float
    variance: float
    interval: tuple[float, float] | None


@frozen
class CurveStep:
    """A day on which a curve goes up or down.

    Attributes:
        time: The day.
        at_risk: How many were watched on it, and were still there when it began.
        exits: How many of them left on it, by what the curve is of.
        estimate: The share at the end of the day.
    """

    time: int
    at_risk: int
    exits: int
    estimate: Estimate


@frozen
class Curve:
    """A share from day to day: of units that are still there, or that one cause has led off.

    Attributes:
        steps: The days on which it changes, in their order.
        start: The share before the first of them: 1 of those still there, 0 of those led off.
        until: The last day of which it tells; `None` where nobody is left, so that nothing
            changes any more.
        median: The first day by whose end half of the units had left, by what the curve is of;
            `None` where fewer have.
    """

    steps: tuple[CurveStep, ...]
    start: float
    until: int | None
    median: int | None

    def on(self, day: int) -> Estimate | None:
        """Return the share at the end of a day; `None` where nobody was watched for so long."""
        if self.until is not None and day > self.until:
            return None
        place = bisect_right(self.steps, day, key=lambda step: step.time)
        return self.steps[place - 1].estimate if place else Estimate(self.start, 0.0, None)


@frozen
class Incidences:
    """Where units went, from day to day.

    Attributes:
        stay: The share of those that are still there: the curve of Kaplan and Meier.
        by_cause: Of each cause, the share of those that it has led off, in the order asked for.
            On each day they add up to 1 with `stay`.
    """

    stay: Curve
    by_cause: immutabledict[str, Curve]


def kaplan_meier(spells: Iterable[Spell]) -> Curve:
    """Return the share of units that are still there, whatever leads them off.

    The estimator of E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete
    observations", Journal of the American Statistical Association 53 (1958), 457-481: the product
    of 1 − exits / at risk over the days so far. Who was last seen on a day is at risk on it: exits
    come before endings of the watch. The variance is that of M. Greenwood, "The natural duration of
    cancer" (1926); the interval is the log-log one of J. D. Kalbfleisch and R. L. Prentice, "The
    Statistical Analysis of Failure Time Data" (1980), which stays between 0 and 1.

    With units that were watched late, the curve holds if those that came earlier and those that
    came later go alike. A day on which very few were watched weighs as much as any other: look at
    `at_risk` of the first steps. A share of 0 that is reached there stays 0.

    Args:
        spells: How long, and whether they left. Without any, the curve tells of no day.

    Raises:
        InvalidDataError: Something is no spell; all of it at once.
    """
    given = series(spells)
    if problems := misfits("spells", given, Spell):
        raise InvalidDataError(problems)
    return _curves(given, ()).stay


def aalen_johansen(spells: Iterable[Spell], causes: Iterable[str]) -> Incidences:
    """Return the share of units that each cause has led off, beside all others.

    The estimator of O. O. Aalen and S. Johansen, "An empirical transition matrix for
    non-homogeneous Markov chains based on censored observations", Scandinavian Journal of
    Statistics 5 (1978), 141-150: the sum of still there × exits by the cause / at risk over the
    days so far. One less Kaplan and Meier with the other exits taken for endings of the watch is
    *not* this share: it tells of a world in which nobody is ever lost.

    The variance is the one of Greenwood's type, made for ties: P. K. Andersen, Ø. Borgan, R. D.
    Gill and N. Keiding, "Statistical Models Based on Counting Processes" (1993), section IV.4. The
    interval is the complementary log-log one (J. Beyersmann, A. Allignol and M. Schumacher,
    "Competing Risks and Multistate Models with R", 2012, section 4.2). With one cause both are
    those of `kaplan_meier`; where everybody was watched to the end, the variance is that of a share
    of so many.

    Args:
        spells: How long, and what led them off.
        causes: All that may lead them off; the next step, for example, and each way off the course.
            One that led nobody off has the share 0.

    Raises:
        InvalidDataError: Something is no spell, a cause is none of `causes`, or is asked for
            twice; all of it at once.
    """
    given, asked = series(spells), series(causes)
    problems = misfits("spells", given, Spell)
    wrong = misfits("causes", asked, str)
    if not wrong:
        wrong = twice("causes", asked)
        known = {None, *asked}
        for place, one in enumerate(() if problems else given):
            if one.cause not in known:
                message = f"{brief(one.cause)} is none of {', '.join(map(shown, asked)) or 'none'}"
                problems.append(Problem("unknown-cause", f"spells[{place}].cause", message))
    if problems or wrong:
        raise InvalidDataError([*problems, *wrong])
    return _curves(given, asked)


def _curves(spells: tuple[Spell, ...], causes: tuple[str, ...]) -> Incidences:
    """Return all curves at once: the shares as integers over one whole, their variances as floats.

    A variance follows from day to day: what it was, as the exits of the day pass it on, and what
    the day adds to it, as if each who was at risk had drawn among the ways off. To pass it on
    takes how each share goes along with the share still there (`along`, a covariance).
    """
    whole = there = 1
    gone = dict.fromkeys(causes, 0)
    variance, variances, along = 0.0, dict.fromkeys(causes, 0.0), dict.fromkeys(causes, 0.0)
    steps: list[CurveStep] = []
    by_cause: dict[str, list[CurveStep]] = {cause: [] for cause in causes}
    half: dict[str | None, int] = {}
    for time, at_risk, exits in _days(spells):
        left = exits.total()
        out, drawn = left / at_risk, (there / whole) ** 2 / at_risk
        # Only what the two have not in common makes the numbers longer.
        common = gcd(there, at_risk)
        scale, each = at_risk // common, there // common
        whole, there = whole * scale, each * (at_risk - left)
        for cause in causes:
            number = exits[cause]
            by = number / at_risk
            moved = along[cause] + by * variance
            passed = variances[cause] + by * (along[cause] + moved)
            # Nearly everybody led off, rounding may leave less than nothing of it.
            variances[cause] = max(0.0, passed + drawn * by * (1 - by))
            along[cause] = (1 - out) * (moved - drawn * by)
            gone[cause] = gone[cause] * scale + each * number
            if number:
                share = gone[cause] / whole
                estimate = Estimate(share, variances[cause], _around(share, variances[cause]))
                by_cause[cause].append(CurveStep(time, at_risk, number, estimate))
                if 2 * gone[cause] >= whole:
                    half.setdefault(cause, time)
        variance = (1 - out) * ((1 - out) * variance + drawn * out)
        share = there / whole
        estimate = Estimate(share, variance, _within(share, variance))
        steps.append(CurveStep(time, at_risk, left, estimate))
        if 2 * there <= whole:
            half.setdefault(None, time)
    until = max((one.time for one in spells), default=-1) if there else None
    return Incidences(
        Curve(tuple(steps), 1.0, until, half.get(None)),
        immutabledict(
            (cause, Curve(tuple(by_cause[cause]), 0.0, until, half.get(cause))) for cause in causes
        ),
    )


def _days(spells: Iterable[Spell]) -> Iterator[tuple[int, int, Counter[str]]]:
    """Yield each day on which units left, how many could have, and how many did by each cause."""
    came: Counter[int] = Counter()
    exits: dict[int, Counter[str]] = {}
    for one in spells:
        came[one.watched_from] += one.count
        came[one.time + 1] -= one.count
        if one.cause is not None:
            exits.setdefault(one.time, Counter())[one.cause] += one.count
    at_risk = 0
    for day in sorted({*came, *exits}):
        at_risk += came[day]
        if day in exits:
            yield day, at_risk, exits[day]


def _within(share: float, variance: float) -> tuple[float, float] | None:
    """Return the log-log interval of a share of those still there."""
    if not (0 < share < 1 and variance):
        return None
    slack = _slack(share, -log(share), variance)
    return share**slack, share ** (1 / slack)


def _around(share: float, variance: float) -> tuple[float, float] | None:
    """Return the complementary log-log interval of a share of those led off."""
    if not (0 < share < 1 and variance):
        return None
    hazard = -log1p(-share)
    slack = _slack(1 - share, hazard, variance)
    return -expm1(-hazard / slack), -expm1(-hazard * slack)


def _slack(stay: float, hazard: float, variance: float) -> float:
    """Return how many times the hazard so far may be larger, or smaller, than it seems."""
    return exp(min(_MOST, _Z * sqrt(variance) / (stay * hazard)))
