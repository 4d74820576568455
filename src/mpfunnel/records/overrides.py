"""Override: an answer that a person sets by hand (手動上書き), with author, reason and expiry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal

from attrs import field, frozen

from mpfunnel.errors import Problem
from mpfunnel.records.checks import (
    Id,
    Record,
    a_day,
    a_key,
    an_id,
    checked,
    one_of,
    optional,
)

OverrideOf = Literal["segment", "tier", "engagement"]

ABOUT: Final[Mapping[OverrideOf, tuple[str, ...]]] = {
    "segment": ("company_id",),
    "tier": ("company_id", "product_id"),
    "engagement": ("lead_id", "product_id"),
}
"""What each question is about."""
_IDS: Final = ("company_id", "lead_id", "product_id")


def _a_key_of(value: Any) -> Any:
    # A segment, Tier or state stands for its key.
    return getattr(value, "key", value)


@frozen
class Override(Record):
    """What a person decided in place of the playbook, from `since` to `until`, both included.

    The stage of a lead is not among what can be overridden: it is moved by the funnel's gate.
    """

    what: OverrideOf = field(metadata=checked(one_of(OverrideOf)))
    """Which question: ``"segment"``, ``"tier"`` or ``"engagement"``."""
    value: str = field(converter=_a_key_of, metadata=checked(a_key))
    """Key of the segment, Tier or state; any of these themselves will do."""
    by: str = field(metadata=checked(a_key))
    """Who decided."""
    reason: str = field(metadata=checked(a_key))
    since: date = field(metadata=checked(a_day))
    until: date | None = field(metadata=checked(optional(a_day)))
    """The last day on which it holds; `None`, which must be said, for until further notice."""
    company_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """Whose segment or Tier; the state of a lead has none."""
    lead_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """Whose state."""
    product_id: Id | None = field(default=None, metadata=checked(optional(an_id)))
    """For which product the Tier or the state holds."""
    follow_up_on: date | None = field(default=None, metadata=checked(optional(a_day)))
    """When to come back to it (再アプローチ日)."""

    def _contradictions(self) -> list[Problem]:
        problems: list[Problem] = []
        wanted = ABOUT[self.what]
        for name in _IDS:
            given = getattr(self, name) is not None
            if given != (name in wanted):
                code = "contradiction" if given else "missing"
                verb = "must be blank" if given else "is needed"
                message = f"{verb} where what is '{self.what}'"
                problems.append(Problem(code, f"override.{name}", message))
        if self.until is not None and self.until < self.since:
            problems.append(Problem("order", "override.until", "must not be before since"))
        return problems
