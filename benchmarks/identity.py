"""How fast mail addresses are read, beside the simplest look-up that one would write by hand.

    python -m benchmarks.identity

By hand: what is behind the @, in lower case, and each of its parents, in one dict that holds all
the lists and the suffixes that these addresses need. It returns the class alone, and knows neither
IDNA nor width, policies, roles, evidence or who holds a domain. On the addresses drawn here it
gives the same class, which is compared before anything is timed.

Most addresses of an export share their hosts with others; in the second run no two do, so that
nothing is kept that helps. All of it runs in one process and interleaved; a figure is the median of
the rounds, of the time of the processor.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from random import Random

from mpfunnel.identity import known, read_mail

ADDRESSES = 100_000
ROUNDS = 5
WANTED = 1_000_000
"""Addresses a minute."""

OWN = {
    "public_bodies": "public_body",
    "education": "education",
    "carriers": "provider",
    "providers": "provider",
    "free_mail": "free_mail",
    "shared": "corporate",
}
BY_HAND = {
    **dict.fromkeys(known.free_mail(), "free_mail"),
    **dict.fromkeys(known.disposable(), "disposable"),
    **{entry: OWN[kind] for entry, kind in known.kinds().items()},
    **{"go.jp": "public_body", "lg.jp": "public_body", "ac.jp": "education"},
}


def by_hand(address: str) -> str:
    host = address.rpartition("@")[2].lower()
    while host:
        if host in BY_HAND:
            return BY_HAND[host]
        host = host.partition(".")[2]
    return "corporate"


def ours(address: str) -> str:
    return read_mail(address).mail_class


def hosts(count: int) -> list[str]:
    """So many hosts: two of three of companies, the others below what some list knows."""
    known_ones = [*known.kinds(), *sorted(known.disposable())[::20], "lg.jp", "go.jp", "ac.jp"]
    return [
        f"h{number}.{known_ones[number % len(known_ones)]}"
        if number % 3 == 0
        else f"company{number}.{('co.jp', 'jp', 'com')[number % 3]}"
        for number in range(count)
    ]


def draw(dice: Random, of: Sequence[str], count: int) -> list[str]:
    """So many addresses of persons, at these hosts in turn but shuffled."""
    drawn = [f"taro.yamada{number}@{of[number % len(of)]}" for number in range(count)]
    dice.shuffle(drawn)
    return drawn


def seconds(read: Callable[[str], str], addresses: Sequence[str]) -> float:
    start = time.process_time()
    for address in addresses:
        read(address)
    return time.process_time() - start


def main() -> None:
    dice = Random(12)
    for name, count in (("shared by ten", ADDRESSES // 10), ("each its own", ADDRESSES)):
        addresses = draw(dice, hosts(count), ADDRESSES)
        differing = [one for one in addresses if ours(one) != by_hand(one)]
        assert not differing, differing[:5]
        times: dict[str, list[float]] = {"hand-written": [], "read_mail": []}
        for _ in range(ROUNDS):
            times["hand-written"].append(seconds(by_hand, addresses))
            times["read_mail"].append(seconds(ours, addresses))
        least = statistics.median(times["hand-written"])
        print(f"{ADDRESSES:,} addresses, hosts {name}")
        for way, spent in times.items():
            median = statistics.median(spent)
            rate = ADDRESSES / median * 60
            print(
                f"  {way:14}{median / least:6.1f} ×{median / ADDRESSES * 1e6:8.2f} µs"
                f"{rate / 1e6:8.1f} million a minute"
            )
            if way == "read_mail":
                print(f"  a million a minute: {'yes' if rate >= WANTED else 'no'}")


if __name__ == "__main__":
    main()
