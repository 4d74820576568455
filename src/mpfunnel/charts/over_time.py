"""The cohort chart: of those that entered a step in each period, how many came on in time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mpfunnel.charts.drawing import NAMES, Names, altair, by_product, drawn
from mpfunnel.errors import InvalidDataError, Problem, series
from mpfunnel.flow.course import COURSE, Course
from mpfunnel.flow.measures import STATUSES, Measure
from mpfunnel.flow.reporting.followed import Cohort
from mpfunnel.labels import Label, Lang

__all__ = ["cohort_lines"]

_TITLE: Final = Label("Cohorts", "コホート")
_FROM: Final = Label("reached in time, of those that entered {}", "{}に入ったうち期限内の到達率")
_TO: Final = Label("step", "ステップ")
_STATUS: Final = Label("status", "状態")


def cohort_lines(
    cohorts: Iterable[Cohort], *, course: Course = COURSE, names: Names = NAMES, lang: Lang = "en"
) -> Any:
    """Return lines of the share that reached each later step in time, period by period.

    The bars are intervals of 95 %. What is not sound yet (too few, or still within their time) is
    hollow.

    Args:
        cohorts: Cohorts of one step (see `mpfunnel.flow.cohorts`).
        course: The steps.
        names: What products are called.
        lang: The language of the labels.

    Returns:
        A chart of Altair; `save` writes it as SVG or PNG without a browser.

    Raises:
        InvalidDataError: There is no cohort, or they are of several steps.
        MissingExtraError: The extra `charts` is not installed.
    """
    given = series(cohorts)
    if len({one.step for one in given}) != 1:
        raise InvalidDataError([Problem("range", "cohorts", "must be of one step")])
    alt = altair()
    labels = {one.key: one.label.text(lang) for one in course.steps}
    rows = [
        {
            "product": names.product(one.product_id, lang),
            "period": one.period.label.text(lang),
            "step": labels[key],
            **_figures(measure, lang),
        }
        for one in given
        for key, measure in one.conversion.items()
    ]
    periods = list(dict.fromkeys(one.period.label.text(lang) for one in given))
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("period:O", sort=periods, title=None, axis=alt.Axis(labelAngle=-30)),
        color=alt.Color(
            "step:N",
            sort=list(labels.values()),
            title=_TO.text(lang),
            legend=alt.Legend(symbolType="stroke", symbolStrokeWidth=2, symbolOpacity=1),
        ),
        tooltip=["product:N", "period:N", "step:N", "said:N"],
    )
    lines = base.mark_line().encode(
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format="%", grid=True))
    )
    bars = base.mark_rule(opacity=0.4).encode(y="low:Q", y2="high:Q")
    points = base.mark_point(size=50).encode(
        y="value:Q",
        fillOpacity=alt.FillOpacity(
            "sound:N",
            scale=alt.Scale(domain=[STATUSES["ok"].text(lang), "…"], range=[1, 0]),
            legend=None,
        ),
        fill=alt.Fill("step:N", sort=list(labels.values()), legend=None),
    )
    each = alt.layer(bars, lines, points).properties(width=420, height=180)
    products = dict.fromkeys(names.product(one.product_id, lang) for one in given)
    title = _FROM.text(lang).format(labels[given[0].step])
    return drawn(by_product(each, products), _TITLE.text(lang), title)


def _figures(measure: Measure, lang: Lang) -> dict[str, object]:
    low, high = measure.interval or (None, None)
    return {
        "value": measure.value,
        "low": low,
        "high": high,
        "said": measure.text(lang),
        "sound": STATUSES["ok"].text(lang) if measure.status == "ok" else "…",
    }
