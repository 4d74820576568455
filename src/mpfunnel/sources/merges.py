"""Merged records: which id lives on in which other, to the end of each chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from immutabledict import immutabledict

from mpfunnel.records import Id
from mpfunnel.sources.kinds import Kind, Slot
from mpfunnel.sources.members import Merge

__all__ = ["MERGES", "faults_of", "lives_on"]

Fault = tuple[str, str, str]
"""A field, a code and a reason."""


def _merge(values: dict[str, Any]) -> Merge:
    return Merge(**values)


def _kind(of: str) -> Kind:
    slots = {
        "kept": Slot(needed=True, must_map=True, ids_of=of, sparse=True),
        "gone": Slot(needed=True, must_map=True, many=True, ids_of=of, bracketed=True, sparse=True),
    }
    return Kind(f"merges.{of}", immutabledict(slots), Merge, _merge, (), has_attributes=False)


MERGES: Final[immutabledict[str, Kind]] = immutabledict(
    {f"merges.{of}": _kind(of) for of in ("companies", "leads", "deals")}
)
"""The kinds of merges by their name; they are read before all records."""


def lives_on(merges: Iterable[Merge]) -> dict[Id, Id]:
    """Return for each id that is gone the last of its chain; `merges` must have no faults."""
    return {gone: next(iter(ends)) for gone, ends in _ends(_targets(merges)).items() if ends}


def faults_of(merges: Sequence[Merge]) -> dict[int, Fault]:
    """Return what is wrong with merges, by their place.

    An id may be merged again and again. Where that leads round in a circle, or to several ids,
    nobody can tell which record is meant.
    """
    faults: dict[int, Fault] = {}
    while True:
        # Whatever hung on a merge that is refused may be sound without it, or no longer.
        ends = _ends(_targets(one for at, one in enumerate(merges) if at not in faults))
        found = {
            at: fault
            for at, one in enumerate(merges)
            if at not in faults and (fault := _fault(one, ends)) is not None
        }
        if not found:
            return faults
        faults |= found


def _fault(merge: Merge, ends: Mapping[Id, frozenset[Id]]) -> Fault | None:
    counts = {len(ends[gone]) for gone in merge.gone - {merge.kept}}
    if 0 in counts:
        return "gone", "cycle", "leads round in a circle of merges"
    if counts - {1}:
        return "gone", "conflict", "was merged into several others"
    return None


def _targets(merges: Iterable[Merge]) -> dict[Id, set[Id]]:
    targets: dict[Id, set[Id]] = {}
    for one in merges:
        for gone in one.gone - {one.kept}:
            targets.setdefault(gone, set()).add(one.kept)
    return targets


def _ends(targets: Mapping[Id, set[Id]]) -> dict[Id, frozenset[Id]]:
    """Return to which ids each one that is gone leads in the end; none from within a circle."""
    sources: dict[Id, list[Id]] = {}
    for gone, kept in targets.items():
        for one in kept:
            sources.setdefault(one, []).append(gone)
    waiting = {gone: len(kept) for gone, kept in targets.items()}
    ready: list[Id] = [one for one in sources if one not in targets]
    ends: dict[Id, frozenset[Id]] = {one: frozenset([one]) for one in ready}
    while ready:
        for gone in sources.get(ready.pop(), ()):
            waiting[gone] -= 1
            if not waiting[gone]:
                ends[gone] = frozenset[Id]().union(*(ends[one] for one in targets[gone]))
                ready.append(gone)
    return {gone: ends.get(gone, frozenset()) for gone in targets}
