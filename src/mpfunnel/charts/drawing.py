"""What all charts share: the library that draws, colours, letters, and what things are called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import MissingExtraError
from mpfunnel.flow.campaigns.tactics import MOTIONS
from mpfunnel.flow.course import SEGMENT_UNKNOWN, WHOLE_FIRM
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Motion
from mpfunnel.records import Id

__all__ = ["NAMES", "Names", "altair", "bare", "by_product", "by_side", "drawn", "lacking", "svg"]

COLOURS: Final[Mapping[Motion, str]] = {"upstream": "#2f6f9f", "downstream": "#d9822b"}
"""Water above, earth below: told apart by the colour-blind, too."""

_FONTS: Final = "Noto Sans JP, Hiragino Sans, Yu Gothic, Meiryo, IPAPGothic, Arial, sans-serif"
"""What has Japanese letters comes first: the machine that shows a chart has one of these."""
_GRADIENT: Final = re.compile(r"gradient_[0-9]+")
_SIDE: Final = Label("side", "区分")


def _kept(value: Mapping[Any, Label]) -> Any:
    return immutabledict(value)


@frozen
class Names:
    """What products and segments are called in charts and reports; their ids where nothing says so.

    Attributes:
        products: The name of each product by its id.
        segments: The name of each segment by its key.
    """

    products: Mapping[Id, Label] = field(default=immutabledict(), converter=_kept)
    segments: Mapping[str, Label] = field(default=immutabledict(), converter=_kept)

    @classmethod
    def of(cls, playbook: Playbook) -> Names:
        """Return the names that a playbook gives."""
        return cls(
            {one.id: one.label for one in playbook.products},
            {one.key: one.label for one in playbook.segments.outcomes},
        )

    def product(self, product_id: Id | None, lang: Lang) -> str:
        """Return what a product is called; `None` is the whole firm."""
        if product_id is None:
            return WHOLE_FIRM.text(lang)
        return self.products.get(product_id, Label(str(product_id))).text(lang)

    def segment(self, key: str | None, lang: Lang) -> str:
        """Return what a segment is called; `None` is unknown."""
        if key is None:
            return SEGMENT_UNKNOWN.text(lang)
        return self.segments.get(key, Label(key)).text(lang)


NAMES: Final = Names()


def altair() -> Any:
    """Return the library that draws.

    Raises:
        MissingExtraError: The extra `charts` is not installed.
    """
    try:
        import altair as alt
    except ImportError as error:
        raise lacking("altair") from error
    return alt


def svg(chart: Any) -> str:
    """Return a chart as SVG, which any browser and any word processor shows.

    Args:
        chart: What a function of this package returned.

    Raises:
        MissingExtraError: The extra `charts` is not installed.
    """
    try:
        import vl_convert as convert
    except ImportError as error:
        raise lacking("vl-convert-python") from error
    drawn_as = str(convert.vegalite_to_svg(chart.to_json()))
    # The library numbers gradients on from chart to chart; the same chart is to be the same text.
    numbers = dict.fromkeys(_GRADIENT.findall(drawn_as))
    places = {one: f"gradient_{place}" for place, one in enumerate(numbers)}
    return _GRADIENT.sub(lambda found: places[found[0]], drawn_as)


def lacking(library: str) -> MissingExtraError:
    """Return the error for a library of the extra that is not installed."""
    return MissingExtraError(f"charts need the library {library}; pip install 'mpfunnel[charts]'")


def bare() -> Any:
    """Return an axis of names, without line and ticks."""
    return altair().Axis(ticks=False, domain=False)


def by_side(lang: Lang) -> Any:
    """Return the colours of the two sides of the river, of rows that say it under ``side``."""
    alt = altair()
    return alt.Color(
        "side:N",
        title=_SIDE.text(lang),
        legend=alt.Legend(orient="top"),
        scale=alt.Scale(
            domain=[one.text(lang) for one in MOTIONS.values()], range=[*COLOURS.values()]
        ),
    )


def by_product(chart: Any, products: Iterable[str]) -> Any:
    """Return a chart once for each product, of rows that say it under ``product``."""
    alt = altair()
    header = alt.Header(labelAnchor="start", labelOrient="top", labelFontWeight="bold")
    return chart.facet(row=alt.Row("product:N", sort=[*products], title=None, header=header))


def drawn(chart: Any, title: str, subtitle: str = "") -> Any:
    """Return a chart with its title, in letters that Japanese is written in."""
    head = {"text": title, "subtitle": subtitle, "anchor": "start", "offset": 12}
    return (
        chart.properties(title=head)
        .configure(font=_FONTS, background="white")
        .configure_view(stroke=None)
        .configure_axis(grid=False, labelLimit=220)
        .configure_title(subtitleColor="#555")
    )
