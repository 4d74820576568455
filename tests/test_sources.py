"""Files become records: what is used, what collapses, and what is rejected with which reason."""

from __future__ import annotations

import csv
import io
import random
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpfunnel import sources
from mpfunnel.errors import DecodeError
from mpfunnel.labels import Label
from mpfunnel.records import (
    Activity,
    Company,
    Contract,
    Deal,
    DealLine,
    Lead,
    Override,
    Product,
    SalesEvent,
)
from tests.reading import mapping_of, problems_of, read_files, read_table, write

# Each example writes and reads files.
FILES = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=50,
)


def reasons(read: sources.Records) -> list[tuple[int, str, str, str]]:
    """Line, column, code and reason of each reject."""
    return [(r.line, r.column, r.code, r.reason) for r in read.rejects]


class TestRecords:
    def test_every_field_of_every_kind_can_be_filled(self, tmp_path: Path) -> None:
        """Each record kind takes each of its fields from a column, with the type it has."""
        tables = {
            "products": (
                {"id": "crm", "name": "CRM Cloud", "name_ja": "CRMクラウド", "family": "c"}
                | {"grade": "2", "lifecycle": "growth", "sold_from": "2020-01-01"}
                | {"sold_until": "2030-12-31"}
            ),
            "companies": (
                {"id": "c1", "name": "C", "domains": "c.jp;d.jp", "industry": "i"}
                | {"corporate_number": "7010001999999", "employees": "300", "region": "近畿"}
                | {"annual_revenue": "12.5", "growth_rate": "0.5", "country": "JP"}
                | {"parent_id": "c0", "relationships": "customer;partner", "lists": "top"}
            ),
            "leads": (
                {"id": "l1", "company_id": "c9", "email": "a@c.jp", "name": "林", "title": "t"}
                | {"department": "d", "phone": "03", "source": "s", "created_at": "2024-01-01"}
                | {"interests": "x;y", "company_name": "C", "corporate_number": "T7010001999999"}
                | {"region": "近畿"}
            ),
            "activities": {"id": "a1", "lead_id": "l1", "kind": "click", "at": "2024-01-01T00:00Z"}
            | {"product_ids": "crm", "campaign_id": "k"},
            "deals": (
                {"id": "d1", "company_id": "c1", "opened_at": "2024-01-01", "product_id": "crm"}
                | {"quantity": "3", "line_amount": "9.5", "status": "won", "amount": "10"}
                | {"closed_at": "2024-01-02", "lead_id": "l9", "via_company_id": "c9"}
                | {"reason": "r", "currency": "JPY"}
            ),
            "contracts": {"company_id": "c1", "product_id": "crm", "start": "2024-01-01"}
            | {"end": "2024-12-31", "quantity": "5", "grade": "2"},
            "sales_events": (
                {"lead_id": "l1", "kind": "accepted", "at": "2024-01-01", "product_id": "crm"}
                | {"by": "b", "reason": "r", "follow_up_on": "2024-02-01"}
            ),
            "overrides": (
                {"what": "tier", "value": "tier_1", "by": "b", "reason": "r", "lead_id": ""}
                | {"since": "2024-01-01", "until": "2024-12-31", "company_id": "c1"}
                | {"product_id": "crm", "follow_up_on": "2024-02-01"}
            ),
        }
        sets = ("domains", "relationships", "lists", "interests", "product_ids")
        data: dict[str, Any] = {"defaults": {"zone": "Asia/Tokyo"}, "files": {}}
        for kind, row in tables.items():
            data["files"][kind] = f"{kind}.csv"
            fields = {n: {"column": n, "split": ";"} if n in sets else n for n in row}
            data[kind] = {"file": kind, "fields": fields}
            write(tmp_path, f"{kind}.csv", f"{','.join(row)}\n{','.join(row.values())}\n")
        read = read_files(data, tmp_path)
        assert read.rejects == ()
        new_year = datetime(2023, 12, 31, 15, tzinfo=UTC)
        product = Product("crm", None, "c", 2, "growth", date(2020, 1, 1), date(2030, 12, 31))
        assert read.products == (product,)
        assert read.products[0].name == Label("CRM Cloud", "CRMクラウド")
        assert read.companies == (
            Company(
                "c1", "C", {"c.jp", "d.jp"}, "7010001999999", "i", 300, Decimal("12.5"), 0.5,
                "近畿", "JP", "c0", frozenset({"customer", "partner"}), {"top"},
            ),
        )  # fmt: skip
        assert read.leads == (
            Lead(
                *("l1", "c9", "a@c.jp", "林", "t", "d", "03", "s", new_year, {"x", "y"}),
                company_name="C",
                corporate_number="T7010001999999",
                region="近畿",
            ),
        )
        at = datetime(2024, 1, 1, tzinfo=UTC)
        assert read.activities == (Activity("a1", "l1", "click", at, {"crm"}, "k"),)
        lines: Any = (DealLine("crm", 3, Decimal("9.5")),)
        closed = datetime(2024, 1, 1, 15, tzinfo=UTC)
        assert read.deals == (
            Deal("d1", "c1", new_year, lines, "won", closed, "l9", "c9", "r", 10, "JPY"),
        )
        start = date(2024, 1, 1)
        assert read.contracts == (Contract("c1", "crm", start, date(2024, 12, 31), 5, 2),)
        event = SalesEvent("l1", "accepted", new_year, "crm", "b", "r", date(2024, 2, 1))
        assert read.sales_events == (event,)
        hand: Any = {"company_id": "c1", "product_id": "crm", "follow_up_on": date(2024, 2, 1)}
        days = start, date(2024, 12, 31)
        assert read.overrides == (Override("tier", "tier_1", "b", "r", *days, **hand),)
        assert all(one.overrides == read.overrides for one in read.accounts() if one.company)

    def test_overrides_are_read_with_the_words_of_the_export(self, tmp_path: Path) -> None:
        """Labels of either language become keys by the value map; faults are the record's."""
        fields: dict[str, Any] = {
            "what": {"column": "種別", "values": {"Tier": "tier", "状態": "engagement"}},
            "value": {
                "column": "値",
                "normalise": ["nfkc"],
                "values": {"Tier 1": "tier_1", "重点フォロー": "priority_follow_up"},
            },
            "by": "担当",
            "reason": "理由",
            "since": {"column": "開始", "date_formats": ["%Y/%m/%d"]},
            "until": {"column": "期限", "date_formats": ["%Y/%m/%d"], "blank": ["なし"]},
            "company_id": "企業",
            "lead_id": "人",
            "product_id": "商材",
        }
        content = (
            "種別,値,担当,理由,開始,期限,企業,人,商材\n"
            "Tier,Ｔｉｅｒ 1,森,最重点,2026/4/1,なし,c1,,crm\n"
            "Tier,Tier 1,森,最重点,2026/4/1,なし,c1,,crm\n"
            "状態,重点フォロー,林,来期予算,2026/4/1,2027/3/31,,l1,crm\n"
            "Tier,Tier 1,森,最重点,2026/4/1,2026/3/31,c1,,crm\n"
            "Tier,Tier 1,森,最重点,2026/4/1,2027/3/31,c1,l1,crm\n"
            "Tier,Tier 1,森,最重点,2026/4/1,2027/3/31,,,crm\n"
            "段階,Tier 1,森,最重点,2026/4/1,2027/3/31,c1,,crm\n"
            "Tier,Tier 1,,最重点,2026/4/1,2027/3/31,c1,,crm\n"
        )
        read = read_table(tmp_path, content, "overrides", fields)
        assert read.overrides == (
            Override("tier", "tier_1", "森", "最重点", date(2026, 4, 1), None, "c1", None, "crm"),
            Override(
                "engagement", "priority_follow_up", "林", "来期予算", date(2026, 4, 1),
                date(2027, 3, 31), None, "l1", "crm",
            ),
        )  # fmt: skip
        assert [(r.line, r.column, r.code) for r in read.rejects] == [
            (5, "期限", "order"),
            (6, "人", "contradiction"),
            (7, "企業", "missing"),
            (8, "種別", "choice"),
            (9, "担当", "missing"),
        ]
        assert read.counts[0].collapsed == 1

    def test_an_override_says_until_when(self, tmp_path: Path) -> None:
        """A mapping that could not say an end is refused; it may name the last of all days."""
        mapping = mapping_of("overrides")
        del mapping["overrides"]["fields"]["until"]
        assert problems_of(mapping) == ["overrides.fields: has no until; overrides need it"]
        content = "what,value,by,reason,since,company_id\nsegment,partner,b,r,2026-04-01,c1\n"
        fields = {"until": {"constant": "9999-12-31"}, "company_id": "company_id"}
        (one,) = read_table(tmp_path, content, "overrides", fields).overrides
        assert one.until == date.max

    def test_custom_attributes_have_their_stated_type(self, tmp_path: Path) -> None:
        """Each type of a custom attribute is read as such, and blank is left out."""
        raw: dict[str, Any] = {
            "t": {"column": "a", "type": "text"},
            "i": {"column": "b", "type": "int", "thousands": ","},
            "d": {"column": "c", "type": "decimal"},
            "f": {"column": "c", "type": "float"},
            "b": {"column": "d", "type": "bool", "true": ["はい"], "false": ["いいえ"]},
            "y": {"column": "e", "type": "date"},
            "s": {"column": "f", "type": "set", "split": "、"},
            "k": {"constant": True, "type": "bool"},
        }
        content = 'id,a,b,c,d,e,f\n1,x,"1,000",0.50,はい,2024-01-01,p、q\n2,,,,,,\n'
        read = read_table(tmp_path, content, "companies", attributes=raw)
        assert read.companies[0].attributes == {
            "t": "x",
            "i": 1000,
            "d": Decimal("0.5"),
            "f": 0.5,
            "b": True,
            "y": date(2024, 1, 1),
            "s": frozenset({"p", "q"}),
            "k": True,
        }
        assert read.companies[1].attributes == {"k": True}

    def test_constants_fill_every_row(self, tmp_path: Path) -> None:
        """A constant is read as a cell would be, once; for a set it may be a list."""
        fields: dict[str, Any] = {
            "kind": {"constant": "click"},
            "at": {"constant": "2024-01-01"},
            "product_ids": {"constant": ["crm", "sfa"]},
        }
        read = read_table(tmp_path, "id,lead\n1,a\n2,a\n", "activities", fields)
        assert {a.product_ids for a in read.activities} == {frozenset({"crm", "sfa"})}
        assert {a.at for a in read.activities} == {datetime(2023, 12, 31, 15, tzinfo=UTC)}
        deal: dict[str, Any] = {"product_id": {"constant": "crm"}, "quantity": {"constant": 2}}
        content = "id,company,opened\n1,a,2024-01-01\n"
        write(tmp_path, "table.csv", content)
        read = read_files(mapping_of("deals", deal), tmp_path, products=["sfa"])
        assert reasons(read) == [(2, "", "unknown-product", "product_id: no such product")]
        read = read_files(mapping_of("deals", deal), tmp_path, products=["crm"])
        assert read.deals[0].lines == (DealLine("crm", 2),)

    def test_ids_may_be_integers_or_row_numbers(self, tmp_path: Path) -> None:
        """S17: rows are numbered over all files of a record kind, so that none collide."""
        content = "lead,kind,at\na,k,2024-01-01\n,,\na,k,2024-01-01\n"
        data = mapping_of("activities", {"id": {"row_number": True, "type": "int"}})
        data["files"]["table"]["path"] = ["a.csv", "b.csv"]
        write(tmp_path, "a.csv", content)
        write(tmp_path, "b.csv", content)
        read = read_files(data, tmp_path)
        assert [activity.id for activity in read.activities] == [1, 3, 4, 6]
        data["activities"]["fields"]["id"] = {"row_number": True}
        assert read_files(data, tmp_path).activities[-1].id == "6"
        assert [(count.file, count.rows) for count in read.counts] == [("a.csv", 3), ("b.csv", 3)]

    def test_a_name_in_one_language_is_enough(self, tmp_path: Path) -> None:
        """A product may have only a Japanese name, or none."""
        fields = {"name_ja": "ja"}
        read = read_table(tmp_path, "id,ja\n1,顧客\n2,\n", "products", fields)
        assert [product.label.en for product in read.products] == ["顧客", "2"]

    def test_several_tables_fill_one_record_kind(self, tmp_path: Path) -> None:
        """Files of different forms may fill one kind; each has its own account."""
        data = mapping_of("companies")
        data["files"]["old"] = {"path": "old.tsv", "separator": "\t"}
        data["companies"] = [
            data["companies"],
            {"file": "old", "fields": {"id": "no", "name": "title"}},
        ]
        write(tmp_path, "table.csv", "id\n1\n2\n")
        write(tmp_path, "old.tsv", "title\tno\nx\t3\ny\t2\n\t1\n")
        read = read_files(data, tmp_path)
        # Row 2 of the first file and row 2 of the second are one company with and without name.
        assert [company.id for company in read.companies] == ["1", "3"]
        assert [(r.file, r.line, r.column, r.code, r.value) for r in read.rejects] == [
            ("table.csv", 3, "id", "conflict", "2"),
            ("old.tsv", 3, "no", "conflict", "2"),
        ]
        assert read.counts == (
            sources.Count("companies", "table.csv", 2, 1, 0, 1),
            sources.Count("companies", "old.tsv", 3, 1, 1, 1),
        )


