"""Hypothesis strategies for records: companies, leads, and whole accounts of a playbook.

For properties of your own, such as "a partner never has Tier 1". Needs the extra ``hypothesis``;
the checks of `mpfunnel.testing` do without.

    from hypothesis import given
    from mpfunnel.testing import strategies as mst

    @given(mst.companies(attributes={"plants": st.integers(0, 5)}))
    def test_partners_wait(company): ...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, get_args

from attrs import evolve

from mpfunnel.account import Account, Relative
from mpfunnel.errors import MissingExtraError
from mpfunnel.playbook import Playbook
from mpfunnel.records import (
    Activity,
    Channel,
    Company,
    Consent,
    Contract,
    Deal,
    DealLine,
    DealStatus,
    Id,
    Lead,
    Relationship,
    SalesEvent,
    SalesEventKind,
    Value,
)

try:
    from hypothesis import strategies as st
except ImportError as error:
    needed = "mpfunnel.testing.strategies needs Hypothesis: pip install 'mpfunnel[hypothesis]'"
    raise MissingExtraError(needed) from error

__all__ = ["accounts", "companies", "leads"]

_INDUSTRIES: Final = ("製造業", "情報通信業", "小売業")
_REGIONS: Final = ("関東", "近畿", "中部")
_TITLES: Final = ("部長", "課長", "担当")
_REASONS: Final = ("timing", "budget", "price")
_DAYS: Final = 800
_CLOCKS: Final = (time(0, 0), time(9, 30), time(23, 59, 59))


def companies(
    *,
    ids: st.SearchStrategy[Id] | None = None,
    industries: Sequence[str] = _INDUSTRIES,
    regions: Sequence[str] = _REGIONS,
    lists: Sequence[str] = ("target",),
    attributes: Mapping[str, st.SearchStrategy[Value]] | None = None,
) -> st.SearchStrategy[Company]:
    """Return a strategy for companies, of which anything may be unknown.

    Args:
        ids: Their ids; small integers by default.
        industries: The industries that there are.
        regions: The regions that there are.
        lists: The target lists that there are.
        attributes: Custom attributes: how each is drawn, where it is known.
    """
    return st.builds(
        Company,
        st.integers(1, 9) if ids is None else ids,
        name=_maybe(st.sampled_from(("Nagimine Works", "Kasugai Metal"))),
        corporate_number=_maybe(st.integers(0, 10**13 - 1).map("{:013}".format)),
        industry=_maybe(st.sampled_from(industries)),
        employees=_maybe(st.integers(0, 20_000)),
        annual_revenue=_maybe(st.integers(0, 10**12)),
        growth_rate=_maybe(st.integers(-50, 200).map(lambda percent: percent / 100)),
        region=_maybe(st.sampled_from(regions)),
        country=_maybe(st.sampled_from(("JP", "US"))),
        relationships=_some(get_args(Relationship)),
        lists=_some(lists),
        attributes=st.fixed_dictionaries({}, optional=dict(attributes or {})),
    )


def leads(
    *,
    ids: st.SearchStrategy[Id] | None = None,
    company_ids: st.SearchStrategy[Id | None] | None = None,
    titles: Sequence[str] = _TITLES,
    as_of: date = date(2026, 10, 31),
) -> st.SearchStrategy[Lead]:
    """Return a strategy for leads, of whom anything may be unknown.

    Args:
        ids: Their ids; small integers by default.
        company_ids: The ids of their companies; none by default.
        titles: The titles that there are.
        as_of: The day about which they said whether they may be contacted.
    """
    consents = st.builds(
        Consent, st.sampled_from(get_args(Channel)), st.booleans(), _instants(as_of)
    )
    return st.builds(
        Lead,
        st.integers(1, 9) if ids is None else ids,
        st.none() if company_ids is None else company_ids,
        title=_maybe(st.sampled_from(titles)),
        source=_maybe(st.sampled_from(("exhibition", "web"))),
        consents=st.lists(consents, max_size=2),
    )


@st.composite
def accounts(
    draw: st.DrawFn,
    playbook: Playbook,
    *,
    company: st.SearchStrategy[Company | None] | None = None,
    as_of: date = date(2026, 10, 31),
    most: int = 8,
) -> Account:
    """Return a strategy for accounts whose records hang together: none of them is a reject.

    Now and then the company has subsidiaries, of which some own products.

    Args:
        draw: Draws; Hypothesis passes it.
        playbook: Its products, and its kinds of activities.
        company: The company, or `None`; any by default.
        as_of: The day about which things happen, most of them before it.
        most: How many activities there are at most; half as many deals and sales events.
    """
    known = draw(company if company is not None else st.none() | companies())
    company_id = None if known is None else known.id
    lead_ids = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
    people = tuple(
        draw(leads(ids=st.just(one), company_ids=st.just(company_id), as_of=as_of))
        for one in lead_ids
    )
    products: list[Any] = [product.id for product in playbook.products]
    kinds = {signal.kind for model in playbook.engagement.values() for signal in model.signals}
    lead_id, product_id = st.sampled_from(lead_ids), st.sampled_from(products)
    at, reason = _instants(as_of), _maybe(st.sampled_from(_REASONS))
    activities = st.builds(
        Activity,
        st.integers(1, 10**6),
        lead_id,
        st.sampled_from(sorted(kinds)),
        at,
        st.sets(product_id, max_size=2),
    )
    events = st.builds(
        SalesEvent,
        lead_id,
        st.sampled_from(get_args(SalesEventKind)),
        at,
        _maybe(product_id),
        reason=reason,
    )
    # Without a company there is nobody to buy.
    bought = 0 if company_id is None else most // 2
    deals = st.lists(_deals(company_id or 0, lead_id, product_id, as_of), max_size=bought)
    contracts = st.lists(_contracts(company_id or 0, product_id, as_of), max_size=min(bought, 2))
    return Account(
        known,
        leads=people,
        activities=draw(st.lists(activities, max_size=most, unique_by=lambda one: one.id)),
        deals=[] if known is None else {one.id: one for one in draw(deals)}.values(),
        contracts=draw(contracts),
        sales_events=draw(st.lists(events, max_size=most // 2)),
        relatives=[
            draw(_relatives(one, company_id, product_id, as_of))
            for one in _ids_beside(company_id)[: draw(st.sampled_from((0, 0, 0, 1, 2)))]
        ],
    )


def _ids_beside(company_id: Id | None) -> list[Id]:
    """Return ids for relatives of a company, of the type of its own."""
    if company_id is None:
        return []
    if isinstance(company_id, str):
        return [f"{company_id}/{number}" for number in (1, 2)]
    return [number for number in (101, 102, 103) if number != company_id]


@st.composite
def _relatives(
    draw: st.DrawFn,
    relative_id: Id,
    parent_id: Id | None,
    product_id: st.SearchStrategy[Id],
    as_of: date,
) -> Relative:
    company = draw(companies(ids=st.just(relative_id)))
    deals = st.lists(_deals(relative_id, st.nothing(), product_id, as_of), max_size=2)
    return Relative(
        evolve(company, parent_id=parent_id),
        deals={one.id: one for one in draw(deals)}.values(),
        contracts=draw(st.lists(_contracts(relative_id, product_id, as_of), max_size=2)),
    )


@st.composite
def _deals(
    draw: st.DrawFn,
    company_id: Id,
    lead_id: st.SearchStrategy[Id],
    product_id: st.SearchStrategy[Id],
    as_of: date,
) -> Deal:
    status = draw(st.sampled_from(get_args(DealStatus)))
    opened, closed = sorted((draw(_instants(as_of)), draw(_instants(as_of))))
    return Deal(
        draw(st.integers(1, 10**6)),
        company_id,
        opened,
        [DealLine(one) for one in sorted(draw(st.sets(product_id, max_size=2)), key=str)],
        status=status,
        closed_at=None if status == "open" else closed,
        lead_id=draw(_maybe(lead_id)),
        reason=draw(_maybe(st.sampled_from(_REASONS))) if status == "lost" else None,
    )


@st.composite
def _contracts(
    draw: st.DrawFn, company_id: Id, product_id: st.SearchStrategy[Id], as_of: date
) -> Contract:
    start, end = sorted((draw(_days(as_of)), draw(_days(as_of))))
    return Contract(company_id, draw(product_id), start, draw(st.sampled_from((end, None))))


def _days(as_of: date) -> st.SearchStrategy[date]:
    """Days about `as_of`: near ones first, and some that are still to come."""
    return st.integers(-_DAYS, 30).map(lambda days: as_of + timedelta(days))


def _instants(as_of: date) -> st.SearchStrategy[datetime]:
    clocks = st.sampled_from(_CLOCKS)
    return st.builds(datetime.combine, _days(as_of), clocks, st.just(UTC))


def _maybe(known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | known


def _some(keys: Sequence[str]) -> st.SearchStrategy[Any]:
    return st.sets(st.sampled_from(keys), max_size=2) if keys else st.just(frozenset[str]())
