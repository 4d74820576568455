"""By hand: which answers a person has set, in place of those of the playbook, on a day.

An override counts from its first day to its last one. Like every record it counts once (S17). Of
several that hold on one day for one question and set the same value, the one given last is in
force. If they set different values, all of them are turned away: which one is meant cannot be told.
Each one that has begun is in force, agreed to by another one, expired or turned away (law 7).
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeVar

from attrs import field, frozen

from mpfunnel.errors import brief, did_you_mean
from mpfunnel.labels import Label
from mpfunnel.records import Id, Override
from mpfunnel.rules.tables import Decision
from mpfunnel.situation import Rejected, in_order

__all__ = [
    "BY_HAND",
    "NOTHING_BY_HAND",
    "ByHand",
    "Levels",
    "SetByHand",
    "Status",
    "by_hand",
    "day_after",
    "question_of",
    "reason_of",
]

BY_HAND: Final = "by-hand"
"""The key that stands in place of that of a rule."""

Levels = Mapping[tuple[str, Id | None], Mapping[str, Any]]
"""By question and product: what may be set, by its key; of a segment, the product is `None`."""

Asked = tuple[str, Id | None, Id | None]
"""The question, the lead and the product that it is about."""

T = TypeVar("T", bound=Hashable)

Status = Literal["in_force", "agreed", "expired"]
"""What becomes of an override that has begun and is no reject.

