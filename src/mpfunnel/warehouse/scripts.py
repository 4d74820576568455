"""What is written for a warehouse: seeds and queries, and the texts that make tables of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Set
from pathlib import Path
from typing import Final, Literal, get_args

from attrs import frozen

from mpfunnel.errors import InvalidDataError, Problem, brief
from mpfunnel.warehouse.text import Dialect, literal, quoted, tokens

__all__ = ["Made", "Queries", "Query", "Seed"]

Made = Literal["table", "view", "temporary table", "temporary view"]
"""What a statement makes."""
_UNMADE: Final[Mapping[Dialect, tuple[Made, ...]]] = {
    "pyspark": ("temporary table",),
    "databricks": ("temporary table",),
    "bigquery": ("temporary view",),
    "snowflake": ("temporary view",),
}
"""What a dialect cannot make."""
_TYPES: Final[Mapping[Dialect, Mapping[str, str]]] = {
    "duckdb": {"integer": "bigint", "text": "varchar"},
    "postgres": {"integer": "bigint", "text": "varchar"},
    "pyspark": {"integer": "bigint", "text": "string"},
    "databricks": {"integer": "bigint", "text": "string"},
    "bigquery": {"integer": "int64", "text": "string"},
    "snowflake": {"integer": "bigint", "text": "varchar"},
}
_FOLDER: Final = "mpfunnel"
_JINJA: Final = ("{{", "{%", "{#")


@frozen
class Seed:
    """A small table that the queries read: numbers and words of the playbook.

    Attributes:
        name: The name of the table.
        types: By column, ``"text"`` or ``"integer"``.
        rows: The rows.
        dialect: For which engine it is written.
    """

    name: str
    types: Mapping[str, str]
    rows: tuple[tuple[int | str | None, ...], ...]
    dialect: Dialect

    @property
    def column_types(self) -> dict[str, str]:
        """The types of the columns in the dialect, as dbt takes them (``column_types``)."""
        return {name: _TYPES[self.dialect][kind] for name, kind in self.types.items()}

    def csv(self) -> str:
        """Return the rows as CSV with a header, as dbt reads it: a null is nothing between commas.

        Every text stands in quotes, so that an empty one is none of them.
        """
        lines = [self.types, *self.rows]
        return "".join(",".join(map(_cell, line)) + "\n" for line in lines)

    def create(self, made: Made = "table") -> str:
        """Return one statement that makes the table with its rows.

        Args:
            made: What it makes.

        Raises:
            InvalidDataError: The dialect has no such thing.
        """
        return _create(self.name, self._select(), self.dialect, made)

    def _select(self) -> str:
        types = self.column_types
        named = {name: quoted(name, self.dialect) for name in types}
        if not self.rows:
            nothing = (f"CAST(NULL AS {types[n]}) AS {named[n]}" for n in types)
            return f"SELECT {', '.join(nothing)} LIMIT 0"
        dialect = self.dialect
        listed = [f"({', '.join(literal(value, dialect) for value in row)})" for row in self.rows]
        if dialect == "bigquery":
            # It knows no VALUES: the first row names the columns, and says of what type they are.
            columns = ", ".join(f"{named[name]} {kind}" for name, kind in types.items())
            rows = ",\n  ".join(
                [f"STRUCT<{columns}>{listed[0]}", *map("STRUCT{}".format, listed[1:])]
            )
            return f"SELECT * FROM UNNEST([\n  {rows}\n])"
        casts = ", ".join(f"CAST({named[n]} AS {types[n]}) AS {named[n]}" for n in types)
        rows = ",\n  ".join(listed)
        return f"SELECT {casts} FROM (VALUES\n  {rows}\n) AS given({', '.join(named.values())})"


@frozen
class Query:
    """One plain SELECT; those before it are tables or views of their names.

    Attributes:
        name: The name that later queries know it by.
        sql: The text.
        answer: Whether it is one of the answers, and not a step on the way.
        dialect: For which engine it is written.
    """

    name: str
    sql: str
    answer: bool
    dialect: Dialect

    def create(self, made: Made = "table") -> str:
        """Return one statement that makes a table or view of the query.

        Args:
            made: What it makes. Steps should be tables: of views of views, every engine works out
                the first ones again and again.

        Raises:
            InvalidDataError: The dialect has no such thing.
        """
        return _create(self.name, self.sql, self.dialect, made)


@frozen
class Queries:
    """Everything that a warehouse needs to give the four answers.

    Attributes:
        dialect: For which engine they are written.
        seeds: Tables to load first.
        queries: Queries in the order in which they stand on each other.
        tables: The names of the tables that were given.
        prefix: What the names of seeds and queries begin with.
        as_of: The day asked about, or the SQL that gives it.
    """

    dialect: Dialect
    seeds: tuple[Seed, ...]
    queries: tuple[Query, ...]
    tables: tuple[str, ...]
    prefix: str
    as_of: str

    @property
    def names(self) -> tuple[str, ...]:
        """What `statements` makes, in its order."""
        return (*(seed.name for seed in self.seeds), *(query.name for query in self.queries))

    def statements(self, *, temporary: bool = False) -> tuple[str, ...]:
        """Return all statements to run, in their order: tables of seeds, steps and answers.

        Args:
            temporary: Whether seeds and steps are tables of the session.

        Raises:
            InvalidDataError: The dialect has no temporary tables.
        """
        step: Made = "temporary table" if temporary else "table"
        return (
            *(seed.create(step) for seed in self.seeds),
            *(query.create("table" if query.answer else step) for query in self.queries),
        )

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Write seeds and models of dbt into the folder of a project.

        They come into ``seeds/mpfunnel`` and ``models/mpfunnel``: a CSV file for each seed, with
        one file of their types, and for each query a model that is a table. All names, those of
        the given tables too, stand as ``ref``. What lay there under another name is left.

        Args:
            folder: The folder of the project; it is made if it is not there.

        Returns:
            The files that were written.
        """
        files: dict[Path, str] = {}
        seeds, models = folder / "seeds" / _FOLDER, folder / "models" / _FOLDER
        for seed in self.seeds:
            files[seeds / f"{seed.name}.csv"] = seed.csv()
        described = [
            {
                "name": seed.name,
                "config": {"column_types": seed.column_types, "quote_columns": True},
            }
            for seed in self.seeds
        ]
        # JSON is YAML, too.
        properties = json.dumps({"version": 2, "seeds": described}, indent=2, ensure_ascii=False)
        files[seeds / f"{self.prefix}seeds.yml"] = properties + "\n"
        names = {*self.tables, *self.names}
        for query in self.queries:
            text = _with_refs(query.sql, names, self.dialect, self.as_of)
            files[models / f"{query.name}.sql"] = (
                f"{{{{ config(materialized='table') }}}}\n{text}\n"
            )
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        return tuple(files)


