"""Decision tables and scorecards, and the decision that they give."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from attrs import evolve, field, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, misfits, series
from mpfunnel.labels import Label, Lang, as_label, counted
from mpfunnel.rules.conditions import Condition, as_condition, check_size
from mpfunnel.rules.words import named, reason_of, unknown

__all__ = [
    "Asked",
    "Band",
    "Decision",
    "DecisionTable",
    "Part",
    "Rule",
    "ScoreItem",
    "Scorecard",
    "Way",
]

T = TypeVar("T", bound=Hashable)

OTHERWISE: Final = "otherwise"
RESERVED: Final = frozenset(
    {OTHERWISE, "by-hand", "failed", "firm", "history", "policy", "unmatched"}
)
"""What stands for the key of a rule where no rule decided."""
_NO_RULE: Final = Label("no rule applies", "該当するルールなし")


@frozen
class Part:
    """What one item of a scorecard added; `points` is the stated amount where it is not `known`."""

    key: str
    points: int
    known: bool
    because: Label = field(eq=False)

    def text(self, lang: Lang) -> str:
        """Return the reason and the points, as people read them."""
        said = f"{self.because.text(lang)} {self.points:+d}"
        if self.known:
            return said
        return f"{said}（{unknown(lang)}）" if lang == "ja" else f"{said} ({unknown(lang)})"


def score_in_words(score: int, parts: Sequence[Part]) -> Label:
    """Return the reason that a score gives: the points, and what each part of them is for."""
    en, ja = counted(score, "points"), f"{score}点"
    if parts:
        en += f"{SCORED['en'][0]}{SCORED['en'][1].join(one.text('en') for one in parts)}"
        ja += f"{SCORED['ja'][0]}{SCORED['ja'][1].join(one.text('ja') for one in parts)}"
    return Label(en, ja)


SCORED: Final[Mapping[Lang, tuple[str, str]]] = {"en": (": ", ", "), "ja": ("：", "、")}
"""What stands between a score and its parts, and between two parts."""


class Way(NamedTuple):
    """One of the ways in which a policy comes to a value; its place among them is its code."""

    value: Any
    key: str
    """What a decision names as its rule."""
    because: Label | None
    """The reason; `None` where it tells the parts of a score."""


class Asked(NamedTuple):
    """A condition of a policy."""

    path: str
    """Where it stands in the policy, for example ``"rules[0].when"``."""
    condition: Condition
    since: int
    """The code of the first way to a value for which the condition was asked."""


@frozen(cache_hash=True)
class Decision(Generic[T]):
    """An answer: the value, why, and what it could still become.

    Attributes:
        value: The answer as of now.
        rule: Key of the rule that gave it, or ``"otherwise"``.
        because: The reason, in both languages.
        possible: Every value still possible once the missing facts become known; `value` is one.
        missing: Names of the open facts that are missing and bear on the answer (S4).
        parts: What each item of a scorecard added; empty for a table.
        version: That of the playbook which decided; blank where a table decided by itself.
        instead_of: The decision in whose place this one stands: what the rules say, where a person
            has set another value by hand, or what they say without the limit that decided.
        proposed: What the facts of the day give, where an earlier decision is held and differs from
            it; else `None`.
        settled: True where only one value is possible.
    """

    value: T
    rule: str
    because: Label = field(eq=False)
    possible: tuple[T, ...]
    missing: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    version: str = field(default="", eq=False, kw_only=True)
    # Equal decisions have equal ones beside them, so that the hash can do without.
    instead_of: Decision[T] | None = field(default=None, kw_only=True, hash=False)
    proposed: Decision[T] | None = field(default=None, kw_only=True, hash=False)
    settled: bool = field(init=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "settled", len(self.possible) == 1)

    def text(self, lang: Lang = "en") -> str:
        """Return the value, or "undecided" with what is possible, as people read it."""
        if self.settled:
            return named(self.value, lang)
        joint, undecided = ("・", "未判定") if lang == "ja" else (" or ", "undecided")
        return f"{undecided}: {joint.join(named(value, lang) for value in self.possible)}"


def _not_hashable(path: str, value: object) -> list[Problem]:
    # Only asking tells: a tuple is as hashable as what it holds.
    try:
        hash(value)
    except TypeError:
        message = f"must be a value that can be hashed, not {type(value).__name__} {brief(value)}"
        return [Problem("type", path, message)]
    return []


def a_reason(value: str | Label | None) -> Any:
    """Return a given reason as a label, and `None` where none is given."""
    # None until the condition is known to be sound; then it is put into words.
    return None if value is None else as_label(value)


@frozen
class Rule(Generic[T]):
    """An outcome, and the condition under which it holds.

    Attributes:
        outcome: Any hashable value.
        when: The condition.
        key: A stable name, unique in its table; named by its position where it is blank (S10).
        because: The reason; the condition in words where it is blank.
    """

    outcome: T
    when: Condition = field(converter=as_condition)
    key: str = ""
    because: Label = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = _not_hashable("rule.outcome", self.outcome)
        problems += misfit("rule.key", self.key, str)
        problems += [problem.under("rule.when") for problem in check_size(self.when)]
        if problems:
            raise InvalidDataError(problems)
        if self.because is None:  # pyright: ignore[reportUnnecessaryComparison] # not in words yet
            object.__setattr__(self, "because", reason_of(self.when))


def keyed(rules: Iterable[Any], kind: type[Any], stem: str) -> tuple[Any, ...]:
    """Return rules of a `kind`, those without a key named by the `stem` and their position.

    What is no list of them is left as it is, for `check_keys` to name.
    """
    given = series(rules)
    if not isinstance(given, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
        return given
    keys = [rule.key if isinstance(rule, kind) else None for rule in given]
    taken = set(keys)
    keyed: list[Any] = []
    for position, (rule, own) in enumerate(zip(given, keys, strict=True), 1):
        if own == "":
            key = next(
                name
                for suffix in range(len(given) + 1)
                if (name := f"{stem}-{position}" + "-bis" * suffix) not in taken
            )
            taken.add(key)
            keyed.append(evolve(rule, key=key))
        else:
            keyed.append(rule)
    return tuple(keyed)


def _keyed_rules(rules: Iterable[Any]) -> tuple[Any, ...]:
    return keyed(rules, Rule, "rule")


def _keyed_items(items: Iterable[Any]) -> tuple[Any, ...]:
    return keyed(items, ScoreItem, "rule")


def check_keys(
    rules: tuple[Any, ...], kind: type[Any], where: str, reserved: Collection[str] = RESERVED
) -> list[Problem]:
    """Return the problems of rules that are of another kind, or share a key.

    Args:
        rules: The rules.
        kind: Their kind.
        where: Their path.
        reserved: Keys that they cannot have.
    """
    if problems := misfits(where, rules, kind):
        return problems
    seen = {*reserved}
    for index, rule in enumerate(rules):
        if rule.key in seen:
            taken = "is reserved" if rule.key in reserved else "is used twice; keys are unique"
            message = f"{brief(rule.key)} {taken}"
            problems.append(Problem("duplicate", f"{where}[{index}].key", message))
        else:
            seen.add(rule.key)
    return problems


@frozen
class DecisionTable(Generic[T]):
    """Rules in order: the first that is known to be true decides, else `otherwise`."""

    rules: tuple[Rule[T], ...] = field(converter=_keyed_rules)
    otherwise: T
    otherwise_because: Label = field(default=_NO_RULE, converter=as_label, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = check_keys(self.rules, Rule, "rules")
        problems += _not_hashable("otherwise", self.otherwise)
        if problems:
            raise InvalidDataError(problems)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of every rule, in order."""
        return tuple(rule.when for rule in self.rules)

    @property
    def outcomes(self) -> tuple[T, ...]:
        """Every value that the table can give, each once, in order."""
        return tuple(dict.fromkeys((*(rule.outcome for rule in self.rules), self.otherwise)))

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way to a value: its rules in order, then `otherwise`."""
        rules = [Way(rule.outcome, rule.key, rule.because) for rule in self.rules]
        return (*rules, Way(self.otherwise, OTHERWISE, self.otherwise_because))

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every condition; each is asked where no rule before it has decided."""
        return tuple(
            Asked(f"rules[{place}].when", rule.when, place) for place, rule in enumerate(self.rules)
        )