class TestRejects:
    def test_a_row_has_the_reason_that_the_mapping_can_cure_first(self, tmp_path: Path) -> None:
        """What is not understood comes before what is missing, then the order of the record."""
        content = "id,company,opened,amount\n1,,,x\n2,,,1\n3,c,,1\n4,c,x,y\n,,,\n"
        read = read_table(tmp_path, content, "deals", {"amount": "amount"})
        assert reasons(read) == [
            (2, "amount", "type", "amount 'x': is not a number"),
            (3, "company", "missing", "company: is blank; deals need company_id"),
            (4, "opened", "missing", "opened: is blank; deals need opened_at"),
            (5, "opened", "format", "opened 'x': is not a date in a stated format: iso"),
            (6, "id", "missing", "id: is blank; deals need id"),
        ]

    def test_a_status_that_is_mapped_must_be_given(self, tmp_path: Path) -> None:
        """A blank status would silently read as open; a column that is not mapped does."""
        content = "id,company,opened,s\n1,c,2024-01-01,\n"
        read = read_table(tmp_path, content, "deals", {"status": "s"})
        assert reasons(read) == [(2, "s", "missing", "s: is blank; deals need status")]
        assert read_table(tmp_path, content, "deals").deals[0].status == "open"

    def test_what_a_record_refuses_names_the_column(self, tmp_path: Path) -> None:
        """A fault that the record itself finds gets the column that its field is read from."""
        content = "id,company,opened,s,closed,n,m\n"
        fields = {"status": "s", "closed_at": "closed", "product_id": "company", "quantity": "n"}
        row = "1,c,2024-01-01,open,2024-01-02,1,1\n2,c,2024-01-01,open,,-1,1\n"
        row += "3,c,2024-01-01,open,,1,0.001\n4,c,2024-01-01,won,,1,1\n"
        read = read_table(tmp_path, content + row, "deals", {**fields, "line_amount": "m"})
        assert reasons(read) == [
            (2, "closed", "contradiction", "closed '2024-01-02': must be blank for an open deal"),
            (3, "n", "range", "n '-1': must be at least 0"),
            (4, "m", "range", "m '0.001': must have at most 2 decimal places"),
            (5, "closed", "missing", "closed: is needed for a won deal"),
        ]
        read = read_table(tmp_path, content + row, "deals", {"status": "s"})
        assert reasons(read)[0] == (5, "", "missing", "closed_at: is needed for a won deal")

    def test_unknown_products_get_the_nearest(self, tmp_path: Path) -> None:
        """A product must be among those of the mapping's own table or of the caller."""
        data = mapping_of("deals", {"product_id": "product"})
        data["files"]["goods"] = "goods.csv"
        data["products"] = {"file": "goods", "fields": {"id": "id"}}
        write(tmp_path, "goods.csv", "id\nGTX Pro\nMG\n")
        rows = "1,c,2024-01-01,GTXPro\n2,c,2024-01-01,MG\n3,c,2024-01-01,\n4,c,2024-01-01,zzz\n"
        write(tmp_path, "table.csv", "id,company,opened,product\n" + rows)
        read = read_files(data, tmp_path)
        assert [deal.id for deal in read.deals] == ["2", "3"]
        assert [line.product_id for deal in read.deals for line in deal.lines] == ["MG"]
        assert reasons(read) == [
            (
                2,
                "product",
                "unknown-product",
                "product 'GTXPro': no such product; did you mean 'GTX Pro'?",
            ),
            (5, "product", "unknown-product", "product 'zzz': no such product"),
        ]
        assert len(read_files(data, tmp_path, products=["zzz", "GTXPro"]).deals) == 4
        del data["products"]
        assert len(read_files(data, tmp_path).deals) == 4
        assert len(read_files(data, tmp_path, products=[]).rejects) == 3

    def test_a_set_of_products_names_the_unknown_one(self, tmp_path: Path) -> None:
        """Of several products, the reason names the one that does not exist."""
        fields = {"product_ids": {"column": "p", "split": ";"}}
        data = mapping_of("activities", fields)
        write(tmp_path, "table.csv", "id,lead,kind,at,p\n1,a,k,2024-01-01,crm;sfaa\n")
        read = read_files(data, tmp_path, products=["crm", "sfa"])
        assert reasons(read)[0][3] == (
            "p 'crm;sfaa': no such product as 'sfaa'; did you mean 'sfa'?"
        )

    def test_references_are_checked_where_the_records_are_read(self, tmp_path: Path) -> None:
        """A deal needs its company, an activity its lead; a lead may have an unknown company."""
        data: dict[str, Any] = {"defaults": {"zone": "UTC"}, "files": {}}
        contents = {
            "companies": "id\nACME\n",
            "leads": "id,company_id\na,ACNE\nb,ACME\n",
            "activities": "id,lead,kind,at\n1,a,k,2024-01-01\n2,x,k,2024-01-01\n",
            "deals": "id,company,opened\n1,ACME,2024-01-01\n2,ACNE,2024-01-01\n",
            "contracts": "company,product,start\nACME,p,2024-01-01\nACNE,p,2024-01-01\n",
            "sales_events": "lead,kind,at\nb,accepted,2024-01-01\ny,accepted,2024-01-01\n",
        }
        for kind, content in contents.items():
            data["files"][kind] = f"{kind}.csv"
            data[kind] = {"file": kind, "fields": mapping_of(kind)[kind]["fields"]}
            write(tmp_path, f"{kind}.csv", content)
        data["leads"]["fields"]["company_id"] = "company_id"
        read = read_files(data, tmp_path)
        assert [lead.company_id for lead in read.leads] == ["ACNE", "ACME"]
        assert [(r.table, r.line, r.code, r.reason) for r in read.rejects] == [
            ("activities", 3, "unknown-lead", "lead 'x': no such lead"),
            ("deals", 3, "unknown-company",
             "company 'ACNE': no such company; did you mean 'ACME'?"),
            ("contracts", 3, "unknown-company",
             "company 'ACNE': no such company; did you mean 'ACME'?"),
            ("sales_events", 3, "unknown-lead", "lead 'y': no such lead"),
        ]  # fmt: skip
        del data["companies"], data["leads"]
        assert read_files(data, tmp_path).rejects == ()

    def test_the_nearest_is_not_sought_among_thousands(self, tmp_path: Path) -> None:
        """A hint must not take longer than the reading."""
        write(tmp_path, "table.csv", "id,company,opened,product\n1,c,2024-01-01,p1x\n")
        data = mapping_of("deals", {"product_id": "product"})
        read = read_files(data, tmp_path, products=[f"p{number}" for number in range(2_001)])
        assert reasons(read)[0][3] == "product 'p1x': no such product"

    def test_companies_that_own_each_other_are_rejected(self, tmp_path: Path) -> None:
        """A company that is its own ancestor is rejected in every row, its children are kept."""
        content = "id,parent\n1,2\n2,3\n3,1\n4,1\n5,5\n6,9\n1,2\n"
        read = read_table(tmp_path, content, "companies", {"parent_id": "parent"})
        assert [company.id for company in read.companies] == ["4", "6"]
        assert reasons(read) == [
            (2, "parent", "cycle", "parent '2': is its own ancestor: 1 > 2 > 3 > 1"),
            (3, "parent", "cycle", "parent '3': is its own ancestor: 2 > 3 > 1 > 2"),
            (4, "parent", "cycle", "parent '1': is its own ancestor: 3 > 1 > 2 > 3"),
            (6, "parent", "cycle", "parent '5': must not be the company's own id"),
            (8, "parent", "cycle", "parent '2': is its own ancestor: 1 > 2 > 3 > 1"),
        ]
        assert read.counts == (sources.Count("companies", "table.csv", 7, 2, 0, 5),)

    def test_products_that_differ_in_name_only_conflict(self, tmp_path: Path) -> None:
        """S17: products compare equal whatever their names, rows of a file do not."""
        read = read_table(tmp_path, "id,name\n1,a\n1,b\n2,c\n2,c\n", "products", {"name": "name"})
        assert [product.id for product in read.products] == ["2"]
        assert [reason for *_, reason in reasons(read)] == [
            "id '1': rows of this id differ in name"
        ] * 2

    def test_an_activity_is_known_by_its_lead_and_id(self, tmp_path: Path) -> None:
        """S17: equal rows collapse, rows that share lead and id but differ are all rejected."""
        day = "2024-01-01"
        rows = [f"1,a,x,{day}", f"1,b,x,{day}", f"1,a,x,{day}", f"2,a,x,{day}"]
        rows += [f"2,a,y,{day}", f"2,a,x,{day}", f"3,a,x,{day}T00:00", f"3,a,x,{day}"]
        read = read_table(tmp_path, "\n".join(["id,lead,kind,at", *rows]), "activities")
        assert [(a.lead_id, a.id) for a in read.activities] == [("a", "1"), ("b", "1"), ("a", "3")]
        assert reasons(read) == [
            (line, "id", "conflict", "id '2': rows of this id differ in kind") for line in (5, 6, 7)
        ]
        assert read.counts == (sources.Count("activities", "table.csv", 8, 3, 2, 3),)

    def test_equal_contracts_count_once(self, tmp_path: Path) -> None:
        """Records without an id are the same if all their fields are."""
        content = "company,product,start\na,p,2024-01-01\na,p,20240101\na,p,2024-01-02\n"
        read = read_table(tmp_path, content, "contracts")
        assert read.counts == (sources.Count("contracts", "table.csv", 3, 2, 1, 0),)

    def test_reasons_are_one_line(self, tmp_path: Path) -> None:
        """A line break in a cell or in the name of a column does not break the reason."""
        content = 'id,"employees\n(count)"\n1,"1\n2"\n'
        fields = {"employees": {"column": "employees\n(count)"}}
        (reject,) = read_table(tmp_path, content, "companies", fields).rejects
        assert reject.line == 3
        assert reject.reason == "employees (count) '1\\n2': is not a number"

    def test_a_word_of_two_lines_is_told_on_one(self, tmp_path: Path) -> None:
        """Nor does a line break in a word that the mapping knows."""
        fields = {"owned": {"type": "bool", "column": "owned", "true": ["y\ny"], "false": ["n"]}}
        read = read_table(tmp_path, "id,owned\n1,?\n", "companies", attributes=fields)
        assert read.rejects[0].reason == "owned '?': must be one of n, y\\ny"

    def test_a_long_value_is_cut(self, tmp_path: Path) -> None:
        """A reject shows a cell only as far as anyone reads it."""
        content = f"id,n\n1,{'x' * 1000}\n"
        (reject,) = read_table(tmp_path, content, "companies", {"employees": "n"}).rejects
        assert reject.value == "x" * 100 + "…"


