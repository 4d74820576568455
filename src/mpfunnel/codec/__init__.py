"""A playbook ⇄ a TOML or JSON file, or plain data.

What is read is checked strictly and within bounds, and every fault is reported at once, with its
path; what is written is canonical, and has been read back before it is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final, Literal

from attrs import frozen

from mpfunnel.codec.plain import VALUES_AND_DAYS, parse_json, parse_toml, plain, start_of
from mpfunnel.codec.reading import read
from mpfunnel.codec.sheets.folder import FILES, Folder, playbook_file
from mpfunnel.codec.sheets.joining import joined
from mpfunnel.codec.tiers import Kinds, kinds_by_name, stand_ins
from mpfunnel.codec.writing import playbook_data
from mpfunnel.errors import (
    DecodeError,
    InvalidDataError,
    PlaybookError,
    Problem,
    brief,
    misfit,
)
from mpfunnel.files import replacing
from mpfunnel.playbook import Playbook, meaning_of
from mpfunnel.tiers import TierPolicy

__all__ = [
    "Loaded",
    "beyond_sheets",
    "dump",
    "from_data",
    "load",
    "loaded",
    "schema",
    "to_data",
]

MAX_DEPTH: Final = 80
"""How deep a playbook may nest: conditions nest up to 32 deep, and most take two levels each."""
SHEET_KINDS: Final = ("xlsx", "csv")
"""What the tables of a folder may be written as."""
_PARSERS: Final = {".toml": parse_toml, ".json": parse_json}


@frozen
class Loaded:
    """A playbook, and what is to be known of its files.

    Attributes:
        playbook: The playbook.
        notes: What a sheet says that was read in another way than it was typed, or that nobody
            sees, such as a hidden row; each with its cell.
    """

    playbook: Playbook
    notes: tuple[Problem, ...] = ()


def load(
    source: str | PathLike[str] | Mapping[str, Any],
    *,
    kinds: Iterable[Callable[..., TierPolicy]] = (),
) -> Playbook:
    """Return the playbook of a file, of a folder or of plain data.

    Args:
        source: The path of a file that ends in ``.toml`` or ``.json``; that of a folder with a
            ``playbook.toml`` or ``playbook.json``; or what such a file holds as plain data. A file
            may have at most 2 MiB, 80 levels and 8 dots a key. Tables may stand in spreadsheets
            beside the file, which names them under ``sheets``.
        kinds: The tier policies in Python that the file may name: classes, or other callables, each
            with a text `kind`. One is called with the ``options`` that stand beside its kind.

    Raises:
        InvalidDataError: One of `kinds` is no callable with a kind, or two share a kind.
        DecodeError: There is no such file, or it does not have the documented form; all its faults
            are listed, each with its path, or with its cell as ``tiers.xlsx!crm!C7``.
        PlaybookError: It is well formed but contradicts itself or names what does not exist.
        MissingExtraError: It names an Excel workbook, and the extra ``excel`` is not installed.
    """
    return loaded(source, kinds=kinds).playbook


def loaded(
    source: str | PathLike[str] | Mapping[str, Any],
    *,
    kinds: Iterable[Callable[..., TierPolicy]] = (),
) -> Loaded:
    """Return the playbook of a source as `load` does, with the notes on its sheets.

    Args:
        source: As for `load`.
        kinds: As for `load`.

    Raises:
        InvalidDataError: As for `load`.
        DecodeError: As for `load`.
        PlaybookError: As for `load`.
        MissingExtraError: As for `load`.
    """
    if not isinstance(source, str | PathLike):
        return _of_data(source, kinds)
    path = Path(source)
    if path.suffix.lower() not in _PARSERS and path.is_dir():
        path = playbook_file(path)
    parse = _PARSERS.get(path.suffix.lower())
    if parse is None:
        raise DecodeError([Problem("file", str(path), "must end in .toml or .json")])
    raw, folder = start_of(path), Folder(path.parent)
    return _read(parse(raw, path.name, MAX_DEPTH), path.name, kinds_by_name(kinds), folder)


def from_data(
    data: Mapping[str, Any], *, kinds: Iterable[Callable[..., TierPolicy]] = ()
) -> Playbook:
    """Return the playbook that plain data describes: what `to_data` returns, or a file holds.

    Args:
        data: Tables under texts, lists, texts, integers, Decimals, floats, bools and dates.
        kinds: As in `load`.

    Raises:
        InvalidDataError: One of `kinds` is no callable with a kind, or two share a kind.
        DecodeError: It does not have the documented form.
        PlaybookError: It contradicts itself or names what does not exist.
    """
    return _of_data(data, kinds).playbook


def to_data(playbook: Playbook) -> dict[str, Any]:
    """Return the playbook as plain data; decimals are Decimals, days are dates.

    Of a tier policy in Python it holds the kind and the attribute `options`.

    Raises:
        PlaybookError: It holds what no file can hold.
    """
    data = playbook_data(playbook)
    kinds = stand_ins(playbook.tiers.values())
    _check_same(playbook, lambda: from_data(data, kinds=kinds))
    return data


def dump(
    playbook: Playbook,
    target: str | PathLike[str] | None = None,
    *,
    sheets: Literal["xlsx", "csv"] | None = None,
) -> str:
    """Return the playbook as the canonical text of a file, and write it where a path is given.

    Args:
        playbook: The playbook.
        target: The path of a file that ends in ``.toml`` or ``.json``. The text is TOML, with
            comments that say what can be edited, where it is `None`. With `sheets`, the path of a
            folder, which is made where it is absent.
        sheets: Puts the tables of rules into spreadsheets beside a ``playbook.toml`` in the
            folder: into one Excel workbook, or each into a CSV file. A table that asks about
            several facts at once stays in the file.

    Raises:
        PlaybookError: It holds what no file can hold.
        DecodeError: The path has another ending.
        MissingExtraError: A workbook is wanted, and the extra ``excel`` is not installed.
        OSError: The file cannot be written.
    """
    # Only what writes needs a library to write with.
    from mpfunnel.codec.text import json_text, toml_text

    path = None if target is None else Path(target)
    if sheets is not None:
        return _dump_folder(playbook, path, sheets)
    suffix = ".toml" if path is None else path.suffix.lower()
    if suffix not in _PARSERS:
        raise DecodeError([Problem("file", str(path), "must end in .toml or .json")])
    write = toml_text if suffix == ".toml" else json_text
    raw = write(to_data(playbook)).encode()
    kinds = kinds_by_name(stand_ins(playbook.tiers.values()))
    _check_same(playbook, lambda: _read(_PARSERS[suffix](raw, "", MAX_DEPTH), "", kinds).playbook)
    if path is not None:
        # The same bytes on every machine.
        path.write_bytes(raw)
    return raw.decode()


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of playbook files, by which editors complete them.

    It accepts every file that `load` reads. What it cannot know hangs on names that the file itself
    declares: which products, states and attributes there are, and what a cell says.
    """
    from mpfunnel.codec.json_schema import playbook_schema

    return playbook_schema()


