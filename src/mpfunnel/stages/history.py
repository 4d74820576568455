"""Stage history: the stages that a lead has been in, one entry for each time, as a value to store.

A history only grows by the gate of a funnel (`mpfunnel.stages.moves`): whoever asks, rule, person,
import or API (law 10). What is here holds it, answers from it, and turns it into rows and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal, cast

from attrs import evolve, field, fields, frozen

from mpfunnel.errors import InvalidDataError, Problem, brief, did_you_mean, misfits, shown
from mpfunnel.records import Id
from mpfunnel.records.checks import (
    Fault,
    Record,
    a_bool,
    a_day,
    a_key,
    a_number_of,
    a_private_text,
    a_text,
    an_id,
    an_instant,
    checked,
    named,
    one_of,
    optional,
    series,
    text_or_none,
    utc,
)
from mpfunnel.stages.graph import FunnelStage, MoveKind, key_of

__all__ = ["Cause", "Entry", "Move", "StageHistory", "grown", "in_time", "instant", "joined"]

Cause = Literal["rule", "time", "person", "import", "api"]
"""Who or what moves a lead; `time` is a rule that fires because days have passed, and nothing
else."""

Row = dict[str, Any]


def _ordered(value: Iterable[Id]) -> Any:
    """Return ids as a tuple in their order; a set has none, and would differ from run to run."""
    if isinstance(value, set | frozenset):
        return tuple(sorted(value, key=_by_type))
    return series(value)


def _by_type(value: Id) -> tuple[str, Id]:
    known = isinstance(value, str | int)  # pyright: ignore[reportUnnecessaryIsInstance]
    return type(value).__name__, value if known else str(value)


def _ids_in_order(value: object) -> Fault | None:
    if not isinstance(value, tuple):
        return "type", f"must be a collection of ids, not {named(value)}"
    faults = [fault for item in cast("tuple[object, ...]", value) if (fault := an_id(item))]
    return faults[0] if faults else None


@frozen
class Move(Record):
    """A move that is asked for, or proposed; the gate decides on it."""

    to: str = field(converter=key_of, metadata=checked(a_key))
    """Key of the stage; may be given as the stage."""
    at: datetime = field(converter=utc, metadata=checked(an_instant))
    cause: Cause = field(metadata=checked(one_of(Cause)))
    reason: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text)), kw_only=True
    )
    """Reason code, for example ``"timing"``; that of a rule is its key."""
    by: str | None = field(
        default=None,
        converter=text_or_none,
        metadata=checked(optional(a_private_text)),
        kw_only=True,
    )
    """Who moved it."""
    for_products: tuple[Id, ...] = field(
        default=(), converter=_ordered, metadata=checked(_ids_in_order), kw_only=True
    )
    """The products that it is about; none for the whole firm."""
    playbook_version: str = field(default="", metadata=checked(a_text), kw_only=True)
    """The version of the playbook whose rules move it; blank where none do."""
    won: bool = field(default=False, metadata=checked(a_bool), kw_only=True)
    """Whether something was won: then it is no mere return to where the lead has been before."""
    until: date | None = field(default=None, metadata=checked(optional(a_day)), kw_only=True)
    """The last day on which a person's decision holds, whatever the facts warrant; where it has
    none, it holds until there is a newer fact."""
    follow_up_on: date | None = field(default=None, metadata=checked(optional(a_day)), kw_only=True)
    """When to come back to the lead (再アプローチ日)."""

    def _contradictions(self) -> list[Problem]:
        return _only_of_people("move.until", self.cause, self.until)


@frozen
class Entry(Record):
    """One time that a lead was in a stage."""

    of_lead: Id = field(metadata=checked(an_id))
    """The lead as which it happened: another one than that of the history after a merge."""
    number: int = field(metadata=checked(a_number_of(1)))
    """Its place among the entries of that lead, from 1."""
    pursuit: int = field(metadata=checked(a_number_of(1)))
    """The number of the pursuit, from 1: after one has ended, the next begins (S19)."""
    stage: str = field(converter=key_of, metadata=checked(a_key))
    entered: datetime = field(converter=utc, metadata=checked(an_instant))
    left: datetime | None = field(converter=utc, metadata=checked(optional(an_instant)))
    """`None` as long as the lead is there."""
    kind: MoveKind = field(metadata=checked(one_of(MoveKind)))
    """The kind of the move that led there; the first one is ``"forward"``."""
    cause: Cause = field(metadata=checked(one_of(Cause)))
    reason: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_text))
    )
    by: str | None = field(
        default=None, converter=text_or_none, metadata=checked(optional(a_private_text))
    )
    imputed: bool = field(default=False, metadata=checked(a_bool))
    """Whether it was passed over, and is only here because the success path leads through it."""
    for_products: tuple[Id, ...] = field(
        default=(), converter=_ordered, metadata=checked(_ids_in_order)
    )
    playbook_version: str = field(default="", metadata=checked(a_text))
    until: date | None = field(default=None, metadata=checked(optional(a_day)))
    """The last day on which a person's decision holds; `None` until there is a newer fact."""
    follow_up_on: date | None = field(default=None, metadata=checked(optional(a_day)))
    """When to come back to the lead (再アプローチ日)."""

    def _contradictions(self) -> list[Problem]:
        problems = _only_of_people("entry.until", self.cause, self.until)
        if self.left is not None and self.left < self.entered:
            problems.append(Problem("order", "entry.left", "must not be before entered"))
        return problems


