"""What people read of plays: how many there are of each, and how the priority list begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

import narwhals.stable.v2 as nw
from attrs import fields, frozen
from immutabledict import immutabledict
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from mpfunnel.answers import Assessment
from mpfunnel.cli.summary import UNDECIDED
from mpfunnel.cli.terminal import printable, table_of
from mpfunnel.contact import CHANNELS
from mpfunnel.labels import Label, Lang, counted
from mpfunnel.personal import shown
from mpfunnel.playbook import Playbook
from mpfunnel.plays import PlannedPlay, Play, priorities
from mpfunnel.records import Channel, Id
from mpfunnel.starters import OWNERS

__all__ = ["LINES", "Priorities"]

LINES: Final = 10
"""How many lines of the list are shown."""
_OWNER_CELLS: Final = 20

_When = Literal["due", "waits", "later"]
_WHEN: Final[Mapping[_When, Label]] = {
    "due": Label("due", "本日対応"),
    "waits": Label("waiting", "順番待ち"),
    "later": Label("later", "今後"),
}
_NOTHING: Final = Label("–")


@frozen
class _Line:
    """A line of the list, as the columns of a table of plays have it."""

    company_id: Id | None
    lead_id: Id
    product_id: Id | None
    play: str
    settled: bool
    channel: Channel | None
    due: date


class Priorities:
    """Counts plays, and shows which are to be done first.

    Args:
        playbook: Says what the plays are, and which comes first.
        as_of: The day of the answers.
        names: What companies are called, where that is known; their ids elsewhere.
    """

    def __init__(
        self, playbook: Playbook, as_of: date, names: Mapping[Id, str] = immutabledict()
    ) -> None:
        self._plays = playbook.plays
        self._products = {product.id: product for product in playbook.products}
        self._as_of = as_of
        self._names = names
        self._counts: Counter[tuple[str | None, _When]] = Counter()
        self._due: list[PlannedPlay] = []
        self._listed: list[_Line] = []

    def add(self, answer: Assessment) -> None:
        """Take in the plays of one account."""
        for one in answer.plays:
            self._counts[_key(one), self._when(one)] += 1
            if one.is_due_on(self._as_of):
                self._due.append(one)

    def add_all(self, plays: Any, listed: Any) -> None:
        """Take in the plays of a whole population, and how its priority list begins.

        Args:
            plays: `mpfunnel.frames.Tables.plays` of the day, with what is settled; of Polars.
            listed: The first `LINES` rows of `mpfunnel.frames.today`.
        """
        frame = nw.from_native(plays, eager_only=True)
        waits = (nw.col("waits_for") != "") | ~nw.col("not_before").is_null()
        due = (nw.col("due") <= self._as_of).fill_null(value=False)
        counts = frame.with_columns(waits=waits, is_due=~waits & due)
        keys = ("play", "settled", "waits", "is_due")
        for play, settled, waiting, is_due, rows in (
            counts.group_by(*keys).agg(rows=nw.len()).iter_rows()
        ):
            when: _When = "due" if is_due else "waits" if waiting else "later"
            self._counts[play if settled else None, when] += rows
        columns = [nw.col(one.name) for one in fields(_Line)]
        rows = nw.from_native(listed, eager_only=True).select(columns).iter_rows()
        self._listed += [_Line(*row) for row in rows]

    def _when(self, one: PlannedPlay) -> _When:
        if one.is_due_on(self._as_of):
            return "due"
        return "waits" if one.waits_for or one.not_before else "later"

    def tables(self, lang: Lang) -> Iterator[Table | str]:
        """Yield how many plays there are of each action, then the list; nothing without plays."""
        if not self._counts:
            return
        yield self._count_table(lang)
        listed = priorities(self._due, self._plays, limit=LINES)
        lines = [*map(_line, listed), *self._listed]
        if lines:
            yield self._list(lines, lang)
        else:
            nothing = Label("nothing is due", "本日対応する次の一手はありません")
            yield f"{nothing.text(lang)}\n"

    def _count_table(self, lang: Lang) -> Table:
        table = table_of(Label("Plays (by action)", "次の一手（アクション別の件数）").text(lang))
        table.add_column(Label("action", "アクション").text(lang), overflow="fold")
        table.add_column(Label("owner", "担当").text(lang), overflow="fold")
        for label in _WHEN.values():
            table.add_column(label.text(lang), justify="right", no_wrap=True)
        for play in self._plays.plays:
            numbers = self._numbers(play.key)
            table.add_row(printable(play.label.text(lang)), _owner(play, lang), *numbers)
        style = "yellow" if any(self._counts[None, when] for when in _WHEN) else None
        table.add_row(UNDECIDED.text(lang), "", *self._numbers(None), style=style)
        return table

    def _numbers(self, key: str | None) -> list[str]:
        return [f"{self._counts[key, when]:,}" for when in _WHEN]

    def _list(self, lines: Sequence[_Line], lang: Lang) -> Table:
        due = sum(count for (_, when), count in self._counts.items() if when == "due")
        first = min(due, LINES)
        table = table_of(
            Label(
                f"Priority list (the first {first} of {due:,})",
                f"本日の優先リスト（{due:,}件中の上位{first}件）",
            ).text(lang)
        )
        table.add_column("", justify="right", no_wrap=True)
        owners = (cell_len(_owner(self._plays.play(line.play), lang)) for line in lines)
        for above, below, width in (
            (Label("company", "企業"), Label("lead", "リード"), 0),
            (Label("action", "次の一手"), Label("product", "商材"), 0),
            (Label("owner", "担当"), Label("channel", "チャネル"), min(max(owners), _OWNER_CELLS)),
        ):
            heading = f"{above.text(lang)}\n{below.text(lang)}"
            table.add_column(heading, overflow="fold", min_width=width)
        table.add_column(Label("due", "期限").text(lang), no_wrap=True)
        for rank, line in enumerate(lines, 1):
            table.add_row(str(rank), *self._cells(line, lang))
        return table

    def _cells(self, line: _Line, lang: Lang) -> Iterator[Text]:
        """Yield the cells of a line, each of two lines."""
        play = self._plays.play(line.play)
        company = Label("no company", "企業未紐付け").text(lang)
        if line.company_id is not None:
            company = self._names.get(line.company_id, str(line.company_id))
        # Some firms use mail addresses as ids.
        yield _cell(*(shown(one, personal=False) for one in (company, str(line.lead_id))))
        action = play.label.text(lang)
        if not line.settled:
            action += f" ({UNDECIDED.text(lang)})"
        product = Label("whole firm", "全社")
        if line.product_id is not None:
            product = self._products[line.product_id].label
        yield _cell(action, product.text(lang))
        channel = _NOTHING if line.channel is None else CHANNELS[line.channel]
        yield _cell(_owner(play, lang), channel.text(lang))
        days = (self._as_of - line.due).days
        overdue = Label(f"{counted(days, 'days')} overdue", f"{days}日超過")
        late = overdue if days else Label("today", "本日")
        yield _cell(str(line.due), late.text(lang), style="yellow" if days else "")


def _key(one: PlannedPlay) -> str | None:
    return one.play.key if one.decision.settled else None


def _line(one: PlannedPlay) -> _Line:
    assert one.due is not None
    return _Line(
        one.company_id,
        one.lead_id,
        one.product_id,
        one.play.key,
        one.decision.settled,
        one.channel,
        one.due,
    )


def _owner(play: Play, lang: Lang) -> str:
    # A role that is not the starter's goes by its key, which is the firm's own word.
    label = OWNERS.get(play.owner)
    return printable(play.owner) or _NOTHING.text(lang) if label is None else label.text(lang)


def _cell(above: str, below: str, style: str = "") -> Text:
    return Text.assemble(printable(above), "\n", (printable(below), style or "dim"))
