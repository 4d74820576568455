"""Gaps: how many wins are lost at each passage of the course, and on which side of the river.

What is told here of counts holds for any course; `mpfunnel.flow.gaps.mapping` makes the counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise
from math import sqrt
from operator import mul
from statistics import NormalDist
from typing import Any, Final, Literal, cast

from attrs import evolve, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, shown
from mpfunnel.flow.course import COURSE, Course, FlowStep
from mpfunnel.flow.measures import MIN_N, Measure, share
from mpfunnel.labels import Label, Lang, as_label
from mpfunnel.records.checks import a_number_of
from mpfunnel.statistics import fisher_greater, holm

__all__ = [
    "GAP_STATUSES",
    "MAX_IMPUTED",
    "SIDES",
    "Gap",
    "GapStatus",
    "Passage",
    "Rate",
    "References",
    "Side",
    "gap",
    "passed",
    "targets",
    "together",
]

Side = Literal["upstream", "downstream", "market", "data"]
GapStatus = Literal[
    "ok",
    "no_gap",
    "within_chance",
    "many_tests",
    "small_n",
    "no_reference",
    "immature",
    "market",
    "data",
]
Rate = float | Decimal | Measure | None
"""A rate to hold another one against; `None` and a measure without value are none."""
References = Sequence[Rate] | Mapping[str, Rate]
"""One rate for each passage, in order, or by the key of the step into which it leads."""

MAX_IMPUTED: Final = 0.5
"""Where nobody saw more than this share of those in a step, it is called a gap of the data."""
TAIL: Final = 0.025
"""An interval of 95 % leaves out so much on the side on which a rate is too low."""
_UNIT: Final = NormalDist()

SIDES: Final[Mapping[Side, Label]] = {
    "upstream": Label("upstream", "上流"),
    "downstream": Label("downstream", "下流"),
    "market": Label("market", "市場"),
    "data": Label("data", "データ"),
}
"""Where it is lost, as people read it."""

GAP_STATUSES: Final[Mapping[GapStatus, Label]] = {
    "ok": Label("below the reference", "基準を下回る"),
    "no_gap": Label("no wins lost against the reference", "基準に対する損失なし"),
    "within_chance": Label("may be chance", "偶然の範囲内"),
    "many_tests": Label("may be chance, among so many cells", "セル数を考えると偶然の範囲内"),
    "small_n": Label("too few to judge", "件数不足"),
    "no_reference": Label("nothing to hold it against", "比較基準なし"),
    "immature": Label("all are still within their time", "全件が観測期間中"),
    "market": Label("nobody to reach", "届ける相手がいない"),
    "data": Label("the data do not say where", "データ不足で場所を特定できない"),
}
"""Why there is a verdict, or why there is none, as people read it."""

_TARGET: Final = Label("target", "目標")
_BY_COUNTS: Final = Label("these counts", "この件数")


@frozen
class Passage:
    """One passage of the course: who came through, and what is lost there.

    Attributes:
        step: The step into which it leads.
        rate: The share of those in the step before that came through.
        reference: The rate it is held against; `None` where there is none.
        lost: How many wins are lost there: how many fewer came through than at the reference, each
            worth the wins that the later references make of it. At least 0.
        out_of_market: How many in the step before are out of the market and did not come through.
            They are not in the denominator if the passage is downstream.
        imputed: The largest share, of those in the step and of those in the step before, that
            nobody saw there.
        p: How often chance alone gives so low a rate where the true one is the reference; `None`
            where there are too few, here or in the reference, to ask.
    """

    step: FlowStep
    rate: Measure
    reference: Measure | None
    lost: Measure
    out_of_market: int = 0
    imputed: float = 0.0
    p: float | None = None

    @property
    def label(self) -> Label:
        """What people call it, for example hand-off (引き渡し)."""
        if self.step.passage is not None:
            return self.step.passage
        return Label(f"step to {self.step.label.en}", f"{self.step.label.ja}まで")

    @property
    def is_below(self) -> bool:
        """Whether its interval leaves the reference out, which lies above it."""
        if self.reference is None or self.reference.value is None or self.rate.interval is None:
            return False
        return self.rate.interval[1] < float(self.reference.value)


@frozen
class Gap:
    """How many wins are lost on a course, where, and whether that may be said.

    Attributes:
        course: The course.
        counts: How many have reached each of its steps.
        passages: The passages between them, in order.
        lost: The wins lost at all of them; without a value where that of one is not known.
        binding: The passage where most are lost (ボトルネック), the first of several; `None` where
            none are, or where that is not known.
        share: The share of all wins lost that is lost there.
        verdict: On which side it is lost, where that may be said.
        status: Why there is a verdict, or why there is none; see `GAP_STATUSES`.
    """

    course: Course
    counts: tuple[int, ...]
    passages: tuple[Passage, ...]
    lost: Measure
    binding: Passage | None
    share: Measure
    verdict: Side | None
    status: GapStatus

    @property
    def rates(self) -> tuple[Measure, ...]:
        """The rate of each passage; the references of another gap, for example."""
        return tuple(one.rate for one in self.passages)

    def text(self, lang: Lang = "en") -> str:
        """Return what may be said, and what it rests on."""
        said = GAP_STATUSES[self.status].text(lang)
        head = said
        if self.verdict is not None:
            side = SIDES[self.verdict].text(lang)
            head = f"{side}：{said}" if lang == "ja" else f"{side}: {said}"
        where = self.binding
        if where is None:
            return head
        assert where.lost.value is not None  # what is not known does not bind
        assert where.reference is not None
        assert self.lost.value is not None
        name, most, whole = where.label.text(lang), where.lost.value, self.lost.value
        of, rate = where.rate, where.reference.text(lang)
        if lang == "ja":
            lost = f"受注見込みの損失{whole:.1f}件のうち{most:.1f}件は{name}"
            return f"{head}（{lost}、{of.den}件中{of.num}件、基準{rate}）"
        lost = f"{most:.1f} of {whole:.1f} expected wins lost are lost at {name}"
        return f"{head}; {lost} ({of.num} of {of.den}, reference {rate})"


def gap(
    counts: Sequence[int],
    reference: References,
    *,
    course: Course = COURSE,
    min_n: int = MIN_N,
    out_of_market: Sequence[int] | None = None,
    imputed: Sequence[int] | None = None,
    max_imputed: float = MAX_IMPUTED,
    basis: Label | str = _BY_COUNTS,
    pending: int = 0,
) -> Gap:
    """Return how many wins are lost at each passage of a course, and where most of them are.

    Lost at the passage into step i are ``max(0, r[i] * d[i] - n[i])`` times the product of the
    later references, where n came through of d that were there, and r is the reference. Rates are
    worked out as fractions, so that nothing is lost where a rate is its reference.

    There is a verdict only where both the rate and a reference that was itself counted are of
    `min_n` or more, and the interval of the rate leaves the reference out. A counted reference is
    not sure either: there, Fisher's exact test must find the two to differ as clearly.

    Args:
        counts: How many have reached each step, which never rise.
        reference: The rates to hold them against. A measure that has a denominator is a counted
            one, any other is a target.
        course: The course.
        min_n: Of fewer, nothing is judged.
        out_of_market: How many in each step did not go on and are out of the market. They are
            taken out of the denominators of downstream passages: nobody could have sold to them.
            Upstream they stay, for reaching those who do not buy yet is what it is for.
        imputed: How many in each step nobody saw there.
        max_imputed: Where nobody saw more than this share of those on either side of the binding
            passage, the verdict is ``"data"``.
        basis: Of what these are the counts.
        pending: How many are not in them because their time is not over.

    Raises:
        InvalidDataError: Counts rise or do not go with the course, or something else is of the
            wrong type or out of range; all of it at once.
    """
    problems = list(_faults_of_counts(counts, out_of_market, imputed, course))
    problems += faults_of_settings(min_n, max_imputed)
    if fault := a_number_of(0)(pending):
        problems.append(Problem(fault[0], "pending", fault[1]))
    references: tuple[Measure | None, ...] = ()
    try:
        references = targets(reference, course)
    except InvalidDataError as error:
        problems += error.problems
    if problems:
        raise InvalidDataError(problems)

    whole, aside = as_label(basis), tuple(out_of_market or (0,) * len(course))
    unseen = tuple(imputed or (0,) * len(course))
    unseen_shares = [part / of if of else 0.0 for part, of in zip(unseen, counts, strict=True)]
    lost = _lost(passed(counts, course, aside), references)
    passages: list[Passage] = []
    for place, (hits, of) in enumerate(passed(counts, course, aside)):
        before, step = course.steps[place : place + 2]
        rate = share(hits, of, _rate_basis(before, step, whole), min_n=min_n, pending=pending)
        passages.append(
            Passage(
                step,
                rate,
                references[place],
                _wins(lost[place], whole),
                aside[place],
                max(unseen_shares[place : place + 2]),
                _chance(rate, references[place], min_n),
            )
        )
    return _judged(course, tuple(counts), tuple(passages), lost, whole, max_imputed, pending)


def passed(
    counts: Sequence[int], course: Course, out_of_market: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Return for each passage how many came through, and of how many that could have.

    Args:
        counts: How many have reached each step.
        course: The course.
        out_of_market: How many in each did not go on, and are out of the market.
    """
    return tuple(
        (counts[i], counts[i - 1] - (out_of_market[i - 1] if step.side == "downstream" else 0))
        for i, step in enumerate(course.steps)
        if i
    )


