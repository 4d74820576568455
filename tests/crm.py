"""Work on the database of the example in processes of its own, some of which die on the way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

import mpfunnel as mf
from examples import crm_with_database as crm
from mpfunnel.engine import Engine

__all__ = ["DIED", "ENGINE", "START", "at_noon", "contents", "die", "messages", "work"]

START = datetime(2026, 4, 1, 9, tzinfo=UTC)
ENGINE = Engine(mf.starter(["crm", "ma"]))
DIED = 9


def at_noon() -> datetime:
    """A clock that stands still."""
    return START + timedelta(hours=3)


def messages(visits: int) -> list[crm.Message]:
    """One company and one lead, and what the lead did: all alike, so that any order will do."""
    found = [
        crm.Message("company", 1, mf.Company(1, employees=2_400), START),
        crm.Message("lead", 1, mf.Lead(101, 1), START),
    ]
    for number in range(visits):
        did = mf.Activity(number, 101, "webinar_attended", START, ["crm"])
        found.append(crm.Message(f"visit {number}", 1, did))
    return found


def work(url: str, given: Sequence[crm.Message], started: Any) -> None:
    """Take messages, beginning at the same time as others."""
    database = sa.create_engine(url, connect_args={"timeout": 60} if "sqlite" in url else {})
    started.wait()
    for message in given:
        crm.handle(database, ENGINE, message, at_noon)
    database.dispose()


def die(url: str, message: crm.Message, where: str) -> None:
    """Take a message, and die when a step of it is done, without a word."""
    step = getattr(crm, where)

    def last(*arguments: Any) -> None:
        step(*arguments)
        os._exit(DIED)

    setattr(crm, where, last)
    crm.handle(sa.create_engine(url), ENGINE, message, at_noon)


def contents(database: sa.Engine) -> dict[str, Any]:
    """All that is in the tables, in an order of its own, and the counts of the account."""
    found: dict[str, Any] = {}
    with database.connect() as connection:
        for table in (crm.inbox, *crm.ANSWERS.values()):
            found[table.name] = sorted(map(repr, connection.execute(sa.select(table)).all()))
        found["outbox"] = [
            {**row.notice, "because": None}
            for row in connection.execute(sa.select(crm.outbox).order_by(crm.outbox.c.position))
        ]
        _, state = crm.load(connection, 1)
    found["records"] = [
        len(getattr(state.account, name)) for name in ("leads", "activities", "histories")
    ]
    found["stages"] = ENGINE.stage_counts(state)
    return found
