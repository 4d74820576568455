"""Deadlines of stages: until when a lead must have moved on, in days or business days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Final

from attrs import evolve, frozen

from mpfunnel.calendars import BusinessCalendar, as_day, local_day, zone_for
from mpfunnel.stages.graph import FunnelStage
from mpfunnel.stages.history import Entry

__all__ = ["LONGEST", "Deadline", "business_days", "deadline_of", "limit_of"]

EVERY_DAY: Final = BusinessCalendar(None, weekend=())
# Tables look business days up in a list of all days on which a lead may have entered, and so it has
# an end. Who is there for longer is late by years, on whichever day it was.
LONGEST: Final = 3_653
"""Who entered a stage longer ago than these days, ten years, is taken to have entered then."""


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


def limit_of(stage: FunnelStage, entered: date, calendar: BusinessCalendar, *, as_of: date) -> date:
    """Return the last day on which who entered a stage on a day is in time, as plays take it.

    The same as `deadline_of` says of an entry, but that it always has an answer: who entered more
    than `LONGEST` days ago is taken to have entered then, a year whose public holidays are not
    known has none (`business_days`), and what leads beyond the last of all days is that day.

    Args:
        stage: The stage, which has a time limit.
        entered: The local day of entering, not after `as_of`.
        calendar: The business days of the firm.
        as_of: The day asked about.

    Raises:
        InvalidDataError: As `business_days`, where business days count.
        MissingExtraError: Likewise.
    """
    first = max(entered.toordinal(), as_of.toordinal() - LONGEST)
    if stage.within_business_days is None:
        return date.fromordinal(min(first + (stage.within_days or 0), date.max.toordinal()))
    days = business_days(calendar, date.fromordinal(first))
    return next(islice(days, stage.within_business_days - 1, None), date.max)


def business_days(calendar: BusinessCalendar, after: date) -> Iterator[date]:
    """Yield the business days after a day, up to the last of all days.

    In a year whose public holidays are not known, every day counts that is one but for them.

    Raises:
        InvalidDataError: The public holidays of the country or region are not known at all.
        MissingExtraError: A country is given, and the extra `calendar` is not installed.
    """
    without = evolve(calendar, country=None, region=None)
    for number in range(after.toordinal() + 1, date.max.toordinal() + 1):
        day = date.fromordinal(number)
        known = calendar if calendar.knows(day.year) else without
        if known.is_business_day(day):
            yield day
