"""The heat map of gaps: per product and segment, which passage lies below its reference."""

from __future__ import annotations

from typing import Any, Final

from mpfunnel.charts.drawing import NAMES, Names, altair, bare, drawn
from mpfunnel.flow.gaps.gap import SIDES
from mpfunnel.flow.gaps.maps import GapMap
from mpfunnel.labels import Label, Lang

__all__ = ["gap_heat"]

_TITLE: Final = Label("Gap map", "ギャップマップ")
_HOW: Final = Label(
    "colour: rate less reference, pale where it rests on few; frame: bottleneck with a verdict",
    "色：通過率と基準の差（薄い色は件数不足）、枠：判定のあるボトルネック",
)
_DIFFERENCE: Final = Label("rate - reference", "基準との差")
_NONE: Final = Label("no rate", "算出不可")
_BLANK: Final = "#dcdcdc"
_TOOLTIP: Final = ("cell:N", "passage:N", "said:N", "of:N")


def gap_heat(gaps: GapMap, *, names: Names = NAMES, lang: Lang = "en") -> Any:
    """Return a heat map: a row for each product and segment, a column for each passage.

    The colour of a field is how far its rate lies above or below the reference; without one it is
    grey. A frame is around the passage where most wins are lost, if there is a verdict.

    Args:
        gaps: The gap map.
        names: What products and segments are called.
        lang: The language of the labels.

    Returns:
        A chart of Altair; `save` writes it as SVG or PNG without a browser.

    Raises:
        MissingExtraError: The extra `charts` is not installed.
    """
    alt = altair()
    rows: list[dict[str, object]] = []
    cells: list[str] = []
    for cell in gaps.cells:
        segment = names.segment(cell.segment, lang)
        name = f"{names.product(cell.product_id, lang)} × {segment}"
        cells.append(name)
        for one in cell.gap.passages:
            rate = one.rate.value
            reference = None if one.reference is None else one.reference.value
            verdict = cell.gap.verdict if one == cell.gap.binding else None
            said = _NONE.text(lang) if rate is None else f"{rate:.0%}"
            if verdict is not None:
                said += f" {SIDES[verdict].text(lang)}"
            rows.append(
                {
                    "cell": name,
                    "passage": one.label.text(lang),
                    "difference": None
                    if rate is None or reference is None
                    else float(rate) - float(reference),
                    "said": said,
                    "sound": one.rate.is_sound,
                    "of": f"{one.rate.num}/{one.rate.den}",
                    "binding": verdict is not None,
                }
            )
    passages = list(dict.fromkeys(str(one["passage"]) for one in rows))
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X(
            "passage:N",
            sort=passages,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, ticks=False, domain=False),
        ),
        y=alt.Y("cell:N", sort=cells, title=None, axis=bare()),
    )
    fields = (
        base.transform_filter("isValid(datum.difference)")
        .mark_rect(stroke="white", strokeWidth=2)
        .encode(
            color=alt.Color(
                "difference:Q",
                title=_DIFFERENCE.text(lang),
                scale=alt.Scale(scheme="redblue", domainMid=0, domain=[-0.5, 0.5], clamp=True),
                legend=alt.Legend(format="+.0%"),
            ),
            opacity=alt.condition("datum.sound", alt.value(1), alt.value(0.35)),
            tooltip=[*_TOOLTIP],
        )
    )
    # Of its own: a scale gives what is absent the colour of no difference.
    blanks = (
        base.transform_filter("!isValid(datum.difference)")
        .mark_rect(stroke="white", strokeWidth=2, color=_BLANK)
        .encode(tooltip=[*_TOOLTIP])
    )
    frames = (
        base.transform_filter("datum.binding")
        .mark_rect(filled=False, stroke="black", strokeWidth=2)
        .encode()
    )
    texts = base.mark_text(fontSize=11).encode(
        text="said:N",
        color=alt.condition(
            "datum.sound && abs(datum.difference) > 0.3", alt.value("white"), alt.value("black")
        ),
    )
    heat = alt.layer(fields, blanks, frames, texts).properties(
        width=96 * max(len(passages), 1), height=28 * max(len(cells), 1)
    )
    return drawn(heat, _TITLE.text(lang), _HOW.text(lang))
