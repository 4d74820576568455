"""What the tests of malformed input share: odd values, how to load them, and the house grammar."""

from __future__ import annotations

import copy
import re
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import evolve

import mpfunnel as mf
from mpfunnel import sources
from mpfunnel.cli.checking import checked
from mpfunnel.cli.policies import unproved
from mpfunnel.codec import dump, from_data, load, to_data
from mpfunnel.errors import InvalidDataError, MpfunnelError, Problem
from mpfunnel.facts import company
from mpfunnel.records import Company
from mpfunnel.rules.conditions import Condition, Not
from mpfunnel.rules.tables import Rule
from mpfunnel.tiers import Tier, TierTable
from tests.campaign_worlds import asked
from tests.reading import mapping_of

BOOK: Final = mf.starter(["crm", "sfa"])
ENGINE: Final = mf.Engine(BOOK)
DATA: Final = to_data(BOOK)
TOML: Final = dump(BOOK)
DAY: Final = date(2026, 10, 31)
AT: Final = datetime(2026, 10, 31, 9, tzinfo=UTC)
HUGE: Final = 10**5_000
"""Python refuses to write out its 5,001 digits."""


class Word(str, Enum):  # noqa: UP042 - what many programs still write
    A = "a"


class Number(IntEnum):
    ONE = 1


class TwoLines:
    """A value whose repr has lines, as that of a data frame has."""

    def __repr__(self) -> str:
        return "first\nsecond"


class Unwritable:
    """A value whose repr fails."""

    def __repr__(self) -> str:
        raise RuntimeError("cannot be written")


TOP: Final = Tier(1)


class Policy:
    """A custom tier policy that does as it is told."""

    def __init__(
        self, answer: Callable[[], Any], tiers: Any = (TOP,), kind: Any = "acme/told/1"
    ) -> None:
        self.answer, self.tiers, self.kind = answer, tiers, kind

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        return self.answer()


class Plants:
    """A policy in Python that a file may name; it refuses some regions in one way or another."""

    kind, tiers = "acme/plants/1", (TOP,)

    def __init__(self, *, region: str = "近畿") -> None:
        if region == "two\nlines":
            raise ValueError("no such region")
        if region == "Atlantis":
            raise InvalidDataError([Problem("choice", "region", "no such region")])
        self.options = {"region": region}
        if region == "another":
            self.kind = "acme/plants/2"

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:
        raise NotImplementedError


class Undeclared:
    """A custom tier policy that gives a Tier which it does not list."""

    kind, tiers = "acme/undeclared/1", (TOP,)

    def tier_for(self, company: Company, product: mf.Product, /, *, as_of: date) -> Any:  # noqa: ARG002
        return mf.decided(Tier(2), because="as we please")


def unproved_policy() -> object:
    """Proving a policy of a playbook as `mpfunnel check` does; what the kit finds is raised."""
    raise InvalidDataError(unproved(evolve(BOOK, tiers=Undeclared())))


def nested(depth: int) -> list[Any]:
    """A list in a list in a list."""
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def within_itself() -> dict[str, Any]:
    """A table that contains itself, ten times over."""
    table: dict[str, Any] = {}
    table.update({f"key_{index}": [table] for index in range(10)})
    return table


def changed(*path: Any, to: Any, kinds: Iterable[Any] = ()) -> Callable[[], object]:
    """Loading the starter with one value changed; removed where it is `...`."""

    def make() -> object:
        data = copy.deepcopy(DATA)
        at: Any = data
        for step in path[:-1]:
            at = at[step]
        if to is ...:
            del at[path[-1]]
        else:
            at[path[-1]] = to
        return from_data(data, kinds=kinds)

    return make


def when(condition: Any) -> Callable[[], object]:
    """Loading the starter whose first rule of tiers has this condition."""
    return changed("tiers", "*", "rules", 0, "when", to=condition)


def file(name: str, content: str | bytes) -> Callable[[Path], object]:
    """Loading a playbook file of this content, as it is: no change of its line ends."""

    def make(folder: Path) -> object:
        raw = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(raw)
        return load(folder / name)

    return make


def unsound(name: str, content: str) -> Callable[[Path], object]:
    """Checking a playbook file as `mpfunnel check` does; what it finds is raised."""

    def make(folder: Path) -> object:
        (folder / name).write_text(content, encoding="utf-8")
        report = checked(str(folder / name), (), None)
        raise InvalidDataError(one.problem for one in report.findings)

    return make


def tiers(condition: Condition, **parts: Any) -> mf.Playbook:
    """The starter with one tier rule of this condition."""
    return evolve(BOOK, tiers=TierTable([Rule(Tier(1), condition)], Tier(2)), **parts)


def mapping(kind: str, fields: dict[str, Any] | None = None, **parts: Any) -> Callable[[], object]:
    """Loading a mapping of one file into one record kind."""
    return lambda: sources.load(mapping_of(kind, fields, **parts))


def mapping_with(**parts: Any) -> Callable[[], object]:
    """Loading a mapping of companies with some of its parts changed."""
    return lambda: sources.load({**mapping_of("companies"), **parts})


def table(
    content: str | bytes,
    kind: str = "companies",
    fields: dict[str, Any] | None = None,
    name: str = "table.csv",
    **parts: Any,
) -> Callable[[Path], object]:
    """Reading one file; its rejects are raised as if they were problems."""

    def make(folder: Path) -> object:
        data = mapping_of(kind, fields, **parts)
        data["files"]["table"]["path"] = name
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        records = sources.read(data, folder)
        raise InvalidDataError(
            Problem(one.code, f"line {one.line}", one.reason) for one in records.rejects
        )

    return make


