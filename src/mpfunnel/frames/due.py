"""Until when plays are due, and what that follows from.

The same as `mpfunnel.plays.due_of`, for whole tables.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import narwhals.stable.v2 as nw

from mpfunnel.frames.expressions import by_code, whole
from mpfunnel.frames.kinds import Frame
from mpfunnel.frames.task import Task
from mpfunnel.plays import DUE_BY, DueBy

__all__ = ["LAST", "LIMIT", "with_due"]

LAST: Final = date.max.toordinal()
LIMIT: Final = ("limit_on", "limit_from")
"""The last day on which a lead is in time in its stage, and the day on which it entered; 0 where
there is no time limit."""
_BY: Final = tuple(DUE_BY)


def with_due(frame: Frame, task: Task) -> Frame:
    """Return plays with ``due_on``, an ordinal number, null where nothing is due, and ``due_by``.

    Args:
        frame: The plays: `mpfunnel.frames.diaries.DAYS`, ends_on, and what the play states:
            due_in_days, cadence_days and before_end_days; where plays go by time limits, also
            `LIMIT`, and within_sla, 0 or 1.
        task: What is asked.
    """
    sign, contact, hand = nw.col("sign_on"), nw.col("contact_on"), nw.col("set_on")
    ends, before, cadence = (
        nw.col(name) for name in ("ends_on", "before_end_days", "cadence_days")
    )
    missed, today = nw.col("missed_on"), task.day.toordinal()
    reached = (contact > 0) & (sign <= contact)
    by = nw.when(sign == 0).then(_code("never")).otherwise(_code("sign"))
    kept = nw.when(contact < missed).then(_code("person")).otherwise(_code("done"))
    again = nw.when(cadence.is_null()).then(kept).otherwise(_code("cadence"))
    by = nw.when(reached).then(again).otherwise(by)
    early = ends - before.fill_null(0)
    begins = nw.when(early < 1).then(whole(1)).otherwise(early)
    limited = LIMIT[0] in frame.collect_schema().names()
    limit, entered = (nw.col(name) if limited else whole(0) for name in LIMIT)
    if limited:
        so = (nw.col("within_sla") == 1) & (limit > 0) & (contact < entered)
        by = nw.when(so).then(_code("sla")).otherwise(by)
    near = ~before.is_null() & (ends > 0) & (begins <= today) & (contact < begins)
    by = nw.when(near).then(_code("contract_end")).otherwise(by)
    by = nw.when(hand > 0).then(_code("person")).otherwise(by)
    frame = frame.with_columns(due_code=by)
    # Days outside the calendar are its ends.
    again, late = contact + cadence.fill_null(0), sign + nw.col("due_in_days")
    days: dict[DueBy, nw.Expr] = {
        "person": nw.when(hand > 0).then(hand).otherwise(missed),
        "contract_end": begins,
        "sla": limit,
        "never": whole(today),
        "sign": nw.when(late > LAST).then(whole(LAST)).otherwise(late),
        "cadence": nw.when(again > LAST).then(whole(LAST)).otherwise(again),
    }
    due = [nw.when(nw.col("due_code") == _BY.index(name)).then(day) for name, day in days.items()]
    frame = frame.with_columns(due_on=nw.coalesce(*due), due_by=by_code("due_code", _BY))
    return frame.drop("due_code")


def _code(name: DueBy) -> nw.Expr:
    return whole(_BY.index(name))
