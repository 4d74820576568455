"""Time limits of the stages in which leads are, for plays that are due by them.

The same as `mpfunnel.stages.limit_of`, for whole tables.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import date
from itertools import islice
from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.frames.due import LAST, LIMIT
from mpfunnel.frames.expressions import looked_up, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.task import Task
from mpfunnel.stages import LONGEST, business_days

__all__ = ["told_of", "with_limits", "within"]

_SOME: Final = "limit_some"


def with_limits(leads: Frame, entries: Frame | None, task: Task) -> Frame:
    """Return leads with `LIMIT` and what tells which products it is about, if plays ask for it.

    Args:
        leads: With the column lead_no.
        entries: The entry of its history in which each is (`mpfunnel.frames.histories`).
        task: What is asked.
    """
    if entries is None or not task.book.limits:
        return leads
    keys = list(task.book.stages)
    at, today = nw.col("stood_at"), task.day.toordinal()
    limited = {keys.index(key): one for key, one in task.book.limits.items()}
    business = {n: b for n, one in limited.items() if (b := one.within_business_days) is not None}
    plain = {n: one.within_days or 0 for n, one in limited.items() if n not in business}
    age = whole(today) - nw.col("entered_day")
    found = entries.filter(at.is_in([*limited])).with_columns(
        age=nw.when(age > LONGEST).then(whole(LONGEST)).otherwise(age)
    )
    waits: list[nw.Expr] = []
    if plain:
        waits.append(looked_up(at, [*plain], [*plain.values()]))
    if business:
        lengths = sorted({*business.values()})
        listed = task.workshop.small("business_days", _listed(lengths, task))
        found = found.join(listed, on="age", how="left")
        for length in lengths:
            stages = [n for n, one in business.items() if one == length]
            waits.append(nw.when(at.is_in(stages)).then(nw.col(f"wait_{length}")))
    due = whole(today) - nw.col("age") + nw.coalesce(*waits)
    found = found.select(
        "lead_no",
        *_marks(task),
        limit_from="entered_day",
        limit_on=nw.when(due > LAST).then(whole(LAST)).otherwise(due),
        limit_some="in_some",
    )
    leads = leads.join(found, on="lead_no", how="left")
    return leads.with_columns(nw.col(name).fill_null(0) for name in LIMIT)


def _marks(task: Task) -> list[str]:
    """Return the columns that tell whether an entry is about each product."""
    return [f"in_{place}" for place in range(len(task.book.products))]


def told_of(leads: Frame, task: Task) -> list[str]:
    """Return the columns of `with_limits`, by which the limits of a lead are told of products."""
    limited = LIMIT[0] in leads.collect_schema().names()
    return [*LIMIT, _SOME, *_marks(task)] if limited else []


def _listed(lengths: list[int], task: Task) -> dict[str, list[int]]:
    """Return how many days so many business days are, by the age of what they count from."""
    today = task.day.toordinal()
    ages = [*range(min(LONGEST, today - 1) + 1)]
    first = date.fromordinal(today - ages[-1])
    # As many as the longest may take from the last day on.
    days = business_days(task.book.playbook.funnel.calendar, first)
    known = [one.toordinal() for one in islice(days, len(ages) + lengths[-1])]
    found: dict[str, list[int]] = {"age": ages}
    for length in lengths:
        found[f"wait_{length}"] = [
            known[place] - (today - age) if place < len(known) else LAST
            for age in ages
            for place in (bisect_right(known, today - age) + length - 1,)
        ]
    return found


def within(products: Frame, task: Task) -> Frame:
    """Return leads with products, with `LIMIT` of those that the entry of the lead is about.

    Args:
        products: With the columns about, and those of `told_of` of the lead.
        task: What is asked.
    """
    if LIMIT[0] not in products.collect_schema().names():
        return products
    about = nw.coalesce(
        *(nw.when(nw.col("about") == n).then(nw.col(name)) for n, name in enumerate(_marks(task)))
    )
    here = (about == 1) | (nw.col(_SOME) == 0)
    none = whole(0)
    return products.with_columns(
        **{name: nw.when(here).then(nw.col(name)).otherwise(none) for name in LIMIT}
    )
