"""The four answers as SQL text: queries for a warehouse, made by the same code as the tables.

The text comes from the frames of `mpfunnel.frames`, built on tables that are only described: so
there is no second translation of a policy that could mean something else.
"""

from __future__ import annotations

from mpfunnel.warehouse.rendering import render
from mpfunnel.warehouse.scripts import Made, Queries, Query, Seed
from mpfunnel.warehouse.text import DIALECTS, Dialect

__all__ = ["DIALECTS", "Dialect", "Made", "Queries", "Query", "Seed", "render"]
