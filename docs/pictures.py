"""The pictures of the docs: charts of the invented firm's market, drawn anew by every build."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, get_args

import mpfunnel as mf
from mpfunnel import charts
from mpfunnel.examples import PLAYBOOK, STORY_DAY, generate
from mpfunnel.flow import Look, load_plan, look, quarter_for
from mpfunnel.labels import Lang

__all__ = ["draw"]

_HOME: Final = Path(__file__).parent / "how-to"
_PLAN: Final = re.compile(r"^<!-- file: plan\.toml -->\n```toml\n(.*?)^```$", re.M | re.S)


def draw(folder: Path = _HOME / "images" / "drawn") -> None:
    """Draw the charts of `how-to/show-the-flow.md` in both languages, by the plan that it shows.

    A picture that is already there and the same is left alone, so that Sphinx does not take its
    pages for changed.

    Args:
        folder: Where to; it is made if need be.
    """
    folder.mkdir(exist_ok=True)
    seen = _look()
    for lang in get_args(Lang):
        for name, chart in _charts(seen, lang):
            path, text = folder / f"{name}.{lang}.svg", charts.svg(chart)
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8", newline="\n")


def _look() -> Look:
    page = (_HOME / "show-the-flow.md").read_text(encoding="utf-8")
    found = _PLAN.search(page)
    if found is None:
        message = "show-the-flow.md holds no plan.toml"
        raise ValueError(message)
    plan = load_plan(tomllib.loads(found[1], parse_float=Decimal), PLAYBOOK)
    accounts = generate(1_000, as_of=STORY_DAY).accounts()
    quarter = quarter_for(date(2026, 7, 1), PLAYBOOK.funnel.calendar)
    return look(mf.Engine(PLAYBOOK), accounts, plan, period=quarter, as_of=STORY_DAY)


def _charts(seen: Look, lang: Lang) -> Iterator[tuple[str, Any]]:
    names = charts.Names.of(PLAYBOOK)
    results = () if seen.results is None else seen.results.campaigns
    yield "funnel", charts.funnel(seen.report, names=names, lang=lang)
    yield "gaps", charts.gap_heat(seen.gaps, names=names, lang=lang)
    yield "cohorts", charts.cohort_lines(seen.cohorts, names=names, lang=lang)
    yield "campaigns", charts.campaign_bars(results, lang=lang)
    yield "balance", charts.balance_bars(seen.balances, lang=lang)
