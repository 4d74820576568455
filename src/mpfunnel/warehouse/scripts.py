"""What is written for a warehouse: seeds and queries, and the texts that make tables of them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from mpfunnel.warehouse.text import Dialect

__all__ = ["Queries", "Query", "Seed"]


@frozen
class Seed:
    """A small table that the queries read: numbers of the playbook.

    Attributes:
        name: The name of the table.
        types: By column, ``"text"`` or ``"integer"``.
        rows: The rows.
    """

    name: str
    types: Mapping[str, str]
    rows: tuple[tuple[int | str | None, ...], ...]


@frozen
class Query:
    """One plain SELECT; those before it are tables or views of their names.

    Attributes:
        name: The name that later queries know it by.
        sql: The text.
        answer: Whether it is one of the answers, and not a step on the way.
    """

    name: str
    sql: str
    answer: bool


@frozen
class Queries:
    """Everything that a warehouse needs to give the four answers.

    Attributes:
        dialect: For which engine they are written.
        seeds: Tables to load first.
        queries: Queries in the order in which they stand on each other.
    """

    dialect: Dialect
    seeds: tuple[Seed, ...]
    queries: tuple[Query, ...]
