"""The example with a database: delivered thrice, written by two at once, killed on the way."""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
import sqlalchemy as sa

import mpfunnel as mf
from examples import crm_with_database as crm
from mpfunnel.following import AccountState
from tests.crm import DIED, ENGINE, START, at_noon, contents, die, messages, work

ROOT = Path(__file__).parents[1]
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path / 'crm.db'}"
    server: str = request.getfixturevalue("postgres")
    return server.replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def database(url: str) -> Iterator[sa.Engine]:
    """The database, with its tables and nothing in them."""
    opened = crm.open_database(url)
    yield opened
    crm.schema.drop_all(opened)
    opened.dispose()


@pytest.fixture
def alone() -> Iterator[sa.Engine]:
    """A database that only one process writes to, once."""
    opened = crm.open_database("sqlite://")
    yield opened
    opened.dispose()


def handled(database: sa.Engine, given: list[crm.Message]) -> dict[str, Any]:
    """What is in the tables after messages, one after the other."""
    for message in given:
        crm.handle(database, ENGINE, message, at_noon)
    return contents(database)


def run(*processes: Any) -> list[int | None]:
    """Run processes at the same time; return how each of them ended."""
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    return [process.exitcode for process in processes]


def test_what_is_delivered_three_times_counts_once(database: sa.Engine, alone: sa.Engine) -> None:
    """Law 4: Order does not matter, nor repetition: rows, notices and counts are those of once."""
    given = messages(5)
    assert handled(database, given * 3) == handled(alone, given)
    assert crm.handle(database, ENGINE, given[0], at_noon) is None


def test_messages_in_any_order_give_the_same_answers(database: sa.Engine, alone: sa.Engine) -> None:
    """Law 4: Order does not matter: late, early and more than once, the rows are the same."""
    given = messages(5)
    mixed = given * 2
    Random(3).shuffle(mixed)
    found, wanted = handled(database, mixed), handled(alone, given)
    # In which order notices came is for the outbox to say.
    for name in (*crm.ANSWERS, "inbox", "records"):
        assert found[name] == wanted[name], name


def test_two_processes_write_the_same_lead_at_once(
    url: str, database: sa.Engine, alone: sa.Engine
) -> None:
    """Law 7: Nothing is lost, nor told twice: all is as one writer would have left it."""
    first, second, *visits = messages(40)
    handled(database, [first, second])
    started = SPAWN.Barrier(2)
    # Some of the messages come to both.
    halves = visits[:25], visits[15:][::-1]
    processes = [SPAWN.Process(target=work, args=(url, half, started)) for half in halves]
    assert run(*processes) == [0, 0]
    assert contents(database) == handled(alone, [first, second, *visits])


@pytest.mark.parametrize("where", ["claim", "load", "answered", "save"])
def test_a_process_that_dies_leaves_nothing_half_done(
    url: str, database: sa.Engine, alone: sa.Engine, where: str
) -> None:
    """Law 7: Nothing is lost, nor told twice: after the crash the message comes again."""
    *before, last = messages(3)
    known = handled(database, before)
    assert run(SPAWN.Process(target=die, args=(url, last, where))) == [DIED]
    assert contents(database) == known
    assert handled(database, [last]) == handled(alone, [*before, last])


