"""CRM exports → records, by a mapping that says which column becomes which field.

`load` checks a mapping, `read` reads files by it:

    records = sources.read("maven", "downloads/crm")
    records.companies, records.deals, records.rejects, records.counts

`propose` proposes a mapping from the headers and the first rows of files.

`tables` reads tables of pandas, Polars and others in the same way, for `mpfunnel.frames.assess`;
`read_tables` makes such tables of the files themselves.

Nothing is lost: for each file and record kind, rows = used + collapsed + rejected, and each reject
has its file, line, column and reason (law 7).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from mpfunnel.errors import did_you_mean
from mpfunnel.sources.facts import CompanyFact
from mpfunnel.sources.ledger import Count
from mpfunnel.sources.lists import Listed, on_list
from mpfunnel.sources.loading import load, shipped
from mpfunnel.sources.mapping import SourceMapping
from mpfunnel.sources.patterns import Derived
from mpfunnel.sources.reading import Records, read
from mpfunnel.sources.rows import Reject

if TYPE_CHECKING:
    from mpfunnel.sources.proposing import Proposal, propose
    from mpfunnel.sources.tabling import MappedTables, read_tables, tables

__all__ = [
    "CompanyFact",
    "Count",
    "Derived",
    "Listed",
    "MappedTables",
    "Proposal",
    "Records",
    "Reject",
    "SourceMapping",
    "load",
    "on_list",
    "propose",
    "read",
    "read_tables",
    "shipped",
    "tables",
]


if not TYPE_CHECKING:  # a checker that saw it would take every misspelt name for granted
    _HOMES: Final = {
        **dict.fromkeys(("MappedTables", "read_tables", "tables"), "tabling"),
        **dict.fromkeys(("Proposal", "propose"), "proposing"),
    }

    def __getattr__(name: str) -> Any:
        # Files are read without what tables and proposals need.
        if name not in _HOMES:
            hint = did_you_mean(name, __all__)
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
        value = getattr(import_module(f"mpfunnel.sources.{_HOMES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
