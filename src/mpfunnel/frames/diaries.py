"""When leads and we last heard of each other, about each product and the whole firm.

The same as `mpfunnel.planning.Diary`, for whole tables. Days are ordinal numbers, and 0 is none.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.compiled import Compiled
from mpfunnel.frames.expressions import whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.situation import FIRM, kinds_of
from mpfunnel.frames.task import Task

__all__ = ["DAYS", "LATEST", "heard", "of_leads", "said_days", "with_days"]

DAYS: Final = ("sign_on", "contact_on", "own_contact_on", "set_on", "missed_on")
"""The latest sign; the latest contact; the latest one about exactly that; the day that a person has
set for coming back, if it has not passed; and the latest one that has."""
LATEST: Final = "latest_on"
"""The latest contact about any product."""
_PLACE: Final = 2**22
"""More than any day: a place times this, plus the day, keeps both."""


def heard(book: Compiled, as_of: date) -> dict[str, nw.Expr]:
    """Return the days of one activity, of which the latest are `DAYS`; none if plays are not asked.

    Args:
        book: The playbook.
        as_of: The day asked about.
    """
    if not book.asks_plays:
        return {}
    kinds = kinds_of(book.playbook)
    day = whole(as_of.toordinal()) - nw.col("age")
    contacts = sorted(kinds.index(kind) for kind in book.playbook.plays.contacts)
    if not contacts:
        return {"sign_on": day, "contact_on": whole(None), "own_contact_on": whole(None)}
    ours = nw.col("kind_no").is_in(contacts)
    return {
        "sign_on": nw.when(~ours).then(day),
        "contact_on": nw.when(ours).then(day),
        # One that names no product counts for each, and is about none.
        "own_contact_on": nw.when(ours & (nw.col("wide") == 0)).then(day),
    }


def said_days() -> dict[str, nw.Expr]:
    """Return the days of one sales event, of which the greatest are ``said_on`` and ``said_back``.

    The latter keeps the day for coming back that the latest event states which states any.
    """
    back = nw.col("follow_up_on")
    stated = nw.when(~back.is_null()).then(nw.col("place") * _PLACE + back)
    return {"said_on": nw.col("day"), "said_back": stated}


def with_days(frame: Frame, task: Task) -> Frame:
    """Return the frame with `DAYS`, of what was found in it: days that people set come first."""
    here = frame.collect_schema().names()

    def day(name: str) -> nw.Expr:
        return nw.col(name).fill_null(0) if name in here else whole(0)

    today = task.day.toordinal()
    hand, said = day("set_day"), day("said_back") % _PLACE
    later = nw.when(said >= today).then(said).otherwise(whole(0))
    return frame.with_columns(
        sign_on=nw.max_horizontal(day("sign_on"), day("said_on")),
        contact_on=day("contact_on"),
        own_contact_on=day("own_contact_on"),
        missed_on=nw.max_horizontal(
            *(nw.when(one < today).then(one).otherwise(whole(0)) for one in (hand, said))
        ),
        set_on=nw.when(hand >= today).then(hand).otherwise(later),
    )


def of_leads(
    leads: Frame, sums: Frame | None, said: Frame | None, entries: Frame | None, task: Task
) -> Frame:
    """Return leads with `DAYS` of the whole firm, for which all products count, and `LATEST`.

    Args:
        leads: With the column lead_no.
        sums: What their activities add up to.
        said: What sales said of them.
        entries: The entry of its history in which each is.
        task: What is asked.
    """
    if sums is not None:
        firm = nw.col("about") == FIRM
        own = nw.col("own_contact_on")
        found = sums.with_columns(
            own_contact_on=nw.when(firm).then(own), latest_on=nw.when(~firm).then(own)
        )
        days = ("sign_on", "contact_on", "own_contact_on", LATEST)
        found = found.group_by("lead_no").agg(*(nw.col(name).max() for name in days))
        leads = leads.join(found, on="lead_no", how="left")
    if said is not None:
        found = said.group_by("lead_no").agg(
            *(nw.col(name).max() for name in ("said_on", "said_back"))
        )
        leads = leads.join(found, on="lead_no", how="left")
    if entries is not None:
        leads = leads.join(entries.select("lead_no", "set_day"), on="lead_no", how="left")
    latest = whole(0) if sums is None else nw.col(LATEST).fill_null(0)
    return with_days(leads.with_columns(latest_on=latest), task)
