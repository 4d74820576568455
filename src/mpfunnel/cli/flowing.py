"""`mpfunnel flow`: the flow of a period as one page of HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

from attrs import evolve
from cyclopts import Parameter

from mpfunnel import charts, sources
from mpfunnel.cli.inputs import Given, data_of, read
from mpfunnel.cli.policies import playbook_of
from mpfunnel.cli.terminal import Terminal, printable, progress
from mpfunnel.engine import Engine
from mpfunnel.flow import Period, load_plan, look, month_for, quarter_for, year_for
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.situation import Rejected
from mpfunnel.sources import Reject

__all__ = ["flow"]


def flow(
    *data: str,
    given: Annotated[Given, Parameter(name="*")],
    plan: str,
    first: date,
    last: date,
    out: Path,
) -> None:
    """Write the flow of a period as one page of HTML that opens offline.

    Args:
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
        plan: Path of the plan (.toml): the firm's own numbers, campaigns and insights.
        first: The first day of the period.
        last: The last day of the period.
        out: The page to write.
    """
    playbook = playbook_of(given.playbook, given.policy)
    mapping = sources.load(given.source)
    asked = load_plan(plan, playbook)
    period = _named(Period(first, last), playbook)
    lang, found = given.lang_of(playbook), read(data_of(data, mapping), mapping, playbook)
    with progress() as shown:
        shown.add_task("looking at the flow", total=None)
        accounts = found.accounts()
        seen = look(Engine(playbook), accounts, asked, period=period, as_of=given.as_of)
        html = charts.page(
            seen.report,
            firm="mpfunnel" if playbook.name is None else playbook.name.text(lang),
            gaps=seen.gaps,
            insights=asked.insights,
            cohorts=seen.cohorts,
            results=seen.results,
            balances=seen.balances,
            names=charts.Names.of(playbook),
            lang=lang,
        )
        out.write_text(html, encoding="utf-8", newline="\n")
    terminal = Terminal()
    for line in seen.report.text(lang).split("\n"):
        terminal.print(printable(line), soft_wrap=True)
    for line in _left_out([*found.rejects, *(seen.results.rejects if seen.results else ())], lang):
        terminal.print(printable(line), soft_wrap=True)
    where = Label("written to", "出力先").text(lang)
    terminal.print(f"{where}: {printable(str(out))}", soft_wrap=True)


def _left_out(rejects: Iterable[Reject | Rejected], lang: Lang) -> Iterator[str]:
    """Yield how many rows and records could not be used, by their reason, each with an example."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for one in rejects:
        by_reason.setdefault((one.table, one.code), []).append(one.reason)
    said = Label("left out", "除外").text(lang)
    for (table, code), reasons in sorted(by_reason.items()):
        yield f"{said}: {len(reasons):,} {table}, {code}: {reasons[0]}"


def _named(period: Period, playbook: Playbook) -> Period:
    """Return a period with its name, where it is a month, a quarter or a fiscal year."""
    calendar = playbook.funnel.calendar
    known = (
        month_for(period.first),
        quarter_for(period.first, calendar),
        year_for(period.first, calendar),
    )
    same = next((one for one in known if one == period), None)
    return period if same is None else evolve(period, label=same.label)
