"""The flow of companies from whole tables, of every kind that `mpfunnel.frames` takes."""

from mpfunnel.flow.tables.intake import FlowTables

__all__ = ["FlowTables"]
