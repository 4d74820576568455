"""Which files of the real exports a shipped mapping reads, and what becomes of each.

``python -m tests.real_exports FOLDER`` reads the exports under a folder of data as this project
keeps beside its checkout, and tells for every file how many rows were used, collapsed into an equal
one, or rejected, and why.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mpfunnel import sources

__all__ = ["VENDORS", "account_of", "files_of", "header_of", "reason_of"]

VENDORS: Final = MappingProxyType(
    {
        "hubspot": ("crm_exports_fivetran/dbt_hubspot", ""),
        "marketo": ("crm_exports_fivetran/dbt_marketo", "marketo_"),
        "pardot": ("crm_exports_fivetran/dbt_pardot", "pardot_"),
        "salesforce": ("crm_exports_fivetran/dbt_salesforce", "sf_"),
    }
)
"""The folder of each vendor's export, and what the names of its files begin with."""


def files_of(vendor: str, data: Path) -> dict[str, Path]:
    """Return the files of a vendor's export by the key of its shipped mapping."""
    folder, prefix = VENDORS[vendor]
    files = {key: data / folder / f"{prefix}{key}_data.csv" for key in sources.load(vendor).files}
    return {key: path for key, path in files.items() if path.exists()}


def header_of(path: Path) -> list[str]:
    """Return the names of the columns of a file, read without mpfunnel."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def reason_of(reject: sources.Reject) -> str:
    """Return why a row was rejected, without the cell."""
    return re.sub(r"^(\S+)(?: '[^']*')?: ", r"\1: ", reject.reason)


def account_of(records: sources.Records) -> dict[tuple[str, str], Counter[str]]:
    """Return for each record kind and file how many rows became what, and why not."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for count in records.counts:
        one = found.setdefault((count.table, count.file), Counter())
        one.update(rows=count.rows, used=count.used, collapsed=count.collapsed)
    for reject in records.rejects:
        found[reject.table, reject.file][reason_of(reject)] += 1
    return {key: +one for key, one in found.items()}


def told(account: Mapping[tuple[str, str], Counter[str]]) -> Iterator[str]:
    """Yield an account line by line."""
    for (table, file), one in account.items():
        counts = [f"{one[what]} {what}" for what in ("rows", "used", "collapsed") if one[what]]
        yield f"  {table} of {file}: {', '.join(counts) or 'no rows'}"
        for reason, many in one.items():
            if reason not in ("rows", "used", "collapsed"):
                yield f"    {many} rejected: {reason}"


def main() -> None:
    """Write what becomes of every file."""
    data = Path(sys.argv[1])
    for vendor in VENDORS:
        files = files_of(vendor, data)
        sys.stdout.write(f"{vendor}\n")
        records = sources.read(vendor, files)
        sys.stdout.writelines(f"{line}\n" for line in told(account_of(records)))


if __name__ == "__main__":
    main()
