"""Spans: from which day to which an answer stood, and why it changed; and all of an account."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from attrs import evolve, field, frozen
from immutabledict import immutabledict

from mpfunnel.answers import Decided, key_beside, proposed_of
from mpfunnel.engagement import EngagementState
from mpfunnel.errors import InvalidDataError, Problem, UnknownNameError, brief
from mpfunnel.history.timeline import PlaybookTimeline
from mpfunnel.labels import Lang
from mpfunnel.records import Id
from mpfunnel.records.checks import a_day
from mpfunnel.rules.tables import Decision
from mpfunnel.segments import Segment
from mpfunnel.situation import Rejected
from mpfunnel.stages import FunnelStage, StageHistory, Win
from mpfunnel.stages.graph import key_of
from mpfunnel.stages.history import Cause as MoveCause
from mpfunnel.tiers import Tier

__all__ = ["Cause", "LeadReplay", "Replay", "Span", "StageSpan"]

T = TypeVar("T", bound=Hashable)
Row = dict[str, Any]

Cause = Literal["start", "record", "time", "playbook"]
"""Why an answer is another one than on the day before.

- ``"playbook"``: another playbook came into force on the day.
- ``"record"``: the day has a record about what is asked: an activity, a sales event, a deal opened
  or closed, a contract that starts, a company fact, an override from its first day.
- ``"time"``: neither; days have passed, and nothing else.
- ``"start"``: it is the same as on the day before the replay begins, or no playbook was in force on
  that day.