def test_a_writer_who_comes_second_begins_anew(
    database: sa.Engine, alone: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 7: Nothing is lost: what somebody else wrote meanwhile is read before it is replaced."""
    *before, first, second = messages(2)
    handled(database, before)
    load = crm.load
    with database.connect() as connection:
        stale = [load(connection, 1)]
    handled(database, [first])
    # The first time, it reads what was there before the other message.
    monkeypatch.setattr(crm, "load", lambda *about: stale.pop() if stale else load(*about))
    crm.handle(database, ENGINE, second, at_noon)
    monkeypatch.undo()
    assert stale == []
    assert contents(database) == handled(alone, [*before, first, second])


def test_two_who_open_an_account_at_once(database: sa.Engine) -> None:
    """Law 7: Nothing is lost: of two first writers the second begins anew."""
    company = messages(0)[0]
    with database.begin() as connection:
        done = ENGINE.on(AccountState(), company.event, as_of=START)
        crm.save(connection, company, 0, done)
        with pytest.raises(crm.Raced):
            crm.save(connection, company, 0, done)


def test_a_person_who_is_forgotten_is_in_no_table(database: sa.Engine) -> None:
    """Law 7: Nothing is lost of the counts; rows and notices about the person are gone."""
    counts = handled(database, messages(5))["stages"]
    gone = handled(database, [crm.Message("forget 101", 1, crm.Forget(101))])
    assert gone["stages"] == counts
    assert gone["records"] == [0, 0, 0]
    assert gone["leads"] == gone["engagement"] == []
    assert [one["lead_id"] for one in gone["outbox"]] == [None] * 5
    assert handled(database, messages(6))["records"] == [0, 0, 0]


def test_the_outbox_is_sent_in_order_and_again_after_a_crash(database: sa.Engine) -> None:
    """A notice that was sent before the crash is sent again, under the same key."""
    handled(database, messages(5))
    sent: list[str] = []

    def send(notice: dict[str, Any]) -> None:
        sent.append(notice["key"])
        if len(sent) == 3:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        crm.relay(database, send)
    left = crm.relay(database, send)
    assert crm.relay(database, send) == 0
    assert sent[2] == sent[3]
    assert len(set(sent)) == len(sent) - 1 == 2 + left
    with database.connect() as connection:
        keys = connection.scalars(sa.select(crm.outbox.c.key).order_by(crm.outbox.c.position))
        assert [*keys] == [*sent[:3], *sent[4:]]


def test_days_go_by_without_a_message_of_the_crm(database: sa.Engine) -> None:
    """A tick is a message, too: of two schedulers, the second one does nothing."""
    handled(database, messages(5))
    later = datetime(2026, 9, 30, tzinfo=UTC)
    tick = crm.Message("tick 2026-09-30", 1, None)
    done = crm.handle(database, ENGINE, tick, lambda: later)
    assert done is not None
    assert ("stage", "inquiry", "dormant") in [(n.what, n.before, n.after) for n in done.changes]
    assert crm.handle(database, ENGINE, tick, lambda: later) is None
    # A clock that is behind does not stop anything.
    late = mf.Activity("late", 101, "webinar_attended", START, ["crm"])
    assert crm.handle(database, ENGINE, crm.Message("late", 1, late), at_noon) is not None
    with database.connect() as connection:
        found = connection.execute(sa.select(crm.ANSWERS["leads"].c.as_of)).scalar_one()
    assert found == date(2026, 9, 30)


def test_ids_may_be_as_large_as_those_of_a_crm_are(database: sa.Engine) -> None:
    """S18: Ids: all of 64 bits, on each database."""
    big = 2**63 - 1
    for message in (
        crm.Message("company", big, mf.Company(big, employees=2_400), START),
        crm.Message("lead", big, mf.Lead(big, big), START),
    ):
        assert crm.handle(database, ENGINE, message, at_noon) is not None
    with database.connect() as connection:
        assert connection.scalars(sa.select(crm.accounts.c.company_id)).all() == [big]
        assert connection.scalars(sa.select(crm.ANSWERS["leads"].c.lead_id)).all() == [big]
        assert set(connection.scalars(sa.select(crm.outbox.c.lead_id))) == {None, big}


def test_the_tables_hold_every_column_of_the_rows(alone: sa.Engine) -> None:
    """Law 7: Nothing is lost: what the library answers has its column."""
    done = [crm.handle(alone, ENGINE, message, at_noon) for message in messages(5)][-1]
    assert done is not None
    rows = done.answer.rows()
    for name, table in crm.ANSWERS.items():
        assert set(rows[name][0]) == {column.name for column in table.columns}


def test_the_example_runs_as_it_stands() -> None:
    """What a reader types first."""
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "crm_with_database.py"],
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    lines = done.stdout.splitlines()
    assert '2026-04-08 ["stage",1,101,null,3] inquiry → mql' in lines
    assert lines[-7:] == [
        "accounts: 2",
        "companies: 2",
        "engagement: 2",
        "inbox: 64",
        "leads: 2",
        "outbox: 22",
        "tiers: 4",
    ]


def test_the_page_shows_the_code_of_the_example() -> None:
    """Whatever the how-to defines stands in the example, word for word."""
    example = (ROOT / "examples" / "crm_with_database.py").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "how-to" / "embed-with-a-database.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    defining = [one for one in blocks if re.search(r"^(def|class) |^\w+ = sa\.", one, re.MULTILINE)]
    assert len(defining) >= 5
    for block in defining:
        assert block.strip() in example
