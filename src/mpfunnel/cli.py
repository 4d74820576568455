"""The command line: a thin layer over the library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from mpfunnel.errors import MissingExtraError

try:
    from cyclopts import App
    from rich.console import Console
    from rich.table import Table
except ImportError as error:
    raise MissingExtraError(
        "the command line needs rich and cyclopts: pip install 'mpfunnel[cli]'"
    ) from error

from mpfunnel.examples import FIRM, SEGMENTS, STORY_DAY, TIERS, generate
from mpfunnel.labels import Label, Lang
from mpfunnel.records import Company
from mpfunnel.rules.explain import explain
from mpfunnel.rules.tables import Decision

__all__ = ["app", "main"]

app = App(name="mpfunnel", help="The same answers every day, each with its reason.")

_UNDECIDED = Label("undecided", "未判定")


@app.command
def demo(*, companies: int = 200, seed: int = 7, lang: Lang = "en") -> None:
    """Sort the market of an invented firm: segments, tiers per product, and one answer in full.

    Args:
        companies: How many companies to invent.
        seed: The same seed gives the same market.
        lang: Language of the labels.
    """
    console = Console()
    market = generate(companies, seed=seed, as_of=STORY_DAY).companies
    console.print(f"{FIRM.name.text(lang)} · {STORY_DAY} · {len(market):,}", highlight=False)
    console.print(_segments(market, lang))
    console.print(_tiers(market, lang))
    _one_answer(console, market, lang)


def _segments(market: Iterable[Company], lang: Lang) -> Table:
    decide = SEGMENTS.compile()
    found = Counter(_short(decide(company), lang) for company in market)
    title = Label("Companies by segment", "全社共通セグメント")
    table = Table(title=title.text(lang), title_justify="left")
    table.add_column(Label("segment", "セグメント").text(lang))
    table.add_column(Label("companies", "社数").text(lang), justify="right")
    names = [segment.label.text(lang) for segment in SEGMENTS.outcomes]
    for name in [*names, _UNDECIDED.text(lang)]:
        table.add_row(name, f"{found[name]:,}")
    return table


def _tiers(market: Iterable[Company], lang: Lang) -> Table:
    title = Label("Tier × product (companies)", "Tier × 商材（社数）")
    table = Table(title=title.text(lang), title_justify="left")
    table.add_column("Tier")
    columns: list[Counter[str]] = []
    for product in FIRM.products:
        decide = TIERS[str(product.id)].compile()
        columns.append(Counter(_short(decide(company), lang) for company in market))
        table.add_column(product.label.text(lang), justify="right")
    tiers = dict.fromkeys(tier for policy in TIERS.values() for tier in policy.tiers)
    names = [tier.label.text(lang) for tier in sorted(tiers, key=lambda tier: tier.number)]
    for name in [*names, _UNDECIDED.text(lang)]:
        table.add_row(name, *(f"{column[name]:,}" for column in columns))
    return table


def _short(decision: Decision[Any], lang: Lang) -> str:
    return decision.text(lang) if decision.settled else _UNDECIDED.text(lang)


def _one_answer(console: Console, market: Iterable[Company], lang: Lang) -> None:
    """Print why for the first company with an undecided tier: what to ask it for is the point."""
    for company in market:
        for product in FIRM.products:
            explanation = explain(TIERS[str(product.id)], {"company": company})
            if not explanation.decision.settled:
                console.print(
                    f"\n{company.name} × {product.label.text(lang)}", style="bold", highlight=False
                )
                console.print(explanation.text(lang), highlight=False, markup=False)
                return


def main() -> None:
    """Run the command line."""
    app()
