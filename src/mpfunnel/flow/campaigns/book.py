"""The book of campaigns: tactics, campaigns, what was spent and what was told, checked together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cached_property
from typing import Any

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, near, series
from mpfunnel.flow.campaigns.records import Campaign, Spend, Statistic
from mpfunnel.flow.campaigns.tactics import TACTICS, Kpi, Tactic, check_tactics
from mpfunnel.records import Id

__all__ = ["CampaignBook"]


def _series(value: Iterable[Any]) -> Any:
    # The type checkers cannot follow a generic converter.
    return series(value)


@frozen
class CampaignBook:
    """The campaigns of a firm with all that is recorded of them but touches.

    Attributes:
        campaigns: The campaigns.
        spends: What was spent on them, and on tactics outside of them; two equal ones are two.
        statistics: What is told of them and of tactics, about no person. That of a tactic does
            not include what is told of its campaigns.
        tactics: The tactics that there are.

    Raises:
        InvalidDataError: Something is of another kind, there twice, or names what does not exist;
            money is said to be for another product than its campaign; a statistic does not go with
            its KPI, or is told by touches; all of it at once.
    """

    campaigns: tuple[Campaign, ...] = field(converter=_series)
    spends: tuple[Spend, ...] = field(default=(), converter=_series)
    statistics: tuple[Statistic, ...] = field(default=(), converter=_series)
    tactics: tuple[Tactic, ...] = field(default=TACTICS, converter=_series)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        try:
            check_tactics(self.tactics)
        except InvalidDataError as error:
            problems += error.problems
        problems += misfits("campaigns", self.campaigns, Campaign)
        problems += misfits("spends", self.spends, Spend)
        problems += misfits("statistics", self.statistics, Statistic)
        # What names what is only worth asking once each thing is what it should be.
        if not problems:
            problems += _faults_of_campaigns(self)
            for place, spend in enumerate(self.spends):
                problems += _faults_of_spend(self, f"spends[{place}]", spend)
            problems += _faults_of_statistics(self)
        if problems:
            raise InvalidDataError(problems)

    @cached_property
    def by_id(self) -> Mapping[Id | None, Campaign]:
        """The campaigns by their ids; there is none under `None`."""
        return {one.id: one for one in self.campaigns}

    @cached_property
    def by_tactic(self) -> Mapping[str, Tactic]:
        """The tactics by their keys."""
        return {one.key: one for one in self.tactics}

    def tactic_of(self, record: Campaign | Spend | Statistic) -> Tactic:
        """Return the tactic of a campaign, or of what was spent on it or told of it."""
        if not isinstance(record, Campaign) and record.campaign_id is not None:
            record = self.by_id[record.campaign_id]
        assert record.tactic is not None  # checked when the book was made
        return self.by_tactic[record.tactic]


def _faults_of_campaigns(book: CampaignBook) -> Iterator[Problem]:
    seen: set[Id] = set()
    for place, one in enumerate(book.campaigns):
        path = f"campaigns[{place}]"
        if one.id in seen:
            message = f"{brief(one.id)} is used twice; ids are unique"
            yield Problem("duplicate", f"{path}.id", message)
        seen.add(one.id)
        yield from _faults_of_tactic(book, path, one.tactic)


def _faults_of_tactic(book: CampaignBook, path: str, key: str) -> Iterator[Problem]:
    if key not in book.by_tactic:
        message = f"no such tactic {brief(key)}{near(key, book.by_tactic.keys())}"
        yield Problem("unknown-tactic", f"{path}.tactic", message)


def _faults_of_subject(
    book: CampaignBook, path: str, record: Spend | Statistic
) -> Iterator[Problem]:
    if record.tactic is not None:
        yield from _faults_of_tactic(book, path, record.tactic)
    elif record.campaign_id not in book.by_id:
        hint = near(record.campaign_id, book.by_id.keys())
        message = f"no such campaign {brief(record.campaign_id)}{hint}"
        yield Problem("unknown-campaign", f"{path}.campaign_id", message)


def _faults_of_spend(book: CampaignBook, path: str, spend: Spend) -> Iterator[Problem]:
    yield from _faults_of_subject(book, path, spend)
    if spend.campaign_id in book.by_id and spend.product_id is not None:
        of_campaign = book.by_id[spend.campaign_id].product_id
        if of_campaign not in (None, spend.product_id):
            message = f"its campaign is for {brief(of_campaign)}, not for {brief(spend.product_id)}"
            yield Problem("contradiction", f"{path}.product_id", message)


def _faults_of_statistics(book: CampaignBook) -> Iterator[Problem]:
    seen: set[Any] = set()
    for place, one in enumerate(book.statistics):
        path = f"statistics[{place}]"
        wrong = list(_faults_of_subject(book, path, one))
        campaign = book.by_id.get(one.campaign_id)
        tactic = book.by_tactic.get(one.tactic or (campaign.tactic if campaign else ""))
        # What is about nothing that exists is told already.
        if not wrong and tactic is not None:
            kpis = {kpi.key: kpi for kpi in tactic.kpis}
            if kpi := kpis.get(one.kpi):
                wrong += _faults_of_figure(path, one, kpi)
            else:
                message = f"its tactic has no KPI {brief(one.kpi)}{near(one.kpi, kpis.keys())}"
                wrong.append(Problem("unknown-figure", f"{path}.kpi", message))
        if (key := (one.campaign_id, one.tactic, one.kpi, one.day)) in seen:
            message = f"{brief(one.kpi)} is told twice for {one.day}"
            wrong.append(Problem("duplicate", path, message))
        seen.add(key)
        yield from wrong


def _faults_of_figure(path: str, told: Statistic, kpi: Kpi) -> Iterator[Problem]:
    if kpi.reached is not None:
        message = f"{brief(kpi.key)} is told by touches, which are about people"
        yield Problem("contradiction", f"{path}.kpi", message)
    elif kpi.unit == "count":
        if told.of is not None or type(told.value) is not int:
            message = f"{brief(kpi.key)} is a count: give an integer, and no 'of'"
            yield Problem("type", f"{path}.value", message)
    elif told.of is None and kpi.over == "sum":
        message = "is needed where shares of several days are put together"
        yield Problem("missing", f"{path}.of", message)
    elif told.of is None and told.value > Decimal(1):
        message = "must be at most 1, or say of how many it is"
        yield Problem("range", f"{path}.value", message)
