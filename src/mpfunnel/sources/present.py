"""What of a mapping an export has: what is optional and absent is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve

from mpfunnel.sources.mapping import FieldMapping, SourceMapping, TableMapping

__all__ = ["present"]

Headers = Mapping[str, Sequence[Sequence[str]]]
"""For each file key that is there the names of the columns, file by file."""


def present(mapping: SourceMapping, headers: Headers) -> SourceMapping:
    """Return a mapping without what is optional and absent.

    A file that is absent takes with it the tables that read it, a column the optional fields that
    do; so does a column that only a joined file has. An optional table goes where it lacks a
    column that it needs. What is needed stays, for whoever reads to say that it is not there.

    Args:
        mapping: The mapping.
        headers: What there is. A file that cannot be read is there, and has no columns known.
    """
    tables: list[TableMapping] = []
    left: list[str] = []
    for table in mapping.tables:
        if table.file not in headers and mapping.files[table.file].optional:
            continue
        kept = tuple(one for field in table.fields for one in _kept(table, field, headers))
        left += [one.path for one in table.fields if one.name not in {k.name for k in kept}]
        thinner = evolve(table, fields=kept)
        if table.deleted is not None and not _kept(table, table.deleted, headers):
            left.append(table.deleted.path)
            thinner = evolve(thinner, deleted=None)
        needed = {thinner.origin(column)[0] for column, _path in thinner.columns}
        thinner = evolve(
            thinner, joins=tuple(j for j in thinner.joins if j.file in headers or j in needed)
        )
        if table.optional and not _whole(thinner, headers):
            left.append(table.path)
        else:
            tables.append(thinner)
    absent = tuple(f"files.{key}" for key in mapping.used_files if key not in headers)
    return evolve(mapping, tables=tuple(tables), absent=(*absent, *dict.fromkeys(left)))


def _kept(table: TableMapping, field: FieldMapping, headers: Headers) -> tuple[FieldMapping, ...]:
    """Return a field with those of its columns that are there, or nothing."""
    if not field.optional:
        return (field,)
    columns = tuple(column for column in field.columns if _has(table, column, headers))
    if field.when is not None and not _has(table, field.when.column, headers):
        return ()
    if not columns and field.otherwise is not None:
        return (evolve(field, columns=(), derived=False, constant=field.otherwise),)
    if not columns and field.columns:
        return ()
    return (evolve(field, columns=columns),)


def _whole(table: TableMapping, headers: Headers) -> bool:
    """Whether all that a table reads is there."""
    return all(_has(table, column, headers) for column, _path in table.columns) and all(
        there in header
        for join in table.joins
        for header in headers.get(join.file, [()])
        for _here, there in join.on
    )


def _has(table: TableMapping, column: str, headers: Headers) -> bool:
    """Whether a column is in any of the files that it would be in."""
    join, name = table.origin(column)
    file = table.file if join is None else join.file
    return any(name in header for header in headers.get(file, ()))