def targets(reference: References, course: Course = COURSE) -> tuple[Measure | None, ...]:
    """Return references as one measure for each passage; `None` where there is no rate.

    Raises:
        InvalidDataError: There are more or fewer than passages, a step is unknown, or a rate is
            no share; all of it at once.
    """
    steps = course.keys[1:]
    problems: list[Problem] = []
    given: Any = reference
    if isinstance(given, Mapping):
        known = cast("Mapping[object, object]", given)
        for key in known:
            if key not in steps:
                message = f"no such passage{did_you_mean(key, steps)}"
                problems.append(Problem("unknown-step", f"reference.{shown(key)}", message))
        rates: list[tuple[str, Any]] = [(f"reference.{one}", known.get(one)) for one in steps]
    elif isinstance(given, Sequence) and not isinstance(given, str):
        listed = cast("Sequence[object]", given)
        rates = [(f"reference[{place}]", one) for place, one in enumerate(listed)]
        if len(listed) != len(steps):
            message = f"must be of {len(steps)} passages, not of {len(listed)}"
            problems.append(Problem("range", "reference", message))
    else:
        message = f"must be a list or a mapping, not {type(given).__name__} {brief(given)}"
        raise InvalidDataError([Problem("type", "reference", message)])
    for path, rate in rates:
        problems += _fault_of_rate(path, rate)
    if problems:
        raise InvalidDataError(problems)
    return tuple(_as_measure(rate) for _, rate in rates)