class TestPersonal:
    ADDRESS = "taro.yamada@example.co.jp"

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            (ADDRESS, "t…@….jp"),
            ("taro＠example．ｊｐ", "t…@….jp"),
            ("a@b", "a…@…"),
            ("a@b.c d", "a…@…"),
            ("山田太郎", "山…"),
            ("林", "…"),
            ("03-1234-5678", "0…"),
        ],
    )
    def test_a_personal_value_is_masked(self, tmp_path: Path, text: str, value: str) -> None:
        """Only the first letter, and the top-level domain of an address, are shown."""
        fields = {"email": {"column": "x", "values": {"known": "known"}, "strict": True}}
        (reject,) = read_table(tmp_path, f"id,x\n1,{text}\n", "leads", fields).rejects
        assert reject.value == value
        assert reject.reason == f"x {value!r}: is not in the value map"

    def test_a_column_is_personal_in_every_table(self, tmp_path: Path) -> None:
        """A phone number that is also an id elsewhere stays masked there."""
        data = mapping_of("leads", {"id": "phone", "phone": "phone"})
        data["activities"] = {
            "file": "table",
            "fields": {"id": "phone", "lead_id": "phone", "kind": "kind", "at": "at"},
        }
        row = "0312345678,k"
        write(
            tmp_path, "table.csv", f"phone,kind,at,memo\n{row},2024-01-01,x\n{row},2024-01-02,y\n"
        )
        data["leads"]["fields"]["source"] = "memo"
        read = read_files(data, tmp_path)
        assert {reject.table for reject in read.rejects} == {"leads", "activities"}
        assert "0312345678" not in str(read.rejects)

    def test_no_reject_holds_an_address(self, tmp_path: Path) -> None:
        """Wherever an address stands, no reject shows it: as an id, a parent, a near name."""
        other = self.ADDRESS.replace("yamada", "yamata")
        rows = [f"{self.ADDRESS},{other}", f"{other},{self.ADDRESS}", f"{self.ADDRESS}x,"]
        content = "\n".join(["id,parent", *rows, f"{self.ADDRESS}x,p"])
        read = read_table(tmp_path, content, "companies", {"parent_id": "parent"})
        assert [reject.code for reject in read.rejects] == [
            "cycle",
            "cycle",
            "conflict",
            "conflict",
        ]
        assert "yama" not in str(read.rejects)
        row = f"1,{self.ADDRESS},2024-01-01,{self.ADDRESS},x\n"
        write(tmp_path, "table.csv", "id,company,opened,product,amount\n" + row)
        data = mapping_of("deals", {"product_id": "product", "amount": "amount"})
        read = read_files(data, tmp_path, products=[other])
        assert reasons(read)[0][3] == "product 't…@….jp': no such product"


