"""What all charts share: the library that draws, colours, letters, and what things are called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import MissingExtraError
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Motion
from mpfunnel.records import Id

__all__ = ["COLOURS", "NAMES", "Names", "altair", "drawn", "svg"]

COLOURS: Final[Mapping[Motion, str]] = {"upstream": "#2f6f9f", "downstream": "#d9822b"}
"""Water above, earth below: told apart by the colour-blind, too."""

_FONTS: Final = "Noto Sans JP, Hiragino Sans, Yu Gothic, Meiryo, IPAPGothic, Arial, sans-serif"
"""What has Japanese letters comes first: the machine that shows a chart has one of these."""
_GRADIENT: Final = re.compile(r"gradient_[0-9]+")
_FIRM: Final = Label("whole firm", "全社")
_UNKNOWN: Final = Label("segment unknown", "セグメント不明")


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
        rules = playbook.segments
        known = [*(rule.outcome for rule in rules.rules), rules.otherwise]
        return cls(
            {one.id: one.label for one in playbook.products},
            {one.key: one.label for one in known},
        )

    def product(self, product_id: Id | None, lang: Lang) -> str:
        """Return what a product is called; `None` is the whole firm."""
        if product_id is None:
            return _FIRM.text(lang)
        return self.products.get(product_id, Label(str(product_id))).text(lang)

    def segment(self, key: str | None, lang: Lang) -> str:
        """Return what a segment is called; `None` is unknown."""
        if key is None:
            return _UNKNOWN.text(lang)
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
        raise _missing("altair") from error
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
        raise _missing("vl-convert-python") from error
    drawn_as = str(convert.vegalite_to_svg(chart.to_json()))
    # The library numbers gradients on from chart to chart; the same chart is to be the same text.
    numbers = dict.fromkeys(_GRADIENT.findall(drawn_as))
    places = {one: f"gradient_{place}" for place, one in enumerate(numbers)}
    return _GRADIENT.sub(lambda found: places[found[0]], drawn_as)


def _missing(library: str) -> MissingExtraError:
    return MissingExtraError(f"charts need the library {library}; pip install 'mpfunnel[charts]'")


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