def lines_of(error: MpfunnelError) -> list[str]:
    """Code and line of each problem of an error; the type and the line where it has no problems."""
    if isinstance(error, InvalidDataError):
        return [f"{problem.code} | {problem}" for problem in error.problems]
    return [f"{type(error).__name__} | {error}"]


FULL_ADDRESS: Final = re.compile(r"[\w.+-]@[\w-]+(\.[\w-]+)+")
PLACES: Final = (str(Path.cwd()), tempfile.gettempdir())


def check_grammar(error: MpfunnelError) -> None:
    """One line a problem, lower case, no full stop, no place on this machine, no mail address."""
    problems = error.problems if isinstance(error, InvalidDataError) else ()
    assert str(error), "says nothing"
    for problem in problems or (Problem("", "", str(error)),):
        line = str(problem)
        assert line.isprintable(), f"is not one line: {line!r}"
        assert line == line.strip()
        assert not problem.message[:1].isupper(), f"begins in upper case: {line!r}"
        assert not line.endswith("."), f"ends in a full stop: {line!r}"
        assert not FULL_ADDRESS.search(line), f"shows a mail address: {line!r}"
        assert not any(place in line for place in PLACES), f"shows a place: {line!r}"
        assert " at 0x" not in line, f"shows a place in memory: {line!r}"


def refused(make: Callable[..., object], *given: object) -> list[str]:
    """What `make` is refused with, a line each; it must be refused, in the house grammar."""
    with pytest.raises(MpfunnelError) as caught:
        make(*given)
    check_grammar(caught.value)
    return lines_of(caught.value)


def nots(depth: int) -> Condition:
    """A condition nested so deep."""
    condition: Condition = company.employees > 3
    for _ in range(depth - 1):
        condition = Not(condition)
    return condition


def assessed(account: mf.Account) -> None:
    """Assessing an account; its rejects are raised as if they were problems."""
    answer = ENGINE.assess(account, as_of=DAY)
    raise InvalidDataError(Problem(one.code, one.table, one.reason) for one in answer.rejects)


def campaigned(account: mf.Account) -> None:
    """The results of a campaign; their rejects are raised as if they were problems."""
    results = asked([account])
    raise InvalidDataError(Problem(one.code, one.table, one.reason) for one in results.rejects)


def followed(state: mf.AccountState, event: Any, changed_at: datetime | None = None) -> None:
    """An account after an event; what it refuses is raised."""
    raise InvalidDataError(ENGINE.on(state, event, as_of=AT, changed_at=changed_at).refused)


def listing(folder: Path) -> object:
    """Reading a list of a name that two companies have, and of one that nobody has."""
    data: dict[str, Any] = {
        "files": {"companies": "companies.csv", "key": "key.csv"},
        "companies": {"file": "companies", "fields": {"id": "id", "name": "name"}},
        "lists": {"key": {"file": "key", "fields": {"name": "name"}}},
    }
    (folder / "companies.csv").write_text("id,name\n1,A\n2,A\n", encoding="utf-8")
    (folder / "key.csv").write_text("name\nA\nB\n", encoding="utf-8")
    records = sources.read(data, folder)
    raise InvalidDataError(
        Problem(one.code, f"line {one.line}", one.reason) for one in records.rejects
    )


def gone(folder: Path) -> object:
    """Reading deals that were deleted or merged, and what refers to them or to nothing."""
    files = {
        "deals": "id,company,opened,gone\n1,C,2026-01-01,yes\n2,C,2026-01-01,\n3,C,2026-01-01,\n",
        "merges": "into,from\n3,2\nA,B\nB,A\n3,C\n4,C\n",
        "lines": "deal,sku\n1,a\n9,b\n2,c\n3,d\n",
        "skus": "sku,product\na,crm\nc,crm\nc,sfa\n",
    }
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    data = mapping_of("deals")
    data["files"] = {name: f"{name}.csv" for name in files}
    data["deals"] |= {"file": "deals", "deleted": {"column": "gone", "is": "yes"}}
    data["merges"] = {"deals": {"file": "merges", "kept": "into", "gone": "from"}}
    data["deal_lines"] = {
        "file": "lines",
        "join": {"s": {"file": "skus", "on": {"sku": "sku"}}},
        "fields": {"deal_id": "deal", "product_id": "s.product"},
    }
    records = sources.read(data, folder)
    raise InvalidDataError(
        Problem(one.code, f"line {one.line}", one.reason) for one in records.rejects
    )


def absent(folder: Path) -> object:
    """Reading deals whose company, and then whose product, is not there."""
    data = mapping_of("deals", {"product_id": "product"})
    data["files"]["companies"] = "companies.csv"
    data["companies"] = {"file": "companies", "fields": {"id": "id"}}
    (folder / "companies.csv").write_text("id\nA\n", encoding="utf-8")
    rows = "id,company,opened,product\n1,B,2026-01-01,crm\n2,A,2026-01-01,c\u0433m\n"
    (folder / "table.csv").write_text(rows, encoding="utf-8")
    records = sources.read(data, folder, products=["crm"])
    raise InvalidDataError(
        Problem(one.code, f"line {one.line}", one.reason) for one in records.rejects
    )
