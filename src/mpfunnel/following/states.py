"""Account state: all that is kept of one account between two events, as a value to store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Literal

from attrs import field, frozen
from immutabledict import immutabledict

from mpfunnel.account import Account, company_of
from mpfunnel.errors import InvalidDataError, Problem, misfit
from mpfunnel.records import Id
from mpfunnel.records.checks import an_instant, utc
from mpfunnel.stored import Stored

__all__ = [
    "About",
    "AccountState",
    "Happening",
    "LastTold",
    "StageCount",
    "Version",
    "company_id_of",
]

Happening = Literal[
    "segment", "tier", "white_space", "stage", "engagement", "follow_up", "sla", "expired"
]
"""What a notice is about: an answer, a follow-up that is due (再アプローチ), a stage whose time
limit has passed, or an answer set by hand whose last day has."""

About = tuple[Happening, Id | None, Id | None]
"""What was told, the lead, and the product."""

Version = tuple[str, Id, Id | None, str | None]
"""Which record: its table and its id; of a contract, and of what was set by hand, also the product,
the question and the first day."""


@frozen
class LastTold:
    """What others were last told of one answer.

    Attributes:
        value: Key of the value; `None` where there is no answer any more. Of a follow-up its day,
            of a time limit the entry of the history.
        settled: Whether the answer was settled.
        number: How often something was told of it.
    """

    value: str | None
    settled: bool
    number: int


NEVER_TOLD: Final = LastTold(None, True, 0)


@frozen(order=True)
class StageCount:
    """How often leads came to a stage in one month.

    Attributes:
        month: In the playbook's zone, for example ``"2026-04"``.
        stage: Key of the stage.
        for_products: The products that it was about; none for the whole firm.
        imputed: Whether the stage was passed over.
        count: How often.
    """

    month: str
    stage: str
    for_products: tuple[Id, ...] = field(order=lambda ids: [(type(i).__name__, i) for i in ids])
    imputed: bool
    count: int


def _mapping(value: Mapping[Any, Any]) -> immutabledict[Any, Any]:
    return immutabledict(value)


def _texts(value: Iterable[str]) -> frozenset[str]:
    return frozenset(value)


def _counts(value: Iterable[StageCount]) -> tuple[StageCount, ...]:
    return tuple(sorted(value))


@frozen
class AccountState:
    """What a CRM keeps of one account between events: an immutable value.

    Begin with the account alone; `mpfunnel.Engine.on` fills in the rest, and nobody else has to.
    To change a record in a way that no event says, such as to delete a deal, `attrs.evolve` the
    account: the next event or tick tells what follows from it.

    Attributes:
        account: The records, and the stage history of each lead.
        as_of: The instant of the last event or tick; `None` before the first one.
        told: What others were last told.
        changed: When the CRM changed records that it said so of.
        forgotten: A digest of the id of each lead that was forgotten.
        counted: How often leads that were forgotten came to a stage.
        moved: A digest of the id of each lead that has moved to another account.

    Raises:
        InvalidDataError: `account` is none, or `as_of` no aware datetime.
    """

    account: Account = field(factory=Account)
    as_of: datetime | None = field(default=None, converter=utc)
    told: immutabledict[About, LastTold] = field(default=immutabledict(), converter=_mapping)
    changed: immutabledict[Version, datetime] = field(default=immutabledict(), converter=_mapping)
    forgotten: frozenset[str] = field(default=frozenset(), converter=_texts)
    counted: tuple[StageCount, ...] = field(default=(), converter=_counts)
    moved: frozenset[str] = field(default=frozenset(), converter=_texts)

    def __attrs_post_init__(self) -> None:
        problems = misfit("state.account", self.account, Account)
        if self.as_of is not None and (fault := an_instant(self.as_of)):
            problems.append(Problem(fault[0], "state.as_of", fault[1]))
        if problems:
            raise InvalidDataError(problems)

    def move_lead(self, lead_id: Id, to: AccountState) -> tuple[AccountState, AccountState]:
        """Return this account and another one after a lead of this one has moved to that one.

        A person changes company, or turns out to be of one. Its activities, sales events, history,
        and what others were told of it move along; a deal of this company also stays. Store both
        in one transaction, then give the new version of the lead to the other account. What comes
        late for this one is refused with the code ``moved``.

        Args:
            lead_id: The lead.
            to: The other account, which has no history of the lead yet.

        Raises:
            InvalidDataError: This account has no such lead, or the other one is none, has a history
                of the lead, or was made to forget it.
        """
        from mpfunnel.following.moving import moved

        return moved(self, to, lead_id)

    def to_bytes(self) -> bytes:
        """Return the state as JSON in UTF-8, the same bytes for equal states.

        `from_bytes` reads it, and will read it in every later version.
        """
        from mpfunnel.following.storing import written

        return written(self)

    @classmethod
    def from_bytes(cls, data: Stored) -> AccountState:
        """Return the state that `to_bytes` wrote, in this version or an earlier one.

        Raises:
            DecodeError: The bytes do not have that form; all faults are told at once.
        """
        from mpfunnel.following.storing import read

        return read(data)


def company_id_of(account: Account) -> Id | None:
    """Return the id of the company of an account; `None` for people without company."""
    return None if account.company is None else company_of(account.company).id


def is_about_lead(version: Version) -> bool:
    """Whether a record is about a lead, whose id then stands in it."""
    table, _, _, more = version
    return table == "leads" or (table == "overrides" and str(more).startswith("engagement"))
