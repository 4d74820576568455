"""The plan of a flow: the firm's own numbers, by which its flow is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, misfits, series
from mpfunnel.flow.balances import Band, faults_of_bands
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.money import FxTable, a_currency
from mpfunnel.flow.campaigns.results import HORIZON_DAYS
from mpfunnel.flow.campaigns.touches import TouchStatus, faults_of_statuses
from mpfunnel.flow.course import COURSE
from mpfunnel.flow.gaps.gap import Rate, targets
from mpfunnel.flow.gaps.insights import Insight
from mpfunnel.flow.reporting.terms import windows
from mpfunnel.flow.tracing.reading import Stages
from mpfunnel.plays import Motion
from mpfunnel.records.checks import a_day, one_of
from mpfunnel.tiers import Tier

__all__ = ["FlowPlan"]

_TARGET: Final = Tier(2)
_NO_CAMPAIGNS: Final = CampaignBook(())


def _series(value: Iterable[Any]) -> Any:
    return series(value)


def _map(value: Mapping[Any, Any]) -> Any:
    return immutabledict(value)


def _words(value: Iterable[str]) -> Any:
    return frozenset(series(value))


def _words_or_none(value: Iterable[str] | None) -> Any:
    # A lone text stays, for the check to name: its letters are never what was meant.
    return value if value is None or isinstance(value, str) else _words(value)


def _faults_of_segments(segments: Any) -> list[Problem]:
    if segments is None:
        return []
    if not segments:
        return [Problem("empty", "plan.segments", "must name a segment, or be None for all")]
    return misfit("plan.segments", segments, frozenset)


def _faults_of_bands(bands: tuple[Band, ...]) -> Iterator[Problem]:
    yield from faults_of_bands(bands, "motion", None)
    for place, one in enumerate(bands):
        if one.unit not in (None, "touches") and a_currency(one.unit):
            message = f"must be 'touches' or a currency such as 'JPY', not {brief(one.unit)}"
            yield Problem("choice", f"bands[{place}].unit", message)


@frozen(kw_only=True)
class FlowPlan:
    """A firm's own numbers about its flow of companies.

    Attributes:
        since: The first day on which companies are looked at for the target market.
        within_days: Within how many days each step is to lead to the next one: one number, or one
            for each step but the last by its key.
        target: The lowest Tier that is in the target market.
        interest: The level of interest from which on a company is engaged; `None` for the touches
            themselves: one that came as far as interacted.
        stages: Where leads stand of whom no history is kept: where the gate would have left them
            (``"replayed"``), or nowhere (``"kept"``).
        reference: The rate that each passage is held against, by the key of the step into which it
            leads; without it, the other segments of the same product together are.
        segments: Keys of the segments that the firm sells to; `None` for all. The report, the gap
            map and cohorts are then of these, and of companies whose segment is not known; money
            and campaigns are of everybody.
        out_of_market: Keys of engagement states whose companies are out of the market: nobody
            could have sold to them yet.
        statuses: By kind of activity, how far a touch of that kind has come; `None` for kinds that
            are no touch.
        meetings: The kinds of activity that are a meeting held.
        horizons: Within how many days of a touch what follows counts, for both motions.
        campaigns: Tactics, campaigns, what was spent and what is told of them.
        fx: The rates of currencies; `None` where all money is in the playbook's.
        bands: From where to where the firm wants the share of each motion to be, of every unit or
            of one.
        insights: What research says.

    Raises:
        InvalidDataError: Something is of another type or out of range; all of it at once.
    """

    since: date
    within_days: int | Mapping[str, int]
    target: Tier = _TARGET
    interest: str | None = "interested"
    stages: Stages = "replayed"
    reference: Mapping[str, Rate] = field(default=immutabledict(), converter=_map)
    segments: frozenset[str] | None = field(default=None, converter=_words_or_none)
    out_of_market: frozenset[str] = field(
        default=frozenset({"priority_follow_up"}), converter=_words
    )
    statuses: Mapping[str, TouchStatus | None] = field(default=immutabledict(), converter=_map)
    meetings: frozenset[str] = field(default=frozenset(), converter=_words)
    horizons: Mapping[Motion, int] = field(default=HORIZON_DAYS, converter=_map)
    campaigns: CampaignBook = _NO_CAMPAIGNS
    fx: FxTable | None = None
    bands: tuple[Band, ...] = field(default=(), converter=_series)
    insights: tuple[Insight, ...] = field(default=(), converter=_series)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if fault := a_day(self.since):
            problems.append(Problem(fault[0], "plan.since", fault[1]))
        _, faults = windows(COURSE, self.within_days)
        problems += [one.under("plan") for one in faults]
        problems += misfit("plan.target", self.target, Tier)
        if fault := one_of(Stages)(self.stages):
            problems.append(Problem(fault[0], "plan.stages", fault[1]))
        problems += _faults_of_segments(self.segments)
        problems += misfit("plan.campaigns", self.campaigns, CampaignBook)
        problems += misfits("plan.bands", self.bands, Band) or [
            one.under("plan") for one in _faults_of_bands(self.bands)
        ]
        problems += misfits("plan.insights", self.insights, Insight)
        problems += [one.under("plan") for one in faults_of_statuses(self.statuses)]
        try:
            targets(self.reference)
        except InvalidDataError as error:
            problems += [one.under("plan") for one in error.problems]
        if problems:
            raise InvalidDataError(problems)
