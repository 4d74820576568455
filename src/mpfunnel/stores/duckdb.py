"""A DuckDB file: what it holds, and what is written to it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from attrs import frozen

from mpfunnel.errors import InvalidDataError
from mpfunnel.frames.text import quoted
from mpfunnel.stores.cells import Raw, Wanted
from mpfunnel.stores.extras import library
from mpfunnel.stores.places import Place, refusal
from mpfunnel.stores.sql import selected
from mpfunnel.stores.upsert import Kept

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Duck", "open_to_write", "opened"]

_DATED: Final = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})
_PLAIN: Final = frozenset(
    {
        *("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT"),
        *("UINTEGER", "UBIGINT", "FLOAT", "DOUBLE", "DECIMAL", "VARCHAR"),
    }
)


@frozen
class Duck:
    """A DuckDB file, within one transaction."""

    connection: Any
    types: ClassVar[Mapping[str, str]] = {
        "text": "VARCHAR",
        "integer": "BIGINT",
        "flag": "BOOLEAN",
        "day": "DATE",
    }

    def names(self) -> list[tuple[str, str]]:
        """Return the tables and views."""
        query = (
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_catalog = current_database() AND table_schema = current_schema()"
            " ORDER BY table_name"
        )
        return [(name, name) for (name,) in self.connection.execute(query).fetchall()]

    def raw(self, name: str, wanted: Wanted) -> Raw:
        """Return the table or view of that name."""
        columns = self._columns(name)
        parts = selected(columns, wanted, plain=_PLAIN, dated=_DATED)
        return Raw(self.connection.query(f"SELECT {parts} FROM {quoted(name)}").pl())

    def _columns(self, name: str) -> dict[str, str]:
        found = self.connection.execute(f"DESCRIBE {quoted(name)}").fetchall()
        return {column: kind for column, kind, *_ in found}

    # -- what is written --

    def begin(self) -> None:
        """Do nothing: the schema is always there."""

    def run(self, statement: str) -> None:
        """Run a statement."""
        self.connection.execute(statement)

    def kept(self, table: str) -> Kept | None:
        """Return what stands under that name; `None` of nothing."""
        query = (
            "SELECT table_type FROM information_schema.tables WHERE table_name = ?"
            " AND table_catalog = current_database() AND table_schema = current_schema()"
        )
        found = self.connection.execute(query, [table]).fetchall()
        if not found:
            return None
        query = (
            "SELECT constraint_column_names FROM duckdb_constraints() WHERE table_name = ?"
            " AND database_name = current_database() AND schema_name = current_schema()"
            " AND constraint_type = 'PRIMARY KEY'"
        )
        keys = self.connection.execute(query, [table]).fetchall()
        return Kept(
            found == [("BASE TABLE",)], self._columns(table), tuple(keys[0][0]) if keys else ()
        )

    def path(self, table: str) -> str:
        """Return how SQL calls one of our tables."""
        return quoted(table)

    def stage(self, name: str, frame: pl.DataFrame) -> None:
        """Give the rows of a frame under a name, until the end."""
        self.connection.register(name, frame)


@contextmanager
def opened(place: Place) -> Generator[Duck]:
    """Open the file, and read all of it as it is at one moment.

    Raises:
        InvalidDataError: It cannot be read.
    """
    with _connected(place, read_only=True) as duck:
        yield duck


@contextmanager
def open_to_write(place: Place) -> Generator[Duck]:
    """Open the file, or make it; what is done within the block is kept as a whole or not at all.

    Raises:
        InvalidDataError: It cannot be written to.
    """
    new = not place.path.exists()
    try:
        with _connected(place, read_only=False) as duck:
            yield duck
            duck.run("COMMIT")
    except BaseException:
        if new:
            place.path.unlink(missing_ok=True)
        raise


@contextmanager
def _connected(place: Place, *, read_only: bool) -> Generator[Duck]:
    duckdb = library("duckdb")
    try:
        with duckdb.connect(place.path, read_only=read_only) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("BEGIN")
            yield Duck(connection)
    except duckdb.Error as error:
        raise _refused(place, str(error)) from None


def _refused(place: Place, said: str) -> InvalidDataError:
    if "lock on file" in said or "different configuration" in said:
        message = "is open elsewhere, in a program or connection; close it there"
        return refusal("database", place.name, message)
    line = said.partition("\n")[0].removesuffix("!")
    return refusal("database", place.name, f"DuckDB says: {line}")
