"""Playbooks that tests share."""

from __future__ import annotations

from attrs import evolve

from mpfunnel.playbook import Playbook
from mpfunnel.plays import Plays

__all__ = ["answers_alone"]


def answers_alone(book: Playbook) -> Playbook:
    """The playbook without rules of offers and plays: for what these make no difference to.

    On tables they cost as much as the answers; `test_offers` and `test_frames_plays` ask them.
    """
    synergy = evolve(book.synergy, offers=(), cool_down_days=0)
    return evolve(book, synergy=synergy, plays=Plays())
