"""The companies that a policy is asked about: few, and at the values where answers change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b
from itertools import product
from math import isfinite, prod
from random import Random
from typing import Any, Final, TypeVar, cast, get_args

from attrs import evolve, fields, frozen
from immutabledict import immutabledict

from mpfunnel.records import Company, Product, Relationship
from mpfunnel.rules.facts import Kind
from mpfunnel.testing.constants import Constants

__all__ = ["FIELDS", "OPEN", "SEED", "Axis", "copied", "held", "pool_of", "spread"]

T = TypeVar("T")
R = TypeVar("R", Company, Product)

SEED: Final = 0
OPEN: Final = (
    "name",
    "corporate_number",
    "industry",
    "region",
    "country",
    "employees",
    "annual_revenue",
    "growth_rate",
)
"""The fields of a company of which blank means unknown (S2)."""
_SETS: Final = ("domains", "relationships", "lists")
FIELDS: Final = (*OPEN, "parent_id", *_SETS)
_NAMES: Final = {kind: tuple(one.name for one in fields(kind)) for kind in (Company, Product)}
_STRANGER: Final = "stranger"
_USUAL: Final = (0, 1, 10, 100, 1_000, 100_000)
"""Numbers of every order, where the code does not say which one matters."""
_MONEY: Final = tuple(10**power for power in range(6, 13))
"""Revenues of every order: thresholds on a share of it stand far below it in the code."""
_TEXTS: Final = 40
_NUMBERS: Final = 24
_GRID: Final = 200
_MIXES: Final = 160
_IDS: Final = 7
_KINDS: Final[tuple[Kind, ...]] = ("int", "text", "bool", "date", "float", "decimal", "set")
_ROUNDS: Final = 8
_PROBES: Final = 80
_INT64: Final = 2**63


_ORDINARY: Final = (
    *(Company(f"c{number}") for number in range(_IDS)),
    Company("c1", name="Nagimine Works", industry="製造業", employees=2_400, region="関東"),
    Company("c2", annual_revenue=Decimal("1200000.50"), growth_rate=-0.2, country="JP"),
    Company("c3", corporate_number="1234567890123", domains=["a.example"], lists=["target"]),
    Company("c4", parent_id="c1", relationships=["customer", "partner"], employees=0),
    Company(
        "c5",
        "Kasugai Metal",
        domains=["b.example"],
        corporate_number="9876543210987",
        industry="小売業",
        employees=12,
        annual_revenue=10**9,
        growth_rate=0.5,
        region="近畿",
        country="JP",
        relationships=["prospect"],
    ),
)
"""Asked about whatever the policy reads: those of which nothing is known come first."""


@frozen
class Axis:
    """A fact of companies with the values that it takes in the pool.

    Attributes:
        name: The field of `Company`, or the key of a custom attribute.
        own: Whether it is a custom attribute.
        open: Whether a blank means unknown.
        values: The known values.
        kinds: The values by their kind, where nobody says which kind it is of.
    """

    name: str
    own: bool
    open: bool
    values: tuple[Any, ...]
    kinds: Mapping[str, tuple[Any, ...]] = immutabledict()

    @property
    def fact(self) -> str:
        """The name by which decisions call it."""
        return f"company.{self.name}"

    def without(self, kinds: Collection[str]) -> Axis:
        """Return the axis without values of some kinds."""
        left = {kind: found for kind, found in self.kinds.items() if kind not in kinds}
        return evolve(self, kinds=left, values=_all_of(left)) if kinds else self

    def of(self, company: Company) -> Any:
        """Return the value of a company; `None` where it is unknown or empty."""
        if self.own:
            return company.attributes.get(self.name)
        value: Any = getattr(company, self.name)
        return None if self.name in _SETS and not value else value

    def put(self, company: Company, value: Any) -> Company:
        """Return the company with another value; `None` takes the fact away."""
        changed = copied(company)
        name = self.name
        if self.own:
            attributes = {key: one for key, one in company.attributes.items() if key != name}
            name = "attributes"
            value = immutabledict(attributes if value is None else {**attributes, self.name: value})
        elif value is None and name in _SETS:
            value = frozenset[str]()
        # The values are sound: to check the whole company again takes most of the time.
        object.__setattr__(changed, name, value)
        return changed


def copied(record: R) -> R:
    """Return another object that is equal, so that who changes it changes nothing else."""
    kind = type(record)
    made = object.__new__(kind)
    # Most of the time would go into copying the usual way.
    for name in _NAMES[Company if isinstance(record, Company) else Product]:
        object.__setattr__(made, name, getattr(record, name))
    if isinstance(record, Company):
        object.__setattr__(made, "attributes", immutabledict(dict(record.attributes)))
    return made


def held(company: Company) -> tuple[Axis, ...]:
    """Return the facts that a company has, each as an axis without values."""
    own = [Axis(key, True, True, ()) for key in company.attributes]
    fields = [Axis(name, False, name in OPEN, ()) for name in FIELDS]
    return tuple(axis for axis in (*fields, *own) if axis.own or axis.of(company) is not None)


Asking = Callable[[Company], object]
"""Asks the policy about a company, and may raise what the policy raises."""


def pool_of(
    ask: Asking, constants: Constants, closed: Collection[str], given: Iterable[Company]
) -> tuple[tuple[Axis, ...], tuple[Company, ...]]:
    """Return the facts that a policy reads, and companies that differ in them.

    Which facts it reads is seen while it is asked: one may be read only where another has some
    value, so that it is asked about the new companies again.

    Args:
        ask: Asks the policy.
        constants: The constants of the policy.
        closed: Custom attributes of which blank means no.
        given: Companies that belong to the pool in any case.
    """
    given = (*given, *_ORDINARY)
    axes: dict[tuple[str, bool], Axis] = {}
    companies = given
    for _ in range(_ROUNDS):
        read = _Read()
        for company in companies:
            with suppress(Exception):  # what it raises is found by the check for that
                ask(cast("Company", _Watched(company, read)))
        fresh = [key for key in read.found if key not in axes]
        for name, own in fresh:
            axes[name, own] = _axis(name, own, constants, closed)
        companies = (*given, *_companies(tuple(axes.values())))
        failing = [one for one in companies if _is_misfit(ask, one)][:_PROBES]
        wrong = {key: _wrong_kinds(axis, ask, failing) for key, axis in axes.items()}
        if not fresh and not any(wrong.values()):
            break
        axes = {key: axis.without(wrong[key]) for key, axis in axes.items()}
        companies = (*given, *_companies(tuple(axes.values())))
    return tuple(axes.values()), companies


# -- what is read --


class _Read:
    """Which facts were read: name, and whether it is a custom attribute."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, bool], None] = {}


