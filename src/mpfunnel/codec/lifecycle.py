"""What a funnel says about moves ⇄ plain data: stage kinds, transitions, ends and business days."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from mpfunnel.calendars import BusinessCalendar
from mpfunnel.codec.attributes import AttributeCheck, without_none
from mpfunnel.codec.checks import is_list, under
from mpfunnel.codec.conditions import day_of
from mpfunnel.errors import shown
from mpfunnel.labels import Label
from mpfunnel.stages import Funnel, FunnelStage, Transition

__all__ = [
    "CALENDAR",
    "CALENDAR_DAYS",
    "LIFECYCLE",
    "STAGE_KIND",
    "TRANSITION",
    "LifecycleCheck",
    "lifecycle_data",
]

_FLAGS: Final = ("deals_without_lead", "overrules_people")
LIFECYCLE: Final = (*_FLAGS, "kinds", "final", "ends", "transitions", "calendar")
"""The keys of a funnel that are read here."""
STAGE_KIND: Final = ("kind", "within_days", "within_business_days", "warn_days")
_REST: Final = ("kind", "needs_reason")
TRANSITION: Final = ("start", "to", *_REST)
CALENDAR: Final = ("country", "region", "weekend", "fiscal_year_start_month")
CALENDAR_DAYS: Final = ("days_off", "working_days")

_Find = Callable[[Any, str], FunnelStage | None]
"""Gives the stage of a key, given with its path; `None`, and a fault, where there is none."""


class LifecycleCheck(AttributeCheck):
    """Reads what a funnel says about moves."""

    def stage(self, key: str, label: Label, kinds: dict[str, Any]) -> FunnelStage:
        """Return a stage of the kind that `kinds` gives it."""
        plain = FunnelStage(key, label)
        if key not in kinds:
            return plain
        raw, at = self.table(kinds, key, "funnel.kinds"), under("funnel.kinds", shown(key))
        self.keys(raw, at, STAGE_KIND)
        given = {name: raw[name] for name in STAGE_KIND if name in raw}
        return self.built(lambda: FunnelStage(key, label, **given), at, own="stage.") or plain

    def lifecycle(
        self, data: dict[str, Any], moves: Iterable[tuple[str, dict[str, Any]]], find: _Find
    ) -> dict[str, Any] | None:
        """Return what the funnel is made with; `None` where a part of it is faulty.

        Args:
            data: The table of the funnel.
            moves: Its transitions, each with its path.
            find: Finds a stage.
        """
        given: dict[str, Any] = {
            key: self.flag(data, key, "funnel") for key in _FLAGS if key in data
        }
        for key in ("final", "ends"):
            if key in data:
                given[key] = self._stages(data[key], f"funnel.{key}", find)
        if "calendar" in data:
            given["calendar"] = self._calendar(self.table(data, "calendar", "funnel"))
        transitions = [self._transition(raw, at, find) for at, raw in moves]
        if "transitions" in data:
            given["transitions"] = transitions
        return None if None in (*given.values(), *transitions) else given

    def _stages(self, value: Any, path: str, find: _Find) -> list[FunnelStage]:
        if not is_list(value):
            self.fault("type", path, "must be a list of keys")
            return []
        found = [find(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return [one for one in found if one is not None]

    def _transition(self, raw: dict[str, Any], path: str, find: _Find) -> Transition | None:
        self.keys(raw, path, TRANSITION)
        wanted = [key for key in ("start", "to", "kind") if key not in raw]
        for key in wanted:
            self.fault("missing", path, f"has no {key}")
        ends = [find(raw[key], f"{path}.{key}") for key in ("start", "to") if key in raw]
        # Where something is missing, anything sound in its place shows what else is wrong.
        given: dict[str, Any] = {
            "kind": "forward",
            **{key: raw[key] for key in _REST if key in raw},
        }
        start, to = ends if len(ends) == 2 else ("", "")
        one = self.built(
            lambda: Transition(start or "", to or "", **given), path, own="transition."
        )
        return None if wanted or None in ends else one

    def _calendar(self, raw: dict[str, Any]) -> BusinessCalendar | None:
        at = "funnel.calendar"
        self.keys(raw, at, (*CALENDAR, *CALENDAR_DAYS))
        given: dict[str, Any] = {key: raw[key] for key in CALENDAR if key in raw}
        if not is_list(given.get("weekend", [])):
            self.fault("type", f"{at}.weekend", "must be a list of days of the week")
            del given["weekend"]
        for key in CALENDAR_DAYS:
            value = raw.get(key, [])
            days = [day_of(item) for item in value] if is_list(value) else [None]
            if None in days:
                message = "must be a list of dates, for example [2026-12-29]"
                self.fault("type", f"{at}.{key}", message)
                days = []
            given[key] = days
        return self.built(lambda: BusinessCalendar(**given), at, own="calendar.")


def lifecycle_data(funnel: Funnel) -> dict[str, Any]:
    """Return what a funnel says about moves, where that is not what every funnel says."""
    stages = (*funnel.ladder, *funnel.detours)
    kinds = {one.key: said for one in stages if (said := _kind(one))}
    usual = funnel.calendar == BusinessCalendar()
    return without_none(
        {
            "overrules_people": funnel.overrules_people or None,
            "final": [stage.key for stage in funnel.final] or None,
            "ends": None if funnel.ends is None else [stage.key for stage in funnel.ends],
            "kinds": kinds or None,
            "calendar": None if usual else _calendar(funnel.calendar),
            "transitions": None
            if funnel.transitions is None
            else [_transition(one) for one in funnel.transitions],
        }
    )


def _kind(stage: FunnelStage) -> dict[str, Any]:
    return without_none(
        {
            "kind": stage.kind if stage.kind != "inventory" else None,
            "within_days": stage.within_days,
            "within_business_days": stage.within_business_days,
            "warn_days": stage.warn_days,
        }
    )


def _calendar(calendar: BusinessCalendar) -> dict[str, Any]:
    return without_none(
        {
            "country": calendar.country or "",
            "region": calendar.region,
            "weekend": [*calendar.weekend],
            "days_off": [*calendar.days_off] or None,
            "working_days": [*calendar.working_days] or None,
            "fiscal_year_start_month": calendar.fiscal_year_start_month,
        }
    )


def _transition(one: Transition) -> dict[str, Any]:
    # Recycling needs a reason anyway.
    needs_reason = (one.needs_reason and one.kind != "recycle") or None
    return without_none(
        {"start": one.start, "to": one.to, "kind": one.kind, "needs_reason": needs_reason}
    )