class TestAccount:
    CELL = st.sampled_from(
        ["", "a", "b", "c", "1", "2", "x@y.jp", "2024-01-01", "won", " ", "9" * 50]
    )
    ROW = st.lists(CELL, min_size=5, max_size=5) | st.lists(CELL, max_size=7)

    @staticmethod
    def mapping() -> dict[str, Any]:
        """One file of random cells, read into every record kind."""
        data: dict[str, Any] = {
            "defaults": {"zone": "Asia/Tokyo"},
            "files": {"t": {"path": ["t.csv", "u.csv"]}},
        }
        fields: dict[str, dict[str, Any]] = {
            "products": {"id": "a", "grade": "b", "name": "c"},
            "companies": {"id": "a", "parent_id": "b", "employees": "c"},
            "leads": {"id": "b", "company_id": "a", "email": "c"},
            "activities": {"id": "a", "lead_id": "b", "kind": "c", "at": "d"},
            "deals": {"id": "a", "company_id": "b", "product_id": "c", "opened_at": "d"}
            | {"amount": "e"},
            "contracts": {"company_id": "a", "product_id": "b", "start": "d", "quantity": "e"},
            "sales_events": {"lead_id": "b", "kind": {"constant": "accepted"}, "at": "d"},
        }
        return data | {kind: {"file": "t", "fields": fields[kind]} for kind in fields}

    @staticmethod
    def write(folder: Path, name: str, rows: list[list[str]]) -> None:
        """Write the rows as a file with five columns."""
        out = io.StringIO(newline="")
        csv.writer(out).writerows([list("abcde"), *rows])
        write(folder, name, out.getvalue())

    @FILES
    @given(st.lists(ROW, max_size=12), st.lists(ROW, max_size=4))
    def test_nothing_is_lost(
        self, tmp_path: Path, rows: list[list[str]], more: list[list[str]]
    ) -> None:
        """Law 7: rows = used + collapsed + rejected; a reject has table, file, line and reason."""
        self.write(tmp_path, "t.csv", rows)
        self.write(tmp_path, "u.csv", more)
        read = read_files(self.mapping(), tmp_path)
        # A row without any cell is written as an empty line, which is no row.
        given_rows = {"t.csv": sum(map(bool, rows)), "u.csv": sum(map(bool, more))}
        assert len(read.counts) == 14
        for count in read.counts:
            assert count.rows == given_rows[count.file]
            assert count.rows == count.used + count.collapsed + count.rejected
            mine = [r for r in read.rejects if (r.table, r.file) == (count.table, count.file)]
            assert len(mine) == len({reject.line for reject in mine}) == count.rejected
        for kind in ("products", "companies", "leads", "activities", "deals", "contracts"):
            used = sum(count.used for count in read.counts if count.table == kind)
            assert used == len(getattr(read, kind))
        for reject in read.rejects:
            assert reject.code
            assert reject.reason
            assert "\n" not in reject.reason
            assert "x@y" not in reject.reason + reject.value
            assert (
                2
                <= reject.line
                <= given_rows[reject.file] + sum(1 for r in rows + more if not r) + 1
            )

    @FILES
    @given(st.lists(ROW, max_size=10), st.randoms(use_true_random=False))
    def test_the_order_of_rows_does_not_matter(
        self, tmp_path: Path, rows: list[list[str]], shuffle: random.Random
    ) -> None:
        """Law 4: Order does not matter: shuffled and split over files, the same is read."""
        self.write(tmp_path, "t.csv", rows)
        self.write(tmp_path, "u.csv", [])
        one = read_files(self.mapping(), tmp_path)
        shuffle.shuffle(rows)
        cut = shuffle.randint(0, len(rows))
        self.write(tmp_path, "t.csv", rows[:cut])
        self.write(tmp_path, "u.csv", rows[cut:])
        other = read_files(self.mapping(), tmp_path)

        def seen(read: sources.Records) -> tuple[Any, ...]:
            kinds = ("products", "companies", "leads", "activities", "deals", "contracts")
            # A chain of parents is told from where the row stands in it, so it is the same too.
            rejects = Counter((r.table, r.column, r.code, r.reason, r.value) for r in read.rejects)
            return rejects, [set(getattr(read, kind)) for kind in (*kinds, "sales_events")]

        assert seen(one) == seen(other)

    def test_progress_counts_rows(self, tmp_path: Path) -> None:
        """The callback hears from each thousand rows, and of the end."""
        write(tmp_path, "table.csv", "id\n" + "".join(f"{n}\n" for n in range(2_500)))
        heard: list[int] = []
        sources.read(mapping_of("companies"), tmp_path, progress=heard.append)
        assert heard == [1_000, 2_000, 2_500]


