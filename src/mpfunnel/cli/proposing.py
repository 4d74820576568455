"""The command that proposes a mapping of files, for a person to correct."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from mpfunnel import sources
from mpfunnel.cli.inputs import UsageError
from mpfunnel.cli.policies import playbook_of
from mpfunnel.cli.summary import proposal_table
from mpfunnel.cli.terminal import Terminal, printable
from mpfunnel.labels import Label, Lang
from mpfunnel.sources.kinds import KINDS

__all__ = ["propose_map"]


def propose_map(
    *files: str,
    output: Annotated[Path | None, Parameter(alias="-o")] = None,
    replace: Annotated[bool, Parameter(negative="")] = False,
    playbook: Annotated[str | None, Parameter(alias="-p")] = None,
    policy: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    lang: Lang | None = None,
) -> None:
    """Propose a mapping from the headers and first rows of files, for you to correct.

    Args:
        files: Paths of the files, each with kind= before it where its headers do not tell what it
            holds: companies=list.csv.
        output: The file to write it to; it is shown where none is named.
        replace: Write over the file that is there.
        playbook: The playbook whose products, activities and zone the words are translated to.
        policy: Tier policy in Python that it may name, as module:Class. May be given several times.
        lang: Language of the comments; that of the playbook by default.
    """
    if not files:
        raise UsageError("files: are missing; name at least one")
    if output is not None and output.exists() and not replace:
        raise UsageError(f"{output}: is there already; name another --output, or say --replace")
    book = None if playbook is None else playbook_of(playbook, policy)
    spoken: Lang = lang or ("en" if book is None else book.lang)
    told: dict[str, list[Path]] = {}
    for file in files:
        kind, path = _told(file)
        told.setdefault(kind, []).append(path)
    proposal = sources.propose(told, playbook=book, lang=spoken)
    terminal = Terminal()
    if output is None:
        terminal.print(proposal.text, soft_wrap=True, end="")
        return
    output.write_text(proposal.text, encoding="utf-8", newline="\n")
    terminal.print(proposal_table(proposal.kinds, spoken))
    where = Label("written to", "出力先").text(spoken)
    terminal.print(f"{where}: {printable(str(output))}", soft_wrap=True)
    if proposal.checks:
        mark = Label("check", "要確認").text(spoken)
        count = Label(f"{proposal.checks} to look at", f"{proposal.checks}か所").text(spoken)
        terminal.print(f"# {mark}: {count}", soft_wrap=True)


def _told(file: str) -> tuple[str, Path]:
    """Return the record kind that stands before a path, and the path."""
    kind, joint, path = file.partition("=")
    if joint and kind in KINDS:
        return kind, Path(path)
    return "", Path(file)
