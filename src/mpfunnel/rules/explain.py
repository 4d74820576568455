"""The specification: what a condition means, what a table decides, and the whole tree of why.

Every other interpreter must agree with this one. A condition has two readings (S3): *now*, with the
facts as they are, and *later*, once the missing facts become known. Each is True, False or None
for unknown. They differ only where missingness itself, or another decision, is asked about.

The first half says what is meant, as plainly as it can be said. The second half tells it to people,
and keeps what it has told: records that come to the same differ only in the values seen.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, Generic, NamedTuple, TypeVar

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError
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
    walk,
)
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.limits import Limited, limited
from mpfunnel.rules.tables import (
    OTHERWISE,
    Decision,
    DecisionTable,
    Part,
    Scorecard,
    score_in_words,
)
from mpfunnel.rules.words import in_words, named, unknown, wording

__all__ = [
    "BEFORE_LIMITS",
    "Explanation",
    "Finding",
    "Looked",
    "Policy",
    "Records",
    "Rows",
    "decide",
    "examine",
    "explain",
    "holds",
]

T = TypeVar("T", bound=Hashable)

Records = Mapping[str, Any]
"""Whose facts: the record that holds the facts of each root, for example ``"company"``."""
Rows = Mapping[str, Mapping[Hashable, Any]]
"""What an `Exists` ranges over: for each root, the records by their id."""
Policy = DecisionTable[T] | Scorecard[T] | Limited[T]

MAX_POLICIES: Final = 256
"""How many policies are kept ready to be explained before all are forgotten."""
MAX_KEPT: Final = 4_096
"""How many ways to come to the same are kept per policy, and classes per fact, likewise."""


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
    value = fact.read(records[fact.given])
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


Looked = tuple[str, Hashable, Finding]
"""Of a rule or item: its key, the outcome or signed points, and what its condition came to."""


def decide(policy: Policy[T], records: Records, rows: Rows | None = None) -> Decision[T]:
    """Return the decision of a table or scorecard, within its limits where it has any."""
    return _answer(policy, records, rows or {})[0]


def _answer(
    policy: Policy[T], records: Records, rows: Rows
) -> tuple[Decision[T], tuple[Looked, ...]]:
    if isinstance(policy, Limited):
        decision, looked = _answer(policy.policy, records, rows)
        readings = [examine(limit.when, records, rows) for limit in policy.limits]
        bounds = [
            (limit.key, limit.outcome, reading)
            for limit, reading in zip(policy.limits, readings, strict=True)
        ]
        answer = limited(decision, policy.limits, readings, policy.outcomes)
        return answer, (*looked, *bounds)
    if isinstance(policy, Scorecard):
        return _score(policy, records, rows)
    return _decide(policy, records, rows)


def _decide(
    table: DecisionTable[T], records: Records, rows: Rows
) -> tuple[Decision[T], tuple[Looked, ...]]:
    findings: list[Looked] = []
    possible: dict[T, None] = {}
    missing: dict[str, None] = {}
    won = None
    for rule in table.rules:
        finding = examine(rule.when, records, rows)
        findings.append((rule.key, rule.outcome, finding))
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
    return decision, tuple(findings)


def _score(
    card: Scorecard[T], records: Records, rows: Rows
) -> tuple[Decision[T], tuple[Looked, ...]]:
    findings: list[Looked] = []
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
    because = score_in_words(score, parts)
    decision = Decision(value, key, because, card.between(low, high), tuple(missing), tuple(parts))
    return decision, tuple(findings)


_MARKS: Final[Mapping[Lang, Mapping[bool | None, str]]] = {
    "en": {True: "yes", False: "no ", None: "?  "},
    "ja": {True: "○", False: "×", None: "？"},
}
BEFORE_LIMITS: Final = Label("instead of", "制限前")
"""What stands before the decision in whose place that of a limit stands."""

_JOINTS: Final[Mapping[Lang, Mapping[type, str]]] = {
    "en": {All: "all of", AnyOf: "any of", Not: "not", Exists: "for some"},
    "ja": {All: "すべて", AnyOf: "いずれか", Not: "否定", Exists: "いずれかの"},
}


class _Text(NamedTuple):
    """A text with gaps for the values seen."""

    pieces: list[str]
    """What stands between the gaps; each gap is held open by a blank piece."""
    says: tuple[tuple[int, Callable[[Any], str]], ...]
    """The place of each value that is told, and what puts it into words."""
    gaps: tuple[int, ...]
    """Which of `says` fills each gap."""

    def filled(self, saw: tuple[Any, ...]) -> str:
        said = [say(saw[place]) for place, say in self.says]
        pieces = self.pieces.copy()
        pieces[1::2] = [said[gap] for gap in self.gaps]
        return "".join(pieces)


@frozen(eq=False)
class _Shape(Generic[T]):
    """What all records that come to the same have in common: everything but the values seen."""

    decision: Decision[T]
    looked: tuple[Looked, ...]
    """As found for the first such record."""
    places: tuple[int, ...]
    """For each leaf in `looked`, in order: the place of its value among those seen."""
    texts: dict[Lang, _Text] = field(init=False, factory=dict[Lang, _Text])

    def __reduce__(self) -> tuple[Any, ...]:
        # Texts hold functions that do not travel, and are soon written again.
        return _Shape, (self.decision, self.looked, self.places)

    def text(self, saw: tuple[Any, ...], lang: Lang) -> str:
        text = self.texts.get(lang)
        if text is None:
            text = self.texts[lang] = self._written(lang)
        return text.filled(saw)

    def _written(self, lang: Lang) -> _Text:
        marks = _MARKS[lang]
        pieces = ["\n".join(_heading(self.decision, lang))]
        # Equal facts may be said in different units and words: each is told as its leaf has it.
        numbers: dict[tuple[int, int], int] = {}
        says: list[tuple[int, Callable[[Any], str]]] = []
        gaps: list[int] = []
        places = iter(self.places)
        for key, leads_to, finding in self.looked:
            pieces[-1] += f"\n  {marks[finding.now]} {key} → {named(leads_to, lang)}"
            for depth, at in _outer_first(finding):
                pieces[-1] += f"\n    {'  ' * depth}{marks[at.now]} "
                about = "" if at.about is None else f" · {at.about}"
                if not isinstance(at.condition, Leaf):
                    pieces[-1] += f"{_JOINTS[lang][type(at.condition)]}{about}"
                    continue
                fact, place = at.condition.fact, next(places)
                pieces[-1] += f"{in_words(at.condition, lang)} ("
                if at.saw is None:
                    # Missing in one record that comes to the same is missing in all of them.
                    pieces[-1] += unknown(lang)
                else:
                    gap = numbers.setdefault((place, id(fact)), len(says))
                    if gap == len(says):
                        says.append((place, _saying(fact, lang)))
                    gaps.append(gap)
                    pieces += ("", "")
                pieces[-1] += f"){about}"
        return _Text(pieces, tuple(says), tuple(gaps))

    def findings(self, saw: tuple[Any, ...]) -> tuple[Looked, ...]:
        values = iter([saw[place] for place in self.places])
        return tuple((key, leads_to, _with(values, at)) for key, leads_to, at in self.looked)


def _heading(decision: Decision[Any], lang: Lang) -> Iterator[str]:
    yield _line(decision, lang)
    if decision.missing:
        yield ("不足項目: " if lang == "ja" else "missing: ") + ", ".join(decision.missing)
    if decision.instead_of is not None:
        yield f"{BEFORE_LIMITS.text(lang)}: {_line(decision.instead_of, lang)}"


def _line(decision: Decision[Any], lang: Lang) -> str:
    answer, because = decision.text(lang), decision.because.text(lang)
    # A reason that only repeats the answer, or the name of the rule, is no second reason.
    reason = "" if because in (answer, decision.rule) else f" — {because}"
    return f"{answer}{reason} [{decision.rule}]"


def _outer_first(finding: Finding, depth: int = 0) -> Iterator[tuple[int, Finding]]:
    yield depth, finding
    for part in finding.parts:
        yield from _outer_first(part, depth + 1)


def _saying(fact: Fact, lang: Lang) -> Callable[[Any], str]:
    """Return what puts known values into words, as records hold them."""
    if fact.kind == "level":
        return lambda decision: decision.text(lang)
    say = wording(fact, lang)
    if fact.minor:
        return lambda value: say(fact.shown(value))
    return say


def _with(values: Iterator[Any], finding: Finding) -> Finding:
    """Return the finding with the values, leaf by leaf, in place of what it saw."""
    if isinstance(finding.condition, Leaf):
        return finding._replace(saw=next(values))
    return finding._replace(parts=tuple([_with(values, part) for part in finding.parts]))


@frozen(eq=False)
class Explanation(Generic[T]):
    """A decision with every condition that was looked at and the fact that it saw."""

    decision: Decision[T]
    _shape: _Shape[T] = field(repr=False)
    _saw: tuple[Any, ...] = field(repr=False)

    @property
    def findings(self) -> tuple[Looked, ...]:
        """Per rule or item looked at: its key, what it leads to, what its condition came to."""
        return self._shape.findings(self._saw)

    def text(self, lang: Lang = "en") -> str:
        """Return the tree as lines of text: the answer, then each rule and its conditions."""
        return self._shape.text(self._saw, lang)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Explanation):
            return NotImplemented
        mine, its = (self.decision, self.findings), (other.decision, other.findings)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        return mine == its

    def __hash__(self) -> int:
        return hash(self.decision)


class _Teller(Generic[T]):
    """A policy, and what it was found to say.

    What it says depends on a fact only through the *class* of its value: what the conditions on
    that fact can tell apart. The specification is asked once for each combination of classes.
    """

    def __init__(self, policy: Policy[T]) -> None:
        self._policy = policy
        leaves: dict[Fact, dict[Leaf, None]] = {}
        ranged = False
        for condition in policy.conditions:
            for at in walk(condition):
                ranged = ranged or isinstance(at, Exists)
                if isinstance(at, Leaf):
                    leaves.setdefault(at.fact, {})[at] = None
        self._ranged = ranged
        self._places = {fact: place for place, fact in enumerate(leaves)}
        self._asked = [(fact, _class_of(fact, tuple(group))) for fact, group in leaves.items()]
        self._kept: dict[tuple[Hashable, ...], _Shape[T]] = {}
        self._shared: dict[Hashable, _Shape[T]] = {}

    def explain(self, records: Records, rows: Rows) -> Explanation[T]:
        """Return the decision, with everything it looked at."""
        if self._ranged:
            return self._anew(records, rows)
        saw: list[Any] = []
        classes: list[Hashable] = []
        try:
            for fact, class_of in self._asked:
                value = fact.read(records[fact.given])
                saw.append(value)
                classes.append(None if value is None else class_of(value))
        except (AttributeError, InvalidDataError, KeyError, TypeError):
            # What cannot be read matters only where the specification comes to it.
            return self._anew(records, rows)
        key = tuple(classes)
        shape = self._kept.get(key)
        if shape is None:
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
                self._shared.clear()
            shape = self._kept[key] = self._shape(records, rows)
        return Explanation(shape.decision, shape, tuple(saw))

    def _anew(self, records: Records, rows: Rows) -> Explanation[T]:
        decision, looked = _answer(self._policy, records, rows)
        saw = tuple(at.saw for at in _all_in(looked) if isinstance(at.condition, Leaf))
        return Explanation(decision, _Shape(decision, looked, tuple(range(len(saw)))), saw)

    def _shape(self, records: Records, rows: Rows) -> _Shape[T]:
        decision, looked = _answer(self._policy, records, rows)
        found = _all_in(looked)
        places = tuple(
            self._places[at.condition.fact] for at in found if isinstance(at.condition, Leaf)
        )
        # Many combinations come to the same, for example all that the first rule decides.
        return self._shared.setdefault(
            (decision, tuple([(at.now, at.later) for at in found])),
            _Shape(decision, looked, places),
        )


def _all_in(looked: Sequence[Looked]) -> list[Finding]:
    return [at for _, _, finding in looked for _, at in _outer_first(finding)]


def _class_of(fact: Fact, leaves: Sequence[Leaf]) -> Callable[[Any], Hashable]:
    """Return what tells known values apart that any of the leaves tells apart, and hardly more."""
    if fact.kind == "level":
        return _itself
    if fact.kind in ("int", "decimal", "float", "date"):
        cuts = sorted({fact.stored(value) for leaf in leaves for value in _literals(leaf)})
        if all(isinstance(leaf, Compare) and leaf.op in (">=", "<") for leaf in leaves):
            return partial(bisect_right, cuts)
        # Twice the number of literals below the value, and one more where it equals one.
        return lambda value: bisect_left(cuts, value) + bisect_right(cuts, value)

    def met(value: Any) -> int:
        # Which leaves are true, as the bits of a number: that is looked up faster than a tuple.
        return sum(holds(leaf, value) << bit for bit, leaf in enumerate(leaves))

    return lru_cache(MAX_KEPT)(met)


def _itself(decision: Hashable) -> Hashable:
    return decision


def _literals(leaf: Leaf) -> tuple[Any, ...]:
    match leaf:
        case Compare(_, _, value):
            return (value,)
        case IsIn(_, values):
            return values
        case _:  # `IsMissing` compares with nothing
            return ()


_TELLERS: Final[dict[int, _Teller[Any]]] = {}
"""By the identity of their policy, which they keep alive: equal policies may have different labels,
and hashing a policy costs more than asking it."""


def explain(policy: Policy[T], records: Records, rows: Rows | None = None) -> Explanation[T]:
    """Return the decision of a table or scorecard, with everything it looked at.

    A table is looked at up to its first rule that is true later: nothing after it can decide.
    Of a scorecard every item is looked at, and of limits every one.
    """
    teller = _TELLERS.get(id(policy))
    if teller is None:
        if len(_TELLERS) >= MAX_POLICIES:
            _TELLERS.clear()
        teller = _TELLERS[id(policy)] = _Teller(policy)
    return teller.explain(records, rows or {})
