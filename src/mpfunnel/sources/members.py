"""Member: what a target list says of a company, once it is known which company it means."""

from __future__ import annotations

from attrs import field, frozen

from mpfunnel.records import Id
from mpfunnel.records.checks import Record, a_key, an_id, checked

__all__ = ["Member"]


@frozen
class Member(Record):
    """A company stands on a list."""

    list: str = field(metadata=checked(a_key))
    company_id: Id = field(metadata=checked(an_id))
