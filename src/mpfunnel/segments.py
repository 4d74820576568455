"""Segment: which kind of company it is for the whole firm (全社共通セグメント).

Segments are exclusive and ordered: the first rule that holds decides, a default comes last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import field, frozen

from mpfunnel.errors import InvalidDataError, not_a_key
from mpfunnel.labels import Label, as_label
from mpfunnel.records import Company
from mpfunnel.rules.tables import Decision, DecisionTable

__all__ = ["UNMATCHED", "Segment", "SegmentTable"]


@frozen
class Segment:
    """One kind of company, for the whole firm; equal by key, whatever its label (S8)."""

    key: str
    label: Label = field(converter=as_label, eq=False)

    def __attrs_post_init__(self) -> None:
        if problems := not_a_key("segment.key", self.key):
            raise InvalidDataError(problems)

    def __str__(self) -> str:
        return self.key


UNMATCHED: Final = Segment("unmatched", Label("unmatched", "企業未紐付け"))
"""The segment of a lead without company: not to be confused with an individual."""


@frozen
class SegmentTable(DecisionTable[Segment]):
    """Rules that put a company into one segment; they may ask about the company alone."""

    def compile(self) -> Callable[[Company], Decision[Segment]]:
        """Return the table as one function.

        Raises:
            InvalidDataError: A rule asks about something else than the company.
        """
        # Imported here, because a table is often made and sent elsewhere to decide.
        from mpfunnel.rules.compiled import compile_policy

        return compile_policy(self, ("company",))
