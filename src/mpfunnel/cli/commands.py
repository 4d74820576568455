"""The commands; each is thin: what it is given, a call of the library, what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from mpfunnel import frames, sources, stores
from mpfunnel.account import Account
from mpfunnel.answers import Assessment
from mpfunnel.cli.checking import checked
from mpfunnel.cli.converting import convert
from mpfunnel.cli.flowing import flow
from mpfunnel.cli.inputs import (
    Asked,
    Given,
    UsageError,
    data_of,
    files_of,
    later,
    named,
    read,
    store_of,
)
from mpfunnel.cli.policies import playbook_of
from mpfunnel.cli.priorities import LINES, Priorities
from mpfunnel.cli.proposing import propose_map
from mpfunnel.cli.prospects import Prospects
from mpfunnel.cli.reports import Format, as_json, summary, workflow_commands
from mpfunnel.cli.showcase import showcase
from mpfunnel.cli.starting import SheetKind, started
from mpfunnel.cli.summary import (
    Summary,
    count_table,
    derived_table,
    given_table,
    later_line,
    match_line,
    reject_table,
)
from mpfunnel.cli.terminal import Terminal, printable, progress
from mpfunnel.engine import Engine, Question
from mpfunnel.errors import InvalidDataError
from mpfunnel.examples import FIRM, PLAYBOOK, STORY_DAY, generate
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook
from mpfunnel.records import Company, Id

__all__ = ["app"]

app = App(
    name="mpfunnel",
    help="Segment, tier, funnel stage and engagement: the same answers every day, with reasons.",
    help_format="plaintext",
    version=lambda: version("mpfunnel"),
    # Who runs the command says what becomes of errors and interrupts.
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
    result_action="return_none",
)
explain = App(name="explain", help="Show an answer with every rule and fact that it rests on.")
app.command(explain)
app.command(convert)
app.command(flow)
app.command(propose_map, name="map")

_Asked = Annotated[Asked, Parameter(name="*")]
_Given = Annotated[Given, Parameter(name="*")]


@app.command
def demo(*, companies: int = 200, seed: int = 7, lang: Lang = "en") -> None:
    """Answer the four questions for an invented firm and its market.

    Args:
        companies: How many companies to invent.
        seed: The same seed gives the same market.
        lang: Language of the labels.
    """
    terminal = Terminal()
    engine = Engine(PLAYBOOK)
    sample = generate(companies, seed=seed, as_of=STORY_DAY)
    summary = Summary(PLAYBOOK)
    names = {one.id: one.name for one in sample.companies if one.name is not None}
    next_steps, prospects = Priorities(PLAYBOOK, STORY_DAY, names), Prospects(PLAYBOOK, names)
    for answer in _assessed(engine, sample.accounts(), STORY_DAY):
        for one in (summary, next_steps, prospects):
            one.add(answer)
    _head(terminal, FIRM.name.text(lang), STORY_DAY, PLAYBOOK, lang)
    to_do = (*next_steps.tables(lang), *prospects.tables(lang))
    for table in (*summary.tables(lang, terminal.width), *to_do):
        terminal.print(table)
    for part in showcase(engine, lang):
        terminal.print(part)


@app.command
def assess(
    *data: str,
    asked: _Asked,
    source: Annotated[str | None, Parameter(alias="-s")] = None,
    out: str,
) -> None:
    """Answer the four questions for all data, and write the answers.

    Args:
        data: Folder (Parquet, CSV), .xlsx, DuckDB or SQLite file, or PostgreSQL URL. With --source:
            folder, or pairs key=path.
        asked: The playbook, the day and the language.
        source: Path of a mapping (.toml), or the name of a shipped one, for exports.
        out: Folder, .duckdb file, or PostgreSQL URL; it then holds the answers of this run.
    """
    playbook = playbook_of(asked.playbook, asked.policy)
    engine = Engine(playbook)
    mapping = None if source is None else sources.load(source)
    where = store_of(data) if mapping is None else data_of(data, mapping)
    goal = stores.target(out)
    lang = asked.lang_of(playbook)
    with progress() as shown:
        task = shown.add_task("reading", total=None)
        given = stores.read(engine, where, mapping=mapping)
        if goal.kind == "folder":
            _keep_apart(files_of(where, mapping, given), goal.path)
        # Before the long work, so that what cannot be written to is not found out after it.
        stores.prepare(out)
        shown.update(task, description="assessing")
        # Else it would not be known who is undecided.
        answers = stores.assess(engine, given, as_of=asked.as_of, lang=lang, possible=True)
        shown.update(task, description="writing")
        stores.write(answers, out, matches=given.matches)

    terminal = Terminal()
    _head(terminal, _name_of(playbook, lang), asked.as_of, playbook, lang)
    if mapping is None:
        terminal.print(given_table(given, answers.rejects, lang))
    else:
        terminal.print(count_table(given, answers.rejects, lang))
        if given.derived:
            terminal.print(derived_table(given.derived, lang))
        if after := later(given.tables, asked.as_of, playbook):
            terminal.print(later_line(after, lang))
        if given.matches:
            terminal.print(match_line(given.matches["matches"], lang), soft_wrap=True)
    summary = Summary(playbook)
    summary.add_all(answers)
    next_steps = Priorities(playbook, asked.as_of)
    if answers.plays is not None:
        next_steps.add_all(answers.plays, frames.today(engine, answers.plays, limit=LINES))
    prospects = Prospects(playbook)
    prospects.add_all(answers.company_products)
    to_do = (*next_steps.tables(lang), *prospects.tables(lang))
    for table in (*summary.tables(lang, terminal.width), *to_do):
        terminal.print(table)
    if answers.rejects.height:
        terminal.print(reject_table(answers.rejects, lang))
    where_to = Label("written to", "出力先").text(lang)
    terminal.print(f"{where_to}: {printable(goal.name)}", soft_wrap=True)


def _keep_apart(read: Iterable[Path], out: Path) -> None:
    """Refuse to read a file that is going to be replaced."""
    written = {(out / name).resolve() for name in stores.FILES}
    for path in read:
        if path.resolve() in written:
            raise UsageError(f"{path}: is read, and would be replaced; name another --out")


@explain.command(name="segment")
def explain_segment(company: str, /, *data: str, given: _Given) -> None:
    """Show why a company has its firm-wide segment.

    Args:
        company: The company's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "segment", company)


