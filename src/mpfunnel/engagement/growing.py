"""A map that only grows, of which every earlier state stays as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, Generic, TypeVar, cast, final

__all__ = ["GrowingMap"]

K = TypeVar("K")
V = TypeVar("V")

SMALL: Final = 64
"""A layer of so many entries is copied rather than covered by another one."""


class _Line(Generic[K, V]):
    """The entries of maps that follow each other, above what all of them see of another line."""

    __slots__ = ("below", "keys", "places", "values")

    def __init__(self, entries: Iterable[tuple[K, V]], below: _Layer[K, V] | None) -> None:
        self.keys: list[K] = []
        self.values: list[V] = []
        for key, value in entries:
            self.keys.append(key)
            self.values.append(value)
        self.places = dict(zip(self.keys, range(len(self.keys)), strict=True))
        self.below = below


_Layer = tuple[_Line[K, V], int, list[bool]]
"""A line, how many of its entries are seen, and whose turn it is to add.

The list holds one item until somebody adds: only the newest map of a line may add in place.
"""


def _laid(entries: Iterable[tuple[K, V]], below: _Layer[K, V] | None) -> _Layer[K, V]:
    line = _Line(entries, below)
    return line, len(line.keys), [True]


def _from_top(layer: _Layer[K, V] | None) -> Iterator[_Layer[K, V]]:
    while layer is not None:
        yield layer
        layer = layer[0].below


def _entries(layers: Iterable[_Layer[K, V]]) -> Iterator[tuple[K, V]]:
    # A slice is taken at once, so that no other thread can add to the list meanwhile.
    return chain.from_iterable(
        zip(line.keys[:count], line.values[:count], strict=True) for line, count, _ in layers
    )


@final
class GrowingMap(Generic[K, V]):
    """An immutable map; one with another entry shares all others with the map that it came from.

    Maps that follow each other share one dictionary and two lists, and each sees the first entries
    of them. The newest of such a line adds in place: what it adds lies beyond what the others see.
    Any other map begins a line of its own, in a layer above what it sees; layers that are not twice
    as large as what lies above them are made one, so that there are few. Threads may share a map.

    So an entry costs the same on top of ten and of a hundred thousand. In a tree of nodes, as
    persistent maps mostly are, every node on the way is copied, and the way grows longer.

    Args:
        entries: Entries with different keys.
    """

    __slots__ = ("_top",)

    def __init__(self, entries: Iterable[tuple[K, V]] = ()) -> None:
        self._top: _Layer[K, V] = _laid(entries, None)

    def get(self, key: K) -> V | None:
        """Return the value of a key; `None` where there is none."""
        layer: _Layer[K, V] | None = self._top
        while layer is not None:
            line, count, _ = layer
            place = line.places.get(key)
            # What lies beyond was added by a later map.
            if place is not None and place < count:
                return line.values[place]
            layer = line.below
        return None

    def adding(self, key: K, value: V) -> GrowingMap[K, V]:
        """Return the map with one more entry; the key must be a new one."""
        top = self._top
        line, count, turn = top
        try:
            # Of several threads, one gets it. If it comes no further, the next one branches off.
            turn.pop()
        except IndexError:
            return self._branch(top).adding(key, value)
        line.keys.append(key)
        line.values.append(value)
        line.places[key] = count
        return _seen((line, count + 1, [True]))

    def _branch(self, top: _Layer[K, V]) -> GrowingMap[K, V]:
        """Return an equal map that is the newest of its line."""
        line, count, _ = top
        above, below = [top], line.below
        while below is not None and below[1] < 2 * count:
            above.append(below)
            count, below = count + below[1], below[0].below
        if len(above) > 1:
            # Kept, or whoever adds to this map again and again would pay for it each time.
            self._top = _laid(_entries(above), below)
            return self
        return _seen(_laid(_entries(above), below) if count <= SMALL else _laid((), top))

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield the entries; in which order is not said."""
        return _entries(_from_top(self._top))

    def __len__(self) -> int:
        return sum(count for _, count, _ in _from_top(self._top))


def _seen(top: _Layer[K, V]) -> GrowingMap[K, V]:
    found = cast("GrowingMap[K, V]", GrowingMap.__new__(GrowingMap))
    found._top = top  # pyright: ignore[reportPrivateUsage]
    return found
