"""What plays follow from of each company with each product: Tier, white space, contract ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.frames.companies import Companies
from mpfunnel.frames.due import LAST
from mpfunnel.frames.expressions import looked_up, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import POSITION
from mpfunnel.frames.situation import FIRM
from mpfunnel.frames.task import Task
from mpfunnel.frames.white_space import of_products
from mpfunnel.rules.tables import Decision
from mpfunnel.synergy import IN_PIPELINE, NOT_ELIGIBLE, OWNED, UNTAPPED

__all__ = ["OFFERED", "offered", "with_offers"]

OFFERED: Final = ("tier_number", "ends_on")
"""The number of the Tier, and the last day of the contracts that run; 0 where there is none."""


def offered(companies: Companies, positions: Frame, contracts: Frame | None, task: Task) -> Frame:
    """Return by company_no and about `OFFERED`, and white space if rules about plays ask for it.

    Args:
        companies: What is known of the companies.
        positions: Where they stand with each product (`mpfunnel.frames.white_space.decided`).
        contracts: Their contracts.
        task: What is asked.
    """
    book, on = task.book, ["company_no", "about"]
    numbers = {one.key: one.number for p in book.playbook.tiers.values() for one in p.tiers}
    tier = looked_up(nw.col("tier"), [*numbers], [*numbers.values()])
    frame = companies.tiers.select(*on, tier_number=tier)
    if (fact := task.places.named(POSITION)) is not None:
        columns = task.places.columns(fact)
        frame = frame.join(positions.select(*on, *columns), on=on, how="left")
    renewed = any(play.before_end_days is not None for play in book.playbook.plays.plays)
    if contracts is None or not renewed:
        return frame.with_columns(ends_on=whole(0))
    # A contract until the last of all days runs until further notice.
    end = nw.col("end").fill_null(LAST)
    runs = contracts.filter((nw.col("about") != FIRM) & (end >= task.day.toordinal()))
    ends = runs.with_columns(ends_on=end).group_by(*on).agg(nw.col("ends_on").max())
    ends = ends.filter(nw.col("ends_on") < LAST)
    return frame.join(ends, on=on, how="left")


def with_offers(
    frame: Frame, nobody: Sequence[Decision[Any]], task: Task, *, possible: bool
) -> Frame:
    """Return pairs of leads and products with what holds of people without company in its place.

    The same as `mpfunnel.synergy.position_alone` of white space.

    Args:
        frame: The pairs, with `OFFERED` of their companies, and what they own and are buying.
        nobody: For each product, the Tier of a company of which nothing is known.
        task: What is asked.
        possible: Whether to tell what is still possible.
    """
    here = frame.collect_schema().names()
    alone = nw.col("company_no").is_null()
    tiers = [one.value.number for one in nobody]
    tier = looked_up(nw.col("about"), range(len(tiers)), tiers)
    columns = {
        "tier_number": nw.when(alone).then(tier).otherwise(nw.col("tier_number")),
        "ends_on": nw.col("ends_on").fill_null(0),
    }
    if (fact := task.places.named(POSITION)) is not None:

        def so(name: str) -> nw.Expr:
            return nw.col(name).fill_null(0) == 1 if name in here else nw.lit(False)

        keys = task.places.keys[POSITION]
        place = {one: whole(keys.index(one.key)) for one in (OWNED, IN_PIPELINE, UNTAPPED)}
        unsold = nw.when(of_products(task)["sold"]).then(place[UNTAPPED])
        own = unsold.otherwise(whole(keys.index(NOT_ELIGIBLE.key)))
        own = nw.when(so("open_deal")).then(place[IN_PIPELINE]).otherwise(own)
        own = nw.when(so("owned")).then(place[OWNED]).otherwise(own)
        value = task.places.value(fact)
        columns[value] = nw.when(alone).then(own).otherwise(nw.col(value))
        if possible:
            for key, column in task.places.possible(fact).items():
                is_so = own == keys.index(key)
                columns[column] = nw.when(alone).then(is_so).otherwise(nw.col(column))
    return frame.with_columns(**columns)
