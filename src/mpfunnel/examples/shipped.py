"""The playbooks that come with mpfunnel, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from mpfunnel.codec import load
from mpfunnel.errors import UnknownNameError, brief, did_you_mean
from mpfunnel.playbook import Playbook

__all__ = ["playbook", "playbook_names"]


@cache
def playbook_names() -> tuple[str, ...]:
    """Return the names of the playbooks that come with mpfunnel, sorted."""
    folder = files("mpfunnel.examples") / "playbooks"
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir()))


def playbook(name: str) -> Playbook:
    """Return the shipped playbook of that name, read from its file.

    Args:
        name: ``"invented"`` for the firm of the examples; ``"maven"`` or ``"retentioneering"`` for
            the files that the source mapping of the same name reads.

    Raises:
        UnknownNameError: There is none.
    """
    if name not in playbook_names():
        hint = did_you_mean(name, playbook_names()) or f"; there are {', '.join(playbook_names())}"
        raise UnknownNameError(f"{brief(name)}: no such playbook{hint}")
    with as_file(files("mpfunnel.examples") / "playbooks" / f"{name}.toml") as path:
        return load(path)
