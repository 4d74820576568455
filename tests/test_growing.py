"""The map that only grows: every state of it stays as it was, whoever adds to which of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from hypothesis import given

from mpfunnel.engagement import growing
from mpfunnel.engagement.growing import GrowingMap
from tests.policies import randoms


def drawn(random: Random) -> list[tuple[GrowingMap[int, int], dict[int, int]]]:
    """Maps that came from each other in all kinds of ways, each with the dict that it should be."""
    first = {number: -number for number in range(random.randrange(90))}
    pairs = [(GrowingMap(first.items()), first)]
    for number in range(100, 100 + random.randrange(150)):
        # Mostly the latest, often one that was the latest a moment ago, at times any.
        back = random.choice((1, 1, 1, 2, 3, len(pairs)))
        map_, wanted = pairs[-min(back, len(pairs))]
        pairs.append((map_.adding(number, number), {**wanted, number: number}))
    return pairs


def is_sound(pairs: list[tuple[GrowingMap[int, int], dict[int, int]]]) -> bool:
    """Whether each map is the dict that it should be."""
    return all(
        dict(map_.items()) == wanted
        and len(map_) == len(wanted)
        and all(map_.get(key) == wanted.get(key) for key in (*range(3), *range(88, 250)))
        for map_, wanted in pairs
    )


@pytest.mark.parametrize("small", [0, 3, growing.SMALL])
def test_every_map_stays_as_it_was(small: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 4: Order does not matter: to whichever map one adds, no other one sees it."""
    monkeypatch.setattr(growing, "SMALL", small)

    @given(randoms())
    def check(random: Random) -> None:
        assert is_sound(drawn(random))

    check()


@pytest.mark.parametrize("wasted", [1, 2])
def test_there_are_few_layers_however_one_adds(wasted: int) -> None:
    """To add in vain at every step makes the map no deeper than the logarithm of its size."""
    map_: GrowingMap[int, int] = GrowingMap((number, 0) for number in range(1_000))
    for number in range(1_000, 5_000):
        for in_vain in range(wasted):
            map_.adding(-1 - in_vain, 0)
        map_ = map_.adding(number, 0)
    depth = len(list(growing._from_top(map_._top)))
    assert depth <= 13
    assert len(map_) == 5_000
    assert all(map_.get(number) == 0 for number in range(5_000))


def test_to_add_to_an_old_map_does_not_copy_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often one adds to the same map, what it holds is copied once at the most."""
    copied: list[int] = []
    right = growing._entries

    def counting(layers: Any) -> Any:
        entries = list(right(layers))
        copied.append(len(entries))
        return iter(entries)

    map_: GrowingMap[int, int] = GrowingMap((number, 0) for number in range(10_000))
    other = map_.adding(-1, 0)
    layered = map_.adding(-2, 0)
    for number in range(8_000):
        layered = layered.adding(20_000 + number, 0)
    layered.adding(-3, 0)
    monkeypatch.setattr(growing, "_entries", counting)
    for number in range(100):
        map_.adding(50_000 + number, 0)
        layered.adding(50_000 + number, 0)
    assert sum(copied) <= 19_000
    assert len(other) == 10_001


def test_threads_may_add_to_one_map() -> None:
    """Of several threads that add to one map, none sees what another one adds."""
    base: GrowingMap[tuple[int, int], int] = GrowingMap(((99, place), 0) for place in range(200))

    def grow(number: int) -> GrowingMap[tuple[int, int], int]:
        map_ = base
        for step in range(200):
            map_ = map_.adding((number, step), step)
            assert map_.get((number, step)) == step
            assert map_.get((number - 1, step)) is None
        return map_

    with ThreadPoolExecutor(8) as pool:
        maps = list(pool.map(grow, range(40)))
    for number, map_ in enumerate(maps):
        assert {key for key, _ in map_.items()} == {
            *((99, place) for place in range(200)),
            *((number, step) for step in range(200)),
        }
    assert len(base) == 200
