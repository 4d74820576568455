"""CRM exports → records, by a mapping that says which column becomes which field.

`load` checks a mapping, `read` reads files by it:

    records = sources.read("maven", "downloads/crm")
    records.companies, records.deals, records.rejects, records.counts

Nothing is lost: for each file and record kind, rows = used + collapsed + rejected, and each reject
has its file, line, column and reason (law 7).
"""

from __future__ import annotations

from mpfunnel.sources.ledger import Count
from mpfunnel.sources.loading import load, shipped
from mpfunnel.sources.mapping import SourceMapping
from mpfunnel.sources.reading import Records, read
from mpfunnel.sources.rows import Reject

__all__ = ["Count", "Records", "Reject", "SourceMapping", "load", "read", "shipped"]
