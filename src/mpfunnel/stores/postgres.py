"""A schema of PostgreSQL: what it holds, and what is written to it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import frozen

from mpfunnel.errors import did_you_mean
from mpfunnel.frames.text import quoted
from mpfunnel.stores.cells import Raw, Wanted
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Place, refusal
from mpfunnel.stores.sql import selected
from mpfunnel.stores.upsert import Kept

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Postgres", "open_to_write", "opened"]

_DATED: Final = frozenset({"date", "timestamp", "timestamptz"})
_PLAIN: Final = frozenset({"bool", "int2", "int4", "int8", "float4", "float8", "text", "varchar"})
_READ: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


@frozen
class Postgres:
    """A schema of PostgreSQL, within one transaction."""

    cursor: Any
    schema: str
    types: ClassVar[Mapping[str, str]] = {
        "text": "text",
        "integer": "bigint",
        "flag": "boolean",
        "day": "date",
    }

    def names(self) -> list[tuple[str, str]]:
        """Return the tables and views."""
        query = (
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = $1 AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY relname"
        )
        return [(name, name) for (name,) in self._ask(query, self.schema)]

    def raw(self, name: str, wanted: Wanted) -> Raw:
        """Return the table or view of that name."""
        pl = library("polars")
        query = (
            "SELECT attname, coalesce(b.typname, t.typname) FROM pg_attribute"
            " JOIN pg_type t ON t.oid = atttypid LEFT JOIN pg_type b ON b.oid = t.typbasetype"
            " WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum"
        )
        columns = dict(self._ask(query, self.path(name)))
        parts = selected(columns, wanted, plain=_PLAIN, dated=_DATED)
        self.cursor.execute(f"SELECT {parts} FROM {self.path(name)}")
        return Raw(pl.from_arrow(self.cursor.fetch_arrow_table()))

    # -- what is written --

    def begin(self) -> None:
        """Wait for another run to end, and make the schema if there is none."""
        self._ask("SELECT pg_advisory_xact_lock(hashtext($1))::text", f"mpfunnel {self.schema}")
        if not self._ask("SELECT 1 FROM pg_namespace WHERE nspname = $1", self.schema):
            self.run(f"CREATE SCHEMA {quoted(self.schema)}")

    def run(self, statement: str) -> None:
        """Run a statement."""
        self.cursor.execute(statement)

    def kept(self, table: str) -> Kept | None:
        """Return what stands under that name; `None` of nothing."""
        query = (
            "SELECT relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = $1 AND relname = $2"
        )
        found = self._ask(query, self.schema, table)
        if not found:
            return None
        query = (
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
            " WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum"
        )
        columns = dict(self._ask(query, self.path(table)))
        query = (
            "SELECT attname FROM pg_index i JOIN pg_attribute a"
            " ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)"
            " WHERE i.indrelid = $1::text::regclass AND indisprimary"
            " ORDER BY array_position(i.indkey::int2[], a.attnum)"
        )
        key = tuple(name for (name,) in self._ask(query, self.path(table)))
        return Kept(found[0][0] in ("r", "p"), columns, key)

    def path(self, table: str) -> str:
        """Return how SQL calls a table of the schema."""
        return quoted(self.schema, table)

    def stage(self, name: str, frame: pl.DataFrame) -> None:
        """Give the rows of a frame under a name, until the end."""
        pl = library("polars")
        # The one letter that PostgreSQL has no place for.
        sound = frame.with_columns(pl.col(pl.String).str.replace_all("\0", "\ufffd", literal=True))
        self.cursor.adbc_ingest(name, sound.to_arrow(), mode="create", temporary=True)

    def _ask(self, query: str, *values: str) -> list[Any]:
        self.cursor.execute(query, values)
        found: list[Any] = self.cursor.fetchall()
        return found


@contextmanager
def opened(place: Place) -> Generator[Postgres]:
    """Connect, and read the whole schema as it is at one moment.

    Raises:
        InvalidDataError: There is no such database or schema, or it does not let us read.
    """
    with _connected(place) as cursor:
        cursor.execute(_READ)
        schema = _schema(cursor, place)
        cursor.execute("SELECT nspname FROM pg_namespace")
        known = [name for (name,) in cursor.fetchall()]
        if schema not in known:
            message = f"no such schema '{schema}'{did_you_mean(schema, known)}"
            raise refusal("missing", place.name, message)
        yield Postgres(cursor, schema)


@contextmanager
def open_to_write(place: Place) -> Generator[Postgres]:
    """Connect; what is done within the block is kept as a whole or not at all.

    Raises:
        InvalidDataError: There is no such database, or it does not let us write.
    """
    with _connected(place) as cursor:
        yield Postgres(cursor, _schema(cursor, place))
        cursor.connection.commit()


@contextmanager
def _connected(place: Place) -> Generator[Any]:
    dbapi = library("adbc_driver_postgresql.dbapi")
    try:
        with dbapi.connect(place.url) as connection, connection.cursor() as cursor:
            yield cursor
    except dbapi.Error as error:
        raise refusal("database", place.name, _said(str(error))) from None


def _schema(cursor: Any, place: Place) -> str:
    if place.schema is not None:
        return place.schema
    cursor.execute("SELECT current_schema()::text")
    ((schema,),) = cursor.fetchall()
    if schema is None:
        raise refusal("missing", place.name, "has no schema of its own; name one as ?schema=…")
    return str(schema)


def _said(message: str) -> str:
    """Return what the server says, or why there is no way to it, on one line."""
    _, _, way = message.partition("to connect: ")
    if way and not way.startswith(("connection to", "could not")):
        # The driver quotes what it does not understand, and that may be a password.
        return "is no address that PostgreSQL takes; write odd letters in percent (a space is %20)"
    # Two blanks stand after the word for an error, whatever the language of the server.
    said = message.partition(":  ")[2] or way or message
    line = said.partition("\n")[0].strip().removesuffix(".")
    return f"PostgreSQL says: {line}"
