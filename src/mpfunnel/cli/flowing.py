"""`mpfunnel flow`: the flow of a period as one page of HTML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

from attrs import evolve
from cyclopts import Parameter

from mpfunnel import charts, sources
from mpfunnel.account import Account
from mpfunnel.cli.inputs import Given, data_of, read
from mpfunnel.cli.policies import playbook_of
from mpfunnel.cli.terminal import Terminal, printable, progress
from mpfunnel.engine import Engine
from mpfunnel.flow import FlowPlan, Period, load_plan, look, month_for, quarter_for, year_for
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook

__all__ = ["flow", "write_page"]


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
    accounts = read(data_of(data, mapping), mapping, playbook).accounts()
    write_page(
        Engine(playbook),
        accounts,
        asked,
        out,
        period=period,
        as_of=given.as_of,
        lang=given.lang_of(playbook),
    )


def write_page(
    engine: Engine,
    accounts: Iterable[Account],
    plan: FlowPlan,
    out: Path,
    *,
    period: Period,
    as_of: date,
    lang: Lang,
) -> None:
    """Write the page of a period, and show on a terminal what came in and went on.

    Args:
        engine: The playbook.
        accounts: The accounts.
        plan: The firm's own numbers.
        out: The page to write.
        period: The period.
        as_of: The day.
        lang: The language of the labels.
    """
    book = engine.playbook
    with progress() as shown:
        shown.add_task("looking at the flow", total=None)
        seen = look(engine, accounts, plan, period=period, as_of=as_of)
        html = charts.page(
            seen.report,
            firm="mpfunnel" if book.name is None else book.name.text(lang),
            gaps=seen.gaps,
            insights=plan.insights,
            cohorts=seen.cohorts,
            results=seen.results,
            balances=seen.balances,
            names=charts.Names.of(book),
            lang=lang,
        )
        out.write_text(html, encoding="utf-8", newline="\n")
    terminal = Terminal()
    for line in seen.report.text(lang).split("\n"):
        terminal.print(printable(line), soft_wrap=True)
    where = Label("written to", "出力先").text(lang)
    terminal.print(f"{where}: {printable(str(out))}", soft_wrap=True)


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