class TestRealFiles:
    def test_maven_is_accounted_for(self, shared_data: Path) -> None:
        """Law 7: of 8,800 opportunities 1,425 lack the account, 163 more the day."""
        read = read_files("maven", shared_data / "maven_crm")
        assert read.counts == (
            sources.Count("products", "products.csv", 7, 7, 0, 0),
            sources.Count("companies", "accounts.csv", 85, 85, 0, 0),
            sources.Count("deals", "sales_pipeline.csv", 8_800, 7_212, 0, 1_588),
        )
        assert Counter((reject.column, reject.code) for reject in read.rejects) == {
            ("account", "missing"): 1_425,
            ("engage_date", "missing"): 163,
        }
        assert Counter(deal.status for deal in read.deals) == {
            "won": 4_238,
            "lost": 2_473,
            "open": 501,
        }

    def test_maven_has_whole_dollars_and_cleaned_words(self, shared_data: Path) -> None:
        """Revenue in millions becomes whole dollars exactly; the two typing errors are mended."""
        read = read_files("maven", shared_data / "maven_crm")
        companies = {company.id: company for company in read.companies}
        assert companies["Acme Corporation"].annual_revenue == 1_100_040_000
        assert {type(company.annual_revenue) for company in read.companies} == {int}
        assert Counter(company.industry for company in read.companies)["technology"] == 12
        assert "Philippines" in {company.country for company in read.companies}
        assert sum(company.parent_id is not None for company in read.companies) == 15
        assert {company.parent_id for company in read.companies} - {None} <= companies.keys()
        first = read.deals[0]
        assert (first.id, first.company_id, first.amount) == ("1C1I7A6R", "Cancity", 1054)
        assert first.opened_at == datetime(2016, 10, 20, 4, tzinfo=UTC)

    def test_large_companies_of_maven(self, shared_data: Path) -> None:
        """27 companies have 5,000 employees, 22 the revenue, 21 both."""
        companies = read_files("maven", shared_data / "maven_crm").companies
        large = {c.id for c in companies if c.employees is not None and c.employees >= 5_000}
        rich = {c.id for c in companies if c.annual_revenue and c.annual_revenue >= 2_741_370_000}
        assert (len(large), len(rich), len(large & rich)) == (27, 22, 21)

    def test_maven_without_its_alias(self, shared_data: Path) -> None:
        """Without the alias the 1,480 rows of GTXPro are rejected with the nearest product."""
        data = sources.load("maven").to_data()
        del data["deals"]["fields"]["product_id"]["values"]
        read = read_files(data, shared_data / "maven_crm")
        reason = "product 'GTXPro': no such product; did you mean 'GTX Pro'?"
        assert sum(reject.reason == reason for reject in read.rejects) == 1_480
        assert read.counts[-1] == sources.Count(
            "deals", "sales_pipeline.csv", 8_800, 5_988, 0, 2_812
        )

    def test_retentioneering_is_accounted_for(self, shared_data: Path) -> None:
        """Law 7: 31,106 events of 600 users, of which 30 are equal to another."""
        read = read_files("retentioneering", shared_data / "retentioneering_ecom")
        assert read.counts == (
            sources.Count("leads", "ecom.csv.gz", 31_106, 600, 30_506, 0),
            sources.Count("activities", "ecom.csv.gz", 31_106, 31_076, 30, 0),
        )
        assert len({activity.kind for activity in read.activities}) == 19
        assert {lead.id for lead in read.leads} == {a.lead_id for a in read.activities}

    @pytest.mark.parametrize(
        ("name", "encoding"),
        [
            ("csvtext.csv", "utf-8"),
            ("csvtext_BOM_UTF8.csv", "utf-8"),
            ("csvtext_BOM_UTF16BE.csv", "utf-16"),
            ("csvtext_BOM_UTF16LE.csv", "utf-16"),
        ],
    )
    def test_the_encodings_of_the_data_loader(
        self, shared_data: Path, name: str, encoding: str
    ) -> None:
        """The same table in four encodings gives the same records."""
        file = {"path": name, "encoding": encoding}
        data = mapping_of("companies", {"id": "column1", "name": "column2"}, file=file)
        read = read_files(sources.load(data), shared_data / "salesforce_dataloader")
        assert [(c.id, c.name) for c in read.companies][:2] == [
            ("row1-1", "row1-2"),
            ("row2-1", "row2-2"),
        ]
        assert read.rejects == ()

    @pytest.mark.parametrize("order", ["BE", "LE"])
    def test_a_mark_of_another_encoding_is_refused(self, shared_data: Path, order: str) -> None:
        """The data loader's UTF-32 files begin with the mark of UTF-16: no encoding reads them."""
        for encoding in ("utf-8", "utf-16", "utf-32", f"utf-32-{order.lower()}"):
            file = {"path": f"csvtext_BOM_UTF32{order}.csv", "encoding": encoding}
            data = mapping_of("companies", {"id": "column1"}, file=file)
            with pytest.raises(DecodeError, match=file["path"]):
                read_files(data, shared_data / "salesforce_dataloader")
