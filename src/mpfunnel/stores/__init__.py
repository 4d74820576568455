"""Stores of whole tables: read where they lie, answered, and the answers written where they go.

    from mpfunnel import stores

    given = stores.read(engine, "postgresql://crm.example/sales?schema=crm")
    out = stores.assess(engine, given, as_of=today)
    stores.write(out, "postgresql://crm.example/sales?schema=answers")

A store is a folder of Parquet or CSV files, an Excel workbook, a DuckDB or SQLite file, or a
schema of PostgreSQL. Its tables have the documented names and columns.
"""

from __future__ import annotations

from mpfunnel.stores.places import Place, source, target
from mpfunnel.stores.reading import Given, assess, read
from mpfunnel.stores.writing import FILES, prepare, write

__all__ = ["FILES", "Given", "Place", "assess", "prepare", "read", "source", "target", "write"]
