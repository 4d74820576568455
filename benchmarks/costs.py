"""What a run costs: the time of the processor, and the most memory that it had.

A run may have processes of its own (Spark computes in a Java machine that Python starts), so both
are asked of this process and of all that descend from it. Linux tells them in `/proc`. `resource`
would tell of a child only when it is over, and its peak of a new process is at least that of the
process that started it.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

TICKS = os.sysconf("SC_CLK_TCK")
"""In so many parts of a second the time of other processes is told."""


class Cost(NamedTuple):
    """What one run takes."""

    cpu: float
    """Seconds of the processor, all threads and processes together."""
    wall: float
    """Seconds of the clock."""
    peak: float
    """The most memory while it ran, with what was there before, in GB."""
    before: float
    """The memory before it ran, in GB: Python, its libraries, and the tables given."""

    @property
    def rise(self) -> float:
        """The memory that it took on top, in GB; Linux tells nothing below a megabyte."""
        return max(self.peak - self.before, 0.001)


def cost_of(work: Callable[[], T]) -> tuple[Cost, T]:
    """The cost of some work, and what came of it."""
    before = sum(map(resident, family()))
    for process in family():
        # The peak is now what the process has.
        (Path("/proc") / str(process) / "clear_refs").write_text("5")
    wall, cpu = time.perf_counter(), cpu_so_far()
    found = work()
    cpu, wall = cpu_so_far() - cpu, time.perf_counter() - wall
    return Cost(cpu, wall, sum(map(peak, family())), before), found


def compare(
    first: Callable[[], Mapping[str, int]],
    second: Callable[[], Mapping[str, int]],
    *,
    called: tuple[str, str],
    rounds: int,
    wanted: float,
) -> None:
    """Print what two ways cost, and how many times the first the second one does.

    They are interleaved; a ratio is that of two medians.

    Args:
        first: One way, which returns how much of what it told.
        second: The other.
        called: What they are called.
        rounds: So many times each.
        wanted: So many times at most.
    """
    runs: dict[str, list[Cost]] = {name: [] for name in called}
    for _ in range(rounds):
        for name, way in zip(called, (first, second), strict=True):
            cost, counts = cost_of(way)
            runs[name].append(cost)
            told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
            print(f"  {name}: {cost.cpu:.1f} s of the processor, {cost.wall:.1f} s: {told}")
    one, other = (
        [statistics.median(getattr(cost, what) for cost in of_way) for what in Cost._fields[:3]]
        for of_way in runs.values()
    )
    cpu, wall, peak = (b / a for a, b in zip(one, other, strict=True))
    print(
        f"ratio {cpu:.2f} of the processor, {wall:.2f} by the clock, {peak:.2f} of memory;"
        f" wanted ≤{wanted}"
    )


def family() -> list[int]:
    """This process and its descendants that run."""
    children: dict[int, list[int]] = {}
    for process, parent in parents():
        children.setdefault(parent, []).append(process)
    found = [os.getpid()]
    for process in found:
        found += children.get(process, [])
    return found


def parents() -> Iterator[tuple[int, int]]:
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            yield int(place.parent.name), int(stat_of(place)[1])
        except OSError:
            # It was over before it could be asked.
            continue


def stat_of(place: Path) -> list[str]:
    """What stands after the name of a process, which may hold anything."""
    return place.read_text().rpartition(")")[2].split()


def cpu_so_far() -> float:
    """Seconds that all took so far; those of this process to the nanosecond."""
    others = (stat_of(Path(f"/proc/{one}/stat")) for one in family()[1:])
    return time.process_time() + sum(int(one[11]) + int(one[12]) for one in others) / TICKS


def resident(process: int) -> float:
    return in_gb(process, "VmRSS")


def peak(process: int) -> float:
    return in_gb(process, "VmHWM")


def in_gb(process: int, what: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    found = next(line for line in lines if line.startswith(f"{what}:"))
    return int(found.split()[1]) * 1_024 / 1e9
