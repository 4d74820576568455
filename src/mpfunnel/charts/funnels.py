"""The funnel chart: what came into each step of the course, and how much of it went on."""

from __future__ import annotations

from typing import Any, Final

from mpfunnel.charts.drawing import NAMES, Names, altair, bare, by_product, by_side, drawn
from mpfunnel.flow.campaigns.tactics import MOTIONS
from mpfunnel.flow.reporting.report import FlowReport, ProductFlow
from mpfunnel.labels import Label, Lang

__all__ = ["funnel"]

_TITLE: Final = Label("Funnel", "ファネル")
_CAME_IN: Final = Label("came in", "流入数")
_HOW: Final = Label(
    "{}; after the arrow: share that went on in time (grey: too few, or still open)",
    "{}。矢印の後は期限内の転換率（灰色は件数不足または観測期間中）",
)


def funnel(report: FlowReport, *, names: Names = NAMES, lang: Lang = "en") -> Any:
    """Return bars of what came into each step of each product in the period.

    Beside each bar stand its count and the share that went on to the next step in time, of those
    whose time is over; grey where that rests on few, or some are still within their time.

    Args:
        report: The flow of a period.
        names: What products are called.
        lang: The language of the labels.

    Returns:
        A chart of Altair; `save` writes it as SVG or PNG without a browser.

    Raises:
        MissingExtraError: The extra `charts` is not installed.
    """
    alt = altair()
    rows = [
        row
        for one in report.products
        for row in _rows(one, report, names.product(one.product_id, lang), lang)
    ]
    steps = [one.label.text(lang) for one in report.course.steps]
    products = [names.product(one.product_id, lang) for one in report.products]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("step:N", sort=steps, title=None, axis=bare()),
        x=alt.X("came_in:Q", title=_CAME_IN.text(lang), axis=alt.Axis(tickMinStep=1)),
    )
    bars = base.mark_bar(height={"band": 0.7}).encode(color=by_side(lang))
    texts = base.mark_text(align="left", dx=4).encode(
        text="said:N",
        color=alt.condition("datum.sound", alt.value("#222"), alt.value("#999")),
    )
    each = alt.layer(bars, texts).properties(width=420, height=26 * len(steps))
    how = _HOW.text(lang).format(report.period.label.text(lang))
    return drawn(by_product(each, products), _TITLE.text(lang), how)


def _rows(
    product: ProductFlow, report: FlowReport, name: str, lang: Lang
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for step, one in zip(report.course.steps, product.steps, strict=True):
        on = one.conversion
        share = "" if on is None or on.value is None else f" → {on.value:.1%}"
        rows.append(
            {
                "product": name,
                "step": step.label.text(lang),
                "side": MOTIONS[step.side].text(lang),
                "came_in": one.came_in,
                "said": f"{one.came_in:,}{share}",
                "sound": on is None or on.status == "ok",
            }
        )
    return rows
