"""The ids of what is read: those that exist, those that were deleted, those merged into others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import define, field

from mpfunnel.records import Id

__all__ = ["Ids"]


def _nothing() -> dict[str, set[Id]]:
    return {}


def _nobody() -> dict[str, Mapping[Id, Id]]:
    return {}


@define(eq=False)
class Ids:
    """What is known of ids, by record kind.

    Attributes:
        existing: Those of the records; what refers to a kind that is absent is not checked.
        deleted: Those of rows that say that the record was deleted.
        merged: For each id that is gone the one in which it lives on, at the end of the chain.
    """

    existing: dict[str, set[Id]] = field(factory=_nothing)
    deleted: dict[str, set[Id]] = field(factory=_nothing)
    merged: dict[str, Mapping[Id, Id]] = field(factory=_nobody)

    def add(self, kind: str, ids: Iterable[Id]) -> None:
        """Enter ids of records."""
        self.existing.setdefault(kind, set()).update(ids)

    def delete(self, kind: str, one: Id) -> None:
        """Enter the id of a record that was deleted."""
        self.deleted.setdefault(kind, set()).add(one)

    def kept(self, kind: str) -> frozenset[Id]:
        """Return the ids in which others live on."""
        return frozenset(self.merged.get(kind, {}).values())