class _Watched:
    """Looks like a company, and notes which facts of it are read."""

    def __init__(self, company: Company, read: _Read) -> None:
        self._company = company
        self._read = read

    # What a policy that asks isinstance() is told.
    __class__ = Company  # type: ignore[assignment]

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The custom attributes."""
        return _WatchedAttributes(self._company.attributes, self._read)

    def __getattr__(self, name: str) -> Any:
        if name in FIELDS:
            self._read.found.setdefault((name, False))
        return getattr(self._company, name)


class _WatchedAttributes(Mapping[str, Any]):
    def __init__(self, attributes: Mapping[str, Any], read: _Read) -> None:
        self._attributes = attributes
        self._read = read

    def __getitem__(self, key: str) -> Any:
        if isinstance(key, str) and key.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
            self._read.found.setdefault((key, True))
        return self._attributes[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._attributes)

    def __len__(self) -> int:
        return len(self._attributes)


# -- which values --


def _axis(name: str, own: bool, constants: Constants, closed: Collection[str]) -> Axis:
    if not own:
        return Axis(name, False, name in OPEN, _of_field(name, constants))
    fact = constants.facts.get(f"company.{name}")
    if fact is not None:
        return Axis(name, True, fact.open, _of_kind(fact.kind, constants))
    # Nobody says what it holds: first, it holds everything.
    kinds: dict[str, tuple[Any, ...]] = {kind: _of_kind(kind, constants) for kind in _KINDS}
    return Axis(name, True, name not in closed, _all_of(kinds), kinds)


def _all_of(kinds: Mapping[str, tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return the values of some kinds, each once; 1 and True are two."""
    values: dict[tuple[type, object], Any] = {
        (type(value), value): value for found in kinds.values() for value in found
    }
    return tuple(values.values())


def _wrong_kinds(axis: Axis, ask: Asking, failing: Sequence[Company]) -> set[str]:
    """Return the kinds of values of an attribute that the policy can do nothing with.

    A kind is a wrong one where some company fails with it, and does not with another kind.

    Args:
        axis: The attribute.
        ask: Asks the policy.
        failing: Companies with which it fails.
    """
    wrong: set[str] = set()
    for company in failing:
        tried = [kind for kind in axis.kinds if kind not in wrong]
        if axis.of(company) is None or len(tried) < 2:
            continue
        failed = {kind for kind in tried if _is_misfit(ask, axis.put(company, axis.kinds[kind][0]))}
        if len(failed) < len(tried):
            wrong |= failed
    return wrong


