"""What stands in a policy: the constants of its code and of its conditions.

An answer changes at a threshold, at a member of a set, at a key of a mapping. Companies drawn from
these find what companies drawn at random miss.
"""

from __future__ import annotations

import dis
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cached_property, partial
from itertools import islice
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, Final, cast

from attrs import Factory, define

from mpfunnel.labels import Label
from mpfunnel.rules.facts import Fact
from mpfunnel.tiers import Tier

__all__ = ["Constants", "constants_of", "is_foreign"]

_MEMBERS: Final = 200
"""How many members of a collection are looked at."""
_THINGS: Final = 4_000
"""How many things are looked at in all: a policy may hold a table of a million rows."""
_SAID: Final = ("because", "key", "kind", "label")
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}([.][0-9]{1,9})?")
# From Python 3.14 on, small integers stand in the instructions alone.
_LOADS: Final = ("LOAD_CONST", "LOAD_SMALL_INT")
_OURS: Final = ("attr", "attrs", "immutabledict", "mpfunnel")
_LONGEST: Final = 40
"""A longer text is a reason or a docstring, and no value of a fact."""


@define
class Constants:
    """The constants of a policy, each once, in the order in which they were met.

    Attributes:
        texts: Texts, but for long ones.
        numbers: Integers, floats and Decimals.
        days: Dates.
        facts: The facts that its conditions ask about, by name.
    """

    texts: dict[str, None] = Factory(dict[str, None])
    numbers: dict[int | float | Decimal, None] = Factory(dict[int | float | Decimal, None])
    days: dict[date, None] = Factory(dict[date, None])
    facts: dict[str, Fact] = Factory(dict[str, Fact])


def constants_of(policy: object) -> Constants:
    """Return the constants of a policy: of its class, its attributes, and what its code names.

    Code of the standard library and of mpfunnel is not looked into.
    """
    found = Constants()
    seen: set[int] = set()
    waiting: list[Any] = [policy]
    while waiting and len(seen) < _THINGS:
        thing = waiting.pop()
        if isinstance(thing, str):
            if thing.strip() and len(thing) <= _LONGEST:
                found.texts.setdefault(thing)
            if _NUMBER.fullmatch(thing):  # as in Decimal("0.25")
                found.numbers.setdefault(Decimal(thing))
        elif isinstance(thing, bool | Tier | Label | ModuleType) or thing is None:
            continue
        elif isinstance(thing, int | float | Decimal):
            if thing == thing:  # NaN is no threshold
                found.numbers.setdefault(thing)
        elif isinstance(thing, date):
            found.days.setdefault(thing.date() if isinstance(thing, datetime) else thing)
        elif isinstance(thing, Fact):
            found.facts.setdefault(thing.name, thing)
        elif id(thing) not in seen:
            seen.add(id(thing))
            # What is met first comes first.
            waiting.extend(reversed(list(islice(_inside(thing), _MEMBERS))))
    return found


def _inside(thing: Any) -> Iterator[Any]:
    """Yield what is directly inside of something."""
    match thing:
        case Mapping():
            mapping = cast("Mapping[object, object]", thing)
            for key, value in mapping.items():
                yield from (key, value)
        case list() | tuple() | frozenset():
            yield from cast("Iterable[object]", thing)
        case set():
            # In an order that does not change with the hash seed.
            yield from sorted(cast("set[object]", thing), key=repr)
        case CodeType():
            yield from _of_code(thing)
        case FunctionType():
            yield from _of_function(thing)
        case MethodType():
            yield from (thing.__func__, thing.__self__)
        case partial():
            call = cast("partial[object]", thing)
            yield from (call.func, call.args, call.keywords)
        case property():
            yield thing.fget
        case staticmethod() | classmethod():
            yield cast("staticmethod[..., object]", thing).__func__
        case cached_property():
            yield cast("cached_property[object]", thing).func
        case Enum():
            yield thing.value
        case type():
            if not is_foreign(thing.__module__):
                for name, value in vars(thing).items():
                    own = not name.startswith("__") or isinstance(value, FunctionType)
                    if own and name != "kind":
                        yield value
                yield from thing.__mro__[1:]
        case _:
            yield from _of_object(thing)


def _of_object(thing: Any) -> Iterator[Any]:
    """Yield what an object holds, and its class."""
    # What functools.cache wraps lies there, too.
    held: dict[str, object] = dict(getattr(thing, "__dict__", {}))
    for kind in type(thing).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(thing, name):
                held.setdefault(name, getattr(thing, name))
    # A label or a key for people is no value of a fact.
    yield from (value for name, value in held.items() if name not in _SAID)
    yield type(thing)


def _of_function(function: FunctionType) -> Iterator[Any]:
    """Yield what a function holds, and what its code names in its module."""
    yield from (one for one in _of_code(function.__code__) if one != function.__doc__)
    yield from (function.__defaults__, function.__kwdefaults__)
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a name that has no value yet
            yield cell.cell_contents
    names = _names(function.__code__)
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            if not is_foreign(value.__name__):
                yield from (vars(value)[one] for one in names if one in vars(value))
        elif not is_foreign(getattr(value, "__module__", "") or ""):
            yield value


def _names(code: CodeType) -> tuple[str, ...]:
    inner = (name for one in code.co_consts if isinstance(one, CodeType) for name in _names(one))
    return (*code.co_names, *inner)


def _of_code(code: CodeType) -> Iterator[Any]:
    """Yield the constants in the order of the instructions, and days that are made of three."""
    held = [one.argval for one in dis.get_instructions(code) if one.opname in _LOADS]
    yield from held
    # What is not loaded alone: code inside, and members of a set that it tests for.
    yield from code.co_consts
    for year, month, day in zip(held, held[1:], held[2:], strict=False):
        if all(type(one) is int for one in (year, month, day)) and 1900 <= year <= 2200:
            with suppress(ValueError):
                yield date(year, month, day)


def is_foreign(module: str) -> bool:
    """Return whether a module is none of the policy's author."""
    root = module.partition(".")[0]
    # What is typed into a document or a shell may have no module of its own.
    return root in _OURS or (root in sys.stdlib_module_names and root != "builtins")
