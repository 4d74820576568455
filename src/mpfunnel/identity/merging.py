"""Merging: several records of one person or one company as one, and what refers to them (名寄せ).

    merged = merge_leads([lead, twin])
    merged.record, merged.ids, merged.chosen
    merged.follow(account, funnel=playbook.funnel, at=now).accounts

What is filled in does not depend on the order of the records that go, as long as no two of them
disagree; nor does it matter whether they are merged at once or one after the other (law 4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar, cast

from attrs import evolve, field, fields, frozen, has

from mpfunnel.account import Account, Relative, company_of, conflicts, strangers
from mpfunnel.errors import InvalidDataError, Problem, brief, misfit, misfits, near, series
from mpfunnel.personal import shown
from mpfunnel.records import (
    Activity,
    Company,
    CompanyHistory,
    Consent,
    Deal,
    Id,
    Lead,
    Value,
    check_parents,
)
from mpfunnel.records.checks import an_id
from mpfunnel.stages import Funnel, StageHistory

__all__ = ["Choice", "Followed", "Merged", "merge_companies", "merge_leads"]

R = TypeVar("R", bound=Lead | Company | CompanyHistory)
C = TypeVar("C", bound=Company | CompanyHistory)
T = TypeVar("T")

_PERSONAL: Final = frozenset({"email", "name", "phone"})
_TABLES: Final = (
    "leads",
    "activities",
    "deals",
    "contracts",
    "sales_events",
    "overrides",
    "histories",
)
_WITH_ID: Final[Mapping[type, str]] = {Lead: "leads", Activity: "activities", Deal: "deals"}
_OF_A_LEAD: Final = ("lead_id",)
_OF_A_COMPANY: Final = ("company_id", "via_company_id", "parent_id")


@frozen
class Choice:
    """What was chosen for one field where the records disagreed.

    Attributes:
        field: The field, for example ``"title"``, or ``"attributes.plan"``.
        value: What the merged record says. Personal texts, here and in `others`, are masked.
        of: The record that said it.
        others: Each record that said something else, and what.
    """

    field: str
    value: Value | datetime
    of: Id
    others: tuple[tuple[Id, Value | datetime], ...]


@frozen
class Followed:
    """Accounts after a merge.

    Attributes:
        accounts: In the order given; those of companies that were merged are one.
        collapsed: Records that are equal to another one now that both refer to the merged record,
            and count once; as they were.
        conflicts: What shares an id and differs: all of it stays, and the engine rejects it (S17).
            Also companies that have become their own ancestors.
    """

    accounts: tuple[Account, ...]
    collapsed: tuple[Any, ...] = ()
    conflicts: tuple[Problem, ...] = ()


@frozen
class Merged(Generic[R]):
    """Several records of one person or company as one.

    Attributes:
        record: With the id that is kept.
        ids: All ids, the kept one first.
        chosen: What was chosen where the records disagreed, in the order of the fields; of a
            `mpfunnel.CompanyHistory`, as of its last change.
    """

    record: R
    ids: tuple[Id, ...]
    chosen: tuple[Choice, ...] = field(default=())

    def repoint(self, record: T) -> T:
        """Return a record that refers to the kept id wherever it referred to one that is gone.

        It takes every record with a `lead_id`, or with a `company_id`, `via_company_id` or
        `parent_id`; one that has none comes back as it is. A lead or company that is gone itself
        comes back as the merged record. Late events about ids that are gone go through here.

        Raises:
            InvalidDataError: It is no record.
        """
        kind: Any = type(record)
        if not has(kind):
            message = f"must be a record, not {kind.__name__}"
            raise InvalidDataError([Problem("type", "record", message)])
        given: Any = record
        if self._own_id(given) in self.ids[1:]:
            return cast("T", self.record)
        if isinstance(given, CompanyHistory) and not isinstance(self.record, Lead):
            company = self.repoint(given.company)
            changes = [
                evolve(one, value=self._parent(company.id, one.value))
                if one.fact == "parent_id"
                else one
                for one in given.changes
            ]
            return cast("T", evolve(given, company=company, changes=changes))
        changed = {
            name: new
            for name in self._names
            if (old := getattr(given, name, None)) is not None
            and (new := self._now(given, name, old)) != old
        }
        return cast("T", evolve(given, **changed)) if changed else record

    def follow(
        self, *accounts: Account, funnel: Funnel | None = None, at: datetime | None = None
    ) -> Followed:
        """Return accounts whose records refer to the merged record in place of those it is made of.

        Activities are united by id, so that no point counts twice. Accounts of companies that were
        merged become one. All that is about a lead goes to the account of its company, or else to
        the one that has had the kept lead.

        Args:
            accounts: Those that have something about any of the ids; others come back equal.
            funnel: The playbook's; its `Funnel.merge` unites histories of stages.
            at: When the leads became one, aware; not before anything in their histories.

        Raises:
            InvalidDataError: Something is no account; several of the leads have a history, and
                `funnel` or `at` is missing, or the histories cannot be merged.
        """
        problems = misfits("accounts", accounts, Account)
        if funnel is not None:
            problems += misfit("funnel", funnel, Funnel)
        if problems:
            raise InvalidDataError(problems)
        home = self._home(accounts)
        found: list[dict[str, list[Any]]] = [{name: [] for name in _TABLES} for _ in accounts]
        united: dict[tuple[int, Any], None] = {}
        before: dict[Any, Any] = {}
        collapsed: dict[Any, None] = {}
        histories: list[StageHistory] = []
        # What is there already stays before what comes.
        for place in sorted(range(len(accounts)), key=lambda place: place != home):
            account = accounts[place]
            for name in _TABLES:
                for record in getattr(account, name):
                    if home is None or not self._goes(account, record):
                        found[place][name].append(self.repoint(record))
                    elif isinstance(record, StageHistory) and isinstance(self.record, Lead):
                        histories.append(record)
                    else:
                        own = self._own_id(record) in self.ids
                        now = self.record if own else self.repoint(record)
                        for to in {home: None, **self._stays(account, place, record)}:
                            if (to, now) not in united:
                                united[to, now] = None
                                found[to][name].append(now)
                        if not own and before.setdefault(now, record) != record:
                            collapsed[record] = None
        if home is not None and histories:
            found[home]["histories"].append(self._one_history(histories, funnel, at))
        kept = [
            place for place, one in enumerate(accounts) if place == home or not self._joins(one)
        ]
        companies = [self._company(accounts[place]) for place in kept]
        relatives = [
            self._relatives([one for one in accounts if self._joins(one)])
            if place == home and self._joins(accounts[place])
            else self._relatives([accounts[place]])
            for place in kept
        ]
        for place, company, group in zip(kept, companies, relatives, strict=True):
            itself = None if company is None else group.pop(company_of(company).id, None)
            for name in ("deals", "contracts") if itself else ():
                there = found[place][name]
                there += [one for one in getattr(itself, name) if one not in there]
        return Followed(
            tuple(
                Account(company, **found[place], relatives=group.values())
                for place, company, group in zip(kept, companies, relatives, strict=True)
            ),
            tuple(collapsed),
            (
                *_conflicts([one for place, one in united if place == home]),
                *check_parents(_latest(one) for one in companies if one is not None),
            ),
        )

    @property
    def _names(self) -> tuple[str, ...]:
        return _OF_A_LEAD if isinstance(self.record, Lead) else _OF_A_COMPANY

    def _own_id(self, record: Any) -> Id | None:
        """Return the id of a record of the kind that was merged; `None` for others."""
        if isinstance(self.record, Lead):
            return record.id if isinstance(record, Lead) else None
        return company_of(record).id if isinstance(record, Company | CompanyHistory) else None

    def _now(self, record: Any, name: str, old: Id) -> Id | None:
        if name == "parent_id":
            return self._parent(record.id, old)
        return self.ids[0] if old in self.ids else old

    def _parent(self, of: Id, old: Id | None) -> Id | None:
        """Return a parent; nothing is the parent of itself, under whichever of its ids."""
        if old not in self.ids:
            return old
        return None if of in self.ids else self.ids[0]

    def _joins(self, account: Account) -> bool:
        """Whether an account is that of a company that was merged."""
        return account.company is not None and self._own_id(account.company) in self.ids

    def _goes(self, account: Account, record: Any) -> bool:
        """Whether a record of an account goes to the account of the merged record."""
        if not isinstance(self.record, Lead):
            return self._joins(account)
        return getattr(record, "lead_id", None) in self.ids or self._own_id(record) in self.ids

    def _stays(self, account: Account, place: int, record: Any) -> dict[int, None]:
        """Return where else a record that goes is still needed.

        A deal is in the account of its company, and in that of the lead that takes part.
        """
        company = account.company
        own = (
            isinstance(self.record, Lead)
            and isinstance(record, Deal)
            and company is not None
            and company_of(company).id == record.company_id
        )
        return {place: None} if own else {}

    def _home(self, accounts: Sequence[Account]) -> int | None:
        """Return the place of the account that all about the merged record goes to."""
        if not isinstance(self.record, Lead):
            return next((place for place, one in enumerate(accounts) if self._joins(one)), None)
        ids = [None if one.company is None else company_of(one.company).id for one in accounts]
        about = [
            place
            for place, one in enumerate(accounts)
            if any(self._goes(one, record) for name in _TABLES for record in getattr(one, name))
        ]
        if not about:
            return None
        if self.record.company_id in ids and self.record.company_id is not None:
            return ids.index(self.record.company_id)
        kept = [
            place for place in about if any(one.id == self.ids[0] for one in accounts[place].leads)
        ]
        return (kept or about)[0]

    def _company(self, account: Account) -> Company | CompanyHistory | None:
        if not self._joins(account):
            return None if account.company is None else self.repoint(account.company)
        return cast("Company | CompanyHistory", self.record)

    def _relatives(self, accounts: Iterable[Account]) -> dict[Id, Relative]:
        """Return the other companies of the group of some accounts, each once, by id."""
        found: dict[Id, Relative] = {}
        for one in (one for account in accounts for one in account.relatives):
            merged = self._own_id(one.company) in self.ids
            company: Any = self.record if merged else self.repoint(one.company)
            deals, contracts = map(self.repoint, one.deals), map(self.repoint, one.contracts)
            now = Relative(company, deals, contracts)
            if (before := found.get(company_of(company).id)) is not None:
                now = Relative(
                    before.company,
                    dict.fromkeys((*before.deals, *now.deals)),
                    dict.fromkeys((*before.contracts, *now.contracts)),
                )
            found[company_of(company).id] = now
        return found

    def _one_history(
        self, histories: Sequence[StageHistory], funnel: Funnel | None, at: datetime | None
    ) -> StageHistory:
        first, *others = dict.fromkeys(histories)
        if others and (funnel is None or at is None):
            given = {"funnel": funnel, "at": at}
            message = "is needed, because several of the leads have a history"
            raise InvalidDataError(
                Problem("missing", name, message) for name, value in given.items() if value is None
            )
        for other in others:
            assert funnel is not None  # checked above
            assert at is not None
            first = funnel.merge(first, other, at=at)
        # It goes by the kept id, wherever it goes on; its entries still say whose they were.
        return StageHistory(self.ids[0], first.entries)


def merge_leads(leads: Iterable[Lead], *, keep: Id | None = None) -> Merged[Lead]:
    """Return the leads that turned out to be one person as one.

    What the kept lead says wins; what it leaves blank is filled from the others, in the order
    given. Interests and custom attributes that are sets are united, consents and opt-outs all kept,
    in the order of time: the latest decides, as ever. `created_at` is the earliest.

    Args:
        leads: One or more; one that is given twice counts once.
        keep: The id that stays; that of the first where it is `None`.

    Raises:
        InvalidDataError: There is none, something is no lead, two that share an id differ, or none
            has the id to keep.
    """
    return _merged(_ordered("leads", leads, keep, Lead))


def merge_companies(companies: Iterable[C], *, keep: Id | None = None) -> Merged[C]:
    """Return the companies that turned out to be one as one.

    What the kept company says wins; what it leaves blank is filled from the others, in the order
    given. Domains, relationships, lists and custom attributes that are sets are united. A parent
    among the companies themselves says nothing any more. Where one is a `mpfunnel.CompanyHistory`,
    so is what comes of it: on each day, the companies of that day as one.

    Args:
        companies: One or more; one that is given twice counts once.
        keep: The id that stays; that of the first where it is `None`.

    Raises:
        InvalidDataError: There is none, something is no company, two that share an id differ, or
            none has the id to keep.
    """
    ordered = _ordered("companies", companies, keep, Company, CompanyHistory)
    latest = _merged([_latest(one) for one in ordered])
    return evolve(latest, record=_over_time(ordered))


def _ordered(path: str, records: Iterable[Any], keep: Id | None, *kinds: type) -> list[Any]:
    """Return the records to merge, each once, that with the id to keep first."""
    # The type checkers cannot follow a generic function that returns what is no collection too.
    given: Any = series(records)
    problems = strangers(path, given, *kinds)
    if not problems and not given:
        problems.append(Problem("empty", path, "must have at least one"))
    if problems:
        raise InvalidDataError(problems)
    problems += conflicts(path, given)
    by_id = {_id_of(one): one for one in given}
    if keep is not None and (fault := an_id(keep)):
        problems.append(Problem(fault[0], "keep", fault[1]))
    elif keep is not None and keep not in by_id:
        message = f"{brief(keep)} is none of them{near(keep, by_id)}"
        problems.append(Problem("choice", "keep", message))
    if problems:
        raise InvalidDataError(problems)
    first = next(iter(by_id)) if keep is None else keep
    return [by_id.pop(first), *by_id.values()]


def _merged(records: Sequence[Lead] | Sequence[Company]) -> Merged[Any]:
    """Return records of one kind and of different ids as one; the first of them is kept."""
    ids = tuple(one.id for one in records)
    kind = type(records[0])
    personal = _PERSONAL if kind is Lead else frozenset[str]()
    chosen: list[Choice] = []
    values: dict[str, Any] = {"id": ids[0]}
    for name in (one.name for one in fields(kind)[1:]):
        said = [(one.id, getattr(one, name)) for one in records]
        if name == "parent_id":
            said = [(of, parent) for of, parent in said if parent not in ids]
        if name != "attributes":
            values[name] = _chosen(name, said, personal, chosen)
            continue
        values[name] = {
            key: _chosen(f"{name}.{key}", [(of, map_.get(key)) for of, map_ in said], (), chosen)
            for key in dict.fromkeys(key for _, map_ in said for key in map_)
        }
    return Merged(kind(**values), ids, tuple(chosen))


def _chosen(
    name: str, given: Iterable[tuple[Id, Any]], personal: Collection[str], chosen: list[Choice]
) -> Any:
    """Return the value of one field; where the records disagree, that is noted in `chosen`."""
    said = [(of, value) for of, value in given if value is not None]
    if not said:
        return None
    of, value = min(said, key=lambda one: one[1]) if name == "created_at" else said[0]
    if isinstance(value, tuple):
        return sorted({consent for _, some in said for consent in some}, key=_in_time)
    others = [one for one in said if one[1] != value]
    if isinstance(value, frozenset):
        others = [one for one in said if not isinstance(one[1], frozenset)]
        value = frozenset(item for one in said if one not in others for item in one[1])
    if others:
        told = [(one, _told(other, personal=name in personal)) for one, other in others]
        chosen.append(Choice(name, _told(value, personal=name in personal), of, tuple(told)))
    return value


def _in_time(consent: Consent) -> tuple[datetime, str, bool, str]:
    return consent.at, consent.channel, consent.granted, consent.basis or ""


def _told(value: Any, *, personal: bool) -> Any:
    """Return a value as it may be shown."""
    if isinstance(value, frozenset):
        return frozenset(shown(one, personal=personal) for one in cast("frozenset[str]", value))
    return shown(value, personal=personal) if isinstance(value, str) else value


def _over_time(companies: Sequence[Company | CompanyHistory]) -> Company | CompanyHistory:
    """Return companies as one; as a history where one of them is."""
    merged: Company = _merged([company_of(one) for one in companies]).record
    histories = [one for one in companies if isinstance(one, CompanyHistory)]
    if not histories:
        return merged
    history = CompanyHistory(merged)
    for day in sorted({change.since for one in histories for change in one.changes}):
        of_day = [one.on(day) if isinstance(one, CompanyHistory) else one for one in companies]
        history = history.went_on(_merged(of_day).record, since=day)
    return history


def _latest(company: Company | CompanyHistory) -> Company:
    return company.on(date.max) if isinstance(company, CompanyHistory) else company


def _id_of(record: Lead | Company | CompanyHistory) -> Id:
    return record.id if isinstance(record, Lead) else company_of(record).id


def _conflicts(records: Iterable[object]) -> list[Problem]:
    """Return a problem for every id that records which differ share."""
    found: dict[tuple[str, Id, Id | None], int] = {}
    for one in records:
        if isinstance(one, Lead | Activity | Deal):
            about = _WITH_ID[type(one)], one.id, one.lead_id if isinstance(one, Activity) else None
            found[about] = found.get(about, 0) + 1
    return [
        Problem(
            "conflict",
            f"{table}[{brief(record_id)}].id",
            f"is used {count} times, by records that differ",
        )
        for (table, record_id, _), count in found.items()
        if count > 1
    ]
