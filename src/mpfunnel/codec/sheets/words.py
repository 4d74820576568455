"""What the tables of a playbook may name, told from its plain data before it is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from immutabledict import immutabledict

from mpfunnel import facts
from mpfunnel.codec.attributes import AttributeCheck, default_label
from mpfunnel.codec.checks import is_list
from mpfunnel.codec.conditions import Vocabulary
from mpfunnel.codec.sheets.tables import Wanted
from mpfunnel.codec.tiers import SCORECARD
from mpfunnel.labels import Label
from mpfunnel.playbook import key_of
from mpfunnel.rules.facts import Scale
from mpfunnel.rules.terms import Term

__all__ = ["Words"]

_OUTCOMES = {"segments": "segment", "tiers": "tier", "engagement": "state", "funnel": "stage"}


class _Quiet(AttributeCheck):
    """Takes what is sound; whoever reads the data afterwards says what is not."""

    def fault(self, code: str, path: str, message: str) -> None:
        """Leave the problem to the reader."""


class Words:
    """What the tables of one playbook may name.

    Args:
        data: The plain data of the playbook, whatever is wrong with it.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._check = _Quiet()
        self._data = data
        self._attributes: dict[str, Term] = self._check.attributes(self._table(data, "attributes"))
        models = self._table(data, "engagement")
        products = self._table(data, "products")
        # The states of the firm are those of the first product.
        keys = (key_of(key, self._family(products, key), models) for key in products)
        self._states = self._scale(self._table(models, next(keys, None) or ""))
        self._stages = self._scale(self._table(data, "funnel"))

    def wanted(self, path: str) -> Wanted:
        """Return what a sheet in the place of the table at `path` has to be read as."""
        section, _, rest = path.partition(".")
        states, stages = self._states, self._stages
        labels: Mapping[str, Label] = {}
        own = ""
        card = False
        match section:
            case "engagement":
                model = self._table(self._data, section)
                states = self._scale(self._table(model, rest.rpartition(".")[0]))
                labels = _labels(states)
            case "funnel":
                labels = _labels(stages)
            case _:
                own = "company"
                policy = self._table(self._table(self._data, section), rest)
                card = section == "tiers" and policy.get("kind") == SCORECARD
                if section == "segments":
                    labels = self._labels(self._table(self._data, section))
        words = Vocabulary.of(
            own, states or facts.ENGAGEMENT, self._attributes, stages or facts.STAGES
        )
        currency = self._check.text(self._data, "currency", "", "JPY")
        return Wanted(path, _OUTCOMES[section], words, currency, labels, card)

    def _family(self, products: dict[str, Any], key: str) -> str | None:
        return self._check.text(self._table(products, key), "family", "") or None

    def _table(self, data: dict[str, Any], key: str) -> dict[str, Any]:
        return self._check.table(data, key, "")

    def _labels(self, data: dict[str, Any]) -> dict[str, Label]:
        raw = self._table(data, "labels")
        return {key: label for key in raw if (label := self._check.label(raw, key, "")) is not None}

    def _scale(self, data: dict[str, Any]) -> Scale | None:
        """Return the ladder and the detours of a table; `None` where it has none."""
        labels = self._labels(data)
        ladder, aside = (
            tuple(dict.fromkeys(key for key in given if isinstance(key, str) and key.strip()))
            for given in (data.get(name, []) for name in ("ladder", "detours"))
            if is_list(given)
        )
        if not ladder:
            return None
        keys = (*ladder, *aside)
        return Scale(
            ladder,
            aside,
            immutabledict({key: labels.get(key) or default_label(key) for key in keys}),
        )


def _labels(scale: Scale | None) -> Mapping[str, Label]:
    return scale.labels if scale is not None else {}
