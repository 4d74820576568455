"""Making a gap map: what became of a closed population, product by product, segment by segment."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, Literal, cast

from attrs import evolve

from mpfunnel.errors import InvalidDataError, Problem, brief, series
from mpfunnel.flow.course import COURSE, Course, Journey, check_journeys
from mpfunnel.flow.gaps.gap import (
    MAX_IMPUTED,
    Gap,
    References,
    faults_of_settings,
    gap,
    passed,
    targets,
    together,
)
from mpfunnel.flow.gaps.maps import Cell, GapMap
from mpfunnel.flow.measures import MIN_N, Measure, share
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.records.checks import a_day, a_key, a_number_of, an_id, money

__all__ = ["Against", "OutOfMarket", "Value", "gap_map"]

OutOfMarket = Collection[tuple[Id, Id | None]] | Callable[[Journey], bool]
"""Pairs of a unit and a product, or what says so of a journey."""
Value = Callable[[Journey], int | Decimal | None]
"""What a journey that was won is worth; `None` where nobody knows."""

_Key = tuple[Id | None, str | None]

_OTHERS: Final = Label("the other segments of the product", "同じ商材のほかのセグメントの合計")

Against = (
    References
    | Mapping[str, References]
    | Mapping[int, References]
    | Mapping[Id, References]
    | GapMap
    | Literal["others"]
)
"""What rates are held against: see `gap_map`."""


def gap_map(
    journeys: Iterable[Journey],
    *,
    reference: Against,
    as_of: date,
    course: Course = COURSE,
    since: date | None = None,
    until: date | None = None,
    within_days: int | None = None,
    out_of_market: OutOfMarket = (),
    values: Value | None = None,
    currency: str | None = None,
    products: Iterable[Id] = (),
    segments: Iterable[str] = (),
    min_n: int = MIN_N,
    max_imputed: float = MAX_IMPUTED,
    examples: int = 5,
) -> GapMap:
    """Return where the flow is lost, for each product and segment.

    The population is closed: the journeys that began in a period, whatever became of them later.
    Each step counts that one of them has reached by `as_of`. Verdicts allow for how many passages
    are asked about in all cells together; see `mpfunnel.flow.gaps.gap.together`.

    A journey whose segment is not known is counted in a cell of its own, the verdict of which is
    ``"data"``: what is lost there belongs somewhere else.

    Args:
        journeys: The journeys; their order does not matter.
        reference: What the rates are held against: targets for each passage, or for each product
            such targets; a map of a period before; or ``"others"``: the other segments of the same
            product together.
        as_of: The day; what happened later does not count (law 5).
        course: The course.
        since: The first day on which a journey of the population began; `None` for any.
        until: The last day on which one began; `None` for `as_of`.
        within_days: Within how many days of its first step one must have reached a step for it to
            count, the last day included. Journeys younger than that on `as_of` are left out and
            counted as pending. Without it, early journeys have had longer than late ones.
        out_of_market: Who was in priority follow-up (重点フォロー) on `as_of`: no deal now, likely
            later. Of several journeys of a unit and a product, a pair means the latest. Who has
            not come through a downstream passage is then taken out of its denominator and
            named, whatever ended the journey; upstream everybody stays.
        values: What a journey that was won is worth; wins without worth are counted.
        currency: The currency of the values.
        products: Products that have a cell for each of `segments`, whether or not anybody is there.
        segments: Keys of the segments that each product has a cell for, in their order.
        min_n: Of fewer, nothing is judged.
        max_imputed: Where nobody saw more than this share of those on either side of the binding
            passage, the verdict is ``"data"``.
        examples: How many examples are named in each cell, at most.

    Raises:
        InvalidDataError: Something is of the wrong type or out of range; or the map of another
            period does not go with this one: it must be of the same course, of journeys that began
            before `since`, told as of no later day, and both within the same number of days, for
            what has had longer to come through is no reference.
    """
    shops, bands = series(products), series(segments)
    problems = list(_faults_of_days(as_of, since, until, within_days))
    problems += faults_of_settings(min_n, max_imputed)
    problems += _faults_of_names(shops, bands)
    if fault := a_number_of(0)(examples):
        problems.append(Problem(fault[0], "examples", fault[1]))
    problems += _faults_of_pairs(out_of_market)
    if values is not None and (fault := a_key(currency)):
        problems.append(Problem(fault[0], "currency", fault[1]))
    given: tuple[Journey, ...] = ()
    try:
        given = check_journeys(journeys, course)
    except InvalidDataError as error:
        problems += error.problems
    if not problems:
        problems += _faults_of_reference(reference, course, as_of, since, within_days)
    if problems:
        raise InvalidDataError(problems)

    last = as_of if until is None else min(until, as_of)
    known = [one for one in given if one.entered[0] <= as_of]
    begun = [
        one
        for one in known
        if (since is None or since <= one.entered[0]) and one.entered[0] <= last
    ]
    is_out = _outside_the_market(out_of_market, known)
    tallies = {key: _Tally(course) for key in _keys(begun, shops, bands)}
    for one in begun:
        tally = tallies[one.product_id, one.segment]
        if within_days is not None and (as_of - one.entered[0]).days < within_days:
            tally.pending += 1
        else:
            tally.add(one, as_of, within_days, is_out)

    basis = _basis(course, since, last, as_of, within_days)
    gaps = {
        key: gap(
            tally.counts,
            _reference_for(key, reference, tallies, course, min_n),
            course=course,
            min_n=min_n,
            out_of_market=tally.out,
            imputed=tally.imputed,
            max_imputed=max_imputed,
            basis=basis,
            pending=tally.pending,
        )
        for key, tally in tallies.items()
    }
    named = [key for key in gaps if key[1] is not None]
    gaps |= dict(zip(named, together([gaps[key] for key in named]), strict=True))
    cells = tuple(
        _cell(key, tallies[key], gaps[key], examples, values, currency, basis) for key in tallies
    )
    return GapMap(cells, course, as_of, since, last, within_days, len(known) - len(begun))


class _Tally:
    """What became of the journeys of one cell."""

    __slots__ = ("_course", "counts", "imputed", "out", "pending", "stood", "won")

    def __init__(self, course: Course) -> None:
        self._course = course
        self.counts = [0] * len(course)
        self.imputed = [0] * len(course)
        self.out = [0] * len(course)
        self.pending = 0
        # By the place of the last step: who is out of the market there, and who is not.
        self.stood: list[tuple[list[Journey], list[Journey]]] = [([], []) for _ in course.steps]
        self.won: list[Journey] = []

    def add(
        self, one: Journey, as_of: date, within_days: int | None, is_out: Callable[[Journey], bool]
    ) -> None:
        """Count a journey in each step that it has reached."""
        by = [day for day in one.entered if day <= as_of]
        first = one.entered[0]
        reached = len(by)
        if within_days is not None:
            reached = sum((day - first).days <= within_days for day in by)
        for place in range(reached):
            self.counts[place] += 1
            self.imputed[place] += place in one.imputed
        if reached == len(self._course):
            self.won.append(one)
            return
        # Who came through later, though not in time, was in the market.
        out = reached == len(by) and is_out(one)
        self.out[reached - 1] += out
        self.stood[reached - 1][not out].append(one)


def _cell(
    key: _Key,
    tally: _Tally,
    found: Gap,
    examples: int,
    values: Value | None,
    currency: str | None,
    basis: Label,
) -> Cell:
    steps = found.course.steps
    lost: list[Id] = []
    if found.binding is not None:
        place = steps.index(found.binding.step) - 1
        downstream = found.binding.step.side == "downstream"
        out, there = tally.stood[place]
        lost = _in_order(there if downstream else [*out, *there], place)[:examples]
    aside = [
        one
        for place, (out, _) in enumerate(tally.stood[:-1])
        if steps[place + 1].side == "downstream"
        for one in _in_order(out, place)
    ]
    worth = None if values is None else _worth(found.lost, tally.won, values, str(currency), basis)
    if key[1] is None:
        found = evolve(found, verdict="data", status="data")
    return Cell(*key, found, tuple(lost), tuple(aside), worth)


def _in_order(journeys: Iterable[Journey], place: int) -> list[Id]:
    """Return the units, those that entered a step first before the others."""

    def order(one: Journey) -> tuple[date, str, Any, int]:
        return one.entered[place], type(one.unit_id).__name__, one.unit_id, one.pursuit

    return list(dict.fromkeys(one.unit_id for one in sorted(journeys, key=order)))


def _worth(
    lost: Measure, won: list[Journey], values: Value, currency: str, basis: Label
) -> Measure:
    """Return the wins lost times the mean value of those won, rounded to a whole unit."""
    said = Label(
        f"expected wins lost × mean value of a win in {currency}, of {basis.en}",
        f"受注見込みの損失×受注1件の平均金額（{currency}、{basis.ja}）",
    )
    told = [(one, values(one)) for one in won]
    problems = [
        Problem(fault[0], f"values[{brief(one.unit_id)}]", fault[1])
        for one, value in told
        if value is not None and (fault := money(value))
    ]
    if problems:
        raise InvalidDataError(problems)
    priced = [Fraction(value) for _, value in told if value is not None]
    if lost.value is None:
        return Measure(None, "money", said, len(priced), len(won), status="missing")
    if not priced:
        return Measure(None, "money", said, 0, len(won), status="undefined")
    mean = sum(priced, Fraction(0)) / len(priced)
    amount = Decimal(round(Fraction(str(lost.value)) * mean))
    status: Literal["ok", "unpriced"] = "ok" if len(priced) == len(won) else "unpriced"
    return Measure(amount, "money", said, len(priced), len(won), status=status)


def _outside_the_market(given: OutOfMarket, known: list[Journey]) -> Callable[[Journey], bool]:
    if callable(given):
        return given
    pairs = frozenset(given)
    latest: dict[tuple[Id, Id | None], int] = {}
    for one in known:
        pair = one.unit_id, one.product_id
        latest[pair] = max(one.pursuit, latest.get(pair, 0))

    def is_out(one: Journey) -> bool:
        pair = one.unit_id, one.product_id
        return pair in pairs and latest[pair] == one.pursuit

    return is_out


def _keys(
    journeys: list[Journey], products: tuple[Id, ...], segments: tuple[str, ...]
) -> Iterator[_Key]:
    """Yield the cells: those asked for in the order given, then those seen, sorted."""
    seen: dict[Id | None, set[str | None]] = {}
    for one in journeys:
        seen.setdefault(one.product_id, set()).add(one.segment)

    def order(product: Id | None) -> tuple[bool, str, Any]:
        return product is not None, type(product).__name__, product

    for product in dict.fromkeys((*products, *sorted(seen, key=order))):
        found = seen.get(product, set())
        others = sorted(one for one in found if one is not None)
        yield from ((product, one) for one in dict.fromkeys((*segments, *others)))
        if None in found:
            yield product, None


def _reference_for(
    key: _Key,
    reference: Against,
    tallies: Mapping[_Key, _Tally],
    course: Course,
    min_n: int,
) -> References:
    product, _ = key
    nothing = [None] * (len(course) - 1)
    if isinstance(reference, GapMap):
        before = {(one.product_id, one.segment): one.gap.rates for one in reference.cells}
        return before.get(key, nothing)
    if isinstance(reference, str):
        others = [
            passed(tally.counts, course, tally.out)
            for one, tally in tallies.items()
            if one[0] == product and one != key
        ]
        pooled = [
            (sum(each[i][0] for each in others), sum(each[i][1] for each in others))
            for i in range(len(course) - 1)
        ]
        return [share(hits, of, _OTHERS, min_n=min_n) for hits, of in pooled]
    by_product = _by_product(reference)
    if by_product is None:
        return cast("References", reference)
    return by_product.get(product, nothing)


def _by_product(reference: Any) -> Mapping[Any, References] | None:
    """Return references that are told product by product; `None` where they are for all."""
    if not isinstance(reference, Mapping):
        return None
    given = cast("Mapping[object, References]", reference)
    told = [isinstance(one, Mapping | list | tuple) for one in given.values()]
    return given if told and all(told) else None


def _basis(
    course: Course, since: date | None, last: date, as_of: date, within_days: int | None
) -> Label:
    first = course.steps[0].label
    en, ja = (
        (f"by {last}", f"{last}まで")
        if since is None
        else (f"{since} to {last}", f"{since}〜{last}")
    )
    if within_days is None:
        each, each_ja = f"each step by {as_of}", f"各段階は{as_of}まで"
    else:
        each = f"each step within {within_days} days of it, as of {as_of}"
        each_ja = f"各段階はその後{within_days}日以内、{as_of}時点"
    return Label(
        f"journeys that began ({first.en}) {en}, {each}",
        f"{ja}に始まったもの（{first.ja}）、{each_ja}",
    )


def _faults_of_days(as_of: Any, since: Any, until: Any, within_days: Any) -> Iterator[Problem]:
    given = {"as_of": as_of, "since": since, "until": until}
    faults = {
        name: None if day is None and name != "as_of" else a_day(day) for name, day in given.items()
    }
    yield from (Problem(fault[0], name, fault[1]) for name, fault in faults.items() if fault)
    if not any(faults.values()) and since is not None and (until or as_of) < since:
        yield Problem("order", "since", f"must not be after {until or as_of}")
    if within_days is not None and (fault := a_number_of(0)(within_days)):
        yield Problem(fault[0], "within_days", fault[1])


def _faults_of_names(products: Any, segments: Any) -> Iterator[Problem]:
    for name, given, check in (("products", products, an_id), ("segments", segments, a_key)):
        if not isinstance(given, tuple):
            yield Problem(
                "type", name, f"must be a list, not {type(given).__name__} {brief(given)}"
            )
            continue
        names = cast("tuple[object, ...]", given)
        for place, one in enumerate(names):
            if fault := check(one):
                yield Problem(fault[0], f"{name}[{place}]", fault[1])


def _faults_of_pairs(given: Any) -> Iterator[Problem]:
    if callable(given):
        return
    if not isinstance(given, Collection) or isinstance(given, str):
        message = f"must be pairs or a function, not {type(given).__name__} {brief(given)}"
        yield Problem("type", "out_of_market", message)
        return
    pairs = cast("Collection[object]", given)
    if strange := sorted(brief(one) for one in pairs if not _is_pair(one)):
        message = f"must be pairs of a unit and a product, not {strange[0]}"
        yield Problem("type", "out_of_market", message)


def _is_pair(value: object) -> bool:
    return isinstance(value, tuple) and len(cast("tuple[object, ...]", value)) == 2


def _faults_of_reference(
    reference: Any, course: Course, as_of: date, since: date | None, within_days: int | None
) -> Iterator[Problem]:
    if isinstance(reference, GapMap):
        if reference.course.keys != course.keys:
            yield Problem("conflict", "reference.course", "must be the same course")
        if within_days is None or reference.within_days != within_days:
            message = "must be the same number of days in both, so that both have had as long"
            yield Problem("conflict", "reference.within_days", message)
        if since is None or reference.until >= since:
            yield Problem("conflict", "reference.until", "must be before since")
        if reference.as_of > as_of:
            yield Problem("conflict", "reference.as_of", f"must not be after {as_of}")
        return
    if isinstance(reference, str):
        if reference != "others":
            message = f"must be 'others', rates or a GapMap, not {brief(reference)}"
            yield Problem("choice", "reference", message)
        return
    by_product = _by_product(reference)
    told = {"": reference} if by_product is None else by_product
    for product, rates in told.items():
        try:
            targets(rates, course)
        except InvalidDataError as error:
            for problem in error.problems:
                if by_product is None:
                    yield problem
                else:
                    path = problem.path.removeprefix("reference")
                    yield Problem(
                        problem.code, f"reference[{brief(product)}]{path}", problem.message
                    )
