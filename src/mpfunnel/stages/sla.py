"""Deadlines of stages: until when a lead must have moved on, in days or business days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from attrs import frozen

from mpfunnel.calendars import BusinessCalendar, as_day, local_day, zone_for
from mpfunnel.stages.graph import FunnelStage
from mpfunnel.stages.history import Entry

__all__ = ["Deadline", "deadline_of"]

EVERY_DAY: Final = BusinessCalendar(None, weekend=())


@frozen
class Deadline:
    """Until when a lead must have left a stage.

    Attributes:
        stage: Key of the stage.
        due: The last day on which it is in time.
        breached_since: The first day on which it is late; `None` as long as it is not, and where it
            was left in time.
    """

    stage: str
    due: date
    breached_since: date | None


def deadline_of(
    entry: Entry,
    stage: FunnelStage,
    calendar: BusinessCalendar,
    as_of: date | datetime,
    zone_name: str,
) -> Deadline | None:
    """Return the deadline of an entry (see `Funnel.deadline`)."""
    zone = zone_for(zone_name)
    today = as_day(as_of, zone)
    entered = local_day(entry.entered, zone)
    if stage.kind == "inventory" or today < entered:
        return None
    if stage.within_business_days is not None:
        due = calendar.after(entered, stage.within_business_days)
    else:
        due = EVERY_DAY.after(entered, stage.within_days or 0)
    until = today if entry.left is None else min(today, local_day(entry.left, zone))
    # Days after the last one of the calendar never come.
    late = EVERY_DAY.after(due, 1) if until > due else None
    return Deadline(stage.key, due, late)
