"""A playbook → plain data in its canonical order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from mpfunnel.codec.attributes import attribute_data, default_label, label_data, without_none
from mpfunnel.codec.cases import case_data
from mpfunnel.codec.conditions import Vocabulary
from mpfunnel.codec.formats import FORMAT
from mpfunnel.codec.lifecycle import lifecycle_data
from mpfunnel.codec.plays import plays_data
from mpfunnel.codec.synergy import synergy_data
from mpfunnel.codec.tables import table_data
from mpfunnel.codec.tiers import tier_data, unwritable
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.errors import PlaybookError, Problem, shown
from mpfunnel.playbook import EVERY, FAMILY, Playbook, key_of
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import Leaf, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.terms import Term, term_for
from mpfunnel.segments import Segment
from mpfunnel.stages import FunnelStage

__all__ = ["playbook_data"]


def playbook_data(book: Playbook) -> dict[str, Any]:
    """Return the plain data of a playbook: tables, lists and values, dates as dates.

    Raises:
        PlaybookError: A tier policy is of a kind that no file can hold.
    """
    custom = [
        Problem("custom", f"tiers.{shown(key)}", why)
        for key, policy in book.tiers.items()
        if (why := unwritable(policy)) is not None
    ]
    if custom:
        raise PlaybookError(custom)
    used = _attributes(book)
    terms = {name: term_for(fact) for name, fact in used.items()}
    about_companies = Vocabulary.of("company", book.scale, terms)
    about_leads = Vocabulary.of("", book.scale, terms, book.funnel.scale)
    funnel = book.funnel
    return without_none(
        {
            "format": FORMAT,
            "name": book.name and label_data(book.name),
            "lang": book.lang,
            "zone": book.zone,
            "currency": book.currency,
            "tier_review_dates": [f"{month:02}-{day:02}" for month, day in book.tier_review_dates]
            or None,
            "products": {str(product.id): _product(product) for product in book.products},
            "attributes": attribute_data(used.values()) or None,
            "segments": {
                **table_data(book.segments, "segment", about_companies),
                **_labels(book.segments.outcomes),
            },
            "tiers": _of_products(
                book.products, book.tiers, lambda policy: tier_data(policy, about_companies)
            ),
            "engagement": _of_products(
                book.products, book.engagement, lambda model: _model(model, terms)
            ),
            "funnel": {
                **_scale(funnel.ladder, funnel.detours),
                "quiet_days": funnel.quiet_days,
                "deals_without_lead": funnel.deals_without_lead,
                **lifecycle_data(funnel),
                **table_data(funnel.rules, "stage", about_leads),
            },
            "synergy": synergy_data(book.synergy, about_companies) or None,
            "plays": plays_data(book.plays, about_leads) or None,
            "cases": [case_data(case, book) for case in book.cases] or None,
        }
    )


def _labels(values: Iterable[Segment | EngagementState | FunnelStage]) -> dict[str, Any]:
    labels = {
        one.key: label_data(one.label) for one in values if one.label != default_label(one.key)
    }
    return {"labels": labels} if labels else {}


def _scale(
    ladder: tuple[EngagementState | FunnelStage, ...],
    detours: tuple[EngagementState | FunnelStage, ...],
) -> dict[str, Any]:
    return {
        "ladder": [one.key for one in ladder],
        "detours": [one.key for one in detours],
        **_labels((*ladder, *detours)),
    }


def _product(product: Product) -> dict[str, Any]:
    return without_none(
        {
            "id": product.id if isinstance(product.id, int) else None,
            "name": product.name and label_data(product.name),
            "family": product.family,
            "grade": product.grade,
            "lifecycle": product.lifecycle,
            "sold_from": product.sold_from,
            "sold_until": product.sold_until,
        }
    )


def _attributes(book: Playbook) -> dict[str, Fact]:
    return {
        node.fact.name: node.fact
        for when in book.conditions
        for node in walk(when)
        if isinstance(node, Leaf) and node.fact.within == "attributes"
    }


def _of_products(
    products: Sequence[Product],
    policies: Mapping[Id, Any],
    data_of: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """Return policies by product; once for a family that shares one, and for most products."""
    data = {product.id: data_of(policies[product.id]) for product in products}
    # As text, because two dicts are equal whatever the order of their conditions.
    texts = {product_id: json.dumps(one, default=str) for product_id, one in data.items()}
    shared: dict[str, Id] = {}
    common = _most_common(texts, [product.id for product in products])
    if common is not None:
        shared[EVERY] = common
    families: dict[str, list[Id]] = {}
    for product in products:
        if product.family is not None:
            families.setdefault(product.family, []).append(product.id)
    for family, members in families.items():
        most = _most_common(texts, members)
        if most is None or len(members) == 1:
            continue
        if common is None or texts[most] != texts[common]:
            shared[FAMILY + family] = most
    found = {key: data[product_id] for key, product_id in shared.items()}
    for product in products:
        key = key_of(str(product.id), product.family, found)
        if key is None or texts[shared[key]] != texts[product.id]:
            found[str(product.id)] = data[product.id]
    return found


def _most_common(texts: Mapping[Id, str], ids: Sequence[Id]) -> Id | None:
    """Return the first of the ids that has the most common text; `None` where none is shared."""
    text, count = Counter(texts[one] for one in ids).most_common(1)[0]
    if count == 1 and len(ids) > 1:
        return None
    return next(one for one in ids if texts[one] == text)


def _model(model: EngagementModel, attributes: Mapping[str, Term]) -> dict[str, Any]:
    words = Vocabulary.of("", model.scale, attributes)
    return without_none(
        {
            "half_life_days": model.half_life_days,
            "company_wide_per_mille": model.company_wide_per_mille,
            "cap": model.cap,
            "floor": model.floor,
            **_scale(model.ladder, model.detours),
            "signals": [_signal(signal) for signal in model.signals],
            "interest": table_data(model.interest, "state", words),
            "states": table_data(model.states, "state", words),
        }
    )


def _signal(signal: Signal) -> dict[str, Any]:
    usual = signal.label == default_label(signal.kind)
    return without_none(
        {
            "kind": signal.kind,
            "points": signal.points,
            "cap": signal.cap,
            "cool_down_days": signal.cool_down_days or None,
            "fades": None if signal.fades else False,
            "raises_hand_days": signal.raises_hand_days or None,
            "label": None if usual else label_data(signal.label),
        }
    )
