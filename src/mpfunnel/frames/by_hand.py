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

__all__ = ["Hands", "hands_of", "in_force", "level_in_force"]

_NAME: Final = "overrides"
_TWICE: Final = "differs from another one that holds on the same day"
_KEY: Final = ("what", "company_no", "lead_no", "about")
_FAMILIES: Final[tuple[Family, ...]] = ("company", "lead", "product")
_IS_SET: Final[nw.Expr] = ~nw.col("set_to").is_null()


@frozen
class Hands:
    """What holds on the day: ``set_to``, the place of a value among its keys, and ``set_because``.

    Attributes:
        segments: By company_no.
        tiers: By company_no and about.
        states: By the ``pair`` of a lead and a product.
    """

    segments: Frame
    tiers: Frame
    states: Frame


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
    frame = sorting.past(given.unique(), "since")
    frame = sorting.with_number(frame, "company", facts.companies)
    frame = sorting.about(sorting.with_number(frame, "lead", facts.leads))
    frame = workshop.keep("overrides_of", with_iso_text(frame, "until", name="until_text"))

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
    ended = nw.concat_str(nw.lit("held until "), nw.col("until_text"))
    door.turn_away(_NAME, frame.filter(past), "until", "expired", ended)
    frame = frame.filter(~past).with_columns(
        company_no=nw.col("company_no").fill_null(-1), lead_no=nw.col("lead_no").fill_null(-1)
    )
    counts = frame.group_by(*_KEY).agg(nw.len().alias("rivals"))
    frame = workshop.keep("overrides_counted", frame.join(counts, on=list(_KEY), how="inner"))
    rival = nw.col("rivals") > 1
    door.turn_away(_NAME, frame.filter(rival), "value", "conflict", _TWICE)
    frame = frame.filter(~rival).with_columns(set_because=_because(task))
    frame = workshop.keep("overrides_held", frame.select(*_KEY, "set_to", "set_because"))

    def about(what: str) -> Frame:
        return frame.filter(nw.col("what") == what)

    return Hands(
        segments=about("segment").select("company_no", "set_to", "set_because"),
        tiers=about("tier").select("company_no", "about", "set_to", "set_because"),
        states=about("engagement").select(
            "set_to", "set_because", pair=pair_of("lead_no", task.book)
        ),
    )


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
        told: The decisions, with ``instead_of`` where they may stand in place of others already.
        name: The column of the value.
        hands: What was set.
        on: What tells the rows apart.
        keys: The keys of the values, in the order of their places.
    """
    if "instead_of" not in told.collect_schema().names():
        told = told.with_columns(instead_of=nw.lit(None, dtype=nw.String()))
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