"""


@frozen
class Span(Decided[T]):
    """An answer from its first to its last day; reads like its `decision`.

    The next span begins where the value, its rule, what is possible, missing or undated, or the
    version of the playbook is another one; of what was set by hand also where the reason is.

    Attributes:
        first_day: The first day, not before that of the replay.
        last_day: The last day, not after that of the replay.
        decision: The answer.
        cause: Why it is another one than on the day before.
        undated: Of segments and Tiers: the facts up to the rule that decided of which no record
            says since when they hold; ``company`` where a custom policy decided, because nobody
            knows what it asks. Blank for all other answers.
    """

    first_day: date
    last_day: date
    decision: Decision[T]
    cause: Cause
    undated: tuple[str, ...] = field(default=(), kw_only=True)


@frozen
class StageSpan(Span[FunnelStage]):
    """A stage from its first to its last day; also ends where one of these changes.

    Attributes:
        for_products: The products whose pursuit has come that far.
        existing_customer: Whether the company owns any product.
        wins: The latest win of each product.
        at: When it began: the instant of the first day's last record about the lead, or the
            beginning of that day where there is none, or where it is the stage of the day before
            the replay.
    """

    for_products: tuple[Id, ...] = field(default=(), kw_only=True)
    existing_customer: bool = field(default=False, kw_only=True)
    wins: tuple[Win, ...] = field(default=(), kw_only=True)
    at: datetime = field(kw_only=True)


@frozen
class LeadReplay:
    """What the answers about one lead were.

    Attributes:
        id: The lead.
        stage: Where it stood with the whole firm: the warranted stage (S19).
        engagement: Its state per product; a product of which the state was surely that of no sign
            on every day is left out (S23).
        interest: The level of interest per product, for the same products.
    """

    id: Id
    stage: tuple[StageSpan, ...]
    engagement: immutabledict[Id, tuple[Span[EngagementState], ...]]
    interest: immutabledict[Id, tuple[Span[EngagementState], ...]]


@frozen
class Replay:
    """What the answers about one account were, from one day to another.

    Attributes:
        start: The first day.
        end: The last day.
        company_id: The company; `None` for people without company.
        segment: Which kind of company it was for the whole firm.
        tiers: How much to invest in it, per product; empty for people without company.
        leads: The answers about each of its people, by id.
        rejects: Records that could not be used as of the last day.
        timeline: The playbooks.
    """

    start: date
    end: date
    company_id: Id | None
    segment: tuple[Span[Segment], ...]
    tiers: immutabledict[Id, tuple[Span[Tier], ...]]
    leads: immutabledict[Id, LeadReplay]
    rejects: tuple[Rejected, ...]
    timeline: PlaybookTimeline = field(repr=False)

    def entered(
        self,
        stage: FunnelStage | str,
        *,
        start: date | None = None,
        end: date | None = None,
    ) -> dict[Id, tuple[StageSpan, ...]]:
        """Return the leads that came to a stage on a day of the range, with each time they did.

        A lead comes to a stage on a day on which it stands there and did not on the day before; a
        new rule or product for which it stands there is no new time. What the success path leads
        through within one day is not among them; the entries of `stage_history` have it, as
        imputed.

        Args:
            stage: The stage, or its key.
            start: The first day; that of the replay where it is `None`.
            end: The last day; that of the replay where it is `None`.

        Returns:
            By lead, in the order of the account, the spans that began so.

        Raises:
            UnknownNameError: No playbook in force between the days of the replay has such a stage.
            InvalidDataError: A day is none, or outside the replay.
        """
        first, last = self._range(start, end)
        key = key_of(stage)
        if not any(key in engine.playbook.funnel.graph for engine in self._engines()):
            raise UnknownNameError(f"no such stage {brief(key)} in any playbook of the replay")
        found: dict[Id, tuple[StageSpan, ...]] = {}
        for lead in self.leads.values():
            times: list[StageSpan] = []
            before = None
            for span in lead.stage:
                begun = before != span.value.key and span.cause != "start"
                if begun and span.value.key == key and first <= span.first_day <= last:
                    times.append(span)
                before = span.value.key
            if times:
                found[lead.id] = tuple(times)
        return found

    def stage_history(self, lead_id: Id) -> StageHistory:
        """Return the history that the gate would have kept, had it been asked on every day.

        Each change of the warranted stage is reconciled by the funnel in force on its day: where
        the graph has no way, the lead stays where it is; stages passed over are imputed. What days
        alone did has the cause ``"time"``, all else ``"rule"``. It begins with the replay: on the
        first day, the lead enters the stage of that day, however long it has been there.

        Raises:
            UnknownNameError: The account has no such lead.
        """
        lead = self.leads.get(lead_id) if isinstance(lead_id, str | int) else None  # pyright: ignore[reportUnnecessaryIsInstance]
        if lead is None:
            raise UnknownNameError(f"no such lead {brief(lead_id)} in the account")
        history = StageHistory(lead_id)
        for span in lead.stage:
            funnel = self.timeline.on(span.first_day).playbook.funnel
            # Where the zone changes with the playbook, a day may begin before the last one ended.
            at = span.at if history.last_at is None else max(span.at, history.last_at)
            # What was won on a day before the replay is not its to tell.
            new = evolve(span, wins=tuple(one for one in span.wins if one.on >= self.start))
            moves = funnel.reconcile(history, new, as_of=at).moves
            cause: MoveCause = "time" if span.cause == "time" else "rule"
            history = funnel.apply(history, [evolve(move, cause=cause) for move in moves])
        return history

    def rows(self, lang: Lang = "en") -> list[Row]:
        """Return one flat row for each span, with the same columns for every question.

        The key of a row is what, company_id, lead_id, product_id and first_day. Keys, not labels,
        stand in every column but ``because``; several keys are joined by ``;``, and columns that
        a question does not have are `None`.

        Args:
            lang: The language of the reasons.
        """
        known = self.segment if self.company_id is not None else ()
        found = [_row("segment", self.company_id, span, lang) for span in known]
        for product_id, tiers in self.tiers.items():
            found += [_row("tier", self.company_id, one, lang, None, product_id) for one in tiers]
        for lead in self.leads.values():
            found += [_row("stage", self.company_id, one, lang, lead.id) for one in lead.stage]
            for product_id, states in lead.engagement.items():
                for what, spans in (
                    ("engagement", states),
                    ("interest", lead.interest[product_id]),
                ):
                    found += [
                        _row(what, self.company_id, one, lang, lead.id, product_id) for one in spans
                    ]
        return found

    def _engines(self) -> Iterator[Any]:
        for _, _, engine in self.timeline.between(self.start, self.end):
            yield engine

    def _range(self, start: date | None, end: date | None) -> tuple[date, date]:
        first = self.start if start is None else start
        last = self.end if end is None else end
        problems: list[Problem] = []
        for path, day in (("start", first), ("end", last)):
            if fault := a_day(day):
                problems.append(Problem(fault[0], path, fault[1]))
            elif not self.start <= day <= self.end:
                message = f"must be from {self.start} to {self.end}, the days of the replay"
                problems.append(Problem("range", path, message))
        if problems:
            raise InvalidDataError(problems)
        return first, last


def _row(
    what: str,
    company_id: Id | None,
    span: Span[Any],
    lang: Lang,
    lead_id: Id | None = None,
    product_id: Id | None = None,
) -> Row:
    of_stage = span if isinstance(span, StageSpan) else None
    of_company = what in ("segment", "tier")
    return {
        "what": what,
        "company_id": company_id,
        "lead_id": lead_id,
        "product_id": product_id,
        "first_day": span.first_day,
        "last_day": span.last_day,
        "value": span.value.key,
        "settled": span.settled,
        "possible": _joined(value.key for value in span.possible),
        "missing": _joined(span.missing),
        "rule": span.rule,
        "because": span.because.text(lang),
        "instead_of": key_beside(span.decision.instead_of),
        "proposed": proposed_of(span.decision),
        "cause": span.cause,
        "for_products": None if of_stage is None else _joined(of_stage.for_products),
        "existing_customer": None if of_stage is None else of_stage.existing_customer,
        "undated": _joined(span.undated) if of_company else None,
        "playbook_version": span.version,
    }


def _joined(values: Iterable[object]) -> str:
    return ";".join(str(value) for value in values)
