"""What people read of offers: how many there are of each kind, and to whom to go first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import fields, frozen
from immutabledict import immutabledict
from rich.table import Table

from mpfunnel.answers import Assessment, NextProduct
from mpfunnel.cli.priorities import LINES
from mpfunnel.cli.summary import UNDECIDED
from mpfunnel.cli.terminal import printable, table_of
from mpfunnel.facts import TIERS
from mpfunnel.labels import Label, Lang
from mpfunnel.personal import shown
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id
from mpfunnel.synergy import NO_OFFER, OFFERS

__all__ = ["Prospects"]

_KINDS: Final = {one.key: place for place, one in enumerate(OFFERS)}


@frozen
class _Line:
    """A line of the list, as the columns of `mpfunnel.frames.Tables.company_products` have it."""

    company_id: Id
    product_id: Id
    offer: str
    offer_settled: bool
    tier: str
    best_interest: str
    people: int


class Prospects:
    """Counts offers, and shows to which companies to go first.

    Args:
        playbook: Says what the products and the levels of interest are.
        names: What companies are called, where that is known; their ids elsewhere.
    """

    def __init__(self, playbook: Playbook, names: Mapping[Id, str] = immutabledict()) -> None:
        self._products = {product.id: product for product in playbook.products}
        self._levels = playbook.scale
        self._names = names
        self._counts: Counter[tuple[str, Id]] = Counter()
        self._lines: list[_Line] = []

    def add(self, answer: Assessment) -> None:
        """Take in the offers to one company."""
        if answer.company_id is not None:
            lines = [_line(answer.company_id, one) for one in answer.next_products if one.offered]
            self._take(lines, Counter((one.offer, one.product_id) for one in lines))

    def add_all(self, company_products: Any) -> None:
        """Take in the offers of a whole population: a table of Polars."""
        frame = nw.from_native(company_products, eager_only=True)
        offered = frame.filter(nw.col("offer").is_in([*_KINDS]))
        counts = offered.group_by("offer", "product_id").agg(rows=nw.len()).iter_rows()
        levels = {key: place for place, key in enumerate(self._levels.keys)}
        # As `_place` does, so that the few lines that are shown are all that is taken out.
        ordered = offered.with_columns(
            kind=nw.col("offer").replace_strict(_KINDS, return_dtype=nw.Int64()),
            less=-nw.col("best_interest").replace_strict(levels, return_dtype=nw.Int64()),
            fewer=-nw.col("people"),
        ).sort("kind", "tier", "less", "fewer", "company_id", "product_id")
        columns = [nw.col(one.name) for one in fields(_Line)]
        lines = [_Line(*row) for row in ordered.select(columns).head(LINES).iter_rows()]
        self._take(lines, Counter({(offer, p): rows for offer, p, rows in counts}))

    def _take(self, lines: list[_Line], counts: Counter[tuple[str, Id]]) -> None:
        self._counts += counts
        self._lines = sorted((*self._lines, *lines), key=self._place)[:LINES]

    def _place(self, line: _Line) -> tuple[object, ...]:
        """Return what sorts the list: as `Engine.next_products` ranks, then by company."""
        interest = self._levels.keys.index(line.best_interest)
        tier = -TIERS.keys.index(line.tier)
        ids = [(isinstance(one, str), one) for one in (line.company_id, line.product_id)]
        return _KINDS[line.offer], tier, -interest, -line.people, *ids

    def tables(self, lang: Lang) -> Iterator[Table]:
        """Yield how many offers there are of each kind and product, then the list."""
        if self._counts:
            yield self._count_table(lang)
            yield self._list(lang)

    def _count_table(self, lang: Lang) -> Table:
        table = table_of(Label("Offers (companies)", "提案の候補（企業数）").text(lang))
        table.add_column("")
        for product in self._products.values():
            table.add_column(printable(product.label.text(lang)), justify="right", overflow="fold")
        for offer in OFFERS:
            counts = (f"{self._counts[offer.key, one]:,}" for one in self._products)
            table.add_row(offer.label.text(lang), *counts)
        return table

    def _list(self, lang: Lang) -> Table:
        every, first = self._counts.total(), len(self._lines)
        title = Label(
            f"Cross-sell list (the first {first} of {every:,})",
            f"クロスセル・更新リスト（{every:,}件中の上位{first}件）",
        )
        table = table_of(title.text(lang))
        table.add_column("", justify="right", no_wrap=True)
        for heading in (
            Label("company", "企業"),
            Label("offer", "提案"),
            Label("product", "商材"),
            Label("Tier"),
            Label("highest interest", "最高の関心度"),
        ):
            table.add_column(heading.text(lang), overflow="fold")
        kinds = {one.key: one.label for one in (*OFFERS, NO_OFFER)}
        for rank, line in enumerate(self._lines, 1):
            offer = kinds[line.offer].text(lang)
            if not line.offer_settled:
                offer += f" ({UNDECIDED.text(lang)})"
            table.add_row(
                str(rank),
                printable(shown(self._name(line.company_id), personal=False)),
                offer,
                printable(self._products[line.product_id].label.text(lang)),
                TIERS.labels[line.tier].text(lang),
                printable(self._level(line.best_interest).text(lang)),
            )
        return table

    def _name(self, company_id: Id) -> str:
        return self._names.get(company_id, str(company_id))

    def _level(self, key: str) -> Label:
        return self._levels.labels.get(key, Label(key))


def _line(company_id: Id, one: NextProduct) -> _Line:
    return _Line(
        company_id,
        one.product_id,
        one.offer.value.key,
        one.offer.settled,
        one.tier.value.key,
        one.involvement.best_interest,
        one.involvement.people,
    )
