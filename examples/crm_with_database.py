"""A CRM that follows its accounts in a database: SQLite, or PostgreSQL where a URL is given.

    pip install mpfunnel sqlalchemy 'psycopg[binary]'
    python examples/crm_with_database.py
    python examples/crm_with_database.py postgresql+psycopg://user@localhost/crm

Messages come from a queue that delivers each at least once, in any order, to any number of
processes. One transaction takes a message into the account, writes the answers, and puts what has
changed into an outbox; so a crash at any point leaves either all of it or nothing. How it works
stands in `docs/how-to/embed-with-a-database.md`, whose code this is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

import mpfunnel as mf

# --- the tables ---

schema = sa.MetaData()

inbox = sa.Table("inbox", schema, sa.Column("message_id", sa.Text, primary_key=True))
accounts = sa.Table(
    "accounts",
    schema,
    sa.Column("company_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("state", sa.LargeBinary, nullable=False),
)
outbox = sa.Table(
    "outbox",
    schema,
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("company_id", sa.BigInteger, nullable=False),
    sa.Column("lead_id", sa.BigInteger),
    sa.Column("notice", sa.JSON, nullable=False),
    sa.Column("sent", sa.Boolean, nullable=False, default=False),
)


def answers(name: str, keys: dict[str, Any], *texts: str, **others: Any) -> sa.Table:
    """A table for what `Assessment.rows` gives under that name."""
    texts = (*texts, "possible", "missing", "rule", "because", "playbook_version")
    return sa.Table(
        name,
        schema,
        *(
            sa.Column(key, kind, primary_key=True, autoincrement=False)
            for key, kind in keys.items()
        ),
        *(sa.Column(text, sa.Text) for text in texts),
        *(sa.Column(other, kind) for other, kind in others.items()),
        sa.Column("settled", sa.Boolean),
        sa.Column("as_of", sa.Date),
    )


COMPANY = {"company_id": sa.BigInteger}
LEAD = {"lead_id": sa.BigInteger}
PRODUCT = {"product_id": sa.Text}
CHANNELS = {f"contact_{one}": sa.Boolean for one in ("email", "phone", "post", "visit", "web")}
WARRANTED = [f"warranted{end}" for end in ("", "_possible", "_rule", "_for_products")]
BESIDE = {"existing_customer": sa.Boolean, "entered_on": sa.Date, "warranted_settled": sa.Boolean}
SCORE = {"score_micro": sa.BigInteger, "active_days": sa.Integer}
ANSWERS = {
    "companies": answers("companies", COMPANY, "segment", "instead_of"),
    "tiers": answers(
        "tiers", COMPANY | PRODUCT, "tier", "instead_of", "proposed", "undated", owned=sa.Boolean
    ),
    "leads": answers(
        "leads", LEAD, "stage", "for_products", *WARRANTED, **BESIDE, **COMPANY, **CHANNELS
    ),
    "engagement": answers(
        "engagement", LEAD | PRODUCT, "state", "interest", "instead_of", **COMPANY, **SCORE
    ),
}


def open_database(url: str) -> sa.Engine:
    """The database of a URL, with its tables."""
    # SQLite lets one process write at a time: the others wait, for as long as a minute.
    waiting = {"timeout": 60} if url.startswith("sqlite") else {}
    database = sa.create_engine(url, connect_args=waiting)
    schema.create_all(database)
    return database


# --- one message ---


class Forget(NamedTuple):
    """Somebody asks that a person be forgotten."""

    lead_id: int


class Message(NamedTuple):
    """What the queue delivers: the same id each time that it delivers the same."""

    id: str
    company_id: int
    event: Any
    """What `Engine.on` takes, or `Forget`."""
    changed_at: datetime | None = None


class Raced(Exception):  # noqa: N818 - no error: it is tried again
    """Somebody else has written the account meanwhile."""


def now() -> datetime:
    """The clock; tests bring their own."""
    return datetime.now(UTC)


def handle(
    database: sa.Engine, engine: mf.Engine, message: Message, clock: Callable[[], datetime] = now
) -> mf.Answered | None:
    """Take one message into its account; `None` where that was done before."""
    while True:
        try:
            with database.begin() as connection:
                if not claim(connection, message):
                    return None
                version, state = load(connection, message.company_id)
                done = answered(engine, state, message, clock())
                save(connection, message, version, done)
                return done
        except Raced:
            continue


def claim(connection: sa.Connection, message: Message) -> bool:
    """Note that the message was taken; false where it was before."""
    put = insert(connection, inbox).values(message_id=message.id).on_conflict_do_nothing()
    return connection.scalar(put.returning(inbox.c.message_id)) is not None


def load(connection: sa.Connection, company_id: int) -> tuple[int, mf.AccountState]:
    """Read the account and its version; 0 where there is none yet."""
    wanted = sa.select(accounts.c.version, accounts.c.state)
    found = connection.execute(wanted.where(accounts.c.company_id == company_id)).one_or_none()
    if found is None:
        return 0, mf.AccountState()
    return found.version, mf.AccountState.from_bytes(found.state)


def answered(
    engine: mf.Engine, state: mf.AccountState, message: Message, at: datetime
) -> mf.Answered:
    """Take the message into the account."""
    # The clocks of two machines differ, and an account never goes back.
    as_of = at if state.as_of is None else max(at, state.as_of)
    if isinstance(message.event, Forget):
        state = engine.forget(state, message.event.lead_id)
        return engine.on(state, None, as_of=as_of)
    return engine.on(state, message.event, as_of=as_of, changed_at=message.changed_at)


def save(connection: sa.Connection, message: Message, version: int, done: mf.Answered) -> None:
    """Write the account, its answers, and what others have to hear."""
    company_id = message.company_id
    values = {"version": version + 1, "state": done.state.to_bytes()}
    if version:
        same = (accounts.c.company_id == company_id) & (accounts.c.version == version)
        put: Any = sa.update(accounts).where(same).values(values)
    else:
        put = insert(connection, accounts).values(company_id=company_id, **values)
        put = put.on_conflict_do_nothing()
    if connection.scalar(put.returning(accounts.c.version)) is None:
        raise Raced
    rows = done.answer.rows()
    for name, table in ANSWERS.items():
        # A state that is gone has no row any more, nor has a lead.
        connection.execute(sa.delete(table).where(table.c.company_id == company_id))
        if rows[name]:
            put = insert(connection, table)
            keys = table.primary_key.columns
            put = put.on_conflict_do_update(index_elements=keys, set_=put.excluded)
            connection.execute(put, rows[name])
    if isinstance(message.event, Forget):
        connection.execute(sa.delete(outbox).where(outbox.c.lead_id == message.event.lead_id))
    for notice in done.changes:
        row = {"key": notice.key, "company_id": company_id, "lead_id": notice.lead_id}
        connection.execute(sa.insert(outbox).values(**row, notice=notice.row(), sent=False))


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that can say what to do on conflict: in the dialect, in the same words."""
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)


