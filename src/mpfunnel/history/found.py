"""What a replay has found so far: the runs of every answer, and the spans made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from attrs import frozen
from immutabledict import immutabledict

from mpfunnel.account import Account
from mpfunnel.calendars import day_began
from mpfunnel.case import is_silent
from mpfunnel.history.logs import AccountLog
from mpfunnel.history.spans import Cause, LeadReplay, Replay, Span, StageSpan
from mpfunnel.history.timeline import PlaybookTimeline
from mpfunnel.records import CompanyHistory, Id
from mpfunnel.rules.tables import Decision
from mpfunnel.stages import Win

__all__ = ["Answer", "Found", "Key"]

Key = tuple[Any, ...]
"""Which answer: the question, then the lead or the product, or both."""


@frozen
class Answer:
    """What makes a span: where two days have an equal one, they are of one span."""

    decision: Decision[Any]
    version: str
    undated: tuple[str, ...] = ()
    for_products: tuple[Id, ...] = ()
    existing_customer: bool = False
    wins: tuple[Win, ...] = ()


def _goes_on(before: Answer, answer: Answer) -> bool:
    """Whether an answer is the one before; of what was set by hand, somebody else's is another."""
    one, other = before.decision, answer.decision
    return before == answer and (other.instead_of is None or one.because == other.because)


@frozen
class Run:
    """An answer from a day on."""

    since: int
    answer: Answer
    cause: Cause
    at: datetime | None = None


class Found:
    """The runs of all answers, piece after piece, in the order in which answers are first met."""

    def __init__(self, start: int) -> None:
        self.start = start
        self.version: str | None = None
        self.no_sign: dict[str, str] = {}
        self._runs: dict[Key, list[Run]] = {}
        self._until: dict[Key, list[int]] = {}

    def add(
        self,
        key: Key,
        answers: Iterable[tuple[int, Answer]],
        last: int,
        cause: Callable[[int], Cause],
        at: Callable[[int], datetime] | None = None,
    ) -> None:
        """Add what an answer was from the first to the last day of a piece.

        Args:
            key: Which answer.
            answers: Days and answers, which hold until the next of these days.
            last: The last day of the piece.
            cause: Why an answer changed on a day.
            at: The instant of the change.
        """
        runs = self._runs.setdefault(key, [])
        ends = self._until.setdefault(key, [])
        for since, answer in answers:
            if runs and ends[-1] + 1 >= since and _goes_on(runs[-1].answer, answer):
                ends[-1] = last
                continue
            if runs and ends[-1] >= since:
                ends[-1] = since - 1
            runs.append(Run(since, answer, cause(since), at(since) if at else None))
            ends.append(last)

    def spans(self, key: Key) -> tuple[Span[Any], ...]:
        """Return the spans of an answer, within the replay."""
        return tuple(
            Span(*self._bounds(run, until), undated=run.answer.undated)
            for run, until in self._within(key)
        )

    def stages(self, key: Key, began: datetime) -> tuple[StageSpan, ...]:
        """Return the spans of a stage, within the replay.

        Args:
            key: Of which lead.
            began: The instant at which the first day began, for the stage of the day before.
        """
        found: list[StageSpan] = []
        for run, until in self._within(key):
            assert run.at is not None
            found.append(
                StageSpan(
                    *self._bounds(run, until),
                    for_products=run.answer.for_products,
                    existing_customer=run.answer.existing_customer,
                    wins=run.answer.wins,
                    at=began if run.since < self.start else run.at,
                )
            )
        return tuple(found)

    def _within(self, key: Key) -> Iterator[tuple[Run, int]]:
        for run, until in zip(self._runs.get(key, ()), self._until.get(key, ()), strict=True):
            if until >= self.start:
                yield run, until

    def _bounds(self, run: Run, until: int) -> tuple[date, date, Decision[Any], Cause]:
        first = date.fromordinal(max(run.since, self.start))
        cause = "start" if run.since < self.start else run.cause
        return first, date.fromordinal(until), run.answer.decision, cause

    def replay(
        self,
        account: Account,
        timeline: PlaybookTimeline,
        log: AccountLog,
        start: date,
        end: date,
    ) -> Replay:
        """Return all that was found."""
        company = account.company
        if isinstance(company, CompanyHistory):
            company = company.company
        products = [key[1] for key in self._runs if key[0] == "tier"]
        tiers = {p: spans for p in products if (spans := self.spans(("tier", p)))}
        began = day_began(start, timeline.on(start).compiled.zone)
        leads: dict[Id, LeadReplay] = {}
        for lead_id in log.leads:
            shown = [p for p in products if self._is_shown(("engagement", lead_id, p))]
            leads[lead_id] = LeadReplay(
                lead_id,
                self.stages(("stage", lead_id), began),
                *(
                    immutabledict({p: self.spans((what, lead_id, p)) for p in shown})
                    for what in ("engagement", "interest")
                ),
            )
        return Replay(
            start,
            end,
            None if company is None else company.id,
            self.spans(("segment",)),
            immutabledict({} if company is None else tiers),
            immutabledict(leads),
            log.rejects,
            timeline,
        )

    def _is_shown(self, key: Key) -> bool:
        """Whether the state was ever another one than surely that of no sign, or set by hand."""
        return any(
            not is_silent(run.answer.decision, self.no_sign[run.answer.version])
            for run, _ in self._within(key)
        )
