"""Tier policies that a firm wrote in Python: asked once per company, and joined back as a table.

They see companies as objects, so that this is the one place where rows leave their engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import narwhals.stable.v2 as nw

from mpfunnel.compiled import failed
from mpfunnel.errors import PolicyError
from mpfunnel.frames.answers import level_of
from mpfunnel.frames.kinds import Frame, Workshop
from mpfunnel.frames.task import Task
from mpfunnel.groups import Member
from mpfunnel.records import Company, Product
from mpfunnel.rules.facts import Fact

__all__ = ["companies_of", "custom_tiers"]

_PLAIN: Final = (
    "name",
    "industry",
    "region",
    "country",
    "corporate_number",
    "employees",
    "growth_rate",
    "parent_id",
)
_TEXTS: Final = ("tier", "possible", "missing", "rule", "because", "instead_of")
_SETS: Final = ("relationships", "lists", "domains")


def companies_of(
    companies: Frame, company_sets: Frame | None, attributes: Sequence[Fact], workshop: Workshop
) -> dict[int, Company]:
    """Return the companies as objects by their number: what has columns, and all sets."""
    sets: dict[int, dict[str, set[str]]] = {}
    if company_sets is not None:
        for row in workshop.rows(company_sets):
            sets.setdefault(row["company_no"], {}).setdefault(row["fact"], set()).add(row["value"])
    return {
        row["company_no"]: _company(row, attributes, sets.get(row["company_no"], {}))
        for row in workshop.rows(companies)
    }


def _company(
    row: Mapping[str, Any], attributes: Sequence[Fact], sets: Mapping[str, set[str]]
) -> Company:
    revenue = row.get("annual_revenue")
    held: dict[str, Any] = {name: row.get(name) for name in _PLAIN}
    held |= {name: sets.get(name) for name in _SETS}
    held["annual_revenue"] = None if revenue is None else Decimal(revenue).scaleb(-2)
    own = {fact.key: _held(fact, row[fact.key]) for fact in attributes}
    own |= {key: sets[key] for key in sets if key not in _SETS}
    if own:
        held["attributes"] = own
    return Company(row["id"], **held)


def _held(fact: Fact, value: Any) -> Any:
    if value is None:
        return None
    if fact.kind == "decimal":
        return Decimal(value).scaleb(-fact.places)
    return date.fromordinal(value) if fact.kind == "date" else value


def custom_tiers(
    companies: Mapping[int, Company | Member], product: Product, task: Task, day: date
) -> tuple[Frame, Frame | None, Sequence[PolicyError]]:
    """Return what a custom policy says of companies: as people read it, and as rules do.

    A company on which the policy fails is undecided, and the others go on.

    Args:
        companies: The companies by their number.
        product: The product.
        task: What is asked.
        day: The day for which the policy is asked.

    Returns:
        The two tables, and how the policy failed.
    """
    places = task.places
    told: dict[str, list[int | str | None]] = {
        name: [] for name in ("company_no", "settled", *_TEXTS)
    }
    fact = places.named("product.tier")
    levels: dict[str, list[int | str | None]] = {"company_no": []}
    if fact is not None:
        levels |= {column: [] for column in places.columns(fact)}
    errors: list[PolicyError] = []
    for number, company in companies.items():
        try:
            one = task.book.tier(company, product, day)
        except PolicyError as error:
            errors.append(error)
            one = failed(task.book.playbook.tiers[product.id], error, task.book.playbook.version)
        row: tuple[int | str | None, ...] = (
            number,
            int(one.settled),
            one.value.key,
            ";".join(tier.key for tier in one.possible),
            ";".join(one.missing),
            one.rule,
            one.because.text(task.lang),
            None if one.instead_of is None else one.instead_of.value.key,
        )
        for name, value in zip(told, row, strict=True):
            told[name].append(value)
        if fact is not None:
            levels["company_no"].append(number)
            for name, value in level_of(one, fact, places).items():
                levels[name].append(int(value))
    answer = task.workshop.small("custom_tiers", told, texts=_TEXTS).with_columns(
        settled=nw.col("settled") == 1
    )
    if fact is None:
        return answer, None, errors
    mays = places.possible(fact).values()
    level = task.workshop.small("custom_levels", levels)
    return answer, level.with_columns(**{name: nw.col(name) == 1 for name in mays}), errors