# --- what others hear ---


def relay(database: sa.Engine, send: Callable[[dict[str, Any]], None]) -> int:
    """Send what is in the outbox, in its order; after a crash, some of it once more."""
    with database.connect() as connection:
        waiting = connection.execute(
            sa.select(outbox.c.position, outbox.c.notice)
            .where(~outbox.c.sent)
            .order_by(outbox.c.position)
        ).all()
    for position, notice in waiting:
        send(notice)
        with database.begin() as connection:
            connection.execute(
                sa.update(outbox).where(outbox.c.position == position).values(sent=True)
            )
    return len(waiting)


# --- try it ---


def invented(days: int = 30) -> list[Message]:
    """Messages about two companies."""
    start = datetime(2026, 4, 1, 9, tzinfo=UTC)
    messages = [
        Message("company 1", 1, mf.Company(1, employees=2_400), start),
        Message("company 2", 2, mf.Company(2, employees=80), start),
        Message("lead 101", 1, mf.Lead(101, 1), start),
        Message("lead 201", 2, mf.Lead(201, 2), start),
    ]
    for day in range(days):
        kind = "demo_request" if day == 7 else "page_view"
        for company_id, lead_id in ((1, 101), (2, 201)):
            did = mf.Activity(day, lead_id, kind, start + timedelta(days=day), ["crm"])
            messages.append(Message(f"activity {lead_id} {day}", company_id, did))
    return messages


def time_of(message: Message) -> datetime:
    """When an invented message happened: the clock of this example."""
    at: datetime = message.changed_at or message.event.at
    return at


def tell(notice: dict[str, Any]) -> None:
    """Tell others: here, whoever looks on."""
    print(notice["on"], notice["key"], notice["before"], "→", notice["after"])


def main() -> None:
    """Deliver each message twice, and print what others hear and how much is in the tables."""
    database = open_database(sys.argv[1] if len(sys.argv) > 1 else "sqlite://")
    engine = mf.Engine(mf.starter(["crm", "ma"]))
    for message in invented():
        for _ in range(2):
            handle(database, engine, message, partial(time_of, message))
    relay(database, tell)
    with database.connect() as connection:
        for table in schema.sorted_tables:
            count = connection.scalar(sa.select(sa.func.count()).select_from(table))
            print(f"{table.name}: {count}")
    database.dispose()


if __name__ == "__main__":
    main()
