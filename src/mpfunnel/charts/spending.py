"""Charts of what a firm does: how it divides its effort, and how its campaigns compare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from mpfunnel.charts.drawing import altair, bare, by_side, drawn
from mpfunnel.errors import InvalidDataError, Problem, did_you_mean, series
from mpfunnel.flow.balances import Balance
from mpfunnel.flow.campaigns.outcomes import RESULTS, CampaignResult
from mpfunnel.flow.campaigns.tactics import MOTIONS
from mpfunnel.labels import Label, Lang

__all__ = ["balance_bars", "campaign_bars"]

_BALANCE: Final = Label("Balance", "上流と下流の配分")
_SHARE: Final = Label("share; the dark bar is the firm's own band", "構成比（濃い帯は自社の目安）")
_CAMPAIGNS: Final = Label("Campaigns", "キャンペーン比較")
_WIDTH: Final = 420


def balance_bars(balances: Iterable[Balance], *, lang: Lang = "en") -> Any:
    """Return bars of how money, touches or hours are divided, with the bands of the firm.

    Args:
        balances: What `mpfunnel.flow.balance` tells, a block of bars for each unit.
        lang: The language of the labels.

    Returns:
        A chart of Altair; `save` writes it as SVG or PNG without a browser.

    Raises:
        MissingExtraError: The extra `charts` is not installed.
    """
    alt = altair()
    rows = [
        {
            "unit": one.label.text(lang),
            "part": one.name(part, lang),
            "share": part.share.value,
            "said": part.share.text(lang),
            "low": None if part.band is None else float(part.band.low),
            "high": None if part.band is None else float(part.band.high),
        }
        for one in series(balances)
        for part in one.parts
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(
            "part:N",
            sort=list(dict.fromkeys(one["part"] for one in rows)),
            title=None,
            axis=bare(),
        )
    )
    axis = alt.Axis(format="%")
    scale = alt.Scale(domain=[0, 1])
    bars = base.mark_bar(height={"band": 0.6}, color="#8fb4cf").encode(
        x=alt.X("share:Q", title=_SHARE.text(lang), axis=axis, scale=scale)
    )
    bands = base.mark_bar(height={"band": 0.18}, color="#333").encode(x="low:Q", x2="high:Q")
    # In a column of their own: beside a short bar, a figure would lie on the band.
    texts = base.mark_text(align="left", dx=8).encode(x=alt.value(_WIDTH), text="said:N")
    each = alt.layer(bars, bands, texts).properties(width=_WIDTH)
    faceted = each.facet(
        row=alt.Row("unit:N", title=None, header=alt.Header(labelAngle=0, labelAlign="left"))
    ).resolve_scale(y="independent")
    return drawn(faceted, _BALANCE.text(lang))


def campaign_bars(
    results: Iterable[CampaignResult], figure: str = "response", *, lang: Lang = "en"
) -> Any:
    """Return a bar of one figure for each campaign, tactic or motion, with its interval.

    Args:
        results: The results that are compared.
        figure: Name of the figure, for example ``"response"`` or ``"roas"``.
        lang: The language of the labels.

    Returns:
        A chart of Altair; `save` writes it as SVG or PNG without a browser.

    Raises:
        InvalidDataError: There is no such figure.
        MissingExtraError: The extra `charts` is not installed.
    """
    if figure not in RESULTS:
        message = f"no such figure{did_you_mean(figure, RESULTS)}"
        raise InvalidDataError([Problem("choice", "figure", message)])
    alt = altair()
    given = series(results)
    rows: list[dict[str, object]] = []
    for one in given:
        measure = one.measures[figure]
        low, high = measure.interval or (None, None)
        rows.append(
            {
                "name": one.label.text(lang),
                "side": MOTIONS[one.motion].text(lang),
                "value": None if measure.value is None else float(measure.value),
                "low": low,
                "high": high,
                "said": measure.text(lang),
                "beside": None if measure.value is None else max(float(measure.value), high or 0),
            }
        )
    title = given[0].measures[figure].basis.text(lang) if given else ""
    percent = bool(given) and given[0].measures[figure].unit == "share"
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y(
            "name:N",
            sort=[str(one["name"]) for one in rows],
            title=None,
            axis=bare(),
        )
    )
    axis = alt.Axis(format="%") if percent else alt.Axis()
    bars = base.mark_bar(height={"band": 0.6}).encode(
        x=alt.X("value:Q", title=None, axis=axis),
        color=by_side(lang),
    )
    rules = base.mark_rule(color="#333").encode(x="low:Q", x2="high:Q")
    texts = base.mark_text(align="left", dx=6).encode(x="beside:Q", text="said:N")
    layered = alt.layer(bars, rules, texts).properties(width=_WIDTH, height=30 * max(len(rows), 1))
    return drawn(layered, _CAMPAIGNS.text(lang), title)