def strangers(
    where: str, table: DecisionTable[Any], known: Collection[Hashable], what: str
) -> list[Problem]:
    """Return the problem of each outcome of the table that is not `known`.

    Args:
        where: The path of the table.
        table: The table.
        known: What it may give.
        what: What that is, for example ``"state of the ladder"``.
    """
    return [
        Problem("unknown-level", where, f"{brief(getattr(one, 'key', one))} is no {what}")
        for one in table.outcomes
        if one not in known
    ]


@frozen
class ScoreItem:
    """Integer points for a condition that holds.

    Attributes:
        points: Added where the condition is true; may be negative.
        when: The condition.
        key: A stable name, unique in its scorecard; named by its position where it is blank.
        if_unknown: Added to the value of now where the condition is unknown: from 0 to `points`.
        because: The reason; the condition in words where it is blank.
    """

    points: int
    when: Condition = field(converter=as_condition)
    key: str = ""
    if_unknown: int = 0
    because: Label = field(default=None, converter=a_reason, eq=False)

    def __attrs_post_init__(self) -> None:
        problems = misfit("item.key", self.key, str)
        problems += [problem.under("item.when") for problem in check_size(self.when)]
        for name in ("points", "if_unknown"):
            value = getattr(self, name)
            if type(value) is not int or abs(value) > 1_000_000:
                message = f"must be an integer within ±1,000,000, not {brief(value)}"
                problems.append(Problem("type", f"item.{name}", message))
        if not problems and not min(0, self.points) <= self.if_unknown <= max(0, self.points):
            message = f"must lie between 0 and the points, {self.points}"
            problems.append(Problem("range", "item.if_unknown", message))
        if problems:
            raise InvalidDataError(problems)
        if self.because is None:  # pyright: ignore[reportUnnecessaryComparison] # not in words yet
            object.__setattr__(self, "because", reason_of(self.when))


