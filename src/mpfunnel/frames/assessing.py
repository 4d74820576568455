"""From tables to the four answers, in tables of the kind that was given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from attrs import fields, frozen

from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfit
from mpfunnel.frames.contract import TABLES
from mpfunnel.frames.kinds import Workshop
from mpfunnel.frames.population import Population
from mpfunnel.frames.situation import NOTHING_KEPT
from mpfunnel.labels import Lang, faults_of_lang

__all__ = ["Progress", "Tables", "assess", "assess_in_parts", "population_of"]

Progress = Callable[[int, int], object]
"""Is told how many parts are done, and of how many."""


@frozen
class Tables:
    """The answers, each a table of the kind that was given.

    Of leads, engagement and plays, `None` where no leads were given; of plays, also where the
    playbook has no rules about them; of by_hand, where no overrides were given.

    Keys, not labels, stand in every column but ``because``; several keys are joined by ``;``.
    Decisions have the columns of their name, ``rule`` and ``because``, and where it is told,
    ``settled`` and ``possible``. All end with ``as_of`` and ``playbook_version``. In
    ``instead_of`` of companies, tiers and engagement stands the key of the value in whose place the
    one in force stands: what the rules say where somebody set it by hand, and what they say without
    limits where a limit decided.

    Attributes:
        companies: company_id and the decision ``segment``, with ``missing``: what to ask for.
        tiers: company_id, product_id, the decision ``tier`` with ``missing``, ``owned``, and where
            Tiers are held: ``proposed``, what today's facts give where it is another one, and
            ``undated``, the facts of which no record says that they held on the day of review.
        leads: lead_id, company_id, the decision ``stage``, for_products, ``entered_on`` (the day of
            the entry of its history, blank where it has none), the decision ``warranted`` by the
            facts, in columns that begin like it, existing_customer and ``contact_<channel>``.
        engagement: lead_id, company_id, product_id, the decision ``state``, interest, score_micro
            and active_days.
        company_products: company_id, product_id, tier, the decision ``position`` (owned,
            in_pipeline, untapped or not_eligible) with ``missing``, best_interest of its people,
            people: how many of them were touched, the decision ``offer`` in columns that begin like
            it, and ``rank`` among the products of the company; the last blank without rules of it.
        plays: lead_id, company_id, product_id (blank where it is about the whole firm), the
            decision ``play``, message, motion, owner, channel, left_out, due, due_by, turn,
            waits_for, not_before, tier, interest, open_deal and contacted_on.
        rejects: The rows that could not be used: table, id, lead_id, column, code and reason.
        by_hand: The overrides that have begun and are no rejects: company_id, lead_id, product_id,
            what, value, by, reason, since, until, follow_up_on, and ``status``: in_force, agreed
            (another one that was given later sets the same value) or expired.
    """

    companies: Any
    tiers: Any
    leads: Any
    engagement: Any
    company_products: Any
    rejects: Any
    by_hand: Any = None
    plays: Any = None


def assess(
    engine: Engine,
    *,
    companies: Any,
    leads: Any = None,
    activities: Any = None,
    deals: Any = None,
    contracts: Any = None,
    sales_events: Any = None,
    overrides: Any = None,
    company_sets: Any = None,
    company_facts: Any = None,
    lead_sets: Any = None,
    activity_products: Any = None,
    deal_lines: Any = None,
    consents: Any = None,
    stage_history: Any = None,
    stage_history_products: Any = None,
    as_of: date | datetime,
    lang: Lang | None = None,
    possible: bool = False,
    dense: bool = False,
    chunks: int = 1,
    progress: Progress | None = None,
) -> Tables:
    """Return the four answers for all rows of tables, as tables of the kind that was given.

    Tables may be of pandas, Polars, PyArrow, DuckDB, PySpark or Ibis, all of one kind. Answers come
    in the order of their keys from pandas, Polars and PyArrow. Lazy tables of Polars stay lazy:
    nothing is worked out before an answer is collected. On DuckDB, PySpark and Ibis what several
    answers stand on is worked out at once, into temporary tables, and the answers are not.

    Args:
        engine: The compiled playbook.
        companies: id; what is known of them: name, industry, region, country, corporate_number,
            employees, annual_revenue, growth_rate, and the custom attributes that rules ask about.
        leads: id; company_id, title, department, source and attributes.
        activities: id, lead_id, kind, at; product_id.
        deals: id, company_id, opened_at, status; closed_at, lead_id, reason, product_id.
        contracts: company_id, product_id, start; end.
        sales_events: lead_id, kind, at; product_id, by, reason, follow_up_on.
        overrides: what, value, by, reason, since, until; company_id, lead_id, product_id,
            follow_up_on. Whose ``until`` is null holds until further notice.
        company_sets: company_id, fact, value: one row for each member of a set of a company, such
            as ``relationships`` and ``lists`` (S21).
        company_facts: company_id, fact, value, since: one row for each value of a fact that holds
            from a day on, as text (S21). It goes before the columns of companies and company_sets.
        lead_sets: lead_id, fact, value: the same of leads, such as ``interests``.
        activity_products: lead_id, activity_id, product_id: where activities have several.
        deal_lines: deal_id, product_id: where deals have several products.
        consents: lead_id, channel, granted, at; basis.
        stage_history: The rows of `mpfunnel.StageHistory.rows`: lead_id, of_lead, number, pursuit,
            stage, entered, left, kind, cause; reason, by, imputed, playbook_version, until,
            follow_up_on. Who has one stands where it says (S20).
        stage_history_products: lead_id, of_lead, number, product_id: one row for each product that
            an entry of a history is about (S21).
        as_of: The day asked about; an aware datetime means its day in the playbook's zone.
        lang: The language of the reasons; the playbook's own where it is `None`.
        possible: Whether leads, engagement and plays tell what is still possible. It costs time.
        dense: Whether engagement lists every lead with every product; otherwise those where the
            state is other than that of no sign, or not settled (S23).
        chunks: Into how many parts the leads are taken, one after the other, so that less memory is
            needed at a time. The answers are the same. Not for DuckDB, PySpark and Ibis.
        progress: Called after each part with how many are done, and of how many.

    Raises:
        InvalidDataError: A table lacks columns or has some of a wrong type, or cannot say which it
            has; all problems at once. What an engine raises when it works out the rows of a lazy
            table, then or when an answer is collected, is its own error.
        MissingExtraError: pandas or PyArrow tables were given, and Polars is not installed.
    """
    given = {
        "companies": companies,
        "leads": leads,
        "activities": activities,
        "deals": deals,
        "contracts": contracts,
        "sales_events": sales_events,
        "overrides": overrides,
        "company_sets": company_sets,
        "company_facts": company_facts,
        "lead_sets": lead_sets,
        "activity_products": activity_products,
        "deal_lines": deal_lines,
        "consents": consents,
        "stage_history": stage_history,
        "stage_history_products": stage_history_products,
    }
    population = population_of(
        engine,
        given,
        as_of=as_of,
        lang=lang,
        possible=possible,
        dense=dense,
        chunks=chunks,
        progress=progress,
    )
    workshop = population.task.workshop
    if chunks == 1:
        left = workshop.leave(population.answers())
    else:
        schemas = {name: one.schema for name, one in population.answers().items()}
        left = workshop.leave_together(population.answers_in_parts, schemas)
    return Tables(**{one.name: left.get(one.name) for one in fields(Tables)})


def assess_in_parts(
    engine: Engine,
    *,
    chunks: int,
    as_of: date | datetime,
    lang: Lang | None = None,
    possible: bool = False,
    dense: bool = False,
    progress: Progress | None = None,
    **tables: Any,
) -> Iterator[tuple[str, Any]]:
    """Yield the answers in tables that need not be in memory all at once.

    For each part of the leads comes a table ``"leads"``, one ``"engagement"`` and, where the
    playbook has rules about them, one ``"plays"``; after the last part come ``"companies"``,
    ``"tiers"``, ``"company_products"``, ``"rejects"`` and, where overrides were given,
    ``"by_hand"``, once each.
    Write each one away before you take the next. All together have the rows that `assess` gives.

    Args:
        engine: The compiled playbook.
        chunks: Into how many parts the leads are taken, as in `assess`.
        as_of: As in `assess`.
        lang: As in `assess`.
        possible: As in `assess`.
        dense: As in `assess`.
        progress: As in `assess`.
        tables: The tables that `assess` takes, by the same names.

    Raises:
        InvalidDataError: As in `assess`; or there is no such table.
        MissingExtraError: As in `assess`.
    """
    population = population_of(
        engine,
        tables,
        as_of=as_of,
        lang=lang,
        possible=possible,
        dense=dense,
        chunks=chunks,
        progress=progress,
    )
    return population.task.workshop.leave_in_parts(population.answers_in_parts())


def population_of(
    engine: Engine,
    tables: Mapping[str, Any],
    *,
    as_of: date | datetime,
    lang: Lang | None = None,
    possible: bool = False,
    dense: bool = False,
    chunks: int = 1,
    progress: Progress | None = None,
    kept: Mapping[str, Sequence[str]] = NOTHING_KEPT,
) -> Population:
    """Return all accounts of tables on one day.

    Args:
        engine: The compiled playbook.
        tables: The tables that `assess` takes, by the same names; `None` where one is not given.
        as_of: As in `assess`.
        lang: As in `assess`.
        possible: As in `assess`.
        dense: As in `assess`.
        chunks: As in `assess`.
        progress: As in `assess`.
        kept: By table, the columns that stay though no rule asks for them, where they are there.

    Raises:
        InvalidDataError: As in `assess`; or there is no such table.
        MissingExtraError: As in `assess`.
    """
    if not isinstance(engine, Engine):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidDataError(misfit("engine", engine, Engine))
    lang = engine.playbook.lang if lang is None else lang
    problems = faults_of_lang(lang)
    problems += [
        Problem("unknown-table", name, f"no such table{did_you_mean(name, TABLES)}")
        for name in tables
        if name not in TABLES
    ]
    if type(chunks) is not int or chunks < 1:
        problems.append(Problem("range", "chunks", f"must be 1 or more, not {brief(chunks)}"))
    if problems:
        raise InvalidDataError(problems)
    given = {name: table for name, table in tables.items() if table is not None}
    given = {"companies": tables.get("companies"), **given}
    workshop = Workshop.of(given)
    if chunks > 1 and not workshop.splits:
        message = f"is for tables in memory; {workshop.kind} takes care of large ones itself"
        raise InvalidDataError([Problem("choice", "chunks", message)])
    return Population(
        engine,
        workshop,
        given,
        as_of=as_of,
        lang=lang,
        possible=possible,
        dense=dense,
        parts=chunks,
        progress=progress,
        kept=kept,
    )
