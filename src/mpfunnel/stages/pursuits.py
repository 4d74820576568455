"""Pursuits: what opens one, moves it and ends it, and which of them has come furthest.

For each product a lead is on a *pursuit*: from its first sign until it is won, lost or gone quiet;
the next sign opens the next one. A table of rules says which stage the facts of a pursuit warrant,
and the lead's stage is that of the pursuit that has come furthest (S19).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

from attrs import define, evolve, field

from mpfunnel.records import Deal, Id, SalesEvent
from mpfunnel.rules.tables import Decision
from mpfunnel.stages.funnel import ENDED, NO_PURSUIT, OPEN, Funnel
from mpfunnel.stages.graph import FunnelStage

__all__ = ["Pursuit", "Sign", "furthest", "pursue", "sign_of_event", "signs_of_deal"]


class Sign(NamedTuple):
    """One thing that opens a pursuit, moves it or ends it."""

    at: datetime
    what: str
    """``"responded"``, the kind of a sales event, ``"deal"``, ``"won"`` or ``"lost"``."""
    about: str
    """The id of the activity or deal, as text; blank for a sales event, which has none."""
    day: date
    hand_days: int = 0
    """For how many days it counts as a raised hand."""
    opens: bool = True
    """Whether it opens a pursuit, or only moves the one that runs."""


@define
class Pursuit:
    """The current pursuit of one product, or of the whole firm: what the rules of it read."""

    started: bool = False
    raised_hand: bool = False
    accepted: bool = False
    qualified: bool = False
    recycled: bool = False
    disqualified: bool = False
    open_deal: bool = False
    won: bool = False
    lost: bool = False
    quiet: bool = False
    won_on: date | None = None
    """The day of the latest win, of this pursuit or an earlier one."""
    stage: Decision[FunnelStage] | None = field(default=None, init=False, eq=False)
    """Where the lead stands by its history; only there while rules that ask for it are asked."""

    @property
    def ended(self) -> bool:
        """Whether it was won, lost or has gone quiet."""
        return self.won or self.lost or self.quiet


def sign_of_event(event: SalesEvent, day: date) -> Sign:
    """Return the sign of a sales event of the day `day`."""
    return Sign(event.at, event.kind, "", day)


def signs_of_deal(deal: Deal, opened: date, closed: date | None, as_of: date) -> list[Sign]:
    """Return the signs of a deal, with the days on which it was opened and closed.

    A deal that closes after `as_of` is open as of it. One that is recorded as closed before it was
    opened, as real exports have them, was opened when it closed.
    """
    sign = Sign(deal.opened_at, "deal", str(deal.id), opened)
    if closed is None or closed > as_of or deal.closed_at is None:
        return [sign]
    end = Sign(deal.closed_at, deal.status, str(deal.id), closed)
    return [min(sign, end._replace(what="deal")), end]


_LATER: Final = {"responded": 0, "deal": 2, "won": 3, "lost": 3}


def _in_time(sign: Sign) -> tuple[datetime, int, str, str]:
    """Return the place of a sign in the order of time.

    Within an instant what ends a pursuit comes last, after the deals and what sales decided: an
    export of days without times would otherwise let a click reopen what was lost on its day.
    """
    return sign.at, _LATER.get(sign.what, 1), sign.about, sign.what


_SAID: Final[Mapping[str, Literal["accepted", "qualified", "recycled", "disqualified"]]] = {
    "accepted": "accepted",
    "qualified": "qualified",
    "recycled": "recycled",
    "rejected": "recycled",
    "disqualified": "disqualified",
}


def pursue(signs: Iterable[Sign], *, quiet_days: int, as_of: date) -> Pursuit:
    """Return the current pursuit after all signs, in whatever order they are given (law 4).

    A deal is open from its sign to its end, whether a pursuit runs meanwhile or not. A pursuit that
    runs does not go quiet while any deal is open. Winning a deal ends it, and where another one is
    open, that is the next pursuit at once; losing a deal ends it only with the last one.

    Args:
        signs: Signs of days up to `as_of`.
        quiet_days: After how many days without a sign a pursuit has gone quiet (S13).
        as_of: The day asked about.
    """
    current = Pursuit()
    running = False
    open_deals: set[str] = set()
    last = date.min
    hand_until = 0
    won_on: date | None = None
    for sign in sorted(signs, key=_in_time):
        if running and not open_deals and (sign.day - last).days >= quiet_days:
            current.quiet = True
            running = False
        if sign.what == "deal":
            open_deals.add(sign.about)
        elif sign.what in ("won", "lost"):
            open_deals.discard(sign.about)
        if not running:
            if not sign.opens:
                continue
            current = Pursuit(started=True)
            running = True
            hand_until = 0
        last = sign.day
        if sign.what == "won":
            won_on = sign.day
        if sign.hand_days:
            # The hand is up on the day itself and on N - 1 days after it (S13).
            hand_until = max(hand_until, sign.day.toordinal() + sign.hand_days)
        elif sign.what == "won" and open_deals:
            # Where another deal goes on, what led to the one that was won is over all the same.
            current = Pursuit(started=True)
            hand_until = 0
        elif sign.what in ("won", "lost") and not open_deals:
            current.won = sign.what == "won"
            current.lost = sign.what == "lost"
            running = False
        elif sign.what in _SAID:
            said = _SAID[sign.what]
            if said == "recycled":
                hand_until = 0
            current.accepted = said in ("accepted", "qualified")
            current.qualified = said == "qualified"
            current.recycled = said == "recycled"
            current.disqualified = said == "disqualified"
    if running and not open_deals:
        current.quiet = (as_of - last).days >= quiet_days
    current.won_on = won_on
    current.open_deal = running and bool(open_deals)
    current.raised_hand = not current.ended and as_of.toordinal() < hand_until
    return current


def furthest(
    funnel: Funnel, found: Mapping[Id | None, tuple[Pursuit, Decision[FunnelStage]]]
) -> tuple[Decision[FunnelStage], tuple[Id, ...]]:
    """Return the decision on a lead from those on its pursuits, and the products that reach it.

    An open pursuit on the ladder goes before one that has ended there, and that before a detour
    (in their listed order); the possible stages are those that some outcome of all pursuits
    together gives.

    Args:
        funnel: The funnel.
        found: At least one pursuit, with what its facts warrant, by product; `None` stands for the
            whole firm.
    """
    ranks = funnel.ranks
    ranked = {
        about: ranks[NO_PURSUIT if not p.started else ENDED if p.ended else OPEN]
        for about, (p, _) in found.items()
    }
    best = max(found, key=lambda about: ranked[about][found[about][1].value])
    decision = found[best][1]
    reached = ranked[best][decision.value]
    products = tuple(
        about
        for about, (pursuit, one) in found.items()
        if about is not None
        and ranked[about][one.value] == reached
        # What somebody set by hand may lead somewhere without a pursuit.
        and (pursuit.started or one.value != funnel.rules.otherwise)
    )
    if all(one.settled for _, one in found.values()):
        return decision, products
    # What every pursuit reaches at least bounds the lead's stage from below.
    least = max(
        min(ranked[about][stage] for stage in one.possible) for about, (_, one) in found.items()
    )
    possible = dict.fromkeys(
        stage
        for about, (_, one) in found.items()
        for stage in one.possible
        if ranked[about][stage] >= least
    )
    missing = dict.fromkeys(
        name
        for about, (_, one) in found.items()
        if not one.settled and any(ranked[about][stage] >= least for stage in one.possible)
        for name in one.missing
    )
    return evolve(decision, possible=tuple(possible), missing=tuple(missing)), products
