"""What the plan of a flow names, and its playbook does not have.

A misspelt key would match nothing, and nobody would miss what it was meant for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from mpfunnel.errors import Problem, brief, near
from mpfunnel.flow.campaigns.records import Campaign, Spend
from mpfunnel.flow.gaps.insights import Insight
from mpfunnel.flow.tracing.reading import faults_of_interest
from mpfunnel.playbook import Playbook

__all__ = ["faults_of_names"]


def faults_of_names(
    playbook: Playbook,
    *,
    interest: Any,
    segments: Iterable[str] | None,
    out_of_market: Iterable[str],
    campaigns: Iterable[Campaign],
    spends: Iterable[Spend],
    insights: Iterable[Insight],
) -> Iterator[Problem]:
    """Yield what parts of a plan name that the playbook does not have.

    Args:
        playbook: The playbook.
        interest: The level of interest from which on a company is engaged; `None` for none.
        segments: Keys of the segments that the firm sells to; `None` for all.
        out_of_market: Keys of engagement states.
        campaigns: Whose products are looked for.
        spends: Whose products are looked for.
        insights: Whose products and segments are looked for.
    """
    yield from faults_of_interest(interest, playbook.scale)
    known = [one.key for one in playbook.segments.outcomes]
    for key in sorted(set(segments or ()).difference(known), key=str):
        yield from _unknown("segment", "unknown-level", "segments", key, known)
    states = playbook.scale.keys
    for key in sorted(set(out_of_market).difference(states), key=str):
        yield from _unknown("state", "unknown-level", "out_of_market", key, states)
    products = [one.id for one in playbook.products]
    about: dict[str, Iterable[Campaign | Spend | Insight]]
    about = {"campaigns": campaigns, "spends": spends, "insights": insights}
    for name, records in about.items():
        for place, one in enumerate(records):
            path = f"{name}[{place}].product_id"
            yield from _unknown("product", "unknown-product", path, one.product_id, products)
    for place, one in enumerate(insights):
        path = f"insights[{place}].segment"
        yield from _unknown("segment", "unknown-level", path, one.segment, known)


def _unknown(
    what: str, code: str, path: str, key: object, known: Collection[object]
) -> Iterator[Problem]:
    if key is not None and key not in known:
        yield Problem(code, path, f"no such {what} {brief(key)}{near(key, known)}")