def _is_misfit(ask: Asking, company: Company) -> bool:
    """Return whether the policy fails on a company as code does on a value of a wrong type."""
    try:
        ask(copied(company))
    except (TypeError, AttributeError, ValueError, ArithmeticError):
        return True
    except Exception:
        # A fault of another sort, which the checks themselves will tell.
        return False
    return False


def _of_field(name: str, constants: Constants) -> tuple[Any, ...]:
    match name:
        case "employees":
            return tuple(one for one in _of_kind("int", constants) if one >= 0)
        case "annual_revenue":
            found = [*_of_kind("int", constants), *_of_kind("decimal", constants), *_MONEY]
            sound = (one for one in found if 0 <= one < _INT64 // 100)
            return tuple(dict.fromkeys(sound))
        case "growth_rate":
            return _of_kind("float", constants)
        case "corporate_number":
            texts = [one for one in constants.texts if len(one) == 13 and one.isdigit()]
            return (*texts, "1234567890123")
        case "relationships":
            each = [frozenset({one}) for one in get_args(Relationship)]
            return (*each, frozenset({"prospect", "partner"}))
        case "lists" | "domains":
            return _of_kind("set", constants)
        case _:
            return _of_kind("text", constants)


def _of_kind(kind: Kind, constants: Constants) -> tuple[Any, ...]:
    """Return values of a type: what the policy names and its neighbours, and something else."""
    texts = list(constants.texts)[:_TEXTS]
    numbers: list[Any] = [one for one in list(constants.numbers)[:_NUMBERS] if isfinite(one)]
    values: Iterable[Any]
    match kind:
        case "int":
            whole = [int(one) for one in numbers if abs(one) < _INT64 - 1]
            values = [*(one + step for one in whole for step in (0, -1, 1)), *_USUAL]
        case "decimal":
            cent = Decimal("0.01")
            money = [round(Decimal(one), 2) for one in numbers if abs(one) < _INT64 // 100]
            values = [*(one + step for one in money for step in (0, -cent, cent)), Decimal(0)]
        case "float":
            rates = [float(one) for one in numbers if abs(one) <= 1_000]
            values = [*(one + step for one in rates for step in (0, -0.001, 0.001)), 0.0, -0.1, 0.5]
        case "bool":
            values = [True, False]
        case "date":
            day = timedelta(days=1)
            days = [one for one in constants.days if date.min < one < date.max]
            values = [*(one + step for one in days for step in (0 * day, -day, day))]
            values += [date(2020, 4, 1), date(2026, 10, 31), date(2040, 1, 1)]
        case "set":
            values = [*(frozenset({one}) for one in texts), frozenset({_STRANGER})]
            values += [frozenset({_STRANGER, *texts[:1], *texts[-1:]}), frozenset(texts)]
        case _:
            values = [*texts, _STRANGER, *(f"{one}x" for one in texts[:4])]
    return tuple(value for value in dict.fromkeys(values) if value != frozenset())


# -- which companies --


def _companies(axes: Sequence[Axis]) -> tuple[Company, ...]:
    """Return companies with each value alone, and with many of their combinations.

    They share a few ids: what is known of one company changes, too.
    """
    rows: list[tuple[Any, ...]] = [(None,) * len(axes)]
    for place, axis in enumerate(axes):
        rows += [
            (*(None,) * place, value, *(None,) * (len(axes) - place - 1)) for value in axis.values
        ]
    if prod(len(axis.values) + 1 for axis in axes) <= _GRID:
        rows += product(*((None, *axis.values) for axis in axes))
    else:
        rows += [tuple(_mixed(axis, number) for axis in axes) for number in range(_MIXES)]
    found: dict[str, Company] = {}
    for row in rows:
        if repr(row) not in found:
            company = Company(f"c{len(found) % _IDS}")
            for axis, value in zip(axes, row, strict=True):
                if value is not None:
                    company = axis.put(company, value)
            found[repr(row)] = company
    return tuple(found.values())


def _mixed(axis: Axis, number: int) -> Any:
    """Return a value that looks as if drawn by chance, and is the same everywhere."""
    digest = blake2b(f"{number} {axis.name}".encode(), digest_size=8).digest()
    drawn = int.from_bytes(digest)
    if drawn % 4 == 0 or not axis.values:
        return None
    return axis.values[(drawn >> 8) % len(axis.values)]


def spread(things: Sequence[T], count: int) -> list[T]:
    """Return at most so many of the things, the first among them, in their order."""
    if len(things) <= count:
        return list(things)
    # Not at even distances: what repeats itself would be met at the same place each time.
    places = Random(SEED).sample(range(1, len(things)), count - 1)
    return [things[0], *(things[place] for place in sorted(places))]
