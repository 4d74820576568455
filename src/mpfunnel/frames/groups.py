"""Groups of companies: `mpfunnel.groups` and `mpfunnel.kin` for whole tables.

Each company looks up to its parent, then to that one's parent, and so on, in steps that grow: no
engine has to know how to walk.
"""

from __future__ import annotations

from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.frames.expressions import flag, halves, whole, with_total
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.layout import Places
from mpfunnel.groups import ROOT, Group
from mpfunnel.rules.facts import Fact

__all__ = ["DEEPEST", "GROUP", "group_of", "numbered", "with_group_facts"]

GROUP: Final = "mpfunnel_group"
"""The column of the number of a company's group; no attribute of a firm is called like that."""
_ROUNDS: Final = 3
_STRIDE: Final = 4
DEEPEST: Final = _STRIDE**_ROUNDS
"""How many companies there may be above one."""
_CIRCLES: Final = "mpfunnel_circles"
_EMPLOYEES: Final = "group.employees"


def numbered(companies: Frame, workshop: Workshop, suffix: str = "") -> tuple[Frame, Frame | None]:
    """Return companies with `GROUP`, and those whose parents never end; `None` without parents.

    The number of a group is that of its topmost company; of those that name the same unknown
    parent, the first stands for it.

    Args:
        companies: The companies, with their parents as of a day.
        workshop: Where the frames are worked on.
        suffix: Ends the names of what is kept.
    """
    columns = companies.collect_schema().names()
    number = nw.col("company_no")
    if "parent_id" not in columns:
        return companies.with_columns(number.alias(GROUP)), None
    known = companies.select(parent_id="id", parent_no="company_no")
    links = companies.select("company_no", "parent_id").join(known, on="parent_id", how="left")
    strangers = links.filter(nw.col("parent_no").is_null() & ~nw.col("parent_id").is_null())
    firsts = strangers.group_by("parent_id").agg(first=nw.col("company_no").min())
    links = links.join(firsts, on="parent_id", how="left")
    links = links.select("company_no", up=nw.coalesce("parent_no", "first", "company_no"))
    links = workshop.keep(f"parents{suffix}", links.with_columns(low=number))
    step = links
    for place in range(_ROUNDS):
        step = workshop.keep(f"ancestors{suffix}_{place}", _further(step))
    # Parents that never end go in a circle, of which the first company stands for all.
    tops = links.select(up="company_no", above="up")
    lows = step.select(up="company_no", around="low")
    found = step.join(tops, on="up", how="inner").join(lows, on="up", how="inner")
    found = found.select(
        "company_no",
        nw.col("around").alias(GROUP),
        (nw.col("above") != nw.col("up")).alias(_CIRCLES),
    )
    frame = companies.join(found, on="company_no", how="inner")
    frame = workshop.keep(f"companies_in_groups{suffix}", frame)
    return frame.drop(_CIRCLES), frame.filter(nw.col(_CIRCLES)).select("id")


def _further(step: Frame) -> Frame:
    """Return steps to ancestors that are `_STRIDE` times as high, and the least on the way."""
    frame = step
    lows = ["low"]
    for place in range(1, _STRIDE):
        lows.append(f"low_{place}")
        beyond = step.select(up="company_no", beyond="up", **{lows[-1]: nw.col("low")})
        frame = frame.join(beyond, on="up", how="inner")
        frame = frame.select("company_no", *lows, up=nw.col("beyond"))
    return frame.select("company_no", "up", low=nw.min_horizontal(*lows))


def with_group_facts(
    frame: Frame,
    companies: Frame,
    sets: Frame | None,
    owned: Frame | None,
    *,
    places: Places,
    products: list[str],
) -> Frame:
    """Return a frame of companies with the facts of their groups that rules ask about.

    Args:
        frame: The frame, with `GROUP`.
        companies: The same companies, with their own facts as of the day.
        sets: What their sets hold: company_no, fact, value.
        owned: What they own: company_no, about, owned.
        places: Where facts stand.
        products: The ids of the products as text, in their order.
    """
    facts = places.about(ROOT)
    held = companies.collect_schema().names()
    of = companies.select("company_no", GROUP)
    parts: list[Frame] = []
    for fact in facts:
        members = {value: places.member(fact, value) for value in places.asked.get(fact.name, ())}
        if fact.name == _EMPLOYEES:
            own = nw.col("employees") if "employees" in held else whole(None)
            people = companies.select(nw.col(GROUP), people=own)
            parts.append(_people(people, places.value(fact)))
        elif fact.key == "relationships" and sets is not None:
            rows = sets.filter(nw.col("fact") == fact.key).join(of, on="company_no", how="inner")
            has = {column: nw.col("value") == value for value, column in members.items()}
            parts.append(_any(rows, has))
        elif fact.key == "owned" and owned is not None:
            rows = owned.filter(nw.col("owned") == 1).join(of, on="company_no", how="inner")
            has = {
                column: nw.col("about") == products.index(value)
                for value, column in members.items()
            }
            parts.append(_any(rows, has))
        else:
            frame = frame.with_columns(
                **{column: nw.lit(None, dtype=nw.Boolean()) for column in members.values()}
            )
    for part in parts:
        frame = frame.join(part, on=GROUP, how="left")
    return frame


def _any(rows: Frame, has: dict[str, nw.Expr]) -> Frame:
    """Return by group whether any of its rows is so."""
    each = rows.select(nw.col(GROUP), **{name: flag(one) for name, one in has.items()})
    found = each.group_by(GROUP).agg(*(nw.col(name).max() for name in has))
    return found.with_columns(**{name: nw.col(name) == 1 for name in has})


def _people(rows: Frame, column: str) -> Frame:
    """Return by group how many people it has; null where that of any company is unknown.

    As many as 64 bits hold: they are added in halves, which do not overflow.
    """
    people = nw.col("people")
    halves_of = halves(people)
    rows = rows.select(nw.col(GROUP), **halves_of, unknown=flag(people.is_null()))
    sums = rows.group_by(GROUP).agg(
        *(nw.col(name).sum().cast(nw.Int64()) for name in halves_of),
        nw.col("unknown").max(),
    )
    known = nw.when(nw.col("unknown") == 0).then(nw.col("total"))
    return with_total(sums).select(nw.col(GROUP), known.alias(column))


def group_of(row: dict[str, object], facts: tuple[Fact, ...], places: Places) -> Group:
    """Return the group that a row of a frame describes, as far as rules ask about it."""
    known: dict[str, object] = {}
    for fact in facts:
        if fact.name == _EMPLOYEES:
            known[fact.key] = row[places.value(fact)]
        else:
            values = places.asked.get(fact.name, ())
            known[fact.key] = frozenset(one for one in values if row[places.member(fact, one)])
    return Group(**known)  # type: ignore[arg-type]
