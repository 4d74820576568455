"""The gap map as a value: for each product and segment, where the flow is lost."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from attrs import field, frozen

from mpfunnel.errors import UnknownNameError, brief, series
from mpfunnel.flow.course import SEGMENT_UNKNOWN, WHOLE_FIRM, Course
from mpfunnel.flow.gaps.gap import Gap
from mpfunnel.flow.gaps.insights import Insight, Standing, insights_for
from mpfunnel.flow.measures import Measure
from mpfunnel.labels import Label, Lang
from mpfunnel.personal import shown
from mpfunnel.records import Id

__all__ = ["Cell", "GapMap"]

_WORTH: Final = Label("at the mean value of a win", "受注1件の平均金額で換算すると")


@frozen
class Cell:
    """One product in one segment: what is lost there.

    Attributes:
        product_id: The product; `None` for the whole firm.
        segment: Key of the segment; `None` where it is not known.
        gap: The counts, the rates, and what is lost.
        examples: Some who did not come through the binding passage, and could have: who has stood
            before it since the earliest day comes first.
        out_of_market: All who were taken out of the denominator of a downstream passage, because
            they are out of the market, in the same order.
        lost_value: The wins lost, times what a win in the cell is worth on average, in whole units;
            `None` where no values were given.
    """

    product_id: Id | None
    segment: str | None
    gap: Gap
    examples: tuple[Id, ...]
    out_of_market: tuple[Id, ...]
    lost_value: Measure | None = None

    def text(self, lang: Lang = "en") -> str:
        """Return in one line which cell it is, and what may be said of it."""
        product = WHOLE_FIRM.text(lang) if self.product_id is None else _named(self.product_id)
        segment = SEGMENT_UNKNOWN.text(lang) if self.segment is None else self.segment
        joint = "：" if lang == "ja" else ": "
        return f"{product} × {segment}{joint}{self.said(lang)}"

    def said(self, lang: Lang = "en") -> str:
        """Return what may be said of it: the verdict, and what is lost there in money."""
        told = self.gap.text(lang)
        if self.gap.verdict is None or self.lost_value is None or self.lost_value.value is None:
            return told
        worth = self.lost_value.text(lang)
        return f"{told}；{_WORTH.ja}{worth}" if lang == "ja" else f"{told}; {_WORTH.en} {worth}"


@frozen
class GapMap:
    """Where the flow of a closed population is lost, for each product and segment.

    Attributes:
        cells: The cells, product by product; what has no known segment comes last of each.
        course: The course.
        as_of: The day as of which it is told.
        since: The first day on which a journey of it began; `None` for any.
        until: The last day on which one began.
        within_days: Within how many days of its first one a step must have been reached to count;
            `None` for any.
        outside: How many journeys are not in it because they began on other days.
    """

    cells: tuple[Cell, ...] = field(repr=False)
    course: Course = field(repr=False)
    as_of: date
    since: date | None
    until: date
    within_days: int | None
    outside: int

    def cell(self, product_id: Id | None, segment: str | None) -> Cell:
        """Return the cell of a product in a segment.

        Raises:
            UnknownNameError: There is none.
        """
        for one in self.cells:
            if (one.product_id, one.segment) == (product_id, segment):
                return one
        message = f"no such cell: product {brief(product_id)}, segment {brief(segment)}"
        raise UnknownNameError(message)

    def beside(self, insights: Iterable[Insight]) -> tuple[tuple[Cell, Standing], ...]:
        """Return each cell with what research says of it on the day of the map.

        Raises:
            InvalidDataError: Something is no insight, or a key is used twice.
        """
        given = series(insights)
        return tuple(
            (one, insights_for(given, one.product_id, one.segment, as_of=self.as_of))
            for one in self.cells
        )

    def rows(self) -> list[dict[str, Any]]:
        """Return one flat row for each passage of each cell, for a table.

        The key of a row is (as_of, since, until, product_id, segment, step).
        """
        return [
            {
                "as_of": self.as_of,
                "since": self.since,
                "until": self.until,
                "product_id": cell.product_id,
                "segment": cell.segment,
                "step": one.step.key,
                "side": one.step.side,
                "there": one.rate.den,
                "passed": one.rate.num,
                "out_of_market": one.out_of_market,
                "rate": one.rate.value,
                "low": one.rate.interval and one.rate.interval[0],
                "high": one.rate.interval and one.rate.interval[1],
                "rate_status": one.rate.status,
                "reference": one.reference and one.reference.value,
                "wins_lost": one.lost.value,
                "binding": one == cell.gap.binding,
                "value_lost": cell.lost_value and cell.lost_value.value,
                "verdict": cell.gap.verdict,
                "status": cell.gap.status,
            }
            for cell in self.cells
            for one in cell.gap.passages
        ]


def _named(product_id: Id) -> str:
    return shown(str(product_id), personal=False)
