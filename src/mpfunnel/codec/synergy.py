"""Relations between products, and to whom they are offered or not ⇄ plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from mpfunnel.codec.attributes import label_data, without_none
from mpfunnel.codec.checks import under
from mpfunnel.codec.conditions import Vocabulary, condition_data
from mpfunnel.codec.tables import TableCheck, because_data
from mpfunnel.records import Id
from mpfunnel.rules.conditions import Condition
from mpfunnel.synergy import EVERY, Ineligible, OfferRule, Relation, Synergy

__all__ = ["NOT_ELIGIBLE", "OFFER", "RELATION", "SYNERGY", "SynergyCheck", "synergy_data"]

SYNERGY: Final = ("cool_down_days", "relations", "not_eligible", "offers")
RELATION: Final = ("kind", "source", "target", "when", "key", "because")
NOT_ELIGIBLE: Final = ("product", "when", "key", "because")
OFFER: Final = ("offer", "product", "source", "owned_for_days", "when", "key", "because")


class SynergyCheck(TableCheck):
    """Reads how products go together."""

    def synergy(
        self, data: dict[str, Any], words: Vocabulary, products: Mapping[str, Id]
    ) -> Synergy | None:
        """Return what `data` says of the synergy of products; `None` where a part is faulty.

        Args:
            data: The table.
            words: What its conditions may name.
            products: The ids of products by their text.
        """
        self.keys(data, "synergy", SYNERGY)
        relations = [
            self._relation(raw, at, words, products)
            for at, raw in self._rows(data, "relations", "synergy")
        ]
        rules = [
            self._ineligible(raw, at, words, products)
            for at, raw in self._rows(data, "not_eligible", "synergy")
        ]
        offers = [
            self._offer(raw, at, words, products)
            for at, raw in self._rows(data, "offers", "synergy")
        ]
        if None in (*relations, *rules, *offers):
            return None
        made = cast("list[Relation]", relations), cast("list[Ineligible]", rules)
        given = {name: data[name] for name in ("cool_down_days",) if name in data}
        offered = cast("list[OfferRule]", offers)
        return self.built(lambda: Synergy(*made, offers=offered, **given), "synergy")

    def _relation(
        self, raw: dict[str, Any], path: str, words: Vocabulary, products: Mapping[str, Id]
    ) -> Relation | None:
        self.keys(raw, path, RELATION)
        kind = self.text(raw, "kind", path) if "kind" in raw else None
        if kind is None:
            self.fault("missing", path, "has no kind")
        source = self._id_under(raw, "source", path, products)
        target = self._id_under(raw, "target", path, products)
        when = self._when(raw, path, words)
        key, because = self.text(raw, "key", path), self.label(raw, "because", path)
        if kind is None or source is None or target is None:
            return None
        one: Any = kind
        return self.built(
            lambda: Relation(one, source, target, when, key, because),
            path,
            own="relation.",
        )

    def _ineligible(
        self, raw: dict[str, Any], path: str, words: Vocabulary, products: Mapping[str, Id]
    ) -> Ineligible | None:
        self.keys(raw, path, NOT_ELIGIBLE)
        product = self._id_under({"product": EVERY, **raw}, "product", path, products)
        said = self._reason(raw, path, words)
        if product is None:
            return None
        return self.built(lambda: Ineligible(product=product, **said), path, own="not_eligible.")

    def _offer(
        self, raw: dict[str, Any], path: str, words: Vocabulary, products: Mapping[str, Id]
    ) -> OfferRule | None:
        self.keys(raw, path, OFFER)
        offer = self.text(raw, "offer", path) if "offer" in raw else None
        if offer is None:
            self.fault("missing", path, "has no offer")
        product = self._id_under({"product": EVERY, **raw}, "product", path, products)
        source = self._id_under(raw, "source", path, products) if "source" in raw else None
        when, because = self._when(raw, path, words), self.label(raw, "because", path)
        key, days = self.text(raw, "key", path), raw.get("owned_for_days", 0)
        if offer is None or product is None or (source is None and "source" in raw):
            return None
        return self.built(
            lambda: OfferRule(offer, when, product, source, days, key, because),
            path,
            own="offer.",
        )

    def _when(self, raw: dict[str, Any], path: str, words: Vocabulary) -> Condition | None:
        """Return the condition of what may do without one."""
        return self.condition(raw["when"], f"{path}.when", words) if "when" in raw else None

    def _id_under(
        self, raw: dict[str, Any], key: str, path: str, products: Mapping[str, Id]
    ) -> Id | None:
        """Return the id that stands under `key`; one of no product is left for the playbook."""
        if key not in raw:
            self.fault("missing", path, f"has no {key}")
            return None
        value: object = raw[key]
        if not isinstance(value, str | int) or isinstance(value, bool):
            self.fault("type", under(path, key), "must be the id of a product")
            return None
        return products.get(str(value), value)


def synergy_data(synergy: Synergy, words: Vocabulary) -> dict[str, Any]:
    """Return the synergy of products as plain data; nothing where nothing is declared."""
    return without_none(
        {
            "cool_down_days": synergy.cool_down_days or None,
            "relations": [_relation_data(one, words) for one in synergy.relations] or None,
            "not_eligible": [
                without_none(
                    {
                        "product": None if one.product == EVERY else one.product,
                        "key": one.key,
                        **because_data(one.when, one.because, words),
                    }
                )
                for one in synergy.not_eligible
            ]
            or None,
            "offers": [_offer_data(one, words) for one in synergy.offers] or None,
        }
    )


def _offer_data(one: OfferRule, words: Vocabulary) -> dict[str, Any]:
    return without_none(
        {
            "offer": one.offer.key,
            "product": None if one.product == EVERY else one.product,
            "source": one.source,
            "owned_for_days": one.owned_for_days or None,
            "key": one.key,
            "when": None if one.when is None else condition_data(one.when, words),
            "because": None if one.because is None else label_data(one.because),
        }
    )


def _relation_data(one: Relation, words: Vocabulary) -> dict[str, Any]:
    return without_none(
        {
            "kind": one.kind,
            "source": one.source,
            "target": one.target,
            "key": one.key or None,
            "when": None if one.when is None else condition_data(one.when, words),
            "because": None if one.because is None else label_data(one.because),
        }
    )
