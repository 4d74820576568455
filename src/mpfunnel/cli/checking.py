"""What `mpfunnel check` finds out about a playbook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal

from attrs import frozen

from mpfunnel import codec, examples
from mpfunnel.case_checks import CaseCheck
from mpfunnel.cli.inputs import is_path
from mpfunnel.cli.places import line_of, places_in
from mpfunnel.cli.policies import custom_kinds, unproved
from mpfunnel.codec.checks import located
from mpfunnel.codec.plain import start_of
from mpfunnel.codec.text import inline_text
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.labels import Label, Lang
from mpfunnel.playbook import Playbook

__all__ = ["Files", "Finding", "Level", "Report", "checked"]

Level = Literal["error", "notice"]
"""What makes a check fail, and what is only told."""

_ENDINGS: Final = (".toml", ".json")
_SHEET: Final = re.compile(
    r"(?P<file>[^:!]{1,200}\.(?P<ending>csv|xlsx))!(?:[A-Z]*(?P<row>[0-9]{1,9}))?", re.IGNORECASE
)
"""How the path of a problem in a spreadsheet begins: ``segments.csv!C7``, ``tiers.xlsx!crm!C7``."""


@frozen
class Finding:
    """One thing that was found out.

    Attributes:
        level: Whether it makes the check fail.
        problem: What it is. Its path begins with the file.
        file: The path of the file, from where the command runs; `None` where there is none.
        line: The line in it, from 1; `None` where that is not known.
    """

    level: Level
    problem: Problem
    file: str | None
    line: int | None


@frozen
class Report:
    """What was found out about a playbook.

    Attributes:
        name: The path or name that was given.
        lang: The language of labels and reasons.
        book: The playbook; `None` where it could not be loaded.
        cases: Its worked cases with the answers it gives.
        findings: Everything that is wrong with it, then what is only told.
    """

    name: str
    lang: Lang
    book: Playbook | None
    cases: tuple[CaseCheck, ...]
    findings: tuple[Finding, ...]

    @property
    def sound(self) -> bool:
        """Whether it loads, and answers every case as expected."""
        return all(one.level != "error" for one in self.findings)


def checked(name: str, policies: Iterable[str], lang: Lang | None) -> Report:
    """Load a playbook, ask it its cases, and prove its policies in Python.

    Args:
        name: Path of a playbook or of its folder, or the name of a shipped one.
        policies: The policies in Python that it may name, as ``"acme_tiers:PlantsNearby"``.
        lang: The language of labels and reasons; the playbook's own where it is `None`.

    Raises:
        UnknownNameError: No playbook of that name is shipped.
        UsageError: There is no such policy.
    """
    files = Files(name)
    kinds = custom_kinds(policies)
    try:
        whole = (
            codec.loaded(name, kinds=kinds.values())
            if is_path(name)
            else codec.Loaded(examples.playbook(name))
        )
    except InvalidDataError as error:
        found = tuple(files.found("error", problem) for problem in error.problems)
        return Report(name, lang or "en", None, (), found)
    book = whole.playbook
    shown = lang or book.lang
    # Compiling shows what the playbook alone cannot tell.
    cases = Engine(book).check_cases()
    findings = [
        *(files.told("error", problem) for problem in _unexpected(book, cases, shown)),
        *(files.told("error", problem) for problem in unproved(book)),
        *(files.found("notice", problem) for problem in whole.notes),
        *(files.told("notice", problem) for problem in _notes(book)),
    ]
    return Report(name, shown, book, cases, tuple(findings))


def _unexpected(book: Playbook, cases: tuple[CaseCheck, ...], lang: Lang) -> Iterator[Problem]:
    """Yield the answers that are not as expected."""
    numbers = {case.name: index for index, case in enumerate(book.cases)}
    for one in cases:
        if one.holds:
            continue
        because, expected = one.because.text(lang), inline_text(one.expected.plain)
        if one.got is None:
            message = Label(
                f"'{one.case}': expected {expected}, but there is no answer: {because}",
                f"「{one.case}」: 期待は{expected}、答えなし: {because}",
            )
        else:
            got = inline_text(one.got.plain)
            message = Label(
                f"'{one.case}': expected {expected}, not {got}, because of: {because}",
                f"「{one.case}」: 期待は{expected}、結果は{got}（理由: {because}）",
            )
        at = f"cases[{numbers[one.case]}].expect.{one.expected.place}"
        yield Problem("case", at, message.text(lang))


def _notes(book: Playbook) -> Iterator[Problem]:
    """Yield what is no problem, but surely not meant."""
    for model in dict.fromkeys(book.engagement.values()):
        product_id = next(one for one, its in book.engagement.items() if its == model)
        for problem in model.out_of_reach:
            yield problem.under(f"engagement.{product_id}")


class Files:
    """Knows where the parts of a playbook stand in its files."""

    def __init__(self, name: str) -> None:
        path = Path(name) if is_path(name) else None
        if path is not None and path.is_dir():
            files = [path / f"playbook{ending}" for ending in _ENDINGS]
            path = next((file for file in files if file.is_file()), files[0])
        self._path = path
        self._places: dict[str, int] | None = None

    def told(self, level: Level, problem: Problem) -> Finding:
        """Return what is to be told of a playbook that has been loaded."""
        name = "" if self._path is None else self._path.name
        return self.found(
            level, Problem(problem.code, located(name, problem.path), problem.message)
        )

    def found(self, level: Level, problem: Problem) -> Finding:
        """Return a problem with its place: in the file, or in a spreadsheet beside it."""
        if self._path is None:
            return Finding(level, problem, None, None)
        if in_sheet := _SHEET.match(problem.path):
            # A workbook has no lines; of separated values, the row of a cell is one.
            row = in_sheet["row"] if in_sheet["ending"] == "csv" else None
            sheet = self._path.parent / in_sheet["file"]
            return Finding(level, problem, sheet.as_posix(), int(row) if row else None)
        name, _, within = problem.path.partition(": ")
        within = within if name == self._path.name else problem.path
        line = line_of(self._lines(), within, problem.message)
        return Finding(level, problem, self._path.as_posix(), line)

    def _lines(self) -> dict[str, int]:
        if self._places is None:
            self._places = {}
            ending = self._path.suffix.lower() if self._path is not None else ""
            if self._path is not None and ending in _ENDINGS and self._path.is_file():
                text = start_of(self._path).decode("utf-8-sig", errors="replace")
                self._places = places_in(text, ending)
        return self._places
