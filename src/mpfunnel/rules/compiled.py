"""A table as one generated Python function.

What a table decides depends on a fact only through the *cell* that it falls in: between which two
thresholds a number lies, which of the named texts a text is, or that it is missing. The generated
function finds the cell of each fact with a few comparisons, adds the cells up to one number, and
looks the decision up. A combination of cells that is met for the first time is decided by the
specification (`mpfunnel.rules.explain`) and kept: the two cannot disagree about it, and a missing
fact costs no more than a known one.

The source is built from names and cell numbers only: every constant of a policy is bound in the
function's namespace, none is written into the source.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import partial
from keyword import iskeyword
from typing import Any, Final, TypeVar

from attrs import evolve, frozen

from mpfunnel.errors import InvalidDataError, Problem
from mpfunnel.rules.conditions import (
    Compare,
    Condition,
    Exists,
    IsIn,
    IsMissing,
    Leaf,
    parts_of,
    walk,
)
from mpfunnel.rules.explain import Policy, decide, examine, holds
from mpfunnel.rules.facts import Fact
from mpfunnel.rules.tables import Decision

__all__ = ["MAX_CUTS", "cell_of", "check_roots", "compile_policy"]

T = TypeVar("T", bound=Hashable)

RESERVED: Final = ("KNOWN", "cell", "fill", "rows")
"""Names that the generated source uses itself."""
MAX_KEPT: Final = 65_536
"""How many decisions, or classified values, are kept before the store is emptied."""
MAX_BITS: Final = 10
"""Conditions on one text or set whose truth is kept as bits of the number of its cell."""
MAX_CUTS: Final = 1_000
"""Thresholds of one fact that are compared inline; more are classified by looking them up."""


def check_roots(condition: Condition, roots: Sequence[str]) -> list[Problem]:
    """Return a problem for every fact that cannot be asked about where only `roots` are known."""
    problems: list[Problem] = []
    stack: list[tuple[Condition, frozenset[str]]] = [(condition, frozenset(roots))]
    while stack:
        at, known = stack.pop()
        if isinstance(at, Leaf) and at.fact.given not in known:
            message = f"cannot be asked here, where only {', '.join(sorted(known))} is known"
            problems.append(Problem("scope", at.fact.name, message))
        inside = known | {at.over} if isinstance(at, Exists) else known
        stack.extend((part, inside) for part in parts_of(at))
    return problems


def compile_policy(
    policy: Policy[T], roots: Sequence[str], *, version: str = ""
) -> Callable[..., Decision[T]]:
    """Return a function of one record per root, in that order, that decides like the policy.

    Every decision carries `version`. If the policy asks about any row (`Exists`), the function
    takes one more argument, `rows`: for each root that is ranged over, the records by their id.
    The generated source is the function's `__source__`.

    Raises:
        InvalidDataError: A condition asks about a root that is not in `roots`, or the name of a
            root cannot stand in the source.
    """
    problems = [problem for when in policy.conditions for problem in check_roots(when, roots)]
    ranged = [at.over for when in policy.conditions for at in walk(when) if isinstance(at, Exists)]
    for name in dict.fromkeys([*roots, *ranged]):
        # These become names in the source, so nothing but a plain word may pass.
        if not name.isidentifier() or iskeyword(name) or name in RESERVED:
            message = f"must be a plain word, and none of {', '.join(RESERVED)}"
            problems.append(Problem("name", name, message))
    if problems:
        raise InvalidDataError(problems)
    return _generate(
        "decide",
        policy.conditions,
        roots,
        lambda records, rows: _of_version(decide(policy, records, rows), version),
    )


def _of_version(decision: Decision[T], version: str) -> Decision[T]:
    before = decision.instead_of
    return evolve(
        decision,
        version=version,
        instead_of=None if before is None else evolve(before, version=version),
    )


def cell_of(function: Callable[..., Decision[Any]]) -> Callable[..., Hashable]:
    """Return a function of what `compile_policy` gave, with the same arguments: which cell it is.

    Records of one cell get one decision. As a number grows, its part of the cell only goes up, as
    long as the policy compares the number with no more than half of `MAX_CUTS` values.
    """
    found: Callable[..., Hashable] = vars(function)["__cell__"]
    return found


class _Learner:
    """Looks the class of a value up; a new value is classified once, and kept in the store."""

    def __init__(self, store: dict[Any, Any], classify: Callable[[Any], Any]) -> None:
        self.store = store
        self._classify = classify

    def __getitem__(self, value: Any) -> Any:
        found = self.store.get(value)
        if found is None:
            if len(self.store) >= MAX_KEPT:
                self.store.clear()
            found = self.store[value] = self._classify(value)
        return found


@frozen
class _Cells:
    """How the generated function finds the cell of one fact."""

    lines: tuple[str, ...]
    count: int
    """How many cells there are; 0 where it is a class that only a dictionary can hold."""
    cell: Callable[[int], str]
    """The expression for the number of the cell times a stride, or for the class.

    The stride is worked into the numbers beforehand, so that nothing is multiplied later.
    """
    bound: dict[str, Any]


def _generate(
    name: str,
    conditions: Sequence[Condition],
    roots: Sequence[str],
    specified: Callable[[Mapping[str, Any], Any], Any],
) -> Callable[..., Any]:
    leaves, exists = _asked(conditions)
    arguments = [*roots, *(["rows"] if exists else [])]
    names = _names(leaves, arguments)
    found = [_cells_of(fact, names[fact], group) for fact, group in leaves.items()]
    found += [_cells_of_rows(at, f"row__{i}", roots) for i, at in enumerate(exists)]

    lines: list[str] = []
    terms: list[str] = []
    classes: list[str] = []
    total = 1
    for cells in found:
        lines += cells.lines
        if cells.count and total * cells.count <= 2**62:
            terms.append(f"({cells.cell(total)})")
            total *= cells.count
        else:
            classes.append(cells.cell(1))
    # One line per fact, so that the source reads as the list of what is asked.
    cell = "\n    + ".join(terms or ["0"])
    key = ",\n    ".join([cell, *classes]) + ("," if classes else "")
    body = [*lines, "cell = (", *f"    {key}".split("\n"), ")"]

    store: dict[Any, Any] = {}
    bound: dict[str, Any] = {}
    for cells in found:
        bound.update(cells.bound)
    learners = {name: one for name, one in bound.items() if isinstance(one, _Learner)}
    given = ", ".join(arguments)
    # What is new to the function is a KeyError in it: it is learned, and costs the rest nothing.
    source = _written(
        f"def {name}({given}):",
        "    try:",
        *(f"        {line}" for line in body),
        "        return KNOWN[cell]",
        "    except KeyError:",
        f"        return fill({given})",
    )
    learn = _made(
        "cell_of",
        _written(f"def cell_of({given}):", *(f"    {line}" for line in body), "    return cell"),
        bound,
    )
    shared: dict[Any, Any] = {}

    def fill(*given: Any) -> Any:
        cell = learn(*given)
        answer = store.get(cell)
        if answer is None:
            records = dict(zip(roots, given, strict=False))
            answer = specified(records, given[-1] if exists else {})
            # Equal answers are one object, so that what is kept stays small.
            answer = shared.setdefault(answer, answer)
            if len(store) >= MAX_KEPT:
                store.clear()
                shared.clear()
            store[cell] = answer
        return answer

    stores = {name: one.store for name, one in learners.items()}
    function: Callable[..., Any] = _made(
        name, source, {**bound, **stores, "KNOWN": store, "fill": fill}
    )
    vars(function)["__source__"] = source
    vars(function)["__cell__"] = learn
    return function


def _written(*lines: str) -> str:
    return "\n".join(lines) + "\n"


def _made(name: str, source: str, bound: Mapping[str, Any]) -> Any:
    # The source holds names and numbers of cells alone, made by this module.
    namespace = dict(bound)
    exec(compile(source, f"<mpfunnel: {name}>", "exec"), namespace)
    return namespace[name]


def _asked(
    conditions: Sequence[Condition],
) -> tuple[dict[Fact, dict[Leaf, None]], list[Exists]]:
    """Return the leaves by fact, and what ranges over rows: each once, in order of first use."""
    leaves: dict[Fact, dict[Leaf, None]] = {}
    exists: dict[Exists, None] = {}

    def visit(at: Condition) -> None:
        if isinstance(at, Leaf):
            leaves.setdefault(at.fact, {})[at] = None
        elif isinstance(at, Exists):
            exists[at] = None
        else:
            for part in parts_of(at):
                visit(part)

    for condition in conditions:
        visit(condition)
    return leaves, list(exists)


def _names(facts: Iterable[Fact], arguments: Sequence[str]) -> dict[Fact, str]:
    """Return a name for each fact in the source: its own where that is a plain word.

    Every other name that is made has two underscores, so that no fact's own name meets it.
    """
    names: dict[Fact, str] = {}
    for position, fact in enumerate(facts):
        own = fact.name.replace(".", "_")
        plain = own.isidentifier() and own.isascii() and own.islower() and "__" not in own
        plain = plain and own not in arguments and own not in names.values()
        names[fact] = own if plain else f"fact__{position}"
    return names


def _cells_of(fact: Fact, name: str, leaves: Mapping[Leaf, None]) -> _Cells:
    bound: dict[str, Any] = {}
    # Names of roots that are given were checked, all others may be any text.
    names = (fact.root, fact.key) if fact.of else (fact.key,)
    if fact.within and fact.trusted and not fact.of:
        bound[f"key__{name}"] = fact.key
        read = f"{fact.root}.{fact.within}[key__{name}]"
    elif fact.within or not all(map(_is_plain, names)):
        bound[f"read__{name}"] = fact.read
        read = f"read__{name}({fact.given})"
    else:
        read = ".".join([fact.given, *names])
    if fact.kind == "bool":
        return _flag(fact, name, read, bound)
    asked = [leaf for leaf in leaves if not isinstance(leaf, IsMissing)]
    if fact.kind == "level":
        classify = partial(_class_of_decision, tuple(asked))
        return _looked_up(name, read, 0, classify, bound)
    if fact.kind in ("int", "decimal", "float", "date"):
        cuts = _cuts(fact, asked)
        if len(cuts) <= MAX_CUTS:
            return _inline(fact, name, read, cuts, bound)
    count = 2 ** len(asked) + 1 if len(asked) <= MAX_BITS else 0
    classify = partial(_class_of_value, fact, tuple(asked))
    if fact.kind == "set" and not fact.open:
        # No condition is true of the empty set, which is what most records hold.
        found = _looked_up(name, name, count, classify, bound).cell
        line = f"{name} = {read}"
        return _Cells((line,), count, lambda stride: f"{found(stride)} if {name} else 0", bound)
    return _looked_up(name, read, count, classify, bound)


def _is_plain(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)


def _looked_up(
    name: str, read: str, count: int, classify: Callable[[Any], Any], bound: dict[str, Any]
) -> _Cells:
    def cell(stride: int) -> str:
        def scaled(value: Any) -> int:
            number: int = classify(value)
            return stride * number

        bound[name.upper()] = _Learner({}, classify if stride == 1 else scaled)
        return f"{name.upper()}[{read}]"

    return _Cells((), count, cell, bound)


def _flag(fact: Fact, name: str, read: str, bound: dict[str, Any]) -> _Cells:
    if not fact.open:
        return _Cells((), 2, lambda stride: f"{stride} if {read} else 0", bound)
    return _Cells(
        (f"{name} = {read}",),
        3,
        lambda stride: f"{2 * stride} if {name} is None else {stride} if {name} else 0",
        bound,
    )


def _class_of_value(fact: Fact, leaves: tuple[Leaf, ...], value: Any) -> Hashable:
    """Return which leaves are true of the value as the bits of a number; one more is missing."""
    known = fact.blank if value is None else value
    if known is None:
        return 1 << len(leaves)
    bits: int = sum(holds(leaf, known) << bit for bit, leaf in enumerate(leaves))
    return bits


def _class_of_decision(leaves: tuple[Leaf, ...], decision: Decision[Any]) -> Hashable:
    """Return all that the leaves can tell apart about another decision (S5)."""
    now = tuple(holds(leaf, decision.value.key) for leaf in leaves)
    if decision.settled:
        return now
    later = tuple(
        frozenset(holds(leaf, outcome.key) for outcome in decision.possible) for leaf in leaves
    )
    return now, later, decision.missing


def _cuts(fact: Fact, leaves: Sequence[Any]) -> list[tuple[Any, bool]]:
    """Return where the cells of an ordered fact end: before a value, or after it (True)."""
    cuts: set[tuple[Any, bool]] = set()
    for leaf in leaves:
        match leaf:
            case Compare(_, ">=" | "<", value):
                cuts.add((fact.stored(value), False))
            case Compare(_, ">" | "<=", value):
                cuts.add((fact.stored(value), True))
            case _:  # equality and lists cut on both sides of each value
                values = leaf.values if isinstance(leaf, IsIn) else (leaf.value,)
                cuts |= {(fact.stored(v), after) for v in values for after in (False, True)}
    return sorted(cuts)


def _inline(
    fact: Fact, name: str, read: str, cuts: list[tuple[Any, bool]], bound: dict[str, Any]
) -> _Cells:
    def choose(low: int, high: int, stride: int) -> str:
        # The cells from `low` to `high`, halved until one is left.
        if low == high:
            return str(low * stride)
        middle = (low + high) // 2
        value, after = cuts[middle]
        bound[f"{name}__{middle}"] = value
        test = f"{name} {'<=' if after else '<'} {name}__{middle}"
        less, more = choose(low, middle, stride), choose(middle + 1, high, stride)
        return f"({less} if {test} else {more})"

    last = len(cuts)
    if not fact.open:
        line = f"{name} = {read} or 0"
        return _Cells((line,), last + 1, lambda stride: choose(0, last, stride), bound)
    return _Cells(
        (f"{name} = {read}",),
        last + 2,
        lambda stride: f"{(last + 1) * stride} if {name} is None else {choose(0, last, stride)}",
        bound,
    )


def _cells_of_rows(exists: Exists, name: str, roots: Sequence[str]) -> _Cells:
    over = exists.over
    inner = _generate(
        "verdict",
        (exists.condition,),
        (*(root for root in roots if root != over), over),
        lambda records, rows: _verdict(exists.condition, records, rows),
    )
    outer = [root for root in roots if root != over]
    nested = _asked((exists.condition,))[1]

    def look(rows: Any, *records: Any) -> Hashable:
        """Join the verdicts on all rows as the specification joins an "or"."""
        verdicts = [
            inner(*records, row, *((rows,) if nested else ())) for row in rows[over].values()
        ]
        now = [verdict[0] for verdict in verdicts]
        later = [verdict[1] for verdict in verdicts]
        reading = True if True in later else None if None in later else False
        return (
            True if True in now else None if None in now else False,
            reading,
            tuple(dict.fromkeys(name for v in verdicts for name in v[2]))
            if reading is None
            else (),
        )

    call = f"{name}({', '.join(['rows', *outer])})"
    return _Cells((), 0, lambda _: call, {name: look})


def _verdict(
    condition: Condition, records: Mapping[str, Any], rows: Any
) -> tuple[bool | None, bool | None, tuple[str, ...]]:
    finding = examine(condition, records, rows)
    return finding.now, finding.later, tuple(finding.missing())
