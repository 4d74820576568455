"""Segment: which kind of company it is for the whole firm (全社共通セグメント).

Segments are exclusive and ordered: the first rule that holds decides, a default comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from mpfunnel.groups import compiled
from mpfunnel.labels import Keyed, Label
from mpfunnel.records import Company
from mpfunnel.rules.tables import Decision, DecisionTable

__all__ = ["UNMATCHED", "Segment", "SegmentTable"]


@frozen
class Segment(Keyed):
    """One kind of company, for the whole firm; equal by key, whatever its label (S8)."""

    called = "segment"


UNMATCHED: Final = Segment("unmatched", Label("unmatched", "企業未紐付け"))
"""The segment of a lead without company: not to be confused with an individual."""


@frozen
class SegmentTable(DecisionTable[Segment]):
    """Rules that put a company into one segment; they may ask about the company and its group."""

    def compile(self) -> Callable[[Company], Decision[Segment]]:
        """Return the table as one function.

        Raises:
            InvalidDataError: A rule asks about something else than the company.
        """
        return compiled(self)
