"""Touches: how far a campaign has come with a person, from targeted to a meeting requested.

A touch is an activity with a status. The firm says which kind of activity has which status;
nobody guesses. To see something is not to do something: an opened mail or a shown page is
delivered at most, and only what a person did is an interaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, cast, get_args

from mpfunnel.errors import Problem, brief, not_a_key, shown
from mpfunnel.labels import Label
from mpfunnel.records.checks import one_of

__all__ = ["TOUCH_STATUSES", "TouchStatus", "faults_of_statuses", "rank"]

TouchStatus = Literal[
    "targeted",
    "sent",
    "delivered",
    "interacted",
    "registered",
    "attended",
    "engaged",
    "meeting_requested",
]
"""How far a touch has come; each includes those before it."""

TOUCH_STATUSES: Final[Mapping[TouchStatus, Label]] = {
    "targeted": Label("targeted", "配信対象"),
    "sent": Label("sent", "送信"),
    "delivered": Label("delivered", "到達"),
    "interacted": Label("interacted", "反応"),
    "registered": Label("registered", "申込"),
    "attended": Label("attended", "参加"),
    "engaged": Label("engaged", "積極的な反応"),
    "meeting_requested": Label("meeting requested", "商談希望"),
}
"""What each status is called, in their order."""

_RANKS: Final = {status: place for place, status in enumerate(get_args(TouchStatus))}


def rank(status: TouchStatus) -> int:
    """Return the place of a status in the order of all, from 0: one includes those below it."""
    return _RANKS[status]


def faults_of_statuses(statuses: Any) -> list[Problem]:
    """Return what is wrong with a mapping of kinds of activity to statuses.

    A kind that is no touch, such as a mail that came back, has the status `None`.
    """
    if not isinstance(statuses, Mapping):
        message = f"must map kinds of activity to statuses, not {brief(statuses)}"
        return [Problem("type", "statuses", message)]
    problems: list[Problem] = []
    check = one_of(TouchStatus)
    for kind, status in cast("Mapping[object, object]", statuses).items():
        path = f"statuses.{shown(kind)}"
        problems += not_a_key(path, kind)
        if status is not None and (fault := check(status)):
            problems.append(Problem(fault[0], path, fault[1]))
    return problems