def beyond_sheets(playbook: Playbook) -> tuple[Problem, ...]:
    """Return why tables of rules stay in the file where `dump` puts the others into sheets.

    One problem for each rule that no row of a sheet can hold, such as one that asks for either of
    two facts. Tier policies that are no tables of rules stay there too, and are not listed.

    Raises:
        PlaybookError: The playbook holds what no file can hold.
    """
    from mpfunnel.codec.sheets.parting import parted

    return parted(to_data(playbook), "xlsx").kept


def _dump_folder(playbook: Playbook, folder: Path | None, kind: str) -> str:
    from mpfunnel.codec.sheets.parting import files_of, parted
    from mpfunnel.codec.text import toml_text

    if kind not in SHEET_KINDS:
        message = f"must be {' or '.join(SHEET_KINDS)}, not {brief(kind)}"
        raise DecodeError([Problem("choice", "sheets", message)])
    name, other = FILES
    if folder is None or folder.suffix.lower() in _PARSERS:
        raise DecodeError(
            [Problem("file", str(folder), "must be a folder, which holds the sheets")]
        )
    if (folder / other).exists():
        message = f"holds {other}; remove it, so that only {name} is the playbook"
        raise DecodeError([Problem("conflict", str(folder), message)])
    whole = parted(to_data(playbook), kind)
    files = files_of(whole.sheets)
    raw = toml_text(whole.data).encode()
    in_memory = Folder(folder, files)
    kinds = kinds_by_name(stand_ins(playbook.tiers.values()))
    _check_same(
        playbook, lambda: _read(parse_toml(raw, "", MAX_DEPTH), "", kinds, in_memory).playbook
    )
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder) as begin:
        for file, content in {**files, name: raw}.items():
            begin(file).write_bytes(content)
    return raw.decode()


def _of_data(data: Mapping[str, Any], kinds: Iterable[Callable[..., TierPolicy]]) -> Loaded:
    if problems := misfit("", data, Mapping):
        raise DecodeError(problems)
    return _read(dict(data), "", kinds_by_name(kinds))


def _read(data: dict[str, Any], origin: str, kinds: Kinds, folder: Folder | None = None) -> Loaded:
    """Return the playbook of plain data.

    Args:
        data: The data.
        origin: How messages name the file that it came from; empty where it came from none.
        kinds: What makes the policies in Python that it may name, by their kind.
        folder: The folder of the file; `None` where there is none.
    """
    whole = joined(plain(data, origin, depth=MAX_DEPTH, values=VALUES_AND_DAYS), origin, folder)
    try:
        book = read(whole.data, kinds)
    except InvalidDataError as error:
        kind = DecodeError if whole.problems else type(error)
        raise kind([*whole.problems, *whole.located(error.problems)]) from None
    if whole.problems:
        raise DecodeError(whole.problems)
    return Loaded(book, whole.notes)


def _check_same(playbook: Playbook, read_back: Callable[[], Playbook]) -> None:
    """Check that what is written reads back as the same playbook.

    Raises:
        PlaybookError: It does not, because the playbook holds what no file can hold.
    """
    try:
        again = read_back()
    except InvalidDataError as error:
        raise PlaybookError(error.problems) from None
    problems = [
        Problem("custom", part, "holds what no file can hold; build its rules from mpfunnel.facts")
        for part in ("products", "segments", "tiers", "engagement", "funnel", "synergy", "plays")
        # A policy in Python need not say what it equals: its kind, Tiers and options do.
        if getattr(again, part) != getattr(playbook, part)
        and meaning_of(getattr(again, part)) != meaning_of(getattr(playbook, part))
    ]
    if again.cases != playbook.cases:
        message = (
            "hold what no file can hold; declare custom attributes by asking about them in a rule"
        )
        problems.append(Problem("custom", "cases", message))
    if problems:
        raise PlaybookError(problems)
