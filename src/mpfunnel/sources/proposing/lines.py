"""The parts of a proposed mapping: what it says of each field, and what must be checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from mpfunnel.labels import Label
from mpfunnel.sources.proposing.words import Word

__all__ = ["Join", "Left", "Line", "Spec", "Table"]

Spec = dict[str, Any]
"""What a mapping says of one field."""


@frozen
class Line:
    """One field of a proposed table.

    Attributes:
        name: The field, or the custom attribute.
        spec: What the mapping says of it, but for its words.
        words: What its words mean.
        checks: What a person has to check.
    """

    name: str
    spec: Spec
    words: tuple[Word, ...] = ()
    checks: tuple[Label, ...] = ()

    def saying(self, more: Spec, checks: Sequence[Label] = ()) -> Line:
        """Return the line with more that it says, and more to check."""
        return evolve(self, spec={**self.spec, **more}, checks=(*self.checks, *checks))

    @property
    def columns(self) -> list[str]:
        """The columns that it reads a value from."""
        return [*self.spec.get("columns", [self.spec.get("column", "")])]


@frozen
class Left:
    """A column that is not mapped.

    Attributes:
        name: As the header has it.
        why: What it looks like, or why it is not read.
    """

    name: str
    why: Label


@frozen
class Join:
    """A file that stands beside another one.

    Attributes:
        name: What its columns go by.
        file: Its key.
        here: A column of the own file.
        there: The column of the other one that is equal to it.
    """

    name: str
    file: str
    here: str
    there: str


@frozen
class Table:
    """One table of a proposed mapping.

    Attributes:
        kind: The record kind.
        file: The key of its file.
        join: The file that is joined, if any.
        lines: The fields.
        attributes: The custom attributes.
        left: The columns that are not mapped.
        lacking: The fields that it needs and no column is found for; it is only shown then.
        checks: What a person has to check of the whole.
        naive: Whether it has times that state no zone.
    """

    kind: str
    file: str
    join: Join | None
    lines: tuple[Line, ...]
    attributes: tuple[Line, ...]
    left: tuple[Left, ...]
    lacking: tuple[str, ...]
    checks: tuple[Label, ...]
    naive: bool
