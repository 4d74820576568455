"""Tables, taken in once for all that is told of the flow of companies."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from itertools import chain
from typing import Any, Final, Self

from immutabledict import immutabledict

from mpfunnel.account import Account
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.flow.balances import Effort
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.money import FxTable
from mpfunnel.flow.campaigns.outcomes import CampaignResults
from mpfunnel.flow.campaigns.reckoning import Reckoning
from mpfunnel.flow.campaigns.results import (
    COST_BASIS,
    HORIZON_DAYS,
    LOOK_BACK_DAYS,
    checked_terms,
)
from mpfunnel.flow.campaigns.touches import TouchStatus
from mpfunnel.flow.course import Course, Journey
from mpfunnel.flow.looking import Look, faults_of_look, looked_at, spent_in
from mpfunnel.flow.measures import MIN_N
from mpfunnel.flow.periods import Period
from mpfunnel.flow.plan import FlowPlan
from mpfunnel.flow.tables.campaigns import count_campaigns, count_touches, touches_of
from mpfunnel.flow.tables.companies import accounts_in
from mpfunnel.flow.tables.people import PeopleOfTables
from mpfunnel.flow.tracing.of_companies import journeys_of_company
from mpfunnel.flow.tracing.reading import Reading, reading_of
from mpfunnel.flow.worth import deal_amounts
from mpfunnel.frames.assessing import population_of
from mpfunnel.frames.door import REJECTED
from mpfunnel.frames.kinds import Frame, polars
from mpfunnel.frames.people import People
from mpfunnel.frames.population import Gathered, Population
from mpfunnel.labels import Label, as_label
from mpfunnel.plays import Motion
from mpfunnel.records import Id
from mpfunnel.tiers import Tier

__all__ = ["FlowTables"]

_KEPT: Final = {
    "activities": ("kind", "at_day", "campaign_id"),
    "deals": ("amount", "currency"),
}
"""What the flow asks for, and no rule."""
_TARGET: Final = Tier(2)
_AS_RECORDED: Final[Mapping[str, TouchStatus | None]] = immutabledict()


class FlowTables:
    """The tables of a firm, from which its flow of companies is told.

    What is told is what the functions of the same names tell of accounts (law 1), where these rest
    on records alone: a company is engaged by its touches, and its people stand where their stage
    histories say. On which day somebody became interested, or a stage was warranted of whom no
    history is kept, a replay of accounts knows. Rows of a stage history that contradict each other
    tell nothing (S17), not even of the days before they did, of which accounts know.

    Tables may be of every kind that `mpfunnel.frames.assess` takes. Activities are added up in
    their own engine; what is known of each company comes out of it. Several questions of the same
    tables cost little more than one; `close` them at the end, or ask within a ``with`` block.

    Args:
        engine: The playbook.
        as_of: The day up to whose end everything is told; an aware datetime means its day in the
            playbook's zone.
        tables: The tables that `mpfunnel.frames.assess` takes, by the same names; activities with
            ``campaign_id``, deals with ``amount`` and ``currency`` where campaigns are asked about.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type, or is none that is
            known; all problems at once.
        MissingExtraError: pandas or PyArrow tables were given, and Polars is not installed.
    """

    def __init__(self, engine: Engine, *, as_of: date | datetime, **tables: Any) -> None:
        self._taken: Population | None = population_of(engine, tables, as_of=as_of, kept=_KEPT)
        self._engine = engine
        self._as_of = self._taken.task.day
        self._touched: dict[Any, Frame | None] = {}
        # Rejects of activities of campaigns, which several questions may tell.
        self._refused: list[Frame] = []

    def journeys(
        self,
        *,
        since: date,
        course: Course | None = None,
        target: Tier | Mapping[Id, Tier] = _TARGET,
        statuses: Mapping[str, TouchStatus | None] = _AS_RECORDED,
    ) -> tuple[Journey, ...]:
        """Return how far companies have come with each product, and with the whole firm.

        See `mpfunnel.flow.journeys`, with `interest` of `None` and `stages` of ``"kept"``.

        Args:
            since: The first day on which companies are looked at for the target market.
            course: The steps; `None` for `COURSE`.
            target: The lowest Tier of the target market, for all products or each.
            statuses: By kind of activity, how far such a touch has come; `None` for what is no
                touch. A kind that is not named has been delivered.

        Raises:
            InvalidDataError: An argument is not what it should be, or the course cannot be read
                from the playbook.
            PolicyError: A custom policy broke its contract.
        """
        reading = reading_of(
            self._engine,
            as_of=self._as_of,
            since=since,
            course=course,
            unit="company",
            target=target,
            interest=None,
            link="at_entry",
            statuses=statuses,
            stages="kept",
        )
        found = self._journeys(reading)
        return tuple(sorted(found, key=lambda one: (isinstance(one.unit_id, str), one.unit_id)))

    def look(self, plan: FlowPlan, *, period: Period) -> Look:
        """Return the flow of companies in a period: see `mpfunnel.flow.look`.

        Args:
            plan: The firm's own numbers, with `interest` of `None` and `stages` of ``"kept"``.
            period: The period, which begins by the day of these tables.

        Raises:
            InvalidDataError: The plan asks for what a replay alone knows, the period begins later,
                or the plan names a state, product or segment that the playbook does not have.
            PolicyError: A custom policy broke its contract.
        """
        problems = faults_of_look(self._engine, plan, period, self._as_of)
        if isinstance(plan, FlowPlan):  # pyright: ignore[reportUnnecessaryIsInstance]
            problems = [*_replayed(plan), *problems]
        if problems:
            raise InvalidDataError(problems)
        found = self.journeys(since=plan.since, target=plan.target, statuses=plan.statuses)
        return looked_at(
            plan,
            found,
            period=period,
            as_of=self._as_of,
            amounts=deal_amounts(
                self._engine.playbook, found, self._accounts, as_of=self._as_of, fx=plan.fx
            ),
            out_of_market=self._out_of_market(plan),
            results=self._results(plan),
            efforts=[
                *spent_in(self._engine.playbook.currency, plan, period, self._as_of),
                *self._efforts(plan, period),
            ],
        )

    def campaign_results(
        self,
        book: CampaignBook,
        *,
        statuses: Mapping[str, TouchStatus | None],
        meetings: Collection[str] = (),
        fx: FxTable | None = None,
        horizons: Mapping[Motion, int] = HORIZON_DAYS,
        look_back_days: int = LOOK_BACK_DAYS,
        cost_basis: str | Label = COST_BASIS,
        min_n: int = MIN_N,
    ) -> CampaignResults:
        """Return what campaigns cost, whom they reached, and what came of it.

        See `mpfunnel.flow.campaign_results`. What could not be used is among `rejects` here, and
        not in the results.

        Args:
            book: Tactics, campaigns, spends and statistics.
            statuses: By kind of activity, how far a touch of that kind has come; `None` for kinds
                that are no touch. An activity of a campaign whose kind is not there is a reject.
            meetings: The kinds of activity that are a meeting held.
            fx: The rates; `None` where all money is in the playbook's currency.
            horizons: Within how many days what follows counts, for both motions.
            look_back_days: How many days before a deal was won a touch lies at most to be credited.
            cost_basis: What the spends contain, as it stands in the texts of what rests on them.
            min_n: Of fewer than so many, a share is called small.

        Raises:
            InvalidDataError: Something is of another type or out of range, or contradicts something
                else; all of it at once.
        """
        playbook = self._engine.playbook
        terms = checked_terms(
            playbook,
            book,
            as_of=self._as_of,
            statuses=statuses,
            meetings=meetings,
            fx=fx,
            horizons=horizons,
            look_back_days=look_back_days,
            min_n=min_n,
        )
        facts, _ = self._gathered
        found = count_campaigns(
            self._touches(book, statuses), facts, self._population.sorting, book, terms
        )
        table, basis = fx or FxTable(playbook.currency), as_label(cost_basis)
        return Reckoning(book, terms, found.counted, found.credits, table, basis, min_n).results(())

    @property
    def rejects(self) -> Any:
        """The rows that could not be used in what was told so far, as a table of the kind given.

        Its columns are the first of those of the rejects of `mpfunnel.frames.assess`: table, id,
        lead_id, column, code and reason.

        Raises:
            MissingExtraError: Polars is not installed.
        """
        workshop = self._population.task.workshop
        rows = workshop.rows(self._population.rejects())
        refused = (workshop.rows(one.select(*REJECTED)) for one in self._refused)
        once = dict.fromkeys(tuple(row.values()) for row in chain.from_iterable(refused))
        rows += [dict(zip(REJECTED, one, strict=True)) for one in once]
        pl = polars("tables of rejects")
        told = pl.DataFrame(rows, schema=dict.fromkeys(REJECTED, pl.String)).sort(REJECTED)
        return workshop.hand_out("rejects", told)

    def close(self) -> None:
        """Let go of what was worked out of the tables; nothing can be asked afterwards.

        On DuckDB, that is in temporary tables, which otherwise last as long as their connection.
        Rejects that were handed out stay.
        """
        if self._taken is not None:
            self._taken.task.workshop.leave({})
            self._taken = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    @property
    def _population(self) -> Population:
        if self._taken is None:
            message = "were closed; ask before that, or take them in again"
            raise InvalidDataError([Problem("closed", "tables", message)])
        return self._taken

    @cached_property
    def _gathered(self) -> Gathered:
        return self._population.gather()

    @cached_property
    def _people(self) -> People | None:
        return self._population.people(self._gathered)

    @cached_property
    def _accounts(self) -> tuple[Account, ...]:
        """The companies in the order of their numbers, without people."""
        return accounts_in(self._population)

    def _journeys(self, reading: Reading) -> Iterator[Journey]:
        people = PeopleOfTables(self._gathered, self._population.sorting, reading)
        accounts = self._accounts
        for account, one in zip(accounts, people.of(len(accounts)), strict=True):
            yield from journeys_of_company(account, reading, one)

    def _touches(
        self, book: CampaignBook, statuses: Mapping[str, TouchStatus | None]
    ) -> Frame | None:
        """Return the touches of campaigns; what of them cannot be told is turned away once."""
        key = book, immutabledict(statuses)
        if key not in self._touched:
            facts, _ = self._gathered
            rejects = self._population.door.rejects
            known = len(rejects)
            self._touched[key] = touches_of(facts, self._population.sorting, book, statuses)
            self._refused += rejects[known:]
            del rejects[known:]
        return self._touched[key]

    def _results(self, plan: FlowPlan) -> CampaignResults | None:
        if not plan.campaigns.campaigns:
            return None
        return self.campaign_results(
            plan.campaigns,
            statuses=plan.statuses,
            meetings=plan.meetings,
            horizons=plan.horizons,
            fx=plan.fx,
        )

    def _efforts(self, plan: FlowPlan, period: Period) -> Iterator[Effort]:
        """Yield the touches of campaigns in the period."""
        book, last = plan.campaigns, min(period.last, self._as_of)
        if not book.campaigns:
            return
        touches = self._touches(book, plan.statuses)
        counts = count_touches(touches, self._population.sorting, book, period.first, last)
        for campaign_id, times in counts.items():
            campaign = book.by_id[campaign_id]
            yield Effort(times, "touches", book.tactic_of(campaign).motion, campaign.product_id)

    def _out_of_market(self, plan: FlowPlan) -> frozenset[tuple[Id, Id]]:
        """Return companies, each with a product for which somebody of it is out of the market."""
        population = self._population
        people = self._people if plan.out_of_market else None
        if people is None:
            return frozenset()
        companies = population.facts.companies.select("company_no", "id")
        found = people.in_states(plan.out_of_market).join(companies, on="company_no")
        products = [*population.task.book.products]
        rows = population.task.workshop.rows(found.select("id", "about"))
        return frozenset((row["id"], products[int(row["about"])]) for row in rows)


def _replayed(plan: FlowPlan) -> Iterator[Problem]:
    """Yield what a plan asks for that a replay alone knows."""
    message = "of tables is told by records alone; a replay of accounts knows more"
    if plan.interest is not None:
        yield Problem("choice", "plan.interest", f"must be None: what is engaged {message}")
    if plan.stages != "kept":
        yield Problem("choice", "plan.stages", f"must be 'kept': where leads stand {message}")
