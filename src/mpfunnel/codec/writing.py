"""A playbook → plain data in its canonical order."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mpfunnel.codec.attributes import attribute_data, default_label, label_data, without_none
from mpfunnel.codec.cases import case_data
from mpfunnel.codec.conditions import ConditionCheck, Vocabulary, condition_data
from mpfunnel.codec.lifecycle import lifecycle_data
from mpfunnel.codec.reading import EVERY, FORMAT
from mpfunnel.engagement import EngagementModel, EngagementState, Signal
from mpfunnel.errors import PlaybookError, Problem
from mpfunnel.playbook import Playbook
from mpfunnel.records import Id, Product
from mpfunnel.rules.conditions import Leaf, walk
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import DecisionTable, Rule
from mpfunnel.rules.terms import Term, term_for
from mpfunnel.rules.words import reason_of
from mpfunnel.segments import Segment
from mpfunnel.stages import FunnelStage
from mpfunnel.tiers import Tier, TierTable

__all__ = ["playbook_data"]


def playbook_data(book: Playbook) -> dict[str, Any]:
    """Return the plain data of a playbook: tables, lists and values, dates as dates.

    Raises:
        PlaybookError: A tier policy is written in Python, which no file can hold.
    """
    custom = [
        Problem("custom", f"tiers.{key}", "is a policy written in Python, which no file can hold")
        for key, policy in book.tiers.items()
        if type(policy) is not TierTable
    ]
    if custom:
        raise PlaybookError(custom)
    used = _attributes(book)
    terms = {name: term_for(fact) for name, fact in used.items()}
    about_companies = Vocabulary.of("company", book.scale, terms)
    about_leads = Vocabulary.of("", book.scale, terms)
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
                **_table(book.segments, "segment", about_companies),
                **_labels(book.segments.outcomes),
            },
            "tiers": _of_products(
                book.products, book.tiers, lambda table: _table(table, "tier", about_companies)
            ),
            "engagement": _of_products(
                book.products, book.engagement, lambda model: _model(model, terms)
            ),
            "funnel": {
                **_scale(funnel.ladder, funnel.detours),
                "quiet_days": funnel.quiet_days,
                "deals_without_lead": funnel.deals_without_lead,
                **lifecycle_data(funnel),
                **_table(funnel.rules, "stage", about_leads),
            },
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
    tables: list[DecisionTable[Any]] = [book.segments, book.funnel.rules]
    tables += [policy for policy in book.tiers.values() if isinstance(policy, TierTable)]
    for model in book.engagement.values():
        tables += [model.interest, model.states]
    return {
        node.fact.name: node.fact
        for table in tables
        for when in table.conditions
        for node in walk(when)
        if isinstance(node, Leaf) and node.fact.within == "attributes"
    }


def _of_products(
    products: Iterable[Product],
    policies: Mapping[Id, Any],
    data_of: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """Return the policies by product, and once for all others that of most products."""
    by_key = {str(product.id): data_of(policies[product.id]) for product in products}
    # As text, because two dicts are equal whatever the order of their conditions.
    texts = {key: json.dumps(data, default=str) for key, data in by_key.items()}
    common, count = Counter(texts.values()).most_common(1)[0]
    if EVERY in by_key or (count == 1 and len(by_key) > 1):
        return by_key
    first = next(key for key, text in texts.items() if text == common)
    others = {key: data for key, data in by_key.items() if texts[key] != common}
    return {EVERY: by_key[first], **others}


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
            "interest": _table(model.interest, "state", words),
            "states": _table(model.states, "state", words),
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


def _table(table: DecisionTable[Any], outcome: str, words: Vocabulary) -> dict[str, Any]:
    usual = table.otherwise_because == DecisionTable[Any]((), None).otherwise_because
    return without_none(
        {
            "otherwise": _outcome(table.otherwise),
            "otherwise_because": None if usual else label_data(table.otherwise_because),
            "rules": [_rule(rule, outcome, words) for rule in table.rules],
        }
    )


def _rule(rule: Rule[Any], outcome: str, words: Vocabulary) -> dict[str, Any]:
    when = condition_data(rule.when, words)
    # The words of the condition as the file has it: a fact may have another label in there.
    usual = rule.because == reason_of(ConditionCheck().condition(when, "", words))
    return without_none(
        {
            outcome: _outcome(rule.outcome),
            "key": rule.key,
            "when": when,
            "because": None if usual else label_data(rule.because),
        }
    )


def _outcome(value: Any) -> Any:
    return value.number if isinstance(value, Tier) else value.key
