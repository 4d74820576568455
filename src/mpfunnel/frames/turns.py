"""Whose turn it is among the plays of each lead: `mpfunnel.plays.in_turn` for whole tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw

from mpfunnel.frames.diaries import LATEST
from mpfunnel.frames.due import LAST
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM
from mpfunnel.frames.task import Task
from mpfunnel.plays import Criterion
from mpfunnel.synergy import EVERY

__all__ = ["in_turn", "product_numbers", "weight_of", "with_not_before"]

LOWEST = 10
"""The number of a Tier below all, which the whole firm has."""


def weight_of(day: nw.Expr, order: Sequence[Criterion], plays: int, levels: int) -> nw.Expr:
    """Return one number for what plays weigh, the least for what comes first.

    Args:
        day: The day asked about.
        order: The criteria.
        plays: How many plays there are.
        levels: How many levels of interest there are.
    """
    come = (nw.col("due_on") <= day).fill_null(False)
    # Each criterion counts from 0 up to a number that is known, so that one number holds all.
    values: dict[Criterion, tuple[nw.Expr, int]] = {
        "open_deal": (flag(~nw.col("open_deal")), 2),
        "due": (flag(~come), 2),
        "play": (nw.col("play_no"), plays),
        "interest": (levels - 1 - nw.col("level"), levels + 1),
        "tier": (nw.col("tier_number"), LOWEST + 1),
        "last_contact": (LAST - nw.col("own_contact_on"), LAST + 1),
    }
    # Whatever the criteria: first what a person has set for a day that has come, last what is done.
    promised = come & (nw.col("due_by") == "person")
    weight = flag(~promised) * 2 + flag(nw.col("due_on").is_null())
    for name in order:
        value, count = values[name]
        weight = weight * count + value
    return weight


def product_numbers(task: Task) -> nw.Expr:
    """Return the place of each product among all by their ids; the whole firm is the last."""
    ids: list[Any] = list(task.book.products)
    order: list[Any] = sorted(ids)
    numbers = [order.index(one) for one in ids]
    if numbers == [*range(len(ids))]:
        number: nw.Expr = nw.col("about")
    else:
        number = looked_up(nw.col("about"), range(len(ids)), numbers)
    return nw.when(nw.col("about") == FIRM).then(whole(len(ids))).otherwise(number)


def in_turn(frame: Frame, task: Task) -> Frame:
    """Return plays with ``turn`` and ``waits_for``.

    Args:
        frame: The plays: lead_no, about, product_no, and what `weight_of` asks for.
        task: What is asked.
    """
    playbook, products = task.book.playbook, len(task.book.products)
    plays = playbook.plays
    day = whole(task.day.toordinal())
    weight = weight_of(day, plays.order, len(plays.plays) + 1, len(playbook.scale.ladder))
    place = weight * (products + 1) + nw.col("product_no")
    frame = frame.with_columns(place=place, one=nw.col("about") * 0 + 1)
    turn = nw.col("one").cum_sum().over("lead_no", order_by="place")
    frame = frame.with_columns(turn=turn.cast(nw.Int64)).drop("place", "one")
    known: list[Any] = list(task.book.products)
    ids: list[Any] = sorted(known)
    words: dict[str, list[Any]] = {
        "first": [*range(products + 1)],
        "first_id": [*(str(p) for p in ids), EVERY],
    }
    texts: list[nw.Expr] = []
    # Of more, none can have to wait.
    first = range(1, plays.at_once + 1) if plays.at_once <= products else ()
    for place_of in first:
        mine = nw.when(nw.col("turn") == place_of).then(nw.col("product_no"))
        frame = frame.with_columns(first=mine).with_columns(
            first=nw.col("first").max().over("lead_no")
        )
        frame = frame.join(task.workshop.small("waited_for", words), on="first", how="left")
        name = f"first_{place_of}"
        frame = frame.with_columns(nw.col("first_id").alias(name)).drop("first", "first_id")
        texts += [nw.lit(";")] * bool(texts) + [nw.col(name).fill_null("")]
    if not texts:
        return frame.with_columns(waits_for=nw.lit(""))
    waits = nw.col("turn") > plays.at_once
    named = nw.concat_str(*texts) if len(texts) > 1 else texts[0]
    return frame.with_columns(waits_for=nw.when(waits).then(named).otherwise(nw.lit("")))


def with_not_before(frame: Frame, task: Task) -> Frame:
    """Return plays with ``free_on``: `mpfunnel.plays.not_before`, as an ordinal number.

    Args:
        frame: The plays: own_contact_on and `LATEST`.
        task: What is asked.
    """
    quiet = task.book.playbook.plays.quiet_days
    if not quiet:
        return frame.with_columns(free_on=whole(None))
    latest = nw.col(LATEST)
    free = latest + quiet
    free = nw.when(free > LAST).then(whole(LAST)).otherwise(free)
    waits = (latest > nw.col("own_contact_on")) & (free > task.day.toordinal())
    waits = waits & (nw.col("due_by") != "person")
    return frame.with_columns(free_on=nw.when(waits).then(free))
