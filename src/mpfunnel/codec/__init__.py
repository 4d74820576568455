"""A playbook ⇄ a TOML or JSON file, or plain data.

What is read is checked strictly and within bounds, and every fault is reported at once, with its
path; what is written is canonical, and has been read back before it is handed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, Final

from mpfunnel.codec.plain import VALUES_AND_DAYS, parse_json, parse_toml, plain, start_of
from mpfunnel.codec.reading import read
from mpfunnel.codec.tiers import Kinds, kinds_by_name, stand_ins
from mpfunnel.codec.writing import playbook_data
from mpfunnel.errors import DecodeError, InvalidDataError, PlaybookError, Problem, misfit
from mpfunnel.playbook import Playbook, meaning_of
from mpfunnel.tiers import TierPolicy

__all__ = ["dump", "from_data", "load", "schema", "to_data"]

MAX_DEPTH: Final = 80
"""How deep a playbook may nest: conditions nest up to 32 deep, and most take two levels each."""


def load(
    source: str | PathLike[str] | Mapping[str, Any],
    *,
    kinds: Iterable[Callable[..., TierPolicy]] = (),
) -> Playbook:
    """Return the playbook of a file or of plain data.

    Args:
        source: The path of a file that ends in ``.toml`` or ``.json``, or what such a file holds
            as plain data. A file may have at most 2 MiB, 80 levels and 8 dots a key.
        kinds: The tier policies in Python that the file may name: classes, or other callables, each
            with a text `kind`. One is called with the ``options`` that stand beside its kind.

    Raises:
        InvalidDataError: One of `kinds` is no callable with a kind, or two share a kind.
        DecodeError: There is no such file, or it does not have the documented form; all its faults
            are listed, each with its path.
        PlaybookError: It is well formed but contradicts itself or names what does not exist.
    """
    if not isinstance(source, str | PathLike):
        return from_data(source, kinds=kinds)
    path = Path(source)
    parse = {".toml": parse_toml, ".json": parse_json}.get(path.suffix.lower())
    if parse is None:
        raise DecodeError([Problem("file", str(path), "must end in .toml or .json")])
    return _read(parse(start_of(path), path.name, MAX_DEPTH), path.name, kinds_by_name(kinds))


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
    if problems := misfit("", data, Mapping):
        raise DecodeError(problems)
    return _read(dict(data), "", kinds_by_name(kinds))


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


def dump(playbook: Playbook, target: str | PathLike[str] | None = None) -> str:
    """Return the playbook as the canonical text of a file, and write it where a path is given.

    Args:
        playbook: The playbook.
        target: The path of a file that ends in ``.toml`` or ``.json``. The text is TOML, with
            comments that say what can be edited, where it is `None`.

    Raises:
        PlaybookError: It holds what no file can hold.
        DecodeError: The path has another ending.
        OSError: The file cannot be written.
    """
    # Only what writes needs a library to write with.
    from mpfunnel.codec.text import json_text, toml_text

    path = None if target is None else Path(target)
    suffix = ".toml" if path is None else path.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise DecodeError([Problem("file", str(path), "must end in .toml or .json")])
    write, parse = (toml_text, parse_toml) if suffix == ".toml" else (json_text, parse_json)
    raw = write(to_data(playbook)).encode()
    kinds = kinds_by_name(stand_ins(playbook.tiers.values()))
    _check_same(playbook, lambda: _read(parse(raw, "", MAX_DEPTH), "", kinds))
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


def _read(data: dict[str, Any], origin: str, kinds: Kinds) -> Playbook:
    return read(plain(data, origin, depth=MAX_DEPTH, values=VALUES_AND_DAYS), origin, kinds)


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
        for part in ("products", "segments", "tiers", "engagement", "funnel")
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
