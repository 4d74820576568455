"""Calendars: the day of an instant in a zone, and the days on which a firm works."""

from mpfunnel.calendars.business import BusinessCalendar, Weekday
from mpfunnel.calendars.days import as_day, day_began, local_day, zone_for

__all__ = ["BusinessCalendar", "Weekday", "as_day", "day_began", "local_day", "zone_for"]