@frozen
class Band(Generic[T]):
    """The outcome from a score of `at_least` points upwards."""

    at_least: int
    outcome: T

    def __attrs_post_init__(self) -> None:
        problems = _not_hashable("band.outcome", self.outcome)
        if type(self.at_least) is not int:
            message = f"must be an integer, not {type(self.at_least).__name__} "
            problems.append(Problem("type", "band.at_least", message + brief(self.at_least)))
        if problems:
            raise InvalidDataError(problems)


def _bands(value: Iterable[Band[Any]]) -> tuple[Band[Any], ...]:
    return series(value)


@frozen
class Scorecard(Generic[T]):
    """Adds the points of the items that hold; the highest band reached decides (S6)."""

    items: tuple[ScoreItem, ...] = field(converter=_keyed_items)
    bands: tuple[Band[T], ...] = field(converter=_bands)
    otherwise: T

    def __attrs_post_init__(self) -> None:
        problems = check_keys(self.items, ScoreItem, "items")
        problems += _not_hashable("otherwise", self.otherwise)
        wrong = misfits("bands", self.bands, Band)
        if not wrong and len({band.at_least for band in self.bands}) < len(self.bands):
            message = "two bands start at the same score"
            wrong.append(Problem("duplicate", "bands", message))
        problems += wrong
        if problems:
            raise InvalidDataError(problems)
        highest_first = sorted(self.bands, key=lambda band: -band.at_least)
        object.__setattr__(self, "bands", tuple(highest_first))

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition of every item, in order."""
        return tuple(item.when for item in self.items)

    @property
    def outcomes(self) -> tuple[T, ...]:
        """Every value that the scorecard can give, each once, the highest band first."""
        return tuple(dict.fromkeys((*(band.outcome for band in self.bands), self.otherwise)))

    @property
    def ways(self) -> tuple[Way, ...]:
        """Every way to a value: the bands, the highest first, then `otherwise`."""
        bands = [Way(band.outcome, f"{band.at_least}+", None) for band in self.bands]
        return (*bands, Way(self.otherwise, OTHERWISE, None))

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Every condition; all are asked, whatever the score."""
        return tuple(
            Asked(f"items[{place}].when", item.when, 0) for place, item in enumerate(self.items)
        )

    def between(self, low: int, high: int) -> tuple[T, ...]:
        """Return the outcomes of all scores from `low` to `high`, the highest band first."""
        met: list[T] = []
        ceiling = high
        for band in self.bands:
            if max(low, band.at_least) <= ceiling:
                met.append(band.outcome)
            ceiling = min(ceiling, band.at_least - 1)
        if low <= ceiling:
            met.append(self.otherwise)
        return tuple(dict.fromkeys(met))
