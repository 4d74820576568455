"""Charts of the flow, drawn by Altair: each is saved as SVG or PNG without a browser."""

from mpfunnel.charts.drawing import Names, svg
from mpfunnel.charts.funnels import funnel
from mpfunnel.charts.gaps import gap_heat
from mpfunnel.charts.over_time import cohort_lines
from mpfunnel.charts.page import page
from mpfunnel.charts.spending import balance_bars, campaign_bars

__all__ = [
    "Names",
    "balance_bars",
    "campaign_bars",
    "cohort_lines",
    "funnel",
    "gap_heat",
    "page",
    "svg",
]
