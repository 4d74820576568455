"""What the demo shows in full: one company as a filled 2×2, one why, one undecided answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich import box
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from mpfunnel.answers import Assessment
from mpfunnel.engine import Engine
from mpfunnel.examples import PRODUCTS, STORY_DAY, Case, story
from mpfunnel.facts import company
from mpfunnel.labels import Label, Lang
from mpfunnel.records import Id

__all__ = ["showcase"]

_KEEN: Final = "cross-sell"
_UNKNOWN: Final = "employees-unknown"
_WHY: Final = "ma"
"""Two cases of the story, and the product whose tier is shown for both."""
_SEGMENT: Final = Label("segment", "全社共通セグメント")
_TIER: Final = Label("tier", "Tier")
_STAGE: Final = Label("funnel stage", "全社共通ファネル")
_ENGAGEMENT: Final = Label("engagement (points)", "エンゲージメント（点）")
_NO_SIGN: Final = Label("none", "反応なし")
_PRODUCTS: Final = {product.id: product for product in PRODUCTS}


def showcase(engine: Engine, lang: Lang) -> Iterator[RenderableType]:
    """Yield what to print about two companies of the story."""
    cases = {case.key: case for case in story()}
    keen, unknown = cases[_KEEN], cases[_UNKNOWN]
    account = keen.sample.accounts()[0]
    yield _two_by_two(keen, engine.assess(account, as_of=STORY_DAY), lang)

    why = Label("Why", "理由").text(lang)
    yield Text(f" {why}: {_about(keen, lang)}", style="bold")
    yield from _tree(engine.explain("tier", account, _WHY, as_of=STORY_DAY, lang=lang))

    tier = engine.tier_for(unknown.sample.companies[0], _WHY, as_of=STORY_DAY)
    facts = [company.named(name.removeprefix("company.")).fact for name in tier.missing]
    ask = Label("ask for", "確認する項目").text(lang)
    asked = _listed((fact.label.text(lang) for fact in facts), lang)
    yield Text(f"\n {_about(unknown, lang)}", style="bold")
    yield from _tree(f"{tier.text(lang)} → {ask}: {asked}", style="yellow")


def _tree(text: str, style: str = "") -> Iterator[RenderableType]:
    """Yield the lines of a tree, each so that what does not fit goes on below its own start."""
    for line in text.split("\n"):
        words = line.lstrip()
        yield Padding(Text(words, style=style), (0, 0, 0, 3 + len(line) - len(words)))


def _about(case: Case, lang: Lang) -> str:
    return f"{case.sample.companies[0].name} × {_product(_WHY, lang)}"


def _two_by_two(case: Case, answer: Assessment, lang: Lang) -> Table:
    """Return the four questions about one company and its leads, with their answers."""
    table = Table(
        title=f"{case.sample.companies[0].name}\n{case.title.text(lang)}",
        title_justify="left",
        title_style="bold",
        box=box.ROUNDED,
        show_lines=True,
    )
    table.add_column("", no_wrap=True)
    table.add_column(Label("whole firm", "全社").text(lang), max_width=20, overflow="fold")
    table.add_column(Label("each product", "商材ごと").text(lang))
    owned = Label(" · owned", " · 導入済み").text(lang)
    table.add_row(
        Label("company", "企業").text(lang),
        Text.assemble((_SEGMENT.text(lang), "dim"), "\n", answer.segment.text(lang)),
        _by_product(
            _TIER,
            {
                product_id: tier.text(lang) + owned * (product_id in answer.owned)
                for product_id, tier in answer.tiers.items()
            },
            lang,
        ),
    )
    for lead in case.sample.leads:
        one = answer.leads[lead.id]
        wanted = _listed((_product(key, lang) for key in one.stage.for_products), lang)
        existing = Label("\nexisting customer", "\n既存顧客").text(lang)
        stage = Text.assemble(
            (_STAGE.text(lang), "dim"),
            f"\n{one.stage.text(lang)}",
            Label(f"\nfor {wanted}", f"\n対象：{wanted}").text(lang),
            existing * one.stage.existing_customer,
        )
        states = dict.fromkeys(_PRODUCTS, _NO_SIGN.text(lang))
        for product_id, engagement in one.engagement.items():
            states[product_id] = engagement.text(lang)
            if points := engagement.score.points:
                states[product_id] += f" ({points:.1f})"
        name = Label("lead", "リード").text(lang)
        table.add_row(f"{name}\n{lead.name}", stage, _by_product(_ENGAGEMENT, states, lang))
    return table


def _by_product(question: Label, answers: Mapping[Id, str], lang: Lang) -> RenderableType:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(overflow="fold")
    grid.add_column(overflow="fold")
    for product_id, answer in answers.items():
        grid.add_row(_product(product_id, lang), answer)
    return Group(Text(question.text(lang), style="dim"), grid)


def _listed(words: Iterable[str], lang: Lang) -> str:
    return Label(", ", "、").text(lang).join(words)


def _product(product_id: Id, lang: Lang) -> str:
    return _PRODUCTS[product_id].label.text(lang)
