"""The priority list (優先リスト): what is to be done on a day, the most important first."""

from __future__ import annotations

from collections.abc import Iterable

from mpfunnel.errors import Problem, brief
from mpfunnel.plays.model import Plays
from mpfunnel.plays.planned import PlannedPlay

__all__ = ["faults_of_limit", "priorities"]


def faults_of_limit(limit: object) -> list[Problem]:
    """Return what is wrong with how many plays somebody wants at most; `None` is for all."""
    if limit is None or (type(limit) is int and limit >= 0):
        return []
    return [Problem("range", "limit", f"must be an integer of 0 or more, not {brief(limit)}")]


def priorities(
    planned: Iterable[PlannedPlay],
    plays: Plays,
    *,
    owner: str | None = None,
    limit: int | None = None,
) -> tuple[PlannedPlay, ...]:
    """Return plays in the order in which they are to be done.

    First by the criteria of `Plays.order`, then by the day until which they are due, then by the
    ids of lead and product: one order for one set of plays, however it was given.

    Args:
        planned: Plays of any number of leads, all of them due.
        plays: The criteria.
        owner: Only those of this role; `None` for all.
        limit: At most so many; `None` for all.
    """
    theirs = [one for one in planned if owner is None or one.play.owner == owner]
    theirs.sort(key=lambda one: _place(one, plays))
    return tuple(theirs[:limit])


def _place(one: PlannedPlay, plays: Plays) -> tuple[object, ...]:
    lead = isinstance(one.lead_id, str), one.lead_id
    return one.claim.weight(plays.order), one.due, lead, one.claim.tie
