"""Files → a proposed mapping of them, for a person to correct."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, cast

from attrs import evolve, field, frozen

from mpfunnel.codec.checks import no_such
from mpfunnel.errors import DecodeError, InvalidDataError, Problem, shown
from mpfunnel.labels import Label, Lang, faults_of_lang
from mpfunnel.playbook import Playbook
from mpfunnel.sources.loading import load
from mpfunnel.sources.mapping import FileMapping, SourceMapping
from mpfunnel.sources.proposing.guessing import Sheet, guessed
from mpfunnel.sources.proposing.lines import Table
from mpfunnel.sources.proposing.names import TELLING
from mpfunnel.sources.proposing.samples import Sample, sampled
from mpfunnel.sources.proposing.tables import Part, tabled
from mpfunnel.sources.proposing.words import Vocabulary
from mpfunnel.sources.proposing.writing import CHECK, written

__all__ = ["Proposal", "propose"]

_Path = str | PathLike[str]
_ByKind = Mapping[str, _Path | Iterable[_Path]]
_KINDS: Final = tuple(TELLING)


@frozen
class Proposal:
    """A proposed mapping.

    Attributes:
        text: The TOML file, with what must be checked in comments.
        folder: The folder that its paths are relative to.
        kinds: The record kind of each file, by its path; empty where it is not read.
        mapping: What `load` makes of the text.
    """

    text: str
    folder: Path
    kinds: Mapping[str, str]
    mapping: SourceMapping = field(repr=False)

    @property
    def checks(self) -> int:
        """How many comments ask a person to check something."""
        marks = tuple(f"# {CHECK.text(lang)}: " for lang in ("en", "ja"))
        return sum(any(mark in line for mark in marks) for line in self.text.splitlines())


def propose(
    files: _Path | Iterable[_Path] | _ByKind,
    *,
    playbook: Playbook | None = None,
    lang: Lang = "en",
) -> Proposal:
    """Return a mapping of files, proposed from their headers and first rows.

    What a file holds, and which column is which field, is told by names in English and Japanese,
    and by the cells: each field is tried with the reader itself. Nothing is guessed silently: where
    the evidence is weak, a comment says what to check. At most 10,000 rows of each file are read.
    The same files give the same proposal.

    Args:
        files: The paths of the files, or those of each record kind, for example
            ``{"companies": "accounts.csv"}``, where their headers do not tell it.
        playbook: Whose products and kinds of activities the words in cells are translated to, and
            whose zone holds; the kinds and the zone of the starter where there is none.
        lang: The language of the comments.

    Raises:
        DecodeError: A file is absent, unreadable or empty, or none of them tells what it holds.
    """
    if problems := faults_of_lang(lang):
        raise InvalidDataError(problems)
    told = _told(files)
    samples = _sampled(told)
    folder = Path(os.path.commonpath([one.path.absolute().parent for _kind, one in samples]))
    vocabulary = Vocabulary.of(playbook)
    parts = _parts(samples)
    known = [part for part in parts if part.guess.kind]
    order = {kind: place for place, kind in enumerate(_KINDS)}
    tables = sorted(
        (tabled(part, known, vocabulary) for part in known), key=lambda table: order[table.kind]
    )
    if not any(not table.lacking for table in tables):
        raise DecodeError(_unknown(parts, tables))
    forms = {part.key: _file(part, folder) for part in parts}
    text = written(
        forms,
        tables,
        vocabulary.zone,
        {part.key: _notes(part) for part in parts},
        lang,
    )
    lacking = {table.file for table in tables if table.lacking}
    kinds = {
        path: "" if part.key in lacking else part.guess.kind
        for part in parts
        for path in forms[part.key].paths
    }
    return Proposal(text, folder, kinds, load(tomllib.loads(text)))


def _told(files: _Path | Iterable[_Path] | _ByKind) -> list[tuple[str, Path]]:
    """Return each path with the record kind that a person has told; empty where nobody has.

    Raises:
        DecodeError: There is no path, one stands there twice, or a record kind does not exist.
    """
    # A path is no collection of paths, and no mapping.
    by_kind = cast("_ByKind", files if isinstance(files, Mapping) else {"": files})
    told = [(kind, path) for kind, given in by_kind.items() for path in _paths(given)]
    problems = [
        Problem("choice", f"files.{shown(kind)}", no_such("record kind", kind, _KINDS))
        for kind in by_kind
        if kind and kind not in _KINDS
    ]
    paths = [path.absolute() for _kind, path in told]
    problems += [
        Problem("duplicate", shown(path.name), "is given twice")
        for place, path in enumerate(paths)
        if path in paths[:place]
    ]
    if not told:
        problems.append(Problem("missing", "files", "are missing; give the path of at least one"))
    if problems:
        raise DecodeError(problems)
    return told


def _paths(given: _Path | Iterable[_Path]) -> list[Path]:
    return [Path(path) for path in ([given] if isinstance(given, str | PathLike) else given)]


def _sampled(told: Iterable[tuple[str, Path]]) -> list[tuple[str, Sample]]:
    """Return the first rows of each file, or the problems of all."""
    samples: list[tuple[str, Sample]] = []
    problems: list[Problem] = []
    for kind, path in told:
        try:
            samples.append((kind, sampled(path)))
        except DecodeError as error:
            problems += error.problems
    if problems:
        raise DecodeError(problems)
    return samples


def _parts(samples: Iterable[tuple[str, Sample]]) -> list[Part]:
    """Return what each file is taken for; those of one form and kind are one."""
    alike: dict[Any, list[tuple[str, Sample]]] = {}
    for kind, one in samples:
        form = (kind, one.header, one.form.encodings, one.form.separators)
        alike.setdefault(form, []).append((kind, one))
    parts: list[Part] = []
    for given in alike.values():
        sheet = Sheet.of([one for _kind, one in given])
        guess = guessed(sheet, given[0][0])
        key = _free(guess.kind or _plain_name(given[0][1].path), parts)
        parts.append(Part(key, sheet, guess))
    return parts


def _plain_name(path: Path) -> str:
    return path.name.partition(".")[0] or "file"


def _free(name: str, parts: Iterable[Part]) -> str:
    """Return a key that no other file has."""
    taken = {part.key for part in parts}
    return next(
        key
        for number in range(1, len(taken) + 2)
        if (key := name if number == 1 else f"{name}_{number}") not in taken
    )


def _file(part: Part, folder: Path) -> FileMapping:
    paths = (one.path.absolute().relative_to(folder).as_posix() for one in part.sheet.samples)
    return evolve(part.sheet.samples[0].form, paths=tuple(paths))


def _notes(part: Part) -> list[Label]:
    checks = list(part.sheet.samples[0].checks)
    if not part.guess.kind:
        unknown = (Label("nothing tells what it holds", "何のファイルか分からない"),)
        checks += part.guess.checks or unknown
    return checks


def _unknown(parts: Iterable[Part], tables: Iterable[Table]) -> list[Problem]:
    """Return for each file why nothing is proposed of it."""
    lacking = {table.file: table.lacking for table in tables}
    problems: list[Problem] = []
    for part in parts:
        name = shown(part.sheet.samples[0].path.name)
        if fields := lacking.get(part.key):
            message = f"no column of {', '.join(fields)}; {part.guess.kind} need it"
            problems.append(Problem("missing", name, message))
        else:
            known = ", ".join(_KINDS)
            message = f"nothing tells what it holds; say it as kind=path: {known}"
            problems.append(Problem("missing", name, message))
    return problems
