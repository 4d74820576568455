"""Stage histories of all leads: the entry that each is in by what was known on the day (S20).

The same as `mpfunnel.stages.standing`, for all leads at once. What no `StageHistory` can be made of
is rejected here, with all that was known of that history on the day.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import narwhals.stable.v2 as nw

from mpfunnel.compiled import AND, GONE, MOVED_BY, SINCE
from mpfunnel.frames.days import with_iso_text
from mpfunnel.frames.expressions import flag, looked_up, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.layout import STAGE
from mpfunnel.frames.situation import Part, Sorting
from mpfunnel.frames.task import Task
from mpfunnel.frames.values import Fault

__all__ = ["Histories", "entries_of", "histories_of"]

_NAME: Final = "stage_history"
_PRODUCTS: Final = "stage_history_products"
_KEY: Final = ("lead_id", "of_lead", "number")
_CHAIN: Final = ("lead_no", "of_lead")
_FAULTS: Final = (
    ("number", "conflict", "two rows of its history have one of_lead and number, and differ"),
    ("left", "order", "must not be before entered"),
    ("number", "order", "the entries of a lead must be numbered 1, 2, 3 and so on"),
    ("entered", "order", "each entry must begin when the one before it was left"),
    ("pursuit", "order", "must be the pursuit of the entry before it, or the next one, from 1"),
    ("left", "order", "exactly one entry of a history must not be left"),
)
"""What can be wrong with a history; the first that is, is told of all its rows."""


class Histories(NamedTuple):
    """The stage histories of leads as they were known on the day, without those at fault.

    Attributes:
        entries: Their entries: lead_no, and the columns of the table.
        about: Of which products they are: lead_id, of_lead, number and ``about``, null of none that
            is sold; `None` where there is no such table.
    """

    entries: Frame
    about: Frame | None


def histories_of(sorting: Sorting, leads: Frame, task: Task, part: Part) -> Histories | None:
    """Return the stage histories of leads; `None` where there is no such table.

    Args:
        sorting: Where the tables came in.
        leads: The leads.
        task: What is asked.
        part: Of which leads.
    """
    given, products = sorting.table(_NAME, part), sorting.table(_PRODUCTS, part)
    if given is None:
        return None
    given = task.workshop.keep("history_given", given)
    known = task.workshop.keep("history_known", _known(sorting, given, leads))
    faults = [Fault(nw.col("worst") == place, *one) for place, one in enumerate(_FAULTS)]
    sound = sorting.door.sift(_NAME, known, faults)
    if products is None:
        return Histories(sound, None)
    return Histories(sound, _about(sorting, task, products, given, known))


def entries_of(sorting: Sorting, task: Task, histories: Histories | None) -> Frame | None:
    """Return the entry in which each lead is; `None` where there are no histories.

    Columns: lead_no; entry_stage, the key of its stage, and stood_at, its place among the keys of
    stages; entered_on, and where plays go by time limits, entered_day, its ordinal number;
    entry_because; set_day, when whoever put it there comes back to it; ``in_<place>``, 1 where it
    is about the product of that place, and in_some, 1 where it is about any, sold or not.

    Args:
        sorting: Where the tables came in.
        task: What is asked.
        histories: The histories.
    """
    if histories is None:
        return None
    current = task.workshop.keep("history_current", _current(sorting, histories.entries))
    marks = [*(f"in_{place}" for place in range(len(task.book.products))), "in_some"]
    if histories.about is None:
        current = current.with_columns(**dict.fromkeys(marks, whole(0)))
    else:
        about = histories.about.join(current.select("lead_no", *_KEY), on=list(_KEY), how="inner")
        place = nw.col("about")
        about = about.with_columns(
            **{name: flag(place == number) for number, name in enumerate(marks[:-1])},
            in_some=whole(1),
        )
        found = about.group_by("lead_no").agg(*(nw.col(name).max() for name in marks))
        current = current.join(found, on="lead_no", how="left")
        current = current.with_columns(nw.col(name).fill_null(0) for name in marks)
    return task.workshop.keep("entries", _told(task, current, marks))


def _known(sorting: Sorting, given: Frame, leads: Frame) -> Frame:
    """Return the entries of days up to that asked about as they were known then (law 5).

    Each comes once, with ``worst``: the first of the faults that its history has; null of none.
    """
    for name in ("reason", "by"):
        if name not in given.collect_schema().names():
            given = given.with_columns(nw.lit(None, dtype=nw.String()).alias(name))
    if "follow_up_on" not in given.collect_schema().names():
        given = given.with_columns(follow_up_on=whole(None))
    known = sorting.past(given, "entered_day")
    known = known.with_columns(
        left=nw.when(nw.col("left_day") <= sorting.today).then(nw.col("left")),
        still=flag(nw.col("left").is_null()),
    ).drop("left_day")
    # Of one entry, an older row may not say yet that it was left on a later day.
    columns = [name for name in known.collect_schema().names() if name != "still"]
    known = known.group_by(*columns).agg(nw.col("still").min())
    known = sorting.known(_NAME, known, "lead", leads)
    here = nw.col("left").is_null()
    known = known.with_columns(one=nw.col("number") * 0 + 1, here=flag(here))
    known = known.with_columns(
        place=nw.col("one").cum_sum().over(*_CHAIN, order_by="number"),
        left_before=nw.col("left").shift(1).over(*_CHAIN, order_by="number"),
        pursuit_before=nw.col("pursuit").shift(1).over(*_CHAIN, order_by="number"),
        rows=nw.col("one").sum().over(*_CHAIN, "number"),
        here_in_all=nw.col("here").sum().over("lead_no"),
        still_in_all=nw.col("still").sum().over("lead_no"),
    )
    first = nw.col("place") == 1
    pursuit, before = nw.col("pursuit"), nw.col("pursuit_before").fill_null(0)
    follows = nw.col("left_before") == nw.col("entered")
    wrong = (
        nw.col("rows") > 1,
        (nw.col("left") < nw.col("entered")).fill_null(False),
        nw.col("number") != nw.col("place"),
        ~first & ~follows.fill_null(False),
        (pursuit < before) | (pursuit > before + 1),
        (nw.col("here_in_all") == 0) | (nw.col("still_in_all") > 1),
    )
    none = len(wrong)
    places = [nw.when(one).then(whole(n)).otherwise(whole(none)) for n, one in enumerate(wrong)]
    known = known.with_columns(fault=nw.min_horizontal(*places))
    return known.with_columns(worst=nw.col("fault").min().over("lead_no"))


def _current(sorting: Sorting, known: Frame) -> Frame:
    """Return the entry that each lead is in (`mpfunnel.stages.in_force`).

    Before two leads were merged, each was in one: that of the lead whose history it is goes first.
    """
    columns = ["lead_no", *_KEY, "stage", "entered_day", "cause", "reason", "by", "follow_up_on"]
    here = known.filter(nw.col("here") == 1)
    own = nw.col("of_lead") == nw.col("lead_id")
    # Under this name, texts are put in the order of their code points everywhere (S14).
    text = sorting.door.id_type("lead") == nw.String()
    name = "ref" if text else "of_lead"
    here = here.with_columns(own=flag(own), ref=nw.col("of_lead"))
    order = ["own", "entered", name, "number"]
    here = here.with_columns(turn=nw.col("one").cum_sum().over("lead_no", order_by=order))
    here = here.with_columns(last=nw.col("turn").max().over("lead_no"))
    return here.filter(nw.col("turn") == nw.col("last")).select(*columns)


def _about(sorting: Sorting, task: Task, products: Frame, given: Frame, known: Frame) -> Frame:
    """Return of which products the known entries are: their key, and ``about``; null of none."""
    products = task.workshop.keep("history_products", products.select(*_KEY, "product_id").unique())
    lone = products.join(given, on=list(_KEY), how="anti")
    sorting.refer(_PRODUCTS, lone, "number", "unknown-entry", "entry")
    keys = known.select(*_KEY).unique()
    about = sorting.about(products.join(keys, on=list(_KEY), how="semi"))
    about = task.workshop.keep("history_about", about)
    stranger = nw.col("about").is_null()
    sorting.refer(_PRODUCTS, about.filter(stranger), "product_id", "unknown-product", "product")
    return about


def _told(task: Task, current: Frame, marks: list[str]) -> Frame:
    """Return the entries as they are answered: see `entries_of`."""
    stages = list(task.book.stages)
    known: dict[str, list[Any]] = {"stage": stages, "stood_at": list(range(len(stages)))}
    current = current.join(
        task.workshop.small("stage_places", known, texts=("stage",)), on="stage", how="left"
    )
    current = with_iso_text(current, "entered_day", name="day_text")
    lang = task.lang
    gone = nw.col("stood_at").is_null()
    ends = nw.when(gone).then(nw.lit(GONE.text(lang))).otherwise(nw.lit(""))
    causes = [label.text(lang) for label in MOVED_BY.values()]
    said = [looked_up(nw.col("cause"), list(MOVED_BY), causes)]
    for name in ("reason", "by"):
        part = nw.concat_str(nw.lit(AND.text(lang)), nw.col(name))
        said.append(nw.when(~nw.col(name).is_null()).then(part).otherwise(nw.lit("")))
    texts = {"day": nw.col("day_text"), "said": nw.concat_str(*said)}
    words = SINCE.text(lang).split("|")
    return current.select(
        "lead_no",
        *marks,
        *(["entered_day"] if task.book.limits else []),
        set_day="follow_up_on",
        stood_at=nw.col("stood_at").fill_null(len(task.places.keys[STAGE]) - 1),
        entry_stage="stage",
        entered_on=nw.col("day_text").str.to_date(format="%Y-%m-%d"),
        entry_because=nw.concat_str(*(texts.get(word, nw.lit(word)) for word in words), ends),
    )
