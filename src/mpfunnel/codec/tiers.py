"""Tier policies ⇄ plain data: tables, scorecards, limits, and what the caller wrote in Python."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final, cast

from attrs import frozen

from mpfunnel.codec.attributes import without_none
from mpfunnel.codec.checks import is_list, is_table, under
from mpfunnel.codec.conditions import Vocabulary
from mpfunnel.codec.tables import TABLE, TableCheck, because_data, outcome_data, table_data
from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, shown
from mpfunnel.personal import has_address, masked
from mpfunnel.playbook import meaning_of, options_of
from mpfunnel.rules.tables import Band, ScoreItem
from mpfunnel.tiers import (
    Tier,
    TierLimit,
    TierLimits,
    TierPolicy,
    TierScorecard,
    TierTable,
    custom_of,
    is_tier_policy,
)

__all__ = [
    "CARD",
    "ITEM",
    "LIMIT",
    "SCORECARD",
    "Kinds",
    "TierCheck",
    "kinds_by_name",
    "stand_ins",
    "tier_data",
    "unwritable",
]

Kinds = Mapping[str, Callable[..., TierPolicy]]
"""What makes policies that are written in Python, by their kind."""

MAX_TOLD: Final = 200
"""How many characters of an error of a stranger are told."""
SCORECARD: Final = "scorecard"
"""The kind of a scorecard in a file; a table has none."""
_OWN: Final = (TierTable, TierScorecard, TierLimits)
CARD: Final = ("kind", "otherwise", "items", "bands")
ITEM: Final = ("points", "if_unknown", "key", "when", "because")
LIMIT: Final = ("best", "worst", "key", "when", "because")


def kinds_by_name(kinds: Iterable[Any]) -> Kinds:
    """Return what makes policies in Python by their kind.

    Args:
        kinds: Classes, or other callables, each with the text `kind`.

    Raises:
        InvalidDataError: One of them is none, or has no kind, or two have the same.
    """
    found: dict[str, Callable[..., TierPolicy]] = {}
    problems: list[Problem] = []
    for place, make in enumerate(kinds):
        kind: Any = getattr(make, "kind", None)
        if not callable(make) or not isinstance(kind, str) or not kind.strip():
            given = f"{type(make).__name__} {brief(make)}"
            message = f"must be a class or callable with a text kind, not {given}"
            problems.append(Problem("type", f"kinds[{place}]", message))
        elif kind == SCORECARD or kind in found:
            taken = "is a kind of this library" if kind == SCORECARD else "is given twice"
            problems.append(Problem("duplicate", f"kinds[{place}]", f"{brief(kind)} {taken}"))
        else:
            found[kind] = cast("Callable[..., TierPolicy]", make)
    if problems:
        raise InvalidDataError(problems)
    return found


class TierCheck(TableCheck):
    """Reads tier policies."""

    def __init__(self, kinds: Kinds) -> None:
        super().__init__()
        self._kinds = kinds

    def tier_policy(self, data: dict[str, Any], path: str, words: Vocabulary) -> TierPolicy | None:
        """Return the policy that `data` describes; `None` where a part of it is faulty."""
        kind = self.text(data, "kind", path)
        rest = {key: value for key, value in data.items() if key != "limits"}
        if "kind" not in data:
            policy: TierPolicy | None = self._table(rest, path, words)
        elif kind == SCORECARD:
            policy = self._scorecard(rest, path, words)
        else:
            policy = self._custom(rest, path, kind)
        if "limits" not in data:
            return policy
        limits = [self._limit(raw, at, words) for at, raw in self._rows(data, "limits", path)]
        if policy is None or None in limits:
            return None
        made, sound = cast("list[TierLimit]", limits), policy
        return self.built(lambda: TierLimits(sound, made), path)

    def _tier(self, value: Any, path: str) -> Tier | None:
        return self.built(lambda: Tier(value), path, own="tier.number")

    def _table(self, data: dict[str, Any], path: str, words: Vocabulary) -> TierTable | None:
        self.keys(data, path, TABLE)
        return self._rules(data, path, words, "tier", self._tier, TierTable)

    def _scorecard(
        self, data: dict[str, Any], path: str, words: Vocabulary
    ) -> TierScorecard | None:
        self.keys(data, path, CARD)
        items = [self._item(raw, at, words) for at, raw in self._rows(data, "items", path)]
        bands = [self._band(raw, at) for at, raw in self._rows(data, "bands", path)]
        otherwise = self._outcome(data, "otherwise", path, self._tier)
        if otherwise is None or None in (*items, *bands):
            return None
        made = cast("list[ScoreItem]", items), cast("list[Band[Tier]]", bands)
        return self.built(lambda: TierScorecard(*made, otherwise), path)

    def _item(self, raw: dict[str, Any], path: str, words: Vocabulary) -> ScoreItem | None:
        self.keys(raw, path, ITEM)
        given = {key: raw[key] for key in ("points", "if_unknown") if key in raw}
        said = self._reason(raw, path, words)
        if "points" not in raw:
            self.fault("missing", path, "has no points")
            return None
        return self.built(lambda: ScoreItem(**given, **said), path)

    def _band(self, raw: dict[str, Any], path: str) -> Band[Tier] | None:
        self.keys(raw, path, ("at_least", "tier"))
        tier = self._outcome(raw, "tier", path, self._tier)
        if "at_least" not in raw:
            self.fault("missing", path, "has no at_least")
            return None
        band = self.built(lambda: Band(raw["at_least"], tier), path)
        return cast("Band[Tier] | None", band) if tier is not None else None

    def _limit(self, raw: dict[str, Any], path: str, words: Vocabulary) -> TierLimit | None:
        self.keys(raw, path, LIMIT)
        tiers: dict[str, Any] = {
            key: self._tier(raw[key], under(path, key)) for key in ("best", "worst") if key in raw
        }
        given = {**tiers, **self._reason(raw, path, words)}
        return None if None in tiers.values() else self.built(lambda: TierLimit(**given), path)

    def _custom(self, data: dict[str, Any], path: str, kind: str) -> TierPolicy | None:
        self.keys(data, path, ("kind", "options"))
        at = f"{path}.options"
        options = self.table(data, "options", path)
        make = self._kinds.get(kind)
        if make is None:
            # No name in a file makes code run: only what the caller hands over does.
            known = (SCORECARD, *self._kinds)
            others = (
                f"; known are {', '.join(known)}; name others by load(…, kinds=[…]) or --policy"
            )
            message = f"no such kind '{shown(kind)}'{did_you_mean(kind, known) or others}"
            self.fault("unknown-kind", f"{path}.kind", message)
            return None
        if days := [*_days(options, at)]:
            for day in days:
                self.fault("type", day, "must be text where a day is meant, such as '2026-04-01'")
            return None
        try:
            policy: object = make(**options)
        except InvalidDataError as error:
            for problem in error.problems:
                self.fault(problem.code, problem.under(at).path, problem.message)
            return None
        except Exception as error:
            # Whatever the caller's own code raises is a fault of what the file gave it.
            self.fault("policy", at, f"{shown(kind)} refuses them: {_told(error)}")
            return None
        made: Any = getattr(policy, "kind", None)
        if not is_tier_policy(policy) or made != kind:
            given = f"kind {brief(made)}" if is_tier_policy(policy) else brief(policy)
            self.fault("policy", f"{path}.kind", f"{shown(kind)} made no policy of it, but {given}")
            return None
        return policy


def _told(error: Exception) -> str:
    """Return an error of a stranger as a message can show it."""
    try:
        text = str(error)[:MAX_TOLD]
    except Exception:
        # Its __str__ may raise anything, too.
        text = "…"
    return f"{type(error).__name__}: {masked(text) if has_address(text) else text}"


def _days(value: object, path: str) -> Iterable[str]:
    """Yield the paths of the days in options: JSON has none, so that they would be two things."""
    if is_table(value):
        for key, one in value.items():
            yield from _days(one, under(path, shown(key)))
    elif is_list(value):
        for place, one in enumerate(value):
            yield from _days(one, f"{path}[{place}]")
    elif isinstance(value, date):
        yield path


def tier_data(policy: TierPolicy, words: Vocabulary) -> dict[str, Any]:
    """Return a tier policy as plain data; there must be nothing `unwritable` in it."""
    if isinstance(policy, TierLimits):
        limits = [_limit_data(limit, words) for limit in policy.limits]
        return {**tier_data(policy.policy, words), "limits": limits}
    if isinstance(policy, TierTable):
        return table_data(policy, "tier", words)
    if isinstance(policy, TierScorecard):
        return {
            "kind": SCORECARD,
            "otherwise": outcome_data(policy.otherwise),
            "bands": [
                {"at_least": band.at_least, "tier": outcome_data(band.outcome)}
                for band in policy.bands
            ],
            "items": [_item_data(item, words) for item in policy.items],
        }
    return without_none({"kind": policy.kind, "options": _as_data(options_of(policy)) or None})


def _item_data(item: ScoreItem, words: Vocabulary) -> dict[str, Any]:
    return without_none(
        {
            "points": item.points,
            "if_unknown": item.if_unknown or None,
            "key": item.key,
            **because_data(item.when, item.because, words),
        }
    )


def _limit_data(limit: TierLimit, words: Vocabulary) -> dict[str, Any]:
    bounds = {"best": limit.best, "worst": limit.worst}
    return without_none(
        {
            **{name: one and one.number for name, one in bounds.items()},
            "key": limit.key,
            **because_data(limit.when, limit.because, words),
        }
    )


def _as_data(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _as_data(one) for key, one in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, tuple | list):
        return [_as_data(one) for one in cast("Iterable[Any]", value)]
    return value


def unwritable(policy: TierPolicy) -> str | None:
    """Return why no file can hold a policy; `None` where one can."""
    inner = policy.policy if isinstance(policy, TierLimits) else policy
    for one in (policy, inner):
        if isinstance(one, _OWN) and type(one) not in _OWN:
            return f"is a {type(one).__name__}, a kind of its own, which no file can hold"
    return f"has the kind '{SCORECARD}' of this library" if inner.kind == SCORECARD else None


@frozen
class _ReadBack:
    """Stands for a policy written in Python, as a file names it."""

    kind: str
    tiers: tuple[Tier, ...]
    options: Mapping[str, Any]
    tier_for: None = None
    """Nobody asks it."""


class _StandIn:
    """Makes what stands for the policies of one kind while what was written is read back."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.tiers: dict[str, tuple[Tier, ...]] = {}

    def __call__(self, **options: Any) -> TierPolicy:
        tiers = self.tiers.get(_text(options), ())
        return cast("TierPolicy", _ReadBack(self.kind, tiers, options))


def _text(options: Mapping[str, Any]) -> str:
    # As the meaning of a policy has them: what was a tuple or a float is a list or a decimal now.
    return json.dumps(meaning_of(_ReadBack("", (), options)))


def stand_ins(policies: Iterable[TierPolicy]) -> list[Callable[..., TierPolicy]]:
    """Return kinds that read back what was written of `policies`, without running their code."""
    found: dict[str, _StandIn] = {}
    for policy in policies:
        custom = custom_of(policy)
        if custom is not None:
            stand_in = found.setdefault(custom.kind, _StandIn(custom.kind))
            stand_in.tiers[_text(options_of(custom))] = tuple(custom.tiers)
    return [*found.values()]