def together(gaps: Sequence[Gap]) -> tuple[Gap, ...]:
    """Return gaps as they may be told side by side: fewer of them then have a verdict.

    Each passage of which there are enough to ask is a test. What is due to chance among them all
    is allowed for by Holm's procedure, over all passages of all gaps, whatever was seen of them: to
    test only where most is lost would let chance through.

    Args:
        gaps: The gaps.
    """
    tests = [one.p for each in gaps for one in each.passages if one.p is not None]
    adjusted = iter(holm(tests))
    told: list[Gap] = []
    for each in gaps:
        ps = [None if one.p is None else next(adjusted) for one in each.passages]
        p = None if each.binding is None else ps[each.passages.index(each.binding)]
        chance = each.status == "ok" and p is not None and p > TAIL
        told.append(evolve(each, verdict=None, status="many_tests") if chance else each)
    return tuple(told)


def faults_of_settings(min_n: Any, max_imputed: Any) -> Iterator[Problem]:
    """Yield what is wrong with what a verdict asks for."""
    if fault := a_number_of(1)(min_n):
        yield Problem(fault[0], "min_n", fault[1])
    if type(max_imputed) not in (float, int) or not 0 <= max_imputed <= 1:
        message = f"must be a share from 0 to 1, not {brief(max_imputed)}"
        yield Problem("range", "max_imputed", message)


def _faults_of_counts(
    counts: Any, out_of_market: Any, imputed: Any, course: Course
) -> Iterator[Problem]:
    sound = True
    given = {"counts": counts, "out_of_market": out_of_market, "imputed": imputed}
    for name, value in given.items():
        if value is None and name != "counts":
            continue
        problems = list(_faults_of_series(name, value, course))
        sound = sound and not problems
        yield from problems
    if not sound:
        return
    for place, (before, after) in enumerate(pairwise((*counts, 0))):
        if after > before:
            message = f"must not be more than the {before} in the step before"
            yield Problem("range", f"counts[{place + 1}]", message)
        elif out_of_market is not None and out_of_market[place] > before - after:
            message = f"must not be more than the {before - after} who did not go on"
            yield Problem("range", f"out_of_market[{place}]", message)
        if imputed is not None and imputed[place] > before:
            message = f"must not be more than the {before} in that step"
            yield Problem("range", f"imputed[{place}]", message)


def _faults_of_series(name: str, value: Any, course: Course) -> Iterator[Problem]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        message = f"must be a list, not {type(value).__name__} {brief(value)}"
        yield Problem("type", name, message)
        return
    numbers = cast("Sequence[object]", value)
    if len(numbers) != len(course):
        message = f"must be of {len(course)} steps, not of {len(numbers)}"
        yield Problem("range", name, message)
    for place, one in enumerate(numbers):
        if fault := a_number_of(0)(one):
            yield Problem(fault[0], f"{name}[{place}]", fault[1])


