"""Campaigns, what was spent on them, and statistics about them that have no person.

Impressions, followers, share of voice and surveys are about nobody in particular: they are records
of their own, and never become touches.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, cast

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import Problem, brief
from mpfunnel.labels import Label
from mpfunnel.records import Id
from mpfunnel.records.checks import (
    Fault,
    Record,
    a_day,
    a_key,
    a_label,
    a_number_of,
    a_text,
    an_id,
    checked,
    label_or_none,
    money,
    optional,
    revenue,
    text_or_none,
)

__all__ = ["Campaign", "Spend", "Statistic"]


def _map(value: Mapping[str, Any]) -> immutabledict[str, Any]:
    # What is no mapping stays, for the check to name.
    return immutabledict(value) if isinstance(value, Mapping) else value  # pyright: ignore[reportUnnecessaryIsInstance]


def _a_figure(value: object) -> Fault | None:
    """An integer or a finite Decimal of 0 or more."""
    if type(value) not in (int, Decimal):
        return "type", f"must be an integer or a Decimal, not {type(value).__name__} {brief(value)}"
    number = cast("int | Decimal", value)
    if not Decimal(number).is_finite():
        return "nan", "must be a finite number"
    return ("range", "must be at least 0") if number < 0 else None


def _goals(value: object) -> Fault | None:
    if not isinstance(value, Mapping):
        return "type", f"must map figures to numbers, not {brief(value)}"
    for key, goal in cast("Mapping[object, Any]", value).items():
        if fault := a_key(key) or _a_figure(goal):
            return fault[0], f"{brief(key)} {fault[1]}"
        if goal == 0:
            return "range", f"{brief(key)} must be more than 0"
    return None


@frozen
class Campaign(Record):
    """One effort of one tactic, for one product or for the whole firm."""

    id: Id = field(metadata=checked(an_id))
    """What the activities call it in `campaign_id`."""
    tactic: str = field(metadata=checked(a_key))
    """Key of its tactic."""
    start: date = field(metadata=checked(a_day))
    end: date | None = field(default=None, metadata=checked(optional(a_day)))
    """The last day; `None` where it runs until further notice."""
    name: Label | None = field(
        default=None, converter=label_or_none, metadata=checked(optional(a_label)), eq=False
    )
    product_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """The product that it is for; `None` for the whole firm."""
    audience: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """Name of whom it is for, as the firm calls them; no figure rests on it, and nothing checks
    that there is an `mpfunnel.flow.audience.Audience` of that key."""
    budget: int | Decimal | None = field(default=None, metadata=checked(optional(revenue)))
    """What may be spent on it, in whole units of the currency."""
    currency: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """ISO 4217 code of the budget; the playbook's currency where it is `None`."""
    goals: immutabledict[str, int | Decimal] = field(
        default=immutabledict(), converter=_map, metadata=checked(_goals)
    )
    """What it is to reach, by the key of a KPI of its tactic or the name of a result."""

    def _contradictions(self) -> list[Problem]:
        if self.end is not None and self.end < self.start:
            return [Problem("order", "campaign.end", "must not be before start")]
        return []

    @property
    def label(self) -> Label:
        """The name, or the id where it has none."""
        return self.name or Label(str(self.id))


def _subject(record: Any, called: str) -> list[Problem]:
    """Return the problem of what is about both a campaign and a tactic, or about neither."""
    if (record.campaign_id is None) == (record.tactic is None):
        message = "give either the campaign or the tactic"
        return [Problem("contradiction", f"{called}.campaign_id", message)]
    return []


@frozen
class Spend(Record):
    """What was spent on a campaign, or on a tactic outside of any campaign, on a day."""

    day: date = field(metadata=checked(a_day))
    amount: int | Decimal = field(metadata=checked(money))
    """In whole units of the currency; less than 0 where money came back."""
    campaign_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    tactic: str | None = field(default=None, metadata=checked(optional(a_key)))
    currency: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """ISO 4217 code; the playbook's currency where it is `None`."""
    product_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """The product that it is for, where that is known."""

    def _contradictions(self) -> list[Problem]:
        return _subject(self, "spend")


@frozen
class Statistic(Record):
    """A figure about a campaign or a tactic that is about no person: impressions, a survey."""

    kpi: str = field(metadata=checked(a_key))
    """Key of the KPI that it tells."""
    day: date = field(metadata=checked(a_day))
    value: int | Decimal = field(metadata=checked(_a_figure))
    """How many; of a share without `of`, the share from 0 to 1, as it was told."""
    of: int | None = field(default=None, metadata=checked(optional(a_number_of(0))))
    """Of how many: of a survey, how many were asked."""
    campaign_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    tactic: str | None = field(default=None, metadata=checked(optional(a_key)))
    source: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    """Who told it."""

    def _contradictions(self) -> list[Problem]:
        problems = _subject(self, "statistic")
        if self.of is not None and (type(self.value) is not int or self.value > self.of):
            message = f"must be an integer of at most {self.of}, which it is of"
            problems.append(Problem("range", "statistic.value", message))
        return problems
