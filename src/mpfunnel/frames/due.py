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

__all__ = ["LAST", "with_due"]

LAST: Final = date.max.toordinal()
_BY: Final = tuple(DUE_BY)


def with_due(frame: Frame, task: Task) -> Frame:
    """Return plays with ``due_on``, an ordinal number, null where nothing is due, and ``due_by``.

    Args:
        frame: The plays: `mpfunnel.frames.diaries.DAYS`, ends_on, and what the play states:
            due_in_days, cadence_days and before_end_days.
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
    near = ~before.is_null() & (ends > 0) & (begins <= today) & (contact < begins)
    by = nw.when(near).then(_code("contract_end")).otherwise(by)
    by = nw.when(hand > 0).then(_code("person")).otherwise(by)
    frame = frame.with_columns(due_code=by)
    # Days outside the calendar are its ends.
    again, late = contact + cadence.fill_null(0), sign + nw.col("due_in_days")
    days: dict[DueBy, nw.Expr] = {
        "person": nw.when(hand > 0).then(hand).otherwise(missed),
        "contract_end": begins,
        "never": whole(today),
        "sign": nw.when(late > LAST).then(whole(LAST)).otherwise(late),
        "cadence": nw.when(again > LAST).then(whole(LAST)).otherwise(again),
    }
    due = [nw.when(nw.col("due_code") == _BY.index(name)).then(day) for name, day in days.items()]
    frame = frame.with_columns(due_on=nw.coalesce(*due), due_by=by_code("due_code", _BY))
    return frame.drop("due_code")


def _code(name: DueBy) -> nw.Expr:
    return whole(_BY.index(name))
