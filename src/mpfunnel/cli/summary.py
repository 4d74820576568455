"""What people read of many answers: counts of each, by product where it has one, and of rejects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.cells import cell_len
from rich.table import Table

from mpfunnel.answers import Assessment
from mpfunnel.by_hand import Status
from mpfunnel.cli.terminal import printable, table_of
from mpfunnel.frames import Tables
from mpfunnel.identity import Evidence
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, OverrideOf, Product
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import UNMATCHED
from mpfunnel.sources import Derived
from mpfunnel.stores import Given
from mpfunnel.synergy import POSITIONS

__all__ = [
    "UNDECIDED",
    "Summary",
    "count_table",
    "derived_table",
    "given_table",
    "later_line",
    "match_line",
    "proposal_table",
    "reject_table",
]

UNDECIDED: Final = Label("undecided", "未判定")
_BAR_CELLS: Final = 24
_COUNT_CELLS: Final = 6
_MOST_TEXTS: Final = 3
_WORD_CELLS: Final = 16
_EDGES: Final = 4
_BETWEEN: Final = 3
"""What a table needs beside its texts: once, and before each further column."""
_KINDS: Final[Mapping[str, Label]] = {
    "merges.companies": Label("merges of companies", "企業の統合"),
    "merges.leads": Label("merges of leads", "リードの統合"),
    "merges.deals": Label("merges of deals", "商談の統合"),
    "products": Label("products", "商材"),
    "companies": Label("companies", "企業"),
    "leads": Label("leads", "リード"),
    "activities": Label("activities", "アクティビティ"),
    "deals": Label("deals", "商談"),
    "contracts": Label("contracts", "契約"),
    "sales_events": Label("sales events", "営業記録"),
    "overrides": Label("overrides", "手動上書き"),
    "lists": Label("target lists", "重点企業リスト"),
    "consents": Label("consents", "同意"),
    "company_sets": Label("sets of companies", "企業の複数値項目"),
    "company_facts": Label("facts of companies over time", "企業情報の履歴"),
    "lead_sets": Label("sets of leads", "リードの複数値項目"),
    "activity_products": Label("products of activities", "アクティビティの商材"),
    "deal_lines": Label("products of deals", "商談の商材"),
    "stage_history": Label("stage histories", "段階の履歴"),
    "stage_history_products": Label("products of stage histories", "段階の履歴の商材"),
}

_QUESTIONS: Final[Mapping[OverrideOf, Label]] = {
    "segment": Label("segment", "セグメント"),
    "tier": Label("Tier"),
    "engagement": Label("engagement", "エンゲージメント"),
}
_STATUSES: Final[Mapping[Status, Label]] = {
    "in_force": Label("in force", "有効"),
    "agreed": Label("agreed", "同じ内容あり"),
    "expired": Label("expired", "期限切れ"),
}

_EVIDENCE: Final[Mapping[Evidence, Label]] = {
    "link": Label("link", "既存の紐付け"),
    "corporate_number": Label("corporate number", "法人番号"),
    "domain": Label("domain", "ドメイン"),
    "name_region": Label("name and region", "社名と地域"),
}
_UNMATCHED: Final[Mapping[str, Label]] = {
    "ambiguous": Label("ambiguous", "候補が複数"),
    "individual": Label("individuals", "個人"),
    "student": Label("students", "学生・求職者"),
    "own": Label("own firm", "自社"),
    "unknown_company": Label("linked to an unknown company", "紐付け先が不明"),
    "unmatched": Label("unmatched", "企業未紐付け"),
}

_Key = str | None
"""Key of a value; `None` for undecided."""
_Column = tuple[str, Mapping[_Key, int]]
"""A heading, and what is counted below it."""


class Summary:
    """Counts answers, and shows the counts as tables.

    Args:
        playbook: Where the rows of the tables come from, also those that nobody is in.
    """

    def __init__(self, playbook: Playbook) -> None:
        self._playbook = playbook
        self._companies: Counter[_Key] = Counter()
        self._leads: Counter[_Key] = Counter()
        self._stages: Counter[_Key] = Counter()
        ids = [product.id for product in playbook.products]
        self._tiers: dict[Id, Counter[_Key]] = {product_id: Counter() for product_id in ids}
        self._positions: dict[Id, Counter[_Key]] = {product_id: Counter() for product_id in ids}
        self._states: dict[Id, Counter[_Key]] = {product_id: Counter() for product_id in ids}
        self._by_hand: Counter[tuple[str, str]] = Counter()

    def add(self, answer: Assessment) -> None:
        """Count the answers about one account."""
        segment = _key(answer.segment)
        if answer.company_id is not None:
            self._companies[segment] += 1
        self._leads[segment] += len(answer.leads)
        for product_id, tier in answer.tiers.items():
            self._tiers[product_id][_key(tier)] += 1
        for product_id, position in answer.white_space.items():
            self._positions[product_id][_key(position)] += 1
        for lead in answer.leads.values():
            self._stages[_key(lead.stage.decision)] += 1
            for product_id, engagement in lead.engagement.items():
                self._states[product_id][_key(engagement.decision)] += 1
        self._by_hand.update((one.override.what, one.status) for one in answer.by_hand)

    def add_all(self, out: Tables) -> None:
        """Count the answers about a whole population, given as tables of Polars."""
        _count(self._companies, out.companies, "segment")
        for counts, table, name in (
            (self._tiers, out.tiers, "tier"),
            (self._positions, out.company_products, "position"),
            (self._states, out.engagement, "state"),
        ):
            if table is not None:
                for (product_id,), rows in table.group_by("product_id"):
                    _count(counts[product_id], rows, name)
        if out.leads is not None:
            _count(self._stages, out.leads, "stage")
            homes = out.companies.select("company_id", "segment", "settled")
            people = out.leads.select("company_id").join(homes, on="company_id", how="left")
            _count(self._leads, people, "segment")
        if out.by_hand is not None:
            self._by_hand.update(out.by_hand.select("what", "status").rows())

    def tables(self, lang: Lang, width: int) -> Iterator[Table | str]:
        """Yield a table for each question: of the companies first, then of the leads.

        Args:
            lang: The language of the labels.
            width: How many cells a line has; a matrix that is wider goes on in a further table.
        """
        if self._companies or self._leads:
            yield self._segment_table(lang)
        if self._companies:
            yield from self._tier_tables(lang, width)
            yield from self._white_space_tables(lang, width)
        else:
            what = Label(
                "no companies: no tiers and no white space",
                "企業がないため、Tierとホワイトスペースの集計はありません",
            )
            yield what.text(lang)
        if self._stages:
            yield self._funnel_table(lang)
            yield from self._engagement_tables(lang, width)
        else:
            what = Label(
                "no leads: no funnel and no engagement",
                "リードがないため、ファネルとエンゲージメントの集計はありません",
            )
            yield f"{what.text(lang)}\n"
        if self._by_hand:
            yield self._hand_table(lang)

    def _hand_table(self, lang: Lang) -> Table:
        table = table_of(Label("Set by hand (answers)", "手動上書き（件数）").text(lang))
        table.add_column("")
        for label in _STATUSES.values():
            table.add_column(label.text(lang), justify="right")
        for what, label in _QUESTIONS.items():
            counts = [self._by_hand[what, status] for status in _STATUSES]
            table.add_row(label.text(lang), *map(_number, counts))
        return table

    def _segment_table(self, lang: Lang) -> Table:
        table = table_of(Label("Companies by segment", "全社共通セグメント別の企業").text(lang))
        segments = [*self._playbook.segments.outcomes]
        if self._leads[UNMATCHED.key]:
            segments.append(UNMATCHED)
        _fill(
            table,
            Label("segment", "セグメント").text(lang),
            segments,
            [
                (Label("companies", "企業数").text(lang), self._companies),
                (Label("leads", "リード数").text(lang), self._leads),
            ],
            lang,
        )
        return table

    def _funnel_table(self, lang: Lang) -> Table:
        table = table_of(
            Label("Funnel (leads by stage)", "全社共通ファネル（リード数）").text(lang)
        )
        funnel = self._playbook.funnel
        most = max(self._stages.values(), default=0)
        bars = {key: _bar(count, most) for key, count in self._stages.items()}
        table.add_column(Label("stage", "ステージ").text(lang))
        table.add_column(Label("leads", "リード数").text(lang), justify="right")
        table.add_column("")
        for stages in (funnel.ladder, funnel.detours):
            for stage in stages:
                count = _number(self._stages[stage.key])
                table.add_row(printable(stage.label.text(lang)), count, bars.get(stage.key, ""))
            table.add_section()
        # Histories outlive the funnel that they were made with.
        known = {None, *(stage.key for stage in (*funnel.ladder, *funnel.detours))}
        for key in sorted(str(key) for key in self._stages if key not in known):
            table.add_row(printable(key), _number(self._stages[key]), bars.get(key, ""))
        _add_undecided(table, [self._stages[None]], lang, bars.get(None, ""))
        return table

    def _tier_tables(self, lang: Lang, width: int) -> Iterator[Table]:
        title = Label("Tier × product (companies)", "Tier × 商材（企業数）")
        tiers = {tier for policy in self._playbook.tiers.values() for tier in policy.tiers}
        rows = sorted(tiers, key=lambda tier: tier.number)
        return self._matrices(title, rows, self._tiers, lang, width)

    def _white_space_tables(self, lang: Lang, width: int) -> Iterator[Table]:
        title = Label("White space (companies)", "ホワイトスペース（企業数）")
        return self._matrices(title, POSITIONS, self._positions, lang, width)

    def _engagement_tables(self, lang: Lang, width: int) -> Iterator[Table]:
        title = Label("Engagement by product (leads)", "商材ごとのエンゲージメント（リード数）")
        model = next(iter(self._playbook.engagement.values()))
        # Whoever has shown no sign of a product stands in no row of it (S23).
        none, leads = model.ladder[0].key, self._stages.total()
        states = {
            product_id: {**found, none: leads - found.total() + found[none]}
            for product_id, found in self._states.items()
        }
        return self._matrices(title, (*model.ladder, *model.detours), states, lang, width)

    def _matrices(
        self,
        title: Label,
        rows: Sequence[Any],
        counts: Mapping[Id, Mapping[_Key, int]],
        lang: Lang,
        width: int,
    ) -> Iterator[Table]:
        """Yield a table of values × products, in as many pieces as the width asks for."""
        first = max(map(cell_len, [UNDECIDED.text(lang), *(row.label.text(lang) for row in rows)]))
        for products in _pieces(self._playbook.products, lang, width - first - _EDGES):
            table = table_of(title.text(lang))
            columns = [(product.label.text(lang), counts[product.id]) for product in products]
            _fill(table, "", rows, columns, lang)
            yield table


def _key(decision: Decision[Any]) -> _Key:
    return decision.value.key if decision.settled else None


def _count(counts: Counter[_Key], table: Any, name: str) -> None:
    """Count the rows of a table of Polars by a decision."""
    for key, settled, rows in table.group_by(name, "settled").len().iter_rows():
        # Nothing but the company of a lead is ever absent.
        found = UNMATCHED.key if key is None else key
        counts[found if key is None or settled else None] += rows


def _pieces(products: Sequence[Product], lang: Lang, room: int) -> Iterator[list[Product]]:
    """Yield the products in pieces whose headings have room beside each other."""
    piece: list[Product] = []
    left = room
    for product in products:
        needed = _least_width(product.label.text(lang)) + _BETWEEN
        if piece and needed > left:
            yield piece
            piece, left = [], room
        piece.append(product)
        left -= needed
    yield piece


def _least_width(heading: str) -> int:
    """Return how many cells a column of counts needs, so that no word of its heading breaks."""
    words = max(map(cell_len, printable(heading).split()), default=0)
    return max(_COUNT_CELLS, min(words, _WORD_CELLS))


def _fill(
    table: Table, heading: str, rows: Iterable[Any], columns: Sequence[_Column], lang: Lang
) -> None:
    """Add a row of counts for each value, then one for undecided."""
    table.add_column(heading, no_wrap=True)
    for name, _ in columns:
        table.add_column(
            printable(name), justify="right", overflow="fold", min_width=_least_width(name)
        )
    for row in rows:
        counts = (_number(count.get(row.key, 0)) for _, count in columns)
        table.add_row(printable(row.label.text(lang)), *counts)
    _add_undecided(table, [count.get(None, 0) for _, count in columns], lang)


def _add_undecided(table: Table, counts: list[int], lang: Lang, *more: str) -> None:
    style = "yellow" if any(counts) else None
    table.add_row(UNDECIDED.text(lang), *map(_number, counts), *more, style=style)


def _number(count: int) -> str:
    return f"{count:,}"


def _bar(count: int, most: int) -> str:
    # Whoever is there is seen.
    return "█" * max(1, count * _BAR_CELLS // most) if count else ""


def count_table(given: Given, rejects: Any, lang: Lang) -> Table:
    """Return what became of the rows: in = used + collapsed + rejected, in every line.

    Args:
        given: What was read of an export.
        rejects: The rows that could not be read or, then, not be used: a table of Polars.
        lang: The language of the labels.
    """
    table = table_of(Label("What became of the rows", "読み込んだ行の内訳").text(lang))
    for name in (Label("file", "ファイル"), Label("records", "レコード")):
        table.add_column(name.text(lang), overflow="fold")
    for name in (
        Label("rows", "行数"),
        Label("used", "使用"),
        Label("collapsed", "重複"),
        Label("rejected", "除外"),
    ):
        table.add_column(name.text(lang), justify="right")
    for one in given.counts:
        numbers = map(_number, (one.rows, one.used, one.collapsed, one.rejected))
        table.add_row(printable(one.file), _KINDS[one.table].text(lang), *numbers)
    lost = _lost(rejects)
    again: Counter[str] = Counter(lost.filter(lost["file"].is_null())["table"])
    then = Label("then assessed", "判定時").text(lang)
    for kind in (kind for kind in given.tables if again[kind]):
        rows = given.tables[kind].height
        numbers = map(_number, (rows, rows - again[kind], 0, again[kind]))
        table.add_row(then, _KINDS[kind].text(lang), *numbers)
    return table


def derived_table(derived: Iterable[Derived], lang: Lang) -> Table:
    """Return what patterns made of the rows, and what fits none of them most often."""
    title = Label("Derived by patterns (rows)", "パターンによる項目の判定（行数）")
    table = table_of(title.text(lang))
    table.add_column(Label("records", "レコード").text(lang), overflow="fold")
    table.add_column(Label("field", "項目").text(lang), no_wrap=True)
    for name in (
        Label("rows", "行数"),
        Label("matched", "一致"),
        Label("unmatched", "不一致"),
        Label("blank", "空欄"),
    ):
        table.add_column(name.text(lang), justify="right")
    table.add_column(Label("unmatched texts", "不一致の上位").text(lang), overflow="fold")
    for one in derived:
        numbers = map(_number, (one.rows, one.matched, one.unmatched, one.blank))
        texts = (f"{printable(text)} ({rows:,})" for text, rows in one.texts[:_MOST_TEXTS])
        field = printable(one.path.rpartition(".")[2])
        table.add_row(_KINDS[one.table].text(lang), field, *numbers, ", ".join(texts))
    return table


def _lost(rejects: Any) -> Any:
    """Return the rejects without companies that have an answer: those on which a policy failed."""
    return rejects.filter(rejects["code"] != "policy")


def later_line(later: Mapping[str, int], lang: Lang) -> str:
    """Return how many records of each kind do not count yet, because they lie after the day."""
    counts = ", ".join(f"{_KINDS[kind].text(lang)} {count:,}" for kind, count in later.items())
    what = Label("after that day, not counted yet", "基準日より後のため未集計").text(lang)
    return f"{what}: {counts}\n"


def match_line(matches: Any, lang: Lang) -> str:
    """Return how many leads belong to a company, by which evidence, and what the others are.

    Args:
        matches: A row for each lead: a table of Polars.
        lang: The language of the labels.
    """
    counts: Counter[tuple[str, str]] = Counter(matches.select("status", "evidence").rows())
    told = [(label, counts["matched", key]) for key, label in _EVIDENCE.items()]
    others: Counter[str] = Counter(matches["status"])
    told += [(label, others[status]) for status, label in _UNMATCHED.items()]
    what = Label("leads matched by", "リードの紐付け").text(lang)
    return f"{what}: {', '.join(f'{label.text(lang)} {count:,}' for label, count in told)}\n"


def proposal_table(kinds: Mapping[str, str], lang: Lang) -> Table:
    """Return what each file is taken for.

    Args:
        kinds: The record kind of each file by its name; empty where it is not read.
        lang: The language of the labels.
    """
    table = table_of(Label("What the files hold", "ファイルの中身").text(lang))
    table.add_column(Label("file", "ファイル").text(lang))
    table.add_column(Label("records", "種類").text(lang))
    for name, kind in kinds.items():
        what = _KINDS[kind] if kind else Label("not read", "読まない")
        table.add_row(printable(name), what.text(lang))
    return table


def reject_table(rejects: Any, lang: Lang) -> Table:
    """Return the rejects, a table of Polars, by their reason, each with an example."""
    keys = ["table", "code", "column"]
    counts = rejects.group_by(keys).len("count")
    found = rejects.unique(keys, keep="first").join(counts, on=keys).rows(named=True)
    table = table_of(Label("Rejects by reason", "除外の理由").text(lang))
    table.add_column(Label("rows", "行数").text(lang), justify="right")
    table.add_column(Label("records", "レコード").text(lang))
    table.add_column(Label("reason", "理由").text(lang), overflow="fold")
    table.add_column(Label("for example", "例").text(lang), overflow="fold")
    for one in sorted(found, key=lambda one: (-one["count"], *(one[key] for key in keys))):
        # What was read by a mapping says itself which column of which file it means.
        example = one["reason"] if one.get("file") else f"{one['column']}: {one['reason']}"
        kind = _KINDS[one["table"]].text(lang)
        table.add_row(_number(one["count"]), kind, one["code"], printable(example))
    return table


def given_table(given: Given, rejects: Any, lang: Lang) -> Table:
    """Return what became of the rows of each table of a store.

    Args:
        given: What was read of the store.
        rejects: The rows that could not be used, a table of Polars.
        lang: The language of the labels.
    """
    rejected = dict(_lost(rejects).group_by("table").len().iter_rows())
    table = table_of(Label("What became of the rows", "読み込んだ行の内訳").text(lang))
    for name in (Label("table", "テーブル"), Label("records", "レコード")):
        table.add_column(name.text(lang), overflow="fold")
    for name in (Label("rows", "行数"), Label("rejected", "除外")):
        table.add_column(name.text(lang), justify="right")
    for kind, count in given.rows.items():
        numbers = map(_number, (count, rejected.get(kind, 0)))
        table.add_row(printable(given.names[kind]), _KINDS[kind].text(lang), *numbers)
    return table
