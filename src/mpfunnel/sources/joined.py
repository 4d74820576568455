"""Joins of whole tables: each different key is looked up once, however many rows have it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from attrs import evolve

from mpfunnel.frames.kinds import polars
from mpfunnel.sources.columns import WHO, Column, Entered
from mpfunnel.sources.joins import Held, Shelf
from mpfunnel.sources.mapping import SourceMapping, TableMapping
from mpfunnel.sources.values import Cell

__all__ = ["joined", "shelf_of"]


def shelf_of(mapping: SourceMapping, given: Mapping[str, Sequence[Entered]]) -> Shelf:
    """Return the files that others are joined with.

    Args:
        mapping: Says what is joined.
        given: What is read of each file key, one after the other.
    """

    def held(file: str, columns: Sequence[str]) -> dict[str, Held]:
        return {name: _held(given[file], name) for name in columns}

    return Shelf(mapping, held)


def _held(parts: Sequence[Entered], name: str) -> Held:
    cells: list[Cell] = []
    places = array("I")
    for part in parts:
        column, before = part.columns[name], len(cells)
        found = column.places.to_list()
        sound = (place for row, place in enumerate(found) if row not in part.faulty)
        places.extend(before + place for place in sound)
        cells += column.cells
    return Held(cells, places)


def joined(table: TableMapping, given: Entered, shelf: Shelf) -> Entered:
    """Return what is read of a table with the columns of its partners beside it."""
    pl = polars(WHO)
    columns = dict(given.columns)
    for join in table.joins:
        here = [here for here, _there in join.on]
        partners = shelf.partners(table, join)
        keys, places = evolve(given, columns=columns).different(here)
        found = [partners.found(key, here) for key in keys]
        for at, name in enumerate(table.columns_of(join)):
            # Of equal cells one, so that it is read once.
            known: dict[tuple[type, Cell], int] = {}
            own = [known.setdefault((type(row[at]), row[at]), len(known)) for row in found]
            cells = [cell for _type, cell in known]
            gathered = pl.Series(own, dtype=pl.UInt32).gather(places)
            columns[f"{join.name}.{name}"] = Column(cells, gathered)
    return evolve(given, columns=columns)
