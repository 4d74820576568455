"""By hand: what people have set in whole tables, in place of what the rules say.

The same as `mpfunnel.by_hand`, for all accounts at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals.stable.v2 as nw
from attrs import frozen

from mpfunnel.by_hand import BY_HAND
from mpfunnel.frames.contract import Family
from mpfunnel.frames.days import with_iso_text
from mpfunnel.frames.expressions import by_code
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import Places
from mpfunnel.frames.pairs import pair_of
from mpfunnel.frames.situation import FIRM, Situation, Sorting
from mpfunnel.frames.task import Task
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.rules.facts import Fact

__all__ = ["TOLD", "Hands", "hands_of", "in_force", "level_in_force"]

_NAME: Final = "overrides"
_TWICE: Final = "sets another value than another one that holds on the same day"
_KEY: Final = ("what", "company_no", "lead_no", "about")
_SET: Final = ("set_to", "set_because", "set_day")
_FAMILIES: Final[tuple[Family, ...]] = ("company", "lead", "product")
_IS_SET: Final[nw.Expr] = ~nw.col("set_to").is_null()


@frozen
class Hands:
    """What holds on the day: ``set_to``, the place of a value among its keys, and ``set_because``.

    Of states, ``set_day`` too: when whoever set it comes back to the lead.

    Attributes:
        segments: By company_no.
        tiers: By company_no and about.
        states: By the ``pair`` of a lead and a product.
        told: Each override that has begun and is no reject, with what becomes of it (`TOLD`).
    """

    segments: Frame
    tiers: Frame
    states: Frame
    told: Frame


TOLD: Final[Mapping[str, str]] = {
    "company_id": "company",
    "lead_id": "lead",
    "product_id": "product",
    **dict.fromkeys(("what", "value", "status", "by", "reason"), "text"),
    **dict.fromkeys(("since", "until", "follow_up_on"), "text"),
}
"""The columns of what is told of overrides, and what they hold; days are ISO 8601 text."""


def hands_of(sorting: Sorting, facts: Situation, task: Task) -> Hands | None:
    """Return what people have set; `None` where there is no such table.

    Args:
        sorting: Where the table came in.
        facts: What counts of companies and leads.
        task: What is asked.
    """
    given = sorting.given.get(_NAME)
    if given is None:
        return None
    door, workshop = sorting.door, task.workshop
    here = given.collect_schema().names()
    for kind in _FAMILIES:
        name = f"{kind}_id"
        if name not in here:
            blank = nw.lit(None, dtype=door.id_type(kind))
            given = given.with_columns(blank.alias(name))
    if "follow_up_on" not in here:
        given = given.with_columns(follow_up_on=nw.lit(None, dtype=nw.Int64()))
    frame = sorting.past(given.unique(), "since")
    frame = sorting.with_number(frame, "company", facts.companies)
    frame = sorting.about(sorting.with_number(frame, "lead", facts.leads))
    for day in _DAYS:
        frame = with_iso_text(frame, day, name=f"{day}_text")
    frame = workshop.keep("overrides_of", frame)

    of_lead = nw.col("what") == "engagement"
    for what, whose in (("lead", of_lead), ("company", ~of_lead)):
        lost = whose & nw.col(f"{what}_no").is_null()
        sorting.refer(_NAME, frame.filter(lost), f"{what}_id", f"unknown-{what}", what)
        frame = frame.filter(~lost)
    frame = sorting.sold(_NAME, workshop.cut("overrides_found", frame))

    frame = frame.join(_levels(task), on=["what", "about", "value"], how="left")
    frame = workshop.keep("overrides_level", frame)
    stranger = nw.col("set_to").is_null()
    of_company = nw.when(nw.col("what") == "tier").then(nw.lit("Tier")).otherwise(nw.lit("segment"))
    called = nw.when(of_lead).then(nw.lit("state")).otherwise(of_company)
    named = nw.concat_str(nw.lit("no such "), called, nw.lit(" "), nw.col("value"))
    door.turn_away(_NAME, frame.filter(stranger), "value", "unknown-level", named)
    frame = frame.filter(~stranger)

    past = (nw.col("until") < task.day.toordinal()).fill_null(False)
    frame = frame.with_columns(
        company_no=nw.col("company_no").fill_null(-1), lead_no=nw.col("lead_no").fill_null(-1)
    )
    expired, frame = frame.filter(past), frame.filter(~past)
    frame = _in_order(frame)
    frame = workshop.keep("overrides_counted", frame)
    rival = nw.col("least") != nw.col("most")
    door.turn_away(_NAME, frame.filter(rival), "value", "conflict", _TWICE)
    frame = frame.filter(~rival)
    is_last = nw.col("place") == nw.col("last")
    status = nw.when(is_last).then(nw.lit("in_force")).otherwise(nw.lit("agreed"))
    told = nw.concat(
        [_told(frame.with_columns(status=status)), _told(expired.with_columns(status=_EXPIRED))]
    )
    frame = frame.filter(is_last)
    frame = frame.with_columns(set_because=_because(task), set_day=nw.col("follow_up_on"))
    frame = workshop.keep("overrides_held", frame.select(*_KEY, *_SET))

    def about(what: str) -> Frame:
        return frame.filter(nw.col("what") == what)

    return Hands(
        segments=about("segment").select("company_no", "set_to", "set_because"),
        tiers=about("tier").select("company_no", "about", "set_to", "set_because"),
        states=about("engagement").select(*_SET, pair=pair_of("lead_no", task.book)),
        told=workshop.keep("overrides_told", told),
    )


_DAYS: Final = ("since", "until", "follow_up_on")
_EXPIRED: Final[nw.Expr] = nw.lit("expired")
_NEVER: Final = 3_652_060
"""Later than every day."""


def _in_order(frame: Frame) -> Frame:
    """Return the rows with ``place`` and ``last`` in the order in which they were given.

    The same as `mpfunnel.by_hand`: the one that is in force is the last one. ``least`` and ``most``
    are the least and the greatest of the values.
    """
    frame = frame.with_columns(
        ends=nw.col("until").fill_null(_NEVER),
        later=nw.col("follow_up_on").fill_null(0),
        one=nw.col("since") * 0 + 1,
    )
    order = ["since", "ends", "by", "reason", "later"]
    frame = frame.with_columns(place=nw.col("one").cum_sum().over(*_KEY, order_by=order))
    found = frame.group_by(*_KEY).agg(
        last=nw.col("place").max(), least=nw.col("set_to").min(), most=nw.col("set_to").max()
    )
    return frame.join(found, on=list(_KEY), how="inner")


def _told(frame: Frame) -> Frame:
    texts = {day: nw.col(f"{day}_text") for day in _DAYS}
    return frame.select(*(texts.get(name, nw.col(name)).alias(name) for name in TOLD))


def _levels(task: Task) -> Frame:
    """Return what may be set: what, about, value, and ``set_to``: its place among the keys."""
    of: Mapping[str, str] = {
        "segment": "company.segment",
        "tier": "product.tier",
        "engagement": "product.engagement",
    }
    places: dict[Id | None, int] = {p: place for place, p in enumerate(task.book.products)}
    places[None] = FIRM
    rows = [
        (what, places[product_id], key, task.places.keys[of[what]].index(key))
        for (what, product_id), known in task.book.levels.items()
        for key in known
    ]
    columns: dict[str, list[Any]] = {
        name: list(values)
        for name, values in zip(
            ("what", "about", "value", "set_to"), zip(*rows, strict=True), strict=True
        )
    }
    return task.workshop.small("may_be_set", columns, texts=("what", "value"))


def _because(task: Task) -> nw.Expr:
    """Return who set it, until when, and why (`mpfunnel.by_hand.reason_of`)."""
    texts = {"by": nw.col("by"), "until": nw.col("until_text"), "reason": nw.col("reason")}

    def filled(template: Label) -> nw.Expr:
        parts = template.text(task.lang).split("|")
        return nw.concat_str(*(texts.get(part, nw.lit(part)) for part in parts))

    open_ended = filled(Label("set by |by|: |reason", "by|が手動で設定：|reason"))
    ending = filled(
        Label("set by |by| until |until|: |reason", "by|が|until|まで手動で設定：|reason")
    )
    return nw.when(nw.col("until").is_null()).then(open_ended).otherwise(ending)


def in_force(
    told: Frame, name: str, hands: Frame | None, on: Sequence[str], keys: Sequence[str]
) -> Frame:
    """Return the columns of decisions, those that were set in the place of the rules' own.

    Args:
        told: The decisions, with ``instead_of``: they may stand in place of others already.
        name: The column of the value.
        hands: What was set.
        on: What tells the rows apart.
        keys: The keys of the values, in the order of their places.
    """
    if hands is None:
        return told
    value = by_code("set_to", keys)
    instead = {
        name: value,
        "possible": value,
        "missing": nw.lit(""),
        "rule": nw.lit(BY_HAND),
        "because": nw.col("set_because"),
        "instead_of": nw.col(name),
    }
    if "undated" in told.collect_schema().names():
        instead["undated"] = nw.lit("")
    told = told.join(hands, on=list(on), how="left").with_columns(
        settled=_IS_SET | nw.col("settled"),
        **{
            column: nw.when(_IS_SET).then(one).otherwise(nw.col(column))
            for column, one in instead.items()
        },
    )
    return told.drop("set_to", "set_because")


def level_in_force(
    columns: Mapping[str, nw.Expr], fact: Fact, places: Places
) -> dict[str, nw.Expr]:
    """Return a decision as other rules read it, with what was set in the place of the rules' own.

    Args:
        columns: What `mpfunnel.frames.answers.as_level` gives, or columns of these names.
        fact: The fact.
        places: Where facts stand.
    """
    keys = places.keys[fact.name]
    instead: dict[str, nw.Expr] = {places.value(fact): nw.col("set_to")}
    instead |= {
        column: nw.col("set_to") == keys.index(key) for key, column in places.possible(fact).items()
    }
    return {
        column: nw.when(_IS_SET).then(instead[column]).otherwise(one)
        for column, one in columns.items()
    }
