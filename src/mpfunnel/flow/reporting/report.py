"""The flow report: of each product, what came in and went out of each step, and what was won.

A report is of a period, as of a day: what happened later is not in it, so that the report of a
quarter that was told once is told the same ever after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final

from attrs import evolve, frozen

from mpfunnel.errors import InvalidDataError, UnknownNameError, brief, misfit
from mpfunnel.flow.course import COURSE, WHOLE_FIRM, Course, Journey
from mpfunnel.flow.measures import MIN_N, Measure, count
from mpfunnel.flow.periods import Period
from mpfunnel.flow.reporting.step_flow import StepFlow, Tally, step_flow, tallied
from mpfunnel.flow.reporting.terms import RE_ENTRIES, ReEntry, agreed
from mpfunnel.flow.reporting.winning import Amounts, Winning, winning
from mpfunnel.labels import Label, Lang, faults_of_lang
from mpfunnel.records import Id

__all__ = ["Distinct", "FlowReport", "ProductFlow", "StepTotal", "flow_report"]

Row = dict[str, Any]

_DISTINCT: Final = Label("units, each of them once", "ユニーク数")
_OVERLAP: Final = Label("units that count for several products", "複数商材に重複する数")
_SUMMED: Final = Label("sum over the products", "商材別の合計")
_AS_OF: Final = Label("as of", "基準日")
_RUNNING: Final = Label("not over yet", "期間の途中")
_HEAD: Final = Label(
    "step: before + in - out = after; went on in time; median days",
    "ステップ：期首＋流入－流出＝期末；期限内の転換率；滞留日数の中央値",
)
_IMPUTED: Final = Label("never seen there", "通過を補完")
_TOTALS: Final = Label(
    "all products, came in: units; of them for several products; sum over the products",
    "全商材の流入：ユニーク数；うち複数商材に重複；商材別の合計",
)
_RATES: Final = (
    Label("win rate by count", "受注率（件数）"),
    Label("win rate by cohort", "受注率（コホート）"),
    Label("win rate by value", "受注率（金額）"),
)


@frozen
class ProductFlow:
    """The flow of one product.

    Attributes:
        product_id: The product; `None` for the whole firm.
        steps: The flow through each step, in the order of the course.
        winning: What was won of what sales took up.
        re_entries: How many journeys are of units that had come back. They count where each pursuit
            does, and are left out where the first one alone does.
    """

    product_id: Id | None
    steps: tuple[StepFlow, ...]
    winning: Winning
    re_entries: int


@frozen
class Distinct:
    """Units over all products, of which one may count for several.

    Attributes:
        units: How many units there are, each of them once.
        overlap: How many of them count for more than one product.
        summed: The sum over the products, which must not be read as units where it is larger.
    """

    units: Measure
    overlap: Measure
    summed: Measure


@frozen
class StepTotal:
    """What a step is over all products.

    Attributes:
        step: Key of the step.
        came_in: What entered it in the period.
        closing: What was there at its end.
    """

    step: str
    came_in: Distinct
    closing: Distinct


@frozen
class FlowReport:
    """The flow of a period, as of a day.

    Attributes:
        period: The period.
        as_of: The day as of which it is told, up to its end.
        complete: Whether the period was over then; the counts of one that was not end on `as_of`.
        course: The steps.
        re_entry: What counts of a unit that comes back: ``"each"`` pursuit, or the ``"first"``.
        products: The flow of each product that journeys are for, the whole firm first and then in
            the order of their ids.
        totals: Each step over all products, without the journeys for the whole firm, which are the
            same units seen otherwise; empty where there are no others.
    """

    period: Period
    as_of: date
    complete: bool
    course: Course
    re_entry: ReEntry
    products: tuple[ProductFlow, ...]
    totals: tuple[StepTotal, ...]

    def product(self, product_id: Id | None) -> ProductFlow:
        """Return the flow of a product; `None` asks for the whole firm.

        Raises:
            UnknownNameError: No journey is for it.
        """
        for one in self.products:
            if one.product_id == product_id:
                return one
        message = f"no journey is for the product {brief(product_id)}"
        raise UnknownNameError(message)

    def figures(self) -> Iterator[tuple[Id | None, str | None, str, Measure]]:
        """Yield every figure of a product with its product, its step and its name.

        The step of what is of the whole course is `None`.
        """
        for product in self.products:
            for step in product.steps:
                for name, measure in step.figures():
                    yield product.product_id, step.step, name, measure
            for name, measure in product.winning.figures():
                yield product.product_id, None, name, measure

    def rows(self) -> dict[str, list[Row]]:
        """Return flat rows to store, by table: flow and flow_totals.

        A row is one figure: `value`, `unit`, `num`, `den`, `low` and `high` of its interval,
        `status` and `pending`. Keys, not labels, stand in every column. The key of a row is
        (first, last, as_of, re_entry, product_id, step, figure), without product_id in flow_totals.
        The step of what is of the whole course is nothing.
        """
        stamp = {
            "first": self.period.first,
            "last": self.period.last,
            "as_of": self.as_of,
            "re_entry": self.re_entry,
        }
        return {
            "flow": [
                {**stamp, "product_id": product_id, "step": step, "figure": name, **_row(measure)}
                for product_id, step, name, measure in self.figures()
            ],
            "flow_totals": [
                {**stamp, "step": total.step, "figure": f"{what}.{name}", **_row(measure)}
                for total in self.totals
                for what, distinct in (("came_in", total.came_in), ("closing", total.closing))
                for name, measure in (
                    ("units", distinct.units),
                    ("overlap", distinct.overlap),
                    ("summed", distinct.summed),
                )
            ],
        }

    def text(self, lang: Lang = "en") -> str:
        """Return the counts, shares and times as people read them, a line for each step.

        Raises:
            InvalidDataError: The language is none of ``"en"`` and ``"ja"``.
        """
        if problems := faults_of_lang(lang):
            raise InvalidDataError(problems)
        return "\n".join(self._lines(lang))

    def _lines(self, lang: Lang) -> Iterator[str]:
        policy = RE_ENTRIES[self.re_entry].text(lang)
        over = "" if self.complete else f"; {_RUNNING.text(lang)}"
        yield f"{self.period.label.text(lang)} ({_AS_OF.text(lang)} {self.as_of}{over}; {policy})"
        yield _HEAD.text(lang)
        for product in self.products:
            yield WHOLE_FIRM.text(lang) if product.product_id is None else f"{product.product_id}"
            for step, one in zip(self.course.steps, product.steps, strict=True):
                parts = [f"{one.opening} + {one.came_in} - {one.went_out} = {one.closing}"]
                if one.imputed:
                    parts.append(f"{_IMPUTED.text(lang)} {one.imputed}")
                if one.conversion is not None and one.median_days is not None:
                    parts += [one.conversion.text(lang), one.median_days.text(lang)]
                yield f"  {step.label.text(lang)}: {'; '.join(parts)}"
            won = product.winning
            rates = (won.by_count, won.by_cohort, won.by_value)
            for name, measure in zip(_RATES, rates, strict=True):
                yield f"  {name.text(lang)}: {measure.text(lang)}"
        if self.totals:
            yield _TOTALS.text(lang)
        for step, total in zip(self.course.steps if self.totals else (), self.totals, strict=True):
            parts = [
                one.text(lang)
                for one in (total.came_in.units, total.came_in.overlap, total.came_in.summed)
            ]
            yield f"  {step.label.text(lang)}: {'; '.join(parts)}"


def flow_report(
    journeys: Iterable[Journey],
    *,
    course: Course = COURSE,
    period: Period,
    as_of: date,
    within_days: int | Mapping[str, int],
    min_n: int = MIN_N,
    re_entry: ReEntry = "each",
    amounts: Amounts | None = None,
) -> FlowReport:
    """Return the flow through each step in a period, as it was known at the end of a day.

    Args:
        journeys: The journeys, in any order.
        course: The steps.
        period: The period. Of one that is not over on `as_of`, what there is so far.
        as_of: The day, in the zone of the playbook. Nothing that happened later counts.
        within_days: Within how many days a step is to lead to the next one, the last of them
            included: who entered on day d has until day d + n. A mapping says so of each step but
            the last, by its key.
        min_n: Of fewer than so many, a figure is called small.
        re_entry: What counts of a unit that comes back: ``"each"`` pursuit is an entry of its own,
            or the ``"first"`` alone counts.
        amounts: What journeys are worth; without it, nothing is told by value.

    Raises:
        InvalidDataError: An argument is none such, the period begins after `as_of`, or the journeys
            cannot be told on the course; all of it at once.
    """
    terms, known = agreed(
        journeys,
        course=course,
        periods={"period": period},
        as_of=as_of,
        within_days=within_days,
        min_n=min_n,
        re_entry=re_entry,
        others=misfit("amounts", amounts, Amounts) if amounts is not None else [],
    )
    counted = {key: [one for one in all_ if terms.counts(one)] for key, all_ in known.items()}
    exits = {one.exit for one in chain.from_iterable(counted.values())}
    kinds = sorted(kind for kind in exits if kind is not None)
    places = range(len(course))
    tallies = {
        key: [tallied(there, place, period, terms) for place in places]
        for key, there in counted.items()
    }
    steps = {
        key: tuple(step_flow(one, place, period, terms, kinds) for place, one in enumerate(found))
        for key, found in tallies.items()
    }
    products = tuple(
        ProductFlow(
            key,
            steps[key],
            winning(there, steps[key], period, terms, amounts),
            sum(one.pursuit > 1 for one in known[key]),
        )
        for key, there in counted.items()
    )
    several = [found for key, found in tallies.items() if key is not None]
    totals = tuple(_total(course.keys[place], [one[place] for one in several]) for place in places)
    return FlowReport(
        period,
        as_of,
        as_of >= period.last,
        course,
        re_entry,
        products,
        totals if several else (),
    )


def _total(step: str, found: Sequence[Tally]) -> StepTotal:
    return StepTotal(
        step, _distinct([one.entered for one in found]), _distinct([one.closing for one in found])
    )


def _distinct(by_product: Sequence[Counter[Id]]) -> Distinct:
    units = Counter(chain.from_iterable(by_product))
    overlap = sum(number > 1 for number in units.values())
    summed = sum(one.total() for one in by_product)
    total = count(summed, _SUMMED)
    return Distinct(
        count(len(units), _DISTINCT),
        count(overlap, _OVERLAP),
        total if summed == len(units) else evolve(total, status="not_additive"),
    )


def _row(measure: Measure) -> Row:
    low, high = measure.interval or (None, None)
    return {
        "value": measure.value,
        "unit": measure.unit,
        "num": measure.num,
        "den": measure.den,
        "low": low,
        "high": high,
        "status": measure.status,
        "pending": measure.pending,
    }