def _cell(value: int | str | None) -> str:
    if value is None:
        return ""
    return str(value) if type(value) is int else '"' + str(value).replace('"', '""') + '"'


def _create(name: str, select: str, dialect: Dialect, made: Made) -> str:
    known: tuple[Made, ...] = get_args(Made)
    able = [one for one in known if one not in _UNMADE.get(dialect, ())]
    if made not in able:
        message = f"{dialect} makes no {brief(made)}; use one of {', '.join(able)}"
        raise InvalidDataError([Problem("choice", "made", message)])
    return f"CREATE {made.upper()} {quoted(name, dialect)} AS\n{select}"


def _with_refs(text: str, names: Set[str], dialect: Dialect, as_of: str) -> str:
    """Return the text of a query as a template of dbt, which looks up names by ``ref``."""
    read = tokens(text, dialect)
    changes: list[tuple[int, int, str]] = []
    for place, one in enumerate(read):
        start, end = one.start, one.end + 1
        written = text[start:end]
        after = read[place + 1].token_type.name if place + 1 < len(read) else ""
        opens = place > 0 and read[place - 1].token_type.name in ("FROM", "JOIN")
        if opens and one.text in names and after != "DOT":
            changes.append((start, end, f"{{{{ ref('{one.text}') }}}}"))
        elif any(mark in written for mark in _JINJA) and written not in as_of:
            # What a rule compares with is no template.
            changes.append((start, end, f"{{% raw %}}{written}{{% endraw %}}"))
    for start, end, other in reversed(changes):
        text = text[:start] + other + text[end:]
    return text
