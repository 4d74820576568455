"""Policies in Python that a command is given: imported by name, and proved by the kit."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from mpfunnel import codec, examples
from mpfunnel.cli.inputs import UsageError, is_path
from mpfunnel.codec.tiers import Kinds, kinds_by_name
from mpfunnel.errors import InvalidDataError, PolicyCheckError, Problem, brief, shown
from mpfunnel.playbook import Playbook
from mpfunnel.records import Product
from mpfunnel.testing import check_tier_policy
from mpfunnel.tiers import TierPolicy, custom_of

__all__ = ["custom_kinds", "custom_policies", "playbook_of", "unproved"]


def playbook_of(name: str, policies: Iterable[str]) -> Playbook:
    """Return the playbook of a path, or the shipped one of that name.

    Args:
        name: The path or the name.
        policies: The policies in Python that it may name, as `custom_kinds` takes them.

    Raises:
        UnknownNameError: No playbook of that name is shipped.
        UsageError: There is no such policy.
        DecodeError: The file is absent or does not have the documented form.
        PlaybookError: The playbook contradicts itself or names what does not exist.
    """
    kinds = custom_kinds(policies)
    return codec.load(name, kinds=kinds.values()) if is_path(name) else examples.playbook(name)


def custom_kinds(names: Iterable[str]) -> Kinds:
    """Return what makes the policies of these names, by their kind.

    Args:
        names: Each a module and what it holds, ``"acme_tiers:PlantsNearby"``; modules are looked
            for in the working directory, too.

    Raises:
        UsageError: One of them is not there, or makes no policies.
    """
    found = [_found(name) for name in names]
    try:
        return kinds_by_name(found)
    except InvalidDataError as error:
        raise UsageError(f"--policy: {error.problems[0]}") from None


def _found(name: str) -> Any:
    module, colon, key = name.partition(":")
    if not (module and colon and key):
        raise UsageError(f"--policy {name}: must be a module and a class, as in acme_tiers:Plants")
    here = str(Path.cwd())
    if here not in sys.path:
        # As `python -m` does it; the kit asks in other processes, which look in the same places.
        sys.path.insert(0, here)
    try:
        at: Any = import_module(module)
    except Exception as error:
        # Whatever the firm's own code raises while it is imported.
        message = f"cannot be imported: {type(error).__name__} {brief(str(error))}"
        raise UsageError(f"--policy {name}: {message}") from error
    for step in key.split("."):
        if not hasattr(at, step):
            raise UsageError(f"--policy {name}: {module} has no '{step}'")
        at = getattr(at, step)
    return at


def custom_policies(book: Playbook) -> list[tuple[TierPolicy, list[Product]]]:
    """Return each policy in Python of a playbook once, with the products that it stands for."""
    found: dict[int, tuple[TierPolicy, list[Product]]] = {}
    for product in book.products:
        policy = custom_of(book.tiers[product.id])
        if policy is not None:
            found.setdefault(id(policy), (policy, []))[1].append(product)
    return [*found.values()]


def unproved(book: Playbook) -> Iterator[Problem]:
    """Yield what the conformance kit finds against the policies in Python of a playbook."""
    for policy, products in custom_policies(book):
        try:
            check_tier_policy(policy, products=products)
        except PolicyCheckError as error:
            for one in error.failures:
                about = "" if one.question is None else f", asked about {one.question}"
                message = f"{error.policy} does not pass {one.check}: {one.message}{about}"
                yield Problem("policy", f"tiers.{shown(products[0].id)}", message)