def _only_of_people(path: str, cause: Cause, until: date | None) -> list[Problem]:
    if until is None or cause == "person":
        return []
    return [Problem("contradiction", path, f"must be blank where the cause is '{cause}'")]


_COLUMNS: Final = tuple(one.name for one in fields(Entry))
_LATER: Final = ("until", "follow_up_on")
"""Columns that rows of earlier releases do not have: days."""


@frozen
class StageHistory:
    """The stages that a lead has been in; it begins empty, and the gate of a funnel adds to it.

    Attributes:
        lead_id: The lead.
        entries: Each time in a stage, in the order of time; after a merge those of several leads.
            Exactly one is still open, unless there is none at all.

    Raises:
        InvalidDataError: The entries do not follow upon each other.
    """

    lead_id: Id
    entries: tuple[Entry, ...] = field(default=(), converter=series)
    # What the gate that made it keeps for the next move; nothing where another one has it.
    gates: list[Any] = field(factory=list[Any], init=False, eq=False, repr=False)

    def __reduce__(self) -> tuple[Any, tuple[Id, tuple[Entry, ...]]]:
        return StageHistory, (self.lead_id, self.entries)

    def __attrs_post_init__(self) -> None:
        problems: list[Problem] = []
        if (fault := an_id(self.lead_id)) is not None:
            problems.append(Problem(fault[0], "history.lead_id", fault[1]))
        wrong = misfits("history.entries", self.entries, Entry)
        if not wrong:
            object.__setattr__(self, "entries", tuple(sorted(self.entries, key=in_time)))
            wrong = _gaps(self.entries)
        if problems + wrong:
            raise InvalidDataError(problems + wrong)

    @property
    def current(self) -> Entry | None:
        """Where the lead is; `None` where it has no stage yet."""
        return next((entry for entry in reversed(self.entries) if entry.left is None), None)

    @property
    def last_at(self) -> datetime | None:
        """The instant of the last thing that happened, before which the gate lets no move pass."""
        return max((entry.left or entry.entered for entry in self.entries), default=None)

    def first(self, stage: FunnelStage | str) -> Entry | None:
        """Return the first time in a stage; `None` where there was none."""
        return self.nth(stage, 1)

    def latest(self, stage: FunnelStage | str) -> Entry | None:
        """Return the latest time in a stage; `None` where there was none."""
        return self.nth(stage, -1)

    def nth(self, stage: FunnelStage | str, n: int) -> Entry | None:
        """Return the n-th time in a stage, imputed or not; `None` where there were fewer.

        Args:
            stage: The stage, or its key.
            n: From 1; -1 is the latest time, -2 the one before.
        """
        times = [entry for entry in self.entries if entry.stage == key_of(stage)]
        place = n - 1 if n > 0 else len(times) + n
        return times[place] if n and 0 <= place < len(times) else None

    def pursuit(self, entry: Entry) -> tuple[Entry, ...]:
        """Return all entries of the pursuit that an entry belongs to, in order."""
        about = (entry.of_lead, entry.pursuit)
        return tuple(one for one in self.entries if (one.of_lead, one.pursuit) == about)

    def time_in(self, stage: FunnelStage | str, *, as_of: datetime) -> timedelta:
        """Return how long the lead has been in a stage in all, up to an instant (law 5).

        Where two leads that were merged were in it at once, that time counts once.
        """
        as_of = instant("as_of", as_of)
        total = timedelta(0)
        until = None
        for entry in self.entries:
            if entry.stage != key_of(stage) or entry.entered >= as_of:
                continue
            end = as_of if entry.left is None else min(entry.left, as_of)
            start = entry.entered if until is None else max(entry.entered, until)
            until = end if until is None else max(until, end)
            total += max(end - start, timedelta(0))
        return total

    def rows(self) -> list[Row]:
        """Return the history as rows to store, one for each entry; `from_rows` reads them.

        The key of a row is `lead_id`, `of_lead` and `number`; instants are in UTC, and
        `for_products` is a list of ids.
        """
        return [
            {
                "lead_id": self.lead_id,
                **{name: getattr(entry, name) for name in _COLUMNS},
                "for_products": [*entry.for_products],
            }
            for entry in self.entries
        ]

    @classmethod
    def from_rows(cls, lead_id: Id, rows: Iterable[Mapping[str, Any]]) -> StageHistory:
        """Return the history of a lead from the rows that `rows` gave, in whatever order.

        It restores what a gate has let pass; moves that none has seen yet, such as those of another
        system, go through `Funnel.apply`.

        Args:
            lead_id: The lead.
            rows: Its rows: each with all columns and no others; `until` and `follow_up_on` may be
                absent, as they were in earlier releases. An instant may also be ISO text with an
                offset, and a day ISO text, as databases without a type for it return it.

        Raises:
            InvalidDataError: A row has not the form of a row, or rows are missing; all faults, each
                with its path.
        """
        given = series(rows)
        if not isinstance(given, tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidDataError([Problem("type", "rows", f"must be rows, not {named(rows)}")])
        problems: list[Problem] = []
        entries: list[Entry] = []
        for index, row in enumerate(given):
            try:
                entries.append(_entry(lead_id, row))
            except InvalidDataError as error:
                problems += [problem.under(f"rows[{index}]") for problem in error.problems]
        if problems:
            raise InvalidDataError(problems)
        return cls(lead_id, entries)


def grown(lead_id: Id, entries: Iterable[Entry], gate: Any) -> StageHistory:
    """Return a history of entries that a gate made follow upon each other, in order.

    They are not checked again: with each move, that would take as long as the history is.
    """
    history = StageHistory.__new__(StageHistory)
    object.__setattr__(history, "lead_id", lead_id)
    object.__setattr__(history, "entries", tuple(entries))
    object.__setattr__(history, "gates", [gate])
    return history


def in_time(entry: Entry) -> tuple[datetime, str, Id, int]:
    """Return the place of an entry in the order of time."""
    return entry.entered, type(entry.of_lead).__name__, entry.of_lead, entry.number


def _gaps(entries: tuple[Entry, ...]) -> list[Problem]:
    """Return where entries do not follow upon each other."""
    problems: list[Problem] = []
    before: dict[Id, Entry] = {}
    for index, entry in enumerate(entries):
        at = f"history.entries[{index}]"
        last = before.get(entry.of_lead)
        before[entry.of_lead] = entry
        number, pursuit = (last.number + 1, last.pursuit) if last else (1, 1)
        if entry.number != number:
            message = f"must be {number} of lead {brief(entry.of_lead)}, not {entry.number}"
            problems.append(Problem("order", f"{at}.number", message))
        elif last is not None and last.left != entry.entered:
            message = "must be when the entry before it was left"
            problems.append(Problem("order", f"{at}.entered", message))
        elif not pursuit <= entry.pursuit <= pursuit + (last is not None):
            message = "must be the pursuit of the entry before it, or the next one"
            problems.append(Problem("order", f"{at}.pursuit", message))
    still = sum(entry.left is None for entry in entries)
    if entries and still != 1:
        message = f"must have exactly one entry that is not left, not {still}"
        problems.append(Problem("order", "history.entries", message))
    return problems


def _entry(lead_id: Id, row: Mapping[str, Any]) -> Entry:
    if not isinstance(row, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidDataError([Problem("type", "", f"must be a mapping, not {named(row)}")])
    wanted = ("lead_id", *_COLUMNS)
    problems = [
        Problem("unknown-key", shown(key), f"no such column{did_you_mean(key, wanted)}")
        for key in row
        if key not in wanted
    ]
    missing = [key for key in wanted if key not in row and key not in _LATER]
    problems += [Problem("missing", key, "is missing") for key in missing]
    if "lead_id" in row and (type(row["lead_id"]), row["lead_id"]) != (type(lead_id), lead_id):
        message = f"must be {brief(lead_id)}, not {brief(row['lead_id'])}"
        problems.append(Problem("conflict", "lead_id", message))
    given: dict[str, Any] = {name: row.get(name) for name in _COLUMNS}
    for name in ("entered", "left"):
        given[name] = _read(given[name], datetime.fromisoformat)
    for name in _LATER:
        given[name] = _read(given[name], date.fromisoformat)
    try:
        entry = Entry(**given)
    except InvalidDataError as error:
        found = (
            Problem(one.code, one.path.removeprefix("entry."), one.message)
            for one in error.problems
        )
        # What is missing has been told.
        problems += [one for one in found if one.path not in missing]
    else:
        if not problems:
            return entry
    raise InvalidDataError(problems)


def _read(value: Any, read: Callable[[str], Any]) -> Any:
    """Return the instant or day that a text writes; what is none stays, for the check to name."""
    if not isinstance(value, str):
        return value
    try:
        return read(value)
    except ValueError:
        return value


def instant(path: str, value: datetime) -> datetime:
    """Return an aware instant in UTC.

    Raises:
        InvalidDataError: It is none.
    """
    given = utc(value)
    if (fault := an_instant(given)) is not None:
        raise InvalidDataError([Problem(fault[0], path, fault[1])])
    return given


def joined(
    one: StageHistory, other: StageHistory, ranked: Callable[[Entry], Any], at: datetime
) -> StageHistory:
    """Return both histories as one (see `Funnel.merge`).

    Args:
        one: A history.
        other: That of another lead.
        ranked: Gives how far an open entry has come; the furthest one goes on.
        at: When the leads became one.
    """
    at = instant("at", at)
    for history in (one, other):
        if history.last_at is not None and at < history.last_at:
            message = (
                f"must not be before {history.last_at.isoformat()}, when a lead was last moved"
            )
            raise InvalidDataError([Problem("order", "at", message)])
    known: dict[tuple[Id, int], Entry] = {}
    for entry in (*one.entries, *other.entries):
        about = (entry.of_lead, entry.number)
        same = known.get(about)
        if same is not None and evolve(same, left=None) != evolve(entry, left=None):
            message = (
                f"entry {entry.number} of lead {brief(entry.of_lead)} is another one in each; "
                "only histories of different leads can be merged"
            )
            raise InvalidDataError([Problem("conflict", "merge", message)])
        if same is None or same.left is None or (entry.left and entry.left < same.left):
            known[about] = entry
    for (lead, number), entry in known.items():
        # One may have been merged before it was known that the lead had moved on meanwhile.
        follower = known.get((lead, number + 1))
        if follower is not None and entry.left != follower.entered:
            known[lead, number] = evolve(entry, left=follower.entered)
    # What an earlier merge of this instant has left may be what goes on among all of them.
    left = {about for history in (one, other) for about in _left_by_merge(history, at)}
    running = sorted(
        [
            entry
            for (lead, number), entry in known.items()
            if entry.left is None
            or ((lead, number) in left and entry.left == at and (lead, number + 1) not in known)
        ],
        key=in_time,
    )
    best = _goes_on(running, ranked)
    if best is None and known:
        message = "each of them was left for the other, so that none goes on"
        raise InvalidDataError([Problem("conflict", "merge", message)])
    for entry in running:
        known[entry.of_lead, entry.number] = evolve(entry, left=None if entry is best else at)
    if best is None:
        return StageHistory(min((one.lead_id, other.lead_id), key=_by_type))
    # Its history may have been given another id than that of the lead.
    ids = [
        history.lead_id
        for history in (one, other)
        if history.current is not None and _about(history.current) == _about(best)
    ]
    return StageHistory(min(ids or [best.of_lead], key=_by_type), known.values())


def _about(entry: Entry) -> tuple[Id, int]:
    return entry.of_lead, entry.number


def _left_by_merge(history: StageHistory, at: datetime) -> list[tuple[Id, int]]:
    """Return the last entries of leads that a merge at this instant has left."""
    current = history.current
    if current is None or current.entered == at:
        # The lead may have moved on after it.
        return []
    last = {entry.of_lead: entry for entry in history.entries}
    return [_about(entry) for entry in last.values() if entry.left == at]


def _goes_on(running: Sequence[Entry], ranked: Callable[[Entry], Any]) -> Entry | None:
    """Return which of some entries, in the order of time, goes on."""
    if not running:
        return None
    newest = running[-1].entered
    decided = [one for one in running if one.cause == "person" and one.entered == newest]
    # Of two that have come equally far, the one that was there first: `max` takes the first.
    return max(decided or running, key=ranked)
