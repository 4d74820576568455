"""A Tier policy: how far a mechanic has to go to the plants of a company."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, ClassVar

import mpfunnel as mf

NEIGHBOURS: Mapping[str, frozenset[str]] = {
    "大阪府": frozenset({"京都府", "兵庫県", "奈良県", "和歌山県"}),
    "愛知県": frozenset({"静岡県", "岐阜県", "三重県", "長野県"}),
    "福岡県": frozenset({"佐賀県", "大分県", "熊本県"}),
}
"""The prefectures that a mechanic reaches in two hours, by that of the service point."""


class ServicePoints:
    """Tier 1: many machines in reach; Tier 2: a plant in reach or next to it; Tier 3: all others.

    It reads two custom attributes: `plants`, the prefectures in which a company has plants, and
    `machines`, how many it runs. Both may be unknown.

    Args:
        points: The prefectures with a service point.
        machines: From how many machines on a company is worth a mechanic of its own.
    """

    kind = "acme/service-points/1"
    tiers: ClassVar = (mf.Tier(1), mf.Tier(2), mf.Tier(3))

    def __init__(self, points: Iterable[str], machines: int = 20) -> None:
        self.points = tuple(points)
        unknown = [point for point in self.points if point not in NEIGHBOURS]
        if unknown or not self.points:
            known = ", ".join(NEIGHBOURS)
            raise ValueError(f"points: must be some of {known}, not {', '.join(unknown)}")
        self.machines = machines

    @property
    def options(self) -> Mapping[str, Any]:
        """What it was made with: it stands so in a playbook file."""
        return {"points": list(self.points), "machines": self.machines}

    def tier_for(
        self, company: mf.Company, product: mf.Product, /, *, as_of: date
    ) -> mf.Decision[mf.Tier]:
        """Return the Tier of `company`; it is the same for every product and on every day."""
        first, second, third = self.tiers
        plants: Any = company.attributes.get("plants")
        machines: Any = company.attributes.get("machines")
        lacking = ["machines"] if machines is None else []
        few = machines is not None and machines < self.machines
        if plants is None:
            return mf.undecided(
                third,
                possible=(second, third) if few else self.tiers,
                missing=["plants", *([] if few else lacking)],
                because=mf.Label("nobody knows where its plants are", "工場の所在地が不明"),
            )
        if not plants & frozenset(self.points):
            next_door = any(plants & NEIGHBOURS[point] for point in self.points)
            if not next_door:
                return mf.decided(third, because=mf.Label("far from us", "拠点から遠い"))
            return mf.decided(second, because=mf.Label("next to us", "拠点の隣県に工場"))
        if machines is None:
            return mf.undecided(
                second,
                possible=(first, second),
                missing=lacking,
                because=mf.Label("in reach, machines unknown", "拠点圏内、設備台数が不明"),
            )
        if few:
            return mf.decided(second, because=mf.Label("in reach", "拠点圏内に工場"))
        return mf.decided(first, because=mf.Label("many machines in reach", "拠点圏内に設備多数"))
