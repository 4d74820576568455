"""Which rows and cells are read: `only` for a table, `when` for a field, `values` for columns."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mpfunnel import sources
from tests.reading import problems_of, read_files, write

DEALS: dict[str, Any] = {
    "files": {"deals": "deals.csv"},
    "defaults": {"zone": "UTC"},
    "deals": {
        "file": "deals",
        "fields": {
            "id": "id",
            "company_id": "company",
            "opened_at": "created",
            "closed_at": {"column": "close", "when": {"column": "closed", "is": ["true", "TRUE"]}},
            "status": {
                "columns": ["closed", "won"],
                "normalise": ["lower"],
                "strict": True,
                "values": {"true true": "won", "true false": "lost", "false false": "open"},
            },
        },
    },
}
HEADER = "id,company,created,close,closed,won\n"


def deals(folder: Path, content: str, **parts: Any) -> sources.Records:
    """Read deals as files and as tables alike."""
    write(folder, "deals.csv", HEADER + content)
    return read_files({**DEALS, "deals": {**DEALS["deals"], **parts}}, folder)


class TestColumns:
    def test_several_columns_together_say_one_word(self, tmp_path: Path) -> None:
        """Whether a deal is won lies in two columns; what they make is looked up in the values."""
        found = deals(
            tmp_path,
            "1,c,2026-01-01,2026-02-01,TRUE,true\n"
            "2,c,2026-01-01,2026-02-01,true,FALSE\n"
            "3,c,2026-01-01,2026-02-01,false,false\n"
            "4,c,2026-01-01,2026-02-01,false,true\n"
            "5,c,2026-01-01,2026-02-01,,\n",
        )
        assert [(one.id, one.status) for one in found.deals] == [
            ("1", "won"),
            ("2", "lost"),
            ("3", "open"),
        ]
        assert [(one.line, one.column, one.reason) for one in found.rejects] == [
            (
                5,
                "closed, won",
                "closed, won 'false, true': is not in the value map; did you mean 'false false'?",
            ),
            (6, "closed, won", "closed, won: is blank; deals need status"),
        ]

    def test_the_word_must_be_one_of_the_field(self, tmp_path: Path) -> None:
        """Without the value map, what the columns make must itself be a status."""
        fields = {**DEALS["deals"]["fields"], "status": {"columns": ["closed", "won"]}}
        (reject,) = deals(tmp_path, "1,c,2026-01-01,,no,yes\n", fields=fields).rejects
        assert reject.reason.startswith("closed, won 'no, yes': must be one of open, won, lost")

    def test_ids_of_several_columns_are_not_replaced(self) -> None:
        """What an id is made of stays apart, so that no two of them fall together."""
        fields = {
            **DEALS["deals"]["fields"],
            "id": {"columns": ["id", "company"], "values": {"a": "b"}},
        }
        data = {**DEALS, "deals": {**DEALS["deals"], "fields": fields}}
        assert problems_of(data) == ["deals.fields.id.values: does not apply beside columns"]


class TestWhen:
    def test_a_cell_is_read_where_another_says_so(self, tmp_path: Path) -> None:
        """The day on which an open deal is expected to close is not the one on which it closed."""
        found = deals(
            tmp_path,
            "1,c,2026-01-01,2026-02-01,true,true\n2,c,2026-01-01,9999-12-31,false,false\n",
        )
        assert [one.closed_at for one in found.deals] == [datetime(2026, 2, 1, tzinfo=UTC), None]

    def test_what_is_not_read_has_no_fault(self, tmp_path: Path) -> None:
        """A cell that nobody reads may hold anything; one that is read is told as ever."""
        found = deals(tmp_path, "1,c,2026-01-01,soon,false,false\n2,c,2026-01-01,soon,true,true\n")
        assert [one.id for one in found.deals] == ["1"]
        (reject,) = found.rejects
        assert reject.reason == "close 'soon': is not a date in a stated format: iso"

    def test_a_constant_may_hang_on_a_cell(self, tmp_path: Path) -> None:
        """It is there in the rows that have the text, and blank in the others."""
        reason = {"constant": "budget", "when": {"column": "won", "is": "false"}}
        found = deals(
            tmp_path,
            "1,c,2026-01-01,2026-02-01,true,true\n2,c,2026-01-01,2026-02-01,true,false\n",
            fields={**DEALS["deals"]["fields"], "reason": reason},
        )
        assert [one.reason for one in found.deals] == [None, "budget"]

    def test_a_table_says_true_as_a_file_does(self) -> None:
        """A column of true and false is compared with the texts that a file would have."""
        table = pl.DataFrame(
            {
                "id": ["1", "2"],
                "company": ["c", "c"],
                "created": ["2026-01-01"] * 2,
                "close": ["2026-02-01"] * 2,
                "closed": [True, False],
                "won": ["true", "false"],
            }
        )
        data = sources.load(DEALS).to_data()
        data["deals"]["fields"]["status"] = {
            "column": "won",
            "values": {"true": "won", "false": ""},
        }
        data["deals"]["fields"]["status"]["values"]["false"] = "open"
        found = sources.tables(data, deals=table)
        assert found["deals"]["closed_at"].to_list() == [datetime(2026, 2, 1, tzinfo=UTC), None]

    def test_a_number_of_the_row_is_in_every_row(self) -> None:
        """Ids do not hang on a cell."""
        fields = {
            **DEALS["deals"]["fields"],
            "id": {"row_number": True, "when": {"column": "won", "is": "true"}},
        }
        data = {**DEALS, "deals": {**DEALS["deals"], "fields": fields}}
        assert problems_of(data) == ["deals.fields.id.when: does not apply beside row_number"]


class TestOnly:
    def test_a_table_reads_some_rows_only(self, tmp_path: Path) -> None:
        """Rows without the text are not read, and not counted; those at fault are told."""
        found = deals(
            tmp_path,
            "1,c,2026-01-01,2026-02-01,true,true\n2,c,2026-01-01,,false,false\n3,c\n",
            only={"column": "won", "is": ["true", "TRUE"]},
        )
        assert [one.id for one in found.deals] == ["1"]
        (count,) = found.counts
        assert (count.rows, count.used, count.rejected) == (2, 1, 1)

    def test_the_column_must_be_there(self, tmp_path: Path) -> None:
        """A column that the file lacks is named with its place."""
        write(tmp_path, "deals.csv", HEADER)
        only = {"column": "wn", "is": "true"}
        with pytest.raises(ValueError, match=r"deals.only.column: deals.csv has no column 'wn'"):
            sources.read({**DEALS, "deals": {**DEALS["deals"], "only": only}}, tmp_path)

    def test_a_target_list_may_be_some_rows(self, tmp_path: Path) -> None:
        """A list of one year stands in a file with those of the others."""
        write(tmp_path, "c.csv", "id,name\n1,Acme\n2,Beta\n")
        write(tmp_path, "lists.csv", "year,name\n2025,Acme\n2026,Beta\n")
        data = {
            "files": {"c": "c.csv", "l": "lists.csv"},
            "companies": {"file": "c", "fields": {"id": "id", "name": "name"}},
            "lists": {
                "fy26": {
                    "file": "l",
                    "fields": {"name": "name"},
                    "only": {"column": "year", "is": "2026"},
                }
            },
        }
        found = read_files(data, tmp_path)
        assert [(one.id, set(one.lists)) for one in found.companies] == [
            ("1", set()),
            ("2", {"fy26"}),
        ]

    def test_a_history_says_it_by_its_names(self) -> None:
        """Facts over time have names for it."""
        data = {
            "files": {"f": "f.csv"},
            "company_facts": {
                "file": "f",
                "zone": "UTC",
                "only": {"column": "a", "is": "b"},
                "fields": {"company_id": "c", "at": "d"},
                "facts": {"name": "n"},
            },
        }
        (problem,) = problems_of(data)
        assert problem.startswith("company_facts.only: no such key")
