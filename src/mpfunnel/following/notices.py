"""Notices: what has changed, as plain values for an outbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from attrs import evolve, field, frozen

from mpfunnel.answers import Assessment
from mpfunnel.by_hand import reason_of
from mpfunnel.errors import Problem
from mpfunnel.following.states import NEVER_TOLD, About, AccountState, Happening, LastTold
from mpfunnel.labels import Label, Lang
from mpfunnel.records import Id, Override
from mpfunnel.rules.tables import Decision
from mpfunnel.stages import Entry, StageHistory, Transition

__all__ = ["Answered", "Happening", "Notice", "Telling"]

_ANSWERS: Final = ("segment", "tier", "white_space", "engagement")
"""What `Telling.answers` tells of; stages are told where they are moved."""


@frozen
class Notice:
    """One thing that others have to hear.

    Attributes:
        what: An answer that changed (``"segment"``, ``"tier"``, ``"white_space"``, ``"stage"``,
            ``"engagement"``), a follow-up that is due (``"follow_up"``), a stage that a lead has
            been in for longer than its time limit (``"sla"``), or an answer set by hand whose last
            day has passed (``"expired"``).
        company_id: The company; `None` for people without company.
        lead_id: The lead; `None` for segment, tier and white space.
        product_id: The product of a tier, a position, an engagement, and of a follow-up that names
            one.
        number: How many notices of the same there have been, with this one: from 1, without gap.
        before: Key of the value that the notice before told; `None` where there was none.
        after: Key of the value; `None` where there is no answer any more. That of a follow-up is
            its day, that of a time limit the stage, of what has expired the value set by hand.
        settled: Whether the answer is settled.
        on: The day: of the follow-up; the first one that is late; else that of the change.
        at: The instant of the move, for a stage; else of the event or tick that brought it.
        because: The reason, where there is one.
    """

    what: Happening
    company_id: Id | None
    lead_id: Id | None
    product_id: Id | None
    number: int
    before: str | None
    after: str | None
    settled: bool
    on: date
    at: datetime
    because: Label | None = field(eq=False)

    @property
    def key(self) -> str:
        """Tells the same notice from all others, however often it is delivered."""
        about = [self.what, self.company_id, self.lead_id, self.product_id, self.number]
        return json.dumps(about, ensure_ascii=False, separators=(",", ":"))

    def row(self, lang: Lang = "en") -> dict[str, Any]:
        """Return it as one flat row to store; days and instants are ISO 8601 text.

        Args:
            lang: The language of the reason.
        """
        return {
            "key": self.key,
            "what": self.what,
            "company_id": self.company_id,
            "lead_id": self.lead_id,
            "product_id": self.product_id,
            "number": self.number,
            "before": self.before,
            "after": self.after,
            "settled": self.settled,
            "on": self.on.isoformat(),
            "at": self.at.isoformat(),
            "because": None if self.because is None else self.because.text(lang),
        }


@frozen
class Answered:
    """What came of an event.

    Attributes:
        state: The account from now on.
        answer: The four answers about it.
        changes: What others have to hear, in a fixed order.
        refused: Why the event, or a part of it, was not taken; none where it was.
        allowed: The moves that the gate would have let pass, where it refused one.
    """

    state: AccountState
    answer: Assessment
    changes: tuple[Notice, ...] = ()
    refused: tuple[Problem, ...] = ()
    allowed: tuple[Transition, ...] = ()


class Telling:
    """Collects what has to be told, each thing once.

    Attributes:
        told: What others have been told, with what is told now.
        notices: What is told now.
    """

    def __init__(
        self,
        state: AccountState,
        company_id: Id | None,
        at: datetime,
        day_of: Callable[[datetime], date],
    ) -> None:
        self.told = dict(state.told)
        self.notices: list[Notice] = []
        self._company_id = company_id
        self._at = at
        self._day_of = day_of

    def last(self, about: About) -> LastTold:
        """Return what was last told."""
        return self.told.get(about, NEVER_TOLD)

    def answers(self, answer: Assessment) -> None:
        """Tell which answers but stages have changed, and which are gone."""
        now: dict[About, Decision[Any]] = {}
        if answer.company_id is not None:
            now["segment", None, None] = answer.segment
        for product_id, tier in answer.tiers.items():
            now["tier", None, product_id] = tier
        for product_id, position in answer.white_space.items():
            now["white_space", None, product_id] = position
        for lead in answer.leads.values():
            for product_id, one in lead.engagement.items():
                now["engagement", lead.id, product_id] = one.decision
        gone = [
            about
            for about, last in self.told.items()
            if last.value is not None
            and (
                (about[0] in _ANSWERS and about not in now)
                or (about[0] == "stage" and about[1] not in answer.leads)
            )
        ]
        for about, decision in now.items():
            last = self.last(about)
            if (last.value, last.settled) != (decision.value.key, decision.settled):
                self._tell(about, decision.value.key, decision.because, settled=decision.settled)
        # Equal states tell the same, in whatever order they came to know it.
        for about in sorted(gone, key=repr):
            self._tell(about, None, None)

    def moves(
        self, history: StageHistory, known: StageHistory, decision: Decision[Any] | None
    ) -> None:
        """Tell where a lead has been moved.

        Args:
            history: The history now.
            known: The history before.
            decision: What the facts warrant, where that is known.
        """
        about: About = ("stage", history.lead_id, None)
        before = known.current
        if before is not None and before.stage != self.last(about).value:
            # It was taken over from elsewhere.
            self._tell(about, before.stage, _why(before, None), at=before.entered)
        seen = {(entry.of_lead, entry.number) for entry in known.entries}
        for entry in history.entries:
            if not entry.imputed and (entry.of_lead, entry.number) not in seen:
                self._tell(about, entry.stage, _why(entry, decision), at=entry.entered)

    def follow_up(
        self, lead_id: Id | None, product_id: Id | None, day: date, reason: str | None
    ) -> None:
        """Tell that a follow-up is due, unless that was told last."""
        about: About = ("follow_up", lead_id, product_id)
        if self.last(about).value != day.isoformat():
            self._tell(about, day.isoformat(), _label(reason), on=day)

    def late(self, lead_id: Id, entry: Entry, since: date) -> None:
        """Tell that a lead is late to leave a stage, unless that was told last."""
        about: About = ("sla", lead_id, None)
        which = json.dumps([entry.of_lead, entry.number])
        if self.last(about).value != which:
            self._tell(about, which, None, on=since)
            # Others know stages, not entries.
            self.notices[-1] = evolve(self.notices[-1], before=None, after=entry.stage)

    def expired(self, one: Override) -> None:
        """Tell that what somebody set by hand holds no more."""
        assert one.until is not None  # else it would hold for ever
        about: About = ("expired", one.lead_id, one.product_id)
        on = one.until + timedelta(1)
        self._tell(about, one.value, reason_of(one), on=on)

    def _tell(
        self,
        about: About,
        value: str | None,
        because: Label | None,
        *,
        settled: bool = True,
        on: date | None = None,
        at: datetime | None = None,
    ) -> None:
        last = self.last(about)
        what, lead_id, product_id = about
        self.told[about] = LastTold(value, settled, last.number + 1)
        self.notices.append(
            Notice(
                what,
                self._company_id,
                lead_id,
                product_id,
                last.number + 1,
                last.value,
                value,
                settled,
                on or self._day_of(at or self._at),
                at or self._at,
                because,
            )
        )


def _why(entry: Entry, decision: Decision[Any] | None) -> Label | None:
    """Return why a lead was moved: the reason of the rule, or the words of who did it."""
    if decision is not None and entry.cause in ("rule", "time") and entry.reason == decision.rule:
        return decision.because
    return _label(entry.reason)


def _label(reason: str | None) -> Label | None:
    return None if reason is None else Label(reason)
