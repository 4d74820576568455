"""The specification: what a condition means, what a table decides, and the whole tree of why.

Every other interpreter must agree with this one. A condition has two readings (S3): *now*, with the
facts as they are, and *later*, once the missing facts become known. Each is True, False or None
for unknown. They differ only where missingness itself, or another decision, is asked about.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from attrs import frozen

from mpfunnel.labels import Label, Lang
from mpfunnel.rules.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtMost,
    Compare,
    Condition,
    ContainsAny,
    Exists,
    IsIn,
    IsMissing,
    Leaf,
    Not,
    StartsWith,
)
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import OTHERWISE, Decision, DecisionTable, Part, Scorecard
from mpfunnel.rules.words import in_words, value_in_words

__all__ = ["Explanation", "Finding", "Policy", "Records", "Rows", "decide", "examine", "explain"]

T = TypeVar("T", bound=Hashable)

Records = Mapping[str, Any]
"""Whose facts: the record that holds the facts of each root, for example ``"company"``."""
Rows = Mapping[str, Mapping[Hashable, Any]]
"""What an `Exists` ranges over: for each root, the records by their id."""
Policy = DecisionTable[T] | Scorecard[T]


class Finding(NamedTuple):
    """What one condition came to, and the fact it saw."""

    condition: Condition
    now: bool | None
    later: bool | None
    saw: Any = None
    parts: tuple[Finding, ...] = ()
    about: Hashable = None
    """Which row of an `Exists` it is about."""

    def missing(self) -> Iterator[str]:
        """Yield the open missing facts below conditions that are unknown later (S4)."""
        if self.later is not None:
            return
        if isinstance(self.condition, Leaf):
            # A decision that is not settled is waiting for facts of its own.
            yield from getattr(self.saw, "missing", None) or (self.condition.fact.name,)
        for part in self.parts:
            yield from part.missing()


def examine(condition: Condition, records: Records, rows: Rows) -> Finding:
    """Return what the condition and everything inside it comes to."""
    match condition:
        case Not(inner):
            part = examine(inner, records, rows)
            return Finding(condition, _opposite(part.now), _opposite(part.later), parts=(part,))
        case All(conditions):
            return _joined(condition, [examine(c, records, rows) for c in conditions], False)
        case AnyOf(conditions):
            return _joined(condition, [examine(c, records, rows) for c in conditions], True)
        case Exists(over, inner):
            found = [
                examine(inner, {**records, over: row}, rows)._replace(about=about)
                for about, row in rows[over].items()
            ]
            return _joined(condition, found, True)
        case _:
            return _leaf(condition, records)


def _opposite(reading: bool | None) -> bool | None:
    return None if reading is None else not reading


def _joined(condition: Condition, parts: list[Finding], decisive: bool) -> Finding:
    # One decisive part decides (True in an "or", False in an "and"), else one unknown part.
    def join(readings: list[bool | None]) -> bool | None:
        if decisive in readings:
            return decisive
        return None if None in readings else not decisive

    now = join([part.now for part in parts])
    later = join([part.later for part in parts])
    return Finding(condition, now, later, parts=tuple(parts))


def _leaf(condition: Any, records: Records) -> Finding:
    fact: Fact = condition.fact
    value = fact.read(records[fact.root])
    if isinstance(condition, IsMissing):
        return (
            Finding(condition, True, None)
            if value is None
            else Finding(condition, False, False, value)
        )
    if value is None:
        return Finding(condition, None, None)
    if fact.kind == "level":
        met = {holds(condition, outcome.key) for outcome in value.possible}
        later = met.pop() if len(met) == 1 else None
        return Finding(condition, holds(condition, value.value.key), later, value)
    truth = holds(condition, value)
    return Finding(condition, truth, truth, value)


def holds(leaf: Leaf, value: Any) -> bool:
    """Return whether the leaf is true of a known value, as a record holds it (a key of a level)."""
    fact = leaf.fact
    match leaf:
        case Compare(_, op, literal):
            against = fact.stored(literal)
            match op:
                case ">=":
                    return bool(value >= against)
                case ">":
                    return bool(value > against)
                case "<=":
                    return bool(value <= against)
                case "<":
                    return bool(value < against)
                case "==":
                    return bool(value == against)
                case _:
                    return bool(value != against)
        case IsIn(_, literals):
            return value in [fact.stored(literal) for literal in literals]
        case StartsWith(_, prefixes):
            return bool(value.startswith(prefixes))
        case ContainsAny(_, values):
            return not value.isdisjoint(values)
        case AtLeast(_, level):
            return value in _ladder(fact) and _ladder(fact).index(value) >= _ladder(fact).index(
                level
            )
        case AtMost(_, level):
            return value in _ladder(fact) and _ladder(fact).index(value) <= _ladder(fact).index(
                level
            )
        case _:  # `IsMissing`: a known value is never missing
            return False


def _ladder(fact: Fact) -> tuple[str, ...]:
    return fact.scale.ladder if fact.scale else ()


@frozen
class Explanation(Generic[T]):
    """A decision with every condition that was looked at and the fact that it saw."""

    decision: Decision[T]
    findings: tuple[tuple[str, str, Finding], ...]
    """Per rule or item: its key, what it leads to, and what its condition came to."""

    def text(self, lang: Lang = "en") -> str:
        """Return the tree as lines of text: the answer, then each rule and its conditions."""
        decision = self.decision
        lines = [f"{decision.text(lang)} — {decision.because.text(lang)} [{decision.rule}]"]
        if decision.missing:
            asked = "不足項目: " if lang == "ja" else "missing: "
            lines.append(asked + ", ".join(decision.missing))
        marks = _MARKS[lang]
        for key, leads_to, finding in self.findings:
            lines.append(f"  {marks[finding.now]} {key} → {leads_to}")
            _write(finding, lang, marks, "    ", lines)
        return "\n".join(lines)


_MARKS: Mapping[Lang, Mapping[bool | None, str]] = {
    "en": {True: "yes", False: "no ", None: "?  "},
    "ja": {True: "○", False: "×", None: "？"},
}


def _write(
    finding: Finding, lang: Lang, marks: Mapping[bool | None, str], indent: str, lines: list[str]
) -> None:
    condition = finding.condition
    if isinstance(condition, Leaf):
        saw = finding.saw
        if isinstance(saw, Decision):
            seen = saw.text(lang)
        else:
            seen = value_in_words(condition.fact, condition.fact.shown(saw), lang)
        said = f"{in_words(condition, lang)} ({seen})"
    else:
        said = _JOINTS[lang][type(condition)]
    line = f"{indent}{marks[finding.now]} {said}"
    lines.append(line if finding.about is None else f"{line} · {finding.about}")
    for part in finding.parts:
        _write(part, lang, marks, indent + "  ", lines)


_JOINTS: Mapping[Lang, Mapping[type, str]] = {
    "en": {All: "all of", AnyOf: "any of", Not: "not", Exists: "for some"},
    "ja": {All: "すべて", AnyOf: "いずれか", Not: "否定", Exists: "いずれかの"},
}


def explain(policy: Policy[T], records: Records, rows: Rows | None = None) -> Explanation[T]:
    """Return the decision of a table or scorecard, with everything it looked at.

    A table is looked at up to its first rule that is true later: nothing after it can decide.
    """
    if isinstance(policy, Scorecard):
        return _score(policy, records, rows or {})
    return _decide(policy, records, rows or {})


def decide(policy: Policy[T], records: Records, rows: Rows | None = None) -> Decision[T]:
    """Return the decision of a table or scorecard."""
    return explain(policy, records, rows).decision


def _decide(table: DecisionTable[T], records: Records, rows: Rows) -> Explanation[T]:
    findings: list[tuple[str, str, Finding]] = []
    possible: dict[T, None] = {}
    missing: dict[str, None] = {}
    won = None
    for rule in table.rules:
        finding = examine(rule.when, records, rows)
        findings.append((rule.key, str(rule.outcome), finding))
        if won is None and finding.now:
            won = rule
        if finding.later is not False:
            possible[rule.outcome] = None
            missing.update(dict.fromkeys(finding.missing()))
        if finding.later:
            break
    else:
        possible[table.otherwise] = None
    if won is None:
        value, key, because = table.otherwise, OTHERWISE, table.otherwise_because
    else:
        value, key, because = won.outcome, won.key, won.because
    decision = Decision(value, key, because, tuple(possible), tuple(missing))
    return Explanation(decision, tuple(findings))


def _score(card: Scorecard[T], records: Records, rows: Rows) -> Explanation[T]:
    findings: list[tuple[str, str, Finding]] = []
    parts: list[Part] = []
    missing: dict[str, None] = {}
    score = low = high = 0
    for item in card.items:
        finding = examine(item.when, records, rows)
        findings.append((item.key, f"{item.points:+d}", finding))
        known = finding.now is not None
        points = item.points if finding.now else 0 if known else item.if_unknown
        score += points
        if finding.later is None:
            low += min(0, item.points)
            high += max(0, item.points)
            missing.update(dict.fromkeys(finding.missing()))
        elif finding.later:
            low += item.points
            high += item.points
        if points or not known:
            parts.append(Part(item.key, points, known, item.because))
    value = card.between(score, score)[0]
    met = next((band for band in card.bands if score >= band.at_least), None)
    key = OTHERWISE if met is None else f"{met.at_least}+"
    because = Label(f"{score} points", f"{score}点")
    decision = Decision(value, key, because, card.between(low, high), tuple(missing), tuple(parts))
    return Explanation(decision, tuple(findings))
