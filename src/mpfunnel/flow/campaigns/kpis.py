"""KPIs: the figures by which campaigns and tactics are watched, from touches or from statistics."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from attrs import frozen

from mpfunnel.flow.campaigns.counted import Counted
from mpfunnel.flow.campaigns.records import Statistic
from mpfunnel.flow.campaigns.tactics import Kpi
from mpfunnel.flow.campaigns.touches import TOUCH_STATUSES
from mpfunnel.flow.measures import Measure, count, missing, share
from mpfunnel.labels import Label

__all__ = ["Told", "kpi_measure"]


@frozen
class Told:
    """The statistics that concern one subject.

    Attributes:
        own: Those that are about it.
        within: Those that are about the campaigns or tactics of which it consists.
    """

    own: Sequence[Statistic] = ()
    within: Sequence[Statistic] = ()


def kpi_measure(kpi: Kpi, cohort: Counted, told: Told, *, as_of: date, min_n: int) -> Measure:
    """Return a KPI of one subject.

    Args:
        kpi: The figure.
        cohort: How many people the subject touched.
        told: What is told of it without touches; records of days after `as_of` do not count.
        as_of: The day.
        min_n: Of fewer than so many, a share is called small.
    """
    if kpi.reached is None:
        return _of_statistics(kpi, told, as_of, min_n)
    hits, reached = cohort.people_at(kpi.reached), TOUCH_STATUSES[kpi.reached]
    if kpi.of is None:
        basis = Label(
            f"people whose touches by {as_of} are {reached} or further",
            f"{as_of}までに「{reached.ja}」以上となった人数",
        )
        return count(hits, basis)
    of = TOUCH_STATUSES[kpi.of]
    basis = Label(
        f"people {reached} or further by {as_of}, of those {of} or further",
        f"{as_of}までに「{of.ja}」以上となった人のうち「{reached.ja}」以上",
    )
    return share(hits, cohort.people_at(kpi.of), basis, min_n=min_n)


def _of_statistics(kpi: Kpi, told: Told, as_of: date, min_n: int) -> Measure:
    def known(given: Iterable[Statistic]) -> list[Statistic]:
        return [one for one in given if one.kpi == kpi.key and one.day <= as_of]

    own, within = known(told.own), known(told.within)
    if kpi.over == "last":
        if own:
            last = max(own, key=lambda one: one.day)
            return _told(kpi, [last], _basis("told on", "時点の値", last.day), min_n)
        if not within:
            return missing(kpi.unit, _basis("told by", "までの値", as_of))
        message = Label("told of its parts only; these overlap", "内訳のみ（重複あり）")
        return Measure(None, kpi.unit, message, status="not_additive")
    basis = _basis("added up until", "までの合計", as_of)
    every = [*own, *within]
    return _told(kpi, every, basis, min_n) if every else missing(kpi.unit, basis)


def _basis(en: str, ja: str, day: date) -> Label:
    return Label(f"{en} {day}", f"{day}{ja}")


def _told(kpi: Kpi, given: Iterable[Statistic], basis: Label, min_n: int) -> Measure:
    """Return what statistics tell together: several of a share each say of how many they are."""
    values: list[int] = []
    sizes: list[int] = []
    for one in given:
        if not isinstance(one.value, int) or (one.of is None and kpi.unit == "share"):
            return Measure(one.value, "share", basis)
        values.append(one.value)
        sizes.append(one.of or 0)
    if kpi.unit == "count":
        return count(sum(values), basis)
    return share(sum(values), sum(sizes), basis, min_n=min_n)