- ``"in_force"``: it is the answer.
- ``"agreed"``: one that was given later sets the same value, and is in force.
- ``"expired"``: its last day has passed.
"""


@frozen
class SetByHand:
    """An override, and what becomes of it on the day."""

    override: Override
    status: Status


@frozen
class ByHand:
    """What people have set for one account.

    Attributes:
        levels: What may be set.
        begun: Every override that has begun and that names what is there, in the order given.
        held: Those that are in force on the day, by what they are about.
        told: Those that have begun and are no rejects, with what becomes of each.
        rejects: Those that cannot hold, of those that have begun.
    """

    levels: Levels = field(factory=dict[tuple[str, Id | None], Mapping[str, Any]])
    begun: tuple[Override, ...] = ()
    held: Mapping[Asked, Override] = field(factory=dict[Asked, Override])
    told: tuple[SetByHand, ...] = ()
    rejects: tuple[Rejected, ...] = ()

    def instead(
        self,
        decision: Decision[T],
        what: str,
        *,
        lead_id: Id | None = None,
        product_id: Id | None = None,
    ) -> Decision[T]:
        """Return the decision in force: the one set by hand, or `decision`."""
        one = self.held.get((what, lead_id, product_id))
        if one is None:
            return decision
        value = self.levels[what, product_id][one.value]
        return Decision(
            value,
            BY_HAND,
            reason_of(one),
            (value,),
            version=decision.version,
            instead_of=decision,
        )

    def on(self, day: date) -> ByHand:
        """Return what is in force on another day, by what has begun; the rest is not told."""
        found = (ones for ones in _holding(self.begun, day).values() if _agree(ones))
        return ByHand(self.levels, self.begun, {question_of(ones[0]): ones[0] for ones in found})

    def ends(self, about: Asked, after: date) -> list[date]:
        """Return, in order, the days after `after` on which one that has begun holds no more."""
        ends = {
            ended
            for one in self.begun
            if question_of(one) == about and (ended := day_after(one)) is not None
        }
        return [
            date.fromordinal(day)
            for day in sorted(ends)
            if after.toordinal() < day <= date.max.toordinal()
        ]


NOTHING_BY_HAND: Final = ByHand()


def question_of(one: Override) -> Asked:
    """Return what an override is about."""
    return one.what, one.lead_id, one.product_id


def day_after(one: Override) -> int | None:
    """Return the ordinal of the first day on which it holds no more; `None` where there is none."""
    return None if one.until is None else one.until.toordinal() + 1


def reason_of(one: Override) -> Label:
    """Return who set it, until when, and why."""
    if one.until is None:
        return Label(f"set by {one.by}: {one.reason}", f"{one.by}が手動で設定：{one.reason}")
    return Label(
        f"set by {one.by} until {one.until}: {one.reason}",
        f"{one.by}が{one.until}まで手動で設定：{one.reason}",
    )


def by_hand(
    overrides: Iterable[Override],
    *,
    as_of: date,
    company_id: Id | None,
    leads: Container[Id],
    levels: Levels,
) -> ByHand:
    """Return what people have set for an account on the day `as_of`.

    Args:
        overrides: The records.
        as_of: The day. What begins later does not exist yet (law 5).
        company_id: The company of the account; `None` where there is none.
        leads: Its leads.
        levels: What may be set.
    """
    begun: list[Override] = []
    rejects: list[Rejected] = []
    for one in dict.fromkeys(overrides):
        if one.since > as_of:
            continue
        fault = _fault(one, company_id, leads, levels)
        if fault is None:
            begun.append(one)
        else:
            rejects.append(_rejected(one, fault[0], fault[1]))
    told: list[SetByHand] = []
    held: dict[Asked, Override] = {}
    ended = [one for one in begun if _has_ended(one, as_of)]
    for about, ones in _holding(begun, as_of).items():
        if _agree(ones):
            held[about] = ones[0]
            told += [SetByHand(one, "agreed" if n else "in_force") for n, one in enumerate(ones)]
        else:
            rejects += [_rejected(one, "conflict", _TWICE) for one in ones]
    told += [SetByHand(one, "expired") for one in ended]
    # The order in which they were given must not show (law 4).
    told.sort(key=lambda one: (str(question_of(one.override)), _given_at(one.override)))
    return ByHand(levels, tuple(begun), held, tuple(told), tuple(in_order(rejects)))


def _holding(begun: Iterable[Override], day: date) -> dict[Asked, list[Override]]:
    """Return what would hold on a day, by what it is about, the one given last first."""
    found: dict[Asked, list[Override]] = {}
    for one in begun:
        if one.since <= day and not _has_ended(one, day):
            found.setdefault(question_of(one), []).append(one)
    return {about: sorted(ones, key=_given_at, reverse=True) for about, ones in found.items()}


def _has_ended(one: Override, day: date) -> bool:
    return one.until is not None and one.until < day


def _agree(ones: Iterable[Override]) -> bool:
    return len({one.value for one in ones}) == 1


def _given_at(one: Override) -> tuple[date, date, str, str, date]:
    """Return the place of an override in the order in which they were given.

    Of those that begin on one day, the one that holds longer counts as the later one; what else
    they hold only makes the order certain.
    """
    return one.since, one.until or date.max, one.by, one.reason, one.follow_up_on or date.min


_TWICE: Final = "sets another value than another one that holds on the same day"


def _fault(
    one: Override, company_id: Id | None, leads: Container[Id], levels: Levels
) -> tuple[str, str] | None:
    """Return the code and the reason where an override names what is not there."""
    if one.lead_id is not None:
        if one.lead_id not in leads:
            return "unknown-lead", f"no such lead {brief(one.lead_id)}"
    elif company_id is None:
        reason = f"belongs to company {brief(one.company_id)}, which is not given"
        return "unknown-company", reason
    elif one.company_id != company_id:
        reason = f"belongs to company {brief(one.company_id)}, not to {brief(company_id)}"
        return "other-company", reason
    known = levels.get((one.what, one.product_id))
    if known is None:
        names = [str(product_id) for what, product_id in levels if what == one.what]
        hint = did_you_mean(str(one.product_id), names)
        return "unknown-product", f"no such product {brief(one.product_id)}{hint}"
    if one.value not in known:
        name = _NAMES[one.what]
        return "unknown-level", f"no such {name} {brief(one.value)}{did_you_mean(one.value, known)}"
    return None


_NAMES: Final = {"segment": "segment", "tier": "Tier", "engagement": "state"}


def _rejected(one: Override, code: str, reason: str) -> Rejected:
    about = one.company_id if one.lead_id is None else one.lead_id
    assert about is not None  # an override is about one of them
    return Rejected("overrides", about, code, reason, one)
