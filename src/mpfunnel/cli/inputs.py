"""What the commands are given: a playbook, a mapping, and the files that it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import narwhals.stable.v2 as nw
from attrs import frozen
from cyclopts import Parameter

from mpfunnel import sources, stores
from mpfunnel.cli.terminal import progress
from mpfunnel.errors import MpfunnelError, UnknownNameError, did_you_mean
from mpfunnel.frames.days import with_local_day
from mpfunnel.labels import Lang
from mpfunnel.personal import has_address, shown
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id
from mpfunnel.sources import Records, SourceMapping

__all__ = [
    "Asked",
    "Data",
    "Given",
    "UsageError",
    "data_of",
    "files_of",
    "is_path",
    "later",
    "named",
    "read",
    "store_of",
]

Data = Path | dict[str, list[Path]]
"""The folder of a mapping's files, or the paths of each of its file keys."""
V = TypeVar("V")
_FEW: Final = 12
_INSTANTS: Final = {"activities": "at", "deals": "opened_at", "sales_events": "at"}
"""When what stands in each table began."""


class UsageError(MpfunnelError):
    """The arguments of a command do not go together."""


@frozen(kw_only=True)
class Asked:
    """What is asked, whatever the data.

    Attributes:
        playbook: Path of a playbook (.toml, .json or its folder), or the name of a shipped one.
        policy: Tier policy in Python that it may name, as module:Class. May be given several times.
        as_of: The day asked about, for example 2026-10-31.
        lang: Language of labels and reasons; the playbook's own by default.
    """

    playbook: Annotated[str, Parameter(alias="-p")]
    policy: Annotated[tuple[str, ...], Parameter(negative="")] = ()
    as_of: date
    lang: Lang | None = None

    def lang_of(self, playbook: Playbook) -> Lang:
        """Return the language that was asked for, or else the playbook's own."""
        return self.lang or playbook.lang


@frozen(kw_only=True)
class Given(Asked):
    """What is asked of an export.

    Attributes:
        source: Path of a mapping (.toml), or the name of a shipped one.
    """

    source: Annotated[str, Parameter(alias="-s")]


def is_path(name: str) -> bool:
    """Whether a playbook is named by its path, and not by the name of a shipped one."""
    return bool(Path(name).suffix) or bool(set(name) & set("/\\")) or Path(name).is_dir()


def data_of(data: Sequence[str], mapping: SourceMapping) -> Data:
    """Return where the files are: in a folder, or each at a path of its own.

    Args:
        data: One folder, or pairs ``key=path``; a key may come several times.
        mapping: Says which keys there are.

    Raises:
        UsageError: It is neither.
    """
    if len(data) == 1 and (Path(data[0]).is_dir() or "=" not in data[0]):
        return Path(data[0])
    found: dict[str, list[Path]] = {}
    for pair in data:
        key, joint, path = pair.partition("=")
        if not joint:
            keys = ", ".join(mapping.files)
            raise UsageError(f"{pair}: is no pair key=path; give one folder, or pairs of {keys}")
        found.setdefault(key, []).append(Path(path))
    if not found:
        raise UsageError("data: is missing; give the folder of the files, or pairs key=path")
    return found


def store_of(data: Sequence[str]) -> str:
    """Return where the one store is.

    Raises:
        UsageError: There is none, or several.
    """
    if len(data) != 1:
        raise UsageError("data: must be one folder, file or URL; pairs key=path need --source")
    return data[0]


def files_of(
    data: Data | str, mapping: SourceMapping | None, given: stores.Given
) -> Iterator[Path]:
    """Yield the path of each file that was read of an export or a folder."""
    if isinstance(data, dict):
        for paths in data.values():
            yield from paths
    elif mapping is not None:
        for file in mapping.files.values():
            yield from (Path(data, path) for path in file.paths)
    elif (place := stores.source(data)).kind == "folder":
        yield from (place.path / name for name in given.names.values())


def read(data: Data, mapping: SourceMapping, playbook: Playbook) -> Records:
    """Read the files, and show on a terminal how far it is.

    Raises:
        DecodeError: A file is absent, unreadable, or without a column that the mapping names.
    """
    products = [product.id for product in playbook.products]
    with progress() as shown:
        task = shown.add_task("reading", total=None)
        return sources.read(
            mapping,
            data,
            products=products,
            progress=lambda rows: shown.update(task, completed=rows),
        )


def later(tables: Mapping[str, Any], as_of: date, playbook: Playbook) -> dict[str, int]:
    """Return how many rows of each table lie after the day, and do not count yet (law 5).

    Args:
        tables: Tables of Polars that a mapping has made.
        as_of: The day.
        playbook: Says whose days count.
    """
    found: dict[str, int] = {}
    for name, column in _INSTANTS.items():
        if name in tables:
            given = nw.from_native(tables[name].select(column))
            days = with_local_day(given, column, playbook.zone, name=column)[column]
            found[name] = int((days > as_of.toordinal()).sum())
    for name, column in (("contracts", "start"), ("overrides", "since")):
        if name in tables:
            found[name] = (tables[name][column] > as_of).sum()
    return {name: count for name, count in found.items() if count}


def named(what: str, text: str, known: Mapping[Id, V]) -> tuple[Id, V]:
    """Return the id that `text` means, and what is known by it.

    Args:
        what: What the ids are of, for messages.
        text: An id as it is typed: that of an integer in its digits.
        known: By id.

    Raises:
        UnknownNameError: There is none; the nearest one is named, or else all where they are few.
    """
    by_text = {str(key): key for key in known}
    if text not in by_text:
        # Nobody's mail address is given away by a slip.
        names = [name for name in by_text if not has_address(name)]
        hint = did_you_mean(text, names)
        if not hint and 0 < len(names) <= _FEW:
            hint = f"; known are {', '.join(names)}"
        raise UnknownNameError(f"{shown(text, personal=False)!r}: no such {what}{hint}")
    return by_text[text], known[by_text[text]]