@explain.command(name="tier")
def explain_tier(company: str, product: str, /, *data: str, given: _Given) -> None:
    """Show why a company has its tier for a product.

    Args:
        company: The company's id.
        product: The product's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "tier", company, product)


@explain.command(name="white-space")
def explain_white_space(company: str, product: str, /, *data: str, given: _Given) -> None:
    """Show why a company stands where it does with a product: owned, in pipeline, untapped or not.

    Args:
        company: The company's id.
        product: The product's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "white_space", company, product)


@explain.command(name="offer")
def explain_offer(company: str, product: str, /, *data: str, given: _Given) -> None:
    """Show why a company is offered a product, or is not.

    Args:
        company: The company's id.
        product: The product's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "offer", company, product)


@explain.command(name="stage")
def explain_stage(lead: str, /, *data: str, given: _Given) -> None:
    """Show why a lead stands at its funnel stage.

    Args:
        lead: The lead's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "stage", lead)


@explain.command(name="engagement")
def explain_engagement(lead: str, product: str, /, *data: str, given: _Given) -> None:
    """Show why a lead stands where it does with a product, down to each activity's points.

    Args:
        lead: The lead's id.
        product: The product's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "engagement", lead, product)


@explain.command(name="play")
def explain_play(lead: str, /, *data: str, product: str | None = None, given: _Given) -> None:
    """Show why a lead gets its play: what to do next, by when, and what it waits for.

    Args:
        lead: The lead's id.
        data: The folder of the files, or a pair key=path for each of the mapping's files.
        product: The product's id; without it, the play about the whole firm.
        given: The playbook, the mapping, the day and the language.
    """
    _explain(given, data, "play", lead, *([] if product is None else [product]))


@app.command
def check(
    playbook: str,
    /,
    *,
    policy: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    output: Annotated[Format, Parameter(name="--format")] = "text",
    lang: Lang | None = None,
) -> None:
    """Check a playbook: list every problem, and every case that it answers otherwise.

    Ends with 0 where it is sound, 1 where it is not, and 2 where the command itself is wrong.

    Args:
        playbook: Path of a playbook (.toml, .json or its folder), or the name of a shipped one.
        policy: Tier policy in Python that it may name, as module:Class; proved by the conformance
            kit. May be given several times.
        output: Lines of text, one JSON object, or annotations for GitHub Actions.
        lang: Language of labels and reasons; the playbook's own by default.
    """
    report = checked(playbook, policy, lang)
    lines = [as_json(report)] if output == "json" else [*summary(report)]
    if output == "github":
        lines += workflow_commands(report)
    terminal = Terminal()
    for line in lines:
        terminal.print(line, soft_wrap=True)
    if not report.sound:
        # What stands in the output already is not said again.
        raise InvalidDataError(
            one.problem for one in report.findings if output == "text" and one.level == "error"
        )


@app.command
def new(
    folder: Path,
    /,
    *,
    products: str = "crm,sfa",
    sheets: SheetKind = "xlsx",
    lang: Lang = "en",
) -> None:
    """Write a starter playbook with spreadsheets and cases, and a CI example, into a new folder.

    Args:
        folder: The folder; absent or empty.
        products: Ids of the products, with commas between them.
        sheets: What the tables of rules are written as: one Excel workbook, or CSV files.
        lang: Language of the reasons, the cases and the README.
    """
    ids = [one.strip() for one in products.split(",")]
    started(folder, ids, sheets, lang)
    terminal = Terminal()
    terminal.print(
        f"{Label('written to', '出力先').text(lang)}: {printable(str(folder))}", soft_wrap=True
    )
    command = f"mpfunnel check {printable(str(folder))}"
    terminal.print(f"{Label('check it', '検査').text(lang)}: {command}", soft_wrap=True)


def _explain(
    given: Given, data: tuple[str, ...], question: Question, about: str, *more: str
) -> None:
    playbook = playbook_of(given.playbook, given.policy)
    engine = Engine(playbook)
    mapping = sources.load(given.source)
    lang = given.lang_of(playbook)
    found = read(data_of(data, mapping), mapping, playbook).accounts()
    products = {product.id: product for product in playbook.products}
    ids: list[Id] = []
    if question in ("segment", "tier", "white_space", "offer"):
        companies = {one.company.id: one for one in found if isinstance(one.company, Company)}
        key, account = named("company", about, companies)
    else:
        key, account = named("lead", about, {lead.id: one for one in found for lead in one.leads})
        ids.append(key)
    head = [str(key)]
    for product in more:
        product_id, sold = named("product", product, products)
        ids.append(product_id)
        head.append(sold.label.text(lang))
    terminal = Terminal()
    _head(terminal, " × ".join(head), given.as_of, playbook, lang)
    text = engine.explain(question, account, *ids, as_of=given.as_of, lang=lang)
    for line in text.split("\n"):
        terminal.print(printable(line), soft_wrap=True)


def _assessed(engine: Engine, accounts: Iterable[Account], as_of: date) -> Iterator[Assessment]:
    given = list(accounts)
    with progress() as shown:
        for account in shown.track(given, description="assessing"):
            yield engine.assess(account, as_of=as_of)


def _name_of(playbook: Playbook, lang: Lang) -> str:
    return "mpfunnel" if playbook.name is None else playbook.name.text(lang)


def _head(terminal: Terminal, what: str, as_of: date, playbook: Playbook, lang: Lang) -> None:
    book = Label("playbook", "プレイブック").text(lang)
    line = f"{printable(what)} · {as_of} · {book} {playbook.version}"
    terminal.print(line, style="bold", soft_wrap=True)
