"""Journeys: from a playbook's answers about accounts to who came how far, when, and what then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Final

from immutabledict import immutabledict

from mpfunnel.account import Account, company_of
from mpfunnel.engine import Engine
from mpfunnel.errors import InvalidDataError, Problem, brief, misfits, series
from mpfunnel.flow.campaigns.touches import TouchStatus
from mpfunnel.flow.course import Course, Journey
from mpfunnel.flow.tracing.of_companies import journeys_of_company
from mpfunnel.flow.tracing.of_leads import journeys_of_leads
from mpfunnel.flow.tracing.reading import Link, Stages, Unit, reading_of
from mpfunnel.records import Id
from mpfunnel.tiers import Tier

__all__ = ["journeys"]

_TARGET: Final = Tier(2)
_AS_RECORDED: Final[Mapping[str, TouchStatus | None]] = immutabledict()


def journeys(
    engine: Engine,
    accounts: Iterable[Account],
    *,
    as_of: date | datetime,
    since: date,
    unit: Unit = "company",
    course: Course | None = None,
    target: Tier | Mapping[Id, Tier] = _TARGET,
    interest: str | None = "interested",
    link: Link = "at_entry",
    statuses: Mapping[str, TouchStatus | None] = _AS_RECORDED,
    stages: Stages = "replayed",
) -> tuple[Journey, ...]:
    """Return how far companies or leads have come with each product, and with the whole firm.

    What stands at the end of each day counts: the answers of the playbook as of that day, with the
    records up to it. So what is told as of a day is what `Journey.on` tells of that day later
    (law 5), but for the segment, which is that of `as_of`. Journeys of the product `None` are those
    with the whole firm: a company that pursues two products is on one of them, so that it counts
    once.

    A journey of a **company** shows these steps of a course:

    - ``target``: its Tier is at least `target`, and the product is not ruled out (`not_eligible`),
      from the day `since` on.
    - ``reached``: a touch came as far as delivered. One of the whole firm reaches the company for
      each product for which it is on a journey.
    - ``engaged``: one of its people is at least as interested in the product as `interest` says.
    - a stage of the funnel, such as ``mql``: one of its people stands there or further with the
      product. An open deal shows the step before the last one, whoever is named in it.
    - ``won``: each deal of the company that is won, once; otherwise the day since which it owns the
      product by a contract; otherwise that its people are customers by their histories.

    It ends when it is won, or when the last pursuit or deal ends, as what that ended as; or as
    ``not_target`` when nobody pursues it and it leaves the target market. The next one begins with
    the next pursuit, deal or win, when it comes into the target market of a product that it does
    not own, or at once where another deal is open.

    A journey of a **lead** shows the stages of the ladder, by the history that the account holds,
    and until that begins by the one that the gate would have kept (`Replay.stage_history`). What
    leads off the ladder ends it; what comes after is on the next one.

    Args:
        engine: The playbook.
        accounts: The accounts; no company and no lead twice.
        as_of: The day, which counts up to its end.
        since: The first day on which companies are looked at for the target market. What was
            recorded of days before it counts with its own day, and its target is imputed.
        unit: ``"company"`` or ``"lead"``. People without company are on journeys of leads only.
        course: The steps. Of companies: target, reached, engaged, stages of the ladder, won, in
            this order, each but the last may be absent; `None` for `COURSE`. Of leads: stages of
            the ladder; `None` for all of them.
        target: The lowest Tier of the target market, for all products or each.
        interest: The level of interest from which on a lead is engaged. `None` for the touches
            themselves: one that came as far as interacted.
        link: For which products a stage of a whole lead counts, as histories keep it.
            ``"at_entry"``: those that the entry names; where it names none, those that the lead was
            engaged with on that day. ``"primary"``: of these, the one of the highest interest, then
            the first of the playbook. ``"all"``: these, and all that it was engaged with.
        statuses: By kind of activity, how far such a touch has come; `None` for what is no touch.
            A kind that is not named has been delivered, as whatever the CRM records of a lead.
        stages: Where leads stand of whom no history is kept. ``"replayed"``: where the gate would
            have left them. ``"kept"``: nowhere; with `interest` of `None`, nothing is replayed
            then, and what is told rests on records alone.

    Returns:
        The journeys in the order of their units' ids, then of the products, the whole firm last,
        then of time.

    Raises:
        InvalidDataError: An argument is not what it should be, the course cannot be read from the
            playbook, a company or lead is there twice, or a custom attribute holds a value of
            another type than declared.
        PolicyError: A custom policy broke its contract.
    """
    reading = reading_of(
        engine,
        as_of=as_of,
        since=since,
        course=course,
        unit=unit,
        target=target,
        interest=interest,
        link=link,
        statuses=statuses,
        stages=stages,
    )
    given = series(accounts)
    problems = misfits("accounts", given, Account)
    if problems:
        raise InvalidDataError(problems)
    found: list[Journey] = []
    told: dict[Id, int] = {}
    for place, account in enumerate(given):
        if unit == "lead":
            new = [*journeys_of_leads(account, reading)]
        elif account.company is not None:
            new = [*journeys_of_company(account, reading)]
        else:
            new = []
        problems += _twice(place, account, unit, told)
        found += new
    if problems:
        raise InvalidDataError(problems)
    # Sorting keeps the order within a unit.
    return tuple(sorted(found, key=lambda one: (isinstance(one.unit_id, str), one.unit_id)))


def _twice(place: int, account: Account, unit: Unit, told: dict[Id, int]) -> list[Problem]:
    """Return the problem of each unit that another account has told of."""
    units: Iterable[Id] = ()
    if unit == "lead":
        units = (one.id for one in account.leads)
    elif account.company is not None:
        units = (company_of(account.company).id,)
    return [
        Problem("conflict", f"accounts[{place}]", f"{unit} {brief(one)} is in accounts[{at}] too")
        for one in dict.fromkeys(units)
        if (at := told.setdefault(one, place)) != place
    ]
