"""What is known of groups of companies, said a second time: by straight recursion over parents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from mpfunnel.playbook import Playbook
from mpfunnel.records import CompanyHistory

__all__ = ["told_of_groups"]


def told_of_groups(
    records: Mapping[str, Iterable[Any]], book: Playbook, as_of: date
) -> dict[Any, tuple[int | None, frozenset[str], frozenset[str]]]:
    """What is to be known of each company's group: each walks up to its top."""
    plain = [
        one.on(as_of) if isinstance(one, CompanyHistory) else one for one in records["companies"]
    ]
    companies = {one.id: one for one in plain}

    def top(company_id: Any) -> Any:
        if company_id not in companies or companies[company_id].parent_id is None:
            return company_id
        return top(companies[company_id].parent_id)

    found: dict[Any, Any] = {}
    for company_id in companies:
        members = [one for one in companies.values() if top(one.id) == top(company_id)]
        people = [one.employees for one in members]
        total = None if None in people else min(sum(people), 2**63 - 1)  # type: ignore[arg-type]
        ties = frozenset(tie for one in members for tie in one.relationships)
        owned = frozenset(p for one in members for p in _owned_by(one.id, records, book, as_of))
        found[company_id] = total, ties, owned
    return found


def _owned_by(
    company_id: Any, records: Mapping[str, Iterable[Any]], book: Playbook, as_of: date
) -> Iterable[str]:
    """The products that one company owns."""
    ids = {product.id for product in book.products}
    deals = {
        deal
        for deal in records["deals"]
        if deal.company_id == company_id and _day(deal.opened_at, book) <= as_of
    }
    sound = [deal for deal in deals if {line.product_id for line in deal.lines} <= ids]
    for product_id in ids:
        ends = [
            one.end
            for one in records["contracts"]
            if (one.company_id, one.product_id) == (company_id, product_id) and one.start <= as_of
        ]
        runs = any(end is None or end >= as_of for end in ends)
        lapsed = max((end for end in ends if end is not None and end < as_of), default=date.min)
        won = max(
            (
                _day(deal.closed_at, book)
                for deal in sound
                if deal.status == "won"
                and deal.closed_at is not None
                and _day(deal.closed_at, book) <= as_of
                and product_id in {line.product_id for line in deal.lines}
            ),
            default=None,
        )
        if runs or (won is not None and lapsed < won):
            yield str(product_id)


def _day(at: datetime, book: Playbook) -> date:
    return at.astimezone(UTC).astimezone(ZoneInfo(book.zone)).date()
