"""What of a mapping an export may lack: files, columns, and the tables that need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mpfunnel import sources
from mpfunnel.errors import DecodeError
from tests.reading import problems_of, read_files, write

DATA: dict[str, Any] = {
    "files": {
        "companies": "companies.csv",
        "people": {"path": "people.csv", "optional": True},
        "clicks": {"path": "clicks.csv", "optional": True},
        "links": {"path": "links.csv", "optional": True},
    },
    "defaults": {"zone": "UTC"},
    "patterns": {"products": [{"like": "*crm*", "is": "crm"}], "pages": []},
    "companies": {
        "file": "companies",
        "fields": {
            "id": "id",
            "name": "name",
            "employees": {"column": "staff", "optional": True},
            "region": {"constant": "JP", "when": {"column": "own", "is": "1"}, "optional": True},
        },
    },
    "leads": {
        "file": "people",
        "fields": {
            "id": "id",
            "name": {"columns": ["first", "last"], "optional": True},
        },
    },
    "activities": {
        "file": "clicks",
        "join": {"link": {"file": "links", "on": {"link": "id"}}},
        "fields": {
            "id": "id",
            "lead_id": "who",
            "at": "day",
            "kind": {
                "columns": ["link.url", "url"],
                "patterns": "pages",
                "otherwise": "page_view",
                "optional": True,
            },
            "product_ids": {
                "columns": ["link.url", "url"],
                "patterns": "products",
                "optional": True,
            },
        },
    },
}
COMPANIES, PEOPLE, CLICKS = "id,name\nc,Acme\n", "id,first\nl,Mio\n", "id,who,day\n1,l,2026-01-01\n"
NEITHER = "companies.fields.employees", "companies.fields.region"


def export(folder: Path, **files: str) -> None:
    """Write the files of an export."""
    for name, content in {"companies": COMPANIES, **files}.items():
        write(folder, f"{name}.csv", content)


class TestFiles:
    def test_what_reads_an_absent_file_is_left_out(self, tmp_path: Path) -> None:
        """Companies alone are an export; what was not there is told."""
        export(tmp_path)
        found = read_files(DATA, tmp_path)
        assert [one.id for one in found.companies] == ["c"]
        assert [count.table for count in found.counts] == ["companies"]
        assert found.absent == ("files.people", "files.clicks", "files.links", *NEITHER)
        assert sources.read_tables(DATA, tmp_path).absent == found.absent
        assert list(sources.read_tables(DATA, tmp_path)) == ["companies"]

    def test_files_that_are_named_must_be_there(self, tmp_path: Path) -> None:
        """Optional keys need not be given; a path that is given and absent is a fault."""
        export(tmp_path)
        companies = tmp_path / "companies.csv"
        assert read_files(DATA, {"companies": companies}).absent[:2] == (
            "files.people",
            "files.clicks",
        )
        with pytest.raises(DecodeError, match=r"^no\.csv: no such file$"):
            read_files(DATA, {"companies": companies, "people": tmp_path / "no.csv"})
        with pytest.raises(DecodeError, match=r"^files\.companies: is not among the files given$"):
            read_files(DATA, {"people": tmp_path / "people.csv"})

    def test_a_file_that_cannot_be_read_is_no_absent_one(self, tmp_path: Path) -> None:
        """It is told as ever."""
        export(tmp_path, people="")
        with pytest.raises(DecodeError, match=r"people\.csv: is empty"):
            read_files(DATA, tmp_path)

    def test_a_joined_file_may_be_absent(self, tmp_path: Path) -> None:
        """Fields that can do without its columns do; one that needs them says what it lacks."""
        export(tmp_path, people=PEOPLE, clicks="id,who,day,url\n1,l,2026-01-01,/crm\n")
        found = read_files(DATA, tmp_path)
        (click,) = found.activities
        assert (click.kind, set(click.product_ids)) == ("page_view", {"crm"})
        assert "files.links" in found.absent
        fields = {**DATA["activities"]["fields"], "kind": "link.kind"}
        data = {**DATA, "activities": {**DATA["activities"], "fields": fields}, "patterns": {}}
        data["activities"]["fields"]["product_ids"] = {"column": "url", "split": ";"}
        with pytest.raises(DecodeError, match=r"links\.csv: no such file"):
            read_files(data, tmp_path)
        files = {key: tmp_path / f"{key}.csv" for key in ("companies", "people", "clicks")}
        with pytest.raises(DecodeError, match=r"^files\.links: is not among the files given$"):
            sources.read(data, files)

    def test_of_nothing_nothing_is_read(self, tmp_path: Path) -> None:
        """An export that has none of the files is not one of this mapping."""
        data = {
            "files": {"people": {"path": "people.csv", "optional": True}},
            "leads": {"file": "people", "fields": {"id": "id"}},
        }
        nothing: dict[str, Path] = {}
        for where in (tmp_path, nothing):
            with pytest.raises(DecodeError, match=r"^files: none of them is there$"):
                read_files(data, where)
        with pytest.raises(ValueError, match=r"^files: none of them is there$"):
            sources.tables(data)


class TestColumns:
    def test_a_field_is_left_out_where_its_column_is(self, tmp_path: Path) -> None:
        """Of several columns those that are there are read; without any the field is gone."""
        export(tmp_path, people=PEOPLE, clicks=CLICKS)
        found = read_files(DATA, tmp_path)
        assert [one.employees for one in found.companies] == [None]
        assert [one.name for one in found.leads] == ["Mio"]
        assert [(one.kind, len(one.product_ids)) for one in found.activities] == [("page_view", 0)]
        assert found.absent == ("files.links", *NEITHER, "activities.fields.product_ids")
        assert [one.path for one in found.derived] == []

    def test_what_is_there_is_read(self, tmp_path: Path) -> None:
        """An optional column has no other meaning than any other."""
        write(tmp_path, "companies.csv", "id,name,staff,own\nc,Acme,3,1\nd,Beta,x,0\n")
        write(tmp_path, "people.csv", "id,last\nl,Sato\n")
        found = read_files(DATA, tmp_path)
        assert [(one.employees, one.region) for one in found.companies] == [(3, "JP")]
        assert [one.reason for one in found.rejects] == ["staff 'x': is not a number"]
        assert [one.name for one in found.leads] == ["Sato"]

    def test_tables_lack_columns_as_files_do(self) -> None:
        """Of tables the same is left out, and told."""
        companies = pl.DataFrame({"id": ["c"], "name": ["Acme"]})
        found = sources.tables(DATA, companies=companies)
        assert list(found) == ["companies"]
        assert found.absent == ("files.people", "files.clicks", "files.links", *NEITHER)

    def test_what_a_record_needs_is_not_optional(self) -> None:
        """A mapping says so where nothing else could fill the field."""
        fields = {"id": {"column": "id", "optional": True}}
        data = {**DATA, "companies": {"file": "companies", "fields": fields}}
        assert problems_of(data) == [
            "companies.fields.id.optional: does not apply: it must be there"
        ]


class TestTables:
    def test_an_optional_table_goes_where_a_column_is_absent(self, tmp_path: Path) -> None:
        """Who unsubscribed may stand in a column that not every firm has."""
        export(tmp_path, people=PEOPLE)
        more = {"file": "people", "only": {"column": "gone", "is": "1"}, "fields": {"id": "id"}}
        data = {**DATA, "leads": [DATA["leads"], {**more, "optional": True}]}
        found = read_files(data, tmp_path)
        assert [one.id for one in found.leads] == ["l"]
        assert "leads[1]" in found.absent
        export(tmp_path, people="id,gone\nl,0\nm,1\n")
        assert [count.rows for count in read_files(data, tmp_path).counts] == [1, 2, 1]
        data["leads"][1].pop("optional")
        export(tmp_path, people=PEOPLE)
        with pytest.raises(DecodeError, match=r"leads\[1\]\.only\.column: people\.csv has no colu"):
            read_files(data, tmp_path)

    def test_a_table_may_do_without_the_word_for_deleted(self, tmp_path: Path) -> None:
        """A column that tells of deletion may be optional; without it nothing is deleted."""
        deleted = {"column": "gone", "is": "1", "optional": True}
        data = {**DATA, "leads": {**DATA["leads"], "deleted": deleted}}
        export(tmp_path, people=PEOPLE)
        found = read_files(data, tmp_path)
        assert [one.id for one in found.leads] == ["l"]
        assert "leads.deleted" in found.absent
        export(tmp_path, people="id,first,gone\nl,Mio,1\n")
        assert [one.code for one in read_files(data, tmp_path).rejects] == ["deleted"]

    def test_it_goes_with_the_file_that_it_joins(self, tmp_path: Path) -> None:
        """Without the other file, or the column by which its rows are found."""
        export(tmp_path, people=PEOPLE, clicks="id,who,day,link\n1,l,2026-01-01,7\n")
        fields = {"id": "id", "lead_id": "who", "at": "day", "kind": "link.kind"}
        clicks = {**DATA["activities"], "fields": fields, "optional": True}
        data = {**DATA, "activities": clicks, "patterns": {}}
        assert "activities" in read_files(data, tmp_path).absent
        export(tmp_path, people=PEOPLE, links="no,kind\n7,click\n")
        assert "activities" in read_files(data, tmp_path).absent
        export(tmp_path, people=PEOPLE, links="id,kind\n7,click\n")
        assert [one.kind for one in read_files(data, tmp_path).activities] == ["click"]


class TestNamedPatterns:
    def test_patterns_are_said_once_for_all_fields(self, tmp_path: Path) -> None:
        """A name stands for a list of them; what fits none is counted though there is none yet."""
        export(tmp_path, people=PEOPLE, clicks="id,who,day,url\n1,l,2026-01-01,/crm\n")
        found = read_files(DATA, tmp_path)
        assert [(one.path, one.matched, one.unmatched, one.texts) for one in found.derived] == [
            ("activities.fields.kind", 0, 1, (("/crm", 1),)),
            ("activities.fields.product_ids", 1, 0, ()),
        ]

    def test_what_fits_no_pattern_may_have_a_value(self, tmp_path: Path) -> None:
        """Blank or not, it is that value; and it is counted as ever."""
        export(
            tmp_path,
            people=PEOPLE,
            clicks="id,who,day,url\n1,l,2026-01-01,/price\n2,l,2026-01-01,\n",
        )
        data = {
            **DATA,
            "patterns": {**DATA["patterns"], "pages": [{"like": "/p*", "is": "pricing_page"}]},
        }
        found = read_files(data, tmp_path)
        assert [one.kind for one in found.activities] == ["pricing_page", "page_view"]
        assert [(one.matched, one.unmatched, one.blank) for one in found.derived] == [
            (1, 0, 1),
            (0, 1, 1),
        ]

    def test_a_field_that_is_not_read_fits_nothing(self, tmp_path: Path) -> None:
        """Patterns of a field that hangs on another cell are tried where that cell says so."""
        export(
            tmp_path,
            people=PEOPLE,
            clicks="id,who,day,url,own\n1,l,2026-01-01,/crm,1\n2,l,2026-01-01,/crm,0\n",
        )
        fields = {**DATA["activities"]["fields"]}
        fields["product_ids"] = {
            "column": "url",
            "patterns": "products",
            "when": {"column": "own", "is": "1"},
        }
        data = {**DATA, "activities": {"file": "clicks", "fields": fields | {"kind": "url"}}}
        data["patterns"] = {"products": DATA["patterns"]["products"]}
        found = read_files(data, tmp_path)
        assert [one.product_ids for one in found.activities] == [{"crm"}, set()]
        (derived,) = found.derived
        assert (derived.matched, derived.blank) == (1, 1)

    def test_faults_of_named_patterns_come_once(self) -> None:
        """However many fields name them; a list that no field names is a slip of the pen."""
        data = {
            **DATA,
            "patterns": {"products": [{"like": "x"}], "pags": [{"like": "y", "is": "z"}]},
        }
        first, *others = problems_of(data)
        assert first.startswith("activities.fields.kind.patterns: 'pages': no such list of pattern")
        assert others == [
            "patterns.products[0]: has no is",
            "patterns.pags: is named by no field; known are products",
        ]
