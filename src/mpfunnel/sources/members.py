"""What rows become that are no records: members of target lists, and merges of records."""

from __future__ import annotations

from attrs import field, frozen

from mpfunnel.records import Id
from mpfunnel.records.checks import Record, a_key, an_id, checked, set_of

__all__ = ["Member", "Merge"]


@frozen
class Member(Record):
    """A company stands on a list: what a row of it says once it is known which one it means."""

    list: str = field(metadata=checked(a_key))
    company_id: Id = field(metadata=checked(an_id))


@frozen
class Merge(Record):
    """Records that are gone, and the one in which they live on."""

    kept: Id = field(metadata=checked(an_id))
    gone: frozenset[Id] = field(metadata=checked(set_of(an_id)))
