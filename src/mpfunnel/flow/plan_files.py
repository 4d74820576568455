"""A TOML file → the plan of a flow."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attrs import NOTHING, evolve, fields_dict

from mpfunnel.codec.attributes import AttributeCheck
from mpfunnel.codec.checks import is_list, is_table
from mpfunnel.codec.plain import VALUES_AND_DAYS, parse_toml, plain, start_of
from mpfunnel.errors import DecodeError, Problem, misfit
from mpfunnel.flow.balances import Band
from mpfunnel.flow.campaigns.book import CampaignBook
from mpfunnel.flow.campaigns.money import FxRate, FxTable
from mpfunnel.flow.campaigns.records import Campaign, Spend, Statistic
from mpfunnel.flow.campaigns.tactics import TACTICS, Tactic
from mpfunnel.flow.gaps.insights import Insight
from mpfunnel.flow.plan import FlowPlan
from mpfunnel.flow.plan_names import faults_of_names
from mpfunnel.playbook import Playbook
from mpfunnel.tiers import Tier

__all__ = ["load_plan"]

_PLAN: Final = (
    *("since", "within_days", "target", "interest", "stages"),
    *("segments", "reference", "out_of_market"),
)
_TOUCHES: Final = ("touches", "meetings", "horizons")
_LISTS: Final = ("tactics", "campaigns", "spends", "statistics", "rates", "bands", "insights")
_STATUSES: Final = re.compile(r"^statuses\b")
_ROW: Final = re.compile(r"^\.?(\w+)\[(\d+)\]")
_REFERENCES: Final = {
    "unknown-campaign": ("campaign", "campaigns"),
    "unknown-tactic": ("tactic", "tactics"),
}
"""By code, the key under which a row names another one, and the list in which that one is."""
_NAMES: Final = {"campaigns": "id", "tactics": "key"}
"""By list, the key under which its rows have what others call them by."""
_NONE: Final = "none"
"""What stands for kinds of activity that are no touch, and for no level of interest."""

# By its key in the file, what a record calls each of its parts.
_KEYS: Final[Mapping[type, Mapping[str, str]]] = {
    Tactic: {key: key for key in ("key", "label", "motion")},
    Campaign: {
        **{key: key for key in ("id", "tactic", "start", "end", "name")},
        **{"product": "product_id", "audience": "audience", "budget": "budget"},
        **{"currency": "currency", "goals": "goals"},
    },
    Spend: {
        **{"day": "day", "amount": "amount", "campaign": "campaign_id", "tactic": "tactic"},
        **{"currency": "currency", "product": "product_id"},
    },
    Statistic: {
        **{"kpi": "kpi", "day": "day", "value": "value", "of": "of", "campaign": "campaign_id"},
        **{"tactic": "tactic", "source": "source"},
    },
    FxRate: {key: key for key in ("currency", "rate", "start", "end")},
    Band: {key: key for key in ("key", "low", "high", "unit")},
    Insight: {
        **{key: key for key in ("key", "kind", "statement", "evidence", "since", "expires")},
        **{"product": "product_id", "segment": "segment"},
    },
}
_LABELS: Final = ("label", "name", "statement")


def load_plan(source: str | PathLike[str] | Mapping[str, Any], playbook: Playbook) -> FlowPlan:
    """Return the plan of a flow from a file, or from plain data.

    Args:
        source: The path of a TOML file, or what it holds.
        playbook: Whose products, segments, levels of interest, states and currency it is about.

    Raises:
        DecodeError: There is no such file, it does not have the form of a plan, or it names what
            the playbook does not have; all its faults at once, each with its path.
    """
    if isinstance(source, str | PathLike):
        path = Path(source)
        name, data = path.name, parse_toml(start_of(path), path.name)
    elif problems := misfit("", source, Mapping):
        raise DecodeError(problems)
    else:
        name, data = "", dict(source)
    check = _PlanCheck(playbook)
    plan = check.plan(plain(data, name, values=VALUES_AND_DAYS))
    if plan is None or check.problems:
        raise DecodeError(map(_as_written, check.problems))
    return plan


def _as_written(problem: Problem) -> Problem:
    """Return a problem with its path in the words of the file."""
    path = problem.path.removeprefix(".").removesuffix("_id")
    return evolve(problem, path=_STATUSES.sub("touches", path))


class _PlanCheck(AttributeCheck):
    """Reads plans."""

    def __init__(self, playbook: Playbook) -> None:
        super().__init__()
        self._playbook = playbook
        self._products = {str(one.id): one.id for one in playbook.products}
        # By list, the rows of the file that are records, in order; filled once a list is read.
        self._kept: dict[str, list[int]] = {}
        # By list, what others call the rows by that are faulty themselves.
        self._left_out: dict[str, list[Any]] = {key: [] for key in _NAMES}
        self._data: dict[str, Any] = {}

    def fault(self, code: str, path: str, message: str) -> None:
        """Add a problem; that of a record names its row, though rows before it were left out."""
        path = _ROW.sub(self._in_file, path)
        if not self._names_left_out(code, path):
            super().fault(code, path, message)

    def _names_left_out(self, code: str, path: str) -> bool:
        """Return whether all that is wrong is that a row names one whose own faults are told."""
        row = _ROW.match(path)
        if row is None or code not in _REFERENCES:
            return False
        key, within = _REFERENCES[code]
        return self._data[row[1]][int(row[2])][key] in self._left_out[within]

    def _in_file(self, found: re.Match[str]) -> str:
        key, place = found[1], int(found[2])
        return f"{key}[{self._kept[key][place] if key in self._kept else place}]"

    def plan(self, data: dict[str, Any]) -> FlowPlan | None:
        """Return the plan that `data` describes; `None` where it is faulty."""
        self._data = data
        self.keys(data, "", (*_PLAN, *_TOUCHES, *_LISTS))
        for key in ("since", "within_days"):
            if key not in data:
                self.fault("missing", "", f"has no {key}")
        given: dict[str, Any] = {key: data[key] for key in _PLAN if key in data}
        if "target" in given:
            tier = self.built(lambda: Tier(given.pop("target")), "target", own="tier.number")
            given |= {} if tier is None else {"target": tier}
        if given.get("interest") == _NONE:
            given["interest"] = None
        for key in ("out_of_market", "meetings"):
            if key in data:
                # An empty list says that none is meant.
                given[key] = () if data[key] == [] else self.texts(data, key, "")
        given["segments"] = self.texts(data, "segments", "") or None
        touches = self.table(data, "touches", "")
        given["statuses"] = {
            kind: None if status == _NONE else status for kind, status in touches.items()
        }
        if "horizons" in data:
            given["horizons"] = self.table(data, "horizons", "")
        records = {
            kind: self._records(data, key, kind) for key, kind in zip(_LISTS, _KEYS, strict=True)
        }
        book = self.built(
            lambda: CampaignBook(
                records[Campaign],
                records[Spend],
                records[Statistic],
                (*TACTICS, *records[Tactic]),
            ),
            "",
        )
        rates = records[FxRate]
        currency = self._playbook.currency
        table = self.built(lambda: FxTable(currency, rates), "", own="fx.") if rates else None
        names: dict[str, Any] = {
            key: given.get(key, fields_dict(FlowPlan)[key].default)
            for key in ("interest", "segments", "out_of_market")
        }
        for one in faults_of_names(
            self._playbook,
            **names,
            campaigns=records[Campaign],
            spends=records[Spend],
            insights=records[Insight],
        ):
            self.fault(one.code, one.path, one.message)
        if book is not None:
            given["campaigns"] = book
        # Where one of these is missing, the rest is looked at all the same.
        given = {"since": date.min, "within_days": 0, **given}
        return self.built(
            lambda: FlowPlan(**given, fx=table, bands=records[Band], insights=records[Insight]),
            "",
            own="plan.",
        )

    def _records(self, data: dict[str, Any], key: str, kind: type) -> list[Any]:
        """Return the records of one kind; those that are faulty are left out."""
        rows = data.get(key, [])
        if not is_list(rows):
            self.fault("type", key, "must be a list of tables")
            return []
        names, found, kept = _KEYS[kind], list[Any](), list[int]()
        for place, row in enumerate(rows):
            path = f"{key}[{place}]"
            if not is_table(row):
                self.fault("type", path, "must be a table")
                continue
            self.keys(row, path, names)
            given = {names[name]: value for name, value in row.items() if name in names}
            for name in _LABELS:
                if name in given:
                    given[name] = self.label(row, name, path)
            if isinstance(product := given.get("product_id"), str):
                given["product_id"] = self._products.get(product, product)
            parts: Any = fields_dict(kind)
            lacking = [name for name, part in names.items() if parts[part].default is NOTHING]
            lacking = [name for name in lacking if name not in row]
            for name in lacking:
                self.fault("missing", path, f"has no {name}")
            make = partial(kind, **given)
            if not lacking and (one := self.built(make, path, own=f"{kind.__name__.lower()}.")):
                found.append(one)
                kept.append(place)
            elif key in _NAMES:
                self._left_out[key].append(row.get(_NAMES[key]))
        # Those of the file come after those that there are.
        self._kept[key] = [*range(len(TACTICS)), *kept] if kind is Tactic else kept
        return found
