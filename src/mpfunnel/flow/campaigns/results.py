"""Campaign results: what each campaign, tactic and motion cost, whom it reached, what came of it.

Upstream has a long time to bear fruit and downstream a short one; both are the firm's own numbers,
and stand in the text of every figure that rests on them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any, Final, cast

from immutabledict import immutabledict

from mpfunnel.account import Account, company_of
from mpfunnel.calendars import local_day, zone_for
from mpfunnel.errors import (
    InvalidDataError,
    Problem,
    brief,
    misfit,
    misfits,
    near,
    not_a_key,
    series,
    shown,
)
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.effects import Terms, gather
from mpfunnel.flow.campaigns.money import FxTable
from mpfunnel.flow.campaigns.outcomes import RESULTS, CampaignResults
from mpfunnel.flow.campaigns.reckoning import Reckoning
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.campaigns.tactics import MOTIONS
from mpfunnel.flow.campaigns.touches import TouchStatus, faults_of_statuses
from mpfunnel.flow.measures import MIN_N
from mpfunnel.labels import Label, as_label
from mpfunnel.playbook import Playbook
from mpfunnel.plays import Motion
from mpfunnel.records import Id
from mpfunnel.records.checks import Check, a_day, a_number_of

__all__ = ["COST_BASIS", "HORIZON_DAYS", "LOOK_BACK_DAYS", "campaign_results", "checked_terms"]

HORIZON_DAYS: Final[Mapping[Motion, int]] = immutabledict({"upstream": 365, "downstream": 90})
"""Within how many days what follows a touch counts, unless the firm says otherwise."""
LOOK_BACK_DAYS: Final = 365
"""How long before a deal was won a touch is credited, unless the firm says otherwise."""
COST_BASIS: Final = Label("recorded spend", "計上済みの費用")
"""What the spends contain, unless the firm says otherwise."""


def campaign_results(
    playbook: Playbook,
    book: CampaignBook,
    accounts: Iterable[Account],
    *,
    as_of: date,
    statuses: Mapping[str, TouchStatus | None],
    meetings: Collection[str] = (),
    fx: FxTable | None = None,
    horizons: Mapping[Motion, int] = HORIZON_DAYS,
    look_back_days: int = LOOK_BACK_DAYS,
    cost_basis: str | Label = COST_BASIS,
    min_n: int = MIN_N,
) -> CampaignResults:
    """Return what campaigns, tactics and motions cost, whom they reached, and what came of it.

    A company joins a campaign's cohort on the day of the first touch that was delivered to it. What
    follows within the horizon counts (the boundary included) once that time is over; until then the
    company is pending, and the figure immature. Spends count in the return once they are as old.

    Args:
        playbook: The firm's products, zone and currency.
        book: Tactics, campaigns, spends and statistics.
        accounts: The records of the companies, each company once, and of people without company.
        as_of: The day; later records do not count (law 5).
        statuses: By kind of activity, how far a touch of that kind has come; `None` for kinds that
            are no touch. An activity of a campaign whose kind is not there is a reject.
        meetings: The kinds of activity that are a meeting held.
        fx: The rates; `None` where all money is in the playbook's currency.
        horizons: Within how many days what follows counts, for both motions.
        look_back_days: How many days before a deal was won a touch lies at most to be credited.
        cost_basis: What the spends contain, as it stands in the texts of what rests on them, for
            example ``"media spend"``.
        min_n: Of fewer than so many, a share is called small.

    Raises:
        InvalidDataError: Something is of another type or out of range, or contradicts something
            else; all of it at once.
    """
    given = series(accounts)
    terms = checked_terms(
        playbook,
        book,
        as_of=as_of,
        statuses=statuses,
        meetings=meetings,
        fx=fx,
        horizons=horizons,
        look_back_days=look_back_days,
        min_n=min_n,
        others=_faults_of_accounts(given),
    )
    found = gather(book, given, terms)
    table = fx or FxTable(playbook.currency)
    basis = as_label(cost_basis)
    reckoning = Reckoning(book, terms, found.counted, found.credits, table, basis, min_n)
    return reckoning.results(found.rejects)


def checked_terms(
    playbook: Playbook,
    book: CampaignBook,
    *,
    as_of: date,
    statuses: Mapping[str, TouchStatus | None],
    meetings: Collection[str],
    fx: FxTable | None,
    horizons: Mapping[Motion, int],
    look_back_days: int,
    min_n: int,
    others: Iterable[Problem] = (),
) -> Terms:
    """Return how is counted, of arguments as those of `campaign_results`.

    Args:
        playbook: The firm's products, zone and currency.
        book: Tactics, campaigns, spends and statistics.
        as_of: The day.
        statuses: By kind of activity, the status of the touch.
        meetings: The kinds of activity that are a meeting held.
        fx: The rates.
        horizons: By motion, within how many days what follows counts.
        look_back_days: How long before a deal was won a touch is credited.
        min_n: Of fewer than so many, a share is called small.
        others: What else is wrong.

    Raises:
        InvalidDataError: Something is wrong; all of it at once.
    """
    problems = [
        *misfit("playbook", playbook, Playbook),
        *misfit("book", book, CampaignBook),
        *others,
        *_faults_of_settings(as_of, statuses, meetings, horizons, look_back_days, min_n),
    ]
    if fx is not None:
        problems += misfit("fx", fx, FxTable)
    if not problems:
        problems += _faults_between(playbook, book, fx)
    if problems:
        raise InvalidDataError(problems)

    return Terms(
        as_of=as_of,
        day_of=partial(local_day, zone=zone_for(playbook.zone)),
        products={one.id: one for one in playbook.products},
        statuses=statuses,
        meetings=frozenset(meetings),
        horizons=horizons,
        look_back_days=look_back_days,
    )


def _faults_of_accounts(given: Any) -> Iterator[Problem]:
    yield from (wrong := misfits("accounts", given, Account))
    seen: set[Id] = set()
    for place, one in enumerate(() if wrong else cast("tuple[Account, ...]", given)):
        if one.company is not None:
            if (company_id := company_of(one.company).id) in seen:
                message = f"company {brief(company_id)} is there twice"
                yield Problem("duplicate", f"accounts[{place}].company", message)
            seen.add(company_id)


def _faults_of_settings(
    as_of: Any, statuses: Any, meetings: Any, horizons: Any, look_back_days: Any, min_n: Any
) -> Iterator[Problem]:
    yield from faults_of_statuses(statuses)
    if isinstance(meetings, str) or not isinstance(meetings, Collection):
        message = f"must be a collection of kinds of activity, not {brief(meetings)}"
        yield Problem("type", "meetings", message)
    else:
        for kind in cast("Collection[object]", meetings):
            yield from not_a_key("meetings", kind)
    if not isinstance(horizons, Mapping) or set(cast("Any", horizons)) != set(MOTIONS):
        message = "must give days for both: upstream and downstream"
        yield Problem("missing", "horizons", message)
        horizons = {}
    wanted: list[tuple[str, Check, Any]] = [("as_of", a_day, as_of)]
    for key, days in cast("Mapping[Any, Any]", horizons).items():
        wanted.append((f"horizons.{shown(key)}", a_number_of(1), days))
    wanted += [("look_back_days", a_number_of(0), look_back_days), ("min_n", a_number_of(1), min_n)]
    for path, check, value in wanted:
        if fault := check(value):
            yield Problem(fault[0], path, fault[1])


def _faults_between(
    playbook: Playbook, book: CampaignBook, fx: FxTable | None
) -> Iterator[Problem]:
    if fx is not None and fx.currency != playbook.currency:
        message = f"must be {playbook.currency}, the playbook's, not {fx.currency}"
        yield Problem("contradiction", "fx.currency", message)
    products = {one.id for one in playbook.products}
    for name in ("campaigns", "spends"):
        records: tuple[Campaign | Spend, ...] = getattr(book, name)
        for place, one in enumerate(records):
            if one.product_id is not None and one.product_id not in products:
                message = f"no such product {brief(one.product_id)}{near(one.product_id, products)}"
                yield Problem("unknown-product", f"{name}[{place}].product_id", message)
    for place, campaign in enumerate(book.campaigns):
        known = [*RESULTS, *(kpi.key for kpi in book.tactic_of(campaign).kpis)]
        for key in campaign.goals:
            if key not in known:
                message = f"no such figure{near(key, known)}"
                yield Problem("unknown-figure", f"campaigns[{place}].goals.{shown(key)}", message)