def _fault_of_rate(path: str, rate: Any) -> Iterator[Problem]:
    if isinstance(rate, Measure):
        if rate.unit != "share":
            yield Problem("type", path, f"must be a share, not {rate.unit}")
        return
    if rate is None:
        return
    if type(rate) not in (float, int, Decimal):
        message = f"must be a number or a Measure, not {type(rate).__name__} {brief(rate)}"
        yield Problem("type", path, message)
    elif not 0 <= rate <= 1:  # NaN neither is
        yield Problem("range", path, f"must be from 0 to 1, not {brief(rate)}")


def _as_measure(rate: Rate) -> Measure | None:
    if isinstance(rate, Measure):
        return None if rate.value is None else rate
    return None if rate is None else Measure(rate, "share", _TARGET)


def _exact(rate: Measure) -> Fraction:
    """Return a rate as it was written or counted, without what a float adds to it."""
    if rate.den:
        assert rate.num is not None  # a measure with one has the other
        return Fraction(rate.num) / Fraction(rate.den)
    return Fraction(str(rate.value))


def _lost(
    through: Sequence[tuple[int, int]], references: Sequence[Measure | None]
) -> tuple[Fraction | None, ...]:
    """Return the wins lost at each passage; `None` where a reference that it needs is not there."""
    rates = [None if one is None else _exact(one) for one in references]
    found: list[Fraction | None] = []
    for place, (hits, of) in enumerate(through):
        rate, later = rates[place], rates[place + 1 :]
        if not of or (rate is not None and rate * of <= hits):
            found.append(Fraction(0))
        elif rate is None or None in later:
            found.append(None)
        else:
            known = cast("list[Fraction]", later)
            worth = list(accumulate(known, mul, initial=Fraction(1)))[-1]
            found.append((rate * of - hits) * worth)
    return tuple(found)


def _wins(lost: Fraction | None, basis: Label) -> Measure:
    said = Label(f"expected wins lost, of {basis.en}", f"受注見込みの損失（{basis.ja}）")
    if lost is None:
        return Measure(None, "count", said, status="missing")
    return Measure(float(lost), "count", said)


def _rate_basis(before: FlowStep, step: FlowStep, basis: Label) -> Label:
    return Label(
        f"{step.label.en} of {before.label.en}, of {basis.en}",
        f"{before.label.ja}のうち{step.label.ja}（{basis.ja}）",
    )


def _chance(rate: Measure, reference: Measure | None, min_n: int) -> float | None:
    """Return how often chance alone gives so low a rate; `None` where there are too few to ask.

    Against a target, by the score test, which Wilson's interval is made of; against counts, by
    Fisher's exact test.
    """
    hits, of = cast("int", rate.num), cast("int", rate.den)
    if of < min_n or reference is None:
        return None
    if reference.den is None:
        target = _exact(reference)
        if target in (0, 1):
            return 0.0 if hits < target * of else 1.0
        error = sqrt(target * (1 - target) / of)
        return _UNIT.cdf(float(Fraction(hits, of) - target) / error)
    theirs, all_of_theirs = int(cast("int", reference.num)), int(reference.den)
    if all_of_theirs < min_n:
        return None
    return fisher_greater(of + all_of_theirs, hits + theirs, all_of_theirs, theirs)


def _judged(
    course: Course,
    counts: tuple[int, ...],
    passages: tuple[Passage, ...],
    lost: Sequence[Fraction | None],
    basis: Label,
    max_imputed: float,
    pending: int,
) -> Gap:
    part = Label(
        f"of expected wins lost, of {basis.en}", f"受注見込みの損失に占める割合（{basis.ja}）"
    )
    known = [one for one in lost if one is not None]
    unknown = len(known) < len(lost)
    whole = sum(known, Fraction(0))
    binding: Passage | None = None
    of_all = Measure(None, "share", part, status="missing" if unknown else "undefined")
    status: GapStatus
    verdict: Side | None = None
    if not unknown and whole:
        most = max(known)
        binding = passages[known.index(most)]
        of_all = Measure(float(most / whole), "share", part)
    if not counts[0] and pending:
        status = "immature"
    elif not counts[0]:
        status = verdict = "market"
    elif unknown:
        status = "no_reference"
    elif binding is None:
        status = "no_gap"
    elif binding.imputed > max_imputed:
        status = verdict = "data"
    elif binding.p is None:
        status = "small_n"
    elif not binding.is_below or binding.p > TAIL:
        status = "within_chance"
    else:
        status, verdict = "ok", binding.step.side
    total = _wins(None if unknown else whole, basis)
    return Gap(course, counts, passages, total, binding, of_all, verdict, status)
